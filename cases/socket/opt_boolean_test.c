/*
 * Options that are on or off, and what some of them do.
 */

#include "plumbline.h"

#define EVERY_SOCKET PL_SOCKETS | PL_PLAIN

/* The boolean options; how many of them are in POSIX, and how many UNIX domain sockets have. */
static const int booleans[] = { SO_KEEPALIVE, SO_REUSEADDR, SO_BROADCAST, SO_OOBINLINE,
	SO_DONTROUTE, SO_DEBUG, SO_TIMESTAMP, SO_REUSEPORT };
enum { IN_POSIX = 6, IN_UNIX = 7, ALL = 8 };

/* Those that the profile documents for that socket. */
static int
count_for(int fd)
{
	if (pl_asks(PL_POSIX))
		return (IN_POSIX);
	return (pl_get_option(fd, SOL_SOCKET, SO_DOMAIN) == AF_UNIX ? IN_UNIX : ALL);
}

/* May this process enable that option at all?  SO_DEBUG can be a privilege. */
static bool
may_enable(int fd, int name)
{
	if (name != SO_DEBUG)
		return (true);
	if (sys_set_option(fd, SOL_SOCKET, name, 1).error == EACCES)
		return (false);
	pl_set_option(fd, SOL_SOCKET, name, 0);
	return (true);
}

static void
expect_off(int fd)
{
	for (int i = 0; i < count_for(fd); i++)
		pl_expect(sys_get_option(fd, SOL_SOCKET, booleans[i]), is(0));
}

static void
expect_set_and_clear(int fd)
{
	static const int on_values[] = { 1, -5, 2, 256, INT_MIN };

	for (int i = 0; i < count_for(fd); i++) {
		if (!may_enable(fd, booleans[i]))
			continue;
		for (int j = 0; j < 5; j++) {
			pl_expect(
			    sys_set_option(fd, SOL_SOCKET, booleans[i], on_values[j]), returns(0));
			pl_expect(sys_get_option(fd, SOL_SOCKET, booleans[i]),
			    returns_between(INT_MIN, -1), returns_between(1, INT_MAX));
			pl_expect(sys_set_option(fd, SOL_SOCKET, booleans[i], 0), returns(0));
			pl_expect(sys_get_option(fd, SOL_SOCKET, booleans[i]), is(0));
		}
	}
}

static void
expect_read_back(int fd)
{
	for (int i = 0; i < count_for(fd); i++) {
		if (!may_enable(fd, booleans[i]))
			continue;
		pl_set_option(fd, SOL_SOCKET, booleans[i], 5);
		pl_expect(sys_get_option(fd, SOL_SOCKET, booleans[i]), on(PL_LINUX, is(1)),
		    on(PL_FREEBSD, is(booleans[i])));
	}
}

/*
 * Judge: all options but one have that state, off or on; the other has the
 * other.  A spare socket tells which can be enabled.
 */
static void
expect_all_but(int fd, int spare, int one, bool state)
{
	for (int i = 0; i < count_for(fd); i++) {
		struct pl_outcome o;

		if (!may_enable(spare, booleans[i]))
			continue;
		o = sys_get_option(fd, SOL_SOCKET, booleans[i]);
		if ((i == one) != state)
			pl_expect(o, returns_between(INT_MIN, -1), returns_between(1, INT_MAX));
		else
			pl_expect(o, is(0));
	}
}

/* A new socket has no options on: of any sort ... */
PL_CASE(boolean_options_start_off, .verifies = "socket.opt.boolean-options-start-off",
    .kinds = EVERY_SOCKET)
{
	struct pl_pair p = pl_pair();

	expect_off(pl_unconnected());
	expect_off(p.r);
	expect_off(p.w);
}

/* ... TCP and UDP too. */
PL_CASE(
    boolean_options_of_inet_sockets_start_off, .verifies = "socket.opt.boolean-options-start-off")
{
	expect_off(pl_socket(AF_INET, SOCK_STREAM));
	expect_off(pl_socket(AF_INET, SOCK_DGRAM));
}

/* Any number but 0 is on. */
PL_CASE(
    boolean_set_and_clear, .verifies = "socket.opt.boolean-set-and-clear", .kinds = EVERY_SOCKET)
{
	expect_set_and_clear(pl_unconnected());
}

PL_CASE(boolean_set_and_clear_of_inet_sockets, .verifies = "socket.opt.boolean-set-and-clear")
{
	expect_set_and_clear(pl_socket(AF_INET, SOCK_STREAM));
	expect_set_and_clear(pl_socket(AF_INET, SOCK_DGRAM));
}

/* One system tells a truth value, the other the bit it keeps; nothing else is mixed in. */
PL_CASE(boolean_enabled_read_back_value, .verifies = "socket.opt.boolean-enabled-read-back-value",
    .kinds = EVERY_SOCKET)
{
	expect_read_back(pl_unconnected());
}

PL_CASE(boolean_enabled_read_back_value_of_inet_sockets,
    .verifies = "socket.opt.boolean-enabled-read-back-value")
{
	struct pl_address name;
	int fd = pl_bound_inet(AF_INET, SOCK_STREAM, &name);

	pl_listen(fd, 1);
	expect_read_back(fd);
	expect_read_back(pl_socket(AF_INET, SOCK_DGRAM));
}

/* Each one on alone, and off alone. */
PL_CASE(boolean_options_independent, .verifies = "socket.opt.boolean-options-independent",
    .kinds = EVERY_SOCKET)
{
	int fd = pl_unconnected(), spare = pl_unconnected(), count = count_for(fd);

	for (int i = 0; i < count; i++) {
		if (!may_enable(fd, booleans[i]))
			continue;
		pl_set_option(fd, SOL_SOCKET, booleans[i], 1);
		expect_all_but(fd, spare, i, false);
		pl_set_option(fd, SOL_SOCKET, booleans[i], 0);
	}
	for (int i = 0; i < count; i++)
		if (may_enable(spare, booleans[i]))
			pl_set_option(fd, SOL_SOCKET, booleans[i], 1);
	for (int i = 0; i < count; i++) {
		if (!may_enable(spare, booleans[i]))
			continue;
		pl_set_option(fd, SOL_SOCKET, booleans[i], 0);
		expect_all_but(fd, spare, i, true);
		pl_set_option(fd, SOL_SOCKET, booleans[i], 1);
	}
}

/* The two that are named most alike. */
PL_CASE(reuse_options_independent, .verifies = "socket.opt.boolean-options-independent")
{
	static const int names[] = { SO_REUSEADDR, SO_REUSEPORT };

	if (pl_asks(PL_POSIX))
		pl_not_applicable("POSIX has no SO_REUSEPORT");
	for (int i = 0; i < 2; i++) {
		int fd = pl_socket(AF_INET, SOCK_STREAM);

		pl_set_option(fd, SOL_SOCKET, names[i], 1);
		pl_expect(sys_get_option(fd, SOL_SOCKET, names[!i]), is(0));
		pl_set_option(fd, SOL_SOCKET, names[!i], 0);
		pl_expect(sys_get_option(fd, SOL_SOCKET, names[i]), returns_between(INT_MIN, -1),
		    returns_between(1, INT_MAX));
	}
}

/* To debug is a privilege on one system; no other option is. */
PL_CASE(so_debug_privilege, .verifies = "socket.opt.so-debug-privilege", .kinds = EVERY_SOCKET,
    .needs = PL_UNPRIVILEGED)
{
	int fd = pl_unconnected();

	pl_expect(sys_set_option(fd, SOL_SOCKET, SO_DEBUG, 1), on(PL_LINUX, fails(EACCES)),
	    on(PL_FREEBSD, returns(0)));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_DEBUG), on(PL_LINUX, is(0)),
	    on(PL_FREEBSD, is(SO_DEBUG)));
	pl_expect(sys_set_option(fd, SOL_SOCKET, SO_DEBUG, 0), returns(0));
	for (int i = 0; i < IN_UNIX; i++)
		if (booleans[i] != SO_DEBUG)
			pl_expect(sys_set_option(fd, SOL_SOCKET, booleans[i], 1), returns(0));
}

/* What a server sets once holds for all its connections. */
PL_CASE(accepted_socket_inherits_listener_options,
    .verifies = "socket.opt.accepted-socket-inherits-listener-options", .kinds = PL_TCP)
{
	const struct linger wanted = { .l_onoff = 1, .l_linger = 3 };
	struct linger got = { 0 };
	socklen_t length = sizeof(got);
	struct pl_address name;
	int listener = pl_bound(&name), fd, size, client;

	pl_set_option(listener, SOL_SOCKET, SO_KEEPALIVE, 1);
	pl_set_option(listener, SOL_SOCKET, SO_OOBINLINE, 1);
	pl_set_option(listener, SOL_SOCKET, SO_RCVBUF, 32768);
	pl_must(sys_setsockopt(listener, SOL_SOCKET, SO_LINGER, &wanted, sizeof(wanted)));
	size = pl_get_option(listener, SOL_SOCKET, SO_RCVBUF);
	pl_listen(listener, 1);
	client = pl_unconnected();
	pl_connect(client, &name);
	fd = pl_accept(listener);
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_KEEPALIVE), returns_between(1, INT_MAX));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_OOBINLINE), returns_between(1, INT_MAX));
	pl_expect(sys_getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &length), returns(0));
	pl_expect_that(got.l_onoff != 0 && got.l_linger == wanted.l_linger,
	    "the listener's SO_LINGER", "l_onoff %d, l_linger %d", got.l_onoff, got.l_linger);
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_RCVBUF), returns_between(size, 2L * size));
	pl_expect(sys_get_option(client, SOL_SOCKET, SO_KEEPALIVE), is(0));
}

/* Loopback is attached directly, so no gateway is missed. */
PL_CASE(
    dontroute_loopback_still_delivered, .verifies = "socket.opt.dontroute-loopback-still-delivered")
{
	struct pl_address name;
	int r = pl_bound_inet(AF_INET, SOCK_DGRAM, &name), w = pl_socket(AF_INET, SOCK_DGRAM);
	struct pollfd p = { .fd = r, .events = POLLIN };

	pl_set_option(w, SOL_SOCKET, SO_DONTROUTE, 1);
	pl_expect(sys_sendto(w, "x", 1, 0, &name), returns(1));
	pl_expect(sys_poll(&p, 1, -1), returns(1));
	pl_expect_text(r, "x");
}

/* A broadcast address, and a socket that shares a network with it; in a private network. */
static int
broadcaster(struct pl_address *everybody)
{
	uint32_t host, all;
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	struct pl_address name = pl_inet_address(0);

	if (pl_os_add_broadcast_network(&host, &all) != 0)
		pl_not_tested("no interface that broadcasts can be had: %s", strerror(errno));
	name.in.sin_addr.s_addr = htonl(host);
	pl_bind(fd, &name);
	*everybody = pl_sockname(fd);
	everybody->in.sin_addr.s_addr = htonl(all);
	return (fd);
}

/* Nobody floods a network by mistake, and what is refused is not delivered. */
PL_CASE_ALONE(broadcast_needs_permission, .verifies = "socket.opt.broadcast-needs-permission")
{
	struct pl_address to, any;
	int fd = broadcaster(&to), receiver = pl_socket(AF_INET, SOCK_DGRAM);

	any = pl_wildcard_address(AF_INET, 0);
	pl_bind(receiver, &any);
	any = pl_sockname(receiver);
	to = pl_with_port(to, pl_address_port(&any));
	pl_expect(sys_sendto(fd, "none", 4, 0, &to), fails(EACCES));
	pl_set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
	pl_expect(sys_sendto(fd, "x", 1, 0, &to), returns(1));
	pl_set_option(fd, SOL_SOCKET, SO_BROADCAST, 0);
	pl_expect(sys_sendto(fd, "none", 4, 0, &to), fails(EACCES));
	pl_expect_arriving(receiver, "x");
	pl_expect_nothing(receiver);
}

/* The systems differ in whether to connect is a wish to send. */
PL_CASE_ALONE(connect_to_broadcast_address, .verifies = "socket.opt.broadcast-needs-permission")
{
	struct pl_address to;
	int fd = broadcaster(&to);

	pl_expect(sys_connect(fd, &to), on(PL_LINUX, fails(EACCES)), on(PL_FREEBSD, returns(0)));
	if (pl_asks(PL_FREEBSD))
		pl_expect(sys_send(fd, "x", 1, 0), fails(EACCES));
}

/* Send "ab", urgent "U", "cd". */
static void
send_urgent(int fd)
{
	pl_must(sys_send(fd, "ab", 2, 0));
	pl_must(sys_send(fd, "U", 1, MSG_OOB));
	pl_must(sys_send(fd, "cd", 2, 0));
}

/* Judge: the stream is this text; a read may stop at the urgent mark. */
static void
expect_stream(int fd, const char *text)
{
	char b[16];
	long done = 0, size = (long)strlen(text), n;

	while (done < size) {
		n = pl_expect(sys_recv(fd, b + done, sizeof(b) - (size_t)done, 0),
		    returns_between(1, size - done));
		if (n <= 0)
			return;
		done += n;
	}
	pl_expect_bytes(b, text, (size_t)size);
	pl_expect(sys_recv(fd, b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
}

/* The urgent byte takes its place among the others and is nowhere else. */
PL_CASE(oobinline_puts_urgent_byte_in_stream,
    .verifies = "socket.opt.oobinline-puts-urgent-byte-in-stream", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	char b[1];

	pl_set_option(p.r, SOL_SOCKET, SO_OOBINLINE, 1);
	send_urgent(p.w);
	expect_stream(p.r, "abUcd");
	pl_expect(sys_recv(p.r, b, 1, MSG_OOB), fails(EINVAL));
}

/* Without the option it is apart. */
PL_CASE(urgent_byte_is_not_in_stream_by_default,
    .verifies = "socket.opt.oobinline-puts-urgent-byte-in-stream", .kinds = PL_TCP)
{
	struct pl_pair p = pl_pair();
	struct pollfd wait = { .fd = p.r, .events = POLLPRI };
	char b[1];

	send_urgent(p.w);
	pl_expect(sys_poll(&wait, 1, -1), returns(1));
	pl_expect(sys_recv(p.r, b, 1, MSG_OOB), returns(1));
	pl_expect_bytes(b, "U", 1);
	expect_stream(p.r, "abcd");
}
