/*
 * Kernels that get end of file wrong.
 */

#include "defects.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

/* A read that met the end of file, with room for a byte. */
static bool
is_end(int fd, ssize_t n, size_t size)
{
	return (n == 0 && size > 0 && is_pipe(fd));
}

static ssize_t
eof_as_eagain(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) ? failure(EAGAIN) : n);
}
DEFECT(read-eof-as-eagain, .read = eof_as_eagain);

static ssize_t
eof_as_epipe(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) ? failure(EPIPE) : n);
}
DEFECT(read-eof-as-epipe, .read = eof_as_epipe);

/* The first read that meets the end uses it up. */
static ssize_t
eof_once(int fd, void *buffer, size_t size)
{
	static bool told;
	ssize_t n = real.read(fd, buffer, size);

	if (!is_end(fd, n, size))
		return (n);
	if (told)
		return (failure(EAGAIN));
	told = true;
	return (0);
}
DEFECT(eof-is-told-once, .read = eof_once);

static bool hung_up;

static int
poll_takes_hang_up(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; i < count && n > 0; i++)
		hung_up |= (fds[i].revents & POLLHUP) != 0;
	return (n);
}

static ssize_t
eof_unless_polled(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) && hung_up ? failure(EAGAIN) : n);
}
DEFECT(poll-clears-eof, .read = eof_unless_polled, .poll = poll_takes_hang_up);

static ssize_t
eof_not_for_nonblocking(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) && is_nonblocking(fd) ? failure(EAGAIN) : n);
}
DEFECT(nonblocking-read-looks-for-data-only, .read = eof_not_for_nonblocking);

/* Any close of a write descriptor counts as the last one. */
static bool closed_a_writer;

static int
close_marks_end(int fd)
{
	closed_a_writer |= has_mode(fd, O_WRONLY);
	return (real.close(fd));
}

static ssize_t
eof_if_marked(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && closed_a_writer ? 0 : n);
}
DEFECT(eof-at-first-close-of-a-writer, .close = close_marks_end, .read = eof_if_marked);

/* The close of the last writer empties the pipe, if this process has its reader too. */
static int
close_discards(int fd)
{
	bool writer = has_mode(fd, O_WRONLY);
	struct stat mine, other;
	char b[4096];
	int result;

	writer = writer && real.fstat(fd, &mine) == 0;
	result = real.close(fd);
	for (int r = 3; writer && r < DESCRIPTORS; r++)
		if (has_mode(r, O_RDONLY) && real.fstat(r, &other) == 0 &&
		    mine.st_dev == other.st_dev && mine.st_ino == other.st_ino)
			while (readiness(r, POLLIN) & POLLHUP && real.read(r, b, sizeof(b)) > 0)
				;
	return (result);
}
DEFECT(close-of-writer-discards-data, .close = close_discards);

/* What was read last before the end of file is one page at most; the rest is lost. */
static ssize_t
page_before_end(int fd, void *buffer, size_t size)
{
	bool ending = is_pipe(fd) && (readiness(fd, POLLIN) & POLLHUP) != 0;
	ssize_t n = real.read(fd, buffer, ending && size > 4096 ? 4096 : size);
	char b[4096];

	while (ending && n > 0 && real.read(fd, b, sizeof(b)) > 0)
		;
	return (n);
}
DEFECT(one-read-before-eof, .read = page_before_end);

/* Sleepers that were told of the end, in all processes. */
static atomic_int *told_sleepers;

__attribute__((constructor)) static void
share(void)
{
	told_sleepers = mmap(
	    NULL, sizeof(*told_sleepers), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANON, -1, 0);
}

/* A sleeping reader was not ready before. */
static bool
will_sleep(int fd)
{
	return (is_pipe(fd) && !is_nonblocking(fd) && readiness(fd, POLLIN) == 0);
}

static ssize_t
eof_for_one_sleeper(int fd, void *buffer, size_t size)
{
	bool sleeps = will_sleep(fd);
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) && sleeps && atomic_fetch_add(told_sleepers, 1) > 0
		? failure(EAGAIN)
		: n);
}
DEFECT(eof-is-told-to-one-sleeper, .read = eof_for_one_sleeper);

static ssize_t
sleeper_told_epipe(int fd, void *buffer, size_t size)
{
	bool sleeps = will_sleep(fd);
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) && sleeps ? failure(EPIPE) : n);
}
DEFECT(sleeping-reader-gets-epipe, .read = sleeper_told_epipe);

/* An end of file that came with the end of a child, in the manner given: did it? */
static bool
child_ended_by(int manner)
{
	siginfo_t info = { .si_code = 0 };
	int error = errno;
	bool answer = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0 && info.si_code == manner;

	errno = error;
	return (answer);
}

static ssize_t
eof_not_by_exit(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) && child_ended_by(CLD_EXITED) ? failure(EAGAIN) : n);
}
DEFECT(exit-leaves-a-writer-behind, .read = eof_not_by_exit);

static ssize_t
eof_not_by_kill(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (is_end(fd, n, size) && child_ended_by(CLD_KILLED) ? failure(EAGAIN) : n);
}
DEFECT(kill-leaves-a-writer-behind, .read = eof_not_by_kill);

static ssize_t
readv_fails_at_end(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);

	return (n == 0 && is_pipe(fd) ? failure(EINVAL) : n);
}
DEFECT(readv-eof-as-einval, .readv = readv_fails_at_end);
