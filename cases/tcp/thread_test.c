/*
 * Two threads and one TCP socket: what one does in one direction does not touch
 * the other in its call.
 */

#include "plumbline.h"

struct reading {
	int fd;
	char bytes[8];
};

static struct pl_outcome
read_some(void *argument)
{
	struct reading *r = argument;

	return (sys_read(r->fd, r->bytes, sizeof(r->bytes)));
}

/* The directions are two things, one of which may wait while the other goes on. */
PL_CASE(reader_does_not_hold_off_writer, .verifies = "tcp.thread.read-and-write-concurrently",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct reading reading = { .fd = p.r };
	struct pl_peer *reader = pl_thread(read_some, &reading);

	pl_expect_blocks(reader);
	for (int i = 0; i < 3; i++) {
		pl_expect(sys_write(p.r, "ask", 3), returns(3));
		pl_expect_arriving(p.w, "ask");
		pl_expect_blocks(reader);
	}
	pl_expect(sys_write(p.w, "reply", 5), returns(5));
	pl_expect(pl_result(reader), returns(5));
	pl_expect_bytes(reading.bytes, "reply", 5);
}
