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

/* Asked so, a receive tells how long the datagram was, and stores no more than fits. */
PL_CASE(msg_trunc_gives_the_real_length, .verifies = "udp.recv.msg-trunc-returns-real-length",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char b[16] = "---------------";

	pl_must(sys_send(p.w, "0123456789", 10, 0));
	pl_must(sys_send(p.w, "xyz", 3, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, 4, MSG_TRUNC), returns(10));
	pl_expect_bytes(b, "0123-----------", 15);
	/* A datagram that fits is no longer than it is. */
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_TRUNC), returns(3));
	pl_expect_bytes(b, "xyz3-----------", 15);
	pl_expect_nothing(p.r);
}

/* No buffer is needed to learn how large it must be. */
PL_CASE(peek_and_trunc_size_the_next_datagram,
    .verifies = "udp.recv.peek-trunc-sizes-next-datagram", .kinds = PL_UDP)
{
	static const char *const texts[] = { "0123456789", "abc" };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 2; i++)
		pl_must(sys_send(p.w, texts[i], strlen(texts[i]), 0));
	for (int i = 0; i < 2; i++) {
		pl_expect_arrival(p.r);
		for (int k = 0; k < 2; k++)
			pl_expect(sys_recv(p.r, NULL, 0, MSG_PEEK | MSG_TRUNC),
			    returns((long)strlen(texts[i])));
		pl_expect_text(p.r, texts[i]);
	}
	pl_expect_nothing(p.r);
}

static struct pl_outcome
read_one(void *fd)
{
	char b[8];
	struct pl_outcome o = sys_read(*(int *)fd, b, sizeof(b));

	if (o.error == 0)
		pl_expect_bytes(b, "late", 4);
	return (o);
}

static struct pl_outcome
recv_one(void *fd)
{
	char b[8];
	struct pl_outcome o = sys_recv(*(int *)fd, b, sizeof(b), 0);

	if (o.error == 0)
		pl_expect_bytes(b, "late", 4);
	return (o);
}

static struct pl_outcome
recvfrom_one(void *fd)
{
	struct pl_address from;
	char b[8];
	struct pl_outcome o = sys_recvfrom(*(int *)fd, b, sizeof(b), 0, &from);

	if (o.error == 0)
		pl_expect_bytes(b, "late", 4);
	return (o);
}

static struct pl_outcome
recvmsg_one(void *fd)
{
	char b[8];
	int flags;
	struct pl_outcome o = sys_receive(*(int *)fd, b, sizeof(b), 0, &flags);

	if (o.error == 0)
		pl_expect_bytes(b, "late", 4);
	return (o);
}

/* Each of the calls. */
PL_CASE(waits_until_a_datagram_comes, .verifies = "udp.recv.blocks-until-datagram", .kinds = PL_UDP)
{
	static pl_peer_function *const receivers[] = { recv_one, read_one, recvfrom_one,
		recvmsg_one };
	struct pl_pair p = pl_pair();
	struct pl_peer *peer;

	for (int i = 0; i < 4; i++) {
		peer = pl_child(receivers[i], &p.r, p.r);
		pl_expect_blocks(peer);
		pl_expect(sys_send(p.w, "late", 4, 0), returns(4));
		pl_expect(pl_result(peer), returns(4));
	}
	pl_expect_nothing(p.r);
}

PL_CASE(a_signal_interrupts_the_wait, .verifies = "udp.recv.interrupted-by-signal", .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *peer;

	pl_catch(SIGUSR1, 0);
	peer = pl_child(recv_one, &p.r, p.r);
	pl_wait_blocked(peer);
	pl_kill(peer, SIGUSR1);
	pl_expect(pl_result(peer), fails(EINTR));
	pl_expect(sys_send(p.w, "late", 4, 0), returns(4));
	pl_expect_arriving(p.r, "late");
	pl_expect_nothing(p.r);
}

/* It was taken off the queue before anybody saw that it cannot be stored. */
PL_CASE(a_bad_buffer_loses_the_datagram, .verifies = "udp.recv.bad-buffer-loses-datagram",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();
	char *bad = pl_guarded(0);

	pl_must(sys_send(p.w, "first", 5, 0));
	pl_must(sys_send(p.w, "second", 6, 0));
	pl_expect_arrival(p.r);
	pl_expect(sys_recv(p.r, bad, 8, 0), fails(EFAULT));
	pl_expect_arriving(p.r, "second");
	pl_expect_nothing(p.r);
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
