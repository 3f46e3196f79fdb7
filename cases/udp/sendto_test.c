/*
 * The address that sendto(2) is given: its family, its length, and who may give one.
 */

#include "plumbline.h"

/* What is left of the queue: this, which is sent now, and nothing before it. */
static void
expect_nothing_sent(int sender, const struct pl_address *name, int receiver)
{
	pl_must(sys_sendto(sender, "end", 3, 0, name));
	pl_expect_arriving(receiver, "end");
	pl_expect_nothing(receiver);
}

/* No family at all, in an address that is fine otherwise. */
PL_CASE(the_unspecified_family, .verifies = "udp.sendto.unspec-family")
{
	struct pl_address name, unspecified;
	int receiver = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	int sender = pl_socket(AF_INET, SOCK_DGRAM);
	long n;

	unspecified = name;
	unspecified.any.sa_family = AF_UNSPEC;
	n = pl_expect(sys_sendto(sender, "abc", 3, 0, &unspecified),
	    on(PL_FREEBSD, fails(EAFNOSUPPORT)), on(PL_LINUX, returns(3)));
	if (n == 3)
		pl_expect_arriving(receiver, "abc");
	expect_nothing_sent(sender, &name, receiver);
}

/* Too little to hold an address of the family, by a byte or by all. */
PL_CASE(a_length_that_is_too_small, .verifies = "udp.sendto.short-address-length-einval",
    .kinds = PL_UDP)
{
	struct pl_address name, cut;
	int receiver = pl_bound(&name), sender = pl_unconnected();
	/* Older than its scope, an IPv6 address may do without it. */
	const socklen_t lengths[] = { pl_case_kind()->domain == AF_INET
		    ? sizeof(struct sockaddr_in) - 1
		    : offsetof(struct sockaddr_in6, sin6_scope_id) - 1,
		sizeof(sa_family_t), 0 };

	for (int i = 0; i < 3; i++) {
		cut = name;
		cut.length = lengths[i];
		pl_expect(sys_sendto(sender, "abc", 3, 0, &cut), fails(EINVAL));
	}
	expect_nothing_sent(sender, &name, receiver);
}

/* Too much: exactly an address, or at least one. */
PL_CASE(
    a_length_that_is_too_large, .verifies = "udp.sendto.oversized-address-length", .kinds = PL_UDP)
{
	struct pl_address name, padded;
	int receiver = pl_bound(&name), sender = pl_unconnected(), connected = pl_unconnected();
	const socklen_t lengths[] = { name.length + 1, sizeof(struct sockaddr_storage) };

	for (int i = 0; i < 2; i++) {
		long n;

		padded = name;
		padded.length = lengths[i];
		n = pl_expect(sys_sendto(sender, "abc", 3, 0, &padded),
		    on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(3)));
		if (n == 3)
			pl_expect_arriving(receiver, "abc");
		n = pl_expect(sys_connect(connected, &padded), on(PL_FREEBSD, fails(EINVAL)),
		    on(PL_LINUX, returns(0)));
		if (n == 0) {
			pl_expect(sys_send(connected, "def", 3, 0), returns(3));
			pl_expect_arriving(receiver, "def");
		}
	}
	expect_nothing_sent(sender, &name, receiver);
}

struct confined {
	int sender, connected;
	struct pl_address name;
};

static struct pl_outcome
send_confined(void *argument)
{
	const struct confined *c = argument;

	if (pl_os_ecapmode == PL_ABSENT)
		pl_not_tested("this kernel has no capability mode");
	pl_must(pl_sys(pl_os_enter_capability_mode(), "cap_enter()"));
	pl_expect(sys_sendto(c->sender, "abc", 3, 0, &c->name), fails(pl_os_ecapmode));
	pl_expect(sys_send(c->connected, "def", 3, 0), returns(3));
	return (pl_done());
}

/* To name a destination is to reach out; to use a peer is not. */
PL_CASE(in_capability_mode, .verifies = "udp.sendto.capability-mode", .kinds = PL_UDP)
{
	struct confined c = { .sender = pl_unconnected(), .connected = pl_unconnected() };
	int receiver = pl_bound(&c.name);

	pl_connect(c.connected, &c.name);
	pl_must(pl_result(pl_child(send_confined, &c, c.sender, c.connected)));
	pl_expect_arriving(receiver, "def");
	pl_expect_nothing(receiver);
}
