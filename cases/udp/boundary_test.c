/*
 * A datagram is whole: its bounds, its bytes, its place in the order.
 */

#include "plumbline.h"

static struct pl_outcome
receive(int fd, char *b, size_t size, int call)
{
	struct pl_address from;
	int flags;

	switch (call) {
	case 0:
		return (sys_recv(fd, b, size, 0));
	case 1:
		return (sys_read(fd, b, size));
	case 2:
		return (sys_recvfrom(fd, b, size, 0, &from));
	default:
		return (sys_receive(fd, b, size, 0, &flags));
	}
}

enum { CALLS = 4 };

/* One receive for each send, by each of the calls, however much room there is. */
PL_CASE(each_receive_gives_one_datagram,
    .verifies = "udp.boundary.each-receive-returns-one-datagram", .kinds = PL_UDP)
{
	static const char *const texts[] = { "a", "bc", "def" };
	struct pl_address name, own;
	int receiver = pl_bound(&name), sender = pl_bound(&own);
	char b[64];

	for (int call = 0; call < CALLS; call++) {
		for (size_t i = 0; i < 3; i++)
			pl_must(sys_sendto(sender, texts[i], i + 1, 0, &name));
		pl_await_delivery(sender);
		for (size_t i = 0; i < 3; i++) {
			pl_expect(receive(receiver, b, sizeof(b), call), returns((long)i + 1));
			pl_expect_bytes(b, texts[i], i + 1);
		}
		pl_expect_nothing(receiver);
	}
}

/* What the buffer cannot hold is gone; the next receive begins with the next datagram. */
PL_CASE(excess_bytes_are_discarded, .verifies = "udp.boundary.excess-bytes-are-discarded",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char b[64];

	for (int call = 0; call < CALLS; call++) {
		memset(b, '-', sizeof(b));
		pl_must(sys_send(p.w, "0123456789", 10, 0));
		pl_must(sys_send(p.w, "next", 4, 0));
		pl_expect(receive(p.r, b, 4, call), returns(4));
		pl_expect_bytes(b, "0123----", 8);
		pl_expect_arriving(p.r, "next");
		pl_expect_nothing(p.r);
	}
}

/* Receive into two pieces of 2 and 2 bytes; what msg_flags has of MSG_TRUNC. */
static struct pl_outcome
cut_of(int fd, long size)
{
	char a[2], b[2];
	struct iovec v[] = { { a, 2 }, { b, 2 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	pl_expect_arrival(fd);
	pl_expect(sys_recvmsg(fd, &m, 0), returns(size));
	return (pl_message_flags(m.msg_flags, MSG_TRUNC));
}

/* By one byte or by many. */
PL_CASE(msg_trunc_tells_of_the_cut, .verifies = "udp.boundary.msg-trunc-set-on-truncation",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();

	for (size_t size = 5; size <= 11; size += 2) {
		pl_must(sys_send(p.w, "0123456789x", size, 0));
		pl_expect(cut_of(p.r, 4), is(MSG_TRUNC));
	}
	pl_expect_nothing(p.r);
}

/* Nothing was cut off, right after something was. */
PL_CASE(msg_trunc_is_clear_on_an_exact_fit, .verifies = "udp.boundary.msg-trunc-clear-on-exact-fit",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_send(p.w, "01234567", 8, 0));
	pl_must(sys_recv(p.r, b, 4, 0));
	for (int size = 4; size > 0; size--) {
		pl_must(sys_send(p.w, "0123", (size_t)size, 0));
		pl_expect(cut_of(p.r, size), is(0));
	}
}

/* Around the sizes at which a kernel's buffers, or the packets of common links, end. */
PL_CASE(payload_is_intact_for_many_sizes, .verifies = "udp.data.payload-intact-for-many-sizes",
    .kinds = PL_UDP)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 64, 127, 128, 129, 224, 255, 256, 257, 511, 512,
		513, 1023, 1024, 1025, 1452, 1453, 1471, 1472, 1473, 2047, 2048, 2049, 4095, 4096,
		4097, 8191, 8192, 8193, 9000 };
	enum { LARGEST = 9000 };
	struct pl_pair p = pl_pair();
	char b[LARGEST + 1];

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pl_payload(b, sizes[i], i, 0);
		pl_must(sys_send(p.w, b, sizes[i], 0));
		memset(b, 0, sizeof(b));
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns((long)sizes[i]));
		pl_expect_payload(b, sizes[i], i, 0);
	}
	pl_expect_nothing(p.r);
}

/* One sender, one receiver, one way between them. */
PL_CASE(loopback_keeps_the_order, .verifies = "udp.order.fifo-on-loopback", .kinds = PL_UDP)
{
	enum { COUNT = 40, LEAST = 8 };
	struct pl_pair p = pl_pair();
	char b[LEAST + COUNT];

	for (unsigned i = 0; i < COUNT; i++) {
		pl_payload(b, LEAST + i, i, 0);
		pl_must(sys_send(p.w, b, LEAST + i, 0));
	}
	for (unsigned i = 0; i < COUNT; i++) {
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(LEAST + (long)i));
		pl_expect_payload(b, LEAST + i, i, 0);
	}
	pl_expect_nothing(p.r);
}

/* However many pieces are written and read, it is one datagram. */
PL_CASE(writev_and_readv_move_one_datagram, .verifies = "udp.io.writev-readv-one-datagram",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char a[] = "ab", b[] = "c", c[] = "de", x[3] = "--", y[9] = "--------";
	const struct iovec out[] = { { a, 2 }, { b, 1 }, { c, 2 } };
	const struct iovec in[] = { { x, 2 }, { y, 8 } };

	pl_expect(sys_writev(p.w, out, 3), returns(5));
	pl_expect(sys_writev(p.w, out, 2), returns(3));
	pl_expect_arrival(p.r);
	pl_expect(sys_readv(p.r, in, 2), returns(5));
	pl_expect_bytes(x, "ab", 2);
	pl_expect_bytes(y, "cde-----", 8);
	pl_expect(sys_readv(p.r, in, 2), returns(3));
	pl_expect_bytes(y, "cde-----", 8);
	pl_expect_nothing(p.r);
}
