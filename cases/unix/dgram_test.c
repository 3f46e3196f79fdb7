/*
 * Datagram sockets of the UNIX domain: messages, whole and with their sender's name.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

#define UNIX_DATAGRAMS (PL_DATAGRAMS | PL_UNIX)

static struct pl_outcome
send_greeting(void *address)
{
	return (sys_sendto(pl_unconnected(), "hello", 5, 0, address));
}

/* They share nothing but the name, and the sender is gone when the datagram is read. */
PL_CASE(between_unrelated_processes, .verifies = "unix.dgram.between-unrelated-processes",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name;
	int receiver = pl_bound(&name);
	struct pl_peer *sender = pl_child(send_greeting, &name, PL_KEEP_NONE);

	pl_expect(pl_result(sender), returns(5));
	pl_expect_text(receiver, "hello");
	pl_expect_nothing(receiver);
}

/* One receive for each send, however much room the receiver offers. */
PL_CASE(message_boundaries_are_preserved, .verifies = "unix.dgram.message-boundaries-preserved",
    .kinds = UNIX_DATAGRAMS)
{
	static const char *const messages[] = { "a", "bc", "def" };
	struct pl_pair p = pl_pair();

	for (size_t i = 0; i < 3; i++)
		pl_must(sys_send(p.w, messages[i], i + 1, 0));
	for (size_t i = 0; i < 3; i++)
		pl_expect_text(p.r, messages[i]);
	pl_expect_nothing(p.r);
}

/* The name that comes with a datagram is the one to answer to. */
PL_CASE(recvfrom_gives_the_address_to_reply_to,
    .verifies = "unix.dgram.recvfrom-gives-reply-address", .kinds = UNIX_DATAGRAMS)
{
	struct pl_address asked, asking, from;
	int server = pl_bound(&asked), client = pl_bound(&asking);
	char b[8];

	pl_must(sys_sendto(client, "ask", 3, 0, &asked));
	pl_expect(sys_recvfrom(server, b, sizeof(b), 0, &from), returns(3));
	pl_expect_bytes(b, "ask", 3);
	pl_expect_that(
	    pl_address_equal(&from, &asking), "the name of the sender", "another address");
	pl_expect(sys_sendto(server, "reply", 5, 0, &from), returns(5));
	pl_expect_text(client, "reply");
	pl_expect_nothing(server);
}

/* A sender without a name is told from one whose name was not stored. */
PL_CASE(recvfrom_of_an_unbound_sender, .verifies = "unix.dgram.recvfrom-unbound-sender",
    .kinds = UNIX_DATAGRAMS | PL_PLAIN)
{
	struct pl_address name, from;
	int receiver = pl_bound(&name);
	char b[8];

	pl_must(sys_sendto(pl_unconnected(), "abc", 3, 0, &name));
	pl_expect(sys_recvfrom(receiver, b, sizeof(b), 0, &from), returns(3));
	pl_expect(pl_value((long)from.length, NULL, "length of the source address"),
	    on(PL_FREEBSD, is(sizeof(struct sockaddr))), on(PL_LINUX, is(sizeof(sa_family_t))));
	if (pl_asks(PL_FREEBSD)) {
		pl_expect(pl_value(from.any.sa_family, NULL, "family"), is(AF_UNIX));
		pl_expect(pl_value(from.un.sun_path[0], NULL, "first byte of the path"), is(0));
	}
}

/* What does not fit is gone, and said to be; the next datagram is not touched by it. */
PL_CASE(excess_is_discarded, .verifies = "unix.dgram.excess-discarded-msg-trunc",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	pl_must(sys_send(p.w, "abcdefgh", 8, 0));
	pl_must(sys_send(p.w, "xyz", 3, 0));
	pl_must(sys_send(p.w, "ijkl", 4, 0));
	pl_expect(sys_receive(p.r, b, 3, 0, &got), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(pl_message_flags(got, MSG_TRUNC), is(MSG_TRUNC));
	/* One that fits exactly is not cut. */
	pl_expect(sys_receive(p.r, b, 3, 0, &got), returns(3));
	pl_expect_bytes(b, "xyz", 3);
	pl_expect(pl_message_flags(got, MSG_TRUNC), is(0));
	/* read has no way to say it, and discards all the same. */
	pl_expect(sys_read(p.r, b, 1), returns(1));
	pl_expect_bytes(b, "i", 1);
	pl_expect_nothing(p.r);
}

/* Asked so, a receive tells how long the datagram was, and stores no more than fits. */
PL_CASE(msg_trunc_flag_gives_the_real_length,
    .verifies = "unix.dgram.msg-trunc-flag-returns-real-length", .kinds = UNIX_DATAGRAMS)
{
	static const int flags[] = { MSG_TRUNC | MSG_PEEK | MSG_DONTWAIT,
		MSG_TRUNC | MSG_DONTWAIT };
	struct pl_pair p = pl_pair();

	pl_must(sys_send(p.w, "abcdefgh", 8, 0));
	for (int i = 0; i < 2; i++) {
		char b[8] = "-------";

		pl_expect(sys_recv(p.r, b, 3, flags[i]), returns(8));
		pl_expect_bytes(b, "abc----", 8);
	}
	pl_expect_nothing(p.r);
	/* A datagram that fits is no longer than it is. */
	pl_must(sys_send(p.w, "xy", 2, 0));
	pl_expect(sys_recv(p.r, (char[8]){ "" }, 8, MSG_TRUNC | MSG_DONTWAIT), returns(2));
}

/* No bytes, but a message: it wakes poll and has its place in the queue. */
PL_CASE(zero_length_datagram_is_delivered, .verifies = "unix.dgram.zero-length-datagram-delivered",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	pl_expect(sys_send(p.w, "", 0, 0), returns(0));
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
	pl_must(sys_send(p.w, "x", 1, 0));
	pl_expect(sys_receive(p.r, b, sizeof(b), MSG_DONTWAIT, &got), returns(0));
	pl_expect(pl_message_flags(got, MSG_TRUNC), is(0));
	pl_expect_text(p.r, "x");
	pl_expect_nothing(p.r);
}

/* Nobody overtakes what was looked at, a connected sender neither. */
PL_CASE(peeked_message_stays_first, .verifies = "unix.dgram.peeked-message-stays-first",
    .kinds = UNIX_DATAGRAMS)
{
	struct pl_address name;
	int receiver = pl_bound(&name), stranger = pl_unconnected(), friend = pl_unconnected();
	char b[8];

	pl_connect(friend, &name);
	pl_must(sys_sendto(stranger, "first", 5, 0, &name));
	pl_expect(sys_recv(receiver, b, sizeof(b), MSG_PEEK), returns(5));
	pl_expect_bytes(b, "first", 5);
	pl_must(sys_send(friend, "next", 4, 0));
	pl_expect_text(receiver, "first");
	pl_expect_text(receiver, "next");
	pl_expect_nothing(receiver);
}

/* Ten that differ in length and contents, as many as every queue holds. */
PL_CASE(order_is_kept_for_one_sender, .verifies = "unix.dgram.order-kept-for-one-sender",
    .kinds = UNIX_DATAGRAMS)
{
	enum { COUNT = 10 };
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();
	char b[64];

	for (unsigned i = 0; i < COUNT; i++) {
		pl_payload(b, 10 + i, i, 0);
		pl_must(sys_sendto(sender, b, 10 + i, MSG_DONTWAIT, &name));
	}
	for (unsigned i = 0; i < COUNT; i++) {
		pl_expect(sys_recv(receiver, b, sizeof(b), MSG_DONTWAIT), returns(10 + (long)i));
		pl_expect_payload(b, 10 + i, i, 0);
	}
	pl_expect_nothing(receiver);
}

/* One queue for all senders, or one for each connected sender. */
PL_CASE(
    order_across_senders, .verifies = "unix.dgram.order-across-senders", .kinds = UNIX_DATAGRAMS)
{
	bool ordered = pl_asks(PL_LINUX) || pl_freebsd_before(1400);
	struct pl_address name;
	int receiver = pl_bound(&name), stranger = pl_unconnected(), friend = pl_unconnected();
	char b[2][8];
	int first;

	pl_connect(friend, &name);
	pl_must(sys_sendto(stranger, "one", 3, 0, &name));
	pl_must(sys_send(friend, "two", 3, 0));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_recv(receiver, b[i], sizeof(b[i]), MSG_DONTWAIT),
		    on(PL_FREEBSD | PL_LINUX, returns(3)));
	first = !ordered && b[1][0] == 'o';
	pl_expect_bytes(b[first], "one", 3);
	pl_expect_bytes(b[!first], "two", 3);
	pl_expect_nothing(receiver);
}

/* What one receive would give, or what all of them would. */
PL_CASE(fionread_of_two_datagrams, .verifies = "unix.dgram.fionread", .kinds = UNIX_DATAGRAMS)
{
	static const int all[] = { 5, 2, 0 }, next[] = { 3, 2, 0 };
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_must(sys_send(p.w, "de", 2, 0));
	for (int i = 0; i < 3; i++) {
		int n = -1;

		pl_expect(sys_ioctl_int(p.r, FIONREAD, &n), on(PL_FREEBSD | PL_LINUX, returns(0)));
		pl_expect(pl_value(n, NULL, "bytes that FIONREAD counts"),
		    on(PL_FREEBSD, is(all[i])), on(PL_LINUX, is(next[i])));
		if (i < 2)
			pl_must(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT));
	}
}

/* Refused, not sent without the flag. */
PL_CASE(msg_oob_is_refused, .verifies = "unix.dgram.msg-oob-eopnotsupp",
    .kinds = PL_MESSAGES | PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_send(p.w, "x", 1, MSG_OOB), fails(EOPNOTSUPP));
	pl_expect_nothing(p.r);
	pl_expect(sys_send(p.w, "y", 1, 0), returns(1));
	pl_expect_text(p.r, "y");
}
