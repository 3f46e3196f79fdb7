/*
 * Histories: processes that write and read one pipe or connection at the same
 * time, and one order of their calls that explains what each of them got.
 */

#include "plumbline.h"

enum { WRITES = 4, PEERS = 3, ROUNDS = 10, TRIES = 6 };

/* What a peer works on; each writer has its own payload stream. */
struct part {
	struct pl_history *history;
	struct pl_pair pair;
	unsigned number;
};

/* Different lengths, all of them short of PIPE_BUF. */
static struct pl_outcome
write_some(void *argument)
{
	struct part *part = argument;
	unsigned char b[48];
	uint64_t offset = 0;

	for (unsigned i = 0; i < WRITES; i++) {
		size_t size = 1 + (part->number * 7 + i * 13) % sizeof(b);

		pl_payload(b, size, part->number, offset);
		pl_expect(
		    pl_history_write(part->history, part->pair.w, b, size), returns((long)size));
		offset += size;
	}
	return (pl_done());
}

static size_t
request(const struct part *part, unsigned i)
{
	return (16 + (part->number * 5 + i * 11) % 48);
}

static struct pl_outcome
read_to_the_end(void *argument)
{
	struct part *part = argument;
	unsigned char b[64];
	struct pl_outcome o;
	unsigned i = 0;

	do
		o = pl_history_read(part->history, part->pair.r, b, request(part, i++));
	while (o.error == 0 && o.value > 0);
	return (o);
}

/* What is there, or nothing yet, or nothing any more. */
static struct pl_outcome
look(void *argument)
{
	struct part *part = argument;
	unsigned char b[64];

	for (unsigned i = 0; i < TRIES; i++)
		pl_expect(pl_history_read(part->history, part->pair.r, b, request(part, i)),
		    returns_between(0, sizeof(b)), fails(EAGAIN));
	return (pl_done());
}

/* Judge a history of writers and readers on a fresh pair, some rounds of it. */
static void
expect_order(unsigned writers, pl_peer_function *reader)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct part parts[2 * PEERS];
		struct pl_peer *peers[2 * PEERS];
		struct pl_history *history = pl_history();
		struct pl_pair p = pl_pair();
		unsigned count = 0;

		pl_nonblock(p.r, reader == look);
		for (; count < PEERS; count++) {
			parts[count] = (struct part){ history, p, count };
			peers[count] = pl_child(reader, &parts[count], p.r);
		}
		for (; count < PEERS + writers; count++) {
			parts[count] = (struct part){ history, p, count };
			peers[count] = pl_child(write_some, &parts[count], p.w);
		}
		pl_close(p.w);
		while (count-- > 0)
			pl_expect(pl_result(peers[count]), returns(0));
		pl_expect_explained(history);
		pl_close(p.r);
	}
}

PL_CASE(pipe_calls_have_one_order, .verifies = "io.history.pipe", .kinds = PL_PIPES)
{
	expect_order(PEERS, read_to_the_end);
}

PL_CASE(
    pipe_reads_that_do_not_wait_have_their_place, .verifies = "io.history.pipe", .kinds = PL_PIPES)
{
	expect_order(PEERS, look);
}

/* Writes of several processes to a stream may mix; so one writes and many read. */
PL_CASE(
    stream_reads_have_one_order, .verifies = "io.history.stream", .kinds = PL_SOCKETS | PL_STREAM)
{
	expect_order(1, read_to_the_end);
}
