#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "case.h"

#define PATH_OFFSET offsetof(struct sockaddr_un, sun_path)

struct pl_address
pl_unix_address_bytes(const void *name, size_t size)
{
	struct pl_address a;

	if (size > sizeof(a.un.sun_path))
		pl_broken("a name of %zu bytes does not fit sun_path", size);
	memset(&a, 0, sizeof(a));
	a.un.sun_family = AF_UNIX;
	memcpy(a.un.sun_path, name, size);
	a.length = (socklen_t)(PATH_OFFSET + size);
	return (a);
}

struct pl_address
pl_unix_address(const char *path)
{
	struct pl_address a = pl_unix_address_bytes(path, strlen(path));

	if (a.length < sizeof(a.un))
		a.length++;
	return (a);
}

struct pl_address
pl_inet_address(unsigned port)
{
	struct pl_address a;

	memset(&a, 0, sizeof(a));
	a.in.sin_family = AF_INET;
	a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.in.sin_port = htons((uint16_t)port);
	a.length = sizeof(a.in);
	return (a);
}

struct pl_address
pl_inet6_address(unsigned port)
{
	struct pl_address a;

	memset(&a, 0, sizeof(a));
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_addr = in6addr_loopback;
	a.in6.sin6_port = htons((uint16_t)port);
	a.length = sizeof(a.in6);
	return (a);
}

struct pl_address
pl_mapped_address(unsigned port)
{
	static const unsigned char mapped[16] = { [10] = 0xff, 0xff, 127, 0, 0, 1 };
	struct pl_address a = pl_inet6_address(port);

	memcpy(&a.in6.sin6_addr, mapped, sizeof(mapped));
	return (a);
}

struct pl_address
pl_second_address(unsigned port)
{
	struct pl_address a = pl_inet_address(port);

	a.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	return (a);
}

struct pl_address
pl_wildcard_address(int domain, unsigned port)
{
	struct pl_address a = domain == AF_INET ? pl_inet_address(port) : pl_inet6_address(port);

	if (domain == AF_INET)
		a.in.sin_addr.s_addr = htonl(INADDR_ANY);
	else
		a.in6.sin6_addr = in6addr_any;
	return (a);
}

struct pl_address
pl_with_port(struct pl_address a, unsigned port)
{
	if (a.any.sa_family == AF_INET)
		a.in.sin_port = htons((uint16_t)port);
	else
		a.in6.sin6_port = htons((uint16_t)port);
	return (a);
}

unsigned
pl_address_port(const struct pl_address *a)
{
	switch (a->any.sa_family) {
	case AF_INET:
		return (ntohs(a->in.sin_port));
	case AF_INET6:
		return (ntohs(a->in6.sin6_port));
	default:
		pl_broken("an address of family %d has no port", a->any.sa_family);
	}
}

/* The bytes of a UNIX domain name: a path up to its NUL, an abstract name whole. */
static size_t
unix_name(const struct sockaddr_un *un, socklen_t length, const char **name)
{
	size_t size = length > PATH_OFFSET ? length - PATH_OFFSET : 0;

	*name = un->sun_path;
	return (size > 0 && un->sun_path[0] != '\0' ? strnlen(un->sun_path, size) : size);
}

bool
pl_address_equal(const struct pl_address *a, const struct pl_address *b)
{
	const char *x, *y;
	size_t size;

	if (a->any.sa_family != b->any.sa_family)
		return (false);
	switch (a->any.sa_family) {
	case AF_UNIX:
		size = unix_name(&a->un, a->length, &x);
		return (size == unix_name(&b->un, b->length, &y) && memcmp(x, y, size) == 0);
	case AF_INET:
		return (a->in.sin_port == b->in.sin_port &&
		    a->in.sin_addr.s_addr == b->in.sin_addr.s_addr);
	case AF_INET6:
		return (a->in6.sin6_port == b->in6.sin6_port &&
		    memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0);
	default:
		pl_broken("addresses of family %d cannot be compared", a->any.sa_family);
	}
}

static char *
unix_text(char *text, size_t size, const struct sockaddr_un *un, socklen_t length)
{
	const char *name;
	size_t n = unix_name(un, length, &name), used;

	if (n == 0) {
		snprintf(text, size, "unix:-");
		return (text);
	}
	used = (size_t)snprintf(text, size, "unix:%s\"", *name == '\0' ? "@" : "");
	if (*name == '\0') {
		name++;
		n--;
	}
	for (size_t i = 0; i < n && used + 8 < size; i++)
		used += (size_t)snprintf(text + used, size - used,
		    name[i] >= ' ' && name[i] < 0x7f && name[i] != '"' ? "%c" : "\\x%02x",
		    (unsigned char)name[i]);
	if (used < size)
		snprintf(text + used, size - used, "\"");
	return (text);
}

char *
pl_address_text(char *text, size_t size, const void *address, socklen_t length)
{
	struct pl_address a;
	char host[64];

	memset(&a, 0, sizeof(a));
	if (address == NULL) {
		snprintf(text, size, "-");
		return (text);
	}
	memcpy(&a, address, length < sizeof(a) ? length : sizeof(a));
	if (length < offsetof(struct sockaddr, sa_data))
		snprintf(text, size, "%u bytes", (unsigned)length);
	else if (a.any.sa_family == AF_UNIX)
		unix_text(text, size, &a.un, length);
	else if (a.any.sa_family == AF_INET)
		snprintf(text, size, "%s:%u",
		    inet_ntop(AF_INET, &a.in.sin_addr, host, sizeof(host)), ntohs(a.in.sin_port));
	else if (a.any.sa_family == AF_INET6)
		snprintf(text, size, "[%s]:%u",
		    inet_ntop(AF_INET6, &a.in6.sin6_addr, host, sizeof(host)),
		    ntohs(a.in6.sin6_port));
	else
		snprintf(text, size, "family %d, %u bytes", a.any.sa_family, (unsigned)length);
	return (text);
}
