/*
 * mkfifo: the names it refuses, and that it then makes nothing.
 */

#include "plumbline.h"

/* A regular file of three bytes. */
static void
make_file(const char *path)
{
	int fd = pl_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	pl_write(fd, "abc", 3);
	pl_close(fd);
}

/* mkfifo() fails so and leaves nothing under the name. */
#define EXPECT_REFUSAL(path, error)                                \
	do {                                                       \
		pl_expect(sys_mkfifo((path), 0600), fails(error)); \
		pl_expect(pl_file_type(path), fails(error));       \
	} while (0)

/* Whatever has the name already keeps it and stays what it was. */
PL_CASE(existing_name_gives_eexist, .verifies = "pipe.mkfifo.existing-name-eexist")
{
	static const struct {
		const char *path;
		mode_t type;
	} there[] = { { "file", S_IFREG }, { "dir", S_IFDIR }, { "fifo", S_IFIFO } };
	struct stat before, after;
	int fd;

	make_file("file");
	pl_mkdir("dir", 0700);
	pl_mkfifo("fifo", 0640);
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
		pl_must(sys_lstat(there[i].path, &before));
		pl_expect(sys_mkfifo(there[i].path, 0600), fails(EEXIST));
		pl_expect(pl_file_type(there[i].path), is((long)there[i].type));
		pl_must(sys_lstat(there[i].path, &after));
		pl_expect_that(after.st_ino == before.st_ino && after.st_mode == before.st_mode,
		    "the file that was there", "%s is another file, or has another mode",
		    there[i].path);
	}
	fd = pl_open("file", O_RDONLY);
	pl_expect_text(fd, "abc");
}

/* The link itself is the existing name; it is not followed to make its target. */
PL_CASE(dangling_symlink_gives_eexist, .verifies = "pipe.mkfifo.dangling-symlink-eexist")
{
	pl_symlink("target", "link");
	pl_expect(sys_mkfifo("link", 0600), fails(EEXIST));
	pl_expect(pl_file_type("link"), is(S_IFLNK));
	pl_expect(pl_file_type("target"), fails(ENOENT));
}

/* No name at all, or one in a directory that is not there. */
PL_CASE(missing_directory_gives_enoent, .verifies = "pipe.mkfifo.missing-directory-enoent")
{
	pl_symlink("missing", "link");
	EXPECT_REFUSAL("missing/f", ENOENT);
	EXPECT_REFUSAL("link/f", ENOENT);
	EXPECT_REFUSAL("", ENOENT);
	pl_expect(pl_file_type("missing"), fails(ENOENT));
}

/* Only a directory has names in it. */
PL_CASE(file_as_directory_gives_enotdir, .verifies = "pipe.mkfifo.file-as-directory-enotdir")
{
	make_file("file");
	EXPECT_REFUSAL("file/f", ENOTDIR);
	EXPECT_REFUSAL("file/missing/f", ENOTDIR);
	pl_expect(pl_file_type("file"), is(S_IFREG));
}

/* The longest name is taken in full; a longer one is refused, not cut. */
PL_CASE(long_component_gives_enametoolong, .verifies = "pipe.mkfifo.long-component-enametoolong")
{
	char name[NAME_MAX + 2];
	long longest;

	longest = pl_must(pl_sys(pathconf(".", _PC_NAME_MAX), "pathconf(\".\", _PC_NAME_MAX)"));
	if (longest > NAME_MAX)
		pl_not_tested("names of %ld bytes are longer than NAME_MAX", longest);
	memset(name, 'n', sizeof(name));
	name[longest + 1] = '\0';
	EXPECT_REFUSAL(name, ENAMETOOLONG);
	name[longest] = '\0';
	pl_expect(pl_file_type(name), fails(ENOENT));
	pl_expect(sys_mkfifo(name, 0600), returns(0));
	pl_expect(pl_file_type(name), is(S_IFIFO));
}

/* ".////f", of that length. */
static void
make_path(char *path, size_t length)
{
	memset(path, '/', length);
	path[0] = '.';
	path[length - 1] = 'f';
	path[length] = '\0';
}

/* PATH_MAX counts the terminating NUL: the longest path has a byte less. */
PL_CASE(long_path_gives_enametoolong, .verifies = "pipe.mkfifo.long-path-enametoolong")
{
	char path[PATH_MAX + 2];

	make_path(path, PATH_MAX + 1);
	EXPECT_REFUSAL(path, ENAMETOOLONG);
	make_path(path, PATH_MAX);
	EXPECT_REFUSAL(path, ENAMETOOLONG);
	pl_expect(pl_file_type("f"), fails(ENOENT));
	make_path(path, PATH_MAX - 1);
	pl_expect(sys_mkfifo(path, 0600), returns(0));
	pl_remove_at_end("f");
	pl_expect(pl_file_type("f"), is(S_IFIFO));
}

/* A new name is a change of the directory, which it must allow. */
PL_CASE(unwritable_directory_gives_eacces, .verifies = "pipe.mkfifo.unwritable-directory-eacces",
    .needs = PL_UNPRIVILEGED)
{
	pl_mkdir("d", 0555);
	pl_expect(sys_mkfifo("d/f", 0600), fails(EACCES));
	pl_expect(pl_file_type("d/f"), fails(ENOENT));
}

/* Without search permission it is not even told what there is in a directory. */
PL_CASE(unsearchable_directory_gives_eacces,
    .verifies = "pipe.mkfifo.unsearchable-directory-eacces", .needs = PL_UNPRIVILEGED)
{
	pl_mkdir("d", 0700);
	pl_mkdir("d/e", 0700);
	pl_chmod("d", 0600);
	EXPECT_REFUSAL("d/f", EACCES);
	EXPECT_REFUSAL("d/e/f", EACCES);
	EXPECT_REFUSAL("d/missing/f", EACCES);
	pl_chmod("d", 0700);
	pl_expect(pl_file_type("d/f"), fails(ENOENT));
	pl_expect(pl_file_type("d/e/f"), fails(ENOENT));
}

/* Two links that point at each other lead nowhere. */
PL_CASE(symlink_loop_gives_eloop, .verifies = "pipe.mkfifo.symlink-loop-eloop")
{
	pl_symlink("b", "a");
	pl_symlink("a", "b");
	EXPECT_REFUSAL("a/f", ELOOP);
}

/* A path that cannot be read, from its first byte on or up to its end. */
PL_CASE(bad_path_pointer_gives_efault, .verifies = "pipe.mkfifo.bad-path-pointer-efault")
{
	char *nothing = pl_guarded(0), *endless = pl_guarded(4);

	memset(endless, 'f', 4);
	pl_expect(pl_sys(mkfifo(nothing, 0600), "mkfifo(<no memory>, 0600)"), fails(EFAULT));
	pl_expect(pl_sys(mkfifo(endless, 0600), "mkfifo(\"ffff<no memory>, 0600)"), fails(EFAULT));
	pl_expect(pl_file_type("ffff"), fails(ENOENT));
}

/* Mount a file system with so many files on "m". */
static void
mount_memory(unsigned files)
{
	pl_mkdir("m", 0700);
	if (pl_os_mount_memory("m", files) != 0)
		pl_not_tested("no memory file system can be mounted here: %s", strerror(errno));
	pl_note("a memory file system is mounted on m");
}

static void
unmount(void)
{
	if (pl_os_unmount("m") != 0)
		pl_broken("cannot unmount m: %s", strerror(errno));
	pl_note("m is unmounted");
}

/* Judged once the file system is gone, lest a deviation leave it behind. */
PL_CASE(read_only_file_system_gives_erofs, .verifies = "pipe.mkfifo.read-only-file-system-erofs",
    .needs = PL_ROOT)
{
	struct pl_outcome writable, read_only;
	bool done;

	mount_memory(0);
	writable = sys_mkfifo("m/before", 0600);
	done = pl_os_mount_read_only("m") == 0;
	pl_note("m is read-only");
	read_only = sys_mkfifo("m/f", 0600);
	unmount();
	if (!done)
		pl_not_tested("a mounted file system cannot be made read-only here");
	pl_must(writable);
	pl_expect(read_only, fails(EROFS));
}

/* The files run out; when one goes away there is room for a FIFO again. */
PL_CASE(no_inodes_gives_enospc, .verifies = "pipe.mkfifo.no-inodes-enospc", .needs = PL_ROOT)
{
	struct pl_outcome first = { 0 }, last = { 0 }, again;
	char path[16];

	mount_memory(8);
	for (int i = 0; i < 32 && last.error == 0; i++) {
		snprintf(path, sizeof(path), "m/f%d", i);
		last = sys_mkfifo(path, 0600);
		if (i == 0)
			first = last;
	}
	pl_must(sys_unlink("m/f0"));
	again = sys_mkfifo("m/again", 0600);
	unmount();
	pl_must(first);
	pl_expect(last, fails(ENOSPC));
	pl_expect(again, returns(0));
}

/* Such a directory takes no new name, not even from the super-user. */
PL_CASE(immutable_directory_gives_eperm, .verifies = "pipe.mkfifo.immutable-directory-eperm",
    .needs = PL_ROOT)
{
	struct pl_outcome immutable;

	pl_mkdir("d", 0700);
	if (pl_os_set_immutable("d", true) != 0)
		pl_not_tested("this file system has no immutable flag: %s", strerror(errno));
	pl_note("d is immutable");
	immutable = sys_mkfifo("d/f", 0600);
	if (pl_os_set_immutable("d", false) != 0)
		pl_broken("d stays immutable: %s", strerror(errno));
	pl_note("d is no longer immutable");
	pl_expect(immutable, fails(EPERM));
	pl_expect(pl_file_type("d/f"), fails(ENOENT));
	pl_expect(sys_mkfifo("d/f", 0600), returns(0));
}
