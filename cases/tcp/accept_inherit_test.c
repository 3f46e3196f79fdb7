/*
 * What the socket that accept(2) gives has from its listener: descriptor flags,
 * status flags, signal settings, options.
 */

#include "plumbline.h"

#include <netinet/tcp.h>

/* The connection of a new client of that listener. */
static int
accepted(int listener, int *client)
{
	struct pl_address name = pl_sockname(listener);
	int fd = pl_unconnected();

	pl_connect(fd, &name);
	if (client != NULL)
		*client = fd;
	pl_expect_arrival(listener);
	return ((int)pl_expect(sys_accept(listener, NULL), opens()));
}

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

/* The flag, and the reads that go by it. */
PL_CASE(o_nonblock, .verifies = "tcp.accept.o-nonblock-inheritance", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client, fd;
	struct pl_outcome o;
	struct pl_peer *reader;

	pl_nonblock(listener, true);
	fd = accepted(listener, &client);
	pl_expect(
	    pl_status_flags(fd, O_NONBLOCK), on(PL_FREEBSD, is(O_NONBLOCK)), on(PL_LINUX, is(0)));
	reader = pl_child(read_one, &fd, fd);
	if (pl_sleeps(reader))
		pl_write(client, "x", 1);
	o = pl_result(reader);
	pl_expect(o, on(PL_FREEBSD, fails(EAGAIN)), on(PL_LINUX, returns(1)));
	pl_expect(pl_status_flags(listener, O_NONBLOCK), is(O_NONBLOCK));
}

/* Where it is inherited urgent data tell the owner. */
PL_CASE(signal_owner, .verifies = "tcp.accept.signal-owner-inheritance", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client, fd;

	pl_catch(SIGURG, SA_RESTART);
	pl_must(sys_fcntl(listener, F_SETOWN, getpid()));
	fd = accepted(listener, &client);
	pl_expect(sys_fcntl(fd, F_GETOWN, 0), on(PL_FREEBSD, is(getpid())), on(PL_LINUX, is(0)));
	pl_expect(sys_fcntl(listener, F_GETOWN, 0), is(getpid()));
	pl_must(sys_send(client, "!", 1, MSG_OOB));
	if (pl_asks(PL_FREEBSD)) {
		pl_expect_signal(SIGURG);
		return;
	}
	/* What comes behind the urgent byte has arrived, and no signal has. */
	pl_write(client, "x", 1);
	pl_expect_arriving(fd, "x");
	pl_expect(pl_value(pl_caught(SIGURG), NULL, "SIGURG caught"), is(0));
}

PL_CASE(close_on_exec, .verifies = "tcp.accept.close-on-exec-not-inherited", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);

	pl_must(sys_fcntl(listener, F_SETFD, FD_CLOEXEC));
	pl_expect(pl_descriptor_flags(accepted(listener, NULL)), is(0));
	pl_expect(pl_descriptor_flags(listener), is(FD_CLOEXEC));
}

/* Three options, three values, so that none can stand for another; the client's stay. */
PL_CASE(keepalive_timers, .verifies = "tcp.accept.inherits-keepalive-timers", .kinds = PL_TCP)
{
	static const struct {
		int name, value;
	} options[] = { { TCP_KEEPIDLE, 11 }, { TCP_KEEPINTVL, 12 }, { TCP_KEEPCNT, 5 } };
	struct pl_address name;
	int listener = pl_listening(1, &name), client, fd;

	for (size_t i = 0; i < PL_COUNT(options); i++)
		pl_set_option(listener, IPPROTO_TCP, options[i].name, options[i].value);
	fd = accepted(listener, &client);
	for (size_t i = 0; i < PL_COUNT(options); i++) {
		pl_expect(sys_get_option(fd, IPPROTO_TCP, options[i].name), is(options[i].value));
		pl_expect_that(
		    pl_get_option(client, IPPROTO_TCP, options[i].name) != options[i].value,
		    "the client's own value", "the listener's");
	}
}

/* The value of that time-out, which is one by which a wrong one would be seen. */
static struct timeval
timeout_of(int fd, int name)
{
	struct timeval t = { 0 };
	socklen_t length = sizeof(t);

	pl_must(sys_getsockopt(fd, SOL_SOCKET, name, &t, &length));
	return (t);
}

PL_CASE(timeouts_and_low_water_mark, .verifies = "tcp.accept.inherits-timeouts-and-low-water-mark",
    .kinds = PL_TCP)
{
	static const struct {
		int name;
		struct timeval value;
	} options[] = { { SO_RCVTIMEO, { 12, 500000 } }, { SO_SNDTIMEO, { 34, 0 } } };
	struct pl_address name;
	int listener = pl_listening(1, &name), client, fd;

	for (size_t i = 0; i < PL_COUNT(options); i++)
		pl_must(sys_setsockopt(listener, SOL_SOCKET, options[i].name, &options[i].value,
		    sizeof(options[i].value)));
	pl_set_option(listener, SOL_SOCKET, SO_RCVLOWAT, 3);
	fd = accepted(listener, &client);
	for (size_t i = 0; i < PL_COUNT(options); i++) {
		struct timeval wanted = timeout_of(listener, options[i].name);
		struct timeval got = timeout_of(fd, options[i].name);

		pl_expect_that(got.tv_sec == wanted.tv_sec && got.tv_usec == wanted.tv_usec,
		    "the time-out of the listener", "%jd.%06ld s", (intmax_t)got.tv_sec,
		    (long)got.tv_usec);
	}
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_RCVLOWAT), is(3));
	pl_expect(sys_get_option(client, SOL_SOCKET, SO_RCVLOWAT), is(1));
}

/*
 * One system takes them as they are, the other rounds them up to whole segments.
 * They are set before listen(), which is when they have their effect.
 */
PL_CASE(buffer_sizes, .verifies = "tcp.accept.inherits-buffer-sizes", .kinds = PL_TCP)
{
	static const int options[] = { SO_RCVBUF, SO_SNDBUF };
	struct pl_address name;
	int listener = pl_bound(&name), size[2], fd, client, plain;

	for (size_t i = 0; i < PL_COUNT(options); i++) {
		plain = pl_get_option(listener, SOL_SOCKET, options[i]);
		pl_set_option(listener, SOL_SOCKET, options[i], i == 0 ? 20000 : 30000);
		size[i] = pl_get_option(listener, SOL_SOCKET, options[i]);
		if (size[i] == plain)
			pl_broken("20000 and 30000 are no other sizes than the default");
	}
	pl_listen(listener, 1);
	fd = accepted(listener, &client);
	for (size_t i = 0; i < PL_COUNT(options); i++)
		pl_expect(sys_get_option(fd, SOL_SOCKET, options[i]),
		    on(PL_FREEBSD, returns_between(size[i], 2L * size[i])),
		    on(PL_LINUX, is(size[i])));
}

PL_CASE(so_reuseaddr, .verifies = "tcp.accept.so-reuseaddr-inheritance", .kinds = PL_TCP)
{
	bool is_copied = pl_freebsd_before(1500);
	struct pl_address name;
	int listener = pl_listening(1, &name);

	pl_set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1);
	pl_expect(sys_get_option(accepted(listener, NULL), SOL_SOCKET, SO_REUSEADDR),
	    on(PL_FREEBSD, is_copied ? returns_between(1, INT_MAX) : is(0)),
	    on(PL_LINUX, returns_between(1, INT_MAX)));
}

/* Set for one connection and not for another: it comes from the listener alone. */
PL_CASE(tcp_nodelay, .verifies = "tcp.accept.inherits-tcp-nodelay", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client, fd;

	fd = accepted(listener, NULL);
	pl_set_option(listener, IPPROTO_TCP, TCP_NODELAY, 1);
	pl_expect(sys_get_option(accepted(listener, &client), IPPROTO_TCP, TCP_NODELAY),
	    returns_between(1, INT_MAX));
	pl_expect(sys_get_option(client, IPPROTO_TCP, TCP_NODELAY), is(0));
	pl_expect(sys_get_option(fd, IPPROTO_TCP, TCP_NODELAY), is(0));
}

/* The name of a connection's congestion control algorithm. */
static void
algorithm_of(int fd, char name[32])
{
	socklen_t length = 31;

	memset(name, 0, 32);
	pl_must(sys_getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length));
}

/* An algorithm that is not what sockets begin with: the first such that can be had. */
PL_CASE(
    congestion_algorithm, .verifies = "tcp.accept.inherits-congestion-algorithm", .kinds = PL_TCP)
{
	static const char *const names[] = { "reno", "newreno", "cubic", "htcp", "dctcp" };
	struct pl_address name;
	int listener = pl_listening(1, &name), client, fd;
	char begin[32], now[32];
	size_t i;

	algorithm_of(listener, begin);
	for (i = 0; i < PL_COUNT(names); i++)
		if (strcmp(names[i], begin) != 0 &&
		    sys_setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, names[i],
			(socklen_t)strlen(names[i]))
			    .error == 0)
			break;
	if (i == PL_COUNT(names))
		pl_not_tested("this kernel offers no second congestion control algorithm");
	fd = accepted(listener, &client);
	algorithm_of(fd, now);
	pl_expect_that(strcmp(now, names[i]) == 0, "the algorithm of the listener", "%s", now);
	algorithm_of(client, now);
	pl_expect_that(strcmp(now, begin) == 0, "the client's own algorithm", "%s", now);
}

/* A connection is made when the client comes, not when it is accepted. */
PL_CASE(later_changes_do_not_count,
    .verifies = "tcp.accept.options-copied-at-handshake-not-at-accept", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client = pl_unconnected(), fd;

	pl_connect(client, &name);
	pl_expect_arrival(listener);
	pl_set_option(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), is(0));
	pl_expect(sys_get_option(accepted(listener, NULL), SOL_SOCKET, SO_KEEPALIVE),
	    returns_between(1, INT_MAX));
}
