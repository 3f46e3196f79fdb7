/*
 * Kernels that get vectors of areas wrong at sockets.
 */

#include "defects.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A vector that the kernel has read, and found to be that short. */
#define SHORT 8

static bool
is_message(int fd)
{
	int type = socket_type(fd);

	return (type == SOCK_DGRAM || type == SOCK_SEQPACKET);
}

static bool
is_excess(size_t count)
{
	return ((long)count > sysconf(_SC_IOV_MAX));
}

static ssize_t
areas_swapped(int fd, const struct msghdr *m, int flags)
{
	struct iovec turned[2];
	struct msghdr other;

	if (m == NULL || !is_socket(fd) || m->msg_iovlen != 2 || m->msg_control != NULL)
		return (real.sendmsg(fd, m, flags));
	other = *m;
	turned[0] = m->msg_iov[1];
	turned[1] = m->msg_iov[0];
	other.msg_iov = turned;
	return (real.sendmsg(fd, &other, flags));
}
DEFECT(sendmsg-gathers-from-the-end, .sendmsg = areas_swapped);

/* A buffer of that size ends where the first area does: what is next is forgotten. */
static ssize_t
area_after_boundary_skipped(int fd, const struct iovec *v, int count)
{
	enum { BUFFER = 50 };
	struct iovec others[SHORT];
	size_t sum = 0;
	ssize_t n;

	if (count < 2 || count > SHORT || !is_socket(fd) || v[0].iov_len == 0 ||
	    v[0].iov_len % BUFFER != 0)
		return (real.writev(fd, v, count));
	memcpy(others, v, (size_t)count * sizeof(*v));
	for (int i = 0; i < count; i++)
		sum += v[i].iov_len;
	others[1].iov_len = 0;
	n = real.writev(fd, others, count);
	return (n > 0 ? (ssize_t)sum : n);
}
DEFECT(writev-skips-area-at-buffer-end, .writev = area_after_boundary_skipped);

static ssize_t
record_for_each_area(int fd, const struct iovec *v, int count)
{
	ssize_t total = 0;

	if (count < 2 || count > SHORT || socket_type(fd) != SOCK_SEQPACKET)
		return (real.writev(fd, v, count));
	for (int i = 0; i < count; i++) {
		ssize_t n = real.send(fd, v[i].iov_base, v[i].iov_len, MSG_EOR);

		if (n == -1)
			return (-1);
		total += n;
	}
	return (total);
}
DEFECT(seqpacket-writev-sends-each-area, .writev = record_for_each_area);

/* What is left of the areas, after n bytes, takes the next message. */
static ssize_t
next_message_too(int fd, const struct iovec *v, int count, ssize_t n)
{
	struct iovec rest[SHORT];
	ssize_t left = n, more;
	int used = 0;

	if (n <= 0 || count > SHORT || !is_message(fd) || (readiness(fd, POLLIN) & POLLIN) == 0)
		return (n);
	for (int i = 0; i < count; i++) {
		size_t filled = left < (ssize_t)v[i].iov_len ? (size_t)left : v[i].iov_len;

		left -= (ssize_t)filled;
		if (filled < v[i].iov_len)
			rest[used++] =
			    (struct iovec){ (char *)v[i].iov_base + filled, v[i].iov_len - filled };
	}
	more = used > 0 ? real.readv(fd, rest, used) : 0;
	return (more > 0 ? n + more : n);
}

static ssize_t
readv_goes_on(int fd, const struct iovec *v, int count)
{
	return (next_message_too(fd, v, count, real.readv(fd, v, count)));
}
DEFECT(readv-goes-on-with-next-message, .readv = readv_goes_on);

static ssize_t
recvmsg_goes_on(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);

	if (n <= 0 || m->msg_iovlen < 2 || m->msg_control != NULL || (flags & MSG_PEEK) != 0)
		return (n);
	return (next_message_too(fd, m->msg_iov, (int)m->msg_iovlen, n));
}
DEFECT(recvmsg-goes-on-with-next-message, .recvmsg = recvmsg_goes_on);

static ssize_t
last_area_refused(int fd, const struct iovec *v, int count)
{
	if (count == sysconf(_SC_IOV_MAX) && is_message(fd))
		return (failure(EINVAL));
	return (real.writev(fd, v, count));
}
DEFECT(message-writev-refuses-iov-max-areas, .writev = last_area_refused);

static ssize_t
excess_ignored(int fd, const struct iovec *v, int count)
{
	if (count > 0 && is_excess((size_t)count) && is_socket(fd))
		count--;
	return (real.readv(fd, v, count));
}
DEFECT(socket-readv-ignores-excess-areas, .readv = excess_ignored);

static ssize_t
excess_einval(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EMSGSIZE && is_excess((size_t)m->msg_iovlen))
		errno = EINVAL;
	return (n);
}
DEFECT(sendmsg-excess-areas-give-einval, .sendmsg = excess_einval);

static ssize_t
excess_consumes(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);
	char b;

	if (n == -1 && errno == EMSGSIZE && is_excess((size_t)m->msg_iovlen)) {
		real.recv(fd, &b, 1, MSG_DONTWAIT);
		errno = EMSGSIZE;
	}
	return (n);
}
DEFECT(recvmsg-excess-areas-consume, .recvmsg = excess_consumes);

static ssize_t
fault_einval(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	return (n == -1 && errno == EFAULT && is_socket(fd) ? failure(EINVAL) : n);
}
DEFECT(sendmsg-bad-pointer-gives-einval, .sendmsg = fault_einval);

static ssize_t
fault_consumes(int fd, struct msghdr *m, int flags)
{
	ssize_t n = real.recvmsg(fd, m, flags);
	char b;

	if (n == -1 && errno == EFAULT && is_socket(fd)) {
		real.recv(fd, &b, 1, MSG_DONTWAIT);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(recvmsg-bad-vector-consumes, .recvmsg = fault_consumes);

static ssize_t
nothing_sent(int fd, const struct msghdr *m, int flags)
{
	if (m != NULL && m->msg_iovlen == 0 && socket_type(fd) == SOCK_DGRAM)
		return (0);
	return (real.sendmsg(fd, m, flags));
}
DEFECT(sendmsg-of-no-areas-sends-nothing, .sendmsg = nothing_sent);

static ssize_t
null_base_faults(int fd, struct msghdr *m, int flags)
{
	for (size_t i = 0; m != NULL && is_socket(fd) && i < (size_t)m->msg_iovlen &&
	     (size_t)m->msg_iovlen <= SHORT && m->msg_control == NULL;
	     i++)
		if (m->msg_iovlen > 4 && m->msg_iov[i].iov_len == 0)
			return (failure(EFAULT));
	return (real.recvmsg(fd, m, flags));
}
DEFECT(recvmsg-faults-on-empty-area, .recvmsg = null_base_faults);
