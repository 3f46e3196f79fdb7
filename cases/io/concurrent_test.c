/*
 * Many who read and write at the same time: nothing is lost, nothing comes twice,
 * and what is one piece stays one, on every kind.
 */

#include <stdatomic.h>

#include "plumbline.h"

enum { ROOM, SENDERS = 3, RECEIVERS = 3 };

/* Messages: number i of sender s is payload of stream s from its own offset on. */
enum { MESSAGES = 60, SPACE = 128, LEAST = 8, WAITING = 8 };

/* What has come, for all who receive. */
struct board {
	atomic_uint count;
	atomic_uchar seen[SENDERS][MESSAGES];
	unsigned next[SENDERS]; /* with one receiver */
};

struct part {
	struct pl_pair pair;
	int told; /* a pipe: all has come */
	unsigned number, senders, receivers;
	struct board *board;
};

/* Different sizes, in no order. */
static size_t
message_size(unsigned sender, unsigned i)
{
	return (LEAST + (sender * 31 + i * 17) % (SPACE - LEAST - 32));
}

/* Only so many wait at a time that no kind refuses or drops one. */
static struct pl_outcome
send_messages(void *argument)
{
	const struct part *part = argument;
	unsigned char b[SPACE];

	for (unsigned i = 0; i < MESSAGES; i++) {
		size_t size = message_size(part->number, i);

		pl_await(ROOM);
		pl_payload(b, size, part->number, i * SPACE);
		pl_expect(sys_send(part->pair.w, b, size, pl_whole()), returns((long)size));
	}
	return (pl_done());
}

/* Whose is it, and which?  The first bytes tell. */
static void
identify(const struct part *part, const unsigned char *b, unsigned *sender, unsigned *i)
{
	for (*sender = 0; *sender < part->senders; ++*sender)
		for (*i = 0; *i < MESSAGES; ++*i)
			if (pl_payload_mismatch(b, LEAST, *sender, *i * SPACE) == LEAST)
				return;
	pl_expect_that(false, "the beginning of a message that was sent", "other bytes");
}

static void
expect_message(const struct part *part, const unsigned char *b, long size)
{
	struct board *board = part->board;
	unsigned sender, i;

	pl_expect_that(size >= LEAST, "a whole message", "%ld bytes of one", size);
	identify(part, b, &sender, &i);
	pl_expect(pl_value(size, NULL, "bytes of message %u of sender %u", i, sender),
	    is((long)message_size(sender, i)));
	pl_expect_payload(b, (size_t)size, sender, i * SPACE);
	pl_expect_that(atomic_fetch_add(&board->seen[sender][i], 1) == 0, "each message once",
	    "message %u of sender %u again", i, sender);
	if (part->receivers == 1 && pl_kind_has(PL_UNIX))
		pl_expect(pl_value(i, NULL, "number of a message of sender %u", sender),
		    is(board->next[sender]++));
}

/* Up to the mark, a single byte. */
static struct pl_outcome
receive_messages(void *argument)
{
	const struct part *part = argument;
	unsigned char b[2 * SPACE];
	long n;

	while ((n = pl_expect(
		    sys_recv(part->pair.r, b, sizeof(b), 0), returns_between(1, sizeof(b)))) != 1) {
		expect_message(part, b, n);
		pl_reach(ROOM);
		if (atomic_fetch_add(&part->board->count, 1) + 1 == part->senders * MESSAGES)
			pl_write(part->told, "x", 1);
	}
	return (pl_done());
}

/* Judge: what so many senders send, so many receivers get, each message once and whole. */
static void
expect_passage(unsigned senders, unsigned receivers)
{
	struct pl_pair p = pl_pair();
	struct board *board = pl_shared(sizeof(*board));
	struct part parts[SENDERS + RECEIVERS];
	struct pl_peer *peers[SENDERS + RECEIVERS];
	long all = (long)senders * MESSAGES;
	int told[2];
	char b[1];

	pl_pipe(told);
	for (unsigned i = 0; i < senders + receivers; i++)
		parts[i] = (struct part){ p, told[1], i, senders, receivers, board };
	for (unsigned i = senders; i < senders + receivers; i++)
		peers[i] = pl_child(receive_messages, &parts[i], p.r, told[1]);
	for (unsigned i = 0; i < senders; i++)
		peers[i] = pl_child(send_messages, &parts[i], p.w);
	for (int i = 0; i < WAITING; i++)
		pl_reach(ROOM);
	for (unsigned i = 0; i < senders; i++)
		pl_must(pl_result(peers[i]));
	/* A mark may overtake a datagram on its way. */
	if (pl_kind_has(PL_INET))
		pl_expect(sys_read(told[0], b, 1), returns(1));
	for (unsigned i = 0; i < receivers; i++)
		pl_put(p, ".", 1);
	for (unsigned i = senders; i < senders + receivers; i++)
		pl_must(pl_result(peers[i]));
	/* POSIX promises the arrival of no datagram. */
	pl_expect(pl_value(atomic_load(&board->count), NULL, "messages received"),
	    returns_between(pl_kind_has(PL_DATAGRAMS) && pl_asks(PL_POSIX) ? 0 : all, all));
}

#define DATAGRAMS "io.concurrent.receivers-get-each-datagram-once"
#define RECORDS "io.concurrent.receivers-get-each-record-once"

PL_CASE(receivers_share_datagrams, .verifies = DATAGRAMS, .kinds = PL_DATAGRAMS)
{
	expect_passage(1, RECEIVERS);
}

PL_CASE(senders_and_receivers_of_datagrams, .verifies = DATAGRAMS, .kinds = PL_DATAGRAMS)
{
	expect_passage(SENDERS, RECEIVERS);
}

PL_CASE(receivers_share_records, .verifies = RECORDS, .kinds = PL_MESSAGES | PL_CONNECTIONS)
{
	expect_passage(1, RECEIVERS);
}

PL_CASE(
    senders_and_receivers_of_records, .verifies = RECORDS, .kinds = PL_MESSAGES | PL_CONNECTIONS)
{
	expect_passage(SENDERS, RECEIVERS);
}

PL_CASE(messages_of_many_do_not_mix, .verifies = "io.concurrent.message-writes-are-atomic",
    .kinds = PL_MESSAGES)
{
	expect_passage(SENDERS, 1);
}

/* Streams: the pieces that each reader got, in its order. */
enum { TOTAL = 6000, LARGEST = 64 };

struct pieces {
	unsigned count;
	unsigned char sizes[TOTAL];
	unsigned used;
	unsigned char bytes[TOTAL];
};

struct reader {
	int fd;
	unsigned number;
	struct pieces *pieces;
};

static struct pl_outcome
read_pieces(void *argument)
{
	const struct reader *r = argument;
	struct pieces *got = r->pieces;

	for (unsigned i = 0;; i++) {
		size_t ask = 1 + (r->number * 23 + i * 37) % LARGEST;
		unsigned char b[LARGEST];
		long n = pl_expect(sys_read(r->fd, b, ask), returns_between(0, (long)ask));

		if (n == 0)
			return (pl_done());
		pl_expect_that(got->used + n <= TOTAL, "no more bytes than were written",
		    "%u and %ld more by one reader", got->used, n);
		memcpy(got->bytes + got->used, b, (size_t)n);
		got->used += n;
		got->sizes[got->count++] = (unsigned char)n;
	}
}

static struct pl_outcome
write_pieces(void *fd)
{
	unsigned char b[256];

	for (size_t at = 0, i = 0, size; at < TOTAL; at += size, i++) {
		size = 1 + i * 97 % sizeof(b);
		if (size > TOTAL - at)
			size = TOTAL - at;
		pl_payload(b, size, 0, at);
		pl_expect(sys_write(*(int *)fd, b, size), returns((long)size));
	}
	return (pl_done());
}

/* How far each reader's pieces are laid out, and the stream with them. */
struct layout {
	unsigned count[RECEIVERS], used[RECEIVERS];
	unsigned at;
};

/* Can what is left be laid out so that it is the rest of the stream?  Notes how far it goes. */
static bool
lay_out(const struct pieces *pieces, struct layout l, unsigned *furthest)
{
	if (l.at > *furthest)
		*furthest = l.at;
	if (l.at == TOTAL)
		return (true);
	for (int r = 0; r < RECEIVERS; r++) {
		const struct pieces *p = &pieces[r];
		struct layout next = l;
		size_t size;

		if (l.count[r] == p->count)
			continue;
		size = p->sizes[l.count[r]];
		if (pl_payload_mismatch(p->bytes + l.used[r], size, 0, l.at) < size)
			continue;
		next.count[r]++;
		next.used[r] += size;
		next.at += size;
		if (lay_out(pieces, next, furthest))
			return (true);
	}
	return (false);
}

/* What the readers got, put together in some order, is what was written. */
PL_CASE(readers_share_a_stream,
    .verifies = "io.concurrent.stream-readers-lose-and-duplicate-no-byte", .kinds = PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pieces *pieces = pl_shared(RECEIVERS * sizeof(*pieces));
	struct reader readers[RECEIVERS];
	struct pl_peer *peers[RECEIVERS], *writer;
	unsigned furthest = 0;
	long total = 0;

	for (unsigned i = 0; i < RECEIVERS; i++) {
		readers[i] = (struct reader){ p.r, i, &pieces[i] };
		peers[i] = pl_child(read_pieces, &readers[i], p.r);
	}
	writer = pl_child(write_pieces, &p.w, p.w);
	pl_close(p.w);
	pl_must(pl_result(writer));
	for (int i = 0; i < RECEIVERS; i++) {
		pl_must(pl_result(peers[i]));
		total += pieces[i].used;
	}
	pl_expect(pl_value(total, NULL, "bytes that all readers got"), is(TOTAL));
	pl_expect_that(lay_out(pieces, (struct layout){ 0 }, &furthest),
	    "pieces that make up what was written", "nobody's next piece fits at byte %u",
	    furthest);
}

/* Writers: each byte says whose it is, and goes by the payload of that stream otherwise. */
enum { WRITERS = 2, CHUNKS = 6, CHUNK = 20000, WHOSE = 0x80 };

struct writer {
	int fd;
	unsigned number;
};

static void
signed_payload(unsigned char *b, size_t size, unsigned number, uint64_t offset)
{
	pl_payload(b, size, number, offset);
	for (size_t i = 0; i < size; i++)
		b[i] = (unsigned char)((b[i] & ~WHOSE) | (number == 0 ? 0 : WHOSE));
}

static struct pl_outcome
write_chunks(void *argument)
{
	static unsigned char b[CHUNK];
	const struct writer *w = argument;

	for (unsigned i = 0; i < CHUNKS; i++) {
		signed_payload(b, CHUNK, w->number, (uint64_t)i * CHUNK);
		pl_expect(sys_write(w->fd, b, CHUNK), returns(CHUNK));
	}
	return (pl_done());
}

/* However they mix, the bytes of each are in its order, and all are there. */
PL_CASE(writers_share_a_stream, .verifies = "io.concurrent.stream-writers-keep-their-own-order",
    .kinds = PL_STREAM)
{
	static unsigned char wanted[WRITERS][CHUNKS * CHUNK];
	struct pl_pair p = pl_pair();
	struct writer writers[WRITERS];
	struct pl_peer *peers[WRITERS];
	unsigned char b[4096];
	size_t at[WRITERS] = { 0 };
	long n;

	for (unsigned i = 0; i < WRITERS; i++) {
		signed_payload(wanted[i], sizeof(wanted[i]), i, 0);
		writers[i] = (struct writer){ p.w, i };
		peers[i] = pl_child(write_chunks, &writers[i], p.w);
	}
	pl_close(p.w);
	while ((n = pl_expect(sys_read(p.r, b, sizeof(b)), returns_between(0, sizeof(b)))) > 0)
		for (long i = 0; i < n; i++) {
			int whose = (b[i] & WHOSE) != 0;

			if (at[whose] == sizeof(wanted[0]) || b[i] != wanted[whose][at[whose]])
				pl_expect_that(false, "each writer's bytes in their order",
				    "another byte after %zu of writer %d", at[whose], whose);
			at[whose]++;
		}
	for (int i = 0; i < WRITERS; i++) {
		pl_must(pl_result(peers[i]));
		pl_expect(
		    pl_value((long)at[i], NULL, "bytes of writer %d", i), is(sizeof(wanted[0])));
	}
}

/* A write of PIPE_BUF bytes, or the largest that is tried, in three areas. */
enum { VECTORS = 60, ATOMIC = PIPE_BUF < 4096 ? PIPE_BUF : 4096, AREAS = 3 };

static struct pl_outcome
write_vectors(void *argument)
{
	const struct writer *w = argument;
	unsigned char b[ATOMIC];
	struct iovec v[AREAS] = { { b, 7 }, { b + 7, ATOMIC / 2 },
		{ b + 7 + ATOMIC / 2, ATOMIC - ATOMIC / 2 - 7 } };

	for (unsigned i = 0; i < VECTORS; i++) {
		pl_payload(b, ATOMIC, w->number, (uint64_t)i * ATOMIC);
		pl_expect(sys_writev(w->fd, v, AREAS), returns(ATOMIC));
	}
	return (pl_done());
}

/* Its areas are one write, for others who write as well. */
PL_CASE(vectors_do_not_interleave,
    .verifies = "io.concurrent.writev-up-to-pipe-buf-does-not-interleave", .kinds = PL_PIPES)
{
	struct pl_pair p = pl_pair();
	struct writer writers[SENDERS];
	struct pl_peer *peers[SENDERS];
	unsigned next[SENDERS] = { 0 };
	unsigned char b[ATOMIC];

	for (unsigned i = 0; i < SENDERS; i++) {
		writers[i] = (struct writer){ p.w, i };
		peers[i] = pl_child(write_vectors, &writers[i], p.w);
	}
	for (int i = 0; i < SENDERS * VECTORS; i++) {
		unsigned whose = 0;

		for (long size = 0; size < ATOMIC;)
			size += pl_expect(sys_read(p.r, b + size, (size_t)(ATOMIC - size)),
			    returns_between(1, ATOMIC - size));
		while (whose < SENDERS - 1 &&
		    pl_payload_mismatch(b, LEAST, whose, (uint64_t)next[whose] * ATOMIC) < LEAST)
			whose++;
		pl_expect_payload(b, ATOMIC, whose, (uint64_t)next[whose]++ * ATOMIC);
	}
	for (int i = 0; i < SENDERS; i++) {
		pl_must(pl_result(peers[i]));
		pl_expect(pl_value(next[i], NULL, "records of writer %d", i), is(VECTORS));
	}
}
