/*
 * Kernels that get datagrams and sequenced packets of the UNIX domain wrong.
 */

#include "defects.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
is_datagram(int fd)
{
	return (socket_type(fd) == SOCK_DGRAM);
}

static bool
is_seqpacket(int fd)
{
	return (socket_type(fd) == SOCK_SEQPACKET);
}

static bool
keeps_messages(int fd)
{
	return (is_datagram(fd) || is_seqpacket(fd));
}

/* Receiving */

/* Append what waits behind a message to it. */
static ssize_t
merge(int fd, char *buffer, size_t size, ssize_t n)
{
	while (n > 0 && (size_t)n < size && keeps_messages(fd)) {
		ssize_t more = real.recv(fd, buffer + n, size - (size_t)n, MSG_DONTWAIT);

		if (more <= 0)
			break;
		n += more;
	}
	return (n);
}

static ssize_t
merging_read(int fd, void *buffer, size_t size)
{
	return (merge(fd, buffer, size, real.read(fd, buffer, size)));
}

static ssize_t
merging_recv(int fd, void *buffer, size_t size, int flags)
{
	return (merge(fd, buffer, size, real.recv(fd, buffer, size, flags)));
}
DEFECT(messages-merged, .read = merging_read, .recv = merging_recv);

static ssize_t
wait_for_all(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (flags & MSG_WAITALL ? merge(fd, buffer, size, n) : n);
}
DEFECT(seqpacket-waitall-takes-next-record, .recv = wait_for_all);

/* The rest of a message that was received in part is the next one. */
static ssize_t
rest_is_next(int fd, struct msghdr *m, int flags)
{
	static char rest[256];
	static size_t waiting;
	static int of = -1;
	struct iovec *v = m->msg_iov;
	char whole[256];
	ssize_t n;

	if (m->msg_iovlen != 1 || !keeps_messages(fd))
		return (real.recvmsg(fd, m, flags));
	if (of == fd && waiting > 0) {
		n = (ssize_t)(waiting < v->iov_len ? waiting : v->iov_len);
		memcpy(v->iov_base, rest, (size_t)n);
		waiting = 0;
		m->msg_flags = 0;
		return (n);
	}
	n = real.recv(fd, whole, sizeof(whole), flags);
	if (n < 0)
		return (n);
	m->msg_flags = 0;
	if ((size_t)n > v->iov_len) {
		m->msg_flags = MSG_TRUNC;
		waiting = (size_t)n - v->iov_len;
		memcpy(rest, whole + v->iov_len, waiting);
		of = fd;
		n = (ssize_t)v->iov_len;
	}
	memcpy(v->iov_base, whole, (size_t)n);
	return (n);
}
DEFECT(messages-rest-is-next, .recvmsg = rest_is_next);

static ssize_t
cut_unsaid(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0 && keeps_messages(fd))
		m->msg_flags &= ~MSG_TRUNC;
	return (n);
}
DEFECT(messages-cut-without-msg-trunc, .recvmsg = cut_unsaid);

static ssize_t
cut_always_said(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	/* A buffer that is just filled is taken for one too short. */
	if (n > 0 && keeps_messages(fd) && (size_t)n == m->msg_iov[0].iov_len)
		m->msg_flags |= MSG_TRUNC;
	return (n);
}
DEFECT(messages-exact-fit-as-cut, .recvmsg = cut_always_said);

static ssize_t
copied_length(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n > (ssize_t)size ? (ssize_t)size : n);
}
DEFECT(dgram-msg-trunc-gives-copied-length, .recv = copied_length);

/* Last in, first out, for two. */
static ssize_t
second_first(int fd, void *buffer, size_t size, int flags)
{
	static char kept[512];
	static ssize_t waiting = -1;
	static int of = -1;
	char next[512];
	ssize_t n, m;

	if (!keeps_messages(fd) || size < 64 || size > sizeof(kept) || (flags & MSG_PEEK))
		return (real.recv(fd, buffer, size, flags));
	if (of == fd && waiting >= 0) {
		memcpy(buffer, kept, (size_t)waiting);
		n = waiting;
		waiting = -1;
		return (n);
	}
	n = real.recv(fd, buffer, size, flags);
	if (n <= 0 || (m = real.recv(fd, next, size, MSG_DONTWAIT)) <= 0)
		return (n);
	memcpy(kept, buffer, (size_t)n);
	waiting = n;
	of = fd;
	memcpy(buffer, next, (size_t)m);
	return (m);
}
DEFECT(messages-second-before-first, .recv = second_first);

static ssize_t
silence_as_end(int fd, void *buffer, size_t size, int flags)
{
	struct sockaddr_un peer;
	socklen_t length = sizeof(peer);
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n != -1 || errno != EAGAIN || !is_datagram(fd))
		return (n);
	return (real.getpeername(fd, (struct sockaddr *)&peer, &length) == 0 ? 0 : failure(EAGAIN));
}
DEFECT(dgram-silence-as-end, .recv = silence_as_end);

static int
addresses_counted(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIONREAD && is_datagram(fd) && *(int *)argument > 0)
		*(int *)argument += 16;
	return (result);
}
DEFECT(dgram-fionread-counts-addresses, .ioctl = addresses_counted);

/* Sending */

static ssize_t
empty_dropped(int fd, const void *buffer, size_t size, int flags)
{
	return (size == 0 && keeps_messages(fd) ? 0 : real.send(fd, buffer, size, flags));
}
DEFECT(messages-empty-one-dropped, .send = empty_dropped);

static ssize_t
fifth_dropped(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	static int count;

	if (is_datagram(fd) && ++count % 5 == 0)
		return ((ssize_t)size);
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(dgram-each-fifth-dropped, .sendto = fifth_dropped);

static ssize_t
dropped_when_full(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && errno == EAGAIN && is_nonblocking(fd) && is_datagram(fd))
		return ((ssize_t)size);
	return (n);
}
DEFECT(dgram-dropped-when-full, .send = dropped_when_full);

static ssize_t
full_as_no_buffers(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN && keeps_messages(fd) ? failure(ENOBUFS) : n);
}
DEFECT(messages-full-as-enobufs, .send = full_as_no_buffers);

static ssize_t
send_never_waits(int fd, const void *buffer, size_t size, int flags)
{
	return (real.send(fd, buffer, size, is_datagram(fd) ? flags | MSG_DONTWAIT : flags));
}
DEFECT(dgram-send-never-waits, .send = send_never_waits);

static ssize_t
short_ones_cost_more(int fd, const void *buffer, size_t size, int flags)
{
	static int count;

	if (size == 1 && (flags & MSG_DONTWAIT) && is_datagram(fd) && count++ >= 5)
		return (failure(EAGAIN));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(dgram-queue-counts-bytes, .send = short_ones_cost_more);

static ssize_t
cut_to_fit(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n != -1 || errno != EMSGSIZE)
		return (n);
	return (real.send(fd, buffer, 1000, flags) == -1 ? -1 : (ssize_t)size);
}
DEFECT(messages-oversize-cut, .send = cut_to_fit);

static ssize_t
one_less(int fd, const void *buffer, size_t size, int flags)
{
	int limit = 0;
	socklen_t length = sizeof(limit);

	if (is_datagram(fd) && real.getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &limit, &length) == 0 &&
	    size + 32 == (size_t)limit)
		return (failure(EMSGSIZE));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(dgram-size-limit-one-less, .send = one_less);

static ssize_t
band_ignored(int fd, const void *buffer, size_t size, int flags)
{
	return (real.send(fd, buffer, size, keeps_messages(fd) ? flags & ~MSG_OOB : flags));
}
DEFECT(messages-msg-oob-ignored, .send = band_ignored);

static ssize_t
gone_unsaid(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && (errno == EPIPE || errno == ECONNREFUSED) && keeps_messages(fd))
		return ((ssize_t)size);
	return (n);
}
DEFECT(messages-to-closed-peer-succeed, .send = gone_unsaid);

/* Connections and their ends */

static ssize_t
peer_forgotten(int fd, const void *buffer, size_t size, int flags)
{
	struct sockaddr null = { .sa_family = AF_UNSPEC };
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n >= 0 && is_datagram(fd))
		real.connect(fd, &null, sizeof(null));
	return (n);
}
DEFECT(dgram-peer-forgotten-after-send, .send = peer_forgotten);

static int
bound_not_connected(int fd, const struct sockaddr *name, socklen_t length)
{
	struct sockaddr_un own;
	socklen_t size = sizeof(own);

	if (is_datagram(fd) && real.getsockname(fd, (struct sockaddr *)&own, &size) == 0 &&
	    size > offsetof(struct sockaddr_un, sun_path))
		return (0);
	return (real.connect(fd, name, length));
}
DEFECT(dgram-bound-socket-takes-no-peer, .connect = bound_not_connected);

static int
second_refused(int fd, const struct sockaddr *name, socklen_t length)
{
	static struct sockaddr_un before;
	static socklen_t before_length;

	if (is_datagram(fd) && length <= sizeof(before)) {
		if (length == before_length && memcmp(&before, name, length) == 0)
			return (failure(ECONNREFUSED));
		memcpy(&before, name, length);
		before_length = length;
	}
	return (real.connect(fd, name, length));
}
DEFECT(dgram-second-client-refused, .connect = second_refused);

static bool
has_peer(int fd)
{
	struct sockaddr_un peer;
	socklen_t size = sizeof(peer);
	int error = errno;
	bool answer = real.getpeername(fd, (struct sockaddr *)&peer, &size) == 0;

	errno = error;
	return (answer);
}

static int
second_peer_refused(int fd, const struct sockaddr *name, socklen_t length)
{
	if (name->sa_family != AF_UNSPEC && is_datagram(fd) && has_peer(fd))
		return (failure(EISCONN));
	return (real.connect(fd, name, length));
}
DEFECT(dgram-reconnect-refused, .connect = second_peer_refused);

static int
peer_kept(int fd, const struct sockaddr *name, socklen_t length)
{
	if (name->sa_family == AF_UNSPEC && is_datagram(fd))
		return (0);
	return (real.connect(fd, name, length));
}
DEFECT(dgram-null-address-keeps-peer, .connect = peer_kept);

static ssize_t
stranger_dropped(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	return (n == -1 && errno == EPERM ? (ssize_t)size : n);
}
DEFECT(dgram-third-party-dropped-in-silence, .sendto = stranger_dropped);

static ssize_t
peer_preferred(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if (is_datagram(fd) && has_peer(fd))
		return (real.send(fd, buffer, size, flags));
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(dgram-address-ignored-when-connected, .sendto = peer_preferred);

static int
shutdown_without_effect(int fd, int how)
{
	return (keeps_messages(fd) && how == SHUT_WR ? 0 : real.shutdown(fd, how));
}
DEFECT(messages-shut-write-without-effect, .shutdown = shutdown_without_effect);

static int
sleeper_left(int fd, int how)
{
	return (is_datagram(fd) && how == SHUT_RD ? 0 : real.shutdown(fd, how));
}
DEFECT(dgram-shut-read-wakes-nobody, .shutdown = sleeper_left);

static int last_bound = -1;

static int
noted_bind(int fd, const struct sockaddr *name, socklen_t length)
{
	int result = real.bind(fd, name, length);

	if (result == 0 && is_datagram(fd))
		last_bound = fd;
	return (result);
}

static int
sender_takes_data_along(int fd)
{
	char b[64];

	if (last_bound != -1 && fd != last_bound && is_datagram(fd))
		real.recv(last_bound, b, sizeof(b), MSG_DONTWAIT);
	return (real.close(fd));
}
DEFECT(dgram-close-takes-data-along, .bind = noted_bind, .close = sender_takes_data_along);

static ssize_t
implied_connect(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	if (n == -1 && (errno == ENOTCONN || errno == EOPNOTSUPP) && name != NULL &&
	    !is_datagram(fd) && real.connect(fd, name, length) == 0)
		return (real.send(fd, buffer, size, flags));
	return (n);
}
DEFECT(sendto-connects, .sendto = implied_connect);

/* Names */

/* The mode of the file of that name; 0 with errno if there is none, all permissions if no path. */
static mode_t
mode_of(const struct sockaddr *name, socklen_t length)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)name;
	struct stat st;

	if (length <= offsetof(struct sockaddr_un, sun_path) || un->sun_path[0] == '\0')
		return (07777);
	return (real.stat(un->sun_path, &st) == 0 ? st.st_mode : 0);
}

static ssize_t
name_resolved(int fd, const void *buffer, size_t size, int flags)
{
	struct sockaddr_un peer = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(peer);

	if (is_datagram(fd) && real.getpeername(fd, (struct sockaddr *)&peer, &length) == 0) {
		mode_t mode = mode_of((struct sockaddr *)&peer, length);

		if (mode == 0)
			return (failure(ENOENT));
		if ((mode & 0222) == 0)
			return (failure(EACCES));
	}
	return (real.send(fd, buffer, size, flags));
}
DEFECT(dgram-send-resolves-the-name-again, .send = name_resolved);

static ssize_t
ignored_name_resolved(int fd, const void *buffer, size_t size, int flags,
    const struct sockaddr *name, socklen_t length)
{
	if (is_seqpacket(fd) && name != NULL && mode_of(name, length) == 0)
		return (failure(ENOENT));
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(seqpacket-resolves-ignored-address, .sendto = ignored_name_resolved);

static ssize_t
sent_anyway(ssize_t n, int error, size_t size)
{
	return (n == -1 && errno == error ? (ssize_t)size : n);
}

#define SENT_ANYWAY(ident, error)                                                                  \
	static ssize_t ident(int fd, const void *buffer, size_t size, int flags,                   \
	    const struct sockaddr *name, socklen_t length)                                         \
	{                                                                                          \
		return (                                                                           \
		    sent_anyway(real.sendto(fd, buffer, size, flags, name, length), error, size)); \
	}
SENT_ANYWAY(missing_name_accepted, ENOENT)
DEFECT(dgram-missing-name-accepted, .sendto = missing_name_accepted);
SENT_ANYWAY(dead_name_accepted, ECONNREFUSED)
DEFECT(dgram-dead-name-accepted, .sendto = dead_name_accepted);
SENT_ANYWAY(other_type_accepted, EPROTOTYPE)
DEFECT(dgram-name-of-other-type-accepted, .sendto = other_type_accepted);
SENT_ANYWAY(unwritable_accepted, EACCES)
DEFECT(dgram-unwritable-name-accepted, .sendto = unwritable_accepted);
SENT_ANYWAY(full_receiver_accepted, EAGAIN)
DEFECT(dgram-full-receiver-accepted, .sendto = full_receiver_accepted);

static int
always_writable(struct pollfd *entries, nfds_t count, int timeout)
{
	int n = real.poll(entries, count, timeout);

	for (nfds_t i = 0; i < count; i++)
		if ((entries[i].events & POLLOUT) && entries[i].revents == 0 &&
		    is_datagram(entries[i].fd)) {
			entries[i].revents = POLLOUT;
			n++;
		}
	return (n);
}
DEFECT(dgram-always-writable, .poll = always_writable);
