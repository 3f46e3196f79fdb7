#include "os.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/fs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct pl_os_constants pl_os = {
	.name = "Linux",
	.profile = PL_PROFILE_LINUX,
	.o_clofork = PL_ABSENT,
	.fd_clofork = PL_ABSENT,
	.f_dupfd_clofork = PL_ABSENT,
	.o_direct = O_DIRECT,
	.o_path = O_PATH,
	.f_getpipe_sz = F_GETPIPE_SZ,
	.f_setpipe_sz = F_SETPIPE_SZ,
	.fionwrite = PL_ABSENT,
	.fionspace = PL_ABSENT,
	.fiosetown = 0x8901, /* asm-generic/sockios.h, which clashes with sys/ioctl.h */
	.fiogetown = 0x8903,
};

const int pl_os_enotcapable = PL_ABSENT, pl_os_ecapmode = PL_ABSENT;

long
pl_os_thread_id(void)
{
	return (syscall(SYS_gettid));
}

/* One line of a file of /proc; its length, or -1. */
static ssize_t
read_line(const char *path, char *line, size_t size)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return (-1);
	n = syscall(SYS_read, fd, line, size - 1);
	syscall(SYS_close, fd);
	if (n >= 0)
		line[n] = '\0';
	return (n);
}

int
pl_os_thread_count(void)
{
	char line[1024];
	const char *after;
	int field = 2, count;

	if (read_line("/proc/self/stat", line, sizeof(line)) <= 0 ||
	    (after = strrchr(line, ')')) == NULL)
		return (-1);
	/* proc(5): num_threads is field 20, the first after the name is 3. */
	for (after++; field < 20 && *after != '\0'; after++)
		field += *after == ' ';
	if (sscanf(after, "%d", &count) != 1)
		return (-1);
	return (count);
}

/* The system calls that serve each library call, on one architecture or another. */
static const struct {
	const char *call;
	long number;
} numbers[] = {
#ifdef SYS_open
	{ "open", SYS_open },
#endif
	{ "open", SYS_openat },
#ifdef SYS_poll
	{ "poll", SYS_poll },
#endif
	{ "poll", SYS_ppoll },
#ifdef SYS_select
	{ "select", SYS_select },
#endif
	{ "select", SYS_pselect6 },
	{ "read", SYS_read },
	{ "readv", SYS_readv },
	{ "write", SYS_write },
	{ "writev", SYS_writev },
	{ "flock", SYS_flock },
	{ "fcntl", SYS_fcntl },
};

enum pl_os_sleep
pl_os_asleep(pid_t pid, long thread, const char *call, int fd)
{
	char path[64], line[512];
	const char *state;
	unsigned long first;
	long number;
	bool takes_fd = strcmp(call, "poll") != 0;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/stat", (long)pid, thread);
	if (read_line(path, line, sizeof(line)) <= 0)
		return (PL_OS_AWAKE); /* it just ended */
	state = strrchr(line, ')');
	if (state == NULL || state[1] == '\0' || state[2] != 'S')
		return (PL_OS_AWAKE);
	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/syscall", (long)pid, thread);
	if (read_line(path, line, sizeof(line)) <= 0)
		return (errno == ESRCH || errno == ENOENT ? PL_OS_AWAKE : PL_OS_UNKNOWN);
	if (sscanf(line, "%ld %lx", &number, &first) != 2)
		return (PL_OS_AWAKE); /* "running" */
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].number == number && strcmp(numbers[i].call, call) == 0)
			return (
			    fd == -1 || !takes_fd || (int)first == fd ? PL_OS_ASLEEP : PL_OS_AWAKE);
	return (PL_OS_AWAKE);
}

int
pl_os_adopt_orphans(void)
{
	return (prctl(PR_SET_CHILD_SUBREAPER, 1));
}

int
pl_os_kill_children(void)
{
	char path[64], line[4096];
	int killed = 0;

	/* Killing a child may hand us its own: until there is none. */
	for (;;) {
		const char *next = line;
		int used;
		pid_t child;

		snprintf(path, sizeof(path), "/proc/self/task/%ld/children", pl_os_thread_id());
		if (read_line(path, line, sizeof(line)) > 0)
			for (; sscanf(next, "%d%n", &child, &used) == 1; next += used)
				kill(child, SIGKILL);
		if ((child = waitpid(-1, NULL, 0)) == -1)
			return (killed);
		killed++;
	}
}

int
pl_os_drop_privileges(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0)
		return (-1);
	return (prctl(PR_SET_DUMPABLE, 1));
}

int
pl_os_mount_memory(const char *directory, unsigned files)
{
	char options[64];

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return (-1);
	snprintf(options, sizeof(options), "size=1m,mode=0777,nr_inodes=%u", files);
	return (mount("plumbline", directory, "tmpfs", 0, options));
}

int
pl_os_mount_read_only(const char *directory)
{
	return (mount(NULL, directory, NULL, MS_REMOUNT | MS_RDONLY, NULL));
}

int
pl_os_unmount(const char *directory)
{
	return (umount2(directory, MNT_DETACH));
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
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int flags, result, error;

	if (fd == -1)
		return (-1);
	result = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	if (result == 0) {
		flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
		result = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	error = errno;
	close(fd);
	errno = error;
	return (result);
}

int
pl_os_sysctl_get(const char *name, long *value)
{
	char line[64], *end;

	if (read_line(name, line, sizeof(line)) <= 0)
		return (-1);
	*value = strtol(line, &end, 10);
	return (end == line ? -1 : 0);
}

int
pl_os_sysctl_set(const char *name, long value)
{
	FILE *f = fopen(name, "w");

	if (f == NULL)
		return (-1);
	fprintf(f, "%ld\n", value);
	return (fclose(f));
}

bool
pl_os_may_exceed_limits(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return (syscall(SYS_capget, &header, sets) == 0 &&
	    (sets[0].effective & 1U << CAP_SYS_RESOURCE) != 0);
}

static int
absent(void)
{
	errno = ENOSYS;
	return (-1);
}

int
pl_os_limit_pipe_buffers(size_t bytes)
{
	(void)bytes;
	return (absent());
}

int
pl_os_kqueue(void)
{
	return (absent());
}

int
pl_os_kevent_set(int kq, int fd, enum pl_filter filter, unsigned flags, unsigned notes)
{
	(void)kq, (void)fd, (void)filter, (void)flags, (void)notes;
	return (absent());
}

int
pl_os_kevent_get(int kq, struct pl_event *event, int timeout_ms)
{
	(void)kq, (void)event, (void)timeout_ms;
	return (absent());
}

int
pl_os_limit_rights(int fd, unsigned rights)
{
	(void)fd, (void)rights;
	return (absent());
}

int
pl_os_enter_capability_mode(void)
{
	return (absent());
}

int
pl_os_is_pipe(int fd)
{
	(void)fd;
	return (absent());
}
