/*
 * fstat(2) and fchmod(2) on a socket of the UNIX domain, and what they have to
 * do with its file.
 */

#include "plumbline.h"

#include <sys/stat.h>

#include "sequence/names.h"

static struct pl_outcome
sys_fchmod(int s, mode_t mode)
{
	return (pl_sys(fchmod(s, mode), "fchmod(%s, 0%03o)", pl_slot(s), (unsigned)mode));
}

static struct stat
status(int fd)
{
	struct stat st;

	pl_must(sys_fstat(fd, &st));
	return (st);
}

static struct pl_outcome
mode_of(const char *path)
{
	struct stat st;

	pl_must(sys_lstat(path, &st));
	return (pl_value((long)(st.st_mode & 07777), &pl_names_mode, "mode of \"%s\"", path));
}

static int
bind_file(int s, const char *path)
{
	struct pl_address a = pl_unix_address(path);

	return ((int)pl_expect(sys_bind(s, &a), returns(0)));
}

/*
 * The umask, 022, takes from the mode that was set as it does from 0777.
 * FreeBSD documents this from some 14 on, Linux does not document it.
 */
PL_CASE(fchmod_before_bind_sets_file_mode, .verifies = "unix.fchmod.before-bind-sets-file-mode")
{
	int s = pl_socket(AF_UNIX, SOCK_STREAM), untouched = pl_socket(AF_UNIX, SOCK_STREAM);
	struct pl_outcome o = sys_fchmod(s, 0766);

	if (pl_freebsd_before(1400))
		pl_expect(o, fails(EINVAL));
	else if (pl_freebsd_before(1500))
		pl_expect(o, returns(0), fails(EINVAL));
	else
		pl_expect(o, returns(0));
	bind_file(s, "s");
	if (o.error != 0)
		pl_expect(mode_of("s"), is(0755));
	else
		pl_expect(mode_of("s"), is(0744), on(PL_LINUX, is(0755)));
	/* It is the mode of that socket alone. */
	bind_file(untouched, "untouched");
	pl_expect(mode_of("untouched"), is(0755));
}

/* The file is another one than the socket: it has chmod for itself. */
PL_CASE(fchmod_after_bind_does_not_change_file,
    .verifies = "unix.fchmod.after-bind-does-not-change-file")
{
	int s = pl_socket(AF_UNIX, SOCK_STREAM);

	bind_file(s, "s");
	pl_expect(sys_fchmod(s, 0600), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
	pl_expect(mode_of("s"), is(0755));
	pl_chmod("s", 0640);
	pl_expect(sys_fchmod(s, 0777), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
	pl_expect(mode_of("s"), is(0640));
}

/*
 * Bits that mean nothing on a socket are refused, and the file is as if nothing
 * had been tried.  What Linux makes of them is not documented.
 */
PL_CASE(fchmod_of_bits_outside_0777, .verifies = "unix.fchmod.bits-outside-0777")
{
	static const mode_t bits[] = { S_ISUID, S_ISGID, S_ISVTX };
	char path[] = "s0";

	for (int i = 0; i < 3; i++) {
		int s = pl_socket(AF_UNIX, SOCK_STREAM);

		path[1] = (char)('0' + i);
		pl_expect(sys_fchmod(s, bits[i] | 0700), on(PL_FREEBSD, fails(EINVAL)),
		    on(PL_LINUX, returns(0)));
		bind_file(s, path);
		pl_expect(mode_of(path), is(0755), on(PL_LINUX, is(0700)),
		    on(PL_LINUX, is((long)bits[i] | 0700)));
	}
}

/* Each socket is a file of its own. */
PL_CASE(fstat_tells_socket_type_and_unique_inode,
    .verifies = "unix.fstat.socket-type-and-unique-inode", .kinds = PL_SOCKETS | PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair(), q = pl_pair();
	const int ends[] = { p.r, p.w, q.r, q.w };
	struct stat st[4];

	for (int i = 0; i < 4; i++) {
		pl_expect(sys_fstat(ends[i], &st[i]), returns(0));
		pl_expect(pl_value((long)(st[i].st_mode & S_IFMT), &pl_names_file_type,
			      "type of %s", pl_slot(ends[i])),
		    is(S_IFSOCK));
		pl_expect_that(st[i].st_dev == st[0].st_dev, "one device", "two devices");
		for (int j = 0; j < i; j++)
			pl_expect_that(st[i].st_ino != st[j].st_ino, "different inodes",
			    "%s and %s are both %ju", pl_slot(ends[i]), pl_slot(ends[j]),
			    (uintmax_t)st[i].st_ino);
	}
	for (int i = 0; i < 4; i++)
		pl_expect_that(status(ends[i]).st_ino == st[i].st_ino, "the same inode as before",
		    "%s has another inode", pl_slot(ends[i]));
}

/* Neither system documents that what waits is counted. */
PL_CASE(fstat_size_of_unread_bytes, .verifies = "unix.fstat.size-counts-unread-bytes")
{
	int fd[2];

	pl_socketpair(AF_UNIX, SOCK_STREAM, fd);
	for (int end = 0; end < 2; end++)
		pl_expect(
		    pl_value((long)status(fd[end]).st_size, NULL, "size of %s", pl_slot(fd[end])),
		    is(0));
	pl_write(fd[1], "abcd", 4);
	pl_expect(pl_value((long)status(fd[1]).st_size, NULL, "size of %s", pl_slot(fd[1])), is(0));
	pl_expect(pl_value((long)status(fd[0]).st_size, NULL, "size of %s", pl_slot(fd[0])), is(0));
}

/* A program that takes its buffer's size from there needs one. */
PL_CASE(fstat_blksize, .verifies = "unix.fstat.blksize-is-send-buffer-size",
    .kinds = PL_SOCKETS | PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		long buffer = pl_get_option(ends[i], SOL_SOCKET, SO_SNDBUF);

		pl_expect(pl_value((long)status(ends[i]).st_blksize, NULL, "st_blksize of %s",
			      pl_slot(ends[i])),
		    on(PL_FREEBSD, is(buffer)), on(PL_LINUX, returns_between(1, LONG_MAX)));
	}
}
