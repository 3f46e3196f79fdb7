/*
 * Kernels that get the stream sockets of the UNIX domain wrong.
 */

#include "defects.h"

#include <sys/ioctl.h>
#include <sys/un.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beyond this a descriptor is not looked at. */
#define DESCRIPTORS 1024

static bool
is_stream(int fd)
{
	return (socket_type(fd) == SOCK_STREAM);
}

/* The sizes of writes to streams that are not yet read, oldest first. */
static size_t written[4096];
static unsigned first_written, last_written;

static ssize_t
noted_write(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n > 0 && is_stream(fd))
		written[last_written++ % 4096] = (size_t)n;
	return (n);
}

static ssize_t
read_one_write(int fd, void *buffer, size_t size)
{
	ssize_t n;

	if (!is_stream(fd) || first_written == last_written)
		return (real.read(fd, buffer, size));
	if (size > written[first_written % 4096])
		size = written[first_written % 4096];
	n = real.read(fd, buffer, size);
	if (n > 0 && (written[first_written % 4096] -= (size_t)n) == 0)
		first_written++;
	return (n);
}
DEFECT(stream-read-stops-at-a-write, .write = noted_write, .read = read_one_write);

static int
first_write_only(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIONREAD && is_stream(fd) && first_written != last_written &&
	    *(int *)argument > (int)written[first_written % 4096])
		*(int *)argument = (int)written[first_written % 4096];
	return (result);
}
DEFECT(stream-fionread-counts-first-write, .write = noted_write, .ioctl = first_write_only);

static int
count_of_a_listener(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == -1 && request == FIONREAD && is_stream(fd))
		*(int *)argument = result = 0;
	return (result);
}
DEFECT(stream-fionread-of-listener-succeeds, .ioctl = count_of_a_listener);

static ssize_t
rest_dropped(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	char rest[4096];

	while (n > 0 && is_stream(fd) && real.recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		continue;
	return (n);
}
DEFECT(stream-rest-of-write-dropped, .read = rest_dropped);

/* The other end of each pair. */
static int partner[DESCRIPTORS];

static int
noted_pair(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0 && fd[0] < DESCRIPTORS && fd[1] < DESCRIPTORS) {
		partner[fd[0]] = fd[1];
		partner[fd[1]] = fd[0];
	}
	return (result);
}

/* Take what waits at the other end, if that is known and open. */
static void
empty_partner(int fd)
{
	int error = errno, other = fd >= 0 && fd < DESCRIPTORS ? partner[fd] : 0;
	char b[4096];

	while (other != 0 && is_socket(other) && real.recv(other, b, sizeof(b), MSG_DONTWAIT) > 0)
		continue;
	errno = error;
}

static int
close_discards(int fd)
{
	empty_partner(fd);
	return (real.close(fd));
}
DEFECT(socket-close-discards-sent-data, .socketpair = noted_pair, .close = close_discards);

static int
shutdown_discards(int fd, int how)
{
	if (how == SHUT_WR)
		empty_partner(fd);
	return (real.shutdown(fd, how));
}
DEFECT(socket-shutdown-discards-sent-data, .socketpair = noted_pair, .shutdown = shutdown_discards);

/* The receive buffer of one end bounds what the other may send. */
static int
receiver_limits(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_RCVBUF && fd < DESCRIPTORS && partner[fd] != 0)
		return (real.setsockopt(partner[fd], level, SO_SNDBUF, value, size));
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(stream-receiver-limits-sender, .socketpair = noted_pair, .setsockopt = receiver_limits);

static int
send_buffer_ignored(int fd, int level, int name, const void *value, socklen_t size)
{
	return (level == SOL_SOCKET && name == SO_SNDBUF && is_socket(fd)
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(socket-send-buffer-size-ignored, .setsockopt = send_buffer_ignored);

static ssize_t
write_without_signal(int fd, const void *buffer, size_t size)
{
	return (is_stream(fd) ? real.send(fd, buffer, size, MSG_NOSIGNAL)
			      : real.write(fd, buffer, size));
}
DEFECT(stream-write-without-sigpipe, .write = write_without_signal);

static ssize_t
send_with_signal(int fd, const void *buffer, size_t size, int flags)
{
	return (real.send(fd, buffer, size, flags & ~MSG_NOSIGNAL));
}
DEFECT(send-ignores-msg-nosignal, .send = send_with_signal);

static ssize_t
sendmsg_with_signal(int fd, const struct msghdr *m, int flags)
{
	return (real.sendmsg(fd, m, flags & ~MSG_NOSIGNAL));
}
DEFECT(sendmsg-ignores-msg-nosignal, .sendmsg = sendmsg_with_signal);

static ssize_t
end_as_reset(int fd, void *buffer, size_t size)
{
	static bool told[DESCRIPTORS];
	ssize_t n = real.read(fd, buffer, size);

	if (n != 0 || size == 0 || !is_stream(fd) || fd >= DESCRIPTORS || told[fd])
		return (n);
	told[fd] = true;
	return (failure(ECONNRESET));
}
DEFECT(stream-end-as-reset, .read = end_as_reset);

static ssize_t
reset_as_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ECONNRESET && is_stream(fd) ? 0 : n);
}
DEFECT(stream-reset-as-end, .read = reset_as_end);

static ssize_t
part_as_eagain(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n > 0 && (size_t)n < size && is_stream(fd) ? failure(EAGAIN) : n);
}
DEFECT(stream-partial-write-as-eagain, .write = part_as_eagain);

static ssize_t
write_never_waits(int fd, const void *buffer, size_t size)
{
	return (is_stream(fd) ? real.send(fd, buffer, size, MSG_DONTWAIT)
			      : real.write(fd, buffer, size));
}
DEFECT(stream-write-never-waits, .write = write_never_waits);

static ssize_t
unconnected_as_broken(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == 0 || n > 0 || errno != ENOTCONN || !is_stream(fd))
		return (n);
	raise(SIGPIPE);
	return (failure(EPIPE));
}
DEFECT(stream-send-unconnected-as-broken, .send = unconnected_as_broken);

static ssize_t
unconnected_as_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ENOTCONN && is_socket(fd) ? 0 : n);
}
DEFECT(socket-read-unconnected-as-end, .read = unconnected_as_end);

static ssize_t
address_ignored(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	return (n == -1 && errno == EISCONN ? real.send(fd, buffer, size, flags) : n);
}
DEFECT(stream-sendto-ignores-address, .sendto = address_ignored);

static ssize_t
nothing_as_end(int fd, const void *buffer, size_t size, int flags)
{
	if (size == 0 && is_stream(fd))
		return (real.shutdown(fd, SHUT_WR));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(stream-empty-send-ends, .send = nothing_as_end);

static ssize_t
own_name(int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);

	if (n >= 0 && name != NULL && is_socket(fd)) {
		*length = sizeof(struct sockaddr_un);
		real.getsockname(fd, name, length);
	}
	return (n);
}
DEFECT(recvfrom-gives-own-name, .recvfrom = own_name);

/* What fills one direction fills the other. */
static ssize_t
shared_buffer(int fd, const void *buffer, size_t size, int flags)
{
	if (is_stream(fd) && unread(fd) > 50000)
		return (failure(EAGAIN));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(stream-directions-share-a-buffer, .send = shared_buffer);

/* A byte in each 64 KiB is another one. */
static ssize_t
corrupt_at_wrap(int fd, const void *buffer, size_t size)
{
	static size_t total;
	size_t room = 65536 - total % 65536;
	char *copy;
	ssize_t n;

	if (!is_stream(fd) || (copy = malloc(size + 1)) == NULL)
		return (real.write(fd, buffer, size));
	memcpy(copy, buffer, size);
	if (room < size)
		copy[room] ^= 1;
	n = real.write(fd, copy, size);
	total += n > 0 ? (size_t)n : 0;
	free(copy);
	return (n);
}
DEFECT(stream-corrupts-at-wrap, .write = corrupt_at_wrap);

static ssize_t
mark_everywhere(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n > 0 && is_stream(fd))
		m->msg_flags |= MSG_EOR;
	return (n);
}
DEFECT(stream-receive-shows-msg-eor, .recvmsg = mark_everywhere);

static ssize_t
peek_takes(int fd, void *buffer, size_t size, int flags)
{
	return (real.recv(fd, buffer, size, flags & ~MSG_PEEK));
}
DEFECT(recv-peek-takes, .recv = peek_takes);

#ifdef SO_PEEK_OFF
static ssize_t
offset_stays(int fd, void *buffer, size_t size, int flags)
{
	int offset = -1;
	socklen_t length = sizeof(offset);
	ssize_t n;

	if (!(flags & MSG_PEEK))
		return (real.recv(fd, buffer, size, flags));
	real.getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &length);
	n = real.recv(fd, buffer, size, flags);
	real.setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, length);
	return (n);
}
DEFECT(recv-peek-offset-stays, .recv = offset_stays);
#endif
