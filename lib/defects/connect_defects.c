/*
 * Kernels that are wrong about connect(2) in the UNIX domain: the path, and the
 * client itself.
 */

#include "connection_defects.h"

#include <fcntl.h>
#include <unistd.h>

static int
missing_is_refused(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, ENOENT, ECONNREFUSED));
}
DEFECT(connect-missing-name-is-refused, .connect = missing_is_refused);

static int
dangling_is_refused(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && S_ISLNK(mode_of(path.text)))
		return (connect_instead(fd, name, size, ENOENT, ECONNREFUSED));
	return (real.connect(fd, name, size));
}
DEFECT(connect-dangling-link-is-refused, .connect = dangling_is_refused);

static int
missing_is_made(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);
	struct path path;

	if (result == -1 && errno == ENOENT && get_path(name, size, &path)) {
		real.mknod(path.text, S_IFSOCK | 0600, 0);
		errno = ENOENT;
	}
	return (result);
}
DEFECT(connect-makes-the-missing-name, .connect = missing_is_made);

static int
stale_is_missing(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && S_ISSOCK(mode_of(path.text)))
		return (connect_instead(fd, name, size, ECONNREFUSED, ENOENT));
	return (real.connect(fd, name, size));
}
DEFECT(connect-stale-file-is-missing, .connect = stale_is_missing);

static int
stale_is_removed(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);
	struct path path;

	if (result == -1 && errno == ECONNREFUSED && get_path(name, size, &path)) {
		real.unlink(path.text);
		errno = ECONNREFUSED;
	}
	return (result);
}
DEFECT(connect-removes-a-stale-file, .connect = stale_is_removed);

static int
refused_is_again(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, ECONNREFUSED, EAGAIN));
}
DEFECT(connect-without-listener-is-full, .connect = refused_is_again);

static int
fifo_opened(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && S_ISFIFO(mode_of(path.text)))
		(void)real.open(path.text, O_RDONLY | O_NONBLOCK, 0);
	return (real.connect(fd, name, size));
}
DEFECT(connect-opens-a-fifo, .connect = fifo_opened);

static int
directory_is_eisdir(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && S_ISDIR(mode_of(path.text)))
		return (failure(EISDIR));
	return (real.connect(fd, name, size));
}
DEFECT(connect-to-a-directory-is-eisdir, .connect = directory_is_eisdir);

static int
stream_is_seqpacket(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (
	    result == -1 && errno == EPROTOTYPE && socket_type(fd) == SOCK_SEQPACKET ? 0 : result);
}
DEFECT(connect-takes-any-type-for-seqpacket, .connect = stream_is_seqpacket);

static int
mismatch_is_refused(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (result == -1 && errno == EPROTOTYPE && socket_type(fd) == SOCK_DGRAM)
		return (failure(ECONNREFUSED));
	return (result);
}
DEFECT(connect-other-type-refuses-datagrams, .connect = mismatch_is_refused);

static int
modes_ignored(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);
	struct path path;
	mode_t mode;

	if (result == 0 || errno != EACCES || !get_path(name, size, &path) ||
	    (mode = mode_of(path.text)) == 0)
		return (result);
	chmod(path.text, 0777);
	result = real.connect(fd, name, size);
	chmod(path.text, mode & 07777);
	return (result);
}
DEFECT(connect-ignores-the-files-mode, .connect = modes_ignored);

static int
any_write_bit(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	mode_t mode;

	if (geteuid() != 0 && get_path(name, size, &path) &&
	    ((mode = mode_of(path.text)) & 022) != 0 && (mode & 0200) == 0) {
		int result;

		chmod(path.text, 0777);
		result = real.connect(fd, name, size);
		chmod(path.text, mode & 07777);
		return (result);
	}
	return (real.connect(fd, name, size));
}
DEFECT(connect-takes-anybodys-write-bit, .connect = any_write_bit);

static int
read_wanted(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	mode_t mode;

	if (geteuid() != 0 && get_path(name, size, &path) && (mode = mode_of(path.text)) != 0 &&
	    (mode & 0400) == 0)
		return (failure(EACCES));
	return (real.connect(fd, name, size));
}
DEFECT(connect-wants-read-permission, .connect = read_wanted);

static int
unsearchable_is_missing(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && strchr(path.text, '/') != NULL)
		return (connect_instead(fd, name, size, EACCES, ENOENT));
	return (real.connect(fd, name, size));
}
DEFECT(connect-unsearchable-prefix-is-missing, .connect = unsearchable_is_missing);

static int
prefix_must_be_readable(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;
	char *slash;

	if (geteuid() != 0 && get_path(name, size, &path) &&
	    (slash = strchr(path.text, '/')) != NULL) {
		*slash = '\0';
		if ((mode_of(path.text) & 0400) == 0)
			return (failure(EACCES));
	}
	return (real.connect(fd, name, size));
}
DEFECT(connect-wants-a-readable-prefix, .connect = prefix_must_be_readable);

static int
slash_ignored(int fd, const struct sockaddr *name, socklen_t size)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct path path;
	size_t length;

	if (!get_path(name, size, &path) || (length = strlen(path.text)) < 2 ||
	    path.text[length - 1] != '/')
		return (real.connect(fd, name, size));
	memcpy(un.sun_path, path.text, length - 1);
	return (real.connect(fd, (struct sockaddr *)(void *)&un, sizeof(un)));
}
DEFECT(connect-ignores-a-slash-at-the-end, .connect = slash_ignored);

static int
file_prefix_is_missing(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, ENOTDIR, ENOENT));
}
DEFECT(connect-file-as-prefix-is-missing, .connect = file_prefix_is_missing);

static int
loop_is_missing(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, ELOOP, ENOENT));
}
DEFECT(connect-loop-of-links-is-missing, .connect = loop_is_missing);

static int
link_is_eloop(int fd, const struct sockaddr *name, socklen_t size)
{
	struct path path;

	if (get_path(name, size, &path) && S_ISLNK(mode_of(path.text)))
		return (failure(ELOOP));
	return (real.connect(fd, name, size));
}
DEFECT(connect-follows-no-links, .connect = link_is_eloop);

static int
long_is_missing(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, ENAMETOOLONG, ENOENT));
}
DEFECT(connect-cuts-long-names, .connect = long_is_missing);

static int
in_progress(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == 0 && is_unix(name, size) && socket_type(fd) == SOCK_STREAM &&
		    is_nonblocking(fd)
		? failure(EINPROGRESS)
		: result);
}
DEFECT(connect-unix-is-in-progress, .connect = in_progress);

static int
blocking_again(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (result == 0 && is_unix(name, size) && is_nonblocking(fd)) {
		real.fcntl(fd, F_SETFL, O_RDWR);
		real.shutdown(fd, SHUT_RD);
	}
	return (result);
}
DEFECT(connect-nonblocking-shuts-reading-down, .connect = blocking_again);

static int
second_is_ignored(int fd, const struct sockaddr *name, socklen_t size)
{
	return (connect_instead(fd, name, size, EISCONN, 0));
}
DEFECT(connect-twice-succeeds, .connect = second_is_ignored);

static int
second_is_queued(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size), other;

	if (result == 0 || errno != EISCONN || !is_unix(name, size))
		return (result);
	other = real.socket(AF_UNIX, socket_type(fd), 0);
	real.connect(other, name, size);
	real.close(other);
	return (failure(EISCONN));
}
DEFECT(connect-twice-queues-a-phantom, .connect = second_is_queued);

static int
second_disconnects(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = connect_instead(fd, name, size, EISCONN, EISCONN);

	if (result == -1 && errno == EISCONN) {
		real.shutdown(fd, SHUT_RDWR);
		errno = EISCONN;
	}
	return (result);
}
DEFECT(connect-twice-disconnects, .connect = second_disconnects);

static int
listener_loses_queue(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size), error = errno;

	if (result == -1 && is_listening(fd) && (readiness(fd, POLLIN) & POLLIN) != 0)
		real.close(real.accept(fd, NULL, NULL));
	errno = error;
	return (result);
}
DEFECT(connect-of-a-listener-drops-its-queue, .connect = listener_loses_queue);

static int
listener_is_connected(int fd, const struct sockaddr *name, socklen_t size)
{
	return (is_listening(fd) ? failure(EISCONN) : real.connect(fd, name, size));
}
DEFECT(connect-of-a-listener-is-eisconn, .connect = listener_is_connected);

/* Descriptors whose connect failed. */
static bool failed[DESCRIPTORS];

static int
stays_connecting(int fd, const struct sockaddr *name, socklen_t size)
{
	int result;

	if (fd < 0 || fd >= DESCRIPTORS || !is_unix(name, size))
		return (real.connect(fd, name, size));
	if (failed[fd])
		return (failure(EALREADY));
	result = real.connect(fd, name, size);
	failed[fd] = result == -1 && errno == ENOENT;
	return (result);
}

static int
fresh_socket(int domain, int type, int protocol)
{
	int fd = real.socket(domain, type, protocol);

	if (fd >= 0 && fd < DESCRIPTORS)
		failed[fd] = false;
	return (fd);
}
DEFECT(connect-failed-goes-on, .connect = stays_connecting, .socket = fresh_socket);
