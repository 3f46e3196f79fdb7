/*
 * Kernels that are wrong about datagrams which nobody wanted: whom they tell, how,
 * how often, and what else they change.
 */

#include "defects.h"

#include <netinet/in.h>

#include <string.h>
#include <unistd.h>

static bool
in_table(int fd)
{
	return (fd >= 0 && fd < DESCRIPTORS);
}

static bool
is_refused(int fd)
{
	return (is_udp(fd) && (readiness(fd, 0) & POLLERR) != 0);
}

/* Take the pending error. */
static int
take_error(int fd)
{
	int value = 0, error = errno;
	socklen_t size = sizeof(value);

	real.getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size);
	errno = error;
	return (value);
}

/* An error that the kernel let go of, and that is told once more. */
static int held[DESCRIPTORS];

static void
hold(int fd, int error)
{
	if (in_table(fd) && is_udp(fd))
		held[fd] = error;
}

static bool
is_held(int fd)
{
	return (in_table(fd) && held[fd] != 0);
}

static int
give_held(int fd)
{
	errno = held[fd];
	held[fd] = 0;
	return (-1);
}

static void
dissolve(int fd)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	real.connect(fd, &nobody, sizeof(nobody));
}

static ssize_t
not_told(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == ECONNREFUSED && is_udp(fd) ? failure(EAGAIN) : n);
}
DEFECT(udp-refused-recv-is-not-told, .recv = not_told);

static ssize_t
told_as_empty(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == ECONNREFUSED && is_udp(fd) ? 0 : n);
}
DEFECT(udp-refused-recv-is-an-empty-datagram, .recv = told_as_empty);

static ssize_t
read_first_only(int fd, void *buffer, size_t size)
{
	if (is_refused(fd)) {
		take_error(fd);
		return (failure(EAGAIN));
	}
	return (real.read(fd, buffer, size));
}
DEFECT(udp-refused-read-is-not-told, .read = read_first_only);

static ssize_t
told_and_sent(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && errno == ECONNREFUSED && is_udp(fd)) {
		real.send(fd, buffer, size, flags);
		return (failure(ECONNREFUSED));
	}
	return (n);
}
DEFECT(udp-refused-send-tells-and-sends, .send = told_and_sent);

static ssize_t
sent_anyway(int fd, const void *buffer, size_t size, int flags)
{
	if (is_refused(fd))
		take_error(fd);
	return (real.send(fd, buffer, size, flags));
}
DEFECT(udp-refused-send-is-not-told, .send = sent_anyway);

static ssize_t
told_twice(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n;

	if (is_held(fd))
		return (give_held(fd));
	n = real.send(fd, buffer, size, flags);
	if (n == -1 && errno == ECONNREFUSED)
		hold(fd, ECONNREFUSED);
	return (n);
}
DEFECT(udp-refused-send-is-told-twice, .send = told_twice);

/* Events */

static int
poll_refused(struct pollfd *fds, nfds_t count, int timeout, short clear, short set)
{
	int n = real.poll(fds, count, timeout);

	if (n == 1 && count == 1 && is_refused(fds[0].fd)) {
		fds[0].revents &= (short)~clear;
		fds[0].revents |= set & fds[0].events;
		n = fds[0].revents != 0;
	}
	return (n);
}

static int
as_input(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_refused(fds, count, timeout, POLLERR, POLLIN));
}
DEFECT(udp-refused-polls-as-input, .poll = as_input);

static int
when_asked(struct pollfd *fds, nfds_t count, int timeout)
{
	return (
	    poll_refused(fds, count, timeout, count == 1 && fds[0].events == 0 ? POLLERR : 0, 0));
}
DEFECT(udp-refused-polls-when-asked, .poll = when_asked);

static int
not_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_refused(fds, count, timeout, POLLOUT, 0));
}
DEFECT(udp-refused-is-not-writable, .poll = not_writable);

static int
select_without(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout, bool input)
{
	int n = real.select(limit, r, w, x, timeout);
	fd_set *set = input ? r : w;

	if (n > 0 && limit > 0 && set != NULL && FD_ISSET(limit - 1, set) &&
	    is_refused(limit - 1)) {
		FD_CLR(limit - 1, set);
		n--;
	}
	return (n);
}

static int
select_unreadable(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_without(limit, r, w, x, timeout, true));
}
DEFECT(udp-refused-selects-unreadable, .select = select_unreadable);

static int
select_unwritable(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_without(limit, r, w, x, timeout, false));
}
DEFECT(udp-refused-selects-unwritable, .select = select_unwritable);

/* What else is there */

static ssize_t
purges(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);
	char b[64];

	if (n == -1 && errno == ECONNREFUSED && is_udp(fd)) {
		while (real.recv(fd, b, sizeof(b), MSG_DONTWAIT) >= 0)
			continue;
		errno = ECONNREFUSED;
	}
	return (n);
}
DEFECT(udp-refused-purges-the-queue, .recv = purges);

static ssize_t
data_first(int fd, void *buffer, size_t size, int flags)
{
	if (is_refused(fd) && unread(fd) > 0)
		hold(fd, take_error(fd));
	else if (is_held(fd))
		return (give_held(fd));
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(udp-refused-comes-after-the-data, .recv = data_first);

static ssize_t
peek_keeps(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n;

	if (is_held(fd))
		return (give_held(fd));
	n = real.recv(fd, buffer, size, flags);
	if (n == -1 && errno == ECONNREFUSED && (flags & MSG_PEEK) != 0)
		hold(fd, ECONNREFUSED);
	return (n);
}
DEFECT(udp-refused-peek-leaves-the-error, .recv = peek_keeps);

static ssize_t
peek_passes(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & MSG_PEEK) != 0 && is_refused(fd))
		return (failure(EAGAIN));
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(udp-refused-peek-passes-it, .recv = peek_passes);

static ssize_t
disconnects(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n == -1 && errno == ECONNREFUSED && is_udp(fd)) {
		dissolve(fd);
		errno = ECONNREFUSED;
	}
	return (n);
}
DEFECT(udp-refused-loses-the-peer, .recv = disconnects);

static ssize_t
woken_wrongly(int fd, void *buffer, size_t size, int flags)
{
	bool waits = is_udp(fd) && (flags & MSG_DONTWAIT) == 0 && readiness(fd, POLLIN) == 0;
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == ECONNREFUSED && waits ? failure(EINTR) : n);
}
DEFECT(udp-refused-interrupts-a-receiver, .recv = woken_wrongly);

static ssize_t
woken_and_pending(int fd, void *buffer, size_t size, int flags)
{
	bool waits = is_udp(fd) && (flags & MSG_DONTWAIT) == 0 && readiness(fd, POLLIN) == 0;
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n == -1 && errno == ECONNREFUSED && waits) {
		real.send(fd, "again", 5, 0);
		errno = ECONNREFUSED;
	}
	return (n);
}
DEFECT(udp-refused-stays-after-waking, .recv = woken_and_pending);

static int
connect_clears(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_refused(fd))
		take_error(fd);
	return (real.connect(fd, name, size));
}
DEFECT(udp-connect-forgets-the-refusal, .connect = connect_clears);

/* With itself for a peer it refuses all others. */
static int
deaf_refuses(int fd, int how)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	if (!is_udp(fd) || how != SHUT_RD)
		return (real.shutdown(fd, how));
	real.getsockname(fd, (struct sockaddr *)&name, &size);
	return (real.connect(fd, (struct sockaddr *)&name, size));
}
DEFECT(udp-deaf-receiver-refuses, .shutdown = deaf_refuses);

#ifdef MSG_ERRQUEUE
#define RECVMSG_ERROR(function, body)                                           \
	static ssize_t function(int fd, struct msghdr *m, int flags)            \
	{                                                                       \
		ssize_t n = real.recvmsg(fd, m, flags);                         \
                                                                                \
		if (n < 0 || !is_udp(fd) || (m->msg_flags & MSG_ERRQUEUE) == 0) \
			return (n);                                             \
		body;                                                           \
		return (n);                                                     \
	}

RECVMSG_ERROR(no_destination, m->msg_namelen = 0)
DEFECT(udp-error-queue-has-no-destination, .recvmsg = no_destination);

RECVMSG_ERROR(no_payload, n = 0)
DEFECT(udp-error-queue-has-no-payload, .recvmsg = no_payload);

RECVMSG_ERROR(no_control, m->msg_controllen = 0)
DEFECT(udp-error-queue-has-no-report, .recvmsg = no_control);

RECVMSG_ERROR(no_flag, m->msg_flags &= ~MSG_ERRQUEUE)
DEFECT(udp-error-queue-has-no-flag, .recvmsg = no_flag);
#endif
