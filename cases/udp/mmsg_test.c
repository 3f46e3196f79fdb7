/*
 * sendmmsg(2) and recvmmsg(2): many datagrams with one call.
 */

#include <time.h>

#include "plumbline.h"

/* What msg_len holds before the call. */
enum { UNTOUCHED = 77, MOST = 5 };

/* Messages with a buffer, a name and room for results each. */
struct batch {
	struct mmsghdr m[MOST];
	struct iovec v[MOST];
	struct pl_address names[MOST];
	char bytes[MOST][8];
};

/* To receive, at most so many bytes each. */
static void
make_room(struct batch *b, size_t size)
{
	memset(b, 0, sizeof(*b));
	for (int i = 0; i < MOST; i++) {
		memset(b->bytes[i], '-', sizeof(b->bytes[i]));
		b->v[i] = (struct iovec){ b->bytes[i], size };
		b->m[i].msg_len = UNTOUCHED;
		b->m[i].msg_hdr = (struct msghdr){ .msg_iov = &b->v[i],
			.msg_iovlen = 1,
			.msg_name = b->names[i].bytes,
			.msg_namelen = sizeof(b->names[i].bytes) };
	}
}

/* To send these texts there. */
static void
load(struct batch *b, const char *const *texts, int count, const struct pl_address *to)
{
	make_room(b, sizeof(b->bytes[0]));
	for (int i = 0; i < count; i++) {
		b->v[i].iov_len = strlen(texts[i]);
		memcpy(b->bytes[i], texts[i], strlen(texts[i]));
		b->names[i] = *to;
		b->m[i].msg_hdr.msg_namelen = to->length;
	}
}

static struct pl_outcome
length_of(const struct batch *b, int i)
{
	return (pl_value((long)b->m[i].msg_len, NULL, "msg_len of message %d", i));
}

static const char *const texts[] = { "a", "bc", "def" };

/* Each to its own destination, and nothing beyond the count. */
PL_CASE(sendmmsg_sends_each, .verifies = "udp.mmsg.sendmmsg-sends-each-message", .kinds = PL_UDP)
{
	struct pl_address name, other_name;
	int receiver = pl_bound(&name), other = pl_bound(&other_name), sender = pl_unconnected();
	struct batch b;

	load(&b, texts, 3, &name);
	b.names[1] = other_name;
	b.m[1].msg_hdr.msg_namelen = other_name.length;
	pl_expect(sys_sendmmsg(sender, b.m, 3, 0), returns(3));
	for (int i = 0; i < 3; i++)
		pl_expect(length_of(&b, i), is(i + 1));
	pl_expect(length_of(&b, 3), is(UNTOUCHED));
	pl_expect_arriving(receiver, "a");
	pl_expect_arriving(receiver, "def");
	pl_expect_arriving(other, "bc");
	/* Fewer than there are. */
	pl_expect(sys_sendmmsg(sender, b.m, 1, 0), returns(1));
	pl_must(sys_sendto(sender, "end", 3, 0, &name));
	pl_expect_arriving(receiver, "a");
	pl_expect_arriving(receiver, "end");
	pl_expect_nothing(receiver);
	pl_expect_nothing(other);
}

/* What went before is counted; that something failed is told when it is tried again. */
PL_CASE(sendmmsg_stops_at_the_first_failure, .verifies = "udp.mmsg.sendmmsg-stops-at-first-failure",
    .kinds = PL_UDP)
{
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();
	struct batch b;

	load(&b, texts, 3, &name);
	b.m[1].msg_hdr.msg_namelen = 2;
	pl_expect(sys_sendmmsg(sender, b.m, 3, 0), returns(1));
	pl_expect(length_of(&b, 0), is(1));
	pl_expect(length_of(&b, 1), is(UNTOUCHED));
	pl_expect(length_of(&b, 2), is(UNTOUCHED));
	pl_expect(sys_sendmmsg(sender, b.m + 1, 2, 0), fails(EINVAL));
	pl_expect(length_of(&b, 2), is(UNTOUCHED));
	pl_must(sys_sendto(sender, "end", 3, 0, &name));
	pl_expect_arriving(receiver, "a");
	pl_expect_arriving(receiver, "end");
	pl_expect_nothing(receiver);
}

/* Bytes, length, sender and flags, each of its own datagram. */
PL_CASE(recvmmsg_fills_each, .verifies = "udp.mmsg.recvmmsg-fills-each-message", .kinds = PL_UDP)
{
	static const char *const sent[] = { "abc", "0123456789", "de" };
	static const long lengths[] = { 3, 4, 2 };
	struct pl_address name, own[2];
	int receiver = pl_bound(&name), senders[] = { pl_bound(&own[0]), pl_bound(&own[1]) };
	struct batch b;

	/* One after another, since they come from two sockets. */
	make_room(&b, 4);
	for (int i = 0; i < 3; i++) {
		pl_must(sys_sendto(senders[i % 2], sent[i], strlen(sent[i]), 0, &name));
		pl_await_delivery(senders[i % 2]);
	}
	pl_expect(sys_recvmmsg(receiver, b.m, 3, 0, NULL), returns(3));
	for (int i = 0; i < 3; i++) {
		pl_expect(length_of(&b, i), is(lengths[i]));
		pl_expect_bytes(b.bytes[i], sent[i], (size_t)lengths[i]);
		pl_expect_bytes(b.bytes[i] + lengths[i], "--------", 8 - (size_t)lengths[i]);
		pl_expect(pl_message_flags(b.m[i].msg_hdr.msg_flags, MSG_TRUNC),
		    is(i == 1 ? MSG_TRUNC : 0));
		b.names[i].length = b.m[i].msg_hdr.msg_namelen;
		pl_expect(pl_value((long)b.names[i].length, NULL, "msg_namelen of message %d", i),
		    is((long)name.length));
		pl_expect_that(pl_address_equal(&b.names[i], &own[i % 2]),
		    "the address of the sender", "another one with message %d", i);
	}
	pl_expect(length_of(&b, 3), is(UNTOUCHED));
	pl_expect_nothing(receiver);
}

/* It waits for the first alone. */
PL_CASE(waitforone_takes_what_is_there, .verifies = "udp.mmsg.waitforone-returns-what-is-queued",
    .kinds = PL_UDP)
{
	struct pl_address name, own;
	int receiver = pl_bound(&name), sender = pl_bound(&own);
	struct batch b;

	make_room(&b, 8);
	for (int i = 0; i < 2; i++)
		pl_must(sys_sendto(sender, texts[i], strlen(texts[i]), 0, &name));
	pl_await_delivery(sender);
	pl_expect(sys_recvmmsg(receiver, b.m, MOST, MSG_WAITFORONE, NULL), returns(2));
	for (int i = 0; i < MOST; i++)
		pl_expect(length_of(&b, i), is(i < 2 ? i + 1 : UNTOUCHED));
	pl_expect_bytes(b.bytes[0], "a-", 2);
	pl_expect_bytes(b.bytes[1], "bc-", 3);
	/* The socket itself still waits. */
	pl_expect(pl_status_flags(receiver, O_NONBLOCK), is(0));
}

enum { LIMIT_MS = 20, LONGER_MS = 40 };

static struct pl_outcome
receive_two(void *fd)
{
	struct timespec limit = { .tv_nsec = LIMIT_MS * 1000000L };
	struct batch b;

	make_room(&b, 8);
	return (sys_recvmmsg(*(int *)fd, b.m, 2, 0, &limit));
}

/* Let more time pass than the receiver was given. */
static void
outlast(void)
{
	const struct timeval limit = { .tv_usec = LONGER_MS * 1000 };
	struct pl_pair p = pl_pair();
	char b;

	pl_must(sys_setsockopt(p.r, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	sys_recv(p.r, &b, 1, 0);
}

/* FreeBSD gives up when the time is over; Linux looks at it when a datagram has come. */
PL_CASE(time_out_without_data, .verifies = "udp.mmsg.timeout-with-no-data", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *peer;
	double start = pl_milliseconds();

	if (pl_asks(PL_FREEBSD)) {
		pl_expect(receive_two(&p.r), returns(0));
		pl_expect_that(pl_milliseconds() - start >= LIMIT_MS, "20 ms at least", "%.1f ms",
		    pl_milliseconds() - start);
		return;
	}
	peer = pl_child(receive_two, &p.r, p.r);
	pl_expect_blocks(peer);
	outlast();
	pl_expect_blocks(peer);
	pl_must(sys_send(p.w, "abc", 3, 0));
	/* One of two, since the time is over. */
	pl_expect(pl_result(peer), returns(1));
}

/* Room for none: none is taken, and the array stays as it is. */
PL_CASE(a_count_of_zero, .verifies = "udp.mmsg.recvmmsg-zero-vlen", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	struct batch b;

	make_room(&b, 8);
	pl_must(sys_send(p.w, "abc", 3, 0));
	pl_expect_arrival(p.r);
	if (pl_expect(sys_recvmmsg(p.r, b.m, 0, MSG_DONTWAIT, NULL), returns(0)) != 0)
		return;
	pl_expect(length_of(&b, 0), is(UNTOUCHED));
	pl_expect_text(p.r, "abc");
}
