/*
 * Kyua's results file: the cases of one run, one after the other.
 *
 * The file is only read.  What kyua noted of the environment is never asked for.
 */

#ifndef REPORTS_RESULTS_H
#define REPORTS_RESULTS_H

#include <stddef.h>

#include "text.h"

/* What kyua says of a case; NONE if the run ended before it could say anything. */
enum status { PASSED, FAILED, SKIPPED, EXPECTED_FAILURE, BROKEN, NONE, STATUSES };

/* passed, failed, skipped, expected failure, broken, or no result. */
const char *status_word(enum status);

/* One case; every span is good until the next one is read. */
struct result {
	struct span program; /* its path under the root of the suite */
	struct span suite;   /* test_suite of its Kyuafile */
	struct span name;
	struct span requirements; /* X-requirement */
	enum status status;
	struct span reason;
	struct span out;      /* what it wrote */
	long long start, end; /* in microseconds since 1970; 0 if it has no result */
};

struct results;

/*
 * Open such a file, or say in one line "file: what is wrong: what to do".  An error may
 * quote the file, which may hold anything: text_put() shows it without harm.
 */
struct results *results_open(const char *path, char *error, size_t size);

/* The next case: 1, 0 after the last, -1 with an error line. */
int results_next(struct results *, struct result *, char *error, size_t size);

/* The standard error of the case read last; only a broken case is asked for it. */
struct span results_stderr(struct results *);

void results_close(struct results *);

#endif
