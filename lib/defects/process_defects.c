/*
 * Kernels that get pipes between processes wrong: fork, vfork, exec, and what
 * descriptors share.
 */

#include "defects.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Who this process is; a child of vfork shares this memory, but is another. */
static pid_t me;

static void
note_me(void)
{
	me = getpid();
}

__attribute__((constructor)) static void
watch_forks(void)
{
	note_me();
	pthread_atfork(NULL, NULL, note_me);
}

/* This process was made, or has made another, since the case began. */
static bool in_child, has_child;

static pid_t
note_fork(void)
{
	pid_t pid = real.fork();

	in_child |= pid == 0;
	has_child |= pid > 0;
	return (pid);
}

/* fork */

static ssize_t
child_writes_to_copy(int fd, const void *buffer, size_t size)
{
	return (in_child && is_pipe(fd) ? (ssize_t)size : real.write(fd, buffer, size));
}
DEFECT(child-has-its-own-buffer, .fork = note_fork, .write = child_writes_to_copy);

static ssize_t
child_says_same(int fd, const void *buffer, size_t size)
{
	static char first[64];
	static size_t kept;

	if (!in_child || !is_pipe(fd) || size > sizeof(first))
		return (real.write(fd, buffer, size));
	if (kept == size)
		return (real.write(fd, first, size));
	memcpy(first, buffer, size);
	kept = size;
	return (real.write(fd, buffer, size));
}
DEFECT(child-repeats-its-first-message, .fork = note_fork, .write = child_says_same);

static pid_t
fork_without_readers(void)
{
	pid_t pid = real.fork();

	for (int fd = 3; pid == 0 && fd < DESCRIPTORS; fd++)
		if (has_mode(fd, O_RDONLY))
			real.close(fd);
	return (pid);
}
DEFECT(fork-drops-read-ends, .fork = fork_without_readers);

/* What was in a pipe when its reader was forked is not for the child. */
static pid_t
fork_empties(void)
{
	pid_t pid = real.fork();
	char b[4096];

	for (int fd = 3; pid == 0 && fd < DESCRIPTORS; fd++)
		while (has_mode(fd, O_RDONLY) && unread(fd) > 0 && real.read(fd, b, sizeof(b)) > 0)
			;
	return (pid);
}
DEFECT(fork-empties-pipes, .fork = fork_empties);

static ssize_t
end_with_child(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && has_child && is_pipe(fd) ? 0 : n);
}
DEFECT(one-writers-exit-is-end-of-file, .fork = note_fork, .read = end_with_child);

static ssize_t
no_end_with_child(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && size > 0 && has_child && is_pipe(fd) ? failure(EAGAIN) : n);
}
DEFECT(no-end-of-file-from-a-child, .fork = note_fork, .read = no_end_with_child);

/* Readers are counted in each process for itself. */
static bool closed_reader;

static int
close_own_reader(int fd)
{
	closed_reader |= has_child && has_mode(fd, O_RDONLY);
	return (real.close(fd));
}

static ssize_t
write_to_own_reader(int fd, const void *buffer, size_t size)
{
	if (!closed_reader || !is_pipe(fd))
		return (real.write(fd, buffer, size));
	raise(SIGPIPE);
	return (failure(EPIPE));
}
DEFECT(readers-of-other-processes-do-not-count, .fork = note_fork, .close = close_own_reader,
    .write = write_to_own_reader);

/* A child that dies remains a reader. */
static ssize_t
write_to_dead_reader(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;

	if (!has_child || !is_pipe(fd))
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	return (release_signal(SIGPIPE, &before, false) ? (ssize_t)size : n);
}
DEFECT(dead-child-remains-a-reader, .fork = note_fork, .write = write_to_dead_reader);

static int
child_has_own_flags(int fd, int command, long argument)
{
	return (
	    in_child && command == F_SETFL && is_pipe(fd) ? 0 : real.fcntl(fd, command, argument));
}
DEFECT(fork-copies-status-flags, .fork = note_fork, .fcntl = child_has_own_flags);

/* What a child sets at one end changes the other end too. */
static int
child_sets_all_flags(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	for (int other = 3; command == F_GETFL && has_child && other < DESCRIPTORS; other++)
		if (other != fd && is_pipe(fd) && is_nonblocking(other))
			result |= O_NONBLOCK;
	return (result);
}
DEFECT(status-flags-of-both-ends-are-one, .fork = note_fork, .fcntl = child_sets_all_flags);

/* vfork */

static bool vfork_wrote;

static ssize_t
vfork_child_writes_nothing(int fd, const void *buffer, size_t size)
{
	return (me != getpid() && is_pipe(fd) ? (ssize_t)size : real.write(fd, buffer, size));
}
DEFECT(vfork-child-writes-nothing, .write = vfork_child_writes_nothing);

static ssize_t
vfork_child_writes(int fd, const void *buffer, size_t size)
{
	vfork_wrote |= me != getpid();
	return (real.write(fd, buffer, size));
}

static ssize_t
vfork_child_holds(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && size > 0 && vfork_wrote ? failure(EAGAIN) : n);
}
DEFECT(vfork-child-leaves-a-writer-behind, .write = vfork_child_writes, .read = vfork_child_holds);

/* exec */

/* Set or clear FD_CLOEXEC of all pipes from a number on. */
static void
mark_all(int from, int flag)
{
	for (int fd = from; fd < DESCRIPTORS; fd++)
		if (is_pipe(fd))
			real.fcntl(fd, F_SETFD, flag);
}

static int
exec_closes_pipes(const char *path, char *const argv[])
{
	mark_all(3, FD_CLOEXEC);
	return (real.execv(path, argv));
}
DEFECT(exec-closes-pipes, .execv = exec_closes_pipes);

static int
exec_closes_standard_pipes(const char *path, char *const argv[])
{
	mark_all(STDOUT_FILENO, FD_CLOEXEC);
	return (real.execv(path, argv));
}
DEFECT(exec-closes-replaced-output, .execv = exec_closes_standard_pipes);

static int
exec_keeps_all(const char *path, char *const argv[])
{
	mark_all(3, 0);
	return (real.execv(path, argv));
}
DEFECT(exec-keeps-close-on-exec, .execv = exec_keeps_all);

static int
exec_closes_too_early(const char *path, char *const argv[])
{
	for (int fd = 3; access(path, X_OK) != 0 && fd < DESCRIPTORS; fd++)
		if (is_pipe(fd) && real.fcntl(fd, F_GETFD, 0) == FD_CLOEXEC)
			real.close(fd);
	return (real.execv(path, argv));
}
DEFECT(failed-exec-closes-descriptors, .execv = exec_closes_too_early);

static int
exec_clears_flags(const char *path, char *const argv[])
{
	if (access(path, X_OK) != 0)
		mark_all(3, 0);
	return (real.execv(path, argv));
}
DEFECT(failed-exec-clears-close-on-exec, .execv = exec_clears_flags);

/* FD_CLOEXEC stays in force, though F_GETFD shows it cleared. */
static int
cloexec_for_ever(int fd, int command, long argument)
{
	static bool cleared[DESCRIPTORS];

	if (!is_pipe(fd) || fd >= DESCRIPTORS || (command != F_SETFD && command != F_GETFD))
		return (real.fcntl(fd, command, argument));
	if (command == F_GETFD)
		return (cleared[fd] ? 0 : real.fcntl(fd, F_GETFD, 0));
	cleared[fd] = argument == 0;
	return (cleared[fd] ? 0 : real.fcntl(fd, F_SETFD, argument));
}
DEFECT(close-on-exec-cannot-be-cleared, .fcntl = cloexec_for_ever);

static int
dup2_does_nothing(int from, int to)
{
	return (is_pipe(from) && to == STDOUT_FILENO ? to : real.dup2(from, to));
}
DEFECT(dup2-leaves-open-output-alone, .dup2 = dup2_does_nothing);

/* Only seven bits of a byte pass. */
static ssize_t
seven_bits(int fd, const void *buffer, size_t size)
{
	char copy[64];

	if (!is_pipe(fd) || size > sizeof(copy))
		return (real.write(fd, buffer, size));
	memcpy(copy, buffer, size);
	for (size_t i = 0; i < size; i++)
		copy[i] &= 0x7f;
	return (real.write(fd, copy, size));
}
DEFECT(pipe-passes-seven-bits, .write = seven_bits);

/* fcntl */

static int
setfl_sets_mode(int fd, int command, long argument)
{
	static int mode[DESCRIPTORS]; /* one more than was set; 0: none was */
	int result;

	if (!is_pipe(fd) || fd >= DESCRIPTORS)
		return (real.fcntl(fd, command, argument));
	result = real.fcntl(fd, command, argument);
	if (command == F_SETFL && result == 0)
		mode[fd] = 1 + (int)(argument & O_ACCMODE);
	if (command == F_GETFL && result != -1 && mode[fd] != 0)
		result = (result & ~O_ACCMODE) | (mode[fd] - 1);
	return (result);
}
DEFECT(setfl-changes-access-mode, .fcntl = setfl_sets_mode);

static int
setfl_checks_mode(int fd, int command, long argument)
{
	if (command == F_SETFL && is_pipe(fd) &&
	    ((real.fcntl(fd, F_GETFL, 0) ^ argument) & O_ACCMODE) != 0)
		return (failure(EINVAL));
	return (real.fcntl(fd, command, argument));
}
DEFECT(setfl-refuses-another-access-mode, .fcntl = setfl_checks_mode);
