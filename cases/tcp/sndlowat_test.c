/*
 * SO_SNDLOWAT: how much room makes a connection writable.
 */

#include "plumbline.h"

/* So much is free behind a full buffer that grew by it, which nobody empties. */
PL_CASE(sndlowat_gates_writability, .verifies = "tcp.sndlowat.gates-writability", .kinds = PL_TCP)
{
	enum { SIZE = 16384, ROOM = 8192 };
	struct pl_pair p = pl_narrow_pair(SIZE, 4096);

	if (pl_os.profile != PL_PROFILE_FREEBSD)
		pl_not_tested("this kernel has no SO_SNDLOWAT to be set");
	pl_expect(pl_poll_now(p.w, POLLOUT), is(POLLOUT));
	pl_expect(sys_set_option(p.w, SOL_SOCKET, SO_SNDLOWAT, 1), returns(0));
	pl_fill_pair(p, 4096);
	pl_expect(pl_poll_now(p.w, POLLOUT), is(0));
	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, SIZE + ROOM);
	pl_expect(sys_set_option(p.w, SOL_SOCKET, SO_SNDLOWAT, ROOM / 2), returns(0));
	pl_expect(pl_poll_now(p.w, POLLOUT), is(POLLOUT));
	pl_expect(sys_set_option(p.w, SOL_SOCKET, SO_SNDLOWAT, ROOM + ROOM / 2), returns(0));
	pl_expect(pl_poll_now(p.w, POLLOUT), is(0));
}
