/*
 * kqueue(2) itself: which events a queue holds, how often it gives them, and what
 * it refuses.
 */

#include "plumbline.h"

#include <time.h>

#define READ PL_FILTER_READ
#define WRITE PL_FILTER_WRITE

static const struct timespec now = { 0, 0 }, an_hour = { 3600, 0 };

/* Set-up: a pair and a queue that watches its reader. */
static struct pl_pair
watched_pair(int *kq, unsigned flags)
{
	struct pl_pair p = pl_pair();

	*kq = pl_watch(p.r, READ, flags);
	return (p);
}

/* The same of a pipe. */
static struct pl_pair
watched_pipe(int *kq, unsigned flags)
{
	struct pl_pair p;
	int fd[2];

	pl_pipe(fd);
	p = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	*kq = pl_watch(p.r, READ, flags);
	return (p);
}

static void
take_all(int fd, size_t size)
{
	char b[16];

	/* Messages come one at a time. */
	while (size > 0)
		size -= (size_t)pl_must(sys_read(fd, b, sizeof(b)));
}

/* As long as data wait there is an event, and not once longer. */
PL_CASE(events_are_level_triggered, .verifies = "io.kqueue.level-triggered-by-default",
    .kinds = PL_EVERY)
{
	int kq;
	struct pl_pair p = watched_pair(&kq, 0);

	pl_expect_no_event(kq);
	pl_write(p.w, "abc", 3);
	for (int i = 0; i < 3; i++)
		pl_expect_event_data(kq, p.r, READ, 3);
	take_all(p.r, 3);
	pl_expect_no_event(kq);
}

/* Each arrival is told once, and the event counts what is left of the former ones. */
PL_CASE(ev_clear_reports_new_activity, .verifies = "io.kqueue.ev-clear-reports-only-new-activity",
    .kinds = PL_EVERY)
{
	int kq;
	struct pl_pair p = watched_pair(&kq, PL_EV_CLEAR);

	pl_expect_no_event(kq);
	pl_write(p.w, "abc", 3);
	pl_expect_event_data(kq, p.r, READ, 3);
	pl_expect_no_event(kq);
	pl_write(p.w, "de", 2);
	pl_expect_event_data(kq, p.r, READ, 5);
	pl_expect_no_event(kq);
	take_all(p.r, 5);
	pl_expect_no_event(kq);
	if (pl_kind_has(PL_INET))
		return; /* may arrive one before the other */
	/* Of two arrivals one event is made. */
	pl_write(p.w, "fg", 2);
	pl_write(p.w, "h", 1);
	pl_expect_event_data(kq, p.r, READ, 3);
	pl_expect_no_event(kq);
}

/* Given and gone, not merely hidden: there is nothing left to delete. */
PL_CASE(ev_oneshot_deletes, .verifies = "io.kqueue.ev-oneshot-deletes-after-delivery",
    .kinds = PL_EVERY)
{
	int kq;
	struct pl_pair p = watched_pair(&kq, PL_EV_ONESHOT);

	pl_expect_no_event(kq);
	pl_write(p.w, "abc", 3);
	pl_expect_event_data(kq, p.r, READ, 3);
	pl_expect_no_event(kq);
	pl_expect(sys_event(kq, p.r, READ, PL_EV_ENABLE), fails(ENOENT));
	pl_expect(sys_event(kq, p.r, READ, PL_EV_DELETE), fails(ENOENT));
	pl_expect_no_event(kq);
	pl_expect(sys_event(kq, p.r, READ, PL_EV_ADD), returns(0));
	pl_expect_event_data(kq, p.r, READ, 3);
}

/* Given and hidden, whatever comes, until it is asked for again. */
PL_CASE(ev_dispatch_disables, .verifies = "io.kqueue.ev-dispatch-disables-until-enabled")
{
	int kq;
	struct pl_pair p = watched_pipe(&kq, PL_EV_DISPATCH);

	pl_expect_no_event(kq);
	pl_write(p.w, "a", 1);
	for (int i = 0; i < 2; i++) {
		pl_expect_event_data(kq, p.r, READ, i + 1);
		pl_expect_no_event(kq);
		pl_write(p.w, "b", 1);
		pl_expect_no_event(kq);
		pl_expect(sys_event(kq, p.r, READ, PL_EV_ENABLE), returns(0));
	}
	take_all(p.r, 3);
	pl_expect_no_event(kq);
	pl_expect(sys_event(kq, p.r, READ, PL_EV_DELETE), returns(0));
}

/* A disabled event is kept, and so is what happened meanwhile. */
PL_CASE(disabled_event_is_held,
    .verifies = "io.kqueue.disabled-event-is-held-and-delivered-on-enable", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	int kq = pl_kqueue();

	pl_expect(sys_event(kq, p.r, READ, PL_EV_ADD | PL_EV_DISABLE), returns(0));
	pl_write(p.w, "abc", 3);
	pl_expect_no_event(kq);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_event(kq, p.r, READ, PL_EV_ENABLE), returns(0));
		pl_expect_event_data(kq, p.r, READ, 3);
		pl_expect(sys_event(kq, p.r, READ, PL_EV_DISABLE), returns(0));
		pl_expect_no_event(kq);
	}
	/* Adding it again enables it. */
	pl_expect(sys_event(kq, p.r, READ, PL_EV_ADD), returns(0));
	pl_expect_event_data(kq, p.r, READ, 3);
}

/* Only what is there can be changed: this descriptor with this filter. */
PL_CASE(unknown_events_cannot_be_changed, .verifies = "io.kqueue.unknown-event-change-fails-enoent")
{
	static const unsigned changes[] = { PL_EV_DELETE, PL_EV_ENABLE, PL_EV_DISABLE };
	int fd[2], kq;

	pl_socketpair(AF_UNIX, SOCK_STREAM, fd);
	kq = pl_watch(fd[0], READ, 0);
	pl_write(fd[1], "abc", 3);
	for (int i = 0; i < 3; i++) {
		pl_expect(sys_event(kq, fd[0], WRITE, changes[i]), fails(ENOENT));
		pl_expect(sys_event(kq, fd[1], READ, changes[i]), fails(ENOENT));
	}
	pl_expect_event_data(kq, fd[0], READ, 3);
	pl_expect(sys_event(kq, fd[0], READ, PL_EV_DELETE), returns(0));
	pl_expect_no_event(kq);
	pl_expect(sys_event(kq, fd[0], READ, PL_EV_DELETE), fails(ENOENT));
}

/* In its place in the list if there is room for it, else for the whole call. */
PL_CASE(errors_of_changes, .verifies = "io.kqueue.change-error-in-event-list-or-errno")
{
	struct pl_event changes[2], events[4];
	int fd[2], kq = pl_kqueue(), closed;

	pl_pipe(fd);
	pl_write(fd[1], "abc", 3);
	closed = pl_lowest_free();
	for (int i = 0; i < 2; i++)
		changes[i] = (struct pl_event){
			.fd = i == 0 ? closed : fd[0], .filter = READ, .flags = PL_EV_ADD
		};
	pl_expect(sys_kevent(kq, changes, 1, NULL, 0, NULL), fails(EBADF));
	pl_expect(sys_kevent(kq, changes, 2, events, 4, &now), returns(1));
	pl_expect(pl_value(events[0].fd, NULL, "ident"), is(closed));
	pl_expect(pl_value(events[0].flags, &pl_names_event, "flags"), is(PL_EV_ERROR));
	pl_expect(pl_value(events[0].data, &pl_names_errno, "data"), is(EBADF));
	/* The one behind it counts. */
	pl_expect_event_data(kq, fd[0], READ, 3);
}

/* The number counts, not what it stood for: a duplicate does not keep the event. */
PL_CASE(closing_removes_events, .verifies = "io.kqueue.closing-the-descriptor-removes-its-events",
    .kinds = PL_EVERY)
{
	int kq, copy, number;
	struct pl_pair p = watched_pair(&kq, 0);

	pl_write(p.w, "abc", 3);
	pl_expect_event_data(kq, p.r, READ, 3);
	copy = pl_dup(p.r);
	number = p.r;
	pl_close(p.r);
	pl_expect_no_event(kq);
	/* Another descriptor of that number has no event. */
	pl_must(sys_dup2(copy, number));
	pl_expect_no_event(kq);
	pl_expect(sys_event(kq, number, READ, PL_EV_DELETE), fails(ENOENT));
	pl_expect(sys_event(kq, copy, READ, PL_EV_ADD), returns(0));
	pl_expect_event_data(kq, copy, READ, 3);
}

/* The queue asks again before it gives an event. */
PL_CASE(gone_conditions_are_not_returned,
    .verifies = "io.kqueue.condition-gone-before-retrieval-is-not-returned", .kinds = PL_EVERY)
{
	int kq;
	struct pl_pair p = watched_pair(&kq, 0);

	for (int i = 0; i < 2; i++) {
		pl_write(p.w, "abc", 3);
		take_all(p.r, 3);
		pl_expect_no_event(kq);
	}
	pl_write(p.w, "de", 2);
	pl_expect_event_data(kq, p.r, READ, 2);
}

/* Without room for events nothing is waited for and nothing taken; a time limit is waited out. */
PL_CASE(room_and_time_limits, .verifies = "io.kqueue.zero-nevents-returns-at-once-and-timeouts")
{
	const struct timespec while_ = { 0, 30000000 };
	struct pl_event event;
	int kq;
	struct pl_pair p = watched_pipe(&kq, 0);
	double start;

	pl_expect(sys_kevent(kq, NULL, 0, NULL, 0, &an_hour), returns(0));
	pl_expect(sys_kevent(kq, NULL, 0, NULL, 0, NULL), returns(0));
	start = pl_milliseconds();
	pl_expect(sys_kevent(kq, NULL, 0, &event, 1, &while_), returns(0));
	pl_expect_that(pl_milliseconds() - start >= 30, "30 ms at least", "%.1f ms",
	    pl_milliseconds() - start);
	pl_write(p.w, "abc", 3);
	pl_expect(sys_kevent(kq, NULL, 0, NULL, 0, &an_hour), returns(0));
	pl_expect(sys_kevent(kq, NULL, 0, &event, 1, &an_hour), returns(1));
	pl_expect(pl_value(event.data, NULL, "data"), is(3));
}

/* A child, which has no queue of its parent: wait for ever, and add an event in the same call. */
static struct pl_outcome
wait_for_event(void *reader)
{
	const struct pl_event change = { .fd = *(int *)reader, .filter = READ, .flags = PL_EV_ADD };
	struct pl_event event;
	int kq = pl_kqueue();
	struct pl_outcome o = sys_kevent(kq, &change, 1, &event, 1, NULL);

	/* The change was made before. */
	pl_expect(sys_event(kq, change.fd, READ, PL_EV_DELETE), returns(0));
	return (o);
}

/* It is never begun anew: only the program knows how much time is left. */
PL_CASE(wait_ends_with_a_signal, .verifies = "io.kqueue.wait-fails-eintr-even-with-restart")
{
	static const int flags[] = { 0, SA_RESTART };
	int fd[2];

	pl_close(pl_kqueue());
	pl_pipe(fd);
	for (int i = 0; i < 2; i++) {
		struct pl_peer *waiter;

		pl_catch(SIGUSR1, flags[i]);
		waiter = pl_child(wait_for_event, &fd[0], fd[0]);
		pl_wait_blocked(waiter);
		pl_kill(waiter, SIGUSR1);
		pl_expect(pl_result(waiter), fails(EINTR));
	}
}

/* Each of them is refused, and the queue stays as it is. */
PL_CASE(bad_arguments, .verifies = "io.kqueue.bad-arguments")
{
	static const struct timespec bad[] = { { -1, 0 }, { 0, -1 }, { 0, 1000000000 } };
	struct pl_event event;
	int kq, closed;
	struct pl_pair p = watched_pipe(&kq, 0);

	pl_write(p.w, "abc", 3);
	closed = pl_lowest_free();
	pl_expect(sys_event(kq, p.r, PL_FILTER_UNKNOWN, PL_EV_ADD), fails(EINVAL));
	pl_expect(sys_event(kq, closed, READ, PL_EV_ADD), fails(EBADF));
	pl_expect(sys_event(closed, p.r, READ, PL_EV_ADD), fails(EBADF));
	pl_expect(sys_event(-1, p.r, READ, PL_EV_ADD), fails(EBADF));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		pl_expect(sys_kevent(kq, NULL, 0, &event, 1, &bad[i]), fails(EINVAL));
	pl_expect(sys_kevent(kq, NULL, 0, &event, -1, &now), fails(EINVAL));
	pl_expect(sys_kevent(kq, NULL, -1, &event, 1, &now), fails(EINVAL));
	pl_expect(sys_event(kq, kq, READ, PL_EV_ADD), fails(EINVAL));
	pl_expect(sys_event(kq, p.r, READ, PL_EV_ENABLE | PL_EV_DISABLE), fails(EINVAL));
	pl_expect(pl_sys(pl_os_kevent_in_memory(kq, pl_guarded(0), NULL),
		      "kevent(%s, forbidden memory, 0 events)", pl_slot(kq)),
	    fails(EFAULT));
	pl_expect(pl_sys(pl_os_kevent_in_memory(kq, NULL, pl_guarded(0)),
		      "kevent(%s, -, 1 event in forbidden memory)", pl_slot(kq)),
	    fails(EFAULT));
	pl_expect_event_data(kq, p.r, READ, 3);
}

/* Neither a pipe nor a socket has events to give, and what waits there stays. */
PL_CASE(
    other_descriptors_are_no_queues, .verifies = "io.kqueue.other-descriptor-as-queue-fails-ebadf")
{
	struct pl_event event;
	int fd[2];

	pl_close(pl_kqueue());
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			pl_pipe(fd);
		else
			pl_socketpair(AF_UNIX, SOCK_STREAM, fd);
		pl_write(fd[1], "abc", 3);
		pl_expect(sys_event(fd[1], fd[0], READ, PL_EV_ADD), fails(EBADF));
		pl_expect(sys_kevent(fd[0], NULL, 0, &event, 1, &now), fails(EBADF));
		pl_expect_text(fd[0], "abc");
	}
}

static struct pl_outcome
expect_no_queue(void *queue)
{
	int kq = *(int *)queue;
	struct pl_event event;

	pl_expect(sys_fcntl(kq, F_GETFD, 0), fails(EBADF));
	pl_expect(sys_kevent(kq, NULL, 0, &event, 1, &now), fails(EBADF));
	return (pl_done());
}

/* The child has everything but the queue, and the parent's stays as it is. */
PL_CASE(not_inherited, .verifies = "io.kqueue.not-inherited-by-fork")
{
	int kq;
	struct pl_pair p = watched_pipe(&kq, 0);

	pl_write(p.w, "abc", 3);
	pl_must(pl_result(pl_child(expect_no_queue, &kq, PL_KEEP_ALL)));
	pl_expect_event_data(kq, p.r, READ, 3);
}

/* One for each pair of descriptor and filter: added again, it is changed. */
PL_CASE(adding_again_modifies, .verifies = "io.kqueue.adding-again-modifies-one-event")
{
	struct pl_event change, events[4];
	int fd[2], kq;

	pl_socketpair(AF_UNIX, SOCK_STREAM, fd);
	kq = pl_watch(fd[0], READ, 0);
	pl_write(fd[1], "abcde", 5);
	change = (struct pl_event){ fd[0], READ, PL_EV_ADD, PL_NOTE_LOWAT, .data = 6 };
	pl_expect(sys_event_change(kq, change), returns(0));
	pl_expect_no_event(kq);
	change.data = 5;
	pl_expect(sys_event_change(kq, change), returns(0));
	pl_expect(sys_kevent(kq, NULL, 0, events, 4, &now), returns(1));
	pl_expect(sys_event(kq, fd[0], WRITE, PL_EV_ADD), returns(0));
	pl_expect(sys_kevent(kq, NULL, 0, events, 4, &now), returns(2));
	pl_expect_that(
	    events[0].fd == fd[0] && events[1].fd == fd[0] && events[0].filter != events[1].filter,
	    "one event of each filter", "twice the same");
	/* Each goes by itself. */
	pl_expect(sys_event(kq, fd[0], READ, PL_EV_DELETE), returns(0));
	pl_expect_event(kq, fd[0], WRITE);
}

/* A receipt for the change and nothing else: events stay, those too that are given once only. */
PL_CASE(ev_receipt, .verifies = "io.kqueue.ev-receipt-returns-ev-error-zero")
{
	struct pl_event change, events[4];
	int kq;
	struct pl_pair p = watched_pipe(&kq, PL_EV_CLEAR), q;
	int fd[2];

	pl_pipe(fd);
	q = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	pl_write(p.w, "abc", 3);
	change = (struct pl_event){ .fd = q.r, .filter = READ, .flags = PL_EV_ADD | PL_EV_RECEIPT };
	pl_expect(sys_kevent(kq, &change, 1, events, 4, &now), returns(1));
	pl_expect(pl_value(events[0].fd, NULL, "ident"), is(q.r));
	pl_expect(pl_value(events[0].flags, &pl_names_event, "flags"), is(PL_EV_ERROR));
	pl_expect(pl_value(events[0].data, NULL, "data"), is(0));
	pl_expect_event_data(kq, p.r, READ, 3);
	pl_close(p.w);
	pl_close(p.r);
	/* And the change was made. */
	pl_write(q.w, "de", 2);
	pl_expect_event_data(kq, q.r, READ, 2);
}

static struct pl_outcome
delete_in_child(void *argument)
{
	const int *numbers = argument;

	pl_expect_event_data(numbers[0], numbers[1], READ, 3);
	pl_expect(sys_event(numbers[0], numbers[1], READ, PL_EV_DELETE), returns(0));
	pl_expect_no_event(numbers[0]);
	return (pl_done());
}

/* A flag that came with a later release. */
static unsigned
later(int flag, const char *name)
{
	if (flag == PL_ABSENT && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("%s came with a later FreeBSD", name);
	if (flag == PL_ABSENT)
		pl_not_tested("this kernel has no %s", name);
	return ((unsigned)flag);
}

/* A queue of the child's own, of the same number, with the same events. */
PL_CASE(copied_on_fork, .verifies = "io.kqueue.cponfork-copies-queue-into-child")
{
	unsigned flag = later(pl_os.kqueue_cponfork, "KQUEUE_CPONFORK");
	int fd[2], kq, numbers[2];

	pl_trace_begin(-1, "kqueuex(KQUEUE_CPONFORK)");
	kq = pl_os_kqueuex(flag);
	pl_expect(pl_trace_end_making(kq, &kq, 1, 'k'), opens());
	pl_pipe(fd);
	pl_must(sys_event(kq, fd[0], READ, PL_EV_ADD));
	pl_write(fd[1], "abc", 3);
	numbers[0] = kq;
	numbers[1] = fd[0];
	pl_must(pl_result(pl_child(delete_in_child, numbers, PL_KEEP_ALL)));
	pl_expect_event_data(kq, fd[0], READ, 3);
}

/* Of all its bits, what the program gave. */
PL_CASE(udata_comes_back, .verifies = "io.kqueue.udata-comes-back-and-keepudata-preserves-it")
{
	const uintptr_t first = (uintptr_t)0xfedcba9876543210, second = ~first;
	struct pl_event change, event;
	int fd[2], kq = pl_kqueue();

	pl_pipe(fd);
	pl_write(fd[1], "abc", 3);
	change = (struct pl_event){ fd[0], READ, PL_EV_ADD, .tag = first };
	pl_expect(sys_event_change(kq, change), returns(0));
	event = pl_expect_event(kq, fd[0], READ);
	pl_expect_that(
	    event.tag == first, "the udata that was added", "%#jx", (uintmax_t)event.tag);
	change.tag = second;
	pl_expect(sys_event_change(kq, change), returns(0));
	event = pl_expect_event(kq, fd[0], READ);
	pl_expect_that(event.tag == second, "the new udata", "%#jx", (uintmax_t)event.tag);
	/* The flag is younger than udata. */
	if (pl_os.ev_keepudata == PL_ABSENT)
		return;
	change = (struct pl_event){ fd[0], READ, PL_EV_ENABLE | PL_EV_KEEPUDATA, .tag = first };
	pl_expect(sys_event_change(kq, change), returns(0));
	event = pl_expect_event(kq, fd[0], READ);
	pl_expect_that(event.tag == second, "the old udata", "%#jx", (uintmax_t)event.tag);
	change.flags = PL_EV_ADD | PL_EV_KEEPUDATA;
	pl_expect(sys_event_change(kq, change), fails(EINVAL));
	event = pl_expect_event(kq, fd[0], READ);
	pl_expect_that(event.tag == second, "the old udata", "%#jx", (uintmax_t)event.tag);
}

/* Close-on-exec from the start, for who asks for it. */
PL_CASE(creation_flags, .verifies = "io.kqueue.creation-flags")
{
	int kq = pl_kqueue();
	unsigned flag = later(pl_os.kqueue_cloexec, "kqueuex()");

	pl_expect(pl_descriptor_flags(kq), is(0));
	pl_trace_begin(-1, "kqueuex(0)");
	kq = pl_os_kqueuex(0);
	pl_expect(pl_trace_end_making(kq, &kq, 1, 'k'), opens());
	pl_expect(pl_descriptor_flags(kq), is(0));
	pl_trace_begin(-1, "kqueuex(KQUEUE_CLOEXEC)");
	kq = pl_os_kqueuex(flag);
	pl_expect(pl_trace_end_making(kq, &kq, 1, 'k'), opens());
	pl_expect(pl_descriptor_flags(kq), is(FD_CLOEXEC));
	pl_trace_begin(-1, "kqueue1(O_CLOEXEC)");
	kq = pl_os_kqueue1(O_CLOEXEC);
	pl_expect(pl_trace_end_making(kq, &kq, 1, 'k'), opens());
	pl_expect(pl_descriptor_flags(kq), is(FD_CLOEXEC));
	pl_trace_begin(-1, "kqueuex(an unknown flag)");
	pl_expect(pl_trace_end(pl_os_kqueuex(1u << 31)), fails(EINVAL));
}
