/*
 * MSG_PEEK: a look at what comes next that changes nothing.
 */

#include "plumbline.h"

#define STREAMS PL_SOCKETS | PL_STREAM

/* As often as one likes, from the beginning each time, by each call. */
PL_CASE(stream_data_stay_for_the_next_receive,
    .verifies = "io.peek.stream-data-stays-for-next-receive", .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	struct pl_address from;
	char b[8];
	int flags;

	pl_write(p.w, "abcd", 4);
	pl_expect_waiting(p.r, 4);
	pl_nonblock(p.r, true);
	for (size_t size = 1; size <= sizeof(b); size += 2) {
		const long n = size < 4 ? (long)size : 4;

		for (int call = 0; call < 3; call++) {
			memset(b, '.', sizeof(b));
			if (call == 0)
				pl_expect(sys_recv(p.r, b, size, MSG_PEEK), returns(n));
			else if (call == 1)
				pl_expect(sys_recvfrom(p.r, b, size, MSG_PEEK, &from), returns(n));
			else
				pl_expect(sys_receive(p.r, b, size, MSG_PEEK, &flags), returns(n));
			pl_expect_bytes(b, "abcd", (size_t)n);
			pl_expect_bytes(b + n, "........", sizeof(b) - (size_t)n);
		}
	}
	pl_expect(sys_read(p.r, b, 1), returns(1));
	/* A look begins where the last receive ended. */
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), returns(3));
	pl_expect_bytes(b, "bcd", 3);
	pl_expect_text(p.r, "bcd");
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_PEEK), fails(EAGAIN));
	pl_expect_nothing(p.r);
}

/* What the look had no room for is there all the same, and so is the next message. */
PL_CASE(short_peek_does_not_truncate, .verifies = "io.peek.short-peek-does-not-truncate-datagram",
    .kinds = PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	char b[8];

	for (int call = 0; call < 2; call++) {
		pl_put(p, "abcd", 4);
		pl_put(p, "next", 4);
		pl_expect_arrival(p.r);
		for (size_t size = 1; size < 4; size++) {
			int flags;

			memset(b, '.', sizeof(b));
			pl_expect(call == 0 ? sys_recv(p.r, b, size, MSG_PEEK)
					    : sys_receive(p.r, b, size, MSG_PEEK, &flags),
			    returns((long)size));
			pl_expect_bytes(b, "abcd", size);
			pl_expect_bytes(b + size, "........", sizeof(b) - size);
		}
		pl_expect_text(p.r, "abcd");
		pl_expect_arriving(p.r, "next");
	}
	pl_expect_left(p, "");
}

/* Two messages of two senders: a look at the first tells who sent that one. */
PL_CASE(source_address_is_the_same_twice,
    .verifies = "io.peek.datagram-source-address-is-the-same-twice",
    .kinds = PL_DATAGRAMS | PL_NAMED)
{
	static const char *const texts[] = { "first", "second!" };
	struct pl_address name, own[2], from;
	int receiver = pl_bound(&name);
	char b[16];

	for (int i = 0; i < 2; i++) {
		int sender = pl_bound(&own[i]);

		pl_must(sys_sendto(sender, texts[i], strlen(texts[i]), 0, &name));
		if (pl_kind_has(PL_INET))
			pl_await_delivery(sender);
	}
	for (int i = 0; i < 2; i++) {
		long size = (long)strlen(texts[i]);

		for (int look = 0; look < 3; look++) {
			memset(&from, 0, sizeof(from));
			pl_expect(
			    sys_recvfrom(receiver, b, sizeof(b), look < 2 ? MSG_PEEK : 0, &from),
			    returns(size));
			pl_expect_bytes(b, texts[i], (size_t)size);
			pl_expect_address(&from, &own[i]);
		}
	}
	pl_expect_nothing(receiver);
}

enum { WANTED = 8, THERE = 3 };

struct look {
	int fd;
	char *b; /* shared */
};

static struct pl_outcome
look_at_all(void *argument)
{
	struct look *l = argument;

	return (sys_recv(l->fd, l->b, WANTED, MSG_PEEK | MSG_WAITALL));
}

/*
 * It may wait for the rest or show what there is; it shows each byte once, and
 * all of them stay.
 */
PL_CASE(peek_with_waitall, .verifies = "io.peek.peek-with-waitall-on-stream", .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	struct look l = { p.r, pl_shared(WANTED + 1) };
	struct pl_peer *looker;
	long n;

	memset(l.b, '.', WANTED);
	pl_write(p.w, "abcdefgh", THERE);
	pl_expect_waiting(p.r, THERE);
	looker = pl_child(look_at_all, &l, p.r);
	pl_sleeps(looker);
	pl_write(p.w, &"abcdefgh"[THERE], WANTED - THERE);
	n = pl_expect(pl_result(looker), returns_between(THERE, WANTED));
	pl_expect_bytes(l.b, "abcdefgh", (size_t)n);
	pl_expect_bytes(l.b + n, "........", (size_t)(WANTED - n));
	pl_expect_left(p, "abcdefgh");
}

/* With all of it there, or the end behind it, there is nothing to wait for. */
PL_CASE(peek_with_waitall_of_what_is_there, .verifies = "io.peek.peek-with-waitall-on-stream",
    .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	char b[WANTED + 1];

	pl_write(p.w, "abcdefgh", WANTED);
	pl_expect_waiting(p.r, WANTED);
	for (size_t size = THERE; size <= WANTED; size += WANTED - THERE) {
		memset(b, '.', sizeof(b));
		pl_expect(sys_recv(p.r, b, size, MSG_PEEK | MSG_WAITALL), returns((long)size));
		pl_expect_bytes(b, "abcdefgh", size);
		pl_expect_bytes(b + size, ".........", sizeof(b) - size);
	}
	pl_expect_left(p, "abcdefgh");
}
