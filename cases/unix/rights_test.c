/*
 * Descriptors passed with SCM_RIGHTS: what arrives, and with which bytes.
 */

#include "plumbline.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))
#define ONE CMSG_SPACE(sizeof(int))

/* The two numbers stand for one object. */
static void
expect_same_file(int one, int other)
{
	struct stat a, b;

	pl_expect(sys_fstat(one, &a), returns(0));
	pl_expect(sys_fstat(other, &b), returns(0));
	pl_expect_that(a.st_dev == b.st_dev && a.st_ino == b.st_ino, "the file that was sent",
	    "file %ju of device %ju, not %ju of %ju", (uintmax_t)b.st_ino, (uintmax_t)b.st_dev,
	    (uintmax_t)a.st_ino, (uintmax_t)a.st_dev);
}

/* What is written to w is read from r, and after w's end there is nothing more. */
static void
expect_pipe_until_closed(int w, int r)
{
	char b[4];

	pl_expect(sys_write(w, "abc", 3), returns(3));
	pl_expect_text(r, "abc");
	pl_close(w);
	pl_expect(sys_read(r, b, sizeof(b)), returns(0));
}

/* A file with that content, open for flags. */
static int
file(const char *content, int flags)
{
	int fd = pl_open("passed", O_RDWR | O_CREAT | O_TRUNC, 0600);

	pl_write(fd, content, strlen(content));
	pl_close(fd);
	return (pl_open("passed", flags));
}

/* It has a number of its own, and outlives the one that was sent. */
PL_CASE(received_descriptor_is_the_same_file,
    .verifies = "unix.rights.received-descriptor-is-same-file", .kinds = PL_UNIX)
{
	struct pl_pair p = pl_pair();
	int fd = file("content", O_RDONLY), received;

	pl_send_rights(p.w, &fd, 1);
	received = pl_expect_right(p.r);
	pl_expect_that(received != fd && received > STDERR_FILENO, "a number that was free",
	    "%d, where %d was sent", received, fd);
	expect_same_file(fd, received);
	pl_close(fd);
	pl_expect_text(received, "content");
}

static struct pl_outcome
write_to_what_arrives(void *socket)
{
	int fd = pl_expect_right(*(int *)socket);

	pl_expect(sys_write(fd, "abc", 3), returns(3));
	return (pl_done());
}

/* The child inherits the socket alone, and what it was given ends with it. */
PL_CASE(other_process_uses_what_it_was_passed, .verifies = "unix.rights.pass-to-other-process",
    .kinds = PL_UNIX)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *child = pl_child(write_to_what_arrives, &p.r, p.r);
	int fd[2];
	char b[8];

	pl_pipe(fd);
	pl_send_rights(p.w, &fd[1], 1);
	pl_close(fd[1]);
	pl_expect_text(fd[0], "abc");
	pl_expect(sys_read(fd[0], b, sizeof(b)), returns(0));
	pl_result(child);
}

/* In both directions, and a second time. */
PL_CASE(each_type_passes_descriptors, .verifies = "unix.rights.work-on-all-three-types",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int ends[][2] = { { p.w, p.r }, { p.r, p.w }, { p.w, p.r } };

	for (int i = 0; i < COUNT(ends); i++) {
		int fd[2], received;

		pl_pipe(fd);
		pl_expect(sys_send_rights(ends[i][0], "x", 1, &fd[1], 1, 0), returns(1));
		pl_close(fd[1]);
		received = pl_expect_right(ends[i][1]);
		expect_pipe_until_closed(received, fd[0]);
	}
	pl_expect_nothing(p.r);
	pl_expect_nothing(p.w);
}

/* As after dup(): one open file description behind both numbers. */
PL_CASE(offset_and_status_flags_are_shared, .verifies = "unix.rights.share-offset-and-status-flags",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int fd = file("0123456789", O_RDWR), received;
	char b[2];

	pl_must(sys_lseek(fd, 3, SEEK_SET));
	pl_send_rights(p.w, &fd, 1);
	/* Moved while it is on its way. */
	pl_must(sys_lseek(fd, 2, SEEK_CUR));
	received = pl_expect_right(p.r);
	pl_expect(sys_lseek(received, 0, SEEK_CUR), returns(5));
	pl_expect(sys_read(received, b, 2), returns(2));
	pl_expect_bytes(b, "56", 2);
	pl_expect(sys_lseek(fd, 0, SEEK_CUR), returns(7));
	pl_must(sys_lseek(fd, 1, SEEK_SET));
	pl_expect(sys_lseek(received, 0, SEEK_CUR), returns(1));

	pl_expect(pl_status_flags(received, O_ACCMODE | O_APPEND | O_NONBLOCK), is(O_RDWR));
	pl_must(sys_fcntl(fd, F_SETFL, O_APPEND));
	pl_expect(pl_status_flags(received, O_APPEND | O_NONBLOCK), is(O_APPEND));
	pl_must(sys_fcntl(received, F_SETFL, O_NONBLOCK));
	pl_expect(pl_status_flags(fd, O_APPEND | O_NONBLOCK), is(O_NONBLOCK));
}

/* Neither more nor less may be done with it than with the one that was sent. */
PL_CASE(access_mode_is_preserved, .verifies = "unix.rights.access-mode-preserved",
    .kinds = PL_UNIX | PL_PLAIN)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < COUNT(modes); i++) {
		int fd = file("content", modes[i]), received;
		char b[1];

		pl_send_rights(p.w, &fd, 1);
		received = pl_expect_right(p.r);
		pl_expect(pl_status_flags(received, O_ACCMODE), is(modes[i]));
		pl_expect(
		    sys_read(received, b, 1), modes[i] == O_WRONLY ? fails(EBADF) : returns(1));
		pl_expect(
		    sys_write(received, "y", 1), modes[i] == O_RDONLY ? fails(EBADF) : returns(1));
	}
}

/* Three different files, and one of them twice. */
PL_CASE(array_arrives_in_order, .verifies = "unix.rights.many-in-one-message-in-order",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair(), pipe[2];
	struct pl_received got;
	int sent[4];

	for (int i = 0; i < 2; i++) {
		int fd[2];

		pl_pipe(fd);
		pipe[i] = (struct pl_pair){ .r = fd[0], .w = fd[1] };
	}
	sent[0] = pipe[1].w;
	sent[1] = file("content", O_RDONLY);
	sent[2] = pipe[0].w;
	sent[3] = sent[1];
	pl_send_rights(p.w, sent, 4);
	pl_expect_rights(p.r, &got, 8, 0, 1, 4);
	for (int i = 0; i < 4; i++) {
		expect_same_file(sent[i], got.fd[i]);
		for (int k = 0; k < i; k++)
			pl_expect_that(got.fd[k] != got.fd[i], "a number for each of them",
			    "number %d twice", got.fd[i]);
	}
	pl_close(pipe[0].w);
	pl_close(pipe[1].w);
	expect_pipe_until_closed(got.fd[2], pipe[0].r);
	expect_pipe_until_closed(got.fd[0], pipe[1].r);
}

/* Each descriptor comes with the bytes it was sent with, however large the buffer. */
PL_CASE(messages_with_descriptors_are_not_merged,
    .verifies = "unix.rights.consecutive-messages-not-merged", .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int fd[2];

	pl_pipe(fd);
	pl_must(sys_send_rights(p.w, "ab", 2, &fd[0], 1, 0));
	pl_must(sys_send_rights(p.w, "cde", 3, &fd[1], 1, 0));
	pl_expect_rights(p.r, &got, 20, 0, 2, 1);
	pl_expect_bytes(got.bytes, "ab", 2);
	expect_same_file(fd[0], got.fd[0]);
	pl_expect(pl_status_flags(got.fd[0], O_ACCMODE), is(O_RDONLY));
	pl_expect_rights(p.r, &got, 20, 0, 3, 1);
	pl_expect_bytes(got.bytes, "cde", 3);
	pl_expect(pl_status_flags(got.fd[0], O_ACCMODE), is(O_WRONLY));
	pl_expect_nothing(p.r);
}

/* A descriptor between plain bytes: which of them come along differs. */
PL_CASE(descriptor_is_a_barrier_in_a_stream, .verifies = "unix.rights.barrier-in-stream",
    .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;
	long first;
	int fd[2];

	pl_pipe(fd);
	pl_write(p.w, "abcd", 4);
	pl_must(sys_send_rights(p.w, "e", 1, &fd[1], 1, 0));
	pl_write(p.w, "fghi", 4);
	first = pl_expect(sys_receive_control(p.r, &got, 20, 8 * ONE, 0),
	    on(PL_FREEBSD, returns(4)), on(PL_LINUX, returns(5)));
	pl_expect(
	    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD, is(0)), on(PL_LINUX, is(1)));
	pl_expect_bytes(got.bytes, "abcde", (size_t)first);
	pl_expect(sys_receive_control(p.r, &got, 20, 8 * ONE, 0), on(PL_FREEBSD, returns(5)),
	    on(PL_LINUX, returns(4)));
	pl_expect(
	    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD, is(1)), on(PL_LINUX, is(0)));
	pl_expect_bytes(got.bytes, &"abcdefghi"[first], 9 - (size_t)first);
	pl_expect_nothing(p.r);
}

/* The rest of a message that is taken in parts has no descriptor any more. */
PL_CASE(descriptor_comes_with_first_part, .verifies = "unix.rights.delivered-with-first-byte-only",
    .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int fd[2], received, before;

	pl_pipe(fd);
	pl_must(sys_send_rights(p.w, "abcdef", 6, &fd[1], 1, 0));
	pl_close(fd[1]);
	pl_expect_rights(p.r, &got, 1, 0, 1, 1);
	pl_expect_bytes(got.bytes, "a", 1);
	received = got.fd[0];
	before = pl_count_descriptors();
	pl_expect_rights(p.r, &got, 3, 0, 3, 0);
	pl_expect_bytes(got.bytes, "bcd", 3);
	pl_expect_rights(p.r, &got, 8, 0, 2, 0);
	pl_expect_bytes(got.bytes, "ef", 2);
	pl_expect(pl_value(pl_count_descriptors() - before, NULL, "descriptors more"), is(0));
	expect_pipe_until_closed(received, fd[0]);
}

/* The flag belongs to the number, not to the file. */
PL_CASE(close_on_exec_is_not_passed, .verifies = "unix.rights.close-on-exec-flag-not-passed",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int fd = file("content", O_RDONLY | O_CLOEXEC), received;

	pl_send_rights(p.w, &fd, 1);
	received = pl_expect_right(p.r);
	pl_expect(pl_descriptor_flags(received), is(0));
	pl_expect(pl_descriptor_flags(fd), is(FD_CLOEXEC));
}

/* For all of this message, for none of the next, and never for the sender's. */
PL_CASE(msg_cmsg_cloexec_is_for_all_of_one_message, .verifies = "unix.rights.msg-cmsg-cloexec",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int fd[2], sent[3];

	pl_pipe(fd);
	sent[0] = fd[0];
	sent[1] = fd[1];
	sent[2] = fd[0];
	pl_send_rights(p.w, sent, 3);
	pl_expect_rights(p.r, &got, 8, MSG_CMSG_CLOEXEC, 1, 3);
	for (int i = 0; i < got.count; i++)
		pl_expect(pl_descriptor_flags(got.fd[i]), is(FD_CLOEXEC));
	for (int i = 0; i < 2; i++)
		pl_expect(pl_descriptor_flags(fd[i]), is(0));
	pl_send_rights(p.w, sent, 3);
	pl_expect_rights(p.r, &got, 8, 0, 1, 3);
	for (int i = 0; i < got.count; i++)
		pl_expect(pl_descriptor_flags(got.fd[i]), is(0));
}

static struct pl_outcome
expect_absent(void *fd)
{
	pl_expect(sys_fcntl(*(int *)fd, F_GETFD, 0), fails(EBADF));
	return (pl_done());
}

static struct pl_outcome
expect_present(void *fd)
{
	pl_expect(pl_descriptor_flags(*(int *)fd), is(0));
	return (pl_done());
}

/* A child that is forked later does not have it; without the flag it does. */
PL_CASE(msg_cmsg_clofork_closes_in_a_child, .verifies = "unix.rights.msg-cmsg-clofork",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int fd[2], received;

	if (pl_os.msg_cmsg_clofork == PL_ABSENT && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("MSG_CMSG_CLOFORK came with FreeBSD 15.0");
	if (pl_os.msg_cmsg_clofork == PL_ABSENT)
		pl_not_tested("this system has no MSG_CMSG_CLOFORK");
	pl_pipe(fd);
	pl_send_rights(p.w, &fd[1], 1);
	pl_send_rights(p.w, &fd[1], 1);
	pl_expect_rights(p.r, &got, 8, pl_os.msg_cmsg_clofork, 1, 1);
	received = got.fd[0];
	pl_expect(pl_descriptor_flags(received), is(pl_os.fd_clofork));
	pl_result(pl_child(expect_absent, &received, received));
	pl_expect(sys_write(received, "x", 1), returns(1));
	received = pl_expect_right(p.r);
	pl_result(pl_child(expect_present, &received, received));
}

/* Zero bytes and a descriptor, which is no end of file. */
PL_CASE(stream_without_data, .verifies = "unix.rights.without-data-on-stream",
    .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int fd[2];
	char b[4];

	pl_pipe(fd);
	pl_expect(sys_send_rights(p.w, "", 0, &fd[1], 1, 0), on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_close(fd[1]);
	pl_expect(sys_receive_control(p.r, &got, 8, 8 * ONE, MSG_DONTWAIT),
	    on(PL_FREEBSD, returns(0)), on(PL_LINUX, fails(EAGAIN)));
	pl_expect(
	    pl_value(got.count, NULL, "descriptors"), on(PL_FREEBSD, is(1)), on(PL_LINUX, is(0)));
	for (int i = 0; i < got.count; i++)
		pl_close(got.fd[i]);
	pl_expect(sys_read(fd[0], b, sizeof(b)), on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_write(p.w, "abc", 3);
	pl_expect_text(p.r, "abc");
}

/* An empty datagram is a message like any other. */
PL_CASE(datagram_without_data, .verifies = "unix.rights.without-data-on-dgram",
    .kinds = PL_UNIX | PL_DATAGRAMS)
{
	struct pl_pair p = pl_pair();
	struct pl_received got;
	int fd[2];

	pl_pipe(fd);
	pl_expect(sys_send_rights(p.w, "", 0, &fd[1], 1, 0), returns(0));
	pl_close(fd[1]);
	pl_expect_rights(p.r, &got, 8, MSG_DONTWAIT, 0, 1);
	expect_pipe_until_closed(got.fd[0], fd[0]);
	pl_expect_nothing(p.r);
}

/* The name is of this one message; the descriptor goes where it goes. */
PL_CASE(named_destination_gets_the_descriptor, .verifies = "unix.rights.with-destination-address",
    .kinds = PL_UNIX | PL_DATAGRAMS | PL_NAMED)
{
	struct pl_address name, other_name;
	int receiver = pl_bound(&name), other = pl_bound(&other_name), sender = pl_unconnected();
	struct pl_control c = { 0 };
	int fd[2], received;

	pl_pipe(fd);
	pl_control_add_rights(&c, &fd[1], 1);
	pl_expect(sys_send_control(sender, "x", 1, &c, 0, &name), returns(1));
	pl_close(fd[1]);
	pl_expect_nothing(other);
	received = pl_expect_right(receiver);
	expect_pipe_until_closed(received, fd[0]);
}

/* A look makes a duplicate on one system and nothing on the other; it takes nothing away. */
PL_CASE(peek_leaves_the_descriptor, .verifies = "unix.rights.msg-peek", .kinds = PL_UNIX | PL_PLAIN)
{
	_Alignas(struct cmsghdr) char control[8 * ONE];
	struct pl_pair p = pl_pair();
	char b[8];
	struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int fd[2], before, lowest, received;

	pl_pipe(fd);
	pl_send_rights(p.w, &fd[1], 1);
	before = pl_count_descriptors();
	lowest = pl_lowest_free();
	pl_expect(sys_recvmsg(p.r, &m, MSG_PEEK), on(PL_FREEBSD | PL_LINUX, returns(1)));
	pl_expect(pl_value(pl_count_descriptors() - before, NULL, "descriptors more after a look"),
	    on(PL_FREEBSD, is(0)), on(PL_LINUX, is(1)));
	if (pl_count_descriptors() > before) {
		pl_name_slot(lowest, 'd');
		expect_same_file(fd[1], lowest);
		pl_close(lowest);
	}
	pl_close(fd[1]);
	received = pl_expect_right(p.r);
	expect_pipe_until_closed(received, fd[0]);
}

/* Nothing of the sender's is needed any more once the message is sent. */
PL_CASE(sender_may_close_after_sending, .verifies = "unix.rights.sender-may-close-after-send",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int fd = file("content", O_RDONLY), received;

	pl_send_rights(p.w, &fd, 1);
	pl_close(fd);
	pl_close(p.w);
	pl_unlink("passed");
	received = pl_expect_right(p.r);
	pl_expect_text(received, "content");
}

/* One end of a connection is sent over it; what arrives still is that end. */
PL_CASE(socket_is_passed_over_itself, .verifies = "unix.rights.socket-passed-over-itself",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int received;
	char b[8];

	pl_expect(sys_send_rights(p.w, "x", 1, &p.w, 1, 0), returns(1));
	pl_close(p.w);
	received = pl_expect_right(p.r);
	pl_expect_nothing(p.r);
	pl_expect(sys_write(received, "abc", 3), returns(3));
	pl_expect_text(p.r, "abc");
	pl_expect(sys_write(p.r, "de", 2), returns(2));
	pl_expect_text(received, "de");
	pl_close(received);
	pl_expect(sys_read(p.r, b, sizeof(b)), returns(0));
}

/* Clients do not notice that the listener is on its way. */
PL_CASE(listening_socket_is_passed, .verifies = "unix.rights.listening-socket",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_NAMED)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), early = pl_unconnected(), late = pl_unconnected();
	int pair[2], received, accepted;

	pl_socketpair(AF_UNIX, SOCK_STREAM, pair);
	pl_expect(sys_connect(early, &name), returns(0));
	pl_send_rights(pair[0], &listener, 1);
	pl_close(listener);
	pl_expect(sys_connect(late, &name), returns(0));
	received = pl_expect_right(pair[1]);
	pl_expect(sys_write(early, "early", 5), returns(5));
	accepted = (int)pl_expect(sys_accept(received, NULL), opens());
	pl_expect_text(accepted, "early");
	accepted = (int)pl_expect(sys_accept(received, NULL), opens());
	pl_expect(sys_write(accepted, "late", 4), returns(4));
	pl_expect_text(late, "late");
}

/* A descriptor that is only a place in the file system serves as one there. */
PL_CASE(o_path_descriptor_is_passed, .verifies = "unix.rights.o-path-descriptor",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct stat direct, through;
	int directory, received;

	if (pl_profile() == PL_PROFILE_FREEBSD && pl_freebsd_before(1301))
		pl_not_applicable("O_PATH came with FreeBSD 13.1");
	pl_mkdir("there", 0700);
	pl_close(pl_open("there/file", O_RDWR | O_CREAT, 0600));
	pl_must(sys_stat("there/file", &direct));
	directory = pl_open("there", pl_os.o_path | O_DIRECTORY);
	pl_expect(sys_send_rights(p.w, "x", 1, &directory, 1, 0), returns(1));
	pl_close(directory);
	received = pl_expect_right(p.r);
	pl_expect(pl_sys(fstatat(received, "file", &through, 0), "fstatat(%s, \"file\")",
		      pl_slot(received)),
	    returns(0));
	pl_expect_that(direct.st_dev == through.st_dev && direct.st_ino == through.st_ino,
	    "the file in that directory", "file %ju, not %ju", (uintmax_t)through.st_ino,
	    (uintmax_t)direct.st_ino);
}
