#include "sets.h"

#include "expect.h"
#include "sequence/names.h"
#include "trace.h"

static const struct pl_name set_name[] = { { PL_READABLE, "readable" }, { PL_WRITABLE, "writable" },
	{ PL_EXCEPTIONAL, "exceptional" }, { 0, NULL } };
static const struct pl_names set_names = { .table = set_name, .bits = 1, .zero = "no set" };

void
pl_sets_clear(struct pl_sets *s)
{
	FD_ZERO(&s->readable);
	FD_ZERO(&s->writable);
	FD_ZERO(&s->exceptional);
	s->limit = 0;
}

void
pl_sets_add(struct pl_sets *s, int fd, int which)
{
	if (which & PL_READABLE)
		FD_SET(fd, &s->readable);
	if (which & PL_WRITABLE)
		FD_SET(fd, &s->writable);
	if (which & PL_EXCEPTIONAL)
		FD_SET(fd, &s->exceptional);
	if (fd >= s->limit)
		s->limit = fd + 1;
}

struct pl_sets
pl_sets_of(int fd, int which)
{
	struct pl_sets s;

	pl_sets_clear(&s);
	pl_sets_add(&s, fd, which);
	return (s);
}

struct pl_outcome
pl_sets_with(const struct pl_sets *s, int fd)
{
	int which = (FD_ISSET(fd, &s->readable) ? PL_READABLE : 0) |
	    (FD_ISSET(fd, &s->writable) ? PL_WRITABLE : 0) |
	    (FD_ISSET(fd, &s->exceptional) ? PL_EXCEPTIONAL : 0);

	return (pl_value(which, &set_names, "sets with %s", pl_slot(fd)));
}

struct pl_outcome
sys_select_sets(struct pl_sets *s, long microseconds)
{
	struct timeval limit = { .tv_sec = microseconds / 1000000,
		.tv_usec = (suseconds_t)(microseconds % 1000000) };

	return (sys_select(s->limit, &s->readable, &s->writable, &s->exceptional,
	    microseconds < 0 ? NULL : &limit));
}

struct pl_outcome
sys_pselect_sets(struct pl_sets *s, const struct timespec *timeout, const sigset_t *mask)
{
	return (sys_pselect(s->limit, &s->readable, &s->writable, &s->exceptional, timeout, mask));
}

void
pl_judge_sets(const char *file, int line, int fd, int asked, int wanted)
{
	const struct pl_allowed counts[] = { returns(__builtin_popcount((unsigned)wanted)),
		{ .form = PL_FORM_END } };
	const struct pl_allowed which[] = { is(wanted), { .form = PL_FORM_END } };
	struct pl_sets s = pl_sets_of(fd, asked);

	pl_expecting(file, line, counts);
	pl_judge(sys_select_sets(&s, 0), counts);
	pl_expecting(file, line, which);
	pl_judge(pl_sets_with(&s, fd), which);
}
