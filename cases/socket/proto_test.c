/*
 * Protocols: which one zero means, and the data base that names them.
 */

#include "plumbline.h"

#include <netdb.h>
#include <netinet/tcp.h>

#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

static struct pl_outcome
protocol_of(int fd)
{
	return (sys_get_option(fd, SOL_SOCKET, SO_PROTOCOL));
}

PL_CASE(zero_means_tcp_for_inet_stream, .verifies = "socket.proto.zero-means-tcp-for-inet-stream")
{
	int fd = pl_socket(AF_INET, SOCK_STREAM);

	pl_expect(protocol_of(fd), is(IPPROTO_TCP));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_NODELAY), is(0));
}

PL_CASE(
    zero_means_udp_for_inet_datagram, .verifies = "socket.proto.zero-means-udp-for-inet-datagram")
{
	pl_expect(protocol_of(pl_socket(AF_INET, SOCK_DGRAM)), is(IPPROTO_UDP));
}

PL_CASE(zero_means_tcp_and_udp_in_inet6, .verifies = "socket.proto.zero-means-tcp-and-udp-in-inet6")
{
	pl_need_inet6();
	pl_expect(protocol_of(pl_socket(AF_INET6, SOCK_STREAM)), is(IPPROTO_TCP));
	pl_expect(protocol_of(pl_socket(AF_INET6, SOCK_DGRAM)), is(IPPROTO_UDP));
}

/* One end names its protocol, the other leaves it to the default. */
static void
talk(int type, int protocol)
{
	struct pl_address name;
	int named = (int)pl_must(sys_socket(AF_INET, type, protocol)), other, end;
	struct pl_address any = pl_inet_address(0);

	pl_bind(named, &any);
	name = pl_sockname(named);
	if (type == SOCK_STREAM)
		pl_listen(named, 1);
	other = pl_socket(AF_INET, type);
	pl_expect(protocol_of(named), is(protocol));
	pl_expect(protocol_of(other), is(protocol));
	pl_expect(sys_connect(other, &name), returns(0));
	end = type == SOCK_STREAM ? pl_accept(named) : named;
	pl_expect(sys_send(other, "abc", 3, 0), returns(3));
	pl_expect_arrival(end);
	pl_expect_text(end, "abc");
}

PL_CASE(explicit_default_interoperates_with_zero,
    .verifies = "socket.proto.explicit-default-interoperates-with-zero")
{
	talk(SOCK_STREAM, IPPROTO_TCP);
	talk(SOCK_DGRAM, IPPROTO_UDP);
}

/* One number twice, once for each protocol. */
PL_CASE(port_numbers_separate_for_tcp_and_udp,
    .verifies = "socket.proto.port-numbers-separate-for-tcp-and-udp")
{
	struct pl_address name;
	int tcp, udp = -1, sender;

	/* Somebody else may have the number for UDP: then another one serves as well. */
	for (int i = 0; i < 16 && udp == -1; i++) {
		struct pl_outcome o;

		tcp = pl_bound_inet(AF_INET, SOCK_STREAM, &name);
		udp = pl_socket(AF_INET, SOCK_DGRAM);
		o = sys_bind(udp, &name);
		if (o.error != 0 && i < 15) {
			pl_close(udp);
			pl_close(tcp);
			udp = -1;
			continue;
		}
		pl_expect(o, returns(0));
	}
	pl_listen(tcp, 1);
	sender = pl_socket(AF_INET, SOCK_DGRAM);
	pl_must(sys_sendto(sender, "abc", 3, 0, &name));
	pl_expect_arrival(udp);
	pl_expect_text(udp, "abc");
	pl_expect(pl_poll_now(tcp, POLLIN), is(0));
}

PL_CASE(
    second_protocol_for_datagram_type, .verifies = "socket.proto.second-protocol-for-datagram-type")
{
	struct pl_outcome o = sys_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

	if (o.error == EPROTONOSUPPORT)
		pl_not_tested("this kernel has no UDP-Lite");
	pl_expect(o, opens());
	pl_expect(protocol_of((int)o.value), is(IPPROTO_UDPLITE));
	pl_expect(sys_get_option((int)o.value, SOL_SOCKET, SO_TYPE), is(SOCK_DGRAM));
}

static const struct {
	const char *name;
	int number;
} entries[] = { { "ip", 0 }, { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 } };

static void
need_data_base(void)
{
	if (getprotobyname("tcp") == NULL)
		pl_not_tested("the protocols data base has no tcp");
}

PL_CASE(getprotobyname_numbers_accepted_by_socket,
    .verifies = "socket.proto.getprotobyname-numbers-accepted-by-socket")
{
	const struct protoent *p;

	need_data_base();
	for (size_t i = 0; i < 4; i++) {
		p = getprotobyname(entries[i].name);
		pl_expect(pl_value(p != NULL ? p->p_proto : -1, NULL, "getprotobyname(\"%s\")",
			      entries[i].name),
		    is(entries[i].number));
	}
	p = getprotobyname("TCP");
	pl_expect_that(p != NULL && strcmp(p->p_name, "tcp") == 0, "the entry named tcp", "%s",
	    p != NULL ? p->p_name : "none");
	pl_expect(sys_socket(AF_INET, SOCK_STREAM, p->p_proto), opens());
}

PL_CASE(getprotobynumber_is_inverse, .verifies = "socket.proto.getprotobynumber-is-inverse")
{
	need_data_base();
	for (size_t i = 2; i < 4; i++) {
		const struct protoent *p = getprotobynumber(entries[i].number);

		pl_expect_that(p != NULL && strcmp(p->p_name, entries[i].name) == 0,
		    entries[i].name, "%s", p != NULL ? p->p_name : "none");
	}
	pl_expect_that(getprotobynumber(250) == NULL, "none", "an entry for 250");
}

PL_CASE(unknown_protocol_name_null, .verifies = "socket.proto.unknown-protocol-name-null")
{
	pl_expect_that(getprotobyname("no-such-protocol") == NULL, "none", "an entry");
	pl_expect_that(getprotobyname("") == NULL, "none", "an entry for an empty name");
}

PL_CASE(so_protocol_of_raw_socket, .verifies = "socket.proto.so-protocol-of-raw-socket",
    .needs = PL_ROOT)
{
	int fd = (int)pl_must(sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));

	pl_expect(protocol_of(fd), is(IPPROTO_ICMP));
}
