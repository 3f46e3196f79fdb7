/*
 * Kernels that get signals wrong on one kind or another: calls that are
 * interrupted, SIGPIPE, SIGIO and the owner it goes to, MSG_WAITALL.
 */

#include "defects.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static bool
is_unix(int fd, int type)
{
	return (socket_type(fd) == type && socket_domain(fd) == AF_UNIX);
}

static bool
is_ignored(int signal)
{
	struct sigaction now;

	return (real.sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN);
}

/* Is there a limit to how long this socket waits? */
static bool
is_limited(int fd, int option)
{
	struct timeval t = { 0 };
	socklen_t size = sizeof(t);
	int error = errno;
	bool answer = real.getsockopt(fd, SOL_SOCKET, option, &t, &size) == 0 &&
	    (t.tv_sec != 0 || t.tv_usec != 0);

	errno = error;
	return (answer);
}

/* Interrupted calls */

/* SIGUSR1 without SA_RESTART for a while. */
static void
begin_without_restart(struct sigaction *before)
{
	struct sigaction changed;

	real.sigaction(SIGUSR1, NULL, before);
	changed = *before;
	changed.sa_flags &= ~SA_RESTART;
	real.sigaction(SIGUSR1, &changed, NULL);
}

static void
end_without_restart(const struct sigaction *before)
{
	int error = errno;

	real.sigaction(SIGUSR1, before, NULL);
	errno = error;
}

static ssize_t
recv_without_restart(int fd, void *buffer, size_t size, int flags)
{
	struct sigaction before;
	ssize_t n;

	begin_without_restart(&before);
	n = real.recv(fd, buffer, size, flags);
	end_without_restart(&before);
	return (n);
}
DEFECT(recv-is-never-restarted, .recv = recv_without_restart);

static ssize_t
datagram_read_without_restart(int fd, void *buffer, size_t size)
{
	struct sigaction before;
	ssize_t n;

	if (socket_type(fd) != SOCK_DGRAM)
		return (real.read(fd, buffer, size));
	begin_without_restart(&before);
	n = real.read(fd, buffer, size);
	end_without_restart(&before);
	return (n);
}
DEFECT(datagram-read-is-never-restarted, .read = datagram_read_without_restart);

static ssize_t
recvmsg_restarts(int fd, struct msghdr *m, int flags)
{
	ssize_t n;

	do
		n = real.recvmsg(fd, m, flags);
	while (n == -1 && errno == EINTR);
	return (n);
}
DEFECT(recvmsg-is-always-restarted, .recvmsg = recvmsg_restarts);

static ssize_t
record_read_restarts(int fd, void *buffer, size_t size)
{
	ssize_t n;

	do
		n = real.read(fd, buffer, size);
	while (n == -1 && errno == EINTR && socket_type(fd) == SOCK_SEQPACKET);
	return (n);
}
DEFECT(record-read-is-always-restarted, .read = record_read_restarts);

static ssize_t
limited_recv_restarts(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n;

	do
		n = real.recv(fd, buffer, size, flags);
	while (n == -1 && errno == EINTR && is_limited(fd, SO_RCVTIMEO));
	return (n);
}
DEFECT(limited-receive-is-restarted, .recv = limited_recv_restarts);

static ssize_t
limited_recv_is_over(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == EINTR && is_limited(fd, SO_RCVTIMEO) ? failure(EAGAIN) : n);
}
DEFECT(interrupted-limited-receive-is-over, .recv = limited_recv_is_over);

static ssize_t
limited_write_restarts(int fd, const void *buffer, size_t size)
{
	ssize_t n;

	do
		n = real.write(fd, buffer, size);
	while (n == -1 && errno == EINTR && is_socket(fd) && is_limited(fd, SO_SNDTIMEO));
	return (n);
}
DEFECT(limited-write-is-restarted, .write = limited_write_restarts);

/* Does this writer find no room, and wait? */
static bool
will_sleep(int fd)
{
	return (!is_nonblocking(fd) && (readiness(fd, POLLOUT) & POLLOUT) == 0);
}

static ssize_t
restarted_write_repeats(int fd, const void *buffer, size_t size)
{
	bool slept = is_unix(fd, SOCK_STREAM) && will_sleep(fd);
	ssize_t n = real.write(fd, buffer, size);

	if (slept && n > 0)
		real.send(fd, buffer, (size_t)n, MSG_DONTWAIT);
	return (n);
}
DEFECT(unix-write-that-slept-goes-twice, .write = restarted_write_repeats);

static ssize_t
interrupted_record_is_zero(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EINTR && socket_type(fd) == SOCK_SEQPACKET ? 0 : n);
}
DEFECT(interrupted-record-write-is-zero, .write = interrupted_record_is_zero);

static ssize_t
record_write_without_restart(int fd, const void *buffer, size_t size)
{
	struct sigaction before;
	ssize_t n;

	if (socket_type(fd) != SOCK_SEQPACKET)
		return (real.write(fd, buffer, size));
	begin_without_restart(&before);
	n = real.write(fd, buffer, size);
	end_without_restart(&before);
	return (n);
}
DEFECT(record-write-is-never-restarted, .write = record_write_without_restart);

static ssize_t
unix_write_forgets_part(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n > 0 && (size_t)n < size && is_unix(fd, SOCK_STREAM) && !is_nonblocking(fd)
		? failure(EINTR)
		: n);
}
DEFECT(interrupted-unix-write-forgets-its-part, .write = unix_write_forgets_part);

/* A write that has done a part goes on with the rest, where the handler asks for it. */
static ssize_t
write_goes_on(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size), more;
	struct sigaction now;

	if (n <= 0 || (size_t)n == size || !is_unix(fd, SOCK_STREAM) || is_nonblocking(fd) ||
	    real.sigaction(SIGUSR1, NULL, &now) != 0 || (now.sa_flags & SA_RESTART) == 0)
		return (n);
	more = real.send(fd, (const char *)buffer + n, size - (size_t)n, MSG_DONTWAIT);
	return (more > 0 ? n + more : (ssize_t)size);
}
DEFECT(partly-done-unix-write-is-restarted, .write = write_goes_on);

/* An accept that was interrupted has taken the next client along. */
static bool accept_interrupted;

static int
accept_loses_one(int fd, struct sockaddr *name, socklen_t *size)
{
	int got = real.accept(fd, name, size);

	if (got == -1 && errno == EINTR) {
		accept_interrupted = true;
	} else if (got != -1 && accept_interrupted) {
		accept_interrupted = false;
		real.close(got);
		return (failure(ECONNABORTED));
	}
	return (got);
}
DEFECT(interrupted-accept-loses-a-client, .accept = accept_loses_one);

static int
unix_accept_without_restart(int fd, struct sockaddr *name, socklen_t *size)
{
	struct sigaction before;
	int got;

	if (!is_unix(fd, SOCK_STREAM))
		return (real.accept(fd, name, size));
	begin_without_restart(&before);
	got = real.accept(fd, name, size);
	end_without_restart(&before);
	return (got);
}
DEFECT(unix-accept-is-never-restarted, .accept = unix_accept_without_restart);

static int
ppoll_restarts(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	int n;

	do
		n = real.ppoll(fds, count, timeout, mask);
	while (n == -1 && errno == EINTR && count == 1);
	return (n);
}
DEFECT(ppoll-is-restarted, .ppoll = ppoll_restarts);

static int
pselect_restarts(int limit, fd_set *r, fd_set *w, fd_set *x, const struct timespec *timeout,
    const sigset_t *mask)
{
	int n;

	do
		n = real.pselect(limit, r, w, x, timeout, mask);
	while (n == -1 && errno == EINTR);
	return (n);
}
DEFECT(pselect-is-restarted, .pselect = pselect_restarts);

static int
select_clears_on_error(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout), error = errno;

	if (n == -1 && error == EINTR && x != NULL)
		FD_ZERO(x);
	errno = error;
	return (n);
}
DEFECT(interrupted-select-clears-a-set, .select = select_clears_on_error);

static int
pselect_fills_on_error(int limit, fd_set *r, fd_set *w, fd_set *x, const struct timespec *timeout,
    const sigset_t *mask)
{
	int n = real.pselect(limit, r, w, x, timeout, mask), error = errno;

	if (n == -1 && error == EINTR && r != NULL)
		FD_SET(0, r);
	errno = error;
	return (n);
}
DEFECT(interrupted-pselect-fills-a-set, .pselect = pselect_fills_on_error);

static void
nothing(int signal)
{
	(void)signal;
}

/* A signal that nobody catches is treated as if somebody did. */
static ssize_t
read_as_if_caught(int signal, int fd, void *buffer, size_t size)
{
	struct sigaction catching = { .sa_handler = nothing }, before;
	ssize_t n;
	int error;

	if (real.sigaction(signal, NULL, &before) != 0 ||
	    (before.sa_handler != SIG_IGN && before.sa_handler != SIG_DFL))
		return (real.read(fd, buffer, size));
	real.sigaction(signal, &catching, NULL);
	n = real.read(fd, buffer, size);
	error = errno;
	real.sigaction(signal, &before, NULL);
	errno = error;
	return (n);
}

static ssize_t
sigwinch_interrupts(int fd, void *buffer, size_t size)
{
	return (is_socket(fd) ? read_as_if_caught(SIGWINCH, fd, buffer, size)
			      : real.read(fd, buffer, size));
}
DEFECT(unnoticed-sigwinch-interrupts, .read = sigwinch_interrupts);

static ssize_t
sigusr1_interrupts(int fd, void *buffer, size_t size)
{
	return (is_ignored(SIGUSR1) && is_socket(fd) ? read_as_if_caught(SIGUSR1, fd, buffer, size)
						     : real.read(fd, buffer, size));
}
DEFECT(ignored-signal-interrupts-sockets, .read = sigusr1_interrupts);

static ssize_t
stop_interrupts_read(int fd, void *buffer, size_t size)
{
	return (is_pipe(fd) || is_socket(fd) ? read_as_if_caught(SIGCONT, fd, buffer, size)
					     : real.read(fd, buffer, size));
}
DEFECT(stopped-read-is-interrupted, .read = stop_interrupts_read);

static int
stop_interrupts_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	struct sigaction catching = { .sa_handler = nothing }, before;
	int n, error;

	if (count != 1 || timeout != -1 || real.sigaction(SIGCONT, &catching, &before) != 0)
		return (real.poll(fds, count, timeout));
	n = real.poll(fds, count, timeout);
	error = errno;
	real.sigaction(SIGCONT, &before, NULL);
	errno = error;
	return (n);
}
DEFECT(stopped-poll-is-interrupted, .poll = stop_interrupts_poll);

/* SIGPIPE */

static ssize_t
sendto_without_signal(int fd, const void *buffer, size_t size, int flags,
    const struct sockaddr *name, socklen_t length)
{
	return (real.sendto(fd, buffer, size, flags | MSG_NOSIGNAL, name, length));
}
DEFECT(sendto-raises-no-sigpipe, .sendto = sendto_without_signal);

static ssize_t
sendmsg_without_signal(int fd, const struct msghdr *m, int flags)
{
	return (real.sendmsg(fd, m, is_unix(fd, SOCK_STREAM) ? flags | MSG_NOSIGNAL : flags));
}
DEFECT(unix-sendmsg-raises-no-sigpipe, .sendmsg = sendmsg_without_signal);

static ssize_t
writev_without_signal(int fd, const struct iovec *v, int count)
{
	sigset_t before;
	ssize_t n;

	hold_signal(SIGPIPE, &before);
	n = real.writev(fd, v, count);
	release_signal(SIGPIPE, &before, !is_socket(fd));
	return (n);
}
DEFECT(socket-writev-raises-no-sigpipe, .writev = writev_without_signal);

static ssize_t
sendto_with_signal(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	return (real.sendto(fd, buffer, size, flags & ~MSG_NOSIGNAL, name, length));
}
DEFECT(sendto-ignores-msg-nosignal, .sendto = sendto_with_signal);

static ssize_t
record_send_signals(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && errno == EPIPE && socket_type(fd) == SOCK_SEQPACKET) {
		raise(SIGPIPE);
		errno = EPIPE;
	}
	return (n);
}
DEFECT(record-send-raises-sigpipe-in-any-case, .send = record_send_signals);

/* With the default action the process is spared. */
static ssize_t
default_spares(int fd, const void *buffer, size_t size)
{
	struct sigaction now;
	sigset_t before;
	ssize_t n;

	if (!is_socket(fd) || real.sigaction(SIGPIPE, NULL, &now) != 0 || now.sa_handler != SIG_DFL)
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	release_signal(SIGPIPE, &before, false);
	return (n);
}
DEFECT(default-sigpipe-spares-socket-writers, .write = default_spares);

static ssize_t
ignored_writev_succeeds(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.writev(fd, v, count);

	return (n == -1 && errno == EPIPE && is_ignored(SIGPIPE) ? (ssize_t)v[0].iov_len : n);
}
DEFECT(ignored-sigpipe-lets-writev-succeed, .writev = ignored_writev_succeeds);

static ssize_t
signal_to_process(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;
	int error;

	if (!is_socket(fd))
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	error = errno;
	if (release_signal(SIGPIPE, &before, false))
		kill(getpid(), SIGPIPE);
	errno = error;
	return (n);
}
DEFECT(socket-sigpipe-goes-to-the-process, .write = signal_to_process);

/* Was this blocking write cut short because its reader has gone? */
static bool
was_left(int fd, ssize_t n, size_t size)
{
	return (n > 0 && (size_t)n < size && is_unix(fd, SOCK_STREAM) &&
	    (readiness(fd, POLLOUT) & POLLHUP) != 0);
}

static ssize_t
left_writer_claims_all(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (was_left(fd, n, size) ? (ssize_t)size : n);
}
DEFECT(writer-left-by-reader-claims-the-whole, .write = left_writer_claims_all);

static ssize_t
left_writer_is_signalled(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (was_left(fd, n, size))
		raise(SIGPIPE);
	return (n);
}
DEFECT(writer-left-by-reader-gets-a-signal-too, .write = left_writer_is_signalled);

/* SIGIO and owners */

static int
async_not_for_datagrams(int fd, int command, long argument)
{
	if (command == F_SETFL && socket_type(fd) == SOCK_DGRAM)
		argument &= ~(long)O_ASYNC;
	return (real.fcntl(fd, command, argument));
}
DEFECT(datagram-sockets-know-no-o-async, .fcntl = async_not_for_datagrams);

/* The flag of a UNIX listener can be seen, and does nothing. */
static int
unix_listener_is_silent(int fd, int command, long argument)
{
	if (command == F_SETFL && is_unix(fd, SOCK_STREAM) && is_listener(fd))
		argument &= ~(long)O_ASYNC;
	return (real.fcntl(fd, command, argument));
}
DEFECT(unix-listener-raises-no-sigio, .fcntl = unix_listener_is_silent);

static int
unix_accept4_gives_the_owner(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	int got = real.accept4(fd, name, size, flags);

	if (got != -1 && is_unix(fd, SOCK_STREAM))
		real.fcntl(got, F_SETOWN, real.fcntl(fd, F_GETOWN, 0));
	return (got);
}
DEFECT(unix-accept4-gives-the-owner, .accept4 = unix_accept4_gives_the_owner);

static int
record_close_is_silent(int fd)
{
	sigset_t before;
	int result;

	if (socket_type(fd) != SOCK_SEQPACKET)
		return (real.close(fd));
	hold_signal(SIGIO, &before);
	result = real.close(fd);
	release_signal(SIGIO, &before, false);
	return (result);
}
DEFECT(record-close-sends-no-sigio, .close = record_close_is_silent);

static ssize_t
room_is_silent(int fd, void *buffer, size_t size, int flags)
{
	sigset_t before;
	ssize_t n;

	if (!is_unix(fd, SOCK_STREAM))
		return (real.recv(fd, buffer, size, flags));
	hold_signal(SIGIO, &before);
	n = real.recv(fd, buffer, size, flags);
	release_signal(SIGIO, &before, false);
	return (n);
}
DEFECT(room-in-a-unix-stream-sends-no-sigio, .recv = room_is_silent);

static int
setter_becomes_owner(int fd, int command, long argument)
{
	if (command == F_SETFL && (argument & O_ASYNC) != 0 && is_socket(fd) &&
	    real.fcntl(fd, F_GETOWN, 0) == 0)
		real.fcntl(fd, F_SETOWN, getpid());
	return (real.fcntl(fd, command, argument));
}
DEFECT(o-async-makes-its-setter-the-owner, .fcntl = setter_becomes_owner);

/* Clearing the flag clears the owner as well. */
static int
clearing_forgets_owner(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (command == F_SETFL && (argument & O_ASYNC) == 0 && result == 0)
		real.fcntl(fd, F_SETOWN, 0);
	return (result);
}
DEFECT(clearing-o-async-clears-the-owner, .fcntl = clearing_forgets_owner);

static int
fioasync_only_sets(int fd, unsigned long request, void *argument)
{
	if (request == FIOASYNC && *(int *)argument == 0 && is_socket(fd))
		return (0);
	return (real.ioctl(fd, request, argument));
}
DEFECT(fioasync-cannot-be-cleared-on-sockets, .ioctl = fioasync_only_sets);

static int
group_reads_back_positive(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_GETOWN && is_socket(fd) && result < -1 ? -result : result);
}
DEFECT(owner-group-of-a-socket-loses-its-sign, .fcntl = group_reads_back_positive);

/* The group's leader alone is told, though the group reads back. */
static int
leader_for_group(int fd, int command, long argument)
{
	static bool is_group[DESCRIPTORS];
	int result;

	if ((command != F_SETOWN && command != F_GETOWN) || !is_socket(fd) || fd >= DESCRIPTORS)
		return (real.fcntl(fd, command, argument));
	if (command == F_SETOWN)
		is_group[fd] = argument < 0;
	result = real.fcntl(fd, command,
	    command == F_SETOWN && argument < 0 && kill((pid_t)-argument, 0) == 0 ? -argument
										  : argument);
	return (command == F_GETOWN && is_group[fd] && result > 0 ? -result : result);
}
DEFECT(owner-group-is-its-leader-alone, .fcntl = leader_for_group);

static int
refusal_clears_owner(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (command == F_SETOWN && result == -1 && errno == ESRCH) {
		real.fcntl(fd, F_SETOWN, 0);
		errno = ESRCH;
	}
	return (result);
}
DEFECT(refused-owner-clears-the-old-one, .fcntl = refusal_clears_owner);

static int
unused_group_accepted(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_SETOWN && argument < 0 && result == -1 && errno == ESRCH ? 0 : result);
}
DEFECT(unused-group-accepted-as-owner, .fcntl = unused_group_accepted);

static int
session_matters(int fd, int command, long argument)
{
	if (command == F_SETOWN && argument > 0 && getsid((pid_t)argument) != getsid(0))
		return (failure(kill((pid_t)argument, 0) == 0 ? EPERM : ESRCH));
	return (real.fcntl(fd, command, argument));
}
DEFECT(owner-must-be-of-the-session, .fcntl = session_matters);

/* What was set through this number, of those below. */
static bool set_here[DESCRIPTORS];

static int
owner_of_number(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (fd < 0 || fd >= DESCRIPTORS)
		return (result);
	if (command == F_SETOWN)
		set_here[fd] = result == 0;
	return (command == F_GETOWN && !set_here[fd] ? 0 : result);
}
DEFECT(owner-belongs-to-the-number, .fcntl = owner_of_number);

static int
flag_of_number(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (fd < 0 || fd >= DESCRIPTORS || result == -1)
		return (result);
	if (command == F_SETFL)
		set_here[fd] = (argument & O_ASYNC) != 0;
	return (command == F_GETFL && !set_here[fd] ? result & ~O_ASYNC : result);
}
DEFECT(o-async-belongs-to-the-number, .fcntl = flag_of_number);

/* The owner goes when the descriptor does by which he was set. */
static int
owner_is_noted(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (command == F_SETOWN && fd >= 0 && fd < DESCRIPTORS)
		set_here[fd] = result == 0;
	return (result);
}

static int
owner_goes_with_number(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS && set_here[fd]) {
		set_here[fd] = false;
		real.fcntl(fd, F_SETOWN, 0);
	}
	return (real.close(fd));
}
DEFECT(owner-goes-with-the-number, .fcntl = owner_is_noted, .close = owner_goes_with_number);

/* MSG_WAITALL */

static ssize_t
unix_does_not_wait_for_all(int fd, void *buffer, size_t size, int flags)
{
	return (
	    real.recv(fd, buffer, size, is_unix(fd, SOCK_STREAM) ? flags & ~MSG_WAITALL : flags));
}
DEFECT(unix-waitall-has-no-effect, .recv = unix_does_not_wait_for_all);

/* A short count of a receive that was to wait, and whether the end is why. */
static bool
fell_short(ssize_t n, size_t size, int flags)
{
	return (n > 0 && (size_t)n < size && (flags & (MSG_WAITALL | MSG_DONTWAIT)) == MSG_WAITALL);
}

static ssize_t
end_swallows_part(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (fell_short(n, size, flags) && (readiness(fd, POLLIN) & POLLIN) != 0 ? 0 : n);
}
DEFECT(end-swallows-what-waitall-had, .recv = end_swallows_part);

static ssize_t
signal_swallows_part(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (is_unix(fd, SOCK_STREAM) && !is_nonblocking(fd) && fell_short(n, size, flags) &&
		    (readiness(fd, POLLIN) & POLLIN) == 0
		? failure(EINTR)
		: n);
}
DEFECT(signal-swallows-what-waitall-had, .recv = signal_swallows_part);

/* Only with SA_RESTART: the receive begins again and waits for all of its bytes. */
static ssize_t
waitall_begins_again(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);
	struct sigaction now;

	if (n == -1 && errno == EINTR && (flags & MSG_WAITALL) != 0)
		return (failure(EAGAIN));
	if (fell_short(n, size, flags) && !is_nonblocking(fd) &&
	    real.sigaction(SIGUSR1, NULL, &now) == 0 && (now.sa_flags & SA_RESTART) != 0)
		return (failure(EINTR));
	return (n);
}
DEFECT(waitall-with-sa-restart-loses-its-part, .recv = waitall_begins_again);

static ssize_t
waitall_before_dontwait(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & MSG_WAITALL) != 0 && (readiness(fd, POLLIN) & POLLIN) != 0)
		flags &= ~MSG_DONTWAIT;
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(waitall-outweighs-dontwait, .recv = waitall_before_dontwait);

/* A nonblocking socket that cannot give all gives nothing. */
static ssize_t
all_or_nothing(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n;

	if ((flags & MSG_WAITALL) == 0 || !is_nonblocking(fd))
		return (real.recv(fd, buffer, size, flags));
	n = real.recv(fd, buffer, size, flags | MSG_PEEK);
	return (n > 0 && (size_t)n < size ? failure(EAGAIN) : real.recv(fd, buffer, size, flags));
}
DEFECT(nonblocking-waitall-is-all-or-nothing, .recv = all_or_nothing);

static ssize_t
records_are_gathered(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags), more;

	if (n <= 0 || (flags & MSG_WAITALL) == 0 || !is_unix(fd, SOCK_DGRAM))
		return (n);
	more = real.recv(fd, (char *)buffer + n, size - (size_t)n, flags | MSG_DONTWAIT);
	return (more > 0 ? n + more : n);
}
DEFECT(unix-datagrams-are-gathered, .recv = records_are_gathered);
