/*
 * Kernels that get the readiness of pipes wrong, as select(2) tells it.
 */

#include "select_defects.h"

#include <sys/time.h>

#include <fcntl.h>
#include <unistd.h>

static bool
is_write_end(int fd)
{
	int error = errno, flags = real.fcntl(fd, F_GETFL, 0);

	errno = error;
	return (flags != -1 && (flags & O_ACCMODE) == O_WRONLY);
}

static bool
is_widowed(int fd)
{
	return (is_write_end(fd) && (readiness(fd, 0) & (POLLERR | POLLHUP)) != 0);
}

static int
sets_with(int fd, fd_set *const sets[3])
{
	int which = 0;

	for (int i = 0; i < 3; i++)
		if (sets[i] != NULL && FD_ISSET(fd, sets[i]))
			which |= 1 << i;
	return (which);
}

static void
store(fd_set *const sets[3], const fd_set from[3])
{
	for (int i = 0; i < 3; i++)
		if (sets[i] != NULL)
			*sets[i] = from[i];
}

static int
change_all(int limit, fd_set *const sets[3], fd_set asked[3], concern_function *concerns,
    change_function *change)
{
	fd_set *const asked_sets[] = { &asked[0], &asked[1], &asked[2] };
	int n = 0;

	for (int fd = 0; fd < limit; fd++) {
		int wanted = sets_with(fd, asked_sets), ready = sets_with(fd, sets);

		if (wanted != 0 && concerns(fd))
			ready = change(fd, wanted, ready) & wanted;
		for (int i = 0; i < 3; i++) {
			if (sets[i] == NULL)
				continue;
			if (ready & (1 << i))
				FD_SET(fd, sets[i]);
			else
				FD_CLR(fd, sets[i]);
		}
		n += __builtin_popcount((unsigned)ready);
	}
	return (n);
}

int
select_changed(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout,
    concern_function *concerns, change_function *change)
{
	fd_set *const sets[] = { r, w, x };
	fd_set asked[3];
	struct timeval none = { 0, 0 };
	int n;

	for (int i = 0; i < 3; i++) {
		FD_ZERO(&asked[i]);
		if (sets[i] != NULL)
			asked[i] = *sets[i];
	}
	if (real.select(limit, r, w, x, &none) == -1)
		return (-1);
	n = change_all(limit, sets, asked, concerns, change);
	if (n > 0 || (timeout != NULL && !timerisset(timeout)))
		return (n);
	store(sets, asked);
	if (real.select(limit, r, w, x, timeout) == -1)
		return (-1);
	return (change_all(limit, sets, asked, concerns, change));
}

/* Define change_select(), the call with its results changed by that function. */
#define CHANGED_SELECT(change)                                                     \
	static int change##_select(                                                \
	    int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)   \
	{                                                                          \
		return (select_changed(limit, r, w, x, timeout, is_pipe, change)); \
	}

static int
empty_is_readable(int fd, int asked, int ready)
{
	return (!is_write_end(fd) ? ready | (asked & READABLE) : ready);
}
CHANGED_SELECT(empty_is_readable)
DEFECT(select-empty-pipe-is-readable, .select = empty_is_readable_select);

static int
tells_once(int fd, int asked, int ready)
{
	static int told[FD_SETSIZE];
	int waits = unread(fd);

	(void)asked;
	if ((ready & READABLE) == 0 || is_write_end(fd))
		return (ready);
	if (told[fd] == waits && waits != 0)
		return (ready & ~READABLE);
	told[fd] = waits;
	return (ready);
}
CHANGED_SELECT(tells_once)
DEFECT(select-readable-is-told-once, .select = tells_once_select);

static int
end_of_file_is_not_readable(int fd, int asked, int ready)
{
	(void)asked;
	return (!is_write_end(fd) && unread(fd) == 0 ? ready & ~READABLE : ready);
}
CHANGED_SELECT(end_of_file_is_not_readable)
DEFECT(select-end-of-file-is-not-readable, .select = end_of_file_is_not_readable_select);

static int
always_writable(int fd, int asked, int ready)
{
	return (is_write_end(fd) ? ready | (asked & WRITABLE) : ready);
}
CHANGED_SELECT(always_writable)
DEFECT(select-full-pipe-is-writable, .select = always_writable_select);

static int
full_widow_is_not_writable(int fd, int asked, int ready)
{
	(void)asked;
	return (is_write_end(fd) && readiness(fd, POLLOUT) != POLLOUT ? ready & ~WRITABLE : ready);
}
CHANGED_SELECT(full_widow_is_not_writable)
DEFECT(select-full-widowed-pipe-is-not-writable, .select = full_widow_is_not_writable_select);

static int
widow_is_not_readable(int fd, int asked, int ready)
{
	(void)asked;
	return (is_write_end(fd) ? ready & ~READABLE : ready);
}
CHANGED_SELECT(widow_is_not_readable)
DEFECT(select-widowed-pipe-is-not-readable, .select = widow_is_not_readable_select);

static int
widow_is_exceptional(int fd, int asked, int ready)
{
	return (is_widowed(fd) ? ready | (asked & EXCEPTIONAL) : ready);
}
CHANGED_SELECT(widow_is_exceptional)
DEFECT(select-widowed-pipe-is-exceptional, .select = widow_is_exceptional_select);

/* select that sleeps on for ever if it is woken while that many bytes wait, or none. */
static int
select_losing(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout, bool data)
{
	int n = real.select(limit, r, w, x, timeout);

	for (int fd = 0; n > 0 && timeout == NULL && r != NULL && fd < limit; fd++)
		if (FD_ISSET(fd, r) && is_pipe(fd) && (unread(fd) > 0) == data)
			real.select(0, NULL, NULL, NULL, NULL);
	return (n);
}

static int
write_wakes_nobody(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_losing(limit, r, w, x, timeout, true));
}
DEFECT(select-write-wakes-nobody, .select = write_wakes_nobody);

static int
exit_wakes_nobody(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_losing(limit, r, w, x, timeout, false));
}
DEFECT(select-exit-wakes-nobody, .select = exit_wakes_nobody);

/* The call */

static int
error_clears_sets(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	fd_set *const sets[] = { r, w, x };
	int n = real.select(limit, r, w, x, timeout), error = errno;

	for (int i = 0; n == -1 && i < 3; i++)
		if (sets[i] != NULL)
			FD_ZERO(sets[i]);
	errno = error;
	return (n);
}
DEFECT(select-error-clears-the-sets, .select = error_clears_sets);

static int
closed_is_einval(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	return (n == -1 && errno == EBADF ? failure(EINVAL) : n);
}
DEFECT(select-closed-descriptor-as-einval, .select = closed_is_einval);

static int
closed_may_be_exceptional(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	if (n == -1 && errno == EBADF && x != NULL) {
		struct timeval none = { 0, 0 };

		n = real.select(limit, r, w, NULL, &none);
		if (n != -1)
			FD_ZERO(x);
	}
	return (n);
}
DEFECT(select-closed-descriptor-may-be-exceptional, .select = closed_may_be_exceptional);

/* After a time-out some sets are as they were before. */
static int
keep_sets(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout, int kept)
{
	fd_set *const sets[] = { r, w, x };
	fd_set before[3];
	int n;

	for (int i = 0; i < 3; i++)
		if (sets[i] != NULL)
			before[i] = *sets[i];
	n = real.select(limit, r, w, x, timeout);
	for (int i = 0; n == 0 && i < 3; i++)
		if (sets[i] != NULL && (kept & (1 << i)) != 0)
			*sets[i] = before[i];
	return (n);
}

static int
timeout_keeps_sets(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (keep_sets(limit, r, w, x, timeout, READABLE | WRITABLE));
}
DEFECT(select-timeout-keeps-the-sets, .select = timeout_keeps_sets);

static int
timeout_keeps_exceptional(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (keep_sets(limit, r, w, x, timeout, EXCEPTIONAL));
}
DEFECT(select-timeout-keeps-the-exceptional-set, .select = timeout_keeps_exceptional);

static int
counts_descriptors(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	fd_set *const sets[] = { r, w, x };
	int n = real.select(limit, r, w, x, timeout);

	for (int fd = 0; n > 0 && fd < limit; fd++) {
		int which = sets_with(fd, sets);

		if (which != 0 && is_pipe(fd))
			n -= __builtin_popcount((unsigned)which) - 1;
	}
	return (n);
}
DEFECT(select-counts-descriptors, .select = counts_descriptors);

static int
limit_is_one_short(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	fd_set *const sets[] = { r, w, x };
	int last = limit - 1;
	int n;

	if (limit <= 0 || !is_pipe(last))
		return (real.select(limit, r, w, x, timeout));
	n = real.select(last, r, w, x, timeout);
	for (int i = 0; n != -1 && i < 3; i++)
		if (sets[i] != NULL)
			FD_CLR(last, sets[i]);
	return (n);
}
DEFECT(select-looks-at-one-descriptor-less, .select = limit_is_one_short);

static int
timeout_too_short(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	struct timeval shorter;

	if (timeout == NULL || timeout->tv_sec != 0)
		return (real.select(limit, r, w, x, timeout));
	shorter = (struct timeval){ .tv_usec = timeout->tv_usec / 10000 * 9000 };
	*timeout = (struct timeval){ 0, 0 };
	return (real.select(limit, r, w, x, &shorter));
}
DEFECT(select-timeout-is-too-short, .select = timeout_too_short);

static int
timeout_argument_stays(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	struct timeval copy;

	if (timeout != NULL)
		copy = *timeout;
	return (real.select(limit, r, w, x, timeout == NULL ? NULL : &copy));
}
DEFECT(select-timeout-argument-stays, .select = timeout_argument_stays);

static int
timeout_argument_is_time_slept(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	struct timeval before;
	int n;

	if (timeout == NULL)
		return (real.select(limit, r, w, x, NULL));
	before = *timeout;
	n = real.select(limit, r, w, x, timeout);
	timersub(&before, timeout, timeout);
	return (n);
}
DEFECT(select-timeout-argument-is-time-slept, .select = timeout_argument_is_time_slept);
