/*
 * Urgent data: the byte itself, the mark it leaves in the stream, and what a read
 * makes of both.
 */

#include <sys/ioctl.h>

#include "plumbline.h"

/* Ordinary bytes; and bytes of which the last is urgent. */
static void
say(int fd, const char *text)
{
	pl_must(sys_send(fd, text, strlen(text), 0));
}

static void
urge(int fd, const char *text)
{
	pl_must(sys_send(fd, text, strlen(text), MSG_OOB));
}

/* Judge: poll tells of urgent data, at once or when it comes. */
static void
expect_announcement(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLPRI };

	pl_expect(sys_poll(&wait, 1, -1), returns(1));
}

/* Set-up: that is all, and it has arrived, for the end comes behind it. */
static void
finish(struct pl_pair p)
{

	pl_close(p.w);
	pl_await_events(p.r, POLLRDHUP);
}

/* Judge: the urgent byte is that one. */
static void
expect_urgent(int fd, char byte)
{
	char b[8] = "";

	pl_expect(sys_recv(fd, b, sizeof(b), MSG_OOB), returns(1));
	pl_expect_bytes(b, &byte, 1);
}

/* Judge: the next reads give these bytes, however they are cut, and then the end. */
static void
expect_rest(int fd, const char *text)
{
	size_t size = strlen(text), done = 0;
	char b[64];

	while (done < size) {
		long n = pl_expect(sys_read(fd, b + done, sizeof(b) - done),
		    returns_between(1, (long)(size - done)));

		if (n <= 0)
			return;
		done += (size_t)n;
	}
	pl_expect_bytes(b, text, size);
	pl_expect(sys_read(fd, b, sizeof(b)), returns(0));
}

PL_CASE(
    byte_received_with_msg_oob, .verifies = "tcp.oob.byte-received-with-msg-oob", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_send(p.w, "!", 1, MSG_OOB), returns(1));
	expect_announcement(p.r);
	expect_urgent(p.r, '!');
	pl_expect(sys_send(p.r, "?", 1, MSG_OOB), returns(1));
	expect_announcement(p.w);
	expect_urgent(p.w, '?');
}

/* It travels beside the stream, whether or not somebody asks for it. */
PL_CASE(byte_absent_from_normal_stream, .verifies = "tcp.oob.byte-absent-from-normal-stream",
    .kinds = PL_TCP)
{
	for (int asks = 0; asks < 2; asks++) {
		struct pl_pair p = pl_pair();

		say(p.w, "abc");
		urge(p.w, "X");
		say(p.w, "def");
		finish(p);
		if (asks)
			expect_urgent(p.r, 'X');
		pl_expect_text(p.r, "abc");
		pl_expect_text(p.r, "def");
		expect_rest(p.r, "");
	}
}

static struct pl_outcome
read_much(int fd, char *b, size_t size)
{
	return (sys_read(fd, b, size));
}

static struct pl_outcome
recv_much(int fd, char *b, size_t size)
{
	return (sys_recv(fd, b, size, 0));
}

static struct pl_outcome
readv_much(int fd, char *b, size_t size)
{
	const struct iovec v[2] = { { b, 4 }, { b + 4, size - 4 } };

	return (sys_readv(fd, v, 2));
}

static struct pl_outcome
recvmsg_much(int fd, char *b, size_t size)
{
	int got;

	return (sys_receive(fd, b, size, 0, &got));
}

/* Though all bytes are there, and room for them. */
PL_CASE(read_stops_at_mark, .verifies = "tcp.oob.read-stops-at-mark", .kinds = PL_TCP)
{
	static struct pl_outcome (*const ways[])(
	    int, char *, size_t) = { read_much, recv_much, readv_much, recvmsg_much };

	for (int i = 0; i < 4; i++) {
		struct pl_pair p = pl_pair();
		char b[32];

		say(p.w, "abcdef");
		urge(p.w, "X");
		say(p.w, "ghijk");
		finish(p);
		pl_expect(ways[i](p.r, b, sizeof(b)), returns(6));
		pl_expect_bytes(b, "abcdef", 6);
		pl_expect(ways[i](p.r, b, sizeof(b)), returns(5));
		pl_expect_bytes(b, "ghijk", 5);
	}
}

PL_CASE(waitall_stops_at_mark, .verifies = "tcp.oob.waitall-stops-at-mark", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	say(p.w, "abc");
	urge(p.w, "X");
	say(p.w, "defgh");
	finish(p);
	pl_expect(sys_recv(p.r, b, 6, MSG_WAITALL), returns(3));
	pl_expect_bytes(b, "abc", 3);
	expect_rest(p.r, "defgh");
}

/* Whatever else is there stays. */
PL_CASE(recv_without_urgent_data_einval, .verifies = "tcp.oob.recv-without-urgent-data-einval",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB), fails(EINVAL));
	say(p.w, "abc");
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB), fails(EINVAL));
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB | MSG_DONTWAIT), fails(EINVAL));
	pl_expect_text(p.r, "abc");
}

PL_CASE(second_recv_of_same_byte_einval, .verifies = "tcp.oob.second-recv-of-same-byte-einval",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];

	say(p.w, "ab");
	urge(p.w, "!");
	expect_announcement(p.r);
	expect_urgent(p.r, '!');
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB), fails(EINVAL));
	pl_expect_arrival(p.r);
	pl_expect_text(p.r, "ab");
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB), fails(EINVAL));
	/* The next one is another byte. */
	urge(p.w, "?");
	expect_announcement(p.r);
	say(p.w, "c");
	pl_expect_arrival(p.r);
	expect_urgent(p.r, '?');
}

PL_CASE(peek_leaves_byte, .verifies = "tcp.oob.peek-leaves-byte", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8] = "";

	urge(p.w, "!");
	expect_announcement(p.r);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB | MSG_PEEK), returns(1));
		pl_expect_bytes(b, "!", 1);
	}
	expect_urgent(p.r, '!');
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB | MSG_PEEK), fails(EINVAL));
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_OOB), fails(EINVAL));
}

/* Urgent is not the message but its end. */
PL_CASE(only_last_byte_is_urgent, .verifies = "tcp.oob.only-last-byte-is-urgent", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_send(p.w, "abc", 3, MSG_OOB), returns(3));
	say(p.w, "def");
	finish(p);
	expect_urgent(p.r, 'c');
	pl_expect_text(p.r, "ab");
	expect_rest(p.r, "def");
}

/* In the stream the byte is the first behind the mark. */
PL_CASE(inline_mark_precedes_byte, .verifies = "tcp.oob.inline-mark-precedes-byte", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_set_option(p.r, SOL_SOCKET, SO_OOBINLINE, 1);
	say(p.w, "ab");
	urge(p.w, "X");
	say(p.w, "cd");
	finish(p);
	pl_expect(sys_sockatmark(p.r), returns(0));
	pl_expect_text(p.r, "ab");
	pl_expect(sys_sockatmark(p.r), returns(1));
	pl_expect_text(p.r, "Xcd");
	pl_expect(sys_sockatmark(p.r), returns(0));
}

PL_CASE(inline_multiple_urgent_none_lost, .verifies = "tcp.oob.inline-multiple-urgent-none-lost",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_set_option(p.r, SOL_SOCKET, SO_OOBINLINE, 1);
	say(p.w, "a");
	urge(p.w, "1");
	say(p.w, "b");
	urge(p.w, "2");
	say(p.w, "c");
	finish(p);
	expect_rest(p.r, "a1b2c");
}

/* One byte can be urgent; what becomes of the one before it, nobody having taken it? */
PL_CASE(second_urgent_byte_replaces_unread_first,
    .verifies = "tcp.oob.second-urgent-byte-replaces-unread-first", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	say(p.w, "ab");
	urge(p.w, "1");
	say(p.w, "cd");
	urge(p.w, "2");
	finish(p);
	expect_urgent(p.r, '2');
	expect_rest(p.r, pl_asks(PL_FREEBSD) ? "abcd" : "ab1cd");
}

PL_CASE(recvmsg_reports_msg_oob_flag, .verifies = "tcp.oob.recvmsg-reports-msg-oob-flag",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[8];
	int got;

	say(p.w, "ab");
	urge(p.w, "!");
	expect_announcement(p.r);
	pl_expect(sys_receive(p.r, b, sizeof(b), MSG_OOB, &got), returns(1));
	pl_expect_bytes(b, "!", 1);
	pl_expect(pl_message_flags(got, MSG_OOB), is(MSG_OOB));
	pl_expect_arrival(p.r);
	pl_expect(sys_receive(p.r, b, sizeof(b), 0, &got), returns(2));
	pl_expect(pl_message_flags(got, MSG_OOB), is(0));
}

/* It is no byte that a read would get. */
PL_CASE(urgent_byte_alone_not_readable, .verifies = "tcp.oob.urgent-byte-alone-not-readable",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	int count = -1;

	urge(p.w, "!");
	expect_announcement(p.r);
	pl_expect(pl_poll_now(p.r, POLLIN), is(0));
	pl_expect(sys_ioctl_int(p.r, FIONREAD, &count), returns(0));
	pl_expect(pl_value(count, NULL, "FIONREAD"), is(0));
	pl_expect_nothing(p.r);
}

/* A read that finds nothing takes nothing. */
PL_CASE(failed_read_keeps_urgent_byte, .verifies = "tcp.oob.failed-read-keeps-urgent-byte",
    .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	urge(p.w, "!");
	expect_announcement(p.r);
	pl_expect_nothing(p.r);
	expect_urgent(p.r, '!');
}

/* Does it find room where ordinary data find none? */
PL_CASE(send_on_full_buffer, .verifies = "tcp.oob.send-on-full-buffer", .kinds = PL_TCP)
{
	enum { MANY = 100000 };
	struct pl_pair p = pl_narrow_pair(16384, 16384);
	struct pl_outcome o;
	int taken;

	pl_fill_pair(p, 4096);
	pl_expect(sys_send(p.w, "x", 1, MSG_DONTWAIT), on(PL_FREEBSD | PL_LINUX, fails(EAGAIN)));
	o = sys_send(p.w, "!", 1, MSG_OOB | MSG_DONTWAIT);
	pl_expect(o, on(PL_FREEBSD, returns(1)), on(PL_LINUX, fails(EAGAIN)));
	if (!pl_asks(PL_FREEBSD))
		return;
	/* A little may exceed the buffer, and no more. */
	for (taken = 0; taken < MANY && o.error == 0; taken++)
		o = sys_send(p.w, "!", 1, MSG_OOB | MSG_DONTWAIT);
	pl_expect(o, fails(EAGAIN));
}

/*
 * Urgent data are announced past a closed window; the byte itself has to wait.
 * The sender holds more in front of it than the receiver takes.
 */
PL_CASE(announced_before_byte_arrives, .verifies = "tcp.oob.announced-before-byte-arrives",
    .kinds = PL_TCP | PL_PLAIN)
{
	static char b[8192];
	struct pl_pair p = pl_narrow_pair(32768, 4096);
	size_t sent, done = 0;

	pl_catch(SIGURG, SA_RESTART);
	pl_must(sys_fcntl(p.r, F_SETOWN, getpid()));
	sent = pl_fill_pair(p, 4096);
	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 131072);
	urge(p.w, "!");
	pl_expect_signal(SIGURG);
	pl_expect(sys_recv(p.r, b, 1, MSG_OOB), fails(EAGAIN));
	while (done < sent) {
		size_t left = sent - done;
		long n = pl_expect(sys_read(p.r, b, sizeof(b)),
		    returns_between(1, (long)(left < sizeof(b) ? left : sizeof(b))));

		pl_expect_payload(b, (size_t)n, 0, done);
		done += (size_t)n;
	}
	/* What comes behind it shows that it is there. */
	say(p.w, "z");
	pl_expect_arrival(p.r);
	expect_urgent(p.r, '!');
	pl_expect_text(p.r, "z");
}
