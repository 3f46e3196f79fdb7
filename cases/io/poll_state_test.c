/*
 * poll(2): the events that are told in each state of a connection, a listener or
 * a socket without a peer, and those that wake one who asked for none.
 */

#include "plumbline.h"
#include "sequence/names.h"

#define IN_OUT (POLLIN | POLLOUT)
#define ALL (POLLIN | POLLOUT | POLLRDHUP | POLLPRI)

/* The hang-ups that POSIX documents are those of pipes. */
static void
posix_tells_of_pipes(void)
{
	if (pl_asks(PL_POSIX) && !pl_kind_has(PL_PIPES))
		pl_not_applicable("POSIX does not say when a socket has hung up");
}

/* A child, or thread, asleep in a poll of an end: what it is told when it wakes. */
struct question {
	int fd;
	short events;
};

static struct pl_outcome
ask_and_wait(void *u)
{
	const struct question *q = u;
	struct pollfd entry = { .fd = q->fd, .events = q->events, .revents = POLLPRI };
	struct pl_outcome o = sys_poll(&entry, 1, -1);

	return (o.error == 0 && o.value == 1 ? pl_revents(&entry) : o);
}

/* Judge that what the end of one side does to the other is told to one who asks nothing. */
static void
expect_unasked_events(void)
{
	struct pl_pair p, other;

	posix_tells_of_pipes();
	p = pl_pair();
	other = pl_pair();
	pl_write(p.w, "abc", 3);
	pl_expect(pl_poll_now(p.r, 0), is(0));
	pl_close(p.w);
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(p.r, 0), is(POLLHUP));
		pl_drain(p.r);
	}
	if (pl_asks(PL_POSIX))
		return;
	pl_expect(pl_poll_now(other.w, 0), is(0));
	pl_close(other.r);
	pl_expect(pl_poll_now(other.w, 0), on(PL_FREEBSD, is(POLLHUP)),
	    on(PL_LINUX, is(pl_kind_has(PL_PIPES) ? POLLERR : POLLHUP)));
}

PL_CASE(events_of_pipes_that_nobody_asked_for,
    .verifies = "io.poll.hangup-and-error-reported-with-empty-events", .kinds = PL_PIPES)
{
	expect_unasked_events();
}

PL_CASE(events_of_connections_that_nobody_asked_for,
    .verifies = "io.poll.hangup-and-error-reported-with-empty-events",
    .kinds = PL_UNIX | PL_CONNECTIONS)
{
	expect_unasked_events();
}

/* Unread data make no difference, nor does it that they are read. */
PL_CASE(peer_has_closed, .verifies = "io.poll.stream-after-peer-closed", .kinds = PL_CONNECTIONS)
{
	bool inet = pl_kind_has(PL_INET);

	for (int data = 0; data < 2; data++) {
		struct pl_pair p = pl_pair();

		if (data) {
			pl_write(p.w, "abc", 3);
			pl_expect_arrival(p.r);
		}
		pl_expect(pl_poll_now(p.r, ALL), is(data ? IN_OUT : POLLOUT));
		pl_close(p.w);
		pl_await_events(p.r, POLLRDHUP);
		for (int i = 0; i < 2; i++) {
			if (inet)
				pl_expect(pl_poll_now(p.r, ALL),
				    on(PL_FREEBSD | PL_LINUX, is(IN_OUT | POLLRDHUP)));
			else
				pl_expect(pl_poll_now(p.r, ALL),
				    on(PL_FREEBSD | PL_LINUX, is(POLLIN | POLLHUP | POLLRDHUP)),
				    on(PL_LINUX, is(IN_OUT | POLLHUP | POLLRDHUP)));
			pl_expect(pl_poll_now(p.r, POLLIN),
			    on(PL_FREEBSD | PL_LINUX, is(inet ? POLLIN : POLLIN | POLLHUP)));
			if (i == 0 && data)
				pl_expect_text(p.r, "abc");
			if (i == 0)
				pl_expect_end(p.r);
		}
	}
}

/* Who waits for data learns that none will come. */
PL_CASE(
    closing_wakes_a_poll, .verifies = "io.poll.stream-after-peer-closed", .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	struct question q = { p.r, POLLIN };
	struct pl_peer *waiting = pl_child(ask_and_wait, &q, p.r);

	pl_expect_blocks(waiting);
	pl_close(p.w);
	pl_expect(pl_result(waiting),
	    on(PL_FREEBSD | PL_LINUX, is(pl_kind_has(PL_INET) ? POLLIN : POLLIN | POLLHUP)));
}

/* The end of one direction is no hang-up: the other one goes on. */
PL_CASE(peer_has_shut_writing_down, .verifies = "io.poll.stream-after-peer-half-close",
    .kinds = PL_CONNECTIONS)
{
	const short events = IN_OUT | POLLRDHUP;
	struct pl_pair p = pl_pair();

	if (pl_freebsd_before(1301))
		pl_not_applicable("POLLRDHUP came with FreeBSD 13.1");
	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	pl_expect(pl_poll_now(p.r, events), is(IN_OUT));
	pl_shutdown(p.w, SHUT_WR);
	pl_await_events(p.r, POLLRDHUP);
	pl_expect(pl_poll_now(p.r, events), is(events));
	pl_expect_text(p.r, "abc");
	pl_expect(pl_poll_now(p.r, events), is(events));
	pl_expect_end(p.r);
	pl_expect(pl_poll_now(p.r, events), is(events));
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
	/* The end that shut down has heard of no end, and is still spoken to. */
	pl_expect(pl_poll_now(p.w, POLLIN | POLLRDHUP), is(0));
	pl_expect(sys_write(p.r, "x", 1), returns(1));
	pl_expect_arriving(p.w, "x");
}

PL_CASE(half_close_wakes_a_poll, .verifies = "io.poll.stream-after-peer-half-close",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	struct question q = { p.r, POLLIN };
	struct pl_peer *waiting = pl_child(ask_and_wait, &q, p.r);

	pl_expect_blocks(waiting);
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(pl_result(waiting), is(POLLIN));
}

/* It comes with the end, be there unread data, and to him alone who asks. */
PL_CASE(
    pollrdhup_when_asked, .verifies = "io.poll.pollrdhup-only-when-asked", .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	struct question q = { p.r, POLLRDHUP };
	struct pl_peer *waiting;

	if (pl_freebsd_before(1301))
		pl_not_applicable("POLLRDHUP came with FreeBSD 13.1");
	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDHUP), is(POLLIN));
	waiting = pl_child(ask_and_wait, &q, p.r);
	pl_expect_blocks(waiting);
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(pl_result(waiting), is(POLLRDHUP));
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(p.r, POLLRDHUP), is(POLLRDHUP));
		pl_expect(pl_poll_now(p.r, POLLOUT), is(POLLOUT));
		pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
		pl_expect(pl_poll_now(p.r, 0), is(0));
		pl_drain(p.r);
	}
	/* The side that closed has nothing to tell: its peer can still send. */
	pl_expect(pl_poll_now(p.w, POLLRDHUP), is(0));
}

/* Neither direction is open, so nothing else can become of it. */
PL_CASE(own_side_is_shut_down, .verifies = "io.poll.stream-after-own-full-shutdown",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();

	pl_shutdown(p.r, SHUT_RDWR);
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(p.r, IN_OUT | POLLRDHUP),
		    on(PL_FREEBSD | PL_LINUX, is(POLLIN | POLLHUP | POLLRDHUP)),
		    on(PL_LINUX, is(IN_OUT | POLLHUP | POLLRDHUP)));
		pl_expect(
		    pl_poll_now(p.r, POLLIN), on(PL_FREEBSD | PL_LINUX, is(POLLIN | POLLHUP)));
		pl_expect(pl_poll_now(p.r, 0), on(PL_FREEBSD | PL_LINUX, is(POLLHUP)));
	}
}

/* One direction that the caller closed himself is the end of that one alone. */
PL_CASE(own_half_is_shut_down, .verifies = "io.poll.stream-after-own-half-close",
    .kinds = PL_CONNECTIONS)
{
	const short events = IN_OUT | POLLRDHUP;
	/* The source of that release takes the end of sending for a hang-up of the sender. */
	bool hangs_up = pl_kind_has(PL_UNIX) && !pl_freebsd_before(1500);
	struct pl_pair w = pl_pair(), r = pl_pair();

	pl_shutdown(w.r, SHUT_WR);
	pl_expect(pl_poll_now(w.r, events), on(PL_FREEBSD | PL_LINUX, is(POLLOUT)),
	    on(PL_FREEBSD, is(hangs_up ? POLLHUP : POLLOUT)));
	pl_expect(pl_poll_now(w.r, POLLIN | POLLRDHUP), on(PL_FREEBSD | PL_LINUX, is(0)));
	pl_write(w.w, "abc", 3);
	pl_expect_arrival(w.r);
	pl_expect(pl_poll_now(w.r, POLLIN), on(PL_FREEBSD | PL_LINUX, is(POLLIN)));

	pl_shutdown(r.r, SHUT_RD);
	pl_expect(pl_poll_now(r.r, events), on(PL_FREEBSD | PL_LINUX, is(events)));
	pl_expect(pl_poll_now(r.r, 0), on(PL_FREEBSD | PL_LINUX, is(0)));
}

/* What hung up takes no more data. */
static void
expect_not_both(int fd, const char *state)
{
	const short both = POLLHUP | POLLOUT;
	long revents = pl_poll_now(fd, IN_OUT | POLLRDHUP).value;

	pl_expect(pl_value(revents & both, &pl_names_poll, "POLLHUP and POLLOUT of %s (%s)",
		      pl_slot(fd), state),
	    is(0), is(POLLHUP), is(POLLOUT));
}

PL_CASE(hangup_excludes_writable, .verifies = "io.poll.hangup-excludes-writable",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair closed = pl_pair(), shut = pl_pair(), half = pl_half_closed();

	expect_not_both(closed.r, "connected");
	expect_not_both(half.w, "writing ended");
	pl_close(closed.w);
	pl_await_events(closed.r, POLLIN);
	expect_not_both(closed.r, "peer closed");
	pl_shutdown(shut.w, SHUT_WR);
	pl_shutdown(shut.r, SHUT_WR);
	pl_await_events(shut.r, POLLIN);
	pl_await_events(shut.w, POLLIN);
	expect_not_both(shut.r, "both directions ended");
	expect_not_both(shut.w, "both directions ended");
}

/* Neither end of file nor data: what it is called is each system's own. */
PL_CASE(never_connected, .verifies = "io.poll.unconnected-stream-socket", .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	const int fds[] = { pl_unconnected(), pl_bound(&name) };

	for (size_t i = 0; i < PL_COUNT(fds); i++)
		for (int again = 0; again < 2; again++) {
			pl_expect(pl_poll_now(fds[i], IN_OUT | POLLRDHUP), on(PL_FREEBSD, is(0)),
			    on(PL_LINUX, is(POLLOUT | POLLHUP)));
			pl_expect(pl_poll_now(fds[i], POLLIN), on(PL_FREEBSD, is(0)),
			    on(PL_LINUX, is(POLLHUP)));
		}
}

/* Set-up: one more client waits in the queue. */
static void
queue_client(int listener, const struct pl_address *name)
{
	if (pl_kind_has(PL_INET))
		pl_queue_client(listener, name, "x");
	else
		pl_client(name);
}

/* As long as accept would not wait, and not longer. */
PL_CASE(listener_is_readable_while_a_connection_waits,
    .verifies = "io.poll.listening-socket-readable-when-connection-waits", .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(4, &name);

	pl_expect(pl_poll_now(listener, IN_OUT), is(0));
	for (int i = 0; i < 2; i++)
		queue_client(listener, &name);
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(listener, IN_OUT), is(POLLIN));
		pl_expect(pl_poll_now(listener, POLLOUT), is(0));
		pl_close((int)pl_expect(sys_accept(listener, NULL), opens()));
	}
	pl_expect(pl_poll_now(listener, IN_OUT), is(0));
	/* And so again with the next one. */
	queue_client(listener, &name);
	pl_expect(pl_poll_now(listener, IN_OUT), is(POLLIN));
}

/* Where a send never waits it is always worth a try. */
PL_CASE(
    datagrams_can_be_sent, .verifies = "io.poll.datagram-socket-writability", .kinds = PL_DATAGRAMS)
{
	bool waits = pl_kind_has(PL_UNIX);
	struct pl_pair p = pl_pair();
	int alone = pl_unconnected();

	pl_expect(pl_poll_now(alone, IN_OUT), on(PL_FREEBSD | PL_LINUX, is(POLLOUT)));
	pl_expect(pl_poll_now(p.w, IN_OUT), on(PL_FREEBSD | PL_LINUX, is(POLLOUT)));
	if (waits)
		pl_fill_messages(p.w, 1000);
	else {
		static const char message[1000];

		/* More than the receiver takes, less than may be on its way. */
		pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 4096);
		for (int i = 0; i < 20; i++)
			pl_must(sys_send(p.w, message, sizeof(message), 0));
	}
	pl_expect(pl_poll_now(p.w, POLLOUT), on(PL_FREEBSD, is(POLLOUT)),
	    on(PL_LINUX, is(waits ? 0 : POLLOUT)));
	pl_drain(p.r);
	pl_expect(pl_poll_now(p.w, POLLOUT), on(PL_FREEBSD | PL_LINUX, is(POLLOUT)));
}

/* The sleep ends with the arrival, for whom it sleeps and in whatever process. */
PL_CASE(
    write_wakes_a_poll, .verifies = "io.poll.wakes-when-another-process-writes", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct question q = { p.r, POLLIN }, normal = { p.r, POLLRDNORM };
	struct pl_peer *waiting[] = { pl_child(ask_and_wait, &q, p.r),
		pl_child(ask_and_wait, &normal, p.r), pl_thread(ask_and_wait, &q) };

	for (size_t i = 0; i < PL_COUNT(waiting); i++)
		pl_expect_blocks(waiting[i]);
	pl_write(p.w, "a", 1);
	for (size_t i = 0; i < PL_COUNT(waiting); i++)
		pl_expect(pl_result(waiting[i]), is(i == 1 ? POLLRDNORM : POLLIN));
}

/* Between two looks nothing is missed, however often. */
PL_CASE(
    no_write_is_missed, .verifies = "io.poll.wakes-when-another-process-writes", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct question q = { p.r, POLLIN };

	for (int i = 0; i < 50; i++) {
		struct pl_peer *waiting = pl_thread(ask_and_wait, &q);

		pl_write(p.w, "a", 1);
		pl_expect(pl_result(waiting), is(POLLIN));
		pl_take(p.r, 1);
	}
}

/* One that asked for nothing is woken all the same when it can hear no more. */
static void
expect_waking_hangup(void)
{
	struct pl_pair p = pl_pair();
	struct question q = { p.r, 0 };
	struct pl_peer *waiting;

	posix_tells_of_pipes();
	waiting = pl_child(ask_and_wait, &q, p.r);
	pl_expect_blocks(waiting);
	if (pl_kind_has(PL_INET)) {
		/* Both directions must end. */
		pl_shutdown(p.r, SHUT_WR);
		pl_await_events(p.w, POLLIN);
		pl_expect_blocks(waiting);
	}
	pl_close(p.w);
	pl_expect(pl_result(waiting), is(POLLHUP));
}

PL_CASE(hangup_wakes_a_poll_for_nothing,
    .verifies = "io.poll.wakes-on-hangup-with-no-events-requested", .kinds = PL_EVERY | PL_STREAM)
{
	expect_waking_hangup();
}

PL_CASE(hangup_wakes_a_poll_for_nothing_of_records,
    .verifies = "io.poll.wakes-on-hangup-with-no-events-requested",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	expect_waking_hangup();
}
