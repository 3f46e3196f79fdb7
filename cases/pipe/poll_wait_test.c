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

/* The first byte ends the sleep. */
PL_CASE(blocked_poll_is_woken_by_write, .verifies = "pipe.poll.blocked-poll-woken-by-write",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pollfd *entry = shared_entry(p.r, POLLIN);
	struct pl_peer *poller = sleeping_poller(entry);

	pl_write(p.w, "a", 1);
	pl_expect(pl_result(poller), returns(1));
	pl_expect(pl_revents(entry), is(POLLIN));
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

/* One that asked for nothing is woken by the hang-up all the same. */
PL_CASE(events_zero_is_woken_by_hangup, .verifies = "pipe.poll.events-zero-woken-by-hangup",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pollfd *entry = shared_entry(p.r, 0);
	struct pl_peer *poller = sleeping_poller(entry);

	pl_close(p.w);
	pl_expect(pl_result(poller), returns(1));
	pl_expect(pl_revents(entry), is(POLLHUP));
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

/* A time-out is not shorter than was asked, be it shorter than a clock tick. */
PL_CASE(timeout_expires, .verifies = "pipe.poll.timeout-expires", .kinds = PL_PIPES)
{
	static const int timeouts[] = { 1, 7, 20 };
	struct pl_pair p = pl_pair();

	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		struct pollfd entry = { .fd = p.r, .events = POLLIN, .revents = POLLIN };
		double start = pl_milliseconds(), took;

		pl_expect(sys_poll(&entry, 1, timeouts[i]), returns(0));
		took = pl_milliseconds() - start;
		pl_expect_that(took >= timeouts[i], "all of the time-out to pass", "%.3f of %d ms",
		    took, timeouts[i]);
		pl_expect(pl_revents(&entry), is(0));
	}
}

/* An interrupted poll has nothing to tell, and touches nothing. */
PL_CASE(error_leaves_revents, .verifies = "pipe.poll.error-leaves-revents", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct pollfd *entry = shared_entry(p.r, POLLIN);
	short before = entry->revents;
	struct pl_peer *poller;

	pl_catch(SIGUSR1, 0);
	poller = sleeping_poller(entry);
	pl_kill(poller, SIGUSR1);
	pl_expect(pl_result(poller), fails(EINTR));
	pl_expect(pl_revents(entry), is(before));
}
