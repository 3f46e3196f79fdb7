/*
 * Kernels that are wrong about what the ends of connections in the UNIX domain
 * are called, and about abstract names.
 */

#include "connection_defects.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int
nameless(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_unix(name, *size) && *size > OFFSET)
		*size = OFFSET;
	return (result);
}
DEFECT(getsockname-unix-has-no-names, .getsockname = nameless);

static int
without_dot(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	struct path path;

	if (result == 0 && get_path(name, *size, &path) && strncmp(path.text, "./", 2) == 0) {
		memmove((char *)name + OFFSET, path.text + 2, strlen(path.text + 2) + 1);
		*size -= 2;
	}
	return (result);
}
DEFECT(getsockname-tidies-the-path, .getsockname = without_dot);

static int
follows_file(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	struct path path;

	if (result == 0 && get_path(name, *size, &path) && mode_of(path.text) == 0)
		*size = OFFSET;
	return (result);
}
DEFECT(getsockname-forgets-an-unlinked-path, .getsockname = follows_file);

static int
whole_structure(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t room = *size;
	int result = real.getsockname(fd, name, size);
	struct path path;

	if (result == 0 && room >= sizeof(struct sockaddr_un) && get_path(name, *size, &path) &&
	    *size <= sizeof(struct sockaddr_un))
		*size = sizeof(struct sockaddr_un);
	return (result);
}
DEFECT(getsockname-tells-the-size-of-the-structure, .getsockname = whole_structure);

static int
one_less(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);
	struct path path;

	if (result == 0 && get_path(name, *size, &path))
		*size -= 1;
	return (result);
}
DEFECT(getsockname-leaves-the-nul-out, .getsockname = one_less);

static int
unnamed_garbage(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t room = *size;
	int result = real.getsockname(fd, name, size);

	if (result == 0 && room >= 16 && is_unix(name, *size) && *size == OFFSET) {
		memset((char *)name + OFFSET, 0xaa, 14);
		*size = 16;
	}
	return (result);
}
DEFECT(getsockname-gives-garbage-for-no-name, .getsockname = unnamed_garbage);

static int
unnamed_peer_is_none(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getpeername(fd, name, size);

	return (
	    result == 0 && is_unix(name, *size) && *size == OFFSET ? failure(ENOTCONN) : result);
}
DEFECT(getpeername-without-name-is-enotconn, .getpeername = unnamed_peer_is_none);

/* Give it a name of the kernel's choice, if it has none. */
static void
name_it(int fd)
{
	const struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (!is_named(fd))
		real.bind(fd, (const struct sockaddr *)(const void *)&un, OFFSET);
}

static int
connect_names(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_unix(name, size) && is_socket(fd))
		name_it(fd);
	return (real.connect(fd, name, size));
}
DEFECT(connect-gives-a-unix-name, .connect = connect_names);

static ssize_t
send_names(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if (is_unix(name, length) && is_socket(fd))
		name_it(fd);
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(sendto-gives-a-unix-name, .sendto = send_names);

static int
nameless_peer(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getpeername(fd, name, size);

	if (result == 0 && is_unix(name, *size) && *size > OFFSET)
		*size = OFFSET;
	return (result);
}
DEFECT(getpeername-unix-has-no-names, .getpeername = nameless_peer);

static int
own_name(int fd, struct sockaddr *name, socklen_t *size)
{
	struct sockaddr_un un;
	socklen_t room = sizeof(un);

	if (socket_type(fd) == SOCK_DGRAM &&
	    real.getpeername(fd, (struct sockaddr *)(void *)&un, &room) == 0 &&
	    un.sun_family == AF_UNIX)
		return (real.getsockname(fd, name, size));
	return (real.getpeername(fd, name, size));
}
DEFECT(getpeername-of-datagrams-is-the-own-name, .getpeername = own_name);

static int
no_datagram_peer(int fd, struct sockaddr *name, socklen_t *size)
{
	return (
	    socket_type(fd) == SOCK_DGRAM ? failure(ENOTCONN) : real.getpeername(fd, name, size));
}
DEFECT(getpeername-of-datagrams-is-enotconn, .getpeername = no_datagram_peer);

static int
listeners_name(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t room = size != NULL ? *size : 0;
	int made = real.accept(fd, name, size);

	if (made != -1 && name != NULL) {
		*size = room;
		real.getsockname(fd, name, size);
	}
	return (made);
}
DEFECT(accept-tells-the-listeners-name, .accept = listeners_name);

static int
length_left(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t room = size != NULL ? *size : 0;
	int made = real.accept(fd, name, size);

	if (made != -1 && name != NULL && is_unix(name, *size) && *size == OFFSET)
		*size = room;
	return (made);
}
DEFECT(accept-leaves-the-length-for-no-name, .accept = length_left);

static int
accepted_is_unnamed(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_unix(name, *size) && *size > OFFSET && is_connected(fd) &&
	    socket_type(fd) != SOCK_DGRAM)
		*size = OFFSET;
	return (result);
}
DEFECT(accepted-socket-is-unnamed, .getsockname = accepted_is_unnamed);

static int
closed_peer_is_none(int fd, struct sockaddr *name, socklen_t *size)
{
	return (has_hung_up(fd) ? failure(ENOTCONN) : real.getpeername(fd, name, size));
}
DEFECT(getpeername-forgets-a-closed-peer, .getpeername = closed_peer_is_none);

/* A name that is longer than the room for it. */
static int
beyond_room(int (*call)(int, struct sockaddr *, socklen_t *), int fd, struct sockaddr *name,
    socklen_t *size)
{
	struct sockaddr_un un;
	socklen_t room = *size, whole = sizeof(un);
	int result = call(fd, (struct sockaddr *)(void *)&un, &whole);

	if (result == -1 || un.sun_family != AF_UNIX || room >= whole || room < OFFSET)
		return (call(fd, name, size));
	memcpy(name, &un, room + 1);
	*size = whole;
	return (0);
}

static int
sockname_beyond(int fd, struct sockaddr *name, socklen_t *size)
{
	return (beyond_room(real.getsockname, fd, name, size));
}
DEFECT(getsockname-writes-beyond-its-room, .getsockname = sockname_beyond);

static int
peername_beyond(int fd, struct sockaddr *name, socklen_t *size)
{
	return (beyond_room(real.getpeername, fd, name, size));
}
DEFECT(getpeername-writes-beyond-its-room, .getpeername = peername_beyond);

static int
stored_length(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t room = size != NULL ? *size : 0;
	int made = real.accept(fd, name, size);

	if (made != -1 && name != NULL && *size > room)
		*size = room;
	return (made);
}
DEFECT(accept-tells-the-stored-length, .accept = stored_length);

static int
terminated(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_unix(name, *size) && *size > sizeof(struct sockaddr_un))
		((char *)name)[sizeof(struct sockaddr_un) - 1] = '\0';
	return (result);
}
DEFECT(getsockname-ends-a-full-path, .getsockname = terminated);

/* Abstract names */

static int
bind_makes_file(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	if (result == 0 && is_abstract(name, size))
		real.close(real.open("abstract", O_WRONLY | O_CREAT, 0600));
	return (result);
}
DEFECT(abstract-name-has-a-file, .bind = bind_makes_file);

/* The length without NULs at the end. */
static socklen_t
without_nuls(const struct sockaddr *name, socklen_t size)
{
	if (is_abstract(name, size))
		while (size > OFFSET + 1 && ((const char *)name)[size - 1] == '\0')
			size--;
	return (size);
}

static int
bind_without_nuls(int fd, const struct sockaddr *name, socklen_t size)
{
	return (real.bind(fd, name, without_nuls(name, size)));
}

static int
connect_without_nuls(int fd, const struct sockaddr *name, socklen_t size)
{
	return (real.connect(fd, name, without_nuls(name, size)));
}
DEFECT(abstract-name-ends-before-nuls, .bind = bind_without_nuls, .connect = connect_without_nuls);

static int
cut_at_nul(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_abstract(name, *size))
		*size = (socklen_t)(OFFSET + 1 +
		    strnlen((const char *)name + OFFSET + 1, *size - OFFSET - 1));
	return (result);
}
DEFECT(abstract-name-is-cut-at-a-nul, .getsockname = cut_at_nul);

static int
bind_shared(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (result == -1 && errno == EADDRINUSE && is_abstract(name, size) ? 0 : result);
}
DEFECT(abstract-name-is-shared, .bind = bind_shared);

static int
bind_one_type(int fd, const struct sockaddr *name, socklen_t size)
{
	static struct sockaddr_un taken;
	static socklen_t length;
	static int type;
	int result;

	if (!is_abstract(name, size))
		return (real.bind(fd, name, size));
	if (length == size && memcmp(&taken, name, size) == 0 && socket_type(fd) != type)
		return (failure(EADDRINUSE));
	result = real.bind(fd, name, size);
	if (result == 0) {
		memcpy(&taken, name, size);
		length = size;
		type = socket_type(fd);
	}
	return (result);
}
DEFECT(abstract-name-is-for-one-type, .bind = bind_one_type);

static int
close_keeps_name(int fd)
{
	if (is_listening(fd))
		(void)real.dup(fd);
	return (real.close(fd));
}
DEFECT(abstract-name-stays-after-close, .close = close_keeps_name);

static int
close_ends_name(int fd)
{
	if (is_listening(fd))
		real.shutdown(fd, SHUT_RDWR);
	return (real.close(fd));
}
DEFECT(abstract-name-goes-at-first-close, .close = close_ends_name);

static int
umask_counts(int fd, const struct sockaddr *name, socklen_t size)
{
	mode_t mask = umask(0);

	umask(mask);
	return (is_abstract(name, size) && (mask & 0200) != 0 ? failure(EACCES)
							      : real.connect(fd, name, size));
}
DEFECT(abstract-name-obeys-umask, .connect = umask_counts);

/* A name of five digits that the kernel chose. */
static bool
is_chosen(const struct sockaddr *name, socklen_t size)
{
	return (is_abstract(name, size) && size == OFFSET + 6);
}

static int
always_the_same(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_chosen(name, *size))
		memcpy((char *)name + OFFSET + 1, "00000", 5);
	return (result);
}
DEFECT(autobind-gives-one-name-to-all, .getsockname = always_the_same);

static int
capital_digits(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_chosen(name, *size))
		((char *)name)[OFFSET + 1] = 'A';
	return (result);
}
DEFECT(autobind-has-capital-digits, .getsockname = capital_digits);

static int
eight_digits(int fd, const struct sockaddr *name, socklen_t size)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (!is_unix(name, size) || size != OFFSET)
		return (real.bind(fd, name, size));
	snprintf(un.sun_path + 1, sizeof(un.sun_path) - 1, "%05x%03x", (unsigned)getpid() & 0xfffff,
	    (unsigned)fd & 0xfff);
	return (real.bind(fd, (struct sockaddr *)(void *)&un, OFFSET + 1 + 8));
}
DEFECT(autobind-has-eight-digits, .bind = eight_digits);

static int
seen_everywhere(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == -1 && errno == ECONNREFUSED && is_abstract(name, size) ? 0 : result);
}
DEFECT(abstract-name-is-seen-everywhere, .connect = seen_everywhere);
