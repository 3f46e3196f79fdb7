/*
 * Sockets that parent and child share after fork(2): the connection belongs to
 * both, and lasts until the last of them lets it go.
 */

#include "plumbline.h"

#include <netinet/tcp.h>

static struct pl_outcome
close_both(void *pair)
{
	struct pl_pair *p = pair;

	pl_close(p->r);
	pl_close(p->w);
	return (pl_done());
}

/* A descriptor less is no end of the connection, by close() or by exit. */
PL_CASE(child_close_keeps_connection, .verifies = "tcp.fork.child-close-keeps-connection",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_must(pl_result(pl_child(close_both, &p, p.r, p.w)));
	pl_expect_talk(p.w, p.r);
	pl_expect_talk(p.r, p.w);
	pl_expect_nothing(p.r);
	pl_expect_nothing(p.w);
}

static struct pl_outcome
shut_down(void *fd)
{
	return (sys_shutdown(*(int *)fd, SHUT_WR));
}

/* It acts on the socket, whoever calls; the other direction goes on. */
PL_CASE(shutdown_in_child_affects_parent, .verifies = "tcp.fork.shutdown-in-child-affects-parent",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(pl_result(pl_child(shut_down, &p.w, p.w)), returns(0));
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
	pl_expect_end(p.r);
	pl_expect(sys_write(p.r, "abc", 3), returns(3));
	pl_expect_arriving(p.w, "abc");
}

static struct pl_outcome
serve_one(void *argument)
{
	int listener = *(int *)argument;
	struct pl_outcome o;

	pl_await(0);
	o = sys_accept(listener, NULL);
	if (o.error == 0)
		pl_write((int)o.value, "abc", 3);
	pl_await(1);
	return (o);
}

/* The port becomes free, so this is done where nobody else can take it. */
static struct pl_outcome
leave_listener_to_child(void *unused)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client = pl_unconnected();
	struct pl_peer *server = pl_child(serve_one, &listener, listener);

	(void)unused;
	pl_close(listener);
	pl_reach(0);
	pl_expect(sys_connect(client, &name), returns(0));
	pl_expect_arriving(client, "abc");
	pl_expect_nothing(client);
	pl_expect(sys_connect(pl_unconnected(), &name), returns(0));
	pl_reach(1);
	pl_expect(pl_result(server), opens());
	pl_expect_end(client);
	pl_expect(sys_connect(pl_unconnected(), &name), fails(ECONNREFUSED));
	return (pl_done());
}

PL_CASE(
    listener_lives_on_in_child, .verifies = "tcp.fork.listener-accepted-in-child", .kinds = PL_TCP)
{
	pl_in_private_network(leave_listener_to_child, NULL);
}

struct connection {
	int fd, go;
};

/* Say "re:" and what the client said. */
static struct pl_outcome
answer(void *argument)
{
	const struct connection *c = argument;
	char b[8] = "re:";

	pl_await(c->go);
	pl_must(sys_read(c->fd, b + 3, 1));
	return (sys_write(c->fd, b, 4));
}

/* One child a connection; they answer in another order than the clients came. */
PL_CASE(one_child_for_each_connection,
    .verifies = "tcp.fork.concurrent-server-one-child-per-connection", .kinds = PL_TCP)
{
	static const char *const said[] = { "a", "b", "c" },
				 *const answers[] = { "re:a", "re:b", "re:c" };
	static const int order[] = { 2, 0, 1 };
	struct pl_address name;
	int listener = pl_listening(3, &name), client[3];
	struct connection c[3];
	struct pl_peer *child[3];

	for (int i = 0; i < 3; i++) {
		client[i] = pl_unconnected();
		pl_connect(client[i], &name);
		pl_write(client[i], said[i], 1);
		c[i].fd = (int)pl_expect(sys_accept(listener, NULL), opens());
		c[i].go = i;
		child[i] = pl_child(answer, &c[i], c[i].fd);
		pl_close(c[i].fd);
	}
	for (int i = 0; i < 3; i++) {
		int k = order[i];

		pl_expect_nothing(client[k]);
		pl_reach(k);
		pl_expect(pl_result(child[k]), returns(4));
		pl_expect_arriving(client[k], answers[k]);
		pl_expect_end(client[k]);
	}
}

static struct pl_outcome
write_child(void *fd)
{
	return (sys_write(*(int *)fd, "child", 5));
}

PL_CASE(child_and_parent_write_one_stream,
    .verifies = "tcp.fork.child-and-parent-write-same-stream", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[16] = "";

	pl_expect(pl_result(pl_child(write_child, &p.w, p.w)), returns(5));
	pl_expect(sys_write(p.w, "parent", 6), returns(6));
	pl_expect(sys_recv(p.r, b, 11, MSG_WAITALL), returns(11));
	pl_expect_bytes(b, "childparent", 11);
	pl_expect_nothing(p.r);
}

static struct pl_outcome
set_nodelay(void *fd)
{
	return (sys_set_option(*(int *)fd, IPPROTO_TCP, TCP_NODELAY, 1));
}

/* There is one socket with one set of options. */
PL_CASE(option_set_by_child, .verifies = "tcp.fork.socket-option-shared", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_get_option(p.w, IPPROTO_TCP, TCP_NODELAY), is(0));
	pl_expect(pl_result(pl_child(set_nodelay, &p.w, p.w)), returns(0));
	pl_expect(sys_get_option(p.w, IPPROTO_TCP, TCP_NODELAY), returns_between(1, INT_MAX));
	pl_expect(sys_get_option(p.r, IPPROTO_TCP, TCP_NODELAY), is(0));
}
