/*
 * What a target tells its engine beside the code edges that it ran through.
 *
 * An unmodified kernel shows no edges, but its answers differ: each new
 * combination that a target saw is as good a reason to keep an input as a new
 * edge.  libFuzzer counts them in its extra counters, AFL++ as edges of a branch
 * for each of them.  A kernel built with KCOV adds what it ran through itself.
 */

#ifndef FUZZ_FEEDBACK_H
#define FUZZ_FEEDBACK_H

#include <stddef.h>
#include <stdint.h>

/* Note something seen, by any number that stands for it: it is hashed. */
void feedback_saw(uint64_t what);

/*
 * Note the outcome of a system call: a number for the call and its circumstances
 * (kind, state), and what it gave.  Results of one magnitude count as the same.
 */
void feedback_outcome(unsigned call, long result, int error);

/*
 * Note what the calling thread runs through in the kernel between the two.  They
 * do nothing, and say nothing, where the kernel has no KCOV or lets nobody use it.
 */
void feedback_kernel_begin(void);
void feedback_kernel_end(void);

/*
 * Take apart what KCOV recorded in the mode of program counters: a count, then
 * that many of them, as both systems write it.  entries is the size of the
 * buffer, the count included; a count beyond it is of what was lost.  Gives each
 * pair of one and the next, hashed, to the function, and how many it gave.
 */
size_t feedback_read_kernel(const uint64_t *buffer, size_t entries, void (*edge)(uint64_t what));

#endif
