#include "baseline.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"

#define MAX_BYTES 67108864 /* of a file; 100,000 cases take a tenth of it */
#define COLUMNS 4
#define SHOWN 80 /* bytes of what stands there, in an error line */
#define AGAIN "restore it, or write it again with make baseline"

/* What the first column of each of the first lines says. */
static const char *const heads[] = { "plumbline-baseline", "profile", "os", "privileged" };
enum { VERSION, PROFILE, OS, PRIVILEGED, HEADS };

/* A line of the file, on its way into the baseline. */
struct line {
	const char *path;
	size_t number, count;
	struct span columns[COLUMNS];
};

/* file:line: what stands there, and what to do. */
static int
line_error(const struct line *l, struct span shown, const char *what, const char *advice,
    char *error, size_t size)
{
	snprintf(error, size, "%s:%zu: \"%.*s\" %s: %s", l->path, l->number,
	    (int)(shown.size < SHOWN ? shown.size : SHOWN), shown.at, what, advice);
	return (-1);
}

/* Names go from results into the file and into commands: letters, digits, signs. */
static bool
is_plain(struct span s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.at[i] <= ' ' || s.at[i] >= 0x7f)
			return (false);
	return (s.size > 0);
}

static struct baseline_row *
add_row(struct baseline_rows *r, const char *name)
{
	r->rows = grow(r->rows, r->count, sizeof(*r->rows));
	r->rows[r->count] = (struct baseline_row){ .name = name };
	return (&r->rows[r->count++]);
}

static int
compare_rows(const void *a, const void *b)
{
	const struct baseline_row *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return (order != 0 ? order : (x->line > y->line) - (x->line < y->line));
}

const struct baseline_row *
baseline_find(const struct baseline_rows *r, const char *name)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(name, r->rows[middle].name);

		if (order == 0)
			return (&r->rows[middle]);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (NULL);
}

/* The whole file as one string; NULL with an error line. */
static char *
read_whole(const char *path, size_t *bytes, char *error, size_t size)
{
	struct stat st;
	char *text = NULL;
	ssize_t got;
	int fd;

	*bytes = 0;
	if ((fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
		snprintf(error, size, "%s: cannot open the baseline: %s: %s", path, strerror(errno),
		    errno == ENOENT ? "make baseline writes one, BASELINE= names another"
				    : "make it readable");
		return (NULL);
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(error, size, "%s: no regular file: name a baseline", path);
	} else if (st.st_size > MAX_BYTES) {
		snprintf(error, size, "%s: %lld bytes, more than any baseline has: " AGAIN, path,
		    (long long)st.st_size);
	} else {
		text = grow(NULL, 0, (size_t)st.st_size + 1);
		while (*bytes < (size_t)st.st_size &&
		    (got = read(fd, text + *bytes, (size_t)st.st_size - *bytes)) > 0)
			*bytes += (size_t)got;
		if (*bytes < (size_t)st.st_size) {
			snprintf(error, size, "%s: cannot read all of it: " AGAIN, path);
			free(text);
			text = NULL;
		}
	}
	close(fd);
	return (text);
}

static void
split(struct line *l, struct span text)
{
	const char *tab;

	l->count = 0;
	for (;;) {
		struct span *c = &l->columns[l->count < COLUMNS ? l->count : COLUMNS - 1];

		*c = text;
		l->count++;
		if (text.size == 0 || (tab = memchr(text.at, '\t', text.size)) == NULL)
			return;
		c->size = (size_t)(tab - text.at);
		text.size -= c->size + 1;
		text.at = tab + 1;
	}
}

static int
count_columns(const struct line *l, size_t wanted, char *error, size_t size)
{
	if (l->count == wanted)
		return (0);
	snprintf(error, size, "%s:%zu: it has %zu columns, not %zu: " AGAIN, l->path, l->number,
	    l->count, wanted);
	return (-1);
}

static int
take_head(struct baseline *b, const struct line *l, char *error, size_t size)
{
	struct span value = l->columns[1];
	int profile;

	if (!span_is(l->columns[0], heads[l->number - 1])) {
		snprintf(error, size,
		    "%s:%zu: it does not begin with \"%s\" and a tab, so it is %s", l->path,
		    l->number, heads[l->number - 1], "no baseline: " AGAIN);
		return (-1);
	}
	if (count_columns(l, 2, error, size) != 0)
		return (-1);
	switch (l->number - 1) {
	case VERSION:
		if (!span_is(value, "1"))
			return (line_error(l, value, "is a version of the format that is not known",
			    "1 is; make baseline writes it", error, size));
		break;
	case PROFILE:
		profile = pl_profile_parse(pool_copy(&b->pool, value.at, value.size));
		if (profile < 0)
			return (line_error(
			    l, value, "is none of posix, freebsd, linux", AGAIN, error, size));
		b->profile = (enum pl_profile)profile;
		break;
	case OS:
		if (!is_plain(value))
			return (line_error(l, value, "names no system", AGAIN, error, size));
		b->os = pool_copy(&b->pool, value.at, value.size);
		break;
	case PRIVILEGED:
		if (!span_is(value, "yes") && !span_is(value, "no") && !span_is(value, "mixed"))
			return (
			    line_error(l, value, "is none of yes, no, mixed", AGAIN, error, size));
		b->privileged = pool_copy(&b->pool, value.at, value.size);
		break;
	}
	return (0);
}

static int
take_requirement(struct baseline *b, const struct line *l, char *error, size_t size)
{
	struct span id = l->columns[1], word = l->columns[2];
	struct baseline_row *row;
	enum verdict v = 0;

	if (count_columns(l, 3, error, size) != 0)
		return (-1);
	if (!span_is_id(id) || !is_plain(id))
		return (line_error(l, id, "is no id of a requirement", AGAIN, error, size));
	while (v < VERDICTS && !span_is(word, verdict_word(v)))
		v++;
	if (v == VERDICTS)
		return (line_error(l, word, "is no verdict", AGAIN, error, size));
	row = add_row(&b->requirements, pool_copy(&b->pool, id.at, id.size));
	row->verdict = v;
	row->line = l->number;
	return (0);
}

static int
take_case(struct baseline *b, const struct line *l, char *error, size_t size)
{
	struct span name = l->columns[1], result = l->columns[2], class = l->columns[3];
	struct baseline_row *row;
	int fate = fate_parse(result), pace = pace_parse(class);

	if (count_columns(l, 4, error, size) != 0)
		return (-1);
	if (!is_plain(name) || memchr(name.at, ':', name.size) == NULL)
		return (line_error(l, name, "is no program:case", AGAIN, error, size));
	if (fate < 0)
		return (line_error(l, result, "is no result of a case", AGAIN, error, size));
	if (pace < 0)
		return (line_error(l, class, "is none of short, second, long", AGAIN, error, size));
	row = add_row(&b->cases, pool_copy(&b->pool, name.at, name.size));
	row->fate = (enum fate)fate;
	row->pace = (enum pace)pace;
	row->line = l->number;
	return (0);
}

static int
take_line(struct baseline *b, const struct line *l, char *error, size_t size)
{
	if (l->number <= HEADS)
		return (take_head(b, l, error, size));
	if (span_is(l->columns[0], "requirement"))
		return (take_requirement(b, l, error, size));
	if (span_is(l->columns[0], "case"))
		return (take_case(b, l, error, size));
	return (line_error(l, l->columns[0], "begins no row, requirement and case do",
	    "resolve the merge, or write it again with make baseline", error, size));
}

/* Sorted whatever their order in the file, which two branches may have changed. */
static int
sort_rows(struct baseline_rows *r, const char *path, char *error, size_t size)
{
	if (r->count > 0)
		qsort(r->rows, r->count, sizeof(*r->rows), compare_rows);
	for (size_t i = 1; i < r->count; i++)
		if (strcmp(r->rows[i - 1].name, r->rows[i].name) == 0) {
			snprintf(error, size, "%s:%zu: \"%.200s\" stands in line %zu already: %s",
			    path, r->rows[i].line, r->rows[i].name, r->rows[i - 1].line,
			    "keep one of them, or write it again with make baseline");
			return (-1);
		}
	return (0);
}

static int
take_text(struct baseline *b, const char *path, struct span text, char *error, size_t size)
{
	struct line l = { .path = path };
	struct span line;
	bool whole;

	while (span_line(&text, &line, &whole)) {
		l.number++;
		split(&l, line);
		/* What is no baseline at all is not called cut off. */
		if (!whole && l.number > 1) {
			snprintf(error, size, "%s:%zu: cut off in the middle of this line: " AGAIN,
			    path, l.number);
			return (-1);
		}
		if (take_line(b, &l, error, size) != 0)
			return (-1);
	}
	if (l.number < HEADS) {
		snprintf(error, size, "%s:%zu: cut off after %zu lines: " AGAIN, path, l.number,
		    l.number);
		return (-1);
	}
	if (sort_rows(&b->requirements, path, error, size) != 0)
		return (-1);
	return (sort_rows(&b->cases, path, error, size));
}

int
baseline_read(struct baseline *b, const char *path, char *error, size_t size)
{
	size_t bytes;
	char *text;
	int got = -1;

	*b = (struct baseline){ 0 };
	if ((text = read_whole(path, &bytes, error, size)) == NULL)
		return (-1);
	if (bytes == 0)
		snprintf(error, size, "%s: empty: " AGAIN, path);
	else if (memchr(text, '\0', bytes) != NULL)
		snprintf(
		    error, size, "%s: it holds a NUL byte, so it is no baseline: " AGAIN, path);
	else
		got = take_text(b, path, (struct span){ text, bytes }, error, size);
	free(text);
	return (got);
}

int
baseline_write(const struct baseline *b, const char *path, char *error, size_t size)
{
	struct output o;
	int got;

	if (output_begin(&o, path, error, size) != 0)
		return (-1);
	fprintf(o.file, "%s\t1\n%s\t%s\n%s\t%s\n%s\t%s\n", heads[VERSION], heads[PROFILE],
	    pl_profile_name(b->profile), heads[OS], b->os, heads[PRIVILEGED], b->privileged);
	for (size_t i = 0; i < b->requirements.count; i++)
		fprintf(o.file, "requirement\t%s\t%s\n", b->requirements.rows[i].name,
		    verdict_word(b->requirements.rows[i].verdict));
	for (size_t i = 0; i < b->cases.count; i++)
		fprintf(o.file, "case\t%s\t%s\t%s\n", b->cases.rows[i].name,
		    fate_word(b->cases.rows[i].fate), pace_word(b->cases.rows[i].pace));
	got = output_finish(&o, error, size);
	output_drop(&o);
	return (got);
}

int
baseline_fits(
    const struct baseline *b, const char *path, const struct repeats *r, char *error, size_t size)
{
	const struct run *run = &r->runs[0];

	if (b->profile == run->profile && strcmp(b->os, run->os) == 0 &&
	    strcmp(b->privileged, r->privileged) == 0)
		return (0);
	snprintf(error, size,
	    "%.400s: it is for profile %s on %.40s, privileged %s, but %.400s ran under %s on "
	    "%.40s, %s: name the baseline of such runs with BASELINE=, or make baseline",
	    path, pl_profile_name(b->profile), b->os, b->privileged, run->path,
	    pl_profile_name(run->profile), run->os, r->privileged);
	return (-1);
}

/* What holds for several runs may hold for none of them. */
static int
disagreement(const char *name, size_t runs, char *error, size_t size)
{
	snprintf(error, size,
	    "%.200s: not the same in all of %zu runs, and a baseline needs one "
	    "answer: let make gate REPEAT=%zu tell more",
	    name, runs, runs);
	return (-1);
}

static int
add_cases(struct baseline *b, const struct baseline *old, const struct repeats *r, char *error,
    size_t size)
{
	const struct areas *areas = r->runs[0].areas;

	for (size_t i = 0; i < r->case_count; i++) {
		const struct repeated *c = &r->cases[i];
		const struct baseline_row *before =
		    old != NULL ? baseline_find(&old->cases, c->where) : NULL;
		struct baseline_row *row;
		double time = c->least < 0 ? 0 : c->least;

		if (area_named(areas, area_of_case(c->where)) == NULL)
			continue;
		if (!is_plain(span_of(c->where))) {
			snprintf(error, size, "%s: \"%.200s\" cannot stand in a baseline: %s",
			    r->runs[0].path, c->where,
			    "name the case with letters, digits and signs");
			return (-1);
		}
		if (c->flaky)
			return (disagreement(c->where, r->count, error, size));
		row = add_row(&b->cases, c->where);
		row->fate = c->fate;
		row->pace = before != NULL ? pace_kept(before->pace, time) : pace_of(time);
	}
	return (0);
}

static int
add_requirements(struct baseline *b, const struct repeats *r, char *error, size_t size)
{
	const struct areas *areas = r->runs[0].areas;

	for (size_t i = 0; i < areas->requirement_count; i++) {
		const char *id = areas->requirements[i]->id;

		if (r->requirements[i].flaky)
			return (disagreement(id, r->count, error, size));
		add_row(&b->requirements, id)->verdict = r->requirements[i].verdict;
	}
	return (0);
}

/* The rows of areas that are not given; in a run of all there is none such. */
static void
keep_others(struct baseline *b, const struct baseline *old, const struct areas *areas)
{
	for (size_t i = 0; i < old->requirements.count; i++) {
		const struct baseline_row *row = &old->requirements.rows[i];

		if (area_named(areas, area_of_id(row->name)) == NULL)
			add_row(&b->requirements, row->name)->verdict = row->verdict;
	}
	for (size_t i = 0; i < old->cases.count; i++) {
		const struct baseline_row *row = &old->cases.rows[i];

		if (area_named(areas, area_of_case(row->name)) == NULL)
			*add_row(&b->cases, row->name) = *row;
	}
}

int
baseline_make(struct baseline *b, const struct baseline *old, const struct repeats *r, bool part,
    char *error, size_t size)
{
	*b = (struct baseline){
		.profile = r->runs[0].profile, .os = r->runs[0].os, .privileged = r->privileged
	};
	if (!is_plain(span_of(b->os))) {
		snprintf(error, size, "%s: its system's name cannot stand in a baseline: %s",
		    r->runs[0].path, "judge the results of make conform");
		return (-1);
	}
	/* Cases first: of what is not the same they say where. */
	if (add_cases(b, old, r, error, size) != 0 || add_requirements(b, r, error, size) != 0)
		return (-1);
	if (part && old != NULL)
		keep_others(b, old, r->runs[0].areas);
	if (sort_rows(&b->requirements, "baseline", error, size) != 0)
		return (-1);
	return (sort_rows(&b->cases, "baseline", error, size));
}

void
baseline_free(struct baseline *b)
{
	free(b->requirements.rows);
	free(b->cases.rows);
	pool_free(&b->pool);
}
