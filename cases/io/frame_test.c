/*
 * Frames (lib/frame.h) over every kind of stream, in whatever parts it takes and
 * gives; and what keeps messages whole by itself, which needs none.
 */

#include "frame.h"
#include "plumbline.h"

/* The payload of a frame is that of the stream which its type names, from offset 0 on. */
enum { LARGEST = 300000 };

static unsigned char payload[LARGEST], memory[LARGEST];

static void
make_frame(struct pl_frame_encoder *e, uint16_t type, size_t size)
{
	pl_payload(payload, size, type, 0);
	if (pl_frame_encode(e, type, payload, size) != 0)
		pl_broken("no frame of %zu bytes", size);
}

/* Set-up: it is sent whole, from a descriptor that may sleep. */
static void
send_frame(struct pl_frame_encoder *e, int fd)
{
	enum pl_frame_status status = pl_frame_send(e, fd);

	if (status != PL_FRAME_WHOLE)
		pl_broken(
		    "a frame to %s: %s, errno %d", pl_slot(fd), pl_frame_words(status), errno);
	pl_note("a frame to %s", pl_slot(fd));
}

/* Judge: that frame is whole. */
static void
expect_frame(const struct pl_frame_decoder *d, unsigned type, size_t size)
{
	pl_expect_that(d->status == PL_FRAME_WHOLE, "the frame", "%s", pl_frame_words(d->status));
	pl_expect(pl_value(d->frame.type, NULL, "type of the frame"), is((long)type));
	pl_expect(pl_value((long)d->frame.length, NULL, "bytes of payload"), is((long)size));
	pl_expect_payload(d->frame.payload, size, type, 0);
}

/* Judge: that frame, and no byte beyond it, comes out of the descriptor. */
static void
expect_received(struct pl_frame_decoder *d, int fd, unsigned type, size_t size)
{
	/* Noted now: it may never come. */
	pl_expecting_text(__FILE__, __LINE__, "the frame");
	pl_frame_receive(d, fd);
	expect_frame(d, type, size);
}

/* Several, and their sizes. */
static const size_t sizes[] = { 5, 0, 70, 1 };
enum { FRAMES = PL_COUNT(sizes), TOGETHER = FRAMES * PL_FRAME_HEADER + 76 };

static void
send_frames(int fd)
{
	struct pl_frame_encoder e;

	for (unsigned i = 0; i < FRAMES; i++) {
		make_frame(&e, (uint16_t)i, sizes[i]);
		send_frame(&e, fd);
	}
}

/* One read brings them all; the frames are there to say where each one ends. */
PL_CASE(frames_put_the_bounds_back, .verifies = "io.boundary.byte-streams-merge-writes",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_frame_decoder d;
	unsigned char b[2 * TOGETHER];
	size_t at = 0, taken;

	pl_frame_decoder(&d, memory, sizeof(memory), 0);
	send_frames(p.w);
	pl_expect_waiting(p.r, TOGETHER);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(TOGETHER));
	for (unsigned i = 0; i < FRAMES; i++, at += taken) {
		pl_frame_feed(&d, b + at, TOGETHER - at, &taken);
		expect_frame(&d, i, sizes[i]);
	}
	pl_expect_left(p, "");
}

/* Reads of a few bytes, which leave the rest of a frame, and what comes behind it. */
PL_CASE(frames_by_few_bytes, .verifies = "io.count.short-read-leaves-rest-on-byte-streams",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_frame_decoder d;
	unsigned char b[8];
	size_t taken;

	pl_frame_decoder(&d, memory, sizeof(memory), 0);
	for (size_t few = 1; few <= sizeof(b); few += 2) {
		send_frames(p.w);
		pl_expect_waiting(p.r, TOGETHER);
		for (unsigned i = 0; i < FRAMES; i++) {
			size_t size;

			do {
				size = pl_frame_wanted(&d);
				size = size < few ? size : few;
				pl_expect(sys_read(p.r, b, size), returns((long)size));
			} while (pl_frame_feed(&d, b, size, &taken) == PL_FRAME_MORE);
			expect_frame(&d, i, sizes[i]);
		}
	}
	pl_expect_left(p, "");
}

/* Judge a write of what is left: a part of it, or no room.  False for the latter. */
static bool
write_on(struct pl_frame_encoder *e, int fd, size_t *left)
{
	int parts;
	const struct iovec *part = pl_frame_rest(e, &parts);
	long n =
	    pl_expect(sys_writev(fd, part, parts), returns_between(1, (long)*left), fails(EAGAIN));

	if (n <= 0)
		return (false);
	pl_frame_advance(e, (size_t)n);
	*left -= (size_t)n;
	return (true);
}

/* Judge a read of something that is there. */
static void
read_on(struct pl_frame_decoder *d, int fd)
{
	static unsigned char b[10000];
	size_t wanted = pl_frame_wanted(d), size = wanted < sizeof(b) ? wanted : sizeof(b), taken;
	long n = pl_expect(sys_read(fd, b, size), returns_between(1, (long)size));

	pl_frame_feed(d, b, (size_t)n, &taken);
}

/* Set-up: wait until there is something to read, or room to write.  Is it the former? */
static bool
is_something_there(struct pl_pair p)
{
	struct pollfd entries[] = { { .fd = p.r, .events = POLLIN },
		{ .fd = p.w, .events = POLLOUT } };

	pl_must(sys_poll(entries, PL_COUNT(entries), -1));
	return (entries[0].revents != 0);
}

/* A frame that is larger than what fits goes in parts, and counts tell which. */
PL_CASE(frame_through_a_full_stream, .verifies = "io.nonblock.stream-write-is-partial",
    .kinds = PL_EVERY | PL_STREAM)
{
	size_t left = PL_FRAME_HEADER + LARGEST;
	struct pl_pair p = pl_pair();
	struct pl_frame_encoder e;
	struct pl_frame_decoder d;

	/* A receive buffer as small as that would make TCP wait for its timers. */
	if (pl_kind_has(PL_SOCKETS))
		pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 8192);
	pl_nonblock(p.w, true);
	pl_frame_decoder(&d, memory, sizeof(memory), 0);
	make_frame(&e, 7, LARGEST);
	while (left > 0)
		if (!write_on(&e, p.w, &left) && is_something_there(p))
			read_on(&d, p.r);
	while (d.status == PL_FRAME_MORE)
		read_on(&d, p.r);
	expect_frame(&d, 7, LARGEST);
	pl_expect_left(p, "");
}

/* Frames of all magnitudes. */
enum { MANY = 60 };

static size_t
size_of(unsigned i)
{
	return ((i * 2654435761u >> 8) % LARGEST >> i % 17);
}

static struct pl_outcome
send_many(void *fd)
{
	struct pl_frame_encoder e;

	for (unsigned i = 0; i < MANY; i++) {
		make_frame(&e, (uint16_t)i, size_of(i));
		send_frame(&e, *(int *)fd);
	}
	return (pl_done());
}

/* Both sleep as often as they have to; then comes the end, between two frames. */
PL_CASE(frames_of_many_sizes, .verifies = "io.count.random-sized-transfer-is-byte-exact",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *sender = pl_child(send_many, &p.w, p.w);
	struct pl_frame_decoder d;
	enum pl_frame_status end;

	pl_close(p.w);
	pl_frame_decoder(&d, memory, sizeof(memory), 0);
	for (unsigned i = 0; i < MANY; i++)
		expect_received(&d, p.r, i, size_of(i));
	end = pl_frame_receive(&d, p.r);
	pl_expect_that(end == PL_FRAME_END, "the end", "%s", pl_frame_words(end));
	pl_must(pl_result(sender));
}

/* Senders on one pipe. */
enum { SENDERS = 3, EACH = 100, ATOMIC = PIPE_BUF < 4096 ? PIPE_BUF : 4096 };

/* A little less than PIPE_BUF: a pipe that is full by pages is not full by frames. */
enum { OWN = ATOMIC - PL_FRAME_HEADER - 100 };

struct sender {
	int fd;
	unsigned number;
};

/* The number of a frame is the first byte of its payload. */
static struct pl_outcome
send_own(void *argument)
{
	const struct sender *s = argument;
	struct pl_frame_encoder e;
	struct iovec part[2] = { { payload, OWN / 2 }, { payload + OWN / 2, OWN - OWN / 2 } };

	pl_payload(payload, OWN, s->number, 0);
	for (unsigned i = 0; i < EACH; i++) {
		payload[0] = (unsigned char)i;
		if (pl_frame_encode_parts(&e, (uint16_t)s->number, part, 2) != 0)
			pl_broken("no frame of two parts");
		send_frame(&e, s->fd);
	}
	return (pl_done());
}

/* Frames of PIPE_BUF bytes at most stay whole, and each sender's are in its order. */
PL_CASE(frames_of_several_senders,
    .verifies = "io.concurrent.writev-up-to-pipe-buf-does-not-interleave", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct sender senders[SENDERS];
	struct pl_peer *peers[SENDERS];
	unsigned next[SENDERS] = { 0 };
	struct pl_frame_decoder d;

	for (unsigned i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ p.w, i };
		peers[i] = pl_child(send_own, &senders[i], p.w);
	}
	pl_close(p.w);
	pl_frame_decoder(&d, memory, sizeof(memory), 0);
	for (unsigned i = 0; i < SENDERS * EACH; i++) {
		unsigned whose;

		pl_expecting_text(__FILE__, __LINE__, "a frame");
		pl_judge_that(pl_frame_receive(&d, p.r) == PL_FRAME_WHOLE, "none");
		whose = d.frame.type < SENDERS ? d.frame.type : 0;
		pl_expect(
		    pl_value(d.frame.payload[0], NULL, "number of a frame of sender %u", whose),
		    is(next[whose]++));
		pl_expect_payload(d.frame.payload + 1, OWN - 1, d.frame.type, 1);
	}
	for (int i = 0; i < SENDERS; i++)
		pl_must(pl_result(peers[i]));
	pl_expect_end(p.r);
}

/* Judge: the descriptor is the write end of the pipe. */
static void
expect_write_end(int fd, struct pl_pair pipe)
{
	pl_name_slot(fd, 'd');
	pl_expect(sys_write(fd, "x", 1), returns(1));
	pl_expect_text(pipe.r, "x");
}

/* A frame in many parts has its descriptors with its first byte, and those alone. */
PL_CASE(descriptors_beside_frames, .verifies = "unix.rights.delivered-with-first-byte-only",
    .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair(), pipe[2];
	struct pl_frame_encoder e;
	struct pl_frame_decoder d;
	int fd[2];

	for (int i = 0; i < 2; i++) {
		pl_pipe(fd);
		pipe[i] = (struct pl_pair){ fd[0], fd[1] };
	}
	for (uint16_t i = 0; i < 3; i++) {
		fd[0] = pipe[i % 2].w;
		fd[1] = pipe[0].w;
		make_frame(&e, i, 1000);
		pl_frame_attach(&e, fd, i);
		send_frame(&e, p.w);
	}
	pl_frame_decoder(&d, memory, sizeof(memory), 2);
	for (unsigned i = 0; i < 3; i++) {
		expect_received(&d, p.r, i, 1000);
		pl_expect(pl_value(d.frame.descriptors, NULL, "descriptors"), is((long)i));
		if (i > 0)
			expect_write_end(pl_frame_take(&d, 0), pipe[i % 2]);
		if (i > 1)
			expect_write_end(pl_frame_take(&d, 1), pipe[0]);
	}
	pl_expect_left(p, "");
}

/* As one message: where frames end is where messages end, and would be so without them. */
static void
send_as_message(struct pl_pair p, unsigned i)
{
	struct pl_frame_encoder e;
	struct msghdr m = { 0 };
	int parts;

	make_frame(&e, (uint16_t)i, sizes[i]);
	m.msg_iov = (struct iovec *)(uintptr_t)pl_frame_rest(&e, &parts);
	m.msg_iovlen = (size_t)parts;
	pl_must(sys_sendmsg(p.w, &m, pl_whole()));
}

/* A receive with ample room gives one frame, however many wait: there is nothing to put back. */
PL_CASE(messages_need_no_frames, .verifies = "io.boundary.message-sockets-keep-messages-apart",
    .kinds = PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	struct pl_frame_decoder d;
	unsigned char b[2 * TOGETHER];

	pl_frame_decoder(&d, memory, sizeof(memory), 0);
	for (int call = 0; call < 2; call++) {
		for (unsigned i = 0; i < FRAMES; i++)
			send_as_message(p, i);
		for (unsigned i = 0; i < FRAMES; i++) {
			size_t size = PL_FRAME_HEADER + sizes[i], taken;

			pl_expect_arrival(p.r);
			pl_expect(call == 0 ? sys_read(p.r, b, sizeof(b))
					    : sys_recv(p.r, b, sizeof(b), 0),
			    returns((long)size));
			pl_frame_feed(&d, b, size, &taken);
			expect_frame(&d, i, sizes[i]);
		}
	}
	pl_expect_left(p, "");
}

/* Nor do they do any good: who reads a header first has lost what it announces. */
PL_CASE(datagrams_are_not_read_in_parts,
    .verifies = "io.count.short-read-discards-rest-of-datagram",
    .kinds = PL_SOCKETS | PL_MESSAGES | PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	unsigned char b[PL_FRAME_HEADER];
	struct pl_frame_decoder d;
	size_t taken;

	pl_frame_decoder(&d, memory, sizeof(memory), 0);
	send_as_message(p, 0);
	send_as_message(p, 1);
	for (unsigned i = 0; i < 2; i++) {
		pl_expect_arrival(p.r);
		pl_expect(sys_read(p.r, b, pl_frame_wanted(&d)), returns(PL_FRAME_HEADER));
		pl_frame_feed(&d, b, PL_FRAME_HEADER, &taken);
		if (i == 0)
			pl_frame_restart(&d);
	}
	expect_frame(&d, 1, 0);
	pl_expect_left(p, "");
}
