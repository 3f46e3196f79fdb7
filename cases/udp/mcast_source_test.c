/*
 * Multicast memberships that choose their sources: only those, or all but those.
 */

#include "plumbline.h"

#define FIRST INADDR_LOOPBACK
#define SECOND (INADDR_LOOPBACK + 1)

/* A receiver, and a sender of each source. */
static struct {
	unsigned port;
	int r, first, second;
} group;

static void
gather(void)
{
	pl_need_second_host();
	group.port = 0;
	group.r = pl_group_receiver(INADDR_ANY, &group.port);
	group.first = pl_group_sender(FIRST);
	group.second = pl_group_sender(SECOND);
}

/* Judge: of what both send to the group, these arrive. */
static void
expect_heard(bool first, bool second)
{
	pl_send_to(group.first, PL_GROUP, group.port, "first");
	pl_send_to(group.second, PL_GROUP, group.port, "second");
	pl_await_delivery(group.first);
	pl_await_delivery(group.second);
	if (first)
		pl_expect_arriving(group.r, "first");
	if (second)
		pl_expect_arriving(group.r, "second");
	pl_expect_nothing(group.r);
}

/* Who is not on the list is not heard, until added. */
PL_CASE_ALONE(only_the_sources_joined, .verifies = "udp.mcast.source-membership-filters")
{
	gather();
	pl_expect(sys_source(group.r, IP_ADD_SOURCE_MEMBERSHIP, PL_GROUP, FIRST), returns(0));
	expect_heard(true, false);
	pl_expect(sys_source(group.r, IP_ADD_SOURCE_MEMBERSHIP, PL_GROUP, SECOND), returns(0));
	expect_heard(true, true);
	pl_expect(sys_source(group.r, IP_DROP_SOURCE_MEMBERSHIP, PL_GROUP, FIRST), returns(0));
	expect_heard(false, true);
}

/* All but one, and then that one again. */
PL_CASE_ALONE(block_and_unblock, .verifies = "udp.mcast.block-and-unblock-source")
{
	gather();
	pl_must(sys_join(group.r, PL_GROUP));
	expect_heard(true, true);
	pl_expect(sys_source(group.r, IP_UNBLOCK_SOURCE, PL_GROUP, FIRST), fails(EADDRNOTAVAIL));
	pl_expect(sys_source(group.r, IP_BLOCK_SOURCE, PL_GROUP, FIRST), returns(0));
	expect_heard(false, true);
	pl_expect(sys_source(group.r, IP_UNBLOCK_SOURCE, PL_GROUP, SECOND), fails(EADDRNOTAVAIL));
	pl_expect(sys_source(group.r, IP_UNBLOCK_SOURCE, PL_GROUP, FIRST), returns(0));
	expect_heard(true, true);
	pl_expect(sys_source(group.r, IP_UNBLOCK_SOURCE, PL_GROUP, FIRST), fails(EADDRNOTAVAIL));
}

/* A membership is of one sort; what belongs to the other does not turn it over. */
PL_CASE_ALONE(the_two_sorts_do_not_mix, .verifies = "udp.mcast.block-on-include-membership")
{
	gather();
	pl_must(sys_source(group.r, IP_ADD_SOURCE_MEMBERSHIP, PL_GROUP, FIRST));
	pl_expect(sys_source(group.r, IP_BLOCK_SOURCE, PL_GROUP, SECOND), fails(EINVAL));
	pl_expect(sys_source(group.r, IP_BLOCK_SOURCE, PL_GROUP, FIRST), fails(EINVAL));
	expect_heard(true, false);
	pl_must(sys_leave(group.r, PL_GROUP));
	pl_must(sys_join(group.r, PL_GROUP));
	pl_expect(sys_source(group.r, IP_ADD_SOURCE_MEMBERSHIP, PL_GROUP, FIRST), fails(EINVAL));
	expect_heard(true, true);
}

/* A list of nobody is no membership. */
PL_CASE_ALONE(
    last_source_takes_the_membership, .verifies = "udp.mcast.drop-last-source-leaves-group")
{
	gather();
	for (int i = 0; i < 2; i++)
		pl_must(sys_source(
		    group.r, IP_ADD_SOURCE_MEMBERSHIP, PL_GROUP, i == 0 ? FIRST : SECOND));
	pl_must(sys_source(group.r, IP_DROP_SOURCE_MEMBERSHIP, PL_GROUP, SECOND));
	expect_heard(true, false);
	pl_expect(sys_source(group.r, IP_DROP_SOURCE_MEMBERSHIP, PL_GROUP, FIRST), returns(0));
	expect_heard(false, false);
	pl_expect(sys_leave(group.r, PL_GROUP), fails(EADDRNOTAVAIL));
}
