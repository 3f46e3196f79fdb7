/*
 * Kernels that get socket options wrong: what is read back, which values are
 * taken, and what an option makes other calls do.
 */

#include <sys/ioctl.h>
#include <sys/time.h>

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "defects.h"

#define FDS 1024

static int
get_int(int fd, int name)
{
	int value = 0, error = errno;
	socklen_t size = sizeof(value);

	if (real.getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0)
		value = 0;
	errno = error;
	return (value);
}

static int
set_int(int fd, int name, int value)
{
	return (real.setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)));
}

static int
is_boolean(int level, int name)
{
	static const int names[] = { SO_KEEPALIVE, SO_REUSEADDR, SO_BROADCAST, SO_OOBINLINE,
		SO_DONTROUTE };

	for (size_t i = 0; level == SOL_SOCKET && i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i] == name)
			return (1);
	return (0);
}

/* A getter that changes what an option of SOL_SOCKET reads: VALUE is an int lvalue. */
#define GETTER(function, option, change)                                               \
	static int function(int fd, int level, int name, void *value, socklen_t *size) \
	{                                                                              \
		int result = real.getsockopt(fd, level, name, value, size);            \
                                                                                       \
		if (result == 0 && level == SOL_SOCKET && name == (option) &&          \
		    *size == sizeof(int)) {                                            \
			int v;                                                         \
                                                                                       \
			memcpy(&v, value, sizeof(v));                                  \
			change;                                                        \
			memcpy(value, &v, sizeof(v));                                  \
		}                                                                      \
		return (result);                                                       \
	}

/* What a socket is, and what went wrong with it */

GETTER(type_stream, SO_TYPE, v = SOCK_STREAM)
DEFECT(option-type-always-stream, .getsockopt = type_stream);

GETTER(domain_inet, SO_DOMAIN, v = v == AF_INET6 ? AF_INET : v)
DEFECT(option-domain-inet6-as-inet, .getsockopt = domain_inet);

static int accepted[FDS];

static int
note_accepted(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made >= 0 && made < FDS)
		accepted[made] = 1;
	return (made);
}

GETTER(acceptconn_inherited, SO_ACCEPTCONN, v = v || accepted[fd % FDS])
DEFECT(option-acceptconn-inherited, .accept = note_accepted, .getsockopt = acceptconn_inherited);

static int kept_error[FDS];

GETTER(error_stays, SO_ERROR, v = v != 0 ? (kept_error[fd % FDS] = v) : kept_error[fd % FDS])
DEFECT(option-error-not-cleared, .getsockopt = error_stays);

static ssize_t
recv_keeps_error(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	if (n == -1 && errno == ECONNREFUSED)
		kept_error[fd % FDS] = errno;
	return (n);
}
DEFECT(option-error-left-by-recv, .recv = recv_keeps_error, .getsockopt = error_stays);

static int
error_settable(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size), error = errno;

	if (level == SOL_SOCKET && name == SO_ERROR)
		get_int(fd, SO_ERROR);
	errno = error;
	return (result);
}
DEFECT(option-error-cleared-by-set, .setsockopt = error_settable);

/* Booleans */

static int
lowest_bit(int fd, int level, int name, const void *value, socklen_t size)
{
	if (is_boolean(level, name) && size == sizeof(int) && value != NULL)
		return (set_int(fd, name, *(const int *)value & 1));
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-boolean-lowest-bit, .setsockopt = lowest_bit);

GETTER(state_mixed_in, SO_OOBINLINE, v |= v != 0 ? 2 : 0)
DEFECT(option-boolean-mixed-with-state, .getsockopt = state_mixed_in);

static int
reuse_both(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_REUSEADDR && size == sizeof(int))
		real.setsockopt(fd, level, SO_REUSEPORT, value, size);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-reuseaddr-sets-reuseport, .setsockopt = reuse_both);

static int
recycled(int domain, int type, int protocol)
{
	int fd = real.socket(domain, type, protocol);

	if (fd != -1)
		set_int(fd, SO_DONTROUTE, 1);
	return (fd);
}
DEFECT(option-boolean-recycled, .socket = recycled);

static int
privileged(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_DONTROUTE && geteuid() != 0)
		return (failure(EACCES));
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-boolean-privileged, .setsockopt = privileged);

static int
forget_keepalive(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1)
		set_int(made, SO_KEEPALIVE, 0);
	return (made);
}
DEFECT(option-accepted-starts-anew, .accept = forget_keepalive);

static ssize_t
bypass_unreachable(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	if (is_socket(fd) && get_int(fd, SO_DONTROUTE))
		return (failure(ENETUNREACH));
	return (real.sendto(fd, buffer, size, flags, name, length));
}
DEFECT(option-dontroute-misses-loopback, .sendto = bypass_unreachable);

static ssize_t
broadcast_unasked(int fd, const void *buffer, size_t size, int flags, const struct sockaddr *name,
    socklen_t length)
{
	ssize_t n = real.sendto(fd, buffer, size, flags, name, length);

	if (n == -1 && errno == EACCES) {
		set_int(fd, SO_BROADCAST, 1);
		n = real.sendto(fd, buffer, size, flags, name, length);
		set_int(fd, SO_BROADCAST, 0);
	}
	return (n);
}
DEFECT(option-broadcast-without-permission, .sendto = broadcast_unasked);

static ssize_t
urgent_twice(int fd, void *buffer, size_t size, int flags)
{
	if ((flags & MSG_OOB) && size > 0 && get_int(fd, SO_OOBINLINE)) {
		memset(buffer, 'U', 1);
		return (1);
	}
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(option-oobinline-delivers-twice, .recv = urgent_twice);

/* Names, levels, lengths */

static int
unknown_ignored(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (level == SOL_SOCKET && result == -1 && errno == ENOPROTOOPT ? 0 : result);
}
DEFECT(option-unknown-ignored, .setsockopt = unknown_ignored);

static int
any_level(int fd, int level, int name, const void *value, socklen_t size)
{
	return (real.setsockopt(fd, level > 1000 ? SOL_SOCKET : level, name, value, size));
}
DEFECT(option-unknown-level-is-socket, .setsockopt = any_level);

static int
tcp_ignores(int fd, int level, int name, const void *value, socklen_t size)
{
	int result = real.setsockopt(fd, level, name, value, size);

	return (level == IPPROTO_TCP && result == -1 && errno == ENOPROTOOPT ? 0 : result);
}
DEFECT(option-tcp-ignores-unknown, .setsockopt = tcp_ignores);

/* What is missing of a value is garbage. */
static int
short_taken(int fd, int level, int name, const void *value, socklen_t size)
{
	char whole[sizeof(struct timeval)] = { 1 };
	socklen_t want = sizeof(int);

	if (name == SO_LINGER)
		want = sizeof(struct linger);
	else if (name == SO_RCVTIMEO || name == SO_SNDTIMEO)
		want = sizeof(struct timeval);
	if (level != SOL_SOCKET || size >= want)
		return (real.setsockopt(fd, level, name, value, size));
	if (size > 0)
		memcpy(whole, value, size);
	return (real.setsockopt(fd, level, name, whole, want));
}
DEFECT(option-short-value-taken, .setsockopt = short_taken);

static int
last_int(int fd, int level, int name, const void *value, socklen_t size)
{
	if (is_boolean(level, name) && size > sizeof(int) && size <= 64)
		return (real.setsockopt(
		    fd, level, name, (const char *)value + size - sizeof(int), sizeof(int)));
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-long-value-last-int, .setsockopt = last_int);

static int
null_is_zero(int fd, int level, int name, const void *value, socklen_t size)
{
	if (is_boolean(level, name) && value == NULL && size == sizeof(int))
		return (set_int(fd, name, 0));
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-null-value-is-zero, .setsockopt = null_is_zero);

static int
size_unsigned(int fd, int level, int name, const void *value, socklen_t size)
{
	return (real.setsockopt(fd, level, name, value, size > INT_MAX ? sizeof(int) : size));
}
DEFECT(option-negative-length-taken, .setsockopt = size_unsigned);

static int
length_left(int fd, int level, int name, void *value, socklen_t *size)
{
	socklen_t before = name == SO_TYPE && size != NULL ? 64 : 0;
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && before != 0 && *size == sizeof(int))
		*size = before;
	return (result);
}
DEFECT(option-length-not-returned, .getsockopt = length_left);

static int
whole_int(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size), type;

	if (result == 0 && level == SOL_SOCKET && name == SO_TYPE && *size < sizeof(int) &&
	    value != NULL) {
		type = get_int(fd, SO_TYPE);
		memcpy(value, &type, sizeof(type));
	}
	return (result);
}
DEFECT(option-short-buffer-overrun, .getsockopt = whole_int);

static int
null_refused(int fd, int level, int name, void *value, socklen_t *size)
{
	if (value == NULL)
		return (failure(EFAULT));
	return (real.getsockopt(fd, level, name, value, size));
}
DEFECT(option-null-buffer-refused, .getsockopt = null_refused);

/* Linger */

#define LINGER_GETTER(function, change)                                                \
	static int function(int fd, int level, int name, void *value, socklen_t *size) \
	{                                                                              \
		int result = real.getsockopt(fd, level, name, value, size);            \
		struct linger l;                                                       \
                                                                                       \
		if (result == 0 && level == SOL_SOCKET && name == SO_LINGER &&         \
		    *size == sizeof(l)) {                                              \
			memcpy(&l, value, sizeof(l));                                  \
			change;                                                        \
			memcpy(value, &l, sizeof(l));                                  \
		}                                                                      \
		return (result);                                                       \
	}

LINGER_GETTER(linger_swapped, l = ((struct linger){ l.l_linger, l.l_onoff }))
DEFECT(option-linger-swapped, .getsockopt = linger_swapped);

LINGER_GETTER(linger_garbage, l.l_linger = l.l_onoff == 0 && l.l_linger == 0 ? 120 : l.l_linger)
DEFECT(option-linger-uninitialised, .getsockopt = linger_garbage);

LINGER_GETTER(linger_cleared, l.l_linger = l.l_onoff != 0 ? l.l_linger : 0)
DEFECT(option-linger-off-clears-interval, .getsockopt = linger_cleared);

LINGER_GETTER(linger_short, l.l_linger = (short)l.l_linger)
DEFECT(option-linger-kept-in-a-short, .getsockopt = linger_short);

static int
linger_limited(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_LINGER && size == sizeof(struct linger) &&
	    ((const struct linger *)value)->l_linger > USHRT_MAX)
		return (failure(EDOM));
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-linger-limited, .setsockopt = linger_limited);

/* Close with the option on waits for ticks, not for seconds. */
static int
linger_ticks(int fd)
{
	const struct linger off = { 0, 0 };
	struct linger l = { 0, 0 };
	socklen_t size = sizeof(l);

	if (is_socket(fd) && real.getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &size) == 0 &&
	    l.l_onoff)
		real.setsockopt(fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	return (real.close(fd));
}
DEFECT(option-linger-in-ticks, .close = linger_ticks);

static int
close_drops(int fd)
{
	const struct linger drop = { 1, 0 };

	if (is_socket(fd))
		real.setsockopt(fd, SOL_SOCKET, SO_LINGER, &drop, sizeof(drop));
	return (real.close(fd));
}
DEFECT(option-close-drops-data, .close = close_drops);

/* Buffers */

static int
sndbuf_ignored(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_SNDBUF)
		return (0);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-sndbuf-ignored, .setsockopt = sndbuf_ignored);

static int
rcvbuf_both(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_RCVBUF)
		real.setsockopt(fd, level, SO_SNDBUF, value, size);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-rcvbuf-sets-both, .setsockopt = rcvbuf_both);

static int
buffer_value(int level, int name, const void *value, socklen_t size)
{
	return (
	    level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF) && size == sizeof(int)
		? *(const int *)value
		: 4096);
}

static int
senseless_refused(int fd, int level, int name, const void *value, socklen_t size)
{
	return (buffer_value(level, name, value, size) < 1
		? failure(EINVAL)
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-buffer-zero-refused, .setsockopt = senseless_refused);

static int
excess_refused(int fd, int level, int name, const void *value, socklen_t size)
{
	return (buffer_value(level, name, value, size) > (1 << 24)
		? failure(ENOBUFS)
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-buffer-excess-refused, .setsockopt = excess_refused);

/* Never less than so much, whatever is asked for. */
static int
never_small(int fd, int level, int name, const void *value, socklen_t size)
{
	static const int large = 65536;

	if (level == SOL_SOCKET && (name == SO_SNDBUF || name == SO_RCVBUF) &&
	    buffer_value(level, name, value, size) < large)
		value = &large;
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-buffer-never-small, .setsockopt = never_small);

/* Low-water marks */

static int
lowat_ignored(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_RCVLOWAT)
		return (0);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-rcvlowat-ignored, .setsockopt = lowat_ignored);

/* Stored, and of no effect on who receives. */
static ssize_t
lowat_not_awaited(int fd, void *buffer, size_t size, int flags)
{
	int mark = get_int(fd, SO_RCVLOWAT);
	ssize_t n;

	if (mark > 1)
		set_int(fd, SO_RCVLOWAT, 1);
	n = real.recv(fd, buffer, size, flags);
	if (mark > 1)
		set_int(fd, SO_RCVLOWAT, mark);
	return (n);
}
DEFECT(option-rcvlowat-not-awaited, .recv = lowat_not_awaited);

/* The whole mark, though less is asked for. */
static ssize_t
lowat_above_request(int fd, void *buffer, size_t size, int flags)
{
	int mark = get_int(fd, SO_RCVLOWAT), waits = 0;

	if (mark > 1 && size < (size_t)mark && real.ioctl(fd, FIONREAD, &waits) == 0 &&
	    waits < mark)
		return (failure(EAGAIN));
	return (real.recv(fd, buffer, size, flags));
}
DEFECT(option-rcvlowat-above-request, .recv = lowat_above_request);

static ssize_t
lowat_rest_lost(int fd, void *buffer, size_t size, int flags)
{
	int mark = get_int(fd, SO_RCVLOWAT);
	ssize_t n = real.recv(fd, buffer, size, flags);

	return (n > 0 && n < mark && size >= (size_t)mark && flags == 0 ? 0 : n);
}
DEFECT(option-rcvlowat-loses-the-rest, .recv = lowat_rest_lost);

static int
lowat_not_polled(struct pollfd *fds, nfds_t count, int timeout)
{
	int mark = count == 1 && is_socket(fds->fd) ? get_int(fds->fd, SO_RCVLOWAT) : 0, n;

	if (mark > 1)
		set_int(fds->fd, SO_RCVLOWAT, 1);
	n = real.poll(fds, count, timeout);
	if (mark > 1)
		set_int(fds->fd, SO_RCVLOWAT, mark);
	return (n);
}
DEFECT(option-rcvlowat-not-polled, .poll = lowat_not_polled);

GETTER(lowat_raw, SO_RCVLOWAT, v = v == INT_MAX ? -1 : v)
DEFECT(option-rcvlowat-negative-kept, .getsockopt = lowat_raw);

static int
sndlowat_is_rcvlowat(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_SNDLOWAT)
		name = SO_RCVLOWAT;
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-sndlowat-sets-rcvlowat, .setsockopt = sndlowat_is_rcvlowat);

/* Time-outs */

static int
one_timeout(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_SNDTIMEO)
		real.setsockopt(fd, level, SO_RCVTIMEO, value, size);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-timeouts-share-a-field, .setsockopt = one_timeout);

static const struct timeval *
timeout_value(int level, int name, const void *value, socklen_t size)
{
	return (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO) &&
		    size == sizeof(struct timeval)
		? value
		: NULL);
}

static int
half_the_time(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct timeval *t = timeout_value(level, name, value, size);
	struct timeval half;

	if (t == NULL || t->tv_sec != 0 || t->tv_usec >= 1000000 || t->tv_usec < 0)
		return (real.setsockopt(fd, level, name, value, size));
	half = (struct timeval){ 0, t->tv_usec / 2 };
	return (real.setsockopt(fd, level, name, &half, sizeof(half)));
}
DEFECT(option-timeouts-halved, .setsockopt = half_the_time);

static int
zero_at_once(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct timeval *t = timeout_value(level, name, value, size), soon = { 0, 1 };

	return (real.setsockopt(
	    fd, level, name, t != NULL && t->tv_sec == 0 && t->tv_usec == 0 ? &soon : value, size));
}
DEFECT(option-timeout-zero-at-once, .setsockopt = zero_at_once);

static int
carried_over(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct timeval *t = timeout_value(level, name, value, size);
	struct timeval sum;

	if (t == NULL || t->tv_usec < 1000000)
		return (real.setsockopt(fd, level, name, value, size));
	sum = (struct timeval){ t->tv_sec + t->tv_usec / 1000000, t->tv_usec % 1000000 };
	return (real.setsockopt(fd, level, name, &sum, sizeof(sum)));
}
DEFECT(option-timeout-microseconds-carried, .setsockopt = carried_over);

static int
negative_refused(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct timeval *t = timeout_value(level, name, value, size);

	return (t != NULL && t->tv_sec < 0 ? failure(EDOM)
					   : real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-timeout-negative-refused, .setsockopt = negative_refused);

static ssize_t
short_count_lost(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);

	return ((flags & MSG_WAITALL) && n > 0 && (size_t)n < size ? failure(EAGAIN) : n);
}
DEFECT(option-rcvtimeo-loses-short-count, .recv = short_count_lost);

static int
poll_limited(struct pollfd *fds, nfds_t count, int timeout)
{
	struct timeval t = { 0, 0 };
	socklen_t size = sizeof(t);

	if (count == 1 && is_socket(fds->fd) &&
	    real.getsockopt(fds->fd, SOL_SOCKET, SO_RCVTIMEO, &t, &size) == 0 && t.tv_usec > 0)
		timeout = (int)(t.tv_usec / 1000);
	return (real.poll(fds, count, timeout));
}
DEFECT(option-rcvtimeo-limits-poll, .poll = poll_limited);

/* An accept that timed out once takes the next connection and drops it. */
static int
accept_drops(int fd, struct sockaddr *name, socklen_t *size)
{
	static int late;
	int made = real.accept(fd, name, size);

	if (made == -1 && errno == EAGAIN)
		late = 1;
	else if (made != -1 && late) {
		real.close(made);
		return (failure(EAGAIN));
	}
	return (made);
}
DEFECT(option-accept-drops-after-timeout, .accept = accept_drops);

static ssize_t
timeout_as_full(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	return (n == -1 && errno == EAGAIN && flags == 0 ? failure(ETIMEDOUT) : n);
}
DEFECT(option-sndtimeo-etimedout, .send = timeout_as_full);

static ssize_t
partial_as_error(int fd, const void *buffer, size_t size, int flags)
{
	ssize_t n = real.send(fd, buffer, size, flags);

	return (n > 0 && (size_t)n < size ? failure(EAGAIN) : n);
}
DEFECT(option-sndtimeo-hides-partial-count, .send = partial_as_error);

static int
connect_timed_out(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	return (result == -1 && errno == EINPROGRESS && !is_nonblocking(fd) ? failure(ETIMEDOUT)
									    : result);
}
DEFECT(option-sndtimeo-connect-etimedout, .connect = connect_timed_out);

/* Time stamps */

static ssize_t
stale_stamp(int fd, struct msghdr *m, int flags)
{
	static struct timeval last;
	struct timeval now;
	ssize_t n = real.recvmsg(fd, m, flags);
	struct cmsghdr *c = n >= 0 ? CMSG_FIRSTHDR(m) : NULL;

	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMP) {
		memcpy(&now, CMSG_DATA(c), sizeof(now));
		if (last.tv_sec != 0)
			memcpy(CMSG_DATA(c), &last, sizeof(last));
		last = now;
	}
	return (n);
}
DEFECT(option-timestamp-of-last-datagram, .recvmsg = stale_stamp);

static int
stamp_stays(int fd, int level, int name, const void *value, socklen_t size)
{
	/* To switch it off is forgotten. */
	if (level == SOL_SOCKET && name == SO_TIMESTAMP && size == sizeof(int) &&
	    *(const int *)value == 0)
		return (0);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(option-timestamp-stays-on, .setsockopt = stamp_stays);

/* Who asks for a stamp has it in the old form too. */
static int stamped[FDS];

static int
note_stamp(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == SOL_SOCKET && name == SO_TIMESTAMP)
		stamped[fd % FDS] = 1;
	return (real.setsockopt(fd, level, name, value, size));
}

GETTER(both_stamps, SO_TIMESTAMP, v |= stamped[fd % FDS])
DEFECT(option-timestamps-not-exclusive, .setsockopt = note_stamp, .getsockopt = both_stamps);
