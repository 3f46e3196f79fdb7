#include "forms.h"

#include <sys/stat.h>

#include <string.h>

#include "output.h"

#define FORMS 16 /* more than any program has */

static bool
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return (
	    stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

/* Is it one of the tables of that area? */
static bool
is_table(const char *path, const char *area)
{
	static const char *const tables[] = { "requirements.tsv", "deviations.tsv" };
	char table[4096];

	for (size_t i = 0; i < 2; i++) {
		snprintf(table, sizeof(table), "%s/%s", area, tables[i]);
		if (same_file(path, table))
			return (true);
	}
	return (false);
}

static bool
is_input(const char *path, char *const results[], size_t result_count, char *const areas[],
    size_t area_count)
{
	for (size_t i = 0; i < result_count; i++)
		if (same_file(path, results[i]))
			return (true);
	for (size_t i = 0; i < area_count; i++)
		if (is_table(path, areas[i]))
			return (true);
	return (false);
}

int
forms_check(const struct form *forms, size_t count, char *const results[], size_t result_count,
    char *const areas[], size_t area_count, char *error, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		if (forms[i].path == NULL)
			continue;
		if (is_input(forms[i].path, results, result_count, areas, area_count)) {
			snprintf(error, size, "it would write over what it reads, -%c %s",
			    forms[i].option, forms[i].path);
			return (-1);
		}
		for (size_t k = 0; k < i; k++)
			if (forms[k].path != NULL && strcmp(forms[i].path, forms[k].path) == 0) {
				snprintf(error, size, "-%c and -%c name the same file",
				    forms[k].option, forms[i].option);
				return (-1);
			}
	}
	return (0);
}

int
forms_write(const struct form *forms, size_t count, const struct run *runs, size_t run_count,
    char *error, size_t size)
{
	struct output outputs[FORMS] = { 0 };
	int got = -1;

	for (size_t i = 0; i < count; i++)
		if (forms[i].path != NULL &&
		    output_begin(&outputs[i], forms[i].path, error, size) != 0)
			goto out;
	for (size_t i = 0; i < count; i++)
		if (forms[i].path != NULL)
			forms[i].print(outputs[i].file, runs, run_count);
	for (size_t i = 0; i < count; i++)
		if (forms[i].path != NULL && output_close(&outputs[i], error, size) != 0)
			goto out;
	for (size_t i = 0; i < count; i++)
		if (forms[i].path != NULL && output_finish(&outputs[i], error, size) != 0)
			goto out;
	got = 0;
out:
	for (size_t i = 0; i < count; i++)
		output_drop(&outputs[i]);
	return (got);
}
