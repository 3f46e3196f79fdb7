#include "tap.h"

#include <jansson.h>
#include <stdlib.h>

#include "memory.h"

#define MAX_REASON 2000   /* bytes shown of one line */
#define MAX_DEVIATIONS 20 /* told of one case */

/* Text on the line of a test, where "#" begins a directive and "\" escapes. */
static void
put_escaped(FILE *f, const char *text)
{
	char *clean = NULL;
	size_t size;
	FILE *memory;

	if ((memory = open_memstream(&clean, &size)) == NULL)
		out_of_memory();
	text_put(memory, span_of(text), MAX_REASON);
	if (ferror(memory) || fclose(memory) != 0)
		out_of_memory();
	for (const char *c = clean; *c != '\0'; c++) {
		if (*c == '#' || *c == '\\')
			fputc('\\', f);
		fputc(*c, f);
	}
	free(clean);
}

/* A string of JSON is one of YAML. */
static void
put_string(FILE *f, struct span text)
{
	size_t size;
	char *clean = text_clean(text, &size);
	json_t *value = json_stringn(clean, size);

	if (value == NULL)
		out_of_memory();
	json_dumpf(value, f, JSON_ENCODE_ANY);
	json_decref(value);
	free(clean);
}

static void
put_value(FILE *f, const char *before, const char *name, const char *value)
{
	if (value[0] == '\0')
		return;
	fprintf(f, "%s%s: ", before, name);
	put_string(f, span_of(value));
	fputc('\n', f);
}

/* Its ends, and between them how much is left out. */
static void
put_transcript(FILE *f, const struct excerpt *e)
{
	char *text = NULL;
	size_t size;
	FILE *memory;

	if (e->head.size == 0)
		return;
	if ((memory = open_memstream(&text, &size)) == NULL)
		out_of_memory();
	fwrite(e->head.at, 1, e->head.size, memory);
	if (e->bytes > 0)
		fprintf(memory, "... %zu lines (%zu bytes) cut here ...\n", e->lines, e->bytes);
	fwrite(e->tail.at, 1, e->tail.size, memory);
	if (ferror(memory) || fclose(memory) != 0)
		out_of_memory();
	fputs("      transcript: ", f);
	put_string(f, (struct span){ text, size });
	fputc('\n', f);
	free(text);
}

static void
put_deviation(FILE *f, const struct deviation *d)
{
	put_value(f, "    - ", "requirement", d->id);
	for (enum part p = 0; p < TRANSCRIPT; p++)
		put_value(f, "      ", part_word(p), d->parts[p]);
	put_transcript(f, &d->transcript);
}

static void
put_deviations(FILE *f, const struct tested *t)
{
	if (t->deviation_count == 0)
		return;
	fputs("  deviations:\n", f);
	for (size_t i = 0; i < t->deviation_count && i < MAX_DEVIATIONS; i++)
		put_deviation(f, t->deviations[i]);
	if (t->deviation_count > MAX_DEVIATIONS)
		fprintf(f, "  deviations_left_out: %zu\n", t->deviation_count - MAX_DEVIATIONS);
}

static void
put_broken(FILE *f, const struct broken *b)
{
	if (b == NULL)
		return;
	fputs("  broken:\n", f);
	for (size_t i = 0; i < b->count; i++) {
		fputs("    - ", f);
		put_string(f, span_of(b->texts[i]));
		fputc('\n', f);
	}
	if (b->errors.tail.size == 0)
		return;
	fputs("  standard_error: ", f);
	put_string(f, b->errors.tail);
	fputc('\n', f);
}

static void
put_diagnostics(FILE *f, const struct tested *t, enum fate fate)
{
	static const char *const severities[FATES] = {
		[FATE_KNOWN] = "todo", [FATE_DEVIATED] = "fail", [FATE_BROKEN] = "error"
	};

	fprintf(f, "  ---\n  severity: %s\n", severities[fate]);
	put_deviations(f, t);
	put_broken(f, t->broken);
	fputs("  ...\n", f);
}

/* That a test failed is no failure where a directive says that it was to. */
static void
put_directive(FILE *f, const struct tested *t, enum fate fate)
{
	const struct deviation *first;

	if (fate == FATE_SKIPPED) {
		fputs(" # SKIP ", f);
		put_escaped(f, t->reason);
	} else if (fate == FATE_KNOWN) {
		deviations_of(t, true, &first);
		fputs(" # TODO known deviation ", f);
		put_escaped(f, first->id);
		if (first->parts[CITATION][0] != '\0') {
			fputs(": ", f);
			put_escaped(f, first->parts[CITATION]);
		}
	}
}

static void
put_fact(FILE *f, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	fprintf(f, "# %s: ", name);
	text_put(f, span_of(value), MAX_REASON);
	fputc('\n', f);
}

static void
put_facts(FILE *f, const struct run *r)
{
	put_fact(f, "profile", pl_profile_name(r->profile));
	put_fact(f, "os", r->os);
	put_fact(f, "release", r->release);
	put_fact(f, "build", r->build);
	put_fact(f, "machine", r->machine);
	put_fact(f, "suite", r->suite);
	put_fact(f, "runner", r->runner);
	fprintf(f, "# privileged: %zu cases, unprivileged: %zu cases\n", r->privileged,
	    r->unprivileged);
}

void
print_tap(FILE *f, const struct run *r, size_t count)
{
	(void)count;
	fprintf(f, "TAP version 14\n1..%zu%s\n", r->cases, r->cases == 0 ? " # SKIP no case" : "");
	put_facts(f, r);
	for (size_t i = 0; i < r->cases; i++) {
		const struct tested *t = &r->tested[i];
		enum fate fate = fate_of(t);
		bool ok = fate == FATE_PASSED || fate == FATE_SKIPPED;

		fprintf(f, "%s %zu - ", ok ? "ok" : "not ok", i + 1);
		put_escaped(f, t->where);
		put_directive(f, t, fate);
		fputc('\n', f);
		if (t->deviation_count > 0 || t->broken != NULL)
			put_diagnostics(f, t, fate);
	}
}
