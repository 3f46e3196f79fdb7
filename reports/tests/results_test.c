/*
 * Files that are no whole results file of kyua's schema: each is refused in one
 * line that begins with its name and says why; and none is ever written to.
 */

#include <fcntl.h>

#include "made_up.h"

#define ONE "pipe.rule.one"

static void
begin(void)
{
	made_area("pipe", ROW(ONE, "0", "0", ""), "", NULL);
	made_begin("results.db", 3);
	made_case("a", ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
}

static off_t
size_of(const char *path)
{
	struct stat st;

	ATF_REQUIRE_EQ(stat(path, &st), 0);
	return (st.st_size);
}

ATF_TC_WITHOUT_HEAD(missing);
ATF_TC_BODY(missing, tc)
{
	begin();
	made_end();
	check_refusal(tc, "none.db pipe", "none.db: ", "run the suite first");
	check_refusal(tc, "pipe pipe", "pipe: ", "no regular file");
	check_refusal(tc, ":memory: pipe", ":memory:: ", "run the suite first");
	check_refusal(tc, "file:results.db pipe", "file:results.db: ", "run the suite first");
	ATF_REQUIRE_EQ(mkfifo("fifo", 0600), 0);
	check_refusal(tc, "fifo pipe", "fifo: ", "no regular file");
	ATF_CHECK(access("none.db", F_OK) != 0);
}

ATF_TC_WITHOUT_HEAD(empty);
ATF_TC_BODY(empty, tc)
{
	begin();
	made_end();
	write_file("empty.db", "");
	check_refusal(tc, "empty.db pipe", "empty.db: empty: ", "again");
	ATF_CHECK_EQ(size_of("empty.db"), 0);
}

ATF_TC_WITHOUT_HEAD(no_sqlite);
ATF_TC_BODY(no_sqlite, tc)
{
	begin();
	made_end();
	write_file("text.db", "SQL: no, only a text\n");
	check_refusal(tc, "text.db pipe", "text.db: not an SQLite file", "kyua");
	check_refusal(
	    tc, "pipe/requirements.tsv pipe", "pipe/requirements.tsv: not an SQLite file", "kyua");
}

/* Cut at every kind of place: header, first page, between and inside of pages. */
ATF_TC_WITHOUT_HEAD(truncated);
ATF_TC_BODY(truncated, tc)
{
	off_t size, sizes[6];

	begin();
	for (int i = 0; i < 200; i++) {
		char name[16];

		snprintf(name, sizeof(name), "c%d", i);
		made_case(name, ONE, "passed", NULL, HEADER "verdict " ONE " conforms\n");
	}
	made_end();
	size = size_of("results.db");
	sizes[0] = size - 1;
	sizes[1] = size - 4096;
	sizes[2] = size / 2;
	sizes[3] = 4096;
	sizes[4] = 99;
	sizes[5] = 5;
	ATF_CHECK_EQ(verdicts(tc, "results.db pipe"), 0);
	for (int i = 0; i < 6; i++) {
		ATF_REQUIRE_EQ(truncate("results.db", sizes[i]), 0);
		check_refusal(tc, "results.db pipe", "results.db: cut off", "again");
		ATF_CHECK_EQ(size_of("results.db"), sizes[i]);
	}
}

/* All of it is there, but not what was written: every page in turn but the first. */
ATF_TC_WITHOUT_HEAD(damaged);
ATF_TC_BODY(damaged, tc)
{
	static const char zeros[4096], junk[] = "\x0d\xff\xff\xff\xff\xff\xff\xff";
	char *before, page[4096];
	int fd, status, refused = 0;

	begin();
	made_end();
	ATF_REQUIRE((fd = open("results.db", O_RDWR)) >= 0);
	for (off_t at = 4096; at < size_of("results.db"); at += 4096) {
		ATF_REQUIRE_EQ(pread(fd, page, sizeof(page), at), 4096);
		ATF_REQUIRE_EQ(pwrite(fd, zeros, sizeof(zeros), at), 4096);
		status = verdicts(tc, "results.db pipe");
		refused += status == 2;
		before = read_file("stderr.txt");
		ATF_CHECK_MSG(
		    status != 2 || strncmp(before, "results.db: ", 12) == 0, "%s", before);
		free(before);
		ATF_REQUIRE_EQ(pwrite(fd, junk, sizeof(junk), at), (ssize_t)sizeof(junk));
		status = verdicts(tc, "results.db pipe");
		ATF_CHECK(status >= 0 && status <= 2);
		ATF_REQUIRE_EQ(pwrite(fd, page, sizeof(page), at), 4096);
	}
	close(fd);
	/* The tables of the environment is all that nobody reads. */
	ATF_CHECK_MSG(refused >= 8, "%d refused", refused);
	ATF_CHECK_EQ(verdicts(tc, "results.db pipe"), 0);
}

ATF_TC_WITHOUT_HEAD(foreign);
ATF_TC_BODY(foreign, tc)
{
	begin();
	made_end();
	ATF_REQUIRE_EQ(sqlite3_open("other.db", &made_db), SQLITE_OK);
	sql("CREATE TABLE metadata (schema_version INTEGER)");
	sql("INSERT INTO metadata VALUES (3)");
	ATF_REQUIRE_EQ(sqlite3_close(made_db), SQLITE_OK);
	check_refusal(tc, "other.db pipe", "other.db: an SQLite file without the tables of kyua",
	    "kyua test");
}

/* A table that lacks a column is as foreign. */
ATF_TC_WITHOUT_HEAD(foreign_column);
ATF_TC_BODY(foreign_column, tc)
{
	begin();
	sql("DROP TABLE test_results");
	sql("CREATE TABLE test_results (test_case_id INTEGER, outcome TEXT)");
	made_end();
	check_refusal(tc, "results.db pipe", "results.db: no such column: ", "no results of kyua");
}

/* A view in place of a table could keep us busy without end. */
ATF_TC(foreign_view);
ATF_TC_HEAD(foreign_view, tc)
{
	atf_tc_set_md_var(tc, "timeout", "10");
}
ATF_TC_BODY(foreign_view, tc)
{
	begin();
	sql("DROP TABLE files");
	sql("CREATE VIEW files AS WITH RECURSIVE n (file_id) AS (SELECT 1 UNION ALL SELECT file_id "
	    "+ 1 FROM n) SELECT file_id, 'x' AS contents FROM n");
	made_end();
	check_refusal(tc, "results.db pipe",
	    "results.db: an SQLite file without the tables of kyua", "kyua test");
}

ATF_TC_WITHOUT_HEAD(schema_version);
ATF_TC_BODY(schema_version, tc)
{
	begin();
	made_end();
	made_begin("newer.db", 4);
	made_end();
	check_refusal(
	    tc, "newer.db pipe", "newer.db: schema version 4 where 3 is known: ", "newer");
	made_begin("older.db", 2);
	made_end();
	check_refusal(tc, "older.db pipe", "older.db: schema version 2 ", "db-migrate");
	made_begin("none.db", 3);
	sql("DELETE FROM metadata");
	made_end();
	check_refusal(tc, "none.db pipe", "none.db: it names no schema version", "again");
}

ATF_TC_WITHOUT_HEAD(unknown_result);
ATF_TC_BODY(unknown_result, tc)
{
	begin();
	made_case("b", ONE, "flaky\033[2J", "x", HEADER);
	made_end();
	check_refusal(tc, "results.db pipe",
	    "results.db: a result that is none of kyua's, \"flaky\\x1b", "learn it");
}

ATF_TC_WITHOUT_HEAD(lost_program);
ATF_TC_BODY(lost_program, tc)
{
	begin();
	sql("DELETE FROM test_programs");
	made_end();
	check_refusal(
	    tc, "results.db pipe", "results.db: a case without a name or a program", "again");
}

/* The run was killed and its journal lies there: half of a run is no result. */
ATF_TC_WITHOUT_HEAD(left_journal);
ATF_TC_BODY(left_journal, tc)
{
	char *journal;

	begin();
	made_end();
	if (fork() == 0) {
		/* Pages must reach the file before the end for the journal to count. */
		sqlite3_open("results.db", &made_db);
		sql("PRAGMA cache_size = 1");
		sql("BEGIN");
		sql("CREATE TABLE filler (x)");
		sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000) "
		    "INSERT INTO filler SELECT hex(randomblob(200)) FROM n");
		_exit(0);
	}
	ATF_REQUIRE(wait(NULL) > 0);
	ATF_REQUIRE(size_of("results.db-journal") > 0);
	check_refusal(tc, "results.db pipe", "results.db: ", "killed");
	journal = read_file("results.db-journal");
	ATF_CHECK(journal[0] != '\0');
	free(journal);
}

/* Journal modes that make even readers write beside the file. */
ATF_TC_WITHOUT_HEAD(write_ahead_log);
ATF_TC_BODY(write_ahead_log, tc)
{
	begin();
	made_end();
	ATF_REQUIRE_EQ(sqlite3_open("results.db", &made_db), SQLITE_OK);
	sql("PRAGMA journal_mode = wal");
	ATF_REQUIRE_EQ(sqlite3_close(made_db), SQLITE_OK);
	check_refusal(tc, "results.db pipe", "results.db: its journal mode", "kyua");
	ATF_CHECK(access("results.db-shm", F_OK) != 0);
}

/* Where nobody may write it can be read, and nothing appears beside it. */
ATF_TC_WITHOUT_HEAD(only_read);
ATF_TC_BODY(only_read, tc)
{
	struct stat before, after;

	begin();
	ATF_REQUIRE_EQ(mkdir("dir", 0755), 0);
	made_end();
	ATF_REQUIRE_EQ(rename("results.db", "dir/results.db"), 0);
	ATF_REQUIRE_EQ(stat("dir/results.db", &before), 0);
	ATF_REQUIRE_EQ(chmod("dir/results.db", 0400), 0);
	ATF_REQUIRE_EQ(chmod("dir", 0500), 0);
	ATF_CHECK_EQ(verdicts(tc, "dir/results.db pipe"), 0);
	ATF_REQUIRE_EQ(stat("dir/results.db", &after), 0);
	ATF_CHECK_EQ(before.st_mtime, after.st_mtime);
	ATF_REQUIRE_EQ(system("ls -A dir >list.txt"), 0);
	HOLDS("list.txt", "results.db\n");
	ATF_CHECK_EQ(size_of("list.txt"), 11);
	ATF_REQUIRE_EQ(chmod("dir", 0700), 0);
}

/* No value of the file is where it is expected, but of another type. */
ATF_TC_WITHOUT_HEAD(odd_types);
ATF_TC_BODY(odd_types, tc)
{
	begin();
	made_case("b", NULL, "skipped", NULL, NULL);
	sql("UPDATE test_cases SET name = 7 WHERE name = 'b'");
	sql("UPDATE test_programs SET test_suite_name = NULL");
	sql("INSERT INTO metadatas VALUES (2, 'custom.requirement', 12.5)");
	sql("INSERT INTO files VALUES (9, 1)");
	sql("INSERT INTO test_case_files VALUES (2, '__STDOUT__', 9)");
	made_end();
	ATF_CHECK_EQ(verdicts(tc, "results.db pipe"), 1);
	HOLDS("stdout.txt", "broken: pipe/a_test:7\n    names 12.5, which no table has\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, missing);
	ATF_TP_ADD_TC(tp, empty);
	ATF_TP_ADD_TC(tp, no_sqlite);
	ATF_TP_ADD_TC(tp, truncated);
	ATF_TP_ADD_TC(tp, damaged);
	ATF_TP_ADD_TC(tp, foreign);
	ATF_TP_ADD_TC(tp, foreign_column);
	ATF_TP_ADD_TC(tp, foreign_view);
	ATF_TP_ADD_TC(tp, schema_version);
	ATF_TP_ADD_TC(tp, unknown_result);
	ATF_TP_ADD_TC(tp, lost_program);
	ATF_TP_ADD_TC(tp, left_journal);
	ATF_TP_ADD_TC(tp, write_ahead_log);
	ATF_TP_ADD_TC(tp, only_read);
	ATF_TP_ADD_TC(tp, odd_types);
	return (atf_no_error());
}
