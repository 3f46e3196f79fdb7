/*
 * Duplicates of a socket's descriptor, made by dup(2), fcntl(2) or fork(2): what
 * they share with the original, and what is their own; dup2(2) over a socket.
 */

#include "plumbline.h"

static struct pl_outcome
set_nonblocking(void *fd)
{
	pl_nonblock(*(int *)fd, true);
	return (pl_done());
}

/* Status flags belong to the socket, by whatever number, in whatever process. */
PL_CASE(status_flags_are_shared, .verifies = "socket.dup.status-flags-shared",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int copy = pl_dup(p.r), other = (int)pl_must(sys_fcntl(p.r, F_DUPFD, 0));
	char b[1];

	pl_nonblock(copy, true);
	pl_expect(pl_status_flags(p.r, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_status_flags(other, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_status_flags(p.w, O_NONBLOCK), is(0));
	pl_expect(sys_recv(p.r, b, 1, 0), fails(EAGAIN));
	pl_nonblock(p.r, false);
	pl_expect(pl_status_flags(copy, O_NONBLOCK), is(0));
	pl_must(pl_result(pl_child(set_nonblocking, &p.r, p.r)));
	pl_expect(pl_status_flags(p.r, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_status_flags(copy, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(sys_recv(other, b, 1, 0), fails(EAGAIN));
}

/* The flag for exec belongs to the number: a copy starts without, the original keeps its. */
PL_CASE(close_on_exec_is_not_inherited, .verifies = "socket.dup.close-on-exec-not-inherited",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	int fd = pl_unconnected(), over = pl_open("/dev/null", O_RDONLY), copy;

	pl_must(sys_fcntl(fd, F_SETFD, FD_CLOEXEC));
	pl_must(sys_fcntl(over, F_SETFD, FD_CLOEXEC));
	copy = (int)pl_expect(sys_dup(fd), opens());
	pl_expect(pl_descriptor_flags(copy), is(0));
	pl_expect(sys_dup2(fd, over), returns(over));
	pl_expect(pl_descriptor_flags(over), is(0));
	pl_expect(pl_descriptor_flags((int)pl_must(sys_fcntl(fd, F_DUPFD, 0))), is(0));
	pl_expect(
	    pl_descriptor_flags((int)pl_must(sys_fcntl(fd, F_DUPFD_CLOEXEC, 0))), is(FD_CLOEXEC));
	pl_expect(pl_descriptor_flags(fd), is(FD_CLOEXEC));

	pl_must(sys_fcntl(fd, F_SETFD, 0));
	pl_must(sys_fcntl(copy, F_SETFD, FD_CLOEXEC));
	pl_expect(pl_descriptor_flags(fd), is(0));
	pl_expect(pl_descriptor_flags(over), is(0));
}

/* There is one queue: what one descriptor took no other one gets. */
PL_CASE(receive_queue_is_shared, .verifies = "socket.dup.shares-receive-queue",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int reader = pl_dup(p.r), writer = pl_dup(p.w);
	struct stat st[2];
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(sys_recv(reader, b, 3, 0), returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect_nothing(p.r);
	pl_expect_nothing(reader);
	pl_expect(sys_write(writer, "def", 3), returns(3));
	pl_expect_text(p.r, "def");
	pl_expect_nothing(reader);
	/* A look takes nothing, from either. */
	pl_write(p.w, "ghi", 3);
	pl_expect(sys_recv(reader, b, 3, MSG_PEEK), returns(3));
	pl_expect_text(p.r, "ghi");
	pl_expect_nothing(reader);
	pl_must(sys_fstat(p.r, &st[0]));
	pl_must(sys_fstat(reader, &st[1]));
	pl_expect_that(st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino,
	    "the same device and inode", "%ju and %ju, %ju and %ju", (uintmax_t)st[0].st_dev,
	    (uintmax_t)st[0].st_ino, (uintmax_t)st[1].st_dev, (uintmax_t)st[1].st_ino);
}

static struct pl_outcome
set_reuseaddr(void *fd)
{
	pl_set_option(*(int *)fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return (pl_done());
}

/* Judge: the option, a boolean, is on or off. */
static void
expect_option(int fd, int option, bool on)
{
	int value = pl_get_option(fd, SOL_SOCKET, option);

	pl_expect_that((value != 0) == on, on ? "the option on" : "the option off", "%d for %s",
	    value, pl_slot(fd));
}

/* Judge: what is set through one descriptor holds for all, in whatever process. */
/* Options belong to the socket, not to a descriptor or process. */
PL_CASE(options_are_shared, .verifies = "socket.dup.shares-socket-options",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	int fd = pl_unconnected(), copy = pl_dup(fd);

	expect_option(fd, SO_KEEPALIVE, false);
	expect_option(fd, SO_REUSEADDR, false);
	pl_set_option(copy, SOL_SOCKET, SO_KEEPALIVE, 1);
	expect_option(fd, SO_KEEPALIVE, true);
	expect_option(fd, SO_REUSEADDR, false);
	pl_must(pl_result(pl_child(set_reuseaddr, &fd, fd)));
	expect_option(fd, SO_REUSEADDR, true);
	expect_option(copy, SO_REUSEADDR, true);
	pl_set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
	expect_option(copy, SO_KEEPALIVE, false);
	pl_close(copy);
	expect_option(fd, SO_REUSEADDR, true);
}

/* The close that nobody spelled out: the number means the other file, and the peer is alone. */
PL_CASE(dup2_closes_what_it_replaces, .verifies = "socket.dup2.onto-socket-closes-it",
    .kinds = PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();
	int other = pl_open("/dev/null", O_RDONLY);
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(sys_dup2(other, p.w), returns(p.w));
	pl_expect(sys_recv(p.w, b, sizeof(b), 0), fails(ENOTSOCK));
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_TYPE), fails(ENOTSOCK));
	pl_expect_text(p.r, "abc");
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
}

static struct pl_outcome
receive_some(void *fd)
{
	char b[8];

	return (sys_recv(*(int *)fd, b, sizeof(b), 0));
}

/* It wakes the peer, too; and over itself it does nothing. */
PL_CASE(dup2_wakes_the_peer, .verifies = "socket.dup2.onto-socket-closes-it",
    .kinds = PL_CONNECTIONS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	int other = pl_open("/dev/null", O_RDONLY);
	struct pl_peer *receiver;

	pl_expect(sys_dup2(p.w, p.w), returns(p.w));
	pl_expect_nothing(p.r);
	receiver = pl_child(receive_some, &p.r, p.r);
	pl_wait_blocked(receiver);
	pl_expect(sys_dup2(other, p.w), returns(p.w));
	pl_expect(pl_result(receiver), returns(0));
}
