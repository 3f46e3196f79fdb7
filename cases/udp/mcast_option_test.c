/*
 * Options of multicast: their defaults and limits, and memberships that are refused.
 */

#include "plumbline.h"

#include <net/if.h>

PL_CASE(ttl_is_1_by_default, .verifies = "udp.mcast.default-ttl-is-1")
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_expect(sys_get_option(fd, IPPROTO_IP, IP_MULTICAST_TTL), is(1));
	/* It is another one than that of other datagrams. */
	pl_set_option(fd, IPPROTO_IP, IP_TTL, 42);
	pl_expect(sys_get_option(fd, IPPROTO_IP, IP_MULTICAST_TTL), is(1));
}

PL_CASE(loop_is_on_by_default, .verifies = "udp.mcast.default-loop-is-on")
{
	pl_expect(
	    sys_get_option(pl_socket(AF_INET, SOCK_DGRAM), IPPROTO_IP, IP_MULTICAST_LOOP), is(1));
}

/* From 0 to 255; what does not fit is refused and changes nothing. */
PL_CASE(ttl_out_of_range, .verifies = "udp.mcast.ttl-out-of-range")
{
	static const int wrong[] = { 256, 257, 65536 + 7 };
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_expect(sys_set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, 255), returns(0));
	pl_expect(sys_get_option(fd, IPPROTO_IP, IP_MULTICAST_TTL), is(255));
	for (int i = 0; i < 3; i++) {
		pl_expect(
		    sys_set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, wrong[i]), fails(EINVAL));
		pl_expect(sys_get_option(fd, IPPROTO_IP, IP_MULTICAST_TTL), is(255));
	}
	pl_expect(sys_set_option(fd, IPPROTO_IP, IP_MULTICAST_TTL, -1),
	    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
	pl_expect(sys_get_option(fd, IPPROTO_IP, IP_MULTICAST_TTL), on(PL_FREEBSD, is(255)),
	    on(PL_LINUX, is(1)));
}

/* The interface is said by its address, and any of them is none in particular. */
PL_CASE_ALONE(interface_round_trip, .verifies = "udp.mcast.interface-option-round-trip")
{
	static const uint32_t hosts[] = { INADDR_ANY, INADDR_LOOPBACK, INADDR_ANY };
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	for (int i = 0; i < 3; i++) {
		struct in_addr a = { .s_addr = htonl(hosts[i]) };
		socklen_t length = sizeof(a);

		if (i > 0)
			pl_expect(sys_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, sizeof(a)),
			    returns(0));
		a.s_addr = 0xeeeeeeee;
		pl_expect(sys_getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, &length), returns(0));
		pl_expect(pl_value((long)length, NULL, "bytes"), is(sizeof(a)));
		pl_expect(pl_value((long)ntohl(a.s_addr), NULL, "host"), is(hosts[i]));
	}
}

/* One is a member or is not: one leaving ends it. */
PL_CASE_ALONE(joining_twice, .verifies = "udp.mcast.join-twice")
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM), other = pl_socket(AF_INET, SOCK_DGRAM);

	pl_must(sys_join(fd, PL_GROUP));
	pl_expect(sys_join(fd, PL_GROUP), fails(EADDRINUSE));
	/* Another group, or socket, is another matter. */
	pl_expect(sys_join(fd, PL_GROUP + 1), returns(0));
	pl_expect(sys_join(other, PL_GROUP), returns(0));
	pl_expect(sys_leave(fd, PL_GROUP), returns(0));
	pl_expect(sys_leave(fd, PL_GROUP), fails(EADDRNOTAVAIL));
	pl_expect(sys_join(fd, PL_GROUP), returns(0));
}

/* Never joined, joined by somebody else, left before. */
PL_CASE_ALONE(leaving_without_membership, .verifies = "udp.mcast.drop-not-member")
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM), other = pl_socket(AF_INET, SOCK_DGRAM);

	pl_expect(sys_leave(fd, PL_GROUP), fails(EADDRNOTAVAIL));
	pl_must(sys_join(other, PL_GROUP));
	pl_must(sys_join(fd, PL_GROUP + 1));
	pl_expect(sys_leave(fd, PL_GROUP), fails(EADDRNOTAVAIL));
	pl_must(sys_leave(fd, PL_GROUP + 1));
	pl_expect(sys_leave(fd, PL_GROUP + 1), fails(EADDRNOTAVAIL));
	pl_expect(sys_leave(other, PL_GROUP), returns(0));
}

/* The class D alone holds groups: not what is below, above, or this host. */
PL_CASE_ALONE(joining_a_host, .verifies = "udp.mcast.join-unicast-address")
{
	static const uint32_t hosts[] = { INADDR_LOOPBACK, 0xdfffffff, 0xf0000000, INADDR_ANY };
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	for (int i = 0; i < 4; i++)
		pl_expect(sys_join(fd, hosts[i]), fails(EINVAL));
	pl_expect(sys_join(fd, 0xefffffff), returns(0));
}

/* An address of nobody names no interface, and none is taken instead. */
PL_CASE_ALONE(joining_through_an_unknown_interface, .verifies = "udp.mcast.join-unknown-interface")
{
	const struct ip_mreq m = { .imr_multiaddr.s_addr = htonl(PL_GROUP),
		.imr_interface.s_addr = htonl(0xc0000201) }; /* 192.0.2.1 */
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_expect(sys_setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)),
	    on(PL_FREEBSD, fails(EADDRNOTAVAIL)), on(PL_LINUX, fails(ENODEV)));
	pl_expect(sys_leave(fd, PL_GROUP), fails(EADDRNOTAVAIL));
}

/* The number of an interface goes before an address, which may be nobody's. */
PL_CASE_ALONE(index_goes_before_the_address, .verifies = "udp.mcast.join-index-overrides-address")
{
	const struct ip_mreqn m = { .imr_multiaddr.s_addr = htonl(PL_GROUP),
		.imr_address.s_addr = htonl(0xc0000201),
		.imr_ifindex = (int)if_nametoindex(pl_os.loopback) };
	unsigned port = 0;
	int r = pl_group_receiver(INADDR_ANY, &port), w = pl_group_sender(INADDR_LOOPBACK);

	pl_expect(sys_setsockopt(r, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof(m)), returns(0));
	pl_send_to(w, PL_GROUP, port, "abc");
	pl_expect_arriving(r, "abc");
}

/* How many groups one socket may be in. */
PL_CASE_ALONE(as_many_memberships_as_documented, .verifies = "udp.mcast.max-memberships")
{
	unsigned limit = pl_asks(PL_FREEBSD) ? 4095 : 20;
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	for (unsigned i = 0; i < limit; i++)
		pl_expect(sys_join(fd, PL_GROUP + i), returns(0));
	pl_expect(sys_join(fd, PL_GROUP + limit), on(PL_FREEBSD, fails(ENOMEM)),
	    on(PL_LINUX, fails(ENOBUFS)));
	/* One that is left makes room for one. */
	pl_expect(sys_leave(fd, PL_GROUP), returns(0));
	pl_expect(sys_join(fd, PL_GROUP + limit), returns(0));
}

/* Streams have two ends. */
PL_CASE_ALONE(stream_sockets_join_no_group, .verifies = "udp.mcast.stream-socket-rejected")
{
	const struct in_addr a = { .s_addr = htonl(INADDR_LOOPBACK) };
	int fd = pl_socket(AF_INET, SOCK_STREAM);

	pl_expect(
	    sys_join(fd, PL_GROUP), on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, fails(EPROTO)));
	pl_expect(sys_setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &a, sizeof(a)),
	    on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, fails(EINVAL)));
}
