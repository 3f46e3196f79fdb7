/*
 * recvmsg(2): one datagram, scattered over a vector, with its sender and its flags.
 */

#include "plumbline.h"

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
