/*
 * Kernels that get plain transfer over sockets wrong: counts, bounds, looks ahead,
 * and requests for nothing.
 */

#include "defects.h"

#include <string.h>
#include <unistd.h>

static bool
is_stream(int fd)
{
	return (socket_type(fd) == SOCK_STREAM);
}

static bool
is_message(int fd)
{
	int type = socket_type(fd);

	return (type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

static bool
is_readable(int fd)
{
	return ((readiness(fd, POLLIN) & POLLIN) != 0);
}

/* read, write, send and recv */

static ssize_t
read_peeks(int fd, void *buffer, size_t size)
{
	if (is_socket(fd))
		return (real.recv(fd, buffer, size, MSG_PEEK));
	return (real.read(fd, buffer, size));
}
DEFECT(socket-read-only-peeks, .read = read_peeks);

static ssize_t
write_without_signal(int fd, const void *buffer, size_t size)
{
	if (is_socket(fd))
		return (real.send(fd, buffer, size, MSG_NOSIGNAL));
	return (real.write(fd, buffer, size));
}
DEFECT(socket-write-raises-no-signal, .write = write_without_signal);

static ssize_t
flags_stay(int fd, const void *buffer, size_t size, int flags)
{
	static int before;

	if (is_socket(fd) && flags == 0)
		flags = before;
	else if (is_socket(fd))
		before = flags;
	return (real.send(fd, buffer, size, flags));
}
DEFECT(send-keeps-flags-of-last-call, .send = flags_stay);

static ssize_t
last_byte_lost(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if (is_socket(fd) && size > 1 && name == NULL)
		return (real.sendto(fd, buffer, size - 1, flags, name, length) + 1);
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(sendto-without-address-loses-a-byte, .sendto = last_byte_lost);

/* Counts and bounds */

static ssize_t
large_wants_all(int fd, void *buffer, size_t size)
{
	enum { LARGE = 65536 };

	if (size >= LARGE && (is_socket(fd) || is_pipe(fd)))
		return (failure(EAGAIN));
	return (real.read(fd, buffer, size));
}
DEFECT(large-read-wants-its-fill, .read = large_wants_all);

static ssize_t
rest_dropped(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	char rest[64];

	if (n > 0 && n < 3 && (size_t)n == size && is_stream(fd) && is_readable(fd))
		real.recv(fd, rest, sizeof(rest), MSG_DONTWAIT);
	return (n);
}
DEFECT(stream-short-read-drops-the-rest, .read = rest_dropped);

/* The rest of a cut datagram, which comes next. */
static char kept[64];
static ssize_t kept_size;

static ssize_t
rest_kept(int fd, void *buffer, size_t size)
{
	char whole[sizeof(kept)];
	ssize_t n;

	if (socket_type(fd) != SOCK_DGRAM || size > sizeof(whole))
		return (real.read(fd, buffer, size));
	if (kept_size > 0) {
		n = (ssize_t)size < kept_size ? (ssize_t)size : kept_size;
		memcpy(buffer, kept, (size_t)n);
		kept_size = 0;
		return (n);
	}
	n = real.read(fd, whole, sizeof(whole));
	if (n > (ssize_t)size) {
		kept_size = n - (ssize_t)size;
		memcpy(kept, whole + size, (size_t)kept_size);
		n = (ssize_t)size;
	}
	if (n > 0)
		memcpy(buffer, whole, (size_t)n);
	return (n);
}
DEFECT(datagram-read-keeps-the-rest, .read = rest_kept);

/* The size of the first write since the stream was read. */
static size_t first_write;

static ssize_t
boundary_noted(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n > 0 && first_write == 0 && is_stream(fd))
		first_write = (size_t)n;
	return (n);
}

static ssize_t
boundary_kept(int fd, void *buffer, size_t size)
{
	if (is_stream(fd) && first_write > 0 && size > first_write)
		size = first_write;
	if (is_stream(fd))
		first_write = 0;
	return (real.read(fd, buffer, size));
}
DEFECT(stream-read-stops-at-write-boundary, .write = boundary_noted, .read = boundary_kept);

static ssize_t
two_messages(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags), more;

	if (n <= 0 || (flags & MSG_PEEK) != 0 || (size_t)n == size || !is_message(fd) ||
	    !is_readable(fd))
		return (n);
	more = real.recv(fd, (char *)buffer + n, size - (size_t)n, MSG_DONTWAIT);
	return (more > 0 ? n + more : n);
}
DEFECT(recv-takes-two-messages, .recv = two_messages);

/* Of messages in a row the second comes first, once. */
static ssize_t
overtaken(int fd, void *buffer, size_t size)
{
	static char held[128];
	static ssize_t held_size;
	static int count;
	ssize_t n;

	if (!is_message(fd) || size < sizeof(held))
		return (real.read(fd, buffer, size));
	if (held_size > 0) {
		n = held_size;
		memcpy(buffer, held, (size_t)n);
		held_size = 0;
		return (n);
	}
	if (++count == 7)
		held_size = real.read(fd, held, sizeof(held));
	return (real.read(fd, buffer, size));
}
DEFECT(message-is-overtaken-once, .read = overtaken);

/* Looks ahead */

/* The length to which a short look has cut the next message; 0: none. */
static size_t cut;

static ssize_t
peek_cuts(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n > 0 && (flags & MSG_PEEK) != 0 && (size_t)n == size && is_message(fd))
		cut = size;
	else if ((flags & MSG_PEEK) == 0)
		cut = 0;
	return (n);
}

static ssize_t
cut_shows(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n > 0 && cut > 0 && cut < (size_t)n && is_message(fd))
		n = (ssize_t)cut;
	cut = 0;
	return (n);
}
DEFECT(short-peek-cuts-the-message, .recv = peek_cuts, .read = cut_shows);

static ssize_t
peek_goes_on(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);
	char b;

	if (n > 1 && flags == MSG_PEEK && is_stream(fd) && size >= 3)
		real.recv(fd, &b, 1, MSG_DONTWAIT);
	return (n);
}
DEFECT(stream-peek-moves-by-one, .recv = peek_goes_on);

static ssize_t
another_sender(
    int fd, void *buffer, size_t size, int flags, struct sockaddr *name, socklen_t *length)
{
	ssize_t n = real.recvfrom(fd, buffer, size, flags, name, length);

	if (n >= 0 && (flags & MSG_PEEK) != 0 && name != NULL && *length > 3)
		((char *)name)[3] ^= 1;
	return (n);
}
DEFECT(peek-tells-another-sender, .recvfrom = another_sender);

static ssize_t
bytes_repeated(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n;

	if ((flags & (MSG_PEEK | MSG_WAITALL)) != (MSG_PEEK | MSG_WAITALL) || !is_stream(fd))
		return (real.recv(fd, buffer, size, flags));
	n = real.recv(fd, buffer, size, MSG_PEEK);
	for (ssize_t i = n; n > 0 && i < (ssize_t)size; i++)
		((char *)buffer)[i] = ((char *)buffer)[i - n];
	return (n > 0 ? (ssize_t)size : n);
}
DEFECT(peek-with-waitall-repeats-bytes, .recv = bytes_repeated);

static ssize_t
look_takes_all(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & (MSG_PEEK | MSG_WAITALL)) == (MSG_PEEK | MSG_WAITALL) && is_stream(fd))
		flags &= ~MSG_PEEK;
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(peek-with-waitall-takes, .recv = look_takes_all);

/* Nothing */

static ssize_t
nothing_eagain(int fd, void *buffer, size_t size)
{
	if (size == 0 && is_socket(fd) && !is_readable(fd))
		return (failure(EAGAIN));
	return (real.read(fd, buffer, size));
}
DEFECT(zero-read-of-empty-socket-gives-eagain, .read = nothing_eagain);

static ssize_t
nothing_takes(int fd, void *buffer, size_t size)
{
	char b;

	if (size == 0 && is_message(fd) && is_readable(fd)) {
		real.recv(fd, &b, 1, MSG_DONTWAIT);
		return (0);
	}
	return (real.read(fd, buffer, size));
}
DEFECT(zero-read-takes-a-message, .read = nothing_takes);

static ssize_t
nothing_leaves(int fd, void *buffer, size_t size, int flags)
{
	if (size == 0 && socket_type(fd) == SOCK_DGRAM && is_readable(fd))
		return (0);
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(zero-recv-leaves-the-datagram, .recv = nothing_leaves);

static ssize_t
nothing_einval(int fd, void *buffer, size_t size, int flags)
{
	if (size == 0 && is_socket(fd) && !is_readable(fd))
		return (failure(EINVAL));
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(zero-recv-of-empty-socket-gives-einval, .recv = nothing_einval);

static ssize_t
nothing_takes_a_byte(int fd, void *buffer, size_t size, int flags)
{
	char b;

	if (size == 0 && (flags & MSG_PEEK) == 0 && is_stream(fd) && is_readable(fd)) {
		real.recv(fd, &b, 1, MSG_DONTWAIT);
		return (0);
	}
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(zero-recv-takes-a-byte-of-a-stream, .recv = nothing_takes_a_byte);

static ssize_t
nothing_is_a_byte(int fd, const void *buffer, size_t size, int flags)
{
	if (size == 0 && is_stream(fd))
		return (real.send(fd, "", 1, flags) == 1 ? 0 : -1);
	return (real.send(fd, buffer, size, flags));
}
DEFECT(empty-send-is-a-byte, .send = nothing_is_a_byte);

static ssize_t
empty_dropped(int fd, const void *buffer, size_t size, int flags)
{
	if (size == 0 && socket_type(fd) == SOCK_DGRAM)
		return (0);
	return (real.send(fd, buffer, size, flags));
}
DEFECT(empty-datagram-is-dropped, .send = empty_dropped);

static ssize_t
nothing_skips_the_state(int fd, const void *buffer, size_t size, int flags)
{
	if (size == 0 && is_stream(fd))
		return (0);
	return (real.send(fd, buffer, size, flags));
}
DEFECT(empty-send-skips-the-state, .send = nothing_skips_the_state);

static ssize_t
nothing_written(int fd, const void *buffer, size_t size)
{
	if (size == 0 && socket_type(fd) == SOCK_DGRAM)
		return (0);
	return (real.write(fd, buffer, size));
}
DEFECT(empty-write-sends-no-datagram, .write = nothing_written);

/* pread and its kin */

static ssize_t
pread_as_read(int fd, void *buffer, size_t size, off_t offset)
{
	if (offset == 0 && is_message(fd))
		return (real.read(fd, buffer, size));
	return (real.pread(fd, buffer, size, offset));
}
DEFECT(pread-reads-a-message, .pread = pread_as_read);

static ssize_t
pwritev_sends(int fd, const struct iovec *v, int count, off_t offset)
{
	ssize_t n = real.pwritev(fd, v, count, offset);

	if (n == -1 && errno == ESPIPE && is_message(fd)) {
		real.writev(fd, v, count);
		errno = ESPIPE;
	}
	return (n);
}
DEFECT(pwritev-sends-a-message-yet-fails, .pwritev = pwritev_sends);
