/*
 * Addresses: their lengths, how they are compared, and how the transcript says them.
 */

#include "address.h"

#include <atf-c.h>
#include <stddef.h>
#include <string.h>

#include "case.h"

/* Stands for the library's end of a case, whose program this is not. */
void
pl_broken(const char *format, ...)
{
	atf_tc_fail("pl_broken was called: %s", format);
}

static const char *
text(const struct pl_address *a)
{
	static char said[256];

	return (pl_address_text(said, sizeof(said), &a->any, a->length));
}

ATF_TC_WITHOUT_HEAD(paths);
ATF_TC_BODY(paths, tc)
{
	struct pl_address a = pl_unix_address("dir/name");
	size_t before = offsetof(struct sockaddr_un, sun_path);
	char full[sizeof(a.un.sun_path) + 1];

	ATF_CHECK_EQ(AF_UNIX, a.any.sa_family);
	ATF_CHECK_EQ(before + 9, a.length);
	ATF_CHECK_STREQ("unix:\"dir/name\"", text(&a));
	/* A path that fills sun_path has no NUL, and none is counted. */
	memset(full, 'x', sizeof(full));
	full[sizeof(full) - 1] = '\0';
	a = pl_unix_address(full);
	ATF_CHECK_EQ(sizeof(a.un), a.length);
	ATF_CHECK_EQ('x', a.un.sun_path[sizeof(a.un.sun_path) - 1]);
}

ATF_TC_WITHOUT_HEAD(other_unix_names);
ATF_TC_BODY(other_unix_names, tc)
{
	struct pl_address a = pl_unix_address_bytes("", 0);

	ATF_CHECK_EQ(offsetof(struct sockaddr_un, sun_path), a.length);
	ATF_CHECK_STREQ("unix:-", text(&a));
	a = pl_unix_address_bytes("\0ab\0c", 5);
	ATF_CHECK_STREQ("unix:@\"ab\\x00c\"", text(&a));
	a = pl_unix_address_bytes("a\"\n", 3);
	ATF_CHECK_STREQ("unix:\"a\\x22\\x0a\"", text(&a));
}

ATF_TC_WITHOUT_HEAD(internet);
ATF_TC_BODY(internet, tc)
{
	struct pl_address a = pl_inet_address(8080);
	char said[64];

	ATF_CHECK_STREQ("127.0.0.1:8080", text(&a));
	ATF_CHECK_EQ(8080, pl_address_port(&a));
	a = pl_inet6_address(65535);
	ATF_CHECK_STREQ("[::1]:65535", text(&a));
	ATF_CHECK_EQ(65535, pl_address_port(&a));
	a.any.sa_family = 99;
	ATF_CHECK_STREQ("family 99, 28 bytes", text(&a));
	ATF_CHECK_STREQ("-", pl_address_text(said, sizeof(said), NULL, 0));
	ATF_CHECK_STREQ("1 bytes", pl_address_text(said, sizeof(said), &a.any, 1));
}

ATF_TC_WITHOUT_HEAD(comparison);
ATF_TC_BODY(comparison, tc)
{
	struct pl_address a = pl_unix_address("s"), b = pl_unix_address_bytes("s", 1);
	struct pl_address c = pl_unix_address("t"), x = pl_unix_address_bytes("\0s", 2);
	struct pl_address y = pl_unix_address_bytes("\0s\0", 3);
	struct pl_address one = pl_inet_address(1), two = pl_inet_address(2);
	struct pl_address six = pl_inet6_address(1), other = six;

	/* A terminating NUL is no part of a path, but of an abstract name. */
	ATF_CHECK(pl_address_equal(&a, &b));
	ATF_CHECK(!pl_address_equal(&a, &c));
	ATF_CHECK(pl_address_equal(&x, &x));
	ATF_CHECK(!pl_address_equal(&x, &y));
	ATF_CHECK(!pl_address_equal(&a, &one));
	ATF_CHECK(pl_address_equal(&one, &one));
	ATF_CHECK(!pl_address_equal(&one, &two));
	other.in6.sin6_addr.s6_addr[0] = 1;
	ATF_CHECK(pl_address_equal(&six, &six));
	ATF_CHECK(!pl_address_equal(&six, &other));
}

/* A buffer too small is never overrun. */
ATF_TC_WITHOUT_HEAD(short_buffers);
ATF_TC_BODY(short_buffers, tc)
{
	struct pl_address a = pl_unix_address_bytes("\0a\0b\0c\0d", 8);
	char said[64];

	for (size_t size = 1; size < sizeof(said) - 1; size++) {
		memset(said, '#', sizeof(said));
		pl_address_text(said, size, &a.any, a.length);
		ATF_CHECK(memchr(said, '\0', size) != NULL);
		ATF_CHECK_EQ('#', said[size]);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, paths);
	ATF_TP_ADD_TC(tp, other_unix_names);
	ATF_TP_ADD_TC(tp, internet);
	ATF_TP_ADD_TC(tp, comparison);
	ATF_TP_ADD_TC(tp, short_buffers);
	return (atf_no_error());
}
