/*
 * Duplicates of an end: what they share with the original.
 */

#include "plumbline.h"

/* There is one queue of bytes: neither descriptor sees any of them twice. */
PL_CASE(reads_share_one_stream, .verifies = "pipe.dup.reads-share-one-stream", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.r), writer = pl_dup(p.w);
	char b[2];

	pl_write(p.w, "abc", 3);
	pl_write(writer, "def", 3);
	pl_expect(sys_read(p.r, b, 2), returns(2));
	pl_expect_bytes(b, "ab", 2);
	pl_expect(sys_read(copy, b, 2), returns(2));
	pl_expect_bytes(b, "cd", 2);
	pl_expect(sys_read(p.r, b, 2), returns(2));
	pl_expect_bytes(b, "ef", 2);
	pl_nonblock(p.r, true);
	pl_expect(sys_read(copy, b, 2), fails(EAGAIN));
}
