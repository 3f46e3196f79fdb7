/*
 * Options of UDP and IP that datagram sockets have, and what they do to datagrams.
 */

#include "plumbline.h"

#include <netinet/in.h>
#include <netinet/udp.h>

/* The option is more than a note: each datagram has the value of its time. */
PL_CASE(ttl_is_sent, .verifies = "udp.opt.ttl-is-sent")
{
	static const int ttls[] = { 42, 255, 1, 64 };
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);

	pl_set_option(p.r, IPPROTO_IP, IP_RECVTTL, 1);
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect(sys_get_option(p.w, IPPROTO_IP, IP_TTL), is(64));
	pl_expect(pl_next_number(p.r, IPPROTO_IP, pl_os.ip_ttl_item), is(64));
	for (int i = 0; i < 4; i++) {
		pl_expect(sys_set_option(p.w, IPPROTO_IP, IP_TTL, ttls[i]), returns(0));
		pl_expect(sys_get_option(p.w, IPPROTO_IP, IP_TTL), is(ttls[i]));
		pl_expect(sys_send(p.w, "abc", 3, 0), returns(3));
		pl_expect(pl_next_number(p.r, IPPROTO_IP, pl_os.ip_ttl_item), is(ttls[i]));
	}
}

/* Options are part of the header, and none of the payload; with and without them. */
PL_CASE(ip_options_leave_the_payload_alone, .verifies = "udp.opt.ip-options-set-and-send")
{
	static const unsigned char options[] = { 1, 1, 1, 0 }; /* NOP, NOP, NOP, EOL */
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	char b[16];
	socklen_t length = sizeof(b);

	pl_expect(
	    sys_setsockopt(p.w, IPPROTO_IP, IP_OPTIONS, options, sizeof(options)), returns(0));
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_send(p.w, "abc", 3, 0), returns(3));
		pl_expect_arriving(p.r, "abc");
	}
	pl_expect(sys_setsockopt(p.w, IPPROTO_IP, IP_OPTIONS, NULL, 0), returns(0));
	pl_expect(sys_getsockopt(p.w, IPPROTO_IP, IP_OPTIONS, b, &length), returns(0));
	pl_expect(pl_value((long)length, NULL, "bytes of options"), is(0));
	pl_expect(sys_send(p.w, "def", 3, 0), returns(3));
	pl_expect_arriving(p.r, "def");
	pl_expect_nothing(p.r);
}

/* A name that nobody has given is refused both ways. */
PL_CASE(unknown_option_at_the_udp_level, .verifies = "udp.opt.unknown-udp-option", .kinds = PL_UDP)
{
	int fd = pl_unconnected();

	for (int i = 0; i < 2; i++) {
		int name = i == 0 ? 9999 : 0x7fff0000;

		pl_expect(sys_set_option(fd, IPPROTO_UDP, name, 1), fails(ENOPROTOOPT));
		pl_expect(sys_get_option(fd, IPPROTO_UDP, name), fails(ENOPROTOOPT));
	}
}

/* Addresses of others are not for everybody. */
PL_CASE(foreign_addresses_take_a_privilege,
    .verifies = "udp.opt.nonlocal-bind-option-needs-privilege", .needs = PL_UNPRIVILEGED)
{
	int option = pl_asks(PL_FREEBSD) ? pl_os.ip_bindany : pl_os.ip_transparent;
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	struct pl_address foreign = pl_inet_address(0);

	if (option == PL_ABSENT)
		pl_not_tested("this kernel has no such option");
	pl_expect(sys_set_option(fd, IPPROTO_IP, option, 1), fails(EPERM));
	foreign.in.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	pl_expect(sys_bind(fd, &foreign), fails(EADDRNOTAVAIL));
}

/* What may come from afar is dropped, and nothing else. */
PL_CASE(datagrams_of_a_low_ttl_are_dropped, .verifies = "udp.opt.minttl-drops-low-ttl")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);

	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_MINTTL, 255), returns(0));
	pl_expect(sys_get_option(p.r, IPPROTO_IP, IP_MINTTL), is(255));
	for (int ttl = 253; ttl <= 255; ttl++) {
		pl_set_option(p.w, IPPROTO_IP, IP_TTL, ttl);
		pl_expect(sys_send(p.w, &"abc"[ttl - 253], 1, 0), returns(1));
	}
	pl_expect_arriving(p.r, "c");
	pl_expect_nothing(p.r);
	pl_expect(sys_set_option(p.r, IPPROTO_IP, IP_MINTTL, 0), returns(0));
	pl_set_option(p.w, IPPROTO_IP, IP_TTL, 1);
	pl_expect(sys_send(p.w, "low", 3, 0), returns(3));
	pl_expect_arriving(p.r, "low");
}

/* One encapsulation is known, where the system can take it apart. */
PL_CASE(encapsulation_of_esp, .verifies = "udp.opt.encap-espinudp")
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	struct pl_outcome o = sys_set_option(fd, IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP);

	if (o.error == ENOPROTOOPT)
		pl_not_tested("this kernel has no IPsec");
	pl_expect(o, returns(0));
	for (int value = 3; value < 100; value += 32)
		pl_expect(sys_set_option(fd, IPPROTO_UDP, UDP_ENCAP, value), fails(EINVAL));
}

/* Pieces wait for each other; without the cork each goes on its own. */
PL_CASE(cork_collects_one_datagram, .verifies = "udp.opt.cork-accumulates-one-datagram")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);

	if (pl_os.udp_cork == PL_ABSENT)
		pl_not_tested("this kernel has no UDP_CORK");
	pl_expect(sys_set_option(p.w, IPPROTO_UDP, pl_os.udp_cork, 1), returns(0));
	pl_expect(sys_send(p.w, "ab", 2, 0), returns(2));
	pl_expect(sys_send(p.w, "cde", 3, 0), returns(3));
	/* What others send meanwhile is delivered; of the pieces there is nothing yet. */
	pl_await_delivery(p.r);
	pl_expect_nothing(p.r);
	pl_expect(sys_set_option(p.w, IPPROTO_UDP, pl_os.udp_cork, 0), returns(0));
	pl_expect_arriving(p.r, "abcde");
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_send(p.w, "fg", 2, 0), returns(2));
		pl_expect_arriving(p.r, "fg");
	}
	pl_expect_nothing(p.r);
}

PL_CASE(more_to_come_collects_one_datagram, .verifies = "udp.opt.cork-accumulates-one-datagram")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);

	if (pl_os.msg_more == PL_ABSENT)
		pl_not_tested("this kernel has no MSG_MORE");
	pl_expect(sys_send(p.w, "ab", 2, pl_os.msg_more), returns(2));
	pl_expect(sys_send(p.w, "cd", 2, pl_os.msg_more), returns(2));
	/* What others send meanwhile is delivered; of the pieces there is nothing yet. */
	pl_await_delivery(p.r);
	pl_expect_nothing(p.r);
	pl_expect(sys_send(p.w, "e", 1, 0), returns(1));
	pl_expect_arriving(p.r, "abcde");
	pl_expect_nothing(p.r);
}
