/*
 * Kernels that get signals on pipes wrong: SIGPIPE and EPIPE, and
 * interrupted calls.
 */

#include "defects.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Larger than any pipe takes at once. */
#define LARGE 300000

/* SIGPIPE and EPIPE */

static ssize_t
write_without_signal(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;

	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	release_signal(SIGPIPE, &before, false);
	return (n);
}
DEFECT(epipe-without-sigpipe, .write = write_without_signal);

static ssize_t
signal_without_error(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EPIPE ? 0 : n);
}
DEFECT(epipe-as-zero, .write = signal_without_error);

static ssize_t
signal_twice(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EPIPE) {
		raise(SIGPIPE);
		errno = EPIPE;
	}
	return (n);
}
DEFECT(sigpipe-comes-twice, .write = signal_twice);

static ssize_t
signal_once(int fd, const void *buffer, size_t size)
{
	static bool signalled;
	ssize_t n =
	    signalled ? write_without_signal(fd, buffer, size) : real.write(fd, buffer, size);

	signalled |= n == -1 && errno == EPIPE;
	return (n);
}
DEFECT(sigpipe-for-the-first-write-only, .write = signal_once);

/* Is SIGPIPE ignored, or blocked, here? */
static bool
ignored(void)
{
	struct sigaction now;

	return (real.sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
}

static bool
blocked(void)
{
	sigset_t now;

	return (pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGPIPE));
}

static ssize_t
zero_if_ignored(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EPIPE && ignored() ? 0 : n);
}
DEFECT(ignored-sigpipe-takes-epipe-along, .write = zero_if_ignored);

static ssize_t
forced_if_ignored(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EPIPE && ignored()) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	return (n);
}
DEFECT(sigpipe-cannot-be-ignored, .write = forced_if_ignored);

static ssize_t
dropped_if_blocked(int fd, const void *buffer, size_t size)
{
	return (blocked() ? write_without_signal(fd, buffer, size) : real.write(fd, buffer, size));
}
DEFECT(blocked-sigpipe-is-dropped, .write = dropped_if_blocked);

static ssize_t
signal_to_process(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;
	int error;

	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	error = errno;
	if (release_signal(SIGPIPE, &before, false))
		kill(getpid(), SIGPIPE);
	errno = error;
	return (n);
}
DEFECT(sigpipe-to-the-process, .write = signal_to_process);

/* With SA_RESTART the write is tried a second time after its handler. */
static ssize_t
tried_again(int fd, const void *buffer, size_t size)
{
	struct sigaction now;
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EPIPE && real.sigaction(SIGPIPE, NULL, &now) == 0 &&
	    (now.sa_flags & SA_RESTART) != 0)
		n = real.write(fd, buffer, size);
	return (n);
}
DEFECT(sa-restart-repeats-a-broken-write, .write = tried_again);

static bool
has_room(int fd)
{
	return ((readiness(fd, POLLOUT) & POLLOUT) != 0);
}

/* A writer that slept is woken by the last reader's close, and told nothing. */
static ssize_t
woken_with_nothing(int fd, const void *buffer, size_t size)
{
	bool sleeps = is_pipe(fd) && !is_nonblocking(fd) && !has_room(fd);
	ssize_t n = sleeps ? write_without_signal(fd, buffer, size) : real.write(fd, buffer, size);

	return (sleeps && n == -1 && errno == EPIPE ? 0 : n);
}
DEFECT(sleeping-writer-is-told-nothing, .write = woken_with_nothing);

static ssize_t
sleeper_without_signal(int fd, const void *buffer, size_t size)
{
	bool sleeps = is_pipe(fd) && !is_nonblocking(fd) && !has_room(fd);

	return (sleeps ? write_without_signal(fd, buffer, size) : real.write(fd, buffer, size));
}
DEFECT(sleeping-writer-gets-no-sigpipe, .write = sleeper_without_signal);

static bool
is_widowed(int fd)
{
	return ((readiness(fd, POLLOUT) & (POLLERR | POLLHUP)) != 0);
}

/* A blocking write that lost its reader halfway. */
static bool
was_cut(int fd, ssize_t n, size_t size)
{
	return (n > 0 && (size_t)n < size && is_pipe(fd) && !is_nonblocking(fd) && is_widowed(fd));
}

static ssize_t
epipe_hides_part(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (was_cut(fd, n, size) ? failure(EPIPE) : n);
}
DEFECT(epipe-hides-a-partial-write, .write = epipe_hides_part);

static ssize_t
whole_count_if_cut(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (was_cut(fd, n, size) ? (ssize_t)size : n);
}
DEFECT(partial-write-claims-the-whole, .write = whole_count_if_cut);

/* Where it should come it does not, and the other way round. */
static ssize_t
other_signal_if_cut(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;
	bool came;

	if (size < LARGE)
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	came = release_signal(SIGPIPE, &before, false);
	if (was_cut(fd, n, size) ? !came : came)
		raise(SIGPIPE);
	return (n);
}
DEFECT(partial-write-signals-otherwise, .write = other_signal_if_cut);

/* Any close of a read descriptor counts as the last one. */
static bool closed_a_reader;

static int
close_widows(int fd)
{
	closed_a_reader |= has_mode(fd, O_RDONLY);
	return (real.close(fd));
}

static ssize_t
write_if_not_closed(int fd, const void *buffer, size_t size)
{
	if (!closed_a_reader || !is_pipe(fd))
		return (real.write(fd, buffer, size));
	raise(SIGPIPE);
	return (failure(EPIPE));
}
DEFECT(widowed-at-first-close-of-a-reader, .close = close_widows, .write = write_if_not_closed);

/* A pipe that was full is full, whoever has left. */
static ssize_t
full_before_widowed(int fd, const void *buffer, size_t size)
{
	static bool was_full;
	ssize_t n;

	if (was_full && is_pipe(fd) && is_widowed(fd))
		return (failure(EAGAIN));
	n = real.write(fd, buffer, size);
	was_full = n == -1 && errno == EAGAIN;
	return (n);
}
DEFECT(full-widowed-pipe-gives-eagain, .write = full_before_widowed);

static ssize_t
writev_without_signal(int fd, const struct iovec *v, int count)
{
	sigset_t before;
	ssize_t n;

	hold_signal(SIGPIPE, &before);
	n = real.writev(fd, v, count);
	release_signal(SIGPIPE, &before, false);
	return (n);
}
DEFECT(writev-raises-no-sigpipe, .writev = writev_without_signal);

static ssize_t
writev_signals_each(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.writev(fd, v, count);

	if (n == -1 && errno == EPIPE)
		for (int i = 1; i < count; i++)
			raise(SIGPIPE);
	if (n == -1)
		errno = EPIPE;
	return (n);
}
DEFECT(writev-raises-sigpipe-for-each-area, .writev = writev_signals_each);

static int
exec_resets_ignored(const char *path, char *const argv[])
{
	signal(SIGPIPE, SIG_DFL);
	return (real.execv(path, argv));
}
DEFECT(exec-resets-ignored-signals, .execv = exec_resets_ignored);

static int
exec_ignores(const char *path, char *const argv[])
{
	signal(SIGPIPE, SIG_IGN);
	return (real.execv(path, argv));
}
DEFECT(exec-ignores-sigpipe, .execv = exec_ignores);

/* Interrupted calls: what the kernel makes of sa_flags and of SIG_IGN */

static int
with_flags(int number, const struct sigaction *action, struct sigaction *before, int set, int clear)
{
	struct sigaction changed;

	if (action == NULL || number == SIGPIPE)
		return (real.sigaction(number, action, before));
	changed = *action;
	changed.sa_flags = (changed.sa_flags | set) & ~clear;
	return (real.sigaction(number, &changed, before));
}

static int
never_restart(int number, const struct sigaction *action, struct sigaction *before)
{
	return (with_flags(number, action, before, 0, SA_RESTART));
}
DEFECT(sa-restart-has-no-effect, .sigaction = never_restart);

static int
always_restart(int number, const struct sigaction *action, struct sigaction *before)
{
	return (with_flags(number, action, before, SA_RESTART, 0));
}
DEFECT(calls-are-always-restarted, .sigaction = always_restart);

static void
nothing(int number)
{
	(void)number;
}

static int
ignore_by_waking(int number, const struct sigaction *action, struct sigaction *before)
{
	struct sigaction changed;

	if (action == NULL || action->sa_handler != SIG_IGN || number == SIGPIPE)
		return (real.sigaction(number, action, before));
	changed = *action;
	changed.sa_handler = nothing;
	return (real.sigaction(number, &changed, before));
}
DEFECT(ignored-signal-gives-eintr, .sigaction = ignore_by_waking);

/* A read that was interrupted takes the byte that comes next along, and loses it. */
static ssize_t
interrupted_read_takes_data(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n == -1 && errno == EINTR && is_pipe(fd)) {
		real.read(fd, buffer, size);
		errno = EINTR;
		return (-1);
	}
	return (n);
}
DEFECT(interrupted-read-loses-the-next-byte, .read = interrupted_read_takes_data);

static ssize_t
interrupted_read_ends(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EINTR && is_pipe(fd) ? 0 : n);
}
DEFECT(interrupted-read-is-end-of-file, .read = interrupted_read_ends);

static ssize_t
interrupted_write_succeeds(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EINTR && is_pipe(fd) ? (ssize_t)size : n);
}
DEFECT(interrupted-write-claims-success, .write = interrupted_write_succeeds);

/* A short count of a large write is due to a signal, unless the reader has gone. */
static bool
was_interrupted(int fd, ssize_t n, size_t size)
{
	return (size >= LARGE && n > 0 && (size_t)n < size && is_pipe(fd) && !is_nonblocking(fd) &&
	    !is_widowed(fd));
}

static ssize_t
eintr_hides_part(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (was_interrupted(fd, n, size) ? failure(EINTR) : n);
}
DEFECT(eintr-hides-a-partial-write, .write = eintr_hides_part);

static ssize_t
part_counted_short(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (was_interrupted(fd, n, size) ? n - 1 : n);
}
DEFECT(interrupted-write-counts-one-less, .write = part_counted_short);

/* The kernel keeps the address of a large buffer and copies from there only on demand. */
static ssize_t
write_by_reference(int fd, const void *buffer, size_t size)
{
#ifdef SPLICE_F_NONBLOCK
	struct iovec v = { .iov_base = (void *)(uintptr_t)buffer, .iov_len = size };
	ssize_t n, more;

	if (size < LARGE || !is_pipe(fd) || (n = vmsplice(fd, &v, 1, SPLICE_F_NONBLOCK)) <= 0)
		return (real.write(fd, buffer, size));
	more = real.write(fd, (const char *)buffer + n, size - (size_t)n);
	return (more > 0 ? n + more : n);
#else
	ssize_t n = real.write(fd, buffer, size);

	/* Without such a call only the late change of the buffer is shown. */
	if (was_interrupted(fd, n, size))
		n--;
	return (n);
#endif
}
DEFECT(large-write-borrows-its-buffer, .write = write_by_reference);

/* Of a buffer that is written in one piece only the first page arrives. */
static ssize_t
first_page_cloned(int fd, const void *buffer, size_t size)
{
	static char copy[LARGE];

	if (size <= 8192 || size > LARGE || !is_pipe(fd) || is_nonblocking(fd))
		return (real.write(fd, buffer, size));
	memcpy(copy, buffer, 4096);
	memset(copy + 4096, 0, size - 4096);
	return (real.write(fd, copy, size));
}
DEFECT(large-write-clones-one-page, .write = first_page_cloned);

static int
poll_restarts(struct pollfd *fds, nfds_t count, int timeout)
{
	int n;

	do
		n = real.poll(fds, count, timeout);
	while (n == -1 && errno == EINTR);
	return (n);
}
DEFECT(poll-is-restarted, .poll = poll_restarts);

static int
select_restarts(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n;

	do
		n = real.select(limit, r, w, x, timeout);
	while (n == -1 && errno == EINTR);
	return (n);
}
DEFECT(select-is-restarted, .select = select_restarts);

static int
poll_interrupted_as_timeout(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	return (n == -1 && errno == EINTR ? 0 : n);
}
DEFECT(interrupted-poll-times-out, .poll = poll_interrupted_as_timeout);

static int
select_interrupted_as_timeout(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	return (n == -1 && errno == EINTR ? 0 : n);
}
DEFECT(interrupted-select-times-out, .select = select_interrupted_as_timeout);
