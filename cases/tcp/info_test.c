/*
 * TCP_INFO: the state of a connection from its first segment to its last (RFC
 * 9293), and what else is known of it.
 *
 * A state that the peer's acknowledgement brings about is certain once something
 * that the peer sent behind it has arrived.
 */

#include "plumbline.h"

#include <netinet/tcp.h>

#include "sequence/names.h"

PL_CASE(fresh_socket_and_listener, .verifies = "tcp.info.state-closed-and-listen", .kinds = PL_TCP)
{
	struct pl_address name;
	int fresh = pl_unconnected(), bound = pl_bound(&name), listener = pl_listening(1, &name);

	pl_expect(sys_tcp_state(fresh), is(PL_TCP_CLOSED));
	pl_expect(sys_tcp_state(bound), is(PL_TCP_CLOSED));
	pl_expect(sys_tcp_state(listener), is(PL_TCP_LISTEN));
	/* Nor does a client change what the listener is. */
	pl_connect(pl_unconnected(), &name);
	pl_accept(listener);
	pl_expect(sys_tcp_state(listener), is(PL_TCP_LISTEN));
}

/* The handshake is over for the server when something came behind it. */
PL_CASE(established, .verifies = "tcp.info.state-established", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_unconnected(), fd;

	pl_expect(sys_connect(client, &name), returns(0));
	pl_expect(sys_tcp_state(client), is(PL_TCP_ESTABLISHED));
	fd = pl_accept(listener);
	pl_expect(sys_tcp_state(fd), is(PL_TCP_ESTABLISHED));
	pl_write(client, "abc", 3);
	pl_expect_arriving(fd, "abc");
	pl_expect(sys_tcp_state(fd), is(PL_TCP_ESTABLISHED));
	pl_expect(sys_tcp_state(client), is(PL_TCP_ESTABLISHED));
}

/* The peer's own call, in the end, is the answer. */
PL_CASE(syn_sent_until_answered, .verifies = "tcp.info.state-syn-sent", .kinds = PL_TCP)
{
	struct pl_address name;
	struct pollfd entry = { .events = POLLOUT };
	int client;

	pl_silent(&name);
	client = pl_unconnected();
	pl_nonblock(client, true);
	pl_expect(sys_connect(client, &name), fails(EINPROGRESS));
	pl_expect(sys_tcp_state(client), is(PL_TCP_SYN_SENT));
	pl_expect(pl_poll_now(client, POLLIN | POLLOUT), is(0));
	pl_expect(sys_tcp_state(client), is(PL_TCP_SYN_SENT));
	pl_call_back(&name, client);
	entry.fd = client;
	pl_expect(sys_poll(&entry, 1, -1), returns(1));
	pl_expect(sys_tcp_state(client), is(PL_TCP_ESTABLISHED));
}

PL_CASE(fin_wait_2_and_close_wait, .verifies = "tcp.info.state-fin-wait-2-and-close-wait",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_shutdown(p.w, SHUT_WR);
	pl_expect_end(p.r);
	pl_expect(sys_tcp_state(p.r), is(PL_TCP_CLOSE_WAIT));
	pl_write(p.r, "abc", 3);
	pl_expect_arriving(p.w, "abc");
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_FIN_WAIT_2));
	pl_expect(sys_tcp_state(p.r), is(PL_TCP_CLOSE_WAIT));
}

/* The end waits behind data for which the peer has no room. */
PL_CASE(fin_wait_1_while_data_waits, .verifies = "tcp.info.state-fin-wait-1-while-data-unacked",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_fill(p.w, 4096);
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_ESTABLISHED));
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_FIN_WAIT_1));
	pl_expect_arrival(p.r);
	pl_expect(sys_tcp_state(p.r), is(PL_TCP_ESTABLISHED));
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_FIN_WAIT_1));
}

/* The same at the side that ends second. */
PL_CASE(last_ack_while_data_waits, .verifies = "tcp.info.state-last-ack", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_fill(p.w, 4096);
	pl_shutdown(p.r, SHUT_WR);
	pl_expect_end(p.w);
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_CLOSE_WAIT));
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_LAST_ACK));
	pl_expect_arrival(p.r);
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_LAST_ACK));
}

/*
 * Descriptors that outlive their connection: one system calls them closed, the
 * other has nothing left to tell, but for the while that the side which ended
 * first remembers it (since FreeBSD 15).
 */
PL_CASE(after_both_ends, .verifies = "tcp.info.state-after-both-fins", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	bool remembers = !pl_freebsd_before(1500);

	pl_shutdown(p.w, SHUT_WR);
	pl_expect_end(p.r);
	pl_shutdown(p.r, SHUT_WR);
	pl_expect_end(p.w);
	pl_expect_disconnection(p.w);
	pl_expect_disconnection(p.r);
	pl_expect(
	    sys_tcp_state(p.r), on(PL_FREEBSD, fails(ECONNRESET)), on(PL_LINUX, is(PL_TCP_CLOSED)));
	pl_expect(sys_tcp_state(p.w), on(PL_FREEBSD, fails(ECONNRESET)),
	    on(PL_FREEBSD, remembers ? is(PL_TCP_TIME_WAIT) : fails(ECONNRESET)),
	    on(PL_LINUX, is(PL_TCP_CLOSED)));
}

PL_CASE(after_a_reset, .verifies = "tcp.info.options-after-reset", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[1];

	pl_must(sys_set_linger(p.w, 1, 0));
	pl_close(p.w);
	pl_expect_arrival(p.r);
	pl_expect(sys_read(p.r, b, 1), fails(ECONNRESET));
	pl_expect(
	    sys_tcp_state(p.r), on(PL_FREEBSD, fails(ECONNRESET)), on(PL_LINUX, is(PL_TCP_CLOSED)));
	pl_expect(sys_set_option(p.r, IPPROTO_TCP, TCP_NODELAY, 1),
	    on(PL_FREEBSD, fails(ECONNRESET)), on(PL_LINUX, returns(0)));
	pl_expect(sys_get_option(p.r, IPPROTO_TCP, TCP_NODELAY), on(PL_FREEBSD, fails(ECONNRESET)),
	    on(PL_LINUX, returns_between(1, INT_MAX)));
}

/* It is for reading alone; the connection goes on. */
PL_CASE(set_is_refused, .verifies = "tcp.info.set-is-rejected", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct tcp_info info;
	socklen_t length = sizeof(info);

	pl_must(sys_getsockopt(p.w, IPPROTO_TCP, TCP_INFO, &info, &length));
	pl_expect(sys_setsockopt(p.w, IPPROTO_TCP, TCP_INFO, &info, length),
	    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, fails(ENOPROTOOPT)));
	memset(&info, 0, sizeof(info));
	pl_expect(sys_setsockopt(p.w, IPPROTO_TCP, TCP_INFO, &info, length),
	    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, fails(ENOPROTOOPT)));
	pl_expect(sys_tcp_state(p.w), is(PL_TCP_ESTABLISHED));
	pl_write(p.w, "abc", 3);
	pl_expect_arriving(p.r, "abc");
}

/* The first member is the state; what there is no room for is left out. */
PL_CASE(short_room_truncates, .verifies = "tcp.info.short-buffer-truncates", .kinds = PL_TCP)
{
	static const socklen_t sizes[] = { 1, 5 };
	struct pl_pair p = pl_pair();
	struct tcp_info whole;
	socklen_t length = sizeof(whole);

	memset(&whole, 0, sizeof(whole));
	pl_must(sys_getsockopt(p.w, IPPROTO_TCP, TCP_INFO, &whole, &length));
	for (int i = 0; i < 2; i++) {
		unsigned char b[16], none[sizeof(b)];

		memset(b, 0xa5, sizeof(b));
		memset(none, 0xa5, sizeof(none));
		length = sizes[i];
		pl_expect(sys_getsockopt(p.w, IPPROTO_TCP, TCP_INFO, b, &length), returns(0));
		pl_expect(pl_value((long)length, NULL, "length that comes back"), is(sizes[i]));
		pl_expect(pl_value(b[0], NULL, "the first byte"), is(whole.tcpi_state));
		pl_expect_bytes(b + sizes[i], none, sizeof(b) - sizes[i]);
	}
}

/* Both sides tell the same of what they agreed on, by default all there is. */
PL_CASE(segment_size_and_agreed_options, .verifies = "tcp.info.reports-mss-and-negotiated-options",
    .kinds = PL_TCP)
{
	static const struct {
		int bit;
		const char *name;
	} options[] = { { TCPI_OPT_TIMESTAMPS, "TCPI_OPT_TIMESTAMPS" },
		{ TCPI_OPT_SACK, "TCPI_OPT_SACK" }, { TCPI_OPT_WSCALE, "TCPI_OPT_WSCALE" } };
	struct pl_pair p = pl_pair();
	int fd[] = { p.w, p.r };

	for (int i = 0; i < 2; i++) {
		struct tcp_info info;
		socklen_t length = sizeof(info);

		memset(&info, 0, sizeof(info));
		pl_expect(sys_getsockopt(fd[i], IPPROTO_TCP, TCP_INFO, &info, &length), returns(0));
		pl_expect(pl_value(info.tcpi_snd_mss, NULL, "tcpi_snd_mss"),
		    is(pl_get_option(fd[i], IPPROTO_TCP, TCP_MAXSEG)));
		pl_expect_that(info.tcpi_snd_cwnd > 0, "a congestion window", "none");
		for (int k = 0; k < 3; k++)
			pl_expect_that((info.tcpi_options & options[k].bit) != 0, options[k].name,
			    "tcpi_options 0x%x", (unsigned)info.tcpi_options);
		pl_expect_that(info.tcpi_rto > 0, "a retransmission time-out", "none");
	}
}
