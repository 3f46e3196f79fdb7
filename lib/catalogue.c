#include "catalogue.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 9

static const char *const requirement_columns[] = { "id", "statement", "class", "posix", "freebsd",
	"linux", "source", "priority", "unchecked" };
static const char *const deviation_columns[] = { "requirement", "os", "from", "to", "citation",
	"reason" };
static const char *const profile_names[PL_PROFILES] = { "posix", "freebsd", "linux" };

/* A table being read: its text, where we are, and where an error goes. */
struct reader {
	const char *path;
	char *text, *next;
	int line;
	const char *const *columns;
	size_t column_count;
	char *error;
	size_t error_size;
};

static int
fail(struct reader *r, const char *format, ...)
{
	va_list ap;
	int n;

	if (r->line > 0)
		n = snprintf(r->error, r->error_size, "%s:%d: ", r->path, r->line);
	else
		n = snprintf(r->error, r->error_size, "%s: ", r->path);
	if (n >= 0 && (size_t)n < r->error_size) {
		va_start(ap, format);
		vsnprintf(r->error + n, r->error_size - (size_t)n, format, ap);
		va_end(ap);
	}
	return (-1);
}

/* The whole file as a string; r->line stays 0. */
static int
slurp(struct reader *r)
{
	FILE *f;
	size_t size = 0, used = 0, got;
	char *grown;

	if ((f = fopen(r->path, "r")) == NULL)
		return (fail(r, "%s", strerror(errno)));
	do {
		if (used + 1 >= size) {
			size = size == 0 ? 65536 : size * 2;
			if ((grown = realloc(r->text, size)) == NULL) {
				fclose(f);
				return (fail(r, "%s", strerror(ENOMEM)));
			}
			r->text = grown;
		}
		got = fread(r->text + used, 1, size - used - 1, f);
		used += got;
	} while (got > 0);
	if (ferror(f)) {
		got = (size_t)errno;
		fclose(f);
		return (fail(r, "%s", strerror((int)got)));
	}
	fclose(f);
	r->text[used] = '\0';
	if (strlen(r->text) != used) {
		r->line = 1;
		for (const char *c = r->text; *c != '\0'; c++)
			r->line += *c == '\n';
		return (fail(r, "a NUL byte"));
	}
	if (used > 0 && r->text[used - 1] != '\n') {
		r->line = 1;
		for (const char *c = r->text; *c != '\0'; c++)
			r->line += *c == '\n';
		return (fail(r, "the last line has no end: the file may be cut off"));
	}
	r->next = r->text;
	return (0);
}

/* Split the next line at its tabs.  Returns 1, 0 at the end, -1 on error. */
static int
next_line(struct reader *r, const char *fields[MAX_COLUMNS])
{
	size_t n = 0;
	char *c = r->next, *end;

	if (*c == '\0')
		return (0);
	r->line++;
	end = strchr(c, '\n');
	for (char *at = c; at < end; at++)
		if ((unsigned char)*at < ' ' && *at != '\t')
			return (fail(r, "control character 0x%02x", (unsigned char)*at));
	*end = '\0';
	r->next = end + 1;
	for (; c != NULL; n++) {
		if (n < MAX_COLUMNS)
			fields[n] = c;
		if ((c = strchr(c, '\t')) != NULL)
			*c++ = '\0';
	}
	if (n != r->column_count)
		return (fail(r, "%zu columns where %zu belong", n, r->column_count));
	return (1);
}

/* Open a table and hold its first line against the columns it must have. */
static int
begin(struct reader *r)
{
	const char *fields[MAX_COLUMNS];
	int got;

	if (slurp(r) != 0)
		return (-1);
	if ((got = next_line(r, fields)) < 0)
		return (-1);
	if (got == 0)
		return (fail(r, "empty: not even a header line"));
	for (size_t i = 0; i < r->column_count; i++)
		if (strcmp(fields[i], r->columns[i]) != 0)
			return (fail(r, "column %zu is \"%s\" where \"%s\" belongs", i + 1,
			    fields[i], r->columns[i]));
	return (0);
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return (true);
	return (false);
}

/* area.topic.slug, of lower-case letters, digits and hyphens. */
static bool
is_id(const char *s)
{
	int dots = 0;
	bool empty = true;

	for (; *s != '\0'; s++) {
		if (*s == '.') {
			if (empty)
				return (false);
			dots++;
			empty = true;
		} else if ((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '-') {
			empty = false;
		} else {
			return (false);
		}
	}
	return (dots == 2 && !empty);
}

static int
take_requirement(struct reader *r, const char *f[], struct pl_requirement *q)
{
	static const char *const classes[] = { "posix", "shared", "differs", "freebsd", "linux",
		NULL };

	if (!is_id(f[0]))
		return (fail(r, "\"%s\" is no id of the form area.topic.slug", f[0]));
	if (!is_one_of(f[2], classes))
		return (fail(
		    r, "class \"%s\" is none of posix, shared, differs, freebsd, linux", f[2]));
	for (size_t i = 0; i < r->column_count - 1; i++)
		if (f[i][0] == '\0')
			return (fail(r, "column %s is empty", r->columns[i]));
	if (f[7][0] < '1' || f[7][0] > '3' || f[7][1] != '\0')
		return (fail(r, "priority \"%s\" is not 1, 2 or 3", f[7]));
	*q = (struct pl_requirement){ .id = f[0],
		.statement = f[1],
		.class = f[2],
		.outcome = { f[3], f[4], f[5] },
		.source = f[6],
		.priority = f[7][0] - '0',
		.unchecked = f[8],
		.line = r->line };
	return (0);
}

/* An end of a range: "-" is open, "14" as the upper one means every 14.x; -1 if malformed. */
static int
parse_bound(const char *text, bool upper)
{
	int release;

	if (strcmp(text, "-") == 0)
		return (upper ? INT_MAX : 0);
	if (text[strspn(text, "0123456789.")] != '\0' || (release = pl_release_parse(text)) == -1)
		return (-1);
	return (upper && strchr(text, '.') == NULL ? release + 99 : release);
}

static int
take_deviation(struct reader *r, const char *f[], struct pl_deviation *d)
{
	if (!is_id(f[0]))
		return (fail(r, "\"%s\" is no id of the form area.topic.slug", f[0]));
	for (size_t i = 0; i < r->column_count; i++)
		if (f[i][0] == '\0')
			return (fail(r, "column %s is empty (an open end of a range is \"-\")",
			    r->columns[i]));
	*d = (struct pl_deviation){ .requirement = f[0],
		.os = f[1],
		.from = parse_bound(f[2], false),
		.to = parse_bound(f[3], true),
		.citation = f[4],
		.reason = f[5],
		.line = r->line };
	if (d->from < 0 || d->to < 0)
		return (fail(r, "\"%s\" is no release", d->from < 0 ? f[2] : f[3]));
	if (d->from > d->to)
		return (fail(r, "the range of releases ends before it begins"));
	return (0);
}

/* Room for one more element of that size, doubling; NULL when out of memory. */
static void *
grow(void *rows, size_t count, size_t size)
{
	if (count != 0 && (count & (count - 1)) != 0)
		return (rows);
	return (realloc(rows, (count == 0 ? 1 : count * 2) * size));
}

static int
compare_rows(const void *a, const void *b)
{
	const struct pl_requirement *p = *(const struct pl_requirement *const *)a;
	const struct pl_requirement *q = *(const struct pl_requirement *const *)b;
	int order = strcmp(p->id, q->id);

	return (order != 0 ? order : p->line - q->line);
}

/* Make by_id, and refuse an id that two rows have, at the first line that repeats one. */
static int
sort_rows(struct reader *r, struct pl_catalogue *c)
{
	const struct pl_requirement *twice = NULL;

	if ((c->by_id = calloc(c->count + 1, sizeof(*c->by_id))) == NULL)
		return (fail(r, "%s", strerror(ENOMEM)));
	for (size_t i = 0; i < c->count; i++)
		c->by_id[i] = &c->rows[i];
	qsort(c->by_id, c->count, sizeof(*c->by_id), compare_rows);
	for (size_t i = 1; i < c->count; i++)
		if (strcmp(c->by_id[i]->id, c->by_id[i - 1]->id) == 0 &&
		    (twice == NULL || c->by_id[i]->line < twice->line))
			twice = c->by_id[i];
	if (twice == NULL)
		return (0);
	r->line = twice->line;
	return (fail(r, "\"%s\" stands here twice", twice->id));
}

int
pl_catalogue_read(const char *path, struct pl_catalogue *c, char *error, size_t size)
{
	struct reader r = { .path = path,
		.columns = requirement_columns,
		.column_count = sizeof(requirement_columns) / sizeof(requirement_columns[0]),
		.error = error,
		.error_size = size };
	const char *fields[MAX_COLUMNS];
	void *rows;
	int got;

	memset(c, 0, sizeof(*c));
	got = begin(&r);
	c->text = r.text;
	while (got == 0 && (got = next_line(&r, fields)) == 1) {
		if ((rows = grow(c->rows, c->count, sizeof(*c->rows))) == NULL) {
			got = fail(&r, "%s", strerror(ENOMEM));
			break;
		}
		c->rows = rows;
		got = take_requirement(&r, fields, &c->rows[c->count]);
		c->count += got == 0;
	}
	if (got == 0)
		got = sort_rows(&r, c);
	if (got < 0)
		pl_catalogue_free(c);
	return (got);
}

int
pl_deviations_read(const char *path, struct pl_deviations *d, char *error, size_t size)
{
	struct reader r = { .path = path,
		.columns = deviation_columns,
		.column_count = sizeof(deviation_columns) / sizeof(deviation_columns[0]),
		.error = error,
		.error_size = size };
	const char *fields[MAX_COLUMNS];
	void *rows;
	int got;

	memset(d, 0, sizeof(*d));
	got = begin(&r);
	d->text = r.text;
	while (got == 0 && (got = next_line(&r, fields)) == 1) {
		if ((rows = grow(d->rows, d->count, sizeof(*d->rows))) == NULL) {
			got = fail(&r, "%s", strerror(ENOMEM));
			break;
		}
		d->rows = rows;
		got = take_deviation(&r, fields, &d->rows[d->count]);
		d->count += got == 0;
	}
	if (got < 0)
		pl_deviations_free(d);
	return (got);
}

void
pl_catalogue_free(struct pl_catalogue *c)
{
	free(c->rows);
	free(c->by_id);
	free(c->text);
	memset(c, 0, sizeof(*c));
}

void
pl_deviations_free(struct pl_deviations *d)
{
	free(d->rows);
	free(d->text);
	memset(d, 0, sizeof(*d));
}

const struct pl_requirement *
pl_catalogue_find(const struct pl_catalogue *c, const char *id)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(id, c->by_id[middle]->id);

		if (order == 0)
			return (c->by_id[middle]);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (NULL);
}

const struct pl_deviation *
pl_deviations_find(
    const struct pl_deviations *d, const char *requirement, const char *os, int release)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct pl_deviation *row = &d->rows[i];

		if (strcmp(row->requirement, requirement) == 0 && strcmp(row->os, os) == 0 &&
		    row->from <= release && release <= row->to)
			return (row);
	}
	return (NULL);
}

bool
pl_requirement_applies(const struct pl_requirement *q, enum pl_profile profile)
{
	return (strncmp(q->outcome[profile], "n/a", 3) != 0);
}

const char *
pl_profile_name(enum pl_profile profile)
{
	return (profile_names[profile]);
}

int
pl_profile_parse(const char *name)
{
	for (int i = 0; i < PL_PROFILES; i++)
		if (strcmp(profile_names[i], name) == 0)
			return (i);
	return (-1);
}

int
pl_release_parse(const char *text)
{
	char *end;
	long major, minor = 0;

	if (*text < '0' || *text > '9')
		return (-1);
	major = strtol(text, &end, 10);
	if (*end == '.')
		minor = strtol(end + 1, &end, 10);
	if (major > 9999 || minor < 0 || minor > 99)
		return (-1);
	return ((int)(major * 100 + minor));
}
