/*
 * Kernels that are wrong about TCP connections as they are accepted: which one,
 * its names, and what it has from the listener.
 */

#include "tcp_defects.h"

#include <sys/resource.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

union name {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

static bool
is_connected(int fd)
{
	union name n;
	socklen_t size = sizeof(n);
	int error = errno;
	bool answer = is_tcp(fd) && real.getpeername(fd, &n.any, &size) == 0;

	errno = error;
	return (answer);
}

/* The full size of the socket's own name. */
static socklen_t
name_of(int fd, union name *n)
{
	socklen_t size = sizeof(*n);

	memset(n, 0, sizeof(*n));
	return (real.getsockname(fd, &n->any, &size) == 0 ? size : 0);
}

static bool
waits(int fd)
{
	return ((readiness(fd, POLLIN) & POLLIN) != 0);
}

/* Sockets that accept made; numbers are closed and used again, which does no harm here. */
static bool accepted[DESCRIPTORS];

static int
note_accepted(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made >= 0 && made < DESCRIPTORS)
		accepted[made] = is_tcp(made);
	return (made);
}

static bool
was_accepted(int fd)
{
	return (fd >= 0 && fd < DESCRIPTORS && accepted[fd] && is_connected(fd));
}

/* Which connection, and when */

static int
newest_first(int fd, struct sockaddr *name, socklen_t *size)
{
	static int held = -1;
	int made, other;

	if (!is_tcp_listener(fd))
		return (real.accept(fd, name, size));
	if (held != -1) {
		made = held;
		held = -1;
		if (name != NULL)
			real.getpeername(made, name, size);
		return (made);
	}
	made = real.accept(fd, name, size);
	if (made == -1 || !waits(fd))
		return (made);
	other = real.accept(fd, name, size);
	if (other == -1)
		return (made);
	held = made;
	return (other);
}
DEFECT(tcp-accept-takes-the-newest, .accept = newest_first);

static int
listen_once(int fd, struct sockaddr *name, socklen_t *size)
{
	bool listens = is_tcp_listener(fd);
	int made = real.accept(fd, name, size);

	if (made != -1 && listens)
		real.shutdown(fd, SHUT_RDWR);
	return (made);
}
DEFECT(tcp-accept-ends-the-listening, .accept = listen_once);

static int
never_sleep(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_tcp_listener(fd) && !waits(fd) ? failure(EAGAIN) : real.accept(fd, name, size));
}
DEFECT(tcp-accept-never-sleeps, .accept = never_sleep);

static int
accept_instead(int fd, struct sockaddr *name, socklen_t *size, int error, int other)
{
	bool ours = is_tcp(fd);
	int made = real.accept(fd, name, size);

	return (made == -1 && errno == error && ours ? failure(other) : made);
}

static int
empty_is_aborted(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_instead(fd, name, size, EAGAIN, ECONNABORTED));
}
DEFECT(tcp-accept-of-none-is-econnaborted, .accept = empty_is_aborted);

static int
unlistened_is_empty(int fd, struct sockaddr *name, socklen_t *size)
{
	bool ours = is_tcp(fd) && !is_connected(fd);
	int made = real.accept(fd, name, size);

	return (made == -1 && errno == EINVAL && ours ? failure(EAGAIN) : made);
}
DEFECT(tcp-accept-without-listen-is-eagain, .accept = unlistened_is_empty);

/* The socket begins to listen by that. */
static int
listen_unasked(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made == -1 && errno == EINVAL && is_tcp(fd) && !is_connected(fd)) {
		real.listen(fd, 1);
		errno = EINVAL;
	}
	return (made);
}
DEFECT(tcp-accept-listens-unasked, .accept = listen_unasked);

static int
connection_as_listener(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_connected(fd) ? real.dup(fd) : real.accept(fd, name, size));
}
DEFECT(tcp-accept-of-a-connection-works, .accept = connection_as_listener);

static int
connection_is_notconn(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_connected(fd) ? failure(EOPNOTSUPP) : real.accept(fd, name, size));
}
DEFECT(tcp-accept-of-a-connection-is-eopnotsupp, .accept = connection_is_notconn);

static int
reset_goes_unseen(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && is_tcp(made) && (readiness(made, 0) & POLLERR) != 0) {
		real.close(made);
		return (real.accept(fd, name, size));
	}
	return (made);
}
DEFECT(tcp-accept-skips-reset-clients, .accept = reset_goes_unseen);

/* The reset is not remembered: what is left looks like an orderly end. */
static ssize_t
reset_is_end(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	return (n == -1 && errno == ECONNRESET && is_tcp(fd) ? 0 : n);
}
DEFECT(tcp-reset-while-queued-is-end-of-file, .read = reset_is_end);

static int
gone_is_aborted(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && is_tcp(made) && (readiness(made, POLLRDHUP) & POLLRDHUP) != 0) {
		real.close(made);
		return (failure(ECONNABORTED));
	}
	return (made);
}
DEFECT(tcp-accept-aborts-for-a-closed-client, .accept = gone_is_aborted);

static int
first_byte_eaten(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);
	char b;

	if (made != -1 && is_tcp(made))
		real.recv(made, &b, 1, MSG_DONTWAIT);
	return (made);
}
DEFECT(tcp-accept-eats-the-first-byte, .accept = first_byte_eaten);

static int
signals_ignored(int fd, struct sockaddr *name, socklen_t *size)
{
	int made;

	do
		made = real.accept(fd, name, size);
	while (made == -1 && errno == EINTR && is_tcp_listener(fd));
	return (made);
}
DEFECT(tcp-accept-sleeps-through-signals, .accept = signals_ignored);

static int
interrupted_is_eagain(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_instead(fd, name, size, EINTR, EAGAIN));
}
DEFECT(tcp-accept-interrupted-is-eagain, .accept = interrupted_is_eagain);

static int
full_table_is_enfile(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_instead(fd, name, size, EMFILE, ENFILE));
}
DEFECT(tcp-accept-emfile-is-enfile, .accept = full_table_is_enfile);

/* The connection for which there was no number is dropped. */
static int
full_table_drops(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size), lost;
	struct rlimit now, more;

	if (made != -1 || errno != EMFILE || !is_tcp_listener(fd))
		return (made);
	getrlimit(RLIMIT_NOFILE, &now);
	more = now;
	more.rlim_cur = more.rlim_max;
	setrlimit(RLIMIT_NOFILE, &more);
	lost = waits(fd) ? real.accept(fd, NULL, NULL) : -1;
	if (lost != -1)
		real.close(lost);
	setrlimit(RLIMIT_NOFILE, &now);
	return (failure(EMFILE));
}
DEFECT(tcp-accept-emfile-drops-the-client, .accept = full_table_drops);

static int
datagrams_are_notsock(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_udp(fd) ? failure(ENOTCONN) : real.accept(fd, name, size));
}
DEFECT(tcp-accept-on-udp-is-enotconn, .accept = datagrams_are_notsock);

static int
readable_for_nothing(struct pollfd *p, nfds_t count, int timeout)
{
	int result = real.poll(p, count, timeout);

	if (result == -1)
		return (result);
	for (nfds_t i = 0; i < count; i++)
		if (was_accepted(p[i].fd) && (p[i].events & POLLPRI) != 0) {
			result += p[i].revents == 0;
			p[i].revents |= POLLPRI;
		}
	return (result);
}
DEFECT(
    tcp-accepted-socket-polls-pollpri, .accept = note_accepted, .poll = readable_for_nothing);

/* Names */

static int
own_name(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	if (made != -1 && name != NULL && is_tcp(made))
		real.getsockname(made, name, size);
	return (made);
}
DEFECT(tcp-accept-tells-the-listeners-address, .accept = own_name);

static int
zero_port(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	/* The port is at the same place in both families. */
	if (made != -1 && name != NULL && *size >= sizeof(struct sockaddr_in) && is_tcp(made))
		((struct sockaddr_in *)(void *)name)->sin_port ^= htons(1);
	return (made);
}
DEFECT(tcp-accept-tells-another-port, .accept = zero_port);

static int
address_wanted(int fd, struct sockaddr *name, socklen_t *size)
{
	return (
	    name == NULL && is_tcp_listener(fd) ? failure(EFAULT) : real.accept(fd, name, size));
}
DEFECT(tcp-accept-insists-on-an-address, .accept = address_wanted);

/* The name of the wildcard listener, and what came of it. */
static union name wildcard;
static socklen_t wildcard_size;

static int
remember_wildcard(int fd, struct sockaddr *name, socklen_t *size)
{
	static const struct in6_addr any6;
	union name n;
	socklen_t length = name_of(fd, &n);
	bool is_any = n.any.sa_family == AF_INET
	    ? n.in.sin_addr.s_addr == htonl(INADDR_ANY)
	    : memcmp(&n.in6.sin6_addr, &any6, sizeof(any6)) == 0;
	int made = note_accepted(fd, name, size);

	if (made != -1 && is_any) {
		wildcard = n;
		wildcard_size = length;
	}
	return (made);
}

static int
name_stays_wild(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && wildcard_size > 0 && was_accepted(fd))
		memcpy(name, &wildcard, wildcard_size);
	return (result);
}
DEFECT(tcp-accepted-socket-keeps-the-wildcard, .accept = remember_wildcard,
    .getsockname = name_stays_wild);

static int
listener_narrowed(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && wildcard_size > 0 && is_tcp_listener(fd)) {
		if (name->sa_family == AF_INET)
			((struct sockaddr_in *)(void *)name)->sin_addr.s_addr =
			    htonl(INADDR_LOOPBACK);
		else
			((struct sockaddr_in6 *)(void *)name)->sin6_addr = in6addr_loopback;
	}
	return (result);
}
DEFECT(tcp-accept-narrows-the-listener, .accept = remember_wildcard,
    .getsockname = listener_narrowed);

static int
port_of_its_own(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && was_accepted(fd))
		((struct sockaddr_in *)(void *)name)->sin_port ^= htons(1);
	return (result);
}
DEFECT(tcp-accepted-socket-has-a-port-of-its-own, .accept = note_accepted,
    .getsockname = port_of_its_own);

/* Room for the address */

/* Accept, and store of the peer's name, whose size is told, what store() gives it room for. */
static int
accept_storing(int fd, struct sockaddr *name, socklen_t *size,
    socklen_t (*store)(socklen_t, socklen_t), bool tell_stored)
{
	union name n;
	socklen_t room = size != NULL ? *size : 0, full = sizeof(n), stored;
	int made;

	if (name == NULL || size == NULL || !is_tcp_listener(fd))
		return (real.accept(fd, name, size));
	made = real.accept(fd, name, size);
	memset(&n, 0, sizeof(n));
	if (made == -1 || real.getpeername(made, &n.any, &full) == -1)
		return (made);
	stored = store(room, full);
	memcpy(name, &n, stored);
	*size = tell_stored ? stored : full;
	return (made);
}

static socklen_t
minimum(socklen_t room, socklen_t full)
{
	return (room < full ? room : full);
}

static socklen_t
all(socklen_t room, socklen_t full)
{
	(void)room;
	return (full);
}

static socklen_t
all_for_none(socklen_t room, socklen_t full)
{
	return (room == 0 ? full : minimum(room, full));
}

static socklen_t
whole_room(socklen_t room, socklen_t full)
{
	(void)full;
	return (minimum(room, sizeof(union name)));
}

static int
room_ignored(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_storing(fd, name, size, all, false));
}
DEFECT(tcp-accept-ignores-the-room, .accept = room_ignored);

static int
stored_length_told(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_storing(fd, name, size, minimum, true));
}
DEFECT(tcp-accept-tells-the-stored-length, .accept = stored_length_told);

static int
none_is_default(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_storing(fd, name, size, all_for_none, false));
}
DEFECT(tcp-accept-takes-no-room-for-enough, .accept = none_is_default);

static int
storage_copied(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_storing(fd, name, size, whole_room, false));
}
DEFECT(tcp-accept-fills-the-room, .accept = storage_copied);

static int
room_is_length(int fd, struct sockaddr *name, socklen_t *size)
{
	return (accept_storing(fd, name, size, whole_room, true));
}
DEFECT(tcp-accept-tells-the-room, .accept = room_is_length);

static int
one_less(int fd, struct sockaddr *name, socklen_t *size)
{
	socklen_t full, room = size != NULL ? *size : 0;
	union name n;
	int made;

	if (name == NULL || size == NULL || !is_tcp_listener(fd) || room == 0)
		return (real.accept(fd, name, size));
	full = name_of(fd, &n);
	if (room >= full)
		return (real.accept(fd, name, size));
	*size = room - 1;
	made = real.accept(fd, name, size);
	return (made);
}
DEFECT(tcp-accept-stores-a-byte-less, .accept = one_less);

/* Bad pointers.  Is the memory for the address one that can be written to? */
static bool
is_bad(int fd, struct sockaddr *name)
{
	socklen_t size = sizeof(struct sockaddr_in);
	int error = errno;
	bool answer = name != NULL && real.getsockname(fd, name, &size) == -1 && errno == EFAULT;

	errno = error;
	return (answer);
}

static int
fault_leaks(int fd, struct sockaddr *name, socklen_t *size)
{
	bool ours = is_tcp_listener(fd);
	int made = real.accept(fd, name, size);

	if (made == -1 && errno == EFAULT && ours) {
		real.dup(fd);
		errno = EFAULT;
	}
	return (made);
}
DEFECT(tcp-accept-efault-leaks-a-descriptor, .accept = fault_leaks);

static int
fault_first(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_tcp_listener(fd) && size != NULL && is_bad(fd, name)
		? failure(EFAULT)
		: real.accept(fd, name, size));
}
DEFECT(tcp-accept-efault-leaves-the-client-queued, .accept = fault_first);

static int
fault_overlooked(int fd, struct sockaddr *name, socklen_t *size)
{
	return (is_tcp_listener(fd) && size != NULL && is_bad(fd, name)
		? real.accept(fd, NULL, NULL)
		: real.accept(fd, name, size));
}
DEFECT(tcp-accept-overlooks-a-bad-address, .accept = fault_overlooked);

static int
no_length_no_address(int fd, struct sockaddr *name, socklen_t *size)
{
	return (real.accept(fd, size == NULL && is_tcp(fd) ? NULL : name, size));
}
DEFECT(tcp-accept-without-length-works, .accept = no_length_no_address);

static int
length_first(int fd, struct sockaddr *name, socklen_t *size)
{
	return (name != NULL && size == NULL && is_tcp_listener(fd) && waits(fd)
		? failure(EFAULT)
		: real.accept(fd, name, size));
}
DEFECT(tcp-accept-without-length-keeps-the-client, .accept = length_first);

static int
negative_is_much(int fd, struct sockaddr *name, socklen_t *size)
{
	if (size != NULL && *size == (socklen_t)-1 && is_tcp_listener(fd))
		*size = sizeof(struct sockaddr_in);
	return (real.accept(fd, name, size));
}
DEFECT(tcp-accept-takes-a-negative-length, .accept = negative_is_much);

static int
negative_first(int fd, struct sockaddr *name, socklen_t *size)
{
	return (size != NULL && *size == (socklen_t)-1 && is_tcp_listener(fd)
		? failure(EINVAL)
		: real.accept(fd, name, size));
}
DEFECT(tcp-accept-negative-length-keeps-the-client, .accept = negative_first);
