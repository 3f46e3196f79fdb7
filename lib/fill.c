#include "fill.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "case.h"
#include "payload.h"
#include "trace.h"

/* The flags before O_NONBLOCK was added. */
static int
begin_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		pl_broken("cannot switch %s to non-blocking", pl_slot(fd));
	return (flags);
}

static void
restore(int fd, int flags)
{
	if (fcntl(fd, F_SETFL, flags) == -1)
		pl_broken("cannot restore the flags of %s", pl_slot(fd));
}

/* Fill, the payload beginning at that offset.  The offset after it. */
static size_t
fill_from(int fd, size_t chunk, size_t total)
{
	char *buffer = malloc(chunk);
	size_t size = chunk;
	int flags;

	if (buffer == NULL)
		pl_broken("no memory for %zu bytes", chunk);
	flags = begin_nonblocking(fd);
	for (;;) {
		ssize_t n;

		pl_payload(buffer, size, 0, total);
		n = write(fd, buffer, size);
		if (n > 0)
			total += (size_t)n;
		else if (n == -1 && errno == EAGAIN && size > 1)
			size = 1;
		else if (n == -1 && errno == EAGAIN)
			break;
		else
			pl_broken("filling %s: write(%zu) gave %zd, errno %d", pl_slot(fd), size, n,
			    errno);
	}
	restore(fd, flags);
	free(buffer);
	return (total);
}

size_t
pl_fill(int fd, size_t chunk)
{
	size_t total = fill_from(fd, chunk, 0);

	pl_note("filled %s with %zu bytes", pl_slot(fd), total);
	return (total);
}

/* Keep a buffer from growing by itself: set it to what it is.  Linux doubles what is set. */
static void
pin(int fd, int option)
{
	int size, half, now;
	socklen_t length = sizeof(size);

	if (getsockopt(fd, SOL_SOCKET, option, &size, &length) != 0)
		pl_broken("the buffer of %s has no size: errno %d", pl_slot(fd), errno);
	half = size / 2;
	setsockopt(fd, SOL_SOCKET, option, &half, sizeof(half));
	if (getsockopt(fd, SOL_SOCKET, option, &now, &length) == 0 && now < size)
		setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size));
}

/*
 * A byte that r sends is behind all that was under way to r, and acknowledges
 * all that has come.  An acknowledgement makes room or the connection move; if
 * there was no room for some such exchanges, none is under way.
 */
size_t
pl_fill_pair(struct pl_pair p, size_t chunk)
{
	enum { QUIET = 4 };
	struct sockaddr_storage name = { 0 };
	socklen_t length = sizeof(name);
	size_t total = 0;

	if (getsockname(p.w, (struct sockaddr *)&name, &length) != 0 ||
	    (name.ss_family != AF_INET && name.ss_family != AF_INET6))
		return (pl_fill(p.w, chunk));
	pin(p.w, SO_SNDBUF);
	pin(p.r, SO_RCVBUF);
	/* Some algorithms send when a timer says so; where there is this one, it does not. */
	setsockopt(p.w, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	for (int quiet = 0; quiet < QUIET; quiet++) {
		size_t before = total;
		char b;

		total = fill_from(p.w, chunk, total);
		if (send(p.r, "", 1, 0) != 1 || recv(p.w, &b, 1, MSG_WAITALL) != 1)
			pl_broken("no byte goes from %s to %s", pl_slot(p.r), pl_slot(p.w));
		if (total > before)
			quiet = 0;
	}
	pl_note("filled %s with %zu bytes, nothing under way", pl_slot(p.w), total);
	return (total);
}

size_t
pl_fill_messages(int fd, size_t size)
{
	enum { MANY = 1000000 };
	char *buffer = malloc(size > 0 ? size : 1);
	size_t count = 0;

	if (buffer == NULL)
		pl_broken("no memory for %zu bytes", size);
	for (;; count++) {
		ssize_t n;

		if (count == MANY)
			pl_not_tested("%s takes a million messages", pl_slot(fd));
		pl_payload(buffer, size, 0, count * size);
		n = send(fd, buffer, size, MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == ENOBUFS))
			break;
		if (n != (ssize_t)size)
			pl_broken("filling %s: send(%zu) gave %zd, errno %d", pl_slot(fd), size, n,
			    errno);
	}
	free(buffer);
	pl_note("filled %s with %zu messages of %zu bytes", pl_slot(fd), count, size);
	return (count);
}

struct pl_outcome
pl_write_when_full(void *argument)
{
	static const char zeroes[4096];
	int fd = *(int *)argument;
	struct pl_outcome o;

	do {
		for (size_t size = sizeof(zeroes); size > 0; size /= 2)
			while (send(fd, zeroes, size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
				continue;
		o = sys_write(fd, "x", 1);
	} while (o.error == 0 && o.value == 1);
	return (o);
}

/*
 * The capacity is measured first: systems that count it in pages take whole
 * pages only as long as the last one is not begun, so filling up from the start
 * is the one way to any room.
 */
size_t
pl_leave_room(struct pl_pair p, size_t room)
{
	char buffer[512];
	size_t capacity = pl_fill(p.w, 4096), total = 0;
	int flags;

	pl_drain(p.r);
	if (capacity < room)
		pl_broken("%s takes only %zu bytes", pl_slot(p.w), capacity);
	flags = begin_nonblocking(p.w);
	while (total < capacity - room) {
		size_t left = capacity - room - total;
		size_t size = left < sizeof(buffer) ? left : sizeof(buffer);

		pl_payload(buffer, size, 0, total);
		if (write(p.w, buffer, size) != (ssize_t)size)
			pl_broken("%s does not take what it took before", pl_slot(p.w));
		total += size;
	}
	restore(p.w, flags);
	pl_note("filled %s with %zu bytes, room for %zu more", pl_slot(p.w), total, room);
	return (total);
}

/* Read up to size bytes without blocking, until nothing waits. */
static size_t
take(int fd, size_t size)
{
	char buffer[16384];
	size_t total = 0;
	int flags = begin_nonblocking(fd);

	while (total < size) {
		size_t want = size - total < sizeof(buffer) ? size - total : sizeof(buffer);
		ssize_t n = read(fd, buffer, want);

		if (n == 0 || (n == -1 && errno == EAGAIN))
			break;
		if (n == -1)
			pl_broken("draining %s: errno %d", pl_slot(fd), errno);
		total += (size_t)n;
	}
	restore(fd, flags);
	pl_note("took %zu bytes from %s", total, pl_slot(fd));
	return (total);
}

size_t
pl_take(int fd, size_t size)
{
	return (take(fd, size));
}

size_t
pl_drain(int fd)
{
	return (take(fd, (size_t)-1));
}
