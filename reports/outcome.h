/*
 * What one case says of itself: the library's lines, picked out of its output.
 *
 * Anything may stand between those lines, and a case that was killed may lack
 * the rest of them.
 */

#ifndef REPORTS_OUTCOME_H
#define REPORTS_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

/* What a case may say of a requirement. */
enum word { CONFORMS, DEVIATES, KNOWN, OPEN, UNREACHED, WORDS };

struct judgement {
	struct span id;
	enum word word;
};

/* The parts of a deviation; each may take several lines. */
enum part { STATEMENT, SOURCE, DOCUMENTED, EXPECTED, OBSERVED, AT, CITATION, TRANSCRIPT, PARTS };

/* What a case writes before it: statement, ..., at, known, transcript. */
const char *part_word(enum part);

/* A deviation as the case tells it. */
struct block {
	struct span id;
	struct span parts[PARTS]; /* empty where the case says nothing */
};

/* readiness <state> <kind> <reading> <writing>, the last two yes, no or -. */
struct reading {
	struct span state, kind, reads, writes;
};

struct outcome {
	/* From the line "plumbline 1"; all empty if there is none. */
	struct span profile, os, release, privileged;
	/* From the same; older cases lack them. */
	struct span machine, suite, runner, build;
	struct judgement *judgements;
	size_t judgement_count;
	struct block *blocks;
	size_t block_count;
	struct span *broken; /* each "broken: " line, without that word */
	size_t broken_count;
	struct reading *readings;
	size_t reading_count;
	/* A line that can only be the library's and yet is not understood. */
	struct span odd;
};

/* Read one output; the spans point into it.  The arrays are used again. */
void outcome_read(struct outcome *, struct span output);
void outcome_free(struct outcome *);

#endif
