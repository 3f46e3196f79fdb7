/*
 * Buffer sizes: what is read back, the limits, what the buffers hold.
 */

#include "plumbline.h"

#define EVERY_SOCKET PL_SOCKETS | PL_PLAIN

/* Far more than any system grants, and large on its own. */
#define HUGE_SIZE 100000000
#define LARGE 65536
#define SMALL 8192

static const int sizes[] = { SO_SNDBUF, SO_RCVBUF };

/* Linux: the most that may be asked for; HUGE_SIZE elsewhere. */
static long
largest(int name)
{
	long most;

	if (pl_os_sysctl_get(
		name == SO_SNDBUF ? "/proc/sys/net/core/wmem_max" : "/proc/sys/net/core/rmem_max",
		&most) != 0)
		return (HUGE_SIZE);
	return (most);
}

/* What is set is read back, and the other buffer stays. */
static void
expect_read_back(int fd, int name)
{
	static const int values[] = { SMALL, LARGE, 20001 };
	int other = name == SO_SNDBUF ? SO_RCVBUF : SO_SNDBUF;
	int before = pl_get_option(fd, SOL_SOCKET, other);

	if (largest(name) < LARGE)
		pl_not_tested("the system allows buffers of %ld bytes only", largest(name));
	for (size_t i = 0; i < 3; i++) {
		pl_expect(sys_set_option(fd, SOL_SOCKET, name, values[i]), returns(0));
		pl_expect(sys_get_option(fd, SOL_SOCKET, name), on(PL_FREEBSD, is(values[i])),
		    on(PL_LINUX, is(2L * values[i])));
		pl_expect(sys_get_option(fd, SOL_SOCKET, other), is(before));
	}
}

PL_CASE(sndbuf_read_back, .verifies = "socket.opt.sndbuf-read-back", .kinds = EVERY_SOCKET)
{
	expect_read_back(pl_unconnected(), SO_SNDBUF);
	expect_read_back(pl_pair().w, SO_SNDBUF);
}

PL_CASE(sndbuf_read_back_of_inet_sockets, .verifies = "socket.opt.sndbuf-read-back")
{
	expect_read_back(pl_socket(AF_INET, SOCK_STREAM), SO_SNDBUF);
	expect_read_back(pl_socket(AF_INET, SOCK_DGRAM), SO_SNDBUF);
}

PL_CASE(rcvbuf_read_back, .verifies = "socket.opt.rcvbuf-read-back", .kinds = EVERY_SOCKET)
{
	expect_read_back(pl_unconnected(), SO_RCVBUF);
	expect_read_back(pl_pair().r, SO_RCVBUF);
}

PL_CASE(rcvbuf_read_back_of_inet_sockets, .verifies = "socket.opt.rcvbuf-read-back")
{
	expect_read_back(pl_socket(AF_INET, SOCK_STREAM), SO_RCVBUF);
	expect_read_back(pl_socket(AF_INET, SOCK_DGRAM), SO_RCVBUF);
}

/* The least size that there is. */
static void
expect_floor(int fd)
{
	static const int floors[] = { 2048, 256 };

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_set_option(fd, SOL_SOCKET, sizes[i], 1), returns(0));
		pl_expect(sys_get_option(fd, SOL_SOCKET, sizes[i]), on(PL_FREEBSD, is(1)),
		    on(PL_LINUX, is(floors[i])));
	}
}

PL_CASE(buffer_size_floor, .verifies = "socket.opt.buffer-size-floor", .kinds = EVERY_SOCKET)
{
	expect_floor(pl_unconnected());
}

PL_CASE(buffer_size_floor_of_inet_sockets, .verifies = "socket.opt.buffer-size-floor")
{
	expect_floor(pl_socket(AF_INET, SOCK_DGRAM));
	expect_floor(pl_socket(AF_INET, SOCK_STREAM));
}

/* Sizes that make no sense: refused on one system, made sensible on the other. */
static void
expect_senseless_sizes(int fd)
{
	for (int i = 0; i < 2; i++) {
		int start = pl_get_option(fd, SOL_SOCKET, sizes[i]), floor;

		if (pl_asks(PL_FREEBSD)) {
			pl_expect(sys_set_option(fd, SOL_SOCKET, sizes[i], 0), fails(EINVAL));
			pl_expect(sys_set_option(fd, SOL_SOCKET, sizes[i], -1), fails(EINVAL));
			pl_expect(sys_get_option(fd, SOL_SOCKET, sizes[i]), is(start));
			continue;
		}
		pl_set_option(fd, SOL_SOCKET, sizes[i], 1);
		floor = pl_get_option(fd, SOL_SOCKET, sizes[i]);
		pl_set_option(fd, SOL_SOCKET, sizes[i], LARGE);
		pl_expect(sys_set_option(fd, SOL_SOCKET, sizes[i], 0), on(PL_LINUX, returns(0)));
		pl_expect(sys_get_option(fd, SOL_SOCKET, sizes[i]), on(PL_LINUX, is(floor)));
		pl_expect(sys_set_option(fd, SOL_SOCKET, sizes[i], -1), on(PL_LINUX, returns(0)));
		pl_expect(sys_get_option(fd, SOL_SOCKET, sizes[i]),
		    on(PL_LINUX, is(2 * largest(sizes[i]))));
	}
}

PL_CASE(buffer_size_zero_or_negative, .verifies = "socket.opt.buffer-size-zero-or-negative",
    .kinds = EVERY_SOCKET)
{
	expect_senseless_sizes(pl_unconnected());
}

PL_CASE(buffer_size_zero_or_negative_of_inet_sockets,
    .verifies = "socket.opt.buffer-size-zero-or-negative")
{
	expect_senseless_sizes(pl_socket(AF_INET, SOCK_STREAM));
	expect_senseless_sizes(pl_socket(AF_INET, SOCK_DGRAM));
}

/* More than the administrator allows. */
static void
expect_maximum(int fd)
{
	long most;

	if (pl_os_sysctl_get("kern.ipc.maxsockbuf", &most) == 0 && most >= HUGE_SIZE)
		pl_not_tested("kern.ipc.maxsockbuf is %ld", most);
	for (int i = 0; i < 2; i++) {
		int start = pl_get_option(fd, SOL_SOCKET, sizes[i]);

		if (pl_os.profile == PL_PROFILE_LINUX && largest(sizes[i]) >= HUGE_SIZE)
			pl_not_tested("the system allows %ld bytes", largest(sizes[i]));
		pl_expect(sys_set_option(fd, SOL_SOCKET, sizes[i], HUGE_SIZE),
		    on(PL_FREEBSD, fails(ENOBUFS)), on(PL_LINUX, returns(0)));
		pl_expect(sys_get_option(fd, SOL_SOCKET, sizes[i]), on(PL_FREEBSD, is(start)),
		    on(PL_LINUX, is(2 * largest(sizes[i]))));
	}
}

PL_CASE(buffer_size_above_maximum, .verifies = "socket.opt.buffer-size-above-maximum",
    .kinds = EVERY_SOCKET)
{
	expect_maximum(pl_unconnected());
}

PL_CASE(
    buffer_size_above_maximum_of_inet_sockets, .verifies = "socket.opt.buffer-size-above-maximum")
{
	expect_maximum(pl_socket(AF_INET, SOCK_STREAM));
	expect_maximum(pl_socket(AF_INET, SOCK_DGRAM));
}

/* In a child: the limit is the process's own. */
static struct pl_outcome
exceed_limit(void *unused)
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	int start = pl_get_option(fd, SOL_SOCKET, SO_RCVBUF);
	struct pl_outcome o = pl_sys(pl_os_limit_socket_buffers(1), "setrlimit(RLIMIT_SBSIZE, 1)");

	(void)unused;
	if (o.error != 0)
		pl_not_tested("this kernel has no RLIMIT_SBSIZE");
	pl_expect(sys_set_option(fd, SOL_SOCKET, SO_RCVBUF, 2 * start), fails(ENOBUFS));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_RCVBUF), is(start));
	pl_expect(sys_set_option(fd, SOL_SOCKET, SO_RCVBUF, start / 2), returns(0));
	return (pl_done());
}

/* All the buffers of a user together have a limit too. */
PL_CASE(rcvbuf_limited_by_rlimit_sbsize, .verifies = "socket.opt.rcvbuf-limited-by-rlimit-sbsize")
{
	pl_result(pl_child(exceed_limit, NULL, PL_KEEP_NONE));
}

/* A pair whose buffers were set to that size. */
static struct pl_pair
pair_with_buffers(int size)
{
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 2; i++) {
		pl_set_option(p.r, SOL_SOCKET, sizes[i], size);
		pl_set_option(p.w, SOL_SOCKET, sizes[i], size);
	}
	return (p);
}

/* The size is a limit, and the data within it is whole. */
PL_CASE(small_buffers_limit_unread_stream_data,
    .verifies = "socket.opt.small-buffers-limit-unread-stream-data",
    .kinds = EVERY_SOCKET | PL_STREAM)
{
	struct pl_pair few = pair_with_buffers(4096), many = pair_with_buffers(LARGE);
	long small = (long)pl_fill(few.w, 512), large = (long)pl_fill(many.w, 512);
	char b[64];

	pl_expect_that(0 < small && small < large, "less fits into small buffers",
	    "%ld bytes fit, and %ld into large ones", small, large);
	pl_expect(sys_recv(few.r, b, sizeof(b), 0), returns(sizeof(b)));
	pl_expect_payload(b, sizeof(b), 0, 0);
}

/* Datagrams that nobody reads are lost in silence, once the buffer is full. */
PL_CASE(small_rcvbuf_drops_excess_datagrams,
    .verifies = "socket.opt.small-rcvbuf-drops-excess-datagrams")
{
	enum { SENT = 100, SIZE = 1000, MOST = 8 };
	struct pl_address name, marker;
	int r = pl_bound_inet(AF_INET, SOCK_DGRAM, &name), w = pl_socket(AF_INET, SOCK_DGRAM);
	int last = pl_bound_inet(AF_INET, SOCK_DGRAM, &marker), count = 0;
	char b[SIZE];
	struct pl_outcome o;

	pl_set_option(r, SOL_SOCKET, SO_RCVBUF, 4096);
	for (int i = 0; i < SENT; i++) {
		pl_payload(b, SIZE, 0, (uint64_t)i * SIZE);
		pl_expect(sys_sendto(w, b, SIZE, 0, &name), returns(SIZE));
	}
	/* Delivered in order: what comes later shows that the others are there. */
	pl_must(sys_sendto(w, "x", 1, 0, &marker));
	pl_await_events(last, POLLIN);
	while ((o = sys_recv(r, b, SIZE, MSG_DONTWAIT)).error == 0 && count < SENT) {
		pl_expect(o, returns(SIZE));
		pl_expect_payload(b, SIZE, 0, (uint64_t)count * SIZE);
		count++;
	}
	pl_expect(o, fails(EAGAIN));
	pl_expect(pl_value(count, NULL, "datagrams kept"), returns_between(1, MOST));
}
