/*
 * The form for CI systems: the cases of one run as JUnit's XML.
 */

#ifndef REPORTS_JUNIT_H
#define REPORTS_JUNIT_H

#include <stdio.h>

#include "verdict.h"

/* A form (forms.h). */
void print_junit(FILE *, const struct run *, size_t count);

#endif
