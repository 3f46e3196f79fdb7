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
#include "peer.h"

/*
 * Write payload of stream 0, from offset 0 on, in chunks of that size and then
 * in single bytes, until not even one more byte is taken.  Returns the number of bytes.
 */
size_t pl_fill(int fd, size_t chunk);

/*
 * The same for the w of a pair that nobody reads from, so that it stays full: over
 * TCP until nothing is on its way any more.  There a few bytes go the other way
 * and are received meanwhile, and the buffers do not grow from then on.
 */
size_t pl_fill_pair(struct pl_pair, size_t chunk);

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

/*
 * A peer function: fill the stream socket *(int *)argument and write one more
 * byte; begin again as long as that byte finds room, which a peer at the other
 * end of the network makes when it takes what was sent.  The outcome is that of the
 * write which failed; it had no byte accepted.
 */
pl_peer_function pl_write_when_full;

/* Read size bytes, or all that waits if it is less.  Returns the number read. */
size_t pl_take(int fd, size_t size);

/* Read until nothing waits or the end of file comes.  Returns the number of bytes. */
size_t pl_drain(int fd);

#endif
