/*
 * Kernels that are wrong about connections of the UNIX domain: how they are
 * queued and accepted, and how they end.
 */

#include "connection_defects.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* What comes out of accept, or -1; with its data thrown away, or one direction closed. */
static int
accept_without_data(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);
	char b[4096];

	while (made != -1 && real.recv(made, b, sizeof(b), MSG_DONTWAIT) > 0)
		continue;
	return (made);
}
DEFECT(accept-forgets-early-data, .accept = accept_without_data);

static int
accept_to_read(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1)
		real.shutdown(made, SHUT_WR);
	return (made);
}
DEFECT(accept-gives-a-reader-only, .accept = accept_to_read);

static int
accept_to_write(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && socket_type(made) == SOCK_SEQPACKET)
		real.shutdown(made, SHUT_RD);
	return (made);
}
DEFECT(accept-gives-a-seqpacket-writer-only, .accept = accept_to_write);

static ssize_t
last_words_lost(int fd, void *buffer, size_t size)
{
	return (has_hung_up(fd) && is_connected(fd) ? 0 : real.read(fd, buffer, size));
}
DEFECT(exit-takes-unread-data-along, .read = last_words_lost);

static ssize_t
exit_is_reset(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && size > 0 && has_hung_up(fd) ? failure(ECONNRESET) : n);
}
DEFECT(socket-end-of-file-as-econnreset, .read = exit_is_reset);

/* The queue */

static int
queue_without_limit(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, EAGAIN, 0));
}
DEFECT(backlog-without-limit, .connect = queue_without_limit);

static int
full_is_in_progress(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, EAGAIN, EINPROGRESS));
}
DEFECT(backlog-full-is-in-progress, .connect = full_is_in_progress);

static int
full_is_final(int fd, const struct sockaddr *name, socklen_t size)
{
	static bool full;
	int result = full ? failure(EAGAIN) : real.connect(fd, name, size);

	if (result == -1 && errno == EAGAIN)
		full = true;
	return (result);
}
DEFECT(backlog-once-full-stays-full, .connect = full_is_final);

static int
nobody_waits_for_room(int fd, const struct sockaddr *name, socklen_t size)
{
	int result, flags = real.fcntl(fd, F_GETFL, 0);

	if (!is_unix(name, size))
		return (real.connect(fd, name, size));
	real.fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	result = real.connect(fd, name, size);
	flags = real.fcntl(fd, F_SETFL, flags) == -1 ? EBADF : result == -1 ? errno : 0;
	return (flags != 0 ? failure(flags) : 0);
}
DEFECT(backlog-full-never-waits, .connect = nobody_waits_for_room);

static int
backlog_plus_one(int fd, int backlog)
{
	return (real.listen(fd, backlog >= 0 ? backlog + 1 : backlog));
}
DEFECT(backlog-is-one-more, .listen = backlog_plus_one);

static int
backlog_halved(int fd, int backlog)
{
	return (real.listen(fd, backlog / 2));
}
DEFECT(backlog-is-halved, .listen = backlog_halved);

static int
backlog_of_128(int fd, int backlog)
{
	(void)backlog;
	return (real.listen(fd, 128));
}
DEFECT(backlog-is-always-128, .listen = backlog_of_128);

/* Listeners that take nobody. */
static bool closed_shop;

static int
zero_is_none(int fd, int backlog)
{
	closed_shop = backlog == 0;
	return (real.listen(fd, backlog));
}

static int
refuse_if_closed(int fd, const struct sockaddr *name, socklen_t size)
{
	return (closed_shop ? failure(EAGAIN) : real.connect(fd, name, size));
}
DEFECT(backlog-zero-refuses-all, .listen = zero_is_none, .connect = refuse_if_closed);

static int
client_listens(int fd, int backlog)
{
	return (is_connected(fd) && is_named(fd) ? 0 : real.listen(fd, backlog));
}
DEFECT(listen-takes-a-client-with-a-name, .listen = client_listens);

static int
client_is_eisconn(int fd, int backlog)
{
	return (is_connected(fd) && is_named(fd) ? failure(EISCONN) : real.listen(fd, backlog));
}
DEFECT(listen-on-a-named-client-is-eisconn, .listen = client_is_eisconn);

/* accept */

/* Connections taken off a queue and not handed out yet. */
static int stack[DESCRIPTORS];
static int height;

static int
last_comes_first(int fd, struct sockaddr *name, socklen_t *size)
{
	if (!is_listening(fd) || (readiness(fd, POLLIN) & POLLIN) == 0)
		return (height > 0 ? stack[--height] : real.accept(fd, name, size));
	while (height < DESCRIPTORS && (readiness(fd, POLLIN) & POLLIN) != 0)
		stack[height++] = real.accept(fd, NULL, NULL);
	return (stack[--height]);
}
DEFECT(accept-takes-the-last-first, .accept = last_comes_first);

static int
one_for_all(int fd, struct sockaddr *name, socklen_t *size)
{
	static int first = -1;
	int made = real.accept(fd, name, size);

	if (made == -1)
		return (-1);
	if (first == -1)
		return (first = made);
	real.dup2(first, made);
	return (made);
}
DEFECT(accept-gives-the-first-connection-again, .accept = one_for_all);

static int
inherits_listening(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_ACCEPTCONN && is_connected(fd))
		*(int *)value = 1;
	return (result);
}
DEFECT(accepted-socket-says-it-listens, .getsockopt = inherits_listening);

static int
datagram_is_einval(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	return (made == -1 && errno == EOPNOTSUPP && is_socket(fd) ? failure(ENOTCONN) : made);
}
DEFECT(accept-of-datagrams-is-enotconn, .accept = datagram_is_einval);

static int
datagram_is_lost(int fd, struct sockaddr *name, socklen_t *size)
{
	char b[8];

	if (socket_type(fd) == SOCK_DGRAM)
		real.recv(fd, b, sizeof(b), MSG_DONTWAIT);
	return (real.accept(fd, name, size));
}
DEFECT(accept-of-datagrams-takes-one, .accept = datagram_is_lost);

static int
not_listening_is_again(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	return (made == -1 && errno == EINVAL && is_socket(fd) && !is_connected(fd)
		? failure(EAGAIN)
		: made);
}
DEFECT(accept-without-listen-is-empty, .accept = not_listening_is_again);

static int
connected_is_accepted(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_connected(fd) ? failure(EOPNOTSUPP) : real.accept(fd, name, size));
}
DEFECT(accept-of-a-connection-is-eopnotsupp, .accept = connected_is_accepted);

static int
gone_is_aborted(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made == -1 || !has_hung_up(made))
		return (made);
	real.close(made);
	return (failure(ECONNABORTED));
}
DEFECT(accept-aborts-for-a-gone-client, .accept = gone_is_aborted);

static ssize_t
reset_is_the_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ECONNRESET && is_socket(fd) ? 0 : n);
}
DEFECT(closed-listener-is-end-of-file, .read = reset_is_the_end);

static ssize_t
reset_for_ever(int fd, void *buffer, size_t size)
{
	static bool reset[DESCRIPTORS];
	ssize_t n = real.read(fd, buffer, size);

	if (fd < 0 || fd >= DESCRIPTORS || !is_socket(fd))
		return (n);
	if (n == -1 && errno == ECONNRESET)
		reset[fd] = true;
	return (n == 0 && reset[fd] ? failure(ECONNRESET) : n);
}
DEFECT(closed-listener-resets-for-ever, .read = reset_for_ever);

static ssize_t
write_to_nobody(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;

	if (!is_socket(fd))
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	release_signal(SIGPIPE, &before, n != -1);
	return (n == -1 && errno == EPIPE ? (ssize_t)size : n);
}
DEFECT(unix-write-to-nobody-succeeds, .write = write_to_nobody);

static ssize_t
quiet_send(int fd, const void *buffer, size_t size, int flags)
{
	return (real.send(
	    fd, buffer, size, socket_type(fd) == SOCK_STREAM ? flags | MSG_NOSIGNAL : flags));
}
DEFECT(unix-send-to-nobody-is-quiet, .send = quiet_send);

static int
abort_wakes_accept(int fd, struct sockaddr *name, socklen_t *size)
{
	bool listened = is_listening(fd);
	int made = real.accept(fd, name, size);

	return (made == -1 && errno == EINVAL && listened ? failure(EINTR) : made);
}
DEFECT(shutdown-interrupts-accept, .accept = abort_wakes_accept);

static int
still_reached(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, ECONNREFUSED, ENOENT));
}
DEFECT(shutdown-listener-is-missing, .connect = still_reached);

static int
listener_untouched(int fd, int how)
{
	return (is_listening(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(shutdown-leaves-accept-asleep, .shutdown = listener_untouched);

/* poll and shutdown */

/* One more, or fewer, event at sockets of which some are set. */
static int
poll_changed(struct pollfd *fds, nfds_t count, int timeout, short where, short set, short clear)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		if (is_socket(fds[i].fd) && (fds[i].revents & where) == where) {
			fds[i].revents |= set;
			fds[i].revents &= (short)~clear;
		}
	return (n);
}

static int
unconnected_is_readable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		if (is_socket(fds[i].fd) && !is_connected(fds[i].fd) && !is_listening(fds[i].fd))
			fds[i].revents |= fds[i].events & POLLIN;
	return (n);
}
DEFECT(poll-unconnected-is-readable, .poll = unconnected_is_readable);

static int
hangup_hides_data(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_changed(fds, count, timeout, POLLHUP, 0, POLLIN));
}
DEFECT(poll-socket-hang-up-hides-data, .poll = hangup_hides_data);

static int
data_hides_hangup(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_changed(fds, count, timeout, POLLIN | POLLHUP, 0, POLLHUP));
}
DEFECT(poll-socket-data-hides-hang-up, .poll = data_hides_hangup);

static int
half_is_whole(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_changed(fds, count, timeout, POLLRDHUP, POLLHUP, 0));
}
DEFECT(poll-half-closed-hangs-up, .poll = half_is_whole);

static int
half_is_quiet(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_changed(fds, count, timeout, POLLRDHUP, 0, POLLRDHUP));
}
DEFECT(poll-half-closed-is-not-told, .poll = half_is_quiet);

static int
half_is_not_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_changed(fds, count, timeout, POLLRDHUP, 0, POLLOUT));
}
DEFECT(poll-half-closed-is-not-writable, .poll = half_is_not_writable);

static int
rd_closes_both(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_RD ? SHUT_RDWR : how));
}
DEFECT(shutdown-rd-closes-sending-too, .shutdown = rd_closes_both);

static int
rd_discards(int fd, int how)
{
	char b[4096];

	if (how == SHUT_RD && socket_type(fd) == SOCK_STREAM)
		while (real.recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
			continue;
	return (real.shutdown(fd, how));
}
DEFECT(shutdown-rd-discards-on-a-unix-stream, .shutdown = rd_discards);

/* Sockets where receiving has been shut down, which the kernel knows nothing of. */
static bool deaf[DESCRIPTORS];

static int
rd_in_private(int fd, int how)
{
	if (how != SHUT_RD || fd < 0 || fd >= DESCRIPTORS)
		return (real.shutdown(fd, how));
	deaf[fd] = true;
	return (0);
}

static ssize_t
deaf_read(int fd, void *buffer, size_t size)
{
	return (fd >= 0 && fd < DESCRIPTORS && deaf[fd] ? 0 : real.read(fd, buffer, size));
}
DEFECT(shutdown-rd-drops-what-the-peer-writes, .shutdown = rd_in_private, .read = deaf_read);

static int
rd_wakes_nobody(int fd, int how)
{
	return (how == SHUT_RD && is_socket(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(shutdown-rd-wakes-no-reader, .shutdown = rd_wakes_nobody);

static ssize_t
woken_is_interrupted(int fd, void *buffer, size_t size)
{
	bool open = is_socket(fd) && (readiness(fd, POLLRDHUP) & POLLRDHUP) == 0;
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && size > 0 && open ? failure(ENOTCONN) : n);
}
DEFECT(shutdown-rd-wakes-with-an-error, .read = woken_is_interrupted);

static bool in_child;

/* In a child, by a duplicate: only what this process can do with the socket ends. */
static pid_t
counted_fork(void)
{
	pid_t pid = real.fork();

	in_child = in_child || pid == 0;
	return (pid);
}

static int
share_of_a_process(int fd, int how)
{
	return (in_child && is_socket(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(shutdown-ends-the-callers-share, .shutdown = share_of_a_process, .fork = counted_fork);

static int
half_the_default(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_SNDBUF)
		*(int *)value /= 2;
	return (result);
}
DEFECT(so-sndbuf-begins-with-half, .getsockopt = half_the_default);

static int
pairs_have_less(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd), size = 8192;

	if (result == 0 && domain == AF_UNIX)
		real.setsockopt(fd[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return (result);
}
DEFECT(so-rcvbuf-of-a-pair-begins-small, .socketpair = pairs_have_less);
