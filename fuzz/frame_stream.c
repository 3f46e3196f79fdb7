/*
 * Frames through a real pipe, UNIX stream pair and TCP connection, written and
 * read in arbitrary splits.
 *
 * Oracle: what comes out at the other end is, frame for frame, what went in:
 * type, length, payload and the number of descriptors, whatever the splits; the
 * sender is told that the last byte went exactly when it did; after the writer
 * has closed, the stream ends between two frames, or within one if it was cut.
 *
 * Input: a byte for the kind of stream (8: sockets with the least room), a byte of
 * how writes are split, one of how reads are (1: only when there is no room), then for
 * each frame a byte of flags (1: a descriptor travels beside it, where that can be;
 * 2: the writer closes in the middle of it; 4: a few bytes are the payload over and
 * over), two bytes of length and the payload.
 */

#include "frame.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "feedback.h"
#include "sockets.h"
#include "target.h"

#define LIMIT 8192 /* bytes of a payload, at most */
#define FRAMES 16  /* of one input */

enum kind { PIPE, UNIX_STREAM, TCP, KINDS };

struct sent {
	uint16_t type;
	const uint8_t *payload;
	size_t length;
	bool descriptor;
};

/* One run: the two ends, and what is on its way between them. */
struct run {
	enum kind kind;
	bool narrow; /* as little room as a socket can have */
	bool lazy;   /* reads only when there is no room */
	int w, r;
	unsigned write_split, read_split;
	struct sent sent[FRAMES];
	size_t sent_count, received;
	struct pl_frame_decoder decoder;
	uint8_t memory[LIMIT];
};

static void
tcp_pair(int *w, int *r)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	/* Reset at the end: no connection is left waiting for its time-out. */
	struct linger now = { 1, 0 };

	fuzz_setup(
	    listener >= 0 && bind(listener, (struct sockaddr *)&at, size) == 0, "a listener");
	fuzz_setup(getsockname(listener, (struct sockaddr *)&at, &size) == 0, "its name");
	fuzz_setup(
	    listen(listener, 1) == 0 && (*w = socket(AF_INET, SOCK_STREAM, 0)) >= 0, "listening");
	fuzz_setup(socket_connect(*w, &at, size) == 0, "connecting");
	fuzz_setup((*r = socket_accept(listener)) >= 0 && close(listener) == 0, "accepting");
	setsockopt(*w, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(*r, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void
make_pair(struct run *run)
{
	const int least = 2048;
	int fd[2];

	if (run->kind == TCP) {
		tcp_pair(&run->w, &run->r);
	} else {
		fuzz_setup(run->kind == PIPE ? pipe(fd) == 0
					     : socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0,
		    "a pair");
		run->r = fd[0];
		run->w = fd[1];
	}
	if (run->narrow && run->kind != PIPE)
		fuzz_setup(setsockopt(run->w, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)) == 0,
		    "SO_SNDBUF");
	fuzz_setup(fcntl(run->w, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
	fuzz_setup(fcntl(run->r, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
}

/* A size from 1 to most, as a split says; the next one differs. */
static size_t
piece(unsigned *split, size_t most)
{
	*split = *split * 75 + 74;
	return (*split % 5 == 0 ? most : 1 + *split / 5 % most);
}

/* The descriptor that came beside a frame is the one that was sent: this directory. */
static void
check_descriptor(struct run *run, bool sent)
{
	struct stat here, there;
	int fd = pl_frame_take(&run->decoder, 0);

	fuzz_check((fd >= 0) == sent, "stream-descriptor: %s",
	    sent ? "the one sent did not come" : "one came that nobody sent");
	if (fd < 0)
		return;
	fuzz_setup(fstat(fd, &there) == 0 && stat(".", &here) == 0, "fstat");
	fuzz_check(here.st_ino == there.st_ino && here.st_dev == there.st_dev,
	    "stream-descriptor: another file came");
	close(fd);
}

static void
check_frame(struct run *run)
{
	const struct pl_frame *f = &run->decoder.frame;
	const struct sent *s = &run->sent[run->received];

	fuzz_check(run->received < run->sent_count, "stream-frame: one more than was sent");
	fuzz_check(f->type == s->type, "stream-type: %u, not %u", f->type, s->type);
	fuzz_check(f->length == s->length && memcmp(f->payload, s->payload, s->length) == 0,
	    "stream-payload: %zu bytes, not the %zu that were sent", f->length, s->length);
	fuzz_check(f->descriptors == s->descriptor, "stream-descriptor: %u came", f->descriptors);
	if (run->kind == UNIX_STREAM)
		check_descriptor(run, s->descriptor);
	run->received++;
}

/* Read as the split says: through the library, or by hand through the decoder. */
static enum pl_frame_status
receive(struct run *run)
{
	enum pl_frame_status status;
	uint8_t bytes[LIMIT];
	size_t wanted, taken;
	ssize_t n;

	run->read_split = run->read_split * 75 + 74;
	if (run->kind == UNIX_STREAM || run->read_split % 3 == 0)
		return (pl_frame_receive(&run->decoder, run->r));
	wanted = pl_frame_wanted(&run->decoder);
	fuzz_check(wanted > 0, "stream-wanted: nothing, amid a frame");
	n = read(run->r, bytes, piece(&run->read_split, wanted < LIMIT ? wanted : LIMIT));
	feedback_outcome((unsigned)run->kind, n, n < 0 ? errno : 0);
	if (n < 0)
		return (errno == EAGAIN ? PL_FRAME_MORE : PL_FRAME_SYSTEM);
	if (n == 0)
		return (pl_frame_feed_end(&run->decoder));
	status = pl_frame_feed(&run->decoder, bytes, (size_t)n, &taken);
	fuzz_check(taken == (size_t)n, "stream-beyond: a byte wanted was not taken");
	return (status);
}

/* Take what is there. */
static enum pl_frame_status
drain(struct run *run)
{
	struct pollfd p = { .fd = run->r, .events = POLLIN };
	enum pl_frame_status status = PL_FRAME_MORE;

	while (poll(&p, 1, 0) > 0) {
		status = receive(run);
		if (status == PL_FRAME_WHOLE)
			check_frame(run);
		else if (status != PL_FRAME_MORE)
			break;
	}
	return (status);
}

/* The same while the writer is there. */
static void
drain_some(struct run *run)
{
	enum pl_frame_status status = drain(run);

	fuzz_check(status == PL_FRAME_MORE || status == PL_FRAME_WHOLE,
	    "stream-receive: %s, errno %d", pl_frame_words(status), errno);
}

/* Write some of the frame: by hand, split, or all that goes through the library. */
static enum pl_frame_status
send_some(struct run *run, struct pl_frame_encoder *encoder, bool whole)
{
	const struct iovec *part;
	ssize_t n;
	int parts;

	run->write_split = run->write_split * 75 + 74;
	if (whole || run->write_split % 3 == 0)
		return (pl_frame_send(encoder, run->w));
	part = pl_frame_rest(encoder, &parts);
	fuzz_check(part != NULL, "stream-rest: nothing is left, and it was not said");
	n = write(run->w, part->iov_base,
	    part->iov_len > 0 ? piece(&run->write_split, part->iov_len) : 0);
	if (n < 0)
		return (errno == EAGAIN ? PL_FRAME_MORE : PL_FRAME_SYSTEM);
	pl_frame_advance(encoder, (size_t)n);
	part = pl_frame_rest(encoder, &parts);
	return (part == NULL ? PL_FRAME_WHOLE : PL_FRAME_MORE);
}

/* Send 1 byte or more of a frame, but not the last one. */
static void
send_beginning(struct run *run, struct pl_frame_encoder *encoder, size_t length)
{
	size_t left = piece(&run->write_split, PL_FRAME_HEADER + length - 1);
	const struct iovec *part;
	ssize_t n;
	int parts;

	while (left > 0) {
		part = pl_frame_rest(encoder, &parts);
		n = write(run->w, part->iov_base, left < part->iov_len ? left : part->iov_len);
		fuzz_check(n > 0 || errno == EAGAIN, "stream-write: errno %d", errno);
		if (n > 0) {
			pl_frame_advance(encoder, (size_t)n);
			left -= (size_t)n;
		}
		drain_some(run);
	}
}

/* Send one frame, reading meanwhile, or only the beginning of it. */
static void
send_frame(struct run *run, struct sent *s, bool cut, int here)
{
	struct pl_frame_encoder encoder;
	enum pl_frame_status status;

	fuzz_setup(
	    pl_frame_encode(&encoder, s->type, s->payload, s->length) == 0, "encoding a frame");
	if (s->descriptor)
		fuzz_setup(pl_frame_attach(&encoder, &here, 1) == 0, "attaching a descriptor");
	if (cut) {
		send_beginning(run, &encoder, s->length);
		return;
	}
	run->sent_count++;
	do {
		/* With a descriptor, only the library knows when it has gone. */
		status = send_some(run, &encoder, s->descriptor);
		fuzz_check(status == PL_FRAME_WHOLE || status == PL_FRAME_MORE,
		    "stream-send: %s, errno %d", pl_frame_words(status), errno);
		drain(run);
	} while (status == PL_FRAME_MORE);
	if (!run->lazy)
		drain_some(run);
}

/* The writer has closed: all that it sent comes, then the end it deserves. */
static void
check_end(struct run *run, bool cut)
{
	enum pl_frame_status status;

	do {
		fuzz_setup(socket_await(run->r, POLLIN | POLLHUP), "poll");
		status = drain(run);
	} while (status == PL_FRAME_MORE || status == PL_FRAME_WHOLE);
	fuzz_check(status == (cut ? PL_FRAME_CUT : PL_FRAME_END), "stream-end: %s, %s",
	    pl_frame_words(status), cut ? "within a frame" : "between two");
	fuzz_check(run->received == run->sent_count, "stream-lost: %zu of %zu frames came",
	    run->received, run->sent_count);
}

/* Fill a payload with these bytes, over and over. */
static const uint8_t *
repeat(uint8_t *payload, struct fuzz_bytes part, size_t length)
{
	for (size_t i = 0; i < length; i++)
		payload[i] = part.size > 0 ? part.at[i % part.size] : 0;
	return (payload);
}

static void
run_input(struct fuzz_bytes in, int here)
{
	static uint8_t payloads[FRAMES][LIMIT];
	struct run run = { 0 };
	unsigned kind;
	bool cut = false;

	kind = fuzz_byte(&in);
	run.kind = (kind & 7) % KINDS;
	run.narrow = (kind & 8) != 0;
	run.write_split = fuzz_byte(&in);
	run.read_split = fuzz_byte(&in);
	run.lazy = run.read_split & 1;
	make_pair(&run);
	pl_frame_decoder(&run.decoder, run.memory, LIMIT, run.kind == UNIX_STREAM);
	for (size_t i = 0; i < FRAMES && in.size > 0 && !cut; i++) {
		struct sent *s = &run.sent[i];
		unsigned flags = fuzz_byte(&in);
		struct fuzz_bytes part;

		s->descriptor = (flags & 1) && run.kind == UNIX_STREAM;
		s->type = (uint16_t)(flags << 5 | i);
		s->length = (size_t)fuzz_number(&in, 2) % (LIMIT + 1);
		if (flags & 4) {
			s->payload =
			    repeat(payloads[i], fuzz_part(&in, 1 + s->length % 16), s->length);
		} else {
			part = fuzz_part(&in, s->length);
			s->payload = part.at;
			s->length = part.size;
		}
		cut = (flags & 2) != 0;
		send_frame(&run, s, cut, here);
	}
	close(run.w);
	check_end(&run, cut);
	pl_frame_restart(&run.decoder);
	close(run.r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int here = -1;

	if (here < 0)
		fuzz_setup((here = open(".", O_RDONLY | O_CLOEXEC)) >= 0, "open the directory");
	run_input(fuzz_begin(data, size), here);
	return (fuzz_end());
}
