/*
 * The forms of a report under hostile content, and the files they go to.
 */

#include <fcntl.h>

#include "made_up.h"

#define ONE "pipe.rule.one"
#define TWO "pipe.rule.two"

static void
begin(void)
{
	made_area("pipe", ROW(ONE, "0", "0", "") ROW(TWO, "0", "0", ""), "", NULL);
	made_begin("results.db", 3);
}

/* Nothing but printable text, newlines, and in the machine form tabs. */
static void
check_harmless(const char *path, bool tabs)
{
	char *all = read_file(path);

	ATF_CHECK(all[0] != '\0');
	for (const char *c = all; *c != '\0'; c++)
		if (((unsigned char)*c < ' ' && *c != '\n' && !(tabs && *c == '\t')) ||
		    (unsigned char)*c >= 0x7f)
			atf_tc_fail("%s has byte 0x%02x after: %.*s", path, (unsigned char)*c, 40,
			    c - all > 40 ? c - 40 : all);
	free(all);
}

#define NASTY "\033[2J\r\b\x9b\xff\t\xe2\x80\xae"

ATF_TC_WITHOUT_HEAD(hostile_text);
ATF_TC_BODY(hostile_text, tc)
{
	char *machine;
	int tabs = 0, lines = 0;

	begin();
	made_case("n" NASTY, ONE " q" NASTY, "failed", "r" NASTY,
	    HEADER "deviation " ONE "\n  statement: s" NASTY "\n  source: " NASTY
		   "\n  expected: " NASTY "\n  observed: o" NASTY "\n  at: " NASTY
		   "\n  transcript:\n    t" NASTY "\n" NASTY "\nend\nverdict " ONE " deviates\n");
	made_case("m\nverdict", TWO, "broken", "two\nlines" NASTY, "broken: b" NASTY "\n");
	made_output("__STDERR__", "e" NASTY "\0\n", strlen("e" NASTY) + 2);
	made_case("k", NULL, "skipped", "s\n" NASTY, NULL);
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-o report.txt -m m.tsv results.db pipe"), 1);
	check_harmless("stdout.txt", false);
	check_harmless("report.txt", false);
	check_harmless("m.tsv", true);
	HOLDS("report.txt", "      t\\x1b[2J\\x0d\\x08\\x9b\\xff\\t\\u{202e}\n");
	machine = read_file("m.tsv");
	for (const char *c = machine; *c != '\0'; c++) {
		tabs += *c == '\t';
		lines += *c == '\n';
	}
	ATF_CHECK_EQ(tabs, 6);
	ATF_CHECK_EQ(lines, 3);
	free(machine);
}

/* Ten megabytes in one case: in lines, in one line, of random bytes. */
ATF_TC_WITHOUT_HEAD(hostile_size);
ATF_TC_BODY(hostile_size, tc)
{
	size_t size = 10 << 20;
	char *big = malloc(size);
	unsigned long x = 1;

	ATF_REQUIRE(big != NULL);
	begin();
	for (int round = 0; round < 3; round++) {
		char name[16];
		int n =
		    snprintf(big, size, HEADER "deviation " ONE "\n  observed: 1\n  transcript:\n");

		for (size_t i = (size_t)n; i < size; i++) {
			x = x * 6364136223846793005UL + 1442695040888963407UL;
			big[i] = round == 0 ? "    read(p0)\n"[(i - (size_t)n) % 13]
			    : round == 1    ? 'x'
					    : (char)(x >> 33 & 0xbf);
		}
		memcpy(big + n, "    ", 4);
		snprintf(name, sizeof(name), "c%d", round);
		made_case(name, ONE, "failed", "x", NULL);
		made_output("__STDOUT__", big, size);
		made_output("__STDERR__", big, size);
	}
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-o report.txt results.db pipe"), 1);
	check_harmless("report.txt", false);
	HOLDS("report.txt", " cut here ...\n");
	free(big);
	big = read_file("report.txt");
	ATF_CHECK_MSG(strlen(big) < 3000000, "%zu", strlen(big));
	free(big);
}

/* The beginning and the end of a long transcript, and how much is missing. */
ATF_TC_WITHOUT_HEAD(long_transcript);
ATF_TC_BODY(long_transcript, tc)
{
	char *out = malloc(200000);
	int n;

	begin();
	for (int lines = 400; lines <= 1000; lines += 600) {
		char name[16];

		n = sprintf(out, HEADER "deviation " ONE "\n  observed: 1\n  transcript:\n");
		for (int i = 1; i <= lines; i++)
			n += sprintf(out + n, "    call %d.\n", i);
		sprintf(out + n, "end\nverdict " ONE " deviates\n");
		snprintf(name, sizeof(name), "c%d", lines);
		made_case(name, ONE, "failed", "x", out);
	}
	free(out);
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-o report.txt results.db pipe"), 1);
	HOLDS("report.txt", "      call 100.\n      ... 600 lines (");
	HOLDS("report.txt", " cut here ...\n      call 701.\n");
	HOLDS("report.txt", "      call 1000.\n\n");
	HOLDS("report.txt", "      call 100.\n      call 101.\n");
	HOLDS("report.txt", "      call 400.\n\n");
}

ATF_TC_WITHOUT_HEAD(many_blocks);
ATF_TC_BODY(many_blocks, tc)
{
	size_t n = 0;
	char *out = malloc(2000000);

	begin();
	for (int i = 0; i < 20000; i++)
		n += (size_t)sprintf(out + n, "deviation " ONE "\n  observed: %d\nend\n", i);
	made_case("a", ONE, "failed", "x", out);
	free(out);
	made_case("b", ONE, "passed", "x", HEADER);
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-o report.txt results.db pipe"), 1);
	HOLDS("report.txt", "    tells of 20000 deviations, of which 50 are taken\n");
	HOLDS("report.txt", "    observed: 49\n");
	LACKS("report.txt", "    observed: 50\n");
}

/* Without -o the whole report is on stdout, and the summary still last. */
ATF_TC_WITHOUT_HEAD(report_on_stdout);
ATF_TC_BODY(report_on_stdout, tc)
{
	char *whole, *summary, *report;

	begin();
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "results.db pipe"), 0);
	whole = read_file("stdout.txt");
	LACKS("stdout.txt", "report: ");
	ATF_CHECK_EQ(verdicts(tc, "-o report.txt results.db pipe"), 0);
	report = read_file("report.txt");
	summary = read_file("stdout.txt");
	ATF_CHECK(strncmp(whole, report, strlen(report)) == 0);
	ATF_CHECK(strncmp(summary, "report: report.txt\n", 19) == 0);
	ATF_CHECK_STREQ(whole + strlen(report) + 1, summary + 19);
	free(whole);
	free(report);
	free(summary);
}

/* Kinds that answer alike share a column; lines of another form are no answers. */
ATF_TC_WITHOUT_HEAD(readiness_table);
ATF_TC_BODY(readiness_table, tc)
{
	begin();
	made_case("a", ONE, "passed", NULL,
	    HEADER "verdict " ONE " conforms\n"
		   "readiness full tcp4 no no\nreadiness fresh tcp4 no yes\n"
		   "readiness full tcp6 no no\nreadiness fresh tcp6 no yes\n");
	made_case("b", ONE, "passed", NULL,
	    HEADER "verdict " ONE " conforms\nreadiness fresh pipe yes -\n"
		   "readiness fresh fifo maybe -\nreadiness fresh fifo\n"
		   "readiness full of joy no yes\nreadiness full tcp7 no no more\n");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "-r r.txt -o report.txt results.db pipe"), 0);
	HOLDS("r.txt", "\n  1: pipe\n  2: tcp4 tcp6\n\nstate ");
	HOLDS("r.txt", "\nfresh                            r    .w\n");
	HOLDS("r.txt", "\nfull                                  ..\n");
	LACKS("r.txt", "fifo");
	LACKS("r.txt", "joy");
	LACKS("r.txt", "tcp7");
}

/* Nothing of the sort is left beside it, and its mode is that of any new file. */
ATF_TC_WITHOUT_HEAD(files_appear_whole);
ATF_TC_BODY(files_appear_whole, tc)
{
	struct stat before, after;

	begin();
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_end();
	ATF_REQUIRE_EQ(mkdir("out", 0755), 0);
	write_file("out/report.txt", "old\n");
	ATF_REQUIRE_EQ(stat("out/report.txt", &before), 0);
	umask(027);
	ATF_CHECK_EQ(verdicts(tc, "-o out/report.txt -m out/m.tsv results.db pipe"), 0);
	ATF_REQUIRE_EQ(stat("out/report.txt", &after), 0);
	ATF_CHECK_MSG(before.st_ino != after.st_ino, "written in place");
	ATF_CHECK_EQ(after.st_mode & 0777, 0640);
	LACKS("out/report.txt", "old");
	ATF_REQUIRE_EQ(system("ls -A out >list.txt"), 0);
	HOLDS("list.txt", "m.tsv\nreport.txt\n");
	ATF_REQUIRE_EQ(stat("list.txt", &after), 0);
	ATF_CHECK_EQ(after.st_size, 17);
	/* What cannot be judged leaves the old report alone. */
	check_refusal(tc, "-p posix -o out/report.txt results.db pipe", "results.db: ", "posix");
	HOLDS("out/report.txt", "profile: linux");
}

ATF_TC_WITHOUT_HEAD(files_that_cannot_be);
ATF_TC_BODY(files_that_cannot_be, tc)
{
	begin();
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_end();
	check_refusal(
	    tc, "-o none/report.txt results.db pipe", "none/report.txt: cannot write", "name");
	check_refusal(tc, "-o pipe results.db pipe", "pipe: cannot open", "name");
	write_file("report.txt", "old\n");
	ATF_CHECK_EQ(verdicts(tc, "-o report.txt -m none/m.tsv results.db pipe"), 2);
	HOLDS("report.txt", "old\n");
	HOLDS("stderr.txt", "none/m.tsv: cannot write");
	ATF_REQUIRE_EQ(system("ls -A >list.txt"), 0);
	LACKS("list.txt", "report.txt.");
}

/* A FIFO (so a device, too) or a symbolic link keeps being what it is. */
ATF_TC_WITHOUT_HEAD(files_of_other_sorts);
ATF_TC_BODY(files_of_other_sorts, tc)
{
	struct stat st;
	int reader;

	begin();
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_end();
	ATF_REQUIRE_EQ(mkfifo("fifo", 0600), 0);
	ATF_REQUIRE((reader = open("fifo", O_RDWR)) != -1);
	ATF_CHECK_EQ(verdicts(tc, "-o fifo results.db pipe"), 0);
	ATF_REQUIRE_EQ(stat("fifo", &st), 0);
	ATF_CHECK(S_ISFIFO(st.st_mode));
	close(reader);
	write_file("real.txt", "old\n");
	ATF_REQUIRE_EQ(symlink("real.txt", "link.txt"), 0);
	ATF_CHECK_EQ(verdicts(tc, "-o link.txt results.db pipe"), 0);
	ATF_REQUIRE_EQ(lstat("link.txt", &st), 0);
	ATF_CHECK(S_ISLNK(st.st_mode));
	HOLDS("real.txt", "Plumbline verdicts");
	HOLDS("stdout.txt", "report: link.txt\n");
}

/* Five thousand cases; the bound is that of kyua's time-out, the order is what counts. */
ATF_TC_WITHOUT_HEAD(many_cases);
ATF_TC_BODY(many_cases, tc)
{
	char name[16];

	begin();
	for (int i = 5000; i > 0; i--) {
		snprintf(name, sizeof(name), "c%04d", i);
		made_case(name, ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	}
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "results.db pipe"), 0);
	HOLDS("stdout.txt", "\ncases: 5000, 5000 passed\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, hostile_text);
	ATF_TP_ADD_TC(tp, hostile_size);
	ATF_TP_ADD_TC(tp, long_transcript);
	ATF_TP_ADD_TC(tp, many_blocks);
	ATF_TP_ADD_TC(tp, report_on_stdout);
	ATF_TP_ADD_TC(tp, readiness_table);
	ATF_TP_ADD_TC(tp, files_appear_whole);
	ATF_TP_ADD_TC(tp, files_that_cannot_be);
	ATF_TP_ADD_TC(tp, files_of_other_sorts);
	ATF_TP_ADD_TC(tp, many_cases);
	return (atf_no_error());
}
