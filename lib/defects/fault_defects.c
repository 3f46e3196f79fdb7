/*
 * Kernels that get bad buffers and sizes of zero wrong.
 */

#include "defects.h"

#include <stdlib.h>
#include <unistd.h>

/* Can the kernel read that byte?  A scratch pipe tells. */
static bool
is_accessible(const char *byte)
{
	int fd[2], error = errno;
	bool answer = true;

	if (real.pipe(fd) == 0) {
		answer = real.write(fd[1], byte, 1) == 1;
		real.close(fd[0]);
		real.close(fd[1]);
	}
	errno = error;
	return (answer);
}

/* How many of these bytes come before the first inaccessible one. */
static size_t
accessible(const char *bytes, size_t size)
{
	size_t n = 0;

	while (n < size && is_accessible(bytes + n))
		n++;
	return (n);
}

/* Bad buffers */

static ssize_t
read_fault_as_einval(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n == -1 && errno == EFAULT && is_pipe(fd))
		errno = EINVAL;
	return (n);
}
DEFECT(read-fault-gives-einval, .read = read_fault_as_einval);

static ssize_t
write_fault_as_zero(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	return (n == -1 && errno == EFAULT && is_pipe(fd) ? 0 : n);
}
DEFECT(faulting-write-returns-zero, .write = write_fault_as_zero);

static ssize_t
lose_on_fault(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	char b;

	if (n == -1 && errno == EFAULT && unread(fd) > 0 && is_pipe(fd)) {
		real.read(fd, &b, 1);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-read-loses-a-byte, .read = lose_on_fault);

static ssize_t
read_good_part(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);
	size_t good;

	if (n != -1 || errno != EFAULT || !is_pipe(fd) || size > 512)
		return (n);
	good = accessible(buffer, size);
	return (good > 0 ? real.read(fd, buffer, good) : n);
}
DEFECT(faulting-read-takes-the-good-part, .read = read_good_part);

static ssize_t
fault_before_data(int fd, void *buffer, size_t size)
{
	if (size > 0 && is_pipe(fd) && unread(fd) == 0 && !is_accessible(buffer))
		return (failure(EFAULT));
	return (real.read(fd, buffer, size));
}
DEFECT(read-faults-without-data, .read = fault_before_data);

static ssize_t
stale_byte_on_fault(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EFAULT && is_pipe(fd)) {
		real.write(fd, "", 1);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-write-leaves-a-stale-byte, .write = stale_byte_on_fault);

static ssize_t
good_part_on_fault(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n == -1 && errno == EFAULT && size <= 512 && is_pipe(fd)) {
		real.write(fd, buffer, accessible(buffer, size));
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-write-leaves-its-good-part, .write = good_part_on_fault);

/* A page goes in all the same. */
static ssize_t
fault_though_written(int fd, const void *buffer, size_t size)
{
	enum { PAGE = 4096 };
	ssize_t n;

	if (size < 2 * PAGE || !is_pipe(fd) || is_accessible((const char *)buffer + size / 2))
		return (real.write(fd, buffer, size));
	n = real.write(fd, buffer, PAGE);
	return (n == -1 ? -1 : failure(EFAULT));
}
DEFECT(partly-bad-write-delivers-and-fails, .write = fault_though_written);

/* Nothing at all */

static ssize_t
nothing_is_eagain(int fd, void *buffer, size_t size)
{
	if (size == 0 && is_pipe(fd) && unread(fd) == 0)
		return (failure(EAGAIN));
	return (real.read(fd, buffer, size));
}
DEFECT(zero-read-of-empty-pipe-gives-eagain, .read = nothing_is_eagain);

static ssize_t
nothing_takes_a_byte(int fd, void *buffer, size_t size)
{
	char b;

	if (size == 0 && is_pipe(fd) && unread(fd) > 0)
		real.read(fd, &b, 1);
	return (real.read(fd, buffer, size));
}
DEFECT(zero-read-drops-a-byte, .read = nothing_takes_a_byte);

static ssize_t
nothing_needs_room(int fd, const void *buffer, size_t size)
{
	if (size == 0 && is_pipe(fd) && readiness(fd, POLLOUT) == 0)
		return (failure(EAGAIN));
	return (real.write(fd, buffer, size));
}
DEFECT(zero-write-to-full-pipe-gives-eagain, .write = nothing_needs_room);

/* The writer leaves a mark, and the reader takes that for the end. */
static const char mark = (char)0xee;

static ssize_t
mark_empty_write(int fd, const void *buffer, size_t size)
{
	if (size == 0 && is_pipe(fd) && readiness(fd, POLLOUT) == POLLOUT)
		return (real.write(fd, &mark, 1) == 1 ? 0 : -1);
	return (real.write(fd, buffer, size));
}

static ssize_t
end_at_mark(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == 1 && *(char *)buffer == mark && is_pipe(fd) ? 0 : n);
}
DEFECT(zero-write-is-end-of-file, .write = mark_empty_write, .read = end_at_mark);
