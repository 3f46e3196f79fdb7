#include "kind.h"

#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"
#include "os.h"
#include "socket.h"
#include "trace.h"

static struct pl_pair
make_pipe(const struct pl_kind *kind)
{
	int fd[2];

	(void)kind;
	pl_pipe(fd);
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

/* The reader opens without waiting for a writer, which then finds it there. */
struct pl_pair
pl_fifo_pair(const char *path)
{
	struct pl_pair p;

	pl_mkfifo(path, 0600);
	p.r = pl_open(path, O_RDONLY | O_NONBLOCK);
	p.w = pl_open(path, O_WRONLY);
	return (p);
}

static struct pl_pair
make_fifo(const struct pl_kind *kind)
{
	static int count;
	struct pl_pair p;
	char path[16];

	(void)kind;
	snprintf(path, sizeof(path), "fifo%d", count++);
	p = pl_fifo_pair(path);
	pl_nonblock(p.r, false);
	pl_unlink(path);
	return (p);
}

static struct pl_pair
make_socketpair(const struct pl_kind *kind)
{
	int fd[2];

	pl_socketpair(kind->domain, kind->type, fd);
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

/* A socket of the kind; not tested where the kind's domain is switched off. */
static int
make_socket(const struct pl_kind *kind)
{
	int fd;

	if (kind->domain == AF_INET6)
		pl_need_inet6();
	fd = pl_socket(kind->domain, kind->type);
	if (kind->traits & PL_MAPPED)
		pl_set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	return (fd);
}

/* The reader is what a listener accepted, the writer what connected to it. */
static struct pl_pair
make_connection(const struct pl_kind *kind)
{
	struct pl_address name = kind->address();
	int listener = make_socket(kind);
	struct pl_pair p;

	pl_bind(listener, &name);
	name = pl_sockname(listener);
	pl_listen(listener, 1);
	p.w = make_socket(kind);
	pl_connect(p.w, &name);
	p.r = pl_accept(listener);
	pl_close(listener);
	return (p);
}

/* Two named sockets, each connected to the other. */
static struct pl_pair
make_correspondence(const struct pl_kind *kind)
{
	struct pl_address r = kind->address(), w = kind->address();
	struct pl_pair p = { .r = make_socket(kind), .w = make_socket(kind) };

	pl_bind(p.r, &r);
	pl_bind(p.w, &w);
	r = pl_sockname(p.r);
	w = pl_sockname(p.w);
	pl_connect(p.r, &w);
	pl_connect(p.w, &r);
	return (p);
}

static struct pl_address
fresh_path(void)
{
	static int count;
	char path[16];

	snprintf(path, sizeof(path), "socket%d", count++);
	return (pl_unix_address(path));
}

/* Unique on the whole system: abstract names have no directory to be apart in. */
static struct pl_address
fresh_abstract_name(void)
{
	static int count;
	char name[64] = "";
	int n = snprintf(name + 1, sizeof(name) - 1, "plumbline.%ld.%d", (long)getpid(), count++);

	if (!pl_os.has_abstract_names)
		pl_not_tested("this kernel has no abstract names");
	return (pl_unix_address_bytes(name, (size_t)n + 1));
}

/* Ports that the kernel chooses. */
static struct pl_address
any_inet_port(void)
{
	return (pl_inet_address(0));
}

static struct pl_address
any_inet6_port(void)
{
	return (pl_inet6_address(0));
}

static struct pl_address
any_mapped_port(void)
{
	return (pl_mapped_address(0));
}

#define UNIX_STREAM \
	PL_EVERY | PL_STREAM | PL_SOCKETS | PL_CONNECTIONS | PL_UNIX, AF_UNIX, SOCK_STREAM
#define UNIX_DGRAM PL_EVERY | PL_SOCKETS | PL_MESSAGES | PL_DATAGRAMS | PL_UNIX, AF_UNIX, SOCK_DGRAM
#define UNIX_SEQPACKET \
	PL_EVERY | PL_SOCKETS | PL_MESSAGES | PL_CONNECTIONS | PL_UNIX, AF_UNIX, SOCK_SEQPACKET
#define TCP PL_EVERY | PL_STREAM | PL_SOCKETS | PL_NAMED | PL_TCP
#define UDP PL_EVERY | PL_SOCKETS | PL_MESSAGES | PL_NAMED | PL_UDP

const struct pl_kind pl_kinds[] = {
	{ "pipe", PL_EVERY | PL_STREAM | PL_PIPES, 0, 0, make_pipe, NULL },
	{ "fifo", PL_EVERY | PL_STREAM | PL_PIPES | PL_NAMED, 0, 0, make_fifo, NULL },
	{ "unix-stream", PL_PLAIN | UNIX_STREAM, make_socketpair, fresh_path },
	{ "unix-dgram", PL_PLAIN | UNIX_DGRAM, make_socketpair, fresh_path },
	{ "unix-seqpacket", PL_PLAIN | UNIX_SEQPACKET, make_socketpair, fresh_path },
	{ "unix-stream-path", PL_NAMED | UNIX_STREAM, make_connection, fresh_path },
	{ "unix-dgram-path", PL_NAMED | UNIX_DGRAM, make_correspondence, fresh_path },
	{ "unix-seqpacket-path", PL_NAMED | UNIX_SEQPACKET, make_connection, fresh_path },
	{ "unix-stream-abstract", PL_NAMED | UNIX_STREAM, make_connection, fresh_abstract_name },
	{ "unix-dgram-abstract", PL_NAMED | UNIX_DGRAM, make_correspondence, fresh_abstract_name },
	{ "unix-seqpacket-abstract", PL_NAMED | UNIX_SEQPACKET, make_connection,
	    fresh_abstract_name },
	{ "tcp4", PL_PLAIN | TCP, AF_INET, SOCK_STREAM, make_connection, any_inet_port },
	{ "tcp6", TCP, AF_INET6, SOCK_STREAM, make_connection, any_inet6_port },
	{ "tcp-dual", PL_MAPPED | TCP, AF_INET6, SOCK_STREAM, make_connection, any_mapped_port },
	{ "udp4", PL_PLAIN | UDP, AF_INET, SOCK_DGRAM, make_correspondence, any_inet_port },
	{ "udp6", UDP, AF_INET6, SOCK_DGRAM, make_correspondence, any_inet6_port },
	{ "udp-dual", PL_MAPPED | UDP, AF_INET6, SOCK_DGRAM, make_correspondence, any_mapped_port },
	{ NULL, 0, 0, 0, NULL, NULL },
};

struct pl_pair
pl_inet_pair(int type)
{
	const struct pl_kind kind = { .domain = AF_INET, .type = type, .address = any_inet_port };

	return (type == SOCK_STREAM ? make_connection(&kind) : make_correspondence(&kind));
}

void
pl_inet_ends(int type, int fd[2])
{
	struct pl_pair p = pl_inet_pair(type);

	fd[0] = p.r;
	fd[1] = p.w;
}

int
pl_unconnected(void)
{
	return (make_socket(pl_case_kind()));
}

int
pl_bound(struct pl_address *name)
{
	int fd = pl_unconnected();

	*name = pl_case_kind()->address();
	pl_bind(fd, name);
	*name = pl_sockname(fd);
	return (fd);
}

int
pl_listening(int backlog, struct pl_address *name)
{
	int fd = pl_bound(name);

	pl_listen(fd, backlog);
	return (fd);
}

int
pl_with_option(int option)
{
	int fd = pl_unconnected();

	if (option != 0)
		pl_set_option(fd, SOL_SOCKET, option, 1);
	return (fd);
}

int
pl_holder(int option, struct pl_address *name)
{
	int fd = pl_with_option(option);

	pl_bind(fd, name);
	*name = pl_sockname(fd);
	return (fd);
}

struct pl_address
pl_everywhere(unsigned port)
{
	return (pl_wildcard_address(pl_case_kind()->domain, port));
}

int
pl_client(const struct pl_address *name)
{
	int fd = pl_unconnected();

	pl_connect(fd, name);
	return (fd);
}

struct pl_address
pl_queue_client(int listener, const struct pl_address *name, const char *text)
{
	bool is_tcp = pl_kind_has(PL_INET);
	int waiting = is_tcp ? pl_os_clients_waiting(listener) : 0, fd = pl_client(name);
	struct pl_address own = pl_sockname(fd);

	if (waiting == -1)
		pl_broken("the queue of %s cannot be seen: errno %d", pl_slot(listener), errno);
	pl_write(fd, text, strlen(text));
	pl_close(fd);
	/* In the UNIX domain connect puts it there itself. */
	while (is_tcp && pl_os_clients_waiting(listener) == waiting)
		sched_yield();
	return (own);
}

struct pl_pair
pl_half_closed(void)
{
	const struct pl_kind *kind = pl_case_kind();
	struct pl_pair p = kind->make(kind);

	pl_shutdown(p.w, SHUT_WR);
	return (p);
}

int
pl_silent(struct pl_address *name)
{
	int fd;

	if (pl_os.silence_is_of_networks)
		pl_need_private_network();
	fd = pl_unconnected();
	*name = pl_case_kind()->address();
	pl_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(fd, name);
	*name = pl_sockname(fd);
	if (pl_os_silence(fd) != 0)
		pl_not_tested("a port that does not answer cannot be had: %s", strerror(errno));
	pl_note("%s gives no answer", pl_slot(fd));
	return (fd);
}

int
pl_call_back(const struct pl_address *name, int caller)
{
	struct pl_address to = pl_sockname(caller);
	int fd = pl_unconnected();

	pl_set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(fd, name);
	pl_connect(fd, &to);
	return (fd);
}

struct pl_pair
pl_narrow_pair(int sending, int receiving)
{
	struct pl_address name;
	int listener = pl_bound(&name);
	struct pl_pair p;

	pl_set_option(listener, SOL_SOCKET, SO_RCVBUF, receiving);
	pl_listen(listener, 1);
	p.w = pl_unconnected();
	pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, sending);
	/* Some algorithms send when a timer says so.  Where there is this one, it does not. */
	(void)setsockopt(p.w, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
	pl_connect(p.w, &name);
	p.r = pl_accept(listener);
	pl_close(listener);
	return (p);
}
