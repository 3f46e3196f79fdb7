/*
 * The readers of tables and of results files: arbitrary bytes in a file.
 *
 * Oracle: a reader gives what stands in the file, or one line of error that begins
 * "file:", in a table "file:line: ".  What a table gave keeps the rules of its
 * columns (lib/catalogue.h), is found again by its id, and written again column by
 * column reads as the same rows.  A results file is only read: it holds the same
 * bytes afterwards, each case that it gives has a result that kyua knows, and one that
 * SQLite's own check calls sound reads the same a second time.
 *
 * Input: a byte that chooses the reader ('r' requirements, 'd' deviations, any other
 * results), then the contents of the file.
 */

#include <ctype.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/catalogue.h"
#include "../reports/results.h"
#include "target.h"

#define ERROR 512

/* The file that the readers are given, made once. */
static char path[256];
static FILE *file;

static void
remove_file(void)
{
	unlink(path);
}

static void
write_file(const void *bytes, size_t size)
{
	if (file == NULL) {
		const char *folder = getenv("TMPDIR");
		int fd;

		snprintf(path, sizeof(path), "%s/plumbline-table.XXXXXX",
		    folder != NULL ? folder : "/tmp");
		fuzz_setup((fd = mkstemp(path)) >= 0 && (file = fdopen(fd, "r+")) != NULL,
		    "a temporary file");
		atexit(remove_file);
	}
	rewind(file);
	fuzz_setup(ftruncate(fileno(file), 0) == 0, "truncating it");
	fuzz_setup(fwrite(bytes, 1, size, file) == size && fflush(file) == 0, "writing it");
}

/* One line that begins with the file's name and says something; what follows the name. */
static const char *
check_error(const char *error)
{
	size_t n = strlen(path);

	for (const char *c = error; *c != '\0'; c++)
		fuzz_check(
		    (unsigned char)*c >= ' ', "table-error: more than a line of text: %s", error);
	fuzz_check(strncmp(error, path, n) == 0 && error[n] == ':' && error[n + 1] != '\0',
	    "table-error: without the file: %s", error);
	return (error + n + 1);
}

/* The same of an error that may quote the file, once it is printed. */
static void
check_printed_error(const char *error)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	fuzz_setup(f != NULL, "memory");
	text_put(f, span_of(error), ERROR);
	fclose(f);
	check_error(text);
	free(text);
}

/* In a table that is not empty, it names the line too. */
static void
check_table_error(const char *error, size_t size)
{
	const char *rest = check_error(error);
	size_t digits = strspn(rest, "0123456789");

	fuzz_check(
	    size == 0 || (digits > 0 && rest[0] != '0' && strncmp(rest + digits, ": ", 2) == 0),
	    "table-error: without the line: %s", error);
}

/* area.topic.slug, as CONTRIBUTING.md has it. */
static void
check_id(const char *id)
{
	const char *first = strchr(id, '.');
	const char *last = strrchr(id, '.');

	fuzz_check(id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-.")] == '\0' &&
		first != NULL && first != id && first + 1 < last && last[1] != '\0' &&
		memchr(first + 1, '.', (size_t)(last - first - 1)) == NULL,
	    "table-id: %s", id);
}

static void
put_requirement(FILE *f, const struct pl_requirement *r)
{
	fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", r->id, r->statement, r->class,
	    r->outcome[PL_PROFILE_POSIX], r->outcome[PL_PROFILE_FREEBSD],
	    r->outcome[PL_PROFILE_LINUX], r->source, r->priority, r->unchecked);
}

static void
check_requirement(const struct pl_catalogue *c, const struct pl_requirement *r)
{
	static const char classes[] = " posix shared differs freebsd linux ";
	char word[32];

	check_id(r->id);
	snprintf(word, sizeof(word), " %s ", r->class);
	fuzz_check(strstr(classes, word) != NULL && strchr(r->class, ' ') == NULL,
	    "table-class: %s", r->class);
	fuzz_check(r->priority >= 1 && r->priority <= 3, "table-priority: %d", r->priority);
	fuzz_check(r->statement[0] != '\0' && r->source[0] != '\0' &&
		r->outcome[PL_PROFILE_POSIX][0] != '\0' &&
		r->outcome[PL_PROFILE_FREEBSD][0] != '\0' &&
		r->outcome[PL_PROFILE_LINUX][0] != '\0',
	    "table-empty: %s has an empty column", r->id);
	fuzz_check(pl_catalogue_find(c, r->id) == r, "table-find: %s is not found", r->id);
}

static void
requirements(const uint8_t *bytes, size_t size)
{
	struct pl_catalogue first, second;
	char error[ERROR] = "", *text[2] = { NULL, NULL };
	size_t length;
	FILE *f;

	write_file(bytes, size);
	if (pl_catalogue_read(path, &first, error, sizeof(error)) != 0) {
		check_table_error(error, size);
		return;
	}
	for (int round = 0; round < 2; round++) {
		const struct pl_catalogue *c = round == 0 ? &first : &second;

		fuzz_setup((f = open_memstream(&text[round], &length)) != NULL, "memory");
		fputs("id\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\n",
		    f);
		for (size_t i = 0; i < c->count; i++) {
			check_requirement(c, &c->rows[i]);
			fuzz_check(c->rows[i].line == (int)i + 2,
			    "table-line: row %zu is told to be in line %d", i + 1, c->rows[i].line);
			put_requirement(f, &c->rows[i]);
		}
		fclose(f);
		if (round > 0)
			break;
		fuzz_check(length == size && memcmp(text[0], bytes, size) == 0,
		    "table-identity: written again it is not what was read");
		write_file(text[0], length);
		fuzz_check(pl_catalogue_read(path, &second, error, sizeof(error)) == 0,
		    "table-identity: written again it is refused: %s", error);
	}
	fuzz_check(strcmp(text[0], text[1]) == 0, "table-identity: read again it differs");
	free(text[0]);
	free(text[1]);
	pl_catalogue_free(&first);
	pl_catalogue_free(&second);
}

/* An end of a range as the table has it. */
static void
put_release(FILE *f, int release)
{
	if (release == 0 || release == INT_MAX)
		fputs("\t-", f);
	else
		fprintf(f, "\t%d.%d", release / 100, release % 100);
}

static void
check_deviation(const struct pl_deviations *d, size_t i)
{
	const struct pl_deviation *row = &d->rows[i], *found;

	check_id(row->requirement);
	fuzz_check(row->os[0] != '\0' && row->citation[0] != '\0' && row->reason[0] != '\0',
	    "table-empty: %s has an empty column", row->requirement);
	fuzz_check(
	    0 <= row->from && row->from <= row->to, "table-range: %d to %d", row->from, row->to);
	fuzz_check(row->line == (int)i + 2, "table-line: row %zu is told to be in line %d", i + 1,
	    row->line);
	/* Both ends belong to the range; an earlier row may have them as well. */
	for (int end = 0; end < 2; end++) {
		found = pl_deviations_find(
		    d, row->requirement, row->os, end == 0 ? row->from : row->to);
		fuzz_check(found != NULL && found <= row, "table-find: %s on %s is not found",
		    row->requirement, row->os);
	}
}

static void
deviations(const uint8_t *bytes, size_t size)
{
	struct pl_deviations first, second;
	char error[ERROR] = "", *text = NULL;
	size_t length;
	FILE *f;

	write_file(bytes, size);
	if (pl_deviations_read(path, &first, error, sizeof(error)) != 0) {
		check_table_error(error, size);
		return;
	}
	fuzz_setup((f = open_memstream(&text, &length)) != NULL, "memory");
	fputs("requirement\tos\tfrom\tto\tcitation\treason\n", f);
	for (size_t i = 0; i < first.count; i++) {
		const struct pl_deviation *row = &first.rows[i];

		check_deviation(&first, i);
		fprintf(f, "%s\t%s", row->requirement, row->os);
		put_release(f, row->from);
		put_release(f, row->to);
		fprintf(f, "\t%s\t%s\n", row->citation, row->reason);
	}
	fclose(f);
	write_file(text, length);
	fuzz_check(pl_deviations_read(path, &second, error, sizeof(error)) == 0,
	    "table-identity: written again it is refused: %s", error);
	fuzz_check(first.count == second.count, "table-identity: %zu rows, then %zu", first.count,
	    second.count);
	for (size_t i = 0; i < first.count; i++) {
		const struct pl_deviation *a = &first.rows[i], *b = &second.rows[i];

		fuzz_check(strcmp(a->requirement, b->requirement) == 0 &&
			strcmp(a->os, b->os) == 0 && a->from == b->from && a->to == b->to &&
			strcmp(a->citation, b->citation) == 0 && strcmp(a->reason, b->reason) == 0,
		    "table-identity: row %zu differs", i + 1);
	}
	free(text);
	pl_deviations_free(&first);
	pl_deviations_free(&second);
}

/* All that a case is told to be goes into one number: every byte of it is looked at. */
static uint64_t
digest(uint64_t before, struct span s)
{
	for (size_t i = 0; i < s.size; i++)
		before = (before ^ (unsigned char)s.at[i]) * 0x100000001b3ULL;
	return ((before ^ s.size) * 0x100000001b3ULL);
}

/* Read a results file to its end; a number that stands for what it gave, error included. */
static uint64_t
read_results(void)
{
	char error[ERROR] = "";
	struct results *r = results_open(path, error, sizeof(error));
	struct result c;
	uint64_t all = 0;
	int got = -1;

	while (r != NULL && (got = results_next(r, &c, error, sizeof(error))) == 1) {
		fuzz_check(c.status <= NONE, "results-status: %d", (int)c.status);
		all = digest(digest(digest(all, c.program), c.suite), c.name);
		all = digest(digest(digest(all, c.requirements), c.reason), c.out);
		all = digest(all ^ c.status, results_stderr(r));
	}
	if (got < 0)
		check_printed_error(error);
	else
		fuzz_check(error[0] == '\0', "results-error: all is read, but: %s", error);
	if (r != NULL)
		results_close(r);
	return (digest(all, span_of(error)));
}

/*
 * What SQLite itself says of the file.  It takes for data what lies behind the memory
 * of a page if a damaged file tells it to, so that such a file may read otherwise the
 * next time, and that is no fault of the reader.
 */
static bool
is_sound(void)
{
	sqlite3 *db;
	sqlite3_stmt *s = NULL;
	bool sound = false;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &s, NULL) == SQLITE_OK &&
	    sqlite3_step(s) == SQLITE_ROW)
		sound = strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;
	sqlite3_finalize(s);
	sqlite3_close(db);
	return (sound);
}

static void
results(const uint8_t *bytes, size_t size)
{
	char *after = malloc(size + 1);
	uint64_t first;

	fuzz_setup(after != NULL, "memory");
	write_file(bytes, size);
	first = read_results();
	fuzz_check(
	    read_results() == first || !is_sound(), "results-again: read again it is not the same");
	rewind(file);
	fuzz_check(fread(after, 1, size + 1, file) == size && memcmp(after, bytes, size) == 0,
	    "results-read-only: the file is not what it was");
	free(after);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bytes in;

	/* The file is made with the first input, and stays open. */
	write_file("", 0);
	in = fuzz_begin(data, size);
	switch (fuzz_byte(&in)) {
	case 'r':
		requirements(in.at, in.size);
		break;
	case 'd':
		deviations(in.at, in.size);
		break;
	default:
		results(in.at, in.size);
	}
	return (fuzz_end());
}
