/*
 * Reset TCP connections: what either side is told when a peer aborts, and when
 * it writes to a peer that has gone.
 */

#include "plumbline.h"

/* Set-up: close so that the peer gets a reset in place of the end of file. */
static void
abort_connection(int fd)
{
	pl_must(sys_set_linger(fd, 1, 0));
	pl_close(fd);
}

/* A pair whose w has gone by an abort, and r knows it. */
static struct pl_pair
aborted_pair(void)
{
	struct pl_pair p = pl_pair();

	abort_connection(p.w);
	pl_expect_disconnection(p.r);
	return (p);
}

/*
 * A pair whose r has closed in order, whereupon w has written: the reset that
 * answers it has come.
 */
static struct pl_pair
pair_written_after_close(void)
{
	struct pl_pair p = pl_pair();

	pl_close(p.r);
	pl_expect_arrival(p.w);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_expect_disconnection(p.w);
	return (p);
}

/* The first write cannot know that nobody is left; every later one does. */
PL_CASE(write_to_closed_peer_ends_in_epipe,
    .verifies = "tcp.reset.write-to-closed-peer-ends-in-epipe", .kinds = PL_TCP)
{
	struct pl_pair p = pair_written_after_close();

	pl_expect(sys_write(p.w, "x", 1), fails_with_sigpipe(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, 0), fails_with_sigpipe(EPIPE));
	pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
}

/* An abort is no orderly end, and told once; by either side. */
PL_CASE(peer_abort_read_econnreset_once, .verifies = "tcp.reset.peer-abort-read-econnreset-once",
    .kinds = PL_TCP)
{
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = pl_pair();
		int gone = i == 0 ? p.w : p.r, left = i == 0 ? p.r : p.w;
		char b[8];

		abort_connection(gone);
		pl_expect_arrival(left);
		pl_expect(sys_read(left, b, sizeof(b)), fails(ECONNRESET));
		if (pl_asks(PL_POSIX))
			continue;
		pl_expect(sys_read(left, b, sizeof(b)), returns(0));
		pl_expect(sys_recv(left, b, sizeof(b), 0), returns(0));
	}
}

PL_CASE(write_after_peer_abort, .verifies = "tcp.reset.write-after-peer-abort", .kinds = PL_TCP)
{
	struct pl_pair p = aborted_pair();

	pl_expect(sys_write(p.r, "x", 1), on(PL_LINUX | PL_POSIX, fails(ECONNRESET)),
	    on(PL_FREEBSD | PL_POSIX, fails_with_sigpipe(EPIPE)));
	pl_expect(
	    sys_write(p.r, "x", 1), on(PL_POSIX, fails(ECONNRESET)), fails_with_sigpipe(EPIPE));
	/* Is the error still there for one who asks? */
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_ERROR), on(PL_FREEBSD, is(ECONNRESET)),
	    on(PL_LINUX, is(0)), on(PL_POSIX, is(0)), on(PL_POSIX, is(ECONNRESET)));
}

/* The peer has ended in order before: is the reset an error still? */
PL_CASE(read_after_reset_in_close_wait, .verifies = "tcp.reset.read-after-reset-in-close-wait",
    .kinds = PL_TCP)
{
	struct pl_pair p = pair_written_after_close();
	char b[8];

	pl_expect(sys_read(p.w, b, sizeof(b)), on(PL_FREEBSD, fails(ECONNRESET)),
	    on(PL_LINUX, returns(0)));
	pl_expect(sys_read(p.w, b, sizeof(b)), returns(0));
}

PL_CASE(so_error_after_reset_in_close_wait,
    .verifies = "tcp.reset.so-error-after-reset-in-close-wait", .kinds = PL_TCP)
{
	struct pl_pair p = pair_written_after_close();

	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_ERROR), on(PL_FREEBSD, is(ECONNRESET)),
	    on(PL_LINUX, is(EPIPE)));
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_ERROR), is(0));
}

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

PL_CASE(blocked_reader_gets_econnreset, .verifies = "tcp.reset.blocked-reader-gets-econnreset",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *reader = pl_child(read_one, &p.r, p.r);

	pl_expect_blocks(reader);
	abort_connection(p.w);
	pl_expect(pl_result(reader), fails(ECONNRESET));
}

/* Asking takes the error away, for the next who asks and for a read. */
PL_CASE(so_error_reports_econnreset_once, .verifies = "tcp.reset.so-error-reports-econnreset-once",
    .kinds = PL_TCP)
{
	struct pl_pair p = aborted_pair();
	char b[8];

	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_ERROR), is(ECONNRESET));
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

PL_CASE(poll_events_after_abort, .verifies = "tcp.reset.poll-events-after-abort", .kinds = PL_TCP)
{
	struct pl_pair p = aborted_pair();

	pl_expect(pl_poll_now(p.r, POLLIN | POLLOUT | POLLRDHUP),
	    on(PL_FREEBSD, is(POLLIN | POLLHUP | POLLRDHUP)),
	    on(PL_LINUX, is(POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP)));
	pl_expect(
	    pl_poll_now(p.r, 0), on(PL_FREEBSD, is(POLLHUP)), on(PL_LINUX, is(POLLERR | POLLHUP)));
}

/* What had arrived before is not taken back. */
PL_CASE(buffered_data_readable_before_error,
    .verifies = "tcp.reset.buffered-data-readable-before-error", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abcd", 4);
	pl_expect_queued(p.r, 4);
	abort_connection(p.w);
	pl_expect_disconnection(p.r);
	pl_expect(sys_read(p.r, b, 3), returns(3));
	pl_expect(sys_read(p.r, &b[3], 4), returns(1));
	pl_expect_bytes(b, "abcd", 4);
	pl_expect(sys_read(p.r, b, 4), fails(ECONNRESET));
	pl_expect(sys_read(p.r, b, 4), returns(0));
}

/* What has not gone by then never goes; what has is intact. */
PL_CASE(linger_zero_close_discards_unsent_data,
    .verifies = "tcp.reset.linger-zero-close-discards-unsent-data", .kinds = PL_TCP)
{
	static char b[65536];
	struct pl_pair p = pl_pair();
	size_t got = 0, sent;
	long n;

	/* More than the receiver takes: some of it must stay behind. */
	pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 65536);
	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 262144);
	sent = pl_fill(p.w, 4096);
	abort_connection(p.w);
	do {
		n = pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns_between(1, sizeof(b)),
		    fails(ECONNRESET));
		if (n > 0)
			pl_expect_payload(b, (size_t)n, 0, got);
		got += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	pl_expect_that(got < sent, "less than was written", "%zu of %zu bytes", got, sent);
}

/* Half an end does not concern what waits to be read. */
PL_CASE(shut_wr_with_unread_data_sends_fin,
    .verifies = "tcp.reset.shut-wr-with-unread-data-sends-fin", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abcdef", 6);
	pl_expect_queued(p.r, 6);
	pl_nonblock(p.r, true);
	pl_expect(sys_shutdown(p.r, SHUT_WR), returns(0));
	pl_expect_end(p.w);
	pl_expect_text(p.r, "abcdef");
	pl_write(p.w, "ghi", 3);
	pl_expect_arriving(p.r, "ghi");
}
