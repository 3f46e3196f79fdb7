/*
 * Close-on-fork: O_CLOFORK and FD_CLOFORK of POSIX.1-2024, in FreeBSD from 15.0 on.
 */

#include "plumbline.h"

/* A constant that FreeBSD defines from 15 on and Linux does not. */
static int
constant(int number)
{
	if (number == PL_ABSENT && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("close-on-fork came with FreeBSD 15.0");
	if (number == PL_ABSENT)
		pl_not_tested("this system has no close-on-fork");
	return (number);
}

static struct pl_pair
clofork_pipe(void)
{
	int fd[2];

	pl_must(sys_pipe2(fd, constant(pl_os.o_clofork)));
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

/* In a child: neither end of the pair is open. */
static struct pl_outcome
expect_absent(void *pair)
{
	const struct pl_pair *p = pair;

	pl_expect(sys_fcntl(p->r, F_GETFD, 0), fails(EBADF));
	pl_expect(sys_fcntl(p->w, F_GETFD, 0), fails(EBADF));
	return (pl_done());
}

static struct pl_outcome
live_on(void *unused)
{
	(void)unused;
	pl_await(0);
	return (pl_done());
}

static void
expect_carries_data(struct pl_pair p)
{
	char b[8];

	pl_expect(sys_write(p.w, "abc", 3), returns(3));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
}

/* The flag of pipe2() becomes that of both descriptors. */
PL_CASE(set_on_both_ends, .verifies = "pipe.pipe2.clofork-set-on-both-ends")
{
	int fd[2];

	pl_expect(sys_pipe2(fd, constant(pl_os.o_clofork)), returns(0));
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_descriptor_flags(fd[i]), is(pl_os.fd_clofork));
		pl_expect(pl_status_flags(fd[i], O_NONBLOCK), is(0));
	}
}

/* The child never has them, and the parent keeps them. */
PL_CASE(ends_absent_in_child, .verifies = "pipe.clofork.ends-absent-in-child")
{
	struct pl_pair p = clofork_pipe();

	pl_must(pl_result(pl_child(expect_absent, &p, PL_KEEP_ALL)));
	expect_carries_data(p);
}

/* No hidden reference of the child holds off end of file. */
PL_CASE(eof_despite_living_child, .verifies = "pipe.clofork.eof-despite-living-child")
{
	struct pl_pair p = clofork_pipe();
	struct pl_peer *child = pl_child(live_on, NULL, PL_KEEP_ALL);
	char b[1];

	pl_close(p.w);
	pl_expect(sys_read(p.r, b, 1), returns(0));
	pl_reach(0);
	pl_must(pl_result(child));
}

/* Become a shell whose own child writes to a descriptor that was close-on-fork before. */
static struct pl_outcome
exec_and_write(void *pair)
{
	const struct pl_pair *p = pair;
	char command[] = "(echo x >&N); :", *place = strchr(command, 'N');
	char *arguments[] = { (char[]){ "sh" }, (char[]){ "-c" }, command, NULL };
	long low = pl_must(sys_fcntl(p->w, pl_os.f_dupfd_clofork, 3));

	/* Not every shell takes a number of two digits there. */
	if (low > 9)
		pl_broken("the descriptor is %ld, too high for a shell", low);
	*place = (char)('0' + low);
	pl_must(pl_sys(execv("/bin/sh", arguments), "execv(\"/bin/sh\", \"%s\")", command));
	return (pl_done());
}

/* A program that knows nothing of the flag hands its descriptors on as ever. */
PL_CASE(cleared_by_exec, .verifies = "pipe.clofork.cleared-by-exec")
{
	int fd[2];
	struct pl_pair p;
	struct pl_peer *shell;
	char b[8];

	constant(pl_os.f_dupfd_clofork);
	pl_pipe(fd);
	p = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	shell = pl_child(exec_and_write, &p, p.w);
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(2));
	pl_expect_bytes(b, "x\n", 2);
	pl_result(shell);
}
