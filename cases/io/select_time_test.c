/*
 * select(2) and pselect(2): how long they wait, and which arguments they refuse.
 */

#include <sys/time.h>

#include "plumbline.h"

/* The time-out of these cases in milliseconds. */
enum { LIMIT = 10 };

static const struct timespec limit = { .tv_nsec = LIMIT * 1000000L }, at_once;

/* Judge: that time has passed since then. */
static void
expect_passed(double start, int milliseconds)
{
	double passed = pl_milliseconds() - start;

	pl_expect_that(passed >= milliseconds, "all of the time-out to pass", "%.3f of %d ms",
	    passed, milliseconds);
}

/* The full end of a pair, or -1 where a writer never waits. */
static int
full_end(void)
{
	struct pl_pair p;

	if (!pl_kind_has(PL_STREAM))
		return (-1);
	p = pl_pair();
	pl_fill_pair(p, 4096);
	return (p.w);
}

/* After a time-out, never too short a one, no set holds anything. */
PL_CASE(timeout_clears_the_sets, .verifies = "io.select.timeout-clears-sets-and-returns-zero",
    .kinds = PL_EVERY)
{
	static const int timeouts[] = { 0, 1, LIMIT };
	struct pl_pair p = pl_pair();
	int full = full_end();

	for (size_t i = 0; i < 2 * PL_COUNT(timeouts); i++) {
		int timeout = timeouts[i / 2];
		const struct timespec t = { .tv_nsec = timeout * 1000000L };
		struct pl_sets s = pl_sets_of(p.r, PL_READABLE | PL_EXCEPTIONAL);
		double start;

		if (full != -1)
			pl_sets_add(&s, full, PL_WRITABLE);
		start = pl_milliseconds();
		if (i % 2 == 0)
			pl_expect(sys_select_sets(&s, timeout * 1000L), returns(0));
		else
			pl_expect(sys_pselect_sets(&s, &t, NULL), returns(0));
		expect_passed(start, timeout);
		pl_expect(pl_sets_with(&s, p.r), is(0));
		if (full != -1)
			pl_expect(pl_sets_with(&s, full), is(0));
	}
}

/* No time at all is a look: at what is ready as well as at what is not. */
PL_CASE(zero_timeout_does_not_wait, .verifies = "io.select.zero-timeout-polls", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 4; i++) {
		struct pl_sets s = pl_sets_of(p.r, PL_READABLE);
		int ready = i >= 2;

		if (i % 2 == 0)
			pl_expect(sys_select_sets(&s, 0), returns(ready));
		else
			pl_expect(sys_pselect_sets(&s, &at_once, NULL), returns(ready));
		pl_expect(pl_sets_with(&s, p.r), is(ready ? PL_READABLE : 0));
		if (i == 1) {
			pl_write(p.w, "a", 1);
			pl_expect_arrival(p.r);
		}
	}
}

/* What a peer waits for, and how. */
struct wait {
	struct pl_sets sets;
	struct timeval timeout, left; /* of select; what the call left of it */
	struct timespec limit;        /* of pselect */
	bool by_pselect, for_ever;
	double took; /* milliseconds, at most */
};

static struct pl_outcome
wait_for_sets(void *argument)
{
	struct wait *w = argument;
	double start = pl_milliseconds();
	struct pl_outcome o;

	w->left = w->timeout;
	if (w->by_pselect)
		o = sys_pselect_sets(&w->sets, w->for_ever ? NULL : &w->limit, NULL);
	else
		o = sys_select(w->sets.limit, &w->sets.readable, &w->sets.writable,
		    &w->sets.exceptional, w->for_ever ? NULL : &w->left);
	w->took = pl_milliseconds() - start;
	return (o);
}

/* A wait that this process and its children see. */
static struct wait *
wait_for(int fd)
{
	struct wait *w = pl_shared(sizeof(*w));

	w->sets = pl_sets_of(fd, PL_READABLE | PL_EXCEPTIONAL);
	return (w);
}

/* Judge: the wait of a child is a sleep, and the first byte ends it. */
static void
expect_sleep_until_written(struct wait *w, struct pl_pair p)
{
	struct pl_peer *selector = pl_child(wait_for_sets, w, p.r);

	pl_expect_blocks(selector);
	pl_write(p.w, "a", 1);
	pl_expect(pl_result(selector), returns(1));
	pl_expect(pl_sets_with(&w->sets, p.r), is(PL_READABLE));
}

/* No time-out is none: it sleeps until something comes. */
PL_CASE(null_timeout_waits_for_an_event, .verifies = "io.select.null-timeout-waits-for-event",
    .kinds = PL_EVERY)
{
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = pl_pair();
		struct wait *w = wait_for(p.r);

		w->for_ever = true;
		w->by_pselect = i == 1;
		expect_sleep_until_written(w, p);
	}
}

/* The least that everybody must take. */
PL_CASE(thirty_one_days_are_accepted, .verifies = "io.select.thirty-one-day-timeout-is-accepted")
{
	const long days = 31L * 24 * 3600;
	int fd[2];

	for (int i = 0; i < 2; i++) {
		struct wait *w;

		pl_pipe(fd);
		w = wait_for(fd[0]);
		w->by_pselect = i == 1;
		w->timeout.tv_sec = w->limit.tv_sec = days;
		expect_sleep_until_written(w, (struct pl_pair){ fd[0], fd[1] });
		/* Nor is it too much for one who need not wait. */
		w->sets = pl_sets_of(fd[0], PL_READABLE);
		pl_expect(wait_for_sets(w), returns(1));
		pl_expect(pl_sets_with(&w->sets, fd[0]), is(PL_READABLE));
	}
}

static struct pl_outcome
microseconds(struct timeval t, const char *what)
{
	return (pl_value(
	    (long)t.tv_sec * 1000000 + t.tv_usec, NULL, "microseconds of the time-out %s", what));
}

/* Judge what is left of a time-out that did not pass, a microsecond allowed for rounding. */
static void
expect_rest(const struct wait *w, const char *what)
{
	long all = (long)w->timeout.tv_sec * 1000000 + w->timeout.tv_usec;
	/* It cannot have slept longer than the call took. */
	long least = all - (long)(w->took * 1000) - 1;

	pl_expect(microseconds(w->left, what), on(PL_FREEBSD, is(all)),
	    on(PL_LINUX, returns_between(least, all - 1)));
	pl_expect(pl_value(w->left.tv_usec, NULL, "its microseconds"),
	    on(PL_FREEBSD, is(w->timeout.tv_usec)), on(PL_LINUX, returns_between(0, 999999)));
}

/* A time-out argument is either the caller's own or shows what is left: early and late. */
PL_CASE(
    timeout_argument, .verifies = "io.select.remaining-time-in-timeout-argument", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct wait *w = wait_for(p.r);

	w->timeout = (struct timeval){ .tv_sec = 3600, .tv_usec = 5 };
	expect_sleep_until_written(w, p);
	expect_rest(w, "left");

	pl_drain(p.r);
	w->timeout = (struct timeval){ .tv_usec = 3000 };
	w->sets = pl_sets_of(p.r, PL_READABLE);
	pl_expect(wait_for_sets(w), returns(0));
	pl_expect(microseconds(w->left, "expired"), on(PL_FREEBSD, is(3000)), on(PL_LINUX, is(0)));
}

/* pselect leaves it alone, whether it passes or not. */
PL_CASE(pselect_keeps_its_timeout, .verifies = "io.select.pselect-keeps-its-timeout-argument")
{
	static const struct timespec timeouts[] = { { 3600, 5 }, { 0, 3000001 }, { 0, 0 } };
	int fd[2];

	for (size_t i = 0; i < PL_COUNT(timeouts); i++) {
		struct wait *w;

		pl_pipe(fd);
		w = wait_for(fd[0]);
		w->by_pselect = true;
		w->limit = timeouts[i];
		if (timeouts[i].tv_sec > 0)
			expect_sleep_until_written(w, (struct pl_pair){ fd[0], fd[1] });
		else
			pl_expect(wait_for_sets(w), returns(0));
		pl_expect(pl_value(w->limit.tv_sec, NULL, "seconds"), is(timeouts[i].tv_sec));
		pl_expect(pl_value(w->limit.tv_nsec, NULL, "nanoseconds"), is(timeouts[i].tv_nsec));
	}
}

/* Nothing to look at leaves the waiting. */
PL_CASE(no_sets_are_a_sleep, .verifies = "io.select.no-sets-is-a-sleep")
{
	struct timeval t = { .tv_usec = LIMIT * 1000 };
	double start = pl_milliseconds();

	pl_expect(sys_select(0, NULL, NULL, NULL, &t), returns(0));
	expect_passed(start, LIMIT);
	start = pl_milliseconds();
	pl_expect(sys_pselect(0, NULL, NULL, NULL, &limit, NULL), returns(0));
	expect_passed(start, LIMIT);
}

/* Data wait in a pipe: its read end. */
static int
ready_end(void)
{
	int fd[2];

	pl_pipe(fd);
	pl_write(fd[1], "a", 1);
	return (fd[0]);
}

PL_CASE(negative_limit_einval, .verifies = "io.select.negative-nfds-fails-einval")
{
	static const int wrong[] = { -1, -2, INT_MIN };
	int fd = ready_end();

	for (size_t i = 0; i < PL_COUNT(wrong); i++) {
		struct pl_sets s = pl_sets_of(fd, PL_READABLE | PL_EXCEPTIONAL);
		struct timeval none = { 0 };

		s.limit = wrong[i];
		pl_expect(
		    sys_select(wrong[i], &s.readable, NULL, &s.exceptional, &none), fails(EINVAL));
		pl_expect(sys_select(wrong[i], NULL, NULL, NULL, &none), fails(EINVAL));
		pl_expect(sys_pselect_sets(&s, &at_once, NULL), fails(EINVAL));
		pl_expect(pl_sets_with(&s, fd), is(PL_READABLE | PL_EXCEPTIONAL));
	}
}

/* Judge: a time-out is refused, by select or by pselect, ready or not, and the sets stay. */
static void
expect_refused(int ready, int idle, const struct timeval *t, const struct timespec *s)
{
	struct pl_sets both = pl_sets_of(ready, PL_READABLE | PL_EXCEPTIONAL);
	struct pl_sets none = pl_sets_of(idle, PL_READABLE);
	struct timeval copy = t != NULL ? *t : (struct timeval){ 0 };

	pl_sets_add(&both, idle, PL_READABLE);
	if (t != NULL) {
		pl_expect(sys_select(both.limit, &both.readable, NULL, &both.exceptional, &copy),
		    fails(EINVAL));
		copy = *t;
		pl_expect(sys_select(none.limit, &none.readable, NULL, NULL, &copy), fails(EINVAL));
	} else {
		pl_expect(sys_pselect_sets(&both, s, NULL), fails(EINVAL));
		pl_expect(sys_pselect_sets(&none, s, NULL), fails(EINVAL));
	}
	pl_expect(pl_sets_with(&both, ready), is(PL_READABLE | PL_EXCEPTIONAL));
	pl_expect(pl_sets_with(&both, idle), is(PL_READABLE));
	pl_expect(pl_sets_with(&none, idle), is(PL_READABLE));
}

PL_CASE(negative_timeout_einval, .verifies = "io.select.negative-timeout-fails-einval")
{
	static const struct timeval wrong[] = { { -1, 0 }, { 0, -1 }, { 1, -1 }, { -1, 999999 } };
	int ready = ready_end(), idle[2];

	pl_pipe(idle);
	for (size_t i = 0; i < PL_COUNT(wrong); i++)
		expect_refused(ready, idle[0], &wrong[i], NULL);
}

/* A part of a microsecond is negative all the same. */
PL_CASE(negative_timeout_of_pselect_einval,
    .verifies = "io.select.pselect-negative-timeout-fails-einval")
{
	static const struct timespec wrong[] = { { -1, 0 }, { 0, -1000 }, { 1, -1000000 },
		{ -1, 999999999 }, { 0, -999 }, { 0, -1 } };
	int ready = ready_end(), idle[2];

	pl_pipe(idle);
	for (size_t i = 0; i < PL_COUNT(wrong); i++)
		expect_refused(ready, idle[0], NULL, &wrong[i]);
}

PL_CASE(a_billion_nanoseconds_einval,
    .verifies = "io.select.pselect-nanoseconds-of-a-billion-fails-einval")
{
	static const struct timespec wrong[] = { { 0, 1000000000 }, { 1, 1999999999 },
		{ 0, LONG_MAX } };
	int ready = ready_end(), idle[2];
	struct pl_sets s;

	pl_pipe(idle);
	for (size_t i = 0; i < PL_COUNT(wrong); i++)
		expect_refused(ready, idle[0], NULL, &wrong[i]);
	s = pl_sets_of(ready, PL_READABLE);
	pl_expect(sys_pselect_sets(&s, &(struct timespec){ 0, 999999999 }, NULL), returns(1));
}

/* A million microseconds are a second, or no number of microseconds. */
PL_CASE(a_million_microseconds, .verifies = "io.select.microseconds-of-a-million-or-more")
{
	const struct timeval wrong = { 3600, 1000000 };
	int ready = ready_end(), idle[2];
	struct wait *w;

	pl_pipe(idle);
	if (pl_asks(PL_FREEBSD)) {
		expect_refused(ready, idle[0], &wrong, NULL);
		return;
	}
	w = wait_for(ready);
	w->timeout = wrong;
	pl_expect(wait_for_sets(w), on(PL_LINUX, returns(1)));
	expect_rest(w, "left");
	/* It is a time to wait for. */
	w->sets = pl_sets_of(idle[0], PL_READABLE);
	expect_sleep_until_written(w, (struct pl_pair){ idle[0], idle[1] });
	expect_rest(w, "left");
}
