/*
 * lib/frame with a mistake in it, chosen by name in the environment variable
 * PLUMBLINE_DEFECT, for make fuzz-selftest: the fuzz targets of frames, linked with
 * this in its place, must find it.  planted.tsv says what each mistake is.
 *
 * The library's file is compiled here as it is, under other names and on other
 * calls; the functions with the names of its interface stand in front of it.
 */

#include "frame.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* The decoder at work, NULL while something else is. */
static struct pl_frame_decoder *decoding;

/* Is that the mistake to make? */
static bool
planted(const char *name)
{
	static const char *chosen;

	if (chosen == NULL && (chosen = getenv("PLUMBLINE_DEFECT")) == NULL) {
		fprintf(stderr, "PLUMBLINE_DEFECT names no mistake; they are in planted.tsv\n");
		_exit(EXIT_FAILURE);
	}
	return (strcmp(chosen, name) == 0);
}

/* What the library stands on */

static unsigned long
planted_crc(unsigned long before, const unsigned char *bytes, size_t length)
{
	bool header = decoding != NULL && bytes == decoding->header;

	if (header && planted("frame-header-checksum-ignored"))
		return ((unsigned long)bytes[16] << 24 | (unsigned long)bytes[17] << 16 |
		    (unsigned long)bytes[18] << 8 | bytes[19]);
	if (decoding != NULL && !header && planted("frame-payload-checksum-ignored"))
		return (decoding->checksum);
	if (planted("frame-checksum-spares-last-byte"))
		length--;
	return (crc32_z(before, bytes, length));
}

static int
planted_compare(const void *one, const void *other, size_t size)
{
	return (memcmp(one, other, planted("frame-version-ignored") ? size - 1 : size));
}

static ssize_t
planted_read(int fd, void *bytes, size_t size)
{
	ssize_t n = read(fd, bytes, size);
	char next;

	if (n > 0 && planted("frame-read-beyond") && read(fd, &next, 1) == -1)
		return (n);
	return (n);
}

static ssize_t
planted_writev(int fd, const struct iovec *part, int parts)
{
	ssize_t n = writev(fd, part, parts);
	size_t all = 0;

	for (int i = 0; i < parts; i++)
		all += part[i].iov_len;
	return (n > 0 && planted("frame-short-write-is-whole") ? (ssize_t)all : n);
}

static ssize_t
planted_sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct msghdr bare = *m;

	if (planted("frame-descriptors-stay-behind")) {
		bare.msg_control = NULL;
		bare.msg_controllen = 0;
	}
	return (sendmsg(fd, &bare, flags));
}

/* The library */

#define crc32_z(before, bytes, length) planted_crc(before, bytes, length)
#define memcmp(one, other, size) planted_compare(one, other, size)
#define read(fd, bytes, size) planted_read(fd, bytes, size)
#define writev(fd, part, parts) planted_writev(fd, part, parts)
#define sendmsg(fd, m, flags) planted_sendmsg(fd, m, flags)
#define pl_frame_decoder(...) right_decoder(__VA_ARGS__)
#define pl_frame_restart(...) right_restart(__VA_ARGS__)
#define pl_frame_wanted(...) right_wanted(__VA_ARGS__)
#define pl_frame_feed(...) right_feed(__VA_ARGS__)
#define pl_frame_feed_end(...) right_feed_end(__VA_ARGS__)
#define pl_frame_take(...) right_take(__VA_ARGS__)
#define pl_frame_receive(...) right_receive(__VA_ARGS__)
#define pl_frame_encode(...) right_encode(__VA_ARGS__)
#define pl_frame_encode_parts(...) right_encode_parts(__VA_ARGS__)
#define pl_frame_attach(...) right_attach(__VA_ARGS__)
#define pl_frame_advance(...) right_advance(__VA_ARGS__)
#define pl_frame_send(...) right_send(__VA_ARGS__)
/* Called before they are defined. */
void right_restart(struct pl_frame_decoder *);
void right_advance(struct pl_frame_encoder *, size_t);
#include "../../lib/frame.c"
#undef memcmp
#undef read
#undef writev
#undef sendmsg
#undef pl_frame_decoder
#undef pl_frame_restart
#undef pl_frame_wanted
#undef pl_frame_feed
#undef pl_frame_feed_end
#undef pl_frame_take
#undef pl_frame_receive
#undef pl_frame_encode
#undef pl_frame_encode_parts
#undef pl_frame_attach
#undef pl_frame_advance
#undef pl_frame_send

/* Its interface */

void
pl_frame_decoder(struct pl_frame_decoder *d, void *memory, size_t limit, unsigned descriptors)
{
	right_decoder(d, memory, limit + (planted("frame-limit-is-one-more") ? 1 : 0), descriptors);
}

void
pl_frame_restart(struct pl_frame_decoder *d)
{
	right_restart(d);
}

size_t
pl_frame_wanted(const struct pl_frame_decoder *d)
{
	if (planted("frame-wants-nothing-behind-header") && d->have == PL_FRAME_HEADER)
		return (0);
	return (right_wanted(d));
}

/* What goes wrong with a frame that is whole. */
static void
spoil(struct pl_frame_decoder *d)
{
	if (planted("frame-type-is-cut-to-a-byte"))
		d->frame.type &= 0xff;
	if (planted("frame-payload-changes-late") && d->frame.length > 300)
		d->memory[300] ^= 1;
	if (planted("frame-length-is-cut-to-a-byte"))
		d->frame.length &= 0xff;
}

enum pl_frame_status
pl_frame_feed(struct pl_frame_decoder *d, const void *bytes, size_t length, size_t *taken)
{
	enum pl_frame_status status;

	if (planted("frame-error-is-forgotten") && d->status >= PL_FRAME_CUT)
		right_restart(d);
	decoding = d;
	status = right_feed(d, bytes, length, taken);
	decoding = NULL;
	if (status == PL_FRAME_WHOLE)
		spoil(d);
	if (status == PL_FRAME_WHOLE && *taken < length && planted("frame-takes-byte-beyond"))
		++*taken;
	if (status == PL_FRAME_MORE && d->have == PL_FRAME_HEADER - 1 &&
	    planted("frame-byte-lost-at-split"))
		d->have--;
	if (status == PL_FRAME_WHOLE && d->frame.length == 0 && planted("frame-empty-is-not-whole"))
		d->status = status = PL_FRAME_MORE;
	return (status);
}

enum pl_frame_status
pl_frame_feed_end(struct pl_frame_decoder *d)
{
	if (d->status == PL_FRAME_MORE && d->have < PL_FRAME_HEADER &&
	    planted("frame-cut-header-is-an-end"))
		return (PL_FRAME_END);
	return (right_feed_end(d));
}

int
pl_frame_take(struct pl_frame_decoder *d, unsigned i)
{
	int fd = right_take(d, i);

	return (fd != -1 && planted("frame-take-leaks") ? dup(fd) : fd);
}

enum pl_frame_status
pl_frame_receive(struct pl_frame_decoder *d, int fd)
{
	enum pl_frame_status status;

	decoding = d;
	status = right_receive(d, fd);
	decoding = NULL;
	if (status == PL_FRAME_WHOLE)
		spoil(d);
	if (status == PL_FRAME_CUT && planted("frame-cut-payload-is-an-end"))
		status = PL_FRAME_END;
	if (status == PL_FRAME_MORE && planted("frame-wait-forgets-what-came"))
		d->have = 0;
	return (status);
}

int
pl_frame_encode_parts(
    struct pl_frame_encoder *e, uint16_t type, const struct iovec *part, int parts)
{
	int result = right_encode_parts(e, type, part, parts);

	if (result == 0 && e->parts > 1 && planted("frame-encoder-drops-last-byte"))
		e->part[e->parts - 1].iov_len--;
	return (result);
}

int
pl_frame_encode(struct pl_frame_encoder *e, uint16_t type, const void *bytes, size_t length)
{
	const struct iovec whole = { (void *)(uintptr_t)bytes, length };

	return (pl_frame_encode_parts(e, type, &whole, 1));
}

int
pl_frame_attach(struct pl_frame_encoder *e, const int *fd, unsigned count)
{
	static const int input[PL_FRAME_DESCRIPTORS];

	return (right_attach(e, planted("frame-attaches-another") ? input : fd, count));
}

void
pl_frame_advance(struct pl_frame_encoder *e, size_t sent)
{
	int before = e->first;

	right_advance(e, sent);
	/* The boundary between header and payload is passed in one step too many. */
	if (e->first != before && e->first < e->parts && planted("frame-advance-skips-a-byte"))
		right_advance(e, 1);
}

enum pl_frame_status
pl_frame_send(struct pl_frame_encoder *e, int fd)
{
	enum pl_frame_status status;

	if (planted("frame-descriptors-go-again"))
		e->begun = false;
	status = right_send(e, fd);
	return (status == PL_FRAME_MORE && planted("frame-full-is-an-error") ? PL_FRAME_SYSTEM
									     : status);
}
