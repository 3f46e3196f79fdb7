/*
 * Creation: which descriptors pipe(2) hands out, in what state, and what is
 * left behind when it cannot.
 */

#include <sys/resource.h>

#include "plumbline.h"

/* What the array holds before a call that must leave it alone. */
#define UNTOUCHED -77

static void
run_in_child(pl_peer_function *function)
{
	pl_must(pl_result(pl_child(function, NULL, PL_KEEP_NONE)));
}

/* Both ends exist once the call has returned, under numbers of their own. */
PL_CASE(
    returns_two_distinct_descriptors, .verifies = "pipe.create.returns-two-distinct-descriptors")
{
	int fd[2] = { UNTOUCHED, UNTOUCHED };

	pl_expect(sys_pipe(fd), returns(0));
	pl_expect_that(fd[0] != fd[1], "two different descriptors", "%d twice", fd[0]);
	for (int i = 0; i < 2; i++)
		pl_expect(sys_fcntl(fd[i], F_GETFD, 0), returns_between(0, INT_MAX));
}

/* The convention of the tutorial: the reader is the lower of the two. */
PL_CASE(
    read_end_numbered_below_write_end, .verifies = "pipe.create.read-end-numbered-below-write-end")
{
	int gap[2], fd[2];

	pl_make_gaps(gap);
	pl_must(sys_pipe(fd));
	pl_expect_that(
	    fd[0] < fd[1], "the read end has the lower number", "fd[0] %d, fd[1] %d", fd[0], fd[1]);
}

/* What a program did not ask for is not there. */
PL_CASE(flags_clear_by_default, .verifies = "pipe.create.flags-clear-by-default")
{
	long mask = O_NONBLOCK | (pl_asks(PL_POSIX) ? 0 : O_ASYNC);
	int fd[2];

	pl_must(sys_pipe(fd));
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_status_flags(fd[i], mask), is(0));
		pl_expect(pl_descriptor_flags(fd[i]), is(0));
	}
}

/* Two-way pipes say so, and one-way pipes too. */
PL_CASE(access_mode_of_the_ends, .verifies = "pipe.create.access-mode-of-the-ends")
{
	int fd[2];

	pl_must(sys_pipe(fd));
	pl_expect(pl_status_flags(fd[0], O_ACCMODE), on(PL_LINUX | PL_POSIX, is(O_RDONLY)),
	    on(PL_FREEBSD | PL_POSIX, is(O_RDWR)));
	pl_expect(pl_status_flags(fd[1], O_ACCMODE), on(PL_LINUX | PL_POSIX, is(O_WRONLY)),
	    on(PL_FREEBSD | PL_POSIX, is(O_RDWR)));
}

/* An array that is out of reach as a whole, or from its second element on. */
static const size_t accessible[] = { 0, sizeof(int) };

/* A bad pointer is an error, not a crash. */
PL_CASE(efault_on_bad_array, .verifies = "pipe.create.efault-on-bad-array")
{
	for (size_t i = 0; i < sizeof(accessible) / sizeof(accessible[0]); i++) {
		int *array = pl_guarded(accessible[i]);

		pl_note("%zu bytes of the array are accessible", accessible[i]);
		pl_expect(sys_pipe(array), fails(EFAULT));
	}
}

/* The ends were made before the numbers could not be told: nobody can close them. */
PL_CASE(efault_leaks_no_descriptor, .verifies = "pipe.create.efault-leaks-no-descriptor")
{
	for (size_t i = 0; i < sizeof(accessible) / sizeof(accessible[0]); i++) {
		int *array = pl_guarded(accessible[i]);
		int before = pl_count_descriptors();
		struct pl_outcome o = sys_pipe(array);

		if (o.error == 0)
			pl_broken("pipe() filled an array that cannot be written");
		pl_expect(pl_value(pl_count_descriptors(), NULL, "number of open descriptors"),
		    is(before));
	}
}

static struct pl_outcome
pipe_fails(void *unused)
{
	int first = pl_lowest_free();

	(void)unused;
	for (int slots = 0; slots < 2; slots++) {
		int fd[2] = { UNTOUCHED, UNTOUCHED - 1 };
		struct pl_outcome o;

		pl_limit_descriptors(first + slots);
		o = sys_pipe(fd);
		if (o.error == 0)
			pl_broken("pipe() found room for two ends in %d slots", slots);
		pl_expect(pl_value(fd[0], NULL, "fd[0] after the failure"), is(UNTOUCHED));
		pl_expect(pl_value(fd[1], NULL, "fd[1] after the failure"), is(UNTOUCHED - 1));
	}
	return (pl_done());
}

/* A program may look at the array to tell which pipes it has. */
PL_CASE(failure_leaves_array_unmodified, .verifies = "pipe.create.failure-leaves-array-unmodified")
{
	run_in_child(pipe_fails);
}

/* What is written to one of two pipes is in that one alone. */
PL_CASE(pipes_are_independent, .verifies = "pipe.create.pipes-are-independent", .kinds = PL_PIPES)
{
	struct pl_pair p[2] = { pl_pair(), pl_pair() };

	for (int i = 0; i < 2; i++) {
		int other = p[1 - i].r;
		char b[8];

		pl_nonblock(other, true);
		pl_nonblock(p[i].r, true);
		pl_write(p[i].w, "x", 1);
		pl_expect(sys_read(other, b, sizeof(b)), fails(EAGAIN));
		pl_expect(sys_read(p[i].r, b, sizeof(b)), returns(1));
		pl_expect_bytes(b, "x", 1);
	}
}

/* A new pipe may get the memory of one that is gone, but not its data. */
PL_CASE(new_pipe_starts_empty, .verifies = "pipe.create.pipes-are-independent", .kinds = PL_PIPES)
{
	for (int i = 0; i < 4; i++) {
		struct pl_pair p = pl_pair();
		char b[8];

		pl_nonblock(p.r, true);
		pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
		pl_write(p.w, "unread", 6);
		pl_close(p.w);
		pl_close(p.r);
	}
}

/* The object goes with the last descriptor, whichever that is. */
PL_CASE(persists_until_last_descriptor_closed,
    .verifies = "pipe.create.persists-until-last-descriptor-closed", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.r);
	char b[8];

	pl_write(p.w, "hello", 5);
	pl_close(p.w);
	pl_close(p.r);
	pl_expect(sys_read(copy, b, sizeof(b)), returns(5));
	pl_expect_bytes(b, "hello", 5);
	pl_expect(sys_read(copy, b, sizeof(b)), returns(0));
}

/* Few enough that a run beside this one still gets pipes of full size. */
#define MANY_LIMIT 256

/* Each pipe that could be made still holds the number that was written to it. */
static void
expect_own_number(const int (*fd)[2], int count)
{
	for (int i = 0; i < count; i++) {
		int number = -1;

		pl_expect(sys_read(fd[i][0], &number, sizeof(number)), returns(sizeof(number)));
		pl_expect(pl_value(number, NULL, "number in pipe %d", i), is(i));
	}
}

static struct pl_outcome
make_many(void *unused)
{
	struct rlimit l;
	int fd[MANY_LIMIT][2], again[2], count = 0;
	char b[1];

	(void)unused;
	pl_must(pl_sys(getrlimit(RLIMIT_NOFILE, &l), "getrlimit(RLIMIT_NOFILE)"));
	pl_limit_descriptors(l.rlim_cur < MANY_LIMIT ? (int)l.rlim_cur : MANY_LIMIT);
	for (; count < MANY_LIMIT; count++) {
		struct pl_outcome o = sys_pipe(fd[count]);

		if (o.error != 0) {
			pl_expect(o, fails(EMFILE), fails(ENFILE), on(PL_FREEBSD, fails(ENOMEM)));
			break;
		}
		pl_write(fd[count][1], &count, sizeof(count));
	}
	expect_own_number((const int(*)[2])fd, count);
	pl_close(fd[0][0]);
	pl_close(fd[0][1]);
	pl_expect(sys_pipe(again), returns(0));
	pl_write(again[1], "x", 1);
	pl_expect(sys_read(again[0], b, 1), returns(1));
	return (pl_done());
}

/* Running out harms no pipe that exists, and is over when one is closed. */
PL_CASE(many_pipes_fail_cleanly, .verifies = "pipe.create.many-pipes-fail-cleanly")
{
	run_in_child(make_many);
}
