/*
 * Kernels that are wrong about the names of the UNIX domain: what a name is,
 * the file that bind makes of it, and whom it leads to.
 */

#include "defects.h"

#include <sys/un.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	OFFSET = offsetof(struct sockaddr_un, sun_path),
	ROOM = sizeof(struct sockaddr_un) - OFFSET
};

/* A path, with a NUL whatever its length. */
struct path {
	char text[ROOM + 8];
};

/* Is it an address with a path; and that path. */
static bool
get_path(const struct sockaddr *name, socklen_t size, struct path *path)
{
	memset(path, 0, sizeof(*path));
	if (size <= OFFSET || size > sizeof(struct sockaddr_un) || name->sa_family != AF_UNIX)
		return (false);
	memcpy(path->text, (const char *)name + OFFSET, size - OFFSET);
	return (path->text[0] != '\0');
}

/* The type of the file of that name itself, 0 if there is none; errno stays. */
static mode_t
type_of(const char *path)
{
	struct stat st;
	int error = errno;
	mode_t type = real.lstat(path, &st) == 0 ? st.st_mode & S_IFMT : 0;

	errno = error;
	return (type);
}

static bool
is_socket_file(const char *path)
{
	return (type_of(path) == S_IFSOCK);
}

/* The path a socket is bound to; errno stays. */
static bool
bound_path(int fd, struct path *path)
{
	struct sockaddr_un un;
	socklen_t size = sizeof(un);
	int error = errno;
	bool answer = is_socket(fd) && real.getsockname(fd, (struct sockaddr *)&un, &size) == 0 &&
	    get_path((struct sockaddr *)&un, size, path);

	errno = error;
	return (answer);
}

/* Bind to, or connect to, a path that is another one than the program's. */
static int
with_path(int (*call)(int, const struct sockaddr *, socklen_t), int fd, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, path, strnlen(path, ROOM));
	return (call(fd, (struct sockaddr *)&un, sizeof(un)));
}

/* Which errno becomes which. */
static int
bind_instead(int fd, const struct sockaddr *name, socklen_t size, int error, int other)
{
	int result = real.bind(fd, name, size);

	return (result == -1 && errno == error && is_socket(fd) ? failure(other) : result);
}

/* Sorts of sockets, and pairs */

static int
no_seqpacket(int domain, int type, int protocol)
{
	return (domain == AF_UNIX && type == SOCK_SEQPACKET ? failure(EPROTONOSUPPORT)
							    : real.socket(domain, type, protocol));
}
DEFECT(unix-lacks-seqpacket, .socket = no_seqpacket);

static int
rdm_as_dgram(int domain, int type, int protocol)
{
	return (real.socket(
	    domain, domain == AF_UNIX && type == SOCK_RDM ? SOCK_DGRAM : type, protocol));
}
DEFECT(unix-rdm-becomes-dgram, .socket = rdm_as_dgram);

/* The second end of a pair of that type cannot write. */
static int
pair_one_way(int domain, int type, int protocol, int fd[2], int wanted)
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0 && type == wanted)
		real.shutdown(fd[1], SHUT_WR);
	return (result);
}

static int
stream_pair_one_way(int domain, int type, int protocol, int fd[2])
{
	return (pair_one_way(domain, type, protocol, fd, SOCK_STREAM));
}
DEFECT(socketpair-stream-is-one-way, .socketpair = stream_pair_one_way);

static int
dgram_pair_one_way(int domain, int type, int protocol, int fd[2])
{
	return (pair_one_way(domain, type, protocol, fd, SOCK_DGRAM));
}
DEFECT(socketpair-dgram-is-one-way, .socketpair = dgram_pair_one_way);

static int
seqpacket_unconnected(int domain, int type, int protocol, int fd[2])
{
	if (type != SOCK_SEQPACKET)
		return (real.socketpair(domain, type, protocol, fd));
	fd[0] = real.socket(domain, type, protocol);
	fd[1] = real.socket(domain, type, protocol);
	return (0);
}
DEFECT(socketpair-seqpacket-unconnected, .socketpair = seqpacket_unconnected);

/* Data comes back to the end that wrote it. */
static ssize_t
write_to_self(int fd, const void *buffer, size_t size)
{
	struct stat st;
	int other = fd;

	if (socket_type(fd) != SOCK_STREAM)
		return (real.write(fd, buffer, size));
	for (int i = fd - 1; i <= fd + 1; i += 2)
		if (real.fstat(i, &st) == 0 && S_ISSOCK(st.st_mode))
			other = i;
	return (real.write(other, buffer, size));
}
DEFECT(socketpair-echoes, .write = write_to_self);

static int
cloexec_first_only(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0 && (type & SOCK_CLOEXEC) != 0)
		real.fcntl(fd[1], F_SETFD, 0);
	return (result);
}
DEFECT(socketpair-cloexec-on-first-only, .socketpair = cloexec_first_only);

static int
cloexec_means_nonblock(int domain, int type, int protocol, int fd[2])
{
	return (real.socketpair(
	    domain, type & SOCK_CLOEXEC ? type | SOCK_NONBLOCK : type, protocol, fd));
}
DEFECT(socketpair-cloexec-sets-nonblock, .socketpair = cloexec_means_nonblock);

static int
nonblock_first_only(int domain, int type, int protocol, int fd[2])
{
	int result = real.socketpair(domain, type, protocol, fd);

	if (result == 0 && (type & SOCK_NONBLOCK) != 0)
		real.fcntl(fd[1], F_SETFL, 0);
	return (result);
}
DEFECT(socketpair-nonblock-on-first-only, .socketpair = nonblock_first_only);

/* Where a name ends */

static int
bind_cut(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && strlen(path.text) == ROOM)
		size--;
	return (real.bind(fd, name, size));
}
DEFECT(bind-full-path-loses-last-byte, .bind = bind_cut);

static socklen_t
at_most_a_structure(int fd, socklen_t size)
{
	return (is_socket(fd) && size == sizeof(struct sockaddr_un) + 1 ? size - 1 : size);
}

static int
bind_longer(int fd, const struct sockaddr *name, socklen_t size)
{
	return (real.bind(fd, name, at_most_a_structure(fd, size)));
}
DEFECT(bind-length-off-by-one, .bind = bind_longer);

static int
connect_longer(int fd, const struct sockaddr *name, socklen_t size)
{
	return (real.connect(fd, name, at_most_a_structure(fd, size)));
}
DEFECT(connect-length-off-by-one, .connect = connect_longer);

static int
bind_nothing(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_socket(fd) && size == OFFSET ? 0 : real.bind(fd, name, size));
}
DEFECT(bind-zero-length-does-nothing, .bind = bind_nothing);

static int
connect_nowhere(int fd, const struct sockaddr *name, socklen_t size)
{
	return (
	    is_socket(fd) && size == OFFSET ? failure(ECONNREFUSED) : real.connect(fd, name, size));
}
DEFECT(connect-zero-length-as-econnrefused, .connect = connect_nowhere);

static int
bind_empty_as_directory(int fd, const struct sockaddr *name, socklen_t size)
{
	bool empty = size == sizeof(struct sockaddr_un) && ((const char *)name)[OFFSET] == '\0';

	return (empty ? with_path(real.bind, fd, ".") : real.bind(fd, name, size));
}
DEFECT(bind-empty-path-is-the-directory, .bind = bind_empty_as_directory);

/* The call with the family put right. */
static int
any_family(int (*call)(int, const struct sockaddr *, socklen_t), int fd,
    const struct sockaddr *name, socklen_t size)
{
	struct sockaddr_storage copy;

	memset(&copy, 0, sizeof(copy));
	memcpy(&copy, name, size < sizeof(copy) ? size : sizeof(copy));
	copy.ss_family = AF_UNIX;
	return (call(fd, (struct sockaddr *)&copy, size));
}

static int
bind_any_family(int fd, const struct sockaddr *name, socklen_t size)
{
	return (any_family(real.bind, fd, name, size));
}
DEFECT(bind-ignores-the-family, .bind = bind_any_family);

static int
connect_any_family(int fd, const struct sockaddr *name, socklen_t size)
{
	return (any_family(real.connect, fd, name, size));
}
DEFECT(connect-ignores-the-family, .connect = connect_any_family);

static int
bind_without_length(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_socket(fd) && size > OFFSET
		? with_path(real.bind, fd, (const char *)name + OFFSET)
		: real.bind(fd, name, size));
}
DEFECT(bind-ignores-the-length, .bind = bind_without_length);

static int
bind_beyond_nul(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && size == sizeof(struct sockaddr_un) &&
	    strlen(path.text) + 1 < ROOM && path.text[strlen(path.text) + 1] != '\0') {
		path.text[strlen(path.text)] = '_';
		return (with_path(real.bind, fd, path.text));
	}
	return (real.bind(fd, name, size));
}
DEFECT(bind-reads-beyond-the-nul, .bind = bind_beyond_nul);

static int
bind_no_magic_link(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	return (get_path(name, size, &path) && strncmp(path.text, "/proc/self/fd/", 14) == 0
		? failure(ENOTDIR)
		: real.bind(fd, name, size));
}
DEFECT(bind-does-not-follow-descriptor-links, .bind = bind_no_magic_link);

static int
getsockname_cut(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_socket(fd) && *size >= sizeof(struct sockaddr_un))
		((char *)name)[sizeof(struct sockaddr_un) - 1] = '\0';
	return (result);
}
DEFECT(getsockname-cuts-a-full-path, .getsockname = getsockname_cut);

/* The file */

static int
bind_fifo(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	int result = real.bind(fd, name, size);

	if (result == 0 && get_path(name, size, &path)) {
		real.unlink(path.text);
		real.mkfifo(path.text, 0777);
	}
	return (result);
}
DEFECT(bind-makes-a-fifo, .bind = bind_fifo);

/* bind under another umask. */
static int
bind_masked(int fd, const struct sockaddr *name, socklen_t size, mode_t set, mode_t clear)
{
	mode_t mask = umask(0);
	int result;

	umask((mask & ~clear) | set);
	result = real.bind(fd, name, size);
	umask(mask);
	return (result);
}

static int
bind_unmasked(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_masked(fd, name, size, 0, 0777));
}
DEFECT(bind-ignores-the-umask, .bind = bind_unmasked);

static int
bind_not_executable(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_masked(fd, name, size, 0111, 0));
}
DEFECT(bind-file-begins-with-0666, .bind = bind_not_executable);

static int
lstat_other_owner(const char *path, struct stat *st)
{
	int result = real.lstat(path, st);

	if (result == 0 && S_ISSOCK(st->st_mode))
		st->st_uid = st->st_uid == 0 ? 1 : 0;
	return (result);
}
DEFECT(bind-file-has-another-owner, .lstat = lstat_other_owner);

static int
lstat_group_zero(const char *path, struct stat *st)
{
	int result = real.lstat(path, st);

	if (result == 0 && S_ISSOCK(st->st_mode))
		st->st_gid = 0;
	return (result);
}
DEFECT(bind-file-has-group-zero, .lstat = lstat_group_zero);

/* Names that are taken */

/* On EADDRINUSE, and if the caller agrees, remove what is there and bind. */
static int
bind_over(int fd, const struct sockaddr *name, socklen_t size, mode_t type, bool agreed)
{
	struct path path;
	int result = real.bind(fd, name, size);

	if (result == -1 && errno == EADDRINUSE && agreed && get_path(name, size, &path) &&
	    type_of(path.text) == type) {
		real.unlink(path.text);
		return (real.bind(fd, name, size));
	}
	return (result);
}

static int
bind_steals(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_over(fd, name, size, S_IFSOCK, socket_type(fd) == SOCK_DGRAM));
}
DEFECT(bind-dgram-steals-a-name, .bind = bind_steals);

static int
bind_reuses(int fd, const struct sockaddr *name, socklen_t size)
{
	int reuse = 0;
	socklen_t length = sizeof(reuse);

	real.getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, &length);
	return (bind_over(fd, name, size, S_IFSOCK, reuse != 0));
}
DEFECT(bind-reuseaddr-takes-a-stale-name, .bind = bind_reuses);

static int
bind_replaces_file(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_over(fd, name, size, S_IFREG, true));
}
DEFECT(bind-replaces-a-regular-file, .bind = bind_replaces_file);

static int
bind_truncates(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	int result = real.bind(fd, name, size), error = errno;

	if (result == -1 && error == EADDRINUSE && get_path(name, size, &path) &&
	    type_of(path.text) == S_IFREG)
		result = real.truncate(path.text, 0) == 0 ? -1 : result;
	errno = error;
	return (result);
}
DEFECT(bind-truncates-the-file-it-refuses, .bind = bind_truncates);

static int
bind_taken_as_eexist(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_instead(fd, name, size, EADDRINUSE, EEXIST));
}
DEFECT(bind-eaddrinuse-as-eexist, .bind = bind_taken_as_eexist);

static int
bind_follows(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	char target[ROOM] = "";
	int error;
	int result = real.bind(fd, name, size);

	if (result == 0 || errno != EADDRINUSE || !get_path(name, size, &path))
		return (result);
	error = errno;
	if (real.readlink(path.text, target, sizeof(target) - 1) > 0)
		return (with_path(real.bind, fd, target));
	return (failure(error));
}
DEFECT(bind-follows-a-dangling-link, .bind = bind_follows);

static int
close_removes(int fd)
{
	struct path path;

	if (bound_path(fd, &path))
		real.unlink(path.text);
	return (real.close(fd));
}
DEFECT(close-removes-the-name, .close = close_removes);

/* The name of the last socket file that was removed. */
static struct path removed;

static int
unlink_remembered(const char *path)
{
	if (is_socket_file(path))
		snprintf(removed.text, sizeof(removed.text), "%s", path);
	return (real.unlink(path));
}

static int
bind_reserved(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	return (get_path(name, size, &path) && strcmp(path.text, removed.text) == 0
		? failure(EADDRINUSE)
		: real.bind(fd, name, size));
}
DEFECT(unlink-keeps-the-name-reserved, .unlink = unlink_remembered, .bind = bind_reserved);

static int
connect_stale(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	return (get_path(name, size, &path) && strcmp(path.text, removed.text) == 0 &&
		    is_socket_file(path.text)
		? failure(ECONNREFUSED)
		: real.connect(fd, name, size));
}
DEFECT(connect-remembers-a-removed-name, .unlink = unlink_remembered, .connect = connect_stale);

/* A socket that has a name, or had its chance */

static int
bind_file_first(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	int result = real.bind(fd, name, size);

	if (result == -1 && errno == EINVAL && get_path(name, size, &path)) {
		real.mknod(path.text, S_IFSOCK | 0755, 0);
		errno = EINVAL;
	}
	return (result);
}
DEFECT(bind-second-makes-a-file, .bind = bind_file_first);

static int
bind_again(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (result == -1 && errno == EINVAL && size > OFFSET &&
		    size <= sizeof(struct sockaddr_un) && name->sa_family == AF_UNIX
		? 0
		: result);
}
DEFECT(bind-second-is-a-no-op, .bind = bind_again);

/* The inode of the last socket whose bind failed. */
static ino_t spoiled;

static int
bind_once(int fd, const struct sockaddr *name, socklen_t size)
{
	struct stat st;
	int result, error;

	if (!is_socket(fd))
		return (real.bind(fd, name, size));
	real.fstat(fd, &st);
	if (st.st_ino == spoiled)
		return (failure(EALREADY));
	result = real.bind(fd, name, size);
	error = errno;
	if (result == -1)
		spoiled = st.st_ino;
	errno = error;
	return (result);
}
DEFECT(bind-failure-spoils-the-socket, .bind = bind_once);

/* Names that are refused */

static int
bind_makes_directory(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	char *slash;
	int result = real.bind(fd, name, size);

	if (result == -1 && errno == ENOENT && get_path(name, size, &path) &&
	    (slash = strchr(path.text, '/')) != NULL) {
		*slash = '\0';
		mkdir(path.text, 0700);
		errno = ENOENT;
	}
	return (result);
}
DEFECT(bind-makes-the-missing-directory, .bind = bind_makes_directory);

static int
bind_enoent_as_einval(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_instead(fd, name, size, ENOENT, EINVAL));
}
DEFECT(bind-enoent-as-einval, .bind = bind_enoent_as_einval);

static int
bind_enotdir_as_enoent(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_instead(fd, name, size, ENOTDIR, ENOENT));
}
DEFECT(bind-enotdir-as-enoent, .bind = bind_enotdir_as_enoent);

static int
bind_eloop_as_enametoolong(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_instead(fd, name, size, ELOOP, ENAMETOOLONG));
}
DEFECT(bind-eloop-as-enametoolong, .bind = bind_eloop_as_enametoolong);

static int
bind_cuts_component(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_instead(fd, name, size, ENAMETOOLONG, ENOENT));
}
DEFECT(bind-cuts-a-long-component, .bind = bind_cuts_component);

static int
bind_eacces_as_eperm(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_instead(fd, name, size, EACCES, EPERM));
}
DEFECT(bind-eacces-as-eperm, .bind = bind_eacces_as_eperm);

/* Nobody looks whether the directory that gets the name may be written. */
static int
bind_unasked(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	char *slash;
	struct stat st;
	int result = real.bind(fd, name, size);

	if (result == -1 && errno == EACCES && get_path(name, size, &path) &&
	    (slash = strrchr(path.text, '/')) != NULL) {
		*slash = '\0';
		if (real.stat(path.text, &st) != 0)
			return (failure(EACCES));
		chmod(path.text, 0700);
		result = real.bind(fd, name, size);
		chmod(path.text, st.st_mode & 07777);
	}
	return (result);
}
DEFECT(bind-in-an-unwritable-directory, .bind = bind_unasked);

static int
bind_erofs_as_eacces(int fd, const struct sockaddr *name, socklen_t size)
{
	return (bind_instead(fd, name, size, EROFS, EACCES));
}
DEFECT(bind-erofs-as-eacces, .bind = bind_erofs_as_eacces);

static int
bind_root(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	return (get_path(name, size, &path) && strcmp(path.text, "/") == 0
		? failure(ENOENT)
		: real.bind(fd, name, size));
}
DEFECT(bind-to-root-as-enoent, .bind = bind_root);

static int
bind_strips_slash(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	size_t n;

	if (!get_path(name, size, &path) || (n = strlen(path.text)) < 2 || path.text[n - 1] != '/')
		return (real.bind(fd, name, size));
	path.text[n - 1] = '\0';
	return (with_path(real.bind, fd, path.text));
}
DEFECT(bind-strips-a-trailing-slash, .bind = bind_strips_slash);

/* Whom a name leads to */

/* As if the working directory were still the one above. */
static int
connect_from_above(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path, above;
	int result = real.connect(fd, name, size);

	if (result == -1 && errno == ENOENT && get_path(name, size, &path)) {
		snprintf(above.text, sizeof(above.text), "../%.100s", path.text);
		return (with_path(real.connect, fd, above.text));
	}
	return (result);
}
DEFECT(connect-ignores-chdir, .connect = connect_from_above);

static int
open_socket(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (fd == -1 && errno == ENXIO && is_socket_file(path)
		? real.open("/dev/null", flags, mode)
		: fd);
}
DEFECT(open-of-a-socket-succeeds, .open = open_socket);

static int
unlink_shuts_down(const char *path)
{
	if (is_socket_file(path))
		for (int fd = 3; fd < 64; fd++)
			if (is_socket(fd))
				real.shutdown(fd, SHUT_WR);
	return (real.unlink(path));
}
DEFECT(unlink-ends-connections, .unlink = unlink_shuts_down);

/* Where the last socket file was renamed to. */
static struct path renamed;

static int
rename_remembered(const char *from, const char *to)
{
	if (is_socket_file(from))
		snprintf(renamed.text, sizeof(renamed.text), "%s", to);
	return (real.rename(from, to));
}

static int
getpeername_renamed(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getpeername(fd, name, size);

	if (result == 0 && renamed.text[0] != '\0' && *size > OFFSET) {
		strcpy((char *)name + OFFSET, renamed.text);
		*size = (socklen_t)(OFFSET + strlen(renamed.text) + 1);
	}
	return (result);
}
DEFECT(rename-changes-the-name-of-the-peer, .rename = rename_remembered,
    .getpeername = getpeername_renamed);

static int
connect_by_name(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	return (get_path(name, size, &path) && renamed.text[0] != '\0' &&
		    strcmp(path.text, renamed.text) == 0
		? failure(ECONNREFUSED)
		: real.connect(fd, name, size));
}
DEFECT(rename-loses-the-socket, .rename = rename_remembered, .connect = connect_by_name);

static int
connect_one_name(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	struct stat st;

	return (get_path(name, size, &path) && real.stat(path.text, &st) == 0 &&
		    S_ISSOCK(st.st_mode) && st.st_nlink > 1
		? failure(ECONNREFUSED)
		: real.connect(fd, name, size));
}
DEFECT(connect-through-a-hard-link-refused, .connect = connect_one_name);

static int
connect_no_link(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	return (get_path(name, size, &path) && type_of(path.text) == S_IFLNK
		? failure(ECONNREFUSED)
		: real.connect(fd, name, size));
}
DEFECT(connect-does-not-follow-a-link, .connect = connect_no_link);

static int
connect_stray_node(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (
	    result == -1 && errno == ECONNREFUSED && is_socket(fd) ? failure(ENOTCONN) : result);
}
DEFECT(connect-to-a-bare-node-as-enotconn, .connect = connect_stray_node);

/* The status of a socket */

/* The mode that fchmod gave an unbound socket, and which one that was. */
static ino_t chosen;
static mode_t chosen_mode;

static int
fchmod_unbound(int fd, mode_t mode)
{
	struct stat st;
	int result = real.fchmod(fd, mode);

	if (result == 0 && is_socket(fd) && real.fstat(fd, &st) == 0) {
		chosen = st.st_ino;
		chosen_mode = mode;
	}
	return (result);
}

static int
bind_chosen(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	struct stat st;
	int result = real.bind(fd, name, size);

	if (result == 0 && get_path(name, size, &path) && real.fstat(fd, &st) == 0 &&
	    st.st_ino == chosen)
		chmod(path.text, chosen_mode);
	return (result);
}
DEFECT(fchmod-replaces-the-umask, .fchmod = fchmod_unbound, .bind = bind_chosen);

/* The mode goes to whatever socket is bound next. */
static int
bind_chosen_by_any(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	int result = real.bind(fd, name, size);

	if (result == 0 && chosen != 0 && get_path(name, size, &path))
		chmod(path.text, chosen_mode & ~(mode_t)022);
	return (result);
}
DEFECT(fchmod-holds-for-other-sockets, .fchmod = fchmod_unbound, .bind = bind_chosen_by_any);

static int
fchmod_file(int fd, mode_t mode)
{
	struct path path;

	if (bound_path(fd, &path))
		chmod(path.text, mode);
	return (real.fchmod(fd, mode));
}
DEFECT(fchmod-changes-the-file, .fchmod = fchmod_file);

static int
fchmod_strict(int fd, mode_t mode)
{
	return (
	    (mode & ~(mode_t)0777) != 0 && is_socket(fd) ? failure(EPERM) : real.fchmod(fd, mode));
}
DEFECT(fchmod-of-other-bits-as-eperm, .fchmod = fchmod_strict);

static int
fstat_inode(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && S_ISSOCK(st->st_mode))
		st->st_ino = 0;
	return (result);
}
DEFECT(fstat-socket-inode-zero, .fstat = fstat_inode);

static int
fstat_size(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && S_ISSOCK(st->st_mode))
		st->st_size = unread(fd);
	return (result);
}
DEFECT(fstat-socket-size-is-unread-bytes, .fstat = fstat_size);

static int
fstat_blksize(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && S_ISSOCK(st->st_mode))
		st->st_blksize = 0;
	return (result);
}
DEFECT(fstat-socket-blksize-zero, .fstat = fstat_blksize);
