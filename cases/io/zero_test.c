/*
 * Requests for no bytes, and messages that have none.
 */

#include "plumbline.h"

#define STREAMS PL_SOCKETS | PL_STREAM
#define DATAGRAMS PL_SOCKETS | PL_DATAGRAMS

/* Nothing is wanted, so there is nothing to wait for. */
PL_CASE(read_of_zero_bytes_returns_at_once,
    .verifies = "io.zero.read-of-zero-bytes-returns-at-once-on-empty-object", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	struct iovec v[] = { { b, 0 }, { b + 1, 0 } };

	pl_expect(sys_read(p.r, b, 0), returns(0));
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, 0), returns(0));
	pl_nonblock(p.r, false);
	/* It was not the end. */
	pl_put(p, "abc", 3);
	pl_expect_waiting(p.r, 3);
	pl_expect_text(p.r, "abc");
	pl_expect(sys_read(p.r, v[0].iov_base, 0), returns(0));
	pl_expect_bytes(b, "xyz", 3);
	pl_expect_left(p, "");
}

/* A message without bytes stays as well. */
PL_CASE(read_of_zero_bytes_leaves_the_message,
    .verifies = "io.zero.read-of-zero-bytes-leaves-queued-message", .kinds = PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	char b[8] = "-------";

	pl_put(p, "abc", 3);
	pl_put(p, "next", 4);
	pl_expect_arrival(p.r);
	for (int i = 0; i < 3; i++)
		pl_expect(sys_read(p.r, b, 0), returns(0));
	pl_expect_bytes(b, "-------", 7);
	pl_expect_text(p.r, "abc");
	pl_expect_arrival(p.r);
	pl_expect(sys_read(p.r, b, 0), returns(0));
	pl_expect_left(p, "next");
	if (!pl_kind_has(PL_DATAGRAMS))
		return;
	pl_must(sys_send(p.w, "", 0, 0));
	pl_must(sys_send(p.w, "end", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_read(p.r, b, 0), returns(0));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect_left(p, "end");
}

/* A receive takes the datagram, though it has room for nothing of it. */
PL_CASE(recv_of_zero_bytes_consumes_the_datagram,
    .verifies = "io.zero.recv-of-zero-bytes-consumes-queued-datagram", .kinds = DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8] = "-------";
	int got;

	for (int call = 0; call < 3; call++) {
		pl_must(sys_send(p.w, "abc", 3, 0));
		pl_must(sys_send(p.w, "next", 4, 0));
		pl_expect_arrival(p.r);
		if (call == 0)
			pl_expect(sys_recv(p.r, b, 0, 0), returns(0));
		else if (call == 1)
			pl_expect(sys_recv(p.r, b, 0, MSG_DONTWAIT), returns(0));
		else
			pl_expect(sys_receive(p.r, b, 0, 0, &got), returns(0));
		pl_expect_bytes(b, "-------", 7);
		pl_expect_left(p, "next");
	}
}

/* Neither an end nor anything to wake up for. */
PL_CASE(send_of_zero_bytes_is_invisible,
    .verifies = "io.zero.send-of-zero-bytes-on-stream-is-invisible", .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_send(p.w, "", 0, 0), returns(0));
	pl_expect(sys_write(p.w, "", 0), returns(0));
	pl_expect(sys_send(p.w, "", 0, MSG_DONTWAIT), returns(0));
	/* What they had caused would be there before this. */
	pl_write(p.r, "behind", 6);
	pl_expect_arriving(p.w, "behind");
	pl_expect_nothing(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDHUP), is(0));
	pl_expect_left(p, "");
	/* Nor is there anything between bytes that wait. */
	pl_write(p.w, "ab", 2);
	pl_expect(sys_send(p.w, "", 0, 0), returns(0));
	pl_write(p.w, "cd", 2);
	pl_expect_left(p, "abcd");
}

/* A message like any other: it wakes poll, it is received once and in its place. */
PL_CASE(empty_datagram_is_delivered_and_is_not_eof,
    .verifies = "io.zero.empty-datagram-is-delivered-and-is-not-eof", .kinds = DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8] = "-------";
	int got;

	pl_expect(sys_send(p.w, "", 0, 0), returns(0));
	pl_expect_arrival(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDHUP), is(POLLIN));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect(pl_poll_now(p.r, POLLIN | POLLRDHUP), is(0));
	pl_expect_nothing(p.r);
	pl_must(sys_send(p.w, "a", 1, 0));
	pl_expect(sys_send(p.w, "", 0, 0), returns(0));
	pl_expect(sys_send(p.w, "", 0, 0), returns(0));
	pl_must(sys_send(p.w, "b", 1, 0));
	pl_expect_arriving(p.r, "a");
	pl_expect_arrival(p.r);
	pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), returns(0));
	pl_expect(pl_message_flags(got, MSG_TRUNC), is(0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect_bytes(b, "-------", 7);
	pl_expect_left(p, "b");
}

/* Does this profile wait for what has no room to be put? */
static bool
waits(void)
{
	return (pl_asks(PL_LINUX) ||
	    (!pl_freebsd_before(1500) && pl_kind_has(PL_UNIX | PL_CONNECTIONS)));
}

static struct pl_outcome
receive_no_bytes(void *fd)
{
	char b;

	return (sys_recv(*(int *)fd, &b, 0, 0));
}

/* Nothing is wanted; or a message is, or the bytes that come next, which then stay. */
PL_CASE(recv_of_zero_bytes_on_an_empty_socket,
    .verifies = "io.zero.recv-of-zero-bytes-on-empty-socket", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	struct pl_peer *receiver;

	pl_expect(sys_recv(p.r, b, 0, MSG_DONTWAIT),
	    on(PL_FREEBSD | PL_LINUX, waits() ? fails(EAGAIN) : returns(0)));
	pl_nonblock(p.r, true);
	pl_expect(sys_recv(p.r, b, 0, 0),
	    on(PL_FREEBSD | PL_LINUX, waits() ? fails(EAGAIN) : returns(0)));
	pl_nonblock(p.r, false);
	receiver = pl_child(receive_no_bytes, &p.r, p.r);
	if (waits()) {
		pl_expect_blocks(receiver);
		pl_put(p, "abc", 3);
	}
	pl_expect(pl_result(receiver), on(PL_FREEBSD | PL_LINUX, returns(0)));
	if (waits() && pl_kind_has(PL_STREAM))
		pl_expect_left(p, "abc");
}

/* No room, no byte taken. */
PL_CASE(recv_of_zero_bytes_leaves_stream_data,
    .verifies = "io.zero.recv-of-zero-bytes-leaves-stream-data", .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	char b[4] = "xyz";
	int got;

	pl_write(p.w, "abc", 3);
	pl_expect_waiting(p.r, 3);
	pl_expect(sys_recv(p.r, b, 0, 0), returns(0));
	pl_expect(sys_recv(p.r, b, 0, MSG_DONTWAIT), returns(0));
	pl_expect(sys_recv(p.r, b, 0, MSG_PEEK), returns(0));
	pl_expect(sys_receive(p.r, b, 0, 0, &got), returns(0));
	pl_expect_bytes(b, "xyz", 3);
	pl_expect_left(p, "abc");
}

/* Shut down is shut down, for no bytes as for one. */
PL_CASE(send_of_zero_bytes_after_own_shutdown,
    .verifies = "io.zero.send-of-zero-bytes-on-broken-stream", .kinds = STREAMS)
{
	struct pl_pair p = pl_half_closed();

	pl_expect(sys_send(p.w, "", 0, MSG_NOSIGNAL), fails(EPIPE));
	/* POSIX has the signal for a connection that is gone. */
	pl_expect(sys_send(p.w, "", 0, 0), fails_with_sigpipe(EPIPE), on(PL_POSIX, fails(EPIPE)));
}

/* Nobody is there any more. */
PL_CASE(send_of_zero_bytes_to_nobody, .verifies = "io.zero.send-of-zero-bytes-on-broken-stream",
    .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	if (pl_kind_has(PL_INET))
		pl_must(sys_set_linger(p.r, 1, 0));
	pl_close(p.r);
	pl_expect_arrival(p.w);
	/* The error of a reset is told once. */
	sys_recv(p.w, b, sizeof(b), 0);
	pl_expect(sys_send(p.w, "", 0, MSG_NOSIGNAL), fails(EPIPE));
	pl_expect(sys_send(p.w, "", 0, 0), fails_with_sigpipe(EPIPE));
}

/* No bytes to write, and a datagram all the same. */
PL_CASE(write_of_zero_bytes_sends_an_empty_datagram,
    .verifies = "io.zero.write-of-zero-bytes-sends-empty-datagram", .kinds = DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8] = "-------";

	pl_expect(sys_write(p.w, "", 0), returns(0));
	pl_must(sys_send(p.w, "end", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect_bytes(b, "-------", 7);
	pl_expect_left(p, "end");
}

/* The areas add up to an empty datagram, one for all of them. */
PL_CASE(writev_of_empty_areas_sends_an_empty_datagram,
    .verifies = "io.zero.writev-of-empty-areas-on-datagram-socket", .kinds = DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8] = "-------";
	const struct iovec v[] = { { b, 0 }, { b + 1, 0 } };

	pl_expect(sys_writev(p.w, v, 2), on(PL_FREEBSD, returns(0)));
	if (!pl_asks(PL_FREEBSD))
		return;
	pl_must(sys_send(p.w, "end", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect_left(p, "end");
}

/* Received like any message; or, as one manual has it, left for a receive. */
PL_CASE(read_of_an_empty_datagram, .verifies = "io.zero.read-of-pending-empty-datagram",
    .kinds = DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8] = "-------";

	pl_must(sys_send(p.w, "", 0, 0));
	pl_must(sys_send(p.w, "end", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect_bytes(b, "-------", 7);
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), on(PL_FREEBSD | PL_POSIX, returns(3)),
	    on(PL_LINUX, returns(0)));
}
