/*
 * getaddrinfo(3) and getnameinfo(3), as far as they need no name service.
 */

#include "plumbline.h"

#include <net/if.h>
#include <netdb.h>

#include "sequence/names.h"

/* EAI_ codes are printed by name. */
static const struct pl_name codes[] = { { 0, "0" }, { EAI_AGAIN, "EAI_AGAIN" },
	{ EAI_BADFLAGS, "EAI_BADFLAGS" }, { EAI_FAIL, "EAI_FAIL" }, { EAI_FAMILY, "EAI_FAMILY" },
	{ EAI_MEMORY, "EAI_MEMORY" }, { EAI_NONAME, "EAI_NONAME" },
	{ EAI_OVERFLOW, "EAI_OVERFLOW" }, { EAI_SERVICE, "EAI_SERVICE" },
	{ EAI_SOCKTYPE, "EAI_SOCKTYPE" }, { EAI_SYSTEM, "EAI_SYSTEM" }, { 0, NULL } };
static const struct pl_names code_names = { .table = codes };

/* The result of the last call; freed by the next one or at the end. */
static struct addrinfo *list;

static struct pl_outcome
resolve(const char *node, const char *service, const struct addrinfo *hints)
{
	if (list != NULL)
		freeaddrinfo(list);
	list = NULL;
	pl_note("getaddrinfo(%s, %s)", node != NULL ? node : "-", service != NULL ? service : "-");
	return (pl_value(getaddrinfo(node, service, hints, &list), &code_names,
	    "getaddrinfo(%s, %s)", node != NULL ? node : "-", service != NULL ? service : "-"));
}

static struct pl_outcome
resolve_with(const char *node, const char *service, int flags, int family, int type)
{
	struct addrinfo hints = { .ai_flags = flags, .ai_family = family, .ai_socktype = type };

	return (resolve(node, service, &hints));
}

static struct pl_address
first_address(void)
{
	struct pl_address a;

	memset(&a, 0, sizeof(a));
	if (list == NULL || list->ai_addrlen > sizeof(a.bytes))
		pl_broken("getaddrinfo gave no address that fits");
	memcpy(a.bytes, list->ai_addr, list->ai_addrlen);
	a.length = list->ai_addrlen;
	return (a);
}

/* The first address of the list, as the transcript would say it. */
static void
expect_first(const char *wanted)
{
	struct pl_address a = first_address();
	char text[160];

	pl_address_text(text, sizeof(text), &a.any, a.length);
	pl_expect_that(strcmp(text, wanted) == 0, wanted, "%s", text);
}

PL_CASE(both_names_null_eai_noname, .verifies = "socket.gai.both-names-null-eai-noname")
{
	struct addrinfo hints = { .ai_family = AF_INET };

	pl_expect(resolve(NULL, NULL, NULL), is(EAI_NONAME));
	pl_expect(resolve(NULL, NULL, &hints), is(EAI_NONAME));
}

PL_CASE(null_node_passive_gives_wildcard, .verifies = "socket.gai.null-node-passive-gives-wildcard")
{
	const int flags = AI_PASSIVE | AI_NUMERICSERV;

	pl_expect(resolve_with(NULL, "4660", flags, AF_INET, SOCK_STREAM), is(0));
	expect_first("0.0.0.0:4660");
	pl_expect(resolve_with(NULL, "4660", flags, AF_INET6, SOCK_STREAM), is(0));
	expect_first("[::]:4660");
	pl_expect(resolve_with("127.0.0.1", "4660", flags, AF_INET, SOCK_STREAM), is(0));
	expect_first("127.0.0.1:4660");
}

PL_CASE(null_node_active_gives_loopback, .verifies = "socket.gai.null-node-active-gives-loopback")
{
	pl_expect(resolve_with(NULL, "4660", AI_NUMERICSERV, AF_INET, SOCK_STREAM), is(0));
	expect_first("127.0.0.1:4660");
	pl_expect(resolve_with(NULL, "4660", AI_NUMERICSERV, AF_INET6, SOCK_STREAM), is(0));
	expect_first("[::1]:4660");
}

PL_CASE(numerichost_literals_only, .verifies = "socket.gai.numerichost-literals-only")
{
	static const char *const names[] = { "localhost", "300.1.1.1", "" };

	pl_expect(resolve_with("127.0.0.1", NULL, AI_NUMERICHOST, AF_UNSPEC, SOCK_STREAM), is(0));
	pl_expect(pl_value(list->ai_family, NULL, "ai_family"), is(AF_INET));
	pl_expect(resolve_with("::1", NULL, AI_NUMERICHOST, AF_UNSPEC, SOCK_STREAM), is(0));
	pl_expect(pl_value(list->ai_family, NULL, "ai_family"), is(AF_INET6));
	for (size_t i = 0; i < 3; i++)
		pl_expect(resolve_with(names[i], NULL, AI_NUMERICHOST, AF_UNSPEC, SOCK_STREAM),
		    is(EAI_NONAME));
}

PL_CASE(numericserv_digits_only, .verifies = "socket.gai.numericserv-digits-only")
{
	const int flags = AI_NUMERICHOST | AI_NUMERICSERV;

	pl_expect(resolve_with("127.0.0.1", "80", flags, AF_INET, SOCK_STREAM), is(0));
	expect_first("127.0.0.1:80");
	pl_expect(resolve_with("127.0.0.1", "http", flags, AF_INET, SOCK_STREAM), is(EAI_NONAME));
	pl_expect(resolve_with("127.0.0.1", "80x", flags, AF_INET, SOCK_STREAM), is(EAI_NONAME));
}

/* The names come from the services database, without which nothing is to be learnt. */
PL_CASE(service_names, .verifies = "socket.gai.service-names")
{
	const int flags = AI_NUMERICHOST;

	pl_expect(resolve_with("127.0.0.1", "no-such-service", flags, AF_INET, SOCK_STREAM),
	    is(EAI_SERVICE));
	pl_expect(resolve_with("127.0.0.1", "http", flags, AF_INET, SOCK_RAW), is(EAI_SERVICE));
	if (getservbyname("http", "tcp") == NULL || getservbyname("domain", "udp") == NULL)
		pl_not_tested("the services database has no http and domain");
	pl_expect(resolve_with("127.0.0.1", "http", flags, AF_INET, SOCK_STREAM), is(0));
	expect_first("127.0.0.1:80");
	pl_expect(resolve_with("127.0.0.1", "domain", flags, AF_INET, SOCK_DGRAM), is(0));
	expect_first("127.0.0.1:53");
}

PL_CASE(result_fits_socket_and_bind, .verifies = "socket.gai.result-fits-socket-and-bind")
{
	const int flags = AI_NUMERICHOST | AI_NUMERICSERV;
	struct pl_address a;
	int s;

	pl_expect(resolve_with("127.0.0.1", "0", flags, AF_INET, SOCK_STREAM), is(0));
	pl_expect(pl_value(list->ai_addrlen, NULL, "ai_addrlen"), is(sizeof(struct sockaddr_in)));
	pl_expect(pl_value(list->ai_socktype, NULL, "ai_socktype"), is(SOCK_STREAM));
	pl_expect_that(list->ai_next == NULL, "one entry", "more");
	a = first_address();
	s = (int)pl_expect(
	    sys_socket(list->ai_family, list->ai_socktype, list->ai_protocol), opens());
	pl_expect(sys_bind(s, &a), returns(0));
	pl_expect(resolve_with("::1", "0", flags, AF_INET6, SOCK_DGRAM), is(0));
	pl_expect(pl_value(list->ai_addrlen, NULL, "ai_addrlen"), is(sizeof(struct sockaddr_in6)));
}

PL_CASE(socktype_zero_lists_stream_and_datagram,
    .verifies = "socket.gai.socktype-zero-lists-stream-and-datagram")
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_family = AF_INET };
	bool tcp = false, udp = false;

	pl_expect(resolve("127.0.0.1", "4660", &hints), is(0));
	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		tcp |= i->ai_socktype == SOCK_STREAM && i->ai_protocol == IPPROTO_TCP;
		udp |= i->ai_socktype == SOCK_DGRAM && i->ai_protocol == IPPROTO_UDP;
	}
	pl_expect_that(
	    tcp && udp, "a stream and a datagram entry", "stream %d, datagram %d", tcp, udp);
	hints.ai_protocol = IPPROTO_TCP;
	pl_expect(resolve("127.0.0.1", "4660", &hints), is(0));
	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next)
		pl_expect(pl_value(i->ai_socktype, NULL, "ai_socktype"), is(SOCK_STREAM));
}

PL_CASE(invalid_hints_have_own_errors, .verifies = "socket.gai.invalid-hints-have-own-errors")
{
	pl_expect(resolve_with("127.0.0.1", "80", AI_NUMERICHOST, 99, SOCK_STREAM), is(EAI_FAMILY));
	pl_expect(resolve_with("127.0.0.1", "80", AI_NUMERICHOST, AF_INET, 99), is(EAI_SOCKTYPE));
	pl_expect(resolve_with("127.0.0.1", "80", 1 << 30, AF_INET, SOCK_STREAM), is(EAI_BADFLAGS));
}

PL_CASE(other_hint_members_nonzero, .verifies = "socket.gai.other-hint-members-nonzero")
{
	char name[] = "name";
	struct addrinfo length = { .ai_family = AF_INET, .ai_addrlen = 16 };
	struct addrinfo canonical = { .ai_family = AF_INET, .ai_canonname = name };
	/* FreeBSD's EAI_BADHINTS, which Linux has no name for. */
	const long bad_hints = 12;

	pl_expect(resolve("127.0.0.1", "80", &length), on(PL_FREEBSD, is(bad_hints)),
	    on(PL_LINUX, is(0)));
	pl_expect(resolve("127.0.0.1", "80", &canonical), on(PL_FREEBSD, is(bad_hints)),
	    on(PL_LINUX, is(0)));
}

PL_CASE(literal_of_other_family, .verifies = "socket.gai.literal-of-other-family")
{
	/* Linux's EAI_ADDRFAMILY, which FreeBSD has no name for. */
	const long address_family = -9;

	pl_expect(resolve_with("127.0.0.1", "80", AI_NUMERICHOST, AF_INET6, SOCK_STREAM),
	    on(PL_FREEBSD, is(EAI_NONAME)), on(PL_LINUX, is(address_family)));
	pl_expect(resolve_with("::1", "80", AI_NUMERICHOST, AF_INET, SOCK_STREAM),
	    on(PL_FREEBSD, is(EAI_NONAME)), on(PL_LINUX, is(address_family)));
}

PL_CASE(port_number_out_of_range, .verifies = "socket.gai.port-number-out-of-range")
{
	pl_expect(resolve_with("127.0.0.1", "65535", AI_NUMERICHOST, AF_INET, SOCK_STREAM), is(0));
	expect_first("127.0.0.1:65535");
	pl_expect(resolve_with("127.0.0.1", "65536", AI_NUMERICHOST, AF_INET, SOCK_STREAM),
	    is(EAI_SERVICE));
}

PL_CASE(v4mapped_literal, .verifies = "socket.gai.v4mapped-literal")
{
	pl_expect(resolve_with("127.0.0.1", "80", AI_V4MAPPED, AF_INET6, SOCK_STREAM), is(0));
	expect_first("[::ffff:127.0.0.1]:80");
	pl_expect(pl_value(list->ai_addrlen, NULL, "ai_addrlen"), is(sizeof(struct sockaddr_in6)));
	pl_expect(resolve_with("127.0.0.1", "80", AI_V4MAPPED, AF_INET, SOCK_STREAM), is(0));
	expect_first("127.0.0.1:80");
}

PL_CASE(canonname_on_first_entry, .verifies = "socket.gai.canonname-on-first-entry")
{
	pl_expect(
	    resolve_with("127.0.0.1", "80", AI_CANONNAME | AI_NUMERICHOST, AF_INET, 0), is(0));
	pl_expect_that(list->ai_canonname != NULL && strcmp(list->ai_canonname, "127.0.0.1") == 0,
	    "127.0.0.1", "%s", list->ai_canonname != NULL ? list->ai_canonname : "none");
	if (list->ai_next != NULL && pl_asks(PL_LINUX))
		pl_expect_that(list->ai_next->ai_canonname == NULL, "no name in the second entry",
		    "%s", list->ai_next->ai_canonname);
	pl_expect(resolve_with(NULL, "80", AI_CANONNAME, AF_INET, SOCK_STREAM),
	    on(PL_FREEBSD, is(0)), on(PL_LINUX, is(EAI_BADFLAGS)));
}

PL_CASE(scope_suffix_fills_scope_id, .verifies = "socket.gai.scope-suffix-fills-scope-id")
{
	char name[IF_NAMESIZE], text[64];
	struct pl_address a;

	if (if_indextoname(1, name) == NULL)
		pl_not_tested("there is no interface with index 1");
	snprintf(text, sizeof(text), "fe80::1%%%s", name);
	pl_expect(resolve_with(text, "80", AI_NUMERICHOST, AF_INET6, SOCK_STREAM), is(0));
	a = first_address();
	pl_expect(pl_value(a.in6.sin6_scope_id, NULL, "sin6_scope_id of %s", text), is(1));
	pl_expect(resolve_with("fe80::1", "80", AI_NUMERICHOST, AF_INET6, SOCK_STREAM), is(0));
	a = first_address();
	pl_expect(pl_value(a.in6.sin6_scope_id, NULL, "sin6_scope_id of fe80::1"), is(0));
	pl_expect(resolve_with("fe80::1%nonesuch", "80", AI_NUMERICHOST, AF_INET6, SOCK_STREAM),
	    is(EAI_NONAME));
}

PL_CASE(unix_domain_path, .verifies = "socket.gai.unix-domain-path")
{
	pl_expect(resolve_with("/no/such/socket", NULL, 0, AF_UNIX, SOCK_STREAM), is(0));
	expect_first("unix:\"/no/such/socket\"");
}

PL_CASE(getnameinfo_numeric, .verifies = "socket.gai.getnameinfo-numeric")
{
	struct pl_address a = pl_inet_address(8080);
	char host[64] = "", service[16] = "";
	const int flags = NI_NUMERICHOST | NI_NUMERICSERV;

	pl_expect(pl_value(getnameinfo(&a.any, a.length, host, sizeof(host), service,
			       sizeof(service), flags),
		      &code_names, "getnameinfo(127.0.0.1:8080)"),
	    is(0));
	pl_expect_that(strcmp(host, "127.0.0.1") == 0, "127.0.0.1", "%s", host);
	pl_expect_that(strcmp(service, "8080") == 0, "8080", "%s", service);
	pl_expect(pl_value(getnameinfo(&a.any, a.length, host, 5, NULL, 0, flags), &code_names,
		      "getnameinfo with a buffer of 5"),
	    on(PL_FREEBSD, is(EAI_MEMORY)), on(PL_LINUX | PL_POSIX, is(EAI_OVERFLOW)));
	a.any.sa_family = 250;
	pl_expect(pl_value(getnameinfo(&a.any, a.length, host, sizeof(host), NULL, 0, flags),
		      &code_names, "getnameinfo of family 250"),
	    is(EAI_FAMILY));
}
