/*
 * The end of a process that has a TCP connection: it closes in good order.
 */

#include "plumbline.h"

#define MUCH 20000

static struct pl_outcome
write_and_end(void *fd)
{
	unsigned char bytes[MUCH];

	pl_payload(bytes, sizeof(bytes), 1, 0);
	pl_write(*(int *)fd, bytes, 3);
	pl_write(*(int *)fd, bytes + 3, sizeof(bytes) - 3);
	return (pl_done());
}

/* Nothing of what it wrote is lost, though nobody read it in time. */
PL_CASE(exit_is_the_end_of_the_data, .verifies = "tcp.exit.process-exit-sends-eof", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer = pl_child(write_and_end, &p.w, p.w);
	unsigned char bytes[MUCH];

	pl_close(p.w);
	pl_result(writer);
	pl_expect(sys_recv(p.r, bytes, 3, MSG_WAITALL), returns(3));
	pl_expect_payload(bytes, 3, 1, 0);
	pl_expect(sys_recv(p.r, bytes, MUCH - 3, MSG_WAITALL), returns(MUCH - 3));
	pl_expect_payload(bytes, MUCH - 3, 1, 3);
	for (int i = 0; i < 2; i++)
		pl_expect_end(p.r);
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_ERROR), is(0));
}
