/*
 * The queue of a TCP listener: how many connections wait in it, what becomes of
 * one too many, and what a further listen(2) does to it.
 */

#include "plumbline.h"

#include <sched.h>

/* A backlog's worth of clients, as the profile's pages count them. */
static int
documented(int backlog)
{
	return (pl_asks(PL_FREEBSD) ? backlog * 3 / 2 : backlog);
}

/*
 * Everything that was sent before has arrived, for what comes behind it has: a
 * connection to another listener, made and accepted.
 */
static void
await_arrivals(void)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_client(&name);

	pl_close(pl_accept(listener));
	pl_close(client);
	pl_close(listener);
}

enum fate { CONNECTED, CONNECTING }; /* or an errno */

/* What became of a client that does not wait; it is closed. */
static struct pl_outcome
fate_of_client(const struct pl_address *name)
{
	int client = pl_unconnected();
	struct pl_outcome o;
	char b;
	long fate;

	pl_nonblock(client, true);
	o = sys_connect(client, name);
	fate = o.error == 0 ? CONNECTED : o.error;
	if (fate == EINPROGRESS) {
		await_arrivals();
		if (pl_poll_now(client, POLLOUT).value == 0)
			fate = CONNECTING;
		else
			fate = sys_get_option(client, SOL_SOCKET, SO_ERROR).value;
	}
	if (fate == CONNECTED) {
		o = sys_recv(client, &b, 1, 0);
		if (o.error != EAGAIN)
			fate = o.error;
	}
	pl_close(client);
	return (
	    pl_value(fate, NULL, "fate of a client: 0 connected, 1 still connecting, or errno"));
}

/* Connections that wait in the queue; they are taken. */
static int
drain(int listener)
{
	int count;

	pl_nonblock(listener, true);
	for (count = 0;; count++) {
		struct pl_outcome o = sys_accept(listener, NULL);

		if (o.error != 0) {
			pl_expect(o, fails(EAGAIN));
			break;
		}
		pl_close((int)o.value);
	}
	pl_nonblock(listener, false);
	return (count);
}

/* As many clients as there is room for by all accounts: each gets in, and leaves a connection. */
static void
fill_queue(int listener, const struct pl_address *name, int backlog)
{
	for (int i = 0; i < documented(backlog); i++) {
		struct pollfd client = { .fd = pl_unconnected(), .events = POLLOUT };

		pl_nonblock(client.fd, true);
		pl_expect(sys_connect(client.fd, name), returns(0), fails(EINPROGRESS));
		pl_expect(sys_poll(&client, 1, 4000), returns(1));
		pl_expect(sys_write(client.fd, "x", 1), returns(1));
		pl_close(client.fd);
		/* It may be in the queue a little later than the client is told. */
		while (pl_os_clients_waiting(listener) <= i)
			sched_yield();
	}
}

/* The queue is filled, and has three more clients than that, who do not wait. */
static void
expect_room_for(int listener, const struct pl_address *name, int backlog)
{
	int least = documented(backlog);

	fill_queue(listener, name, backlog);
	for (int i = 0; i < 3; i++)
		fate_of_client(name);
	pl_expect(
	    pl_value(drain(listener), NULL, "connections that waited with backlog %d", backlog),
	    returns_between(least, least + 1));
}

PL_CASE(
    backlog_sets_how_many_wait, .verifies = "tcp.listen.overflow-number-admitted", .kinds = PL_TCP)
{
	static const int backlogs[] = { 1, 2, 4, 5 };

	for (size_t i = 0; i < PL_COUNT(backlogs); i++) {
		struct pl_address name;
		int listener = pl_listening(backlogs[i], &name);

		expect_room_for(listener, &name, backlogs[i]);
		pl_close(listener);
	}
}

/* None at all would be a listener that nobody reaches. */
PL_CASE(backlog_zero_lets_one_in, .verifies = "tcp.listen.backlog-zero-still-accepts-a-connection",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(0, &name);

	for (int i = 0; i < 2; i++) {
		int client = pl_unconnected();

		pl_expect(sys_connect(client, &name), returns(0));
		pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));
	}
}

/* The last word counts, for a longer queue and for a shorter one. */
PL_CASE(last_backlog_counts, .verifies = "tcp.listen.twice-changes-backlog", .kinds = PL_TCP)
{
	static const int backlogs[] = { 3, 7, 2 };
	struct pl_address name;
	int listener = pl_bound(&name);

	for (size_t i = 0; i < PL_COUNT(backlogs); i++) {
		pl_expect(sys_listen(listener, backlogs[i]), returns(0));
		if (pl_os.so_listenqlimit != PL_ABSENT)
			pl_expect(sys_get_option(listener, SOL_SOCKET, pl_os.so_listenqlimit),
			    is(backlogs[i]));
		expect_room_for(listener, &name, backlogs[i]);
	}
}

/* However long the queue that is asked for, the administrator's figure is the limit. */
PL_CASE_ALONE(system_limits_the_backlog, .verifies = "tcp.listen.huge-backlog-clamped-to-sysctl",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_bound(&name);
	long most;

	if (pl_os.so_listenqlimit != PL_ABSENT) {
		if (pl_os_sysctl_get("kern.ipc.soacceptqueue", &most) != 0)
			pl_not_tested("the system does not tell its limit");
		pl_expect(sys_listen(listener, INT_MAX), returns(0));
		pl_expect(sys_get_option(listener, SOL_SOCKET, pl_os.so_listenqlimit), is(most));
		return;
	}
	if (pl_os_sysctl_set("/proc/sys/net/core/somaxconn", 3) != 0)
		pl_not_tested("the system's limit cannot be set");
	pl_note("somaxconn is 3");
	pl_expect(sys_listen(listener, INT_MAX), returns(0));
	expect_room_for(listener, &name, 3);
	pl_expect(sys_listen(listener, 4), returns(0));
	expect_room_for(listener, &name, 3);
	pl_expect(sys_listen(listener, 2), returns(0));
	expect_room_for(listener, &name, 2);
}

/* A client too many is left waiting by one system, and told by the other or left alone. */
PL_CASE(client_too_many, .verifies = "tcp.listen.overflow-fate-of-extra-clients", .kinds = PL_TCP)
{
	enum { BACKLOG = 2 };
	struct pl_address name;
	int listener = pl_listening(BACKLOG, &name), waiting;

	fill_queue(listener, &name, BACKLOG);
	/* That one may just fit. */
	fate_of_client(&name);
	for (int i = 0; i < 3; i++)
		pl_expect(fate_of_client(&name), is(CONNECTING), on(PL_FREEBSD, is(ECONNREFUSED)));
	waiting = drain(listener);
	pl_expect_that(waiting >= documented(BACKLOG), "the queue is as it was",
	    "%d connections wait", waiting);
}

/* Twice: what overflowed leaves no trace. */
PL_CASE(room_again_after_accept, .verifies = "tcp.listen.overflow-recovers-after-accept",
    .kinds = PL_TCP)
{
	enum { BACKLOG = 2 };
	struct pl_address name;
	int listener = pl_listening(BACKLOG, &name), client;

	for (int round = 0; round < 2; round++) {
		fill_queue(listener, &name, BACKLOG);
		for (int i = 0; i < 4; i++)
			fate_of_client(&name);
		drain(listener);
		client = pl_unconnected();
		pl_expect(sys_connect(client, &name), returns(0));
		pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));
		pl_close(client);
	}
	expect_room_for(listener, &name, BACKLOG);
}

static struct pl_outcome
connect_and_talk(void *name)
{
	int client = pl_unconnected();

	pl_expect(sys_connect(client, name), returns(0));
	pl_write(client, "late", 4);
	return (pl_done());
}

/* Its request was not heard; the next one, a second later, is. */
PL_CASE(ignored_client_gets_in_later, .verifies = "tcp.listen.dropped-syn-connects-after-drain",
    .kinds = PL_TCP | PL_PLAIN, .slow = "a request for a connection is repeated after a second")
{
	struct pl_address name;
	int listener = pl_listening(0, &name), fd;
	struct pl_peer *client;

	pl_queue_client(listener, &name, "early");
	client = pl_child(connect_and_talk, &name, PL_KEEP_NONE);
	pl_expect_blocks(client);
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect_arriving(fd, "early");
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect_arriving(fd, "late");
	pl_must(pl_result(client));
}

/* Those who are in stay in. */
PL_CASE(shorter_queue_keeps_who_waits, .verifies = "tcp.listen.relisten-keeps-pending-connections",
    .kinds = PL_TCP)
{
	static const int backlogs[] = { 1, 0, 8 };

	for (size_t i = 0; i < PL_COUNT(backlogs); i++) {
		struct pl_address name;
		int listener = pl_listening(4, &name), client[2];

		for (int k = 0; k < 2; k++)
			client[k] = pl_client(&name);
		pl_queue_client(listener, &name, "third");
		pl_expect(sys_listen(listener, backlogs[i]), returns(0));
		for (int k = 0; k < 2; k++) {
			pl_expect_talk(
			    client[k], (int)pl_expect(sys_accept(listener, NULL), opens()));
			pl_close(client[k]);
		}
		pl_expect_arriving((int)pl_expect(sys_accept(listener, NULL), opens()), "third");
		pl_close(listener);
	}
}
