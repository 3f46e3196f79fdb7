/*
 * PSD:20, pipes and socket pairs: how a parent and its child talk.
 */

#include "plumbline.h"

#define SAYING "Half a league, half a league . . ."
#define ANSWER "half a league onward"

/* The child's part: it says something through the end it was given. */
static struct pl_outcome
say(void *fd)
{
	return (sys_write(*(int *)fd, SAYING, sizeof(SAYING)));
}

/* The child's part: it hears that, through the end it was given. */
static struct pl_outcome
hear(void *fd)
{
	char b[100];

	pl_expect(sys_read(*(int *)fd, b, sizeof(b)), returns(sizeof(SAYING)));
	pl_expect_bytes(b, SAYING, sizeof(SAYING));
	return (pl_done());
}

/* A parent makes a pipe and forks; the child writes to p[1], the parent reads from p[0]. */
PL_CASE(child_speaks_to_its_parent, .verifies = "tutorial.pipe.child-to-parent")
{
	struct pl_peer *child;
	char b[100];
	int p[2];

	pl_expect(sys_pipe(p), returns(0));
	child = pl_child(say, &p[1], p[1]);
	pl_expect(sys_close(p[1]), returns(0));
	pl_expect(sys_read(p[0], b, sizeof(b)), returns(sizeof(SAYING)));
	pl_expect_bytes(b, SAYING, sizeof(SAYING));
	pl_expect(pl_result(child), returns(sizeof(SAYING)));
	/* Nobody can write any more. */
	pl_expect(sys_read(p[0], b, sizeof(b)), returns(0));
}

/* The same pipe turned the other way: they only agree on other ends. */
PL_CASE(parent_speaks_to_its_child, .verifies = "tutorial.pipe.parent-to-child")
{
	struct pl_peer *child;
	int p[2];

	pl_expect(sys_pipe(p), returns(0));
	child = pl_child(hear, &p[0], p[0]);
	pl_expect(sys_close(p[0]), returns(0));
	pl_expect(sys_write(p[1], SAYING, sizeof(SAYING)), returns(sizeof(SAYING)));
	pl_expect(pl_result(child), returns(0));
}

/* The child's part: it hears on one end and answers on another. */
struct ends {
	int in, out;
};

static struct pl_outcome
answer(void *argument)
{
	struct ends *e = argument;
	char b[100];

	pl_expect(sys_read(e->in, b, sizeof(b)), returns(sizeof(SAYING)));
	pl_expect_bytes(b, SAYING, sizeof(SAYING));
	return (sys_write(e->out, ANSWER, sizeof(ANSWER)));
}

static void
expect_talk(struct pl_peer *child, struct ends parent)
{
	char b[100];

	pl_expect(sys_write(parent.out, SAYING, sizeof(SAYING)), returns(sizeof(SAYING)));
	pl_expect(sys_read(parent.in, b, sizeof(b)), returns(sizeof(ANSWER)));
	pl_expect_bytes(b, ANSWER, sizeof(ANSWER));
	pl_expect(pl_result(child), returns(sizeof(ANSWER)));
}

/* A pipe is one-way; for an answer there is a second one. */
PL_CASE(two_pipes_make_a_talk, .verifies = "tutorial.pipe.two-for-both-ways")
{
	struct ends mine, theirs;
	int down[2], up[2];

	pl_expect(sys_pipe(down), returns(0));
	pl_expect(sys_pipe(up), returns(0));
	theirs = (struct ends){ down[0], up[1] };
	mine = (struct ends){ up[0], down[1] };
	expect_talk(pl_child(answer, &theirs, theirs.in, theirs.out), mine);
}

/* Who speaks into a pipe that nobody reads is told, by an error and a signal. */
PL_CASE(broken_pipe, .verifies = "tutorial.pipe.broken")
{
	int p[2];

	pl_expect(sys_pipe(p), returns(0));
	pl_expect(sys_close(p[0]), returns(0));
	pl_expect(sys_write(p[1], SAYING, sizeof(SAYING)), fails_with_sigpipe(EPIPE));
}

/* A pair of sockets is a pipe with two directions. */
PL_CASE(socket_pair_makes_a_talk, .verifies = "tutorial.socketpair.both-ways")
{
	struct ends mine, theirs;
	int s[2];

	pl_expect(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, s), returns(0));
	theirs = (struct ends){ s[0], s[0] };
	mine = (struct ends){ s[1], s[1] };
	expect_talk(pl_child(answer, &theirs, s[0]), mine);
}

/* Only the UNIX domain makes pairs. */
PL_CASE(internet_domain_has_no_pairs, .verifies = "tutorial.socketpair.unix-domain-only")
{
	int s[2];

	pl_expect(sys_socketpair(AF_INET, SOCK_STREAM, 0, s), fails(EOPNOTSUPP));
}
