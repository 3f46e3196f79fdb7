/*
 * Duplicates of a socket's descriptor, made by dup(2), fcntl(2) or fork(2): what
 * they share with the original.
 */

#include "plumbline.h"

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
