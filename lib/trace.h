/*
 * The system calls, traced into the transcript in the sequence language.
 *
 * sys_x() makes the call x and gives its outcome, to be judged by pl_expect or
 * required by pl_must.  pl_x() is set-up: it makes the same call, and ends the
 * case as broken if it fails.  pl_sys() traces any other call.
 */

#ifndef PL_TRACE_H
#define PL_TRACE_H

#include <sys/select.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#include "outcome.h"

/*
 * Trace one call: pl_sys(fsync(fd), "fsync(%s)", pl_slot(fd)).  The expression
 * is evaluated once; a result of -1 is a failure with errno.
 */
#define pl_sys(expression, ...)                      \
	({                                           \
		pl_trace_begin(-1, __VA_ARGS__);     \
		long pl_value_ = (long)(expression); \
		pl_trace_end(pl_value_);             \
	})

/* The same for a function that returns an error number, or 0. */
#define pl_sys_error(expression, ...)            \
	({                                       \
		pl_trace_begin(-1, __VA_ARGS__); \
		pl_trace_end_error(expression);  \
	})

/* The name of a descriptor in the transcript; its number if it has none. */
const char *pl_slot(int fd);

/*
 * Give a descriptor that came from an untraced or pl_sys call a name, one
 * letter and the next number.  It is closed at the end of the case.
 */
void pl_name_slot(int fd, char letter);

/* A remark in the transcript. */
void pl_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

struct pl_outcome sys_pipe(int fd[2]);
struct pl_outcome sys_pipe2(int fd[2], int flags);
struct pl_outcome sys_open(const char *path, int flags, ...); /* mode after O_CREAT */
struct pl_outcome sys_close(int fd);
struct pl_outcome sys_dup(int fd);
struct pl_outcome sys_dup2(int from, int to);
struct pl_outcome sys_dup3(int from, int to, int flags);
struct pl_outcome sys_read(int fd, void *, size_t);
struct pl_outcome sys_write(int fd, const void *, size_t);
struct pl_outcome sys_readv(int fd, const struct iovec *, int count);
struct pl_outcome sys_writev(int fd, const struct iovec *, int count);
struct pl_outcome sys_fcntl(int fd, int command, long argument);
struct pl_outcome sys_ioctl_int(int fd, unsigned long request, int *argument);
struct pl_outcome sys_lseek(int fd, off_t, int whence);
struct pl_outcome sys_poll(struct pollfd *, nfds_t, int timeout_ms);
/* The descriptors of the sets must be below limit; a NULL time-out sleeps. */
struct pl_outcome sys_select(
    int limit, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *timeout);
/* The same with a time-out that stays as it is, and a signal mask for the time of the call. */
struct pl_outcome sys_pselect(int limit, fd_set *readable, fd_set *writable, fd_set *exceptional,
    const struct timespec *timeout, const sigset_t *mask);
struct pl_outcome sys_ppoll(
    struct pollfd *, nfds_t, const struct timespec *timeout, const sigset_t *mask);
struct pl_outcome sys_fstat(int fd, struct stat *);
struct pl_outcome sys_stat(const char *path, struct stat *);
struct pl_outcome sys_lstat(const char *path, struct stat *);
struct pl_outcome sys_mkfifo(const char *path, mode_t);
/* A name relative to a directory: tell pl_remove_at_end its path. */
struct pl_outcome sys_mkfifoat(int directory, const char *path, mode_t);
struct pl_outcome sys_mknod(const char *path, mode_t, dev_t);
struct pl_outcome sys_unlink(const char *path);
struct pl_outcome sys_rename(const char *from, const char *to);

/* Set-up forms.  pl_write writes all size bytes; pl_nonblock switches O_NONBLOCK. */
void pl_pipe(int fd[2]);
int pl_open(const char *path, int flags, ...);
void pl_close(int fd);
int pl_dup(int fd);
void pl_write(int fd, const void *, size_t);
void pl_mkfifo(const char *path, mode_t);
void pl_mkdir(const char *path, mode_t);
void pl_symlink(const char *target, const char *path);
void pl_chmod(const char *path, mode_t);

/*
 * Take on these effective ids; the real and saved ones stay.  Not tested where
 * the system does not let the super-user do that.
 */
void pl_act_as(uid_t, gid_t);
void pl_unlink(const char *path);
void pl_nonblock(int fd, bool on);
struct stat pl_fstat(int fd);

/* revents of one entry after sys_poll, printed with names, for pl_expect. */
struct pl_outcome pl_revents(const struct pollfd *);

/*
 * Poll one descriptor without waiting: its revents, to be compared with is().
 * Set-up for the call itself (broken if poll fails or counts wrongly).
 */
struct pl_outcome pl_poll_now(int fd, short events);

/* Set-up: wait, for as long as it takes, until one of these events shows there. */
void pl_await_events(int fd, short events);

/*
 * The status flags of that mask (F_GETFL), or the descriptor flags (F_GETFD),
 * printed with names, to be compared with is().  Set-up for the call itself.
 */
struct pl_outcome pl_status_flags(int fd, long mask);
struct pl_outcome pl_descriptor_flags(int fd);

/* How many descriptors of this process are open. */
int pl_count_descriptors(void);

/* Monotonic time, for lower bounds of time-outs only. */
double pl_milliseconds(void);

/*
 * What a name stands for, links not followed: lstat's failure, or S_IFIFO,
 * S_IFREG ..., to be compared with is().
 */
struct pl_outcome pl_file_type(const char *path);

/* The machinery of pl_sys; fd is the descriptor the call sleeps on, or -1. */
void pl_trace_begin(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct pl_outcome pl_trace_end(long value);
struct pl_outcome pl_trace_end_error(int error);
/* With values that came back beside the result; they are left out if it failed. */
struct pl_outcome pl_trace_end_detail(long value, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The call succeeded and this is what it told, which may be -1. */
struct pl_outcome pl_trace_end_value(long value);
/* The call made descriptors, which get slots of that letter. */
struct pl_outcome pl_trace_end_making(long value, const int *made, int count, char letter);

#endif
