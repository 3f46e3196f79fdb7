/*
 * Lengths that no call takes: beyond what a result can tell, and beyond what a message can be.
 */

#include "plumbline.h"

/* Where a transfer that is cut short, not refused, finds and leaves its bytes. */
static char memory[8];

static struct iovec
area(void *base, size_t size)
{
	return ((struct iovec){ base, size });
}

/* What was sent before a refused receive is still there. */
static void
give(struct pl_pair p)
{
	pl_write(p.w, "abc", 3);
	pl_expect_arrival(p.r);
}

/* A refused send moved nothing: what is sent now is all that comes. */
static void
expect_nothing_sent(struct pl_pair p)
{
	pl_write(p.w, "end", 3);
	pl_expect_arriving(p.r, "end");
}

/* The vector is refused both ways, by every call that takes one, and nothing moves. */
static void
expect_refused(struct pl_pair p, struct iovec *v, int count)
{
	struct msghdr m = { .msg_iov = v, .msg_iovlen = (__typeof__(m.msg_iovlen))count };
	bool is_socket = pl_kind_has(PL_SOCKETS);

	give(p);
	pl_expect(sys_readv(p.r, v, count), fails(EINVAL));
	if (is_socket)
		pl_expect(sys_recvmsg(p.r, &m, 0), fails(EINVAL));
	pl_expect_bytes(memory, "xyz", 3);
	pl_expect_text(p.r, "abc");
	pl_expect(sys_writev(p.w, v, count), fails(EINVAL));
	if (is_socket)
		pl_expect(sys_sendmsg(p.w, &m, 0), fails(EINVAL));
	expect_nothing_sent(p);
}

/* One that would be negative as a result, alone and behind one that is fine. */
PL_CASE(an_area_longer_than_ssize_max,
    .verifies = "io.len.single-area-longer-than-ssize-max-fails-einval", .kinds = PL_EVERY)
{
	static const size_t sizes[] = { (size_t)SSIZE_MAX + 1, SIZE_MAX, (size_t)SSIZE_MAX + 4 };
	struct pl_pair p = pl_pair();

	memcpy(memory, "xyz", 4);
	for (int i = 0; i < 3; i++) {
		struct iovec v[] = { area(memory, 1), area(memory + 1, sizes[i]) };

		expect_refused(p, v + 1, 1);
		expect_refused(p, v, 2);
	}
}

/* Each length is possible, their sum is not. */
PL_CASE(areas_longer_than_ssize_max_together, .verifies = "io.len.sum-of-areas-over-ssize-max",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct iovec v[] = { area(memory, 1), area(memory + 1, SSIZE_MAX) };

	memcpy(memory, "xyz", 4);
	expect_refused(p, v, 2);
}

/*
 * The size is refused (FreeBSD); or it is taken as the page says, at most
 * 0x7ffff000 bytes of it, unless the kernel finds first that no buffer is that
 * long (Linux).  Either way a refused call moves nothing.
 */
PL_CASE(
    size_above_ssize_max, .verifies = "io.len.read-write-count-over-ssize-max", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	long n;

	memcpy(memory, "xyz", 4);
	give(p);
	n = pl_expect(sys_read(p.r, memory, (size_t)SSIZE_MAX + 1), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, fails(EFAULT)), on(PL_LINUX, returns(3)));
	if (n == -1) {
		pl_expect_bytes(memory, "xyz", 4);
		pl_expect_text(p.r, "abc");
	} else {
		pl_expect_bytes(memory, "abc", 4);
	}

	pl_nonblock(p.w, true);
	n = pl_expect(sys_write(p.w, memory, (size_t)SSIZE_MAX + 1), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, fails(EFAULT)), on(PL_LINUX, fails(EMSGSIZE)),
	    on(PL_LINUX, returns_between(1, 0x7ffff000)));
	if (n == -1)
		expect_nothing_sent(p);
}

/* The same for recv; and for send, of messages, no part of which can go alone. */
PL_CASE(recv_length_above_ssize_max, .verifies = "io.len.recv-length-over-ssize-max",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	long n;

	memcpy(memory, "xyz", 4);
	give(p);
	n = pl_expect(sys_recv(p.r, memory, (size_t)SSIZE_MAX + 1, 0),
	    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(3)), on(PL_LINUX, fails(EFAULT)));
	if (n == -1) {
		pl_expect_bytes(memory, "xyz", 4);
		pl_expect_text(p.r, "abc");
	} else {
		pl_expect_bytes(memory, "abc", 4);
	}
	if (!pl_kind_has(PL_MESSAGES))
		return;
	pl_expect(sys_send(p.w, memory, (size_t)SSIZE_MAX + 1, 0), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, fails(EMSGSIZE)), on(PL_LINUX, fails(EFAULT)));
	expect_nothing_sent(p);
}

/* Whichever call says it: such a datagram does not go, not even a part of it. */
PL_CASE(a_datagram_above_every_limit,
    .verifies = "io.len.datagram-larger-than-limit-fails-emsgsize", .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	size_t size = (size_t)pl_get_option(p.w, SOL_SOCKET, SO_SNDBUF) + 65536;
	char *bytes = calloc(size, 1);
	struct iovec v[] = { area(bytes, size / 2), area(bytes, size - size / 2) };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	if (bytes == NULL)
		pl_broken("no memory");
	pl_expect(sys_send(p.w, bytes, size, 0), fails(EMSGSIZE));
	pl_expect(sys_send(p.w, bytes, size, MSG_DONTWAIT), fails(EMSGSIZE));
	pl_expect(sys_write(p.w, bytes, size), fails(EMSGSIZE));
	pl_expect(sys_writev(p.w, v, 2), fails(EMSGSIZE));
	pl_expect(sys_sendmsg(p.w, &m, 0), fails(EMSGSIZE));
	expect_nothing_sent(p);
	pl_expect_nothing(p.r);
	free(bytes);
}
