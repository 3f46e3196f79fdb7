/*
 * mkfifo: the file it makes, and what its attributes are.
 */

#include "plumbline.h"
#include "sequence/names.h"

/* Ids that no user of this machine is likely to have. */
enum { USER = 12345, GROUP = 23456, DIRECTORY_GROUP = 34567 };

/* The FIFO is a file of its type with one name, and works as one. */
PL_CASE(creates_a_fifo, .verifies = "pipe.mkfifo.creates-a-fifo")
{
	struct stat st;
	int r, w;

	pl_expect(sys_mkfifo("f", 0600), returns(0));
	pl_expect(pl_file_type("f"), is(S_IFIFO));
	pl_must(sys_lstat("f", &st));
	pl_expect(pl_value((long)st.st_nlink, NULL, "st_nlink"), is(1));
	if (!pl_asks(PL_POSIX))
		pl_expect(pl_value((long)st.st_size, NULL, "st_size"), is(0));
	r = (int)pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK), opens());
	w = pl_open("f", O_WRONLY);
	pl_write(w, "abc", 3);
	pl_expect_text(r, "abc");
}

/* One request and one mask, and the permissions that are left. */
static const struct mask {
	const char *path;
	mode_t mode, umask, left;
} masks[] = {
	{ "f0", 0777, 027, 0750 },
	{ "f1", 0640, 0, 0640 },
	{ "f2", 0666, 077, 0600 },
	{ "f3", 0777, 0777, 0 },
};

static struct pl_outcome
make_masked(void *argument)
{
	const struct mask *m = argument;
	struct stat st;

	umask(m->umask);
	pl_note("the umask is 0%03o", (unsigned)m->umask);
	pl_expect(sys_mkfifo(m->path, m->mode), returns(0));
	pl_must(sys_lstat(m->path, &st));
	pl_expect(pl_value((long)(st.st_mode & 07777), &pl_names_mode, "mode of %s", m->path),
	    is((long)m->left));
	return (pl_done());
}

/* The permissions are those asked for less those of the umask, and no others. */
PL_CASE(mode_is_masked_by_umask, .verifies = "pipe.mkfifo.mode-is-masked-by-umask")
{
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		pl_must(
		    pl_result(pl_child(make_masked, (void *)(uintptr_t)&masks[i], PL_KEEP_NONE)));
}

/*
 * Make "d/f" while acting as USER and GROUP.  The child enters the directory
 * first: those above it need not let that user through.
 */
static struct pl_outcome
make_as_user(void *uid)
{
	pl_must(pl_sys(chdir("d"), "chdir(\"d\")"));
	pl_act_as(*(uid_t *)uid, GROUP);
	pl_expect(sys_mkfifo("f", 0600), returns(0));
	return (pl_done());
}

static struct stat
made_by(uid_t uid)
{
	struct stat st;

	pl_remove_at_end("d/f");
	pl_must(pl_result(pl_child(make_as_user, &uid, PL_KEEP_NONE)));
	pl_must(sys_lstat("d/f", &st));
	return (st);
}

/* The owner is the effective user, here another than the real one. */
PL_CASE(
    owner_is_effective_user, .verifies = "pipe.mkfifo.owner-is-effective-user", .needs = PL_ROOT)
{
	struct stat st;

	pl_mkdir("d", 0700);
	pl_chmod("d", 0777);
	st = made_by(USER);
	pl_expect(pl_value((long)st.st_uid, NULL, "owner"), is(USER));
}

/* A directory of DIRECTORY_GROUP, with that mode. */
static void
make_directory_of_group(mode_t mode)
{
	pl_mkdir("d", 0700);
	pl_must(pl_sys(
	    chown("d", (uid_t)-1, DIRECTORY_GROUP), "chown(\"d\", -1, %d)", (int)DIRECTORY_GROUP));
	pl_chmod("d", mode);
}

/* The group is the directory's on FreeBSD and the effective one on Linux, and no other. */
PL_CASE(group, .verifies = "pipe.mkfifo.group", .needs = PL_ROOT)
{
	struct stat st;

	make_directory_of_group(0777);
	st = made_by(0);
	pl_expect(pl_value((long)st.st_gid, NULL, "group"),
	    on(PL_FREEBSD | PL_POSIX, is(DIRECTORY_GROUP)), on(PL_LINUX | PL_POSIX, is(GROUP)));
}

/* The set-group-ID bit of a directory hands its group on to a FIFO too. */
PL_CASE(group_in_set_gid_directory, .verifies = "pipe.mkfifo.group-in-set-gid-directory",
    .needs = PL_ROOT)
{
	struct stat st;

	make_directory_of_group(02777);
	st = made_by(0);
	pl_expect(
	    pl_value((long)st.st_gid, NULL, "group"), is(DIRECTORY_GROUP), on(PL_POSIX, is(GROUP)));
}

/* The FIFO is stamped with the time of its making, and its directory with that of the change. */
PL_CASE(updates_times, .verifies = "pipe.mkfifo.updates-times")
{
	const struct timespec long_ago[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	struct timespec since, changed;
	struct stat st;

	pl_mkdir("d", 0700);
	pl_must(pl_sys(
	    utimensat(AT_FDCWD, "d", long_ago, 0), "utimensat(\"d\", 1000000000, 1000000000)"));
	pl_must(sys_lstat("d", &st));
	changed = st.st_ctim;
	pl_pass(changed);
	since = pl_now();
	pl_expect(sys_mkfifo("d/f", 0600), returns(0));
	pl_must(sys_lstat("d/f", &st));
	pl_expect_stamp("st_atim of the FIFO", st.st_atim, since);
	pl_expect_stamp("st_mtim of the FIFO", st.st_mtim, since);
	pl_expect_stamp("st_ctim of the FIFO", st.st_ctim, since);
	pl_must(sys_lstat("d", &st));
	pl_expect_stamp("st_mtim of the directory", st.st_mtim, since);
	pl_expect_stamp("st_ctim of the directory", st.st_ctim, since);
	pl_expect_that(pl_is_later(st.st_ctim, changed), "a later st_ctim of the directory",
	    "the one from before mkfifo()");
}
