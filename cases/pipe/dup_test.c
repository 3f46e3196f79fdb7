/*
 * Duplicates of an end: what they share with the original, and what not.
 */

#include "plumbline.h"

static struct pl_outcome
read_one(void *fd)
{
	char b[1];

	return (sys_read(*(int *)fd, b, sizeof(b)));
}

/* Set O_NONBLOCK through one descriptor, clear it through the other. */
static void
expect_shared_status(int fd)
{
	int copy = pl_dup(fd);

	pl_nonblock(copy, true);
	pl_expect(pl_status_flags(fd, O_NONBLOCK), is(O_NONBLOCK));
	pl_nonblock(fd, false);
	pl_expect(pl_status_flags(copy, O_NONBLOCK), is(0));
}

/* Status flags belong to the end, by whatever number it is called. */
PL_CASE(shares_status_flags, .verifies = "pipe.dup.shares-status-flags", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	expect_shared_status(p.r);
	expect_shared_status(p.w);
}

/* The flag that one descriptor set holds for a call on the other. */
PL_CASE(shared_nonblock_has_effect, .verifies = "pipe.dup.shares-status-flags", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int r = pl_dup(p.r), w = pl_dup(p.w);
	char b[1];

	pl_nonblock(r, true);
	pl_expect(sys_read(p.r, b, 1), fails(EAGAIN));
	pl_fill(p.w, 1024);
	pl_nonblock(p.w, true);
	pl_expect(sys_write(w, "x", 1), fails(EAGAIN));
}

/* Descriptor flags belong to the number: a copy starts with its own, the original keeps its. */
PL_CASE(descriptor_flags_of_the_copy, .verifies = "pipe.dup.descriptor-flags-of-the-copy",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (size_t i = 0; i < 2; i++) {
		int end = ends[i], over = pl_open("/dev/null", O_RDONLY), copy;

		pl_must(sys_fcntl(end, F_SETFD, FD_CLOEXEC));
		pl_must(sys_fcntl(over, F_SETFD, FD_CLOEXEC));
		copy = pl_dup(end);
		pl_expect(pl_descriptor_flags(copy), is(0));
		pl_must(sys_dup2(end, over));
		pl_expect(pl_descriptor_flags(over), is(0));
		copy = (int)pl_must(sys_fcntl(end, F_DUPFD, 0));
		pl_expect(pl_descriptor_flags(copy), is(0));
		copy = (int)pl_must(sys_fcntl(end, F_DUPFD_CLOEXEC, 0));
		pl_expect(pl_descriptor_flags(copy), is(FD_CLOEXEC));
		pl_expect(pl_descriptor_flags(end), is(FD_CLOEXEC));
	}
}

/* There is one queue of bytes: neither descriptor sees any of them twice. */
PL_CASE(reads_share_one_stream, .verifies = "pipe.dup.reads-share-one-stream", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.r), writer = pl_dup(p.w);
	char b[2];

	pl_write(p.w, "abc", 3);
	pl_write(writer, "def", 3);
	pl_expect(sys_read(p.r, b, 2), returns(2));
	pl_expect_bytes(b, "ab", 2);
	pl_expect(sys_read(copy, b, 2), returns(2));
	pl_expect_bytes(b, "cd", 2);
	pl_expect(sys_read(p.r, b, 2), returns(2));
	pl_expect_bytes(b, "ef", 2);
	pl_nonblock(p.r, true);
	pl_expect(sys_read(copy, b, 2), fails(EAGAIN));
}

/* The number goes on to mean another file, and the pipe has lost its writer. */
PL_CASE(dup2_over_the_last_writer_gives_eof,
    .verifies = "pipe.dup.dup2-over-the-last-writer-gives-eof", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int other = pl_open("/dev/null", O_RDONLY);
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(sys_dup2(other, p.w), returns(p.w));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* The same close that nobody spelled out ends a sleep in read. */
PL_CASE(dup2_over_the_last_writer_wakes_reader,
    .verifies = "pipe.dup.dup2-over-the-last-writer-gives-eof", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int other = pl_open("/dev/null", O_RDONLY);
	struct pl_peer *reader = pl_child(read_one, &p.r, p.r);

	pl_wait_blocked(reader);
	pl_must(sys_dup2(other, p.w));
	pl_expect(pl_result(reader), returns(0));
}

/* Over itself nothing is closed. */
PL_CASE(dup2_over_itself_closes_nothing, .verifies = "pipe.dup.dup2-over-the-last-writer-gives-eof",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_dup2(p.w, p.w), returns(p.w));
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
}
