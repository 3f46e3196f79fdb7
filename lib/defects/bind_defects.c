/*
 * Kernels that give sockets names wrongly, or let them share names.
 */

#include <netinet/in.h>

#include <string.h>
#include <unistd.h>

#include "defects.h"
#include "naming_defects.h"

/* Options that one system lacks: there a defect of them never shows. */
#ifndef IP_FREEBIND
#define IP_FREEBIND (-1)
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT (-1)
#endif

/* bind() */

static int
bind_fault_einval(int fd, const struct sockaddr *name, socklen_t size)
{
	return (renamed(real.bind(fd, name, size), EFAULT, EINVAL));
}
DEFECT(bind-fault-einval, .bind = bind_fault_einval);

static int
bind_fault_binds(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	if (result == -1 && errno == EFAULT) {
		bind_anywhere(fd);
		errno = EFAULT;
	}
	return (result);
}
DEFECT(bind-fault-binds, .bind = bind_fault_binds);

static int
bind_again(int fd, const struct sockaddr *name, socklen_t size)
{
	struct sockaddr_storage own;
	socklen_t room = sizeof(own);
	int result = real.bind(fd, name, size);

	/* The shortest names are those of sockets without one. */
	if (result == -1 && errno == EINVAL && size > sizeof(sa_family_t) && !is_connected(fd) &&
	    real.getsockname(fd, (struct sockaddr *)&own, &room) == 0 &&
	    (own.ss_family == AF_UNIX ? room > 2 : ((struct sockaddr_in *)&own)->sin_port != 0))
		return (0);
	return (result);
}
DEFECT(bind-again-accepted, .bind = bind_again);

static int
bind_any_family(int fd, const struct sockaddr *name, socklen_t size)
{
	struct sockaddr_in a;

	if (size != sizeof(a) || name->sa_family != 250)
		return (real.bind(fd, name, size));
	memcpy(&a, name, sizeof(a));
	a.sin_family = AF_INET;
	return (real.bind(fd, (struct sockaddr *)&a, sizeof(a)));
}
DEFECT(bind-ignores-family, .bind = bind_any_family);

static int
bind_unspecified(int fd, const struct sockaddr *name, socklen_t size)
{
	if (size == sizeof(struct sockaddr_in) && name->sa_family == AF_UNSPEC)
		return (bind_anywhere(fd));
	return (real.bind(fd, name, size));
}
DEFECT(bind-unspecified-is-inet, .bind = bind_unspecified);

static int
bind_without_padding(int fd, const struct sockaddr *name, socklen_t size)
{
	return (real.bind(fd, name, size == 8 ? 16 : size));
}
DEFECT(bind-without-padding, .bind = bind_without_padding);

static int
bind_exact_length(int fd, const struct sockaddr *name, socklen_t size)
{
	bool longer = size > sizeof(struct sockaddr_in) && size <= 128;

	return (longer && name->sa_family == AF_INET ? failure(EINVAL) : real.bind(fd, name, size));
}
DEFECT(bind-exact-length-only, .bind = bind_exact_length);

static int
bind_any_length(int fd, const struct sockaddr *name, socklen_t size)
{
	return (real.bind(fd, name, size > 128 && size < 1024 ? 128 : size));
}
DEFECT(bind-any-length, .bind = bind_any_length);

static int
padding_kept(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && name->sa_family == AF_INET)
		memset(((struct sockaddr_in *)name)->sin_zero, 0xff, 8);
	return (result);
}
DEFECT(getsockname-padding-kept, .getsockname = padding_kept);

static int
bind_foreign(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (result == -1 && errno == EADDRNOTAVAIL ? bind_anywhere(fd) : result);
}
DEFECT(bind-foreign-host, .bind = bind_foreign);

static int
bind_last_reserved(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);

	return (a != NULL && ntohs(a->sin_port) == 1023 ? bind_anywhere(fd)
							: real.bind(fd, name, size));
}
DEFECT(bind-1023-for-all, .bind = bind_last_reserved);

static int
bind_first_free(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);

	return (a != NULL && ntohs(a->sin_port) == 1024 && geteuid() != 0
		? failure(EACCES)
		: real.bind(fd, name, size));
}
DEFECT(bind-1024-reserved, .bind = bind_first_free);

/* Bind to the first port from that on which is free. */
static int
bind_from(int fd, const struct sockaddr_in *name, unsigned port, unsigned *next)
{
	struct sockaddr_in a = *name;
	int result;

	do {
		a.sin_port = htons((in_port_t)port++);
		result = real.bind(fd, (struct sockaddr *)&a, sizeof(a));
	} while (result == -1 && errno == EADDRINUSE);
	*next = port;
	return (result);
}

static int
bind_low_port(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);
	static unsigned next = 5000;

	return (a != NULL && a->sin_port == 0 ? bind_from(fd, a, next, &next)
					      : real.bind(fd, name, size));
}
DEFECT(bind-chooses-low-ports, .bind = bind_low_port);

static int
bind_next_port(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);
	static unsigned next = 40000;

	return (a != NULL && a->sin_port == 0 ? bind_from(fd, a, next, &next)
					      : real.bind(fd, name, size));
}
DEFECT(bind-chooses-next-port, .bind = bind_next_port);

static int
one_port_for_all(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	static in_port_t first;

	if (result == 0 && name->sa_family == AF_INET) {
		if (first == 0)
			first = ((struct sockaddr_in *)name)->sin_port;
		((struct sockaddr_in *)name)->sin_port = first;
	}
	return (result);
}
DEFECT(getsockname-one-port-for-all, .getsockname = one_port_for_all);

static int
bind_exhausted(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);
	int result = real.bind(fd, name, size);

	return (a != NULL && a->sin_port == 0 ? renamed(result, EADDRINUSE, EAGAIN) : result);
}
DEFECT(bind-exhausted-eagain, .bind = bind_exhausted);

static int
bind_one_loopback(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);

	return (a != NULL && ntohl(a->sin_addr.s_addr) == 0x7f000002 ? failure(EADDRNOTAVAIL)
								     : real.bind(fd, name, size));
}
DEFECT(bind-one-loopback-host, .bind = bind_one_loopback);

static int
bind_no_broadcast(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);

	return (a != NULL && a->sin_addr.s_addr == INADDR_BROADCAST ? failure(EADDRNOTAVAIL)
								    : real.bind(fd, name, size));
}
DEFECT(bind-no-broadcast, .bind = bind_no_broadcast);

static int
bind_no_group(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);

	return (a != NULL && IN_MULTICAST(ntohl(a->sin_addr.s_addr)) ? failure(EAFNOSUPPORT)
								     : real.bind(fd, name, size));
}
DEFECT(bind-no-group, .bind = bind_no_group);

static int
bind_port_is_key(int fd, const struct sockaddr *name, socklen_t size)
{
	if (size == sizeof(struct sockaddr_in6) && name->sa_family == AF_INET6 &&
	    ((const struct sockaddr_in6 *)name)->sin6_port != 0)
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(bind-port-alone-is-key, .bind = bind_port_is_key);

static int
bind_connected(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_connected(fd) ? 0 : real.bind(fd, name, size));
}
DEFECT(bind-takes-connections, .bind = bind_connected);

static int
bind_half_done(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	if (result == -1 && errno == EADDRINUSE) {
		bind_anywhere(fd);
		errno = EADDRINUSE;
	}
	return (result);
}
DEFECT(bind-half-done, .bind = bind_half_done);

static int
freebind_for_root(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == IPPROTO_IP && name == IP_FREEBIND && geteuid() != 0)
		return (failure(EPERM));
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(setsockopt-freebind-for-root, .setsockopt = freebind_for_root);

static int
freebind_for_all(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);
	int on = 1;

	if (a != NULL && ntohl(a->sin_addr.s_addr) == 0xcb007101)
		real.setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	return (real.bind(fd, name, size));
}
DEFECT(bind-freebind-for-all, .bind = freebind_for_all);

static int
port_at_once(int fd, const struct sockaddr *name, socklen_t size)
{
	int off = 0;

	real.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &off, sizeof(off));
	return (real.bind(fd, name, size));
}
DEFECT(bind-port-at-once, .bind = port_at_once);

/* SO_REUSEADDR and SO_REUSEPORT */

/* Bind to a name that is taken, as far as the caller can see. */
static int
share(int fd, const struct sockaddr *name, socklen_t size, bool allowed)
{
	int result = real.bind(fd, name, size);

	return (result == -1 && errno == EADDRINUSE && allowed ? bind_anywhere(fd) : result);
}

static int
duplicate_datagrams(int fd, const struct sockaddr *name, socklen_t size)
{
	return (share(fd, name, size, socket_type(fd) == SOCK_DGRAM));
}
DEFECT(bind-shares-datagram-ports, .bind = duplicate_datagrams);

static int
specific_beside_wildcard(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);

	return (share(fd, name, size, a != NULL && a->sin_addr.s_addr == htonl(INADDR_ANY)));
}
DEFECT(bind-wildcard-beside-specific, .bind = specific_beside_wildcard);

static int
newcomer_decides(int fd, const struct sockaddr *name, socklen_t size)
{
	return (share(fd, name, size, option_of(fd, SO_REUSEPORT) != 0));
}
DEFECT(bind-reuseport-of-newcomer, .bind = newcomer_decides);

static int
user_joins(int fd, const struct sockaddr *name, socklen_t size)
{
	return (share(fd, name, size, geteuid() != 0 && option_of(fd, SO_REUSEPORT) != 0));
}
DEFECT(bind-reuseport-other-user, .bind = user_joins);

static int
steal_from_listener(int fd, const struct sockaddr *name, socklen_t size)
{
	return (share(
	    fd, name, size, socket_type(fd) == SOCK_STREAM && option_of(fd, SO_REUSEADDR) != 0));
}
DEFECT(bind-reuseaddr-steals, .bind = steal_from_listener);

static int
reuseaddr_without_effect(int fd, int level, int name, const void *value, socklen_t size)
{
	return (level == SOL_SOCKET && name == SO_REUSEADDR && socket_type(fd) == SOCK_DGRAM
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(setsockopt-reuseaddr-not-for-udp, .setsockopt = reuseaddr_without_effect);

static int
time_wait_absolute(int fd, int level, int name, const void *value, socklen_t size)
{
	return (level == SOL_SOCKET && name == SO_REUSEADDR && socket_type(fd) == SOCK_STREAM
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(setsockopt-reuseaddr-not-for-tcp, .setsockopt = time_wait_absolute);

static int
no_time_wait(int fd, const struct sockaddr *name, socklen_t size)
{
	return (share(
	    fd, name, size, socket_type(fd) == SOCK_STREAM && option_of(fd, SO_REUSEADDR) == 0));
}
DEFECT(bind-no-time-wait, .bind = no_time_wait);

static int
reuseport_without_effect(int fd, int level, int name, const void *value, socklen_t size)
{
	return (level == SOL_SOCKET && name == SO_REUSEPORT
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(setsockopt-reuseport-without-effect, .setsockopt = reuseport_without_effect);

static int
one_listener(int fd, int backlog)
{
	static int listeners;

	return (option_of(fd, SO_REUSEPORT) != 0 && listeners++ > 0 ? failure(EADDRINUSE)
								    : real.listen(fd, backlog));
}
DEFECT(listen-one-of-a-group, .listen = one_listener);

static int
reuseaddr_is_enough(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *a = inet_of(name, size);

	return (share(fd, name, size,
	    a != NULL && option_of(fd, SO_REUSEADDR) != 0 && socket_type(fd) == SOCK_DGRAM));
}
DEFECT(bind-reuseaddr-of-newcomer, .bind = reuseaddr_is_enough);

/* All datagrams are of one flow, which one socket of a group gets. */
static ssize_t
one_flow(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	static int flow = -1;

	if (name == NULL || !is_udp(fd))
		return (real.sendto(fd, buffer, size, flags, name, length));
	if (flow == -1)
		flow = moved_up(real.socket(name->sa_family, SOCK_DGRAM, 0));
	return (real.sendto(flow, buffer, size, flags, name, length));
}
DEFECT(sendto-one-flow, .sendto = one_flow);

static ssize_t
to_wildcard(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	struct sockaddr_in a;

	if (inet_of(name, length) == NULL)
		return (real.sendto(fd, buffer, size, flags, name, length));
	memcpy(&a, name, sizeof(a));
	a.sin_addr.s_addr = htonl(0x7f000002);
	return (real.sendto(fd, buffer, size, flags, (struct sockaddr *)&a, sizeof(a)));
}
DEFECT(sendto-prefers-wildcard, .sendto = to_wildcard);
