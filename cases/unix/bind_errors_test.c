/*
 * bind(2) to a path that it refuses, and that it then makes nothing.
 */

#include "plumbline.h"

#include <sys/stat.h>

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

/* Bind sockets of two types to that path: both fail so, and can be bound elsewhere. */
static void
expect_refusal(const char *path, int error)
{
	static int count;

	for (size_t i = 0; i < PL_COUNT(types); i++) {
		struct pl_address a = pl_unix_address(path);
		int s = pl_socket(AF_UNIX, types[i]);
		char other[16];

		pl_expect(sys_bind(s, &a), fails(error));
		snprintf(other, sizeof(other), "other%d", count++);
		a = pl_unix_address(other);
		pl_expect(sys_bind(s, &a), returns(0));
		pl_close(s);
	}
}

/* A regular file of three bytes. */
static void
make_file(const char *path)
{
	int fd = pl_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	pl_write(fd, "abc", 3);
	pl_close(fd);
}

/* Any file has its name for itself, and stays what it was. */
PL_CASE(existing_file_or_directory_gives_eaddrinuse,
    .verifies = "unix.bind.eaddrinuse-existing-file-or-directory")
{
	static const char *const paths[] = { "file", "dir", "fifo", "." };
	struct stat before, after;
	int fd;

	make_file("file");
	pl_mkdir("dir", 0700);
	pl_mkfifo("fifo", 0600);
	for (size_t i = 0; i < PL_COUNT(paths); i++) {
		pl_must(sys_lstat(paths[i], &before));
		expect_refusal(paths[i], EADDRINUSE);
		pl_must(sys_lstat(paths[i], &after));
		pl_expect_that(before.st_ino == after.st_ino && before.st_mode == after.st_mode,
		    "the file that was there", "%s is another file, or has another mode", paths[i]);
	}
	fd = pl_open("file", O_RDONLY);
	pl_expect_text(fd, "abc");
}

/* The link itself is the existing name; it is not followed to make its target. */
PL_CASE(dangling_symlink_gives_eaddrinuse, .verifies = "unix.bind.eaddrinuse-dangling-symlink")
{
	pl_symlink("target", "link");
	expect_refusal("link", EADDRINUSE);
	pl_expect(pl_file_type("link"), is(S_IFLNK));
	pl_expect(pl_file_type("target"), fails(ENOENT));
}

/* Directories are not made on the way. */
PL_CASE(missing_prefix_gives_enoent, .verifies = "unix.bind.enoent-missing-prefix")
{
	pl_symlink("missing", "link");
	expect_refusal("missing/s", ENOENT);
	expect_refusal("missing/missing/s", ENOENT);
	expect_refusal("link/s", ENOENT);
	pl_expect(pl_file_type("missing"), fails(ENOENT));
}

/* Only a directory has names in it. */
PL_CASE(
    prefix_that_is_no_directory_gives_enotdir, .verifies = "unix.bind.enotdir-prefix-not-directory")
{
	make_file("file");
	expect_refusal("file/s", ENOTDIR);
	expect_refusal("file/missing/s", ENOTDIR);
	pl_expect(pl_file_type("file"), is(S_IFREG));
}

/* Links that point at each other, or at themselves, lead nowhere. */
PL_CASE(symlink_loop_gives_eloop, .verifies = "unix.bind.eloop-symlink-loop")
{
	pl_symlink("b", "a");
	pl_symlink("a", "b");
	pl_symlink("self", "self");
	expect_refusal("a/s", ELOOP);
	expect_refusal("self/s", ELOOP);
}

/* A component that no file system has room for; one byte less and it is merely missing. */
PL_CASE(long_component_through_a_link_gives_enametoolong,
    .verifies = "unix.bind.enametoolong-component-via-symlink")
{
	char name[NAME_MAX + 2];
	long longest;

	longest = pl_must(pl_sys(pathconf(".", _PC_NAME_MAX), "pathconf(\".\", _PC_NAME_MAX)"));
	if (longest > NAME_MAX)
		pl_not_tested("names of %ld bytes are longer than NAME_MAX", longest);
	memset(name, 'n', sizeof(name));
	name[longest + 1] = '\0';
	pl_symlink(name, "long");
	name[longest] = '\0';
	pl_symlink(name, "longest");
	expect_refusal("long/s", ENAMETOOLONG);
	expect_refusal("longest/s", ENOENT);
	pl_expect(pl_file_type(name), fails(ENOENT));
}

/* A new name is a change of the directory, which it must allow. */
PL_CASE(unwritable_directory_gives_eacces, .verifies = "unix.bind.eacces-directory-not-writable",
    .needs = PL_UNPRIVILEGED)
{
	pl_mkdir("d", 0555);
	expect_refusal("d/s", EACCES);
	pl_expect(pl_file_type("d/s"), fails(ENOENT));
}

/* Every directory on the way must be searchable, not just the last. */
PL_CASE(unsearchable_prefix_gives_eacces, .verifies = "unix.bind.eacces-prefix-not-searchable",
    .needs = PL_UNPRIVILEGED)
{
	pl_mkdir("d", 0700);
	pl_mkdir("d/e", 0700);
	pl_chmod("d", 0600);
	expect_refusal("d/s", EACCES);
	expect_refusal("d/e/s", EACCES);
	pl_chmod("d", 0700);
	pl_expect(pl_file_type("d/s"), fails(ENOENT));
	pl_expect(pl_file_type("d/e/s"), fails(ENOENT));
}

/* Judged once the file system is gone, lest a deviation leave it behind. */
PL_CASE(read_only_file_system_gives_erofs, .verifies = "unix.bind.erofs-read-only-filesystem",
    .needs = PL_ROOT)
{
	struct pl_address before = pl_unix_address("m/before"), after = pl_unix_address("m/after");
	struct pl_outcome writable, read_only, type;
	bool done;

	pl_mkdir("m", 0700);
	if (pl_os_mount_memory("m", 0) != 0)
		pl_not_tested("no memory file system can be mounted here: %s", strerror(errno));
	pl_note("a memory file system is mounted on m");
	writable = sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &before);
	done = pl_os_mount_read_only("m") == 0;
	pl_note("m is read-only");
	read_only = sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &after);
	type = pl_file_type("m/after");
	if (pl_os_unmount("m") != 0)
		pl_broken("cannot unmount m: %s", strerror(errno));
	pl_note("m is unmounted");
	if (!done)
		pl_not_tested("a mounted file system cannot be made read-only here");
	pl_must(writable);
	pl_expect(read_only, fails(EROFS));
	pl_expect(type, fails(ENOENT));
}

/* The root directory is there already, and has no parent to make a name in. */
PL_CASE(root_directory_is_refused, .verifies = "unix.bind.root-directory-name")
{
	struct pl_address a = pl_unix_address("/");
	int s = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_expect(sys_bind(s, &a), on(PL_FREEBSD, fails(EISDIR)), on(PL_LINUX, fails(EADDRINUSE)));
	pl_expect(pl_file_type("/"), is(S_IFDIR));
	a = pl_unix_address("s");
	pl_expect(sys_bind(s, &a), returns(0));
}

/* A trailing slash asks for a directory, which a socket is not. */
PL_CASE(trailing_slash_on_new_name_is_refused, .verifies = "unix.bind.trailing-slash-on-new-name")
{
	struct pl_address a = pl_unix_address("new/");
	int s = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_expect(sys_bind(s, &a), fails(ENOENT), on(PL_POSIX, fails(ENOTDIR)));
	pl_expect(pl_file_type("new"), fails(ENOENT));
	a = pl_unix_address("new");
	pl_expect(sys_bind(s, &a), returns(0));
}
