/*
 * What goes through a FIFO: one stream for all who have it open, its end, and
 * what remains of it when readers and writers come and go.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* A process with an O_RDWR descriptor can talk to itself. */
PL_CASE(
    rdwr_descriptor_reads_its_own_data, .verifies = "pipe.fifo.rdwr-descriptor-reads-its-own-data")
{
	int fd;

	pl_mkfifo("f", 0600);
	fd = pl_open("f", O_RDWR | O_NONBLOCK);
	pl_expect(sys_write(fd, "abc", 3), returns(3));
	pl_expect_text(fd, "abc");
}

/* It is a writer itself, so no other writer is ever the last one. */
PL_CASE(rdwr_descriptor_never_sees_eof, .verifies = "pipe.fifo.rdwr-descriptor-never-sees-eof")
{
	char b[8];
	int fd, w;

	pl_mkfifo("f", 0600);
	fd = pl_open("f", O_RDWR | O_NONBLOCK);
	pl_expect(sys_read(fd, b, sizeof(b)), fails(EAGAIN));
	w = pl_open("f", O_WRONLY);
	pl_write(w, "abc", 3);
	pl_close(w);
	pl_expect_text(fd, "abc");
	pl_expect(sys_read(fd, b, sizeof(b)), fails(EAGAIN));
}

/* Nobody has it open for writing: end of file, or nothing yet. */
PL_CASE(nonblocking_read_without_any_writer,
    .verifies = "pipe.fifo.nonblocking-read-without-any-writer")
{
	char b[8];
	int r;

	pl_mkfifo("f", 0600);
	r = pl_open("f", O_RDONLY | O_NONBLOCK);
	for (int i = 0; i < 2; i++)
		pl_expect(sys_read(r, b, sizeof(b)), on(PL_POSIX | PL_LINUX, returns(0)),
		    on(PL_FREEBSD, fails(EAGAIN)));
}

/* Somebody could still write, and then does. */
PL_CASE(nonblocking_read_with_writer, .verifies = "pipe.fifo.nonblocking-read-with-writer-eagain")
{
	struct pl_pair p = pl_fifo_pair("f");
	char b[8];

	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_write(p.w, "abc", 3);
	pl_expect_text(p.r, "abc");
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
}

/* Each open for writing counts. */
PL_CASE(eof_only_after_last_writer, .verifies = "pipe.fifo.eof-only-after-last-writer")
{
	struct pl_pair p = pl_fifo_pair("f");
	int second = pl_open("f", O_WRONLY);
	char b[8];

	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_close(p.w);
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_close(second);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* The end of one conversation is not the end of the FIFO. */
PL_CASE(eof_cleared_by_new_writer, .verifies = "pipe.fifo.eof-cleared-by-new-writer")
{
	struct pl_pair p = pl_fifo_pair("f");
	char b[8];

	for (int i = 0; i < 2; i++) {
		pl_close(p.w);
		pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
		p.w = (int)pl_expect(sys_open("f", O_WRONLY), opens());
		pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
		pl_write(p.w, "abc", 3);
		pl_expect_text(p.r, "abc");
	}
}

/* There is one queue, in the order of the calls, whoever makes them. */
PL_CASE(data_of_several_writers_in_order, .verifies = "pipe.fifo.data-of-several-writers-in-order")
{
	static const char order[] = "abccbaacb";
	struct pl_pair p = pl_fifo_pair("f");
	int writers[3] = { p.w };

	for (int i = 1; i < 3; i++)
		writers[i] = pl_open("f", O_WRONLY);
	for (const char *c = order; *c != '\0'; c++)
		pl_write(writers[*c - 'a'], c, 1);
	pl_expect_text(p.r, order);
}

/* A new reader mends what the old one broke; what failed meanwhile is gone. */
PL_CASE(
    write_works_again_with_new_reader, .verifies = "pipe.fifo.write-works-again-with-new-reader")
{
	struct pl_pair p = pl_fifo_pair("f");
	char b[8];

	pl_close(p.r);
	pl_expect(sys_write(p.w, "lost", 4), fails_with_sigpipe(EPIPE));
	p.r = (int)pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK), opens());
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	pl_expect(sys_write(p.w, "abc", 3), returns(3));
	pl_expect_text(p.r, "abc");
}

/* As long as anybody has the FIFO open what waits in it waits on. */
PL_CASE(
    unread_data_survives_reader_change, .verifies = "pipe.fifo.unread-data-survives-reader-change")
{
	struct pl_pair p = pl_fifo_pair("f");
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_close(p.r);
	p.r = (int)pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK), opens());
	pl_expect_text(p.r, "abc");
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
}

/* Readers share one queue, and a new one is no reason to empty it. */
PL_CASE(unread_data_shared_with_second_reader,
    .verifies = "pipe.fifo.unread-data-shared-with-second-reader")
{
	struct pl_pair p = pl_fifo_pair("f");
	char b[8];
	int second;

	pl_write(p.w, "abc", 3);
	pl_close(p.w);
	second = (int)pl_expect(sys_open("f", O_RDONLY | O_NONBLOCK), opens());
	pl_expect_text(second, "abc");
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* The last one out, reader or writer, empties it. */
PL_CASE(data_discarded_after_last_close, .verifies = "pipe.fifo.data-discarded-after-last-close")
{
	char b[8];
	int r, w;

	pl_mkfifo("f", 0600);
	for (int reader_first = 0; reader_first < 2; reader_first++) {
		r = pl_open("f", O_RDONLY | O_NONBLOCK);
		w = pl_open("f", O_WRONLY);
		pl_expect(sys_read(r, b, sizeof(b)), fails(EAGAIN));
		pl_write(w, "abc", 3);
		pl_close(reader_first ? r : w);
		pl_close(reader_first ? w : r);
	}
	r = pl_open("f", O_RDONLY | O_NONBLOCK);
	pl_open("f", O_WRONLY);
	pl_expect(sys_read(r, b, sizeof(b)), fails(EAGAIN));
}

/* PIPE_BUF bytes go in as a whole or not at all, here where all but one would fit. */
PL_CASE(small_write_is_all_or_nothing, .verifies = "pipe.fifo.small-write-is-all-or-nothing")
{
	struct pl_pair p = pl_fifo_pair("f");
	size_t total = pl_fill(p.w, 4096), at = PIPE_BUF - 1;
	char b[PIPE_BUF];

	pl_nonblock(p.w, true);
	if (pl_take(p.r, PIPE_BUF - 1) != PIPE_BUF - 1)
		pl_broken("the FIFO holds less than PIPE_BUF bytes");
	pl_payload(b, sizeof(b), 1, 0);
	pl_expect(sys_write(p.w, b, sizeof(b)), fails(EAGAIN));
	/* What was there before is all that is there now. */
	while (at < total) {
		size_t want = total - at < sizeof(b) ? total - at : sizeof(b);

		pl_expect(sys_read(p.r, b, want), returns((long)want));
		pl_expect_payload(b, want, 0, at);
		at += want;
	}
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	/* With room for all of it the same write goes in. */
	pl_payload(b, sizeof(b), 1, 0);
	pl_expect(sys_write(p.w, b, sizeof(b)), returns(PIPE_BUF));
}

/* The reader is told what waits for it; the writer, on one of the systems, nothing. */
PL_CASE(
    fionread_on_write_only_descriptor, .verifies = "pipe.fifo.fionread-on-write-only-descriptor")
{
	struct pl_pair p = pl_fifo_pair("f");
	int count = -1;

	pl_write(p.w, "hello", 5);
	pl_expect(sys_ioctl_int(p.w, FIONREAD, &count), returns(0));
	pl_expect(pl_value(count, NULL, "bytes that wait, asked of %s", pl_slot(p.w)),
	    on(PL_FREEBSD, is(0)), on(PL_LINUX, is(5)));
	pl_expect_text(p.r, "hello");
}
