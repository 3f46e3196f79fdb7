/*
 * Kernels that tell wrong things of a pipe, or change and lock it wrongly.
 */

#include "defects.h"

#include <sys/file.h>
#include <sys/resource.h>

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

static bool
is_write_end(int fd)
{
	return ((real.fcntl(fd, F_GETFL, 0) & O_ACCMODE) == O_WRONLY);
}

/* A function for fstat that does something to the answer about a pipe. */
#define FSTAT(name, change)                                 \
	static int name(int fd, struct stat *st)            \
	{                                                   \
		int result = real.fstat(fd, st);            \
                                                            \
		if (result == 0 && S_ISFIFO(st->st_mode)) { \
			change;                             \
		}                                           \
		return (result);                            \
	}

FSTAT(fstat_socket, st->st_mode = (st->st_mode & 07777) | S_IFSOCK)
DEFECT(fstat-pipe-as-socket, .fstat = fstat_socket);

FSTAT(fstat_device, if (is_write_end(fd)) st->st_mode = (st->st_mode & 07777) | S_IFCHR)
DEFECT(fstat-write-end-as-device, .fstat = fstat_device);

static int
fstat_refused(int fd, struct stat *st)
{
	return (is_pipe(fd) && is_write_end(fd) ? failure(EBADF) : real.fstat(fd, st));
}
DEFECT(fstat-write-end-as-ebadf, .fstat = fstat_refused);

static mode_t
current_umask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return (mask);
}
FSTAT(fstat_masked, st->st_mode &= ~current_umask())
DEFECT(fstat-pipe-mode-masked, .fstat = fstat_masked);

FSTAT(fstat_everybody, st->st_mode |= 0066)
DEFECT(fstat-pipe-mode-for-everybody, .fstat = fstat_everybody);

FSTAT(fstat_capacity, st->st_size = 65536)
DEFECT(fstat-pipe-size-is-capacity, .fstat = fstat_capacity);

FSTAT(fstat_negative_size, if (unread(fd) > 0) st->st_size = -1)
DEFECT(fstat-pipe-size-negative, .fstat = fstat_negative_size);

FSTAT(fstat_one_inode, st->st_ino = 1)
DEFECT(fstat-one-inode-for-all-pipes, .fstat = fstat_one_inode);

FSTAT(fstat_colliding_inode, st->st_ino /= 2; if (is_write_end(fd)) st->st_ino++)
DEFECT(fstat-write-end-has-inode-of-next-pipe, .fstat = fstat_colliding_inode);

FSTAT(fstat_no_device, st->st_dev = 0)
DEFECT(fstat-pipe-device-zero, .fstat = fstat_no_device);

FSTAT(fstat_own_device, st->st_dev += is_write_end(fd))
DEFECT(fstat-ends-on-two-devices, .fstat = fstat_own_device);

FSTAT(fstat_real_owner, st->st_uid = getuid(); st->st_gid = getgid())
DEFECT(fstat-pipe-of-real-user, .fstat = fstat_real_owner);

FSTAT(fstat_current_owner, st->st_uid = geteuid(); st->st_gid = getegid())
DEFECT(fstat-pipe-of-who-asks, .fstat = fstat_current_owner);

FSTAT(fstat_no_block_size, st->st_blksize = 0)
DEFECT(fstat-pipe-block-size-zero, .fstat = fstat_no_block_size);

FSTAT(fstat_half_block_size, st->st_blksize /= 2)
DEFECT(fstat-pipe-block-size-half-a-page, .fstat = fstat_half_block_size);

FSTAT(fstat_no_times, st->st_atim = st->st_mtim = st->st_ctim = (struct timespec){ 0 })
DEFECT(fstat-pipe-times-zero, .fstat = fstat_no_times);

FSTAT(fstat_no_atime, if (is_write_end(fd)) st->st_atim = (struct timespec){ 0 })
DEFECT(fstat-write-end-atime-zero, .fstat = fstat_no_atime);

FSTAT(fstat_late_ctime, st->st_ctim.tv_sec += 3600)
DEFECT(fstat-pipe-ctime-in-another-zone, .fstat = fstat_late_ctime);

/* Changes */

static int
fchmod_in_vain(int fd, mode_t mode)
{
	return (is_pipe(fd) ? 0 : real.fchmod(fd, mode));
}
DEFECT(fchmod-pipe-without-effect, .fchmod = fchmod_in_vain);

static int
fchmod_masked(int fd, mode_t mode)
{
	return (real.fchmod(fd, is_pipe(fd) ? mode & ~current_umask() : mode));
}
DEFECT(fchmod-pipe-masked, .fchmod = fchmod_masked);

static int
fchmod_then_refused(int fd, mode_t mode)
{
	real.fchmod(fd, mode);
	return (is_pipe(fd) ? failure(EPERM) : 0);
}
DEFECT(fchmod-pipe-as-eperm, .fchmod = fchmod_then_refused);

static int
fchown_refused(int fd, uid_t uid, gid_t gid)
{
	return (is_pipe(fd) ? failure(ENOTSUP) : real.fchown(fd, uid, gid));
}
DEFECT(fchown-pipe-as-enotsup, .fchown = fchown_refused);

static int
fstatfs_file_system(int fd, struct statfs *fs)
{
	int root = real.open("/", O_RDONLY, 0), result;

	if (!is_pipe(fd) || root == -1)
		result = real.fstatfs(fd, fs);
	else
		result = real.fstatfs(root, fs);
	if (root != -1)
		real.close(root);
	return (result);
}
DEFECT(fstatfs-pipe-on-root-file-system, .fstatfs = fstatfs_file_system);

static int
futimens_in_vain(int fd, const struct timespec times[2])
{
	return (is_pipe(fd) ? 0 : real.futimens(fd, times));
}
DEFECT(futimens-pipe-without-effect, .futimens = futimens_in_vain);

static int
futimens_seconds(int fd, const struct timespec times[2])
{
	const struct timespec cut[2] = { { times[0].tv_sec, 0 }, { times[1].tv_sec, 0 } };

	return (real.futimens(fd, is_pipe(fd) ? cut : times));
}
DEFECT(futimens-pipe-in-whole-seconds, .futimens = futimens_seconds);

static int
futimens_swapped(int fd, const struct timespec times[2])
{
	const struct timespec swapped[2] = { times[1], times[0] };

	return (real.futimens(fd, is_pipe(fd) ? swapped : times));
}
DEFECT(futimens-pipe-swaps-times, .futimens = futimens_swapped);

/* Locks */

static int
flock_in_vain(int fd, int operation)
{
	return (is_pipe(fd) ? 0 : real.flock(fd, operation));
}
DEFECT(flock-pipe-without-effect, .flock = flock_in_vain);

static int
flock_for_ever(int fd, int operation)
{
	return (is_pipe(fd) && (operation & LOCK_UN) != 0 ? 0 : real.flock(fd, operation));
}
DEFECT(flock-pipe-never-unlocks, .flock = flock_for_ever);

static int
flock_refused(int fd, int operation)
{
	return (is_pipe(fd) ? failure(EBADF) : real.flock(fd, operation));
}
DEFECT(flock-pipe-as-ebadf, .flock = flock_refused);

static int
setlk_in_vain(int fd, int command, long argument)
{
	return (command == F_SETLK && is_pipe(fd) ? 0 : real.fcntl(fd, command, argument));
}
DEFECT(setlk-pipe-without-effect, .fcntl = setlk_in_vain);

static int
setlk_refused(int fd, int command, long argument)
{
	return (
	    command == F_SETLK && is_pipe(fd) ? failure(EBADF) : real.fcntl(fd, command, argument));
}
DEFECT(setlk-pipe-as-ebadf, .fcntl = setlk_refused);

static int
setlk_no_unlock(int fd, int command, long argument)
{
	const struct flock *lock = (const struct flock *)(uintptr_t)argument;

	if (command == F_SETLK && is_pipe(fd) && lock->l_type == F_UNLCK)
		return (failure(EAGAIN));
	return (real.fcntl(fd, command, argument));
}
DEFECT(setlk-pipe-unlock-as-eagain, .fcntl = setlk_no_unlock);

/* Counters */

static long failed_reads;

static ssize_t
count_failures(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	failed_reads += n == -1;
	return (n);
}

static int
add_failures(int who, struct rusage *usage)
{
	int result = real.getrusage(who, usage);

	if (result == 0)
		usage->ru_msgrcv += failed_reads;
	return (result);
}
DEFECT(getrusage-counts-failed-reads, .read = count_failures, .getrusage = add_failures);
