/*
 * matrix: the results of several runs (kernels, releases, profiles) side by
 * side.  Exit status: 0 written, 2 cannot judge one of them.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "forms.h"
#include "json.h"
#include "page.h"
#include "print.h"

#define USAGE                                                                                \
	"usage: matrix [-m matrix.tsv] [-j results.json] [-w index.html] -d results.db ... " \
	"area-dir..."

enum { TABLE, JSON, PAGE, FORMS };

struct options {
	struct form forms[FORMS];
	char **results;
	size_t result_count;
	char *const *areas;
	size_t area_count;
};

static int
usage_error(const char *text, char *error, size_t size)
{
	snprintf(error, size, "matrix: %s: %s", text, USAGE);
	return (-1);
}

static int
read_options(struct options *o, int argc, char **argv, char *error, size_t size)
{
	char what[512];
	int c;

	*o = (struct options){ .forms = { [TABLE] = { 'm', NULL, print_matrix },
				   [JSON] = { 'j', NULL, print_json },
				   [PAGE] = { 'w', NULL, print_page } } };
	opterr = 0;
	while ((c = getopt(argc, argv, "+:d:m:j:w:")) != -1)
		switch (c) {
		case 'd':
			o->results = grow(o->results, o->result_count, sizeof(*o->results));
			o->results[o->result_count++] = optarg;
			break;
		case 'm':
			o->forms[TABLE].path = optarg;
			break;
		case 'j':
			o->forms[JSON].path = optarg;
			break;
		case 'w':
			o->forms[PAGE].path = optarg;
			break;
		case ':':
			return (usage_error("an option lacks its argument", error, size));
		default:
			return (usage_error("an option that it does not have", error, size));
		}
	o->areas = argv + optind;
	o->area_count = (size_t)(argc - optind);
	if (o->result_count == 0 || o->area_count == 0)
		return (
		    usage_error("it needs at least one results file and one area", error, size));
	if (o->forms[TABLE].path == NULL && o->forms[JSON].path == NULL &&
	    o->forms[PAGE].path == NULL)
		return (usage_error("it needs at least one form to write", error, size));
	if (forms_check(o->forms, FORMS, o->results, o->result_count, o->areas, o->area_count, what,
		sizeof(what)) != 0)
		return (usage_error(what, error, size));
	return (0);
}

int
main(int argc, char **argv)
{
	struct options o;
	struct areas areas = { 0 };
	struct run *runs = NULL;
	char error[2048];
	size_t n = 0;
	int got;

	got = read_options(&o, argc, argv, error, sizeof(error));
	if (got == 0)
		got = areas_read(&areas, o.areas, o.area_count, error, sizeof(error));
	if (got == 0 && (runs = calloc(o.result_count, sizeof(*runs))) == NULL)
		out_of_memory();
	for (; got == 0 && n < o.result_count; n++)
		got = run_read(&runs[n], &areas, o.results[n], NULL, error, sizeof(error));
	if (got == 0)
		got = forms_write(o.forms, FORMS, runs, n, error, sizeof(error));
	if (got != 0) {
		text_put(stderr, span_of(error), sizeof(error));
		fputc('\n', stderr);
	}
	for (size_t i = 0; i < n; i++)
		run_free(&runs[i]);
	free(runs);
	free(o.results);
	areas_free(&areas);
	return (got == 0 ? 0 : 2);
}
