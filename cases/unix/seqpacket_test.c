/*
 * Sequenced-packet sockets of the UNIX domain: records on a connection.
 */

#include "plumbline.h"

#define UNIX_SEQPACKETS (PL_MESSAGES | PL_CONNECTIONS | PL_UNIX)

/*
 * FreeBSD keeps records by their marks since 15; before, and on Linux, each send
 * is a record of its own.
 */
static bool
marks_make_records(void)
{
	return (pl_asks(PL_FREEBSD) && !pl_freebsd_before(1500));
}

/* Two writes are two records, or the beginning of one. */
PL_CASE(
    sends_without_msg_eor, .verifies = "unix.seqpacket.sends-without-eor", .kinds = UNIX_SEQPACKETS)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	pl_write(p.w, "de", 2);
	if (marks_make_records())
		pl_expect_text(p.r, "abcde");
	else {
		pl_expect_text(p.r, "abc");
		pl_expect_text(p.r, "de");
	}
	pl_expect_nothing(p.r);
}

/* The rest of a record is for the next receive, or gone and said to be. */
PL_CASE(short_receive_of_a_record, .verifies = "unix.seqpacket.short-receive-of-record",
    .kinds = UNIX_SEQPACKETS)
{
	enum { MASK = MSG_EOR | MSG_TRUNC };
	bool kept = marks_make_records();
	struct pl_pair p = pl_pair();
	char b[16];
	int got;

	pl_must(sys_send(p.w, "abcdefgh", 8, MSG_EOR));
	pl_must(sys_send(p.w, "xyz", 3, MSG_EOR));
	pl_expect(sys_receive(p.r, b, 3, 0, &got), on(PL_FREEBSD | PL_LINUX, returns(3)));
	pl_expect_bytes(b, "abc", 3);
	pl_expect(pl_message_flags(got, kept ? MASK : MSG_TRUNC),
	    on(PL_FREEBSD | PL_LINUX, is(kept ? 0 : MSG_TRUNC)));
	if (kept) {
		pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), on(PL_FREEBSD, returns(5)));
		pl_expect_bytes(b, "defgh", 5);
		pl_expect(pl_message_flags(got, MASK), on(PL_FREEBSD, is(MSG_EOR)));
	}
	pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), on(PL_FREEBSD | PL_LINUX, returns(3)));
	pl_expect_bytes(b, "xyz", 3);
	pl_expect(pl_message_flags(got, MSG_TRUNC), on(PL_FREEBSD | PL_LINUX, is(0)));
	pl_expect_nothing(p.r);
}

/* The mark travels with the record, and only with one that has it. */
PL_CASE(recvmsg_reports_msg_eor, .verifies = "unix.seqpacket.recvmsg-reports-eor",
    .kinds = UNIX_SEQPACKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	pl_must(sys_send(p.w, "abc", 3, MSG_EOR));
	pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), returns(3));
	pl_expect(pl_message_flags(got, MSG_EOR), is(MSG_EOR));
	pl_must(sys_send(p.w, "de", 2, 0));
	pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), returns(2));
	/* Where each send is a record, its end is an end of record too. */
	if (!pl_asks(PL_LINUX))
		pl_expect(pl_message_flags(got, MSG_EOR), is(0));
}

/* No receive goes beyond a mark. */
PL_CASE(record_of_several_sends, .verifies = "unix.seqpacket.record-built-from-several-sends",
    .kinds = UNIX_SEQPACKETS)
{
	bool marks = marks_make_records();
	struct pl_pair p = pl_pair();
	char b[16];
	long n;

	pl_must(sys_send(p.w, "ab", 2, 0));
	pl_must(sys_send(p.w, "cd", 2, MSG_EOR));
	pl_must(sys_send(p.w, "ef", 2, MSG_EOR));
	n = pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), on(PL_POSIX, returns(2)),
	    on(PL_POSIX, returns(4)), on(PL_FREEBSD | PL_LINUX, returns(marks ? 4 : 2)));
	pl_expect_bytes(b, "abcd", n > 0 ? (size_t)n : 0);
	if (n == 2)
		pl_expect_text(p.r, "cd");
	pl_expect_text(p.r, "ef");
	pl_expect_nothing(p.r);
}

/* A record of no bytes, or no record; never the end. */
PL_CASE(
    zero_length_record, .verifies = "unix.seqpacket.zero-length-record", .kinds = UNIX_SEQPACKETS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_send(p.w, "", 0, MSG_EOR), on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_expect(sys_send(p.w, "x", 1, MSG_EOR), on(PL_FREEBSD | PL_LINUX, returns(1)));
	if (!marks_make_records())
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT),
		    on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_expect_text(p.r, "x");
	pl_expect_nothing(p.r);
	pl_expect(sys_send(p.w, "y", 1, MSG_EOR), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect_text(p.r, "y");
}

/* Refused as a whole, or continued by the next send; never cut in silence. */
PL_CASE(record_larger_than_the_buffer, .verifies = "unix.seqpacket.record-larger-than-buffer",
    .kinds = UNIX_SEQPACKETS)
{
	enum { SIZE = 1 << 20 };
	static char b[SIZE];
	struct pl_pair p = pl_pair();
	long n, total = 0, left;

	pl_payload(b, SIZE, 0, 0);
	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 4096);
	pl_nonblock(p.w, true);
	if (!marks_make_records()) {
		pl_expect(
		    sys_send(p.w, b, SIZE, MSG_EOR), on(PL_FREEBSD | PL_LINUX, fails(EMSGSIZE)));
		pl_expect_nothing(p.r);
		pl_expect(
		    sys_send(p.w, b, 1000, MSG_EOR), on(PL_FREEBSD | PL_LINUX, returns(1000)));
		pl_expect(
		    sys_recv(p.r, b, SIZE, MSG_DONTWAIT), on(PL_FREEBSD | PL_LINUX, returns(1000)));
		pl_expect_payload(b, 1000, 0, 0);
		return;
	}
	left = pl_expect(
	    sys_send(p.w, b, SIZE, MSG_EOR), on(PL_FREEBSD, returns_between(1, SIZE - 1)));
	for (; left > 0; left -= n, total += n) {
		n = pl_expect(sys_recv(p.r, b, (size_t)left, MSG_DONTWAIT),
		    on(PL_FREEBSD, returns_between(1, left)));
		pl_expect_payload(b, (size_t)n, 0, (uint64_t)total);
	}
	pl_expect_nothing(p.r);
}

/* Fifty that differ in length and contents. */
PL_CASE(record_order_is_preserved, .verifies = "unix.seqpacket.record-order-preserved",
    .kinds = UNIX_SEQPACKETS)
{
	enum { COUNT = 50 };
	struct pl_pair p = pl_pair();
	char b[256];

	for (unsigned i = 0; i < COUNT; i++) {
		size_t size = 8 + i * 7 % 97;

		pl_payload(b, size, i, 0);
		pl_must(sys_send(p.w, b, size, MSG_EOR | MSG_DONTWAIT));
	}
	for (unsigned i = 0; i < COUNT; i++) {
		size_t size = 8 + i * 7 % 97;

		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), returns((long)size));
		pl_expect_payload(b, size, i, 0);
	}
	pl_expect_nothing(p.r);
}

/* The connection is gone for every further send. */
PL_CASE(send_to_a_closed_peer, .verifies = "unix.seqpacket.send-to-closed-peer",
    .kinds = UNIX_SEQPACKETS)
{
	struct pl_pair p = pl_pair();

	pl_close(p.r);
	for (int i = 0; i < 3; i++)
		pl_expect(sys_send(p.w, "x", 1, MSG_EOR | MSG_NOSIGNAL), fails(EPIPE));
}

/* ... and by signal, as on a stream. */
PL_CASE(send_to_a_closed_peer_raises_sigpipe,
    .verifies = "unix.seqpacket.send-to-closed-peer-raises-sigpipe",
    .kinds = UNIX_SEQPACKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();

	pl_close(p.r);
	for (int i = 0; i < 2; i++)
		pl_expect(sys_send(p.w, "x", 1, MSG_EOR), fails_with_sigpipe(EPIPE));
}

/* The caller's own word binds it; what it said before is delivered. */
PL_CASE(send_after_own_shutdown, .verifies = "unix.seqpacket.send-after-own-shutdown",
    .kinds = UNIX_SEQPACKETS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_send(p.w, "ab", 2, MSG_EOR));
	pl_must(sys_shutdown(p.w, SHUT_WR));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_send(p.w, "x", 1, MSG_EOR | MSG_NOSIGNAL), fails(EPIPE));
	pl_expect_text(p.r, "ab");
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
}

/* ... and by signal. */
PL_CASE(send_after_own_shutdown_raises_sigpipe,
    .verifies = "unix.seqpacket.send-after-own-shutdown-raises-sigpipe",
    .kinds = UNIX_SEQPACKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();

	pl_must(sys_shutdown(p.w, SHUT_WR));
	pl_expect(sys_send(p.w, "x", 1, MSG_EOR), fails_with_sigpipe(EPIPE));
}

/* Only connect connects; without it there is no signal either. */
PL_CASE(sendto_does_not_connect, .verifies = "unix.seqpacket.no-implied-connect",
    .kinds = UNIX_SEQPACKETS)
{
	struct pl_address listening;
	int listener = pl_listening(1, &listening), fd = pl_unconnected(), accepted;

	pl_expect(sys_send(fd, "abc", 3, MSG_EOR), fails(ENOTCONN));
	pl_expect(sys_sendto(fd, "abc", 3, MSG_EOR, &listening), fails(ENOTCONN));
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_connect(fd, &listening);
	accepted = pl_accept(listener);
	pl_expect_nothing(accepted);
}

/* An address beside a connection: nobody but the peer gets the record. */
PL_CASE(sendto_with_address_when_connected,
    .verifies = "unix.seqpacket.sendto-address-ignored-when-connected", .kinds = UNIX_SEQPACKETS)
{
	struct pl_address listening, missing = pl_unix_address("missing");
	const struct pl_address *const addresses[] = { &listening, &missing };
	struct pl_pair p = pl_pair();
	int listener = pl_listening(1, &listening);

	for (int i = 0; i < 2; i++) {
		long n = pl_expect(sys_sendto(p.w, "abc", 3, MSG_EOR, addresses[i]), returns(3),
		    on(PL_LINUX | PL_POSIX, fails(EISCONN)));

		if (n == 3)
			pl_expect_text(p.r, "abc");
		pl_expect_nothing(p.r);
	}
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_expect(sys_send(p.w, "def", 3, MSG_EOR), returns(3));
	pl_expect_text(p.r, "def");
}

/* One direction ends after its records; the other goes on. */
PL_CASE(shutdown_of_the_peers_writing, .verifies = "unix.seqpacket.peer-shut-write-eof",
    .kinds = UNIX_SEQPACKETS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_must(sys_send(p.w, "ab", 2, MSG_EOR));
	pl_must(sys_shutdown(p.w, SHUT_WR));
	pl_expect_text(p.r, "ab");
	for (int i = 0; i < 2; i++)
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
	pl_expect(sys_send(p.r, "back", 4, MSG_EOR), returns(4));
	pl_expect_text(p.w, "back");
	pl_expect_nothing(p.w);
}
