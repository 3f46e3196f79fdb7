/*
 * Stream sockets of the UNIX domain: bytes without boundaries, and their ends.
 */

#include "plumbline.h"

#define MEBIBYTE (1 << 20)
#define UNIX_STREAMS (PL_STREAM | PL_UNIX)

/* So many bytes of stream 0 wait there, from its beginning, and none after them. */
static void
expect_waiting(int fd, size_t size)
{
	static char b[MEBIBYTE];
	size_t total = 0;

	while (total < size) {
		size_t left = size - total < sizeof(b) ? size - total : sizeof(b);
		long n =
		    pl_expect(sys_recv(fd, b, left, MSG_DONTWAIT), returns_between(1, (long)left));

		pl_expect_payload(b, (size_t)n, 0, total);
		total += (size_t)n;
	}
	pl_expect_nothing(fd);
}

/* One read crosses the boundaries between writes. */
PL_CASE(writes_coalesce_in_one_read, .verifies = "unix.stream.writes-coalesce-in-one-read",
    .kinds = UNIX_STREAMS)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_write(p.w, "def", 3);
	pl_expect_text(p.r, "abcdef");
	pl_expect_nothing(p.r);
}

/* Reads that are shorter than a write find its rest. */
PL_CASE(one_write_is_read_in_pieces, .verifies = "unix.stream.one-write-read-in-pieces",
    .kinds = UNIX_STREAMS)
{
	static const struct {
		size_t size;
		long gives;
	} reads[] = { { 3, 3 }, { 3, 3 }, { 16, 2 } };
	struct pl_pair p = pl_pair();
	char b[16];
	size_t total = 0;

	pl_write(p.w, "abcdefgh", 8);
	pl_nonblock(p.r, true);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		pl_expect(sys_read(p.r, b, reads[i].size), returns(reads[i].gives));
		pl_expect_bytes(b, &"abcdefgh"[total], (size_t)reads[i].gives);
		total += (size_t)reads[i].gives;
	}
	pl_expect_nothing(p.r);
}

/* Not connected yet is not "no longer connected": another error and no signal. */
PL_CASE(send_on_unconnected_gives_enotconn, .verifies = "unix.stream.send-unconnected-enotconn",
    .kinds = UNIX_STREAMS)
{
	struct iovec v = { .iov_base = (char[]){ "x" }, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct pl_address name, listening;
	const int fresh = pl_unconnected(), bound = pl_bound(&name);
	const int fds[] = { fresh, bound };
	int listener = pl_listening(1, &listening), accepted;

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_write(fds[i], "x", 1), fails(ENOTCONN));
		pl_expect(sys_send(fds[i], "x", 1, 0), fails(ENOTCONN));
		pl_expect(sys_sendmsg(fds[i], &m, 0), fails(ENOTCONN));
	}
	/* The socket is as good as before, and nothing was kept for later. */
	pl_connect(fresh, &listening);
	accepted = pl_accept(listener);
	pl_expect_nothing(accepted);
	pl_expect(sys_send(fresh, "y", 1, 0), returns(1));
	pl_expect_text(accepted, "y");
}

/* No connection is not the end of one. */
static void
receive_on_unconnected(void)
{
	struct pl_address name;
	const int fds[] = { pl_unconnected(), pl_bound(&name) };
	char b[8];

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_read(fds[i], b, sizeof(b)), fails(ENOTCONN));
		pl_expect(sys_recv(fds[i], b, sizeof(b), 0), fails(ENOTCONN));
		pl_expect(sys_recv(fds[i], b, sizeof(b), MSG_DONTWAIT), fails(ENOTCONN));
	}
}

PL_CASE(receive_on_unconnected_stream, .verifies = "unix.stream.recv-unconnected",
    .kinds = UNIX_STREAMS | PL_PLAIN)
{
	receive_on_unconnected();
}

/* The records of a seqpacket socket need a connection as bytes do. */
PL_CASE(receive_on_unconnected_seqpacket, .verifies = "unix.seqpacket.recv-unconnected",
    .kinds = PL_MESSAGES | PL_CONNECTIONS | PL_UNIX | PL_PLAIN)
{
	receive_on_unconnected();
}

/* An address beside a connection: whatever becomes of it, nobody but the peer gets the data. */
PL_CASE(sendto_with_address_when_connected, .verifies = "unix.stream.sendto-address-when-connected",
    .kinds = UNIX_STREAMS)
{
	struct pl_address listening, missing = pl_unix_address("missing");
	const struct pl_address *const addresses[] = { &listening, &missing };
	struct pl_pair p = pl_pair();
	int listener = pl_listening(1, &listening);

	for (int i = 0; i < 2; i++) {
		long n = pl_expect(sys_sendto(p.w, "abc", 3, 0, addresses[i]),
		    on(PL_FREEBSD | PL_POSIX, returns(3)), on(PL_LINUX | PL_POSIX, fails(EISCONN)));

		if (n == 3)
			pl_expect_text(p.r, "abc");
		pl_expect_nothing(p.r);
	}
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_expect(sys_send(p.w, "def", 3, 0), returns(3));
	pl_expect_text(p.r, "def");
}

/* Only connect connects. */
PL_CASE(sendto_with_address_when_unconnected,
    .verifies = "unix.stream.sendto-address-when-unconnected", .kinds = UNIX_STREAMS)
{
	struct pl_address listening;
	int listener = pl_listening(1, &listening), fd = pl_unconnected();

	pl_expect(sys_sendto(fd, "abc", 3, 0, &listening), fails(ENOTCONN));
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}

/* Refused, and not sent in band instead. */
PL_CASE(msg_oob_cannot_be_sent, .verifies = "unix.stream.msg-oob-send",
    .kinds = UNIX_STREAMS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_send(p.w, "x", 1, MSG_OOB), fails(EOPNOTSUPP));
	pl_expect_nothing(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN | POLLPRI), is(0));
}

/* Refused, and not taken for a plain receive. */
PL_CASE(msg_oob_cannot_be_received, .verifies = "unix.stream.msg-oob-receive",
    .kinds = UNIX_STREAMS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB | MSG_DONTWAIT), fails(EOPNOTSUPP));
	pl_expect_text(p.r, "abc");
}

/* A connection says once, by accept, who is at the other end; receives may not repeat it. */
PL_CASE(recvfrom_on_a_connection, .verifies = "unix.stream.recvfrom-source-address")
{
	struct pl_address s = pl_unix_address("s"), c = pl_unix_address("c"), from;
	int listener = pl_bound_unix(SOCK_STREAM, "s"), client = pl_bound_unix(SOCK_STREAM, "c");
	int accepted;
	char b[8];

	pl_listen(listener, 1);
	pl_connect(client, &s);
	accepted = pl_accept(listener);
	pl_write(client, "abc", 3);
	pl_expect(sys_recvfrom(accepted, b, sizeof(b), 0, &from), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(pl_value((long)from.length, NULL, "length of the source address"),
	    on(PL_FREEBSD, is(0)), on(PL_LINUX, is((long)c.length)));
	if (pl_asks(PL_LINUX))
		pl_expect_that(
		    pl_address_equal(&from, &c), "the name of the client", "another address");
}

/* One direction that is full leaves the other as it is. */
PL_CASE(directions_are_independent, .verifies = "unix.stream.directions-independent",
    .kinds = UNIX_STREAMS)
{
	struct pl_pair p = pl_pair();
	size_t waiting = pl_fill(p.w, 4096);

	pl_expect_nothing(p.w);
	pl_expect(sys_send(p.r, "back", 4, MSG_DONTWAIT), returns(4));
	pl_expect_text(p.w, "back");
	expect_waiting(p.r, waiting);
}

/* What a fresh pair takes after that option was set at one of its ends. */
static long
capacity(bool sender, int option)
{
	enum { SMALL = 8192 };
	struct pl_pair p = pl_pair();

	if (option != 0)
		pl_set_option(sender ? p.w : p.r, SOL_SOCKET, option, SMALL);
	return ((long)pl_fill(p.w, 1024));
}

/* Either the sender's buffer counts or the receiver's. */
PL_CASE(which_buffer_limits_the_writer, .verifies = "unix.stream.which-buffer-limits-writer",
    .kinds = UNIX_STREAMS | PL_PLAIN)
{
	bool by_sender = pl_asks(PL_LINUX) || pl_freebsd_before(1500);
	long usual = capacity(true, 0), limit[2];

	limit[true] = capacity(true, SO_SNDBUF);
	limit[false] = capacity(false, SO_RCVBUF);
	pl_expect(pl_value(limit[by_sender], NULL, "bytes taken with a small %s",
		      by_sender ? "SO_SNDBUF of the sender" : "SO_RCVBUF of the receiver"),
	    on(PL_FREEBSD | PL_LINUX, returns_between(1, usual / 2)));
	pl_expect(pl_value(limit[!by_sender], NULL, "bytes taken with a small %s",
		      by_sender ? "SO_RCVBUF of the receiver" : "SO_SNDBUF of the sender"),
	    on(PL_FREEBSD | PL_LINUX, is(usual)));
}

/* A mark for records, on a stream that has none. */
PL_CASE(msg_eor_on_a_stream, .verifies = "unix.stream.msg-eor", .kinds = UNIX_STREAMS)
{
	bool refused = pl_freebsd_before(1500), marks = pl_asks(PL_FREEBSD) && !refused;
	struct pl_pair p = pl_pair();
	char b[8];
	int got;
	long n;

	if (refused)
		pl_expect(sys_send(p.w, "ab", 2, MSG_EOR), on(PL_FREEBSD, fails(EINVAL)));
	else
		pl_expect(sys_send(p.w, "ab", 2, MSG_EOR), on(PL_FREEBSD | PL_LINUX, returns(2)));
	pl_write(p.w, "cd", 2);
	n = pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got),
	    on(PL_LINUX | PL_FREEBSD, returns(refused || marks ? 2 : 4)));
	pl_expect_bytes(b, refused ? "cd" : "abcd", n > 0 ? (size_t)n : 0);
	pl_expect(
	    pl_message_flags(got, MSG_EOR), on(PL_LINUX | PL_FREEBSD, is(marks ? MSG_EOR : 0)));
	if (marks)
		pl_expect_text(p.r, "cd");
	pl_expect_nothing(p.r);
}

/* A peek goes on where the last one ended; a receive does not care. */
PL_CASE(so_peek_off_moves_peeks, .verifies = "unix.stream.so-peek-off", .kinds = UNIX_STREAMS)
{
	static const char *const peeks[] = { "cd", "ef" };
	struct pl_pair p = pl_pair();
	char b[8];

	if (pl_os.so_peek_off == PL_ABSENT)
		pl_not_tested("this kernel has no SO_PEEK_OFF");
	pl_write(p.w, "abcdef", 6);
	pl_set_option(p.r, SOL_SOCKET, pl_os.so_peek_off, 2);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_recv(p.r, b, 2, MSG_PEEK), returns(2));
		pl_expect_bytes(b, peeks[i], 2);
		pl_expect(sys_get_option(p.r, SOL_SOCKET, pl_os.so_peek_off), returns(4 + 2 * i));
	}
	pl_expect(sys_recv(p.r, b, 3, 0), returns(3));
	pl_expect_bytes(b, "abc", 3);
	/* The offset moved with the data: the next peek is at the end still. */
	pl_expect(sys_get_option(p.r, SOL_SOCKET, pl_os.so_peek_off), returns(3));
	pl_expect_text(p.r, "def");
	pl_expect(sys_get_option(p.r, SOL_SOCKET, pl_os.so_peek_off), returns(0));
}
