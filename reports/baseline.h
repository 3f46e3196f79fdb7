/*
 * The baseline: what a run came to when somebody last looked at it and agreed.
 *
 * A table with tabs under version control, one row a line, in an order that
 * never changes, so that a difference between two baselines is what changed:
 *
 *     plumbline-baseline  1
 *     profile      linux
 *     os           Linux
 *     privileged   yes
 *     requirement  <id>            <verdict>
 *     case         <program:case>  <result>   <time class>
 *
 * Requirements by id, then cases by name.  It speaks for one profile on one
 * system, as the super-user or not, and of no release, machine or time.
 */

#ifndef REPORTS_BASELINE_H
#define REPORTS_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "memory.h"
#include "pace.h"
#include "repeats.h"

/* A row of either sort; what does not belong to its sort is 0. */
struct baseline_row {
	const char *name; /* id, or program:case */
	enum verdict verdict;
	enum fate fate;
	enum pace pace;
	size_t line; /* in its file; 0 if it comes from a run */
};

struct baseline_rows {
	struct baseline_row *rows; /* by name */
	size_t count;
};

struct baseline {
	enum pl_profile profile;
	const char *os, *privileged;
	struct baseline_rows requirements, cases;
	struct pool pool;
};

/*
 * Each returns 0, or -1 with one line "file: what is wrong: what to do", with
 * the line after the file where it has one.  To be freed in any case.
 */
int baseline_read(struct baseline *, const char *path, char *error, size_t size);
int baseline_write(const struct baseline *, const char *path, char *error, size_t size);

/* Is it about runs such as these?  If not so, -1 with an error line. */
int baseline_fits(
    const struct baseline *, const char *path, const struct repeats *, char *error, size_t size);

/*
 * The baseline of these runs, which must agree with each other.  From the old
 * one, unless that is NULL, cases take their classes, and if the runs are a
 * part of the suite the rows of all other areas stay.
 */
int baseline_make(struct baseline *, const struct baseline *old, const struct repeats *, bool part,
    char *error, size_t size);

/* The row of that name, or NULL. */
const struct baseline_row *baseline_find(const struct baseline_rows *, const char *name);

void baseline_free(struct baseline *);

#endif
