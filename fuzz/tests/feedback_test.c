/*
 * The reader of what KCOV records, on buffers as the kernels write them.
 */

#include <atf-c.h>
#include <string.h>

#include "../feedback.h"

#define ROOM 8

static uint64_t seen[ROOM];
static size_t seen_count;

static void
note(uint64_t what)
{
	ATF_REQUIRE(seen_count < ROOM);
	seen[seen_count++] = what;
}

/* Read a buffer of count numbers: how many it gives must be how many came. */
static size_t
read_buffer(const uint64_t *buffer, size_t count)
{
	size_t n;

	seen_count = 0;
	n = feedback_read_kernel(buffer, count, note);
	ATF_CHECK_EQ(n, seen_count);
	return (n);
}

/* A call that ran through three places of a kernel; what lies behind is of another call. */
static const uint64_t recorded[] = { 3, 0xffffffff8142c0a1, 0xffffffff8142c0f6, 0xffffffff819d0b13,
	0xffffffff81111111 };

ATF_TC_WITHOUT_HEAD(gives_what_was_counted);
ATF_TC_BODY(gives_what_was_counted, tc)
{
	uint64_t first[ROOM];

	ATF_REQUIRE_EQ(read_buffer(recorded, 5), 3);
	memcpy(first, seen, sizeof(first));
	ATF_CHECK(first[0] != first[1] && first[1] != first[2] && first[0] != first[2]);
	ATF_REQUIRE_EQ(read_buffer(recorded, 5), 3);
	ATF_CHECK_EQ_MSG(memcmp(first, seen, 3 * sizeof(first[0])), 0, "not the same again");
}

/* The way counts, not only the places. */
ATF_TC_WITHOUT_HEAD(tells_the_order);
ATF_TC_BODY(tells_the_order, tc)
{
	uint64_t turned[] = { 3, recorded[2], recorded[1], recorded[3] };
	uint64_t last;

	read_buffer(recorded, 5);
	last = seen[2];
	read_buffer(turned, 4);
	ATF_CHECK(seen[2] != last);
}

/* A full buffer counts on, and has no more than its size. */
ATF_TC_WITHOUT_HEAD(stops_at_the_end_of_the_buffer);
ATF_TC_BODY(stops_at_the_end_of_the_buffer, tc)
{
	uint64_t full[] = { 5000, 1, 2, 3 };
	uint64_t huge[] = { UINT64_MAX, 1 };

	ATF_CHECK_EQ(read_buffer(full, 4), 3);
	ATF_CHECK_EQ(read_buffer(huge, 2), 1);
}

ATF_TC_WITHOUT_HEAD(nothing_recorded);
ATF_TC_BODY(nothing_recorded, tc)
{
	uint64_t none[] = { 0, 77 };

	ATF_CHECK_EQ(read_buffer(none, 2), 0);
	ATF_CHECK_EQ(read_buffer(none, 1), 0);
	ATF_CHECK_EQ(read_buffer(none, 0), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, gives_what_was_counted);
	ATF_TP_ADD_TC(tp, tells_the_order);
	ATF_TP_ADD_TC(tp, stops_at_the_end_of_the_buffer);
	ATF_TP_ADD_TC(tp, nothing_recorded);
	return (atf_no_error());
}
