/*
 * The rules that make a verdict of what the cases say, and what is said aloud:
 * every rule alone, then several cases of one requirement, then what makes a
 * run impossible to judge.
 */

#include "made_up.h"

#define ONE "pipe.rule.one"
#define TWO "pipe.rule.two"
#define RUN "-m m.tsv -o report.txt results.db pipe"

/* Two requirements, one that linux does not have, one that nobody checks. */
static void
begin(const char *deviations)
{
	made_area("pipe",
	    ROW(ONE, "0", "0", "") ROW(TWO, "0", "0", "")
		ROW("pipe.rule.elsewhere", "n/a: only elsewhere", "0", "")
		    ROW("pipe.rule.unchecked", "0", "0", "needs two machines")
			ROW("pipe.rule.forgotten", "0", "0", ""),
	    deviations, "verifies(\"" ONE " " TWO "\", \"pipe.rule.elsewhere\");");
	made_begin("results.db", 3);
}

/* Judge, and hold the line of that requirement against the expected one. */
static void
judge(const atf_tc_t *tc, int status, const char *id, const char *verdict, const char *reason)
{
	char line[1024];

	made_end();
	ATF_CHECK_EQ_MSG(
	    verdicts(tc, RUN), status, "%s%s", read_file("stdout.txt"), read_file("stderr.txt"));
	snprintf(line, sizeof(line), "\n%s\t%s\t%s\n", id, verdict, reason);
	HOLDS("m.tsv", line);
	LACKS("report.txt", SECRET);
	LACKS("stdout.txt", SECRET);
}

ATF_TC_WITHOUT_HEAD(conforms);
ATF_TC_BODY(conforms, tc)
{
	begin("");
	made_case("c", ONE, "passed", NULL, HEADER "noise\nverdict " ONE " conforms\n");
	judge(tc, 0, ONE, "conforms", "");
	check_last_line("stdout.txt",
	    "conform: 5 requirements: 1 conform, 0 deviate, 0 known deviations, "
	    "1 not applicable, 3 not tested");
	HOLDS("report.txt", "conforms         " ONE "\n");
}

#define BLOCK                                   \
	"deviation " ONE "\n"                   \
	"  statement: it ends\n"                \
	"  source: pipe(2)\n"                   \
	"  documented: 0, always\n"             \
	"  expected: returns 0\n"               \
	"  observed: read(p0, 8) = -1 EAGAIN\n" \
	"  at: eof_test.c:55\n"                 \
	"  transcript:\n"                       \
	"    p0 p1 = pipe()\n"                  \
	"    read(p0, 8) = EAGAIN\n"            \
	"end\n"

/* A deviation is told whole in the report and in five lines at most on stdout. */
ATF_TC_WITHOUT_HEAD(deviates);
ATF_TC_BODY(deviates, tc)
{
	begin("");
	made_case("c", ONE, "failed", "no", HEADER BLOCK "verdict " ONE " deviates\n");
	judge(tc, 1, ONE, "deviates", "pipe/a_test:c: read(p0, 8) = -1 EAGAIN");
	HOLDS("report.txt",
	    "\nDeviations (1)\n\n" ONE "\n"
	    "    statement: it ends\n"
	    "    source: pipe(2)\n"
	    "    documented: 0, always\n"
	    "    expected: returns 0\n"
	    "    observed: read(p0, 8) = -1 EAGAIN\n"
	    "    at: eof_test.c:55\n"
	    "    case: pipe/a_test:c\n"
	    "    transcript:\n"
	    "      p0 p1 = pipe()\n"
	    "      read(p0, 8) = EAGAIN\n"
	    "\n");
	HOLDS("stdout.txt",
	    "deviates: " ONE "\n"
	    "    it ends\n"
	    "    expected: returns 0\n"
	    "    observed: read(p0, 8) = -1 EAGAIN\n"
	    "    case: pipe/a_test:c\n"
	    "report: report.txt\n"
	    "conform: 5 requirements: 0 conform, 1 deviate, ");
	HOLDS("report.txt", "\nBroken cases (0)\n");
}

/* The block came out, then the case was killed; the table fills what is missing. */
ATF_TC_WITHOUT_HEAD(deviates_without_verdict_line);
ATF_TC_BODY(deviates_without_verdict_line, tc)
{
	begin("");
	made_case("c", ONE, "failed", "no", HEADER "deviation " ONE "\n  observed: nonsense\n");
	judge(tc, 1, ONE, "deviates", "pipe/a_test:c: nonsense");
	HOLDS("report.txt", "    statement: statement of " ONE "\n    source: source of " ONE "\n");
}

ATF_TC_WITHOUT_HEAD(deviates_without_block);
ATF_TC_BODY(deviates_without_block, tc)
{
	begin("");
	made_case("c", ONE, "failed", "no", HEADER "verdict " ONE " deviates\n");
	judge(tc, 1, ONE, "deviates", "pipe/a_test:c");
	HOLDS("report.txt", "\nDeviations (1)\n\n" ONE "\n    statement: statement of " ONE "\n");
}

/* Even if kyua calls the case passed, and whatever the other cases say. */
ATF_TC_WITHOUT_HEAD(deviates_wins);
ATF_TC_BODY(deviates_wins, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", ONE, "expected_failure", "x", HEADER "verdict " ONE " known\n");
	made_case("c", ONE, "passed", NULL, HEADER "verdict " ONE " deviates\n");
	made_case("d", ONE, "skipped", "not applicable: no such kind", HEADER);
	judge(tc, 1, ONE, "deviates", "pipe/a_test:c");
	HOLDS("report.txt", "\nDeviations (1)\n");
	HOLDS("report.txt", "\nKnown deviations (1)\n");
}

/* ... also where the table says that this profile documents nothing. */
ATF_TC_WITHOUT_HEAD(deviates_where_not_applicable);
ATF_TC_BODY(deviates_where_not_applicable, tc)
{
	begin("");
	made_case("c", "pipe.rule.elsewhere", "failed", "no",
	    HEADER "verdict pipe.rule.elsewhere deviates\n");
	judge(tc, 1, "pipe.rule.elsewhere", "deviates", "pipe/a_test:c");
}

#define KNOWN_BLOCK                          \
	"deviation " ONE "\n"                \
	"  statement: it ends\n"             \
	"  observed: 7\n"                    \
	"  known: pipe(2) BUGS: never did\n" \
	"  at: x.c:1\n"                      \
	"end\n"

ATF_TC_WITHOUT_HEAD(known);
ATF_TC_BODY(known, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("c", ONE, "expected_failure", "x", HEADER KNOWN_BLOCK "verdict " ONE " known\n");
	judge(tc, 0, ONE, "known deviation", "pipe/a_test:c: pipe(2) BUGS: never did");
	HOLDS("report.txt", "\nKnown deviations (1)\n\n" ONE "\n    statement: it ends\n");
	HOLDS("report.txt", "    known: pipe(2) BUGS: never did\n");
	HOLDS("report.txt", "\nDeviations (0)\n");
	LACKS("stdout.txt", "deviates:");
	HOLDS("stdout.txt", " 0 conform, 0 deviate, 1 known deviations, ");
}

/* A block with a citation whose verdict line did not come out is known too. */
ATF_TC_WITHOUT_HEAD(known_without_verdict_line);
ATF_TC_BODY(known_without_verdict_line, tc)
{
	begin("");
	made_case("c", ONE, "expected_failure", "x", HEADER KNOWN_BLOCK);
	judge(tc, 0, ONE, "known deviation", "pipe/a_test:c: pipe(2) BUGS: never did");
}

/* Where a block and its verdict disagree on whether it is known, the verdict counts. */
ATF_TC_WITHOUT_HEAD(known_by_verdict);
ATF_TC_BODY(known_by_verdict, tc)
{
	begin("");
	made_case("c", ONE, "failed", "x", HEADER KNOWN_BLOCK "verdict " ONE " deviates\n");
	made_case("d", TWO, "expected_failure", "x",
	    HEADER "deviation " TWO "\n  observed: 8\nend\nverdict " TWO " known\n");
	judge(tc, 1, ONE, "deviates", "pipe/a_test:c: 7");
	HOLDS("m.tsv", TWO "\tknown deviation\tpipe/a_test:d\n");
	HOLDS("report.txt", "\nDeviations (1)\n\n" ONE "\n");
	HOLDS("report.txt", "\nKnown deviations (1)\n\n" TWO "\n");
}

ATF_TC_WITHOUT_HEAD(not_applicable_by_table);
ATF_TC_BODY(not_applicable_by_table, tc)
{
	begin("");
	made_case("c", "pipe.rule.elsewhere", "passed", NULL,
	    HEADER "verdict pipe.rule.elsewhere conforms\n");
	judge(tc, 0, "pipe.rule.elsewhere", "not applicable", "only elsewhere");
}

ATF_TC_WITHOUT_HEAD(not_applicable_by_skips);
ATF_TC_BODY(not_applicable_by_skips, tc)
{
	begin("");
	made_case("a", ONE, "skipped", "not applicable: no such kind", HEADER);
	made_case("b", ONE, "skipped", "not applicable: nor this one",
	    HEADER "verdict " ONE " unreached\n");
	judge(tc, 0, ONE, "not applicable", "no such kind");
	HOLDS("stdout.txt", " 2 not applicable, 3 not tested\n");
	HOLDS("report.txt", "\nSkipped cases (2)\n\n");
	HOLDS("report.txt", "     1  not applicable: no such kind\n");
}

/* One skip for another reason, and it is only not tested. */
ATF_TC_WITHOUT_HEAD(not_applicable_needs_every_case);
ATF_TC_BODY(not_applicable_needs_every_case, tc)
{
	begin("");
	made_case("a", ONE, "skipped", "not applicable: no such kind", HEADER);
	made_case("b", ONE, "skipped", "not tested: no IPv6", HEADER);
	judge(tc, 0, ONE, "not tested", "no IPv6");
}

/* A case that conforms makes skips of others harmless. */
ATF_TC_WITHOUT_HEAD(skips_beside_a_pass);
ATF_TC_BODY(skips_beside_a_pass, tc)
{
	begin("");
	made_case("a", ONE, "skipped", "not applicable: no such kind", HEADER);
	made_case("b", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("c", ONE, "skipped", "not tested: no IPv6", HEADER);
	judge(tc, 0, ONE, "conforms", "");
}

ATF_TC_WITHOUT_HEAD(skip_is_no_pass);
ATF_TC_BODY(skip_is_no_pass, tc)
{
	begin("");
	made_case("a", ONE, "skipped", "not tested: half way", HEADER "verdict " ONE " conforms\n");
	judge(tc, 0, ONE, "not tested", "half way");
}

/* kyua skips by itself: its reason has none of our words. */
ATF_TC_WITHOUT_HEAD(skip_by_kyua);
ATF_TC_BODY(skip_by_kyua, tc)
{
	begin("");
	made_case("a", ONE, "skipped", "Requires an unprivileged user", NULL);
	made_case("b", TWO, "passed", NULL, HEADER "verdict " TWO " conforms\n");
	made_case("c", TWO, "skipped", "Requires an unprivileged user", NULL);
	judge(tc, 0, ONE, "not tested", "Requires an unprivileged user");
	HOLDS("report.txt", "\nSkipped cases (2)\n\n     2  Requires an unprivileged user\n");
}

ATF_TC_WITHOUT_HEAD(not_tested_broken);
ATF_TC_BODY(not_tested_broken, tc)
{
	begin("");
	made_case("a", ONE, "skipped", "not tested: no IPv6", HEADER);
	made_case("b", ONE, "broken", "Premature exit; test case exited with code 1",
	    HEADER "broken: the set-up call open(\"x\") failed: ENOENT\nverdict " ONE
		   " unreached\n");
	made_output("__STDERR__", "last words\n", 11);
	judge(tc, 1, ONE, "not tested",
	    "pipe/a_test:b broke: the set-up call open(\"x\") failed: ENOENT");
	HOLDS("stdout.txt",
	    "broken: pipe/a_test:b\n    the set-up call open(\"x\") failed: ENOENT\nreport: ");
	HOLDS("report.txt",
	    "\nBroken cases (1)\n\npipe/a_test:b\n"
	    "    the set-up call open(\"x\") failed: ENOENT\n"
	    "    standard error:\n      last words\n\n");
}

/* Without a line of its own kyua's reason has to do. */
ATF_TC_WITHOUT_HEAD(broken_by_kyua);
ATF_TC_BODY(broken_by_kyua, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", TWO, "broken", "Test case timed out", HEADER);
	judge(tc, 1, TWO, "not tested", "pipe/a_test:b broke: Test case timed out");
	HOLDS("m.tsv", ONE "\tconforms\t\n");
}

/* A case that broke after it judged is a witness for what it judged. */
ATF_TC_WITHOUT_HEAD(broken_after_judging);
ATF_TC_BODY(broken_after_judging, tc)
{
	begin("");
	made_case("b", ONE " " TWO, "broken", "exit",
	    HEADER "broken: ouch\nverdict " ONE " conforms\nverdict " TWO " unreached\n");
	judge(tc, 1, ONE, "conforms", "");
	HOLDS("m.tsv", TWO "\tnot tested\tpipe/a_test:b broke: ouch\n");
}

ATF_TC_WITHOUT_HEAD(unreached);
ATF_TC_BODY(unreached, tc)
{
	begin("");
	made_case("a", ONE " " TWO, "failed", "no",
	    HEADER "verdict " ONE " deviates\nverdict " TWO " unreached\n");
	judge(tc, 1, TWO, "not tested", "pipe/a_test:a ended before it judged this");
}

ATF_TC_WITHOUT_HEAD(open_in_this_profile);
ATF_TC_BODY(open_in_this_profile, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " open\n");
	judge(tc, 0, ONE, "not tested", "pipe/a_test:a expects nothing under this profile");
}

ATF_TC_WITHOUT_HEAD(silent);
ATF_TC_BODY(silent, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER);
	judge(tc, 0, ONE, "not tested", "pipe/a_test:a passed without a word on this");
}

/* Of several cases the one that broke tells most, then the first by name. */
ATF_TC_WITHOUT_HEAD(reason_of_several);
ATF_TC_BODY(reason_of_several, tc)
{
	begin("");
	made_case("d", ONE, "broken", "no", HEADER "broken: second\n");
	made_case("c", ONE, "broken", "no", HEADER "broken: first\n");
	made_case("b", ONE, "skipped", "not tested: no IPv6", HEADER);
	made_case("a", ONE, "passed", NULL, HEADER);
	judge(tc, 1, ONE, "not tested", "pipe/a_test:c broke: first");
}

/* Nobody names it: because nobody can, because nobody does, or only in this run. */
ATF_TC_WITHOUT_HEAD(not_named);
ATF_TC_BODY(not_named, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	judge(tc, 0, TWO, "not tested", "not in this run");
	HOLDS("m.tsv", "pipe.rule.unchecked\tnot tested\tneeds two machines\n");
	HOLDS("m.tsv", "pipe.rule.forgotten\tnot tested\tno case names it\n");
	HOLDS("m.tsv", "pipe.rule.elsewhere\tnot applicable\tonly elsewhere\n");
}

/* Tables alone do not tell what cases there could be. */
ATF_TC_WITHOUT_HEAD(not_named_without_sources);
ATF_TC_BODY(not_named_without_sources, tc)
{
	begin("");
	ATF_REQUIRE_EQ(remove("pipe/a_test.c"), 0);
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	judge(tc, 0, TWO, "not tested", "no case in this run names it");
}

/* kyua noted the case and was stopped before its result. */
ATF_TC_WITHOUT_HEAD(without_result);
ATF_TC_BODY(without_result, tc)
{
	begin("");
	made_case("a", TWO, "passed", NULL, HEADER "verdict " TWO " conforms\n");
	made_case("b", ONE, "", NULL, NULL);
	judge(
	    tc, 1, ONE, "not tested", "pipe/a_test:b broke: the run ended before it had a result");
}

/* A failure that tells of no deviation is odd, and so is an expected one. */
ATF_TC_WITHOUT_HEAD(failed_without_deviation);
ATF_TC_BODY(failed_without_deviation, tc)
{
	begin("");
	made_case("a", ONE, "failed", "3 checks failed", HEADER "verdict " ONE " conforms\n");
	made_case("b", TWO, "expected_failure", "why", HEADER "verdict " TWO " conforms\n");
	made_case("c", TWO, "failed", "x", HEADER "verdict " TWO " known\n");
	judge(tc, 1, ONE, "conforms", "");
	HOLDS("stdout.txt",
	    "broken: pipe/a_test:a\n    failed, and tells of no deviation: 3 checks failed\n");
	HOLDS("stdout.txt",
	    "broken: pipe/a_test:b\n"
	    "    failed as expected, and tells of no known deviation: why\n");
	HOLDS("stdout.txt", "broken: pipe/a_test:c\n    failed, and tells of no deviation: x\n");
}

ATF_TC_WITHOUT_HEAD(unknown_ids);
ATF_TC_BODY(unknown_ids, tc)
{
	begin("");
	made_case("a", ONE " pipe.rule.typo", "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", TWO, "passed", NULL,
	    HEADER "verdict " TWO " conforms\nverdict pipe.rule.other conforms\n");
	made_case("c", "pipe.rule.lost", "failed", "x",
	    HEADER "deviation pipe.rule.lost\n  observed: 9\nend\nverdict pipe.rule.lost "
		   "deviates\n");
	judge(tc, 1, ONE, "conforms", "");
	HOLDS("report.txt",
	    "\nBroken cases (3)\n\n"
	    "pipe/a_test:a\n    names pipe.rule.typo, which no table has\n\n"
	    "pipe/a_test:b\n    names pipe.rule.other, which no table has\n\n"
	    "pipe/a_test:c\n    names pipe.rule.lost, which no table has\n\n");
	HOLDS("report.txt", "\nDeviations (1)\n\npipe.rule.lost\n    observed: 9\n");
}

/* A line that can only be the library's, from a library of another time. */
ATF_TC_WITHOUT_HEAD(odd_lines);
ATF_TC_BODY(odd_lines, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " wonders\n");
	made_case("b", TWO, "passed", NULL, "plumbline 2 profile=linux\n");
	made_case("c", TWO, "passed", NULL, "plumbline 1 profile=minix os=Minix release=3\n");
	made_case("d", TWO, "passed", NULL, HEADER "verdict of the jury: guilty\n");
	judge(tc, 1, ONE, "not tested",
	    "pipe/a_test:a broke: a line of it is not understood: " ONE " wonders");
	HOLDS("report.txt", "pipe/a_test:b\n    a line of it is not understood: 2 profile=linux\n");
	HOLDS("report.txt", "speaks for the profile \"minix\"");
	HOLDS("report.txt", "\nBroken cases (3)\n");
}

/* The project's own tests may stand in the same file; only their failures count. */
ATF_TC_WITHOUT_HEAD(own_suite);
ATF_TC_BODY(own_suite, tc)
{
	begin("");
	made_case("a", NULL, "passed", NULL, HEADER "verdict " ONE " deviates\n");
	sql("UPDATE test_programs SET test_suite_name = 'plumbline-own'");
	sql("INSERT INTO test_programs VALUES (2, 'pipe/b_test', 'plumbline')");
	made_case("b", TWO, "passed", NULL, HEADER "verdict " TWO " conforms\n");
	sql("UPDATE test_cases SET test_program_id = 2 WHERE name = 'b'");
	judge(tc, 0, ONE, "not tested", "not in this run");
}

#define FIXED_ROW(from, to) ONE "\tLinux\t" from "\t" to "\tpipe(2) BUGS\tslow\n"

ATF_TC_WITHOUT_HEAD(no_longer_deviates);
ATF_TC_BODY(no_longer_deviates, tc)
{
	begin(TWO "\tLinux\t-\t-\tc\tr\n" FIXED_ROW("6.1", "6.17") FIXED_ROW("6.18", "-"));
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", TWO, "expected_failure", "x", HEADER "verdict " TWO " known\n");
	judge(tc, 0, ONE, "conforms", "");
	HOLDS("stdout.txt",
	    "no longer deviates: " ONE " (pipe/deviations.tsv:4: pipe(2) BUGS)\nreport: ");
	HOLDS("report.txt",
	    "\nKnown deviations that no longer deviate (1)\n\n" ONE
	    " (pipe/deviations.tsv:4: pipe(2) BUGS)\n");
}

/* Not of this release, not of this system, not judged: nothing is known of it. */
ATF_TC_WITHOUT_HEAD(still_may_deviate);
ATF_TC_BODY(still_may_deviate, tc)
{
	begin(FIXED_ROW("-", "6.17") FIXED_ROW("6.19", "-") ONE "\tFreeBSD\t-\t-\tc\tr\n" TWO
								"\tLinux\t-\t-\tc\tr\n");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", TWO, "skipped", "not tested: x", HEADER);
	judge(tc, 0, ONE, "conforms", "");
	LACKS("stdout.txt", "no longer deviates");
}

/* What another system's documentation allows says nothing about the known deviation. */
ATF_TC_WITHOUT_HEAD(still_may_deviate_from_its_own_page);
ATF_TC_BODY(still_may_deviate_from_its_own_page, tc)
{
	begin(FIXED_ROW("-", "-"));
	made_case("a", ONE, "passed", NULL,
	    "plumbline 1 profile=freebsd os=Linux release=6.18 privileged=yes\n"
	    "verdict " ONE " conforms\n");
	judge(tc, 0, ONE, "conforms", "");
	LACKS("stdout.txt", "no longer deviates");
}

/* Exactly twenty of a kind are shown; the line count of each is bounded. */
ATF_TC_WITHOUT_HEAD(summary_is_short);
ATF_TC_BODY(summary_is_short, tc)
{
	char name[16], *out, *c;
	int lines = 0;

	begin("");
	for (int i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "c%02d", i);
		made_case(name, ONE, "failed", "x",
		    HEADER "deviation " ONE "\n  expected: 1\n  observed: 2\n  and 3\nend\n");
		snprintf(name, sizeof(name), "b%02d", i);
		made_case(name, TWO, "broken", "x",
		    "broken: 1\nbroken: 2\nbroken: 3\nbroken: 4\nbroken: 5\nbroken: 6\n");
	}
	judge(tc, 1, ONE, "deviates", "pipe/a_test:c00: 2\\n  and 3");
	HOLDS("stdout.txt", "\nand 30 more deviations\n");
	HOLDS("stdout.txt", "\nand 30 more broken cases\n");
	HOLDS("stdout.txt", "case: pipe/a_test:c19\n");
	LACKS("stdout.txt", "case: pipe/a_test:c20\n");
	out = read_file("stdout.txt");
	for (c = out; *c != '\0'; c++)
		lines += *c == '\n';
	ATF_CHECK_EQ(lines, 20 * 5 + 1 + 20 * 5 + 1 + 2);
	free(out);
	HOLDS("report.txt", "case: pipe/a_test:c49\n");
}

ATF_TC_WITHOUT_HEAD(mixture);
ATF_TC_BODY(mixture, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", TWO, "passed", NULL,
	    "plumbline 1 profile=posix os=Linux release=6.18 privileged=yes\n");
	made_end();
	check_refusal(tc, RUN, "results.db: a mixture: ", "pipe/a_test:a ran under profile linux");
	ATF_CHECK(access("report.txt", F_OK) != 0);
	ATF_CHECK(access("m.tsv", F_OK) != 0);
}

ATF_TC_WITHOUT_HEAD(mixture_of_releases);
ATF_TC_BODY(mixture_of_releases, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER);
	made_case("b", TWO, "passed", NULL,
	    "plumbline 1 profile=linux os=Linux release=6.19 privileged=yes\n");
	made_end();
	check_refusal(tc, RUN, "results.db: a mixture: ", "6.19");
}

/* Privileges may differ: some cases ask for a plain user. */
ATF_TC_WITHOUT_HEAD(privileged_or_not);
ATF_TC_BODY(privileged_or_not, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", TWO, "passed", NULL,
	    "plumbline 1 profile=linux os=Linux release=6.18 privileged=no\n"
	    "verdict " TWO " conforms\n");
	judge(tc, 0, ONE, "conforms", "");
	HOLDS("report.txt", "privileged: 1 cases, unprivileged: 1 cases\n");
}

/* Without any case the profile must come from the command line. */
ATF_TC_WITHOUT_HEAD(no_case);
ATF_TC_BODY(no_case, tc)
{
	begin("");
	made_end();
	check_refusal(tc, RUN, "results.db: no case ran: ", "-p");
	ATF_CHECK_EQ(verdicts(tc, "-p freebsd " RUN), 0);
	HOLDS("m.tsv", "pipe.rule.elsewhere\tnot tested\tnot in this run\n");
	HOLDS("report.txt", "profile: freebsd\n");
	check_last_line("stdout.txt",
	    "conform: 5 requirements: 0 conform, 0 deviate, 0 known deviations, "
	    "0 not applicable, 5 not tested");
}

ATF_TC_WITHOUT_HEAD(no_header);
ATF_TC_BODY(no_header, tc)
{
	begin("");
	made_case("a", ONE, "skipped", "Requires root", NULL);
	made_end();
	check_refusal(tc, RUN, "results.db: no case says under which profile it ran: ", "-p");
	ATF_CHECK_EQ(verdicts(tc, "-p linux " RUN), 0);
	HOLDS("m.tsv", ONE "\tnot tested\tRequires root\n");
}

ATF_TC_WITHOUT_HEAD(other_profile);
ATF_TC_BODY(other_profile, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_end();
	check_refusal(tc, "-p posix " RUN, "results.db: ", "profile linux, not posix");
	ATF_CHECK_EQ(verdicts(tc, "-p linux " RUN), 0);
}

/* The areas stand in the order given, and a case may serve both. */
ATF_TC_WITHOUT_HEAD(two_areas);
ATF_TC_BODY(two_areas, tc)
{
	begin("");
	made_area("unix", ROW("unix.rule.three", "0", "0", ""), "", NULL);
	made_case("a", ONE " unix.rule.three", "passed", NULL,
	    HEADER "verdict unix.rule.three conforms\nverdict " ONE " conforms\n");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-m m.tsv -o report.txt results.db unix/ ./pipe"), 0);
	HOLDS("m.tsv", "requirement\tverdict\treason\nunix.rule.three\tconforms\t\n" ONE "\t");
	HOLDS("report.txt",
	    "\nunix              1        1        0      0               0"
	    "           0       100%\n");
	HOLDS("report.txt",
	    "\npipe              5        1        0      0               1"
	    "           3        25%\n");
	HOLDS("report.txt",
	    "\ntotal             6        2        0      0               1"
	    "           3        40%\n");
	HOLDS("stdout.txt", "conform: 6 requirements: 2 conform, ");
}

ATF_TC_WITHOUT_HEAD(bad_tables);
ATF_TC_BODY(bad_tables, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_end();
	check_refusal(tc, "results.db none", "none/requirements.tsv: ", "both tables");
	check_refusal(tc, "results.db pipe pipe", "pipe/requirements.tsv:4: ", "stands in");
	made_area("bad", "pipe.rule.short\tx\n", "", NULL);
	check_refusal(tc, "results.db bad",
	    "bad/requirements.tsv:2: 2 columns where 9 belong: ", "correct the table");
	made_area("lost", "", "pipe.rule.nowhere\tLinux\t-\t-\tc\tr\n", NULL);
	check_refusal(tc, "results.db lost", "lost/deviations.tsv:2: ", "no requirement");
	ATF_REQUIRE_EQ(remove("pipe/deviations.tsv"), 0);
	check_refusal(tc, "results.db pipe", "pipe/deviations.tsv: ", "has its header line");
}

ATF_TC_WITHOUT_HEAD(usage);
ATF_TC_BODY(usage, tc)
{
	begin("");
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_end();
	check_refusal(tc, "", "verdicts: ", "usage: verdicts ");
	check_refusal(tc, "results.db", "verdicts: ", "usage: verdicts ");
	check_refusal(tc, "-x results.db pipe", "verdicts: ", "usage: verdicts ");
	check_refusal(tc, "-o", "verdicts: ", "usage: verdicts ");
	check_refusal(tc, "-p minix results.db pipe", "verdicts: ", "posix, freebsd, linux");
	check_refusal(tc, "-o results.db results.db pipe", "verdicts: ", "write over");
	check_refusal(tc, "-m ./results.db results.db pipe", "verdicts: ", "write over");
	check_refusal(tc, "-m x -o x results.db pipe", "verdicts: ", "same file");
	check_refusal(tc, "-r x -m x results.db pipe", "verdicts: ", "same file");
	check_refusal(tc, "-r results.db results.db pipe", "verdicts: ", "write over");
	check_refusal(tc, "-m pipe/deviations.tsv results.db pipe", "verdicts: ", "write over");
	ATF_CHECK_EQ(verdicts(tc, "results.db pipe"), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, conforms);
	ATF_TP_ADD_TC(tp, deviates);
	ATF_TP_ADD_TC(tp, deviates_without_verdict_line);
	ATF_TP_ADD_TC(tp, deviates_without_block);
	ATF_TP_ADD_TC(tp, deviates_wins);
	ATF_TP_ADD_TC(tp, deviates_where_not_applicable);
	ATF_TP_ADD_TC(tp, known);
	ATF_TP_ADD_TC(tp, known_without_verdict_line);
	ATF_TP_ADD_TC(tp, known_by_verdict);
	ATF_TP_ADD_TC(tp, not_applicable_by_table);
	ATF_TP_ADD_TC(tp, not_applicable_by_skips);
	ATF_TP_ADD_TC(tp, not_applicable_needs_every_case);
	ATF_TP_ADD_TC(tp, skips_beside_a_pass);
	ATF_TP_ADD_TC(tp, skip_is_no_pass);
	ATF_TP_ADD_TC(tp, skip_by_kyua);
	ATF_TP_ADD_TC(tp, not_tested_broken);
	ATF_TP_ADD_TC(tp, broken_by_kyua);
	ATF_TP_ADD_TC(tp, broken_after_judging);
	ATF_TP_ADD_TC(tp, unreached);
	ATF_TP_ADD_TC(tp, open_in_this_profile);
	ATF_TP_ADD_TC(tp, silent);
	ATF_TP_ADD_TC(tp, reason_of_several);
	ATF_TP_ADD_TC(tp, not_named);
	ATF_TP_ADD_TC(tp, not_named_without_sources);
	ATF_TP_ADD_TC(tp, without_result);
	ATF_TP_ADD_TC(tp, failed_without_deviation);
	ATF_TP_ADD_TC(tp, unknown_ids);
	ATF_TP_ADD_TC(tp, odd_lines);
	ATF_TP_ADD_TC(tp, own_suite);
	ATF_TP_ADD_TC(tp, no_longer_deviates);
	ATF_TP_ADD_TC(tp, still_may_deviate);
	ATF_TP_ADD_TC(tp, still_may_deviate_from_its_own_page);
	ATF_TP_ADD_TC(tp, summary_is_short);
	ATF_TP_ADD_TC(tp, mixture);
	ATF_TP_ADD_TC(tp, mixture_of_releases);
	ATF_TP_ADD_TC(tp, privileged_or_not);
	ATF_TP_ADD_TC(tp, no_case);
	ATF_TP_ADD_TC(tp, no_header);
	ATF_TP_ADD_TC(tp, other_profile);
	ATF_TP_ADD_TC(tp, two_areas);
	ATF_TP_ADD_TC(tp, bad_tables);
	ATF_TP_ADD_TC(tp, usage);
	return (atf_no_error());
}
