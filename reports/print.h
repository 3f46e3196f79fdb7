/*
 * The forms in plain text of one run: the whole of it for people, tables of one
 * line each, and the summary that ends on the terminal.
 */

#ifndef REPORTS_PRINT_H
#define REPORTS_PRINT_H

#include <stdio.h>

#include "verdict.h"

/* These three are forms (forms.h). */
void print_report(FILE *, const struct run *, size_t count);
void print_verdicts(FILE *, const struct run *, size_t count);
void print_cases(FILE *, const struct run *, size_t count);

/* The verdicts of several runs side by side, one requirement a line. */
void print_matrix(FILE *, const struct run *runs, size_t count);

/*
 * What a descriptor is ready for, by state and kind, as the cases saw it: kinds
 * that never differ share a column.
 */
void print_readiness(FILE *, const struct run *, size_t count);

/* One deviation, and the trouble of one case, as the report tells them. */
void print_deviation(FILE *, const struct deviation *);
void print_trouble(FILE *, const struct broken *);

/* The paths of the report and the page; NULL if there is none. */
void print_summary(FILE *, const struct run *, const char *report_path, const char *page_path);

#endif
