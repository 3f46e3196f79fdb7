/*
 * Printing lines of the sequence language; GRAMMAR.md describes it.
 */

#ifndef PL_PRINT_H
#define PL_PRINT_H

#include <stddef.h>

#include "outcome.h"

/* The outcome alone: "5", "EAGAIN", "EPIPE raises SIGPIPE", "killed by SIGPIPE". */
char *pl_print_outcome(char *buffer, size_t size, const struct pl_outcome *);

/* Call and outcome: "read(p0, 16) = 5". */
char *pl_print_call(char *buffer, size_t size, const struct pl_outcome *);

#endif
