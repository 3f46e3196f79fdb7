/*
 * Runs held against the baseline: what got worse, and what else is different.
 */

#ifndef REPORTS_REGRESSION_H
#define REPORTS_REGRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "baseline.h"
#include "memory.h"
#include "repeats.h"

enum regression {
	NEW_DEVIATION,  /* a requirement deviates, or a case knows of one that it did not */
	NEW_FAILURE,    /* a case is broken, or deviates where nothing new does */
	VANISHED,       /* a case or requirement is no more */
	NEW_SKIP,       /* a case is skipped, a requirement no longer tested */
	SLOWER,         /* a case is over the limit of its class in every run */
	CONFORMS_AGAIN, /* a known deviation is gone */
	FLAKY,          /* not the same in every run */
	REGRESSIONS,
	NEW = REGRESSIONS, /* not in the baseline, and nothing is wrong with it */
	CHANGED,           /* better, or different without being worse */
	FINDINGS
};

/* One difference; strings live as long as the runs, the baseline and the findings. */
struct finding {
	enum regression sort;
	const char *id;    /* of the requirement; NULL if it is about a case */
	long requirement;  /* its number, or -1 if no table has it */
	const char *where; /* the case; NULL if it is about the requirement as such */
	const char *was, *is;
	const char *reason;                /* why it is so; "" if nobody says */
	const struct deviation *deviation; /* the first that shows it, or NULL */
	size_t others;                     /* cases that show it too */
	struct fixed known;                /* the row that is out of date, if there is one */
};

struct findings {
	struct finding *rows; /* by sort; requirements by id before cases by name */
	size_t count, counts[FINDINGS];
	size_t regressions;
	size_t cases, requirements; /* compared */
	struct pool pool;
};

/* What is compared. */
struct scope {
	bool part;           /* not the areas that are not given: they did not run */
	const char **chosen; /* sorted names of the cases that count; NULL: all */
	size_t chosen_count;
};

/*
 * Compare.  Of a choice of cases a requirement tells only when it deviates:
 * that the others did not run makes it not tested, or conforming.
 */
void findings_make(
    struct findings *, const struct baseline *, const struct repeats *, const struct scope *);

void findings_free(struct findings *);

#endif
