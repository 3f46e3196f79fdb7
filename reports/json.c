#include "json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "moment.h"

static json_t *
checked(json_t *value)
{
	if (value == NULL)
		out_of_memory();
	return (value);
}

/* A text of unknown origin, made harmless. */
static json_t *
text(struct span s)
{
	size_t size;
	char *clean = text_clean(s, &size);
	json_t *value = checked(json_stringn(clean, size));

	free(clean);
	return (value);
}

static void
set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new_nocheck(object, name, checked(value)) != 0)
		out_of_memory();
}

static void
set_text(json_t *object, const char *name, const char *value)
{
	set(object, name, text(span_of(value)));
}

static void
append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, checked(value)) != 0)
		out_of_memory();
}

static json_t *
array(void)
{
	return (checked(json_array()));
}

static json_t *
object(void)
{
	return (checked(json_object()));
}

static json_t *
requirement(const struct area *area, const struct pl_requirement *q)
{
	json_t *o = object(), *documented = object();

	for (enum pl_profile p = 0; p < PL_PROFILES; p++)
		set_text(documented, pl_profile_name(p), q->outcome[p]);
	set_text(o, "id", q->id);
	set_text(o, "area", area->name);
	set_text(o, "statement", q->statement);
	set_text(o, "class", q->class);
	set(o, "documented", documented);
	set_text(o, "source", q->source);
	set(o, "priority", json_integer(q->priority));
	set_text(o, "unchecked", q->unchecked);
	return (o);
}

/* The point in time; "" if nothing ran. */
static json_t *
moment(long long microseconds)
{
	char buf[MOMENT + 1];

	moment_text(buf, microseconds);
	return (json_string(buf[0] == '\0' ? buf : strcat(buf, "Z")));
}

static json_t *
seconds(long long microseconds)
{
	return (json_real((double)microseconds / 1e6));
}

static json_t *
counts(const struct run *r)
{
	json_t *o = object();

	for (enum verdict v = 0; v < VERDICTS; v++)
		set(o, verdict_word(v), json_integer((json_int_t)r->verdicts[v]));
	return (o);
}

static json_t *
verdicts(const struct run *r)
{
	json_t *all = array();

	for (size_t i = 0; i < r->areas->requirement_count; i++) {
		json_t *o = object();

		set_text(o, "requirement", r->areas->requirements[i]->id);
		set(o, "verdict", json_string(verdict_word(r->judged[i].verdict)));
		set_text(o, "reason", r->judged[i].reason);
		append(all, o);
	}
	return (all);
}

static json_t *
cases(const struct run *r)
{
	json_t *all = array();

	for (size_t i = 0; i < r->cases; i++) {
		const struct tested *t = &r->tested[i];
		json_t *o = object(), *ids = array();

		for (size_t k = 0; k < t->requirement_count; k++)
			append(ids, text(span_of(r->areas->requirements[t->requirements[k]]->id)));
		set_text(o, "case", t->where);
		set(o, "result", json_string(status_word(t->status)));
		set_text(o, "reason", t->reason);
		set(o, "seconds", t->microseconds < 0 ? json_null() : seconds(t->microseconds));
		set(o, "requirements", ids);
		append(all, o);
	}
	return (all);
}

static json_t *
excerpt(const struct excerpt *e)
{
	json_t *o = object();

	set(o, "head", text(e->head));
	set(o, "lines_left_out", json_integer((json_int_t)e->lines));
	set(o, "tail", text(e->tail));
	return (o);
}

static json_t *
deviations(const struct run *r)
{
	json_t *all = array();

	for (size_t i = 0; i < r->deviation_count; i++) {
		const struct deviation *d = &r->deviations[i];
		json_t *o = object();

		set_text(o, "requirement", d->id);
		set(o, "known", json_boolean(d->known));
		set_text(o, "case", d->where);
		for (enum part p = 0; p < TRANSCRIPT; p++)
			set_text(o, p == CITATION ? "citation" : part_word(p), d->parts[p]);
		set(o, "transcript", excerpt(&d->transcript));
		append(all, o);
	}
	return (all);
}

static json_t *
fixed(const struct run *r)
{
	json_t *all = array();

	for (size_t i = 0; i < r->fixed_count; i++) {
		const struct fixed *x = &r->fixed[i];
		json_t *o = object();

		set_text(o, "requirement", x->deviation->requirement);
		set_text(o, "area", x->area->name);
		set(o, "line", json_integer(x->deviation->line));
		set_text(o, "citation", x->deviation->citation);
		append(all, o);
	}
	return (all);
}

static json_t *
broken(const struct run *r)
{
	json_t *all = array();

	for (size_t i = 0; i < r->broken_count; i++) {
		const struct broken *b = &r->broken[i];
		json_t *o = object(), *texts = array();

		for (size_t k = 0; k < b->count; k++)
			append(texts, text(span_of(b->texts[k])));
		set_text(o, "case", b->where);
		set(o, "reasons", texts);
		set(o, "standard_error", text(b->errors.tail));
		append(all, o);
	}
	return (all);
}

static json_t *
run(const struct run *r)
{
	json_t *o = object(), *privileges = object();

	set(privileges, "privileged_cases", json_integer((json_int_t)r->privileged));
	set(privileges, "unprivileged_cases", json_integer((json_int_t)r->unprivileged));
	set_text(o, "results", r->path);
	set_text(o, "profile", pl_profile_name(r->profile));
	set_text(o, "os", r->os == NULL ? "" : r->os);
	set_text(o, "release", r->release == NULL ? "" : r->release);
	set_text(o, "build", r->build);
	set_text(o, "machine", r->machine);
	set(o, "privileges", privileges);
	set_text(o, "suite", r->suite);
	set_text(o, "runner", r->runner);
	set(o, "started", moment(r->start));
	set(o, "seconds", seconds(r->end - r->start));
	set(o, "counts", counts(r));
	set(o, "verdicts", verdicts(r));
	set(o, "cases", cases(r));
	set(o, "deviations", deviations(r));
	set(o, "no_longer_deviate", fixed(r));
	set(o, "broken", broken(r));
	return (o);
}

/* What the runs share: they were judged with the same tables. */
static json_t *
everything(const struct run *runs, size_t count)
{
	json_t *o = object(), *names = array(), *requirements = array(), *all = array();
	const struct areas *areas = runs[0].areas;

	for (size_t i = 0; i < areas->count; i++) {
		const struct area *a = &areas->rows[i];

		append(names, text(span_of(a->name)));
		for (size_t k = 0; k < a->requirements.count; k++)
			append(requirements, requirement(a, &a->requirements.rows[k]));
	}
	for (size_t i = 0; i < count; i++)
		append(all, run(&runs[i]));
	set(o, "format", json_string("plumbline results"));
	set(o, "version", json_integer(1));
	set(o, "areas", names);
	set(o, "requirements", requirements);
	set(o, "runs", all);
	return (o);
}

void
print_json(FILE *f, const struct run *runs, size_t count)
{
	json_t *o = everything(runs, count);

	json_dumpf(o, f, JSON_INDENT(1));
	fputc('\n', f);
	json_decref(o);
}

/* In a string of JSON "<" may be written so; elsewhere there is none. */
static int
put_without_tags(const char *bytes, size_t size, void *data)
{
	FILE *f = data;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] == '<')
			fputs("\\u003c", f);
		else
			putc(bytes[i], f);
	return (0);
}

void
print_json_in_html(FILE *f, const struct run *runs, size_t count)
{
	json_t *o = everything(runs, count);

	json_dump_callback(o, put_without_tags, f, JSON_COMPACT);
	json_decref(o);
}
