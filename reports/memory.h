/*
 * Memory of a program that runs once: pools, growing arrays, and an end without it.
 */

#ifndef REPORTS_MEMORY_H
#define REPORTS_MEMORY_H

#include <stddef.h>

/* End the program with status 2 for want of memory. */
void out_of_memory(void) __attribute__((__noreturn__));

/* Pieces that live and die together. */
struct pool {
	struct pool_block *blocks;
};

/* Every one of these gives memory, or ends the program with status 2. */
void *pool_get(struct pool *, size_t size);
char *pool_copy(struct pool *, const char *bytes, size_t size); /* as a string */
char *pool_format(struct pool *, const char *format, ...)
    __attribute__((__format__(__printf__, 2, 3)));
void pool_free(struct pool *);

/* Room for element number count, where count of them are in use; else as realloc(3). */
void *grow(void *rows, size_t count, size_t size);

#endif
