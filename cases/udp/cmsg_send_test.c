/*
 * Control data given to sendmsg(2): settings for one datagram, its source
 * address, and what is malformed or has no meaning there.
 */

#include "plumbline.h"

#include <netinet/in.h>

#define AMPLE 512

/* Send "abc" with one item at level IPPROTO_IP. */
static struct pl_outcome
send_with(int fd, int type, const void *data, size_t size, const struct pl_address *to)
{
	struct pl_control c = { 0 };

	pl_control_add(&c, IPPROTO_IP, type, data, size);
	return (sys_send_control(fd, "abc", 3, &c, 0, to));
}

/* Linux takes it for one datagram; FreeBSD does not know it there, and sends nothing. */
PL_CASE(time_to_live_of_one_datagram, .verifies = "udp.cmsg.ttl-per-datagram")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	int ttl = 77;
	long sent;

	pl_set_option(p.r, IPPROTO_IP, IP_RECVTTL, 1);
	pl_set_option(p.w, IPPROTO_IP, IP_TTL, 33);
	sent = pl_expect(send_with(p.w, IP_TTL, &ttl, sizeof(ttl), NULL), on(PL_LINUX, returns(3)),
	    on(PL_FREEBSD, fails(ENOPROTOOPT)));
	pl_must(sys_send(p.w, "abc", 3, 0));
	if (sent == 3)
		pl_expect(pl_next_number(p.r, IPPROTO_IP, pl_os.ip_ttl_item), on(PL_LINUX, is(77)));
	pl_expect(
	    pl_next_number(p.r, IPPROTO_IP, pl_os.ip_ttl_item), on(PL_LINUX | PL_FREEBSD, is(33)));
	pl_expect_nothing(p.r);
	pl_expect(sys_get_option(p.w, IPPROTO_IP, IP_TTL), on(PL_LINUX | PL_FREEBSD, is(33)));
}

/* For this one; the socket's own setting stays. */
PL_CASE(type_of_service_of_one_datagram, .verifies = "udp.cmsg.tos-per-datagram")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	unsigned char tos = 0x20;

	pl_set_option(p.r, IPPROTO_IP, IP_RECVTOS, 1);
	pl_set_option(p.w, IPPROTO_IP, IP_TOS, 0xb8);
	for (int i = 0; i < 2; i++) {
		pl_expect(send_with(p.w, IP_TOS, &tos, sizeof(tos), NULL), returns(3));
		pl_expect(pl_next_number(p.r, IPPROTO_IP, pl_os.ip_tos_item), is(0x20));
		pl_expect(sys_send(p.w, "abc", 3, 0), returns(3));
		pl_expect(pl_next_number(p.r, IPPROTO_IP, pl_os.ip_tos_item), is(0xb8));
		pl_expect(sys_get_option(p.w, IPPROTO_IP, IP_TOS), is(0xb8));
	}
}

/* The host of the sender of what comes next. */
static struct pl_outcome
source_of_next(int fd)
{
	struct pl_address from;
	char b[8];

	pl_expect_arrival(fd);
	pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &from), returns(3));
	return (pl_value((long)ntohl(from.in.sin_addr.s_addr), NULL, "host of the sender"));
}

/* One of this host's addresses for one datagram; the next goes as ever. */
PL_CASE(source_by_packet_information, .verifies = "udp.cmsg.pktinfo-send-selects-source")
{
	/* Linux's struct in_pktinfo. */
	struct {
		unsigned index;
		struct in_addr local, destination;
	} info = { .local.s_addr = htonl(INADDR_LOOPBACK + 2) };
	struct pl_address name;
	int receiver = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	int sender = pl_socket(AF_INET, SOCK_DGRAM);
	struct pl_outcome o;

	if (pl_os.ip_pktinfo == PL_ABSENT)
		pl_not_tested("this kernel has no IP_PKTINFO");
	pl_expect(send_with(sender, pl_os.ip_pktinfo, &info, sizeof(info), &name), returns(3));
	pl_expect(source_of_next(receiver), is(INADDR_LOOPBACK + 2));
	pl_expect(sys_sendto(sender, "abc", 3, 0, &name), returns(3));
	pl_expect(source_of_next(receiver), is(INADDR_LOOPBACK));
	/* 192.0.2.1 is nobody's, and certainly not this host's. */
	info.local.s_addr = htonl(0xc0000201);
	o = send_with(sender, pl_os.ip_pktinfo, &info, sizeof(info), &name);
	pl_expect_that(o.error != 0, "a failure", "the datagram is sent");
	pl_expect(sys_sendto(sender, "abc", 3, 0, &name), returns(3));
	pl_expect(source_of_next(receiver), is(INADDR_LOOPBACK));
	pl_expect_nothing(receiver);
}

/* A server answers from the address it was called at: what it got it hands back. */
PL_CASE_ALONE(source_by_address, .verifies = "udp.cmsg.sendsrcaddr-selects-source")
{
	struct pl_address name, own, to;
	int client = pl_bound_inet(AF_INET, SOCK_DGRAM, &own), server;
	struct in_addr source = { .s_addr = htonl(INADDR_LOOPBACK + 1) };
	struct pl_received r;

	if (pl_os.ip_sendsrcaddr == PL_ABSENT)
		pl_not_tested("this kernel has no IP_SENDSRCADDR");
	pl_need_second_host();
	server = pl_bound_anywhere(AF_INET, SOCK_DGRAM, &name);
	pl_expect(
	    send_with(server, pl_os.ip_sendsrcaddr, &source, sizeof(source), &own), returns(3));
	pl_expect(source_of_next(client), is(INADDR_LOOPBACK + 1));
	pl_expect(sys_sendto(server, "abc", 3, 0, &own), returns(3));
	pl_expect(source_of_next(client), is(INADDR_LOOPBACK));
	pl_set_option(server, IPPROTO_IP, pl_os.ip_recvdstaddr, 1);
	to = pl_second_address(pl_address_port(&name));
	pl_must(sys_sendto(client, "abc", 3, 0, &to));
	pl_expect_arrival(server);
	pl_expect(sys_receive_control(server, &r, 8, AMPLE, 0), returns(3));
	pl_expect(sys_send_control(server, "abc", 3, &r.control, 0, &own), returns(3));
	pl_expect(source_of_next(client), is(INADDR_LOOPBACK + 1));
	name = pl_sockname(server);
	pl_expect(pl_value((long)ntohl(name.in.sin_addr.s_addr), NULL, "host of the server"),
	    is(INADDR_ANY));
}

/* Not without a port, not any address, not that of another. */
PL_CASE_ALONE(source_that_is_none, .verifies = "udp.cmsg.sendsrcaddr-needs-bound-port")
{
	struct pl_address name, own;
	int client = pl_bound_inet(AF_INET, SOCK_DGRAM, &own), server;
	struct in_addr any = { .s_addr = htonl(INADDR_ANY) };
	struct in_addr local = { .s_addr = htonl(INADDR_LOOPBACK) };
	struct in_addr foreign = { .s_addr = htonl(0xc0000201) };
	int type = pl_os.ip_sendsrcaddr;

	if (type == PL_ABSENT)
		pl_not_tested("this kernel has no IP_SENDSRCADDR");
	server = pl_bound_anywhere(AF_INET, SOCK_DGRAM, &name);
	pl_expect(send_with(pl_socket(AF_INET, SOCK_DGRAM), type, &local, 4, &own), fails(EINVAL));
	pl_expect(send_with(server, type, &any, 4, &own), fails(EINVAL));
	pl_expect(send_with(server, type, &foreign, 4, &own), fails(EADDRNOTAVAIL));
	pl_await_delivery(server);
	pl_expect_nothing(client);
	pl_expect(send_with(server, type, &local, 4, &own), returns(3));
	pl_expect(source_of_next(client), is(INADDR_LOOPBACK));
}

/* Shorter than its own header, or longer than all there is: nothing is sent. */
PL_CASE(item_of_a_wrong_length, .verifies = "udp.cmsg.malformed-length")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	const size_t lengths[] = { CMSG_LEN(0) - 1, 1, 0, CMSG_SPACE(1) + 1, 4096 };
	unsigned char tos = 0x20;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct pl_control c = { 0 };

		pl_control_add(&c, IPPROTO_IP, IP_TOS, &tos, 1)->cmsg_len = lengths[i];
		pl_expect(sys_send_control(p.w, "bad", 3, &c, 0, NULL), fails(EINVAL));
	}
	pl_expect(sys_send(p.w, "abc", 3, 0), returns(3));
	pl_expect_arriving(p.r, "abc");
	pl_expect_nothing(p.r);
}

/* A network carries bytes; the descriptor stays at home, and nobody keeps hold of it. */
PL_CASE(descriptors_do_not_travel, .verifies = "udp.cmsg.scm-rights-does-not-travel",
    .kinds = PL_UDP | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct pl_received r;
	int fd[2];
	char b;

	pl_pipe(fd);
	pl_expect(sys_send_rights(p.w, "abc", 3, &fd[1], 1, 0), returns(3));
	pl_expect_arrival(p.r);
	pl_expect_rights(p.r, &r, 8, 0, 3, 0);
	pl_expect_bytes(r.bytes, "abc", 3);
	pl_close(fd[1]);
	pl_nonblock(fd[0], true);
	pl_expect(sys_read(fd[0], &b, 1), returns(0));
}
