/*
 * Kernels that get the file behind a FIFO wrong: its names, what is told of it,
 * and what changes it.
 */

#include "fifo_defects.h"

#include <sys/file.h>

/* Which pipe a name leads to */

/* The end of a pipe that nobody else has. */
static int
private_pipe(int access)
{
	int fd[2];

	if (real.pipe(fd) != 0)
		return (-1);
	if (access == O_RDONLY) {
		real.close(fd[1]);
		return (fd[0]);
	}
	return (fd[1]);
}

static int
symlink_leads_elsewhere(const char *path, int flags, int mode)
{
	struct stat st;

	if (real.lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && names_fifo(path))
		return (private_pipe(flags & O_ACCMODE));
	return (real.open(path, flags, mode));
}
DEFECT(fifo-symlink-leads-to-another-pipe, .open = symlink_leads_elsewhere);

static int
hard_link_leads_elsewhere(const char *path, int flags, int mode)
{
	struct stat st;

	if ((flags & O_ACCMODE) == O_WRONLY && real.lstat(path, &st) == 0 && S_ISFIFO(st.st_mode) &&
	    st.st_nlink > 1)
		return (private_pipe(O_WRONLY));
	return (real.open(path, flags, mode));
}
DEFECT(fifo-hard-link-leads-to-another-pipe, .open = hard_link_leads_elsewhere);

static int
strangers_not_connected(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd == -1 || !opens_fifo(path, flags, O_RDONLY, 0))
		return (fd);
	real.close(fd);
	return (private_pipe(O_RDONLY));
}
DEFECT(fifo-connects-relatives-only, .open = strangers_not_connected);

static int
found_by_name(const char *path, int flags, int mode)
{
	static int first[3] = { -1, -1, -1 };
	int access = flags & O_ACCMODE, fd;

	if (names_fifo(path) && first[access] != -1)
		return (real.dup(first[access]));
	fd = real.open(path, flags, mode);
	if (fd != -1 && is_fifo(fd))
		first[access] = fd;
	return (fd);
}
DEFECT(fifo-is-found-by-name, .open = found_by_name);

static int
rename_makes_anew(const char *from, const char *to)
{
	if (!names_fifo(from))
		return (real.rename(from, to));
	return (real.mkfifo(to, 0600) == 0 ? real.unlink(from) : -1);
}
DEFECT(fifo-rename-makes-another-pipe, .rename = rename_makes_anew);

static int
rename_leaves_name(const char *from, const char *to)
{
	return (names_fifo(from) ? link(from, to) : real.rename(from, to));
}
DEFECT(fifo-rename-leaves-the-old-name, .rename = rename_leaves_name);

static bool unlinked;

static int
unlink_and_note(const char *path)
{
	unlinked = unlinked || names_fifo(path);
	return (real.unlink(path));
}

static ssize_t
unlinked_is_at_end(int fd, void *buffer, size_t size)
{
	return (unlinked && is_fifo(fd) ? 0 : real.read(fd, buffer, size));
}
DEFECT(fifo-unlink-ends-the-connection, .unlink = unlink_and_note, .read = unlinked_is_at_end);

static int
fstat_keeps_link(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && S_ISFIFO(st->st_mode) && st->st_nlink == 0)
		st->st_nlink = 1;
	return (result);
}
DEFECT(fifo-unlink-keeps-the-link-count, .fstat = fstat_keeps_link);

/* The file */

static int
fstat_counts_unread(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && is_fifo(fd))
		st->st_size = unread(fd);
	return (result);
}
DEFECT(fifo-fstat-size-is-what-waits, .fstat = fstat_counts_unread);

static int
stat_counts_unread(const char *path, struct stat *st)
{
	int result = real.stat(path, st), fd;

	if (result == 0 && S_ISFIFO(st->st_mode)) {
		fd = real.open(path, O_RDONLY | O_NONBLOCK, 0);
		st->st_size = unread(fd);
		real.close(fd);
	}
	return (result);
}
DEFECT(fifo-stat-size-is-what-waits, .stat = stat_counts_unread);

static int
fstat_as_of_a_pipe(int fd, struct stat *st)
{
	int result, ends[2];

	if (!is_fifo(fd) || real.pipe(ends) != 0)
		return (real.fstat(fd, st));
	result = real.fstat(ends[0], st);
	real.close(ends[0]);
	real.close(ends[1]);
	return (result);
}
DEFECT(fifo-fstat-tells-of-a-pipe, .fstat = fstat_as_of_a_pipe);

static int
fstat_writer_has_own_number(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && is_fifo_open_for(fd, O_WRONLY))
		st->st_ino++;
	return (result);
}
DEFECT(fifo-fstat-writer-has-another-file-number, .fstat = fstat_writer_has_own_number);

static int
fstat_mode_for_owner(int fd, struct stat *st)
{
	int result = real.fstat(fd, st);

	if (result == 0 && is_fifo(fd))
		st->st_mode = S_IFIFO | 0600;
	return (result);
}
DEFECT(fifo-fstat-mode-is-always-0600, .fstat = fstat_mode_for_owner);

static int
fchmod_refused(int fd, mode_t mode)
{
	return (is_fifo(fd) ? failure(EINVAL) : real.fchmod(fd, mode));
}
DEFECT(fifo-fchmod-gives-einval, .fchmod = fchmod_refused);

static int
fchmod_ignored_at_writer(int fd, mode_t mode)
{
	return (is_fifo_open_for(fd, O_WRONLY) ? 0 : real.fchmod(fd, mode));
}
DEFECT(fifo-fchmod-at-the-writer-is-ignored, .fchmod = fchmod_ignored_at_writer);

static int
fchown_ignores_group(int fd, uid_t uid, gid_t gid)
{
	return (real.fchown(fd, uid, is_fifo(fd) ? (gid_t)-1 : gid));
}
DEFECT(fifo-fchown-ignores-the-group, .fchown = fchown_ignores_group);

static int
truncate_empties(const char *path, off_t size)
{
	if (names_fifo(path))
		drain_name(path);
	return (real.truncate(path, size));
}
DEFECT(fifo-truncate-drops-data, .truncate = truncate_empties);

static int
truncate_as_enxio(const char *path, off_t size)
{
	return (names_fifo(path) ? failure(ENXIO) : real.truncate(path, size));
}
DEFECT(fifo-truncate-gives-enxio, .truncate = truncate_as_enxio);

static int
ftruncate_empties(int fd, off_t size)
{
	if (is_fifo_open_for(fd, O_RDONLY))
		drain(fd);
	return (real.ftruncate(fd, size));
}
DEFECT(fifo-ftruncate-of-the-reader-drops-data, .ftruncate = ftruncate_empties);

static int
ftruncate_ignored(int fd, off_t size)
{
	return (is_fifo_open_for(fd, O_WRONLY) ? 0 : real.ftruncate(fd, size));
}
DEFECT(fifo-ftruncate-of-the-writer-succeeds, .ftruncate = ftruncate_ignored);

static int
fsync_writer_ignored(int fd)
{
	return (is_fifo_open_for(fd, O_WRONLY) ? 0 : real.fsync(fd));
}
DEFECT(fifo-fsync-of-the-writer-succeeds, .fsync = fsync_writer_ignored);

static int
fsync_as_enxio(int fd)
{
	return (is_fifo(fd) ? failure(EIO) : real.fsync(fd));
}
DEFECT(fifo-fsync-gives-eio, .fsync = fsync_as_enxio);

static off_t
seek_in_file(int fd, off_t offset, int whence)
{
	return (is_fifo(fd) && whence == SEEK_END ? 0 : real.lseek(fd, offset, whence));
}
DEFECT(fifo-lseek-finds-the-end-of-the-file, .lseek = seek_in_file);

static ssize_t
pread_takes_data(int fd, void *buffer, size_t size, off_t offset)
{
	if (is_fifo(fd))
		drain(fd);
	return (real.pread(fd, buffer, size, offset));
}
DEFECT(fifo-pread-drops-data, .pread = pread_takes_data);

/* Put the two times back that the last call changed. */
static void
restore_times(int fd, const struct stat *before)
{
	const struct timespec times[2] = { before->st_atim, before->st_mtim };
	int error = errno;

	real.futimens(fd, times);
	errno = error;
}

static ssize_t
write_without_stamp(int fd, const void *buffer, size_t size)
{
	struct stat before;
	ssize_t n;

	if (!is_fifo(fd))
		return (real.write(fd, buffer, size));
	real.fstat(fd, &before);
	n = real.write(fd, buffer, size);
	restore_times(fd, &before);
	return (n);
}
DEFECT(fifo-write-leaves-modification-time, .write = write_without_stamp);

static ssize_t
read_without_stamp(int fd, void *buffer, size_t size)
{
	struct stat before;
	ssize_t n;

	if (!is_fifo(fd))
		return (real.read(fd, buffer, size));
	real.fstat(fd, &before);
	n = real.read(fd, buffer, size);
	restore_times(fd, &before);
	return (n);
}
DEFECT(fifo-read-leaves-access-time, .read = read_without_stamp);

static int
flock_refused(int fd, int operation)
{
	return (is_fifo(fd) ? failure(EOPNOTSUPP) : real.flock(fd, operation));
}
DEFECT(fifo-flock-gives-eopnotsupp, .flock = flock_refused);

static int
flock_shares(int fd, int operation)
{
	int result = real.flock(fd, operation);

	return (result == -1 && errno == EWOULDBLOCK && (operation & LOCK_SH) != 0 ? 0 : result);
}
DEFECT(fifo-flock-shares-an-exclusive-lock, .flock = flock_shares);
