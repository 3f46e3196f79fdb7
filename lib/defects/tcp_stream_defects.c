/*
 * Kernels that get TCP's bytes wrong: their order and boundaries, who waits for
 * them, MSG_WAITALL, MSG_PEEK and the end of file.
 */

#include "tcp_defects.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool
was_waiting(int fd)
{
	return (is_tcp(fd) && !is_nonblocking(fd) &&
	    (readiness(fd, POLLIN | POLLRDHUP) & (POLLIN | POLLRDHUP | POLLHUP | POLLERR)) == 0);
}

/* The end of file */

static ssize_t
end_is_reset(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && size > 0 && is_tcp(fd) ? failure(ECONNRESET) : n);
}
DEFECT(tcp-end-is-a-reset, .read = end_is_reset);

static ssize_t
end_purges(int fd, void *buffer, size_t size)
{
	if (is_tcp(fd) && has_ended(fd))
		flush_queue(fd);
	return (real.read(fd, buffer, size));
}

static ssize_t
end_purges_recv(int fd, void *buffer, size_t size, int flags)
{
	if (is_tcp(fd) && has_ended(fd))
		flush_queue(fd);
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(tcp-end-purges-the-queue, .read = end_purges, .recv = end_purges_recv);

static ssize_t
end_once(int fd, void *buffer, size_t size)
{
	static bool told[DESCRIPTORS];
	ssize_t n = real.read(fd, buffer, size);

	if (n != 0 || size == 0 || fd >= DESCRIPTORS || !is_tcp(fd))
		return (n);
	if (told[fd])
		return (failure(ENOTCONN));
	told[fd] = true;
	return (0);
}
DEFECT(tcp-end-is-read-once, .read = end_once);

static ssize_t
peek_at_end(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == 0 && (flags & MSG_PEEK) && is_tcp(fd) ? failure(EAGAIN) : n);
}
DEFECT(tcp-peek-does-not-see-the-end, .recv = peek_at_end);

static ssize_t
sleeper_interrupted_by_end(int fd, void *buffer, size_t size)
{
	bool waits = was_waiting(fd);
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && waits ? failure(EINTR) : n);
}
DEFECT(tcp-end-interrupts-the-reader, .read = sleeper_interrupted_by_end);

/* Boundaries and order */

/* Sizes of the writes, which are boundaries in this kernel. */
static size_t sizes[64];
static unsigned first, last;

static ssize_t
write_record(int fd, const void *buffer, size_t size)
{
	if (is_tcp(fd) && last < 64)
		sizes[last++] = size;
	return (real.write(fd, buffer, size));
}

static ssize_t
read_record(int fd, void *buffer, size_t size)
{
	if (is_tcp(fd) && first < last && size >= sizes[first])
		size = sizes[first++];
	return (real.read(fd, buffer, size));
}
DEFECT(tcp-read-stops-where-a-write-did, .write = write_record, .read = read_record);

static ssize_t
rest_dropped(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n > 0 && (size_t)n == size && size < 8 && is_tcp(fd))
		flush_queue(fd);
	return (n);
}
DEFECT(tcp-read-drops-the-rest, .read = rest_dropped);

/* Two neighbours swapped, far down the stream. */
static ssize_t
bytes_swapped(int fd, void *buffer, size_t size)
{
	static size_t total;
	unsigned char *b = buffer, other;
	ssize_t n = real.read(fd, buffer, size);

	if (n < 2 || !is_tcp(fd))
		return (n);
	total += (size_t)n;
	if (total > 700000) {
		other = b[n - 2];
		b[n - 2] = b[n - 1];
		b[n - 1] = other;
	}
	return (n);
}
DEFECT(tcp-swaps-bytes-after-a-while, .read = bytes_swapped);

static ssize_t
last_byte_twice(int fd, void *buffer, size_t size)
{
	static size_t total;
	static bool done;
	ssize_t n = real.read(fd, buffer, size);

	if (n <= 0 || done || !is_tcp(fd))
		return (n);
	total += (size_t)n;
	if (total > 700000 && (size_t)n < size) {
		((char *)buffer)[n] = ((char *)buffer)[n - 1];
		done = true;
		return (n + 1);
	}
	return (n);
}
DEFECT(tcp-repeats-a-byte-after-a-while, .read = last_byte_twice);

/* What a descriptor wrote last comes back to it. */
static char echo[8];
static size_t echo_size;
static int echo_fd = -1;

static ssize_t
write_remembered(int fd, const void *buffer, size_t size)
{
	if (size <= sizeof(echo) && is_tcp(fd)) {
		memcpy(echo, buffer, size);
		echo_size = size;
		echo_fd = fd;
	}
	return (real.write(fd, buffer, size));
}

static ssize_t
read_echo(int fd, void *buffer, size_t size)
{
	if (fd != echo_fd || size < echo_size)
		return (real.read(fd, buffer, size));
	memcpy(buffer, echo, echo_size);
	echo_fd = -1;
	return ((ssize_t)echo_size);
}
DEFECT(tcp-echoes-to-the-sender, .write = write_remembered, .read = read_echo);

static ssize_t
part_is_not_enough(int fd, void *buffer, size_t size)
{
	if (size >= 1000 && is_tcp(fd) && unread(fd) > 0 && (size_t)unread(fd) < size / 4)
		return (failure(EAGAIN));
	return (real.read(fd, buffer, size));
}
DEFECT(tcp-read-wants-a-full-buffer, .read = part_is_not_enough);

static ssize_t
message_wants_all(int fd, struct msghdr *m, int flags)
{
	bool full = is_tcp(fd) && unread(fd) > 0 && (size_t)unread(fd) < m->msg_iov[0].iov_len;

	return (full && !has_ended(fd) ? failure(EAGAIN) : real.recvmsg(fd, m, flags));
}
DEFECT(tcp-recvmsg-wants-a-full-buffer, .recvmsg = message_wants_all);

static ssize_t
empty_piece_ends(int fd, const struct iovec *v, int count)
{
	int n = 0;

	while (n < count && v[n].iov_len > 0)
		n++;
	return (real.writev(fd, v, is_tcp(fd) ? n : count));
}
DEFECT(tcp-writev-ends-at-an-empty-piece, .writev = empty_piece_ends);

static ssize_t
scattered_backwards(int fd, const struct iovec *v, int count)
{
	struct iovec turned[8];

	if (count > 8 || !is_tcp(fd))
		return (real.readv(fd, v, count));
	for (int i = 0; i < count; i++)
		turned[i] = v[count - 1 - i];
	return (real.readv(fd, turned, count));
}
DEFECT(tcp-readv-fills-the-last-first, .readv = scattered_backwards);

/* No bytes */

static ssize_t
empty_write_ends(int fd, const void *buffer, size_t size)
{
	return (
	    size == 0 && is_tcp(fd) ? real.shutdown(fd, SHUT_WR) : real.write(fd, buffer, size));
}
DEFECT(tcp-empty-write-ends-the-stream, .write = empty_write_ends);

static ssize_t
empty_send_is_a_byte(int fd, const void *buffer, size_t size, int flags)
{
	if (size > 0 || !is_tcp(fd))
		return (real.send(fd, buffer, size, flags));
	return (real.send(fd, "", 1, flags) == 1 ? 0 : -1);
}
DEFECT(tcp-empty-send-is-a-byte, .send = empty_send_is_a_byte);

static ssize_t
empty_recv_takes(int fd, void *buffer, size_t size, int flags)
{
	char b;

	if (size > 0 || !is_tcp(fd) || unread(fd) == 0)
		return (real.recv(fd, buffer, size, flags));
	real.recv(fd, &b, 1, flags);
	return (0);
}
DEFECT(tcp-empty-recv-takes-a-byte, .recv = empty_recv_takes);

/* Waiting */

static ssize_t
empty_is_zero(int fd, void *buffer, size_t size)
{
	return (was_waiting(fd) ? 0 : real.read(fd, buffer, size));
}
DEFECT(tcp-read-does-not-wait, .read = empty_is_zero);

static ssize_t
empty_vector_is_zero(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);

	return (n == -1 && errno == EAGAIN && is_tcp(fd) ? 0 : n);
}
DEFECT(tcp-nonblocking-readv-of-nothing-is-the-end, .readv = empty_vector_is_zero);

static ssize_t
recv_makes_nonblocking(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & MSG_DONTWAIT) && is_tcp(fd))
		real.fcntl(fd, F_SETFL, real.fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(tcp-recv-dontwait-stays, .recv = recv_makes_nonblocking);

static ssize_t
send_makes_nonblocking(int fd, const void *buffer, size_t size, int flags)
{
	if ((flags & MSG_DONTWAIT) && is_tcp(fd))
		real.fcntl(fd, F_SETFL, real.fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
	return (real.send(fd, buffer, size, flags));
}
DEFECT(tcp-send-dontwait-stays, .send = send_makes_nonblocking);

static ssize_t
full_is_zero(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN && is_tcp(fd) ? 0 : n);
}
DEFECT(tcp-send-to-full-sends-nothing, .send = full_is_zero);

/* It says that all is sent when a part is. */
static ssize_t
part_is_all(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	return (n > 0 && is_tcp(fd) ? (ssize_t)size : n);
}
DEFECT(tcp-partial-send-counts-as-whole, .send = part_is_all);

static int
always_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (n == 0 && count == 1 && (fds[0].events & POLLOUT) && is_tcp(fds[0].fd)) {
		fds[0].revents = POLLOUT;
		return (1);
	}
	return (n);
}
DEFECT(tcp-pollout-is-always-set, .poll = always_writable);

static int
woken_without_events(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (n == 1 && timeout == -1 && (fds[0].revents & POLLOUT) && is_tcp(fds[0].fd)) {
		fds[0].revents = 0;
		return (0);
	}
	return (n);
}
DEFECT(tcp-room-wakes-without-an-event, .poll = woken_without_events);

static ssize_t
half_is_enough(int fd, const void *buffer, size_t size)
{
	return (real.write(fd, buffer, size >= 1 << 20 && is_tcp(fd) ? size / 2 : size));
}
DEFECT(tcp-blocking-write-stops-halfway, .write = half_is_enough);

/* Signals */

static ssize_t
part_forgotten(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (
	    n > 0 && (size_t)n < size && !is_nonblocking(fd) && is_tcp(fd) ? failure(EINTR) : n);
}
DEFECT(tcp-interrupted-write-forgets-its-part, .write = part_forgotten);

static ssize_t
one_too_many(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n > 0 && (size_t)n < size && !is_nonblocking(fd) && is_tcp(fd) ? n + 1 : n);
}
DEFECT(tcp-interrupted-write-counts-one-more, .write = one_too_many);

static ssize_t
interrupted_write_is_zero(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EINTR && is_tcp(fd) ? 0 : n);
}
DEFECT(tcp-interrupted-write-is-zero, .write = interrupted_write_is_zero);

static ssize_t
interrupted_read_is_zero(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EINTR && is_tcp(fd) ? 0 : n);
}
DEFECT(tcp-interrupted-read-is-the-end, .read = interrupted_read_is_zero);

static int
never_restarts(int signal, const struct sigaction *action, struct sigaction *before)
{
	struct sigaction other;

	if (signal != SIGUSR1 || action == NULL)
		return (real.sigaction(signal, action, before));
	other = *action;
	other.sa_flags &= ~SA_RESTART;
	return (real.sigaction(signal, &other, before));
}
DEFECT(tcp-read-is-not-restarted, .sigaction = never_restarts);

/* Flags */

static ssize_t
eor_refused(int fd, const void *buffer, size_t size, int flags)
{
	return ((flags & MSG_EOR) && is_tcp(fd) ? failure(EOPNOTSUPP)
						: real.send(fd, buffer, size, flags));
}
DEFECT(tcp-msg-eor-is-refused, .send = eor_refused);

static ssize_t
eor_swallows(int fd, const void *buffer, size_t size, int flags)
{
	return (
	    (flags & MSG_EOR) && is_tcp(fd) ? (ssize_t)size : real.send(fd, buffer, size, flags));
}
DEFECT(tcp-msg-eor-swallows-the-data, .send = eor_swallows);

static ssize_t
trunc_tells_all(int fd, void *buffer, size_t size, int flags)
{
	int all = unread(fd);
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n > 0 && (flags & MSG_TRUNC) && is_tcp(fd) ? all : n);
}
DEFECT(tcp-msg-trunc-tells-the-whole-length, .recv = trunc_tells_all);

static ssize_t
trunc_drops_all(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n > 0 && (flags & MSG_TRUNC) && is_tcp(fd))
		flush_queue(fd);
	return (n);
}
DEFECT(tcp-msg-trunc-drops-everything, .recv = trunc_drops_all);

static ssize_t
rest_is_truncated(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n > 0 && is_tcp(fd) && unread(fd) > 0)
		m->msg_flags |= MSG_TRUNC;
	return (n);
}
DEFECT(tcp-recvmsg-calls-the-rest-truncated, .recvmsg = rest_is_truncated);

static ssize_t
reference_kept(int fd, const struct msghdr *m, int flags)
{
	if (m->msg_controllen > 0 && is_tcp(fd))
		real.dup(*(const int *)CMSG_DATA(CMSG_FIRSTHDR(m)));
	return (real.sendmsg(fd, m, flags));
}
DEFECT(tcp-sendmsg-keeps-the-descriptor, .sendmsg = reference_kept);

static ssize_t
control_swallows(int fd, const struct msghdr *m, int flags)
{
	return (m->msg_controllen > 0 && is_tcp(fd) ? 1 : real.sendmsg(fd, m, flags));
}
DEFECT(tcp-control-data-swallows-the-rest, .sendmsg = control_swallows);

/* MSG_WAITALL */

static ssize_t
no_waitall(int fd, void *buffer, size_t size, int flags)
{
	return (real.recv(fd, buffer, size, is_tcp(fd) ? flags & ~MSG_WAITALL : flags));
}
DEFECT(tcp-waitall-is-ignored, .recv = no_waitall);

static ssize_t
almost_all(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & MSG_WAITALL) && size > 1 && is_tcp(fd))
		size--;
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(tcp-waitall-leaves-one-out, .recv = almost_all);

static ssize_t
end_beats_part(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n > 0 && (size_t)n < size && (flags & MSG_WAITALL) && has_ended(fd) ? 0 : n);
}
DEFECT(tcp-waitall-end-loses-the-part, .recv = end_beats_part);

static ssize_t
signal_beats_part(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n > 0 && (size_t)n < size && (flags & MSG_WAITALL) && !has_ended(fd)
		? failure(EINTR)
		: n);
}
DEFECT(tcp-waitall-signal-loses-the-part, .recv = signal_beats_part);

static ssize_t
waitall_waits_always(int fd, void *buffer, size_t size, int flags)
{
	if (!(flags & MSG_WAITALL) || !is_tcp(fd) || unread(fd) == 0)
		return (real.recv(fd, buffer, size, flags));
	real.fcntl(fd, F_SETFL, real.fcntl(fd, F_GETFL, 0) & ~O_NONBLOCK);
	return (real.recv(fd, buffer, size, flags & ~MSG_DONTWAIT));
}
DEFECT(tcp-waitall-overrides-nonblock, .recv = waitall_waits_always);

static ssize_t
no_more_than_fits(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & MSG_WAITALL) && size > 131072 && is_tcp(fd))
		size = 131072;
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(tcp-waitall-ends-with-the-buffer, .recv = no_more_than_fits);

/* MSG_PEEK */

static ssize_t
message_peek_takes(int fd, struct msghdr *m, int flags)
{
	return (real.recvmsg(fd, m, is_tcp(fd) ? flags & ~MSG_PEEK : flags));
}
DEFECT(tcp-recvmsg-peek-takes, .recvmsg = message_peek_takes);

static ssize_t
peek_takes_on(int fd, void *buffer, size_t size, int flags)
{
	static bool once;

	if (!(flags & MSG_PEEK) || !is_tcp(fd) || unread(fd) == 0)
		return (real.recv(fd, buffer, size, flags));
	once = !once;
	return (real.recv(fd, buffer, size, once ? flags : flags & ~MSG_PEEK));
}
DEFECT(tcp-second-peek-takes, .recv = peek_takes_on);

/* An error that was seen by a look waits for the next read. */
static bool seen[DESCRIPTORS];

static ssize_t
peek_sees_error(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n == -1 && errno == ECONNRESET && (flags & MSG_PEEK) && fd < DESCRIPTORS)
		seen[fd] = true;
	return (n);
}

static ssize_t
read_seen_error(int fd, void *buffer, size_t size)
{
	if (fd < 0 || fd >= DESCRIPTORS || !seen[fd])
		return (real.read(fd, buffer, size));
	seen[fd] = false;
	return (failure(ECONNRESET));
}
DEFECT(tcp-peek-leaves-the-error, .recv = peek_sees_error, .read = read_seen_error);
