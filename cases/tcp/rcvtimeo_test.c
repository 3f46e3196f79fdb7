/*
 * SO_RCVTIMEO and a signal whose handler asks for calls to be restarted.
 */

#include "plumbline.h"

/* A reader in a child, and the limit to its wait in milliseconds. */
struct reader {
	int fd, limit;
};

static struct pl_outcome
receive(void *argument)
{
	const struct reader *r = argument;
	const struct timeval t = { .tv_sec = r->limit / 1000, .tv_usec = r->limit % 1000 * 1000 };
	char b[8];

	pl_catch(SIGUSR1, SA_RESTART);
	pl_must(sys_setsockopt(r->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	return (sys_recv(r->fd, b, sizeof(b), 0));
}

/* Restarted, it has a limit still; or it is the exception that is not restarted. */
PL_CASE(sa_restart_and_limited_receive, .verifies = "tcp.rcvtimeo.sa-restart-interaction",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	/* Where the signal ends it, the limit must not come first. */
	struct reader r = { .fd = p.r, .limit = pl_asks(PL_LINUX) ? 5000 : 300 };
	double start = pl_milliseconds();
	struct pl_peer *reader = pl_child(receive, &r, p.r);

	pl_wait_blocked(reader);
	pl_kill(reader, SIGUSR1);
	pl_expect(pl_result(reader), on(PL_FREEBSD | PL_POSIX, fails(EAGAIN)),
	    on(PL_LINUX, fails(EINTR)));
	if (pl_asks(PL_FREEBSD | PL_POSIX))
		pl_expect_that(pl_milliseconds() - start >= r.limit - 1,
		    "the call waits as long as the limit says", "%.1f ms of %d",
		    pl_milliseconds() - start, r.limit);
}
