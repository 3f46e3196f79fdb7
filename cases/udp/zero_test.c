/*
 * Datagrams of no bytes.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* A message like any other: in its place, with its sender, and nothing is cut. */
PL_CASE(an_empty_datagram_is_delivered, .verifies = "udp.zero.sent-and-received", .kinds = PL_UDP)
{
	struct pl_address name, own, from;
	int receiver = pl_bound(&name), sender = pl_bound(&own), got;
	char b[8] = "-------";

	pl_must(sys_sendto(sender, "a", 1, 0, &name));
	pl_expect(sys_sendto(sender, "", 0, 0, &name), returns(0));
	pl_expect(sys_sendto(sender, "", 0, 0, &name), returns(0));
	pl_must(sys_sendto(sender, "b", 1, 0, &name));
	pl_expect_arriving(receiver, "a");
	pl_expect_arrival(receiver);
	pl_expect(sys_recvfrom(receiver, b, sizeof(b), 0, &from), returns(0));
	pl_expect_bytes(b, "-------", 7);
	pl_expect_that(
	    pl_address_equal(&from, &own), "the address of the sender", "another address");
	pl_expect(sys_receive(receiver, b, sizeof(b), 0, &got), returns(0));
	pl_expect(pl_message_flags(got, MSG_TRUNC), is(0));
	pl_expect_arriving(receiver, "b");
	pl_expect_nothing(receiver);
}

/* There is something to receive, and it has no bytes. */
PL_CASE(
    readable_and_fionread_zero, .verifies = "udp.zero.readable-but-fionread-zero", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	struct pollfd entry = { .fd = p.r, .events = POLLIN };
	int count = 77;
	char b[8];

	pl_must(sys_send(p.w, "", 0, 0));
	pl_expect(sys_poll(&entry, 1, 5000), returns(1));
	pl_expect(pl_revents(&entry), is(POLLIN));
	pl_expect(sys_ioctl_int(p.r, FIONREAD, &count), returns(0));
	pl_expect(pl_value(count, NULL, "bytes that FIONREAD counts"), is(0));
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(0));
	pl_expect(pl_poll_now(p.r, POLLIN), is(0));
	pl_expect_nothing(p.r);
}
