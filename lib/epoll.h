/*
 * epoll(7) of Linux, traced.
 *
 * The bits of an event are those of poll(2), which have the same values there,
 * and the flags of os.h.  Every call fails with ENOSYS where there is no epoll.
 */

#ifndef PL_EPOLL_H
#define PL_EPOLL_H

#include <stdint.h>

#include "os.h"
#include "outcome.h"

struct pl_outcome sys_epoll_create(int size);
struct pl_outcome sys_epoll_create1(int flags);
/* The event is only printed, unless it is NULL: it must be readable. */
struct pl_outcome sys_epoll_ctl(
    int queue, enum pl_epoll_operation, int fd, struct pl_epoll_event *event);
struct pl_outcome sys_epoll_wait(
    int queue, struct pl_epoll_event *events, int count, int timeout_ms);

/* An epoll instance; not tested where the kernel has none.  Set-up. */
int pl_epoll(void);

/* Add a descriptor to it, or change what is asked; the data of its events are its number. */
struct pl_outcome sys_epoll_add(int queue, int fd, uint32_t events);
struct pl_outcome sys_epoll_modify(int queue, int fd, uint32_t events);
void pl_epoll_add(int queue, int fd, uint32_t events);

/* The bits of an event, printed with names, to be compared with is(). */
struct pl_outcome pl_epoll_bits(const struct pl_epoll_event *);

/*
 * Judge: one event comes, exactly that of the descriptor with exactly these bits;
 * it is waited for.  And: there is none now.
 */
#define pl_expect_report(queue, fd, bits) pl_judge_report(__FILE__, __LINE__, (queue), (fd), (bits))
#define pl_expect_no_report(queue) pl_judge_no_report(__FILE__, __LINE__, (queue))
void pl_judge_report(const char *file, int line, int queue, int fd, uint32_t bits);
void pl_judge_no_report(const char *file, int line, int queue);

#endif
