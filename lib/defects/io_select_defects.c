/*
 * Kernels that get select(2) and pselect(2) wrong for every kind of descriptor, and
 * the signal mask of pselect(2) and ppoll(2).
 */

#include <sys/ioctl.h>
#include <sys/time.h>

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "select_defects.h"

#define SELECT(name) \
	static int name(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
#define PSELECT(name)                                               \
	static int name(int limit, fd_set *r, fd_set *w, fd_set *x, \
	    const struct timespec *timeout, const sigset_t *mask)
#define PPOLL(name)                                                                       \
	static int name(struct pollfd *fds, nfds_t count, const struct timespec *timeout, \
	    const sigset_t *mask)

/* A call with its results changed for the descriptors of that sort. */
#define CHANGED(concerns, change)                                                   \
	SELECT(change##_select)                                                     \
	{                                                                           \
		return (select_changed(limit, r, w, x, timeout, concerns, change)); \
	}

static bool
is_end(int fd)
{
	return (is_socket(fd) || is_pipe(fd));
}

/* Has the other side hung up, or ended its sending? */
static bool
has_ended(int fd)
{
	return ((readiness(fd, POLLRDHUP) & (POLLHUP | POLLRDHUP)) != 0);
}

/* The sets */

/* Of the idle the bits stay, where anybody is ready. */
SELECT(keep_idle_bits)
{
	fd_set asked;
	int n;

	if (r != NULL)
		asked = *r;
	n = real.select(limit, r, w, x, timeout);
	if (n > 0 && r != NULL)
		*r = asked;
	return (n);
}
DEFECT(io-select-keeps-idle-bits, .select = keep_idle_bits);

SELECT(count_sockets_once)
{
	int n = real.select(limit, r, w, x, timeout);

	for (int fd = 0; n > 0 && r != NULL && w != NULL && fd < limit; fd++)
		if (FD_ISSET(fd, r) && FD_ISSET(fd, w) && is_socket(fd))
			n--;
	return (n);
}
DEFECT(io-select-counts-a-socket-once, .select = count_sockets_once);

SELECT(include_the_limit)
{
	bool more = limit > 0 && limit < FD_SETSIZE && r != NULL && FD_ISSET(limit, r);

	return (real.select(more ? limit + 1 : limit, r, w, x, timeout));
}
DEFECT(io-select-includes-the-limit, .select = include_the_limit);

SELECT(leave_the_last_out)
{
	return (real.select(limit == FD_SETSIZE ? limit - 1 : limit, r, w, x, timeout));
}
DEFECT(io-select-never-sees-the-last-number, .select = leave_the_last_out);

/* A bit on the wrong side of the end of a word. */
SELECT(miss_the_word)
{
	int n = real.select(limit, r, w, x, timeout);

	if (n > 0 && r != NULL && limit > 32 && FD_ISSET(32, r)) {
		FD_CLR(32, r);
		FD_SET(31, r);
	}
	return (n);
}
DEFECT(io-select-tells-the-number-below-a-word, .select = miss_the_word);

PSELECT(closed_is_ready)
{
	int n = real.pselect(limit, r, w, x, timeout, mask);

	return (n == -1 && errno == EBADF ? 1 : n);
}
DEFECT(io-pselect-closed-descriptor-is-ready, .pselect = closed_is_ready);

/* A number that is not open, above every one that is. */
SELECT(high_numbers_are_ready)
{
	bool high = limit > 900 && r != NULL && (FD_ISSET(900, r) || FD_ISSET(1023, r));
	int n = real.select(limit, r, w, x, timeout);

	return (n != -1 && high ? n + 1 : n);
}
DEFECT(io-select-unopened-number-is-ready, .select = high_numbers_are_ready);

static int
hidden_end(int fd, int asked, int ready)
{
	(void)asked;
	return (has_ended(fd) && unread(fd) == 0 ? ready & ~READABLE : ready);
}
CHANGED(is_socket, hidden_end)
DEFECT(io-select-end-of-a-socket-is-not-readable, .select = hidden_end_select);

static int
listener_takes_data(int fd, int asked, int ready)
{
	return (is_listener(fd) ? ready | (asked & WRITABLE) : ready);
}
CHANGED(is_socket, listener_takes_data)
DEFECT(io-select-listener-is-writable, .select = listener_takes_data_select);

static int
listener_is_deaf(int fd, int asked, int ready)
{
	(void)asked;
	return (is_listener(fd) ? ready & ~READABLE : ready);
}
CHANGED(is_socket, listener_is_deaf)
DEFECT(io-select-does-not-see-clients, .select = listener_is_deaf_select);

static int
full_is_writable(int fd, int asked, int ready)
{
	return (is_listener(fd) ? ready : ready | (asked & WRITABLE));
}
CHANGED(is_socket, full_is_writable)
DEFECT(io-select-full-socket-is-writable, .select = full_is_writable_select);

/* Who asks for all three learns of a connection as if data had come with it. */
static int
new_connection_is_readable(int fd, int asked, int ready)
{
	return (asked == (READABLE | WRITABLE | EXCEPTIONAL) && !is_listener(fd) &&
		    ready == WRITABLE && unread(fd) == 0
		? ready | READABLE
		: ready);
}
CHANGED(is_socket, new_connection_is_readable)
DEFECT(io-select-new-connection-is-readable, .select = new_connection_is_readable_select);

static int
data_are_exceptional(int fd, int asked, int ready)
{
	return (unread(fd) > 0 ? ready | (asked & EXCEPTIONAL) : ready);
}
CHANGED(is_end, data_are_exceptional)
DEFECT(io-select-data-are-exceptional, .select = data_are_exceptional_select);

static int
end_is_exceptional(int fd, int asked, int ready)
{
	return (has_ended(fd) ? ready | (asked & EXCEPTIONAL) : ready);
}
CHANGED(is_end, end_is_exceptional)
DEFECT(io-select-end-is-exceptional, .select = end_is_exceptional_select);

static int
own_data_are_readable(int fd, int asked, int ready)
{
	return (unread(fd) > 0 ? ready | (asked & READABLE) : ready);
}
CHANGED(is_pipe, own_data_are_readable)
DEFECT(io-select-own-data-make-a-writer-readable, .select = own_data_are_readable_select);

/* The time */

SELECT(nothing_is_no_wait)
{
	struct timeval none = { 0, 0 };

	return (real.select(limit, r, w, x, timeout == NULL ? &none : timeout));
}
DEFECT(io-select-null-timeout-is-zero, .select = nothing_is_no_wait);

PSELECT(no_wait_is_for_ever)
{
	bool none = timeout != NULL && timeout->tv_sec == 0 && timeout->tv_nsec == 0;

	return (real.pselect(limit, r, w, x, none ? NULL : timeout, mask));
}
DEFECT(io-pselect-zero-timeout-waits-for-ever, .pselect = no_wait_is_for_ever);

PSELECT(timeout_keeps_bits)
{
	fd_set asked;
	int n;

	if (r != NULL)
		asked = *r;
	n = real.pselect(limit, r, w, x, timeout, mask);
	if (n == 0 && r != NULL)
		*r = asked;
	return (n);
}
DEFECT(io-pselect-timeout-keeps-the-sets, .pselect = timeout_keeps_bits);

SELECT(negative_limit_is_zero)
{
	return (real.select(limit < 0 ? 0 : limit, r, w, x, timeout));
}
DEFECT(io-select-negative-limit-is-zero, .select = negative_limit_is_zero);

SELECT(negative_is_for_ever)
{
	bool negative = timeout != NULL && (timeout->tv_sec < 0 || timeout->tv_usec < 0);

	return (real.select(limit, r, w, x, negative ? NULL : timeout));
}
DEFECT(io-select-negative-timeout-is-for-ever, .select = negative_is_for_ever);

/* Rounded to microseconds before it is checked. */
PSELECT(part_of_a_microsecond_is_nothing)
{
	struct timespec t;

	if (timeout == NULL || timeout->tv_nsec >= 0 || timeout->tv_nsec <= -1000)
		return (real.pselect(limit, r, w, x, timeout, mask));
	t = (struct timespec){ .tv_sec = timeout->tv_sec };
	return (real.pselect(limit, r, w, x, &t, mask));
}
DEFECT(io-pselect-rounds-before-it-checks, .pselect = part_of_a_microsecond_is_nothing);

PSELECT(nanoseconds_overflow)
{
	struct timespec t;

	if (timeout == NULL || timeout->tv_nsec < 1000000000)
		return (real.pselect(limit, r, w, x, timeout, mask));
	t = (struct timespec){ .tv_sec = timeout->tv_sec, .tv_nsec = 999999999 };
	return (real.pselect(limit, r, w, x, &t, mask));
}
DEFECT(io-pselect-takes-a-billion-nanoseconds, .pselect = nanoseconds_overflow);

SELECT(microseconds_are_cut)
{
	if (timeout != NULL && timeout->tv_usec >= 1000000)
		timeout->tv_usec %= 1000000;
	return (real.select(limit, r, w, x, timeout));
}
DEFECT(io-select-cuts-a-million-microseconds, .select = microseconds_are_cut);

PSELECT(timeout_is_used_up)
{
	int n = real.pselect(limit, r, w, x, timeout, mask);
	struct timespec *rest = (struct timespec *)(uintptr_t)timeout;

	if (n == 1 && rest != NULL && rest->tv_sec > 0)
		rest->tv_sec--;
	return (n);
}
DEFECT(io-pselect-changes-its-timeout, .pselect = timeout_is_used_up);

SELECT(rest_of_sockets_is_negative)
{
	int n = real.select(limit, r, w, x, timeout);

	if (n == 1 && timeout != NULL && timeout->tv_sec > 0)
		timeout->tv_usec -= 1000000;
	return (n);
}
DEFECT(io-select-leaves-a-negative-rest, .select = rest_of_sockets_is_negative);

SELECT(sets_are_needed)
{
	if (limit == 0 && r == NULL && w == NULL && x == NULL)
		return (failure(EINVAL));
	return (real.select(limit, r, w, x, timeout));
}
DEFECT(io-select-wants-a-set, .select = sets_are_needed);

SELECT(a_day_is_enough)
{
	if (timeout != NULL && timeout->tv_sec > 86400)
		return (failure(EINVAL));
	return (real.select(limit, r, w, x, timeout));
}
DEFECT(io-select-refuses-more-than-a-day, .select = a_day_is_enough);

/* The mask.  A call without descriptors is not a case's own. */

PSELECT(pselect_without_mask)
{
	(void)mask;
	return (real.pselect(limit, r, w, x, timeout, NULL));
}
PPOLL(ppoll_without_mask)
{
	return (real.ppoll(fds, count, timeout, fds == NULL ? mask : NULL));
}
DEFECT(io-pselect-forgets-its-mask, .pselect = pselect_without_mask);
DEFECT(io-ppoll-forgets-its-mask, .ppoll = ppoll_without_mask);

static void
keep_mask(const sigset_t *mask)
{
	int error = errno;

	if (mask != NULL)
		sigprocmask(SIG_SETMASK, mask, NULL);
	errno = error;
}

PSELECT(pselect_keeps_the_mask)
{
	int n = real.pselect(limit, r, w, x, timeout, mask);

	keep_mask(mask);
	return (n);
}
DEFECT(io-pselect-leaves-its-mask-behind, .pselect = pselect_keeps_the_mask);

PPOLL(ppoll_keeps_the_mask)
{
	int n = real.ppoll(fds, count, timeout, mask);

	if (fds != NULL)
		keep_mask(mask);
	return (n);
}
DEFECT(io-ppoll-leaves-its-mask-behind, .ppoll = ppoll_keeps_the_mask);

static const sigset_t *
or_empty(const sigset_t *mask)
{
	static sigset_t none;

	sigemptyset(&none);
	return (mask == NULL ? &none : mask);
}

PSELECT(null_mask_is_empty)
{
	return (real.pselect(limit, r, w, x, timeout, or_empty(mask)));
}
DEFECT(io-pselect-null-mask-is-empty, .pselect = null_mask_is_empty);

PPOLL(null_mask_of_ppoll_is_empty)
{
	return (real.ppoll(fds, count, timeout, fds == NULL ? mask : or_empty(mask)));
}
DEFECT(io-ppoll-null-mask-is-empty, .ppoll = null_mask_of_ppoll_is_empty);

/* A look for signals comes before the look for events. */
PSELECT(signals_come_first)
{
	static const struct timespec none;

	if (mask != NULL && real.pselect(0, NULL, NULL, NULL, &none, mask) == -1)
		return (-1);
	return (real.pselect(limit, r, w, x, timeout, mask));
}
DEFECT(io-pselect-signal-hides-what-is-ready, .pselect = signals_come_first);

PPOLL(handler_runs_as_well)
{
	static const struct timespec none;
	int n = real.ppoll(fds, count, timeout, mask);

	if (fds != NULL && n > 0 && mask != NULL)
		real.ppoll(NULL, 0, &none, mask);
	return (n);
}
DEFECT(io-ppoll-runs-the-handler-all-the-same, .ppoll = handler_runs_as_well);

/* What the mask kept away is thrown away. */
PPOLL(masked_signal_is_lost)
{
	sigset_t before;
	int n;

	if (fds == NULL || mask == NULL || !sigismember(mask, SIGUSR1))
		return (real.ppoll(fds, count, timeout, mask));
	hold_signal(SIGUSR1, &before);
	n = real.ppoll(fds, count, timeout, mask);
	release_signal(SIGUSR1, &before, false);
	return (n);
}
DEFECT(io-ppoll-loses-a-masked-signal, .ppoll = masked_signal_is_lost);
