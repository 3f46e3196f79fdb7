/*
 * SO_SPLICE: how far it goes, and what cannot be spliced.
 */

#include "plumbline.h"

/* The struct splice of sys/socket.h, which only some systems have. */
struct splicing {
	int fd;
	off_t most;
	struct timeval idle;
};

/* From one socket to another, up to that many bytes (0: no limit). */
static struct pl_outcome
splice_to(int from, int to, off_t most)
{
	const struct splicing s = { .fd = to, .most = most };

	pl_note("struct splice {%s, %ld}", pl_slot(to), (long)most);
	return (sys_setsockopt(
	    from, SOL_SOCKET, (int)pl_need(pl_os.so_splice, "SO_SPLICE"), &s, sizeof(s)));
}

/* Up to the limit and no further: the rest is the receiver's own. */
PL_CASE(splice_limit_and_errors, .verifies = "tcp.opt.splice-limit-and-errors", .kinds = PL_TCP)
{
	struct pl_pair from, to, third, udp;
	int fresh;

	if (pl_freebsd_before(1403))
		pl_not_applicable("SO_SPLICE came with FreeBSD 14.3");
	pl_need(pl_os.so_splice, "SO_SPLICE");
	from = pl_pair();
	to = pl_pair();
	third = pl_pair();
	udp = pl_inet_pair(SOCK_DGRAM);
	fresh = pl_unconnected();
	pl_expect(splice_to(fresh, to.w, 0), fails(ENOTCONN));
	pl_expect(splice_to(from.r, fresh, 0), fails(ENOTCONN));
	pl_expect(splice_to(udp.r, to.w, 0), fails(EPROTONOSUPPORT));
	pl_expect(splice_to(from.r, to.w, 4), returns(0));
	pl_expect(splice_to(from.r, third.w, 0), fails(EBUSY));
	pl_expect(splice_to(third.r, to.w, 0), fails(EBUSY));
	pl_write(from.w, "abcdef", 6);
	pl_expect_arrival(to.r);
	pl_expect_text(to.r, "abcd");
	pl_expect_arrival(from.r);
	pl_expect_text(from.r, "ef");
	pl_write(to.w, "x", 1);
	pl_expect_arrival(to.r);
	pl_expect_text(to.r, "x");
}
