#include "queue.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "case.h"
#include "expect.h"
#include "trace.h"

static const struct pl_name flags[] = { { PL_EV_ADD, "EV_ADD" }, { PL_EV_DELETE, "EV_DELETE" },
	{ PL_EV_CLEAR, "EV_CLEAR" }, { PL_EV_ONESHOT, "EV_ONESHOT" }, { PL_EV_EOF, "EV_EOF" },
	{ PL_EV_ENABLE, "EV_ENABLE" }, { PL_EV_DISABLE, "EV_DISABLE" },
	{ PL_EV_DISPATCH, "EV_DISPATCH" }, { PL_EV_RECEIPT, "EV_RECEIPT" },
	{ PL_EV_ERROR, "EV_ERROR" }, { PL_EV_KEEPUDATA, "EV_KEEPUDATA" }, { 0, NULL } };
const struct pl_names pl_names_event = { .table = flags, .bits = 1, .zero = "0" };

static const struct pl_name filters[] = { { PL_FILTER_READ, "EVFILT_READ" },
	{ PL_FILTER_WRITE, "EVFILT_WRITE" }, { PL_FILTER_VNODE, "EVFILT_VNODE" },
	{ PL_FILTER_EMPTY, "EVFILT_EMPTY" }, { PL_FILTER_UNKNOWN, "an unknown filter" },
	{ 0, NULL } };
static const struct pl_names filter_names = { .table = filters };

int
pl_kqueue(void)
{
	int kq;

	pl_trace_begin(-1, "kqueue()");
	kq = pl_os_kqueue();
	if (kq == -1 && errno == ENOSYS)
		pl_not_tested("this kernel has no kqueue");
	pl_must(pl_trace_end_making(kq, &kq, 1, 'k'));
	return (kq);
}

/* "{p0 EVFILT_READ EV_ADD NOTE_LOWAT 10, ...}" for changes, the same with data for events. */
static void
list_text(char *text, size_t size, const struct pl_event *list, int count, bool are_events)
{
	char filter[32], names[64], error[32];
	size_t used = (size_t)snprintf(text, size, "{");

	for (int i = 0; i < count && i < PL_EVENTS && used < size; i++) {
		const struct pl_event *e = &list[i];

		used += (size_t)snprintf(text + used, size - used, "%s%s %s %s", i > 0 ? ", " : "",
		    pl_slot(e->fd), pl_name(filter, sizeof(filter), &filter_names, e->filter),
		    pl_name(names, sizeof(names), &pl_names_event, (long)e->flags));
		if (used < size && (e->notes & PL_NOTE_LOWAT) != 0)
			used +=
			    (size_t)snprintf(text + used, size - used, " NOTE_LOWAT %ld", e->data);
		if (used < size && (e->notes & PL_NOTE_DELETE) != 0)
			used += (size_t)snprintf(text + used, size - used, " NOTE_DELETE");
		if (used < size && are_events && (e->flags & PL_EV_ERROR) != 0)
			used += (size_t)snprintf(text + used, size - used, " %s",
			    pl_name(error, sizeof(error), &pl_names_errno, e->data));
		else if (used < size && are_events)
			used += (size_t)snprintf(text + used, size - used, " %ld", e->data);
		if (used < size && e->error != 0)
			used += (size_t)snprintf(text + used, size - used, " %s",
			    pl_name(error, sizeof(error), &pl_names_errno, e->error));
		if (used < size && e->tag != 0)
			used += (size_t)snprintf(
			    text + used, size - used, " udata %#jx", (uintmax_t)e->tag);
	}
	if (used < size)
		snprintf(text + used, size - used, "}");
}

struct pl_outcome
sys_kevent(int kq, const struct pl_event *changes, int change_count, struct pl_event *events,
    int event_count, const struct timespec *timeout)
{
	char text[160] = "-", time[32] = "-";
	int n;

	if (change_count < 0)
		snprintf(text, sizeof(text), "%d changes", change_count);
	else if (change_count > 0)
		list_text(text, sizeof(text), changes, change_count, false);
	if (timeout != NULL)
		snprintf(time, sizeof(time), "%jd ms",
		    (intmax_t)timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000);
	pl_trace_begin(kq, "kevent(%s, %s, %d events, %s)", pl_slot(kq), text, event_count, time);
	n = pl_os_kevent(kq, changes, change_count, events, event_count, timeout);
	if (n <= 0)
		return (pl_trace_end(n));
	list_text(text, sizeof(text), events, n, true);
	return (pl_trace_end_detail(n, " %s", text));
}

struct pl_outcome
sys_event_change(int kq, struct pl_event change)
{
	return (sys_kevent(kq, &change, 1, NULL, 0, NULL));
}

struct pl_outcome
sys_event(int kq, int fd, enum pl_filter filter, unsigned change)
{
	return (
	    sys_event_change(kq, (struct pl_event){ .fd = fd, .filter = filter, .flags = change }));
}

int
pl_watch(int fd, enum pl_filter filter, unsigned change)
{
	int kq = pl_kqueue();

	pl_must(sys_event(kq, fd, filter, PL_EV_ADD | change));
	return (kq);
}

struct pl_event
pl_judge_event(const char *file, int line, int kq, int fd, enum pl_filter filter)
{
	const struct pl_allowed one[] = { returns(1), { .form = PL_FORM_END } };
	struct pl_event event = { .fd = -1 };
	char text[64];

	pl_expecting(file, line, one);
	pl_judge(sys_kevent(kq, NULL, 0, &event, 1, NULL), one);
	snprintf(text, sizeof(text), "an event of %s, %s", pl_slot(fd), filters[filter].name);
	pl_expecting_text(file, line, text);
	pl_judge_that(event.fd == fd && event.filter == filter && !(event.flags & PL_EV_ERROR),
	    "one of %s, %s%s", pl_slot(event.fd), filters[event.filter].name,
	    event.flags & PL_EV_ERROR ? ", with EV_ERROR" : "");
	return (event);
}

void
pl_judge_event_data(
    const char *file, int line, int kq, int fd, enum pl_filter filter, long data, bool end)
{
	struct pl_event event = pl_judge_event(file, line, kq, fd, filter);
	char text[64];

	snprintf(text, sizeof(text), "data %ld, %s EV_EOF", data, end ? "with" : "without");
	pl_expecting_text(file, line, text);
	pl_judge_that(event.data == data && ((event.flags & PL_EV_EOF) != 0) == end,
	    "data %ld, %s EV_EOF", event.data, event.flags & PL_EV_EOF ? "with" : "without");
}

void
pl_judge_no_event(const char *file, int line, int kq)
{
	const struct timespec now = { 0, 0 };
	const struct pl_allowed none[] = { returns(0), { .form = PL_FORM_END } };
	struct pl_event event;

	pl_expecting(file, line, none);
	pl_judge(sys_kevent(kq, NULL, 0, &event, 1, &now), none);
}
