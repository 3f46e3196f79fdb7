/*
 * What a read gives when less or more is there than it asks for.
 */

#include "plumbline.h"

#define DATAGRAMS PL_SOCKETS | PL_MESSAGES | PL_DATAGRAMS

/* The calls that read; pipes know the first two alone. */
static struct pl_outcome
read_by(int call, int fd, char *b, size_t size)
{
	struct iovec v = { b, size };
	int flags;

	switch (call) {
	case 0:
		return (sys_read(fd, b, size));
	case 1:
		return (sys_readv(fd, &v, 1));
	case 2:
		return (sys_recv(fd, b, size, 0));
	default:
		return (sys_receive(fd, b, size, 0, &flags));
	}
}

static int
calls(void)
{
	return (pl_kind_has(PL_SOCKETS) ? 4 : 2);
}

/* It does not wait for the rest, however much that is. */
PL_CASE(read_returns_what_is_there,
    .verifies = "io.count.read-returns-what-is-there-not-what-was-asked", .kinds = PL_EVERY)
{
	static char b[200000];
	struct pl_pair p = pl_pair();

	for (int call = 0; call < calls(); call++)
		for (size_t size = 6; size <= sizeof(b); size = size * 4 + 76) {
			memset(b, '.', 16);
			pl_put(p, "hello", 5);
			pl_expect_waiting(p.r, 5);
			pl_expect(read_by(call, p.r, b, size), returns(5));
			pl_expect_bytes(b, "hello...........", size < 16 ? size : 16);
		}
	pl_expect_left(p, "");
}

/* Who asks for less gets the rest later, from where the first read ended. */
PL_CASE(short_read_leaves_the_rest, .verifies = "io.count.short-read-leaves-rest-on-byte-streams",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	char b[8];

	for (int call = 0; call < calls(); call++) {
		memset(b, '.', sizeof(b));
		pl_put(p, "abcdef", 6);
		pl_expect_waiting(p.r, 6);
		pl_expect(read_by(call, p.r, b, 2), returns(2));
		pl_expect_bytes(b, "ab......", 8);
		pl_expect(read_by(call, p.r, b, 1), returns(1));
		pl_expect_bytes(b, "cb......", 8);
		/* More comes behind it. */
		pl_put(p, "ghi", 3);
		pl_expect_left(p, "defghi");
	}
}

/* The rest of a message that does not fit is gone. */
PL_CASE(short_read_discards_the_rest, .verifies = "io.count.short-read-discards-rest-of-datagram",
    .kinds = DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	for (int call = 0; call < calls(); call++)
		for (size_t size = 1; size < 6; size += 2) {
			memset(b, '.', sizeof(b));
			pl_must(sys_send(p.w, "abcdef", 6, 0));
			pl_must(sys_send(p.w, "next", 4, 0));
			pl_expect_arrival(p.r);
			pl_expect(read_by(call, p.r, b, size), returns((long)size));
			pl_expect_bytes(b, "abcdef..", size);
			pl_expect_bytes(b + size, "........", sizeof(b) - size);
			pl_expect_left(p, "next");
		}
}

enum { MEBIBYTE = 1 << 20, CHUNK = 60000 };

/* Sizes of 1 to CHUNK, of all magnitudes; the same ones at each run. */
static size_t
next_size(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return (1 + (*state >> 8) % (CHUNK >> ((*state >> 28) & 7)));
}

static struct pl_outcome
write_all(void *fd)
{
	static char b[CHUNK];
	unsigned state = 1;
	size_t total = 0;

	while (total < MEBIBYTE) {
		size_t size = next_size(&state);
		ssize_t n;

		if (size > MEBIBYTE - total)
			size = MEBIBYTE - total;
		pl_payload(b, size, 0, total);
		if ((n = write(*(int *)fd, b, size)) != (ssize_t)size)
			return (pl_value(n, NULL, "write of %zu bytes", size));
		total += size;
	}
	return (pl_value((long)total, NULL, "bytes written"));
}

/* Neither side's sizes show at the other; not a byte is lost, repeated or moved. */
PL_CASE(random_sized_transfer_is_byte_exact,
    .verifies = "io.count.random-sized-transfer-is-byte-exact", .kinds = PL_EVERY | PL_STREAM)
{
	static char b[CHUNK];
	struct pl_pair p = pl_pair();
	struct pl_peer *writer = pl_child(write_all, &p.w, p.w);
	unsigned state = 77;
	size_t total = 0;
	long n;

	pl_close(p.w);
	do {
		size_t size = next_size(&state);

		n = pl_expect(sys_read(p.r, b, size), returns_between(0, (long)size));
		pl_expect_payload(b, (size_t)n, 0, total);
		total += (size_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)total, NULL, "bytes read"), is(MEBIBYTE));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect(pl_result(writer), is(MEBIBYTE));
}
