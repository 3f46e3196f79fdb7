/*
 * Many who wait at one descriptor: what comes is for one of them, be it data, a
 * connection or a descriptor that somebody passes.
 */

#include <stdatomic.h>

#include "plumbline.h"

enum { WAITERS = 3 };

/* One who waits for data, in memory that children share. */
struct waiter {
	int fd;
	atomic_bool done;
	char bytes[8];
};

static struct pl_outcome
read_a_letter(void *argument)
{
	struct waiter *w = argument;

	pl_expect(sys_read(w->fd, w->bytes, sizeof(w->bytes)), returns(1));
	atomic_store(&w->done, true);
	pl_reach(0);
	return (pl_done());
}

/* Judge: those who got nothing sleep on; gives how many there are. */
static int
expect_asleep(struct pl_peer **peers, const struct waiter *waiters)
{
	int count = 0;

	for (int i = 0; i < WAITERS; i++)
		if (!atomic_load(&waiters[i].done)) {
			pl_expect_blocks(peers[i]);
			count++;
		}
	return (count);
}

/* Judge: one letter (or message) is for one reader; two more are for the others. */
static void
expect_one_served(bool threads)
{
	struct pl_pair p = pl_pair();
	struct waiter *waiters = pl_shared(WAITERS * sizeof(*waiters));
	struct pl_peer *peers[WAITERS];
	int seen[WAITERS] = { 0 };

	for (int i = 0; i < WAITERS; i++) {
		waiters[i].fd = p.r;
		peers[i] = threads ? pl_thread(read_a_letter, &waiters[i])
				   : pl_child(read_a_letter, &waiters[i], p.r);
		pl_expect_blocks(peers[i]);
	}
	for (int sent = 1; sent < WAITERS; sent++) {
		pl_put(p, &"abc"[sent - 1], 1);
		pl_await(0);
		pl_expect(pl_value(expect_asleep(peers, waiters), NULL, "readers asleep"),
		    is(WAITERS - sent));
	}
	pl_put(p, "c", 1);
	for (int i = 0; i < WAITERS; i++) {
		pl_must(pl_result(peers[i]));
		pl_expect_that(waiters[i].bytes[0] >= 'a' && waiters[i].bytes[0] <= 'c',
		    "a letter that was sent", "0x%02x", (unsigned char)waiters[i].bytes[0]);
		seen[waiters[i].bytes[0] - 'a']++;
	}
	for (int i = 0; i < WAITERS; i++)
		pl_expect(pl_value(seen[i], NULL, "readers of letter %c", 'a' + i), is(1));
}

#define ONE_READER "io.concurrent.one-byte-satisfies-exactly-one-blocked-reader"

PL_CASE(one_letter_is_for_one_thread, .verifies = ONE_READER, .kinds = PL_EVERY)
{
	expect_one_served(true);
}

PL_CASE(one_letter_is_for_one_process, .verifies = ONE_READER, .kinds = PL_EVERY)
{
	expect_one_served(false);
}

static struct pl_outcome
read_three(void *fd)
{
	char b[3];

	pl_expect(sys_read(*(int *)fd, b, 3), returns(3));
	pl_expect_bytes(b, "abc", 3);
	return (pl_done());
}

/* Neither has a place of its own in the stream. */
PL_CASE(parent_goes_on_where_the_child_stopped,
    .verifies = "io.concurrent.parent-and-child-reads-split-the-stream", .kinds = PL_STREAM)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abcdef", 6);
	pl_expect_waiting(p.r, 6);
	pl_must(pl_result(pl_child(read_three, &p.r, p.r)));
	pl_expect_left(p, "def");
}

/* Those who accept: one connection each. */
struct acceptor {
	int listener;
	atomic_bool done;
};

static struct pl_outcome
accept_and_answer(void *argument)
{
	struct acceptor *a = argument;
	int fd = (int)pl_expect(sys_accept(a->listener, NULL), opens());
	char b[1];

	pl_expect(sys_read(fd, b, 1), returns(1));
	atomic_store(&a->done, true);
	pl_expect(sys_write(fd, b, 1), returns(1));
	pl_close(fd);
	return (pl_done());
}

/* Judge: each client is served by one of those who sleep, and the others sleep on. */
static void
expect_distinct_connections(bool threads)
{
	struct pl_address name;
	int listener = pl_listening(WAITERS, &name);
	struct acceptor *acceptors = pl_shared(WAITERS * sizeof(*acceptors));
	struct pl_peer *peers[WAITERS];

	for (int i = 0; i < WAITERS; i++) {
		acceptors[i].listener = listener;
		peers[i] = threads ? pl_thread(accept_and_answer, &acceptors[i])
				   : pl_child(accept_and_answer, &acceptors[i], listener);
		pl_expect_blocks(peers[i]);
	}
	for (int served = 1; served <= WAITERS; served++) {
		int client = pl_client(&name), asleep = 0;
		char b[2];

		pl_expect(sys_send(client, &"abc"[served - 1], 1, pl_whole()), returns(1));
		pl_expect(sys_recv(client, b, 1, MSG_WAITALL), returns(1));
		pl_expect_bytes(b, &"abc"[served - 1], 1);
		pl_expect_end(client);
		for (int i = 0; i < WAITERS; i++)
			if (!atomic_load(&acceptors[i].done)) {
				pl_expect_blocks(peers[i]);
				asleep++;
			}
		pl_expect(pl_value(asleep, NULL, "asleep in accept"), is(WAITERS - served));
	}
	for (int i = 0; i < WAITERS; i++)
		pl_must(pl_result(peers[i]));
}

PL_CASE(a_connection_is_for_one_thread,
    .verifies = "io.concurrent.threads-in-accept-get-distinct-connections", .kinds = PL_CONNECTIONS)
{
	expect_distinct_connections(true);
}

PL_CASE(a_connection_is_for_one_process,
    .verifies = "io.concurrent.processes-in-accept-get-distinct-connections",
    .kinds = PL_CONNECTIONS)
{
	expect_distinct_connections(false);
}

/* Servers: connections come as they come, until one says that it is the last. */
enum { SERVERS = 3, CLIENTS = 12, LAST = 0xff };

struct server {
	int listener;
	bool polls;
	atomic_uchar (*seen)[CLIENTS];
};

/* Take the next connection, in turn with others who may be faster. */
static int
next_connection(const struct server *s)
{
	struct pollfd entry = { .fd = s->listener, .events = POLLIN };
	int fd = -1;

	if (!s->polls)
		return ((int)pl_expect(sys_accept(s->listener, NULL), opens()));
	while (fd == -1) {
		pl_expect(sys_poll(&entry, 1, -1), returns(1));
		fd = (int)pl_expect(sys_accept(s->listener, NULL), opens(), fails(EAGAIN));
	}
	pl_nonblock(fd, false);
	return (fd);
}

static struct pl_outcome
serve(void *argument)
{
	const struct server *s = argument;

	for (;;) {
		int fd = next_connection(s);
		unsigned char id;

		pl_expect(sys_read(fd, &id, 1), returns(1));
		if (id == LAST) {
			pl_close(fd);
			return (pl_done());
		}
		pl_expect_that(id < CLIENTS && atomic_fetch_add(&(*s->seen)[id], 1) == 0,
		    "a client that was not served before", "client %d", id);
		pl_close(fd);
	}
}

static int
say(const struct pl_address *name, unsigned char id)
{
	int fd = pl_client(name);

	pl_expect(sys_send(fd, &id, 1, pl_whole()), returns(1));
	return (fd);
}

struct crowd {
	struct pl_address name;
	int last; /* servers to be sent home */
};

/* All connect before any is waited for; their servers then let them go. */
static struct pl_outcome
connect_all(void *argument)
{
	const struct crowd *crowd = argument;
	int fd[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		fd[i] = say(&crowd->name, (unsigned char)i);
	for (int i = 0; i < CLIENTS; i++) {
		pl_expect_end(fd[i]);
		pl_close(fd[i]);
	}
	for (int i = 0; i < crowd->last; i++)
		pl_close(say(&crowd->name, LAST));
	return (pl_done());
}

static void
expect_all_served(const struct server *s)
{
	for (int i = 0; i < CLIENTS; i++)
		pl_expect(
		    pl_value(atomic_load(&(*s->seen)[i]), NULL, "servers of client %d", i), is(1));
}

/* A listener with room for everybody. */
static struct server
server_for(struct crowd *crowd, int servers, bool polls)
{
	struct server s = { .listener = pl_listening(CLIENTS + SERVERS, &crowd->name),
		.polls = polls,
		.seen = pl_shared(sizeof(*s.seen)) };

	pl_nonblock(s.listener, polls);
	crowd->last = servers;
	return (s);
}

static void
expect_service(bool threads)
{
	struct crowd crowd;
	struct server s = server_for(&crowd, SERVERS, false);
	struct pl_peer *peers[SERVERS];

	for (int i = 0; i < SERVERS; i++)
		peers[i] = threads ? pl_thread(serve, &s) : pl_child(serve, &s, s.listener);
	pl_must(pl_result(pl_child(connect_all, &crowd, PL_KEEP_NONE)));
	for (int i = 0; i < SERVERS; i++)
		pl_must(pl_result(peers[i]));
	expect_all_served(&s);
}

#define ALL_ACCEPTED "io.concurrent.every-connection-is-accepted-once"

PL_CASE(threads_accept_everybody_once, .verifies = ALL_ACCEPTED, .kinds = PL_CONNECTIONS)
{
	expect_service(true);
}

PL_CASE(processes_accept_everybody_once, .verifies = ALL_ACCEPTED, .kinds = PL_CONNECTIONS)
{
	expect_service(false);
}

/* Both are told of the connection that only one of them gets; the other does not wait. */
PL_CASE(parent_and_child_accept_in_turn,
    .verifies = "io.concurrent.parent-and-child-accept-on-one-listener", .kinds = PL_CONNECTIONS)
{
	struct crowd crowd;
	struct server s = server_for(&crowd, 2, true);
	struct pl_peer *child = pl_child(serve, &s, s.listener),
		       *clients = pl_child(connect_all, &crowd, PL_KEEP_NONE);

	serve(&s);
	pl_must(pl_result(clients));
	pl_must(pl_result(child));
	expect_all_served(&s);
	pl_expect(sys_accept(s.listener, NULL), fails(EAGAIN));
}

/* Passed descriptors: pipes, each with its number in it, few of them on their way at a time. */
enum { PASSED = 24, UNDER_WAY = 4, ROOM = 0, CONTROL_ROOM = 256 };

struct receiver {
	int fd;
	atomic_uchar (*seen)[PASSED];
};

static struct pl_outcome
receive_descriptors(void *argument)
{
	const struct receiver *r = argument;

	for (;;) {
		struct pl_received got;
		unsigned char id, inside;

		pl_expect(sys_receive_control(r->fd, &got, 1, CONTROL_ROOM, 0), returns(1));
		id = (unsigned char)got.bytes[0];
		pl_expect(pl_value(got.count, NULL, "descriptors with message %d", id),
		    is(id == LAST ? 0 : 1));
		if (id == LAST)
			return (pl_done());
		pl_expect_that(id < PASSED && atomic_fetch_add(&(*r->seen)[id], 1) == 0,
		    "a descriptor that did not come before", "number %d", id);
		pl_expect(sys_read(got.fd[0], &inside, 1), returns(1));
		pl_expect(pl_value(inside, NULL, "number of the pipe"), is(id));
		pl_expect(sys_read(got.fd[0], &inside, 1), returns(0));
		pl_close(got.fd[0]);
		pl_reach(ROOM);
	}
}

/* With its message, to one receiver; and it is the one that was sent with it. */
PL_CASE(passed_descriptors_come_once,
    .verifies = "io.concurrent.passed-descriptor-is-received-once", .kinds = PL_UNIX)
{
	struct pl_pair p = pl_pair();
	struct receiver r = { p.r, pl_shared(sizeof(*r.seen)) };
	struct pl_peer *peers[WAITERS];
	unsigned char id;
	int fd[2];

	for (int i = 0; i < WAITERS; i++)
		peers[i] = pl_child(receive_descriptors, &r, p.r);
	for (int i = 0; i < UNDER_WAY; i++)
		pl_reach(ROOM);
	for (id = 0; id < PASSED; id++) {
		pl_await(ROOM);
		pl_pipe(fd);
		pl_write(fd[1], &id, 1);
		pl_close(fd[1]);
		pl_expect(sys_send_rights(p.w, &id, 1, &fd[0], 1, pl_whole()), returns(1));
		pl_close(fd[0]);
	}
	id = LAST;
	for (int i = 0; i < WAITERS; i++)
		pl_put(p, &id, 1);
	for (int i = 0; i < WAITERS; i++)
		pl_must(pl_result(peers[i]));
	for (int i = 0; i < PASSED; i++)
		pl_expect(
		    pl_value(atomic_load(&(*r.seen)[i]), NULL, "receipts of descriptor %d", i),
		    is(1));
}
