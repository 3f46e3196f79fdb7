/*
 * FreeBSD's pipes carry data both ways: what is written to fd[0] is read from
 * fd[1], independently of the usual direction.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* What is written to the read end comes out of the write end. */
PL_CASE(write_to_read_end_arrives_at_write_end,
    .verifies = "pipe.bidir.write-to-read-end-arrives-at-write-end")
{
	int fd[2];

	pl_pipe(fd);
	pl_expect(sys_write(fd[0], "rev", 3), returns(3));
	pl_expect_text(fd[1], "rev");
}

/* With both directions in use each end reads what the other wrote, and only that. */
PL_CASE(directions_are_independent, .verifies = "pipe.bidir.directions-are-independent")
{
	int fd[2];
	char b[8];

	pl_pipe(fd);
	pl_expect(sys_write(fd[1], "forth", 5), returns(5));
	pl_expect(sys_write(fd[0], "back", 4), returns(4));
	pl_expect_text(fd[0], "forth");
	pl_expect_text(fd[1], "back");
	pl_nonblock(fd[0], true);
	pl_nonblock(fd[1], true);
	pl_expect(sys_read(fd[0], b, sizeof(b)), fails(EAGAIN));
	pl_expect(sys_read(fd[1], b, sizeof(b)), fails(EAGAIN));
}

/* One direction being full does not stop the other. */
PL_CASE(each_direction_has_its_own_room, .verifies = "pipe.bidir.each-direction-has-its-own-room")
{
	int fd[2];

	pl_pipe(fd);
	pl_fill(fd[1], 4096);
	pl_nonblock(fd[0], true);
	pl_nonblock(fd[1], true);
	pl_expect(sys_write(fd[1], "x", 1), fails(EAGAIN));
	pl_expect(sys_write(fd[0], "y", 1), returns(1));
	pl_expect_text(fd[1], "y");
}

/* Select one descriptor now, for reading or for writing: is it ready? */
static struct pl_outcome
select_now(int fd, bool for_writing)
{
	struct timeval now = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return (for_writing ? sys_select(fd + 1, NULL, &set, NULL, &now)
			    : sys_select(fd + 1, &set, NULL, NULL, &now));
}

/* Both ends are writable, and each is readable by what the other wrote. */
PL_CASE(readiness_per_direction, .verifies = "pipe.bidir.readiness-per-direction")
{
	int fd[2];

	pl_pipe(fd);
	pl_expect(select_now(fd[0], true), returns(1));
	pl_expect(select_now(fd[1], false), returns(0));
	pl_expect(sys_write(fd[0], "x", 1), returns(1));
	pl_expect(select_now(fd[1], false), returns(1));
	pl_expect(select_now(fd[0], false), returns(0));
}

/* A pipe is widowed as a whole: the other end can neither read nor write. */
PL_CASE(closing_one_end_widows_both_directions,
    .verifies = "pipe.bidir.closing-one-end-widows-both-directions")
{
	int fd[2];
	char b[8];

	pl_pipe(fd);
	pl_close(fd[1]);
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(0));
	pl_expect(sys_write(fd[0], "x", 1), fails_with_sigpipe(EPIPE));
}

/* Closing the end that wrote does not take back what it wrote. */
PL_CASE(reverse_data_survives_close_of_its_writer,
    .verifies = "pipe.bidir.reverse-data-survives-close-of-its-writer")
{
	int fd[2];
	char b[8];

	pl_pipe(fd);
	pl_expect(sys_write(fd[0], "rev", 3), returns(3));
	pl_close(fd[0]);
	pl_expect_text(fd[1], "rev");
	pl_expect(sys_read(fd[1], b, sizeof(b)), returns(0));
}

/* Each end counts what it can read. */
PL_CASE(
    fionread_and_st_size_per_direction, .verifies = "pipe.bidir.fionread-and-st-size-per-direction")
{
	static const int waiting[] = { 5, 3 };
	int fd[2];

	pl_pipe(fd);
	pl_expect(sys_write(fd[1], "forth", 5), returns(5));
	pl_expect(sys_write(fd[0], "rev", 3), returns(3));
	for (int i = 0; i < 2; i++) {
		struct stat st = { .st_size = -1 };
		int n = -1;

		pl_expect(sys_ioctl_int(fd[i], FIONREAD, &n), returns(0));
		pl_expect(pl_value(n, NULL, "FIONREAD of fd[%d]", i), is(waiting[i]));
		pl_expect(sys_fstat(fd[i], &st), returns(0));
		pl_expect(pl_value((long)st.st_size, NULL, "st_size of fd[%d]", i), is(waiting[i]));
	}
}
