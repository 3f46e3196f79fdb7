/*
 * What a UDP socket is not: a listener.  And UDP-Lite, its sibling with a
 * checksum over a part.
 */

#include "plumbline.h"

/* Nobody connects, so there is nobody to wait for. */
PL_CASE(accept_fails_at_once, .verifies = "udp.accept.datagram-socket-fails", .kinds = PL_UDP)
{
	struct pl_address name;
	struct pl_pair p = pl_pair();
	const int fds[] = { pl_unconnected(), pl_bound(&name), p.r };

	pl_must(sys_send(p.w, "x", 1, 0));
	pl_expect_arrival(p.r);
	for (int i = 0; i < 3; i++)
		pl_expect(sys_accept(fds[i], NULL), on(PL_FREEBSD | PL_POSIX, fails(EINVAL)),
		    on(PL_LINUX | PL_POSIX, fails(EOPNOTSUPP)));
	/* A datagram is not taken for a client. */
	pl_expect_text(p.r, "x");
}

static int
lite_socket(void)
{
	struct pl_outcome o = sys_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

	if (o.error == EPROTONOSUPPORT)
		pl_not_tested("this kernel has no UDP-Lite");
	return ((int)pl_must(o));
}

/* The same service, and ports of its own. */
PL_CASE(lite_works_like_udp, .verifies = "udp.lite.exchange-over-loopback")
{
	struct pl_address name = pl_inet_address(0), own, source;
	int fd = lite_socket(), sender = lite_socket(), udp = pl_socket(AF_INET, SOCK_DGRAM);
	int udp_sender = pl_socket(AF_INET, SOCK_DGRAM);
	char b[8];

	pl_expect(sys_bind(fd, &name), returns(0));
	name = pl_sockname(fd);
	pl_expect(sys_bind(udp, &name), returns(0));
	pl_expect(sys_sendto(sender, "lite", 4, 0, &name), returns(4));
	pl_expect_arrival(fd);
	pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &source), returns(4));
	pl_expect_bytes(b, "lite", 4);
	own = pl_sockname(sender);
	pl_expect(pl_value(pl_address_port(&source), NULL, "port of the sender"),
	    is(pl_address_port(&own)));
	/* To the port of the same number. */
	pl_expect(sys_sendto(udp_sender, "udp", 3, 0, &name), returns(3));
	pl_expect_arriving(udp, "udp");
	pl_expect_nothing(fd);
	pl_expect(sys_connect(sender, &name), returns(0));
	pl_expect(sys_send(sender, "more", 4, 0), returns(4));
	pl_expect_arriving(fd, "more");
	pl_expect_nothing(udp);
	/* An empty message is one. */
	pl_expect(sys_send(sender, "", 0, 0), returns(0));
	pl_expect_arrival(fd);
	pl_expect(sys_recv(fd, b, sizeof(b), 0), returns(0));
}

/* How much the checksum covers: all, or the header and so much of the rest. */
PL_CASE(lite_coverage, .verifies = "udp.lite.cscov-below-8")
{
	static const struct {
		int set,
		    rounded; /* what Linux makes of it; FreeBSD refuses those it would change */
	} values[] = { { 1, 8 }, { 7, 8 }, { 8, 8 }, { 20, 20 }, { 65535, 65535 }, { 65536, 65535 },
		{ 0, 0 } };
	int fd = lite_socket(), udp = pl_socket(AF_INET, SOCK_DGRAM), before = 0;

	pl_expect(sys_get_option(fd, IPPROTO_UDPLITE, pl_os.udplite_send_cscov),
	    on(PL_FREEBSD | PL_LINUX, is(0)));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		bool valid = values[i].set == values[i].rounded;
		int after = pl_asks(PL_FREEBSD) && !valid ? before : values[i].rounded;

		pl_expect(
		    sys_set_option(fd, IPPROTO_UDPLITE, pl_os.udplite_send_cscov, values[i].set),
		    on(PL_FREEBSD, valid ? returns(0) : fails(EINVAL)), on(PL_LINUX, returns(0)));
		pl_expect(sys_get_option(fd, IPPROTO_UDPLITE, pl_os.udplite_send_cscov),
		    on(PL_FREEBSD | PL_LINUX, is(after)));
		before = after;
	}
	pl_expect(sys_set_option(udp, IPPROTO_UDPLITE, pl_os.udplite_send_cscov, 8),
	    on(PL_FREEBSD | PL_LINUX, fails(ENOPROTOOPT)));
}
