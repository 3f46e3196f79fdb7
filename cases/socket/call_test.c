/*
 * What all socket calls have in common: they want a descriptor, that of a
 * socket, and look at their arguments in some order.
 */

#include "plumbline.h"

/* One call with arguments that would do for a socket. */

static struct pl_outcome
get_option(int fd)
{
	return (sys_get_option(fd, SOL_SOCKET, SO_TYPE));
}

static struct pl_outcome
set_option(int fd)
{
	return (sys_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
}

static struct pl_outcome
bind_it(int fd)
{
	struct pl_address a = pl_inet_address(0);

	return (sys_bind(fd, &a));
}

static struct pl_outcome
listen_to_it(int fd)
{
	return (sys_listen(fd, 1));
}

static struct pl_outcome
own_name(int fd)
{
	struct pl_address a;

	return (sys_getsockname(fd, &a));
}

static struct pl_outcome
peer_name(int fd)
{
	struct pl_address a;

	return (sys_getpeername(fd, &a));
}

static struct pl_outcome
shut_down(int fd)
{
	return (sys_shutdown(fd, SHUT_RDWR));
}

static struct pl_outcome (*const calls[])(
    int) = { get_option, set_option, bind_it, listen_to_it, own_name, peer_name, shut_down };

/* Never open, no longer open, and beyond any table. */
PL_CASE(closed_or_negative_descriptor_ebadf,
    .verifies = "socket.call.closed-or-negative-descriptor-ebadf")
{
	int closed = pl_socket(AF_INET, SOCK_STREAM);
	const int bad[] = { -1, closed, INT_MAX };

	pl_close(closed);
	for (size_t i = 0; i < PL_COUNT(bad); i++)
		for (size_t c = 0; c < PL_COUNT(calls); c++)
			pl_expect(calls[c](bad[i]), fails(EBADF));
}

/* Two mistakes at once: which of them does the caller learn of? */
PL_CASE(argument_check_order, .verifies = "socket.call.argument-check-order")
{
	struct pl_address a = pl_inet_address(0);
	const void *nowhere = pl_guarded(0), *none = NULL;
	bool early = pl_freebsd_before(1400);

	pl_expect(pl_sys(bind(-1, nowhere, a.length), "bind(-1, bad address)"),
	    on(PL_FREEBSD, fails(EFAULT)), on(PL_LINUX, fails(EBADF)));
	a.length = 0;
	pl_expect(sys_bind(-1, &a), on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, fails(EBADF)));
	pl_expect(sys_shutdown(-1, 99), on(PL_FREEBSD, fails(early ? EBADF : EINVAL)),
	    on(PL_LINUX, fails(EBADF)));
	pl_expect(pl_sys(setsockopt(-1, SOL_SOCKET, SO_REUSEADDR, none, sizeof(int)),
		      "setsockopt(-1, SOL_SOCKET, SO_REUSEADDR, NULL)"),
	    on(PL_FREEBSD, fails(EFAULT)), on(PL_LINUX, fails(EBADF)));
}
