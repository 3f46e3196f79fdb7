/*
 * bind(2) in general: which addresses and lengths it takes, and what a socket
 * is after it refused one.
 */

#include "plumbline.h"
#include "sequence/names.h"

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

/* A socket has no name, and can get one. */
static void
expect_unbound(int s)
{
	struct pl_address name, own = pl_inet_address(0);

	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect(pl_value(pl_address_port(&name), NULL, "port"), is(0));
	pl_expect(pl_value(name.in.sin_addr.s_addr, NULL, "host"), is(0));
	pl_expect(sys_bind(s, &own), returns(0));
}

/* An address that cannot be read, as a whole or in part, is none. */
PL_CASE(bad_address_pointer_efault, .verifies = "socket.bind.bad-address-pointer-efault")
{
	static const size_t accessible[] = { 0, 8 };
	const struct pl_address start = pl_inet_address(0);

	for (size_t t = 0; t < PL_COUNT(types); t++)
		for (size_t i = 0; i < PL_COUNT(accessible); i++) {
			int s = pl_socket(AF_INET, types[t]);
			char *bad = pl_guarded(accessible[i]);

			memcpy(bad, start.bytes, accessible[i]);
			pl_expect(
			    pl_sys(bind(s, (struct sockaddr *)bad, start.length),
				"bind(%s, %zu bytes of an address, 16)", pl_slot(s), accessible[i]),
			    fails(EFAULT));
			expect_unbound(s);
		}
}

static void
expect_name_kept(int s, const struct pl_address *other, const struct pl_address *own)
{
	struct pl_address name;
	char text[160], expected[160];

	pl_expect(sys_bind(s, other), fails(EINVAL));
	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect_that(pl_address_equal(&name, own),
	    pl_address_text(expected, sizeof(expected), &own->any, own->length), "%s",
	    pl_address_text(text, sizeof(text), &name.any, name.length));
}

/* A name is for life. */
PL_CASE(second_bind_einval, .verifies = "socket.bind.second-bind-einval",
    .kinds = PL_SOCKETS | PL_NAMED)
{
	struct pl_address own, other = pl_case_kind()->address();
	int s = pl_bound(&own), again = pl_unconnected();

	expect_name_kept(s, &other, &own);
	/* A path that exists is in use as well: which error wins is left open. */
	if (pl_kind_has(PL_INET))
		expect_name_kept(s, &own, &own);
	if (pl_kind_has(PL_CONNECTIONS)) {
		pl_listen(s, 1);
		expect_name_kept(s, &other, &own);
	}
	/* The name that was refused is still free. */
	pl_expect(sys_bind(again, &other), returns(0));
}

/* An address of another family is none for this socket, whatever its length. */
PL_CASE(other_family_eafnosupport, .verifies = "socket.bind.other-family-eafnosupport")
{
	static const sa_family_t families[] = { AF_UNIX, AF_INET6, 250 };

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int s = pl_socket(AF_INET, types[t]);
		struct pl_address a = pl_inet_address(0);

		for (size_t i = 0; i < PL_COUNT(families); i++) {
			a.any.sa_family = families[i];
			pl_expect(sys_bind(s, &a), fails(EAFNOSUPPORT));
		}
		a = pl_unix_address("name");
		a.length = sizeof(a.un);
		pl_expect(sys_bind(s, &a), fails(EAFNOSUPPORT));
		a = pl_inet6_address(0);
		pl_expect(sys_bind(s, &a), fails(EAFNOSUPPORT));
		expect_unbound(s);
	}
}

static struct pl_outcome
bind_unspecified(void *unused)
{
	(void)unused;
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int s = pl_socket(AF_INET, types[t]);
		struct pl_address a = pl_inet_address(0), name;

		a.any.sa_family = AF_UNSPEC;
		pl_expect(sys_bind(s, &a), fails(EAFNOSUPPORT));
		pl_expect(sys_getsockname(s, &name), returns(0));
		pl_expect(pl_value(pl_address_port(&name), NULL, "port"), is(0));
		a.in.sin_addr.s_addr = htonl(INADDR_ANY);
		pl_expect(sys_bind(s, &a), returns(0));
		pl_expect(sys_getsockname(s, &name), returns(0));
		pl_expect(pl_value(name.any.sa_family, &pl_names_domain, "family"), is(AF_INET));
		pl_expect(
		    pl_value(pl_address_port(&name), NULL, "port"), returns_between(1, 65535));
	}
	return (pl_done());
}

/* Old programs leave the family out; that is borne with for the wildcard alone. */
PL_CASE(af_unspec_wildcard_tolerated, .verifies = "socket.bind.af-unspec-wildcard-tolerated")
{
	pl_in_private_network(bind_unspecified, NULL);
}

/* An address that ends too early, though all of it is there. */
PL_CASE(short_length_einval, .verifies = "socket.bind.short-length-einval")
{
	static const socklen_t lengths[] = { 0, 1, 2, 8, 15 };

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int s = pl_socket(AF_INET, types[t]);
		struct pl_address a = pl_inet_address(0);

		for (size_t i = 0; i < PL_COUNT(lengths); i++) {
			pl_note("length %u", (unsigned)lengths[i]);
			a.length = lengths[i];
			pl_expect(sys_bind(s, &a), fails(EINVAL));
		}
		pl_expect(pl_sys(bind(s, &a.any, (socklen_t)-1), "bind(%s, ..., -1)", pl_slot(s)),
		    fails(EINVAL), on(PL_FREEBSD, fails(ENAMETOOLONG)));
		expect_unbound(s);
	}
}

/* Room to spare behind the address, and more than any address takes. */
PL_CASE(length_longer_than_structure, .verifies = "socket.bind.length-longer-than-structure")
{
	static const socklen_t lengths[] = { 17, 28, 110, 128 };

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		struct pl_address a = pl_inet_address(0);
		int last = pl_socket(AF_INET, types[t]);
		char large[257] = "";

		for (size_t i = 0; i < PL_COUNT(lengths); i++) {
			int s = pl_socket(AF_INET, types[t]);

			pl_note("length %u", (unsigned)lengths[i]);
			a.length = lengths[i];
			pl_expect(sys_bind(s, &a), on(PL_FREEBSD, fails(EINVAL)),
			    on(PL_LINUX, returns(0)));
		}
		memcpy(large, a.bytes, sizeof(struct sockaddr_in));
		pl_expect(pl_sys(bind(last, (struct sockaddr *)large, 129), "bind(%s, ..., 129)",
			      pl_slot(last)),
		    fails(EINVAL));
		pl_expect(pl_sys(bind(last, (struct sockaddr *)large, 256), "bind(%s, ..., 256)",
			      pl_slot(last)),
		    on(PL_FREEBSD, fails(ENAMETOOLONG)), on(PL_LINUX, fails(EINVAL)));
		expect_unbound(last);
	}
}

/* The length in the structure is the kernel's to set; it is the first byte there. */
PL_CASE(sin_len_field_is_overwritten, .verifies = "socket.bind.sin-len-field-is-overwritten")
{
	static const unsigned char lengths[] = { 0, 200 };

	if (pl_os.profile != PL_PROFILE_FREEBSD)
		pl_not_tested("this kernel has no sin_len");
	for (size_t i = 0; i < PL_COUNT(lengths); i++) {
		struct pl_address a = pl_inet_address(0), name;
		int s = pl_socket(AF_INET, SOCK_DGRAM);

		a.bytes[0] = (char)lengths[i];
		pl_expect(sys_bind(s, &a), returns(0));
		pl_expect(sys_getsockname(s, &name), returns(0));
		pl_expect(pl_value((unsigned char)name.bytes[0], NULL, "sin_len"),
		    is(sizeof(struct sockaddr_in)));
	}
}

/* Padding means nothing on the way in, and is clean on the way out. */
PL_CASE(sin_zero_garbage_harmless, .verifies = "socket.bind.sin-zero-garbage-harmless")
{
	static const char zeros[sizeof(((struct sockaddr_in *)NULL)->sin_zero)];

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		struct pl_address a = pl_inet_address(0), name;
		int s = pl_socket(AF_INET, types[t]);

		memset(a.in.sin_zero, 0xff, sizeof(a.in.sin_zero));
		pl_expect(sys_bind(s, &a), returns(0));
		memset(&name, 0xff, sizeof(name));
		name.length = sizeof(name.in);
		pl_expect(
		    pl_sys(getsockname(s, &name.any, &name.length), "getsockname(%s)", pl_slot(s)),
		    returns(0));
		pl_expect_bytes(name.in.sin_zero, zeros, sizeof(zeros));
	}
}

static void
expect_einval(int s, const struct pl_address *own)
{
	struct pl_address a = pl_case_kind()->address();

	expect_name_kept(s, &a, own);
	expect_name_kept(s, own, own);
}

/* The name of a connection does not change under it. */
PL_CASE(
    connected_socket_einval, .verifies = "socket.bind.connected-socket-einval", .kinds = PL_INET)
{
	struct pl_pair p = pl_pair();
	const int fd[] = { p.r, p.w };

	for (int i = 0; i < 2; i++) {
		struct pl_address own = pl_sockname(fd[i]);

		expect_einval(fd[i], &own);
	}
	pl_expect_talk(p.r, p.w);
}

static struct pl_outcome
fail_to_bind(void *unused)
{
	(void)unused;
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		struct pl_address taken, foreign = pl_inet_address(0);
		int s = pl_socket(AF_INET, types[t]);

		foreign.in.sin_addr.s_addr = htonl(0xcb007101);
		pl_bound_inet(AF_INET, types[t], &taken);
		pl_expect(sys_bind(s, &taken), fails(EADDRINUSE));
		pl_expect(sys_bind(s, &foreign), fails(EADDRNOTAVAIL));
		expect_unbound(s);
	}
	return (pl_done());
}

/* What was refused leaves no trace. */
PL_CASE(
    failed_bind_leaves_socket_unbound, .verifies = "socket.bind.failed-bind-leaves-socket-unbound")
{
	pl_in_private_network(fail_to_bind, NULL);
}
