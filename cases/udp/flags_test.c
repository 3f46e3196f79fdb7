/*
 * MSG_ flags on datagram sockets: those that count, those that change nothing,
 * those that are refused.
 */

#include "plumbline.h"

/* As often as one looks, by each of the calls, and cut or whole. */
PL_CASE(
    peek_leaves_the_datagram, .verifies = "udp.flags.peek-leaves-datagram-queued", .kinds = PL_UDP)
{
	struct pl_address name, own, from;
	int receiver = pl_bound(&name), sender = pl_bound(&own), got;
	char b[16];

	pl_must(sys_sendto(sender, "abcdef", 6, 0, &name));
	pl_must(sys_sendto(sender, "next", 4, 0, &name));
	for (int i = 0; i < 2; i++) {
		memset(b, '-', sizeof(b));
		pl_expect(sys_recv(receiver, b, sizeof(b), MSG_PEEK), returns(6));
		pl_expect_bytes(b, "abcdef", 6);
		memset(b, '-', sizeof(b));
		pl_expect(sys_receive(receiver, b, 3, MSG_PEEK, &got), returns(3));
		pl_expect_bytes(b, "abc-", 4);
		pl_expect(sys_recvfrom(receiver, b, sizeof(b), MSG_PEEK, &from), returns(6));
		pl_expect_that(
		    pl_address_equal(&from, &own), "the address of the sender", "another address");
	}
	pl_expect_text(receiver, "abcdef");
	pl_expect_arriving(receiver, "next");
	pl_expect_nothing(receiver);
}

/* Each datagram is a record, and none is marked as one. */
PL_CASE(eor_has_no_effect, .verifies = "udp.flags.eor-has-no-effect", .kinds = PL_UDP)
{
	static const int flags[] = { MSG_EOR, 0 };
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_send(p.w, "abc", 3, flags[i]), returns(3));
		pl_expect_arrival(p.r);
		pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), returns(3));
		pl_expect(pl_message_flags(got, MSG_EOR | MSG_TRUNC), is(0));
		pl_expect_bytes(b, "abc", 3);
	}
	pl_expect_nothing(p.r);
}

/* The flag is refused and nothing is sent, or it means nothing. */
static void
send_out_of_band(struct pl_pair p)
{
	long n = pl_expect(sys_send(p.w, "abc", 3, MSG_OOB), on(PL_FREEBSD, returns(3)),
	    on(PL_LINUX | PL_POSIX, fails(EOPNOTSUPP)));

	if (n == 3)
		pl_expect_arriving(p.r, "abc");
	pl_must(sys_send(p.w, "next", 4, 0));
	pl_expect_arriving(p.r, "next");
	pl_expect_nothing(p.r);
}

PL_CASE(oob_send, .verifies = "udp.flags.oob-send")
{
	send_out_of_band(pl_inet_pair(SOCK_DGRAM));
}

PL_CASE(oob_send_to_a_mapped_address, .verifies = "udp.flags.oob-send", .kinds = PL_UDP | PL_MAPPED)
{
	send_out_of_band(pl_pair());
}

PL_CASE(oob_send_over_ipv6, .verifies = "udp.flags.oob-send-over-ipv6")
{
	struct pl_address r, w;
	struct pl_pair p;

	pl_need_inet6();
	p.r = pl_bound_inet(AF_INET6, SOCK_DGRAM, &r);
	p.w = pl_bound_inet(AF_INET6, SOCK_DGRAM, &w);
	pl_connect(p.w, &r);
	send_out_of_band(p);
}

/* There is no such data; a call that says so leaves the ordinary data alone. */
PL_CASE(oob_receive, .verifies = "udp.flags.oob-receive", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char b[8];
	long n;

	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB | MSG_DONTWAIT),
	    on(PL_FREEBSD | PL_POSIX, fails(EOPNOTSUPP)), on(PL_LINUX, fails(EAGAIN)));
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_arrival(p.r);
	n = pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB),
	    on(PL_FREEBSD | PL_POSIX, fails(EOPNOTSUPP)), on(PL_LINUX, returns(3)));
	if (n == 3)
		pl_expect_bytes(b, "abc", 3);
	else
		pl_expect_text(p.r, "abc");
	pl_expect_nothing(p.r);
}
