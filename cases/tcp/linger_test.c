/*
 * SO_LINGER on a TCP connection: when close, shutdown and exit wait for data
 * that cannot go, and what becomes of it.
 *
 * An interval of LONG would outlast any case: whoever waits that long is found
 * out.
 */

#include "plumbline.h"

#define LONG 1000

/* A pair with so much under way that the receiver cannot take it all, and w set to linger. */
struct stuck {
	struct pl_pair p;
	size_t sent;
};

static struct stuck
stuck_pair(int interval)
{
	struct stuck s = { .p = pl_pair() };

	pl_set_option(s.p.r, SOL_SOCKET, SO_RCVBUF, 65536);
	pl_set_option(s.p.w, SOL_SOCKET, SO_SNDBUF, 262144);
	s.sent = pl_fill(s.p.w, 4096);
	pl_must(sys_set_linger(s.p.w, 1, interval));
	return (s);
}

/* Judge: all that was sent arrives, and then the end. */
static void
expect_all(const struct stuck *s)
{
	static char b[65536];
	uint64_t got = 0;
	long n;

	do {
		n = pl_expect(sys_recv(s->p.r, b, sizeof(b), 0), returns_between(0, sizeof(b)));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (uint64_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes received"), is((long)s->sent));
}

/* Checkpoint: nobody else has the socket any more. */
#define ALONE 0

static struct pl_outcome
close_it(void *fd)
{
	pl_await(ALONE);
	return (sys_close(*(int *)fd));
}

/* The same, and judge that the descriptor is closed however that went. */
static struct pl_outcome
close_it_for_good(void *fd)
{
	struct pl_outcome o = close_it(fd);

	pl_expect(sys_fcntl(*(int *)fd, F_GETFD, 0), fails(EBADF));
	return (o);
}

static struct pl_outcome
exit_with_it(void *fd)
{
	(void)fd;
	pl_await(ALONE);
	_exit(7);
}

/* A child that does that with w, the only one that has it. */
static struct pl_peer *
leave_to(pl_peer_function *function, struct stuck *s)
{
	struct pl_peer *child = pl_child(function, &s->p.w, s->p.w);

	pl_close(s->p.w);
	pl_reach(ALONE);
	return (child);
}

/* The interval is the most, not the least. */
PL_CASE(close_returns_when_peer_drains, .verifies = "tcp.linger.close-returns-when-peer-drains",
    .kinds = PL_TCP)
{
	struct stuck s = stuck_pair(LONG);
	struct pl_peer *closer = leave_to(close_it_for_good, &s);

	pl_expect_blocks(closer);
	expect_all(&s);
	pl_expect(pl_result(closer), returns(0));
}

PL_CASE(no_queued_data_close_is_immediate,
    .verifies = "tcp.linger.no-queued-data-close-is-immediate", .kinds = PL_TCP)
{
	struct pl_pair never = pl_pair(), read = pl_pair();

	pl_must(sys_set_linger(never.w, 1, LONG));
	pl_expect(sys_close(never.w), returns(0));
	pl_expect_end(never.r);

	pl_must(sys_set_linger(read.w, 1, LONG));
	pl_write(read.w, "abc", 3);
	pl_expect_arriving(read.r, "abc");
	pl_expect(sys_close(read.w), returns(0));
	pl_expect_end(read.r);
}

/* Data that the peer's kernel has is no longer queued, though nobody has read it. */
PL_CASE(unread_data_is_not_queued_data, .verifies = "tcp.linger.no-queued-data-close-is-immediate",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_must(sys_set_linger(p.w, 1, LONG));
	pl_write(p.w, "abc", 3);
	pl_expect(sys_close(p.w), returns(0));
	pl_expect_arriving(p.r, "abc");
	pl_expect_end(p.r);
}

/* Is it the descriptor's mode or the option that counts? */
PL_CASE(nonblocking_close, .verifies = "tcp.linger.nonblocking-close", .kinds = PL_TCP)
{
	struct stuck s = stuck_pair(LONG);
	struct pl_peer *closer;

	pl_nonblock(s.p.w, true);
	closer = leave_to(close_it_for_good, &s);
	if (pl_asks(PL_LINUX))
		pl_expect_blocks(closer);
	else
		pl_expect_that(!pl_sleeps(closer), "close does not wait", "it goes to sleep");
	expect_all(&s);
	pl_expect(pl_result(closer), returns(0));
}

/* A signal ends the wait, not the transfer; and the descriptor is gone. */
PL_CASE(interrupted_close, .verifies = "tcp.linger.interrupted-close", .kinds = PL_TCP)
{
	struct stuck s = stuck_pair(LONG);
	struct pl_peer *closer;

	pl_catch(SIGUSR1, 0);
	closer = leave_to(close_it_for_good, &s);
	pl_expect_blocks(closer);
	pl_kill(closer, SIGUSR1);
	pl_expect(pl_result(closer), on(PL_LINUX, returns(0)), fails(EINTR));
	expect_all(&s);
}

/* Does exit, which closes everything, wait as close does? */
PL_CASE(exit_with_lingering_socket, .verifies = "tcp.linger.exit-with-lingering-socket",
    .kinds = PL_TCP | PL_PLAIN,
    .slow = "where exit waits it does so for the linger interval, a second at least")
{
	struct stuck s = stuck_pair(pl_asks(PL_LINUX) ? LONG : 1);
	double start = pl_milliseconds(), waited;

	pl_expect(pl_result(leave_to(exit_with_it, &s)), is(7));
	waited = pl_milliseconds() - start;
	if (pl_asks(PL_FREEBSD))
		pl_expect_that(
		    waited >= 990, "exit waits for the linger interval", "it took %.0f ms", waited);
	expect_all(&s);
}

static struct pl_outcome
shut_it(void *fd)
{
	return (sys_shutdown(*(int *)fd, SHUT_WR));
}

/* The option is called by both names; does the other call wait too? */
PL_CASE(shutdown_and_linger, .verifies = "tcp.linger.shutdown-and-linger", .kinds = PL_TCP)
{
	struct stuck s = stuck_pair(LONG);
	struct pl_peer *shutter = pl_child(shut_it, &s.p.w, s.p.w);

	if (pl_asks(PL_LINUX))
		pl_expect_blocks(shutter);
	else
		pl_expect_that(!pl_sleeps(shutter), "shutdown does not wait", "it goes to sleep");
	expect_all(&s);
	pl_expect(pl_result(shutter), returns(0));
}
