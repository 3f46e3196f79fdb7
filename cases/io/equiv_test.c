/*
 * The calls that send, and those that receive: without flags, address or control
 * data any of them does what any other does.
 */

#include "plumbline.h"

enum { SENDS = 5, RECEIVES = 5 };

/* One of the calls that send, at a connected socket. */
static struct pl_outcome
send_by(int call, int fd, const char *text)
{
	size_t size = strlen(text), half = size / 2;
	struct iovec v[] = { { (char *)(uintptr_t)text, half },
		{ (char *)(uintptr_t)text + half, size - half } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	switch (call) {
	case 0:
		return (sys_write(fd, text, size));
	case 1:
		return (sys_writev(fd, v, 2));
	case 2:
		return (sys_send(fd, text, size, 0));
	case 3:
		return (sys_sendto(fd, text, size, 0, NULL));
	default:
		return (sys_sendmsg(fd, &m, 0));
	}
}

/* One of the calls that receive. */
static struct pl_outcome
receive_by(int call, int fd, char *b, size_t size)
{
	struct iovec v[] = { { b, 1 }, { b + 1, size - 1 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	switch (call) {
	case 0:
		return (sys_read(fd, b, size));
	case 1:
		return (sys_readv(fd, v, 2));
	case 2:
		return (sys_recv(fd, b, size, 0));
	case 3:
		return (pl_sys(recvfrom(fd, b, size, 0, NULL, NULL), "recvfrom(%s, %zu, 0, -)",
		    pl_slot(fd), size));
	default:
		return (sys_recvmsg(fd, &m, 0));
	}
}

/* Each with each, both ways, with a text of its own that is received once. */
PL_CASE(any_send_call_pairs_with_any_receive_call,
    .verifies = "io.equiv.any-send-call-pairs-with-any-receive-call", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();

	for (int way = 0; way < 2; way++) {
		int from = way == 0 ? p.w : p.r, to = way == 0 ? p.r : p.w;

		for (int s = 0; s < SENDS; s++)
			for (int r = 0; r < RECEIVES; r++) {
				char text[32], b[32] = "";
				int size = snprintf(text, sizeof(text), "way %d, send %d to %d%.*s",
				    way, s, r, r, "....");

				pl_expect(send_by(s, from, text), returns(size));
				pl_expect_waiting(to, (size_t)size);
				pl_expect(receive_by(r, to, b, sizeof(b) - 1), returns(size));
				pl_expect_bytes(b, text, (size_t)size + 1);
			}
		pl_expect_nothing(to);
	}
}

/* All that is left at r, up to a mark; of messages also where each receive ended. */
static void
take_rest(struct pl_pair p, char *rest, size_t size)
{
	const char *end = pl_kind_has(PL_STREAM) ? "" : "/";

	pl_put(p, "|", 1);
	rest[0] = '\0';
	while (strchr(rest, '|') == NULL) {
		size_t length = strlen(rest), room = size - length - 1 - strlen(end);

		if (room == 0)
			pl_broken("no mark comes through");
		rest[length + (size_t)pl_must(sys_recv(p.r, rest + length, room, 0))] = '\0';
		strcat(rest, end);
	}
}

/*
 * The same queue twice, and a request that is less than, as much as or more than
 * waits: read takes from the one what recv takes from the other, and leaves the same.
 */
PL_CASE(read_equals_recv_with_zero_flags, .verifies = "io.equiv.read-equals-recv-with-zero-flags",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair(), q = pl_pair();

	for (size_t size = 1; size <= 8; size++) {
		char a[8] = ".......", b[8] = ".......", left_a[32], left_b[32];
		long n;

		pl_put(p, "abcdef", 6);
		pl_put(q, "abcdef", 6);
		pl_expect_waiting(p.r, 6);
		pl_expect_waiting(q.r, 6);
		n = pl_must(sys_recv(q.r, b, size, 0));
		pl_expect(sys_read(p.r, a, size), returns(n));
		pl_expect_bytes(a, b, sizeof(a));
		take_rest(q, left_b, sizeof(left_b));
		take_rest(p, left_a, sizeof(left_a));
		pl_expect_that(strcmp(left_a, left_b) == 0, "to leave what recv leaves",
		    "\"%s\" is left, not \"%s\"", left_a, left_b);
	}
}

/* Waiting and not, with something there, with nothing and at the end: the same answer. */
PL_CASE(read_of_nothing_equals_recv, .verifies = "io.equiv.read-equals-recv-with-zero-flags",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_nonblock(p.r, true);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), fails(EAGAIN));
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
	if (!pl_kind_has(PL_CONNECTIONS))
		return;
	pl_shutdown(p.w, SHUT_WR);
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* For sizes with and without remainder: the same count, the same message. */
PL_CASE(write_equals_send_with_zero_flags, .verifies = "io.equiv.write-equals-send-with-zero-flags",
    .kinds = PL_SOCKETS)
{
	static const size_t sizes[] = { 1, 2, 7, 64, 255, 256, 1000 };
	struct pl_pair p = pl_pair();
	static char out[1000], in[1001];

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned call = 0; call < 2; call++) {
			unsigned stream = 2 * i + call;

			/* The flags of one call are not those of the next. */
			pl_must(sys_send(p.w, "-", 1, MSG_NOSIGNAL | MSG_DONTWAIT));
			pl_expect_arriving(p.r, "-");
			pl_payload(out, sizes[i], stream, 0);
			pl_expect(call == 0 ? sys_write(p.w, out, sizes[i])
					    : sys_send(p.w, out, sizes[i], 0),
			    returns((long)sizes[i]));
			pl_expect_waiting(p.r, sizes[i]);
			pl_expect(sys_recv(p.r, in, sizeof(in), 0), returns((long)sizes[i]));
			pl_expect_payload(in, sizes[i], stream, 0);
		}
	pl_expect_nothing(p.r);
}

/* Both wait for room, both do not; both raise the signal, whatever was asked for before. */
PL_CASE(write_fails_as_send_does, .verifies = "io.equiv.write-equals-send-with-zero-flags",
    .kinds = PL_SOCKETS | PL_CONNECTIONS | PL_STREAM)
{
	struct pl_pair p = pl_pair(), q;

	pl_fill_pair(p, 4096);
	pl_nonblock(p.w, true);
	pl_expect(sys_send(p.w, "x", 1, 0), fails(EAGAIN));
	pl_expect(sys_write(p.w, "x", 1), fails(EAGAIN));

	q = pl_half_closed();
	for (int i = 0; i < 2; i++) {
		pl_must(sys_send(q.r, "x", 1, MSG_NOSIGNAL));
		pl_expect(sys_send(q.w, "x", 1, MSG_NOSIGNAL), fails(EPIPE));
		if (pl_asks(PL_POSIX)) {
			/* The signal is for a connection that is gone. */
			pl_expect(
			    sys_send(q.w, "x", 1, 0), fails(EPIPE), fails_with_sigpipe(EPIPE));
			pl_expect(sys_write(q.w, "x", 1), fails(EPIPE), fails_with_sigpipe(EPIPE));
		} else {
			pl_expect(sys_send(q.w, "x", 1, 0), fails_with_sigpipe(EPIPE));
			pl_expect(sys_write(q.w, "x", 1), fails_with_sigpipe(EPIPE));
		}
	}
}
