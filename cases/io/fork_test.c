/*
 * What a child made by fork(2) has in common with its parent, on every kind: the
 * objects, and their end when the last of the two lets go.
 */

#include "plumbline.h"

enum { GO, DONE };

static struct pl_outcome
read_and_answer(void *pair)
{
	struct pl_pair *p = pair;

	pl_expect_text(p->r, "parent");
	pl_expect(sys_put(*p, "child", 5), returns(5));
	return (pl_done());
}

/* What waits when it is made is there for the child; what it writes is for the parent. */
PL_CASE(
    child_has_the_same_objects, .verifies = "io.fork.child-shares-the-object", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_put(p, "parent", 6), returns(6));
	pl_must(pl_result(pl_child(read_and_answer, &p, p.r, p.w)));
	pl_expect_left(p, "child");
}

static struct pl_outcome
write_when_told(void *pair)
{
	struct pl_pair *p = pair;

	pl_await(GO);
	pl_expect(sys_put(*p, "abc", 3), returns(3));
	pl_reach(DONE);
	pl_await(GO);
	return (pl_done());
}

/* Judge: the end comes with the last copy, which a process takes with it, killed or not. */
static void
expect_end_with_the_child(bool killed)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(write_when_told, &p, p.w);
	char b[8];

	pl_expect(sys_close(p.w), returns(0));
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_reach(GO);
	pl_await(DONE);
	pl_expect_arriving(p.r, "abc");
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	if (killed)
		pl_kill(child, SIGKILL);
	else
		pl_reach(GO);
	pl_result(child);
	pl_expect_end(p.r);
	/* TCP learns only by trying that nobody is left. */
	if (pl_kind_has(PL_UNIX))
		pl_expect(sys_send(p.r, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
}

#define HELD "io.fork.write-end-held-by-child-delays-eof"

PL_CASE(pipe_ends_with_the_child, .verifies = HELD, .kinds = PL_PIPES)
{
	expect_end_with_the_child(false);
	expect_end_with_the_child(true);
}

PL_CASE(connection_ends_with_the_child, .verifies = HELD, .kinds = PL_CONNECTIONS)
{
	expect_end_with_the_child(false);
	expect_end_with_the_child(true);
}

static struct pl_outcome
read_two(void *fd)
{
	char b[2];

	pl_expect(sys_read(*(int *)fd, b, 2), returns(2));
	pl_expect_bytes(b, "de", 2);
	return (pl_done());
}

/* A file, to compare: its place is one for all copies, and another for who opens it anew. */
PL_CASE(file_offset_is_shared, .verifies = "io.fork.file-offset-is-shared-by-dup-and-fork")
{
	int fd = pl_open("file", O_RDWR | O_CREAT | O_EXCL, 0600), copy, other;
	char b[3];

	pl_write(fd, "abcdefgh", 8);
	pl_expect(sys_lseek(fd, 0, SEEK_SET), returns(0));
	copy = pl_dup(fd);
	other = pl_open("file", O_RDONLY);
	pl_expect(sys_read(fd, b, 3), returns(3));
	pl_expect(sys_lseek(copy, 0, SEEK_CUR), returns(3));
	pl_expect(sys_lseek(other, 0, SEEK_CUR), returns(0));
	pl_must(pl_result(pl_child(read_two, &copy, copy)));
	pl_expect(sys_lseek(fd, 0, SEEK_CUR), returns(5));
	pl_expect(sys_lseek(copy, 0, SEEK_CUR), returns(5));
	pl_expect(sys_lseek(other, 0, SEEK_CUR), returns(0));
	pl_expect(sys_lseek(copy, 1, SEEK_SET), returns(1));
	pl_expect(sys_read(fd, b, 2), returns(2));
	pl_expect_bytes(b, "bc", 2);
}
