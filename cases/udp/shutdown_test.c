/*
 * shutdown(2) on UDP sockets: a direction of one end, of which the peer hears
 * nothing.
 */

#include "plumbline.h"

static const int ways[] = { SHUT_RD, SHUT_WR, SHUT_RDWR };

/* There is nothing to shut down without a peer, says the call. */
PL_CASE(unconnected_fails_enotconn, .verifies = "udp.shutdown.unconnected-fails-enotconn",
    .kinds = PL_UDP)
{
	struct pl_address name;

	for (int i = 0; i < 3; i++) {
		int fresh = pl_unconnected(), bound = pl_bound(&name);

		pl_expect(sys_shutdown(fresh, ways[i]), fails(ENOTCONN));
		pl_expect(sys_shutdown(bound, ways[i]), fails(ENOTCONN));
	}
}

/* Is the signal of broken pipes for sockets that never were a pipe? */
PL_CASE(signal_of_a_send_after_shut_wr, .verifies = "udp.shutdown.sigpipe-on-send", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();

	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_send(p.w, "x", 1, 0), on(PL_FREEBSD, fails_with_sigpipe(EPIPE)),
	    on(PL_LINUX, fails(EPIPE)));
	pl_expect(sys_write(p.w, "x", 1), on(PL_FREEBSD, fails_with_sigpipe(EPIPE)),
	    on(PL_LINUX, fails(EPIPE)));
	pl_expect(sys_send(p.w, "x", 1, MSG_NOSIGNAL), on(PL_FREEBSD | PL_LINUX, fails(EPIPE)));
	if (pl_os.so_nosigpipe == PL_ABSENT)
		return;
	pl_set_option(p.w, SOL_SOCKET, pl_os.so_nosigpipe, 1);
	pl_expect(sys_send(p.w, "x", 1, 0), on(PL_FREEBSD, fails(EPIPE)));
}

/* Nothing goes out any more, and what comes in is not touched. */
PL_CASE(
    wr_leaves_receiving_open, .verifies = "udp.shutdown.wr-leaves-receiving-open", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();

	pl_must(sys_send(p.r, "before", 6, 0));
	pl_expect_arrival(p.w);
	pl_expect(sys_shutdown(p.w, SHUT_WR), returns(0));
	pl_expect_arriving(p.w, "before");
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_send(p.r, "after", 5, 0), returns(5));
		pl_expect_arriving(p.w, "after");
	}
	pl_expect_nothing(p.w);
}

PL_CASE(what_waits_at_shut_rd, .verifies = "udp.shutdown.rd-and-pending-data", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	pl_expect(
	    sys_recv(p.r, b, sizeof(b), 0), on(PL_FREEBSD, returns(0)), on(PL_LINUX, returns(3)));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

/*
 * Further receptions are disallowed, say both pages; the sender is not told.
 * Several datagrams, as one may be late, and each call gives one.
 */
PL_CASE(datagrams_after_shut_rd, .verifies = "udp.shutdown.rd-and-later-datagrams", .kinds = PL_UDP)
{
	struct pl_address name, sender_name;
	int fd = pl_bound(&name), sender = pl_bound(&sender_name);
	long most = 0;

	pl_connect(fd, &sender_name);
	pl_expect(sys_shutdown(fd, SHUT_RD), returns(0));
	for (int i = 0; i < 4; i++) {
		char b[8];
		long n;

		pl_expect(
		    sys_sendto(sender, "late", 4, 0, &name), on(PL_FREEBSD | PL_LINUX, returns(4)));
		pl_await_delivery(sender);
		n = pl_expect(sys_recv(fd, b, sizeof(b), 0),
		    on(PL_FREEBSD | PL_LINUX, returns_between(0, 4)));
		most = n > most ? n : most;
	}
	pl_expect(pl_value(most, NULL, "bytes that were received after SHUT_RD"),
	    on(PL_FREEBSD | PL_LINUX, is(0)));
}

/* The same for one who would send. */
PL_CASE(unconnected_wr_still_takes_effect,
    .verifies = "udp.shutdown.unconnected-wr-still-takes-effect", .kinds = PL_UDP)
{
	struct pl_address name, peer_name;
	int fd = pl_bound(&name), peer = pl_bound(&peer_name);

	pl_expect(sys_shutdown(fd, SHUT_WR), fails(ENOTCONN));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_sendto(fd, "x", 1, MSG_NOSIGNAL, &peer_name),
		    on(PL_FREEBSD | PL_LINUX, fails(EPIPE)));
	pl_must(sys_sendto(peer, "mail", 4, 0, &name));
	pl_expect_arriving(fd, "mail");
	pl_expect_nothing(peer);
}

/* A hang-up; that one can write at the same time is a contradiction to one system alone. */
PL_CASE(poll_after_both_directions, .verifies = "udp.shutdown.poll-after-rdwr", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_shutdown(p.r, SHUT_RDWR), returns(0));
	pl_expect(pl_poll_now(p.r, POLLIN | POLLOUT), on(PL_FREEBSD, is(POLLIN | POLLHUP)),
	    on(PL_LINUX, is(POLLIN | POLLOUT | POLLHUP)));
	pl_expect(pl_poll_now(p.r, 0), on(PL_FREEBSD | PL_LINUX, is(POLLHUP)));
	/* The other end hears nothing of it. */
	pl_expect(pl_poll_now(p.w, POLLIN | POLLOUT), on(PL_FREEBSD | PL_LINUX, is(POLLOUT)));
}

/* There is no connection whose end could be seen. */
PL_CASE(
    peer_sees_no_end_of_file, .verifies = "udp.shutdown.peer-sees-no-end-of-file", .kinds = PL_UDP)
{
	struct pl_address name;
	int receiver = pl_bound(&name), first = pl_unconnected(), second = pl_unconnected();

	pl_connect(first, &name);
	pl_must(sys_send(first, "one", 3, 0));
	pl_expect(sys_shutdown(first, SHUT_RDWR), returns(0));
	pl_expect_arriving(receiver, "one");
	pl_expect_nothing(receiver);
	pl_close(first);
	pl_must(sys_sendto(second, "two", 3, 0, &name));
	pl_expect_arriving(receiver, "two");
	pl_expect_nothing(receiver);
	pl_expect(pl_poll_now(receiver, POLLIN | POLLOUT), is(POLLOUT));
}
