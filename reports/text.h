/*
 * Text of unknown origin: pieces of it, and how to show them without harm.
 *
 * What a case wrote may hold anything: control characters that repaint a
 * terminal, bytes that are no UTF-8, lines without end.
 */

#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A piece of somebody else's text; it may hold NUL bytes. */
struct span {
	const char *at;
	size_t size;
};

struct span span_of(const char *string);
bool span_is(struct span, const char *string);
bool span_equal(struct span, struct span);

/* Does it begin with that?  If so, go past it. */
bool span_skip(struct span *, const char *prefix);

/*
 * Take the next line, without its newline; false at the end.  A last line
 * without a newline is one as well; *whole then becomes false.
 */
bool span_line(struct span *rest, struct span *line, bool *whole);

/* Take the next word, where spaces part words; false if there is none. */
bool span_word(struct span *rest, struct span *word);

/* Without the white space around it. */
struct span span_trim(struct span);

/* Has it the form of a requirement's id, area.topic.slug? */
bool span_is_id(struct span);

/*
 * Print on one line whatever it holds: control characters, bidirectional
 * overrides, noncharacters (XML has none) and bytes that are no UTF-8 become
 * escapes such as \x1b.  Of more than cap bytes only cap, and how many were left out.
 */
void text_put(FILE *, struct span, size_t cap);

/* All of it in that way, except that its lines stay lines: a new string. */
char *text_clean(struct span, size_t *size);

#endif
