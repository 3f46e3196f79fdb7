/*
 * The printer of the sequence language: names of numbers, outcomes, calls.
 */

#include "sequence/print.h"

#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "sequence/names.h"

static const char *
name(const struct pl_names *names, long value)
{
	static char text[128];

	return (pl_name(text, sizeof(text), names, value));
}

ATF_TC_WITHOUT_HEAD(numbers_and_names);
ATF_TC_BODY(numbers_and_names, tc)
{
	ATF_CHECK_STREQ("-7", name(NULL, -7));
	ATF_CHECK_STREQ("EPIPE", name(&pl_names_errno, EPIPE));
	ATF_CHECK_STREQ("9999", name(&pl_names_errno, 9999));
	ATF_CHECK_STREQ("SIGPIPE", name(&pl_names_signal, SIGPIPE));
	ATF_CHECK_STREQ("S_IFIFO", name(&pl_names_file_type, S_IFIFO));
	ATF_CHECK_STREQ("0640", name(&pl_names_mode, 0640));
	ATF_CHECK_STREQ("0000", name(&pl_names_mode, 0));
}

ATF_TC_WITHOUT_HEAD(bits);
ATF_TC_BODY(bits, tc)
{
	ATF_CHECK_STREQ("POLLIN|POLLHUP", name(&pl_names_poll, POLLIN | POLLHUP));
	ATF_CHECK_STREQ("nothing", name(&pl_names_poll, 0));
	ATF_CHECK_STREQ("POLLOUT|0x400000", name(&pl_names_poll, POLLOUT | 0x400000));
	ATF_CHECK_STREQ("FD_CLOEXEC", name(&pl_names_descriptor, FD_CLOEXEC));
	ATF_CHECK_STREQ("0", name(&pl_names_descriptor, 0));
}

/* The access mode is always said, O_RDONLY (0) too. */
ATF_TC_WITHOUT_HEAD(open_flags);
ATF_TC_BODY(open_flags, tc)
{
	ATF_CHECK_STREQ("O_RDONLY", name(&pl_names_open, O_RDONLY));
	ATF_CHECK_STREQ("O_RDWR|O_NONBLOCK", name(&pl_names_open, O_RDWR | O_NONBLOCK));
	ATF_CHECK_STREQ(
	    "O_WRONLY|O_CREAT|O_EXCL", name(&pl_names_open, O_WRONLY | O_CREAT | O_EXCL));
}

/* A buffer too small is never overrun. */
ATF_TC_WITHOUT_HEAD(short_buffers);
ATF_TC_BODY(short_buffers, tc)
{
	char text[16];

	for (size_t size = 1; size < 12; size++) {
		memset(text, '#', sizeof(text));
		pl_name(text, size, &pl_names_poll, POLLIN | POLLOUT | POLLHUP);
		ATF_CHECK(strlen(text) < size);
		ATF_CHECK_EQ('#', text[size]);
	}
}

ATF_TC_WITHOUT_HEAD(outcomes);
ATF_TC_BODY(outcomes, tc)
{
	static const struct {
		struct pl_outcome o;
		const char *text;
	} cases[] = {
		{ { .value = 5, .call = "read(p0, 16)" }, "read(p0, 16) = 5" },
		{ { .value = -1, .error = EAGAIN, .call = "read(p0, 16)" },
		    "read(p0, 16) = EAGAIN" },
		{ { .value = -1, .error = EPIPE, .sigpipes = 1, .call = "write(p1, 1)" },
		    "write(p1, 1) = EPIPE raises SIGPIPE" },
		{ { .value = -1, .error = EPIPE, .sigpipes = 2, .call = "write(p1, 1)" },
		    "write(p1, 1) = EPIPE raises SIGPIPE 2 times" },
		{ { .killed = SIGPIPE, .call = "write(p1, 1)" },
		    "write(p1, 1) = killed by SIGPIPE" },
		{ { .value = POLLIN, .names = &pl_names_poll, .call = "revents of p0" },
		    "revents of p0 = POLLIN" },
	};
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ATF_CHECK_STREQ(cases[i].text, pl_print_call(text, sizeof(text), &cases[i].o));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, numbers_and_names);
	ATF_TP_ADD_TC(tp, bits);
	ATF_TP_ADD_TC(tp, open_flags);
	ATF_TP_ADD_TC(tp, short_buffers);
	ATF_TP_ADD_TC(tp, outcomes);
	return (atf_no_error());
}
