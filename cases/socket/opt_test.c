/*
 * Options that tell what a socket is and what went wrong with it: its type, its
 * domain, whether it listens, the pending error.
 */

#include "plumbline.h"
#include "sequence/names.h"

#define EVERY_SOCKET PL_SOCKETS | PL_PLAIN

/* Judge: that event comes about. */
static void
expect_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	pl_expect(sys_poll(&p, 1, -1), returns(1));
}

/* A socket that was told ECONNREFUSED, which is pending. */
static int
refused_datagram_socket(void)
{
	struct pl_address nobody;
	int owner = pl_bound(&nobody), fd = pl_unconnected();

	/* Who has itself for a peer refuses everybody else. */
	pl_connect(owner, &nobody);
	pl_connect(fd, &nobody);
	pl_expect(sys_send(fd, "x", 1, 0), returns(1));
	expect_ready(fd, POLLIN);
	return (fd);
}

/* Each type is told as it was asked for. */
PL_CASE(so_type_tells_the_socket_type, .verifies = "socket.opt.so-type-tells-the-socket-type",
    .kinds = EVERY_SOCKET)
{
	struct pl_pair p = pl_pair();
	int type = pl_case_kind()->type;

	pl_expect(sys_get_option(pl_unconnected(), SOL_SOCKET, SO_TYPE), is(type));
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_TYPE), is(type));
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_TYPE), is(type));
}

/* Flags in the type argument are no part of the type. */
PL_CASE(so_type_of_inet_sockets, .verifies = "socket.opt.so-type-tells-the-socket-type")
{
	int fd = (int)pl_must(sys_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));

	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_TYPE), is(SOCK_STREAM));
	pl_expect(
	    sys_get_option(pl_socket(AF_INET, SOCK_DGRAM), SOL_SOCKET, SO_TYPE), is(SOCK_DGRAM));
}

/* The domain is that of the socket, whatever its type. */
PL_CASE(so_domain_tells_the_domain, .verifies = "socket.opt.so-domain-tells-the-domain")
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_get_option(pl_socket(AF_UNIX, types[i]), SOL_SOCKET, SO_DOMAIN),
		    is(AF_UNIX));
		pl_expect(sys_get_option(pl_socket(AF_INET, types[i]), SOL_SOCKET, SO_DOMAIN),
		    is(AF_INET));
	}
}

/* The two families of the Internet are told apart. */
PL_CASE(so_domain_of_inet6_sockets, .verifies = "socket.opt.so-domain-tells-the-domain")
{
	pl_need_inet6();
	pl_expect(
	    sys_get_option(pl_socket(AF_INET6, SOCK_STREAM), SOL_SOCKET, SO_DOMAIN), is(AF_INET6));
	pl_expect(
	    sys_get_option(pl_socket(AF_INET6, SOCK_DGRAM), SOL_SOCKET, SO_DOMAIN), is(AF_INET6));
}

/* An option by another name. */
PL_CASE(so_prototype_is_alias_of_so_protocol,
    .verifies = "socket.opt.so-prototype-is-alias-of-so-protocol")
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	if (pl_os.so_prototype == PL_ABSENT)
		pl_not_tested("this kernel has no SO_PROTOTYPE");
	pl_expect(pl_value(pl_os.so_prototype, &pl_names_option, "SO_PROTOTYPE"), is(SO_PROTOCOL));
	pl_expect(sys_get_option(fd, SOL_SOCKET, pl_os.so_prototype), is(IPPROTO_UDP));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_PROTOCOL), is(IPPROTO_UDP));
}

/* It is listen that turns it on, and for the listener alone. */
PL_CASE(so_acceptconn_turns_on_with_listen,
    .verifies = "socket.opt.so-acceptconn-turns-on-with-listen",
    .kinds = EVERY_SOCKET | PL_CONNECTIONS)
{
	struct pl_address name;
	int fd = pl_bound(&name), client = pl_unconnected();

	pl_expect(sys_get_option(client, SOL_SOCKET, SO_ACCEPTCONN), is(0));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), is(0));
	pl_listen(fd, 1);
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), on(PL_LINUX, is(1)),
	    on(PL_FREEBSD | PL_POSIX, returns_between(1, INT_MAX)));
	pl_connect(client, &name);
	pl_expect(sys_get_option(pl_accept(fd), SOL_SOCKET, SO_ACCEPTCONN), is(0));
	pl_expect(sys_get_option(client, SOL_SOCKET, SO_ACCEPTCONN), is(0));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ACCEPTCONN), on(PL_LINUX, is(1)),
	    on(PL_FREEBSD | PL_POSIX, returns_between(1, INT_MAX)));
}

/* Datagrams are not accepted. */
PL_CASE(so_acceptconn_of_datagram_sockets,
    .verifies = "socket.opt.so-acceptconn-turns-on-with-listen",
    .kinds = EVERY_SOCKET | PL_DATAGRAMS)
{
	struct pl_address name;

	pl_expect(sys_get_option(pl_unconnected(), SOL_SOCKET, SO_ACCEPTCONN), is(0));
	pl_expect(sys_get_option(pl_bound(&name), SOL_SOCKET, SO_ACCEPTCONN), is(0));
}

/* Nothing went wrong yet. */
PL_CASE(so_error_zero_when_nothing_pending,
    .verifies = "socket.opt.so-error-zero-when-nothing-pending", .kinds = EVERY_SOCKET)
{
	struct pl_pair p = pl_pair();

	pl_expect(sys_get_option(pl_unconnected(), SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_ERROR), is(0));
}

/* An error that a call returned is not kept as well. */
PL_CASE(so_error_does_not_keep_what_a_call_returned,
    .verifies = "socket.opt.so-error-zero-when-nothing-pending", .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected();
	struct pl_address name;

	pl_must(sys_getsockname(fd, &name));
	if (sys_getpeername(fd, &name).error != ENOTCONN)
		pl_broken("an unconnected socket has a peer");
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
}

/* The asynchronous error of a connected datagram socket: told, and cleared by that. */
PL_CASE(so_error_reports_udp_refusal_once,
    .verifies = "socket.opt.so-error-reports-udp-refusal-once", .kinds = PL_UDP)
{
	int fd = refused_datagram_socket();
	char b[8];

	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_recv(fd, b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
}

/* The next call takes it instead. */
PL_CASE(pending_error_consumed_by_recv, .verifies = "socket.opt.pending-error-consumed-by-recv",
    .kinds = PL_UDP)
{
	int fd = refused_datagram_socket();
	char b[8];

	pl_expect(sys_recv(fd, b, sizeof(b), 0), fails(ECONNREFUSED));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_recv(fd, b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
}

/* How a program learns that its connect failed, in the background or at once. */
PL_CASE(so_error_after_refused_nonblocking_connect,
    .verifies = "socket.opt.so-error-after-refused-nonblocking-connect", .kinds = PL_TCP)
{
	struct pl_address name;
	int fd = pl_unconnected();
	struct pl_outcome o;

	pl_bound(&name);
	pl_nonblock(fd, true);
	o = sys_connect(fd, &name);
	pl_expect(o, fails(EINPROGRESS), fails(ECONNREFUSED));
	if (o.error == EINPROGRESS) {
		expect_ready(fd, POLLOUT);
		pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
	}
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(
	    sys_getpeername(fd, &name), fails(ENOTCONN), on(PL_FREEBSD | PL_POSIX, fails(EINVAL)));
}

/* What only the kernel knows cannot be set. */
PL_CASE(get_only_options_refuse_set, .verifies = "socket.opt.get-only-options-refuse-set",
    .kinds = EVERY_SOCKET)
{
	static const int names[] = { SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_DOMAIN, SO_PROTOCOL };
	int fd = pl_unconnected();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int before = pl_get_option(fd, SOL_SOCKET, names[i]);

		pl_expect(sys_set_option(fd, SOL_SOCKET, names[i], 1), fails(ENOPROTOOPT));
		pl_expect(sys_set_option(fd, SOL_SOCKET, names[i], before), fails(ENOPROTOOPT));
		pl_expect(sys_get_option(fd, SOL_SOCKET, names[i]), is(before));
	}
}

/* Nor does the attempt clear the pending error. */
PL_CASE(setting_so_error_leaves_it_pending, .verifies = "socket.opt.get-only-options-refuse-set",
    .kinds = PL_UDP | PL_PLAIN)
{
	int fd = refused_datagram_socket();

	pl_expect(sys_set_option(fd, SOL_SOCKET, SO_ERROR, 0), fails(ENOPROTOOPT));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
}
