/*
 * Systems that get addresses, protocols and their names wrong.
 */

#include "defects.h"

#include <netinet/in.h>
#include <string.h>

/* inet_aton, inet_addr, inet_network */

static int
aton_reversed(const char *text, struct in_addr *address)
{
	int result = real.inet_aton(text, address);

	address->s_addr = __builtin_bswap32(address->s_addr);
	return (result);
}
DEFECT(inet-aton-stores-host-order, .inet_aton = aton_reversed);

static int
dots(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += *text == '.';
	return (n);
}

static int
aton_needs_four_parts(const char *text, struct in_addr *address)
{
	return (dots(text) == 3 ? real.inet_aton(text, address) : 0);
}
DEFECT(inet-aton-needs-four-parts, .inet_aton = aton_needs_four_parts);

static int
aton_knows_no_hex(const char *text, struct in_addr *address)
{
	return (strpbrk(text, "xX") == NULL ? real.inet_aton(text, address) : 0);
}
DEFECT(inet-aton-knows-no-hexadecimal, .inet_aton = aton_knows_no_hex);

static int
aton_takes_large_parts(const char *text, struct in_addr *address)
{
	int result = real.inet_aton(text, address);

	return (strncmp(text, "256.", 4) == 0 ? 1 : result);
}
DEFECT(inet-aton-takes-a-part-of-256, .inet_aton = aton_takes_large_parts);

static int
aton_needs_the_end(const char *text, struct in_addr *address)
{
	return (strpbrk(text, " \n") == NULL ? real.inet_aton(text, address) : 0);
}
DEFECT(inet-aton-takes-no-blank-behind, .inet_aton = aton_needs_the_end);

static in_addr_t
addr_fails_with_zero(const char *text)
{
	in_addr_t address = real.inet_addr(text);

	return (address == INADDR_NONE ? 0 : address);
}
DEFECT(inet-addr-fails-with-zero, .inet_addr = addr_fails_with_zero);

static in_addr_t
network_in_network_order(const char *text)
{
	return (htonl(real.inet_network(text)));
}
DEFECT(inet-network-gives-network-order, .inet_network = network_in_network_order);

/* inet_pton, inet_ntop */

static int
pton_as_aton(int family, const char *text, void *address)
{
	if (family == AF_INET)
		return (real.inet_aton(text, address));
	return (real.inet_pton(family, text, address));
}
DEFECT(inet-pton-takes-what-aton-takes, .inet_pton = pton_as_aton);

static int
pton_fails_with_minus_one(int family, const char *text, void *address)
{
	int result = real.inet_pton(family, text, address);

	return (result == 0 ? failure(EINVAL) : result);
}
DEFECT(inet-pton-fails-with-minus-one, .inet_pton = pton_fails_with_minus_one);

static int
pton_writes_anyway(int family, const char *text, void *address)
{
	int result = real.inet_pton(family, text, address);

	if (result == 0 && family == AF_INET)
		memset(address, 0, 4);
	return (result);
}
DEFECT(inet-pton-clears-the-buffer-when-it-fails, .inet_pton = pton_writes_anyway);

static int
pton_wrong_family_zero(int family, const char *text, void *address)
{
	return (
	    family == AF_INET || family == AF_INET6 ? real.inet_pton(family, text, address) : 0);
}
DEFECT(inet-pton-unknown-family-is-no-error, .inet_pton = pton_wrong_family_zero);

static int
pton_no_embedded(int family, const char *text, void *address)
{
	if (family == AF_INET6 && strchr(text, '.') != NULL)
		return (0);
	return (real.inet_pton(family, text, address));
}
DEFECT(inet-pton-knows-no-embedded-ipv4, .inet_pton = pton_no_embedded);

static int
pton_takes_zone(int family, const char *text, void *address)
{
	char head[64] = "";
	size_t n = strcspn(text, "%/");

	if (family != AF_INET6 || n >= sizeof(head))
		return (real.inet_pton(family, text, address));
	memcpy(head, text, n);
	return (real.inet_pton(family, head, address));
}
DEFECT(inet-pton-ignores-zone-and-prefix-length, .inet_pton = pton_takes_zone);

static const char *
ntop_upper_case(int family, const void *address, char *text, socklen_t size)
{
	const char *result = real.inet_ntop(family, address, text, size);

	for (char *c = text; result != NULL && *c != '\0'; c++)
		if (*c >= 'a' && *c <= 'f')
			*c = (char)(*c - 'a' + 'A');
	return (result);
}
DEFECT(inet-ntop-writes-upper-case, .inet_ntop = ntop_upper_case);

static const char *
ntop_ignores_size(int family, const void *address, char *text, socklen_t size)
{
	static char own[64];

	if (size >= 16)
		return (real.inet_ntop(family, address, text, size));
	return (real.inet_ntop(family, address, own, sizeof(own)) == NULL ? NULL : own);
}
DEFECT(inet-ntop-ignores-the-size, .inet_ntop = ntop_ignores_size);

static const char *
ntop_wants_one_more(int family, const void *address, char *text, socklen_t size)
{
	if (size > 0 && size < 16)
		size--;
	return (real.inet_ntop(family, address, text, size));
}
DEFECT(inet-ntop-wants-a-byte-too-much, .inet_ntop = ntop_wants_one_more);

/* getaddrinfo, getnameinfo */

static int
gai_passive_always(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo passive;

	if (hints == NULL || node != NULL)
		return (real.getaddrinfo(node, service, hints, list));
	passive = *hints;
	passive.ai_flags |= AI_PASSIVE;
	return (real.getaddrinfo(node, service, &passive, list));
}
DEFECT(getaddrinfo-is-always-passive, .getaddrinfo = gai_passive_always);

static int
gai_never_passive(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo active;

	if (hints == NULL)
		return (real.getaddrinfo(node, service, hints, list));
	active = *hints;
	active.ai_flags &= ~AI_PASSIVE;
	return (real.getaddrinfo(node, service, &active, list));
}
DEFECT(getaddrinfo-is-never-passive, .getaddrinfo = gai_never_passive);

static int
gai_port_in_host_order(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	int result = real.getaddrinfo(node, service, hints, list);

	for (struct addrinfo *i = result == 0 ? *list : NULL; i != NULL; i = i->ai_next)
		if (i->ai_family == AF_INET) {
			struct sockaddr_in *in = (struct sockaddr_in *)i->ai_addr;

			in->sin_port = __builtin_bswap16(in->sin_port);
		}
	return (result);
}
DEFECT(getaddrinfo-port-in-host-order, .getaddrinfo = gai_port_in_host_order);

static int
gai_resolves_anyway(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	if (node != NULL && strcmp(node, "localhost") == 0)
		node = "127.0.0.1";
	return (real.getaddrinfo(node, service, hints, list));
}
DEFECT(getaddrinfo-numerichost-takes-localhost, .getaddrinfo = gai_resolves_anyway);

static int
gai_noname_is_fail(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	int result = real.getaddrinfo(node, service, hints, list);

	return (result == EAI_NONAME ? EAI_FAIL : result);
}
DEFECT(getaddrinfo-no-name-is-a-failure, .getaddrinfo = gai_noname_is_fail);

static int
gai_service_is_zero(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	int result = real.getaddrinfo(node, service, hints, list);

	return (result == EAI_SERVICE ? real.getaddrinfo(node, "0", hints, list) : result);
}
DEFECT(getaddrinfo-unknown-service-is-port-zero, .getaddrinfo = gai_service_is_zero);

static int
gai_forgets_type(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo loose;

	if (hints == NULL || hints->ai_socktype > SOCK_SEQPACKET)
		return (real.getaddrinfo(node, service, hints, list));
	loose = *hints;
	loose.ai_socktype = 0;
	return (real.getaddrinfo(node, service, &loose, list));
}
DEFECT(getaddrinfo-ignores-the-type, .getaddrinfo = gai_forgets_type);

static int
gai_stream_only(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo stream;

	if (hints == NULL || hints->ai_socktype != 0)
		return (real.getaddrinfo(node, service, hints, list));
	stream = *hints;
	stream.ai_socktype = SOCK_STREAM;
	return (real.getaddrinfo(node, service, &stream, list));
}
DEFECT(getaddrinfo-type-zero-means-stream, .getaddrinfo = gai_stream_only);

static int
gai_no_mapping(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	if (hints != NULL && (hints->ai_flags & AI_V4MAPPED) != 0 && hints->ai_family == AF_INET6)
		return (EAI_NONAME);
	return (real.getaddrinfo(node, service, hints, list));
}
DEFECT(getaddrinfo-maps-no-ipv4, .getaddrinfo = gai_no_mapping);

static int
gai_takes_any_flag(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo known;

	if (hints == NULL)
		return (real.getaddrinfo(node, service, hints, list));
	known = *hints;
	known.ai_flags &= 0xffff;
	return (real.getaddrinfo(node, service, &known, list));
}
DEFECT(getaddrinfo-takes-any-flag, .getaddrinfo = gai_takes_any_flag);

static int
gai_drops_scope(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	int result = real.getaddrinfo(node, service, hints, list);

	for (struct addrinfo *i = result == 0 ? *list : NULL; i != NULL; i = i->ai_next)
		if (i->ai_family == AF_INET6)
			((struct sockaddr_in6 *)i->ai_addr)->sin6_scope_id = 0;
	return (result);
}
DEFECT(getaddrinfo-drops-the-scope, .getaddrinfo = gai_drops_scope);

static int
gai_no_canonical_name(
    const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo plain;

	if (hints == NULL || node == NULL)
		return (real.getaddrinfo(node, service, hints, list));
	plain = *hints;
	plain.ai_flags &= ~AI_CANONNAME;
	return (real.getaddrinfo(node, service, &plain, list));
}
DEFECT(getaddrinfo-gives-no-canonical-name, .getaddrinfo = gai_no_canonical_name);

static int
gni_cuts(const struct sockaddr *name, socklen_t length, char *host, defect_name_size host_size,
    char *service, defect_name_size service_size, int flags)
{
	char whole[64];

	if (host == NULL || host_size >= sizeof(whole))
		return (
		    real.getnameinfo(name, length, host, host_size, service, service_size, flags));
	real.getnameinfo(name, length, whole, sizeof(whole), service, service_size, flags);
	memcpy(host, whole, host_size - 1);
	host[host_size - 1] = '\0';
	return (0);
}
DEFECT(getnameinfo-cuts-a-long-host, .getnameinfo = gni_cuts);

/* Protocols */

static struct protoent *
protocol_udp(const char *name)
{
	return (real.getprotobyname(strcmp(name, "tcp") == 0 ? "udp" : name));
}
DEFECT(getprotobyname-takes-tcp-for-udp, .getprotobyname = protocol_udp);

static struct protoent *
protocol_never_null(const char *name)
{
	struct protoent *p = real.getprotobyname(name);

	return (p != NULL ? p : real.getprotobyname("ip"));
}
DEFECT(getprotobyname-of-unknown-is-ip, .getprotobyname = protocol_never_null);

static struct protoent *
number_never_null(int number)
{
	return (real.getprotobynumber(number == 250 ? 17 : number));
}
DEFECT(getprotobynumber-takes-any-number, .getprotobynumber = number_never_null);
