/*
 * shutdown(2) of a connection that others sleep on, in a call or in a wait for
 * readiness: all of them are told.
 */

#include "plumbline.h"

/* The calls that receive, each asked for a few bytes. */
static struct pl_outcome
by_read(void *fd)
{
	char b[8];

	return (sys_read(*(int *)fd, b, sizeof(b)));
}

static struct pl_outcome
by_readv(void *fd)
{
	char b[8];
	struct iovec v = { b, sizeof(b) };

	return (sys_readv(*(int *)fd, &v, 1));
}

static struct pl_outcome
by_recv(void *fd)
{
	char b[8];

	return (sys_recv(*(int *)fd, b, sizeof(b), 0));
}

static struct pl_outcome
by_recvfrom(void *fd)
{
	struct pl_address from;
	char b[8];

	return (sys_recvfrom(*(int *)fd, b, sizeof(b), 0, &from));
}

static struct pl_outcome
by_recvmsg(void *fd)
{
	char b[8];
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return (sys_recvmsg(*(int *)fd, &m, 0));
}

static pl_peer_function *const receivers[] = { by_read, by_readv, by_recv, by_recvfrom,
	by_recvmsg };
enum { RECEIVERS = sizeof(receivers) / sizeof(receivers[0]) };

/* Judge: all who sleep there are told that it is the end; shutting down writing tells none. */
static void
expect_receivers_end(bool threads)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *peers[RECEIVERS];

	for (int i = 0; i < RECEIVERS; i++) {
		peers[i] =
		    threads ? pl_thread(receivers[i], &p.r) : pl_child(receivers[i], &p.r, p.r);
		pl_wait_blocked(peers[i]);
	}
	pl_expect(sys_shutdown(p.r, SHUT_WR), returns(0));
	for (int i = 0; i < RECEIVERS; i++)
		pl_expect_blocks(peers[i]);
	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	for (int i = 0; i < RECEIVERS; i++)
		pl_expect(pl_result(peers[i]), returns(0));
}

#define RD_WAKES "io.shutdown.rd-wakes-every-blocked-receiver"

PL_CASE(threads_are_told_of_the_end, .verifies = RD_WAKES, .kinds = PL_CONNECTIONS)
{
	expect_receivers_end(true);
}

PL_CASE(processes_are_told_of_the_end, .verifies = RD_WAKES, .kinds = PL_CONNECTIONS)
{
	expect_receivers_end(false);
}

static struct pl_outcome
write_one(void *fd)
{
	return (sys_write(*(int *)fd, "!", 1));
}

/* Read to the end; how many bytes that were. */
static size_t
read_all(int fd)
{
	char b[8192];
	size_t total = 0;
	long n;

	while ((n = pl_expect(sys_read(fd, b, sizeof(b)), returns_between(0, sizeof(b)))) > 0)
		total += (size_t)n;
	return (total);
}

#define WR_WAKES "io.shutdown.wr-wakes-every-blocked-writer"

/* What they had written before arrives, and nothing of what they slept for. */
PL_CASE(writers_are_told, .verifies = WR_WAKES, .kinds = PL_UNIX | PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	size_t waiting = pl_fill(p.w, 4096);
	struct pl_peer *writers[2];

	for (int i = 0; i < 2; i++) {
		writers[i] = i == 0 ? pl_thread(write_one, &p.w) : pl_child(write_one, &p.w, p.w);
		pl_wait_blocked(writers[i]);
	}
	pl_expect(sys_shutdown(p.w, SHUT_RD), returns(0));
	for (int i = 0; i < 2; i++)
		pl_expect_blocks(writers[i]);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	/* Whether the signal comes is judged below, and for records elsewhere. */
	for (int i = 0; i < 2; i++)
		pl_expect(pl_result(writers[i]), fails(EPIPE), fails_with_sigpipe(EPIPE));
	pl_expect(pl_value((long)read_all(p.r), NULL, "bytes up to the end"), is((long)waiting));
}

/* That it slept before is no reason to spare it. */
PL_CASE(a_writer_gets_the_signal, .verifies = "io.shutdown.blocked-unix-writer-gets-sigpipe",
    .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer;

	pl_fill(p.w, 4096);
	writer = pl_child(write_one, &p.w, p.w);
	pl_wait_blocked(writer);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect(pl_result(writer), fails_with_sigpipe(EPIPE));
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
}

/* Of a network, room may come until the peer has all that it takes. */
PL_CASE(a_writer_of_a_network_is_told, .verifies = WR_WAKES, .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer = pl_child(pl_write_when_full, &p.w, p.w);

	pl_expect_blocks(writer);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect(pl_result(writer), fails_with_sigpipe(EPIPE));
	read_all(p.r);
}

/* Waits for one descriptor, by each interface. */
struct wait {
	int fd;
	bool writing;
};

static struct pl_outcome
wait_in_select(void *argument)
{
	const struct wait *w = argument;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(w->fd, &set);
	return (
	    sys_select(w->fd + 1, w->writing ? NULL : &set, w->writing ? &set : NULL, NULL, NULL));
}

/* With the event it waits for. */
static struct pl_outcome
wait_in_poll(void *argument)
{
	const struct wait *w = argument;
	struct pollfd entry = { .fd = w->fd, .events = w->writing ? POLLOUT : POLLIN };
	struct pl_outcome o = sys_poll(&entry, 1, -1);

	pl_expect_that(o.error == 0 && (entry.revents & entry.events) == entry.events,
	    "the event that is waited for", "revents 0x%x", (unsigned)entry.revents);
	return (o);
}

static pl_peer_function *const waits[] = { wait_in_select, wait_in_poll };

/* A read would not wait any more, it would find the end. */
PL_CASE(waits_for_reading_end, .verifies = "io.shutdown.rd-wakes-select-and-poll",
    .kinds = PL_CONNECTIONS)
{
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = pl_pair();
		struct wait w = { p.r, false };
		struct pl_peer *waiter =
		    i == 0 ? pl_thread(waits[i], &w) : pl_child(waits[i], &w, p.r);

		pl_wait_blocked(waiter);
		pl_expect(sys_shutdown(p.r, SHUT_WR), returns(0));
		pl_expect_blocks(waiter);
		pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
		pl_expect(pl_result(waiter), returns(1));
	}
}

/* Judge: a write would not wait any more, it would fail; who looks sees it, who sleeps is woken. */
static void
expect_waits_for_writing_end(void)
{
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = pl_pair();
		struct wait w = { p.w, true };
		struct timeval now = { 0, 0 };
		struct pl_peer *waiter;
		fd_set set;

		pl_fill_pair(p, 4096);
		waiter = pl_child(waits[i], &w, p.w);
		pl_wait_blocked(waiter);
		pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
		pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
		FD_ZERO(&set);
		FD_SET(p.w, &set);
		/* It would sleep for ever where that is not so. */
		if (pl_expect(sys_select(p.w + 1, NULL, &set, NULL, &now), returns(1)) == 1) {
			pl_expect(pl_result(waiter), returns(1));
		} else {
			pl_kill(waiter, SIGKILL);
			pl_result(waiter);
		}
	}
}

PL_CASE(waits_for_writing_end, .verifies = "io.shutdown.wr-wakes-select-and-poll-of-tcp",
    .kinds = PL_TCP)
{
	expect_waits_for_writing_end();
}

PL_CASE(waits_for_writing_end_in_the_unix_domain,
    .verifies = "io.shutdown.wr-wakes-select-and-poll-of-unix", .kinds = PL_UNIX | PL_CONNECTIONS)
{
	expect_waits_for_writing_end();
}

struct call {
	int fd;
	struct pl_address name;
};

static struct pl_outcome
connect_there(void *argument)
{
	const struct call *call = argument;

	return (sys_connect(call->fd, &call->name));
}

/* One system gives the attempt up, the other goes on, and ends what comes of it. */
PL_CASE(a_connect_is_given_up_or_goes_on, .verifies = "io.shutdown.while-connect-is-blocked",
    .kinds = PL_TCP)
{
	struct call call;
	struct pl_peer *caller;

	pl_silent(&call.name);
	call.fd = pl_unconnected();
	caller = pl_thread(connect_there, &call);
	pl_expect_blocks(caller);
	pl_expect(sys_shutdown(call.fd, SHUT_RDWR), returns(0));
	if (pl_asks(PL_FREEBSD)) {
		int far;

		pl_expect_blocks(caller);
		far = pl_call_back(&call.name, call.fd);
		pl_expect(pl_result(caller), returns(0));
		pl_expect_end(far);
	} else {
		pl_expect(pl_result(caller), fails(ECONNRESET));
		pl_expect(sys_getpeername(call.fd, &call.name), fails(ENOTCONN));
	}
}
