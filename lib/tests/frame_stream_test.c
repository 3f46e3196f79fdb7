/*
 * Frames through pipes and sockets: in parts, interrupted, with descriptors beside them.
 */

#include "frame.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"
#include "os.h"

static void
nonblocking(int fd)
{
	ATF_REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) != -1);
}

/* Pairs: number 0 a pipe, 1 a UNIX stream. */
static void
make_pair(int i, int *r, int *w)
{
	int fd[2];

	ATF_REQUIRE_EQ(0, i == 0 ? pipe(fd) : socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	*r = fd[0];
	*w = fd[1];
}

ATF_TC_WITHOUT_HEAD(nothing_behind_the_frame_is_read);
ATF_TC_BODY(nothing_behind_the_frame_is_read, tc)
{
	unsigned char b[64];
	struct pl_frame_decoder d;
	struct pl_frame_encoder e;
	int r, w;

	for (int i = 0; i < 2; i++)
		for (unsigned accepted = 0; accepted <= (unsigned)i; accepted++) {
			make_pair(i, &r, &w);
			pl_frame_decoder(&d, memory, LIMIT, accepted);
			ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 3, "frame", 5));
			ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_send(&e, w));
			ATF_REQUIRE_EQ(6, write(w, "behind", 6));
			ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_receive(&d, r));
			check_frame(&d, 3, "frame", 5);
			ATF_CHECK_EQ(6, read(r, b, sizeof(b)));
			ATF_CHECK(memcmp(b, "behind", 6) == 0);
			close(r);
			close(w);
		}
}

/* The frame comes byte by byte, and the decoder is asked after each. */
ATF_TC_WITHOUT_HEAD(receive_goes_on_where_it_was);
ATF_TC_BODY(receive_goes_on_where_it_was, tc)
{
	unsigned char b[64];
	size_t total = lay_out(b, 6, "bit by bit", 10);
	struct pl_frame_decoder d;
	int r, w;

	for (int i = 0; i < 2; i++) {
		make_pair(i, &r, &w);
		nonblocking(r);
		pl_frame_decoder(&d, memory, LIMIT, (unsigned)i);
		ATF_CHECK_EQ(PL_FRAME_MORE, pl_frame_receive(&d, r));
		for (size_t at = 0; at < total; at++) {
			ATF_REQUIRE_EQ(1, write(w, b + at, 1));
			ATF_CHECK_EQ(at + 1 < total ? PL_FRAME_MORE : PL_FRAME_WHOLE,
			    pl_frame_receive(&d, r));
		}
		check_frame(&d, 6, "bit by bit", 10);
		close(r);
		close(w);
	}
}

/* More than fits: the sender stops and goes on, and so does the receiver. */
ATF_TC_WITHOUT_HEAD(send_goes_on_where_it_was);
ATF_TC_BODY(send_goes_on_where_it_was, tc)
{
	enum { LARGE = 1 << 20 };
	static unsigned char large[LARGE], got[LARGE];
	struct pl_frame_decoder d;
	struct pl_frame_encoder e;
	enum pl_frame_status sent, received;
	unsigned state = 9;
	int r, w, stops;

	for (size_t i = 0; i < LARGE; i++)
		large[i] = (unsigned char)next(&state);
	for (int i = 0; i < 2; i++) {
		make_pair(i, &r, &w);
		nonblocking(r);
		nonblocking(w);
		pl_frame_decoder(&d, got, LARGE, 0);
		ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 6, large, LARGE));
		stops = 0;
		do {
			sent = pl_frame_send(&e, w);
			ATF_REQUIRE(sent == PL_FRAME_MORE || sent == PL_FRAME_WHOLE);
			stops += sent == PL_FRAME_MORE;
			received = pl_frame_receive(&d, r);
			ATF_REQUIRE_EQ(sent, received);
		} while (received != PL_FRAME_WHOLE);
		check_frame(&d, 6, large, LARGE);
		ATF_CHECK(stops > 1);
		/* Sent is sent. */
		ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_send(&e, w));
		ATF_CHECK_EQ(PL_FRAME_MORE, pl_frame_receive(&d, r));
		close(r);
		close(w);
	}
}

ATF_TC_WITHOUT_HEAD(ends_of_a_stream);
ATF_TC_BODY(ends_of_a_stream, tc)
{
	unsigned char b[64];
	size_t total = lay_out(b, 2, "whole", 5);
	struct pl_frame_decoder d;
	int fd[2];

	for (size_t length = 0; length <= total; length++) {
		enum pl_frame_status expected = length > 0 ? PL_FRAME_CUT : PL_FRAME_END;

		ATF_REQUIRE_EQ(0, pipe(fd));
		ATF_REQUIRE_EQ((ssize_t)length, write(fd[1], b, length));
		close(fd[1]);
		pl_frame_decoder(&d, memory, LIMIT, 0);
		if (length == total) {
			ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_receive(&d, fd[0]));
			expected = PL_FRAME_END;
		}
		ATF_CHECK_EQ(expected, pl_frame_receive(&d, fd[0]));
		ATF_CHECK_EQ(expected, pl_frame_receive(&d, fd[0]));
		close(fd[0]);
	}
}

/* The end between two frames is no error: a FIFO gets another writer. */
ATF_TC_WITHOUT_HEAD(after_the_end_another_writer);
ATF_TC_BODY(after_the_end_another_writer, tc)
{
	struct pl_frame_decoder d;
	struct pl_frame_encoder e;
	int r, w;

	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0600));
	ATF_REQUIRE((r = open("fifo", O_RDONLY | O_NONBLOCK)) != -1);
	pl_frame_decoder(&d, memory, LIMIT, 0);
	for (int i = 0; i < 3; i++) {
		ATF_CHECK_EQ(PL_FRAME_END, pl_frame_receive(&d, r));
		ATF_REQUIRE((w = open("fifo", O_WRONLY)) != -1);
		ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, "again", 5));
		ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_send(&e, w));
		close(w);
		ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_receive(&d, r));
		check_frame(&d, 1, "again", 5);
	}
}

ATF_TC_WITHOUT_HEAD(failed_calls_leave_the_stream_alone);
ATF_TC_BODY(failed_calls_leave_the_stream_alone, tc)
{
	unsigned char b[64];
	size_t total = lay_out(b, 2, "whole", 5);
	struct pl_frame_decoder d;
	struct pl_frame_encoder e;
	int fd[2];

	signal(SIGPIPE, SIG_IGN);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	for (unsigned accepted = 0; accepted < 2; accepted++) {
		pl_frame_decoder(&d, memory, LIMIT, accepted);
		ATF_CHECK_EQ(PL_FRAME_MORE, feed(&d, b, 10));
		ATF_CHECK_ERRNO(EBADF, pl_frame_receive(&d, -1) == PL_FRAME_SYSTEM);
		ATF_CHECK_EQ(PL_FRAME_WHOLE, feed(&d, b + 10, total - 10));
		check_frame(&d, 2, "whole", 5);
	}
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, "abc", 3));
	ATF_CHECK_ERRNO(EBADF, pl_frame_send(&e, -1) == PL_FRAME_SYSTEM);
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, fd, 1));
	ATF_CHECK_ERRNO(EBADF, pl_frame_send(&e, -1) == PL_FRAME_SYSTEM);
	close(fd[0]);
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, "abc", 3));
	ATF_CHECK_ERRNO(EPIPE, pl_frame_send(&e, fd[1]) == PL_FRAME_SYSTEM);
}

/* Signals: each writes a byte.  And the kernel's number of the thread that hears them. */
static int heard[2];
static atomic_long *hearer;

static void
hear(int signal)
{
	ssize_t n = write(heard[1], "s", 1);

	(void)signal, (void)n;
}

/*
 * Start a child that catches SIGUSR1, to interrupt what it sleeps in, and runs
 * that function.  Its exit status is what the function returns.
 */
static pid_t
start(int (*function)(int fd), int fd)
{
	struct sigaction a = { .sa_handler = hear };
	pid_t child;

	hearer =
	    mmap(NULL, sizeof(*hearer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ATF_REQUIRE(hearer != MAP_FAILED);
	ATF_REQUIRE_EQ(0, pipe(heard));
	ATF_REQUIRE_EQ(0, sigaction(SIGUSR1, &a, NULL));
	ATF_REQUIRE((child = fork()) != -1);
	if (child == 0) {
		atomic_store(hearer, pl_os_thread_id());
		_exit(function(fd));
	}
	while (atomic_load(hearer) == 0)
		sched_yield();
	return (child);
}

/* Three times: wait until the child sleeps in that call, and interrupt it. */
static void
interrupt(pid_t child, const char *call, int fd)
{
	char b;

	for (int i = 0; i < 3; i++) {
		enum pl_os_sleep sleep;

		while ((sleep = pl_os_asleep(child, atomic_load(hearer), call, fd)) == PL_OS_AWAKE)
			sched_yield();
		if (sleep == PL_OS_UNKNOWN)
			atf_tc_skip("this kernel does not show what a process sleeps in");
		ATF_REQUIRE_EQ(0, kill(child, SIGUSR1));
		ATF_REQUIRE_EQ(1, read(heard[0], &b, 1));
	}
}

static void
expect_success(pid_t child)
{
	int status;

	ATF_REQUIRE_EQ(child, waitpid(child, &status, 0));
	ATF_CHECK_EQ(0, status);
}

static int
receive_in_child(int fd)
{
	struct pl_frame_decoder d;

	pl_frame_decoder(&d, memory, LIMIT, 0);
	return (pl_frame_receive(&d, fd) != PL_FRAME_WHOLE || d.frame.length != 5 ||
	    memcmp(d.frame.payload, "hello", 5) != 0);
}

ATF_TC_WITHOUT_HEAD(receive_outlives_signals);
ATF_TC_BODY(receive_outlives_signals, tc)
{
	unsigned char b[64];
	size_t total = lay_out(b, 1, "hello", 5);
	pid_t child;
	int fd[2];

	ATF_REQUIRE_EQ(0, pipe(fd));
	child = start(receive_in_child, fd[0]);
	interrupt(child, "read", fd[0]);
	ATF_REQUIRE_EQ(7, write(fd[1], b, 7));
	interrupt(child, "read", fd[0]);
	ATF_REQUIRE_EQ((ssize_t)total - 7, write(fd[1], b + 7, total - 7));
	expect_success(child);
}

static int
send_in_child(int fd)
{
	struct pl_frame_encoder e;

	return (pl_frame_encode(&e, 1, payload(), LIMIT) != 0 ||
	    pl_frame_send(&e, fd) != PL_FRAME_WHOLE);
}

/* A part of it is sent before the sender sleeps for the first time. */
ATF_TC_WITHOUT_HEAD(send_outlives_signals);
ATF_TC_BODY(send_outlives_signals, tc)
{
	struct pl_frame_decoder d;
	pid_t child;
	int fd[2];

	/* A pipe takes 64 KiB at most before it sleeps. */
	ATF_REQUIRE_EQ(0, pipe(fd));
	child = start(send_in_child, fd[1]);
	interrupt(child, "writev", fd[1]);
	pl_frame_decoder(&d, memory, LIMIT, 0);
	ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_receive(&d, fd[0]));
	check_frame(&d, 1, payload(), LIMIT);
	expect_success(child);
}

/* Are these two descriptors of one open file? */
static bool
same_file(int a, int b)
{
	struct stat one, other;

	return (fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev &&
	    one.st_ino == other.st_ino);
}

/* As many files as may travel with a frame, each another. */
static void
make_files(int *fd)
{
	char name[] = "file.a";

	for (int i = 0; i < PL_FRAME_DESCRIPTORS; i++, name[5]++)
		ATF_REQUIRE((fd[i] = open(name, O_RDWR | O_CREAT, 0600)) != -1);
}

static void
send_beside(int w, uint16_t type, const void *bytes, size_t length, const int *fd, unsigned count)
{
	struct pl_frame_encoder e;

	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, type, bytes, length));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, fd, count));
	ATF_REQUIRE_EQ(PL_FRAME_WHOLE, pl_frame_send(&e, w));
}

/* Several frames wait at once; each comes with its own. */
ATF_TC_WITHOUT_HEAD(descriptors_travel_beside_their_frame);
ATF_TC_BODY(descriptors_travel_beside_their_frame, tc)
{
	static const unsigned counts[] = { 0, 1, 2, 0, PL_FRAME_DESCRIPTORS, 3 };
	struct pl_frame_decoder d;
	int file[PL_FRAME_DESCRIPTORS], s[2], before, fd;

	make_files(file);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	before = open_descriptors();
	for (unsigned i = 0; i < 6; i++)
		send_beside(s[1], (uint16_t)i, payload(), i * 50, file, counts[i]);
	pl_frame_decoder(&d, memory, LIMIT, PL_FRAME_DESCRIPTORS + 1);
	for (unsigned i = 0; i < 6; i++) {
		ATF_REQUIRE_EQ(PL_FRAME_WHOLE, pl_frame_receive(&d, s[0]));
		check_frame(&d, (uint16_t)i, payload(), i * 50);
		ATF_REQUIRE_EQ(counts[i], d.frame.descriptors);
		ATF_CHECK_EQ(before + (int)counts[i], open_descriptors());
		/* The last frame's are left to the decoder. */
		for (unsigned j = 0; i < 5 && j < counts[i]; j++) {
			ATF_REQUIRE((fd = pl_frame_take(&d, j)) != -1);
			ATF_CHECK(same_file(fd, file[j]));
			ATF_CHECK_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
			ATF_CHECK_EQ(-1, pl_frame_take(&d, j));
			close(fd);
		}
		ATF_CHECK_EQ(-1, pl_frame_take(&d, counts[i]));
	}
	nonblocking(s[0]);
	ATF_CHECK_EQ(PL_FRAME_MORE, pl_frame_receive(&d, s[0]));
	ATF_CHECK_EQ(before, open_descriptors());
}

/* A frame of many calls brings them once, with its first byte. */
ATF_TC_WITHOUT_HEAD(descriptors_of_a_frame_in_parts);
ATF_TC_BODY(descriptors_of_a_frame_in_parts, tc)
{
	enum { LARGE = 1 << 20 };
	static unsigned char large[LARGE], got[LARGE];
	struct pl_frame_decoder d;
	struct pl_frame_encoder e;
	enum pl_frame_status sent, received;
	int file[PL_FRAME_DESCRIPTORS], s[2], before;

	make_files(file);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	nonblocking(s[0]);
	nonblocking(s[1]);
	before = open_descriptors();
	pl_frame_decoder(&d, got, LARGE, 5);
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, large, LARGE));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, file, 5));
	do {
		sent = pl_frame_send(&e, s[1]);
		ATF_REQUIRE(sent == PL_FRAME_MORE || sent == PL_FRAME_WHOLE);
		received = pl_frame_receive(&d, s[0]);
		ATF_REQUIRE_EQ(sent, received);
		ATF_CHECK_EQ(before + 5, open_descriptors());
	} while (received != PL_FRAME_WHOLE);
	check_frame(&d, 1, large, LARGE);
	for (unsigned i = 0; i < 5; i++) {
		int fd = pl_frame_take(&d, i);

		ATF_CHECK(same_file(fd, file[i]));
		close(fd);
	}
	ATF_CHECK_EQ(before, open_descriptors());
}

/* More than any control buffer of ours takes, fewer than any system refuses. */
enum { MANY = 120 };

/* A raw message with descriptors. */
static void
send_raw(int s, const void *bytes, size_t length, const int *fd, unsigned count)
{
	union {
		struct cmsghdr align;
		unsigned char bytes[CMSG_SPACE(MANY * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec v = { (void *)(uintptr_t)bytes, length };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fd, count * sizeof(int));
	ATF_REQUIRE_EQ((ssize_t)length, sendmsg(s, &m, 0));
}

/* The frame that announces some descriptors, and comes with others. */
static void
check_descripted(unsigned accepted, unsigned announced, unsigned sent)
{
	unsigned char b[64];
	struct pl_frame_decoder d;
	struct pl_frame_encoder e;
	int fd[MANY], s[2], before;
	size_t total;

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	for (int i = 0; i < MANY; i++)
		fd[i] = s[0];
	before = open_descriptors();
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, "abc", 3));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, fd, announced));
	total = flatten(&e, b);
	if (sent > 0)
		send_raw(s[1], b, total, fd, sent);
	else
		ATF_REQUIRE_EQ((ssize_t)total, write(s[1], b, total));
	pl_frame_decoder(&d, memory, LIMIT, accepted);
	ATF_CHECK_EQ(PL_FRAME_DESCRIPTED, pl_frame_receive(&d, s[0]));
	ATF_CHECK_EQ(before, open_descriptors());
	close(s[0]);
	close(s[1]);
}

ATF_TC_WITHOUT_HEAD(other_descriptors_than_announced);
ATF_TC_BODY(other_descriptors_than_announced, tc)
{
	check_descripted(0, 1, 1);
	check_descripted(1, 2, 2);
	check_descripted(2, 1, 0);
	check_descripted(2, 0, 1);
	check_descripted(2, 2, 1);
	check_descripted(2, 1, 2);
	check_descripted(2, 2, 3);
	/* More than there is room for, and more than a frame may have. */
	check_descripted(PL_FRAME_DESCRIPTORS, 16, MANY);
	check_descripted(PL_FRAME_DESCRIPTORS, 0, 17);
}

/* Control data of another sort, switched on by the receiver, is in nobody's way. */
ATF_TC_WITHOUT_HEAD(credentials_are_passed_over);
ATF_TC_BODY(credentials_are_passed_over, tc)
{
#ifdef SO_PASSCRED
	struct pl_frame_decoder d;
	int file[PL_FRAME_DESCRIPTORS], s[2], on = 1;

	make_files(file);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	ATF_REQUIRE_EQ(0, setsockopt(s[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	pl_frame_decoder(&d, memory, LIMIT, PL_FRAME_DESCRIPTORS);
	for (int i = 0; i < 2; i++) {
		send_beside(s[1], 1, "abc", 3, file, PL_FRAME_DESCRIPTORS);
		ATF_CHECK_EQ(PL_FRAME_WHOLE, pl_frame_receive(&d, s[0]));
		check_frame(&d, 1, "abc", 3);
		ATF_CHECK_EQ(PL_FRAME_DESCRIPTORS, d.frame.descriptors);
	}
	pl_frame_restart(&d);
#else
	atf_tc_skip("this system has no SO_PASSCRED");
#endif
}

/* The receiver has one number left for the three that come; that one was announced. */
ATF_TC_WITHOUT_HEAD(no_room_for_descriptors);
ATF_TC_BODY(no_room_for_descriptors, tc)
{
	unsigned char b[64];
	struct pl_frame_encoder e;
	struct pl_frame_decoder d;
	enum pl_frame_status status;
	struct rlimit before, few;
	int file[PL_FRAME_DESCRIPTORS], s[2], open, highest;

	make_files(file);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	ATF_REQUIRE_EQ(0, pl_frame_encode(&e, 1, "abc", 3));
	ATF_REQUIRE_EQ(0, pl_frame_attach(&e, file, 1));
	send_raw(s[1], b, flatten(&e, b), file, 3);
	open = open_descriptors();
	ATF_REQUIRE((highest = dup(0)) != -1);
	close(highest);
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	few = before;
	few.rlim_cur = (rlim_t)highest + 1;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	pl_frame_decoder(&d, memory, LIMIT, 3);
	status = pl_frame_receive(&d, s[0]);
	/* FreeBSD fails first, and gives the bytes without any later. */
	if (status == PL_FRAME_SYSTEM)
		status = pl_frame_receive(&d, s[0]);
	ATF_CHECK_EQ(PL_FRAME_DESCRIPTED, status);
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	ATF_CHECK_EQ(open, open_descriptors());
}

/* What else is wrong with the bytes they came with is not asked any more. */
ATF_TC_WITHOUT_HEAD(descriptors_with_noise);
ATF_TC_BODY(descriptors_with_noise, tc)
{
	unsigned char b[PL_FRAME_HEADER] = { 0 };
	struct pl_frame_decoder d;
	int s[2], before;

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	before = open_descriptors();
	send_raw(s[1], b, sizeof(b), s, 2);
	pl_frame_decoder(&d, memory, LIMIT, 1);
	ATF_CHECK_EQ(PL_FRAME_DESCRIPTED, pl_frame_receive(&d, s[0]));
	ATF_CHECK_EQ(before, open_descriptors());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing_behind_the_frame_is_read);
	ATF_TP_ADD_TC(tp, receive_goes_on_where_it_was);
	ATF_TP_ADD_TC(tp, send_goes_on_where_it_was);
	ATF_TP_ADD_TC(tp, ends_of_a_stream);
	ATF_TP_ADD_TC(tp, after_the_end_another_writer);
	ATF_TP_ADD_TC(tp, failed_calls_leave_the_stream_alone);
	ATF_TP_ADD_TC(tp, receive_outlives_signals);
	ATF_TP_ADD_TC(tp, send_outlives_signals);
	ATF_TP_ADD_TC(tp, descriptors_travel_beside_their_frame);
	ATF_TP_ADD_TC(tp, descriptors_of_a_frame_in_parts);
	ATF_TP_ADD_TC(tp, other_descriptors_than_announced);
	ATF_TP_ADD_TC(tp, credentials_are_passed_over);
	ATF_TP_ADD_TC(tp, no_room_for_descriptors);
	ATF_TP_ADD_TC(tp, descriptors_with_noise);
	return (atf_no_error());
}
