/*
 * Interfaces that disagree on readiness, or say of an end what is not true.
 */

#include "defects.h"

#include <stdint.h>
#include <string.h>

/* poll answers of every socket, with events added and taken away where a test holds. */
static int
poll_with(struct pollfd *fds, nfds_t count, int timeout, bool (*test)(int fd, short events),
    short add, short remove)
{
	int ready = real.poll(fds, count, timeout);

	for (nfds_t i = 0; ready != -1 && i < count; i++) {
		short before = fds[i].revents;

		if (fds[i].fd < 0 || !is_socket(fds[i].fd) || !test(fds[i].fd, before))
			continue;
		fds[i].revents = (short)((before | (add & fds[i].events)) & ~remove);
		ready += (fds[i].revents != 0) - (before != 0);
	}
	return (ready);
}

static bool
is_full(int fd, short events)
{
	(void)events;
	return (socket_type(fd) != SOCK_DGRAM && readiness(fd, POLLOUT) == 0 &&
	    real.send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 && errno == EAGAIN);
}

static int
full_is_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_with(fds, count, timeout, is_full, POLLOUT, 0));
}
DEFECT(readiness-poll-full-socket-writable, .poll = full_is_writable);

/* Only half of the end is seen: the hang-up, not that a read would return. */
static bool
is_at_end(int fd, short events)
{
	char b;

	(void)events;
	return (
	    real.recv(fd, &b, 1, MSG_PEEK | MSG_DONTWAIT) == 0 && socket_type(fd) != SOCK_DGRAM);
}

static int
end_is_no_input(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_with(
	    fds, count, timeout == 0 ? 0 : timeout, is_at_end, 0, timeout == 0 ? POLLIN : 0));
}
DEFECT(readiness-poll-end-of-stream-is-no-input, .poll = end_is_no_input);

static bool
has_error(int fd, short events)
{
	(void)fd;
	return ((events & POLLERR) != 0);
}

static int
error_unnoticed(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_with(
	    fds, count, timeout, has_error, 0, timeout == 0 ? POLLERR | POLLIN | POLLHUP : 0));
}
DEFECT(readiness-poll-error-is-not-ready, .poll = error_unnoticed);

/* select forgets what poll still knows. */
static int
select_without(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout,
    bool (*test)(int fd, short events))
{
	int ready = real.select(limit, r, w, x, timeout);

	for (int fd = 0; ready > 0 && r != NULL && fd < limit; fd++)
		if (FD_ISSET(fd, r) && is_socket(fd) && test(fd, 0)) {
			FD_CLR(fd, r);
			ready--;
		}
	return (ready);
}

static int
select_misses_end(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_without(limit, r, w, x, timeout, is_at_end));
}
DEFECT(readiness-select-end-of-stream-not-readable, .select = select_misses_end);

static bool
is_unconnected(int fd, short events)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	(void)events;
	return (socket_type(fd) != SOCK_DGRAM &&
	    real.getpeername(fd, (struct sockaddr *)&name, &size) == -1);
}

static int
select_misses_clients(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_without(limit, r, w, x, timeout, is_unconnected));
}
DEFECT(readiness-select-waiting-client-not-readable, .select = select_misses_clients);

/* select answers for sockets alone: all that were asked about in one of the sets, or none. */
static int
select_says(
    int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout, bool writing, bool yes)
{
	fd_set asked, *set = writing ? w : r;
	int ready;

	if (set == NULL)
		return (real.select(limit, r, w, x, timeout));
	asked = *set;
	ready = real.select(limit, r, w, x, timeout);
	for (int fd = 0; ready != -1 && fd < limit; fd++) {
		if (!FD_ISSET(fd, &asked) || !is_socket(fd) || !FD_ISSET(fd, set) != yes)
			continue;
		if (yes)
			FD_SET(fd, set);
		else
			FD_CLR(fd, set);
		ready += yes ? 1 : -1;
	}
	return (ready);
}

static int
never_readable(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_says(limit, r, w, x, timeout, false, false));
}
DEFECT(readiness-select-socket-never-readable, .select = never_readable);

static int
always_readable(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_says(limit, r, w, x, timeout, false, true));
}
DEFECT(readiness-select-socket-always-readable, .select = always_readable);

static int
never_writable(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	return (select_says(limit, r, w, x, timeout, true, false));
}
DEFECT(readiness-select-socket-never-writable, .select = never_writable);

/*
 * The event queue.  An event begins with its bits, which are those of poll; it
 * says nothing of the descriptor, so that is kept from the last epoll_ctl.
 */
static int watched = -1;

static int
watch(int queue, int operation, int fd, struct epoll_event *event)
{
	watched = fd;
	return (real.epoll_ctl(queue, operation, fd, event));
}

static int
queue_misses_end(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout);

	return (n == 1 && watched != -1 && is_socket(watched) && is_at_end(watched, 0) ? 0 : n);
}
DEFECT(readiness-queue-end-of-stream-not-reported, .epoll_ctl = watch,
    .epoll_wait = queue_misses_end);

static int
queue_misses_widow(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout);

	return (n == 1 && watched != -1 && is_pipe(watched) &&
		    (readiness(watched, POLLOUT) & POLLERR) != 0
		? 0
		: n);
}
DEFECT(readiness-queue-widowed-writer-not-reported, .epoll_ctl = watch,
    .epoll_wait = queue_misses_widow);

/* Without a word on writing: only what can be read is reported. */
static int
queue_knows_input_only(int queue, struct epoll_event *events, int count, int timeout)
{
	int n = real.epoll_wait(queue, events, count, timeout);
	uint32_t bits;

	if (n != 1)
		return (n);
	memcpy(&bits, events, sizeof(bits));
	return (bits == POLLOUT ? 0 : n);
}
DEFECT(readiness-queue-never-writable, .epoll_wait = queue_knows_input_only);

/*
 * Each process keeps the last byte it read for its next read: one reader alone
 * gets everything in order, several do not.
 */
static int held = -1;

static ssize_t
last_byte_later(int fd, void *buffer, size_t size)
{
	unsigned char *bytes = buffer, last;
	ssize_t n;

	if (size == 0 || !(is_pipe(fd) || socket_type(fd) == SOCK_STREAM))
		return (real.read(fd, buffer, size));
	n = real.read(fd, bytes, size);
	if (n == -1 || (n == 0 && held == -1))
		return (n);
	if (n == 0) {
		bytes[0] = (unsigned char)held;
		held = -1;
		return (1);
	}
	last = bytes[n - 1];
	if (held != -1) {
		memmove(bytes + 1, bytes, (size_t)n - 1);
		bytes[0] = (unsigned char)held;
	} else if (n > 1)
		n--;
	else
		return (n);
	held = last;
	return (n);
}
DEFECT(history-reader-keeps-last-byte, .read = last_byte_later);

/* The second half of what was read stands in the place of the first as well. */
static ssize_t
given_to_two(int fd, void *buffer, size_t size)
{
	static int count;
	ssize_t n = real.read(fd, buffer, size);

	if (n > 1 && (is_pipe(fd) || socket_type(fd) == SOCK_STREAM) && ++count % 2 == 0)
		memcpy(buffer, (char *)buffer + n / 2, (size_t)(n / 2));
	return (n);
}
DEFECT(history-bytes-read-twice, .read = given_to_two);
