/*
 * The options of tcp(4) and tcp(7) that count time, or attempts: keep-alive,
 * limits to how long a peer may be silent, and what is derived from them.
 */

#include <netinet/tcp.h>

#include "plumbline.h"

#include "sequence/names.h"

static const int timers[] = { TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT };

/* Set-up: nobody has changed what the pages give as the defaults. */
static void
need_default_timers(void)
{
	pl_need_untouched("net.inet.tcp.keepidle", 7200000);
	pl_need_untouched("net.inet.tcp.keepintvl", 75000);
	pl_need_untouched("net.inet.tcp.keepcnt", 8);
	pl_need_untouched("/proc/sys/net/ipv4/tcp_keepalive_time", 7200);
	pl_need_untouched("/proc/sys/net/ipv4/tcp_keepalive_intvl", 75);
	pl_need_untouched("/proc/sys/net/ipv4/tcp_keepalive_probes", 9);
}

PL_CASE(keepalive_timers_defaults, .verifies = "tcp.opt.keepalive-timers-defaults", .kinds = PL_TCP)
{
	int fd = pl_unconnected();

	need_default_timers();
	pl_expect(
	    sys_get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), on(PL_FREEBSD | PL_LINUX, is(7200)));
	pl_expect(
	    sys_get_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), on(PL_FREEBSD | PL_LINUX, is(75)));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_KEEPCNT), on(PL_FREEBSD, is(8)),
	    on(PL_LINUX, is(9)));
}

/* Each is kept for itself, and for this socket alone. */
PL_CASE(keepalive_timers_round_trip_in_seconds,
    .verifies = "tcp.opt.keepalive-timers-round-trip-in-seconds", .kinds = PL_TCP)
{
	static const int values[] = { 61, 62, 3 };
	int fd = pl_unconnected(), other = pl_unconnected(), before[PL_COUNT(timers)];

	for (size_t i = 0; i < PL_COUNT(timers); i++)
		before[i] = pl_get_option(other, IPPROTO_TCP, timers[i]);
	for (size_t i = 0; i < PL_COUNT(timers); i++)
		pl_expect(sys_set_option(fd, IPPROTO_TCP, timers[i], values[i]), returns(0));
	for (size_t i = 0; i < PL_COUNT(timers); i++) {
		int later = pl_unconnected();

		pl_expect(sys_get_option(fd, IPPROTO_TCP, timers[i]), is(values[i]));
		pl_expect(sys_get_option(other, IPPROTO_TCP, timers[i]), is(before[i]));
		pl_expect(sys_get_option(later, IPPROTO_TCP, timers[i]), is(before[i]));
	}
}

/* No time at all: refused, or the system's own. */
PL_CASE(keepalive_timers_zero, .verifies = "tcp.opt.keepalive-timers-zero", .kinds = PL_TCP)
{
	int fd = pl_unconnected();

	for (size_t i = 0; i < PL_COUNT(timers); i++) {
		int usual = pl_get_option(fd, IPPROTO_TCP, timers[i]);

		pl_set_option(fd, IPPROTO_TCP, timers[i], 5);
		pl_expect(sys_set_option(fd, IPPROTO_TCP, timers[i], 0), on(PL_FREEBSD, returns(0)),
		    on(PL_LINUX, fails(EINVAL)));
		pl_expect(sys_get_option(fd, IPPROTO_TCP, timers[i]), on(PL_FREEBSD, is(usual)),
		    on(PL_LINUX, is(5)));
	}
}

PL_CASE(keepalive_timers_upper_bound, .verifies = "tcp.opt.keepalive-timers-upper-bound",
    .kinds = PL_TCP)
{
	static const struct {
		int name, largest; /* on Linux */
	} bounds[] = { { TCP_KEEPIDLE, 32767 }, { TCP_KEEPINTVL, 32767 }, { TCP_KEEPCNT, 127 } };
	int fd = pl_unconnected();

	for (size_t i = 0; i < PL_COUNT(bounds); i++) {
		int name = bounds[i].name, largest = bounds[i].largest;

		pl_expect(sys_set_option(fd, IPPROTO_TCP, name, largest),
		    on(PL_FREEBSD | PL_LINUX, returns(0)));
		pl_expect(sys_set_option(fd, IPPROTO_TCP, name, largest + 1),
		    on(PL_FREEBSD, returns(0)), on(PL_LINUX, fails(EINVAL)));
		pl_expect(sys_get_option(fd, IPPROTO_TCP, name), on(PL_FREEBSD, is(largest + 1)),
		    on(PL_LINUX, is(largest)));
	}
	for (size_t i = 0; i < 2; i++)
		pl_expect(sys_set_option(fd, IPPROTO_TCP, bounds[i].name, INT_MAX),
		    on(PL_FREEBSD | PL_LINUX, fails(EINVAL)));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), on(PL_FREEBSD, is(32768)),
	    on(PL_LINUX, is(32767)));
}

/* A peer that is silent but answers is there. */
PL_CASE(keepalive_probes_keep_live_connection,
    .verifies = "tcp.opt.keepalive-probes-keep-live-connection",
    .slow = "the times are counted in seconds")
{
	struct pl_pair p = pl_inet_pair(SOCK_STREAM);
	struct pollfd quiet[2] = { { .fd = p.r, .events = POLLIN },
		{ .fd = p.w, .events = POLLIN } };
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		for (size_t t = 0; t < PL_COUNT(timers); t++)
			pl_set_option(ends[i], IPPROTO_TCP, timers[t], 1);
		pl_set_option(ends[i], SOL_SOCKET, SO_KEEPALIVE, 1);
	}
	/* Longer than until the first probe, and than until it would be too late for an answer. */
	pl_expect(sys_poll(quiet, 2, 2500), returns(0));
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_get_option(ends[i], SOL_SOCKET, SO_ERROR), is(0));
		pl_expect(sys_write(ends[i], "x", 1), returns(1));
		pl_expect_text(ends[1 - i], "x");
	}
}

/* A time in seconds that reads back, and only on the socket it was given to. */
static void
expect_seconds(int option, long usual)
{
	int fd = pl_unconnected(), other = pl_unconnected();

	pl_expect(sys_get_option(fd, IPPROTO_TCP, option), is(usual));
	pl_expect(sys_set_option(fd, IPPROTO_TCP, option, 9), returns(0));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, option), is(9));
	pl_expect(sys_get_option(other, IPPROTO_TCP, option), is(usual));
}

PL_CASE(keepinit_default_and_round_trip, .verifies = "tcp.opt.keepinit-default-and-round-trip",
    .kinds = PL_TCP)
{
	pl_need_untouched("net.inet.tcp.keepinit", 75000);
	expect_seconds((int)pl_need(pl_os.tcp_keepinit, "TCP_KEEPINIT"), 75);
}

static int
need_maxunacktime(void)
{
	if (pl_freebsd_before(1500))
		pl_not_applicable("TCP_MAXUNACKTIME came with FreeBSD 15");
	return ((int)pl_need(pl_os.tcp_maxunacktime, "TCP_MAXUNACKTIME"));
}

PL_CASE(maxunacktime_default_and_round_trip,
    .verifies = "tcp.opt.maxunacktime-default-and-round-trip", .kinds = PL_TCP)
{
	int option = need_maxunacktime();

	pl_need_untouched("net.inet.tcp.maxunacktime", 0);
	expect_seconds(option, 0);
}

/* A connection whose peer takes nothing, and which has that limit; for how long it may last. */
static struct pl_pair
stall(int option, int limit)
{
	struct pl_pair p = pl_narrow_pair(16384, 4096);

	pl_set_option(p.w, IPPROTO_TCP, option, limit);
	pl_fill_pair(p, 4096);
	return (p);
}

/* Judge: the connection ends, not earlier than that many milliseconds after start, and says why. */
static void
expect_timed_out(int fd, double start, int limit)
{
	struct pollfd wait = { .fd = fd };
	double passed;

	pl_expect(sys_poll(&wait, 1, -1), returns(1));
	passed = pl_milliseconds() - start;
	pl_expect_that(passed >= limit - 1, "the connection lasts as long as the limit says",
	    "%.1f ms of %d", passed, limit);
	pl_expect_that((wait.revents & (POLLERR | POLLHUP)) != 0, "POLLERR or POLLHUP", "%#x",
	    (unsigned)wait.revents);
	pl_expect(pl_value(pl_get_option(fd, SOL_SOCKET, SO_ERROR), &pl_names_errno, "SO_ERROR"),
	    is(ETIMEDOUT));
	pl_expect(sys_send(fd, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
}

/* Probes that are answered are no progress. */
PL_CASE(maxunacktime_kills_stalled_sender, .verifies = "tcp.opt.maxunacktime-kills-stalled-sender",
    .kinds = PL_TCP | PL_PLAIN, .slow = "the limit is counted in seconds")
{
	double start = pl_milliseconds();
	struct pl_pair p = stall(need_maxunacktime(), 1);

	expect_timed_out(p.w, start, 1000);
}

PL_CASE(user_timeout_kills_stalled_sender, .verifies = "tcp.opt.user-timeout-kills-stalled-sender",
    .kinds = PL_TCP | PL_PLAIN)
{
	int option = (int)pl_need(pl_os.tcp_user_timeout, "TCP_USER_TIMEOUT");
	double start = pl_milliseconds();
	struct pl_pair p = stall(option, 150);

	expect_timed_out(p.w, start, 150);
}

PL_CASE(user_timeout_round_trip_and_inheritance,
    .verifies = "tcp.opt.user-timeout-round-trip-and-inheritance", .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_user_timeout, "TCP_USER_TIMEOUT"), client;
	struct pl_address name;
	int listener = pl_listening(1, &name);

	pl_expect(sys_get_option(listener, IPPROTO_TCP, option), is(0));
	pl_expect(sys_set_option(listener, IPPROTO_TCP, option, 1234), returns(0));
	pl_expect(sys_get_option(listener, IPPROTO_TCP, option), is(1234));
	pl_expect(sys_set_option(listener, IPPROTO_TCP, option, -1), fails(EINVAL));
	pl_expect(sys_get_option(listener, IPPROTO_TCP, option), is(1234));
	client = pl_unconnected();
	pl_connect(client, &name);
	pl_expect(sys_get_option(pl_accept(listener), IPPROTO_TCP, option), is(1234));
	pl_expect(sys_get_option(client, IPPROTO_TCP, option), is(0));
}

PL_CASE(syncnt_range, .verifies = "tcp.opt.syncnt-range", .kinds = PL_TCP)
{
	static const int wrong[] = { 0, 256, -1 };
	int option = (int)pl_need(pl_os.tcp_syncnt, "TCP_SYNCNT"), fd = pl_unconnected();

	pl_expect(sys_set_option(fd, IPPROTO_TCP, option, 2), returns(0));
	for (size_t i = 0; i < PL_COUNT(wrong); i++) {
		pl_expect(sys_set_option(fd, IPPROTO_TCP, option, wrong[i]), fails(EINVAL));
		pl_expect(sys_get_option(fd, IPPROTO_TCP, option), is(2));
	}
}

PL_CASE(linger2_default_and_round_trip, .verifies = "tcp.opt.linger2-default-and-round-trip",
    .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_linger2, "TCP_LINGER2"), fd = pl_unconnected();
	long usual = 60;

	pl_os_sysctl_get("/proc/sys/net/ipv4/tcp_fin_timeout", &usual);
	pl_expect(sys_get_option(fd, IPPROTO_TCP, option), is(usual));
	pl_expect(sys_set_option(fd, IPPROTO_TCP, option, 3), returns(0));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, option), is(3));
	pl_expect(sys_get_option(pl_unconnected(), IPPROTO_TCP, option), is(usual));
}

PL_CASE(quickack_settable, .verifies = "tcp.opt.quickack-settable", .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_quickack, "TCP_QUICKACK");
	struct pl_pair p = pl_pair();

	pl_expect(sys_set_option(p.r, IPPROTO_TCP, option, 1), returns(0));
	pl_expect(sys_get_option(p.r, IPPROTO_TCP, option), is(1));
	pl_expect(sys_set_option(p.r, IPPROTO_TCP, option, 0), returns(0));
	pl_expect(sys_get_option(p.r, IPPROTO_TCP, option), is(0));
	pl_expect(sys_set_option(p.r, IPPROTO_TCP, option, 1), returns(0));
	pl_expect(sys_get_option(p.r, IPPROTO_TCP, option), is(1));
}
