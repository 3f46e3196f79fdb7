/*
 * Sockets across fork(2): parent and child talk through a pair, and the child's
 * copies are references to the same sockets.
 */

#include "plumbline.h"

enum { CLOSED, LEAVE };

/* The child of the tutorial: keep one end, close the other, speak first. */
static struct pl_outcome
talk(void *pair)
{
	const struct pl_pair *p = pair;
	char b[32];

	pl_expect(sys_close(p->r), returns(0));
	pl_expect(sys_write(p->w, "In the child", 12), returns(12));
	pl_expect(sys_read(p->w, b, sizeof(b)), returns(13));
	pl_expect_bytes(b, "In the parent", 13);
	return (pl_done());
}

/* Each side closes an end that it does not use; the pair then joins the two. */
PL_CASE(
    parent_and_child_talk, .verifies = "socket.fork.socketpair-two-way-talk", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(talk, &p, p.r, p.w);

	pl_expect(sys_close(p.w), returns(0));
	pl_expect_text(p.r, "In the child");
	pl_expect(sys_write(p.r, "In the parent", 13), returns(13));
	pl_must(pl_result(child));
}

static struct pl_outcome
close_copy(void *fd)
{
	pl_expect(sys_close(*(int *)fd), returns(0));
	pl_reach(CLOSED);
	pl_await(LEAVE);
	return (pl_done());
}

/* The parent's socket is bound and of use still, before and after the end of the child. */
PL_CASE(close_in_the_child_does_not_unbind,
    .verifies = "socket.fork.child-close-does-not-unbind-parent", .kinds = PL_SOCKETS)
{
	bool connections = pl_kind_has(PL_CONNECTIONS);
	struct pl_address name, now;
	int fd = connections ? pl_listening(2, &name) : pl_bound(&name);
	struct pl_peer *child = pl_child(close_copy, &fd, fd);

	pl_await(CLOSED);
	for (int i = 0; i < 2; i++) {
		int client = pl_unconnected(), end = fd;

		pl_expect(sys_getsockname(fd, &now), returns(0));
		pl_expect_that(pl_address_equal(&name, &now), "the name as before", "another name");
		pl_expect(sys_connect(client, &name), returns(0));
		if (connections)
			end = (int)pl_expect(sys_accept(fd, NULL), opens());
		pl_expect(sys_send(client, "abc", 3, 0), returns(3));
		pl_expect_text(end, "abc");
		if (i == 0) {
			pl_reach(LEAVE);
			pl_result(child);
		}
	}
}
