#include "fill.h"

#include <sys/socket.h>

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

size_t
pl_fill(int fd, size_t chunk)
{
	char *buffer = malloc(chunk);
	size_t total = 0, size = chunk;
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
	pl_note("filled %s with %zu bytes", pl_slot(fd), total);
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
