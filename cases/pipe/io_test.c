/*
 * Plain transfer: what is written to one end is read from the other, who waits
 * for whom, and which descriptors and sizes are refused.
 */

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "plumbline.h"

#define MEBIBYTE (1 << 20)

/* A call for a peer to make. */
struct transfer {
	int fd;
	void *buffer;
	size_t size;
};

static struct pl_outcome
do_read(void *argument)
{
	const struct transfer *t = argument;

	return (sys_read(t->fd, t->buffer, t->size));
}

static struct pl_outcome
do_write(void *argument)
{
	const struct transfer *t = argument;

	return (sys_write(t->fd, t->buffer, t->size));
}

/* A child that writes size bytes of stream 0 in one call; then only it has the write end. */
static struct pl_peer *
start_writer(struct pl_pair p, size_t size)
{
	static char sent[MEBIBYTE];
	struct transfer t = { p.w, sent, size };
	struct pl_peer *writer;

	pl_payload(sent, size, 0, 0);
	writer = pl_child(do_write, &t, p.w);
	pl_close(p.w);
	return (writer);
}

/* Nothing waits there: a non-blocking read finds a writer but no byte. */
static void
expect_empty(int fd)
{
	char b;

	pl_nonblock(fd, true);
	pl_expect(sys_read(fd, &b, 1), fails(EAGAIN));
	pl_nonblock(fd, false);
}

/* The page's first example: fd[1] leads to fd[0]. */
PL_CASE(data_flows_from_write_end_to_read_end,
    .verifies = "pipe.io.data-flows-from-write-end-to-read-end", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[5];

	pl_expect(sys_write(p.w, "hello", 5), returns(5));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(5));
	pl_expect_bytes(b, "hello", 5);
}

/* A read asks for at most so many bytes, not for that many. */
PL_CASE(read_returns_what_is_available, .verifies = "pipe.io.read-returns-what-is-available",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[1024];

	pl_write(p.w, "12345", 5);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(5));
	pl_expect_bytes(b, "12345", 5);
}

/* The same for a reader that came first and slept. */
PL_CASE(blocked_read_returns_first_bytes_only,
    .verifies = "pipe.io.blocked-read-returns-first-bytes-only", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct transfer t = { p.r, pl_shared(1000), 1000 };
	struct pl_peer *reader = pl_child(do_read, &t, p.r);

	pl_wait_blocked(reader);
	pl_write(p.w, "abc", 3);
	pl_expect(pl_result(reader), returns(3));
	pl_expect_bytes(t.buffer, "abc", 3);
}

/* No boundary between two writes stops a read. */
PL_CASE(writes_are_concatenated, .verifies = "pipe.io.writes-are-concatenated", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char b[16];

	pl_write(p.w, "one", 3);
	pl_write(p.w, "two", 3);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(6));
	pl_expect_bytes(b, "onetwo", 6);
}

/* What one read leaves is there for the next. */
PL_CASE(
    one_write_is_read_in_pieces, .verifies = "pipe.io.one-write-read-in-pieces", .kinds = PL_PIPES)
{
	static const struct {
		size_t size;
		const char *bytes;
	} pieces[] = { { 2, "ab" }, { 3, "cde" }, { 9, "f" } };
	struct pl_pair p = pl_pair();
	char b[9];

	pl_write(p.w, "abcdef", 6);
	for (size_t i = 0; i < 3; i++) {
		size_t length = strlen(pieces[i].bytes);

		pl_expect(sys_read(p.r, b, pieces[i].size), returns((long)length));
		pl_expect_bytes(b, pieces[i].bytes, length);
	}
}

/* Bytes are bytes: no value of them means anything, and order is kept. */
PL_CASE(bytes_arrive_in_order_and_unchanged,
    .verifies = "pipe.io.bytes-arrive-in-order-and-unchanged", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	unsigned char sent[512], b[512];

	/* Every value after each of two others, NUL first and in the middle. */
	for (unsigned i = 0; i < sizeof(sent); i++)
		sent[i] = (unsigned char)(i < 256 ? i : i * 3);
	pl_expect(sys_write(p.w, sent, sizeof(sent)), returns(sizeof(sent)));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(sizeof(b)));
	pl_expect_bytes(b, sent, sizeof(b));
}

/*
 * A buffer that is filled and emptied in odd steps wraps around at every
 * offset.  What waits is known at each step, so each result is known too, but
 * for how much of a large write a nearly full pipe takes.
 */
PL_CASE(buffer_wraparound_is_intact, .verifies = "pipe.io.buffer-wraparound-is-intact",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	uint64_t sent = 0, received = 0;
	unsigned random = 1;
	char b[9000];

	pl_nonblock(p.r, true);
	pl_nonblock(p.w, true);
	for (int i = 0; i < 3000; i++) {
		long size, n, waiting = (long)(sent - received);

		random = random * 1103515245 + 12345;
		size = (random >> 16) % 8999 + 1;
		if (random >> 31) {
			pl_payload(b, (size_t)size, 0, sent);
			if (waiting == 0)
				n = pl_expect(sys_write(p.w, b, (size_t)size),
				    returns_between(size < 512 ? size : 512, size));
			else
				n = pl_expect(sys_write(p.w, b, (size_t)size),
				    returns_between(size <= 512 ? size : 1, size), fails(EAGAIN));
			sent += n > 0 ? (uint64_t)n : 0;
		} else if (waiting == 0) {
			pl_expect(sys_read(p.r, b, (size_t)size), fails(EAGAIN));
		} else {
			n = pl_expect(sys_read(p.r, b, (size_t)size),
			    returns(size < waiting ? size : waiting));
			pl_expect_payload(b, (size_t)n, 0, received);
			received += (uint64_t)n;
		}
	}
}

/*
 * FreeBSD lends the writer's pages to the reader, so the write is over only
 * when the last byte has been read; Linux copies what fits its buffer.
 */
PL_CASE(
    large_blocking_write_without_reader, .verifies = "pipe.io.large-blocking-write-without-reader")
{
	struct pl_pair p;
	struct pl_peer *writer;
	long size = 8192;
	char *b;
	int fd[2];

	if (pl_os.profile == PL_PROFILE_FREEBSD)
		pl_os_sysctl_get("kern.ipc.pipe_mindirect", &size);
	if (size < 2 || size > 65536)
		pl_not_tested("direct writes begin at %ld bytes here", size);
	pl_pipe(fd);
	p = (struct pl_pair){ fd[0], fd[1] };
	if ((b = malloc((size_t)size)) == NULL)
		pl_broken("no memory for %ld bytes", size);
	writer = start_writer(p, (size_t)size);
	if (pl_asks(PL_FREEBSD)) {
		pl_expect_blocks(writer);
		pl_expect(sys_read(p.r, b, (size_t)size - 1), returns(size - 1));
		pl_expect_payload(b, (size_t)size - 1, 0, 0);
		pl_expect_blocks(writer);
		pl_expect(sys_read(p.r, b, 2), returns(1));
		pl_expect_payload(b, 1, 0, (uint64_t)size - 1);
		pl_expect(pl_result(writer), returns(size));
	} else {
		pl_expect(pl_result(writer), returns(size));
		pl_expect(sys_read(p.r, b, (size_t)size), returns(size));
		pl_expect_payload(b, (size_t)size, 0, 0);
	}
	free(b);
}

/* A reader of the case below: counts how often it got each value. */
struct tally {
	int fd;
	unsigned count[256];
};

static struct pl_outcome
count_values(void *argument)
{
	struct tally *t = argument;
	unsigned char b[7];
	long n;

	while ((n = pl_expect(sys_read(t->fd, b, sizeof(b)), returns_between(0, sizeof(b)))) > 0)
		for (long i = 0; i < n; i++)
			t->count[b[i]]++;
	return (pl_done());
}

/* Reading removes: two readers share the bytes out between them. */
PL_CASE(each_byte_goes_to_one_reader, .verifies = "pipe.io.each-byte-goes-to-one-reader",
    .kinds = PL_PIPES)
{
	enum { ROUNDS = 40 };
	struct pl_pair p = pl_pair();
	struct tally *tallies[2];
	struct pl_peer *readers[2];
	unsigned char values[256];

	for (int i = 0; i < 256; i++)
		values[i] = (unsigned char)i;
	for (int i = 0; i < 2; i++) {
		tallies[i] = pl_shared(sizeof(*tallies[i]));
		tallies[i]->fd = p.r;
		readers[i] = pl_child(count_values, tallies[i], p.r);
		pl_wait_blocked(readers[i]);
	}
	for (int round = 0; round < ROUNDS; round++)
		pl_write(p.w, values, sizeof(values));
	pl_close(p.w);
	for (int i = 0; i < 2; i++)
		pl_must(pl_result(readers[i]));
	for (int i = 0; i < 256; i++) {
		unsigned n = tallies[0]->count[i] + tallies[1]->count[i];

		pl_expect_that(n == ROUNDS, "each byte read once, by one of the readers",
		    "value %d was sent %d times and read %u times", i, ROUNDS, n);
	}
}

/* FreeBSD's pipes are two-way streets, Linux's are one-way. */
PL_CASE(write_to_the_read_end, .verifies = "pipe.io.write-to-the-read-end")
{
	int fd[2];
	char b[2];

	pl_pipe(fd);
	pl_expect(sys_write(fd[0], "x", 1), on(PL_LINUX, fails(EBADF)), on(PL_FREEBSD, returns(1)));
	if (pl_asks(PL_FREEBSD)) {
		pl_expect(sys_read(fd[1], b, sizeof(b)), returns(1));
		pl_expect_bytes(b, "x", 1);
	}
	/* Not into its own direction. */
	expect_empty(fd[0]);
}

/* What went in at fd[1] does not come out there, whether that may be read or not. */
PL_CASE(read_from_the_write_end, .verifies = "pipe.io.read-from-the-write-end")
{
	int fd[2];
	char b[8];

	pl_pipe(fd);
	pl_nonblock(fd[1], true);
	for (int waiting = 0; waiting < 2; waiting++) {
		pl_expect(sys_read(fd[1], b, sizeof(b)), on(PL_LINUX, fails(EBADF)),
		    on(PL_FREEBSD, fails(EAGAIN)));
		if (waiting == 0)
			pl_write(fd[1], "abc", 3);
	}
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
}

/* A descriptor can be closed once. */
PL_CASE(second_close_gives_ebadf, .verifies = "pipe.io.second-close-gives-ebadf", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_close(ends[i]), returns(0));
		pl_expect(sys_close(ends[i]), fails(EBADF));
	}
}

static struct pl_outcome
write_without_file_size(void *argument)
{
	struct rlimit none;

	if (getrlimit(RLIMIT_FSIZE, &none) != 0)
		pl_broken("getrlimit: %s", strerror(errno));
	none.rlim_cur = 0;
	pl_must(pl_sys(setrlimit(RLIMIT_FSIZE, &none), "setrlimit(RLIMIT_FSIZE, 0)"));
	return (do_write(argument));
}

/* A pipe is no file that grows; with SIGXFSZ at its default a wrong kernel kills the writer. */
PL_CASE(file_size_limit_does_not_apply, .verifies = "pipe.io.file-size-limit-does-not-apply",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	char bytes[] = "abc", b[8];
	struct transfer t = { p.w, bytes, 3 };

	pl_expect(pl_result(pl_child(write_without_file_size, &t, p.w)), returns(3));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(3));
	pl_expect_bytes(b, "abc", 3);
}

/* The page of FreeBSD 13 still says EINVAL, as of old; later ones do not. */
static bool
page_limits_read_to_int_max(void)
{
	return (
	    pl_asks(PL_FREEBSD) && pl_os.profile == PL_PROFILE_FREEBSD && pl_os_release() < 1400);
}

/* Two gibibytes of address space, of which only the beginning is backed by memory. */
PL_CASE(size_above_int_max_is_not_an_error,
    .verifies = "pipe.io.size-above-int-max-is-not-an-error", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t size = (size_t)INT_MAX + 1;
	long clamp = 0;
	char *b;

	if (SSIZE_MAX == INT_MAX)
		pl_not_tested("a ssize_t is no larger than an int here");
	if (pl_os.profile == PL_PROFILE_FREEBSD)
		pl_os_sysctl_get("debug.iosize_max_clamp", &clamp);
	if (clamp != 0)
		pl_not_tested("debug.iosize_max_clamp limits sizes to INT_MAX here");
	b = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);
	if (b == MAP_FAILED || mprotect(b, 8192, PROT_READ | PROT_WRITE) != 0)
		pl_not_tested("no room for %zu bytes in the address space", size);
	pl_write(p.w, "abc", 3);
	if (page_limits_read_to_int_max()) {
		pl_expect(sys_read(p.r, b, size), fails(EINVAL));
	} else {
		pl_expect(sys_read(p.r, b, size), returns(3));
		pl_expect_bytes(b, "abc", 3);
	}
	munmap(b, size);
}
