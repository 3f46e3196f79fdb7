/*
 * What targets stand on: values from bytes, oracles, and the descriptor table.
 */

#include <sys/resource.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../target.h"

ATF_TC_WITHOUT_HEAD(values);
ATF_TC_BODY(values, tc)
{
	static const uint8_t bytes[] = { 7, 0x34, 0x12, 1, 2, 3, 4, 5, 6, 7, 8, 3, 5, 2, 9, 8, 7 };
	struct fuzz_bytes in = { bytes, sizeof(bytes) }, part;

	ATF_CHECK_EQ(fuzz_byte(&in), 7);
	ATF_CHECK_EQ(fuzz_number(&in, 2), 0x1234);
	ATF_CHECK_EQ(fuzz_number(&in, 8), 0x0807060504030201);
	ATF_CHECK(fuzz_yes(&in));
	ATF_CHECK_EQ(fuzz_index(&in, 3), 2);
	ATF_CHECK_EQ(fuzz_index(&in, 1), 0);
	part = fuzz_part(&in, 2);
	ATF_CHECK(part.at == bytes + 14 && part.size == 2);
	part = fuzz_part(&in, 100);
	ATF_CHECK(part.at == bytes + 16 && part.size == 1);
	ATF_CHECK_EQ(in.size, 0);
}

/* From nothing comes nothing, whatever is asked for; the memory behind is not looked at. */
ATF_TC_WITHOUT_HEAD(values_of_nothing);
ATF_TC_BODY(values_of_nothing, tc)
{
	struct fuzz_bytes in = { NULL, 0 };

	ATF_CHECK_EQ(fuzz_byte(&in), 0);
	ATF_CHECK_EQ(fuzz_number(&in, 8), 0);
	ATF_CHECK_EQ(fuzz_index(&in, 65536), 0);
	ATF_CHECK(!fuzz_yes(&in));
	ATF_CHECK_EQ(fuzz_part(&in, 5).size, 0);
}

/* A number that ends early is of the bytes that there are. */
ATF_TC_WITHOUT_HEAD(value_cut_off);
ATF_TC_BODY(value_cut_off, tc)
{
	static const uint8_t bytes[] = { 1, 2 };
	struct fuzz_bytes in = { bytes, sizeof(bytes) };

	ATF_CHECK_EQ(fuzz_number(&in, 4), 0x0201);
	ATF_CHECK_EQ(in.size, 0);
}

ATF_TC_WITHOUT_HEAD(begin);
ATF_TC_BODY(begin, tc)
{
	static const uint8_t bytes[] = { 1 };
	struct fuzz_bytes in = fuzz_begin(bytes, 1);
	struct sigaction policy;
	struct rlimit limit;
	int p[2];

	ATF_CHECK(in.at == bytes && in.size == 1);
	ATF_REQUIRE_EQ(sigaction(SIGPIPE, NULL, &policy), 0);
	ATF_CHECK(policy.sa_handler == SIG_IGN);
	ATF_REQUIRE_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ATF_CHECK(limit.rlim_cur <= FUZZ_DESCRIPTORS);
	/* What is opened and closed in between is no matter. */
	ATF_REQUIRE_EQ(pipe(p), 0);
	ATF_REQUIRE_EQ(close(p[0]), 0);
	ATF_REQUIRE_EQ(close(p[1]), 0);
	ATF_CHECK_EQ(fuzz_end(), 0);
}

/* Runs an input in a child, which must abort having said this text. */
static void
check_violation(void (*input)(void), const char *text)
{
	char said[512] = "";
	ssize_t n;
	int p[2], status;
	pid_t child;

	ATF_REQUIRE_EQ(pipe(p), 0);
	ATF_REQUIRE((child = fork()) >= 0);
	if (child == 0) {
		const struct rlimit no_core = { 0, 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		dup2(p[1], STDERR_FILENO);
		fuzz_begin(NULL, 0);
		input();
		fuzz_end();
		_exit(0);
	}
	close(p[1]);
	for (size_t have = 0; have < sizeof(said) - 1; have += (size_t)n)
		if ((n = read(p[0], said + have, sizeof(said) - 1 - have)) <= 0)
			break;
	close(p[0]);
	ATF_REQUIRE_EQ(waitpid(child, &status, 0), child);
	ATF_CHECK_MSG(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %#x", status);
	ATF_CHECK_MSG(strstr(said, text) != NULL, "it said \"%s\"", said);
}

static void
break_a_rule(void)
{
	fuzz_check(2 > 1, "never said");
	fuzz_check(1 > 2, "%d is more than %s", 1, "two");
}

/* The lowest one that is free, and not only that: the table is compared, not counted. */
static void
leave_one_open(void)
{
	int first = open("/dev/null", O_RDONLY);

	if (first < 0 || dup2(first, 100) != 100 || close(first) != 0)
		_exit(3);
}

static void
close_one(void)
{
	close(STDIN_FILENO);
}

static void
put_another_in_its_place(void)
{
	int p[2];

	if (pipe(p) != 0 || dup2(p[0], STDIN_FILENO) != STDIN_FILENO)
		_exit(3);
	close(p[0]);
	close(p[1]);
}

ATF_TC_WITHOUT_HEAD(violations);
ATF_TC_BODY(violations, tc)
{
	/* Standard input is a known file. */
	ATF_REQUIRE(freopen("/dev/null", "r", stdin) != NULL);
	check_violation(break_a_rule, "target_test.c:");
	check_violation(break_a_rule, ": violated: 1 is more than two\n");
	check_violation(leave_one_open, ": violated: descriptor 100 was left open\n");
	check_violation(close_one, ": violated: descriptor 0 is open no longer\n");
	check_violation(put_another_in_its_place, ": violated: descriptor 0 is another file now\n");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, values);
	ATF_TP_ADD_TC(tp, values_of_nothing);
	ATF_TP_ADD_TC(tp, value_cut_off);
	ATF_TP_ADD_TC(tp, begin);
	ATF_TP_ADD_TC(tp, violations);
	return (atf_no_error());
}
