/*
 * What the gate found, in words for those who decide on a merge: Markdown for
 * the text of a pull request, workflow commands that GitHub shows beside the
 * changed lines, and one line for a log.
 */

#ifndef REPORTS_ANNOUNCE_H
#define REPORTS_ANNOUNCE_H

#include <stdio.h>

#include "regression.h"

struct announcement {
	const struct findings *findings;
	const struct repeats *repeats;
	const char *baseline; /* path */
};

/*
 * Everything that comes from elsewhere stands in indented blocks of code, a line
 * each, where neither Markdown nor HTML means anything.
 */
void announce_markdown(FILE *, const struct announcement *);

/* One ::error command for each regression, with file and line where it has them. */
void announce_github(FILE *, const struct announcement *);

/* gate: clean ..., or gate: 3 regressions: 1 new deviation, 2 ... */
void announce_summary(FILE *, const struct announcement *);

#endif
