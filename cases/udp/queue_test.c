/*
 * The queue of a receiver: what happens when more comes than it holds.
 */

#include "plumbline.h"

enum { SIZE = 1000, SENT = 100 };

struct flood {
	struct pl_address name, own;
	int r, w;
	int kept; /* datagrams that were found in the queue */
};

/* A receiver with little room, and one who sends to it. */
static struct flood
quiet(void)
{
	struct flood f = { .kept = 0 };

	f.r = pl_bound(&f.name);
	f.w = pl_bound(&f.own);
	pl_set_option(f.r, SOL_SOCKET, SO_RCVBUF, 8192);
	return (f);
}

/* Send much more than it holds, datagram i payload of its own; wait until it arrived or was
 * dropped. */
static void
overflow(const struct flood *f)
{
	char b[SIZE];

	for (int i = 0; i < SENT; i++) {
		pl_payload(b, SIZE, 0, (uint64_t)i * SIZE);
		pl_expect(sys_sendto(f->w, b, SIZE, 0, &f->name), returns(SIZE));
	}
	pl_await_delivery(f->w);
}

/* Take all that is there; none is cut, and after the last there is no error but EAGAIN. */
static void
drain(struct flood *f, bool in_order)
{
	struct pl_outcome o;
	char b[SIZE + 1];

	f->kept = 0;
	for (;;) {
		o = sys_recv(f->r, b, sizeof(b), MSG_DONTWAIT);
		if (o.error != 0 || f->kept > SENT)
			break;
		pl_expect(o, returns(SIZE));
		if (in_order)
			pl_expect_payload(b, SIZE, 0, (uint64_t)f->kept * SIZE);
		f->kept++;
	}
	pl_expect(o, fails(EAGAIN));
}

/* Neither of the two is told. */
PL_CASE(overflow_drops_in_silence, .verifies = "udp.queue.overflow-drops-silently", .kinds = PL_UDP)
{
	struct flood f = quiet();

	overflow(&f);
	pl_expect(sys_get_option(f.w, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_get_option(f.r, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(pl_poll_now(f.r, POLLIN), is(POLLIN));
	drain(&f, false);
	pl_expect(pl_value(f.kept, NULL, "datagrams received"), returns_between(1, SENT / 2));
	pl_expect(sys_get_option(f.w, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect(sys_get_option(f.r, SOL_SOCKET, SO_ERROR), is(0));
}

/* Those that came first, one after another; none twice, none overwritten. */
PL_CASE(overflow_keeps_the_oldest, .verifies = "udp.queue.overflow-keeps-oldest", .kinds = PL_UDP)
{
	struct flood f = quiet();

	overflow(&f);
	drain(&f, true);
	pl_expect(pl_value(f.kept, NULL, "datagrams received"), returns_between(1, SENT - 1));
}

/* As many as at first, as often as one likes: what was dropped takes no room. */
PL_CASE(room_comes_back_with_each_receive, .verifies = "udp.queue.accepts-again-after-drain",
    .kinds = PL_UDP)
{
	struct flood f = quiet();
	int first;

	overflow(&f);
	drain(&f, true);
	first = f.kept;
	for (int i = 0; i < 3; i++) {
		pl_must(sys_sendto(f.w, "again", 5, 0, &f.name));
		pl_expect_arriving(f.r, "again");
		overflow(&f);
		drain(&f, true);
		pl_expect(pl_value(f.kept, NULL, "datagrams received"),
		    returns_between(first - 1, first + 1));
	}
}
