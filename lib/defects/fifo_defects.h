/*
 * What the defects of FIFOs ask about a name or a descriptor.
 */

#ifndef PL_FIFO_DEFECTS_H
#define PL_FIFO_DEFECTS_H

#include <fcntl.h>
#include <unistd.h>

#include "defects.h"

static inline bool
names_fifo(const char *path)
{
	struct stat st;
	int error = errno;
	bool answer = real.stat(path, &st) == 0 && S_ISFIFO(st.st_mode);

	errno = error;
	return (answer);
}

/* Is the call an open of a FIFO with this access, and blocking or not? */
static inline bool
opens_fifo(const char *path, int flags, int access, int nonblock)
{
	return ((flags & O_ACCMODE) == access && (flags & O_NONBLOCK) == nonblock &&
	    (flags & (O_PATH | O_DIRECTORY)) == 0 && names_fifo(path));
}

static inline bool
is_fifo_open_for(int fd, int access)
{
	int error = errno, flags = real.fcntl(fd, F_GETFL, 0);

	errno = error;
	return (flags != -1 && (flags & O_ACCMODE) == access && is_fifo(fd));
}

/* Take all that waits in the FIFO of that name, or behind that descriptor. */
static inline void
drain_name(const char *path)
{
	int error = errno, fd = real.open(path, O_RDONLY | O_NONBLOCK, 0);
	char b[512];

	while (real.read(fd, b, sizeof(b)) > 0)
		;
	real.close(fd);
	errno = error;
}

static inline void
drain(int fd)
{
	char b[512];

	while (unread(fd) > 0 && real.read(fd, b, sizeof(b)) > 0)
		;
}

#endif
