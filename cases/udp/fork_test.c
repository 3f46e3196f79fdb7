/*
 * A datagram socket in more than one process; and what it tells of the loopback interface.
 */

#include <sys/ioctl.h>

#include <net/if.h>

#include "plumbline.h"
#include "sequence/names.h"

static struct pl_outcome
answer(void *server)
{
	int fd = *(int *)server;
	struct pl_address from;
	char b[16];

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &from), returns(3));
		pl_expect_bytes(b, "ask", 3);
		pl_expect(sys_sendto(fd, "answer", 6, 0, &from), returns(6));
	}
	return (pl_done());
}

/* The answers come from the address that was asked, whoever gives them. */
PL_CASE(a_child_serves_an_inherited_socket, .verifies = "udp.fork.child-serves-inherited-socket",
    .kinds = PL_UDP)
{
	struct pl_address name, from;
	int server = pl_bound(&name), clients[] = { pl_unconnected(), pl_unconnected() };
	struct pl_peer *child = pl_child(answer, &server, server);
	char b[16];

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_sendto(clients[i], "ask", 3, 0, &name), returns(3));
		pl_expect_arrival(clients[i]);
		pl_expect(sys_recvfrom(clients[i], b, sizeof(b), 0, &from), returns(6));
		pl_expect_bytes(b, "answer", 6);
		pl_expect_that(pl_address_equal(&from, &name), "the address that was asked",
		    "another address");
	}
	pl_must(pl_result(child));
}

enum { SHARE = 20, SHARES = 3, EACH = 8 };

struct share {
	int fd, first;
};

/* Take one share of the queue: the datagrams from the first on, in order. */
static struct pl_outcome
take_share(void *argument)
{
	const struct share *s = argument;
	char b[EACH + 1];

	for (int i = s->first; i < s->first + SHARE; i++) {
		pl_expect(sys_recv(s->fd, b, sizeof(b), MSG_DONTWAIT), returns(EACH));
		pl_expect_payload(b, EACH, 0, (uint64_t)i * EACH);
	}
	return (pl_done());
}

/* Parent, child, parent again: each goes on where the other stopped. */
PL_CASE(one_queue_for_parent_and_child, .verifies = "udp.fork.shared-queue-each-datagram-once",
    .kinds = PL_UDP)
{
	struct pl_address name, own;
	struct share s = { .fd = pl_bound(&name) };
	int sender = pl_bound(&own);
	char b[EACH];

	for (int i = 0; i < SHARES * SHARE; i++) {
		pl_payload(b, EACH, 0, (uint64_t)i * EACH);
		pl_must(sys_sendto(sender, b, EACH, 0, &name));
	}
	pl_await_delivery(sender);
	take_share(&s);
	s.first += SHARE;
	pl_must(pl_result(pl_child(take_share, &s, s.fd)));
	s.first += SHARE;
	take_share(&s);
	pl_expect_nothing(s.fd);
}

static struct pl_outcome
look_at_flags(void *unused)
{
	static const struct pl_name flags[] = { { IFF_UP, "IFF_UP" },
		{ IFF_LOOPBACK, "IFF_LOOPBACK" }, { IFF_BROADCAST, "IFF_BROADCAST" },
		{ IFF_MULTICAST, "IFF_MULTICAST" }, { 0, NULL } };
	static const struct pl_names names = { .table = flags, .bits = 1, .zero = "0" };
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	struct ifreq r;

	(void)unused;
	memset(&r, 0, sizeof(r));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", pl_os.loopback);
	pl_expect(pl_sys(ioctl(fd, SIOCGIFFLAGS, &r), "ioctl(%s, SIOCGIFFLAGS, \"%s\")",
		      pl_slot(fd), r.ifr_name),
	    returns(0));
	pl_expect(pl_value((unsigned short)r.ifr_flags &
			  (IFF_UP | IFF_LOOPBACK | IFF_BROADCAST | IFF_MULTICAST),
		      &names, "flags"),
	    on(PL_FREEBSD, is(IFF_UP | IFF_LOOPBACK | IFF_MULTICAST)),
	    on(PL_LINUX, is(IFF_UP | IFF_LOOPBACK)));
	return (pl_done());
}

/* Of an interface that nobody has changed: that of a network just made. */
PL_CASE(flags_of_the_loopback_interface, .verifies = "udp.ioctl.interface-flags-of-loopback")
{
	pl_in_private_network(look_at_flags, NULL);
}
