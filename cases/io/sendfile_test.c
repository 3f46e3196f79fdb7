/*
 * sendfile(2): which bytes of a file go out, what is told of them, and what is
 * taken for a source and for a target.  Two calls of one name: the descriptors
 * change places, FreeBSD's gives 0 and tells the number apart.
 */

#include <sys/socket.h>

#include "plumbline.h"

#define STREAM PL_SOCKETS | PL_CONNECTIONS | PL_STREAM
#define TEXT "abcdefghij"

/* The call, with headers and trailers or NULL; the number sent goes to the last argument. */
static struct pl_outcome
sys_sendfile(int out, int in, off_t offset, size_t count, const struct iovec *before,
    const struct iovec *after, off_t *sent)
{
	struct pl_outcome o = pl_sys(pl_os_sendfile(out, in, offset, count, before, after, sent),
	    "sendfile(to %s, of %s, from %jd, %zu)", pl_slot(out), pl_slot(in), (intmax_t)offset,
	    count);

	if (o.error == ENOSYS)
		pl_not_tested("this kernel's sendfile takes no headers and trailers");
	return (o);
}

/* What a call that sent so many bytes gives. */
#define SENT(size) on(PL_FREEBSD, returns(0)), on(PL_LINUX, returns(size))

/* Judge: the call sends exactly that part of the file. */
static void
expect_sent(int out, int in, off_t offset, size_t count, long size)
{
	off_t sent = -1;

	pl_expect(sys_sendfile(out, in, offset, count, NULL, NULL, &sent), SENT(size));
	pl_expect(pl_value((long)sent, NULL, "bytes sent"), is(size));
}

/* Judge: the call fails with that error, one for each system, and says that it sent nothing. */
static void
expect_refused(int out, int in, off_t offset, int on_freebsd, int on_linux)
{
	off_t sent = -1;

	pl_expect(sys_sendfile(out, in, offset, 5, NULL, NULL, &sent),
	    on(PL_FREEBSD, fails(on_freebsd)), on(PL_LINUX, fails(on_linux)));
	pl_expect(pl_value((long)sent, NULL, "bytes sent"), is(0));
}

/* Set-up: a file that holds TEXT, its offset 1. */
static int
text_file(void)
{
	int fd = pl_open("text", O_RDWR | O_CREAT, 0600);

	pl_write(fd, TEXT, strlen(TEXT));
	pl_must(sys_lseek(fd, 1, SEEK_SET));
	return (fd);
}

/* Not those before or after them, and again if asked again; the file's own offset is no matter. */
PL_CASE(sends_requested_bytes, .verifies = "io.sendfile.sends-requested-bytes-over-stream",
    .kinds = STREAM)
{
	struct pl_pair p = pl_pair();
	int file = text_file();

	expect_sent(p.w, file, 2, 5, 5);
	pl_expect_waiting(p.r, 5);
	pl_expect_left(p, "cdefg");
	expect_sent(p.w, file, 0, 1, 1);
	expect_sent(p.w, file, 9, 1, 1);
	pl_expect_left(p, "aj");
	/* No more than there is. */
	expect_sent(p.w, file, 7, 100, 3);
	pl_expect_left(p, "hij");
	pl_expect(sys_lseek(file, 0, SEEK_CUR), returns(1));
}

/* All that is left of the file, or nothing. */
PL_CASE(count_zero, .verifies = "io.sendfile.count-zero", .kinds = STREAM)
{
	bool rest = pl_asks(PL_FREEBSD);
	struct pl_pair p = pl_pair();
	int file = text_file();

	expect_sent(p.w, file, 6, 0, rest ? 4 : 0);
	pl_expect_left(p, rest ? "ghij" : "");
	expect_sent(p.w, file, 0, 0, rest ? (long)strlen(TEXT) : 0);
	pl_expect_left(p, rest ? TEXT : "");
}

PL_CASE(offset_beyond_end_sends_nothing, .verifies = "io.sendfile.offset-beyond-end-sends-nothing",
    .kinds = STREAM)
{
	static const off_t beyond[] = { sizeof(TEXT) - 1, sizeof(TEXT), 1 << 20 };
	struct pl_pair p = pl_pair();
	int file = text_file();

	for (size_t i = 0; i < PL_COUNT(beyond); i++)
		expect_sent(p.w, file, beyond[i], 5, 0);
	pl_expect_left(p, "");
}

PL_CASE(negative_offset_fails_einval, .verifies = "io.sendfile.negative-offset-fails-einval",
    .kinds = STREAM)
{
	struct pl_pair p = pl_pair();
	int file = text_file();

	expect_refused(p.w, file, -1, EINVAL, EINVAL);
	expect_refused(p.w, file, -4096, EINVAL, EINVAL);
	pl_expect_left(p, "");
}

/* Only a stream will do, or whatever can be written to: then as one write of these bytes. */
PL_CASE(target_of_each_kind, .verifies = "io.sendfile.target-kinds", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int file = text_file();

	if (pl_asks(PL_LINUX) || (pl_kind_has(PL_STREAM) && pl_kind_has(PL_SOCKETS))) {
		expect_sent(p.w, file, 2, 5, 5);
		pl_expect_left(p, "cdefg");
	} else {
		expect_refused(p.w, file, 2, pl_kind_has(PL_PIPES) ? ENOTSOCK : EINVAL, 0);
		pl_expect_left(p, "");
	}
	pl_expect(sys_lseek(file, 0, SEEK_CUR), returns(1));
}

/* A file as the target; a socket without a peer; and what is not open, or not for writing. */
PL_CASE(other_targets, .verifies = "io.sendfile.target-kinds")
{
	int file = text_file(), copy = pl_open("copy", O_RDWR | O_CREAT, 0600);
	int only_read = pl_open("copy", O_RDONLY), closed = pl_socket(AF_UNIX, SOCK_STREAM);

	if (pl_asks(PL_LINUX)) {
		expect_sent(copy, file, 2, 5, 5);
		pl_must(sys_lseek(copy, 0, SEEK_SET));
		pl_expect_text(copy, "cdefg");
	} else {
		expect_refused(copy, file, 2, ENOTSOCK, 0);
		pl_expect(sys_lseek(copy, 0, SEEK_END), returns(0));
	}
	expect_refused(pl_socket(AF_UNIX, SOCK_STREAM), file, 2, ENOTCONN, ENOTCONN);
	expect_refused(only_read, file, 2, ENOTSOCK, EBADF);
	pl_close(closed);
	expect_refused(closed, file, 2, EBADF, EBADF);
	expect_refused(-1, file, 2, EBADF, EBADF);
	pl_expect(sys_lseek(file, 0, SEEK_CUR), returns(1));
}

/* What is no file cannot be read from an offset; nothing of it is taken, nothing goes out. */
PL_CASE(source_kinds, .verifies = "io.sendfile.source-kinds", .kinds = STREAM | PL_PLAIN)
{
	struct pl_pair p = pl_pair(), other = pl_pair();
	int directory, closed = text_file(), pipe[2];

	pl_pipe(pipe);
	pl_write(pipe[1], "pipe", 4);
	pl_write(other.w, "other", 5);
	pl_expect_waiting(other.r, 5);
	pl_mkdir("directory", 0700);
	directory = pl_open("directory", O_RDONLY);
	pl_close(closed);
	expect_refused(p.w, pipe[0], 0, EINVAL, ESPIPE);
	expect_refused(p.w, other.r, 0, EINVAL, ESPIPE);
	expect_refused(p.w, directory, 0, EINVAL, EINVAL);
	expect_refused(p.w, closed, 0, EBADF, EBADF);
	expect_refused(p.w, pl_open("text", O_WRONLY), 0, EBADF, EBADF);
	pl_expect_left(p, "");
	pl_expect_left(other, "other");
	pl_expect_text(pipe[0], "pipe");
}

/*
 * More than there is room for: what went is told, is the beginning of what was
 * asked for, and no more comes.
 */
PL_CASE(nonblocking_short_count, .verifies = "io.sendfile.nonblocking-short-count", .kinds = STREAM)
{
	enum { SIZE = 1 << 20, BUFFER = 32768 };
	static char b[SIZE];
	struct pl_pair p = pl_kind_has(PL_INET) ? pl_narrow_pair(BUFFER, BUFFER) : pl_pair();
	int file = pl_open("large", O_RDWR | O_CREAT, 0600);
	size_t got = 0;
	off_t total = 0;
	bool full = false;
	long n;

	pl_payload(b, sizeof(b), 0, 0);
	pl_write(file, b, sizeof(b));
	pl_nonblock(p.w, true);
	while (!full) {
		struct pl_allowed left = returns_between(1, SIZE - 1 - (long)total);
		off_t sent = -1;

		n = pl_expect(
		    sys_sendfile(p.w, file, total, (size_t)(SIZE - total), NULL, NULL, &sent),
		    on(PL_LINUX, left), on(PL_LINUX, total > 0 ? fails(EAGAIN) : left),
		    on(PL_FREEBSD, fails(EAGAIN)));
		full = n < 0;
		n = pl_expect(pl_value((long)sent, NULL, "bytes sent"),
		    on(PL_LINUX, is(n < 0 ? 0 : n)),
		    on(PL_FREEBSD, returns_between(total > 0 ? 0 : 1, SIZE - 1 - (long)total)));
		total += n;
	}
	pl_close(p.w);
	do {
		n = pl_expect(sys_read(p.r, b, sizeof(b)), returns_between(0, sizeof(b)));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (size_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes that came"), is((long)total));
}

/* As a write would find it. */
PL_CASE(broken_stream_fails_epipe, .verifies = "io.sendfile.broken-stream-fails-epipe",
    .kinds = STREAM | PL_UNIX)
{
	struct pl_pair p = pl_pair();
	int file = text_file();

	pl_close(p.r);
	for (int i = 0; i < 2; i++) {
		off_t sent = -1;

		pl_expect(sys_sendfile(p.w, file, 2, 5, NULL, NULL, &sent),
		    on(PL_FREEBSD, fails(EPIPE)), on(PL_LINUX, fails_with_sigpipe(EPIPE)));
		pl_expect(pl_value((long)sent, NULL, "bytes sent"), is(0));
	}
}

static struct pl_outcome
sys_sendfile_on(int out, int in, off_t *offset, size_t count)
{
	struct pl_outcome o =
	    pl_sys(pl_os_sendfile_on(out, in, offset, count), "sendfile(to %s, of %s, %s, %zu)",
		pl_slot(out), pl_slot(in), offset == NULL ? "NULL" : "&offset", count);

	if (o.error == ENOSYS)
		pl_not_tested("this kernel has no sendfile that moves an offset");
	return (o);
}

/* One of two offsets counts and is moved on, the other is left alone. */
PL_CASE(null_offset_moves_file_offset, .verifies = "io.sendfile.null-offset-moves-file-offset",
    .kinds = STREAM)
{
	struct pl_pair p = pl_pair();
	int file = text_file();
	off_t offset = 4;

	pl_expect(sys_sendfile_on(p.w, file, NULL, 3), returns(3));
	pl_expect_left(p, "bcd");
	pl_expect(sys_lseek(file, 0, SEEK_CUR), returns(4));
	pl_must(sys_lseek(file, 1, SEEK_SET));
	pl_expect(sys_sendfile_on(p.w, file, &offset, 3), returns(3));
	pl_expect_left(p, "efg");
	pl_expect(pl_value((long)offset, NULL, "the offset"), is(7));
	pl_expect(sys_lseek(file, 0, SEEK_CUR), returns(1));
	/* No further than the file goes. */
	pl_expect(sys_sendfile_on(p.w, file, &offset, 100), returns(3));
	pl_expect_left(p, "hij");
	pl_expect(pl_value((long)offset, NULL, "the offset"), is(10));
}

/* All of it counts, and either may be absent. */
PL_CASE(headers_and_trailers_surround_the_data,
    .verifies = "io.sendfile.headers-and-trailers-surround-the-data", .kinds = STREAM)
{
	struct iovec before = { .iov_base = (char[]){ "HH" }, .iov_len = 2 };
	struct iovec after = { .iov_base = (char[]){ "TTT" }, .iov_len = 3 };
	const struct {
		const struct iovec *before, *after;
		const char *text;
	} frames[] = { { &before, &after, "HHcdefTTT" }, { &before, NULL, "HHcdef" },
		{ NULL, &after, "cdefTTT" } };
	struct pl_pair p = pl_pair();
	int file = text_file();

	for (size_t i = 0; i < PL_COUNT(frames); i++) {
		off_t sent = -1;

		pl_expect(sys_sendfile(p.w, file, 2, 4, frames[i].before, frames[i].after, &sent),
		    returns(0));
		pl_expect(
		    pl_value((long)sent, NULL, "bytes sent"), is((long)strlen(frames[i].text)));
		pl_expect_left(p, frames[i].text);
	}
}
