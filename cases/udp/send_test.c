/*
 * Sending datagrams without a peer: where they go, where they come from, and
 * what the call promises.
 */

#include "plumbline.h"

/* All of an array. */
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* Every destination sees the port that the first send chose. */
PL_CASE(the_chosen_port_is_kept, .verifies = "udp.send.implicit-port-is-stable", .kinds = PL_UDP)
{
	struct pl_address names[2], own, from;
	int receivers[] = { pl_bound(&names[0]), pl_bound(&names[1]) }, sender = pl_unconnected();
	char b[8];

	pl_must(sys_sendto(sender, "x", 1, 0, &names[0]));
	own = pl_sockname(sender);
	pl_expect(pl_value(pl_address_port(&own), NULL, "port"), returns_between(1, 65535));
	pl_must(sys_recv(receivers[0], b, sizeof(b), 0));
	for (int i = 0; i < 6; i++) {
		pl_must(sys_sendto(sender, "y", 1, 0, &names[i % 2]));
		pl_expect(sys_recvfrom(receivers[i % 2], b, sizeof(b), 0, &from), returns(1));
		pl_expect(pl_value(pl_address_port(&from), NULL, "port it came from"),
		    is(pl_address_port(&own)));
	}
}

/* The address that a datagram came with is one to answer to. */
PL_CASE(a_reply_reaches_an_unbound_sender,
    .verifies = "udp.send.reply-reaches-implicitly-bound-sender", .kinds = PL_UDP)
{
	struct pl_address name, from;
	int server = pl_bound(&name), clients[] = { pl_unconnected(), pl_unconnected() };
	char b[8];

	for (int i = 0; i < 2; i++) {
		pl_must(sys_sendto(clients[i], "ask", 3, 0, &name));
		pl_expect(sys_recvfrom(server, b, sizeof(b), 0, &from), returns(3));
		pl_expect(sys_sendto(server, "reply", 5, 0, &from), returns(5));
		pl_expect_arriving(clients[i], "reply");
		pl_expect_nothing(clients[!i]);
	}
}

/* Without a name, with one, and after a datagram went to an address of its own. */
PL_CASE(
    without_a_destination, .verifies = "udp.send.unconnected-without-destination", .kinds = PL_UDP)
{
	struct pl_address name, own;
	int receiver = pl_bound(&name), used = pl_unconnected();
	const int fds[] = { pl_unconnected(), pl_bound(&own), used };

	pl_must(sys_sendto(used, "abc", 3, 0, &name));
	pl_expect_arriving(receiver, "abc");
	for (int i = 0; i < COUNT(fds); i++) {
		pl_expect(sys_send(fds[i], "def", 3, 0),
		    on(PL_POSIX | PL_LINUX, fails(EDESTADDRREQ)), on(PL_FREEBSD, fails(ENOTCONN)));
		pl_expect(sys_write(fds[i], "def", 3), on(PL_POSIX | PL_LINUX, fails(EDESTADDRREQ)),
		    on(PL_FREEBSD, fails(ENOTCONN)));
	}
	/* Nothing went to where a datagram had gone before. */
	pl_must(sys_sendto(used, "end", 3, 0, &name));
	pl_expect_arriving(receiver, "end");
}

/* The sender itself is a receiver like any other. */
PL_CASE(to_the_own_address, .verifies = "udp.send.to-own-address", .kinds = PL_UDP)
{
	struct pl_address name, from;
	int fd = pl_bound(&name);
	char b[8];

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_sendto(fd, "self", 4, 0, &name), returns(4));
		pl_expect_arrival(fd);
		pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &from), returns(4));
		pl_expect_bytes(b, "self", 4);
		pl_expect_that(
		    pl_address_equal(&from, &name), "its own address", "another address");
	}
	pl_expect_nothing(fd);
}

/* All or nothing, so all: as many as the receiver gets. */
PL_CASE(returns_the_length, .verifies = "udp.send.returns-length", .kinds = PL_UDP)
{
	static const int sizes[] = { 0, 1, 511, 512, 1473, 4096, 8192, 9000 };
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();
	struct pl_pair p = pl_pair();
	char b[9000], got[9001];

	pl_payload(b, sizeof(b), 0, 0);
	for (int i = 0; i < COUNT(sizes); i++) {
		pl_expect(sys_sendto(sender, b, (size_t)sizes[i], 0, &name), returns(sizes[i]));
		pl_expect(sys_recv(receiver, got, sizeof(got), 0), returns(sizes[i]));
		pl_expect(sys_send(p.w, b, (size_t)sizes[i], 0), returns(sizes[i]));
		pl_expect(sys_recv(p.r, got, sizeof(got), 0), returns(sizes[i]));
	}
}

/* Nobody is there but one who listens to himself; that is not known when the call returns. */
PL_CASE(
    succeeds_without_a_receiver, .verifies = "udp.send.succeeds-without-receiver", .kinds = PL_UDP)
{
	struct pl_address name, own;
	int hermit = pl_bound(&name);

	pl_connect(hermit, &name);
	for (int i = 0; i < 3; i++)
		pl_expect(sys_sendto(pl_bound(&own), "abc", 3, 0, &name), returns(3));
	pl_must(sys_send(hermit, "self", 4, 0));
	pl_expect_arriving(hermit, "self");
	pl_expect_nothing(hermit);
}

/* A vector, with an empty element and a byte here and there, is one datagram. */
PL_CASE(a_vector_is_one_datagram, .verifies = "udp.sendmsg.gathers-vector-into-one-datagram",
    .kinds = PL_UDP)
{
	char a[] = "ab", b[] = "", c[] = "cde";
	struct iovec v[] = { { a, 2 }, { b, 0 }, { c, 3 } };
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();
	struct msghdr m = {
		.msg_name = name.bytes, .msg_namelen = name.length, .msg_iov = v, .msg_iovlen = 3
	};

	pl_expect(sys_sendmsg(sender, &m, 0), returns(5));
	pl_expect_arriving(receiver, "abcde");
	/* The order of the elements is that of the bytes. */
	v[0] = (struct iovec){ c, 3 };
	v[2] = (struct iovec){ a, 2 };
	pl_expect(sys_sendmsg(sender, &m, 0), returns(5));
	pl_expect_arriving(receiver, "cdeab");
	pl_expect_nothing(receiver);
}

/* A destination is for one datagram and makes no peer. */
PL_CASE(sendto_sets_no_peer, .verifies = "udp.sendto.does-not-set-a-peer", .kinds = PL_UDP)
{
	struct pl_address name, third_name, ignored, own;
	int receiver = pl_bound(&name), third = pl_bound(&third_name), sender = pl_bound(&own);

	for (int i = 0; i < 2; i++) {
		pl_must(sys_sendto(sender, "abc", 3, 0, &name));
		pl_expect_arriving(receiver, "abc");
		pl_expect(sys_getpeername(sender, &ignored), fails(ENOTCONN));
		/* Which of the two FreeBSD says is another requirement's matter. */
		pl_expect(sys_send(sender, "def", 3, 0), fails(EDESTADDRREQ),
		    on(PL_FREEBSD, fails(ENOTCONN)));
	}
	/* Nor does the socket listen to that address alone. */
	pl_must(sys_sendto(third, "mail", 4, 0, &own));
	pl_expect_arriving(sender, "mail");
	pl_must(sys_sendto(sender, "end", 3, 0, &name));
	pl_expect_arriving(receiver, "end");
}

/* Refused, even for the peer itself; or it goes where the call says. */
PL_CASE(an_address_on_a_connected_socket, .verifies = "udp.sendto.address-on-connected-socket",
    .kinds = PL_UDP)
{
	struct pl_address peer_name, other_name;
	int peer = pl_bound(&peer_name), other = pl_bound(&other_name), sender = pl_unconnected();

	pl_connect(sender, &peer_name);
	for (int i = 0; i < 2; i++) {
		long n = pl_expect(
		    sys_sendto(sender, "abc", 3, 0, i == 0 ? &other_name : &peer_name),
		    on(PL_FREEBSD | PL_POSIX, fails(EISCONN)), on(PL_LINUX | PL_POSIX, returns(3)));

		if (n == 3)
			pl_expect_arriving(i == 0 ? other : peer, "abc");
	}
	/* The peer got what was meant for it, and the other no more than that. */
	pl_must(sys_send(sender, "end", 3, 0));
	pl_expect_arriving(peer, "end");
	pl_expect_nothing(peer);
	pl_expect_nothing(other);
}

PL_CASE(an_address_counts_for_one_datagram, .verifies = "udp.sendto.override-is-for-one-datagram",
    .kinds = PL_UDP)
{
	struct pl_address peer_name, other_name, now;
	int peer = pl_bound(&peer_name), other = pl_bound(&other_name), sender = pl_unconnected();

	pl_connect(sender, &peer_name);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_sendto(sender, "other", 5, 0, &other_name), on(PL_LINUX, returns(5)));
		pl_expect_arriving(other, "other");
		now = pl_peername(sender);
		pl_expect_that(
		    pl_address_equal(&now, &peer_name), "the peer as before", "another peer");
		pl_expect(sys_send(sender, "peer", 4, 0), on(PL_LINUX, returns(4)));
		pl_expect_arriving(peer, "peer");
	}
	pl_expect_nothing(other);
}
