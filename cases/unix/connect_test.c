/*
 * connect(2) in the UNIX domain: what a connection is once it is made, when it
 * is made, and who can have none.
 */

#include "plumbline.h"

#define CLIENTS (PL_UNIX | PL_CONNECTIONS | PL_NAMED)

static struct pl_outcome
connect_new(void *name)
{
	int client = pl_unconnected();

	return (sys_connect(client, name));
}

/* Connect and have the connection taken; the client is in w. */
static struct pl_pair
meet(int listener, const struct pl_address *name)
{
	struct pl_pair p;

	p.w = pl_unconnected();
	pl_expect(sys_connect(p.w, name), returns(0));
	p.r = (int)pl_expect(sys_accept(listener, NULL), opens());
	return (p);
}

/* What each of the two sends comes to the other, and nowhere else. */
static void
expect_both_ways(struct pl_pair p)
{
	pl_expect(sys_write(p.w, "there", 5), returns(5));
	pl_expect(sys_write(p.r, "and back", 8), returns(8));
	pl_expect_text(p.r, "there");
	pl_expect_text(p.w, "and back");
	pl_expect_nothing(p.r);
	pl_expect_nothing(p.w);
}

/* Nobody waits at that listener. */
static void
expect_no_client(int listener)
{
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_nonblock(listener, false);
}

/* The two ends are equals: either may write and read. */
PL_CASE(stream_through_a_name, .verifies = "unix.connect.stream-through-path",
    .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);

	expect_both_ways(meet(listener, &name));
}

/* The same, with bounds between messages. */
PL_CASE(seqpacket_through_a_name, .verifies = "unix.connect.seqpacket-through-path",
    .kinds = CLIENTS | PL_MESSAGES)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);
	struct pl_pair p = meet(listener, &name);

	expect_both_ways(p);
	pl_expect(sys_write(p.w, "one", 3), returns(3));
	pl_expect(sys_write(p.w, "two", 3), returns(3));
	pl_expect_text(p.r, "one");
	pl_expect_text(p.r, "two");
}

static struct pl_outcome
connect_and_write(void *name)
{
	int client = pl_unconnected();

	pl_connect(client, name);
	pl_write(client, "farewell", 8);
	return (pl_done());
}

/* The name is all that the two processes share.  What one says with its last breath is heard. */
PL_CASE(unrelated_process_is_read_to_its_end,
    .verifies = "unix.connect.unrelated-process-reads-data-then-eof", .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), server;
	struct pl_peer *client = pl_child(connect_and_write, &name, PL_KEEP_NONE);
	char b[4];

	server = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_must(pl_result(client));
	pl_expect(sys_read(server, b, 4), returns(4));
	pl_expect_bytes(b, "fare", 4);
	pl_expect_text(server, "well");
	for (int i = 0; i < 2; i++)
		pl_expect(sys_read(server, b, sizeof(b)), returns(0));
}

/* Accept hands out a connection that lives already, with what was sent on it. */
PL_CASE(completes_and_carries_data_before_accept,
    .verifies = "unix.connect.completes-and-carries-data-before-accept", .kinds = CLIENTS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), server;
	struct pl_pair p = { .w = pl_unconnected() };

	pl_expect(pl_poll_now(listener, POLLIN), is(0));
	pl_expect(sys_connect(p.w, &name), returns(0));
	pl_expect(pl_poll_now(listener, POLLIN), is(POLLIN));
	pl_expect(sys_write(p.w, "early", 5), returns(5));
	server = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(pl_poll_now(listener, POLLIN), is(0));
	pl_expect_text(server, "early");
	p.r = server;
	expect_both_ways(p);
}

/* There is nothing to wait for, so nothing is in progress; the socket stays non-blocking. */
PL_CASE(nonblocking_connect_completes_at_once,
    .verifies = "unix.connect.nonblocking-completes-at-once", .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name;
	int listener = pl_listening(2, &name);
	struct pl_pair p = { .w = pl_unconnected() };
	char b[1];

	pl_nonblock(p.w, true);
	pl_expect(sys_connect(p.w, &name), returns(0));
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_ERROR), returns(0));
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_expect(sys_read(p.w, b, 1), fails(EAGAIN));
	p.r = pl_accept(listener);
	pl_expect_text(p.r, "x");
	expect_both_ways(p);
}

/* A connection is for life: either end is refused another, and keeps the one it has. */
PL_CASE(second_connect_gives_eisconn, .verifies = "unix.connect.eisconn-second-connect",
    .kinds = PL_UNIX | PL_CONNECTIONS)
{
	struct pl_address name;
	struct pl_pair p = pl_pair();
	int listener = pl_listening(2, &name);

	pl_expect(sys_connect(p.w, &name), fails(EISCONN));
	pl_expect(sys_connect(p.r, &name), fails(EISCONN));
	expect_no_client(listener);
	expect_both_ways(p);
}

/* Nor with the listener that it is connected to already. */
PL_CASE(second_connect_to_the_same_listener_gives_eisconn,
    .verifies = "unix.connect.eisconn-second-connect", .kinds = CLIENTS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client = pl_unconnected();
	struct pl_pair p;

	pl_connect(client, &name);
	pl_expect(sys_connect(client, &name), fails(EISCONN));
	p = (struct pl_pair){ .r = pl_accept(listener), .w = client };
	pl_expect(sys_connect(client, &name), fails(EISCONN));
	expect_no_client(listener);
	expect_both_ways(p);
}

/* It is refused, and goes on listening; who waits there still waits. */
PL_CASE(listening_socket_cannot_connect, .verifies = "unix.connect.on-listening-socket",
    .kinds = CLIENTS)
{
	struct pl_address name, other_name;
	int listener = pl_listening(2, &name), other = pl_listening(2, &other_name);
	struct pl_pair p = { .w = pl_unconnected() };

	pl_connect(p.w, &name);
	pl_write(p.w, "waiting", 7);
	pl_expect(sys_connect(listener, &other_name), on(PL_FREEBSD, fails(EOPNOTSUPP)),
	    on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_connect(listener, &name), on(PL_FREEBSD, fails(EOPNOTSUPP)),
	    on(PL_LINUX, fails(EINVAL)));
	expect_no_client(other);
	p.r = (int)pl_expect(sys_accept(listener, NULL), on(PL_FREEBSD | PL_LINUX, opens()));
	pl_expect_text(p.r, "waiting");
	expect_no_client(listener);
	meet(listener, &name);
}

/* Failures leave nothing behind. */
PL_CASE(connects_after_failures, .verifies = "unix.connect.retry-after-failure",
    .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address missing = pl_unix_address("missing"), name;
	int server = pl_bound(&name);
	struct pl_pair p = { .w = pl_unconnected() };

	pl_expect(sys_connect(p.w, &missing), fails(ENOENT));
	pl_expect(sys_connect(p.w, &name), fails(ECONNREFUSED));
	pl_listen(server, 1);
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_ERROR), returns(0));
	pl_expect(sys_connect(p.w, &name), returns(0));
	p.r = (int)pl_expect(sys_accept(server, NULL), opens());
	expect_both_ways(p);
	expect_no_client(server);
}

static struct pl_outcome
connect_waiting(void *name)
{
	int client = pl_unconnected();

	pl_set_option(client, pl_os.sol_local, pl_os.local_connwait, 1);
	return (sys_connect(client, name));
}

/* Asked for, connect lasts until the connection has been taken. */
PL_CASE(local_connwait_waits_for_accept, .verifies = "unix.connect.local-connwait",
    .kinds = CLIENTS | PL_STREAM | PL_UNIX)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), fd = pl_unconnected();
	struct pl_peer *client;

	if (pl_os.local_connwait == PL_ABSENT)
		pl_not_tested("this kernel has no LOCAL_CONNWAIT");
	if (!pl_freebsd_before(1500)) {
		pl_expect(sys_set_option(fd, pl_os.sol_local, pl_os.local_connwait, 1),
		    fails(ENOPROTOOPT));
		return;
	}
	client = pl_child(connect_waiting, &name, PL_KEEP_NONE);
	pl_expect_blocks(client);
	pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(pl_result(client), returns(0));
	/* Without it nobody waits. */
	client = pl_child(connect_new, &name, PL_KEEP_NONE);
	pl_expect(pl_result(client), returns(0));
}
