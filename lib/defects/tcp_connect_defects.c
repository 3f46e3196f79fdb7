/*
 * Kernels that are wrong about connect(2) on TCP sockets: the answer, the wait for
 * it, the names of both ends, and the addresses that are none.
 */

#include "tcp_defects.h"

#include <netinet/in.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

union name {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

static bool
in_table(int fd)
{
	return (fd >= 0 && fd < DESCRIPTORS);
}

static bool
is_connected(int fd)
{
	union name n;
	socklen_t size = sizeof(n);
	int error = errno;
	bool answer = is_tcp(fd) && real.getpeername(fd, &n.any, &size) == 0;

	errno = error;
	return (answer);
}

static int
option_of(int fd, int option)
{
	int value = 0, error = errno;
	socklen_t size = sizeof(value);

	real.getsockopt(fd, SOL_SOCKET, option, &value, &size);
	errno = error;
	return (value);
}

/* The port stands in the same place for both families. */
static unsigned
port_of(int fd)
{
	union name n = { .in.sin_port = 0 };
	socklen_t size = sizeof(n);
	int error = errno;

	real.getsockname(fd, &n.any, &size);
	errno = error;
	return (ntohs(n.in.sin_port));
}

static void
set_wildcard(struct sockaddr *name)
{
	if (name->sa_family == AF_INET)
		((struct sockaddr_in *)name)->sin_addr.s_addr = INADDR_ANY;
	else
		((struct sockaddr_in6 *)name)->sin6_addr = in6addr_any;
}

/* What the last connect of each socket came to. */
static int outcome[DESCRIPTORS];
static union name destination[DESCRIPTORS];
static socklen_t destination_size[DESCRIPTORS];

static int
noted_connect(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (in_table(fd) && (result == 0 || errno != EALREADY)) {
		outcome[fd] = result == 0 ? 0 : errno;
		destination_size[fd] = size < sizeof(destination[fd]) ? size : 0;
		if (result == 0 || errno == EINPROGRESS)
			memcpy(&destination[fd], name, destination_size[fd]);
	}
	return (result);
}

/* A call is under way that nobody has answered yet. */
static bool
is_calling(int fd)
{
	return (in_table(fd) && outcome[fd] == EINPROGRESS && is_tcp(fd) && !is_connected(fd) &&
	    readiness(fd, POLLOUT) == 0);
}

/* One errno for another, where the condition holds. */
#define CONNECT_ERROR(function, condition, right, wrong)                                      \
	static int function(int fd, const struct sockaddr *name, socklen_t size)              \
	{                                                                                     \
		bool holds = is_tcp(fd) && (condition);                                       \
		int result = real.connect(fd, name, size);                                    \
                                                                                              \
		return (holds && result == -1 && errno == (right) ? failure(wrong) : result); \
	}

/* The answer */

CONNECT_ERROR(refused_late, !is_nonblocking(fd), ECONNREFUSED, ETIMEDOUT)
DEFECT(tcp-connect-refused-times-out, .connect = refused_late);

static int
returns_early(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == 0 && is_tcp(fd) && !is_nonblocking(fd) ? failure(EINPROGRESS) : result);
}
DEFECT(tcp-connect-never-waits, .connect = returns_early);

CONNECT_ERROR(calls_anew, true, EALREADY, EINPROGRESS)
DEFECT(tcp-connect-second-call-begins-anew, .connect = calls_anew);

static int
switches(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (result == 0 || errno != EISCONN || !is_tcp(fd) || is_tcp_listener(fd))
		return (result);
	real.connect(fd, &nobody, sizeof(nobody));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-connect-switches-the-peer, .connect = switches);

static int
never_completes(int fd, const struct sockaddr *name, socklen_t size)
{
	bool connected = is_connected(fd);
	int result = real.connect(fd, name, size);

	return (result == 0 && connected ? failure(EALREADY) : result);
}
DEFECT(tcp-connect-again-is-still-in-progress, .connect = never_completes);

static int
refused_for_good(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_tcp(fd) && in_table(fd) && outcome[fd] == ECONNREFUSED)
		return (failure(ECONNREFUSED));
	return (noted_connect(fd, name, size));
}
DEFECT(tcp-connect-refused-is-for-good, .connect = refused_for_good);

CONNECT_ERROR(refusal_in_progress, is_nonblocking(fd), ECONNREFUSED, EALREADY)
DEFECT(tcp-connect-again-hides-the-refusal, .connect = refusal_in_progress);

/* The wait */

static int
gives_up(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (result == -1 && errno == EINTR && is_tcp(fd)) {
		real.connect(fd, &nobody, sizeof(nobody));
		errno = EINTR;
	}
	return (result);
}
DEFECT(tcp-connect-interrupted-gives-up, .connect = gives_up);

static int
never_restart(int signal, const struct sigaction *action, struct sigaction *before)
{
	struct sigaction changed;

	if (action == NULL || signal != SIGUSR1)
		return (real.sigaction(signal, action, before));
	changed = *action;
	changed.sa_flags &= ~SA_RESTART;
	return (real.sigaction(signal, &changed, before));
}
DEFECT(tcp-connect-is-never-restarted, .sigaction = never_restart);

static int
waits_no_more(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_calling(fd) && !is_nonblocking(fd))
		return (failure(EALREADY));
	return (noted_connect(fd, name, size));
}
DEFECT(tcp-connect-in-progress-never-waits, .connect = waits_no_more);

static int
poll_calling(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (n == 0 && count == 1 && is_calling(fds[0].fd) && (fds[0].events & POLLOUT) != 0) {
		fds[0].revents = POLLOUT;
		return (1);
	}
	return (n);
}
DEFECT(tcp-connect-in-progress-polls-writable, .connect = noted_connect, .poll = poll_calling);

static int
select_calling(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	if (n == 0 && limit > 0 && w != NULL && is_calling(limit - 1)) {
		FD_SET(limit - 1, w);
		return (1);
	}
	return (n);
}
DEFECT(tcp-connect-in-progress-selects-writable, .connect = noted_connect,
    .select = select_calling);

static int
peer_called(int fd, struct sockaddr *name, socklen_t *size)
{
	if (!is_calling(fd))
		return (real.getpeername(fd, name, size));
	memcpy(name, &destination[fd], destination_size[fd]);
	*size = destination_size[fd];
	return (0);
}
DEFECT(tcp-getpeername-tells-whom-it-calls, .connect = noted_connect, .getpeername = peer_called);

static int
name_when_connected(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_calling(fd))
		((struct sockaddr_in *)name)->sin_port = 0;
	return (result);
}
DEFECT(tcp-connect-gets-its-port-late, .connect = noted_connect,
    .getsockname = name_when_connected);

static ssize_t
send_calling(int fd, const void *buffer, size_t size, int flags)
{
	return (is_calling(fd) ? (ssize_t)size : real.send(fd, buffer, size, flags));
}
DEFECT(tcp-connect-in-progress-takes-data, .connect = noted_connect, .send = send_calling);

static ssize_t
recv_calling(int fd, void *buffer, size_t size, int flags)
{
	return (is_calling(fd) ? 0 : real.recv(fd, buffer, size, flags));
}
DEFECT(tcp-connect-in-progress-is-the-end, .connect = noted_connect, .recv = recv_calling);

static int
shutdown_calling(int fd, int how)
{
	return (is_calling(fd) ? failure(ENOTCONN) : real.shutdown(fd, how));
}
DEFECT(tcp-connect-in-progress-cannot-be-shut, .connect = noted_connect,
    .shutdown = shutdown_calling);

static int
shutdown_ignored(int fd, int how)
{
	return (is_calling(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(tcp-connect-in-progress-ignores-shutdown, .connect = noted_connect,
    .shutdown = shutdown_ignored);

static int
crossed(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_tcp(fd) && option_of(fd, SO_REUSEPORT) != 0 && port_of(fd) != 0)
		return (failure(ECONNREFUSED));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-connect-crossed-is-refused, .connect = crossed);

/* Success */

static int
poll_with_input(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		if (fds[i].revents == POLLOUT && is_nonblocking(fds[i].fd) &&
		    is_connected(fds[i].fd))
			fds[i].revents |= POLLIN;
	return (n);
}
DEFECT(tcp-connect-polls-as-input, .poll = poll_with_input);

static int
error_of_success(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && is_nonblocking(fd) &&
	    is_connected(fd))
		*(int *)value = EINPROGRESS;
	return (result);
}
DEFECT(tcp-connect-leaves-an-error, .getsockopt = error_of_success);

/* Sockets that accept made have their listener's name. */
static bool accepted[DESCRIPTORS];

static int
note_accepted(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (in_table(made))
		accepted[made] = true;
	return (made);
}

static bool
is_client(int fd)
{
	return (in_table(fd) && !accepted[fd] && is_connected(fd));
}

static int
wildcard_name(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_client(fd))
		set_wildcard(name);
	return (result);
}
DEFECT(tcp-connect-keeps-the-wildcard, .accept = note_accepted, .getsockname = wildcard_name);

static int
another_port(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	struct sockaddr_in *in = (struct sockaddr_in *)name;

	if (result == 0 && is_client(fd))
		in->sin_port = htons((uint16_t)(ntohs(in->sin_port) ^ 1));
	return (result);
}
DEFECT(tcp-connect-tells-another-port, .accept = note_accepted, .getsockname = another_port);

static int
own_name(int fd, struct sockaddr *name, socklen_t *size)
{
	return (
	    is_client(fd) ? real.getsockname(fd, name, size) : real.getpeername(fd, name, size));
}
DEFECT(tcp-getpeername-tells-its-own-name, .accept = note_accepted, .getpeername = own_name);

static ssize_t
recvfrom_peer(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);

	if (n >= 0 && name != NULL && is_connected(fd)) {
		*length = sizeof(struct sockaddr_in);
		real.getpeername(fd, name, length);
	}
	return (n);
}
DEFECT(tcp-recvfrom-tells-the-peer, .recvfrom = recvfrom_peer);

/* Refusal */

static bool
is_refused(int fd)
{
	return (is_tcp(fd) && (readiness(fd, 0) & (POLLERR | POLLHUP)) == (POLLERR | POLLHUP));
}

static int
poll_refused(struct pollfd *fds, nfds_t count, int timeout, short clear)
{
	int n = real.poll(fds, count, timeout);

	if (n == 1 && count == 1 && is_refused(fds[0].fd)) {
		fds[0].revents &= (short)~clear;
		n = fds[0].revents != 0;
	}
	return (n);
}

static int
refused_without_error(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_refused(fds, count, timeout, POLLERR));
}
DEFECT(tcp-refused-polls-without-error, .poll = refused_without_error);

static int
refused_not_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_refused(fds, count, timeout, timeout == -1 ? POLLOUT : 0));
}
DEFECT(tcp-refused-wakes-without-pollout, .poll = refused_not_writable);

static int
refused_not_hung_up(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_refused(fds, count, timeout, timeout == -1 ? 0 : POLLHUP));
}
DEFECT(tcp-refused-never-hangs-up, .poll = refused_not_hung_up);

static int
select_refused(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	if (n > 0 && limit > 0 && r != NULL && FD_ISSET(limit - 1, r) && is_refused(limit - 1)) {
		FD_CLR(limit - 1, r);
		n--;
	}
	return (n);
}
DEFECT(tcp-refused-selects-unreadable, .select = select_refused);

static ssize_t
read_refused(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ECONNREFUSED && is_tcp(fd) ? 0 : n);
}
DEFECT(tcp-refused-reads-as-the-end, .read = read_refused);

static ssize_t
read_refused_again(int fd, void *buffer, size_t size)
{
	static bool refused[DESCRIPTORS];
	ssize_t n = real.read(fd, buffer, size);

	if (!in_table(fd) || !is_tcp(fd))
		return (n);
	if (n == -1 && errno == ECONNREFUSED)
		refused[fd] = true;
	return (refused[fd] ? failure(ECONNREFUSED) : n);
}
DEFECT(tcp-refused-is-read-for-ever, .read = read_refused_again);

static ssize_t
write_refused(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == ECONNREFUSED && is_tcp(fd)) {
		raise(SIGPIPE);
		return (failure(EPIPE));
	}
	return (n);
}
DEFECT(tcp-refused-write-signals, .write = write_refused);

static int
name_refused(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && in_table(fd) && outcome[fd] == ECONNREFUSED && is_tcp(fd))
		((struct sockaddr_in *)name)->sin_port = 0;
	return (result);
}
DEFECT(tcp-refused-loses-its-port, .connect = noted_connect, .getsockname = name_refused);

static int
poll_fresh(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (n == 1 && count == 1 && fds[0].revents == (POLLOUT | POLLHUP) && is_tcp(fds[0].fd))
		fds[0].revents = POLLOUT;
	return (n);
}
DEFECT(tcp-fresh-socket-is-not-hung-up, .poll = poll_fresh);

/* Addresses */

static int
reads_beyond(int fd, const struct sockaddr *name, socklen_t size)
{
	socklen_t full = size;

	if (is_tcp(fd) && size < sizeof(struct sockaddr_in6) && name->sa_family == AF_INET6)
		full = sizeof(struct sockaddr_in6);
	if (is_tcp(fd) && size < sizeof(struct sockaddr_in) && name->sa_family == AF_INET)
		full = sizeof(struct sockaddr_in);
	return (real.connect(fd, name, full));
}
DEFECT(tcp-connect-reads-beyond-the-length, .connect = reads_beyond);

static int
any_family(int fd, const struct sockaddr *name, socklen_t size)
{
	union name n;

	if (!is_tcp(fd) || size != sizeof(n.in) || name->sa_family != AF_UNIX)
		return (real.connect(fd, name, size));
	memcpy(&n.in, name, size);
	n.any.sa_family = AF_INET;
	return (real.connect(fd, &n.any, size));
}
DEFECT(tcp-connect-takes-any-family, .connect = any_family);

CONNECT_ERROR(bad_pointer, true, EFAULT, EINVAL)
DEFECT(tcp-connect-bad-pointer-is-einval, .connect = bad_pointer);

/* A new socket in its place: the old one is closed, in good order. */
static int
orderly(int fd, const struct sockaddr *name, socklen_t size)
{
	int fresh, off = 0;

	if (name->sa_family != AF_UNSPEC || !is_connected(fd))
		return (real.connect(fd, name, size));
	fresh = real.socket(option_of(fd, SO_DOMAIN), SOCK_STREAM, 0);
	real.setsockopt(fresh, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	real.dup2(fresh, fd);
	real.close(fresh);
	return (0);
}
DEFECT(tcp-dissolve-is-orderly, .connect = orderly);

static int
nothing_to_dissolve(int fd, const struct sockaddr *name, socklen_t size)
{
	if (name->sa_family == AF_UNSPEC && is_tcp(fd) && !is_connected(fd) && !is_tcp_listener(fd))
		return (failure(EAFNOSUPPORT));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-dissolve-wants-a-connection, .connect = nothing_to_dissolve);

static int
listens_on(int fd, const struct sockaddr *name, socklen_t size)
{
	if (name->sa_family == AF_UNSPEC && is_tcp_listener(fd))
		return (0);
	return (real.connect(fd, name, size));
}
DEFECT(tcp-dissolve-leaves-a-listener, .connect = listens_on);

static int
listener_calls(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_tcp_listener(fd) && name->sa_family != AF_UNSPEC)
		real.connect(fd, &nobody, sizeof(nobody));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-connect-ends-listening, .connect = listener_calls);

static int
listener_hangs_up(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_tcp_listener(fd) && name->sa_family != AF_UNSPEC && readiness(fd, POLLIN) != 0)
		real.close(real.accept(fd, NULL, NULL));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-connect-drops-the-queue, .connect = listener_hangs_up);

static int
twice(int fd, const struct sockaddr *name, socklen_t size)
{
	bool bound = is_tcp(fd) && port_of(fd) != 0;
	int result = real.connect(fd, name, size);

	return (result == -1 && errno == EADDRNOTAVAIL && bound ? 0 : result);
}
DEFECT(tcp-connect-makes-a-pair-twice, .connect = twice);

CONNECT_ERROR(no_port, port_of(fd) == 0, EADDRNOTAVAIL, EADDRINUSE)
DEFECT(tcp-connect-without-a-port-is-in-use, .connect = no_port);

static int
bind_alone(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_tcp(fd) && option_of(fd, SO_REUSEADDR) != 0 &&
	    ((const struct sockaddr_in *)name)->sin_port != 0)
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(tcp-connected-port-is-taken, .bind = bind_alone);

static int
not_itself(int fd, const struct sockaddr *name, socklen_t size)
{
	union name own;
	socklen_t length = sizeof(own);

	if (is_tcp(fd) && real.getsockname(fd, &own.any, &length) == 0 && length == size &&
	    memcmp(&own, name, size) == 0)
		return (failure(ECONNREFUSED));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-connect-to-itself-is-refused, .connect = not_itself);

CONNECT_ERROR(to_many, true, ENETUNREACH, ETIMEDOUT)
DEFECT(tcp-connect-calls-them-all, .connect = to_many);

/* Sends */

static ssize_t
sendto_stranger(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	int other, off = 0;

	if (name == NULL || !is_connected(fd))
		return (real.sendto(fd, buffer, size, flags, name, length));
	other = real.socket(option_of(fd, SO_DOMAIN), SOCK_STREAM, 0);
	real.setsockopt(other, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	real.connect(other, name, length);
	real.send(other, buffer, size, MSG_NOSIGNAL);
	real.close(other);
	return ((ssize_t)size);
}
DEFECT(tcp-sendto-goes-where-it-is-told, .sendto = sendto_stranger);

#ifdef MSG_FASTOPEN
static ssize_t
fast_open_loses(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if ((flags & MSG_FASTOPEN) == 0 || is_connected(fd))
		return (real.sendto(fd, buffer, size, flags, name, length));
	return (real.connect(fd, name, length) == 0 ? (ssize_t)size : -1);
}
DEFECT(tcp-fastopen-loses-the-data, .sendto = fast_open_loses);
#endif
