/*
 * Receiving datagrams: what each call tells, for what it waits, what it leaves behind.
 */

#include "plumbline.h"
#include "sequence/names.h"

/* Whose address it is, as far as the kind of socket knows. */
#define expect_sender(from, name)                                                     \
	pl_expect_that(pl_address_equal((from), (name)), "the address of the sender", \
	    "another address, port %u instead of %u", pl_address_port(from),          \
	    pl_address_port(name))

static struct pl_outcome
name_length(socklen_t length)
{
	return (pl_value((long)length, NULL, "length of the address"));
}

/* How long an address of the kind is. */
static long
address_size(void)
{
	return (pl_case_kind()->domain == AF_INET ? (long)sizeof(struct sockaddr_in)
						  : (long)sizeof(struct sockaddr_in6));
}

/* Nobody need be connected to read, nor was anybody to write. */
PL_CASE(read_on_an_unconnected_socket, .verifies = "udp.read.receives-on-unconnected-socket",
    .kinds = PL_UDP)
{
	struct pl_address name;
	int receiver = pl_bound(&name), sender = pl_unconnected();
	char b[16];

	for (int i = 0; i < 2; i++) {
		pl_must(sys_sendto(sender, "abc", 3, 0, &name));
		pl_must(sys_sendto(sender, "defg", 4, 0, &name));
		pl_expect_arrival(receiver);
		pl_expect(sys_read(receiver, b, sizeof(b)), returns(3));
		pl_expect_bytes(b, "abc", 3);
		pl_expect(sys_read(receiver, b, sizeof(b)), returns(4));
		pl_expect_bytes(b, "defg", 4);
	}
}

/* Of this datagram, not of the one before. */
PL_CASE(recvfrom_tells_the_sender, .verifies = "udp.recvfrom.reports-source-address-and-port",
    .kinds = PL_UDP)
{
	struct pl_address name, names[2], from;
	int receiver = pl_bound(&name), senders[] = { pl_bound(&names[0]), pl_bound(&names[1]) };
	char b[8];

	for (int i = 0; i < 4; i++) {
		pl_must(sys_sendto(senders[i % 2], i % 2 == 0 ? "a" : "b", 1, 0, &name));
		pl_expect(sys_recvfrom(receiver, b, sizeof(b), 0, &from), returns(1));
		pl_expect_bytes(b, i % 2 == 0 ? "a" : "b", 1);
		expect_sender(&from, &names[i % 2]);
	}
}

PL_CASE(recvfrom_tells_the_length_of_the_address, .verifies = "udp.recvfrom.length-is-address-size",
    .kinds = PL_UDP)
{
	struct pl_address name, from;
	int receiver = pl_bound(&name);
	char b[8];

	pl_must(sys_sendto(pl_unconnected(), "abc", 3, 0, &name));
	pl_expect(sys_recvfrom(receiver, b, sizeof(b), 0, &from), returns(3));
	pl_expect(name_length(from.length), is(address_size()));
	pl_expect(
	    pl_value(from.any.sa_family, &pl_names_domain, "family"), is(pl_case_kind()->domain));
}

/* No more than there is room for, and the datagram is whole all the same. */
PL_CASE(
    a_short_buffer_cuts_the_address, .verifies = "udp.recvfrom.short-name-buffer", .kinds = PL_UDP)
{
	enum { ROOM = 6 };
	struct pl_address name, own, from;
	int receiver = pl_bound(&name), sender = pl_bound(&own);
	char b[8], untouched[32];
	socklen_t length = ROOM;

	memset(from.bytes, 0xee, sizeof(from.bytes));
	memset(untouched, 0xee, sizeof(untouched));
	pl_must(sys_sendto(sender, "abc", 3, 0, &name));
	pl_expect(pl_sys(recvfrom(receiver, b, sizeof(b), 0, &from.any, &length),
		      "recvfrom(%s, 8, 0) with room for %d bytes of the address", pl_slot(receiver),
		      ROOM),
	    returns(3));
	pl_expect_bytes(b, "abc", 3);
	pl_expect_bytes(from.bytes, own.bytes, ROOM);
	pl_expect_bytes(from.bytes + ROOM, untouched, sizeof(untouched));
	if (pl_asks(PL_FREEBSD | PL_LINUX))
		pl_expect(name_length(length), on(PL_FREEBSD, is(ROOM)),
		    on(PL_LINUX, is(address_size())));
}
