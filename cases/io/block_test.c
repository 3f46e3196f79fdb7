/*
 * Who waits for whom: readers for data, writers for room, servers for clients, and
 * what a read gives when nobody is left to wait for.
 */

#include "plumbline.h"

#define MEBIBYTE (1 << 20)

/* A receive into memory that the case sees. */
enum receiver { READ, READV, RECV, RECVFROM, RECVMSG, RECEIVERS };

struct receipt {
	int fd;
	enum receiver by;
	char bytes[64];
};

static struct pl_outcome
receive(void *argument)
{
	struct receipt *r = argument;
	struct iovec v = { .iov_base = r->bytes, .iov_len = sizeof(r->bytes) };
	int flags;

	switch (r->by) {
	case READV:
		return (sys_readv(r->fd, &v, 1));
	case RECV:
		return (sys_recv(r->fd, r->bytes, sizeof(r->bytes), 0));
	case RECVFROM:
		return (sys_recvfrom(r->fd, r->bytes, sizeof(r->bytes), 0, NULL));
	case RECVMSG:
		return (sys_receive(r->fd, r->bytes, sizeof(r->bytes), 0, &flags));
	default:
		return (sys_read(r->fd, r->bytes, sizeof(r->bytes)));
	}
}

/* It asks for more than comes, and is content. */
PL_CASE(
    reader_sleeps_until_data, .verifies = "io.block.reader-sleeps-until-data", .kinds = PL_EVERY)
{
	enum receiver last = pl_kind_has(PL_SOCKETS) ? RECVMSG : READV;
	struct pl_pair p = pl_pair();
	struct receipt *r = pl_shared(sizeof(*r));

	r->fd = p.r;
	for (r->by = READ; r->by <= last; r->by++) {
		static const char *const texts[] = { "x", "one", "two", "three", "end" };
		long length = (long)strlen(texts[r->by]);
		struct pl_peer *reader = pl_child(receive, r, p.r);

		pl_expect_blocks(reader);
		pl_expect(sys_write(p.w, texts[r->by], (size_t)length), returns(length));
		pl_expect(pl_result(reader), returns(length));
		pl_expect_bytes(r->bytes, texts[r->by], (size_t)length);
	}
	/* All of it was handed out, once. */
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, r->bytes, sizeof(r->bytes)), fails(EAGAIN));
}

enum { PIECE = 4096 };

/* A write that follows what fills a pair: of stream 1. */
struct late_write {
	int fd;
	size_t size;
};

static struct pl_outcome
write_late(void *argument)
{
	static char b[MEBIBYTE];
	const struct late_write *w = argument;

	pl_payload(b, w->size, 1, 0);
	return (sys_write(w->fd, b, w->size));
}

/* Judge: the next bytes are of that stream from that offset on.  Gives how many. */
static size_t
expect_more(int fd, unsigned stream, size_t offset, size_t most)
{
	static char b[65536];
	size_t size = most < sizeof(b) ? most : sizeof(b);
	long n = pl_expect(sys_read(fd, b, size), returns_between(1, (long)size));

	pl_expect_payload(b, (size_t)n, stream, offset);
	return ((size_t)n);
}

/*
 * What was there before comes first, whole; then what had to wait.  A network may
 * make a little room a while later, so there it is more than that.
 */
static void
expect_writer_waits_for_room(void)
{
	bool of_network = pl_kind_has(PL_INET);
	struct pl_pair p = of_network ? pl_narrow_pair(32768, 32768) : pl_pair();
	struct late_write w = { p.w, of_network ? MEBIBYTE : PIECE };
	size_t waiting = pl_fill_pair(p, PIECE);
	struct pl_peer *writer = pl_child(write_late, &w, p.w);
	size_t total = 0;
	char b[8];

	pl_expect_blocks(writer);
	while (total < waiting)
		total += expect_more(p.r, 0, total, waiting - total);
	for (total = 0; total < w.size;)
		total += expect_more(p.r, 1, total, w.size - total);
	pl_expect(pl_result(writer), returns((long)w.size));
	pl_nonblock(p.r, true);
	pl_expect(sys_read(p.r, b, sizeof(b)), fails(EAGAIN));
}

PL_CASE(writer_sleeps_until_room, .verifies = "io.block.writer-sleeps-until-space",
    .kinds = PL_EVERY | PL_STREAM)
{
	expect_writer_waits_for_room();
}

PL_CASE(writer_of_records_sleeps_until_room, .verifies = "io.block.writer-sleeps-until-space",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	expect_writer_waits_for_room();
}

static struct pl_outcome
write_mebibyte(void *fd)
{
	static char b[MEBIBYTE];

	pl_payload(b, sizeof(b), 0, 0);
	return (sys_write(*(int *)fd, b, sizeof(b)));
}

/* It is never short: it sleeps until the last byte has its place, in pieces that fit no page. */
PL_CASE(large_write_is_whole, .verifies = "io.block.large-blocking-write-returns-full-count",
    .kinds = PL_EVERY | PL_STREAM)
{
	static char b[7777];
	bool is_tcp = pl_kind_has(PL_INET);
	struct pl_pair p = is_tcp ? pl_narrow_pair(32768, 32768) : pl_pair();
	struct pl_peer *writer = pl_child(write_mebibyte, &p.w, p.w);
	size_t total = 0;
	long n;

	pl_expect_blocks(writer);
	pl_close(p.w);
	while ((n = pl_expect(sys_read(p.r, b, sizeof(b)), returns_between(0, sizeof(b)))) > 0) {
		pl_expect_payload(b, (size_t)n, 0, total);
		total += (size_t)n;
	}
	pl_expect(pl_result(writer), returns(MEBIBYTE));
	pl_expect(pl_value((long)total, NULL, "bytes read"), is(MEBIBYTE));
}

static struct pl_outcome
accept_one(void *fd)
{
	return (sys_accept(*(int *)fd, NULL));
}

/* In a thread, so that the descriptor it gets can be tried. */
PL_CASE(accept_sleeps_until_a_client_comes, .verifies = "io.block.accept-sleeps-until-connection",
    .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client, fd;
	struct pl_peer *server = pl_thread(accept_one, &listener);

	pl_expect_blocks(server);
	client = pl_client(&name);
	fd = (int)pl_expect(pl_result(server), opens());
	pl_expect_that(fd != listener, "another descriptor than the listener's", "that one");
	pl_expect_talk(client, fd);
}

/* Set-up: wait until the end has arrived too, where a poll can tell it from data. */
static void
await_end(int fd)
{

	pl_await_events(fd, POLLRDHUP);
}

/* Neither a read nor a look uses the end up, whichever call meets it first. */
static void
expect_end_for_ever(int fd, bool is_socket)
{
	enum receiver last = is_socket ? RECVMSG : READV;
	struct receipt r = { .fd = fd };

	for (int i = 0; i < 2; i++) {
		if (is_socket) {
			pl_expect(sys_recv(fd, r.bytes, 8, MSG_PEEK), returns(0));
			pl_expect(sys_recv(fd, r.bytes, 8, MSG_DONTWAIT), returns(0));
		}
		for (r.by = READ; r.by <= last; r.by++)
			pl_expect(receive(&r), returns(0));
		pl_expect(sys_read(fd, r.bytes, 1), returns(0));
		pl_poll_now(fd, POLLIN);
		pl_nonblock(fd, true);
		pl_expect(sys_read(fd, r.bytes, 8), returns(0));
		pl_nonblock(fd, false);
	}
}

/* Close discards nothing: what was written is read in full first, in two unequal parts. */
static void
expect_data_then_end(size_t size, bool is_socket)
{
	static char b[8192];
	size_t part = size * 3 / 4;
	struct pl_pair p = pl_pair();

	pl_payload(b, size, 0, 0);
	pl_write(p.w, b, size);
	pl_close(p.w);
	await_end(p.r);
	memset(b, 0, sizeof(b));
	pl_expect(sys_read(p.r, b, part), returns((long)part));
	pl_expect(sys_read(p.r, b + part, sizeof(b) - part), returns((long)(size - part)));
	pl_expect_payload(b, size, 0, 0);
	expect_end_for_ever(p.r, is_socket);
}

PL_CASE(pipe_data_come_before_the_end,
    .verifies = "io.eof.read-is-zero-once-drained-and-stays-zero", .kinds = PL_PIPES)
{
	expect_data_then_end(4, false);
	expect_data_then_end(6000, false);
}

PL_CASE(stream_data_come_before_the_end,
    .verifies = "io.eof.read-is-zero-once-drained-and-stays-zero", .kinds = PL_SOCKETS | PL_STREAM)
{
	struct pl_pair p = pl_pair();

	expect_data_then_end(4, true);
	expect_data_then_end(6000, true);
	/* The same without any data, and from the other side. */
	pl_close(p.r);
	pl_expect_arrival(p.w);
	expect_end_for_ever(p.w, true);
}

PL_CASE(records_come_before_the_end, .verifies = "io.eof.read-is-zero-once-drained-and-stays-zero",
    .kinds = PL_CONNECTIONS | PL_MESSAGES)
{
	struct pl_pair p = pl_pair();

	pl_must(sys_send(p.w, "ab", 2, MSG_EOR));
	pl_must(sys_send(p.w, "cde", 3, MSG_EOR));
	pl_close(p.w);
	pl_expect_text(p.r, "ab");
	pl_expect_text(p.r, "cde");
	expect_end_for_ever(p.r, true);
}
