/*
 * Datagram sockets of the UNIX domain: messages, whole and with their sender's name.
 */

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
