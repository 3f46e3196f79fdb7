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
