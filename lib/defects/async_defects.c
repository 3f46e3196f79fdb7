/*
 * Kernels that get signal-driven I/O on pipes wrong: O_ASYNC, owners and SIGIO.
 */

#include "defects.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int
async_without_effect(int fd, int command, long argument)
{
	if (command == F_SETFL && is_pipe(fd))
		argument &= ~(long)O_ASYNC;
	return (real.fcntl(fd, command, argument));
}
DEFECT(o-async-has-no-effect, .fcntl = async_without_effect);

static int
close_without_sigio(int fd)
{
	sigset_t before;
	int result;

	if (!is_pipe(fd))
		return (real.close(fd));
	hold_signal(SIGIO, &before);
	result = real.close(fd);
	release_signal(SIGIO, &before, false);
	return (result);
}
DEFECT(close-sends-no-sigio, .close = close_without_sigio);

static bool is_async, has_owner;

static int
note_async(int fd, int command, long argument)
{
	if (is_pipe(fd) && command == F_SETFL)
		is_async = (argument & O_ASYNC) != 0;
	if (is_pipe(fd) && command == F_SETOWN)
		has_owner = true;
	return (real.fcntl(fd, command, argument));
}

static ssize_t
write_signals_without_owner(int fd, const void *buffer, size_t size)
{
	ssize_t n = real.write(fd, buffer, size);

	if (n > 0 && is_pipe(fd) && is_async && !has_owner)
		raise(SIGIO);
	return (n);
}
DEFECT(sigio-without-owner, .fcntl = note_async, .write = write_signals_without_owner);

static ssize_t
write_signals_new_data_only(int fd, const void *buffer, size_t size)
{
	static bool signalled;
	sigset_t before;
	ssize_t n;

	if (!is_pipe(fd) || !is_async)
		return (real.write(fd, buffer, size));
	hold_signal(SIGIO, &before);
	n = real.write(fd, buffer, size);
	release_signal(SIGIO, &before, !signalled);
	signalled = true;
	return (n);
}
DEFECT(sigio-comes-once, .fcntl = note_async, .write = write_signals_new_data_only);

static ssize_t
read_signals_reader(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n > 0 && is_pipe(fd) && is_async && has_owner)
		raise(SIGIO);
	return (n);
}
DEFECT(read-sends-sigio-to-the-reader, .fcntl = note_async, .read = read_signals_reader);

/* O_ASYNC stays in force, though F_GETFL shows it cleared. */
static int
async_for_ever(int fd, int command, long argument)
{
	static bool cleared;
	int result;

	if (!is_pipe(fd) || (command != F_SETFL && command != F_GETFL))
		return (real.fcntl(fd, command, argument));
	result = real.fcntl(fd, F_GETFL, 0);
	if (command == F_GETFL)
		return (result != -1 && cleared ? result & ~O_ASYNC : result);
	cleared = (argument & O_ASYNC) == 0 && (result & O_ASYNC) != 0;
	return (real.fcntl(fd, command, cleared ? argument | O_ASYNC : argument));
}
DEFECT(o-async-stays-in-force, .fcntl = async_for_ever);

static int
owner_without_sign(int fd, int command, long argument)
{
	if (command == F_SETOWN && is_pipe(fd) && argument < 0)
		argument = -argument;
	return (real.fcntl(fd, command, argument));
}
DEFECT(owner-group-taken-for-a-process, .fcntl = owner_without_sign);

/* The owner of one end is that of all others in this process. */
static int
owner_of_all(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	for (int other = 3; command == F_SETOWN && result == 0 && other < DESCRIPTORS; other++)
		if (is_pipe(fd) && is_pipe(other))
			real.fcntl(other, F_SETOWN, argument);
	return (result);
}
DEFECT(owner-belongs-to-both-ends, .fcntl = owner_of_all);

static int
dead_owner(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	return (result == -1 && errno == ESRCH && command == F_SETOWN && is_pipe(fd) ? 0 : result);
}
DEFECT(dead-process-accepted-as-owner, .fcntl = dead_owner);

static int
dead_owner_as_eperm(int fd, int command, long argument)
{
	int result = real.fcntl(fd, command, argument);

	if (result == -1 && errno == ESRCH && command == F_SETOWN)
		errno = EPERM;
	return (result);
}
DEFECT(dead-owner-gives-eperm, .fcntl = dead_owner_as_eperm);

/* Reading tells the read end's owner of room, who did not ask. */
static ssize_t
read_without_sigio(int fd, void *buffer, size_t size)
{
	sigset_t before;
	ssize_t n;

	if (!is_pipe(fd))
		return (real.read(fd, buffer, size));
	hold_signal(SIGIO, &before);
	n = real.read(fd, buffer, size);
	release_signal(SIGIO, &before, false);
	return (n);
}
DEFECT(room-sends-no-sigio, .read = read_without_sigio);
