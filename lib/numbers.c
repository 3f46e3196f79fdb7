#include "numbers.h"

#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"
#include "trace.h"

int
pl_lowest_free(void)
{
	int fd = pl_dup(STDIN_FILENO);

	pl_close(fd);
	return (fd);
}

void
pl_make_gaps(int gap[2])
{
	int source = pl_open("/dev/null", O_RDONLY);
	int found = 0;

	for (int fd = 3; found < 6; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			continue;
		if (found == 1 || found == 4)
			gap[found / 4] = fd;
		else
			pl_must(sys_dup2(source, fd));
		found++;
	}
}

void
pl_limit_descriptors(int limit)
{
	struct rlimit l;

	pl_must(pl_sys(getrlimit(RLIMIT_NOFILE, &l), "getrlimit(RLIMIT_NOFILE)"));
	l.rlim_cur = (rlim_t)limit;
	pl_must(pl_sys(setrlimit(RLIMIT_NOFILE, &l), "setrlimit(RLIMIT_NOFILE, %d)", limit));
}

void
pl_need_descriptors(int count)
{
	const rlim_t wanted = (rlim_t)count;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		pl_broken("getrlimit: %s", strerror(errno));
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_max = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		pl_not_tested("no more than %ju descriptors can be had", (uintmax_t)limit.rlim_max);
	pl_note("up to %d descriptors", count);
}
