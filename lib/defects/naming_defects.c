/*
 * Kernels that tell the names of sockets, listen or know interfaces wrongly.
 */

#include "naming_defects.h"

#include <sys/ioctl.h>

#include <net/if.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "defects.h"

int
renamed(int result, int from, int to)
{
	return (result == -1 && errno == from ? failure(to) : result);
}

int
tolerated(int result, int error)
{
	return (result == -1 && errno == error ? 0 : result);
}

int
moved_up(int fd)
{
	int moved;

	if (fd == -1)
		return (-1);
	moved = real.fcntl(fd, F_DUPFD, 40);
	real.close(fd);
	return (moved);
}

int
option_of(int fd, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	real.getsockopt(fd, SOL_SOCKET, name, &value, &size);
	return (value);
}

bool
is_connected(int fd)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	return (real.getpeername(fd, (struct sockaddr *)&name, &size) == 0);
}

const struct sockaddr_in *
inet_of(const struct sockaddr *name, socklen_t size)
{
	return (size == sizeof(struct sockaddr_in) && name->sa_family == AF_INET
		? (const struct sockaddr_in *)name
		: NULL);
}

int
bind_anywhere(int fd)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return (real.bind(fd, (struct sockaddr *)&a, sizeof(a)));
}

/* Names */

static int
port_in_host_order(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	struct sockaddr_in *a = (struct sockaddr_in *)name;

	if (result == 0 && name->sa_family == AF_INET)
		a->sin_port = ntohs(a->sin_port);
	return (result);
}
DEFECT(getsockname-swaps-port, .getsockname = port_in_host_order);

static int
port_as_asked(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && name->sa_family == AF_INET)
		((struct sockaddr_in *)name)->sin_port = 0;
	return (result);
}
DEFECT(getsockname-port-as-asked, .getsockname = port_as_asked);

static int
name_of_predecessor(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	struct sockaddr_in *a = (struct sockaddr_in *)name;
	static struct sockaddr_in last;

	if (result != 0 || name->sa_family != AF_INET)
		return (result);
	if (a->sin_port != 0)
		last = *a;
	else if (last.sin_port != 0)
		*a = last;
	return (0);
}
DEFECT(getsockname-of-predecessor, .getsockname = name_of_predecessor);

static int
length_kept(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t room = *size;
	int result = real.getsockname(fd, name, size);

	if (result == 0 && room <= 128)
		*size = room;
	return (result);
}
DEFECT(getsockname-length-kept, .getsockname = length_kept);

static int
peer_length_kept(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t room = *size;
	int result = real.getpeername(fd, name, size);

	if (result == 0)
		*size = room;
	return (result);
}
DEFECT(getpeername-length-kept, .getpeername = peer_length_kept);

static int
short_overrun(int fd, struct sockaddr *name, socklen_t *size)
{
	if (*size == 4)
		*size = sizeof(struct sockaddr_in);
	return (real.getsockname(fd, name, size));
}
DEFECT(getsockname-overruns-short-buffer, .getsockname = short_overrun);

static int
short_einval(int fd, struct sockaddr *name, socklen_t *size)
{
	return (*size == 4 ? failure(EINVAL) : real.getpeername(fd, name, size));
}
DEFECT(getpeername-short-buffer-einval, .getpeername = short_einval);

static int
family_always(int fd, struct sockaddr *name, socklen_t *size)
{
	bool nothing = *size == 0;
	int result = real.getpeername(fd, name, size);
	int before = errno, pipe_end[2];

	/* Only where it can be stored. */
	if (result == 0 && nothing && real.pipe(pipe_end) == 0) {
		if (real.write(pipe_end[1], name, 1) == 1)
			name->sa_family = AF_INET;
		real.close(pipe_end[0]);
		real.close(pipe_end[1]);
	}
	errno = before;
	return (result);
}
DEFECT(getpeername-stores-family-always, .getpeername = family_always);

static int
zero_einval(int fd, struct sockaddr *name, socklen_t *size)
{
	return (*size == 0 ? failure(EINVAL) : real.getsockname(fd, name, size));
}
DEFECT(getsockname-no-room-einval, .getsockname = zero_einval);

static int
negative_accepted(int fd, struct sockaddr *name, socklen_t *size)
{
	if (*size == (socklen_t)-1)
		*size = 64;
	return (real.getpeername(fd, name, size));
}
DEFECT(getpeername-negative-length-accepted, .getpeername = negative_accepted);

static int
bad_buffer_accepted(int fd, struct sockaddr *name, socklen_t *size)
{
	return (tolerated(real.getpeername(fd, name, size), EFAULT));
}
DEFECT(getpeername-bad-buffer-accepted, .getpeername = bad_buffer_accepted);

static int
nobody_is_zero(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getpeername(fd, name, size);

	if (result == -1 && errno == ENOTCONN && option_of(fd, SO_ACCEPTCONN)) {
		memset(name, 0, *size);
		return (0);
	}
	return (result);
}
DEFECT(getpeername-listener-has-peer, .getpeername = nobody_is_zero);

static int
dissolving_forgotten(int fd, const struct sockaddr *name, socklen_t size)
{
	return (size == sizeof(struct sockaddr_in) && name->sa_family == AF_UNSPEC
		? 0
		: real.connect(fd, name, size));
}
DEFECT(connect-never-dissolves, .connect = dissolving_forgotten);

static int
first_peer_stays(int fd, const struct sockaddr *name, socklen_t size)
{
	return (inet_of(name, size) != NULL && socket_type(fd) == SOCK_DGRAM && is_connected(fd)
		? 0
		: real.connect(fd, name, size));
}
DEFECT(connect-keeps-first-peer, .connect = first_peer_stays);

static int
names_exchanged(int fd, struct sockaddr *name, socklen_t *size)
{
	return (
	    is_connected(fd) ? real.getsockname(fd, name, size) : real.getpeername(fd, name, size));
}
DEFECT(getpeername-tells-own-name, .getpeername = names_exchanged);

static int
accept_tells_listener(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && name != NULL) {
		*size = sizeof(struct sockaddr_storage);
		real.getsockname(made, name, size);
	}
	return (made);
}
DEFECT(accept-tells-listener, .accept = accept_tells_listener);

static int
peer_outlives_reset(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getpeername(fd, name, size);
	static struct sockaddr_in last;

	if (result == 0 && name->sa_family == AF_INET)
		memcpy(&last, name, sizeof(last));
	if (result == -1 && errno == ENOTCONN && last.sin_port != 0) {
		memcpy(name, &last, sizeof(last));
		*size = sizeof(last);
		return (0);
	}
	return (result);
}
DEFECT(getpeername-outlives-reset, .getpeername = peer_outlives_reset);

static int
peer_gone_with_stream(int fd, struct sockaddr *name, socklen_t *size)
{
	return ((readiness(fd, POLLRDHUP) & POLLRDHUP) != 0 ? failure(ENOTCONN)
							    : real.getpeername(fd, name, size));
}
DEFECT(getpeername-gone-at-end-of-file, .getpeername = peer_gone_with_stream);

static int
connected_to_all(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && name->sa_family == AF_INET && socket_type(fd) == SOCK_DGRAM &&
	    is_connected(fd))
		((struct sockaddr_in *)name)->sin_addr.s_addr = htonl(INADDR_ANY);
	return (result);
}
DEFECT(getsockname-connected-wildcard, .getsockname = connected_to_all);

/* Every datagram of a socket that was not bound comes from a port of its own. */
static ssize_t
port_for_each(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	int fresh = real.socket(AF_INET, SOCK_DGRAM, 0);
	ssize_t n = real.sendto(fd, buffer, 0, flags, name, length);

	if (n == 0)
		n = real.sendto(fresh, buffer, size, flags, name, length);
	real.close(fresh);
	return (n);
}
DEFECT(sendto-new-port-each-time, .sendto = port_for_each);

/* listen() */

static int
listen_datagram(int fd, int backlog)
{
	return (tolerated(real.listen(fd, backlog), EOPNOTSUPP));
}
DEFECT(listen-takes-datagrams, .listen = listen_datagram);

static int
listen_connected(int fd, int backlog)
{
	return (is_connected(fd) ? 0 : real.listen(fd, backlog));
}
DEFECT(listen-takes-connections, .listen = listen_connected);

static int
listen_once(int fd, int backlog)
{
	return (is_socket(fd) && option_of(fd, SO_ACCEPTCONN) ? failure(EINVAL)
							      : real.listen(fd, backlog));
}
DEFECT(listen-only-once, .listen = listen_once);

static int
listen_first_backlog(int fd, int backlog)
{
	return (is_socket(fd) && option_of(fd, SO_ACCEPTCONN) ? 0 : real.listen(fd, backlog));
}
DEFECT(listen-keeps-first-backlog, .listen = listen_first_backlog);

static int
listen_negative_einval(int fd, int backlog)
{
	return (backlog < 0 ? failure(EINVAL) : real.listen(fd, backlog));
}
DEFECT(listen-negative-einval, .listen = listen_negative_einval);

static int
listen_negative_is_zero(int fd, int backlog)
{
	return (real.listen(fd, backlog < 0 && option_of(fd, SO_DOMAIN) == AF_UNIX ? 0 : backlog));
}
DEFECT(listen-negative-is-zero, .listen = listen_negative_is_zero);

static int
listen_wants_name(int fd, int backlog)
{
	struct sockaddr_in name;
	socklen_t size = sizeof(name);

	if (real.getsockname(fd, (struct sockaddr *)&name, &size) == 0 &&
	    name.sin_family == AF_INET && name.sin_port == 0)
		return (failure(EDESTADDRREQ));
	return (real.listen(fd, backlog));
}
DEFECT(listen-wants-a-port, .listen = listen_wants_name);

/* Interfaces */

static int
mask_of_one_host(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == SIOCGIFNETMASK)
		((struct sockaddr_in *)&((struct ifreq *)argument)->ifr_addr)->sin_addr.s_addr =
		    INADDR_NONE;
	return (result);
}
DEFECT(ioctl-mask-of-one-host, .ioctl = mask_of_one_host);

static int
address_in_host_order(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == SIOCGIFADDR) {
		struct sockaddr_in *a = (struct sockaddr_in *)&((struct ifreq *)argument)->ifr_addr;

		a->sin_addr.s_addr = ntohl(a->sin_addr.s_addr);
	}
	return (result);
}
DEFECT(ioctl-address-in-host-order, .ioctl = address_in_host_order);

static int
loopback_broadcasts(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == SIOCGIFFLAGS)
		((struct ifreq *)argument)->ifr_flags |= IFF_BROADCAST;
	return (result);
}
DEFECT(ioctl-loopback-broadcasts, .ioctl = loopback_broadcasts);

static int
list_length_kept(int fd, unsigned long request, void *argument)
{
	int room = request == SIOCGIFCONF ? ((struct ifconf *)argument)->ifc_len : 0;
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == SIOCGIFCONF)
		((struct ifconf *)argument)->ifc_len = room;
	return (result);
}
DEFECT(ioctl-list-length-kept, .ioctl = list_length_kept);

static int
listed_twice(int fd, unsigned long request, void *argument)
{
	struct ifconf *c = argument;
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == SIOCGIFCONF) {
		memcpy(c->ifc_buf + c->ifc_len, c->ifc_buf, (size_t)c->ifc_len);
		c->ifc_len *= 2;
	}
	return (result);
}
DEFECT(ioctl-lists-twice, .ioctl = listed_twice);

static int
beginning_will_do(int fd, unsigned long request, void *argument)
{
	struct ifreq *r = argument;

	if ((request == SIOCGIFFLAGS || request == SIOCGIFADDR) &&
	    strncmp(r->ifr_name, "lo", 2) == 0)
		strcpy(r->ifr_name, "lo");
	return (real.ioctl(fd, request, argument));
}
DEFECT(ioctl-beginning-of-name-will-do, .ioctl = beginning_will_do);
