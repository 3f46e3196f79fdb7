/*
 * Datagrams over IPv6, and IPv6 sockets beside IPv4 ones.
 */

#include "plumbline.h"

#include <netinet/in.h>

/* An IPv6 socket with that IPV6_V6ONLY, bound to [::]; in a private network. */
static int
anywhere6(int v6only, struct pl_address *name)
{
	struct pl_address any = pl_wildcard_address(AF_INET6, 0);
	int fd = pl_socket(AF_INET6, SOCK_DGRAM);

	pl_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
	pl_bind(fd, &any);
	*name = pl_sockname(fd);
	return (fd);
}

/* Nothing but host, port and length: the rest of the address is zero. */
PL_CASE(exchange_over_loopback, .verifies = "udp.ip6.exchange-over-loopback")
{
	struct pl_address name[2], from;
	int fd[2];
	char b[8];

	pl_need_inet6();
	for (int i = 0; i < 2; i++)
		fd[i] = pl_bound_inet(AF_INET6, SOCK_DGRAM, &name[i]);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_sendto(fd[i], "abc", 3, 0, &name[1 - i]), returns(3));
		pl_expect_arrival(fd[1 - i]);
		memset(&from, 0xee, sizeof(from));
		pl_expect(sys_recvfrom(fd[1 - i], b, sizeof(b), 0, &from), returns(3));
		pl_expect_bytes(b, "abc", 3);
		pl_expect(pl_value((long)from.length, NULL, "length of the address"),
		    is(sizeof(from.in6)));
		pl_expect(pl_value(from.any.sa_family, NULL, "its family"), is(AF_INET6));
		pl_expect_bytes(&from.in6.sin6_addr, &in6addr_loopback, 16);
		pl_expect(pl_value(pl_address_port(&from), NULL, "its port"),
		    is(pl_address_port(&name[i])));
		pl_expect(pl_value(from.in6.sin6_scope_id, NULL, "its scope"), is(0));
		pl_expect(pl_value(from.in6.sin6_flowinfo, NULL, "its flow"), is(0));
	}
}

/* What came in disguise is answered in disguise, and arrives without. */
PL_CASE_ALONE(reply_to_a_mapped_address, .verifies = "udp.ip6.dual-reply-to-mapped-address")
{
	struct pl_address name, own, from, to;
	int server, client;
	char b[8];

	pl_need_inet6();
	server = anywhere6(0, &name);
	client = pl_bound_inet(AF_INET, SOCK_DGRAM, &own);
	to = pl_inet_address(pl_address_port(&name));
	pl_must(sys_sendto(client, "abc", 3, 0, &to));
	pl_expect_arrival(server);
	pl_expect(sys_recvfrom(server, b, sizeof(b), 0, &from), returns(3));
	pl_expect(sys_sendto(server, "reply", 5, 0, &from), returns(5));
	pl_expect_arrival(client);
	pl_expect(sys_recvfrom(client, b, sizeof(b), 0, &from), returns(5));
	pl_expect_bytes(b, "reply", 5);
	pl_expect(pl_value((long)from.length, NULL, "length of the address"), is(sizeof(from.in)));
	pl_expect_that(
	    pl_address_equal(&from, &to), "the address that the client sent to", "another address");
}

/* They are no concern of that socket, which goes on to hear its own. */
PL_CASE_ALONE(v6only_blocks_ipv4, .verifies = "udp.ip6.v6only-blocks-v4-datagrams")
{
	struct pl_address name, own, to;
	int fd, four, six;

	pl_need_inet6();
	fd = anywhere6(1, &name);
	four = pl_bound_inet(AF_INET, SOCK_DGRAM, &own);
	six = pl_bound_inet(AF_INET6, SOCK_DGRAM, &own);
	to = pl_inet_address(pl_address_port(&name));
	pl_must(sys_sendto(four, "four", 4, 0, &to));
	pl_await_delivery(four);
	pl_expect_nothing(fd);
	to = pl_inet6_address(pl_address_port(&name));
	pl_must(sys_sendto(six, "six", 3, 0, &to));
	pl_expect_arriving(fd, "six");
}

/* One port, two sockets, and each hears its family. */
PL_CASE_ALONE(a_port_for_each_family, .verifies = "udp.ip6.v6only-v4-socket-may-share-port")
{
	struct pl_address name, any, own, to;
	int fd[2], from[2];

	pl_need_inet6();
	fd[0] = anywhere6(1, &name);
	fd[1] = pl_socket(AF_INET, SOCK_DGRAM);
	any = pl_wildcard_address(AF_INET, pl_address_port(&name));
	pl_expect(sys_bind(fd[1], &any), returns(0));
	from[0] = pl_bound_inet(AF_INET6, SOCK_DGRAM, &own);
	from[1] = pl_bound_inet(AF_INET, SOCK_DGRAM, &own);
	for (int i = 0; i < 2; i++) {
		to = i == 0 ? pl_inet6_address(pl_address_port(&name))
			    : pl_inet_address(pl_address_port(&name));
		pl_must(sys_sendto(from[i], "abc", 3, 0, &to));
		pl_expect_arriving(fd[i], "abc");
		pl_expect_nothing(fd[1 - i]);
		pl_expect_nothing(fd[i]);
	}
}

/* Nothing leaves as IPv4 from a socket that is for IPv6 only. */
PL_CASE(
    mapped_destination_of_a_v6only_socket, .verifies = "udp.ip6.v6only-mapped-destination-refused")
{
	struct pl_address name, to;
	int receiver, fd;

	pl_need_inet6();
	receiver = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	to = pl_mapped_address(pl_address_port(&name));
	fd = pl_socket(AF_INET6, SOCK_DGRAM);
	pl_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	pl_expect(sys_sendto(fd, "abc", 3, 0, &to), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, fails(ENETUNREACH)));
	pl_expect(
	    sys_connect(fd, &to), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, fails(ENETUNREACH)));
	pl_expect_nothing(receiver);
	/* Without the option it is an ordinary destination. */
	fd = pl_socket(AF_INET6, SOCK_DGRAM);
	pl_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	pl_expect(sys_sendto(fd, "abc", 3, 0, &to), returns(3));
	pl_expect_arriving(receiver, "abc");
}

/* Sixteen bytes of IPv4 are no IPv6 address; a system may take them for what they are. */
PL_CASE(plain_ipv4_destination, .verifies = "udp.ip6.sendto-plain-v4-address")
{
	struct pl_address name;
	int receiver, fd;
	long n;

	pl_need_inet6();
	receiver = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	fd = pl_socket(AF_INET6, SOCK_DGRAM);
	pl_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	n = pl_expect(sys_sendto(fd, "abc", 3, 0, &name), on(PL_FREEBSD, fails(EAFNOSUPPORT)),
	    on(PL_LINUX, returns(3)));
	if (n == 3)
		pl_expect_arriving(receiver, "abc");
	pl_expect_nothing(receiver);
}

/* Port 0 is nobody's. */
PL_CASE(send_to_port_zero, .verifies = "udp.ip6.send-to-port-zero")
{
	struct pl_address to = pl_inet6_address(0), name;
	int fd;

	pl_need_inet6();
	fd = pl_bound_inet(AF_INET6, SOCK_DGRAM, &name);
	pl_expect(sys_sendto(fd, "abc", 3, 0, &to), on(PL_FREEBSD, fails(EADDRNOTAVAIL)),
	    on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_sendto(fd, "abc", 3, 0, &name), returns(3));
	pl_expect_arriving(fd, "abc");
}

/* 65535 bytes of payload, 8 of them UDP's header; one more does not fit a packet. */
PL_CASE(largest_datagram, .verifies = "udp.ip6.largest-datagram")
{
	enum { LARGEST = 65535 - 8 };
	static char out[LARGEST + 1], in[LARGEST + 2];
	struct pl_address name, own;
	int r, w;

	pl_need_inet6();
	r = pl_bound_inet(AF_INET6, SOCK_DGRAM, &name);
	w = pl_bound_inet(AF_INET6, SOCK_DGRAM, &own);
	pl_set_option(r, SOL_SOCKET, SO_RCVBUF, 200000);
	pl_set_option(w, SOL_SOCKET, SO_SNDBUF, 200000);
	pl_payload(out, sizeof(out), 0, 0);
	pl_expect(sys_sendto(w, out, LARGEST + 1, 0, &name), fails(EMSGSIZE));
	pl_expect(sys_sendto(w, out, LARGEST, 0, &name), returns(LARGEST));
	pl_expect_arrival(r);
	pl_expect(sys_recv(r, in, sizeof(in), 0), returns(LARGEST));
	pl_expect_payload(in, LARGEST, 0, 0);
	pl_expect(sys_sendto(w, out, 3, 0, &name), returns(3));
	pl_expect_arrival(r);
	pl_expect(sys_recv(r, in, sizeof(in), 0), returns(3));
}
