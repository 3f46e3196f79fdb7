/*
 * TCP as a stream of bytes: which reads and writes wait and for what, and what
 * those do that must not.
 */

#include "plumbline.h"

/* A peer's read: the byte that came, shared. */
struct reading {
	int fd;
	char *byte;
};

static struct pl_outcome
poll_writable(void *fd)
{
	struct pollfd entry = { .fd = *(int *)fd, .events = POLLOUT };

	pl_expect(sys_poll(&entry, 1, -1), returns(1));
	return (pl_revents(&entry));
}

/*
 * Room may appear at any time as long as something is under way, so what POLLOUT
 * promises is tried: a byte is taken.  In the end it promises nothing more, until
 * all has been read.
 */
PL_CASE(poll_writable_tracks_buffer_space,
    .verifies = "tcp.stream.poll-writable-tracks-buffer-space", .kinds = PL_TCP)
{
	static char b[65536];
	struct pl_pair p = pl_pair();
	struct pl_peer *waiter;
	size_t sent, got = 0;

	pl_expect(pl_poll_now(p.w, POLLOUT), is(POLLOUT));
	sent = pl_fill(p.w, 4096);
	while (pl_expect(pl_poll_now(p.w, POLLOUT), is(0), is(POLLOUT)) == POLLOUT) {
		pl_expect(sys_send(p.w, "x", 1, MSG_DONTWAIT), returns(1));
		sent += 1 + pl_fill(p.w, 4096);
	}
	waiter = pl_child(poll_writable, &p.w, p.w);
	pl_sleeps(waiter);
	while (got < sent)
		got += (size_t)pl_must(sys_recv(p.r, b, sizeof(b), 0));
	pl_expect(pl_result(waiter), is(POLLOUT));
	pl_expect(sys_send(p.w, "x", 1, MSG_DONTWAIT), returns(1));
}
