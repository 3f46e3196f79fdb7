#include "explain.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SEEN 65536 /* a power of two */

/* Situations that lead nowhere, by hash; and the order tried so far. */
struct search {
	const struct pl_call *calls;
	size_t count;
	uint64_t seen[SEEN];
	size_t seen_count;
	/* Writes in the order tried; the queue is their bytes without the first taken ones. */
	size_t writes[PL_EXPLAIN_CALLS], write_count;
	size_t taken; /* from writes[first] */
	size_t first;
};

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
	return (hash ^ hash >> 29);
}

/* Remember the situation; false if it is known.  A full memory only costs time. */
static bool
is_new(struct search *s, uint64_t done)
{
	uint64_t hash = mix(mix(1, done), s->taken);

	for (size_t i = s->first; i < s->write_count; i++)
		hash = mix(hash, s->writes[i]);
	if (hash == 0)
		hash = 1;
	for (size_t i = hash % SEEN;; i = (i + 1) % SEEN) {
		if (s->seen[i] == hash)
			return (false);
		if (s->seen[i] != 0)
			continue;
		if (s->seen_count < SEEN / 2) {
			s->seen[i] = hash;
			s->seen_count++;
		}
		return (true);
	}
}

/* Take these bytes from the front of the queue; false if others are there. */
static bool
take(struct search *s, const unsigned char *bytes, size_t size)
{
	while (size > 0) {
		const struct pl_call *w;
		size_t n;

		if (s->first == s->write_count)
			return (false);
		w = &s->calls[s->writes[s->first]];
		n = w->size - s->taken < size ? w->size - s->taken : size;
		if (memcmp(w->bytes + s->taken, bytes, n) != 0)
			return (false);
		bytes += n;
		size -= n;
		s->taken += n;
		if (s->taken == w->size) {
			s->first++;
			s->taken = 0;
		}
	}
	return (true);
}

/* Let call number i happen now; false if its result is another one then. */
static bool
happen(struct search *s, size_t i)
{
	const struct pl_call *c = &s->calls[i];

	switch (c->sort) {
	case PL_CALL_WRITE:
		if (c->size > 0)
			s->writes[s->write_count++] = i;
		return (true);
	case PL_CALL_READ:
		return (take(s, c->bytes, c->size));
	case PL_CALL_EMPTY:
		return (s->first == s->write_count);
	}
	return (false);
}

static enum pl_explanation
search(struct search *s, uint64_t done, size_t left, unsigned long *steps)
{
	enum pl_explanation result = PL_INEXPLICABLE;
	unsigned first_end = UINT32_MAX;

	if (left == 0)
		return (PL_EXPLAINED);
	if ((*steps)-- == 0)
		return (PL_UNDECIDED);
	if (!is_new(s, done))
		return (PL_INEXPLICABLE);
	for (size_t i = 0; i < s->count; i++)
		if (!(done >> i & 1) && s->calls[i].end < first_end)
			first_end = s->calls[i].end;
	/* Next is one of those that had begun before any of the rest was over. */
	for (size_t i = 0; i < s->count && result == PL_INEXPLICABLE; i++) {
		size_t write_count = s->write_count, first = s->first, taken = s->taken;

		if ((done >> i & 1) || s->calls[i].begin > first_end)
			continue;
		if (happen(s, i))
			result = search(s, done | (uint64_t)1 << i, left - 1, steps);
		s->write_count = write_count;
		s->first = first;
		s->taken = taken;
	}
	return (result);
}

enum pl_explanation
pl_explain(const struct pl_call *calls, size_t count)
{
	struct search *s;
	unsigned long steps = 2000000;
	enum pl_explanation result;

	if (count > PL_EXPLAIN_CALLS || (s = calloc(1, sizeof(*s))) == NULL)
		return (PL_UNDECIDED);
	s->calls = calls;
	s->count = count;
	result = search(s, 0, count, &steps);
	free(s);
	return (result);
}
