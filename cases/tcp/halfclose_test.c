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

/* Half an end is an end to read and no hang-up: an answer can still be sent. */
PL_CASE(
    poll_after_peer_shut_wr, .verifies = "tcp.halfclose.poll-after-peer-shut-wr", .kinds = PL_TCP)
{
	struct pl_pair p = pl_half_closed();

	pl_expect_arrival(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLOUT), is(POLLIN | POLLOUT));
	pl_expect_end(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLOUT), is(POLLIN | POLLOUT));
	pl_expect(pl_poll_now(p.w, POLLIN), is(0));
}

PL_CASE(pollrdhup_reported_when_requested,
    .verifies = "tcp.halfclose.pollrdhup-reported-when-requested", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pollfd entry = { .fd = p.r, .events = POLLRDHUP };

	if (pl_freebsd_before(1301))
		pl_not_applicable("POLLRDHUP came with FreeBSD 13.1");
	pl_write(p.w, "abc", 3);
	pl_expect_queued(p.r, 3);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDHUP), is(POLLIN));
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_poll(&entry, 1, 5000), returns(1));
	pl_expect(pl_revents(&entry), is(POLLRDHUP));
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDHUP), is(POLLIN | POLLRDHUP));
	pl_expect(pl_poll_now(p.r, 0), is(0));
	/* The side that closed has nothing to tell: its peer can still send. */
	pl_expect(pl_poll_now(p.w, POLLRDHUP), is(0));
	pl_expect_text(p.r, "abc");
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDHUP), is(POLLIN | POLLRDHUP));
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

PL_CASE(kqueue_ev_eof_with_data_pending,
    .verifies = "tcp.halfclose.kqueue-ev-eof-with-data-pending", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pollfd entry = { .fd = p.r, .events = POLLRDHUP };
	struct pl_event event = { .fd = -1 };
	int kq = pl_os_kqueue();

	if (kq == -1 && errno == ENOSYS)
		pl_not_tested("this kernel has no kqueue");
	pl_name_slot(kq, 'k');
	pl_must(pl_sys(pl_os_kevent_set(kq, p.r, PL_FILTER_READ, PL_EV_ADD, 0),
	    "kevent(%s, {%s EVFILT_READ EV_ADD})", pl_slot(kq), pl_slot(p.r)));
	pl_write(p.w, "abc", 3);
	pl_expect_queued(p.r, 3);
	pl_expect(pl_sys(pl_os_kevent_get(kq, &event, 0), "kevent(%s, 1 event)", pl_slot(kq)),
	    returns(1));
	pl_expect(pl_value(event.flags & PL_EV_EOF, NULL, "EV_EOF"), is(0));
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_poll(&entry, 1, 5000), returns(1));
	for (int i = 0; i < 2; i++) {
		pl_expect(
		    pl_sys(pl_os_kevent_get(kq, &event, 0), "kevent(%s, 1 event)", pl_slot(kq)),
		    returns(1));
		pl_expect(pl_value(event.fd, NULL, "ident of the event"), is(p.r));
		pl_expect(pl_value(event.flags & PL_EV_EOF, NULL, "EV_EOF"), is(PL_EV_EOF));
		pl_expect(pl_value(event.data, NULL, "data of the event"), is(i == 0 ? 3 : 0));
		if (i == 0)
			pl_expect_text(p.r, "abc");
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

PL_CASE(shut_wr_wakes_blocked_writer, .verifies = "tcp.halfclose.shut-wr-wakes-blocked-writer",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer = pl_child(pl_write_when_full, &p.w, p.w);

	pl_expect_blocks(writer);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect(pl_result(writer), fails_with_sigpipe(EPIPE));
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

/* Judge what select says of an end to be read. */
static void
expect_select(int fd, struct timeval timeout, int count)
{
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	pl_expect(sys_select(fd + 1, &readable, NULL, NULL, &timeout), returns(count));
	pl_expect(pl_value(FD_ISSET(fd, &readable) != 0, NULL, "it is readable"), is(count));
}

PL_CASE(select_reports_eof_readable, .verifies = "tcp.halfclose.select-reports-eof-readable",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	expect_select(p.r, (struct timeval){ 0 }, 0);
	pl_shutdown(p.w, SHUT_WR);
	for (int i = 0; i < 2; i++) {
		expect_select(p.r, (struct timeval){ .tv_sec = 5 }, 1);
		pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	}
	expect_select(p.w, (struct timeval){ 0 }, 0);
}

static struct pl_outcome
select_reader(void *argument)
{
	int fd = *(int *)argument;
	fd_set readable;

	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	return (sys_select(fd + 1, &readable, NULL, NULL, NULL));
}

/* One who sleeps in it is woken by the end too. */
PL_CASE(select_is_woken_by_eof, .verifies = "tcp.halfclose.select-reports-eof-readable",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *waiter = pl_child(select_reader, &p.r, p.r);

	pl_expect_blocks(waiter);
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(pl_result(waiter), returns(1));
}
