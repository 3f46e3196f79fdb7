/*
 * Histories: several processes write to and read from one pipe or connection and
 * note each call with the moments before and after it, for pl_explain().  Writes
 * must be atomic by documentation (up to PIPE_BUF to a pipe), or come from one
 * process only.
 */

#ifndef PL_HISTORY_H
#define PL_HISTORY_H

#include <stddef.h>

#include "outcome.h"

/* A history in memory that children share. */
struct pl_history;
struct pl_history *pl_history(void);

/* sys_write and sys_read, noted.  Broken if the history is full. */
struct pl_outcome pl_history_write(struct pl_history *, int fd, const void *, size_t);
struct pl_outcome pl_history_read(struct pl_history *, int fd, void *, size_t);

/* Judge: one order explains all that was noted. */
#define pl_expect_explained(history) pl_judge_history(__FILE__, __LINE__, (history))
void pl_judge_history(const char *file, int line, const struct pl_history *);

#endif
