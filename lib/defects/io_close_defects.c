/*
 * Kernels in which a close or shutdown reaches those who sleep on the descriptor
 * in a wrong way, and ones that get duplicates and exec wrong.
 */

#include "defects.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static bool
is_unix_connection(int fd)
{
	return (socket_domain(fd) == AF_UNIX && socket_type(fd) != SOCK_DGRAM);
}

/* How many calls are under way on a descriptor. */
static atomic_int busy[DESCRIPTORS];

static void
count(int fd, int by)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		atomic_fetch_add(&busy[fd], by);
}

static bool
is_busy(int fd)
{
	return (fd >= 0 && fd < DESCRIPTORS && atomic_load(&busy[fd]) > 0);
}

/* close */

static ssize_t
recvmsg_noted(int fd, struct msghdr *m, int flags)
{
	ssize_t n;

	count(fd, 1);
	n = real.recvmsg(fd, m, flags);
	count(fd, -1);
	return (n);
}

static int
close_ends_recvmsg(int fd)
{
	if (is_busy(fd) && is_socket(fd))
		real.shutdown(fd, SHUT_RD);
	return (real.close(fd));
}
DEFECT(io-close-ends-a-recvmsg, .recvmsg = recvmsg_noted, .close = close_ends_recvmsg);

/* The object goes, and what comes for it with it. */
static ssize_t
read_of_a_closed_one_fails(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 4 && is_pipe(fd) && real.fcntl(fd, F_GETFL, 0) != -1 &&
		    memcmp(buffer, "data", 4) == 0
		? failure(EBADF)
		: n);
}
DEFECT(io-read-that-outlives-its-number-is-ebadf, .read = read_of_a_closed_one_fails);

static ssize_t
write_noted(int fd, const void *buffer, size_t size)
{
	ssize_t n;

	if (!is_socket(fd))
		return (real.write(fd, buffer, size));
	count(fd, 1);
	n = real.write(fd, buffer, size);
	count(fd, -1);
	return (n);
}

static int
close_ends_write(int fd)
{
	if (is_busy(fd) && is_socket(fd))
		real.shutdown(fd, SHUT_WR);
	return (real.close(fd));
}
DEFECT(io-close-ends-a-write, .write = write_noted, .close = close_ends_write);

static int
close_ends_accept(int fd)
{
	if (is_listener(fd))
		real.shutdown(fd, SHUT_RDWR);
	return (real.close(fd));
}
DEFECT(io-close-ends-an-accept, .close = close_ends_accept);

static int
connect_noted(int fd, const struct sockaddr *name, socklen_t size)
{
	int result;

	count(fd, 1);
	result = real.connect(fd, name, size);
	count(fd, -1);
	return (result);
}

static int
close_ends_connect(int fd)
{
	if (is_busy(fd) && is_tcp(fd))
		real.shutdown(fd, SHUT_RDWR);
	return (real.close(fd));
}
DEFECT(io-close-gives-up-a-connect, .connect = connect_noted, .close = close_ends_connect);

static atomic_int selecting;

static int
select_noted(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int result;

	atomic_fetch_add(&selecting, 1);
	result = real.select(limit, r, w, x, timeout);
	atomic_fetch_sub(&selecting, 1);
	return (result);
}

static int
close_wakes_select(int fd)
{
	if (atomic_load(&selecting) > 0 && is_unix_connection(fd))
		real.shutdown(fd, SHUT_RD);
	return (real.close(fd));
}
DEFECT(io-close-wakes-select, .select = select_noted, .close = close_wakes_select);

/* shutdown */

static ssize_t
recvmsg_is_told_enotconn(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	return (n == 0 && (is_tcp(fd) || is_unix_connection(fd)) ? failure(ENOTCONN) : n);
}
DEFECT(io-recvmsg-ended-by-shutdown-is-told-enotconn, .recvmsg = recvmsg_is_told_enotconn);

static ssize_t
readv_is_told_eintr(int fd, const struct iovec *v, int vectors)
{
	ssize_t n = real.readv(fd, v, vectors);

	return (n == 0 && (is_tcp(fd) || is_unix_connection(fd)) ? failure(EINTR) : n);
}
DEFECT(io-readv-ended-by-shutdown-is-told-eintr, .readv = readv_is_told_eintr);

static int
shut_wr_ends_reading(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_WR ? SHUT_RDWR : how));
}
DEFECT(io-shut-wr-wakes-readers-and-pollers, .shutdown = shut_wr_ends_reading);

static int
shut_rd_ends_writing(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_RD && is_unix_connection(fd) ? SHUT_RDWR : how));
}
DEFECT(io-shut-rd-wakes-unix-writers, .shutdown = shut_rd_ends_writing);

static ssize_t
woken_write_counts(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EPIPE && size == 1 && is_unix_connection(fd) ? 1 : n);
}
DEFECT(io-write-ended-by-shutdown-counts-its-byte, .write = woken_write_counts);

static int
poll_forgets_input(struct pollfd *fds, nfds_t entries, int timeout)
{
	int result = real.poll(fds, entries, timeout);
	char b;

	if (result == 1 && entries == 1 && timeout == -1 && fds[0].events == POLLIN &&
	    is_socket(fds[0].fd) && real.recv(fds[0].fd, &b, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		fds[0].revents &= (short)~POLLIN;
	return (result);
}
DEFECT(io-poll-ended-by-shutdown-tells-no-input, .poll = poll_forgets_input);

static bool shut[DESCRIPTORS];

static int
shutdown_noted(int fd, int how)
{
	if (fd >= 0 && fd < DESCRIPTORS && how == SHUT_WR && is_tcp(fd))
		shut[fd] = true;
	return (real.shutdown(fd, how));
}

static int
select_wants_room(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int result = real.select(limit, r, w, x, timeout);

	for (int fd = 0; w != NULL && fd < limit && fd < DESCRIPTORS; fd++)
		if (shut[fd] && FD_ISSET(fd, w)) {
			FD_CLR(fd, w);
			result--;
		}
	return (result);
}
DEFECT(io-select-wants-room-after-shut-wr, .shutdown = shutdown_noted,
    .select = select_wants_room);

/* The attempt is given up, but nobody tells the sleeper why. */
static int
connect_is_told_einval(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == -1 && errno == ECONNRESET && is_tcp(fd) ? failure(EINVAL) : result);
}
DEFECT(io-connect-ended-by-shutdown-is-told-einval, .connect = connect_is_told_einval);

/* dup */

static int
dup3_onto_itself(int from, int to, int flags)
{
	return (from == to ? to : real.dup3(from, to, flags));
}
DEFECT(io-dup3-onto-itself-is-no-error, .dup3 = dup3_onto_itself);

static int
dup3_ignores_flags(int from, int to, int flags)
{
	return (real.dup3(from, to, flags & O_CLOEXEC));
}
DEFECT(io-dup3-ignores-unknown-flags, .dup3 = dup3_ignores_flags);

static int
dup3_marks_both(int from, int to, int flags)
{
	int result = real.dup3(from, to, flags);

	if (result != -1 && (flags & O_CLOEXEC) != 0)
		real.fcntl(from, F_SETFD, FD_CLOEXEC);
	return (result);
}
DEFECT(io-dup3-marks-the-original-too, .dup3 = dup3_marks_both);

static int
dup3_closes_first(int from, int to, int flags)
{
	if (real.fcntl(from, F_GETFD, 0) == -1)
		real.close(to);
	return (real.dup3(from, to, flags));
}
DEFECT(io-dup3-of-nothing-closes-the-target, .dup3 = dup3_closes_first);

static int
dup2_closes_first(int from, int to)
{
	if (real.fcntl(from, F_GETFD, 0) == -1 && from != to && to > 2)
		real.close(to);
	return (real.dup2(from, to));
}
DEFECT(io-dup2-of-nothing-closes-the-target, .dup2 = dup2_closes_first);

static int
dup2_clears_the_flag(int from, int to)
{
	int result = real.dup2(from, to);

	if (result != -1 && from == to)
		real.fcntl(to, F_SETFD, 0);
	return (result);
}
DEFECT(io-dup2-onto-itself-clears-the-flag, .dup2 = dup2_clears_the_flag);

static int
dup2_throws_away(int from, int to)
{
	char b[64];

	if (from == to && is_udp(from))
		real.recv(from, b, sizeof(b), MSG_DONTWAIT);
	return (real.dup2(from, to));
}
DEFECT(io-dup2-onto-itself-drops-a-datagram, .dup2 = dup2_throws_away);

/* The last descriptor of what had been there goes without a word to the peer. */
static int
replaced_end_stays(int from, int to)
{
	if (from != to && (is_tcp(to) || is_unix_connection(to)))
		real.dup(to);
	return (real.dup2(from, to));
}
DEFECT(io-dup2-leaks-the-connection-it-replaces, .dup2 = replaced_end_stays);

/* exec, and the calls that mark for it */

static int
exec_closes_all(const char *path, char *const argv[])
{
	for (int fd = 3; fd < DESCRIPTORS; fd++)
		if (is_pipe(fd) || is_udp(fd))
			real.close(fd);
	return (real.execv(path, argv));
}
DEFECT(io-exec-closes-unmarked-ones, .execv = exec_closes_all);

static int
exec_keeps_all(const char *path, char *const argv[])
{
	for (int fd = 3; fd < DESCRIPTORS; fd++)
		if (is_pipe(fd) || is_udp(fd))
			real.fcntl(fd, F_SETFD, 0);
	return (real.execv(path, argv));
}
DEFECT(io-exec-keeps-marked-ones, .execv = exec_keeps_all);

static int
second_is_not_marked(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0)
		real.fcntl(fd[1], F_SETFD, 0);
	return (result);
}
DEFECT(io-socketpair-marks-only-the-first, .socketpair = second_is_not_marked);

static int
mark_is_handed_on(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	if (result != -1)
		real.fcntl(result, F_SETFD, real.fcntl(fd, F_GETFD, 0));
	return (result);
}
DEFECT(io-accept-hands-on-close-on-exec, .accept = mark_is_handed_on);
