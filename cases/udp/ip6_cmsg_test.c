/*
 * Control data of IPv6 datagrams, and IPv6 groups.
 */

#include "plumbline.h"

#include <net/if.h>
#include <netinet/in.h>

static void
inet6_pair(int *r, int *w)
{
	struct pl_address name, own;

	pl_need_inet6();
	*r = pl_bound_inet(AF_INET6, SOCK_DGRAM, &name);
	*w = pl_bound_inet(AF_INET6, SOCK_DGRAM, &own);
	pl_connect(*w, &name);
}

PL_CASE(destination_and_interface, .verifies = "udp.ip6.recvpktinfo-destination-and-interface")
{
	struct in6_pktinfo info;
	int r, w;

	inet6_pair(&r, &w);
	pl_expect(sys_set_option(r, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), returns(0));
	pl_must(sys_send(w, "abc", 3, 0));
	pl_expect_item(r, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	pl_expect_bytes(&info.ipi6_addr, &in6addr_loopback, 16);
	pl_expect(
	    pl_value(info.ipi6_ifindex, NULL, "its interface"), is(if_nametoindex(pl_os.loopback)));
	pl_expect(sys_set_option(r, IPPROTO_IPV6, IPV6_RECVPKTINFO, 0), returns(0));
	pl_must(sys_send(w, "abc", 3, 0));
	pl_expect_no_item(r);
}

/* What the sender set, for whatever time; not what the receiver would send. */
PL_CASE(hop_limit_of_the_sender, .verifies = "udp.ip6.recvhoplimit-reports-sender-hops")
{
	static const int limits[] = { 33, 255, 1 };
	int r, w;

	inet6_pair(&r, &w);
	pl_set_option(r, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 99);
	pl_expect(sys_set_option(r, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1), returns(0));
	for (int i = 0; i < 3; i++) {
		pl_expect(
		    sys_set_option(w, IPPROTO_IPV6, IPV6_UNICAST_HOPS, limits[i]), returns(0));
		pl_must(sys_send(w, "abc", 3, 0));
		pl_expect(pl_next_number(r, IPPROTO_IPV6, IPV6_HOPLIMIT), is(limits[i]));
	}
}

/* Eight bits of it; -1 is the way back to none. */
PL_CASE(traffic_class_of_the_sender, .verifies = "udp.ip6.recvtclass-reports-sender-class")
{
	static const int classes[] = { 0x48, 0xff, 0 };
	int r, w;

	inet6_pair(&r, &w);
	pl_expect(sys_set_option(r, IPPROTO_IPV6, IPV6_RECVTCLASS, 1), returns(0));
	for (int i = 0; i < 3; i++) {
		pl_expect(sys_set_option(w, IPPROTO_IPV6, IPV6_TCLASS, classes[i]), returns(0));
		pl_must(sys_send(w, "abc", 3, 0));
		pl_expect(pl_next_number(r, IPPROTO_IPV6, IPV6_TCLASS), is(classes[i]));
	}
	pl_set_option(w, IPPROTO_IPV6, IPV6_TCLASS, 0x48);
	pl_expect(sys_set_option(w, IPPROTO_IPV6, IPV6_TCLASS, -2), fails(EINVAL));
	pl_expect(sys_set_option(w, IPPROTO_IPV6, IPV6_TCLASS, 256), fails(EINVAL));
	pl_must(sys_send(w, "abc", 3, 0));
	pl_expect(pl_next_number(r, IPPROTO_IPV6, IPV6_TCLASS), is(0x48));
	pl_expect(sys_set_option(w, IPPROTO_IPV6, IPV6_TCLASS, -1), returns(0));
	pl_must(sys_send(w, "abc", 3, 0));
	pl_expect(pl_next_number(r, IPPROTO_IPV6, IPV6_TCLASS), is(0));
}

/* The group ff02::4201, and the interface of a private network that it is on. */
static const unsigned char group[16] = { 0xff, 2, [14] = 0x42, 1 };
static unsigned interface;

/* A socket on the port of the group, and one that sends to it. */
static void
gather(int *r, int *w, struct pl_address *to)
{
	struct pl_address any = pl_wildcard_address(AF_INET6, 0);

	pl_need_inet6();
	if ((interface = pl_os_multicast6_interface()) == 0)
		pl_not_tested("no IPv6 multicast can be had: %s", strerror(errno));
	*r = pl_socket(AF_INET6, SOCK_DGRAM);
	pl_bind(*r, &any);
	*to = pl_sockname(*r);
	memcpy(&to->in6.sin6_addr, group, sizeof(group));
	to->in6.sin6_scope_id = interface;
	*w = pl_socket(AF_INET6, SOCK_DGRAM);
	pl_bind(*w, &any);
	pl_set_option(*w, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)interface);
}

static struct pl_outcome
change_membership(int fd, int option)
{
	struct ipv6_mreq m = { .ipv6mr_interface = interface };

	memcpy(&m.ipv6mr_multiaddr, group, sizeof(group));
	return (sys_setsockopt(fd, IPPROTO_IPV6, option, &m, sizeof(m)));
}

/* From joining to leaving; before and after nothing is delivered. */
PL_CASE_ALONE(join_receive_leave, .verifies = "udp.ip6.multicast-join-then-receive",
    .slow = "where loopback has no multicast an interface is made and removed")
{
	struct pl_address to;
	int r, w;

	gather(&r, &w, &to);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_sendto(w, "before", 6, 0, &to), returns(6));
		pl_await_delivery(w);
		pl_expect_nothing(r);
		pl_expect(change_membership(r, IPV6_JOIN_GROUP), returns(0));
		pl_expect(sys_sendto(w, "abc", 3, 0, &to), returns(3));
		pl_expect_arriving(r, "abc");
		pl_expect_nothing(r);
		pl_expect(change_membership(r, IPV6_LEAVE_GROUP), returns(0));
	}
	pl_expect(sys_sendto(w, "after", 5, 0, &to), returns(5));
	pl_await_delivery(w);
	pl_expect_nothing(r);
}

/* The group, then, is the destination, and not whom it came from. */
PL_CASE_ALONE(destination_is_the_group, .verifies = "udp.ip6.recvpktinfo-destination-and-interface",
    .slow = "where loopback has no multicast an interface is made and removed")
{
	struct in6_pktinfo info;
	struct pl_address to;
	int r, w;

	gather(&r, &w, &to);
	pl_must(change_membership(r, IPV6_JOIN_GROUP));
	pl_expect(sys_set_option(r, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), returns(0));
	pl_must(sys_sendto(w, "abc", 3, 0, &to));
	pl_expect_item(r, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	pl_expect_bytes(&info.ipi6_addr, group, 16);
	pl_expect(pl_value(info.ipi6_ifindex, NULL, "its interface"), is(interface));
}
