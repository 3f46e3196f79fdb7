/*
 * TCP as a stream of bytes: which reads and writes wait and for what, what those
 * do that must not, and what a signal does to those that wait.
 */

#include "plumbline.h"

/* More than the buffers of a narrow pair can hold. */
#define BIG (1 << 20)

/* A peer's read: the byte that came, shared. */
struct reading {
	int fd;
	char *byte;
};

static struct pl_outcome
read_one(void *argument)
{
	const struct reading *r = argument;

	return (sys_read(r->fd, r->byte, 1));
}

PL_CASE(read_blocks_until_data, .verifies = "tcp.stream.read-blocks-until-data", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct reading r = { p.r, pl_shared(1) };
	struct pl_peer *reader = pl_child(read_one, &r, p.r);

	pl_expect_blocks(reader);
	pl_expect(sys_write(p.w, "x", 1), returns(1));
	pl_expect(pl_result(reader), returns(1));
	pl_expect_bytes(r.byte, "x", 1);
}

/* Nothing yet is not the end; each call, and again after there was something. */
PL_CASE(nonblocking_read_empty_eagain, .verifies = "tcp.stream.nonblocking-read-empty-eagain",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];
	struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
	int flags;

	pl_nonblock(p.r, true);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), fails(EAGAIN));
		pl_expect(sys_readv(p.r, &v, 1), fails(EAGAIN));
		pl_expect(sys_receive(p.r, b, sizeof(b), 0, &flags), fails(EAGAIN));
		pl_write(p.w, "abc", 3);
		pl_expect_arriving(p.r, "abc");
	}
}

/* The flag is for one call. */
PL_CASE(msg_dontwait_read_empty_eagain, .verifies = "tcp.stream.msg-dontwait-read-empty-eagain",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int flags;
	struct reading r = { p.r, pl_shared(1) };
	struct pl_peer *reader;

	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
	pl_expect(sys_receive(p.r, b, sizeof(b), MSG_DONTWAIT, &flags), fails(EAGAIN));
	pl_expect(pl_status_flags(p.r, O_NONBLOCK), is(0));
	reader = pl_child(read_one, &r, p.r);
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
}

/* Sooner or later there is no room, and then the call does not wait for any. */
PL_CASE(msg_dontwait_send_full_eagain, .verifies = "tcp.stream.msg-dontwait-send-full-eagain",
    .kinds = PL_TCP)
{
	static char b[65536];
	struct pl_pair p = pl_pair();
	uint64_t sent = 0, got = 0;
	long n;

	do {
		pl_payload(b, sizeof(b), 0, sent);
		n = pl_expect(sys_send(p.w, b, sizeof(b), MSG_DONTWAIT),
		    returns_between(1, sizeof(b)), fails(EAGAIN));
		sent += n > 0 ? (uint64_t)n : 0;
		if (sent > (256 << 20))
			pl_not_tested("a connection takes 256 MiB");
	} while (n > 0);
	pl_expect(pl_status_flags(p.w, O_NONBLOCK), is(0));
	/* What was counted as sent was, and nothing else. */
	pl_shutdown(p.w, SHUT_WR);
	do {
		n = pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns_between(0, sizeof(b)));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (uint64_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes received"), is((long)sent));
}

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

static struct pl_outcome
write_big(void *fd)
{
	static char b[BIG];

	pl_payload(b, sizeof(b), 0, 0);
	return (sys_write(*(int *)fd, b, sizeof(b)));
}

/* A pair with small buffers. */
static struct pl_pair
narrow_pair(void)
{
	struct pl_pair p = pl_pair();

	pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 65536);
	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 65536);
	return (p);
}

/* Judge: so many bytes of the payload come, and then the end. */
static void
expect_payload_and_end(int fd, long size)
{
	static char b[1 << 16];
	uint64_t got = 0;
	long n;

	do {
		n = pl_expect(sys_read(fd, b, sizeof(b)), returns_between(0, sizeof(b)));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (uint64_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes received"), is(size));
}

/* Sleeping, it waits for more room than there will be at once; and does it all. */
PL_CASE(blocking_write_waits_for_reader, .verifies = "tcp.stream.blocking-write-waits-for-reader",
    .kinds = PL_TCP)
{
	struct pl_pair p = narrow_pair();
	struct pl_peer *writer = pl_child(write_big, &p.w, p.w);

	pl_expect_blocks(writer);
	pl_close(p.w);
	expect_payload_and_end(p.r, BIG);
	pl_expect(pl_result(writer), returns(BIG));
}

/* What was accepted before the signal is told, and is what arrives. */
PL_CASE(blocking_write_interrupted_returns_partial,
    .verifies = "tcp.stream.blocking-write-interrupted-returns-partial", .kinds = PL_TCP)
{
	struct pl_pair p = narrow_pair();
	struct pl_peer *writer;
	long n;

	pl_catch(SIGUSR1, 0);
	writer = pl_child(write_big, &p.w, p.w);
	pl_expect_blocks(writer);
	pl_kill(writer, SIGUSR1);
	n = pl_expect(pl_result(writer), returns_between(1, BIG - 1));
	pl_close(p.w);
	expect_payload_and_end(p.r, n);
}

/*
 * The signal may come right after room appeared for the one byte; then another
 * one is tried and signalled.
 */
PL_CASE(blocking_write_nothing_sent_eintr,
    .verifies = "tcp.stream.blocking-write-nothing-sent-eintr", .kinds = PL_TCP)
{
	struct pl_pair p = narrow_pair();
	struct pl_peer *writer;

	pl_catch(SIGUSR1, 0);
	writer = pl_child(pl_write_when_full, &p.w, p.w);
	pl_expect_blocks(writer);
	do
		pl_kill(writer, SIGUSR1);
	while (pl_sleeps(writer));
	pl_expect(pl_result(writer), fails(EINTR));
}

PL_CASE(blocking_read_interrupted_eintr, .verifies = "tcp.stream.blocking-read-interrupted-eintr",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct reading r = { p.r, pl_shared(1) };
	struct pl_peer *reader;

	pl_catch(SIGUSR1, 0);
	reader = pl_child(read_one, &r, p.r);
	pl_expect_blocks(reader);
	pl_kill(reader, SIGUSR1);
	pl_expect(pl_result(reader), fails(EINTR));
	/* The connection has nothing to do with it. */
	pl_write(p.w, "x", 1);
	pl_expect_arriving(p.r, "x");
}

/* The handler runs while the reader waits, and the reader waits on. */
PL_CASE(blocking_read_sa_restart_resumes, .verifies = "tcp.stream.blocking-read-sa-restart-resumes",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct reading r = { p.r, pl_shared(1) };
	struct pl_peer *reader;

	pl_catch(SIGUSR1, SA_RESTART);
	reader = pl_thread(read_one, &r);
	pl_expect_blocks(reader);
	pl_kill(reader, SIGUSR1);
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
	pl_expect_bytes(r.byte, "x", 1);
	pl_expect(pl_value(pl_caught(SIGUSR1), NULL, "runs of the handler"), is(1));
}
