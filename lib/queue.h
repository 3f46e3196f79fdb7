/*
 * Event queues (kqueue), traced into the transcript, and what is expected of them.
 */

#ifndef PL_QUEUE_H
#define PL_QUEUE_H

#include <stdbool.h>

#include "os.h"
#include "outcome.h"
#include "sequence/names.h"

extern const struct pl_names pl_names_event; /* pl_event_flag */

/* A new queue.  Set-up; not tested where the system has none. */
int pl_kqueue(void);

/* The call as a whole. */
struct pl_outcome sys_kevent(int kq, const struct pl_event *changes, int change_count,
    struct pl_event *events, int event_count, const struct timespec *timeout);
/* One change that asks for no events.  Then the same with the rest of its members. */
struct pl_outcome sys_event(int kq, int fd, enum pl_filter, unsigned flags);
struct pl_outcome sys_event_change(int kq, struct pl_event change);

/* A new queue that watches one descriptor with one filter.  Set-up. */
int pl_watch(int fd, enum pl_filter, unsigned flags);

/*
 * Judge: the queue gives an event, be it a while later, and it is of that descriptor
 * and filter.  Gives that event.
 */
#define pl_expect_event(kq, fd, filter) pl_judge_event(__FILE__, __LINE__, (kq), (fd), (filter))

/* Judge: the same, with that data, and without EV_EOF, or with it. */
#define pl_expect_event_data(kq, fd, filter, data) \
	pl_judge_event_data(__FILE__, __LINE__, (kq), (fd), (filter), (data), false)
#define pl_expect_event_end(kq, fd, filter, data) \
	pl_judge_event_data(__FILE__, __LINE__, (kq), (fd), (filter), (data), true)

/* Judge: the queue has no event now. */
#define pl_expect_no_event(kq) pl_judge_no_event(__FILE__, __LINE__, (kq))

struct pl_event pl_judge_event(const char *file, int line, int kq, int fd, enum pl_filter);
void pl_judge_event_data(
    const char *file, int line, int kq, int fd, enum pl_filter, long data, bool end);
void pl_judge_no_event(const char *file, int line, int kq);

#endif
