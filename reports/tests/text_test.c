/*
 * Pieces of text: taking them apart, and showing them without harm.
 */

#include "../text.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

static char *
shown(const char *bytes, size_t size, size_t cap)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	ATF_REQUIRE(f != NULL);
	text_put(f, (struct span){ bytes, size }, cap);
	ATF_REQUIRE_EQ(fclose(f), 0);
	return (text);
}

static void
check_shown(const char *bytes, size_t size, const char *expected)
{
	char *text = shown(bytes, size, 1000);

	ATF_CHECK_STREQ(expected, text);
	free(text);
}

#define SHOWN(literal, expected) check_shown(literal, sizeof(literal) - 1, expected)

ATF_TC_WITHOUT_HEAD(harmless);
ATF_TC_BODY(harmless, tc)
{
	SHOWN("", "");
	SHOWN("plain \"text\" with \\n and 100%s", "plain \"text\" with \\n and 100%s");
	SHOWN("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\xa7",
	    "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\xa7");
	SHOWN("a\nb\tc\rd", "a\\nb\\tc\\x0dd");
	SHOWN("\x1b[2J", "\\x1b[2J");
	SHOWN("a\0b\x7f", "a\\x00b\\x7f");
}

/* What acts on a terminal though it is no ASCII control character. */
ATF_TC_WITHOUT_HEAD(harmless_unicode);
ATF_TC_BODY(harmless_unicode, tc)
{
	SHOWN("\xc2\x9b[2J", "\\u{9b}[2J");
	SHOWN("\xe2\x80\xae", "\\u{202e}");
	SHOWN("\xe2\x80\xa8", "\\u{2028}");
	SHOWN("\xef\xbb\xbf", "\\u{feff}");
}

/* They are UTF-8, and yet XML has no place for them. */
ATF_TC_WITHOUT_HEAD(no_characters);
ATF_TC_BODY(no_characters, tc)
{
	SHOWN("\xef\xbf\xbf\xef\xbf\xbe\xef\xbf\xbd", "\\u{ffff}\\u{fffe}\xef\xbf\xbd");
	SHOWN("\xf0\x9f\xbf\xbf", "\\u{1ffff}");
	SHOWN("\xef\xb7\x90", "\\u{fdd0}");
}

ATF_TC_WITHOUT_HEAD(no_utf8);
ATF_TC_BODY(no_utf8, tc)
{
	SHOWN("\xff", "\\xff");
	SHOWN("\x80", "\\x80");
	SHOWN("\xc0\xaf", "\\xc0\\xaf");
	SHOWN("\xc3", "\\xc3");
	SHOWN("\xe2\x82", "\\xe2\\x82");
	SHOWN("\xe0\x80\x80", "\\xe0\\x80\\x80");
	SHOWN("\xed\xa0\x80", "\\xed\\xa0\\x80");
	SHOWN("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	SHOWN("\xc3(", "\\xc3(");
}

ATF_TC_WITHOUT_HEAD(capped);
ATF_TC_BODY(capped, tc)
{
	char *text = shown("0123456789", 10, 4);

	ATF_CHECK_STREQ("0123... (6 more bytes)", text);
	free(text);
	text = shown("0123", 4, 4);
	ATF_CHECK_STREQ("0123", text);
	free(text);
	/* No character is cut in two. */
	text = shown("012\xc3\xbcx", 6, 4);
	ATF_CHECK_STREQ("012\xc3\xbc... (1 more bytes)", text);
	free(text);
}

/* Only newlines are left of what acts; the last of them ends no line of its own. */
ATF_TC_WITHOUT_HEAD(cleaned_lines);
ATF_TC_BODY(cleaned_lines, tc)
{
	size_t size;
	char *text = text_clean((struct span){ "a\0\x1b\n\n\xff\tb\n", 8 }, &size);

	ATF_CHECK_STREQ("a\\x00\\x1b\n\n\\xff\\tb", text);
	ATF_CHECK_EQ(size, strlen(text));
	free(text);
	text = text_clean(span_of(""), &size);
	ATF_CHECK_STREQ("", text);
	ATF_CHECK_EQ(size, 0);
	free(text);
}

ATF_TC_WITHOUT_HEAD(lines);
ATF_TC_BODY(lines, tc)
{
	struct span rest = { "a\n\nb\0c\nd", 8 }, line;
	bool whole;

	ATF_REQUIRE(span_line(&rest, &line, &whole));
	ATF_CHECK(whole && span_is(line, "a"));
	ATF_REQUIRE(span_line(&rest, &line, &whole));
	ATF_CHECK(whole && line.size == 0);
	ATF_REQUIRE(span_line(&rest, &line, &whole));
	ATF_CHECK(whole && line.size == 3);
	ATF_REQUIRE(span_line(&rest, &line, &whole));
	ATF_CHECK(!whole && span_is(line, "d"));
	ATF_CHECK(!span_line(&rest, &line, &whole));
}

ATF_TC_WITHOUT_HEAD(words);
ATF_TC_BODY(words, tc)
{
	struct span rest = span_of("  one two  "), word;

	ATF_CHECK(span_word(&rest, &word) && span_is(word, "one"));
	ATF_CHECK(span_word(&rest, &word) && span_is(word, "two"));
	ATF_CHECK(!span_word(&rest, &word));
	ATF_CHECK(span_is(span_trim(span_of(" \t a b\r\n")), "a b"));
	ATF_CHECK_EQ(span_trim(span_of(" \n ")).size, 0);
}

ATF_TC_WITHOUT_HEAD(ids);
ATF_TC_BODY(ids, tc)
{
	ATF_CHECK(span_is_id(span_of("pipe.eof.is-sticky")));
	ATF_CHECK(span_is_id(span_of("udp6.a.4")));
	ATF_CHECK(!span_is_id(span_of("pipe.eof")));
	ATF_CHECK(!span_is_id(span_of("pipe.eof.a.b")));
	ATF_CHECK(!span_is_id(span_of("pipe..a")));
	ATF_CHECK(!span_is_id(span_of("pipe.eof.")));
	ATF_CHECK(!span_is_id(span_of(".eof.a")));
	ATF_CHECK(!span_is_id(span_of("pipe.Eof.a")));
	ATF_CHECK(!span_is_id(span_of("pipe.eof.a ")));
	ATF_CHECK(!span_is_id(span_of("")));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, harmless);
	ATF_TP_ADD_TC(tp, harmless_unicode);
	ATF_TP_ADD_TC(tp, no_characters);
	ATF_TP_ADD_TC(tp, no_utf8);
	ATF_TP_ADD_TC(tp, capped);
	ATF_TP_ADD_TC(tp, cleaned_lines);
	ATF_TP_ADD_TC(tp, lines);
	ATF_TP_ADD_TC(tp, words);
	ATF_TP_ADD_TC(tp, ids);
	return (atf_no_error());
}
