/*
 * Kernels that are wrong about who waits for whom, on every kind of end: what lets a
 * sleeper go, what it is told, and what readiness promises.
 */

#include <fcntl.h>
#include <unistd.h>

#include "defects.h"

/* Will a read sleep there? */
static bool
will_sleep(int fd)
{
	return (is_socket(fd) && !is_nonblocking(fd) &&
	    (readiness(fd, POLLIN) & (POLLIN | POLLHUP | POLLERR)) == 0);
}

/* Will a write? */
static bool
writer_will_sleep(int fd)
{
	return (is_socket(fd) && !is_nonblocking(fd) && readiness(fd, POLLOUT) == 0);
}

/* Poll that changes its first entry by the caller. */
#define POLL_FIRST(name, condition, change)                              \
	static int name(struct pollfd *fds, nfds_t count, int timeout)   \
	{                                                                \
		int n = real.poll(fds, count, timeout);                  \
                                                                         \
		if (n >= 0 && count > 0 && fds != NULL && (condition)) { \
			short before = fds->revents;                     \
                                                                         \
			change;                                          \
			n += (fds->revents != 0) - (before != 0);        \
		}                                                        \
		return (n);                                              \
	}

POLL_FIRST(listener_always_ready, is_listener(fds->fd), fds->revents |= fds->events & POLLIN)
DEFECT(io-poll-listener-is-always-readable, .poll = listener_always_ready);

POLL_FIRST(full_stream_is_writable, socket_type(fds->fd) == SOCK_STREAM && !is_listener(fds->fd),
    fds->revents |= fds->events & POLLOUT)
DEFECT(io-poll-full-stream-is-writable, .poll = full_stream_is_writable);

/* A datagram socket that reads no more is not ready for it. */
static bool shut[DESCRIPTORS];

static int
note_shut(int fd, int how)
{
	int result = real.shutdown(fd, how);

	if (result == 0 && how == SHUT_RD && fd < DESCRIPTORS && socket_type(fd) == SOCK_DGRAM)
		shut[fd] = true;
	return (result);
}
POLL_FIRST(shut_is_not_readable, fds->fd >= 0 && fds->fd < DESCRIPTORS && shut[fds->fd],
    fds->revents &= ~POLLIN)
DEFECT(io-poll-shut-datagram-socket-is-not-readable, .shutdown = note_shut,
    .poll = shut_is_not_readable);

static ssize_t
shut_recv_finds_nothing(int fd, void *buffer, size_t size, int flags)
{
	if (fd >= 0 && fd < DESCRIPTORS && shut[fd])
		return (failure(EAGAIN));
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(io-recv-of-shut-datagram-socket-is-eagain, .shutdown = note_shut,
    .recv = shut_recv_finds_nothing);

static ssize_t
reader_told_reset(int fd, void *buffer, size_t size)
{
	bool slept = will_sleep(fd) && socket_type(fd) != SOCK_DGRAM;
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && slept ? failure(ECONNRESET) : n);
}
DEFECT(io-sleeping-reader-is-told-a-reset, .read = reader_told_reset);

static ssize_t
writer_told_nothing(int fd, const void *buffer, size_t size)
{
	bool slept = writer_will_sleep(fd);
	sigset_t before;
	ssize_t n;

	if (!slept)
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	release_signal(SIGPIPE, &before, false);
	return (n == -1 && (errno == EPIPE || errno == ECONNRESET) ? 0 : n);
}
DEFECT(io-sleeping-socket-writer-is-told-nothing, .write = writer_told_nothing);

/* Its error is for the next call to find. */
static ssize_t
writer_told_epipe(int fd, const void *buffer, size_t size)
{
	bool slept = writer_will_sleep(fd);
	ssize_t n = real.write(fd, buffer, size);

	return (
	    n == -1 && slept && (errno == ECONNRESET || errno == EPIPE) ? failure(ENOTCONN) : n);
}
DEFECT(io-sleeping-socket-writer-is-told-enotconn, .write = writer_told_epipe);

static int
any_shutdown_of_a_listener(int fd, int how)
{
	return (real.shutdown(fd, is_listener(fd) ? SHUT_RDWR : how));
}
DEFECT(io-shut-wr-ends-listening, .shutdown = any_shutdown_of_a_listener);

static int
shut_rd_of_a_listener_is_nothing(int fd, int how)
{
	return (is_listener(fd) && how == SHUT_RD ? 0 : real.shutdown(fd, how));
}
DEFECT(io-shut-rd-leaves-accept-asleep, .shutdown = shut_rd_of_a_listener_is_nothing);

static ssize_t
datagram_reader_told_nothing(int fd, void *buffer, size_t size)
{
	bool slept = will_sleep(fd) && socket_type(fd) == SOCK_DGRAM;
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && slept ? failure(EAGAIN) : n);
}
DEFECT(io-sleeping-datagram-reader-is-told-eagain, .read = datagram_reader_told_nothing);

/* A wake-up before the data. */
static ssize_t
readv_does_not_wait(int fd, const struct iovec *v, int count)
{
	return (will_sleep(fd) ? failure(EAGAIN) : real.readv(fd, v, count));
}
DEFECT(io-readv-of-a-socket-does-not-wait, .readv = readv_does_not_wait);

static ssize_t
last_byte_waits_for_more(int fd, void *buffer, size_t size, int flags)
{
	return (real.recv(fd, buffer, size,
	    size > 1 && flags == 0 && will_sleep(fd) && socket_type(fd) == SOCK_STREAM ? MSG_WAITALL
										       : flags));
}
DEFECT(io-recv-that-slept-waits-for-all, .recv = last_byte_waits_for_more);

static ssize_t
woken_writer_is_short(int fd, const void *buffer, size_t size)
{
	return (real.write(fd, buffer, size > 1 && writer_will_sleep(fd) ? size - 1 : size));
}
DEFECT(io-woken-socket-writer-is-a-byte-short, .write = woken_writer_is_short);

static ssize_t
writer_loses_a_byte(int fd, const void *buffer, size_t size)
{
	ssize_t n;

	if (size < 1 << 20 || !is_socket(fd))
		return (real.write(fd, buffer, size));
	n = real.write(fd, buffer, size - 1);
	return (n == (ssize_t)size - 1 ? n + 1 : n);
}
DEFECT(io-large-write-loses-its-last-byte, .write = writer_loses_a_byte);

static int
accept_does_not_wait(int fd, struct sockaddr *name, socklen_t *size)
{
	return (will_sleep(fd) ? failure(EAGAIN) : real.accept(fd, name, size));
}
DEFECT(io-accept-does-not-wait, .accept = accept_does_not_wait);

/* Read to the end once, a socket has nothing more to say. */
static ssize_t
end_is_told_once(int fd, void *buffer, size_t size)
{
	static bool told[DESCRIPTORS];
	ssize_t n = real.read(fd, buffer, size);

	if (n != 0 || fd >= DESCRIPTORS || socket_type(fd) == 0 || socket_type(fd) == SOCK_DGRAM)
		return (n);
	if (told[fd])
		return (failure(ENOTCONN));
	told[fd] = true;
	return (0);
}
DEFECT(io-end-of-a-socket-is-told-once, .read = end_is_told_once);

static ssize_t
look_does_not_see_the_end(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == 0 && size > 0 && (flags & MSG_PEEK) && socket_type(fd) != SOCK_DGRAM
		? failure(EAGAIN)
		: n);
}
DEFECT(io-look-does-not-see-the-end, .recv = look_does_not_see_the_end);
