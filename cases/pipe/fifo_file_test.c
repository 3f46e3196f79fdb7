/*
 * The file behind a FIFO: its names, what stat(2) says of it, and the calls
 * that change a file.
 */

#include <sys/file.h>
#include <sys/stat.h>

#include "plumbline.h"
#include "sequence/names.h"

/* Judge: that name is no more. */
static void
expect_gone(const char *path)
{
	struct stat st;

	pl_expect(sys_stat(path, &st), fails(ENOENT));
	pl_expect(sys_open(path, O_RDONLY | O_NONBLOCK), fails(ENOENT));
}

/* The pipe belongs to the file, whatever it is called. */
PL_CASE(
    links_reach_the_same_pipe, .verifies = "pipe.fifo.symlink-and-hard-link-reach-the-same-pipe")
{
	int r, soft, hard;

	pl_mkfifo("f", 0600);
	pl_must(pl_sys(symlink("f", "soft"), "symlink(\"f\", \"soft\")"));
	pl_remove_at_end("soft");
	pl_must(pl_sys(link("f", "hard"), "link(\"f\", \"hard\")"));
	pl_remove_at_end("hard");
	r = pl_open("f", O_RDONLY | O_NONBLOCK);
	soft = (int)pl_expect(sys_open("soft", O_WRONLY | O_NONBLOCK), opens());
	hard = (int)pl_expect(sys_open("hard", O_WRONLY | O_NONBLOCK), opens());
	pl_write(soft, "s", 1);
	pl_write(hard, "h", 1);
	pl_write(soft, "S", 1);
	pl_expect_text(r, "shS");
}

/* Those who are connected stay so without the name. */
PL_CASE(unlink_while_open, .verifies = "pipe.fifo.unlink-while-open")
{
	struct pl_pair p = pl_fifo_pair("f");
	const int ends[] = { p.r, p.w };
	struct stat st;

	pl_write(p.w, "before", 6);
	pl_expect(sys_unlink("f"), returns(0));
	pl_write(p.w, "after", 5);
	pl_expect_text(p.r, "beforeafter");
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_fstat(ends[i], &st), returns(0));
		pl_expect(
		    pl_value((long)st.st_nlink, NULL, "links of %s", pl_slot(ends[i])), is(0));
	}
	expect_gone("f");
	pl_close(p.r);
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
}

/* The same name, another file, another pipe. */
PL_CASE(recreated_name_is_another_pipe, .verifies = "pipe.fifo.recreated-name-is-another-pipe")
{
	struct pl_pair old = pl_fifo_pair("f"), new;
	char b[8];

	pl_unlink("f");
	pl_mkfifo("f", 0600);
	pl_expect(sys_open("f", O_WRONLY | O_NONBLOCK), fails(ENXIO));
	new.r = pl_open("f", O_RDONLY | O_NONBLOCK);
	new.w = pl_open("f", O_WRONLY);
	pl_write(new.w, "new", 3);
	pl_expect(sys_read(old.r, b, sizeof(b)), fails(EAGAIN));
	pl_write(old.w, "old", 3);
	pl_expect_text(new.r, "new");
	pl_expect_text(old.r, "old");
}

/* Another name, the same file, the same pipe. */
PL_CASE(rename_while_open, .verifies = "pipe.fifo.rename-while-open")
{
	struct pl_pair p = pl_fifo_pair("f");
	int w;

	pl_expect(sys_rename("f", "g"), returns(0));
	w = (int)pl_expect(sys_open("g", O_WRONLY | O_NONBLOCK), opens());
	pl_write(w, "hello", 5);
	pl_write(p.w, "there", 5);
	pl_expect_text(p.r, "hellothere");
	expect_gone("f");
}

/* What waits in the pipe is no content of the file. */
PL_CASE(st_size_stays_zero, .verifies = "pipe.fifo.st-size-stays-zero")
{
	struct pl_pair p = pl_fifo_pair("f");
	struct stat st;

	pl_write(p.w, "hello", 5);
	pl_expect(sys_stat("f", &st), returns(0));
	pl_expect(pl_value((long)st.st_size, NULL, "size of \"f\""), is(0));
	pl_expect(sys_fstat(p.r, &st), returns(0));
	pl_expect(pl_value((long)st.st_size, NULL, "size of %s", pl_slot(p.r)), is(0));
	pl_expect(sys_fstat(p.w, &st), returns(0));
	pl_expect(pl_value((long)st.st_size, NULL, "size of %s", pl_slot(p.w)), is(0));
}

/* Either end is the file that has the name. */
PL_CASE(fstat_equals_stat, .verifies = "pipe.fifo.fstat-equals-stat")
{
	struct pl_pair p = pl_fifo_pair("f");
	const int ends[] = { p.r, p.w };
	struct stat named, opened;

	pl_must(pl_sys(chmod("f", 0640), "chmod(\"f\", 0640)"));
	pl_must(sys_stat("f", &named));
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_fstat(ends[i], &opened), returns(0));
		pl_expect_that(opened.st_dev == named.st_dev, "the device of \"f\"",
		    "%s is on device %ju, \"f\" on %ju", pl_slot(ends[i]), (uintmax_t)opened.st_dev,
		    (uintmax_t)named.st_dev);
		pl_expect_that(opened.st_ino == named.st_ino, "the file number of \"f\"",
		    "%s is number %ju, \"f\" %ju", pl_slot(ends[i]), (uintmax_t)opened.st_ino,
		    (uintmax_t)named.st_ino);
		pl_expect(pl_value(opened.st_mode & S_IFMT, &pl_names_file_type, "file type of %s",
			      pl_slot(ends[i])),
		    is(S_IFIFO));
		pl_expect(pl_value(opened.st_mode & 07777, &pl_names_mode, "mode of %s",
			      pl_slot(ends[i])),
		    is(0640));
	}
}

/* A FIFO has permissions of its own; a descriptor of either end reaches them. */
PL_CASE(fchmod_works, .verifies = "pipe.fifo.fchmod-and-fchown-work")
{
	struct pl_pair p = pl_fifo_pair("f");
	const struct {
		int fd;
		mode_t mode;
	} changes[] = { { p.r, 0644 }, { p.w, 0420 } };
	struct stat st;

	for (int i = 0; i < 2; i++) {
		pl_expect(pl_sys(fchmod(changes[i].fd, changes[i].mode), "fchmod(%s, 0%03o)",
			      pl_slot(changes[i].fd), (unsigned)changes[i].mode),
		    returns(0));
		pl_must(sys_stat("f", &st));
		pl_expect(pl_value(st.st_mode & 07777, &pl_names_mode, "mode of \"f\""),
		    is(changes[i].mode));
	}
}

/* The same for its owner, whom only the super-user can change. */
PL_CASE(fchown_works, .verifies = "pipe.fifo.fchmod-and-fchown-work", .needs = PL_ROOT)
{
	struct pl_pair p = pl_fifo_pair("f");
	const struct {
		int fd;
		uid_t uid;
		gid_t gid;
	} changes[] = { { p.w, 11, 22 }, { p.r, 33, 44 } };
	struct stat st;

	for (int i = 0; i < 2; i++) {
		pl_expect(pl_sys(fchown(changes[i].fd, changes[i].uid, changes[i].gid),
			      "fchown(%s, %ju, %ju)", pl_slot(changes[i].fd),
			      (uintmax_t)changes[i].uid, (uintmax_t)changes[i].gid),
		    returns(0));
		pl_must(sys_stat("f", &st));
		pl_expect(pl_value((long)st.st_uid, NULL, "owner of \"f\""), is(changes[i].uid));
		pl_expect(pl_value((long)st.st_gid, NULL, "group of \"f\""), is(changes[i].gid));
	}
}

/* There is no length to change: refused or ignored, and never at the cost of data. */
PL_CASE(truncate_leaves_the_data, .verifies = "pipe.fifo.truncate")
{
	struct pl_pair p = pl_fifo_pair("f");

	pl_write(p.w, "abc", 3);
	pl_expect(pl_sys(truncate("f", 0), "truncate(\"f\", 0)"), on(PL_FREEBSD, returns(0)),
	    on(PL_LINUX, fails(EINVAL)));
	pl_expect_text(p.r, "abc");
}

/* The same through a descriptor; on Linux the reader may be told that it is no writer. */
PL_CASE(ftruncate_fails, .verifies = "pipe.fifo.ftruncate")
{
	struct pl_pair p = pl_fifo_pair("f");

	pl_write(p.w, "abc", 3);
	pl_expect(pl_sys(ftruncate(p.w, 0), "ftruncate(%s, 0)", pl_slot(p.w)),
	    on(PL_FREEBSD | PL_LINUX, fails(EINVAL)));
	pl_expect(pl_sys(ftruncate(p.r, 0), "ftruncate(%s, 0)", pl_slot(p.r)),
	    on(PL_FREEBSD | PL_LINUX, fails(EINVAL)), on(PL_LINUX, fails(EBADF)));
	pl_expect_text(p.r, "abc");
}

/* The file can be stored, or there is nothing of it to store. */
PL_CASE(fsync_of_either_end, .verifies = "pipe.fifo.fsync")
{
	struct pl_pair p = pl_fifo_pair("f");
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++)
		pl_expect(pl_sys(fsync(ends[i]), "fsync(%s)", pl_slot(ends[i])),
		    on(PL_FREEBSD, returns(0)), on(PL_LINUX, fails(EINVAL)),
		    on(PL_LINUX, fails(EROFS)));
}

/* There is no position, to ask for or to read from. */
PL_CASE(lseek_and_pread_fail, .verifies = "pipe.fifo.lseek-and-pread-espipe")
{
	struct pl_pair p = pl_fifo_pair("f");
	const int ends[] = { p.r, p.w }, whence[] = { SEEK_SET, SEEK_CUR, SEEK_END };
	char b[8];

	pl_write(p.w, "abc", 3);
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 3; k++)
			pl_expect(sys_lseek(ends[i], 0, whence[k]), fails(ESPIPE));
	pl_expect(pl_sys(pread(p.r, b, sizeof(b), 0), "pread(%s, %zu, 0)", pl_slot(p.r), sizeof(b)),
	    fails(ESPIPE));
	pl_expect_text(p.r, "abc");
}

/* Set access and modification time of a file far back, and let a moment pass. */
static void
set_back_times(int fd, struct stat *st)
{
	const struct timespec past[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };

	pl_must(pl_sys(futimens(fd, past), "futimens(%s, past)", pl_slot(fd)));
	pl_must(sys_fstat(fd, st));
	pl_pass(st->st_ctim);
}

/* Judge: that time of the FIFO has moved. */
static void
expect_moved(const char *which, struct timespec before, struct timespec after)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "a later %s", which);
	pl_expect_that(pl_is_later(after, before), expected, "it was %jd.%09ld and is %jd.%09ld",
	    (intmax_t)before.tv_sec, before.tv_nsec, (intmax_t)after.tv_sec, after.tv_nsec);
}

/* A write modifies the file, as its times tell at once. */
PL_CASE(times_follow_a_write, .verifies = "pipe.fifo.times-follow-io")
{
	struct pl_pair p = pl_fifo_pair("f");
	struct stat before, after;

	set_back_times(p.r, &before);
	pl_write(p.w, "abc", 3);
	pl_must(sys_stat("f", &after));
	expect_moved("modification time", before.st_mtim, after.st_mtim);
	expect_moved("status change time", before.st_ctim, after.st_ctim);
}

/* Does this file system keep access times of what is read? */
static bool
keeps_access_times(void)
{
	struct stat before, after;
	int fd = pl_open("probe", O_RDWR | O_CREAT, 0600);
	char b[4];

	pl_write(fd, "abc", 3);
	set_back_times(fd, &before);
	pl_must(sys_lseek(fd, 0, SEEK_SET));
	pl_must(sys_read(fd, b, sizeof(b)));
	pl_must(sys_fstat(fd, &after));
	pl_close(fd);
	return (pl_is_later(after.st_atim, before.st_atim));
}

/* A read is an access to it. */
PL_CASE(times_follow_a_read, .verifies = "pipe.fifo.times-follow-io")
{
	struct pl_pair p;
	struct stat before, after;

	if (!keeps_access_times())
		pl_not_tested("this file system is mounted without access times");
	p = pl_fifo_pair("f");
	pl_write(p.w, "abc", 3);
	set_back_times(p.r, &before);
	pl_expect_text(p.r, "abc");
	pl_must(sys_stat("f", &after));
	expect_moved("access time", before.st_atim, after.st_atim);
}

/* A lock is on the file; each open of it is another holder. */
PL_CASE(flock_excludes_other_opens, .verifies = "pipe.fifo.flock")
{
	struct pl_pair p = pl_fifo_pair("f");

#define FLOCK(fd, operation) \
	pl_sys(flock((fd), (operation)), "flock(%s, %s)", pl_slot(fd), #operation)
	pl_expect(FLOCK(p.r, LOCK_EX | LOCK_NB), returns(0));
	pl_expect(FLOCK(p.w, LOCK_EX | LOCK_NB), fails(EWOULDBLOCK));
	pl_expect(FLOCK(p.w, LOCK_SH | LOCK_NB), fails(EWOULDBLOCK));
	pl_expect(FLOCK(p.r, LOCK_UN), returns(0));
	pl_expect(FLOCK(p.w, LOCK_EX | LOCK_NB), returns(0));
	pl_expect(FLOCK(p.r, LOCK_EX | LOCK_NB), fails(EWOULDBLOCK));
#undef FLOCK
}
