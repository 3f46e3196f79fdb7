/*
 * Kernels that get the sending of datagrams over the Internet wrong.
 */

#include "defects.h"

#include <sys/ioctl.h>

#include <net/if.h>
#include <netinet/in.h>

#include <string.h>
#include <unistd.h>

/* The name of this end (or of the other), with its length; false if there is none. */
static bool
name_of(int fd, bool peer, struct sockaddr_storage *name, socklen_t *length)
{
	int error = errno;
	bool answer;

	memset(name, 0, sizeof(*name));
	*length = sizeof(*name);
	answer =
	    (peer ? real.getpeername : real.getsockname)(fd, (struct sockaddr *)name, length) == 0;
	errno = error;
	return (answer);
}

static bool
has_peer(int fd)
{
	struct sockaddr_storage name;
	socklen_t length;

	return (name_of(fd, true, &name, &length));
}

/* Is that the name of this end (or of the other)? */
static bool
is_named(int fd, bool peer, const struct sockaddr *wanted, socklen_t length)
{
	struct sockaddr_storage name;
	socklen_t size;

	return (name_of(fd, peer, &name, &size) && size == length &&
	    memcmp(&name, wanted, length) == 0);
}

static unsigned
port_of(const struct sockaddr_storage *name)
{
	/* At the same place in both families. */
	return (ntohs(((const struct sockaddr_in *)(const void *)name)->sin_port));
}

/* A replacement of sendto for UDP with an address; the statement may return. */
#define SENDTO(ident, before)                                                    \
	static ssize_t ident(int fd, const void *buffer, size_t size, int flags, \
	    const struct sockaddr *name, socklen_t length)                       \
	{                                                                        \
		if (name != NULL && is_udp(fd)) {                                \
			before;                                                  \
		}                                                                \
		return (real.sendto(fd, buffer, size, flags, name, length));     \
	}
#define SEND(ident, before)                                                      \
	static ssize_t ident(int fd, const void *buffer, size_t size, int flags) \
	{                                                                        \
		if (is_udp(fd)) {                                                \
			before;                                                  \
		}                                                                \
		return (real.send(fd, buffer, size, flags));                     \
	}

/* Ports and peers */

/* Once a port was chosen, each datagram gets another. */
static ssize_t
from_elsewhere(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	struct sockaddr_storage own;
	socklen_t own_length;
	ssize_t n;
	int other;

	if (name == NULL || !is_udp(fd) || !name_of(fd, false, &own, &own_length) ||
	    port_of(&own) == 0)
		return (real.sendto(fd, buffer, size, flags, name, length));
	other = real.socket(name->sa_family, SOCK_DGRAM, 0);
	n = real.sendto(other, buffer, size, flags, name, length);
	real.close(other);
	return (n);
}
DEFECT(udp-chosen-port-changes, .sendto = from_elsewhere);

/* Whoever was not bound by its owner is not found by those who answer. */
static int
wildcard_is_deaf(struct pollfd *fds, nfds_t count, int timeout)
{
	static const char any[16];
	struct sockaddr_storage own;
	const struct sockaddr_in *in = (const void *)&own;
	const struct sockaddr_in6 *in6 = (const void *)&own;
	socklen_t length;

	if (count == 1 && is_udp(fds[0].fd) && name_of(fds[0].fd, false, &own, &length) &&
	    ((own.ss_family == AF_INET && in->sin_addr.s_addr == 0) ||
		(own.ss_family == AF_INET6 && memcmp(&in6->sin6_addr, any, 16) == 0))) {
		fds[0].revents = 0;
		return (0);
	}
	return (real.poll(fds, count, timeout));
}
DEFECT(udp-unbound-sender-hears-nothing, .poll = wildcard_is_deaf);

/* The last destination is remembered. */
static struct sockaddr_storage last;
static socklen_t last_length;

static ssize_t
remember(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if (name != NULL && is_udp(fd) && length <= sizeof(last)) {
		memcpy(&last, name, length);
		last_length = length;
	}
	return (real.sendto(fd, buffer, size, flags, name, length));
}

static ssize_t
to_the_last(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	return (n == -1 && errno == EDESTADDRREQ && last_length > 0 && is_udp(fd)
		? real.sendto(fd, buffer, size, flags, (struct sockaddr *)&last, last_length)
		: n);
}
DEFECT(udp-send-goes-to-the-last-destination, .sendto = remember, .send = to_the_last);

static ssize_t
write_without_peer(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EDESTADDRREQ && is_udp(fd) ? (ssize_t)size : n);
}
DEFECT(udp-write-without-destination-vanishes, .write = write_without_peer);

static ssize_t
destination_stays(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	if (n != -1 && name != NULL && is_udp(fd))
		real.connect(fd, name, length);
	return (n);
}
DEFECT(udp-sendto-sets-the-peer, .sendto = destination_stays);

SENDTO(address_ignored, if (has_peer(fd)) return (real.send(fd, buffer, size, flags)))
DEFECT(udp-address-ignored-when-connected, .sendto = address_ignored);

SENDTO(override_stays, if (has_peer(fd)) real.connect(fd, name, length))
DEFECT(udp-override-changes-the-peer, .sendto = override_stays);

SENDTO(not_to_self, if (is_named(fd, false, name, length)) return ((ssize_t)size))
DEFECT(udp-own-datagram-filtered, .sendto = not_to_self);

/* Who listens to itself alone refuses at once. */
static bool
refuses(const struct sockaddr *name, socklen_t length)
{
	for (int fd = 0; fd < 64; fd++)
		if (is_udp(fd) && is_named(fd, false, name, length) &&
		    is_named(fd, true, name, length))
			return (true);
	return (false);
}

SENDTO(refused_at_once, if (refuses(name, length)) return (failure(ECONNREFUSED)))
DEFECT(udp-refusal-told-at-once, .sendto = refused_at_once);

static ssize_t
sends_in_part(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	return (n > 1472 && is_udp(fd) ? 1472 : n);
}
DEFECT(udp-sendto-counts-one-packet, .sendto = sends_in_part);

/* Addresses */

SENDTO(family_needed, if (name->sa_family == AF_UNSPEC) return (failure(EAFNOSUPPORT)))
DEFECT(udp-sendto-without-family-refused, .sendto = family_needed);

SENDTO(short_length_taken,
    if (length < sizeof(struct sockaddr_in6)) length = name->sa_family == AF_INET
	? sizeof(struct sockaddr_in)
	: sizeof(struct sockaddr_in6))
DEFECT(udp-sendto-reads-missing-bytes, .sendto = short_length_taken);

SENDTO(zero_length_is_none, if (length == 0) return (failure(EDESTADDRREQ)))
DEFECT(udp-sendto-length-zero-is-no-address, .sendto = zero_length_is_none);

static int
exact_length(int fd, const struct sockaddr *name, socklen_t length)
{
	return (is_udp(fd) && length > sizeof(struct sockaddr_in6)
		? failure(EINVAL)
		: real.connect(fd, name, length));
}
DEFECT(udp-connect-wants-the-exact-length, .connect = exact_length);

SENDTO(not_a_byte_more, if (length > sizeof(struct sockaddr_in6)) return (failure(EINVAL)))
DEFECT(udp-sendto-wants-the-exact-length, .sendto = not_a_byte_more);

static ssize_t
failure_is_eperm(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	return (n == -1 && is_udp(fd) ? failure(EPERM) : n);
}
DEFECT(udp-every-failure-is-eperm, .sendto = failure_is_eperm);

/* Flags */

SEND(out_of_band_sent, flags &= ~MSG_OOB)
DEFECT(udp-oob-is-sent, .send = out_of_band_sent);

SENDTO(no_direct_way, if (flags & MSG_DONTROUTE) return (failure(ENETUNREACH)))
DEFECT(udp-dontroute-cannot-reach-loopback, .sendto = no_direct_way);

SEND(eor_refused, if (flags & MSG_EOR) return (failure(EOPNOTSUPP)))
DEFECT(udp-eor-refused, .send = eor_refused);

/* Pieces */

static ssize_t
first_piece_sent(int fd, const struct msghdr *m, int flags)
{
	struct msghdr first = *m;

	if (first.msg_iovlen > 1 && is_udp(fd))
		first.msg_iovlen = 1;
	return (real.sendmsg(fd, &first, flags));
}
DEFECT(udp-sendmsg-sends-the-first-piece, .sendmsg = first_piece_sent);

static ssize_t
pieces_sent(int fd, const struct iovec *v, int count)
{
	ssize_t total = 0;

	if (!is_udp(fd))
		return (real.writev(fd, v, count));
	for (int i = 0; i < count; i++)
		total += real.write(fd, v[i].iov_base, v[i].iov_len);
	return (total);
}
DEFECT(udp-writev-sends-each-piece, .writev = pieces_sent);

/* No bytes */

SENDTO(nothing_not_sent, if (size == 0) return (0))
DEFECT(udp-empty-datagram-not-sent, .sendto = nothing_not_sent);

static ssize_t
nothing_not_written(int fd, const void *buffer, size_t size)
{
	return (size == 0 && is_udp(fd) ? 0 : real.write(fd, buffer, size));
}
DEFECT(udp-write-of-zero-bytes-does-nothing, .write = nothing_not_written);

/* Sizes */

SENDTO(
    truncated_at_limit, if (size > 9216) {
	    ssize_t n = real.sendto(fd, buffer, 9216, flags, name, length);

	    return (n == -1 ? n : (ssize_t)size);
    })
DEFECT(udp-large-datagram-sent-in-part, .sendto = truncated_at_limit);

SENDTO(
    limit_off_by_header, if (size > 65507 && size <= 65507 + 8) {
	    ssize_t n = real.sendto(fd, buffer, 65507, flags, name, length);

	    return (n == -1 ? n : (ssize_t)size);
    })
DEFECT(udp-limit-forgets-the-header, .sendto = limit_off_by_header);

SENDTO(
    length_wraps, if (size > 65535) {
	    ssize_t n = real.sendto(fd, buffer, size & 0xffff, flags, name, length);

	    return (n == -1 ? n : (ssize_t)size);
    })
DEFECT(udp-length-wraps-around, .sendto = length_wraps);

static bool
exceeds_buffer(int fd, size_t size)
{
	int room = 0;
	socklen_t room_size = sizeof(room);

	return (real.getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &room_size) == 0 &&
	    size > (size_t)room);
}

SENDTO(bounded_by_buffer, if (size <= 65507 && exceeds_buffer(fd, size)) return (failure(EMSGSIZE)))
DEFECT(udp-so-sndbuf-bounds-a-datagram, .sendto = bounded_by_buffer);

static ssize_t
too_large_vanishes(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	return (n == -1 && errno == EMSGSIZE && is_udp(fd) ? (ssize_t)size : n);
}
DEFECT(udp-too-large-a-datagram-vanishes, .sendto = too_large_vanishes);

static int
sizes_of_their_own(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_SNDBUF && is_udp(fd))
		*(int *)value *= 3;
	return (result);
}
DEFECT(udp-send-buffer-reads-thrice, .getsockopt = sizes_of_their_own);

/* Full */

SENDTO(receiver_full, static int sent; if (size == 1000 && ++sent > 50) return (failure(ENOBUFS)))
DEFECT(udp-overflow-told-to-the-sender, .sendto = receiver_full);

/* Processes */

static pid_t home;

static int
made_at_home(int domain, int type, int protocol)
{
	if (home == 0)
		home = getpid();
	return (real.socket(domain, type, protocol));
}

SENDTO(heirs_may_not_send, if (home != 0 && getpid() != home) return (failure(EPERM)))
DEFECT(udp-inherited-socket-cannot-send, .socket = made_at_home, .sendto = heirs_may_not_send);

/* sendmmsg(2) */

static defect_mmsg_result
first_sent(int fd, struct mmsghdr *m, defect_mmsg_count count, int flags)
{
	return (real.sendmmsg(fd, m, count > 1 ? 1 : count, flags));
}
DEFECT(sendmmsg-sends-the-first, .sendmmsg = first_sent);

static defect_mmsg_result
lengths_unsaid(int fd, struct mmsghdr *m, defect_mmsg_count count, int flags)
{
	const __typeof__(m->msg_len) before = count > 0 ? m[0].msg_len : 0;
	defect_mmsg_result n = real.sendmmsg(fd, m, count, flags);

	for (defect_mmsg_result i = 1; i < n; i++)
		m[i].msg_len = before;
	return (n);
}
DEFECT(sendmmsg-tells-one-length, .sendmmsg = lengths_unsaid);

static defect_mmsg_result
partial_is_failure(int fd, struct mmsghdr *m, defect_mmsg_count count, int flags)
{
	defect_mmsg_result n = real.sendmmsg(fd, m, count, flags);

	return (n >= 0 && n < (defect_mmsg_result)count ? failure(EINVAL) : n);
}
DEFECT(sendmmsg-fails-though-some-went, .sendmmsg = partial_is_failure);

static defect_mmsg_result
failure_skipped(int fd, struct mmsghdr *m, defect_mmsg_count count, int flags)
{
	defect_mmsg_result n = real.sendmmsg(fd, m, count, flags);

	if (n >= 0 && n + 1 < (defect_mmsg_result)count)
		real.sendmmsg(fd, m + n + 1, count - (defect_mmsg_count)n - 1, flags);
	return (n);
}
DEFECT(sendmmsg-goes-on-after-a-failure, .sendmmsg = failure_skipped);

/* Interfaces */

static int
claims_multicast(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == SIOCGIFFLAGS)
		((struct ifreq *)argument)->ifr_flags ^= IFF_MULTICAST;
	return (result);
}
DEFECT(loopback-turns-multicast-over, .ioctl = claims_multicast);
