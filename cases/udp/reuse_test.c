/*
 * Several UDP sockets with one port: which of them gets a datagram.
 */

#include "plumbline.h"

enum { MEMBERS = 4 };

/* A bound socket with that option; port 0 of the name is replaced by the one it gets. */
static int
sharer(int option, struct pl_address *name)
{
	int fd = pl_unconnected();

	pl_set_option(fd, SOL_SOCKET, option, 1);
	pl_bind(fd, name);
	*name = pl_sockname(fd);
	return (fd);
}

/* The option whose sockets share the load. */
static int
balancing(void)
{
	return (pl_os.so_reuseport_lb == PL_ABSENT ? SO_REUSEPORT : pl_os.so_reuseport_lb);
}

/* A datagram that one of these sockets gets within reason; its index, -1 if none does. */
static int
wait_for_one(const int *fd, int count)
{
	struct pollfd p[MEMBERS];

	for (int i = 0; i < count; i++)
		p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	pl_must(sys_poll(p, (nfds_t)count, 5000));
	for (int i = 0; i < count; i++)
		if (p[i].revents != 0)
			return (i);
	return (-1);
}

/* Judge: exactly one of them gets what was sent, which is that byte.  Its index. */
static int
expect_one_receiver(const int *fd, int count, char sent)
{
	int which = wait_for_one(fd, count);
	char b[8] = "";

	pl_expect_that(which >= 0, "one of the sockets becomes readable", "none does");
	if (which < 0)
		return (0);
	pl_expect(sys_recv(fd[which], b, sizeof(b), 0), returns(1));
	pl_expect_bytes(b, &sent, 1);
	return (which);
}

/* Where a copy would go to, nothing waits. */
static void
expect_nothing_left(const int *fd, int count)
{
	for (int i = 0; i < count; i++)
		pl_expect_nothing(fd[i]);
}

/* However many have the port, a datagram for one host is one datagram. */
PL_CASE(unicast_goes_to_exactly_one, .verifies = "udp.reuse.unicast-goes-to-exactly-one-socket",
    .kinds = PL_UDP)
{
	struct pl_address name = pl_case_kind()->address();
	int fd[3], sender = -1;

	for (int i = 0; i < 3; i++)
		fd[i] = sharer(SO_REUSEPORT, &name);
	for (int i = 0; i < 20; i++) {
		/* One flow, and then others. */
		if (i % 4 == 0)
			sender = pl_unconnected();
		pl_must(sys_sendto(sender, &"abcdefghijklmnopqrst"[i], 1, 0, &name));
		expect_one_receiver(fd, 3, (char)('a' + i));
		if (i % 4 == 3)
			pl_await_delivery(sender);
		expect_nothing_left(fd, 3);
	}
}

/* Who asked for a host gets what is for it; who asked for any, the rest. */
PL_CASE_ALONE(
    specific_binding_beats_wildcard, .verifies = "udp.reuse.specific-binding-beats-wildcard")
{
	struct pl_address all = pl_wildcard_address(AF_INET, 0), one, two;
	int fd[2], sender = pl_socket(AF_INET, SOCK_DGRAM);

	pl_need_second_host();
	for (int i = 0; i < 2; i++) {
		fd[i] = pl_socket(AF_INET, SOCK_DGRAM);
		pl_set_option(fd[i], SOL_SOCKET, SO_REUSEADDR, 1);
	}
	pl_bind(fd[0], &all);
	all = pl_sockname(fd[0]);
	one = pl_inet_address(pl_address_port(&all));
	two = pl_second_address(pl_address_port(&all));
	pl_bind(fd[1], &one);
	for (int i = 0; i < 4; i++) {
		pl_must(sys_sendto(sender, "1", 1, 0, &one));
		pl_expect(pl_value(expect_one_receiver(fd, 2, '1'), NULL,
			      "the one for any host (0) or for this (1)"),
		    is(1));
		pl_must(sys_sendto(sender, "2", 1, 0, &two));
		pl_expect(pl_value(expect_one_receiver(fd, 2, '2'), NULL,
			      "the one for any host (0) or for another (1)"),
		    is(0));
	}
	expect_nothing_left(fd, 2);
}

/* A conversation is not torn apart. */
PL_CASE(one_flow_stays_on_one_socket, .verifies = "udp.reuse.one-flow-stays-on-one-socket",
    .kinds = PL_UDP)
{
	enum { FLOWS = 8 };
	struct pl_address name = pl_case_kind()->address();
	int fd[MEMBERS], senders[FLOWS], receiver[FLOWS];

	for (int i = 0; i < MEMBERS; i++)
		fd[i] = sharer(balancing(), &name);
	for (int i = 0; i < FLOWS; i++) {
		senders[i] = pl_unconnected();
		pl_must(sys_sendto(senders[i], "x", 1, 0, &name));
		receiver[i] = expect_one_receiver(fd, MEMBERS, 'x');
	}
	for (int round = 0; round < 4; round++)
		for (int i = 0; i < FLOWS; i++) {
			pl_must(sys_sendto(senders[i], "y", 1, 0, &name));
			pl_expect(pl_value(expect_one_receiver(fd, MEMBERS, 'y'), NULL,
				      "receiver of flow %d", i),
			    is(receiver[i]));
		}
}

/* A member with a peer is for that peer alone. */
PL_CASE(connected_member_leaves_the_balancing,
    .verifies = "udp.reuse.connected-member-leaves-balancing", .kinds = PL_UDP)
{
	enum { STRANGERS = 24 };
	struct pl_address name = pl_case_kind()->address(), peer_name;
	int fd[2], peer = pl_bound(&peer_name);

	for (int i = 0; i < 2; i++)
		fd[i] = sharer(balancing(), &name);
	pl_connect(fd[0], &peer_name);
	for (int i = 0; i < STRANGERS; i++) {
		int stranger = pl_unconnected();

		pl_must(sys_sendto(stranger, "x", 1, 0, &name));
		pl_expect(pl_value(expect_one_receiver(fd, 2, 'x'), NULL,
			      "receiver of a stranger's datagram"),
		    on(PL_FREEBSD | PL_LINUX, is(1)));
		pl_close(stranger);
	}
	for (int i = 0; i < 4; i++) {
		pl_must(sys_sendto(peer, "y", 1, 0, &name));
		pl_expect(pl_value(expect_one_receiver(fd, 2, 'y'), NULL, "receiver of its peer's"),
		    on(PL_FREEBSD | PL_LINUX, is(0)));
	}
}
