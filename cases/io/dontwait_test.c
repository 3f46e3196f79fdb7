/*
 * MSG_DONTWAIT, and what else makes one call not wait: the socket itself stays as
 * it is.
 */

#include "plumbline.h"

static struct pl_outcome
receive_one(void *fd)
{
	char b;

	return (sys_recv(*(int *)fd, &b, 1, 0));
}

/* Judge: no receive with that flag finds anything, nor waits, nor leaves a mark on the socket. */
static void
expect_eagain(int fd, int flag)
{
	struct pl_address from;
	char b[8];
	int got;

	pl_expect(sys_recv(fd, b, sizeof(b), flag), fails(EAGAIN));
	pl_expect(sys_recvfrom(fd, b, sizeof(b), flag, &from), fails(EAGAIN));
	pl_expect(sys_receive(fd, b, sizeof(b), flag, &got), fails(EAGAIN));
	pl_expect(sys_recv(fd, b, sizeof(b), flag | MSG_PEEK), fails(EAGAIN));
	pl_expect(pl_status_flags(fd, O_NONBLOCK), is(0));
}

/* Before anything came and after it was taken; what is there is received. */
PL_CASE(receive_on_empty_blocking_socket,
    .verifies = "io.dontwait.receive-on-empty-blocking-socket-is-eagain", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct pl_address name;
	char b[8];

	for (int i = 0; i < 2; i++) {
		expect_eagain(p.r, MSG_DONTWAIT);
		pl_put(p, "abc", 3);
		pl_expect_arrival(p.r);
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(3));
		pl_expect_bytes(b, "abc", 3);
	}
	expect_eagain(p.r, MSG_DONTWAIT);
	if (pl_kind_has(PL_DATAGRAMS))
		expect_eagain(pl_bound(&name), MSG_DONTWAIT);
}

/* Sooner or later there is no room; what was counted as sent was, and nothing else. */
PL_CASE(send_on_full_blocking_socket,
    .verifies = "io.dontwait.send-on-full-blocking-stream-is-eagain",
    .kinds = PL_SOCKETS | PL_CONNECTIONS)
{
	enum { MOST = 256 << 20 };
	static char b[65536];
	const size_t size = pl_kind_has(PL_STREAM) ? sizeof(b) : 1000;
	struct pl_pair p = pl_pair();
	uint64_t sent = 0, got = 0;
	long n;

	do {
		pl_payload(b, size, 0, sent);
		n = pl_expect(sys_send(p.w, b, size, MSG_DONTWAIT | pl_whole()),
		    returns_between(1, (long)size), fails(EAGAIN));
		sent += n > 0 ? (uint64_t)n : 0;
		if (sent > MOST)
			pl_not_tested("a connection takes 256 MiB");
	} while (n > 0);
	pl_expect(pl_status_flags(p.w, O_NONBLOCK), is(0));
	pl_shutdown(p.w, SHUT_WR);
	do {
		n = pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns_between(0, sizeof(b)));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (uint64_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes received"), is((long)sent));
}

/* The next call without the flag waits as ever. */
PL_CASE(applies_to_one_call_only, .verifies = "io.dontwait.applies-to-one-call-only",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *receiver;

	expect_eagain(p.r, MSG_DONTWAIT);
	receiver = pl_child(receive_one, &p.r, p.r);
	pl_expect_blocks(receiver);
	pl_put(p, "x", 1);
	pl_expect(pl_result(receiver), returns(1));
	expect_eagain(p.r, MSG_DONTWAIT);
}

/* An old name for the same, in the headers of one system. */
PL_CASE(nbio_acts_as_dontwait, .verifies = "io.nbio.flag-acts-as-dontwait",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	int flag = (int)pl_need(pl_os.msg_nbio, "MSG_NBIO");
	struct pl_pair p = pl_pair();
	struct pl_peer *receiver;

	expect_eagain(p.r, flag);
	pl_put(p, "abc", 3);
	pl_expect_arriving(p.r, "abc");
	receiver = pl_child(receive_one, &p.r, p.r);
	pl_expect_blocks(receiver);
	pl_put(p, "x", 1);
	pl_expect(pl_result(receiver), returns(1));
}
