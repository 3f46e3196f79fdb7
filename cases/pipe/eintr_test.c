/*
 * Signals that arrive while a write sleeps on a pipe: what becomes of the bytes
 * that are under way.
 */

#include "plumbline.h"

/* Checkpoints: the peer's handler ran; its call is over; it may go on. */
enum { HANDLED, CALL_IS_OVER, PEER_MAY_GO_ON };

/* A write larger than any pipe takes at once. */
#define LARGE 300000

/* One call, for a peer that handles SIGUSR1. */
struct work {
	int fd;
	size_t size;
};

static void
tell(int signal)
{
	(void)signal;
	pl_reach(HANDLED);
}

static void
handle(void)
{
	struct sigaction action = { .sa_handler = tell };

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGUSR1, &action, NULL) != 0)
		pl_broken("sigaction failed");
}

static char large[LARGE];

static struct pl_outcome
write_payload(void *argument)
{
	const struct work *w = argument;

	pl_payload(large, w->size, 0, 0);
	handle();
	return (sys_write(w->fd, large, w->size));
}

/* The same, and then the buffer is used for something else while the writer lives. */
static struct pl_outcome
write_payload_and_overwrite(void *argument)
{
	struct pl_outcome o = write_payload(argument);

	memset(large, 0, sizeof(large));
	pl_reach(CALL_IS_OVER);
	pl_await(PEER_MAY_GO_ON);
	return (o);
}

/* Judge that a checkpoint comes; the case would have to wait for ever if it does not. */
#define EXPECT_REACHED(checkpoint, what) \
	pl_expect_that((pl_await(checkpoint), true), (what), "it does not")

/* Signal a peer asleep in its call, and see its handler run. */
static void
interrupt(struct pl_peer *peer)
{
	pl_wait_blocked(peer);
	pl_kill(peer, SIGUSR1);
	EXPECT_REACHED(HANDLED, "the handler runs");
}

/* Read until nothing waits; how many bytes, all of them the payload. */
static long
read_payload(int fd)
{
	static char b[LARGE];
	long total = 0;

	pl_nonblock(fd, true);
	while (total < LARGE) {
		struct pl_outcome o = sys_read(fd, b + total, (size_t)(LARGE - total));

		if (o.error == EAGAIN || o.value == 0)
			break;
		total += pl_expect(o, returns_between(1, LARGE - total));
	}
	pl_nonblock(fd, false);
	pl_expect_payload(b, (size_t)total, 0, 0);
	return (total);
}

/* After its return the kernel no longer looks at the buffer of a write. */
PL_CASE(interrupted_write_owns_its_data, .verifies = "pipe.eintr.interrupted-write-owns-its-data",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct work work = { .fd = p.w, .size = LARGE };
	struct pl_peer *writer = pl_child(write_payload_and_overwrite, &work, p.w);
	long taken;

	interrupt(writer);
	EXPECT_REACHED(CALL_IS_OVER, "the interrupted write returns");
	taken = read_payload(p.r);
	pl_reach(PEER_MAY_GO_ON);
	pl_expect(pl_result(writer), returns(taken));
	pl_expect_that(taken > 0, "some bytes were written", "there were none");
}

/*
 * A write of several pages with nobody to read them: taken over at once where
 * there is room, or when a signal ends the sleep; either way all bytes arrive
 * after the writer, its memory and its descriptor have gone.
 */
PL_CASE(direct_write_of_one_buffer, .verifies = "pipe.eintr.direct-write-of-one-buffer",
    .kinds = PL_PIPES)
{
	enum { SIZE = 20000 };
	struct pl_pair p = pl_pair();
	struct work work = { .fd = p.w, .size = SIZE };
	struct pl_peer *writer = pl_child(write_payload, &work, p.w);

	if (pl_sleeps(writer)) {
		pl_kill(writer, SIGUSR1);
		EXPECT_REACHED(HANDLED, "the handler runs");
	}
	pl_close(p.w);
	pl_expect(pl_result(writer), returns(SIZE));
	pl_expect(pl_value(read_payload(p.r), NULL, "bytes that can be read"), is(SIZE));
}
