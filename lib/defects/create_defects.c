/*
 * Kernels that make pipes, duplicate their ends or open them again wrongly.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "defects.h"

/* Make two descriptors change their numbers. */
static void
exchange(int fd[2])
{
	int low = fd[0], high = fd[1], kept = real.dup(low);

	real.dup2(high, low);
	real.dup2(kept, high);
	real.close(kept);
	fd[0] = high;
	fd[1] = low;
}

/* Set descriptor flags of a pipe's end. */
static void
mark(int fd, int flags)
{
	real.fcntl(fd, F_SETFD, flags);
}

static void
set_status(int fd, int flags)
{
	real.fcntl(fd, F_SETFL, flags);
}

/* Is that memory there? */
static bool
accessible(const void *memory, size_t size)
{
	int fd[2];
	bool answer;

	if (real.pipe(fd) == -1)
		return (true);
	answer = real.write(fd[1], memory, size) == (ssize_t)size;
	real.close(fd[0]);
	real.close(fd[1]);
	return (answer);
}

/* Open the description behind a descriptor anew. */
static int
reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return (real.open(path, flags, 0));
}

/* pipe() */

static int
one_number_for_both(int fd[2])
{
	int result = real.pipe(fd);

	if (result == 0) {
		real.close(fd[1]);
		fd[1] = fd[0];
	}
	return (result);
}
DEFECT(pipe-one-number-for-both, .pipe = one_number_for_both);

static int
numbers_from_above(int fd[2])
{
	int result = real.pipe(fd);

	for (int i = 0; result == 0 && i < 2; i++) {
		int moved = real.fcntl(fd[i], F_DUPFD, 40);

		real.close(fd[i]);
		fd[i] = moved;
	}
	return (result);
}
DEFECT(pipe-numbers-from-above, .pipe = numbers_from_above);

static int
write_end_first(int fd[2])
{
	int result = real.pipe(fd);

	if (result == 0)
		exchange(fd);
	return (result);
}
DEFECT(pipe-write-end-first, .pipe = write_end_first);

static int
close_on_exec_unasked(int fd[2])
{
	return (real.pipe2(fd, O_CLOEXEC));
}
DEFECT(pipe-close-on-exec-unasked, .pipe = close_on_exec_unasked);

static int
nonblocking_write_end(int fd[2])
{
	int result = real.pipe(fd);

	if (result == 0)
		set_status(fd[1], O_NONBLOCK);
	return (result);
}
DEFECT(pipe-write-end-nonblocking, .pipe = nonblocking_write_end);

static int
bad_array_einval(int fd[2])
{
	int result = real.pipe(fd);

	return (result == -1 && errno == EFAULT ? failure(EINVAL) : result);
}
DEFECT(pipe-bad-array-einval, .pipe = bad_array_einval);

static int
bad_array_leak(int fd[2])
{
	int result = real.pipe(fd), lost[2];

	if (result == -1 && errno == EFAULT) {
		real.pipe(lost);
		return (failure(EFAULT));
	}
	return (result);
}
DEFECT(pipe-bad-array-leak, .pipe = bad_array_leak);

static int
limit_enfile(int fd[2])
{
	int result = real.pipe(fd);

	return (result == -1 && errno == EMFILE ? failure(ENFILE) : result);
}
DEFECT(pipe-limit-enfile, .pipe = limit_enfile);

static int
limit_leak(int fd[2])
{
	int result = real.pipe(fd);

	if (result == -1 && errno == EMFILE) {
		real.dup(STDIN_FILENO);
		return (failure(EMFILE));
	}
	return (result);
}
DEFECT(pipe-limit-leak, .pipe = limit_leak);

static int
limit_array_touched(int fd[2])
{
	int result = real.pipe(fd);

	if (result == -1 && errno == EMFILE)
		fd[1] = -1;
	return (result);
}
DEFECT(pipe-limit-array-touched, .pipe = limit_array_touched);

static int
one_buffer_for_all(int fd[2])
{
	static int first[2];

	if (first[1] == 0 || !is_pipe(first[0]) || !is_pipe(first[1])) {
		int result = real.pipe(fd);

		memcpy(first, fd, sizeof(first));
		return (result);
	}
	fd[0] = real.dup(first[0]);
	fd[1] = real.dup(first[1]);
	return (0);
}
DEFECT(pipe-one-buffer-for-all, .pipe = one_buffer_for_all);

/* What the pipe before this one still held is in the new one. */
static char remains[64];
static ssize_t remaining;

static int
keep_remains(int fd)
{
	bool reader = is_pipe(fd) && (real.fcntl(fd, F_GETFL, 0) & O_ACCMODE) == O_RDONLY;

	if (reader && unread(fd) > 0)
		remaining = real.read(fd, remains, sizeof(remains));
	return (real.close(fd));
}

static int
old_contents(int fd[2])
{
	int result = real.pipe(fd);

	if (result == 0 && remaining > 0)
		remaining = real.write(fd[1], remains, (size_t)remaining) * 0;
	return (result);
}
DEFECT(pipe-old-contents, .pipe = old_contents, .close = keep_remains);

/* A pipe that cannot be made costs another one a byte. */
static int
exhaustion_corrupts(int fd[2])
{
	static int first = -1;
	int result = real.pipe(fd);
	char lost;

	if (result == -1 && first != -1) {
		real.read(first, &lost, 1);
		return (failure(EMFILE));
	}
	if (result == 0 && first == -1)
		first = fd[0];
	return (result);
}
DEFECT(pipe-exhaustion-corrupts, .pipe = exhaustion_corrupts);

static int
first_close_discards(int fd)
{
	char lost[64];

	if (is_pipe(fd) && unread(fd) > 0 && (real.fcntl(fd, F_GETFL, 0) & O_ACCMODE) == O_RDONLY)
		real.read(fd, lost, sizeof(lost));
	return (real.close(fd));
}
DEFECT(close-first-discards-data, .close = first_close_discards);

/* Status flags */

static int
getfl_without_mode(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_GETFL && result != -1 && is_pipe(fd) ? result & ~O_ACCMODE : result);
}
DEFECT(fcntl-getfl-without-mode, .fcntl = getfl_without_mode);

/* pipe2() */

static int
stale_flags(int fd[2], int flags)
{
	return (real.pipe2(fd, flags == 0 ? O_CLOEXEC : flags));
}
DEFECT(pipe2-stale-flags, .pipe2 = stale_flags);

static int
cloexec_first_end_only(int fd[2], int flags)
{
	int result = real.pipe2(fd, flags);

	if (result == 0)
		mark(fd[1], 0);
	return (result);
}
DEFECT(pipe2-cloexec-first-end-only, .pipe2 = cloexec_first_end_only);

static int
nonblock_read_end_only(int fd[2], int flags)
{
	int result = real.pipe2(fd, flags);

	if (result == 0)
		set_status(fd[1], flags & ~(O_NONBLOCK | O_CLOEXEC));
	return (result);
}
DEFECT(pipe2-nonblock-read-end-only, .pipe2 = nonblock_read_end_only);

static int
cloexec_hides_nonblock(int fd[2], int flags)
{
	return (real.pipe2(fd, flags & O_CLOEXEC ? flags & ~O_NONBLOCK : flags));
}
DEFECT(pipe2-cloexec-hides-nonblock, .pipe2 = cloexec_hides_nonblock);

static int
nonblock_implies_cloexec(int fd[2], int flags)
{
	return (real.pipe2(fd, flags & O_NONBLOCK ? flags | O_CLOEXEC : flags));
}
DEFECT(pipe2-nonblock-implies-cloexec, .pipe2 = nonblock_implies_cloexec);

static int
unknown_flags_ignored(int fd[2], int flags)
{
	return (real.pipe2(fd, flags & ~0x40000000));
}
DEFECT(pipe2-unknown-flags-ignored, .pipe2 = unknown_flags_ignored);

static int
async_accepted(int fd[2], int flags)
{
	int result = real.pipe2(fd, flags & ~O_ASYNC);

	if (result == 0 && (flags & O_ASYNC) != 0)
		set_status(fd[0], flags & ~O_CLOEXEC);
	return (result);
}
DEFECT(pipe2-async-accepted, .pipe2 = async_accepted);

static int
refusal_leaks(int fd[2], int flags)
{
	int result = real.pipe2(fd, flags), lost[2];

	if (result == -1 && errno == EINVAL) {
		real.pipe(lost);
		return (failure(EINVAL));
	}
	return (result);
}
DEFECT(pipe2-refusal-leaks, .pipe2 = refusal_leaks);

static int
array_looked_at_first(int fd[2], int flags)
{
	return (accessible(fd, 2 * sizeof(*fd)) ? real.pipe2(fd, flags) : failure(EFAULT));
}
DEFECT(pipe2-array-looked-at-first, .pipe2 = array_looked_at_first);

static int
direct_refused(int fd[2], int flags)
{
	return (flags & O_DIRECT ? failure(EINVAL) : real.pipe2(fd, flags));
}
DEFECT(pipe2-direct-refused, .pipe2 = direct_refused);

/* dup() and its relations */

static int
dup_opens_anew(int fd)
{
	int flags = real.fcntl(fd, F_GETFL, 0);

	return (is_pipe(fd) ? reopen(fd, flags) : real.dup(fd));
}
DEFECT(dup-opens-anew, .dup = dup_opens_anew);

static int
dup_copies_descriptor_flags(int fd)
{
	int copy = real.dup(fd);

	if (copy != -1 && is_pipe(fd))
		mark(copy, real.fcntl(fd, F_GETFD, 0));
	return (copy);
}
DEFECT(dup-copies-descriptor-flags, .dup = dup_copies_descriptor_flags);

static int
dup2_keeps_flags_of_the_number(int from, int to)
{
	int flags = real.fcntl(to, F_GETFD, 0), result = real.dup2(from, to);

	if (result != -1 && flags != -1 && is_pipe(from))
		mark(to, flags);
	return (result);
}
DEFECT(dup2-keeps-flags-of-the-number, .dup2 = dup2_keeps_flags_of_the_number);

/* The reference goes to a number that no case counts. */
static int
dup2_keeps_a_reference(int from, int to)
{
	if (from != to && is_pipe(to))
		real.fcntl(to, F_DUPFD, 50);
	return (real.dup2(from, to));
}
DEFECT(dup2-keeps-a-reference, .dup2 = dup2_keeps_a_reference);

static int
dup2_onto_itself_closes(int from, int to)
{
	if (from == to && is_pipe(from)) {
		real.close(from);
		return (to);
	}
	return (real.dup2(from, to));
}
DEFECT(dup2-onto-itself-closes, .dup2 = dup2_onto_itself_closes);

static int
dupfd_cloexec_does_not_set(int fd, int command, long argument)
{
	return (real.fcntl(
	    fd, command == F_DUPFD_CLOEXEC && is_pipe(fd) ? F_DUPFD : command, argument));
}
DEFECT(fcntl-dupfd-cloexec-does-not-set, .fcntl = dupfd_cloexec_does_not_set);

/* The copy begins where the original was when it was made. */
static int copied, copy_of = -1;
static char seen[64];
static ssize_t seen_size;

static int
dup_with_own_position(int fd)
{
	int copy = real.dup(fd);

	if (copy != -1 && is_pipe(fd) && copy_of == -1) {
		copied = fd;
		copy_of = copy;
	}
	return (copy);
}

static ssize_t
read_from_own_position(int fd, void *buffer, size_t size)
{
	ssize_t n;

	if (copy_of != -1 && fd == copy_of && seen_size > 0 && (size_t)seen_size <= size) {
		n = seen_size;
		memcpy(buffer, seen, (size_t)n);
		seen_size = 0;
		return (n);
	}
	n = real.read(fd, buffer, size);
	if (copy_of != -1 && fd == copied && n > 0 && (size_t)n <= sizeof(seen)) {
		memcpy(seen, buffer, (size_t)n);
		seen_size = n;
	}
	return (n);
}
DEFECT(dup-has-own-position, .dup = dup_with_own_position, .read = read_from_own_position);

/* /proc/self/fd */

/* The number in such a name, or -1. */
static int
number_in(const char *path)
{
	int fd;

	return (sscanf(path, "/proc/self/fd/%d", &fd) == 1 && is_pipe(fd) ? fd : -1);
}

static int
proc_open_duplicates(const char *path, int flags, int mode)
{
	int fd = number_in(path);

	return (fd != -1 ? real.dup(fd) : real.open(path, flags, mode));
}
DEFECT(open-proc-duplicates, .open = proc_open_duplicates);

static int
proc_open_shares_flags(const char *path, int flags, int mode)
{
	int fd = number_in(path), made = real.open(path, flags, mode);

	if (fd != -1 && made != -1 && (flags & O_NONBLOCK) != 0)
		set_status(fd, O_NONBLOCK);
	return (made);
}
DEFECT(open-proc-shares-flags, .open = proc_open_shares_flags);

/* Readers do not learn of a writer that came this way. */
static bool uncounted;

static int
proc_open_uncounted(const char *path, int flags, int mode)
{
	if (number_in(path) != -1 && (flags & O_ACCMODE) == O_WRONLY)
		uncounted = true;
	return (real.open(path, flags, mode));
}

static ssize_t
read_without_uncounted(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == EAGAIN && uncounted && is_pipe(fd) ? 0 : n);
}
DEFECT(open-proc-writer-uncounted, .open = proc_open_uncounted, .read = read_without_uncounted);

static ssize_t
proc_link_wrong_inode(const char *path, char *buffer, size_t size)
{
	ssize_t n = real.readlink(path, buffer, size);

	if (number_in(path) != -1 && n > 2)
		buffer[n - 2] = buffer[n - 2] == '9' ? '0' : (char)(buffer[n - 2] + 1);
	return (n);
}
DEFECT(readlink-proc-wrong-inode, .readlink = proc_link_wrong_inode);
