/*
 * Options that FreeBSD alone has: queues of a listener, routing tables, receive
 * errors, accept filters, splicing.
 */

#include "plumbline.h"

/* End the case where the kernel has no such option. */
static void
need(int option, const char *name)
{
	if (option == PL_ABSENT)
		pl_not_tested("this kernel has no %s", name);
}

/* The backlog as it is in force. */
PL_CASE(listenqlimit_reports_backlog, .verifies = "socket.opt.listenqlimit-reports-backlog",
    .kinds = PL_SOCKETS | PL_PLAIN | PL_CONNECTIONS)
{
	int limit = pl_os.so_listenqlimit, fd;
	struct pl_address name;
	long most;

	need(limit, "SO_LISTENQLIMIT");
	if (pl_os_sysctl_get("kern.ipc.soacceptqueue", &most) != 0)
		pl_not_tested("kern.ipc.soacceptqueue cannot be read");
	fd = pl_bound(&name);
	pl_expect(sys_get_option(fd, SOL_SOCKET, limit), is(0));
	pl_listen(fd, 3);
	pl_expect(sys_get_option(fd, SOL_SOCKET, limit), is(3));
	pl_listen(fd, -1);
	pl_expect(sys_get_option(fd, SOL_SOCKET, limit), is(most));
	pl_listen(fd, 2);
	pl_expect(sys_get_option(fd, SOL_SOCKET, limit), is(2));
	pl_listen(fd, (int)most + 1);
	pl_expect(sys_get_option(fd, SOL_SOCKET, limit), is(most));
}

/* Who came and was not yet let in. */
PL_CASE(listenqlen_counts_unaccepted_connections,
    .verifies = "socket.opt.listenqlen-counts-unaccepted-connections",
    .kinds = PL_SOCKETS | PL_PLAIN | PL_CONNECTIONS)
{
	int length = pl_os.so_listenqlen, listener;
	struct pl_address name;

	need(length, "SO_LISTENQLEN");
	listener = pl_listening(4, &name);
	pl_expect(sys_get_option(listener, SOL_SOCKET, length), is(0));
	for (int i = 1; i <= 2; i++) {

		pl_connect(pl_unconnected(), &name);
		pl_await_events(listener, POLLIN);
		pl_expect(sys_get_option(listener, SOL_SOCKET, length), is(i));
		pl_expect(sys_get_option(listener, SOL_SOCKET, pl_os.so_listenincqlen), is(0));
	}
	pl_accept(listener);
	pl_expect(sys_get_option(listener, SOL_SOCKET, length), is(1));
	pl_accept(listener);
	pl_expect(sys_get_option(listener, SOL_SOCKET, length), is(0));
}

/* A mark for the firewall, which nobody reads back. */
PL_CASE(user_cookie_is_write_only, .verifies = "socket.opt.user-cookie-is-write-only",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	const uint32_t cookie = 0xdeadbeef;
	int name = pl_os.so_user_cookie, fd;

	need(name, "SO_USER_COOKIE");
	fd = pl_unconnected();
	pl_expect(sys_setsockopt(fd, SOL_SOCKET, name, &cookie, sizeof(cookie)), returns(0));
	pl_expect(sys_get_option(fd, SOL_SOCKET, name), fails(ENOPROTOOPT));
}

/* The routing tables that there are, and no others. */
PL_CASE(fib_range, .verifies = "socket.opt.fib-range")
{
	int name = pl_os.so_setfib, fd;
	long tables;

	need(name, "SO_SETFIB");
	if (pl_os_sysctl_get("net.fibs", &tables) != 0)
		pl_not_tested("net.fibs cannot be read");
	fd = pl_socket(AF_INET, SOCK_DGRAM);
	pl_expect(sys_set_option(fd, SOL_SOCKET, name, (int)tables), fails(EINVAL));
	pl_expect(sys_set_option(fd, SOL_SOCKET, name, -1), fails(EINVAL));
	pl_expect(sys_set_option(fd, SOL_SOCKET, name, (int)tables - 1), returns(0));
	if (pl_os_release() >= 1500)
		pl_expect(sys_get_option(fd, SOL_SOCKET, name), is(tables - 1));
}

/* Send to a small buffer that nobody empties, until all datagrams arrived or were lost. */
static int
overflow(int *sender)
{
	enum { SENT = 100, SIZE = 1000 };
	struct pl_address name, marker;
	int r = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	int last = pl_bound_inet(AF_INET, SOCK_DGRAM, &marker);
	char b[SIZE] = { 0 };

	*sender = pl_socket(AF_INET, SOCK_DGRAM);
	pl_set_option(r, SOL_SOCKET, SO_RCVBUF, 4096);
	if (pl_os.so_rerror != PL_ABSENT)
		pl_set_option(r, SOL_SOCKET, pl_os.so_rerror, 1);
	for (int i = 0; i < SENT; i++)
		pl_must(sys_sendto(*sender, b, SIZE, 0, &name));
	pl_must(sys_sendto(*sender, "x", 1, 0, &marker));
	pl_await_events(last, POLLIN);
	return (r);
}

/* What was lost is told once, by a receive ... */
PL_CASE(rerror_reports_receive_overflow, .verifies = "socket.opt.rerror-reports-receive-overflow")
{
	char b[1024];
	struct pl_outcome o;
	int r, w, errors = 0;

	need(pl_os.so_rerror, "SO_RERROR");
	r = overflow(&w);
	for (;;) {
		o = sys_recv(r, b, sizeof(b), MSG_DONTWAIT);
		if (o.error == EAGAIN)
			break;
		pl_expect(o, returns(1000), fails(ENOBUFS));
		if (o.error != 0 && ++errors > 1)
			break;
	}
	pl_expect(pl_value(errors, NULL, "receives that failed with ENOBUFS"), is(1));
}

/* ... or by SO_ERROR. */
PL_CASE(rerror_is_told_by_so_error, .verifies = "socket.opt.rerror-told-by-so-error")
{
	int r, w;

	need(pl_os.so_rerror, "SO_RERROR");
	r = overflow(&w);
	pl_expect(sys_get_option(r, SOL_SOCKET, SO_ERROR), is(ENOBUFS));
	pl_expect(sys_get_option(r, SOL_SOCKET, SO_ERROR), is(0));
}

/* First listen, then filter. */
PL_CASE(acceptfilter_needs_listening_socket,
    .verifies = "socket.opt.acceptfilter-needs-listening-socket")
{
	/* struct accept_filter_arg */
	const struct {
		char name[16], argument[240];
	} filter = { .name = "dataready" };
	struct pl_address name;
	int fd;

	need(pl_os.so_acceptfilter, "SO_ACCEPTFILTER");
	fd = pl_bound_inet(AF_INET, SOCK_STREAM, &name);
	pl_expect(sys_setsockopt(fd, SOL_SOCKET, pl_os.so_acceptfilter, &filter, sizeof(filter)),
	    fails(EINVAL));
}

/* The kernel hands on what one connection receives to another. */
PL_CASE(splice_moves_data_between_tcp_sockets,
    .verifies = "socket.opt.splice-moves-data-between-tcp-sockets")
{
	/* struct splice */
	struct {
		int fd;
		off_t most;
		struct timeval idle;
	} splice = { .fd = -1 };
	int from[2], to[2];
	off_t moved = 0;
	socklen_t length = sizeof(moved);
	struct pollfd p;

	if (pl_freebsd_before(1403))
		pl_not_applicable("SO_SPLICE came with FreeBSD 14.3");
	need(pl_os.so_splice, "SO_SPLICE");
	pl_inet_ends(SOCK_STREAM, from);
	pl_inet_ends(SOCK_STREAM, to);
	splice.fd = to[1];
	pl_expect(sys_setsockopt(from[0], SOL_SOCKET, pl_os.so_splice, &splice, sizeof(splice)),
	    returns(0));
	pl_write(from[1], "abcdef", 6);
	p = (struct pollfd){ .fd = to[0], .events = POLLIN };
	pl_expect(sys_poll(&p, 1, -1), returns(1));
	pl_expect_text(to[0], "abcdef");
	splice.fd = -1;
	pl_expect(sys_setsockopt(from[0], SOL_SOCKET, pl_os.so_splice, &splice, sizeof(splice)),
	    returns(0));
	pl_expect(
	    sys_getsockopt(from[0], SOL_SOCKET, pl_os.so_splice, &moved, &length), returns(0));
	pl_expect(pl_value((long)moved, NULL, "bytes moved"), is(6));
}
