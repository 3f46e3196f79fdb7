/*
 * Kernels that get wrong which calls wait, what their flags mean, what a descriptor
 * must be, and what is counted as unread.
 */

#include "defects.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <unistd.h>

#define UNKNOWN_FLAG 0x01000000

static bool
is_open(int fd)
{
	int error = errno;
	bool answer = real.fcntl(fd, F_GETFD, 0) != -1;

	errno = error;
	return (answer);
}

static void
set_nonblocking(int fd, bool on)
{
	int error = errno, flags = real.fcntl(fd, F_GETFL, 0);

	real.fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
	errno = error;
}

/* O_NONBLOCK: reading */

static ssize_t
record_end_for_eagain(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && socket_type(fd) == SOCK_SEQPACKET ? 0 : n);
}
DEFECT(seqpacket-read-of-nothing-is-the-end, .read = record_end_for_eagain);

static ssize_t
recvmsg_zero_for_eagain(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	return (n == -1 && errno == EAGAIN && flags == 0 ? 0 : n);
}
DEFECT(nonblocking-recvmsg-of-nothing-is-zero, .recvmsg = recvmsg_zero_for_eagain);

/* O_NONBLOCK: writing */

static ssize_t
writev_zero_for_eagain(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.writev(fd, v, count);

	return (n == -1 && errno == EAGAIN ? 0 : n);
}
DEFECT(writev-to-full-takes-zero-bytes, .writev = writev_zero_for_eagain);

static ssize_t
too_large_when_full(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EAGAIN && size > 16384 && is_socket(fd))
		errno = EMSGSIZE;
	return (n);
}
DEFECT(large-write-to-full-stream-is-emsgsize, .write = too_large_when_full);

/* The half that would fit, as if it were all. */
static ssize_t
cut_to_fit(int fd, const void *buffer, size_t size, int flags)
{
	int error = errno, queued = 0;

	if (socket_type(fd) == SOCK_SEQPACKET && real.ioctl(fd, TIOCOUTQ, &queued) == 0 &&
	    queued > 65536 && size > 1)
		size /= 2;
	errno = error;
	return (real.send(fd, buffer, size, flags));
}
DEFECT(seqpacket-record-is-cut-to-fit, .send = cut_to_fit);

static ssize_t
one_too_many(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n > 0 && (size_t)n < size && socket_type(fd) == SOCK_STREAM ? n + 1 : n);
}
DEFECT(partial-write-counts-one-too-many, .write = one_too_many);

/* O_NONBLOCK: whose flag it is */

static bool copied[DESCRIPTORS];

static int
dupfd_with_own_flags(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (result >= 0 && result < DESCRIPTORS && command == F_DUPFD)
		copied[result] = true;
	if (result != -1 && command == F_GETFL && fd < DESCRIPTORS && copied[fd])
		result &= ~O_NONBLOCK;
	return (result);
}
DEFECT(fcntl-dupfd-has-flags-of-its-own, .fcntl = dupfd_with_own_flags);

static int
only_sets(int fd, int command, long argument)
{
	static pid_t first;

	/* That of the body, which asks for or sets flags before it has a child. */
	if (first == 0)
		first = getppid();
	if (command == F_SETFL && getppid() != first && is_nonblocking(fd))
		argument |= O_NONBLOCK;
	return (real.fcntl(fd, command, argument));
}

static pid_t
fork_counting(void)
{
	/* Make the body's parent known before there is a child. */
	only_sets(0, F_GETFD, 0);
	return (real.fork());
}
DEFECT(child-cannot-clear-nonblock, .fcntl = only_sets, .fork = fork_counting);

static int peers[DESCRIPTORS];

static int
remember_peers(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0 && fd[0] < DESCRIPTORS && fd[1] < DESCRIPTORS) {
		peers[fd[0]] = fd[1] + 1;
		peers[fd[1]] = fd[0] + 1;
	}
	return (result);
}

static int
set_both(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (result == 0 && command == F_SETFL && fd < DESCRIPTORS && peers[fd] > 0)
		set_nonblocking(peers[fd] - 1, (argument & O_NONBLOCK) != 0);
	return (result);
}
DEFECT(nonblock-is-shared-by-a-socket-pair, .socketpair = remember_peers, .fcntl = set_both);

static int
set_all_of_fifo(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);
	struct stat st, other;

	if (result != 0 || command != F_SETFL || !is_fifo(fd) || real.fstat(fd, &st) != 0)
		return (result);
	for (int i = 0; i < DESCRIPTORS; i++)
		if (real.fstat(i, &other) == 0 && other.st_ino == st.st_ino &&
		    other.st_dev == st.st_dev)
			set_nonblocking(i, (argument & O_NONBLOCK) != 0);
	errno = 0;
	return (result);
}
DEFECT(nonblock-is-kept-in-the-fifo, .fcntl = set_all_of_fifo);

static int
never_off(int fd, unsigned long request, void *argument)
{
	if (request == FIONBIO && *(int *)argument == 0 && is_socket(fd))
		return (0);
	return (real.ioctl(fd, request, argument));
}
DEFECT(fionbio-of-a-socket-is-never-off, .ioctl = never_off);

static int
unix_accept_of_none(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	if (result == -1 && errno == EAGAIN && !is_tcp(fd))
		errno = EINVAL;
	return (result);
}
DEFECT(unix-accept-of-none-is-einval, .accept = unix_accept_of_none);

/* MSG_DONTWAIT */

static ssize_t
dontwait_full_is_enobufs(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	if (n == -1 && errno == EAGAIN && flags & MSG_DONTWAIT)
		errno = ENOBUFS;
	return (n);
}
DEFECT(send-dontwait-to-full-is-enobufs, .send = dontwait_full_is_enobufs);

static ssize_t
recvfrom_dontwait_stays(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	if (flags & MSG_DONTWAIT)
		set_nonblocking(fd, true);
	return (real.recvfrom(fd, buffer, size, flags, name, length));
}
DEFECT(recvfrom-dontwait-stays, .recvfrom = recvfrom_dontwait_stays);

static bool marked[DESCRIPTORS];

static ssize_t
dontwait_is_remembered(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n;

	if (fd < 0 || fd >= DESCRIPTORS)
		return (real.recv(fd, buffer, size, flags));
	n = real.recv(fd, buffer, size, marked[fd] ? flags | MSG_DONTWAIT : flags);
	marked[fd] = n == -1 && errno == EAGAIN && flags & MSG_DONTWAIT;
	return (n);
}
DEFECT(recv-dontwait-holds-for-the-next-call, .recv = dontwait_is_remembered);

static ssize_t
peek_ignores_dontwait(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN && flags == (MSG_DONTWAIT | MSG_PEEK) ? 0 : n);
}
DEFECT(peek-dontwait-of-nothing-is-zero, .recv = peek_ignores_dontwait);

/* msg_flags, and other flags */

static ssize_t
input_flags_received(int fd, struct msghdr *m, int flags)
{
	return (real.recvmsg(fd, m, flags | (m->msg_flags & MSG_PEEK)));
}
DEFECT(recvmsg-heeds-peek-in-msg-flags, .recvmsg = input_flags_received);

static ssize_t
input_flags_wait(int fd, struct msghdr *m, int flags)
{
	return (real.recvmsg(fd, m, flags | (m->msg_flags & MSG_DONTWAIT)));
}
DEFECT(recvmsg-heeds-dontwait-in-msg-flags, .recvmsg = input_flags_wait);

static ssize_t
input_flags_sent(int fd, const struct msghdr *m, int flags)
{
	return (real.sendmsg(fd, m, is_tcp(fd) ? flags | (m->msg_flags & MSG_OOB) : flags));
}
DEFECT(sendmsg-heeds-oob-in-msg-flags, .sendmsg = input_flags_sent);

static ssize_t
stale_flags(int fd, struct msghdr *m, int flags)
{
	int before = m->msg_flags;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0)
		m->msg_flags |= before;
	return (n);
}
DEFECT(recvmsg-leaves-stale-msg-flags, .recvmsg = stale_flags);

static ssize_t
echo_waitall(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n >= 0)
		m->msg_flags |= flags & MSG_WAITALL;
	return (n);
}
DEFECT(recvmsg-echoes-waitall, .recvmsg = echo_waitall);

static ssize_t
unknown_is_peek(int fd, void *buffer, size_t size, int flags)
{
	return (real.recv(fd, buffer, size, flags & UNKNOWN_FLAG ? flags | MSG_PEEK : flags));
}
DEFECT(recv-takes-unknown-flag-for-peek, .recv = unknown_is_peek);

static ssize_t
unknown_is_refused(int fd, const void *buffer, size_t size, int flags)
{
	if (flags & UNKNOWN_FLAG && socket_type(fd) == SOCK_SEQPACKET)
		return (failure(EOPNOTSUPP));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(seqpacket-send-refuses-unknown-flag, .send = unknown_is_refused);

static ssize_t
dontroute_unreachable(int fd, const void *buffer, size_t size, int flags)
{
	if (flags & MSG_DONTROUTE && is_tcp(fd))
		return (failure(ENETUNREACH));
	return (real.send(fd, buffer, size, flags));
}
DEFECT(tcp-dontroute-cannot-reach-loopback, .send = dontroute_unreachable);

/* No descriptor, no socket */

static ssize_t
closed_is_no_socket(int fd, const struct msghdr *m, int flags)
{
	if (!is_open(fd))
		return (failure(ENOTSOCK));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(sendmsg-on-closed-descriptor-is-enotsock, .sendmsg = closed_is_no_socket);

static int
closed_is_no_terminal(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == -1 && errno == EBADF)
		errno = ENOTTY;
	return (result);
}
DEFECT(ioctl-on-closed-descriptor-is-enotty, .ioctl = closed_is_no_terminal);

/* The number of another one, to whom the closed one was equal. */
static int twins[DESCRIPTORS];

static int
remember_twin(int fd)
{
	int copy = real.dup(fd);

	if (copy >= 0 && copy < DESCRIPTORS)
		twins[copy] = fd + 1;
	return (copy);
}

static ssize_t
write_to_twin(int fd, const struct iovec *v, int count)
{
	if (fd >= 0 && fd < DESCRIPTORS && twins[fd] > 0 && !is_open(fd))
		real.writev(twins[fd] - 1, v, count);
	return (real.writev(fd, v, count));
}
DEFECT(writev-on-closed-descriptor-writes-before-ebadf, .dup = remember_twin,
    .writev = write_to_twin);

static ssize_t
nothing_to_write(int fd, const void *buffer, size_t size)
{
	return (size == 0 ? 0 : real.write(fd, buffer, size));
}
DEFECT(write-of-nothing-looks-at-nothing, .write = nothing_to_write);

static ssize_t
nothing_to_read(int fd, void *buffer, size_t size)
{
	return (size == 0 && fd >= 0 ? 0 : real.read(fd, buffer, size));
}
DEFECT(read-of-nothing-takes-closed-descriptors, .read = nothing_to_read);

static ssize_t
sendto_writes(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if (is_pipe(fd))
		return (real.write(fd, buffer, size));
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(sendto-writes-to-pipes, .sendto = sendto_writes);

static int
file_has_no_peer(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getpeername(fd, name, size);

	if (result == -1 && errno == ENOTSOCK && !is_pipe(fd))
		errno = ENOTCONN;
	return (result);
}
DEFECT(getpeername-of-a-file-is-enotconn, .getpeername = file_has_no_peer);

static ssize_t
recvmsg_reads_first(int fd, struct msghdr *m, int flags)
{
	char byte;
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n == -1 && errno == ENOTSOCK && has_mode(fd, O_RDONLY) && unread(fd) > 0) {
		real.read(fd, &byte, 1);
		errno = ENOTSOCK;
	}
	return (n);
}
DEFECT(recvmsg-eats-a-byte-before-enotsock, .recvmsg = recvmsg_reads_first);

/* A peer that closed on what it had not read */

static ssize_t
reset_for_ever(int fd, void *buffer, size_t size)
{
	static bool reset[DESCRIPTORS];
	ssize_t n = real.read(fd, buffer, size);

	if (fd < 0 || fd >= DESCRIPTORS || !is_socket(fd))
		return (n);
	if (n == 0 && reset[fd])
		return (failure(ECONNRESET));
	reset[fd] = n == -1 && errno == ECONNRESET;
	return (n);
}
DEFECT(unread-data-of-the-peer-resets-twice, .read = reset_for_ever);

static ssize_t
seqpacket_lost_in_silence(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ECONNRESET && socket_type(fd) == SOCK_SEQPACKET ? 0 : n);
}
DEFECT(seqpacket-unread-records-are-lost-in-silence, .read = seqpacket_lost_in_silence);

/* FIONREAD */

/* A replacement of FIONREAD: what it gives is in *count. */
#define FIONREAD_AS(name, statement)                                   \
	static int name(int fd, unsigned long request, void *argument) \
	{                                                              \
		int result = real.ioctl(fd, request, argument);        \
		int *count = argument;                                 \
                                                                       \
		if (request == FIONREAD) {                             \
			statement;                                     \
		}                                                      \
		(void)count;                                           \
		return (result);                                       \
	}

FIONREAD_AS(fifo_capacity, if (result == 0 && *count > 0 && is_fifo(fd)) *count = 65536)
DEFECT(fionread-of-a-fifo-is-its-capacity, .ioctl = fifo_capacity);

FIONREAD_AS(
    stream_keeps_one, if (result == 0 && *count == 4 && socket_type(fd) == SOCK_STREAM) *count = 7)
DEFECT(fionread-of-a-stream-forgets-partial-reads, .ioctl = stream_keeps_one);

FIONREAD_AS(
    next_record, if (result == 0 && *count > 0 && socket_type(fd) == SOCK_SEQPACKET) {
	    char b[64];

	    *count = (int)real.recv(fd, b, sizeof(b), MSG_PEEK | MSG_DONTWAIT);
    })
DEFECT(fionread-of-seqpacket-is-the-next-record, .ioctl = next_record);

FIONREAD_AS(listener_stores, if (result == -1 && errno == EINVAL) *count = 0)
DEFECT(fionread-of-a-listener-stores-zero, .ioctl = listener_stores);
