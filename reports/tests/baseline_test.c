/*
 * Baselines as files: what is refused, with file and line, and how little of one
 * changes when it is written again.
 */

#include "made_up.h"

#define ONE "pipe.rule.one"
#define HEAD "plumbline-baseline\t1\nprofile\tlinux\nos\tLinux\nprivileged\tyes\n"
#define ROW_ONE "requirement\t" ONE "\tconforms\n"
#define ROW_CASE "case\tpipe/a_test:one\tpassed\tshort\n"
#define GATE "-b b.tsv -d now.db pipe"

static int
gate(const atf_tc_t *tc, const char *words)
{
	return (report_program(tc, "gate", words));
}

/* A run of one case that takes so long. */
static void
made_run(int milliseconds)
{
	char update[100];

	unlink("now.db");
	made_begin("now.db", 3);
	made_case("one", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	snprintf(update, sizeof(update), "UPDATE test_results SET end_time = start_time + %d",
	    milliseconds * 1000);
	sql(update);
	made_end();
}

static void
begin(void)
{
	made_area("pipe", ROW(ONE, "0", "0", ""), "", "/* one */\n");
	made_run(5);
}

/* That text is no baseline: neither to judge by nor to be written over unseen. */
static void
refuses(const atf_tc_t *tc, const char *text, const char *beginning, const char *part)
{
	char *after;

	write_file("b.tsv", text);
	check_refusal_of(tc, "gate", GATE, beginning, part);
	check_refusal_of(tc, "gate", "-w " GATE, beginning, part);
	after = read_file("b.tsv");
	ATF_CHECK_STREQ(text, after);
	free(after);
}

ATF_TC_WITHOUT_HEAD(damaged);
ATF_TC_BODY(damaged, tc)
{
	begin();
	write_file("b.tsv", HEAD ROW_ONE ROW_CASE);
	ATF_CHECK_EQ(gate(tc, GATE), 0);
	refuses(tc, "", "b.tsv: ", "empty");
	refuses(tc,
	    "\x7f"
	    "ELF\x01\x02",
	    "b.tsv:1: ", "no baseline");
	refuses(tc, "requirement\tverdict\treason\n", "b.tsv:1: ", "no baseline");
	refuses(tc, "plumbline-baseline\t2\n", "b.tsv:1: ", "\"2\" is a version");
	refuses(tc, "plumbline-baseline\n", "b.tsv:1: ", "it has 1 columns, not 2");
	refuses(
	    tc, "plumbline-baseline\t1\nprofile\twindows\n", "b.tsv:2: ", "\"windows\" is none");
	refuses(tc, "plumbline-baseline\t1\nprofile\tlinux\nos\t\n", "b.tsv:3: ", "no system");
	refuses(tc, "plumbline-baseline\t1\nprofile\tlinux\nos\tLinux\nprivileged\tmaybe\n",
	    "b.tsv:4: ", "\"maybe\" is none of yes, no, mixed");
	refuses(
	    tc, "plumbline-baseline\t1\nprofile\tlinux\n", "b.tsv:2: ", "cut off after 2 lines");
	refuses(tc, HEAD "requirement\t" ONE "\n", "b.tsv:5: ", "it has 2 columns, not 3");
	refuses(
	    tc, HEAD "requirement\t" ONE "\tconforms\tx\n", "b.tsv:5: ", "it has 4 columns, not 3");
	refuses(tc, HEAD "requirement\tone\tconforms\n", "b.tsv:5: ", "\"one\" is no id");
	refuses(
	    tc, HEAD "requirement\t" ONE "\tperhaps\n", "b.tsv:5: ", "\"perhaps\" is no verdict");
	refuses(tc, HEAD ROW_ONE "case\tpipe/a_test:one\tpassed\n",
	    "b.tsv:6: ", "it has 3 columns, not 4");
	refuses(tc, HEAD "case\tone\tpassed\tshort\n", "b.tsv:5: ", "\"one\" is no program:case");
	refuses(tc, HEAD "case\ta:b\tok\tshort\n", "b.tsv:5: ", "\"ok\" is no result");
	refuses(tc, HEAD "case\ta:b\tpassed\tquick\n", "b.tsv:5: ", "\"quick\" is none of");
	refuses(tc, HEAD "case\ta:b\tpassed\tshort\r\n", "b.tsv:5: ", "\"short\\x0d\" is none of");
	refuses(tc, HEAD ROW_ONE "<<<<<<< ours\n" ROW_CASE, "b.tsv:6: ", "resolve the merge");
	refuses(tc, HEAD "\n", "b.tsv:5: ", "begins no row");
	refuses(tc, HEAD ROW_ONE ROW_CASE ROW_ONE, "b.tsv:7: ", "\"" ONE "\" stands in line 5");
	refuses(tc, HEAD ROW_CASE ROW_ONE ROW_CASE, "b.tsv:7: ", "stands in line 5 already");
	refuses(
	    tc, HEAD ROW_ONE "case\tpipe/a_test:one\tpas", "b.tsv:6: ", "cut off in the middle");
}

/* What is no text, no file, or much too big. */
ATF_TC_WITHOUT_HEAD(no_file);
ATF_TC_BODY(no_file, tc)
{
	begin();
	check_refusal_of(tc, "gate", GATE, "b.tsv: ", "make baseline writes one");
	ATF_REQUIRE_EQ(mkdir("b.tsv", 0755), 0);
	check_refusal_of(tc, "gate", GATE, "b.tsv: ", "no regular file");
	ATF_REQUIRE_EQ(rmdir("b.tsv"), 0);
	ATF_REQUIRE_EQ(mkfifo("b.tsv", 0644), 0);
	check_refusal_of(tc, "gate", GATE, "b.tsv: ", "no regular file");
	ATF_REQUIRE_EQ(unlink("b.tsv"), 0);
	write_file("b.tsv", HEAD ROW_ONE ROW_CASE);
	ATF_REQUIRE_EQ(truncate("b.tsv", 1000), 0);
	check_refusal_of(tc, "gate", GATE, "b.tsv: ", "NUL byte");
	ATF_REQUIRE_EQ(truncate("b.tsv", 1L << 40), 0);
	check_refusal_of(tc, "gate", GATE, "b.tsv: ", "1099511627776 bytes, more than");
}

/* 100,000 rows in any order: each of them is looked for. */
ATF_TC_WITHOUT_HEAD(huge);
ATF_TC_BODY(huge, tc)
{
	FILE *f;

	begin();
	f = fopen("b.tsv", "w");
	ATF_REQUIRE(f != NULL);
	fputs(HEAD ROW_CASE ROW_ONE, f);
	for (int i = 100000; i > 0; i--)
		fprintf(f, "case\tpipe/a_test:c%d\tpassed\tshort\n", i);
	ATF_REQUIRE_EQ(fclose(f), 0);
	ATF_CHECK_EQ(gate(tc, GATE), 1);
	check_last_line(
	    "stdout.txt", "gate: 100000 regressions: 100000 vanished; 1 cases, 1 requirements");
	HOLDS("stdout.txt", "    and 99950 more\n");
}

/* The class of a case, and the one it keeps when the baseline is written again. */
static void
check_class(const atf_tc_t *tc, int milliseconds, const char *class)
{
	char row[100];

	made_run(milliseconds);
	ATF_CHECK_EQ(gate(tc, "-w " GATE), 0);
	snprintf(row, sizeof(row), "case\tpipe/a_test:one\tpassed\t%s\n", class);
	HOLDS("b.tsv", row);
}

ATF_TC_WITHOUT_HEAD(classes_stick);
ATF_TC_BODY(classes_stick, tc)
{
	begin();
	check_class(tc, 299, "short");
	check_class(tc, 899, "short");
	check_class(tc, 900, "second");
	check_class(tc, 100, "second");
	check_class(tc, 4499, "second");
	check_class(tc, 4500, "long");
	check_class(tc, 501, "long");
	check_class(tc, 499, "second");
	check_class(tc, 99, "short");
	ATF_REQUIRE_EQ(unlink("b.tsv"), 0);
	check_class(tc, 300, "second");
	ATF_REQUIRE_EQ(unlink("b.tsv"), 0);
	check_class(tc, 1500, "long");
}

/* Written again it is the same, byte by byte; what does not fit is not written at all. */
ATF_TC_WITHOUT_HEAD(stable);
ATF_TC_BODY(stable, tc)
{
	char *text;

	begin();
	write_file("b.tsv", HEAD ROW_CASE ROW_ONE);
	for (int i = 0; i < 2; i++) {
		ATF_CHECK_EQ(gate(tc, "-w " GATE), 0);
		text = read_file("b.tsv");
		ATF_CHECK_STREQ(text, HEAD ROW_ONE ROW_CASE);
		free(text);
	}
	check_refusal_of(tc, "gate", "-w -b no/b.tsv -d now.db pipe", "no/b.tsv: ", "cannot write");
	ATF_CHECK(access("no", F_OK) != 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, damaged);
	ATF_TP_ADD_TC(tp, no_file);
	ATF_TP_ADD_TC(tp, huge);
	ATF_TP_ADD_TC(tp, classes_stick);
	ATF_TP_ADD_TC(tp, stable);
	return (atf_no_error());
}
