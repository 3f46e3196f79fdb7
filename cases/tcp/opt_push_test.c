/*
 * When small writes are sent: TCP_NOPUSH, which holds them back, and TCP_CORK,
 * which does so for a fifth of a second at most.
 */

#include <netinet/tcp.h>

#include "plumbline.h"

/* Milliseconds for which TCP_CORK holds. */
enum { CEILING = 200 };

/* Set-up: what was sent over loopback up to now has arrived; a later byte did. */
static void
await_delivery(void)
{
	struct pl_pair p = pl_pair();
	char b;

	pl_write(p.w, "x", 1);
	pl_must(sys_read(p.r, &b, 1));
	pl_close(p.r);
	pl_close(p.w);
}

/*
 * Judge: two writes of together "abc" to a connection with that option set are
 * held back.  It may be that so much time goes by between the writes and the look
 * that they need not be any more, in which case that says nothing.
 */
static struct pl_pair
expect_held_back(int option, double ceiling)
{
	enum { TRIES = 20 };

	for (int i = 0; i < TRIES; i++) {
		struct pl_pair p = pl_pair();
		struct pl_outcome o;
		double start;
		char b[8];

		pl_expect(sys_get_option(p.w, IPPROTO_TCP, option), is(0));
		pl_expect(sys_set_option(p.w, IPPROTO_TCP, option, 1), returns(0));
		pl_expect(sys_get_option(p.w, IPPROTO_TCP, option), returns_between(1, INT_MAX));
		start = pl_milliseconds();
		pl_expect(sys_write(p.w, "a", 1), returns(1));
		pl_expect(sys_write(p.w, "bc", 2), returns(2));
		await_delivery();
		o = sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT);
		if (ceiling == 0 || pl_milliseconds() - start < ceiling) {
			pl_expect(o, fails(EAGAIN));
			return (p);
		}
		pl_close(p.r);
		pl_close(p.w);
	}
	pl_not_tested("%d times more than %.0f ms passed between two calls", TRIES, ceiling);
}

/* Judge: all three bytes come, in one. */
static void
expect_delivery(struct pl_pair p)
{
	pl_expect_arrival(p.r);
	pl_expect_text(p.r, "abc");
}

/* Judge: no byte waits to be sent for the first time. */
static void
expect_all_sent(int fd)
{
	int count = -1;

	pl_must(
	    sys_ioctl_int(fd, (unsigned long)pl_need(pl_os.siocoutqnsd, "SIOCOUTQNSD"), &count));
	pl_expect(pl_value(count, NULL, "bytes not sent yet"), is(0));
}

PL_CASE(nopush_holds_data_until_cleared, .verifies = "tcp.opt.nopush-holds-data-until-cleared",
    .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_nopush, "TCP_NOPUSH");
	struct pl_pair p = expect_held_back(option, 0);

	pl_expect(sys_set_option(p.w, IPPROTO_TCP, option, 0), returns(0));
	expect_delivery(p);
	pl_expect(sys_get_option(p.w, IPPROTO_TCP, option), is(0));
}

PL_CASE(nopush_flushed_by_close, .verifies = "tcp.opt.nopush-flushed-by-close", .kinds = PL_TCP)
{
	struct pl_pair p = expect_held_back((int)pl_need(pl_os.tcp_nopush, "TCP_NOPUSH"), 0);

	pl_close(p.w);
	expect_delivery(p);
	pl_expect_end(p.r);
}

/* At once, not when the fifth of a second is over. */
PL_CASE(cork_holds_partial_segment_until_uncorked,
    .verifies = "tcp.opt.cork-holds-partial-segment-until-uncorked", .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_cork, "TCP_CORK");
	struct pl_pair p = expect_held_back(option, CEILING);

	pl_expect(sys_set_option(p.w, IPPROTO_TCP, option, 0), returns(0));
	expect_all_sent(p.w);
	expect_delivery(p);
	pl_expect(sys_get_option(p.w, IPPROTO_TCP, option), is(0));
}

/* A program that forgets to pull the cork is only slow. */
PL_CASE(cork_200ms_ceiling, .verifies = "tcp.opt.cork-200ms-ceiling", .kinds = PL_TCP | PL_PLAIN)
{
	int option = (int)pl_need(pl_os.tcp_cork, "TCP_CORK");
	struct pl_pair p = expect_held_back(option, CEILING);

	expect_delivery(p);
	pl_expect(sys_get_option(p.w, IPPROTO_TCP, option), is(1));
}

PL_CASE(nodelay_flushes_cork, .verifies = "tcp.opt.nodelay-flushes-cork", .kinds = PL_TCP)
{
	int option = (int)pl_need(pl_os.tcp_cork, "TCP_CORK");
	struct pl_pair p = expect_held_back(option, CEILING);

	pl_expect(sys_set_option(p.w, IPPROTO_TCP, TCP_NODELAY, 1), returns(0));
	expect_all_sent(p.w);
	expect_delivery(p);
	pl_expect(sys_get_option(p.w, IPPROTO_TCP, option), is(1));
}

PL_CASE(cork_flushed_by_close, .verifies = "tcp.opt.cork-flushed-by-close", .kinds = PL_TCP)
{
	struct pl_pair p = expect_held_back((int)pl_need(pl_os.tcp_cork, "TCP_CORK"), CEILING);

	pl_close(p.w);
	expect_delivery(p);
	pl_expect_end(p.r);
}
