/*
 * Several runs side by side: what the matrix says of them, what it refuses, and
 * that the results files stay as they were.
 */

#include <fcntl.h>

#include "made_up.h"

#define ONE "pipe.rule.one"
#define TWO "pipe.rule.two"
#define THREE "pipe.rule.three"
#define FORMS "-m m.tsv -j m.json -w m.html "
#define RUNS "-d a.db -d b.db -d dir/c.db "

static int
matrix(const atf_tc_t *tc, const char *words)
{
	return (report_program(tc, "matrix", words));
}

static void
check_matrix_refusal(const atf_tc_t *tc, const char *words, const char *beginning, const char *part)
{
	check_refusal_of(tc, "matrix", words, beginning, part);
	ATF_CHECK_MSG(access("m.tsv", F_OK) != 0 && access("m.json", F_OK) != 0 &&
		access("m.html", F_OK) != 0,
	    "something was written for: %s", words);
}

/* A results file of one case under that profile and system, which says that of each. */
static void
made_run(const char *path, const char *profile, const char *os, const char *one, const char *two)
{
	char out[512];

	snprintf(out, sizeof(out),
	    "plumbline 1 profile=%s os=%s release=6.18 privileged=yes\n"
	    "verdict " ONE " %s\nverdict " TWO " %s\nverdict " THREE " conforms\n",
	    profile, os, one, two);
	made_begin(path, 3);
	made_case("c", ONE " " TWO " " THREE, "failed", "f", out);
	made_end();
}

/* Three runs: of Linux under two profiles, and of FreeBSD. */
static void
begin(void)
{
	made_area("pipe",
	    ROW(ONE, "0", "0", "") ROW(TWO, "0", "0", "") ROW(THREE, "0", "n/a: open", ""), "",
	    NULL);
	ATF_REQUIRE_EQ(mkdir("dir", 0755), 0);
	made_run("a.db", "linux", "Linux", "conforms", "deviates");
	made_run("b.db", "posix", "Linux", "conforms", "open");
	made_run("dir/c.db", "freebsd", "FreeBSD", "conforms", "known");
}

ATF_TC_WITHOUT_HEAD(runs_stand_side_by_side);
ATF_TC_BODY(runs_stand_side_by_side, tc)
{
	char *all;

	begin();
	ATF_CHECK_EQ(matrix(tc, FORMS RUNS "pipe"), 0);
	all = read_file("m.tsv");
	ATF_CHECK_STREQ("requirement\tsame\ta.db\tb.db\tdir/c.db\n" ONE
			"\tyes\tconforms\tconforms\tconforms\n" TWO
			"\tno\tdeviates\tnot tested\tknown deviation\n" THREE
			"\tno\tconforms\tnot applicable\tnot applicable\n",
	    all);
	free(all);
	LACKS("m.json", SECRET);
	LACKS("m.html", SECRET);
}

ATF_TC(every_run_is_whole_in_the_json);
ATF_TC_HEAD(every_run_is_whole_in_the_json, tc)
{
	atf_tc_set_md_var(tc, "require.progs", "jq");
}
ATF_TC_BODY(every_run_is_whole_in_the_json, tc)
{
	begin();
	ATF_CHECK_EQ(matrix(tc, FORMS RUNS "pipe"), 0);
	ATF_REQUIRE_EQ(
	    system("jq -c '.runs[] | [.results, .profile, .os, [.verdicts[].verdict]]' m.json "
		   ">runs.txt"),
	    0);
	HOLDS("runs.txt",
	    "[\"a.db\",\"linux\",\"Linux\",[\"conforms\",\"deviates\",\"conforms\"]]\n"
	    "[\"b.db\",\"posix\",\"Linux\",[\"conforms\",\"not tested\",\"not applicable\"]]\n"
	    "[\"dir/c.db\",\"freebsd\",\"FreeBSD\",[\"conforms\",\"known deviation\","
	    "\"not applicable\"]]\n");
}

ATF_TC_WITHOUT_HEAD(a_run_is_the_same_as_itself);
ATF_TC_BODY(a_run_is_the_same_as_itself, tc)
{
	begin();
	ATF_CHECK_EQ(matrix(tc, "-m m.tsv -d a.db -d ./a.db pipe"), 0);
	HOLDS("m.tsv", "\n" ONE "\tyes\tconforms\tconforms\n");
	HOLDS("m.tsv", "\n" TWO "\tyes\tdeviates\tdeviates\n");
}

/* The name of a results file cannot begin a line or a column. */
ATF_TC_WITHOUT_HEAD(hostile_names_of_files_stay_in_their_column);
ATF_TC_BODY(hostile_names_of_files_stay_in_their_column, tc)
{
	begin();
	ATF_REQUIRE_EQ(rename("b.db", "b\t\n\033[2J\xff<script>.db"), 0);
	ATF_CHECK_EQ(matrix(tc, FORMS "-d a.db -d b*.db pipe"), 0);
	HOLDS("m.tsv", "requirement\tsame\ta.db\tb\\t\\n\\x1b[2J\\xff<script>.db\n" ONE "\tyes\t");
	LACKS("m.html", "[2J\\xff<script>.db");
	HOLDS("m.json", "\"results\": \"b\\\\t\\n\\\\x1b[2J\\\\xff<script>.db\"");
}

/* What tells whether somebody touched a file. */
struct trace {
	struct stat st;
	char *bytes;
};

static struct trace
trace_of(const char *path)
{
	struct trace t = { .bytes = read_file(path) };
	int fd = open(path, O_RDONLY);

	ATF_REQUIRE(fd >= 0 && fstat(fd, &t.st) == 0);
	t.bytes = realloc(t.bytes, (size_t)t.st.st_size);
	ATF_REQUIRE(pread(fd, t.bytes, (size_t)t.st.st_size, 0) == t.st.st_size);
	close(fd);
	return (t);
}

static void
check_untouched(const char *path, struct trace before)
{
	struct trace now = trace_of(path);

	ATF_CHECK_EQ(now.st.st_ino, before.st.st_ino);
	ATF_CHECK_EQ(now.st.st_mode, before.st.st_mode);
	ATF_CHECK_EQ(now.st.st_size, before.st.st_size);
	ATF_CHECK_EQ(now.st.st_mtim.tv_sec, before.st.st_mtim.tv_sec);
	ATF_CHECK_EQ(now.st.st_mtim.tv_nsec, before.st.st_mtim.tv_nsec);
	ATF_CHECK_EQ(now.st.st_ctim.tv_sec, before.st.st_ctim.tv_sec);
	ATF_CHECK_EQ(now.st.st_ctim.tv_nsec, before.st.st_ctim.tv_nsec);
	ATF_CHECK(memcmp(now.bytes, before.bytes, (size_t)now.st.st_size) == 0);
	free(now.bytes);
	free(before.bytes);
}

/* Also in a folder where nothing can be written, and when the next file is refused. */
ATF_TC_WITHOUT_HEAD(results_files_are_never_touched);
ATF_TC_BODY(results_files_are_never_touched, tc)
{
	struct trace a, c;

	begin();
	ATF_REQUIRE_EQ(chmod("a.db", 0640), 0);
	ATF_REQUIRE_EQ(chmod("dir/c.db", 0400), 0);
	ATF_REQUIRE_EQ(chmod("dir", 0500), 0);
	a = trace_of("a.db");
	c = trace_of("dir/c.db");
	ATF_CHECK_EQ(matrix(tc, FORMS RUNS "pipe"), 0);
	ATF_REQUIRE_EQ(system("rm m.tsv m.json m.html"), 0);
	write_file("empty.db", "");
	check_matrix_refusal(
	    tc, FORMS "-d a.db -d dir/c.db -d empty.db pipe", "empty.db: empty", "again");
	ATF_REQUIRE_EQ(system("ls -A dir >list.txt; ls -d *.db* >>list.txt"), 0);
	check_untouched("a.db", a);
	check_untouched("dir/c.db", c);
	a.bytes = read_file("list.txt");
	ATF_CHECK_STREQ("c.db\na.db\nb.db\nempty.db\n", a.bytes);
	free(a.bytes);
	ATF_REQUIRE_EQ(chmod("dir", 0700), 0);
}

/* Wherever it stands in the row of runs. */
ATF_TC_WITHOUT_HEAD(a_truncated_run_spoils_the_whole);
ATF_TC_BODY(a_truncated_run_spoils_the_whole, tc)
{
	struct stat st;

	begin();
	ATF_REQUIRE_EQ(stat("b.db", &st), 0);
	ATF_REQUIRE_EQ(truncate("b.db", st.st_size / 2), 0);
	check_matrix_refusal(tc, FORMS RUNS "pipe", "b.db: cut off", "again");
	check_matrix_refusal(tc, FORMS "-d b.db -d a.db pipe", "b.db: cut off", "again");
	check_matrix_refusal(tc, FORMS "-d a.db -d b.db pipe", "b.db: cut off", "again");
	ATF_REQUIRE_EQ(truncate("b.db", 50), 0);
	check_matrix_refusal(tc, FORMS RUNS "pipe", "b.db: cut off after 50 bytes", "again");
}

ATF_TC_WITHOUT_HEAD(a_foreign_file_spoils_the_whole);
ATF_TC_BODY(a_foreign_file_spoils_the_whole, tc)
{
	begin();
	check_matrix_refusal(tc, FORMS "-d a.db -d none.db pipe", "none.db: ", "run the suite");
	check_matrix_refusal(tc, FORMS "-d a.db -d dir pipe", "dir: no regular file", "name");
	write_file("b.db", "verdicts: fine\n");
	check_matrix_refusal(tc, FORMS RUNS "pipe", "b.db: not an SQLite file", "kyua");
	ATF_REQUIRE_EQ(remove("b.db"), 0);
	made_begin("b.db", 4);
	made_end();
	check_matrix_refusal(tc, FORMS RUNS "pipe", "b.db: schema version 4 where 3 is known", "");
	ATF_REQUIRE_EQ(remove("b.db"), 0);
	ATF_REQUIRE_EQ(sqlite3_open("b.db", &made_db), SQLITE_OK);
	sql("CREATE TABLE metadata (schema_version INTEGER)");
	ATF_REQUIRE_EQ(sqlite3_close(made_db), SQLITE_OK);
	check_matrix_refusal(tc, FORMS RUNS "pipe", "b.db: an SQLite file without the tables", "");
}

ATF_TC_WITHOUT_HEAD(a_mixture_spoils_the_whole);
ATF_TC_BODY(a_mixture_spoils_the_whole, tc)
{
	begin();
	made_begin("mixed.db", 3);
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	made_case("b", ONE, "passed", NULL,
	    "plumbline 1 profile=posix os=Linux release=6.18 privileged=yes\n");
	made_end();
	check_matrix_refusal(
	    tc, FORMS "-d a.db -d mixed.db pipe", "mixed.db: a mixture", "one run");
}

/* What stood there before is still there. */
ATF_TC_WITHOUT_HEAD(a_refusal_leaves_old_forms_alone);
ATF_TC_BODY(a_refusal_leaves_old_forms_alone, tc)
{
	begin();
	write_file("old.tsv", "old\n");
	check_matrix_refusal(tc, "-m old.tsv -d a.db -d none.db pipe", "none.db: ", "");
	HOLDS("old.tsv", "old\n");
	check_matrix_refusal(tc, "-m old.tsv -j none/m.json " RUNS "pipe", "none/m.json: ", "");
	HOLDS("old.tsv", "old\n");
}

ATF_TC_WITHOUT_HEAD(usage);
ATF_TC_BODY(usage, tc)
{
	begin();
	check_matrix_refusal(tc, "", "matrix: ", "usage: matrix ");
	check_matrix_refusal(tc, FORMS "pipe", "matrix: ", "at least one results file");
	check_matrix_refusal(tc, FORMS "-d a.db", "matrix: ", "one area");
	check_matrix_refusal(tc, "-d a.db pipe", "matrix: ", "at least one form");
	check_matrix_refusal(tc, "-x x " FORMS "-d a.db pipe", "matrix: ", "does not have");
	check_matrix_refusal(tc, "-d", "matrix: ", "lacks its argument");
	check_matrix_refusal(tc, "-m x -j x -d a.db pipe", "matrix: ", "-m and -j name the same");
	check_matrix_refusal(tc, "-j x -w x -d a.db pipe", "matrix: ", "-j and -w name the same");
	check_matrix_refusal(tc, FORMS "-d a.db none", "none/requirements.tsv: ", "tables");
	ATF_CHECK(access("x", F_OK) != 0);
}

/* By whatever name. */
ATF_TC_WITHOUT_HEAD(no_form_is_written_over_what_is_read);
ATF_TC_BODY(no_form_is_written_over_what_is_read, tc)
{
	struct trace b;

	begin();
	ATF_REQUIRE_EQ(symlink("b.db", "soft"), 0);
	ATF_REQUIRE_EQ(link("b.db", "hard"), 0);
	b = trace_of("b.db");
	check_matrix_refusal(tc, "-m b.db " RUNS "pipe", "matrix: ", "write over");
	check_matrix_refusal(tc, "-j ./dir/../b.db " RUNS "pipe", "matrix: ", "write over");
	check_matrix_refusal(tc, "-w soft " RUNS "pipe", "matrix: ", "write over");
	check_matrix_refusal(tc, "-w hard " RUNS "pipe", "matrix: ", "write over");
	check_matrix_refusal(tc, "-m pipe/requirements.tsv " RUNS "pipe", "matrix: ", "write over");
	check_untouched("b.db", b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, runs_stand_side_by_side);
	ATF_TP_ADD_TC(tp, every_run_is_whole_in_the_json);
	ATF_TP_ADD_TC(tp, a_run_is_the_same_as_itself);
	ATF_TP_ADD_TC(tp, hostile_names_of_files_stay_in_their_column);
	ATF_TP_ADD_TC(tp, results_files_are_never_touched);
	ATF_TP_ADD_TC(tp, a_truncated_run_spoils_the_whole);
	ATF_TP_ADD_TC(tp, a_foreign_file_spoils_the_whole);
	ATF_TP_ADD_TC(tp, a_mixture_spoils_the_whole);
	ATF_TP_ADD_TC(tp, a_refusal_leaves_old_forms_alone);
	ATF_TP_ADD_TC(tp, usage);
	ATF_TP_ADD_TC(tp, no_form_is_written_over_what_is_read);
	return (atf_no_error());
}
