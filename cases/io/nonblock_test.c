/*
 * O_NONBLOCK on descriptors of every kind: what is said instead of waiting, and
 * whose flag it is.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

#define MEBIBYTE (1 << 20)
#define CONNECTIONS PL_SOCKETS | PL_CONNECTIONS
#define SEQPACKET PL_SOCKETS | PL_CONNECTIONS | PL_MESSAGES

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

static struct pl_outcome
write_one(void *fd)
{
	return (sys_write(*(int *)fd, "x", 1));
}

/* Judge: a read there finds nothing and says so, by whatever call. */
static void
expect_eagain(int fd)
{
	char b[8];
	struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
	int flags;

	pl_expect(sys_read(fd, b, sizeof(b)), fails(EAGAIN));
	pl_expect(sys_readv(fd, &v, 1), fails(EAGAIN));
	if (!pl_kind_has(PL_SOCKETS))
		return;
	pl_expect(sys_recv(fd, b, sizeof(b), 0), fails(EAGAIN));
	pl_expect(sys_receive(fd, b, sizeof(b), 0, &flags), fails(EAGAIN));
}

/* Judge: a read waits, until something comes. */
static void
expect_sleep(struct pl_pair p)
{
	struct pl_peer *reader = pl_child(read_one, &p.r, p.r);

	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
}

/*
 * Judge: that many bytes of a stream come, payload of stream 0 from its beginning,
 * and none after them once the writer is closed.
 */
static void
expect_stream(struct pl_pair p, size_t size)
{
	static char b[MEBIBYTE];
	size_t got = 0;
	long n;

	pl_nonblock(p.r, false);
	pl_close(p.w);
	do {
		n = pl_expect(sys_read(p.r, b, sizeof(b)), returns_between(0, sizeof(b)));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (size_t)n;
	} while (n > 0);
	pl_expect(pl_value((long)got, NULL, "bytes that came"), is((long)size));
}

/* Nothing yet is not the end: before anything came, and after it was taken. */
PL_CASE(
    read_on_empty_is_eagain, .verifies = "io.nonblock.read-on-empty-is-eagain", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	pl_expect_that(EAGAIN == EWOULDBLOCK || pl_asks(PL_POSIX),
	    "EAGAIN and EWOULDBLOCK the same", "%d and %d", EAGAIN, EWOULDBLOCK);
	pl_nonblock(p.r, true);
	for (int i = 0; i < 2; i++) {
		expect_eagain(p.r);
		pl_put(p, "abc", 3);
		pl_expect_arriving(p.r, "abc");
	}
	expect_eagain(p.r);
}

/* Judge: no write to a full stream finds room, be it small or large. */
static void
expect_full(int fd)
{
	static char b[65536];
	struct iovec v = { .iov_base = b, .iov_len = 1 };

	pl_expect(sys_write(fd, "x", 1), fails(EAGAIN));
	pl_expect(sys_write(fd, b, sizeof(b)), fails(EAGAIN));
	pl_expect(sys_writev(fd, &v, 1), fails(EAGAIN));
	if (pl_kind_has(PL_SOCKETS))
		pl_expect(sys_send(fd, "x", 1, 0), fails(EAGAIN));
}

/* Full is an error, not a count of 0; what waits stays as it is. */
PL_CASE(write_on_full_stream_is_eagain, .verifies = "io.nonblock.write-on-full-is-eagain",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	size_t size = pl_fill_pair(p, 4096);

	pl_nonblock(p.w, true);
	expect_full(p.w);
	expect_full(p.w);
	expect_stream(p, size);
}

/* Records of one size, sent until one does not go whole, and what came of them. */
struct records {
	unsigned whole; /* that were taken whole */
	long last;      /* of the next one, so many bytes were taken; none: an error */
};
#define RECORD 3000

static struct records
fill_with_records(int fd)
{
	enum { MOST = 100000 };
	struct records sent = { 0, RECORD };
	char b[RECORD];

	while (sent.whole < MOST) {
		pl_payload(b, RECORD, 0, (uint64_t)sent.whole * RECORD);
		sent.last = pl_expect(sys_send(fd, b, RECORD, MSG_EOR),
		    on(PL_FREEBSD | PL_POSIX, returns_between(1, RECORD)),
		    on(PL_LINUX, returns(RECORD)), fails(EAGAIN));
		if (sent.last != RECORD)
			return (sent);
		sent.whole++;
	}
	pl_not_tested("a socket takes %d records", MOST);
}

/* Full is the error of a stream, not that of datagrams. */
PL_CASE(send_of_record_on_full_socket_is_eagain, .verifies = "io.nonblock.write-on-full-is-eagain",
    .kinds = SEQPACKET)
{
	struct pl_pair p = pl_pair();
	struct records sent;
	char b[RECORD + 1];

	pl_nonblock(p.w, true);
	sent = fill_with_records(p.w);
	if (sent.last > 0)
		pl_expect(sys_send(p.w, b, RECORD, MSG_EOR), fails(EAGAIN));
	pl_expect(sys_send(p.w, b, RECORD, MSG_EOR), fails(EAGAIN));
	pl_expect(sys_write(p.w, b, RECORD), fails(EAGAIN));
	for (unsigned i = 0; i < sent.whole; i++) {
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(RECORD));
		pl_expect_payload(b, RECORD, 0, (uint64_t)i * RECORD);
	}
	if (sent.last > 0)
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns(sent.last));
	pl_expect_nothing(p.r);
	/* It did not forget that there is room now. */
	pl_expect(sys_send(p.w, "x", 1, MSG_EOR), returns(1));
	pl_expect_text(p.r, "x");
}

/* Where a record may be sent in several portions, some of it may go; else all or none. */
PL_CASE(seqpacket_write_is_all_or_nothing,
    .verifies = "io.nonblock.seqpacket-write-is-all-or-nothing", .kinds = SEQPACKET)
{
	bool whole = pl_asks(PL_LINUX) || pl_freebsd_before(1500);
	struct pl_pair p = pl_pair();
	struct records sent;
	char b[RECORD + 1];

	pl_nonblock(p.w, true);
	sent = fill_with_records(p.w);
	pl_expect(pl_value(sent.last > 0 ? sent.last : 0, NULL, "bytes of the last record taken"),
	    returns_between(0, whole ? 0 : RECORD - 1));
	for (unsigned i = 0; i < sent.whole; i++) {
		int flags;

		pl_expect(sys_receive(p.r, b, sizeof(b), MSG_DONTWAIT, &flags), returns(RECORD));
		pl_expect_payload(b, RECORD, 0, (uint64_t)i * RECORD);
		pl_expect(pl_message_flags(flags, MSG_TRUNC), is(0));
	}
	/* A part is what was counted, and no record yet. */
	if (sent.last > 0) {
		int flags;

		pl_expect(sys_receive(p.r, b, sizeof(b), MSG_DONTWAIT, &flags), returns(sent.last));
		pl_expect_payload(b, (size_t)sent.last, 0, (uint64_t)sent.whole * RECORD);
		pl_expect(pl_message_flags(flags, MSG_EOR), is(0));
	}
	pl_expect_nothing(p.r);
}

/*
 * A write that finds room for a part takes that part and counts it: of a first write
 * something goes, and in the end what was counted is what comes.
 */
PL_CASE(stream_write_is_partial, .verifies = "io.nonblock.stream-write-is-partial",
    .kinds = PL_EVERY | PL_STREAM)
{
	enum { MOST = 64 };
	static char b[MEBIBYTE];
	struct pl_pair p = pl_pair();
	size_t total = 0;
	long n;

	pl_nonblock(p.w, true);
	do {
		pl_payload(b, sizeof(b), 0, total);
		if (total == 0)
			n = pl_expect(sys_write(p.w, b, sizeof(b)), returns_between(1, MEBIBYTE));
		else
			n = pl_expect(sys_write(p.w, b, sizeof(b)), returns_between(1, MEBIBYTE),
			    fails(EAGAIN));
		total += n > 0 ? (size_t)n : 0;
	} while (n > 0 && total < (size_t)MOST * MEBIBYTE);
	if (n > 0)
		pl_not_tested("a stream takes %d MiB", MOST);
	expect_stream(p, total);
}

static struct pl_outcome
set_nonblock(void *fd)
{
	pl_nonblock(*(int *)fd, true);
	return (pl_done());
}

static struct pl_outcome
clear_nonblock(void *fd)
{
	pl_nonblock(*(int *)fd, false);
	return (pl_done());
}

/* Judge: the flag is on and has its effect on reads; or it is off. */
static void
expect_flag(int fd, bool wanted)
{
	pl_expect(pl_status_flags(fd, O_NONBLOCK), is(wanted ? O_NONBLOCK : 0));
	if (wanted && (pl_must(sys_fcntl(fd, F_GETFL, 0)) & O_ACCMODE) != O_WRONLY)
		expect_eagain(fd);
}

/* It belongs to what is open, by whatever number that is called. */
PL_CASE(flag_is_shared_by_dup, .verifies = "io.nonblock.flag-is-shared-by-dup", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		int copy = pl_dup(ends[i]), other = (int)pl_must(sys_fcntl(ends[i], F_DUPFD, 0));
		const int all[] = { ends[i], copy, other };

		for (int set = 0; set < 3; set++) {
			pl_nonblock(all[set], true);
			for (int k = 0; k < 3; k++)
				expect_flag(all[k], true);
			pl_nonblock(all[(set + 1) % 3], false);
			for (int k = 0; k < 3; k++)
				expect_flag(all[k], false);
		}
		expect_flag(ends[1 - i], false);
	}
}

/* Full is said by the copy whose original was told not to wait. */
PL_CASE(shared_flag_holds_for_writing, .verifies = "io.nonblock.flag-is-shared-by-dup",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.w);

	pl_fill_pair(p, 4096);
	pl_nonblock(p.w, true);
	pl_expect(sys_write(copy, "x", 1), fails(EAGAIN));
}

/* In whatever process: what a child sets holds for its parent, and is the parent's to clear. */
PL_CASE(flag_is_shared_by_fork, .verifies = "io.nonblock.flag-is-shared-by-fork", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		int end = ends[i], copy = pl_dup(end);

		pl_must(pl_result(pl_child(set_nonblock, &end, end)));
		expect_flag(end, true);
		expect_flag(copy, true);
		expect_flag(ends[1 - i], false);
		pl_must(pl_result(pl_child(clear_nonblock, &end, end)));
		expect_flag(end, false);
		expect_flag(copy, false);
	}
}

/* Before the first client, and again after it was accepted. */
PL_CASE(accept_on_empty_queue_is_eagain, .verifies = "io.nonblock.accept-on-empty-queue-is-eagain",
    .kinds = CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client, fd;

	pl_nonblock(listener, true);
	for (int i = 0; i < 2; i++)
		pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	client = pl_client(&name);
	pl_expect_arrival(listener);
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_expect_talk(client, fd);
}

/* The reader's end: what it says of itself, and of the other one. */
PL_CASE(flag_of_the_writer_leaves_the_reader,
    .verifies = "io.nonblock.flag-of-one-end-does-not-touch-the-other", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	pl_nonblock(p.w, true);
	expect_flag(p.w, true);
	expect_flag(p.r, false);
	expect_sleep(p);
	/* Nor does clearing. */
	pl_nonblock(p.r, true);
	pl_nonblock(p.w, false);
	expect_flag(p.r, true);
	expect_flag(p.w, false);
}

/* A writer waits for room, though its reader would not wait for data. */
PL_CASE(flag_of_the_reader_leaves_the_writer,
    .verifies = "io.nonblock.flag-of-one-end-does-not-touch-the-other",
    .kinds = PL_EVERY | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *writer;

	pl_nonblock(p.r, true);
	expect_flag(p.r, true);
	expect_flag(p.w, false);
	if (pl_kind_has(PL_PIPES))
		pl_fill(p.w, 4096);
	writer = pl_child(pl_kind_has(PL_PIPES) ? write_one : pl_write_when_full, &p.w, p.w);
	pl_expect_blocks(writer);
	expect_flag(p.w, false);
	pl_kill(writer, SIGKILL);
	pl_expect(pl_result(writer), killed_by(SIGKILL));
}

/* Two who opened the same name have a flag each. */
PL_CASE(flag_not_shared_by_separate_opens,
    .verifies = "io.nonblock.flag-not-shared-by-separate-fifo-opens")
{
	struct pl_pair p = pl_fifo_pair("fifo"), other = { .w = p.w };

	/* The reader of a FIFO pair does not wait. */
	other.r = pl_open("fifo", O_RDONLY);
	pl_expect(pl_status_flags(p.r, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_status_flags(other.r, O_NONBLOCK), is(0));
	expect_sleep(other);
	pl_nonblock(p.r, false);
	pl_nonblock(other.r, true);
	pl_expect(pl_status_flags(p.r, O_NONBLOCK), is(0));
	pl_expect(pl_status_flags(other.r, O_NONBLOCK), is(O_NONBLOCK));
	expect_sleep(p);
	other.w = pl_open("fifo", O_WRONLY | O_NONBLOCK);
	pl_expect(pl_status_flags(p.w, O_NONBLOCK), is(0));
	pl_expect(pl_status_flags(other.w, O_NONBLOCK), is(O_NONBLOCK));
}

/* Two doors to one flag: each shows and undoes what was done through the other. */
PL_CASE(
    fionbio_is_o_nonblock, .verifies = "io.nonblock.fionbio-equals-o-nonblock", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	const int ends[] = { p.r, p.w };
	int on = 1, off = 0, other = 2;

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_ioctl_int(ends[i], FIONBIO, &on), returns(0));
		expect_flag(ends[i], true);
		expect_flag(ends[1 - i], false);
		pl_expect(sys_ioctl_int(ends[i], FIONBIO, &off), returns(0));
		expect_flag(ends[i], false);
		/* Any value but 0 is on; F_SETFL clears it, and FIONBIO what F_SETFL set. */
		pl_expect(sys_ioctl_int(ends[i], FIONBIO, &other), returns(0));
		expect_flag(ends[i], true);
		pl_nonblock(ends[i], false);
		expect_flag(ends[i], false);
		pl_nonblock(ends[i], true);
		pl_expect(sys_ioctl_int(ends[i], FIONBIO, &off), returns(0));
		expect_flag(ends[i], false);
	}
}

/* Off again, a read of nothing sleeps. */
PL_CASE(fionbio_off_lets_a_read_sleep, .verifies = "io.nonblock.fionbio-equals-o-nonblock",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	int on = 1, off = 0;

	pl_expect(sys_ioctl_int(p.r, FIONBIO, &on), returns(0));
	pl_expect(sys_ioctl_int(p.r, FIONBIO, &off), returns(0));
	expect_sleep(p);
	pl_nonblock(p.r, true);
	pl_expect(sys_ioctl_int(p.r, FIONBIO, &off), returns(0));
	expect_sleep(p);
}
