#include "stamp.h"

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"

/* The coarsest tick that a kernel stamps files with, unless it stamps whole seconds. */
#define TICK_NS 20000000

/* How far behind the time of day a stamp may be: cut to a second, and a tick late. */
#define BEHIND_S 2

struct timespec
pl_now(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		pl_broken("clock_gettime: %s", strerror(errno));
	return (t);
}

bool
pl_is_later(struct timespec a, struct timespec b)
{
	return (a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec);
}

/* The time that a new pipe is stamped with. */
static struct timespec
stamp_of_now(void)
{
	struct stat st;
	int fd[2];

	if (pipe(fd) != 0 || fstat(fd[0], &st) != 0)
		pl_broken("a pipe that tells the time: %s", strerror(errno));
	close(fd[0]);
	close(fd[1]);
	return (st.st_ctim);
}

void
pl_pass(struct timespec t)
{
	struct timespec tick_later = t;

	tick_later.tv_nsec += TICK_NS;
	if (tick_later.tv_nsec >= 1000000000) {
		tick_later.tv_nsec -= 1000000000;
		tick_later.tv_sec++;
	}
	while (!pl_is_later(pl_now(), tick_later) || !pl_is_later(stamp_of_now(), t))
		poll(NULL, 0, 1);
}

void
pl_judge_stamp(
    const char *file, int line, const char *what, struct timespec stamp, struct timespec since)
{
	struct timespec now = pl_now(), first = since;
	char expected[160];

	snprintf(expected, sizeof(expected), "%.60s from %jd.%09ld to %jd.%09ld", what,
	    (intmax_t)since.tv_sec, since.tv_nsec, (intmax_t)now.tv_sec, now.tv_nsec);
	pl_expecting_text(file, line, expected);
	first.tv_sec -= BEHIND_S;
	pl_judge_that(!pl_is_later(first, stamp) && !pl_is_later(stamp, now), "%jd.%09ld",
	    (intmax_t)stamp.tv_sec, stamp.tv_nsec);
}
