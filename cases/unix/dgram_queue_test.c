/*
 * Datagram sockets of the UNIX domain: how much waits, how long one may be, and
 * what a full queue means for those who send.
 */

#include "plumbline.h"

#define UNIX_DATAGRAMS (PL_DATAGRAMS | PL_UNIX)

/* Of the datagrams that fill a queue. */
enum { SIZE = 1000 };

/* What a full queue answers where nobody waits for room. */
static int
full(void)
{
	return (pl_asks(PL_FREEBSD) ? ENOBUFS : EAGAIN);
}

/* A bound receiver, and a sender that is connected to it but not it to the sender. */
static struct pl_pair
one_way(void)
{
	struct pl_address name;
	struct pl_pair p = { .r = pl_bound(&name), .w = pl_unconnected() };

	pl_connect(p.w, &name);
	return (p);
}

/* All datagrams that filled the queue are there, each whole and in its place. */
static void
expect_filled(int fd, size_t count)
{
	char b[SIZE + 1];

	for (size_t i = 0; i < count; i++) {
		pl_expect(sys_recv(fd, b, sizeof(b), MSG_DONTWAIT), returns(SIZE));
		pl_expect_payload(b, SIZE, 0, i * SIZE);
	}
}

/* A kernel variable, or its row of the report says why not. */
static long
kernel_variable(const char *name)
{
	long value;

	if (pl_os_sysctl_get(name, &value) != 0)
		pl_not_tested("the variable %s cannot be read", name);
	return (value);
}

static void
fill_nonblocking(struct pl_pair p)
{
	size_t count = pl_fill_messages(p.w, SIZE);
	char b[SIZE] = "";

	pl_expect(sys_send(p.w, b, SIZE, MSG_DONTWAIT), on(PL_FREEBSD | PL_LINUX, fails(full())));
	pl_nonblock(p.w, true);
	pl_expect(sys_send(p.w, b, SIZE, 0), on(PL_FREEBSD | PL_LINUX, fails(full())));
	pl_expect(sys_write(p.w, b, SIZE), on(PL_FREEBSD | PL_LINUX, fails(full())));
	expect_filled(p.r, count);
	pl_expect_nothing(p.r);
	/* Room again. */
	pl_expect(sys_send(p.w, "x", 1, 0), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect_text(p.r, "x");
}

/* An error, and nothing lost: neither what waits nor, unnoticed, what was sent last. */
PL_CASE(full_queue_refuses_a_nonblocking_send, .verifies = "unix.dgram.full-queue-nonblocking",
    .kinds = UNIX_DATAGRAMS)
{
	fill_nonblocking(pl_pair());
	fill_nonblocking(one_way());
}

static struct pl_outcome
send_filled(void *fd)
{
	char b[SIZE];

	pl_payload(b, SIZE, 1, 0);
	return (sys_send(*(int *)fd, b, SIZE, 0));
}

static void
fill_blocking(struct pl_pair p)
{
	size_t count = pl_fill_messages(p.w, SIZE);
	struct pl_peer *sender = pl_child(send_filled, &p.w, p.w);
	char b[SIZE + 1];

	if (pl_asks(PL_LINUX)) {
		pl_expect_blocks(sender);
		expect_filled(p.r, count);
		pl_expect(pl_result(sender), on(PL_LINUX, returns(SIZE)));
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), on(PL_LINUX, returns(SIZE)));
		pl_expect_payload(b, SIZE, 1, 0);
	} else {
		/* One that sleeps nevertheless gets room to end. */
		if (pl_sleeps(sender))
			pl_drain(p.r);
		pl_expect(pl_result(sender), on(PL_FREEBSD, fails(ENOBUFS)));
		expect_filled(p.r, count);
	}
	pl_expect_nothing(p.r);
}

/* The sender sleeps for room, or is sent away at once. */
PL_CASE(full_queue_and_a_blocking_send, .verifies = "unix.dgram.full-queue-blocking",
    .kinds = UNIX_DATAGRAMS)
{
	fill_blocking(pl_pair());
	fill_blocking(one_way());
}

/*
 * Send to a receiver, by one fresh sender after the other, until not even a
 * fresh one gets a datagram in.  Gives how many wait.
 */
static long
fill_by_many(const struct pl_address *name, size_t size)
{
	enum { SENDERS = 200 };
	long total = 0;

	for (int i = 0; i < SENDERS; i++) {
		int sender = pl_unconnected();
		long count;

		pl_connect(sender, name);
		count = (long)pl_fill_messages(sender, size);
		pl_close(sender);
		if (count == 0)
			return (total);
		total += count;
	}
	pl_not_tested("%d senders do not fill a receiver", SENDERS);
}

/* Datagrams are counted, or their bytes. */
PL_CASE(
    queue_limit_unit, .verifies = "unix.dgram.queue-limit-unit", .kinds = UNIX_DATAGRAMS | PL_PLAIN)
{
	/* FreeBSD counts the record of the sender's address with each. */
	enum { RECORD = 16 };
	static const size_t sizes[] = { 1, SIZE };
	struct pl_address name;
	long count[2], limit;

	for (int i = 0; i < 2; i++) {
		if (pl_asks(PL_LINUX)) {
			int receiver = pl_bound(&name);

			count[i] = fill_by_many(&name, sizes[i]);
			pl_close(receiver);
		} else
			count[i] = (long)pl_fill_messages(one_way().w, sizes[i]);
	}
	if (pl_asks(PL_LINUX)) {
		/* A queue is full when it is longer than the limit: one more is let in. */
		limit = kernel_variable("/proc/sys/net/unix/max_dgram_qlen");
		pl_expect(pl_value(count[0], NULL, "datagrams of 1 byte"),
		    on(PL_LINUX, returns_between(limit, limit + 1)));
		pl_expect(pl_value(count[1], NULL, "datagrams of %d bytes", SIZE),
		    on(PL_LINUX, is(count[0])));
	} else {
		limit = kernel_variable("net.local.dgram.recvspace");
		pl_expect(pl_value(count[1], NULL, "datagrams of %d bytes", SIZE),
		    on(PL_FREEBSD, is(limit / (SIZE + RECORD))));
		pl_expect(pl_value(count[0], NULL, "datagrams of 1 byte"),
		    on(PL_FREEBSD, returns_between(count[1] + 1, limit / (1 + RECORD))));
	}
}

/* One who sends too much stands in the way of the others, or only in its own. */
PL_CASE(full_sender_and_the_others, .verifies = "unix.dgram.full-sender-does-not-starve-others",
    .kinds = UNIX_DATAGRAMS | PL_PLAIN)
{
	bool shared = pl_freebsd_before(1400);
	struct pl_address name;
	int receiver = pl_bound(&name), flooding = pl_unconnected(), friend = pl_unconnected();
	char b[SIZE] = "";

	pl_connect(friend, &name);
	pl_connect(flooding, &name);
	if (pl_asks(PL_LINUX))
		fill_by_many(&name, SIZE);
	else
		pl_fill_messages(flooding, SIZE);
	if (shared)
		pl_expect(sys_send(friend, b, SIZE, MSG_DONTWAIT), on(PL_FREEBSD, fails(ENOBUFS)));
	else
		pl_expect(sys_send(friend, b, SIZE, MSG_DONTWAIT), on(PL_FREEBSD, returns(SIZE)),
		    on(PL_LINUX, fails(EAGAIN)));
	pl_expect(sys_sendto(pl_unconnected(), b, 100, MSG_DONTWAIT, &name),
	    on(PL_FREEBSD, returns(100)), on(PL_LINUX, fails(EAGAIN)));
	/* Room for one is room for anyone. */
	pl_must(sys_recv(receiver, b, sizeof(b), MSG_DONTWAIT));
	pl_must(sys_recv(receiver, b, sizeof(b), MSG_DONTWAIT));
	pl_expect(sys_send(friend, b, 1, MSG_DONTWAIT), on(PL_FREEBSD | PL_LINUX, returns(1)));
}

/* A datagram of that size arrives whole, one of a byte more is refused as too long. */
static void
expect_size_limit(struct pl_pair p, size_t limit)
{
	enum { MOST = 64 << 20 };
	char *b = limit < MOST ? malloc(limit + 1) : NULL;

	if (b == NULL)
		pl_not_tested("no memory for a datagram of %zu bytes", limit);
	pl_payload(b, limit + 1, 0, 0);
	pl_expect(sys_send(p.w, b, limit + 1, 0), on(PL_FREEBSD | PL_LINUX, fails(EMSGSIZE)));
	pl_expect_nothing(p.r);
	pl_expect(sys_send(p.w, b, limit, 0), on(PL_FREEBSD | PL_LINUX, returns((long)limit)));
	memset(b, 0, limit + 1);
	pl_expect(sys_recv(p.r, b, limit + 1, MSG_DONTWAIT),
	    on(PL_FREEBSD | PL_LINUX, returns((long)limit)));
	pl_expect_payload(b, limit, 0, 0);
	pl_expect_nothing(p.r);
	free(b);
}

/* What Linux takes of a send buffer for itself. */
enum { OVERHEAD = 32 };

/* The documented size is taken, and not a byte more. */
PL_CASE(
    oversize_gives_emsgsize, .verifies = "unix.dgram.oversize-emsgsize", .kinds = UNIX_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	long limit;

	if (!pl_asks(PL_FREEBSD))
		limit = pl_get_option(p.w, SOL_SOCKET, SO_SNDBUF) - OVERHEAD;
	else
		limit = kernel_variable("net.local.dgram.maxdgram");
	expect_size_limit(p, (size_t)limit);
}

/* The option is heeded at once, downwards and upwards again. */
PL_CASE(so_sndbuf_and_the_size_limit, .verifies = "unix.dgram.so-sndbuf-moves-size-limit",
    .kinds = UNIX_DATAGRAMS)
{
	static const int sizes[] = { 3000, 20000, 5000 };
	bool separate = pl_asks(PL_FREEBSD) && !pl_freebsd_before(1400);
	struct pl_pair p = pl_pair();
	char b[1501] = "";

	for (int i = 0; i < 3 && !separate; i++) {
		int usable;

		/* FreeBSD's receiver has no room for the largest of them. */
		if (pl_asks(PL_FREEBSD) && sizes[i] > 5000)
			continue;
		pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, sizes[i]);
		usable = pl_asks(PL_LINUX) ? 2 * sizes[i] - OVERHEAD : sizes[i];
		expect_size_limit(p, (size_t)usable);
	}
	if (separate) {
		/* A bound of what waits, not of what may be sent. */
		pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 1500);
		pl_expect(sys_send(p.w, b, 1501, 0), on(PL_FREEBSD, fails(ENOBUFS)));
		pl_expect_nothing(p.r);
		pl_expect(sys_send(p.w, b, 1000, 0), on(PL_FREEBSD, returns(1000)));
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), on(PL_FREEBSD, returns(1000)));
	}
}
