/*
 * listen(2): which sockets become listeners, and what the backlog does.
 */

#include "plumbline.h"

/* A listener accepts one client that connects to it. */
static void
expect_accepts(int listener, const struct pl_address *name)
{
	int client = pl_socket(name->any.sa_family, pl_get_option(listener, SOL_SOCKET, SO_TYPE));
	int s;

	pl_expect(sys_connect(client, name), returns(0));
	s = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_write(client, "x", 1);
	pl_expect_text(s, "x");
	pl_close(client);
	pl_close(s);
}

/* Datagrams need no listener, whether the socket has a name or not. */
PL_CASE(datagram_or_raw_socket_eopnotsupp,
    .verifies = "socket.listen.datagram-or-raw-socket-eopnotsupp",
    .kinds = PL_SOCKETS | PL_DATAGRAMS | PL_NAMED)
{
	struct pl_address name;
	int s = pl_unconnected(), named = pl_bound(&name);

	pl_expect(sys_listen(s, 1), fails(EOPNOTSUPP));
	pl_expect(sys_listen(named, 1), fails(EOPNOTSUPP));
	pl_expect(sys_get_option(named, SOL_SOCKET, SO_ACCEPTCONN), returns(0));
}

/* Nor do raw ones, where they can be had. */
PL_CASE(raw_socket_eopnotsupp, .verifies = "socket.listen.datagram-or-raw-socket-eopnotsupp",
    .needs = PL_ROOT)
{
	int raw = (int)pl_must(sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));

	pl_expect(sys_listen(raw, 1), fails(EOPNOTSUPP));
}

/* Either end fails, and both keep talking. */
static void
expect_end_cannot_listen(int fd, int other)
{
	char b[4];

	pl_expect(sys_listen(fd, 1), fails(EINVAL));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), returns(0));
	pl_expect(sys_write(other, "abc", 3), returns(3));
	pl_expect(sys_read(fd, b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
}

/* A connection is not given up for it. */
PL_CASE(connected_socket_einval, .verifies = "socket.listen.connected-socket-einval",
    .kinds = PL_SOCKETS | PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();

	expect_end_cannot_listen(p.r, p.w);
	expect_end_cannot_listen(p.w, p.r);
}

static void
expect_repeatable(int listener, const struct pl_address *name)
{
	static const int backlogs[] = { 9, 0, INT_MAX, 1 };

	expect_accepts(listener, name);
	for (size_t i = 0; i < PL_COUNT(backlogs); i++) {
		pl_expect(sys_listen(listener, backlogs[i]), returns(0));
		pl_expect(sys_get_option(listener, SOL_SOCKET, SO_ACCEPTCONN),
		    returns_between(1, INT_MAX));
		expect_accepts(listener, name);
	}
}

/* The last word counts, and the socket listens all the time. */
PL_CASE(repeated_call_changes_backlog, .verifies = "socket.listen.repeated-call-changes-backlog",
    .kinds = PL_SOCKETS | PL_CONNECTIONS | PL_NAMED)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);

	expect_repeatable(listener, &name);
}

/* A longer queue takes more clients, those that wait already stay in it. */
PL_CASE(repeated_call_makes_room, .verifies = "socket.listen.repeated-call-changes-backlog",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_NAMED)
{
	enum { CLIENTS = 12 };
	struct pl_address name;
	int listener = pl_listening(1, &name), waiting = 0;
	struct pl_outcome o = { 0 };

	while (waiting < CLIENTS) {
		int client = pl_unconnected();

		pl_nonblock(client, true);
		o = sys_connect(client, &name);
		if (o.error != 0)
			break;
		waiting++;
	}
	if (o.error == 0)
		pl_broken("a backlog of 1 has no bound");
	pl_expect(sys_listen(listener, CLIENTS), returns(0));
	for (; waiting < CLIENTS; waiting++) {
		int client = pl_unconnected();

		pl_nonblock(client, true);
		pl_expect(sys_connect(client, &name), returns(0));
	}
	for (int i = 0; i < waiting; i++)
		pl_close((int)pl_expect(sys_accept(listener, NULL), opens()));
}

static void
expect_queue(int listener, const struct pl_address *name)
{
	enum { CLIENTS = 20 };
	int client[CLIENTS];

	pl_expect(sys_listen(listener, -1), returns(0));
	for (int i = 0; i < CLIENTS; i++) {
		client[i] =
		    pl_socket(name->any.sa_family, pl_get_option(listener, SOL_SOCKET, SO_TYPE));
		/* Where that never means "in progress" a queue that is full shows at once. */
		pl_nonblock(client[i], name->any.sa_family == AF_UNIX);
		pl_expect(sys_connect(client[i], name), returns(0));
	}
	for (int i = 0; i < CLIENTS; i++)
		pl_close((int)pl_expect(sys_accept(listener, NULL), opens()));
	for (int i = 0; i < CLIENTS; i++)
		pl_close(client[i]);
}

/* A negative number is no reason to keep clients out. */
PL_CASE(negative_backlog_accepted, .verifies = "socket.listen.negative-backlog-accepted",
    .kinds = PL_SOCKETS | PL_CONNECTIONS | PL_NAMED)
{
	struct pl_address name;
	int listener = pl_bound(&name);

	expect_queue(listener, &name);
}

/* A listener that nobody can name hears nobody; a name cures it. */
PL_CASE(unbound_unix_socket, .verifies = "socket.listen.unbound-unix-socket",
    .kinds = PL_SOCKETS | PL_CONNECTIONS | PL_UNIX | PL_PLAIN)
{
	int s = pl_unconnected();
	struct pl_address name = pl_case_kind()->address();

	pl_expect(sys_listen(s, 1), fails(EDESTADDRREQ));
	pl_expect(sys_get_option(s, SOL_SOCKET, SO_ACCEPTCONN), returns(0));
	pl_bind(s, &name);
	pl_expect(sys_listen(s, 1), returns(0));
	expect_accepts(s, &name);
}
