/*
 * Kernels that are wrong about shutdown(2) on UDP sockets, and about their
 * readiness.
 */

#include "naming_defects.h"

#include "defects.h"

#include <string.h>

static bool
has_peer(int fd)
{
	int error = errno;
	bool answer = is_connected(fd);

	errno = error;
	return (answer);
}

static bool
is_deaf(int fd)
{
	return ((readiness(fd, POLLRDHUP) & (POLLRDHUP | POLLHUP)) != 0);
}

static int
unconnected_is_fine(int fd, int how)
{
	int result = real.shutdown(fd, how);

	return (is_udp(fd) ? tolerated(result, ENOTCONN) : result);
}
DEFECT(udp-shutdown-without-peer-succeeds, .shutdown = unconnected_is_fine);

static int
unconnected_both_is_fine(int fd, int how)
{
	int result = real.shutdown(fd, how);

	return (how == SHUT_RDWR && is_udp(fd) ? tolerated(result, ENOTCONN) : result);
}
DEFECT(udp-shutdown-rdwr-without-peer-succeeds, .shutdown = unconnected_both_is_fine);

static int
unconnected_write_stays(int fd, int how)
{
	if (how == SHUT_WR && is_udp(fd) && !has_peer(fd))
		return (failure(ENOTCONN));
	return (real.shutdown(fd, how));
}
DEFECT(udp-shut-wr-without-peer-has-no-effect, .shutdown = unconnected_write_stays);

static ssize_t
woken_without_end(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == 0 && is_udp(fd) && !has_peer(fd) && is_deaf(fd) ? failure(ENOTCONN) : n);
}
DEFECT(udp-shut-rd-without-peer-wakes-with-enotconn, .recv = woken_without_end);

static ssize_t
send_raises(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && errno == EPIPE && is_udp(fd) && (flags & MSG_NOSIGNAL) == 0) {
		raise(SIGPIPE);
		errno = EPIPE;
	}
	return (n);
}
DEFECT(udp-send-raises-sigpipe, .send = send_raises);

static ssize_t
send_raises_always(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && errno == EPIPE && is_udp(fd) && (flags & MSG_NOSIGNAL) != 0) {
		raise(SIGPIPE);
		errno = EPIPE;
	}
	return (n);
}
DEFECT(udp-send-raises-sigpipe-though-told-not-to, .send = send_raises_always);

static ssize_t
write_raises(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EPIPE && is_udp(fd)) {
		raise(SIGPIPE);
		errno = EPIPE;
	}
	return (n);
}
DEFECT(udp-write-raises-sigpipe, .write = write_raises);

static int
write_flushes(int fd, int how)
{
	char byte;

	if (how == SHUT_WR && is_udp(fd))
		while (real.recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
			;
	return (real.shutdown(fd, how));
}
DEFECT(udp-shut-wr-flushes-the-queue, .shutdown = write_flushes);

/* Whose sending was shut down. */
static bool muted[DESCRIPTORS];

static int
mark_muted(int fd, int how)
{
	int result = real.shutdown(fd, how);

	if (how == SHUT_WR && is_udp(fd))
		muted[fd] = true;
	return (result);
}

static ssize_t
muted_hears_nothing(int fd, void *buffer, size_t size)
{
	return (muted[fd] && is_udp(fd) ? 0 : real.read(fd, buffer, size));
}
DEFECT(udp-shut-wr-ends-receiving, .shutdown = mark_muted, .read = muted_hears_nothing);

static ssize_t
deaf_would_wait(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && is_udp(fd) && is_deaf(fd) ? failure(EAGAIN) : n);
}
DEFECT(udp-read-after-shut-rd-is-eagain, .read = deaf_would_wait);

static ssize_t
deaf_never_waits(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN && is_udp(fd) && is_deaf(fd) ? 0 : n);
}
DEFECT(udp-shut-rd-is-an-end-for-all, .recv = deaf_never_waits);

static int
read_flushes(int fd, int how)
{
	int result = real.shutdown(fd, how);
	char byte;

	if (result == 0 && how == SHUT_RD && is_udp(fd))
		while (real.recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
			;
	return (result);
}
DEFECT(udp-shut-rd-flushes-the-queue, .shutdown = read_flushes);

static int
mute_reader(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_RD && is_udp(fd) ? SHUT_RDWR : how));
}
DEFECT(udp-shut-rd-ends-sending, .shutdown = mute_reader);

static int
peer_is_told(int fd, int how)
{
	if (how == SHUT_RDWR && is_udp(fd) && has_peer(fd))
		real.send(fd, "", 0, 0);
	return (real.shutdown(fd, how));
}
DEFECT(udp-shutdown-tells-the-peer, .shutdown = peer_is_told);

/* Change what a poll of UDP sockets gave; how many entries have events then. */
static int
polled(struct pollfd *fds, nfds_t count, int result, short change(struct pollfd *))
{
	int ready = 0, error = errno;

	if (result == -1)
		return (result);
	for (nfds_t i = 0; i < count; i++) {
		if (is_udp(fds[i].fd))
			fds[i].revents = change(&fds[i]);
		ready += fds[i].revents != 0;
	}
	errno = error;
	return (ready);
}

#define POLL(ident, change)                                                                  \
	static short ident##_events(struct pollfd *e)                                        \
	{                                                                                    \
		return ((short)(change));                                                    \
	}                                                                                    \
	static int ident(struct pollfd *fds, nfds_t count, int timeout)                      \
	{                                                                                    \
		return (polled(fds, count, real.poll(fds, count, timeout), ident##_events)); \
	}

POLL(no_hangup, e->revents & ~POLLHUP)
DEFECT(udp-poll-knows-no-hangup, .poll = no_hangup);

POLL(hangup_excludes, e->revents &(e->revents &POLLHUP ? ~POLLOUT : ~0))
DEFECT(udp-poll-hangup-hides-pollout, .poll = hangup_excludes);

POLL(no_peer_is_hangup, e->revents | (has_peer(e->fd) ? 0 : POLLHUP))
DEFECT(udp-poll-without-peer-is-a-hangup, .poll = no_peer_is_hangup);

POLL(no_peer_no_output, e->revents & ~(has_peer(e->fd) ? 0 : POLLOUT))
DEFECT(udp-poll-without-peer-is-not-writable, .poll = no_peer_no_output);

POLL(out_of_band, e->revents | (e->events & POLLPRI))
DEFECT(udp-poll-finds-urgent-data, .poll = out_of_band);

/* Is the next datagram an empty one? */
static bool
next_is_empty(int fd)
{
	char byte;
	int error = errno;
	bool answer = real.recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;

	errno = error;
	return (answer);
}

POLL(empty_unseen, e->revents & ~(next_is_empty(e->fd) ? POLLIN : 0))
DEFECT(udp-poll-does-not-see-an-empty-datagram, .poll = empty_unseen);

/* Sockets that were read from, or polled readable, before. */
static bool was_read[DESCRIPTORS], was_readable[DESCRIPTORS];

static ssize_t
note_read(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n >= 0 && is_udp(fd))
		was_read[fd] = true;
	return (n);
}

POLL(readiness_lost, e->revents & ~(was_read[e->fd] ? POLLIN : 0))
DEFECT(udp-readiness-is-lost-by-a-receive, .poll = readiness_lost, .read = note_read);

static short
remember_readable(struct pollfd *e)
{
	if (e->revents & POLLIN)
		was_readable[e->fd] = true;
	return (e->revents | (was_readable[e->fd] ? e->events & POLLIN : 0));
}

POLL(readiness_stays, remember_readable(e))
DEFECT(udp-readiness-stays, .poll = readiness_stays);

/* Change what a select of one UDP socket gave. */
static void
set_if(fd_set *set, int fd, bool wanted, bool in)
{
	if (set == NULL || !wanted)
		return;
	if (in)
		FD_SET(fd, set);
	else
		FD_CLR(fd, set);
}

#define SELECT(ident, readable, writable, exceptional)                                        \
	static int ident(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout) \
	{                                                                                     \
		int fd = limit - 1, result;                                                   \
		bool wr = r != NULL && FD_ISSET(fd, r), ww = w != NULL && FD_ISSET(fd, w);    \
		bool wx = x != NULL && FD_ISSET(fd, x), in, out, odd;                         \
                                                                                              \
		result = real.select(limit, r, w, x, timeout);                                \
		if (result < 0 || !is_udp(fd))                                                \
			return (result);                                                      \
		in = r != NULL && FD_ISSET(fd, r);                                            \
		out = w != NULL && FD_ISSET(fd, w);                                           \
		odd = x != NULL && FD_ISSET(fd, x);                                           \
		set_if(r, fd, wr, readable);                                                  \
		set_if(w, fd, ww, writable);                                                  \
		set_if(x, fd, wx, exceptional);                                               \
		return ((wr && (readable)) + (ww && (writable)) + (wx && (exceptional)));     \
	}

SELECT(always_readable, in || true, out, odd)
DEFECT(udp-select-always-readable, .select = always_readable);

SELECT(not_writable_while_readable, in, out && !in, odd)
DEFECT(udp-select-is-not-writable-while-readable, .select = not_writable_while_readable);

SELECT(data_is_exceptional, in, out, odd || in)
DEFECT(udp-select-finds-data-exceptional, .select = data_is_exceptional);
