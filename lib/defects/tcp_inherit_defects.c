/*
 * Kernels that are wrong about what an accepted TCP socket has from its listener,
 * and about the flags of accept4(2).
 */

#include "defects.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Status flags that the listener has are set on the new socket. */
static int
inherit(int listener, int made, int flags)
{
	int error = errno;

	if (made != -1 && is_tcp(made)) {
		flags &= real.fcntl(listener, F_GETFL, 0);
		real.fcntl(made, F_SETFL, real.fcntl(made, F_GETFL, 0) | flags);
	}
	errno = error;
	return (made);
}

static int
with_nonblock(int fd, struct sockaddr *name, socklen_t *size)
{
	return (inherit(fd, real.accept(fd, name, size), O_NONBLOCK));
}
DEFECT(tcp-accept-inherits-o-nonblock, .accept = with_nonblock);

static int
with_async(int fd, struct sockaddr *name, socklen_t *size)
{
	return (inherit(fd, real.accept(fd, name, size), O_ASYNC));
}
DEFECT(tcp-accept-inherits-o-async, .accept = with_async);

static int
inherit_owner(int listener, int made)
{
	int owner = made != -1 && is_tcp(made) ? real.fcntl(listener, F_GETOWN, 0) : 0;

	if (owner > 0)
		real.fcntl(made, F_SETOWN, owner);
	return (made);
}

static int
with_owner(int fd, struct sockaddr *name, socklen_t *size)
{
	return (inherit_owner(fd, real.accept(fd, name, size)));
}
DEFECT(tcp-accept-inherits-the-owner, .accept = with_owner);

/* The number of the owner is not told, but the signal comes. */
static int
owner_unseen(int fd, int command, long argument)
{
	return (command == F_GETOWN && is_tcp(fd) ? 0 : real.fcntl(fd, command, argument));
}
DEFECT(tcp-accept-inherits-the-owner-unseen, .accept = with_owner, .fcntl = owner_unseen);

static int
with_cloexec(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && is_tcp(made) && (real.fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) != 0)
		real.fcntl(made, F_SETFD, FD_CLOEXEC);
	return (made);
}
DEFECT(tcp-accept-inherits-close-on-exec, .accept = with_cloexec);

/* Options */

static int
accept_with_option(int fd, struct sockaddr *name, socklen_t *size, int level, int option, int value)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && is_tcp(made))
		real.setsockopt(made, level, option, &value, sizeof(value));
	return (made);
}

static int
default_interval(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_with_option(fd, name, size, IPPROTO_TCP, TCP_KEEPINTVL, 75));
}
DEFECT(tcp-accept-forgets-the-keepalive-interval, .accept = default_interval);

static int
default_count(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_with_option(fd, name, size, IPPROTO_TCP, TCP_KEEPCNT, 9));
}
DEFECT(tcp-accept-forgets-the-keepalive-count, .accept = default_count);

static int
default_mark(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_with_option(fd, name, size, SOL_SOCKET, SO_RCVLOWAT, 1));
}
DEFECT(tcp-accept-forgets-the-low-water-mark, .accept = default_mark);

static int
no_timeout(int fd, struct sockaddr *name, socklen_t *size)
{
	const struct timeval none = { 0 };
	int made = real.accept(fd, name, size);

	if (made != -1 && is_tcp(made))
		real.setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	return (made);
}
DEFECT(tcp-accept-forgets-the-send-timeout, .accept = no_timeout);

static int
default_buffer(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_with_option(fd, name, size, SOL_SOCKET, SO_SNDBUF, 10000));
}
DEFECT(tcp-accept-forgets-the-send-buffer, .accept = default_buffer);

static int
no_reuseaddr(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_with_option(fd, name, size, SOL_SOCKET, SO_REUSEADDR, 0));
}
DEFECT(tcp-accept-forgets-so-reuseaddr, .accept = no_reuseaddr);

static int
nagle(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_with_option(fd, name, size, IPPROTO_TCP, TCP_NODELAY, 0));
}
DEFECT(tcp-accept-forgets-tcp-nodelay, .accept = nagle);

/* What sockets begin with. */
static int
default_algorithm(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size), fresh = real.socket(AF_INET, SOCK_STREAM, 0);
	char text[32] = "";
	socklen_t length = sizeof(text) - 1;

	if (made != -1 && is_tcp(made) &&
	    real.getsockopt(fresh, IPPROTO_TCP, TCP_CONGESTION, text, &length) == 0)
		real.setsockopt(made, IPPROTO_TCP, TCP_CONGESTION, text, (socklen_t)strlen(text));
	real.close(fresh);
	return (made);
}
DEFECT(tcp-accept-forgets-the-congestion-algorithm, .accept = default_algorithm);

static int
option_of_today(int fd, struct sockaddr *name, socklen_t *size)
{
	int on = 0;
	socklen_t length = sizeof(on);

	real.getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &length);
	return (accept_with_option(fd, name, size, SOL_SOCKET, SO_KEEPALIVE, on));
}
DEFECT(tcp-accept-copies-options-late, .accept = option_of_today);

/* TCP_DEFER_ACCEPT, which has no name on every system: a number of this one. */
static int
defer_nothing(int fd, int level, int name, const void *value, socklen_t size)
{
	bool is_plain = level != IPPROTO_TCP || name == TCP_NODELAY || name == TCP_KEEPIDLE ||
	    name == TCP_KEEPINTVL || name == TCP_KEEPCNT || name == TCP_CONGESTION;

	return (is_plain || !is_tcp(fd) ? real.setsockopt(fd, level, name, value, size) : 0);
}
DEFECT(tcp-defer-accept-without-effect, .setsockopt = defer_nothing);

static int
defer_for_ever(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_tcp(fd) && is_nonblocking(fd) ? failure(EAGAIN) : real.accept(fd, name, size));
}
DEFECT(tcp-accept-nonblocking-finds-nobody, .accept = defer_for_ever);

/* accept4 */

static int
flags_swapped(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	const int both = SOCK_NONBLOCK | SOCK_CLOEXEC;

	if ((flags & both) == SOCK_NONBLOCK || (flags & both) == SOCK_CLOEXEC)
		flags ^= both;
	return (real.accept4(fd, name, size, flags));
}
DEFECT(accept4-swaps-its-flags, .accept4 = flags_swapped);

static int
one_flag_only(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	if ((flags & SOCK_NONBLOCK) != 0)
		flags &= ~SOCK_CLOEXEC;
	return (real.accept4(fd, name, size, flags));
}
DEFECT(accept4-takes-one-flag, .accept4 = one_flag_only);

static int
flag_for_the_listener(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	int made = real.accept4(fd, name, size, flags);

	if (made != -1 && (flags & SOCK_NONBLOCK) != 0)
		real.fcntl(fd, F_SETFL, real.fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
	return (made);
}
DEFECT(accept4-makes-the-listener-nonblocking, .accept4 = flag_for_the_listener);

static int
cloexec_for_the_listener(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	int made = real.accept4(fd, name, size, flags);

	if (made != -1 && (flags & SOCK_CLOEXEC) != 0)
		real.fcntl(fd, F_SETFD, FD_CLOEXEC);
	return (made);
}
DEFECT(accept4-closes-the-listener-on-exec, .accept4 = cloexec_for_the_listener);

static int
inherit_as_accept(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	return (inherit(fd, real.accept4(fd, name, size, flags), O_NONBLOCK));
}
DEFECT(accept4-inherits-o-nonblock, .accept4 = inherit_as_accept);

static int
inherit_cloexec(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	if ((real.fcntl(fd, F_GETFD, 0) & FD_CLOEXEC) != 0)
		flags |= SOCK_CLOEXEC;
	return (real.accept4(fd, name, size, flags));
}
DEFECT(accept4-inherits-close-on-exec, .accept4 = inherit_cloexec);

static int
unknown_ignored(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	return (real.accept4(fd, name, size, flags & (SOCK_NONBLOCK | SOCK_CLOEXEC)));
}
DEFECT(accept4-ignores-unknown-flags, .accept4 = unknown_ignored);

/* Only when nothing else is wrong with the flags is the unknown one looked at. */
static int
unknown_beside_known(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	const int known = flags & (SOCK_NONBLOCK | SOCK_CLOEXEC);

	return (real.accept4(fd, name, size, known != 0 ? known : flags));
}
DEFECT(accept4-unknown-flag-hides-behind-known, .accept4 = unknown_beside_known);

static int
unknown_consumes(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	int made = real.accept4(fd, name, size, flags);

	if (made == -1 && errno == EINVAL && (readiness(fd, POLLIN) & POLLIN) != 0 && is_tcp(fd)) {
		made = real.accept(fd, NULL, NULL);
		if (made != -1)
			real.close(made);
		return (failure(EINVAL));
	}
	return (made);
}
DEFECT(accept4-einval-drops-the-client, .accept4 = unknown_consumes);

static int
inherit_async(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	return (inherit(fd, real.accept4(fd, name, size, flags), O_ASYNC));
}
DEFECT(accept4-inherits-o-async, .accept4 = inherit_async);

static int
owner_as_accept(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	return (inherit_owner(fd, real.accept4(fd, name, size, flags)));
}
DEFECT(accept4-inherits-the-owner, .accept4 = owner_as_accept);
