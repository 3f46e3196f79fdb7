/*
 * Abstract names of the UNIX domain: names that are no files.
 */

#include <dirent.h>
#include <sys/stat.h>

#include "plumbline.h"
#include "sequence/names.h"

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

/* A NUL, a start that no other process uses, and those bytes. */
static struct pl_address
abstract(const void *rest, size_t size)
{
	char name[96] = "";
	size_t used;

	if (!pl_os.has_abstract_names)
		pl_not_tested("this kernel has no abstract names");
	used = (size_t)snprintf(
		   name + 1, sizeof(name) - 1, "plumbline-abstract.%ld.", (long)getpid()) +
	    1;
	memcpy(name + used, rest, size);
	return (pl_unix_address_bytes(name, used + size));
}

static int
bound_to(int type, const struct pl_address *name)
{
	int fd = pl_socket(AF_UNIX, type);

	pl_bind(fd, name);
	return (fd);
}

static int
listening_at(const struct pl_address *name)
{
	int fd = bound_to(SOCK_STREAM, name);

	pl_listen(fd, 4);
	return (fd);
}

/* A new stream client tries that name. */
static struct pl_outcome
connect_to(const struct pl_address *name)
{
	int client = pl_socket(AF_UNIX, SOCK_STREAM);

	return (sys_connect(client, name));
}

/* How many entries the work directory has. */
static int
count_entries(void)
{
	DIR *d = opendir(".");
	int n = 0;

	if (d == NULL)
		pl_broken("cannot read the work directory: %s", strerror(errno));
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return (n);
}

/* The bytes are the name, and lead to the socket; no directory has it. */
PL_CASE(reached_without_a_file, .verifies = "unix.abstract.connect-without-file")
{
	struct pl_address name = abstract("x", 1), other = abstract("y", 1);
	int entries = count_entries();

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		struct pl_pair p = { .r = -1, .w = pl_socket(AF_UNIX, types[t]) };
		int server = pl_socket(AF_UNIX, types[t]);

		pl_expect(sys_bind(server, &name), returns(0));
		pl_expect(pl_value(count_entries(), NULL, "entries of the directory"), is(entries));
		if (types[t] != SOCK_DGRAM)
			pl_listen(server, 1);
		pl_expect(sys_connect(p.w, &other), fails(ECONNREFUSED));
		pl_expect(sys_connect(p.w, &name), returns(0));
		p.r = types[t] != SOCK_DGRAM ? (int)pl_expect(sys_accept(server, NULL), opens())
					     : server;
		pl_expect(sys_write(p.w, "abc", 3), returns(3));
		pl_expect_text(p.r, "abc");
		/* The name without its NUL is a path, and there is none. */
		other = pl_unix_address(name.un.sun_path + 1);
		pl_expect(connect_to(&other), fails(ENOENT));
		other = abstract("y", 1);
	}
	pl_expect(pl_value(count_entries(), NULL, "entries of the directory"), is(entries));
}

/* NUL bytes count like any other, at the end too. */
PL_CASE(length_is_part_of_the_name, .verifies = "unix.abstract.length-is-part-of-name")
{
	struct pl_address name = abstract("xy", 2), longer = abstract("xy\0", 3),
			  shorter = abstract("x", 1), other;
	int server = listening_at(&name);

	pl_expect(connect_to(&longer), fails(ECONNREFUSED));
	pl_expect(connect_to(&shorter), fails(ECONNREFUSED));
	other = name;
	other.length = sizeof(other.un);
	pl_expect(connect_to(&other), fails(ECONNREFUSED));
	pl_expect(connect_to(&name), returns(0));
	pl_accept(server);
	/* The longer one is free, and is somebody else's then. */
	pl_expect(sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &longer), returns(0));
	pl_expect(sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &shorter), returns(0));
	pl_expect(connect_to(&longer), fails(ECONNREFUSED));
	pl_expect(connect_to(&name), returns(0));
}

/* Neither cut at a NUL nor given one. */
PL_CASE(name_comes_back_byte_for_byte, .verifies = "unix.abstract.name-with-nul-returned-exactly")
{
	static const struct {
		const char *bytes;
		size_t size;
	} rests[] = { { "a\0b", 3 }, { "\0\0c\0", 4 }, { "/d", 2 }, { "", 0 } };

	for (size_t i = 0; i < PL_COUNT(rests); i++)
		for (size_t t = 0; t < PL_COUNT(types); t++) {
			struct pl_address name = abstract(rests[i].bytes, rests[i].size), told;
			int fd = pl_socket(AF_UNIX, types[t]);

			pl_expect(sys_bind(fd, &name), returns(0));
			pl_expect(sys_getsockname(fd, &told), returns(0));
			pl_expect(pl_value((long)told.length, NULL, "length of the name"),
			    is((long)name.length));
			pl_expect_bytes(told.bytes, name.bytes, name.length);
			pl_close(fd);
		}
}

/* Names are given once for each type. */
PL_CASE(name_in_use_gives_eaddrinuse, .verifies = "unix.abstract.eaddrinuse")
{
	struct pl_address name = abstract("x", 1);

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int fd = pl_socket(AF_UNIX, types[t]), second = pl_socket(AF_UNIX, types[t]);

		/* The types that have it already do not matter. */
		pl_expect(sys_bind(fd, &name), returns(0));
		pl_expect(sys_bind(second, &name), fails(EADDRINUSE));
		if (types[t] == SOCK_STREAM) {
			struct pl_address other = abstract("y", 1);

			pl_listen(fd, 1);
			pl_expect(sys_bind(second, &name), fails(EADDRINUSE));
			pl_expect(connect_to(&name), returns(0));
			pl_expect(sys_accept(fd, NULL), opens());
			/* The one that failed may have another. */
			pl_expect(sys_bind(second, &other), returns(0));
		}
	}
}

static struct pl_outcome
hold_until_told(void *fd)
{
	(void)fd;
	pl_reach(0);
	pl_await(1);
	return (pl_done());
}

/* The name is the socket's, not a descriptor's, and goes with it. */
PL_CASE(
    name_goes_with_the_last_descriptor, .verifies = "unix.abstract.vanishes-with-last-reference")
{
	struct pl_address name = abstract("x", 1);
	int server = listening_at(&name), duplicate = pl_dup(server);
	struct pl_peer *holder;

	pl_close(server);
	pl_expect(sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &name), fails(EADDRINUSE));
	pl_expect(connect_to(&name), returns(0));
	/* A descriptor of another process is one too. */
	holder = pl_child(hold_until_told, &duplicate, duplicate);
	pl_await(0);
	pl_close(duplicate);
	pl_expect(sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &name), fails(EADDRINUSE));
	pl_expect(connect_to(&name), returns(0));
	pl_reach(1);
	pl_must(pl_result(holder));
	pl_expect(connect_to(&name), fails(ECONNREFUSED));
	server = pl_socket(AF_UNIX, SOCK_STREAM);
	pl_expect(sys_bind(server, &name), returns(0));
	pl_listen(server, 1);
	pl_expect(connect_to(&name), returns(0));
}

/* Where a path of these modes lets nobody in, the name does. */
PL_CASE(permissions_do_not_apply, .verifies = "unix.abstract.permissions-do-not-apply",
    .needs = PL_UNPRIVILEGED)
{
	struct pl_address name = abstract("x", 1), path = pl_unix_address("s");
	const struct pl_address *const names[] = { &name, &path };

	pl_must(pl_sys(umask(0777) != (mode_t)-1 ? 0 : -1, "umask(0777)"));
	for (int i = 0; i < 2; i++) {
		int server = pl_socket(AF_UNIX, SOCK_STREAM);

		pl_must(pl_sys(fchmod(server, 0), "fchmod(%s, 0)", pl_slot(server)));
		pl_expect(sys_bind(server, names[i]), returns(0));
		pl_listen(server, 1);
		if (names[i] == &name)
			pl_expect(connect_to(names[i]), returns(0));
		else
			pl_expect(connect_to(names[i]), fails(EACCES));
	}
}

/* Asked for no name in particular, the system gives one of its own. */
PL_CASE(autobind_gives_a_fresh_name, .verifies = "unix.abstract.autobind-name-format")
{
	enum { SOCKETS = 4 };
	struct pl_address none = pl_unix_address_bytes("", 0), names[SOCKETS];
	int fds[SOCKETS];

	if (!pl_os.has_abstract_names)
		pl_not_tested("this kernel has no abstract names");
	for (int i = 0; i < SOCKETS; i++) {
		fds[i] = pl_socket(AF_UNIX, SOCK_STREAM);
		pl_expect(sys_bind(fds[i], &none), returns(0));
		pl_expect(sys_getsockname(fds[i], &names[i]), returns(0));
		pl_expect(pl_value((long)names[i].length, NULL, "length of the name"),
		    is((long)(offsetof(struct sockaddr_un, sun_path) + 1 + 5)));
		pl_expect(
		    pl_value(names[i].any.sa_family, &pl_names_domain, "its family"), is(AF_UNIX));
		pl_expect(pl_value(names[i].un.sun_path[0], NULL, "its first byte"), is(0));
		for (int d = 1; d <= 5; d++)
			pl_expect_that(names[i].un.sun_path[d] != '\0' &&
				strchr("0123456789abcdef", names[i].un.sun_path[d]) != NULL,
			    "five digits of 0-9 and a-f", "byte %d is 0x%02x", d,
			    (unsigned char)names[i].un.sun_path[d]);
		for (int j = 0; j < i; j++)
			pl_expect_that(!pl_address_equal(&names[i], &names[j]),
			    "a name that no other socket has", "that of another one");
	}
	pl_listen(fds[1], 1);
	pl_expect(connect_to(&names[0]), fails(ECONNREFUSED));
	pl_expect(connect_to(&names[1]), returns(0));
	pl_expect(sys_accept(fds[1], NULL), opens());
}

static struct pl_outcome
connect_from_elsewhere(void *names)
{
	const struct pl_address *n = names;

	pl_need_private_network();
	pl_expect(connect_to(&n[0]), fails(ECONNREFUSED));
	pl_expect(connect_to(&n[1]), returns(0));
	/* The name is free there. */
	pl_expect(sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &n[0]), returns(0));
	return (pl_done());
}

/* These names belong to a network, files do not. */
PL_CASE(
    names_are_separate_for_each_network, .verifies = "unix.abstract.separate-per-network-namespace")
{
	struct pl_address names[] = { abstract("x", 1), pl_unix_address("s") };
	int servers[] = { listening_at(&names[0]), listening_at(&names[1]) };
	struct pl_peer *client = pl_child(connect_from_elsewhere, names, PL_KEEP_NONE);

	pl_result(client);
	pl_expect(sys_accept(servers[1], NULL), opens());
	pl_nonblock(servers[0], true);
	pl_expect(sys_accept(servers[0], NULL), fails(EAGAIN));
	pl_expect(connect_to(&names[0]), returns(0));
	pl_expect(sys_accept(servers[0], NULL), opens());
}
