/*
 * Kernels that are wrong about TCP listeners: what they show, which calls they
 * take, how long their queue is, and what closing them does.
 */

#include "naming_defects.h"

#include "defects.h"
#include "tcp_defects.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* Is the one descriptor of a poll or select a listener? */
static bool
polls_listener(const struct pollfd *fds, nfds_t count)
{
	return (count == 1 && is_tcp_listener(fds->fd));
}

static int
selected_listener(int limit, const fd_set *set)
{
	if (set != NULL)
		for (int fd = 3; fd < limit; fd++)
			if (FD_ISSET(fd, set) && is_tcp_listener(fd))
				return (fd);
	return (-1);
}

/* Readiness */

static int
select_always(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	if (selected_listener(limit, r) != -1)
		return (1);
	return (real.select(limit, r, w, x, timeout));
}
DEFECT(tcp-select-finds-a-listener-always-readable, .select = select_always);

static bool has_accepted;

static int
accept_seen(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	if (result != -1 && is_tcp(fd))
		has_accepted = true;
	return (result);
}

static int
select_first_only(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int listener = selected_listener(limit, r);

	if (listener == -1 || !has_accepted)
		return (real.select(limit, r, w, x, timeout));
	FD_CLR(listener, r);
	return (0);
}
DEFECT(tcp-select-tells-of-one-client, .accept = accept_seen, .select = select_first_only);

static int
select_keeps_set(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int listener = selected_listener(limit, r), n = real.select(limit, r, w, x, timeout);

	if (listener != -1 && n == 0)
		FD_SET(listener, r);
	return (n);
}
DEFECT(tcp-idle-listener-stays-in-the-set, .select = select_keeps_set);

static int
listener_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (polls_listener(fds, count) && (fds->events & POLLOUT) != 0) {
		fds->revents |= POLLOUT;
		return (1);
	}
	return (n);
}
DEFECT(tcp-listener-is-writable, .poll = listener_writable);

static int
still_readable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (polls_listener(fds, count) && has_accepted) {
		fds->revents |= POLLIN;
		return (1);
	}
	return (n);
}
DEFECT(tcp-drained-listener-stays-readable, .accept = accept_seen, .poll = still_readable);

static int
woken_by_nothing(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (!polls_listener(fds, count) || timeout != -1)
		return (n);
	fds->revents = 0;
	return (0);
}
DEFECT(tcp-client-wakes-pollers-with-nothing, .poll = woken_by_nothing);

static pid_t server;

static int
server_noted(int fd, int backlog)
{
	server = getpid();
	return (real.listen(fd, backlog));
}

static int
server_only(struct pollfd *fds, nfds_t count, int timeout)
{
	if (polls_listener(fds, count) && timeout == -1 && server != getpid())
		return (failure(EINTR));
	return (real.poll(fds, count, timeout));
}
DEFECT(tcp-client-wakes-one-process, .listen = server_noted, .poll = server_only);

static int
no_async(int fd, int command, long argument)
{
	if (command == F_SETFL && is_tcp_listener(fd))
		argument &= ~(long)O_ASYNC;
	return (real.fcntl(fd, command, argument));
}
DEFECT(tcp-client-raises-no-sigio, .fcntl = no_async);

static int
async_stays(int fd, int command, long argument)
{
	static bool was_on;

	if (command == F_SETFL && is_tcp_listener(fd)) {
		was_on = was_on || (argument & O_ASYNC) != 0;
		if (was_on)
			argument |= O_ASYNC;
	}
	return (real.fcntl(fd, command, argument));
}
DEFECT(tcp-listener-raises-sigio-for-ever, .fcntl = async_stays);

/* Calls that are for connections */

static ssize_t
nothing_yet(int fd, void *buffer, size_t size, int flags)
{
	return (is_tcp_listener(fd) ? failure(EAGAIN) : real.recv(fd, buffer, size, flags));
}
DEFECT(tcp-recv-on-a-listener-is-eagain, .recv = nothing_yet);

static ssize_t
end_at_once(int fd, void *buffer, size_t size)
{
	return (is_tcp_listener(fd) ? 0 : real.read(fd, buffer, size));
}
DEFECT(tcp-read-on-a-listener-is-the-end, .read = end_at_once);

static ssize_t
clients_data(int fd, void *buffer, size_t size)
{
	int client;
	ssize_t n;

	if (!is_tcp_listener(fd) || (readiness(fd, POLLIN) & POLLIN) == 0)
		return (real.read(fd, buffer, size));
	client = real.accept(fd, NULL, NULL);
	n = real.read(client, buffer, size);
	real.close(client);
	return (n);
}
DEFECT(tcp-read-on-a-listener-takes-a-clients-data, .read = clients_data);

static int
listener_at_mark(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == SIOCATMARK && is_tcp_listener(fd))
		*(int *)argument = 1;
	return (result);
}
DEFECT(tcp-listener-is-at-the-mark, .ioctl = listener_at_mark);

static int
listener_has_no_mark(int fd)
{
	return (is_tcp_listener(fd) ? failure(ENOTCONN) : real.sockatmark(fd));
}
DEFECT(tcp-mark-of-a-listener-is-enotconn, .sockatmark = listener_has_no_mark);

/* close(2) and shutdown(2) */

static int
listener_stays(int fd)
{
	if (is_tcp_listener(fd))
		real.dup(fd);
	return (real.close(fd));
}
DEFECT(tcp-listener-survives-close, .close = listener_stays);

static int children[64], child_count;

static int
child_noted(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	if (result != -1 && is_tcp(fd) && child_count < 64)
		children[child_count++] = result;
	return (result);
}

static int
takes_children_along(int fd)
{
	if (is_tcp_listener(fd))
		for (int i = 0; i < child_count; i++)
			if (is_tcp(children[i]))
				real.shutdown(children[i], SHUT_RDWR);
	return (real.close(fd));
}
DEFECT(tcp-closing-the-listener-ends-its-connections, .accept = child_noted,
    .close = takes_children_along);

static int
children_lose_data(int fd)
{
	if (is_tcp_listener(fd))
		for (int i = 0; i < child_count; i++)
			if (is_tcp(children[i]))
				flush_queue(children[i]);
	return (real.close(fd));
}
DEFECT(tcp-closing-the-listener-drops-data, .accept = child_noted, .close = children_lose_data);

/* Clients that wait are accepted, for no more than a moment. */
static void
drop_waiting(int fd)
{
	int client;

	while (
	    (readiness(fd, POLLIN) & POLLIN) != 0 && (client = real.accept(fd, NULL, NULL)) != -1)
		real.close(client);
}

static int
waiting_see_the_end(int fd)
{
	if (is_tcp_listener(fd))
		drop_waiting(fd);
	return (real.close(fd));
}
DEFECT(tcp-closing-the-listener-is-the-end-for-clients, .close = waiting_see_the_end);

static int
sleepers_are_woken(int fd)
{
	if (is_tcp_listener(fd))
		real.shutdown(fd, SHUT_RD);
	return (real.close(fd));
}
DEFECT(tcp-closing-the-listener-wakes-accept, .close = sleepers_are_woken);

static int
wr_ends_listening(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_WR && is_tcp_listener(fd) ? SHUT_RD : how));
}
DEFECT(tcp-shut-wr-ends-the-listening, .shutdown = wr_ends_listening);

static int
wr_drops_waiting(int fd, int how)
{
	if (how == SHUT_WR && is_tcp_listener(fd))
		drop_waiting(fd);
	return (real.shutdown(fd, how));
}
DEFECT(tcp-shut-wr-empties-the-queue, .shutdown = wr_drops_waiting);

static int
wr_is_enotconn(int fd, int how)
{
	return (how == SHUT_WR && is_tcp_listener(fd) ? failure(ENOTCONN) : real.shutdown(fd, how));
}
DEFECT(tcp-shut-wr-of-a-listener-is-enotconn, .shutdown = wr_is_enotconn);

static int
rd_does_nothing(int fd, int how)
{
	return (how != SHUT_WR && is_tcp_listener(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(tcp-shut-rd-of-a-listener-does-nothing, .shutdown = rd_does_nothing);

static int
rdwr_is_wr(int fd, int how)
{
	return (how == SHUT_RDWR && is_tcp_listener(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(tcp-shut-rdwr-of-a-listener-is-shut-wr, .shutdown = rdwr_is_wr);

static int
shut_is_aborted(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	return (is_tcp(fd) ? renamed(result, EINVAL, ECONNABORTED) : result);
}
DEFECT(tcp-accept-after-shut-rd-is-econnaborted, .accept = shut_is_aborted);

static bool was_shut;

static int
shut_noted(int fd, int how)
{
	was_shut = was_shut || is_tcp_listener(fd);
	return (real.shutdown(fd, how));
}

static int
never_again(int fd, int backlog)
{
	return (was_shut && is_tcp(fd) ? failure(EINVAL) : real.listen(fd, backlog));
}
DEFECT(tcp-shut-listener-never-listens-again, .shutdown = shut_noted, .listen = never_again);

/* listen(2) and the queue */

/* Is it in the middle of a connect? */
static bool
is_connecting(int fd)
{
	return (is_tcp(fd) && !is_tcp_listener(fd) && readiness(fd, POLLIN | POLLOUT) == 0);
}

static int
connecting_listens(int fd, int backlog)
{
	bool connecting = is_connecting(fd);
	int result = real.listen(fd, backlog);

	return (connecting ? tolerated(result, EINVAL) : result);
}
DEFECT(tcp-connecting-socket-listens, .listen = connecting_listens);

static int
attempt_broken_off(int fd, int backlog)
{
	int result = real.listen(fd, backlog);
	int error = errno;

	if (result == -1 && is_connecting(fd))
		real.shutdown(fd, SHUT_RDWR);
	errno = error;
	return (result);
}
DEFECT(tcp-listen-breaks-off-a-connect, .listen = attempt_broken_off);

static int
backlog_doubled(int fd, int backlog)
{
	return (real.listen(fd, is_tcp(fd) && backlog < 100 ? 2 * backlog + 2 : backlog));
}
DEFECT(tcp-backlog-counts-double, .listen = backlog_doubled);

static int
backlog_halved(int fd, int backlog)
{
	return (real.listen(fd, is_tcp(fd) && backlog > 1 ? backlog / 2 - 1 : backlog));
}
DEFECT(tcp-backlog-counts-half, .listen = backlog_halved);

static int
first_backlog_stays(int fd, int backlog)
{
	return (is_tcp_listener(fd) ? 0 : real.listen(fd, backlog));
}
DEFECT(tcp-first-backlog-stays, .listen = first_backlog_stays);

static int
backlog_only_grows(int fd, int backlog)
{
	static int most[DESCRIPTORS];

	if (fd < 0 || fd >= DESCRIPTORS || !is_tcp(fd))
		return (real.listen(fd, backlog));
	if (is_tcp_listener(fd) && backlog < most[fd])
		return (0);
	most[fd] = backlog;
	return (real.listen(fd, backlog));
}
DEFECT(tcp-backlog-never-shrinks, .listen = backlog_only_grows);

static int
relisten_empties(int fd, int backlog)
{
	if (is_tcp_listener(fd))
		drop_waiting(fd);
	return (real.listen(fd, backlog));
}
DEFECT(tcp-second-listen-empties-the-queue, .listen = relisten_empties);

static int
relisten_cuts(int fd, int backlog)
{
	int result = real.listen(fd, backlog), client;

	if (result == 0 && backlog == 0 && is_tcp(fd) && (readiness(fd, POLLIN) & POLLIN) != 0 &&
	    (client = real.accept(fd, NULL, NULL)) != -1)
		real.close(client);
	return (result);
}
DEFECT(tcp-shorter-backlog-cuts-the-queue, .listen = relisten_cuts);

static int
zero_is_none(int fd, int backlog)
{
	return (is_tcp(fd) && backlog == 0 ? 0 : real.listen(fd, backlog));
}
DEFECT(tcp-backlog-zero-refuses-everybody, .listen = zero_is_none);

static int
huge_is_invalid(int fd, int backlog)
{
	return (is_tcp(fd) && backlog == INT_MAX ? failure(EINVAL) : real.listen(fd, backlog));
}
DEFECT(tcp-huge-backlog-is-invalid, .listen = huge_is_invalid);

static int
huge_wraps(int fd, int backlog)
{
	return (real.listen(fd, is_tcp(fd) && backlog == INT_MAX ? 0 : backlog));
}
DEFECT(tcp-huge-backlog-wraps, .listen = huge_wraps);

static int
full_refuses(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (result == -1 && errno == EINPROGRESS && is_connecting(fd))
		return (failure(ECONNREFUSED));
	return (result);
}
DEFECT(tcp-full-queue-refuses, .connect = full_refuses);

static int
full_pretends(struct pollfd *fds, nfds_t count, int timeout)
{
	if (count == 1 && (fds->events & POLLOUT) != 0 && is_connecting(fds->fd)) {
		fds->revents = POLLOUT;
		return (1);
	}
	return (real.poll(fds, count, timeout));
}
DEFECT(tcp-full-queue-pretends-to-connect, .poll = full_pretends);

/* The port in a name, as it is stored there. */
static in_port_t
port_in(const struct sockaddr *name)
{
	return (((const struct sockaddr_in *)(const void *)name)->sin_port);
}

static int
full_for_good(int fd, const struct sockaddr *name, socklen_t size)
{
	static in_port_t full;
	int result;

	if (full != 0 && port_in(name) == full && is_tcp(fd) && !is_nonblocking(fd))
		return (failure(ETIMEDOUT));
	result = real.connect(fd, name, size);
	if (result == -1 && errno == EINPROGRESS && is_connecting(fd))
		full = port_in(name);
	return (result);
}
DEFECT(tcp-listener-stays-full, .connect = full_for_good);

static int
asks_once(int fd, const struct sockaddr *name, socklen_t size)
{
	struct timeval limit = { .tv_usec = 200000 };

	if (!is_tcp(fd) || is_nonblocking(fd))
		return (real.connect(fd, name, size));
	real.setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return (renamed(real.connect(fd, name, size), EINPROGRESS, ETIMEDOUT));
}
DEFECT(tcp-connect-asks-once, .connect = asks_once);
