/*
 * IPv4 addresses: wildcards, byte order, and what ip(4) options tell without a peer.
 *
 * Wildcard addresses are bound in a network of the child's own only.
 */

#include "plumbline.h"

#include <netinet/ip.h>

static struct pl_address
inet(uint32_t address, unsigned port)
{
	struct pl_address a = pl_inet_address(port);

	a.in.sin_addr.s_addr = htonl(address);
	return (a);
}

static int
bound_to(int type, uint32_t address, struct pl_address *name)
{
	struct pl_address a = inet(address, 0);
	int fd = pl_socket(AF_INET, type);

	pl_bind(fd, &a);
	*name = pl_sockname(fd);
	return (fd);
}

/* Run a part of the case in a network that holds nothing but loopback. */
static void
apart(pl_peer_function *function)
{
	pl_result(pl_child(function, NULL, PL_KEEP_NONE));
}

static struct pl_outcome
reach_wildcards(void *unused)
{
	struct pl_address udp_name, tcp_name, to;
	int udp, tcp, client, accepted;

	(void)unused;
	pl_need_private_network();
	udp = bound_to(SOCK_DGRAM, INADDR_ANY, &udp_name);
	tcp = bound_to(SOCK_STREAM, INADDR_ANY, &tcp_name);
	pl_listen(tcp, 1);
	pl_requirement("socket.inet.wildcard-binding-receives-on-loopback");
	to = inet(INADDR_LOOPBACK, pl_address_port(&udp_name));
	client = pl_socket(AF_INET, SOCK_DGRAM);
	pl_expect(sys_sendto(client, "abc", 3, 0, &to), returns(3));
	pl_expect_arrival(udp);
	pl_expect_text(udp, "abc");
	to = inet(INADDR_LOOPBACK, pl_address_port(&tcp_name));
	client = pl_socket(AF_INET, SOCK_STREAM);
	pl_expect(sys_connect(client, &to), returns(0));
	pl_expect_arrival(tcp);
	accepted = (int)pl_expect(sys_accept(tcp, NULL), opens());
	pl_requirement("socket.inet.accepted-socket-has-concrete-local-address");
	to = pl_sockname(accepted);
	pl_expect(
	    pl_value(ntohl(to.in.sin_addr.s_addr), NULL, "its local address"), is(INADDR_LOOPBACK));
	return (pl_done());
}

PL_CASE(wildcard_is_reached_through_loopback,
    .verifies = "socket.inet.wildcard-binding-receives-on-loopback "
		"socket.inet.accepted-socket-has-concrete-local-address")
{
	apart(reach_wildcards);
}

static struct pl_outcome
filter_destinations(void *unused)
{
	struct pl_address specific_name, wildcard_name, to;
	int specific, wildcard, client;
	char b[8];

	(void)unused;
	pl_need_private_network();
	specific = bound_to(SOCK_DGRAM, INADDR_LOOPBACK, &specific_name);
	wildcard = bound_to(SOCK_DGRAM, INADDR_ANY, &wildcard_name);
	client = pl_socket(AF_INET, SOCK_DGRAM);
	to = inet(INADDR_LOOPBACK + 1, pl_address_port(&specific_name));
	if (sys_sendto(client, "abc", 3, 0, &to).error != 0)
		pl_not_tested("127.0.0.2 is no address of this system");
	to = inet(INADDR_LOOPBACK + 1, pl_address_port(&wildcard_name));
	pl_expect(sys_sendto(client, "def", 3, 0, &to), returns(3));
	pl_expect_arrival(wildcard);
	pl_expect_text(wildcard, "def");
	/* What was sent earlier over the same loopback is not on its way any more. */
	pl_expect(sys_recv(specific, b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
	return (pl_done());
}

PL_CASE(specific_binding_filters_destination,
    .verifies = "socket.inet.specific-binding-filters-destination")
{
	apart(filter_destinations);
}

/* Nothing leaves the machine: the address means this host or nothing. */
PL_CASE(connect_to_inaddr_any_means_this_host,
    .verifies = "socket.inet.connect-to-inaddr-any-means-this-host")
{
	struct pl_address name, to;
	int listener = bound_to(SOCK_STREAM, INADDR_LOOPBACK, &name);
	bool closed = pl_asks(PL_FREEBSD) && !pl_freebsd_before(1500);
	struct pl_allowed allowed;
	int receiver;

	pl_listen(listener, 1);
	to = inet(INADDR_ANY, pl_address_port(&name));
	allowed = closed ? fails(ENETUNREACH) : returns(0);
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_STREAM), &to), allowed);
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_DGRAM), &to), allowed);
	receiver = bound_to(SOCK_DGRAM, INADDR_LOOPBACK, &name);
	to = inet(INADDR_ANY, pl_address_port(&name));
	pl_expect(sys_sendto(pl_socket(AF_INET, SOCK_DGRAM), "x", 1, 0, &to),
	    closed ? fails(ENETUNREACH) : returns(1));
	if (!closed)
		pl_expect_arriving(receiver, "x");
}

PL_CASE(address_constants, .verifies = "socket.inet.address-constants")
{
	pl_expect(pl_value(INADDR_ANY, NULL, "INADDR_ANY"), is(0));
	pl_expect(pl_value(INADDR_LOOPBACK, NULL, "INADDR_LOOPBACK"), is(0x7f000001));
	pl_expect(pl_value((uint32_t)INADDR_BROADCAST, NULL, "INADDR_BROADCAST"), is(0xffffffff));
	if (pl_asks(PL_FREEBSD | PL_LINUX)) {
		pl_expect(pl_value((uint32_t)INADDR_NONE, NULL, "INADDR_NONE"), is(0xffffffff));
		pl_expect(pl_value(IPPORT_RESERVED, NULL, "IPPORT_RESERVED"), is(1024));
		pl_expect_that(IN_MULTICAST(0xe0000001), "224.0.0.1 is multicast", "it is not");
		pl_expect_that(!IN_MULTICAST(0x7f000001), "127.0.0.1 is not multicast", "it is");
	}
}

/* The kernel reads and writes both most significant byte first. */
PL_CASE(port_and_address_are_network_order,
    .verifies = "socket.inet.port-and-address-are-network-order")
{
	struct pl_address name;
	int fd = -1;
	unsigned char bytes[2];

	/* Any port with different bytes serves; one that is taken says nothing. */
	for (int low = 0xcd; low > 0x8d && fd == -1; low--) {
		struct pl_address a = pl_inet_address(0);
		struct pl_outcome o;

		bytes[0] = 0xab;
		bytes[1] = (unsigned char)low;
		memcpy(&a.in.sin_port, bytes, 2);
		memcpy(&a.in.sin_addr, "\x7f\0\0\1", 4);
		fd = pl_socket(AF_INET, SOCK_DGRAM);
		o = sys_bind(fd, &a);
		if (o.error == EADDRINUSE) {
			pl_close(fd);
			fd = -1;
		} else {
			pl_expect(o, returns(0));
		}
	}
	if (fd == -1)
		pl_not_tested("64 ports in a row are in use");
	name = pl_sockname(fd);
	pl_expect_bytes(&name.in.sin_port, bytes, 2);
	pl_expect_bytes(&name.in.sin_addr, "\x7f\0\0\1", 4);
	pl_expect(pl_value(pl_address_port(&name), NULL, "ntohs(sin_port)"), is(0xab00 | bytes[1]));
}

/* The first byte is the length, the second the family. */
PL_CASE(sa_len_filled_on_return, .verifies = "socket.inet.sa-len-filled-on-return")
{
	struct pl_address name;

	pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	pl_expect(pl_value((unsigned char)name.bytes[0], NULL, "the first byte"), is(16));
	pl_expect(pl_value((unsigned char)name.bytes[1], NULL, "the second byte"), is(AF_INET));
}

PL_CASE(destination_port_zero, .verifies = "socket.inet.destination-port-zero")
{
	struct pl_address to = pl_inet_address(0);

	pl_expect(sys_sendto(pl_socket(AF_INET, SOCK_DGRAM), "x", 1, 0, &to),
	    pl_asks(PL_LINUX)             ? fails(EINVAL)
		: pl_freebsd_before(1500) ? fails(EADDRNOTAVAIL)
					  : returns(1));
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_DGRAM), &to), on(PL_LINUX, returns(0)),
	    on(PL_FREEBSD, fails(EADDRNOTAVAIL)));
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_STREAM), &to),
	    on(PL_LINUX, fails(ECONNREFUSED)), on(PL_FREEBSD, fails(EADDRNOTAVAIL)));
}

PL_CASE(ip_ttl_default_and_set, .verifies = "socket.inet.ip-ttl-default-and-set")
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_expect(sys_get_option(fd, IPPROTO_IP, IP_TTL), is(64));
	for (int ttl = 1; ttl <= 255; ttl += 254) {
		pl_expect(sys_set_option(fd, IPPROTO_IP, IP_TTL, ttl), returns(0));
		pl_expect(sys_get_option(fd, IPPROTO_IP, IP_TTL), is(ttl));
	}
}

PL_CASE(ip_ttl_out_of_range, .verifies = "socket.inet.ip-ttl-out-of-range")
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_must(sys_set_option(fd, IPPROTO_IP, IP_TTL, 7));
	pl_expect(sys_set_option(fd, IPPROTO_IP, IP_TTL, 0), fails(EINVAL));
	pl_expect(sys_set_option(fd, IPPROTO_IP, IP_TTL, 256), fails(EINVAL));
	pl_expect(sys_get_option(fd, IPPROTO_IP, IP_TTL), is(7));
	pl_expect(sys_set_option(fd, IPPROTO_IP, IP_TTL, -1), returns(0));
	pl_expect(sys_get_option(fd, IPPROTO_IP, IP_TTL), is(64));
}

PL_CASE(ip_options_set_get_clear, .verifies = "socket.inet.ip-options-set-get-clear")
{
	static const unsigned char good[4] = { 1, 1, 1, 0 }, malformed[4] = { 7, 200, 4, 0 };
	unsigned char got[64], long_options[44] = { 1 };
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	socklen_t length = sizeof(got);

	memset(long_options, 1, sizeof(long_options));
	pl_expect(sys_setsockopt(fd, IPPROTO_IP, IP_OPTIONS, good, 4), returns(0));
	pl_expect(sys_getsockopt(fd, IPPROTO_IP, IP_OPTIONS, got, &length), returns(0));
	pl_expect(pl_value(length, NULL, "length"), on(PL_FREEBSD, is(8)), on(PL_LINUX, is(4)));
	pl_expect(sys_setsockopt(fd, IPPROTO_IP, IP_OPTIONS, malformed, 4), fails(EINVAL));
	pl_expect(sys_setsockopt(fd, IPPROTO_IP, IP_OPTIONS, long_options, 44), fails(EINVAL));
	pl_expect(sys_setsockopt(fd, IPPROTO_IP, IP_OPTIONS, NULL, 0), returns(0));
	length = sizeof(got);
	pl_expect(sys_getsockopt(fd, IPPROTO_IP, IP_OPTIONS, got, &length), returns(0));
	pl_expect(pl_value(length, NULL, "length"), is(0));
}

PL_CASE(hdrincl_only_on_raw, .verifies = "socket.inet.hdrincl-only-on-raw")
{
	struct pl_outcome raw;

	pl_expect(sys_set_option(pl_socket(AF_INET, SOCK_DGRAM), IPPROTO_IP, IP_HDRINCL, 1),
	    fails(ENOPROTOOPT));
	pl_expect(sys_set_option(pl_socket(AF_INET, SOCK_STREAM), IPPROTO_IP, IP_HDRINCL, 1),
	    fails(ENOPROTOOPT));
	raw = sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	if (raw.error == 0)
		pl_expect(sys_set_option((int)raw.value, IPPROTO_IP, IP_HDRINCL, 1), returns(0));
}

static struct pl_outcome
go_nowhere(void *unused)
{
	/* 203.0.113.0/24 is set aside for documentation; here no route leads anywhere. */
	struct pl_address to = inet(0xcb007101, 9);

	(void)unused;
	pl_need_private_network();
	pl_expect(sys_sendto(pl_socket(AF_INET, SOCK_DGRAM), "x", 1, 0, &to), fails(ENETUNREACH));
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_STREAM), &to), fails(ENETUNREACH));
	return (pl_done());
}

PL_CASE(no_route_enetunreach, .verifies = "socket.inet.no-route-enetunreach")
{
	apart(go_nowhere);
}

PL_CASE(ipv6_address_on_ipv4_socket_eafnosupport,
    .verifies = "socket.inet.ipv6-address-on-ipv4-socket-eafnosupport")
{
	struct pl_address to = pl_inet6_address(9);

	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_STREAM), &to), fails(EAFNOSUPPORT));
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_DGRAM), &to), fails(EAFNOSUPPORT));
	pl_expect(sys_sendto(pl_socket(AF_INET, SOCK_DGRAM), "x", 1, 0, &to), fails(EAFNOSUPPORT));
}
