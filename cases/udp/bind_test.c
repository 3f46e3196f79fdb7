/*
 * bind(2) of UDP sockets: names that one socket had, that two may have, and what
 * reaches them.  What holds for every socket stands in socket.bind and
 * socket.reuse.
 */

#include "plumbline.h"

/* An unbound socket with that option, 0 for none. */
static int
made(int option)
{
	int fd = pl_unconnected();

	if (option != 0)
		pl_set_option(fd, SOL_SOCKET, option, 1);
	return (fd);
}

/* The first datagram or connect is a binding too. */
PL_CASE(bind_after_an_implicit_binding, .verifies = "udp.bind.after-implicit-bind-fails",
    .kinds = PL_UDP)
{
	struct pl_address peer_name, name, own;
	int peer = pl_bound(&peer_name);

	for (int i = 0; i < 2; i++) {
		int fd = pl_unconnected();

		if (i == 0)
			pl_must(sys_sendto(fd, "mail", 4, 0, &peer_name));
		else
			pl_connect(fd, &peer_name);
		own = pl_sockname(fd);
		name = pl_case_kind()->address();
		pl_expect(sys_bind(fd, &name), fails(EINVAL));
		name = pl_sockname(fd);
		pl_expect(
		    pl_value(pl_address_port(&name), NULL, "port"), is(pl_address_port(&own)));
	}
	pl_expect_arriving(peer, "mail");
}

/* Any host, and one of them, if both agree; whichever was first. */
PL_CASE_ALONE(reuseaddr_for_wildcard_and_specific,
    .verifies = "udp.bind.reuseaddr-on-both-wildcard-plus-specific", .kinds = PL_UDP)
{
	for (int order = 0; order < 2; order++) {
		struct pl_address specific = pl_case_kind()->address(), own;
		struct pl_address all = pl_wildcard_address(pl_case_kind()->domain, 0);
		const struct pl_address *second = order == 0 ? &specific : &all;
		int fd = made(SO_REUSEADDR);

		pl_bind(fd, order == 0 ? &all : &specific);
		own = pl_sockname(fd);
		all = pl_with_port(all, pl_address_port(&own));
		specific = pl_with_port(specific, pl_address_port(&own));
		fd = made(SO_REUSEADDR);
		pl_expect(sys_bind(fd, second), returns(0));
		own = pl_sockname(fd);
		pl_expect_address(&own, second);
	}
}

/* It is to be set before: to agree afterwards is no agreement. */
PL_CASE(reuseport_set_after_the_first_bind, .verifies = "udp.bind.reuseport-set-after-first-bind",
    .kinds = PL_UDP)
{
	struct pl_address name;
	int first = pl_bound(&name);

	pl_set_option(first, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_expect(
	    sys_bind(made(SO_REUSEPORT), &name), on(PL_FREEBSD | PL_LINUX, fails(EADDRINUSE)));
}

/* A port is a port of a host. */
PL_CASE_ALONE(one_port_on_two_hosts, .verifies = "udp.bind.same-port-on-two-local-addresses")
{
	struct pl_address one, two, all, own;
	int fd[2], sender = pl_socket(AF_INET, SOCK_DGRAM);

	pl_need_second_host();
	fd[0] = pl_bound_inet(AF_INET, SOCK_DGRAM, &one);
	fd[1] = pl_socket(AF_INET, SOCK_DGRAM);
	two = pl_second_address(pl_address_port(&one));
	pl_expect(sys_bind(fd[1], &two), returns(0));
	own = pl_sockname(fd[1]);
	pl_expect_address(&own, &two);
	pl_must(sys_sendto(sender, "one", 3, 0, &one));
	pl_expect_arriving(fd[0], "one");
	pl_must(sys_sendto(sender, "two", 3, 0, &two));
	pl_expect_arriving(fd[1], "two");
	pl_expect_nothing(fd[0]);
	/* Both hosts' ports are taken now. */
	all = pl_wildcard_address(AF_INET, pl_address_port(&one));
	pl_expect(sys_bind(pl_socket(AF_INET, SOCK_DGRAM), &all), fails(EADDRINUSE));
}

/* Nothing lingers, and nothing has to be unlinked. */
PL_CASE_ALONE(port_is_free_after_close, .verifies = "udp.bind.port-reusable-right-after-close",
    .kinds = PL_UDP)
{
	struct pl_address name, peer_name;
	int fd = pl_bound(&name), peer = pl_bound(&peer_name);

	for (int i = 0; i < 4; i++) {
		/* A conversation, and something that is never read. */
		pl_must(sys_sendto(fd, "there", 5, 0, &peer_name));
		pl_expect_arriving(peer, "there");
		pl_must(sys_sendto(peer, "back", 4, 0, &name));
		pl_expect_arriving(fd, "back");
		pl_must(sys_sendto(peer, "unread", 6, 0, &name));
		pl_expect_arrival(fd);
		pl_close(fd);
		fd = pl_unconnected();
		pl_expect(sys_bind(fd, &name), returns(0));
		/* What was for the former owner was not kept for the next. */
		pl_expect_nothing(fd);
	}
}

/* An old way to say any host. */
PL_CASE_ALONE(
    limited_broadcast_address_is_any_host, .verifies = "udp.bind.limited-broadcast-address")
{
	struct pl_address name = pl_inet_address(0), own;
	int fd = pl_socket(AF_INET, SOCK_DGRAM), sender = pl_socket(AF_INET, SOCK_DGRAM);
	long arrived = 0;

	name.in.sin_addr.s_addr = htonl(INADDR_BROADCAST);
	pl_must(sys_bind(fd, &name));
	own = pl_sockname(fd);
	name = pl_inet_address(pl_address_port(&own));
	for (int i = 0; i < 4; i++) {
		pl_must(sys_sendto(sender, "mail", 4, 0, &name));
		pl_await_delivery(sender);
		arrived |= pl_must(pl_poll_now(fd, POLLIN));
	}
	pl_expect(pl_value(arrived != 0, NULL, "datagrams for 127.0.0.1 arrive (1) or not (0)"),
	    on(PL_LINUX, is(1)));
}

/* Implicit bindings need a free port too. */
PL_CASE_ALONE(no_port_left_for_an_implicit_binding,
    .verifies = "udp.bind.ephemeral-ports-exhausted", .kinds = PL_UDP)
{
	enum { FIRST = 20000, COUNT = 3 };
	struct pl_address name, server_name;
	int server, holders[COUNT], fds[] = { pl_unconnected(), pl_unconnected() }, late;

	server = pl_bound(&server_name);
	late = pl_unconnected();
	if (pl_os_set_port_range(FIRST, FIRST + COUNT - 1) != 0)
		pl_not_tested("the port range cannot be set: %s", strerror(errno));
	pl_note("the port range is %d to %d", FIRST, FIRST + COUNT - 1);
	for (int i = 0; i < COUNT; i++)
		holders[i] = pl_bound(&name);
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_sendto(fds[i], "lost", 4, 0, &server_name),
		    on(PL_LINUX, fails(EAGAIN)), on(PL_FREEBSD, fails(EAGAIN)),
		    on(PL_FREEBSD, fails(EADDRNOTAVAIL)));
		pl_expect(sys_connect(fds[i], &server_name), on(PL_FREEBSD, fails(EAGAIN)),
		    on(PL_LINUX, fails(EADDRNOTAVAIL)));
		pl_expect(
		    sys_getpeername(fds[i], &name), on(PL_FREEBSD | PL_LINUX, fails(ENOTCONN)));
	}
	pl_expect_nothing(server);
	/* One that goes makes room for one. */
	pl_close(holders[0]);
	pl_expect(
	    sys_sendto(late, "mail", 4, 0, &server_name), on(PL_FREEBSD | PL_LINUX, returns(4)));
	pl_expect_arriving(server, "mail");
}

/* Any host is every one that this system is. */
PL_CASE_ALONE(wildcard_receives_for_every_host,
    .verifies = "udp.bind.wildcard-receives-for-every-local-address")
{
	struct pl_address all = pl_wildcard_address(AF_INET, 0), one, two;
	int fd = pl_socket(AF_INET, SOCK_DGRAM), sender = pl_socket(AF_INET, SOCK_DGRAM);

	pl_need_second_host();
	pl_bind(fd, &all);
	all = pl_sockname(fd);
	one = pl_inet_address(pl_address_port(&all));
	two = pl_second_address(pl_address_port(&all));
	for (int i = 0; i < 2; i++) {
		pl_must(sys_sendto(sender, "one", 3, 0, &one));
		pl_expect_arriving(fd, "one");
		pl_must(sys_sendto(sender, "two", 3, 0, &two));
		pl_expect_arriving(fd, "two");
	}
	pl_expect_nothing(fd);
}
