/*
 * MSG_PEEK on a TCP connection: a look that changes nothing.
 */

#include "plumbline.h"

/* An error that is told once: does a look use it up? */
PL_CASE(pending_reset_error, .verifies = "tcp.peek.pending-reset-error", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_set_linger(p.w, 1, 0));
	pl_close(p.w);
	pl_expect_disconnection(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), fails(ECONNRESET));
	pl_expect(sys_read(p.r, b, sizeof(b)), on(PL_FREEBSD, fails(ECONNRESET)),
	    on(PL_LINUX, returns(0)));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}
