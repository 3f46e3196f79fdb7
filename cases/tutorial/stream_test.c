/*
 * PSD:20, connections: a server listens, accepts and reads until its client is
 * done, in either domain.
 */

#include "plumbline.h"

#define SAYING "Half a league, half a league . . ."

/* Two kinds that meet by name: a path, and a port that the system chooses. */
#define MEETING PL_STREAM | PL_SOCKETS | PL_NAMED

/* A client's part: connect to that name, say something, go. */
static struct pl_outcome
call_and_say(void *argument)
{
	const struct pl_address *name = argument;
	int fd = pl_socket(name->any.sa_family, SOCK_STREAM);

	pl_expect(sys_connect(fd, name), returns(0));
	pl_expect(sys_write(fd, SAYING, sizeof(SAYING)), returns(sizeof(SAYING)));
	return (sys_close(fd));
}

/* Judge: this connection brings the saying and then its end, in as many reads as it takes. */
static void
expect_saying_and_end(int connection)
{
	char b[100];
	size_t got = 0;
	long n;

	do {
		n = pl_expect(sys_read(connection, b + got, sizeof(b) - got),
		    returns_between(0, sizeof(SAYING)));
		got += (size_t)n;
	} while (n > 0 && got < sizeof(b));
	pl_expect(pl_value((long)got, NULL, "bytes until the end"), is(sizeof(SAYING)));
	pl_expect_bytes(b, SAYING, sizeof(SAYING));
}

/* The rendezvous: bind, listen, accept here; connect there. */
PL_CASE(server_and_client, .verifies = "tutorial.stream.server-and-client", .kinds = MEETING)
{
	struct pl_address name = pl_case_kind()->address();
	int listener = pl_unconnected(), connection;
	struct pl_peer *client;

	pl_expect(sys_bind(listener, &name), returns(0));
	pl_expect(sys_listen(listener, 5), returns(0));
	pl_expect(sys_getsockname(listener, &name), returns(0));
	client = pl_child(call_and_say, &name, PL_KEEP_NONE);
	connection = (int)pl_expect(sys_accept(listener, NULL), opens());
	expect_saying_and_end(connection);
	pl_expect(pl_result(client), returns(0));
}

/* One client after the other: those who call meanwhile wait in the queue. */
PL_CASE(
    server_of_one_at_a_time, .verifies = "tutorial.stream.one-client-at-a-time", .kinds = MEETING)
{
	enum { CLIENTS = 3 };
	struct pl_address name;
	int listener = pl_listening(5, &name);
	struct pl_peer *clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		clients[i] = pl_child(call_and_say, &name, PL_KEEP_NONE);
	for (int i = 0; i < CLIENTS; i++) {
		int connection = (int)pl_expect(sys_accept(listener, NULL), opens());

		expect_saying_and_end(connection);
		pl_expect(sys_close(connection), returns(0));
	}
	for (int i = 0; i < CLIENTS; i++)
		pl_expect(pl_result(clients[i]), returns(0));
}

/* A server that has other things to do asks select whether somebody calls. */
PL_CASE(server_that_asks_select, .verifies = "tutorial.stream.select-tells-of-clients",
    .kinds = MEETING)
{
	struct pl_address name;
	int listener = pl_listening(5, &name);
	struct timeval now = { 0, 0 };
	struct pl_peer *client;
	fd_set ready;

	FD_ZERO(&ready);
	FD_SET(listener, &ready);
	pl_expect(sys_select(listener + 1, &ready, NULL, NULL, &now), returns(0));
	client = pl_child(call_and_say, &name, PL_KEEP_NONE);
	FD_SET(listener, &ready);
	pl_expect(sys_select(listener + 1, &ready, NULL, NULL, NULL), returns(1));
	pl_expect_that(FD_ISSET(listener, &ready), "the listener in the set", "another one");
	expect_saying_and_end((int)pl_expect(sys_accept(listener, NULL), opens()));
	pl_expect(pl_result(client), returns(0));
}

/* Names are for the rendezvous only: the connection outlives its path. */
PL_CASE(connection_outlives_its_name, .verifies = "tutorial.stream.names-are-for-rendezvous",
    .kinds = MEETING)
{
	struct pl_pair p = pl_pair();

	if (pl_kind_has(PL_UNIX)) {
		struct pl_address name = pl_sockname(p.r);

		/* An abstract name has no file. */
		if (name.un.sun_path[0] != '\0')
			pl_expect(sys_unlink(name.un.sun_path), returns(0));
	}
	pl_expect(sys_write(p.w, SAYING, sizeof(SAYING)), returns(sizeof(SAYING)));
	pl_close(p.w);
	expect_saying_and_end(p.r);
}

/* Nobody listens: the client is refused. */
PL_CASE(nobody_listens, .verifies = "tutorial.stream.nobody-listens", .kinds = MEETING)
{
	struct pl_address name;
	int server = pl_bound(&name);

	pl_expect(sys_connect(pl_unconnected(), &name), fails(ECONNREFUSED));
	pl_expect(sys_listen(server, 1), returns(0));
	pl_expect(sys_connect(pl_unconnected(), &name), returns(0));
}

/* Who writes to a connection whose other side has gone is told as by a pipe. */
PL_CASE(broken_connection, .verifies = "tutorial.stream.broken", .kinds = MEETING)
{
	struct pl_pair p = pl_pair();
	struct pollfd entry = { .fd = p.w, .events = POLLIN };
	char b[8];

	pl_close(p.r);
	pl_must(sys_poll(&entry, 1, -1));
	if (pl_kind_has(PL_INET)) {
		/* The first bytes only find out that nobody is there. */
		pl_must(sys_write(p.w, "x", 1));
		entry.events = 0;
		pl_must(sys_poll(&entry, 1, -1));
		sys_read(p.w, b, sizeof(b));
	}
	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
}
