/*
 * The form for people: one page of HTML that needs nothing but itself.
 */

#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include <stdio.h>

#include "verdict.h"

/* A form (forms.h): one run, or several side by side. */
void print_page(FILE *, const struct run *runs, size_t count);

#endif
