/*
 * Kernels that are wrong about the life of a TCP connection: what TCP_INFO tells
 * of it, and processes that share it after fork(2).
 */

#include "defects.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string.h>
#include <unistd.h>

/* TCP_INFO.  The numbers of its states are learnt from sockets in known ones. */

static int
state_of(int fd)
{
	unsigned char state = 0;
	socklen_t size = sizeof(state);
	int error = errno;
	bool ok = real.getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) == 0;

	errno = error;
	return (ok ? state : -1);
}

static int
closed_state(void)
{
	int fresh = real.socket(AF_INET, SOCK_STREAM, 0), state = state_of(fresh);

	real.close(fresh);
	return (state);
}

/* Of each socket: its state when it was connected, and when it last shut down sending. */
static int established, at_shutdown[DESCRIPTORS], first[DESCRIPTORS];
static bool made_by_accept[DESCRIPTORS], was_connected[DESCRIPTORS];

static void
begin(int fd)
{
	if (fd < 0 || fd >= DESCRIPTORS || !is_tcp(fd))
		return;
	established = state_of(fd);
	was_connected[fd] = true;
	at_shutdown[fd] = first[fd] = -1;
}

static int
connect_noted(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.connect(fd, name, size);

	if (result == 0)
		begin(fd);
	else if (fd >= 0 && fd < DESCRIPTORS)
		was_connected[fd] = false;
	return (result);
}

static int
accept_noted(int fd, struct sockaddr *name, socklen_t *size)
{
	int made = real.accept(fd, name, size);

	begin(made);
	if (made >= 0 && made < DESCRIPTORS)
		made_by_accept[made] = true;
	return (made);
}

static int
shutdown_noted(int fd, int how)
{
	if (how == SHUT_WR && fd >= 0 && fd < DESCRIPTORS && is_tcp(fd))
		at_shutdown[fd] = state_of(fd);
	return (real.shutdown(fd, how));
}

static bool
is_info(int fd, int level, int name)
{
	return (
	    level == IPPROTO_TCP && name == TCP_INFO && fd >= 0 && fd < DESCRIPTORS && is_tcp(fd));
}

/* The answer with another state, if that is one. */
static int
tell(int fd, int level, int name, void *value, socklen_t *size, int state)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && state != -1 && *size > 0)
		*(unsigned char *)value = (unsigned char)state;
	return (result);
}

static bool
has_peer(int fd)
{
	struct sockaddr_storage n;
	socklen_t size = sizeof(n);
	int error = errno;
	bool answer = real.getpeername(fd, (struct sockaddr *)&n, &size) == 0;

	errno = error;
	return (answer);
}

static int
listener_is_closed(int fd, int level, int name, void *value, socklen_t *size)
{
	int on = 0;
	socklen_t length = sizeof(on);

	if (is_info(fd, level, name))
		real.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &length);
	return (tell(fd, level, name, value, size, on != 0 ? closed_state() : -1));
}
DEFECT(tcp-info-calls-a-listener-closed, .getsockopt = listener_is_closed);

static int
accepted_is_closed(int fd, int level, int name, void *value, socklen_t *size)
{
	bool ours = is_info(fd, level, name) && made_by_accept[fd];

	return (tell(fd, level, name, value, size, ours ? closed_state() : -1));
}
DEFECT(tcp-info-calls-an-accepted-socket-closed, .accept = accept_noted,
    .getsockopt = accepted_is_closed);

/* Asked of a connection made for that, where none was noted. */
static int
established_state(void)
{
	struct sockaddr_in name = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *any = (struct sockaddr *)(void *)&name;
	socklen_t size = sizeof(name);
	int listener, client, state = established;

	if (state > 0)
		return (state);
	listener = real.socket(AF_INET, SOCK_STREAM, 0);
	client = real.socket(AF_INET, SOCK_STREAM, 0);
	if (real.bind(listener, any, size) == 0 && real.listen(listener, 1) == 0 &&
	    real.getsockname(listener, any, &size) == 0 && real.connect(client, any, size) == 0)
		state = state_of(client);
	real.close(client);
	real.close(listener);
	return (state);
}

static int
attempt_is_established(int fd, int level, int name, void *value, socklen_t *size)
{
	bool ours = is_info(fd, level, name) && !was_connected[fd] &&
	    state_of(fd) != closed_state() && !has_peer(fd);

	return (tell(fd, level, name, value, size, ours ? established_state() : -1));
}
DEFECT(tcp-info-calls-an-attempt-established, .connect = connect_noted,
    .getsockopt = attempt_is_established);

static int
ended_by_peer_is_established(int fd, int level, int name, void *value, socklen_t *size)
{
	bool ours = is_info(fd, level, name) && at_shutdown[fd] <= 0 && has_peer(fd) &&
	    (readiness(fd, POLLRDHUP) & POLLRDHUP) != 0;

	return (tell(fd, level, name, value, size, ours ? established : -1));
}
DEFECT(tcp-info-misses-the-peers-end, .accept = accept_noted, .connect = connect_noted,
    .getsockopt = ended_by_peer_is_established);

static int
own_end_unnoticed(int fd, int level, int name, void *value, socklen_t *size)
{
	bool ours = is_info(fd, level, name) && at_shutdown[fd] > 0 && has_peer(fd);

	return (tell(fd, level, name, value, size, ours ? at_shutdown[fd] : -1));
}
DEFECT(tcp-info-misses-the-own-end, .accept = accept_noted, .connect = connect_noted,
    .shutdown = shutdown_noted, .getsockopt = own_end_unnoticed);

/* What was told once is told again. */
static int
first_answer_kept(int fd, int level, int name, void *value, socklen_t *size)
{
	if (!is_info(fd, level, name) || !was_connected[fd])
		return (real.getsockopt(fd, level, name, value, size));
	if (first[fd] == -1)
		first[fd] = state_of(fd);
	return (tell(fd, level, name, value, size, first[fd]));
}
DEFECT(tcp-info-keeps-its-first-answer, .accept = accept_noted, .connect = connect_noted,
    .getsockopt = first_answer_kept);

static int
stale_after_the_end(int fd, int level, int name, void *value, socklen_t *size)
{
	bool ours = is_info(fd, level, name) && was_connected[fd] && !has_peer(fd);

	return (tell(fd, level, name, value, size, ours ? established : -1));
}
DEFECT(tcp-info-calls-the-dead-established, .accept = accept_noted, .connect = connect_noted,
    .getsockopt = stale_after_the_end);

static bool
is_dead(int fd, int level)
{
	return (level == IPPROTO_TCP && fd >= 0 && fd < DESCRIPTORS && was_connected[fd] &&
	    is_tcp(fd) && !has_peer(fd));
}

static int
nothing_to_set(int fd, int level, int name, const void *value, socklen_t size)
{
	return (
	    is_dead(fd, level) ? failure(EINVAL) : real.setsockopt(fd, level, name, value, size));
}
DEFECT(tcp-option-after-reset-is-einval, .accept = accept_noted, .connect = connect_noted,
    .setsockopt = nothing_to_set);

static int
nothing_to_get(int fd, int level, int name, void *value, socklen_t *size)
{
	return (is_dead(fd, level) && name != TCP_INFO
		? failure(ENOTCONN)
		: real.getsockopt(fd, level, name, value, size));
}
DEFECT(tcp-option-after-reset-is-enotconn, .accept = accept_noted, .connect = connect_noted,
    .getsockopt = nothing_to_get);

static int
info_can_be_set(int fd, int level, int name, const void *value, socklen_t size)
{
	return (is_info(fd, level, name) ? 0 : real.setsockopt(fd, level, name, value, size));
}
DEFECT(tcp-info-can-be-set, .setsockopt = info_can_be_set);

static int
set_means_close(int fd, int level, int name, const void *value, socklen_t size)
{
	if (is_info(fd, level, name))
		real.shutdown(fd, SHUT_WR);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(tcp-info-set-ends-the-connection, .setsockopt = set_means_close);

static int
info_needs_room(int fd, int level, int name, void *value, socklen_t *size)
{
	return (is_info(fd, level, name) && *size < sizeof(struct tcp_info)
		? failure(EINVAL)
		: real.getsockopt(fd, level, name, value, size));
}
DEFECT(tcp-info-needs-all-its-room, .getsockopt = info_needs_room);

/* A room of one byte is that of a state alone, which is left as it is. */
static int
info_overruns(int fd, int level, int name, void *value, socklen_t *size)
{
	bool ours = is_info(fd, level, name) && *size > 1 && *size < 8;
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && ours)
		memset((char *)value + *size, 0, 3);
	return (result);
}
DEFECT(tcp-info-overruns-its-room, .getsockopt = info_overruns);

static int
info_tells_all(int fd, int level, int name, void *value, socklen_t *size)
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && is_info(fd, level, name))
		*size = sizeof(struct tcp_info);
	return (result);
}
DEFECT(tcp-info-tells-its-full-size, .getsockopt = info_tells_all);

/* The whole of it, changed. */
static int
get_changed(
    int fd, int level, int name, void *value, socklen_t *size, void (*change)(struct tcp_info *))
{
	int result = real.getsockopt(fd, level, name, value, size);

	if (result == 0 && is_info(fd, level, name) && *size >= sizeof(struct tcp_info))
		change(value);
	return (result);
}

static void
less_segment(struct tcp_info *i)
{
	i->tcpi_snd_mss -= 12;
}

static int
segment_without_options(int fd, int level, int name, void *value, socklen_t *size)
{
	return (get_changed(fd, level, name, value, size, less_segment));
}
DEFECT(tcp-info-segment-is-smaller, .getsockopt = segment_without_options);

static void
shift_flags(struct tcp_info *i)
{
	i->tcpi_options = (unsigned char)(i->tcpi_options << 1);
}

static int
flags_shifted(int fd, int level, int name, void *value, socklen_t *size)
{
	return (get_changed(fd, level, name, value, size, shift_flags));
}
DEFECT(tcp-info-shifts-its-flags, .getsockopt = flags_shifted);

static void
close_window(struct tcp_info *i)
{
	i->tcpi_snd_cwnd = 0;
}

static int
no_window(int fd, int level, int name, void *value, socklen_t *size)
{
	return (get_changed(fd, level, name, value, size, close_window));
}
DEFECT(tcp-info-without-a-window, .getsockopt = no_window);

/* Processes.  The first that made a socket, and those that came of it by fork. */

static pid_t first_process;

static int
socket_noted(int domain, int type, int protocol)
{
	if (first_process == 0)
		first_process = getpid();
	return (real.socket(domain, type, protocol));
}

static bool
is_child(void)
{
	return (first_process != 0 && getpid() != first_process);
}

static int
first_close_ends(int fd)
{
	if (is_tcp(fd) && has_peer(fd))
		real.shutdown(fd, SHUT_WR);
	return (real.close(fd));
}
DEFECT(tcp-fork-first-close-ends, .close = first_close_ends);

static int
listener_dies(int fd)
{
	if (is_tcp(fd) && !has_peer(fd))
		real.shutdown(fd, SHUT_RDWR);
	return (real.close(fd));
}
DEFECT(tcp-fork-first-close-ends-the-listening, .close = listener_dies);

static int
shutdown_of_childs_copy(int fd, int how)
{
	return (is_child() && is_tcp(fd) ? 0 : real.shutdown(fd, how));
}
DEFECT(tcp-fork-shutdown-is-for-the-caller, .socket = socket_noted,
    .shutdown = shutdown_of_childs_copy);

static int
shutdown_as_both(int fd, int how)
{
	return (real.shutdown(fd, is_child() && is_tcp(fd) ? SHUT_RDWR : how));
}
DEFECT(tcp-fork-shutdown-is-for-both-ways, .socket = socket_noted, .shutdown = shutdown_as_both);

static ssize_t
childs_words_lost(int fd, const void *buffer, size_t size)
{
	return (is_child() && is_tcp(fd) ? (ssize_t)size : real.write(fd, buffer, size));
}
DEFECT(tcp-fork-child-writes-to-a-copy, .socket = socket_noted, .write = childs_words_lost);

static int
childs_option_lost(int fd, int level, int name, const void *value, socklen_t size)
{
	return (is_child() && level == IPPROTO_TCP && is_tcp(fd)
		? 0
		: real.setsockopt(fd, level, name, value, size));
}
DEFECT(tcp-fork-options-of-a-copy, .socket = socket_noted, .setsockopt = childs_option_lost);

/* Each process has a queue of its own, or so it seems now and then. */
static ssize_t
byte_stays(int fd, void *buffer, size_t size)
{
	static int count;

	if (is_child() && is_tcp(fd) && ++count % 20 == 0)
		return (real.recv(fd, buffer, size, MSG_PEEK));
	return (real.read(fd, buffer, size));
}
DEFECT(tcp-fork-byte-goes-to-both, .socket = socket_noted, .read = byte_stays);

static ssize_t
byte_is_lost(int fd, void *buffer, size_t size)
{
	static int count;

	if (is_child() && is_tcp(fd) && ++count % 20 == 0)
		real.recv(fd, buffer, 1, MSG_DONTWAIT);
	return (real.read(fd, buffer, size));
}
DEFECT(tcp-fork-byte-is-lost-between-readers, .socket = socket_noted, .read = byte_is_lost);

/* The answers of two children change places. */
static ssize_t
answers_mixed(int fd, void *buffer, size_t size)
{
	ssize_t n = real.read(fd, buffer, size);

	if (n == 1 && size == 1 && is_child() && is_tcp(fd) && *(char *)buffer == 'b')
		*(char *)buffer = 'c';
	return (n);
}
DEFECT(tcp-fork-mixes-connections, .socket = socket_noted, .read = answers_mixed);
