#include "area.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

#define PATH 4096

/* qsort(3) hands its function no argument: what is being sorted. */
static const struct areas *sorting;

static int
compare(struct span a, struct span b)
{
	int order = memcmp(a.at, b.at, a.size < b.size ? a.size : b.size);

	if (order != 0)
		return (order);
	return ((a.size > b.size) - (a.size < b.size));
}

static int
compare_numbers(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = strcmp(sorting->requirements[x]->id, sorting->requirements[y]->id);

	return (order != 0 ? order : (x > y) - (x < y));
}

/* The area that has the requirement of that number. */
static const struct area *
area_of(const struct areas *a, size_t number)
{
	size_t i = a->count;

	while (i > 1 && a->rows[i - 1].first > number)
		i--;
	return (&a->rows[i - 1]);
}

/* Number and sort the requirements; the same id in two areas is an error. */
static int
index_requirements(struct areas *a, char *error, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < a->count; i++) {
		struct area *area = &a->rows[i];

		area->first = n;
		for (size_t j = 0; j < area->requirements.count; j++, n++) {
			a->requirements = grow(a->requirements, n, sizeof(*a->requirements));
			a->in_source = grow(a->in_source, n, sizeof(*a->in_source));
			a->by_id = grow(a->by_id, n, sizeof(*a->by_id));
			a->requirements[n] = &area->requirements.rows[j];
			a->in_source[n] = false;
			a->by_id[n] = n;
		}
	}
	a->requirement_count = n;
	sorting = a;
	if (n > 0)
		qsort(a->by_id, n, sizeof(*a->by_id), compare_numbers);
	for (size_t i = 1; i < n; i++)
		if (strcmp(a->requirements[a->by_id[i - 1]]->id,
			a->requirements[a->by_id[i]]->id) == 0) {
			snprintf(error, size,
			    "%s/requirements.tsv:%d: \"%s\" stands in %s/requirements.tsv too: "
			    "name each area once, and give each requirement one table",
			    area_of(a, a->by_id[i])->directory, a->requirements[a->by_id[i]]->line,
			    a->requirements[a->by_id[i]]->id,
			    area_of(a, a->by_id[i - 1])->directory);
			return (-1);
		}
	return (0);
}

/* A known deviation of a requirement that is in no table would never be noticed. */
static int
check_deviations(const struct areas *a, char *error, size_t size)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < a->rows[i].deviations.count; j++) {
			const struct pl_deviation *d = &a->rows[i].deviations.rows[j];

			if (areas_find(a, span_of(d->requirement)) >= 0)
				continue;
			snprintf(error, size,
			    "%s/deviations.tsv:%d: \"%s\" is no requirement of these areas: "
			    "correct the line",
			    a->rows[i].directory, d->line, d->requirement);
			return (-1);
		}
	return (0);
}

static bool
is_id_character(char c)
{
	return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.');
}

/* Mark every requirement whose id stands somewhere in that text. */
static void
mark_ids(struct areas *a, struct span rest)
{
	struct span id;
	long n;

	while (rest.size > 0) {
		id = (struct span){ rest.at, 0 };
		while (id.size < rest.size && is_id_character(id.at[id.size]))
			id.size++;
		rest.at += id.size + (id.size < rest.size);
		rest.size -= id.size + (id.size < rest.size);
		while (id.size > 0 && id.at[id.size - 1] == '.')
			id.size--;
		if (span_is_id(id) && (n = areas_find(a, id)) >= 0)
			a->in_source[n] = true;
	}
}

static void
read_source(struct areas *a, const char *path)
{
	struct stat st;
	char *text;
	size_t n;
	FILE *f;

	if ((f = fopen(path, "r")) == NULL)
		return;
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (text = malloc((size_t)st.st_size)) != NULL) {
		n = fread(text, 1, (size_t)st.st_size, f);
		mark_ids(a, (struct span){ text, n });
		a->has_source = true;
		free(text);
	}
	fclose(f);
}

/* The sources tell a requirement that no case verifies from one not run this time. */
static void
read_sources(struct areas *a, const char *directory)
{
	static const char *const endings[] = { ".c", ".h", ".sh" };
	struct dirent *entry;
	char path[PATH];
	DIR *d;

	if ((d = opendir(directory)) == NULL)
		return;
	while ((entry = readdir(d)) != NULL) {
		size_t n = strlen(entry->d_name);

		if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >=
		    (int)sizeof(path))
			continue;
		for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
			if (n > strlen(endings[i]) &&
			    strcmp(entry->d_name + n - strlen(endings[i]), endings[i]) == 0)
				read_source(a, path);
	}
	closedir(d);
}

/* Say of the catalogue's error what to do about it. */
static int
table_error(const char *path, char *error, size_t size)
{
	struct stat st;
	size_t n = strlen(error);

	if (n < size)
		snprintf(error + n, size - n, ": %s",
		    stat(path, &st) == 0 ? "correct the table"
					 : "an area has both tables, "
					   "one of no rows has its header line");
	return (-1);
}

static int
read_area(struct area *area, char *directory, char *error, size_t size)
{
	char path[PATH];
	size_t n = strlen(directory);
	const char *slash;

	while (n > 1 && directory[n - 1] == '/')
		directory[--n] = '\0';
	slash = strrchr(directory, '/');
	area->directory = directory;
	area->name = grow(NULL, 0, n + 1);
	strcpy(area->name, slash != NULL && slash[1] != '\0' ? slash + 1 : directory);
	if (n + sizeof("/requirements.tsv") > sizeof(path)) {
		snprintf(
		    error, size, "%.80s...: the name is too long: give a shorter one", directory);
		return (-1);
	}
	snprintf(path, sizeof(path), "%s/requirements.tsv", directory);
	if (pl_catalogue_read(path, &area->requirements, error, size) != 0)
		return (table_error(path, error, size));
	snprintf(path, sizeof(path), "%s/deviations.tsv", directory);
	if (pl_deviations_read(path, &area->deviations, error, size) != 0)
		return (table_error(path, error, size));
	return (0);
}

int
areas_read(struct areas *a, char *const directories[], size_t count, char *error, size_t size)
{
	memset(a, 0, sizeof(*a));
	for (size_t i = 0; i < count; i++) {
		a->rows = grow(a->rows, i, sizeof(*a->rows));
		a->rows[i] = (struct area){ 0 };
		a->count++;
		if (read_area(&a->rows[i], directories[i], error, size) != 0)
			return (-1);
	}
	if (index_requirements(a, error, size) != 0 || check_deviations(a, error, size) != 0)
		return (-1);
	for (size_t i = 0; i < count; i++)
		read_sources(a, directories[i]);
	return (0);
}

void
areas_free(struct areas *a)
{
	for (size_t i = 0; i < a->count; i++) {
		pl_catalogue_free(&a->rows[i].requirements);
		pl_deviations_free(&a->rows[i].deviations);
		free(a->rows[i].name);
	}
	free(a->rows);
	free(a->requirements);
	free(a->in_source);
	free(a->by_id);
}

long
areas_find(const struct areas *a, struct span id)
{
	size_t low = 0, high = a->requirement_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		size_t n = a->by_id[middle];
		int order = compare(id, span_of(a->requirements[n]->id));

		if (order == 0)
			return ((long)n);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (-1);
}
