/*
 * Descriptors that arrive where there is no room: for their numbers, or for them.
 */

#include <sys/resource.h>

#include "plumbline.h"

#define ONE CMSG_SPACE(sizeof(int))

/* The write end of a pipe and duplicates of it, to be sent. */
struct writers {
	int reader;
	int fd[3];
};

static struct writers
three_writers(void)
{
	struct writers w;
	int fd[2];

	pl_pipe(fd);
	w.reader = fd[0];
	w.fd[0] = fd[1];
	w.fd[1] = pl_dup(fd[1]);
	w.fd[2] = pl_dup(fd[1]);
	return (w);
}

/* Close what was sent and what arrived: nobody else has the write end then. */
static void
expect_no_other(struct writers w, const struct pl_received *got)
{
	char b[4];

	for (int i = 0; i < 3; i++)
		pl_close(w.fd[i]);
	for (int i = 0; i < got->count; i++)
		pl_close(got->fd[i]);
	pl_expect(sys_read(w.reader, b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

/* So many descriptors more than before, each of them named in the message. */
static void
expect_installed(int before, const struct pl_received *got)
{
	pl_expect(pl_value(pl_count_descriptors() - before, NULL, "descriptors more"),
	    on(PL_FREEBSD | PL_LINUX, is(got->count)));
}

/* Without any room the data comes alone, and the message tells that more was sent. */
PL_CASE(no_room_at_all, .verifies = "unix.rights.no-control-buffer-msg-ctrunc",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct writers w = three_writers();
	struct pl_received got;
	int before;

	pl_send_rights(p.w, w.fd, 3);
	before = pl_count_descriptors();
	pl_expect(sys_receive_control(p.r, &got, 8, 0, 0), returns(1));
	pl_expect_bytes(got.bytes, "x", 1);
	pl_expect(pl_message_flags(got.flags, MSG_CTRUNC), is(MSG_CTRUNC));
	if (pl_asks(PL_FREEBSD | PL_LINUX)) {
		expect_installed(before, &got);
		expect_no_other(w, &got);
	}
	pl_expect_nothing(p.r);
}

/* Room for one and its padding: those that fit, or none; what does not come is closed. */
PL_CASE(room_for_one_of_three, .verifies = "unix.rights.partial-control-buffer",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const int fit = (int)((ONE - CMSG_LEN(0)) / sizeof(int));
	struct pl_pair p = pl_pair();
	struct writers w = three_writers();
	struct pl_received got;
	struct stat sent, received;
	int before;

	pl_send_rights(p.w, w.fd, 3);
	before = pl_count_descriptors();
	pl_expect(sys_receive_control(p.r, &got, 8, ONE, 0), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect_bytes(got.bytes, "x", 1);
	pl_expect(
	    pl_message_flags(got.flags, MSG_CTRUNC), on(PL_FREEBSD | PL_LINUX, is(MSG_CTRUNC)));
	pl_expect(
	    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD, is(0)), on(PL_LINUX, is(fit)));
	expect_installed(before, &got);
	pl_must(sys_fstat(w.fd[0], &sent));
	for (int i = 0; i < got.count; i++) {
		pl_expect(sys_fstat(got.fd[i], &received), on(PL_LINUX, returns(0)));
		pl_expect_that(
		    sent.st_ino == received.st_ino, "the file that was sent", "another file");
	}
	expect_no_other(w, &got);
	pl_expect_nothing(p.r);

	/* The next message is whole again. */
	w = three_writers();
	pl_send_rights(p.w, w.fd, 3);
	pl_expect_rights(p.r, &got, 8, 0, 1, 3);
	expect_no_other(w, &got);
}

/* Room without the padding behind the last item; nothing is written beyond it. */
PL_CASE(room_without_padding, .verifies = "unix.rights.control-buffer-of-cmsg-len",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const size_t room = CMSG_LEN(sizeof(int));
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int fd[2], before;
	char b[4];

	if (room == ONE)
		pl_not_tested("items have no padding here");
	pl_pipe(fd);
	pl_send_rights(p.w, &fd[1], 1);
	before = pl_count_descriptors();
	pl_expect(
	    sys_receive_control(p.r, &got, 8, room, 0), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect(pl_message_flags(got.flags, MSG_CTRUNC), on(PL_FREEBSD, is(MSG_CTRUNC)),
	    on(PL_LINUX, is(0)));
	pl_expect(
	    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD, is(0)), on(PL_LINUX, is(1)));
	for (size_t i = room; i < ONE; i++)
		pl_expect_that(got.control.bytes[i] == 0, "nothing written beyond the buffer",
		    "byte %zu is 0x%02x", i, got.control.bytes[i]);
	expect_installed(before, &got);
	pl_close(fd[1]);
	for (int i = 0; i < got.count; i++)
		pl_close(got.fd[i]);
	pl_expect(sys_read(fd[0], b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
}

/* Numbers that cannot be told must not be in use. */
PL_CASE(control_data_cannot_be_stored, .verifies = "unix.rights.bad-control-address",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct writers w = three_writers();
	struct pl_received none = { .count = 0 };
	char b[8];
	struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = pl_guarded(0),
		.msg_controllen = 3 * ONE };
	struct pl_outcome o;
	int before;

	pl_send_rights(p.w, w.fd, 3);
	before = pl_count_descriptors();
	o = sys_recvmsg(p.r, &m, 0);
	pl_expect(o, on(PL_FREEBSD | PL_LINUX, fails(EFAULT)), on(PL_LINUX, returns(1)));
	if (o.error == 0)
		pl_expect(pl_message_flags(m.msg_flags, MSG_CTRUNC),
		    on(PL_FREEBSD | PL_LINUX, is(MSG_CTRUNC)));
	expect_installed(before, &none);
	expect_no_other(w, &none);
}

static struct pl_outcome
receive_with_one_number_free(void *unused)
{
	struct pl_pair p = pl_pair();
	struct writers w = three_writers();
	struct pl_received got;
	int before;

	(void)unused;
	pl_send_rights(p.w, w.fd, 3);
	before = pl_count_descriptors();
	pl_limit_descriptors(pl_lowest_free() + 1);
	pl_expect(sys_receive_control(p.r, &got, 8, 8 * ONE, 0), on(PL_LINUX, returns(1)),
	    on(PL_FREEBSD, fails(pl_freebsd_before(1500) ? EMSGSIZE : EMFILE)));
	pl_expect(
	    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD, is(0)), on(PL_LINUX, is(1)));
	expect_installed(before, &got);
	if (pl_asks(PL_LINUX)) {
		pl_expect_bytes(got.bytes, "x", 1);
		pl_expect(pl_message_flags(got.flags, MSG_CTRUNC), on(PL_LINUX, is(MSG_CTRUNC)));
	} else if (pl_freebsd_before(1500) || pl_kind_has(PL_STREAM)) {
		char b[8];

		pl_expect(sys_recv(p.r, b, sizeof(b), MSG_DONTWAIT), on(PL_FREEBSD, returns(1)));
		pl_expect_bytes(b, "x", 1);
	}
	expect_no_other(w, &got);
	pl_expect_nothing(p.r);
	return (pl_done());
}

/* A process that may have one descriptor more is sent three. */
PL_CASE(stream_receiver_has_one_number_free, .verifies = "unix.rights.receiver-table-full",
    .kinds = PL_UNIX | PL_PLAIN | PL_STREAM)
{
	pl_result(pl_child(receive_with_one_number_free, NULL, PL_KEEP_NONE));
}

/* The same with messages, which one system takes away together with what they bring. */
PL_CASE(message_receiver_has_one_number_free, .verifies = "unix.rights.receiver-table-full-message",
    .kinds = PL_UNIX | PL_PLAIN | PL_MESSAGES)
{
	pl_result(pl_child(receive_with_one_number_free, NULL, PL_KEEP_NONE));
}

/* May this process have that many more descriptors, and that many in flight beside others? */
static bool
may_have(unsigned count, unsigned in_flight)
{
	struct rlimit l;

	pl_must(pl_sys(getrlimit(RLIMIT_NOFILE, &l), "getrlimit(RLIMIT_NOFILE)"));
	if (l.rlim_cur < in_flight && !pl_os_may_exceed_limits())
		pl_not_tested("a limit of %ju descriptors leaves too few for others in flight",
		    (uintmax_t)l.rlim_cur);
	return (l.rlim_cur >= count + (unsigned)pl_count_descriptors());
}

/* As many as one message takes, and one beyond that; the latter holds and sends nothing. */
PL_CASE(one_message_takes_so_many, .verifies = "unix.rights.limit-per-message",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const int most = pl_asks(PL_FREEBSD) ? 254 : 253;
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int many[256], fd[2];
	bool all = may_have(256, 1000);
	char b[4];

	if (pl_asks(PL_FREEBSD) && sizeof(void *) != 8)
		pl_not_tested("the limit is known for 64-bit systems alone");
	pl_pipe(fd);
	for (int i = 0; i < 256; i++)
		many[i] = fd[1];
	for (int count = most + 1; count <= 256; count++)
		pl_expect(sys_send_rights(p.w, "x", 1, many, count, 0),
		    on(PL_FREEBSD, fails(pl_freebsd_before(1400) ? E2BIG : EMSGSIZE)),
		    on(PL_LINUX, fails(EINVAL)));
	pl_expect_nothing(p.r);
	pl_expect(
	    sys_send_rights(p.w, "x", 1, many, most, 0), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_close(fd[1]);
	if (all) {
		pl_expect_rights(p.r, &got, 8, 0, 1, most);
		for (int i = 0; i < got.count; i++)
			pl_expect(sys_fcntl(got.fd[i], F_GETFD, 0),
			    on(PL_FREEBSD | PL_LINUX, returns(0)));
		for (int i = 0; i < got.count; i++)
			pl_close(got.fd[i]);
	} else {
		pl_note("there is no room to receive them");
		pl_close(p.r);
	}
	pl_expect(sys_read(fd[0], b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
}
