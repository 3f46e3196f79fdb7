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

/*
 * The C library's function of that name, to be called past a sanitizer, which
 * would look at forbidden memory itself.  Set-up.
 */
void (*pl_libc_function(const char *name))(void);

#endif
