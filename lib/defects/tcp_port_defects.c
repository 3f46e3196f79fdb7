/*
 * Kernels that are wrong about TCP ports: who holds one, who may share it, who
 * gets the clients, and how long it rests.
 */

#include "naming_defects.h"

#include "defects.h"
#include "tcp_defects.h"

#include <unistd.h>

/* The port of a name, as it is stored; of a socket; of its peer.  0 if there is none. */
static in_port_t
port_in(const struct sockaddr *name)
{
	return (((const struct sockaddr_in *)(const void *)name)->sin_port);
}

static in_port_t
port_of(int fd)
{
	struct sockaddr_storage name = { 0 };
	socklen_t size = sizeof(name);
	int error = errno;

	real.getsockname(fd, (struct sockaddr *)&name, &size);
	errno = error;
	return (port_in((struct sockaddr *)&name));
}

static in_port_t
port_of_peer(int fd)
{
	struct sockaddr_storage name = { 0 };
	socklen_t size = sizeof(name);
	int error = errno;

	real.getpeername(fd, (struct sockaddr *)&name, &size);
	errno = error;
	return (port_in((struct sockaddr *)&name));
}

static bool
is_wildcard(const struct sockaddr *name)
{
	if (name->sa_family == AF_INET)
		return (((const struct sockaddr_in *)(const void *)name)->sin_addr.s_addr == 0);
	return (
	    IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)(const void *)name)->sin6_addr));
}

static bool
has(int fd, int option)
{
	int error = errno;
	bool answer = option_of(fd, option) != 0;

	errno = error;
	return (answer);
}

/* Is it about to be bound to a port that its program names? */
static bool
names_port(int fd, const struct sockaddr *name)
{
	return (is_tcp(fd) && port_in(name) != 0);
}

/* Ports that something is remembered of. */
struct ports {
	in_port_t port[256];
	int count;
};

static void
note(struct ports *p, in_port_t port)
{
	if (port != 0 && p->count < 256)
		p->port[p->count++] = port;
}

static bool
is_noted(const struct ports *p, in_port_t port)
{
	for (int i = 0; i < p->count; i++)
		if (p->port[i] == port)
			return (true);
	return (false);
}

/* The kernel's choice */

static int
same_port_again(int fd, const struct sockaddr *name, socklen_t size)
{
	static struct sockaddr_storage last;
	int result, on = 1;

	if (!is_tcp(fd) || port_in(name) != 0)
		return (real.bind(fd, name, size));
	real.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (last.ss_family == name->sa_family && real.bind(fd, (struct sockaddr *)&last, size) == 0)
		return (0);
	result = real.bind(fd, name, size);
	real.getsockname(fd, (struct sockaddr *)&last, &size);
	return (result);
}
DEFECT(tcp-port-is-chosen-twice, .bind = same_port_again);

static int
port_not_told(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result == 0 && is_tcp(fd))
		((struct sockaddr_in *)(void *)name)->sin_port = 0;
	return (result);
}
DEFECT(tcp-chosen-port-is-not-told, .getsockname = port_not_told);

static int
host_forgotten(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.getsockname(fd, name, size);

	if (result != 0 || !is_tcp(fd))
		return (result);
	if (name->sa_family == AF_INET)
		((struct sockaddr_in *)(void *)name)->sin_addr.s_addr = 0;
	else
		((struct sockaddr_in6 *)(void *)name)->sin6_addr = in6addr_any;
	return (0);
}
DEFECT(tcp-port-zero-forgets-the-host, .getsockname = host_forgotten);

/* Listeners and connections that hold a port */

static struct ports resting;

/* A bind without SO_REUSEADDR to a port that rests, or with it as well. */
static int
bind_plainly(int fd, const struct sockaddr *name, socklen_t size)
{
	if (names_port(fd, name) && !has(fd, SO_REUSEADDR) && is_noted(&resting, port_in(name)))
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}

static int
listener_rests(int fd)
{
	if (is_tcp_listener(fd))
		note(&resting, port_of(fd));
	return (real.close(fd));
}
DEFECT(tcp-closed-listener-rests, .close = listener_rests, .bind = bind_plainly);

static int
never_in_use(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (names_port(fd, name) ? tolerated(result, EADDRINUSE) : result);
}
DEFECT(tcp-bind-overlooks-connections, .bind = never_in_use);

static int
reuse_means_nothing(int fd, const struct sockaddr *name, socklen_t size)
{
	if (names_port(fd, name) && has(fd, SO_REUSEADDR) && !has(fd, SO_REUSEPORT))
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(tcp-reuseaddr-without-effect, .bind = reuse_means_nothing);

static struct ports of_closed;

static int
close_noted(int fd)
{
	if (is_tcp_listener(fd))
		note(&of_closed, port_of(fd));
	return (real.close(fd));
}

static int
restarted_is_deaf(int fd, int backlog)
{
	if (is_tcp(fd) && is_noted(&of_closed, port_of(fd)))
		return (0);
	return (real.listen(fd, backlog));
}
DEFECT(tcp-restarted-listener-is-deaf, .close = close_noted, .listen = restarted_is_deaf);

static int
listens_beside(int fd, int backlog)
{
	int result = real.listen(fd, backlog);

	return (is_tcp(fd) ? tolerated(result, EADDRINUSE) : result);
}
DEFECT(tcp-second-listener-is-let-in, .listen = listens_beside);

static int
name_dies_with_the_first(int fd)
{
	if (is_tcp_listener(fd) && has(fd, SO_REUSEADDR))
		note(&resting, port_of(fd));
	return (real.close(fd));
}

static int
no_second_chance(int fd, int backlog)
{
	if (is_tcp(fd) && is_noted(&resting, port_of(fd)))
		return (failure(EADDRINUSE));
	return (real.listen(fd, backlog));
}
DEFECT(tcp-other-holder-never-listens, .close = name_dies_with_the_first,
    .listen = no_second_chance);

/* Those who share one */

static struct ports wildcards;

static int
note_wildcard(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	if (result == 0 && is_tcp(fd) && is_wildcard(name))
		note(&wildcards, port_of(fd));
	return (result);
}

static int
first_match(int fd, int backlog)
{
	struct sockaddr_storage name = { 0 };
	socklen_t size = sizeof(name);

	if (!is_tcp(fd))
		return (real.listen(fd, backlog));
	real.getsockname(fd, (struct sockaddr *)&name, &size);
	if (!is_wildcard((struct sockaddr *)&name) && is_noted(&wildcards, port_of(fd)))
		return (0);
	return (real.listen(fd, backlog));
}
DEFECT(tcp-wildcard-listener-comes-first, .bind = note_wildcard, .listen = first_match);

static int
seventh_dropped(int fd, struct sockaddr *name, socklen_t *size)
{
	static int count;
	int result = real.accept(fd, name, size);

	if (result == -1 || !is_tcp(fd) || !has(fd, SO_REUSEPORT) || ++count % 7 != 0)
		return (result);
	real.close(result);
	return (real.accept(fd, name, size));
}
DEFECT(tcp-group-loses-a-client, .accept = seventh_dropped);

static struct ports groups;

static int
first_member_only(int fd, int backlog)
{
	if (!is_tcp(fd) || !has(fd, SO_REUSEPORT))
		return (real.listen(fd, backlog));
	if (is_noted(&groups, port_of(fd)))
		return (0);
	note(&groups, port_of(fd));
	return (real.listen(fd, backlog));
}

static int
others_have_none(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	return (is_tcp(fd) && has(fd, SO_REUSEPORT) ? renamed(result, EINVAL, EAGAIN) : result);
}
DEFECT(tcp-group-is-one-member, .listen = first_member_only, .accept = others_have_none);

static int last_member = -1;

static int
note_member(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	if (result == 0 && is_tcp(fd) && has(fd, SO_REUSEPORT))
		last_member = fd;
	return (result);
}

static int
last_member_answers(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_tcp(fd) && is_tcp(last_member) && port_of(last_member) == port_in(name) &&
	    !is_tcp_listener(last_member))
		return (failure(ECONNREFUSED));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-group-asks-who-was-bound-last, .bind = note_member, .connect = last_member_answers);

static int
owner_alone(int fd, const struct sockaddr *name, socklen_t size)
{
	if (names_port(fd, name) && has(fd, SO_REUSEADDR) && geteuid() != getuid())
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(tcp-reuseaddr-is-for-one-user, .bind = owner_alone);

static int
reuse_is_permission(int fd, const struct sockaddr *name, socklen_t size)
{
	int result = real.bind(fd, name, size);

	return (
	    names_port(fd, name) && has(fd, SO_REUSEADDR) ? tolerated(result, EADDRINUSE) : result);
}
DEFECT(tcp-reuseaddr-ignores-the-other-socket, .bind = reuse_is_permission);

/* Rest */

static int
second_rests(int fd)
{
	if (is_tcp(fd) && has_ended(fd))
		note(&resting, port_of(fd));
	return (real.close(fd));
}
DEFECT(tcp-both-ends-rest, .close = second_rests, .bind = bind_plainly);

static int
abort_rests(int fd)
{
	struct linger l = { 0 };
	socklen_t size = sizeof(l);

	if (is_tcp(fd) && real.getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &size) == 0 &&
	    l.l_onoff != 0 && l.l_linger == 0)
		note(&resting, port_of(fd));
	return (real.close(fd));
}
DEFECT(tcp-aborted-end-rests, .close = abort_rests, .bind = bind_plainly);

static int
abort_forgotten(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct linger *l = value;

	if (is_tcp(fd) && level == SOL_SOCKET && name == SO_LINGER && l->l_linger == 0)
		return (0);
	return (real.setsockopt(fd, level, name, value, size));
}
DEFECT(tcp-abort-ends-in-order, .setsockopt = abort_forgotten);

/* Ports of connections that are over. */
static struct ports earlier;

static int
connection_noted(int fd)
{
	if (is_tcp(fd) && port_of_peer(fd) != 0)
		note(&earlier, port_of(fd));
	return (real.close(fd));
}

static int
earlier_refused(int fd, const struct sockaddr *name, socklen_t size)
{
	if (is_tcp(fd) && port_of(fd) != port_in(name) && is_noted(&earlier, port_of(fd)))
		return (failure(ETIMEDOUT));
	return (real.connect(fd, name, size));
}
DEFECT(tcp-rest-refuses-the-old-client, .close = connection_noted, .connect = earlier_refused);

static int
earlier_is_dead(int fd, struct sockaddr *name, socklen_t *size)
{
	int result = real.accept(fd, name, size);

	if (result != -1 && is_tcp(fd) && is_noted(&earlier, port_of_peer(result)))
		real.shutdown(result, SHUT_RDWR);
	return (result);
}
DEFECT(tcp-rest-swallows-the-new-connection, .close = connection_noted, .accept = earlier_is_dead);

static int
rest_needs_more(int fd, const struct sockaddr *name, socklen_t size)
{
	if (names_port(fd, name) && is_noted(&earlier, port_in(name)))
		return (failure(EADDRINUSE));
	return (real.bind(fd, name, size));
}
DEFECT(tcp-rest-cannot-be-overridden, .close = connection_noted, .bind = rest_needs_more);
