/*
 * An end of a pipe opened again, or looked up, through /proc/self/fd on Linux.
 */

#include "plumbline.h"

/* The name under which /proc shows a descriptor. */
static const char *
name_of(int fd)
{
	static char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, (char[1]){ 0 }, 1) == -1)
		pl_not_tested("there is no %s", path);
	return (path);
}

/* Unlike a duplicate it has flags of its own, and like one it has no data of its own. */
PL_CASE(reopen_makes_a_new_description, .verifies = "pipe.procfd.reopen-makes-a-new-description")
{
	int fd[2], again;
	char b[2];

	pl_pipe(fd);
	pl_write(fd[1], "abcd", 4);
	again = (int)pl_expect(
	    sys_open(name_of(fd[0]), O_RDONLY | O_NONBLOCK), returns_between(0, INT_MAX));
	pl_expect(pl_status_flags(again, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_status_flags(fd[0], O_NONBLOCK), is(0));
	pl_expect(sys_read(fd[0], b, 2), returns(2));
	pl_expect_bytes(b, "ab", 2);
	pl_expect(sys_read(again, b, 2), returns(2));
	pl_expect_bytes(b, "cd", 2);
	pl_expect(sys_read(again, b, 2), fails(EAGAIN));
}

/* It is a reader in its own right: the write end is not widowed while it lasts. */
PL_CASE(reopened_reader_counts, .verifies = "pipe.procfd.reopen-makes-a-new-description")
{
	int fd[2], again;

	pl_pipe(fd);
	again = pl_open(name_of(fd[0]), O_RDONLY);
	pl_close(fd[0]);
	pl_expect(sys_write(fd[1], "x", 1), returns(1));
	pl_close(again);
	pl_expect(sys_write(fd[1], "x", 1), fails_with_sigpipe(EPIPE));
}

/* As with a FIFO, the mode that is asked for decides, not that of the descriptor. */
PL_CASE(reopen_read_end_for_writing, .verifies = "pipe.procfd.reopen-read-end-for-writing")
{
	int fd[2], writer;
	char b[8];

	pl_pipe(fd);
	pl_nonblock(fd[0], true);
	writer = (int)pl_expect(sys_open(name_of(fd[0]), O_WRONLY), returns_between(0, INT_MAX));
	pl_close(fd[1]);
	pl_expect(sys_read(fd[0], b, sizeof(b)), fails(EAGAIN));
	pl_expect(sys_write(writer, "x", 1), returns(1));
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(1));
	pl_close(writer);
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(0));
}

/* The link tells which pipe it is, the same for both ends. */
PL_CASE(link_names_the_inode, .verifies = "pipe.procfd.link-names-the-inode")
{
	int fd[2];

	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		char expected[64], link[64] = "";
		const char *path = name_of(fd[i]);
		struct stat st;

		pl_must(sys_fstat(fd[i], &st));
		snprintf(expected, sizeof(expected), "pipe:[%ju]", (uintmax_t)st.st_ino);
		pl_expect(pl_sys(readlink(path, link, sizeof(link) - 1),
			      "readlink(\"/proc/self/fd/%s\")", pl_slot(fd[i])),
		    returns((long)strlen(expected)));
		pl_expect_that(strcmp(link, expected) == 0, expected, "%s", link);
	}
}
