#include "results.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define SCHEMA 3
#define HEADER 100 /* bytes of a database before its first page */

static const char *const kyua_words[] = { "passed", "failed", "skipped", "expected_failure",
	"broken" };

/* The columns in the order of struct result. */
static const char query[] =
    "SELECT p.relative_path, p.test_suite_name, c.name, m.property_value, r.result_type,"
    " r.result_reason, o.contents, r.start_time, r.end_time, c.test_case_id "
    "FROM test_cases AS c"
    " LEFT JOIN test_programs AS p ON p.test_program_id = c.test_program_id"
    " LEFT JOIN test_results AS r ON r.test_case_id = c.test_case_id"
    " LEFT JOIN metadatas AS m ON m.metadata_id = c.metadata_id"
    "  AND m.property_name = 'custom.requirement'"
    " LEFT JOIN test_case_files AS of ON of.test_case_id = c.test_case_id"
    "  AND of.file_name = '__STDOUT__'"
    " LEFT JOIN files AS o ON o.file_id = of.file_id "
    "ORDER BY c.test_case_id";
enum { PROGRAM, SUITE, NAME, REQUIREMENTS, STATUS, REASON, OUT, START, END, CASE };

static const char stderr_query[] =
    "SELECT f.contents FROM test_case_files AS n JOIN files AS f ON f.file_id = n.file_id "
    "WHERE n.test_case_id = ?1 AND n.file_name = '__STDERR__'";

const char *
status_word(enum status s)
{
	static const char *const words[STATUSES] = { "passed", "failed", "skipped",
		"expected failure", "broken", "no result" };

	return (words[s]);
}

struct results {
	const char *path;
	sqlite3 *db;
	sqlite3_stmt *cases, *errors;
};

static unsigned long
big_endian(const unsigned char *at, int bytes)
{
	unsigned long n = 0;

	while (bytes-- > 0)
		n = n << 8 | *at++;
	return (n);
}

/*
 * Look at the first bytes before SQLite does: it calls an empty file a database
 * without tables, and has one message for all that is cut off or damaged.
 */
static int
check_file(const char *path, char *error, size_t size)
{
	unsigned char h[HEADER];
	unsigned long page, pages;
	struct stat st;
	ssize_t n;
	int fd;

	if ((fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
		snprintf(error, size, "%s: cannot open the results file: %s: %s", path,
		    strerror(errno),
		    errno == ENOENT ? "run the suite first, or name the file that it wrote"
				    : "make it readable");
		return (-1);
	}
	n = fstat(fd, &st);
	if (n == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		snprintf(error, size, "%s: no regular file: name the results file of a run", path);
		return (-1);
	}
	if (n == 0)
		n = read(fd, h, sizeof(h));
	close(fd);
	if (n < 0)
		snprintf(error, size, "%s: cannot read: %s: copy it where it can be read", path,
		    strerror(errno));
	else if (n == 0)
		snprintf(
		    error, size, "%s: empty: the run wrote nothing: run the suite again", path);
	else if ((size_t)n < sizeof(h) &&
	    memcmp(h, "SQLite format 3", n < 15 ? (size_t)n : 15) == 0)
		snprintf(error, size, "%s: cut off after %zd bytes: copy it again, or run again",
		    path, n);
	else if ((size_t)n < sizeof(h) || memcmp(h, "SQLite format 3", 16) != 0)
		snprintf(error, size,
		    "%s: not an SQLite file, so no results of kyua: name the file of kyua test -r",
		    path);
	else if (h[18] != 1 || h[19] != 1)
		snprintf(error, size,
		    "%s: its journal mode is not kyua's, and reading would write: "
		    "name the file as kyua wrote it",
		    path);
	else {
		page = big_endian(h + 16, 2);
		page = page == 1 ? 65536 : page;
		pages = big_endian(h + 28, 4);
		/* The number of pages holds only if these two agree. */
		if (memcmp(h + 24, h + 92, 4) != 0 ||
		    page * pages <= (unsigned long long)st.st_size)
			return (0);
		snprintf(error, size,
		    "%s: cut off: %lld bytes of %llu: copy it again, or run again", path,
		    (long long)st.st_size, (unsigned long long)page * pages);
	}
	return (-1);
}

/* SQLite's trouble in our words. */
static int
database_error(const struct results *r, int rc, char *error, size_t size)
{
	const char *advice;

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		advice = "a run is writing it: wait for its end";
		break;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		advice = "a run that was killed left it and a journal beside it: run again";
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		advice = "it is damaged: copy it again, or run again";
		break;
	default:
		advice = "no results of kyua: name the file of kyua test -r";
	}
	snprintf(error, size, "%s: %s: %s", r->path, sqlite3_errmsg(r->db), advice);
	return (-1);
}

/* One number from the database: 1, 0 if there is no row or no number, -1 on error. */
static int
ask_number(struct results *r, const char *sql, long long *number, char *error, size_t size)
{
	sqlite3_stmt *s;
	int rc, got = 0;

	if ((rc = sqlite3_prepare_v2(r->db, sql, -1, &s, NULL)) != SQLITE_OK)
		return (database_error(r, rc, error, size));
	if ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		if (sqlite3_column_type(s, 0) == SQLITE_INTEGER) {
			*number = sqlite3_column_int64(s, 0);
			got = 1;
		}
	} else if (rc != SQLITE_DONE) {
		got = database_error(r, rc, error, size);
	}
	sqlite3_finalize(s);
	return (got);
}

/* Hold the tables against those of kyua; views could make us work without end. */
static int
check_schema(struct results *r, char *error, size_t size)
{
	long long n = 0;
	int got;

	if (ask_number(r,
		"SELECT count(*) FROM sqlite_master WHERE type = 'table' AND rootpage > 0 "
		"AND name IN ('metadata', 'test_programs', 'test_cases', 'test_results',"
		" 'metadatas', 'test_case_files', 'files')",
		&n, error, size) < 0)
		return (-1);
	if (n != 7) {
		snprintf(error, size,
		    "%s: an SQLite file without the tables of kyua: name the file of kyua test -r",
		    r->path);
		return (-1);
	}
	if ((got = ask_number(r, "SELECT max(schema_version) FROM metadata", &n, error, size)) < 0)
		return (-1);
	if (got == 0) {
		snprintf(
		    error, size, "%s: it names no schema version: run the suite again", r->path);
		return (-1);
	}
	if (n != SCHEMA) {
		snprintf(error, size, "%s: schema version %lld where %d is known: %s", r->path, n,
		    SCHEMA,
		    n > SCHEMA ? "this program must learn the newer one"
			       : "let kyua db-migrate bring it up to date");
		return (-1);
	}
	return (0);
}

struct results *
results_open(const char *path, char *error, size_t size)
{
	struct results *r;
	char *name;
	int rc;

	if (check_file(path, error, size) != 0)
		return (NULL);
	if ((r = calloc(1, sizeof(*r))) == NULL) {
		snprintf(error, size, "%s: out of memory", path);
		return (NULL);
	}
	r->path = path;
	/* Names such as ":memory:" and "file:x" mean files here. */
	if ((name = sqlite3_mprintf("%s%s", path[0] == '/' ? "" : "./", path)) == NULL)
		rc = SQLITE_NOMEM;
	else
		rc = sqlite3_open_v2(name, &r->db, SQLITE_OPEN_READONLY, NULL);
	sqlite3_free(name);
	if (rc == SQLITE_OK) {
		sqlite3_db_config(r->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
		sqlite3_db_config(r->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
		/* One transaction: what we check is what we read. */
		rc = sqlite3_exec(r->db, "BEGIN", NULL, NULL, NULL);
	}
	if (rc != SQLITE_OK) {
		database_error(r, rc, error, size);
	} else if (check_schema(r, error, size) == 0) {
		rc = sqlite3_prepare_v2(r->db, query, -1, &r->cases, NULL);
		if (rc == SQLITE_OK)
			rc = sqlite3_prepare_v2(r->db, stderr_query, -1, &r->errors, NULL);
		if (rc == SQLITE_OK)
			return (r);
		database_error(r, rc, error, size);
	}
	results_close(r);
	return (NULL);
}

static struct span
column(sqlite3_stmt *s, int i)
{
	struct span t = { sqlite3_column_blob(s, i), 0 };

	if (t.at == NULL)
		return (span_of(""));
	t.size = (size_t)sqlite3_column_bytes(s, i);
	return (t);
}

int
results_next(struct results *r, struct result *result, char *error, size_t size)
{
	sqlite3_stmt *s = r->cases;
	struct span word;
	int rc;

	if ((rc = sqlite3_step(s)) == SQLITE_DONE)
		return (0);
	if (rc != SQLITE_ROW)
		return (database_error(r, rc, error, size));
	if (sqlite3_column_type(s, PROGRAM) == SQLITE_NULL ||
	    sqlite3_column_type(s, NAME) == SQLITE_NULL) {
		snprintf(error, size,
		    "%s: a case without a name or a program: it is damaged: run the suite again",
		    r->path);
		return (-1);
	}
	*result = (struct result){ .program = column(s, PROGRAM),
		.suite = column(s, SUITE),
		.name = column(s, NAME),
		.requirements = column(s, REQUIREMENTS),
		.status = NONE,
		.reason = column(s, REASON),
		.out = column(s, OUT),
		.start = sqlite3_column_int64(s, START),
		.end = sqlite3_column_int64(s, END) };
	if (sqlite3_column_type(s, STATUS) == SQLITE_NULL)
		return (1);
	word = column(s, STATUS);
	for (enum status i = PASSED; i < NONE; i++)
		if (span_is(word, kyua_words[i]))
			result->status = i;
	if (result->status == NONE) {
		snprintf(error, size,
		    "%s: a result that is none of kyua's, \"%.*s\": this program must learn it",
		    r->path, word.size < 40 ? (int)word.size : 40, word.at);
		return (-1);
	}
	return (1);
}

struct span
results_stderr(struct results *r)
{
	sqlite3_reset(r->errors);
	sqlite3_bind_int64(r->errors, 1, sqlite3_column_int64(r->cases, CASE));
	if (sqlite3_step(r->errors) != SQLITE_ROW)
		return (span_of(""));
	return (column(r->errors, 0));
}

void
results_close(struct results *r)
{
	sqlite3_finalize(r->cases);
	sqlite3_finalize(r->errors);
	sqlite3_close(r->db);
	free(r);
}
