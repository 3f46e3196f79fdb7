/*
 * Control data that sendmsg(2) cannot make sense of: refused, or passed over.
 */

#include "plumbline.h"

enum {
	NO_LEVEL = 0x7777, /* known to no system */
	NO_TYPE = 0x7777,
	MUCH = 4 << 20,
};

/* Send "x" with so many bytes of control data from there. */
static struct pl_outcome
send_with(int fd, void *control, size_t size)
{
	struct iovec v = { (void *)(uintptr_t) "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	m.msg_control = control;
	m.msg_controllen = (__typeof__(m.msg_controllen))size;
	return (sys_sendmsg(fd, &m, 0));
}

/* Send "x" with one item, and a descriptor as its data. */
static struct pl_outcome
send_item(int fd, int level, int type, int passed)
{
	struct pl_control c = { 0 };

	pl_control_add(&c, level, type, &passed, sizeof(passed));
	return (sys_send_control(fd, "x", 1, &c, 0, NULL));
}

/* The "x" comes without control data, if it was sent so many times, and nothing else does. */
static void
expect_sent(struct pl_pair p, int times)
{
	struct pl_received r;

	for (int i = 0; i < times; i++) {
		pl_expect_arrival(p.r);
		pl_expect(sys_receive_control(p.r, &r, 1, PL_CONTROL_SIZE, 0), returns(1));
		pl_expect_bytes(r.bytes, "x", 1);
		pl_expect(pl_value(r.items, NULL, "items of control data"), is(0));
	}
	pl_must(sys_send(p.w, "end", 3, 0));
	pl_expect_arriving(p.r, "end");
	pl_expect_nothing(p.r);
}

/* Too little to be an item: an error, or no control data.  None at all, too. */
PL_CASE(less_than_a_header, .verifies = "io.cmsg.send-control-shorter-than-a-header",
    .kinds = PL_SOCKETS)
{
	static const size_t sizes[] = { 4, 0, sizeof(struct cmsghdr) - 1 };
	struct pl_control c = { 0 };
	struct pl_pair p = pl_pair();

	pl_control_add(&c, SOL_SOCKET, NO_TYPE, "abcd", 4);
	for (int i = 0; i < 3; i++)
		pl_expect(send_with(p.w, c.bytes, sizes[i]), on(PL_FREEBSD, fails(EINVAL)),
		    on(PL_LINUX, returns(1)));
	expect_sent(p, pl_asks(PL_LINUX) ? 3 : 0);
}

/* Another level's types are not this one's, however they are numbered. */
PL_CASE(unknown_level_on_unix_sockets, .verifies = "io.cmsg.send-unknown-level-on-unix-socket",
    .kinds = PL_UNIX | PL_PLAIN)
{
	static const int levels[] = { NO_LEVEL, IPPROTO_IP, IPPROTO_TCP };
	struct pl_pair p = pl_pair();
	int fd[2];
	char b;

	pl_pipe(fd);
	for (int i = 0; i < 3; i++)
		pl_expect(send_item(p.w, levels[i], SCM_RIGHTS, fd[1]),
		    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(1)));
	expect_sent(p, pl_asks(PL_LINUX) ? 3 : 0);
	/* Nobody keeps hold of the descriptor. */
	pl_close(fd[1]);
	pl_nonblock(fd[0], true);
	pl_expect(sys_read(fd[0], &b, 1), returns(0));
}

/* A stream of bytes has no place for it; Linux minds only what should have been its own. */
PL_CASE(control_data_on_tcp, .verifies = "io.cmsg.send-control-on-tcp", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();

	pl_expect(send_item(p.w, NO_LEVEL, 1, 0), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(1)));
	expect_sent(p, pl_asks(PL_LINUX) ? 1 : 0);
	pl_expect(send_item(p.w, SOL_SOCKET, NO_TYPE, 0), on(PL_FREEBSD | PL_LINUX, fails(EINVAL)));
	expect_sent(p, 0);
}

/* Its own types it knows; those of others are none of its business. */
PL_CASE(unknown_items_on_udp, .verifies = "io.cmsg.send-unknown-type-on-udp")
{
	struct pl_pair p = pl_inet_pair(SOCK_DGRAM);

	pl_expect(send_item(p.w, IPPROTO_IP, NO_TYPE, 0), on(PL_FREEBSD, fails(ENOPROTOOPT)),
	    on(PL_LINUX, fails(EINVAL)));
	expect_sent(p, 0);
	pl_expect(send_item(p.w, NO_LEVEL, IP_TOS, 0), on(PL_FREEBSD | PL_LINUX, returns(1)));
	expect_sent(p, 1);
}

/* More than any system has memory for. */
PL_CASE(four_mebibytes, .verifies = "io.cmsg.send-oversized-control-buffer",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	struct pl_pair p = pl_pair();
	struct cmsghdr *item = calloc(MUCH, 1);
	long most;

	if (item == NULL)
		pl_broken("no memory");
	if (pl_os_sysctl_get("net/core/optmem_max", &most) == 0 && most >= MUCH)
		pl_not_tested("%ld bytes of control data are allowed here", most);
	item->cmsg_level = NO_LEVEL;
	item->cmsg_len = MUCH;
	if (pl_freebsd_before(1400))
		pl_expect(send_with(p.w, item, MUCH), on(PL_FREEBSD, fails(EINVAL)));
	else
		pl_expect(send_with(p.w, item, MUCH), on(PL_FREEBSD, fails(EMSGSIZE)),
		    on(PL_LINUX, fails(ENOBUFS)));
	free(item);
	expect_sent(p, 0);
}

/* Out of reach, wholly or from somewhere on. */
PL_CASE(control_data_out_of_reach, .verifies = "io.cmsg.bad-control-pointer-fails-efault",
    .kinds = PL_SOCKETS)
{
	static const size_t accessible[] = { 0, CMSG_SPACE(0), CMSG_SPACE(8) };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 3; i++) {
		struct cmsghdr *item = pl_guarded(accessible[i]);

		if (i > 0) {
			item->cmsg_level = NO_LEVEL;
			item->cmsg_len = (__typeof__(item->cmsg_len))CMSG_LEN(16);
		}
		pl_note("%zu bytes of the control data are accessible", accessible[i]);
		pl_expect(send_with(p.w, item, CMSG_SPACE(16)), fails(EFAULT));
	}
	expect_sent(p, 0);
}
