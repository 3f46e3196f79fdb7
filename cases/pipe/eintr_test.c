/*
 * Signals that arrive while a call sleeps on a pipe: which calls fail with
 * EINTR, which go on, and what becomes of bytes already under way.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* Checkpoints: the peer's handler ran; its call is over; it may go on. */
enum { HANDLED, CALL_IS_OVER, PEER_MAY_GO_ON };

/* A write larger than any pipe takes at once. */
#define LARGE 300000

/* One call, for a peer that handles SIGUSR1. */
struct work {
	int fd;
	int flags; /* of sigaction */
	size_t size;
};

static void
tell(int signal)
{
	(void)signal;
	pl_reach(HANDLED);
}

static void
handle(int flags)
{
	struct sigaction action = { .sa_handler = tell, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGUSR1, &action, NULL) != 0)
		pl_broken("sigaction failed");
}

static struct pl_outcome
read_one(void *argument)
{
	const struct work *w = argument;
	char b;

	handle(w->flags);
	return (sys_read(w->fd, &b, 1));
}

static char large[LARGE];

static struct pl_outcome
write_payload(void *argument)
{
	const struct work *w = argument;

	pl_payload(large, w->size, 0, 0);
	handle(w->flags);
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

static int
waiting_bytes(int fd)
{
	int n = -1;

	pl_must(sys_ioctl_int(fd, FIONREAD, &n));
	return (n);
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

/* A sleeping read ends with EINTR; what comes later is still there to be read. */
PL_CASE(read_interrupted, .verifies = "pipe.eintr.read-interrupted", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct work work = { .fd = p.r };
	struct pl_peer *reader = pl_child(read_one, &work, p.r);

	interrupt(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), fails(EINTR));
	pl_expect_text(p.r, "x");
}

/* SA_RESTART: the handler runs and the reader is asleep again, until data come. */
PL_CASE(read_restarted, .verifies = "pipe.eintr.read-restarted", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct work work = { .fd = p.r, .flags = SA_RESTART };
	struct pl_peer *reader = pl_child(read_one, &work, p.r);

	interrupt(reader);
	pl_expect_blocks(reader);
	interrupt(reader);
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
}

static struct pl_outcome
read_deaf(void *fd)
{
	char b;

	pl_ignore(SIGUSR1);
	return (sys_read(*(int *)fd, &b, 1));
}

/* Ignored by choice or by default, a signal does not show. */
PL_CASE(ignored_signal_does_not_interrupt,
    .verifies = "pipe.eintr.ignored-signal-does-not-interrupt", .kinds = PL_PIPES)
{
	static const int signals[] = { SIGUSR1, SIGURG };
	struct pl_pair p = pl_pair();
	struct pl_peer *reader = pl_child(read_deaf, &p.r, p.r);

	pl_wait_blocked(reader);
	for (int i = 0; i < 2; i++) {
		pl_kill(reader, signals[i]);
		pl_expect_blocks(reader);
	}
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
}

/* EINTR means that nothing was written. */
PL_CASE(write_interrupted_before_any_byte,
    .verifies = "pipe.eintr.write-interrupted-before-any-byte", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct work work = { .fd = p.w, .size = 1 };
	struct pl_peer *writer;
	long full = (long)pl_fill(p.w, 4096);

	writer = pl_child(write_payload, &work, p.w);
	interrupt(writer);
	pl_expect(pl_result(writer), fails(EINTR));
	pl_expect(pl_value(waiting_bytes(p.r), NULL, "bytes that wait"), is(full));
	pl_expect(pl_value(read_payload(p.r), NULL, "bytes that were read"), is(full));
}

/* SA_RESTART: the writer goes back to sleep and its byte arrives once, after the others. */
PL_CASE(write_restarted, .verifies = "pipe.eintr.write-restarted", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct work work = { .fd = p.w, .flags = SA_RESTART, .size = 1 };
	struct pl_peer *writer;
	long full = (long)pl_fill(p.w, 4096), taken;

	writer = pl_child(write_payload, &work, p.w);
	interrupt(writer);
	pl_expect_blocks(writer);
	taken = (long)pl_drain(p.r);
	pl_expect(pl_result(writer), returns(1));
	taken += (long)pl_drain(p.r);
	pl_expect(pl_value(taken, NULL, "bytes that were read"), is(full + 1));
}

/* A large write, cut short by a handler: the count it gives is what can be read. */
static void
cut_short(int flags)
{
	struct pl_pair p = pl_pair();
	struct work work = { .fd = p.w, .flags = flags, .size = LARGE };
	struct pl_peer *writer = pl_child(write_payload, &work, p.w);
	long written;

	interrupt(writer);
	written = pl_expect(pl_result(writer), returns_between(1, LARGE - 1));
	pl_expect(pl_value(read_payload(p.r), NULL, "bytes that can be read"), is(written));
}

/* Bytes that went through are counted, not hidden behind EINTR. */
PL_CASE(write_interrupted_after_some_bytes,
    .verifies = "pipe.eintr.write-interrupted-after-some-bytes", .kinds = PL_PIPES)
{
	cut_short(0);
}

/* A write that has begun is not begun again. */
PL_CASE(partial_write_not_restarted, .verifies = "pipe.eintr.partial-write-not-restarted",
    .kinds = PL_PIPES)
{
	cut_short(SA_RESTART);
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

static struct pl_outcome
poll_one(void *argument)
{
	const struct work *w = argument;
	struct pollfd entry = { .fd = w->fd, .events = POLLIN };

	handle(w->flags);
	return (sys_poll(&entry, 1, -1));
}

static struct pl_outcome
select_one(void *argument)
{
	const struct work *w = argument;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(w->fd, &set);
	handle(w->flags);
	return (sys_select(w->fd + 1, &set, NULL, NULL, NULL));
}

/*
 * With or without SA_RESTART, a wait for readiness ends; the byte comes only
 * after the handler ran, for a kernel that would go on waiting.
 */
static void
end_wait(pl_peer_function *wait)
{
	static const int flags[] = { SA_RESTART, 0 };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 2; i++) {
		struct work work = { .fd = p.r, .flags = flags[i] };
		struct pl_peer *waiter = pl_child(wait, &work, p.r);

		interrupt(waiter);
		pl_write(p.w, "x", 1);
		pl_expect(pl_result(waiter), fails(EINTR));
		pl_expect_text(p.r, "x");
	}
}

/* SA_RESTART is not for poll. */
PL_CASE(
    poll_is_never_restarted, .verifies = "pipe.eintr.poll-is-never-restarted", .kinds = PL_PIPES)
{
	end_wait(poll_one);
}

/* Nor is it for select. */
PL_CASE(select_is_never_restarted, .verifies = "pipe.eintr.select-is-never-restarted",
    .kinds = PL_PIPES)
{
	end_wait(select_one);
}
