/*
 * Memory with a forbidden page behind it.
 */

#ifndef PL_GUARD_H
#define PL_GUARD_H

#include <stddef.h>

/*
 * The address of size accessible, zeroed bytes that end right before an
 * inaccessible page; with 0 it is that page itself.  Set-up; stays for the
 * duration of the case.
 */
void *pl_guarded(size_t size);

#endif
