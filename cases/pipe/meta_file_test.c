/*
 * Calls on files that change or lock something, made on a pipe.
 */

#include "plumbline.h"

#include <sys/file.h>

#include "sequence/names.h"

/* Ids that no user of this machine is likely to have. */
enum { USER = 12345, GROUP = 23456 };

/* The mode that fstat tells of that end. */
static struct pl_outcome
mode_of(int fd)
{
	struct stat st = pl_fstat(fd);

	return (pl_value((long)(st.st_mode & 07777), &pl_names_mode, "mode of %s", pl_slot(fd)));
}

/* Either the mode changes, on both ends, or the call is refused and it does not. */
PL_CASE(fchmod_changes_the_mode_or_is_refused, .verifies = "pipe.meta.fchmod")
{
	struct pl_outcome o;
	int fd[2];
	long mode;

	pl_pipe(fd);
	mode = mode_of(fd[0]).value;
	o = pl_sys(fchmod(fd[0], 0666), "fchmod(%s, 0666)", pl_slot(fd[0]));
	pl_expect(o, on(PL_FREEBSD | PL_POSIX, fails(EINVAL)), on(PL_LINUX | PL_POSIX, returns(0)));
	if (o.error == 0)
		mode = 0666;
	pl_expect(mode_of(fd[0]), is(mode));
	if (!pl_asks(PL_POSIX))
		pl_expect(mode_of(fd[1]), is(mode));
}

static void
expect_owner(int fd, const struct stat *owned)
{
	struct stat st = pl_fstat(fd);

	pl_expect(
	    pl_value((long)st.st_uid, NULL, "owner of %s", pl_slot(fd)), is((long)owned->st_uid));
	pl_expect(
	    pl_value((long)st.st_gid, NULL, "group of %s", pl_slot(fd)), is((long)owned->st_gid));
}

/*
 * Either the owner changes or the call is refused and nobody does; another pipe
 * is none of its business.  Only the super-user gives a pipe to somebody else.
 */
PL_CASE(fchown_changes_the_owner_or_is_refused, .verifies = "pipe.meta.fchown")
{
	bool privileged = geteuid() == 0;
	struct stat owned, other;
	struct pl_outcome o;
	int fd[2], beside[2];
	uid_t uid = privileged ? USER : geteuid();
	gid_t gid = privileged ? GROUP : getegid();

	pl_pipe(fd);
	pl_pipe(beside);
	owned = pl_fstat(fd[0]);
	other = pl_fstat(beside[0]);
	o = pl_sys(fchown(fd[0], uid, gid), "fchown(%s, %ju, %ju)", pl_slot(fd[0]), (uintmax_t)uid,
	    (uintmax_t)gid);
	pl_expect(o, on(PL_FREEBSD | PL_POSIX, fails(EINVAL)), on(PL_LINUX | PL_POSIX, returns(0)));
	if (o.error == 0) {
		owned.st_uid = uid;
		owned.st_gid = gid;
	}
	expect_owner(fd[0], &owned);
	expect_owner(beside[0], &other);
}

/* Pipes are on no file system of FreeBSD, and on one of their own of Linux. */
PL_CASE(fstatfs_knows_no_file_system_but_that_of_pipes, .verifies = "pipe.meta.fstatfs")
{
	const long pipefs_magic = 0x50495045; /* statfs(2) of Linux */
	long type = 0;
	int fd[2];

	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		struct pl_outcome o =
		    pl_sys(pl_os_file_system_type(fd[i], &type), "fstatfs(%s)", pl_slot(fd[i]));

		pl_expect(o, on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
		if (pl_asks(PL_LINUX))
			pl_expect(pl_value(type, NULL, "f_type"), is(pipefs_magic));
	}
}

static void
expect_same_time(struct timespec observed, struct timespec wanted, const char *what)
{
	pl_expect_that(observed.tv_sec == wanted.tv_sec && observed.tv_nsec == wanted.tv_nsec, what,
	    "%jd.%09ld instead of %jd.%09ld", (intmax_t)observed.tv_sec, observed.tv_nsec,
	    (intmax_t)wanted.tv_sec, wanted.tv_nsec);
}

/* Either the times become those given, or the call is refused and they stay. */
PL_CASE(futimens_sets_the_times_or_is_refused, .verifies = "pipe.meta.futimens")
{
	const struct timespec given[2] = { { 1000000000, 123000000 }, { 1100000000, 456000000 } };
	struct stat st, before;
	struct pl_outcome o;
	int fd[2];

	pl_pipe(fd);
	before = pl_fstat(fd[0]);
	o = pl_sys(futimens(fd[0], given), "futimens(%s, {1000000000.123, 1100000000.456})",
	    pl_slot(fd[0]));
	pl_expect(o, on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
	st = pl_fstat(fd[0]);
	expect_same_time(st.st_atim, o.error == 0 ? given[0] : before.st_atim, "st_atim");
	expect_same_time(st.st_mtim, o.error == 0 ? given[1] : before.st_mtim, "st_mtim");
}

static struct pl_outcome
sys_flock(int fd, int operation, const char *name)
{
	return (pl_sys(flock(fd, operation), "flock(%s, %s)", pl_slot(fd), name));
}

/* Where a pipe can be locked its ends, two open files, exclude each other. */
PL_CASE(flock_locks_or_is_refused, .verifies = "pipe.meta.flock")
{
	int fd[2];

	pl_pipe(fd);
	pl_expect(sys_flock(fd[0], LOCK_EX | LOCK_NB, "LOCK_EX|LOCK_NB"),
	    on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, returns(0)));
	pl_expect(sys_flock(fd[1], LOCK_EX | LOCK_NB, "LOCK_EX|LOCK_NB"),
	    on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, fails(EWOULDBLOCK)));
	pl_expect(sys_flock(fd[0], LOCK_UN, "LOCK_UN"), on(PL_FREEBSD, fails(EOPNOTSUPP)),
	    on(PL_LINUX, returns(0)));
	pl_expect(sys_flock(fd[1], LOCK_EX | LOCK_NB, "LOCK_EX|LOCK_NB"),
	    on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, returns(0)));
}

/* Set or clear a lock on the whole of a pipe. */
static struct pl_outcome
set_lock(int fd, short type, const char *name)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

	return (pl_sys(fcntl(fd, F_SETLK, &lock), "fcntl(%s, F_SETLK, %s)", pl_slot(fd), name));
}

/* A lock of the other process is in the way. */
static struct pl_outcome
lock_too(void *fd)
{
	pl_expect(set_lock(*(int *)fd, F_WRLCK, "F_WRLCK"), fails(EAGAIN), fails(EACCES));
	return (pl_done());
}

/* Where a pipe can be locked another process is excluded. */
PL_CASE(record_locks_lock_or_are_refused, .verifies = "pipe.meta.record-locks")
{
	struct pl_outcome o;
	int fd[2];

	pl_pipe(fd);
	o = set_lock(fd[1], F_WRLCK, "F_WRLCK");
	pl_expect(o, on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_POSIX, fails(EINVAL)),
	    on(PL_LINUX | PL_POSIX, returns(0)));
	if (o.error != 0)
		return;
	pl_must(pl_result(pl_child(lock_too, &fd[1], fd[1])));
	pl_expect(set_lock(fd[1], F_UNLCK, "F_UNLCK"), returns(0));
}
