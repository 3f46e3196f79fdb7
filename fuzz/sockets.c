#include "sockets.h"

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "target.h"

#define UNTOUCHED 0xa5

static const struct {
	int domain, type;
} kinds[SOCKET_KINDS] = {
	[SOCKET_UNIX_STREAM] = { AF_UNIX, SOCK_STREAM },
	[SOCKET_UNIX_DGRAM] = { AF_UNIX, SOCK_DGRAM },
	[SOCKET_UNIX_SEQPACKET] = { AF_UNIX, SOCK_SEQPACKET },
	[SOCKET_TCP4] = { AF_INET, SOCK_STREAM },
	[SOCKET_TCP6] = { AF_INET6, SOCK_STREAM },
	[SOCKET_UDP4] = { AF_INET, SOCK_DGRAM },
	[SOCKET_UDP6] = { AF_INET6, SOCK_DGRAM },
};

int
socket_kind_domain(enum socket_kind kind)
{
	return (kinds[kind].domain);
}

int
socket_kind_type(enum socket_kind kind)
{
	return (kinds[kind].type);
}

static bool alone;

/* Listeners of the kinds of TCP, and their names; -1 where there is no such kind. */
static int listeners[SOCKET_KINDS];
static struct sockaddr_storage names[SOCKET_KINDS];
static socklen_t lengths[SOCKET_KINDS];

bool
sockets_alone(void)
{
	return (alone);
}

static int
make(enum socket_kind kind, int flags)
{
	int fd = socket(kinds[kind].domain, kinds[kind].type | SOCK_CLOEXEC | flags, 0);

	fuzz_setup(fd != -1, "socket");
	return (fd);
}

int
socket_make(enum socket_kind kind)
{
	return (make(kind, SOCK_NONBLOCK));
}

/* The address of loopback in that domain, with a port of the kernel's choice. */
static socklen_t
loopback(int domain, struct sockaddr_storage *name)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };

	memset(name, 0, sizeof(*name));
	if (domain == AF_INET)
		memcpy(name, &in, sizeof(in));
	else
		memcpy(name, &in6, sizeof(in6));
	return (domain == AF_INET ? sizeof(in) : sizeof(in6));
}

/* Bind to a port of loopback and give that name. */
static socklen_t
bind_loopback(int fd, int domain, struct sockaddr_storage *name)
{
	socklen_t length = loopback(domain, name);

	fuzz_setup(bind(fd, (struct sockaddr *)name, length) != -1, "bind");
	fuzz_setup(getsockname(fd, (struct sockaddr *)name, &length) != -1, "getsockname");
	return (length);
}

static void
make_udp_pair(enum socket_kind kind, int fd[2])
{
	struct sockaddr_storage name[2];
	socklen_t length[2];

	for (int i = 0; i < 2; i++) {
		fd[i] = socket_make(kind);
		length[i] = bind_loopback(fd[i], kinds[kind].domain, &name[i]);
	}
	for (int i = 0; i < 2; i++)
		fuzz_setup(
		    connect(fd[i], (struct sockaddr *)&name[!i], length[!i]) != -1, "connect");
}

int
socket_connect(int fd, const void *name, socklen_t length)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (connect(fd, name, length) == 0)
		return (0);
	if (errno != EINTR && errno != EINPROGRESS)
		return (-1);
	/* It goes on: POSIX connect(). */
	if (!socket_await(fd, POLLOUT | POLLHUP | POLLERR))
		error = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	errno = error;
	return (error == 0 ? 0 : -1);
}

int
socket_accept(int listener)
{
	int fd;

	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd == -1 && errno == EINTR);
	return (fd);
}

static void
make_tcp_pair(enum socket_kind kind, int fd[2])
{
	fd[0] = make(kind, 0);
	fuzz_setup(socket_connect(fd[0], &names[kind], lengths[kind]) == 0, "connect");
	fuzz_setup((fd[1] = socket_accept(listeners[kind])) != -1, "accept");
}

void
sockets_prepare(void)
{
	static const enum socket_kind tcp[] = { SOCKET_TCP4, SOCKET_TCP6 };

	alone = pl_os_private_network() == 0;
	for (size_t i = 0; i < 2; i++) {
		enum socket_kind kind = tcp[i];
		int fd = socket(kinds[kind].domain, SOCK_STREAM | SOCK_CLOEXEC, 0);

		lengths[kind] = loopback(kinds[kind].domain, &names[kind]);
		if (fd != -1 && bind(fd, (struct sockaddr *)&names[kind], lengths[kind]) == -1) {
			close(fd);
			fd = -1;
		}
		listeners[kind] = fd;
		if (fd == -1)
			continue;
		fuzz_setup(getsockname(fd, (struct sockaddr *)&names[kind], &lengths[kind]) == 0 &&
			listen(fd, 8) == 0,
		    "listen");
	}
}

bool
socket_kind_exists(enum socket_kind kind)
{
	if (kinds[kind].domain == AF_UNIX)
		return (true);
	return (listeners[kinds[kind].domain == AF_INET ? SOCKET_TCP4 : SOCKET_TCP6] != -1);
}

void
socket_make_pair(enum socket_kind kind, int fd[2])
{
	if (kinds[kind].domain == AF_UNIX)
		fuzz_setup(socketpair(AF_UNIX, kinds[kind].type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
			       fd) == 0,
		    "socketpair");
	else if (kinds[kind].type == SOCK_DGRAM)
		make_udp_pair(kind, fd);
	else
		make_tcp_pair(kind, fd);
}

void
socket_discard(int fd)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

bool
socket_await(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };
	int count;

	do
		count = poll(&entry, 1, 1000);
	while (count == -1 && errno == EINTR);
	return (count == 1 && (entry.revents & events) != 0);
}

void
watched_prepare(struct watched *w, size_t room)
{
	w->room = room < WATCHED_ROOM ? room : WATCHED_ROOM;
	memset(w->before, UNTOUCHED, sizeof(w->before));
	memset(w->bytes, UNTOUCHED, w->room + WATCHED_AROUND);
}

bool
watched_whole(const struct watched *w)
{
	for (size_t i = 0; i < WATCHED_AROUND; i++)
		if (w->before[i] != UNTOUCHED || w->bytes[w->room + i] != UNTOUCHED)
			return (false);
	return (true);
}

void
descriptors_note(bool open[DESCRIPTORS])
{
	struct pollfd entries[DESCRIPTORS];

	for (int i = 0; i < DESCRIPTORS; i++)
		entries[i] = (struct pollfd){ .fd = i };
	fuzz_setup(poll(entries, DESCRIPTORS, 0) != -1, "poll");
	for (int i = 0; i < DESCRIPTORS; i++)
		open[i] = (entries[i].revents & POLLNVAL) == 0;
}
