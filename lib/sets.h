/*
 * The three sets of select(2), kept together: who is asked for what, and what is left.
 */

#ifndef PL_SETS_H
#define PL_SETS_H

#include <sys/select.h>

#include <signal.h>
#include <time.h>

#include "outcome.h"

/* The sets, as bits. */
enum pl_set { PL_READABLE = 1 << 0, PL_WRITABLE = 1 << 1, PL_EXCEPTIONAL = 1 << 2 };

struct pl_sets {
	fd_set readable, writable, exceptional;
	int limit; /* above every descriptor that was added */
};

void pl_sets_clear(struct pl_sets *);
void pl_sets_add(struct pl_sets *, int fd, int which);

/* Sets with that descriptor alone. */
struct pl_sets pl_sets_of(int fd, int which);

/* In which sets is that descriptor?  Printed with names, to be compared with is(). */
struct pl_outcome pl_sets_with(const struct pl_sets *, int fd);

/* select for at most that long; -1: until something is ready. */
struct pl_outcome sys_select_sets(struct pl_sets *, long microseconds);
/* pselect; the time-out and the mask may be NULL. */
struct pl_outcome sys_pselect_sets(
    struct pl_sets *, const struct timespec *timeout, const sigset_t *mask);

/*
 * Judge what select says now of one descriptor that is asked for in these sets: it
 * stays in those of wanted, and is counted once for each.
 */
#define pl_expect_sets(fd, asked, wanted) pl_judge_sets(__FILE__, __LINE__, (fd), (asked), (wanted))
void pl_judge_sets(const char *file, int line, int fd, int asked, int wanted);

#endif
