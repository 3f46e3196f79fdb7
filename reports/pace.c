#include "pace.h"

#include <stdlib.h>

#include "memory.h"

#define MEDIAN 50000 /* microseconds that the median case may take without a stretch */
#define ENOUGH 20    /* cases that make a median; one of a few could be the slow one */
#define STICKY 3

/* Microseconds: from where on a class begins, and its limit. */
static const struct {
	const char *word;
	long long from, limit;
} paces[PACES] = {
	[PACE_SHORT] = { "short", 0, 3000000 },
	[PACE_SECOND] = { "second", 300000, 5000000 },
	[PACE_LONG] = { "long", 1500000, -1 },
};

const char *
pace_word(enum pace p)
{
	return (paces[p].word);
}

int
pace_parse(struct span s)
{
	for (int p = 0; p < PACES; p++)
		if (span_is(s, paces[p].word))
			return (p);
	return (-1);
}

static int
compare_times(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return ((x > y) - (x < y));
}

double
pace_stretch(const struct run *r)
{
	long long *times = NULL;
	size_t n = 0;
	double stretch = 1;

	for (size_t i = 0; i < r->cases; i++) {
		if (r->tested[i].microseconds < 0)
			continue;
		times = grow(times, n, sizeof(*times));
		times[n++] = r->tested[i].microseconds;
	}
	if (n >= ENOUGH) {
		qsort(times, n, sizeof(*times), compare_times);
		if (times[n / 2] > MEDIAN)
			stretch = (double)times[n / 2] / MEDIAN;
	}
	free(times);
	return (stretch);
}

enum pace
pace_of(double microseconds)
{
	enum pace p = PACES - 1;

	while (p > 0 && microseconds < (double)paces[p].from)
		p--;
	return (p);
}

enum pace
pace_kept(enum pace before, double microseconds)
{
	bool too_short = microseconds * STICKY < (double)paces[before].from;
	bool too_long =
	    before + 1 < PACES && microseconds >= (double)paces[before + 1].from * STICKY;

	return (too_short || too_long ? pace_of(microseconds) : before);
}

long long
pace_limit(enum pace p, double stretch)
{
	double limit = (double)paces[p].limit * stretch;

	return (paces[p].limit < 0 || limit > 9e18 ? -1 : (long long)limit);
}
