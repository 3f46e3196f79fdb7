/*
 * The areas to judge: their requirement tables, known deviations, and the
 * requirements that the sources of their cases name.
 */

#ifndef REPORTS_AREA_H
#define REPORTS_AREA_H

#include <stdbool.h>
#include <stddef.h>

#include "../lib/catalogue.h"
#include "text.h"

struct area {
	const char *directory;
	char *name; /* the last part of it */
	struct pl_catalogue requirements;
	struct pl_deviations deviations;
	size_t first; /* its first requirement among those of all areas */
};

/* Every area, and every requirement of them in one row. */
struct areas {
	struct area *rows;
	size_t count;
	const struct pl_requirement **requirements;
	bool *in_source; /* a source file of an area names it, so some case can judge it */
	size_t requirement_count;
	size_t *by_id;   /* their numbers, sorted by id */
	bool has_source; /* is there any source file at all? */
};

/* Read them all; -1 with one line "file: what is wrong: what to do". */
int areas_read(struct areas *, char *const directories[], size_t count, char *error, size_t size);
void areas_free(struct areas *);

/* The number of the requirement of that id, or -1. */
long areas_find(const struct areas *, struct span id);

#endif
