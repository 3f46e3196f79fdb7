/*
 * listen(2) and accept(2) in the UNIX domain: who can listen, what accept gives,
 * and the end of a listener that somebody waits at.
 */

#include "plumbline.h"

#define CONNECTIONS (PL_UNIX | PL_CONNECTIONS)
#define CLIENTS (CONNECTIONS | PL_NAMED)

static int
client_of(const struct pl_address *name)
{
	int client = pl_unconnected();

	pl_connect(client, name);
	return (client);
}

/* Who has a peer cannot wait for others, though it had a name before or got one after. */
PL_CASE(connected_socket_with_a_name_cannot_listen, .verifies = "unix.listen.connected-einval",
    .kinds = CLIENTS)
{
	struct pl_address name, client_names[2];
	int listener = pl_listening(2, &name);

	for (int i = 0; i < 2; i++) {
		struct pl_pair p = { .w = pl_unconnected() };

		client_names[i] = pl_case_kind()->address();
		if (i == 0)
			pl_bind(p.w, &client_names[i]);
		pl_connect(p.w, &name);
		if (i == 1)
			pl_bind(p.w, &client_names[i]);
		pl_write(p.w, "abc", 3);
		pl_expect(sys_listen(p.w, 1), fails(EINVAL));
		p.r = pl_accept(listener);
		pl_expect(sys_listen(p.w, 1), fails(EINVAL));
		pl_expect(sys_listen(p.r, 1), fails(EINVAL));
		pl_expect_text(p.r, "abc");
	}
}

/* Every client gets an end of its own, and the listener stays what it is. */
PL_CASE(each_accept_gives_a_socket_of_its_own, .verifies = "unix.accept.new-socket-per-connection",
    .kinds = CLIENTS)
{
	static const char *const texts[] = { "first", "second" };
	struct pl_address name;
	int listener = pl_listening(2, &name), clients[2], servers[2];
	char b[8];

	for (int i = 0; i < 2; i++) {
		clients[i] = client_of(&name);
		servers[i] = (int)pl_expect(sys_accept(listener, NULL), opens());
		pl_expect_that(
		    servers[i] != listener, "another descriptor than the listener's", "that one");
		pl_expect(sys_get_option(servers[i], SOL_SOCKET, SO_ACCEPTCONN), returns(0),
		    on(PL_POSIX, fails(ENOPROTOOPT)));
	}
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_write(clients[i], texts[i], strlen(texts[i])),
		    returns((long)strlen(texts[i])));
		pl_expect(sys_write(servers[i], texts[i], strlen(texts[i])),
		    returns((long)strlen(texts[i])));
	}
	for (int i = 1; i >= 0; i--) {
		pl_expect_text(servers[i], texts[i]);
		pl_expect_text(clients[i], texts[i]);
		pl_expect_nothing(servers[i]);
		pl_expect_nothing(clients[i]);
	}
	/* One can end without the other. */
	pl_close(servers[0]);
	pl_expect(sys_read(clients[0], b, sizeof(b)), returns(0));
	pl_expect_nothing(clients[1]);
	pl_expect(sys_write(clients[1], "x", 1), returns(1));
	pl_expect_text(servers[1], "x");
}

/* First come, first served, also when the queue was served in between. */
PL_CASE(accept_follows_the_order_of_connect, .verifies = "unix.accept.order-of-connect",
    .kinds = CLIENTS)
{
	enum { CLIENT_COUNT = 5 };
	struct pl_address name;
	int listener = pl_listening(CLIENT_COUNT, &name);

	for (int next = 0, accepted = 0; accepted < CLIENT_COUNT; accepted++) {
		char letter[2] = { (char)('a' + accepted), '\0' };

		for (; next < CLIENT_COUNT && next < accepted + 3; next++) {
			int client = client_of(&name);

			pl_write(client, &(char){ (char)('a' + next) }, 1);
		}
		pl_expect_text((int)pl_expect(sys_accept(listener, NULL), opens()), letter);
	}
}

/* There is no connection to accept, and never will be. */
PL_CASE(accept_on_a_datagram_socket, .verifies = "unix.accept.on-dgram-socket",
    .kinds = PL_UNIX | PL_DATAGRAMS | PL_NAMED)
{
	struct pl_address name, from;
	int fd = pl_bound(&name), sender = pl_unconnected();

	pl_expect(sys_accept(fd, NULL), on(PL_FREEBSD | PL_POSIX, fails(EINVAL)),
	    on(PL_LINUX | PL_POSIX, fails(EOPNOTSUPP)));
	pl_must(sys_sendto(sender, "abc", 3, 0, &name));
	pl_expect(sys_accept(fd, &from), on(PL_FREEBSD | PL_POSIX, fails(EINVAL)),
	    on(PL_LINUX | PL_POSIX, fails(EOPNOTSUPP)));
	pl_expect_text(fd, "abc");
}

/* To have a name, or a peer, is not to listen. */
PL_CASE(accept_takes_a_listening_socket, .verifies = "unix.accept.einval-not-listening",
    .kinds = CONNECTIONS)
{
	struct pl_address name, from;
	struct pl_pair p = pl_pair();
	const int fds[] = { pl_unconnected(), pl_bound(&name), p.r, p.w };

	pl_write(p.w, "abc", 3);
	for (size_t i = 0; i < PL_COUNT(fds); i++) {
		pl_expect(sys_accept(fds[i], NULL), fails(EINVAL));
		pl_expect(sys_accept(fds[i], &from), fails(EINVAL));
	}
	pl_expect_text(p.r, "abc");
}

/* Whether a connection whose client has gone is worth accepting. */
PL_CASE(accept_after_the_client_closed, .verifies = "unix.accept.client-already-closed",
    .kinds = CLIENTS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client = client_of(&name), server;
	char b[8];

	pl_write(client, "abc", 3);
	pl_close(client);
	server = (int)pl_expect(
	    sys_accept(listener, NULL), on(PL_LINUX, opens()), on(PL_FREEBSD, fails(ECONNABORTED)));
	if (server != -1) {
		pl_expect_text(server, "abc");
		for (int i = 0; i < 2; i++)
			pl_expect(sys_read(server, b, sizeof(b)), returns(0));
	}
	/* The listener goes on. */
	client = client_of(&name);
	pl_expect(sys_accept(listener, NULL), opens());
}

static struct pl_outcome
read_eight(void *fd)
{
	char b[8];

	return (sys_read(*(int *)fd, b, sizeof(b)));
}

/* Nobody will ever accept it, and it is told so, once. */
PL_CASE(closing_the_listener_fails_a_waiting_clients_read,
    .verifies = "unix.listener.close-fails-pending-client-read", .kinds = CLIENTS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client = client_of(&name), other = client_of(&name);
	struct pl_peer *reader = pl_child(read_eight, &other, other);
	char b[8];

	pl_wait_blocked(reader);
	pl_close(listener);
	pl_expect(sys_read(client, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, fails(ECONNRESET)));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_read(client, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
	/* So is one that slept meanwhile. */
	pl_expect(pl_result(reader), on(PL_FREEBSD | PL_LINUX, fails(ECONNRESET)));
}

/* What was sent is lost, and no more is taken. */
PL_CASE(closing_the_listener_fails_a_waiting_clients_write,
    .verifies = "unix.listener.close-fails-pending-client-write", .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client = client_of(&name), quiet = client_of(&name);

	pl_expect(sys_write(client, "abc", 3), returns(3));
	pl_close(listener);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_write(client, "x", 1), fails_with_sigpipe(EPIPE));
		pl_expect(sys_send(quiet, "x", 1, 0), fails_with_sigpipe(EPIPE));
	}
	pl_expect(sys_send(quiet, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
}
