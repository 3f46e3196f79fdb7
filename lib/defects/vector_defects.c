/*
 * Kernels that get readv and writev wrong.
 */

#include "defects.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A vector that the kernel has read, and found to be that short. */
#define SHORT 8

static size_t
length(const struct iovec *v, int count)
{
	size_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += v[i].iov_len;
	return (sum);
}

static ssize_t
last_area_first(int fd, const struct iovec *v, int count)
{
	struct iovec turned[SHORT];

	if (count < 2 || count > SHORT || !is_pipe(fd))
		return (real.readv(fd, v, count));
	for (int i = 0; i < count; i++)
		turned[i] = v[count - 1 - i];
	return (real.readv(fd, turned, count));
}
DEFECT(readv-fills-last-area-first, .readv = last_area_first);

static ssize_t
zero_the_rest(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);
	size_t left = n > 0 ? (size_t)n : 0;

	for (int i = 0; n >= 0 && i < count && is_pipe(fd); i++) {
		size_t used = left < v[i].iov_len ? left : v[i].iov_len;

		if (v[i].iov_len > used)
			memset((char *)v[i].iov_base + used, 0, v[i].iov_len - used);
		left -= used;
	}
	return (n);
}
DEFECT(readv-zeroes-what-it-does-not-fill, .readv = zero_the_rest);

static ssize_t
first_area_only(int fd, const struct iovec *v, int count)
{
	return (real.readv(fd, v, count > 1 && is_pipe(fd) ? 1 : count));
}
DEFECT(readv-fills-first-area-only, .readv = first_area_only);

static ssize_t
empty_area_needs_address(int fd, const struct iovec *v, int count)
{
	ssize_t n;

	for (int i = 0; i < count && count <= SHORT && is_pipe(fd); i++)
		if (v[i].iov_base == NULL)
			return (failure(EFAULT));
	n = real.readv(fd, v, count);
	return (n);
}
DEFECT(readv-faults-on-null-empty-area, .readv = empty_area_needs_address);

static ssize_t
stop_at_empty_area(int fd, const struct iovec *v, int count)
{
	for (int i = 0; i < count && is_pipe(fd); i++)
		if (v[i].iov_len == 0) {
			count = i;
			break;
		}
	return (real.writev(fd, v, count));
}
DEFECT(writev-ends-at-empty-area, .writev = stop_at_empty_area);

static ssize_t
write_each_area(int fd, const struct iovec *v, int count)
{
	ssize_t total = 0;

	if (count < 1 || count > SHORT || !is_pipe(fd))
		return (real.writev(fd, v, count));
	for (int i = 0; i < count; i++) {
		ssize_t n = real.write(fd, v[i].iov_base, v[i].iov_len);

		if (n == -1)
			return (total > 0 ? total : -1);
		total += n;
	}
	return (total);
}
DEFECT(writev-writes-area-by-area, .writev = write_each_area);

static ssize_t
write_before_fault(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.writev(fd, v, count);

	if (n == -1 && errno == EFAULT && count == 2 && is_pipe(fd)) {
		real.write(fd, v[0].iov_base, v[0].iov_len);
		errno = EFAULT;
	}
	return (n);
}
DEFECT(writev-keeps-good-area-of-failed-call, .writev = write_before_fault);

static ssize_t
take_one_more(int fd, const struct iovec *v, int count)
{
	if (count == sysconf(_SC_IOV_MAX) + 1 && is_pipe(fd))
		count--;
	return (real.writev(fd, v, count));
}
DEFECT(writev-takes-one-area-too-many, .writev = take_one_more);

static ssize_t
take_one_less(int fd, const struct iovec *v, int count)
{
	if (count >= sysconf(_SC_IOV_MAX) && is_pipe(fd))
		return (failure(EINVAL));
	return (real.readv(fd, v, count));
}
DEFECT(readv-refuses-iov-max-areas, .readv = take_one_less);

static ssize_t
look_at_no_area(int fd, const struct iovec *v, int count)
{
	if (count == 0 && is_pipe(fd))
		return (failure(EFAULT));
	return (real.readv(fd, v, count));
}
DEFECT(readv-of-no-areas-faults, .readv = look_at_no_area);

static ssize_t
negative_as_none(int fd, const struct iovec *v, int count)
{
	return (real.writev(fd, v, count < 0 && is_pipe(fd) ? 0 : count));
}
DEFECT(writev-negative-count-is-none, .writev = negative_as_none);

/* EINVAL says that the kernel has read the vector, so it can be looked at. */
static ssize_t
negative_length_as_none(int fd, const struct iovec *v, int count)
{
	struct iovec copy[SHORT];
	ssize_t n = real.writev(fd, v, count);

	if (n != -1 || errno != EINVAL || count < 1 || count > SHORT || !is_pipe(fd))
		return (n);
	for (int i = 0; i < count; i++) {
		copy[i] = v[i];
		if ((ssize_t)copy[i].iov_len < 0)
			copy[i].iov_len = 0;
	}
	return (real.writev(fd, copy, count));
}
DEFECT(writev-negative-length-is-none, .writev = negative_length_as_none);

static ssize_t
consume_before_refusal(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);
	char b;

	if (n == -1 && errno == EINVAL && unread(fd) > 0 && is_pipe(fd)) {
		real.read(fd, &b, 1);
		errno = EINVAL;
	}
	return (n);
}
DEFECT(refused-readv-drops-a-byte, .readv = consume_before_refusal);

static ssize_t
refuse_empty_areas(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);

	if (n == 0 && count > 0 && length(v, count) == 0 && is_pipe(fd))
		return (failure(EINVAL));
	return (n);
}
DEFECT(readv-of-empty-areas-is-refused, .readv = refuse_empty_areas);

static ssize_t
wrong_error(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);

	if (n == -1 && errno == EFAULT && is_pipe(fd))
		errno = EINVAL;
	return (n);
}
DEFECT(readv-fault-gives-einval, .readv = wrong_error);

static ssize_t
lose_on_fault(int fd, const struct iovec *v, int count)
{
	ssize_t n = real.readv(fd, v, count);
	char b[3];

	if (n == -1 && errno == EFAULT && unread(fd) > 0 && is_pipe(fd)) {
		real.read(fd, b, sizeof(b));
		errno = EFAULT;
	}
	return (n);
}
DEFECT(faulting-readv-loses-first-area, .readv = lose_on_fault);
