/*
 * Readiness and the calls it speaks of, over many steps: a listener and its queue,
 * a stream that fills and drains, a datagram socket that reads no more.
 */

#include "plumbline.h"

/* It is ready for reading as long as accept would not sleep, and never for writing. */
PL_CASE(
    listener_is_ready_for_accept, .verifies = "io.rule.readable-listener", .kinds = PL_CONNECTIONS)
{
	enum { CLIENTS = 3 };
	struct pl_address name;
	int listener = pl_listening(CLIENTS + 1, &name), clients[CLIENTS];
	/* POSIX does not say what one may write to. */
	short asked = pl_asks(PL_POSIX) ? POLLIN : POLLIN | POLLOUT;

	pl_nonblock(listener, true);
	for (int round = 0; round < 2; round++) {
		pl_expect(pl_poll_now(listener, asked), is(0));
		pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
		for (int i = 0; i < CLIENTS; i++)
			clients[i] = pl_client(&name);
		for (int i = 0; i < CLIENTS; i++) {
			struct pollfd entry = { .fd = listener, .events = asked };
			int server;

			pl_expect(sys_poll(&entry, 1, -1), returns(1));
			pl_expect(pl_revents(&entry), is(POLLIN));
			if (!pl_asks(PL_POSIX))
				pl_expect(pl_poll_now(listener, POLLOUT), is(0));
			server = (int)pl_expect(sys_accept(listener, NULL), opens());
			pl_nonblock(server, false);
			pl_expect_talk(clients[i], server);
		}
		pl_expect(pl_poll_now(listener, asked), is(0));
		pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	}
}

/* A stream's writer and reader, and how far each is. */
struct course {
	struct pl_pair pair;
	size_t written, read;
};

/* Judge a write of that size to an end that is called writable. */
static void
write_some(struct course *c, size_t size)
{
	static char b[8192];

	pl_payload(b, size, 0, c->written);
	c->written +=
	    (size_t)pl_expect(sys_write(c->pair.w, b, size), returns_between(1, (long)size));
}

/* Judge a read: whatever is there is in order. */
static void
read_some(struct course *c, size_t size)
{
	static char b[8192];
	long n = pl_expect(sys_read(c->pair.r, b, size), returns_between(1, (long)size));

	pl_expect_payload(b, (size_t)n, 0, c->read);
	c->read += (size_t)n;
}

/* Sizes that have nothing in common, full and empty and between. */
PL_CASE(writable_stream_takes_a_byte, .verifies = "io.rule.writable-stream-takes-at-least-one-byte",
    .kinds = PL_SOCKETS | PL_STREAM)
{
	enum { STEPS = 400 };
	static const size_t sizes[] = { 1, 1000, 8192, 77, 4097, 8000, 3, 5000 };
	struct course c = { .pair = pl_pair() };
	int full = 0;

	pl_set_option(c.pair.w, SOL_SOCKET, SO_SNDBUF, 16384);
	pl_set_option(c.pair.r, SOL_SOCKET, SO_RCVBUF, 16384);
	pl_nonblock(c.pair.w, true);
	for (int step = 0; step < STEPS; step++) {
		size_t size = sizes[step % 8];
		struct pollfd both[] = { { .fd = c.pair.w, .events = POLLOUT },
			{ .fd = c.pair.r, .events = POLLIN } };

		/* Neither shows while it is under way. */
		pl_must(sys_poll(both, 2, -1));
		if (both[0].revents == POLLOUT) {
			write_some(&c, size);
			continue;
		}
		full++;
		/* More and more of it goes, and then less. */
		for (int i = 0; i < 1 + step % 5 && c.read < c.written; i++)
			read_some(&c, size);
	}
	pl_expect_that(full > 0, "it to be full at times", "%zu bytes fit", c.written);
	while (c.read < c.written)
		read_some(&c, 8192);
	pl_expect_nothing(c.pair.r);
}

/* A receiver that may wait need not, and is told so; one that may not finds nothing, or the end. */
PL_CASE(datagrams_after_shut_rd, .verifies = "io.rule.datagram-after-own-read-shutdown",
    .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_shutdown(p.r, SHUT_RD), returns(0));
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
		pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), on(PL_FREEBSD, returns(0)),
		    on(PL_LINUX, fails(EAGAIN)));
	}
	/* It can send as before. */
	pl_expect(sys_send(p.r, "out", 3, 0), returns(3));
	pl_expect_arriving(p.w, "out");
}
