/*
 * The decoder of frames, fed an arbitrary stream in arbitrary pieces.
 *
 * Oracle: another reading of the format, from the description in frame.h, over
 * the whole stream at once, says which frames and which error must come.  Pieces
 * make no difference.  What is wanted is what the frame still needs, no byte beyond
 * it is taken, nothing is written beyond the decoder's memory, and a frame that was
 * decoded encodes to the bytes that it was.  An error stays.  Descriptors fed along
 * come back as they are, once, and the decoder closes those that nobody takes.
 *
 * Input: a byte for the limit; one of how pieces are cut; one of flags (1: the
 * checksums are made right first, so that what lies behind them is reached; 2: and
 * the lengths and numbers of descriptors with them; 4, 8: so many descriptors are
 * accepted); one of which frames get other descriptors than they announce; then the
 * stream.
 */

#include "frame.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "target.h"

#define STREAM 4096 /* bytes of a stream, at most */
#define BEYOND 64   /* bytes behind the decoder's memory, which must stay */

enum { RIGHT_SUMS = 1, RIGHT_NUMBERS = 2 };

/* A stream that is read, and the decoder that reads it. */
struct stream {
	struct pl_frame_decoder decoder;
	const uint8_t *at; /* where the frame begins */
	size_t size;       /* from there to the end */
	size_t limit;
	unsigned accepted;
	unsigned cut;    /* how the next piece is cut */
	unsigned astray; /* a bit for each frame that gets another number of descriptors */
	unsigned fed;    /* descriptors fed for this frame */
	int fd[4];
};

static uint32_t
big_endian(const uint8_t *at, int bytes)
{
	uint32_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | *at++;
	return (n);
}

static void
put_big_endian(uint8_t *at, int bytes, uint32_t n)
{
	while (bytes-- > 0) {
		at[bytes] = (uint8_t)n;
		n >>= 8;
	}
}

static uint32_t
checksum(const uint8_t *at, size_t size)
{
	return (size == 0 ? 0 : (uint32_t)crc32_z(0, at, size));
}

/* Go from header to header and make them right, as long as there are some. */
static void
make_right(uint8_t *at, size_t size, unsigned flags)
{
	while (size >= PL_FRAME_HEADER) {
		size_t length = big_endian(at + 8, 4);

		memcpy(at, "PLf\001", 4);
		if (flags & RIGHT_NUMBERS) {
			put_big_endian(at + 6, 2, at[7] % 4);
			length %= 600;
			if (length > size - PL_FRAME_HEADER)
				length = size - PL_FRAME_HEADER;
			put_big_endian(at + 8, 4, (uint32_t)length);
		}
		if (length > size - PL_FRAME_HEADER)
			length = size - PL_FRAME_HEADER;
		put_big_endian(at + 12, 4, checksum(at + PL_FRAME_HEADER, length));
		put_big_endian(at + 16, 4, checksum(at, 16));
		at += PL_FRAME_HEADER + length;
		size -= PL_FRAME_HEADER + length;
	}
}

/* What must come of a stream from here on: a status, and the size of the frame if it is whole. */
static enum pl_frame_status
expected(const struct stream *s, size_t *whole)
{
	size_t length;

	if (s->fed > s->accepted)
		return (PL_FRAME_DESCRIPTED);
	if (s->size == 0 && s->fed == 0)
		return (PL_FRAME_END);
	if (s->size < PL_FRAME_HEADER)
		return (PL_FRAME_CUT);
	if (memcmp(s->at, "PLf\001", 4) != 0)
		return (PL_FRAME_FOREIGN);
	if (big_endian(s->at + 16, 4) != checksum(s->at, 16))
		return (PL_FRAME_DAMAGED);
	length = big_endian(s->at + 8, 4);
	if (length > s->limit)
		return (PL_FRAME_TOO_LONG);
	if (big_endian(s->at + 6, 2) > s->accepted)
		return (PL_FRAME_DESCRIPTED);
	if (s->size - PL_FRAME_HEADER < length)
		return (PL_FRAME_CUT);
	if (big_endian(s->at + 12, 4) != checksum(s->at + PL_FRAME_HEADER, length))
		return (PL_FRAME_DAMAGED);
	if (big_endian(s->at + 6, 2) != s->fed)
		return (PL_FRAME_DESCRIPTED);
	*whole = PL_FRAME_HEADER + length;
	return (PL_FRAME_WHOLE);
}

/* Encoding what was decoded gives back the bytes, but for descriptors, which are not attached. */
static void
check_identity(const struct pl_frame *frame, const uint8_t *at, size_t whole)
{
	struct pl_frame_encoder encoder;
	const struct iovec *part;
	uint8_t header[PL_FRAME_HEADER];
	size_t done = 0;
	int parts;

	fuzz_check(frame->length == whole - PL_FRAME_HEADER, "frame-length: %zu, not %zu",
	    frame->length, whole - PL_FRAME_HEADER);
	fuzz_check(frame->type == big_endian(at + 4, 2), "frame-type: %u", frame->type);
	fuzz_setup(pl_frame_encode(&encoder, frame->type, frame->payload, frame->length) == 0,
	    "encoding a frame");
	memcpy(header, at, sizeof(header));
	put_big_endian(header + 6, 2, 0);
	put_big_endian(header + 16, 4, checksum(header, 16));
	while ((part = pl_frame_rest(&encoder, &parts)) != NULL) {
		fuzz_check(part->iov_len > 0 && part->iov_len <= whole - done,
		    "frame-identity: encodes to more than %zu bytes", whole);
		fuzz_check(
		    memcmp(part->iov_base, done == 0 ? header : at + done, part->iov_len) == 0,
		    "frame-identity: encoded otherwise from byte %zu on", done);
		done += part->iov_len;
		pl_frame_advance(&encoder, part->iov_len);
	}
	fuzz_check(done == whole, "frame-identity: encodes to %zu bytes of %zu", done, whole);
}

/* A piece's size: all, or one that the byte chooses. */
static size_t
piece(unsigned *cut, size_t most)
{
	*cut = *cut * 75 + 74;
	if (most == 0 || *cut % 7 == 0)
		return (most);
	return (1 + *cut / 7 % most);
}

/* Feed the descriptors of this frame: as many as it announces, or other ones. */
static void
feed_descriptors(struct stream *s)
{
	enum pl_frame_status status;

	s->fed = s->size >= PL_FRAME_HEADER ? s->at[7] % 4U : 0;
	if (s->astray & 1)
		s->fed = (s->fed + 1) % 4;
	s->astray >>= 1;
	if (s->fed == 0)
		return;
	for (unsigned i = 0; i < s->fed; i++)
		fuzz_setup((s->fd[i] = dup(STDERR_FILENO)) >= 0, "dup");
	status = pl_frame_feed_descriptors(&s->decoder, s->fd, s->fed);
	fuzz_check(status == (s->fed > s->accepted ? PL_FRAME_DESCRIPTED : PL_FRAME_MORE),
	    "frame-accepted: \"%s\" of %u descriptors where %u are accepted",
	    pl_frame_words(status), s->fed, s->accepted);
}

/* The bytes up to the end of the header, or of the frame, of which done are there. */
static size_t
needed(const struct stream *s, size_t done)
{
	if (done < PL_FRAME_HEADER)
		return (PL_FRAME_HEADER - done);
	return (PL_FRAME_HEADER + big_endian(s->at + 8, 4) - done);
}

/* Feed one frame; how many bytes the decoder took. */
static size_t
feed(struct stream *s, enum pl_frame_status *status)
{
	size_t done = 0, taken, wanted, n;

	*status = s->decoder.status;
	if (s->fed <= s->accepted)
		*status = PL_FRAME_MORE;
	while (*status == PL_FRAME_MORE && done < s->size) {
		wanted = pl_frame_wanted(&s->decoder);
		fuzz_check(wanted == needed(s, done), "frame-wanted: %zu bytes, not %zu", wanted,
		    needed(s, done));
		n = piece(&s->cut, s->size - done);
		*status = pl_frame_feed(&s->decoder, s->at + done, n, &taken);
		fuzz_check(taken <= n, "frame-taken: %zu of %zu", taken, n);
		fuzz_check(*status != PL_FRAME_MORE || taken == n,
		    "frame-taken: %zu of %zu, and wants more", taken, n);
		done += taken;
	}
	if (*status == PL_FRAME_MORE)
		*status = pl_frame_feed_end(&s->decoder);
	return (done);
}

/* The descriptors that were fed are there, once each.  The first is taken, the rest is left. */
static void
check_descriptors(struct stream *s)
{
	fuzz_check(s->decoder.frame.descriptors == s->fed, "frame-descriptors: %u, not %u",
	    s->decoder.frame.descriptors, s->fed);
	fuzz_check(
	    pl_frame_take(&s->decoder, s->fed) == -1, "frame-descriptors: one more than there are");
	if (s->fed == 0)
		return;
	fuzz_check(pl_frame_take(&s->decoder, 0) == s->fd[0],
	    "frame-descriptors: not the one that was fed");
	fuzz_check(pl_frame_take(&s->decoder, 0) == -1, "frame-descriptors: the same one twice");
	/* Still open, or this would be the second close of it. */
	fuzz_check(close(s->fd[0]) == 0, "frame-descriptors: the one taken was closed");
}

/* An error stays, nothing is wanted or taken any more, and what is fed is closed. */
static void
check_sticky(struct pl_frame_decoder *decoder, enum pl_frame_status status)
{
	size_t taken = 1;
	int fd = dup(STDERR_FILENO);

	fuzz_setup(fd >= 0, "dup");
	fuzz_check(pl_frame_wanted(decoder) == 0, "frame-sticky: it wants more");
	fuzz_check(pl_frame_feed(decoder, "x", 1, &taken) == status, "frame-sticky: it went on");
	fuzz_check(taken == 0, "frame-sticky: it took a byte");
	fuzz_check(pl_frame_feed_descriptors(decoder, &fd, 1) == status,
	    "frame-sticky: a descriptor made it go on");
	fuzz_check(fcntl(fd, F_GETFD) == -1, "frame-sticky: it kept a descriptor");
	fuzz_check(pl_frame_feed_end(decoder) == status, "frame-sticky: the end made it go on");
}

static void
decode(struct stream *s)
{
	enum pl_frame_status status, must;
	size_t whole = 0, done;

	do {
		feed_descriptors(s);
		must = expected(s, &whole);
		done = feed(s, &status);
		fuzz_check(status == must, "frame-status: \"%s\" where it is \"%s\"",
		    pl_frame_words(status), pl_frame_words(must));
		if (status == PL_FRAME_WHOLE) {
			fuzz_check(done == whole, "frame-beyond: took %zu of %zu", done, whole);
			check_identity(&s->decoder.frame, s->at, whole);
			check_descriptors(s);
			s->at += whole;
			s->size -= whole;
		} else if (status != PL_FRAME_END) {
			check_sticky(&s->decoder, status);
		}
	} while (status == PL_FRAME_WHOLE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[STREAM];
	struct fuzz_bytes in = fuzz_begin(data, size), part;
	struct stream s = { .at = bytes };
	uint8_t *memory;
	unsigned flags;

	s.limit = fuzz_byte(&in) * 3U;
	s.cut = fuzz_byte(&in);
	flags = fuzz_byte(&in);
	s.accepted = flags >> 2 & 3;
	s.astray = fuzz_byte(&in);
	part = fuzz_part(&in, STREAM);
	s.size = part.size;
	if (part.size > 0)
		memcpy(bytes, part.at, part.size);
	if (flags & RIGHT_SUMS)
		make_right(bytes, part.size, flags);

	fuzz_setup((memory = malloc(s.limit + BEYOND)) != NULL, "memory");
	memset(memory, 0xa5, s.limit + BEYOND);
	pl_frame_decoder(&s.decoder, s.limit > 0 ? memory : NULL, s.limit, s.accepted);
	decode(&s);
	for (size_t i = 0; i < BEYOND; i++)
		fuzz_check(memory[s.limit + i] == 0xa5, "frame-memory: written beyond the limit");
	pl_frame_restart(&s.decoder);
	free(memory);
	return (fuzz_end());
}
