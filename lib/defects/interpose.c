#include "defects.h"

#include <sys/ioctl.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct defect_calls real;

/* The calls as the program gets them: real, or replaced by the chosen defect. */
static struct defect_calls now;

static struct defect *defects;

void
defect_register(struct defect *d)
{
	d->next = defects;
	defects = d;
}

/* Find the calls of libc.  Other constructors may call before ours would run. */
static void
resolve(void)
{
#define RESOLVE(result, name, parameters, arguments)    \
	*(void **)&real.name = dlsym(RTLD_NEXT, #name); \
	now.name = real.name;
	DEFECT_CALLS(RESOLVE)
	DEFECT_OPTIONAL_CALLS(RESOLVE)
}

#define ENSURE(name)          \
	if (now.name == NULL) \
		resolve();

#define DEFINE(result, name, parameters, arguments) \
	result name parameters                      \
	{                                           \
		ENSURE(name)                        \
		return (now.name arguments);        \
	}
DEFECT_CALLS(DEFINE)

/* The last argument of a call that may lack it, as wide as any is. */
#define LAST(value, last, type)              \
	do {                                 \
		va_list ap_;                 \
                                             \
		va_start(ap_, last);         \
		(value) = va_arg(ap_, type); \
		va_end(ap_);                 \
	} while (0)

int
open(const char *path, int flags, ...)
{
	int mode = 0;

	ENSURE(open)
	if (flags & O_CREAT)
		LAST(mode, flags, int);
	return (now.open(path, flags, mode));
}

int
openat(int at, const char *path, int flags, ...)
{
	int mode = 0;

	ENSURE(openat)
	if (flags & O_CREAT)
		LAST(mode, flags, int);
	return (now.openat(at, path, flags, mode));
}

int
fcntl(int fd, int command, ...)
{
	long argument;

	ENSURE(fcntl)
	LAST(argument, command, long);
	return (now.fcntl(fd, command, argument));
}

int
ioctl(int fd, unsigned long request, ...)
{
	void *argument;

	ENSURE(ioctl)
	LAST(argument, request, void *);
	return (now.ioctl(fd, request, argument));
}

#if __has_include(<sys/sendfile.h>)
ssize_t
sendfile(int out, int in, off_t *offset, size_t count)
{
	ENSURE(sendfile)
	return (now.sendfile(out, in, offset, count));
}
#endif

/* A case's body begins (1) or ends (0). */
void plumbline_defect_switch(int on);

void
plumbline_defect_switch(int on)
{
	const char *name = getenv("PLUMBLINE_DEFECT");
	const struct defect *d = defects;

	resolve();
	if (!on || name == NULL || *name == '\0')
		return;
	while (d != NULL && strcmp(d->name, name) != 0)
		d = d->next;
	if (d == NULL) {
		fprintf(stderr, "no defect is called \"%s\"\n", name);
		_exit(EXIT_FAILURE);
	}
#define REPLACE(result, name, parameters, arguments) \
	if (d->calls.name != NULL)                   \
		now.name = d->calls.name;
	DEFECT_CALLS(REPLACE)
	DEFECT_OPTIONAL_CALLS(REPLACE)
}

/* What defects ask about a descriptor; none of it changes errno */

bool
is_pipe(int fd)
{
	struct stat st;
	int error = errno;
	bool answer = real.fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);

	errno = error;
	return (answer);
}

bool
is_fifo(int fd)
{
	struct stat named, anonymous;
	int error = errno;
	int fds[2];
	bool answer = false;

	/* An anonymous pipe lives on the same device as any other one. */
	if (is_pipe(fd) && real.fstat(fd, &named) == 0 && real.pipe(fds) == 0) {
		answer = real.fstat(fds[0], &anonymous) == 0 && named.st_dev != anonymous.st_dev;
		real.close(fds[0]);
		real.close(fds[1]);
	}
	errno = error;
	return (answer);
}

bool
has_mode(int fd, int mode)
{
	int error = errno;
	bool answer = is_pipe(fd) && (real.fcntl(fd, F_GETFL, 0) & O_ACCMODE) == mode;

	errno = error;
	return (answer);
}

bool
is_socket(int fd)
{
	struct stat st;
	int error = errno;
	bool answer = real.fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);

	errno = error;
	return (answer);
}

/* The value of such an option, an int; 0 if it has none. */
static int
socket_option(int fd, int name)
{
	int error = errno, value = 0;
	socklen_t size = sizeof(value);

	if (!is_socket(fd) || real.getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0)
		value = 0;
	errno = error;
	return (value);
}

int
socket_type(int fd)
{
	return (socket_option(fd, SO_TYPE));
}

int
socket_domain(int fd)
{
	return (socket_option(fd, SO_DOMAIN));
}

bool
is_listener(int fd)
{
	return (socket_option(fd, SO_ACCEPTCONN) != 0);
}

static bool
is_inet(int fd, int type)
{
	int domain = socket_type(fd) == type ? socket_domain(fd) : 0;

	return (domain == AF_INET || domain == AF_INET6);
}

bool
is_udp(int fd)
{
	return (is_inet(fd, SOCK_DGRAM));
}

bool
is_tcp(int fd)
{
	return (is_inet(fd, SOCK_STREAM));
}

int
unread(int fd)
{
	int error = errno, count = 0;

	if (real.ioctl(fd, FIONREAD, &count) == -1)
		count = 0;
	errno = error;
	return (count);
}

bool
is_nonblocking(int fd)
{
	int error = errno, flags = real.fcntl(fd, F_GETFL, 0);

	errno = error;
	return (flags != -1 && (flags & O_NONBLOCK) != 0);
}

int
failure(int error)
{
	errno = error;
	return (-1);
}

short
readiness(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };
	int error = errno;

	real.poll(&entry, 1, 0);
	errno = error;
	return (entry.revents);
}

void
hold_signal(int signal, sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(SIG_BLOCK, &set, before);
}

bool
release_signal(int signal, const sigset_t *before, bool keep)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;
	int error = errno;
	bool came = false;

	sigemptyset(&set);
	sigaddset(&set, signal);
	if (!keep)
		came = sigtimedwait(&set, NULL, &now) == signal;
	pthread_sigmask(SIG_SETMASK, before, NULL);
	errno = error;
	return (came);
}
