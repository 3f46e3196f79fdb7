/*
 * Does one order explain the results of calls that overlap on one queue of bytes?
 *
 * The queue did its work if the calls can be put in one order, in which a call
 * that had returned before another one began comes first, and in which each
 * result is what a queue would have given: writes add all their bytes at the end,
 * reads take bytes from the front.
 */

#ifndef PL_EXPLAIN_H
#define PL_EXPLAIN_H

#include <stddef.h>

enum { PL_EXPLAIN_CALLS = 64 };

/* One call that has returned; of bytes as many as were transferred. */
struct pl_call {
	unsigned begin, end; /* moments: each is later than any before it */
	enum pl_call_sort {
		PL_CALL_WRITE,
		PL_CALL_READ,
		PL_CALL_EMPTY, /* a read that found nothing (EAGAIN) */
	} sort;
	const unsigned char *bytes;
	size_t size;
};

enum pl_explanation {
	PL_EXPLAINED,
	PL_INEXPLICABLE, /* no order does */
	PL_UNDECIDED,    /* too many orders to try */
};

/* Undecided as well if there are more than PL_EXPLAIN_CALLS, or no memory. */
enum pl_explanation pl_explain(const struct pl_call *, size_t count);

#endif
