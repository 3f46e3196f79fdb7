/*
 * The runs of one suite on one kernel, taken together: what each case and each
 * requirement came to in every one of them, and whether that is always the same.
 */

#ifndef REPORTS_REPEATS_H
#define REPORTS_REPEATS_H

#include <stdbool.h>
#include <stddef.h>

#include "memory.h"
#include "verdict.h"

/* One case. */
struct repeated {
	const char *where;         /* program:case */
	const struct tested **in;  /* of each run; NULL where it is missing */
	enum fate fate;            /* the worst */
	const struct tested *seen; /* in the first run where it came to that */
	bool flaky;
	double least; /* time of its fastest run in microseconds over that run's stretch; -1 */
};

/* One requirement; its number is its place. */
struct rejudged {
	enum verdict verdict;  /* the worst: deviates, known, not tested, not applicable */
	const struct run *run; /* the first that gave it */
	bool flaky;
};

struct repeats {
	const struct run *runs;
	size_t count;
	struct repeated *cases; /* by name */
	size_t case_count;
	struct rejudged *requirements;
	double *stretch;        /* of each run (pace.h) */
	const char *privileged; /* yes, no, or mixed, as the cases say */
	struct pool pool;
};

/* passed, known deviation, skipped, deviates, broken. */
const char *fate_word(enum fate);
int fate_parse(struct span); /* -1 if it is none of them */

/*
 * Take them together; -1 with one line "file: what is wrong: what to do" if a
 * run is not finished, or they are not runs of the same.  To be freed in any case.
 */
int repeats_join(struct repeats *, const struct run *runs, size_t count, char *error, size_t size);
void repeats_free(struct repeats *);

/* The area that the case is of: of "cases/pipe/eof_test:name" it is "pipe". */
struct span area_of_case(const char *where);

/* The area that a requirement is of, the first part of its id. */
struct span area_of_id(const char *id);

/* The area of that name among those given, or NULL. */
const struct area *area_named(const struct areas *, struct span name);

#endif
