/*
 * The machine forms: what each says of every fate of a case, and that they stay
 * well-formed whatever stands in a results file.
 */

#include <stdint.h>

#include "made_up.h"

#define ONE "pipe.rule.one"
#define TWO "pipe.rule.two"
#define ALL                                                                            \
	"-o report.txt -m verdicts.tsv -c cases.tsv -r readiness.txt -j results.json " \
	"-x junit.xml -t results.tap -w index.html "

/* A case that looks through a form with other programs. */
#define FORM_TEST(name, programs)                                 \
	ATF_TC(name);                                             \
	ATF_TC_HEAD(name, tc)                                     \
	{                                                         \
		atf_tc_set_md_var(tc, "require.progs", programs); \
	}                                                         \
	ATF_TC_BODY(name, tc)

static void
begin(void)
{
	made_area("pipe", ROW(ONE, "0", "0", "") ROW(TWO, "0", "0", ""), "", NULL);
	made_begin("results.db", 3);
}

/* What a command of shell says; it must be content. */
static void
check_shell(const char *command, int line)
{
	char *said;
	char all[4096];
	int status;

	snprintf(all, sizeof(all), "{ %s\n} >said.txt 2>&1", command);
	status = system(all);
	said = read_file("said.txt");
	if (status != 0)
		atf_tc_fail_nonfatal("line %d: %s: %.2000s", line, command, said);
	free(said);
}

#define SHELL(command) check_shell(command, __LINE__)

/* Is that expression true of results.json, of junit.xml? */
#define JQ(expression) SHELL("jq -e '" expression "' results.json")
#define XPATH(expression) SHELL("test \"$(xmllint --xpath '" expression "' junit.xml)\" = true")

static void
check_schemas(const atf_tc_t *tc)
{
	const char *srcdir = atf_tc_get_config_var(tc, "srcdir");
	char command[2048];

	snprintf(command, sizeof(command), "xmllint --noout --schema '%s/../junit.xsd' junit.xml",
	    srcdir);
	SHELL(command);
	snprintf(command, sizeof(command), "jsonschema -i results.json '%s/../results.schema.json'",
	    srcdir);
	SHELL(command);
}

/* The schema refuses results.json after that change by jq, junit.xml after that by sed. */
static void
check_json_refused(const atf_tc_t *tc, const char *change)
{
	char command[2048];

	snprintf(command, sizeof(command),
	    "jq '%s' results.json >changed.json && ! cmp -s changed.json results.json && "
	    "! jsonschema -i changed.json '%s/../results.schema.json'",
	    change, atf_tc_get_config_var(tc, "srcdir"));
	SHELL(command);
}

static void
check_junit_refused(const atf_tc_t *tc, const char *change)
{
	char command[2048];

	snprintf(command, sizeof(command),
	    "sed '%s' junit.xml >changed.xml && ! cmp -s changed.xml junit.xml && "
	    "xmllint --noout changed.xml && "
	    "! xmllint --noout --schema '%s/../junit.xsd' changed.xml",
	    change, atf_tc_get_config_var(tc, "srcdir"));
	SHELL(command);
}

/* Valid UTF-8 without control characters but newlines, and tabs where a table has them. */
static void
check_clean(const char *path)
{
	char command[256];

	snprintf(command, sizeof(command), "iconv -f UTF-8 -t UTF-8 %s >/dev/null", path);
	check_shell(command, __LINE__);
	snprintf(command, sizeof(command),
	    "test $(LC_ALL=C tr -d '\\11\\12\\40-\\176\\200-\\377' <%s | wc -c) -eq 0", path);
	check_shell(command, __LINE__);
}

/* One case of every fate. */
static void
begin_fates(void)
{
	begin();
	made_case("a_passes", ONE, "passed", NULL,
	    "plumbline 1 profile=linux os=Linux release=6.18 privileged=yes machine=m68k "
	    "suite=v1 runner=kyua-0.13 build=#1_SMP\nverdict " ONE " conforms\n");
	made_case("b_skips", ONE, "skipped", "not tested: no privilege", HEADER);
	made_case("c_deviates", ONE, "failed", "no",
	    HEADER "deviation " ONE "\n"
		   "  statement: it ends\n"
		   "  source: pipe(2)\n"
		   "  documented: 0, always\n"
		   "  expected: 0\n"
		   "  observed: EAGAIN\n"
		   "  at: a_test.c:5\n"
		   "  transcript:\n"
		   "    p0 p1 = pipe()\n"
		   "    read(p0, 8) = EAGAIN\n"
		   "end\nverdict " ONE " deviates\n");
	made_case("d_is_known", TWO, "expected_failure", "known",
	    HEADER "deviation " TWO "\n"
		   "  statement: it opens\n"
		   "  observed: 7\n"
		   "  known: pipe(2) BUGS: never did\n"
		   "end\nverdict " TWO " known\n");
	made_case("e_breaks", TWO, "broken", "no room", HEADER "broken: no room\n");
	made_output("__STDERR__", "out of paper\n", 13);
	made_case("f_has_no_result", TWO, "", NULL, NULL);
	made_end();
}

ATF_TC_WITHOUT_HEAD(junit_tells_every_fate);
ATF_TC_BODY(junit_tells_every_fate, tc)
{
	begin_fates();
	ATF_CHECK_EQ(verdicts(tc, "-x junit.xml results.db pipe"), 1);
	HOLDS("junit.xml",
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites name=\"plumbline\" tests=\"6\" failures=\"1\" errors=\"2\" "
	    "time=\"0.060\">\n"
	    " <testsuite name=\"pipe/a_test\" file=\"pipe/a_test\" tests=\"6\" failures=\"1\" "
	    "errors=\"2\" skipped=\"1\" time=\"0.060\" timestamp=\"1970-01-01T00:00:01\">\n"
	    "  <properties>\n"
	    "   <property name=\"profile\" value=\"linux\"/>\n"
	    "   <property name=\"os\" value=\"Linux\"/>\n"
	    "   <property name=\"release\" value=\"6.18\"/>\n"
	    "   <property name=\"build\" value=\"#1_SMP\"/>\n"
	    "   <property name=\"machine\" value=\"m68k\"/>\n"
	    "   <property name=\"suite\" value=\"v1\"/>\n"
	    "   <property name=\"runner\" value=\"kyua-0.13\"/>\n"
	    "   <property name=\"privileged-cases\" value=\"5\"/>\n"
	    "   <property name=\"unprivileged-cases\" value=\"0\"/>\n"
	    "   <property name=\"known-deviation\" value=\"" TWO ": pipe(2) BUGS: never did\"/>\n"
	    "  </properties>\n"
	    "  <testcase classname=\"pipe.a_test\" name=\"a_passes\" time=\"0.012\"/>\n"
	    "  <testcase classname=\"pipe.a_test\" name=\"b_skips\" time=\"0.012\">\n"
	    "   <skipped message=\"not tested: no privilege\"/>\n"
	    "  </testcase>\n"
	    "  <testcase classname=\"pipe.a_test\" name=\"c_deviates\" time=\"0.012\">\n"
	    "   <failure type=\"deviation\" message=\"" ONE ": expected 0, observed EAGAIN\">" ONE
	    "\n"
	    "    statement: it ends\n"
	    "    source: pipe(2)\n"
	    "    documented: 0, always\n"
	    "    expected: 0\n"
	    "    observed: EAGAIN\n"
	    "    at: a_test.c:5\n"
	    "    case: pipe/a_test:c_deviates\n"
	    "    transcript:\n"
	    "      p0 p1 = pipe()\n"
	    "      read(p0, 8) = EAGAIN\n"
	    "\n"
	    "</failure>\n"
	    "  </testcase>\n"
	    "  <testcase classname=\"pipe.a_test\" name=\"d_is_known\" time=\"0.012\">\n"
	    "   <system-out>Known deviations, for which no case fails:\n"
	    "\n" TWO "\n"
	    "    statement: it opens\n"
	    "    source: source of " TWO "\n"
	    "    observed: 7\n"
	    "    known: pipe(2) BUGS: never did\n"
	    "    case: pipe/a_test:d_is_known\n"
	    "\n"
	    "</system-out>\n"
	    "  </testcase>\n"
	    "  <testcase classname=\"pipe.a_test\" name=\"e_breaks\" time=\"0.012\">\n"
	    "   <error type=\"broken\" message=\"no room\">pipe/a_test:e_breaks\n"
	    "    no room\n"
	    "    standard error:\n"
	    "      out of paper\n"
	    "\n"
	    "</error>\n"
	    "  </testcase>\n"
	    "  <testcase classname=\"pipe.a_test\" name=\"f_has_no_result\">\n"
	    "   <error type=\"broken\" message=\"the run ended before it had a result\">"
	    "pipe/a_test:f_has_no_result\n"
	    "    the run ended before it had a result\n"
	    "\n"
	    "</error>\n"
	    "  </testcase>\n"
	    " </testsuite>\n"
	    "</testsuites>\n");
	LACKS("junit.xml", SECRET);
}

ATF_TC_WITHOUT_HEAD(tap_tells_every_fate);
ATF_TC_BODY(tap_tells_every_fate, tc)
{
	char *all;

	begin_fates();
	ATF_CHECK_EQ(verdicts(tc, "-t results.tap results.db pipe"), 1);
	all = read_file("results.tap");
	ATF_CHECK_STREQ("TAP version 14\n"
			"1..6\n"
			"# profile: linux\n"
			"# os: Linux\n"
			"# release: 6.18\n"
			"# build: #1_SMP\n"
			"# machine: m68k\n"
			"# suite: v1\n"
			"# runner: kyua-0.13\n"
			"# privileged: 5 cases, unprivileged: 0 cases\n"
			"ok 1 - pipe/a_test:a_passes\n"
			"ok 2 - pipe/a_test:b_skips # SKIP not tested: no privilege\n"
			"not ok 3 - pipe/a_test:c_deviates\n"
			"  ---\n"
			"  severity: fail\n"
			"  deviations:\n"
			"    - requirement: \"" ONE "\"\n"
			"      statement: \"it ends\"\n"
			"      source: \"pipe(2)\"\n"
			"      documented: \"0, always\"\n"
			"      expected: \"0\"\n"
			"      observed: \"EAGAIN\"\n"
			"      at: \"a_test.c:5\"\n"
			"      transcript: \"    p0 p1 = pipe()\\n    read(p0, 8) = EAGAIN\"\n"
			"  ...\n"
			"not ok 4 - pipe/a_test:d_is_known # TODO known deviation " TWO
			": pipe(2) BUGS: never did\n"
			"  ---\n"
			"  severity: todo\n"
			"  deviations:\n"
			"    - requirement: \"" TWO "\"\n"
			"      statement: \"it opens\"\n"
			"      source: \"source of " TWO "\"\n"
			"      observed: \"7\"\n"
			"      known: \"pipe(2) BUGS: never did\"\n"
			"  ...\n"
			"not ok 5 - pipe/a_test:e_breaks\n"
			"  ---\n"
			"  severity: error\n"
			"  broken:\n"
			"    - \"no room\"\n"
			"  standard_error: \"out of paper\"\n"
			"  ...\n"
			"not ok 6 - pipe/a_test:f_has_no_result\n"
			"  ---\n"
			"  severity: error\n"
			"  broken:\n"
			"    - \"the run ended before it had a result\"\n"
			"  ...\n",
	    all);
	free(all);
}

FORM_TEST(json_tells_every_fate, "jq")
{
	begin_fates();
	ATF_CHECK_EQ(verdicts(tc, "-j results.json results.db pipe"), 1);
	JQ(".format == \"plumbline results\" and .version == 1 and .areas == [\"pipe\"]");
	JQ("[.requirements[].id] == [\"" ONE "\", \"" TWO "\"]");
	JQ(".requirements[0].documented == {posix: \"0\", freebsd: \"0\", linux: \"0\"}");
	JQ(".runs | length == 1");
	JQ(".runs[0] | [.profile, .os, .release, .build, .machine, .suite, .runner, .results] == "
	   "[\"linux\", \"Linux\", \"6.18\", \"#1_SMP\", \"m68k\", \"v1\", \"kyua-0.13\", "
	   "\"results.db\"]");
	JQ(".runs[0] | .started == \"1970-01-01T00:00:01Z\" and .seconds == 0.012");
	JQ(".runs[0].privileges == {privileged_cases: 5, unprivileged_cases: 0}");
	JQ(".runs[0].counts == {conforms: 0, deviates: 1, \"known deviation\": 1, "
	   "\"not applicable\": 0, \"not tested\": 0}");
	JQ("[.runs[0].verdicts[].verdict] == [\"deviates\", \"known deviation\"]");
	JQ(".runs[0].verdicts[0].reason == \"pipe/a_test:c_deviates: EAGAIN\"");
	JQ("[.runs[0].cases[].result] == [\"passed\", \"skipped\", \"failed\", "
	   "\"expected failure\", \"broken\", \"no result\"]");
	JQ("[.runs[0].cases[].seconds] == [0.012, 0.012, 0.012, 0.012, 0.012, null]");
	JQ(".runs[0].cases[1] == {case: \"pipe/a_test:b_skips\", result: \"skipped\", "
	   "reason: \"not tested: no privilege\", seconds: 0.012, requirements: [\"" ONE "\"]}");
	JQ("[.runs[0].deviations[] | [.requirement, .known, .observed, .citation]] == "
	   "[[\"" ONE "\", false, \"EAGAIN\", \"\"], "
	   "[\"" TWO "\", true, \"7\", \"pipe(2) BUGS: never did\"]]");
	JQ(".runs[0].deviations[0].transcript == "
	   "{head: \"    p0 p1 = pipe()\\n    read(p0, 8) = EAGAIN\", lines_left_out: 0, "
	   "tail: \"\"}");
	JQ(".runs[0].broken == [{case: \"pipe/a_test:e_breaks\", reasons: [\"no room\"], "
	   "standard_error: \"out of paper\"}, {case: \"pipe/a_test:f_has_no_result\", "
	   "reasons: [\"the run ended before it had a result\"], standard_error: \"\"}]");
	LACKS("results.json", SECRET);
}

ATF_TC_WITHOUT_HEAD(table_of_cases_tells_every_fate);
ATF_TC_BODY(table_of_cases_tells_every_fate, tc)
{
	char *all;

	begin_fates();
	ATF_CHECK_EQ(verdicts(tc, "-c cases.tsv results.db pipe"), 1);
	all = read_file("cases.tsv");
	ATF_CHECK_STREQ("case\tresult\tseconds\treason\n"
			"pipe/a_test:a_passes\tpassed\t0.012\t\n"
			"pipe/a_test:b_skips\tskipped\t0.012\tnot tested: no privilege\n"
			"pipe/a_test:c_deviates\tfailed\t0.012\tno\n"
			"pipe/a_test:d_is_known\texpected failure\t0.012\tknown\n"
			"pipe/a_test:e_breaks\tbroken\t0.012\tno room\n"
			"pipe/a_test:f_has_no_result\tno result\t\t\n",
	    all);
	free(all);
}

FORM_TEST(schemas_accept_every_fate, "xmllint jsonschema")
{
	begin_fates();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 1);
	check_schemas(tc);
}

FORM_TEST(schemas_refuse_what_is_not_so, "xmllint jq jsonschema")
{
	begin_fates();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 1);
	check_json_refused(tc, "del(.runs[0].profile)");
	check_json_refused(tc, ".more = 1");
	check_json_refused(tc, ".runs[0].cases[0].more = 1");
	check_json_refused(tc, ".runs[0].deviations[0].transcript.more = 1");
	check_json_refused(tc, ".runs[0].verdicts[0].verdict = \"fine\"");
	check_json_refused(tc, ".runs[0].counts.conforms = -1");
	check_json_refused(tc, ".runs[0].cases[0].seconds = \"0.012\"");
	check_json_refused(tc, ".runs[0].started = \"yesterday\"");
	check_json_refused(tc, ".runs = []");
	check_junit_refused(tc, "s/ errors=\"2\"//");
	check_junit_refused(tc, "s/tests=\"6\"/tests=\"six\"/");
	check_junit_refused(tc, "s/0\\.012/0.0123/");
	check_junit_refused(tc, "s/name=\"profile\"/name=\"PATH\"/");
	check_junit_refused(tc, "s/type=\"deviation\"/type=\"other\"/");
	check_junit_refused(tc, "s/<testcase /<testcase file=\"x\" /");
	check_junit_refused(tc, "s/T00:00:01/ 00:00:01/");
	check_junit_refused(tc, "s/<skipped/<failure type=\"deviation\" message=\"\"\\/>&/");
}

FORM_TEST(junit_has_one_suite_for_each_program, "xmllint jsonschema")
{
	begin();
	made_case("x", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("y", ONE, "skipped", "no", HEADER);
	made_program("pipe/a_test-b");
	made_case("x", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_program("unix/sub/b_test");
	made_case("x", ONE, "broken", "why", HEADER);
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-x junit.xml -j results.json results.db pipe"), 1);
	XPATH("count(//testsuite) = 3 and count(//testcase) = 4");
	XPATH("//testsuite[@name=\"pipe/a_test\"]/@tests = 2");
	XPATH("//testsuite[@name=\"pipe/a_test\"]/@skipped = 1");
	XPATH("//testsuite[@name=\"pipe/a_test\"]/@time = \"0.024\"");
	XPATH("//testsuite[@name=\"pipe/a_test-b\"]/@tests = 1");
	XPATH("//testsuite[@name=\"unix/sub/b_test\"]/@errors = 1");
	XPATH("//testsuite[@file=\"unix/sub/b_test\"]/testcase/@classname = \"unix.sub.b_test\"");
	XPATH("/testsuites/@tests = 4 and /testsuites/@errors = 1 and /testsuites/@failures = 0");
	check_schemas(tc);
}

/* However many cases saw it, and in each suite that has one. */
FORM_TEST(junit_says_a_known_deviation_once_in_a_suite, "xmllint jsonschema")
{
#define SEES_TWO                                                                            \
	HEADER "deviation " TWO "\n  observed: 7\n  known: pipe(2) BUGS\nend\nverdict " TWO \
	       " known\n"
	begin();
	made_case("x", TWO, "expected_failure", "k", SEES_TWO);
	made_case("y", TWO, "expected_failure", "k", SEES_TWO);
	made_case("z", ONE, "expected_failure", "k", HEADER "verdict " ONE " known\n");
	made_program("pipe/b_test");
	made_case("x", TWO, "expected_failure", "k", SEES_TWO);
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-x junit.xml -j results.json results.db pipe"), 0);
	XPATH("count(//property[@name=\"known-deviation\"]) = 3");
	XPATH("count(//property[@value=\"" TWO ": pipe(2) BUGS\"]) = 2");
	XPATH("count(//testsuite[1]//property[@value=\"" ONE "\"]) = 1");
	XPATH("/testsuites/@failures = 0 and /testsuites/@errors = 0");
	XPATH("count(//system-out) = 4 and count(//failure | //error | //skipped) = 0");
	check_schemas(tc);
}

/* What the kernel did wrong is the news; that the case is no witness stands below it. */
FORM_TEST(a_deviation_speaks_before_other_trouble, "xmllint jq jsonschema")
{
	begin();
	made_case("x", ONE " " TWO, "broken", "it crashed",
	    HEADER "deviation " TWO "\n  observed: 9\nend\nverdict " TWO " deviates\nverdict " ONE
		   " deviates\n");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 1);
	XPATH("count(//failure) = 1 and count(//error) = 0");
	XPATH("//failure/@message = \"" ONE " (and 1 more deviations)\"");
	XPATH("contains(//failure, \"observed: 9\") and contains(//failure, \"it crashed\")");
	HOLDS("results.tap", "not ok 1 - pipe/a_test:x\n  ---\n  severity: fail\n");
	HOLDS("results.tap", "      observed: \"9\"\n  broken:\n    - \"it crashed\"\n");
	JQ(".runs[0] | (.deviations | length) == 2 and .broken[0].reasons == [\"it crashed\"]");
	check_schemas(tc);
}

/* A number sign begins a directive, a backslash takes its meaning. */
ATF_TC_WITHOUT_HEAD(tap_escapes_what_would_be_a_directive);
ATF_TC_BODY(tap_escapes_what_would_be_a_directive, tc)
{
	begin();
	made_case("x # SKIP y\\z\n", ONE, "failed", "no", HEADER "verdict " ONE " deviates\n");
	made_case("y", ONE, "skipped", "no \\ # TODO it\nnot ok 9\n1..7\nBail out!", HEADER);
	made_case("z", TWO, "expected_failure", "no",
	    HEADER "deviation " TWO "\n  observed: a\n  known: bug #7 \\o/\nend\n");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-t results.tap results.db pipe"), 1);
	HOLDS("results.tap", "\nnot ok 1 - pipe/a_test:x \\# SKIP y\\\\z\\\\n\n  ---\n");
	HOLDS("results.tap",
	    "\nok 2 - pipe/a_test:y # SKIP no \\\\ \\# TODO it\\\\nnot ok 9\\\\n1..7\\\\n"
	    "Bail out!\n");
	HOLDS("results.tap",
	    "\nnot ok 3 - pipe/a_test:z # TODO known deviation " TWO ": bug \\#7 \\\\o/\n");
	HOLDS("results.tap", "\n      known: \"bug #7 \\\\o/\"\n");
}

/* What is markup somewhere, what moves a cursor, and what is no text at all. */
#define MARKUP "<script>alert(1)</script><!-- --> ]]> -- &lt; &#0; \" ' \\ {{x}} %s"
#define NASTY MARKUP "\033[2J\r\b\x9b\xff\xc3(\t\xe2\x80\xae\xef\xbf\xbf\xef\xbf\xbe\xed\xa0\x80"
#define CLEANED \
	MARKUP "\\x1b[2J\\x0d\\x08\\x9b\\xff\\xc3(\\t\\u{202e}\\u{ffff}\\u{fffe}\\xed\\xa0\\x80"

FORM_TEST(hostile_text_stays_text_in_every_form, "xmllint jq jsonschema iconv")
{
	static const char *const forms[] = { "report.txt", "verdicts.tsv", "cases.tsv",
		"readiness.txt", "results.json", "junit.xml", "results.tap", "index.html" };

	begin();
	made_program("pipe/" NASTY);
	made_case("n" NASTY, ONE " q" NASTY, "failed", "r" NASTY,
	    "plumbline 1 profile=linux os=" MARKUP " release=6 privileged=yes build=\033<b>\n"
	    "deviation " ONE "\n  statement: s" NASTY "\n  source: " NASTY "\n  expected: " NASTY
	    "\n  observed: o" NASTY "\n  at: " NASTY "\n  transcript:\n    t" NASTY "\n" NASTY
	    "\nend\nverdict " ONE " deviates\nreadiness " NASTY " a no yes\n");
	made_case("s", TWO, "skipped", NASTY "\n" NASTY, NULL);
	made_case("k", TWO, "expected_failure", NASTY,
	    "deviation " TWO "\n  known: c" NASTY "\n  observed: \nend\n");
	made_case("b", TWO, "broken", NASTY, "broken: b" NASTY "\n");
	made_output("__STDERR__", "e" NASTY "\0after\n", sizeof("e" NASTY "\0after\n") - 1);
	made_end();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 1);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		check_clean(forms[i]);
	check_schemas(tc);
	write_file("name.txt", "n" CLEANED "\n");
	SHELL("xmllint --xpath 'string(//testcase[failure]/@name)' junit.xml | cmp - name.txt");
	write_file("name.txt", CLEANED "\n" CLEANED "\n");
	SHELL("xmllint --xpath 'string(//skipped/@message)' junit.xml | cmp - name.txt");
	SHELL("jq -r '.runs[0].cases[] | select(.result == \"skipped\").reason' results.json |"
	      " cmp - name.txt");
	write_file("name.txt", "pipe/" CLEANED ":n" CLEANED "\n");
	SHELL("jq -r '.runs[0].cases[] | select(.result == \"failed\").case' results.json |"
	      " cmp - name.txt");
	write_file("name.txt", "    t" CLEANED "\n");
	SHELL("jq -r '.runs[0].deviations[0].transcript.head' results.json | cmp - name.txt");
	XPATH("contains(//error, \"\\x00after\")");
	LACKS("index.html", "<script>alert");
	LACKS("index.html", "<!-- -->");
	/* Four tests and their plan: no text has made a line of its own. */
	SHELL("test $(grep -cE '^(not )?ok ' results.tap) -eq 4");
	SHELL("test $(grep -cvE '^((not )?ok |#|  |TAP version 14$|1\\.\\.4$)' results.tap) -eq 0");
}

/* SQLite holds NUL bytes in texts, too. */
FORM_TEST(nothing_is_lost_behind_a_nul, "xmllint jq jsonschema")
{
	begin();
	made_case("x", ONE, "skipped", "r", HEADER);
	sql("UPDATE test_cases SET name = CAST (X'780079' AS TEXT)");
	sql("UPDATE test_results SET result_reason = CAST (X'00620063' AS TEXT)");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 0);
	XPATH("//testcase/@name = \"x\\x00y\" and //skipped/@message = \"\\x00b\\x00c\"");
	HOLDS("results.tap", "\nok 1 - pipe/a_test:x\\\\x00y # SKIP \\\\x00b\\\\x00c\n");
	HOLDS("cases.tsv", "\npipe/a_test:x\\x00y\tskipped\t0.012\t\\x00b\\x00c\n");
	JQ(".runs[0].cases[0] | .case == \"pipe/a_test:x\\\\x00y\"");
	check_schemas(tc);
}

/* Readers of XML refuse texts of ten million bytes; a name may be as long as that. */
FORM_TEST(very_long_text_is_cut_in_every_form, "xmllint jq jsonschema")
{
	const size_t size = 12 << 20;
	char *big = malloc(size + 1), *out = malloc(size + 65536);
	size_t n = 0;

	ATF_REQUIRE(big != NULL && out != NULL);
	memset(big, '\033', size);
	big[size] = '\0';
	begin();
	made_program(big);
	made_case(big, ONE, "skipped", big, big);
	/* As many deviations as are taken of one case, each as long as may be. */
	n = (size_t)sprintf(out, HEADER);
	for (int i = 0; i < 50; i++) {
		n += (size_t)sprintf(out + n, "deviation " ONE "\n  observed: %.9000s\n", big);
		n += (size_t)sprintf(out + n, "  expected: %.9000s\n  transcript:\n", big);
		for (int line = 0; line < 100; line++)
			n += (size_t)sprintf(out + n, "    %.1500s\n", big);
		n += (size_t)sprintf(out + n, "end\n");
	}
	made_case("d", ONE, "failed", "r", out);
	made_case("b", ONE, "broken", big, NULL);
	made_output("__STDERR__", big, size);
	free(big);
	free(out);
	made_end();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 1);
	check_schemas(tc);
	XPATH("count(//testcase) = 3");
	XPATH("contains(//failure, \" more deviations are left out here\")");
	XPATH("contains(//error/@message, \"more bytes)\")");
	HOLDS("results.tap", "  deviations_left_out: 30\n");
	JQ(".runs[0].deviations | length == 50");
}

/* A clock that is set back or far ahead while a case runs, or that never was set. */
FORM_TEST(impossible_times_are_left_out, "xmllint jq jsonschema")
{
	begin();
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("c", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("d", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	sql("UPDATE test_results SET end_time = 9223372036854775807 WHERE test_case_id = 4");
	sql("UPDATE test_results SET end_time = 999999 WHERE test_case_id = 1");
	sql("UPDATE test_results SET start_time = -9223372036854775807 WHERE test_case_id = 2");
	sql("UPDATE test_results SET start_time = 9223372036854775806,"
	    " end_time = 9223372036854775807 WHERE test_case_id = 3");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 0);
	JQ("[.runs[0].cases[].seconds] == [null, null, 0.000001, null]");
	JQ(".runs[0].started == \"\"");
	XPATH("count(//@timestamp) = 0 and count(//testcase/@time) = 1");
	HOLDS("cases.tsv", "\npipe/a_test:b\tpassed\t\t\n");
	check_schemas(tc);
}

FORM_TEST(a_run_without_a_case_has_every_form, "xmllint jq jsonschema")
{
	begin();
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-p posix " ALL "results.db pipe"), 0);
	check_schemas(tc);
	XPATH("count(//testsuite) = 0 and /testsuites/@tests = 0");
	HOLDS("results.tap", "TAP version 14\n1..0 # SKIP no case\n");
	JQ(".runs[0] | .cases == [] and .counts[\"not tested\"] == 2");
}

/* A full disk at the last form: the others are what they were. */
ATF_TC_WITHOUT_HEAD(a_form_without_room_leaves_all_as_it_was);
ATF_TC_BODY(a_form_without_room_leaves_all_as_it_was, tc)
{
	if (access("/dev/full", W_OK) != 0)
		atf_tc_skip("there is no /dev/full here");
	begin_fates();
	write_file("report.txt", "old\n");
	for (const char *option = "mcrjxtw"; *option != '\0'; option++) {
		char words[256];

		snprintf(
		    words, sizeof(words), "-o report.txt -%c /dev/full results.db pipe", *option);
		check_refusal(tc, words, "/dev/full: cannot write", "name a file");
		HOLDS("report.txt", "old\n");
	}
	ATF_REQUIRE_EQ(system("ls -A >list.txt"), 0);
	LACKS("list.txt", "report.txt.");
}

/* A thousand cases in each of a hundred programs; every fifth deviates or breaks. */
static void
made_hundred_thousand(void)
{
	made_case("model", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	sql("INSERT INTO files VALUES (7, '" HEADER "deviation " ONE
	    "\n  expected: 0\n  observed: 1\n  transcript:\n    read(p0)\n    read(p0)\nend\n')");
	sql("WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
	    "INSERT INTO test_cases SELECT i, 1 + i % 100, 'case_' || i || '__unix-seqpacket', i "
	    "FROM n");
	sql("WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100) "
	    "INSERT INTO test_programs SELECT i, 'pipe/p' || i || '_test', 'plumbline' FROM n");
	sql("INSERT INTO test_results SELECT test_case_id, CASE test_case_id % 10 "
	    "WHEN 0 THEN 'skipped' WHEN 1 THEN 'failed' WHEN 2 THEN 'broken' ELSE 'passed' END, "
	    "'not tested: for want of a reason', 1000000 + test_case_id, 1012000 + test_case_id "
	    "FROM test_cases WHERE test_case_id > 1");
	sql("INSERT INTO metadatas SELECT test_case_id, 'custom.requirement', '" ONE " " TWO
	    "' FROM test_cases WHERE test_case_id > 1");
	sql("INSERT INTO test_case_files SELECT test_case_id, '__STDOUT__',"
	    " CASE test_case_id % 10 WHEN 1 THEN 7 ELSE 1 END"
	    " FROM test_cases WHERE test_case_id > 1");
}

FORM_TEST(a_hundred_thousand_results_are_all_in_every_form, "xmllint jq")
{
	begin();
	made_hundred_thousand();
	made_end();
	ATF_CHECK_EQ(verdicts(tc, ALL "results.db pipe"), 1);
	SHELL("test $(wc -l <cases.tsv) -eq 100001");
	SHELL("test $(grep -c '^ok .* # SKIP' results.tap) -eq 10000");
	SHELL("test $(grep -c '^not ok ' results.tap) -eq 19999");
	SHELL("test $(grep -cE '^(not )?ok ' results.tap) -eq 100000");
	XPATH("count(//testcase) = 100000 and count(//testsuite) = 100");
	XPATH("/testsuites/@tests = 100000 and /testsuites/@failures = 9999");
	XPATH("count(//skipped) = 10000 and count(//error) = /testsuites/@errors");
	JQ(".runs[0] | (.cases | length) == 100000 and (.deviations | length) == 9999");
	HOLDS("report.txt", "\ncases: 100000, 70001 passed, 9999 failed, 10000 skipped, ");
	SHELL("grep -c case_99999__unix-seqpacket index.html");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, junit_tells_every_fate);
	ATF_TP_ADD_TC(tp, tap_tells_every_fate);
	ATF_TP_ADD_TC(tp, json_tells_every_fate);
	ATF_TP_ADD_TC(tp, table_of_cases_tells_every_fate);
	ATF_TP_ADD_TC(tp, schemas_accept_every_fate);
	ATF_TP_ADD_TC(tp, schemas_refuse_what_is_not_so);
	ATF_TP_ADD_TC(tp, junit_has_one_suite_for_each_program);
	ATF_TP_ADD_TC(tp, junit_says_a_known_deviation_once_in_a_suite);
	ATF_TP_ADD_TC(tp, a_deviation_speaks_before_other_trouble);
	ATF_TP_ADD_TC(tp, tap_escapes_what_would_be_a_directive);
	ATF_TP_ADD_TC(tp, hostile_text_stays_text_in_every_form);
	ATF_TP_ADD_TC(tp, nothing_is_lost_behind_a_nul);
	ATF_TP_ADD_TC(tp, very_long_text_is_cut_in_every_form);
	ATF_TP_ADD_TC(tp, impossible_times_are_left_out);
	ATF_TP_ADD_TC(tp, a_run_without_a_case_has_every_form);
	ATF_TP_ADD_TC(tp, a_form_without_room_leaves_all_as_it_was);
	ATF_TP_ADD_TC(tp, a_hundred_thousand_results_are_all_in_every_form);
	return (atf_no_error());
}
