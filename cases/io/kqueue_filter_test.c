/*
 * The filters of kqueue(2) on every kind: when they fire, and what their events say.
 */

#include "plumbline.h"

#define CONNECTED PL_SOCKETS | PL_CONNECTIONS
#define STREAM_SOCKETS PL_SOCKETS | PL_STREAM

/* EVFILT_READ or EVFILT_WRITE with a mark of its own. */
static void
set_mark(int kq, int fd, enum pl_filter filter, long mark)
{
	pl_expect(sys_event_change(
		      kq, (struct pl_event){ fd, filter, PL_EV_ADD, PL_NOTE_LOWAT, .data = mark }),
	    returns(0));
}

/* All that waits, not the last portion, and what is left of it. */
PL_CASE(read_data_is_the_byte_count, .verifies = "io.kqueue.read-filter-data-is-byte-count",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	int kq = pl_watch(p.r, PL_FILTER_READ, 0);

	pl_expect_no_event(kq);
	pl_write(p.w, "abcde", 5);
	pl_expect_event_data(kq, p.r, PL_FILTER_READ, 5);
	pl_expect_text(p.r, "abcde");
	pl_expect_no_event(kq);
	pl_write(p.w, "fghij", 5);
	pl_expect_event_data(kq, p.r, PL_FILTER_READ, 5);
	pl_take(p.r, 2);
	pl_expect_event_data(kq, p.r, PL_FILTER_READ, 3);
	pl_write(p.w, "klmn", 4);
	/* The end of file is behind them. */
	pl_close(p.w);
	if (!pl_kind_has(PL_PIPES))
		pl_await_events(p.r, POLLRDHUP);
	pl_expect_event_end(kq, p.r, PL_FILTER_READ, 7);
	pl_expect_text(p.r, "hijklmn");
}

/* Set-up: a socket of the kind and one that sent it these datagrams, all of which are there. */
static void
send_all(int sender, const struct pl_address *name, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		pl_must(sys_sendto(sender, *texts, strlen(*texts), 0, name));
	if (pl_kind_has(PL_INET))
		pl_await_delivery(sender);
}

/* The bytes of all datagrams, and nothing but these: addresses and lengths wait there as well. */
PL_CASE(read_data_of_datagrams_is_their_payload,
    .verifies = "io.kqueue.read-filter-data-on-datagram-socket", .kinds = PL_DATAGRAMS)
{
	struct pl_address name, own;
	int fd = pl_bound(&name), sender = pl_bound(&own), kq = pl_watch(fd, PL_FILTER_READ, 0);

	pl_expect_no_event(kq);
	send_all(sender, &name, (const char *const[]){ "abcde", NULL });
	pl_expect_event_data(kq, fd, PL_FILTER_READ, 5);
	send_all(sender, &name, (const char *const[]){ "fg", NULL });
	pl_expect_event_data(kq, fd, PL_FILTER_READ, 7);
	pl_expect_text(fd, "abcde");
	pl_expect_event_data(kq, fd, PL_FILTER_READ, 2);
	pl_expect_text(fd, "fg");
	pl_expect_no_event(kq);
}

/* A datagram without bytes is one to receive. */
PL_CASE(an_empty_datagram_is_an_event, .verifies = "io.kqueue.read-filter-data-on-datagram-socket",
    .kinds = PL_UDP)
{
	struct pl_address name, own;
	int fd = pl_bound(&name), sender = pl_bound(&own), kq = pl_watch(fd, PL_FILTER_READ, 0);
	char b[4];

	send_all(sender, &name, (const char *const[]){ "", NULL });
	pl_expect_event_data(kq, fd, PL_FILTER_READ, 0);
	pl_expect(sys_recv(fd, b, sizeof(b), MSG_DONTWAIT), returns(0));
	pl_expect_no_event(kq);
}

/* How many wait, which is neither the limit nor how many ever came. */
PL_CASE(listener_data_is_the_waiting_clients,
    .verifies = "io.kqueue.listener-data-is-pending-connections", .kinds = CONNECTED)
{
	enum { CLIENTS = 3 };
	struct pl_address name;
	int listener = pl_listening(8, &name), kq = pl_watch(listener, PL_FILTER_READ, 0);

	pl_expect_no_event(kq);
	for (int i = 0; i < CLIENTS; i++) {
		if (pl_kind_has(PL_INET))
			pl_queue_client(listener, &name, "x");
		else
			pl_client(&name);
	}
	for (int waiting = CLIENTS; waiting > 0; waiting--) {
		pl_expect_event_data(kq, listener, PL_FILTER_READ, waiting);
		pl_close((int)pl_expect(sys_accept(listener, NULL), opens()));
	}
	pl_expect_no_event(kq);
}

/* The peer has nothing more to say, which is no error, and what it said is counted. */
PL_CASE(half_close_sets_eof_beside_the_data,
    .verifies = "io.kqueue.socket-end-of-file-flag-and-error-in-fflags", .kinds = CONNECTED)
{
	struct pl_pair p = pl_pair();
	int kq = pl_watch(p.r, PL_FILTER_READ, 0);

	pl_write(p.w, "abc", 3);
	pl_expect_event_data(kq, p.r, PL_FILTER_READ, 3);
	pl_shutdown(p.w, SHUT_WR);
	pl_await_events(p.r, POLLRDHUP);
	for (int i = 0; i < 2; i++) {
		struct pl_event event = pl_expect_event(kq, p.r, PL_FILTER_READ);

		pl_expect(
		    pl_value(event.flags & PL_EV_EOF, &pl_names_event, "EV_EOF"), is(PL_EV_EOF));
		pl_expect(pl_value(event.data, NULL, "data"), is(i == 0 ? 3 : 0));
		pl_expect(pl_value(event.error, &pl_names_errno, "fflags"), is(0));
		if (i == 0)
			pl_expect_text(p.r, "abc");
	}
}

/* A connection that broke says why, and the queue is not who takes the error away. */
PL_CASE(reset_puts_its_error_into_fflags,
    .verifies = "io.kqueue.socket-end-of-file-flag-and-error-in-fflags", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	int kq = pl_watch(p.r, PL_FILTER_READ, 0);
	struct pl_event event;

	pl_expect_no_event(kq);
	pl_must(sys_set_linger(p.w, 1, 0));
	pl_close(p.w);
	event = pl_expect_event(kq, p.r, PL_FILTER_READ);
	pl_expect(pl_value(event.flags & PL_EV_EOF, &pl_names_event, "EV_EOF"), is(PL_EV_EOF));
	pl_expect(pl_value(event.error, &pl_names_errno, "fflags"), is(ECONNRESET));
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_ERROR), returns(ECONNRESET));
}

/* What the next write finds: less by what waits, and nothing to tell when nothing fits. */
PL_CASE(write_data_is_the_free_space, .verifies = "io.kqueue.write-filter-data-is-free-space",
    .kinds = PL_EVERY | PL_STREAM)
{
	enum { SIZE = 65536 };
	static const char bytes[1000];
	bool is_tcp = pl_kind_has(PL_INET);
	struct pl_pair p = is_tcp ? pl_narrow_pair(SIZE, SIZE) : pl_pair();
	int kq = pl_watch(p.w, PL_FILTER_WRITE, 0);
	long room = pl_expect_event(kq, p.w, PL_FILTER_WRITE).data;

	pl_expect_that(room >= (long)sizeof(bytes), "room in an empty buffer", "%ld bytes", room);
	if (is_tcp) {
		/* Only what the peer has no room for stays in this buffer. */
		pl_fill_pair(p, 4096);
		pl_expect_no_event(kq);
		pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 2 * SIZE);
		pl_must(sys_event(kq, p.w, PL_FILTER_WRITE, PL_EV_ADD)); /* look again */
		room = pl_expect_event(kq, p.w, PL_FILTER_WRITE).data;
	}
	pl_write(p.w, bytes, sizeof(bytes));
	pl_expect_event_data(kq, p.w, PL_FILTER_WRITE, room - (long)sizeof(bytes));
	pl_fill_pair(p, 4096);
	pl_expect_no_event(kq);
}

/* Who waits to write learns that nobody will read, whether there was room or not. */
PL_CASE(write_end_of_file_when_the_reader_leaves,
    .verifies = "io.kqueue.write-filter-end-of-file-when-reader-leaves",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_event event;

	for (int full = 0; full < 2; full++) {
		struct pl_pair p = pl_pair();
		int kq = pl_watch(p.w, PL_FILTER_WRITE, PL_EV_CLEAR);

		event = pl_expect_event(kq, p.w, PL_FILTER_WRITE);
		pl_expect(pl_value(event.flags & PL_EV_EOF, &pl_names_event, "EV_EOF"), is(0));
		/* Unread data make TCP's close a reset: the writer learns of it at once. */
		if (full)
			pl_fill_pair(p, 4096);
		else if (pl_kind_has(PL_INET))
			continue;
		pl_expect_no_event(kq);
		pl_close(p.r);
		event = pl_expect_event(kq, p.w, PL_FILTER_WRITE);
		pl_expect(
		    pl_value(event.flags & PL_EV_EOF, &pl_names_event, "EV_EOF"), is(PL_EV_EOF));
	}
}

/* A mark of the event's own, below or above the one of the socket. */
PL_CASE(read_mark_of_the_event, .verifies = "io.kqueue.note-lowat-sets-per-event-read-mark",
    .kinds = STREAM_SOCKETS)
{
	struct pl_pair p = pl_pair();
	int kq = pl_kqueue(), other = pl_watch(p.r, PL_FILTER_READ, 0);

	set_mark(kq, p.r, PL_FILTER_READ, 10);
	pl_expect_no_event(kq);
	pl_write(p.w, "abcde", 5);
	pl_expect_event_data(other, p.r, PL_FILTER_READ, 5);
	pl_expect_no_event(kq);
	pl_write(p.w, "fghij", 5);
	pl_expect_event_data(kq, p.r, PL_FILTER_READ, 10);
	pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, 20);
	pl_expect_no_event(other);
	pl_expect_event_data(kq, p.r, PL_FILTER_READ, 10);
	pl_take(p.r, 1);
	pl_expect_no_event(kq);
}

/* The event comes as soon as that much fits, not a byte sooner. */
PL_CASE(write_mark_of_the_event, .verifies = "io.kqueue.note-lowat-sets-per-event-write-mark",
    .kinds = STREAM_SOCKETS)
{
	struct pl_pair p = pl_pair();
	int kq = pl_watch(p.w, PL_FILTER_WRITE, 0);
	long room = pl_expect_event(kq, p.w, PL_FILTER_WRITE).data;

	set_mark(kq, p.w, PL_FILTER_WRITE, room + 1);
	pl_expect_no_event(kq);
	set_mark(kq, p.w, PL_FILTER_WRITE, room);
	pl_expect_event_data(kq, p.w, PL_FILTER_WRITE, room);
}

/* Sent is not enough: it has left the buffer when the peer has it. */
PL_CASE(empty_filter_reports_a_drained_buffer,
    .verifies = "io.kqueue.empty-filter-reports-drained-send-buffer", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	int kq = pl_watch(p.w, PL_FILTER_EMPTY, 0);
	size_t left;
	char b[4096];

	pl_expect_event(kq, p.w, PL_FILTER_EMPTY);
	left = pl_fill_pair(p, 4096);
	pl_expect_no_event(kq);
	while (left > 0)
		left -= (size_t)pl_must(sys_read(p.r, b, sizeof(b)));
	pl_expect_event(kq, p.w, PL_FILTER_EMPTY);
}

/* How many events there are to take, and poll knows of them too. */
PL_CASE(a_queue_is_a_descriptor_to_wait_for, .verifies = "io.kqueue.descriptor-is-itself-pollable",
    .kinds = PL_PIPES)
{
	struct pl_pair a = pl_pair(), b = pl_pair();
	int inner = pl_watch(a.r, PL_FILTER_READ, 0), outer;

	pl_must(sys_event(inner, b.r, PL_FILTER_READ, PL_EV_ADD));
	outer = pl_watch(inner, PL_FILTER_READ, 0);
	pl_expect(pl_poll_now(inner, POLLIN), is(0));
	pl_expect_no_event(outer);
	pl_write(a.w, "a", 1);
	pl_expect(pl_poll_now(inner, POLLIN), is(POLLIN));
	pl_expect_event_data(outer, inner, PL_FILTER_READ, 1);
	pl_write(b.w, "b", 1);
	pl_expect_event_data(outer, inner, PL_FILTER_READ, 2);
	pl_expect_event(inner, a.r, PL_FILTER_READ);
}
