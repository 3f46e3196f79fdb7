/*
 * Reads and writes of no bytes at all.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* It has no other result: what waits goes on waiting, and the buffer stays as it is. */
PL_CASE(read_of_nothing_consumes_nothing, .verifies = "pipe.zero.read-consumes-nothing",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[4] = "...";

	pl_write(p.w, "ab", 2);
	pl_expect(sys_read(p.r, b, 0), returns(0));
	pl_expect_bytes(b, "...", 3);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(2));
	pl_expect_bytes(b, "ab.", 3);
}

/* No byte is stored, so no address is needed; Linux's page lets the kernel look at it. */
PL_CASE(read_of_nothing_needs_no_buffer, .verifies = "pipe.zero.read-ignores-buffer-address",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	void *bad = pl_guarded(0);
	char b[4];

	for (int waiting = 0; waiting < 2; waiting++) {
		pl_expect(sys_read(p.r, NULL, 0), returns(0), on(PL_LINUX, fails(EFAULT)));
		pl_expect(sys_read(p.r, bad, 0), returns(0), on(PL_LINUX, fails(EFAULT)));
		if (waiting == 0)
			pl_write(p.w, "ab", 2);
	}
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(2));
	pl_expect_bytes(b, "ab", 2);
}

/* There is nothing to be read after it, by any measure. */
PL_CASE(
    write_of_nothing_adds_nothing, .verifies = "pipe.zero.write-adds-nothing", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int count = -1;
	char b;

	pl_expect(sys_write(p.w, "x", 0), returns(0));
	pl_expect(pl_poll_now(p.r, POLLIN), is(0));
	pl_must(sys_ioctl_int(p.r, FIONREAD, &count));
	pl_expect(pl_value(count, NULL, "bytes that FIONREAD counts"), is(0));
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, &b, 1), fails(EAGAIN));
}

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

/* End of file is the writers' end and nothing else: the sleeper sleeps on. */
PL_CASE(write_of_nothing_is_not_end_of_file, .verifies = "pipe.zero.write-is-not-end-of-file",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *reader = pl_child(read_one, &p.r, p.r);

	pl_wait_blocked(reader);
	/* What the call itself says is left open on Linux. */
	if (pl_asks(PL_FREEBSD))
		pl_expect(sys_write(p.w, "x", 0), returns(0));
	else
		sys_write(p.w, "x", 0);
	pl_expect_blocks(reader);
	pl_write(p.w, "y", 1);
	pl_expect(pl_result(reader), returns(1));
}

/* No room is room enough, with O_NONBLOCK and without. */
PL_CASE(
    write_of_nothing_to_a_full_pipe, .verifies = "pipe.zero.write-to-full-pipe", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t filled = pl_fill(p.w, 4096);

	pl_expect(sys_write(p.w, "x", 0), returns(0));
	pl_nonblock(p.w, true);
	pl_expect(sys_write(p.w, "x", 0), returns(0));
	pl_expect(pl_value((long)pl_drain(p.r), NULL, "bytes that wait"), is((long)filled));
}

/* Writing without a reader is an error whatever is written: the signal and the errno. */
PL_CASE(write_of_nothing_to_a_widowed_pipe, .verifies = "pipe.zero.write-to-widowed-pipe",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_close(p.r);
	pl_expect(sys_write(p.w, "x", 0), fails_with_sigpipe(EPIPE));
}
