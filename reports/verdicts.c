/*
 * verdicts: from one run's results and the requirement tables to a report, and
 * to an exit status: 0 fine, 1 something deviates or is broken, 2 cannot judge.
 */

#include <sys/stat.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "print.h"

#define USAGE                                                                                \
	"usage: verdicts [-p profile] [-o report.txt] [-m verdicts.tsv] [-r readiness.txt] " \
	"results.db area-dir..."

struct options {
	const char *profile, *report, *machine, *readiness, *results;
	char *const *areas;
	size_t area_count;
};

static int
usage_error(const char *text, char *error, size_t size)
{
	snprintf(error, size, "verdicts: %s: %s", text, USAGE);
	return (-1);
}

static bool
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return (
	    stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

/* Is it one of the files to be read? */
static bool
is_input(const char *path, const struct options *o)
{
	static const char *const tables[] = { "requirements.tsv", "deviations.tsv" };
	char table[4096];

	if (path == NULL)
		return (false);
	for (size_t i = 0; i < o->area_count * 2; i++) {
		snprintf(table, sizeof(table), "%s/%s", o->areas[i / 2], tables[i % 2]);
		if (same_file(path, table))
			return (true);
	}
	return (same_file(path, o->results));
}

static bool
same_path(const char *a, const char *b)
{
	return (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int
read_options(struct options *o, int argc, char **argv, char *error, size_t size)
{
	int c;

	*o = (struct options){ 0 };
	opterr = 0;
	while ((c = getopt(argc, argv, "+:p:o:m:r:")) != -1)
		switch (c) {
		case 'p':
			o->profile = optarg;
			break;
		case 'o':
			o->report = optarg;
			break;
		case 'm':
			o->machine = optarg;
			break;
		case 'r':
			o->readiness = optarg;
			break;
		case ':':
			return (usage_error("an option lacks its argument", error, size));
		default:
			return (usage_error("an option that it does not have", error, size));
		}
	if (argc - optind < 2)
		return (usage_error("it needs a results file and at least one area", error, size));
	o->results = argv[optind];
	o->areas = argv + optind + 1;
	o->area_count = (size_t)(argc - optind - 1);
	if (o->profile != NULL && pl_profile_parse(o->profile) < 0)
		return (usage_error("the profile is none of posix, freebsd, linux", error, size));
	if (is_input(o->report, o) || is_input(o->machine, o) || is_input(o->readiness, o))
		return (usage_error("it would write over what it reads", error, size));
	if (same_path(o->report, o->machine) || same_path(o->report, o->readiness) ||
	    same_path(o->machine, o->readiness))
		return (usage_error("two of -o, -m and -r name the same file", error, size));
	return (0);
}

/* Put the file before a message that does not know it. */
static int
of_file(const char *path, const char *what, char *error, size_t size)
{
	snprintf(error, size, "%s: %s", path, what);
	return (-1);
}

static int
take_results(struct run *run, const struct options *o, char *error, size_t size)
{
	struct results *results;
	struct result result;
	char what[1024];
	int got;

	if ((results = results_open(o->results, error, size)) == NULL)
		return (-1);
	while ((got = results_next(results, &result, error, size)) == 1)
		if (run_take(run, results, &result, what, sizeof(what)) != 0) {
			got = of_file(o->results, what, error, size);
			break;
		}
	results_close(results);
	if (got == 0 && run_judge(run, o->profile, what, sizeof(what)) != 0)
		got = of_file(o->results, what, error, size);
	return (got);
}

/* The files that were asked for; -1 with an error line if one of them cannot be written. */
static int
write_files(const struct run *run, const struct options *o, char *error, size_t size)
{
	const char *const paths[] = { o->report, o->machine, o->readiness };
	enum { REPORT, MACHINE, READINESS, FILES };
	struct output outputs[FILES] = { 0 };
	int got = -1;

	for (int i = 0; i < FILES; i++)
		if (paths[i] != NULL && output_begin(&outputs[i], paths[i], error, size) != 0)
			goto out;
	if (o->report != NULL)
		print_report(outputs[REPORT].file, run, o->results);
	if (o->machine != NULL)
		print_machine(outputs[MACHINE].file, run);
	if (o->readiness != NULL)
		print_readiness(outputs[READINESS].file, run);
	for (int i = 0; i < FILES; i++)
		if (paths[i] != NULL && output_finish(&outputs[i], error, size) != 0)
			goto out;
	got = 0;
out:
	for (int i = 0; i < FILES; i++)
		output_drop(&outputs[i]);
	return (got);
}

static int
write_all(const struct run *run, const struct options *o, char *error, size_t size)
{
	if (o->report == NULL)
		print_report(stdout, run, o->results);
	if (write_files(run, o, error, size) != 0)
		return (-1);
	if (o->report == NULL)
		putchar('\n');
	print_summary(stdout, run, o->report);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return (0);
	snprintf(error, size, "standard output: cannot write: give it room");
	return (-1);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct areas areas = { 0 };
	struct run run = { 0 };
	char error[2048];
	int status = 2;

	if (read_options(&options, argc, argv, error, sizeof(error)) == 0 &&
	    areas_read(&areas, options.areas, options.area_count, error, sizeof(error)) == 0) {
		run_begin(&run, &areas);
		if (take_results(&run, &options, error, sizeof(error)) == 0 &&
		    write_all(&run, &options, error, sizeof(error)) == 0)
			status = run_is_bad(&run) ? 1 : 0;
	}
	if (status == 2) {
		text_put(stderr, span_of(error), sizeof(error));
		fputc('\n', stderr);
	}
	run_free(&run);
	areas_free(&areas);
	return (status);
}
