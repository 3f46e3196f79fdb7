/*
 * The flags of pipe2(2): each does what it says on both ends, and what is no
 * such flag is refused before anything is made.
 */

#include "plumbline.h"

/* A bit that means nothing to any call that opens something. */
#define UNKNOWN 0x40000000

/* The status and descriptor flags of both ends. */
static void
expect_flags(const int fd[2], int status, int descriptor)
{
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_status_flags(fd[i], O_NONBLOCK), is(status));
		pl_expect(pl_descriptor_flags(fd[i]), is(descriptor));
	}
}

/* What goes in at one end comes out at the other. */
static void
expect_carries_data(const int fd[2])
{
	char b[8];

	pl_expect(sys_write(fd[1], "abc", 3), returns(3));
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
}

/* Reading nothing and writing without room fail at once. */
static void
expect_never_blocks(const int fd[2])
{
	char b[1];

	pl_expect(sys_read(fd[0], b, 1), fails(EAGAIN));
	pl_fill(fd[1], 1024);
	pl_expect(sys_write(fd[1], "x", 1), fails(EAGAIN));
}

/* The invalid flags are refused, and nothing is opened or stored. */
static void
expect_refused(int flags)
{
	int fd[2] = { -77, -78 }, before = pl_count_descriptors();

	pl_expect(sys_pipe2(fd, flags), fails(EINVAL));
	pl_expect(pl_value(fd[0], NULL, "fd[0] after the failure"), is(-77));
	pl_expect(pl_value(fd[1], NULL, "fd[1] after the failure"), is(-78));
	pl_expect(pl_value(pl_count_descriptors(), NULL, "number of open descriptors"), is(before));
}

/* Without flags it is pipe(). */
PL_CASE(zero_flags_same_as_pipe, .verifies = "pipe.pipe2.zero-flags-same-as-pipe")
{
	int fd[2];

	pl_expect(sys_pipe2(fd, 0), returns(0));
	pl_expect_that(fd[0] != fd[1], "two different descriptors", "%d twice", fd[0]);
	expect_flags(fd, 0, 0);
	expect_carries_data(fd);
}

/* Both ends stay out of programs to come; nothing else changes. */
PL_CASE(cloexec_set_on_both_ends, .verifies = "pipe.pipe2.cloexec-set-on-both-ends")
{
	int fd[2];

	pl_expect(sys_pipe2(fd, O_CLOEXEC), returns(0));
	expect_flags(fd, 0, FD_CLOEXEC);
	expect_carries_data(fd);
}

/* The flag is there, and it works. */
PL_CASE(nonblock_set_on_both_ends, .verifies = "pipe.pipe2.nonblock-set-on-both-ends")
{
	int fd[2];

	pl_expect(sys_pipe2(fd, O_NONBLOCK), returns(0));
	expect_flags(fd, O_NONBLOCK, 0);
	expect_never_blocks(fd);
}

/* Neither of two flags hides the other. */
PL_CASE(flags_combine, .verifies = "pipe.pipe2.flags-combine")
{
	int fd[2];

	pl_expect(sys_pipe2(fd, O_CLOEXEC | O_NONBLOCK), returns(0));
	expect_flags(fd, O_NONBLOCK, FD_CLOEXEC);
	expect_never_blocks(fd);
}

/* A program must learn that its wish is not understood, valid flags beside it or not. */
PL_CASE(einval_on_unknown_flag, .verifies = "pipe.pipe2.einval-on-unknown-flag")
{
	expect_refused(UNKNOWN);
	expect_refused(UNKNOWN | O_CLOEXEC);
	expect_refused(UNKNOWN | O_NONBLOCK);
}

/* Flags that only open(2) knows. */
PL_CASE(einval_on_open_flags, .verifies = "pipe.pipe2.einval-on-open-flags")
{
	static const int flags[] = { O_WRONLY, O_RDWR, O_APPEND, O_ASYNC };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		expect_refused(flags[i]);
		expect_refused(flags[i] | O_NONBLOCK);
	}
}

/* With two things wrong the flags are looked at first, and nothing was made yet. */
PL_CASE(einval_checked_before_efault, .verifies = "pipe.pipe2.einval-checked-before-efault")
{
	int *array = pl_guarded(0), before = pl_count_descriptors();

	pl_expect(sys_pipe2(array, UNKNOWN), fails(EINVAL));
	pl_expect(pl_value(pl_count_descriptors(), NULL, "number of open descriptors"), is(before));
}

/* The same bit is a mode on one system and a mistake on the other. */
PL_CASE(o_direct, .verifies = "pipe.pipe2.o-direct")
{
	int fd[2];
	char b[8];

	pl_expect(
	    sys_pipe2(fd, pl_os.o_direct), on(PL_LINUX, returns(0)), on(PL_FREEBSD, fails(EINVAL)));
	if (!pl_asks(PL_LINUX))
		return;
	pl_write(fd[1], "ab", 2);
	pl_write(fd[1], "cd", 2);
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(2));
	pl_expect_bytes(b, "ab", 2);
}
