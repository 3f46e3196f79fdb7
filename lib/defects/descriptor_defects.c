/*
 * Kernels that treat a socket wrongly as a descriptor: what they tell of it,
 * whom they signal, what its duplicates share, and what its close ends.
 */

#include "defects.h"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Is it a socket of that type in the Internet domain? */
static bool
is_inet(int fd, int type)
{
	return (socket_type(fd) == type && socket_domain(fd) == AF_INET);
}

/* Is this a child of the process that called first? */
static bool
in_child(void)
{
	static pid_t first;

	if (first == 0)
		first = getpid();
	return (getpid() != first);
}

/* A byte of what waits is lost. */
static void
lose_byte(int fd)
{
	int error = errno;
	char b;

	real.recv(fd, &b, 1, MSG_DONTWAIT);
	errno = error;
}

/* What fstat tells */

#define FSTAT(name, change)                                 \
	static int name(int fd, struct stat *st)            \
	{                                                   \
		int result = real.fstat(fd, st);            \
                                                            \
		if (result == 0 && S_ISSOCK(st->st_mode)) { \
			change;                             \
		}                                           \
		return (result);                            \
	}

FSTAT(fstat_listener, if (is_listener(fd)) st->st_mode = (st->st_mode & 07777) | S_IFCHR)
DEFECT(fstat-listener-as-device, .fstat = fstat_listener);

FSTAT(fstat_fifo, st->st_mode = (st->st_mode & 07777) | S_IFIFO)
DEFECT(fstat-socket-as-fifo, .fstat = fstat_fifo);

FSTAT(fstat_unread, int n = 0; real.ioctl(fd, FIONREAD, &n); st->st_size = n)
DEFECT(fstat-socket-size-counts-unread, .fstat = fstat_unread);

FSTAT(fstat_inet_inode, if (is_inet(fd, SOCK_STREAM)) st->st_ino = 0)
DEFECT(fstat-tcp-inode-zero, .fstat = fstat_inet_inode);

/* Calls for files */

static off_t
lseek_end(int fd, off_t offset, int whence)
{
	return (whence == SEEK_END && is_socket(fd) ? 0 : real.lseek(fd, offset, whence));
}
DEFECT(lseek-socket-finds-an-end, .lseek = lseek_end);

static ssize_t
pread_consumes(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t n = real.pread(fd, buffer, size, offset);

	if (n == -1 && is_socket(fd))
		lose_byte(fd);
	return (n);
}
DEFECT(pread-socket-consumes, .pread = pread_consumes);

static ssize_t
pwrite_sends(int fd, const void *buffer, size_t size, off_t offset)
{
	if (is_socket(fd) && offset > 0) {
		real.send(fd, buffer, size, MSG_NOSIGNAL);
		return (failure(ESPIPE));
	}
	return (real.pwrite(fd, buffer, size, offset));
}
DEFECT(pwrite-socket-sends-yet-fails, .pwrite = pwrite_sends);

static int
ftruncate_discards(int fd, off_t size)
{
	if (is_socket(fd) && size == 0)
		lose_byte(fd);
	return (real.ftruncate(fd, size));
}
DEFECT(ftruncate-socket-discards-data, .ftruncate = ftruncate_discards);

static int
fsync_succeeds(int fd)
{
	return (is_socket(fd) ? 0 : real.fsync(fd));
}
DEFECT(fsync-socket-succeeds, .fsync = fsync_succeeds);

static void *
mmap_udp(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (fd != -1 && (flags & MAP_PRIVATE) != 0 && is_inet(fd, SOCK_DGRAM))
		return (real.mmap(address, size, protection, flags | MAP_ANONYMOUS, -1, 0));
	return (real.mmap(address, size, protection, flags, fd, offset));
}
DEFECT(mmap-grants-private-pages-of-udp, .mmap = mmap_udp);

static int
fchmod_in_vain(int fd, mode_t mode)
{
	return (is_socket(fd) ? 0 : real.fchmod(fd, mode));
}
DEFECT(fchmod-socket-without-effect, .fchmod = fchmod_in_vain);

static int
fchown_refused(int fd, uid_t uid, gid_t gid)
{
	return (is_inet(fd, SOCK_DGRAM) ? failure(EINVAL) : real.fchown(fd, uid, gid));
}
DEFECT(fchown-udp-as-einval, .fchown = fchown_refused);

static int
lock_in_vain(int fd, int command, long argument)
{
	return (command == F_SETLK && is_socket(fd) ? 0 : real.fcntl(fd, command, argument));
}
DEFECT(fcntl-setlk-on-socket-without-effect, .fcntl = lock_in_vain);

static int
flock_without_waiting(int fd, int operation)
{
	return ((operation & LOCK_NB) != 0 && is_socket(fd) ? failure(EOPNOTSUPP)
							    : real.flock(fd, operation));
}
DEFECT(flock-nb-on-socket-as-eopnotsupp, .flock = flock_without_waiting);

static int
isatty_yes(int fd)
{
	return (socket_type(fd) == SOCK_STREAM ? 1 : real.isatty(fd));
}
DEFECT(isatty-takes-stream-socket-for-terminal, .isatty = isatty_yes);

static int
window_of_interface(int fd, unsigned long request, void *argument)
{
	return (request == TIOCGWINSZ && is_inet(fd, SOCK_DGRAM)
		? failure(EADDRNOTAVAIL)
		: real.ioctl(fd, request, argument));
}
DEFECT(ioctl-terminal-request-on-udp-as-eaddrnotavail, .ioctl = window_of_interface);

/* O_NONBLOCK */

static int
nonblock_stays(int fd, int command, long argument)
{
	if (command == F_SETFL && is_socket(fd))
		argument |= real.fcntl(fd, F_GETFL, 0) & O_NONBLOCK;
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-nonblock-of-socket-cannot-be-cleared, .fcntl = nonblock_stays);

static int
fionbio_odd(int fd, unsigned long request, void *argument)
{
	int value;

	if (request != FIONBIO || !is_socket(fd))
		return (real.ioctl(fd, request, argument));
	value = *(int *)argument & 1;
	return (real.ioctl(fd, request, &value));
}
DEFECT(ioctl-fionbio-takes-lowest-bit, .ioctl = fionbio_odd);

static int
fionbio_hidden(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (
	    command == F_GETFL && result != -1 && is_socket(fd) ? result & ~O_NONBLOCK : result);
}
DEFECT(fcntl-getfl-hides-nonblock-of-socket, .fcntl = fionbio_hidden);

/* What the queue requests count */

/* A function for ioctl that does something to what a request gave. */
#define IOCTL(name, wanted, condition, change)                           \
	static int name(int fd, unsigned long request, void *argument)   \
	{                                                                \
		int result = real.ioctl(fd, request, argument);          \
                                                                         \
		if (result == 0 && request == (wanted) && (condition)) { \
			change;                                          \
		}                                                        \
		return (result);                                         \
	}

IOCTL(fionread_first, FIONREAD, is_inet(fd, SOCK_STREAM),
    if (*(int *)argument > 3) * (int *)argument = 3)
DEFECT(ioctl-fionread-of-tcp-counts-first-segment, .ioctl = fionread_first);

IOCTL(fionread_name, FIONREAD, is_inet(fd, SOCK_DGRAM),
    if (*(int *)argument > 0) * (int *)argument += 16)
DEFECT(ioctl-fionread-of-udp-counts-address, .ioctl = fionread_name);

static int
fionread_listener(int fd, unsigned long request, void *argument)
{
	if (request != FIONREAD || !is_listener(fd))
		return (real.ioctl(fd, request, argument));
	*(int *)argument = 0;
	return (0);
}
DEFECT(ioctl-fionread-of-listener-gives-zero, .ioctl = fionread_listener);

IOCTL(mark_early, SIOCATMARK, readiness(fd, POLLPRI) != 0, *(int *)argument = 1)
DEFECT(ioctl-siocatmark-true-before-the-mark, .ioctl = mark_early);

IOCTL(mark_never, SIOCATMARK, is_socket(fd), *(int *)argument = 0)
DEFECT(ioctl-siocatmark-never-true, .ioctl = mark_never);

static int
mark_anywhere(int fd)
{
	return (is_pipe(fd) ? 0 : real.sockatmark(fd));
}
DEFECT(sockatmark-of-pipe-gives-zero, .sockatmark = mark_anywhere);

/* Owners and signals */

static int
getown_unsigned(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_GETOWN && is_socket(fd) ? abs(result) : result);
}
DEFECT(fcntl-getown-of-socket-loses-sign, .fcntl = getown_unsigned);

static int
setown_zero_kept(int fd, int command, long argument)
{
	return (command == F_SETOWN && argument == 0 && is_socket(fd)
		? 0
		: real.fcntl(fd, command, argument));
}
DEFECT(fcntl-setown-zero-keeps-owner-of-socket, .fcntl = setown_zero_kept);

static int
setown_failure_clears(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (command == F_SETOWN && result == -1 && is_socket(fd)) {
		real.fcntl(fd, F_SETOWN, 0);
		return (failure(ESRCH));
	}
	return (result);
}
DEFECT(fcntl-setown-that-fails-clears-owner, .fcntl = setown_failure_clears);

static int
setown_any_group(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_SETOWN && result == -1 && argument < 0 && is_socket(fd) ? 0 : result);
}
DEFECT(fcntl-setown-takes-group-that-is-not, .fcntl = setown_any_group);

static int
setown_own_session(int fd, int command, long argument)
{
	if (command == F_SETOWN && argument != 0 && is_socket(fd)) {
		pid_t session = getsid((pid_t)labs(argument));

		if (session != -1 && session != getsid(0))
			return (failure(EPERM));
	}
	return (real.fcntl(fd, command, argument));
}
DEFECT(fcntl-setown-of-other-session-as-eperm, .fcntl = setown_own_session);

static int
fioasync_in_vain(int fd, unsigned long request, void *argument)
{
	return (request == FIOASYNC && *(int *)argument == 0 && is_socket(fd)
		? 0
		: real.ioctl(fd, request, argument));
}
DEFECT(ioctl-fioasync-of-socket-cannot-be-cleared, .ioctl = fioasync_in_vain);

static int
async_in_vain(int fd, int command, long argument)
{
	return (real.fcntl(fd, command,
	    command == F_SETFL && is_socket(fd) ? argument & ~(long)O_ASYNC : argument));
}
DEFECT(fcntl-async-of-socket-without-effect, .fcntl = async_in_vain);

static int
setown_group_of_tcp(int fd, int command, long argument)
{
	return (command == F_SETOWN && argument < 0 && is_inet(fd, SOCK_STREAM)
		? 0
		: real.fcntl(fd, command, argument));
}
DEFECT(fcntl-setown-group-gets-no-sigurg, .fcntl = setown_group_of_tcp);

IOCTL(group_sign, SIOCGPGRP, is_socket(fd), *(int *)argument = -*(int *)argument)
DEFECT(ioctl-siocgpgrp-with-wrong-sign, .ioctl = group_sign);

/* Duplicates */

static int
dupfd_cloexec(int fd, int command, long argument)
{
	int made = real.fcntl(fd, command, argument);

	if (command == F_DUPFD && made != -1 && is_socket(fd))
		real.fcntl(made, F_SETFD, real.fcntl(fd, F_GETFD, 0));
	return (made);
}
DEFECT(fcntl-dupfd-of-socket-copies-close-on-exec, .fcntl = dupfd_cloexec);

static int
dup2_cloexec(int from, int to)
{
	int flags = real.fcntl(to, F_GETFD, 0), made = real.dup2(from, to);

	if (made != -1 && flags > 0 && is_socket(from))
		real.fcntl(made, F_SETFD, flags);
	return (made);
}
DEFECT(dup2-of-socket-keeps-close-on-exec, .dup2 = dup2_cloexec);

static int
flags_of_process(int fd, int command, long argument)
{
	return (in_child() && command == F_SETFL && is_socket(fd)
		? 0
		: real.fcntl(fd, command, argument));
}
DEFECT(fcntl-status-flags-of-socket-are-of-a-process, .fcntl = flags_of_process);

static int
option_of_process(int fd, int level, int name, const void *value, socklen_t size)
{
	return (
	    in_child() && name == SO_REUSEADDR ? 0 : real.setsockopt(fd, level, name, value, size));
}
static int
option_seen_first(int fd, int level, int name, void *value, socklen_t *size)
{
	in_child();
	return (real.getsockopt(fd, level, name, value, size));
}
DEFECT(setsockopt-options-are-of-a-process, .setsockopt = option_of_process,
    .getsockopt = option_seen_first);

/* Descriptors that dup made. */
static bool copies[1024];

static int
dup_remembered(int fd)
{
	int made = real.dup(fd);

	if (made >= 0 && made < 1024)
		copies[made] = true;
	return (made);
}
static ssize_t
recv_from_copy(int fd, void *buffer, size_t size, int flags)
{
	return (real.recv(
	    fd, buffer, size, fd >= 0 && fd < 1024 && copies[fd] ? flags | MSG_PEEK : flags));
}
DEFECT(dup-of-socket-has-a-queue-of-its-own, .dup = dup_remembered, .recv = recv_from_copy);

static int
dup2_self(int from, int to)
{
	if (from == to && is_socket(from))
		real.shutdown(from, SHUT_WR);
	return (real.dup2(from, to));
}
DEFECT(dup2-of-socket-onto-itself-ends-it, .dup2 = dup2_self);

static int
dup2_refuses(int from, int to)
{
	/* The number is taken over only in part: what is there stays a socket. */
	if (from != to && is_socket(to) && !is_socket(from)) {
		real.shutdown(to, SHUT_RDWR);
		return (to);
	}
	return (real.dup2(from, to));
}
DEFECT(dup2-onto-socket-keeps-the-number, .dup2 = dup2_refuses);

/* Close, exit, fork and exec */

static int
close_twice(int fd)
{
	int result = real.close(fd);

	return (result == -1 && errno == EBADF && fd >= 0 ? 0 : result);
}
DEFECT(close-of-closed-descriptor-succeeds, .close = close_twice);

static int
close_ends(int fd)
{
	if (is_socket(fd) && !is_listener(fd))
		real.shutdown(fd, SHUT_RDWR);
	return (real.close(fd));
}
DEFECT(close-of-duplicate-ends-connection, .close = close_ends);

static int
close_unbinds(int fd)
{
	if (in_child() && is_socket(fd))
		real.shutdown(fd, SHUT_RDWR);
	return (real.close(fd));
}
static int
bind_seen_first(int fd, const struct sockaddr *name, socklen_t size)
{
	in_child();
	return (real.bind(fd, name, size));
}
DEFECT(close-in-child-ends-socket-of-parent, .close = close_unbinds, .bind = bind_seen_first);

/* How often each descriptor gave the end of file. */
static unsigned char ends[1024];

static ssize_t
recv_end_once(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n == 0 && size > 0 && fd >= 0 && fd < 1024 && ends[fd]++ > 0)
		return (failure(ENOTCONN));
	return (n);
}
DEFECT(recv-tells-end-of-file-once, .recv = recv_end_once);

static int
close_keeps_port(int fd)
{
	if (is_inet(fd, SOCK_DGRAM))
		real.dup(fd);
	return (real.close(fd));
}
DEFECT(close-of-udp-keeps-port, .close = close_keeps_port);

static int
reuse(int domain, int type, int protocol)
{
	int fd = real.socket(domain, type, protocol), on = 1;

	if (is_inet(fd, SOCK_DGRAM))
		real.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return (fd);
}
DEFECT(bind-takes-port-of-open-socket, .socket = reuse);

/* The datagram that waited in the last socket which was closed. */
static char left[64];
static ssize_t left_size = -1;

static int
close_saves_queue(int fd)
{
	if (is_inet(fd, SOCK_DGRAM)) {
		ssize_t n = real.recv(fd, left, sizeof(left), MSG_DONTWAIT | MSG_PEEK);

		left_size = n > 0 ? n : left_size;
	}
	return (real.close(fd));
}
static int
bind_restores_queue(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	if (result == 0 && left_size > 0 && is_inet(fd, SOCK_DGRAM))
		real.sendto(fd, left, (size_t)left_size, 0, name, size);
	return (result);
}
DEFECT(bind-gets-queue-of-closed-socket, .close = close_saves_queue, .bind = bind_restores_queue);

static int
one_way_pair(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0)
		real.shutdown(fd[0], SHUT_WR);
	return (result);
}
DEFECT(socketpair-connected-one-way, .socketpair = one_way_pair);

/* Change the flag for exec of every socket of that type (0: any). */
static void
mark(int type, int flag)
{
	for (int fd = 3; fd < 1024; fd++)
		if (type == 0 ? is_socket(fd) : socket_type(fd) == type)
			real.fcntl(fd, F_SETFD, flag);
}

static int
exec_closes(const char *path, char *const argv[])
{
	mark(0, FD_CLOEXEC);
	return (real.execv(path, argv));
}
DEFECT(exec-closes-every-socket, .execv = exec_closes);

static int
exec_keeps(const char *path, char *const argv[])
{
	mark(SOCK_STREAM, 0);
	return (real.execv(path, argv));
}
DEFECT(exec-keeps-close-on-exec-socket, .execv = exec_keeps);

static int
exec_drains(const char *path, char *const argv[])
{
	for (int fd = 3; fd < 1024; fd++)
		if (socket_type(fd) == SOCK_SEQPACKET)
			real.shutdown(fd, SHUT_RDWR);
	return (real.execv(path, argv));
}
DEFECT(exec-ends-seqpacket-connections, .execv = exec_drains);
