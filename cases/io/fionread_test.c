/*
 * FIONREAD on descriptors of every kind: how much of what waits it counts.
 */

#include <sys/ioctl.h>

#include <netinet/tcp.h>

#include "plumbline.h"

/* Judge: FIONREAD gives that number, and again if asked again. */
static void
expect_unread(int fd, int wanted)
{
	for (int i = 0; i < 2; i++) {
		int count = -1;

		pl_expect(sys_ioctl_int(fd, FIONREAD, &count), returns(0));
		pl_expect(pl_value(count, NULL, "FIONREAD of %s", pl_slot(fd)), is(wanted));
	}
}

/* All that waits, whatever wrote it and whatever was read of it; in one direction. */
PL_CASE(counts_unread_bytes, .verifies = "io.fionread.pipe-and-stream-count-unread-bytes",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	char b[8];

	if (pl_kind_has(PL_INET))
		pl_set_option(p.w, IPPROTO_TCP, TCP_NODELAY, 1);
	expect_unread(p.r, 0);
	pl_write(p.w, "abc", 3);
	pl_write(p.w, "defg", 4);
	pl_expect_waiting(p.r, 7);
	expect_unread(p.r, 7);
	if (pl_kind_has(PL_SOCKETS))
		expect_unread(p.w, 0);
	pl_expect(sys_read(p.r, b, 3), returns(3));
	expect_unread(p.r, 4);
	pl_expect(sys_read(p.r, b, 1), returns(1));
	expect_unread(p.r, 3);
	pl_write(p.w, "hi", 2);
	pl_expect_waiting(p.r, 5);
	expect_unread(p.r, 5);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(5));
	pl_expect_bytes(b, "efghi", 5);
	expect_unread(p.r, 0);
}

/* Set-up: all that was sent before has arrived, for one queue serves all of a family. */
static void
await_delivery(void)
{
	struct pl_pair other = pl_pair();

	pl_put(other, "x", 1);
	pl_expect_arrival(other.r);
}

/* The next message, or all of them; names of their senders are not there to be read. */
PL_CASE(
    counts_messages, .verifies = "io.fionread.datagram-queue", .kinds = PL_SOCKETS | PL_MESSAGES)
{
	bool next = pl_asks(PL_LINUX) && pl_kind_has(PL_DATAGRAMS);
	struct pl_pair p = pl_pair();
	char b[8];

	expect_unread(p.r, 0);
	pl_put(p, "abcde", 5);
	pl_expect_arrival(p.r);
	expect_unread(p.r, 5);
	pl_put(p, "fg", 2);
	await_delivery();
	expect_unread(p.r, next ? 5 : 7);
	expect_unread(p.w, 0);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(5));
	expect_unread(p.r, 2);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(2));
	pl_expect_bytes(b, "fg", 2);
	expect_unread(p.r, 0);
}

/* Clients that wait, and what they sent, are nothing to be read there. */
PL_CASE(listener_fails_einval, .verifies = "io.fionread.listener-fails-einval",
    .kinds = PL_SOCKETS | PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client, count = 77;

	pl_expect(sys_ioctl_int(listener, FIONREAD, &count), fails(EINVAL));
	client = pl_client(&name);
	pl_expect(sys_send(client, "abc", 3, pl_whole()), returns(3));
	pl_expect_arrival(listener);
	pl_expect(sys_ioctl_int(listener, FIONREAD, &count), fails(EINVAL));
	pl_expect(pl_value(count, NULL, "the result, untouched"), is(77));
}
