/*
 * Addresses: making them, and saying them in the transcript.
 *
 * No name is fixed: paths are short and relative to the work directory, ports
 * are chosen by the kernel (bind port 0 and keep the socket).
 */

#ifndef PL_ADDRESS_H
#define PL_ADDRESS_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>

/* An address of any family with the length to pass along with it. */
struct pl_address {
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
		char bytes[256];
	};
	socklen_t length;
};

/*
 * A path name of the UNIX domain; the length counts the path and its NUL, where
 * the path fits with one.  Broken if it is longer than sun_path.
 */
struct pl_address pl_unix_address(const char *path);

/* The first size bytes of name as a path, no NUL added: for abstract and unterminated names. */
struct pl_address pl_unix_address_bytes(const void *name, size_t size);

/* A loopback address, 127.0.0.1 or ::1, in network byte order with that port (host order). */
struct pl_address pl_inet_address(unsigned port);
struct pl_address pl_inet6_address(unsigned port);
/* 127.0.0.2, which pl_need_second_host() makes this host as well. */
struct pl_address pl_second_address(unsigned port);
/* 127.0.0.1 as an IPv6 socket says it: ::ffff:127.0.0.1. */
struct pl_address pl_mapped_address(unsigned port);

/* Any host of this domain: 0.0.0.0 or [::]. */
struct pl_address pl_wildcard_address(int domain, unsigned port);

/* The port of an inet or inet6 address, host order; and the same address with another. */
unsigned pl_address_port(const struct pl_address *);
struct pl_address pl_with_port(struct pl_address, unsigned port);

/* Do they have the same family, and the same path, or the same host and port? */
bool pl_address_equal(const struct pl_address *, const struct pl_address *);

/*
 * As the transcript says it: unix:"path", unix:@"abstract", unix:- (no name),
 * 127.0.0.1:80, [::1]:80, family 99.  Gives text.
 */
char *pl_address_text(char *text, size_t size, const void *address, socklen_t length);

#endif
