/*
 * The address that a UDP datagram comes from, as its receiver sees it.
 */

#include "plumbline.h"

/* The next datagram is one byte, and comes from there. */
static void
expect_from(int fd, struct pl_address name)
{
	struct pl_address source;
	char b[8];

	pl_expect_arrival(fd);
	pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &source), returns(1));
	pl_expect_address(&source, &name);
}

/* Who has no address of its own sends with one that can be answered. */
PL_CASE(loopback_destination_selects_loopback_source,
    .verifies = "udp.source.loopback-destination-selects-loopback-source", .kinds = PL_UDP)
{
	struct pl_address name, own;
	int receiver = pl_bound(&name), sender = pl_unconnected();

	pl_must(sys_sendto(sender, "a", 1, 0, &name));
	own = pl_sockname(sender);
	for (int i = 0; i < 2; i++) {
		struct pl_address loopback = pl_with_port(name, pl_address_port(&own));

		expect_from(receiver, loopback);
		/* It is the address to answer to. */
		pl_must(sys_sendto(receiver, "b", 1, 0, &loopback));
		expect_from(sender, name);
		pl_must(sys_sendto(sender, "c", 1, 0, &name));
	}
}

/* Who asked for an address sends with that, wherever the way goes. */
PL_CASE_ALONE(bound_address_is_the_source, .verifies = "udp.source.bound-address-is-the-source")
{
	struct pl_address first = pl_inet_address(0), second = pl_second_address(0), name;
	int receiver = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	int one = pl_socket(AF_INET, SOCK_DGRAM), two = pl_socket(AF_INET, SOCK_DGRAM);

	pl_need_second_host();
	pl_bind(one, &first);
	first = pl_sockname(one);
	pl_bind(two, &second);
	second = pl_sockname(two);
	pl_must(sys_sendto(two, "x", 1, 0, &name));
	expect_from(receiver, second);
	pl_must(sys_sendto(one, "x", 1, 0, &name));
	expect_from(receiver, first);
	/* The same for one who has a peer. */
	pl_connect(two, &name);
	pl_must(sys_send(two, "x", 1, 0));
	expect_from(receiver, second);
}

/* To the second of this system's own hosts. */
PL_CASE_ALONE(secondary_local_destination, .verifies = "udp.source.secondary-local-destination")
{
	struct pl_address all = pl_wildcard_address(AF_INET, 0), second, client, source;
	int server = pl_socket(AF_INET, SOCK_DGRAM), fd = pl_socket(AF_INET, SOCK_DGRAM), exact;

	pl_need_second_host();
	pl_set_option(server, SOL_SOCKET, SO_REUSEADDR, 1);
	pl_bind(server, &all);
	all = pl_sockname(server);
	second = pl_second_address(pl_address_port(&all));
	pl_must(sys_sendto(fd, "x", 1, 0, &second));
	client = pl_sockname(fd);
	source = pl_asks(PL_FREEBSD) ? pl_second_address(pl_address_port(&client))
				     : pl_inet_address(pl_address_port(&client));
	expect_from(server, source);
	/* A plain answer comes from there too, and is it what a connected client waits for? */
	fd = pl_socket(AF_INET, SOCK_DGRAM);
	pl_connect(fd, &second);
	client = pl_sockname(fd);
	pl_must(sys_sendto(server, "a", 1, 0, &client));
	if (pl_asks(PL_FREEBSD)) {
		expect_from(fd, second);
		return;
	}
	pl_await_delivery(server);
	exact = pl_socket(AF_INET, SOCK_DGRAM);
	pl_set_option(exact, SOL_SOCKET, SO_REUSEADDR, 1);
	pl_bind(exact, &second);
	pl_must(sys_sendto(exact, "b", 1, 0, &client));
	expect_from(fd, second);
	pl_expect_nothing(fd);
}
