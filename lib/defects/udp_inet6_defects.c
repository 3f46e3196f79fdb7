/*
 * Kernels that get datagrams over IPv6 wrong.
 */

#include "defects.h"

#include <netinet/in.h>

#include <string.h>

static bool
is_six(const struct sockaddr *name)
{
	return (name != NULL && name->sa_family == AF_INET6);
}

static bool
is_udp6(int fd)
{
	int domain = 0, error = errno;
	socklen_t size = sizeof(domain);
	bool answer = is_udp(fd) &&
	    real.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_INET6;

	errno = error;
	return (answer);
}

/* A replacement of recvfrom: what is done to the address in6 of a datagram that came. */
#define RECVFROM(ident, after)                                                                    \
	static ssize_t ident(int fd, void *buffer, size_t size, int flags, struct sockaddr *name, \
	    socklen_t *length)                                                                    \
	{                                                                                         \
		ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);                 \
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)name;                   \
                                                                                                  \
		if (n != -1 && is_six(name) && is_udp(fd)) {                                      \
			after;                                                                    \
		}                                                                                 \
		return (n);                                                                       \
	}

/* A replacement of sendto from an IPv6 socket; the statement may return. */
#define SENDTO(ident, before)                                                    \
	static ssize_t ident(int fd, const void *buffer, size_t size, int flags, \
	    const struct sockaddr *name, socklen_t length)                       \
	{                                                                        \
		const struct sockaddr_in6 *in6 = (const void *)name;             \
                                                                                 \
		(void)in6;                                                       \
		if (name != NULL && is_udp6(fd)) {                               \
			before;                                                  \
		}                                                                \
		return (real.sendto(fd, buffer, size, flags, name, length));     \
	}

RECVFROM(with_scope, in6->sin6_scope_id = 1)
DEFECT(udp6-source-has-a-scope, .recvfrom = with_scope);

RECVFROM(with_flow, in6->sin6_flowinfo = htonl(0x12345))
DEFECT(udp6-source-has-a-flow, .recvfrom = with_flow);

RECVFROM(length_as_ipv4, (void)in6; *length = sizeof(struct sockaddr_in))
DEFECT(udp6-source-has-the-length-of-ipv4, .recvfrom = length_as_ipv4);

RECVFROM(compatible,
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) memset(&in6->sin6_addr.s6_addr[10], 0, 2))
DEFECT(udp6-source-is-compatible-not-mapped, .recvfrom = compatible);

static ssize_t
unreachable_host(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == ECONNREFUSED && is_udp6(fd) ? failure(EHOSTUNREACH) : n);
}
DEFECT(udp6-refusal-reads-as-no-host, .recv = unreachable_host);

static ssize_t
refused_for_good(int fd, void *buffer, size_t size, int flags)
{
	static bool refused;
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n == -1 && errno == ECONNREFUSED && is_udp6(fd))
		refused = true;
	return (n == -1 && refused && is_udp6(fd) ? failure(ECONNREFUSED) : n);
}
DEFECT(udp6-refusal-is-told-again, .recv = refused_for_good);

/* Mapped addresses are IPv6 and nothing else. */
SENDTO(mapped_unknown,
    if (is_six(name) && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) return (failure(ENETUNREACH)))
DEFECT(udp6-mapped-destination-is-unknown, .sendto = mapped_unknown);

/* A socket that is for IPv6 alone sends IPv4 all the same, by another one. */
static ssize_t
sent_as_ipv4(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);
	const struct sockaddr_in6 *in6 = (const void *)name;

	if (n == -1 && is_six(name) && is_udp6(fd) && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return ((ssize_t)size);
	return (n);
}
DEFECT(udp6-v6only-takes-mapped-destinations, .sendto = sent_as_ipv4);

SENDTO(four_refused, if (name->sa_family == AF_INET) return (failure(EINVAL)))
DEFECT(udp6-ipv4-destination-is-einval, .sendto = four_refused);

SENDTO(zero_taken, if (is_six(name) && in6->sin6_port == 0) return ((ssize_t)size))
DEFECT(udp6-port-zero-is-taken, .sendto = zero_taken);

SENDTO(one_less, if (size >= 65527) return (failure(EMSGSIZE)))
DEFECT(udp6-largest-datagram-is-one-less, .sendto = one_less);

SENDTO(as_in_ipv4, if (size > 65507) return (failure(EMSGSIZE)))
DEFECT(udp6-limit-is-that-of-ipv4, .sendto = as_in_ipv4);

SENDTO(wraps, if (size == 65528) real.sendto(fd, buffer, 0, flags, name, length))
DEFECT(udp6-too-large-sends-its-remainder, .sendto = wraps);

/* Control data */

#define ITEM(ident, kind, item_type, after)                                                      \
	static ssize_t ident(int fd, struct msghdr *m, int flags)                                \
	{                                                                                        \
		ssize_t n = real.recvmsg(fd, m, flags);                                          \
		struct cmsghdr *c = n == -1 ? NULL : CMSG_FIRSTHDR(m);                           \
		kind *data;                                                                      \
                                                                                                 \
		if (c != NULL && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == (item_type)) { \
			data = (kind *)(void *)CMSG_DATA(c);                                     \
			after;                                                                   \
		}                                                                                \
		return (n);                                                                      \
	}

ITEM(source_in_info, struct in6_pktinfo, IPV6_PKTINFO, data->ipi6_addr = in6addr_loopback)
DEFECT(udp6-pktinfo-tells-the-source, .recvmsg = source_in_info);

ITEM(no_index_in_info, struct in6_pktinfo, IPV6_PKTINFO, data->ipi6_ifindex = 0)
DEFECT(udp6-pktinfo-has-no-interface, .recvmsg = no_index_in_info);

ITEM(default_hops, int, IPV6_HOPLIMIT, *data = 64)
DEFECT(udp6-hoplimit-is-the-default, .recvmsg = default_hops);

ITEM(flow_in_class, int, IPV6_TCLASS, *data |= 0x100)
DEFECT(udp6-tclass-has-bits-of-the-flow, .recvmsg = flow_in_class);

static int
class_unchecked(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (result == -1 && level == IPPROTO_IPV6 && name == IPV6_TCLASS ? 0 : result);
}
DEFECT(udp6-tclass-has-no-range, .setsockopt = class_unchecked);

static int
never_left(int fd, int level, int name, const void *value, socklen_t size)
{
	return (level == IPPROTO_IPV6 && name == IPV6_LEAVE_GROUP
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(udp6-group-is-not-left, .setsockopt = never_left);

static int
never_joined(int fd, int level, int name, const void *value, socklen_t size)
{
	return (level == IPPROTO_IPV6 && name == IPV6_JOIN_GROUP
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(udp6-group-is-not-joined, .setsockopt = never_joined);

/* An IPv4 wildcard is in the way of any IPv6 one. */
static int
one_port_space(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *in = (const void *)name;

	if (is_udp(fd) && name->sa_family == AF_INET && in->sin_addr.s_addr == 0 &&
	    in->sin_port != 0)
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(udp6-v6only-keeps-ipv4-from-the-port, .bind = one_port_space);
