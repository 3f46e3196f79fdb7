/*
 * Kernels that get wrong what framing stands on: streams that lose, repeat or
 * change a byte where somebody reads or writes in parts.
 */

#include "defects.h"

#include <unistd.h>

/* Pipes and FIFOs too. */
static bool
is_byte_stream(int fd)
{
	return (is_pipe(fd) || socket_type(fd) == SOCK_STREAM);
}

static size_t
sum(const struct iovec *v, int count)
{
	size_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += v[i].iov_len;
	return (sum);
}

/* The size of the first vector since somebody read. */
static size_t first_vector;

static ssize_t
vector_noted(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.writev(fd, v, count);

	if (n > 0 && first_vector == 0 && is_byte_stream(fd))
		first_vector = (size_t)n;
	return (n);
}

static ssize_t
vector_kept(int fd, void *buffer, size_t size)
{
	if (first_vector > 0 && is_byte_stream(fd)) {
		if (size > first_vector)
			size = first_vector;
		first_vector = 0;
	}
	return (real.read(fd, buffer, size));
}
DEFECT(stream-read-stops-at-vector-boundary, .writev = vector_noted, .read = vector_kept);

static ssize_t
one_more_taken(int fd, void *buffer, size_t size)
{
	enum { FEW = 8 };
	ssize_t n = real.read(fd, buffer, size);
	char lost;

	if (n > 0 && n < FEW && (size_t)n == size && is_byte_stream(fd) &&
	    (readiness(fd, POLLIN) & POLLIN) != 0)
		real.read(fd, &lost, 1);
	return (n);
}
DEFECT(stream-read-of-few-bytes-takes-one-more, .read = one_more_taken);

static ssize_t
last_not_counted(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.writev(fd, v, count);

	return (n > 1 && (size_t)n < sum(v, count) && is_byte_stream(fd) ? n - 1 : n);
}
DEFECT(stream-partial-writev-counts-one-too-few, .writev = last_not_counted);

static ssize_t
bit_flipped(int fd, void *buffer, size_t size)
{
	enum { WHILE = 200000 };
	static size_t total;
	ssize_t n = real.read(fd, buffer, size);

	if (n <= 0 || !is_byte_stream(fd))
		return (n);
	if (total <= WHILE && total + (size_t)n > WHILE)
		((unsigned char *)buffer)[WHILE - total] ^= 4;
	total += (size_t)n;
	return (n);
}
DEFECT(stream-flips-a-bit-after-a-while, .read = bit_flipped);
