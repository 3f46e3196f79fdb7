#include "text.h"

#include <string.h>

#include "memory.h"

struct span
span_of(const char *string)
{
	return ((struct span){ string, strlen(string) });
}

bool
span_is(struct span s, const char *string)
{
	return (span_equal(s, span_of(string)));
}

bool
span_equal(struct span a, struct span b)
{
	return (a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0));
}

bool
span_skip(struct span *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->size < n || memcmp(s->at, prefix, n) != 0)
		return (false);
	s->at += n;
	s->size -= n;
	return (true);
}

bool
span_line(struct span *rest, struct span *line, bool *whole)
{
	const char *newline;

	if (rest->size == 0)
		return (false);
	newline = memchr(rest->at, '\n', rest->size);
	*whole = newline != NULL;
	*line = *rest;
	if (*whole)
		line->size = (size_t)(newline - rest->at);
	rest->at += line->size + *whole;
	rest->size -= line->size + *whole;
	return (true);
}

bool
span_word(struct span *rest, struct span *word)
{
	while (span_skip(rest, " "))
		;
	*word = (struct span){ rest->at, 0 };
	while (word->size < rest->size && rest->at[word->size] != ' ')
		word->size++;
	rest->at += word->size;
	rest->size -= word->size;
	return (word->size > 0);
}

static bool
is_space(char c)
{
	return (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

struct span
span_trim(struct span s)
{
	while (s.size > 0 && is_space(s.at[0])) {
		s.at++;
		s.size--;
	}
	while (s.size > 0 && is_space(s.at[s.size - 1]))
		s.size--;
	return (s);
}

bool
span_is_id(struct span s)
{
	int dots = 0;
	bool empty = true;

	for (size_t i = 0; i < s.size; i++) {
		char c = s.at[i];

		if (c == '.') {
			if (empty)
				return (false);
			dots++;
			empty = true;
		} else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') {
			empty = false;
		} else {
			return (false);
		}
	}
	return (dots == 2 && !empty);
}

/* The length of the UTF-8 character there and its number; 0 if it is none. */
static size_t
character(const unsigned char *at, size_t size, unsigned long *number)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;

	if (at[0] < 0x80)
		n = 1;
	else if (at[0] >= 0xc2 && at[0] < 0xe0)
		n = 2;
	else if ((at[0] & 0xf0) == 0xe0)
		n = 3;
	else if (at[0] >= 0xf0 && at[0] < 0xf5)
		n = 4;
	else
		return (0);
	if (n > size)
		return (0);
	*number = n == 1 ? at[0] : at[0] & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return (0);
		*number = *number << 6 | (at[i] & 0x3f);
	}
	if (*number < least[n] || *number > 0x10ffff || (*number >= 0xd800 && *number < 0xe000))
		return (0);
	return (n);
}

/*
 * Does showing it do more than show it: move the cursor, turn the text around?
 * Or is it one of those that Unicode keeps out of texts?
 */
static bool
acts(unsigned long c)
{
	return (c < 0x20 || (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef) ||
	    (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	    (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff));
}

void
text_put(FILE *f, struct span s, size_t cap)
{
	const unsigned char *at = (const unsigned char *)s.at;
	unsigned long number;
	size_t n;

	for (size_t i = 0; i < s.size; i += n) {
		if (i >= cap) {
			fprintf(f, "... (%zu more bytes)", s.size - i);
			return;
		}
		n = character(at + i, s.size - i, &number);
		if (n == 0) {
			n = 1;
			fprintf(f, "\\x%02x", at[i]);
		} else if (!acts(number)) {
			fwrite(at + i, 1, n, f);
		} else if (number == '\n') {
			fputs("\\n", f);
		} else if (number == '\t') {
			fputs("\\t", f);
		} else if (number < 0x80) {
			fprintf(f, "\\x%02lx", number);
		} else {
			fprintf(f, "\\u{%lx}", number);
		}
	}
}

char *
text_clean(struct span s, size_t *size)
{
	struct span line;
	char *clean = NULL;
	bool whole;
	FILE *f;

	if ((f = open_memstream(&clean, size)) == NULL)
		out_of_memory();
	for (bool first = true; span_line(&s, &line, &whole); first = false) {
		if (!first)
			fputc('\n', f);
		text_put(f, line, line.size);
	}
	if (ferror(f) || fclose(f) != 0)
		out_of_memory();
	return (clean);
}
