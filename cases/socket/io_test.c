/*
 * Non-blocking transfer: parts, what is there, and full receivers.
 */

#include "plumbline.h"

#define LARGE (4 << 20)

/* More than the buffers of both ends take: a part goes, and then nothing. */
static void
send_in_part(struct pl_pair p)
{
	static char large[LARGE], read_back[65536];
	long sent, got = 0;

	pl_payload(large, sizeof(large), 0, 0);
	pl_nonblock(p.w, true);
	sent = pl_expect(sys_send(p.w, large, sizeof(large), 0), returns_between(1, LARGE - 1));
	while (got < sent) {
		long n = pl_expect(sys_recv(p.r, read_back, sizeof(read_back), 0),
		    returns_between(1, sizeof(read_back)));

		pl_expect_payload(read_back, (size_t)n, 0, (uint64_t)got);
		got += n;
	}
	pl_expect(pl_value(got, NULL, "bytes received"), is(sent));
}

PL_CASE(non_blocking_stream_send_is_partial,
    .verifies = "socket.io.non-blocking-stream-send-is-partial",
    .kinds = PL_SOCKETS | PL_CONNECTIONS | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_outcome o;
	static char large[LARGE];
	int calls = 0;

	send_in_part(p);
	/* The peer's window opens and closes in its own time; in the end it is shut. */
	do
		o = sys_send(p.w, large, sizeof(large), 0);
	while (o.error == 0 && ++calls < 1000);
	pl_expect(o, fails(EAGAIN));
}

PL_CASE(non_blocking_recv_returns_what_is_there,
    .verifies = "socket.io.non-blocking-recv-returns-what-is-there", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	char b[64];

	pl_nonblock(p.r, true);
	pl_write(p.w, "12345", 5);
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(5));
	pl_expect_bytes(b, "12345", 5);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), fails(EAGAIN));
}

/* UDP drops what does not fit; the UNIX domain says so. */
PL_CASE(datagram_send_and_full_receiver, .verifies = "socket.io.datagram-send-and-full-receiver")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);
	struct pl_outcome o;
	char b[1000];
	int fd[2], sent = 0;

	pl_payload(b, sizeof(b), 0, 0);
	pl_nonblock(p.w, true);
	for (int i = 0; i < 5000; i++)
		pl_expect(sys_send(p.w, b, sizeof(b), 0), returns(1000));
	pl_socketpair(AF_UNIX, SOCK_DGRAM, fd);
	pl_nonblock(fd[1], true);
	do
		o = sys_send(fd[1], b, sizeof(b), 0);
	while (o.error == 0 && ++sent < 1000000);
	pl_expect(o, on(PL_FREEBSD, fails(ENOBUFS)), on(PL_LINUX, fails(EAGAIN)));
}
