/*
 * Flags of the transfer calls: msg_flags before and after, bits without a meaning,
 * and MSG_DONTROUTE.
 */

#include "plumbline.h"

/* No system has given this one a meaning. */
#define UNKNOWN_FLAG 0x01000000

/* One call with a message of one area, whose msg_flags is something else before. */
static struct pl_outcome
send_with_preset(int fd, const char *text, int preset)
{
	char b[8];
	struct iovec v = { .iov_base = b, .iov_len = strlen(text) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_flags = preset };

	memcpy(b, text, v.iov_len);
	return (sys_sendmsg(fd, &m, pl_whole()));
}

struct receiving {
	int fd, preset;
	char *bytes; /* shared */
};

static struct pl_outcome
receive_with_preset(void *argument)
{
	const struct receiving *r = argument;
	struct iovec v = { .iov_base = r->bytes, .iov_len = 8 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_flags = r->preset };

	return (sys_recvmsg(r->fd, &m, 0));
}

/*
 * Nothing of it is heeded: the data are not urgent, a receive waits for them, and
 * takes them away.
 */
PL_CASE(msg_flags_on_input_is_ignored, .verifies = "io.flags.msg-flags-on-input-is-ignored",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct receiving r = { p.r, MSG_OOB | MSG_DONTWAIT | MSG_PEEK | MSG_WAITALL, pl_shared(8) };
	struct pl_peer *receiver = pl_child(receive_with_preset, &r, p.r);

	pl_expect_blocks(receiver);
	pl_expect(send_with_preset(p.w, "abc", MSG_OOB | MSG_DONTWAIT | MSG_PEEK), returns(3));
	pl_expect(pl_result(receiver), returns(3));
	pl_expect_bytes(r.bytes, "abc", 3);
	pl_expect_nothing(p.r);
	pl_expect(send_with_preset(p.w, "defg", MSG_OOB), returns(4));
	pl_expect_arrival(p.r);
	pl_expect(receive_with_preset(&r), returns(4));
	pl_expect_bytes(r.bytes, "defg", 4);
	pl_expect_left(p, "");
}

/* What comes back tells of the message, not of the call. */
PL_CASE(msg_flags_on_return_holds_only_conditions,
    .verifies = "io.flags.msg-flags-on-return-holds-only-conditions", .kinds = PL_SOCKETS)
{
	static const int flags[] = { MSG_PEEK, MSG_DONTWAIT, MSG_PEEK | MSG_DONTWAIT, MSG_WAITALL,
		0 };
	struct pl_pair p = pl_pair();
	char b[3];

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
		struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_flags = MSG_PEEK };

		pl_put(p, "abc", 3);
		pl_expect_waiting(p.r, 3);
		pl_expect(sys_recvmsg(p.r, &m, flags[i]), returns(3));
		pl_expect_bytes(b, "abc", 3);
		/* The end of a record is a condition, and another requirement's matter. */
		pl_expect(pl_message_flags(m.msg_flags, ~pl_whole()), is(0));
		if (flags[i] & MSG_PEEK)
			pl_expect_text(p.r, "abc");
	}
	pl_expect_left(p, "");
}

/* The one that some systems do report. */
PL_CASE(cmsg_cloexec_in_msg_flags, .verifies = "io.flags.msg-flags-on-return-holds-only-conditions",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	pl_put(p, "abc", 3);
	pl_expect_arrival(p.r);
	pl_expect(sys_receive(p.r, b, sizeof(b), MSG_CMSG_CLOEXEC, &got), returns(3));
	pl_expect(pl_message_flags(got, ~pl_whole()), is(0),
	    on(PL_LINUX | PL_POSIX, is(MSG_CMSG_CLOEXEC)));
}

/* As if it were clear: nothing is refused, lost, peeked at, or waited for. */
PL_CASE(unknown_bit_is_ignored, .verifies = "io.flags.unknown-bit-is-ignored", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	pl_expect(sys_recv(p.r, b, sizeof(b), UNKNOWN_FLAG | MSG_DONTWAIT), fails(EAGAIN));
	pl_expect(sys_send(p.w, "abc", 3, UNKNOWN_FLAG | pl_whole()), returns(3));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), UNKNOWN_FLAG), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_send(p.w, "defg", 4, UNKNOWN_FLAG | pl_whole()), returns(4));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive(p.r, b, sizeof(b), UNKNOWN_FLAG, &got), returns(4));
	pl_expect_bytes(b, "defg", 4);
	pl_expect(pl_message_flags(got, MSG_TRUNC | MSG_CTRUNC | MSG_OOB), is(0));
	pl_expect_left(p, "");
}

/* Loopback is directly attached: no route is needed to get there. */
PL_CASE(dontroute_still_reaches_loopback, .verifies = "io.flags.dontroute-still-reaches-loopback",
    .kinds = PL_SOCKETS | PL_INET)
{
	struct pl_pair p = pl_pair();
	struct pl_address name;

	pl_expect(sys_send(p.w, "abc", 3, MSG_DONTROUTE), returns(3));
	pl_expect_arriving(p.r, "abc");
	pl_expect(sys_send(p.w, "def", 3, 0), returns(3));
	pl_expect_arriving(p.r, "def");
	pl_expect(sys_send(p.r, "back", 4, MSG_DONTROUTE), returns(4));
	pl_expect_arriving(p.w, "back");
	if (pl_kind_has(PL_DATAGRAMS)) {
		int receiver = pl_bound(&name);

		pl_expect(sys_sendto(pl_unconnected(), "ghi", 3, MSG_DONTROUTE, &name), returns(3));
		pl_expect_arriving(receiver, "ghi");
	}
}
