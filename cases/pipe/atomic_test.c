/*
 * PIPE_BUF: what it is, who tells, and that a write within it is one piece.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* fpathconf(2) and pathconf(2) of one variable. */
#define FPATHCONF(fd, name) pl_sys(fpathconf((fd), name), "fpathconf(%s, " #name ")", pl_slot(fd))
#define PATHCONF(path, name) pl_sys(pathconf((path), name), "pathconf(\"%s\", " #name ")", (path))

/* The least that POSIX lets PIPE_BUF be. */
#define LEAST 512

/* PIPE_BUF of a pipe, for set-up. */
static size_t
pipe_buf(int fd)
{
	return ((size_t)pl_must(FPATHCONF(fd, _PC_PIPE_BUF)));
}

/* Both ends tell, and tell the same. */
PL_CASE(
    pipe_buf_is_at_least_512, .verifies = "pipe.atomic.pipe-buf-is-at-least-512", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	long value = pl_expect(FPATHCONF(p.r, _PC_PIPE_BUF), returns_between(LEAST, LONG_MAX));

	pl_expect(FPATHCONF(p.w, _PC_PIPE_BUF), returns(value));
}

/* A program that was compiled with PIPE_BUF can rely on it. */
PL_CASE(pipe_buf_value, .verifies = "pipe.atomic.pipe-buf-value", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();

	pl_expect(pl_value(PIPE_BUF, NULL, "PIPE_BUF of <limits.h>"),
	    on(PL_POSIX, returns_between(LEAST, LONG_MAX)), on(PL_FREEBSD, is(512)),
	    on(PL_LINUX, is(4096)));
	pl_expect(FPATHCONF(p.w, _PC_PIPE_BUF), on(PL_POSIX, returns_between(PIPE_BUF, LONG_MAX)),
	    on(PL_FREEBSD | PL_LINUX, returns(PIPE_BUF)));
}

/* A FIFO has the variable by its name, a directory has it for the FIFOs in it. */
PL_CASE(pathconf_on_fifo_and_directory, .verifies = "pipe.atomic.pathconf-on-fifo-and-directory")
{
	static const char *const names[] = { "fifo", "." };

	pl_mkfifo("fifo", 0600);
	for (int i = 0; i < 2; i++)
		pl_expect(PATHCONF(names[i], _PC_PIPE_BUF),
		    on(PL_POSIX, returns_between(LEAST, LONG_MAX)), on(PL_FREEBSD, returns(512)),
		    on(PL_LINUX, returns(4096)));
}

/* A file that no FIFO can come of does not have it. */
PL_CASE(pathconf_on_regular_file, .verifies = "pipe.atomic.pathconf-on-regular-file")
{
	int fd = pl_open("file", O_RDWR | O_CREAT | O_EXCL, 0600);

	pl_expect(PATHCONF("file", _PC_PIPE_BUF), fails(EINVAL));
	pl_expect(FPATHCONF(fd, _PC_PIPE_BUF), fails(EINVAL));
}

/* A pipe holds no names, and has no longest one. */
PL_CASE(fpathconf_of_other_variables, .verifies = "pipe.atomic.fpathconf-of-other-variables")
{
	int fd[2];

	pl_pipe(fd);
	for (int i = 0; i < 2; i++)
		pl_expect(FPATHCONF(fd[i], _PC_NAME_MAX), fails(EINVAL));
}

/*
 * A record is PIPE_BUF bytes, the most that is written in one piece, but no
 * more than 4096.  Record i of writer w is the payload of stream w from i records on.
 */
enum { WRITERS = 4, RECORDS = 200, LARGEST = 4096 };

struct writer {
	int fd;
	unsigned stream;
	size_t size;
};

static struct pl_outcome
write_records(void *argument)
{
	const struct writer *w = argument;
	char b[LARGEST];

	pl_await(0);
	for (unsigned i = 0; i < RECORDS; i++) {
		pl_payload(b, w->size, w->stream, (uint64_t)i * w->size);
		pl_expect(sys_write(w->fd, b, w->size), returns((long)w->size));
	}
	return (pl_done());
}

/* Read size bytes, or what is left before the end.  Gives how many. */
static size_t
read_record(int fd, char *b, size_t size)
{
	size_t total = 0;
	long n = -1;

	while (total < size && n != 0) {
		n = pl_expect(sys_read(fd, b + total, size - total),
		    returns_between(0, (long)(size - total)));
		total += (size_t)n;
	}
	return (total);
}

/* Writers that push at the same time, most of them asleep before a full pipe. */
PL_CASE(small_writes_never_interleave, .verifies = "pipe.atomic.small-writes-never-interleave",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t limit = pipe_buf(p.w), size = limit < LARGEST ? limit : LARGEST, n;
	struct writer writers[WRITERS];
	struct pl_peer *peers[WRITERS];
	unsigned next[WRITERS] = { 0 };
	char b[LARGEST];

	for (unsigned w = 0; w < WRITERS; w++) {
		writers[w] = (struct writer){ p.w, w, size };
		peers[w] = pl_child(write_records, &writers[w], p.w);
	}
	pl_close(p.w);
	for (int w = 0; w < WRITERS; w++)
		pl_reach(0);
	while ((n = read_record(p.r, b, size)) > 0) {
		unsigned w = 0;

		pl_expect(pl_value((long)n, NULL, "bytes of a record"), is((long)size));
		/* Whose it is, its first bytes tell; that writer's next one it must be. */
		while (
		    w < WRITERS - 1 && pl_payload_mismatch(b, 8, w, (uint64_t)next[w] * size) < 8)
			w++;
		pl_expect_payload(b, n, w, (uint64_t)next[w]++ * size);
	}
	for (int w = 0; w < WRITERS; w++) {
		pl_must(pl_result(peers[w]));
		pl_expect(pl_value(next[w], NULL, "records of writer %d", w), is(RECORDS));
	}
}

static struct pl_outcome
write_record(void *argument)
{
	const struct writer *w = argument;
	char b[LARGEST];

	pl_payload(b, w->size, w->stream, 0);
	return (sys_write(w->fd, b, w->size));
}

/* Room for half is no room: the writer sleeps, and none of its bytes goes ahead. */
PL_CASE(blocking_write_waits_for_whole_room,
    .verifies = "pipe.atomic.blocking-write-waits-for-whole-room", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	size_t limit = pipe_buf(p.w), size = limit < LARGEST ? limit : LARGEST;
	size_t waiting = pl_leave_room(p, size / 2), n;
	struct writer w = { p.w, 1, size };
	struct pl_peer *writer = pl_child(write_record, &w, p.w);
	char b[LARGEST];
	int count = -1;

	pl_close(p.w);
	pl_expect_blocks(writer);
	pl_must(sys_ioctl_int(p.r, FIONREAD, &count));
	pl_expect(pl_value(count, NULL, "bytes that FIONREAD counts"), is((long)waiting));
	pl_take(p.r, waiting);
	pl_expect(pl_result(writer), returns((long)size));
	n = read_record(p.r, b, size);
	pl_expect(pl_value((long)n, NULL, "bytes read"), is((long)size));
	pl_expect_payload(b, size, 1, 0);
}
