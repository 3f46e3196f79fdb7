/*
 * Kernels that get shutdown, IPv4 and IPv6 addresses, or default protocols wrong.
 */

#include "defects.h"

#include <netinet/in.h>
#include <string.h>

/* shutdown(2) */

static int
shutdown_takes_any_value(int fd, int how)
{
	return (how < 0 || how > 2 ? 0 : real.shutdown(fd, how));
}
DEFECT(shutdown-takes-any-value, .shutdown = shutdown_takes_any_value);

static int
shutdown_mask(int fd, int how)
{
	return (real.shutdown(fd, how == 99 ? SHUT_RDWR : how));
}
DEFECT(shutdown-of-unknown-value-closes-all, .shutdown = shutdown_mask);

static int
shutdown_does_nothing(int fd, int how)
{
	int result = real.shutdown(fd, how == SHUT_WR ? 4 : how);

	return (how == SHUT_WR && result == -1 && errno == EINVAL ? 0 : result);
}
DEFECT(shutdown-wr-does-nothing, .shutdown = shutdown_does_nothing);

static int
shutdown_both(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_WR ? SHUT_RDWR : how));
}
DEFECT(shutdown-wr-closes-receiving-too, .shutdown = shutdown_both);

static int
shutdown_read_only(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_RDWR ? SHUT_RD : how));
}
DEFECT(shutdown-rdwr-leaves-sending-open, .shutdown = shutdown_read_only);

static int
shutdown_swapped(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_RD ? SHUT_WR : how == SHUT_WR ? SHUT_RD : how));
}
DEFECT(shutdown-takes-the-directions-for-each-other, .shutdown = shutdown_swapped);

static int
shutdown_unconnected_is_fine(int fd, int how)
{
	int result = real.shutdown(fd, how);

	return (result == -1 && errno == ENOTCONN ? 0 : result);
}
DEFECT(shutdown-unconnected-succeeds, .shutdown = shutdown_unconnected_is_fine);

static int
shutdown_closes(int fd, int how)
{
	int result = real.shutdown(fd, how);

	if (how == SHUT_RDWR && result == 0)
		real.close(fd);
	return (result);
}
DEFECT(shutdown-rdwr-closes-the-descriptor, .shutdown = shutdown_closes);

static int
shutdown_listening_einval(int fd, int how)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	real.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size);
	return (listening ? failure(EINVAL) : real.shutdown(fd, how));
}
DEFECT(shutdown-refuses-a-listener, .shutdown = shutdown_listening_einval);

static int
shutdown_udp_enotconn(int fd, int how)
{
	return (socket_type(fd) == SOCK_DGRAM ? failure(ENOTCONN) : real.shutdown(fd, how));
}
DEFECT(shutdown-refuses-datagrams, .shutdown = shutdown_udp_enotconn);

static int
shutdown_drops_queue(int fd, int how)
{
	int result = real.shutdown(fd, how);
	char b[64];

	if (how == SHUT_RD && result == 0)
		while (real.recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
			;
	return (result);
}
DEFECT(shutdown-rd-drops-what-waits, .shutdown = shutdown_drops_queue);

static int
shutdown_twice_fails(int fd, int how)
{
	static bool done[1024];

	if (how == SHUT_WR && fd >= 0 && fd < 1024) {
		if (done[fd])
			return (failure(ENOTCONN));
		done[fd] = true;
	}
	return (real.shutdown(fd, how));
}
DEFECT(shutdown-wr-twice-fails, .shutdown = shutdown_twice_fails);

/* Addresses */

static int
domain_of(int fd)
{
	int domain = -1, error = errno;
	socklen_t size = sizeof(domain);

	real.getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
	errno = error;
	return (domain);
}

static int
name_in_host_order(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	struct sockaddr_in *in = (struct sockaddr_in *)name;

	if (result == 0 && name->sa_family == AF_INET)
		in->sin_port = __builtin_bswap16(in->sin_port);
	return (result);
}
DEFECT(getsockname-port-in-host-order, .getsockname = name_in_host_order);

static int
name_is_wildcard(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && name->sa_family == AF_INET)
		((struct sockaddr_in *)name)->sin_addr.s_addr = 0;
	return (result);
}
DEFECT(getsockname-keeps-the-wildcard, .getsockname = name_is_wildcard);

static int
connect_ignores_family(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == -1 && errno == EAFNOSUPPORT ? failure(EINVAL) : result);
}
DEFECT(connect-wrong-family-is-einval, .connect = connect_ignores_family);

static int
connect_any_fails(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)name;

	if (name->sa_family == AF_INET && in->sin_addr.s_addr == 0)
		return (failure(ECONNREFUSED));
	return (real.connect(fd, name, size));
}
DEFECT(connect-to-any-is-refused, .connect = connect_any_fails);

static int
connect_unreachable_host(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == -1 && errno == ENETUNREACH ? failure(EHOSTUNREACH) : result);
}
DEFECT(connect-no-route-is-no-host, .connect = connect_unreachable_host);

static int
connect_six_any_fails(int fd, const struct sockaddr *name, socklen_t size)
{
	static const char any[16];

	if (name->sa_family == AF_INET6 &&
	    memcmp(&((const struct sockaddr_in6 *)name)->sin6_addr, any, 16) == 0)
		return (failure(EADDRNOTAVAIL));
	return (real.connect(fd, name, size));
}
DEFECT(connect-to-unspecified-fails, .connect = connect_six_any_fails);

static int
connect_no_mapped(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)name;

	if (name->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return (failure(EADDRNOTAVAIL));
	return (real.connect(fd, name, size));
}
DEFECT(connect-knows-no-mapped-address, .connect = connect_no_mapped);

static int
bind_takes_foreign(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (result == -1 && errno == EADDRNOTAVAIL && name->sa_family == AF_INET6 ? 0 : result);
}
DEFECT(bind-takes-an-address-of-nobody, .bind = bind_takes_foreign);

static int
bind_takes_short(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (
	    result == -1 && errno == EINVAL && domain_of(fd) == AF_INET6 && size < 24 ? 0 : result);
}
DEFECT(bind-takes-a-short-ipv6-name, .bind = bind_takes_short);

static int
bind_forgets_conflicts(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (result == -1 && errno == EADDRINUSE ? 0 : result);
}
DEFECT(bind-forgets-dual-stack-conflicts, .bind = bind_forgets_conflicts);

static int
v6only_always_settable(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (result == -1 && level == IPPROTO_IPV6 && name == IPV6_V6ONLY ? 0 : result);
}
DEFECT(v6only-can-be-set-when-bound, .setsockopt = v6only_always_settable);

static int
v6only_ignored(int fd, int level, int name, const void *value, socklen_t size)
{
	static const int off;

	if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY)
		value = &off;
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(v6only-stays-off, .setsockopt = v6only_ignored);

static int
v6only_forced(int fd, int level, int name, const void *value, socklen_t size)
{
	static const int on = 1;

	if (level == IPPROTO_IPV6 && name == IPV6_V6ONLY)
		value = &on;
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(v6only-stays-on, .setsockopt = v6only_forced);

static int
option_limits_forgotten(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (result == -1 && errno == EINVAL &&
		    ((level == IPPROTO_IP && name == IP_TTL) ||
			(level == IPPROTO_IPV6 && name == IPV6_UNICAST_HOPS))
		? 0
		: result);
}
DEFECT(hop-limits-have-no-range, .setsockopt = option_limits_forgotten);

static int
ttl_is_32(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == IPPROTO_IP && name == IP_TTL && *(int *)value == 64)
		*(int *)value = 32;
	return (result);
}
DEFECT(ip-ttl-default-is-32, .getsockopt = ttl_is_32);

static int
options_unchecked(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (result == -1 && level == IPPROTO_IP && name == IP_OPTIONS ? 0 : result);
}
DEFECT(ip-options-are-not-checked, .setsockopt = options_unchecked);

static int
hdrincl_everywhere(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (result == -1 && level == IPPROTO_IP && errno == ENOPROTOOPT ? 0 : result);
}
DEFECT(ip-hdrincl-is-taken-everywhere, .setsockopt = hdrincl_everywhere);

static int
peer_unmapped(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)name;

	if (result != -1 && name != NULL && name->sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		memset(&in6->sin6_addr.s6_addr[10], 0, 2);
	return (result);
}
DEFECT(accept-name-is-compatible-not-mapped, .accept = peer_unmapped);

static int
protocol_zero(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_PROTOCOL)
		*(int *)value = 0;
	return (result);
}
DEFECT(so-protocol-of-default-is-zero, .getsockopt = protocol_zero);

/* Non-blocking transfer */

static ssize_t
send_all_or_nothing(int fd, const void *buffer, size_t size, int flags)
{
	if (size >= 1 << 20 && socket_type(fd) == SOCK_STREAM)
		return (failure(EAGAIN));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(send-large-is-all-or-nothing, .send = send_all_or_nothing);

static ssize_t
recv_empty_is_end(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN && is_nonblocking(fd) ? 0 : n);
}
DEFECT(recv-nonblocking-empty-is-the-end, .recv = recv_empty_is_end);

static ssize_t
send_udp_full(int fd, const void *buffer, size_t size, int flags)
{
	static int sent;

	if (socket_type(fd) == SOCK_DGRAM && domain_of(fd) == AF_INET && ++sent > 3000)
		return (failure(EAGAIN));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(send-udp-to-full-receiver-fails, .send = send_udp_full);
