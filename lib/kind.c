#include "kind.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "case.h"
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

/* The reader is what a listener accepted, the writer what connected to it. */
static struct pl_pair
make_connection(const struct pl_kind *kind)
{
	struct pl_address name = kind->address();
	int listener = pl_socket(kind->domain, kind->type);
	struct pl_pair p;

	pl_bind(listener, &name);
	name = pl_sockname(listener);
	pl_listen(listener, 1);
	p.w = pl_socket(kind->domain, kind->type);
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
	struct pl_pair p = { .r = pl_socket(kind->domain, kind->type),
		.w = pl_socket(kind->domain, kind->type) };

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

#define UNIX_STREAM PL_STREAM | PL_SOCKETS | PL_CONNECTIONS | PL_UNIX, AF_UNIX, SOCK_STREAM
#define UNIX_DGRAM PL_SOCKETS | PL_MESSAGES | PL_DATAGRAMS | PL_UNIX, AF_UNIX, SOCK_DGRAM
#define UNIX_SEQPACKET PL_SOCKETS | PL_MESSAGES | PL_CONNECTIONS | PL_UNIX, AF_UNIX, SOCK_SEQPACKET

const struct pl_kind pl_kinds[] = {
	{ "pipe", PL_STREAM | PL_PIPES, 0, 0, make_pipe, NULL },
	{ "fifo", PL_STREAM | PL_PIPES | PL_NAMED, 0, 0, make_fifo, NULL },
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
	{ NULL, 0, 0, 0, NULL, NULL },
};

static struct pl_address
any_inet_port(void)
{
	return (pl_inet_address(0));
}

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
	const struct pl_kind *kind = pl_case_kind();

	return (pl_socket(kind->domain, kind->type));
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

struct pl_pair
pl_half_closed(void)
{
	const struct pl_kind *kind = pl_case_kind();
	struct pl_pair p = kind->make(kind);

	pl_shutdown(p.w, SHUT_WR);
	return (p);
}
