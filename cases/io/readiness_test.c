/*
 * Readiness as a law: in every state that an end of any kind can be in, select,
 * poll and the event queue agree, and what they say is true of the calls.
 */

#include "plumbline.h"

#define CONNECTED PL_SOCKETS | PL_CONNECTIONS
#define NOTHING 0u
#define BOTH (PL_READS | PL_WRITES)

/* An end of a pair; a pipe's has one direction. */
static struct pl_end
reader(struct pl_pair p)
{
	return ((struct pl_end){ p.r, pl_kind_has(PL_PIPES) ? PL_READS : BOTH });
}

static struct pl_end
writer(struct pl_pair p)
{
	return ((struct pl_end){ p.w, pl_kind_has(PL_PIPES) ? PL_WRITES : BOTH });
}

/* Set-up: data wait at the reader. */
static struct pl_pair
pair_with_data(void)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_await_events(p.r, POLLIN);
	return (p);
}

static struct pl_end
fresh_reader(void)
{
	return (reader(pl_pair()));
}

PL_CASE(fresh_reader_tells_the_truth, .verifies = "io.readiness.fresh-reader", .kinds = PL_EVERY)
{
	pl_expect_readiness(fresh_reader, PL_WRITES);
}

static struct pl_end
fresh_writer(void)
{
	return (writer(pl_pair()));
}

PL_CASE(fresh_writer_tells_the_truth, .verifies = "io.readiness.fresh-writer", .kinds = PL_EVERY)
{
	pl_expect_readiness(fresh_writer, PL_WRITES);
}

static struct pl_end
data_waits(void)
{
	return (reader(pair_with_data()));
}

PL_CASE(data_waits_tells_the_truth, .verifies = "io.readiness.data-waits", .kinds = PL_EVERY)
{
	pl_expect_readiness(data_waits, BOTH);
}

static struct pl_end
data_taken(void)
{
	struct pl_pair p = pair_with_data();
	char b[8];

	pl_must(sys_read(p.r, b, sizeof(b)));
	return (reader(p));
}

PL_CASE(data_taken_tells_the_truth, .verifies = "io.readiness.data-taken", .kinds = PL_EVERY)
{
	pl_expect_readiness(data_taken, PL_WRITES);
}

static struct pl_end
full(void)
{
	struct pl_pair p = pl_pair();

	pl_fill_pair(p, 4096);
	return (writer(p));
}

PL_CASE(full_tells_the_truth, .verifies = "io.readiness.full", .kinds = PL_EVERY | PL_STREAM)
{
	pl_expect_readiness(full, NOTHING);
}

PL_CASE(full_tells_the_truth_of_records, .verifies = "io.readiness.full",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	pl_expect_readiness(full, NOTHING);
}

static struct pl_end
full_then_drained(void)
{
	struct pl_pair p = pl_pair();
	size_t left = pl_fill_pair(p, 4096);
	char b[4096];

	/* All of it, wherever it is by now. */
	while (left > 0)
		left -= (size_t)pl_must(sys_read(p.r, b, sizeof(b)));
	pl_await_events(p.w, POLLOUT);
	return (writer(p));
}

PL_CASE(full_then_drained_tells_the_truth, .verifies = "io.readiness.full-then-drained",
    .kinds = PL_EVERY | PL_STREAM)
{
	pl_expect_readiness(full_then_drained, PL_WRITES);
}

PL_CASE(full_then_drained_tells_the_truth_of_records, .verifies = "io.readiness.full-then-drained",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	pl_expect_readiness(full_then_drained, PL_WRITES);
}

static struct pl_end
peer_ended_writing(void)
{
	struct pl_pair p = pl_half_closed();

	pl_await_events(p.r, POLLIN);
	return (reader(p));
}

PL_CASE(peer_ended_writing_tells_the_truth, .verifies = "io.readiness.peer-ended-writing",
    .kinds = CONNECTED)
{
	pl_expect_readiness(peer_ended_writing, BOTH);
}

static struct pl_end
peer_ended_writing_data_wait(void)
{
	struct pl_pair p = pair_with_data();

	pl_shutdown(p.w, SHUT_WR);
	pl_await_events(p.r, POLLRDHUP);
	return (reader(p));
}

PL_CASE(peer_ended_writing_data_wait_tells_the_truth,
    .verifies = "io.readiness.peer-ended-writing-data-wait", .kinds = CONNECTED)
{
	pl_expect_readiness(peer_ended_writing_data_wait, BOTH);
}

static struct pl_end
own_writing_ended(void)
{
	return (writer(pl_half_closed()));
}

PL_CASE(own_writing_ended_tells_the_truth, .verifies = "io.readiness.own-writing-ended",
    .kinds = CONNECTED)
{
	pl_expect_readiness(own_writing_ended, PL_WRITES);
}

static struct pl_end
own_reading_ended(void)
{
	struct pl_pair p = pl_pair();

	pl_shutdown(p.r, SHUT_RD);
	return (reader(p));
}

PL_CASE(own_reading_ended_tells_the_truth, .verifies = "io.readiness.own-reading-ended",
    .kinds = PL_SOCKETS)
{
	pl_expect_readiness(own_reading_ended, BOTH);
}

static struct pl_end
peer_ended_reading(void)
{
	struct pl_pair p = pl_pair();

	pl_shutdown(p.r, SHUT_RD);
	return (writer(p));
}

PL_CASE(peer_ended_reading_tells_the_truth, .verifies = "io.readiness.peer-ended-reading",
    .kinds = CONNECTED)
{
	pl_expect_readiness(peer_ended_reading, PL_WRITES);
}

static struct pl_end
both_directions_ended(void)
{
	struct pl_pair p = pl_pair();

	pl_shutdown(p.w, SHUT_WR);
	pl_shutdown(p.r, SHUT_WR);
	pl_await_events(p.r, POLLIN);
	pl_await_events(p.w, POLLIN);
	return (reader(p));
}

PL_CASE(both_directions_ended_tells_the_truth, .verifies = "io.readiness.both-directions-ended",
    .kinds = CONNECTED)
{
	pl_expect_readiness(both_directions_ended, BOTH);
}

static struct pl_end
writer_gone(void)
{
	struct pl_pair p = pl_pair();

	pl_close(p.w);
	pl_await_events(p.r, POLLIN);
	return (reader(p));
}

PL_CASE(writer_gone_tells_the_truth, .verifies = "io.readiness.writer-gone",
    .kinds = PL_EVERY | PL_STREAM)
{
	pl_expect_readiness(writer_gone, BOTH);
}

PL_CASE(writer_gone_tells_the_truth_of_records, .verifies = "io.readiness.writer-gone",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	pl_expect_readiness(writer_gone, BOTH);
}

static struct pl_end
writer_gone_data_wait(void)
{
	struct pl_pair p = pair_with_data();

	pl_close(p.w);
	if (!pl_kind_has(PL_PIPES))
		pl_await_events(p.r, POLLRDHUP);
	return (reader(p));
}

PL_CASE(writer_gone_data_wait_tells_the_truth, .verifies = "io.readiness.writer-gone-data-wait",
    .kinds = PL_EVERY | PL_STREAM)
{
	pl_expect_readiness(writer_gone_data_wait, BOTH);
}

PL_CASE(writer_gone_data_wait_tells_the_truth_of_records,
    .verifies = "io.readiness.writer-gone-data-wait", .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	pl_expect_readiness(writer_gone_data_wait, BOTH);
}

static struct pl_end
reader_gone(void)
{
	struct pl_pair p = pl_pair();

	pl_close(p.r);
	return (writer(p));
}

PL_CASE(reader_gone_tells_the_truth, .verifies = "io.readiness.reader-gone", .kinds = PL_PIPES)
{
	pl_expect_readiness(reader_gone, PL_WRITES);
}

static struct pl_end
reader_gone_when_full(void)
{
	struct pl_pair p = pl_pair();

	pl_fill_pair(p, 4096);
	pl_close(p.r);
	if (!pl_kind_has(PL_PIPES))
		pl_await_events(p.w, POLLIN);
	return (writer(p));
}

PL_CASE(reader_gone_when_full_tells_the_truth, .verifies = "io.readiness.reader-gone-when-full",
    .kinds = PL_EVERY | PL_STREAM)
{
	pl_expect_readiness(reader_gone_when_full, BOTH);
}

PL_CASE(reader_gone_when_full_tells_the_truth_of_records,
    .verifies = "io.readiness.reader-gone-when-full", .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	pl_expect_readiness(reader_gone_when_full, BOTH);
}

static struct pl_end
reset(void)
{
	struct pl_pair p = pl_pair();

	pl_must(sys_set_linger(p.w, 1, 0));
	pl_write(p.r, "abc", 3);
	pl_await_events(p.w, POLLIN);
	pl_close(p.w);
	pl_await_events(p.r, POLLIN);
	return (reader(p));
}

PL_CASE(reset_tells_the_truth, .verifies = "io.readiness.reset", .kinds = CONNECTED)
{
	pl_expect_readiness(reset, BOTH);
}

static struct pl_end
datagram_peer_gone(void)
{
	struct pl_pair p = pl_pair();

	pl_close(p.w);
	return (reader(p));
}

PL_CASE(datagram_peer_gone_tells_the_truth, .verifies = "io.readiness.datagram-peer-gone",
    .kinds = PL_DATAGRAMS)
{
	pl_expect_readiness(datagram_peer_gone, PL_ANY_READINESS);
}

static struct pl_end
unconnected(void)
{
	return ((struct pl_end){ pl_unconnected(), BOTH });
}

PL_CASE(unconnected_tells_the_truth_of_a_connection_type, .verifies = "io.readiness.unconnected",
    .kinds = PL_CONNECTIONS)
{
	pl_expect_readiness(unconnected, PL_ANY_READINESS);
}

PL_CASE(unconnected_tells_the_truth_of_a_datagram_type, .verifies = "io.readiness.unconnected",
    .kinds = PL_DATAGRAMS)
{
	pl_expect_readiness(unconnected, PL_WRITES);
}

static struct pl_end
bound(void)
{
	struct pl_address name;

	return ((struct pl_end){ pl_bound(&name), BOTH });
}

PL_CASE(bound_tells_the_truth_of_a_connection_type, .verifies = "io.readiness.bound",
    .kinds = PL_CONNECTIONS)
{
	pl_expect_readiness(bound, PL_ANY_READINESS);
}

PL_CASE(bound_tells_the_truth_of_a_datagram_type, .verifies = "io.readiness.bound",
    .kinds = PL_DATAGRAMS)
{
	pl_expect_readiness(bound, PL_WRITES);
}

static struct pl_end
listening(void)
{
	struct pl_address name;

	return ((struct pl_end){ pl_listening(1, &name), PL_ACCEPTS });
}

PL_CASE(listening_tells_the_truth, .verifies = "io.readiness.listening", .kinds = CONNECTED)
{
	pl_expect_readiness(listening, NOTHING);
}

static struct pl_end
client_waits(void)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);

	pl_connect(pl_unconnected(), &name);
	pl_await_events(listener, POLLIN);
	return ((struct pl_end){ listener, PL_ACCEPTS });
}

PL_CASE(client_waits_tells_the_truth, .verifies = "io.readiness.client-waits", .kinds = CONNECTED)
{
	pl_expect_readiness(client_waits, PL_ACCEPTS);
}

static struct pl_end
connecting(void)
{
	enum { CLIENTS = 8 };
	struct pl_address name, peer;
	int listener = pl_listening(1, &name), fd = -1;

	(void)listener;
	for (int i = 0; i < CLIENTS; i++) {
		struct pl_outcome o;

		fd = pl_unconnected();
		pl_nonblock(fd, true);
		o = sys_connect(fd, &name);
		if (o.error != EINPROGRESS)
			pl_not_tested("a listener with a full queue takes more connections here");
	}
	if (sys_getpeername(fd, &peer).error != ENOTCONN)
		pl_not_tested("a listener with a full queue takes more connections here");
	pl_nonblock(fd, false);
	return ((struct pl_end){ fd, BOTH });
}

/* The queue of the listener is full, so that nobody answers. */
PL_CASE(connecting_tells_the_truth, .verifies = "io.readiness.connecting", .kinds = PL_TCP)
{
	pl_expect_readiness(connecting, NOTHING);
}

static struct pl_end
connection_refused(void)
{
	struct pl_address name;
	int nobody = pl_bound(&name), fd = pl_unconnected();

	(void)nobody;
	pl_nonblock(fd, true);
	pl_expect(sys_connect(fd, &name), fails(EINPROGRESS), fails(ECONNREFUSED));
	pl_await_events(fd, POLLIN | POLLOUT);
	pl_nonblock(fd, false);
	return ((struct pl_end){ fd, BOTH });
}

PL_CASE(connection_refused_tells_the_truth, .verifies = "io.readiness.connection-refused",
    .kinds = PL_TCP)
{
	pl_expect_readiness(connection_refused, BOTH);
}

static struct pl_end
refusal_pending(void)
{
	struct pl_pair p = pl_pair();

	pl_close(p.r);
	pl_write(p.w, "x", 1);
	pl_await_events(p.w, POLLIN);
	return (writer(p));
}

PL_CASE(
    refusal_pending_tells_the_truth, .verifies = "io.readiness.refusal-pending", .kinds = PL_UDP)
{
	pl_expect_readiness(refusal_pending, BOTH);
}
