/*
 * Kernels that get wrong what goes through a FIFO, its end, and its readiness.
 */

#include "fifo_defects.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>

/* End of file */

static ssize_t
no_end_before_writer(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (
	    n == 0 && size > 0 && is_fifo(fd) && readiness(fd, POLLIN) == 0 ? failure(EAGAIN) : n);
}
DEFECT(fifo-read-before-first-writer-gives-eagain, .read = no_end_before_writer);

static ssize_t
nothing_yet_is_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && is_fifo(fd) ? 0 : n);
}
DEFECT(fifo-without-data-is-at-end, .read = nothing_yet_is_end);

static bool end_is_near;

static int
any_writer_ends(int fd)
{
	if (is_fifo_open_for(fd, O_WRONLY))
		end_is_near = true;
	return (real.close(fd));
}

static int
writer_begins(const char *path, int flags, int mode)
{
	if ((flags & O_ACCMODE) == O_WRONLY && names_fifo(path))
		end_is_near = false;
	return (real.open(path, flags, mode));
}

static ssize_t
read_near_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && end_is_near && is_fifo(fd) ? 0 : n);
}
DEFECT(fifo-first-writer-to-leave-ends-it, .close = any_writer_ends, .open = writer_begins,
    .read = read_near_end);

static ssize_t
end_lasts(int fd, void *buffer, size_t size)
{
	static bool ended;
	ssize_t n = real.read(fd, buffer, size);

	if (n == -1 && errno == EAGAIN && ended && is_fifo(fd))
		return (0);
	if (n == 0 && size > 0 && is_fifo(fd))
		ended = true;
	return (n);
}
DEFECT(fifo-end-of-file-lasts, .read = end_lasts);

/* What waits in it */

static int
compare_bytes(const void *a, const void *b)
{
	return (*(const unsigned char *)a - *(const unsigned char *)b);
}

static ssize_t
queue_per_writer(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n > 0 && is_fifo(fd))
		qsort(buffer, (size_t)n, 1, compare_bytes);
	return (n);
}
DEFECT(fifo-has-a-queue-for-each-writer, .read = queue_per_writer);

/* A write that keeps the SIGPIPE it raises from the process. */
static ssize_t
write_quietly(int fd, const void *buffer, size_t size)
{
	const struct timespec now = { 0 };
	sigset_t pipe, before;
	ssize_t n;
	int error;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	n = real.write(fd, buffer, size);
	error = errno;
	if (n == -1 && error == EPIPE)
		sigtimedwait(&pipe, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return (n);
}

static ssize_t
epipe_without_signal(int fd, const void *buffer, size_t size)
{
	return (is_fifo(fd) ? write_quietly(fd, buffer, size) : real.write(fd, buffer, size));
}
DEFECT(fifo-write-without-reader-raises-nothing, .write = epipe_without_signal);

static ssize_t
write_to_nobody(int fd, const void *buffer, size_t size)
{
	ssize_t n;

	if (!is_fifo(fd))
		return (real.write(fd, buffer, size));
	n = write_quietly(fd, buffer, size);
	return (n == -1 && errno == EPIPE ? (ssize_t)size : n);
}
DEFECT(fifo-write-without-reader-succeeds, .write = write_to_nobody);

static ssize_t
signal_only_once(int fd, const void *buffer, size_t size)
{
	static bool raised;
	ssize_t n;

	if (!is_fifo(fd))
		return (real.write(fd, buffer, size));
	n = raised ? write_quietly(fd, buffer, size) : real.write(fd, buffer, size);
	raised = raised || (n == -1 && errno == EPIPE);
	return (n);
}
DEFECT(fifo-write-without-reader-raises-sigpipe-once, .write = signal_only_once);

static ssize_t
broken_for_ever(int fd, const void *buffer, size_t size)
{
	static bool broken;
	ssize_t n;

	if (broken && is_fifo(fd)) {
		raise(SIGPIPE);
		return (failure(EPIPE));
	}
	n = real.write(fd, buffer, size);
	broken = broken || (n == -1 && errno == EPIPE && is_fifo(fd));
	return (n);
}
DEFECT(fifo-writer-stays-broken, .write = broken_for_ever);

/* What a write without reader leaves for the next reader. */
static size_t leftover;

static ssize_t
failed_write_stays(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EPIPE && is_fifo(fd))
		leftover = size;
	return (n);
}

static int
next_reader_finds_it(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode), w;

	if (fd != -1 && leftover > 0 && is_fifo_open_for(fd, O_RDONLY)) {
		w = real.open(path, O_WRONLY | O_NONBLOCK, 0);
		real.write(w, "leftover", leftover < 8 ? leftover : 8);
		real.close(w);
		leftover = 0;
	}
	return (fd);
}
DEFECT(fifo-failed-write-waits-for-next-reader, .write = failed_write_stays,
    .open = next_reader_finds_it);

static int
reader_takes_all(int fd)
{
	if (is_fifo_open_for(fd, O_RDONLY))
		drain(fd);
	return (real.close(fd));
}
DEFECT(fifo-reader-close-drops-data, .close = reader_takes_all);

static int
reader_begins_anew(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd != -1 && is_fifo_open_for(fd, O_RDONLY))
		drain(fd);
	return (fd);
}
DEFECT(fifo-read-open-drops-data, .open = reader_begins_anew);

static int
data_is_kept(const char *path, int flags, int mode)
{
	static bool kept;

	if (!kept && names_fifo(path)) {
		kept = true;
		real.open(path, O_RDWR | O_NONBLOCK, 0);
	}
	return (real.open(path, flags, mode));
}
DEFECT(fifo-keeps-data-without-users, .open = data_is_kept);

/* Is it a small write to a FIFO with some room, but too little? */
static bool
fits_in_part(int fd, size_t size)
{
	return (size > 1 && is_fifo(fd) && unread(fd) % 4096 != 0);
}

static ssize_t
small_write_in_part(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && fits_in_part(fd, size) ? (ssize_t)size - 1 : n);
}
DEFECT(fifo-small-write-goes-in-in-part, .write = small_write_in_part);

static ssize_t
small_write_as_enospc(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && fits_in_part(fd, size) ? failure(ENOSPC) : n);
}
DEFECT(fifo-full-gives-enospc, .write = small_write_as_enospc);

static int
writer_not_told(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIONREAD && is_fifo_open_for(fd, O_WRONLY))
		*(int *)argument = 0;
	return (result);
}
DEFECT(fifo-fionread-at-the-writer-is-zero, .ioctl = writer_not_told);

/* Readiness */

/* A change of what poll says of one FIFO; the rest of the call stays right. */
typedef short revision(const struct pollfd *);

static int
revised_poll(struct pollfd *fds, nfds_t count, int timeout, revision *revise)
{
	int result = real.poll(fds, count, timeout);

	if (result == -1)
		return (-1);
	result = 0;
	for (nfds_t i = 0; i < count; i++) {
		if (is_fifo(fds[i].fd))
			fds[i].revents = revise(&fds[i]);
		result += fds[i].revents != 0;
	}
	return (result);
}

#define POLL_DEFECT(revise)                                            \
	static int poll_##revise(struct pollfd *f, nfds_t n, int time) \
	{                                                              \
		return (revised_poll(f, n, time, revise));             \
	}

static short
hung_up_before(const struct pollfd *p)
{
	char b[1];
	int error = errno;
	bool at_end = p->revents == 0 && is_nonblocking(p->fd) && real.read(p->fd, b, 1) == 0;

	errno = error;
	return (at_end ? POLLHUP : p->revents);
}
POLL_DEFECT(hung_up_before)
DEFECT(fifo-poll-hangs-up-before-first-writer, .poll = poll_hung_up_before);

static short
never_hung_up(const struct pollfd *p)
{
	return (p->revents & ~POLLHUP);
}
POLL_DEFECT(never_hung_up)
DEFECT(fifo-poll-never-hangs-up, .poll = poll_never_hung_up);

static short
hung_up_once(const struct pollfd *p)
{
	static bool told;

	if ((p->revents & POLLHUP) == 0)
		return (p->revents);
	if (told)
		return (p->revents & ~POLLHUP);
	told = true;
	return (p->revents);
}
POLL_DEFECT(hung_up_once)
DEFECT(fifo-poll-tells-hang-up-once, .poll = poll_hung_up_once);

static short
hung_up_for_ever(const struct pollfd *p)
{
	static bool told;

	told = told || (p->revents & POLLHUP) != 0;
	return (told ? p->revents | POLLHUP : p->revents);
}
POLL_DEFECT(hung_up_for_ever)
DEFECT(fifo-poll-hang-up-lasts, .poll = poll_hung_up_for_ever);

static short
data_hides_hang_up(const struct pollfd *p)
{
	return (p->revents & POLLIN ? p->revents & ~POLLHUP : p->revents);
}
POLL_DEFECT(data_hides_hang_up)
DEFECT(fifo-poll-data-hides-hang-up, .poll = poll_data_hides_hang_up);

static short
error_for_ever(const struct pollfd *p)
{
	static bool told;

	told = told || (p->revents & POLLERR) != 0;
	return (told ? p->revents | POLLERR : p->revents);
}
POLL_DEFECT(error_for_ever)
DEFECT(fifo-poll-writer-error-lasts, .poll = poll_error_for_ever);

static short
writer_hears_nothing(const struct pollfd *p)
{
	return (p->revents & ~POLLERR);
}
POLL_DEFECT(writer_hears_nothing)
DEFECT(fifo-poll-writer-hears-no-error, .poll = poll_writer_hears_nothing);

static short
rdwr_always_writable(const struct pollfd *p)
{
	return (is_fifo_open_for(p->fd, O_RDWR) ? p->revents | (p->events & POLLOUT) : p->revents);
}
POLL_DEFECT(rdwr_always_writable)
DEFECT(fifo-poll-rdwr-is-always-writable, .poll = poll_rdwr_always_writable);

static int
select_without_rdwr(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int result = real.select(limit, r, w, x, timeout);

	for (int fd = 0; fd < limit && result > 0 && w != NULL; fd++)
		if (FD_ISSET(fd, w) && is_fifo_open_for(fd, O_RDWR) && unread(fd) > 0) {
			FD_CLR(fd, w);
			result--;
		}
	return (result);
}
DEFECT(fifo-select-rdwr-with-data-is-not-writable, .select = select_without_rdwr);

/* An open that the reader is told of as if it were data. */
static int
open_is_news(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd != -1 && is_fifo_open_for(fd, O_WRONLY))
		real.write(fd, "", 1);
	return (fd);
}
DEFECT(fifo-write-open-wakes-poll, .open = open_is_news);
