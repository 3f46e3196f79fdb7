/*
 * getsockname(2) and getpeername(2): the names of both ends in every state, and
 * the buffers they are told in.
 */

#include <sys/syscall.h>

#include "plumbline.h"

/* A port of the private network, where everything is free. */
enum { PORT = 54321 };

/* What is in a buffer where nothing was stored. */
enum { BLANK = 0xa5 };

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

static struct pl_address
loopback(int domain, unsigned port)
{
	return (domain == AF_INET ? pl_inet_address(port) : pl_inet6_address(port));
}

static struct pl_outcome
port_of(const struct pl_address *a)
{
	return (pl_value(pl_address_port(a), NULL, "port"));
}

/* Is it that family, host and port, in the length that the family has? */
static void
expect_name(const struct pl_address *name, const struct pl_address *wanted)
{
	char text[160], expected[160];

	pl_expect(pl_value(name->length, NULL, "length of the name"), is(wanted->length));
	pl_expect_that(pl_address_equal(name, wanted),
	    pl_address_text(expected, sizeof(expected), &wanted->any, wanted->length), "%s",
	    pl_address_text(text, sizeof(text), &name->any, name->length));
}

static struct pl_outcome
name_of_bound(void *domain)
{
	struct pl_address wanted = loopback(*(int *)domain, PORT), name;

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int s = pl_socket(*(int *)domain, types[t]);

		pl_bind(s, &wanted);
		pl_expect(sys_getsockname(s, &name), returns(0));
		expect_name(&name, &wanted);
	}
	return (pl_done());
}

/* The name that was given is the name it has. */
PL_CASE(
    getsockname_returns_bound_address, .verifies = "socket.name.getsockname-returns-bound-address")
{
	int domain = AF_INET;

	pl_in_private_network(name_of_bound, &domain);
}

/* The same over IPv6. */
PL_CASE(getsockname_returns_bound_address_inet6,
    .verifies = "socket.name.getsockname-returns-bound-address")
{
	int domain = AF_INET6;

	pl_need_inet6();
	pl_in_private_network(name_of_bound, &domain);
}

static void
expect_chosen_port(int domain)
{
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		struct pl_address asked = loopback(domain, 0), copy = asked, name;
		int s = pl_socket(domain, types[t]);

		pl_expect(sys_bind(s, &asked), returns(0));
		pl_expect_bytes(asked.bytes, copy.bytes, copy.length);
		pl_expect(sys_getsockname(s, &name), returns(0));
		pl_expect(port_of(&name), returns_between(1, 65535));
		copy = loopback(domain, pl_address_port(&name));
		expect_name(&name, &copy);
	}
}

/* Which port it is only the socket tells. */
PL_CASE(getsockname_reveals_port_chosen_for_zero,
    .verifies = "socket.name.getsockname-reveals-port-chosen-for-zero")
{
	expect_chosen_port(AF_INET);
}

/* The same over IPv6. */
PL_CASE(getsockname_reveals_port_chosen_for_zero_inet6,
    .verifies = "socket.name.getsockname-reveals-port-chosen-for-zero")
{
	pl_need_inet6();
	expect_chosen_port(AF_INET6);
}

static void
expect_zero_name(int domain)
{
	for (int round = 0; round < 2; round++)
		for (size_t t = 0; t < PL_COUNT(types); t++) {
			struct pl_address zero = loopback(domain, 0), name;
			int s = pl_socket(domain, types[t]), used;

			memset(&zero.in6.sin6_addr, 0,
			    domain == AF_INET6 ? sizeof(zero.in6.sin6_addr) : 0);
			if (domain == AF_INET)
				zero.in.sin_addr.s_addr = 0;
			pl_expect(sys_getsockname(s, &name), returns(0));
			expect_name(&name, &zero);
			pl_close(s);
			/* What the next one gets has had a name before. */
			used = pl_bound_inet(domain, types[t], &name);
			pl_close(used);
		}
}

/* No name is a name of zeros. */
PL_CASE(unbound_internet_socket_has_zero_name,
    .verifies = "socket.name.unbound-internet-socket-has-zero-name")
{
	expect_zero_name(AF_INET);
}

/* The same over IPv6. */
PL_CASE(unbound_internet_socket_has_zero_name_inet6,
    .verifies = "socket.name.unbound-internet-socket-has-zero-name")
{
	pl_need_inet6();
	expect_zero_name(AF_INET6);
}

/* The two calls that tell a name, and a traced form of each for any buffer. */
typedef int name_call(int, struct sockaddr *, socklen_t *);
static const struct {
	name_call *call;
	const char *name;
} calls[] = { { getsockname, "getsockname" }, { getpeername, "getpeername" } };

static struct pl_outcome
tell(size_t call, int fd, void *buffer, socklen_t *length, const char *how)
{
	return (pl_sys(calls[call].call(fd, buffer, length), "%s(%s, %s)", calls[call].name,
	    pl_slot(fd), how));
}

/* A UDP socket with a name that is connected to itself: both calls tell that name. */
static int
self_connected(struct pl_address *name)
{
	int s = pl_bound_inet(AF_INET, SOCK_DGRAM, name);

	pl_connect(s, name);
	return (s);
}

static void
expect_blank(const unsigned char *buffer, size_t from, size_t size)
{
	for (size_t i = from; i < size; i++)
		pl_expect_that(buffer[i] == BLANK, "nothing is stored behind the name",
		    "byte %zu is 0x%02x", i, buffer[i]);
}

/* The length says how much of a large buffer is the name. */
PL_CASE(length_set_to_address_size, .verifies = "socket.name.length-set-to-address-size")
{
	struct pl_address name;
	int s = self_connected(&name);

	for (size_t c = 0; c < PL_COUNT(calls); c++) {
		unsigned char buffer[64];
		socklen_t length = sizeof(buffer);

		memset(buffer, BLANK, sizeof(buffer));
		pl_expect(tell(c, s, buffer, &length, "64 bytes"), returns(0));
		pl_expect(pl_value(length, NULL, "length"), is(sizeof(struct sockaddr_in)));
		pl_expect_bytes(buffer, name.bytes, offsetof(struct sockaddr_in, sin_zero));
		expect_blank(buffer, sizeof(struct sockaddr_in), sizeof(buffer));
	}
}

/* A name too long for its buffer is cut, not refused. */
PL_CASE(short_buffer_truncates, .verifies = "socket.name.short-buffer-truncates")
{
	enum { SHORT = 4 };
	struct pl_address name;
	int s = self_connected(&name);

	for (size_t c = 0; c < PL_COUNT(calls); c++) {
		unsigned char buffer[64];
		socklen_t length = SHORT;

		memset(buffer, BLANK, sizeof(buffer));
		pl_expect(tell(c, s, buffer, &length, "4 bytes"), returns(0));
		pl_expect_bytes(buffer, name.bytes, SHORT);
		expect_blank(buffer, SHORT, sizeof(buffer));
		pl_expect(pl_value(length, NULL, "length"),
		    on(PL_LINUX, is(sizeof(struct sockaddr_in))),
		    on(PL_FREEBSD,
			is(pl_freebsd_before(1500) ? SHORT : (long)sizeof(struct sockaddr_in))),
		    on(PL_POSIX, is(SHORT)), on(PL_POSIX, is(sizeof(struct sockaddr_in))));
	}
}

/* Asked for nothing, they store nothing; the place may as well not exist. */
PL_CASE(zero_length_writes_nothing, .verifies = "socket.name.zero-length-writes-nothing")
{
	struct pl_address name;
	int s = self_connected(&name);

	for (size_t c = 0; c < PL_COUNT(calls); c++) {
		unsigned char buffer[64];
		void *places[] = { buffer, pl_guarded(0) };

		memset(buffer, BLANK, sizeof(buffer));
		for (size_t i = 0; i < PL_COUNT(places); i++) {
			socklen_t length = 0;

			pl_expect(tell(c, s, places[i], &length, "0 bytes"), returns(0));
			pl_expect(pl_value(length, NULL, "length"),
			    on(PL_LINUX, is(sizeof(struct sockaddr_in))),
			    on(PL_FREEBSD,
				is(pl_freebsd_before(1500) ? 0
							   : (long)sizeof(struct sockaddr_in))));
		}
		expect_blank(buffer, 0, sizeof(buffer));
	}
}

/* No buffer is that long. */
PL_CASE(negative_length, .verifies = "socket.name.negative-length")
{
	struct pl_address name;
	int s = self_connected(&name);

	for (size_t c = 0; c < PL_COUNT(calls); c++) {
		unsigned char buffer[256];
		socklen_t length = (socklen_t)-1;

		memset(buffer, BLANK, sizeof(buffer));
		pl_expect(tell(c, s, buffer, &length, "-1 bytes"), fails(EINVAL));
		expect_blank(buffer, sizeof(struct sockaddr_in), sizeof(buffer));
	}
}

/* The same past libc, where a sanitizer would look at the length first. */
static struct pl_outcome
tell_bare(size_t call, int fd, void *buffer, socklen_t *length, const char *how)
{
	static const long numbers[] = { SYS_getsockname, SYS_getpeername };

	return (pl_sys(syscall(numbers[call], fd, buffer, length), "%s(%s, %s)", calls[call].name,
	    pl_slot(fd), how));
}

static void
expect_efault(int s)
{
	for (size_t c = 0; c < PL_COUNT(calls); c++) {
		char buffer[128];
		socklen_t length = sizeof(buffer);

		pl_expect(tell(c, s, pl_guarded(0), &length, "bad buffer"), fails(EFAULT));
		pl_expect(tell_bare(c, s, buffer, pl_guarded(0), "bad length"), fails(EFAULT));
		pl_expect(tell_bare(c, s, buffer, pl_guarded(sizeof(length) / 2), "half a length"),
		    fails(EFAULT));
		length = sizeof(buffer);
		pl_expect(tell(c, s, buffer, &length, "128 bytes"), returns(0));
	}
}

/* A place that does not exist, for the name or for its length. */
PL_CASE(bad_pointers_efault, .verifies = "socket.name.bad-pointers-efault", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();

	expect_efault(p.r);
}

/* The same in the Internet domain, and for a place that ends too early. */
PL_CASE(bad_pointers_efault_inet, .verifies = "socket.name.bad-pointers-efault")
{
	struct pl_address name;
	int s = self_connected(&name);

	expect_efault(s);
	for (size_t c = 0; c < PL_COUNT(calls); c++) {
		socklen_t length = sizeof(struct sockaddr_in);

		pl_expect(
		    tell(c, s, pl_guarded(length / 2), &length, "half a buffer"), fails(EFAULT));
	}
}

static void
expect_no_peer(int s)
{
	struct pl_address a;

	pl_expect(sys_getpeername(s, &a), fails(ENOTCONN));
}

/* Nobody is there, whatever else has happened to the socket. */
PL_CASE(getpeername_unconnected_enotconn,
    .verifies = "socket.name.getpeername-unconnected-enotconn", .kinds = PL_SOCKETS | PL_NAMED)
{
	struct pl_address name;

	expect_no_peer(pl_unconnected());
	expect_no_peer(pl_bound(&name));
	if (pl_kind_has(PL_CONNECTIONS))
		expect_no_peer(pl_listening(1, &name));
}

/* On FreeBSD a socket without peer hears all addresses, so this is done in private. */
static struct pl_outcome
connect_and_dissolve(void *unused)
{
	struct pl_address own, first, second, name, none = pl_inet_address(0);
	int s = pl_bound_inet(AF_INET, SOCK_DGRAM, &own);

	(void)unused;
	pl_bound_inet(AF_INET, SOCK_DGRAM, &first);
	pl_bound_inet(AF_INET, SOCK_DGRAM, &second);
	none.any.sa_family = AF_UNSPEC;
	pl_connect(s, &first);
	pl_expect(sys_getpeername(s, &name), returns(0));
	expect_name(&name, &first);
	pl_connect(s, &second);
	pl_expect(sys_getpeername(s, &name), returns(0));
	expect_name(&name, &second);
	pl_expect(
	    sys_connect(s, &none), returns(0), on(PL_FREEBSD | PL_POSIX, fails(EAFNOSUPPORT)));
	pl_expect(sys_getpeername(s, &name), fails(ENOTCONN));
	return (pl_done());
}

/* The peer is whom connect named last, or nobody. */
PL_CASE(
    getpeername_of_connected_datagram, .verifies = "socket.name.getpeername-of-connected-datagram")
{
	pl_in_private_network(connect_and_dissolve, NULL);
}

static void
expect_agreement(
    int client, int accepted, const struct pl_address *listener, const struct pl_address *told)
{
	struct pl_address own, peer;

	pl_expect(sys_getsockname(client, &own), returns(0));
	pl_expect(sys_getpeername(accepted, &peer), returns(0));
	expect_name(&peer, &own);
	pl_expect(sys_getsockname(accepted, &own), returns(0));
	pl_expect(sys_getpeername(client, &peer), returns(0));
	expect_name(&peer, &own);
	expect_name(&own, listener);
	own = pl_sockname(client);
	expect_name(told, &own);
}

/* What one end calls its own name the other calls its peer's. */
PL_CASE(both_ends_of_connection_agree, .verifies = "socket.name.both-ends-of-connection-agree",
    .kinds = PL_SOCKETS | PL_CONNECTIONS | PL_NAMED)
{
	struct pl_address name, own, told;
	int listener = pl_listening(1, &name), client = pl_bound(&own), s;

	pl_connect(client, &name);
	s = (int)pl_must(sys_accept(listener, &told));
	expect_agreement(client, s, &name, &told);
}

/* Wait until something happened to it. */
static void
wait_for_news(int fd)
{

	pl_await_events(fd, POLLIN);
}

/* A peer that said good-bye is known; one that hung up in anger is not. */
PL_CASE(
    after_peer_close_and_after_reset, .verifies = "socket.name.after-peer-close-and-after-reset")
{
	struct linger hard = { .l_onoff = 1, .l_linger = 0 };
	struct pl_address own, name, peer;
	int fd[2];

	pl_inet_ends(SOCK_STREAM, fd);
	peer = pl_peername(fd[0]);
	pl_close(fd[1]);
	wait_for_news(fd[0]);
	pl_expect(sys_getpeername(fd[0], &name), returns(0));
	expect_name(&name, &peer);

	pl_inet_ends(SOCK_STREAM, fd);
	own = pl_sockname(fd[0]);
	pl_must(sys_setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)));
	pl_close(fd[1]);
	wait_for_news(fd[0]);
	pl_expect(
	    sys_getpeername(fd[0], &name), fails(ENOTCONN), on(PL_FREEBSD, fails(ECONNRESET)));
	pl_expect(sys_getsockname(fd[0], &name), returns(0), on(PL_FREEBSD, fails(ECONNRESET)));
	if (pl_address_port(&name) != 0)
		pl_expect(port_of(&name), is(pl_address_port(&own)));
}

static struct pl_outcome
name_chosen_by_connect(void *unused)
{
	struct pl_address peer, name, wanted;
	int s = pl_socket(AF_INET, SOCK_DGRAM);

	(void)unused;
	pl_bound_inet(AF_INET, SOCK_DGRAM, &peer);
	pl_connect(s, &peer);
	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect(port_of(&name), returns_between(1, 65535));
	pl_expect_that(pl_address_port(&name) != pl_address_port(&peer), "a port of its own",
	    "port %u, which is the peer's", pl_address_port(&peer));
	wanted = pl_inet_address(pl_address_port(&name));
	expect_name(&name, &wanted);
	return (pl_done());
}

/* With a peer it is clear by which address it is reached. */
PL_CASE(udp_connect_chooses_local_address_and_port,
    .verifies = "socket.name.udp-connect-chooses-local-address-and-port")
{
	pl_in_private_network(name_chosen_by_connect, NULL);
}

static struct pl_outcome
name_chosen_by_send(void *unused)
{
	struct pl_address peer, name, wanted, from;
	int s = pl_unconnected(), r = pl_bound(&peer);
	char b[4];

	(void)unused;
	for (int i = 0; i < 3; i++) {
		pl_must(sys_sendto(s, "x", 1, 0, &peer));
		pl_expect(sys_getsockname(s, &name), returns(0));
		if (i == 0) {
			pl_expect(port_of(&name), returns_between(1, 65535));
			wanted =
			    pl_wildcard_address(pl_case_kind()->domain, pl_address_port(&name));
		}
		expect_name(&name, &wanted);
		pl_must(sys_recvfrom(r, b, sizeof(b), 0, &from));
		pl_expect(port_of(&from), is(pl_address_port(&wanted)));
	}
	return (pl_done());
}

/* The first datagram needs a port to come from; the next ones keep it. */
PL_CASE(udp_send_chooses_port, .verifies = "socket.name.udp-send-chooses-port", .kinds = PL_UDP)
{
	pl_in_private_network(name_chosen_by_send, NULL);
}

static struct pl_outcome
name_chosen_by_listen(void *unused)
{
	struct pl_address name;
	struct pl_address all;
	int listener = pl_unconnected(), client = pl_unconnected();

	(void)unused;
	pl_expect(sys_listen(listener, 1), returns(0));
	pl_expect(sys_getsockname(listener, &name), returns(0));
	pl_expect(port_of(&name), returns_between(1, 65535));
	all = pl_wildcard_address(pl_case_kind()->domain, pl_address_port(&name));
	pl_expect_address(&name, &all);
	name = pl_with_port(pl_case_kind()->address(), pl_address_port(&name));
	pl_expect(sys_connect(client, &name), returns(0));
	pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));
	return (pl_done());
}

/* A listener without a name gets one, under which it is reached. */
PL_CASE(listen_on_unbound_internet_socket_assigns_port,
    .verifies = "socket.name.listen-on-unbound-internet-socket-assigns-port", .kinds = PL_TCP)
{
	pl_in_private_network(name_chosen_by_listen, NULL);
}
