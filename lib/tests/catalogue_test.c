/*
 * The reader of the tables: good ones, and for each way to be malformed the one
 * line that names file, line and trouble.  Then releases, ranges and profiles.
 */

#include "../catalogue.h"

#include <sys/stat.h>

#include <atf-c.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define REQUIREMENTS "id\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\n"
#define DEVIATIONS "requirement\tos\tfrom\tto\tcitation\treason\n"
#define GOOD "pipe.eof.one\tit ends\tdiffers\t0\tn/a\tn/a: nothing\tpipe(2)\t1\t\n"

static void
write_bytes(const char *bytes, size_t size)
{
	FILE *f = fopen("table.tsv", "w");

	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_EQ(fwrite(bytes, 1, size, f), size);
	ATF_REQUIRE_EQ(fclose(f), 0);
}

/* A table of these bytes is refused with exactly this message, and nothing is kept. */
static void
refuse_requirements(const char *bytes, size_t size, const char *message)
{
	struct pl_catalogue c;
	char error[300] = "";

	write_bytes(bytes, size);
	ATF_CHECK_EQ_MSG(
	    pl_catalogue_read("table.tsv", &c, error, sizeof(error)), -1, "%s", message);
	ATF_CHECK_STREQ(message, error);
	ATF_CHECK(c.rows == NULL && c.text == NULL && c.count == 0);
}

static void
refuse_deviations(const char *bytes, size_t size, const char *message)
{
	struct pl_deviations d;
	char error[300] = "";

	write_bytes(bytes, size);
	ATF_CHECK_EQ_MSG(
	    pl_deviations_read("table.tsv", &d, error, sizeof(error)), -1, "%s", message);
	ATF_CHECK_STREQ(message, error);
	ATF_CHECK(d.rows == NULL && d.text == NULL && d.count == 0);
}

#define NO_REQUIREMENTS(text, message) \
	refuse_requirements(text, sizeof(text) - 1, "table.tsv:" message)
#define NO_DEVIATIONS(text, message) refuse_deviations(text, sizeof(text) - 1, "table.tsv:" message)

ATF_TC_WITHOUT_HEAD(requirements);
ATF_TC_BODY(requirements, tc)
{
	static const char text[] = REQUIREMENTS GOOD
	    "udp6.send.two-2\tgr\xc3\xbc\xc3\x9f\tposix\ta\tb\tc\tudp(4)\t3\tneeds a network\n";
	const struct pl_requirement *q;
	struct pl_catalogue c;
	char error[300];

	write_bytes(text, sizeof(text) - 1);
	ATF_REQUIRE_EQ_MSG(
	    pl_catalogue_read("table.tsv", &c, error, sizeof(error)), 0, "%s", error);
	ATF_REQUIRE_EQ(c.count, 2);
	q = pl_catalogue_find(&c, "udp6.send.two-2");
	ATF_REQUIRE(q == &c.rows[1]);
	ATF_CHECK_STREQ(q->statement, "gr\xc3\xbc\xc3\x9f");
	ATF_CHECK_STREQ(q->class, "posix");
	ATF_CHECK_STREQ(q->outcome[PL_PROFILE_POSIX], "a");
	ATF_CHECK_STREQ(q->outcome[PL_PROFILE_FREEBSD], "b");
	ATF_CHECK_STREQ(q->outcome[PL_PROFILE_LINUX], "c");
	ATF_CHECK_STREQ(q->source, "udp(4)");
	ATF_CHECK_EQ(q->priority, 3);
	ATF_CHECK_STREQ(q->unchecked, "needs a network");
	ATF_CHECK_EQ(q->line, 3);
	q = pl_catalogue_find(&c, "pipe.eof.one");
	ATF_REQUIRE(q == &c.rows[0]);
	ATF_CHECK_STREQ(q->unchecked, "");
	ATF_CHECK(pl_requirement_applies(q, PL_PROFILE_POSIX));
	ATF_CHECK(!pl_requirement_applies(q, PL_PROFILE_FREEBSD));
	ATF_CHECK(!pl_requirement_applies(q, PL_PROFILE_LINUX));
	ATF_CHECK(pl_catalogue_find(&c, "pipe.eof") == NULL);
	ATF_CHECK(pl_catalogue_find(&c, "pipe.eof.one-more") == NULL);
	pl_catalogue_free(&c);
	ATF_CHECK(c.rows == NULL && c.text == NULL && c.count == 0);
}

/* More rows and bytes than any buffer holds at first. */
ATF_TC_WITHOUT_HEAD(many_requirements);
ATF_TC_BODY(many_requirements, tc)
{
	FILE *f = fopen("table.tsv", "w");
	struct pl_catalogue c;
	char error[300], id[40];

	ATF_REQUIRE(f != NULL);
	fputs(REQUIREMENTS, f);
	for (int i = 0; i < 3000; i++)
		fprintf(f, "pipe.many.row-%d\tstatement %d\tshared\t0\t0\t0\tpipe(2)\t2\t\n", i, i);
	ATF_REQUIRE_EQ(fclose(f), 0);
	ATF_REQUIRE_EQ_MSG(
	    pl_catalogue_read("table.tsv", &c, error, sizeof(error)), 0, "%s", error);
	ATF_REQUIRE_EQ(c.count, 3000);
	for (int i = 0; i < 3000; i++) {
		snprintf(id, sizeof(id), "pipe.many.row-%d", i);
		ATF_REQUIRE_STREQ(c.rows[i].id, id);
		ATF_REQUIRE_EQ(c.rows[i].line, i + 2);
	}
	pl_catalogue_free(&c);
}

ATF_TC_WITHOUT_HEAD(only_headers);
ATF_TC_BODY(only_headers, tc)
{
	struct pl_catalogue c;
	struct pl_deviations d;
	char error[300];

	write_bytes(REQUIREMENTS, sizeof(REQUIREMENTS) - 1);
	ATF_CHECK_EQ(pl_catalogue_read("table.tsv", &c, error, sizeof(error)), 0);
	ATF_CHECK_EQ(c.count, 0);
	ATF_CHECK(pl_catalogue_find(&c, "pipe.eof.one") == NULL);
	pl_catalogue_free(&c);
	write_bytes(DEVIATIONS, sizeof(DEVIATIONS) - 1);
	ATF_CHECK_EQ(pl_deviations_read("table.tsv", &d, error, sizeof(error)), 0);
	ATF_CHECK_EQ(d.count, 0);
	ATF_CHECK(pl_deviations_find(&d, "pipe.eof.one", "Linux", 618) == NULL);
	pl_deviations_free(&d);
}

ATF_TC_WITHOUT_HEAD(no_file);
ATF_TC_BODY(no_file, tc)
{
	struct pl_catalogue c;
	struct pl_deviations d;
	char error[300];

	ATF_CHECK_EQ(pl_catalogue_read("none.tsv", &c, error, sizeof(error)), -1);
	ATF_CHECK_STREQ("none.tsv: No such file or directory", error);
	ATF_CHECK_EQ(pl_deviations_read("none.tsv", &d, error, sizeof(error)), -1);
	ATF_CHECK_STREQ("none.tsv: No such file or directory", error);
	ATF_REQUIRE_EQ(mkdir("dir.tsv", 0755), 0);
	ATF_CHECK_EQ(pl_catalogue_read("dir.tsv", &c, error, sizeof(error)), -1);
	ATF_CHECK_MSG(strncmp(error, "dir.tsv", 7) == 0, "%s", error);
}

ATF_TC_WITHOUT_HEAD(bad_text);
ATF_TC_BODY(bad_text, tc)
{
	NO_REQUIREMENTS("", " empty: not even a header line");
	NO_REQUIREMENTS("id", "1: the last line has no end: the file may be cut off");
	NO_REQUIREMENTS(REQUIREMENTS "pipe.eof.one\tit",
	    "2: the last line has no end: the file may be cut off");
	NO_REQUIREMENTS(REQUIREMENTS GOOD "a\0b\n", "3: a NUL byte");
	NO_REQUIREMENTS(REQUIREMENTS "pipe.eof.one\tit\033ends\n", "2: control character 0x1b");
	NO_REQUIREMENTS(
	    "id\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\r\n",
	    "1: control character 0x0d");
}

ATF_TC_WITHOUT_HEAD(bad_columns);
ATF_TC_BODY(bad_columns, tc)
{
	NO_REQUIREMENTS(GOOD, "1: column 1 is \"pipe.eof.one\" where \"id\" belongs");
	NO_REQUIREMENTS(
	    "id\tstatement\tclass\tposix\tlinux\tfreebsd\tsource\tpriority\tunchecked\n",
	    "1: column 5 is \"linux\" where \"freebsd\" belongs");
	NO_REQUIREMENTS("id\tstatement\n", "1: 2 columns where 9 belong");
	NO_REQUIREMENTS(REQUIREMENTS "\n", "2: 1 columns where 9 belong");
	NO_REQUIREMENTS(
	    REQUIREMENTS GOOD "a.b.c\ts\tposix\t0\t0\t0\tx\t1\n", "3: 8 columns where 9 belong");
	NO_REQUIREMENTS(
	    REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t0\tx\t1\t\t\t\n", "2: 11 columns where 9 belong");
	NO_DEVIATIONS(REQUIREMENTS, "1: 9 columns where 6 belong");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t-\t-\tc\n", "2: 5 columns where 6 belong");
}

#define NO_ID(id)                                                        \
	NO_REQUIREMENTS(REQUIREMENTS id "\ts\tposix\t0\t0\t0\tx\t1\t\n", \
	    "2: \"" id "\" is no id of the form area.topic.slug")

ATF_TC_WITHOUT_HEAD(bad_ids);
ATF_TC_BODY(bad_ids, tc)
{
	NO_ID("");
	NO_ID("pipe");
	NO_ID("pipe.eof");
	NO_ID("pipe.eof.one.more");
	NO_ID("pipe..one");
	NO_ID(".eof.one");
	NO_ID("pipe.eof.");
	NO_ID("Pipe.eof.one");
	NO_ID("pipe.eof.one two");
	NO_ID("pipe.eof.one_two");
	NO_REQUIREMENTS(REQUIREMENTS GOOD GOOD, "3: \"pipe.eof.one\" stands here twice");
	NO_DEVIATIONS(DEVIATIONS "pipe\tLinux\t-\t-\tc\tr\n",
	    "2: \"pipe\" is no id of the form area.topic.slug");
}

ATF_TC_WITHOUT_HEAD(bad_values);
ATF_TC_BODY(bad_values, tc)
{
	NO_REQUIREMENTS(REQUIREMENTS "a.b.c\ts\tplan9\t0\t0\t0\tx\t1\t\n",
	    "2: class \"plan9\" is none of posix, shared, differs, freebsd, linux");
	NO_REQUIREMENTS(
	    REQUIREMENTS "a.b.c\t\tposix\t0\t0\t0\tx\t1\t\n", "2: column statement is empty");
	NO_REQUIREMENTS(
	    REQUIREMENTS "a.b.c\ts\tposix\t\t0\t0\tx\t1\t\n", "2: column posix is empty");
	NO_REQUIREMENTS(
	    REQUIREMENTS "a.b.c\ts\tposix\t0\t\t0\tx\t1\t\n", "2: column freebsd is empty");
	NO_REQUIREMENTS(
	    REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t\tx\t1\t\n", "2: column linux is empty");
	NO_REQUIREMENTS(
	    REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t0\t\t1\t\n", "2: column source is empty");
	NO_REQUIREMENTS(
	    REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t0\tx\t\t\n", "2: column priority is empty");
	NO_REQUIREMENTS(REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t0\tx\t4\t\n",
	    "2: priority \"4\" is not 1, 2 or 3");
	NO_REQUIREMENTS(REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t0\tx\t0\t\n",
	    "2: priority \"0\" is not 1, 2 or 3");
	NO_REQUIREMENTS(REQUIREMENTS "a.b.c\ts\tposix\t0\t0\t0\tx\t12\t\n",
	    "2: priority \"12\" is not 1, 2 or 3");
}

ATF_TC_WITHOUT_HEAD(bad_deviations);
ATF_TC_BODY(bad_deviations, tc)
{
	NO_DEVIATIONS("", " empty: not even a header line");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\t\t-\t-\tc\tr\n",
	    "2: column os is empty (an open end of a range is \"-\")");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t\t-\tc\tr\n",
	    "2: column from is empty (an open end of a range is \"-\")");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t-\t-\t\tr\n",
	    "2: column citation is empty (an open end of a range is \"-\")");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t-\t-\tc\t\n",
	    "2: column reason is empty (an open end of a range is \"-\")");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\told\t-\tc\tr\n", "2: \"old\" is no release");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t-\tnew\tc\tr\n", "2: \"new\" is no release");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t6.2\t6.1\tc\tr\n",
	    "2: the range of releases ends before it begins");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t-\t13,2\tc\tr\n", "2: \"13,2\" is no release");
	NO_DEVIATIONS(DEVIATIONS "a.b.c\tLinux\t5.x\t-\tc\tr\n", "2: \"5.x\" is no release");
}

/* Of a message longer than its place the beginning is left, and it ends. */
ATF_TC_WITHOUT_HEAD(short_message);
ATF_TC_BODY(short_message, tc)
{
	struct pl_catalogue c;
	char error[300];

	write_bytes("", 0);
	for (size_t size = 1; size < 45; size++) {
		memset(error, 'x', sizeof(error));
		ATF_CHECK_EQ(pl_catalogue_read("table.tsv", &c, error, size), -1);
		ATF_REQUIRE(memchr(error, '\0', size) != NULL);
		ATF_CHECK(
		    strncmp(error, "table.tsv: empty: not even a header line", strlen(error)) == 0);
		ATF_CHECK_EQ(error[size], 'x');
	}
}

ATF_TC_WITHOUT_HEAD(ranges);
ATF_TC_BODY(ranges, tc)
{
	static const char text[] = DEVIATIONS "a.b.c\tLinux\t5.10\t6.1\tpipe(2)\tslow\n"
					      "a.b.c\tLinux\t6.12\t-\tpipe(7)\tfast\n"
					      "a.b.c\tFreeBSD\t-\t13.2\tx\ty\n"
					      "a.b.d\tLinux\t-\t-\tx\ty\n"
					      "a.b.e\tLinux\t6.18\t6.18\tx\ty\n"
					      "a.b.f\tFreeBSD\t13\t14\tx\ty\n";
	struct pl_deviations d;
	char error[300];

	write_bytes(text, sizeof(text) - 1);
	ATF_REQUIRE_EQ_MSG(
	    pl_deviations_read("table.tsv", &d, error, sizeof(error)), 0, "%s", error);
	ATF_REQUIRE_EQ(d.count, 6);
	ATF_CHECK_STREQ(d.rows[0].requirement, "a.b.c");
	ATF_CHECK_STREQ(d.rows[0].os, "Linux");
	ATF_CHECK_EQ(d.rows[0].from, 510);
	ATF_CHECK_EQ(d.rows[0].to, 601);
	ATF_CHECK_STREQ(d.rows[0].citation, "pipe(2)");
	ATF_CHECK_STREQ(d.rows[0].reason, "slow");
	ATF_CHECK_EQ(d.rows[0].line, 2);
	ATF_CHECK_EQ(d.rows[2].from, 0);
	ATF_CHECK_EQ(d.rows[1].to, INT_MAX);

	/* Both ends belong to a range. */
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "Linux", 509) == NULL);
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "Linux", 510) == &d.rows[0]);
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "Linux", 601) == &d.rows[0]);
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "Linux", 602) == NULL);
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "Linux", 1200) == &d.rows[1]);
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "FreeBSD", 1302) == &d.rows[2]);
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "FreeBSD", 1303) == NULL);
	ATF_CHECK(pl_deviations_find(&d, "a.b.c", "freebsd", 1302) == NULL);
	ATF_CHECK(pl_deviations_find(&d, "a.b.d", "Linux", 1) == &d.rows[3]);
	ATF_CHECK(pl_deviations_find(&d, "a.b.d", "FreeBSD", 1) == NULL);
	ATF_CHECK(pl_deviations_find(&d, "a.b.e", "Linux", 618) == &d.rows[4]);
	ATF_CHECK(pl_deviations_find(&d, "a.b", "Linux", 618) == NULL);

	/* A major alone: from its first minor, to its last. */
	ATF_CHECK_EQ(d.rows[5].from, 1300);
	ATF_CHECK(pl_deviations_find(&d, "a.b.f", "FreeBSD", 1403) == &d.rows[5]);
	ATF_CHECK(pl_deviations_find(&d, "a.b.f", "FreeBSD", 1500) == NULL);
	pl_deviations_free(&d);
	ATF_CHECK(d.rows == NULL && d.text == NULL && d.count == 0);
}

ATF_TC_WITHOUT_HEAD(releases);
ATF_TC_BODY(releases, tc)
{
	ATF_CHECK_EQ(pl_release_parse("13.2-RELEASE"), 1302);
	ATF_CHECK_EQ(pl_release_parse("15.0-CURRENT"), 1500);
	ATF_CHECK_EQ(pl_release_parse("6.18.44"), 618);
	ATF_CHECK_EQ(pl_release_parse("6.1.0-13-amd64"), 601);
	ATF_CHECK_EQ(pl_release_parse("14"), 1400);
	ATF_CHECK_EQ(pl_release_parse("6."), 600);
	ATF_CHECK_EQ(pl_release_parse("6.99"), 699);
	ATF_CHECK_EQ(pl_release_parse(""), -1);
	ATF_CHECK_EQ(pl_release_parse("-"), -1);
	ATF_CHECK_EQ(pl_release_parse("v6.18"), -1);
	ATF_CHECK_EQ(pl_release_parse(" 6.18"), -1);
	ATF_CHECK_EQ(pl_release_parse("-6.18"), -1);
	ATF_CHECK_EQ(pl_release_parse("6.-1"), -1);
	ATF_CHECK_EQ(pl_release_parse("6.100"), -1);
	ATF_CHECK_EQ(pl_release_parse("10000.1"), -1);
	ATF_CHECK_EQ(pl_release_parse("99999999999999999999.1"), -1);
	ATF_CHECK_EQ(pl_release_parse("6.99999999999999999999"), -1);
}

ATF_TC_WITHOUT_HEAD(profiles);
ATF_TC_BODY(profiles, tc)
{
	ATF_CHECK_STREQ(pl_profile_name(PL_PROFILE_POSIX), "posix");
	ATF_CHECK_STREQ(pl_profile_name(PL_PROFILE_FREEBSD), "freebsd");
	ATF_CHECK_STREQ(pl_profile_name(PL_PROFILE_LINUX), "linux");
	for (int i = 0; i < PL_PROFILES; i++)
		ATF_CHECK_EQ(pl_profile_parse(pl_profile_name((enum pl_profile)i)), i);
	ATF_CHECK_EQ(pl_profile_parse(""), -1);
	ATF_CHECK_EQ(pl_profile_parse("Linux"), -1);
	ATF_CHECK_EQ(pl_profile_parse("linux "), -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, requirements);
	ATF_TP_ADD_TC(tp, many_requirements);
	ATF_TP_ADD_TC(tp, only_headers);
	ATF_TP_ADD_TC(tp, no_file);
	ATF_TP_ADD_TC(tp, bad_text);
	ATF_TP_ADD_TC(tp, bad_columns);
	ATF_TP_ADD_TC(tp, bad_ids);
	ATF_TP_ADD_TC(tp, bad_values);
	ATF_TP_ADD_TC(tp, bad_deviations);
	ATF_TP_ADD_TC(tp, short_message);
	ATF_TP_ADD_TC(tp, ranges);
	ATF_TP_ADD_TC(tp, releases);
	ATF_TP_ADD_TC(tp, profiles);
	return (atf_no_error());
}
