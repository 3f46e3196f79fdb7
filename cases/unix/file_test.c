/*
 * The file of a bound socket: what opening, removing, renaming and linking it
 * mean to those who connect.
 */

#include "plumbline.h"

#include <sys/stat.h>

/* A listening socket of that name. */
static int
listener_at(const char *path)
{
	int s = pl_bound_unix(SOCK_STREAM, path);

	pl_listen(s, 4);
	return (s);
}

static struct pl_outcome
connect_to(int s, const char *path)
{
	struct pl_address a = pl_unix_address(path);

	return (sys_connect(s, &a));
}

/* Nobody is to be met under that name. */
static void
expect_unreachable(const char *path, int error)
{
	pl_expect(connect_to(pl_socket(AF_UNIX, SOCK_STREAM), path), fails(error));
}

/* A connection to that name comes out of this listener; both ends. */
static struct pl_pair
expect_reaches(const char *path, int listener)
{
	struct pl_pair p = { .w = pl_socket(AF_UNIX, SOCK_STREAM) };

	pl_expect(connect_to(p.w, path), returns(0));
	p.r = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(sys_write(p.w, "abc", 3), returns(3));
	pl_expect_text(p.r, "abc");
	return (p);
}

static void
expect_is_name(const struct pl_address *name, const char *path)
{
	struct pl_address wanted = pl_unix_address(path);

	pl_expect_that(pl_address_equal(name, &wanted), "the name it was bound to",
	    "another name than \"%s\"", path);
}

/* A socket's file is no way to the socket for open, whether or not one listens. */
PL_CASE(open_fails, .verifies = "unix.file.open-fails")
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY | O_NONBLOCK,
		O_RDWR | O_NONBLOCK };
	static const char *const paths[] = { "listener", "dgram", "stale" };

	listener_at("listener");
	pl_bound_unix(SOCK_DGRAM, "dgram");
	pl_close(pl_bound_unix(SOCK_STREAM, "stale"));
	for (size_t i = 0; i < PL_COUNT(paths); i++)
		for (size_t j = 0; j < PL_COUNT(modes); j++)
			pl_expect(sys_open(paths[i], modes[j]), on(PL_FREEBSD, fails(EOPNOTSUPP)),
			    on(PL_LINUX, fails(ENXIO)));
}

/* A name serves to meet; who has met needs it no longer. */
PL_CASE(unlink_stops_new_connects_only, .verifies = "unix.file.unlink-stops-new-connects-only")
{
	int listener = listener_at("s"), waiting = pl_socket(AF_UNIX, SOCK_STREAM), accepted;
	struct pl_pair p = expect_reaches("s", listener);

	pl_expect(connect_to(waiting, "s"), returns(0));
	pl_expect(sys_unlink("s"), returns(0));
	expect_unreachable("s", ENOENT);
	pl_expect(sys_write(p.w, "forth", 5), returns(5));
	pl_expect_text(p.r, "forth");
	pl_expect(sys_write(p.r, "back", 4), returns(4));
	pl_expect_text(p.w, "back");
	/* So has who waits to be accepted. */
	accepted = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(sys_write(waiting, "late", 4), returns(4));
	pl_expect_text(accepted, "late");
}

/* The file is what one connects to; the name that sockets tell is the one bound once. */
PL_CASE(rename_moves_rendezvous_not_reported_name,
    .verifies = "unix.file.rename-moves-rendezvous-not-reported-name")
{
	int listener = listener_at("old");
	struct pl_address name;
	struct pl_pair p;

	pl_expect(sys_rename("old", "new"), returns(0));
	expect_unreachable("old", ENOENT);
	p = expect_reaches("new", listener);
	pl_expect(sys_getsockname(listener, &name), returns(0));
	expect_is_name(&name, "old");
	pl_expect(sys_getpeername(p.w, &name), returns(0));
	expect_is_name(&name, "old");
}

/* The second name of a file is as good as the first, and outlives it. */
PL_CASE(hard_link_reaches_the_socket, .verifies = "unix.file.hard-link-reaches-socket")
{
	int listener = listener_at("first");
	struct pl_outcome o;

	o = pl_sys(link("first", "second"), "link(\"first\", \"second\")");
	if (o.error != 0)
		pl_not_tested(
		    "this file system makes no hard link to a socket: %s", strerror(o.error));
	pl_remove_at_end("second");
	expect_reaches("second", listener);
	pl_unlink("first");
	expect_reaches("second", listener);
	expect_unreachable("first", ENOENT);
}

/* A link to the name leads there, also through another one; a link to nothing does not. */
PL_CASE(symlink_is_followed_by_connect, .verifies = "unix.file.symlink-followed-by-connect")
{
	int listener = listener_at("s");
	struct pl_address name;
	struct pl_pair p;

	pl_symlink("s", "link");
	pl_symlink("link", "second");
	pl_symlink("missing", "dangling");
	p = expect_reaches("link", listener);
	pl_expect(sys_getpeername(p.w, &name), returns(0));
	if (!pl_asks(PL_POSIX))
		expect_is_name(&name, "s");
	expect_reaches("second", listener);
	expect_unreachable("dangling", ENOENT);
}

/* Who binds a name anew gets the new connections; the old listener lives on unreachable. */
PL_CASE(
    rebound_path_reaches_the_new_socket, .verifies = "unix.file.rebound-path-reaches-new-socket")
{
	int first = listener_at("s"), second, client = pl_socket(AF_UNIX, SOCK_STREAM);

	expect_reaches("s", first);
	pl_unlink("s");
	second = listener_at("s");
	pl_expect(connect_to(client, "s"), returns(0));
	pl_expect(pl_poll_now(second, POLLIN), is(POLLIN));
	pl_expect(pl_poll_now(first, POLLIN), is(0));
	pl_expect(sys_accept(second, NULL), opens());
	pl_expect(pl_poll_now(first, POLLIN), is(0));
}

/* A file of that type without a socket behind it: there is nobody to connect to. */
PL_CASE(mknod_makes_a_socket_node_or_refuses, .verifies = "unix.file.mknod-socket-node",
    .needs = PL_ROOT)
{
	struct pl_address a = pl_unix_address("s");

	pl_expect(sys_mknod("s", S_IFSOCK | 0600, 0), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(0)));
	pl_expect(pl_file_type("s"), on(PL_FREEBSD, fails(ENOENT)), on(PL_LINUX, is(S_IFSOCK)));
	if (!pl_asks(PL_LINUX))
		return;
	expect_unreachable("s", ECONNREFUSED);
	pl_expect(connect_to(pl_socket(AF_UNIX, SOCK_DGRAM), "s"), fails(ECONNREFUSED));
	pl_expect(sys_bind(pl_socket(AF_UNIX, SOCK_STREAM), &a), fails(EADDRINUSE));
}
