/*
 * Bounds between what was sent, and the order of it.
 */

#include "plumbline.h"

/* Those who wrote bytes into a stream are not told apart. */
PL_CASE(byte_streams_merge_writes, .verifies = "io.boundary.byte-streams-merge-writes",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.w);

	pl_write(p.w, "a", 1);
	pl_write(copy, "bcd", 3);
	pl_write(p.w, "e", 1);
	pl_expect_waiting(p.r, 5);
	pl_expect_text(p.r, "abcde");
	/* Nor is one write in one piece. */
	pl_write(p.w, "fgh", 3);
	pl_write(p.w, "ij", 2);
	pl_expect_waiting(p.r, 5);
	for (int i = 0; i < 5; i += 2) {
		char b[2] = "";

		pl_expect(sys_read(p.r, b, i < 4 ? 2 : 1), returns(i < 4 ? 2 : 1));
		pl_expect_bytes(b, &"fghij"[i], i < 4 ? 2 : 1);
	}
	pl_expect_left(p, "");
}

/* One receive for each message, by each of the calls, however much room there is. */
PL_CASE(message_sockets_keep_messages_apart,
    .verifies = "io.boundary.message-sockets-keep-messages-apart", .kinds = PL_MESSAGES)
{
	static const char *const texts[] = { "a", "bcd", "ef" };
	struct pl_pair p = pl_pair();
	char b[64];

	for (int call = 0; call < 4; call++) {
		for (int i = 0; i < 3; i++)
			pl_put(p, texts[i], strlen(texts[i]));
		for (int i = 0; i < 3; i++) {
			long size = (long)strlen(texts[i]);
			int flags;

			pl_expect_arrival(p.r);
			if (call == 0)
				pl_expect(sys_read(p.r, b, sizeof(b)), returns(size));
			else if (call == 1)
				pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(size));
			else if (call == 2)
				pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(size));
			else
				pl_expect(sys_receive(p.r, b, sizeof(b), 0, &flags), returns(size));
			pl_expect_bytes(b, texts[i], (size_t)size);
		}
		pl_expect_nothing(p.r);
	}
	pl_expect_left(p, "");
}

enum { SIZE = 97, COUNT = 10, ROUNDS = 2 };

/* A send or receive, by one call and then by another. */
static struct pl_outcome
send_by(unsigned call, int fd, const void *b, size_t size)
{
	if (!pl_kind_has(PL_SOCKETS))
		return (sys_write(fd, b, size));
	return (call % 2 == 0 ? sys_send(fd, b, size, pl_whole())
			      : sys_sendto(fd, b, size, pl_whole(), NULL));
}

static struct pl_outcome
receive_by(unsigned call, int fd, void *b, size_t size)
{
	return (call % 2 == 0 || !pl_kind_has(PL_SOCKETS) ? sys_read(fd, b, size)
							  : sys_recv(fd, b, size, 0));
}

/* Twice as many as every queue holds; each differs from all others in its bytes. */
PL_CASE(bytes_arrive_in_the_order_written, .verifies = "io.order.bytes-arrive-in-the-order-written",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	bool stream = pl_kind_has(PL_STREAM);
	size_t sent = 0, total = 0;
	char b[COUNT * SIZE];

	for (unsigned call = 0; call < ROUNDS; call++) {
		for (unsigned i = 0; i < COUNT; i++) {
			pl_payload(b, SIZE, 0, sent);
			pl_expect(send_by(i, p.w, b, SIZE), returns(SIZE));
			sent += SIZE;
		}
		pl_expect_waiting(p.r, COUNT * SIZE);
		while (total < sent) {
			long n = pl_expect(
			    receive_by(call, p.r, b, stream ? sent - total : sizeof(b) / 4),
			    returns(stream ? COUNT * SIZE : SIZE));

			pl_expect_payload(b, (size_t)n, 0, total);
			total += (size_t)n;
		}
	}
	pl_expect_left(p, "");
}
