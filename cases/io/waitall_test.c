/*
 * MSG_WAITALL: when a receive waits for more, what ends the wait early, and the
 * sockets that it does not concern.
 */

#include "plumbline.h"

#define STREAMS (PL_SOCKETS | PL_STREAM)

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

/* Those bytes wait at r. */
static void
put(struct pl_pair p, const char *text)
{
	const int size = (int)strlen(text);

	pl_write(p.w, text, (size_t)size);
	if (pl_kind_has(PL_INET))
		pl_expect_queued(p.r, size);
}

/* Data that is there already does not do, nor does data that comes, until it is enough. */
PL_CASE(waits_for_the_full_request, .verifies = "io.waitall.stream-waits-for-full-request",
    .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	struct receive r = request(p.r, 8, MSG_WAITALL);
	struct pl_peer *reader;

	put(p, "abc");
	reader = pl_child(receive, &r, p.r);
	pl_expect_blocks(reader);
	pl_write(p.w, "defg", 4);
	pl_expect_blocks(reader);
	pl_write(p.w, "hij", 3);
	pl_expect(pl_result(reader), returns(8));
	pl_expect_bytes(r.bytes, "abcdefgh", 8);
	pl_expect_arriving(p.r, "ij");
}

PL_CASE(end_of_file_gives_a_short_count, .verifies = "io.waitall.eof-gives-short-count",
    .kinds = STREAMS)
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
	put(coming, "abc");
	reader = pl_child(receive, &r, coming.r);
	pl_expect_blocks(reader);
	pl_shutdown(coming.w, SHUT_WR);
	pl_expect(pl_result(reader), returns(3));
	pl_expect_bytes(r.bytes, "abc", 3);
	pl_expect(sys_recv(coming.r, b, sizeof(b), MSG_WAITALL), returns(0));
}

/* What was received by then is not lost; without anything there is nothing but the error. */
PL_CASE(
    signal_gives_a_short_count, .verifies = "io.waitall.signal-gives-short-count", .kinds = STREAMS)
{
	static const int flags[] = { 0, SA_RESTART };
	struct pl_pair p = pl_pair();
	struct receive r = request(p.r, 8, MSG_WAITALL);
	struct pl_peer *reader;

	pl_catch(SIGUSR1, 0);
	reader = pl_child(receive, &r, p.r);
	pl_expect_blocks(reader);
	pl_kill(reader, SIGUSR1);
	pl_expect(pl_result(reader), fails(EINTR));

	for (int i = 0; i < 2; i++) {
		pl_catch(SIGUSR1, flags[i]);
		put(p, "abc");
		reader = pl_child(receive, &r, p.r);
		pl_expect_blocks(reader);
		pl_kill(reader, SIGUSR1);
		pl_expect(pl_result(reader), returns(3));
		pl_expect_bytes(r.bytes, "abc", 3);
		pl_write(p.w, "def", 3);
		pl_expect_arriving(p.r, "def");
	}
}

/* A wait that was forbidden is not made.  A peer asks, so that a kernel which waits is told. */
PL_CASE(nonblocking_returns_what_is_there,
    .verifies = "io.waitall.nonblocking-returns-what-is-there", .kinds = STREAMS)
{
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = pl_pair();
		struct receive r = request(p.r, 8, MSG_WAITALL | (i == 0 ? 0 : MSG_DONTWAIT));
		struct pl_peer *reader;
		bool waits;

		pl_nonblock(p.r, i == 0);
		pl_expect(sys_recv(p.r, r.bytes, r.size, r.flags), fails(EAGAIN));
		put(p, "abc");
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

/* One message is a full answer, however short, and be it that another one waits. */
PL_CASE(messages_are_not_gathered, .verifies = "io.waitall.datagram-returns-one-message",
    .kinds = PL_SOCKETS | PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_write(p.w, "de", 2);
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_WAITALL), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect_arrival(p.r);
	/* Nothing is behind this one. */
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_WAITALL), returns(2));
	pl_expect_bytes(b, "de", 2);
	pl_expect_nothing(p.r);
}
