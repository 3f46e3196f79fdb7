/*
 * connect(2) on a TCP socket: the connection it makes, the names of its ends, and
 * what is left of a socket that failed or was used before.
 */

#include "plumbline.h"

#define EVERYTHING (POLLIN | POLLRDNORM | POLLPRI | POLLOUT)

/* What one side sends comes out at the other. */
static void
expect_talk(int a, int b)
{
	pl_expect(sys_write(a, "to", 2), returns(2));
	pl_expect_arriving(b, "to");
	pl_expect(sys_write(b, "fro", 3), returns(3));
	pl_expect_arriving(a, "fro");
}

static void
expect_peer(int fd, const struct pl_address *name)
{
	struct pl_address peer;

	pl_expect(sys_getpeername(fd, &peer), returns(0));
	pl_expect_address(&peer, name);
}

/* An attempt that need not wait is over, and went well. */
static void
expect_success(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLOUT };

	pl_expect(sys_poll(&entry, 1, 5000), returns(1));
	pl_expect(pl_revents(&entry), is(POLLOUT));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
}

/* The kernel, not the server's program, answers. */
PL_CASE(
    does_not_wait_for_accept, .verifies = "tcp.connect.completes-before-accept", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), fd = pl_unconnected(), server;

	pl_expect(sys_connect(fd, &name), returns(0));
	pl_expect(sys_send(fd, "x", 1, 0), returns(1));
	expect_peer(fd, &name);
	pl_expect_arrival(listener);
	server = pl_accept(listener);
	pl_expect_arriving(server, "x");
	expect_talk(fd, server);
}

static struct pl_outcome
connect_to_a_free_port(void *unused)
{
	struct pl_address name, none;
	int fd = pl_bound(&name);

	(void)unused;
	pl_close(fd);
	for (int i = 0; i < 2; i++) {
		fd = pl_unconnected();
		pl_expect(sys_connect(fd, &name), fails(ECONNREFUSED));
		pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
		pl_expect(sys_getpeername(fd, &none), fails(ENOTCONN), on(PL_POSIX, fails(EINVAL)));
	}
	return (pl_done());
}

PL_CASE(nobody_listens_econnrefused, .verifies = "tcp.connect.no-listener-econnrefused",
    .kinds = PL_TCP)
{
	pl_in_private_network(connect_to_a_free_port, NULL);
}

/* To have a port is not to listen; it is as good as before when it does. */
PL_CASE(bound_is_not_listening_econnrefused,
    .verifies = "tcp.connect.bound-but-unlistened-econnrefused", .kinds = PL_TCP)
{
	struct pl_address name;
	int owner = pl_bound(&name), fd;

	pl_expect(sys_connect(pl_unconnected(), &name), fails(ECONNREFUSED));
	pl_listen(owner, 1);
	fd = pl_unconnected();
	pl_expect(sys_connect(fd, &name), returns(0));
	expect_talk(fd, pl_accept(owner));
}

/* Neither to the same peer nor to another, nor from the side that was called. */
PL_CASE(
    a_connected_socket_eisconn, .verifies = "tcp.connect.second-connect-eisconn", .kinds = PL_TCP)
{
	struct pl_address name, other_name;
	int listener = pl_listening(1, &name), other = pl_listening(1, &other_name);
	int client = pl_unconnected(), server;

	pl_connect(client, &name);
	server = pl_accept(listener);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_connect(client, &name), fails(EISCONN));
		pl_expect(sys_connect(client, &other_name), fails(EISCONN));
		pl_expect(sys_connect(server, &name), fails(EISCONN));
		pl_expect(sys_connect(server, &other_name), fails(EISCONN));
		pl_nonblock(client, true);
	}
	pl_nonblock(client, false);
	expect_peer(client, &name);
	expect_talk(client, server);
	/* Nobody called there meanwhile. */
	pl_connect(pl_unconnected(), &other_name);
	pl_accept(other);
	pl_expect_nothing(server);
	pl_nonblock(other, true);
	pl_expect(sys_accept(other, NULL), fails(EAGAIN));
}

/* Of a network that is quick it may be over at once. */
PL_CASE(
    need_not_wait, .verifies = "tcp.connect.nonblocking-einprogress-then-writable", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), fd = pl_unconnected(), server;
	fd_set w;

	pl_nonblock(fd, true);
	pl_expect(sys_connect(fd, &name), fails(EINPROGRESS), returns(0));
	expect_success(fd);
	FD_ZERO(&w);
	FD_SET(fd, &w);
	pl_expect(sys_select(fd + 1, NULL, &w, NULL, NULL), returns(1));
	pl_expect(pl_poll_now(fd, EVERYTHING), is(POLLOUT));
	pl_expect(sys_write(fd, "x", 1), returns(1));
	expect_peer(fd, &name);
	server = pl_accept(listener);
	pl_expect_arriving(server, "x");
	expect_talk(server, fd);
}

static struct pl_address
host_with_port_of(const struct pl_address *name)
{
	return (pl_with_port(pl_case_kind()->address(), pl_address_port(name)));
}

/* What was not chosen is chosen now, and the peer is told the same. */
PL_CASE(chooses_a_name, .verifies = "tcp.connect.implicit-bind-chooses-address-and-port",
    .kinds = PL_TCP)
{
	struct pl_address name, own, want, from;
	int listener = pl_listening(1, &name), fd = pl_unconnected();

	pl_expect(sys_connect(fd, &name), returns(0));
	pl_expect(sys_getsockname(fd, &own), returns(0));
	pl_expect(pl_value(pl_address_port(&own), NULL, "port"), returns_between(1, 65535));
	pl_expect_that(
	    pl_address_port(&own) != pl_address_port(&name), "a port of its own", "the listener's");
	want = host_with_port_of(&own);
	pl_expect_address(&own, &want);
	pl_must(sys_accept(listener, &from));
	pl_expect_address(&from, &own);
}

PL_CASE(tells_the_name_of_the_server, .verifies = "tcp.connect.getpeername-returns-server-address",
    .kinds = PL_TCP)
{
	struct pl_address names[2], own, peer;
	int fd[2];

	for (int i = 0; i < 2; i++) {
		pl_listening(1, &names[i]);
		fd[i] = pl_unconnected();
		pl_connect(fd[i], &names[i]);
	}
	for (int i = 0; i < 2; i++) {
		expect_peer(fd[i], &names[i]);
		pl_expect(sys_getpeername(fd[i], &peer), returns(0));
		pl_expect(pl_value(peer.length, NULL, "length"),
		    is(pl_case_kind()->domain == AF_INET ? sizeof(peer.in) : sizeof(peer.in6)));
		own = pl_sockname(fd[i]);
		pl_expect_that(!pl_address_equal(&peer, &own), "another than its own", "its own");
	}
}

/* Is the second call the one that tells how the first went, or one too many? */
PL_CASE(again_after_success, .verifies = "tcp.connect.call-again-after-nonblocking-success",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), fd = pl_unconnected();
	struct pl_outcome o;

	pl_nonblock(fd, true);
	o = sys_connect(fd, &name);
	if (o.error != EINPROGRESS)
		pl_must(o);
	expect_success(fd);
	pl_expect(sys_connect(fd, &name), on(PL_FREEBSD | PL_POSIX, fails(EISCONN)),
	    on(PL_LINUX, o.error == EINPROGRESS ? returns(0) : fails(EISCONN)));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_connect(fd, &name), fails(EISCONN));
	expect_talk(fd, pl_accept(listener));
}

/* Whether a socket can be used again after it was refused. */
PL_CASE(again_after_a_refusal, .verifies = "tcp.connect.retry-on-same-socket-after-refusal",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int owner = pl_bound(&name), fd = pl_unconnected();

	pl_expect(sys_connect(fd, &name), fails(ECONNREFUSED));
	pl_expect(sys_connect(fd, &name), fails(ECONNREFUSED));
	pl_listen(owner, 1);
	pl_expect(
	    sys_connect(fd, &name), on(PL_FREEBSD, fails(ECONNREFUSED)), on(PL_LINUX, returns(0)));
	if (pl_asks(PL_LINUX))
		expect_talk(fd, pl_accept(owner));
}

/* What is sent no more is connected yet, as long as the peer does not agree. */
PL_CASE(again_after_shutdown_eisconn, .verifies = "tcp.connect.after-own-shutdown-rdwr-eisconn",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), fd = pl_unconnected(), server;

	pl_connect(fd, &name);
	server = pl_accept(listener);
	pl_shutdown(fd, SHUT_RDWR);
	pl_expect(sys_connect(fd, &name), fails(EISCONN));
	pl_expect_end(server);
	pl_expect(sys_connect(fd, &name), fails(EISCONN));
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}

/* The port that it was given for the call stays; the host does not stay everywhere. */
PL_CASE(name_after_a_refusal, .verifies = "tcp.connect.local-name-after-refusal", .kinds = PL_TCP)
{
	struct pl_address name, own, want;
	int fd = pl_unconnected();

	pl_bound(&name);
	pl_expect(sys_connect(fd, &name), fails(ECONNREFUSED));
	pl_expect(sys_getsockname(fd, &own), returns(0));
	pl_expect(pl_value(pl_address_port(&own), NULL, "port"), returns_between(1, 65535));
	pl_expect_that(pl_address_port(&own) != pl_address_port(&name), "a port of its own",
	    "the refusing one");
	want = host_with_port_of(&own);
	if (pl_asks(PL_LINUX))
		want = pl_wildcard_address(pl_case_kind()->domain, pl_address_port(&own));
	pl_expect_address(&own, &want);
}

/* Bytes of a stream come from the peer; that goes without saying. */
PL_CASE(
    recvfrom_tells_no_address, .verifies = "tcp.connect.recvfrom-gives-no-address", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct sockaddr_storage from, blank;
	socklen_t length = sizeof(from);
	char b[8];

	memset(&from, 0x5a, sizeof(from));
	blank = from;
	pl_write(p.w, "ab", 2);
	pl_expect_arrival(p.r);
	pl_expect(pl_sys(recvfrom(p.r, b, sizeof(b), 0, (struct sockaddr *)&from, &length),
		      "recvfrom(%s, %zu, 0, a, {%zu})", pl_slot(p.r), sizeof(b), sizeof(from)),
	    returns(2));
	pl_expect_bytes(b, "ab", 2);
	pl_expect(pl_value(length, NULL, "length"), is(0));
	pl_expect_bytes(&from, &blank, sizeof(from));
}

static struct pl_outcome
connect_a_wildcard(void *unused)
{
	struct pl_address name, all = pl_wildcard_address(pl_case_kind()->domain, 0), own, want;
	int listener = pl_listening(1, &name), fd = pl_unconnected();

	(void)unused;
	pl_bind(fd, &all);
	all = pl_sockname(fd);
	pl_expect(sys_connect(fd, &name), returns(0));
	pl_expect(sys_getsockname(fd, &own), returns(0));
	want = host_with_port_of(&all);
	pl_expect_address(&own, &want);
	expect_talk(fd, pl_accept(listener));
	return (pl_done());
}

/* A connection is between two hosts, so it cannot be any of them. */
PL_CASE(a_wildcard_becomes_specific,
    .verifies = "tcp.connect.wildcard-bound-client-gets-specific-address", .kinds = PL_TCP)
{
	pl_in_private_network(connect_a_wildcard, NULL);
}

#define RANGE 8

static struct pl_outcome
use_up_the_ports(void *unused)
{
	struct pl_address name, own, again = pl_case_kind()->address();
	int listener, fd, taken[RANGE];
	long first, last;

	(void)unused;
	listener = pl_listening(RANGE, &name);
	if (pl_os_port_range(&first, &last) != 0)
		pl_not_tested("this system does not tell its port range");
	/* A part of the range that the listener is not in. */
	first = (long)pl_address_port(&name) + RANGE < last ? pl_address_port(&name) + 1 : first;
	if (pl_os_set_port_range(first, first + RANGE - 1) != 0)
		pl_not_tested("the port range cannot be set: %s", strerror(errno));
	for (int i = 0; i < RANGE; i++) {
		taken[i] = pl_unconnected();
		pl_expect(sys_connect(taken[i], &name), returns(0));
		own = pl_sockname(taken[i]);
		pl_expect(pl_value(pl_address_port(&own), NULL, "port"),
		    returns_between(first, first + RANGE - 1));
		pl_accept(listener);
	}
	fd = pl_unconnected();
	pl_expect(sys_connect(fd, &name), on(PL_FREEBSD, fails(EAGAIN)),
	    on(PL_LINUX, fails(EADDRNOTAVAIL)));
	/* A port of one's own is none of the system's choice. */
	again = pl_with_port(again, (unsigned)(first + RANGE));
	pl_bind(fd, &again);
	pl_expect(sys_connect(fd, &name), returns(0));
	expect_talk(fd, pl_accept(listener));
	return (pl_done());
}

PL_CASE(no_port_is_left, .verifies = "tcp.connect.ephemeral-ports-exhausted", .kinds = PL_TCP)
{
	pl_in_private_network(use_up_the_ports, NULL);
}
