#include "epoll.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "case.h"
#include "expect.h"
#include "sequence/names.h"
#include "trace.h"

static const struct pl_name bits[] = { { POLLIN, "EPOLLIN" }, { POLLPRI, "EPOLLPRI" },
	{ POLLOUT, "EPOLLOUT" }, { POLLERR, "EPOLLERR" }, { POLLHUP, "EPOLLHUP" },
	{ POLLRDNORM, "EPOLLRDNORM" }, { POLLRDHUP, "EPOLLRDHUP" },
	{ PL_EPOLL_EXCLUSIVE, "EPOLLEXCLUSIVE" }, { PL_EPOLL_ONESHOT, "EPOLLONESHOT" },
	{ PL_EPOLL_ET, "EPOLLET" }, { 0, NULL } };
static const struct pl_names bit_names = { .table = bits, .bits = 1, .zero = "nothing" };

static const struct pl_name operations[] = { { PL_EPOLL_ADD, "EPOLL_CTL_ADD" },
	{ PL_EPOLL_DEL, "EPOLL_CTL_DEL" }, { PL_EPOLL_MOD, "EPOLL_CTL_MOD" }, { 0, NULL } };
static const struct pl_names operation_names = { .table = operations };

static const struct pl_name flags_table[] = { { PL_EPOLL_CLOEXEC, "EPOLL_CLOEXEC" }, { 0, NULL } };
static const struct pl_names flag_names = { .table = flags_table, .bits = 1, .zero = "0" };

struct pl_outcome
sys_epoll_create(int size)
{
	int made;

	pl_trace_begin(-1, "epoll_create(%d)", size);
	made = pl_os_epoll_create(size);
	return (pl_trace_end_making(made, &made, 1, 'e'));
}

struct pl_outcome
sys_epoll_create1(int flags)
{
	char text[64];
	int made;

	pl_trace_begin(-1, "epoll_create1(%s)", pl_name(text, sizeof(text), &flag_names, flags));
	made = pl_os_epoll_create1(flags);
	return (pl_trace_end_making(made, &made, 1, 'e'));
}

struct pl_outcome
sys_epoll_ctl(int queue, enum pl_epoll_operation operation, int fd, struct pl_epoll_event *event)
{
	char name[32], wanted[128] = "-";

	pl_name(name, sizeof(name), &operation_names, operation);
	if (event != NULL)
		pl_name(wanted, sizeof(wanted), &bit_names, event->events);
	pl_trace_begin(
	    queue, "epoll_ctl(%s, %s, %s, %s)", pl_slot(queue), name, pl_slot(fd), wanted);
	return (pl_trace_end(pl_os_epoll_ctl(queue, operation, fd, event)));
}

/* The first of the events that came; the data of an event is a descriptor as a rule. */
static const char *
events_text(char *text, size_t size, const struct pl_epoll_event *events, int count)
{
	size_t used = 0;
	char names[64];

	text[0] = '\0';
	for (int i = 0; i < count && i < 4 && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s %s", i > 0 ? ", " : "",
		    pl_slot((int)events[i].data),
		    pl_name(names, sizeof(names), &bit_names, events[i].events));
	return (text);
}

struct pl_outcome
sys_epoll_wait(int queue, struct pl_epoll_event *events, int count, int timeout_ms)
{
	char text[200];
	int n;

	pl_trace_begin(queue, "epoll_wait(%s, %d, %d)", pl_slot(queue), count, timeout_ms);
	n = pl_os_epoll_wait(queue, events, count, timeout_ms);
	if (n <= 0)
		return (pl_trace_end(n));
	return (pl_trace_end_detail(n, " {%s}", events_text(text, sizeof(text), events, n)));
}

int
pl_epoll(void)
{
	struct pl_outcome o = sys_epoll_create1(0);

	if (o.error == ENOSYS)
		pl_not_tested("this kernel has no epoll");
	return ((int)pl_must(o));
}

struct pl_outcome
sys_epoll_add(int queue, int fd, uint32_t events)
{
	struct pl_epoll_event event = { .events = events, .data = (uint64_t)fd };

	return (sys_epoll_ctl(queue, PL_EPOLL_ADD, fd, &event));
}

struct pl_outcome
sys_epoll_modify(int queue, int fd, uint32_t events)
{
	struct pl_epoll_event event = { .events = events, .data = (uint64_t)fd };

	return (sys_epoll_ctl(queue, PL_EPOLL_MOD, fd, &event));
}

void
pl_epoll_add(int queue, int fd, uint32_t events)
{
	pl_must_(NULL, 0, sys_epoll_add(queue, fd, events));
}

struct pl_outcome
pl_epoll_bits(const struct pl_epoll_event *event)
{
	return (pl_value(event->events, &bit_names, "events"));
}

static void
judge(const char *file, int line, struct pl_outcome o, long wanted)
{
	const struct pl_allowed set[] = { is(wanted), { .form = PL_FORM_END } };

	pl_expecting(file, line, set);
	pl_judge(o, set);
}

static void
judge_wait(const char *file, int line, int queue, struct pl_epoll_event *events, int count,
    int timeout_ms, long wanted)
{
	const struct pl_allowed set[] = { returns(wanted), { .form = PL_FORM_END } };

	pl_expecting(file, line, set);
	pl_judge(sys_epoll_wait(queue, events, count, timeout_ms), set);
}

void
pl_judge_report(const char *file, int line, int queue, int fd, uint32_t wanted)
{
	struct pl_epoll_event events[4] = { { .events = 0 } };

	judge_wait(file, line, queue, events, 4, -1, 1);
	judge(file, line, pl_epoll_bits(&events[0]), wanted);
	judge(file, line, pl_value((long)events[0].data, NULL, "data of the event"), fd);
}

void
pl_judge_no_report(const char *file, int line, int queue)
{
	struct pl_epoll_event events[4];

	judge_wait(file, line, queue, events, 4, 0, 0);
}
