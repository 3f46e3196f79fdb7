/*
 * Kernels that get the size of a pipe wrong, what is asked for and what is
 * there, or the packets in it.
 */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "defects.h"

/* Packets */

/* The read end of the pipe that was made in packet mode last. */
static int packets = -1;

static int
watch_packets(int fd[2], int flags)
{
	int result = real.pipe2(fd, flags);

	if (result == 0 && (flags & O_DIRECT) != 0)
		packets = fd[0];
	return (result);
}

static int
direct_without_packets(int fd[2], int flags)
{
	return (real.pipe2(fd, flags & ~O_DIRECT));
}
DEFECT(pipe2-direct-without-packets, .pipe2 = direct_without_packets);

static ssize_t
packet_rest_kept(int fd, void *buffer, size_t size)
{
	static char packet[PIPE_BUF];
	static size_t length, at;
	size_t n;

	if (fd != packets || size == 0)
		return (real.read(fd, buffer, size));
	if (at == length) {
		ssize_t got = real.read(fd, packet, sizeof(packet));

		if (got <= 0)
			return (got);
		length = (size_t)got;
		at = 0;
	}
	n = length - at < size ? length - at : size;
	memcpy(buffer, packet + at, n);
	at += n;
	return ((ssize_t)n);
}
DEFECT(packet-rest-kept, .pipe2 = watch_packets, .read = packet_rest_kept);

static ssize_t
packet_lost_to_empty_read(int fd, void *buffer, size_t size)
{
	char lost[1];

	if (fd == packets && size == 0) {
		real.read(fd, lost, 1);
		return (0);
	}
	return (real.read(fd, buffer, size));
}
DEFECT(packet-lost-to-empty-read, .pipe2 = watch_packets, .read = packet_lost_to_empty_read);

/* A read goes on after a packet that is full. */
static ssize_t
packets_joined(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size), more;

	if (fd != packets || n != PIPE_BUF || size == PIPE_BUF)
		return (n);
	more = real.read(fd, (char *)buffer + n, size - (size_t)n);
	return (more > 0 ? n + more : n);
}
DEFECT(packet-full-one-continued, .pipe2 = watch_packets, .read = packets_joined);

/* O_DIRECT can be set and read, and does nothing. */
static int pretended = -1;

static int
direct_pretended(int fd, int command, long argument)
{
	int result;

	if (command == F_SETFL && is_pipe(fd)) {
		pretended = argument & O_DIRECT ? fd : -1;
		argument &= ~(long)O_DIRECT;
	}
	result = real.fcntl(fd, command, argument);
	return (command == F_GETFL && result != -1 && fd == pretended ? result | O_DIRECT : result);
}
DEFECT(fcntl-direct-pretended, .fcntl = direct_pretended);

/* Once set it stays, whatever F_GETFL says. */
static int
direct_stays(int fd, int command, long argument)
{
	static int stuck = -1;
	int result;

	if (command == F_SETFL && is_pipe(fd)) {
		if (argument & O_DIRECT)
			stuck = fd;
		else if (fd == stuck)
			return (real.fcntl(fd, F_SETFL, argument | O_DIRECT));
	}
	result = real.fcntl(fd, command, argument);
	return (result);
}
DEFECT(fcntl-direct-stays, .fcntl = direct_stays);

/* F_GETPIPE_SZ and F_SETPIPE_SZ, where they exist */

#ifdef F_SETPIPE_SZ

#define PAGE ((long)sysconf(_SC_PAGESIZE))

/* The size that F_SETPIPE_SZ should set. */
static long
rounded(long size)
{
	long result = PAGE;

	while (result < size)
		result *= 2;
	return (result);
}

/* Read what waits in a pipe, by whichever end; at most size bytes. */
static ssize_t
draw(int fd, char *buffer, size_t size)
{
	char path[32];
	int reader;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((reader = real.open(path, O_RDONLY | O_NONBLOCK, 0)) == -1)
		return (-1);
	n = real.read(reader, buffer, size);
	real.close(reader);
	return (n);
}

static void
empty(int fd)
{
	char buffer[4096];

	while (draw(fd, buffer, sizeof(buffer)) > 0)
		;
}

static int
size_per_end(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (command == F_GETPIPE_SZ && result > 0 &&
	    (real.fcntl(fd, F_GETFL, 0) & O_ACCMODE) == O_RDONLY)
		return (result / 2);
	return (result);
}
DEFECT(fcntl-size-per-end, .fcntl = size_per_end);

static int
size_not_rounded(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_SETPIPE_SZ && result > argument && argument > PAGE ? (int)argument
										: result);
}
DEFECT(fcntl-size-not-rounded, .fcntl = size_not_rounded);

/* What is a power of two already is doubled. */
static int
size_rounded_too_far(int fd, int command, long argument)
{
	if (command == F_SETPIPE_SZ && argument == rounded(argument) && argument == 2 * PAGE)
		argument++;
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-size-rounded-too-far, .fcntl = size_rounded_too_far);

static int
size_of_less_than_a_page(int fd, int command, long argument)
{
	if (command == F_SETPIPE_SZ && argument >= 0 && argument < PAGE)
		return (failure(EINVAL));
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-size-below-a-page-einval, .fcntl = size_of_less_than_a_page);

static int
size_pretended(int fd, int command, long argument)
{
	static int size;

	if (command == F_SETPIPE_SZ && is_pipe(fd) && argument > 0)
		return (size = (int)rounded(argument));
	if (command == F_GETPIPE_SZ && is_pipe(fd) && size != 0)
		return (size);
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-size-pretended, .fcntl = size_pretended);

static int
shrinking_truncates(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (command != F_SETPIPE_SZ || result != -1 || errno != EBUSY)
		return (result);
	empty(fd);
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-shrinking-truncates, .fcntl = shrinking_truncates);

static int
refused_shrinking_loses_data(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);
	char lost[100];

	if (command != F_SETPIPE_SZ || result != -1 || errno != EBUSY)
		return (result);
	draw(fd, lost, sizeof(lost));
	return (failure(EBUSY));
}
DEFECT(fcntl-refused-shrinking-loses-data, .fcntl = refused_shrinking_loses_data);

/* A ring that has wrapped is copied as if it had not: its first page comes last. */
static int
growing_scrambles(int fd, int command, long argument)
{
	char page[65536];
	int result = real.fcntl(fd, command, argument);

	if (command == F_SETPIPE_SZ && result > 65536 && unread(fd) > PAGE) {
		ssize_t n = draw(fd, page, (size_t)PAGE);

		if (n > 0)
			real.write(fd, page, (size_t)n);
	}
	return (result);
}
DEFECT(fcntl-growing-scrambles, .fcntl = growing_scrambles);

static int
size_without_limit(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_SETPIPE_SZ && result == -1 && errno == EPERM ? (int)rounded(argument)
									  : result);
}
DEFECT(fcntl-size-without-limit, .fcntl = size_without_limit);

/* The most that may be asked for is refused too. */
static int
size_limit_excludes_maximum(int fd, int command, long argument)
{
	if (command == F_SETPIPE_SZ && argument == 1048576 && geteuid() != 0)
		return (failure(EPERM));
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-size-limit-excludes-maximum, .fcntl = size_limit_excludes_maximum);

static int
size_of_a_socket(int fd, int command, long argument)
{
	struct stat st;
	int result = real.fcntl(fd, command, argument), error = errno;

	if (command == F_GETPIPE_SZ && result == -1 && real.fstat(fd, &st) == 0 &&
	    S_ISSOCK(st.st_mode))
		return (65536);
	errno = error;
	return (result);
}
DEFECT(fcntl-size-of-a-socket, .fcntl = size_of_a_socket);

static int
size_overflows(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (command == F_SETPIPE_SZ && result == -1 && errno == EINVAL)
		return (real.fcntl(fd, command, PAGE));
	return (result);
}
DEFECT(fcntl-size-overflows, .fcntl = size_overflows);

static int
size_of_a_fifo_ebadf(int fd, int command, long argument)
{
	if ((command == F_GETPIPE_SZ || command == F_SETPIPE_SZ) && is_fifo(fd))
		return (failure(EBADF));
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-size-of-a-fifo-ebadf, .fcntl = size_of_a_fifo_ebadf);

#endif

/* What fits */

static ssize_t
full_at_half(int fd, const void *buffer, size_t size)
{
	if (is_pipe(fd) && is_nonblocking(fd) && unread(fd) + (long)size > 32768)
		return (failure(EAGAIN));
	return (real.write(fd, buffer, size));
}
DEFECT(write-full-at-half, .write = full_at_half);

/* Every write takes a page of its own. */
static ssize_t
page_for_each_write(int fd, const void *buffer, size_t size)
{
	static int pages;

	if (!is_pipe(fd) || !is_nonblocking(fd) || size >= 2049)
		return (real.write(fd, buffer, size));
	if (unread(fd) == 0)
		pages = 0;
	if (pages == 16)
		return (failure(EAGAIN));
	pages++;
	return (real.write(fd, buffer, size));
}
DEFECT(write-page-for-each, .write = page_for_each_write);

static ssize_t
no_room_for_pipe_buf(int fd, const void *buffer, size_t size)
{
	if (size == PIPE_BUF && is_pipe(fd) && is_nonblocking(fd))
		return (failure(EAGAIN));
	return (real.write(fd, buffer, size));
}
DEFECT(write-no-room-for-pipe-buf, .write = no_room_for_pipe_buf);

static ssize_t
small_write_in_part(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (
	    n == -1 && errno == EAGAIN && size > 1 && is_pipe(fd) ? real.write(fd, buffer, 1) : n);
}
DEFECT(write-small-one-in-part, .write = small_write_in_part);
