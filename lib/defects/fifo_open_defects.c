/*
 * Kernels that get the opening of FIFOs wrong.
 */

#include "fifo_defects.h"

#include <poll.h>
#include <signal.h>

static int
clear_nonblock(int fd)
{
	if (fd != -1)
		real.fcntl(fd, F_SETFL, real.fcntl(fd, F_GETFL, 0) & ~(long)O_NONBLOCK);
	return (fd);
}

/* Who waits for whom */

static int
reader_does_not_wait(const char *path, int flags, int mode)
{
	if (!opens_fifo(path, flags, O_RDONLY, 0))
		return (real.open(path, flags, mode));
	return (clear_nonblock(real.open(path, flags | O_NONBLOCK, mode)));
}
DEFECT(fifo-read-open-does-not-wait, .open = reader_does_not_wait);

static int
writer_does_not_wait(const char *path, int flags, int mode)
{
	if (!opens_fifo(path, flags, O_WRONLY, 0))
		return (real.open(path, flags, mode));
	return (clear_nonblock(real.open(path, O_RDWR | O_NONBLOCK, mode)));
}
DEFECT(fifo-write-open-does-not-wait, .open = writer_does_not_wait);

static int
reader_needs_writer(const char *path, int flags, int mode)
{
	if (!opens_fifo(path, flags, O_RDONLY, O_NONBLOCK))
		return (real.open(path, flags, mode));
	return (failure(ENXIO));
}
DEFECT(fifo-nonblocking-read-open-gives-enxio, .open = reader_needs_writer);

static int
only_one_reader(const char *path, int flags, int mode)
{
	static bool one;

	if (!opens_fifo(path, flags, O_RDONLY, O_NONBLOCK))
		return (real.open(path, flags, mode));
	if (one)
		return (failure(EBUSY));
	one = true;
	return (real.open(path, flags, mode));
}
DEFECT(fifo-takes-one-reader-only, .open = only_one_reader);

static int
enxio_as_eagain(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (fd == -1 && errno == ENXIO ? failure(EAGAIN) : fd);
}
DEFECT(fifo-write-open-without-reader-gives-eagain, .open = enxio_as_eagain);

static int
writer_admitted(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (fd == -1 && errno == ENXIO ? real.open(path, O_RDWR | O_NONBLOCK, 0) : fd);
}
DEFECT(fifo-nonblocking-writer-admitted-without-reader, .open = writer_admitted);

static int
readers_never_leave(const char *path, int flags, int mode)
{
	static bool had_reader;
	int fd = real.open(path, flags, mode);

	if (fd == -1 && errno == ENXIO && had_reader)
		fd = real.open(path, O_RDWR | O_NONBLOCK, 0);
	if (fd != -1 && is_fifo_open_for(fd, O_RDONLY))
		had_reader = true;
	return (fd);
}
DEFECT(fifo-readers-are-not-counted-down, .open = readers_never_leave);

/* A write open that looks for any user of the FIFO, and takes a writer for one. */
static int
writer_is_company(const char *path, int flags, int mode)
{
	static bool writer_left;
	int fd = real.open(path, flags, mode);

	if (fd == -1 && errno == ENXIO && writer_left)
		fd = real.open(path, O_RDWR | O_NONBLOCK, 0);
	if (fd != -1 && is_fifo_open_for(fd, O_WRONLY))
		writer_left = true;
	return (fd);
}
DEFECT(fifo-write-open-takes-a-writer-for-a-reader, .open = writer_is_company);

static int
short_visit_forgotten(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd == -1 || !opens_fifo(path, flags, O_WRONLY, 0))
		return (fd);
	/* Time enough for a reader to leave again. */
	real.poll(NULL, 0, 50);
	if ((readiness(fd, 0) & (POLLERR | POLLHUP)) == 0)
		return (fd);
	real.close(fd);
	return (real.open(path, flags, mode));
}
DEFECT(fifo-write-open-forgets-short-visit, .open = short_visit_forgotten);

/* O_RDWR */

static int
rdwr_refused(const char *path, int flags, int mode)
{
	if (opens_fifo(path, flags, O_RDWR, 0))
		return (failure(EINVAL));
	return (real.open(path, flags, mode));
}
DEFECT(fifo-rdwr-open-is-refused, .open = rdwr_refused);

static int
rdwr_waits(const char *path, int flags, int mode)
{
	if (!opens_fifo(path, flags, O_RDWR, 0))
		return (real.open(path, flags, mode));
	return (real.open(path, O_RDONLY, mode));
}
DEFECT(fifo-rdwr-open-waits-for-a-writer, .open = rdwr_waits);

static int
rdwr_only_reads(const char *path, int flags, int mode)
{
	if ((flags & O_ACCMODE) != O_RDWR || !names_fifo(path))
		return (real.open(path, flags, mode));
	return (real.open(path, O_RDONLY | O_NONBLOCK, mode));
}
DEFECT(fifo-rdwr-open-is-no-writer, .open = rdwr_only_reads);

static int
rdwr_is_nobody(const char *path, int flags, int mode)
{
	if ((flags & O_ACCMODE) != O_RDWR || !names_fifo(path))
		return (real.open(path, flags, mode));
	return (real.open(path, O_PATH, mode));
}
DEFECT(fifo-rdwr-open-releases-nobody, .open = rdwr_is_nobody);

static ssize_t
rdwr_reads_others_only(int fd, void *buffer, size_t size)
{
	return (is_fifo_open_for(fd, O_RDWR) ? failure(EAGAIN) : real.read(fd, buffer, size));
}
DEFECT(fifo-rdwr-cannot-read-its-own-data, .read = rdwr_reads_others_only);

static ssize_t
rdwr_sees_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && is_fifo_open_for(fd, O_RDWR) ? 0 : n);
}
DEFECT(fifo-rdwr-sees-end-of-file, .read = rdwr_sees_end);

static bool a_writer_left;

static int
note_writer_close(int fd)
{
	if (is_fifo_open_for(fd, O_WRONLY))
		a_writer_left = true;
	return (real.close(fd));
}

static ssize_t
rdwr_sees_end_later(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n == -1 && errno == EAGAIN && a_writer_left && is_fifo_open_for(fd, O_RDWR))
		return (0);
	return (n);
}
DEFECT(fifo-rdwr-sees-end-when-a-writer-leaves, .close = note_writer_close,
    .read = rdwr_sees_end_later);

/* Signals */

static int
interrupted_as_eagain(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (
	    fd == -1 && errno == EINTR && (flags & O_ACCMODE) == O_RDONLY ? failure(EAGAIN) : fd);
}
DEFECT(fifo-interrupted-read-open-gives-eagain, .open = interrupted_as_eagain);

static int
writer_restarts(const char *path, int flags, int mode)
{
	int fd;

	do
		fd = real.open(path, flags, mode);
	while (fd == -1 && errno == EINTR && (flags & O_ACCMODE) == O_WRONLY);
	return (fd);
}
DEFECT(fifo-write-open-cannot-be-interrupted, .open = writer_restarts);

static int
interrupted_is_a_reader(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd == -1 && errno == EINTR && (flags & O_ACCMODE) == O_RDONLY) {
		real.open(path, O_RDONLY | O_NONBLOCK, 0);
		errno = EINTR;
	}
	return (fd);
}
DEFECT(fifo-interrupted-read-open-stays-counted, .open = interrupted_is_a_reader);

/* Take SA_RESTART away from the handlers. */
static void
no_restart(void)
{
	struct sigaction action;

	if (sigaction(SIGUSR1, NULL, &action) == 0) {
		action.sa_flags &= ~SA_RESTART;
		sigaction(SIGUSR1, &action, NULL);
	}
}

static int
open_not_restarted(const char *path, int flags, int mode)
{
	no_restart();
	return (real.open(path, flags, mode));
}
DEFECT(fifo-open-is-not-restarted, .open = open_not_restarted);

static int
write_open_not_restarted(const char *path, int flags, int mode)
{
	if ((flags & O_ACCMODE) == O_WRONLY)
		no_restart();
	return (real.open(path, flags, mode));
}
DEFECT(fifo-write-open-is-not-restarted, .open = write_open_not_restarted);

/* Errors and flags of open */

static int
waits_for_permission(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd == -1 && errno == EACCES && names_fifo(path))
		real.poll(NULL, 0, -1);
	return (fd);
}
DEFECT(fifo-open-checks-permission-after-the-wait, .open = waits_for_permission);

static int
permission_as_enxio(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd == -1 && errno == EACCES && (flags & O_ACCMODE) == O_WRONLY)
		return (failure(ENXIO));
	return (fd);
}
DEFECT(fifo-write-open-without-permission-gives-enxio, .open = permission_as_enxio);

static int
directory_ignored(const char *path, int flags, int mode)
{
	if ((flags & O_DIRECTORY) != 0 && names_fifo(path))
		flags = (flags & ~O_DIRECTORY) | O_NONBLOCK;
	return (real.open(path, flags, mode));
}
DEFECT(fifo-open-ignores-o-directory, .open = directory_ignored);

static int
not_a_directory_as_enxio(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (fd == -1 && errno == ENOTDIR && names_fifo(path) ? failure(ENXIO) : fd);
}
DEFECT(fifo-open-as-directory-gives-enxio, .open = not_a_directory_as_enxio);

static int
excl_ignored(const char *path, int flags, int mode)
{
	if ((flags & O_EXCL) != 0 && names_fifo(path))
		return (real.open(path, O_RDWR, mode));
	return (real.open(path, flags, mode));
}
DEFECT(fifo-open-ignores-o-excl, .open = excl_ignored);

static int
creat_replaces(const char *path, int flags, int mode)
{
	if ((flags & (O_CREAT | O_EXCL)) == O_CREAT && names_fifo(path))
		real.unlink(path);
	return (real.open(path, flags, mode));
}
DEFECT(fifo-open-with-o-creat-makes-a-regular-file, .open = creat_replaces);

static int
trunc_empties(const char *path, int flags, int mode)
{
	if ((flags & O_TRUNC) != 0 && names_fifo(path))
		drain_name(path);
	return (real.open(path, flags, mode));
}
DEFECT(fifo-open-with-o-trunc-drops-data, .open = trunc_empties);

static int
trunc_refused(const char *path, int flags, int mode)
{
	if ((flags & O_TRUNC) != 0 && names_fifo(path))
		return (failure(EINVAL));
	return (real.open(path, flags, mode));
}
DEFECT(fifo-open-with-o-trunc-gives-einval, .open = trunc_refused);

static ssize_t
append_seeks(int fd, const void *buffer, size_t size)
{
	if (is_fifo(fd) && (real.fcntl(fd, F_GETFL, 0) & O_APPEND) != 0)
		return (failure(ESPIPE));
	return (real.write(fd, buffer, size));
}
DEFECT(fifo-append-gives-espipe, .write = append_seeks);

static int
nofollow_ignored(const char *path, int flags, int mode)
{
	return (real.open(path, flags & ~O_NOFOLLOW, mode));
}
DEFECT(fifo-open-ignores-o-nofollow, .open = nofollow_ignored);

static int
nofollow_refuses(const char *path, int flags, int mode)
{
	if ((flags & O_NOFOLLOW) != 0 && names_fifo(path))
		return (failure(ELOOP));
	return (real.open(path, flags, mode));
}
DEFECT(fifo-o-nofollow-refuses-the-fifo-too, .open = nofollow_refuses);

static int
path_is_a_reader(const char *path, int flags, int mode)
{
	if ((flags & O_PATH) != 0 && names_fifo(path))
		return (real.open(path, O_RDONLY | O_NONBLOCK, mode));
	return (real.open(path, flags, mode));
}
DEFECT(fifo-o-path-reads, .open = path_is_a_reader);

static int
path_is_counted(const char *path, int flags, int mode)
{
	if ((flags & O_PATH) != 0 && names_fifo(path))
		real.open(path, O_RDONLY | O_NONBLOCK, mode);
	return (real.open(path, flags, mode));
}
DEFECT(fifo-o-path-is-counted-as-a-reader, .open = path_is_counted);

static int
nonblock_dropped(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	return (fd != -1 && is_fifo(fd) ? clear_nonblock(fd) : fd);
}
DEFECT(fifo-open-drops-o-nonblock, .open = nonblock_dropped);

static int
cloexec_dropped(const char *path, int flags, int mode)
{
	int fd = real.open(path, flags, mode);

	if (fd != -1 && is_fifo(fd))
		real.fcntl(fd, F_SETFD, 0);
	return (fd);
}
DEFECT(fifo-open-drops-o-cloexec, .open = cloexec_dropped);

static int
append_dropped(const char *path, int flags, int mode)
{
	return (real.open(path, names_fifo(path) ? flags & ~O_APPEND : flags, mode));
}
DEFECT(fifo-open-drops-o-append, .open = append_dropped);

static int
any_mode_is_rdwr(int fd, int command, long argument)
{
	int value = real.fcntl(fd, command, argument);

	return (command == F_GETFL && value != -1 && is_fifo(fd) ? (value & ~O_ACCMODE) | O_RDWR
								 : value);
}
DEFECT(fifo-getfl-says-rdwr, .fcntl = any_mode_is_rdwr);

static ssize_t
reader_writes(int fd, const void *buffer, size_t size)
{
	return (is_fifo_open_for(fd, O_RDONLY) ? (ssize_t)size : real.write(fd, buffer, size));
}
DEFECT(fifo-reader-may-write, .write = reader_writes);

static ssize_t
writer_reads(int fd, void *buffer, size_t size)
{
	return (is_fifo_open_for(fd, O_WRONLY) ? 0 : real.read(fd, buffer, size));
}
DEFECT(fifo-writer-may-read, .read = writer_reads);
