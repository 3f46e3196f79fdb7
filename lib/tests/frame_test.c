/*
 * Frames in memory: made, cut into any pieces, damaged.
 */

#include "frame.h"

#include <sys/mman.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "frames.h"

ATF_TC_WITHOUT_HEAD(format_stays);
ATF_TC_BODY(format_stays, tc)
{
	static const char empty[] = "PLf\1\1\2\0\0\0\0\0\0\0\0\0\0\xc1\xac\xb9\x1c";
	static const char named[] =
	    "PLf\1\xff\xfe\0\3\0\0\0\5\x6f\xd5\xe0\x4c\xd7\xb7\x2c\xd1plumb";
	unsigned char b[64];
	const int fd[3] = { 0, 1, 2 };
	struct pl_frame_encoder e;
	int parts;

	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 0x0102, NULL, 0));
	ATF_CHECK(pl_frame_rest(&e, &parts) != NULL);
	ATF_CHECK_EQ(1, parts);
	ATF_REQUIRE_EQ(sizeof(empty) - 1, flatten(&e, b));
	ATF_CHECK(memcmp(empty, b, sizeof(empty) - 1) == 0);
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 0xfffe, "plumb", 5));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, fd, 3));
	ATF_REQUIRE_EQ(sizeof(named) - 1, flatten(&e, b));
	ATF_CHECK(memcmp(named, b, sizeof(named) - 1) == 0);
}

ATF_TC_WITHOUT_HEAD(what_is_encoded_is_decoded);
ATF_TC_BODY(what_is_encoded_is_decoded, tc)
{
	static const size_t lengths[] = { 0, 1, 2, 19, 20, 21, 255, 256, 4096, 65536, LIMIT };
	static const uint16_t types[] = { 0, 1, 0x100, 0xffff };
	static unsigned char b[STREAM];
	struct pl_frame_decoder d;
	size_t total, taken;

	pl_frame_decoder(&d, memory, LIMIT, 0);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			total = lay_out(b, types[t], payload(), lengths[i]);
			ATF_CHECK_EQ(PL_FRAME_HEADER + lengths[i], total);
			ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_feed(&d, b, total, &taken));
			ATF_CHECK_EQ(total, taken);
			check_frame(&d, types[t], payload(), lengths[i]);
			ATF_CHECK_EQ(0, d.frame.descriptors);
		}
}

/* Pieces of memory, empty ones among them, are one payload. */
ATF_TC_WITHOUT_HEAD(pieces_make_one_payload);
ATF_TC_BODY(pieces_make_one_payload, tc)
{
	static unsigned char whole[STREAM], b[STREAM];
	struct iovec part[PL_FRAME_PARTS];
	struct pl_frame_encoder e;
	unsigned state = 1;

	for (int round = 0; round < 300; round++) {
		int parts = (int)(next(&state) % (PL_FRAME_PARTS + 1)), rest;
		size_t length = 0, total;

		for (int i = 0; i < parts; i++) {
			size_t size = next(&state) % 4 == 0 ? 0 : next(&state) % 900;

			part[i] = (struct iovec){ (void *)(uintptr_t)(payload() + length), size };
			if (size == 0)
				part[i].iov_base = NULL;
			length += size;
		}
		ATF_REQUIRE_EQ(0, pl_frame_encode_parts(&e, 5, part, parts));
		total = lay_out(whole, 5, payload(), length);
		ATF_REQUIRE_EQ(total, flatten(&e, b));
		ATF_REQUIRE(memcmp(whole, b, total) == 0);
		/* As if it were sent in pieces: what is left is the rest of it. */
		for (size_t at = 0; at < total;) {
			size_t sent = next(&state) % 400;

			if (sent > total - at)
				sent = total - at;
			pl_frame_advance(&e, sent);
			at += sent;
			ATF_REQUIRE_EQ(total - at, flatten(&e, b));
			ATF_REQUIRE(memcmp(whole + at, b, total - at) == 0);
		}
		ATF_CHECK(pl_frame_rest(&e, &rest) == NULL);
		ATF_CHECK_EQ(0, rest);
	}
}

ATF_TC_WITHOUT_HEAD(what_cannot_be_encoded);
ATF_TC_BODY(what_cannot_be_encoded, tc)
{
	static const struct iovec part[PL_FRAME_PARTS + 1];
	/* Nothing looks at the bytes. */
	const struct iovec large[] = { { memory, 1 }, { memory, UINT32_MAX } };
	const int fd[PL_FRAME_DESCRIPTORS + 1] = { 0 };
	struct pl_frame_encoder e;

	ATF_CHECK_ERRNO(EINVAL, pl_frame_encode_parts(&e, 0, part, PL_FRAME_PARTS + 1) == -1);
	ATF_CHECK_ERRNO(EINVAL, pl_frame_encode_parts(&e, 0, part, -1) == -1);
	ATF_CHECK_ERRNO(EMSGSIZE, pl_frame_encode_parts(&e, 0, large, 2) == -1);
	ATF_CHECK_ERRNO(EMSGSIZE, pl_frame_encode(&e, 0, memory, (size_t)UINT32_MAX + 1) == -1);
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 0, "abc", 3));
	ATF_CHECK_ERRNO(EINVAL, pl_frame_attach(&e, fd, PL_FRAME_DESCRIPTORS + 1) == -1);
	ATF_CHECK_EQ(0, pl_frame_attach(&e, fd, PL_FRAME_DESCRIPTORS));
	pl_frame_advance(&e, 1);
	ATF_CHECK_ERRNO(EINVAL, pl_frame_attach(&e, fd, 1) == -1);
}

/*
 * What a decoder makes of a stream that comes in pieces which end where cut says:
 * a digest of all it gave until the end or an error, and how many bytes it took.
 */
struct story {
	uLong digest;
	size_t taken;
	enum pl_frame_status last;
};

static struct story
tell(const unsigned char *stream, size_t length, size_t limit, bool (*cut)(size_t at, void *),
    void *argument)
{
	struct story s = { 0, 0, PL_FRAME_MORE };
	struct pl_frame_decoder d;

	pl_frame_decoder(&d, memory, limit, 0);
	for (size_t end = 0; s.last <= PL_FRAME_WHOLE && end < length;) {
		do
			end++;
		while (end < length && !cut(end, argument));
		while (s.taken < end && s.last <= PL_FRAME_WHOLE) {
			size_t taken;

			s.last = pl_frame_feed(&d, stream + s.taken, end - s.taken, &taken);
			s.taken += taken;
			if (s.last == PL_FRAME_MORE)
				ATF_REQUIRE_EQ(end, s.taken);
			if (s.last == PL_FRAME_WHOLE) {
				unsigned char type[] = { d.frame.type >> 8, d.frame.type & 0xff };

				s.digest = crc32(s.digest, type, 2);
				s.digest = crc32(s.digest, (const unsigned char *)&d.frame.length,
				    sizeof(d.frame.length));
				if (d.frame.length > 0)
					s.digest =
					    crc32(s.digest, d.frame.payload, (uInt)d.frame.length);
			}
		}
	}
	if (s.last <= PL_FRAME_WHOLE)
		s.last = pl_frame_feed_end(&d);
	pl_frame_restart(&d);
	return (s);
}

static bool
nowhere(size_t at, void *argument)
{
	(void)at, (void)argument;
	return (false);
}

static bool
at_each_byte(size_t at, void *argument)
{
	(void)at, (void)argument;
	return (true);
}

static bool
at_two(size_t at, void *argument)
{
	const size_t *where = argument;

	return (at == where[0] || at == where[1]);
}

static bool
at_random(size_t at, void *argument)
{
	(void)at;
	return (next(argument) % 50 == 0);
}

static void
check_same(struct story one, struct story other)
{
	ATF_REQUIRE_EQ(one.digest, other.digest);
	ATF_REQUIRE_EQ(one.taken, other.taken);
	ATF_REQUIRE_EQ(one.last, other.last);
}

/* A few small frames; all pairs of places to cut. */
static void
check_splits(const unsigned char *stream, size_t length, size_t limit)
{
	struct story whole = tell(stream, length, limit, nowhere, NULL);
	size_t where[2];

	check_same(whole, tell(stream, length, limit, at_each_byte, NULL));
	for (where[0] = 0; where[0] < length; where[0]++)
		for (where[1] = where[0]; where[1] < length; where[1]++)
			check_same(whole, tell(stream, length, limit, at_two, where));
}

static size_t
small_stream(unsigned char *b)
{
	size_t length = 0;

	length += lay_out(b + length, 1, NULL, 0);
	length += lay_out(b + length, 2, "a", 1);
	length += lay_out(b + length, 3, "a longer one, of 34 bytes in total", 34);
	length += lay_out(b + length, 4, NULL, 0);
	return (length);
}

ATF_TC_WITHOUT_HEAD(any_split_is_the_same_as_one_piece);
ATF_TC_BODY(any_split_is_the_same_as_one_piece, tc)
{
	static unsigned char b[STREAM];
	size_t length = small_stream(b);
	struct story whole = tell(b, length, LIMIT, nowhere, NULL);
	unsigned state = 3;

	ATF_CHECK_EQ(PL_FRAME_END, whole.last);
	ATF_CHECK_EQ(length, whole.taken);
	check_splits(b, length, LIMIT);

	/* Large ones. */
	for (int round = 0; round < 30; round++) {
		length = 0;
		while (length < STREAM / 2)
			length += lay_out(b + length, (uint16_t)next(&state), payload(),
			    next(&state) % LIMIT >> next(&state) % 10);
		whole = tell(b, length, LIMIT, nowhere, NULL);
		ATF_CHECK_EQ(PL_FRAME_END, whole.last);
		check_same(whole, tell(b, length, LIMIT, at_random, &state));
	}
}

/* What is wrong with a stream is seen at the same byte in any split. */
ATF_TC_WITHOUT_HEAD(any_split_shows_the_same_error);
ATF_TC_BODY(any_split_shows_the_same_error, tc)
{
	static unsigned char b[STREAM];
	size_t length = small_stream(b);
	unsigned state = 5;

	check_splits(b, length - 1, LIMIT);
	check_splits(b, 71, LIMIT);
	/* Too long for that decoder. */
	ATF_CHECK_EQ(PL_FRAME_TOO_LONG, tell(b, length, 33, nowhere, NULL).last);
	check_splits(b, length, 33);
	for (int round = 0; round < 20; round++) {
		size_t at = next(&state) % length;
		unsigned char before = b[at];

		b[at] ^= (unsigned char)(1 + next(&state) % 255);
		ATF_CHECK(tell(b, length, LIMIT, nowhere, NULL).last > PL_FRAME_CUT);
		check_splits(b, length, LIMIT);
		b[at] = before;
	}
}

/* And where: in the mark, elsewhere in the frame.  No byte behind the frame is taken. */
static void
check_flips(size_t length, const int *fd, unsigned descriptors)
{
	static unsigned char b[STREAM];
	struct pl_frame_encoder e;
	struct pl_frame_decoder d;
	size_t total, taken;

	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 0x1234, payload(), length));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, fd, descriptors));
	total = flatten(&e, b);
	lay_out(b + total, 9, payload(), 40);
	for (size_t bit = 0; bit < 8 * total; bit++) {
		b[bit / 8] ^= (unsigned char)(1 << bit % 8);
		pl_frame_decoder(&d, memory, LIMIT, PL_FRAME_DESCRIPTORS);
		ATF_REQUIRE_EQ(bit < 32 ? PL_FRAME_FOREIGN : PL_FRAME_DAMAGED,
		    pl_frame_feed(&d, b, total + PL_FRAME_HEADER + 40, &taken));
		ATF_REQUIRE_EQ(bit / 8 < PL_FRAME_HEADER ? PL_FRAME_HEADER : total, taken);
		b[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
}

ATF_TC_WITHOUT_HEAD(every_flipped_bit_is_noticed);
ATF_TC_BODY(every_flipped_bit_is_noticed, tc)
{
	const int fd[2] = { 0, 1 };

	check_flips(0, NULL, 0);
	check_flips(1, NULL, 0);
	check_flips(33, fd, 2);
	check_flips(3000, NULL, 0);
}

static void
put_number(unsigned char *at, uint32_t value)
{
	for (int i = 3; i >= 0; i--, value >>= 8)
		at[i] = (unsigned char)(value & 0xff);
}

/* The header of somebody who knows the format but not the limit. */
static void
forge_header(unsigned char *h, uint32_t length)
{
	lay_out(h, 1, NULL, 0);
	put_number(h + 8, length);
	put_number(h + 16, (uint32_t)crc32(0, h, 16));
}

/* size bytes before a page that cannot be touched. */
static unsigned char *
guarded(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + page) / page * page;
	unsigned char *start =
	    mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ATF_REQUIRE(start != MAP_FAILED);
	ATF_REQUIRE_EQ(0, mprotect(start + room, page, PROT_NONE));
	return (start + room - size);
}

ATF_TC_WITHOUT_HEAD(memory_is_never_exceeded);
ATF_TC_BODY(memory_is_never_exceeded, tc)
{
	static const size_t limits[] = { 0, 1, 50, 4096, 5000 };
	static const uint32_t excess[] = { 1, 2, 100, 0x7fffffff };
	static unsigned char b[STREAM];
	struct pl_frame_decoder d;
	size_t taken;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		size_t limit = limits[i], total = lay_out(b, 1, payload(), limit);

		pl_frame_decoder(&d, limit == 0 ? NULL : guarded(limit), limit, 0);
		ATF_CHECK_EQ(PL_FRAME_WHOLE, feed(&d, b, total));
		check_frame(&d, 1, payload(), limit);
		for (size_t x = 0; x < sizeof(excess) / sizeof(excess[0]); x++) {
			forge_header(b, (uint32_t)limit + excess[x]);
			ATF_CHECK_EQ(PL_FRAME_TOO_LONG, pl_frame_feed(&d, b, STREAM, &taken));
			ATF_CHECK_EQ(PL_FRAME_HEADER, taken);
			pl_frame_restart(&d);
		}
		forge_header(b, UINT32_MAX);
		ATF_CHECK_EQ(PL_FRAME_TOO_LONG, feed(&d, b, STREAM));
	}
}

/* Nothing that a stranger sends is a frame. */
ATF_TC_WITHOUT_HEAD(noise_is_no_frame);
ATF_TC_BODY(noise_is_no_frame, tc)
{
	static unsigned char b[STREAM];
	unsigned state = 11;

	for (int round = 0; round < 2000; round++) {
		size_t length = next(&state) % 200;
		struct story s;

		for (size_t i = 0; i < length; i++)
			b[i] = (unsigned char)next(&state);
		/* Often behind the right mark. */
		if (round % 2 == 0)
			memcpy(b, "PLf\1", 4);
		s = tell(b, length, LIMIT, at_random, &state);
		ATF_CHECK_EQ(0, s.digest);
		ATF_CHECK(length == 0 ? s.last == PL_FRAME_END : s.last >= PL_FRAME_CUT);
	}
}

ATF_TC_WITHOUT_HEAD(wanted_is_the_rest_of_the_frame);
ATF_TC_BODY(wanted_is_the_rest_of_the_frame, tc)
{
	unsigned char b[64];
	struct pl_frame_decoder d;

	lay_out(b, 1, "abc", 3);
	pl_frame_decoder(&d, memory, LIMIT, 0);
	ATF_CHECK_EQ(PL_FRAME_HEADER, pl_frame_wanted(&d));
	ATF_CHECK_EQ(PL_FRAME_MORE, feed(&d, b, 7));
	ATF_CHECK_EQ(PL_FRAME_HEADER - 7, pl_frame_wanted(&d));
	ATF_CHECK_EQ(PL_FRAME_MORE, feed(&d, b + 7, PL_FRAME_HEADER - 7));
	ATF_CHECK_EQ(3, pl_frame_wanted(&d));
	ATF_CHECK_EQ(PL_FRAME_MORE, feed(&d, b + PL_FRAME_HEADER, 2));
	ATF_CHECK_EQ(1, pl_frame_wanted(&d));
	ATF_CHECK_EQ(PL_FRAME_WHOLE, feed(&d, b + PL_FRAME_HEADER + 2, 1));
	ATF_CHECK_EQ(PL_FRAME_HEADER, pl_frame_wanted(&d));
	/* No byte begins the next one, too. */
	ATF_CHECK_EQ(PL_FRAME_MORE, feed(&d, b, 0));
	ATF_CHECK_EQ(PL_FRAME_HEADER, pl_frame_wanted(&d));
	ATF_CHECK_EQ(PL_FRAME_END, pl_frame_feed_end(&d));
	ATF_CHECK_EQ(PL_FRAME_WHOLE, feed(&d, b, PL_FRAME_HEADER + 3));
}

/* Put a decoder that accepts two descriptors into that state of failure. */
static void
make_fail(struct pl_frame_decoder *d, enum pl_frame_status how)
{
	unsigned char b[64];
	size_t total = lay_out(b, 1, "abc", 3);
	const int fd[] = { dup(0), dup(0) };

	ATF_CHECK_EQ(PL_FRAME_MORE, pl_frame_feed_descriptors(d, fd, 2));
	if (how == PL_FRAME_FOREIGN)
		b[0] ^= 1;
	else if (how == PL_FRAME_TOO_LONG)
		forge_header(b, LIMIT + 1);
	else if (how == PL_FRAME_DAMAGED)
		b[total - 1] ^= 1;
	else if (how == PL_FRAME_CUT)
		total--;
	feed(d, b, total);
	if (how == PL_FRAME_CUT)
		pl_frame_feed_end(d);
}

ATF_TC_WITHOUT_HEAD(an_error_stays);
ATF_TC_BODY(an_error_stays, tc)
{
	static const enum pl_frame_status errors[] = { PL_FRAME_CUT, PL_FRAME_FOREIGN,
		PL_FRAME_DAMAGED, PL_FRAME_TOO_LONG, PL_FRAME_DESCRIPTED };
	unsigned char b[64];
	size_t total = lay_out(b, 8, "after", 5), taken;
	struct pl_frame_decoder d;
	int before, fd[2], given;

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	ATF_REQUIRE_EQ((ssize_t)total, write(fd[1], b, total));
	before = open_descriptors();
	pl_frame_decoder(&d, memory, LIMIT, 2);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		make_fail(&d, errors[i]);
		ATF_CHECK_EQ(before, open_descriptors());
		taken = 1;
		ATF_CHECK_EQ(errors[i], pl_frame_feed(&d, b, total, &taken));
		ATF_CHECK_EQ(0, taken);
		ATF_CHECK_EQ(0, pl_frame_wanted(&d));
		ATF_CHECK_EQ(errors[i], pl_frame_feed_end(&d));
		ATF_CHECK_EQ(errors[i], pl_frame_receive(&d, fd[0]));
		ATF_CHECK_EQ(-1, pl_frame_take(&d, 0));
		given = dup(0);
		ATF_CHECK_EQ(errors[i], pl_frame_feed_descriptors(&d, &given, 1));
		ATF_CHECK_EQ(before, open_descriptors());
		pl_frame_restart(&d);
		ATF_CHECK_EQ(PL_FRAME_WHOLE, feed(&d, b, total));
		check_frame(&d, 8, "after", 5);
	}
	/* A decoder that had failed read nothing. */
	ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_receive(&d, fd[0]));
	check_frame(&d, 8, "after", 5);
}

ATF_TC_WITHOUT_HEAD(every_status_has_words);
ATF_TC_BODY(every_status_has_words, tc)
{
	for (int i = 0; i <= PL_FRAME_DESCRIPTED; i++) {
		ATF_CHECK(strlen(pl_frame_words((enum pl_frame_status)i)) > 10);
		for (int j = 0; j < i; j++)
			ATF_CHECK(strcmp(pl_frame_words((enum pl_frame_status)i),
				      pl_frame_words((enum pl_frame_status)j)) != 0);
	}
}

/* By hand: they belong to the frame that comes next. */
ATF_TC_WITHOUT_HEAD(descriptors_fed);
ATF_TC_BODY(descriptors_fed, tc)
{
	unsigned char b[64];
	struct pl_frame_encoder e;
	struct pl_frame_decoder d;
	int before = open_descriptors(), fd[2] = { dup(0), dup(1) }, taken;
	size_t total;

	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, "abc", 3));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, fd, 2));
	total = flatten(&e, b);
	pl_frame_decoder(&d, memory, LIMIT, 2);
	for (int round = 0; round < 2; round++) {
		ATF_CHECK_EQ(PL_FRAME_MORE, pl_frame_feed_descriptors(&d, fd, 1));
		ATF_CHECK_EQ(-1, pl_frame_take(&d, 0));
		ATF_CHECK_EQ(PL_FRAME_MORE, feed(&d, b, 10));
		ATF_CHECK_EQ(PL_FRAME_MORE, pl_frame_feed_descriptors(&d, fd + 1, 1));
		ATF_CHECK_EQ(PL_FRAME_WHOLE, feed(&d, b + 10, total - 10));
		ATF_CHECK_EQ(2, d.frame.descriptors);
		ATF_CHECK_EQ(fd[1], taken = pl_frame_take(&d, 1));
		close(taken);
		fd[0] = dup(0);
		fd[1] = dup(1);
	}
	/* At the end of the stream they are of no frame. */
	ATF_CHECK_EQ(PL_FRAME_MORE, pl_frame_feed_descriptors(&d, fd, 2));
	ATF_CHECK_EQ(PL_FRAME_CUT, pl_frame_feed_end(&d));
	ATF_CHECK_EQ(before, open_descriptors());
}

/* The header says so: nothing of the payload is taken. */
ATF_TC_WITHOUT_HEAD(more_descriptors_than_accepted);
ATF_TC_BODY(more_descriptors_than_accepted, tc)
{
	unsigned char b[64];
	struct pl_frame_encoder e;
	struct pl_frame_decoder d;
	int before = open_descriptors(), fd[PL_FRAME_DESCRIPTORS + 1];
	size_t total, taken;

	for (int i = 0; i <= PL_FRAME_DESCRIPTORS; i++)
		fd[i] = dup(0);
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, "abc", 3));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, fd, 3));
	total = flatten(&e, b);
	pl_frame_decoder(&d, memory, LIMIT, 2);
	ATF_CHECK_EQ(PL_FRAME_DESCRIPTED, pl_frame_feed(&d, b, total, &taken));
	ATF_CHECK_EQ(PL_FRAME_HEADER, taken);
	/* None accepts more than a frame may have. */
	pl_frame_decoder(&d, memory, LIMIT, UINT_MAX);
	ATF_CHECK_EQ(
	    PL_FRAME_DESCRIPTED, pl_frame_feed_descriptors(&d, fd, PL_FRAME_DESCRIPTORS + 1));
	ATF_CHECK_EQ(before, open_descriptors());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, format_stays);
	ATF_TP_ADD_TC(tp, what_is_encoded_is_decoded);
	ATF_TP_ADD_TC(tp, pieces_make_one_payload);
	ATF_TP_ADD_TC(tp, what_cannot_be_encoded);
	ATF_TP_ADD_TC(tp, any_split_is_the_same_as_one_piece);
	ATF_TP_ADD_TC(tp, any_split_shows_the_same_error);
	ATF_TP_ADD_TC(tp, every_flipped_bit_is_noticed);
	ATF_TP_ADD_TC(tp, memory_is_never_exceeded);
	ATF_TP_ADD_TC(tp, noise_is_no_frame);
	ATF_TP_ADD_TC(tp, wanted_is_the_rest_of_the_frame);
	ATF_TP_ADD_TC(tp, an_error_stays);
	ATF_TP_ADD_TC(tp, every_status_has_words);
	ATF_TP_ADD_TC(tp, descriptors_fed);
	ATF_TP_ADD_TC(tp, more_descriptors_than_accepted);
	return (atf_no_error());
}
