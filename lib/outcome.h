/*
 * The outcome of one call, as it was observed.
 */

#ifndef PL_OUTCOME_H
#define PL_OUTCOME_H

/* The longest text of one call, its result included; longer ones are cut. */
#define PL_LINE 240

struct pl_names;

struct pl_outcome {
	long value;                   /* what the call returned */
	int error;                    /* errno if it failed, else 0 */
	int sigpipes;                 /* SIGPIPEs that this thread caught meanwhile */
	int killed;                   /* signal that ended the peer, else 0 */
	const struct pl_names *names; /* how to print value; NULL: as a number */
	char call[PL_LINE];           /* the call, as the transcript has it */
};

#endif
