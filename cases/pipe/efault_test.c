/*
 * Buffers that lie outside the address space, wholly or in part.
 */

#include "plumbline.h"

/* So many bytes of stream 0 wait there, from its beginning, and none after them. */
static void
expect_waiting(int fd, size_t size)
{
	char b[512];

	pl_nonblock(fd, true);
	if (size > 0) {
		pl_expect(sys_read(fd, b, sizeof(b)), returns((long)size));
		pl_expect_payload(b, size, 0, 0);
	}
	pl_expect(sys_read(fd, b, sizeof(b)), fails(EAGAIN));
	pl_nonblock(fd, false);
}

/* Set-up: write so many bytes of stream 0, from its beginning. */
static void
put(int fd, size_t size)
{
	char b[512];

	pl_payload(b, size, 0, 0);
	pl_write(fd, b, size);
}

/* No byte, no copy, no fault. */
PL_CASE(no_fault_without_data, .verifies = "pipe.efault.not-reported-when-nothing-to-copy",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	void *bad = pl_guarded(0);

	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, bad, 3), fails(EAGAIN));
	pl_close(p.w);
	pl_expect(sys_read(p.r, bad, 3), returns(0));
	pl_nonblock(p.r, false);
	pl_expect(sys_read(p.r, bad, 3), returns(0));
}

/*
 * FreeBSD gives the error and forgets the good half.  Linux may give the error
 * or a short count; that many bytes are then in the pipe, and no others.
 */
PL_CASE(write_from_partly_bad_buffer, .verifies = "pipe.efault.write-from-partly-bad-buffer",
    .kinds = PL_PIPES)
{
	enum { HALF = 8192 };
	struct pl_pair p = pl_pair();
	char *b = pl_guarded(HALF), *got = malloc(2 * HALF);
	long n;

	if (got == NULL)
		pl_broken("no memory for %d bytes", 2 * HALF);
	pl_payload(b, HALF, 0, 0);
	pl_nonblock(p.w, true);
	pl_nonblock(p.r, true);
	n = pl_expect(
	    sys_write(p.w, b, 2 * HALF), fails(EFAULT), on(PL_LINUX, returns_between(1, HALF)));
	if (n > 0) {
		pl_expect(sys_read(p.r, got, 2 * HALF), returns(n));
		pl_expect_payload(got, (size_t)n, 0, 0);
	}
	pl_expect(sys_read(p.r, got, 2 * HALF), fails(EAGAIN));
	free(got);
}

/* Within PIPE_BUF a write is one piece: its good half does not go alone. */
PL_CASE(small_write_is_all_or_nothing, .verifies = "pipe.efault.small-write-is-all-or-nothing",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char *b = pl_guarded(100);

	pl_payload(b, 100, 0, 150);
	/* To an empty pipe, and behind bytes that wait. */
	pl_expect(sys_write(p.w, b, 200), fails(EFAULT));
	expect_waiting(p.r, 0);
	put(p.w, 150);
	pl_expect(sys_write(p.w, b, 200), fails(EFAULT));
	pl_expect(sys_write(p.w, b, 100), returns(100));
	expect_waiting(p.r, 250);
}
