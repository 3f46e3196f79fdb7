/*
 * End of file: what a reader sees when the writers have gone.
 */

#include "plumbline.h"

/* Never reached: a peer that holds until this is killed. */
enum { NEVER, GO };

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
PL_CASE(
    buffered_data_comes_first, .verifies = "pipe.eof.buffered-data-comes-first", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* The same for more than a page, taken in two unequal parts. */
PL_CASE(much_buffered_data_comes_first, .verifies = "pipe.eof.buffered-data-comes-first",
    .kinds = PL_PIPES)
{
	enum { SIZE = 6000, FIRST = 4321 };
	static char b[SIZE];
	struct pl_pair p = pl_pair();

	pl_payload(b, SIZE, 0, 0);
	pl_write(p.w, b, SIZE);
	pl_close(p.w);
	memset(b, 0, SIZE);
	pl_expect(sys_read(p.r, b, FIRST), returns(FIRST));
	pl_expect(sys_read(p.r, b + FIRST, SIZE), returns(SIZE - FIRST));
	pl_expect_payload(b, SIZE, 0, 0);
	pl_expect(sys_read(p.r, b, SIZE), returns(0));
}

/* A read does not use the end of file up, nor does a look at it. */
PL_CASE(is_sticky, .verifies = "pipe.eof.is-sticky", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "x", 1);
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect(sys_read(p.r, b, 1), returns(0));
	pl_poll_now(p.r, POLLIN);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_nonblock(p.r, true);
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

/* Nobody is left asleep: the end of file is for all readers, not for the first. */
PL_CASE(wakes_every_blocked_reader, .verifies = "pipe.eof.wakes-every-blocked-reader",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *readers[3];

	for (int i = 0; i < 3; i++)
		readers[i] = pl_child(read_eight, &p.r, p.r);
	for (int i = 0; i < 3; i++)
		pl_wait_blocked(readers[i]);
	pl_close(p.w);
	for (int i = 0; i < 3; i++)
		pl_expect(pl_result(readers[i]), returns(0));
}

/* "Nothing yet" and "nothing more" are told apart without blocking. */
PL_CASE(nonblocking_reader_gets_zero_not_eagain,
    .verifies = "pipe.eof.nonblocking-reader-gets-zero-not-eagain", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

static struct pl_outcome
write_abc(void *fd)
{
	pl_write(*(int *)fd, "abc", 3);
	pl_await(GO);
	return (pl_done());
}

/* The end of a process closes what it left open. */
PL_CASE(
    when_writer_process_exits, .verifies = "pipe.eof.when-writer-process-exits", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer = pl_child(write_abc, &p.w, p.w);
	char b[8];

	pl_close(p.w);
	pl_expect_text(p.r, "abc");
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_nonblock(p.r, false);
	pl_reach(GO);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_result(writer);
}

/* So does a violent end. */
PL_CASE(when_writer_process_is_killed, .verifies = "pipe.eof.when-writer-process-is-killed",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int checkpoint = NEVER;
	struct pl_peer *writer = pl_child(pl_hold, &checkpoint, p.w);
	char b[8];

	pl_close(p.w);
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_nonblock(p.r, false);
	pl_kill(writer, SIGKILL);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_result(writer);
}

/* The vector form agrees, before and at the end. */
PL_CASE(readv_returns_zero, .verifies = "pipe.eof.readv-returns-zero", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char a[2], b[4];
	struct iovec v[] = { { a, sizeof(a) }, { b, sizeof(b) } };

	pl_write(p.w, "abc", 3);
	pl_close(p.w);
	pl_expect(sys_readv(p.r, v, 2), returns(3));
	pl_expect_bytes(a, "ab", 2);
	pl_expect_bytes(b, "c", 1);
	pl_expect(sys_readv(p.r, v, 2), returns(0));
	pl_expect(sys_readv(p.r, v, 1), returns(0));
}
