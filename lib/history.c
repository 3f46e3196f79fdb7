#include "history.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "case.h"
#include "expect.h"
#include "explain.h"
#include "peer.h"
#include "trace.h"

enum { BYTES = 65536 };

struct pl_history {
	atomic_uint clock, count, used;
	struct pl_call calls[PL_EXPLAIN_CALLS];
	unsigned char bytes[BYTES];
};

struct pl_history *
pl_history(void)
{
	return (pl_shared(sizeof(struct pl_history)));
}

static void
note(struct pl_history *h, unsigned begin, enum pl_call_sort sort, const void *bytes, size_t size)
{
	unsigned end = atomic_fetch_add(&h->clock, 1);
	unsigned at = atomic_fetch_add(&h->used, (unsigned)size);
	unsigned i = atomic_fetch_add(&h->count, 1);

	if (i >= PL_EXPLAIN_CALLS || at + size > BYTES)
		pl_broken("the history is full");
	if (size > 0)
		memcpy(h->bytes + at, bytes, size);
	h->calls[i] = (struct pl_call){ begin, end, sort, h->bytes + at, size };
}

struct pl_outcome
pl_history_write(struct pl_history *h, int fd, const void *bytes, size_t size)
{
	unsigned begin = atomic_fetch_add(&h->clock, 1);
	struct pl_outcome o = sys_write(fd, bytes, size);

	if (o.error == 0)
		note(h, begin, PL_CALL_WRITE, bytes, (size_t)o.value);
	return (o);
}

struct pl_outcome
pl_history_read(struct pl_history *h, int fd, void *bytes, size_t size)
{
	unsigned begin = atomic_fetch_add(&h->clock, 1);
	struct pl_outcome o = sys_read(fd, bytes, size);

	if (o.error == 0 && o.value > 0)
		note(h, begin, PL_CALL_READ, bytes, (size_t)o.value);
	else if (o.error == EAGAIN)
		note(h, begin, PL_CALL_EMPTY, NULL, 0);
	return (o);
}

void
pl_judge_history(const char *file, int line, const struct pl_history *h)
{
	unsigned count = atomic_load(&h->count);
	enum pl_explanation e;

	pl_expecting_text(file, line, "one order of the calls that explains all results");
	e = pl_explain(h->calls, count);
	if (e == PL_UNDECIDED)
		pl_broken("%u calls have too many orders to try them", count);
	pl_judge_that(e == PL_EXPLAINED, "no order of the %u calls gives what they gave", count);
}
