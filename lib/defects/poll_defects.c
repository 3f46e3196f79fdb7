/*
 * Kernels that get the readiness of pipes wrong, as poll(2) tells it.
 */

#include "poll_defects.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static bool
has_access(int fd, int access)
{
	int error = errno, flags = real.fcntl(fd, F_GETFL, 0);

	errno = error;
	return (flags != -1 && (flags & O_ACCMODE) == access);
}

static bool
is_open(int fd)
{
	int error = errno, flags = real.fcntl(fd, F_GETFD, 0);

	errno = error;
	return (flags != -1);
}

/* Define change_poll(), the call with its results changed by that function. */
#define CHANGED_POLL(change)                                                    \
	static int change##_poll(struct pollfd *fds, nfds_t count, int timeout) \
	{                                                                       \
		return (poll_changed(fds, count, timeout, is_pipe, change));    \
	}

/* Reading */

static short
empty_is_readable(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_RDONLY) ? found | (e->events & POLLIN) : found);
}
CHANGED_POLL(empty_is_readable)
DEFECT(poll-empty-pipe-is-readable, .poll = empty_is_readable_poll);

static short
needs_two_bytes(const struct pollfd *e, short found)
{
	return (unread(e->fd) < 2 ? found & ~POLLIN : found);
}
CHANGED_POLL(needs_two_bytes)
DEFECT(poll-pollin-needs-two-bytes, .poll = needs_two_bytes_poll);

static short
remembers_data(const struct pollfd *e, short found)
{
	static bool readable[DESCRIPTORS];

	readable[e->fd] |= (found & POLLIN) != 0;
	return (readable[e->fd] ? found | (e->events & POLLIN) : found);
}
CHANGED_POLL(remembers_data)
DEFECT(poll-pollin-outlives-the-data, .poll = remembers_data_poll);

static short
tells_once(const struct pollfd *e, short found)
{
	static int told[DESCRIPTORS];
	int waits = unread(e->fd);

	if ((found & POLLIN) == 0)
		return (found);
	if (told[e->fd] == waits)
		return (found & ~POLLIN);
	told[e->fd] = waits;
	return (found);
}
CHANGED_POLL(tells_once)
DEFECT(poll-pollin-is-told-once, .poll = tells_once_poll);

static short
without_rdnorm(const struct pollfd *e, short found)
{
	(void)e;
	return (found & ~POLLRDNORM);
}
CHANGED_POLL(without_rdnorm)
DEFECT(poll-knows-no-pollrdnorm, .poll = without_rdnorm_poll);

static short
pollin_unasked(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_RDONLY) && unread(e->fd) > 0 ? found | POLLIN : found);
}
CHANGED_POLL(pollin_unasked)
DEFECT(poll-pollin-comes-unasked, .poll = pollin_unasked_poll);

static short
data_have_priority(const struct pollfd *e, short found)
{
	return (unread(e->fd) > 0 ? found | (e->events & POLLRDBAND) : found);
}
CHANGED_POLL(data_have_priority)
DEFECT(poll-pipe-data-have-priority, .poll = data_have_priority_poll);

static short
writer_reads_itself(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_WRONLY) && unread(e->fd) > 0 ? found | (e->events & POLLIN)
								 : found);
}
CHANGED_POLL(writer_reads_itself)
DEFECT(poll-write-end-sees-its-own-data, .poll = writer_reads_itself_poll);

static short
nonblocking_is_readable(const struct pollfd *e, short found)
{
	return (is_nonblocking(e->fd) && has_access(e->fd, O_RDONLY) ? found | (e->events & POLLIN)
								     : found);
}
CHANGED_POLL(nonblocking_is_readable)
DEFECT(poll-nonblocking-end-is-readable, .poll = nonblocking_is_readable_poll);

/* Writing */

static bool written[DESCRIPTORS];

static ssize_t
note_write(int fd, const void *buffer, size_t size)
{
	written[fd] = true;
	return (real.write(fd, buffer, size));
}

static int
fresh_is_not_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (n == -1)
		return (-1);
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].fd >= 0 && is_pipe(fds[i].fd) && !written[fds[i].fd])
			fds[i].revents &= ~(POLLOUT | POLLWRNORM);
	return (count_ready(fds, count));
}
DEFECT(poll-fresh-pipe-is-not-writable, .poll = fresh_is_not_writable, .write = note_write);

static short
always_writable(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_WRONLY) && (found & POLLERR) == 0
		? found | (e->events & (POLLOUT | POLLWRNORM))
		: found);
}
CHANGED_POLL(always_writable)
DEFECT(poll-full-pipe-is-writable, .poll = always_writable_poll);

/* Bytes that waited when a write found no room. */
static int full_at = INT_MAX;

static ssize_t
note_full(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EAGAIN && is_pipe(fd))
		full_at = unread(fd);
	return (n);
}

static short
any_room_will_do(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_WRONLY) && unread(e->fd) < full_at
		? found | (e->events & POLLOUT)
		: found);
}

static int
any_room_will_do_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_changed(fds, count, timeout, is_pipe, any_room_will_do));
}
DEFECT(poll-pollout-with-a-byte-of-room, .poll = any_room_will_do_poll, .write = note_full);

static short
writable_when_empty(const struct pollfd *e, short found)
{
	return (unread(e->fd) > 0 ? found & ~POLLOUT : found);
}
CHANGED_POLL(writable_when_empty)
DEFECT(poll-pollout-needs-an-empty-pipe, .poll = writable_when_empty_poll);

static short
without_wrnorm(const struct pollfd *e, short found)
{
	(void)e;
	return (found & ~POLLWRNORM);
}
CHANGED_POLL(without_wrnorm)
DEFECT(poll-knows-no-pollwrnorm, .poll = without_wrnorm_poll);

static short
read_end_is_writable(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_RDONLY) ? found | (e->events & POLLOUT) : found);
}
CHANGED_POLL(read_end_is_writable)
DEFECT(poll-read-end-is-writable, .poll = read_end_is_writable_poll);

/* Hang-up */

static short
hang_up_on_request(const struct pollfd *e, short found)
{
	return ((e->events & POLLIN) == 0 ? found & ~POLLHUP : found);
}
CHANGED_POLL(hang_up_on_request)
DEFECT(poll-pollhup-only-with-pollin, .poll = hang_up_on_request_poll);

static short
hang_up_hides_data(const struct pollfd *e, short found)
{
	(void)e;
	return (found & POLLHUP ? POLLHUP : found);
}
CHANGED_POLL(hang_up_hides_data)
DEFECT(poll-pollhup-hides-pollin, .poll = hang_up_hides_data_poll);

static short
data_hide_hang_up(const struct pollfd *e, short found)
{
	(void)e;
	return (found & POLLIN ? found & ~POLLHUP : found);
}
CHANGED_POLL(data_hide_hang_up)
DEFECT(poll-pollin-hides-pollhup, .poll = data_hide_hang_up_poll);

static short
end_of_file_is_silent(const struct pollfd *e, short found)
{
	return (unread(e->fd) == 0 ? found & ~(POLLHUP | POLLIN) : found);
}
CHANGED_POLL(end_of_file_is_silent)
DEFECT(poll-end-of-file-is-silent, .poll = end_of_file_is_silent_poll);

static bool writer_closed;

static int
note_close(int fd)
{
	writer_closed |= is_pipe(fd) && has_access(fd, O_WRONLY);
	return (real.close(fd));
}

static short
first_close_hangs_up(const struct pollfd *e, short found)
{
	return (writer_closed && has_access(e->fd, O_RDONLY) ? found | POLLHUP : found);
}

static int
first_close_hangs_up_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_changed(fds, count, timeout, is_pipe, first_close_hangs_up));
}
DEFECT(poll-first-close-hangs-up, .poll = first_close_hangs_up_poll, .close = note_close);

static short
full_widow_is_silent(const struct pollfd *e, short found)
{
	(void)e;
	return (found & POLLOUT ? found : found & ~(POLLERR | POLLHUP));
}
CHANGED_POLL(full_widow_is_silent)
DEFECT(poll-full-widowed-pipe-is-silent, .poll = full_widow_is_silent_poll);

static short
widow_looks_writable(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_WRONLY) ? found & ~(POLLERR | POLLHUP) : found);
}
CHANGED_POLL(widow_looks_writable)
DEFECT(poll-widowed-pipe-looks-writable, .poll = widow_looks_writable_poll);

static short
widow_hangs_up_writable(const struct pollfd *e, short found)
{
	return (has_access(e->fd, O_WRONLY) && (found & (POLLERR | POLLHUP)) != 0
		? POLLHUP | (e->events & POLLOUT)
		: found);
}
CHANGED_POLL(widow_hangs_up_writable)
DEFECT(poll-pollhup-beside-pollout, .poll = widow_hangs_up_writable_poll);

static int
woken_hang_up_is_writable(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, 0);

	if (n != 0 || timeout == 0)
		return (n);
	n = real.poll(fds, count, timeout);
	return (n == -1 ? -1 : change_all(fds, count, is_pipe, widow_hangs_up_writable));
}
DEFECT(poll-woken-pollhup-beside-pollout, .poll = woken_hang_up_is_writable);

/* Waking */

/* poll that sleeps on for ever if it is woken by these events only, having asked for those. */
static int
poll_losing(struct pollfd *fds, nfds_t count, int timeout, short woken, short asked)
{
	int n = real.poll(fds, count, 0);

	if (n != 0 || timeout == 0)
		return (n);
	n = real.poll(fds, count, timeout);
	if (n > 0 && timeout < 0 && is_pipe(fds[0].fd) && fds[0].revents == woken &&
	    (fds[0].events & asked) == asked)
		real.poll(NULL, 0, -1);
	return (n);
}

static int
write_wakes_nobody(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_losing(fds, count, timeout, POLLIN, 0));
}
DEFECT(poll-write-wakes-nobody, .poll = write_wakes_nobody);

static int
read_wakes_nobody(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_losing(fds, count, timeout, POLLOUT, 0));
}
DEFECT(poll-read-wakes-nobody, .poll = read_wakes_nobody);

static int
close_wakes_nobody(struct pollfd *fds, nfds_t count, int timeout)
{
	return (poll_losing(fds, count, timeout, POLLHUP, 0));
}
DEFECT(poll-close-wakes-nobody, .poll = close_wakes_nobody);

/* The call */

static int
keeps_old_revents(struct pollfd *fds, nfds_t count, int timeout)
{
	short before[16];
	int n;

	for (nfds_t i = 0; i < count && i < 16; i++)
		before[i] = fds[i].revents;
	n = real.poll(fds, count, timeout);
	for (nfds_t i = 0; n != -1 && i < count && i < 16; i++)
		if (fds[i].fd >= 0 && fds[i].revents == 0 && is_pipe(fds[i].fd))
			fds[i].revents = before[i];
	return (n);
}
DEFECT(poll-keeps-old-revents, .poll = keeps_old_revents);

static int
negative_keeps_revents(struct pollfd *fds, nfds_t count, int timeout)
{
	short before[16];
	int n;

	for (nfds_t i = 0; i < count && i < 16; i++)
		before[i] = fds[i].revents;
	n = real.poll(fds, count, timeout);
	for (nfds_t i = 0; n != -1 && i < count && i < 16; i++)
		if (fds[i].fd < 0)
			fds[i].revents = before[i];
	return (n);
}
DEFECT(poll-negative-entry-keeps-revents, .poll = negative_keeps_revents);

/* Negative descriptors up to a limit are not ignored. */
static int
refuse_negative(struct pollfd *fds, nfds_t count, int timeout, int limit)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n != -1 && i < count; i++)
		if (fds[i].fd <= limit)
			fds[i].revents = POLLNVAL;
	return (n == -1 ? -1 : count_ready(fds, count));
}

static int
negative_is_invalid(struct pollfd *fds, nfds_t count, int timeout)
{
	return (refuse_negative(fds, count, timeout, -1));
}
DEFECT(poll-negative-entry-is-invalid, .poll = negative_is_invalid);

static int
ignores_minus_one_only(struct pollfd *fds, nfds_t count, int timeout)
{
	return (refuse_negative(fds, count, timeout, -2));
}
DEFECT(poll-ignores-minus-one-only, .poll = ignores_minus_one_only);

static int
closed_is_ebadf(struct pollfd *fds, nfds_t count, int timeout)
{
	for (nfds_t i = 0; i < count; i++)
		if (fds[i].fd >= 0 && !is_open(fds[i].fd))
			return (failure(EBADF));
	return (real.poll(fds, count, timeout));
}
DEFECT(poll-closed-descriptor-as-ebadf, .poll = closed_is_ebadf);

static int
pollnval_does_not_count(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		n -= fds[i].revents == POLLNVAL;
	return (n);
}
DEFECT(poll-pollnval-does-not-count, .poll = pollnval_does_not_count);

static int
pollnval_on_request(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		if (fds[i].events == 0 && fds[i].revents == POLLNVAL)
			fds[i].revents = 0;
	return (n == -1 ? -1 : count_ready(fds, count));
}
DEFECT(poll-pollnval-needs-events, .poll = pollnval_on_request);

static int
counts_events(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		if (is_pipe(fds[i].fd) && fds[i].revents != 0)
			n += __builtin_popcount((unsigned short)fds[i].revents) - 1;
	return (n);
}
DEFECT(poll-counts-events, .poll = counts_events);

static int
waits_in_ticks(struct pollfd *fds, nfds_t count, int timeout)
{
	bool waits = timeout > 0 && count > 0 && is_pipe(fds[0].fd);

	return (real.poll(fds, count, waits ? timeout / 10 * 10 : timeout));
}
DEFECT(poll-timeout-in-ticks-rounded-down, .poll = waits_in_ticks);

static int
waits_a_bit_less(struct pollfd *fds, nfds_t count, int timeout)
{
	bool waits = timeout > 10 && count > 0 && is_pipe(fds[0].fd);

	return (real.poll(fds, count, waits ? timeout - 1 : timeout));
}
DEFECT(poll-timeout-a-millisecond-short, .poll = waits_a_bit_less);

static int
nonblocking_never_waits(struct pollfd *fds, nfds_t count, int timeout)
{
	bool never = count > 0 && is_pipe(fds[0].fd) && is_nonblocking(fds[0].fd);

	return (real.poll(fds, count, never ? 0 : timeout));
}
DEFECT(poll-nonblocking-end-never-waits, .poll = nonblocking_never_waits);
