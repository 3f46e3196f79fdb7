/*
 * The cases of one run as the Test Anything Protocol, version 14.
 */

#ifndef REPORTS_TAP_H
#define REPORTS_TAP_H

#include <stdio.h>

#include "verdict.h"

/* A form (forms.h). */
void print_tap(FILE *, const struct run *, size_t count);

#endif
