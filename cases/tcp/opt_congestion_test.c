/*
 * TCP_CONGESTION: the algorithm of a connection, by its name.
 */

#include <netinet/tcp.h>

#include "plumbline.h"

/* Room for a name, with more than it needs. */
enum { NAME = 64 };

/* What the option tells, with a NUL that must be there. */
static void
algorithm_of(int fd, char name[NAME])
{
	socklen_t length = NAME;
	char b[NAME];

	memset(b, 0x5a, sizeof(b));
	pl_expect(sys_getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, b, &length),
	    on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_expect_that(length <= NAME && memchr(b, '\0', length) != NULL, "a name that ends in NUL",
	    "%u bytes without one", (unsigned)length);
	pl_expect_that(b[0] != '\0', "a name", "none");
	if (pl_asks(PL_FREEBSD))
		pl_expect(pl_value((long)length, NULL, "length for \"%s\"", b),
		    is((long)strnlen(b, NAME) + 1));
	if (pl_asks(PL_LINUX))
		pl_expect(pl_value((long)length, NULL, "length for \"%s\"", b), is(16));
	snprintf(name, NAME, "%s", b);
}

static struct pl_outcome
select_algorithm(int fd, const char *name)
{
	pl_note("\"%s\"", name);
	return (sys_setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, (socklen_t)strlen(name)));
}

static void
expect_algorithm(int fd, const char *name)
{
	char now[NAME];

	algorithm_of(fd, now);
	pl_expect_that(strcmp(now, name) == 0, name, "\"%s\"", now);
}

/* What every system has may be chosen, by one socket for itself. */
PL_CASE(congestion_readable_and_settable, .verifies = "tcp.opt.congestion-readable-and-settable",
    .kinds = PL_TCP)
{
	int fd = pl_unconnected(), other = pl_unconnected();
	const char *common = pl_asks(PL_FREEBSD) ? "newreno" : "reno";
	char usual[NAME];
	struct pl_outcome o;

	algorithm_of(fd, usual);
	pl_expect(select_algorithm(fd, usual), on(PL_FREEBSD | PL_LINUX, returns(0)));
	expect_algorithm(fd, usual);
	o = select_algorithm(fd, common);
	pl_expect(o, on(PL_FREEBSD | PL_LINUX, returns(0)),
	    on(PL_FREEBSD, pl_freebsd_before(1400) ? returns(0) : fails(ESRCH)));
	expect_algorithm(fd, o.error == 0 ? common : usual);
	expect_algorithm(other, usual);
}

PL_CASE(congestion_unknown_name, .verifies = "tcp.opt.congestion-unknown-name", .kinds = PL_TCP)
{
	int fd = pl_unconnected();
	char usual[NAME];

	algorithm_of(fd, usual);
	pl_expect(select_algorithm(fd, "nosuch"),
	    on(PL_FREEBSD, fails(pl_freebsd_before(1400) ? EINVAL : ESRCH)),
	    on(PL_LINUX, fails(ENOENT)));
	expect_algorithm(fd, usual);
}

/* Is it one of the words? */
static bool
is_among(const char *word, const char *words)
{
	size_t size = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += size)
		if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
			return (true);
	return (false);
}

/* What the kernel has is not for everybody. */
PL_CASE(congestion_restricted_for_unprivileged,
    .verifies = "tcp.opt.congestion-restricted-for-unprivileged", .needs = PL_UNPRIVILEGED,
    .kinds = PL_TCP)
{
	char available[256] = "", allowed[256] = "", usual[NAME], *rest = available, *word;
	int fd = pl_unconnected();

	if (pl_os_sysctl_text("/proc/sys/net/ipv4/tcp_available_congestion_control", available,
		sizeof(available)) != 0 ||
	    pl_os_sysctl_text(
		"/proc/sys/net/ipv4/tcp_allowed_congestion_control", allowed, sizeof(allowed)) != 0)
		pl_not_tested("the kernel does not tell what it allows");
	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0' && !is_among(word, allowed))
			break;
	if (word == NULL)
		pl_not_tested("all algorithms are for everybody here");
	algorithm_of(fd, usual);
	pl_expect(select_algorithm(fd, word), fails(EPERM));
	expect_algorithm(fd, usual);
}
