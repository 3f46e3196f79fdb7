/*
 * Kernels that are wrong about connect(2) on UDP sockets: the peer, the other
 * senders, the socket's own name, and how they are left again.
 */

#include "naming_defects.h"

#include "defects.h"

#include <string.h>

struct name {
	struct sockaddr_storage address;
	socklen_t size; /* 0: none */
};

static struct name
name_of(int fd)
{
	struct name n = { .size = sizeof(n.address) };
	int error = errno;

	if (real.getsockname(fd, (struct sockaddr *)&n.address, &n.size) != 0)
		n.size = 0;
	errno = error;
	return (n);
}

static struct name
peer_of(int fd)
{
	struct name n = { .size = sizeof(n.address) };
	int error = errno;

	if (real.getpeername(fd, (struct sockaddr *)&n.address, &n.size) != 0)
		n.size = 0;
	errno = error;
	return (n);
}

/* The port, where it stands for both families. */
static in_port_t *
port_in(struct name *n)
{
	return (&((struct sockaddr_in *)&n->address)->sin_port);
}

static bool
same_name(const struct name *a, const struct name *b)
{
	return (a->size == b->size && memcmp(&a->address, &b->address, a->size) == 0);
}

static bool
is_null(const struct sockaddr *name)
{
	return (name->sa_family == AF_UNSPEC);
}

static int
dissolve(int fd)
{
	const struct sockaddr null = { .sa_family = AF_UNSPEC };

	return (real.connect(fd, &null, sizeof(null)));
}

/* A udp socket that is to be given a peer, and one that has one already. */
static bool
is_connect(int fd, const struct sockaddr *name)
{
	return (is_udp(fd) && !is_null(name));
}

static bool
is_reconnect(int fd, const struct sockaddr *name)
{
	return (is_connect(fd, name) && peer_of(fd).size != 0);
}

static int
connect_by_asking(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (result == 0 && is_connect(fd, name))
		real.send(fd, "", 0, 0);
	return (result);
}
DEFECT(udp-connect-asks-the-peer, .connect = connect_by_asking);

/* A peer that is kept for sending alone, as far as bound sockets go. */
static struct name kept[DESCRIPTORS];

static int
connect_for_sending(int fd, const struct sockaddr *name, socklen_t size)
{
	struct name own = name_of(fd);

	if (!is_connect(fd, name) || *port_in(&own) == 0)
		return (real.connect(fd, name, size));
	memcpy(&kept[fd].address, name, size);
	kept[fd].size = size;
	return (0);
}

static ssize_t
send_to_kept(int fd, const void *buffer, size_t size, int flags)
{
	struct name *n = &kept[fd];

	return (n->size == 0
		? real.send(fd, buffer, size, flags)
		: real.sendto(fd, buffer, size, flags, (struct sockaddr *)&n->address, n->size));
}

static int
name_of_kept(int fd, struct sockaddr *name, socklen_t *size)
{
	struct name *n = &kept[fd];

	if (n->size == 0)
		return (real.getpeername(fd, name, size));
	memcpy(name, &n->address, n->size < *size ? n->size : *size);
	*size = n->size;
	return (0);
}
DEFECT(udp-connect-is-for-sending-alone, .connect = connect_for_sending, .send = send_to_kept,
    .getpeername = name_of_kept);

static ssize_t
write_needs_no_peer(int fd, const void *buffer, size_t size)
{
	return (is_udp(fd) ? failure(EDESTADDRREQ) : real.write(fd, buffer, size));
}
DEFECT(udp-write-refused, .write = write_needs_no_peer);

static ssize_t
sendto_needs_name(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if (name == NULL && is_udp(fd))
		return (failure(EDESTADDRREQ));
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(udp-sendto-without-name-refused, .sendto = sendto_needs_name);

static int
peer_for_everybody(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getpeername(fd, name, size);

	return (result == -1 && errno == ENOTCONN && is_udp(fd) ? real.getsockname(fd, name, size)
								: result);
}
DEFECT(udp-getpeername-without-peer-gives-own-name, .getpeername = peer_for_everybody);

static ssize_t
send_without_peer(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	return (n == -1 && errno == EDESTADDRREQ && is_udp(fd) ? failure(ENOTCONN) : n);
}
DEFECT(udp-send-without-peer-is-enotconn, .send = send_without_peer);

static ssize_t
recv_without_refusal(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == ECONNREFUSED && is_udp(fd) ? failure(EAGAIN) : n);
}
DEFECT(udp-stranger-swallowed, .recv = recv_without_refusal);

static int
second_refused(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_reconnect(fd, name) ? failure(EISCONN) : real.connect(fd, name, size));
}
DEFECT(udp-second-connect-is-eisconn, .connect = second_refused);

static int
second_ignored(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_reconnect(fd, name) ? 0 : real.connect(fd, name, size));
}
DEFECT(udp-second-connect-ignored, .connect = second_ignored);

static int
second_unbinds(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_reconnect(fd, name))
		dissolve(fd);
	return (real.connect(fd, name, size));
}
DEFECT(udp-second-connect-takes-another-port, .connect = second_unbinds);

static int
null_ignored(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_null(name) && is_udp(fd) ? 0 : real.connect(fd, name, size));
}
DEFECT(udp-null-connect-ignored, .connect = null_ignored);

static int
null_invalid(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (is_null(name) && is_udp(fd) ? failure(EINVAL) : result);
}
DEFECT(udp-null-connect-is-einval, .connect = null_invalid);

/* The peer is gone for those who ask, but not for those who send. */
static bool hidden[DESCRIPTORS];

static int
null_hides(int fd, const struct sockaddr *name, socklen_t size)
{
	if (!is_udp(fd))
		return (real.connect(fd, name, size));
	hidden[fd] = is_null(name);
	return (hidden[fd] ? 0 : real.connect(fd, name, size));
}

static int
hidden_peer(int fd, struct sockaddr *name, socklen_t *size)
{
	return (hidden[fd] ? failure(ENOTCONN) : real.getpeername(fd, name, size));
}

static ssize_t
send_without_hidden(int fd, const void *buffer, size_t size, int flags)
{
	return (hidden[fd] ? failure(EDESTADDRREQ) : real.send(fd, buffer, size, flags));
}
DEFECT(udp-null-connect-leaves-the-filter, .connect = null_hides, .getpeername = hidden_peer,
    .send = send_without_hidden);

/* What getsockname() told before the peer was taken away. */
static struct name former[DESCRIPTORS];

static int
null_remembers(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_udp(fd) && is_null(name))
		former[fd] = name_of(fd);
	else
		former[fd].size = 0;
	return (real.connect(fd, name, size));
}

static int
former_port(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	in_port_t *port = &((struct sockaddr_in *)name)->sin_port;

	if (result == 0 && former[fd].size != 0 && *port == 0)
		*port = *port_in(&former[fd]);
	return (result);
}
DEFECT(udp-null-connect-keeps-any-port, .connect = null_remembers, .getsockname = former_port);

static int
former_host(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && former[fd].size != 0 && name->sa_family == AF_INET)
		((struct sockaddr_in *)name)->sin_addr.s_addr = htonl(INADDR_ANY);
	return (result);
}
DEFECT(udp-null-connect-drops-the-host, .connect = null_remembers, .getsockname = former_host);

static int
lost_port(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && former[fd].size != 0)
		((struct sockaddr_in *)name)->sin_port = 0;
	return (result);
}
DEFECT(udp-null-connect-drops-every-port, .connect = null_remembers, .getsockname = lost_port);

static int
zero_address_ignored(int fd, const struct sockaddr *name, socklen_t size)
{
	const struct sockaddr_in *in = inet_of(name, size);

	if (in != NULL && in->sin_port == 0 && in->sin_addr.s_addr == 0 && is_udp(fd))
		return (0);
	return (real.connect(fd, name, size));
}
DEFECT(udp-connect-to-zero-address-ignored, .connect = zero_address_ignored);

static int
half_changed(int fd, const struct sockaddr *name, socklen_t size)
{
	struct name peer = peer_of(fd);
	int result = real.connect(fd, name, size);

	if (result == -1 && errno == EAFNOSUPPORT && peer.size != 0 && is_udp(fd)) {
		*port_in(&peer) = ((const struct sockaddr_in *)name)->sin_port;
		real.connect(fd, (struct sockaddr *)&peer.address, peer.size);
		errno = EAFNOSUPPORT;
	}
	return (result);
}
DEFECT(udp-failed-connect-changes-the-port, .connect = half_changed);

static int
family_ignored(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == -1 && errno == EAFNOSUPPORT && is_udp(fd) ? failure(EINVAL) : result);
}
DEFECT(udp-connect-to-other-family-is-einval, .connect = family_ignored);

static int
name_stays_wildcard(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result != 0 || !is_udp(fd) || peer_of(fd).size == 0)
		return (result);
	if (name->sa_family == AF_INET)
		((struct sockaddr_in *)name)->sin_addr.s_addr = htonl(INADDR_ANY);
	else
		((struct sockaddr_in6 *)name)->sin6_addr = in6addr_any;
	return (result);
}
DEFECT(udp-connect-leaves-the-wildcard, .getsockname = name_stays_wildcard);

static int
connect_flushes(int fd, const struct sockaddr *name, socklen_t size)
{
	char byte;

	if (is_connect(fd, name))
		while (real.recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
			;
	return (real.connect(fd, name, size));
}
DEFECT(udp-connect-flushes-the-queue, .connect = connect_flushes);

/* One of several on a port: listen to itself, so that nothing else is for it. */
static int
member_not_preferred(int fd, const struct sockaddr *name, socklen_t size)
{
	struct name own = name_of(fd);

	if (is_connect(fd, name) && option_of(fd, SO_REUSEPORT) != 0)
		return (real.connect(fd, (struct sockaddr *)&own.address, own.size));
	return (real.connect(fd, name, size));
}
DEFECT(udp-lookup-passes-over-connected-members, .connect = member_not_preferred);

static int
one_association(int fd, const struct sockaddr *name, socklen_t size)
{
	static struct name last_own, last_peer;
	struct name own = name_of(fd), peer = { .size = size };

	if (!is_connect(fd, name))
		return (real.connect(fd, name, size));
	memcpy(&peer.address, name, size);
	if (same_name(&own, &last_own) && same_name(&peer, &last_peer))
		return (failure(EADDRINUSE));
	last_own = own;
	last_peer = peer;
	return (real.connect(fd, name, size));
}
DEFECT(udp-association-is-unique, .connect = one_association);

static int
one_connected_member(int fd, const struct sockaddr *name, socklen_t size)
{
	static struct name last_own;
	struct name own = name_of(fd);
	bool again = same_name(&own, &last_own) && peer_of(fd).size == 0;
	int result = real.connect(fd, name, size);

	if (!is_connect(fd, name) || option_of(fd, SO_REUSEPORT) == 0)
		return (result);
	last_own = own;
	return (again ? failure(EISCONN) : result);
}
DEFECT(udp-one-connected-socket-per-port, .connect = one_connected_member);

static int
broadcast_granted(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size), on = 1, off = 0;

	if (result == -1 && errno == EACCES && is_udp(fd)) {
		real.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
		result = real.connect(fd, name, size);
		real.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &off, sizeof(off));
	}
	return (result);
}
DEFECT(udp-connect-to-broadcast-granted, .connect = broadcast_granted);

/* The one who was connected to before it connected itself is not heard. */
static ssize_t
second_is_mute(int fd, const void *buffer, size_t size)
{
	static int first = -1;

	if (!is_udp(fd) || peer_of(fd).size == 0)
		return (real.write(fd, buffer, size));
	if (first == -1)
		first = fd;
	return (fd == first ? real.write(fd, buffer, size) : (ssize_t)size);
}
DEFECT(udp-pair-is-one-way, .write = second_is_mute);
