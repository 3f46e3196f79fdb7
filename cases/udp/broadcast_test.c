/*
 * Broadcasts, in a network of the case's own.
 */

#include "plumbline.h"

/* The network: this host there, and all hosts, with the port that receivers share. */
static struct pl_address here, everybody;

static void
join_network(void)
{
	uint32_t host, all;

	if (pl_os_add_broadcast_network(&host, &all) != 0)
		pl_not_tested("no interface that broadcasts can be had: %s", strerror(errno));
	here = everybody = pl_inet_address(0);
	here.in.sin_addr.s_addr = htonl(host);
	everybody.in.sin_addr.s_addr = htonl(all);
}

/* A socket bound to every address and the port, which it shares with others. */
static int
receiver(void)
{
	struct pl_address any = pl_wildcard_address(AF_INET, pl_address_port(&everybody));
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	pl_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(fd, &any);
	any = pl_sockname(fd);
	everybody.in.sin_port = any.in.sin_port;
	return (fd);
}

static int
sender(void)
{
	int fd = pl_socket(AF_INET, SOCK_DGRAM);

	pl_set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
	return (fd);
}

/* Nobody but who sent it, though it has no name yet when it sends. */
PL_CASE_ALONE(delivered_with_the_address_of_the_sender,
    .verifies = "udp.broadcast.delivered-with-sender-address")
{
	struct pl_address from, own;
	int r, w;
	char b[8];

	join_network();
	r = receiver();
	w = sender();
	for (int i = 0; i < 2; i++) {
		pl_expect(sys_sendto(w, "abc", 3, 0, &everybody), returns(3));
		own = pl_sockname(w);
		pl_expect_arrival(r);
		pl_expect(sys_recvfrom(r, b, sizeof(b), 0, &from), returns(3));
		pl_expect_bytes(b, "abc", 3);
		own = pl_with_port(here, pl_address_port(&own));
		pl_expect_that(pl_address_equal(&from, &own), "the address of the sender",
		    "host 0x%x port %u, not port %u", (unsigned)ntohl(from.in.sin_addr.s_addr),
		    pl_address_port(&from), pl_address_port(&own));
	}
}

/* One for each, and no more. */
PL_CASE_ALONE(
    a_copy_for_every_socket_of_the_port, .verifies = "udp.broadcast.copy-to-every-sharing-socket")
{
	int r[3], w;

	join_network();
	for (int i = 0; i < 3; i++)
		r[i] = receiver();
	w = sender();
	pl_expect(sys_sendto(w, "one", 3, 0, &everybody), returns(3));
	pl_expect(sys_sendto(w, "next", 4, 0, &everybody), returns(4));
	for (int i = 0; i < 3; i++) {
		pl_expect_arriving(r[i], "one");
		pl_expect_arriving(r[i], "next");
	}
	pl_await_delivery(w);
	for (int i = 0; i < 3; i++)
		pl_expect_nothing(r[i]);
}

/* The address names the interface alone; what goes out is for all ones. */
PL_CASE_ALONE(sent_to_all_ones, .verifies = "udp.broadcast.onesbcast")
{
	struct pl_received got;
	const struct in_addr *to;
	size_t size = 0;
	int r, w;

	if (pl_os.ip_onesbcast == PL_ABSENT)
		pl_not_tested("this kernel has no IP_ONESBCAST");
	join_network();
	r = receiver();
	w = sender();
	pl_set_option(r, IPPROTO_IP, pl_os.ip_recvdstaddr, 1);
	for (int on = 1; on >= 0; on--) {
		pl_expect(sys_set_option(w, IPPROTO_IP, pl_os.ip_onesbcast, on), returns(0));
		pl_expect(sys_sendto(w, "abc", 3, 0, &everybody), returns(3));
		pl_expect_arrival(r);
		pl_expect(sys_receive_control(r, &got, 8, 128, 0), returns(3));
		to = pl_control_find(&got.control, IPPROTO_IP, pl_os.ip_recvdstaddr, &size);
		pl_expect_that(to != NULL, "the destination as control data", "none");
		if (to != NULL)
			pl_expect(pl_value((long)ntohl(to->s_addr), NULL, "destination"),
			    is((long)(on ? INADDR_BROADCAST
					 : ntohl(everybody.in.sin_addr.s_addr))));
	}
}
