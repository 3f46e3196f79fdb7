/*
 * The address that comes with a message.
 */

#include "plumbline.h"

/* Receive "abc" with recvmsg; the sender's address and the length that came with it. */
static struct pl_address
receive_with_name(int fd)
{
	struct pl_address from;
	char b[8];
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	memset(from.bytes, 0xee, sizeof(from.bytes));
	m.msg_name = from.bytes;
	m.msg_namelen = sizeof(from.bytes);
	pl_expect_arrival(fd);
	pl_expect(sys_recvmsg(fd, &m, 0), returns(3));
	pl_expect_bytes(b, "abc", 3);
	from.length = m.msg_namelen;
	return (from);
}

/* Whoever it is, with the length of that very address; who does not ask is not told. */
PL_CASE(the_sender_and_the_length_of_its_address,
    .verifies = "io.addr.recvmsg-fills-name-and-namelen", .kinds = PL_DATAGRAMS)
{
	struct pl_address name, from, own[2];
	int receiver = pl_bound(&name), senders[] = { pl_bound(&own[0]), pl_bound(&own[1]) };
	char b[8];
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	unsigned char untouched[16];

	memset(untouched, 0xee, sizeof(untouched));
	for (int i = 0; i < 2; i++) {
		pl_must(sys_sendto(senders[i], "abc", 3, 0, &name));
		from = receive_with_name(receiver);
		pl_expect(
		    pl_value((long)from.length, NULL, "msg_namelen"), is((long)own[i].length));
		pl_expect_address(&from, &own[i]);
		pl_expect_bytes(from.bytes + from.length, untouched, sizeof(untouched));
	}
	pl_must(sys_sendto(senders[0], "abc", 3, 0, &name));
	pl_expect(sys_recvmsg(receiver, &m, 0), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(pl_message_flags(m.msg_flags, MSG_TRUNC | MSG_CTRUNC), is(0));
}
