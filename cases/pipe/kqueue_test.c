/*
 * kqueue(2) on pipes and FIFOs: when the filters fire, and what their events say.
 *
 * Events of pipes are there as soon as the call that causes them returns, so
 * each is asked for without waiting.
 */

#include "plumbline.h"
#include "sequence/names.h"

static const struct pl_name flag[] = { { PL_EV_ADD, "EV_ADD" }, { PL_EV_DELETE, "EV_DELETE" },
	{ PL_EV_CLEAR, "EV_CLEAR" }, { PL_EV_ONESHOT, "EV_ONESHOT" }, { PL_EV_EOF, "EV_EOF" },
	{ 0, NULL } };
static const struct pl_names flag_names = { .table = flag, .bits = 1, .zero = "0" };

static const char *const filter_names[] = { [PL_FILTER_READ] = "EVFILT_READ",
	[PL_FILTER_WRITE] = "EVFILT_WRITE",
	[PL_FILTER_VNODE] = "EVFILT_VNODE",
	[PL_FILTER_EMPTY] = "EVFILT_EMPTY" };

/* A new queue; the case ends where there is none. */
static int
new_queue(void)
{
	int kq;

	pl_trace_begin(-1, "kqueue()");
	kq = pl_os_kqueue();
	if (kq == -1 && errno == ENOSYS)
		pl_not_tested("this kernel has no kqueue");
	pl_must(pl_trace_end(kq));
	pl_name_slot(kq, 'k');
	return (kq);
}

static struct pl_outcome
sys_kevent_set(int kq, int fd, enum pl_filter filter, unsigned flags, unsigned notes)
{
	char text[64];

	return (pl_sys(pl_os_kevent_set(kq, fd, filter, flags, notes), "kevent(%s, {%s %s %s%s})",
	    pl_slot(kq), pl_slot(fd), filter_names[filter],
	    pl_name(text, sizeof(text), &flag_names, flags),
	    notes & PL_NOTE_DELETE ? " NOTE_DELETE" : ""));
}

/* A queue that watches one descriptor with one filter. */
static int
watch(int fd, enum pl_filter filter, unsigned flags)
{
	int kq = new_queue();

	pl_must(sys_kevent_set(kq, fd, filter, PL_EV_ADD | flags, 0));
	return (kq);
}

/* Take the next event, judged: there is none. */
static void
expect_none(int kq)
{
	struct pl_event event;

	pl_expect(pl_sys(pl_os_kevent_get(kq, &event, 0), "kevent(%s, 1 event)", pl_slot(kq)),
	    returns(0));
}

/* Take the next event, judged: there is one, for that descriptor and filter. */
static struct pl_event
expect_event(int kq, int fd, enum pl_filter filter)
{
	struct pl_event event = { .fd = -1 };

	pl_expect(pl_sys(pl_os_kevent_get(kq, &event, 0), "kevent(%s, 1 event)", pl_slot(kq)),
	    returns(1));
	pl_expect(pl_value(event.fd, NULL, "ident of the event"), is(fd));
	pl_expect_that(
	    event.filter == filter, filter_names[filter], "%s", filter_names[event.filter]);
	return (event);
}

/* The same, with these bytes in data, and EV_EOF or not. */
static void
expect_data(int kq, int fd, enum pl_filter filter, long data, bool eof)
{
	struct pl_event event = expect_event(kq, fd, filter);

	pl_expect(pl_value(event.data, NULL, "data of the event"), is(data));
	pl_expect(pl_value(event.flags & PL_EV_EOF, &flag_names, "EV_EOF of the event"),
	    is(eof ? PL_EV_EOF : 0));
}

/* The reading event tells all that waits, not the last portion. */
PL_CASE(
    read_reports_byte_count, .verifies = "pipe.kqueue.read-reports-byte-count", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.r, PL_FILTER_READ, 0);

	expect_none(kq);
	pl_write(p.w, "abcde", 5);
	expect_data(kq, p.r, PL_FILTER_READ, 5, false);
	pl_write(p.w, "fg", 2);
	expect_data(kq, p.r, PL_FILTER_READ, 7, false);
	pl_take(p.r, 3);
	expect_data(kq, p.r, PL_FILTER_READ, 4, false);
	pl_drain(p.r);
	expect_none(kq);
}

/* The writing event tells what still fits, and is silent when nothing does. */
PL_CASE(write_reports_room, .verifies = "pipe.kqueue.write-reports-room", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.w, PL_FILTER_WRITE, 0);

	expect_data(kq, p.w, PL_FILTER_WRITE, 16384, false);
	pl_write(p.w, "abcde", 5);
	expect_data(kq, p.w, PL_FILTER_WRITE, 16384 - 5, false);
	pl_fill(p.w, PIPE_BUF);
	expect_none(kq);
}

/* The writing event waits for the room of one atomic write. */
PL_CASE(write_needs_pipe_buf_room, .verifies = "pipe.kqueue.write-needs-pipe-buf-room",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.w, PL_FILTER_WRITE, 0);

	pl_fill(p.w, PIPE_BUF);
	pl_take(p.r, PIPE_BUF - 1);
	expect_none(kq);
	pl_take(p.r, 1);
	expect_data(kq, p.w, PL_FILTER_WRITE, PIPE_BUF, false);
	pl_take(p.r, 1);
	expect_data(kq, p.w, PL_FILTER_WRITE, PIPE_BUF + 1, false);
}

/* A hang-up does not hide what is left to read, whenever the filter was added. */
PL_CASE(read_eof_flag_keeps_byte_count, .verifies = "pipe.kqueue.read-eof-flag-keeps-byte-count",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int before = watch(p.r, PL_FILTER_READ, 0), after;

	pl_write(p.w, "abc", 3);
	pl_close(p.w);
	after = watch(p.r, PL_FILTER_READ, 0);
	expect_data(before, p.r, PL_FILTER_READ, 3, true);
	expect_data(after, p.r, PL_FILTER_READ, 3, true);
	pl_drain(p.r);
	expect_data(before, p.r, PL_FILTER_READ, 0, true);
}

/* A writer is told that its reader has gone, and the room stays what it was. */
PL_CASE(write_eof_flag_when_reader_closes,
    .verifies = "pipe.kqueue.write-eof-flag-when-reader-closes", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.w, PL_FILTER_WRITE, PL_EV_CLEAR);

	pl_write(p.w, "abc", 3);
	expect_data(kq, p.w, PL_FILTER_WRITE, 16384 - 3, false);
	expect_none(kq);
	pl_close(p.r);
	expect_data(kq, p.w, PL_FILTER_WRITE, 16384 - 3, true);
}

/* Nobody will ever read: there is nothing to wait for. */
PL_CASE(adding_write_filter_to_widowed_pipe,
    .verifies = "pipe.kqueue.adding-write-filter-to-widowed-pipe")
{
	int kq = new_queue(), fd[2];

	pl_pipe(fd);
	pl_close(fd[0]);
	pl_expect(sys_kevent_set(kq, fd[1], PL_FILTER_WRITE, PL_EV_ADD, 0), fails(EPIPE));
	expect_none(kq);
}

/* With EV_CLEAR a change is told once, and the next change again. */
PL_CASE(clear_fires_once_per_change, .verifies = "pipe.kqueue.clear-fires-once-per-change",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.r, PL_FILTER_READ, PL_EV_CLEAR);

	pl_write(p.w, "a", 1);
	expect_data(kq, p.r, PL_FILTER_READ, 1, false);
	expect_none(kq);
	pl_write(p.w, "b", 1);
	expect_data(kq, p.r, PL_FILTER_READ, 2, false);
	expect_none(kq);
}

/* Reading the end of file changes nothing, so it is no new event. */
PL_CASE(read_at_eof_gives_no_new_edge, .verifies = "pipe.kqueue.read-at-eof-gives-no-new-edge",
    .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.r, PL_FILTER_READ, PL_EV_CLEAR);
	char b[8];

	pl_close(p.w);
	expect_data(kq, p.r, PL_FILTER_READ, 0, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
	expect_none(kq);
}

/* A filter that a pipe cannot serve is refused, not accepted and silent. */
PL_CASE(unsupported_filters_give_einval, .verifies = "pipe.kqueue.unsupported-filters-einval")
{
	int kq = new_queue(), fd[2];

	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_kevent_set(kq, fd[i], PL_FILTER_VNODE, PL_EV_ADD, PL_NOTE_DELETE),
		    fails(EINVAL));
		pl_expect(sys_kevent_set(kq, fd[i], PL_FILTER_EMPTY, PL_EV_ADD, 0), fails(EINVAL));
	}
	expect_none(kq);
}

/* An event that waits to be taken goes with its descriptor. */
PL_CASE(
    close_removes_the_event, .verifies = "pipe.kqueue.close-removes-the-event", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.r, PL_FILTER_READ, 0);

	pl_write(p.w, "a", 1);
	expect_data(kq, p.r, PL_FILTER_READ, 1, false);
	pl_close(p.r);
	expect_none(kq);
}

/* EV_ONESHOT is used up by its first event, whatever comes later. */
PL_CASE(oneshot_fires_once, .verifies = "pipe.kqueue.oneshot-fires-once", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = watch(p.r, PL_FILTER_READ, PL_EV_ONESHOT);

	expect_none(kq);
	pl_write(p.w, "a", 1);
	expect_data(kq, p.r, PL_FILTER_READ, 1, false);
	expect_none(kq);
	pl_write(p.w, "b", 1);
	expect_none(kq);
}

/* A two-way pipe is watched in each direction by itself. */
PL_CASE(read_filter_sees_reverse_data, .verifies = "pipe.kqueue.read-filter-sees-reverse-data")
{
	int fd[2], kq;

	pl_pipe(fd);
	kq = watch(fd[1], PL_FILTER_READ, 0);
	pl_must(sys_kevent_set(kq, fd[0], PL_FILTER_READ, PL_EV_ADD, 0));
	pl_write(fd[0], "abc", 3);
	expect_data(kq, fd[1], PL_FILTER_READ, 3, false);
	pl_drain(fd[1]);
	pl_write(fd[1], "ab", 2);
	expect_data(kq, fd[0], PL_FILTER_READ, 2, false);
	pl_drain(fd[0]);
	expect_none(kq);
}

/* A new writer takes EV_EOF away; it brings no event, its data do. */
PL_CASE(fifo_eof_is_cleared_by_new_writer, .verifies = "pipe.kqueue.fifo-eof-cleared-by-new-writer")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = watch(p.r, PL_FILTER_READ, 0);

	pl_close(p.w);
	expect_data(kq, p.r, PL_FILTER_READ, 0, true);
	p.w = pl_open("fifo", O_WRONLY);
	expect_none(kq);
	pl_write(p.w, "a", 1);
	expect_data(kq, p.r, PL_FILTER_READ, 1, false);
}

/* A new reader takes EV_EOF away and wakes the writer. */
PL_CASE(fifo_write_eof_is_cleared_by_new_reader,
    .verifies = "pipe.kqueue.fifo-write-eof-cleared-by-new-reader")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = watch(p.w, PL_FILTER_WRITE, PL_EV_CLEAR);
	struct pl_event event;

	event = expect_event(kq, p.w, PL_FILTER_WRITE);
	pl_expect(pl_value(event.flags & PL_EV_EOF, &flag_names, "EV_EOF of the event"), is(0));
	pl_close(p.r);
	event = expect_event(kq, p.w, PL_FILTER_WRITE);
	pl_expect(
	    pl_value(event.flags & PL_EV_EOF, &flag_names, "EV_EOF of the event"), is(PL_EV_EOF));
	expect_none(kq);
	p.r = pl_open("fifo", O_RDONLY | O_NONBLOCK);
	event = expect_event(kq, p.w, PL_FILTER_WRITE);
	pl_expect(pl_value(event.flags & PL_EV_EOF, &flag_names, "EV_EOF of the event"), is(0));
}

/* An end of file belongs to the reader that was there. */
PL_CASE(fifo_new_reader_sees_no_old_eof, .verifies = "pipe.kqueue.fifo-new-reader-sees-no-old-eof")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int late, kq;

	pl_close(p.w);
	late = pl_open("fifo", O_RDONLY | O_NONBLOCK);
	kq = watch(late, PL_FILTER_READ, 0);
	expect_none(kq);
	p.w = pl_open("fifo", O_WRONLY);
	expect_none(kq);
	pl_write(p.w, "a", 1);
	expect_data(kq, late, PL_FILTER_READ, 1, false);
}

/* What an end was not opened for never happens to it. */
PL_CASE(fifo_filter_against_access_mode, .verifies = "pipe.kqueue.fifo-filter-against-access-mode")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = new_queue();

	pl_expect(sys_kevent_set(kq, p.w, PL_FILTER_READ, PL_EV_ADD, 0), returns(0));
	pl_expect(sys_kevent_set(kq, p.r, PL_FILTER_WRITE, PL_EV_ADD, 0), returns(0));
	expect_none(kq);
	pl_write(p.w, "a", 1);
	expect_none(kq);
	pl_drain(p.r);
	expect_none(kq);
}

/* A FIFO is a file with a name too, and its removal an event. */
PL_CASE(fifo_vnode_events, .verifies = "pipe.kqueue.fifo-vnode-events")
{
	struct pl_pair p = pl_fifo_pair("fifo");
	int kq = new_queue();
	struct pl_event event;

	if (pl_os_release() < 1400) {
		pl_expect(sys_kevent_set(
			      kq, p.r, PL_FILTER_VNODE, PL_EV_ADD | PL_EV_CLEAR, PL_NOTE_DELETE),
		    fails(EINVAL));
		return;
	}
	if (pl_os_release() < 1500)
		pl_not_applicable("some releases 14 have vnode events of FIFOs, others not");
	pl_expect(sys_kevent_set(kq, p.r, PL_FILTER_VNODE, PL_EV_ADD | PL_EV_CLEAR, PL_NOTE_DELETE),
	    returns(0));
	expect_none(kq);
	pl_unlink("fifo");
	event = expect_event(kq, p.r, PL_FILTER_VNODE);
	pl_expect(pl_value(event.notes == PL_NOTE_DELETE, NULL, "NOTE_DELETE of the event"), is(1));
}
