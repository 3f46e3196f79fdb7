/*
 * Made-up input for verdicts, in the work directory: a results file with the
 * tables of kyua that count, areas with their tables, and what came of it.
 */

#ifndef REPORTS_TESTS_MADE_UP_H
#define REPORTS_TESTS_MADE_UP_H

#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "plumbline 1 profile=linux os=Linux release=6.18 privileged=yes\n"
#define REQUIREMENTS_HEADER \
	"id\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\n"
#define DEVIATIONS_HEADER "requirement\tos\tfrom\tto\tcitation\treason\n"

/* A secret that stands in every results file and must never come out. */
#define SECRET "hush-do-not-tell"

/* Each test case has its own process, so one of each is enough. */
static sqlite3 *made_db;
static sqlite3_int64 made_cases, made_programs;

static inline void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE(fputs(text, f) >= 0);
	ATF_REQUIRE_EQ(fclose(f), 0);
}

/* The whole file; "" if there is none. */
static inline char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1);
	size_t size = 0;
	int c;

	while (f != NULL && (c = fgetc(f)) != EOF) {
		if (size % 65536 == 0)
			text = realloc(text, size + 65536 + 1);
		ATF_REQUIRE(text != NULL);
		text[size++] = (char)c;
		text[size] = '\0';
	}
	if (f != NULL)
		fclose(f);
	return (text);
}

static inline void
sql(const char *text)
{
	ATF_REQUIRE_EQ_MSG(sqlite3_exec(made_db, text, NULL, NULL, NULL), SQLITE_OK, "%s: %s", text,
	    sqlite3_errmsg(made_db));
}

/* One statement with up to four texts for its marks; NULL means NULL. */
static inline void
sql_with(const char *text, const char *a, const char *b, const char *c, const char *d)
{
	const char *values[] = { a, b, c, d };
	sqlite3_stmt *s;

	ATF_REQUIRE_EQ_MSG(sqlite3_prepare_v2(made_db, text, -1, &s, NULL), SQLITE_OK, "%s: %s",
	    text, sqlite3_errmsg(made_db));
	for (int i = 0; i < 4 && i < sqlite3_bind_parameter_count(s); i++)
		sqlite3_bind_text(s, i + 1, values[i], -1, SQLITE_STATIC);
	ATF_REQUIRE_EQ(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
}

/* Begin a results file of that schema version. */
static inline void
made_begin(const char *path, int version)
{
	char number[80];

	ATF_REQUIRE_EQ(sqlite3_open(path, &made_db), SQLITE_OK);
	sql("BEGIN");
	sql("CREATE TABLE metadata (schema_version INTEGER, timestamp INTEGER)");
	sql("CREATE TABLE env_vars (var_name TEXT, var_value TEXT)");
	sql("CREATE TABLE test_programs (test_program_id INTEGER PRIMARY KEY,"
	    " relative_path TEXT, test_suite_name TEXT)");
	sql("CREATE TABLE test_cases (test_case_id INTEGER PRIMARY KEY,"
	    " test_program_id INTEGER, name TEXT, metadata_id INTEGER)");
	sql("CREATE TABLE test_results (test_case_id INTEGER PRIMARY KEY,"
	    " result_type TEXT, result_reason TEXT, start_time INTEGER, end_time INTEGER)");
	sql("CREATE TABLE metadatas (metadata_id INTEGER, property_name TEXT,"
	    " property_value TEXT, PRIMARY KEY (metadata_id, property_name))");
	sql("CREATE TABLE test_case_files (test_case_id INTEGER, file_name TEXT,"
	    " file_id INTEGER, PRIMARY KEY (test_case_id, file_name))");
	sql("CREATE TABLE files (file_id INTEGER PRIMARY KEY, contents BLOB)");
	sql("INSERT INTO env_vars VALUES ('PASSWORD', '" SECRET "')");
	snprintf(number, sizeof(number), "INSERT INTO metadata VALUES (%d, 1)", version);
	sql(number);
	made_cases = made_programs = 0;
}

/* The program of the cases that follow; by default pipe/a_test. */
static inline void
made_program(const char *path)
{
	char number[24];

	snprintf(number, sizeof(number), "%lld", (long long)++made_programs);
	sql_with("INSERT INTO test_programs VALUES (?, ?, 'plumbline')", number, path, NULL, NULL);
}

static inline void
made_end(void)
{
	sql("COMMIT");
	ATF_REQUIRE_EQ(sqlite3_close(made_db), SQLITE_OK);
}

static inline void
made_output(const char *name, const void *bytes, size_t size)
{
	sqlite3_stmt *s;

	sqlite3_prepare_v2(made_db, "INSERT INTO files VALUES (NULL, ?)", -1, &s, NULL);
	sqlite3_bind_blob(s, 1, bytes, (int)size, SQLITE_STATIC);
	ATF_REQUIRE_EQ(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
	sqlite3_prepare_v2(made_db,
	    "INSERT INTO test_case_files VALUES (?, ?, last_insert_rowid())", -1, &s, NULL);
	sqlite3_bind_int64(s, 1, made_cases);
	sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
	ATF_REQUIRE_EQ(sqlite3_step(s), SQLITE_DONE);
	sqlite3_finalize(s);
}

/*
 * One case: the requirements it names, kyua's result ("" for
 * none) and reason, what it wrote.  NULL stands for nothing of the sort.
 */
static inline void
made_case(const char *name, const char *requirements, const char *result, const char *reason,
    const char *output)
{
	char number[24], program[24];

	if (made_programs == 0)
		made_program("pipe/a_test");
	snprintf(number, sizeof(number), "%lld", (long long)++made_cases);
	snprintf(program, sizeof(program), "%lld", (long long)made_programs);
	sql_with("INSERT INTO test_cases VALUES (?, ?, ?, ?)", number, program, name, number);
	if (result[0] != '\0')
		sql_with("INSERT INTO test_results VALUES (?, ?, ?, 1000000, 1012000)", number,
		    result, reason, NULL);
	if (requirements != NULL)
		sql_with("INSERT INTO metadatas VALUES (?, 'custom.requirement', ?)", number,
		    requirements, NULL, NULL);
	if (output != NULL)
		made_output("__STDOUT__", output, strlen(output));
}

/* One row of a requirement table with these outcomes under linux and elsewhere. */
#define ROW(id, linux, other, unchecked)                                                    \
	id "\tstatement of " id "\tdiffers\t" other "\t" other "\t" linux "\tsource of " id \
	   "\t1\t" unchecked "\n"

/* An area with these tables (without their header lines) and one source file. */
static inline void
made_area(
    const char *directory, const char *requirements, const char *deviations, const char *source)
{
	char path[256], *text;

	ATF_REQUIRE(mkdir(directory, 0755) == 0);
	text = malloc(strlen(requirements) + strlen(deviations) + 256);
	ATF_REQUIRE(text != NULL);
	snprintf(path, sizeof(path), "%s/requirements.tsv", directory);
	strcat(strcpy(text, REQUIREMENTS_HEADER), requirements);
	write_file(path, text);
	snprintf(path, sizeof(path), "%s/deviations.tsv", directory);
	strcat(strcpy(text, DEVIATIONS_HEADER), deviations);
	write_file(path, text);
	free(text);
	snprintf(path, sizeof(path), "%s/a_test.c", directory);
	if (source != NULL)
		write_file(path, source);
}

/*
 * Run a report program with these words of shell; its outputs go to stdout.txt
 * and stderr.txt.  Only a refusal says something on stderr.
 */
static inline int
report_program(const atf_tc_t *tc, const char *program, const char *words)
{
	char command[2048], *err;
	int status;

	snprintf(command, sizeof(command), "'%s/../%s' %s >stdout.txt 2>stderr.txt",
	    atf_tc_get_config_var(tc, "srcdir"), program, words);
	status = system(command);
	err = read_file("stderr.txt");
	ATF_REQUIRE_MSG(WIFEXITED(status), "%s: status 0x%x: %s", words, status, err);
	ATF_CHECK_EQ_MSG(err[0] != '\0', WEXITSTATUS(status) == 2, "%s: status %d: %s", words,
	    WEXITSTATUS(status), err);
	free(err);
	return (WEXITSTATUS(status));
}

static inline int
verdicts(const atf_tc_t *tc, const char *words)
{
	return (report_program(tc, "verdicts", words));
}

/* Does the file hold that text?  If not so, show the file. */
static inline void
check_file_holds(const char *path, const char *text, bool does, int line)
{
	char *all = read_file(path);

	if ((strstr(all, text) != NULL) != does)
		atf_tc_fail_nonfatal("line %d: %s %s \"%s\":\n%.3000s", line, path,
		    does ? "lacks" : "holds", text, all);
	free(all);
}

#define HOLDS(path, text) check_file_holds(path, text, true, __LINE__)
#define LACKS(path, text) check_file_holds(path, text, false, __LINE__)

/* It cannot judge: status 2, nothing on stdout, one line that begins and goes on so. */
static inline void
check_refusal_of(const atf_tc_t *tc, const char *program, const char *words, const char *beginning,
    const char *part)
{
	char *out, *err;

	ATF_CHECK_EQ_MSG(report_program(tc, program, words), 2, "%s", words);
	out = read_file("stdout.txt");
	err = read_file("stderr.txt");
	ATF_CHECK_STREQ(out, "");
	ATF_CHECK_MSG(strncmp(err, beginning, strlen(beginning)) == 0, "\"%s\" begins not with %s",
	    err, beginning);
	ATF_CHECK_MSG(strstr(err, part) != NULL, "\"%s\" lacks \"%s\"", err, part);
	ATF_CHECK_MSG(strchr(err, '\n') == err + strlen(err) - 1, "not one line: %s", err);
	free(out);
	free(err);
}

static inline void
check_refusal(const atf_tc_t *tc, const char *words, const char *beginning, const char *part)
{
	check_refusal_of(tc, "verdicts", words, beginning, part);
}

/* The last line of a file. */
static inline void
check_last_line(const char *path, const char *line)
{
	char *all = read_file(path), *last;
	size_t n = strlen(all);

	ATF_REQUIRE(n > 0 && all[n - 1] == '\n');
	all[n - 1] = '\0';
	last = strrchr(all, '\n');
	ATF_CHECK_STREQ(last != NULL ? last + 1 : all, line);
	free(all);
}

#endif
