#include "socket.h"

#include <netinet/tcp.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"
#include "os.h"
#include "sequence/names.h"
#include "state.h"
#include "trace.h"

#define NAMES(buffer, names, value) pl_name((buffer), sizeof(buffer), &(names), (value))

/* "AF_UNIX, SOCK_STREAM|SOCK_NONBLOCK, 0" */
static char *
protocol_text(char *text, size_t size, int domain, int type, int protocol)
{
	char d[24], t[64];

	snprintf(text, size, "%s, %s, %d", NAMES(d, pl_names_domain, domain),
	    NAMES(t, pl_names_socket_type, type), protocol);
	return (text);
}

/* The process is in the network where its Internet sockets belong. */
static bool is_settled;

/*
 * Some addresses are the kernel's choice: an unbound socket that sends or listens
 * is bound to the wildcard.  So that nobody else can reach it, the super-user's
 * cases move to a network of their own before their first Internet socket.  Where
 * that is dear (FreeBSD: a jail), or not allowed, they stay where they are.
 */
static void
stay_inside(int domain)
{
	if (is_settled || (domain != AF_INET && domain != AF_INET6))
		return;
	is_settled = true;
	if (geteuid() == 0 && pl_os.private_network_is_cheap && pl_os_private_network() != 0)
		pl_note("no private network can be had");
}

struct pl_outcome
sys_socket(int domain, int type, int protocol)
{
	char text[128];
	int made;

	stay_inside(domain);
	pl_trace_begin(-1, "socket(%s)", protocol_text(text, sizeof(text), domain, type, protocol));
	made = socket(domain, type, protocol);
	return (pl_trace_end_making(made, &made, 1, 's'));
}

struct pl_outcome
sys_socketpair(int domain, int type, int protocol, int fd[2])
{
	char text[128];

	pl_trace_begin(
	    -1, "socketpair(%s)", protocol_text(text, sizeof(text), domain, type, protocol));
	return (pl_trace_end_making(socketpair(domain, type, protocol, fd), fd, 2, 's'));
}

static const char *
text_of(char *text, size_t size, const struct pl_address *a)
{
	return (pl_address_text(text, size, a != NULL ? &a->any : NULL, a != NULL ? a->length : 0));
}

/* A path that a bind made is removed at the end. */
static void
remove_name_at_end(const struct pl_address *a)
{
	char path[sizeof(a->un.sun_path) + 1] = "";
	size_t size = a->length - offsetof(struct sockaddr_un, sun_path);

	if (a->any.sa_family != AF_UNIX || a->length <= offsetof(struct sockaddr_un, sun_path))
		return;
	memcpy(path, a->un.sun_path, size < sizeof(path) ? size : sizeof(path) - 1);
	if (path[0] != '\0')
		pl_remove_at_end(path);
}

struct pl_outcome
sys_bind(int fd, const struct pl_address *a)
{
	char text[160];
	struct pl_outcome o;

	pl_trace_begin(fd, "bind(%s, %s)", pl_slot(fd), text_of(text, sizeof(text), a));
	o = pl_trace_end(bind(fd, &a->any, a->length));
	if (o.error == 0)
		remove_name_at_end(a);
	return (o);
}

struct pl_outcome
sys_connect(int fd, const struct pl_address *a)
{
	char text[160];

	pl_trace_begin(fd, "connect(%s, %s)", pl_slot(fd), text_of(text, sizeof(text), a));
	return (pl_trace_end(connect(fd, &a->any, a->length)));
}

struct pl_outcome
sys_listen(int fd, int backlog)
{
	pl_trace_begin(fd, "listen(%s, %d)", pl_slot(fd), backlog);
	return (pl_trace_end(listen(fd, backlog)));
}

/* Room for an address of any family, for a call that fills it in. */
static struct sockaddr *
room(struct pl_address *a, socklen_t **length)
{
	*length = NULL;
	if (a == NULL)
		return (NULL);
	memset(a, 0, sizeof(*a));
	a->length = sizeof(a->bytes);
	*length = &a->length;
	return (&a->any);
}

struct pl_outcome
sys_accept(int fd, struct pl_address *a)
{
	socklen_t *length;
	struct sockaddr *sa = room(a, &length);
	int made;

	pl_trace_begin(fd, "accept(%s)", pl_slot(fd));
	made = accept(fd, sa, length);
	return (pl_trace_end_making(made, &made, 1, 's'));
}

struct pl_outcome
sys_accept4(int fd, struct pl_address *a, int flags)
{
	socklen_t *length;
	struct sockaddr *sa = room(a, &length);
	char text[64];
	int made;

	pl_trace_begin(
	    fd, "accept4(%s, %s)", pl_slot(fd), NAMES(text, pl_names_socket_type, flags));
	made = accept4(fd, sa, length, flags);
	return (pl_trace_end_making(made, &made, 1, 's'));
}

struct pl_outcome
sys_getsockname(int fd, struct pl_address *a)
{
	socklen_t *length;
	struct sockaddr *sa = room(a, &length);
	char text[160];
	long value;

	pl_trace_begin(fd, "getsockname(%s)", pl_slot(fd));
	value = getsockname(fd, sa, length);
	return (
	    pl_trace_end_detail(value, " {%s}", value == 0 ? text_of(text, sizeof(text), a) : ""));
}

struct pl_outcome
sys_getpeername(int fd, struct pl_address *a)
{
	socklen_t *length;
	struct sockaddr *sa = room(a, &length);
	char text[160];
	long value;

	pl_trace_begin(fd, "getpeername(%s)", pl_slot(fd));
	value = getpeername(fd, sa, length);
	return (
	    pl_trace_end_detail(value, " {%s}", value == 0 ? text_of(text, sizeof(text), a) : ""));
}

struct pl_outcome
sys_shutdown(int fd, int how)
{
	char text[24];

	pl_trace_begin(fd, "shutdown(%s, %s)", pl_slot(fd), NAMES(text, pl_names_shutdown, how));
	return (pl_trace_end(shutdown(fd, how)));
}

struct pl_outcome
sys_sockatmark(int fd)
{
	pl_trace_begin(fd, "sockatmark(%s)", pl_slot(fd));
	return (pl_trace_end(sockatmark(fd)));
}

/* Transfer */

struct pl_outcome
sys_send(int fd, const void *buffer, size_t size, int flags)
{
	char text[96];

	pl_trace_begin(
	    fd, "send(%s, %zu, %s)", pl_slot(fd), size, NAMES(text, pl_names_message, flags));
	return (pl_trace_end(send(fd, buffer, size, flags)));
}

struct pl_outcome
sys_sendto(int fd, const void *buffer, size_t size, int flags, const struct pl_address *a)
{
	char text[96], address[160];

	pl_trace_begin(fd, "sendto(%s, %zu, %s, %s)", pl_slot(fd), size,
	    NAMES(text, pl_names_message, flags), text_of(address, sizeof(address), a));
	return (pl_trace_end(sendto(
	    fd, buffer, size, flags, a != NULL ? &a->any : NULL, a != NULL ? a->length : 0)));
}

/* "[3, 4], control 24" */
static char *
message_text(char *text, size_t size, const struct msghdr *m)
{
	size_t used = (size_t)snprintf(text, size, "[");

	for (size_t i = 0; i < (size_t)m->msg_iovlen && i < 8 && used < size; i++)
		used += (size_t)snprintf(
		    text + used, size - used, "%s%zu", i > 0 ? ", " : "", m->msg_iov[i].iov_len);
	if (used < size)
		used += (size_t)snprintf(text + used, size - used, "]");
	if (m->msg_controllen > 0 && used < size)
		snprintf(text + used, size - used, ", control %zu", (size_t)m->msg_controllen);
	return (text);
}

struct pl_outcome
sys_sendmsg(int fd, const struct msghdr *m, int flags)
{
	char text[96], message[96];

	pl_trace_begin(fd, "sendmsg(%s, %s, %s)", pl_slot(fd),
	    message_text(message, sizeof(message), m), NAMES(text, pl_names_message, flags));
	return (pl_trace_end(sendmsg(fd, m, flags)));
}

struct pl_outcome
sys_recv(int fd, void *buffer, size_t size, int flags)
{
	char text[96];

	pl_trace_begin(
	    fd, "recv(%s, %zu, %s)", pl_slot(fd), size, NAMES(text, pl_names_message, flags));
	return (pl_trace_end(recv(fd, buffer, size, flags)));
}

struct pl_outcome
sys_recvfrom(int fd, void *buffer, size_t size, int flags, struct pl_address *a)
{
	socklen_t *length;
	struct sockaddr *sa = room(a, &length);
	char text[96], address[160];
	long value;

	pl_trace_begin(
	    fd, "recvfrom(%s, %zu, %s)", pl_slot(fd), size, NAMES(text, pl_names_message, flags));
	value = recvfrom(fd, buffer, size, flags, sa, length);
	return (pl_trace_end_detail(
	    value, " {%s}", value != -1 ? text_of(address, sizeof(address), a) : ""));
}

struct pl_outcome
sys_recvmsg(int fd, struct msghdr *m, int flags)
{
	char text[96], message[96], got[96];
	long value;

	pl_trace_begin(fd, "recvmsg(%s, %s, %s)", pl_slot(fd),
	    message_text(message, sizeof(message), m), NAMES(text, pl_names_message, flags));
	value = recvmsg(fd, m, flags);
	return (pl_trace_end_detail(value, " {%s, control %zu}",
	    value != -1 ? NAMES(got, pl_names_message, m->msg_flags) : "",
	    value != -1 ? (size_t)m->msg_controllen : 0));
}

struct pl_outcome
sys_sendmmsg(int fd, struct mmsghdr *m, unsigned count, int flags)
{
	char text[96];

	pl_trace_begin(fd, "sendmmsg(%s, %u messages, %s)", pl_slot(fd), count,
	    NAMES(text, pl_names_message, flags));
	return (pl_trace_end(sendmmsg(fd, m, count, flags)));
}

struct pl_outcome
sys_recvmmsg(int fd, struct mmsghdr *m, unsigned count, int flags, struct timespec *timeout)
{
	char text[96], limit[48] = "NULL";

	if (timeout != NULL)
		snprintf(limit, sizeof(limit), "{%jd, %ld}", (intmax_t)timeout->tv_sec,
		    timeout->tv_nsec);
	pl_trace_begin(fd, "recvmmsg(%s, %u messages, %s, %s)", pl_slot(fd), count,
	    NAMES(text, pl_names_message, flags), limit);
	return (pl_trace_end(recvmmsg(fd, m, count, flags, timeout)));
}

struct pl_outcome
sys_receive(int fd, void *buffer, size_t size, int flags, int *got)
{
	struct iovec v = { .iov_base = buffer, .iov_len = size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct pl_outcome o = sys_recvmsg(fd, &m, flags);

	*got = o.error == 0 ? m.msg_flags : 0;
	return (o);
}

struct pl_outcome
pl_message_flags(int got, int mask)
{
	return (pl_value(got & mask, &pl_names_message, "msg_flags"));
}

/* Options */

static void
begin_option(const char *call, int fd, int level, int name, const char *value)
{
	char l[24], n[32];

	NAMES(l, pl_names_level, level);
	if (level == SOL_SOCKET)
		NAMES(n, pl_names_option, name);
	else if (level == IPPROTO_TCP)
		NAMES(n, pl_names_tcp_option, name);
	else if (level == IPPROTO_IP)
		NAMES(n, pl_names_ip_option, name);
	else if (level == IPPROTO_IPV6)
		NAMES(n, pl_names_ipv6_option, name);
	else
		snprintf(n, sizeof(n), "%d", name);
	pl_trace_begin(
	    fd, "%s(%s, %s, %s%s%s)", call, pl_slot(fd), l, n, value[0] != '\0' ? ", " : "", value);
}

struct pl_outcome
sys_setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	char text[24];

	snprintf(text, sizeof(text), "%u bytes", (unsigned)length);
	begin_option("setsockopt", fd, level, name, text);
	return (pl_trace_end(setsockopt(fd, level, name, value, length)));
}

struct pl_outcome
sys_getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
	char text[24];
	long result;

	snprintf(text, sizeof(text), "%u bytes", (unsigned)*length);
	begin_option("getsockopt", fd, level, name, text);
	result = getsockopt(fd, level, name, value, length);
	return (pl_trace_end_detail(result, " {%u bytes}", (unsigned)*length));
}

struct pl_outcome
sys_set_option(int fd, int level, int name, int value)
{
	char text[24];

	snprintf(text, sizeof(text), "%d", value);
	begin_option("setsockopt", fd, level, name, text);
	return (pl_trace_end(setsockopt(fd, level, name, &value, sizeof(value))));
}

struct pl_outcome
sys_get_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t length = sizeof(value);
	struct pl_outcome o;

	begin_option("getsockopt", fd, level, name, "");
	if (getsockopt(fd, level, name, &value, &length) == -1)
		return (pl_trace_end(-1));
	/* The value stands where the result does; -1 would read as a failure. */
	o = pl_trace_end_value(value);
	return (o);
}

static const struct pl_name tcp_states[] = {
	{ PL_TCP_CLOSED, "CLOSED" },
	{ PL_TCP_LISTEN, "LISTEN" },
	{ PL_TCP_SYN_SENT, "SYN_SENT" },
	{ PL_TCP_SYN_RECEIVED, "SYN_RECEIVED" },
	{ PL_TCP_ESTABLISHED, "ESTABLISHED" },
	{ PL_TCP_FIN_WAIT_1, "FIN_WAIT_1" },
	{ PL_TCP_FIN_WAIT_2, "FIN_WAIT_2" },
	{ PL_TCP_CLOSE_WAIT, "CLOSE_WAIT" },
	{ PL_TCP_CLOSING, "CLOSING" },
	{ PL_TCP_LAST_ACK, "LAST_ACK" },
	{ PL_TCP_TIME_WAIT, "TIME_WAIT" },
	{ 0, NULL },
};
static const struct pl_names tcp_state_names = { .table = tcp_states };

struct pl_outcome
sys_tcp_state(int fd)
{
	unsigned char number = 0; /* the first member of struct tcp_info */
	socklen_t length = sizeof(number);
	struct pl_outcome o;
	char text[24];
	int state;

	begin_option("getsockopt", fd, IPPROTO_TCP, TCP_INFO, "");
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &number, &length) == -1)
		return (pl_trace_end(-1));
	state = pl_os_tcp_state(number);
	o = pl_trace_end_detail(0, " {%s}", NAMES(text, tcp_state_names, state));
	o.value = state;
	o.names = &tcp_state_names;
	return (o);
}

struct pl_outcome
sys_set_linger(int fd, int l_onoff, int l_linger)
{
	const struct linger l = { .l_onoff = l_onoff, .l_linger = l_linger };

	pl_note("struct linger {%d, %d}", l_onoff, l_linger);
	return (sys_setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
}

/* Set-up */

int
pl_socket(int domain, int type)
{
	return ((int)pl_must_(NULL, 0, sys_socket(domain, type, 0)));
}

void
pl_socketpair(int domain, int type, int fd[2])
{
	pl_must_(NULL, 0, sys_socketpair(domain, type, 0, fd));
}

void
pl_bind(int fd, const struct pl_address *a)
{
	pl_must_(NULL, 0, sys_bind(fd, a));
}

void
pl_connect(int fd, const struct pl_address *a)
{
	pl_must_(NULL, 0, sys_connect(fd, a));
}

void
pl_listen(int fd, int backlog)
{
	pl_must_(NULL, 0, sys_listen(fd, backlog));
}

int
pl_accept(int fd)
{
	return ((int)pl_must_(NULL, 0, sys_accept(fd, NULL)));
}

void
pl_shutdown(int fd, int how)
{
	pl_must_(NULL, 0, sys_shutdown(fd, how));
}

void
pl_set_option(int fd, int level, int name, int value)
{
	pl_must_(NULL, 0, sys_set_option(fd, level, name, value));
}

int
pl_get_option(int fd, int level, int name)
{
	return ((int)pl_must_(NULL, 0, sys_get_option(fd, level, name)));
}

struct pl_address
pl_sockname(int fd)
{
	struct pl_address a;

	pl_must_(NULL, 0, sys_getsockname(fd, &a));
	return (a);
}

struct pl_address
pl_peername(int fd)
{
	struct pl_address a;

	pl_must_(NULL, 0, sys_getpeername(fd, &a));
	return (a);
}

int
pl_bound_unix(int type, const char *path)
{
	struct pl_address a = pl_unix_address(path);
	int fd = pl_socket(AF_UNIX, type);

	pl_bind(fd, &a);
	return (fd);
}

int
pl_bound_inet(int domain, int type, struct pl_address *name)
{
	struct pl_address a = domain == AF_INET ? pl_inet_address(0) : pl_inet6_address(0);
	int fd = pl_socket(domain, type);

	pl_bind(fd, &a);
	*name = pl_sockname(fd);
	return (fd);
}

int
pl_bound_anywhere(int domain, int type, struct pl_address *name)
{
	struct pl_address any = pl_wildcard_address(domain, 0);
	int fd = pl_socket(domain, type);

	pl_bind(fd, &any);
	*name = pl_sockname(fd);
	return (fd);
}

int
pl_refusing_udp(struct pl_address *name)
{
	int fd = pl_bound_inet(AF_INET, SOCK_DGRAM, name);

	pl_connect(fd, name);
	return (fd);
}

void
pl_await_delivery(int sender)
{
	struct pl_address own = pl_sockname(sender), name = pl_inet_address(0);
	int witness = pl_socket(own.any.sa_family, SOCK_DGRAM);

	if (own.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&own.in6.sin6_addr)) {
		pl_set_option(witness, IPPROTO_IPV6, IPV6_V6ONLY, 0);
		name = pl_mapped_address(0);
	} else if (own.any.sa_family == AF_INET6) {
		name = pl_inet6_address(0);
	}
	pl_bind(witness, &name);
	name = pl_sockname(witness);
	pl_must(sys_sendto(sender, "behind", 6, 0, &name));
	pl_await_events(witness, POLLIN);
	pl_close(witness);
}

void
pl_need_inet6(void)
{
	struct pl_address a = pl_inet6_address(0);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool works = fd != -1 && bind(fd, &a.any, a.length) == 0;

	if (fd != -1)
		close(fd);
	if (!works)
		pl_not_tested("IPv6 is off here");
}

void
pl_need_private_network(void)
{
	if (pl_os_private_network() != 0)
		pl_not_tested("no private network can be had: %s", strerror(errno));
	is_settled = true;
	pl_note("in a private network");
}

void
pl_need_second_host(void)
{
	if (pl_os_add_loopback_host(INADDR_LOOPBACK + 1) != 0)
		pl_not_tested("127.0.0.2 cannot be made this host: %s", strerror(errno));
}

struct private_work {
	pl_peer_function *function;
	void *argument;
};

static struct pl_outcome
work_in_private(void *work)
{
	const struct private_work *w = work;

	pl_need_private_network();
	return (w->function(w->argument));
}

void
pl_in_private_network(pl_peer_function *function, void *argument)
{
	struct private_work work = { function, argument };

	pl_in_child(work_in_private, &work);
}
