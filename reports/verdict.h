/*
 * The rules: from what every case says of itself to the verdict of every requirement.
 */

#ifndef REPORTS_VERDICT_H
#define REPORTS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "area.h"
#include "memory.h"
#include "outcome.h"
#include "results.h"

enum verdict {
	VERDICT_CONFORMS,
	VERDICT_DEVIATES,
	VERDICT_KNOWN,
	VERDICT_NOT_APPLICABLE,
	VERDICT_NOT_TESTED,
	VERDICTS
};

/*
 * Why a case did not judge a requirement that it names.  Of several cases the
 * one further down speaks: it tells more of what is to be done.
 */
enum obstacle {
	OBSTACLE_NONE,
	OBSTACLE_NOT_APPLICABLE, /* skipped: there is nothing to test here */
	OBSTACLE_SKIPPED,
	OBSTACLE_OPEN,      /* it ran, and has no expectation under this profile */
	OBSTACLE_SILENT,    /* it ended in peace without a word on it */
	OBSTACLE_UNREACHED, /* it ended before */
	OBSTACLE_BROKE
};

/* One requirement in one run. */
struct judged {
	enum verdict verdict;
	const char *reason; /* of all but conforms */
	/* What its cases say, from which the rules take the two above. */
	size_t said[WORDS]; /* cases */
	enum obstacle obstacle;
	const char *obstacle_case;
	const char *obstacle_reason;
};

/* Lines of a text that may be too many to show: the first of them and the last. */
struct excerpt {
	struct span head, tail;
	size_t lines, bytes; /* left out between */
};

/* One case that saw one deviation, in strings that live as long as the run. */
struct deviation {
	const char *id;
	long requirement; /* its number, or -1 if no table has it */
	bool known;
	size_t number;                /* of its case in the results file, from 1 */
	const char *where;            /* program:case */
	const char *parts[PARTS - 1]; /* all but the transcript; "" if nobody knows */
	struct excerpt transcript;
};

/* One case that is no witness: our own trouble, or something odd. */
struct broken {
	size_t number; /* of the case in the results file, from 1 */
	const char *where;
	const char **texts;
	size_t count;
	struct excerpt errors; /* the end of its standard error */
};

struct skip {
	const char *reason;
	size_t cases;
};

/* What a case says of one kind in one state, as in outcome.h. */
struct readiness {
	const char *state, *kind, *reads, *writes;
};

/* One case of the run, whatever became of it. */
struct tested {
	size_t number;              /* in the results file, from 1 */
	const char *where;          /* program:case, */
	const char *program, *name; /* and each of them alone */
	enum status status;
	const char *reason;     /* kyua's: of a skip, why */
	long long start;        /* in microseconds since 1970; 0 if nobody knows */
	long long microseconds; /* that it took; -1 if nobody knows */
	size_t *requirements;   /* numbers of those that it names and a table has */
	size_t requirement_count;
	/* What the whole run says of it, once that is judged. */
	const struct deviation **deviations; /* in the order of the requirements */
	size_t deviation_count;
	const struct broken *broken; /* NULL if it is a witness */
};

/* A known deviation that did not show. */
struct fixed {
	const struct area *area;
	const struct pl_deviation *deviation;
};

struct run {
	const struct areas *areas;
	struct judged *judged; /* one for each requirement */
	size_t verdicts[VERDICTS];
	struct deviation *deviations;
	size_t deviation_count;
	struct broken *broken;
	size_t broken_count;
	struct skip *skips;
	size_t skip_count;
	struct readiness *readiness; /* by state, then in the order of the kinds' names */
	size_t readiness_count;
	struct fixed *fixed;
	size_t fixed_count;
	struct tested *tested; /* by name */
	size_t cases, statuses[STATUSES];
	size_t privileged, unprivileged; /* cases that say so */
	/* As the cases say; os and release are NULL if none of them does. */
	enum pl_profile profile;
	const char *os, *release;
	const char *machine, *suite, *runner, *build; /* "" if no case says it */
	const char *path;                             /* of its results file */
	long long start, end; /* of all its cases, in microseconds since 1970; 0 if none ran */
	/* Only while cases are taken. */
	struct pool pool;
	struct outcome outcome;
	struct mark *marks;
	const char *profile_case; /* the first that said it */
};

const char *verdict_word(enum verdict);

/* What became of a case, in forms that know no more than that. */
enum fate {
	FATE_PASSED,
	FATE_KNOWN, /* it saw known deviations, and nothing worse */
	FATE_SKIPPED,
	FATE_DEVIATED, /* it saw one that is not known */
	FATE_BROKEN,   /* it saw no such deviation, and is no witness */
	FATES
};

enum fate fate_of(const struct tested *);

/* How many deviations of that sort it saw, and the first of them or NULL. */
size_t deviations_of(const struct tested *, bool known, const struct deviation **first);

void run_begin(struct run *, const struct areas *);

/* Take the next case; -1 with an error line if this run cannot be judged. */
int run_take(struct run *, struct results *, const struct result *, char *error, size_t size);

/*
 * All of it: take every case of that results file, and judge.  -1 with one line
 * "file: what is wrong: what to do"; the run is to be freed in any case.
 */
int run_read(struct run *, const struct areas *, const char *path, const char *profile, char *error,
    size_t size);

/*
 * After the last case: judge.  The profile may be NULL; if the cases say theirs
 * it must not be another one.
 */
int run_judge(struct run *, const char *profile, char *error, size_t size);

/* Are there unexpected deviations or broken cases? */
bool run_is_bad(const struct run *);

void run_free(struct run *);

#endif
