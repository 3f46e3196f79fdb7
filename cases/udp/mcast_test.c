/*
 * Multicast groups: who receives what is sent to one, and how often.
 *
 * Every case has a network of its own, whose loopback interface carries the group.
 */

#include "plumbline.h"

/* The group hears who is no member of it, by the sender's name. */
PL_CASE_ALONE(a_member_receives, .verifies = "udp.mcast.member-receives")
{
	struct pl_address from, own;
	unsigned port = 0;
	int r = pl_group_receiver(INADDR_ANY, &port), w = pl_group_sender(INADDR_LOOPBACK);
	char b[8];

	pl_expect(sys_join(r, PL_GROUP), returns(0));
	own = pl_sockname(w);
	for (int i = 0; i < 2; i++) {
		struct pl_address to = pl_host_address(PL_GROUP, port);

		pl_expect(sys_sendto(w, "abc", 3, 0, &to), returns(3));
		pl_expect_arrival(r);
		pl_expect(sys_recvfrom(r, b, sizeof(b), 0, &from), returns(3));
		pl_expect_bytes(b, "abc", 3);
		pl_expect_that(pl_address_equal(&from, &own), "the address of the sender",
		    "host 0x%x port %u", (unsigned)ntohl(from.in.sin_addr.s_addr),
		    pl_address_port(&from));
	}
	pl_expect_nothing(r);
}

/* The port alone is no membership: it goes unheard, and the sender is not told. */
PL_CASE_ALONE(without_a_member_nothing_is_delivered, .verifies = "udp.mcast.no-member-no-delivery")
{
	unsigned port = 0;
	int r = pl_group_receiver(INADDR_ANY, &port), w = pl_group_sender(INADDR_LOOPBACK);
	struct pl_address to = pl_host_address(PL_GROUP, port);

	pl_expect(sys_sendto(w, "abc", 3, 0, &to), returns(3));
	pl_await_delivery(w);
	pl_expect_nothing(r);
	/* Nor is the membership in another group one in this. */
	pl_must(sys_join(r, PL_GROUP + 1));
	pl_expect(sys_sendto(w, "abc", 3, 0, &to), returns(3));
	pl_send_to(w, PL_GROUP + 1, port, "other");
	pl_expect_arriving(r, "other");
	pl_expect_nothing(r);
}

/* Whether a socket beside the member hears it: by default the systems differ. */
PL_CASE_ALONE(a_socket_beside_the_member, .verifies = "udp.mcast.nonmember-socket-on-same-port")
{
	unsigned port = 0;
	int member = pl_group_receiver(INADDR_ANY, &port);
	int beside = pl_group_receiver(INADDR_ANY, &port);
	int w = pl_group_sender(INADDR_LOOPBACK);

	pl_must(sys_join(member, PL_GROUP));
	pl_send_to(w, PL_GROUP, port, "abc");
	pl_expect_arriving(member, "abc");
	pl_await_delivery(w);
	if (pl_asks(PL_FREEBSD)) {
		pl_expect_nothing(beside);
		return;
	}
	pl_expect_arriving(beside, "abc");
	if (pl_os.ip_multicast_all == PL_ABSENT)
		pl_not_tested("this kernel has no IP_MULTICAST_ALL");
	pl_expect(sys_get_option(beside, IPPROTO_IP, pl_os.ip_multicast_all), is(1));
	for (int all = 0; all <= 1; all++) {
		pl_expect(
		    sys_set_option(beside, IPPROTO_IP, pl_os.ip_multicast_all, all), returns(0));
		pl_send_to(w, PL_GROUP, port, "def");
		pl_expect_arriving(member, "def");
		pl_await_delivery(w);
		if (all)
			pl_expect_arriving(beside, "def");
		pl_expect_nothing(beside);
	}
}

/* One for each, and no more. */
PL_CASE_ALONE(a_copy_for_every_member, .verifies = "udp.mcast.copy-to-every-sharing-socket")
{
	unsigned port = 0;
	int w = pl_group_sender(INADDR_LOOPBACK), r[3];

	for (int i = 0; i < 3; i++) {
		r[i] = pl_group_receiver(INADDR_ANY, &port);
		pl_must(sys_join(r[i], PL_GROUP));
	}
	pl_send_to(w, PL_GROUP, port, "one");
	pl_send_to(w, PL_GROUP, port, "next");
	for (int i = 0; i < 3; i++) {
		pl_expect_arriving(r[i], "one");
		pl_expect_arriving(r[i], "next");
	}
	pl_await_delivery(w);
	for (int i = 0; i < 3; i++)
		pl_expect_nothing(r[i]);
}

/* Who leaves one group stays in the other. */
PL_CASE_ALONE(leaving_stops_delivery, .verifies = "udp.mcast.drop-stops-delivery")
{
	unsigned port = 0;
	int r = pl_group_receiver(INADDR_ANY, &port), w = pl_group_sender(INADDR_LOOPBACK);

	pl_must(sys_join(r, PL_GROUP));
	pl_must(sys_join(r, PL_GROUP + 1));
	pl_send_to(w, PL_GROUP, port, "abc");
	pl_expect_arriving(r, "abc");
	pl_expect(sys_leave(r, PL_GROUP), returns(0));
	pl_send_to(w, PL_GROUP, port, "def");
	pl_send_to(w, PL_GROUP + 1, port, "other");
	pl_expect_arriving(r, "other");
	pl_expect_nothing(r);
	/* And may come back. */
	pl_expect(sys_join(r, PL_GROUP), returns(0));
	pl_send_to(w, PL_GROUP, port, "ghi");
	pl_expect_arriving(r, "ghi");
}

/* The last to close takes the membership along, the host's too. */
PL_CASE_ALONE(closing_ends_a_membership, .verifies = "udp.mcast.membership-ends-with-close")
{
	unsigned port = 0;
	int member = pl_group_receiver(INADDR_ANY, &port);
	int beside = pl_group_receiver(INADDR_ANY, &port);
	int w = pl_group_sender(INADDR_LOOPBACK);

	pl_must(sys_join(member, PL_GROUP));
	pl_send_to(w, PL_GROUP, port, "abc");
	pl_expect_arriving(member, "abc");
	pl_await_delivery(w);
	pl_drain(beside);
	pl_expect(sys_close(member), returns(0));
	pl_send_to(w, PL_GROUP, port, "def");
	pl_await_delivery(w);
	pl_expect_nothing(beside);
	pl_expect(sys_leave(beside, PL_GROUP), fails(EADDRNOTAVAIL));
	pl_expect(sys_join(beside, PL_GROUP), returns(0));
	pl_send_to(w, PL_GROUP, port, "ghi");
	pl_expect_arriving(beside, "ghi");
}

/* The group hears itself through the network; the sender may ask for silence at home. */
PL_CASE_ALONE(
    no_copy_for_this_host_when_loop_is_off, .verifies = "udp.mcast.loop-off-suppresses-local-copy")
{
	unsigned port = 0;
	int r = pl_group_receiver(INADDR_ANY, &port), w = pl_group_sender(INADDR_LOOPBACK);
	int other = pl_group_sender(INADDR_LOOPBACK);

	pl_must(sys_join(r, PL_GROUP));
	/* It is the sender's option. */
	pl_must(sys_set_option(r, IPPROTO_IP, IP_MULTICAST_LOOP, 0));
	pl_send_to(other, PL_GROUP, port, "abc");
	pl_expect_arriving(r, "abc");
	pl_expect(sys_set_option(w, IPPROTO_IP, IP_MULTICAST_LOOP, 0), returns(0));
	pl_expect(sys_get_option(w, IPPROTO_IP, IP_MULTICAST_LOOP), is(0));
	pl_send_to(w, PL_GROUP, port, "def");
	pl_await_delivery(w);
	pl_expect_nothing(r);
	pl_expect(sys_set_option(w, IPPROTO_IP, IP_MULTICAST_LOOP, 1), returns(0));
	pl_send_to(w, PL_GROUP, port, "ghi");
	pl_expect_arriving(r, "ghi");
}

/* It stays on this host, which is where the member is. */
PL_CASE_ALONE(ttl_zero_is_delivered_here, .verifies = "udp.mcast.ttl-zero-delivered-locally")
{
	unsigned port = 0;
	int r = pl_group_receiver(INADDR_ANY, &port), w = pl_group_sender(INADDR_LOOPBACK);

	pl_must(sys_join(r, PL_GROUP));
	pl_expect(sys_set_option(w, IPPROTO_IP, IP_MULTICAST_TTL, 0), returns(0));
	pl_expect(sys_get_option(w, IPPROTO_IP, IP_MULTICAST_TTL), is(0));
	pl_send_to(w, PL_GROUP, port, "abc");
	pl_expect_arriving(r, "abc");
	pl_expect_nothing(r);
}

/* The name of the group hears neither other groups nor what is for this host. */
PL_CASE_ALONE(bound_to_the_group, .verifies = "udp.mcast.bound-to-group-gets-only-group")
{
	unsigned port = 0;
	int r = pl_group_receiver(PL_GROUP, &port), w = pl_group_sender(INADDR_LOOPBACK);

	pl_must(sys_join(r, PL_GROUP));
	pl_must(sys_join(r, PL_GROUP + 1));
	pl_send_to(w, INADDR_LOOPBACK, port, "host");
	pl_send_to(w, PL_GROUP + 1, port, "other");
	pl_send_to(w, PL_GROUP, port, "group");
	pl_expect_arriving(r, "group");
	pl_expect_nothing(r);
}

/* A group speaks with nobody's voice: what leaves has the address of a host. */
PL_CASE_ALONE(sending_when_bound_to_the_group, .verifies = "udp.mcast.send-from-group-bound-socket")
{
	struct pl_address name, from;
	unsigned port = 0;
	int w = pl_group_receiver(PL_GROUP, &port);
	int r = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	char b[8];

	pl_expect(sys_sendto(w, "abc", 3, 0, &name), returns(3));
	pl_expect_arrival(r);
	pl_expect(sys_recvfrom(r, b, sizeof(b), 0, &from), returns(3));
	pl_expect(pl_value((long)ntohl(from.in.sin_addr.s_addr), NULL, "host of the sender"),
	    is(INADDR_LOOPBACK));
	pl_expect(pl_value(pl_address_port(&from), NULL, "its port"), is(port));
}

/* For groups SO_REUSEADDR is as good as SO_REUSEPORT. */
PL_CASE_ALONE(group_shared_with_reuseaddr, .verifies = "udp.mcast.group-bind-shared-with-reuseaddr")
{
	struct pl_address name = pl_host_address(PL_GROUP, 0);
	int r[2], w = pl_group_sender(INADDR_LOOPBACK);

	for (int i = 0; i < 2; i++) {
		r[i] = pl_socket(AF_INET, SOCK_DGRAM);
		pl_set_option(r[i], SOL_SOCKET, SO_REUSEADDR, 1);
		pl_expect(sys_bind(r[i], &name), returns(0));
		name = pl_sockname(r[i]);
		pl_must(sys_join(r[i], PL_GROUP));
	}
	pl_send_to(w, PL_GROUP, pl_address_port(&name), "abc");
	for (int i = 0; i < 2; i++) {
		pl_expect_arriving(r[i], "abc");
		pl_expect_nothing(r[i]);
	}
}
