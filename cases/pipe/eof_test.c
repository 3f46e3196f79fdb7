/*
 * End of file: what a reader sees when the writers have gone.
 */

#include "plumbline.h"

static struct pl_outcome
read_eight(void *fd)
{
	char b[8];

	return (sys_read(*(int *)fd, b, sizeof(b)));
}

/* With the write end closed and the pipe empty a read returns 0. */
PL_CASE(read_returns_zero_after_last_writer_closes,
    .verifies = "pipe.eof.read-returns-zero-after-last-writer-closes", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* Close does not discard: what was written before is read first. */
PL_CASE(buffered_data_comes_first, .verifies = "pipe.eof.buffered-data-comes-first",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* The close of the last writer ends a sleep in read. */
PL_CASE(wakes_a_blocked_reader, .verifies = "pipe.eof.wakes-a-blocked-reader", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *reader = pl_child(read_eight, &p.r, p.r);

	pl_wait_blocked(reader);
	pl_close(p.w);
	pl_expect(pl_result(reader), returns(0));
}
