#include "os.h"

#include <sys/capsicum.h>
#include <sys/event.h>
#include <sys/filio.h>
#include <sys/ioccom.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/procctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/thr.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct pl_os_constants pl_os = {
	.name = "FreeBSD",
	.profile = PL_PROFILE_FREEBSD,
#ifdef O_CLOFORK
	.o_clofork = O_CLOFORK,
	.fd_clofork = FD_CLOFORK,
	.f_dupfd_clofork = F_DUPFD_CLOFORK,
#else
	.o_clofork = PL_ABSENT,
	.fd_clofork = PL_ABSENT,
	.f_dupfd_clofork = PL_ABSENT,
#endif
	.o_direct = O_DIRECT,
	.o_path = O_PATH,
	.f_getpipe_sz = PL_ABSENT,
	.f_setpipe_sz = PL_ABSENT,
	.fionwrite = FIONWRITE,
	.fionspace = FIONSPACE,
	.fiosetown = FIOSETOWN,
	.fiogetown = FIOGETOWN,
};

const int pl_os_enotcapable = ENOTCAPABLE, pl_os_ecapmode = ECAPMODE;

long
pl_os_thread_id(void)
{
	long id;

	thr_self(&id);
	return (id);
}

/* The kernel's entries for all threads of a process; NULL, or to be freed. */
static struct kinfo_proc *
threads_of(pid_t pid, size_t *count)
{
	int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_PID | KERN_PROC_INC_THREAD, (int)pid };
	struct kinfo_proc *entries;
	size_t size = 0;

	if (sysctl(name, nitems(name), NULL, &size, NULL, 0) != 0)
		return (NULL);
	size += 16 * sizeof(*entries);
	if ((entries = malloc(size)) == NULL)
		return (NULL);
	if (sysctl(name, nitems(name), entries, &size, NULL, 0) != 0) {
		free(entries);
		return (NULL);
	}
	*count = size / sizeof(*entries);
	return (entries);
}

int
pl_os_thread_count(void)
{
	size_t count;
	struct kinfo_proc *entries = threads_of(getpid(), &count);

	if (entries == NULL)
		return (-1);
	free(entries);
	return ((int)count);
}

/*
 * What the kernel calls the sleep in each library call: sys_pipe.c (piperd,
 * pipewr, pipbww, pipdww, pipdwt, pipdwc), fifo_vnops.c (fifoor, fifoow), sys_generic.c
 * (select), kern_event.c (kqread), kern_lockf.c (lockf).
 */
static const struct {
	const char *call, *sleep;
} sleeps[] = {
	{ "read", "piperd" },
	{ "readv", "piperd" },
	{ "write", "pipdw" },
	{ "write", "pipbww" },
	{ "write", "pipewr" },
	{ "writev", "pipdw" },
	{ "writev", "pipbww" },
	{ "writev", "pipewr" },
	{ "open", "fifoo" },
	{ "poll", "select" },
	{ "select", "select" },
	{ "flock", "lockf" },
	{ "fcntl", "lockf" },
};

enum pl_os_sleep
pl_os_asleep(pid_t pid, long thread, const char *call, int fd)
{
	enum pl_os_sleep answer = PL_OS_AWAKE;
	size_t count;
	struct kinfo_proc *entries = threads_of(pid, &count);

	(void)fd; /* the kernel does not tell which */
	if (entries == NULL)
		return (errno == ESRCH ? PL_OS_AWAKE : PL_OS_UNKNOWN);
	for (size_t i = 0; i < count; i++) {
		if (entries[i].ki_tid != thread || entries[i].ki_stat != SSLEEP)
			continue;
		for (size_t j = 0; j < nitems(sleeps); j++)
			if (strcmp(sleeps[j].call, call) == 0 &&
			    strncmp(
				sleeps[j].sleep, entries[i].ki_wmesg, strlen(sleeps[j].sleep)) == 0)
				answer = PL_OS_ASLEEP;
	}
	free(entries);
	return (answer);
}

int
pl_os_adopt_orphans(void)
{
	return (procctl(P_PID, getpid(), PROC_REAP_ACQUIRE, NULL));
}

int
pl_os_kill_children(void)
{
	struct procctl_reaper_kill kill_all = { .rk_sig = SIGKILL };
	int killed = 0;

	for (;;) {
		procctl(P_PID, getpid(), PROC_REAP_KILL, &kill_all);
		if (waitpid(-1, NULL, 0) == -1)
			return (killed);
		killed++;
	}
}

int
pl_os_drop_privileges(uid_t uid, gid_t gid)
{
	if (setgroups(1, &gid) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return (-1);
	return (0);
}

/* nmount(2) with name and value pairs that end with NULL. */
static int
mount_with(const char *const *words, int flags)
{
	struct iovec v[16];
	unsigned n = 0;

	for (; words[n] != NULL && n < nitems(v); n++) {
		v[n].iov_base = (void *)(uintptr_t)words[n];
		v[n].iov_len = strlen(words[n]) + 1;
	}
	return (nmount(v, n, flags));
}

int
pl_os_mount_memory(const char *directory, unsigned files)
{
	char path[PATH_MAX], inodes[16];
	const char *words[] = { "fstype", "tmpfs", "fspath", path, "size", "1048576", "mode",
		"0777", "inodes", inodes, NULL };

	if (realpath(directory, path) == NULL)
		return (-1);
	snprintf(inodes, sizeof(inodes), "%u", files == 0 ? 64 : files);
	return (mount_with(words, 0));
}

int
pl_os_mount_read_only(const char *directory)
{
	char path[PATH_MAX];
	const char *words[] = { "fstype", "tmpfs", "fspath", path, NULL };

	if (realpath(directory, path) == NULL)
		return (-1);
	return (mount_with(words, MNT_UPDATE | MNT_RDONLY));
}

int
pl_os_unmount(const char *directory)
{
	return (unmount(directory, MNT_FORCE));
}

int
pl_os_file_system_type(int fd, long *type)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return (-1);
	*type = (long)fs.f_type;
	return (0);
}

int
pl_os_set_immutable(const char *directory, bool on)
{
	return (chflags(directory, on ? UF_IMMUTABLE : 0));
}

int
pl_os_sysctl_get(const char *name, long *value)
{
	union {
		int i;
		long l;
	} u = { .l = 0 };
	size_t size = sizeof(u);

	if (sysctlbyname(name, &u, &size, NULL, 0) != 0)
		return (-1);
	*value = size == sizeof(int) ? u.i : u.l;
	return (0);
}

int
pl_os_sysctl_set(const char *name, long value)
{
	size_t size = 0;
	int i = (int)value;

	if (sysctlbyname(name, NULL, &size, NULL, 0) != 0)
		return (-1);
	return (sysctlbyname(
	    name, NULL, NULL, size == sizeof(int) ? (void *)&i : (void *)&value, size));
}

bool
pl_os_may_exceed_limits(void)
{
	return (geteuid() == 0);
}

int
pl_os_limit_pipe_buffers(size_t bytes)
{
#ifdef RLIMIT_PIPEBUF
	struct rlimit limit = { .rlim_cur = (rlim_t)bytes, .rlim_max = (rlim_t)bytes };

	return (setrlimit(RLIMIT_PIPEBUF, &limit));
#else
	(void)bytes;
	errno = ENOSYS;
	return (-1);
#endif
}

int
pl_os_kqueue(void)
{
	return (kqueue());
}

static const short filters[] = { [PL_FILTER_READ] = EVFILT_READ,
	[PL_FILTER_WRITE] = EVFILT_WRITE,
	[PL_FILTER_VNODE] = EVFILT_VNODE,
	[PL_FILTER_EMPTY] = EVFILT_EMPTY };

static const struct {
	unsigned ours;
	unsigned short theirs;
} event_flags[] = {
	{ PL_EV_ADD, EV_ADD },
	{ PL_EV_DELETE, EV_DELETE },
	{ PL_EV_CLEAR, EV_CLEAR },
	{ PL_EV_ONESHOT, EV_ONESHOT },
	{ PL_EV_EOF, EV_EOF },
};

int
pl_os_kevent_set(int kq, int fd, enum pl_filter filter, unsigned flags, unsigned notes)
{
	struct kevent change;
	unsigned short theirs = 0;

	for (size_t i = 0; i < nitems(event_flags); i++)
		if (flags & event_flags[i].ours)
			theirs |= event_flags[i].theirs;
	EV_SET(&change, fd, filters[filter], theirs, notes & PL_NOTE_DELETE ? NOTE_DELETE : 0, 0,
	    NULL);
	return (kevent(kq, &change, 1, NULL, 0, NULL));
}

int
pl_os_kevent_get(int kq, struct pl_event *event, int timeout_ms)
{
	struct timespec timeout = { .tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000L };
	struct kevent got;
	int n = kevent(kq, NULL, 0, &got, 1, &timeout);

	if (n <= 0)
		return (n);
	memset(event, 0, sizeof(*event));
	event->fd = (int)got.ident;
	for (size_t i = 0; i < nitems(filters); i++)
		if (filters[i] == got.filter)
			event->filter = (enum pl_filter)i;
	for (size_t i = 0; i < nitems(event_flags); i++)
		if (got.flags & event_flags[i].theirs)
			event->flags |= event_flags[i].ours;
	if (got.filter == EVFILT_VNODE && (got.fflags & NOTE_DELETE) != 0)
		event->notes |= PL_NOTE_DELETE;
	event->data = (long)got.data;
	return (n);
}

int
pl_os_limit_rights(int fd, unsigned rights)
{
	cap_rights_t set;

	cap_rights_init(&set);
	if (rights & PL_CAP_READ)
		cap_rights_set(&set, CAP_READ);
	if (rights & PL_CAP_WRITE)
		cap_rights_set(&set, CAP_WRITE);
	if (rights & PL_CAP_EVENT)
		cap_rights_set(&set, CAP_EVENT);
	return (cap_rights_limit(fd, &set));
}

int
pl_os_enter_capability_mode(void)
{
	return (cap_enter());
}

int
pl_os_is_pipe(int fd)
{
#ifdef F_KINFO
	struct kinfo_file info = { .kf_structsize = sizeof(info) };

	if (fcntl(fd, F_KINFO, &info) == -1)
		return (-1);
	return (info.kf_type == KF_TYPE_PIPE);
#else
	(void)fd;
	errno = ENOSYS;
	return (-1);
#endif
}
