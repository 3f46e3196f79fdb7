/*
 * MSG_PEEK on a TCP connection: a look that changes nothing.
 */

#include "plumbline.h"

PL_CASE(data_stays_queued, .verifies = "tcp.peek.data-stays-queued", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int flags;

	pl_write(p.w, "abcd", 4);
	pl_expect_queued(p.r, 4);
	pl_nonblock(p.r, true);
	for (int i = 0; i < 2; i++) {
		memset(b, 0, sizeof(b));
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), returns(4));
		pl_expect_bytes(b, "abcd", 4);
	}
	/* A look at a part is one at the beginning, and so is each later one. */
	for (int i = 0; i < 2; i++) {
		memset(b, 0, sizeof(b));
		pl_expect(sys_receive(p.r, b, 3, MSG_PEEK, &flags), returns(3));
		pl_expect_bytes(b, "abc", 4);
	}
	pl_expect_text(p.r, "abcd");
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), fails(EAGAIN));
	pl_expect_nothing(p.r);
}

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
