/*
 * MSG_WAITALL on a TCP connection: when a receive waits for more, and what ends
 * the wait early.
 */

#include "plumbline.h"

/* A receive in a peer: what is asked for, and the bytes that came. */
struct receive {
	int fd;
	size_t size;
	int flags;
	char *bytes; /* shared */
};

static struct pl_outcome
receive(void *argument)
{
	const struct receive *r = argument;

	return (sys_recv(r->fd, r->bytes, r->size, r->flags));
}

static struct receive
request(int fd, size_t size, int flags)
{
	return ((struct receive){ fd, size, flags, pl_shared(size) });
}

/* Data that is there already does not do, nor does data that comes, until it is enough. */
PL_CASE(blocks_until_request_filled, .verifies = "tcp.waitall.blocks-until-request-filled",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct receive r = request(p.r, 6, MSG_WAITALL);
	struct pl_peer *reader;

	pl_write(p.w, "ab", 2);
	pl_expect_queued(p.r, 2);
	reader = pl_child(receive, &r, p.r);
	pl_expect_blocks(reader);
	pl_write(p.w, "cde", 3);
	pl_expect_blocks(reader);
	pl_write(p.w, "fgh", 3);
	pl_expect(pl_result(reader), returns(6));
	pl_expect_bytes(r.bytes, "abcdef", 6);
	pl_expect_arriving(p.r, "gh");
}

PL_CASE(short_count_at_eof, .verifies = "tcp.waitall.short-count-at-eof", .kinds = PL_TCP)
{
	struct pl_pair there = pl_pair(), coming = pl_pair();
	struct receive r = request(coming.r, 8, MSG_WAITALL);
	struct pl_peer *reader;
	char b[8];

	pl_write(there.w, "abc", 3);
	pl_shutdown(there.w, SHUT_WR);
	pl_expect(sys_recv(there.r, b, sizeof(b), MSG_WAITALL), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(sys_recv(there.r, b, sizeof(b), MSG_WAITALL), returns(0));

	/* The end wakes one who waits. */
	pl_write(coming.w, "abc", 3);
	reader = pl_child(receive, &r, coming.r);
	pl_expect_blocks(reader);
	pl_shutdown(coming.w, SHUT_WR);
	pl_expect(pl_result(reader), returns(3));
	pl_expect_bytes(r.bytes, "abc", 3);
	pl_expect(sys_recv(coming.r, b, sizeof(b), MSG_WAITALL), returns(0));
}

/* What was received by then is not lost; without anything there is nothing but the error. */
PL_CASE(short_count_on_signal, .verifies = "tcp.waitall.short-count-on-signal", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct receive r = request(p.r, 8, MSG_WAITALL);
	struct pl_peer *reader;

	pl_catch(SIGUSR1, 0);
	reader = pl_child(receive, &r, p.r);
	pl_expect_blocks(reader);
	pl_kill(reader, SIGUSR1);
	pl_expect(pl_result(reader), fails(EINTR));

	pl_write(p.w, "abc", 3);
	pl_expect_queued(p.r, 3);
	reader = pl_child(receive, &r, p.r);
	pl_expect_blocks(reader);
	pl_kill(reader, SIGUSR1);
	pl_expect(pl_result(reader), returns(3));
	pl_expect_bytes(r.bytes, "abc", 3);
	pl_write(p.w, "def", 3);
	pl_expect_arriving(p.r, "def");
}

/* A wait that was forbidden is not made.  A peer asks, so that a kernel which waits is told. */
PL_CASE(on_nonblocking_socket, .verifies = "tcp.waitall.on-nonblocking-socket", .kinds = PL_TCP)
{
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = pl_pair();
		struct receive r = request(p.r, 8, MSG_WAITALL | (i == 0 ? 0 : MSG_DONTWAIT));
		struct pl_peer *reader;
		bool waits;

		pl_nonblock(p.r, i == 0);
		pl_write(p.w, "abc", 3);
		pl_expect_queued(p.r, 3);
		reader = pl_child(receive, &r, p.r);
		waits = pl_sleeps(reader);
		pl_expect_that(!waits, "the receive does not wait", "it goes to sleep");
		/* Whoever waits does so for this. */
		pl_shutdown(p.w, SHUT_WR);
		pl_expect(pl_result(reader), returns(3));
		pl_expect_bytes(r.bytes, "abc", 3);
		pl_expect_end(p.r);
	}
}

struct sending {
	int fd;
	size_t size;
};

static struct pl_outcome
send_payload(void *argument)
{
	static char b[300000];
	const struct sending *s = argument;

	pl_payload(b, s->size, 0, 0);
	return (sys_write(s->fd, b, s->size));
}

/* What is received makes room for the rest while the receiver waits. */
PL_CASE(request_larger_than_receive_buffer,
    .verifies = "tcp.waitall.request-larger-than-receive-buffer", .kinds = PL_TCP)
{
	static char b[300000];
	struct pl_pair p = pl_pair();
	struct sending s = { p.w, sizeof(b) };
	struct pl_peer *writer;

	pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 65536);
	writer = pl_child(send_payload, &s, p.w);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_WAITALL), returns(sizeof(b)));
	pl_expect_payload(b, sizeof(b), 0, 0);
	pl_expect(pl_result(writer), returns(sizeof(b)));
	pl_expect_nothing(p.r);
}
