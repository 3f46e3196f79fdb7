#include "trace.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"
#include "os.h"
#include "sequence/names.h"
#include "sequence/print.h"
#include "signals.h"
#include "state.h"

#define FLAGS(buffer, names, value) pl_name((buffer), sizeof(buffer), &(names), (value))

/* Names of descriptors in this process: "" if it has none. */
static char slots[PL_DESCRIPTORS][8];

/* The transcript line this thread wrote last, to count repetitions. */
static __thread unsigned last_line;
static __thread bool has_last_line;

/* SIGPIPEs this thread had caught when its call began. */
static __thread int sigpipes_before;

void
pl_transcribe(const char *text)
{
	struct pl_state *s = pl_state;
	char line[PL_LINE];
	struct pl_line *l;
	unsigned newest;

	snprintf(line, sizeof(line), "%s%s%.200s", pl_me->name, pl_me->name[0] != '\0' ? ": " : "",
	    text);
	newest = atomic_load(&s->line_count);
	if (has_last_line && newest == last_line + 1) {
		l = &s->lines[last_line % PL_LINES];
		if (strcmp(l->text, line) == 0) {
			atomic_fetch_add(&l->times, 1);
			return;
		}
	}
	last_line = atomic_fetch_add(&s->line_count, 1);
	has_last_line = true;
	l = &s->lines[last_line % PL_LINES];
	memcpy(l->text, line, sizeof(line));
	atomic_store(&l->times, 1);
}

void
pl_note(const char *format, ...)
{
	char text[PL_LINE] = "# ";
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + 2, sizeof(text) - 2, format, ap);
	va_end(ap);
	pl_transcribe(text);
}

void
pl_trace_begin(int fd, const char *format, ...)
{
	struct pl_actor *me = pl_me;
	va_list ap;

	va_start(ap, format);
	vsnprintf(me->call, sizeof(me->call), format, ap);
	va_end(ap);
	me->call_fd = fd;
	sigpipes_before = pl_sigpipes();
	atomic_store(&me->in_call, 1);
	errno = 0;
}

/* The call is over; its outcome, not yet in the transcript. */
static struct pl_outcome
end_call(long value, int error)
{
	struct pl_actor *me = pl_me;
	struct pl_outcome o = {
		.value = value, .error = error, .sigpipes = pl_sigpipes() - sigpipes_before
	};

	atomic_store(&me->in_call, 0);
	memcpy(o.call, me->call, sizeof(o.call));
	return (o);
}

static struct pl_outcome
transcribe(struct pl_outcome o)
{
	char line[PL_LINE + 256];

	pl_transcribe(pl_print_call(line, sizeof(line), &o));
	return (o);
}

/* The same with values that came back beside the result. */
static struct pl_outcome __attribute__((format(printf, 2, 3)))
transcribe_detail(struct pl_outcome o, const char *format, ...)
{
	char line[2 * PL_LINE + 256];
	va_list ap;
	size_t used;

	pl_print_call(line, sizeof(line), &o);
	used = strlen(line);
	va_start(ap, format);
	vsnprintf(line + used, sizeof(line) - used, format, ap);
	va_end(ap);
	pl_transcribe(line);
	return (o);
}

struct pl_outcome
pl_trace_end_detail(long value, const char *format, ...)
{
	int error = value == -1 ? errno : 0;
	struct pl_outcome o = end_call(value, error);
	char detail[PL_LINE];
	va_list ap;

	if (error != 0)
		return (transcribe(o));
	va_start(ap, format);
	vsnprintf(detail, sizeof(detail), format, ap);
	va_end(ap);
	return (transcribe_detail(o, "%s", detail));
}

struct pl_outcome
pl_trace_end_value(long value)
{
	return (transcribe(end_call(value, 0)));
}

struct pl_outcome
pl_trace_end(long value)
{
	int error = value == -1 ? errno : 0;

	return (transcribe(end_call(value, error)));
}

struct pl_outcome
pl_trace_end_error(int error)
{
	return (transcribe(end_call(error == 0 ? 0 : -1, error)));
}

/* A call that made descriptors: "p0 p1 = pipe()" if it succeeded. */
struct pl_outcome
pl_trace_end_making(long value, const int *made, int count, char letter)
{
	int error = value == -1 ? errno : 0;
	struct pl_outcome o = end_call(value, error);
	char line[PL_LINE + 64];
	size_t used = 0;

	if (value == -1)
		return (transcribe(o));
	for (int i = 0; i < count; i++) {
		pl_name_slot(made[i], letter);
		used += (size_t)snprintf(line + used, sizeof(line) - used, "%s ", pl_slot(made[i]));
	}
	snprintf(line + used, sizeof(line) - used, "= %s", o.call);
	pl_transcribe(line);
	return (o);
}

const char *
pl_slot(int fd)
{
	static __thread char numbers[4][12];
	static __thread unsigned next;
	char *number;

	if (fd >= 0 && fd < PL_DESCRIPTORS && slots[fd][0] != '\0')
		return (slots[fd]);
	number = numbers[next++ % 4];
	snprintf(number, sizeof(numbers[0]), "%d", fd);
	return (number);
}

void
pl_name_slot(int fd, char letter)
{
	if (fd >= 0 && fd < PL_DESCRIPTORS)
		snprintf(slots[fd], sizeof(slots[fd]), "%c%d", letter,
		    atomic_fetch_add(&pl_state->slot_count[letter - 'a'], 1));
}

void
pl_forget_slot(int fd)
{
	if (fd >= 0 && fd < PL_DESCRIPTORS)
		slots[fd][0] = '\0';
}

void
pl_close_slots(void)
{
	for (int fd = 0; fd < PL_DESCRIPTORS; fd++)
		if (slots[fd][0] != '\0') {
			close(fd);
			slots[fd][0] = '\0';
		}
}

/* pipe(2) and friends */

struct pl_outcome
sys_pipe(int fd[2])
{
	pl_trace_begin(-1, "pipe()");
	return (pl_trace_end_making(pipe(fd), fd, 2, 'p'));
}

struct pl_outcome
sys_pipe2(int fd[2], int flags)
{
	char text[128];

	pl_trace_begin(-1, "pipe2(%s)", FLAGS(text, pl_names_flags, flags));
	return (pl_trace_end_making(pipe2(fd, flags), fd, 2, 'p'));
}

static struct pl_outcome
trace_open(const char *path, int flags, int mode)
{
	char text[128];
	int fd;

	FLAGS(text, pl_names_open, flags);
	if (flags & O_CREAT)
		pl_trace_begin(-1, "open(\"%.100s\", %s, 0%o)", path, text, mode);
	else
		pl_trace_begin(-1, "open(\"%.100s\", %s)", path, text);
	fd = open(path, flags, mode);
	if (fd != -1 && (flags & O_CREAT) != 0)
		pl_remove_at_end(path);
	return (pl_trace_end_making(fd, &fd, 1, 'f'));
}

struct pl_outcome
sys_open(const char *path, int flags, ...)
{
	va_list ap;
	int mode = 0;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, int);
		va_end(ap);
	}
	return (trace_open(path, flags, mode));
}

struct pl_outcome
sys_close(int fd)
{
	bool has_slot = fd >= 0 && fd < PL_DESCRIPTORS;
	char slot[sizeof(slots[0])];
	struct pl_outcome o;

	pl_trace_begin(fd, "close(%s)", pl_slot(fd));
	/* Another thread may get that number, and name it, before this one goes on. */
	if (has_slot)
		memcpy(slot, slots[fd], sizeof(slot));
	pl_forget_slot(fd);
	o = pl_trace_end(close(fd));
	if (o.error != 0 && has_slot)
		memcpy(slots[fd], slot, sizeof(slot));
	return (o);
}

struct pl_outcome
sys_dup(int fd)
{
	int made;

	pl_trace_begin(fd, "dup(%s)", pl_slot(fd));
	made = dup(fd);
	return (pl_trace_end_making(made, &made, 1, 'd'));
}

struct pl_outcome
sys_dup2(int from, int to)
{
	struct pl_outcome o;

	pl_trace_begin(from, "dup2(%s, %s)", pl_slot(from), pl_slot(to));
	o = pl_trace_end(dup2(from, to));
	/* A standard stream stays nameless: the end of the case must not close it. */
	if (o.error == 0 && to > 2 && to < PL_DESCRIPTORS && slots[to][0] == '\0')
		pl_name_slot(to, 'd');
	return (o);
}

struct pl_outcome
sys_dup3(int from, int to, int flags)
{
	struct pl_outcome o;
	char text[64];

	FLAGS(text, pl_names_open, flags);
	pl_trace_begin(from, "dup3(%s, %s, %s)", pl_slot(from), pl_slot(to), text);
	o = pl_trace_end(dup3(from, to, flags));
	if (o.error == 0 && to > 2 && to < PL_DESCRIPTORS && slots[to][0] == '\0')
		pl_name_slot(to, 'd');
	return (o);
}

/* Transfer */

struct pl_outcome
sys_read(int fd, void *buffer, size_t size)
{
	pl_trace_begin(fd, "read(%s, %zu)", pl_slot(fd), size);
	return (pl_trace_end(read(fd, buffer, size)));
}

struct pl_outcome
sys_write(int fd, const void *buffer, size_t size)
{
	pl_trace_begin(fd, "write(%s, %zu)", pl_slot(fd), size);
	return (pl_trace_end(write(fd, buffer, size)));
}

/* "[3, 4, 9]" for the lengths of a vector; only the count if it may be unreadable. */
static const char *
vector_text(char *text, size_t size, const struct iovec *v, int count)
{
	size_t used = 0;

	if (count < 0 || count > 8) {
		snprintf(text, size, "%d areas", count);
		return (text);
	}
	used = (size_t)snprintf(text, size, "[");
	for (int i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(
		    text + used, size - used, "%s%zu", i > 0 ? ", " : "", v[i].iov_len);
	if (used < size)
		snprintf(text + used, size - used, "]");
	return (text);
}

struct pl_outcome
sys_readv(int fd, const struct iovec *v, int count)
{
	char text[128];

	pl_trace_begin(fd, "readv(%s, %s)", pl_slot(fd), vector_text(text, sizeof(text), v, count));
	return (pl_trace_end(readv(fd, v, count)));
}

struct pl_outcome
sys_writev(int fd, const struct iovec *v, int count)
{
	char text[128];

	pl_trace_begin(
	    fd, "writev(%s, %s)", pl_slot(fd), vector_text(text, sizeof(text), v, count));
	return (pl_trace_end(writev(fd, v, count)));
}

/* Properties of a descriptor */

struct pl_outcome
sys_fcntl(int fd, int command, long argument)
{
	char name[32], text[128];
	const struct pl_names *value_names = NULL;
	struct pl_outcome o;
	long value;
	int error;

	FLAGS(name, pl_names_fcntl, command);
	snprintf(text, sizeof(text), "%ld", argument);
	if (command == F_SETFL)
		FLAGS(text, pl_names_open, argument);
	else if (command == F_SETFD)
		FLAGS(text, pl_names_descriptor, argument);
	if (command == F_GETFL)
		value_names = &pl_names_open;
	else if (command == F_GETFD)
		value_names = &pl_names_descriptor;
	if (value_names != NULL || command == F_GETOWN || command == pl_os.f_getpipe_sz)
		pl_trace_begin(fd, "fcntl(%s, %s)", pl_slot(fd), name);
	else
		pl_trace_begin(fd, "fcntl(%s, %s, %s)", pl_slot(fd), name, text);
	value = fcntl(fd, command, argument);
	if (value != -1 &&
	    (command == F_DUPFD || command == F_DUPFD_CLOEXEC ||
		(command == pl_os.f_dupfd_clofork && command != PL_ABSENT))) {
		int made = (int)value;

		return (pl_trace_end_making(value, &made, 1, 'd'));
	}
	error = value == -1 ? errno : 0;
	o = end_call(value, error);
	o.names = value_names;
	return (transcribe(o));
}

struct pl_outcome
sys_ioctl_int(int fd, unsigned long request, int *argument)
{
	char name[32];
	struct pl_outcome o;
	long value;
	int error;

	FLAGS(name, pl_names_ioctl, (long)request);
	pl_trace_begin(fd, "ioctl(%s, %s)", pl_slot(fd), name);
	value = ioctl(fd, request, argument);
	error = value == -1 ? errno : 0;
	o = end_call(value, error);
	if (error != 0)
		return (transcribe(o));
	return (transcribe_detail(o, " {%d}", *argument));
}

struct pl_outcome
sys_lseek(int fd, off_t offset, int whence)
{
	char text[32];

	pl_trace_begin(fd, "lseek(%s, %jd, %s)", pl_slot(fd), (intmax_t)offset,
	    FLAGS(text, pl_names_whence, whence));
	return (pl_trace_end(lseek(fd, offset, whence)));
}

/* Readiness */

static void
poll_text(char *text, size_t size, const struct pollfd *fds, nfds_t count, bool results)
{
	char names[96];
	size_t used = 0;

	text[0] = '\0';
	for (nfds_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%s %s", i > 0 ? ", " : "",
		    pl_slot(fds[i].fd),
		    FLAGS(names, pl_names_poll, results ? fds[i].revents : fds[i].events));
}

struct pl_outcome
sys_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	char text[160];
	struct pl_outcome o;
	long value;
	int error;

	poll_text(text, sizeof(text), fds, count, false);
	pl_trace_begin(count > 0 ? fds[0].fd : -1, "poll({%s}, %d)", text, timeout_ms);
	value = poll(fds, count, timeout_ms);
	error = value == -1 ? errno : 0;
	o = end_call(value, error);
	if (error != 0)
		return (transcribe(o));
	poll_text(text, sizeof(text), fds, count, true);
	return (transcribe_detail(o, " {%s}", text));
}

static void
set_text(char *text, size_t size, int limit, const fd_set *set)
{
	size_t used;

	if (set == NULL) {
		snprintf(text, size, "-");
		return;
	}
	used = (size_t)snprintf(text, size, "{");
	for (int fd = 0; fd < limit && used < size; fd++)
		if (FD_ISSET(fd, set))
			used += (size_t)snprintf(
			    text + used, size - used, "%s%s", used > 1 ? " " : "", pl_slot(fd));
	if (used < size)
		snprintf(text + used, size - used, "}");
}

/* The three sets of a call, printed. */
struct sets_text {
	char r[64], w[64], x[64];
};

static void
sets_text(struct sets_text *t, int limit, const fd_set *r, const fd_set *w, const fd_set *x)
{
	set_text(t->r, sizeof(t->r), limit, r);
	set_text(t->w, sizeof(t->w), limit, w);
	set_text(t->x, sizeof(t->x), limit, x);
}

/* The result of a call that changes its sets. */
static struct pl_outcome
end_select(long value, int limit, const fd_set *r, const fd_set *w, const fd_set *x)
{
	int error = value == -1 ? errno : 0;
	struct pl_outcome o = end_call(value, error);
	struct sets_text t;

	if (error != 0)
		return (transcribe(o));
	sets_text(&t, limit, r, w, x);
	return (transcribe_detail(o, " {%s, %s, %s}", t.r, t.w, t.x));
}

struct pl_outcome
sys_select(
    int limit, fd_set *readable, fd_set *writable, fd_set *exceptional, struct timeval *timeout)
{
	struct sets_text t;
	char time[32];

	sets_text(&t, limit, readable, writable, exceptional);
	if (timeout == NULL)
		snprintf(time, sizeof(time), "-");
	else
		snprintf(time, sizeof(time), "%jd us",
		    (intmax_t)timeout->tv_sec * 1000000 + timeout->tv_usec);
	pl_trace_begin(-1, "select(%s, %s, %s, %s)", t.r, t.w, t.x, time);
	return (end_select(select(limit, readable, writable, exceptional, timeout), limit, readable,
	    writable, exceptional));
}

static void
timespec_text(char *text, size_t size, const struct timespec *t)
{
	if (t == NULL)
		snprintf(text, size, "-");
	else
		snprintf(text, size, "{%jd s, %ld ns}", (intmax_t)t->tv_sec, (long)t->tv_nsec);
}

/* The signals of a mask: all, or by name. */
static void
mask_text(char *text, size_t size, const sigset_t *mask)
{
	char name[32];
	size_t used;
	int missing = 0;

	if (mask == NULL) {
		snprintf(text, size, "-");
		return;
	}
	for (int signal = 1; signal < 32; signal++)
		missing += signal != SIGKILL && signal != SIGSTOP && !sigismember(mask, signal);
	if (missing == 0) {
		snprintf(text, size, "all");
		return;
	}
	used = (size_t)snprintf(text, size, "{");
	for (int signal = 1; signal < 32 && used < size; signal++)
		if (sigismember(mask, signal))
			used +=
			    (size_t)snprintf(text + used, size - used, "%s%s", used > 1 ? " " : "",
				pl_name(name, sizeof(name), &pl_names_signal, signal));
	if (used < size)
		snprintf(text + used, size - used, "}");
}

struct pl_outcome
sys_pselect(int limit, fd_set *readable, fd_set *writable, fd_set *exceptional,
    const struct timespec *timeout, const sigset_t *mask)
{
	struct sets_text t;
	char time[64], signals[96];

	sets_text(&t, limit, readable, writable, exceptional);
	timespec_text(time, sizeof(time), timeout);
	mask_text(signals, sizeof(signals), mask);
	pl_trace_begin(-1, "pselect(%s, %s, %s, %s, %s)", t.r, t.w, t.x, time, signals);
	return (end_select(pselect(limit, readable, writable, exceptional, timeout, mask), limit,
	    readable, writable, exceptional));
}

struct pl_outcome
sys_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	char text[160], time[64], signals[96];
	struct pl_outcome o;
	long value;
	int error;

	poll_text(text, sizeof(text), fds, count, false);
	timespec_text(time, sizeof(time), timeout);
	mask_text(signals, sizeof(signals), mask);
	pl_trace_begin(count > 0 ? fds[0].fd : -1, "ppoll({%s}, %s, %s)", text, time, signals);
	value = ppoll(fds, count, timeout, mask);
	error = value == -1 ? errno : 0;
	o = end_call(value, error);
	if (error != 0)
		return (transcribe(o));
	poll_text(text, sizeof(text), fds, count, true);
	return (transcribe_detail(o, " {%s}", text));
}

/* Files and names */

static struct pl_outcome
end_stat(long value, const struct stat *st)
{
	int error = value == -1 ? errno : 0;
	struct pl_outcome o = end_call(value, error);
	char type[16];

	if (error != 0)
		return (transcribe(o));
	return (transcribe_detail(o, " {%s 0%03o, nlink %ju, size %jd, uid %ju, gid %ju}",
	    FLAGS(type, pl_names_file_type, st->st_mode & S_IFMT), (unsigned)(st->st_mode & 07777),
	    (uintmax_t)st->st_nlink, (intmax_t)st->st_size, (uintmax_t)st->st_uid,
	    (uintmax_t)st->st_gid));
}

struct pl_outcome
sys_fstat(int fd, struct stat *st)
{
	pl_trace_begin(fd, "fstat(%s)", pl_slot(fd));
	return (end_stat(fstat(fd, st), st));
}

struct pl_outcome
sys_stat(const char *path, struct stat *st)
{
	pl_trace_begin(-1, "stat(\"%.100s\")", path);
	return (end_stat(stat(path, st), st));
}

struct pl_outcome
sys_lstat(const char *path, struct stat *st)
{
	pl_trace_begin(-1, "lstat(\"%.100s\")", path);
	return (end_stat(lstat(path, st), st));
}

struct pl_outcome
sys_mkfifo(const char *path, mode_t mode)
{
	struct pl_outcome o;

	pl_trace_begin(-1, "mkfifo(\"%.100s\", 0%03o)", path, (unsigned)mode);
	o = pl_trace_end(mkfifo(path, mode));
	if (o.error == 0)
		pl_remove_at_end(path);
	return (o);
}

struct pl_outcome
sys_mkfifoat(int directory, const char *path, mode_t mode)
{
	struct pl_outcome o;

	pl_trace_begin(directory, "mkfifoat(%s, \"%.100s\", 0%03o)",
	    directory == AT_FDCWD ? "AT_FDCWD" : pl_slot(directory), path, (unsigned)mode);
	o = pl_trace_end(mkfifoat(directory, path, mode));
	if (o.error == 0 && (directory == AT_FDCWD || path[0] == '/'))
		pl_remove_at_end(path);
	return (o);
}

struct pl_outcome
sys_mknod(const char *path, mode_t mode, dev_t device)
{
	struct pl_outcome o;
	char type[16];

	pl_trace_begin(-1, "mknod(\"%.100s\", %s|0%03o, %ju)", path,
	    FLAGS(type, pl_names_file_type, mode & S_IFMT), (unsigned)(mode & 07777),
	    (uintmax_t)device);
	o = pl_trace_end(mknod(path, mode, device));
	if (o.error == 0)
		pl_remove_at_end(path);
	return (o);
}

struct pl_outcome
sys_unlink(const char *path)
{
	pl_trace_begin(-1, "unlink(\"%.100s\")", path);
	return (pl_trace_end(unlink(path)));
}

struct pl_outcome
sys_rename(const char *from, const char *to)
{
	struct pl_outcome o;

	pl_trace_begin(-1, "rename(\"%.100s\", \"%.100s\")", from, to);
	o = pl_trace_end(rename(from, to));
	if (o.error == 0)
		pl_remove_at_end(to);
	return (o);
}

/* Set-up forms */

/* The caller's file and line are not known here; the call itself is. */
static long
must(struct pl_outcome o)
{
	return (pl_must_(NULL, 0, o));
}

void
pl_pipe(int fd[2])
{
	must(sys_pipe(fd));
}

int
pl_open(const char *path, int flags, ...)
{
	struct pl_outcome o;
	va_list ap;
	int mode = 0;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, int);
		va_end(ap);
	}
	o = trace_open(path, flags, mode);
	return ((int)must(o));
}

void
pl_close(int fd)
{
	must(sys_close(fd));
}

int
pl_dup(int fd)
{
	return ((int)must(sys_dup(fd)));
}

void
pl_write(int fd, const void *buffer, size_t size)
{
	long written = must(sys_write(fd, buffer, size));

	if (written != (long)size)
		pl_broken("a set-up write took %ld of %zu bytes", written, size);
}

void
pl_mkfifo(const char *path, mode_t mode)
{
	must(sys_mkfifo(path, mode));
}

void
pl_mkdir(const char *path, mode_t mode)
{
	must(pl_sys(mkdir(path, mode), "mkdir(\"%.100s\", 0%03o)", path, (unsigned)mode));
	pl_remove_at_end(path);
}

void
pl_symlink(const char *target, const char *path)
{
	must(pl_sys(symlink(target, path), "symlink(\"%.100s\", \"%.100s\")", target, path));
	pl_remove_at_end(path);
}

void
pl_chmod(const char *path, mode_t mode)
{
	must(pl_sys(chmod(path, mode), "chmod(\"%.100s\", 0%03o)", path, (unsigned)mode));
}

void
pl_act_as(uid_t uid, gid_t gid)
{
	struct pl_outcome o;

	o = pl_sys(setegid(gid), "setegid(%ju)", (uintmax_t)gid);
	if (o.error == 0)
		o = pl_sys(seteuid(uid), "seteuid(%ju)", (uintmax_t)uid);
	if (o.error != 0)
		pl_not_tested(
		    "the super-user cannot act as another user here: %s", strerror(o.error));
}

void
pl_unlink(const char *path)
{
	must(sys_unlink(path));
}

void
pl_nonblock(int fd, bool on)
{
	long flags = must(sys_fcntl(fd, F_GETFL, 0));

	must(sys_fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~(long)O_NONBLOCK));
}

struct stat
pl_fstat(int fd)
{
	struct stat st;

	must(sys_fstat(fd, &st));
	return (st);
}

struct pl_outcome
pl_revents(const struct pollfd *entry)
{
	return (pl_value(entry->revents, &pl_names_poll, "revents of %s", pl_slot(entry->fd)));
}

struct pl_outcome
pl_file_type(const char *path)
{
	struct stat st;
	struct pl_outcome o = sys_lstat(path, &st);

	if (o.error != 0)
		return (o);
	return (
	    pl_value((long)(st.st_mode & S_IFMT), &pl_names_file_type, "type of \"%.100s\"", path));
}

void
pl_await_events(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };

	pl_must_(NULL, 0, sys_poll(&entry, 1, -1));
}

struct pl_outcome
pl_poll_now(int fd, short events)
{
	struct pollfd entry = { .fd = fd, .events = events };
	long ready = must(sys_poll(&entry, 1, 0));

	if (ready != (entry.revents != 0))
		pl_broken("poll counted %ld ready entries with revents 0x%x", ready,
		    (unsigned)entry.revents);
	return (pl_revents(&entry));
}

struct pl_outcome
pl_status_flags(int fd, long mask)
{
	long flags = must(sys_fcntl(fd, F_GETFL, 0));

	return (pl_value(flags & mask, (mask & O_ACCMODE) != 0 ? &pl_names_open : &pl_names_flags,
	    "status flags of %s", pl_slot(fd)));
}

struct pl_outcome
pl_descriptor_flags(int fd)
{
	long flags = must(sys_fcntl(fd, F_GETFD, 0));

	return (pl_value(flags, &pl_names_descriptor, "descriptor flags of %s", pl_slot(fd)));
}

int
pl_count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < PL_DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return (count);
}

double
pl_milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6);
}
