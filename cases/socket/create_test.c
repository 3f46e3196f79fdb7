/*
 * socket(2): what it hands out for each domain, type and protocol, and how it
 * refuses the rest.
 */

#include <sys/stat.h>

#include "plumbline.h"

#include "sequence/names.h"

/* Far from any assigned domain, type or protocol. */
enum { NO_DOMAIN = 1234, NO_TYPE = 75, NO_TYPE_FLAG = 0x100000, NO_PROTOCOL = 200 };

static const int domains[] = { AF_UNIX, AF_INET, AF_INET6 };
static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

/* A program that sees the number sees a socket. */
PL_CASE(inet_stream_yields_usable_descriptor,
    .verifies = "socket.create.inet-stream-yields-usable-descriptor")
{
	struct stat st;
	int s = (int)pl_expect(sys_socket(AF_INET, SOCK_STREAM, 0), opens());

	pl_expect(sys_fstat(s, &st), returns(0));
	pl_expect(
	    pl_value(st.st_mode & S_IFMT, &pl_names_file_type, "st_mode & S_IFMT"), is(S_IFSOCK));
}

/* The two basic sorts exist in the three basic domains, each being what was asked for. */
PL_CASE(each_domain_offers_stream_and_datagram,
    .verifies = "socket.create.each-domain-offers-stream-and-datagram")
{
	pl_need_inet6();
	for (size_t d = 0; d < PL_COUNT(domains); d++)
		for (size_t t = 0; t < PL_COUNT(types); t++) {
			int s = (int)pl_expect(sys_socket(domains[d], types[t], 0), opens());

			pl_expect(sys_get_option(s, SOL_SOCKET, SO_TYPE), returns(types[t]));
			pl_expect(sys_get_option(s, SOL_SOCKET, SO_DOMAIN), returns(domains[d]),
			    on(PL_POSIX, fails(ENOPROTOOPT)));
		}
}

/* The older names of the domains are the same numbers, so either spelling works. */
PL_CASE(
    pf_constants_equal_af_constants, .verifies = "socket.create.pf-constants-equal-af-constants")
{
	static const struct {
		int pf, af;
		const char *name;
	} pairs[] = { { PF_UNIX, AF_UNIX, "PF_UNIX" }, { PF_LOCAL, AF_UNIX, "PF_LOCAL" },
		{ AF_LOCAL, AF_UNIX, "AF_LOCAL" }, { PF_INET, AF_INET, "PF_INET" },
		{ PF_INET6, AF_INET6, "PF_INET6" }, { PF_UNSPEC, AF_UNSPEC, "PF_UNSPEC" } };

	for (size_t i = 0; i < PL_COUNT(pairs); i++)
		pl_expect(
		    pl_value(pairs[i].pf, &pl_names_domain, "%s", pairs[i].name), is(pairs[i].af));
	pl_expect(sys_socket(PF_UNIX, SOCK_STREAM, 0), opens());
	pl_expect(sys_socket(PF_LOCAL, SOCK_DGRAM, 0), opens());
	pl_expect(sys_socket(PF_INET, SOCK_STREAM, 0), opens());
}

/* What is refused costs no number, at whichever step it is refused. */
PL_CASE(failed_call_consumes_no_descriptor,
    .verifies = "socket.create.failed-call-consumes-no-descriptor")
{
	static const int refused[][3] = { { AF_INET, SOCK_STREAM, IPPROTO_UDP },
		{ NO_DOMAIN, SOCK_STREAM, 0 }, { AF_INET, NO_TYPE, 0 }, { AF_UNIX, SOCK_RDM, 0 } };
	int before = pl_count_descriptors(), lowest = pl_lowest_free();

	for (size_t i = 0; i < PL_COUNT(refused); i++) {
		struct pl_outcome o = sys_socket(refused[i][0], refused[i][1], refused[i][2]);

		if (o.error == 0)
			pl_broken("socket() accepted what it should refuse");
		pl_expect(pl_value(pl_count_descriptors(), NULL, "number of open descriptors"),
		    is(before));
	}
	pl_expect(sys_dup(STDIN_FILENO), returns(lowest));
}

/* What a program did not ask for is not there. */
PL_CASE(default_flags, .verifies = "socket.create.default-flags-read-write-blocking-inheritable",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	int s = pl_unconnected();

	if (pl_asks(PL_FREEBSD | PL_LINUX))
		pl_expect(pl_status_flags(s, O_ACCMODE), is(O_RDWR));
	pl_expect(pl_status_flags(s, O_NONBLOCK), is(0));
	pl_expect(pl_descriptor_flags(s), is(0));
}

/* Each flag does its own work and no other's. */
PL_CASE(sock_cloexec_sets_fd_cloexec_only,
    .verifies = "socket.create.sock-cloexec-sets-fd-cloexec-only", .kinds = PL_SOCKETS | PL_PLAIN)
{
	const struct pl_kind *kind = pl_case_kind();
	int s = (int)pl_expect(sys_socket(kind->domain, kind->type | SOCK_CLOEXEC, 0), opens());

	pl_expect(pl_descriptor_flags(s), is(FD_CLOEXEC));
	pl_expect(pl_status_flags(s, O_NONBLOCK), is(0));
}

/* Not only told so: it does not wait. */
PL_CASE(sock_nonblock_makes_first_recv_eagain,
    .verifies = "socket.create.sock-nonblock-makes-first-recv-eagain",
    .kinds = PL_SOCKETS | PL_PLAIN | PL_DATAGRAMS)
{
	const struct pl_kind *kind = pl_case_kind();
	int s = (int)pl_expect(sys_socket(kind->domain, kind->type | SOCK_NONBLOCK, 0), opens());
	char b[8];

	pl_expect(pl_status_flags(s, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_descriptor_flags(s), is(0));
	pl_expect(sys_recv(s, b, sizeof(b), 0), fails(EAGAIN));
}

/* The flags are no part of the type, though they travel with it. */
PL_CASE(type_flags_combine_and_stay_out_of_so_type,
    .verifies = "socket.create.type-flags-combine-and-stay-out-of-so-type",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	const struct pl_kind *kind = pl_case_kind();
	int s = (int)pl_expect(
	    sys_socket(kind->domain, kind->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), opens());

	pl_expect(pl_descriptor_flags(s), is(FD_CLOEXEC));
	pl_expect(pl_status_flags(s, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(sys_get_option(s, SOL_SOCKET, SO_TYPE), returns(kind->type));
}

static struct pl_outcome
look_at(void *fd)
{
	return (sys_fcntl(*(int *)fd, F_GETFD, 0));
}

/* A child does not get it; the parent keeps it. */
PL_CASE(sock_clofork_closes_descriptor_in_child,
    .verifies = "socket.create.sock-clofork-closes-descriptor-in-child",
    .kinds = PL_SOCKETS | PL_PLAIN)
{
	const struct pl_kind *kind = pl_case_kind();
	int s, plain = pl_unconnected();

	if (pl_freebsd_before(1500))
		pl_not_applicable("SOCK_CLOFORK came with FreeBSD 15.0");
	if (pl_os.sock_clofork == PL_ABSENT)
		pl_not_tested("this kernel has no SOCK_CLOFORK");
	s = (int)pl_expect(sys_socket(kind->domain, kind->type | pl_os.sock_clofork, 0), opens());
	pl_expect(pl_descriptor_flags(s), is(pl_os.fd_clofork));
	pl_expect(pl_result(pl_child(look_at, &plain, PL_KEEP_ALL)), returns(0));
	pl_expect(pl_result(pl_child(look_at, &s, PL_KEEP_ALL)), fails(EBADF));
	pl_expect(sys_get_option(s, SOL_SOCKET, SO_TYPE), returns(kind->type));
}

/* Numbers that no domain has, at both ends of the range and beyond. */
PL_CASE(unknown_domain_eafnosupport, .verifies = "socket.create.unknown-domain-eafnosupport")
{
	static const int unknown[] = { -1, NO_DOMAIN, AF_MAX, AF_UNSPEC, INT_MIN, INT_MAX };

	for (size_t i = 0; i < PL_COUNT(unknown); i++)
		for (size_t t = 0; t < PL_COUNT(types); t++)
			pl_expect(sys_socket(unknown[i], types[t], 0), fails(EAFNOSUPPORT));
}

/* A type, or a flag beside it, that nobody has defined. */
PL_CASE(unassigned_type_number, .verifies = "socket.create.unassigned-type-number")
{
	static const int unassigned[] = { NO_TYPE, SOCK_STREAM | NO_TYPE_FLAG,
		SOCK_DGRAM | NO_TYPE_FLAG };

	for (size_t d = 0; d < 2; d++)
		for (size_t i = 0; i < PL_COUNT(unassigned); i++)
			pl_expect(sys_socket(domains[d], unassigned[i], 0),
			    on(PL_FREEBSD, fails(EPROTOTYPE)), on(PL_LINUX, fails(EINVAL)));
}

/* A type that exists, but not here. */
PL_CASE(known_type_without_protocol_in_domain,
    .verifies = "socket.create.known-type-without-protocol-in-domain")
{
	for (size_t d = 0; d < 2; d++)
		pl_expect(sys_socket(domains[d], SOCK_RDM, 0),
		    on(PL_FREEBSD | PL_POSIX, fails(EPROTOTYPE)),
		    on(PL_LINUX, fails(ESOCKTNOSUPPORT)));
}

/* A protocol carries one type only. */
PL_CASE(type_protocol_mismatch_eprotonosupport,
    .verifies = "socket.create.type-protocol-mismatch-eprotonosupport")
{
	pl_expect(sys_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), opens());
	pl_expect(sys_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP), opens());
	pl_expect(sys_socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), fails(EPROTONOSUPPORT));
	pl_expect(sys_socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), fails(EPROTONOSUPPORT));
}

/* The same over IPv6. */
PL_CASE(type_protocol_mismatch_eprotonosupport_inet6,
    .verifies = "socket.create.type-protocol-mismatch-eprotonosupport")
{
	pl_need_inet6();
	pl_expect(sys_socket(AF_INET6, SOCK_STREAM, IPPROTO_UDP), fails(EPROTONOSUPPORT));
	pl_expect(sys_socket(AF_INET6, SOCK_DGRAM, IPPROTO_TCP), fails(EPROTONOSUPPORT));
}

/* A number in range that no transport has. */
PL_CASE(unassigned_protocol_number_eprotonosupport,
    .verifies = "socket.create.unassigned-protocol-number-eprotonosupport")
{
	for (size_t t = 0; t < PL_COUNT(types); t++)
		pl_expect(sys_socket(AF_INET, types[t], NO_PROTOCOL), fails(EPROTONOSUPPORT));
}

/* Numbers that do not fit the field: 262 and -250 are TCP in its low eight bits. */
PL_CASE(protocol_number_out_of_range, .verifies = "socket.create.protocol-number-out-of-range")
{
	enum { TOO_LARGE = 0x10000 + IPPROTO_TCP, LOW_BITS_ALIKE = 256 + IPPROTO_TCP };

	pl_expect(sys_socket(AF_INET, SOCK_STREAM, -1),
	    on(PL_FREEBSD | PL_POSIX, fails(EPROTONOSUPPORT)), on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP - 256),
	    on(PL_FREEBSD | PL_POSIX, fails(EPROTONOSUPPORT)), on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_socket(AF_INET, SOCK_STREAM, TOO_LARGE),
	    on(PL_FREEBSD | PL_POSIX, fails(EPROTONOSUPPORT)), on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_socket(AF_INET, SOCK_STREAM, 256), fails(EPROTONOSUPPORT));
	/* The last but one that Linux has a number for is that of MPTCP. */
	pl_expect(sys_socket(AF_INET, SOCK_DGRAM, 256 + IPPROTO_UDP),
	    on(PL_FREEBSD | PL_POSIX, fails(EPROTONOSUPPORT)), on(PL_LINUX, fails(EINVAL)));
	pl_expect(sys_socket(AF_INET, SOCK_DGRAM, LOW_BITS_ALIKE), fails(EPROTONOSUPPORT));
}

/* The domain has but one protocol for each type, which is called 0. */
PL_CASE(unix_domain_nonzero_protocol, .verifies = "socket.create.unix-domain-nonzero-protocol",
    .kinds = PL_SOCKETS | PL_UNIX | PL_PLAIN)
{
	int type = pl_case_kind()->type;
	int fd[2];

	pl_expect(sys_socket(AF_UNIX, type, 0), opens());
	pl_expect(sys_socket(AF_UNIX, type, 99), fails(EPROTONOSUPPORT));
	pl_expect(sys_socket(AF_UNIX, type, IPPROTO_TCP), fails(EPROTONOSUPPORT));
	pl_expect(sys_socketpair(AF_UNIX, type, 99, fd), fails(EPROTONOSUPPORT));
}

static struct pl_outcome
create_raw_as_user(void *unused)
{
	static const int raw[][2] = { { AF_INET, IPPROTO_ICMP }, { AF_INET, IPPROTO_RAW },
		{ AF_INET, IPPROTO_UDP }, { AF_INET6, IPPROTO_ICMPV6 } };

	(void)unused;
	for (size_t i = 0; i < PL_COUNT(raw); i++) {
		struct pl_outcome o = sys_socket(raw[i][0], SOCK_RAW, raw[i][1]);

		if (raw[i][0] == AF_INET6 && o.error == EAFNOSUPPORT)
			continue;
		pl_expect(o, on(PL_FREEBSD, fails(EACCES)), on(PL_LINUX, fails(EPERM)));
	}
	return (pl_done());
}

/* Packets of one's own making are for the super-user. */
PL_CASE(raw_socket_refused_to_unprivileged,
    .verifies = "socket.create.raw-socket-refused-to-unprivileged", .needs = PL_UNPRIVILEGED)
{
	pl_must(pl_result(pl_child(create_raw_as_user, NULL, PL_KEEP_NONE)));
}

/* Is 0 a protocol, or the lack of one? */
PL_CASE(raw_socket_with_protocol_zero, .verifies = "socket.create.raw-socket-with-protocol-zero",
    .needs = PL_ROOT)
{
	struct pl_outcome o = sys_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);

	if (o.error == EPERM || o.error == EACCES)
		pl_not_tested("the super-user may not make raw sockets here");
	pl_expect(o, opens());
	pl_expect(sys_socket(AF_INET, SOCK_RAW, 0), on(PL_FREEBSD, opens()),
	    on(PL_LINUX, fails(EPROTONOSUPPORT)));
}

/* There is nobody to hear from, which is not the end of a stream. */
PL_CASE(receive_on_unconnected_stream_enotconn,
    .verifies = "socket.create.receive-on-unconnected-stream-enotconn", .kinds = PL_TCP)
{
	int s = pl_unconnected();
	char b[8];

	pl_expect(sys_read(s, b, sizeof(b)), fails(ENOTCONN));
	pl_expect(sys_recv(s, b, sizeof(b), 0), fails(ENOTCONN));
	pl_expect(sys_recv(s, b, sizeof(b), MSG_DONTWAIT), fails(ENOTCONN));
	pl_expect(sys_recvfrom(s, b, sizeof(b), 0, NULL), fails(ENOTCONN));
}

/* Nor anyone to speak to. */
PL_CASE(send_on_unconnected_stream, .verifies = "socket.create.send-on-unconnected-stream",
    .kinds = PL_TCP)
{
	int s = pl_unconnected();

	pl_expect(sys_send(s, "x", 1, 0), fails(ENOTCONN));
	pl_expect(sys_write(s, "x", 1), fails(ENOTCONN));
	pl_expect(sys_send(s, "x", 1, MSG_NOSIGNAL), fails(ENOTCONN));
}
