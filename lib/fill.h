/*
 * Filling and draining one end without ever blocking.
 *
 * All are set-up: they use O_NONBLOCK for the time of the call, restore the
 * flags, and end the case as broken on any error but "full" and "empty".
 */

#ifndef PL_FILL_H
#define PL_FILL_H

#include <stddef.h>

#include "kind.h"

/*
 * Write payload of stream 0, from offset 0 on, in chunks of that size and then
 * in single bytes, until not even one more byte is taken.  Returns the number of bytes.
 */
size_t pl_fill(int fd, size_t chunk);

/*
 * Send messages of that size, payload of stream 0 from offset 0 on, until no
 * more is taken (EAGAIN or, where the system never waits, ENOBUFS).  Returns
 * how many; not tested if a million fit.
 */
size_t pl_fill_messages(int fd, size_t size);

/*
 * Fill an empty pipe until exactly room more bytes fit, with payload of stream 0
 * from offset 0 on.  Returns the number of bytes that wait.
 */
size_t pl_leave_room(struct pl_pair, size_t room);

/* Read size bytes, or all that waits if it is less.  Returns the number read. */
size_t pl_take(int fd, size_t size);

/* Read until nothing waits or the end of file comes.  Returns the number of bytes. */
size_t pl_drain(int fd);

#endif
