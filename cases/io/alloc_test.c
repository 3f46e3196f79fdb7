/*
 * Which number a new descriptor gets, and what happens where there is none left: every
 * call that makes descriptors.
 */

#include "plumbline.h"

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

#define PATH "fifo"

/* The calls that make one descriptor, and those that make two. */

static struct pl_outcome
make_socket(int domain, int type)
{
	return (sys_socket(domain, type, 0));
}

static struct pl_outcome
make_inet(void)
{
	return (make_socket(AF_INET, SOCK_STREAM));
}

static struct pl_outcome
make_datagram(void)
{
	return (make_socket(AF_INET, SOCK_DGRAM));
}

static struct pl_outcome
make_unix(void)
{
	return (make_socket(AF_UNIX, SOCK_STREAM));
}

static struct pl_outcome
make_unix_datagram(void)
{
	return (make_socket(AF_UNIX, SOCK_DGRAM));
}

static struct pl_outcome
make_unix_seqpacket(void)
{
	return (make_socket(AF_UNIX, SOCK_SEQPACKET));
}

static struct pl_outcome
make_copy(void)
{
	return (sys_dup(STDIN_FILENO));
}

static struct pl_outcome
make_copy_by_fcntl(void)
{
	return (sys_fcntl(STDIN_FILENO, F_DUPFD, 0));
}

static struct pl_outcome
make_copy_closed_at_exec(void)
{
	return (sys_fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
}

static struct pl_outcome
open_fifo(void)
{
	return (sys_open(PATH, O_RDONLY | O_NONBLOCK));
}

static struct pl_outcome (*const singles[])(void) = { make_inet, make_datagram, make_unix,
	make_unix_datagram, make_unix_seqpacket, make_copy, make_copy_by_fcntl,
	make_copy_closed_at_exec, open_fifo };

static struct pl_outcome
make_pipe(int fd[2])
{
	return (sys_pipe(fd));
}

static struct pl_outcome
make_nonblocking_pipe(int fd[2])
{
	return (sys_pipe2(fd, O_NONBLOCK | O_CLOEXEC));
}

static struct pl_outcome
make_stream_pair(int fd[2])
{
	return (sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
}

static struct pl_outcome
make_dgram_pair(int fd[2])
{
	return (sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
}

static struct pl_outcome
make_seqpacket_pair(int fd[2])
{
	return (sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd));
}

static struct pl_outcome (*const doubles[])(int fd[2]) = { make_pipe, make_nonblocking_pipe,
	make_stream_pair, make_dgram_pair, make_seqpacket_pair };

/* The system's own event queue. */
static int
event_queue(void)
{
	return (pl_os.profile == PL_PROFILE_FREEBSD ? pl_os_kqueue() : pl_os_epoll_create1(0));
}

/* Take from the bottom, wherever the gaps are, though higher numbers were used last. */
PL_CASE(lowest_free_number_first, .verifies = "io.alloc.lowest-free-number-first")
{
	int gap[2], fd[2];

	pl_mkfifo(PATH, 0600);
	pl_make_gaps(gap);
	for (int i = 0; i < COUNT(singles); i++) {
		pl_expect(singles[i](), returns(gap[0]));
		pl_expect(singles[(i + 1) % COUNT(singles)](), returns(gap[1]));
		pl_close(gap[0]);
		pl_close(gap[1]);
	}
	/* POSIX does not say which end is the lower one. */
	for (int i = 0; i < COUNT(doubles); i++) {
		pl_expect(doubles[i](fd), returns(0));
		pl_expect_that(
		    (fd[0] == gap[0] && fd[1] == gap[1]) || (fd[0] == gap[1] && fd[1] == gap[0]),
		    "the two lowest free numbers", "%d and %d where %d and %d are free", fd[0],
		    fd[1], gap[0], gap[1]);
		pl_close(fd[0]);
		pl_close(fd[1]);
	}
	/* From a number on: that one, or the next that is free. */
	pl_expect(sys_fcntl(STDIN_FILENO, F_DUPFD, gap[0]), returns(gap[0]));
	pl_expect(sys_fcntl(STDIN_FILENO, F_DUPFD, gap[0]), returns(gap[1]));
	pl_close(gap[0]);
	pl_expect(
	    sys_fcntl(STDIN_FILENO, F_DUPFD, gap[0] + 1), returns_between(gap[1] + 1, INT_MAX));
	fd[0] = (int)pl_expect(pl_sys(event_queue(), "event_queue()"), returns(gap[0]));
	if (fd[0] != -1)
		pl_name_slot(fd[0], 'q');
}

/* An accepted connection has no privilege. */
PL_CASE(accept_takes_the_lowest_number, .verifies = "io.alloc.lowest-free-number-first",
    .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), gap[2];

	pl_client(&name);
	pl_client(&name);
	pl_make_gaps(gap);
	pl_expect(sys_accept(listener, NULL), returns(gap[0]));
	pl_expect(sys_accept4(listener, NULL, SOCK_CLOEXEC), returns(gap[1]));
}

/* Whatever it was that was closed, and whatever comes. */
PL_CASE(closed_number_is_reused_at_once, .verifies = "io.alloc.closed-number-is-reused-at-once")
{
	int gap[2];

	pl_mkfifo(PATH, 0600);
	pl_make_gaps(gap);
	pl_must(singles[COUNT(singles) - 1]());
	for (int i = 0; i < COUNT(singles); i++) {
		pl_expect(sys_close(gap[0]), returns(0));
		pl_expect(singles[i](), returns(gap[0]));
	}
	/* One that is still open is not given a second time. */
	pl_expect(sys_dup(gap[0]), returns(gap[1]));
}

/* Each call fails while no number is free, and works again with room for one or two. */
static struct pl_outcome
make_at_the_limit(void *unused)
{
	int first, fd[2];

	(void)unused;
	pl_mkfifo(PATH, 0600);
	first = pl_lowest_free();
	for (int i = 0; i < COUNT(singles); i++) {
		pl_limit_descriptors(first);
		pl_expect(singles[i](), fails(EMFILE));
		pl_limit_descriptors(first + 1);
		pl_expect(singles[i](), returns(first));
		pl_expect(singles[i](), fails(EMFILE));
		pl_close(first);
	}
	for (int i = 0; i < COUNT(doubles); i++) {
		pl_limit_descriptors(first);
		pl_expect(doubles[i](fd), fails(EMFILE));
		pl_limit_descriptors(first + 2);
		pl_expect(doubles[i](fd), returns(0));
		pl_close(fd[0]);
		pl_close(fd[1]);
	}
	return (pl_done());
}

PL_CASE(every_call_at_the_limit, .verifies = "io.emfile.every-creating-call-at-the-limit")
{
	pl_must(pl_result(pl_child(make_at_the_limit, NULL, PL_KEEP_NONE)));
}

static struct pl_outcome
make_pairs_with_one_slot(void *unused)
{
	int first = pl_lowest_free(), fd[2];

	(void)unused;
	for (int i = 0; i < COUNT(doubles); i++) {
		pl_limit_descriptors(first + 1);
		pl_expect(doubles[i](fd), fails(EMFILE));
		pl_expect(doubles[i](fd), fails(EMFILE));
		pl_expect(sys_dup(STDIN_FILENO), returns(first));
		pl_close(first);
		pl_limit_descriptors(first + 2);
		pl_expect(doubles[i](fd), returns(0));
		pl_close(fd[0]);
		pl_close(fd[1]);
	}
	return (pl_done());
}

/* One slot is not enough, and the failure midway gives it back; two are. */
PL_CASE(pairs_with_one_slot, .verifies = "io.emfile.pair-calls-leak-nothing-when-one-slot-is-left")
{
	pl_must(pl_result(pl_child(make_pairs_with_one_slot, NULL, PL_KEEP_NONE)));
}

static struct pl_outcome
accept_without_a_number(void *unused)
{
	struct pl_address name, from, own;
	int listener = pl_listening(1, &name), client = pl_client(&name), first, spare;

	(void)unused;
	own = pl_sockname(client);
	pl_write(client, "abc", 3);
	spare = pl_dup(client);
	pl_expect_arrival(listener);
	first = pl_lowest_free();
	pl_limit_descriptors(first);
	for (int i = 0; i < 2; i++)
		pl_expect(sys_accept(listener, NULL), fails(EMFILE));
	pl_expect(sys_accept4(listener, NULL, SOCK_CLOEXEC), fails(EMFILE));
	pl_expect(pl_poll_now(listener, POLLIN), is(POLLIN));
	pl_close(spare);
	pl_expect(sys_accept(listener, &from), returns(spare));
	if (pl_kind_has(PL_INET))
		pl_expect_address(&from, &own);
	pl_expect_arriving(spare, "abc");
	pl_expect_talk(client, spare);
	return (pl_done());
}

/* The client waits on, with what it sent. */
PL_CASE(accept_without_a_number_keeps_the_client,
    .verifies = "io.emfile.accept-leaves-connection-queued", .kinds = PL_CONNECTIONS)
{
	pl_must(pl_result(pl_child(accept_without_a_number, NULL, PL_KEEP_NONE)));
}

static struct pl_outcome
accept_nobody_without_a_number(void *unused)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_unconnected();
	int first = pl_lowest_free();

	(void)unused;
	pl_limit_descriptors(first);
	pl_expect(sys_accept(listener, NULL), fails(EMFILE));
	pl_expect(sys_accept4(listener, NULL, SOCK_NONBLOCK), fails(EMFILE));
	pl_limit_descriptors(first + 1);
	pl_connect(client, &name);
	pl_expect(sys_accept(listener, NULL), returns(first));
	pl_expect_talk(client, first);
	return (pl_done());
}

/* It does not sleep for a client that it could not take. */
PL_CASE(accept_does_not_wait_without_a_number,
    .verifies = "io.emfile.accept-fails-at-once-even-with-empty-queue", .kinds = PL_CONNECTIONS)
{
	pl_result(pl_child(accept_nobody_without_a_number, NULL, PL_KEEP_NONE));
}

/* An event queue of that sort at the limit, and with room for one. */
static void
queue_at_the_limit(int (*make)(void), const char *name)
{
	int first = pl_lowest_free();

	pl_limit_descriptors(first);
	pl_expect(pl_sys(make(), "%s()", name), fails(EMFILE));
	pl_limit_descriptors(first + 1);
	pl_expect(pl_sys(make(), "%s()", name), returns(first));
	pl_name_slot(first, 'q');
	pl_expect(pl_sys(make(), "%s()", name), fails(EMFILE));
}

/* Is there such a call at all? */
static void
need(int (*make)(void), const char *name)
{
	int fd = make();

	if (fd == -1 && errno == ENOSYS)
		pl_not_tested("this kernel has no %s", name);
	close(fd);
}

static int
make_epoll(void)
{
	return (pl_os_epoll_create1(0));
}

static struct pl_outcome
epoll_at_the_limit(void *unused)
{
	(void)unused;
	queue_at_the_limit(make_epoll, "epoll_create1");
	return (pl_done());
}

PL_CASE(epoll_create_at_the_limit, .verifies = "io.emfile.epoll-create")
{
	need(make_epoll, "epoll");
	pl_must(pl_result(pl_child(epoll_at_the_limit, NULL, PL_KEEP_NONE)));
}

static struct pl_outcome
kqueue_at_the_limit(void *unused)
{
	(void)unused;
	queue_at_the_limit(pl_os_kqueue, "kqueue");
	return (pl_done());
}

PL_CASE(kqueue_at_the_limit, .verifies = "io.emfile.kqueue")
{
	need(pl_os_kqueue, "kqueue");
	pl_must(pl_result(pl_child(kqueue_at_the_limit, NULL, PL_KEEP_NONE)));
}
