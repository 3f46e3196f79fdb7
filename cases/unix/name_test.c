/*
 * getsockname(2), getpeername(2) and the address that accept(2) gives, in the
 * UNIX domain: what each end is called.
 */

#include "plumbline.h"
#include "sequence/names.h"

#define CLIENTS (PL_UNIX | PL_CONNECTIONS | PL_NAMED)

enum {
	OFFSET = offsetof(struct sockaddr_un, sun_path),
	ROOM = sizeof(struct sockaddr_un) - OFFSET,
	NO_NAME_FREEBSD = 16, /* as it reports an address without a name */
};

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

/* An address of the UNIX domain, and that name of it. */
static void
expect_name(const struct pl_address *told, const struct pl_address *name)
{
	char text[160], wanted[160];

	pl_expect(pl_value(told->any.sa_family, &pl_names_domain, "its family"), is(AF_UNIX));
	pl_expect_that(pl_address_equal(told, name),
	    pl_address_text(wanted, sizeof(wanted), &name->any, name->length), "%s",
	    pl_address_text(text, sizeof(text), &told->any, told->length));
}

/* An address of the UNIX domain without a name: nothing behind the family but zeroes. */
static void
expect_no_name(const struct pl_address *told)
{
	static const char zeroes[sizeof(told->un.sun_path)];

	pl_expect(pl_value((long)told->length, NULL, "length of the address"),
	    returns_between(OFFSET, sizeof(struct sockaddr_un)));
	pl_expect(pl_value(told->any.sa_family, &pl_names_domain, "its family"), is(AF_UNIX));
	pl_expect_bytes(told->un.sun_path, zeroes, told->length - OFFSET);
}

/* With the length that each system documents. */
static void
expect_length_of_no_name(const struct pl_address *told)
{
	pl_expect(pl_value((long)told->length, NULL, "length of the address"),
	    on(PL_FREEBSD, is(NO_NAME_FREEBSD)), on(PL_LINUX, is(OFFSET)));
	expect_no_name(told);
}

static void
expect_no_sockname(int fd)
{
	struct pl_address told;

	pl_expect(sys_getsockname(fd, &told), returns(0));
	expect_no_name(&told);
}

static void
expect_sockname(int fd, const struct pl_address *name)
{
	struct pl_address told;

	pl_expect(sys_getsockname(fd, &told), returns(0));
	expect_name(&told, name);
}

static void
expect_no_peername(int fd)
{
	struct pl_address told;

	pl_expect(sys_getpeername(fd, &told), returns(0));
	expect_no_name(&told);
}

static void
expect_peername(int fd, const struct pl_address *name)
{
	struct pl_address told;

	pl_expect(sys_getpeername(fd, &told), returns(0));
	expect_name(&told, name);
}

/* Not where it leads to, nor where from: what bind was told. */
PL_CASE(bound_path_comes_back_as_given, .verifies = "unix.name.getsockname-returns-bound-path")
{
	static const char *const paths[] = { "name", "./dname", "d/../x", "d//y", "link/z" };

	pl_mkdir("d", 0700);
	pl_symlink("d", "link");
	for (size_t t = 0; t < PL_COUNT(types); t++)
		for (size_t i = 0; i < PL_COUNT(paths); i++) {
			struct pl_address name = pl_unix_address(paths[i]);
			int fd = pl_socket(AF_UNIX, types[t]);

			pl_bind(fd, &name);
			expect_sockname(fd, &name);
			/* The name is the socket's, whatever becomes of the file. */
			pl_unlink(paths[i]);
			expect_sockname(fd, &name);
		}
}

/* One system keeps the length that bind got, the other measures the path and counts a NUL. */
PL_CASE(length_of_a_bound_name, .verifies = "unix.name.length-of-bound-name")
{
	static const struct {
		const char *path;
		socklen_t given;
	} names[] = { { "abc", OFFSET + 3 }, { "abd", sizeof(struct sockaddr_un) } };

	for (size_t t = 0; t < PL_COUNT(types); t++)
		for (size_t i = 0; i < PL_COUNT(names); i++) {
			struct pl_address name = pl_unix_address(names[i].path), told;
			int fd = pl_socket(AF_UNIX, types[t]);

			name.length = names[i].given;
			pl_bind(fd, &name);
			pl_expect(sys_getsockname(fd, &told), returns(0));
			pl_expect(pl_value((long)told.length, NULL, "length of the name"),
			    on(PL_FREEBSD, is((long)names[i].given)),
			    on(PL_LINUX, is(OFFSET + 3 + 1)));
			/* Nothing foreign beyond the path. */
			pl_expect_bytes(told.un.sun_path, name.un.sun_path, told.length - OFFSET);
			pl_close(fd);
			pl_unlink(names[i].path);
		}
}

/* There is an address to tell, with nothing in it. */
PL_CASE(unbound_socket_has_an_empty_name, .verifies = "unix.name.unbound-socket-name",
    .kinds = PL_UNIX | PL_SOCKETS | PL_PLAIN)
{
	struct pl_address told;

	pl_expect(sys_getsockname(pl_unconnected(), &told), returns(0));
	expect_length_of_no_name(&told);
}

/* They know each other without names. */
PL_CASE(ends_of_a_pair_are_unnamed, .verifies = "unix.name.socketpair-ends-unnamed",
    .kinds = PL_UNIX | PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	const int fds[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		expect_no_sockname(fds[i]);
		expect_no_peername(fds[i]);
	}
}

/* Only bind gives a name: here a client of a listener ... */
PL_CASE(
    connecting_assigns_no_name, .verifies = "unix.name.connect-assigns-no-name", .kinds = CLIENTS)
{
	struct pl_address name, from;
	int listener = pl_listening(1, &name), client = pl_unconnected(), server;

	pl_expect(sys_connect(client, &name), returns(0));
	expect_no_sockname(client);
	server = (int)pl_expect(sys_accept(listener, &from), opens());
	expect_no_name(&from);
	pl_write(client, "x", 1);
	expect_no_sockname(client);
	expect_no_peername(server);
}

/* ... and there one that sends datagrams. */
PL_CASE(sending_assigns_no_name, .verifies = "unix.name.connect-assigns-no-name",
    .kinds = PL_UNIX | PL_DATAGRAMS | PL_NAMED)
{
	struct pl_address name, from;
	int receiver = pl_bound(&name), sender = pl_unconnected(), connected = pl_unconnected();
	char b[8];

	pl_expect(sys_sendto(sender, "abc", 3, 0, &name), returns(3));
	expect_no_sockname(sender);
	pl_expect(sys_recvfrom(receiver, b, sizeof(b), 0, &from), returns(3));
	if (from.length > OFFSET)
		pl_expect(
		    pl_value(from.un.sun_path[0], NULL, "first byte of the sender's path"), is(0));
	pl_expect(sys_connect(connected, &name), returns(0));
	expect_no_sockname(connected);
	pl_expect(sys_send(connected, "abc", 3, 0), returns(3));
	expect_no_sockname(connected);
}

/* The client knows its peer by the name that it called. */
PL_CASE(clients_peer_has_the_listeners_name,
    .verifies = "unix.name.getpeername-of-client-is-listener-path", .kinds = CLIENTS)
{
	struct pl_address name, client_name;
	int listener = pl_listening(2, &name), bound = pl_bound(&client_name);
	const int clients[] = { pl_unconnected(), bound };

	for (int i = 0; i < 2; i++) {
		pl_connect(clients[i], &name);
		expect_peername(clients[i], &name);
		pl_accept(listener);
		expect_peername(clients[i], &name);
	}
}

/* The server learns the name of a client that has one. */
PL_CASE(accept_tells_the_clients_name, .verifies = "unix.name.accept-returns-client-path",
    .kinds = CLIENTS)
{
	struct pl_address name, client_name, from;
	int listener = pl_listening(1, &name), client = pl_bound(&client_name), server;

	pl_connect(client, &name);
	server = (int)pl_expect(sys_accept(listener, &from), opens());
	expect_name(&from, &client_name);
	expect_peername(server, &client_name);
}

/* Of one that has none it learns just that. */
PL_CASE(accept_tells_that_a_client_has_no_name, .verifies = "unix.name.accept-unbound-client",
    .kinds = CLIENTS)
{
	struct pl_address name, from;
	int listener = pl_listening(1, &name), client = pl_unconnected();

	pl_connect(client, &name);
	pl_expect(sys_accept(listener, &from), opens());
	expect_length_of_no_name(&from);
}

/* A connection is called after where it was made, and keeps that. */
PL_CASE(accepted_socket_has_the_listeners_name,
    .verifies = "unix.name.accepted-socket-has-listener-name", .kinds = CLIENTS)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_unconnected(), server;

	pl_connect(client, &name);
	server = pl_accept(listener);
	expect_sockname(server, &name);
	pl_close(listener);
	if (name.un.sun_path[0] != '\0')
		pl_unlink(name.un.sun_path);
	expect_sockname(server, &name);
	expect_peername(client, &name);
}

/* One system forgets the peer with the connection, the other remembers its name. */
PL_CASE(getpeername_after_the_peer_closed, .verifies = "unix.name.getpeername-after-peer-closed",
    .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name, told;
	int listener = pl_listening(1, &name), client = pl_unconnected();

	pl_connect(client, &name);
	pl_close(pl_accept(listener));
	pl_close(listener);
	if (pl_asks(PL_LINUX))
		expect_peername(client, &name);
	else
		pl_expect(sys_getpeername(client, &told), on(PL_FREEBSD, fails(ENOTCONN)));
}

/* Where datagrams go to by default is the peer. */
PL_CASE(connected_datagram_sockets_peer, .verifies = "unix.name.getpeername-of-connected-dgram",
    .kinds = PL_UNIX | PL_DATAGRAMS | PL_NAMED)
{
	struct pl_address name, other_name, told;
	int receiver = pl_bound(&name), other = pl_bound(&other_name), sender = pl_unconnected();

	pl_expect(sys_connect(sender, &name), returns(0));
	expect_peername(sender, &name);
	/* It is one-sided, and the last one counts. */
	pl_expect(sys_getpeername(receiver, &told), fails(ENOTCONN));
	pl_expect(sys_connect(sender, &other_name), returns(0));
	expect_peername(sender, &other_name);
	/* A socket may be its own peer. */
	pl_expect(sys_connect(other, &other_name), returns(0));
	expect_peername(other, &other_name);
}

/* No byte beyond the room that there is; how much was wanted is told, or not. */
static void
expect_cut(
    long result, const struct pl_address *told, socklen_t length, const struct pl_address *name)
{
	enum { ROOM_GIVEN = OFFSET + 2 };
	const bool stored_part = pl_freebsd_before(1500);
	char untouched[sizeof(told->bytes) - ROOM_GIVEN];

	memset(untouched, 'U', sizeof(untouched));
	if (result != 0)
		return;
	pl_expect(pl_value(told->any.sa_family, &pl_names_domain, "its family"), is(AF_UNIX));
	pl_expect_bytes(told->un.sun_path, name->un.sun_path, 2);
	pl_expect_bytes(told->bytes + ROOM_GIVEN, untouched, sizeof(untouched));
	pl_expect(pl_value((long)length, NULL, "length that is told"),
	    on(PL_FREEBSD, is(stored_part ? (long)ROOM_GIVEN : (long)name->length)),
	    on(PL_LINUX, is((long)name->length)), on(PL_POSIX, returns_between(0, INT_MAX)));
}

/* Of both names, and of the one that accept gives. */
PL_CASE(short_buffer_gets_a_part,
    .verifies = "unix.name.short-buffer-truncates-and-reports-full-length",
    .kinds = CLIENTS | PL_STREAM)
{
	struct pl_address name, client_name, told;
	int listener = pl_listening(1, &name), client = pl_bound(&client_name);
	socklen_t length;
	long result;

	memset(told.bytes, 'U', sizeof(told.bytes));
	length = OFFSET + 2;
	result = pl_expect(pl_sys(getsockname(listener, &told.any, &length),
			       "getsockname(%s, %d bytes)", pl_slot(listener), OFFSET + 2),
	    returns(0));
	expect_cut(result, &told, length, &name);

	pl_connect(client, &name);
	memset(told.bytes, 'U', sizeof(told.bytes));
	length = OFFSET + 2;
	result = pl_expect(pl_sys(getpeername(client, &told.any, &length),
			       "getpeername(%s, %d bytes)", pl_slot(client), OFFSET + 2),
	    returns(0));
	expect_cut(result, &told, length, &name);

	memset(told.bytes, 'U', sizeof(told.bytes));
	length = OFFSET + 2;
	result = pl_expect(pl_sys(accept(listener, &told.any, &length), "accept(%s, %d bytes)",
			       pl_slot(listener), OFFSET + 2),
	    opens());
	pl_name_slot((int)result, 's');
	expect_cut(0, &told, length, &client_name);
}

/* A path that fills sun_path has no room for a NUL, and gets none there. */
PL_CASE(full_path_comes_back_whole, .verifies = "unix.name.full-length-path-terminator")
{
	char path[ROOM];

	memset(path, 'n', ROOM);
	path[ROOM - 1] = 'z';
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		struct pl_address name = pl_unix_address_bytes(path, ROOM), told;
		int fd = pl_socket(AF_UNIX, types[t]);
		socklen_t length = sizeof(told.un);

		pl_bind(fd, &name);
		memset(told.bytes, 'U', sizeof(told.bytes));
		pl_expect(pl_sys(getsockname(fd, &told.any, &length), "getsockname(%s, %zu bytes)",
			      pl_slot(fd), sizeof(told.un)),
		    returns(0));
		pl_expect_bytes(told.un.sun_path, path, ROOM);
		pl_expect_bytes(told.bytes + sizeof(told.un), "UUUU", 4);
		pl_expect(pl_value((long)length, NULL, "length that is told"),
		    on(PL_FREEBSD, is(sizeof(told.un))), on(PL_LINUX, is(sizeof(told.un) + 1)));
		pl_close(fd);
		pl_must(pl_sys(unlink(name.un.sun_path), "unlink(the full path)"));
	}
}
