/*
 * Time stamps of datagrams: which control message comes with them, and what
 * time it holds.
 */

#include "plumbline.h"
#include "sequence/names.h"

#include <sys/time.h>

/* Microseconds of the clock, now. */
static long long
clock_us(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		pl_broken("clock_gettime: %s", strerror(errno));
	return (t.tv_sec * 1000000LL + t.tv_nsec / 1000);
}

/* FreeBSD's struct bintime: seconds, and a binary fraction of one. */
struct binary_time {
	time_t seconds;
	uint64_t fraction;
};

/* The forms of a stamp. */
enum form { TIMEVAL, TIMESPEC, BINTIME };
static const size_t form_sizes[] = { sizeof(struct timeval), sizeof(struct timespec),
	sizeof(struct binary_time) };

static long long
stamp_us(const struct cmsghdr *c, enum form form)
{
	struct timeval v;
	struct timespec s;
	struct binary_time b;

	switch (form) {
	case TIMEVAL:
		memcpy(&v, CMSG_DATA(c), sizeof(v));
		return (v.tv_sec * 1000000LL + v.tv_usec);
	case TIMESPEC:
		memcpy(&s, CMSG_DATA(c), sizeof(s));
		return (s.tv_sec * 1000000LL + s.tv_nsec / 1000);
	default:
		memcpy(&b, CMSG_DATA(c), sizeof(b));
		return (b.seconds * 1000000LL + (long long)(((b.fraction >> 32) * 1000000) >> 32));
	}
}

/*
 * Judge: a datagram sent now comes with one control message of that type, whose
 * stamp lies between now and then by that clock; with PL_ABSENT it has none.
 */
static void
expect_stamp(int r, int w, int type, enum form form, clockid_t clock)
{
	char b[8];
	union {
		struct cmsghdr align;
		char bytes[512];
	} control;
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	long long before = clock_us(clock), stamp, after;

	pl_write(w, "x", 1);
	pl_await_events(r, POLLIN);
	pl_expect(sys_recvmsg(r, &m, 0), returns(1));
	after = clock_us(clock);
	c = CMSG_FIRSTHDR(&m);
	if (type == PL_ABSENT) {
		pl_expect_that(c == NULL, "no control message", "one of type %d",
		    c != NULL ? c->cmsg_type : 0);
		return;
	}
	pl_expect_that(c != NULL, "a control message", "none");
	if (c == NULL)
		return;
	pl_expect(pl_value(c->cmsg_level, &pl_names_level, "cmsg_level"), is(SOL_SOCKET));
	pl_expect(pl_value(c->cmsg_type, NULL, "cmsg_type"), is(type));
	pl_expect(
	    pl_value((long)c->cmsg_len, NULL, "cmsg_len"), is((long)CMSG_LEN(form_sizes[form])));
	stamp = stamp_us(c, form);
	pl_expect_that(before <= stamp && stamp <= after, "the time of arrival",
	    "%lld us before the datagram was sent, %lld us after it was received", before - stamp,
	    stamp - after);
	pl_expect_that(CMSG_NXTHDR(&m, (struct cmsghdr *)(uintptr_t)c) == NULL,
	    "one control message", "another one");
}

static void
udp_pair(int *r, int *w)
{
	struct pl_address name;

	*r = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	*w = pl_socket(AF_INET, SOCK_DGRAM);
	pl_connect(*w, &name);
}

/* Each datagram tells when it came, as long as the option is on. */
PL_CASE(timestamp_adds_scm_timestamp, .verifies = "socket.opt.timestamp-adds-scm-timestamp")
{
	int r, w;

	udp_pair(&r, &w);
	expect_stamp(r, w, PL_ABSENT, TIMEVAL, CLOCK_REALTIME);
	pl_set_option(r, SOL_SOCKET, SO_TIMESTAMP, 1);
	expect_stamp(r, w, SCM_TIMESTAMP, TIMEVAL, CLOCK_REALTIME);
	expect_stamp(r, w, SCM_TIMESTAMP, TIMEVAL, CLOCK_REALTIME);
	pl_set_option(r, SOL_SOCKET, SO_TIMESTAMP, 0);
	expect_stamp(r, w, PL_ABSENT, TIMEVAL, CLOCK_REALTIME);
}

/* The last one asked for counts. */
PL_CASE(timestampns_excludes_timestamp, .verifies = "socket.opt.timestampns-excludes-timestamp")
{
	int r, w, ns = pl_os.so_timestampns;

	if (ns == PL_ABSENT)
		pl_not_tested("this kernel has no SO_TIMESTAMPNS");
	udp_pair(&r, &w);
	pl_set_option(r, SOL_SOCKET, SO_TIMESTAMP, 1);
	pl_expect(sys_set_option(r, SOL_SOCKET, ns, 1), returns(0));
	pl_expect(sys_get_option(r, SOL_SOCKET, SO_TIMESTAMP), is(0));
	pl_expect(sys_get_option(r, SOL_SOCKET, ns), is(1));
	expect_stamp(r, w, pl_os.scm_timestampns, TIMESPEC, CLOCK_REALTIME);
	pl_expect(sys_set_option(r, SOL_SOCKET, SO_TIMESTAMP, 1), returns(0));
	pl_expect(sys_get_option(r, SOL_SOCKET, ns), is(0));
	pl_expect(sys_get_option(r, SOL_SOCKET, SO_TIMESTAMP), is(1));
	expect_stamp(r, w, SCM_TIMESTAMP, TIMEVAL, CLOCK_REALTIME);
}

/* A stamp in the kernel's own form, and the clocks to choose from. */
PL_CASE(bintime_and_ts_clock_formats, .verifies = "socket.opt.bintime-and-ts-clock-formats")
{
	int r, w, clock = pl_os.so_ts_clock;

	if (clock == PL_ABSENT)
		pl_not_tested("this kernel has no SO_BINTIME and SO_TS_CLOCK");
	udp_pair(&r, &w);
	pl_set_option(r, SOL_SOCKET, pl_os.so_bintime, 1);
	expect_stamp(r, w, pl_os.scm_bintime, BINTIME, CLOCK_REALTIME);
	pl_set_option(r, SOL_SOCKET, pl_os.so_bintime, 0);
	pl_set_option(r, SOL_SOCKET, SO_TIMESTAMP, 1);
	expect_stamp(r, w, SCM_TIMESTAMP, TIMEVAL, CLOCK_REALTIME);
	pl_expect(sys_set_option(r, SOL_SOCKET, clock, pl_os.ts_bintime), returns(0));
	expect_stamp(r, w, pl_os.scm_bintime, BINTIME, CLOCK_REALTIME);
	pl_expect(sys_set_option(r, SOL_SOCKET, clock, pl_os.ts_realtime), returns(0));
	expect_stamp(r, w, pl_os.scm_realtime, TIMESPEC, CLOCK_REALTIME);
	pl_expect(sys_set_option(r, SOL_SOCKET, clock, pl_os.ts_monotonic), returns(0));
	expect_stamp(r, w, pl_os.scm_monotonic, TIMESPEC, CLOCK_MONOTONIC);
	pl_expect(sys_get_option(r, SOL_SOCKET, clock), is(pl_os.ts_monotonic));
	pl_expect(sys_set_option(r, SOL_SOCKET, clock, pl_os.ts_monotonic + 1), fails(EINVAL));
	pl_expect(sys_set_option(r, SOL_SOCKET, clock, -1), fails(EINVAL));
	pl_expect(sys_get_option(r, SOL_SOCKET, clock), is(pl_os.ts_monotonic));
}
