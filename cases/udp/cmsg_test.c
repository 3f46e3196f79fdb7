/*
 * Control data that comes with a datagram: what tells of its header and of the
 * interface it came by, and what becomes of it where there is no room.
 */

#include "plumbline.h"
#include "sequence/names.h"

#include <net/if.h>
#include <netinet/in.h>

#define AMPLE 512

/* One byte on FreeBSD, an int on Linux. */
static int
ttl_of_next(int fd)
{
	unsigned char byte;
	int number;

	if (pl_asks(PL_FREEBSD)) {
		pl_expect_item(fd, IPPROTO_IP, pl_os.ip_ttl_item, &byte, sizeof(byte));
		return (byte);
	}
	pl_expect_item(fd, IPPROTO_IP, pl_os.ip_ttl_item, &number, sizeof(number));
	return (number);
}

/* What the header has, by the sender's will; the receiver's own setting is another matter. */
PL_CASE(time_to_live_of_the_datagram, .verifies = "udp.cmsg.recvttl")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	int initial = pl_get_option(p.w, IPPROTO_IP, IP_TTL);
	const int ttls[] = { initial, 42, 1, 255 };

	pl_set_option(p.r, IPPROTO_IP, IP_TTL, 99);
	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_RECVTTL, 1), returns(0));
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			pl_set_option(p.w, IPPROTO_IP, IP_TTL, ttls[i]);
		pl_must(sys_send(p.w, "abc", 3, 0));
		pl_expect(pl_value(ttl_of_next(p.r), NULL, "its TTL"), is(ttls[i]));
	}
	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_RECVTTL, 0), returns(0));
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_no_item(p.r);
}

/* All eight bits of it, in a byte. */
PL_CASE(type_of_service_of_the_datagram, .verifies = "udp.cmsg.recvtos")
{
	static const int services[] = { 0, 0xb8, 0x03, 0x28 };
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);

	pl_set_option(p.r, IPPROTO_IP, IP_TOS, 0x40);
	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_RECVTOS, 1), returns(0));
	for (int i = 0; i < 4; i++) {
		unsigned char tos;

		if (i > 0)
			pl_set_option(p.w, IPPROTO_IP, IP_TOS, services[i]);
		pl_must(sys_send(p.w, "abc", 3, 0));
		pl_expect_item(p.r, IPPROTO_IP, pl_os.ip_tos_item, &tos, sizeof(tos));
		pl_expect(pl_value(tos, NULL, "its TOS"), is(services[i]));
	}
	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_RECVTOS, 0), returns(0));
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_no_item(p.r);
}

/* Only the control data suffers, it is told, and the next datagram is whole again. */
PL_CASE(control_data_without_room, .verifies = "udp.cmsg.ctrunc-when-buffer-too-small")
{
	const size_t rooms[] = { CMSG_LEN(0), CMSG_LEN(0) - 4, 1 };
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	struct pl_received r;

	pl_set_option(p.r, IPPROTO_IP, IP_RECVTTL, 1);
	for (int i = 0; i < 3; i++) {
		pl_must(sys_send(p.w, "abc", 3, 0));
		pl_expect_arrival(p.r);
		pl_expect(sys_receive_control(p.r, &r, 8, rooms[i], 0), returns(3));
		pl_expect_bytes(r.bytes, "abc", 3);
		pl_expect(pl_message_flags(r.flags, MSG_CTRUNC | MSG_TRUNC), is(MSG_CTRUNC));
		pl_expect_that(r.control.size <= rooms[i], "no more control data than room",
		    "%zu bytes", r.control.size);
	}
	/* With just the room that it takes nothing is cut. */
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive_control(p.r, &r, 8, CMSG_SPACE(sizeof(int)), 0), returns(3));
	pl_expect(pl_message_flags(r.flags, MSG_CTRUNC), is(0));
	pl_expect_that(r.items == 1, "one item", "%d items", r.items);
}

/* No room at all is too little room. */
PL_CASE(no_control_buffer_at_all, .verifies = "udp.cmsg.null-control-buffer")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	struct pl_received r;

	pl_set_option(p.r, IPPROTO_IP, IP_RECVTTL, 1);
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_must(sys_send(p.w, "next", 4, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive_control(p.r, &r, 8, 0, 0), returns(3));
	pl_expect_bytes(r.bytes, "abc", 3);
	pl_expect(pl_message_flags(r.flags, MSG_CTRUNC | MSG_TRUNC), is(MSG_CTRUNC));
	pl_expect_arriving(p.r, "next");
}

/* Address and port: what the sender aimed at. */
PL_CASE(original_destination, .verifies = "udp.cmsg.original-destination")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	struct pl_address name = pl_sockname(p.r), to = { .length = sizeof(to.in) };

	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_RECVORIGDSTADDR, 1), returns(0));
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_item(p.r, IPPROTO_IP, IP_ORIGDSTADDR, &to.in, sizeof(to.in));
	pl_expect(pl_value(to.any.sa_family, &pl_names_domain, "its family"), is(AF_INET));
	pl_expect_that(to.any.sa_family == AF_INET && pl_address_equal(&to, &name),
	    "the name of the receiver", "another address");
	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_RECVORIGDSTADDR, 0), returns(0));
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_no_item(p.r);
}

static struct pl_outcome
host(struct in_addr a)
{
	return (pl_value((long)ntohl(a.s_addr), NULL, "host"));
}

/* Which of its addresses was meant?  The name of the socket does not tell. */
PL_CASE_ALONE(destination_address, .verifies = "udp.cmsg.recvdstaddr")
{
	struct pl_address name, to[2];
	int sender = pl_bound_inet(AF_INET, SOCK_DGRAM, &name), receiver;
	struct in_addr got;

	if (pl_os.ip_recvdstaddr == PL_ABSENT)
		pl_not_tested("this kernel has no IP_RECVDSTADDR");
	pl_need_second_host();
	receiver = pl_bound_anywhere(AF_INET, SOCK_DGRAM, &name);
	to[0] = pl_second_address(pl_address_port(&name));
	to[1] = pl_inet_address(pl_address_port(&name));
	pl_expect(sys_set_option(receiver, IPPROTO_IP, pl_os.ip_recvdstaddr, 1), returns(0));
	for (int i = 0; i < 2; i++) {
		pl_must(sys_sendto(sender, "abc", 3, 0, &to[i]));
		pl_expect_item(receiver, IPPROTO_IP, pl_os.ip_recvdstaddr, &got, sizeof(got));
		pl_expect(host(got), is((long)ntohl(to[i].in.sin_addr.s_addr)));
	}
}

/* FreeBSD's struct sockaddr_dl. */
struct link_address {
	unsigned char length, family;
	unsigned short index;
	unsigned char type, name_length, address_length, selector_length;
	char data[46];
};
enum { FAMILY_LINK = 18 };

PL_CASE(receiving_interface, .verifies = "udp.cmsg.recvif")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	struct pl_received r;
	struct link_address link = { 0 };
	const void *found;
	size_t size = 0;

	if (pl_os.ip_recvif == PL_ABSENT)
		pl_not_tested("this kernel has no IP_RECVIF");
	pl_expect(sys_set_option(p.r, IPPROTO_IP, pl_os.ip_recvif, 1), returns(0));
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive_control(p.r, &r, 8, AMPLE, 0), returns(3));
	found = pl_control_find(&r.control, IPPROTO_IP, pl_os.ip_recvif, &size);
	pl_expect_that(found != NULL, "an item IP_RECVIF", "none");
	if (found == NULL)
		return;
	/* The name may be left out, and its room. */
	pl_expect(pl_value((long)size, NULL, "bytes of the item"),
	    returns_between(offsetof(struct link_address, data), sizeof(link)));
	memcpy(&link, found, size < sizeof(link) ? size : sizeof(link));
	pl_expect(pl_value(link.family, NULL, "its family"), is(FAMILY_LINK));
	pl_expect(pl_value(link.index, NULL, "its index"), is(if_nametoindex(pl_os.loopback)));
}

/* Linux's struct in_pktinfo. */
struct packet_info {
	unsigned index;
	struct in_addr local, destination;
};

/* The interface; the address in the header; and that of this host, which can be another one. */
PL_CASE_ALONE(packet_information, .verifies = "udp.cmsg.pktinfo-receive")
{
	static const uint32_t hosts[] = { INADDR_LOOPBACK, INADDR_LOOPBACK + 1, 0x7fffffff };
	struct pl_address name, to;
	int sender = pl_bound_inet(AF_INET, SOCK_DGRAM, &name), receiver;
	struct packet_info got;

	if (pl_os.ip_pktinfo == PL_ABSENT)
		pl_not_tested("this kernel has no IP_PKTINFO");
	receiver = pl_bound_anywhere(AF_INET, SOCK_DGRAM, &to);
	pl_set_option(sender, SOL_SOCKET, SO_BROADCAST, 1);
	pl_expect(sys_set_option(receiver, IPPROTO_IP, pl_os.ip_pktinfo, 1), returns(0));
	for (int i = 0; i < 3; i++) {
		to.in.sin_addr.s_addr = htonl(hosts[i]);
		pl_must(sys_sendto(sender, "abc", 3, 0, &to));
		pl_expect_item(receiver, IPPROTO_IP, pl_os.ip_pktinfo, &got, sizeof(got));
		pl_expect(host(got.destination), is(hosts[i]));
		pl_expect(host(got.local), is(i == 2 ? INADDR_LOOPBACK : hosts[i]));
		pl_expect(
		    pl_value(got.index, NULL, "its interface"), is(if_nametoindex(pl_os.loopback)));
	}
}
