/*
 * Datagram sockets of the UNIX domain: the peer that connect sets, and what is
 * left of it when one side is closed or shut down.
 */

#include "plumbline.h"

#define UNIX_DATAGRAMS (PL_DATAGRAMS | PL_UNIX)

/* A peer is set once and serves for every send. */
PL_CASE(connect_sets_the_default_destination,
    .verifies = "unix.dgram.connect-sets-default-destination", .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name, other;
	int receiver = pl_bound(&name), bystander = pl_bound(&other), sender = pl_unconnected();

	pl_expect(sys_connect(sender, &name), returns(0));
	pl_expect(sys_send(sender, "one", 3, 0), returns(3));
	pl_expect(sys_write(sender, "two", 3), returns(3));
	pl_expect(sys_sendto(sender, "three", 5, 0, NULL), returns(5));
	pl_expect_text(receiver, "one");
	pl_expect_text(receiver, "two");
	pl_expect_text(receiver, "three");
	pl_expect_nothing(receiver);
	pl_expect_nothing(bystander);
}

/* A peer is also the only one that is listened to. */
PL_CASE(connected_receives_only_from_its_peer,
    .verifies = "unix.dgram.connected-receives-only-from-peer", .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name, peer_name;
	int receiver = pl_bound(&name), peer = pl_bound(&peer_name), third = pl_unconnected();

	pl_connect(receiver, &peer_name);
	/* Refused or dropped: that is not the matter here. */
	sys_sendto(third, "spam", 4, MSG_DONTWAIT, &name);
	pl_expect_nothing(receiver);
	pl_expect(sys_sendto(peer, "mail", 4, MSG_DONTWAIT, &name), returns(4));
	pl_expect_text(receiver, "mail");
	pl_expect_nothing(receiver);
}

/* Linux tells the sender. */
PL_CASE(third_party_gets_eperm, .verifies = "unix.dgram.third-party-eperm", .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name, peer_name;
	int receiver = pl_bound(&name), peer = pl_bound(&peer_name), third = pl_unconnected();

	pl_connect(receiver, &peer_name);
	pl_expect(sys_sendto(third, "spam", 4, MSG_DONTWAIT, &name), on(PL_LINUX, fails(EPERM)));
	pl_expect(sys_connect(third, &name), on(PL_LINUX, fails(EPERM)));
	pl_expect(sys_connect(peer, &name), on(PL_LINUX, returns(0)));
}

/* Nowhere to send to, for a socket with a name of its own neither. */
PL_CASE(send_without_destination, .verifies = "unix.dgram.send-without-destination",
    .kinds = UNIX_DATAGRAMS | PL_PLAIN)
{
	struct pl_address name;
	const int fds[] = { pl_unconnected(), pl_bound(&name) };

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_send(fds[i], "abc", 3, 0), fails(EDESTADDRREQ));
		pl_expect(sys_write(fds[i], "abc", 3), fails(EDESTADDRREQ));
		pl_expect_nothing(fds[i]);
	}
}

/* The address counts for one datagram, if it may be given at all; the peer stays. */
PL_CASE(sendto_another_address_when_connected,
    .verifies = "unix.dgram.sendto-other-address-when-connected", .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name, other_name;
	int peer = pl_bound(&name), other = pl_bound(&other_name), sender = pl_unconnected();
	long n;

	pl_nonblock(other, true);
	pl_nonblock(peer, true);
	pl_connect(sender, &name);
	n = pl_expect(sys_sendto(sender, "other", 5, 0, &other_name),
	    on(PL_LINUX | PL_POSIX, returns(5)), on(PL_FREEBSD | PL_POSIX, fails(EISCONN)));
	if (n == 5)
		pl_expect_text(other, "other");
	pl_expect_nothing(other);
	pl_expect_nothing(peer);
	pl_expect(sys_send(sender, "peer", 4, 0), returns(4));
	pl_expect_text(peer, "peer");
	pl_expect_nothing(other);
}

/* The last connect counts, and what went to the former peer stays there. */
PL_CASE(reconnect_changes_the_peer, .verifies = "unix.dgram.reconnect-changes-peer",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_address first_name, second_name, peer;
	int first = pl_bound(&first_name), second = pl_bound(&second_name);
	int sender = pl_unconnected();

	pl_connect(sender, &first_name);
	pl_expect(sys_send(sender, "one", 3, 0), returns(3));
	pl_expect(sys_connect(sender, &second_name), returns(0));
	peer = pl_peername(sender);
	pl_expect_that(
	    pl_address_equal(&peer, &second_name), "the name of the new peer", "another address");
	pl_expect(sys_send(sender, "two", 3, 0), returns(3));
	pl_expect_text(first, "one");
	pl_expect_nothing(first);
	pl_expect_text(second, "two");
	pl_expect_nothing(second);
}

/* A null address takes the peer away, for sending and for receiving. */
PL_CASE(connect_to_af_unspec_dissolves, .verifies = "unix.dgram.connect-af-unspec-dissolves",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name, peer_name, ignored, null = { .length = sizeof(struct sockaddr) };
	int fd = pl_bound(&name), peer = pl_bound(&peer_name), third = pl_unconnected();

	null.any.sa_family = AF_UNSPEC;
	pl_connect(fd, &peer_name);
	pl_expect(
	    sys_connect(fd, &null), returns(0), on(PL_FREEBSD | PL_POSIX, fails(EAFNOSUPPORT)));
	pl_expect(sys_getpeername(fd, &ignored), fails(ENOTCONN));
	/* Which of the two it is, is another requirement's matter. */
	pl_expect(sys_send(fd, "abc", 3, 0), fails(EDESTADDRREQ), fails(ENOTCONN));
	pl_expect_nothing(peer);
	pl_expect(sys_sendto(third, "abc", 3, MSG_DONTWAIT, &name), returns(3));
	pl_expect_text(fd, "abc");
	/* The socket is fit for another peer. */
	pl_expect(sys_connect(fd, &peer_name), returns(0));
	pl_expect(sys_send(fd, "def", 3, 0), returns(3));
	pl_expect_text(peer, "def");
}

static void
send_to_closed(int fd)
{
	pl_expect(sys_send(fd, "x", 1, 0), on(PL_FREEBSD, fails(ECONNRESET)),
	    on(PL_LINUX, fails(ECONNREFUSED)));
	pl_expect(sys_send(fd, "x", 1, 0), on(PL_FREEBSD, fails(EDESTADDRREQ)),
	    on(PL_LINUX, fails(ENOTCONN)));
}

/* The first send says that the peer is gone, the next that there is none; no signal. */
PL_CASE(send_after_the_peer_closed, .verifies = "unix.dgram.send-after-peer-closed",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();

	pl_connect(sender, &name);
	pl_close(receiver);
	send_to_closed(sender);
	pl_close(p.r);
	send_to_closed(p.w);
}

/* A datagram socket has no end of file: others may send yet. */
PL_CASE(receive_after_the_peer_closed, .verifies = "unix.dgram.recv-after-peer-closed",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_close(p.w);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), on(PL_FREEBSD, fails(ECONNRESET)),
	    on(PL_LINUX, fails(EAGAIN)));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT),
		    on(PL_FREEBSD | PL_LINUX, fails(EAGAIN)));
}

/* What was sent is the receiver's. */
PL_CASE(queued_data_survives_the_close_of_its_sender,
    .verifies = "unix.dgram.queued-data-survives-sender-close", .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();

	pl_nonblock(receiver, true);
	pl_must(sys_sendto(sender, "one", 3, 0, &name));
	pl_close(sender);
	pl_expect_text(receiver, "one");
	sender = pl_unconnected();
	pl_connect(sender, &name);
	pl_must(sys_send(sender, "two", 3, 0));
	pl_close(sender);
	pl_expect_text(receiver, "two");
	pl_expect_nothing(receiver);
}

/* With a queue for each connected sender, its datagrams can go when it goes. */
PL_CASE(data_of_a_closed_sender_beside_others,
    .verifies = "unix.dgram.closed-senders-data-vs-unconnected-data", .kinds = UNIX_DATAGRAMS)
{
	bool kept = pl_asks(PL_LINUX) || pl_freebsd_before(1400);
	struct pl_address name;
	int receiver = pl_bound(&name), stranger = pl_unconnected(), friend = pl_unconnected();

	pl_connect(friend, &name);
	pl_must(sys_send(friend, "friend", 6, 0));
	pl_must(sys_sendto(stranger, "stranger", 8, 0, &name));
	pl_close(friend);
	if (kept)
		pl_expect_text(receiver, "friend");
	pl_expect_text(receiver, "stranger");
	pl_expect_nothing(receiver);
}

/* The caller sends no more; to the peer that is silence, not an end. */
PL_CASE(shutdown_of_writing, .verifies = "unix.dgram.shutdown-write-send-epipe",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_pair p = pl_pair();

	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_must(sys_shutdown(p.w, SHUT_WR));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_send(p.w, "x", 1, 0), on(PL_LINUX | PL_POSIX, fails(EPIPE)),
		    on(PL_FREEBSD | PL_POSIX, fails_with_sigpipe(EPIPE)));
	pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
	pl_expect_text(p.r, "abc");
	if (!pl_asks(PL_POSIX))
		pl_expect_nothing(p.r);
	pl_expect(sys_send(p.r, "back", 4, 0), returns(4));
	pl_expect_text(p.w, "back");
}

/* No connection, so nothing to shut down. */
PL_CASE(shutdown_of_an_unconnected_socket, .verifies = "unix.dgram.shutdown-unconnected",
    .kinds = UNIX_DATAGRAMS | PL_PLAIN)
{
	static const int how[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };
	struct pl_address name;

	for (int i = 0; i < 3; i++)
		pl_expect(sys_shutdown(pl_bound(&name), how[i]), fails(ENOTCONN));
}

/* One socket may be both ends. */
PL_CASE(connect_to_self_loops_back, .verifies = "unix.dgram.connect-to-self-loops-back",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name, peer;
	int fd = pl_bound(&name);

	pl_expect(sys_connect(fd, &name), returns(0));
	pl_expect(sys_getpeername(fd, &peer), returns(0));
	pl_expect_that(pl_address_equal(&peer, &name), "its own name", "another address");
	pl_expect(sys_send(fd, "one", 3, MSG_DONTWAIT), returns(3));
	pl_expect(sys_send(fd, "two", 3, MSG_DONTWAIT), returns(3));
	pl_expect_text(fd, "one");
	pl_expect_text(fd, "two");
	pl_expect_nothing(fd);
}

/* A receiver is not used up by the first who connects. */
PL_CASE(
    many_connected_to_one, .verifies = "unix.dgram.many-connected-to-one", .kinds = UNIX_DATAGRAMS)
{
	enum { SENDERS = 5 };
	struct pl_address name;
	int receiver = pl_bound(&name), senders[SENDERS];
	bool seen[SENDERS] = { false };

	for (int i = 0; i < SENDERS; i++) {
		senders[i] = pl_unconnected();
		pl_expect(sys_connect(senders[i], &name), returns(0));
	}
	for (int i = 0; i < SENDERS; i++)
		pl_expect(sys_send(senders[i], &"abcde"[i], 1, 0), returns(1));
	/* In any order: some systems queue for each sender. */
	for (int i = 0; i < SENDERS; i++) {
		char b[8] = "";
		int from;

		pl_expect(sys_recv(receiver, b, sizeof(b), MSG_DONTWAIT), returns(1));
		from = b[0] - 'a';
		pl_expect_that(from >= 0 && from < SENDERS && !seen[from],
		    "one datagram of each sender", "a byte 0x%02x, unknown or seen before",
		    (unsigned char)b[0]);
		if (from >= 0 && from < SENDERS)
			seen[from] = true;
	}
	pl_expect_nothing(receiver);
}
