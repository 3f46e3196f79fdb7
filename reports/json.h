/*
 * The form for programs: every run, requirement, case and deviation as JSON.
 *
 * reports/results.schema.json describes it; the page holds the same.
 */

#ifndef REPORTS_JSON_H
#define REPORTS_JSON_H

#include <stdio.h>

#include "verdict.h"

void print_json(FILE *, const struct run *runs, size_t count);

/* The same without a blank or a "<", so that it can stand in a script element of HTML. */
void print_json_in_html(FILE *, const struct run *runs, size_t count);

#endif
