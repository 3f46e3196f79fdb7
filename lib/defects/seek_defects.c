/*
 * Kernels that take a pipe for a file with positions or pages, or harm its data
 * while they refuse to.
 */

#include "defects.h"

#include <sys/mman.h>

#include <fcntl.h>
#include <unistd.h>

/* Lose a byte, if one waits and this end can be read. */
static void
lose_byte(int fd)
{
	int error = errno;
	char b;

	if (unread(fd) > 0)
		(void)!real.read(fd, &b, 1);
	errno = error;
}

/* lseek */

static off_t
lseek_tells(int fd, off_t offset, int whence)
{
	if (whence == SEEK_CUR && offset == 0 && is_pipe(fd))
		return (0);
	return (real.lseek(fd, offset, whence));
}
DEFECT(lseek-tells-position-of-pipe, .lseek = lseek_tells);

static off_t
lseek_size(int fd, off_t offset, int whence)
{
	if (whence == SEEK_END && is_pipe(fd))
		return (unread(fd) + offset);
	return (real.lseek(fd, offset, whence));
}
DEFECT(lseek-tells-size-of-pipe, .lseek = lseek_size);

static off_t
lseek_skips(int fd, off_t offset, int whence)
{
	if (is_pipe(fd) && offset > 0)
		lose_byte(fd);
	return (real.lseek(fd, offset, whence));
}
DEFECT(lseek-loses-data-of-pipe, .lseek = lseek_skips);

static off_t
lseek_einval(int fd, off_t offset, int whence)
{
	off_t at = real.lseek(fd, offset, whence);

	return (at == -1 && errno == ESPIPE ? failure(EINVAL) : at);
}
DEFECT(lseek-pipe-as-einval, .lseek = lseek_einval);

static off_t
lseek_any_whence(int fd, off_t offset, int whence)
{
	return (whence < 0 && is_pipe(fd) ? 0 : real.lseek(fd, offset, whence));
}
DEFECT(lseek-takes-negative-whence, .lseek = lseek_any_whence);

/* Transfer at a position */

static ssize_t
pread_reads(int fd, void *buffer, size_t size, off_t offset)
{
	if (offset >= 0 && size > 0 && is_pipe(fd))
		return (real.read(fd, buffer, size));
	return (real.pread(fd, buffer, size, offset));
}
DEFECT(pread-reads-pipe, .pread = pread_reads);

static ssize_t
pread_nothing(int fd, void *buffer, size_t size, off_t offset)
{
	return (size == 0 && offset >= 0 && is_pipe(fd) ? 0 : real.pread(fd, buffer, size, offset));
}
DEFECT(pread-of-no-bytes-succeeds, .pread = pread_nothing);

static ssize_t
pread_loses(int fd, void *buffer, size_t size, off_t offset)
{
	if (is_pipe(fd))
		lose_byte(fd);
	return (real.pread(fd, buffer, size, offset));
}
DEFECT(pread-loses-data-of-pipe, .pread = pread_loses);

static ssize_t
pwrite_nothing(int fd, const void *buffer, size_t size, off_t offset)
{
	return (
	    size == 0 && offset >= 0 && is_pipe(fd) ? 0 : real.pwrite(fd, buffer, size, offset));
}
DEFECT(pwrite-of-no-bytes-succeeds, .pwrite = pwrite_nothing);

static ssize_t
pwrite_writes(int fd, const void *buffer, size_t size, off_t offset)
{
	if (offset >= 0 && is_pipe(fd))
		(void)!real.write(fd, buffer, size);
	return (real.pwrite(fd, buffer, size, offset));
}
DEFECT(pwrite-writes-before-espipe, .pwrite = pwrite_writes);

static ssize_t
pread_here(int fd, void *buffer, size_t size, off_t offset)
{
	if (offset == -1 && is_pipe(fd))
		return (real.read(fd, buffer, size));
	return (real.pread(fd, buffer, size, offset));
}
DEFECT(pread-takes-minus-one-for-here, .pread = pread_here);

static ssize_t
pwrite_here(int fd, const void *buffer, size_t size, off_t offset)
{
	if (offset == -1 && is_pipe(fd))
		return (real.write(fd, buffer, size));
	return (real.pwrite(fd, buffer, size, offset));
}
DEFECT(pwrite-takes-minus-one-for-here, .pwrite = pwrite_here);

static ssize_t
preadv_reads(int fd, const struct iovec *v, int count, off_t offset)
{
	return (is_pipe(fd) ? real.readv(fd, v, count) : real.preadv(fd, v, count, offset));
}
DEFECT(preadv-reads-pipe, .preadv = preadv_reads);

static ssize_t
pwritev_writes(int fd, const struct iovec *v, int count, off_t offset)
{
	if (is_pipe(fd))
		(void)!real.writev(fd, v, 1);
	return (real.pwritev(fd, v, count, offset));
}
DEFECT(pwritev-writes-before-espipe, .pwritev = pwritev_writes);

static ssize_t
pwritev_any_offset(int fd, const struct iovec *v, int count, off_t offset)
{
	return (is_pipe(fd) && offset > 0 ? failure(EINVAL) : real.pwritev(fd, v, count, offset));
}
DEFECT(pwritev-with-offset-as-einval, .pwritev = pwritev_any_offset);

/* Length and blocks */

static int
ftruncate_empties(int fd, off_t size)
{
	if (is_pipe(fd) && size == 0 && (real.fcntl(fd, F_GETFL, 0) & O_ACCMODE) == O_RDONLY)
		while (unread(fd) > 0)
			lose_byte(fd);
	return (real.ftruncate(fd, size));
}
DEFECT(ftruncate-empties-pipe, .ftruncate = ftruncate_empties);

static int
ftruncate_succeeds(int fd, off_t size)
{
	return (is_pipe(fd) ? 0 : real.ftruncate(fd, size));
}
DEFECT(ftruncate-pipe-succeeds, .ftruncate = ftruncate_succeeds);

static int
fsync_succeeds(int fd)
{
	return (is_pipe(fd) ? 0 : real.fsync(fd));
}
DEFECT(fsync-pipe-succeeds, .fsync = fsync_succeeds);

static int
fdatasync_succeeds(int fd)
{
	return (is_pipe(fd) ? 0 : real.fdatasync(fd));
}
DEFECT(fdatasync-pipe-succeeds, .fdatasync = fdatasync_succeeds);

static int
fallocate_enodev(int fd, off_t offset, off_t size)
{
	return (is_pipe(fd) ? ENODEV : real.posix_fallocate(fd, offset, size));
}
DEFECT(posix-fallocate-pipe-as-enodev, .posix_fallocate = fallocate_enodev);

static int
fallocate_adds(int fd, off_t offset, off_t size)
{
	if (is_pipe(fd))
		(void)!real.write(fd, "", 1);
	return (real.posix_fallocate(fd, offset, size));
}
DEFECT(posix-fallocate-adds-to-pipe, .posix_fallocate = fallocate_adds);

static int
fadvise_succeeds(int fd, off_t offset, off_t size, int advice)
{
	return (is_pipe(fd) && advice == POSIX_FADV_NORMAL
		? 0
		: real.posix_fadvise(fd, offset, size, advice));
}
DEFECT(posix-fadvise-takes-no-advice-for-pipe, .posix_fadvise = fadvise_succeeds);

static int
fadvise_drops(int fd, off_t offset, off_t size, int advice)
{
	if (advice == POSIX_FADV_DONTNEED && is_pipe(fd))
		lose_byte(fd);
	return (real.posix_fadvise(fd, offset, size, advice));
}
DEFECT(posix-fadvise-drops-data-of-pipe, .posix_fadvise = fadvise_drops);

static ssize_t
copy_loses(int from, off_t *at, int to, off_t *to_at, size_t size, unsigned flags)
{
	if (is_pipe(from))
		lose_byte(from);
	return (real.copy_file_range(from, at, to, to_at, size, flags));
}
DEFECT(copy-file-range-loses-data-of-pipe, .copy_file_range = copy_loses);

static ssize_t
copy_to_pipe(int from, off_t *at, int to, off_t *to_at, size_t size, unsigned flags)
{
	char b[16];
	ssize_t n;

	if (!is_pipe(to))
		return (real.copy_file_range(from, at, to, to_at, size, flags));
	n = real.read(from, b, size < sizeof(b) ? size : sizeof(b));
	return (n > 0 ? real.write(to, b, (size_t)n) : n);
}
DEFECT(copy-file-range-copies-to-pipe, .copy_file_range = copy_to_pipe);

static void *
mmap_grants(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	if ((flags & MAP_PRIVATE) != 0 && (flags & MAP_ANONYMOUS) == 0 && is_pipe(fd))
		return (real.mmap(address, size, protection, flags | MAP_ANONYMOUS, -1, 0));
	return (real.mmap(address, size, protection, flags, fd, offset));
}
DEFECT(mmap-grants-private-pages-of-pipe, .mmap = mmap_grants);

static void *
mmap_einval(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	void *at = real.mmap(address, size, protection, flags, fd, offset);

	if (at == MAP_FAILED && errno == ENODEV)
		errno = EINVAL;
	return (at);
}
DEFECT(mmap-pipe-as-einval, .mmap = mmap_einval);
