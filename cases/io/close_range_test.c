/*
 * close_range(2) and closefrom(3): many descriptors closed, or marked, by one call.
 *
 * All of it happens in children, which have few descriptors that matter.
 */

#include "plumbline.h"

enum { FIRST = 30, LAST = 35 }; /* as many copies of one descriptor */

static struct pl_outcome
sys_close_range(unsigned first, unsigned last, int flags)
{
	return (pl_sys(close_range(first, last, flags), "close_range(%u, %u, %#x)", first, last,
	    (unsigned)flags));
}

static void
sys_closefrom(int first)
{
	pl_trace_begin(-1, "closefrom(%d)", first);
	closefrom(first);
	pl_trace_end(0);
}

/* Set-up: an end of a pipe at each number from FIRST to LAST; the pipe lies below. */
static struct pl_pair
make_row(void)
{
	int fd[2];

	pl_pipe(fd);
	if (fd[0] >= FIRST || fd[1] >= FIRST)
		pl_broken("descriptors begin at %d", fd[0]);
	for (int number = FIRST; number <= LAST; number++)
		pl_must(sys_dup2(fd[1], number));
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

/* Of the row, those from first to last are closed and the rest is open, unmarked. */
static void
expect_closed(int first, int last)
{
	for (int number = FIRST; number <= LAST; number++) {
		if (number >= first && number <= last)
			pl_expect(sys_fcntl(number, F_GETFD, 0), fails(EBADF));
		else
			pl_expect(sys_fcntl(number, F_GETFD, 0), returns(0));
	}
}

/* All of the row is open, and those from first to last bear that mark. */
static void
expect_marked(int first, int last, int mark)
{
	for (int number = FIRST; number <= LAST; number++)
		pl_expect(sys_fcntl(number, F_GETFD, 0),
		    returns(number >= first && number <= last ? mark : 0));
}

/* Nobody holds a writing end of that pipe. */
static void
expect_end(int reader)
{
	char b[4];

	pl_nonblock(reader, true);
	pl_expect(sys_read(reader, b, sizeof(b)), returns(0));
}

/* Both bounds belong to it and nothing else, be it one number. */
PL_CASE_IN_CHILD(closes_the_range, .verifies = "io.close-range.closes-the-inclusive-range-only")
{
	struct pl_pair p = make_row();

	pl_expect(sys_close_range(FIRST + 1, LAST - 2, 0), returns(0));
	expect_closed(FIRST + 1, LAST - 2);
	pl_expect(sys_close_range(LAST - 1, LAST - 1, 0), returns(0));
	expect_closed(FIRST + 1, LAST - 1);
	/* What is left of it is the pipe as ever. */
	pl_expect(sys_write(LAST, "abc", 3), returns(3));
	pl_expect_text(p.r, "abc");
	pl_close(p.w);
	pl_expect(sys_close_range(FIRST, LAST, 0), returns(0));
	expect_closed(FIRST, LAST);
	expect_end(p.r);
}

/* Its bounds are not exchanged for the caller. */
PL_CASE_IN_CHILD(reversed_range, .verifies = "io.close-range.reversed-range-fails-einval")
{
	make_row();
	pl_expect(sys_close_range(LAST, FIRST, 0), fails(EINVAL));
	pl_expect(sys_close_range(FIRST + 1, FIRST, 0), fails(EINVAL));
	pl_expect(sys_close_range(UINT_MAX, FIRST, 0), fails(EINVAL));
	pl_expect(sys_close_range(LAST, FIRST, CLOSE_RANGE_CLOEXEC), fails(EINVAL));
	expect_closed(0, 0);
}

/* Nor is a known flag beside it obeyed. */
PL_CASE_IN_CHILD(unknown_flag, .verifies = "io.close-range.unknown-flag-fails-einval")
{
	static const int unknown[] = { 1 << 30, 1 << 16, 1 << 30 | CLOSE_RANGE_CLOEXEC };

	make_row();
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		pl_expect(sys_close_range(FIRST, LAST, unknown[i]), fails(EINVAL));
		expect_closed(0, 0);
	}
}

/* Marked for the next exec, and usable until then. */
PL_CASE_IN_CHILD(cloexec_flag, .verifies = "io.close-range.cloexec-flag-marks-instead-of-closing")
{
	struct pl_pair p = make_row();

	pl_expect(sys_close_range(FIRST + 1, LAST - 2, CLOSE_RANGE_CLOEXEC), returns(0));
	expect_marked(FIRST + 1, LAST - 2, FD_CLOEXEC);
	pl_expect(sys_write(FIRST + 1, "abc", 3), returns(3));
	pl_expect_text(p.r, "abc");
	pl_expect(sys_close_range(FIRST + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC), returns(0));
	expect_marked(FIRST + 1, LAST, FD_CLOEXEC);
}

/* Marked for the next fork, and open in this process. */
PL_CASE_IN_CHILD(clofork_flag, .verifies = "io.close-range.clofork-flag-marks-instead-of-closing")
{
	int flag = pl_os.close_range_clofork;

	if (flag == PL_ABSENT && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("CLOSE_RANGE_CLOFORK came with FreeBSD 15.0");
	if (flag == PL_ABSENT)
		pl_not_tested("this kernel has no CLOSE_RANGE_CLOFORK");
	make_row();
	pl_expect(sys_close_range(FIRST + 1, LAST - 2, flag), returns(0));
	expect_marked(FIRST + 1, LAST - 2, pl_os.fd_clofork);
}

/* No number need be open, and there is no number too high. */
PL_CASE_IN_CHILD(empty_and_huge_ranges, .verifies = "io.close-range.empty-and-huge-ranges-succeed")
{
	make_row();
	pl_expect(sys_close_range(LAST + 1, LAST + 9, 0), returns(0));
	pl_expect(sys_close_range(LAST + 1, UINT_MAX, 0), returns(0));
	pl_expect(sys_close_range(UINT_MAX, UINT_MAX, 0), returns(0));
	pl_expect(sys_close_range((unsigned)INT_MAX + 1, UINT_MAX, 0), returns(0));
	expect_closed(0, 0);
	/* With holes in it. */
	pl_close(FIRST + 2);
	pl_expect(sys_close_range(FIRST + 1, UINT_MAX, 0), returns(0));
	expect_closed(FIRST + 1, LAST);
}

static struct pl_outcome
close_for_itself(void *pipe)
{
	const struct pl_pair *p = pipe;
	int flag = pl_os.close_range_unshare;

	pl_expect(sys_close_range((unsigned)p->r, (unsigned)p->r, flag), returns(0));
	pl_expect(sys_fcntl(p->r, F_GETFD, 0), fails(EBADF));
	pl_expect(sys_fcntl(p->w, F_GETFD, 0), returns(0));
	pl_reach(0);
	pl_await(1);
	/* Its descriptors are its own from now on. */
	pl_expect(sys_fcntl(p->w, F_GETFD, 0), returns(0));
	return (pl_done());
}

/* The thread goes on with descriptors of its own; nobody else misses one. */
PL_CASE(unshare_flag, .verifies = "io.close-range.unshare-flag-leaves-other-threads-alone")
{
	struct pl_pair p;
	struct pl_peer *thread;
	int fd[2];

	if (pl_os.close_range_unshare == PL_ABSENT)
		pl_not_tested("this system has no CLOSE_RANGE_UNSHARE");
	pl_pipe(fd);
	p = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	thread = pl_thread(close_for_itself, &p);
	pl_await(0);
	pl_expect(sys_fcntl(p.r, F_GETFD, 0), returns(0));
	pl_expect(sys_write(p.w, "abc", 3), returns(3));
	pl_expect_text(p.r, "abc");
	pl_close(p.w);
	pl_reach(1);
	pl_must(pl_result(thread));
	/* Its copies may go a little later than the thread. */
	pl_expect_arrival(p.r);
	expect_end(p.r);
}

/* Holes do not stop it, and what lies below stays: here, who reads and finds the end. */
PL_CASE_IN_CHILD(
    closefrom_closes_all_above, .verifies = "io.closefrom.closes-everything-from-low-up")
{
	static const int numbers[] = { FIRST, FIRST + 2, FIRST + 20, 60 };
	int fd[2], reader = FIRST - 1;

	pl_pipe(fd);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		pl_must(sys_dup2(fd[1], numbers[i]));
	pl_must(sys_dup2(fd[0], reader));
	pl_close(fd[0]);
	pl_close(fd[1]);
	sys_closefrom(61);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		pl_expect(sys_fcntl(numbers[i], F_GETFD, 0), returns(0));
	sys_closefrom(FIRST);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		pl_expect(sys_fcntl(numbers[i], F_GETFD, 0), fails(EBADF));
	pl_expect(sys_fcntl(reader, F_GETFD, 0), returns(0));
	expect_end(reader);
	/* With nothing to close it does nothing. */
	sys_closefrom(FIRST);
	sys_closefrom(INT_MAX);
	pl_expect(sys_fcntl(reader, F_GETFD, 0), returns(0));
}
