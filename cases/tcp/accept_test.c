/*
 * accept(2) on a TCP listener: whose connection it gives, when it waits, and what
 * it makes of clients that went away.
 */

#include "plumbline.h"

#include "sequence/names.h"

/* Another client is accepted, and it is that one. */
static void
expect_next_client(int listener, const struct pl_address *name)
{
	int client = pl_client(name);

	pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));
}

PL_CASE(each_call_gives_a_connection_of_its_own,
    .verifies = "tcp.accept.returns-new-descriptor-and-keeps-listener", .kinds = PL_TCP)
{
	struct pl_address name, still;
	int listener = pl_listening(2, &name), client[2], fd[2];

	for (int i = 0; i < 2; i++) {
		client[i] = pl_client(&name);
		pl_write(client[i], i == 0 ? "a" : "b", 1);
	}
	for (int i = 0; i < 2; i++)
		fd[i] = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect_that(fd[0] != fd[1] && fd[0] != listener && fd[1] != listener, "new descriptors",
	    "%d and %d for listener %d", fd[0], fd[1], listener);
	pl_expect_arriving(fd[0], "a");
	pl_expect_arriving(fd[1], "b");
	pl_expect_talk(client[1], fd[1]);
	pl_expect_talk(client[0], fd[0]);
	pl_expect(sys_get_option(listener, SOL_SOCKET, SO_ACCEPTCONN), returns_between(1, INT_MAX));
	pl_expect(sys_getsockname(listener, &still), returns(0));
	pl_expect_address(&still, &name);
	expect_next_client(listener, &name);
}

/* Who came first is served first: each is in the queue before the next one comes. */
PL_CASE(clients_come_in_order, .verifies = "tcp.accept.fifo-order", .kinds = PL_TCP)
{
	struct pl_address name, client[8], from;
	int listener = pl_listening(PL_COUNT(client), &name);

	for (size_t i = 0; i < PL_COUNT(client); i++) {
		const char text[] = { "abcdefgh"[i], '\0' };

		client[i] = pl_queue_client(listener, &name, text);
	}
	for (size_t i = 0; i < PL_COUNT(client); i++) {
		const char text[] = { "abcdefgh"[i], '\0' };
		int fd = (int)pl_expect(sys_accept(listener, &from), opens());

		pl_expect(pl_value(pl_address_port(&from), NULL, "the port of client %zu", i),
		    is(pl_address_port(&client[i])));
		pl_expect_arriving(fd, text);
		pl_close(fd);
	}
}

PL_CASE(tells_the_address_of_the_client, .verifies = "tcp.accept.peer-address-is-client-address",
    .kinds = PL_TCP)
{
	struct pl_address name, from, peer;
	int listener = pl_listening(2, &name), client[2], fd;
	bool is_inet = pl_case_kind()->domain == AF_INET;

	for (int i = 0; i < 2; i++) {
		struct pl_address own;

		client[i] = pl_client(&name);
		own = pl_sockname(client[i]);
		fd = (int)pl_expect(sys_accept(listener, &from), opens());
		pl_expect(pl_value(from.any.sa_family, &pl_names_domain, "family"),
		    is(pl_case_kind()->domain));
		pl_expect(pl_value((long)from.length, NULL, "length"),
		    is(is_inet ? sizeof(from.in) : sizeof(from.in6)));
		pl_expect_address(&from, &own);
		pl_expect(sys_getpeername(fd, &peer), returns(0));
		pl_expect_address(&peer, &own);
	}
}

/* Twice, and the connection is as good as any. */
PL_CASE(no_address_wanted, .verifies = "tcp.accept.null-address", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(2, &name);

	for (int i = 0; i < 2; i++) {
		int client = pl_client(&name);
		int fd = (int)pl_expect(pl_sys(accept(listener, NULL, NULL),
					    "accept(%s, NULL, NULL)", pl_slot(listener)),
		    opens());

		pl_name_slot(fd, 's');
		pl_expect_talk(client, fd);
	}
}

/* Neither does it become a listener by that. */
PL_CASE(not_listening_einval, .verifies = "tcp.accept.unlistened-socket-einval", .kinds = PL_TCP)
{
	struct pl_address name, from;
	int fd[] = { pl_unconnected(), pl_bound(&name) };

	for (size_t i = 0; i < PL_COUNT(fd); i++) {
		pl_expect(sys_accept(fd[i], NULL), fails(EINVAL));
		pl_expect(sys_accept(fd[i], &from), fails(EINVAL));
		pl_nonblock(fd[i], true);
		pl_expect(sys_accept(fd[i], NULL), fails(EINVAL));
	}
	pl_expect(sys_connect(pl_unconnected(), &name), fails(ECONNREFUSED));
}

/*
 * The connection of a client that broke it off: one system says so in accept, the
 * other in the first read.  It is gone with that, and the next client's turn comes.
 * When that one is connected the reset, sent before, has arrived.
 */
PL_CASE(client_reset_while_queued, .verifies = "tcp.accept.connection-reset-while-queued",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(4, &name), client = pl_client(&name), next;
	struct pl_outcome o;
	char b[8];

	pl_expect_arrival(listener);
	pl_must(sys_set_linger(client, 1, 0));
	pl_close(client);
	next = pl_client(&name);
	o = sys_accept(listener, NULL);
	pl_expect(o, on(PL_FREEBSD, fails(ECONNABORTED)), on(PL_LINUX, opens()));
	if (o.error == 0) {
		pl_expect_arrival((int)o.value);
		pl_expect(sys_read((int)o.value, b, sizeof(b)), fails(ECONNRESET));
		pl_expect(sys_read((int)o.value, b, sizeof(b)), returns(0));
	}
	pl_expect_talk(next, (int)pl_expect(sys_accept(listener, NULL), opens()));
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}

/* An orderly end is no reset: what was sent before it is delivered. */
PL_CASE(client_closed_while_queued, .verifies = "tcp.accept.connection-closed-while-queued",
    .kinds = PL_TCP)
{
	struct pl_address name, from, own;
	int listener = pl_listening(1, &name), client = pl_client(&name), fd;

	own = pl_sockname(client);
	pl_write(client, "abc", 3);
	pl_must(sys_set_linger(client, 1, 5));
	pl_close(client);
	fd = (int)pl_expect(sys_accept(listener, &from), opens());
	pl_expect_address(&from, &own);
	pl_expect_arriving(fd, "abc");
	pl_expect_end(fd);
	pl_expect_end(fd);
}

/* The kernel, not the server's program, receives them; nothing is lost or out of order. */
PL_CASE(data_sent_before_accept_is_kept, .verifies = "tcp.accept.data-sent-before-accept-is-kept",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_client(&name), fd;
	unsigned char sent[4096], got[sizeof(sent)];

	pl_payload(sent, sizeof(sent), 1, 0);
	pl_expect(sys_write(client, sent, 5), returns(5));
	pl_expect(sys_write(client, sent + 5, sizeof(sent) - 5), returns(sizeof(sent) - 5));
	pl_shutdown(client, SHUT_WR);
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(sys_recv(fd, got, sizeof(got), MSG_WAITALL), returns(sizeof(got)));
	pl_expect_payload(got, sizeof(got), 1, 0);
	pl_expect_end(fd);
	pl_expect(sys_write(fd, "abc", 3), returns(3));
	pl_expect_arriving(client, "abc");
}

static struct pl_outcome
listen_on_all_addresses(void *unused)
{
	int domain = pl_case_kind()->domain, listener = pl_unconnected(), client, fd;
	struct pl_address name = pl_wildcard_address(domain, 0), to, own;

	(void)unused;
	pl_bind(listener, &name);
	name = pl_sockname(listener);
	pl_listen(listener, 1);
	to = pl_case_kind()->address();
	to = pl_with_port(to, pl_address_port(&name));
	client = pl_client(&to);
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(sys_getsockname(fd, &own), returns(0));
	pl_expect_address(&own, &to);
	pl_expect(sys_getsockname(listener, &own), returns(0));
	pl_expect_address(&own, &name);
	pl_expect_talk(client, fd);
	expect_next_client(listener, &to);
	return (pl_done());
}

PL_CASE(local_address_becomes_specific, .verifies = "tcp.accept.local-address-becomes-specific",
    .kinds = PL_TCP)
{
	pl_in_private_network(listen_on_all_addresses, NULL);
}

PL_CASE(datagram_socket, .verifies = "tcp.accept.datagram-socket")
{
	struct pl_address name;
	int fd[] = { pl_socket(AF_INET, SOCK_DGRAM), pl_bound_inet(AF_INET, SOCK_DGRAM, &name),
		pl_inet_pair(SOCK_DGRAM).r };

	for (size_t i = 0; i < PL_COUNT(fd); i++)
		pl_expect(sys_accept(fd[i], NULL), on(PL_FREEBSD | PL_POSIX, fails(EINVAL)),
		    on(PL_LINUX | PL_POSIX, fails(EOPNOTSUPP)));
}

/* Neither end of a connection takes connections, nor is it harmed by the attempt. */
PL_CASE(connected_socket_einval, .verifies = "tcp.accept.connected-socket-einval", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_client(&name);
	int fd[] = { client, pl_accept(listener) };

	for (size_t i = 0; i < PL_COUNT(fd); i++) {
		pl_expect(sys_accept(fd[i], NULL), fails(EINVAL));
		pl_expect(sys_get_option(fd[i], SOL_SOCKET, SO_ACCEPTCONN), is(0));
	}
	pl_expect_talk(fd[0], fd[1]);
}

/* The handshake leaves nothing behind to be read. */
PL_CASE(new_socket_writable_not_readable, .verifies = "tcp.accept.new-socket-writable-not-readable",
    .kinds = PL_TCP)
{
	const short events = POLLIN | POLLRDNORM | POLLPRI | POLLOUT;
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_client(&name);
	int fd = pl_accept(listener);

	pl_expect(pl_poll_now(fd, events), is(POLLOUT));
	pl_expect_nothing(fd);
	pl_write(client, "x", 1);
	pl_expect_arrival(fd);
	pl_expect(pl_poll_now(fd, events), is(POLLIN | POLLRDNORM | POLLOUT));
}

/* The pair of names tells connections apart, so the listener's serves them all. */
PL_CASE(all_share_the_listeners_port,
    .verifies = "tcp.accept.all-accepted-sockets-share-listener-port", .kinds = PL_TCP)
{
	struct pl_address name, own, peer[2];
	int listener = pl_listening(2, &name);

	for (int i = 0; i < 2; i++) {
		int fd;

		pl_client(&name);
		fd = (int)pl_expect(sys_accept(listener, NULL), opens());
		pl_expect(sys_getsockname(fd, &own), returns(0));
		pl_expect(pl_value(pl_address_port(&own), NULL, "its own port"),
		    is(pl_address_port(&name)));
		peer[i] = pl_peername(fd);
	}
	pl_expect_that(pl_address_port(&peer[0]) != pl_address_port(&peer[1]), "two ports of peers",
	    "%u twice", pl_address_port(&peer[0]));
}
