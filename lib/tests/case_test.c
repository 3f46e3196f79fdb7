/*
 * Every way a case can end, seen from outside: result, verdict lines, report.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

/* A specimen, how it must end, and what its output must show (NULL: nothing more). */
struct end {
	const char *specimen;
	const char *options;
	const char *result; /* how the result line begins; "" is broken */
	const char *shows[4];
};

#define HOLDS "verdict specimen.all.one conforms\n"
#define DEVIATES "verdict specimen.all.one deviates\n"
#define UNREACHED "verdict specimen.all.one unreached\n"

/* Hanging specimens end by a deadline, a tenth of the usual one. */
#define SOON "-v scale=0.1"

static const struct end expectations[] = {
	{ "holds_value", "", "passed", { HOLDS } },
	{ "holds_range", "", "passed", { HOLDS } },
	{ "holds_error_with_sigpipe", "", "passed", { HOLDS } },
	{ "holds_profile", "-v profile=posix", "passed", { HOLDS } },
	{ "holds_profile", "-v profile=linux", "passed", { HOLDS } },
	{ "holds_profile", "-v profile=freebsd", "passed", { HOLDS } },
	{ "holds_bytes", "", "passed", { HOLDS } },
	{ "deviates_value", "",
	    "failed: specimen.all.one: expected 1, or 2 to 3, or EAGAIN; "
	    "observed read(p0, 4) = 0",
	    { DEVIATES,
		"  expected: 1, or 2 to 3, or EAGAIN\n"
		"  observed: read(p0, 4) = 0\n",
		"  statement: The first thing is so.\n"
		"  source: a page\n",
		"  transcript:\n"
		"    p0 p1 = pipe()\n"
		"    close(p1) = 0\n"
		"    read(p0, 4) = 0\n"
		"end\n" } },
	{ "deviates_range", "", "failed: ", { DEVIATES, "  expected: 1 to 9\n" } },
	{ "deviates_error", "", "failed: ",
	    { DEVIATES,
		"  expected: EBADF raises SIGPIPE\n"
		"  observed: write(p1, 1) = EPIPE raises SIGPIPE\n" } },
	{ "deviates_unexpected_sigpipe", "", "failed: ", { DEVIATES, "  expected: EPIPE\n" } },
	{ "deviates_missing_sigpipe", "",
	    "failed: ", { DEVIATES, "  expected: 0 raises SIGPIPE\n" } },
	{ "deviates_profile", "-v profile=posix", "failed: ", { DEVIATES, "  expected: 1\n" } },
	{ "deviates_profile", "-v profile=freebsd", "failed: ", { DEVIATES, "  expected: 2\n" } },
	{ "deviates_profile", "-v profile=linux", "failed: ", { DEVIATES, "  expected: 3\n" } },
	{ "deviates_condition", "", "failed: ",
	    { DEVIATES,
		"  expected: three\n"
		"  observed: it is 2\n" } },
	{ "deviates_bytes", "", "failed: ", { DEVIATES, "byte 2 of 4 is 0x58" } },
	{ "deviates_payload", "",
	    "failed: ", { DEVIATES, "byte 532 of stream 2 was sent as byte 432 of stream 2" } },
	{ "deviates_names", "", "failed: ",
	    { DEVIATES,
		"  expected: POLLIN\n"
		"  observed: revents of p1 = POLLOUT\n" } },
	{ "deviates_by_hanging", SOON,
	    "failed: ", { DEVIATES, "  observed: read(p0, 1) has not returned after 0.6 s\n" } },
	{ "deviates_by_crash", "",
	    "failed: ", { DEVIATES, "  observed: the case was killed by signal 9" } },
	{ "deviates_in_child", "", "failed: ", { DEVIATES, "  observed: c1: read(p0, 4) = 0\n" } },
	{ "deviates_in_child_while_body_sleeps", "", "failed: ", { DEVIATES } },
	{ "two_requirements", "", "failed: specimen.all.two",
	    { HOLDS, "verdict specimen.all.two deviates\n",
		"statement: The second thing is so." } },
	{ "no_requirement_chosen", "", "", { UNREACHED, "broken: an expectation without" } },
	{ "never_judges_one", "", "", { "broken: the case never judges specimen.all.one\n" } },
	{ "judges_a_foreign_one", "", "", { "broken: the case judges specimen.all.two" } },
	{ "unknown_requirement", "", "",
	    { "broken: the case verifies specimen.all.nonesuch, which no table has\n" } },
	{ "known_deviation", "", "expected_failure: known deviation: specimen.known.here",
	    { HOLDS, "verdict specimen.known.here known\n", "  known: page(2): made up\n",
		"  observed: read(p0, 4) = 0\n" } },
	{ "known_deviation_and_another", "", "failed: specimen.all.one",
	    { DEVIATES, "verdict specimen.known.here known\n" } },
	{ "known_deviation_is_gone", "", "passed", { "verdict specimen.known.here conforms\n" } },
	{ "known_by_hanging", SOON,
	    "expected_failure: ", { "verdict specimen.known.here known\n" } },
	{ "known_elsewhere", "", "failed: ", { "verdict specimen.known.elsewhere deviates\n" } },
	{ "posix_is_silent", "-v profile=posix", "skipped: not applicable: profile posix",
	    { "verdict specimen.profile.silent open\n" } },
	{ "posix_is_silent", "-v profile=linux", "passed",
	    { "verdict specimen.profile.silent conforms\n" } },
	{ "posix_is_silent_in_part", "-v profile=posix", "passed",
	    { HOLDS, "verdict specimen.profile.silent open\n" } },
	{ "forgets_a_profile", "-v profile=posix", "",
	    { UNREACHED, "broken: specimen.all.one: no outcome given for profile posix" } },
	{ "broken_set_up", "", "",
	    { UNREACHED,
		"broken: a set-up call failed: open(\"no such file\", O_RDONLY) = ENOENT\n" } },
	{ "broken_by_hanging", SOON, "", { UNREACHED, "broken: read(p0, 1) has not returned" } },
	{ "broken_by_crash", "", "", { UNREACHED, "broken: the case was killed by signal 11" } },
	{ "broken_by_exit", "", "", { UNREACHED, "broken: the case exited with status 3\n" } },
	{ "not_tested", "", "skipped: not tested: no unicorn here", { UNREACHED } },
	{ "not_applicable", "", "skipped: not applicable: release 1 is too old", { UNREACHED } },
	{ "needs_an_ordinary_user", "", "passed", { HOLDS } },
	{ "slow_and_tagged", "", "passed", { HOLDS } },
	{ "traced_things_are_tidied", "", "passed", { HOLDS } },
	{ "leaves_a_descriptor", "", "", { "broken: the case leaves descriptor " } },
	{ "closes_a_foreign_descriptor", "", "", { "broken: the case closed descriptor 2" } },
	{ "leaves_a_file", "", "", { "broken: the case leaves a file behind\n" } },
	{ "leaves_a_child", "", "", { "broken: the case leaves a child behind\n" } },
	{ "leaves_a_zombie", "", "", { "broken: the case never waited for child " } },
	{ "leaves_a_thread", "", "", { "broken: the case leaves a thread behind\n" } },
	{ "leaves_an_orphan_in_its_own_session", "", "",
	    { "broken: the case leaves a process behind\n" } },
	{ "child_blocks_and_is_woken", "", "passed", { HOLDS } },
	{ "thread_blocks_and_is_woken", "", "passed", { HOLDS } },
	{ "child_does_not_block", "",
	    "failed: ", { DEVIATES, "  observed: c1 came back without sleeping: read(p0, 1)\n" } },
	{ "thread_does_not_block", "",
	    "failed: ", { DEVIATES, "  observed: t1 came back without sleeping: read(p0, 1)\n" } },
	{ "spinning_is_not_blocking", SOON, "failed: ", { DEVIATES } },
	{ "child_is_killed", "", "passed", { HOLDS } },
	{ "child_exits", "", "passed", { HOLDS } },
	{ "child_keeps_what_is_named", "", "passed", { HOLDS } },
	{ "child_anew_answers", "", "passed", { HOLDS } },
	{ "child_anew_ends_otherwise", "", "passed", { HOLDS } },
	{ "checkpoints_order", "", "passed", { HOLDS } },
	{ "signals_are_counted", "", "passed", { HOLDS } },
	{ "fill_and_drain__pipe", "", "passed", { HOLDS } },
	{ "fill_and_drain__fifo", "", "passed", { HOLDS } },
	{ "long_transcript", "", "failed: ",
	    { DEVIATES, "    # 3955 earlier lines are not shown\n",
		"    write(p1, 1) = 1  # 5 times\n" } },
};

static void
hold(const atf_tc_t *tc, const struct end *x)
{
	static struct ended e;
	size_t length = strlen(x->result);

	run_case_of(
	    atf_tc_get_config_var(tc, "srcdir"), "specimen", "", x->options, x->specimen, &e);
	if (length == 0 ? e.result[0] != '\0' : strncmp(e.result, x->result, length) != 0)
		atf_tc_fail_nonfatal("%s %s: result \"%s\" where \"%s\" belongs; output:\n%.3000s",
		    x->specimen, x->options, e.result, x->result, e.output);
	for (size_t i = 0; i < 4 && x->shows[i] != NULL; i++)
		if (strstr(e.output, x->shows[i]) == NULL)
			atf_tc_fail_nonfatal("%s %s: no \"%s\" in its output:\n%.3000s",
			    x->specimen, x->options, x->shows[i], e.output);
}

/* Specimens of one sort are one test: each names itself when it fails. */
static void
hold_those_named(const atf_tc_t *tc, const char *prefix)
{
	int found = 0;

	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
		if (strncmp(expectations[i].specimen, prefix, strlen(prefix)) == 0) {
			hold(tc, &expectations[i]);
			found++;
		}
	ATF_REQUIRE(found > 0);
}

#define SORTS(SORT)          \
	SORT(holds)          \
	SORT(deviates)       \
	SORT(two)            \
	SORT(no_requirement) \
	SORT(never)          \
	SORT(judges)         \
	SORT(unknown)        \
	SORT(known)          \
	SORT(posix)          \
	SORT(forgets)        \
	SORT(broken)         \
	SORT(not )           \
	SORT(needs)          \
	SORT(slow)           \
	SORT(traced)         \
	SORT(leaves)         \
	SORT(closes)         \
	SORT(child)          \
	SORT(thread)         \
	SORT(spinning)       \
	SORT(checkpoints)    \
	SORT(signals)        \
	SORT(fill)           \
	SORT(long)

#define DEFINE(sort)                             \
	ATF_TC_WITHOUT_HEAD(sort);               \
	ATF_TC_BODY(sort, tc)                    \
	{                                        \
		hold_those_named(tc, #sort "_"); \
	}
SORTS(DEFINE)

/* PL_ROOT runs for root and is a skip for anybody else. */
ATF_TC_WITHOUT_HEAD(root_or_skip);
ATF_TC_BODY(root_or_skip, tc)
{
	struct end x = { "needs_root", "", geteuid() == 0 ? "passed" : "skipped: not tested: needs",
		{ geteuid() == 0 ? HOLDS : UNREACHED } };

	hold(tc, &x);
}

/* The word after profile= and the number after scale= are checked. */
ATF_TC_WITHOUT_HEAD(bad_configuration);
ATF_TC_BODY(bad_configuration, tc)
{
	static const struct end x[] = {
		{ "holds_value", "-v profile=plan9", "", { "broken: no profile \"plan9\"" } },
		{ "holds_value", "-v scale=0", "", { "broken: scale \"0\" is not" } },
		{ "holds_value", "-v scale=fast", "", { "broken: scale \"fast\" is not" } },
	};

	for (size_t i = 0; i < sizeof(x) / sizeof(x[0]); i++)
		hold(tc, &x[i]);
}

/* What kyua learns of a case before it runs: requirements, and why it is slow. */
ATF_TC_WITHOUT_HEAD(metadata);
ATF_TC_BODY(metadata, tc)
{
	char command[4096], text[65536];
	FILE *f;
	size_t n;

	snprintf(command, sizeof(command), "'%s/programs/specimen' -l",
	    atf_tc_get_config_var(tc, "srcdir"));
	ATF_REQUIRE((f = popen(command, "r")) != NULL);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	ATF_REQUIRE(pclose(f) == 0);
	ATF_CHECK(strstr(text,
		      "ident: two_requirements\n"
		      "X-requirement: specimen.all.one specimen.all.two\n") != NULL);
	ATF_CHECK(strstr(text, "X-slow: shows the tag\n") != NULL);
	ATF_CHECK(strstr(text, "ident: fill_and_drain__pipe\n") != NULL);
	ATF_CHECK(strstr(text, "ident: fill_and_drain__fifo\n") != NULL);
	ATF_CHECK(strstr(text, "ident: fill_and_drain\n") == NULL);
}

ATF_TP_ADD_TCS(tp)
{
#define ADD(sort) ATF_TP_ADD_TC(tp, sort);
	SORTS(ADD)
	ATF_TP_ADD_TC(tp, root_or_skip);
	ATF_TP_ADD_TC(tp, bad_configuration);
	ATF_TP_ADD_TC(tp, metadata);
	return (atf_no_error());
}
