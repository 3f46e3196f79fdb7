/*
 * Picking the library's lines out of what a case wrote.
 */

#include "../outcome.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

/* Read from a copy of that exact size, so that reading past its end is noticed. */
static char *copy;

static void
read_bytes(struct outcome *o, const char *bytes, size_t size)
{
	free(copy);
	copy = malloc(size > 0 ? size : 1);
	ATF_REQUIRE(copy != NULL);
	memcpy(copy, bytes, size);
	outcome_read(o, (struct span){ copy, size });
}

static void
read_text(struct outcome *o, const char *text)
{
	read_bytes(o, text, strlen(text));
}

#define SPAN_EQ(span, string) \
	ATF_CHECK_MSG(        \
	    span_is(span, string), "\"%.*s\" is not \"%s\"", (int)(span).size, (span).at, string)

ATF_TC_WITHOUT_HEAD(header);
ATF_TC_BODY(header, tc)
{
	struct outcome o = { 0 };

	read_text(&o,
	    "hello\nplumbline 1 profile=linux os=Linux release=6.18 privileged=yes\n"
	    "plumbline 1 profile=posix os=X release=1 privileged=no\n");
	SPAN_EQ(o.profile, "linux");
	SPAN_EQ(o.os, "Linux");
	SPAN_EQ(o.release, "6.18");
	SPAN_EQ(o.privileged, "yes");
	ATF_CHECK_EQ(o.odd.size, 0);
	/* Words that nobody knows yet do no harm; known ones must be there. */
	read_text(&o, "plumbline 1 moon=full release=1 os=A profile=posix\n");
	SPAN_EQ(o.profile, "posix");
	ATF_CHECK_EQ(o.privileged.size, 0);
	read_text(&o, "plumbline 1 profile=linux os=Linux\n");
	ATF_CHECK_EQ(o.profile.size, 0);
	SPAN_EQ(o.odd, "1 profile=linux os=Linux");
	read_text(&o, "plumbline 10 profile=linux os=Linux release=1\n");
	ATF_CHECK_EQ(o.profile.size, 0);
	ATF_CHECK(o.odd.size > 0);
	outcome_free(&o);
}

ATF_TC_WITHOUT_HEAD(verdicts);
ATF_TC_BODY(verdicts, tc)
{
	static const char *const ids[] = { "a.b.c", "a.b.d", "a.b.e", "a.b.f", "a.b.g" };
	struct outcome o = { 0 };

	read_text(&o,
	    "verdict a.b.c conforms\nverdict a.b.d deviates\nx\nverdict a.b.e known\n"
	    "verdict a.b.f open\nverdict a.b.g unreached");
	ATF_REQUIRE_EQ(o.judgement_count, 5);
	for (int i = 0; i < 5; i++) {
		SPAN_EQ(o.judgements[i].id, ids[i]);
		ATF_CHECK_EQ(o.judgements[i].word, (enum word)i);
	}
	ATF_CHECK_EQ(o.odd.size, 0);
	outcome_free(&o);
}

ATF_TC_WITHOUT_HEAD(no_verdicts);
ATF_TC_BODY(no_verdicts, tc)
{
	struct outcome o = { 0 };

	read_text(&o,
	    "verdict of the jury\n verdict a.b.c conforms\nverdict\nverdict a.b.c\n"
	    "verdictum a.b.c conforms\n");
	ATF_CHECK_EQ(o.judgement_count, 0);
	ATF_CHECK_EQ(o.odd.size, 0);
	/* Only a whole line can be wrong; the last one may be cut off. */
	read_text(&o, "verdict a.b.c confo");
	ATF_CHECK_EQ(o.judgement_count + o.odd.size, 0);
	read_text(&o, "verdict a.b.c confo\n");
	SPAN_EQ(o.odd, "a.b.c confo");
	read_text(&o, "verdict a.b.c conforms to all\n");
	ATF_CHECK_EQ(o.judgement_count, 0);
	ATF_CHECK(o.odd.size > 0);
	outcome_free(&o);
}

ATF_TC_WITHOUT_HEAD(block);
ATF_TC_BODY(block, tc)
{
	struct outcome o = { 0 };

	read_text(&o,
	    "deviation a.b.c\n  statement: it is so\n  source: pipe(2)\n  documented: always\n"
	    "  expected: returns 0,\n    or 1\n  observed: 7\n  hint: none\n"
	    "  known: POSIX: never was\n  at: x.c:1\n  transcript:\n    p0 p1 = pipe()\n"
	    "    at: no part\n    end\nend\n  statement: outside\nverdict a.b.c known\n");
	ATF_REQUIRE_EQ(o.block_count, 1);
	SPAN_EQ(o.blocks[0].id, "a.b.c");
	SPAN_EQ(o.blocks[0].parts[STATEMENT], "it is so");
	SPAN_EQ(o.blocks[0].parts[SOURCE], "pipe(2)");
	SPAN_EQ(o.blocks[0].parts[DOCUMENTED], "always");
	SPAN_EQ(o.blocks[0].parts[EXPECTED], "returns 0,\n    or 1");
	SPAN_EQ(o.blocks[0].parts[OBSERVED], "7\n  hint: none");
	SPAN_EQ(o.blocks[0].parts[CITATION], "POSIX: never was");
	SPAN_EQ(o.blocks[0].parts[AT], "x.c:1");
	SPAN_EQ(o.blocks[0].parts[TRANSCRIPT], "    p0 p1 = pipe()\n    at: no part\n    end");
	ATF_CHECK_EQ(o.judgement_count, 1);
	outcome_free(&o);
}

/* Other processes may write between the lines of a block. */
ATF_TC_WITHOUT_HEAD(block_with_lines_between);
ATF_TC_BODY(block_with_lines_between, tc)
{
	struct outcome o = { 0 };

	read_text(&o,
	    "deviation a.b.c\n  expected: 1\nnoise\nbroken: child\n  observed: 2\nend\n"
	    "deviation of taste\n  expected: 3\n");
	ATF_REQUIRE_EQ(o.block_count, 1);
	SPAN_EQ(o.blocks[0].parts[EXPECTED], "1");
	SPAN_EQ(o.blocks[0].parts[OBSERVED], "2");
	ATF_REQUIRE_EQ(o.broken_count, 1);
	SPAN_EQ(o.broken[0], "child");
	outcome_free(&o);
}

ATF_TC_WITHOUT_HEAD(block_cut_off);
ATF_TC_BODY(block_cut_off, tc)
{
	static const char all[] = "deviation a.b.c\n  statement: s\n  observed: o\n  known: k: l\n"
				  "  at: a\n  transcript:\n    x\n    y\nend\n";
	struct outcome o = { 0 };

	for (size_t n = 0; n < sizeof(all); n++) {
		read_bytes(&o, all, n);
		ATF_CHECK_EQ(o.block_count, n < strlen("deviation a.b.c") ? 0 : 1);
	}
	outcome_free(&o);
}

ATF_TC_WITHOUT_HEAD(nothing_stays);
ATF_TC_BODY(nothing_stays, tc)
{
	struct outcome o = { 0 };

	read_text(&o,
	    "plumbline 1 profile=linux os=Linux release=6.18 privileged=yes\n"
	    "verdict a.b.c conforms\nbroken: x\ndeviation a.b.c\nplumbline 3\n"
	    "verdict a.b.c what\n");
	ATF_CHECK(o.odd.size > 0);
	read_text(&o, "");
	ATF_CHECK_EQ(o.profile.size + o.os.size + o.release.size + o.odd.size, 0);
	ATF_CHECK_EQ(o.judgement_count + o.block_count + o.broken_count, 0);
	outcome_free(&o);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, header);
	ATF_TP_ADD_TC(tp, verdicts);
	ATF_TP_ADD_TC(tp, no_verdicts);
	ATF_TP_ADD_TC(tp, block);
	ATF_TP_ADD_TC(tp, block_with_lines_between);
	ATF_TP_ADD_TC(tp, block_cut_off);
	ATF_TP_ADD_TC(tp, nothing_stays);
	return (atf_no_error());
}
