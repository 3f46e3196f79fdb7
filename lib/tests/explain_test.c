/*
 * The search for an order that explains a history of overlapping calls.
 */

#include "explain.h"

#include <atf-c.h>
#include <string.h>

static struct pl_call calls[PL_EXPLAIN_CALLS];
static size_t count;

static void
call(unsigned begin, unsigned end, enum pl_call_sort sort, const char *bytes)
{
	calls[count++] =
	    (struct pl_call){ begin, end, sort, (const unsigned char *)bytes, strlen(bytes) };
}

#define W(begin, end, bytes) call(begin, end, PL_CALL_WRITE, bytes)
#define R(begin, end, bytes) call(begin, end, PL_CALL_READ, bytes)
#define NOTHING(begin, end) call(begin, end, PL_CALL_EMPTY, "")

static void
check(enum pl_explanation expected)
{
	ATF_CHECK_EQ(pl_explain(calls, count), expected);
	count = 0;
}

ATF_TC_WITHOUT_HEAD(one_after_the_other);
ATF_TC_BODY(one_after_the_other, tc)
{
	check(PL_EXPLAINED);
	W(0, 1, "abc");
	R(2, 3, "ab");
	R(4, 5, "c");
	check(PL_EXPLAINED);
	W(0, 1, "abc");
	R(2, 3, "ac");
	check(PL_INEXPLICABLE);
	/* Out of nothing. */
	R(0, 1, "a");
	W(2, 3, "a");
	check(PL_INEXPLICABLE);
	/* Twice. */
	W(0, 1, "a");
	R(2, 3, "a");
	R(4, 5, "a");
	check(PL_INEXPLICABLE);
	/* A later write overtakes an earlier one. */
	W(0, 1, "a");
	W(2, 3, "b");
	R(4, 5, "ba");
	check(PL_INEXPLICABLE);
	/* A write that was over before the read is not seen. */
	W(0, 1, "a");
	NOTHING(2, 3);
	check(PL_INEXPLICABLE);
	R(2, 3, "a");
	W(0, 1, "a");
	NOTHING(4, 5);
	check(PL_EXPLAINED);
}

ATF_TC_WITHOUT_HEAD(overlapping);
ATF_TC_BODY(overlapping, tc)
{
	/* Two writes at once may come in either order, but not in pieces. */
	W(0, 3, "aa");
	W(1, 2, "bb");
	R(4, 5, "bbaa");
	check(PL_EXPLAINED);
	W(0, 3, "aa");
	W(1, 2, "bb");
	R(4, 5, "abab");
	check(PL_INEXPLICABLE);
	/* A read may return what is written while it waits, and miss it. */
	R(0, 3, "a");
	W(1, 2, "a");
	check(PL_EXPLAINED);
	NOTHING(0, 3);
	W(1, 2, "a");
	check(PL_EXPLAINED);
	/* Two reads at once: either takes the front, not both. */
	W(0, 1, "abcd");
	R(2, 5, "cd");
	R(3, 4, "ab");
	check(PL_EXPLAINED);
	W(0, 1, "abcd");
	R(2, 5, "ab");
	R(3, 4, "ab");
	check(PL_INEXPLICABLE);
	/* One order for all: the two readers cannot have seen the writes in opposite ones. */
	W(0, 9, "a");
	W(0, 9, "b");
	R(1, 2, "a");
	R(3, 4, "b");
	check(PL_EXPLAINED);
	W(0, 2, "a");
	W(1, 3, "b");
	W(4, 5, "c");
	R(6, 7, "ba");
	R(8, 9, "c");
	NOTHING(10, 11);
	check(PL_EXPLAINED);
	W(0, 2, "a");
	W(1, 3, "b");
	W(4, 5, "c");
	R(6, 7, "bc");
	R(8, 9, "a");
	check(PL_INEXPLICABLE);
}

/* A long history of six peers, whose calls go on side by side. */
ATF_TC_WITHOUT_HEAD(many_calls);
ATF_TC_BODY(many_calls, tc)
{
	static char bytes[30][2];

	for (unsigned i = 0; i < 30; i++)
		bytes[i][0] = (char)('0' + i);
	for (unsigned i = 0; i < 30; i++) {
		unsigned round = i / 3 * 100;

		W(round + i % 3, round + 50 + i % 3, bytes[i]);
		R(round + 10 + i % 3, round + 60 + i % 3, bytes[i / 3 * 3 + 2 - i % 3]);
	}
	check(PL_EXPLAINED);
	for (unsigned i = 0; i < 30; i++) {
		W(i * 10, i * 10 + 25, bytes[i]);
		R(i * 10 + 5, i * 10 + 30, bytes[i < 28 ? i : 57 - i]);
	}
	check(PL_EXPLAINED);
	for (unsigned i = 0; i < 30; i++) {
		W(i * 10, i * 10 + 25, bytes[i]);
		R(i * 10 + 5, i * 10 + 30, bytes[i == 29 ? 0 : i]);
	}
	check(PL_INEXPLICABLE);
}

/* It gives up rather than guess. */
ATF_TC_WITHOUT_HEAD(too_many_orders);
ATF_TC_BODY(too_many_orders, tc)
{
	static char bytes[32][2];
	static char all[33];

	for (unsigned i = 0; i < 32; i++) {
		bytes[i][0] = all[31 - i] = (char)('A' + i);
		W(0, 100, bytes[i]);
	}
	R(101, 102, all);
	check(PL_UNDECIDED);
	ATF_CHECK_EQ(pl_explain(calls, PL_EXPLAIN_CALLS + 1), PL_UNDECIDED);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, one_after_the_other);
	ATF_TP_ADD_TC(tp, overlapping);
	ATF_TP_ADD_TC(tp, many_calls);
	ATF_TP_ADD_TC(tp, too_many_orders);
	return (atf_no_error());
}
