/*
 * connect(2) on a TCP socket: addresses that are none, that dissolve a connection,
 * that are its own, or that other sockets are connected to.
 */

#include "plumbline.h"

/* What one side sends comes out at the other. */
static void
expect_talk(int a, int b)
{
	pl_expect(sys_write(a, "to", 2), returns(2));
	pl_expect_arriving(b, "to");
	pl_expect(sys_write(b, "fro", 3), returns(3));
	pl_expect_arriving(a, "fro");
}

/* The socket, which failed before, can be connected. */
static void
expect_usable(int fd, const struct pl_address *name, int listener)
{
	pl_expect(sys_connect(fd, name), returns(0));
	expect_talk(fd, pl_accept(listener));
}

/* Another client is accepted, so it listens. */
static void
expect_listening(int listener, const struct pl_address *name)
{
	int client = pl_unconnected(), fd;

	pl_expect(sys_get_option(listener, SOL_SOCKET, SO_ACCEPTCONN), returns_between(1, INT_MAX));
	pl_expect(sys_connect(client, name), returns(0));
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	expect_talk(client, fd);
}

/* The family says how to read the rest; a length that fits does not make up for it. */
PL_CASE(wrong_family_eafnosupport, .verifies = "tcp.connect.wrong-address-family-eafnosupport")
{
	struct pl_address name, wrong[2];
	int listener = pl_bound_inet(AF_INET, SOCK_STREAM, &name), fd;

	pl_listen(listener, 1);
	wrong[0] = pl_inet6_address(pl_address_port(&name));
	wrong[1] = name;
	wrong[1].any.sa_family = AF_UNIX;
	for (size_t i = 0; i < PL_COUNT(wrong); i++) {
		fd = pl_socket(AF_INET, SOCK_STREAM);
		pl_expect(sys_connect(fd, &wrong[i]), fails(EAFNOSUPPORT));
		pl_expect(sys_connect(fd, &name), returns(0));
		expect_talk(fd, pl_accept(listener));
	}
}

/* What is missing is not made up. */
PL_CASE(too_short_einval, .verifies = "tcp.connect.addrlen-too-short-einval", .kinds = PL_TCP)
{
	/* Of IPv6 there was a shorter form once. */
	socklen_t lengths[] = { pl_case_kind()->domain == AF_INET ? 15 : 23, 2 };
	struct pl_address name, cut;
	int listener = pl_listening(1, &name), fd = pl_unconnected();

	for (size_t i = 0; i < PL_COUNT(lengths); i++) {
		cut = name;
		cut.length = lengths[i];
		pl_expect(pl_sys(connect(fd, &cut.any, cut.length), "connect(%s, name, %u)",
			      pl_slot(fd), (unsigned)cut.length),
		    fails(EINVAL));
	}
	expect_usable(fd, &name, listener);
}

PL_CASE(bad_pointer_efault, .verifies = "tcp.connect.bad-pointer-efault", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), fd = pl_unconnected();

	pl_expect(pl_sys(connect(fd, pl_guarded(0), name.length), "connect(%s, -, %u)", pl_slot(fd),
		      (unsigned)name.length),
	    fails(EFAULT));
	expect_usable(fd, &name, listener);
}

/* The argument tells the length. */
PL_CASE(sa_len_is_ignored, .verifies = "tcp.connect.sa-len-member-ignored", .kinds = PL_TCP)
{
	static const unsigned lengths[] = { 0, 2, 15, 17, 255 };
	struct pl_address name = pl_case_kind()->address(), to;
	int listener, fd;

	if (pl_os_sa_len(&name) == -1)
		pl_not_tested("addresses do not tell their length here");
	for (size_t i = 0; i < PL_COUNT(lengths); i++) {
		to = name;
		pl_os_set_sa_len(&to, lengths[i]);
		listener = pl_unconnected();
		pl_expect(sys_bind(listener, &to), returns(0));
		pl_listen(listener, 1);
		to = pl_sockname(listener);
		pl_os_set_sa_len(&to, lengths[i]);
		fd = pl_unconnected();
		expect_usable(fd, &to, listener);
	}
}

static struct pl_address
no_address(void)
{
	struct pl_address none = pl_case_kind()->address();

	none.any.sa_family = AF_UNSPEC;
	return (none);
}

/* One system ends the connection, not in good order, and the socket is as new. */
PL_CASE(
    no_family_and_a_connection, .verifies = "tcp.connect.af-unspec-on-connected", .kinds = PL_TCP)
{
	struct pl_address name, none = no_address(), peer;
	int listener = pl_listening(1, &name), fd = pl_unconnected(), server;
	char b[8];

	pl_connect(fd, &name);
	server = pl_accept(listener);
	pl_expect(sys_connect(fd, &none), on(PL_FREEBSD, fails(EISCONN)), on(PL_LINUX, returns(0)));
	if (pl_asks(PL_FREEBSD)) {
		expect_talk(fd, server);
		return;
	}
	pl_expect(sys_getpeername(fd, &peer), fails(ENOTCONN));
	pl_expect_arrival(server);
	pl_expect(sys_recv(server, b, sizeof(b), 0), fails(ECONNRESET));
	expect_usable(fd, &name, listener);
}

PL_CASE(no_family_and_no_connection, .verifies = "tcp.connect.af-unspec-on-unconnected",
    .kinds = PL_TCP)
{
	struct pl_address name, none = no_address();
	int listener = pl_listening(1, &name), fd = pl_unconnected();

	pl_expect(
	    sys_connect(fd, &none), on(PL_FREEBSD, fails(EAFNOSUPPORT)), on(PL_LINUX, returns(0)));
	expect_usable(fd, &name, listener);
}

/* To have no peer is not to listen either, on one system. */
PL_CASE(
    no_family_and_a_listener, .verifies = "tcp.connect.af-unspec-stops-listening", .kinds = PL_TCP)
{
	struct pl_address name, none = no_address();
	int listener = pl_listening(1, &name);

	pl_expect(sys_connect(listener, &none),
	    on(PL_FREEBSD, fails(pl_freebsd_before(1500) ? EOPNOTSUPP : EAFNOSUPPORT)),
	    on(PL_LINUX, returns(0)));
	if (pl_asks(PL_LINUX)) {
		pl_expect(sys_get_option(listener, SOL_SOCKET, SO_ACCEPTCONN), is(0));
		pl_expect(sys_connect(pl_unconnected(), &name), fails(ECONNREFUSED));
		pl_expect(sys_accept(listener, NULL), fails(EINVAL));
	} else {
		expect_listening(listener, &name);
	}
}

/* It waits for others; those who wait already are kept. */
PL_CASE(a_listener_calls_nobody, .verifies = "tcp.connect.on-listening-socket", .kinds = PL_TCP)
{
	struct pl_address name, other_name, still;
	int listener = pl_listening(2, &name), client = pl_unconnected();

	pl_listening(1, &other_name);
	pl_connect(client, &name);
	pl_write(client, "x", 1);
	for (int i = 0; i < 2; i++)
		pl_expect(sys_connect(listener, i == 0 ? &other_name : &name),
		    on(PL_FREEBSD, fails(EOPNOTSUPP)), on(PL_LINUX, fails(EISCONN)));
	pl_expect(sys_getsockname(listener, &still), returns(0));
	pl_expect_address(&still, &name);
	pl_expect_arrival(listener);
	pl_expect_arriving(pl_accept(listener), "x");
	expect_listening(listener, &name);
}

/* A socket that shares the local name of that one, if it has an option to do so. */
static int
sharer(struct pl_address *name, int option)
{
	int fd = pl_unconnected();

	pl_set_option(fd, SOL_SOCKET, option, 1);
	pl_expect(sys_bind(fd, name), returns(0));
	*name = pl_sockname(fd);
	return (fd);
}

/* A pair of names is one connection; the first one is not harmed. */
PL_CASE(
    a_pair_of_names_is_one_connection, .verifies = "tcp.connect.duplicate-4-tuple", .kinds = PL_TCP)
{
	struct pl_address name, own = pl_case_kind()->address(), ignored;
	int listener = pl_listening(2, &name), server;
	int first = sharer(&own, SO_REUSEPORT), second = sharer(&own, SO_REUSEPORT);

	pl_connect(first, &name);
	server = pl_accept(listener);
	pl_expect(sys_connect(second, &name), on(PL_FREEBSD, fails(EADDRINUSE)),
	    on(PL_LINUX, fails(EADDRNOTAVAIL)));
	pl_expect(sys_getpeername(second, &ignored), fails(ENOTCONN));
	expect_talk(first, server);
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}

/* With another peer it is another connection. */
PL_CASE(one_port_and_two_destinations, .verifies = "tcp.connect.one-local-port-to-two-destinations",
    .kinds = PL_TCP)
{
	struct pl_address names[2], own = pl_case_kind()->address(), now;
	int fd[2], server[2];

	for (int i = 0; i < 2; i++) {
		int listener = pl_listening(1, &names[i]);

		fd[i] = sharer(&own, SO_REUSEADDR);
		pl_expect(sys_connect(fd[i], &names[i]), returns(0));
		server[i] = pl_accept(listener);
	}
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_getsockname(fd[i], &now), returns(0));
		pl_expect_address(&now, &own);
		pl_expect(sys_getpeername(fd[i], &now), returns(0));
		pl_expect_address(&now, &names[i]);
		expect_talk(fd[i], server[i]);
	}
}

/* Both ends of the connection are one socket. */
PL_CASE(a_socket_calls_itself, .verifies = "tcp.connect.to-own-bound-port-self-connects",
    .kinds = PL_TCP)
{
	struct pl_address name, peer;
	int fd = pl_bound(&name);

	pl_expect(sys_connect(fd, &name), returns(0));
	pl_expect(sys_getpeername(fd, &peer), returns(0));
	pl_expect_address(&peer, &name);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_write(fd, "hello", 5), returns(5));
		pl_expect_arriving(fd, "hello");
	}
	pl_expect_nothing(fd);
	pl_expect(sys_shutdown(fd, SHUT_WR), returns(0));
	pl_expect_end(fd);
}

static struct pl_outcome
call_many(void *host)
{
	struct pl_address to = pl_inet_address(9), ignored;
	bool is_group = IN_MULTICAST(*(uint32_t *)host);
	int fd = pl_socket(AF_INET, SOCK_STREAM);

	to.in.sin_addr.s_addr = htonl(*(uint32_t *)host);
	pl_expect(sys_connect(fd, &to), on(PL_FREEBSD, fails(is_group ? EAFNOSUPPORT : EACCES)),
	    on(PL_LINUX, fails(ENETUNREACH)), on(PL_LINUX, fails(is_group ? ENETUNREACH : EACCES)));
	pl_expect(sys_getpeername(fd, &ignored), fails(ENOTCONN));
	return (pl_done());
}

/* One at a time, and even permission to speak to all at once does not change that. */
PL_CASE(broadcast_address, .verifies = "tcp.connect.broadcast-address")
{
	uint32_t host = INADDR_BROADCAST;

	pl_in_private_network(call_many, &host);
}

PL_CASE(multicast_address, .verifies = "tcp.connect.multicast-address")
{
	uint32_t host = INADDR_ALLHOSTS_GROUP;

	pl_in_private_network(call_many, &host);
}
