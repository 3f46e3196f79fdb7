/*
 * What differs between the operating systems.
 *
 * os_linux.c and os_freebsd.c define the same names; nothing else in the tree
 * asks which system it runs on.
 */

#ifndef PL_OS_H
#define PL_OS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "catalogue.h"

/* The value of a constant that this system lacks. */
#define PL_ABSENT (-1)

/* Constants that only one of the systems (or its newer releases) has. */
struct pl_os_constants {
	const char *name;                           /* as uname(3) says it */
	enum pl_profile profile;                    /* whose documentation is its own */
	int o_clofork, fd_clofork, f_dupfd_clofork; /* FreeBSD 15 */
	int o_direct;                               /* for pipe2(2); packet mode on Linux */
	int o_path;                                 /* open(2) */
	int f_getpipe_sz, f_setpipe_sz;             /* Linux */
	long fionwrite, fionspace;                  /* FreeBSD */
	long fiosetown, fiogetown;
};
extern const struct pl_os_constants pl_os;

/* The kernel's number of the calling thread. */
long pl_os_thread_id(void);

/* How many threads this process has; -1 if the system does not tell. */
int pl_os_thread_count(void);

/* Is that thread asleep inside the call of that name (on fd, unless -1)? */
enum pl_os_sleep { PL_OS_AWAKE, PL_OS_ASLEEP, PL_OS_UNKNOWN };
enum pl_os_sleep pl_os_asleep(pid_t, long thread, const char *call, int fd);

/* Orphaned descendants become children of this process.  0, or -1 with errno. */
int pl_os_adopt_orphans(void);

/* Kill every child that this process still has, adopted ones too; gives how many. */
int pl_os_kill_children(void);

/* Become that user for good, and stay visible to pl_os_asleep.  0, or -1 with errno. */
int pl_os_drop_privileges(uid_t, gid_t);

/*
 * Mount an empty memory file system on a directory, with at most that many
 * files (0: no limit), where no other process sees it if the system can do
 * that; make it read-only or unmount it.  0, or -1 with errno.
 */
int pl_os_mount_memory(const char *directory, unsigned files);
int pl_os_mount_read_only(const char *directory);
int pl_os_unmount(const char *directory);

/* fstatfs(2): the f_type of the file system that a descriptor is on.  0, or -1 with errno. */
int pl_os_file_system_type(int fd, long *type);

/* Set or clear the flag that forbids any change of a directory.  0, or -1 with errno. */
int pl_os_set_immutable(const char *directory, bool on);

/* A kernel variable of integer type: sysctl(8) name, "/proc/sys" path on Linux.  0, or -1. */
int pl_os_sysctl_get(const char *name, long *value);
int pl_os_sysctl_set(const char *name, long value);

/* May this process go beyond the limits that hold for ordinary users (CAP_SYS_RESOURCE)? */
bool pl_os_may_exceed_limits(void);

/* Limit the memory for pipe buffers of this user (RLIMIT_PIPEBUF).  0, or -1 with errno. */
int pl_os_limit_pipe_buffers(size_t bytes);

/*
 * kqueue(2).  Every function fails with ENOSYS where there is none.
 * pl_os_kevent_set applies one change; pl_os_kevent_get takes at most one event,
 * waiting up to that many milliseconds: 1 and the event, 0, or -1 with errno.
 */
enum pl_filter { PL_FILTER_READ, PL_FILTER_WRITE, PL_FILTER_VNODE, PL_FILTER_EMPTY };
enum pl_event_flag {
	PL_EV_ADD = 1 << 0,
	PL_EV_DELETE = 1 << 1,
	PL_EV_CLEAR = 1 << 2,
	PL_EV_ONESHOT = 1 << 3,
	PL_EV_EOF = 1 << 4,
};
enum pl_event_note { PL_NOTE_DELETE = 1 << 0 };
struct pl_event {
	int fd;
	enum pl_filter filter;
	unsigned flags; /* pl_event_flag */
	unsigned notes; /* pl_event_note */
	long data;
};
int pl_os_kqueue(void);
int pl_os_kevent_set(int kq, int fd, enum pl_filter, unsigned flags, unsigned notes);
int pl_os_kevent_get(int kq, struct pl_event *, int timeout_ms);

/* Capsicum: limit a descriptor to these rights; enter capability mode.  0, or -1 with errno. */
enum pl_right { PL_CAP_READ = 1 << 0, PL_CAP_WRITE = 1 << 1, PL_CAP_EVENT = 1 << 2 };
int pl_os_limit_rights(int fd, unsigned rights);
int pl_os_enter_capability_mode(void);
/* The errno of a call that these rights, or that mode, do not allow; PL_ABSENT if none. */
extern const int pl_os_enotcapable, pl_os_ecapmode;

/* Is the descriptor a pipe in the kernel's description of it (F_KINFO)?  1, 0, -1 with errno. */
int pl_os_is_pipe(int fd);

#endif
