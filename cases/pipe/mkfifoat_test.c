/*
 * The other calls that make a FIFO: mkfifoat, relative to a directory, and mknod.
 */

#include "plumbline.h"
#include "sequence/names.h"

/* The directory of the descriptor is where the name goes, not the current one. */
PL_CASE(is_relative_to_the_directory_descriptor,
    .verifies = "pipe.mkfifoat.relative-to-directory-descriptor")
{
	struct stat st;
	int d;

	pl_mkdir("d", 0700);
	pl_remove_at_end("d/f");
	d = pl_open("d", O_RDONLY | O_DIRECTORY);
	pl_expect(sys_mkfifoat(d, "f", 0666), returns(0));
	pl_expect(pl_file_type("d/f"), is(S_IFIFO));
	pl_must(sys_lstat("d/f", &st));
	pl_expect(
	    pl_value((long)(st.st_mode & 07777), &pl_names_mode, "mode under umask 022"), is(0644));
	pl_expect(pl_file_type("f"), fails(ENOENT));
	pl_expect(sys_mkfifoat(d, "f", 0600), fails(EEXIST));
}

/* AT_FDCWD stands for the current directory, wherever that is. */
PL_CASE(at_fdcwd_is_the_current_directory, .verifies = "pipe.mkfifoat.at-fdcwd")
{
	pl_mkdir("d", 0700);
	pl_expect(sys_mkfifoat(AT_FDCWD, "f", 0600), returns(0));
	pl_expect(pl_file_type("f"), is(S_IFIFO));
	pl_expect(sys_mkfifoat(AT_FDCWD, "d/f", 0600), returns(0));
	pl_expect(pl_file_type("d/f"), is(S_IFIFO));
	pl_expect(sys_mkfifoat(AT_FDCWD, "f", 0600), fails(EEXIST));
}

/* An absolute path needs no descriptor, so a wrong one does no harm. */
PL_CASE(absolute_path_ignores_the_descriptor,
    .verifies = "pipe.mkfifoat.absolute-path-ignores-descriptor")
{
	char path[PATH_MAX];
	size_t used;
	int file;

	file = pl_open("file", O_WRONLY | O_CREAT, 0600);
	if (getcwd(path, sizeof(path) - 8) == NULL)
		pl_not_tested("the current directory has no path: %s", strerror(errno));
	used = strlen(path);
	strcpy(path + used, "/f");
	pl_remove_at_end("f");
	pl_expect(sys_mkfifoat(-1, path, 0600), returns(0));
	pl_expect(pl_file_type("f"), is(S_IFIFO));
	strcpy(path + used, "/g");
	pl_remove_at_end("g");
	pl_expect(sys_mkfifoat(file, path, 0600), returns(0));
	pl_expect(pl_file_type("g"), is(S_IFIFO));
}

/* A relative path is relative to something; the current directory does not step in. */
PL_CASE(bad_descriptor_gives_ebadf, .verifies = "pipe.mkfifoat.bad-descriptor-ebadf")
{
	int closed;

	closed = pl_open(".", O_RDONLY | O_DIRECTORY);
	pl_close(closed);
	pl_expect(sys_mkfifoat(-1, "f", 0600), fails(EBADF));
	pl_expect(sys_mkfifoat(closed, "f", 0600), fails(EBADF));
	pl_expect(pl_file_type("f"), fails(ENOENT));
}

/* The descriptor is good, but no directory. */
PL_CASE(file_descriptor_gives_enotdir, .verifies = "pipe.mkfifoat.file-descriptor-enotdir")
{
	int file;

	file = pl_open("file", O_RDWR | O_CREAT, 0600);
	pl_expect(sys_mkfifoat(file, "f", 0600), fails(ENOTDIR));
	pl_expect(pl_file_type("f"), fails(ENOENT));
	pl_expect(pl_file_type("file"), is(S_IFREG));
}

/* An ordinary user makes FIFOs with mknod, which FreeBSD's page does not promise. */
PL_CASE(mknod_makes_a_fifo_for_an_ordinary_user, .verifies = "pipe.mknod.unprivileged-fifo",
    .needs = PL_UNPRIVILEGED)
{
	struct stat st;

	pl_expect(sys_mknod("f", S_IFIFO | 0666, 0), on(PL_POSIX | PL_LINUX, returns(0)),
	    on(PL_FREEBSD, fails(EPERM)), on(PL_FREEBSD, fails(EINVAL)));
	if (pl_asks(PL_FREEBSD))
		return;
	pl_expect(pl_file_type("f"), is(S_IFIFO));
	pl_must(sys_lstat("f", &st));
	pl_expect(
	    pl_value((long)(st.st_mode & 07777), &pl_names_mode, "mode under umask 022"), is(0644));
	pl_expect(pl_value((long)st.st_uid, NULL, "owner"), is((long)geteuid()));
}

/* A FIFO has no device, so the number is of no consequence. */
PL_CASE(mknod_ignores_the_device_number, .verifies = "pipe.mknod.fifo-with-device-number")
{
	pl_expect(sys_mknod("f", S_IFIFO | 0600, 5), on(PL_FREEBSD, returns(0)),
	    on(PL_LINUX, returns(0)));
	pl_expect(pl_file_type("f"), is(S_IFIFO));
}
