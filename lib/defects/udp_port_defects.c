/*
 * Kernels that are wrong about UDP ports: who may have one, who gets what is sent
 * to it, and where it seems to come from.  And about UDP-Lite.
 */

#include "naming_defects.h"

#include "defects.h"

#include <string.h>

#define SECOND_HOST (INADDR_LOOPBACK + 1)
#define LITE 136

static in_port_t
port_of(int fd)
{
	struct sockaddr_storage name = { 0 };
	socklen_t size = sizeof(name);
	int error = errno;

	real.getsockname(fd, (struct sockaddr *)&name, &size);
	errno = error;
	return (((struct sockaddr_in *)&name)->sin_port);
}

static in_port_t
port_in(const struct sockaddr *name)
{
	return (((const struct sockaddr_in *)name)->sin_port);
}

/* An address that stands for every host. */
static bool
is_wildcard(const struct sockaddr *name)
{
	if (name->sa_family == AF_INET)
		return (((const struct sockaddr_in *)name)->sin_addr.s_addr == 0);
	return (IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)name)->sin6_addr));
}

static bool
is_second_host(const struct sockaddr *name)
{
	return (name != NULL && name->sa_family == AF_INET &&
	    ((const struct sockaddr_in *)name)->sin_addr.s_addr == htonl(SECOND_HOST));
}

/* Is this host one of several on its port by that option? */
static bool
shares(int fd, int option)
{
	int error = errno;
	bool answer = is_udp(fd) && option_of(fd, option) != 0;

	errno = error;
	return (answer);
}

/* accept(2) */

static int
accept_without_peer(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	return (is_udp(fd) ? failure(ENOTCONN) : result);
}
DEFECT(udp-accept-is-enotconn, .accept = accept_without_peer);

static int
accept_takes(int fd, struct sockaddr *name, socklen_t *size)
{
	char byte;

	if (is_udp(fd))
		real.recv(fd, &byte, 1, MSG_DONTWAIT);
	return (real.accept(fd, name, size));
}
DEFECT(udp-accept-takes-a-datagram, .accept = accept_takes);

/* bind(2) */

static int
bound_again(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (is_udp(fd) && port_of(fd) != 0 ? tolerated(result, EINVAL) : result);
}
DEFECT(udp-second-binding-tolerated, .bind = bound_again);

static int
bound_after_sendto(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);
	bool connected = is_connected(fd);

	if (result == -1 && is_udp(fd) && !connected && port_of(fd) != 0)
		return (0);
	return (result == -1 && connected ? failure(EINVAL) : result);
}
DEFECT(udp-bind-after-sendto-tolerated, .bind = bound_after_sendto);

static int
wildcard_never_second(int fd, const struct sockaddr *name, socklen_t size)
{
	if (port_in(name) != 0 && shares(fd, SO_REUSEADDR) && is_wildcard(name))
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(udp-reuseaddr-not-for-a-later-wildcard, .bind = wildcard_never_second);

/* What is said to be bound, and is not: everything goes to the others. */
static int
specific_in_name_only(int fd, const struct sockaddr *name, socklen_t size)
{
	struct sockaddr_storage any_port;

	if (!shares(fd, SO_REUSEADDR) || is_wildcard(name) || port_in(name) == 0)
		return (real.bind(fd, name, size));
	memcpy(&any_port, name, size);
	((struct sockaddr_in *)&any_port)->sin_port = 0;
	return (real.bind(fd, (struct sockaddr *)&any_port, size));
}
DEFECT(udp-wildcard-goes-before-specific, .bind = specific_in_name_only);

static int
port_for_all_hosts(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_second_host(name) && port_in(name) != 0 && is_udp(fd) && !shares(fd, SO_REUSEADDR))
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(udp-port-is-taken-on-all-hosts, .bind = port_for_all_hosts);

/* The ports of sockets that were closed. */
static bool closed_ports[65536];

static int
note_closed_port(int fd)
{
	if (is_udp(fd))
		closed_ports[port_of(fd)] = true;
	return (real.close(fd));
}

static int
port_lingers(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_udp(fd) && port_in(name) != 0 && closed_ports[port_in(name)])
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(udp-port-lingers-after-close, .close = note_closed_port, .bind = port_lingers);

static int
queue_inherited(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	if (result == 0 && is_udp(fd) && port_in(name) != 0 && closed_ports[port_in(name)]) {
		real.sendto(fd, "unread", 6, 0, name, size);
		real.poll(&entry, 1, 1000);
	}
	return (result);
}
DEFECT(udp-queue-outlives-its-socket, .close = note_closed_port, .bind = queue_inherited);

/* sendto(2) */

static ssize_t
second_host_unreached(int fd, const void *buffer, size_t size, int flags,
    const struct sockaddr *name, socklen_t length)
{
	if (is_second_host(name) && is_udp(fd))
		return ((ssize_t)size);
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(udp-second-host-is-unreached, .sendto = second_host_unreached);

static ssize_t
seventh_lost(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	static int count;

	if (is_udp(fd) && ++count % 7 == 0)
		return ((ssize_t)size);
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(udp-seventh-datagram-is-lost, .sendto = seventh_lost);

/* From a port that is another one each time, as balancing by turns would have it. */
static ssize_t
sent_by_turns(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n;
	int other;

	if (name == NULL || !is_udp(fd))
		return (real.sendto(fd, buffer, size, flags, name, length));
	other = real.socket(name->sa_family, SOCK_DGRAM, 0);
	n = real.sendto(other, buffer, size, flags, name, length);
	real.close(other);
	return (n);
}
DEFECT(udp-members-take-turns, .sendto = sent_by_turns);

/* recv(2) and the like */

static struct {
	int fd;
	char bytes[64];
	ssize_t size; /* 0: none */
} copy;

static ssize_t
copied_to_all(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (!shares(fd, SO_REUSEPORT))
		return (n);
	if (n > 0 && n <= (ssize_t)sizeof(copy.bytes)) {
		copy.fd = fd;
		copy.size = n;
		memcpy(copy.bytes, buffer, (size_t)n);
	} else if (n == -1 && copy.size > 0 && copy.fd != fd) {
		n = copy.size < (ssize_t)size ? copy.size : (ssize_t)size;
		memcpy(buffer, copy.bytes, (size_t)n);
		copy.size = 0;
	}
	return (n);
}
DEFECT(udp-unicast-goes-to-all-members, .recv = copied_to_all);

#define SOURCE(ident, change)                                                                     \
	static ssize_t ident(int fd, void *buffer, size_t size, int flags, struct sockaddr *name, \
	    socklen_t *length)                                                                    \
	{                                                                                         \
		ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);                 \
		struct sockaddr_in *in = (struct sockaddr_in *)name;                              \
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)name;                           \
                                                                                                  \
		(void)in6;                                                                        \
		if (n >= 0 && name != NULL && is_udp(fd)) {                                       \
			change;                                                                   \
		}                                                                                 \
		return (n);                                                                       \
	}

SOURCE(first_host, if (is_second_host(name)) in->sin_addr.s_addr = htonl(INADDR_LOOPBACK))
DEFECT(udp-source-is-the-first-host, .recvfrom = first_host);

SOURCE(no_host, if (name->sa_family == AF_INET) in->sin_addr.s_addr = 0;
       else in6->sin6_addr = in6addr_any)
DEFECT(udp-source-has-no-host, .recvfrom = no_host);

SOURCE(own_port, in->sin_port = port_of(fd))
DEFECT(udp-source-has-the-port-of-the-receiver, .recvfrom = own_port);

static in_port_t first_port;

SOURCE(first_sender, if (first_port == 0) first_port = in->sin_port; in->sin_port = first_port)
DEFECT(udp-source-is-the-first-sender, .recvfrom = first_sender);

static struct sockaddr_storage own_name;

SOURCE(destination_host,
       real.getsockname(fd, (struct sockaddr *)&own_name, &(socklen_t){ sizeof(own_name) });
       if (name->sa_family == AF_INET && is_wildcard((struct sockaddr *)&own_name))
	   in->sin_addr.s_addr = htonl(SECOND_HOST))
DEFECT(udp-source-is-the-destination, .recvfrom = destination_host);

static ssize_t
last_byte_lost(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 48 && is_udp(fd) ? n - 1 : n);
}
DEFECT(udp-long-message-loses-its-last-byte, .read = last_byte_lost);

static ssize_t
nul_replaced(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n > 0 && is_udp(fd) && ((char *)buffer)[n - 1] == '\0')
		((char *)buffer)[n - 1] = '\n';
	return (n);
}
DEFECT(udp-message-is-a-line, .read = nul_replaced);

static ssize_t
padded(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n > 8 && (size_t)n < size && is_udp(fd))
		((char *)buffer)[n] = '\0';
	return (n);
}
DEFECT(udp-message-gets-a-nul-behind-it, .read = padded);

/* UDP-Lite */

static int
lite_is_udp(int domain, int type, int protocol)
{
	return (real.socket(domain, type, protocol == LITE ? IPPROTO_UDP : protocol));
}
DEFECT(udp-lite-is-udp, .socket = lite_is_udp);

static int coverage;

static int
note_coverage(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == LITE && size == sizeof(coverage))
		memcpy(&coverage, value, sizeof(coverage));
	return (real.setsockopt(fd, level, name, value, size));
}

static int
coverage_as_set(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == LITE && *size == sizeof(coverage))
		memcpy(value, &coverage, sizeof(coverage));
	return (result);
}
DEFECT(udp-lite-coverage-of-less-than-the-header, .setsockopt = note_coverage,
    .getsockopt = coverage_as_set);

static int
lite_options_for_udp(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (level == LITE ? tolerated(result, ENOPROTOOPT) : result);
}
DEFECT(udp-takes-lite-options, .setsockopt = lite_options_for_udp);
