#include "junit.h"

#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "moment.h"
#include "print.h"

/* Some readers of XML refuse a text of more than ten million bytes. */
#define MAX_BODY 2000000

/* What some cases come to. */
struct tally {
	size_t tests, failures, errors, skipped;
	long long start, microseconds;
};

/* The cases of one program, which stand together. */
struct suite {
	const struct tested *cases;
	size_t count;
	struct tally tally;
};

/* The file remembers that it could not be written; its owner asks it in the end. */
static int
put_bytes(void *file, const char *bytes, int size)
{
	fwrite(bytes, 1, (size_t)size, file);
	return (size);
}

/* As the file never complains, only memory can fail. */
static void
check(int got)
{
	if (got < 0)
		out_of_memory();
}

static void
begin(xmlTextWriterPtr x, const char *name)
{
	check(xmlTextWriterStartElement(x, BAD_CAST name));
}

static void
end(xmlTextWriterPtr x)
{
	check(xmlTextWriterEndElement(x));
}

static void
attribute(xmlTextWriterPtr x, const char *name, const char *value)
{
	size_t size;
	char *clean = text_clean(span_of(value), &size);

	check(xmlTextWriterWriteAttribute(x, BAD_CAST name, BAD_CAST clean));
	free(clean);
}

static void
attribute_number(xmlTextWriterPtr x, const char *name, size_t number)
{
	check(xmlTextWriterWriteFormatAttribute(x, BAD_CAST name, "%zu", number));
}

/* In seconds; the schema allows three digits after the point. */
static void
attribute_time(xmlTextWriterPtr x, long long microseconds)
{
	check(xmlTextWriterWriteFormatAttribute(
	    x, BAD_CAST "time", "%lld.%03lld", microseconds / 1000000, microseconds / 1000 % 1000));
}

static void
attribute_counts(xmlTextWriterPtr x, const struct tally *t)
{
	attribute_number(x, "tests", t->tests);
	attribute_number(x, "failures", t->failures);
	attribute_number(x, "errors", t->errors);
}

static void
property(xmlTextWriterPtr x, const char *name, const char *value)
{
	begin(x, "property");
	attribute(x, "name", name);
	attribute(x, "value", value);
	end(x);
}

static void
property_number(xmlTextWriterPtr x, const char *name, size_t number)
{
	char value[24];

	snprintf(value, sizeof(value), "%zu", number);
	property(x, name, value);
}

static int
compare_deviations(const void *a, const void *b)
{
	const struct deviation *x = *(const struct deviation *const *)a;
	const struct deviation *y = *(const struct deviation *const *)b;
	int order = strcmp(x->id, y->id);

	return (order != 0 ? order : strcmp(x->parts[CITATION], y->parts[CITATION]));
}

static void
property_known(xmlTextWriterPtr x, const struct deviation *d)
{
	struct pool pool = { 0 };

	property(x, "known-deviation",
	    d->parts[CITATION][0] == '\0'
		? d->id
		: pool_format(&pool, "%s: %s", d->id, d->parts[CITATION]));
	pool_free(&pool);
}

/* Each known deviation of the suite once, however many cases saw it. */
static void
put_known(xmlTextWriterPtr x, const struct suite *s)
{
	const struct deviation **known = NULL;
	size_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->cases[i].deviation_count; k++)
			if (s->cases[i].deviations[k]->known) {
				known = grow(known, count, sizeof(*known));
				known[count++] = s->cases[i].deviations[k];
			}
	if (count > 0)
		qsort(known, count, sizeof(*known), compare_deviations);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || compare_deviations(&known[i - 1], &known[i]) != 0)
			property_known(x, known[i]);
	free(known);
}

/* The facts of the run are said in each suite: the whole has no place for them. */
static void
put_properties(xmlTextWriterPtr x, const struct run *r, const struct suite *s)
{
	begin(x, "properties");
	property(x, "profile", pl_profile_name(r->profile));
	property(x, "os", r->os == NULL ? "" : r->os);
	property(x, "release", r->release == NULL ? "" : r->release);
	property(x, "build", r->build);
	property(x, "machine", r->machine);
	property(x, "suite", r->suite);
	property(x, "runner", r->runner);
	property_number(x, "privileged-cases", r->privileged);
	property_number(x, "unprivileged-cases", r->unprivileged);
	put_known(x, s);
	end(x);
}

/* Text that print.h writes, to be put into the document. */
struct body {
	char *text;
	size_t size;
	FILE *file;
};

static void
body_begin(struct body *b)
{
	b->text = NULL;
	if ((b->file = open_memstream(&b->text, &b->size)) == NULL)
		out_of_memory();
}

static void
body_end(xmlTextWriterPtr x, struct body *b)
{
	if (ferror(b->file) || fclose(b->file) != 0)
		out_of_memory();
	check(xmlTextWriterWriteString(x, BAD_CAST b->text));
	free(b->text);
}

static void
print_sort(FILE *f, const struct tested *t, bool known)
{
	size_t left = 0;

	for (size_t i = 0; i < t->deviation_count; i++) {
		if (t->deviations[i]->known != known)
			continue;
		if (ftell(f) < MAX_BODY)
			print_deviation(f, t->deviations[i]);
		else
			left++;
	}
	if (left > 0)
		fprintf(f, "%zu more deviations are left out here\n", left);
}

/* id: expected this, observed that (and 2 more deviations) */
static void
attribute_message(xmlTextWriterPtr x, const struct deviation *d, size_t count)
{
	struct pool pool = { 0 };
	const char *expected = d->parts[EXPECTED], *observed = d->parts[OBSERVED];
	const char *message = d->id;

	if (expected[0] != '\0' && observed[0] != '\0')
		message =
		    pool_format(&pool, "%s: expected %s, observed %s", d->id, expected, observed);
	else if (observed[0] != '\0')
		message = pool_format(&pool, "%s: observed %s", d->id, observed);
	if (count > 1)
		message = pool_format(&pool, "%s (and %zu more deviations)", message, count - 1);
	attribute(x, "message", message);
	pool_free(&pool);
}

static void
put_failure(xmlTextWriterPtr x, const struct tested *t)
{
	const struct deviation *first;
	size_t count = deviations_of(t, false, &first);
	struct body body;

	begin(x, "failure");
	attribute(x, "type", "deviation");
	attribute_message(x, first, count);
	body_begin(&body);
	print_sort(body.file, t, false);
	if (t->broken != NULL) {
		fputs("The case is broken as well:\n", body.file);
		print_trouble(body.file, t->broken);
	}
	body_end(x, &body);
	end(x);
}

static void
put_error(xmlTextWriterPtr x, const struct tested *t)
{
	struct body body;

	begin(x, "error");
	attribute(x, "type", "broken");
	attribute(x, "message", t->broken->texts[0]);
	body_begin(&body);
	print_trouble(body.file, t->broken);
	body_end(x, &body);
	end(x);
}

static void
put_system_out(xmlTextWriterPtr x, const struct tested *t)
{
	const struct deviation *first;
	struct body body;

	if (deviations_of(t, true, &first) == 0)
		return;
	begin(x, "system-out");
	body_begin(&body);
	fputs("Known deviations, for which no case fails:\n\n", body.file);
	print_sort(body.file, t, true);
	body_end(x, &body);
	end(x);
}

static void
put_class(xmlTextWriterPtr x, const char *program)
{
	struct pool pool = { 0 };
	char *name = pool_copy(&pool, program, strlen(program));

	for (char *c = name; *c != '\0'; c++)
		if (*c == '/')
			*c = '.';
	attribute(x, "classname", name);
	pool_free(&pool);
}

static void
put_case(xmlTextWriterPtr x, const struct tested *t)
{
	begin(x, "testcase");
	put_class(x, t->program);
	attribute(x, "name", t->name);
	if (t->microseconds >= 0)
		attribute_time(x, t->microseconds);
	switch (fate_of(t)) {
	case FATE_DEVIATED:
		put_failure(x, t);
		break;
	case FATE_BROKEN:
		put_error(x, t);
		break;
	case FATE_SKIPPED:
		begin(x, "skipped");
		attribute(x, "message", t->reason);
		end(x);
		break;
	default:
		break;
	}
	put_system_out(x, t);
	end(x);
}

static void
put_suite(xmlTextWriterPtr x, const struct run *r, const struct suite *s)
{
	char start[MOMENT];

	begin(x, "testsuite");
	attribute(x, "name", s->cases[0].program);
	attribute(x, "file", s->cases[0].program);
	attribute_counts(x, &s->tally);
	attribute_number(x, "skipped", s->tally.skipped);
	attribute_time(x, s->tally.microseconds);
	moment_text(start, s->tally.start);
	if (start[0] != '\0')
		attribute(x, "timestamp", start);
	put_properties(x, r, s);
	for (size_t i = 0; i < s->count; i++)
		put_case(x, &s->cases[i]);
	end(x);
}

static void
add_case(struct tally *sum, const struct tested *t)
{
	enum fate fate = fate_of(t);

	sum->tests++;
	sum->failures += fate == FATE_DEVIATED;
	sum->errors += fate == FATE_BROKEN;
	sum->skipped += fate == FATE_SKIPPED;
	if (t->microseconds < 0)
		return;
	sum->microseconds += t->microseconds;
	if (sum->start == 0 || t->start < sum->start)
		sum->start = t->start;
}

/* That case, and those behind it of the same program. */
static struct suite
suite_from(const struct run *r, size_t first)
{
	struct suite s = { .cases = &r->tested[first] };

	while (
	    first + s.count < r->cases && strcmp(s.cases[s.count].program, s.cases[0].program) == 0)
		add_case(&s.tally, &s.cases[s.count++]);
	return (s);
}

static void
put_suites(xmlTextWriterPtr x, const struct run *r)
{
	struct suite suite;
	struct tally all = { 0 };

	for (size_t i = 0; i < r->cases; i++)
		add_case(&all, &r->tested[i]);
	begin(x, "testsuites");
	attribute(x, "name", "plumbline");
	attribute_counts(x, &all);
	attribute_time(x, all.microseconds);
	for (size_t i = 0; i < r->cases; i += suite.count) {
		suite = suite_from(r, i);
		put_suite(x, r, &suite);
	}
	end(x);
}

void
print_junit(FILE *f, const struct run *r, size_t count)
{
	xmlTextWriterPtr x;
	xmlOutputBufferPtr buffer = xmlOutputBufferCreateIO(put_bytes, NULL, f, NULL);

	(void)count;
	if (buffer == NULL || (x = xmlNewTextWriter(buffer)) == NULL)
		out_of_memory();
	check(xmlTextWriterSetIndent(x, 1));
	check(xmlTextWriterStartDocument(x, "1.0", "UTF-8", NULL));
	put_suites(x, r);
	check(xmlTextWriterEndDocument(x));
	xmlFreeTextWriter(x);
}
