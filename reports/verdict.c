#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_VALUE 4096  /* bytes kept of one text */
#define MAX_BLOCKS 50   /* deviations kept of one case */
#define MAX_TEXTS 20    /* things said of one broken case */
#define HEAD_LINES 100  /* lines kept of a transcript, */
#define TAIL_LINES 300  /* whose end tells most */
#define ERROR_LINES 20  /* lines kept of standard error */
#define MAX_BYTES 65536 /* of each end of an excerpt */

/* No case takes ten days (in microseconds): the clock was set. */
#define MAX_TIME (10 * 86400 * 1000000LL)

/* The suite of the project's own tests: they play with our words, but may break. */
#define OWN_SUITE "plumbline-own"

/* What the case at hand said of a requirement; another case's mark is void. */
struct mark {
	size_t of; /* number of the case, from 1 */
	bool said[WORDS];
	bool named, told; /* was looked at as named by it; a deviation of it is noted */
};

const char *
verdict_word(enum verdict v)
{
	static const char *const words[VERDICTS] = { "conforms", "deviates", "known deviation",
		"not applicable", "not tested" };

	return (words[v]);
}

size_t
deviations_of(const struct tested *t, bool known, const struct deviation **first)
{
	size_t n = 0;

	*first = NULL;
	for (size_t i = 0; i < t->deviation_count; i++)
		if (t->deviations[i]->known == known && n++ == 0)
			*first = t->deviations[i];
	return (n);
}

enum fate
fate_of(const struct tested *t)
{
	const struct deviation *first;

	if (deviations_of(t, false, &first) > 0)
		return (FATE_DEVIATED);
	if (t->broken != NULL)
		return (FATE_BROKEN);
	if (t->status == SKIPPED)
		return (FATE_SKIPPED);
	return (t->deviation_count > 0 ? FATE_KNOWN : FATE_PASSED);
}

void
run_begin(struct run *r, const struct areas *areas)
{
	memset(r, 0, sizeof(*r));
	r->areas = areas;
	r->machine = r->suite = r->runner = r->build = r->path = "";
	r->judged = calloc(areas->requirement_count + 1, sizeof(*r->judged));
	r->marks = calloc(areas->requirement_count + 1, sizeof(*r->marks));
	if (r->judged == NULL || r->marks == NULL)
		out_of_memory();
}

/* A string of it, where a NUL byte is seen and does not hide the rest. */
static const char *
keep_all(struct run *r, struct span s)
{
	size_t nuls = 0;
	char *copy, *to;

	for (size_t i = 0; i < s.size; i++)
		nuls += s.at[i] == '\0';
	if (nuls == 0)
		return (pool_copy(&r->pool, s.at, s.size));
	copy = to = pool_get(&r->pool, s.size + 3 * nuls + 1);
	for (size_t i = 0; i < s.size; i++)
		if (s.at[i] != '\0')
			*to++ = s.at[i];
		else
			to += sprintf(to, "\\x00");
	*to = '\0';
	return (copy);
}

static const char *
keep(struct run *r, struct span s)
{
	if (s.size <= MAX_VALUE)
		return (keep_all(r, s));
	return (pool_format(&r->pool, "%s ... (%zu more bytes)",
	    keep_all(r, (struct span){ s.at, MAX_VALUE }), s.size - MAX_VALUE));
}

static struct span
keep_span(struct run *r, struct span s)
{
	return ((struct span){ pool_copy(&r->pool, s.at, s.size), s.size });
}

static size_t
count_lines(const char *at, const char *end)
{
	size_t n = 0;

	for (; at < end; at++)
		n += *at == '\n';
	return (n);
}

/* The first and the last lines of a text, and how much is between. */
static struct excerpt
keep_excerpt(struct run *r, struct span s, size_t head_lines, size_t tail_lines)
{
	const char *head = s.at, *end, *tail;
	size_t lines = 0;

	if (s.size == 0)
		return ((struct excerpt){ span_of(""), span_of(""), 0, 0 });
	end = tail = s.at + s.size;
	while (head < end && lines < head_lines)
		lines += *head++ == '\n';
	/* The newline that ends the last line begins no line of its own. */
	lines = 0;
	while (tail > head && !(tail[-1] == '\n' && tail < end && ++lines == tail_lines))
		tail--;
	if (head - s.at > MAX_BYTES)
		head = s.at + MAX_BYTES;
	if (end - tail > MAX_BYTES)
		tail = end - MAX_BYTES;
	return ((struct excerpt){ keep_span(r, (struct span){ s.at, (size_t)(head - s.at) }),
	    keep_span(r, (struct span){ tail, (size_t)(end - tail) }), count_lines(head, tail),
	    (size_t)(tail - head) });
}

/* One more thing to say of the case at hand, which is broken by that. */
static void
add_broken(struct broken *b, const char *text)
{
	if (b->count == MAX_TEXTS)
		return;
	if (text[0] == '\0')
		text = "broken for no reason given";
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->texts[i], text) == 0)
			return;
	b->texts = grow(b->texts, b->count, sizeof(*b->texts));
	if (b->count + 1 == MAX_TEXTS)
		text = "and more that is left out here";
	b->texts[b->count++] = text;
}

static void
add_unknown(struct run *r, struct broken *b, struct span id)
{
	if (b->count < MAX_TEXTS)
		add_broken(b, pool_format(&r->pool, "names %s, which no table has", keep(r, id)));
}

static struct mark *
mark_of(struct run *r, long number)
{
	struct mark *m = &r->marks[number];

	if (m->of != r->cases)
		*m = (struct mark){ .of = r->cases };
	return (m);
}

/* Count what the case says of a requirement, each word once. */
static void
say(struct run *r, long number, enum word word, enum status status)
{
	struct mark *m = mark_of(r, number);

	/* A skip never counts as a pass. */
	if (m->said[word] || (word == CONFORMS && status == SKIPPED))
		return;
	m->said[word] = true;
	r->judged[number].said[word]++;
}

static void
take_judgements(struct run *r, const struct result *result, struct broken *b)
{
	const struct outcome *o = &r->outcome;

	for (size_t i = 0; i < o->judgement_count; i++) {
		long n = areas_find(r->areas, o->judgements[i].id);

		if (n >= 0)
			say(r, n, o->judgements[i].word, result->status);
		else
			add_unknown(r, b, o->judgements[i].id);
	}
}

/* A deviation, completed from the table where the case says nothing. */
static void
add_deviation(struct run *r, const char *where, struct span id, long requirement, bool known,
    const struct block *block)
{
	struct deviation *d;

	r->deviations = grow(r->deviations, r->deviation_count, sizeof(*r->deviations));
	d = &r->deviations[r->deviation_count++];
	*d = (struct deviation){ .id = keep(r, id),
		.requirement = requirement,
		.known = known,
		.number = r->cases,
		.where = where };
	for (enum part i = 0; i < TRANSCRIPT; i++)
		d->parts[i] = keep(r, block->parts[i]);
	d->transcript = keep_excerpt(r, block->parts[TRANSCRIPT], HEAD_LINES, TAIL_LINES);
	if (requirement < 0)
		return;
	if (d->parts[STATEMENT][0] == '\0')
		d->parts[STATEMENT] = r->areas->requirements[requirement]->statement;
	if (d->parts[SOURCE][0] == '\0')
		d->parts[SOURCE] = r->areas->requirements[requirement]->source;
}

static void
take_block(struct run *r, const struct result *result, const char *where, struct broken *b,
    const struct block *block)
{
	bool known = block->parts[CITATION].size > 0;
	long n = areas_find(r->areas, block->id);

	if (n >= 0) {
		struct mark *m = mark_of(r, n);

		/* The case may have been killed between the block and its verdict. */
		if (!m->said[DEVIATES] && !m->said[KNOWN])
			say(r, n, known ? KNOWN : DEVIATES, result->status);
		/* The verdict counts; the block decides only where there are both. */
		if (m->said[DEVIATES] != m->said[KNOWN])
			known = m->said[KNOWN];
		m->told = true;
	} else {
		add_unknown(r, b, block->id);
	}
	add_deviation(r, where, block->id, n, known, block);
}

static void
take_deviations(struct run *r, const struct result *result, const char *where, struct broken *b)
{
	static const struct block nothing;
	const struct outcome *o = &r->outcome;

	for (size_t i = 0; i < o->block_count && i < MAX_BLOCKS; i++)
		take_block(r, result, where, b, &o->blocks[i]);
	if (o->block_count > MAX_BLOCKS)
		add_broken(b,
		    pool_format(&r->pool, "tells of %zu deviations, of which %d are taken",
			o->block_count, MAX_BLOCKS));
	/* Those of which it gives no more than the verdict. */
	for (size_t i = 0; i < o->judgement_count; i++) {
		enum word word = o->judgements[i].word;
		long n = areas_find(r->areas, o->judgements[i].id);

		if ((word != DEVIATES && word != KNOWN) || n < 0 || mark_of(r, n)->told)
			continue;
		mark_of(r, n)->told = true;
		add_deviation(r, where, o->judgements[i].id, n, word == KNOWN, &nothing);
	}
}

/* Does it tell of any deviation, of a known one included or not? */
static bool
tells_deviation(const struct outcome *o, bool or_known)
{
	for (size_t i = 0; i < o->judgement_count; i++)
		if (o->judgements[i].word == DEVIATES ||
		    (or_known && o->judgements[i].word == KNOWN))
			return (true);
	for (size_t i = 0; i < o->block_count; i++)
		if (or_known || o->blocks[i].parts[CITATION].size == 0)
			return (true);
	return (false);
}

/* Why is this case no witness?  Nothing is added if it is one. */
static void
take_trouble(struct run *r, const struct result *result, struct broken *b)
{
	const struct outcome *o = &r->outcome;
	const char *reason = keep(r, result->reason);

	for (size_t i = 0; i < o->broken_count && i < MAX_TEXTS; i++)
		add_broken(b, keep(r, o->broken[i]));
	if (o->odd.size > 0)
		add_broken(b,
		    pool_format(&r->pool, "a line of it is not understood: %s", keep(r, o->odd)));
	switch (result->status) {
	case BROKEN:
		if (o->broken_count == 0)
			add_broken(b, reason);
		break;
	case FAILED:
		if (o->broken_count == 0 && !tells_deviation(o, false))
			add_broken(b,
			    pool_format(&r->pool, "failed, and tells of no deviation: %s", reason));
		break;
	case EXPECTED_FAILURE:
		if (o->broken_count == 0 && !tells_deviation(o, true))
			add_broken(b,
			    pool_format(&r->pool,
				"failed as expected, and tells of no known deviation: %s", reason));
		break;
	case NONE:
		add_broken(b, "the run ended before it had a result");
		break;
	default:
		break;
	}
}

/* Why the case at hand says neither yes nor no to a requirement that it names. */
static enum obstacle
obstacle_of(struct run *r, const struct result *result, const struct mark *m,
    const struct broken *b, const char **reason)
{
	struct span rest = result->reason;

	*reason = "";
	if (m->said[CONFORMS] || m->said[DEVIATES] || m->said[KNOWN])
		return (OBSTACLE_NONE);
	if (result->status == SKIPPED) {
		if (span_skip(&rest, "not applicable: ")) {
			*reason = keep(r, rest);
			return (OBSTACLE_NOT_APPLICABLE);
		}
		span_skip(&rest, "not tested: ");
		*reason = keep(r, rest);
		return (OBSTACLE_SKIPPED);
	}
	if (b->count > 0) {
		*reason = b->texts[0];
		return (OBSTACLE_BROKE);
	}
	if (m->said[UNREACHED] || result->status != PASSED)
		return (OBSTACLE_UNREACHED);
	return (m->said[OPEN] ? OBSTACLE_OPEN : OBSTACLE_SILENT);
}

static void
take_name(struct run *r, const struct result *result, const char *where, const struct broken *b,
    long number)
{
	struct mark *m = mark_of(r, number);
	struct judged *j = &r->judged[number];
	enum obstacle obstacle;
	const char *reason;

	if (m->named)
		return;
	m->named = true;
	obstacle = obstacle_of(r, result, m, b, &reason);
	if (obstacle > j->obstacle ||
	    (obstacle == j->obstacle && obstacle != OBSTACLE_NONE &&
		strcmp(where, j->obstacle_case) < 0)) {
		j->obstacle = obstacle;
		j->obstacle_case = where;
		j->obstacle_reason = reason;
	}
}

/* Look at every requirement that the case names, in its property or its output. */
static void
take_names(struct run *r, const struct result *result, const char *where, struct broken *b)
{
	struct span rest = result->requirements, id;
	long n;

	while (span_word(&rest, &id))
		if (areas_find(r->areas, id) < 0)
			add_unknown(r, b, id);
	rest = result->requirements;
	while (span_word(&rest, &id))
		if ((n = areas_find(r->areas, id)) >= 0)
			take_name(r, result, where, b, n);
	for (size_t i = 0; i < r->outcome.judgement_count; i++)
		if ((n = areas_find(r->areas, r->outcome.judgements[i].id)) >= 0)
			take_name(r, result, where, b, n);
}

/* Whose documentation, which kernel: every case of a run must say the same. */
static int
take_header(struct run *r, const char *where, struct broken *b, char *error, size_t size)
{
	const struct outcome *o = &r->outcome;
	const char *profile;
	int number;

	if (o->profile.size == 0)
		return (0);
	if ((number = pl_profile_parse(profile = keep(r, o->profile))) < 0) {
		add_broken(b,
		    pool_format(
			&r->pool, "speaks for the profile \"%s\", which nobody knows", profile));
		return (0);
	}
	r->privileged += span_is(o->privileged, "yes");
	r->unprivileged += span_is(o->privileged, "no");
	if (r->profile_case == NULL) {
		r->profile_case = where;
		r->profile = (enum pl_profile)number;
		r->os = keep(r, o->os);
		r->release = keep(r, o->release);
		r->machine = keep(r, o->machine);
		r->suite = keep(r, o->suite);
		r->runner = keep(r, o->runner);
		r->build = keep(r, o->build);
	} else if (r->profile != (enum pl_profile)number || !span_is(o->os, r->os) ||
	    !span_is(o->release, r->release)) {
		snprintf(error, size,
		    "a mixture: %.200s ran under profile %s on %.40s %.40s, %.200s under %s on "
		    "%.40s %.40s: judge the results of one run",
		    r->profile_case, pl_profile_name(r->profile), r->os, r->release, where, profile,
		    keep(r, o->os), keep(r, o->release));
		return (-1);
	}
	return (0);
}

/* Keep the case itself for the forms that list every one; returns program:case. */
static const char *
take_case(struct run *r, const struct result *result)
{
	struct span rest = result->requirements, id;
	struct tested *t;
	long n;

	r->tested = grow(r->tested, r->cases, sizeof(*r->tested));
	t = &r->tested[r->cases++];
	*t = (struct tested){ .number = r->cases,
		.program = keep(r, result->program),
		.name = keep(r, result->name),
		.status = result->status,
		.reason = keep(r, result->reason),
		.microseconds = -1 };
	t->where = pool_format(&r->pool, "%s:%s", t->program, t->name);
	while (span_word(&rest, &id)) {
		if ((n = areas_find(r->areas, id)) < 0)
			continue;
		t->requirements =
		    grow(t->requirements, t->requirement_count, sizeof(*t->requirements));
		t->requirements[t->requirement_count++] = (size_t)n;
	}
	if (result->status == NONE || result->start <= 0 || result->end < result->start ||
	    result->end - result->start > MAX_TIME)
		return (t->where);
	t->start = result->start;
	t->microseconds = result->end - result->start;
	if (r->start == 0 || result->start < r->start)
		r->start = result->start;
	if (result->end > r->end)
		r->end = result->end;
	return (t->where);
}

int
run_take(
    struct run *r, struct results *results, const struct result *result, char *error, size_t size)
{
	struct broken b = { 0 };
	const char *where = take_case(r, result);

	r->statuses[result->status]++;
	outcome_read(&r->outcome, span_is(result->suite, OWN_SUITE) ? span_of("") : result->out);
	if (take_header(r, where, &b, error, size) != 0) {
		free(b.texts);
		return (-1);
	}
	take_trouble(r, result, &b);
	take_judgements(r, result, &b);
	take_deviations(r, result, where, &b);
	take_names(r, result, where, &b);
	for (size_t i = 0; i < r->outcome.reading_count; i++) {
		const struct reading *said = &r->outcome.readings[i];

		r->readiness = grow(r->readiness, r->readiness_count, sizeof(*r->readiness));
		r->readiness[r->readiness_count++] = (struct readiness){ keep(r, said->state),
			keep(r, said->kind), keep(r, said->reads), keep(r, said->writes) };
	}
	if (result->status == SKIPPED) {
		r->skips = grow(r->skips, r->skip_count, sizeof(*r->skips));
		r->skips[r->skip_count++] = (struct skip){ keep(r, result->reason), 1 };
	}
	if (b.count > 0) {
		b.number = r->cases;
		b.where = where;
		b.errors = keep_excerpt(r, span_trim(results_stderr(results)), 0, ERROR_LINES);
		r->broken = grow(r->broken, r->broken_count, sizeof(*r->broken));
		r->broken[r->broken_count++] = b;
	}
	return (0);
}

/* By name; cases of one name, as they stand in the results file. */
static int
compare_names(const char *a, size_t a_number, const char *b, size_t b_number)
{
	int order = strcmp(a, b);

	return (order != 0 ? order : (a_number > b_number) - (a_number < b_number));
}

/* By requirement as in the tables, then by case; those of no table last. */
static int
compare_deviations(const void *a, const void *b)
{
	const struct deviation *x = a, *y = b;
	int order;

	if (x->requirement != y->requirement)
		return ((unsigned long)x->requirement < (unsigned long)y->requirement ? -1 : 1);
	if (x->requirement < 0 && (order = strcmp(x->id, y->id)) != 0)
		return (order);
	return (compare_names(x->where, x->number, y->where, y->number));
}

static int
compare_broken(const void *a, const void *b)
{
	const struct broken *x = a, *y = b;

	return (compare_names(x->where, x->number, y->where, y->number));
}

static int
compare_tested(const void *a, const void *b)
{
	const struct tested *x = a, *y = b;

	return (compare_names(x->where, x->number, y->where, y->number));
}

static int
compare_readiness(const void *a, const void *b)
{
	const struct readiness *x = a, *y = b;
	int order = strcmp(x->state, y->state);

	return (order != 0 ? order : strcmp(x->kind, y->kind));
}

static int
compare_reasons(const void *a, const void *b)
{
	return (strcmp(((const struct skip *)a)->reason, ((const struct skip *)b)->reason));
}

/* The most frequent first. */
static int
compare_skips(const void *a, const void *b)
{
	const struct skip *x = a, *y = b;

	if (x->cases != y->cases)
		return (x->cases > y->cases ? -1 : 1);
	return (compare_reasons(a, b));
}

static void
count_skips(struct run *r)
{
	size_t n = 0;

	if (r->skip_count == 0)
		return;
	qsort(r->skips, r->skip_count, sizeof(*r->skips), compare_reasons);
	for (size_t i = 1; i < r->skip_count; i++)
		if (strcmp(r->skips[i].reason, r->skips[n].reason) == 0)
			r->skips[n].cases++;
		else
			r->skips[++n] = r->skips[i];
	r->skip_count = n + 1;
	qsort(r->skips, r->skip_count, sizeof(*r->skips), compare_skips);
}

/* Why nobody judged it. */
static const char *
untested_reason(struct run *r, size_t number)
{
	const struct judged *j = &r->judged[number];

	switch (j->obstacle) {
	case OBSTACLE_BROKE:
		return (
		    pool_format(&r->pool, "%s broke: %s", j->obstacle_case, j->obstacle_reason));
	case OBSTACLE_UNREACHED:
		return (pool_format(&r->pool, "%s ended before it judged this", j->obstacle_case));
	case OBSTACLE_SILENT:
		return (
		    pool_format(&r->pool, "%s passed without a word on this", j->obstacle_case));
	case OBSTACLE_OPEN:
		return (pool_format(
		    &r->pool, "%s expects nothing under this profile", j->obstacle_case));
	case OBSTACLE_SKIPPED:
	case OBSTACLE_NOT_APPLICABLE:
		return (j->obstacle_reason);
	case OBSTACLE_NONE:
		break;
	}
	if (r->areas->requirements[number]->unchecked[0] != '\0')
		return (r->areas->requirements[number]->unchecked);
	if (r->areas->in_source[number])
		return ("not in this run");
	return (r->areas->has_source ? "no case names it" : "no case in this run names it");
}

/* "n/a: POSIX leaves it open" without its first word. */
static const char *
inapplicable_reason(const char *outcome)
{
	outcome += strlen("n/a");
	outcome += strspn(outcome, ":; ");
	return (*outcome != '\0' ? outcome : "the documentation says nothing of it");
}

static void
judge(struct run *r, size_t number)
{
	const struct pl_requirement *q = r->areas->requirements[number];
	struct judged *j = &r->judged[number];

	j->reason = "";
	if (j->said[DEVIATES] > 0) {
		j->verdict = VERDICT_DEVIATES;
	} else if (j->said[KNOWN] > 0) {
		j->verdict = VERDICT_KNOWN;
	} else if (!pl_requirement_applies(q, r->profile)) {
		j->verdict = VERDICT_NOT_APPLICABLE;
		j->reason = inapplicable_reason(q->outcome[r->profile]);
	} else if (j->said[CONFORMS] > 0) {
		j->verdict = VERDICT_CONFORMS;
	} else if (j->obstacle == OBSTACLE_NOT_APPLICABLE) {
		j->verdict = VERDICT_NOT_APPLICABLE;
		j->reason = j->obstacle_reason;
	} else {
		j->verdict = VERDICT_NOT_TESTED;
		j->reason = untested_reason(r, number);
	}
	r->verdicts[j->verdict]++;
}

/* The first deviation of the sort that made the verdict gives it its reason. */
static void
give_reasons(struct run *r)
{
	for (size_t i = r->deviation_count; i-- > 0;) {
		const struct deviation *d = &r->deviations[i];
		const char *what;
		struct judged *j;

		if (d->requirement < 0)
			continue;
		j = &r->judged[d->requirement];
		what = d->parts[d->known ? CITATION : OBSERVED];
		if (d->known == (j->verdict == VERDICT_KNOWN))
			j->reason = *what == '\0' ? d->where
						  : pool_format(&r->pool, "%s: %s", d->where, what);
	}
}

/*
 * A known deviation is told gone only when the system's own documentation was
 * asked: another profile may simply allow what the system does.
 */
static void
find_fixed(struct run *r)
{
	int release;

	if (r->os == NULL || strcasecmp(r->os, pl_profile_name(r->profile)) != 0)
		return;
	release = pl_release_parse(r->release);

	for (size_t i = 0; i < r->areas->count && release >= 0; i++) {
		const struct area *area = &r->areas->rows[i];

		for (size_t k = 0; k < area->deviations.count; k++) {
			const struct pl_deviation *d = &area->deviations.rows[k];
			long n = areas_find(r->areas, span_of(d->requirement));

			if (strcmp(d->os, r->os) != 0 || release < d->from || release > d->to ||
			    n < 0 || r->judged[n].verdict != VERDICT_CONFORMS)
				continue;
			r->fixed = grow(r->fixed, r->fixed_count, sizeof(*r->fixed));
			r->fixed[r->fixed_count++] = (struct fixed){ area, d };
		}
	}
}

/* Hand every case what it told, and its trouble. */
static void
give_to_cases(struct run *r)
{
	struct tested **by_number = pool_get(&r->pool, (r->cases + 1) * sizeof(*by_number));
	const struct deviation **room =
	    pool_get(&r->pool, (r->deviation_count + 1) * sizeof(*room));

	for (size_t i = 0; i < r->cases; i++)
		by_number[r->tested[i].number] = &r->tested[i];
	for (size_t i = 0; i < r->broken_count; i++)
		by_number[r->broken[i].number]->broken = &r->broken[i];
	for (size_t i = 0; i < r->deviation_count; i++)
		by_number[r->deviations[i].number]->deviation_count++;
	for (size_t i = 0; i < r->cases; i++) {
		r->tested[i].deviations = room;
		room += r->tested[i].deviation_count;
		r->tested[i].deviation_count = 0;
	}
	for (size_t i = 0; i < r->deviation_count; i++) {
		struct tested *t = by_number[r->deviations[i].number];

		t->deviations[t->deviation_count++] = &r->deviations[i];
	}
}

int
run_judge(struct run *r, const char *profile, char *error, size_t size)
{
	if (profile == NULL && r->profile_case == NULL) {
		snprintf(error, size, "%s: %s",
		    r->cases == 0 ? "no case ran" : "no case says under which profile it ran",
		    "run the suite, or name a profile with -p");
		return (-1);
	}
	if (profile != NULL && r->profile_case != NULL &&
	    strcmp(profile, pl_profile_name(r->profile)) != 0) {
		snprintf(error, size,
		    "its cases ran under profile %s, not %s: leave out -p, or run them again",
		    pl_profile_name(r->profile), profile);
		return (-1);
	}
	if (r->profile_case == NULL)
		r->profile = (enum pl_profile)pl_profile_parse(profile);
	if (r->deviation_count > 0)
		qsort(
		    r->deviations, r->deviation_count, sizeof(*r->deviations), compare_deviations);
	if (r->broken_count > 0)
		qsort(r->broken, r->broken_count, sizeof(*r->broken), compare_broken);
	if (r->readiness_count > 0)
		qsort(r->readiness, r->readiness_count, sizeof(*r->readiness), compare_readiness);
	if (r->cases > 0)
		qsort(r->tested, r->cases, sizeof(*r->tested), compare_tested);
	give_to_cases(r);
	count_skips(r);
	for (size_t i = 0; i < r->areas->requirement_count; i++)
		judge(r, i);
	give_reasons(r);
	find_fixed(r);
	return (0);
}

/* Put the file before a message that does not know it. */
static int
of_file(const char *path, const char *what, char *error, size_t size)
{
	snprintf(error, size, "%s: %s", path, what);
	return (-1);
}

int
run_read(struct run *r, const struct areas *areas, const char *path, const char *profile,
    char *error, size_t size)
{
	struct results *results;
	struct result result;
	char what[1024];
	int got;

	run_begin(r, areas);
	r->path = path;
	if ((results = results_open(path, error, size)) == NULL)
		return (-1);
	while ((got = results_next(results, &result, error, size)) == 1)
		if (run_take(r, results, &result, what, sizeof(what)) != 0) {
			got = of_file(path, what, error, size);
			break;
		}
	results_close(results);
	if (got == 0 && run_judge(r, profile, what, sizeof(what)) != 0)
		got = of_file(path, what, error, size);
	return (got);
}

bool
run_is_bad(const struct run *r)
{
	if (r->broken_count > 0)
		return (true);
	for (size_t i = 0; i < r->deviation_count; i++)
		if (!r->deviations[i].known)
			return (true);
	return (r->verdicts[VERDICT_DEVIATES] > 0);
}

void
run_free(struct run *r)
{
	for (size_t i = 0; i < r->broken_count; i++)
		free(r->broken[i].texts);
	for (size_t i = 0; i < r->cases; i++)
		free(r->tested[i].requirements);
	free(r->tested);
	free(r->judged);
	free(r->marks);
	free(r->deviations);
	free(r->broken);
	free(r->skips);
	free(r->readiness);
	free(r->fixed);
	outcome_free(&r->outcome);
	pool_free(&r->pool);
}
