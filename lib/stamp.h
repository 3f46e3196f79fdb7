/*
 * Time stamps of files.
 */

#ifndef PL_STAMP_H
#define PL_STAMP_H

#include <sys/types.h>

#include <stdbool.h>
#include <time.h>

/* The time of day. */
struct timespec pl_now(void);

/* Is a later than b? */
bool pl_is_later(struct timespec a, struct timespec b);

/*
 * Set-up: wait until a file that is stamped now gets a later time than t,
 * whatever the tick of the clock that stamps are taken from.
 */
void pl_pass(struct timespec t);

/*
 * Judge a stamp that was set after pl_now() gave since: it lies between then
 * and now.  Stamps may be cut to whole seconds.
 */
#define pl_expect_stamp(what, stamp, since) \
	pl_judge_stamp(__FILE__, __LINE__, (what), (stamp), (since))
void pl_judge_stamp(
    const char *file, int line, const char *what, struct timespec stamp, struct timespec since);

#endif
