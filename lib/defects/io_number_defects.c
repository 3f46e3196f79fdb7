/*
 * Kernels that give out the wrong descriptor numbers, or get it wrong when there are none
 * left; and those that count lengths with too few bits.
 */

#include "defects.h"

#include <sys/resource.h>
#include <sys/uio.h>

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Numbers */

enum { HIGH = 40 };

/* The same descriptor under the lowest free number from there on. */
static int
moved(int fd, int from)
{
	int other;

	if (fd == -1)
		return (-1);
	other = real.fcntl(fd, F_DUPFD, from);
	real.close(fd);
	return (other);
}

static int
dup_above(int fd)
{
	return (moved(real.dup(fd), HIGH));
}
DEFECT(dup-numbers-from-above, .dup = dup_above);

static int
accept_above(int fd, struct sockaddr *name, socklen_t *size)
{
	return (moved(real.accept(fd, name, size), HIGH));
}
DEFECT(accept-numbers-from-above, .accept = accept_above);

static int
accept4_above(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	return (moved(real.accept4(fd, name, size, flags), HIGH));
}
DEFECT(accept4-numbers-from-above, .accept4 = accept4_above);

static int
open_above(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (is_fifo(fd) ? moved(fd, HIGH) : fd);
}
DEFECT(fifo-open-numbers-from-above, .open = open_above);

static int
pipe2_above(int fd[2], int flags)
{
	int error = real.pipe2(fd, flags);

	if (error == 0)
		fd[1] = moved(fd[1], HIGH);
	return (error);
}
DEFECT(pipe2-second-from-above, .pipe2 = pipe2_above);

static int
dupfd_anywhere(int fd, int command, long argument)
{
	return (real.fcntl(fd, command, command == F_DUPFD ? 0 : argument));
}
DEFECT(dupfd-ignores-the-lower-bound, .fcntl = dupfd_anywhere);

static int
dupfd_beyond(int fd, int command, long argument)
{
	return (
	    real.fcntl(fd, command, command == F_DUPFD && argument > 0 ? argument + 1 : argument));
}
DEFECT(dupfd-lower-bound-excluded, .fcntl = dupfd_beyond);

static int resting = -1;

static int
rest(int fd)
{
	int error = real.close(fd);

	if (error == 0)
		resting = fd;
	return (error);
}

static int
rested_socket(int domain, int type, int protocol)
{
	int fd = real.socket(domain, type, protocol);

	return (fd == resting ? moved(fd, fd + 1) : fd);
}
DEFECT(socket-closed-number-rests, .close = rest, .socket = rested_socket);

static int
rested_open(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (fd == resting && is_fifo(fd) ? moved(fd, fd + 1) : fd);
}
DEFECT(fifo-open-closed-number-rests, .close = rest, .open = rested_open);

/* No number left */

static int
other_error(int result, int error)
{
	return (result == -1 && errno == EMFILE ? failure(error) : result);
}

static int
dup_enfile(int fd)
{
	return (other_error(real.dup(fd), ENFILE));
}
DEFECT(dup-limit-enfile, .dup = dup_enfile);

static int
dupfd_einval(int fd, int command, long argument)
{
	return (other_error(real.fcntl(fd, command, argument), EINVAL));
}
DEFECT(dupfd-limit-einval, .fcntl = dupfd_einval);

static int
open_enfile(const char *path, int flags, int mode)
{
	return (other_error(real.open(path, flags, mode), ENFILE));
}
DEFECT(fifo-open-limit-enfile, .open = open_enfile);

static int
dup_beyond(int fd)
{
	int copy = real.dup(fd);
	struct rlimit before, more;

	if (copy != -1 || errno != EMFILE || getrlimit(RLIMIT_NOFILE, &before) != 0)
		return (copy);
	more = before;
	more.rlim_cur++;
	setrlimit(RLIMIT_NOFILE, &more);
	copy = real.dup(fd);
	setrlimit(RLIMIT_NOFILE, &before);
	return (copy);
}
DEFECT(dup-limit-is-inclusive, .dup = dup_beyond);

static int
pipe2_leaks(int fd[2], int flags)
{
	int error = real.pipe2(fd, flags);

	if (error == -1 && errno == EMFILE) {
		real.dup(STDIN_FILENO);
		return (failure(EMFILE));
	}
	return (error);
}
DEFECT(pipe2-limit-leaks, .pipe2 = pipe2_leaks);

static int
socketpair_enfile(int domain, int type, int protocol, int fd[2])
{
	return (other_error(real.socketpair(domain, type, protocol, fd), ENFILE));
}
DEFECT(socketpair-limit-enfile, .socketpair = socketpair_enfile);

/* A listener whose client is not seen any more. */
static int blind = -1;

static int
accept_blinded(int fd, struct sockaddr *name, socklen_t *size)
{
	int accepted = real.accept(fd, name, size);

	if (accepted == -1 && errno == EMFILE)
		blind = fd;
	return (accepted);
}

static int
poll_blind(struct pollfd *fds, nfds_t count, int timeout)
{
	int ready = real.poll(fds, count, timeout);

	for (nfds_t i = 0; i < count && ready > 0; i++)
		if (fds[i].fd == blind && fds[i].revents == POLLIN) {
			fds[i].revents = 0;
			ready--;
		}
	return (ready);
}
DEFECT(accept-limit-hides-the-client, .accept = accept_blinded, .poll = poll_blind);

static int
accept_drops(int fd, struct sockaddr *name, socklen_t *size)
{
	int accepted = real.accept(fd, name, size);

	if (accepted == -1 && errno == EMFILE && readiness(fd, POLLIN) != 0) {
		struct rlimit before, more;

		getrlimit(RLIMIT_NOFILE, &before);
		more = before;
		more.rlim_cur++;
		setrlimit(RLIMIT_NOFILE, &more);
		accepted = real.accept(fd, NULL, NULL);
		setrlimit(RLIMIT_NOFILE, &before);
		real.close(accepted);
		return (failure(EMFILE));
	}
	return (accepted);
}
DEFECT(accept-limit-drops-the-client, .accept = accept_drops);

static int
accept_looks_first(int fd, struct sockaddr *name, socklen_t *size)
{
	int accepted = real.accept(fd, name, size);

	if (accepted == -1 && errno == EMFILE && readiness(fd, POLLIN) == 0)
		return (failure(EAGAIN));
	return (accepted);
}
DEFECT(accept-limit-of-an-empty-queue-is-eagain, .accept = accept_looks_first);

static int
accept4_einval(int fd, struct sockaddr *name, socklen_t *size, int flags)
{
	return (other_error(real.accept4(fd, name, size, flags), EINVAL));
}
DEFECT(accept4-limit-einval, .accept4 = accept4_einval);

static int
epoll_enfile(int flags)
{
	return (other_error(real.epoll_create1(flags), ENFILE));
}
DEFECT(epoll-create-limit-enfile, .epoll_create1 = epoll_enfile);

/* Lengths */

static bool
is_end(int fd)
{
	return (is_pipe(fd) || is_socket(fd));
}

static bool
is_huge(size_t size)
{
	return (size > SSIZE_MAX);
}

/* Areas whose length counts as the lower 31 bits of it. */
enum { AREAS = 16 };

static bool
cut_areas(struct iovec *cut, const struct iovec *v, int count)
{
	bool huge = false;

	for (int i = 0; i < count && i < AREAS; i++) {
		cut[i] = v[i];
		cut[i].iov_len &= INT_MAX;
		huge = huge || is_huge(v[i].iov_len);
	}
	return (huge && count <= AREAS);
}

static ssize_t
readv_cut(int fd, const struct iovec *v, int count)
{
	struct iovec cut[AREAS];

	return (real.readv(fd, is_end(fd) && cut_areas(cut, v, count) ? cut : v, count));
}
DEFECT(readv-lengths-in-31-bits, .readv = readv_cut);

static ssize_t
writev_cut(int fd, const struct iovec *v, int count)
{
	struct iovec cut[AREAS];

	return (real.writev(fd, is_end(fd) && cut_areas(cut, v, count) ? cut : v, count));
}
DEFECT(writev-lengths-in-31-bits, .writev = writev_cut);

static ssize_t
recvmsg_cut(int fd, struct msghdr *m, int flags)
{
	struct iovec cut[AREAS], *v = m->msg_iov;
	ssize_t n;

	if (cut_areas(cut, v, (int)m->msg_iovlen))
		m->msg_iov = cut;
	n = real.recvmsg(fd, m, flags);
	m->msg_iov = v;
	return (n);
}
DEFECT(recvmsg-lengths-in-31-bits, .recvmsg = recvmsg_cut);

static ssize_t
sendmsg_cut(int fd, const struct msghdr *m, int flags)
{
	struct iovec cut[AREAS];
	struct msghdr copy = *m;

	if (cut_areas(cut, m->msg_iov, (int)m->msg_iovlen))
		copy.msg_iov = cut;
	return (real.sendmsg(fd, &copy, flags));
}
DEFECT(sendmsg-lengths-in-31-bits, .sendmsg = sendmsg_cut);

static ssize_t
readv_too_late(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);
	int error = errno;
	char b[64];

	for (int i = 0; i < count && n == -1 && error == EINVAL; i++)
		if (is_huge(v[i].iov_len) && readiness(fd, POLLIN) & POLLIN)
			real.read(fd, b, sizeof(b));
	return (n == -1 ? failure(error) : n);
}
DEFECT(readv-refused-takes-the-data, .readv = readv_too_late);

static ssize_t
write_cut(int fd, const void *bytes, size_t size)
{
	return (real.write(fd, bytes, is_end(fd) && is_huge(size) ? 0 : size));
}
DEFECT(write-huge-size-is-none, .write = write_cut);

static ssize_t
read_refused_late(int fd, void *bytes, size_t size)
{
	ssize_t n = real.read(fd, bytes, size);
	int error = errno;
	char b[64];

	if (n == -1 && is_huge(size) && is_end(fd) && readiness(fd, POLLIN) & POLLIN)
		real.read(fd, b, 1);
	return (n == -1 ? failure(error) : n);
}
DEFECT(read-refused-takes-a-byte, .read = read_refused_late);

static ssize_t
recv_cut(int fd, void *bytes, size_t size, int flags)
{
	return (real.recv(
	    fd, bytes, is_huge(size) ? 0 : size, flags | (is_huge(size) ? MSG_DONTWAIT : 0)));
}
DEFECT(recv-huge-length-is-none, .recv = recv_cut);

static ssize_t
send_cut(int fd, const void *bytes, size_t size, int flags)
{
	return (real.send(fd, bytes, is_huge(size) ? 0 : size, flags));
}
DEFECT(send-huge-length-is-none, .send = send_cut);

/* Datagrams above every limit */

static ssize_t
send_what_fits(int fd, const void *bytes, size_t size, int flags)
{
	ssize_t n = real.send(fd, bytes, size, flags);

	if (n == -1 && errno == EMSGSIZE && !is_huge(size))
		return (real.send(fd, bytes, 100, flags));
	return (n);
}
DEFECT(send-large-datagram-is-cut, .send = send_what_fits);

static ssize_t
write_a_part(int fd, const void *bytes, size_t size)
{
	ssize_t n = real.write(fd, bytes, size);

	if (n == -1 && errno == EMSGSIZE && is_socket(fd)) {
		real.write(fd, bytes, 100);
		return (failure(EMSGSIZE));
	}
	return (n);
}
DEFECT(write-large-datagram-goes-in-part, .write = write_a_part);

static ssize_t
writev_enobufs(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.writev(fd, v, count);

	return (n == -1 && errno == EMSGSIZE && is_socket(fd) ? failure(ENOBUFS) : n);
}
DEFECT(writev-large-datagram-enobufs, .writev = writev_enobufs);

static ssize_t
sendmsg_first_area(int fd, const struct msghdr *m, int flags)
{
	ssize_t n = real.sendmsg(fd, m, flags);

	if (n == -1 && errno == EMSGSIZE && m->msg_iovlen > 1) {
		real.send(fd, m->msg_iov[0].iov_base, 100, flags);
		return (failure(EMSGSIZE));
	}
	return (n);
}
DEFECT(sendmsg-large-datagram-goes-in-part, .sendmsg = sendmsg_first_area);
