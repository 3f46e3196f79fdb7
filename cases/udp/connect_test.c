/*
 * connect(2) on a UDP socket: a peer to send to, and the only one to listen to.
 */

#include "plumbline.h"

static void
expect_peer(int fd, const struct pl_address *name)
{
	struct pl_address peer;

	pl_expect(sys_getpeername(fd, &peer), returns(0));
	pl_expect_address(&peer, name);
}

/* A bound socket with SO_REUSEPORT; port 0 of the name is replaced by the one it gets. */
static int
sharer(struct pl_address *name)
{
	int fd = pl_unconnected();

	pl_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(fd, name);
	*name = pl_sockname(fd);
	return (fd);
}

/* Nothing is sent, so nobody need be there. */
PL_CASE(connect_does_not_wait_for_an_answer, .verifies = "udp.connect.returns-immediately",
    .kinds = PL_UDP)
{
	struct pl_address peer_name, own;
	int peer = pl_bound(&peer_name), name_holder, fd = pl_unconnected();

	pl_expect(sys_connect(fd, &peer_name), returns(0));
	/* One who listens to itself alone, and who would refuse a datagram. */
	name_holder = pl_bound(&own);
	pl_connect(name_holder, &own);
	fd = pl_unconnected();
	pl_expect(sys_connect(fd, &own), returns(0));
	expect_peer(fd, &own);
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
	/* Neither has been sent anything: the first thing to arrive is this. */
	fd = pl_unconnected();
	pl_must(sys_sendto(fd, "mark", 4, 0, &peer_name));
	pl_expect_arriving(peer, "mark");
	pl_expect_nothing(peer);
	pl_expect_nothing(name_holder);
}

/* Both calls, the peer named once. */
PL_CASE(send_and_write_go_to_the_peer, .verifies = "udp.connect.send-and-write-go-to-peer",
    .kinds = PL_UDP)
{
	struct pl_address name, bystander_name, own;
	int peer = pl_bound(&name), bystander = pl_bound(&bystander_name), fd = pl_unconnected();

	pl_connect(fd, &name);
	own = pl_sockname(fd);
	pl_expect(sys_send(fd, "one", 3, 0), returns(3));
	pl_expect_arriving(peer, "one");
	pl_expect(sys_write(fd, "two", 3), returns(3));
	pl_expect_arriving(peer, "two");
	pl_expect(sys_sendto(fd, "three", 5, 0, NULL), returns(5));
	pl_expect_arriving(peer, "three");
	pl_must(sys_sendto(peer, "four", 4, 0, &own));
	pl_expect_arriving(fd, "four");
	pl_expect_nothing(peer);
	pl_expect_nothing(bystander);
}

PL_CASE(the_peer_stays_unconnected, .verifies = "udp.connect.is-one-sided", .kinds = PL_UDP)
{
	struct pl_address name, ignored, third_name;
	int peer = pl_bound(&name), third = pl_bound(&third_name), fd = pl_unconnected();

	pl_connect(fd, &name);
	pl_must(sys_send(fd, "one", 3, 0));
	pl_expect_arriving(peer, "one");
	pl_expect(sys_getpeername(peer, &ignored), fails(ENOTCONN));
	pl_expect(sys_send(peer, "x", 1, 0), fails(EDESTADDRREQ));
	/* It listens to everybody yet. */
	pl_must(sys_sendto(third, "two", 3, 0, &name));
	pl_expect_arriving(peer, "two");
}

/* The port counts as well as the host. */
PL_CASE(only_the_peer_is_listened_to, .verifies = "udp.connect.only-peer-datagrams-are-received",
    .kinds = PL_UDP)
{
	struct pl_address name, peer_name;
	int fd = pl_bound(&name), peer = pl_bound(&peer_name), stranger = pl_unconnected();

	pl_expect(sys_connect(fd, &peer_name), returns(0));
	for (int i = 0; i < 3; i++) {
		pl_must(sys_sendto(stranger, "spam", 4, 0, &name));
		pl_must(sys_sendto(peer, "mail", 4, 0, &name));
		pl_expect_arriving(fd, "mail");
	}
	pl_expect_nothing(fd);
}

/* To a stranger it is as if nobody were there. */
PL_CASE(a_stranger_is_refused, .verifies = "udp.connect.stranger-is-refused", .kinds = PL_UDP)
{
	struct pl_address name, peer_name;
	int fd = pl_bound(&name), peer = pl_bound(&peer_name), stranger = pl_unconnected();
	char b[8];

	pl_connect(fd, &peer_name);
	pl_connect(stranger, &name);
	pl_must(sys_send(stranger, "spam", 4, 0));
	pl_expect_arrival(stranger);
	pl_expect(sys_recv(stranger, b, sizeof(b), 0), fails(ECONNREFUSED));
	pl_expect_nothing(fd);
	pl_must(sys_sendto(peer, "mail", 4, 0, &name));
	pl_expect_arriving(fd, "mail");
}

/* The last connect counts, for both directions. */
PL_CASE(a_second_connect_changes_the_peer, .verifies = "udp.connect.again-changes-peer",
    .kinds = PL_UDP)
{
	struct pl_address name, first_name, second_name;
	int fd = pl_bound(&name), first = pl_bound(&first_name), second = pl_bound(&second_name);

	pl_connect(fd, &first_name);
	pl_must(sys_send(fd, "one", 3, 0));
	pl_expect_arriving(first, "one");
	pl_expect(sys_connect(fd, &second_name), returns(0));
	expect_peer(fd, &second_name);
	pl_expect(sys_send(fd, "two", 3, 0), returns(3));
	pl_expect_arriving(second, "two");
	pl_expect_nothing(first);
	pl_must(sys_sendto(first, "old", 3, 0, &name));
	pl_must(sys_sendto(second, "new", 3, 0, &name));
	pl_expect_arriving(fd, "new");
	pl_expect_nothing(fd);
}

/* Whether the socket was bound or got its port from the first connect. */
PL_CASE(a_second_connect_keeps_the_port, .verifies = "udp.connect.again-keeps-local-port",
    .kinds = PL_UDP)
{
	struct pl_address name, first_name, second_name, own;
	int first = pl_bound(&first_name), second = pl_bound(&second_name);
	int fds[] = { pl_unconnected(), pl_bound(&name) };

	for (int i = 0; i < 2; i++) {
		unsigned port;

		pl_connect(fds[i], &first_name);
		own = pl_sockname(fds[i]);
		port = pl_address_port(&own);
		for (int k = 0; k < 4; k++) {
			pl_expect(sys_connect(fds[i], k % 2 == 0 ? &second_name : &first_name),
			    returns(0));
			own = pl_sockname(fds[i]);
			pl_expect(pl_value(pl_address_port(&own), NULL, "port"), is(port));
		}
		pl_must(sys_sendto(first, "mail", 4, 0, &own));
		pl_expect_arriving(fds[i], "mail");
	}
	pl_expect_nothing(second);
}

/* With a peer there is one host that it can be. */
PL_CASE_ALONE(a_wildcard_socket_gets_a_specific_address,
    .verifies = "udp.connect.wildcard-bound-gets-specific-address", .kinds = PL_UDP)
{
	struct pl_address all = pl_wildcard_address(pl_case_kind()->domain, 0), want, own, name;
	int fd = pl_unconnected(), peer = pl_bound(&name);

	pl_bind(fd, &all);
	all = pl_sockname(fd);
	want = pl_with_port(name, pl_address_port(&all));
	pl_expect(sys_connect(fd, &name), returns(0));
	pl_expect(sys_getsockname(fd, &own), returns(0));
	pl_expect_address(&own, &want);
	pl_must(sys_sendto(peer, "mail", 4, 0, &own));
	pl_expect_arriving(fd, "mail");
}

/* Those whom it does not hear any more have been heard before. */
PL_CASE(
    queued_datagrams_survive, .verifies = "udp.connect.queued-datagrams-survive", .kinds = PL_UDP)
{
	struct pl_address name, peer_name;
	int fd = pl_bound(&name), peer = pl_bound(&peer_name), stranger = pl_unconnected();

	pl_must(sys_sendto(stranger, "one", 3, 0, &name));
	pl_must(sys_sendto(stranger, "two", 3, 0, &name));
	pl_await_delivery(stranger);
	pl_expect(sys_connect(fd, &peer_name), returns(0));
	pl_expect_arriving(fd, "one");
	pl_expect_arriving(fd, "two");
	pl_must(sys_sendto(peer, "mail", 4, 0, &name));
	pl_expect_arriving(fd, "mail");
	pl_expect_nothing(fd);
}

/* Who is meant more exactly gets it, whichever of the two was there first. */
PL_CASE(a_connected_socket_is_the_better_match,
    .verifies = "udp.connect.connected-socket-is-better-match", .kinds = PL_UDP)
{
	for (int order = 0; order < 2; order++) {
		struct pl_address name = pl_case_kind()->address(), peer_name;
		int fd[] = { sharer(&name), sharer(&name) };
		int connected = fd[order], open = fd[1 - order];
		int peer = pl_bound(&peer_name), stranger = pl_unconnected();

		pl_connect(connected, &peer_name);
		for (int i = 0; i < 4; i++) {
			pl_must(sys_sendto(peer, "mail", 4, 0, &name));
			pl_expect_arriving(connected, "mail");
			pl_must(sys_sendto(stranger, "spam", 4, 0, &name));
			pl_expect_arriving(open, "spam");
		}
		pl_expect_nothing(connected);
		pl_expect_nothing(open);
	}
}

/* A pair of names is one conversation: does the system see to that? */
PL_CASE(two_sockets_with_one_association, .verifies = "udp.connect.duplicate-association",
    .kinds = PL_UDP)
{
	struct pl_address name = pl_case_kind()->address(), peer_name, other_name;
	int first = sharer(&name), second = sharer(&name), peer = pl_bound(&peer_name);
	int other = pl_bound(&other_name);

	pl_expect(sys_connect(first, &peer_name), returns(0));
	pl_expect(sys_connect(second, &peer_name), on(PL_FREEBSD, fails(EADDRINUSE)),
	    on(PL_LINUX, returns(0)));
	expect_peer(first, &peer_name);
	pl_expect(sys_send(first, "one", 3, 0), returns(3));
	pl_expect_arriving(peer, "one");
	/* Another peer is another conversation. */
	pl_expect(sys_connect(second, &other_name), returns(0));
	pl_expect(sys_send(second, "two", 3, 0), returns(3));
	pl_expect_arriving(other, "two");
}

/* To speak to all at once takes a word of consent beforehand. */
PL_CASE_ALONE(broadcast_takes_permission, .verifies = "udp.connect.broadcast-without-permission")
{
	struct pl_address name = pl_inet_address(9), ignored;
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	/* FreeBSD's page speaks of that one alone; without a route Linux knows the loopback net's.
	 */
	name.in.sin_addr.s_addr = pl_asks(PL_FREEBSD) ? htonl(INADDR_BROADCAST) : htonl(0x7fffffff);
	pl_expect(sys_connect(fd, &name), on(PL_FREEBSD | PL_LINUX, fails(EACCES)));
	pl_expect(sys_getpeername(fd, &ignored), on(PL_FREEBSD | PL_LINUX, fails(ENOTCONN)));
	pl_set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
	pl_expect(sys_connect(fd, &name), on(PL_LINUX, returns(0)), on(PL_FREEBSD, returns(0)),
	    on(PL_FREEBSD, fails(ENETUNREACH)));
}

/* Two who are each other's peer. */
PL_CASE(mutual_pair_is_bidirectional, .verifies = "udp.connect.mutual-pair-is-bidirectional",
    .kinds = PL_UDP)
{
	struct pl_address r_name, w_name;
	int r = pl_bound(&r_name), w = pl_bound(&w_name);

	pl_expect(sys_connect(r, &w_name), returns(0));
	pl_expect(sys_connect(w, &r_name), returns(0));
	expect_peer(r, &w_name);
	expect_peer(w, &r_name);
	for (int i = 0; i < 3; i++) {
		pl_expect(sys_write(w, "there", 5), returns(5));
		pl_expect_arriving(r, "there");
		pl_expect(sys_write(r, "and back", 8), returns(8));
		pl_expect_arriving(w, "and back");
	}
	pl_expect_nothing(r);
	pl_expect_nothing(w);
}
