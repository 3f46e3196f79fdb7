/*
 * The end of a TCP stream, as its reader finds it after the peer's orderly close.
 */

#include "plumbline.h"

/* Both ends may be the one that goes: a close is no abort. */
PL_CASE(read_returns_zero_after_peer_close,
    .verifies = "tcp.eof.read-returns-zero-after-peer-close", .kinds = PL_TCP)
{
	struct pl_pair accepted_goes = pl_pair(), connected_goes = pl_pair();
	char b[8];

	pl_close(accepted_goes.r);
	pl_expect_arrival(accepted_goes.w);
	pl_expect(sys_read(accepted_goes.w, b, sizeof(b)), returns(0));
	pl_close(connected_goes.w);
	pl_expect_arrival(connected_goes.r);
	pl_expect(sys_read(connected_goes.r, b, sizeof(b)), returns(0));
	pl_expect(pl_value(pl_get_option(connected_goes.r, SOL_SOCKET, SO_ERROR), NULL, "SO_ERROR"),
	    is(0));
}

PL_CASE(pending_data_is_read_before_eof, .verifies = "tcp.eof.pending-data-is-read-before-eof",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pollfd entry = { .fd = p.r, .events = POLLRDHUP };
	char b[8];

	pl_write(p.w, "abcd", 4);
	pl_close(p.w);
	/* The end has arrived too before the first byte is asked for. */
	pl_expect(sys_poll(&entry, 1, 5000), returns(1));
	pl_expect(sys_read(p.r, b, 3), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_expect_bytes(b, "d", 1);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* The end stays, whichever call meets it first and whichever comes later. */
PL_CASE(every_later_read_returns_zero, .verifies = "tcp.eof.every-later-read-returns-zero",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];
	struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
	int flags;

	pl_close(p.w);
	pl_expect_arrival(p.r);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), returns(0));
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
		pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
		pl_expect(sys_readv(p.r, &v, 1), returns(0));
		pl_expect(sys_receive(p.r, b, sizeof(b), 0, &flags), returns(0));
		pl_expect(sys_recvfrom(p.r, b, sizeof(b), 0, NULL), returns(0));
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(0));
		pl_nonblock(p.r, true);
		pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
		pl_nonblock(p.r, false);
	}
}

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

PL_CASE(blocked_reader_is_woken_by_peer_close,
    .verifies = "tcp.eof.blocked-reader-is-woken-by-peer-close", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *reader = pl_child(read_one, &p.r, p.r);

	pl_expect_blocks(reader);
	pl_close(p.w);
	pl_expect(pl_result(reader), returns(0));
}
