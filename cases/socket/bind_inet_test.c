/*
 * bind(2) in the Internet domain: which hosts and ports a socket may have, and
 * which port it gets when it leaves the choice to the kernel.
 */

#include "plumbline.h"

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

/* A host that no interface has: it is in a block for examples, 203.0.113.0/24. */
#define FOREIGN_HOST 0xcb007101u
#define OTHER_LOOPBACK 0x7f000002u
#define ALL_HOSTS_GROUP 0xe0000001u

static struct pl_address
address_of(uint32_t host, unsigned port)
{
	struct pl_address a = pl_inet_address(port);

	a.in.sin_addr.s_addr = htonl(host);
	return (a);
}

static struct pl_outcome
port_of_socket(int s)
{
	struct pl_address name = pl_sockname(s);

	return (pl_value(pl_address_port(&name), NULL, "port"));
}

static struct pl_outcome
bind_to_foreign(void *unused)
{
	struct pl_address a = address_of(FOREIGN_HOST, 0);

	(void)unused;
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int s = pl_socket(AF_INET, types[t]);

		pl_expect(sys_bind(s, &a), fails(EADDRNOTAVAIL));
		pl_expect(port_of_socket(s), is(0));
	}
	return (pl_done());
}

/* A host that is somewhere else. */
PL_CASE(non_local_address_eaddrnotavail, .verifies = "socket.bind.non-local-address-eaddrnotavail")
{
	pl_in_private_network(bind_to_foreign, NULL);
}

static const unsigned reserved[] = { 1, 879, 1023 };

static void
need_usual_reservation(void)
{
	if (pl_os_first_user_port() != 1024)
		pl_not_tested("ports from %ld on are free for users here", pl_os_first_user_port());
}

static void
expect_reserved(int domain)
{
	for (size_t t = 0; t < PL_COUNT(types); t++)
		for (size_t i = 0; i < PL_COUNT(reserved); i++) {
			struct pl_address a = domain == AF_INET ? pl_inet_address(reserved[i])
								: pl_inet6_address(reserved[i]);
			int s = pl_socket(domain, types[t]);

			pl_expect(sys_bind(s, &a), fails(EACCES));
			pl_expect(port_of_socket(s), is(0));
		}
}

/* The low ports are for services that the super-user started. */
PL_CASE(reserved_port_eacces_for_users, .verifies = "socket.bind.reserved-port-eacces-for-users",
    .needs = PL_UNPRIVILEGED)
{
	need_usual_reservation();
	expect_reserved(AF_INET);
}

/* The same over IPv6. */
PL_CASE(reserved_port_eacces_for_users_inet6,
    .verifies = "socket.bind.reserved-port-eacces-for-users", .needs = PL_UNPRIVILEGED)
{
	need_usual_reservation();
	pl_need_inet6();
	expect_reserved(AF_INET6);
}

static struct pl_outcome
bind_around_the_border(void *unused)
{
	struct pl_address last = pl_inet_address(1023), first = pl_inet_address(1024),
			  low = pl_inet_address(879);

	(void)unused;
	need_usual_reservation();
	for (size_t t = 0; t < PL_COUNT(types); t++)
		pl_expect(sys_bind(pl_socket(AF_INET, types[t]), &low), returns(0));
	pl_act_as(65534, 65534);
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		pl_expect(sys_bind(pl_socket(AF_INET, types[t]), &last), fails(EACCES));
		pl_expect(sys_bind(pl_socket(AF_INET, types[t]), &first), returns(0));
	}
	return (pl_done());
}

/* The border runs between 1023 and 1024, and not for root. */
PL_CASE(reserved_ports_end_below_1024, .verifies = "socket.bind.reserved-port-eacces-for-users",
    .needs = PL_ROOT)
{
	pl_in_private_network(bind_around_the_border, NULL);
}

/* That many at once, so that 64 descriptors are enough. */
enum { MANY = 40 };

/* The ports that so many sockets get when they ask for any. */
static void
choose_ports(int type, long port[MANY], bool keep)
{
	struct pl_address name;

	for (int i = 0; i < MANY; i++) {
		int s = pl_bound_inet(AF_INET, type, &name);

		port[i] = pl_address_port(&name);
		if (!keep)
			pl_close(s);
	}
}

static void
expect_range(const long *port, long first, long last)
{
	for (int i = 0; i < MANY; i++)
		pl_expect(
		    pl_value(port[i], NULL, "port chosen for 0"), returns_between(first, last));
}

/* Chosen ports stay clear of those that servers are known by. */
PL_CASE(ephemeral_range, .verifies = "socket.bind.ephemeral-range")
{
	long first = 32768, last = 60999, port[MANY];

	if (pl_asks(PL_FREEBSD)) {
		first = 49152;
		last = 65535;
	} else if (pl_os.profile == PL_PROFILE_LINUX && pl_os_port_range(&first, &last) != 0) {
		pl_not_tested("the system does not tell its port range");
	}
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		choose_ports(types[t], port, false);
		expect_range(port, first, last);
	}
}

static struct pl_outcome
choose_in_narrow_range(void *unused)
{
	enum { FIRST = 20000, LAST = 20063 };
	long port[MANY];

	(void)unused;
	if (pl_os_set_port_range(FIRST, LAST) != 0)
		pl_not_tested("the port range cannot be set: %s", strerror(errno));
	pl_note("the port range is %d to %d", FIRST, LAST);
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		choose_ports(types[t], port, false);
		expect_range(port, FIRST, LAST);
	}
	return (pl_done());
}

/* The administrator may say which ports they are. */
PL_CASE(ephemeral_range_can_be_set, .verifies = "socket.bind.ephemeral-range")
{
	pl_in_private_network(choose_in_narrow_range, NULL);
}

/* A port that one socket has is not chosen for another. */
PL_CASE(ephemeral_ports_distinct, .verifies = "socket.bind.ephemeral-ports-distinct")
{
	long port[MANY];

	choose_ports(SOCK_DGRAM, port, true);
	for (int i = 0; i < MANY; i++)
		for (int j = 0; j < i; j++)
			pl_expect_that(port[i] != port[j], "each socket has a port of its own",
			    "port %ld twice", port[i]);
}

static struct pl_outcome
choose_unpredictably(void *unused)
{
	long port[MANY];
	int repeated = 0;

	(void)unused;
	choose_ports(SOCK_DGRAM, port, false);
	for (int i = 2; i < MANY; i++)
		if (port[i] - port[i - 1] == port[i - 1] - port[i - 2])
			repeated++;
	/* By chance that happens once in some ten thousand steps. */
	pl_expect_that(repeated < 5, "ports that follow no rule", "%d of %d steps are as the last",
	    repeated, MANY - 2);
	return (pl_done());
}

/* Who knows the last port cannot tell the next. */
PL_CASE(ephemeral_ports_unpredictable, .verifies = "socket.bind.ephemeral-ports-unpredictable")
{
	pl_in_private_network(choose_unpredictably, NULL);
}

static struct pl_outcome
exhaust_range(void *unused)
{
	enum { FIRST = 20000, LAST = 20001 };
	struct pl_address any = pl_inet_address(0), name;
	int s, holder[2];

	(void)unused;
	if (pl_os_set_port_range(FIRST, LAST) != 0)
		pl_not_tested("the port range cannot be set: %s", strerror(errno));
	pl_note("the port range is %d to %d", FIRST, LAST);
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		for (int i = 0; i < 2; i++) {
			holder[i] = pl_socket(AF_INET, types[t]);
			pl_expect(sys_bind(holder[i], &any), returns(0));
		}
		s = pl_socket(AF_INET, types[t]);
		pl_expect(sys_bind(s, &any), on(PL_FREEBSD, fails(EADDRNOTAVAIL)),
		    on(PL_LINUX, fails(EADDRINUSE)));
		if (types[t] == SOCK_STREAM)
			pl_expect(sys_listen(s, 1), on(PL_FREEBSD, fails(EADDRNOTAVAIL)),
			    on(PL_LINUX, fails(EADDRINUSE)));
		name = pl_sockname(holder[0]);
		pl_close(holder[0]);
		pl_expect(sys_bind(s, &any), returns(0));
		pl_expect(port_of_socket(s), is(pl_address_port(&name)));
		pl_close(s);
		pl_close(holder[1]);
	}
	return (pl_done());
}

/* When all ports are taken that is said at once; the next one given back is found. */
PL_CASE(ephemeral_range_exhausted, .verifies = "socket.bind.ephemeral-range-exhausted")
{
	pl_in_private_network(exhaust_range, NULL);
}

static struct pl_outcome
bind_to_other_loopback(void *unused)
{
	struct pl_address a = address_of(OTHER_LOOPBACK, 0);

	(void)unused;
	for (size_t t = 0; t < PL_COUNT(types); t++)
		pl_expect(sys_bind(pl_socket(AF_INET, types[t]), &a),
		    on(PL_FREEBSD, fails(EADDRNOTAVAIL)), on(PL_LINUX, returns(0)));
	return (pl_done());
}

/* Is the interface's host local, or all of its net? */
PL_CASE(other_address_of_loopback_net, .verifies = "socket.bind.other-address-of-loopback-net")
{
	pl_in_private_network(bind_to_other_loopback, NULL);
}

static struct pl_outcome
bind_to_broadcast(void *unused)
{
	struct pl_address a = address_of(INADDR_BROADCAST, 0);

	(void)unused;
	for (size_t t = 0; t < PL_COUNT(types); t++)
		pl_expect(sys_bind(pl_socket(AF_INET, types[t]), &a),
		    on(PL_FREEBSD, fails(EADDRNOTAVAIL)), on(PL_LINUX, returns(0)));
	return (pl_done());
}

/* Nobody is called "everybody"; or is that the wildcard? */
PL_CASE(inaddr_broadcast, .verifies = "socket.bind.inaddr-broadcast")
{
	pl_in_private_network(bind_to_broadcast, NULL);
}

static struct pl_outcome
bind_to_group(void *unused)
{
	struct pl_address a = address_of(ALL_HOSTS_GROUP, 0);

	(void)unused;
	pl_expect(sys_bind(pl_socket(AF_INET, SOCK_DGRAM), &a), returns(0));
	pl_expect(sys_bind(pl_socket(AF_INET, SOCK_STREAM), &a),
	    on(PL_FREEBSD, fails(EAFNOSUPPORT)), on(PL_LINUX, returns(0)));
	return (pl_done());
}

/* A group can be sent to, but holds no conversation. */
PL_CASE(stream_socket_to_multicast_address,
    .verifies = "socket.bind.stream-socket-to-multicast-address")
{
	pl_in_private_network(bind_to_group, NULL);
}

static struct pl_outcome
bind_to_group6(void *unused)
{
	struct pl_address a = pl_inet6_address(0);

	(void)unused;
	pl_need_inet6();
	memset(&a.in6.sin6_addr, 0, sizeof(a.in6.sin6_addr));
	a.in6.sin6_addr.s6_addr[0] = 0xff;
	a.in6.sin6_addr.s6_addr[1] = a.in6.sin6_addr.s6_addr[15] = 1;
	pl_expect(sys_bind(pl_socket(AF_INET6, SOCK_STREAM), &a),
	    on(PL_FREEBSD, fails(EAFNOSUPPORT)), on(PL_LINUX, fails(EINVAL)));
	return (pl_done());
}

/* The same over IPv6. */
PL_CASE(stream_socket_to_multicast_address_inet6,
    .verifies = "socket.bind.stream-socket-to-multicast-address")
{
	pl_in_private_network(bind_to_group6, NULL);
}

static struct pl_outcome
bind_port_on_two_hosts(void *unused)
{
	(void)unused;
	pl_need_inet6();
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		struct pl_address four, six;

		pl_bound_inet(AF_INET, types[t], &four);
		six = pl_inet6_address(pl_address_port(&four));
		pl_expect(sys_bind(pl_socket(AF_INET6, types[t]), &six), returns(0));
		pl_expect(sys_bind(pl_socket(AF_INET6, types[t]), &six), fails(EADDRINUSE));
	}
	return (pl_done());
}

/* The host is part of the name, and the two loopback hosts are two. */
PL_CASE(
    same_port_on_other_local_address, .verifies = "socket.bind.same-port-on-other-local-address")
{
	pl_in_private_network(bind_port_on_two_hosts, NULL);
}

static struct pl_outcome
bind_to_foreign_allowed(void *unused)
{
	struct pl_address a = address_of(FOREIGN_HOST, 0);
	int option = pl_os.ip_freebind != PL_ABSENT ? pl_os.ip_freebind : pl_os.ip_bindany;
	bool root = geteuid() == 0;
	int s;

	(void)unused;
	if (root) {
		s = pl_socket(AF_INET, SOCK_STREAM);
		pl_expect(sys_set_option(s, IPPROTO_IP, option, 1), returns(0));
		pl_expect(sys_bind(s, &a), returns(0));
		pl_act_as(65534, 65534);
	}
	s = pl_socket(AF_INET, SOCK_STREAM);
	pl_expect(sys_set_option(s, IPPROTO_IP, option, 1), on(PL_FREEBSD, fails(EPERM)),
	    on(PL_LINUX, returns(0)));
	pl_expect(sys_bind(s, &a), on(PL_FREEBSD, fails(EADDRNOTAVAIL)), on(PL_LINUX, returns(0)));
	/* It is a property of one socket. */
	pl_expect(sys_bind(pl_socket(AF_INET, SOCK_STREAM), &a), fails(EADDRNOTAVAIL));
	return (pl_done());
}

/* A program may ask for a host that is not here, or not yet. */
PL_CASE(option_for_non_local_addresses, .verifies = "socket.bind.option-for-non-local-addresses")
{
	pl_in_private_network(bind_to_foreign_allowed, NULL);
}

/* FreeBSD's ranges, IP_PORTRANGE_DEFAULT, _HIGH and _LOW. */
enum { RANGE_DEFAULT, RANGE_HIGH, RANGE_LOW };

static void
expect_range_of(int range, long first, long last)
{
	for (size_t t = 0; t < PL_COUNT(types); t++)
		for (int i = 0; i < 16; i++) {
			struct pl_address a = pl_inet_address(0);
			int s = pl_socket(AF_INET, types[t]);

			pl_expect(
			    sys_set_option(s, IPPROTO_IP, pl_os.ip_portrange, range), returns(0));
			pl_expect(
			    sys_get_option(s, IPPROTO_IP, pl_os.ip_portrange), returns(range));
			pl_expect(sys_bind(s, &a), returns(0));
			pl_expect(port_of_socket(s), returns_between(first, last));
			pl_close(s);
		}
}

/* A socket chooses which of the ranges its port is from. */
PL_CASE(ip_portrange_selects_range, .verifies = "socket.bind.ip-portrange-selects-range")
{
	int s = pl_socket(AF_INET, SOCK_DGRAM);

	if (pl_os.ip_portrange == PL_ABSENT)
		pl_not_tested("this kernel has no IP_PORTRANGE");
	expect_range_of(RANGE_HIGH, 49152, 65535);
	if (geteuid() == 0)
		expect_range_of(RANGE_LOW, 600, 1023);
	pl_expect(sys_set_option(s, IPPROTO_IP, pl_os.ip_portrange, RANGE_LOW + 1), fails(EINVAL));
	pl_expect(sys_set_option(s, IPPROTO_IP, pl_os.ip_portrange, -1), fails(EINVAL));
	pl_expect(sys_get_option(s, IPPROTO_IP, pl_os.ip_portrange), returns(RANGE_DEFAULT));
}

/* The low range is reserved, even for those who do not name the port. */
PL_CASE(ip_portrange_low_is_for_root, .verifies = "socket.bind.ip-portrange-selects-range",
    .needs = PL_UNPRIVILEGED)
{
	struct pl_address a = pl_inet_address(0);
	int s = pl_socket(AF_INET, SOCK_DGRAM);
	struct pl_outcome o;

	if (pl_os.ip_portrange == PL_ABSENT)
		pl_not_tested("this kernel has no IP_PORTRANGE");
	o = sys_set_option(s, IPPROTO_IP, pl_os.ip_portrange, RANGE_LOW);
	if (o.error == 0)
		o = sys_bind(s, &a);
	pl_expect(o, fails(EACCES), fails(EPERM));
}

/* The port is chosen when it is known whom it must differ for. */
PL_CASE(bind_address_no_port, .verifies = "socket.bind.bind-address-no-port")
{
	struct pl_address name, a = pl_inet_address(0), own;
	int listener = pl_bound_inet(AF_INET, SOCK_STREAM, &name);
	int s = pl_socket(AF_INET, SOCK_STREAM);

	if (pl_os.ip_bind_address_no_port == PL_ABSENT)
		pl_not_tested("this kernel has no IP_BIND_ADDRESS_NO_PORT");
	pl_listen(listener, 1);
	pl_expect(sys_set_option(s, IPPROTO_IP, pl_os.ip_bind_address_no_port, 1), returns(0));
	pl_expect(sys_get_option(s, IPPROTO_IP, pl_os.ip_bind_address_no_port), returns(1));
	pl_expect(sys_bind(s, &a), returns(0));
	pl_expect(sys_getsockname(s, &own), returns(0));
	pl_expect(pl_value((long)ntohl(own.in.sin_addr.s_addr), NULL, "host"), is(INADDR_LOOPBACK));
	pl_expect(port_of_socket(s), is(0));
	pl_expect(sys_connect(s, &name), returns(0));
	pl_expect(port_of_socket(s), returns_between(1, 65535));
}
