/*
 * RLIMIT_NOFILE: the numbers that descriptors can have.  All of it in children.
 */

#include "plumbline.h"

#include <sys/resource.h>

enum { LIMIT = 48 };

/* The last number is one below the limit; it and all below it are given, in order. */
PL_CASE_IN_CHILD(
    highest_number_is_limit_minus_one, .verifies = "io.limit.highest-number-is-limit-minus-one")
{
	int fd[2];

	pl_pipe(fd);
	for (int limit = LIMIT; limit <= LIMIT + 1; limit++) {
		pl_limit_descriptors(limit);
		for (int next = pl_lowest_free(); next < limit; next++)
			pl_expect(sys_dup(fd[0]), returns(next));
		pl_expect(sys_dup(fd[0]), fails(EMFILE));
		pl_expect(sys_socket(AF_UNIX, SOCK_STREAM, 0), fails(EMFILE));
	}
	/* One that is closed makes room for one. */
	pl_close(LIMIT - 7);
	pl_expect(sys_dup(fd[1]), returns(LIMIT - 7));
	pl_expect(sys_dup(fd[1]), fails(EMFILE));
}

PL_CASE_IN_CHILD(
    dup2_target_at_or_above_limit, .verifies = "io.limit.dup2-target-at-or-above-limit-fails-ebadf")
{
	static const int beyond[] = { LIMIT, LIMIT + 1, 1 << 20, INT_MAX, -1, INT_MIN };
	int fd[2];

	pl_pipe(fd);
	pl_limit_descriptors(LIMIT);
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		pl_expect(sys_dup2(fd[0], beyond[i]), fails(EBADF));
	pl_expect(sys_fcntl(LIMIT, F_GETFD, 0), fails(EBADF));
	pl_expect(sys_dup2(fd[1], LIMIT - 1), returns(LIMIT - 1));
	pl_write(LIMIT - 1, "abc", 3);
	pl_expect_text(fd[0], "abc");
	/* Nor is it another thing when no number at all is free. */
	while (sys_dup(fd[0]).error == 0)
		continue;
	pl_expect(sys_dup2(fd[0], LIMIT), fails(EBADF));
	pl_expect(sys_dup2(fd[0], LIMIT - 1), returns(LIMIT - 1));
}

PL_CASE_IN_CHILD(
    f_dupfd_minimum_out_of_range, .verifies = "io.limit.f-dupfd-minimum-out-of-range-fails-einval")
{
	static const int beyond[] = { LIMIT, LIMIT + 1, INT_MAX, -1, INT_MIN };
	static const int commands[] = { F_DUPFD, F_DUPFD_CLOEXEC };
	int fd[2];

	pl_pipe(fd);
	pl_limit_descriptors(LIMIT);
	for (int c = 0; c < 2; c++) {
		for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
			pl_expect(sys_fcntl(fd[0], commands[c], beyond[i]), fails(EINVAL));
		pl_expect(sys_fcntl(fd[0], commands[c], LIMIT - 1), returns(LIMIT - 1));
		/* In range, but taken; the free ones below it do not count. */
		pl_expect(sys_fcntl(fd[0], commands[c], LIMIT - 1), fails(EMFILE));
		pl_expect(sys_fcntl(fd[0], commands[c], LIMIT), fails(EINVAL));
		pl_close(LIMIT - 1);
	}
}

PL_CASE_IN_CHILD(
    getdtablesize_follows_the_limit, .verifies = "io.limit.getdtablesize-follows-rlimit-nofile")
{
	for (int limit = LIMIT; limit > LIMIT - 3; limit--) {
		pl_limit_descriptors(limit);
		pl_expect(pl_sys(getdtablesize(), "getdtablesize()"), returns(limit));
	}
}

/* It is there, whatever number would be given today. */
PL_CASE_IN_CHILD(lowering_the_limit_keeps_open_descriptors,
    .verifies = "io.limit.lowering-the-limit-keeps-open-descriptors")
{
	enum { LOW = 24 };
	struct pollfd entry = { .fd = LIMIT - 2, .events = POLLIN };
	int fd[2], copy;

	pl_pipe(fd);
	pl_limit_descriptors(LIMIT);
	pl_must(sys_dup2(fd[0], LIMIT - 2));
	pl_must(sys_dup2(fd[1], LIMIT - 1));
	pl_close(fd[0]);
	pl_close(fd[1]);
	pl_limit_descriptors(LOW);
	pl_expect(sys_write(LIMIT - 1, "abc", 3), returns(3));
	pl_expect(sys_poll(&entry, 1, 0), returns(1));
	pl_expect_text(LIMIT - 2, "abc");
	copy = (int)pl_expect(sys_dup(LIMIT - 1), returns_between(3, LOW - 1));
	pl_expect(sys_close(LIMIT - 1), returns(0));
	pl_expect(sys_write(LIMIT - 1, "x", 1), fails(EBADF));
	pl_expect(sys_write(copy, "def", 3), returns(3));
	pl_expect_text(LIMIT - 2, "def");
	pl_expect(sys_dup2(copy, LIMIT - 1), fails(EBADF));
}
