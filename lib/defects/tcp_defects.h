/*
 * What the TCP themes share.
 */

#ifndef PL_TCP_DEFECTS_H
#define PL_TCP_DEFECTS_H

#include "defects.h"

/* Throw away what has been received. */
static inline void
flush_queue(int fd)
{
	char b[4096];

	while (real.recv(fd, b, sizeof(b), MSG_DONTWAIT) > 0)
		continue;
}

/* Is it a TCP socket that listens? */
static inline bool
is_tcp_listener(int fd)
{
	return (is_tcp(fd) && is_listener(fd));
}

/* Has the peer's end of file, or a reset, arrived? */
static inline bool
has_ended(int fd)
{
	return ((readiness(fd, POLLRDHUP) & POLLRDHUP) != 0);
}

#endif
