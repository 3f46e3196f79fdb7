/*
 * Kernels that get poll(2) wrong for sockets and files, and in its arguments:
 * what comes unasked, what a shutdown of the own side makes of an end, ppoll(2).
 */

#include "poll_defects.h"

#include <sys/resource.h>

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* Every descriptor of which something is remembered. */
static bool
is_known(int fd)
{
	return (fd < DESCRIPTORS);
}

#define CHANGED_POLL(change)                                                    \
	static int change##_poll(struct pollfd *fds, nfds_t count, int timeout) \
	{                                                                       \
		return (poll_changed(fds, count, timeout, is_known, change));   \
	}

/* How an end was shut down by its owner. */
enum { SHUT_READS = 1 << 0, SHUT_WRITES = 1 << 1 };
static unsigned char shut[DESCRIPTORS];

static int
remember_shutdown(int fd, int how)
{
	int n = real.shutdown(fd, how);

	if (n == 0 && fd >= 0 && fd < DESCRIPTORS)
		shut[fd] |= how == SHUT_RD ? SHUT_READS
		    : how == SHUT_WR       ? SHUT_WRITES
					   : SHUT_READS | SHUT_WRITES;
	return (n);
}

static short
unasked_is_dropped(const struct pollfd *e, short found)
{
	return (is_socket(e->fd) && e->events == 0 ? 0 : found);
}
CHANGED_POLL(unasked_is_dropped)
DEFECT(poll-socket-tells-nothing-unasked, .poll = unasked_is_dropped_poll);

static short
widow_is_silent(const struct pollfd *e, short found)
{
	return (is_pipe(e->fd) && e->events == 0 ? found & ~POLLERR : found);
}
CHANGED_POLL(widow_is_silent)
DEFECT(poll-widowed-pipe-tells-nothing-unasked, .poll = widow_is_silent_poll);

static short
own_end_is_open(const struct pollfd *e, short found)
{
	return (shut[e->fd] == (SHUT_READS | SHUT_WRITES) ? found & ~POLLHUP : found);
}
CHANGED_POLL(own_end_is_open)
DEFECT(poll-own-shutdown-is-no-hang-up, .poll = own_end_is_open_poll,
    .shutdown = remember_shutdown);

/* As FreeBSD 15 has it in the UNIX domain. */
static short
own_end_needs_pollout(const struct pollfd *e, short found)
{
	return (shut[e->fd] == (SHUT_READS | SHUT_WRITES) && (e->events & POLLOUT) == 0
		? found & ~POLLHUP
		: found);
}
CHANGED_POLL(own_end_needs_pollout)
DEFECT(poll-own-hang-up-needs-pollout, .poll = own_end_needs_pollout_poll,
    .shutdown = remember_shutdown);

static short
own_half_is_not_writable(const struct pollfd *e, short found)
{
	return (shut[e->fd] == SHUT_WRITES ? found & ~POLLOUT : found);
}
CHANGED_POLL(own_half_is_not_writable)
DEFECT(poll-own-half-close-is-not-writable, .poll = own_half_is_not_writable_poll,
    .shutdown = remember_shutdown);

static short
own_half_is_readable(const struct pollfd *e, short found)
{
	return (shut[e->fd] == SHUT_WRITES ? found | (e->events & POLLIN) : found);
}
CHANGED_POLL(own_half_is_readable)
DEFECT(poll-own-half-close-is-readable, .poll = own_half_is_readable_poll,
    .shutdown = remember_shutdown);

static short
own_reading_end_is_silent(const struct pollfd *e, short found)
{
	return (shut[e->fd] == SHUT_READS ? found & ~(POLLIN | POLLRDHUP) : found);
}
CHANGED_POLL(own_reading_end_is_silent)
DEFECT(poll-own-end-of-reading-is-not-readable, .poll = own_reading_end_is_silent_poll,
    .shutdown = remember_shutdown);

static short
own_reading_end_hangs_up(const struct pollfd *e, short found)
{
	return (shut[e->fd] == SHUT_READS ? found | POLLHUP : found);
}
CHANGED_POLL(own_reading_end_hangs_up)
DEFECT(poll-own-end-of-reading-hangs-up, .poll = own_reading_end_hangs_up_poll,
    .shutdown = remember_shutdown);

/* The end of one direction is told to its author. */
static short
author_is_told(const struct pollfd *e, short found)
{
	return ((shut[e->fd] & SHUT_WRITES) != 0 ? found | (e->events & POLLRDHUP) : found);
}
CHANGED_POLL(author_is_told)
DEFECT(poll-half-close-is-told-to-its-author, .poll = author_is_told_poll,
    .shutdown = remember_shutdown);

static bool
is_unix(int fd)
{
	return (socket_domain(fd) == AF_UNIX);
}

static short
rdhup_unasked(const struct pollfd *e, short found)
{
	bool told = is_unix(e->fd) && socket_type(e->fd) != SOCK_DGRAM &&
	    (readiness(e->fd, POLLRDHUP) & POLLRDHUP) != 0;

	return (told ? found | POLLRDHUP : found);
}
CHANGED_POLL(rdhup_unasked)
DEFECT(poll-unix-pollrdhup-is-told-unasked, .poll = rdhup_unasked_poll);

static short
listener_is_writable(const struct pollfd *e, short found)
{
	return (is_unix(e->fd) && is_listener(e->fd) ? found | (e->events & POLLOUT) : found);
}
CHANGED_POLL(listener_is_writable)
DEFECT(poll-unix-listener-is-writable, .poll = listener_is_writable_poll);

/* Readable for ever, after the first client. */
static short
listener_stays(const struct pollfd *e, short found)
{
	static bool seen[DESCRIPTORS];

	if (!is_unix(e->fd) || !is_listener(e->fd))
		return (found);
	seen[e->fd] |= (found & POLLIN) != 0;
	return (seen[e->fd] ? found | (e->events & POLLIN) : found);
}
CHANGED_POLL(listener_stays)
DEFECT(poll-unix-listener-stays-readable, .poll = listener_stays_poll);

/* One client is told of, the next one is not. */
static short
listener_tells_once(const struct pollfd *e, short found)
{
	static int told[DESCRIPTORS];

	if (!is_listener(e->fd) || (found & POLLIN) == 0)
		return (found);
	return (++told[e->fd] > 2 ? found & ~POLLIN : found);
}
CHANGED_POLL(listener_tells_once)
DEFECT(poll-listener-tells-of-two-clients, .poll = listener_tells_once_poll);

/* Datagrams that went to a receiver which did not take them count as unsent. */
static int sends[DESCRIPTORS];

static ssize_t
count_sends(int fd, const void *buffer, size_t size, int flags)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		sends[fd]++;
	return (real.send(fd, buffer, size, flags));
}

static short
receiver_is_full(const struct pollfd *e, short found)
{
	return (is_udp(e->fd) && sends[e->fd] >= 10 ? found & ~POLLOUT : found);
}
CHANGED_POLL(receiver_is_full)
DEFECT(poll-udp-waits-for-the-receiver, .poll = receiver_is_full_poll, .send = count_sends);

static short
needs_a_peer(const struct pollfd *e, short found)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	return (is_unix(e->fd) && socket_type(e->fd) == SOCK_DGRAM &&
		    real.getpeername(e->fd, (struct sockaddr *)&name, &size) == -1
		? found & ~POLLOUT
		: found);
}
CHANGED_POLL(needs_a_peer)
DEFECT(poll-unix-datagrams-need-a-peer, .poll = needs_a_peer_poll);

/* As on a new connection. */
static short
unconnected_is_new(const struct pollfd *e, short found)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);

	return (is_socket(e->fd) && socket_type(e->fd) != SOCK_DGRAM && !is_listener(e->fd) &&
		    real.getpeername(e->fd, (struct sockaddr *)&name, &size) == -1
		? found & ~POLLHUP
		: found);
}
CHANGED_POLL(unconnected_is_new)
DEFECT(poll-unconnected-has-not-hung-up, .poll = unconnected_is_new_poll);

static short
socket_knows_no_rdnorm(const struct pollfd *e, short found)
{
	return (is_socket(e->fd) ? found & ~POLLRDNORM : found);
}
CHANGED_POLL(socket_knows_no_rdnorm)
DEFECT(poll-socket-knows-no-pollrdnorm, .poll = socket_knows_no_rdnorm_poll);

/* Who slept is woken and told nothing. */
static int
woken_with_nothing(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, 0);

	if (n != 0 || timeout == 0)
		return (n);
	n = real.poll(fds, count, timeout);
	if (n == 1 && count == 1 && is_socket(fds[0].fd) && (fds[0].events & POLLRDNORM) != 0) {
		fds[0].revents = 0;
		n = 0;
	}
	return (n);
}
DEFECT(poll-wakes-for-pollrdnorm-with-nothing, .poll = woken_with_nothing);

/* The next entry of the same descriptor is passed over. */
static int
same_descriptor_once(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 1; n > 0 && i < count; i++)
		if (fds[i].fd >= 0 && fds[i].fd == fds[i - 1].fd && is_socket(fds[i].fd) &&
		    fds[i].revents != 0) {
			fds[i].revents = 0;
			n--;
		}
	return (n);
}
DEFECT(poll-same-descriptor-counts-once, .poll = same_descriptor_once);

/* What one entry of a descriptor asks is asked for all. */
static int
same_descriptor_merged(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n > 0 && i < count; i++)
		for (nfds_t j = 0; j < count; j++)
			if (i != j && fds[i].fd >= 0 && fds[i].fd == fds[j].fd &&
			    fds[i].revents != 0 && fds[j].revents != 0)
				fds[i].revents |= fds[j].revents;
	return (n);
}
DEFECT(poll-same-descriptor-is-merged, .poll = same_descriptor_merged);

static bool
is_regular(int fd, struct stat *st)
{
	return (real.fstat(fd, st) == 0 && S_ISREG(st->st_mode));
}

static short
end_of_file_is_not_ready(const struct pollfd *e, short found)
{
	struct stat st;

	return (is_regular(e->fd, &st) && real.lseek(e->fd, 0, SEEK_CUR) >= st.st_size
		? found & ~(POLLIN | POLLRDNORM)
		: found);
}
CHANGED_POLL(end_of_file_is_not_ready)
DEFECT(poll-end-of-file-is-not-ready, .poll = end_of_file_is_not_ready_poll);

static short
file_tells_unasked(const struct pollfd *e, short found)
{
	struct stat st;

	return (is_regular(e->fd, &st) ? found | POLLIN | POLLOUT : found);
}
CHANGED_POLL(file_tells_unasked)
DEFECT(poll-file-tells-unasked, .poll = file_tells_unasked_poll);

/* Arguments */

static int
null_is_a_fault(struct pollfd *fds, nfds_t count, int timeout)
{
	return (fds == NULL ? failure(EFAULT) : real.poll(fds, count, timeout));
}
DEFECT(poll-null-array-is-a-fault, .poll = null_is_a_fault);

static int
nothing_is_ready(struct pollfd *fds, nfds_t count, int timeout)
{
	return (real.poll(fds, count, count == 0 ? 0 : timeout));
}
DEFECT(poll-no-entries-do-not-wait, .poll = nothing_is_ready);

static int
negative_is_zero(struct pollfd *fds, nfds_t count, int timeout)
{
	return (real.poll(fds, count, timeout < -1 ? 0 : timeout));
}
DEFECT(poll-negative-timeout-is-none, .poll = negative_is_zero);

static int
negative_is_invalid(struct pollfd *fds, nfds_t count, int timeout)
{
	return (timeout < -1 ? failure(EINVAL) : real.poll(fds, count, timeout));
}
DEFECT(poll-negative-timeout-is-invalid, .poll = negative_is_invalid);

static nfds_t
most_entries(void)
{
	struct rlimit limit;

	return (getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (nfds_t)limit.rlim_cur : (nfds_t)INT_MAX);
}

static int
any_count(struct pollfd *fds, nfds_t count, int timeout)
{
	nfds_t most = most_entries();

	return (real.poll(fds, count > most ? most : count, timeout));
}
DEFECT(poll-takes-any-number-of-entries, .poll = any_count);

static int
one_less(struct pollfd *fds, nfds_t count, int timeout)
{
	return (count >= most_entries() ? failure(EINVAL) : real.poll(fds, count, timeout));
}
DEFECT(poll-takes-an-entry-less, .poll = one_less);

/* Only the first entries of a large array are looked at. */
static int
stale_tail(struct pollfd *fds, nfds_t count, int timeout)
{
	short last = count > 32 ? fds[count - 1].revents : 0;
	int n = real.poll(fds, count, timeout);

	if (n >= 0 && count > 32)
		fds[count - 1].revents = last;
	return (n);
}
DEFECT(poll-large-array-keeps-its-tail, .poll = stale_tail);

/* ppoll(2) */

static int
negative_seconds(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	static const struct timespec now;

	return (
	    real.ppoll(fds, count, timeout != NULL && timeout->tv_sec < 0 ? &now : timeout, mask));
}
DEFECT(ppoll-negative-time-is-none, .ppoll = negative_seconds);

static int
many_nanoseconds(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec normal;

	if (timeout == NULL || timeout->tv_nsec < 1000000000)
		return (real.ppoll(fds, count, timeout, mask));
	normal = (struct timespec){ timeout->tv_sec, 0 };
	if (normal.tv_sec > 0)
		normal.tv_sec = 0;
	return (real.ppoll(fds, count, &normal, mask));
}
DEFECT(ppoll-takes-a-second-of-nanoseconds, .ppoll = many_nanoseconds);

static int
ready_first(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	int n = real.poll(fds, count, 0);

	return (n != 0 ? n : real.ppoll(fds, count, timeout, mask));
}
DEFECT(ppoll-looks-before-it-checks-the-time, .ppoll = ready_first);

/* What select(2) does on some systems. */
static int
time_left(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	int n = real.ppoll(fds, count, timeout, mask);

	if (n == 0 && timeout != NULL && timeout->tv_nsec > 0)
		memset((void *)(uintptr_t)timeout, 0, sizeof(*timeout));
	return (n);
}
DEFECT(ppoll-tells-the-time-left, .ppoll = time_left);

static int
whole_milliseconds(
    struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec cut;

	if (timeout == NULL)
		return (real.ppoll(fds, count, timeout, mask));
	cut = *timeout;
	cut.tv_nsec -= cut.tv_nsec % 1000000;
	if (cut.tv_nsec >= 5000000 && cut.tv_nsec < 1000000000)
		cut.tv_nsec -= 1000000;
	return (real.ppoll(fds, count, &cut, mask));
}
DEFECT(ppoll-waits-a-millisecond-less, .ppoll = whole_milliseconds);
