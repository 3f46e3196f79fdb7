#include "repeats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pace.h"

/* From the best to the worst; a case that was skipped says less than a known deviation. */
static const enum verdict worse[] = { VERDICT_CONFORMS, VERDICT_NOT_APPLICABLE, VERDICT_NOT_TESTED,
	VERDICT_KNOWN, VERDICT_DEVIATES };

/* One case of one run, on its way to the others of its name. */
struct seen {
	const struct tested *tested;
	size_t run;
};

static const char *const fates[FATES] = { "passed", "known deviation", "skipped", "deviates",
	"broken" };

const char *
fate_word(enum fate f)
{
	return (fates[f]);
}

int
fate_parse(struct span s)
{
	for (int f = 0; f < FATES; f++)
		if (span_is(s, fates[f]))
			return (f);
	return (-1);
}

struct span
area_of_case(const char *where)
{
	const char *end = strrchr(where, ':'), *begin;

	if (end == NULL)
		end = where + strlen(where);
	while (end > where && *end != '/')
		end--;
	for (begin = end; begin > where && begin[-1] != '/';)
		begin--;
	return ((struct span){ begin, (size_t)(end - begin) });
}

struct span
area_of_id(const char *id)
{
	return ((struct span){ id, strcspn(id, ".") });
}

const struct area *
area_named(const struct areas *a, struct span name)
{
	for (size_t i = 0; i < a->count; i++)
		if (span_is(name, a->rows[i].name))
			return (&a->rows[i]);
	return (NULL);
}

static const char *
privileges(const struct run *r)
{
	return (r->unprivileged == 0 ? "yes" : r->privileged == 0 ? "no" : "mixed");
}

static int
check_run(const struct run *r, char *error, size_t size)
{
	if (r->os == NULL) {
		snprintf(error, size,
		    "%s: no case says on which system it ran: judge the results of make conform",
		    r->path);
		return (-1);
	}
	if (r->statuses[NONE] > 0) {
		snprintf(error, size, "%s: the run is not finished, %zu of %zu cases have no %s",
		    r->path, r->statuses[NONE], r->cases, "result: run it again");
		return (-1);
	}
	for (size_t i = 1; i < r->cases; i++)
		if (strcmp(r->tested[i - 1].where, r->tested[i].where) == 0) {
			snprintf(error, size, "%s: %.200s is in it twice: run it again", r->path,
			    r->tested[i].where);
			return (-1);
		}
	return (0);
}

static int
check_alike(const struct run *a, const struct run *b, char *error, size_t size)
{
	if (a->profile == b->profile && strcmp(a->os, b->os) == 0 &&
	    strcmp(a->release, b->release) == 0 && strcmp(privileges(a), privileges(b)) == 0)
		return (0);
	snprintf(error, size,
	    "%.400s: profile %s on %.40s %.80s, privileged %s, but %.400s: %s on %.40s %.80s, %s: "
	    "give repeats of one run",
	    b->path, pl_profile_name(b->profile), b->os, b->release, privileges(b), a->path,
	    pl_profile_name(a->profile), a->os, a->release, privileges(a));
	return (-1);
}

static int
compare_seen(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int order = strcmp(x->tested->where, y->tested->where);

	return (order != 0 ? order : (x->run > y->run) - (x->run < y->run));
}

/* All of that name. */
static void
join_case(struct repeats *r, const struct seen *seen, size_t count)
{
	struct repeated *c;

	r->cases = grow(r->cases, r->case_count, sizeof(*r->cases));
	c = &r->cases[r->case_count++];
	*c = (struct repeated){ .where = seen->tested->where,
		.in = pool_get(&r->pool, r->count * sizeof(*c->in)),
		.flaky = count < r->count,
		.least = -1 };
	for (size_t i = 0; i < r->count; i++)
		c->in[i] = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct tested *t = seen[i].tested;
		enum fate fate = fate_of(t);
		double time = (double)t->microseconds / r->stretch[seen[i].run];

		c->in[seen[i].run] = t;
		if (i > 0 && fate != c->fate)
			c->flaky = true;
		if (i == 0 || fate > c->fate) {
			c->fate = fate;
			c->seen = t;
		}
		if (t->microseconds >= 0 && (c->least < 0 || time < c->least))
			c->least = time;
	}
}

static void
join_cases(struct repeats *r)
{
	struct seen *seen = NULL;
	size_t n = 0, end;

	for (size_t i = 0; i < r->count; i++)
		for (size_t k = 0; k < r->runs[i].cases; k++, n++) {
			seen = grow(seen, n, sizeof(*seen));
			seen[n] = (struct seen){ &r->runs[i].tested[k], i };
		}
	if (n > 0)
		qsort(seen, n, sizeof(*seen), compare_seen);
	for (size_t i = 0; i < n; i = end) {
		for (end = i + 1;
		     end < n && strcmp(seen[i].tested->where, seen[end].tested->where) == 0;)
			end++;
		join_case(r, seen + i, end - i);
	}
	free(seen);
}

static size_t
badness(enum verdict v)
{
	size_t i = 0;

	while (worse[i] != v)
		i++;
	return (i);
}

static void
join_requirement(struct repeats *r, size_t number)
{
	struct rejudged *q = &r->requirements[number];

	for (size_t i = 0; i < r->count; i++) {
		enum verdict v = r->runs[i].judged[number].verdict;

		if (i > 0 && v != q->verdict)
			q->flaky = true;
		if (i == 0 || badness(v) > badness(q->verdict)) {
			q->verdict = v;
			q->run = &r->runs[i];
		}
	}
}

int
repeats_join(struct repeats *r, const struct run *runs, size_t count, char *error, size_t size)
{
	const struct areas *areas = runs[0].areas;

	*r = (struct repeats){ .runs = runs, .count = count };
	for (size_t i = 0; i < count; i++)
		if (check_run(&runs[i], error, size) != 0 ||
		    check_alike(&runs[0], &runs[i], error, size) != 0)
			return (-1);
	r->privileged = privileges(&runs[0]);
	r->stretch = pool_get(&r->pool, count * sizeof(*r->stretch));
	for (size_t i = 0; i < count; i++)
		r->stretch[i] = pace_stretch(&runs[i]);
	join_cases(r);
	r->requirements = calloc(areas->requirement_count + 1, sizeof(*r->requirements));
	if (r->requirements == NULL)
		out_of_memory();
	for (size_t i = 0; i < areas->requirement_count; i++)
		join_requirement(r, i);
	return (0);
}

void
repeats_free(struct repeats *r)
{
	free(r->cases);
	free(r->requirements);
	pool_free(&r->pool);
}
