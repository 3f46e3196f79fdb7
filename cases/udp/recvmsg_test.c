/*
 * recvmsg(2): one datagram, scattered over a vector, with its sender and its flags.
 */

#include "plumbline.h"

/* Every bit of msg_flags. */
#define ALL_FLAGS (-1)

static struct pl_outcome
name_length(socklen_t length)
{
	return (pl_value((long)length, NULL, "msg_namelen"));
}

/* In order, none of them more than it holds, and the next datagram stays out of it. */
PL_CASE(one_datagram_is_scattered, .verifies = "udp.recvmsg.scatters-datagram", .kinds = PL_UDP)
{
	char a[4] = "---", b[5] = "----", c[9] = "--------";
	struct iovec v[] = { { a, 3 }, { b, 4 }, { c, 8 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 3 };
	struct pl_pair p = pl_pair();

	pl_must(sys_send(p.w, "abcde", 5, 0));
	pl_must(sys_send(p.w, "0123456789", 10, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recvmsg(p.r, &m, 0), returns(5));
	pl_expect_bytes(a, "abc", 3);
	pl_expect_bytes(b, "de--", 4);
	pl_expect_bytes(c, "--------", 8);
	pl_expect_arrival(p.r);
	pl_expect(sys_recvmsg(p.r, &m, 0), returns(10));
	pl_expect_bytes(a, "012", 3);
	pl_expect_bytes(b, "3456", 4);
	pl_expect_bytes(c, "789-----", 8);
	pl_expect_nothing(p.r);
}

/* Receive what comes with room for any address; its length goes to name. */
static void
receive_with_name(int fd, struct pl_address *name, long size)
{
	char b[16];
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = { .msg_name = name->bytes,
		.msg_namelen = sizeof(name->bytes),
		.msg_iov = &v,
		.msg_iovlen = 1 };

	memset(name->bytes, 0xee, sizeof(name->bytes));
	pl_expect_arrival(fd);
	pl_expect(sys_recvmsg(fd, &m, 0), returns(size));
	name->length = m.msg_namelen;
}

static void
expect_name(const struct pl_address *from, const struct pl_address *name)
{
	pl_expect(name_length(from->length), is((long)name->length));
	pl_expect_that(pl_address_equal(from, name), "the address of the sender",
	    "another address, port %u instead of %u", pl_address_port(from), pl_address_port(name));
}

PL_CASE(the_sender_and_the_length_of_its_address, .verifies = "udp.recvmsg.namelen-updated",
    .kinds = PL_UDP)
{
	struct pl_address name, from, own[2];
	int receiver = pl_bound(&name), senders[] = { pl_bound(&own[0]), pl_bound(&own[1]) };

	for (int i = 0; i < 2; i++) {
		pl_must(sys_sendto(senders[i], "abc", 3, 0, &name));
		receive_with_name(receiver, &from, 3);
		expect_name(&from, &own[i]);
	}
}

/* The peer is known, and named all the same; POSIX has the members ignored then. */
PL_CASE(a_connected_socket_and_the_name, .verifies = "udp.recvmsg.name-filled-on-connected-socket",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	struct pl_address from, peer = pl_peername(p.r);
	char untouched[32];

	memset(untouched, 0xee, sizeof(untouched));
	pl_must(sys_send(p.w, "abc", 3, 0));
	receive_with_name(p.r, &from, 3);
	if (!pl_asks(PL_POSIX)) {
		expect_name(&from, &peer);
	} else {
		pl_expect(name_length(from.length), is(sizeof(from.bytes)));
		pl_expect_bytes(from.bytes, untouched, sizeof(untouched));
	}
}

/* Nowhere to put even a byte: an error, or a datagram that is cut to nothing. */
PL_CASE(an_empty_vector, .verifies = "udp.recvmsg.zero-iovlen", .kinds = PL_UDP)
{
	bool refuses = pl_asks(PL_POSIX) || (pl_asks(PL_FREEBSD) && !pl_freebsd_before(1500));
	struct msghdr m = { 0 };
	struct pl_pair p = pl_pair();

	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_must(sys_send(p.w, "next", 4, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recvmsg(p.r, &m, 0), refuses ? fails(EMSGSIZE) : returns(0));
	if (refuses)
		return;
	pl_expect(pl_message_flags(m.msg_flags, MSG_TRUNC), is(MSG_TRUNC));
	pl_expect_arriving(p.r, "next");
	pl_expect_nothing(p.r);
}

/* What comes back tells of the message, not of the call. */
PL_CASE(flags_of_the_call_do_not_come_back, .verifies = "udp.recvmsg.input-flags-not-echoed",
    .kinds = PL_UDP)
{
	static const int flags[] = { MSG_PEEK, MSG_PEEK | MSG_DONTWAIT, MSG_DONTWAIT, 0 };
	struct pl_pair p = pl_pair();
	char b[8];

	for (int k = 0; k < 2; k++)
		pl_must(sys_send(p.w, "abc", 3, 0));
	for (int i = 0; i < 4; i++) {
		int got;

		pl_expect_arrival(p.r);
		pl_expect(sys_receive(p.r, b, sizeof(b), flags[i], &got), returns(3));
		pl_expect(pl_message_flags(got, ALL_FLAGS), is(0));
	}
	pl_expect_nothing(p.r);
}
