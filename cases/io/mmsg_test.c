/*
 * sendmmsg(2) and recvmmsg(2): many datagrams with one call, of every domain that has them.
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

/* All that was sent has arrived: over a network that takes a while. */
static void
settle(int sender)
{
	if (pl_kind_has(PL_INET))
		pl_await_delivery(sender);
}

/* So many of the messages have the length that counts up from 1, the others none yet. */
static void
expect_lengths(const struct batch *b, int count)
{
	for (int i = 0; i < MOST; i++)
		pl_expect(length_of(b, i), is(i < count ? i + 1 : UNTOUCHED));
}

static const char *const texts[] = { "a", "bc", "def" };

/* Each to its own destination, and nothing beyond the count. */
PL_CASE(sendmmsg_sends_each, .verifies = "io.mmsg.sendmmsg-sends-each-and-fills-msg-len",
    .kinds = PL_DATAGRAMS)
{
	struct pl_address name, other_name;
	int receiver = pl_bound(&name), other = pl_bound(&other_name), sender = pl_unconnected();
	struct batch b;

	load(&b, texts, 3, &name);
	b.names[1] = other_name;
	b.m[1].msg_hdr.msg_namelen = other_name.length;
	pl_expect(sys_sendmmsg(sender, b.m, 3, 0), returns(3));
	expect_lengths(&b, 3);
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
PL_CASE(sendmmsg_stops_at_the_first_failure,
    .verifies = "io.mmsg.sendmmsg-error-after-first-returns-count", .kinds = PL_DATAGRAMS)
{
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();
	size_t size = (size_t)pl_get_option(sender, SOL_SOCKET, SO_SNDBUF) + 65536;
	char *huge = calloc(size, 1);
	struct batch b;

	if (huge == NULL)
		pl_broken("no memory");
	load(&b, texts, 3, &name);
	b.v[1] = (struct iovec){ huge, size };
	pl_expect(sys_sendmmsg(sender, b.m, 3, 0), returns(1));
	pl_expect(length_of(&b, 0), is(1));
	pl_expect(length_of(&b, 1), is(UNTOUCHED));
	pl_expect(length_of(&b, 2), is(UNTOUCHED));
	pl_expect(sys_sendmmsg(sender, b.m + 1, 2, 0), fails(EMSGSIZE));
	pl_expect(length_of(&b, 2), is(UNTOUCHED));
	pl_must(sys_sendto(sender, "end", 3, 0, &name));
	pl_expect_arriving(receiver, "a");
	pl_expect_arriving(receiver, "end");
	pl_expect_nothing(receiver);
	free(huge);
}

/* Bytes, length, sender and flags, each of its own datagram. */
PL_CASE(recvmmsg_fills_each, .verifies = "io.mmsg.recvmmsg-receives-each-and-fills-msg-len",
    .kinds = PL_DATAGRAMS)
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
		settle(senders[i % 2]);
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
		    is((long)own[i % 2].length));
		pl_expect_that(pl_address_equal(&b.names[i], &own[i % 2]),
		    "the address of the sender", "another one with message %d", i);
	}
	pl_expect(length_of(&b, 3), is(UNTOUCHED));
	pl_expect_nothing(receiver);
}

/* What is there is taken, and that is all: the receiver waits for the first alone. */
PL_CASE(waitforone_takes_what_is_there, .verifies = "io.mmsg.waitforone-blocks-for-the-first-only",
    .kinds = PL_DATAGRAMS)
{
	struct pl_address name, own;
	int receiver = pl_bound(&name), sender = pl_bound(&own);
	struct batch b;

	make_room(&b, 8);
	for (int i = 0; i < 2; i++)
		pl_must(sys_sendto(sender, texts[i], strlen(texts[i]), 0, &name));
	settle(sender);
	pl_expect(sys_recvmmsg(receiver, b.m, MOST, MSG_WAITFORONE, NULL), returns(2));
	expect_lengths(&b, 2);
	pl_expect_bytes(b.bytes[0], "a-", 2);
	pl_expect_bytes(b.bytes[1], "bc-", 3);
	/* The socket itself still waits. */
	pl_expect(pl_status_flags(receiver, O_NONBLOCK), is(0));
}

struct receiver {
	int fd, flags;
};

static struct pl_outcome
receive_three(void *argument)
{
	const struct receiver *r = argument;
	struct batch b;
	struct pl_outcome o;

	make_room(&b, 8);
	o = sys_recvmmsg(r->fd, b.m, 3, r->flags, NULL);
	expect_lengths(&b, o.error == 0 ? (int)o.value : 0);
	return (o);
}

/* For the first it does wait, and then no longer. */
PL_CASE(waitforone_sleeps_for_the_first, .verifies = "io.mmsg.waitforone-blocks-for-the-first-only",
    .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	struct receiver r = { p.r, MSG_WAITFORONE };
	struct pl_peer *peer = pl_child(receive_three, &r, p.r);

	pl_expect_blocks(peer);
	pl_must(sys_send(p.w, "a", 1, 0));
	pl_expect(pl_result(peer), returns(1));
}

/* Without the flag it sleeps until all of them are there. */
PL_CASE(without_waitforone_it_sleeps_for_all,
    .verifies = "io.mmsg.waitforone-blocks-for-the-first-only", .kinds = PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	struct receiver r = { p.r, 0 };
	struct pl_peer *peer = pl_child(receive_three, &r, p.r);

	for (int i = 0; i < 3; i++) {
		pl_expect_blocks(peer);
		pl_must(sys_send(p.w, texts[i], strlen(texts[i]), 0));
	}
	pl_expect(pl_result(peer), returns(3));
}

/* No more than there is, whoever asks so, and the rest of the array stays as it is. */
PL_CASE(dontwait_takes_what_is_there,
    .verifies = "io.mmsg.recvmmsg-dontwait-returns-available-count", .kinds = PL_DATAGRAMS)
{
	struct pl_address name, own;
	int receiver = pl_bound(&name), sender = pl_bound(&own);
	struct batch b;

	for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
		int flags = nonblocking ? 0 : MSG_DONTWAIT;

		pl_nonblock(receiver, nonblocking);
		make_room(&b, 8);
		for (int i = 0; i < 2; i++)
			pl_must(sys_sendto(sender, texts[i], strlen(texts[i]), 0, &name));
		settle(sender);
		pl_expect(sys_recvmmsg(receiver, b.m, MOST, flags, NULL), returns(2));
		expect_lengths(&b, 2);
		pl_expect_bytes(b.bytes[0], "a-", 2);
		pl_expect_bytes(b.bytes[1], "bc-", 3);
		pl_expect_bytes(b.bytes[2], "--------", 8);
		make_room(&b, 8);
		pl_expect(sys_recvmmsg(receiver, b.m, MOST, flags, NULL), fails(EAGAIN));
		expect_lengths(&b, 0);
	}
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
PL_CASE(time_out_without_data, .verifies = "io.mmsg.recvmmsg-timeout-without-data",
    .kinds = PL_DATAGRAMS)
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

/* A count of none: none is received or sent, and the array stays as it is. */
PL_CASE(a_count_of_zero, .verifies = "io.mmsg.zero-length-vector", .kinds = PL_DATAGRAMS)
{
	struct pl_address name, own;
	int receiver = pl_bound(&name), sender = pl_bound(&own);
	struct batch b;

	load(&b, texts, 3, &name);
	pl_expect(sys_sendmmsg(sender, b.m, 0, 0), returns(0));
	expect_lengths(&b, 0);
	pl_must(sys_sendto(sender, "abc", 3, 0, &name));
	settle(sender);
	make_room(&b, 8);
	if (pl_expect(sys_recvmmsg(receiver, b.m, 0, MSG_DONTWAIT, NULL), returns(0)) != 0)
		return;
	expect_lengths(&b, 0);
	pl_expect_text(receiver, "abc");
}

/* A time that is none is refused, whether or not there is something to receive. */
PL_CASE(
    invalid_time_outs, .verifies = "io.mmsg.invalid-timeout-fails-einval", .kinds = PL_DATAGRAMS)
{
	static const struct timespec wrong[] = { { 0, 2000000000L }, { 0, 1000000000L }, { 0, -1 },
		{ -1, 0 } };
	struct pl_pair p = pl_pair();
	struct batch b;

	make_room(&b, 8);
	for (int queued = 0; queued < 2; queued++) {
		for (int i = 0; i < 4; i++) {
			struct timespec limit = wrong[i];

			pl_expect(sys_recvmmsg(p.r, b.m, 1, 0, &limit), fails(EINVAL));
			expect_lengths(&b, 0);
		}
		if (!queued) {
			pl_must(sys_send(p.w, "abc", 3, 0));
			pl_expect_arrival(p.r);
		}
	}
	pl_expect_text(p.r, "abc");
}

enum { MANY = 1100 };

/*
 * One system has a loop in its library, the other a limit, beyond which the messages
 * are left for the next call.  Whether all of them find room does not matter here.
 */
PL_CASE(more_than_1024_messages, .verifies = "io.mmsg.vlen-is-capped-at-1024", .kinds = PL_UDP)
{
	static struct mmsghdr m[MANY];
	const long most = pl_asks(PL_LINUX) ? 1024 : MANY;
	struct pl_pair p = pl_pair();
	struct iovec v = { (void *)(uintptr_t) "x", 1 };

	for (int i = 0; i < MANY; i++) {
		m[i].msg_len = UNTOUCHED;
		m[i].msg_hdr.msg_iov = &v;
		m[i].msg_hdr.msg_iovlen = 1;
	}
	pl_expect(sys_sendmmsg(p.w, m, MANY, 0), returns(most));
	for (long i = 0; i < MANY; i++)
		if ((long)m[i].msg_len != (i < most ? 1 : UNTOUCHED))
			pl_expect(pl_value((long)m[i].msg_len, NULL, "msg_len of message %ld", i),
			    is(i < most ? 1 : UNTOUCHED));
}

/* The second message cannot be stored: the first is not lost for that. */
PL_CASE(recvmmsg_counts_what_it_has, .verifies = "io.mmsg.recvmmsg-error-after-first-returns-count",
    .kinds = PL_DATAGRAMS)
{
	struct pl_address name, own;
	int receiver = pl_bound(&name), sender = pl_bound(&own);
	struct batch b;

	make_room(&b, 8);
	b.v[1] = (struct iovec){ pl_guarded(0), 8 };
	for (int i = 0; i < 3; i++)
		pl_must(sys_sendto(sender, texts[i], strlen(texts[i]), 0, &name));
	settle(sender);
	pl_expect(sys_recvmmsg(receiver, b.m, 3, 0, NULL), returns(1));
	expect_lengths(&b, 1);
	pl_expect_bytes(b.bytes[0], "a-------", 8);
	pl_expect_bytes(b.bytes[2], "--------", 8);
}
