#include "print.h"

#include <string.h>

#define LONG 2000 /* bytes shown of one line in the report, */
#define BRIEF 200 /* and in the summary */
#define FIRST 20  /* of a kind in the summary */

static void
put(FILE *f, const char *text, size_t cap)
{
	text_put(f, span_of(text), cap);
}

/* Every line of a text, with this before each. */
static void
put_lines(FILE *f, const char *before, struct span text)
{
	struct span line;
	bool whole;

	while (span_line(&text, &line, &whole)) {
		fputs(before, f);
		text_put(f, line, LONG);
		fputc('\n', f);
	}
}

static void
put_excerpt(FILE *f, const char *before, const struct excerpt *e)
{
	put_lines(f, before, e->head);
	if (e->bytes > 0)
		fprintf(f, "      ... %zu lines (%zu bytes) cut here ...\n", e->lines, e->bytes);
	put_lines(f, before, e->tail);
}

/* name: text, where later lines of the text stand below its first. */
static void
put_part(FILE *f, const char *name, const char *text)
{
	struct span rest = span_of(text), line;
	bool whole, first = true;

	while (span_line(&rest, &line, &whole)) {
		fprintf(f, first ? "    %s: " : "        ", name);
		text_put(f, span_trim(line), LONG);
		fputc('\n', f);
		first = false;
	}
}

static void
heading(FILE *f, const char *text, size_t count)
{
	fprintf(f, "\n%s (%zu)\n\n", text, count);
}

/* Of a hundred, rounded down: only all of them are 100. */
static void
put_share(FILE *f, size_t part, size_t whole)
{
	if (whole == 0)
		fprintf(f, "  %9s\n", "-");
	else
		fprintf(f, "  %8zu%%\n", part * 100 / whole);
}

static void
put_counts(FILE *f, const char *name, int width, const size_t counts[VERDICTS])
{
	size_t all = 0;
	int written = 0;

	for (enum verdict v = 0; v < VERDICTS; v++)
		all += counts[v];
	put(f, name, LONG);
	for (written = (int)strlen(name); written < width; written++)
		fputc(' ', f);
	fprintf(f, "  %12zu  %7zu  %7zu  %5zu  %14zu  %10zu", all, counts[VERDICT_CONFORMS],
	    counts[VERDICT_DEVIATES], counts[VERDICT_KNOWN], counts[VERDICT_NOT_APPLICABLE],
	    counts[VERDICT_NOT_TESTED]);
	put_share(f, counts[VERDICT_CONFORMS], all - counts[VERDICT_NOT_APPLICABLE]);
}

static void
print_areas(FILE *f, const struct run *r)
{
	int width = (int)strlen("total");

	for (size_t i = 0; i < r->areas->count; i++)
		if ((int)strlen(r->areas->rows[i].name) > width)
			width = (int)strlen(r->areas->rows[i].name);
	heading(f, "Areas", r->areas->count);
	fprintf(f, "%-*s  %12s  %7s  %7s  %5s  %14s  %10s  %9s\n", width, "area", "requirements",
	    "conform", "deviate", "known", "not applicable", "not tested", "conform");
	for (size_t i = 0; i < r->areas->count; i++) {
		const struct area *a = &r->areas->rows[i];
		size_t counts[VERDICTS] = { 0 };

		for (size_t k = 0; k < a->requirements.count; k++)
			counts[r->judged[a->first + k].verdict]++;
		put_counts(f, a->name, width, counts);
	}
	put_counts(f, "total", width, r->verdicts);
	fputs("\nThe share that conforms is of those that apply; what is not tested does not "
	      "conform.\n",
	    f);
}

static void
print_requirements(FILE *f, const struct run *r)
{
	size_t width = 0;

	for (size_t i = 0; i < r->areas->requirement_count; i++)
		if (strlen(r->areas->requirements[i]->id) > width)
			width = strlen(r->areas->requirements[i]->id);
	heading(f, "Requirements", r->areas->requirement_count);
	for (size_t i = 0; i < r->areas->requirement_count; i++) {
		const struct judged *j = &r->judged[i];
		const char *id = r->areas->requirements[i]->id;

		if (j->reason[0] == '\0') {
			fprintf(f, "%-15s  %s\n", verdict_word(j->verdict), id);
			continue;
		}
		fprintf(f, "%-15s  %-*s  ", verdict_word(j->verdict), (int)width, id);
		put(f, j->reason, LONG);
		fputc('\n', f);
	}
}

static size_t
count_deviations(const struct run *r, bool known)
{
	size_t n = 0;

	for (size_t i = 0; i < r->deviation_count; i++)
		n += r->deviations[i].known == known;
	return (n);
}

void
print_deviation(FILE *f, const struct deviation *d)
{
	put(f, d->id, LONG);
	fputc('\n', f);
	for (enum part p = 0; p < TRANSCRIPT; p++)
		put_part(f, part_word(p), d->parts[p]);
	put_part(f, "case", d->where);
	if (d->transcript.head.size > 0) {
		fputs("    transcript:\n", f);
		put_excerpt(f, "  ", &d->transcript);
	}
	fputc('\n', f);
}

static void
print_deviations(FILE *f, const struct run *r, bool known)
{
	heading(f, known ? "Known deviations" : "Deviations", count_deviations(r, known));
	for (size_t i = 0; i < r->deviation_count; i++)
		if (r->deviations[i].known == known)
			print_deviation(f, &r->deviations[i]);
}

static void
put_fixed(FILE *f, const struct fixed *x, size_t cap)
{
	put(f, x->deviation->requirement, cap);
	fputs(" (", f);
	put(f, x->area->directory, cap);
	fprintf(f, "/deviations.tsv:%d: ", x->deviation->line);
	put(f, x->deviation->citation, cap);
	fputs(")\n", f);
}

void
print_trouble(FILE *f, const struct broken *b)
{
	put(f, b->where, LONG);
	fputc('\n', f);
	for (size_t i = 0; i < b->count; i++)
		put_lines(f, "    ", span_of(b->texts[i]));
	if (b->errors.tail.size > 0) {
		fputs("    standard error:\n", f);
		put_excerpt(f, "      ", &b->errors);
	}
	fputc('\n', f);
}

static void
print_broken(FILE *f, const struct run *r)
{
	heading(f, "Broken cases", r->broken_count);
	for (size_t i = 0; i < r->broken_count; i++)
		print_trouble(f, &r->broken[i]);
}

void
print_report(FILE *f, const struct run *r, size_t count)
{
	(void)count;
	fprintf(f, "Plumbline verdicts\n\nprofile: %s\n", pl_profile_name(r->profile));
	if (r->os != NULL) {
		fputs("kernel: ", f);
		put(f, r->os, BRIEF);
		fputc(' ', f);
		put(f, r->release, BRIEF);
		fprintf(f, "\nprivileged: %zu cases, unprivileged: %zu cases\n", r->privileged,
		    r->unprivileged);
	}
	fputs("results: ", f);
	put(f, r->path, LONG);
	fprintf(f, "\ncases: %zu", r->cases);
	for (enum status s = 0; s < STATUSES; s++)
		if (r->statuses[s] > 0)
			fprintf(f, ", %zu %s", r->statuses[s], status_word(s));
	fputc('\n', f);
	print_areas(f, r);
	print_requirements(f, r);
	print_deviations(f, r, false);
	print_deviations(f, r, true);
	heading(f, "Known deviations that no longer deviate", r->fixed_count);
	for (size_t i = 0; i < r->fixed_count; i++)
		put_fixed(f, &r->fixed[i], LONG);
	print_broken(f, r);
	heading(f, "Skipped cases", r->statuses[SKIPPED]);
	for (size_t i = 0; i < r->skip_count; i++) {
		fprintf(f, "%6zu  ", r->skips[i].cases);
		put(f, r->skips[i].reason, LONG);
		fputc('\n', f);
	}
}

void
print_verdicts(FILE *f, const struct run *r, size_t count)
{
	(void)count;
	fputs("requirement\tverdict\treason\n", f);
	for (size_t i = 0; i < r->areas->requirement_count; i++) {
		fprintf(f, "%s\t%s\t", r->areas->requirements[i]->id,
		    verdict_word(r->judged[i].verdict));
		put(f, r->judged[i].reason, LONG);
		fputc('\n', f);
	}
}

void
print_cases(FILE *f, const struct run *r, size_t count)
{
	(void)count;
	fputs("case\tresult\tseconds\treason\n", f);
	for (size_t i = 0; i < r->cases; i++) {
		const struct tested *t = &r->tested[i];

		put(f, t->where, LONG);
		fprintf(f, "\t%s\t", status_word(t->status));
		if (t->microseconds >= 0)
			fprintf(f, "%.3f", (double)t->microseconds / 1e6);
		fputc('\t', f);
		put(f, t->reason, LONG);
		fputc('\n', f);
	}
}

void
print_matrix(FILE *f, const struct run *runs, size_t count)
{
	const struct areas *areas = runs[0].areas;

	fputs("requirement\tsame", f);
	for (size_t i = 0; i < count; i++) {
		fputc('\t', f);
		put(f, runs[i].path, LONG);
	}
	fputc('\n', f);
	for (size_t n = 0; n < areas->requirement_count; n++) {
		bool same = true;

		for (size_t i = 1; i < count; i++)
			same = same && runs[i].judged[n].verdict == runs[0].judged[n].verdict;
		fprintf(f, "%s\t%s", areas->requirements[n]->id, same ? "yes" : "no");
		for (size_t i = 0; i < count; i++)
			fprintf(f, "\t%s", verdict_word(runs[i].judged[n].verdict));
		fputc('\n', f);
	}
}

/* The answers by state and kind, each with a number; what is too much is left out. */
struct table {
	const char *states[200], *kinds[100];
	size_t state_count, kind_count;
	const struct readiness *answers[200][100];
};

/* The number of that name, which is new if it was not there; size if there is no room. */
static size_t
number_of(const char **names, size_t *count, size_t size, const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp(names[i], name) == 0)
			return (i);
	if (*count == size)
		return (size);
	names[*count] = name;
	return ((*count)++);
}

static void
fill_table(struct table *t, const struct run *r)
{
	memset(t, 0, sizeof(*t));
	for (size_t i = 0; i < r->readiness_count; i++) {
		const struct readiness *a = &r->readiness[i];
		size_t s = number_of(t->states, &t->state_count, 200, a->state);
		size_t k = number_of(t->kinds, &t->kind_count, 100, a->kind);

		if (s < 200 && k < 100)
			t->answers[s][k] = a;
	}
}

static bool
are_alike(const struct table *t, size_t kind, size_t other)
{
	for (size_t s = 0; s < t->state_count; s++) {
		const struct readiness *a = t->answers[s][kind], *b = t->answers[s][other];

		if ((a == NULL) != (b == NULL) ||
		    (a != NULL &&
			(strcmp(a->reads, b->reads) != 0 || strcmp(a->writes, b->writes) != 0)))
			return (false);
	}
	return (true);
}

/* The first kind that is like this one: theirs is one column. */
static size_t
column_of(const struct table *t, size_t kind)
{
	size_t k = 0;

	while (!are_alike(t, k, kind))
		k++;
	return (k);
}

/* Two characters: r and w, a dot where it is not ready, a blank where that is no question. */
static void
put_readiness(FILE *f, const struct readiness *a)
{
	const char *const words[] = { a == NULL ? "-" : a->reads, a == NULL ? "-" : a->writes };

	for (int i = 0; i < 2; i++)
		fputc(strcmp(words[i], "yes") == 0    ? "rw"[i]
			: strcmp(words[i], "no") == 0 ? '.'
						      : ' ',
		    f);
}

void
print_readiness(FILE *f, const struct run *r, size_t runs)
{
	static struct table t;
	size_t columns[100], count = 0;

	(void)runs;
	fill_table(&t, r);
	fputs("r ready for reading, w for writing, . not ready; "
	      "blank: no such state or direction\n\n",
	    f);
	for (size_t k = 0; k < t.kind_count; k++) {
		if (column_of(&t, k) != k)
			continue;
		columns[count++] = k;
		fprintf(f, "%3zu:", count);
		for (size_t other = k; other < t.kind_count; other++)
			if (column_of(&t, other) == k) {
				fputc(' ', f);
				put(f, t.kinds[other], LONG);
			}
		fputc('\n', f);
	}
	fprintf(f, "\n%-30s", "state");
	for (size_t c = 0; c < count; c++)
		fprintf(f, "  %3zu", c + 1);
	fputc('\n', f);
	for (size_t s = 0; s < t.state_count; s++) {
		put(f, t.states[s], LONG);
		for (size_t n = strlen(t.states[s]); n < 30; n++)
			fputc(' ', f);
		for (size_t c = 0; c < count; c++) {
			fputs("   ", f);
			put_readiness(f, t.answers[s][columns[c]]);
		}
		fputc('\n', f);
	}
}

/* One indented line; nothing if there is nothing to say. */
static void
put_brief(FILE *f, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	fprintf(f, "    %s", name);
	put(f, text, BRIEF);
	fputc('\n', f);
}

static void
summarise_deviations(FILE *f, const struct run *r)
{
	size_t shown = 0, all = count_deviations(r, false);

	for (size_t i = 0; i < r->deviation_count && shown < FIRST; i++) {
		const struct deviation *d = &r->deviations[i];

		if (d->known)
			continue;
		shown++;
		fputs("deviates: ", f);
		put(f, d->id, BRIEF);
		fputc('\n', f);
		put_brief(f, "", d->parts[STATEMENT]);
		put_brief(f, "expected: ", d->parts[EXPECTED]);
		put_brief(f, "observed: ", d->parts[OBSERVED]);
		put_brief(f, "case: ", d->where);
	}
	if (all > shown)
		fprintf(f, "and %zu more deviations\n", all - shown);
}

static void
summarise_broken(FILE *f, const struct run *r)
{
	for (size_t i = 0; i < r->broken_count && i < FIRST; i++) {
		fputs("broken: ", f);
		put(f, r->broken[i].where, BRIEF);
		fputc('\n', f);
		for (size_t k = 0; k < r->broken[i].count && k < 4; k++)
			put_brief(f, "", r->broken[i].texts[k]);
	}
	if (r->broken_count > FIRST)
		fprintf(f, "and %zu more broken cases\n", r->broken_count - FIRST);
}

static void
put_path(FILE *f, const char *what, const char *path)
{
	if (path == NULL)
		return;
	fputs(what, f);
	put(f, path, LONG);
	fputc('\n', f);
}

void
print_summary(FILE *f, const struct run *r, const char *report_path, const char *page_path)
{
	summarise_deviations(f, r);
	summarise_broken(f, r);
	for (size_t i = 0; i < r->fixed_count && i < FIRST; i++) {
		fputs("no longer deviates: ", f);
		put_fixed(f, &r->fixed[i], BRIEF);
	}
	if (r->fixed_count > FIRST)
		fprintf(f, "and %zu more that no longer deviate\n", r->fixed_count - FIRST);
	put_path(f, "report: ", report_path);
	put_path(f, "page: ", page_path);
	fprintf(f,
	    "conform: %zu requirements: %zu conform, %zu deviate, %zu known deviations, "
	    "%zu not applicable, %zu not tested\n",
	    r->areas->requirement_count, r->verdicts[VERDICT_CONFORMS],
	    r->verdicts[VERDICT_DEVIATES], r->verdicts[VERDICT_KNOWN],
	    r->verdicts[VERDICT_NOT_APPLICABLE], r->verdicts[VERDICT_NOT_TESTED]);
}
