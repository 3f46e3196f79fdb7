/*
 * socketpair(2): the two descriptors it hands out, and what is left behind
 * when it cannot.
 */

#include "plumbline.h"

/* What the array holds before a call that must leave it alone. */
#define UNTOUCHED -77

#define UNIX_KINDS (PL_SOCKETS | PL_UNIX | PL_PLAIN)

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

static void
expect_refused(int domain, int error)
{
	for (size_t i = 0; i < PL_COUNT(types); i++) {
		int fd[2], before = pl_count_descriptors();

		pl_expect(sys_socketpair(domain, types[i], 0, fd), fails(error));
		pl_expect(pl_value(pl_count_descriptors(), NULL, "number of open descriptors"),
		    is(before));
	}
}

/* Only the UNIX domain makes pairs; two sockets without a peer are none. */
PL_CASE(internet_domains_eopnotsupp, .verifies = "socket.pair.internet-domains-eopnotsupp")
{
	expect_refused(AF_INET, EOPNOTSUPP);
}

/* The same for IPv6. */
PL_CASE(internet_domains_eopnotsupp_inet6, .verifies = "socket.pair.internet-domains-eopnotsupp")
{
	pl_need_inet6();
	expect_refused(AF_INET6, EOPNOTSUPP);
}

/* No such domain, or none named. */
PL_CASE(unknown_domain_eafnosupport, .verifies = "socket.pair.unknown-domain-eafnosupport")
{
	expect_refused(-1, EAFNOSUPPORT);
	expect_refused(AF_UNSPEC, EAFNOSUPPORT);
	expect_refused(AF_MAX, EAFNOSUPPORT);
}

/* The ends cannot be told, so they must not stay: the array as a whole, or its second half. */
PL_CASE(bad_vector_efault_without_leak, .verifies = "socket.pair.bad-vector-efault-without-leak",
    .kinds = UNIX_KINDS)
{
	static const size_t accessible[] = { 0, sizeof(int) };
	int type = pl_case_kind()->type, lowest = pl_lowest_free();

	for (size_t i = 0; i < PL_COUNT(accessible); i++) {
		int *array = pl_guarded(accessible[i]);
		int before = pl_count_descriptors();

		pl_note("%zu bytes of the array are accessible", accessible[i]);
		pl_expect(sys_socketpair(AF_UNIX, type, 0, array), fails(EFAULT));
		pl_expect(pl_value(pl_count_descriptors(), NULL, "number of open descriptors"),
		    is(before));
	}
	pl_expect(sys_dup(STDIN_FILENO), returns(lowest));
}

/* A program may look at the array to tell which sockets it has. */
PL_CASE(vector_unchanged_after_failure, .verifies = "socket.pair.vector-unchanged-after-failure")
{
	for (size_t i = 0; i < PL_COUNT(types); i++) {
		int fd[2] = { UNTOUCHED, UNTOUCHED - 1 };
		struct pl_outcome o = sys_socketpair(AF_INET, types[i], 0, fd);

		if (o.error == 0)
			pl_broken("socketpair(AF_INET) made a pair");
		pl_expect(pl_value(fd[0], NULL, "sv[0] after the failure"), is(UNTOUCHED));
		pl_expect(pl_value(fd[1], NULL, "sv[1] after the failure"), is(UNTOUCHED - 1));
	}
}

/* Neither end is forgotten, alone or together, and the types stay what they are. */
PL_CASE(type_flags_apply_to_both_ends, .verifies = "socket.pair.type-flags-apply-to-both-ends",
    .kinds = UNIX_KINDS)
{
	static const struct {
		int type, status, descriptor;
	} flags[] = { { 0, 0, 0 }, { SOCK_CLOEXEC, 0, FD_CLOEXEC },
		{ SOCK_NONBLOCK, O_NONBLOCK, 0 },
		{ SOCK_CLOEXEC | SOCK_NONBLOCK, O_NONBLOCK, FD_CLOEXEC } };
	int type = pl_case_kind()->type;

	for (size_t i = 0; i < PL_COUNT(flags); i++) {
		int fd[2];
		char b[4];

		pl_expect(sys_socketpair(AF_UNIX, type | flags[i].type, 0, fd), returns(0));
		for (int end = 0; end < 2; end++) {
			pl_expect(pl_status_flags(fd[end], O_NONBLOCK), is(flags[i].status));
			pl_expect(pl_descriptor_flags(fd[end]), is(flags[i].descriptor));
			pl_expect(sys_get_option(fd[end], SOL_SOCKET, SO_TYPE), returns(type));
			if (flags[i].status != 0)
				pl_expect(sys_recv(fd[end], b, sizeof(b), 0), fails(EAGAIN));
		}
	}
}
