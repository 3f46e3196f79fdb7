/*
 * Defects: deliberately wrong kernel behaviour between a case and libc.
 *
 * The library is preloaded (LD_PRELOAD) and stands in front of the calls below.
 * It does nothing until a case's body starts and calls plumbline_defect_switch;
 * then the defect named by the environment variable PLUMBLINE_DEFECT replaces
 * the calls it defines.  A program started by exec stays untouched.
 *
 * A defect is one or more replacement functions and one line:
 *
 *	static ssize_t
 *	eof_as_eagain(int fd, void *buffer, size_t size)
 *	{
 *		ssize_t n = real.read(fd, buffer, size);
 *
 *		return (n == 0 && size > 0 && is_pipe(fd) ? failure(EAGAIN) : n);
 *	}
 *	DEFECT(read-eof-as-eagain, .read = eof_as_eagain);
 *
 * A replacement calls the others through "real", and touches only descriptors
 * that is_pipe() knows, so that files and the report stay as they are.
 * defects.tsv says what each defect does and which requirements notice it.
 */

#ifndef PL_DEFECTS_H
#define PL_DEFECTS_H

#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct epoll_event;
struct iovec;
struct statfs;

/* The type of the sizes that getnameinfo(3) takes: not the same everywhere. */
typedef __typeof__(_Generic(
    &getnameinfo, int (*)(const struct sockaddr *, socklen_t, char *, size_t, char *, size_t, int)
    : (size_t)0, default
    : (socklen_t)0)) defect_name_size;

/* What sendmmsg(2) and recvmmsg(2) give, and take for a count and a limit: not the same either. */
typedef __typeof__(_Generic(&sendmmsg, int (*)(int, struct mmsghdr *, unsigned, int)
			    : (int)0, default
			    : (ssize_t)0)) defect_mmsg_result;
typedef __typeof__(_Generic(&sendmmsg, int (*)(int, struct mmsghdr *, unsigned, int)
			    : (unsigned)0, default
			    : (size_t)0)) defect_mmsg_count;
typedef __typeof__(*_Generic(
    &recvmmsg, int (*)(int, struct mmsghdr *, unsigned, int, struct timespec *)
    : (struct timespec *)0, default
    : (const struct timespec *)0)) defect_mmsg_limit;

/*
 * The calls a defect can replace, on the systems that have them: result, name, parameters,
 * arguments.  open, openat, fcntl, ioctl and the like, whose last argument may be absent, and
 * sendfile, which is another call on FreeBSD and stays as it is there, are written out in
 * interpose.c; here they have all arguments.
 */
#define DEFECT_CALLS(CALL)                                                                         \
	CALL(int, pipe, (int fd[2]), (fd))                                                         \
	CALL(int, pipe2, (int fd[2], int flags), (fd, flags))                                      \
	CALL(int, close, (int fd), (fd))                                                           \
	CALL(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags))   \
	CALL(void, closefrom, (int first), (first))                                                \
	CALL(int, dup, (int fd), (fd))                                                             \
	CALL(int, dup2, (int from, int to), (from, to))                                            \
	CALL(int, dup3, (int from, int to, int flags), (from, to, flags))                          \
	CALL(ssize_t, read, (int fd, void *buffer, size_t size), (fd, buffer, size))               \
	CALL(ssize_t, write, (int fd, const void *buffer, size_t size), (fd, buffer, size))        \
	CALL(ssize_t, readv, (int fd, const struct iovec *v, int count), (fd, v, count))           \
	CALL(ssize_t, writev, (int fd, const struct iovec *v, int count), (fd, v, count))          \
	CALL(ssize_t, pread, (int fd, void *buffer, size_t size, off_t offset),                    \
	    (fd, buffer, size, offset))                                                            \
	CALL(ssize_t, pwrite, (int fd, const void *buffer, size_t size, off_t offset),             \
	    (fd, buffer, size, offset))                                                            \
	CALL(ssize_t, preadv, (int fd, const struct iovec *v, int count, off_t offset),            \
	    (fd, v, count, offset))                                                                \
	CALL(ssize_t, pwritev, (int fd, const struct iovec *v, int count, off_t offset),           \
	    (fd, v, count, offset))                                                                \
	CALL(int, poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout))   \
	CALL(int, select, (int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout),   \
	    (limit, r, w, x, timeout))                                                             \
	CALL(int, pselect,                                                                         \
	    (int limit, fd_set *r, fd_set *w, fd_set *x, const struct timespec *timeout,           \
		const sigset_t *mask),                                                             \
	    (limit, r, w, x, timeout, mask))                                                       \
	CALL(int, ppoll,                                                                           \
	    (struct pollfd * fds, nfds_t count, const struct timespec *timeout,                    \
		const sigset_t *mask),                                                             \
	    (fds, count, timeout, mask))                                                           \
	CALL(int, epoll_create, (int size), (size))                                                \
	CALL(int, epoll_create1, (int flags), (flags))                                             \
	CALL(int, epoll_ctl, (int queue, int operation, int fd, struct epoll_event *event),        \
	    (queue, operation, fd, event))                                                         \
	CALL(int, epoll_wait, (int queue, struct epoll_event *events, int count, int timeout),     \
	    (queue, events, count, timeout))                                                       \
	CALL(off_t, lseek, (int fd, off_t offset, int whence), (fd, offset, whence))               \
	CALL(int, truncate, (const char *path, off_t size), (path, size))                          \
	CALL(int, ftruncate, (int fd, off_t size), (fd, size))                                     \
	CALL(int, fsync, (int fd), (fd))                                                           \
	CALL(int, fdatasync, (int fd), (fd))                                                       \
	CALL(int, posix_fallocate, (int fd, off_t offset, off_t size), (fd, offset, size))         \
	CALL(int, posix_fadvise, (int fd, off_t offset, off_t size, int advice),                   \
	    (fd, offset, size, advice))                                                            \
	CALL(ssize_t, copy_file_range,                                                             \
	    (int from, off_t *at, int to, off_t *to_at, size_t size, unsigned flags),              \
	    (from, at, to, to_at, size, flags))                                                    \
	CALL(void *, mmap,                                                                         \
	    (void *address, size_t size, int protection, int flags, int fd, off_t offset),         \
	    (address, size, protection, flags, fd, offset))                                        \
	CALL(int, stat, (const char *path, struct stat *st), (path, st))                           \
	CALL(int, lstat, (const char *path, struct stat *st), (path, st))                          \
	CALL(int, fstat, (int fd, struct stat *st), (fd, st))                                      \
	CALL(int, fstatfs, (int fd, struct statfs *fs), (fd, fs))                                  \
	CALL(int, fchmod, (int fd, mode_t mode), (fd, mode))                                       \
	CALL(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))                          \
	CALL(int, futimens, (int fd, const struct timespec times[2]), (fd, times))                 \
	CALL(int, flock, (int fd, int operation), (fd, operation))                                 \
	CALL(long, pathconf, (const char *path, int name), (path, name))                           \
	CALL(long, fpathconf, (int fd, int name), (fd, name))                                      \
	CALL(int, isatty, (int fd), (fd))                                                          \
	CALL(int, mkfifo, (const char *path, mode_t mode), (path, mode))                           \
	CALL(int, mkfifoat, (int fd, const char *path, mode_t mode), (fd, path, mode))             \
	CALL(int, mknod, (const char *path, mode_t mode, dev_t dev), (path, mode, dev))            \
	CALL(int, unlink, (const char *path), (path))                                              \
	CALL(int, rename, (const char *from, const char *to), (from, to))                          \
	CALL(ssize_t, send, (int fd, const void *buffer, size_t size, int flags),                  \
	    (fd, buffer, size, flags))                                                             \
	CALL(ssize_t, recv, (int fd, void *buffer, size_t size, int flags),                        \
	    (fd, buffer, size, flags))                                                             \
	CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol))          \
	CALL(int, socketpair, (int domain, int type, int protocol, int fd[2]),                     \
	    (domain, type, protocol, fd))                                                          \
	CALL(int, bind, (int fd, const struct sockaddr *name, socklen_t size), (fd, name, size))   \
	CALL(                                                                                      \
	    int, connect, (int fd, const struct sockaddr *name, socklen_t size), (fd, name, size)) \
	CALL(int, listen, (int fd, int backlog), (fd, backlog))                                    \
	CALL(int, accept, (int fd, struct sockaddr *name, socklen_t *size), (fd, name, size))      \
	CALL(int, accept4, (int fd, struct sockaddr *name, socklen_t *size, int flags),            \
	    (fd, name, size, flags))                                                               \
	CALL(int, getpeername, (int fd, struct sockaddr *name, socklen_t *size), (fd, name, size)) \
	CALL(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),    \
	    (fd, level, name, value, size))                                                        \
	CALL(ssize_t, sendto,                                                                      \
	    (int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,      \
		socklen_t length),                                                                 \
	    (fd, buffer, size, flags, name, length))                                               \
	CALL(ssize_t, recvfrom,                                                                    \
	    (int fd, void *buffer, size_t size, int flags, struct sockaddr *name,                  \
		socklen_t *length),                                                                \
	    (fd, buffer, size, flags, name, length))                                               \
	CALL(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))        \
	CALL(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags))              \
	CALL(defect_mmsg_result, sendmmsg,                                                         \
	    (int fd, struct mmsghdr *m, defect_mmsg_count count, int flags),                       \
	    (fd, m, count, flags))                                                                 \
	CALL(defect_mmsg_result, recvmmsg,                                                         \
	    (int fd, struct mmsghdr *m, defect_mmsg_count count, int flags,                        \
		defect_mmsg_limit *limit),                                                         \
	    (fd, m, count, flags, limit))                                                          \
	CALL(int, sockatmark, (int fd), (fd))                                                      \
	CALL(int, inet_aton, (const char *text, struct in_addr *address), (text, address))         \
	CALL(in_addr_t, inet_addr, (const char *text), (text))                                     \
	CALL(int, inet_pton, (int family, const char *text, void *address),                        \
	    (family, text, address))                                                               \
	CALL(const char *, inet_ntop,                                                              \
	    (int family, const void *address, char *text, socklen_t size),                         \
	    (family, address, text, size))                                                         \
	CALL(in_addr_t, inet_network, (const char *text), (text))                                  \
	CALL(int, getaddrinfo,                                                                     \
	    (const char *node, const char *service, const struct addrinfo *hints,                  \
		struct addrinfo **list),                                                           \
	    (node, service, hints, list))                                                          \
	CALL(int, getnameinfo,                                                                     \
	    (const struct sockaddr *name, socklen_t length, char *host,                            \
		defect_name_size host_size, char *service, defect_name_size service_size,          \
		int flags),                                                                        \
	    (name, length, host, host_size, service, service_size, flags))                         \
	CALL(struct protoent *, getprotobyname, (const char *name), (name))                        \
	CALL(struct protoent *, getprotobynumber, (int number), (number))                          \
	CALL(int, shutdown, (int fd, int how), (fd, how))                                          \
	CALL(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size),         \
	    (fd, level, name, value, size))                                                        \
	CALL(int, getsockname, (int fd, struct sockaddr *name, socklen_t *size), (fd, name, size)) \
	CALL(ssize_t, readlink, (const char *path, char *buffer, size_t size),                     \
	    (path, buffer, size))                                                                  \
	CALL(int, getdtablesize, (void), ())                                                       \
	CALL(pid_t, fork, (void), ())                                                              \
	CALL(int, execv, (const char *path, char *const argv[]), (path, argv))                     \
	CALL(int, execve, (const char *path, char *const argv[], char *const environment[]),       \
	    (path, argv, environment))                                                             \
	CALL(int, execvp, (const char *file, char *const argv[]), (file, argv))                    \
	CALL(int, getrusage, (int who, struct rusage *usage), (who, usage))                        \
	CALL(int, sigaction,                                                                       \
	    (int signal, const struct sigaction *action, struct sigaction *before),                \
	    (signal, action, before))

struct rusage;
struct timespec;
struct timeval;

/* Calls with an optional last argument; absent, it is 0.  And those of one system. */
#define DEFECT_OPTIONAL_CALLS(CALL)                                                                \
	CALL(int, open, (const char *path, int flags, int mode), (path, flags, mode))              \
	CALL(                                                                                      \
	    int, openat, (int at, const char *path, int flags, int mode), (at, path, flags, mode)) \
	CALL(int, fcntl, (int fd, int command, long argument), (fd, command, argument))            \
	CALL(int, ioctl, (int fd, unsigned long request, void *argument), (fd, request, argument)) \
	CALL(ssize_t, sendfile, (int out, int in, off_t *offset, size_t count),                    \
	    (out, in, offset, count))

#define DEFECT_MEMBER(result, name, parameters, arguments) result(*name) parameters;
struct defect_calls {
	DEFECT_CALLS(DEFECT_MEMBER)
	DEFECT_OPTIONAL_CALLS(DEFECT_MEMBER)
};

struct defect {
	const char *name;
	struct defect_calls calls; /* NULL: as it is */
	struct defect *next;
};

/* The calls as libc has them. */
extern struct defect_calls real;

void defect_register(struct defect *);

#define DEFECT_PASTE(a, b) a##b
#define DEFECT_UNIQUE(a, b) DEFECT_PASTE(a, b)
#define DEFECT(ident, ...)                                                                    \
	__attribute__((constructor)) static void DEFECT_UNIQUE(register_, __LINE__)(void)     \
	{                                                                                     \
		static struct defect declared = { .name = #ident, .calls = { __VA_ARGS__ } }; \
                                                                                              \
		defect_register(&declared);                                                   \
	}

/* Beyond this no descriptor is looked at. */
#define DESCRIPTORS 1024

/* Is it an open pipe or FIFO; and of these, a FIFO (it has a name, or had one)? */
bool is_pipe(int fd);
bool is_fifo(int fd);

/* Is it a socket; its type and domain, 0 if it is none; and does it listen? */
bool is_socket(int fd);
int socket_type(int fd);
int socket_domain(int fd);
bool is_listener(int fd);

/* Is it a UDP socket, or a TCP one, over IPv4 or IPv6? */
bool is_udp(int fd);
bool is_tcp(int fd);

/* Bytes that wait in a pipe, and whether that end is non-blocking. */
int unread(int fd);
bool is_nonblocking(int fd);

/* Is it a pipe opened with that access mode, O_RDONLY or O_WRONLY?  FreeBSD's pipe(2) gives O_RDWR.
 */
bool has_mode(int fd, int mode);

/*
 * Hold a signal back in this thread; let go of it again.  What came meanwhile is
 * kept, or thrown away: true if there was something to throw away.  Leaves errno.
 */
void hold_signal(int signal, sigset_t *before);
bool release_signal(int signal, const sigset_t *before, bool keep);

/* Set errno; -1. */
int failure(int error);

/* poll one descriptor now: its revents. */
short readiness(int fd, short events);

#endif
