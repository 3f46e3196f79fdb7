/*
 * gate: results against a baseline.  Exit status: 0 nothing got worse, 1
 * regressions, 2 cannot judge.  With -w it writes the baseline: 0 or 2.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "announce.h"
#include "baseline.h"
#include "forms.h"
#include "output.h"
#include "regression.h"
#include "repeats.h"

#define USAGE                                                                               \
	"usage: gate [-gpw] [-c cases.txt] [-o gate.md] -b baseline.tsv -d results.db ... " \
	"area-dir..."

struct options {
	bool github, part, write;
	const char *chosen, *baseline;
	struct form text;
	char **results;
	size_t result_count;
	char *const *areas;
	size_t area_count;
};

/* What has been read so far; all of it is freed in any case. */
struct gate {
	struct areas areas;
	struct run *runs;
	size_t run_count;
	struct repeats repeats;
	struct baseline baseline, next;
	struct scope scope;
	struct findings findings;
	struct pool pool;
};

static int
usage_error(const char *text, char *error, size_t size)
{
	snprintf(error, size, "gate: %s: %s", text, USAGE);
	return (-1);
}

static int
check_options(const struct options *o, char *error, size_t size)
{
	/* Neither the text nor a new baseline may be written over what is read. */
	struct form forms[] = { o->text, { 'b', o->baseline, NULL } };
	char what[512];

	if (o->baseline == NULL || o->result_count == 0 || o->area_count == 0)
		return (usage_error(
		    "it needs a baseline, at least one results file and one area", error, size));
	if (o->write && (o->github || o->chosen != NULL || o->text.path != NULL))
		return (usage_error("with -w there is no -c, -g or -o", error, size));
	if (forms_check(forms, 2, o->results, o->result_count, o->areas, o->area_count, what,
		sizeof(what)) != 0)
		return (usage_error(what, error, size));
	return (0);
}

static int
read_options(struct options *o, int argc, char **argv, char *error, size_t size)
{
	int c;

	*o = (struct options){ .text = { 'o', NULL, NULL } };
	opterr = 0;
	while ((c = getopt(argc, argv, "+:b:c:d:go:pw")) != -1)
		switch (c) {
		case 'b':
			o->baseline = optarg;
			break;
		case 'c':
			o->chosen = optarg;
			break;
		case 'd':
			o->results = grow(o->results, o->result_count, sizeof(*o->results));
			o->results[o->result_count++] = optarg;
			break;
		case 'g':
			o->github = true;
			break;
		case 'o':
			o->text.path = optarg;
			break;
		case 'p':
			o->part = true;
			break;
		case 'w':
			o->write = true;
			break;
		case ':':
			return (usage_error("an option lacks its argument", error, size));
		default:
			return (usage_error("an option that it does not have", error, size));
		}
	o->areas = argv + optind;
	o->area_count = (size_t)(argc - optind);
	return (check_options(o, error, size));
}

static int
compare_strings(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

/* The names of the cases that were to run, one a line. */
static int
read_chosen(struct gate *g, const char *path, char *error, size_t size)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	if (f == NULL) {
		snprintf(error, size, "%s: cannot open the list of cases: make it readable", path);
		return (-1);
	}
	g->scope.chosen = grow(NULL, 0, sizeof(*g->scope.chosen));
	while ((n = getline(&line, &room, f)) > 0) {
		size_t count = g->scope.chosen_count++;

		if (line[n - 1] == '\n')
			n--;
		g->scope.chosen = grow(g->scope.chosen, count, sizeof(*g->scope.chosen));
		g->scope.chosen[count] = pool_copy(&g->pool, line, (size_t)n);
	}
	free(line);
	fclose(f);
	if (g->scope.chosen_count > 0)
		qsort(g->scope.chosen, g->scope.chosen_count, sizeof(*g->scope.chosen),
		    compare_strings);
	return (0);
}

static int
read_runs(struct gate *g, const struct options *o, char *error, size_t size)
{
	if (areas_read(&g->areas, o->areas, o->area_count, error, size) != 0)
		return (-1);
	if ((g->runs = calloc(o->result_count, sizeof(*g->runs))) == NULL)
		out_of_memory();
	while (g->run_count < o->result_count) {
		struct run *run = &g->runs[g->run_count];

		if (run_read(run, &g->areas, o->results[g->run_count++], NULL, error, size) != 0)
			return (-1);
	}
	return (repeats_join(&g->repeats, g->runs, g->run_count, error, size));
}

/* A baseline that is there must be one of such runs, or it is another's. */
static int
write_baseline(struct gate *g, const struct options *o, char *error, size_t size)
{
	bool there = access(o->baseline, F_OK) == 0;
	size_t failing = 0;

	if (there &&
	    (baseline_read(&g->baseline, o->baseline, error, size) != 0 ||
		baseline_fits(&g->baseline, o->baseline, &g->repeats, error, size) != 0))
		return (2);
	if (baseline_make(&g->next, there ? &g->baseline : NULL, &g->repeats, g->scope.part, error,
		size) != 0 ||
	    baseline_write(&g->next, o->baseline, error, size) != 0)
		return (2);
	for (size_t i = 0; i < g->next.cases.count; i++)
		failing += g->next.cases.rows[i].fate >= FATE_DEVIATED;
	fputs("baseline: ", stdout);
	text_put(stdout, span_of(o->baseline), 1000);
	printf(": %zu requirements, %zu cases, %zu of them deviate or are broken\n",
	    g->next.requirements.count, g->next.cases.count, failing);
	return (0);
}

static int
write_text(const struct announcement *a, const char *path, char *error, size_t size)
{
	struct output out;
	int got;

	if (output_begin(&out, path, error, size) != 0)
		return (-1);
	announce_markdown(out.file, a);
	got = output_finish(&out, error, size);
	output_drop(&out);
	return (got);
}

static int
judge(struct gate *g, const struct options *o, char *error, size_t size)
{
	struct announcement a = { &g->findings, &g->repeats, o->baseline };

	if (baseline_read(&g->baseline, o->baseline, error, size) != 0 ||
	    baseline_fits(&g->baseline, o->baseline, &g->repeats, error, size) != 0 ||
	    (o->chosen != NULL && read_chosen(g, o->chosen, error, size) != 0))
		return (2);
	findings_make(&g->findings, &g->baseline, &g->repeats, &g->scope);
	if (g->findings.cases == 0 && g->findings.regressions == 0) {
		snprintf(error, size,
		    "%s: no case of the areas given is in it, nor in the baseline: %s",
		    o->results[0], "name the areas that ran");
		return (2);
	}
	if (o->text.path != NULL && write_text(&a, o->text.path, error, size) != 0)
		return (2);
	if (o->text.path == NULL)
		announce_markdown(stdout, &a);
	if (o->github)
		announce_github(stdout, &a);
	announce_summary(stdout, &a);
	return (g->findings.regressions > 0 ? 1 : 0);
}

static void
gate_free(struct gate *g)
{
	findings_free(&g->findings);
	baseline_free(&g->baseline);
	baseline_free(&g->next);
	repeats_free(&g->repeats);
	for (size_t i = 0; i < g->run_count; i++)
		run_free(&g->runs[i]);
	free(g->runs);
	free(g->scope.chosen);
	pool_free(&g->pool);
	areas_free(&g->areas);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct gate g = { 0 };
	char error[4096];
	int status = 2;

	if (read_options(&options, argc, argv, error, sizeof(error)) == 0 &&
	    read_runs(&g, &options, error, sizeof(error)) == 0) {
		g.scope.part = options.part;
		status = options.write ? write_baseline(&g, &options, error, sizeof(error))
				       : judge(&g, &options, error, sizeof(error));
		if (status != 2 && (fflush(stdout) != 0 || ferror(stdout))) {
			snprintf(
			    error, sizeof(error), "standard output: cannot write: give it room");
			status = 2;
		}
	}
	if (status == 2) {
		text_put(stderr, span_of(error), sizeof(error));
		fputc('\n', stderr);
	}
	gate_free(&g);
	free(options.results);
	return (status);
}
