/*
 * Duplicates of a descriptor, on every kind: dup(2), dup2(2), dup3(2) and their
 * commands of fcntl(2).
 */

#include "plumbline.h"

/* Judge: nothing waits in that end, nor is it at its end. */
static void
expect_nothing_yet(int fd)
{
	char b[1];

	pl_nonblock(fd, true);
	pl_expect(sys_read(fd, b, 1), fails(EAGAIN));
	pl_nonblock(fd, false);
}

/* Descriptors are counted, not calls of close. */
static void
expect_last_close_ends(void)
{
	struct pl_pair p = pl_pair(), copy = p;
	char b[1];

	copy.w = pl_dup(p.w);
	pl_expect(sys_close(p.w), returns(0));
	expect_nothing_yet(p.r);
	pl_expect(sys_put(copy, "abc", 3), returns(3));
	pl_expect_arriving(p.r, "abc");
	if (pl_kind_has(PL_SOCKETS)) {
		pl_expect(sys_send(p.r, "def", 3, pl_whole()), returns(3));
		pl_expect_arriving(copy.w, "def");
	}
	expect_nothing_yet(p.r);
	pl_expect(sys_close(copy.w), returns(0));
	pl_expect_end(p.r);
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, 1), returns(0));
	/* TCP learns only by trying that nobody is left. */
	if (pl_kind_has(PL_UNIX))
		pl_expect(sys_send(p.r, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
}

#define LAST_CLOSE "io.dup.closing-one-duplicate-keeps-the-object-open"

PL_CASE(last_writer_of_a_pipe_counts, .verifies = LAST_CLOSE, .kinds = PL_PIPES)
{
	expect_last_close_ends();
}

PL_CASE(last_descriptor_counts, .verifies = LAST_CLOSE, .kinds = PL_CONNECTIONS)
{
	expect_last_close_ends();
}

/* Of another process, or another sort, it makes no difference: each number has its own flag. */
PL_CASE(copies_have_their_own_flags, .verifies = "io.dup.duplicate-starts-without-descriptor-flags",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (size_t i = 0; i < 2; i++) {
		int end = ends[i], over = pl_open(".", O_RDONLY), copy;

		pl_must(sys_fcntl(end, F_SETFD, FD_CLOEXEC));
		pl_must(sys_fcntl(over, F_SETFD, FD_CLOEXEC));
		copy = (int)pl_expect(sys_dup(end), opens());
		pl_expect(pl_descriptor_flags(copy), is(0));
		pl_expect(sys_dup2(end, over), returns(over));
		pl_expect(pl_descriptor_flags(over), is(0));
		pl_expect(pl_descriptor_flags((int)pl_must(sys_fcntl(end, F_DUPFD, 0))), is(0));
		pl_expect(pl_descriptor_flags((int)pl_must(sys_fcntl(end, F_DUPFD_CLOEXEC, 0))),
		    is(FD_CLOEXEC));
		pl_expect(pl_descriptor_flags(end), is(FD_CLOEXEC));
		/* And later on, either way. */
		pl_must(sys_fcntl(end, F_SETFD, 0));
		pl_must(sys_fcntl(copy, F_SETFD, FD_CLOEXEC));
		pl_expect(pl_descriptor_flags(end), is(0));
		pl_expect(pl_descriptor_flags(over), is(0));
	}
}

static struct pl_outcome
read_some(void *fd)
{
	char b[8];

	return (sys_read(*(int *)fd, b, sizeof(b)));
}

/*
 * The close that nobody spelled out: the number means the other file, what was
 * written before is delivered, and then the peer is alone, though it slept.
 */
static void
expect_replaced_one_ends(void)
{
	struct pl_pair p = pl_pair(), other = pl_pair();
	int directory = pl_open(".", O_RDONLY);
	struct pl_peer *reader;
	struct stat st;

	pl_expect(sys_put(p, "abc", 3), returns(3));
	pl_expect(sys_dup2(other.w, p.w), returns(p.w));
	pl_expect_text(p.r, "abc");
	pl_expect_end(p.r);
	pl_expect(sys_put((struct pl_pair){ other.r, p.w }, "def", 3), returns(3));
	pl_expect_arriving(other.r, "def");
	/* Both numbers have it. */
	pl_expect(sys_close(other.w), returns(0));
	pl_expect(sys_put((struct pl_pair){ other.r, p.w }, "ghi", 3), returns(3));
	pl_expect_arriving(other.r, "ghi");

	/* A file of any other sort will do. */
	reader = pl_child(read_some, &other.r, other.r);
	pl_wait_blocked(reader);
	pl_expect(sys_dup2(directory, p.w), returns(p.w));
	pl_expect(pl_result(reader), returns(0));
	pl_expect(sys_fstat(p.w, &st), returns(0));
	pl_expect_that(S_ISDIR(st.st_mode), "now a directory", "mode 0%o", (unsigned)st.st_mode);
	pl_expect(sys_write(p.w, "x", 1), fails(EBADF));
	if (pl_kind_has(PL_SOCKETS))
		pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(ENOTSOCK));
}

#define REPLACED "io.dup.dup2-closes-previous-target"

PL_CASE(dup2_ends_the_pipe_it_replaces, .verifies = REPLACED, .kinds = PL_PIPES)
{
	expect_replaced_one_ends();
}

PL_CASE(dup2_ends_the_connection_it_replaces, .verifies = REPLACED, .kinds = PL_CONNECTIONS)
{
	expect_replaced_one_ends();
}

/* The failure comes before anything is closed; so it is with a number that never was. */
PL_CASE(dup2_of_nothing_leaves_the_target,
    .verifies = "io.dup.dup2-of-bad-source-leaves-target-open", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int closed = pl_lowest_free();

	pl_must(sys_fcntl(p.w, F_SETFD, FD_CLOEXEC));
	pl_expect(sys_dup2(closed, p.w), fails(EBADF));
	pl_expect(sys_dup2(-1, p.w), fails(EBADF));
	pl_expect(sys_dup2(closed, p.r), fails(EBADF));
	pl_expect(sys_dup2(closed, closed), fails(EBADF));
	pl_expect(sys_fcntl(closed, F_GETFD, 0), fails(EBADF));
	pl_expect(sys_fcntl(p.w, F_GETFD, 0), returns(FD_CLOEXEC));
	pl_expect(sys_fcntl(p.r, F_GETFD, 0), returns(0));
	pl_expect(sys_put(p, "abc", 3), returns(3));
	pl_expect_arriving(p.r, "abc");
}

/* It is no close followed by a copy: flag, data and the peer's trust stay. */
PL_CASE(dup2_to_itself, .verifies = "io.dup.dup2-to-itself-does-nothing", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const int flags[] = { 0, FD_CLOEXEC };
	char b[1];

	for (int i = 0; i < 2; i++) {
		pl_must(sys_fcntl(p.w, F_SETFD, flags[i]));
		pl_expect(sys_dup2(p.w, p.w), returns(p.w));
		pl_expect(sys_fcntl(p.w, F_GETFD, 0), returns(flags[i]));
	}
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, 1), fails(EAGAIN));
	pl_expect(sys_put(p, "a", 1), returns(1));
	pl_expect_arrival(p.r);
	pl_expect(sys_dup2(p.r, p.r), returns(p.r));
	pl_expect(sys_read(p.r, b, 1), returns(1));
}

#define DUP3 "io.dup.dup3-rejects-equal-numbers-and-unknown-flags"

/* What it refuses it does not do; otherwise it is dup2, and marks the copy alone if told to. */
PL_CASE(dup3_refuses_what_makes_no_sense, .verifies = DUP3, .kinds = PL_EVERY)
{
	static const int wrong[] = { O_NONBLOCK, O_CLOEXEC | O_NONBLOCK, 1 << 30 };
	struct pl_pair p = pl_pair();
	int target = pl_open(".", O_RDONLY);
	struct stat st;

	pl_expect(sys_dup3(p.w, p.w, 0), fails(EINVAL));
	pl_expect(sys_dup3(p.w, p.w, O_CLOEXEC), fails(EINVAL));
	pl_expect(sys_fcntl(p.w, F_GETFD, 0), returns(0));
	if (!pl_asks(PL_POSIX))
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
			pl_expect(sys_dup3(p.w, target, wrong[i]), fails(EINVAL));
	pl_expect(sys_fstat(target, &st), returns(0));
	pl_expect_that(
	    S_ISDIR(st.st_mode), "the directory that it was", "mode 0%o", (unsigned)st.st_mode);
	pl_expect(sys_put(p, "abc", 3), returns(3));
	pl_expect_arriving(p.r, "abc");
}

PL_CASE(dup3_duplicates_with_or_without_the_flag, .verifies = DUP3, .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair(), copy = p;
	int closed;

	copy.w = pl_open(".", O_RDONLY);
	pl_expect(sys_dup3(p.w, copy.w, O_CLOEXEC), returns(copy.w));
	pl_expect(pl_descriptor_flags(copy.w), is(FD_CLOEXEC));
	pl_expect(pl_descriptor_flags(p.w), is(0));
	pl_expect(sys_put(copy, "abc", 3), returns(3));
	pl_expect_arriving(p.r, "abc");
	pl_expect(sys_dup3(p.w, copy.w, 0), returns(copy.w));
	pl_expect(pl_descriptor_flags(copy.w), is(0));
	closed = pl_lowest_free();
	pl_expect(sys_dup3(closed, copy.w, 0), fails(EBADF));
	pl_expect(sys_dup3(p.w, -1, 0), fails(EBADF));
	pl_expect(sys_put(copy, "def", 3), returns(3));
	pl_expect_arriving(p.r, "def");
}

/* To a number that is in use, and to one that is not the lowest free one. */
PL_CASE(f_dup2fd_duplicates_onto, .verifies = "io.dup.f-dup2fd-acts-as-dup2", .kinds = PL_EVERY)
{
	int command = (int)pl_need(pl_os.f_dup2fd, "F_DUP2FD");
	struct pl_pair p = pl_pair(), copy = p;
	int beyond;

	copy.w = pl_open(".", O_RDONLY);
	beyond = pl_lowest_free() + 3;
	pl_expect(sys_fcntl(p.w, command, copy.w), returns(copy.w));
	pl_expect(sys_fcntl(p.w, command, beyond), returns(beyond));
	pl_name_slot(beyond, 'd');
	pl_expect(sys_put(copy, "abc", 3), returns(3));
	pl_expect_arriving(p.r, "abc");
	copy.w = beyond;
	pl_expect(pl_descriptor_flags(beyond), is(0));
	pl_expect(sys_fcntl(p.w, (int)pl_need(pl_os.f_dup2fd_cloexec, "F_DUP2FD_CLOEXEC"), beyond),
	    returns(beyond));
	pl_expect(pl_descriptor_flags(beyond), is(FD_CLOEXEC));
	pl_expect(sys_fcntl(pl_lowest_free(), command, beyond), fails(EBADF));
	pl_expect(sys_fcntl(p.w, command, p.w), returns(p.w));
	pl_expect(sys_put(copy, "def", 3), returns(3));
	pl_expect_arriving(p.r, "def");
}
