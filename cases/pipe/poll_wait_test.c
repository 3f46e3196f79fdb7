/*
 * poll(2) that waits: what wakes it, and what it reports then.
 */

#include "plumbline.h"
#include "sequence/names.h"

/* Poll the entry until something happens. */
static struct pl_outcome
wait_for_events(void *entry)
{
	return (sys_poll(entry, 1, -1));
}

/* An entry that a child fills in where its parent sees it, over stale events. */
static struct pollfd *
shared_entry(int fd, short events)
{
	struct pollfd *entry = pl_shared(sizeof(*entry));

	entry->fd = fd;
	entry->events = events;
	entry->revents = POLLPRI;
	return (entry);
}

/* A child that is asleep in a poll of that entry. */
static struct pl_peer *
sleeping_poller(struct pollfd *entry)
{
	struct pl_peer *poller = pl_child(wait_for_events, entry, entry->fd);

	pl_expect_blocks(poller);
	return (poller);
}

/* The last writer's close ends the sleep; that of another one does not. */
PL_CASE(blocked_poll_is_woken_by_writer_close,
    .verifies = "pipe.poll.blocked-poll-woken-by-writer-close", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int second = pl_dup(p.w);
	struct pollfd *entry = shared_entry(p.r, POLLIN);
	struct pl_peer *poller = sleeping_poller(entry);

	pl_close(p.w);
	pl_expect_blocks(poller);
	pl_close(second);
	pl_expect(pl_result(poller), returns(1));
	pl_expect(pl_revents(entry), on(PL_LINUX | PL_POSIX, is(POLLHUP)),
	    on(PL_FREEBSD | PL_POSIX, is(POLLIN | POLLHUP)));
}

/* Room for a writer ends its sleep. */
PL_CASE(blocked_pollout_is_woken_by_drain, .verifies = "pipe.poll.blocked-pollout-woken-by-drain",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pollfd *entry = shared_entry(p.w, POLLOUT);
	struct pl_peer *poller;

	pl_fill(p.w, PIPE_BUF);
	poller = sleeping_poller(entry);
	pl_drain(p.r);
	pl_expect(pl_result(poller), returns(1));
	pl_expect(pl_revents(entry), is(POLLOUT));
}

/* What is reported on waking keeps to the same rule as without sleep. */
PL_CASE(pollhup_excludes_pollout_when_woken,
    .verifies = "pipe.poll.pollhup-excludes-pollout-when-woken", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pollfd *entry = shared_entry(p.w, POLLOUT);
	struct pl_peer *poller;

	pl_fill(p.w, PIPE_BUF);
	poller = sleeping_poller(entry);
	pl_close(p.r);
	pl_expect(pl_result(poller), returns(1));
	if (pl_asks(PL_POSIX))
		pl_expect(pl_value(entry->revents & (POLLHUP | POLLOUT), &pl_names_poll,
			      "POLLHUP and POLLOUT of %s", pl_slot(entry->fd)),
		    is(0), is(POLLHUP), is(POLLOUT));
	else
		pl_expect(
		    pl_revents(entry), on(PL_LINUX, is(POLLERR)), on(PL_FREEBSD, is(POLLHUP)));
}

/* A non-blocking end does not make poll non-blocking. */
PL_CASE(a_poll_of_a_nonblocking_end_sleeps, .verifies = "pipe.poll.not-affected-by-o-nonblock",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pollfd *entry = shared_entry(p.r, POLLIN);
	struct pl_peer *poller;

	pl_nonblock(p.r, true);
	poller = sleeping_poller(entry);
	pl_write(p.w, "a", 1);
	pl_expect(pl_result(poller), returns(1));
	pl_expect(pl_revents(entry), is(POLLIN));
}
