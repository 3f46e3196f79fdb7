/*
 * Kernels that get plain transfer wrong: counts, order, sizes, O_NONBLOCK and PIPE_BUF.
 */

#include "defects.h"

#include <sys/resource.h>

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beyond this a descriptor is not looked at. */
#define DESCRIPTORS 1024

/* Above this FreeBSD lends pages, and no kernel needs to write in one piece. */
#define LARGE 8192

/* The PIPE_BUF of this system. */
#define SMALL ((size_t)PIPE_BUF)

static int
access_mode(int fd)
{
	return (real.fcntl(fd, F_GETFL, 0) & O_ACCMODE);
}

/* Write all of it, blocking. */
static ssize_t
write_all(int fd, const char *buffer, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = real.write(fd, buffer + done, size - done);

		if (n == -1)
			return (-1);
		done += (size_t)n;
	}
	return ((ssize_t)size);
}

/* Reading */

static ssize_t
fill_after_sleep(int fd, void *buffer, size_t size)
{
	bool sleeps = is_pipe(fd) && !is_nonblocking(fd) && unread(fd) == 0;
	ssize_t n = real.read(fd, buffer, size), more;

	while (sleeps && n > 0 && (size_t)n < size) {
		if ((more = real.read(fd, (char *)buffer + n, size - (size_t)n)) <= 0)
			break;
		n += more;
	}
	return (n);
}
DEFECT(sleeping-read-fills-its-buffer, .read = fill_after_sleep);

static ssize_t
nothing_after_sleep(int fd, void *buffer, size_t size)
{
	bool sleeps = is_pipe(fd) && !is_nonblocking(fd) && unread(fd) == 0;
	ssize_t n = real.read(fd, buffer, size);

	return (sleeps && n > 0 ? 0 : n);
}
DEFECT(sleeping-read-wakes-with-nothing, .read = nothing_after_sleep);

static ssize_t
all_or_nothing(int fd, void *buffer, size_t size)
{
	int waiting = is_pipe(fd) ? unread(fd) : 0;

	if (waiting > 0 && (size_t)waiting < size && !is_nonblocking(fd))
		return (failure(EAGAIN));
	return (real.read(fd, buffer, size));
}
DEFECT(read-wants-its-whole-request, .read = all_or_nothing);

/* The size of the first write since the pipe was empty. */
static size_t first_write;

static ssize_t
note_boundary(int fd, const void *buffer, size_t size)
{
	bool first = is_pipe(fd) && unread(fd) == 0;
	ssize_t n = real.write(fd, buffer, size);

	if (first && n > 0)
		first_write = (size_t)n;
	return (n);
}

static ssize_t
stop_at_boundary(int fd, void *buffer, size_t size)
{
	if (is_pipe(fd) && first_write > 0 && size > first_write)
		size = first_write;
	first_write = 0;
	return (real.read(fd, buffer, size));
}
DEFECT(read-stops-at-write-boundary, .write = note_boundary, .read = stop_at_boundary);

static ssize_t
drop_the_rest(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	char rest[512];

	if (n > 0 && (size_t)n == size && is_pipe(fd))
		for (int left = unread(fd); left > 0 && left < (int)sizeof(rest); left = unread(fd))
			if (real.read(fd, rest, (size_t)left) <= 0)
				break;
	return (n);
}
DEFECT(short-read-drops-the-rest, .read = drop_the_rest);

static ssize_t
repeat_bytes(int fd, void *buffer, size_t size)
{
	static char before[16];
	static int reads;
	ssize_t n = real.read(fd, buffer, size);

	if (n <= 0 || n > (ssize_t)sizeof(before) || (size_t)n < size || !is_pipe(fd))
		return (n);
	if (++reads == 5)
		memcpy(buffer, before, (size_t)n);
	else
		memcpy(before, buffer, (size_t)n);
	return (n);
}
DEFECT(read-gives-bytes-again, .read = repeat_bytes);

/* Writing */

static ssize_t
lose_last_byte(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size > 1 && is_pipe(fd) ? size - 1 : size);

	return (n > 0 && size > 1 && (size_t)n == size - 1 ? n + 1 : n);
}
DEFECT(write-loses-its-last-byte, .write = lose_last_byte);

static ssize_t
stop_at_nul(int fd, const void *buffer, size_t size)
{
	const char *nul = size > 1 ? memchr(buffer, 0, size) : NULL;

	if (nul == NULL || nul + 1 == (const char *)buffer + size || !is_pipe(fd))
		return (real.write(fd, buffer, size));
	if (real.write(fd, buffer, (size_t)(nul - (const char *)buffer) + 1) == -1)
		return (-1);
	return ((ssize_t)size);
}
DEFECT(write-ends-at-nul, .write = stop_at_nul);

static ssize_t
repeat_chunk(int fd, const void *buffer, size_t size)
{
	const char *b = buffer;

	if (size < 4 * LARGE || is_nonblocking(fd) || !is_pipe(fd))
		return (real.write(fd, buffer, size));
	if (write_all(fd, b, LARGE) == -1 || write_all(fd, b, LARGE) == -1 ||
	    write_all(fd, b + 2 * LARGE, size - 2 * LARGE) == -1)
		return (-1);
	return ((ssize_t)size);
}
DEFECT(large-write-repeats-a-chunk, .write = repeat_chunk);

/* A ring of 64 KiB; what goes in behind its end is taken from the wrong place. */
static ssize_t
wrap_wrongly(int fd, const void *buffer, size_t size)
{
	enum { RING = 65536 };
	static size_t position;
	char copy[LARGE];
	size_t room = RING - position;
	ssize_t n;

	if (!is_pipe(fd))
		return (real.write(fd, buffer, size));
	if (size > room && size <= sizeof(copy)) {
		memcpy(copy, buffer, room);
		memcpy(copy + room, buffer, size - room);
		buffer = copy;
	}
	if ((n = real.write(fd, buffer, size)) > 0)
		position = (position + (size_t)n) % RING;
	return (n);
}
DEFECT(wrapped-segment-from-wrong-offset, .write = wrap_wrongly);

static ssize_t
stop_when_full(int fd, const void *buffer, size_t size)
{
	if (size > 65536 && is_pipe(fd) && !is_nonblocking(fd))
		size = 65536;
	return (real.write(fd, buffer, size));
}
DEFECT(blocking-write-is-short, .write = stop_when_full);

static ssize_t
stop_after_page(int fd, const void *buffer, size_t size)
{
	if (size >= LARGE && is_pipe(fd) && !is_nonblocking(fd))
		size = LARGE / 2;
	return (real.write(fd, buffer, size));
}
DEFECT(large-write-stops-after-a-page, .write = stop_after_page);

static ssize_t
never_sleep(int fd, const void *buffer, size_t size)
{
	if (size < LARGE && is_pipe(fd) && !is_nonblocking(fd) && readiness(fd, POLLOUT) == 0)
		return (failure(EAGAIN));
	return (real.write(fd, buffer, size));
}
DEFECT(full-pipe-does-not-block, .write = never_sleep);

static ssize_t
limit_file_size(int fd, const void *buffer, size_t size)
{
	struct rlimit limit;

	if (is_pipe(fd) && getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < (rlim_t)size) {
		raise(SIGXFSZ);
		return (failure(EFBIG));
	}
	return (real.write(fd, buffer, size));
}
DEFECT(file-size-limit-on-pipes, .write = limit_file_size);

/* Ends and descriptors */

/* Which end pipe(2) made each descriptor: 'r', 'w' or 0. */
static char ends[DESCRIPTORS];

static int
note_ends(int fd[2])
{
	int result = real.pipe(fd);

	if (result == 0 && fd[0] < DESCRIPTORS && fd[1] < DESCRIPTORS) {
		ends[fd[0]] = 'r';
		ends[fd[1]] = 'w';
	}
	return (result);
}

static ssize_t
swallow_at_read_end(int fd, const void *buffer, size_t size)
{
	if (fd >= 0 && fd < DESCRIPTORS && ends[fd] == 'r' && is_pipe(fd))
		return ((ssize_t)size);
	return (real.write(fd, buffer, size));
}
DEFECT(write-to-read-end-is-swallowed, .pipe = note_ends, .write = swallow_at_read_end);

static ssize_t
end_at_write_end(int fd, void *buffer, size_t size)
{
	if (fd >= 0 && fd < DESCRIPTORS && ends[fd] == 'w' && is_pipe(fd))
		return (0);
	return (real.read(fd, buffer, size));
}
DEFECT(write-end-reads-as-end-of-file, .pipe = note_ends, .read = end_at_write_end);

static ssize_t
epipe_when_closed(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EBADF && real.fcntl(fd, F_GETFD, 0) == -1)
		errno = EPIPE;
	return (n);
}
DEFECT(write-to-closed-descriptor-gives-epipe, .write = epipe_when_closed);

static ssize_t
end_when_closed(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EBADF && fd >= 0 ? 0 : n);
}
DEFECT(closed-descriptor-reads-as-end-of-file, .read = end_when_closed);

static int
close_again(int fd)
{
	int result = real.close(fd);

	return (result == -1 && errno == EBADF ? 0 : result);
}
DEFECT(second-close-succeeds, .close = close_again);

static ssize_t
recv_as_read(int fd, void *buffer, size_t size, int flags)
{
	if (is_pipe(fd))
		return (real.read(fd, buffer, size));
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(recv-reads-a-pipe, .recv = recv_as_read);

static int
shut_down_pipe(int fd, int how)
{
	return (is_pipe(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(shutdown-of-a-pipe-succeeds, .shutdown = shut_down_pipe);

/* Sizes */

static ssize_t
size_in_an_int(int fd, void *buffer, size_t size)
{
	if (size > INT_MAX && size <= SSIZE_MAX && is_pipe(fd))
		return (failure(EINVAL));
	return (real.read(fd, buffer, size));
}
DEFECT(read-size-in-an-int, .read = size_in_an_int);

static ssize_t
size_in_32_bits(int fd, void *buffer, size_t size)
{
	return (real.read(fd, buffer, is_pipe(fd) ? (unsigned)size : size));
}
DEFECT(read-size-in-32-bits, .read = size_in_32_bits);

/* O_NONBLOCK */

static ssize_t
empty_as_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && is_pipe(fd) ? 0 : n);
}
DEFECT(empty-pipe-reads-as-end-of-file, .read = empty_as_end);

/* The first refusal is right, so that a pipe can be filled at all. */
static ssize_t
full_as_zero(int fd, const void *buffer, size_t size)
{
	static int refusals;
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EAGAIN && size == 1 && is_pipe(fd) && ++refusals > 1)
		return (0);
	return (n);
}
DEFECT(full-pipe-takes-zero-bytes, .write = full_as_zero);

static ssize_t
large_as_zero(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && size > 4096 && is_pipe(fd) ? 0 : n);
}
DEFECT(full-pipe-takes-zero-of-a-large-write, .write = large_as_zero);

static ssize_t
write_what_fits(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	while (n == -1 && errno == EAGAIN && size > 1 && is_pipe(fd)) {
		size = size <= 64 ? size - 1 : size - size / 8;
		n = real.write(fd, buffer, size);
	}
	return (n);
}
DEFECT(small-write-is-partial, .write = write_what_fits);

static ssize_t
count_too_much(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n > 0 && (size_t)n < size && is_pipe(fd) ? n + 1 : n);
}
DEFECT(partial-write-counts-one-more, .write = count_too_much);

static ssize_t
stop_at_pipe_buf(int fd, const void *buffer, size_t size)
{
	if (size > SMALL && is_pipe(fd) && is_nonblocking(fd))
		size = SMALL;
	return (real.write(fd, buffer, size));
}
DEFECT(partial-write-stops-at-pipe-buf, .write = stop_at_pipe_buf);

static int
set_flags_everywhere(int fd, int command, long argument)
{
	if (command == F_SETFL && is_pipe(fd))
		for (int other = 3; other < 32; other++)
			if (other != fd && is_pipe(other))
				real.fcntl(other, command, argument);
	return (real.fcntl(fd, command, argument));
}
DEFECT(nonblock-is-shared-by-both-ends, .fcntl = set_flags_everywhere);

static int
keep_nonblock(int fd, int command, long argument)
{
	if (command == F_SETFL && is_pipe(fd) && is_nonblocking(fd))
		argument |= O_NONBLOCK;
	return (real.fcntl(fd, command, argument));
}
DEFECT(nonblock-cannot-be-cleared, .fcntl = keep_nonblock);

static ssize_t
stay_full(int fd, const void *buffer, size_t size)
{
	static bool full[DESCRIPTORS];
	ssize_t n;

	if (fd < 0 || fd >= DESCRIPTORS || size != 1 || !is_pipe(fd))
		return (real.write(fd, buffer, size));
	if (full[fd])
		return (failure(EAGAIN));
	n = real.write(fd, buffer, size);
	full[fd] = n == -1 && errno == EAGAIN;
	return (n);
}
DEFECT(full-pipe-stays-full, .write = stay_full);

/* PIPE_BUF */

static long
too_little(int fd, int name)
{
	return (name == _PC_PIPE_BUF && is_pipe(fd) ? 511 : real.fpathconf(fd, name));
}
DEFECT(fpathconf-pipe-buf-below-512, .fpathconf = too_little);

static long
no_answer_at_read_end(int fd, int name)
{
	if (name == _PC_PIPE_BUF && is_pipe(fd) && access_mode(fd) != O_WRONLY)
		return (failure(EINVAL));
	return (real.fpathconf(fd, name));
}
DEFECT(fpathconf-fails-at-read-end, .fpathconf = no_answer_at_read_end);

static long
no_answer_for_directories(const char *path, int name)
{
	struct stat st;

	if (name == _PC_PIPE_BUF && real.stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return (failure(EINVAL));
	return (real.pathconf(path, name));
}
DEFECT(pathconf-pipe-buf-not-for-directories, .pathconf = no_answer_for_directories);

static ssize_t
write_in_halves(int fd, const void *buffer, size_t size)
{
	size_t half = size / 2;

	if (size < 64 || size > SMALL || is_nonblocking(fd) || !is_pipe(fd))
		return (real.write(fd, buffer, size));
	if (write_all(fd, buffer, half) == -1)
		return (-1);
	sched_yield();
	if (write_all(fd, (const char *)buffer + half, size - half) == -1)
		return (-1);
	return ((ssize_t)size);
}
DEFECT(small-write-drops-its-lock-halfway, .write = write_in_halves);
