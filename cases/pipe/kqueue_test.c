/*
 * kqueue(2) on pipes and FIFOs: when the filters fire, and what their events say.
 */

#include "plumbline.h"

/* Ask for the removal of a name. */
static struct pl_outcome
watch_deletion(int kq, int fd, unsigned flags)
{
	return (sys_event_change(kq,
	    (struct pl_event){
		.fd = fd, .filter = PL_FILTER_VNODE, .flags = flags, .notes = PL_NOTE_DELETE }));
}

/* The writing event waits for the room of one atomic write. */
PL_CASE(write_needs_pipe_buf_room, .verifies = "pipe.kqueue.write-needs-pipe-buf-room",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = pl_watch(p.w, PL_FILTER_WRITE, 0);

	pl_fill(p.w, PIPE_BUF);
	pl_take(p.r, PIPE_BUF - 1);
	pl_expect_no_event(kq);
	pl_take(p.r, 1);
	pl_expect_event_data(kq, p.w, PL_FILTER_WRITE, PIPE_BUF);
	pl_take(p.r, 1);
	pl_expect_event_data(kq, p.w, PL_FILTER_WRITE, PIPE_BUF + 1);
}

/* A hang-up does not hide what is left to read, whenever the filter was added. */
PL_CASE(read_eof_flag_keeps_byte_count, .verifies = "pipe.kqueue.read-eof-flag-keeps-byte-count",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int before = pl_watch(p.r, PL_FILTER_READ, 0), after;

	pl_write(p.w, "abc", 3);
	pl_close(p.w);
	after = pl_watch(p.r, PL_FILTER_READ, 0);
	pl_expect_event_end(before, p.r, PL_FILTER_READ, 3);
	pl_expect_event_end(after, p.r, PL_FILTER_READ, 3);
	pl_drain(p.r);
	pl_expect_event_end(before, p.r, PL_FILTER_READ, 0);
}

/* Nobody will ever read: there is nothing to wait for. */
PL_CASE(adding_write_filter_to_widowed_pipe,
    .verifies = "pipe.kqueue.adding-write-filter-to-widowed-pipe")
{
	int kq = pl_kqueue(), fd[2];

	pl_pipe(fd);
	pl_close(fd[0]);
	pl_expect(sys_event(kq, fd[1], PL_FILTER_WRITE, PL_EV_ADD), fails(EPIPE));
	pl_expect_no_event(kq);
}

/* Reading the end of file changes nothing, so it is no new event. */
PL_CASE(read_at_eof_gives_no_new_edge, .verifies = "pipe.kqueue.read-at-eof-gives-no-new-edge",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = pl_watch(p.r, PL_FILTER_READ, PL_EV_CLEAR);
	char b[8];

	pl_close(p.w);
	pl_expect_event_end(kq, p.r, PL_FILTER_READ, 0);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	pl_expect_no_event(kq);
}

/* A filter that a pipe cannot serve is refused, not accepted and silent. */
PL_CASE(unsupported_filters_give_einval, .verifies = "pipe.kqueue.unsupported-filters-einval")
{
	int kq = pl_kqueue(), fd[2];

	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		pl_expect(watch_deletion(kq, fd[i], PL_EV_ADD), fails(EINVAL));
		pl_expect(sys_event(kq, fd[i], PL_FILTER_EMPTY, PL_EV_ADD), fails(EINVAL));
	}
	pl_expect_no_event(kq);
}

/* A two-way pipe is watched in each direction by itself. */
PL_CASE(read_filter_sees_reverse_data, .verifies = "pipe.kqueue.read-filter-sees-reverse-data")
{
	int fd[2], kq;

	pl_pipe(fd);
	kq = pl_watch(fd[1], PL_FILTER_READ, 0);
	pl_must(sys_event(kq, fd[0], PL_FILTER_READ, PL_EV_ADD));
	pl_write(fd[0], "abc", 3);
	pl_expect_event_data(kq, fd[1], PL_FILTER_READ, 3);
	pl_drain(fd[1]);
	pl_write(fd[1], "ab", 2);
	pl_expect_event_data(kq, fd[0], PL_FILTER_READ, 2);
	pl_drain(fd[0]);
	pl_expect_no_event(kq);
}

/* A new writer takes EV_EOF away; it brings no event, its data do. */
PL_CASE(fifo_eof_is_cleared_by_new_writer, .verifies = "pipe.kqueue.fifo-eof-cleared-by-new-writer")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = pl_watch(p.r, PL_FILTER_READ, 0);

	pl_close(p.w);
	pl_expect_event_end(kq, p.r, PL_FILTER_READ, 0);
	p.w = pl_open("fifo", O_WRONLY);
	pl_expect_no_event(kq);
	pl_write(p.w, "a", 1);
	pl_expect_event_data(kq, p.r, PL_FILTER_READ, 1);
}

/* A new reader takes EV_EOF away and wakes the writer. */
PL_CASE(fifo_write_eof_is_cleared_by_new_reader,
    .verifies = "pipe.kqueue.fifo-write-eof-cleared-by-new-reader")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = pl_watch(p.w, PL_FILTER_WRITE, PL_EV_CLEAR);
	struct pl_event event;

	event = pl_expect_event(kq, p.w, PL_FILTER_WRITE);
	pl_expect(pl_value(event.flags & PL_EV_EOF, &pl_names_event, "EV_EOF of the event"), is(0));
	pl_close(p.r);
	event = pl_expect_event(kq, p.w, PL_FILTER_WRITE);
	pl_expect(pl_value(event.flags & PL_EV_EOF, &pl_names_event, "EV_EOF of the event"),
	    is(PL_EV_EOF));
	pl_expect_no_event(kq);
	p.r = pl_open("fifo", O_RDONLY | O_NONBLOCK);
	event = pl_expect_event(kq, p.w, PL_FILTER_WRITE);
	pl_expect(pl_value(event.flags & PL_EV_EOF, &pl_names_event, "EV_EOF of the event"), is(0));
}

/* An end of file belongs to the reader that was there. */
PL_CASE(fifo_new_reader_sees_no_old_eof, .verifies = "pipe.kqueue.fifo-new-reader-sees-no-old-eof")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int late, kq;

	pl_close(p.w);
	late = pl_open("fifo", O_RDONLY | O_NONBLOCK);
	kq = pl_watch(late, PL_FILTER_READ, 0);
	pl_expect_no_event(kq);
	p.w = pl_open("fifo", O_WRONLY);
	pl_expect_no_event(kq);
	pl_write(p.w, "a", 1);
	pl_expect_event_data(kq, late, PL_FILTER_READ, 1);
}

/* What an end was not opened for never happens to it. */
PL_CASE(fifo_filter_against_access_mode, .verifies = "pipe.kqueue.fifo-filter-against-access-mode")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = pl_kqueue();

	pl_expect(sys_event(kq, p.w, PL_FILTER_READ, PL_EV_ADD), returns(0));
	pl_expect(sys_event(kq, p.r, PL_FILTER_WRITE, PL_EV_ADD), returns(0));
	pl_expect_no_event(kq);
	pl_write(p.w, "a", 1);
	pl_expect_no_event(kq);
	pl_drain(p.r);
	pl_expect_no_event(kq);
}

/* A FIFO is a file with a name too, and its removal an event. */
PL_CASE(fifo_vnode_events, .verifies = "pipe.kqueue.fifo-vnode-events")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = pl_kqueue();
	struct pl_event event;

	if (pl_os_release() < 1400) {
		pl_expect(watch_deletion(kq, p.r, PL_EV_ADD | PL_EV_CLEAR), fails(EINVAL));
		return;
	}
	if (pl_os_release() < 1500)
		pl_not_applicable("some releases 14 have vnode events of FIFOs, others not");
	pl_expect(watch_deletion(kq, p.r, PL_EV_ADD | PL_EV_CLEAR), returns(0));
	pl_expect_no_event(kq);
	pl_unlink("fifo");
	event = pl_expect_event(kq, p.r, PL_FILTER_VNODE);
	pl_expect(pl_value(event.notes == PL_NOTE_DELETE, NULL, "NOTE_DELETE of the event"), is(1));
}
