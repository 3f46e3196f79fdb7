/*
 * bind(2) of TCP sockets: what a port is held by, listeners and connections, and
 * who may share it with SO_REUSEADDR or SO_REUSEPORT.
 *
 * The conditions of sharing that UDP knows as well are in the area socket.
 */

#include "plumbline.h"

/*
 * The name of all hosts that the kind's address is one of: an IPv6 socket that
 * speaks IPv4 has [::] for it.
 */
static unsigned
port_of(int fd)
{
	struct pl_address name = pl_sockname(fd);

	return (pl_address_port(&name));
}

/* A client is accepted by that listener. */
static void
expect_serves(int listener, const struct pl_address *name)
{
	int client = pl_unconnected(), fd;

	pl_expect(sys_connect(client, name), returns(0));
	fd = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect_talk(client, fd);
	pl_close(client);
	pl_close(fd);
}

PL_CASE(port_zero_gives_each_its_own, .verifies = "tcp.bind.port-zero-assigns-free-port",
    .kinds = PL_TCP)
{
	struct pl_address name[8];

	for (size_t i = 0; i < PL_COUNT(name); i++) {
		struct pl_address wanted = pl_case_kind()->address();
		int fd = pl_unconnected();

		pl_expect(sys_bind(fd, &wanted), returns(0));
		pl_expect(sys_getsockname(fd, &name[i]), returns(0));
		pl_expect(
		    pl_value(pl_address_port(&name[i]), NULL, "port"), returns_between(1, 65535));
		wanted = pl_with_port(wanted, pl_address_port(&name[i]));
		pl_expect_address(&name[i], &wanted);
		for (size_t j = 0; j < i; j++)
			pl_expect_that(pl_address_port(&name[j]) != pl_address_port(&name[i]),
			    "a port that no other socket has", "port %u twice",
			    pl_address_port(&name[i]));
	}
}

/* Who listened, and never spoke to anybody, owes nobody a rest. */
PL_CASE_ALONE(closed_listener_frees_its_port,
    .verifies = "tcp.bind.listener-close-frees-port-at-once", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), next = pl_unconnected();

	pl_close(listener);
	pl_expect(sys_bind(next, &name), returns(0));
	pl_expect(sys_listen(next, 1), returns(0));
	expect_serves(next, &name);
}

/* A server with that option that left after it accepted a client; the connection lives. */
static struct pl_pair
orphan(int option, struct pl_address *name)
{
	int listener;
	struct pl_pair p;

	*name = pl_case_kind()->address();
	listener = pl_holder(option, name);
	pl_listen(listener, 1);
	p.w = pl_client(name);
	p.r = pl_accept(listener);
	pl_close(listener);
	return (p);
}

/* Its port is in use as long as the connection lasts, and can be had after it was broken off. */
PL_CASE_ALONE(connection_holds_the_port,
    .verifies = "tcp.bind.established-child-blocks-plain-rebind", .kinds = PL_TCP)
{
	struct pl_address name;
	struct pl_pair p = orphan(0, &name);
	int next = pl_unconnected();

	pl_expect(sys_bind(next, &name), fails(EADDRINUSE));
	pl_expect_talk(p.w, p.r);
	pl_must(sys_set_linger(p.r, 1, 0));
	pl_close(p.r);
	pl_expect(sys_bind(next, &name), returns(0));
}

/* A server can be started again while its old clients are still being served. */
PL_CASE_ALONE(restarted_server_beside_old_connection,
    .verifies = "tcp.bind.established-child-rebind-with-reuseaddr", .kinds = PL_TCP)
{
	struct pl_address name;
	struct pl_pair p = orphan(SO_REUSEADDR, &name);
	int next = pl_with_option(SO_REUSEADDR);

	pl_expect(sys_bind(next, &name), returns(0));
	pl_expect(sys_listen(next, 1), returns(0));
	expect_serves(next, &name);
	pl_expect_talk(p.w, p.r);
}

/* Must the old server have said that this may happen? */
PL_CASE_ALONE(restarted_server_whose_predecessor_lacked_the_option,
    .verifies = "tcp.bind.established-child-rebind-with-reuseaddr", .kinds = PL_TCP)
{
	struct pl_address name;
	struct pl_pair p = orphan(0, &name);
	int next = pl_with_option(SO_REUSEADDR);
	struct pl_outcome o = sys_bind(next, &name);

	pl_expect(o, on(PL_FREEBSD, returns(0)), on(PL_LINUX, fails(EADDRINUSE)));
	if (o.error == 0) {
		pl_expect(sys_listen(next, 1), returns(0));
		expect_serves(next, &name);
	}
	pl_expect_talk(p.w, p.r);
}

/* One system lets two hold the name as long as none listens, and one of them listen. */
PL_CASE(reuseaddr_on_both_and_none_listens,
    .verifies = "tcp.bind.reuseaddr-both-exact-duplicate-not-listening", .kinds = PL_TCP)
{
	struct pl_address name = pl_case_kind()->address();
	int first = pl_holder(SO_REUSEADDR, &name), second = pl_with_option(SO_REUSEADDR);
	struct pl_outcome o = sys_bind(second, &name);

	pl_expect(o, on(PL_FREEBSD, fails(EADDRINUSE)), on(PL_LINUX, returns(0)));
	if (o.error != 0)
		return;
	pl_expect(sys_listen(first, 1), returns(0));
	pl_expect(sys_listen(second, 1), fails(EADDRINUSE));
	expect_serves(first, &name);
	pl_close(first);
	pl_expect(sys_listen(second, 1), returns(0));
	expect_serves(second, &name);
}

/* Neither host nor wildcard: a listener has the port to itself, or only where it said so. */
PL_CASE_ALONE(reuseaddr_on_both_beside_a_wildcard_listener,
    .verifies = "tcp.bind.reuseaddr-both-specific-beside-wildcard-listener", .kinds = PL_TCP)
{
	struct pl_address all = pl_everywhere(0), name;
	int first = pl_holder(SO_REUSEADDR, &all), second = pl_with_option(SO_REUSEADDR);

	name = pl_with_port(pl_case_kind()->address(), pl_address_port(&all));
	pl_listen(first, 1);
	pl_expect(
	    sys_bind(second, &name), on(PL_FREEBSD, returns(0)), on(PL_LINUX, fails(EADDRINUSE)));
	if (port_of(second) == 0)
		expect_serves(first, &name);
}

/* Who asked for this host goes before who asked for all, whoever came first. */
PL_CASE_ALONE(listener_of_the_host_is_preferred,
    .verifies = "tcp.bind.specific-listener-preferred-over-wildcard", .kinds = PL_TCP)
{
	enum { SPECIFIC, WILDCARD };

	for (int order = 0; order < 2; order++) {
		struct pl_address name;
		unsigned port = 0;
		int fd[2];

		for (int i = 0; i < 2; i++) {
			int which = i == order ? SPECIFIC : WILDCARD;

			name = which == SPECIFIC ? pl_with_port(pl_case_kind()->address(), port)
						 : pl_everywhere(port);
			fd[which] = pl_with_option(SO_REUSEADDR);
			pl_set_option(fd[which], SOL_SOCKET, SO_REUSEPORT, 1);
			pl_expect(sys_bind(fd[which], &name), returns(0));
			pl_expect(sys_listen(fd[which], 8), returns(0));
			port = port_of(fd[which]);
		}
		name = pl_sockname(fd[SPECIFIC]);
		pl_nonblock(fd[WILDCARD], true);
		for (int i = 0; i < 8; i++) {
			expect_serves(fd[SPECIFIC], &name);
			pl_expect(sys_accept(fd[WILDCARD], NULL), fails(EAGAIN));
		}
		pl_close(fd[SPECIFIC]);
		pl_nonblock(fd[WILDCARD], false);
		expect_serves(fd[WILDCARD], &name);
		pl_close(fd[WILDCARD]);
	}
}

enum { MEMBERS = 3, CLIENTS = 60 };

/* Listeners that share a port by that option. */
static void
make_group(int option, int fd[MEMBERS], struct pl_address *name)
{
	*name = pl_case_kind()->address();
	for (int i = 0; i < MEMBERS; i++) {
		fd[i] = pl_holder(option, name);
		pl_listen(fd[i], CLIENTS);
		pl_nonblock(fd[i], true);
	}
}

/* Clients come to a group; each is accepted by one member, once.  How many each gets. */
static void
expect_each_client_once(const int fd[MEMBERS], const struct pl_address *name, int got[MEMBERS])
{
	bool seen[CLIENTS] = { false };
	struct pollfd entries[MEMBERS];

	for (int i = 0; i < CLIENTS; i++)
		pl_write(pl_client(name), &(char){ (char)('0' + i) }, 1);
	for (int i = 0; i < MEMBERS; i++) {
		entries[i] = (struct pollfd){ .fd = fd[i], .events = POLLIN };
		got[i] = 0;
	}
	for (int total = 0; total < CLIENTS;) {
		pl_expect(sys_poll(entries, MEMBERS, 5000), returns_between(1, MEMBERS));
		for (int i = 0; i < MEMBERS; i++) {
			char b[2] = "";
			int connection;

			if (entries[i].revents == 0)
				continue;
			connection = (int)pl_expect(sys_accept(fd[i], NULL), opens());
			pl_expect(sys_read(connection, b, sizeof(b)), returns(1));
			pl_close(connection);
			pl_expect_that(b[0] >= '0' && b[0] < '0' + CLIENTS && !seen[b[0] - '0'],
			    "a client that was not accepted before", "client '%c'", b[0]);
			seen[b[0] - '0'] = true;
			got[i]++;
			total++;
		}
	}
	for (int i = 0; i < MEMBERS; i++)
		pl_expect(sys_accept(fd[i], NULL), fails(EAGAIN));
	pl_note("the members got %d, %d and %d", got[0], got[1], got[2]);
}

/* One system spreads the work over all of them. */
PL_CASE(group_accepts_each_client_once,
    .verifies = "tcp.bind.reuseport-group-each-connection-accepted-once", .kinds = PL_TCP)
{
	struct pl_address name;
	int fd[MEMBERS], got[MEMBERS];

	make_group(SO_REUSEPORT, fd, &name);
	expect_each_client_once(fd, &name, got);
	if (pl_asks(PL_LINUX))
		for (int i = 0; i < MEMBERS; i++)
			pl_expect(pl_value(got[i], NULL, "connections of member %d", i),
			    returns_between(1, CLIENTS));
}

/* Does it count whether the first one agreed before it had the name? */
PL_CASE(option_set_after_the_first_was_bound,
    .verifies = "tcp.bind.reuseport-set-on-first-after-its-bind", .kinds = PL_TCP)
{
	struct pl_address name = pl_case_kind()->address();
	int first = pl_holder(0, &name), second = pl_with_option(SO_REUSEPORT);

	pl_set_option(first, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_expect(sys_bind(second, &name), fails(EADDRINUSE));
}

/* Does another user get in front of a server that is there for all hosts? */
PL_CASE_ALONE(other_user_beside_a_wildcard,
    .verifies = "tcp.bind.reuseaddr-other-user-specific-beside-wildcard", .kinds = PL_TCP,
    .needs = PL_ROOT)
{
	struct pl_address all = pl_everywhere(0), name;
	int theirs;

	pl_holder(SO_REUSEADDR, &all);
	name = pl_with_port(pl_case_kind()->address(), pl_address_port(&all));
	pl_act_as(65534, 65534);
	theirs = pl_with_option(SO_REUSEADDR);
	pl_expect(
	    sys_bind(theirs, &name), on(PL_FREEBSD, fails(EADDRINUSE)), on(PL_LINUX, returns(0)));
}

/* Who only has the name takes no clients away from who listens, whoever was first. */
PL_CASE(member_that_does_not_listen, .verifies = "tcp.bind.reuseport-bound-unlistened-member",
    .kinds = PL_TCP)
{
	for (int listens = 0; listens < 2; listens++) {
		struct pl_address name = pl_case_kind()->address();
		int fd[2];

		for (int i = 0; i < 2; i++)
			fd[i] = pl_holder(SO_REUSEPORT, &name);
		pl_listen(fd[listens], 8);
		for (int i = 0; i < 8; i++) {
			int client = pl_unconnected(), s;
			struct pl_outcome o = sys_connect(client, &name);

			pl_expect(o, returns(0));
			if (o.error != 0)
				break;
			s = (int)pl_expect(sys_accept(fd[listens], NULL), opens());
			pl_expect_talk(client, s);
			pl_close(client);
			pl_close(s);
		}
	}
}

static int
need_balancing(void)
{
	if (pl_os.so_reuseport_lb == PL_ABSENT)
		pl_not_tested("this kernel has no SO_REUSEPORT_LB");
	return (pl_os.so_reuseport_lb);
}

PL_CASE(balancing_passes_over_who_does_not_listen,
    .verifies = "tcp.bind.reuseport-lb-unlistened-member-gets-nothing", .kinds = PL_TCP)
{
	struct pl_address name = pl_case_kind()->address();
	int option = need_balancing(), listener = pl_holder(option, &name);

	pl_listen(listener, 8);
	pl_holder(option, &name);
	for (int i = 0; i < 16; i++) {
		int client = pl_unconnected(), s;
		struct pl_outcome o = sys_connect(client, &name);

		pl_expect(o, returns(0));
		if (o.error != 0)
			break;
		s = (int)pl_expect(sys_accept(listener, NULL), opens());
		pl_expect_talk(client, s);
		pl_close(client);
		pl_close(s);
	}
}

/* With a name or without. */
PL_CASE(balanced_socket_does_not_connect, .verifies = "tcp.bind.reuseport-lb-connect-eopnotsupp",
    .kinds = PL_TCP)
{
	struct pl_address name, own = pl_case_kind()->address();
	int option = need_balancing(), listener = pl_listening(1, &name);

	if (pl_freebsd_before(1500))
		pl_not_applicable("before FreeBSD 15 it connects");
	pl_expect(sys_connect(pl_with_option(option), &name), fails(EOPNOTSUPP));
	pl_expect(sys_connect(pl_holder(option, &own), &name), fails(EOPNOTSUPP));
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}
