/*
 * Memory that cannot be reached: the call says so, and what it says of the data
 * is true.
 */

#include "plumbline.h"

#define STREAMS PL_EVERY | PL_STREAM
#define NAMED_DATAGRAMS PL_SOCKETS | PL_DATAGRAMS | PL_NAMED

/* read, and recv where there is one. */
static struct pl_outcome
read_by(int call, int fd, void *b, size_t size)
{
	return (call == 0 ? sys_read(fd, b, size) : sys_recv(fd, b, size, 0));
}

static struct pl_outcome
write_by(int call, int fd, const void *b, size_t size)
{
	return (call == 0 ? sys_write(fd, b, size) : sys_send(fd, b, size, 0));
}

static int
calls(void)
{
	return (pl_kind_has(PL_SOCKETS) ? 2 : 1);
}

/* What could not be handed over is not lost, not even after several attempts. */
PL_CASE(read_into_a_bad_buffer_keeps_the_data,
    .verifies = "io.fault.read-into-bad-buffer-keeps-stream-data", .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	void *bad = pl_guarded(0);

	for (int call = 0; call < calls(); call++) {
		pl_write(p.w, "abc", 3);
		pl_expect_waiting(p.r, 3);
		pl_nonblock(p.r, true);
		for (size_t size = 1; size <= 4; size++)
			pl_expect(read_by(call, p.r, bad, size), fails(EFAULT));
		pl_nonblock(p.r, false);
		pl_expect_left(p, "abc");
	}
}

/* Nothing is sent, and later data are not mixed with anything. */
PL_CASE(write_from_a_bad_buffer_transfers_nothing,
    .verifies = "io.fault.write-from-bad-buffer-transfers-nothing", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	void *bad = pl_guarded(0);

	for (int call = 0; call < calls(); call++)
		for (size_t size = 1; size <= 300; size = size * 2 + 1) {
			pl_expect(write_by(call, p.w, bad, size), fails(EFAULT));
			pl_expect_left(p, "");
		}
	pl_nonblock(p.w, true);
	pl_expect(sys_write(p.w, bad, 3), fails(EFAULT));
	pl_put(p, "abc", 3);
	pl_expect_left(p, "abc");
}

/* A message is sent as a whole, so its good half is not. */
PL_CASE(half_bad_buffer_sends_nothing,
    .verifies = "io.fault.half-bad-buffer-on-datagram-sends-nothing", .kinds = PL_MESSAGES)
{
	struct pl_pair p = pl_pair();
	char *good = pl_guarded(10);
	struct iovec v[] = { { good, 10 }, { pl_guarded(0), 10 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	memcpy(good, "0123456789", 10);
	for (int call = 0; call < 4; call++) {
		if (call < 2)
			pl_expect(write_by(call, p.w, good, 20), fails(EFAULT));
		else if (call == 2)
			pl_expect(sys_writev(p.w, v, 2), fails(EFAULT));
		else
			pl_expect(sys_sendmsg(p.w, &m, 0), fails(EFAULT));
		pl_expect_left(p, "");
	}
	pl_put(p, good, 10);
	pl_expect_left(p, "0123456789");
}

/* Nothing of it counts as read. */
PL_CASE(half_bad_buffer_on_a_read_keeps_the_data,
    .verifies = "io.fault.half-bad-buffer-on-stream-read", .kinds = STREAMS)
{
	struct pl_pair p = pl_pair();
	char *good = pl_guarded(4);
	struct iovec v[] = { { good, 4 }, { pl_guarded(0), 4 } };

	for (int call = 0; call <= calls(); call++) {
		pl_write(p.w, "abcdefgh", 8);
		pl_expect_waiting(p.r, 8);
		pl_expect(call < calls() ? read_by(call, p.r, good, 8) : sys_readv(p.r, v, 2),
		    fails(EFAULT));
		pl_expect_left(p, "abcdefgh");
	}
}

/* It was taken from the queue before its bytes could not be handed over; it alone. */
PL_CASE(datagram_is_lost_when_the_buffer_is_bad,
    .verifies = "io.fault.datagram-lost-when-receive-buffer-is-bad", .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();

	for (int call = 0; call < 4; call++) {
		pl_must(sys_send(p.w, "first", 5, 0));
		pl_must(sys_send(p.w, "second", 6, 0));
		pl_expect_arrival(p.r);
		pl_expect(read_by(call / 2, p.r, pl_guarded(call % 2 * 3), 8), fails(EFAULT));
		pl_expect_left(p, "second");
	}
}

typedef ssize_t receive_function(int, void *, size_t, int, struct sockaddr *, socklen_t *);

/* Receive past a sanitizer, which would look at the length itself. */
static struct pl_outcome
receive_from(int fd, char *b, size_t size, void *name, socklen_t *length, const char *how)
{
	receive_function *call = (receive_function *)pl_libc_function("recvfrom");

	return (pl_sys(call(fd, b, size, 0, name, length), "recvfrom(%s, %zu, 0, %s)", pl_slot(fd),
	    size, how));
}

/* Whether the datagram is gone is not said; the next one is there. */
PL_CASE(bad_address_pointer_in_recvfrom, .verifies = "io.fault.bad-address-pointer-in-recvfrom",
    .kinds = NAMED_DATAGRAMS)
{
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 4; i++) {
		static const char *const hows[] = { "bad address", "bad length", "half a length",
			"half an address" };
		struct pl_address name;
		socklen_t length = sizeof(name), *at = &length;
		void *place = &name;
		char b[8];
		long n;

		if (i == 0)
			place = pl_guarded(0);
		else if (i < 3)
			at = pl_guarded(i == 1 ? 0 : sizeof(length) / 2);
		else
			place = pl_guarded(sizeof(name.any.sa_family));
		pl_must(sys_send(p.w, "abc", 3, 0));
		pl_expect_arrival(p.r);
		pl_expect(receive_from(p.r, b, sizeof(b), place, at, hows[i]), fails(EFAULT));
		pl_must(sys_send(p.w, "next", 4, 0));
		n = pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(3), returns(4));
		pl_expect_bytes(b, n == 3 ? "abc" : "next", (size_t)n);
		pl_expect_left(p, n == 3 ? "next" : "");
	}
}

/* Nobody gets what was meant for an address that nobody can read. */
PL_CASE(bad_address_pointer_in_sendto, .verifies = "io.fault.bad-address-pointer-in-sendto",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct pl_address other = pl_sockname(p.r);
	int sockets[] = { p.w, pl_unconnected() };

	for (int i = 0; i < 2; i++)
		for (socklen_t part = 0; part <= 4; part += 2) {
			void *bad = pl_guarded(part);

			memcpy(bad, &other.any, part);
			pl_expect(pl_sys(sendto(sockets[i], "abc", 3, MSG_NOSIGNAL, bad,
					     sizeof(struct sockaddr_in)),
				      "sendto(%s, 3, MSG_NOSIGNAL, %u good bytes)",
				      pl_slot(sockets[i]), (unsigned)part),
			    fails(EFAULT));
		}
	pl_expect_left(p, "");
}

/* One system then does not store it, the other cannot tell how long it is. */
PL_CASE(recvfrom_address_without_length_pointer,
    .verifies = "io.fault.recvfrom-address-without-length-pointer", .kinds = NAMED_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	char name[128], blank[128], b[8];
	long n;

	memset(blank, '.', sizeof(blank));
	memcpy(name, blank, sizeof(name));
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_arrival(p.r);
	n = pl_expect(receive_from(p.r, b, sizeof(b), name, NULL, "address, no length"),
	    on(PL_FREEBSD, returns(3)), on(PL_LINUX, fails(EFAULT)));
	if (n == 3) {
		pl_expect_bytes(b, "abc", 3);
		pl_expect_bytes(name, blank, sizeof(name));
	}
}

/* Be the part that can be read ready or not. */
PL_CASE(
    bad_pointers_of_poll, .verifies = "io.fault.poll-and-select-bad-pointers", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct pollfd *one = pl_guarded(sizeof(*one));

	pl_put(p, "abc", 3);
	pl_expect_arrival(p.r);
	*one = (struct pollfd){ .fd = p.r, .events = POLLIN };
	pl_expect(pl_sys(poll(pl_guarded(0), 1, 0), "poll(bad array, 1, 0)"), fails(EFAULT));
	pl_expect(pl_sys(poll(one, 2, 0), "poll(half an array, 2, 0)"), fails(EFAULT));
	pl_expect(pl_sys(poll(one, 2, -1), "poll(half an array, 2, -1)"), fails(EFAULT));
	one->revents = 0;
	pl_expect(pl_sys(poll(one, 1, 0), "poll(good array, 1, 0)"), returns(1));
	pl_expect(pl_revents(one), is(POLLIN));
}

/* Any of the three, and a ready descriptor in another does not help. */
PL_CASE(
    bad_pointers_of_select, .verifies = "io.fault.poll-and-select-bad-pointers", .kinds = PL_EVERY)
{
	static const char *const names[] = { "readable", "writable", "exceptional" };
	struct pl_pair p = pl_pair();

	pl_put(p, "abc", 3);
	pl_expect_arrival(p.r);
	for (int bad = 0; bad < 3; bad++) {
		struct timeval zero = { 0 };
		fd_set readable, *sets[3] = { &readable };

		FD_ZERO(&readable);
		FD_SET(p.r, &readable);
		sets[bad] = pl_guarded(0);
		pl_expect(pl_sys(select(p.r + 1, sets[0], sets[1], sets[2], &zero),
			      "select(%d, bad %s set)", p.r + 1, names[bad]),
		    fails(EFAULT));
	}
	pl_expect_left(p, "abc");
}
