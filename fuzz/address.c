/*
 * Arbitrary addresses, of any length, to bind, connect and sendto; and back through
 * getsockname, getpeername, accept and recvfrom.
 *
 * An input is the kind of the socket and then steps: what to do, how much room the
 * name is asked back with, and an address.  Addresses are changed so that nothing
 * leaves loopback and the work directory: see tame().
 *
 * The oracle, for each step:
 *
 *  - A call that fails does so with an error that its page lists.  A failed bind
 *    leaves the socket with the name it had (POSIX XSH 2.3), a failed sendto
 *    also leaves its peer.
 *  - A socket has one name: once it has one, bind fails (bind(2) EINVAL).
 *  - What bind takes is told by getsockname: the family of the socket; host and
 *    port as given, with a port of the kernel's choice for port 0 (ip(7), ip(4));
 *    the path up to its NUL, and it is a socket in the file system (unix(7), unix(4));
 *    an abstract name to the byte, a name of five digits for none (unix(7)).
 *  - Whom connect takes is told by getpeername; an address of AF_UNSPEC takes the
 *    peer away (connect(2)).  Who has none gets ENOTCONN (getpeername(2)).
 *  - Who sends or connects over IP has a port from then on (ip(7), udp(4)).
 *  - A name is cut to the room that is given, never written beyond it, and its length
 *    told: in full, or of the part (getsockname(2)).
 *  - The name that is told can be used: a client finds the socket under it, and both
 *    are told the same names by getsockname, getpeername, accept and recvfrom.
 *  - No descriptor and no file is left.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feedback.h"
#include "os.h"
#include "sockets.h"
#include "target.h"

#define STEPS 12
#define PATH_AT offsetof(struct sockaddr_un, sun_path)
#define FAMILY_END (offsetof(struct sockaddr, sa_family) + sizeof(sa_family_t))

/* An address, and the length that is passed along or was told. */
struct name {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		unsigned char bytes[256];
	};
	socklen_t length;
};

enum call { BIND, CONNECT, SENDTO, VISIT, BIND_CLIENT, ASK, CALLS };

/* What one input works on. */
struct world {
	enum socket_kind kind;
	int domain, type;
	int socket, client; /* client: -1 if there is none yet */
	bool listens;
	/* It has, or had, a peer; and POSIX connect(): a failure leaves its state unspecified. */
	bool unsure;
	bool had_peer; /* or has been told to forget one */
	unsigned room; /* that names are asked back with, too */
	unsigned visits;
	int files;
	char file[STEPS][sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
};

/* What a kernel does otherwise than documented, found by this target and passed over since. */
enum known {
	NAME_CHOSEN_AGAIN,
	PEER_OF_PORT_ZERO,
	PEER_OF_IPV4,
	PEER_REMEMBERED,
	PORT_GIVEN_UP,
	CONNECTED_TWICE,
	SENDER_WITHOUT_FAMILY
};
static const struct {
	enum pl_profile os;
	const char *what;
} known[] = {
	[NAME_CHOSEN_AGAIN] = { PL_PROFILE_LINUX,
	    "bind(2) EINVAL: a UNIX domain socket that has a name and is to get a chosen one is "
	    "told 0; it keeps its name (unix_autobind())" },
	[PEER_OF_PORT_ZERO] = { PL_PROFILE_LINUX,
	    "getpeername(2): a UDP socket that connect took to port 0 is told ENOTCONN "
	    "(inet_getname() asks for the port)" },
	[PEER_OF_IPV4] = { PL_PROFILE_LINUX,
	    "connect(2) EAFNOSUPPORT: an IPv6 UDP socket takes an IPv4 address, and tells it as "
	    "a mapped one (ip6_datagram_connect())" },
	[PEER_REMEMBERED] = { PL_PROFILE_LINUX,
	    "connect(2) (dissolve): an IPv6 UDP socket that had a peer hears nobody of another "
	    "host "
	    "(__udp_disconnect() leaves sk_v6_daddr)" },
	[PORT_GIVEN_UP] = { PL_PROFILE_LINUX,
	    "getsockname(2): a TCP socket with a port of the kernel's choice tells it after "
	    "connect failed or was dissolved, but has given it up: bind and listen find another "
	    "(tcp_set_state())" },
	[CONNECTED_TWICE] = { PL_PROFILE_LINUX,
	    "connect(2) EISCONN: the call after a non-blocking one that went on is told 0, "
	    "whatever "
	    "its address; the peer stays (__inet_stream_connect())" },
	[SENDER_WITHOUT_FAMILY] = { PL_PROFILE_LINUX,
	    "unix(7): an unnamed address has the length of its family; that of a sender has 0 "
	    "(unix_copy_addr())" },
};

static bool
is_known(enum known k)
{
	return (known[k].what != NULL && known[k].os == pl_os.profile);
}

/* The directory that UNIX domain names are in, and the one we come from. */
static int inside = -1, outside = -1;
static char directory[1024];

static void
remove_directory(void)
{
	rmdir(directory);
}

static void
prepare(void)
{
	const char *folder = getenv("TMPDIR");

	sockets_prepare();
	outside = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(directory, sizeof(directory), "%s/plumbline-address.XXXXXX",
	    folder != NULL ? folder : "/tmp");
	fuzz_setup(mkdtemp(directory) != NULL, "mkdtemp");
	inside = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(remove_directory);
}

/* An engine finds its way only from outside. */
#define require(condition, ...)                                         \
	do {                                                            \
		if (!(condition)) {                                     \
			fuzz_setup(fchdir(outside) == 0, "fchdir");     \
			fuzz_violated(__FILE__, __LINE__, __VA_ARGS__); \
		}                                                       \
	} while (0)

/* Addresses that stay inside */

/* An IPv4 host: one of 127/8, or any host where that is harmless. */
static void
tame_host(unsigned char *host)
{
	static const unsigned char any[4];

	if (sockets_alone() && memcmp(host, any, sizeof(any)) == 0)
		return;
	host[0] = 127;
	/* The first and the last number are those of broadcasts. */
	if (host[1] == host[2] && host[2] == host[3] && (host[3] == 0 || host[3] == 255))
		host[3] = 1;
}

/* An IPv6 host: ::1, an IPv4 one in 127/8, or any host where that is harmless. */
static void
tame_host6(unsigned char *host)
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff };
	static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT, any = IN6ADDR_ANY_INIT;

	if (memcmp(host, mapped, sizeof(mapped)) == 0)
		tame_host(host + sizeof(mapped));
	else if (!sockets_alone() || memcmp(host, &any, sizeof(any)) != 0)
		memcpy(host, &loopback, sizeof(loopback));
}

/* A path below the work directory; an abstract name is the network's own, or is marked. */
static void
tame_path(char *path, size_t size)
{
	size_t length = strnlen(path, size);

	if (length == 0 && !sockets_alone() && size > 1)
		memcpy(path + 1, "plumbline", size - 1 < 9 ? size - 1 : 9);
	if (length > 0 && path[0] == '/')
		path[0] = '_';
	for (size_t i = 1; i < length; i++)
		if (path[i] == '.' && path[i - 1] == '.')
			path[i] = '_';
}

/* Change the address so that with this socket it reaches nothing but loopback and files of ours. */
static void
tame(const struct world *w, struct name *a)
{
	if (w->domain == AF_UNIX)
		tame_path(a->un.sun_path, sizeof(a->bytes) - PATH_AT);
	else if (w->domain == AF_INET6 && a->any.sa_family == AF_INET6)
		tame_host6(a->in6.sin6_addr.s6_addr);
	else
		tame_host((unsigned char *)&a->in.sin_addr);
}

static void
take_name(struct world *w, struct fuzz_bytes *in, struct name *a)
{
	struct fuzz_bytes part;

	memset(a, 0, sizeof(*a));
	a->length = fuzz_byte(in);
	part = fuzz_part(in, a->length);
	if (part.size > 0)
		memcpy(a->bytes, part.at, part.size);
	tame(w, a);
}

/* What is told */

typedef int asking(int, struct sockaddr *, socklen_t *);

/* Judge a name that was told with some room, which was also told in full. */
static void
judge_part(const struct watched *got, socklen_t length, const struct name *full)
{
	size_t most = full->length < got->room ? full->length : got->room;

	require(watched_whole(got), "a name is written beyond the %zu bytes given", got->room);
	require(length == full->length || length == most,
	    "a name of %u bytes is told to have %u, with room for %zu", (unsigned)full->length,
	    (unsigned)length, got->room);
	require(memcmp(got->bytes, full->bytes, most) == 0, "a cut name differs from the full one");
}

/* Ask for a name with ample room, and with the step's.  False if there is none. */
static bool
ask(const struct world *w, asking *call, int fd, struct name *n)
{
	struct watched got;
	socklen_t length = WATCHED_ROOM;
	int result, negative;

	watched_prepare(&got, WATCHED_ROOM);
	result = call(fd, (struct sockaddr *)got.bytes, &length);
	if (result != 0) {
		require(call == getpeername && errno == ENOTCONN,
		    "a socket's name is refused with errno %d", errno);
		n->length = 0;
		return (false);
	}
	require(watched_whole(&got) && length <= sizeof(n->bytes), "a name has %u bytes",
	    (unsigned)length);
	memset(n->bytes, 0, sizeof(n->bytes));
	memcpy(n->bytes, got.bytes, length);
	n->length = length;
	require(length >= FAMILY_END, "a name has no family");
	require(n->any.sa_family == w->domain, "a name has family %d", n->any.sa_family);

	watched_prepare(&got, w->room);
	length = (socklen_t)got.room;
	result = call(fd, (struct sockaddr *)got.bytes, &length);
	require(result == 0, "a name is refused for its room with errno %d", errno);
	judge_part(&got, length, n);

	/* getsockname(2), getpeername(2): EINVAL for a negative length; FreeBSD takes it. */
	if (w->room == 255) {
		length = (socklen_t)-1;
		negative = call(fd, (struct sockaddr *)got.bytes, &length);
		require(
		    negative == 0 || errno == EINVAL, "a negative length gives errno %d", errno);
	}
	return (true);
}

static bool
same(const struct name *a, const struct name *b)
{
	return (a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* Has it no name at all?  An internet socket has none without a port. */
static bool
is_unnamed(const struct world *w, const struct name *n)
{
	if (w->domain == AF_INET)
		return (n->in.sin_port == 0);
	if (w->domain == AF_INET6)
		return (n->in6.sin6_port == 0);
	/* Only an abstract name may begin with a NUL. */
	return (n->length <= PATH_AT || (!pl_os.has_abstract_names && n->un.sun_path[0] == '\0'));
}

static in_port_t
port_of(const struct name *n)
{
	return (n->any.sa_family == AF_INET ? n->in.sin_port : n->in6.sin6_port);
}

static const struct in6_addr mapped_any = { .s6_addr = { [10] = 0xff, 0xff } };

static bool
is_any_host(const struct name *n)
{
	if (n->any.sa_family == AF_INET)
		return (n->in.sin_addr.s_addr == htonl(INADDR_ANY));
	return (IN6_IS_ADDR_UNSPECIFIED(&n->in6.sin6_addr) ||
	    memcmp(&n->in6.sin6_addr, &mapped_any, sizeof(mapped_any)) == 0);
}

/* The host of an internet name as bytes; gives how many. */
static size_t
host_of(const struct name *n, const void **host)
{
	*host = n->any.sa_family == AF_INET ? (const void *)&n->in.sin_addr
					    : (const void *)&n->in6.sin6_addr;
	return (n->any.sa_family == AF_INET ? sizeof(n->in.sin_addr) : sizeof(n->in6.sin6_addr));
}

static bool
same_host(const struct name *a, const struct name *b)
{
	const void *one, *other;

	return (
	    host_of(a, &one) == host_of(b, &other) && memcmp(one, other, host_of(a, &one)) == 0);
}

/* The same socket: both are told by the kernel, one may say "any host". */
static bool
agree(const struct world *w, const struct name *a, const struct name *b)
{
	if (w->domain == AF_UNIX)
		return (same(a, b));
	return (port_of(a) == port_of(b) && (same_host(a, b) || is_any_host(a) || is_any_host(b)));
}

/* Judge the internet name that is told after this one was asked for. */
static void
judge_inet(const struct world *w, const struct name *asked, const struct name *told)
{
	socklen_t size = w->domain == AF_INET ? sizeof(asked->in) : sizeof(asked->in6);
	/* RFC 2133 had no scope in it, and that form is still taken (ipv6(7)). */
	socklen_t least =
	    w->domain == AF_INET ? size : (socklen_t)offsetof(struct sockaddr_in6, sin6_scope_id);
	static const unsigned char zero[sizeof(told->in.sin_zero)];

	require(asked->length >= least, "an address of %u bytes is taken", (unsigned)asked->length);
	require(told->length == size, "a name has %u bytes", (unsigned)told->length);
	/* inet_bind and in_pcbbind take AF_UNSPEC with any host, for old programs. */
	require(asked->any.sa_family == w->domain ||
		(asked->any.sa_family == AF_UNSPEC && w->domain == AF_INET &&
		    asked->in.sin_addr.s_addr == htonl(INADDR_ANY)),
	    "an address of family %d is taken", asked->any.sa_family);
	require(port_of(told) != 0, "a named socket has no port");
	if (w->domain == AF_INET)
		require(memcmp(told->in.sin_zero, zero, sizeof(zero)) == 0,
		    "the padding of a name is not zero");
}

static in_port_t
asked_port(const struct world *w, const struct name *asked)
{
	return (w->domain == AF_INET ? asked->in.sin_port : asked->in6.sin6_port);
}

static void
judge_bound_inet(const struct world *w, const struct name *asked, const struct name *told)
{
	in_port_t port = asked_port(w, asked);

	judge_inet(w, asked, told);
	require(w->domain == AF_INET
		? asked->in.sin_addr.s_addr == told->in.sin_addr.s_addr
		: IN6_ARE_ADDR_EQUAL(&asked->in6.sin6_addr, &told->in6.sin6_addr),
	    "a socket is bound to another host than asked for");
	require(port == 0 || port == port_of(told), "a socket is bound to port %u, not %u",
	    ntohs(port_of(told)), ntohs(port));
}

/* unix(7): a NUL and five digits of hexadecimal, in small letters. */
static bool
is_chosen(const struct name *n)
{
	if (n->length != PATH_AT + 6 || n->un.sun_path[0] != '\0')
		return (false);
	for (int i = 1; i < 6; i++)
		if (strchr("0123456789abcdef", n->un.sun_path[i]) == NULL ||
		    n->un.sun_path[i] == '\0')
			return (false);
	return (true);
}

static size_t
path_length(const struct name *n)
{
	return (n->length > PATH_AT ? strnlen(n->un.sun_path, n->length - PATH_AT) : 0);
}

/* Judge a UNIX domain name that is told where this one was given. */
static void
judge_unix(const struct name *asked, const struct name *told)
{
	size_t length = path_length(asked);

	require(asked->any.sa_family == AF_UNIX, "an address of family %d is taken",
	    asked->any.sa_family);
	require(asked->length <= sizeof(asked->un), "an address of %u bytes is taken",
	    (unsigned)asked->length);
	if (length == 0) {
		require(pl_os.has_abstract_names, "a path of no bytes is taken");
		require(asked->length == PATH_AT ? is_chosen(told) : same(asked, told),
		    "an abstract name is not told as it was given");
		return;
	}
	require(path_length(told) == length &&
		memcmp(told->un.sun_path, asked->un.sun_path, length) == 0,
	    "a path is not told as it was given");
	/* unix(7): the length counts a NUL behind the path. */
	require(!pl_os.has_abstract_names || told->length == PATH_AT + length + 1,
	    "a path of %zu bytes is told with length %u", length, (unsigned)told->length);
}

/* Note a file to remove; it must be there, and be a socket. */
static void
judge_file(struct world *w, const struct name *asked)
{
	size_t length = path_length(asked);
	char *path = w->file[w->files];
	struct stat st;

	if (length == 0)
		return;
	memcpy(path, asked->un.sun_path, length);
	path[length] = '\0';
	w->files++;
	require(
	    lstat(path, &st) == 0 && S_ISSOCK(st.st_mode), "a bound path is no socket: %s", path);
}

/* Errors that the pages of the call list, bad descriptors and pointers apart. */
static bool
is_listed(enum call call, int error)
{
	switch (error) {
	case EACCES:
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case EINVAL:
	case ELOOP:
	case ENAMETOOLONG:
	case ENOENT:
	case ENOTDIR:
	case ENOBUFS:
	case ENOMEM:
		return (true);
	case EADDRINUSE:
		return (call != SENDTO);
	case EROFS:
	case EISDIR:
		return (call == BIND);
	case EISCONN:
	case ECONNREFUSED:
	case ECONNRESET:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EPERM:
	case EAGAIN:
	case EPROTOTYPE:
	case EOPNOTSUPP:
		return (call != BIND);
	case EALREADY:
	case EINPROGRESS:
	case ETIMEDOUT:
	case ECONNABORTED:
		return (call == CONNECT);
	case EDESTADDRREQ:
	case EMSGSIZE:
	case ENOTCONN:
	case EPIPE:
		return (call == SENDTO);
	default:
		return (false);
	}
}

static void
judge_error(const struct world *w, enum call call, int result, int error)
{
	feedback_outcome((unsigned)call << 8 | w->kind, result, error);
	require(result != -1 || is_listed(call, error), "call %d fails with errno %d", (int)call,
	    error);
}

/* May the port that this socket tells be another's? */
static bool
may_give_up_port(const struct world *w)
{
	return (is_known(PORT_GIVEN_UP) && w->domain != AF_UNIX && w->type == SOCK_STREAM &&
	    (w->unsure || w->had_peer));
}

/* Steps */

static void
do_bind(struct world *w, int fd, struct fuzz_bytes *in)
{
	struct name asked, before, after;
	int result, error;

	take_name(w, in, &asked);
	ask(w, getsockname, fd, &before);
	result = bind(fd, &asked.any, asked.length);
	error = errno;
	judge_error(w, BIND, result, error);
	ask(w, getsockname, fd, &after);
	if (result == -1) {
		require(same(&before, &after), "a failed bind changed the name");
		return;
	}
	if (!is_unnamed(w, &before)) {
		require((is_known(NAME_CHOSEN_AGAIN) && w->domain == AF_UNIX &&
			    asked.length == PATH_AT && same(&before, &after)) ||
			(may_give_up_port(w) && fd == w->socket),
		    "a socket with a name is bound once more");
		return;
	}
	if (w->domain == AF_UNIX) {
		judge_unix(&asked, &after);
		judge_file(w, &asked);
	} else {
		judge_bound_inet(w, &asked, &after);
	}
}

/* An IPv4 address as an IPv6 socket tells it. */
static struct name
mapped(const struct name *n)
{
	struct name m = { .in6 = { .sin6_family = AF_INET6,
			      .sin6_port = n->in.sin_port,
			      .sin6_addr.s6_addr = { [10] = 0xff, 0xff } },
		.length = sizeof(m.in6) };

	memcpy(&m.in6.sin6_addr.s6_addr[12], &n->in.sin_addr, sizeof(n->in.sin_addr));
	return (m);
}

/* Judge who is told to be the peer after connect took that address. */
static void
judge_peer(const struct world *w, int fd, const struct name *given)
{
	struct name peer, own, as_ipv6;
	const struct name *asked = given;

	if (is_known(PEER_OF_IPV4) && w->domain == AF_INET6 && w->type == SOCK_DGRAM &&
	    given->any.sa_family == AF_INET && given->length >= sizeof(given->in)) {
		as_ipv6 = mapped(given);
		asked = &as_ipv6;
	}
	/* A TCP peer may have gone again. */
	if (!ask(w, getpeername, fd, &peer)) {
		require(w->type == SOCK_STREAM ||
			(is_known(PEER_OF_PORT_ZERO) && w->domain != AF_UNIX &&
			    asked_port(w, asked) == 0),
		    "a connected socket has no peer");
		return;
	}
	if (w->domain == AF_UNIX) {
		judge_unix(asked, &peer);
		return;
	}
	judge_inet(w, asked, &peer);
	require(
	    port_of(&peer) == asked_port(w, asked), "the peer has port %u", ntohs(port_of(&peer)));
	require(is_any_host(asked) || same_host(asked, &peer), "the peer is another host");
	ask(w, getsockname, fd, &own);
	require(port_of(&own) != 0 && !is_any_host(&own), "a connected socket has no name");
}

static void
do_connect(struct world *w, struct fuzz_bytes *in)
{
	struct name asked, before, peer;
	bool dissolves, had_peer = ask(w, getpeername, w->socket, &before);
	int result, error;

	take_name(w, in, &asked);
	dissolves = asked.length >= FAMILY_END && asked.any.sa_family == AF_UNSPEC;
	result = socket_connect(w->socket, &asked.any, asked.length);
	error = errno;
	judge_error(w, CONNECT, result, error);
	w->unsure = !dissolves || result != 0;
	if (dissolves && result == 0) {
		require(!ask(w, getpeername, w->socket, &peer), "a peer outlives its dissolution");
		w->listens = false;
	} else if (result == 0 && had_peer && w->type != SOCK_DGRAM) {
		ask(w, getpeername, w->socket, &peer);
		require(is_known(CONNECTED_TWICE) && same(&before, &peer),
		    "a connected socket is connected once more");
	} else if (result == 0) {
		judge_peer(w, w->socket, &asked);
	}
	w->had_peer |= result == 0;
}

static void
do_sendto(struct world *w, struct fuzz_bytes *in)
{
	struct name asked, own, peer, name, other;
	bool had_peer = ask(w, getpeername, w->socket, &peer);
	ssize_t n;
	int error;

	ask(w, getsockname, w->socket, &own);
	take_name(w, in, &asked);
	n = sendto(w->socket, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT, &asked.any, asked.length);
	error = errno;
	judge_error(w, SENDTO, (int)n, error);
	require(n == -1 || n == 1, "%zd bytes of 1 are sent", n);
	ask(w, getsockname, w->socket, &name);
	if (w->type == SOCK_DGRAM) {
		require(ask(w, getpeername, w->socket, &other) == had_peer && same(&peer, &other),
		    "sendto changed the peer");
		require(is_unnamed(w, &own) || same(&own, &name), "sendto changed the name");
		require(n == -1 || w->domain == AF_UNIX || !is_unnamed(w, &name),
		    "a sender has no port");
	}
}

/* A client visits the socket under its name */

/*
 * The name, with a host that can be called.  unix(7): the length that is told counts a NUL
 * for which a path that fills sun_path has no room.
 */
static struct name
callable(const struct name *told)
{
	struct name n = *told;

	if (n.any.sa_family == AF_UNIX && n.length > sizeof(n.un))
		n.length = sizeof(n.un);
	else if (n.any.sa_family == AF_INET && is_any_host(&n))
		n.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else if (n.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&n.in6.sin6_addr))
		n.in6.sin6_addr = in6addr_loopback;
	else if (n.any.sa_family == AF_INET6 && is_any_host(&n))
		n.in6.sin6_addr.s6_addr[12] = 127;
	return (n);
}

/* Can a client with that name reach the host?  One of IPv4 does not reach ::1, nor the reverse. */
static bool
reaches(const struct world *w, const struct name *client, const struct name *to)
{
	if (w->domain != AF_INET6 || IN6_IS_ADDR_UNSPECIFIED(&client->in6.sin6_addr))
		return (true);
	return (IN6_IS_ADDR_V4MAPPED(&client->in6.sin6_addr) ==
	    IN6_IS_ADDR_V4MAPPED(&to->in6.sin6_addr));
}

/* Judge a client's name that came in another way, with the step's room. */
static void
judge_caller(
    const struct world *w, const struct watched *got, socklen_t length, const struct name *client)
{
	struct name full = *client, part = { .length = length };

	/* A client of any host came from one; what a nameless one is told with differs. */
	if ((w->domain == AF_UNIX && is_unnamed(w, client)) ||
	    (w->domain != AF_UNIX && is_any_host(client))) {
		require(
		    watched_whole(got), "a name is written beyond the %zu bytes given", got->room);
		require(w->domain != AF_UNIX || length >= FAMILY_END || got->room < FAMILY_END ||
			(is_known(SENDER_WITHOUT_FAMILY) && w->type == SOCK_DGRAM && length == 0),
		    "a nameless client is told with %u bytes", (unsigned)length);
		if (w->domain == AF_UNIX || got->room < full.length)
			return;
		memcpy(part.bytes, got->bytes, full.length);
		require(agree(w, &part, &full), "a client's name is told in two ways");
		return;
	}
	judge_part(got, length, &full);
}

static void
visit_stream(struct world *w, const struct name *told)
{
	struct name client, seen, peer;
	struct watched got;
	socklen_t length;
	int fd;

	watched_prepare(&got, w->room);
	length = (socklen_t)got.room;
	require(socket_await(w->socket, POLLIN), "a listener is not told of its client");
	fd = accept(w->socket, (struct sockaddr *)got.bytes, &length);
	require(fd != -1, "a client cannot be accepted, errno %d", errno);
	ask(w, getsockname, w->client, &client);
	judge_caller(w, &got, length, &client);
	require(ask(w, getpeername, fd, &seen), "an accepted socket has no peer");
	require(same(&seen, &client), "an accepted socket's peer has another name");
	require(ask(w, getpeername, w->client, &peer), "a connected client has no peer");
	require(agree(w, &peer, told), "a client's peer has another name than the listener");
	ask(w, getsockname, fd, &seen);
	require(same(&seen, &peer), "a client's peer has another name than itself");
	socket_discard(fd);
}

static void
visit_datagram(struct world *w)
{
	struct name client;
	struct watched got;
	unsigned token = 0;
	socklen_t length = 0;

	/* What was sent to itself before comes first. */
	while (token != w->visits) {
		watched_prepare(&got, w->room);
		length = (socklen_t)got.room;
		require(socket_await(w->socket, POLLIN), "a datagram does not arrive");
		if (recvfrom(w->socket, &token, sizeof(token), MSG_DONTWAIT,
			(struct sockaddr *)got.bytes, &length) != sizeof(token))
			token = 0;
	}
	ask(w, getsockname, w->client, &client);
	require(w->domain == AF_UNIX || !is_unnamed(w, &client), "a sender has no port");
	judge_caller(w, &got, length, &client);
}

/* Let a socket with a name listen, which keeps the name. */
static void
do_listen(struct world *w, struct name *told)
{
	struct name before = *told;
	int result = listen(w->socket, 4);

	require(result == 0, "a named socket cannot listen, errno %d", errno);
	ask(w, getsockname, w->socket, told);
	require(same(&before, told) || may_give_up_port(w), "listen changed the name");
	w->listens = true;
}

static void
do_visit(struct world *w)
{
	struct name told, to, peer, client;
	int result, error;

	ask(w, getsockname, w->socket, &told);
	if (w->unsure || is_unnamed(w, &told) || ask(w, getpeername, w->socket, &peer))
		return;
	if (is_known(PEER_REMEMBERED) && w->kind == SOCKET_UDP6 && w->had_peer)
		return;
	if (w->type != SOCK_DGRAM && !w->listens)
		do_listen(w, &told);
	if (w->client == -1)
		w->client = socket_make(w->kind);
	to = callable(&told);
	ask(w, getsockname, w->client, &client);
	w->visits++;
	if (w->type == SOCK_DGRAM) {
		result = (int)sendto(
		    w->client, &w->visits, sizeof(w->visits), MSG_DONTWAIT, &to.any, to.length);
		error = errno;
	} else {
		result = socket_connect(w->client, &to.any, to.length);
		error = errno;
	}
	feedback_outcome(VISIT << 8 | w->kind, result, error);
	if (result == -1)
		require(!reaches(w, &client, &to), "nobody is found under a name, errno %d", error);
	else if (w->type == SOCK_DGRAM)
		visit_datagram(w);
	else
		visit_stream(w, &told);
	socket_discard(w->client);
	w->client = -1;
}

static void
step(struct world *w, struct fuzz_bytes *in)
{
	struct name n;
	unsigned call = fuzz_index(in, CALLS);

	w->room = fuzz_byte(in);
	switch (call) {
	case BIND:
		do_bind(w, w->socket, in);
		break;
	case CONNECT:
		do_connect(w, in);
		break;
	case SENDTO:
		do_sendto(w, in);
		break;
	case VISIT:
		do_visit(w);
		break;
	case BIND_CLIENT:
		if (w->client == -1)
			w->client = socket_make(w->kind);
		do_bind(w, w->client, in);
		break;
	case ASK:
		ask(w, getsockname, w->socket, &n);
		ask(w, getpeername, w->socket, &n);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .client = -1 };
	struct fuzz_bytes in;

	if (inside == -1)
		prepare();
	in = fuzz_begin(data, size);
	fuzz_setup(fchdir(inside) == 0, "fchdir");
	w.kind = fuzz_index(&in, SOCKET_KINDS);
	if (!socket_kind_exists(w.kind))
		w.kind = SOCKET_UNIX_STREAM;
	w.domain = socket_kind_domain(w.kind);
	w.type = socket_kind_type(w.kind);
	w.socket = socket_make(w.kind);
	feedback_kernel_begin();
	for (int i = 0; i < STEPS && in.size > 0; i++)
		step(&w, &in);
	feedback_kernel_end();
	socket_discard(w.socket);
	if (w.client != -1)
		socket_discard(w.client);
	for (int i = 0; i < w.files; i++)
		unlink(w.file[i]);
	fuzz_setup(fchdir(outside) == 0, "fchdir");
	return (fuzz_end());
}
