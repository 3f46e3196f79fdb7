/*
 * select(2) on pipe ends: which sets they stay in, and what wakes it.
 */

#include "plumbline.h"

/* Readiness follows the data. */
PL_CASE(
    readable_when_data_waits, .verifies = "pipe.select.readable-when-data-waits", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect_sets(p.r, PL_READABLE, 0);
	pl_write(p.w, "a", 1);
	pl_expect_sets(p.r, PL_READABLE, PL_READABLE);
	pl_expect_sets(p.r, PL_READABLE, PL_READABLE);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_expect_sets(p.r, PL_READABLE, 0);
}

/* A write that fails does not block: a widowed write end is ready, full or not. */
PL_CASE(widowed_write_end_is_ready, .verifies = "pipe.select.widowed-write-end-is-ready",
    .kinds = PL_PIPES)
{
	/* POSIX speaks of writing alone. */
	int asked = pl_asks(PL_POSIX) ? PL_WRITABLE : PL_READABLE | PL_WRITABLE | PL_EXCEPTIONAL;

	for (int full = 0; full < 2; full++) {
		struct pl_pair p = pl_pair();

		if (full)
			pl_fill(p.w, PIPE_BUF);
		pl_close(p.r);
		pl_expect_sets(p.w, asked, asked & ~PL_EXCEPTIONAL);
		pl_expect(sys_write(p.w, "a", 1), fails_with_sigpipe(EPIPE));
	}
}

static struct pl_outcome
wait_until_ready(void *sets)
{
	return (sys_select_sets(sets, -1));
}

/* A child that sleeps in select until an end is readable; its sets are the parent's too. */
static struct pl_peer *
sleeping_selector(int fd, struct pl_sets **s)
{
	struct pl_peer *selector;

	*s = pl_shared(sizeof(**s));
	**s = pl_sets_of(fd, PL_READABLE | PL_EXCEPTIONAL);
	selector = pl_child(wait_until_ready, *s, fd);
	pl_expect_blocks(selector);
	return (selector);
}

/* A process that ends closes its ends: the sleep is over, and so is the file. */
PL_CASE(is_woken_by_writer_exit, .verifies = "pipe.select.woken-by-writer-exit", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int leave = 0;
	struct pl_peer *writer = pl_child(pl_hold, &leave, p.w);
	struct pl_peer *selector;
	struct pl_sets *s;
	char b[8];

	pl_close(p.w);
	selector = sleeping_selector(p.r, &s);
	pl_reach(leave);
	pl_expect(pl_result(selector), returns(1));
	pl_expect(pl_sets_with(s, p.r), is(PL_READABLE));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_must(pl_result(writer));
}
