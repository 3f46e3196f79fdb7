/*
 * Messages that are longer than the buffer: MSG_TRUNC, as an answer and as a question.
 */

#include "plumbline.h"

/* Receive into two pieces of 2 and 2 bytes; what msg_flags has of MSG_TRUNC. */
static struct pl_outcome
cut_of(int fd, long size)
{
	char a[2], b[2];
	struct iovec v[] = { { a, 2 }, { b, 2 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	pl_expect_arrival(fd);
	pl_expect(sys_recvmsg(fd, &m, 0), returns(size));
	pl_expect_bytes(a, "01", size < 2 ? (size_t)size : 2);
	if (size > 2)
		pl_expect_bytes(b, "23", (size_t)size - 2);
	return (pl_message_flags(m.msg_flags, MSG_TRUNC));
}

/* By one byte or by many; what was cut off is lost, and the next message is the next. */
PL_CASE(msg_trunc_tells_of_the_cut, .verifies = "io.trunc.msg-trunc-set-when-datagram-cut",
    .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	for (size_t size = 5; size <= 11; size += 2) {
		pl_must(sys_send(p.w, "0123456789x", size, 0));
		pl_expect(cut_of(p.r, 4), is(MSG_TRUNC));
	}
	pl_must(sys_send(p.w, "abcdefgh", 8, 0));
	pl_must(sys_send(p.w, "xyz", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive(p.r, b, 3, 0, &got), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(pl_message_flags(got, MSG_TRUNC), is(MSG_TRUNC));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive(p.r, b, 3, 0, &got), returns(3));
	pl_expect_bytes(b, "xyz", 3);
	pl_expect(pl_message_flags(got, MSG_TRUNC), is(0));
	/* read has no way to say it, and discards all the same. */
	pl_must(sys_send(p.w, "ijkl", 4, 0));
	pl_must(sys_send(p.w, "0123", 4, 0));
	pl_expect(sys_read(p.r, b, 1), returns(1));
	pl_expect_bytes(b, "i", 1);
	pl_expect(cut_of(p.r, 4), is(0));
	pl_expect_nothing(p.r);
}

/* Nothing was cut off, right after something was. */
PL_CASE(msg_trunc_is_clear_on_an_exact_fit, .verifies = "io.trunc.msg-trunc-clear-on-exact-fit",
    .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	pl_must(sys_send(p.w, "01234567", 8, 0));
	pl_must(sys_receive(p.r, b, 4, 0, &got));
	for (int size = 4; size > 0; size--) {
		pl_must(sys_send(p.w, "0123", (size_t)size, 0));
		pl_expect(cut_of(p.r, size), is(0));
	}
}

/* Asked so, a receive tells how long the datagram was, and stores no more than fits. */
PL_CASE(msg_trunc_flag_gives_the_real_length,
    .verifies = "io.trunc.flag-returns-real-length-on-datagrams", .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[16] = "---------------";

	pl_must(sys_send(p.w, "0123456789", 10, 0));
	pl_must(sys_send(p.w, "xyz", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, 4, MSG_TRUNC), returns(10));
	pl_expect_bytes(b, "0123-----------", 15);
	/* A datagram that fits is no longer than it is. */
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_TRUNC), returns(3));
	pl_expect_bytes(b, "xyz3-----------", 15);
	pl_expect_nothing(p.r);
}

/* No buffer is needed to learn how large it must be. */
PL_CASE(peek_and_trunc_size_the_next_datagram,
    .verifies = "io.trunc.peek-plus-trunc-tells-size-without-consuming", .kinds = PL_DATAGRAMS)
{
	static const char *const texts[] = { "0123456789", "abc" };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 2; i++)
		pl_must(sys_send(p.w, texts[i], strlen(texts[i]), 0));
	for (int i = 0; i < 2; i++) {
		const long length = (long)strlen(texts[i]);
		char b[4] = "---";

		pl_expect_arrival(p.r);
		for (int k = 0; k < 2; k++)
			pl_expect(sys_recv(p.r, NULL, 0, MSG_PEEK | MSG_TRUNC), returns(length));
		pl_expect(sys_recv(p.r, b, 1, MSG_PEEK | MSG_TRUNC), returns(length));
		pl_expect_bytes(b, i == 0 ? "0--" : "a--", 3);
		pl_expect_text(p.r, texts[i]);
	}
	pl_expect_nothing(p.r);
}

/*
 * Linux has the flag for every message; the page of FreeBSD for datagrams alone, so that
 * it changes nothing here: what a short receive leaves behind is another requirement.
 */
PL_CASE(msg_trunc_flag_on_a_record, .verifies = "io.trunc.flag-on-seqpacket",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	char b[16] = "---------------";

	pl_must(sys_send(p.w, "0123456789", 10, MSG_EOR));
	pl_expect(
	    sys_recv(p.r, b, 2, MSG_TRUNC), on(PL_LINUX, returns(10)), on(PL_FREEBSD, returns(2)));
	pl_expect_bytes(b, "01-------------", 15);
	if (!pl_asks(PL_LINUX))
		return;
	pl_expect_nothing(p.r);
	pl_must(sys_send(p.w, "xyz", 3, MSG_EOR));
	pl_expect(sys_recv(p.r, b, 1, MSG_PEEK | MSG_TRUNC), on(PL_LINUX, returns(3)));
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_TRUNC), on(PL_LINUX, returns(3)));
	pl_expect_nothing(p.r);
}
