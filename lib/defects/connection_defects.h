/*
 * What the defects of connections ask about a name or a socket of the UNIX domain.
 */

#ifndef PL_CONNECTION_DEFECTS_H
#define PL_CONNECTION_DEFECTS_H

#include <sys/un.h>

#include <string.h>

#include "defects.h"

enum {
	OFFSET = offsetof(struct sockaddr_un, sun_path),
	ROOM = sizeof(struct sockaddr_un) - OFFSET
};

/* A path, with a NUL whatever its length. */
struct path {
	char text[ROOM + 8];
};

static inline bool
is_unix(const struct sockaddr *name, socklen_t size)
{
	return (name != NULL && size >= OFFSET && name->sa_family == AF_UNIX);
}

/* Is it an address with a path; and that path. */
static inline bool
get_path(const struct sockaddr *name, socklen_t size, struct path *path)
{
	memset(path, 0, sizeof(*path));
	if (!is_unix(name, size) || size <= OFFSET || size > sizeof(struct sockaddr_un))
		return (false);
	memcpy(path->text, (const char *)name + OFFSET, size - OFFSET);
	return (path->text[0] != '\0');
}

/* Is it an abstract name of more than a NUL? */
static inline bool
is_abstract(const struct sockaddr *name, socklen_t size)
{
	return (is_unix(name, size) && size > OFFSET + 1 && size <= sizeof(struct sockaddr_un) &&
	    ((const struct sockaddr_un *)(const void *)name)->sun_path[0] == '\0');
}

/* The mode of that file, 0 if there is none; errno stays. */
static inline mode_t
mode_of(const char *path)
{
	struct stat st;
	int error = errno;
	mode_t mode = real.lstat(path, &st) == 0 ? st.st_mode : 0;

	errno = error;
	return (mode);
}

static inline bool
is_connected(int fd)
{
	struct sockaddr_un un;
	socklen_t size = sizeof(un);
	int error = errno;
	bool answer =
	    is_socket(fd) && real.getpeername(fd, (struct sockaddr *)(void *)&un, &size) == 0;

	errno = error;
	return (answer);
}

static inline bool
is_listening(int fd)
{
	int error = errno, on = 0;
	socklen_t size = sizeof(on);
	bool answer = is_socket(fd) &&
	    real.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on != 0;

	errno = error;
	return (answer);
}

/* Has the socket a name; errno stays. */
static inline bool
is_named(int fd)
{
	struct sockaddr_un un;
	socklen_t size = sizeof(un);
	int error = errno;
	bool answer = real.getsockname(fd, (struct sockaddr *)(void *)&un, &size) == 0 &&
	    un.sun_family == AF_UNIX && size > OFFSET;

	errno = error;
	return (answer);
}

/* connect: which errno becomes which, or success (0), for addresses of the UNIX domain. */
static inline int
connect_instead(int fd, const struct sockaddr *name, socklen_t size, int error, int other)
{
	int result = real.connect(fd, name, size);

	if (result == 0 || errno != error || !is_unix(name, size))
		return (result);
	return (other == 0 ? 0 : failure(other));
}

/* Has the peer gone? */
static inline bool
has_hung_up(int fd)
{
	return (is_socket(fd) && (readiness(fd, 0) & POLLHUP) != 0);
}

#endif
