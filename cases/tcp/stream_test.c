/*
 * TCP as a stream of bytes: no boundaries, two independent directions,
 * and what flags that make sense for messages do to it.
 */

#include "plumbline.h"

#include "sequence/names.h"

/* One read crosses the boundaries between writes. */
PL_CASE(writes_coalesce_into_one_read, .verifies = "tcp.stream.writes-coalesce-into-one-read",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "ab", 2);
	pl_write(p.w, "cde", 3);
	pl_write(p.w, "f", 1);
	pl_expect_queued(p.r, 6);
	pl_nonblock(p.r, true);
	pl_expect_text(p.r, "abcdef");
	pl_expect_nothing(p.r);
}

/* Reads that are shorter than a write find its rest. */
PL_CASE(one_write_split_over_reads, .verifies = "tcp.stream.one-write-split-over-reads",
    .kinds = PL_TCP)
{
	static const struct {
		size_t size;
		long gives;
	} reads[] = { { 2, 2 }, { 3, 3 }, { 16, 1 } };
	struct pl_pair p = pl_pair();
	char b[16];
	size_t total = 0;

	pl_write(p.w, "abcdef", 6);
	pl_expect_queued(p.r, 6);
	pl_nonblock(p.r, true);
	for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		pl_expect(sys_read(p.r, b, reads[i].size), returns(reads[i].gives));
		pl_expect_bytes(b, &"abcdef"[total], (size_t)reads[i].gives);
		total += (size_t)reads[i].gives;
	}
	pl_expect_nothing(p.r);
}

PL_CASE(full_duplex_directions_independent,
    .verifies = "tcp.stream.full-duplex-directions-independent", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_write(p.w, "req", 3), returns(3));
	pl_expect(sys_write(p.r, "resp", 4), returns(4));
	pl_expect_queued(p.r, 3);
	pl_expect_queued(p.w, 4);
	pl_expect_text(p.r, "req");
	pl_expect_text(p.w, "resp");
	/* Nothing came with it: what is sent now comes next. */
	pl_write(p.w, "x", 1);
	pl_write(p.r, "y", 1);
	pl_expect_arriving(p.r, "x");
	pl_expect_arriving(p.w, "y");
}

/* With one direction full the other is as free as before. */
PL_CASE(full_direction_leaves_other_free,
    .verifies = "tcp.stream.full-duplex-directions-independent", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_fill(p.w, 65536);
	pl_expect(sys_send(p.r, "resp", 4, MSG_DONTWAIT), returns(4));
	pl_expect_arriving(p.w, "resp");
}

PL_CASE(read_returns_what_is_available, .verifies = "tcp.stream.read-returns-what-is-available",
    .kinds = PL_TCP)
{
	static char b[1000];
	struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
	struct pl_pair p = pl_pair();
	int flags;

	for (int i = 0; i < 4; i++) {
		memset(b, 0, sizeof(b));
		pl_write(p.w, "hello", 5);
		pl_expect_queued(p.r, 5);
		if (i == 0)
			pl_expect(sys_read(p.r, b, sizeof(b)), returns(5));
		else if (i == 1)
			pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(5));
		else if (i == 2)
			pl_expect(sys_receive(p.r, b, sizeof(b), 0, &flags), returns(5));
		else
			pl_expect(sys_readv(p.r, &v, 1), returns(5));
		pl_expect_bytes(b, "hello", 6);
	}
}

/* A stream has no records to end. */
PL_CASE(msg_eor_on_send, .verifies = "tcp.stream.msg-eor-on-send", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	const char *text = pl_asks(PL_LINUX) ? "xyz" : "yz";
	int flags;
	char b[8];

	pl_expect(sys_send(p.w, "x", 1, MSG_EOR), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(1)));
	pl_write(p.w, "yz", 2);
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_receive(p.r, b, sizeof(b), MSG_WAITALL, &flags), returns((long)strlen(text)));
	pl_expect_bytes(b, text, strlen(text));
	pl_expect(pl_message_flags(flags, MSG_EOR), is(0));
}

/* For messages it asks for the true length; here one system has another use for it. */
PL_CASE(msg_trunc_on_recv, .verifies = "tcp.stream.msg-trunc-on-recv", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[2] = "--";

	pl_write(p.w, "abcd", 4);
	pl_expect_queued(p.r, 4);
	pl_nonblock(p.r, true);
	pl_expect(sys_recv(p.r, b, 2, MSG_TRUNC), returns(2));
	pl_expect_bytes(b, pl_asks(PL_LINUX) ? "--" : "ab", 2);
	pl_expect_text(p.r, "cd");
}

PL_CASE(recvmsg_short_buffer_no_msg_trunc,
    .verifies = "tcp.stream.recvmsg-short-buffer-no-msg-trunc", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[2];
	int flags;

	pl_write(p.w, "abcd", 4);
	pl_expect_queued(p.r, 4);
	pl_nonblock(p.r, true);
	pl_expect(sys_receive(p.r, b, sizeof(b), 0, &flags), returns(2));
	pl_expect(pl_message_flags(flags, MSG_TRUNC | MSG_CTRUNC), is(0));
	pl_expect_bytes(b, "ab", 2);
	pl_expect_text(p.r, "cd");
	pl_expect_nothing(p.r);
}

/* A descriptor does not travel that way, and no reference to it stays behind. */
PL_CASE(
    ancillary_data_on_sendmsg, .verifies = "tcp.stream.ancillary-data-on-sendmsg", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	const char *text = pl_asks(PL_LINUX) ? "xyz" : "yz";
	struct pl_received got;
	int passed[2];

	pl_pipe(passed);
	pl_expect(sys_send_rights(p.w, "x", 1, passed, 1, 0), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(1)));
	pl_write(p.w, "yz", 2);
	pl_shutdown(p.w, SHUT_WR);
	pl_expect(sys_receive_control(p.r, &got, 8, PL_CONTROL_SIZE, MSG_WAITALL),
	    returns((long)strlen(text)));
	pl_expect_bytes(got.bytes, text, strlen(text));
	pl_expect(pl_value(got.items, NULL, "items of control data"), is(0));
	pl_close(passed[0]);
	pl_expect(sys_write(passed[1], "x", 1), fails_with_sigpipe(EPIPE));
}
