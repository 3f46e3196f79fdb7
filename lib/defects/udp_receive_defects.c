/*
 * Kernels that get the receiving of datagrams over the Internet wrong.
 */

#include "defects.h"

#include <sys/ioctl.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool
has_peer(int fd)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	int error = errno;
	bool answer = real.getpeername(fd, (struct sockaddr *)&name, &size) == 0;

	errno = error;
	return (answer);
}

/* Something waits there. */
static bool
is_readable(int fd)
{
	return ((readiness(fd, POLLIN) & POLLIN) != 0);
}

/* A replacement of recv for UDP: statement, which may set n and flags. */
#define RECV(name, before, after)                                         \
	static ssize_t name(int fd, void *buffer, size_t size, int flags) \
	{                                                                 \
		bool udp = is_udp(fd);                                    \
		ssize_t n;                                                \
                                                                          \
		if (udp) {                                                \
			before;                                           \
		}                                                         \
		n = real.recv(fd, buffer, size, flags);                   \
		if (udp) {                                                \
			after;                                            \
		}                                                         \
		return (n);                                               \
	}
#define RECVMSG(name, before, after)                               \
	static ssize_t name(int fd, struct msghdr *m, int flags)   \
	{                                                          \
		const size_t pieces = (size_t)m->msg_iovlen;       \
		const socklen_t room = m->msg_namelen;             \
		bool udp = is_udp(fd);                             \
		ssize_t n;                                         \
                                                                   \
		if (udp) {                                         \
			before;                                    \
		}                                                  \
		n = real.recvmsg(fd, m, flags);                    \
		m->msg_iovlen = (__typeof__(m->msg_iovlen))pieces; \
		if (udp && n != -1) {                              \
			after;                                     \
		}                                                  \
		(void)room;                                        \
		return (n);                                        \
	}
#define NOTHING (void)0

/* MSG_ flags */

RECV(real_length_unknown, flags &= ~MSG_TRUNC, NOTHING)
DEFECT(udp-msg-trunc-ignored, .recv = real_length_unknown);

RECV(sizing_consumes, if (flags & MSG_TRUNC) flags &= ~MSG_PEEK, NOTHING)
DEFECT(udp-peek-for-the-size-consumes, .recv = sizing_consumes);

RECV(peek_of_nothing, if (size == 0 && flags & MSG_PEEK) return (0), NOTHING)
DEFECT(udp-peek-without-room-is-zero, .recv = peek_of_nothing);

RECV(peek_consumes, if (!(flags & MSG_TRUNC)) flags &= ~MSG_PEEK, NOTHING)
DEFECT(udp-peek-consumes, .recv = peek_consumes);

static ssize_t
peek_without_sender(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);

	if (n != -1 && flags & MSG_PEEK && name != NULL && is_udp(fd))
		*length = 0, name->sa_family = AF_UNSPEC;
	return (n);
}
DEFECT(udp-peek-has-no-sender, .recvfrom = peek_without_sender);

RECV(dontwait_sticks, NOTHING,
    if (flags & MSG_DONTWAIT) real.fcntl(fd, F_SETFL, real.fcntl(fd, F_GETFL, 0) | O_NONBLOCK))
DEFECT(udp-dontwait-sticks, .recv = dontwait_sticks);

RECV(nothing_is_zero, NOTHING, if (n == -1 && errno == EAGAIN && flags & MSG_DONTWAIT) n = 0)
DEFECT(udp-dontwait-finds-nothing-as-zero, .recv = nothing_is_zero);

static ssize_t
gather(int fd, char *buffer, size_t size, ssize_t n)
{
	while (n > 0 && (size_t)n < size && is_readable(fd)) {
		ssize_t more = real.recv(fd, buffer + n, size - (size_t)n, MSG_DONTWAIT);

		if (more == -1)
			break;
		n += more;
	}
	return (n);
}

RECV(waitall_gathers, NOTHING, if (flags & MSG_WAITALL) n = gather(fd, buffer, size, n))
DEFECT(udp-waitall-gathers, .recv = waitall_gathers);

RECVMSG(records_marked, NOTHING, m->msg_flags |= MSG_EOR)
DEFECT(udp-records-are-marked, .recvmsg = records_marked);

RECV(out_of_band_refused, if (flags & MSG_OOB) return (failure(EINVAL)), NOTHING)
DEFECT(udp-oob-receive-is-invalid, .recv = out_of_band_refused);

RECVMSG(flags_echoed, NOTHING, m->msg_flags |= flags & (MSG_PEEK | MSG_DONTWAIT))
DEFECT(udp-recvmsg-echoes-flags, .recvmsg = flags_echoed);

/* Waiting */

RECV(never_waits, flags |= MSG_DONTWAIT, NOTHING)
DEFECT(udp-recv-never-waits, .recv = never_waits);

RECV(signal_is_nothing, NOTHING, if (n == -1 && errno == EINTR) n = 0)
DEFECT(udp-signal-gives-zero, .recv = signal_is_nothing);

static ssize_t
reader_needs_peer(int fd, void *buffer, size_t size)
{
	return (is_udp(fd) && !has_peer(fd) ? failure(ENOTCONN) : real.read(fd, buffer, size));
}
DEFECT(udp-read-needs-a-peer, .read = reader_needs_peer);

/* A buffer that cannot be written is found out before the datagram is taken. */
static ssize_t
bad_buffer_keeps(int fd, void *buffer, size_t size, int flags)
{
	if (is_udp(fd) && !(flags & MSG_PEEK) && is_readable(fd) &&
	    real.recv(fd, buffer, size, MSG_PEEK | MSG_DONTWAIT) == -1 && errno == EFAULT)
		return (failure(EFAULT));
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(udp-bad-buffer-keeps-the-datagram, .recv = bad_buffer_keeps);

/* Senders */

/* A replacement of recvfrom that asks for the sender; room is what *length was. */
#define RECVFROM(ident, after)                                                                    \
	static ssize_t ident(int fd, void *buffer, size_t size, int flags, struct sockaddr *name, \
	    socklen_t *length)                                                                    \
	{                                                                                         \
		const socklen_t room = length != NULL ? *length : 0;                              \
		ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);                 \
                                                                                                  \
		if (n != -1 && name != NULL && is_udp(fd)) {                                      \
			after;                                                                    \
		}                                                                                 \
		(void)room;                                                                       \
		return (n);                                                                       \
	}

static void
swap_with_last(struct sockaddr *name, socklen_t length)
{
	static char last[sizeof(struct sockaddr_in6)];
	static bool known;
	char now[sizeof(last)];

	memcpy(now, name, length);
	if (known)
		memcpy(name, last, length);
	memcpy(last, now, length);
	known = true;
}

RECVFROM(last_sender, if (*length <= sizeof(struct sockaddr_in6)) swap_with_last(name, *length))
DEFECT(udp-recvfrom-tells-the-last-sender, .recvfrom = last_sender);

RECVFROM(length_untouched, *length = room)
DEFECT(udp-recvfrom-leaves-the-length, .recvfrom = length_untouched);

RECVFROM(length_of_room, if (*length > room) *length = room)
DEFECT(udp-recvfrom-tells-the-cut-length, .recvfrom = length_of_room);

static ssize_t
overruns_name(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	struct sockaddr_storage whole;
	socklen_t whole_length = sizeof(whole);
	ssize_t n;

	if (name == NULL || !is_udp(fd))
		return (real.recvfrom(fd, buffer, size, flags, name, length));
	n = real.recvfrom(fd, buffer, size, flags, (struct sockaddr *)&whole, &whole_length);
	if (n != -1) {
		memcpy(name, &whole, whole_length);
		*length = whole_length;
	}
	return (n);
}
DEFECT(udp-recvfrom-overruns-the-name, .recvfrom = overruns_name);

RECVMSG(name_size_untouched, NOTHING, m->msg_namelen = room)
DEFECT(udp-recvmsg-leaves-the-name-length, .recvmsg = name_size_untouched);

RECVMSG(peer_unnamed, NOTHING, if (has_peer(fd)) m->msg_namelen = 0)
DEFECT(udp-recvmsg-does-not-name-the-peer, .recvmsg = peer_unnamed);

/* Vectors */

RECVMSG(first_piece_only, if (pieces > 1) m->msg_iovlen = 1, NOTHING)
DEFECT(udp-recvmsg-fills-the-first-piece, .recvmsg = first_piece_only);

static ssize_t
piece_each(int fd, struct msghdr *m, int flags)
{
	ssize_t total = 0;

	if (!is_udp(fd) || m->msg_iovlen < 2)
		return (real.recvmsg(fd, m, flags));
	for (size_t i = 0; i < (size_t)m->msg_iovlen && (i == 0 || is_readable(fd)); i++)
		total += real.recv(fd, m->msg_iov[i].iov_base, m->msg_iov[i].iov_len, flags);
	m->msg_flags = 0;
	return (total);
}
DEFECT(udp-recvmsg-takes-a-datagram-for-each-piece, .recvmsg = piece_each);

RECVMSG(empty_vector_peeks, if (pieces == 0) flags |= MSG_PEEK, NOTHING)
DEFECT(udp-recvmsg-of-no-pieces-leaves-it, .recvmsg = empty_vector_peeks);

static ssize_t
first_piece_of_readv(int fd, const struct iovec *v, int count)
{
	return (real.readv(fd, v, count > 1 && is_udp(fd) ? 1 : count));
}
DEFECT(udp-readv-fills-the-first-piece, .readv = first_piece_of_readv);

/* Bounds */

RECV(coalesced, NOTHING, if (!(flags & MSG_PEEK)) n = gather(fd, buffer, size, n))
DEFECT(udp-datagrams-coalesce, .recv = coalesced);

/* What did not fit is given to the next who reads. */
static char rest[64];
static ssize_t rest_size;

static ssize_t
cut_with_rest(int fd, void *buffer, size_t size, int flags)
{
	char whole[sizeof(rest)];
	ssize_t n;

	if (!is_udp(fd) || size >= sizeof(rest))
		return (real.recv(fd, buffer, size, flags));
	n = real.recv(fd, whole, sizeof(whole), flags);
	if (n > (ssize_t)size) {
		rest_size = n - (ssize_t)size;
		memcpy(rest, whole + size, (size_t)rest_size);
		n = (ssize_t)size;
	}
	if (n > 0)
		memcpy(buffer, whole, (size_t)n);
	return (n);
}

static ssize_t
read_rest(int fd, void *buffer, size_t size)
{
	ssize_t n = rest_size;

	if (n == 0 || (size_t)n > size || !is_udp(fd))
		return (real.read(fd, buffer, size));
	memcpy(buffer, rest, (size_t)n);
	rest_size = 0;
	return (n);
}
DEFECT(udp-rest-of-a-datagram-is-next, .recv = cut_with_rest, .read = read_rest);

RECVMSG(cut_unsaid, NOTHING, m->msg_flags &= ~MSG_TRUNC)
DEFECT(udp-cut-without-msg-trunc, .recvmsg = cut_unsaid);

/* Is so much all that the pieces hold? */
static bool
fills(const struct msghdr *m, ssize_t n)
{
	size_t room = 0;

	for (size_t i = 0; i < (size_t)m->msg_iovlen; i++)
		room += m->msg_iov[i].iov_len;
	return ((size_t)n == room);
}

RECVMSG(exact_fit_is_cut, NOTHING, if (fills(m, n)) m->msg_flags |= MSG_TRUNC)
DEFECT(udp-exact-fit-as-cut, .recvmsg = exact_fit_is_cut);

/* The last buffer of several holds a single byte, which is forgotten. */
RECV(last_byte_lost, NOTHING, if (n > 256 && n % 256 == 1)((unsigned char *)buffer)[n - 1] ^= 0xff)
DEFECT(udp-single-byte-of-last-buffer-lost, .recv = last_byte_lost);

RECV(last_fragment_lost, NOTHING, if (n > 65000) memset((char *)buffer + 65000, 0, 64))
DEFECT(udp-last-fragment-lost, .recv = last_fragment_lost);

/* The newer of two that wait comes first. */
static ssize_t
newest_first(int fd, void *buffer, size_t size, int flags)
{
	static char held[256];
	static ssize_t held_size = -1;
	ssize_t n;

	if (!is_udp(fd) || size > sizeof(held))
		return (real.recv(fd, buffer, size, flags));
	if (held_size >= 0) {
		n = held_size;
		memcpy(buffer, held, (size_t)n);
		held_size = -1;
		return (n);
	}
	n = real.recv(fd, buffer, size, flags);
	if (n >= 0 && is_readable(fd)) {
		memcpy(held, buffer, (size_t)n);
		held_size = n;
		n = real.recv(fd, buffer, size, flags);
	}
	return (n);
}
DEFECT(udp-newest-comes-first, .recv = newest_first);

/* No bytes */

static int
needs_bytes(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout), bytes = 0;

	if (n == 1 && count == 1 && is_udp(fds[0].fd) &&
	    real.ioctl(fds[0].fd, FIONREAD, &bytes) == 0 && bytes == 0) {
		fds[0].revents &= ~POLLIN;
		n = fds[0].revents != 0;
	}
	return (n);
}
DEFECT(udp-poll-counts-bytes, .poll = needs_bytes);

static ssize_t
read_of_nothing(int fd, void *buffer, size_t size)
{
	if (size == 0 && is_udp(fd))
		return (real.recv(fd, buffer, 0, MSG_DONTWAIT));
	return (real.read(fd, buffer, size));
}
DEFECT(udp-read-of-zero-bytes-consumes, .read = read_of_nothing);

RECV(recv_of_nothing, if (size == 0 && !(flags & MSG_PEEK)) return (0), NOTHING)
DEFECT(udp-recv-of-zero-bytes-does-nothing, .recv = recv_of_nothing);

/* Queues */

static int
receiver_told(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size), room = 0;
	socklen_t room_size = sizeof(room);

	if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && is_udp(fd) &&
	    real.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, &room_size) == 0 && room < 20000)
		*(int *)value = ENOBUFS;
	return (result);
}
DEFECT(udp-overflow-told-by-so-error, .getsockopt = receiver_told);

/* Large datagrams, and what follows: the first of them was overwritten. */
RECV(
    oldest_lost, static bool once; if (size > 1000 && size < 2000 && !once) {
	    once = true;
	    real.recv(fd, buffer, size, flags);
    },
    NOTHING)
DEFECT(udp-overflow-loses-the-oldest, .recv = oldest_lost);

/* After the queue was empty it has room for two large ones only. */
static ssize_t
room_lost(int fd, void *buffer, size_t size, int flags)
{
	static int taken, left = -1;
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (size < 1000 || !is_udp(fd))
		return (n);
	if (n == -1) {
		left = taken > 2 ? 2 : left;
		taken = 0;
	} else if (left == 0) {
		while (real.recv(fd, buffer, size, MSG_DONTWAIT) != -1)
			;
		left = 2;
		n = failure(EAGAIN);
	} else {
		taken++;
		left -= left > 0;
	}
	return (n);
}
DEFECT(udp-overflow-leaks-room, .recv = room_lost);

RECV(
    cut_to_room, NOTHING, if (n > 8192 && size > 60000) {
	    int room = 0;
	    socklen_t room_size = sizeof(room);

	    real.getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, &room_size);
	    if (n > room)
		    n = room;
    })
DEFECT(udp-datagram-cut-to-the-receive-buffer, .recv = cut_to_room);

/* Each process has a queue of its own. */
static pid_t home;

static int
made_at_home(int domain, int type, int protocol)
{
	if (home == 0)
		home = getpid();
	return (real.socket(domain, type, protocol));
}

RECV(copy_of_queue, if (home != 0 && getpid() != home) flags |= MSG_PEEK, NOTHING)
DEFECT(udp-queue-copied-at-fork, .socket = made_at_home, .recv = copy_of_queue);

/* recvmmsg(2) */

static defect_mmsg_result
flags_of_first(
    int fd, struct mmsghdr *m, defect_mmsg_count count, int flags, defect_mmsg_limit *limit)
{
	defect_mmsg_result n = real.recvmmsg(fd, m, count, flags, limit);

	for (defect_mmsg_result i = 1; i < n; i++)
		m[i].msg_hdr.msg_flags = m[0].msg_hdr.msg_flags;
	return (n);
}
DEFECT(recvmmsg-flags-of-the-first, .recvmmsg = flags_of_first);

static defect_mmsg_result
lengths_unsaid(
    int fd, struct mmsghdr *m, defect_mmsg_count count, int flags, defect_mmsg_limit *limit)
{
	defect_mmsg_result n = real.recvmmsg(fd, m, count, flags, limit);

	for (defect_mmsg_result i = 0; i < n; i++)
		m[i].msg_len = (__typeof__(m[i].msg_len))m[i].msg_hdr.msg_iov[0].iov_len;
	return (n);
}
DEFECT(recvmmsg-length-of-the-buffer, .recvmmsg = lengths_unsaid);

static defect_mmsg_result
waits_for_one(
    int fd, struct mmsghdr *m, defect_mmsg_count count, int flags, defect_mmsg_limit *limit)
{
	return (real.recvmmsg(fd, m, flags & MSG_WAITFORONE ? 1 : count, flags, limit));
}
DEFECT(recvmmsg-waitforone-takes-one, .recvmmsg = waits_for_one);

static defect_mmsg_result
in_time(int fd, struct mmsghdr *m, defect_mmsg_count count, int flags, defect_mmsg_limit *limit)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	if (limit != NULL && real.poll(&entry, 1, (int)(limit->tv_nsec / 1000000)) == 0)
		return (0);
	return (real.recvmmsg(fd, m, count, flags, limit));
}
DEFECT(recvmmsg-gives-up-in-time, .recvmmsg = in_time);

static defect_mmsg_result
zero_is_one(int fd, struct mmsghdr *m, defect_mmsg_count count, int flags, defect_mmsg_limit *limit)
{
	if (count > 0)
		return (real.recvmmsg(fd, m, count, flags, limit));
	real.recvmmsg(fd, m, 1, flags, limit);
	return (0);
}
DEFECT(recvmmsg-of-none-takes-one, .recvmmsg = zero_is_one);
