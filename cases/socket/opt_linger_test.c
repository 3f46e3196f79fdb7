/*
 * SO_LINGER: the structure, its limits, and what close makes of it.
 */

#include "plumbline.h"

#define EVERY_SOCKET PL_SOCKETS | PL_PLAIN

/* Judge: SO_LINGER is off or on, with one of two intervals. */
static void
expect_linger(int fd, bool on_or_off, int interval)
{
	struct linger l = { .l_onoff = -7, .l_linger = -7 };
	socklen_t length = sizeof(l);

	pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &length), returns(0));
	pl_expect(pl_value((long)length, NULL, "length"), is(sizeof(l)));
	pl_expect(pl_value(l.l_onoff != 0, NULL, "l_onoff is set"), is(on_or_off));
	pl_expect(pl_value(l.l_linger, NULL, "l_linger"), is(interval));
}

/* Nobody lingers unasked. */
PL_CASE(linger_default_off, .verifies = "socket.opt.linger-default-off", .kinds = EVERY_SOCKET)
{
	expect_linger(pl_unconnected(), false, 0);
	expect_linger(pl_pair().w, false, 0);
}

/* Both members keep their place. */
PL_CASE(linger_round_trip, .verifies = "socket.opt.linger-round-trip", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected();

	pl_expect(sys_set_linger(fd, 1, 5), returns(0));
	expect_linger(fd, true, 5);
	pl_expect(sys_set_linger(fd, 3, 0), returns(0));
	expect_linger(fd, true, 0);
}

/* Whether the interval is stored with the option off. */
PL_CASE(linger_interval_when_switched_off,
    .verifies = "socket.opt.linger-interval-when-switched-off", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected();

	pl_must(sys_set_linger(fd, 1, 5));
	pl_expect(sys_set_linger(fd, 0, 7), on(PL_FREEBSD | PL_LINUX, returns(0)));
	if (!pl_asks(PL_POSIX))
		expect_linger(fd, false, pl_asks(PL_FREEBSD) ? 7 : 5);
}

/* Intervals that are none. */
PL_CASE(
    linger_interval_range, .verifies = "socket.opt.linger-interval-range", .kinds = EVERY_SOCKET)
{
	static const int bad[] = { -1, INT_MIN, 65536, INT_MAX };
	int fd = pl_unconnected();

	if (!pl_asks(PL_FREEBSD)) {
		pl_expect(sys_set_linger(fd, 1, 65536), on(PL_LINUX, returns(0)));
		expect_linger(fd, true, 65536);
		pl_expect(sys_set_linger(fd, 1, -1), on(PL_LINUX, returns(0)));
		return;
	}
	pl_must(sys_set_linger(fd, 1, 5));
	for (size_t i = 0; i < 4; i++) {
		pl_expect(sys_set_linger(fd, 1, bad[i]), fails(EDOM));
		expect_linger(fd, true, 5);
	}
}

/* The whole range that is taken is kept. */
PL_CASE(linger_interval_kept_whole, .verifies = "socket.opt.linger-interval-above-half-the-range",
    .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected();

	pl_expect(sys_set_linger(fd, 1, 32767), returns(0));
	expect_linger(fd, true, 32767);
	pl_expect(sys_set_linger(fd, 1, 65535), returns(0));
	expect_linger(fd, true, 65535);
}

/* With data that cannot go, close waits as long as it was told. */
PL_CASE(linger_close_waits_for_interval, .verifies = "socket.opt.linger-close-waits-for-interval",
    .slow = "the linger interval is one second at least")
{
	int fd[2];
	double start, waited;

	pl_inet_ends(SOCK_STREAM, fd);
	/* More than the receiver takes: whatever has arrived by then, there is a rest. */
	pl_set_option(fd[0], SOL_SOCKET, SO_RCVBUF, 8192);
	pl_set_option(fd[1], SOL_SOCKET, SO_SNDBUF, 196608);
	pl_fill(fd[1], 4096);
	pl_must(sys_set_linger(fd[1], 1, 1));
	start = pl_milliseconds();
	pl_expect(sys_close(fd[1]), on(PL_FREEBSD | PL_LINUX, returns(0)));
	waited = pl_milliseconds() - start;
	pl_expect_that(
	    waited >= 990, "close waits for the linger interval", "it took %.0f ms", waited);
	pl_expect(sys_fcntl(fd[1], F_GETFD, 0), fails(EBADF));
}

/* Without, it does not wait, and what was sent arrives all the same. */
PL_CASE(close_without_linger_is_immediate,
    .verifies = "socket.opt.close-without-linger-is-immediate", .kinds = PL_TCP)
{
	static char b[65536];
	struct pl_pair p = pl_pair();
	uint64_t got = 0, sent;
	long n;

	sent = pl_fill(p.w, 4096);
	/* Nobody reads: a close that waits for that never comes back. */
	pl_expect(sys_close(p.w), returns(0));
	do {
		n = pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns_between(0, sizeof(b)));
		if (n > 0)
			pl_expect_payload(b, (size_t)n, 0, got);
		got += n > 0 ? (uint64_t)n : 0;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes received"), is((long)sent));
}
