/*
 * poll(2) of pipe ends without waiting: what is ready in each state of a pipe.
 */

#include "plumbline.h"
#include "sequence/names.h"

/* Poll one end now, judged: exactly these events are reported, over stale ones. */
static void
expect_poll(int fd, short events, short wanted)
{
	struct pollfd entry = { .fd = fd, .events = events, .revents = ~wanted };

	pl_expect(sys_poll(&entry, 1, 0), returns(wanted != 0));
	pl_expect(pl_revents(&entry), is(wanted));
}

/* Nothing to read, nothing reported; what revents held before is gone. */
PL_CASE(empty_read_end_is_not_ready, .verifies = "pipe.poll.empty-read-end-is-not-ready",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	expect_poll(p.r, POLLIN, 0);
}

/* Readiness follows the data: it comes with them and goes with the last byte. */
PL_CASE(pollin_when_data_waits, .verifies = "pipe.poll.pollin-when-data-waits", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[1];

	pl_write(p.w, "ab", 2);
	expect_poll(p.r, POLLIN, POLLIN);
	pl_must(sys_read(p.r, b, 1));
	expect_poll(p.r, POLLIN, POLLIN);
	pl_must(sys_read(p.r, b, 1));
	expect_poll(p.r, POLLIN, 0);
}

/* One byte is enough for POLLIN, and a larger read takes it without sleep. */
PL_CASE(pollin_promises_a_nonblocking_read,
    .verifies = "pipe.poll.pollin-promises-a-nonblocking-read", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[100];

	pl_write(p.w, "a", 1);
	expect_poll(p.r, POLLIN, POLLIN);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_expect_bytes(b, "a", 1);
}

/* A pipe is writable before anything was written to it. */
PL_CASE(pollout_on_a_fresh_write_end, .verifies = "pipe.poll.pollout-on-a-fresh-write-end",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	expect_poll(p.w, POLLOUT, POLLOUT);
}

/* A writer that trusts poll does not spin on a full pipe, and goes on after a drain. */
PL_CASE(no_pollout_when_full, .verifies = "pipe.poll.no-pollout-when-full", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_fill(p.w, PIPE_BUF);
	expect_poll(p.w, POLLOUT, 0);
	pl_drain(p.r);
	expect_poll(p.w, POLLOUT, POLLOUT);
}

/* POLLOUT waits for the room of one atomic write: not a byte less, not a byte more. */
PL_CASE(pollout_needs_pipe_buf_room, .verifies = "pipe.poll.pollout-needs-pipe-buf-room",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	/* Linux gives room back in whole pages. */
	size_t unit = pl_asks(PL_LINUX) ? (size_t)sysconf(_SC_PAGESIZE) : PIPE_BUF;

	pl_fill(p.w, unit);
	pl_take(p.r, unit - 1);
	expect_poll(p.w, POLLOUT, 0);
	pl_take(p.r, 1);
	expect_poll(p.w, POLLOUT, POLLOUT);
}

/*
 * Drain a pipe that was filled in portions of chunk bytes by step bytes at a
 * time; whenever it is writable, write, and find every byte in its place.
 */
static void
write_when_writable(size_t chunk, size_t step)
{
	struct pl_pair p = pl_pair();
	/* POSIX promises that some data go, not how many. */
	size_t size = pl_asks(PL_POSIX) ? 1 : PIPE_BUF;
	char b[PIPE_BUF];
	size_t filled = pl_fill(p.w, chunk);
	size_t written = filled, taken = 0;

	pl_nonblock(p.w, true);
	while (taken < filled) {
		long n = pl_must(sys_read(p.r, b, step));

		pl_expect_payload(b, (size_t)n, 0, taken);
		taken += (size_t)n;
		if ((pl_poll_now(p.w, POLLOUT).value & POLLOUT) == 0)
			continue;
		pl_payload(b, size, 0, written);
		pl_expect(sys_write(p.w, b, size), returns((long)size));
		written += size;
	}
	pl_expect_that(written > filled, "POLLOUT by the time the pipe is empty",
	    "%s is not writable after all %zu bytes were read", pl_slot(p.w), filled);
}

/* POLLOUT is kept, however the pipe was filled and drained. */
PL_CASE(pollout_promises_an_atomic_write, .verifies = "pipe.poll.pollout-promises-an-atomic-write",
    .kinds = PL_PIPES)
{
	static const struct {
		size_t chunk, step;
	} ways[] = { { PIPE_BUF, PIPE_BUF / 4 }, { 100, 97 }, { PIPE_BUF / 2 + 1, PIPE_BUF - 1 } };

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		write_when_writable(ways[i].chunk, ways[i].step);
}

/* Only the last writer's close hangs up; that is told unasked, and stays so. */
PL_CASE(pollhup_after_writer_closes, .verifies = "pipe.poll.pollhup-after-writer-closes",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int second = pl_dup(p.w);

	pl_close(p.w);
	expect_poll(p.r, 0, 0);
	pl_close(second);
	expect_poll(p.r, 0, POLLHUP);
	expect_poll(p.r, 0, POLLHUP);
}

/* A hang-up does not hide what was written before it. */
PL_CASE(pollin_with_pollhup_while_data_remain,
    .verifies = "pipe.poll.pollin-with-pollhup-while-data-remains", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "a", 1);
	pl_close(p.w);
	expect_poll(p.r, POLLIN, POLLIN | POLLHUP);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(1));
	pl_expect_bytes(b, "a", 1);
}

/* With nothing left a hang-up is reported; whether the end of file counts as data differs. */
PL_CASE(revents_at_end_of_file, .verifies = "pipe.poll.revents-at-end-of-file", .kinds = PL_PIPES)
{
	/* Nothing was ever written; all was read. */
	for (int had_data = 0; had_data < 2; had_data++) {
		struct pl_pair p = pl_pair();
		struct pollfd entry = { .fd = p.r, .events = POLLIN };

		if (had_data)
			pl_write(p.w, "abc", 3);
		pl_close(p.w);
		pl_drain(p.r);
		pl_expect(sys_poll(&entry, 1, 0), returns(1));
		pl_expect(pl_revents(&entry), on(PL_LINUX | PL_POSIX, is(POLLHUP)),
		    on(PL_FREEBSD | PL_POSIX, is(POLLIN | POLLHUP)));
	}
}

/* A writer learns that nobody will read, with room in the pipe or without. */
PL_CASE(write_end_after_reader_closes, .verifies = "pipe.poll.write-end-after-reader-closes",
    .kinds = PL_PIPES)
{
	for (int full = 0; full < 2; full++) {
		struct pl_pair p = pl_pair();
		short linux_events = full ? POLLERR : POLLOUT | POLLERR;

		if (full)
			pl_fill(p.w, PIPE_BUF);
		pl_close(p.r);
		expect_poll(p.w, POLLOUT, pl_asks(PL_LINUX) ? linux_events : POLLHUP);
	}
}

/* In no state of a pipe does an end report both that it hung up and that it takes data. */
PL_CASE(
    pollhup_excludes_pollout, .verifies = "pipe.poll.pollhup-excludes-pollout", .kinds = PL_PIPES)
{
	enum { EMPTY, SOME, FULL };
	static const struct {
		const char *name;
		int content;
		bool reader_gone, writer_gone;
	} states[] = {
		{ "empty", EMPTY, false, false },
		{ "some data", SOME, false, false },
		{ "full", FULL, false, false },
		{ "empty, writer gone", EMPTY, false, true },
		{ "some data, writer gone", SOME, false, true },
		{ "full, writer gone", FULL, false, true },
		{ "empty, reader gone", EMPTY, true, false },
		{ "some data, reader gone", SOME, true, false },
		{ "full, reader gone", FULL, true, false },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct pl_pair p = pl_pair();

		pl_note("%s", states[i].name);
		if (states[i].content == SOME)
			pl_write(p.w, "abc", 3);
		else if (states[i].content == FULL)
			pl_fill(p.w, PIPE_BUF);
		if (states[i].reader_gone)
			pl_close(p.r);
		if (states[i].writer_gone)
			pl_close(p.w);
		for (int end = 0; end < 2; end++) {
			int fd = end == 0 ? p.r : p.w;
			long revents;

			if (end == 0 ? states[i].reader_gone : states[i].writer_gone)
				continue;
			revents = pl_poll_now(fd, POLLIN | POLLOUT).value;
			pl_expect(
			    pl_value(revents & (POLLHUP | POLLOUT), &pl_names_poll,
				"POLLHUP and POLLOUT of %s (%s)", pl_slot(fd), states[i].name),
			    is(0), is(POLLHUP), is(POLLOUT));
		}
		if (!states[i].reader_gone)
			pl_close(p.r);
		if (!states[i].writer_gone)
			pl_close(p.w);
	}
}

/* Looking at readiness does not use it up. */
PL_CASE(is_level_triggered, .verifies = "pipe.poll.is-level-triggered", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "a", 1);
	for (int i = 0; i < 2; i++) {
		expect_poll(p.r, POLLIN, POLLIN);
		expect_poll(p.w, POLLOUT, POLLOUT);
	}
}

/* What was not asked for is not told. */
PL_CASE(
    reports_only_requested_events, .verifies = "pipe.poll.only-requested-events", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "a", 1);
	expect_poll(p.r, 0, 0);
	expect_poll(p.w, 0, 0);
	/* POSIX lets each type of file say what its priority data are. */
	if (!pl_asks(PL_POSIX))
		expect_poll(p.r, POLLPRI | POLLRDBAND, 0);
	expect_poll(p.r, POLLIN, POLLIN);
}

/* Whether the read end takes data depends on the pipe being two-way. */
PL_CASE(pollout_on_the_read_end, .verifies = "pipe.poll.pollout-on-the-read-end")
{
	int fd[2];

	pl_pipe(fd);
	expect_poll(fd[0], POLLOUT, pl_asks(PL_FREEBSD) ? POLLOUT : 0);
}

/* What a writer wrote is no input for itself. */
PL_CASE(write_end_is_not_readable_by_own_data,
    .verifies = "pipe.poll.write-end-not-readable-by-own-data", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "a", 1);
	expect_poll(p.w, POLLIN, 0);
	expect_poll(p.r, POLLIN, POLLIN);
}

/* O_NONBLOCK changes what read and write do, not what is ready. */
PL_CASE(is_not_affected_by_o_nonblock, .verifies = "pipe.poll.not-affected-by-o-nonblock",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_nonblock(p.r, true);
	pl_nonblock(p.w, true);
	expect_poll(p.r, POLLIN, 0);
	expect_poll(p.w, POLLOUT, POLLOUT);
	pl_fill(p.w, PIPE_BUF);
	expect_poll(p.r, POLLIN, POLLIN);
	expect_poll(p.w, POLLOUT, 0);
}

/* Without the right to wait for events an end looks as if it were not open. */
PL_CASE(capsicum_rights_give_pollnval, .verifies = "pipe.poll.capsicum-rights-give-pollnval",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int limited = pl_dup(p.r), watched = pl_dup(p.r);

	if (pl_os_limit_rights(limited, PL_CAP_READ) != 0) {
		if (errno == ENOSYS)
			pl_not_tested("this kernel has no Capsicum");
		pl_broken("cannot limit the rights of %s: %s", pl_slot(limited), strerror(errno));
	}
	if (pl_os_limit_rights(watched, PL_CAP_READ | PL_CAP_EVENT) != 0)
		pl_broken("cannot limit the rights of %s: %s", pl_slot(watched), strerror(errno));
	pl_write(p.w, "a", 1);
	expect_poll(limited, POLLIN, POLLNVAL);
	expect_poll(watched, POLLIN, POLLIN);
	expect_poll(p.r, POLLIN, POLLIN);
}
