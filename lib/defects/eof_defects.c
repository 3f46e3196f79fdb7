/*
 * Kernels that get end of file wrong.
 */

#include "defects.h"

static ssize_t
eof_as_eagain(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 0 && size > 0 && is_pipe(fd) ? failure(EAGAIN) : n);
}
DEFECT(read-eof-as-eagain, .read = eof_as_eagain);
