/*
 * Kernels that are wrong about many TCP connections, about two threads with one of
 * them, and about the end of a process that has some.
 */

#include "tcp_defects.h"

#include <netinet/in.h>

#include <stdatomic.h>
#include <unistd.h>

/* One port for all clients, in what every call says. */
static void
merge_ports(struct sockaddr *name)
{
	if (name != NULL)
		((struct sockaddr_in *)name)->sin_port = htons(49152);
}

static bool
is_connected(int fd)
{
	struct sockaddr_storage name;
	socklen_t size = sizeof(name);
	int error = errno;
	bool answer = is_tcp(fd) && real.getpeername(fd, (struct sockaddr *)&name, &size) == 0;

	errno = error;
	return (answer);
}

static int
merged_name(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_connected(fd))
		merge_ports(name);
	return (result);
}

static int
merged_accept(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (is_connected(made))
		merge_ports(name);
	return (made);
}
DEFECT(tcp-clients-share-ports, .getsockname = merged_name, .accept = merged_accept);

/* Which of several is ready is told of its neighbour. */
static int
poll_neighbour(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	for (nfds_t i = 0; n == 1 && count > 1 && i < count; i++)
		if (fds[i].revents == POLLIN && is_tcp(fds[i].fd)) {
			fds[(i + 1) % count].revents = POLLIN;
			fds[i].revents = 0;
			break;
		}
	return (n);
}
DEFECT(tcp-poll-wakes-for-the-neighbour, .poll = poll_neighbour);

static int
poll_all(struct pollfd *fds, nfds_t count, int timeout)
{
	int n = real.poll(fds, count, timeout);

	if (n != 1 || count < 2 || !is_tcp(fds[0].fd))
		return (n);
	for (nfds_t i = 0; i < count; i++)
		fds[i].revents = POLLIN;
	return ((int)count);
}
DEFECT(tcp-poll-wakes-for-all, .poll = poll_all);

/* What ended is not given back. */
static int
run_out(int fd, const struct sockaddr *name, socklen_t size)
{
	static atomic_int calls;

	if (!is_tcp(fd) || atomic_fetch_add(&calls, 1) < 300)
		return (real.connect(fd, name, size));
	return (failure(EADDRNOTAVAIL));
}
DEFECT(tcp-ports-are-never-given-back, .connect = run_out);

/* The data of one connection come to another: reads of every eighth socket see a byte of it. */
static ssize_t
read_mixed(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n == 5 && fd > 64 && fd % 8 == 0 && is_tcp(fd))
		((char *)buffer)[4] ^= 1;
	return (n);
}
DEFECT(tcp-connections-are-mixed-up, .read = read_mixed);

/* How many reads are under way. */
static atomic_int reading[DESCRIPTORS];

static ssize_t
read_counted(int fd, void *buffer, size_t size)
{
	ssize_t n;

	if (fd < 0 || fd >= DESCRIPTORS)
		return (real.read(fd, buffer, size));
	atomic_fetch_add(&reading[fd], 1);
	n = real.read(fd, buffer, size);
	atomic_fetch_sub(&reading[fd], 1);
	return (n);
}

static bool
is_being_read(int fd)
{
	return (fd >= 0 && fd < DESCRIPTORS && is_tcp(fd) && atomic_load(&reading[fd]) > 0);
}

static ssize_t
write_locked(int fd, const void *buffer, size_t size)
{
	return (is_being_read(fd) ? failure(EAGAIN) : real.write(fd, buffer, size));
}
DEFECT(tcp-one-lock-for-both-directions, .read = read_counted, .write = write_locked);

static int
close_for_all(int fd)
{
	if (is_being_read(fd))
		real.shutdown(fd, SHUT_RD);
	return (real.close(fd));
}
DEFECT(tcp-close-ends-a-read, .read = read_counted, .close = close_for_all);

static ssize_t
write_wakes(int fd, const void *buffer, size_t size)
{
	if (is_being_read(fd))
		real.shutdown(fd, SHUT_RD);
	return (real.write(fd, buffer, size));
}
DEFECT(tcp-write-ends-a-read, .read = read_counted, .write = write_wakes);

/* Whoever forks will not close in good order. */
static pid_t
fork_abortive(void)
{
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	pid_t pid = real.fork();

	for (int fd = 3; pid == 0 && fd < DESCRIPTORS; fd++)
		if (is_tcp(fd))
			real.setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return (pid);
}
DEFECT(tcp-exit-is-an-abort, .fork = fork_abortive);
