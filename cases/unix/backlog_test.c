/*
 * listen(2) in the UNIX domain: how many connections wait to be accepted, and
 * what becomes of one too many.
 */

#include "plumbline.h"

#define CLIENTS (PL_UNIX | PL_CONNECTIONS | PL_NAMED)

/* The answer to a client that finds the queue full and does not wait. */
#define EXPECT_FULL(outcome) \
	pl_expect((outcome), on(PL_FREEBSD, fails(ECONNREFUSED)), on(PL_LINUX, fails(EAGAIN)))

/* A new client that does not wait. */
static struct pl_outcome
try_connect(const struct pl_address *name)
{
	int client = pl_unconnected();

	pl_nonblock(client, true);
	return (sys_connect(client, name));
}

/*
 * Clients connect until one is refused, or there are limit of them.  Those that
 * came stay queued, though nothing is left of them but the connection.
 */
static int
fill_queue(const struct pl_address *name, int limit)
{
	int count;

	for (count = 0; count < limit; count++) {
		int client = pl_unconnected();

		pl_nonblock(client, true);
		if (sys_connect(client, name).error != 0)
			break;
	}
	return (count);
}

/* Take that many connections; then nobody waits. */
static void
expect_queued(int listener, int count)
{
	pl_nonblock(listener, true);
	for (int i = 0; i < count; i++)
		pl_close((int)pl_expect(sys_accept(listener, NULL), opens()));
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}

/* Refused at once, not queued, and welcome as soon as one was accepted. */
PL_CASE(full_queue_refuses_a_client_that_does_not_wait,
    .verifies = "unix.connect.full-backlog-nonblocking", .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), count = fill_queue(&name, 16);

	if (count == 16)
		pl_expect_that(false, "fewer than 16 connections that wait with backlog 2", "16");
	for (int i = 0; i < 2; i++)
		EXPECT_FULL(try_connect(&name));
	pl_accept(listener);
	pl_expect(try_connect(&name), on(PL_FREEBSD | PL_LINUX, returns(0)));
	EXPECT_FULL(try_connect(&name));
	expect_queued(listener, count);
}

static struct pl_outcome
connect_new(void *name)
{
	int client = pl_unconnected();

	return (sys_connect(client, name));
}

/* One system lets a client wait for room, the other turns it away. */
PL_CASE(full_queue_and_a_client_that_waits, .verifies = "unix.connect.full-backlog-blocking",
    .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), count = fill_queue(&name, 16);
	struct pl_peer *client = pl_child(connect_new, &name, PL_KEEP_NONE);
	bool sleeps = pl_sleeps(client);

	pl_expect(pl_value(sleeps, NULL, "a connect that may wait sleeps (1) or not (0)"),
	    on(PL_FREEBSD, is(0)), on(PL_LINUX, is(1)));
	if (sleeps)
		pl_accept(listener);
	pl_expect(pl_result(client), on(PL_FREEBSD, fails(ECONNREFUSED)), on(PL_LINUX, returns(0)));
	expect_queued(listener, count);
}

/* The figure in the call is the one that counts, with what each system adds to it. */
PL_CASE(backlog_sets_how_many_wait, .verifies = "unix.listen.backlog-capacity",
    .kinds = CLIENTS | PL_STREAM)
{
	static const int backlogs[] = { 1, 2, 4, 5 };

	for (size_t i = 0; i < PL_COUNT(backlogs); i++) {
		struct pl_address name;
		int n = backlogs[i], listener = pl_listening(n, &name), count;

		count = fill_queue(&name, 16);
		pl_expect(pl_value(count, NULL, "connections that wait with backlog %d", n),
		    on(PL_FREEBSD, returns_between(n * 3 / 2, n * 3 / 2 + 1)),
		    on(PL_LINUX, returns_between(n, n + 1)));
		expect_queued(listener, count);
		pl_close(listener);
	}
}

/* None at all would be a listener that nobody reaches. */
PL_CASE(backlog_zero_lets_one_wait, .verifies = "unix.listen.zero-backlog-still-queues-one",
    .kinds = CLIENTS)
{
	struct pl_address name;
	int listener = pl_listening(0, &name), count = fill_queue(&name, 16);

	pl_expect(pl_value(count, NULL, "connections that wait with backlog 0"),
	    on(PL_FREEBSD | PL_LINUX, is(1)));
	EXPECT_FULL(try_connect(&name));
	expect_queued(listener, count);
	pl_expect(try_connect(&name), on(PL_FREEBSD | PL_LINUX, returns(0)));
}
