/*
 * Kernels that get multicast groups and broadcasts wrong.
 */

#include "defects.h"

#include <netinet/in.h>

#include <string.h>
#include <unistd.h>

/* The host of an IPv4 address, host order; 0 if it is none. */
static uint32_t
host_of(const struct sockaddr *name)
{
	return (name != NULL && name->sa_family == AF_INET
		? ntohl(((const struct sockaddr_in *)(const void *)name)->sin_addr.s_addr)
		: 0);
}

static bool
is_group(const struct sockaddr *name)
{
	return (IN_MULTICAST(host_of(name)));
}

/* Replacements of setsockopt at level IPPROTO_IP: before the call (may return), and after it. */
#define SETTING(ident, option, before, after)                                            \
	static int ident(int fd, int level, int name, const void *value, socklen_t size) \
	{                                                                                \
		bool meant = level == IPPROTO_IP && name == (option);                    \
		int result;                                                              \
                                                                                         \
		if (meant) {                                                             \
			before;                                                          \
		}                                                                        \
		result = real.setsockopt(fd, level, name, value, size);                  \
		if (meant) {                                                             \
			after;                                                           \
		}                                                                        \
		return (result);                                                         \
	}
#define NOTHING (void)0
/* That failure is a success. */
#define FORGIVE(error)                        \
	if (result == -1 && errno == (error)) \
	return (0)

/* Replacements of sendto to a group, or to the broadcast address of loopback. */
#define SENDING(ident, condition, before)                                        \
	static ssize_t ident(int fd, const void *buffer, size_t size, int flags, \
	    const struct sockaddr *name, socklen_t length)                       \
	{                                                                        \
		if (condition) {                                                 \
			before;                                                  \
		}                                                                \
		return (real.sendto(fd, buffer, size, flags, name, length));     \
	}

static int
ttl_of_others(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == IPPROTO_IP && name == IP_MULTICAST_TTL && *(int *)value == 1)
		result = real.getsockopt(fd, level, IP_TTL, value, size);
	return (result);
}
DEFECT(multicast-ttl-default-is-that-of-others, .getsockopt = ttl_of_others);

static int
loop_inverted(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == IPPROTO_IP && name == IP_MULTICAST_LOOP)
		*(int *)value = !*(int *)value;
	return (result);
}
DEFECT(multicast-loop-is-off-by-default, .getsockopt = loop_inverted);

SETTING(ttl_cut, IP_MULTICAST_TTL, int low = *(const int *)value & 0xff;
	return (real.setsockopt(fd, level, name, &low, sizeof(low))), NOTHING)
DEFECT(multicast-ttl-is-cut-to-a-byte, .setsockopt = ttl_cut);

SETTING(any_ignored, IP_MULTICAST_IF, if (size == 4 && *(const in_addr_t *)value == 0) return (0),
    NOTHING)
DEFECT(multicast-interface-is-not-given-up, .setsockopt = any_ignored);

/* Memberships */

SETTING(join_ignored, IP_ADD_MEMBERSHIP, if (is_udp(fd)) return (0), NOTHING)
DEFECT(multicast-join-has-no-effect, .setsockopt = join_ignored);

SETTING(leave_ignored, IP_DROP_MEMBERSHIP, return (0), NOTHING)
DEFECT(multicast-leave-has-no-effect, .setsockopt = leave_ignored);

SETTING(leave_forgives, IP_DROP_MEMBERSHIP, NOTHING, FORGIVE(EADDRNOTAVAIL))
DEFECT(multicast-leave-without-membership, .setsockopt = leave_forgives);

SETTING(leave_einval, IP_DROP_MEMBERSHIP, NOTHING,
    if (result == -1 && errno == EADDRNOTAVAIL) return (failure(EINVAL)))
DEFECT(multicast-leave-fails-with-einval, .setsockopt = leave_einval);

SETTING(join_again, IP_ADD_MEMBERSHIP, NOTHING, FORGIVE(EADDRINUSE))
DEFECT(multicast-join-twice, .setsockopt = join_again);

SETTING(join_host, IP_ADD_MEMBERSHIP, NOTHING, FORGIVE(EINVAL))
DEFECT(multicast-join-takes-hosts, .setsockopt = join_host);

/* Just above the groups there is room for more. */
SETTING(join_above, IP_ADD_MEMBERSHIP,
    if (*(const in_addr_t *)value == htonl(0xf0000000)) return (0), NOTHING)
DEFECT(multicast-join-takes-class-e, .setsockopt = join_above);

static int
join_anywhere(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);
	struct ip_mreq m;

	if (result == 0 || level != IPPROTO_IP || name != IP_ADD_MEMBERSHIP || !is_udp(fd) ||
	    errno != ENODEV)
		return (result);
	memcpy(&m, value, sizeof(m));
	m.imr_interface.s_addr = htonl(INADDR_LOOPBACK);
	return (real.setsockopt(fd, level, name, &m, sizeof(m)));
}
DEFECT(multicast-join-takes-any-interface, .setsockopt = join_anywhere);

SETTING(
    address_first, IP_ADD_MEMBERSHIP, struct ip_mreqn m; if (size == sizeof(m)) {
	    memcpy(&m, value, sizeof(m));
	    m.imr_ifindex = 0;
	    return (real.setsockopt(fd, level, name, &m, sizeof(m)));
    },
    NOTHING)
DEFECT(multicast-join-looks-at-the-address-first, .setsockopt = address_first);

static int joined;

SETTING(
    one_less, IP_ADD_MEMBERSHIP, if (joined == 19) return (failure(ENOBUFS)), joined += result == 0)
DEFECT(multicast-one-membership-less, .setsockopt = one_less);

SETTING(streams_too, IP_ADD_MEMBERSHIP, if (!is_udp(fd)) return (0), NOTHING)
DEFECT(multicast-streams-join, .setsockopt = streams_too);

SETTING(streams_send, IP_MULTICAST_IF, if (!is_udp(fd)) return (0), NOTHING)
DEFECT(multicast-streams-choose-an-interface, .setsockopt = streams_send);

/* A membership that nothing ends: another socket holds it. */
SETTING(
    membership_leaks, IP_ADD_MEMBERSHIP, NOTHING, static int leak = -1;
    if (result == 0 && leak == -1) {
	    leak = real.socket(AF_INET, SOCK_DGRAM, 0);
	    real.setsockopt(leak, level, name, value, size);
    })
DEFECT(multicast-membership-is-leaked, .setsockopt = membership_leaks);

/* Linux's IP_MULTICAST_ALL. */
enum { ALL_GROUPS = 49 };
SETTING(all_for_good, ALL_GROUPS, return (0), NOTHING)
DEFECT(multicast-all-groups-for-good, .setsockopt = all_for_good);

/* Sources */

static int
sources_ignored(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct ip_mreq_source *s = value;
	struct ip_mreq m;

	if (level != IPPROTO_IP || name != IP_ADD_SOURCE_MEMBERSHIP)
		return (real.setsockopt(fd, level, name, value, size));
	m = (struct ip_mreq){ s->imr_multiaddr, s->imr_interface };
	return (real.setsockopt(fd, level, IP_ADD_MEMBERSHIP, &m, sizeof(m)));
}
DEFECT(multicast-source-list-is-ignored, .setsockopt = sources_ignored);

SETTING(drop_source_ignored, IP_DROP_SOURCE_MEMBERSHIP, return (0), NOTHING)
DEFECT(multicast-source-is-not-dropped, .setsockopt = drop_source_ignored);

SETTING(block_ignored, IP_BLOCK_SOURCE, return (0), NOTHING)
DEFECT(multicast-block-has-no-effect, .setsockopt = block_ignored);

SETTING(unblock_forgives, IP_UNBLOCK_SOURCE, NOTHING, FORGIVE(EADDRNOTAVAIL))
DEFECT(multicast-unblock-of-nobody, .setsockopt = unblock_forgives);

/* To block one is to block all. */
static int
block_all(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct ip_mreq_source *s = value;
	struct ip_mreq m;

	if (level != IPPROTO_IP || name != IP_BLOCK_SOURCE)
		return (real.setsockopt(fd, level, name, value, size));
	m = (struct ip_mreq){ s->imr_multiaddr, s->imr_interface };
	return (real.setsockopt(fd, level, IP_DROP_MEMBERSHIP, &m, sizeof(m)));
}
DEFECT(multicast-block-blocks-everybody, .setsockopt = block_all);

/* Delivery */

/* To whoever has the port here, member or not, and to one alone. */
static ssize_t
group_is_this_host(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	struct sockaddr_in in;

	if (!is_group(name))
		return (real.sendto(fd, buffer, size, flags, name, length));
	memcpy(&in, name, sizeof(in));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return (real.sendto(fd, buffer, size, flags, (struct sockaddr *)&in, sizeof(in)));
}
DEFECT(multicast-group-is-this-host, .sendto = group_is_this_host);

SENDING(group_twice, is_group(name), real.sendto(fd, buffer, size, flags, name, length))
DEFECT(multicast-comes-twice, .sendto = group_twice);

static int
multicast_ttl(int fd)
{
	int ttl = -1;
	socklen_t size = sizeof(ttl);

	real.getsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, &size);
	return (ttl);
}
SENDING(ttl_zero_dropped, is_group(name) && multicast_ttl(fd) == 0, return ((ssize_t)size))
DEFECT(multicast-of-ttl-zero-is-dropped, .sendto = ttl_zero_dropped);

/* The group that was bound last, and its port. */
static struct sockaddr_in bound;

static int
bind_noting_group(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);
	socklen_t length = sizeof(bound);

	if (result == 0 && is_group(name))
		real.getsockname(fd, (struct sockaddr *)&bound, &length);
	return (result);
}

static ssize_t
from_group(int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)name;

	if (n != -1 && name != NULL && name->sa_family == AF_INET && bound.sin_port != 0 &&
	    in->sin_port == bound.sin_port)
		in->sin_addr = bound.sin_addr;
	return (n);
}
DEFECT(multicast-group-is-a-source, .bind = bind_noting_group, .recvfrom = from_group);

static int
bind_group_as_any(int fd, const struct sockaddr *name, socklen_t size)
{
	struct sockaddr_in in;

	if (!is_group(name))
		return (real.bind(fd, name, size));
	memcpy(&in, name, sizeof(in));
	in.sin_addr.s_addr = htonl(INADDR_ANY);
	return (real.bind(fd, (struct sockaddr *)&in, sizeof(in)));
}
DEFECT(multicast-bound-group-is-any-host, .bind = bind_group_as_any);

static int
bind_group_once(int fd, const struct sockaddr *name, socklen_t size)
{
	int shared = 0;
	socklen_t length = sizeof(shared);

	real.getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &shared, &length);
	if (is_group(name) && bound.sin_port != 0 && !shared)
		return (failure(EADDRINUSE));
	return (bind_noting_group(fd, name, size));
}
DEFECT(multicast-group-takes-reuseport, .bind = bind_group_once);

/* Broadcasts */

#define BROADCAST 0x7fffffff

/* Which of the sockets of the port gets it, the first alone. */
static ssize_t
broadcast_to_one(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	struct sockaddr_in in;

	if (host_of(name) != BROADCAST)
		return (real.sendto(fd, buffer, size, flags, name, length));
	memcpy(&in, name, sizeof(in));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return (real.sendto(fd, buffer, size, flags, (struct sockaddr *)&in, sizeof(in)));
}
DEFECT(broadcast-reaches-one-socket, .sendto = broadcast_to_one);

SENDING(
    broadcast_twice, host_of(name) == BROADCAST, real.sendto(fd, buffer, size, flags, name, length))
DEFECT(broadcast-comes-twice, .sendto = broadcast_twice);

/* Who has no name when it broadcasts has none for those who hear it. */
static in_port_t nameless;

static ssize_t
broadcast_noting(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	struct sockaddr_in own = { 0 };
	socklen_t own_length = sizeof(own);
	ssize_t n;
	bool unbound;

	real.getsockname(fd, (struct sockaddr *)&own, &own_length);
	unbound = own.sin_port == 0;
	n = real.sendto(fd, buffer, size, flags, name, length);
	if (n != -1 && unbound && host_of(name) == BROADCAST) {
		real.getsockname(fd, (struct sockaddr *)&own, &own_length);
		nameless = own.sin_port;
	}
	return (n);
}

static ssize_t
from_port_zero(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)name;

	if (n != -1 && name != NULL && name->sa_family == AF_INET && in->sin_port == nameless)
		in->sin_port = 0;
	return (n);
}
DEFECT(broadcast-of-the-unbound-has-port-zero, .sendto = broadcast_noting,
    .recvfrom = from_port_zero);

/* Without permission it is refused, after it was sent. */
static ssize_t
refused_but_sent(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	static const int on = 1, off;
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	if (n != -1 || errno != EACCES || host_of(name) != BROADCAST)
		return (n);
	real.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	real.sendto(fd, buffer, size, flags, name, length);
	real.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &off, sizeof(off));
	return (failure(EACCES));
}
DEFECT(broadcast-is-refused-after-sending, .sendto = refused_but_sent);
