/*
 * What poll(2) and select(2) say of a FIFO while readers and writers come and go.
 */

#include "plumbline.h"
#include "sequence/names.h"

/* What select says at once of one descriptor, in the words of poll. */
static struct pl_outcome
select_now(int fd)
{
	struct timeval now = { 0 };
	fd_set readable, writable;
	long found = 0, ready;

	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_SET(fd, &readable);
	FD_SET(fd, &writable);
	ready = pl_must(sys_select(fd + 1, &readable, &writable, NULL, &now));
	if (ready != (FD_ISSET(fd, &readable) != 0) + (FD_ISSET(fd, &writable) != 0))
		pl_broken("select miscounts: %ld", ready);
	if (FD_ISSET(fd, &readable))
		found |= POLLIN;
	if (FD_ISSET(fd, &writable))
		found |= POLLOUT;
	return (pl_value(found, &pl_names_poll, "what select says of %s", pl_slot(fd)));
}

/* Nobody has hung up who was never there. */
PL_CASE(poll_reader_before_first_writer, .verifies = "pipe.fifo.poll-reader-before-first-writer")
{
	int r;

	pl_mkfifo("f", 0600);
	r = pl_open("f", O_RDONLY | O_NONBLOCK);
	pl_expect(pl_poll_now(r, POLLIN), is(0), on(PL_POSIX, is(POLLIN)));
	pl_expect(pl_poll_now(r, 0), is(0));
}

/* Ready for reading is who can read without being blocked, be it only the end of file. */
PL_CASE(select_before_first_writer, .verifies = "pipe.fifo.select-before-first-writer")
{
	int r;

	pl_mkfifo("f", 0600);
	r = pl_open("f", O_RDONLY | O_NONBLOCK);
	pl_expect(select_now(r), on(PL_POSIX | PL_LINUX, is(POLLIN)), on(PL_FREEBSD, is(0)));
}

/* The last writer hangs up, and that lasts; what it wrote before makes no difference. */
PL_CASE(poll_pollhup_after_writer_leaves, .verifies = "pipe.fifo.poll-pollhup-after-writer-leaves")
{
	struct pl_pair p = pl_fifo_pair("f");
	int second = pl_open("f", O_WRONLY);

	pl_close(p.w);
	pl_expect(pl_poll_now(p.r, POLLIN), is(0));
	pl_close(second);
	for (int i = 0; i < 2; i++)
		pl_expect(pl_poll_now(p.r, POLLIN), on(PL_LINUX | PL_POSIX, is(POLLHUP)),
		    on(PL_FREEBSD | PL_POSIX, is(POLLIN | POLLHUP)));
	pl_expect(pl_poll_now(p.r, 0), is(POLLHUP));
}

/* The next writer ends the hang-up; the data of the last one is still there. */
PL_CASE(
    poll_pollhup_cleared_by_new_writer, .verifies = "pipe.fifo.poll-pollhup-cleared-by-new-writer")
{
	struct pl_pair p = pl_fifo_pair("f");

	pl_write(p.w, "x", 1);
	pl_close(p.w);
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN | POLLHUP));
	pl_open("f", O_WRONLY);
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
	pl_expect_text(p.r, "x");
	pl_expect(pl_poll_now(p.r, POLLIN), is(0));
}

/*
 * Who comes after a hang-up has not seen one, though to both readers the FIFO
 * is at its end.  POSIX speaks of the FIFO as a whole, so of the old reader only.
 */
PL_CASE(
    poll_new_reader_sees_no_old_hangup, .verifies = "pipe.fifo.poll-new-reader-sees-no-old-hangup")
{
	struct pl_pair p = pl_fifo_pair("f");
	int second, w;
	char b[8];

	pl_close(p.w);
	second = pl_open("f", O_RDONLY | O_NONBLOCK);
	if (pl_asks(PL_FREEBSD | PL_LINUX))
		pl_expect(pl_poll_now(second, POLLIN), is(0));
	pl_expect(pl_poll_now(p.r, POLLIN), on(PL_LINUX | PL_POSIX, is(POLLHUP)),
	    on(PL_FREEBSD | PL_POSIX, is(POLLIN | POLLHUP)));
	pl_expect(sys_read(second, b, sizeof(b)), returns(0));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	/* It does see the next one. */
	w = pl_open("f", O_WRONLY);
	pl_close(w);
	pl_expect(pl_poll_now(second, POLLIN), on(PL_LINUX | PL_POSIX, is(POLLHUP)),
	    on(PL_FREEBSD | PL_POSIX, is(POLLIN | POLLHUP)));
}

/* A writer that nobody reads is in error until somebody does. */
PL_CASE(poll_writer_recovers_with_new_reader,
    .verifies = "pipe.fifo.poll-writer-recovers-with-new-reader")
{
	struct pl_pair p = pl_fifo_pair("f");

	pl_expect(pl_poll_now(p.w, POLLOUT), is(POLLOUT));
	for (int i = 0; i < 2; i++) {
		pl_close(p.r);
		pl_expect(pl_poll_now(p.w, POLLOUT), on(PL_FREEBSD, is(POLLHUP)),
		    on(PL_LINUX | PL_POSIX, is(POLLOUT | POLLERR)), on(PL_POSIX, is(POLLERR)));
		p.r = pl_open("f", O_RDONLY | O_NONBLOCK);
		pl_expect(pl_poll_now(p.w, POLLOUT), is(POLLOUT));
	}
}

/* A poll for input in a peer; the case sees what came of it. */
static struct pollfd *polled;

static struct pl_outcome
poll_for_input(void *unused)
{
	(void)unused;
	return (sys_poll(polled, 1, -1));
}

/* Somebody who could write has not written: the reader sleeps on until there is news. */
PL_CASE(poll_not_woken_by_writer_open, .verifies = "pipe.fifo.poll-not-woken-by-writer-open")
{
	struct pl_peer *peer;
	int w;

	pl_mkfifo("f", 0600);
	polled = pl_shared(sizeof(*polled));
	polled->fd = pl_open("f", O_RDONLY | O_NONBLOCK);
	polled->events = POLLIN;
	peer = pl_child(poll_for_input, NULL, polled->fd);
	pl_expect_blocks(peer);
	w = pl_open("f", O_WRONLY);
	pl_expect_blocks(peer);
	pl_close(w);
	pl_expect(pl_result(peer), returns(1));
	pl_expect(
	    pl_revents(polled), on(PL_LINUX, is(POLLHUP)), on(PL_FREEBSD, is(POLLIN | POLLHUP)));
}

/* One descriptor for both directions is asked for both. */
PL_CASE(poll_rdwr_descriptor, .verifies = "pipe.fifo.poll-rdwr-descriptor")
{
	int fd;

	pl_mkfifo("f", 0600);
	fd = pl_open("f", O_RDWR);
	pl_expect(pl_poll_now(fd, POLLIN | POLLOUT), is(POLLOUT));
	pl_expect(select_now(fd), is(POLLOUT));
	pl_write(fd, "x", 1);
	pl_expect(pl_poll_now(fd, POLLIN | POLLOUT), is(POLLIN | POLLOUT));
	pl_expect(select_now(fd), is(POLLIN | POLLOUT));
	pl_drain(fd);
	pl_fill(fd, 4096);
	pl_expect(pl_poll_now(fd, POLLIN | POLLOUT), is(POLLIN));
	pl_expect(select_now(fd), is(POLLIN));
	pl_drain(fd);
	pl_expect(pl_poll_now(fd, POLLIN | POLLOUT), is(POLLOUT));
	pl_expect(select_now(fd), is(POLLOUT));
}
