/*
 * TCP listeners: what they show to poll(2) and select(2), which calls they take, and what closing
 * or shutting one down does to its clients.
 */

#include "plumbline.h"

#include <sys/ioctl.h>

#include "sequence/names.h"

/* How many connections wait in a listener that does not wait; they are taken. */
static int
drain(int listener)
{
	for (int count = 0;; count++) {
		struct pl_outcome o = sys_accept(listener, NULL);

		if (o.error != 0) {
			pl_expect(o, fails(EAGAIN));
			return (count);
		}
		pl_close((int)o.value);
	}
}

static struct pl_outcome
wait_for_client(void *listener)
{
	struct pollfd p = { .fd = *(int *)listener, .events = POLLIN };

	pl_expect(sys_poll(&p, 1, -1), returns(1));
	return (pl_revents(&p));
}

/* Those who sleep in poll are told, in whatever process they are. */
PL_CASE(client_wakes_pollers, .verifies = "tcp.listen.blocked-poll-woken-by-connection",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);
	struct pl_peer *waiting[] = { pl_thread(wait_for_client, &listener),
		pl_child(wait_for_client, &listener, listener) };

	for (size_t i = 0; i < PL_COUNT(waiting); i++)
		pl_expect_blocks(waiting[i]);
	pl_client(&name);
	for (size_t i = 0; i < PL_COUNT(waiting); i++)
		pl_expect(pl_result(waiting[i]), is(POLLIN));
}

/* Not before or after it has clients is there anything to receive, wait or not. */
PL_CASE(receive_enotconn, .verifies = "tcp.listen.recv-on-listener-enotconn", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = -1, fd;
	char b[4];

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_recv(listener, b, sizeof(b), 0), fails(ENOTCONN));
		pl_expect(sys_read(listener, b, sizeof(b)), fails(ENOTCONN));
		pl_expect(sys_recv(listener, b, sizeof(b), MSG_DONTWAIT), fails(ENOTCONN));
		if (i > 0)
			break;
		client = pl_client(&name);
		pl_write(client, "abc", 3);
		pl_expect_arrival(listener);
	}
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect_arriving(fd, "abc");
	pl_expect_talk(client, fd);
}

PL_CASE(send_enotconn, .verifies = "tcp.listen.send-on-listener", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client = pl_client(&name);

	pl_expect_arrival(listener);
	pl_expect(sys_send(listener, "x", 1, 0), fails(ENOTCONN));
	pl_expect(sys_write(listener, "x", 1), fails(ENOTCONN));
	pl_expect(sys_send(listener, "x", 1, MSG_NOSIGNAL), fails(ENOTCONN));
	pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));
}

/* It has no bytes that one of them could be urgent. */
PL_CASE(no_urgent_mark, .verifies = "tcp.listen.siocatmark-on-listener", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), client, mark = 77;

	for (int i = 0; i < 2; i++) {
		struct pl_outcome o = sys_ioctl_int(listener, SIOCATMARK, &mark);

		pl_expect(o, on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
		if (o.error == 0)
			pl_expect(pl_value(mark, NULL, "mark"), is(0));
		pl_expect(sys_sockatmark(listener), on(PL_FREEBSD, fails(EINVAL)),
		    on(PL_LINUX, returns(0)));
		if (i > 0)
			break;
		client = pl_client(&name);
		pl_must(sys_send(client, "u", 1, MSG_OOB));
		pl_expect_arrival(listener);
	}
}

PL_CASE_ALONE(nobody_is_let_in_after_close, .verifies = "tcp.listen.close-then-connect-refused",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(4, &name), client = pl_client(&name);
	int fd = pl_accept(listener);

	pl_close(listener);
	for (int i = 0; i < 3; i++)
		pl_expect(sys_connect(pl_unconnected(), &name), fails(ECONNREFUSED));
	pl_expect_talk(client, fd);
}

/* In whatever order they are closed. */
PL_CASE(accepted_stay_after_close, .verifies = "tcp.listen.close-keeps-accepted-connection",
    .kinds = PL_TCP)
{
	struct pl_address name, still;
	int listener = pl_listening(2, &name), client[2], fd[2];

	for (int i = 0; i < 2; i++) {
		client[i] = pl_client(&name);
		fd[i] = pl_accept(listener);
	}
	pl_write(client[0], "before", 6);
	pl_expect(sys_close(listener), returns(0));
	pl_expect_arriving(fd[0], "before");
	for (int i = 0; i < 2; i++) {
		pl_expect_talk(client[i], fd[i]);
		pl_expect(sys_getsockname(fd[i], &still), returns(0));
		pl_expect_address(&still, &name);
	}
	pl_close(client[0]);
	pl_expect_end(fd[0]);
	pl_expect_talk(client[1], fd[1]);
}

/* Who waits to be accepted learns that nobody will. */
PL_CASE(waiting_clients_are_reset, .verifies = "tcp.listen.close-resets-pending-clients",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(4, &name), client[2], accepted;
	char b[4];

	client[0] = pl_client(&name);
	accepted = pl_accept(listener);
	client[1] = pl_client(&name);
	pl_expect_arrival(listener);
	pl_expect(sys_close(listener), returns(0));
	pl_expect(sys_read(client[1], b, sizeof(b)), fails(ECONNRESET));
	pl_expect_talk(client[0], accepted);
}

/* A listener sends nothing, so there is nothing to end. */
PL_CASE(shut_wr_leaves_it_working, .verifies = "tcp.listen.shutdown-wr-leaves-listener-working",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(4, &name), early = pl_client(&name), late;

	pl_expect_arrival(listener);
	pl_expect(sys_shutdown(listener, SHUT_WR), on(PL_FREEBSD, fails(ENOTCONN)),
	    on(PL_LINUX, returns(0)));
	pl_expect(sys_get_option(listener, SOL_SOCKET, SO_ACCEPTCONN), returns_between(1, INT_MAX));
	late = pl_unconnected();
	pl_expect(sys_connect(late, &name), returns(0));
	pl_expect_talk(early, (int)pl_expect(sys_accept(listener, NULL), opens()));
	pl_expect_talk(late, (int)pl_expect(sys_accept(listener, NULL), opens()));
}

/* On one system it is over until the next listen(2), on the other for one accept. */
static void
expect_shut(int how)
{
	struct pl_address name;
	int listener = pl_listening(4, &name), client;

	pl_nonblock(listener, true);
	pl_expect(
	    sys_shutdown(listener, how), on(PL_FREEBSD, fails(ENOTCONN)), on(PL_LINUX, returns(0)));
	pl_expect(sys_accept(listener, NULL), on(PL_FREEBSD, fails(ECONNABORTED)),
	    on(PL_LINUX, fails(EINVAL)));
	for (int i = 0; i < 2; i++)
		pl_expect(sys_accept(listener, NULL), on(PL_FREEBSD, fails(EAGAIN)),
		    on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_get_option(listener, SOL_SOCKET, SO_ACCEPTCONN),
	    on(PL_FREEBSD, returns_between(1, INT_MAX)), on(PL_LINUX, is(0)));
	client = pl_unconnected();
	pl_expect(sys_connect(client, &name), on(PL_FREEBSD, returns(0)),
	    on(PL_LINUX, fails(ECONNREFUSED)));
	if (pl_asks(PL_LINUX)) {
		pl_expect(sys_listen(listener, 4), returns(0));
		name = pl_sockname(listener);
		client = pl_unconnected();
		pl_expect(sys_connect(client, &name), returns(0));
	}
	pl_expect_arrival(listener);
	pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));
	pl_expect(pl_value(drain(listener), NULL, "connections left"), is(0));
}

PL_CASE_ALONE(after_shut_rd, .verifies = "tcp.listen.state-after-shutdown-rd", .kinds = PL_TCP)
{
	expect_shut(SHUT_RD);
	expect_shut(SHUT_RDWR);
}

/* Its connect goes on as if nobody had asked, and it is no listener. */
PL_CASE(connecting_einval, .verifies = "tcp.listen.connecting-socket-einval", .kinds = PL_TCP)
{
	struct pl_address name;
	int caller, far;

	pl_silent(&name);
	caller = pl_unconnected();
	pl_nonblock(caller, true);
	pl_expect(sys_connect(caller, &name), fails(EINPROGRESS));
	pl_expect(sys_listen(caller, 1), fails(EINVAL));
	pl_expect(sys_get_option(caller, SOL_SOCKET, SO_ACCEPTCONN), is(0));
	pl_expect(pl_poll_now(caller, POLLIN | POLLOUT), is(0));
	far = pl_call_back(&name, caller);
	pl_nonblock(caller, false);
	pl_expect_talk(caller, far);
}
