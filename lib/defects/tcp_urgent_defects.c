/*
 * Kernels that get TCP's urgent data wrong: which byte is urgent, where the mark
 * is, what a read makes of it, and who is told.
 */

#include <sys/ioctl.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tcp_defects.h"

static bool
has_urgent(int fd)
{
	return (is_tcp(fd) && (readiness(fd, POLLPRI) & POLLPRI) != 0);
}

static bool
is_inline(int fd)
{
	int value = 0, error = errno;
	socklen_t size = sizeof(value);

	real.getsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &value, &size);
	errno = error;
	return (value != 0);
}

/* Which byte */

/* What send does with urgent data of a TCP socket. */
#define URGE(function, ...)                                                         \
	static ssize_t function(int fd, const void *buffer, size_t size, int flags) \
	{                                                                           \
		if ((flags & MSG_OOB) && size > 0 && is_tcp(fd)) {                  \
			__VA_ARGS__                                                 \
		}                                                                   \
		return (real.send(fd, buffer, size, flags));                        \
	}

URGE(urgent_is_plain, flags &= ~MSG_OOB;)
DEFECT(tcp-urgent-byte-is-an-ordinary-one, .send = urgent_is_plain);

URGE(urgent_and_plain, ssize_t n = real.send(fd, buffer, size, flags);
     if (n > 0) real.send(fd, (const char *)buffer + n - 1, 1, 0); return (n);)
DEFECT(tcp-urgent-byte-is-also-in-the-stream, .send = urgent_and_plain);

URGE(first_is_urgent, ssize_t n = real.send(fd, buffer, 1, flags); if (n == 1 && size > 1) n +=
     real.send(fd, (const char *)buffer + 1, size - 1, flags & ~MSG_OOB);
     return (n);)
DEFECT(tcp-first-byte-is-urgent, .send = first_is_urgent);

static int urged[DESCRIPTORS];

URGE(second_dropped, if (fd < DESCRIPTORS && urged[fd]++ > 0) return ((ssize_t)size);)
DEFECT(tcp-second-urgent-byte-is-dropped, .send = second_dropped);

URGE(vanishes, ssize_t n = real.send(fd, buffer, size, flags);
     return (n == -1 && errno == EAGAIN ? (ssize_t)size : n);)
DEFECT(tcp-urgent-byte-vanishes-in-a-full-buffer, .send = vanishes);

URGE(urgent_says_nothing, real.send(fd, buffer, size, flags); return (0);)
DEFECT(tcp-urgent-send-returns-zero, .send = urgent_says_nothing);

/* What recv does with MSG_OOB on a TCP socket. */
#define TAKE(function, ...)                                                   \
	static ssize_t function(int fd, void *buffer, size_t size, int flags) \
	{                                                                     \
		ssize_t n;                                                    \
                                                                              \
		if (!(flags & MSG_OOB) || !is_tcp(fd))                        \
			return (real.recv(fd, buffer, size, flags));          \
		__VA_ARGS__                                                   \
		return (n);                                                   \
	}

TAKE(data_instead, n = real.recv(fd, buffer, size, flags);
     if (n == -1 && errno == EINVAL)
	 n = real.recv(fd, buffer, size, (flags & ~MSG_OOB) | MSG_DONTWAIT);)
DEFECT(tcp-urgent-receive-takes-ordinary-data, .recv = data_instead);

TAKE(not_yet, n = real.recv(fd, buffer, size, flags);
     if (n == -1 && errno == EINVAL) errno = EAGAIN;)
DEFECT(tcp-no-urgent-data-is-eagain, .recv = not_yet);

TAKE(never_taken, n = real.recv(fd, buffer, size, flags | MSG_PEEK);)
DEFECT(tcp-urgent-byte-can-be-taken-again, .recv = never_taken);

TAKE(peek_takes, n = real.recv(fd, buffer, size, flags & ~MSG_PEEK);)
DEFECT(tcp-urgent-peek-takes, .recv = peek_takes);

TAKE(announced_invalid, n = real.recv(fd, buffer, size, flags);
     if (n == -1 && errno == EAGAIN) errno = EINVAL;)
DEFECT(tcp-announced-byte-is-invalid, .recv = announced_invalid);

TAKE(next_instead, n = real.recv(fd, buffer, size, flags); if (n == 1)++ * (unsigned char *)buffer;)
DEFECT(tcp-urgent-byte-is-the-next-one, .recv = next_instead);

/* The message flags that recvmsg gives. */
#define TELL(function, change)                                       \
	static ssize_t function(int fd, struct msghdr *m, int flags) \
	{                                                            \
		ssize_t n = real.recvmsg(fd, m, flags);              \
                                                                     \
		if (n > 0 && is_tcp(fd))                             \
			change;                                      \
		return (n);                                          \
	}

TELL(forgets_flag, m->msg_flags &= ~MSG_OOB)
DEFECT(tcp-recvmsg-forgets-msg-oob, .recvmsg = forgets_flag);

TELL(flag_for_all, m->msg_flags |= MSG_OOB)
DEFECT(tcp-recvmsg-calls-all-data-urgent, .recvmsg = flag_for_all);

/* The mark */

/* Go on behind the mark: so many bytes in all, n of them read before. */
static ssize_t
go_on(int fd, void *buffer, size_t size, ssize_t n)
{
	int error = errno;

	if (n > 0 && (size_t)n < size && is_tcp(fd)) {
		ssize_t more = real.recv(fd, (char *)buffer + n, size - (size_t)n, MSG_DONTWAIT);

		if (more > 0)
			n += more;
	}
	errno = error;
	return (n);
}

static ssize_t
read_crosses(int fd, void *buffer, size_t size)
{
	return (go_on(fd, buffer, size, real.read(fd, buffer, size)));
}
DEFECT(tcp-read-crosses-the-mark, .read = read_crosses);

static ssize_t
recv_crosses(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (flags == 0 ? go_on(fd, buffer, size, n) : n);
}
DEFECT(tcp-recv-crosses-the-mark, .recv = recv_crosses);

static ssize_t
waitall_crosses(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (flags & MSG_WAITALL ? go_on(fd, buffer, size, n) : n);
}
DEFECT(tcp-waitall-crosses-the-mark, .recv = waitall_crosses);

static ssize_t
readv_crosses(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);

	if (n > (ssize_t)v[0].iov_len && count == 2)
		n = (ssize_t)v[0].iov_len +
		    go_on(fd, v[1].iov_base, v[1].iov_len, n - (ssize_t)v[0].iov_len);
	return (n);
}
DEFECT(tcp-readv-crosses-the-mark, .readv = readv_crosses);

static ssize_t
recvmsg_crosses(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	return (flags == 0 && m->msg_iovlen == 1
		? go_on(fd, m->msg_iov[0].iov_base, m->msg_iov[0].iov_len, n)
		: n);
}
DEFECT(tcp-recvmsg-crosses-the-mark, .recvmsg = recvmsg_crosses);

static int
inline_mark_later(int fd)
{
	int at = real.sockatmark(fd);

	return (at == 1 && is_inline(fd) ? 0 : at);
}
DEFECT(tcp-inline-mark-is-behind-the-byte, .sockatmark = inline_mark_later);

static int
inline_mark_stays(int fd)
{
	static bool seen[DESCRIPTORS];
	int at = real.sockatmark(fd);

	if (fd < 0 || fd >= DESCRIPTORS || !is_tcp(fd) || !is_inline(fd))
		return (at);
	seen[fd] |= at == 1;
	return (seen[fd]);
}
DEFECT(tcp-inline-mark-stays, .sockatmark = inline_mark_stays);

/* In the stream an urgent byte is passed over when another one came after it. */
static ssize_t
inline_loses(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	char *b = buffer;

	if (n == 3 && b[1] == '1' && is_tcp(fd) && is_inline(fd)) {
		b[1] = b[2];
		return (2);
	}
	return (n);
}
DEFECT(tcp-earlier-inline-byte-is-lost, .read = inline_loses);

/* Who is told */

/* What poll says of each TCP socket. */
#define POLL(function, change)                                             \
	static int function(struct pollfd *fds, nfds_t count, int timeout) \
	{                                                                  \
		int ready = real.poll(fds, count, timeout);                \
                                                                           \
		for (nfds_t i = 0; ready >= 0 && i < count; i++)           \
			if (is_tcp(fds[i].fd)) {                           \
				int before = fds[i].revents != 0;          \
                                                                           \
				change;                                    \
				ready += (fds[i].revents != 0) - before;   \
			}                                                  \
		return (ready);                                            \
	}

POLL(
    urgent_is_data, if ((fds[i].events & POLLIN) && has_urgent(fds[i].fd)) fds[i].revents |= POLLIN)
DEFECT(tcp-urgent-byte-is-readable, .poll = urgent_is_data);

POLL(data_is_urgent,
    if ((fds[i].events & POLLPRI) && (readiness(fds[i].fd, POLLIN) & POLLIN)) fds[i].revents |=
    POLLPRI)
DEFECT(tcp-poll-calls-ordinary-data-urgent, .poll = data_is_urgent);

POLL(not_urgent, fds[i].revents &= ~POLLPRI)
DEFECT(tcp-poll-never-tells-of-urgent-data, .poll = not_urgent);

static bool was_urgent[DESCRIPTORS];

POLL(
    urgent_for_ever, if (fds[i].fd < DESCRIPTORS && (fds[i].events & POLLPRI)) {
	    was_urgent[fds[i].fd] |= (fds[i].revents & POLLPRI) != 0;
	    if (was_urgent[fds[i].fd])
		    fds[i].revents |= POLLPRI;
    })
DEFECT(tcp-poll-tells-of-urgent-data-for-ever, .poll = urgent_for_ever);

static int
select_ordinary(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	fd_set asked;
	int ready;

	if (x == NULL || r != NULL)
		return (real.select(limit, r, w, x, timeout));
	asked = *x;
	ready = real.select(limit, r, w, x, timeout);
	for (int fd = 0; ready == 0 && fd < limit; fd++)
		if (FD_ISSET(fd, &asked) && is_tcp(fd) && (readiness(fd, POLLIN) & POLLIN)) {
			FD_SET(fd, x);
			ready++;
		}
	return (ready);
}
DEFECT(tcp-select-calls-ordinary-data-exceptional, .select = select_ordinary);

static int
select_never(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int ready = real.select(limit, r, w, x, timeout);

	for (int fd = 0; x != NULL && ready > 0 && fd < limit; fd++)
		if (FD_ISSET(fd, x) && is_tcp(fd)) {
			FD_CLR(fd, x);
			ready--;
		}
	return (ready);
}
DEFECT(tcp-select-finds-nothing-exceptional, .select = select_never);

static int
counts_urgent(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIONREAD && has_urgent(fd))
		++*(int *)argument;
	return (result);
}
DEFECT(tcp-fionread-counts-the-urgent-byte, .ioctl = counts_urgent);

static ssize_t
urgent_ends(int fd, void *buffer, size_t size, int flags)
{
	bool urgent = !(flags & MSG_OOB) && has_urgent(fd);
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN && urgent ? 0 : n);
}
DEFECT(tcp-urgent-byte-alone-is-the-end, .recv = urgent_ends);

/* A group is only as good as its leader. */
static int
leader_owns(int fd, int command, long argument)
{
	static long group[DESCRIPTORS];

	if (fd < 0 || fd >= DESCRIPTORS || !is_tcp(fd))
		return (real.fcntl(fd, command, argument));
	if (command == F_SETOWN) {
		group[fd] = argument < 0 ? argument : 0;
		return (real.fcntl(fd, command, argument < 0 ? -argument : argument));
	}
	if (command == F_GETOWN && group[fd] != 0)
		return ((int)group[fd]);
	return (real.fcntl(fd, command, argument));
}
DEFECT(tcp-sigurg-for-the-leader-alone, .fcntl = leader_owns);

static int
positive_owner(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_GETOWN && result < -1 && is_tcp(fd) ? -result : result);
}
DEFECT(tcp-owner-group-reads-as-a-process, .fcntl = positive_owner);

static void
end(int signal)
{
	(void)signal;
	raise(SIGKILL);
}

static void
do_nothing(int signal)
{
	(void)signal;
}

/* SIGURG has this effect on an owner that left it at the default. */
static int
own_with(void (*handler)(int), int fd, int command, long argument)
{
	struct sigaction now, then = { .sa_handler = handler };

	if (command == F_SETOWN && argument > 0 && is_tcp(fd) &&
	    real.sigaction(SIGURG, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		real.sigaction(SIGURG, &then, NULL);
	return (real.fcntl(fd, command, argument));
}

static int
urgent_kills(int fd, int command, long argument)
{
	return (own_with(end, fd, command, argument));
}
DEFECT(tcp-sigurg-ends-by-default, .fcntl = urgent_kills);

static int
urgent_interrupts(int fd, int command, long argument)
{
	return (own_with(do_nothing, fd, command, argument));
}
DEFECT(tcp-sigurg-interrupts-by-default, .fcntl = urgent_interrupts);
