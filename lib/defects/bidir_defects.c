/*
 * Kernels that get the second direction of a pipe wrong, where there is one.
 */

#include "defects.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* The pipe that was made last. */
static int ends[2] = { -1, -1 };

static int
note_pipe(int fd[2])
{
	int result = real.pipe(fd);

	if (result == 0) {
		ends[0] = fd[0];
		ends[1] = fd[1];
	}
	return (result);
}

/* The other end of it; -1 if it is no end. */
static int
opposite(int fd)
{
	if (fd == -1)
		return (-1);
	return (fd == ends[0] ? ends[1] : fd == ends[1] ? ends[0] : -1);
}

static bool
is_reverse_write(int fd)
{
	return (fd != -1 && fd == ends[0]);
}

static ssize_t
write_one_way(int fd, const void *buffer, size_t size)
{
	return (is_reverse_write(fd) ? failure(EBADF) : real.write(fd, buffer, size));
}
DEFECT(pipes-have-one-direction, .pipe = note_pipe, .write = write_one_way);

/* Whatever is written, by either end, comes out of fd[0]. */
static ssize_t
write_to_shared_buffer(int fd, const void *buffer, size_t size)
{
	return (real.write(is_reverse_write(fd) ? ends[1] : fd, buffer, size));
}
DEFECT(directions-share-a-buffer, .pipe = note_pipe, .write = write_to_shared_buffer);

static ssize_t
write_if_both_have_room(int fd, const void *buffer, size_t size)
{
	if (is_reverse_write(fd) && (readiness(ends[1], POLLOUT) & POLLOUT) == 0)
		return (failure(EAGAIN));
	return (real.write(fd, buffer, size));
}
DEFECT(directions-share-their-room, .pipe = note_pipe, .write = write_if_both_have_room);

/* Take a descriptor out of a set that select has filled in; how many it was in. */
static int
withdraw(int fd, fd_set *set)
{
	if (fd == -1 || set == NULL || !FD_ISSET(fd, set))
		return (0);
	FD_CLR(fd, set);
	return (1);
}

static int
select_misses_reverse_data(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	return (n > 0 ? n - withdraw(ends[1], r) : n);
}
DEFECT(reverse-data-is-not-selected, .pipe = note_pipe, .select = select_misses_reverse_data);

static int
select_misses_reverse_room(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	return (n > 0 ? n - withdraw(ends[0], w) : n);
}
DEFECT(read-end-is-never-writable, .pipe = note_pipe, .select = select_misses_reverse_room);

/* The close of fd[1] leaves the way back as it was. */
static ssize_t
write_not_widowed(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;

	if (!is_reverse_write(fd))
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	return (release_signal(SIGPIPE, &before, false) ? (ssize_t)size : n);
}
DEFECT(close-widows-one-direction, .pipe = note_pipe, .write = write_not_widowed);

static int
close_takes_back(int fd)
{
	char b[4096];

	while (is_reverse_write(fd) && (readiness(ends[1], POLLIN) & POLLIN) != 0 &&
	    real.read(ends[1], b, sizeof(b)) > 0)
		;
	return (real.close(fd));
}
DEFECT(close-takes-reverse-data-back, .pipe = note_pipe, .close = close_takes_back);

static int
count_other_direction(int fd, unsigned long request, void *argument)
{
	return (real.ioctl(
	    request == FIONREAD && opposite(fd) != -1 ? opposite(fd) : fd, request, argument));
}
DEFECT(fionread-counts-the-other-direction, .pipe = note_pipe, .ioctl = count_other_direction);

static int
size_of_other_direction(int fd, struct stat *st)
{
	return (real.fstat(opposite(fd) != -1 ? opposite(fd) : fd, st));
}
DEFECT(st-size-of-the-other-direction, .pipe = note_pipe, .fstat = size_of_other_direction);
