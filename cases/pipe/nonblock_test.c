/*
 * O_NONBLOCK: what is said instead of waiting, and whose flag it is.
 */

#include "plumbline.h"

#define MEBIBYTE (1 << 20)

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

/* So many bytes of stream 0 wait there, from its beginning, and none after them. */
static void
expect_waiting(int fd, size_t size)
{
	static char b[MEBIBYTE];
	size_t total = 0;

	pl_nonblock(fd, true);
	while (total < size) {
		long n = pl_expect(
		    sys_read(fd, b, size - total), returns_between(1, (long)(size - total)));

		pl_expect_payload(b, (size_t)n, 0, total);
		total += (size_t)n;
	}
	pl_expect(sys_read(fd, b, 1), fails(EAGAIN));
}

/* One byte too little room, or half of it: all of PIPE_BUF goes in or none. */
PL_CASE(small_write_is_all_or_nothing, .verifies = "pipe.nonblock.small-write-is-all-or-nothing",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t limit = (size_t)fpathconf(p.w, _PC_PIPE_BUF);
	const size_t rooms[] = { limit - 1, limit / 2, 1 };
	char *b = calloc(1, limit);

	if (b == NULL)
		pl_broken("no memory for %zu bytes", limit);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		size_t waiting = pl_leave_room(p, rooms[i]);

		pl_nonblock(p.w, true);
		pl_expect(sys_write(p.w, b, limit), fails(EAGAIN));
		expect_waiting(p.r, waiting);
		/* It did not forget that there is room now. */
		pl_expect(sys_write(p.w, b, limit), returns((long)limit));
		pl_drain(p.r);
	}
	free(b);
}

/*
 * Beyond PIPE_BUF a write takes what fits: as much as is there, so that after it
 * there is no room; and what it counts is what can be read.
 */
PL_CASE(
    large_write_is_partial, .verifies = "pipe.nonblock.large-write-is-partial", .kinds = PL_PIPES)
{
	static char sent[MEBIBYTE];
	struct pl_pair p = pl_pair();
	long least = fpathconf(p.w, _PC_PIPE_BUF), n;

	pl_payload(sent, sizeof(sent), 0, 0);
	pl_nonblock(p.w, true);
	n = pl_expect(sys_write(p.w, sent, sizeof(sent)),
	    on(PL_POSIX, returns_between(least, MEBIBYTE)),
	    on(PL_LINUX | PL_FREEBSD, returns_between(least, MEBIBYTE - 1)));
	if (n < MEBIBYTE)
		pl_expect(sys_write(p.w, sent + n, 1), fails(EAGAIN));
	expect_waiting(p.r, (size_t)n);
}

/* No room at all is the same error for a large write. */
PL_CASE(large_write_to_full_pipe_gives_eagain,
    .verifies = "pipe.nonblock.large-write-to-full-pipe-eagain", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t size = (size_t)fpathconf(p.w, _PC_PIPE_BUF) + 1;
	size_t filled = pl_fill(p.w, 4096);
	char *b = calloc(16, size);

	if (b == NULL)
		pl_broken("no memory for %zu bytes", 16 * size);
	pl_nonblock(p.w, true);
	pl_expect(sys_write(p.w, b, size), fails(EAGAIN));
	pl_expect(sys_write(p.w, b, 16 * size), fails(EAGAIN));
	expect_waiting(p.r, filled);
	free(b);
}

/* The flag goes as it came. */
PL_CASE(clearing_it_restores_blocking, .verifies = "pipe.nonblock.clearing-it-restores-blocking",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *reader;
	char b;

	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, &b, 1), fails(EAGAIN));
	pl_nonblock(p.r, false);
	reader = pl_child(read_one, &p.r, p.r);
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
}

/* A pipe that was full is full no longer. */
PL_CASE(write_succeeds_after_drain, .verifies = "pipe.nonblock.write-succeeds-after-drain",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[4];

	pl_fill(p.w, 4096);
	pl_nonblock(p.w, true);
	pl_expect(sys_write(p.w, "x", 1), fails(EAGAIN));
	pl_drain(p.r);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_expect_bytes(b, "x", 1);
}
