/*
 * Kernels that close too much or too little of a range of descriptors, or mix up
 * the flags of one descriptor with those of another.
 */

#include "defects.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#ifdef CLOSE_RANGE_UNSHARE
#define UNSHARE CLOSE_RANGE_UNSHARE
#else
#define UNSHARE 0
#endif

static bool
is_open(unsigned fd)
{
	return (real.fcntl((int)fd, F_GETFD, 0) != -1);
}

/* The bounds */

static int
last_left_open(unsigned first, unsigned last, int flags)
{
	return (real.close_range(first, last - (first < last && flags == 0), flags));
}
DEFECT(close-range-last-number-left-open, .close_range = last_left_open);

static int
one_too_many(unsigned first, unsigned last, int flags)
{
	return (real.close_range(first, last + (last < INT_MAX && flags == 0), flags));
}
DEFECT(close-range-closes-one-too-many, .close_range = one_too_many);

static int
ends_at_hole(unsigned first, unsigned last, int flags)
{
	unsigned end = first;

	while (end < last && is_open(end + 1))
		end++;
	return (flags == 0 && first <= last ? real.close_range(first, end, 0)
					    : real.close_range(first, last, flags));
}
DEFECT(close-range-ends-at-first-hole, .close_range = ends_at_hole);

static int
exchanges_bounds(unsigned first, unsigned last, int flags)
{
	return (first > last ? real.close_range(last, first, flags)
			     : real.close_range(first, last, flags));
}
DEFECT(close-range-exchanges-bounds, .close_range = exchanges_bounds);

/* An error, but not before the deed. */
static int
reversed_closes_first(unsigned first, unsigned last, int flags)
{
	if (first > last)
		real.close((int)last);
	return (real.close_range(first, last, flags));
}
DEFECT(close-range-reversed-closes-one, .close_range = reversed_closes_first);

static int
needs_an_open_one(unsigned first, unsigned last, int flags)
{
	unsigned fd = first;

	while (fd < last && fd < DESCRIPTORS && !is_open(fd))
		fd++;
	if (first <= last && !is_open(fd))
		return (failure(EBADF));
	return (real.close_range(first, last, flags));
}
DEFECT(close-range-of-nothing-ebadf, .close_range = needs_an_open_one);

static int
signed_bounds(unsigned first, unsigned last, int flags)
{
	return (last > INT_MAX && first <= last && flags == 0
		? failure(EINVAL)
		: real.close_range(first, last, flags));
}
DEFECT(close-range-bounds-are-signed, .close_range = signed_bounds);

/* The flags */

static int
unknown_flags_ignored(unsigned first, unsigned last, int flags)
{
	return (real.close_range(first, last, flags & (CLOSE_RANGE_CLOEXEC | UNSHARE)));
}
DEFECT(close-range-unknown-flags-ignored, .close_range = unknown_flags_ignored);

static int
unknown_flag_late(unsigned first, unsigned last, int flags)
{
	if ((flags & ~(CLOSE_RANGE_CLOEXEC | UNSHARE)) != 0 && (flags & CLOSE_RANGE_CLOEXEC) != 0)
		real.close_range(first, last, CLOSE_RANGE_CLOEXEC);
	return (real.close_range(first, last, flags));
}
DEFECT(close-range-marks-before-unknown-flag-fails, .close_range = unknown_flag_late);

static int
cloexec_closes(unsigned first, unsigned last, int flags)
{
	return (real.close_range(first, last, flags & ~CLOSE_RANGE_CLOEXEC));
}
DEFECT(close-range-cloexec-closes, .close_range = cloexec_closes);

static int
cloexec_marks_all_above(unsigned first, unsigned last, int flags)
{
	return (real.close_range(
	    first, flags == CLOSE_RANGE_CLOEXEC && first <= last ? UINT_MAX : last, flags));
}
DEFECT(close-range-cloexec-marks-all-above, .close_range = cloexec_marks_all_above);

static int
unshare_ignored(unsigned first, unsigned last, int flags)
{
	return (real.close_range(first, last, flags & ~UNSHARE));
}
DEFECT(close-range-unshare-closes-for-all-threads, .close_range = unshare_ignored);

/* The thread looks into its copy, but what it closes there stays open. */
static int
unshare_only(unsigned first, unsigned last, int flags)
{
	return ((flags & UNSHARE) != 0 && first <= last ? 0 : real.close_range(first, last, flags));
}
DEFECT(close-range-unshare-closes-nothing, .close_range = unshare_only);

/* closefrom */

static void
from_to_hole(int first)
{
	for (int fd = first; is_open((unsigned)fd); fd++)
		real.close(fd);
}
DEFECT(closefrom-stops-at-first-hole, .closefrom = from_to_hole);

static void
from_above(int first)
{
	real.closefrom(first < INT_MAX ? first + 1 : first);
}
DEFECT(closefrom-spares-the-first, .closefrom = from_above);

static void
from_below(int first)
{
	real.closefrom(first > 3 ? first - 1 : first);
}
DEFECT(closefrom-begins-one-below, .closefrom = from_below);

/* As many as there are descriptors, which is not the highest number. */
static void
from_by_count(int first)
{
	int count = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		count += is_open((unsigned)fd);
	for (int fd = first; fd < first + count; fd++)
		real.close(fd);
}
DEFECT(closefrom-goes-as-far-as-the-count, .closefrom = from_by_count);

/* The flags of one descriptor */

static int
cloexec_sticks(int fd, int command, long argument)
{
	return (command == F_SETFD && argument == 0 && (is_pipe(fd) || is_socket(fd))
		? 0
		: real.fcntl(fd, command, argument));
}
DEFECT(fcntl-cloexec-sticks, .fcntl = cloexec_sticks);

/* What belongs to the descriptor is kept in the open file. */
static int
flag_of_the_file(int fd, int command, long argument)
{
	struct stat one, other;

	if (command != F_SETFD || real.fstat(fd, &one) == -1)
		return (real.fcntl(fd, command, argument));
	for (int copy = 3; copy < DESCRIPTORS; copy++)
		if (copy != fd && (is_pipe(copy) || is_socket(copy)) &&
		    real.fstat(copy, &other) == 0 && one.st_ino == other.st_ino &&
		    one.st_dev == other.st_dev)
			real.fcntl(copy, F_SETFD, argument);
	return (real.fcntl(fd, F_SETFD, argument));
}
DEFECT(fcntl-cloexec-shared-by-duplicates, .fcntl = flag_of_the_file);
