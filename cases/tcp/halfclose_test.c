/*
 * TCP connections with one direction closed: what either side sees of it, and
 * what goes on in the other direction.
 */

#include "plumbline.h"

#include "sequence/names.h"

/* Everything that was accepted for sending goes first, though nobody reads yet. */
PL_CASE(
    queued_data_precedes_fin, .verifies = "tcp.halfclose.queued-data-precedes-fin", .kinds = PL_TCP)
{
	static char b[65536];
	struct pl_pair p = pl_pair();
	uint64_t got = 0, sent;
	long n;

	/* More than the receiver takes: the rest is still here when the end is asked for. */
	pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 65536);
	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 262144);
	sent = pl_fill(p.w, 4096);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect(sys_close(p.w), returns(0));
	do {
		n = pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns_between(0, sizeof(b)));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (uint64_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes received"), is((long)sent));
}

/* Not asked for, and not before the second half goes. */
PL_CASE(pollhup_when_both_directions_closed,
    .verifies = "tcp.halfclose.pollhup-when-both-directions-closed", .kinds = PL_TCP)
{
	struct pl_pair p = pl_half_closed();
	const int ends[] = { p.r, p.w };

	pl_expect_arrival(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
	pl_expect(pl_poll_now(p.w, POLLIN), is(0));
	pl_shutdown(p.r, SHUT_WR);
	pl_expect_arrival(p.w);
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(ends[i], POLLIN), is(POLLIN | POLLHUP));
		pl_expect(pl_poll_now(ends[i], POLLIN | POLLOUT), is(POLLIN | POLLHUP),
		    on(PL_LINUX, is(POLLIN | POLLOUT | POLLHUP)));
		pl_expect_end(ends[i]);
		pl_expect(pl_poll_now(ends[i], POLLIN), is(POLLIN | POLLHUP));
	}
}

/* The peer is told nothing: neither an end nor an error. */
PL_CASE(shut_rd_invisible_to_peer, .verifies = "tcp.halfclose.shut-rd-invisible-to-peer",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	/* What might have been sent has come before this. */
	pl_expect(sys_write(p.r, "abc", 3), returns(3));
	pl_expect_arriving(p.w, "abc");
	pl_expect_nothing(p.w);
	pl_expect(pl_poll_now(p.w, POLLIN | POLLOUT), is(POLLOUT));
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_expect(sys_write(p.r, "def", 3), returns(3));
	pl_expect_arriving(p.w, "def");
	pl_expect(sys_write(p.w, "y", 1), returns(1));
	pl_expect(pl_poll_now(p.w, POLLIN | POLLOUT), is(POLLOUT));
}

/* Nobody will read it: does the sender learn that? */
PL_CASE(peer_write_after_shut_rdwr, .verifies = "tcp.halfclose.peer-write-after-shut-rdwr",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_shutdown(p.r, SHUT_RDWR);
	pl_expect_end(p.w);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	if (pl_asks(PL_LINUX))
		pl_expect_disconnection(p.w);
	for (int i = 0; i < 2; i++)
		pl_expect(sys_write(p.w, "x", 1), on(PL_FREEBSD, returns(1)),
		    on(PL_LINUX, fails_with_sigpipe(EPIPE)));
	if (pl_asks(PL_FREEBSD))
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(0));
}
