/*
 * select(2) on pipe ends: which sets they stay in, and what wakes it.
 */

#include <sys/select.h>

#include "plumbline.h"
#include "sequence/names.h"

/* The three sets, as bits. */
enum { READABLE = 1, WRITABLE = 2, EXCEPTIONAL = 4 };

static const struct pl_name set_name[] = { { READABLE, "readable" }, { WRITABLE, "writable" },
	{ EXCEPTIONAL, "exceptional" }, { 0, NULL } };
static const struct pl_names set_names = { .table = set_name, .bits = 1, .zero = "no set" };

struct sets {
	fd_set readable, writable, exceptional;
	int limit;
};

static void
clear(struct sets *s)
{
	FD_ZERO(&s->readable);
	FD_ZERO(&s->writable);
	FD_ZERO(&s->exceptional);
	s->limit = 0;
}

static void
add(struct sets *s, int fd, int which)
{
	if (which & READABLE)
		FD_SET(fd, &s->readable);
	if (which & WRITABLE)
		FD_SET(fd, &s->writable);
	if (which & EXCEPTIONAL)
		FD_SET(fd, &s->exceptional);
	if (fd >= s->limit)
		s->limit = fd + 1;
}

/* In which sets is that descriptor? */
static struct pl_outcome
sets_with(const struct sets *s, int fd)
{
	int which = (FD_ISSET(fd, &s->readable) ? READABLE : 0) |
	    (FD_ISSET(fd, &s->writable) ? WRITABLE : 0) |
	    (FD_ISSET(fd, &s->exceptional) ? EXCEPTIONAL : 0);

	return (pl_value(which, &set_names, "sets with %s", pl_slot(fd)));
}

/* Select for at most that long; -1: until something is ready. */
static struct pl_outcome
select_for(struct sets *s, long microseconds)
{
	struct timeval limit = { .tv_sec = 0, .tv_usec = microseconds };

	return (sys_select(s->limit, &s->readable, &s->writable, &s->exceptional,
	    microseconds < 0 ? NULL : &limit));
}

static int
count(int which)
{
	return (
	    ((which & READABLE) != 0) + ((which & WRITABLE) != 0) + ((which & EXCEPTIONAL) != 0));
}

/* Ask for one end in some sets, now: judged, it stays in exactly those. */
static void
expect_sets(int fd, int asked, int wanted)
{
	struct sets s;

	clear(&s);
	add(&s, fd, asked);
	pl_expect(select_for(&s, 0), returns(count(wanted)));
	pl_expect(sets_with(&s, fd), is(wanted));
}

/* Readiness follows the data. */
PL_CASE(
    readable_when_data_waits, .verifies = "pipe.select.readable-when-data-waits", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	expect_sets(p.r, READABLE, 0);
	pl_write(p.w, "a", 1);
	expect_sets(p.r, READABLE, READABLE);
	expect_sets(p.r, READABLE, READABLE);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	expect_sets(p.r, READABLE, 0);
}

/* A read that gives 0 does not block, so the end is readable, and stays so. */
PL_CASE(
    readable_at_end_of_file, .verifies = "pipe.select.readable-at-end-of-file", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_close(p.w);
	for (int i = 0; i < 2; i++) {
		expect_sets(p.r, READABLE, READABLE);
		pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	}
}

/* The write end leaves the set when the pipe is full and comes back when it is not. */
PL_CASE(writable_until_full, .verifies = "pipe.select.writable-until-full", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	expect_sets(p.w, WRITABLE, WRITABLE);
	pl_fill(p.w, PIPE_BUF);
	expect_sets(p.w, WRITABLE, 0);
	pl_drain(p.r);
	expect_sets(p.w, WRITABLE, WRITABLE);
}

/* A write that fails does not block: a widowed write end is ready, full or not. */
PL_CASE(widowed_write_end_is_ready, .verifies = "pipe.select.widowed-write-end-is-ready",
    .kinds = PL_PIPES)
{
	/* POSIX speaks of writing alone. */
	int asked = pl_asks(PL_POSIX) ? WRITABLE : READABLE | WRITABLE | EXCEPTIONAL;

	for (int full = 0; full < 2; full++) {
		struct pl_pair p = pl_pair();

		if (full)
			pl_fill(p.w, PIPE_BUF);
		pl_close(p.r);
		expect_sets(p.w, asked, asked & ~EXCEPTIONAL);
		pl_expect(sys_write(p.w, "a", 1), fails_with_sigpipe(EPIPE));
	}
}

/* One closed descriptor spoils the call, and the caller's sets survive it. */
PL_CASE(ebadf_leaves_sets_unmodified, .verifies = "pipe.select.ebadf-leaves-sets-unmodified",
    .kinds = PL_PIPES)
{
	static const int places[] = { READABLE, WRITABLE, EXCEPTIONAL };
	struct pl_pair p = pl_pair();
	int closed = pl_dup(p.r);

	pl_close(closed);
	pl_write(p.w, "a", 1);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct sets s;

		clear(&s);
		add(&s, p.r, READABLE | EXCEPTIONAL);
		add(&s, p.w, READABLE | WRITABLE);
		add(&s, closed, places[i]);
		pl_expect(select_for(&s, 0), fails(EBADF));
		pl_expect(sets_with(&s, p.r), is(READABLE | EXCEPTIONAL));
		pl_expect(sets_with(&s, p.w), is(READABLE | WRITABLE));
		pl_expect(sets_with(&s, closed), is(places[i]));
	}
}

/* After a time-out, never too short a one, no set holds anything. */
PL_CASE(
    timeout_clears_the_sets, .verifies = "pipe.select.timeout-clears-the-sets", .kinds = PL_PIPES)
{
	static const int timeouts[] = { 0, 1, 30 };
	struct pl_pair p = pl_pair(), q = pl_pair();

	pl_fill(q.w, PIPE_BUF);
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		struct sets s;
		double start, took;

		clear(&s);
		add(&s, p.r, READABLE | EXCEPTIONAL);
		add(&s, q.w, WRITABLE);
		start = pl_milliseconds();
		pl_expect(select_for(&s, timeouts[i] * 1000L), returns(0));
		took = pl_milliseconds() - start;
		pl_expect_that(took >= timeouts[i], "all of the time-out to pass", "%.3f of %d ms",
		    took, timeouts[i]);
		pl_expect(sets_with(&s, p.r), is(0));
		pl_expect(sets_with(&s, q.w), is(0));
	}
}

/* A descriptor that is ready in two ways counts twice. */
PL_CASE(counts_bits_in_all_sets, .verifies = "pipe.select.counts-bits-in-all-sets")
{
	struct sets s;
	int fd[2], both;

	pl_pipe(fd);
	/* POSIX leaves a FIFO opened both ways undefined; a file is ready in both. */
	if (pl_asks(PL_POSIX)) {
		both = pl_open("file", O_RDWR | O_CREAT, 0600);
	} else {
		pl_mkfifo("fifo", 0600);
		both = pl_open("fifo", O_RDWR);
		pl_write(both, "a", 1);
	}
	clear(&s);
	add(&s, both, READABLE | WRITABLE);
	add(&s, fd[0], READABLE);
	add(&s, fd[1], WRITABLE);
	pl_expect(select_for(&s, 0), returns(3));
	pl_expect(sets_with(&s, both), is(READABLE | WRITABLE));
	pl_expect(sets_with(&s, fd[0]), is(0));
	pl_expect(sets_with(&s, fd[1]), is(WRITABLE));
}

static struct pl_outcome
wait_until_ready(void *sets)
{
	return (select_for(sets, -1));
}

/* A child that sleeps in select until an end is readable; its sets are the parent's too. */
static struct pl_peer *
sleeping_selector(int fd, struct sets **s)
{
	struct pl_peer *selector;

	*s = pl_shared(sizeof(**s));
	clear(*s);
	add(*s, fd, READABLE | EXCEPTIONAL);
	selector = pl_child(wait_until_ready, *s, fd);
	pl_expect_blocks(selector);
	return (selector);
}

/* The first byte ends the sleep. */
PL_CASE(is_woken_by_write, .verifies = "pipe.select.woken-by-write", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct sets *s;
	struct pl_peer *selector = sleeping_selector(p.r, &s);

	pl_write(p.w, "a", 1);
	pl_expect(pl_result(selector), returns(1));
	pl_expect(sets_with(s, p.r), is(READABLE));
}

/* A process that ends closes its ends: the sleep is over, and so is the file. */
PL_CASE(is_woken_by_writer_exit, .verifies = "pipe.select.woken-by-writer-exit", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int leave = 0;
	struct pl_peer *writer = pl_child(pl_hold, &leave, p.w);
	struct pl_peer *selector;
	struct sets *s;
	char b[8];

	pl_close(p.w);
	selector = sleeping_selector(p.r, &s);
	pl_reach(leave);
	pl_expect(pl_result(selector), returns(1));
	pl_expect(sets_with(s, p.r), is(READABLE));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_must(pl_result(writer));
}

/* A select with a time-out that never passes, and what it left of it. */
struct timed {
	struct timeval before, after;
	double took; /* milliseconds, at most */
	int fd;
};

static struct pl_outcome
select_timed(void *argument)
{
	struct timed *t = argument;
	double start = pl_milliseconds();
	struct pl_outcome o;
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(t->fd, &readable);
	t->after = t->before;
	o = sys_select(t->fd + 1, &readable, NULL, NULL, &t->after);
	t->took = pl_milliseconds() - start;
	return (o);
}

static struct pl_outcome
microseconds(struct timeval t, const char *what)
{
	return (pl_value(
	    (long)t.tv_sec * 1000000 + t.tv_usec, NULL, "microseconds of the time-out %s", what));
}

/* A time-out argument is either the caller's own or shows what is left: early and late. */
PL_CASE(timeout_argument, .verifies = "pipe.select.timeout-argument", .kinds = PL_PIPES)
{
	const struct timeval hour = { .tv_sec = 3600, .tv_usec = 5 };
	const long all = 3600L * 1000000 + 5;
	struct pl_pair p = pl_pair();
	struct timed *t = pl_shared(sizeof(*t));
	struct pl_peer *selector;
	long least;

	t->fd = p.r;
	t->before = hour;
	selector = pl_child(select_timed, t, p.r);
	pl_expect_blocks(selector);
	pl_write(p.w, "a", 1);
	pl_expect(pl_result(selector), returns(1));
	/* It cannot have slept longer than the call took; a microsecond for rounding. */
	least = all - (long)(t->took * 1000) - 1;
	pl_expect(microseconds(t->after, "left"), on(PL_FREEBSD, is(all)),
	    on(PL_LINUX, returns_between(least, all - 1)));

	pl_drain(p.r);
	t->before = (struct timeval){ .tv_usec = 3000 };
	pl_expect(select_timed(t), returns(0));
	pl_expect(microseconds(t->after, "expired"), on(PL_FREEBSD, is(3000)), on(PL_LINUX, is(0)));
}
