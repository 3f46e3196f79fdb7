/*
 * fstat and getrusage: what is told of a pipe, and about its use.
 */

#include "plumbline.h"

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "sequence/names.h"

/* Ids that no user of this machine is likely to have. */
enum { USER = 12345, GROUP = 23456 };

/* Both ends are of the file type that FIFOs have too. */
PL_CASE(fstat_reports_a_fifo, .verifies = "pipe.meta.fstat-reports-a-fifo", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };
	struct stat st;

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_fstat(ends[i], &st), returns(0));
		pl_expect(pl_value((long)(st.st_mode & S_IFMT), &pl_names_file_type, "type of %s",
			      pl_slot(ends[i])),
		    is(S_IFIFO));
	}
}

static struct pl_outcome
permission_bits(void *mask)
{
	int fd[2];

	umask(*(mode_t *)mask);
	pl_note("the umask is 0%03o", (unsigned)*(mode_t *)mask);
	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		struct stat st = pl_fstat(fd[i]);

		pl_expect(pl_value((long)(st.st_mode & 07777), &pl_names_mode, "mode of %s",
			      pl_slot(fd[i])),
		    on(PL_FREEBSD, is(0)), on(PL_LINUX, is(0600)));
	}
	return (pl_done());
}

/* The same bits whatever the umask. */
PL_CASE(permission_bits_do_not_depend_on_the_umask, .verifies = "pipe.meta.permission-bits")
{
	static mode_t masks[] = { 022, 0, 0777 };

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		pl_must(pl_result(pl_child(permission_bits, &masks[i], PL_KEEP_NONE)));
}

/* A pipe has no name, so no link leads to it. */
PL_CASE(link_count_is_zero, .verifies = "pipe.meta.link-count")
{
	int fd[2];

	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		struct stat st = pl_fstat(fd[i]);

		pl_expect(
		    pl_value((long)st.st_nlink, NULL, "st_nlink of %s", pl_slot(fd[i])), is(0));
	}
}

static void
expect_size(int fd, long unread)
{
	struct stat st = pl_fstat(fd);

	pl_expect(pl_value((long)st.st_size, NULL, "st_size of %s", pl_slot(fd)),
	    on(PL_FREEBSD, is(unread)), on(PL_LINUX, is(0)));
}

/* The size goes up and down with what waits, on FreeBSD; on Linux it is always 0. */
PL_CASE(size_follows_unread_bytes, .verifies = "pipe.meta.size-is-unread-bytes")
{
	char b[2];
	int fd[2];

	pl_pipe(fd);
	expect_size(fd[0], 0);
	pl_write(fd[1], "abcde", 5);
	expect_size(fd[0], 5);
	pl_must(sys_read(fd[0], b, 2));
	expect_size(fd[0], 3);
	pl_close(fd[1]);
	expect_size(fd[0], 3);
	pl_drain(fd[0]);
	expect_size(fd[0], 0);
}

/* More than any pipe holds. */
enum { MUCH = 1 << 18 };

static struct pl_outcome
write_much(void *fd)
{
	char *much = calloc(1, MUCH);

	if (much == NULL)
		pl_broken("no memory for %d bytes", (int)MUCH);
	return (sys_write(*(int *)fd, much, MUCH));
}

/* Bytes that a sleeping writer offers from its own memory count as well. */
PL_CASE(size_counts_bytes_of_a_sleeping_writer, .verifies = "pipe.meta.size-is-unread-bytes")
{
	struct pl_peer *writer;
	struct stat st;
	int fd[2], waiting;

	pl_pipe(fd);
	writer = pl_child(write_much, &fd[1], fd[1]);
	pl_wait_blocked(writer);
	pl_must(sys_ioctl_int(fd[0], FIONREAD, &waiting));
	st = pl_fstat(fd[0]);
	pl_expect(pl_value((long)st.st_size, NULL, "st_size of %s", pl_slot(fd[0])),
	    on(PL_FREEBSD, returns_between(1, MUCH)), on(PL_LINUX, is(0)));
	if (pl_asks(PL_FREEBSD))
		pl_expect(
		    pl_value((long)st.st_size, NULL, "st_size, against FIONREAD"), is(waiting));
	pl_close(fd[0]);
	pl_result(writer);
}

/* Each end its own number on FreeBSD, each pipe its own on Linux; never another pipe's. */
PL_CASE(inode_numbers_of_the_ends, .verifies = "pipe.meta.inode-numbers-of-the-ends")
{
	struct stat r[2], w[2];
	int fd[2];

	for (int i = 0; i < 2; i++) {
		pl_pipe(fd);
		r[i] = pl_fstat(fd[0]);
		w[i] = pl_fstat(fd[1]);
		pl_expect_that((r[i].st_ino == w[i].st_ino) == pl_asks(PL_LINUX),
		    pl_asks(PL_LINUX) ? "one number for both ends" : "two numbers",
		    "st_ino %ju and %ju", (uintmax_t)r[i].st_ino, (uintmax_t)w[i].st_ino);
	}
	pl_expect_that(r[0].st_ino != w[1].st_ino && w[0].st_ino != r[1].st_ino &&
		r[0].st_ino != r[1].st_ino && w[0].st_ino != w[1].st_ino,
	    "other numbers for the other pipe", "%ju %ju and %ju %ju", (uintmax_t)r[0].st_ino,
	    (uintmax_t)w[0].st_ino, (uintmax_t)r[1].st_ino, (uintmax_t)w[1].st_ino);
}

/* All pipes live on one device that is told apart from none. */
PL_CASE(device_is_meaningful, .verifies = "pipe.meta.device-is-meaningful")
{
	dev_t device = 0;
	int fd[2];

	for (int i = 0; i < 4; i++) {
		struct stat st;

		if (i % 2 == 0)
			pl_pipe(fd);
		st = pl_fstat(fd[i % 2]);
		if (i == 0)
			device = st.st_dev;
		pl_expect_that(st.st_dev != 0 && st.st_dev == device, "one device, not 0",
		    "st_dev of %s is 0x%jx, the first was 0x%jx", pl_slot(fd[i % 2]),
		    (uintmax_t)st.st_dev, (uintmax_t)device);
	}
}

/* Of pipes that are open at the same time no two are the same file. */
PL_CASE(inode_identifies_the_pipe, .verifies = "pipe.meta.inode-identifies-the-pipe")
{
	enum { PIPES = 8 };
	struct stat st[PIPES];
	int fd[2];

	for (int i = 0; i < PIPES; i++) {
		pl_pipe(fd);
		st[i] = pl_fstat(fd[0]);
		for (int k = 0; k < i; k++)
			pl_expect_that(st[i].st_ino != st[k].st_ino || st[i].st_dev != st[k].st_dev,
			    "a number of its own", "the read ends of pipes %d and %d both have %ju",
			    k, i, (uintmax_t)st[i].st_ino);
	}
}

static void
expect_owner(int fd)
{
	struct stat st = pl_fstat(fd);

	pl_expect(pl_value((long)st.st_uid, NULL, "owner of %s", pl_slot(fd)), is(USER));
	pl_expect(pl_value((long)st.st_gid, NULL, "group of %s", pl_slot(fd)), is(GROUP));
}

static struct pl_outcome
make_as_user(void *unused)
{
	int fd[2];

	(void)unused;
	pl_act_as(USER, GROUP);
	pl_pipe(fd);
	expect_owner(fd[0]);
	expect_owner(fd[1]);
	pl_must(pl_sys(seteuid(0), "seteuid(0)"));
	pl_must(pl_sys(setegid(0), "setegid(0)"));
	expect_owner(fd[0]);
	expect_owner(fd[1]);
	return (pl_done());
}

/* Who makes a pipe owns it, the real ids and later changes notwithstanding. */
PL_CASE(owner_is_effective_user, .verifies = "pipe.meta.owner-is-effective-user", .needs = PL_ROOT)
{
	pl_must(pl_result(pl_child(make_as_user, NULL, PL_KEEP_NONE)));
}

/* Buffers of stdio and others are made this big. */
PL_CASE(blksize_is_the_page_size, .verifies = "pipe.meta.blksize-is-the-page-size")
{
	int fd[2];

	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		struct stat st = pl_fstat(fd[i]);

		pl_expect(pl_value((long)st.st_blksize, NULL, "st_blksize of %s", pl_slot(fd[i])),
		    is(sysconf(_SC_PAGESIZE)));
	}
}

/* A new pipe is stamped with the time it is made. */
PL_CASE(times_are_set_at_creation, .verifies = "pipe.meta.times-set-at-creation")
{
	struct timespec since;
	int fd[2];

	since = pl_now();
	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		struct stat st = pl_fstat(fd[i]);

		pl_expect_stamp("st_atim", st.st_atim, since);
		pl_expect_stamp("st_mtim", st.st_mtim, since);
		pl_expect_stamp("st_ctim", st.st_ctim, since);
	}
}

static void
expect_later(struct timespec before, struct timespec after, const char *what)
{
	pl_expect_that(pl_is_later(after, before), what, "%jd.%09ld, after %jd.%09ld",
	    (intmax_t)after.tv_sec, after.tv_nsec, (intmax_t)before.tv_sec, before.tv_nsec);
}

/* Writing is a change of the data and the status, reading an access. */
PL_CASE(times_follow_io, .verifies = "pipe.meta.times-follow-io")
{
	struct stat made, written, read_from;
	char b[3];
	int fd[2];

	pl_pipe(fd);
	made = pl_fstat(fd[0]);
	pl_pass(made.st_ctim);
	pl_write(fd[1], "abc", 3);
	written = pl_fstat(fd[0]);
	expect_later(made.st_mtim, written.st_mtim, "a later st_mtim after write()");
	expect_later(made.st_ctim, written.st_ctim, "a later st_ctim after write()");
	pl_pass(written.st_ctim);
	pl_must(sys_read(fd[0], b, 3));
	read_from = pl_fstat(fd[0]);
	expect_later(written.st_atim, read_from.st_atim, "a later st_atim after read()");
	pl_expect_that(!pl_is_later(read_from.st_mtim, written.st_mtim),
	    "the same st_mtim after read()", "a later one");
}

/* Each transfer is one message, on FreeBSD; calls that move nothing are none. */
PL_CASE(rusage_counts_messages, .verifies = "pipe.meta.rusage-counts-messages")
{
	struct rusage before, after;
	char b[8];
	int fd[2];

	pl_pipe(fd);
	pl_nonblock(fd[0], true);
	pl_must(pl_sys(getrusage(RUSAGE_SELF, &before), "getrusage(RUSAGE_SELF)"));
	pl_write(fd[1], "ab", 2);
	pl_write(fd[1], "cde", 3);
	pl_must(sys_read(fd[0], b, sizeof(b)));
	if (sys_read(fd[0], b, sizeof(b)).error != EAGAIN)
		pl_broken("an empty pipe is not read with EAGAIN");
	pl_must(pl_sys(getrusage(RUSAGE_SELF, &after), "getrusage(RUSAGE_SELF)"));
	pl_expect(pl_value(after.ru_msgsnd - before.ru_msgsnd, NULL, "messages sent"),
	    on(PL_FREEBSD, is(2)), on(PL_LINUX, is(0)));
	pl_expect(pl_value(after.ru_msgrcv - before.ru_msgrcv, NULL, "messages received"),
	    on(PL_FREEBSD, is(1)), on(PL_LINUX, is(0)));
}
