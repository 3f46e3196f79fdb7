/*
 * select(2) and pselect(2): which descriptors stay in the sets, for every kind that
 * a set can hold.
 */

#include "plumbline.h"

#define ALL (PL_READABLE | PL_WRITABLE | PL_EXCEPTIONAL)

/* Set-up: data wait at the reader. */
static struct pl_pair
pair_with_data(void)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	return (p);
}

/* What was asked and is not ready goes; what is ready stays, in its own set alone. */
PL_CASE(ready_ones_replace_the_sets, .verifies = "io.select.ready-subset-replaces-the-sets",
    .kinds = PL_EVERY)
{
	struct pl_pair idle = pl_pair(), p = pair_with_data();
	struct pl_sets s;

	pl_sets_clear(&s);
	pl_sets_add(&s, idle.r, PL_READABLE | PL_EXCEPTIONAL);
	pl_sets_add(&s, p.r, PL_READABLE | PL_EXCEPTIONAL);
	pl_sets_add(&s, idle.w, PL_WRITABLE | PL_EXCEPTIONAL);
	pl_expect(sys_select_sets(&s, 0), returns(2));
	pl_expect(pl_sets_with(&s, idle.r), is(0));
	pl_expect(pl_sets_with(&s, p.r), is(PL_READABLE));
	pl_expect(pl_sets_with(&s, idle.w), is(PL_WRITABLE));
	pl_expect(pl_sets_with(&s, p.w), is(0));
	/* What is left is what the next call is asked for. */
	pl_sets_add(&s, idle.r, PL_READABLE);
	pl_expect(sys_pselect_sets(&s, &(struct timespec){ 0 }, NULL), returns(2));
	pl_expect(pl_sets_with(&s, idle.r), is(0));
	pl_expect(pl_sets_with(&s, p.r), is(PL_READABLE));
	pl_expect(pl_sets_with(&s, idle.w), is(PL_WRITABLE));
}

/* One descriptor that is ready in two ways counts twice. */
PL_CASE(counts_bits, .verifies = "io.select.return-counts-bits-over-all-sets")
{
	struct pl_sets s;
	int fd[2], both;

	pl_pipe(fd);
	/* POSIX leaves a FIFO opened both ways undefined; a file is ready in both. */
	if (pl_asks(PL_POSIX)) {
		both = pl_open("file", O_RDWR | O_CREAT, 0600);
	} else {
		pl_mkfifo("fifo", 0600);
		both = pl_open("fifo", O_RDWR);
		pl_write(both, "a", 1);
	}
	pl_sets_clear(&s);
	pl_sets_add(&s, both, PL_READABLE | PL_WRITABLE);
	pl_sets_add(&s, fd[0], PL_READABLE);
	pl_sets_add(&s, fd[1], PL_WRITABLE);
	pl_expect(sys_select_sets(&s, 0), returns(3));
	pl_expect(pl_sets_with(&s, both), is(PL_READABLE | PL_WRITABLE));
	pl_expect(pl_sets_with(&s, fd[0]), is(0));
	pl_expect(pl_sets_with(&s, fd[1]), is(PL_WRITABLE));
}

PL_CASE(counts_bits_of_sockets, .verifies = "io.select.return-counts-bits-over-all-sets",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pair_with_data();
	struct pl_sets s;

	pl_expect_sets(p.r, ALL, PL_READABLE | PL_WRITABLE);
	pl_sets_clear(&s);
	pl_sets_add(&s, p.r, ALL);
	pl_sets_add(&s, p.w, ALL);
	pl_expect(sys_select_sets(&s, 0), returns(3));
	pl_expect(pl_sets_with(&s, p.r), is(PL_READABLE | PL_WRITABLE));
	pl_expect(pl_sets_with(&s, p.w), is(PL_WRITABLE));
}

/* The limit is the first number that is not looked at, wherever in a word it is. */
PL_CASE(descriptors_from_the_limit_on_do_not_count,
    .verifies = "io.select.descriptors-at-or-above-nfds-are-not-examined", .kinds = PL_EVERY)
{
	struct pl_pair p = pair_with_data();
	int fd = pl_dup(p.r), above = pl_dup(p.r);
	struct pl_sets s = pl_sets_of(fd, PL_READABLE);

	pl_sets_add(&s, above, PL_READABLE);
	s.limit = fd;
	pl_expect(sys_select_sets(&s, 0), returns(0));
	s = pl_sets_of(fd, PL_READABLE);
	pl_sets_add(&s, above, PL_READABLE);
	s.limit = above;
	pl_expect(sys_select_sets(&s, 0), returns(1));
	pl_expect(pl_sets_with(&s, fd), is(PL_READABLE));
	s = pl_sets_of(fd, PL_READABLE);
	pl_sets_add(&s, above, PL_READABLE);
	pl_expect(sys_select_sets(&s, 0), returns(2));
	pl_expect(pl_sets_with(&s, above), is(PL_READABLE));
	/* One that is closed does no harm there. */
	pl_close(above);
	pl_sets_add(&s, above, PL_READABLE);
	s.limit = above;
	pl_expect(sys_select_sets(&s, 0), returns(1));
}

/* One closed descriptor spoils the call, and the caller's sets survive it. */
PL_CASE(closed_descriptor_leaves_the_sets,
    .verifies = "io.select.closed-descriptor-fails-ebadf-and-keeps-sets", .kinds = PL_EVERY)
{
	static const int places[] = { PL_READABLE, PL_WRITABLE, PL_EXCEPTIONAL };
	struct pl_pair p = pair_with_data();
	int closed = pl_dup(p.r);

	pl_close(closed);
	for (size_t i = 0; i < 2 * sizeof(places) / sizeof(places[0]); i++) {
		int place = places[i / 2];
		struct pl_sets s = pl_sets_of(p.r, PL_READABLE | PL_EXCEPTIONAL);

		pl_sets_add(&s, p.w, PL_READABLE | PL_WRITABLE);
		pl_sets_add(&s, closed, place);
		if (i % 2 == 0)
			pl_expect(sys_select_sets(&s, 0), fails(EBADF));
		else
			pl_expect(sys_pselect_sets(&s, NULL, NULL), fails(EBADF));
		pl_expect(pl_sets_with(&s, p.r), is(PL_READABLE | PL_EXCEPTIONAL));
		pl_expect(pl_sets_with(&s, p.w), is(PL_READABLE | PL_WRITABLE));
		pl_expect(pl_sets_with(&s, closed), is(place));
	}
}

static struct pl_outcome
select_high_numbers(void *argument)
{
	static const int highest[] = { 900, 1023 };
	struct pl_pair *p = argument;

	for (int i = 0; i < 2; i++) {
		struct pl_sets s = pl_sets_of(p->r, PL_READABLE);

		pl_sets_add(&s, highest[i], PL_READABLE);
		/* One system never gets as far as that; then the other one counts. */
		pl_expect(sys_select_sets(&s, 0), on(PL_POSIX | PL_FREEBSD, fails(EBADF)),
		    on(PL_LINUX, returns(1)));
		pl_expect(pl_sets_with(&s, p->r), is(PL_READABLE));
		/* Who does not look at it need not take it away either. */
		if (!pl_asks(PL_LINUX))
			pl_expect(pl_sets_with(&s, highest[i]), is(PL_READABLE));
	}
	return (pl_done());
}

/* Far above every descriptor that was ever open: in a child, whose table is small. */
PL_CASE(number_above_the_table, .verifies = "io.select.unopened-descriptor-above-the-table")
{
	struct pl_pair p;
	int fd[2];

	pl_pipe(fd);
	p = (struct pl_pair){ fd[0], fd[1] };
	pl_write(p.w, "a", 1);
	pl_must(pl_result(pl_child(select_high_numbers, &p, p.r)));
}

/* A read that gives 0 does not sleep: ready, and it stays so. */
static void
expect_end_is_readable(int fd)
{
	struct pl_sets s = pl_sets_of(fd, PL_READABLE | PL_EXCEPTIONAL);
	char b[8];

	/* It may be on its way. */
	pl_expect(sys_select_sets(&s, -1), returns(1));
	pl_expect(pl_sets_with(&s, fd), is(PL_READABLE));
	for (int i = 0; i < 2; i++) {
		pl_expect_sets(fd, PL_READABLE, PL_READABLE);
		pl_expect(sys_read(fd, b, sizeof(b)), returns(0));
	}
}

PL_CASE(
    end_of_a_pipe_is_readable, .verifies = "io.select.readable-at-end-of-file", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_expect_sets(p.r, PL_READABLE, 0);
	pl_close(p.w);
	expect_end_is_readable(p.r);
}

/* Of a connection one direction may end alone: the other one is as before. */
PL_CASE(end_of_a_connection_is_readable, .verifies = "io.select.readable-at-end-of-file",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();

	pl_expect_sets(p.r, PL_READABLE, 0);
	pl_shutdown(p.w, SHUT_WR);
	expect_end_is_readable(p.r);
	pl_expect_sets(p.r, PL_WRITABLE, PL_WRITABLE);
	pl_expect_sets(p.w, PL_READABLE, 0);
	pl_close(p.w);
	expect_end_is_readable(p.r);
}

static struct pl_outcome
select_reader(void *fd)
{
	struct pl_sets s = pl_sets_of(*(int *)fd, PL_READABLE);

	return (sys_select_sets(&s, -1));
}

/* One who sleeps in it is woken by the end too. */
PL_CASE(end_of_a_connection_wakes, .verifies = "io.select.readable-at-end-of-file",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *waiter = pl_child(select_reader, &p.r, p.r);

	pl_expect_blocks(waiter);
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(pl_result(waiter), returns(1));
}

/* Readable as long as accept would not sleep, and not longer; a listener never sends. */
PL_CASE(listener_with_a_client_is_readable,
    .verifies = "io.select.listener-readable-when-connection-waits", .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(4, &name);
	/* POSIX speaks of reading alone. */
	int asked = pl_asks(PL_POSIX) ? PL_READABLE : ALL;

	for (int clients = 0; clients < 3; clients++) {
		struct pl_sets s = pl_sets_of(listener, asked);
		double start = pl_milliseconds();

		pl_expect(sys_select_sets(&s, 2000), returns(0));
		pl_expect_that(pl_milliseconds() - start >= 2, "2 ms to pass", "they have not");
		pl_expect(pl_sets_with(&s, listener), is(0));
		for (int i = 0; i < clients; i++)
			pl_client(&name);
		for (int i = clients; i > 0; i--) {
			s = pl_sets_of(listener, asked);
			pl_expect(sys_select_sets(&s, -1), returns(1));
			pl_expect(pl_sets_with(&s, listener), is(PL_READABLE));
			pl_close((int)pl_expect(sys_accept(listener, NULL), opens()));
		}
		pl_expect_sets(listener, asked, 0);
	}
}

/* Room comes and goes, as far as a writer can tell. */
static void
expect_writable_until_full(void)
{
	struct pl_pair p = pl_pair();
	struct pl_sets s;
	size_t left;
	char b[4096];

	pl_expect_sets(p.w, PL_WRITABLE, PL_WRITABLE);
	left = pl_fill_pair(p, 4096);
	pl_expect_sets(p.w, PL_WRITABLE, 0);
	/* All of it, wherever it is by now. */
	while (left > 0)
		left -= (size_t)pl_must(sys_read(p.r, b, sizeof(b)));
	s = pl_sets_of(p.w, PL_WRITABLE);
	pl_expect(sys_select_sets(&s, -1), returns(1));
	pl_expect(pl_sets_with(&s, p.w), is(PL_WRITABLE));
}

PL_CASE(writable_until_full, .verifies = "io.select.writable-reflects-buffer-space",
    .kinds = PL_EVERY | PL_STREAM)
{
	expect_writable_until_full();
}

PL_CASE(writable_until_full_of_records, .verifies = "io.select.writable-reflects-buffer-space",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	expect_writable_until_full();
}

/* A client that did not wait finds its connection made in the writable set. */
PL_CASE(connection_made_shows_in_the_write_set,
    .verifies = "io.select.connection-made-shows-in-write-set-only", .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_unconnected(), server;
	struct pl_sets s = pl_sets_of(client, PL_WRITABLE);

	pl_nonblock(client, true);
	pl_expect(sys_connect(client, &name), returns(0), fails(EINPROGRESS));
	pl_expect(sys_select_sets(&s, -1), returns(1));
	pl_expect_sets(client, ALL, PL_WRITABLE);
	pl_expect(sys_get_option(client, SOL_SOCKET, SO_ERROR), is(0));
	server = pl_accept(listener);
	pl_nonblock(client, false);
	pl_expect_talk(server, client);
}

/* Neither data nor the end are exceptional. */
PL_CASE(data_are_not_exceptional, .verifies = "io.select.except-set-silent-for-data-and-eof",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pair_with_data();

	pl_expect_sets(p.r, PL_EXCEPTIONAL, 0);
	pl_expect_sets(p.w, PL_EXCEPTIONAL, 0);
	pl_expect_sets(p.r, PL_READABLE | PL_EXCEPTIONAL, PL_READABLE);
}

static void
expect_end_is_not_exceptional(struct pl_pair p)
{
	struct pl_sets s = pl_sets_of(p.r, PL_READABLE);
	char b[8];

	pl_expect(sys_select_sets(&s, -1), returns(1));
	pl_expect_sets(p.r, PL_EXCEPTIONAL, 0);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect_sets(p.r, PL_EXCEPTIONAL, 0);
}

PL_CASE(end_of_a_pipe_is_not_exceptional,
    .verifies = "io.select.except-set-silent-for-data-and-eof", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_close(p.w);
	expect_end_is_not_exceptional(p);
}

PL_CASE(end_of_a_connection_is_not_exceptional,
    .verifies = "io.select.except-set-silent-for-data-and-eof", .kinds = PL_CONNECTIONS)
{
	struct pl_pair half = pl_pair(), whole = pl_pair();

	pl_shutdown(half.w, SHUT_WR);
	expect_end_is_not_exceptional(half);
	pl_close(whole.w);
	expect_end_is_not_exceptional(whole);
}

static struct pl_outcome
select_last_number(void *argument)
{
	int fd = *(int *)argument, last = FD_SETSIZE - 1;

	pl_need_descriptors(FD_SETSIZE);
	pl_must(sys_dup2(fd, last));
	pl_expect_sets(last, PL_READABLE | PL_EXCEPTIONAL, PL_READABLE);
	return (pl_done());
}

/* The last one that a set has room for. */
PL_CASE(last_number_of_a_set_works, .verifies = "io.select.descriptor-fd-setsize-minus-one-works",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pair_with_data();

	pl_must(pl_result(pl_child(select_last_number, &p.r, p.r)));
}

/* A pipe that goes both ways has room at either end, and data at the other alone. */
PL_CASE(wrong_end_of_a_pipe, .verifies = "io.select.wrong-direction-pipe-end", .kinds = PL_PIPES)
{
	struct pl_pair p = pair_with_data();
	bool two_way = pl_asks(PL_FREEBSD) && !pl_kind_has(PL_NAMED);

	pl_expect_sets(p.w, PL_READABLE | PL_EXCEPTIONAL, 0);
	pl_expect_sets(p.r, PL_WRITABLE, two_way ? PL_WRITABLE : 0);
	pl_expect_sets(p.r, PL_READABLE, PL_READABLE);
}

/* Numbers at both sides of where a word of 32 or 64 bits ends, below the limits of a session. */
static const int edges[] = { 31, 32, 33, 47 };
enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

static struct pl_outcome
select_at_edges(void *argument)
{
	int fd = *(int *)argument;

	pl_need_descriptors(48);
	for (int i = 0; i < EDGES; i++)
		pl_must(sys_dup2(fd, edges[i]));
	/* What a macro set is what the call looks at and leaves. */
	for (int i = 0; i < EDGES; i++) {
		struct pl_sets s = pl_sets_of(edges[i], PL_READABLE);

		pl_expect(sys_select_sets(&s, 0), returns(1));
		for (int j = 0; j < EDGES; j++)
			pl_expect(pl_sets_with(&s, edges[j]), is(i == j ? PL_READABLE : 0));
	}
	return (pl_done());
}

/* Each number has a bit of its own. */
PL_CASE(macros_touch_one_number, .verifies = "io.select.fd-set-macros")
{
	static const int tried[] = { 0, 1, 7, 8, 30, 31, 32, 33, 62, 63, 64, 65, FD_SETSIZE / 2,
		FD_SETSIZE - 2, FD_SETSIZE - 1 };
	fd_set set;
	int fd[2];

	pl_expect(pl_value(FD_SETSIZE, NULL, "FD_SETSIZE"),
	    on(PL_POSIX, returns_between(1, INT_MAX)),
	    on(PL_FREEBSD, returns_between(1024, INT_MAX)), on(PL_LINUX, is(1024)));
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		memset(&set, 0xff, sizeof(set));
		FD_ZERO(&set);
		for (int n = 0; n < FD_SETSIZE; n++)
			pl_expect_that(
			    !FD_ISSET(n, &set), "FD_ZERO empties a set", "%d is left", n);
		FD_SET(tried[i], &set);
		FD_SET(tried[i], &set);
		for (int n = 0; n < FD_SETSIZE; n++)
			pl_expect_that(!FD_ISSET(n, &set) == (n != tried[i]),
			    "FD_SET adds one number", "%d of %d", n, tried[i]);
		memset(&set, 0, sizeof(set));
		for (int n = 0; n < FD_SETSIZE; n++)
			FD_SET(n, &set);
		FD_CLR(tried[i], &set);
		FD_CLR(tried[i], &set);
		for (int n = 0; n < FD_SETSIZE; n++)
			pl_expect_that(!FD_ISSET(n, &set) == (n == tried[i]),
			    "FD_CLR takes one number away", "%d of %d", n, tried[i]);
	}
	pl_pipe(fd);
	pl_write(fd[1], "a", 1);
	pl_must(pl_result(pl_child(select_at_edges, &fd[0], fd[0])));
}
