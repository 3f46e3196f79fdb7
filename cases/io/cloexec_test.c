/*
 * Descriptor flags, which belong to the descriptor alone: close-on-exec and
 * close-on-fork of every kind.
 */

#include "plumbline.h"

/* Set-up: a descriptor that was made with close-on-exec. */
static int
made_by_open(void)
{
	return (pl_open(".", O_RDONLY | O_CLOEXEC));
}

static int
made_by_pipe2(void)
{
	int fd[2];

	pl_must(sys_pipe2(fd, O_CLOEXEC));
	return (fd[1]);
}

static int
made_by_socket(void)
{
	return ((int)pl_must(sys_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
}

static int
made_by_socketpair(void)
{
	int fd[2];

	pl_must(sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
	return (fd[1]);
}

static int
made_by_accept4(void)
{
	struct pl_address name = pl_unix_address("s");
	int listener = pl_bound_unix(SOCK_STREAM, "s"), client = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_listen(listener, 1);
	pl_connect(client, &name);
	return ((int)pl_must(sys_accept4(listener, NULL, SOCK_CLOEXEC)));
}

static int
made_by_fcntl(void)
{
	int fd[2];

	pl_pipe(fd);
	return ((int)pl_must(sys_fcntl(fd[1], F_DUPFD_CLOEXEC, 0)));
}

/* However it came by the flag, the program may think better of it, for this descriptor. */
PL_CASE(close_on_exec_can_be_cleared, .verifies = "io.cloexec.f-setfd-zero-clears-the-flag")
{
	static int (*const makers[])(void) = { made_by_open, made_by_pipe2, made_by_socket,
		made_by_socketpair, made_by_accept4, made_by_fcntl };

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		int fd = makers[i]();
		int copy = (int)pl_must(sys_fcntl(fd, F_DUPFD_CLOEXEC, 0));
		long status = pl_must(sys_fcntl(fd, F_GETFL, 0));

		pl_expect(pl_descriptor_flags(fd), is(FD_CLOEXEC));
		for (int again = 0; again < 2; again++) {
			pl_expect(sys_fcntl(fd, F_SETFD, 0), returns(0));
			pl_expect(sys_fcntl(fd, F_GETFD, 0), returns(0));
		}
		pl_expect(sys_fcntl(copy, F_GETFD, 0), returns(FD_CLOEXEC));
		pl_expect(sys_fcntl(fd, F_GETFL, 0), returns(status));
	}
}

/* Close-on-fork: O_CLOFORK and its like of POSIX.1-2024, in FreeBSD from 15.0 on */

static int
clofork(int constant)
{
	if (constant == PL_ABSENT && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("close-on-fork came with FreeBSD 15.0");
	if (constant == PL_ABSENT)
		pl_not_tested("this system has no close-on-fork");
	return (constant);
}

/* In a child: what the pair is there. */
static struct pl_outcome
expect_absent(void *pair)
{
	const struct pl_pair *p = pair;

	pl_expect(sys_fcntl(p->r, F_GETFD, 0), fails(EBADF));
	pl_expect(sys_fcntl(p->w, F_GETFD, 0), fails(EBADF));
	return (pl_done());
}

static struct pl_outcome
expect_present(void *pair)
{
	const struct pl_pair *p = pair;

	pl_expect(sys_fcntl(p->r, F_GETFD, 0), returns(0));
	pl_expect(sys_fcntl(p->w, F_GETFD, 0), returns(0));
	return (pl_done());
}

/*
 * Set and cleared at any time, alone or with close-on-exec, and the last word
 * counts.  The child never has it, the parent keeps it.
 */
PL_CASE(close_on_fork_closes_in_a_child, .verifies = "io.clofork.flag-closes-descriptor-in-child",
    .kinds = PL_EVERY)
{
	const int flag = clofork(pl_os.fd_clofork);
	const int flags[] = { FD_CLOEXEC | flag, FD_CLOEXEC, flag };
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++)
		for (int j = 0; j < 3; j++) {
			pl_expect(sys_fcntl(ends[i], F_SETFD, flags[j]), returns(0));
			pl_expect(sys_fcntl(ends[i], F_GETFD, 0), returns(flags[j]));
		}
	pl_must(pl_result(pl_child(expect_absent, &p, PL_KEEP_ALL)));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_fcntl(ends[i], F_GETFD, 0), returns(flag));
	pl_expect(sys_write(p.w, "abc", 3), returns(3));
	pl_expect_arriving(p.r, "abc");
	for (int i = 0; i < 2; i++)
		pl_expect(sys_fcntl(ends[i], F_SETFD, 0), returns(0));
	pl_must(pl_result(pl_child(expect_present, &p, PL_KEEP_ALL)));
}

/* A copy does not inherit it; there is a way to ask for it. */
PL_CASE(duplicates_are_not_close_on_fork, .verifies = "io.clofork.cleared-in-duplicates",
    .kinds = PL_EVERY)
{
	const int flag = clofork(pl_os.fd_clofork);
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		int end = ends[i], over = pl_open(".", O_RDONLY), copy;

		pl_must(sys_fcntl(end, F_SETFD, flag));
		copy = pl_dup(end);
		pl_expect(sys_fcntl(copy, F_GETFD, 0), returns(0));
		pl_must(sys_dup2(end, over));
		pl_expect(sys_fcntl(over, F_GETFD, 0), returns(0));
		copy = (int)pl_must(sys_fcntl(end, F_DUPFD, 0));
		pl_expect(sys_fcntl(copy, F_GETFD, 0), returns(0));
		copy = (int)pl_must(sys_fcntl(end, F_DUPFD_CLOEXEC, 0));
		pl_expect(sys_fcntl(copy, F_GETFD, 0), returns(FD_CLOEXEC));
		copy = (int)pl_must(sys_fcntl(end, pl_os.f_dupfd_clofork, 0));
		pl_expect(sys_fcntl(copy, F_GETFD, 0), returns(flag));
		pl_expect(sys_fcntl(end, F_GETFD, 0), returns(flag));
	}
}
