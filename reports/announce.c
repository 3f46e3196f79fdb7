#include "announce.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LONG 1000     /* bytes shown of one line */
#define FIRST 50      /* shown of one sort of regression, */
#define FIRST_NOTES 5 /* and of what is none */
#define PATH 4096

/* One of a sort, several, the heading, and what to do about it. */
static const struct {
	const char *one, *many, *heading, *advice;
} sorts[FINDINGS] = {
	[NEW_DEVIATION] = { "new deviation", "new deviations", "New deviations",
	    "The kernel no longer does what its documentation says." },
	[NEW_FAILURE] = { "new failure", "new failures", "Cases that newly fail or break",
	    "Of a broken case the suite itself is in doubt." },
	[VANISHED] = { "vanished", "vanished", "Vanished cases and requirements",
	    "What is renamed or given up on purpose changes the baseline as well." },
	[NEW_SKIP] = { "new skip", "new skips", "New skips, and what is no longer tested",
	    "Nobody looks there any more." },
	[SLOWER] = { "slower", "slower", "Cases over the limit of their time class",
	    "They may wait for something that used to come by itself." },
	[CONFORMS_AGAIN] = { "conforms again", "conform again",
	    "Known deviations that conform again",
	    "The row in deviations.tsv ends with this kernel, and the baseline with it." },
	[FLAKY] = { "flaky", "flaky", "Flaky: not the same in every run",
	    "One of the answers is wrong; how often is told here." },
	[NEW] = { "new", "new", "Not in the baseline",
	    "Until they are in it nothing guards them." },
	[CHANGED] = { "changed", "changed", "Better, or different without being worse",
	    "Until the baseline says so nobody will notice when it is lost again." },
};

static void
put(FILE *f, const char *text)
{
	text_put(f, span_of(text), LONG);
}

/* "    name: text", where further lines of the text stand below its first. */
static void
put_part(FILE *f, const char *name, const char *text)
{
	struct span rest = span_of(text), line;
	bool whole, first = true;

	while (span_line(&rest, &line, &whole)) {
		fprintf(f, first ? "        %s: " : "            ", name);
		text_put(f, span_trim(line), LONG);
		fputc('\n', f);
		first = false;
	}
}

/* Can the name stand in a command as it is? */
static bool
is_word(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) && strchr("_./:-", *text) == NULL)
			return (false);
	return (true);
}

/* How to see it again. */
static void
put_command(FILE *f, const struct announcement *a, const struct finding *x, const char *where)
{
	const struct run *run = &a->repeats->runs[0];
	const char *profile = pl_profile_name(run->profile);

	if (!is_word(where))
		return;
	fprintf(f, "        run it: make %s CASE=%s",
	    x->sort == FLAKY ? "gate REPEAT=20" : "conform", where);
	if (strcasecmp(profile, run->os) != 0)
		fprintf(f, " PROFILE=%s", profile);
	fputc('\n', f);
}

static const char *
name_of(const struct finding *x)
{
	return (x->id != NULL ? x->id : x->where);
}

static const char *
case_of(const struct finding *x)
{
	return (x->where != NULL ? x->where : x->deviation != NULL ? x->deviation->where : NULL);
}

static const struct pl_requirement *
requirement_of(const struct announcement *a, const struct finding *x)
{
	if (x->requirement < 0)
		return (NULL);
	return (a->repeats->runs[0].areas->requirements[x->requirement]);
}

static void
put_finding(FILE *f, const struct announcement *a, const struct finding *x)
{
	const struct pl_requirement *q = requirement_of(a, x);

	fputs("    ", f);
	put(f, name_of(x));
	fputs("\n        ", f);
	fprintf(f, "was: %s; is: %s\n", x->was, x->is);
	if (x->id == NULL && (q != NULL || x->deviation != NULL))
		put_part(f, "requirement", q != NULL ? q->id : x->deviation->id);
	if (q != NULL) {
		put_part(f, "statement", q->statement);
		put_part(f, "source", q->source);
	}
	if (x->deviation != NULL) {
		put_part(f, "expected", x->deviation->parts[EXPECTED]);
		put_part(f, "observed", x->deviation->parts[OBSERVED]);
		put_part(f, "at", x->deviation->parts[AT]);
	} else {
		put_part(f, "reason", x->reason);
	}
	if (x->known.area != NULL) {
		fputs("        row: ", f);
		put(f, x->known.area->directory);
		fprintf(f, "/deviations.tsv:%d\n", x->known.deviation->line);
	}
	if (x->id != NULL && case_of(x) != NULL)
		put_part(f, "case", case_of(x));
	if (x->others > 0)
		fprintf(
		    f, "        and in %zu more case%s\n", x->others, x->others == 1 ? "" : "s");
	if (case_of(x) != NULL && x->sort != VANISHED)
		put_command(f, a, x, case_of(x));
}

/* All of one sort, or the first of them. */
static void
put_sort(FILE *f, const struct announcement *a, enum regression sort)
{
	const struct findings *all = a->findings;
	size_t shown = 0;

	if (all->counts[sort] == 0)
		return;
	fprintf(f, "\n### %s (%zu)\n\n%s\n\n", sorts[sort].heading, all->counts[sort],
	    sorts[sort].advice);
	for (size_t i = 0; i < all->count; i++) {
		const struct finding *x = &all->rows[i];

		if (x->sort != sort)
			continue;
		if (++shown > (sort < REGRESSIONS ? FIRST : FIRST_NOTES))
			continue;
		if (sort < REGRESSIONS) {
			put_finding(f, a, x);
			continue;
		}
		fputs("    ", f);
		put(f, name_of(x));
		fprintf(f, ": was %s; is %s\n", x->was, x->is);
	}
	if (shown > (sort < REGRESSIONS ? FIRST : FIRST_NOTES))
		fprintf(f, "    and %zu more\n",
		    shown - (size_t)(sort < REGRESSIONS ? FIRST : FIRST_NOTES));
}

/* "2 new deviations, 1 flaky" of the sorts from first up to the end. */
static void
put_counts(FILE *f, const struct findings *all, enum regression first, enum regression end)
{
	const char *before = "";

	for (enum regression s = first; s < end; s++) {
		if (all->counts[s] == 0)
			continue;
		fprintf(f, "%s%zu %s", before, all->counts[s],
		    all->counts[s] == 1 ? sorts[s].one : sorts[s].many);
		before = ", ";
	}
}

static void
put_result(FILE *f, const struct findings *all)
{
	if (all->regressions == 0) {
		fputs("clean", f);
	} else {
		fprintf(
		    f, "%zu regression%s: ", all->regressions, all->regressions == 1 ? "" : "s");
		put_counts(f, all, 0, REGRESSIONS);
	}
}

static double
greatest_stretch(const struct repeats *r)
{
	double stretch = 1;

	for (size_t i = 0; i < r->count; i++)
		if (r->stretch[i] > stretch)
			stretch = r->stretch[i];
	return (stretch);
}

static void
put_facts(FILE *f, const struct announcement *a)
{
	const struct run *run = &a->repeats->runs[0];
	const char *privileged = a->repeats->privileged;

	fputs("    kernel: ", f);
	put(f, run->os);
	fputc(' ', f);
	put(f, run->release);
	fprintf(f,
	    "\n    profile: %s\n    privileges: %s\n    baseline: ", pl_profile_name(run->profile),
	    strcmp(privileged, "yes") == 0      ? "super-user"
		: strcmp(privileged, "no") == 0 ? "none"
						: "some cases");
	put(f, a->baseline);
	fprintf(f, "\n    compared: %zu cases, %zu requirements\n", a->findings->cases,
	    a->findings->requirements);
	if (a->repeats->count > 1)
		fprintf(f, "    runs: %zu\n", a->repeats->count);
	if (greatest_stretch(a->repeats) > 1)
		fprintf(f, "    slow run: limits of time stretched by %.1f\n",
		    greatest_stretch(a->repeats));
}

void
announce_markdown(FILE *f, const struct announcement *a)
{
	fputs("## Gate: ", f);
	put_result(f, a->findings);
	fputs("\n\n", f);
	put_facts(f, a);
	for (enum regression s = 0; s < FINDINGS; s++)
		put_sort(f, a, s);
	if (a->findings->regressions > 0)
		fputs("\nWhat is meant to be so is written down with `make baseline`, "
		      "in the same change.\n",
		    f);
}

void
announce_summary(FILE *f, const struct announcement *a)
{
	fputs("gate: ", f);
	put_result(f, a->findings);
	fprintf(f, "; %zu cases, %zu requirements", a->findings->cases, a->findings->requirements);
	if (a->findings->counts[NEW] + a->findings->counts[CHANGED] > 0) {
		fputs("; no regressions: ", f);
		put_counts(f, a->findings, NEW, FINDINGS);
	}
	fputc('\n', f);
}

/* The text as a workflow command takes it; in a property two characters more mean something. */
static void
put_escaped(FILE *f, const char *text, bool property)
{
	for (; *text != '\0'; text++)
		if (*text == '%' || *text == '\r' || *text == '\n' ||
		    (property && (*text == ':' || *text == ',')))
			fprintf(f, "%%%02X", (unsigned)(unsigned char)*text);
		else
			fputc(*text, f);
}

/* Is that file in the area's folder?  Then its path is in path. */
static bool
find_file(char path[PATH], const struct area *area, const char *name, size_t size)
{
	int n =
	    area == NULL ? -1 : snprintf(path, PATH, "%s/%.*s", area->directory, (int)size, name);

	return (n > 0 && n < PATH && memchr(name, '/', size) == NULL && access(path, R_OK) == 0);
}

/* Where to show it: the line that judged, the row of a table, the file of the case. */
static bool
find_place(const struct announcement *a, const struct finding *x, char path[PATH], long *line)
{
	const struct areas *areas = a->repeats->runs[0].areas;
	const struct pl_requirement *q = requirement_of(a, x);
	const char *where = case_of(x), *at, *name;

	if (x->known.area != NULL) {
		*line = x->known.deviation->line;
		return (find_file(path, x->known.area, "deviations.tsv", strlen("deviations.tsv")));
	}
	if (x->deviation != NULL) {
		at = x->deviation->parts[AT];
		*line = strtol(at + strcspn(at, ":") + (strchr(at, ':') != NULL), NULL, 10);
		if (*line > 0 &&
		    find_file(path, area_named(areas, area_of_case(where)), at, strcspn(at, ":")))
			return (true);
	}
	*line = 1;
	if (where != NULL) {
		char source[PATH];

		name = strrchr(where, '/') != NULL ? strrchr(where, '/') + 1 : where;
		snprintf(source, sizeof(source), "%.*s.c", (int)strcspn(name, ":"), name);
		return (find_file(
		    path, area_named(areas, area_of_case(where)), source, strlen(source)));
	}
	if (q == NULL)
		return (false);
	*line = q->line;
	return (find_file(path, area_named(areas, area_of_id(q->id)), "requirements.tsv",
	    strlen("requirements.tsv")));
}

/* What text_put makes of the finding, in a string of its own. */
static char *
message_of(const struct announcement *a, const struct finding *x)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		out_of_memory();
	put_finding(f, a, x);
	if (fclose(f) != 0)
		out_of_memory();
	if (size > 0)
		text[size - 1] = '\0';
	return (text);
}

void
announce_github(FILE *f, const struct announcement *a)
{
	for (size_t i = 0; i < a->findings->count; i++) {
		const struct finding *x = &a->findings->rows[i];
		char path[PATH], *message;
		long line;

		if (x->sort >= REGRESSIONS)
			continue;
		fputs("::error ", f);
		if (find_place(a, x, path, &line)) {
			fputs("file=", f);
			put_escaped(f, path, true);
			fprintf(f, ",line=%ld,", line);
		}
		fputs("title=", f);
		put_escaped(f, sorts[x->sort].one, true);
		fputs("::", f);
		message = message_of(a, x);
		put_escaped(f, message, false);
		fputc('\n', f);
		free(message);
	}
}
