/*
 * Kernels that get ioctl(2) on pipes wrong.
 */

#include "defects.h"

#include <sys/ioctl.h>

#include <fcntl.h>
#include <unistd.h>

static bool
is_write_end(int fd)
{
	int error = errno, flags = real.fcntl(fd, F_GETFL, 0);

	errno = error;
	return (flags != -1 && (flags & O_ACCMODE) == O_WRONLY);
}

/* FIONREAD */

static int last_write;

static ssize_t
note_write(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n > 0 && is_pipe(fd))
		last_write = (int)n;
	return (n);
}

static int
counts_last_write(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIONREAD && is_pipe(fd) && *(int *)argument > last_write)
		*(int *)argument = last_write;
	return (result);
}
DEFECT(fionread-counts-the-last-write, .ioctl = counts_last_write, .write = note_write);

static int
empty_counts_one(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIONREAD && is_pipe(fd) && *(int *)argument == 0)
		*(int *)argument = 1;
	return (result);
}
DEFECT(fionread-of-an-empty-pipe-is-one, .ioctl = empty_counts_one);

static int
write_end_counts_nothing(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIONREAD && is_pipe(fd) && is_write_end(fd))
		*(int *)argument = 0;
	return (result);
}
DEFECT(fionread-of-the-write-end-is-zero, .ioctl = write_end_counts_nothing);

static int
write_end_as_ebadf(int fd, unsigned long request, void *argument)
{
	return (request == FIONREAD && is_pipe(fd) && is_write_end(fd)
		? failure(EBADF)
		: real.ioctl(fd, request, argument));
}
DEFECT(fionread-of-the-write-end-as-ebadf, .ioctl = write_end_as_ebadf);

static int
bad_pointer_as_einval(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	return (result == -1 && errno == EFAULT && is_pipe(fd) ? failure(EINVAL) : result);
}
DEFECT(fionread-bad-pointer-as-einval, .ioctl = bad_pointer_as_einval);

static int
bad_pointer_costs_a_byte(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);
	char byte;

	if (result == -1 && errno == EFAULT && is_pipe(fd) && real.read(fd, &byte, 1) == 1)
		errno = EFAULT;
	return (result);
}
DEFECT(fionread-bad-pointer-costs-a-byte, .ioctl = bad_pointer_costs_a_byte);

/* FIONBIO */

static int
fionbio_without_effect(int fd, unsigned long request, void *argument)
{
	return (request == FIONBIO && is_pipe(fd) ? 0 : real.ioctl(fd, request, argument));
}
DEFECT(fionbio-without-effect, .ioctl = fionbio_without_effect);

static int
fionbio_never_off(int fd, unsigned long request, void *argument)
{
	return (request == FIONBIO && is_pipe(fd) && *(int *)argument == 0
		? 0
		: real.ioctl(fd, request, argument));
}
DEFECT(fionbio-is-never-off, .ioctl = fionbio_never_off);

static int
fionbio_not_for_writers(int fd, unsigned long request, void *argument)
{
	return (request == FIONBIO && is_pipe(fd) && is_write_end(fd)
		? 0
		: real.ioctl(fd, request, argument));
}
DEFECT(fionbio-without-effect-on-the-write-end, .ioctl = fionbio_not_for_writers);

/* FIOASYNC */

static int
fioasync_without_effect(int fd, unsigned long request, void *argument)
{
	return (request == FIOASYNC && is_pipe(fd) ? 0 : real.ioctl(fd, request, argument));
}
DEFECT(fioasync-without-effect, .ioctl = fioasync_without_effect);

static int
flags_without_async(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (command == F_GETFL && result != -1 && is_pipe(fd) ? result & ~O_ASYNC : result);
}
DEFECT(fioasync-does-not-show, .fcntl = flags_without_async);

static int
fioasync_forgets_owner(int fd, unsigned long request, void *argument)
{
	int result = real.ioctl(fd, request, argument);

	if (result == 0 && request == FIOASYNC && is_pipe(fd))
		real.fcntl(fd, F_SETOWN, 0);
	return (result);
}
DEFECT(fioasync-forgets-the-owner, .ioctl = fioasync_forgets_owner);

/* Switched off it is no longer shown, but the signals go on. */
static bool shown_as_off;

static int
fioasync_goes_on(int fd, unsigned long request, void *argument)
{
	if (request != FIOASYNC || !is_pipe(fd))
		return (real.ioctl(fd, request, argument));
	shown_as_off = *(int *)argument == 0;
	return (shown_as_off ? 0 : real.ioctl(fd, request, argument));
}

static int
flags_as_shown(int fd, int command, long argument)
{
	return (shown_as_off ? flags_without_async(fd, command, argument)
			     : real.fcntl(fd, command, argument));
}
DEFECT(fioasync-off-leaves-the-signals, .ioctl = fioasync_goes_on, .fcntl = flags_as_shown);

/* What is not for pipes */

static int
winsize_as_einval(int fd, unsigned long request, void *argument)
{
	return (request == TIOCGWINSZ && is_pipe(fd) ? failure(EINVAL)
						     : real.ioctl(fd, request, argument));
}
DEFECT(tiocgwinsz-of-a-pipe-as-einval, .ioctl = winsize_as_einval);

static int
winsize_of_writer(int fd, unsigned long request, void *argument)
{
	return (request == TIOCGWINSZ && is_pipe(fd) && is_write_end(fd)
		? 0
		: real.ioctl(fd, request, argument));
}
DEFECT(tiocgwinsz-of-the-write-end-works, .ioctl = winsize_of_writer);

static int
isatty_as_einval(int fd)
{
	if (!is_pipe(fd))
		return (real.isatty(fd));
	errno = EINVAL;
	return (0);
}
DEFECT(isatty-of-a-pipe-as-einval, .isatty = isatty_as_einval);

static int
writer_is_a_terminal(int fd)
{
	return (is_pipe(fd) && is_write_end(fd) ? 1 : real.isatty(fd));
}
DEFECT(isatty-of-the-write-end-is-one, .isatty = writer_is_a_terminal);

static int
fiosetown_without_effect(int fd, unsigned long request, void *argument)
{
	return (request == FIOSETOWN && is_pipe(fd) ? 0 : real.ioctl(fd, request, argument));
}
DEFECT(fiosetown-without-effect, .ioctl = fiosetown_without_effect);

static int
fiogetown_is_nobody(int fd, unsigned long request, void *argument)
{
	if (request != FIOGETOWN || !is_pipe(fd))
		return (real.ioctl(fd, request, argument));
	*(int *)argument = 0;
	return (0);
}
DEFECT(fiogetown-is-nobody, .ioctl = fiogetown_is_nobody);
