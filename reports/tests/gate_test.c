/*
 * The gate on made-up runs: every sort of regression turns it red, nothing else
 * does, and what it cannot judge it refuses.
 */

#include "made_up.h"

#define ONE "pipe.rule.one"
#define TWO "pipe.rule.two"
#define KNOWN_ID "pipe.rule.known"
#define AWAY "pipe.rule.away"
#define CASES 5

#define AREA_ROWS              \
	ROW(ONE, "0", "0", "") \
	ROW(TWO, "0", "0", "") ROW(KNOWN_ID, "0", "0", "") ROW(AWAY, "0", "0", "")
#define KNOWN_ROW KNOWN_ID "\tLinux\t-\t-\tpipe(2) BUGS\tnever did\n"
#define DEVIATION(id)                                                                \
	HEADER "deviation " id "\n  expected: 0\n  observed: read(p0, 8) = EAGAIN\n" \
	       "  at: a_test.c:17\nend\nverdict " id " deviates\n"
#define KNOWN_DEVIATION                                                                         \
	HEADER "deviation " KNOWN_ID "\n  observed: 8\n  known: pipe(2) BUGS: never did\nend\n" \
	       "verdict " KNOWN_ID " known\n"
#define GOOD(id) HEADER "verdict " id " conforms\n"
#define GATE "-b b.tsv -d now.db pipe"

/* One case of the usual run; a change puts another in its place. */
struct made {
	const char *name, *requirements, *result, *reason, *output;
	int milliseconds;
};

static const struct made usual[CASES] = {
	{ "one", ONE, "passed", NULL, GOOD(ONE), 5 },
	{ "other", ONE, "passed", NULL, GOOD(ONE), 5 },
	{ "two", TWO, "passed", NULL, GOOD(TWO), 400 },
	{ "known", KNOWN_ID, "expected_failure", "x", KNOWN_DEVIATION, 5 },
	{ "away", AWAY, "skipped", "not tested: no device", HEADER, 5 },
};

static bool
is_changed(const char *name, const struct made *changes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(changes[i].name, name) == 0)
			return (true);
	return (false);
}

static void
made_one(const struct made *m)
{
	char update[200];

	made_case(m->name, m->requirements, m->result, m->reason, m->output);
	snprintf(update, sizeof(update),
	    "UPDATE test_results SET end_time = start_time + %d WHERE test_case_id = %lld",
	    m->milliseconds * 1000, (long long)made_cases);
	sql(update);
}

/* The usual run where the cases of these names are as given; a NULL result drops one. */
static void
made_run(const char *path, const struct made *changes, size_t count)
{
	unlink(path);
	made_begin(path, 3);
	for (size_t i = 0; i < CASES; i++)
		if (!is_changed(usual[i].name, changes, count))
			made_one(&usual[i]);
	for (size_t i = 0; i < count; i++)
		if (changes[i].result != NULL)
			made_one(&changes[i]);
	made_end();
}

static int
gate(const atf_tc_t *tc, const char *words)
{
	return (report_program(tc, "gate", words));
}

/* An area, the usual run, and the baseline of it. */
static void
begin(const atf_tc_t *tc)
{
	made_area("pipe", AREA_ROWS, KNOWN_ROW, "/* one */\n");
	made_run("usual.db", NULL, 0);
	ATF_REQUIRE_EQ(gate(tc, "-w -b b.tsv -d usual.db pipe"), 0);
	HOLDS("stdout.txt", "baseline: b.tsv: 4 requirements, 5 cases, 0 of them deviate");
}

/* A run with that one case: the exit status, the summary line. */
static void
check(const atf_tc_t *tc, const struct made *change, int status, const char *summary)
{
	made_run("now.db", change, change != NULL);
	ATF_CHECK_EQ_MSG(gate(tc, "-o gate.md " GATE), status, "%s", summary);
	check_last_line("stdout.txt", summary);
}

ATF_TC_WITHOUT_HEAD(clean);
ATF_TC_BODY(clean, tc)
{
	begin(tc);
	check(tc, NULL, 0, "gate: clean; 5 cases, 4 requirements");
	HOLDS("gate.md", "## Gate: clean\n");
	LACKS("gate.md", "###");
	LACKS("gate.md", SECRET);
	ATF_CHECK_EQ(gate(tc, GATE), 0);
	HOLDS("stdout.txt", "## Gate: clean\n");
}

/* The limit is that of the class, and what only comes near it is not slower. */
ATF_TC_WITHOUT_HEAD(slower);
ATF_TC_BODY(slower, tc)
{
	begin(tc);
	check(tc, &(struct made){ "one", ONE, "passed", NULL, GOOD(ONE), 2900 }, 0,
	    "gate: clean; 5 cases, 4 requirements");
	check(tc, &(struct made){ "two", TWO, "passed", NULL, GOOD(TWO), 4900 }, 0,
	    "gate: clean; 5 cases, 4 requirements");
	check(tc, &(struct made){ "one", ONE, "passed", NULL, GOOD(ONE), 3100 }, 1,
	    "gate: 1 regression: 1 slower; 5 cases, 4 requirements");
	HOLDS("gate.md", "    pipe/a_test:one\n        was: short, limit 3.0 s; is: 3.1 s\n");
	check(tc, &(struct made){ "two", TWO, "passed", NULL, GOOD(TWO), 5100 }, 1,
	    "gate: 1 regression: 1 slower; 5 cases, 4 requirements");
	/* In one of two runs only, it is said and no more. */
	ATF_CHECK_EQ(gate(tc, "-b b.tsv -d usual.db -d now.db pipe"), 0);
	HOLDS(
	    "stdout.txt", "    pipe/a_test:two: was second, limit 5.0 s; is 5.1 s, but not in all");
	HOLDS("stdout.txt", "gate: clean; 5 cases, 4 requirements; no regressions: 1 changed\n");
}

/* Thirty cases that take long each stretch the limits; a few do not. */
ATF_TC_WITHOUT_HEAD(slow_machine);
ATF_TC_BODY(slow_machine, tc)
{
	struct made many[30], one = { "one", ONE, "passed", NULL, GOOD(ONE), 4000 };
	char names[30][8];

	begin(tc);
	for (int i = 0; i < 30; i++) {
		snprintf(names[i], sizeof(names[i]), "c%d", i);
		many[i] = (struct made){ names[i], ONE, "passed", NULL, GOOD(ONE), 100 };
	}
	many[0] = one;
	made_run("now.db", many, 30);
	ATF_CHECK_EQ(gate(tc, GATE), 0);
	HOLDS("stdout.txt", "    slow run: limits of time stretched by 2.0\n");
	check(tc, &one, 1, "gate: 1 regression: 1 slower; 5 cases, 4 requirements");
}

ATF_TC_WITHOUT_HEAD(new_deviation);
ATF_TC_BODY(new_deviation, tc)
{
	begin(tc);
	check(tc, &(struct made){ "one", ONE, "failed", "x", DEVIATION(ONE), 5 }, 1,
	    "gate: 1 regression: 1 new deviation; 5 cases, 4 requirements");
	HOLDS("gate.md",
	    "### New deviations (1)\n\nThe kernel no longer does what its documentation says.\n\n"
	    "    " ONE "\n"
	    "        was: conforms; is: deviates\n"
	    "        statement: statement of " ONE "\n"
	    "        source: source of " ONE "\n"
	    "        expected: 0\n"
	    "        observed: read(p0, 8) = EAGAIN\n"
	    "        at: a_test.c:17\n"
	    "        case: pipe/a_test:one\n"
	    "        run it: make conform CASE=pipe/a_test:one\n");
	HOLDS("gate.md", "`make baseline`");
	/* One that a table knows of now, but the baseline does not. */
	check(tc,
	    &(struct made){ "one", ONE, "expected_failure", "x",
		HEADER "deviation " ONE "\n  observed: 8\n  known: x: y\nend\nverdict " ONE
		       " known\n",
		5 },
	    1, "gate: 1 regression: 1 new deviation; 5 cases, 4 requirements");
	HOLDS("gate.md", "was: conforms; is: known deviation\n");
}

/* What was accepted once is no regression, until more fails than that. */
ATF_TC_WITHOUT_HEAD(accepted_deviation);
ATF_TC_BODY(accepted_deviation, tc)
{
	struct made both[] = { { "one", ONE, "failed", "x", DEVIATION(ONE), 5 },
		{ "other", ONE, "failed", "x", DEVIATION(ONE), 5 } };

	begin(tc);
	made_run("now.db", both, 1);
	ATF_CHECK_EQ(gate(tc, "-w " GATE), 0);
	HOLDS("stdout.txt", "5 cases, 1 of them deviate or are broken\n");
	HOLDS("b.tsv", "requirement\t" ONE "\tdeviates\n");
	ATF_CHECK_EQ(gate(tc, GATE), 0);
	made_run("now.db", both, 2);
	ATF_CHECK_EQ(gate(tc, GATE), 1);
	HOLDS("stdout.txt", "### Cases that newly fail or break (1)\n");
	HOLDS("stdout.txt", "    pipe/a_test:other\n        was: passed; is: deviates\n");
	/* All well again: better, no regression. */
	check(tc, NULL, 0, "gate: clean; 5 cases, 4 requirements; no regressions: 2 changed");
	HOLDS("gate.md", "    " ONE ": was deviates; is conforms\n");
}

ATF_TC_WITHOUT_HEAD(new_failure);
ATF_TC_BODY(new_failure, tc)
{
	begin(tc);
	check(tc, &(struct made){ "one", ONE, "broken", "it crashed", HEADER, 5 }, 1,
	    "gate: 1 regression: 1 new failure; 5 cases, 4 requirements");
	HOLDS("gate.md", "        was: passed; is: broken\n");
	HOLDS("gate.md", "        reason: it crashed\n");
	/* A word that nobody understands breaks a case that kyua calls passed. */
	check(tc,
	    &(struct made){ "one", ONE, "passed", NULL, GOOD(ONE) "verdict " ONE " maybe\n", 5 }, 1,
	    "gate: 1 regression: 1 new failure; 5 cases, 4 requirements");
	check(tc, &(struct made){ "fresh", ONE, "failed", "no word", HEADER, 5 }, 1,
	    "gate: 1 regression: 1 new failure; 6 cases, 4 requirements");
	HOLDS("gate.md", "        was: not in the baseline; is: broken\n");
}

ATF_TC_WITHOUT_HEAD(vanished);
ATF_TC_BODY(vanished, tc)
{
	begin(tc);
	check(tc, &(struct made){ .name = "other" }, 1,
	    "gate: 1 regression: 1 vanished; 4 cases, 4 requirements");
	HOLDS("gate.md", "    pipe/a_test:other\n        was: passed; is: not in this run\n");
	/* A requirement that no table has any more, and its case with it. */
	ATF_REQUIRE_EQ(system("rm -r pipe"), 0);
	made_area("pipe",
	    ROW(ONE, "0", "0", "") ROW(KNOWN_ID, "0", "0", "") ROW(AWAY, "0", "0", ""), KNOWN_ROW,
	    "/* one */\n");
	check(tc, &(struct made){ .name = "two" }, 1,
	    "gate: 2 regressions: 2 vanished; 4 cases, 3 requirements");
	HOLDS("gate.md", "    " TWO "\n        was: conforms; is: in no table\n");
}

ATF_TC_WITHOUT_HEAD(new_skip);
ATF_TC_BODY(new_skip, tc)
{
	begin(tc);
	check(tc, &(struct made){ "one", ONE, "skipped", "not tested: no room", HEADER, 5 }, 1,
	    "gate: 1 regression: 1 new skip; 5 cases, 4 requirements");
	HOLDS("gate.md",
	    "    pipe/a_test:one\n        was: passed; is: skipped\n        requirement: " ONE
	    "\n");
	HOLDS("gate.md", "        reason: not tested: no room\n");
	/* With its only case a requirement goes untested. */
	check(tc, &(struct made){ "two", TWO, "skipped", "not tested: no room", HEADER, 5 }, 1,
	    "gate: 2 regressions: 2 new skips; 5 cases, 4 requirements");
	HOLDS("gate.md", "    " TWO "\n        was: conforms; is: not tested\n");
	/* One that passes without a word does so too. */
	check(tc, &(struct made){ "two", TWO, "passed", NULL, HEADER, 5 }, 1,
	    "gate: 1 regression: 1 new skip; 5 cases, 4 requirements");
	/* No longer applicable is no longer tested; a skip that ended is better. */
	check(tc, &(struct made){ "two", TWO, "skipped", "not applicable: no", HEADER, 5 }, 1,
	    "gate: 2 regressions: 2 new skips; 5 cases, 4 requirements");
	check(tc, &(struct made){ "away", AWAY, "passed", NULL, GOOD(AWAY), 5 }, 0,
	    "gate: clean; 5 cases, 4 requirements; no regressions: 2 changed");
}

ATF_TC_WITHOUT_HEAD(conforms_again);
ATF_TC_BODY(conforms_again, tc)
{
	begin(tc);
	check(tc, &(struct made){ "known", KNOWN_ID, "passed", NULL, GOOD(KNOWN_ID), 5 }, 1,
	    "gate: 1 regression: 1 conforms again; 5 cases, 4 requirements");
	HOLDS("gate.md", "    " KNOWN_ID "\n        was: known deviation; is: conforms\n");
	HOLDS("gate.md", "        row: pipe/deviations.tsv:2\n");
}

/* Of two cases that knew it one still does: the requirement is as it was, the case not. */
ATF_TC_WITHOUT_HEAD(one_case_conforms_again);
ATF_TC_BODY(one_case_conforms_again, tc)
{
	struct made more = { "known2", KNOWN_ID, "expected_failure", "x", KNOWN_DEVIATION, 5 };

	begin(tc);
	made_run("now.db", &more, 1);
	ATF_REQUIRE_EQ(gate(tc, "-w " GATE), 0);
	more = (struct made){ "known2", KNOWN_ID, "passed", NULL, GOOD(KNOWN_ID), 5 };
	check(tc, &more, 1, "gate: 1 regression: 1 conforms again; 6 cases, 4 requirements");
	HOLDS("gate.md", "    pipe/a_test:known2\n        was: known deviation; is: passed\n");
}

ATF_TC_WITHOUT_HEAD(new_things);
ATF_TC_BODY(new_things, tc)
{
	begin(tc);
	check(tc, &(struct made){ "fresh", ONE, "passed", NULL, GOOD(ONE), 9000 }, 0,
	    "gate: clean; 6 cases, 4 requirements; no regressions: 1 new");
	HOLDS("gate.md", "### Not in the baseline (1)\n");
	HOLDS("gate.md", "    pipe/a_test:fresh: was not in the baseline; is passed\n");
}

/* How often of how many, and which requirement; each is told once. */
ATF_TC_WITHOUT_HEAD(flaky);
ATF_TC_BODY(flaky, tc)
{
	struct made bad = { "two", TWO, "failed", "x", DEVIATION(TWO), 400 };
	struct made gone = { .name = "two" };

	begin(tc);
	made_run("bad.db", &bad, 1);
	made_run("gone.db", &gone, 1);
	ATF_CHECK_EQ(gate(tc, "-b b.tsv -d usual.db -d bad.db -d usual.db pipe"), 1);
	HOLDS("stdout.txt", "### Flaky: not the same in every run (1)\n");
	HOLDS("stdout.txt",
	    "    pipe/a_test:two\n"
	    "        was: passed; is: passed 2 of 3, deviates 1 of 3\n"
	    "        requirement: " TWO "\n");
	HOLDS("stdout.txt", "        observed: read(p0, 8) = EAGAIN\n");
	HOLDS("stdout.txt", "        run it: make gate REPEAT=20 CASE=pipe/a_test:two\n");
	check_last_line("stdout.txt", "gate: 1 regression: 1 flaky; 5 cases, 4 requirements");
	ATF_CHECK_EQ(gate(tc, "-b b.tsv -d gone.db -d usual.db pipe"), 1);
	HOLDS("stdout.txt", "is: passed 1 of 2, missing 1 of 2\n");
	/* Always bad is no flake. */
	ATF_CHECK_EQ(gate(tc, "-b b.tsv -d bad.db -d bad.db pipe"), 1);
	check_last_line(
	    "stdout.txt", "gate: 1 regression: 1 new deviation; 5 cases, 4 requirements");
	/* A baseline has one answer. */
	check_refusal_of(tc, "gate", "-w -b b.tsv -d usual.db -d bad.db pipe",
	    "pipe/a_test:two: ", "not the same in all of 2 runs");
}

/* The case is the same in both, but not what it says of its requirement. */
ATF_TC_WITHOUT_HEAD(flaky_requirement);
ATF_TC_BODY(flaky_requirement, tc)
{
	struct made silent = { "two", TWO, "passed", NULL, HEADER, 400 };

	begin(tc);
	made_run("now.db", &silent, 1);
	ATF_CHECK_EQ(gate(tc, "-b b.tsv -d usual.db -d now.db pipe"), 1);
	HOLDS("stdout.txt",
	    "    " TWO "\n        was: conforms; is: conforms 1 of 2, not tested 1 of 2\n");
}

/* Annotations: their file and line, and characters that would end them early. */
ATF_TC_WITHOUT_HEAD(github);
ATF_TC_BODY(github, tc)
{
	struct made bad = { "one", ONE, "failed", "x",
		HEADER "deviation " ONE "\n  observed: 100% \x1b[31m a:b,c\r::error::x\n"
		       "  at: a_test.c:1\nend\nverdict " ONE " deviates\n",
		5 };
	struct made gone = { "known", KNOWN_ID, "passed", NULL, GOOD(KNOWN_ID), 5 };
	char *text;

	begin(tc);
	check(tc, &bad, 1, "gate: 1 regression: 1 new deviation; 5 cases, 4 requirements");
	ATF_CHECK_EQ(gate(tc, "-g -o gate.md " GATE), 1);
	HOLDS("stdout.txt", "::error file=pipe/a_test.c,line=1,title=new deviation::");
	HOLDS("stdout.txt", "observed: 100%25 \\x1b[31m a:b,c\\x0d::error::x%0A");
	text = read_file("stdout.txt");
	ATF_CHECK_MSG(strncmp(text, "::error ", 8) == 0, "%s", text);
	ATF_CHECK_MSG(strstr(text, "\n::error") == NULL, "%s", text);
	free(text);
	check(tc, &gone, 1, "gate: 1 regression: 1 conforms again; 5 cases, 4 requirements");
	ATF_CHECK_EQ(gate(tc, "-g " GATE), 1);
	HOLDS("stdout.txt", "::error file=pipe/deviations.tsv,line=2,title=conforms again::");
	check(tc, NULL, 0, "gate: clean; 5 cases, 4 requirements");
	ATF_CHECK_EQ(gate(tc, "-g " GATE), 0);
	LACKS("stdout.txt", "::error");
}

/* Whatever a kernel says stays in an indented line. */
ATF_TC_WITHOUT_HEAD(hostile_text);
ATF_TC_BODY(hostile_text, tc)
{
	struct made bad = { "one", ONE, "failed", "x",
		HEADER "deviation " ONE "\n  observed: ``` <script>\n\n    # heading\n## more\n"
		       "end\nverdict " ONE " deviates\n",
		5 };
	char *text;

	begin(tc);
	check(tc, &bad, 1, "gate: 1 regression: 1 new deviation; 5 cases, 4 requirements");
	HOLDS("gate.md", "        observed: ``` <script>\n");
	text = read_file("gate.md");
	ATF_CHECK(strstr(text, "\n```") == NULL);
	ATF_CHECK(strstr(text, "\n# heading") == NULL);
	ATF_CHECK(strstr(text, "\n## more") == NULL);
	free(text);
}

/* Of the areas that did not run nothing is said, unless all were to run. */
ATF_TC_WITHOUT_HEAD(areas);
ATF_TC_BODY(areas, tc)
{
	begin(tc);
	made_area("udp", ROW("udp.rule.one", "0", "0", ""), "", "/* one */\n");
	made_begin("now.db", 3);
	made_program("udp/b_test");
	made_case("x", "udp.rule.one", "passed", NULL, GOOD("udp.rule.one"));
	made_end();
	ATF_CHECK_EQ(gate(tc, "-p -b b.tsv -d now.db udp"), 0);
	check_last_line(
	    "stdout.txt", "gate: clean; 1 cases, 1 requirements; no regressions: 2 new");
	ATF_CHECK_EQ(gate(tc, "-b b.tsv -d now.db udp"), 1);
	HOLDS("stdout.txt", "### Vanished cases and requirements (9)\n");
	/* A baseline of a part keeps the rows of the others. */
	ATF_CHECK_EQ(gate(tc, "-w -p -b b.tsv -d now.db udp"), 0);
	HOLDS("b.tsv", "case\tpipe/a_test:away\tskipped\tshort\n");
	HOLDS("b.tsv", "case\tudp/b_test:x\tpassed\tshort\n");
	HOLDS("b.tsv", "requirement\tudp.rule.one\tconforms\ncase\tpipe/a_test:away\t");
	ATF_CHECK_EQ(gate(tc, "-w -b b.tsv -d now.db udp"), 0);
	LACKS("b.tsv", "pipe");
	check_refusal_of(tc, "gate", "-p -b b.tsv -d now.db pipe", "now.db: ", "name the areas");
}

/* Of a choice of cases only those were to run, and no requirement is missed. */
ATF_TC_WITHOUT_HEAD(choice);
ATF_TC_BODY(choice, tc)
{
	struct made few[] = { { .name = "other" }, { .name = "two" }, { .name = "known" },
		{ .name = "away" }, { "one", ONE, "failed", "x", DEVIATION(ONE), 5 } };

	begin(tc);
	made_run("now.db", few, 4);
	write_file("list", "pipe/a_test:one\n");
	ATF_CHECK_EQ(gate(tc, "-c list " GATE), 0);
	write_file("list", "pipe/a_test:two\npipe/a_test:one\n");
	ATF_CHECK_EQ(gate(tc, "-c list " GATE), 1);
	check_last_line("stdout.txt", "gate: 1 regression: 1 vanished; 1 cases, 0 requirements");
	/* Of those, only the ones in areas that ran. */
	write_file("list", "pipe/a_test:one\npipe/a_test:two\n");
	made_area("udp", ROW("udp.rule.one", "0", "0", ""), "", "/* one */\n");
	check_refusal_of(
	    tc, "gate", "-p -c list -b b.tsv -d now.db udp", "now.db: ", "name the areas");
	/* Cases that are not chosen say nothing, whatever became of them. */
	made_run("now.db", few + 4, 1);
	write_file("list", "pipe/a_test:two\n");
	ATF_CHECK_EQ(gate(tc, "-c list " GATE), 0);
	check_last_line("stdout.txt", "gate: clean; 1 cases, 0 requirements");
	made_run("now.db", few, 5);
	write_file("list", "pipe/a_test:one\n");
	ATF_CHECK_EQ(gate(tc, "-c list " GATE), 1);
	check_last_line(
	    "stdout.txt", "gate: 1 regression: 1 new deviation; 1 cases, 1 requirements");
	check_refusal_of(tc, "gate", "-c nosuch " GATE, "nosuch: ", "make it readable");
}

/* Runs that are not of this baseline's sort, not of one sort, or not runs. */
ATF_TC_WITHOUT_HEAD(other_runs);
ATF_TC_BODY(other_runs, tc)
{
	static const struct {
		const char *header, *part;
	} others[] = {
		{ "plumbline 1 profile=posix os=Linux release=6.18 privileged=yes\n",
		    "is for profile linux on Linux, privileged yes, but now.db ran under posix" },
		{ "plumbline 1 profile=linux os=FreeBSD release=6.18 privileged=yes\n",
		    "but now.db ran under linux on FreeBSD, yes" },
		{ "plumbline 1 profile=linux os=Linux release=6.18 privileged=no\n",
		    "but now.db ran under linux on Linux, no" },
	};
	struct made open = { "one", ONE, "", NULL, GOOD(ONE), 5 };

	begin(tc);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		unlink("now.db");
		made_begin("now.db", 3);
		made_case("one", ONE, "passed", NULL, others[i].header);
		made_end();
		check_refusal_of(tc, "gate", GATE, "b.tsv: it ", others[i].part);
		check_refusal_of(tc, "gate", "-w " GATE, "b.tsv: it ", others[i].part);
		check_refusal_of(tc, "gate", "-b b.tsv -d usual.db -d now.db pipe",
		    "now.db: ", "give repeats of one run");
	}
	made_run("now.db", &open, 1);
	check_refusal_of(tc, "gate", GATE, "now.db: ", "the run is not finished, 1 of 5 cases");
	unlink("now.db");
	made_begin("now.db", 3);
	made_case("one", ONE, "passed", NULL, GOOD(ONE));
	made_case("one", ONE, "passed", NULL, GOOD(ONE));
	made_end();
	check_refusal_of(tc, "gate", GATE, "now.db: ", "pipe/a_test:one is in it twice");
	write_file("now.db",
	    "no database, but longer than the hundred bytes that one begins with, "
	    "so that it is looked at in full");
	check_refusal_of(tc, "gate", GATE, "now.db: ", "not an SQLite file");
	check_refusal_of(tc, "gate", "-b b.tsv -d no.db pipe", "no.db: ", "run the suite first");
}

/* Names that are no words do not get into a baseline, nor into a command. */
ATF_TC_WITHOUT_HEAD(hostile_names);
ATF_TC_BODY(hostile_names, tc)
{
	struct made bad = { "$(touch x)", ONE, "broken", "x", HEADER, 5 };

	begin(tc);
	made_run("now.db", &bad, 1);
	check_refusal_of(tc, "gate", "-w " GATE, "now.db: ", "cannot stand in a baseline");
	ATF_CHECK_EQ(gate(tc, GATE), 1);
	LACKS("stdout.txt", "CASE=");
	bad.name = "a\tb\n";
	made_run("now.db", &bad, 1);
	check_refusal_of(tc, "gate", "-w " GATE, "now.db: ", "cannot stand in a baseline");
	ATF_CHECK_EQ(gate(tc, GATE), 1);
	HOLDS("stdout.txt", "    pipe/a_test:a\\tb\\n\n");
}

ATF_TC_WITHOUT_HEAD(options);
ATF_TC_BODY(options, tc)
{
	begin(tc);
	made_run("now.db", NULL, 0);
	check_refusal_of(tc, "gate", "", "gate: ", "usage: gate");
	check_refusal_of(tc, "gate", "-b b.tsv pipe", "gate: ", "at least one results file");
	check_refusal_of(tc, "gate", "-x " GATE, "gate: ", "an option that it does not have");
	check_refusal_of(tc, "gate", "-b", "gate: ", "lacks its argument");
	check_refusal_of(tc, "gate", "-w -g " GATE, "gate: ", "with -w there is no");
	check_refusal_of(tc, "gate", "-o now.db " GATE, "gate: ", "write over what it reads");
	check_refusal_of(tc, "gate", "-o b.tsv " GATE, "gate: ", "same file");
	check_refusal_of(
	    tc, "gate", "-w -b now.db -d now.db pipe", "gate: ", "write over what it reads");
	check_refusal_of(tc, "gate", "-o no/gate.md " GATE, "no/gate.md: ", "cannot write");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, clean);
	ATF_TP_ADD_TC(tp, slower);
	ATF_TP_ADD_TC(tp, slow_machine);
	ATF_TP_ADD_TC(tp, new_deviation);
	ATF_TP_ADD_TC(tp, accepted_deviation);
	ATF_TP_ADD_TC(tp, new_failure);
	ATF_TP_ADD_TC(tp, vanished);
	ATF_TP_ADD_TC(tp, new_skip);
	ATF_TP_ADD_TC(tp, conforms_again);
	ATF_TP_ADD_TC(tp, one_case_conforms_again);
	ATF_TP_ADD_TC(tp, new_things);
	ATF_TP_ADD_TC(tp, flaky);
	ATF_TP_ADD_TC(tp, flaky_requirement);
	ATF_TP_ADD_TC(tp, github);
	ATF_TP_ADD_TC(tp, hostile_text);
	ATF_TP_ADD_TC(tp, areas);
	ATF_TP_ADD_TC(tp, choice);
	ATF_TP_ADD_TC(tp, other_runs);
	ATF_TP_ADD_TC(tp, hostile_names);
	ATF_TP_ADD_TC(tp, options);
	return (atf_no_error());
}
