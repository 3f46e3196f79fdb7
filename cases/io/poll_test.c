/*
 * poll(2) and ppoll(2), on every kind: what the entries of an array may be, what
 * the result counts, how long a call waits and what it takes for an argument.
 */

#include "plumbline.h"

#include <sys/resource.h>

/* A pair with "abc" at its reader. */
static struct pl_pair
pair_with_data(void)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	return (p);
}

/* The result counts entries, not the events in them. */
PL_CASE(returns_the_number_of_entries, .verifies = "io.poll.return-counts-descriptors-not-events",
    .kinds = PL_EVERY)
{
	struct pl_pair used = pair_with_data(), fresh = pl_pair();
	struct pollfd entries[] = {
		{ .fd = used.r, .events = POLLIN | POLLRDNORM },
		{ .fd = used.w, .events = POLLOUT | POLLWRNORM },
		{ .fd = fresh.r, .events = POLLIN | POLLRDNORM, .revents = POLLIN },
		{ .fd = fresh.w, .events = POLLOUT | POLLWRNORM },
	};

	pl_expect(sys_poll(entries, 4, 0), returns(3));
	pl_expect(pl_revents(&entries[0]), is(POLLIN | POLLRDNORM));
	pl_expect(pl_revents(&entries[1]), is(POLLOUT | POLLWRNORM));
	pl_expect(pl_revents(&entries[2]), is(0));
	pl_expect(pl_revents(&entries[3]), is(POLLOUT | POLLWRNORM));
	pl_expect(sys_poll(&entries[2], 1, 0), returns(0));
}

/* A negative number switches an entry off without moving it out of the array. */
PL_CASE(negative_descriptor_is_skipped,
    .verifies = "io.poll.negative-descriptor-is-skipped-and-revents-cleared", .kinds = PL_EVERY)
{
	struct pl_pair p = pair_with_data();
	struct pollfd entries[] = {
		{ .fd = -1, .events = POLLIN, .revents = POLLIN },
		{ .fd = p.r, .events = POLLIN },
		{ .fd = ~p.r, .events = POLLIN, .revents = POLLNVAL },
		{ .fd = INT_MIN, .events = POLLIN | POLLOUT, .revents = POLLOUT },
	};

	pl_expect(sys_poll(entries, 4, 0), returns(1));
	pl_expect(pl_revents(&entries[0]), is(0));
	pl_expect(pl_revents(&entries[1]), is(POLLIN));
	pl_expect(pl_revents(&entries[2]), is(0));
	pl_expect(pl_revents(&entries[3]), is(0));
	/* Alone they are nothing to wait for. */
	entries[0].revents = POLLIN;
	pl_expect(sys_poll(entries, 1, 1), returns(0));
	pl_expect(pl_revents(&entries[0]), is(0));
}

/* A number that is no descriptor is an event of its entry, and ends any wait. */
PL_CASE(closed_descriptor_gives_pollnval,
    .verifies = "io.poll.closed-descriptor-gives-pollnval-not-error", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int closed = pl_dup(p.r);
	struct pollfd entries[] = {
		{ .fd = closed, .events = POLLIN },
		{ .fd = p.w, .events = POLLOUT },
		{ .fd = closed, .events = 0 },
		{ .fd = p.r, .events = POLLIN },
	};

	pl_close(closed);
	pl_expect(sys_poll(entries, 4, 0), returns(3));
	pl_expect(pl_revents(&entries[0]), is(POLLNVAL));
	pl_expect(pl_revents(&entries[1]), is(POLLOUT));
	pl_expect(pl_revents(&entries[2]), is(POLLNVAL));
	pl_expect(pl_revents(&entries[3]), is(0));
	pl_expect(sys_poll(&entries[2], 2, -1), returns(1));
	pl_expect(pl_revents(&entries[2]), is(POLLNVAL));
	pl_expect(pl_revents(&entries[3]), is(0));
}

/* The other names of the normal band stand for the same states as the plain ones. */
static void
expect_normal_band(bool fills)
{
	struct pl_pair p = pl_pair();
	size_t left;
	char b[4096];

	pl_expect(pl_poll_now(p.r, POLLRDNORM), is(0));
	pl_expect(pl_poll_now(p.w, POLLWRNORM), is(POLLWRNORM));
	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	pl_expect(pl_poll_now(p.r, POLLRDNORM), is(POLLRDNORM));
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDNORM), is(POLLIN | POLLRDNORM));
	pl_drain(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDNORM), is(0));
	if (!fills)
		return;
	left = pl_fill_pair(p, 4096);
	pl_expect(pl_poll_now(p.w, POLLWRNORM), is(0));
	while (left > 0)
		left -= (size_t)pl_must(sys_read(p.r, b, sizeof(b)));
	pl_await_events(p.w, POLLOUT);
	pl_expect(pl_poll_now(p.w, POLLWRNORM), is(POLLWRNORM));
}

PL_CASE(normal_band_bits, .verifies = "io.poll.rdnorm-and-wrnorm-follow-in-and-out",
    .kinds = PL_EVERY | PL_STREAM)
{
	expect_normal_band(true);
}

PL_CASE(normal_band_bits_of_records, .verifies = "io.poll.rdnorm-and-wrnorm-follow-in-and-out",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	expect_normal_band(true);
}

PL_CASE(normal_band_bits_of_datagrams, .verifies = "io.poll.rdnorm-and-wrnorm-follow-in-and-out",
    .kinds = PL_DATAGRAMS)
{
	expect_normal_band(false);
}

/* Each entry is looked at for itself. */
PL_CASE(same_descriptor_twice, .verifies = "io.poll.same-descriptor-twice-is-counted-twice",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pair_with_data();
	struct pollfd entries[] = {
		{ .fd = p.r, .events = POLLIN },
		{ .fd = p.r, .events = POLLOUT },
		{ .fd = p.r, .events = POLLPRI, .revents = POLLPRI },
		{ .fd = p.r, .events = POLLIN | POLLOUT },
	};

	pl_expect(sys_poll(entries, 4, 0), returns(3));
	pl_expect(pl_revents(&entries[0]), is(POLLIN));
	pl_expect(pl_revents(&entries[1]), is(POLLOUT));
	pl_expect(pl_revents(&entries[2]), is(0));
	pl_expect(pl_revents(&entries[3]), is(POLLIN | POLLOUT));
}

/* Reading one does not wait, be it for the end of file. */
PL_CASE(regular_file_is_always_ready, .verifies = "io.poll.regular-file-is-always-ready")
{
	const short events = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	int fd = pl_open("file", O_RDWR | O_CREAT, 0600);

	pl_expect(pl_poll_now(fd, events), is(events));
	pl_write(fd, "abc", 3);
	pl_expect(pl_poll_now(fd, events), is(events));
	pl_must(sys_lseek(fd, 0, SEEK_SET));
	pl_expect(pl_poll_now(fd, events), is(events));
	pl_expect(pl_poll_now(fd, POLLIN), is(POLLIN));
	pl_expect(pl_poll_now(fd, POLLOUT), is(POLLOUT));
	pl_expect(pl_poll_now(fd, 0), is(0));
}

/* Poll and expect nothing but the passing of that time. */
static void
expect_timeout(struct pollfd *entries, nfds_t count, int timeout)
{
	double start = pl_milliseconds(), took;

	pl_expect(sys_poll(entries, count, timeout), returns(0));
	took = pl_milliseconds() - start;
	pl_expect_that(
	    took >= timeout, "all of the time-out to pass", "%.3f of %d ms", took, timeout);
}

static struct pl_outcome
wait_for_events(void *entry)
{
	return (sys_poll(entry, 1, -1));
}

/* A time-out is not shorter than was asked, be it shorter than a clock tick. */
PL_CASE(timeouts, .verifies = "io.poll.timeouts-zero-finite-infinite", .kinds = PL_EVERY)
{
	static const int timeouts[] = { 0, 1, 7, 30 };
	struct pl_pair p = pl_pair();
	struct pollfd *entry = pl_shared(sizeof(*entry));
	struct pl_peer *waiting;

	*entry = (struct pollfd){ .fd = p.r, .events = POLLIN };
	for (size_t i = 0; i < PL_COUNT(timeouts); i++) {
		entry->revents = POLLIN;
		expect_timeout(entry, 1, timeouts[i]);
		pl_expect(pl_revents(entry), is(0));
	}
	waiting = pl_child(wait_for_events, entry, p.r);
	pl_expect_blocks(waiting);
	pl_write(p.w, "abc", 3);
	pl_expect(pl_result(waiting), returns(1));
	pl_expect(pl_revents(entry), is(POLLIN));
	/* With something to tell there is no wait, whatever the time-out. */
	pl_expect(sys_poll(entry, 1, INT_MAX), returns(1));
}

/* The null array is never looked at. */
PL_CASE(no_entries_is_a_sleep, .verifies = "io.poll.no-entries-is-a-sleep")
{
	static const int timeouts[] = { 0, 1, 30 };

	for (size_t i = 0; i < PL_COUNT(timeouts); i++)
		expect_timeout(NULL, 0, timeouts[i]);
}

static struct pl_outcome
wait_with_minus_two(void *entry)
{
	return (sys_poll(entry, 1, -2));
}

/* An error of its own, or any negative number is as good as -1. */
PL_CASE(timeout_below_minus_one, .verifies = "io.poll.timeout-below-minus-one", .kinds = PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct pollfd *entry = pl_shared(sizeof(*entry));
	struct pl_peer *waiting;

	*entry = (struct pollfd){ .fd = p.r, .events = POLLIN };
	waiting = pl_child(wait_with_minus_two, entry, p.r);
	if (!pl_asks(PL_LINUX)) {
		if (pl_sleeps(waiting))
			pl_write(p.w, "abc", 3);
		pl_expect(pl_result(waiting), on(PL_FREEBSD, fails(EINVAL)));
		return;
	}
	pl_expect_blocks(waiting);
	pl_write(p.w, "abc", 3);
	pl_expect(pl_result(waiting), returns(1));
	pl_expect(pl_revents(entry), is(POLLIN));
}

static struct pl_outcome
poll_many(void *unused)
{
	enum { LIMIT = 64 };
	static const struct rlimit limit = { .rlim_cur = LIMIT, .rlim_max = LIMIT };
	long most = LIMIT, more = LIMIT + 1;
	struct pollfd *entries;

	(void)unused;
	if (pl_asks(PL_FREEBSD)) {
		/* The larger one of both; elsewhere a value to go by. */
		if (pl_os_sysctl_get("kern.maxfilesperproc", &most) != 0 || most < FD_SETSIZE)
			most = FD_SETSIZE;
		more = most + 1;
	}
	if ((entries = calloc((size_t)more, sizeof(*entries))) == NULL)
		pl_not_tested("no memory for %ld entries", more);
	for (long i = 0; i < more; i++)
		entries[i] = (struct pollfd){ .fd = -1, .events = POLLIN, .revents = POLLIN };
	pl_must(pl_sys(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit(RLIMIT_NOFILE, %d)", LIMIT));
	pl_expect(
	    pl_sys(poll(entries, (nfds_t)most, 0), "poll(%ld entries of -1, 0)", most), returns(0));
	pl_expect_that(entries[0].revents == 0 && entries[most - 1].revents == 0,
	    "no events in the first and in the last entry", "0x%x and 0x%x",
	    (unsigned)entries[0].revents, (unsigned)entries[most - 1].revents);
	pl_expect(pl_sys(poll(entries, (nfds_t)more, 0), "poll(%ld entries of -1, 0)", more),
	    fails(EINVAL));
	free(entries);
	return (pl_done());
}

/* The limit itself is allowed, and one more is not, be there a descriptor in them or none. */
PL_CASE(too_many_entries, .verifies = "io.poll.too-many-entries-fails-einval")
{
	struct pl_peer *child = pl_child(poll_many, NULL, PL_KEEP_NONE);

	pl_expect(pl_result(child), returns(0));
}

/* An invalid time is noticed even if there were something to tell. */
PL_CASE(ppoll_checks_its_timeout, .verifies = "io.poll.ppoll-timespec-validity", .kinds = PL_PLAIN)
{
	static const struct timespec bad[] = { { -1, 0 }, { 0, -1 }, { 0, 1000000000 },
		{ 1, 1000000000 }, { -1, 999999999 } };
	struct pl_pair idle = pl_pair(), ready = pair_with_data();
	const int fds[] = { idle.r, ready.r };

	for (size_t i = 0; i < PL_COUNT(bad); i++)
		for (size_t j = 0; j < PL_COUNT(fds); j++) {
			struct pollfd entry = { .fd = fds[j], .events = POLLIN };

			pl_expect(sys_ppoll(&entry, 1, &bad[i], NULL), fails(EINVAL));
		}
}

/* The time that is left is not told; the caller's time is only read. */
PL_CASE(ppoll_leaves_its_timeout, .verifies = "io.poll.ppoll-timespec-validity", .kinds = PL_PLAIN)
{
	static const struct timespec good[] = { { 0, 0 }, { 0, 1 }, { 0, 5500000 },
		{ 0, 30000000 } };
	struct pl_pair p = pl_pair();
	struct pollfd entry = { .fd = p.r, .events = POLLIN };
	struct timespec longest = { 3600, 999999999 };

	for (size_t i = 0; i < PL_COUNT(good); i++) {
		struct timespec timeout = good[i];
		double start = pl_milliseconds(), took, asked = (double)good[i].tv_nsec / 1e6;

		entry.revents = POLLIN;
		pl_expect(sys_ppoll(&entry, 1, &timeout, NULL), returns(0));
		took = pl_milliseconds() - start;
		pl_expect_that(
		    took >= asked, "all of the time-out to pass", "%.3f of %.3f ms", took, asked);
		pl_expect(pl_revents(&entry), is(0));
		pl_expect_that(
		    timeout.tv_sec == good[i].tv_sec && timeout.tv_nsec == good[i].tv_nsec,
		    "the time-out as it was", "%jd s %ld ns", (intmax_t)timeout.tv_sec,
		    timeout.tv_nsec);
	}
	pl_write(p.w, "abc", 3);
	pl_expect(sys_ppoll(&entry, 1, &longest, NULL), returns(1));
	pl_expect(pl_revents(&entry), is(POLLIN));
	pl_expect_that(longest.tv_sec == 3600 && longest.tv_nsec == 999999999,
	    "the time-out as it was", "%jd s %ld ns", (intmax_t)longest.tv_sec, longest.tv_nsec);
	pl_expect(sys_ppoll(&entry, 1, NULL, NULL), returns(1));
}
