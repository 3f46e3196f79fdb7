/*
 * poll(2) on connections of the UNIX domain: before they are made, and when one
 * end has gone or has nothing more to say.
 */

#include "plumbline.h"

#define CONNECTIONS (PL_UNIX | PL_CONNECTIONS)

static struct pl_outcome
poll_in(void *fd)
{
	struct pollfd p = { .fd = *(int *)fd, .events = POLLIN };
	struct pl_outcome o = sys_poll(&p, 1, -1);

	return (o.error == 0 ? pl_revents(&p) : o);
}

/* Neither end of file nor data: what it is called is each system's own. */
PL_CASE(unconnected_stream, .verifies = "unix.poll.unconnected-stream",
    .kinds = PL_UNIX | PL_STREAM | PL_PLAIN)
{
	struct pl_address name;
	const int fds[] = { pl_unconnected(), pl_bound(&name) };

	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(fds[i], POLLIN | POLLOUT), on(PL_FREEBSD, is(0)),
		    on(PL_LINUX, is(POLLOUT | POLLHUP)));
		pl_expect(
		    pl_poll_now(fds[i], POLLIN), on(PL_FREEBSD, is(0)), on(PL_LINUX, is(POLLHUP)));
	}
}

/* The end can be read, like the data before it; and it is final. */
PL_CASE(closed_peer_gives_pollin_and_pollhup, .verifies = "unix.poll.peer-closed-pollin-pollhup",
    .kinds = CONNECTIONS)
{
	struct pl_pair empty = pl_pair(), full = pl_pair();
	char b[8];

	pl_write(full.w, "abc", 3);
	pl_expect(pl_poll_now(empty.r, POLLIN), is(0));
	pl_expect(pl_poll_now(full.r, POLLIN), is(POLLIN));
	pl_close(empty.w);
	pl_close(full.w);
	pl_expect(pl_poll_now(empty.r, POLLIN), is(POLLIN | POLLHUP));
	pl_expect(pl_poll_now(full.r, POLLIN), is(POLLIN | POLLHUP));
	pl_expect(pl_poll_now(full.r, 0), is(POLLHUP));
	pl_expect_text(full.r, "abc");
	pl_expect(pl_poll_now(full.r, POLLIN), is(POLLIN | POLLHUP));
	pl_expect(sys_read(full.r, b, sizeof(b)), returns(0));
	pl_expect(pl_poll_now(full.r, POLLIN), is(POLLIN | POLLHUP));
}

/* It wakes who waits for data. */
PL_CASE(closed_peer_wakes_a_poll, .verifies = "unix.poll.peer-closed-pollin-pollhup",
    .kinds = CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *waiting = pl_child(poll_in, &p.r, p.r);

	pl_wait_blocked(waiting);
	pl_close(p.w);
	pl_expect(pl_result(waiting), is(POLLIN | POLLHUP));
}

/* The end of one direction is no hang-up: the other one goes on. */
PL_CASE(peer_that_shut_writing_down, .verifies = "unix.poll.peer-shut-write-readable-rdhup",
    .kinds = CONNECTIONS)
{
	const short in = POLLIN | POLLRDHUP, all = in | POLLOUT;
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(pl_poll_now(p.r, all), is(POLLIN | POLLOUT));
	pl_must(sys_shutdown(p.w, SHUT_WR));
	pl_expect(pl_poll_now(p.r, all), is(all));
	pl_expect_text(p.r, "abc");
	pl_expect(pl_poll_now(p.r, all), is(all));
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect(pl_poll_now(p.r, all), is(all));
	pl_expect(sys_write(p.r, "x", 1), returns(1));
	pl_expect_text(p.w, "x");
	/* The end that shut down has heard of no end. */
	pl_expect(pl_poll_now(p.w, in), is(0));
}

/* It wakes who waits for data. */
PL_CASE(peer_that_shuts_writing_down_wakes_a_poll,
    .verifies = "unix.poll.peer-shut-write-readable-rdhup", .kinds = CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *waiting = pl_child(poll_in, &p.r, p.r);

	pl_wait_blocked(waiting);
	pl_must(sys_shutdown(p.w, SHUT_WR));
	pl_expect(pl_result(waiting), is(POLLIN));
}
