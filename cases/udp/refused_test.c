/*
 * A datagram that nobody wants: how a UDP socket with a peer is told of it, by which
 * call, how often, and what stays as it was.
 */

#include "plumbline.h"

#include "sequence/names.h"

/* A port that refuses everybody: its owner listens to itself alone. */
static int
refusing(struct pl_address *name)
{
	int owner = pl_bound(name);

	pl_connect(owner, name);
	return (owner);
}

static int
connected_to(const struct pl_address *name)
{
	int fd = pl_unconnected();

	pl_connect(fd, name);
	return (fd);
}

/* The owner of a port wants what that socket sends, from now on. */
static void
relent(int owner, int fd)
{
	struct pl_address name = pl_sockname(fd);

	pl_connect(owner, &name);
}

/* A connected socket whose datagram was refused, and which has not been told yet. */
static int
refused(const struct pl_address *name)
{
	int fd = connected_to(name);

	pl_expect(sys_send(fd, "one", 3, 0), returns(3));
	pl_expect_arrival(fd);
	return (fd);
}

/* All refusals of what was sent so far have come: a later one has. */
static void
await_refusals(void)
{
	struct pl_address name;
	int owner = refusing(&name), witness = refused(&name);

	pl_close(witness);
	pl_close(owner);
}

PL_CASE(recv_reports, .verifies = "udp.refused.recv-reports-port-unreachable", .kinds = PL_UDP)
{
	struct pl_address name;
	char b[8];
	int fd;

	refusing(&name);
	fd = refused(&name);
	pl_expect(sys_recv(fd, b, sizeof(b), 0), fails(ECONNREFUSED));
	/* Each refusal anew. */
	pl_expect(sys_write(fd, "two", 3), returns(3));
	pl_expect_arrival(fd);
	pl_expect(sys_read(fd, b, sizeof(b)), fails(ECONNREFUSED));
}

/* A send that tells of the last one does nothing else. */
PL_CASE(next_send_reports, .verifies = "udp.refused.next-send-reports", .kinds = PL_UDP)
{
	struct pl_address name;
	int owner = refusing(&name), fd = refused(&name);

	relent(owner, fd);
	pl_expect(sys_send(fd, "two", 3, 0), fails(ECONNREFUSED));
	pl_expect(sys_send(fd, "three", 5, 0), returns(5));
	pl_expect_arriving(owner, "three");
	pl_expect_nothing(owner);
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
}

/* It may have sent to many; who is it that refused? */
PL_CASE(a_socket_without_peer, .verifies = "udp.refused.unconnected-socket", .kinds = PL_UDP)
{
	struct pl_address name, other_name;
	int fd = pl_unconnected(), other = pl_bound(&other_name);

	refusing(&name);
	pl_expect(sys_sendto(fd, "one", 3, 0, &name), returns(3));
	await_refusals();
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), on(PL_FREEBSD, is(0)),
	    on(PL_LINUX, is(ECONNREFUSED)));
	pl_expect_nothing(fd);
	pl_expect(sys_sendto(fd, "two", 3, 0, &other_name), returns(3));
	pl_expect_arriving(other, "two");
}

PL_CASE(poll_events, .verifies = "udp.refused.poll-events", .kinds = PL_UDP)
{
	struct pl_address name;
	int fd;

	refusing(&name);
	fd = refused(&name);
	for (int i = 0; i < 2; i++) {
		pl_expect(pl_poll_now(fd, POLLIN | POLLOUT), on(PL_FREEBSD, is(POLLIN | POLLOUT)),
		    on(PL_LINUX, is(POLLERR | POLLOUT)));
		pl_expect(pl_poll_now(fd, 0), on(PL_FREEBSD, is(0)), on(PL_LINUX, is(POLLERR)));
	}
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
	pl_expect(pl_poll_now(fd, POLLIN | POLLOUT), is(POLLOUT));
}

/* Neither call would wait. */
PL_CASE(select_readable_and_writable, .verifies = "udp.refused.select-readable-and-writable",
    .kinds = PL_UDP)
{
	struct timeval now = { 0 };
	struct pl_address name;
	fd_set r, w;
	int fd;

	refusing(&name);
	fd = refused(&name);
	FD_ZERO(&r);
	FD_SET(fd, &r);
	w = r;
	pl_expect(sys_select(fd + 1, &r, &w, NULL, &now), returns(2));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(ECONNREFUSED));
	FD_SET(fd, &r);
	pl_expect(sys_select(fd + 1, &r, NULL, NULL, &now), returns(0));
}

/* Both are told, in one order or the other. */
PL_CASE(error_and_queued_data, .verifies = "udp.refused.order-of-error-and-queued-data",
    .kinds = PL_UDP)
{
	struct pl_address name, own;
	int owner = pl_bound(&name), fd = pl_bound(&own);
	struct pl_allowed error = fails(ECONNREFUSED);
	char b[8];

	pl_connect(fd, &name);
	pl_connect(owner, &own);
	pl_must(sys_send(owner, "data", 4, 0));
	pl_expect_arrival(fd);
	pl_connect(owner, &name);
	pl_expect(sys_send(fd, "one", 3, 0), returns(3));
	await_refusals();
	if (pl_asks(PL_LINUX))
		pl_expect(sys_recv(fd, b, sizeof(b), 0), error);
	pl_expect(sys_recv(fd, b, sizeof(b), 0), returns(4));
	pl_expect_bytes(b, "data", 4);
	if (!pl_asks(PL_LINUX))
		pl_expect(sys_recv(fd, b, sizeof(b), 0), error);
	pl_expect_nothing(fd);
}

/* To look at what is there is, to one system, no receipt of an error either. */
PL_CASE(peek_and_pending_error, .verifies = "udp.refused.peek-and-pending-error", .kinds = PL_UDP)
{
	struct pl_address name;
	char b[8];
	int fd;

	refusing(&name);
	fd = refused(&name);
	pl_expect(sys_recv(fd, b, sizeof(b), MSG_PEEK), fails(ECONNREFUSED));
	pl_expect(sys_recv(fd, b, sizeof(b), MSG_DONTWAIT), on(PL_FREEBSD, fails(ECONNREFUSED)),
	    on(PL_LINUX, fails(EAGAIN)));
	pl_expect_nothing(fd);
}

/* Neither the peer nor the own name changes. */
PL_CASE(the_peer_is_kept, .verifies = "udp.refused.association-survives", .kinds = PL_UDP)
{
	struct pl_address name, own, now;
	int owner = refusing(&name), fd = refused(&name);
	char b[8];

	own = pl_sockname(fd);
	pl_expect(sys_recv(fd, b, sizeof(b), 0), fails(ECONNREFUSED));
	pl_expect(sys_getpeername(fd, &now), returns(0));
	pl_expect_address(&now, &name);
	pl_expect(sys_getsockname(fd, &now), returns(0));
	pl_expect_address(&now, &own);
	relent(owner, fd);
	pl_expect(sys_send(fd, "two", 3, 0), returns(3));
	pl_expect_arriving(owner, "two");
	pl_expect(sys_send(owner, "back", 4, 0), returns(4));
	pl_expect_arriving(fd, "back");
}

static struct pl_outcome
receive(void *fd)
{
	char b[8];

	return (sys_recv(*(int *)fd, b, sizeof(b), 0));
}

PL_CASE(wakes_a_receiver, .verifies = "udp.refused.wakes-blocked-receiver", .kinds = PL_UDP)
{
	struct pl_address name;
	struct pl_peer *receiver;
	int fd;

	refusing(&name);
	fd = connected_to(&name);
	receiver = pl_thread(receive, &fd);
	pl_expect_blocks(receiver);
	pl_expect(sys_send(fd, "one", 3, 0), returns(3));
	pl_expect(pl_result(receiver), fails(ECONNREFUSED));
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(0));
}

/* Is it the business of the new peer what the old one said? */
PL_CASE(
    error_and_another_peer, .verifies = "udp.refused.pending-error-and-reconnect", .kinds = PL_UDP)
{
	struct pl_address name, other_name;
	int fd, other = pl_bound(&other_name);
	char b[8];

	refusing(&name);
	fd = refused(&name);
	pl_expect(sys_connect(fd, &other_name), returns(0));
	pl_expect(sys_recv(fd, b, sizeof(b), MSG_DONTWAIT), on(PL_FREEBSD, fails(EAGAIN)),
	    on(PL_LINUX, fails(ECONNREFUSED)));
	pl_expect_nothing(fd);
	pl_expect(sys_send(fd, "two", 3, 0), returns(3));
	pl_expect_arriving(other, "two");
}

/* Not to listen is not to be gone. */
PL_CASE(a_deaf_receiver_does_not_refuse, .verifies = "udp.refused.not-from-shut-down-receiver",
    .kinds = PL_UDP)
{
	struct pl_pair p = pl_pair();

	pl_shutdown(p.r, SHUT_RD);
	pl_expect(sys_send(p.w, "one", 3, 0), returns(3));
	await_refusals();
	pl_expect(sys_get_option(p.w, SOL_SOCKET, SO_ERROR), is(0));
	pl_expect_nothing(p.w);
	pl_expect(sys_send(p.w, "two", 3, 0), returns(3));
}

/* With all there is to know: what was sent, to whom, and what came of it. */
PL_CASE(error_queue, .verifies = "udp.refused.recverr-error-queue")
{
	int option = (int)pl_need(pl_os.ip_recverr, "IP_RECVERR");
	int flag = (int)pl_need(pl_os.msg_errqueue, "MSG_ERRQUEUE");
	struct pl_address name, to = { .length = sizeof(to.bytes) };
	struct pl_error_report report = { 0 };
	struct pl_control control = { 0 };
	int fd = pl_socket(AF_INET, SOCK_DGRAM);
	char b[16];
	struct iovec v = { .iov_base = b, .iov_len = sizeof(b) };
	struct msghdr m = { .msg_name = &to.any,
		.msg_namelen = to.length,
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	const void *item;
	size_t size = 0;

	pl_refusing_udp(&name);
	pl_expect(sys_set_option(fd, IPPROTO_IP, option, 1), returns(0));
	pl_expect(sys_sendto(fd, "payload", 7, 0, &name), returns(7));
	pl_expect_arrival(fd);
	pl_expect(pl_poll_now(fd, 0), is(POLLERR));
	pl_expect(sys_recvmsg(fd, &m, flag), returns(7));
	pl_expect_bytes(b, "payload", 7);
	pl_expect(pl_message_flags(m.msg_flags, flag | MSG_TRUNC | MSG_CTRUNC), is(flag));
	to.length = m.msg_namelen;
	pl_expect_address(&to, &name);
	control.size = m.msg_controllen;
	item = pl_control_find(&control, IPPROTO_IP, option, &size);
	pl_expect_that(item != NULL && pl_os_read_error_report(item, size, &report) == 0,
	    "an item of the error queue", "none");
	pl_expect(pl_value(report.error, &pl_names_errno, "the error"), is(ECONNREFUSED));
	pl_expect_that(report.by_icmp, "an ICMP message", "another origin");
	pl_expect(pl_value(report.type, NULL, "its type"), is(3));
	pl_expect(pl_value(report.code, NULL, "its code"), is(3));
	m.msg_controllen = sizeof(control.bytes);
	pl_expect(sys_recvmsg(fd, &m, flag), fails(EAGAIN));
}

static void
set_variable(const char *name, long value)
{
	if (pl_os_sysctl_set(name, value) != 0)
		pl_not_tested("%s cannot be set: %s", name, strerror(errno));
	pl_note("%s = %ld", name, value);
}

/* Send to a port that nobody has; is there an answer? */
static void
expect_answer(bool is_told)
{
	struct pl_address name, mark_name;
	int owner = pl_refusing_udp(&name), fd = pl_socket(AF_INET, SOCK_DGRAM), receiver;

	pl_connect(fd, &name);
	pl_expect(sys_send(fd, "one", 3, 0), returns(3));
	if (is_told) {
		pl_expect_arrival(fd);
	} else {
		/* An answer would have come before this. */
		receiver = pl_bound_inet(AF_INET, SOCK_DGRAM, &mark_name);
		pl_must(sys_sendto(receiver, "mark", 4, 0, &mark_name));
		pl_expect_arriving(receiver, "mark");
		pl_close(receiver);
	}
	pl_expect(sys_get_option(fd, SOL_SOCKET, SO_ERROR), is(is_told ? ECONNREFUSED : 0));
	pl_close(fd);
	pl_close(owner);
}

/* Strangers are not told what ports there are; this host is, until that is forbidden too. */
PL_CASE_ALONE(blackhole, .verifies = "udp.refused.blackhole-sysctl")
{
	long ignored;

	expect_answer(true);
	set_variable("net.inet.udp.blackhole", 1);
	if (pl_os_sysctl_get("net.inet.udp.blackhole_local", &ignored) == 0) {
		expect_answer(true);
		set_variable("net.inet.udp.blackhole_local", 1);
	}
	expect_answer(false);
}
