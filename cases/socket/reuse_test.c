/*
 * Names that two sockets may share, or that one leaves to the next:
 * SO_REUSEADDR and SO_REUSEPORT.
 */

#include "plumbline.h"

/* An unbound socket with that option set, 0 for none. */
static int
made(int type, int option)
{
	int s = pl_socket(AF_INET, type);

	if (option != 0)
		pl_set_option(s, SOL_SOCKET, option, 1);
	return (s);
}

/* The same, bound to that name; port 0 is replaced by the one it gets. */
static int
holder(int type, int option, struct pl_address *name)
{
	int s = made(type, option);

	pl_bind(s, name);
	*name = pl_sockname(s);
	return (s);
}

/* Which of these sockets gets the next message?  Its index. */
static int
wait_for_one(const int *fd, int count)
{
	struct pollfd p[4];

	for (int i = 0; i < count; i++)
		p[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
	pl_must(sys_poll(p, (nfds_t)count, -1));
	for (int i = 0; i < count; i++)
		if (p[i].revents != 0)
			return (i);
	pl_broken("poll() counted what it does not show");
}

/* One name, one socket. */
PL_CASE(duplicate_address_eaddrinuse, .verifies = "socket.reuse.duplicate-address-eaddrinuse",
    .kinds = PL_INET)
{
	struct pl_address name = pl_case_kind()->address(), own;
	int second = pl_with_option(0);

	pl_holder(0, &name);
	pl_expect(sys_bind(second, &name), fails(EADDRINUSE));
	pl_expect(sys_getsockname(second, &own), returns(0));
	pl_expect(pl_value(pl_address_port(&own), NULL, "port"), is(0));
}

/* All hosts are also this one, whichever was first. */
PL_CASE_ALONE(wildcard_conflicts_with_specific,
    .verifies = "socket.reuse.wildcard-conflicts-with-specific", .kinds = PL_INET)
{
	struct pl_address specific = pl_case_kind()->address(), all = pl_everywhere(0), a;

	pl_holder(0, &all);
	a = pl_with_port(specific, pl_address_port(&all));
	pl_expect(sys_bind(pl_with_option(0), &a), fails(EADDRINUSE));
	pl_holder(0, &specific);
	a = pl_everywhere(pl_address_port(&specific));
	pl_expect(sys_bind(pl_with_option(0), &a), fails(EADDRINUSE));
}

/* Does the option let a program take the very name of another socket? */
PL_CASE(reuseaddr_exact_udp_duplicate, .verifies = "socket.reuse.reuseaddr-exact-udp-duplicate",
    .kinds = PL_UDP)
{
	struct pl_address name = pl_case_kind()->address();
	int fd[2], sender = pl_unconnected();
	struct pl_outcome o;
	char b[4];

	fd[0] = pl_holder(SO_REUSEADDR, &name);
	fd[1] = pl_with_option(SO_REUSEADDR);
	o = sys_bind(fd[1], &name);
	pl_expect(o, on(PL_FREEBSD, fails(EADDRINUSE)), on(PL_LINUX, returns(0)));
	if (o.error != 0)
		return;
	pl_must(sys_sendto(sender, "x", 1, 0, &name));
	pl_expect(pl_value(wait_for_one(fd, 2), NULL, "socket that is readable"), is(1));
	pl_expect(sys_recv(fd[0], b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
}

/* Is it for the newcomer alone to say that the name may be shared? */
PL_CASE_ALONE(reuseaddr_only_on_later_socket,
    .verifies = "socket.reuse.reuseaddr-only-on-later-socket", .kinds = PL_INET)
{
	for (int listens = 0; listens < 2; listens++) {
		struct pl_address all = pl_everywhere(0), a;
		int first = pl_holder(0, &all);

		if (listens && pl_case_kind()->type == SOCK_STREAM)
			pl_listen(first, 1);
		a = pl_with_port(pl_case_kind()->address(), pl_address_port(&all));
		pl_expect(sys_bind(pl_with_option(SO_REUSEADDR), &a), on(PL_FREEBSD, returns(0)),
		    on(PL_LINUX, fails(EADDRINUSE)));
	}
}

/* A server's port is not taken from it. */
PL_CASE(reuseaddr_refused_against_listener,
    .verifies = "socket.reuse.reuseaddr-refused-against-listener", .kinds = PL_TCP)
{
	struct pl_address name = pl_case_kind()->address();
	int listener = pl_holder(SO_REUSEADDR, &name);

	pl_listen(listener, 1);
	pl_expect(sys_bind(pl_with_option(SO_REUSEADDR), &name), fails(EADDRINUSE));
	pl_expect(sys_connect(pl_unconnected(), &name), returns(0));
	pl_expect(sys_accept(listener, NULL), opens());
}

/* A name is shared by those who all agreed to it. */
PL_CASE(reuseport_must_be_set_on_both, .verifies = "socket.reuse.reuseport-must-be-set-on-both",
    .kinds = PL_INET)
{
	static const int options[][2] = { { SO_REUSEPORT, 0 }, { 0, SO_REUSEPORT } };

	for (size_t i = 0; i < PL_COUNT(options); i++) {
		struct pl_address name = pl_case_kind()->address();

		pl_holder(options[i][0], &name);
		pl_expect(sys_bind(pl_with_option(options[i][1]), &name), fails(EADDRINUSE));
	}
}

/* Three of them, and listeners too. */
PL_CASE(reuseport_allows_complete_duplicates,
    .verifies = "socket.reuse.reuseport-allows-complete-duplicates", .kinds = PL_INET)
{
	struct pl_address name = pl_case_kind()->address(), own;

	for (int i = 0; i < 3; i++) {
		int s = pl_with_option(SO_REUSEPORT);

		pl_expect(sys_bind(s, &name), returns(0));
		pl_expect(sys_getsockname(s, &own), returns(0));
		if (i == 0)
			name = own;
		pl_expect(
		    pl_value(pl_address_port(&own), NULL, "port"), is(pl_address_port(&name)));
		if (pl_case_kind()->type == SOCK_STREAM)
			pl_expect(sys_listen(s, 1), returns(0));
	}
}

static struct pl_outcome
join_as_other_user(void *unused)
{
	struct pl_address name = pl_case_kind()->address();

	(void)unused;
	pl_holder(SO_REUSEPORT, &name);
	pl_must(sys_bind(pl_with_option(SO_REUSEPORT), &name));
	pl_act_as(65534, 65534);
	pl_expect(sys_bind(pl_with_option(SO_REUSEPORT), &name), fails(EADDRINUSE));
	pl_must(pl_sys(seteuid(0), "seteuid(0)"));
	return (pl_done());
}

/* Nobody joins another user's service. */
PL_CASE(reuseport_other_user_refused, .verifies = "socket.reuse.reuseport-other-user-refused",
    .needs = PL_ROOT, .kinds = PL_INET)
{
	pl_must(pl_result(pl_child(join_as_other_user, NULL, PL_KEEP_NONE)));
}

/* How many of so many messages, each from a port of its own, the first and the second get. */
enum { MESSAGES = 64 };

static void
distribute(const int fd[2], const struct pl_address *name, int got[2])
{
	got[0] = got[1] = 0;
	for (int i = 0; i < MESSAGES; i++) {
		int sender = pl_socket(name->any.sa_family, SOCK_DGRAM), which;
		char b[4];

		if (name->any.sa_family == AF_INET6)
			pl_set_option(sender, IPPROTO_IPV6, IPV6_V6ONLY, 0);
		pl_must(sys_sendto(sender, "x", 1, 0, name));
		which = wait_for_one(fd, 2);
		pl_must(sys_recv(fd[which], b, sizeof(b), 0));
		got[which]++;
		pl_expect(sys_recv(fd[1 - which], b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
		pl_close(sender);
	}
	pl_note("the first got %d, the second %d", got[0], got[1]);
}

/* Each message goes to one of them; to which, depends. */
PL_CASE(reuseport_udp_distribution, .verifies = "socket.reuse.reuseport-udp-distribution",
    .kinds = PL_UDP)
{
	struct pl_address name = pl_case_kind()->address();
	int fd[2], got[2];

	for (int i = 0; i < 2; i++)
		fd[i] = pl_holder(SO_REUSEPORT, &name);
	distribute(fd, &name, got);
	if (pl_asks(PL_FREEBSD))
		pl_expect_that(
		    got[0] == 0 || got[1] == 0, "one socket gets all", "%d and %d", got[0], got[1]);
	else
		pl_expect_that(
		    got[0] > 0 && got[1] > 0, "both sockets get some", "%d and %d", got[0], got[1]);
}

/* Work that is to be shared is shared. */
PL_CASE(reuseport_lb_spreads_load, .verifies = "socket.reuse.reuseport-lb-spreads-load")
{
	struct pl_address name = pl_inet_address(0);
	int fd[2], got[2] = { 0, 0 };

	if (pl_os.so_reuseport_lb == PL_ABSENT)
		pl_not_tested("this kernel has no SO_REUSEPORT_LB");
	for (int i = 0; i < 2; i++)
		fd[i] = holder(SOCK_DGRAM, pl_os.so_reuseport_lb, &name);
	distribute(fd, &name, got);
	pl_expect_that(got[0] > 0 && got[1] > 0, "both sockets get some datagrams", "%d and %d",
	    got[0], got[1]);
	name = pl_inet_address(0);
	for (int i = 0; i < 2; i++) {
		fd[i] = holder(SOCK_STREAM, pl_os.so_reuseport_lb, &name);
		pl_listen(fd[i], MESSAGES);
		got[i] = 0;
	}
	for (int i = 0; i < MESSAGES; i++) {
		int client = pl_socket(AF_INET, SOCK_STREAM), which;

		pl_connect(client, &name);
		which = wait_for_one(fd, 2);
		pl_close(pl_accept(fd[which]));
		got[which]++;
		pl_close(client);
	}
	pl_expect_that(got[0] > 0 && got[1] > 0, "both listeners get some clients", "%d and %d",
	    got[0], got[1]);
}

static struct pl_outcome
send_to_specific(void *unused)
{
	struct pl_address name, peer, all;
	int fd[2], sender = pl_bound_inet(AF_INET, SOCK_DGRAM, &peer);
	char b[4];

	(void)unused;
	for (int order = 0; order < 2; order++) {
		/* The specific one is fd[order]. */
		name = pl_inet_address(0);
		all = pl_wildcard_address(AF_INET, 0);
		if (order == 0) {
			fd[0] = holder(SOCK_DGRAM, SO_REUSEADDR, &name);
			all = pl_wildcard_address(AF_INET, pl_address_port(&name));
			fd[1] = holder(SOCK_DGRAM, SO_REUSEADDR, &all);
		} else {
			fd[0] = holder(SOCK_DGRAM, SO_REUSEADDR, &all);
			name = pl_inet_address(pl_address_port(&all));
			fd[1] = holder(SOCK_DGRAM, SO_REUSEADDR, &name);
		}
		pl_must(sys_sendto(sender, "x", 1, 0, &name));
		pl_expect(
		    pl_value(wait_for_one(fd, 2), NULL, "socket that is readable"), is(order));
		pl_expect(sys_recv(fd[order], b, sizeof(b), 0), returns(1));
		pl_expect(sys_recv(fd[1 - order], b, sizeof(b), MSG_DONTWAIT), fails(EAGAIN));
	}
	return (pl_done());
}

/* Who asked for this host goes before who asked for any. */
PL_CASE(most_specific_binding_receives, .verifies = "socket.reuse.most-specific-binding-receives")
{
	pl_in_private_network(send_to_specific, NULL);
}

/* A server with that option serves one client, closes first and is gone; its name. */
static struct pl_address
leave_time_wait(int option)
{
	struct pl_address name = pl_case_kind()->address();
	int listener = pl_holder(option, &name), client = pl_unconnected(), s;
	char b[4];

	pl_listen(listener, 1);
	pl_connect(client, &name);
	s = pl_accept(listener);
	pl_close(listener);
	pl_close(s);
	pl_must(sys_read(client, b, sizeof(b)));
	pl_must(sys_set_linger(client, 1, 5));
	pl_close(client);
	return (name);
}

/* A port rests after a connection, unless the next server says that it knows. */
PL_CASE_ALONE(reuseaddr_overrides_time_wait,
    .verifies = "socket.reuse.reuseaddr-overrides-time-wait", .kinds = PL_TCP)
{
	struct pl_address name = leave_time_wait(SO_REUSEADDR);

	pl_expect(sys_bind(pl_with_option(0), &name), fails(EADDRINUSE),
	    on(PL_FREEBSD, pl_freebsd_before(1400) ? fails(EADDRINUSE) : returns(0)));
	name = leave_time_wait(SO_REUSEADDR);
	pl_expect(sys_bind(pl_with_option(SO_REUSEADDR), &name), returns(0));
}

/* Must its predecessor have foreseen that? */
PL_CASE_ALONE(reuseaddr_overrides_time_wait_of_plain_socket,
    .verifies = "socket.reuse.reuseaddr-overrides-time-wait-of-plain-socket", .kinds = PL_TCP)
{
	struct pl_address name = leave_time_wait(0);

	pl_expect(sys_bind(pl_with_option(SO_REUSEADDR), &name), on(PL_FREEBSD, returns(0)),
	    on(PL_LINUX, fails(EADDRINUSE)));
}
