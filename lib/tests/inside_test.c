/*
 * The super-user's run stays inside: while the socket areas run, no socket of the
 * network they were started in is bound to anything but loopback.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

static const char *const tables[] = { "/proc/self/net/tcp", "/proc/self/net/tcp6",
	"/proc/self/net/udp", "/proc/self/net/udp6", "/proc/self/net/udplite",
	"/proc/self/net/raw" };

/*
 * proc(5): the second column is address:port in hexadecimal, each word of the
 * address as the machine reads it.  Is it something else than 127/8, ::1, or 127/8 in IPv6 form?
 */
static int
is_outside(const char *text)
{
	size_t digits = strcspn(text, ":"), words = digits / 8;
	unsigned char bytes[16] = { 0 };
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff };

	for (size_t i = 0; i < words && i < 4; i++) {
		char word[9] = "";
		uint32_t value;

		memcpy(word, text + 8 * i, 8);
		value = (uint32_t)strtoul(word, NULL, 16);
		memcpy(bytes + 4 * i, &value, 4);
	}
	if (words == 1)
		return (bytes[0] != 127);
	if (memcmp(bytes, mapped, 12) == 0)
		return (bytes[12] != 127);
	return (memcmp(bytes, &in6addr_loopback, 16) != 0);
}

/* How many sockets of this network are bound beyond loopback; names one. */
static int
count_outside(char *found, size_t size)
{
	char line[512], address[128];
	int n = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		FILE *f = fopen(tables[i], "r");

		while (f != NULL && fgets(line, sizeof(line), f) != NULL)
			if (sscanf(line, " %*[0-9]: %127s", address) == 1 && is_outside(address)) {
				snprintf(found, size, "%s in %s", address, tables[i]);
				n++;
			}
		if (f != NULL)
			fclose(f);
	}
	return (n);
}

/* The watcher sees what it is to see: a wildcard, but no loopback. */
static void
check_the_watcher(void)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	char found[256];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ATF_REQUIRE(bind(fd, (struct sockaddr *)&four, sizeof(four)) == 0);
	ATF_REQUIRE_EQ(1, count_outside(found, sizeof(found)));
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE(bind(fd, (struct sockaddr *)&four, sizeof(four)) == 0);
	ATF_REQUIRE_EQ(0, count_outside(found, sizeof(found)));
	close(fd);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd != -1 && bind(fd, (struct sockaddr *)&six, sizeof(six)) == 0)
		ATF_REQUIRE_EQ(0, count_outside(found, sizeof(found)));
	if (fd != -1)
		close(fd);
}

ATF_TC_WITHOUT_HEAD(nothing_is_bound_outside);
ATF_TC_BODY(nothing_is_bound_outside, tc)
{
	const char *srcdir = atf_tc_get_config_var(tc, "srcdir");
	char kyuafile[4096], build[4096], found[256] = "";
	int outside = 0, looks = 0, status = 0;
	pid_t kyua;

	if (geteuid() != 0)
		atf_tc_skip("only the super-user's run has networks to itself");
	if (access(tables[0], R_OK) != 0)
		atf_tc_skip("this system does not show its sockets in /proc/self/net");
	if (pl_os_private_network() != 0)
		atf_tc_skip("no network without other people's sockets: %s", strerror(errno));
	check_the_watcher();
	snprintf(kyuafile, sizeof(kyuafile), "%s/Kyuafile", atf_tc_get_config_var(tc, "root"));
	snprintf(build, sizeof(build), "--build-root=%s/../..", srcdir);
	ATF_REQUIRE((kyua = fork()) != -1);
	if (kyua == 0) {
		if (freopen("kyua.log", "w", stdout) == NULL || dup2(1, 2) == -1)
			_exit(99);
		execlp("kyua", "kyua", "--loglevel=warning", "--logfile=kyua.trouble", "-v",
		    "parallelism=2", "test", "-k", kyuafile, build, "-r", "inside.db",
		    "cases/socket", "cases/tcp", "cases/udp", "cases/unix", (char *)NULL);
		_exit(99);
	}
	for (; waitpid(kyua, &status, WNOHANG) == 0 && outside == 0; looks++)
		outside = count_outside(found, sizeof(found));
	if (outside != 0) {
		kill(kyua, SIGTERM);
		waitpid(kyua, &status, 0);
	}
	ATF_CHECK_MSG(outside == 0, "bound outside loopback: %s", found);
	ATF_CHECK_MSG(
	    WIFEXITED(status) && WEXITSTATUS(status) <= 1, "kyua ended with 0x%x", status);
	printf("looked %d times\n", looks);
	ATF_CHECK(looks > 10);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing_is_bound_outside);
	return (atf_no_error());
}
