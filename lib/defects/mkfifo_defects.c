/*
 * Kernels that make FIFOs wrongly: another file, other attributes, under
 * another name, or with another error.
 */

#include "defects.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The file */

static int
make_regular(const char *path, mode_t mode)
{
	int fd = real.open(path, O_WRONLY | O_CREAT | O_EXCL, (int)mode);

	return (fd == -1 ? -1 : real.close(fd));
}
DEFECT(mkfifo-makes-regular-file, .mkfifo = make_regular);

static int
lstat_two_links(const char *path, struct stat *st)
{
	int result = real.lstat(path, st);

	if (result == 0 && S_ISFIFO(st->st_mode))
		st->st_nlink++;
	return (result);
}
DEFECT(mkfifo-counts-two-links, .lstat = lstat_two_links);

static int
lstat_size(const char *path, struct stat *st)
{
	int result = real.lstat(path, st);

	if (result == 0 && S_ISFIFO(st->st_mode))
		st->st_size = 4096;
	return (result);
}
DEFECT(mkfifo-has-a-size, .lstat = lstat_size);

/* Its mode and owner */

static int
make_masked(const char *path, mode_t mode, mode_t kept)
{
	mode_t mask = umask(0);
	int result = real.mkfifo(path, mode & ~(mask & kept));

	umask(mask);
	return (result);
}

static int
make_unmasked(const char *path, mode_t mode)
{
	return (make_masked(path, mode, 0));
}
DEFECT(mkfifo-ignores-umask, .mkfifo = make_unmasked);

static int
make_owner_unmasked(const char *path, mode_t mode)
{
	return (make_masked(path, mode, 077));
}
DEFECT(mkfifo-masks-no-owner-bits, .mkfifo = make_owner_unmasked);

/* Without a mask there is nothing left to look at. */
static int
make_private_without_mask(const char *path, mode_t mode)
{
	mode_t mask = umask(0);

	umask(mask);
	return (real.mkfifo(path, mask == 0 ? mode & 0600 : mode));
}
DEFECT(mkfifo-takes-umask-zero-for-none, .mkfifo = make_private_without_mask);

/* Hand the FIFO over, with the privileges of the real user. */
static int
hand_over(const char *path, uid_t uid, gid_t gid)
{
	uid_t user = geteuid();
	int result;

	if (seteuid(getuid()) != 0)
		return (-1);
	result = lchown(path, uid, gid);
	return (seteuid(user) != 0 ? -1 : result);
}

static int
make_for_real_user(const char *path, mode_t mode)
{
	int result = real.mkfifo(path, mode);

	return (result == 0 ? hand_over(path, getuid(), (gid_t)-1) : result);
}
DEFECT(mkfifo-owned-by-real-user, .mkfifo = make_for_real_user);

static int
make_for_group_zero(const char *path, mode_t mode)
{
	int result = real.mkfifo(path, mode);

	return (result == 0 ? hand_over(path, (uid_t)-1, 0) : result);
}
DEFECT(mkfifo-group-zero, .mkfifo = make_for_group_zero);

static int
make_for_effective_group(const char *path, mode_t mode)
{
	int result = real.mkfifo(path, mode);

	return (result == 0 ? hand_over(path, (uid_t)-1, getegid()) : result);
}
DEFECT(mkfifo-ignores-set-gid-directory, .mkfifo = make_for_effective_group);

/* Its times */

static int
make_without_time(const char *path, mode_t mode)
{
	const struct timespec never[2] = { { 0, UTIME_OMIT }, { 0, 0 } };
	int result = real.mkfifo(path, mode);

	if (result == 0)
		utimensat(AT_FDCWD, path, never, AT_SYMLINK_NOFOLLOW);
	return (result);
}
DEFECT(mkfifo-leaves-mtime-zero, .mkfifo = make_without_time);

/* The directory of a path, in buffer. */
static const char *
directory_of(const char *path, char *buffer, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(buffer, size, "%.*s", slash == NULL ? 1 : (int)(slash - path),
	    slash == NULL ? "." : path);
	return (buffer);
}

static int
make_unnoticed(const char *path, mode_t mode)
{
	char directory[PATH_MAX];
	struct stat st;
	int result;

	directory_of(path, directory, sizeof(directory));
	if (real.stat(directory, &st) == -1)
		return (-1);
	result = real.mkfifo(path, mode);
	utimensat(AT_FDCWD, directory, (const struct timespec[2]){ st.st_atim, st.st_mtim }, 0);
	return (result);
}
DEFECT(mkfifo-leaves-directory-mtime, .mkfifo = make_unnoticed);

/* Names that are there */

static int
make_anew(const char *path, mode_t mode)
{
	real.unlink(path);
	return (real.mkfifo(path, mode));
}
DEFECT(mkfifo-replaces-existing-file, .mkfifo = make_anew);

static int
make_or_find(const char *path, mode_t mode)
{
	int result = real.mkfifo(path, mode);
	struct stat st;

	if (result == -1 && errno == EEXIST && real.lstat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return (0);
	return (result);
}
DEFECT(mkfifo-takes-existing-fifo, .mkfifo = make_or_find);

static int
make_or_empty(const char *path, mode_t mode)
{
	int result = real.mkfifo(path, mode);

	if (result == -1 && errno == EEXIST) {
		real.truncate(path, 0);
		errno = EEXIST;
	}
	return (result);
}
DEFECT(mkfifo-empties-existing-file, .mkfifo = make_or_empty);

static int
make_at_target(const char *path, mode_t mode)
{
	char target[PATH_MAX];
	ssize_t length = real.readlink(path, target, sizeof(target) - 1);

	if (length < 0)
		return (real.mkfifo(path, mode));
	target[length] = '\0';
	return (real.mkfifo(target, mode));
}
DEFECT(mkfifo-follows-dangling-symlink, .mkfifo = make_at_target);

static int
make_at_target_in_vain(const char *path, mode_t mode)
{
	int result = make_at_target(path, mode);

	return (result == 0 ? failure(EEXIST) : result);
}
DEFECT(mkfifo-makes-target-before-eexist, .mkfifo = make_at_target_in_vain);

/* Names that are too long */

static int
make_cut_name(const char *path, mode_t mode)
{
	char cut[NAME_MAX + 1];
	int result = real.mkfifo(path, mode);

	if (result == 0 || errno != ENAMETOOLONG || strchr(path, '/') != NULL)
		return (result);
	snprintf(cut, sizeof(cut), "%s", path);
	return (real.mkfifo(cut, mode));
}
DEFECT(mkfifo-cuts-long-name, .mkfifo = make_cut_name);

static int
make_shorter_name(const char *path, mode_t mode)
{
	return (strlen(path) == NAME_MAX ? failure(ENAMETOOLONG) : real.mkfifo(path, mode));
}
DEFECT(mkfifo-name-max-off-by-one, .mkfifo = make_shorter_name);

static int
make_longer_path(const char *path, mode_t mode)
{
	return (real.mkfifo(strlen(path) == PATH_MAX ? strrchr(path, '/') + 1 : path, mode));
}
DEFECT(mkfifo-path-max-off-by-one, .mkfifo = make_longer_path);

static int
make_shorter_path(const char *path, mode_t mode)
{
	return (strlen(path) == PATH_MAX - 1 ? failure(ENAMETOOLONG) : real.mkfifo(path, mode));
}
DEFECT(mkfifo-path-max-counts-two-nuls, .mkfifo = make_shorter_path);

/* Permissions */

/* The owner of the directory makes the FIFO there, whether it is writable or not. */
static int
make_where_forbidden(const char *path, mode_t mode)
{
	char directory[PATH_MAX];
	struct stat st;
	int result = real.mkfifo(path, mode);

	if (result == 0 || errno != EACCES)
		return (result);
	directory_of(path, directory, sizeof(directory));
	if (real.stat(directory, &st) == -1 || chmod(directory, 0700) == -1)
		return (failure(EACCES));
	result = real.mkfifo(path, mode);
	chmod(directory, st.st_mode & 07777);
	return (result);
}
DEFECT(mkfifo-asks-no-write-permission, .mkfifo = make_where_forbidden);

/* A name that may not be searched for is called missing. */
static int
make_untold(const char *path, mode_t mode)
{
	struct stat st;
	int result = real.mkfifo(path, mode);

	if (result == -1 && errno == EACCES && real.lstat(path, &st) == -1)
		return (failure(errno == EACCES ? ENOENT : EACCES));
	return (result);
}
DEFECT(mkfifo-unsearchable-as-enoent, .mkfifo = make_untold);

/* Errors taken for others */

static int
make_mistaken(const char *path, mode_t mode, int right, int wrong)
{
	int result = real.mkfifo(path, mode);

	return (result == -1 && errno == right ? failure(wrong) : result);
}

#define MISTAKE(right, wrong)                                        \
	static int right##_as_##wrong(const char *path, mode_t mode) \
	{                                                            \
		return (make_mistaken(path, mode, right, wrong));    \
	}
MISTAKE(EEXIST, EISDIR)
DEFECT(mkfifo-existing-as-eisdir, .mkfifo = EEXIST_as_EISDIR);
MISTAKE(EEXIST, ENOENT)
DEFECT(mkfifo-existing-as-enoent, .mkfifo = EEXIST_as_ENOENT);
MISTAKE(ENOENT, EINVAL)
DEFECT(mkfifo-missing-as-einval, .mkfifo = ENOENT_as_EINVAL);
MISTAKE(ENOTDIR, ENOENT)
DEFECT(mkfifo-not-a-directory-as-enoent, .mkfifo = ENOTDIR_as_ENOENT);
MISTAKE(ENAMETOOLONG, ENOENT)
DEFECT(mkfifo-too-long-as-enoent, .mkfifo = ENAMETOOLONG_as_ENOENT);
MISTAKE(EACCES, EPERM)
DEFECT(mkfifo-forbidden-as-eperm, .mkfifo = EACCES_as_EPERM);
MISTAKE(ELOOP, ENAMETOOLONG)
DEFECT(mkfifo-loop-as-enametoolong, .mkfifo = ELOOP_as_ENAMETOOLONG);
MISTAKE(EFAULT, ENOENT)
DEFECT(mkfifo-bad-pointer-as-enoent, .mkfifo = EFAULT_as_ENOENT);
MISTAKE(EROFS, EACCES)
DEFECT(mkfifo-read-only-as-eacces, .mkfifo = EROFS_as_EACCES);
MISTAKE(ENOSPC, ENOMEM)
DEFECT(mkfifo-no-inodes-as-enomem, .mkfifo = ENOSPC_as_ENOMEM);
MISTAKE(EPERM, EACCES)
DEFECT(mkfifo-immutable-as-eacces, .mkfifo = EPERM_as_EACCES);

static int
make_named(const char *path, mode_t mode)
{
	return (real.mkfifo(path[0] == '\0' ? "noname" : path, mode));
}
DEFECT(mkfifo-takes-empty-path, .mkfifo = make_named);

/* Once the files ran out they stay away. */
static int
make_while_none_failed(const char *path, mode_t mode)
{
	static bool full;
	int result;

	if (full)
		return (failure(ENOSPC));
	result = real.mkfifo(path, mode);
	full = result == -1 && errno == ENOSPC;
	return (result);
}
DEFECT(mkfifo-stays-out-of-inodes, .mkfifo = make_while_none_failed);

/* mkfifoat */

static int
make_here(int fd, const char *path, mode_t mode)
{
	(void)fd;
	return (real.mkfifo(path, mode));
}
DEFECT(mkfifoat-ignores-descriptor, .mkfifoat = make_here);

static int
make_here_if_bad(int fd, const char *path, mode_t mode)
{
	int result = real.mkfifoat(fd, path, mode);

	return (result == -1 && errno == EBADF ? real.mkfifo(path, mode) : result);
}
DEFECT(mkfifoat-falls-back-to-current-directory, .mkfifoat = make_here_if_bad);

static int
make_at_descriptor(int fd, const char *path, mode_t mode)
{
	return (fd < 0 ? failure(EBADF) : real.mkfifoat(fd, path, mode));
}
DEFECT(mkfifoat-takes-at-fdcwd-for-a-descriptor, .mkfifoat = make_at_descriptor);

static int
make_in_directory(int fd, const char *path, mode_t mode)
{
	struct stat st;

	if (fd != AT_FDCWD && real.fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return (failure(ENOTDIR));
	return (real.mkfifoat(fd, path, mode));
}
DEFECT(mkfifoat-looks-at-descriptor-of-absolute-path, .mkfifoat = make_in_directory);

static int
make_ebadf(int fd, const char *path, mode_t mode)
{
	int result = real.mkfifoat(fd, path, mode);

	return (result == -1 && errno == ENOTDIR ? failure(EBADF) : result);
}
DEFECT(mkfifoat-not-a-directory-as-ebadf, .mkfifoat = make_ebadf);

static int
make_enotdir(int fd, const char *path, mode_t mode)
{
	int result = real.mkfifoat(fd, path, mode);

	return (result == -1 && errno == EBADF ? failure(ENOTDIR) : result);
}
DEFECT(mkfifoat-bad-descriptor-as-enotdir, .mkfifoat = make_enotdir);

static int
make_unmasked_at(int fd, const char *path, mode_t mode)
{
	mode_t mask = umask(0);
	int result = real.mkfifoat(fd, path, mode);

	umask(mask);
	return (result);
}
DEFECT(mkfifoat-ignores-umask, .mkfifoat = make_unmasked_at);

/* mknod */

static int
nodes_for_root(const char *path, mode_t mode, dev_t device)
{
	return (geteuid() != 0 && S_ISFIFO(mode) ? failure(EPERM) : real.mknod(path, mode, device));
}
DEFECT(mknod-fifo-needs-the-super-user, .mknod = nodes_for_root);

static int
nodes_without_device(const char *path, mode_t mode, dev_t device)
{
	return (device != 0 && S_ISFIFO(mode) ? failure(EINVAL) : real.mknod(path, mode, device));
}
DEFECT(mknod-fifo-with-device-as-einval, .mknod = nodes_without_device);

static int
nodes_are_regular(const char *path, mode_t mode, dev_t device)
{
	return (real.mknod(path, S_ISFIFO(mode) ? (mode & 07777) | S_IFREG : mode, device));
}
DEFECT(mknod-fifo-makes-regular-file, .mknod = nodes_are_regular);
