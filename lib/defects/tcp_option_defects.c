/*
 * Kernels that get the options at the level of TCP wrong: defaults, units and
 * ranges, and what an option does to a connection.
 */

#include <sys/ioctl.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "tcp_defects.h"

/* What only one of the systems has is a name without a meaning on the other. */
#ifndef TCP_CORK
enum {
	TCP_CORK = -2,
	TCP_SYNCNT = -3,
	TCP_LINGER2 = -4,
	TCP_QUICKACK = -5,
	TCP_USER_TIMEOUT = -6,
};
#endif

/* A getter that changes what a TCP option of type int reads: v. */
#define GET(function, option, ...)                                                     \
	static int function(int fd, int level, int name, void *value, socklen_t *size) \
	{                                                                              \
		int result = real.getsockopt(fd, level, name, value, size), v;         \
                                                                                       \
		if (result == 0 && level == IPPROTO_TCP && name == (option) &&         \
		    *size == sizeof(v)) {                                              \
			memcpy(&v, value, sizeof(v));                                  \
			__VA_ARGS__;                                                   \
			memcpy(value, &v, sizeof(v));                                  \
		}                                                                      \
		return (result);                                                       \
	}

/* A setter that is about a TCP option of type int: what is set is v. */
#define SET(function, option, ...)                                                          \
	static int function(int fd, int level, int name, const void *value, socklen_t size) \
	{                                                                                   \
		int v;                                                                      \
                                                                                            \
		if (level == IPPROTO_TCP && name == (option) && size == sizeof(v)) {        \
			memcpy(&v, value, sizeof(v));                                       \
			__VA_ARGS__;                                                        \
		}                                                                           \
		return (real.setsockopt(fd, level, name, value, size));                     \
	}

/* A setter that changes the failure of a TCP option: error to 0 or another. */
#define FAIL(function, option, error, other)                                                \
	static int function(int fd, int level, int name, const void *value, socklen_t size) \
	{                                                                                   \
		int result = real.setsockopt(fd, level, name, value, size);                 \
                                                                                            \
		if (result == -1 && errno == (error) && level == IPPROTO_TCP && (option))   \
			result = (other) == 0 ? 0 : failure(other);                         \
		return (result);                                                            \
	}

static int
set(int fd, int name, int v)
{
	return (real.setsockopt(fd, IPPROTO_TCP, name, &v, sizeof(v)));
}

static int
get(int fd, int name)
{
	int v = 0, error = errno;
	socklen_t size = sizeof(v);

	real.getsockopt(fd, IPPROTO_TCP, name, &v, &size);
	errno = error;
	return (v);
}

static bool
is_connected(int fd)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	int error = errno;
	bool is = real.getpeername(fd, (struct sockaddr *)&name, &size) == 0;

	errno = error;
	return (is);
}

/* TCP_NODELAY, and any option */

static bool told[DESCRIPTORS];

SET(nodelay_told, TCP_NODELAY, if (fd < DESCRIPTORS) told[fd] = true)
GET(nodelay_at_first, TCP_NODELAY, if (fd < DESCRIPTORS && !told[fd]) v = 1)
DEFECT(tcp-nodelay-is-on-at-first, .setsockopt = nodelay_told, .getsockopt = nodelay_at_first);

SET(one_is_yes, TCP_NODELAY, return (set(fd, name, v == 1)))
DEFECT(tcp-nodelay-takes-one-alone-for-yes, .setsockopt = one_is_yes);

static int nodelay;

SET(nodelay_of_all, TCP_NODELAY, nodelay = v)
GET(nodelay_from_all, TCP_NODELAY, v = nodelay)
DEFECT(tcp-nodelay-is-everybodys, .setsockopt = nodelay_of_all, .getsockopt = nodelay_from_all);

static int
short_taken(int fd, int level, int name, const void *value, socklen_t size)
{
	int v = 0;

	if (level != IPPROTO_TCP || name != TCP_NODELAY || size >= sizeof(v))
		return (real.setsockopt(fd, level, name, value, size));
	memcpy(&v, value, size);
	return (set(fd, name, v));
}
DEFECT(tcp-option-takes-part-of-a-number, .setsockopt = short_taken);

FAIL(bad_address_invalid, name == TCP_NODELAY, EFAULT, EINVAL)
DEFECT(tcp-option-at-a-bad-address-is-invalid, .setsockopt = bad_address_invalid);

static int
writes_all(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == IPPROTO_TCP && name == TCP_NODELAY && *size == 1)
		memset((char *)value + 1, 0, 3);
	return (result);
}
DEFECT(tcp-option-is-written-past-the-buffer, .getsockopt = writes_all);

static int
length_stays(int fd, int level, int name, void *value, socklen_t *size)
{
	socklen_t before = *size;
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == IPPROTO_TCP && name == TCP_NODELAY)
		*size = before;
	return (result);
}
DEFECT(tcp-option-leaves-the-length, .getsockopt = length_stays);

/* TCP_MAXSEG */

GET(maxseg_none, TCP_MAXSEG, if (!is_connected(fd)) v = 0)
DEFECT(tcp-maxseg-is-zero-at-first, .getsockopt = maxseg_none);

GET(maxseg_default, TCP_MAXSEG, v = 536)
DEFECT(tcp-maxseg-stays-the-default, .getsockopt = maxseg_default);

SET(maxseg_unused, TCP_MAXSEG, if (v == 1000) return (0))
DEFECT(tcp-maxseg-is-not-used, .setsockopt = maxseg_unused);

FAIL(maxseg_anything, name == TCP_MAXSEG, EINVAL, 0)
DEFECT(tcp-maxseg-takes-anything, .setsockopt = maxseg_anything);

SET(maxseg_wrong_kept, TCP_MAXSEG, if (v == 70000) set(fd, name, 600))
DEFECT(tcp-refused-maxseg-is-set, .setsockopt = maxseg_wrong_kept);

/* Keep-alive */

static bool
is_keepalive(int name)
{
	return (name == TCP_KEEPIDLE || name == TCP_KEEPINTVL || name == TCP_KEEPCNT);
}

GET(idle_milliseconds, TCP_KEEPIDLE, v *= 1000)
DEFECT(tcp-keepidle-reads-as-milliseconds, .getsockopt = idle_milliseconds);

GET(interval_off_by_one, TCP_KEEPINTVL, v += v == 75)
DEFECT(tcp-keepintvl-default-is-another, .getsockopt = interval_off_by_one);

SET(count_shared, TCP_KEEPCNT, set(fd, TCP_KEEPINTVL, v))
DEFECT(tcp-keepcnt-sets-keepintvl, .setsockopt = count_shared);

static int everybodys_idle;

SET(idle_of_all, TCP_KEEPIDLE, everybodys_idle = v)
GET(idle_from_all, TCP_KEEPIDLE, if (everybodys_idle != 0) v = everybodys_idle)
DEFECT(tcp-keepidle-is-everybodys, .setsockopt = idle_of_all, .getsockopt = idle_from_all);

SET(keepalive_zero, is_keepalive(name) ? name : -1, if (v == 0) return (0))
DEFECT(tcp-keepalive-takes-zero, .setsockopt = keepalive_zero);

SET(
    keepalive_zero_kept, is_keepalive(name) ? name : -1, if (v == 0) {
	    set(fd, name, 1);
	    return (failure(EINVAL));
    })
DEFECT(tcp-refused-keepalive-is-set, .setsockopt = keepalive_zero_kept);

SET(bound_less, is_keepalive(name) ? name : -1,
    if (v == 32767 || v == 127) return (failure(EINVAL)))
DEFECT(tcp-keepalive-bound-is-one-less, .setsockopt = bound_less);

FAIL(no_bound, is_keepalive(name), EINVAL, 0)
DEFECT(tcp-keepalive-has-no-bound, .setsockopt = no_bound);

/* An answer to a probe is taken for none: the connection ends while nobody speaks. */
static int
probes_fail(struct pollfd *fds, nfds_t count, int timeout)
{
	int on = 0;
	socklen_t size = sizeof(on);

	if (timeout > 2000 && is_tcp(fds[0].fd) &&
	    real.getsockopt(fds[0].fd, SOL_SOCKET, SO_KEEPALIVE, &on, &size) == 0 && on)
		real.shutdown(fds[0].fd, SHUT_RDWR);
	return (real.poll(fds, count, timeout));
}
DEFECT(tcp-answered-probes-are-failures, .poll = probes_fail);

/* TCP_CONGESTION */

static int
unterminated(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && level == IPPROTO_TCP && name == TCP_CONGESTION)
		*size = (socklen_t)strnlen(value, *size);
	return (result);
}
DEFECT(tcp-congestion-name-has-no-end, .getsockopt = unterminated);

static int
nothing_chosen(int fd, int level, int name, const void *value, socklen_t size)
{
	if (level == IPPROTO_TCP && name == TCP_CONGESTION && size <= 7 &&
	    memcmp(value, "nosuch", size < 6 ? size : 6) != 0)
		return (0);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(tcp-congestion-stays, .setsockopt = nothing_chosen);

FAIL(unknown_taken, name == TCP_CONGESTION, ENOENT, 0)
DEFECT(tcp-congestion-takes-any-name, .setsockopt = unknown_taken);

FAIL(unknown_invalid, name == TCP_CONGESTION, ENOENT, EINVAL)
DEFECT(tcp-congestion-calls-unknown-names-invalid, .setsockopt = unknown_invalid);

FAIL(for_everybody, name == TCP_CONGESTION, EPERM, 0)
DEFECT(tcp-congestion-is-for-everybody, .setsockopt = for_everybody);

/* TCP_CORK */

static bool corked[DESCRIPTORS];

SET(
    cork_said, TCP_CORK, if (fd < DESCRIPTORS) {
	    corked[fd] = v != 0;
	    return (0);
    })
GET(cork_asked, TCP_CORK, v = fd < DESCRIPTORS && corked[fd])
DEFECT(tcp-cork-holds-nothing, .setsockopt = cork_said, .getsockopt = cork_asked);

SET(
    uncork_later, TCP_CORK, if (fd < DESCRIPTORS) {
	    corked[fd] = v != 0;
	    if (v == 0)
		    return (0);
    })
DEFECT(tcp-uncorking-sends-nothing, .setsockopt = uncork_later, .getsockopt = cork_asked);

/* Held bytes are remembered here, and sent only when the cork is pulled. */
static char held[DESCRIPTORS][16];
static size_t held_size[DESCRIPTORS];

static ssize_t
held_back(int fd, const void *buffer, size_t size)
{
	if (fd < 0 || fd >= DESCRIPTORS || !is_tcp(fd) || get(fd, TCP_CORK) == 0 ||
	    held_size[fd] + size > sizeof(held[fd]))
		return (real.write(fd, buffer, size));
	memcpy(held[fd] + held_size[fd], buffer, size);
	held_size[fd] += size;
	return ((ssize_t)size);
}

SET(
    cork_pulled, TCP_CORK, if (fd < DESCRIPTORS && v == 0 && held_size[fd] > 0) {
	    real.write(fd, held[fd], held_size[fd]);
	    held_size[fd] = 0;
    })
DEFECT(tcp-cork-holds-for-ever, .write = held_back, .setsockopt = cork_pulled);

SET(nodelay_under_cork, TCP_NODELAY, if (v != 0 && is_tcp(fd) && get(fd, TCP_CORK) != 0) return (0))
DEFECT(tcp-nodelay-does-not-flush-the-cork, .setsockopt = nodelay_under_cork);

SET(nodelay_uncorks, TCP_NODELAY, if (v != 0) set(fd, TCP_CORK, 0))
DEFECT(tcp-nodelay-pulls-the-cork, .setsockopt = nodelay_uncorks);

/* What is held is thrown away with the socket. */
static int
close_drops(int fd)
{
	if (is_tcp(fd) && get(fd, TCP_CORK) != 0) {
		const struct linger now = { .l_onoff = 1, .l_linger = 0 };

		real.setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	}
	return (real.close(fd));
}
DEFECT(tcp-close-drops-what-the-cork-holds, .close = close_drops);

/* Limits to the patience with a peer */

static int
patience_forgotten(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && is_tcp(made))
		set(made, TCP_USER_TIMEOUT, 0);
	return (made);
}
DEFECT(tcp-user-timeout-is-not-inherited, .accept = patience_forgotten);

GET(patience_in_seconds, TCP_USER_TIMEOUT, v /= 1000)
DEFECT(tcp-user-timeout-reads-as-seconds, .getsockopt = patience_in_seconds);

FAIL(patience_negative, name == TCP_USER_TIMEOUT, EINVAL, 0)
DEFECT(tcp-user-timeout-takes-negative-numbers, .setsockopt = patience_negative);

SET(patience_endless, TCP_USER_TIMEOUT, if (v == 150) return (set(fd, name, 0)))
DEFECT(tcp-user-timeout-has-no-effect, .setsockopt = patience_endless);

static int
timed_out_as_reset(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size), v;

	if (result == 0 && level == SOL_SOCKET && name == SO_ERROR && is_tcp(fd)) {
		memcpy(&v, value, sizeof(v));
		v = v == ETIMEDOUT ? ECONNRESET : v;
		memcpy(value, &v, sizeof(v));
	}
	return (result);
}
DEFECT(tcp-timed-out-connection-is-reset, .getsockopt = timed_out_as_reset);

FAIL(attempts_unchecked, name == TCP_SYNCNT, EINVAL, 0)
DEFECT(tcp-syncnt-has-no-range, .setsockopt = attempts_unchecked);

SET(attempts_kept, TCP_SYNCNT, if (v == 256) set(fd, name, 6))
DEFECT(tcp-refused-syncnt-is-set, .setsockopt = attempts_kept);

GET(linger2_in_ticks, TCP_LINGER2, v *= 250)
DEFECT(tcp-linger2-reads-as-ticks, .getsockopt = linger2_in_ticks);

SET(quickack_stays, TCP_QUICKACK, if (v == 0) return (0))
DEFECT(tcp-quickack-cannot-be-cleared, .setsockopt = quickack_stays);

/* What waits to be sent */

/* What that request says of a TCP socket; nothing else is counted where it is unknown. */
#define UNSENT(function, ...)                                              \
	static int function(int fd, unsigned long request, void *argument) \
	{                                                                  \
		int result = real.ioctl(fd, request, argument);            \
		int *count = argument;                                     \
                                                                           \
		if (request == TIOCOUTQ && is_tcp(fd)) {                   \
			__VA_ARGS__;                                       \
		}                                                          \
		return (result);                                           \
	}

UNSENT(nothing_unsent, if (result == 0) *count = 0)
DEFECT(tcp-outq-is-always-zero, .ioctl = nothing_unsent);

static int most;

UNSENT(unsent_stays, if (result == 0) *count = most = *count > most ? *count : most)
DEFECT(tcp-outq-never-sinks, .ioctl = unsent_stays);

UNSENT(listener_unsent, if (result == -1) result = *count = 0)
DEFECT(tcp-outq-of-a-listener-is-zero, .ioctl = listener_unsent);

/* And the rest */

SET(fastopen_live, TCP_FASTOPEN, if (is_connected(fd)) return (0))
DEFECT(tcp-fastopen-is-taken-by-a-connection, .setsockopt = fastopen_live);

SET(fastopen_negative, TCP_FASTOPEN, if (v < 0) return (set(fd, name, 0)))
DEFECT(tcp-fastopen-takes-negative-numbers, .setsockopt = fastopen_negative);

FAIL(signed_by_number, name == TCP_MD5SIG, EINVAL, 0)
DEFECT(tcp-md5sig-takes-a-number, .setsockopt = signed_by_number);

/* A receive with a limit, which a signal ends, says that the limit has passed. */
static ssize_t
interrupted_late(int fd, void *buffer, size_t size, int flags)
{
	ssize_t n = real.recv(fd, buffer, size, flags);
	struct timeval t = { 0, 0 };
	socklen_t length = sizeof(t);

	if (n == -1 && errno == EINTR && is_tcp(fd) &&
	    real.getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, &length) == 0 && t.tv_sec > 0)
		return (failure(EAGAIN));
	return (n);
}
DEFECT(tcp-interrupted-limited-receive-is-late, .recv = interrupted_late);
