/*
 * Descriptor numbers: which are free, and how many there may be.
 */

#ifndef PL_NUMBERS_H
#define PL_NUMBERS_H

/* The lowest number that is free. */
int pl_lowest_free(void);

/*
 * Leave exactly two numbers free below the highest open one, which is not next
 * to either; the lower in gap[0].
 */
void pl_make_gaps(int gap[2]);

/* Let this process, a child, have no descriptor of that number or above. */
void pl_limit_descriptors(int limit);

/* Let this process, a child, have so many open descriptors; not tested where it may not. */
void pl_need_descriptors(int count);

#endif
