/*
 * ioctl(2) on pipes: counting what waits, switching modes, and the requests
 * that are not for pipes.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* FIONREAD of one end, judged: it counts that many bytes. */
static void
expect_unread(int fd, int wanted)
{
	int count = -1;

	pl_expect(sys_ioctl_int(fd, FIONREAD, &count), returns(0));
	pl_expect(pl_value(count, NULL, "FIONREAD of %s", pl_slot(fd)), is(wanted));
}

/* The write end counts what it could read itself, or what the pipe holds. */
PL_CASE(fionread_on_the_write_end, .verifies = "pipe.ioctl.fionread-on-the-write-end",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abcde", 5);
	expect_unread(p.w, pl_asks(PL_LINUX) ? 5 : 0);
	/* Whatever it said, the data are where they were. */
	expect_unread(p.r, 5);
}

/* What is asked of terminals is refused by both ends in the same way. */
PL_CASE(is_not_a_terminal, .verifies = "pipe.ioctl.not-a-terminal", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 2; i++) {
		int fd = i == 0 ? p.r : p.w;
		struct winsize size;

		pl_expect(pl_sys(isatty(fd), "isatty(%s)", pl_slot(fd)), returns(0));
		/* POSIX leaves the errno open, and knows no ioctl. */
		if (pl_asks(PL_POSIX))
			continue;
		/* 0 is how isatty fails. */
		pl_expect(
		    pl_sys(isatty(fd) == 0 ? -1 : 1, "isatty(%s)", pl_slot(fd)), fails(ENOTTY));
		pl_expect(
		    pl_sys(ioctl(fd, TIOCGWINSZ, &size), "ioctl(%s, TIOCGWINSZ)", pl_slot(fd)),
		    fails(ENOTTY));
	}
}

/* A result pointer into forbidden memory is refused, and the data stay. */
PL_CASE(
    bad_argument_gives_efault, .verifies = "pipe.ioctl.efault-on-bad-argument", .kinds = PL_PIPES)
{
	/* All of the int forbidden; the second half of it. */
	static const size_t accessible[] = { 0, sizeof(int) / 2 };
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abcde", 5);
	for (size_t i = 0; i < sizeof(accessible) / sizeof(accessible[0]); i++) {
		void *bad = pl_guarded(accessible[i]);

		pl_expect(sys_ioctl_int(p.r, FIONREAD, bad), fails(EFAULT));
	}
	expect_unread(p.r, 5);
}

/* The requests about a send queue are for descriptors that have one. */
PL_CASE(fionwrite_and_fionspace_are_not_implemented,
    .verifies = "pipe.ioctl.fionwrite-fionspace-not-implemented", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int count = 0;

	if (pl_os.fionwrite == PL_ABSENT)
		pl_not_tested("this system has no FIONWRITE");
	pl_write(p.w, "abcde", 5);
	pl_expect(sys_ioctl_int(p.w, (unsigned long)pl_os.fionwrite, &count), fails(ENOTTY));
	pl_expect(sys_ioctl_int(p.w, (unsigned long)pl_os.fionspace, &count), fails(ENOTTY));
	pl_expect(sys_ioctl_int(p.r, (unsigned long)pl_os.fionwrite, &count), fails(ENOTTY));
	pl_expect(sys_ioctl_int(p.r, (unsigned long)pl_os.fionspace, &count), fails(ENOTTY));
}

/* The owner set by ioctl is the one that ioctl and fcntl give back, process or group. */
PL_CASE(fiosetown_and_fiogetown, .verifies = "pipe.ioctl.fiosetown-fiogetown", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int owner = getpid(), got = 0;

	if (pl_asks(PL_LINUX)) {
		pl_expect(
		    sys_ioctl_int(p.r, (unsigned long)pl_os.fiosetown, &owner), fails(ENOTTY));
		pl_expect(sys_ioctl_int(p.r, (unsigned long)pl_os.fiogetown, &got), fails(ENOTTY));
		return;
	}
	pl_expect(sys_ioctl_int(p.r, (unsigned long)pl_os.fiosetown, &owner), returns(0));
	pl_expect(sys_ioctl_int(p.r, (unsigned long)pl_os.fiogetown, &got), returns(0));
	pl_expect(pl_value(got, NULL, "FIOGETOWN after FIOSETOWN"), is(owner));
	pl_expect(sys_fcntl(p.r, F_GETOWN, 0), returns(owner));

	owner = -getpgrp();
	pl_must(sys_fcntl(p.r, F_SETOWN, owner));
	pl_expect(sys_ioctl_int(p.r, (unsigned long)pl_os.fiogetown, &got), returns(0));
	pl_expect(pl_value(got, NULL, "FIOGETOWN after F_SETOWN"), is(owner));
}
