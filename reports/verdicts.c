/*
 * verdicts: from one run's results and the requirement tables to a report in
 * several forms, and to an exit status: 0 fine, 1 something deviates or is
 * broken, 2 cannot judge.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "forms.h"
#include "json.h"
#include "junit.h"
#include "page.h"
#include "print.h"
#include "tap.h"

#define USAGE                                                                                   \
	"usage: verdicts [-p profile] [-o report.txt] [-m verdicts.tsv] [-c cases.tsv] "        \
	"[-r readiness.txt] [-j results.json] [-x junit.xml] [-t results.tap] [-w index.html] " \
	"results.db area-dir..."

enum { REPORT, VERDICT_TABLE, CASE_TABLE, READINESS, JSON, JUNIT, TAP, PAGE, FORMS };

struct options {
	const char *profile;
	struct form forms[FORMS];
	char *const *results; /* one */
	char *const *areas;
	size_t area_count;
};

static int
usage_error(const char *text, char *error, size_t size)
{
	snprintf(error, size, "verdicts: %s: %s", text, USAGE);
	return (-1);
}

/* Note the file of the form with that option; false if there is none. */
static bool
ask_form(struct options *o, int option, const char *path)
{
	for (size_t i = 0; i < FORMS; i++)
		if (o->forms[i].option == option) {
			o->forms[i].path = path;
			return (true);
		}
	return (false);
}

static int
read_options(struct options *o, int argc, char **argv, char *error, size_t size)
{
	char what[512];
	int c;

	*o = (struct options){ .forms = { [REPORT] = { 'o', NULL, print_report },
				   [VERDICT_TABLE] = { 'm', NULL, print_verdicts },
				   [CASE_TABLE] = { 'c', NULL, print_cases },
				   [READINESS] = { 'r', NULL, print_readiness },
				   [JSON] = { 'j', NULL, print_json },
				   [JUNIT] = { 'x', NULL, print_junit },
				   [TAP] = { 't', NULL, print_tap },
				   [PAGE] = { 'w', NULL, print_page } } };
	opterr = 0;
	while ((c = getopt(argc, argv, "+:p:o:m:c:r:j:x:t:w:")) != -1)
		if (c == 'p')
			o->profile = optarg;
		else if (c == ':')
			return (usage_error("an option lacks its argument", error, size));
		else if (!ask_form(o, c, optarg))
			return (usage_error("an option that it does not have", error, size));
	if (argc - optind < 2)
		return (usage_error("it needs a results file and at least one area", error, size));
	o->results = argv + optind;
	o->areas = argv + optind + 1;
	o->area_count = (size_t)(argc - optind - 1);
	if (o->profile != NULL && pl_profile_parse(o->profile) < 0)
		return (usage_error("the profile is none of posix, freebsd, linux", error, size));
	if (forms_check(
		o->forms, FORMS, o->results, 1, o->areas, o->area_count, what, sizeof(what)) != 0)
		return (usage_error(what, error, size));
	return (0);
}

static int
write_all(const struct run *run, const struct options *o, char *error, size_t size)
{
	const char *report = o->forms[REPORT].path;

	if (report == NULL)
		print_report(stdout, run, 1);
	if (forms_write(o->forms, FORMS, run, 1, error, size) != 0)
		return (-1);
	if (report == NULL)
		putchar('\n');
	print_summary(stdout, run, report, o->forms[PAGE].path);
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
	    areas_read(&areas, options.areas, options.area_count, error, sizeof(error)) == 0 &&
	    run_read(&run, &areas, options.results[0], options.profile, error, sizeof(error)) ==
		0 &&
	    write_all(&run, &options, error, sizeof(error)) == 0)
		status = run_is_bad(&run) ? 1 : 0;
	if (status == 2) {
		text_put(stderr, span_of(error), sizeof(error));
		fputc('\n', stderr);
	}
	run_free(&run);
	areas_free(&areas);
	return (status);
}
