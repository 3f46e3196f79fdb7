/*
 * The forms of a report: the whole of it for people, one line each for machines,
 * and the summary that ends on the terminal.
 */

#ifndef REPORTS_PRINT_H
#define REPORTS_PRINT_H

#include <stdio.h>

#include "verdict.h"

void print_report(FILE *, const struct run *, const char *results_path);
void print_machine(FILE *, const struct run *);

/*
 * What a descriptor is ready for, by state and kind, as the cases saw it: kinds
 * that never differ share a column.
 */
void print_readiness(FILE *, const struct run *);

/* report_path is NULL if the report has no file of its own. */
void print_summary(FILE *, const struct run *, const char *report_path);

#endif
