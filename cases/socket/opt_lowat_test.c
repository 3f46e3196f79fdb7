/*
 * Low-water marks: how much must be there before a receive returns.
 */

#include "plumbline.h"

#include <sys/ioctl.h>

#include <sched.h>

#define STREAM_SOCKET PL_SOCKETS | PL_PLAIN | PL_STREAM

/* The mark of all these cases, and a request above it. */
enum { MARK = 8, REQUEST = 64 };

static int
queued(int fd)
{
	int n = 0;

	return (ioctl(fd, FIONREAD, &n) == 0 ? n : -1);
}

/* Set-up: wait until that many bytes are there, whatever poll thinks of them. */
static void
await_queued(int fd, int size)
{
	while (queued(fd) < size)
		sched_yield();
	pl_note("%d bytes are queued on %s", queued(fd), pl_slot(fd));
}

/* A reader in a child, and what it tells by memory. */
struct reader {
	int fd;
	volatile int is_back;
	char bytes[REQUEST];
};

static struct pl_outcome
receive(void *argument)
{
	struct reader *r = argument;
	struct pl_outcome o = sys_recv(r->fd, r->bytes, sizeof(r->bytes), 0);

	r->is_back = 1;
	return (o);
}

static struct reader *
reader_of(struct pl_pair p)
{
	struct reader *r = pl_shared(sizeof(*r));

	r->fd = p.r;
	pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, MARK);
	return (r);
}

/* One byte is enough unless told otherwise. */
PL_CASE(rcvlowat_default_one_and_settable,
    .verifies = "socket.opt.rcvlowat-default-one-and-settable", .kinds = PL_SOCKETS | PL_PLAIN)
{
	int fd = pl_unconnected();

	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_RCVLOWAT), is(1));
	pl_expect(sys_set_option(fd, SOL_SOCKET, SO_RCVLOWAT, 16), returns(0));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_RCVLOWAT), is(16));
}

/* A few bytes do not end the wait. */
PL_CASE(rcvlowat_holds_back_blocking_recv,
    .verifies = "socket.opt.rcvlowat-holds-back-blocking-recv", .kinds = STREAM_SOCKET)
{
	struct pl_pair p = pl_pair();
	struct reader *r = reader_of(p);
	struct pl_peer *peer = pl_child(receive, r, p.r);

	pl_wait_blocked(peer);
	pl_write(p.w, "abc", 3);
	pl_expect_blocks(peer);
	pl_write(p.w, "defghij", 7);
	pl_expect(pl_result(peer), returns(10));
	pl_expect_bytes(r->bytes, "abcdefghij", 10);
}

/* Who asks for less than the mark waits for no more than he asks for. */
PL_CASE(rcvlowat_smaller_request_returns, .verifies = "socket.opt.rcvlowat-smaller-request-returns",
    .kinds = STREAM_SOCKET)
{
	struct pl_pair p = pl_pair();
	char b[4];

	pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, MARK);
	pl_write(p.w, "abcd", 4);
	await_queued(p.r, 4);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(4));
	pl_expect_bytes(b, "abcd", 4);
}

/* The rest comes when there will be no more. */
PL_CASE(rcvlowat_end_of_file_releases_short_data,
    .verifies = "socket.opt.rcvlowat-end-of-file-releases-short-data", .kinds = STREAM_SOCKET)
{
	struct pl_pair p = pl_pair();
	struct reader *r = reader_of(p);
	struct pl_peer *peer;
	char b[REQUEST];

	pl_write(p.w, "abcd", 4);
	peer = pl_child(receive, r, p.r);
	pl_wait_blocked(peer);
	pl_must(sys_shutdown(p.w, SHUT_WR));
	pl_expect(pl_result(peer), returns(4));
	pl_expect_bytes(r->bytes, "abcd", 4);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	/* It is to be read, too, as far as poll is asked. */
	p = pl_pair();
	pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, MARK);
	pl_write(p.w, "abcd", 4);
	pl_must(sys_shutdown(p.w, SHUT_WR));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(4));
}

static void
expect_gates_poll(struct pl_pair p)
{
	struct pollfd wait = { .fd = p.r, .events = POLLIN };

	pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, MARK);
	pl_write(p.w, "abcdefg", 7);
	await_queued(p.r, 7);
	pl_expect(pl_poll_now(p.r, POLLIN), is(0));
	pl_write(p.w, "h", 1);
	pl_expect(sys_poll(&wait, 1, -1), returns(1));
	pl_expect(pl_revents(&wait), is(POLLIN));
	pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, MARK + 1);
	pl_expect(pl_poll_now(p.r, POLLIN), is(0));
	pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, 1);
	pl_expect(pl_poll_now(p.r, POLLIN), is(POLLIN));
}

/* "Readable" means that a receive would not wait. */
PL_CASE(rcvlowat_gates_poll_readiness, .verifies = "socket.opt.rcvlowat-gates-poll-readiness",
    .kinds = PL_TCP)
{
	expect_gates_poll(pl_pair());
}

PL_CASE(rcvlowat_gates_poll_of_unix_stream,
    .verifies = "socket.opt.rcvlowat-gates-poll-of-unix-stream", .kinds = STREAM_SOCKET | PL_UNIX)
{
	expect_gates_poll(pl_pair());
}

/* The mark is for those who wait; who does not gets what there is. */
PL_CASE(rcvlowat_on_non_blocking_descriptor,
    .verifies = "socket.opt.rcvlowat-on-non-blocking-descriptor", .kinds = PL_TCP)
{
	for (int by_flag = 0; by_flag < 2; by_flag++) {
		struct pl_pair p = pl_pair();
		char b[REQUEST] = "";

		pl_set_option(p.r, SOL_SOCKET, SO_RCVLOWAT, MARK);
		pl_write(p.w, "abcd", 4);
		await_queued(p.r, 4);
		pl_nonblock(p.r, !by_flag);
		pl_expect(sys_recv(p.r, b, sizeof(b), by_flag ? MSG_DONTWAIT : 0), returns(4));
		pl_expect_bytes(b, "abcd", 4);
	}
}

/* Marks that make no sense. */
PL_CASE(rcvlowat_out_of_range, .verifies = "socket.opt.rcvlowat-out-of-range")
{
	int udp = pl_socket(AF_INET, SOCK_DGRAM), tcp = pl_socket(AF_INET, SOCK_STREAM), size;

	pl_set_option(udp, SOL_SOCKET, SO_RCVLOWAT, 3);
	pl_expect(sys_set_option(udp, SOL_SOCKET, SO_RCVLOWAT, 0), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(0)));
	pl_expect(sys_get_option(udp, SOL_SOCKET, SO_RCVLOWAT), on(PL_FREEBSD, is(3)),
	    on(PL_LINUX, is(1)));
	pl_expect(sys_set_option(udp, SOL_SOCKET, SO_RCVLOWAT, -1), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(0)));
	pl_expect(sys_get_option(udp, SOL_SOCKET, SO_RCVLOWAT), on(PL_FREEBSD, is(3)),
	    on(PL_LINUX, is(INT_MAX)));
	pl_set_option(tcp, SOL_SOCKET, SO_RCVBUF, 8192);
	size = pl_get_option(tcp, SOL_SOCKET, SO_RCVBUF);
	pl_expect(sys_set_option(tcp, SOL_SOCKET, SO_RCVLOWAT, 1000000),
	    on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_expect(sys_get_option(tcp, SOL_SOCKET, SO_RCVLOWAT), on(PL_FREEBSD, is(size)),
	    on(PL_LINUX, is(size / 2)));
}

/* The mark of the other direction. */
PL_CASE(sndlowat, .verifies = "socket.opt.sndlowat", .kinds = PL_TCP)
{
	int fd = pl_unconnected();

	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_SNDLOWAT), on(PL_LINUX, is(1)),
	    on(PL_FREEBSD, returns_between(1, INT_MAX)));
	pl_expect(sys_set_option(fd, SOL_SOCKET, SO_SNDLOWAT, 4096),
	    on(PL_LINUX, fails(ENOPROTOOPT)), on(PL_FREEBSD, returns(0)));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_SNDLOWAT), on(PL_LINUX, is(1)),
	    on(PL_FREEBSD, is(4096)));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_RCVLOWAT), is(1));
}

/*
 * The mark is compared with all that waits, not with what came during the call.
 * That the reader sleeps on is read off the kernel's tables while the bytes are
 * in the queue, as they are not if it was woken.
 */
static void
expect_counts_all_bytes(struct pl_pair p)
{
	struct reader *r = reader_of(p);
	struct pl_peer *peer;
	bool left_asleep = false;

	pl_write(p.w, "abc", 3);
	await_queued(p.r, 3);
	peer = pl_child(receive, r, p.r);
	pl_wait_blocked(peer);
	pl_write(p.w, "defghij", 7);
	while (!r->is_back && queued(p.r) < 7)
		sched_yield();
	if (!r->is_back && pl_sleeps(peer))
		left_asleep = queued(p.r) >= 7;
	pl_expect_that(!left_asleep, "10 bytes are more than the mark and wake the reader",
	    "the reader sleeps on, with %d bytes in the queue", queued(p.r));
	/* Let it go in any case. */
	pl_must(sys_shutdown(p.w, SHUT_WR));
	pl_expect(pl_result(peer), returns(10));
	pl_expect_bytes(r->bytes, "abcdefghij", 10);
}

PL_CASE(rcvlowat_counts_bytes_queued_before_the_call,
    .verifies = "socket.opt.rcvlowat-counts-bytes-queued-before-the-call",
    .kinds = PL_UNIX | STREAM_SOCKET)
{
	expect_counts_all_bytes(pl_pair());
}

PL_CASE(rcvlowat_of_tcp_counts_bytes_queued_before_the_call,
    .verifies = "socket.opt.rcvlowat-of-tcp-counts-bytes-queued-before-the-call", .kinds = PL_TCP)
{
	expect_counts_all_bytes(pl_pair());
}
