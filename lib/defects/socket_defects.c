/*
 * Kernels that make sockets or take descriptors for them wrongly.
 */

#include <sys/stat.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <unistd.h>

#include "defects.h"
#include "naming_defects.h"

/* The type without the flags that travel with it. */
#define FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)
#define TYPE(type) ((type) & ~FLAGS)

/* A descriptor that nobody can close. */
static int
leaking(int error)
{
	real.dup(STDIN_FILENO);
	return (failure(error));
}

/* socket() */

static int
socket_from_above(int domain, int type, int protocol)
{
	return (moved_up(real.socket(domain, type, protocol)));
}
DEFECT(socket-numbers-from-above, .socket = socket_from_above);

static int
socket_failure_leaks(int domain, int type, int protocol)
{
	int fd = real.socket(domain, type, protocol);

	return (fd == -1 && errno == EPROTONOSUPPORT ? leaking(errno) : fd);
}
DEFECT(socket-failure-leaks, .socket = socket_failure_leaks);

static int
socket_nonblocking_unasked(int domain, int type, int protocol)
{
	return (real.socket(domain, type | SOCK_NONBLOCK, protocol));
}
DEFECT(socket-nonblocking-unasked, .socket = socket_nonblocking_unasked);

static int
socket_cloexec_ignored(int domain, int type, int protocol)
{
	return (real.socket(domain, type & ~SOCK_CLOEXEC, protocol));
}
DEFECT(socket-cloexec-ignored, .socket = socket_cloexec_ignored);

static int
socket_cloexec_nonblocking(int domain, int type, int protocol)
{
	return (real.socket(
	    domain, (type & SOCK_CLOEXEC) != 0 ? type | SOCK_NONBLOCK : type, protocol));
}
DEFECT(socket-cloexec-nonblocking, .socket = socket_cloexec_nonblocking);

static int
socket_nonblock_closes_on_exec(int domain, int type, int protocol)
{
	return (real.socket(
	    domain, (type & SOCK_NONBLOCK) != 0 ? type | SOCK_CLOEXEC : type, protocol));
}
DEFECT(socket-nonblock-closes-on-exec, .socket = socket_nonblock_closes_on_exec);

static ssize_t
recv_nothing_is_zero(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN ? 0 : n);
}
DEFECT(socket-nonblocking-recv-zero, .recv = recv_nothing_is_zero);

static int
type_with_flags(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_TYPE && is_nonblocking(fd))
		*(int *)value |= SOCK_NONBLOCK;
	return (result);
}
DEFECT(socket-type-with-flags, .getsockopt = type_with_flags);

static int
unknown_domain_einval(int domain, int type, int protocol)
{
	return (renamed(real.socket(domain, type, protocol), EAFNOSUPPORT, EINVAL));
}
DEFECT(socket-unknown-domain-einval, .socket = unknown_domain_einval);

static int
no_domain_is_unix(int domain, int type, int protocol)
{
	return (real.socket(domain == AF_UNSPEC ? AF_UNIX : domain, type, protocol));
}
DEFECT(socket-no-domain-is-unix, .socket = no_domain_is_unix);

static int
unknown_type_is_stream(int domain, int type, int protocol)
{
	return (real.socket(domain, TYPE(type) == 75 ? SOCK_STREAM : type, protocol));
}
DEFECT(socket-unknown-type-is-stream, .socket = unknown_type_is_stream);

static int
high_bits_ignored(int domain, int type, int protocol)
{
	return (real.socket(domain, type & 0xfffff, protocol));
}
DEFECT(socket-high-bits-ignored, .socket = high_bits_ignored);

static int
type_matched_loosely(int domain, int type, int protocol)
{
	return (real.socket(
	    domain, domain == AF_INET && type == SOCK_RDM ? SOCK_DGRAM : type, protocol));
}
DEFECT(socket-type-matched-loosely, .socket = type_matched_loosely);

static int
protocol_ignored(int domain, int type, int protocol)
{
	bool other = protocol == IPPROTO_TCP && TYPE(type) == SOCK_DGRAM;

	return (real.socket(domain, type, other ? 0 : protocol));
}
DEFECT(socket-protocol-ignored, .socket = protocol_ignored);

static int
protocol_falls_back(int domain, int type, int protocol)
{
	return (real.socket(domain, type, protocol == 200 ? 0 : protocol));
}
DEFECT(socket-protocol-falls-back, .socket = protocol_falls_back);

static int
protocol_of_eight_bits(int domain, int type, int protocol)
{
	return (real.socket(domain, type, protocol > 256 ? protocol & 0xff : protocol));
}
DEFECT(socket-protocol-of-eight-bits, .socket = protocol_of_eight_bits);

static int
unix_protocol_unchecked(int domain, int type, int protocol)
{
	return (real.socket(domain, type, domain == AF_UNIX ? 0 : protocol));
}
DEFECT(socket-unix-protocol-unchecked, .socket = unix_protocol_unchecked);

static int
pair_protocol_unchecked(int domain, int type, int protocol, int fd[2])
{
	return (real.socketpair(domain, type, domain == AF_UNIX ? 0 : protocol, fd));
}
DEFECT(socketpair-protocol-unchecked, .socketpair = pair_protocol_unchecked);

static int
socket_limit_enfile(int domain, int type, int protocol)
{
	return (renamed(real.socket(domain, type, protocol), EMFILE, ENFILE));
}
DEFECT(socket-limit-enfile, .socket = socket_limit_enfile);

static int
raw_eacces(int domain, int type, int protocol)
{
	return (renamed(real.socket(domain, type, protocol), EPERM, EACCES));
}
DEFECT(socket-raw-eacces, .socket = raw_eacces);

static int
raw_inet6_for_all(int domain, int type, int protocol)
{
	bool raw = domain == AF_INET6 && TYPE(type) == SOCK_RAW && geteuid() != 0;

	return (raw ? real.socket(domain, SOCK_DGRAM, 0) : real.socket(domain, type, protocol));
}
DEFECT(socket-raw-inet6-for-all, .socket = raw_inet6_for_all);

static int
raw_zero_accepted(int domain, int type, int protocol)
{
	bool raw = TYPE(type) == SOCK_RAW && protocol == 0;

	return (real.socket(domain, type, raw ? IPPROTO_RAW : protocol));
}
DEFECT(socket-raw-zero-accepted, .socket = raw_zero_accepted);

static int
inet6_stream_missing(int domain, int type, int protocol)
{
	if (domain == AF_INET6 && TYPE(type) == SOCK_STREAM)
		return (failure(EPROTONOSUPPORT));
	return (real.socket(domain, type, protocol));
}
DEFECT(socket-inet6-stream-missing, .socket = inet6_stream_missing);

static int
socket_is_fifo(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && S_ISSOCK(st->st_mode))
		st->st_mode = (st->st_mode & ~(mode_t)S_IFMT) | S_IFIFO;
	return (result);
}
DEFECT(fstat-socket-is-fifo, .fstat = socket_is_fifo);

static ssize_t
recv_unconnected_zero(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n == -1 && errno == ENOTCONN ? 0 : n);
}
DEFECT(recv-unconnected-zero, .recv = recv_unconnected_zero);

/* socketpair() */

static int
pair_of_strangers(int domain, int type, int protocol, int fd[2])
{
	if (domain != AF_INET && domain != AF_INET6)
		return (real.socketpair(domain, type, protocol, fd));
	fd[0] = real.socket(domain, type, protocol);
	fd[1] = real.socket(domain, type, protocol);
	return (0);
}
DEFECT(socketpair-of-strangers, .socketpair = pair_of_strangers);

static int
pair_domain_eopnotsupp(int domain, int type, int protocol, int fd[2])
{
	return (renamed(real.socketpair(domain, type, protocol, fd), EAFNOSUPPORT, EOPNOTSUPP));
}
DEFECT(socketpair-unknown-domain-eopnotsupp, .socketpair = pair_domain_eopnotsupp);

static int
pair_leaks(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	return (result == -1 && errno == EFAULT ? leaking(EFAULT) : result);
}
DEFECT(socketpair-bad-vector-leaks, .socketpair = pair_leaks);

static int
pair_limit_leaks(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	return (result == -1 && errno == EMFILE ? leaking(EMFILE) : result);
}
DEFECT(socketpair-limit-leaks, .socketpair = pair_limit_leaks);

static int
pair_flags_first_only(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0 && (type & SOCK_NONBLOCK) != 0)
		real.fcntl(fd[1], F_SETFL, O_RDWR);
	return (result);
}
DEFECT(socketpair-nonblock-first-only, .socketpair = pair_flags_first_only);

static int
pair_cloexec_second_only(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0)
		real.fcntl(fd[0], F_SETFD, 0);
	return (result);
}
DEFECT(socketpair-cloexec-second-only, .socketpair = pair_cloexec_second_only);

static int
pair_second_from_above(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0)
		fd[1] = moved_up(fd[1]);
	return (result);
}
DEFECT(socketpair-second-from-above, .socketpair = pair_second_from_above);

/* What all calls have in common */

static int
peername_looks_late(int fd, struct sockaddr *name, socklen_t *size)
{
	return (renamed(real.getpeername(fd, name, size), EBADF, ENOTCONN));
}
DEFECT(getpeername-bad-descriptor-enotconn, .getpeername = peername_looks_late);

static int
listen_bad_descriptor(int fd, int backlog)
{
	return (renamed(real.listen(fd, backlog), EBADF, ENOTSOCK));
}
DEFECT(listen-bad-descriptor-enotsock, .listen = listen_bad_descriptor);

static int
shutdown_any_file(int fd, int how)
{
	return (tolerated(real.shutdown(fd, how), ENOTSOCK));
}
DEFECT(shutdown-any-file, .shutdown = shutdown_any_file);

static int
bind_fifo(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_fifo(fd) ? 0 : real.bind(fd, name, size));
}
DEFECT(bind-takes-fifos, .bind = bind_fifo);

static int
bind_length_first(int fd, const struct sockaddr *name, socklen_t size)
{
	return (size == 0 ? failure(EINVAL) : real.bind(fd, name, size));
}
DEFECT(bind-length-first, .bind = bind_length_first);

static int
shutdown_how_first(int fd, int how)
{
	return (how < SHUT_RD || how > SHUT_RDWR ? failure(EINVAL) : real.shutdown(fd, how));
}
DEFECT(shutdown-how-first, .shutdown = shutdown_how_first);
