/*
 * Numbers and the names that the sequence language prints for them.
 */

#ifndef PL_NAMES_H
#define PL_NAMES_H

#include <stddef.h>

struct pl_name {
	long value;
	const char *name; /* NULL ends a table */
};

/*
 * How to print a number: as bits, joined by "|", the rest in hexadecimal; or as
 * one of the names.  zero is what no bit set is called.
 */
struct pl_names {
	const struct pl_name *table;
	int bits;
	long field_mask; /* bits: the part that is one name by value */
	const char *zero;
};

extern const struct pl_names pl_names_errno;
extern const struct pl_names pl_names_signal;
extern const struct pl_names pl_names_open;       /* open(2) and F_GETFL flags */
extern const struct pl_names pl_names_flags;      /* the same without the access mode */
extern const struct pl_names pl_names_descriptor; /* F_GETFD flags */
extern const struct pl_names pl_names_fcntl;
extern const struct pl_names pl_names_poll;
extern const struct pl_names pl_names_ioctl;
extern const struct pl_names pl_names_whence;
extern const struct pl_names pl_names_file_type; /* st_mode & S_IFMT */
extern const struct pl_names pl_names_mode;      /* permission bits, in octal */

extern const struct pl_names pl_names_domain;
extern const struct pl_names pl_names_socket_type; /* with SOCK_NONBLOCK etc. */
extern const struct pl_names pl_names_message;     /* MSG_ flags */
extern const struct pl_names pl_names_shutdown;
extern const struct pl_names pl_names_level;
extern const struct pl_names pl_names_option;      /* at SOL_SOCKET */
extern const struct pl_names pl_names_tcp_option;  /* at IPPROTO_TCP */
extern const struct pl_names pl_names_ip_option;   /* at IPPROTO_IP */
extern const struct pl_names pl_names_ipv6_option; /* at IPPROTO_IPV6 */

/* Print value to buffer with those names (NULL: as a number).  Gives buffer. */
char *pl_name(char *buffer, size_t size, const struct pl_names *, long value);

#endif
