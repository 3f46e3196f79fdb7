/*
 * IPv6 addresses: constants, loopback, IPV6_V6ONLY, and IPv4 in disguise.
 *
 * Wildcard addresses are bound in a network of the child's own only.
 */

#include "plumbline.h"

#include <netinet/in.h>

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

static struct pl_address
inet6(const char *bytes, unsigned port)
{
	struct pl_address a = pl_inet6_address(port);

	memcpy(&a.in6.sin6_addr, bytes, 16);
	return (a);
}

#define ANY "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define MAPPED_LOOPBACK "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\x01"

static int
socket6(int type, int v6only)
{
	int fd = pl_socket(AF_INET6, type);

	pl_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
	return (fd);
}

/* A socket bound to [::], in a network of the child's own. */
static int
wildcard6(int type, int v6only, struct pl_address *name)
{
	struct pl_address any = inet6(ANY, 0);
	int fd = socket6(type, v6only);

	pl_bind(fd, &any);
	*name = pl_sockname(fd);
	return (fd);
}

static void
apart(pl_peer_function *function)
{
	pl_need_inet6();
	pl_result(pl_child(function, NULL, PL_KEEP_NONE));
}

static void
expect_mapped_loopback(struct pl_address a)
{
	pl_expect(pl_value(a.length, NULL, "its length"), is(sizeof(struct sockaddr_in6)));
	pl_expect(pl_value(a.any.sa_family, NULL, "its family"), is(AF_INET6));
	pl_expect_bytes(&a.in6.sin6_addr, MAPPED_LOOPBACK, 16);
}

PL_CASE(loopback_connection, .verifies = "socket.inet6.loopback-connection")
{
	struct pl_address name, names[3];
	int listener, client, accepted;

	pl_need_inet6();
	listener = pl_bound_inet(AF_INET6, SOCK_STREAM, &name);
	pl_listen(listener, 1);
	client = pl_socket(AF_INET6, SOCK_STREAM);
	pl_expect(sys_connect(client, &name), returns(0));
	accepted = (int)pl_expect(sys_accept(listener, &names[0]), opens());
	names[1] = pl_peername(client);
	names[2] = pl_sockname(client);
	for (int i = 0; i < 3; i++) {
		pl_expect(pl_value(names[i].length, NULL, "its length"), is(28));
		pl_expect(pl_value(names[i].any.sa_family, NULL, "its family"), is(AF_INET6));
		pl_expect(pl_value(names[i].in6.sin6_scope_id, NULL, "its scope id"), is(0));
		pl_expect(pl_value(names[i].in6.sin6_flowinfo, NULL, "its flow"), is(0));
		pl_expect_bytes(&names[i].in6.sin6_addr, &in6addr_loopback, 16);
	}
	pl_expect_that(pl_address_equal(&names[0], &names[2]), "one name for the client", "two");
	pl_write(client, "abc", 3);
	pl_expect_arrival(accepted);
	pl_expect_text(accepted, "abc");
}

PL_CASE(constants_and_test_macros, .verifies = "socket.inet6.constants-and-test-macros")
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT, loopback = IN6ADDR_LOOPBACK_INIT;
	struct in6_addr mapped, link_local = { { { 0xfe, 0x80 } } },
				multicast = { { { 0xff, 2 } } };

	memcpy(&mapped, MAPPED_LOOPBACK, 16);
	pl_expect_bytes(&in6addr_any, ANY, 16);
	pl_expect_bytes(&any, ANY, 16);
	pl_expect_bytes(&in6addr_loopback, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	pl_expect_bytes(&loopback, &in6addr_loopback, 16);
	pl_expect_that(IN6_IS_ADDR_UNSPECIFIED(&any) && !IN6_IS_ADDR_UNSPECIFIED(&loopback),
	    ":: alone is unspecified", "it is not so");
	pl_expect_that(IN6_IS_ADDR_LOOPBACK(&loopback) && !IN6_IS_ADDR_LOOPBACK(&any),
	    "::1 alone is loopback", "it is not so");
	pl_expect_that(IN6_IS_ADDR_V4MAPPED(&mapped) && !IN6_IS_ADDR_V4MAPPED(&loopback),
	    "::ffff:127.0.0.1 is mapped", "it is not so");
	pl_expect_that(IN6_IS_ADDR_LINKLOCAL(&link_local) && !IN6_IS_ADDR_LINKLOCAL(&loopback),
	    "fe80:: is link-local", "it is not so");
	pl_expect_that(IN6_IS_ADDR_MULTICAST(&multicast) && !IN6_IS_ADDR_MULTICAST(&link_local),
	    "ff02:: is multicast", "it is not so");
	pl_expect_that(!IN6_IS_ADDR_V4COMPAT(&loopback), "::1 is not compatible", "it is");
}

/* A system's administrator may have chosen the other default: then it says nothing. */
PL_CASE(v6only_default, .verifies = "socket.inet6.v6only-default")
{
	pl_need_inet6();
	for (int t = 0; t < 2; t++)
		pl_expect(sys_get_option(pl_socket(AF_INET6, types[t]), IPPROTO_IPV6, IPV6_V6ONLY),
		    on(PL_FREEBSD, is(1)), on(PL_LINUX, is(0)));
}

static struct pl_outcome
call_by_ipv4(void *unused)
{
	struct pl_address any = inet6(ANY, 0), name, to;
	int listener;

	(void)unused;
	pl_need_private_network();
	listener = pl_socket(AF_INET6, SOCK_STREAM);
	pl_bind(listener, &any);
	pl_listen(listener, 1);
	name = pl_sockname(listener);
	to = pl_inet_address(pl_address_port(&name));
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_STREAM), &to),
	    on(PL_FREEBSD, fails(ECONNREFUSED)), on(PL_LINUX, returns(0)));
	return (pl_done());
}

/* A listener that leaves it at the default is reached by IPv4, or not. */
PL_CASE(default_listener_and_ipv4, .verifies = "socket.inet6.v6only-default")
{
	apart(call_by_ipv4);
}

PL_CASE(v6only_fixed_once_bound, .verifies = "socket.inet6.v6only-fixed-once-bound")
{
	pl_need_inet6();
	for (int t = 0; t < 2; t++) {
		struct pl_address name = pl_inet6_address(0);
		int fd = pl_socket(AF_INET6, types[t]), before;

		for (int on = 1; on >= 0; on--) {
			pl_expect(sys_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, on), returns(0));
			pl_expect(sys_get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY), is(on));
		}
		pl_bind(fd, &name);
		/* What binding to one address makes of it is nobody's promise; it stays so. */
		before = pl_get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
		pl_expect(sys_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !before), fails(EINVAL));
		pl_expect(sys_get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY), is(before));
	}
}

static struct pl_outcome
refuse_ipv4(void *unused)
{
	struct pl_address name, to;
	int listener;

	(void)unused;
	pl_need_private_network();
	listener = wildcard6(SOCK_STREAM, 1, &name);
	pl_listen(listener, 1);
	to = pl_inet_address(pl_address_port(&name));
	pl_expect(sys_connect(pl_socket(AF_INET, SOCK_STREAM), &to), fails(ECONNREFUSED));
	to = pl_inet6_address(pl_address_port(&name));
	pl_expect(sys_connect(pl_socket(AF_INET6, SOCK_STREAM), &to), returns(0));
	return (pl_done());
}

PL_CASE(v6only_listener_refuses_ipv4, .verifies = "socket.inet6.v6only-listener-refuses-ipv4")
{
	apart(refuse_ipv4);
}

static struct pl_outcome
accept_ipv4(void *unused)
{
	struct pl_address name, to, peer;
	int fd, client;
	char b[8];

	(void)unused;
	pl_need_private_network();
	fd = wildcard6(SOCK_STREAM, 0, &name);
	pl_listen(fd, 1);
	to = pl_inet_address(pl_address_port(&name));
	client = pl_socket(AF_INET, SOCK_STREAM);
	pl_expect(sys_connect(client, &to), returns(0));
	pl_expect_arrival(fd);
	fd = (int)pl_expect(sys_accept(fd, &peer), opens());
	expect_mapped_loopback(peer);
	expect_mapped_loopback(pl_sockname(fd));
	fd = wildcard6(SOCK_DGRAM, 0, &name);
	to = pl_inet_address(pl_address_port(&name));
	pl_expect(sys_sendto(pl_socket(AF_INET, SOCK_DGRAM), "abc", 3, 0, &to), returns(3));
	pl_expect_arrival(fd);
	pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &peer), returns(3));
	expect_mapped_loopback(peer);
	/* IPv6 itself is not in disguise. */
	to = pl_inet6_address(pl_address_port(&name));
	pl_expect(sys_sendto(pl_socket(AF_INET6, SOCK_DGRAM), "abc", 3, 0, &to), returns(3));
	pl_expect_arrival(fd);
	pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &peer), returns(3));
	pl_expect_bytes(&peer.in6.sin6_addr, &in6addr_loopback, 16);
	return (pl_done());
}

PL_CASE(dual_stack_peer_is_v4_mapped, .verifies = "socket.inet6.dual-stack-peer-is-v4-mapped")
{
	apart(accept_ipv4);
}

/* An IPv4 listener, called by its address in disguise. */
static struct pl_outcome
call_mapped(int v6only)
{
	struct pl_address name, to;
	int listener = pl_bound_inet(AF_INET, SOCK_STREAM, &name);

	pl_listen(listener, 1);
	to = inet6(MAPPED_LOOPBACK, pl_address_port(&name));
	return (sys_connect(socket6(SOCK_STREAM, v6only), &to));
}

PL_CASE(connect_to_mapped_address, .verifies = "socket.inet6.connect-to-mapped-address")
{
	pl_need_inet6();
	pl_expect(call_mapped(0), returns(0));
}

PL_CASE(
    connect_to_mapped_address_v6only, .verifies = "socket.inet6.connect-to-mapped-address-v6only")
{
	pl_need_inet6();
	pl_expect(call_mapped(1), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, fails(ENETUNREACH)));
}

PL_CASE(bind_mapped_address_v6only, .verifies = "socket.inet6.bind-mapped-address-v6only")
{
	struct pl_address a = inet6(MAPPED_LOOPBACK, 0);

	pl_need_inet6();
	pl_expect(sys_bind(socket6(SOCK_STREAM, 0), &a), returns(0));
	pl_expect(sys_bind(socket6(SOCK_STREAM, 1), &a), on(PL_FREEBSD, fails(EADDRNOTAVAIL)),
	    on(PL_LINUX, fails(EINVAL)));
}

static struct pl_outcome
bind_both(void *unused)
{
	struct pl_address name, four;
	int six, fd;

	(void)unused;
	pl_need_private_network();
	six = wildcard6(SOCK_STREAM, 1, &name);
	four = pl_wildcard_address(AF_INET, pl_address_port(&name));
	fd = pl_socket(AF_INET, SOCK_STREAM);
	pl_expect(sys_bind(fd, &four), returns(0));
	pl_expect(sys_listen(six, 1), returns(0));
	pl_expect(sys_listen(fd, 1), returns(0));
	return (pl_done());
}

PL_CASE(
    v6only_and_ipv4_wildcards_coexist, .verifies = "socket.inet6.v6only-and-ipv4-wildcards-coexist")
{
	apart(bind_both);
}

static void
expect_overlap(int fd, const struct pl_address *a)
{
	pl_expect(sys_bind(fd, a), on(PL_LINUX, fails(EADDRINUSE)), on(PL_FREEBSD, returns(0)));
	pl_close(fd);
}

static struct pl_outcome
bind_overlapping(void *unused)
{
	struct pl_address name, six, four;
	int fd;

	(void)unused;
	pl_need_private_network();
	for (int t = 0; t < 2; t++) {
		fd = wildcard6(types[t], 0, &name);
		four = pl_wildcard_address(AF_INET, pl_address_port(&name));
		expect_overlap(pl_socket(AF_INET, types[t]), &four);
		four = pl_inet_address(pl_address_port(&name));
		expect_overlap(pl_socket(AF_INET, types[t]), &four);
		pl_close(fd);
		four = pl_wildcard_address(AF_INET, 0);
		fd = pl_socket(AF_INET, types[t]);
		pl_bind(fd, &four);
		name = pl_sockname(fd);
		six = inet6(ANY, pl_address_port(&name));
		expect_overlap(socket6(types[t], 0), &six);
		pl_close(fd);
	}
	return (pl_done());
}

PL_CASE(dual_stack_wildcard_against_ipv4_wildcard,
    .verifies = "socket.inet6.dual-stack-wildcard-against-ipv4-wildcard")
{
	apart(bind_overlapping);
}

PL_CASE(bind_short_length, .verifies = "socket.inet6.bind-short-length")
{
	static const socklen_t lengths[] = { 16, 20, 24, 27 };

	pl_need_inet6();
	for (int i = 0; i < 4; i++) {
		struct pl_address a = pl_inet6_address(0);

		a.length = lengths[i];
		pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_STREAM), &a),
		    lengths[i] < 24 || pl_asks(PL_FREEBSD) ? fails(EINVAL) : returns(0));
	}
}

PL_CASE(ipv4_structure_on_ipv6_socket, .verifies = "socket.inet6.ipv4-structure-on-ipv6-socket")
{
	struct pl_address a = pl_inet_address(0), name;

	pl_need_inet6();
	pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_STREAM), &a),
	    on(PL_FREEBSD, fails(EAFNOSUPPORT)), on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_connect(pl_socket(AF_INET6, SOCK_STREAM), &name),
	    on(PL_FREEBSD, fails(EAFNOSUPPORT)), on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_connect(pl_socket(AF_INET6, SOCK_DGRAM), &name),
	    on(PL_FREEBSD, fails(EAFNOSUPPORT)), on(PL_LINUX, returns(0)));
}

PL_CASE(non_local_address_eaddrnotavail, .verifies = "socket.inet6.non-local-address-eaddrnotavail")
{
	struct pl_address a = inet6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 0);

	pl_need_inet6();
	pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_STREAM), &a), fails(EADDRNOTAVAIL));
	pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_DGRAM), &a), fails(EADDRNOTAVAIL));
}

PL_CASE(link_local_needs_scope, .verifies = "socket.inet6.link-local-needs-scope")
{
	struct pl_address a = inet6("\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\xde\xad", 0);

	pl_need_inet6();
	pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_STREAM), &a),
	    on(PL_FREEBSD, fails(EADDRNOTAVAIL)), on(PL_LINUX, fails(EINVAL)));
	a.in6.sin6_scope_id = 9999;
	pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_STREAM), &a), on(PL_FREEBSD, fails(ENXIO)),
	    on(PL_LINUX, fails(ENODEV)));
	a.in6.sin6_scope_id = 1;
	pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_STREAM), &a),
	    on(PL_FREEBSD | PL_LINUX, fails(EADDRNOTAVAIL)));
}

PL_CASE(unicast_hops_range, .verifies = "socket.inet6.unicast-hops-range")
{
	int fd;

	pl_need_inet6();
	fd = pl_socket(AF_INET6, SOCK_DGRAM);
	for (int hops = 0; hops <= 255; hops += 255) {
		pl_expect(sys_set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops), returns(0));
		pl_expect(sys_get_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS), is(hops));
	}
	pl_expect(sys_set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256), fails(EINVAL));
	pl_expect(sys_set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -2), fails(EINVAL));
	pl_expect(sys_get_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS), is(255));
	pl_expect(sys_set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1), returns(0));
	if (pl_asks(PL_FREEBSD | PL_LINUX))
		pl_expect(sys_get_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS),
		    on(PL_FREEBSD, is(-1)), on(PL_LINUX, is(64)));
}

PL_CASE(connect_to_unspecified_means_loopback,
    .verifies = "socket.inet6.connect-to-unspecified-means-loopback")
{
	struct pl_address name, to;
	int listener, client;

	pl_need_inet6();
	listener = pl_bound_inet(AF_INET6, SOCK_STREAM, &name);
	pl_listen(listener, 1);
	to = inet6(ANY, pl_address_port(&name));
	client = pl_socket(AF_INET6, SOCK_STREAM);
	pl_expect(sys_connect(client, &to), returns(0));
	to = pl_peername(client);
	pl_expect_bytes(&to.in6.sin6_addr, &in6addr_loopback, 16);
	listener = pl_bound_inet(AF_INET6, SOCK_DGRAM, &name);
	to = inet6(ANY, pl_address_port(&name));
	client = pl_socket(AF_INET6, SOCK_DGRAM);
	pl_expect(sys_connect(client, &to), returns(0));
	to = pl_peername(client);
	pl_expect_bytes(&to.in6.sin6_addr, &in6addr_loopback, 16);
	pl_expect(sys_send(client, "abc", 3, 0), returns(3));
	pl_expect_arriving(listener, "abc");
}
