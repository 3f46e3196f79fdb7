/*
 * Kernels in which many who read, write and accept at the same time get in each
 * other's way, and which mix up what processes and threads share.
 */

#include "defects.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* This process was made since the case began. */
static bool in_child;

static pid_t
note_fork(void)
{
	pid_t pid = real.fork();

	in_child |= pid == 0;
	return (pid);
}

static bool
is_unix(int fd)
{
	return (socket_domain(fd) == AF_UNIX);
}

static bool
is_message_socket(int fd)
{
	return (socket_type(fd) == SOCK_DGRAM || socket_type(fd) == SOCK_SEQPACKET);
}

/* Messages: a single byte is left alone */

static ssize_t
datagram_stays(int fd, void *buffer, size_t size, int flags)
{
	static int count;

	if (socket_type(fd) == SOCK_DGRAM && ++count % 7 == 0)
		flags |= MSG_PEEK;
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(io-datagram-goes-to-two-readers, .recv = datagram_stays);

static ssize_t
record_stays(int fd, void *buffer, size_t size, int flags)
{
	static int count;

	if (socket_type(fd) == SOCK_SEQPACKET && ++count % 7 == 0)
		flags |= MSG_PEEK;
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(io-record-goes-to-two-readers, .recv = record_stays);

static ssize_t
datagram_is_lost(int fd, void *buffer, size_t size, int flags)
{
	static int count;
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n > 1 && socket_type(fd) == SOCK_DGRAM && is_unix(fd) && ++count == 5)
		n = real.recv(fd, buffer, size, flags);
	return (n);
}
DEFECT(io-datagram-is-lost-between-readers, .recv = datagram_is_lost);

static ssize_t
record_comes_in_two(int fd, void *buffer, size_t size, int flags)
{
	static unsigned char rest[256];
	static size_t left;
	ssize_t n;

	if (left > 0) {
		memcpy(buffer, rest, left);
		n = (ssize_t)left;
		left = 0;
		return (n);
	}
	n = real.recv(fd, buffer, size, flags);
	if (n > 60 && n < 256 && socket_type(fd) == SOCK_SEQPACKET) {
		left = (size_t)n - 30;
		memcpy(rest, (char *)buffer + 30, left);
		n = 30;
	}
	return (n);
}
DEFECT(io-long-record-comes-in-two, .recv = record_comes_in_two);

static ssize_t
two_merge(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags), more;

	if (n < 2 || !is_message_socket(fd) || !is_unix(fd))
		return (n);
	more = real.recv(fd, (char *)buffer + n, size - (size_t)n, MSG_DONTWAIT);
	return (more > 0 ? n + more : n);
}
DEFECT(io-messages-of-two-senders-merge, .recv = two_merge);

/* Of two that wait, the second comes first. */
static ssize_t
later_comes_first(int fd, void *buffer, size_t size, int flags)
{
	static unsigned char kept[256];
	static ssize_t kept_size;
	unsigned char first[256];
	ssize_t n, later;

	if (size > sizeof(kept) || !is_message_socket(fd) || !is_unix(fd))
		return (real.recv(fd, buffer, size, flags));
	if (kept_size > 0) {
		n = kept_size;
		memcpy(buffer, kept, (size_t)n);
		kept_size = 0;
		return (n);
	}
	n = real.recv(fd, first, size, flags);
	later = n > 1 ? real.recv(fd, buffer, size, MSG_DONTWAIT) : -1;
	if (later > 1) {
		memcpy(kept, first, (size_t)n);
		kept_size = n;
		return (later);
	}
	if (n > 0)
		memcpy(buffer, first, (size_t)n);
	return (n);
}
DEFECT(io-messages-overtake-each-other, .recv = later_comes_first);

/* Streams */

static ssize_t
piece_comes_again(int fd, void *buffer, size_t size)
{
	static unsigned char last[64];
	static ssize_t last_size;
	static int count;

	if (!in_child || !is_pipe(fd) || size > sizeof(last))
		return (real.read(fd, buffer, size));
	if (++count % 10 == 0 && last_size > 0 && (size_t)last_size <= size) {
		memcpy(buffer, last, (size_t)last_size);
		return (last_size);
	}
	last_size = real.read(fd, buffer, size);
	if (last_size > 0)
		memcpy(last, buffer, (size_t)last_size);
	return (last_size);
}
DEFECT(io-pipe-piece-is-read-by-two, .fork = note_fork, .read = piece_comes_again);

static ssize_t
bytes_change_places(int fd, void *buffer, size_t size)
{
	static int count;
	ssize_t n = real.read(fd, buffer, size);
	unsigned char *b = buffer, first;

	if (in_child && n > 8 && n <= 64 && (is_pipe(fd) || is_socket(fd)) && ++count % 10 == 0) {
		first = b[0];
		memmove(b, b + 1, (size_t)n - 1);
		b[n - 1] = first;
	}
	return (n);
}
DEFECT(io-piece-of-a-stream-is-out-of-order, .fork = note_fork, .read = bytes_change_places);

static ssize_t
last_byte_is_dropped(int fd, void *buffer, size_t size)
{
	static int count;
	ssize_t n = real.read(fd, buffer, size);

	return (in_child && n > 8 && n <= 64 && is_socket(fd) && ++count % 10 == 0 ? n - 1 : n);
}
DEFECT(io-byte-is-lost-between-stream-readers, .fork = note_fork, .read = last_byte_is_dropped);

static ssize_t
second_half_first(int fd, const void *buffer, size_t size)
{
	const char *b = buffer;
	size_t half = size / 2;

	if (!in_child || size < 20000 || !is_socket(fd))
		return (real.write(fd, buffer, size));
	if (real.write(fd, b + half, size - half) != (ssize_t)(size - half) ||
	    real.write(fd, b, half) != (ssize_t)half)
		return (-1);
	return ((ssize_t)size);
}
DEFECT(io-halves-of-a-chunk-change-places, .fork = note_fork, .write = second_half_first);

/* What somebody else wrote meanwhile overwrites it. */
static ssize_t
tail_is_overwritten(int fd, const void *buffer, size_t size)
{
	static char copy[32768];
	static int count;

	if (!in_child || size < 20000 || size > sizeof(copy) || !is_pipe(fd) || ++count != 3)
		return (real.write(fd, buffer, size));
	memcpy(copy, buffer, size);
	memcpy(copy + 4096, copy, 64);
	return (real.write(fd, copy, size));
}
DEFECT(io-chunk-is-overwritten-in-the-pipe, .fork = note_fork, .write = tail_is_overwritten);

static ssize_t
areas_one_by_one(int fd, const struct iovec *v, int count)
{
	ssize_t total = 0, n;

	if (!is_pipe(fd))
		return (real.writev(fd, v, count));
	for (int i = 0; i < count; i++) {
		if ((n = real.write(fd, v[i].iov_base, v[i].iov_len)) == -1)
			return (total > 0 ? total : -1);
		total += n;
	}
	return (total);
}
DEFECT(io-writev-to-a-pipe-is-many-writes, .writev = areas_one_by_one);

/* Readers that sleep together */

static atomic_int single_bytes;

static ssize_t
second_gets_nothing(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n == 1 && size > 1 && (is_pipe(fd) || is_socket(fd)) &&
	    atomic_fetch_add(&single_bytes, 1) == 1)
		return (0);
	return (n);
}
DEFECT(io-second-sleeper-reads-nothing, .read = second_gets_nothing);

static ssize_t
second_gets_the_first_byte(int fd, void *buffer, size_t size)
{
	static char first;
	ssize_t n = real.read(fd, buffer, size);

	if (n != 1 || size == 1 || !(is_pipe(fd) || is_socket(fd)))
		return (n);
	if (atomic_fetch_add(&single_bytes, 1) == 0)
		first = *(char *)buffer;
	else
		*(char *)buffer = first;
	return (n);
}
DEFECT(io-second-sleeper-reads-stale-data, .read = second_gets_the_first_byte);

static ssize_t
child_only_looks(int fd, void *buffer, size_t size)
{
	if (in_child && size == 3 && socket_type(fd) == SOCK_STREAM)
		return (real.recv(fd, buffer, size, MSG_PEEK));
	return (real.read(fd, buffer, size));
}
DEFECT(io-child-reads-from-its-own-place, .fork = note_fork, .read = child_only_looks);

/* Accepting */

static int
second_thread_is_told_an_error(int fd, struct sockaddr *name, socklen_t *size)
{
	static atomic_int count;
	int result = real.accept(fd, name, size);

	if (result != -1 && !in_child && atomic_fetch_add(&count, 1) == 1) {
		real.close(result);
		return (failure(ECONNABORTED));
	}
	return (result);
}
DEFECT(io-second-thread-is-told-an-aborted-connection, .fork = note_fork,
    .accept = second_thread_is_told_an_error);

static int
child_finds_nobody(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	if (result != -1 && in_child && !is_nonblocking(fd)) {
		real.close(result);
		return (failure(EAGAIN));
	}
	return (result);
}
DEFECT(io-woken-process-finds-nobody-to-accept, .fork = note_fork, .accept = child_finds_nobody);

static int
connection_comes_twice(int fd, struct sockaddr *name, socklen_t *size)
{
	static atomic_int count, last = -1;
	int result;

	if (atomic_fetch_add(&count, 1) == 2 && atomic_load(&last) != -1)
		return (atomic_load(&last));
	result = real.accept(fd, name, size);
	if (result != -1)
		atomic_store(&last, real.dup(result));
	return (result);
}
DEFECT(io-connection-is-accepted-twice, .accept = connection_comes_twice);

/* Taken from the queue, and nobody has it. */
static int
polled_connection_is_lost(int fd, struct sockaddr *name, socklen_t *size)
{
	static int count;
	int result = real.accept(fd, name, size);

	if (result == -1 || !is_nonblocking(fd) || ++count != 3)
		return (result);
	real.close(result);
	return (failure(EAGAIN));
}
DEFECT(io-polled-connection-is-lost, .accept = polled_connection_is_lost);

/* Passed descriptors */

static ssize_t
descriptor_stays(int fd, struct msghdr *m, int flags)
{
	static int count;

	if (m->msg_control != NULL && is_unix(fd) && ++count % 5 == 0)
		flags |= MSG_PEEK;
	return (real.recvmsg(fd, m, flags));
}
DEFECT(io-passed-descriptor-comes-twice, .recvmsg = descriptor_stays);

static ssize_t
descriptor_goes_astray(int fd, struct msghdr *m, int flags)
{
	static int count;
	ssize_t n = real.recvmsg(fd, m, flags);
	struct cmsghdr *item = n > 0 && m->msg_control != NULL ? CMSG_FIRSTHDR(m) : NULL;
	int passed;

	if (item == NULL || item->cmsg_type != SCM_RIGHTS || ++count != 4)
		return (n);
	memcpy(&passed, CMSG_DATA(item), sizeof(passed));
	real.close(passed);
	m->msg_controllen = 0;
	return (n);
}
DEFECT(io-passed-descriptor-goes-astray, .recvmsg = descriptor_goes_astray);

/* It is another one of those that were on their way. */
static ssize_t
descriptors_change_places(int fd, struct msghdr *m, int flags)
{
	static int kept = -1;
	ssize_t n = real.recvmsg(fd, m, flags);
	struct cmsghdr *item = n > 0 && m->msg_control != NULL ? CMSG_FIRSTHDR(m) : NULL;
	int passed;

	if (item == NULL || item->cmsg_type != SCM_RIGHTS)
		return (n);
	memcpy(&passed, CMSG_DATA(item), sizeof(passed));
	if (kept == -1)
		kept = real.dup(passed);
	else
		real.dup2(kept, passed);
	return (n);
}
DEFECT(io-passed-descriptors-change-places, .recvmsg = descriptors_change_places);

/* What a child shares */

static ssize_t
childs_place_is_its_own(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	struct stat st;

	if (in_child && n > 0 && real.fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		real.lseek(fd, -n, SEEK_CUR);
	return (n);
}
DEFECT(io-file-offset-is-copied-by-fork, .fork = note_fork, .read = childs_place_is_its_own);

static ssize_t
childs_words_go_nowhere(int fd, const void *buffer, size_t size)
{
	return (
	    in_child && size == 5 && is_socket(fd) ? (ssize_t)size : real.write(fd, buffer, size));
}
DEFECT(io-child-writes-to-a-copy-of-the-socket, .fork = note_fork,
    .write = childs_words_go_nowhere);

/* The end that a child left open is taken for closed. */
static int
parents_close_counts(int fd)
{
	if (!in_child && socket_type(fd) == SOCK_SEQPACKET)
		real.shutdown(fd, SHUT_RDWR);
	return (real.close(fd));
}
DEFECT(io-close-in-the-parent-ends-records, .fork = note_fork, .close = parents_close_counts);
