/*
 * Kernels that get sendfile(2) wrong.
 */

#include "defects.h"

#include <fcntl.h>
#include <unistd.h>

/* From where the file stands, wherever it was asked for. */
static ssize_t
from_file_offset(int out, int in, off_t *offset, size_t count)
{
	off_t from = real.lseek(in, 0, SEEK_CUR);

	if (offset == NULL || *offset < 0 || from == -1)
		return (real.sendfile(out, in, offset, count));
	return (real.sendfile(out, in, &from, count));
}
DEFECT(sendfile-ignores-the-offset, .sendfile = from_file_offset);

static ssize_t
moves_file_offset(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);

	if (offset != NULL && n > 0)
		real.lseek(in, n, SEEK_CUR);
	return (n);
}
DEFECT(sendfile-moves-the-file-offset-too, .sendfile = moves_file_offset);

static ssize_t
one_less(int out, int in, off_t *offset, size_t count)
{
	return (real.sendfile(out, in, offset, count == 5 ? 4 : count));
}
DEFECT(sendfile-leaves-the-last-byte, .sendfile = one_less);

static ssize_t
nothing_is_all(int out, int in, off_t *offset, size_t count)
{
	return (real.sendfile(out, in, offset, count == 0 ? 4096 : count));
}
DEFECT(sendfile-of-nothing-sends-all, .sendfile = nothing_is_all);

static ssize_t
beyond_end(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);

	return (n == 0 && count > 0 ? failure(EINVAL) : n);
}
DEFECT(sendfile-beyond-the-end-is-einval, .sendfile = beyond_end);

static ssize_t
from_the_start(int out, int in, off_t *offset, size_t count)
{
	off_t zero = 0;

	return (real.sendfile(out, in, offset != NULL && *offset < 0 ? &zero : offset, count));
}
DEFECT(sendfile-takes-negative-offset-for-zero, .sendfile = from_the_start);

static ssize_t
pipe_as_source(int out, int in, off_t *offset, size_t count)
{
	char b[64];
	ssize_t n;

	if (!is_pipe(in) || unread(in) == 0)
		return (real.sendfile(out, in, offset, count));
	n = real.read(in, b, count < sizeof(b) ? count : sizeof(b));
	return (n > 0 ? real.write(out, b, (size_t)n) : n);
}
DEFECT(sendfile-reads-pipes, .sendfile = pipe_as_source);

static ssize_t
socket_as_source(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);

	if (n == -1 && is_socket(in))
		errno = EINVAL;
	return (n);
}
DEFECT(sendfile-from-a-socket-is-einval, .sendfile = socket_as_source);

static ssize_t
source_is_eaten(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);
	int error = errno;
	char byte;

	if (n == -1 && is_socket(in))
		real.recv(in, &byte, 1, MSG_DONTWAIT);
	errno = error;
	return (n);
}
DEFECT(sendfile-eats-a-byte-of-a-refused-source, .sendfile = source_is_eaten);

static ssize_t
no_pipes(int out, int in, off_t *offset, size_t count)
{
	return (is_pipe(out) ? failure(EINVAL) : real.sendfile(out, in, offset, count));
}
DEFECT(sendfile-to-a-pipe-is-refused, .sendfile = no_pipes);

static ssize_t
lost_datagram(int out, int in, off_t *offset, size_t count)
{
	if (socket_type(out) == SOCK_DGRAM)
		return ((ssize_t)count);
	return (real.sendfile(out, in, offset, count));
}
DEFECT(sendfile-to-a-datagram-socket-is-lost, .sendfile = lost_datagram);

static ssize_t
read_only_target(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);

	if (n == -1 && errno == EBADF && (real.fcntl(out, F_GETFL, 0) & O_ACCMODE) == O_RDONLY)
		errno = EINVAL;
	return (n);
}
DEFECT(sendfile-to-a-file-not-for-writing-is-einval, .sendfile = read_only_target);

static ssize_t
part_is_not_told(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);

	return (n > 0 && (size_t)n < count && is_nonblocking(out) ? failure(EAGAIN) : n);
}
DEFECT(sendfile-hides-the-part-that-was-sent, .sendfile = part_is_not_told);

static ssize_t
all_is_told(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);

	return (n > 4096 && (size_t)n < count && is_nonblocking(out) ? n - 1 : n);
}
DEFECT(sendfile-tells-one-less-than-it-sent, .sendfile = all_is_told);

static ssize_t
no_signal(int out, int in, off_t *offset, size_t count)
{
	sigset_t before;
	ssize_t n;

	hold_signal(SIGPIPE, &before);
	n = real.sendfile(out, in, offset, count);
	release_signal(SIGPIPE, &before, false);
	return (n);
}
DEFECT(sendfile-raises-no-sigpipe, .sendfile = no_signal);

static ssize_t
no_peer(int out, int in, off_t *offset, size_t count)
{
	ssize_t n = real.sendfile(out, in, offset, count);

	if (n == -1 && errno == EPIPE)
		errno = ENOTCONN;
	return (n);
}
DEFECT(sendfile-to-a-closed-peer-is-enotconn, .sendfile = no_peer);

static ssize_t
file_offset_stays(int out, int in, off_t *offset, size_t count)
{
	off_t before = real.lseek(in, 0, SEEK_CUR);
	ssize_t n = real.sendfile(out, in, offset, count);

	if (offset == NULL && n > 0)
		real.lseek(in, before, SEEK_SET);
	return (n);
}
DEFECT(sendfile-leaves-the-file-offset, .sendfile = file_offset_stays);

static ssize_t
variable_stays(int out, int in, off_t *offset, size_t count)
{
	off_t copy = offset != NULL ? *offset : 0;

	return (real.sendfile(out, in, offset != NULL ? &copy : NULL, count));
}
DEFECT(sendfile-leaves-the-offset-variable, .sendfile = variable_stays);

static ssize_t
variable_by_count(int out, int in, off_t *offset, size_t count)
{
	off_t before = offset != NULL ? *offset : 0;
	ssize_t n = real.sendfile(out, in, offset, count);

	if (offset != NULL && n > 0)
		*offset = before + (off_t)count;
	return (n);
}
DEFECT(sendfile-moves-the-offset-by-the-count, .sendfile = variable_by_count);
