#include "regression.h"

#include <stdlib.h>
#include <string.h>

/* All that the functions below look at. */
struct comparison {
	struct findings *found;
	const struct baseline *baseline;
	const struct repeats *repeats;
	const struct scope *scope;
	const struct areas *areas;
	/* Of each requirement: the sort of its own finding, FINDINGS if it has none. */
	enum regression *told;
	bool *flaky; /* whether a flaky case says why it is flaky */
	bool *named; /* whether a case that was to run names it */
};

static struct finding *
add(struct comparison *c, enum regression sort, const char *was, const char *is)
{
	struct findings *f = c->found;

	f->rows = grow(f->rows, f->count, sizeof(*f->rows));
	f->rows[f->count] =
	    (struct finding){ .sort = sort, .requirement = -1, .was = was, .is = is, .reason = "" };
	f->counts[sort]++;
	if (sort < REGRESSIONS)
		f->regressions++;
	return (&f->rows[f->count++]);
}

static struct finding *
add_requirement(
    struct comparison *c, enum regression sort, size_t number, const char *was, const char *is)
{
	struct finding *f = add(c, sort, was, is);

	f->id = c->areas->requirements[number]->id;
	f->requirement = (long)number;
	f->reason = c->repeats->requirements[number].run->judged[number].reason;
	c->told[number] = sort;
	return (f);
}

static bool
is_given(const struct comparison *c, struct span area)
{
	return (area_named(c->areas, area) != NULL);
}

static int
compare_strings(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

/* Was that case to run, as far as we know? */
static bool
was_to_run(const struct comparison *c, const char *where)
{
	const struct scope *s = c->scope;

	if (s->part && !is_given(c, area_of_case(where)))
		return (false);
	if (s->chosen == NULL)
		return (true);
	return (s->chosen_count > 0 &&
	    bsearch(&where, s->chosen, s->chosen_count, sizeof(*s->chosen), compare_strings) !=
		NULL);
}

/* Of a choice of cases only what they name and find deviating means anything. */
static bool
is_compared(const struct comparison *c, size_t number)
{
	return (c->scope->chosen == NULL ||
	    (c->named[number] && c->repeats->requirements[number].verdict == VERDICT_DEVIATES));
}

/* "conforms 3 of 5, deviates 2 of 5": what the runs came to, and how often. */
static void
add_rate(struct comparison *c, const char **rate, const char *word, size_t times)
{
	if (times > 0)
		*rate = pool_format(&c->found->pool, "%s%s%s %zu of %zu", *rate,
		    (*rate)[0] == '\0' ? "" : ", ", word, times, c->repeats->count);
}

static const char *
requirement_rate(struct comparison *c, size_t number)
{
	const char *rate = "";

	for (enum verdict v = 0; v < VERDICTS; v++) {
		size_t times = 0;

		for (size_t i = 0; i < c->repeats->count; i++)
			times += c->repeats->runs[i].judged[number].verdict == v;
		add_rate(c, &rate, verdict_word(v), times);
	}
	return (rate);
}

static const char *
case_rate(struct comparison *c, const struct repeated *r)
{
	const char *rate = "";
	size_t missing = 0;

	for (enum fate f = 0; f < FATES; f++) {
		size_t times = 0;

		for (size_t i = 0; i < c->repeats->count; i++)
			times += r->in[i] != NULL && fate_of(r->in[i]) == f;
		add_rate(c, &rate, fate_word(f), times);
	}
	for (size_t i = 0; i < c->repeats->count; i++)
		missing += r->in[i] == NULL;
	add_rate(c, &rate, "missing", missing);
	return (rate);
}

/* The first deviation of that requirement in that run, and how many others there are. */
static void
show_deviation(struct finding *f, const struct run *run, bool known)
{
	size_t low = 0, high = run->deviation_count;

	/* They are sorted by requirement, -1 as the greatest. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if ((unsigned long)run->deviations[middle].requirement <
		    (unsigned long)f->requirement)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < run->deviation_count && run->deviations[low].requirement == f->requirement;
	     low++) {
		if (run->deviations[low].known != known)
			continue;
		if (f->deviation == NULL)
			f->deviation = &run->deviations[low];
		else
			f->others++;
	}
}

/* The row of the tables that is out of date when that requirement conforms. */
static struct fixed
known_row(const struct comparison *c, size_t number)
{
	const struct run *run = &c->repeats->runs[0];
	const char *id = c->areas->requirements[number]->id;
	int release = pl_release_parse(run->release);

	for (size_t i = 0; i < c->areas->count; i++) {
		const struct area *area = &c->areas->rows[i];
		const struct pl_deviation *row =
		    pl_deviations_find(&area->deviations, id, run->os, release);

		if (row != NULL)
			return ((struct fixed){ area, row });
	}
	return ((struct fixed){ NULL, NULL });
}

/* The requirement does not say what it said; was is NULL if the baseline has no row. */
static void
compare_verdicts(struct comparison *c, size_t number, const struct baseline_row *row)
{
	const struct rejudged *now = &c->repeats->requirements[number];
	const char *was = row != NULL ? verdict_word(row->verdict) : "not in the baseline";
	const char *is = verdict_word(now->verdict);
	enum regression sort = row != NULL ? CHANGED : NEW;
	struct finding *f;

	switch (now->verdict) {
	case VERDICT_DEVIATES:
		sort = NEW_DEVIATION;
		break;
	case VERDICT_KNOWN:
		if (row != NULL && row->verdict == VERDICT_CONFORMS)
			sort = NEW_DEVIATION;
		break;
	case VERDICT_CONFORMS:
		if (row != NULL && row->verdict == VERDICT_KNOWN)
			sort = CONFORMS_AGAIN;
		break;
	case VERDICT_NOT_APPLICABLE:
		if (row != NULL && row->verdict != VERDICT_NOT_TESTED)
			sort = NEW_SKIP;
		break;
	default:
		if (row != NULL)
			sort = NEW_SKIP;
	}
	f = add_requirement(c, sort, number, was, is);
	if (now->verdict == VERDICT_DEVIATES || now->verdict == VERDICT_KNOWN)
		show_deviation(f, now->run, now->verdict == VERDICT_KNOWN);
	if (sort == CONFORMS_AGAIN)
		f->known = known_row(c, number);
}

/* Requirements of the tables against those of the baseline. */
static void
compare_requirements(struct comparison *c)
{
	for (size_t i = 0; i < c->areas->requirement_count; i++) {
		const struct rejudged *now = &c->repeats->requirements[c->areas->by_id[i]];
		size_t number = c->areas->by_id[i];
		const struct baseline_row *row =
		    baseline_find(&c->baseline->requirements, c->areas->requirements[number]->id);

		if (!is_compared(c, number))
			continue;
		c->found->requirements++;
		/* A flaky one is told of by its cases, or at the end. */
		if (now->flaky || (row != NULL && row->verdict == now->verdict))
			continue;
		compare_verdicts(c, number, row);
	}
}

static void
find_lost_requirements(struct comparison *c)
{
	const struct baseline_rows *rows = &c->baseline->requirements;

	for (size_t i = 0; i < rows->count; i++) {
		const char *id = rows->rows[i].name;

		if (c->scope->chosen != NULL || (c->scope->part && !is_given(c, area_of_id(id))) ||
		    areas_find(c->areas, span_of(id)) >= 0)
			continue;
		add(c, VANISHED, verdict_word(rows->rows[i].verdict), "in no table")->id = id;
	}
}

static struct finding *
add_case(struct comparison *c, enum regression sort, const struct repeated *r, const char *was,
    const char *is)
{
	struct finding *f = add(c, sort, was, is);
	const struct tested *t = r->seen;

	f->where = r->where;
	f->reason = t->reason;
	if (r->fate == FATE_BROKEN && t->broken->count > 0)
		f->reason = t->broken->texts[0];
	if (r->fate == FATE_DEVIATED || r->fate == FATE_KNOWN)
		deviations_of(t, r->fate == FATE_KNOWN, &f->deviation);
	if (t->requirement_count > 0)
		f->requirement = (long)t->requirements[0];
	if (f->deviation != NULL)
		f->requirement = f->deviation->requirement;
	return (f);
}

/* Have all requirements that made the case what it is a finding of their own? */
static bool
is_told(const struct comparison *c, const struct tested *t, bool known)
{
	size_t n = 0;

	for (size_t i = 0; i < t->deviation_count; i++) {
		const struct deviation *d = t->deviations[i];

		if (d->known != known)
			continue;
		if (d->requirement < 0 || c->told[d->requirement] == FINDINGS)
			return (false);
		n++;
	}
	return (n > 0);
}

/* Has a requirement said that the known deviation of this case is gone? */
static bool
is_told_gone(const struct comparison *c, const struct tested *t)
{
	for (size_t i = 0; i < t->requirement_count; i++)
		if (c->told[t->requirements[i]] == CONFORMS_AGAIN)
			return (true);
	return (false);
}

static void
compare_fates(struct comparison *c, const struct repeated *r, enum fate before)
{
	const char *was = fate_word(before), *is = fate_word(r->fate);

	switch (r->fate) {
	case FATE_BROKEN:
		add_case(c, NEW_FAILURE, r, was, is);
		break;
	case FATE_DEVIATED:
		if (!is_told(c, r->seen, false))
			add_case(c, NEW_FAILURE, r, was, is);
		break;
	case FATE_KNOWN:
		if (!is_told(c, r->seen, true))
			add_case(c, before == FATE_PASSED ? NEW_DEVIATION : CHANGED, r, was, is);
		break;
	case FATE_SKIPPED:
		add_case(c, NEW_SKIP, r, was, is);
		break;
	default:
		if (before != FATE_KNOWN)
			add_case(c, CHANGED, r, was, is);
		else if (!is_told_gone(c, r->seen))
			add_case(c, CONFORMS_AGAIN, r, was, is);
	}
}

/* Over the limit in every run is slower; a machine may have stood still in one. */
static void
compare_time(struct comparison *c, const struct repeated *r, enum pace pace)
{
	long long limit = 0, shown = 0;
	size_t over = 0;
	struct finding *f;

	for (size_t i = 0; i < c->repeats->count; i++) {
		long long one = pace_limit(pace, c->repeats->stretch[i]);

		if (one < 0 || r->in[i]->microseconds <= one)
			continue;
		over++;
		limit = one;
		shown = r->in[i]->microseconds;
	}
	if (over == 0)
		return;
	f = add_case(c, over == c->repeats->count ? SLOWER : CHANGED, r,
	    pool_format(&c->found->pool, "%s, limit %.1f s", pace_word(pace), (double)limit / 1e6),
	    pool_format(&c->found->pool, "%.1f s", (double)shown / 1e6));
	if (over < c->repeats->count)
		f->is = pool_format(&c->found->pool, "%s, but not in all runs", f->is);
	f->reason = "";
	f->deviation = NULL;
}

/* A case that the baseline has not. */
static void
look_at_new_case(struct comparison *c, const struct repeated *r)
{
	static const char was[] = "not in the baseline";

	if (r->fate == FATE_BROKEN || (r->fate == FATE_DEVIATED && !is_told(c, r->seen, false)))
		add_case(c, NEW_FAILURE, r, was, fate_word(r->fate));
	else
		add_case(c, NEW, r, was, fate_word(r->fate));
}

/* A flaky case speaks for the requirements that it makes flaky. */
static void
add_flaky_case(struct comparison *c, const struct repeated *r, const struct baseline_row *row)
{
	add_case(c, FLAKY, r, row != NULL ? fate_word(row->fate) : "not in the baseline",
	    case_rate(c, r));
	for (size_t i = 0; i < r->seen->requirement_count; i++)
		c->flaky[r->seen->requirements[i]] = true;
}

static void
compare_case(struct comparison *c, const struct repeated *r)
{
	const struct baseline_row *row = baseline_find(&c->baseline->cases, r->where);

	if (!is_given(c, area_of_case(r->where)) || !was_to_run(c, r->where))
		return;
	c->found->cases++;
	if (r->flaky) {
		add_flaky_case(c, r, row);
		return;
	}
	if (row == NULL) {
		look_at_new_case(c, r);
		return;
	}
	if (row->fate != r->fate)
		compare_fates(c, r, row->fate);
	if (r->fate != FATE_BROKEN)
		compare_time(c, r, row->pace);
}

static const struct repeated *
find_case(const struct repeats *r, const char *where)
{
	size_t low = 0, high = r->case_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(where, r->cases[middle].where);

		if (order == 0)
			return (&r->cases[middle]);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return (NULL);
}

static void
find_lost_cases(struct comparison *c)
{
	const struct baseline_rows *rows = &c->baseline->cases;

	for (size_t i = 0; i < rows->count; i++)
		if (was_to_run(c, rows->rows[i].name) &&
		    find_case(c->repeats, rows->rows[i].name) == NULL)
			add(c, VANISHED, fate_word(rows->rows[i].fate), "not in this run")->where =
			    rows->rows[i].name;
}

/* Those whose cases are always the same, one by one. */
static void
find_flaky_requirements(struct comparison *c)
{
	for (size_t i = 0; i < c->areas->requirement_count; i++) {
		size_t number = c->areas->by_id[i];
		const struct rejudged *now = &c->repeats->requirements[number];
		const struct baseline_row *row =
		    baseline_find(&c->baseline->requirements, c->areas->requirements[number]->id);
		struct finding *f;

		if (!now->flaky || c->flaky[number] || !is_compared(c, number))
			continue;
		f = add_requirement(c, FLAKY, number,
		    row != NULL ? verdict_word(row->verdict) : "not in the baseline",
		    requirement_rate(c, number));
		show_deviation(f, now->run, now->verdict == VERDICT_KNOWN);
	}
}

static int
compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->sort != y->sort)
		return (x->sort < y->sort ? -1 : 1);
	if ((x->id == NULL) != (y->id == NULL))
		return (x->id == NULL ? 1 : -1);
	if (x->id != NULL)
		return (strcmp(x->id, y->id));
	return (strcmp(x->where, y->where));
}

static void
note_named(struct comparison *c)
{
	for (size_t i = 0; i < c->repeats->case_count; i++) {
		const struct repeated *r = &c->repeats->cases[i];

		for (size_t k = 0; k < r->seen->requirement_count; k++)
			if (was_to_run(c, r->where))
				c->named[r->seen->requirements[k]] = true;
	}
}

void
findings_make(struct findings *f, const struct baseline *baseline, const struct repeats *repeats,
    const struct scope *scope)
{
	const struct areas *areas = repeats->runs[0].areas;
	struct comparison c = { f, baseline, repeats, scope, areas, NULL, NULL, NULL };

	*f = (struct findings){ 0 };
	c.told = grow(NULL, 0, (areas->requirement_count + 1) * sizeof(*c.told));
	c.flaky = grow(NULL, 0, (areas->requirement_count + 1) * sizeof(*c.flaky));
	c.named = grow(NULL, 0, (areas->requirement_count + 1) * sizeof(*c.named));
	for (size_t i = 0; i < areas->requirement_count; i++) {
		c.told[i] = FINDINGS;
		c.flaky[i] = c.named[i] = false;
	}
	note_named(&c);
	compare_requirements(&c);
	find_lost_requirements(&c);
	for (size_t i = 0; i < repeats->case_count; i++)
		compare_case(&c, &repeats->cases[i]);
	find_lost_cases(&c);
	find_flaky_requirements(&c);
	if (f->count > 0)
		qsort(f->rows, f->count, sizeof(*f->rows), compare_findings);
	free(c.told);
	free(c.flaky);
	free(c.named);
}

void
findings_free(struct findings *f)
{
	free(f->rows);
	pool_free(&f->pool);
}
