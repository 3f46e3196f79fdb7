/*
 * Kernels that get the ends of TCP connections wrong: half-closes, lingering,
 * resets and SIGPIPE.
 */

#include "tcp_defects.h"

#include <fcntl.h>
#include <unistd.h>

static bool
is_reset(int fd)
{
	return ((readiness(fd, 0) & POLLERR) != 0);
}

static int
pending_error(int fd)
{
	int value = 0, before = errno;
	socklen_t size = sizeof(value);

	real.getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &size);
	errno = before;
	return (value);
}

/* Half-closes, as poll and select tell them */

/* In the events of TCP sockets that have all of where: set these, clear those. */
static int
events_changed(
    struct pollfd *fds, nfds_t count, int timeout, short where, short set, short clear, bool full)
{
	int n = real.poll(fds, count, timeout), left = 0;

	for (nfds_t i = 0; i < count; i++) {
		if (n > 0 && is_tcp(fds[i].fd) &&
		    (readiness(fds[i].fd, POLLIN | POLLRDHUP) & where) == where &&
		    (!full || unread(fds[i].fd) > 0)) {
			fds[i].revents |= set;
			fds[i].revents &= (short)~clear;
		}
		left += fds[i].revents != 0;
	}
	return (n > 0 ? left : n);
}

static int
half_hangs_up(struct pollfd *fds, nfds_t count, int timeout)
{
	return (events_changed(fds, count, timeout, POLLRDHUP, POLLHUP, 0, false));
}
DEFECT(tcp-poll-half-closed-hangs-up, .poll = half_hangs_up);

static int
half_is_not_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	return (events_changed(fds, count, timeout, POLLRDHUP, 0, POLLOUT, false));
}
DEFECT(tcp-poll-half-closed-is-not-writable, .poll = half_is_not_writable);

static int
unasked(struct pollfd *fds, nfds_t count, int timeout)
{
	return (events_changed(fds, count, timeout, POLLRDHUP, POLLRDHUP, 0, false));
}
DEFECT(tcp-pollrdhup-is-told-unasked, .poll = unasked);

static int
after_the_data(struct pollfd *fds, nfds_t count, int timeout)
{
	return (events_changed(fds, count, timeout, POLLRDHUP, 0, POLLRDHUP, true));
}
DEFECT(tcp-pollrdhup-comes-after-the-data, .poll = after_the_data);

static int
never_hangs_up(struct pollfd *fds, nfds_t count, int timeout)
{
	return (events_changed(fds, count, timeout, POLLHUP, 0, POLLHUP, false));
}
DEFECT(tcp-poll-never-hangs-up, .poll = never_hangs_up);

static int
end_is_unreadable(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	int n = real.select(limit, r, w, x, timeout);

	for (int fd = 0; n > 0 && r != NULL && fd < limit; fd++)
		if (FD_ISSET(fd, r) && is_tcp(fd) && has_ended(fd) && unread(fd) == 0) {
			FD_CLR(fd, r);
			n--;
		}
	return (n);
}
DEFECT(tcp-select-does-not-see-the-end, .select = end_is_unreadable);

static int
end_seen_once(int limit, fd_set *r, fd_set *w, fd_set *x, struct timeval *timeout)
{
	static bool told;
	int n = real.select(limit, r, w, x, timeout);

	for (int fd = 0; n > 0 && r != NULL && fd < limit; fd++)
		if (FD_ISSET(fd, r) && is_tcp(fd) && has_ended(fd)) {
			if (told) {
				FD_CLR(fd, r);
				n--;
			}
			told = true;
		}
	return (n);
}
DEFECT(tcp-select-tells-the-end-once, .select = end_seen_once);

/* Half-closes */

static int
rd_is_rdwr(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_RD && is_tcp(fd) ? SHUT_RDWR : how));
}
DEFECT(tcp-shut-rd-tells-the-peer, .shutdown = rd_is_rdwr);

static int
wr_drops_unread(int fd, int how)
{
	if (how == SHUT_WR && is_tcp(fd))
		flush_queue(fd);
	return (real.shutdown(fd, how));
}
DEFECT(tcp-shut-wr-drops-what-is-unread, .shutdown = wr_drops_unread);

static int
wr_is_rdwr(int fd, int how)
{
	return (real.shutdown(fd, how == SHUT_WR && is_tcp(fd) ? SHUT_RDWR : how));
}
DEFECT(tcp-shut-wr-is-for-both, .shutdown = wr_is_rdwr);

/* The end is sent in place of what did not go yet. */
static int
end_overtakes(int fd, int how)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	if (how == SHUT_WR && is_tcp(fd) && (readiness(fd, POLLOUT) & POLLOUT) == 0) {
		real.setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		return (0);
	}
	return (real.shutdown(fd, how));
}
DEFECT(tcp-end-overtakes-the-data, .shutdown = end_overtakes);

static ssize_t
woken_quietly(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	bool full = is_tcp(fd) && (readiness(fd, POLLOUT) & POLLOUT) == 0;
	ssize_t n;

	if (!full)
		return (real.write(fd, buffer, size));
	hold_signal(SIGPIPE, &before);
	n = real.write(fd, buffer, size);
	release_signal(SIGPIPE, &before, false);
	return (n);
}
DEFECT(tcp-woken-writer-gets-no-signal, .write = woken_quietly);

static ssize_t
woken_by_nothing(int fd, const void *buffer, size_t size)
{
	bool full = is_tcp(fd) && (readiness(fd, POLLOUT) & POLLOUT) == 0;
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EPIPE && full ? failure(EINTR) : n);
}
DEFECT(tcp-woken-writer-is-interrupted, .write = woken_by_nothing);

/* Writing to nobody */

static ssize_t
nobody_minds(int fd, const void *buffer, size_t size)
{
	ssize_t n;

	if (!is_tcp(fd))
		return (real.write(fd, buffer, size));
	n = real.send(fd, buffer, size, MSG_NOSIGNAL);
	return (n == -1 && errno == EPIPE ? (ssize_t)size : n);
}
DEFECT(tcp-write-to-nobody-succeeds, .write = nobody_minds);

static ssize_t
end_breaks_at_once(int fd, const void *buffer, size_t size)
{
	if (!is_tcp(fd) || !has_ended(fd))
		return (real.write(fd, buffer, size));
	raise(SIGPIPE);
	return (failure(EPIPE));
}
DEFECT(tcp-write-after-the-end-fails-at-once, .write = end_breaks_at_once);

static ssize_t
signal_with_reset(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == ECONNRESET && is_tcp(fd)) {
		raise(SIGPIPE);
		errno = ECONNRESET;
	}
	return (n);
}
DEFECT(tcp-write-after-abort-signals, .write = signal_with_reset);

static ssize_t
reset_again(int fd, const void *buffer, size_t size)
{
	static bool told;
	ssize_t n;

	if (told && is_tcp(fd))
		return (failure(ECONNRESET));
	n = real.write(fd, buffer, size);
	told = told || (n == -1 && errno == ECONNRESET);
	return (n);
}
DEFECT(tcp-write-after-abort-never-is-epipe, .write = reset_again);

/* Resets */

static ssize_t
reset_stays(int fd, void *buffer, size_t size)
{
	static bool told[DESCRIPTORS];
	ssize_t n;

	if (fd >= 0 && fd < DESCRIPTORS && told[fd] && is_tcp(fd))
		return (failure(ECONNRESET));
	n = real.read(fd, buffer, size);
	if (n == -1 && errno == ECONNRESET && fd < DESCRIPTORS)
		told[fd] = true;
	return (n);
}
DEFECT(tcp-reset-is-told-again, .read = reset_stays);

static ssize_t
abort_is_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ECONNRESET && is_tcp(fd) ? 0 : n);
}
DEFECT(tcp-abort-reads-as-the-end, .read = abort_is_end);

static ssize_t
sleeper_sees_end(int fd, void *buffer, size_t size)
{
	bool waits = is_tcp(fd) && !has_ended(fd) && unread(fd) == 0;
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ECONNRESET && waits ? 0 : n);
}
DEFECT(tcp-abort-wakes-as-the-end, .read = sleeper_sees_end);

static ssize_t
reset_purges(int fd, void *buffer, size_t size)
{
	if (is_tcp(fd) && is_reset(fd) && unread(fd) > 0) {
		flush_queue(fd);
		return (failure(ECONNRESET));
	}
	return (real.read(fd, buffer, size));
}
DEFECT(tcp-reset-purges-the-queue, .read = reset_purges);

static ssize_t
reset_before_rest(int fd, void *buffer, size_t size)
{
	static bool begun;

	if (is_tcp(fd) && is_reset(fd) && unread(fd) > 0) {
		if (begun)
			return (failure(ECONNRESET));
		begun = true;
	}
	return (real.read(fd, buffer, size));
}
DEFECT(tcp-reset-comes-before-the-rest, .read = reset_before_rest);

static ssize_t
close_wait_tells(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && size > 0 && is_tcp(fd) && pending_error(fd) == EPIPE ? failure(ECONNRESET)
									       : n);
}
DEFECT(tcp-reset-after-the-end-is-an-error, .read = close_wait_tells);

static int
unread_is_hidden(int fd)
{
	if (is_tcp(fd))
		flush_queue(fd);
	return (real.close(fd));
}
DEFECT(tcp-close-hides-what-is-unread, .close = unread_is_hidden);

static int
close_always_resets(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct linger l = { .l_onoff = 1 };
	socklen_t size = sizeof(l);

	if (is_tcp(fd) && real.getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &size) == 0 && !l.l_onoff)
		real.setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return (real.close(fd));
}
DEFECT(tcp-close-always-resets, .close = close_always_resets);

static int
error_stays(int fd, int level, int name, void *value, socklen_t *size)
{
	static int told[DESCRIPTORS];
	int result = real.getsockopt(fd, level, name, value, size);

	if (result != 0 || level != SOL_SOCKET || name != SO_ERROR || fd >= DESCRIPTORS ||
	    !is_tcp(fd))
		return (result);
	if (*(int *)value != 0)
		told[fd] = *(int *)value;
	*(int *)value = told[fd];
	return (0);
}
DEFECT(tcp-so-error-stays, .getsockopt = error_stays);

static int
error_is_lost(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && is_tcp(fd) &&
	    *(int *)value == EPIPE)
		*(int *)value = 0;
	return (result);
}
DEFECT(tcp-so-error-hides-epipe, .getsockopt = error_is_lost);

static int
another_error(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && is_tcp(fd) &&
	    *(int *)value == ECONNRESET)
		*(int *)value = ECONNABORTED;
	return (result);
}
DEFECT(tcp-so-error-has-another-name, .getsockopt = another_error);

static int
reset_is_no_error(struct pollfd *fds, nfds_t count, int timeout)
{
	return (events_changed(fds, count, timeout, POLLERR, 0, POLLERR, false));
}
DEFECT(tcp-poll-reset-is-no-error, .poll = reset_is_no_error);

static int
reset_is_quiet(struct pollfd *fds, nfds_t count, int timeout)
{
	return (events_changed(fds, count, timeout, POLLERR, 0, POLLRDHUP | POLLHUP, false));
}
DEFECT(tcp-poll-reset-does-not-hang-up, .poll = reset_is_quiet);

/* Lingering */

static int
linger_changed(int fd, int level, int name, const void *value, socklen_t size, int low, int high,
    struct linger other)
{
	const struct linger *l = value;

	if (level == SOL_SOCKET && name == SO_LINGER && is_tcp(fd) && l->l_onoff &&
	    l->l_linger >= low && l->l_linger <= high)
		value = &other;
	return (real.setsockopt(fd, level, name, value, size));
}

static int
zero_is_off(int fd, int level, int name, const void *value, socklen_t size)
{
	return (
	    linger_changed(fd, level, name, value, size, 0, 0, (struct linger){ .l_onoff = 0 }));
}
DEFECT(tcp-linger-zero-is-off, .setsockopt = zero_is_off);

static int
never_lingers(int fd, int level, int name, const void *value, socklen_t size)
{
	return (linger_changed(
	    fd, level, name, value, size, 1, 65535, (struct linger){ .l_onoff = 0 }));
}
DEFECT(tcp-close-never-lingers, .setsockopt = never_lingers);

static int
long_is_zero(int fd, int level, int name, const void *value, socklen_t size)
{
	return (linger_changed(
	    fd, level, name, value, size, 256, 65535, (struct linger){ .l_onoff = 1 }));
}
DEFECT(tcp-long-linger-is-an-abort, .setsockopt = long_is_zero);

/* The interval is over after a second, whatever it is; then the data is dropped or not. */
static int
second_is_all(int fd, int level, int name, const void *value, socklen_t size)
{
	return (linger_changed(fd, level, name, value, size, 1, 65535,
	    (struct linger){ .l_onoff = 1, .l_linger = 1 }));
}

static int
late_is_an_error(int fd)
{
	struct linger l = { .l_onoff = 0 };
	socklen_t size = sizeof(l);
	int result;

	if (is_tcp(fd))
		real.getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &size);
	result = real.close(fd);
	return (result == 0 && l.l_onoff && l.l_linger > 0 ? failure(EAGAIN) : result);
}
DEFECT(tcp-lingering-close-always-fails, .close = late_is_an_error, .setsockopt = second_is_all);

static int
nonblocking_does_not_linger(int fd)
{
	const struct linger off = { .l_onoff = 0 };

	if (is_tcp(fd) && is_nonblocking(fd))
		real.setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	return (real.close(fd));
}
DEFECT(tcp-nonblocking-close-does-not-linger, .close = nonblocking_does_not_linger);

static int
closed_answers(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (result == -1 && errno == EBADF && command == F_GETFD ? 0 : result);
}
DEFECT(tcp-lingering-descriptor-stays, .fcntl = closed_answers);

/* SIGPIPE */

static ssize_t
write_quietly(int fd, const void *buffer, size_t size)
{
	return (
	    is_tcp(fd) ? real.send(fd, buffer, size, MSG_NOSIGNAL) : real.write(fd, buffer, size));
}
DEFECT(tcp-write-raises-no-sigpipe, .write = write_quietly);

static ssize_t
quiet_for_good(int fd, const void *buffer, size_t size, int flags)
{
	static bool quiet[DESCRIPTORS];

	if (fd < 0 || fd >= DESCRIPTORS || !is_tcp(fd))
		return (real.send(fd, buffer, size, flags));
	quiet[fd] = quiet[fd] || (flags & MSG_NOSIGNAL) != 0;
	return (real.send(fd, buffer, size, quiet[fd] ? flags | MSG_NOSIGNAL : flags));
}
DEFECT(tcp-msg-nosignal-stays, .send = quiet_for_good);

static ssize_t
message_signals(int fd, const struct msghdr *m, int flags)
{
	return (real.sendmsg(fd, m, is_tcp(fd) ? flags & ~MSG_NOSIGNAL : flags));
}
DEFECT(tcp-sendmsg-knows-no-msg-nosignal, .sendmsg = message_signals);

/* Any thread but the one that writes. */
static ssize_t
anybody_is_signalled(int fd, const void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;

	if (!is_tcp(fd))
		return (real.write(fd, buffer, size));
	n = real.send(fd, buffer, size, MSG_NOSIGNAL);
	if (n == -1 && errno == EPIPE) {
		hold_signal(SIGPIPE, &before);
		kill(getpid(), SIGPIPE);
		errno = EPIPE;
	}
	return (n);
}
DEFECT(tcp-sigpipe-goes-to-the-process, .write = anybody_is_signalled);

static ssize_t
ignored_is_another(int fd, const void *buffer, size_t size)
{
	struct sigaction action;
	ssize_t n = real.write(fd, buffer, size);

	if (n != -1 || errno != EPIPE || !is_tcp(fd))
		return (n);
	real.sigaction(SIGPIPE, NULL, &action);
	return (failure(action.sa_handler == SIG_IGN ? ENOTCONN : EPIPE));
}
DEFECT(tcp-ignored-sigpipe-changes-the-errno, .write = ignored_is_another);
