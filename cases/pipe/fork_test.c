/*
 * Pipes between processes that fork(2) has made, as the IPC tutorial has them:
 * what a child inherits, and who holds an end open.
 */

#include <sys/wait.h>

#include "plumbline.h"

enum { NEVER, GO };

/* The tutorial's line, with the NUL that ends it: 12 bytes. */
static const char message[12] = "hello, pipe";

static struct pl_outcome
close_one_write_other(void *argument)
{
	const struct pl_pair *p = argument;

	pl_close(p->r);
	pl_expect(sys_write(p->w, message, sizeof(message)), returns(sizeof(message)));
	return (pl_done());
}

/* The tutorial's first program: parent and child each close the end they do not use. */
PL_CASE(
    child_writes_parent_reads, .verifies = "pipe.fork.child-writes-parent-reads", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(close_one_write_other, &p, p.r, p.w);
	char b[64];

	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(sizeof(message)));
	pl_expect_bytes(b, message, sizeof(message));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_result(child);
}

static struct pl_outcome
close_one_read_other(void *argument)
{
	const struct pl_pair *p = argument;
	char b[64];

	pl_close(p->w);
	pl_expect_text(p->r, "hello");
	pl_expect(sys_read(p->r, b, sizeof(b)), returns(0));
	return (pl_done());
}

/* Turned the other way.  The bytes are there before the child is, too. */
PL_CASE(
    parent_writes_child_reads, .verifies = "pipe.fork.parent-writes-child-reads", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *child;

	pl_write(p.w, "hello", 5);
	child = pl_child(close_one_read_other, &p, p.r, p.w);
	pl_close(p.r);
	pl_close(p.w);
	pl_result(child);
}

/* Two pipes, from the client's side: requests go out, replies come in. */
struct talk {
	struct pl_pair requests, replies;
};

/* Answer each request with its next letters, until there are no more. */
static struct pl_outcome
serve(void *argument)
{
	const struct talk *t = argument;
	char b[64];
	long n;

	pl_close(t->requests.w);
	pl_close(t->replies.r);
	while ((n = pl_expect(sys_read(t->requests.r, b, sizeof(b)), returns(4), returns(0))) > 0) {
		for (int i = 0; i < n; i++)
			b[i]++;
		pl_expect(sys_write(t->replies.w, b, (size_t)n), returns(n));
	}
	return (pl_done());
}

/* A conversation takes two pipes; a reply never turns up among the requests. */
PL_CASE(two_pipes_for_two_way_talk, .verifies = "pipe.fork.two-pipes-for-two-way-talk",
    .kinds = PL_PIPES)
{
	static const char *const requests[] = { "ABCD", "klmn", "0123" };
	static const char *const replies[] = { "BCDE", "lmno", "1234" };
	struct talk t = { .requests = pl_pair() };
	struct pl_peer *server;
	char b[8];

	t.replies = pl_pair();
	server = pl_child(serve, &t, t.requests.r, t.requests.w, t.replies.r, t.replies.w);
	pl_close(t.requests.r);
	pl_close(t.replies.w);
	for (int i = 0; i < 3; i++) {
		pl_expect(sys_write(t.requests.w, requests[i], 4), returns(4));
		pl_expect_text(t.replies.r, replies[i]);
	}
	pl_close(t.requests.w);
	pl_expect(sys_read(t.replies.r, b, sizeof(b)), returns(0));
	pl_result(server);
}

/* Why the tutorial closes the ends that are not used: one's own copy holds off the end. */
PL_CASE(own_write_end_holds_off_eof, .verifies = "pipe.fork.own-write-end-holds-off-eof",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(close_one_write_other, &p, p.r, p.w);
	char b[64];

	pl_result(child);
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(sizeof(message)));
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* A reader in any process will do, and the last one counts. */
PL_CASE(child_copy_of_read_end_prevents_sigpipe,
    .verifies = "pipe.fork.child-copy-of-read-end-prevents-sigpipe", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int checkpoint = NEVER;
	struct pl_peer *child = pl_child(pl_hold, &checkpoint, p.r);

	pl_close(p.r);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_kill(child, SIGKILL);
	pl_result(child);
	pl_expect(sys_write(p.w, "y", 1), fails_with_sigpipe(EPIPE));
}

static struct pl_outcome
write_hello(void *fd)
{
	pl_expect(sys_write(*(int *)fd, "hello", 5), returns(5));
	pl_await(GO);
	return (pl_done());
}

static struct pl_outcome
read_hello(void *fd)
{
	char b[8];

	pl_expect_text(*(int *)fd, "hello");
	pl_reach(GO);
	pl_expect(sys_read(*(int *)fd, b, sizeof(b)), returns(0));
	return (pl_done());
}

/* What a shell does for prog1 | prog2: the parent only makes the pipe. */
PL_CASE(siblings_share_a_pipe, .verifies = "pipe.fork.siblings-share-a-pipe", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *reader = pl_child(read_hello, &p.r, p.r);
	struct pl_peer *writer = pl_child(write_hello, &p.w, p.w);

	pl_close(p.r);
	pl_close(p.w);
	pl_result(writer);
	pl_result(reader);
}

/* The child of vfork borrows the memory, not the descriptors: its end closes them. */
PL_CASE(vfork_child_shares_the_pipe, .verifies = "pipe.fork.vfork-child-shares-the-pipe",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int status = 0;
	char b[8];
	pid_t child;

	child = vfork();
	if (child == 0)
		_exit(write(p.w, "v", 1) == 1 ? 0 : 1);
	if (child == -1)
		pl_broken("vfork: errno %d", errno);
	pl_note("the child of vfork() wrote to %s and is gone", pl_slot(p.w));
	if (waitpid(child, &status, 0) != child)
		pl_broken("waitpid: errno %d", errno);
	pl_expect_that(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child can write",
	    "its write failed: wait status 0x%x", (unsigned)status);
	pl_nonblock(p.r, true);
	pl_expect_text(p.r, "v");
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}
