#include "outcome.h"

#include <stdlib.h>

#include "memory.h"

static const char *const words[WORDS] = { "conforms", "deviates", "known", "open", "unreached" };

const char *
part_word(enum part p)
{
	static const char *const parts[PARTS] = { "statement", "source", "documented", "expected",
		"observed", "at", "known", "transcript" };

	return (parts[p]);
}

static void
forget_header(struct outcome *o)
{
	o->profile = o->os = o->release = o->privileged = span_of("");
	o->machine = o->suite = o->runner = o->build = span_of("");
}

/* plumbline 1 profile=linux os=Linux release=6.18 privileged=yes */
static void
take_header(struct outcome *o, struct span line)
{
	struct span rest = line, word;

	if (o->profile.size > 0)
		return;
	if (!span_skip(&rest, "1 ")) {
		o->odd = line;
		return;
	}
	while (span_word(&rest, &word)) {
		if (span_skip(&word, "profile="))
			o->profile = word;
		else if (span_skip(&word, "os="))
			o->os = word;
		else if (span_skip(&word, "release="))
			o->release = word;
		else if (span_skip(&word, "privileged="))
			o->privileged = word;
		else if (span_skip(&word, "machine="))
			o->machine = word;
		else if (span_skip(&word, "suite="))
			o->suite = word;
		else if (span_skip(&word, "runner="))
			o->runner = word;
		else if (span_skip(&word, "build="))
			o->build = word;
	}
	if (o->profile.size == 0 || o->os.size == 0 || o->release.size == 0) {
		forget_header(o);
		o->odd = line;
	}
}

/* verdict <id> <word>; another sentence that begins so is not ours. */
static void
take_verdict(struct outcome *o, struct span line, bool whole)
{
	struct span rest = line, id, word;

	if (!span_word(&rest, &id) || !span_is_id(id) || !span_word(&rest, &word))
		return;
	for (enum word w = 0; w < WORDS; w++)
		if (span_is(word, words[w]) && span_trim(rest).size == 0) {
			o->judgements =
			    grow(o->judgements, o->judgement_count, sizeof(*o->judgements));
			o->judgements[o->judgement_count++] = (struct judgement){ id, w };
			return;
		}
	if (whole)
		o->odd = line;
}

static bool
is_answer(struct span word)
{
	return (span_is(word, "yes") || span_is(word, "no") || span_is(word, "-"));
}

static void
take_reading(struct outcome *o, struct span line)
{
	struct reading r;

	if (!span_word(&line, &r.state) || !span_word(&line, &r.kind) ||
	    !span_word(&line, &r.reads) || !span_word(&line, &r.writes) || !is_answer(r.reads) ||
	    !is_answer(r.writes) || span_trim(line).size != 0)
		return;
	o->readings = grow(o->readings, o->reading_count, sizeof(*o->readings));
	o->readings[o->reading_count++] = r;
}

/*
 * Let a piece of text that ends before this line end after it.  A piece that
 * begins with it keeps the two spaces that the others have too.
 */
static void
extend(struct span *piece, struct span line)
{
	if (piece->size == 0)
		*piece = (struct span){ line.at - 2, line.size + 2 };
	else
		piece->size = (size_t)(line.at + line.size - piece->at);
}

/*
 * A line of a block, the first two spaces gone: it begins a part, or belongs to
 * the one before.  Returns the part it is in.
 */
static enum part
take_part(struct block *b, struct span line, enum part current)
{
	for (enum part i = 0; i < PARTS; i++) {
		struct span rest = line;

		if (span_skip(&rest, part_word(i)) && span_skip(&rest, ":")) {
			b->parts[i] = span_trim(rest);
			return (i);
		}
	}
	extend(&b->parts[current], line);
	return (current);
}

void
outcome_read(struct outcome *o, struct span rest)
{
	struct block *block = NULL;
	enum part part = STATEMENT;
	struct span line;
	bool whole;

	forget_header(o);
	o->odd = span_of("");
	o->judgement_count = o->block_count = o->broken_count = o->reading_count = 0;
	while (span_line(&rest, &line, &whole)) {
		if (block != NULL && span_skip(&line, "  ")) {
			part = take_part(block, line, part);
		} else if (span_is(line, "end")) {
			block = NULL;
		} else if (span_skip(&line, "plumbline ")) {
			take_header(o, line);
		} else if (span_skip(&line, "verdict ")) {
			take_verdict(o, line, whole);
		} else if (span_skip(&line, "readiness ")) {
			take_reading(o, line);
		} else if (span_skip(&line, "broken: ")) {
			o->broken = grow(o->broken, o->broken_count, sizeof(*o->broken));
			o->broken[o->broken_count++] = line;
		} else if (span_skip(&line, "deviation ") && span_is_id(line)) {
			o->blocks = grow(o->blocks, o->block_count, sizeof(*o->blocks));
			block = &o->blocks[o->block_count++];
			*block = (struct block){ .id = line };
			part = STATEMENT;
		}
	}
}

void
outcome_free(struct outcome *o)
{
	free(o->judgements);
	free(o->blocks);
	free(o->broken);
	free(o->readings);
}
