/*
 * connect(2) that takes a UDP socket's peer away, or fails: what is left then.
 */

#include "plumbline.h"

/* No address at all: what POSIX and the manual pages call a null address. */
static struct pl_address
null_address(void)
{
	struct pl_address a = { .length = sizeof(struct sockaddr) };

	a.any.sa_family = AF_UNSPEC;
	return (a);
}

/* Take the peer away; what the call returns is the matter of one case alone. */
static struct pl_outcome
dissolve(int fd)
{
	struct pl_address null = null_address();

	return (sys_connect(fd, &null));
}

static struct pl_outcome
peer_of(int fd)
{
	struct pl_address ignored;

	return (sys_getpeername(fd, &ignored));
}

/*
 * A socket bound to a port that its owner named, not the kernel: one that the
 * kernel chose for another socket, which has shared it until now.
 */
static int
bound_to_explicit_port(struct pl_address *name)
{
	int first = pl_unconnected(), fd = pl_unconnected();

	*name = pl_case_kind()->address();
	pl_set_option(first, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(first, name);
	*name = pl_sockname(first);
	pl_bind(fd, name);
	pl_close(first);
	return (fd);
}

/* The name of the socket is this, say these profiles. */
static void
expect_name(int fd, unsigned profiles, struct pl_address wanted)
{
	struct pl_address name = pl_sockname(fd);

	if (pl_asks(profiles))
		pl_expect_address(&name, &wanted);
}

/* After it nobody is there to be sent to. */
PL_CASE(
    null_address_removes_the_peer, .verifies = "udp.connect.unspec-removes-peer", .kinds = PL_UDP)
{
	struct pl_address name, own;
	int peer = pl_bound(&name);
	const int fds[] = { pl_unconnected(), pl_bound(&own) };

	for (int i = 0; i < 2; i++) {
		pl_connect(fds[i], &name);
		pl_expect(peer_of(fds[i]), returns(0));
		dissolve(fds[i]);
		pl_expect(peer_of(fds[i]), fails(ENOTCONN));
		pl_expect(sys_send(fds[i], "lost", 4, 0), fails(EDESTADDRREQ));
		pl_expect(sys_write(fds[i], "lost", 4), fails(EDESTADDRREQ));
		/* It can have another, and nothing was sent meanwhile. */
		pl_expect(sys_connect(fds[i], &name), returns(0));
		pl_expect(sys_send(fds[i], "mail", 4, 0), returns(4));
		pl_expect_arriving(peer, "mail");
		pl_expect_nothing(peer);
	}
}

/* One system calls it a failure. */
PL_CASE(
    return_value_of_a_null_connect, .verifies = "udp.connect.unspec-return-value", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();

	pl_expect(dissolve(p.w), on(PL_FREEBSD, fails(EAFNOSUPPORT)),
	    on(PL_LINUX | PL_POSIX, returns(0)));
	pl_expect(peer_of(p.w), fails(ENOTCONN));
	pl_expect(peer_of(p.r), returns(0));
}

/* Everybody may write again, and be written to. */
PL_CASE(any_sender_is_heard_again, .verifies = "udp.connect.dissolve-restores-any-sender",
    .kinds = PL_UDP)
{
	struct pl_address name, peer_name, stranger_name;
	int fd = bound_to_explicit_port(&name), peer = pl_bound(&peer_name);
	int stranger = pl_bound(&stranger_name);

	pl_connect(fd, &peer_name);
	dissolve(fd);
	pl_must(sys_sendto(stranger, "one", 3, 0, &name));
	pl_expect_arriving(fd, "one");
	pl_must(sys_sendto(peer, "two", 3, 0, &name));
	pl_expect_arriving(fd, "two");
	pl_expect(sys_sendto(fd, "three", 5, 0, &stranger_name), returns(5));
	pl_expect_arriving(stranger, "three");
	pl_expect_nothing(fd);
}

/* A port that nobody asked for. */
PL_CASE(port_that_connect_chose, .verifies = "udp.connect.dissolved-implicit-port")
{
	struct pl_address peer_name, name;
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_bound_inet(AF_INET, SOCK_DGRAM, &peer_name);
	pl_connect(fd, &peer_name);
	name = pl_sockname(fd);
	dissolve(fd);
	expect_name(fd, PL_FREEBSD, pl_wildcard_address(AF_INET, pl_address_port(&name)));
	expect_name(fd, PL_LINUX, pl_wildcard_address(AF_INET, 0));
	/* Either way it can go on, with a port again. */
	pl_expect(sys_connect(fd, &peer_name), returns(0));
	name = pl_sockname(fd);
	pl_expect_that(pl_address_port(&name) != 0, "a port", "none");
}

/* A port that the kernel chose at the owner's request, on a host that the owner named. */
PL_CASE(port_that_bind_chose, .verifies = "udp.connect.dissolved-port-chosen-by-bind")
{
	struct pl_address peer_name, name;
	int fd = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);

	pl_bound_inet(AF_INET, SOCK_DGRAM, &peer_name);
	pl_connect(fd, &peer_name);
	dissolve(fd);
	expect_name(fd, PL_FREEBSD, pl_wildcard_address(AF_INET, pl_address_port(&name)));
	expect_name(fd, PL_LINUX, pl_inet_address(0));
}

/* A host and a port that the owner named. */
PL_CASE(name_that_bind_gave, .verifies = "udp.connect.dissolved-bound-address",
    .kinds = PL_UDP | PL_PLAIN)
{
	struct pl_address peer_name, name;
	int fd = bound_to_explicit_port(&name);

	pl_bound(&peer_name);
	pl_connect(fd, &peer_name);
	dissolve(fd);
	expect_name(fd, PL_FREEBSD, pl_wildcard_address(AF_INET, pl_address_port(&name)));
	expect_name(fd, PL_LINUX, pl_inet_address(pl_address_port(&name)));
}

/* Address 0 and port 0 are nobody. */
PL_CASE(null_inet_address, .verifies = "udp.connect.null-inet-address")
{
	struct pl_address null = pl_wildcard_address(AF_INET, 0), name;
	int peer = pl_bound_inet(AF_INET, SOCK_DGRAM, &name), fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_connect(fd, &name);
	pl_expect(
	    sys_connect(fd, &null), on(PL_FREEBSD, fails(EADDRNOTAVAIL)), on(PL_LINUX, returns(0)));
	pl_expect(peer_of(fd), on(PL_FREEBSD | PL_LINUX, fails(ENOTCONN)));
	pl_expect(sys_connect(fd, &name), on(PL_FREEBSD | PL_LINUX, returns(0)));
	pl_expect(sys_send(fd, "mail", 4, 0), on(PL_FREEBSD | PL_LINUX, returns(4)));
	pl_expect_arriving(peer, "mail");
	pl_expect_nothing(peer);
}

/*
 * FreeBSD takes the old peer away first; the others leave open what state a
 * failed connect leaves, but half of an address is no state.
 */
PL_CASE(failed_connect_and_the_old_peer, .verifies = "udp.connect.failed-connect-and-old-peer")
{
	struct pl_address foreign = pl_inet6_address(9), name, peer;
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	struct pl_outcome o;

	pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	pl_connect(fd, &name);
	pl_expect(sys_connect(fd, &foreign), fails(EAFNOSUPPORT));
	o = sys_getpeername(fd, &peer);
	pl_expect(o, fails(ENOTCONN), on(PL_LINUX | PL_POSIX, returns(0)));
	if (o.error == 0)
		pl_expect_address(&peer, &name);
}
