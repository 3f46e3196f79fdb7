/*
 * Kernels that get unreachable memory wrong at sockets, and the numbers that
 * descriptors may have.
 */

#include "defects.h"

#include <sys/resource.h>

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static bool
is_message(int fd)
{
	int type = socket_type(fd);

	return (type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

static ssize_t
fault_loses(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	char b[64];

	if (n == -1 && errno == EFAULT && socket_type(fd) == SOCK_STREAM) {
		real.recv(fd, b, size < sizeof(b) ? size : sizeof(b), MSG_DONTWAIT);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-read-loses-stream-data, .read = fault_loses);

static ssize_t
fault_takes_good_part(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n == -1 && errno == EFAULT && socket_type(fd) == SOCK_STREAM && size > 1) {
		real.recv(fd, buffer, size / 2, flags);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-recv-takes-the-good-part, .recv = fault_takes_good_part);

static ssize_t
zeroes_sent(int fd, const void *buffer, size_t size)
{
	static const char zeroes[512];
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EFAULT && is_socket(fd) && size <= sizeof(zeroes)) {
		real.send(fd, zeroes, size, MSG_DONTWAIT);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-write-sends-zeroes, .write = zeroes_sent);

static ssize_t
good_half_sent(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && errno == EFAULT && size > 1 && is_message(fd)) {
		real.send(fd, buffer, size / 2, flags);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(half-bad-message-is-sent-cut, .send = good_half_sent);

static ssize_t
next_lost_too(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);
	char b;

	if (n == -1 && errno == EFAULT && socket_type(fd) == SOCK_DGRAM) {
		real.recv(fd, &b, 1, MSG_DONTWAIT);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-recv-loses-next-datagram-too, .recv = next_lost_too);

static ssize_t
bad_name_forgiven(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);

	return (n == -1 && errno == EFAULT && length != NULL && is_socket(fd) ? 3 : n);
}
DEFECT(recvfrom-forgives-bad-address, .recvfrom = bad_name_forgiven);

static ssize_t
length_not_needed(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	if (length == NULL && is_socket(fd))
		name = NULL;
	return (real.recvfrom(fd, buffer, size, flags, name, length));
}
DEFECT(recvfrom-needs-no-length, .recvfrom = length_not_needed);

static ssize_t
bad_name_is_none(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	if (n == -1 && errno == EFAULT && is_socket(fd))
		return (real.send(fd, buffer, size, flags));
	return (n);
}
DEFECT(sendto-bad-address-is-none, .sendto = bad_name_is_none);

static int
good_part_polled(struct pollfd *entries, nfds_t count, int timeout)
{
	int n = real.poll(entries, count, timeout);

	return (n == -1 && errno == EFAULT && count == 2 ? real.poll(entries, 1, timeout) : n);
}
DEFECT(poll-looks-at-the-good-part, .poll = good_part_polled);

static int
bad_set_ignored(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	return (n == -1 && errno == EFAULT ? 0 : n);
}
DEFECT(select-ignores-bad-sets, .select = bad_set_ignored);

/* Numbers */

static long
limit_now(void)
{
	struct rlimit l;

	return (getrlimit(RLIMIT_NOFILE, &l) == 0 ? (long)l.rlim_cur : LONG_MAX);
}

static int
dup2_emfile(int from, int to)
{
	int result = real.dup2(from, to);

	return (result == -1 && errno == EBADF && to >= limit_now() ? failure(EMFILE) : result);
}
DEFECT(dup2-beyond-limit-gives-emfile, .dup2 = dup2_emfile);

static int
dup2_last_refused(int from, int to)
{
	return (to == limit_now() - 1 ? failure(EBADF) : real.dup2(from, to));
}
DEFECT(dup2-refuses-last-number, .dup2 = dup2_last_refused);

static bool
duplicates(int command)
{
	return (command == F_DUPFD || command == F_DUPFD_CLOEXEC);
}

static int
dupfd_emfile(int fd, int command, long argument)
{
	if (duplicates(command) && argument == limit_now())
		return (failure(EMFILE));
	return (real.fcntl(fd, command, argument));
}
DEFECT(f-dupfd-at-limit-gives-emfile, .fcntl = dupfd_emfile);

static int
dupfd_wraps(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (result == -1 && errno == EMFILE && duplicates(command))
		result = real.fcntl(fd, command, 0L);
	return (result);
}
DEFECT(f-dupfd-wraps-around, .fcntl = dupfd_wraps);

static int
size_of_start(void)
{
	static int first;

	if (first == 0)
		first = real.getdtablesize();
	return (first);
}
DEFECT(getdtablesize-is-constant, .getdtablesize = size_of_start);

static ssize_t
write_beyond_limit(int fd, const void *buffer, size_t size)
{
	return (fd >= limit_now() ? failure(EBADF) : real.write(fd, buffer, size));
}
DEFECT(write-beyond-lowered-limit-gives-ebadf, .write = write_beyond_limit);

static int
close_beyond_limit(int fd)
{
	return (fd >= limit_now() ? failure(EBADF) : real.close(fd));
}
DEFECT(close-beyond-lowered-limit-gives-ebadf, .close = close_beyond_limit);

static int
last_not_given(int fd)
{
	int result = real.dup(fd);

	if (result != -1 && result == limit_now() - 1) {
		real.close(result);
		return (failure(EMFILE));
	}
	return (result);
}
DEFECT(dup-stops-one-below-last-number, .dup = last_not_given);

static int
dup_enfile(int fd)
{
	int result = real.dup(fd);

	return (result == -1 && errno == EMFILE ? failure(ENFILE) : result);
}
DEFECT(dup-at-limit-gives-enfile, .dup = dup_enfile);
