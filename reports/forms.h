/*
 * The files that a program was asked for: all of them are written, or none is.
 */

#ifndef REPORTS_FORMS_H
#define REPORTS_FORMS_H

#include <stddef.h>
#include <stdio.h>

#include "verdict.h"

/* Prints runs that were judged with the same tables; a form of one run prints the first. */
typedef void form_print(FILE *, const struct run *runs, size_t count);

/* One form, and the file it was asked for in; NULL if nobody asked. */
struct form {
	char option; /* of the command line */
	const char *path;
	form_print *print;
};

/*
 * Each returns 0, or -1 with an error line.
 *
 * No form may be written over another, over a results file or over a table of
 * an area: the first says so before anything is read.
 */
int forms_check(const struct form *, size_t count, char *const results[], size_t result_count,
    char *const areas[], size_t area_count, char *error, size_t size);
int forms_write(const struct form *, size_t count, const struct run *runs, size_t run_count,
    char *error, size_t size);

#endif
