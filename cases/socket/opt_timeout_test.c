/*
 * SO_RCVTIMEO and SO_SNDTIMEO: the values, and which calls they end.
 */

#include "plumbline.h"

#define EVERY_SOCKET PL_SOCKETS | PL_PLAIN
#define EVERY_STREAM PL_SOCKETS | PL_PLAIN | PL_STREAM

/* The limit of these cases in milliseconds, and less than that for a clock's error. */
enum { LIMIT = 24, LEAST = LIMIT - 1 };

static struct pl_outcome
set_timeout(int fd, int name, long seconds, long microseconds)
{
	const struct timeval t = { .tv_sec = seconds, .tv_usec = (suseconds_t)microseconds };

	pl_note("struct timeval {%ld, %ld}", seconds, microseconds);
	return (sys_setsockopt(fd, SOL_SOCKET, name, &t, sizeof(t)));
}

static void
limit(int fd, int name)
{
	pl_must(set_timeout(fd, name, 0, LIMIT * 1000L));
}

static void
expect_timeout(int fd, int name, long seconds, long microseconds)
{
	struct timeval t = { .tv_sec = -7, .tv_usec = -7 };
	socklen_t length = sizeof(t);

	pl_expect(sys_getsockopt(fd, SOL_SOCKET, name, &t, &length), returns(0));
	pl_expect(pl_value((long)length, NULL, "length"), is(sizeof(t)));
	pl_expect_that(t.tv_sec == seconds && t.tv_usec == microseconds, "the time that was set",
	    "%ld.%06ld instead of %ld.%06ld", (long)t.tv_sec, (long)t.tv_usec, seconds,
	    microseconds);
}

/* Judge: the limit has passed since then. */
static void
expect_passed(double start)
{
	double passed = pl_milliseconds() - start;

	pl_expect_that(passed >= LEAST, "the call waits as long as the limit says",
	    "it took %.1f ms of %d", passed, LIMIT);
}

/* No limit at first, and one of its own for each direction. */
PL_CASE(timeouts_default_zero_and_settable,
    .verifies = "socket.opt.timeouts-default-zero-and-settable", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected();

	expect_timeout(fd, SO_RCVTIMEO, 0, 0);
	expect_timeout(fd, SO_SNDTIMEO, 0, 0);
	pl_expect(set_timeout(fd, SO_RCVTIMEO, 2, 500000), returns(0));
	expect_timeout(fd, SO_RCVTIMEO, 2, 500000);
	expect_timeout(fd, SO_SNDTIMEO, 0, 0);
	pl_expect(set_timeout(fd, SO_SNDTIMEO, 7, 0), returns(0));
	expect_timeout(fd, SO_SNDTIMEO, 7, 0);
	expect_timeout(fd, SO_RCVTIMEO, 2, 500000);
}

/* A receive that nothing comes for ends, and what comes later is not lost. */
PL_CASE(rcvtimeo_expires_with_eagain, .verifies = "socket.opt.rcvtimeo-expires-with-eagain",
    .kinds = EVERY_SOCKET)
{
	struct pl_pair p = pl_pair();
	char b[8];
	double start;

	limit(p.r, SO_RCVTIMEO);
	start = pl_milliseconds();
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), fails(EAGAIN));
	expect_passed(start);
	start = pl_milliseconds();
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	expect_passed(start);
	pl_write(p.w, "x", 1);
	pl_expect_arrival(p.r);
	pl_expect_text(p.r, "x");
}

/* What came within the limit is handed out. */
PL_CASE(rcvtimeo_returns_short_count, .verifies = "socket.opt.rcvtimeo-returns-short-count",
    .kinds = EVERY_SOCKET | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	char b[16];
	double start;

	limit(p.r, SO_RCVTIMEO);
	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
	start = pl_milliseconds();
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_WAITALL), returns(3));
	expect_passed(start);
	pl_expect_bytes(b, "abc", 3);
}

static struct pl_outcome
receive(void *fd)
{
	char b[8];

	return (sys_recv(*(int *)fd, b, sizeof(b), 0));
}

/* No limit again: neither the earlier one, nor none at all to wait. */
PL_CASE(
    rcvtimeo_zero_disables, .verifies = "socket.opt.rcvtimeo-zero-disables", .kinds = EVERY_SOCKET)
{
	struct pl_pair p = pl_pair();
	struct pollfd quiet = { .fd = p.w, .events = POLLIN };
	struct pl_peer *reader;

	limit(p.r, SO_RCVTIMEO);
	pl_expect(set_timeout(p.r, SO_RCVTIMEO, 0, 0), returns(0));
	expect_timeout(p.r, SO_RCVTIMEO, 0, 0);
	reader = pl_child(receive, &p.r, p.r);
	pl_expect_blocks(reader);
	/* Twice the earlier limit goes by. */
	pl_must(sys_poll(&quiet, 1, 2 * LIMIT));
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
}

/* A million microseconds are a second, and no number of microseconds. */
PL_CASE(timeout_microseconds_out_of_range,
    .verifies = "socket.opt.timeout-microseconds-out-of-range-edom", .kinds = EVERY_SOCKET)
{
	static const int names[] = { SO_RCVTIMEO, SO_SNDTIMEO };
	static const long bad[] = { 1000000, 2000000, -1 };
	int fd = pl_unconnected();

	for (int i = 0; i < 2; i++) {
		pl_must(set_timeout(fd, names[i], 2, 500000));
		for (int j = 0; j < 3; j++) {
			pl_expect(set_timeout(fd, names[i], 1, bad[j]), fails(EDOM));
			expect_timeout(fd, names[i], 2, 500000);
		}
	}
	pl_expect(set_timeout(fd, SO_RCVTIMEO, 0, 999999), returns(0));
}

/* A limit that has passed before the call: refused, or in force. */
PL_CASE(timeout_negative_seconds, .verifies = "socket.opt.timeout-negative-seconds",
    .kinds = EVERY_SOCKET)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(set_timeout(p.r, SO_RCVTIMEO, 2, 500000));
	pl_expect(set_timeout(p.r, SO_RCVTIMEO, -1, 0), on(PL_FREEBSD, fails(EDOM)),
	    on(PL_LINUX, returns(0)));
	if (pl_asks(PL_FREEBSD)) {
		expect_timeout(p.r, SO_RCVTIMEO, 2, 500000);
		return;
	}
	expect_timeout(p.r, SO_RCVTIMEO, 0, 0);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), on(PL_LINUX, fails(EAGAIN)));
}

/* It is for receives alone. */
PL_CASE(rcvtimeo_does_not_limit_poll, .verifies = "socket.opt.rcvtimeo-does-not-limit-poll",
    .kinds = EVERY_SOCKET)
{
	struct pl_pair p = pl_pair();
	struct pollfd wait = { .fd = p.r, .events = POLLIN };
	double start;

	pl_must(set_timeout(p.r, SO_RCVTIMEO, 0, 10000));
	start = pl_milliseconds();
	pl_expect(sys_poll(&wait, 1, LIMIT), returns(0));
	expect_passed(start);
}

static struct pl_outcome
accept_one(void *fd)
{
	return (sys_accept(*(int *)fd, NULL));
}

/* Whether accept is a receive; a connection that comes later is not lost. */
PL_CASE(rcvtimeo_and_accept, .verifies = "socket.opt.rcvtimeo-and-accept",
    .kinds = EVERY_SOCKET | PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_unconnected();
	struct pollfd quiet = { .fd = listener, .events = POLLIN };
	struct pl_peer *acceptor;
	double start;

	limit(listener, SO_RCVTIMEO);
	if (!pl_asks(PL_FREEBSD)) {
		start = pl_milliseconds();
		pl_expect(sys_accept(listener, NULL), on(PL_LINUX, fails(EAGAIN)));
		expect_passed(start);
		pl_connect(client, &name);
		pl_expect(sys_accept(listener, NULL), on(PL_LINUX, opens()));
		return;
	}
	acceptor = pl_child(accept_one, &listener, listener);
	pl_expect_blocks(acceptor);
	pl_must(sys_poll(&quiet, 1, 2 * LIMIT));
	pl_expect_blocks(acceptor);
	pl_connect(client, &name);
	pl_expect(pl_result(acceptor), opens());
}

/* Judge: so many bytes were sent, and no more. */
static void
expect_received(int fd, size_t size)
{
	static char b[65536];
	size_t done = 0;

	while (done < size)
		done += (size_t)pl_expect(
		    sys_recv(fd, b, sizeof(b), 0), returns_between(1, (long)(size - done)));
	pl_expect_nothing(fd);
}

/* A send that finds no room ends. */
PL_CASE(sndtimeo_expires_with_eagain, .verifies = "socket.opt.sndtimeo-expires-with-eagain",
    .kinds = EVERY_STREAM)
{
	struct pl_pair p = pl_pair();
	size_t filled = pl_fill_pair(p, 1024);
	double start;

	limit(p.w, SO_SNDTIMEO);
	start = pl_milliseconds();
	pl_expect(sys_send(p.w, "x", 1, 0), fails(EAGAIN));
	expect_passed(start);
	start = pl_milliseconds();
	pl_expect(sys_write(p.w, "x", 1), fails(EAGAIN));
	expect_passed(start);
	expect_received(p.r, filled);
}

/* One that finds room for a part tells how much, and that much arrives. */
PL_CASE(sndtimeo_returns_partial_count, .verifies = "socket.opt.sndtimeo-returns-partial-count",
    .kinds = EVERY_STREAM)
{
	enum { SIZE = 4 << 20 };
	static char b[SIZE];
	struct pl_pair p = pl_pair();
	double start;
	long n;

	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 16384);
	limit(p.w, SO_SNDTIMEO);
	start = pl_milliseconds();
	n = pl_expect(sys_send(p.w, b, SIZE, 0), returns_between(1, SIZE - 1));
	expect_passed(start);
	expect_received(p.r, (size_t)n);
}

/* The limit holds for the wait for a connection too. */
PL_CASE(sndtimeo_and_connect, .verifies = "socket.opt.sndtimeo-and-connect")
{
	struct pl_address name;
	int listener = pl_bound_inet(AF_INET, SOCK_STREAM, &name);
	int fd = pl_socket(AF_INET, SOCK_STREAM);
	double start;

	pl_listen(listener, 0);
	pl_connect(pl_socket(AF_INET, SOCK_STREAM), &name);
	limit(fd, SO_SNDTIMEO);
	start = pl_milliseconds();
	pl_expect(sys_connect(fd, &name), fails(EINPROGRESS));
	expect_passed(start);
}
