#include "frames.h"

#include <atf-c.h>
#include <fcntl.h>
#include <string.h>

unsigned char memory[LIMIT];

unsigned
next(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return (*state >> 8);
}

const unsigned char *
payload(void)
{
	static unsigned char b[LIMIT];
	unsigned state = 7;

	if (b[0] == 0)
		for (size_t i = 0; i < sizeof(b); i++)
			b[i] = (unsigned char)(next(&state) | (i == 0));
	return (b);
}

size_t
flatten(const struct pl_frame_encoder *e, unsigned char *to)
{
	size_t length = 0;
	int parts;
	const struct iovec *part = pl_frame_rest(e, &parts);

	for (int i = 0; i < parts; i++) {
		memcpy(to + length, part[i].iov_base, part[i].iov_len);
		length += part[i].iov_len;
	}
	return (length);
}

size_t
lay_out(unsigned char *to, uint16_t type, const void *bytes, size_t length)
{
	struct pl_frame_encoder e;

	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, type, bytes, length));
	return (flatten(&e, to));
}

void
check_frame(const struct pl_frame_decoder *d, uint16_t type, const void *bytes, size_t length)
{
	ATF_CHECK_EQ(type, d->frame.type);
	ATF_REQUIRE_EQ(length, d->frame.length);
	ATF_CHECK(length == 0 || memcmp(bytes, d->frame.payload, length) == 0);
}

enum pl_frame_status
feed(struct pl_frame_decoder *d, const void *bytes, size_t length)
{
	size_t taken;

	return (pl_frame_feed(d, bytes, length, &taken));
}

int
open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return (count);
}
