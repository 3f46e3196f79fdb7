/*
 * connect(2) in the UNIX domain: the path, and what stands in its way.
 */

#include "plumbline.h"

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

/* A socket of that type and name that takes clients, if they need to be taken. */
static int
server_of(int type, const char *path)
{
	int server = pl_bound_unix(type, path);

	if (type != SOCK_DGRAM)
		pl_listen(server, 4);
	return (server);
}

/* A fresh socket of that type tries that path. */
static struct pl_outcome
connect_to(int type, const char *path)
{
	struct pl_address name = pl_unix_address(path);
	int client = pl_socket(AF_UNIX, type);

	return (sys_connect(client, &name));
}

/* The server is as it was: no client came, and the next one does. */
static void
expect_untouched(int server, int type, const char *path)
{
	pl_nonblock(server, true);
	if (type == SOCK_DGRAM) {
		pl_expect_nothing(server);
		pl_expect(connect_to(type, path), returns(0));
		return;
	}
	pl_expect(sys_accept(server, NULL), fails(EAGAIN));
	pl_expect(connect_to(type, path), returns(0));
	pl_expect(sys_accept(server, NULL), opens());
}

/* Not the name, not the directory of it, not where a link leads: and connect makes none. */
PL_CASE(missing_name_gives_enoent, .verifies = "unix.connect.enoent-no-such-name")
{
	static const char *const paths[] = { "missing", "missing/s", "dangling" };

	pl_symlink("nowhere", "dangling");
	for (size_t t = 0; t < PL_COUNT(types); t++)
		for (size_t i = 0; i < PL_COUNT(paths); i++)
			pl_expect(connect_to(types[t], paths[i]), fails(ENOENT));
	pl_expect(pl_file_type("missing"), fails(ENOENT));
	pl_expect(pl_file_type("nowhere"), fails(ENOENT));
}

/* The file outlives the socket, and leads to nobody; a new socket of the name is reached. */
PL_CASE(stale_file_gives_econnrefused, .verifies = "unix.connect.econnrefused-stale-file")
{
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int server = server_of(types[t], "s");

		pl_expect(connect_to(types[t], "s"), returns(0));
		pl_close(server);
		for (int i = 0; i < 2; i++)
			pl_expect(connect_to(types[t], "s"), fails(ECONNREFUSED));
		pl_expect(pl_file_type("s"), is(S_IFSOCK));
		pl_unlink("s");
		server = server_of(types[t], "s");
		pl_expect(connect_to(types[t], "s"), returns(0));
		pl_close(server);
		pl_unlink("s");
	}
}

/* A name is not enough, and who was refused is not queued for later. */
PL_CASE(bound_socket_that_does_not_listen_refuses,
    .verifies = "unix.connect.econnrefused-bound-not-listening",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_NAMED)
{
	struct pl_address name;
	int server = pl_bound(&name), refused = pl_unconnected(), client = pl_unconnected();

	pl_expect(sys_connect(refused, &name), fails(ECONNREFUSED));
	pl_listen(server, 1);
	pl_nonblock(server, true);
	pl_expect(sys_accept(server, NULL), fails(EAGAIN));
	pl_expect(sys_connect(client, &name), returns(0));
	pl_expect(sys_accept(server, NULL), opens());
}

/* Whatever else has the name is refused and left alone: a FIFO gets no reader or writer. */
PL_CASE(path_is_not_a_socket, .verifies = "unix.connect.path-is-not-a-socket")
{
	static const struct {
		const char *path;
		int type;
	} files[] = { { "file", S_IFREG }, { "directory", S_IFDIR }, { "fifo", S_IFIFO } };

	pl_close(pl_open("file", O_WRONLY | O_CREAT | O_EXCL, 0600));
	pl_mkdir("directory", 0700);
	pl_mkfifo("fifo", 0600);
	for (size_t i = 0; i < PL_COUNT(files); i++) {
		for (size_t t = 0; t < PL_COUNT(types); t++)
			pl_expect(connect_to(types[t], files[i].path),
			    on(PL_FREEBSD, fails(ENOTSOCK)), on(PL_LINUX, fails(ECONNREFUSED)));
		pl_expect(pl_file_type(files[i].path), is(files[i].type));
	}
	pl_expect(sys_open("fifo", O_WRONLY | O_NONBLOCK), fails(ENXIO));
}

/* Each type is a club of its own. */
PL_CASE(other_type_gives_eprototype, .verifies = "unix.connect.eprototype-type-mismatch")
{
	for (size_t s = 0; s < PL_COUNT(types); s++) {
		int server = server_of(types[s], "s");

		for (size_t c = 0; c < PL_COUNT(types); c++)
			if (c != s)
				pl_expect(connect_to(types[c], "s"), fails(EPROTOTYPE));
		expect_untouched(server, types[s], "s");
		pl_close(server);
		pl_unlink("s");
	}
}

/* It takes write permission on the file, of the owner too. */
PL_CASE(socket_file_must_be_writable, .verifies = "unix.connect.eacces-socket-file-not-writable",
    .needs = PL_UNPRIVILEGED)
{
	static const mode_t modes[] = { 0555, 0, 0577 };

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int server = server_of(types[t], "s");

		for (size_t i = 0; i < PL_COUNT(modes); i++) {
			pl_chmod("s", modes[i]);
			pl_expect(connect_to(types[t], "s"), fails(EACCES));
		}
		pl_chmod("s", 0600);
		expect_untouched(server, types[t], "s");
		pl_close(server);
		pl_unlink("s");
	}
}

/* Reading and searching are no part of it. */
PL_CASE(write_permission_alone_suffices, .verifies = "unix.connect.write-permission-alone-suffices",
    .needs = PL_UNPRIVILEGED)
{
	static const mode_t modes[] = { 0222, 0200 };

	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int server = server_of(types[t], "s");

		for (size_t i = 0; i < PL_COUNT(modes); i++) {
			pl_chmod("s", modes[i]);
			pl_expect(connect_to(types[t], "s"), returns(0));
		}
		pl_close(server);
		pl_unlink("s");
	}
}

/* The way must be open too, and is not the name's absence. */
PL_CASE(prefix_must_be_searchable, .verifies = "unix.connect.eacces-prefix-not-searchable",
    .needs = PL_UNPRIVILEGED)
{
	static const mode_t modes[] = { 0600, 0666, 0 };

	pl_mkdir("d", 0700);
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int server = server_of(types[t], "d/s");

		pl_chmod("d/s", 0777);
		for (size_t i = 0; i < PL_COUNT(modes); i++) {
			pl_chmod("d", modes[i]);
			pl_expect(connect_to(types[t], "d/s"), fails(EACCES));
		}
		pl_chmod("d", 0700);
		expect_untouched(server, types[t], "d/s");
		/* To look up a name takes no permission to list the others. */
		pl_chmod("d", 0100);
		pl_expect(connect_to(types[t], "d/s"), returns(0));
		pl_chmod("d", 0700);
		pl_close(server);
		pl_unlink("d/s");
	}
}

/* A file in the middle, and a slash behind one. */
PL_CASE(prefix_must_be_a_directory, .verifies = "unix.connect.enotdir-prefix-not-directory")
{
	static const char *const paths[] = { "file/s", "s/s", "s/" };

	pl_close(pl_open("file", O_WRONLY | O_CREAT | O_EXCL, 0600));
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int server = server_of(types[t], "s");

		for (size_t i = 0; i < PL_COUNT(paths); i++)
			pl_expect(connect_to(types[t], paths[i]), fails(ENOTDIR));
		expect_untouched(server, types[t], "s");
		pl_close(server);
		pl_unlink("s");
	}
}

/* Links in a circle are an error of their own; links that lead to a socket are none. */
PL_CASE(loop_of_symbolic_links_gives_eloop, .verifies = "unix.connect.eloop-symlink-loop")
{
	static const char *const paths[] = { "a", "b", "itself", "a/s" };

	pl_symlink("b", "a");
	pl_symlink("a", "b");
	pl_symlink("itself", "itself");
	pl_symlink("s", "link");
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		int server = server_of(types[t], "s");

		for (size_t i = 0; i < PL_COUNT(paths); i++)
			pl_expect(connect_to(types[t], paths[i]), fails(ELOOP));
		pl_expect(connect_to(types[t], "link"), returns(0));
		pl_close(server);
		pl_unlink("s");
	}
}

/* sun_path is shorter than the longest file name, so only a link gets there. */
PL_CASE(component_can_be_too_long_behind_a_link,
    .verifies = "unix.connect.enametoolong-component-via-symlink")
{
	const long longest =
	    pl_must(pl_sys(pathconf(".", _PC_NAME_MAX), "pathconf(\".\", NAME_MAX)"));
	static char target[4096];

	if (longest >= (long)sizeof(target) - 1)
		pl_not_tested("file names may have %ld characters here", longest);
	memset(target, 'n', (size_t)longest + 1);
	pl_symlink(target, "too-long");
	target[longest] = '\0';
	pl_symlink(target, "longest");
	for (size_t t = 0; t < PL_COUNT(types); t++) {
		pl_expect(connect_to(types[t], "too-long"), fails(ENAMETOOLONG));
		pl_expect(connect_to(types[t], "longest"), fails(ENOENT));
	}
	/* The name is not cut to the length that fits. */
	pl_close(pl_open(target, O_WRONLY | O_CREAT | O_EXCL, 0600));
	pl_expect(connect_to(SOCK_STREAM, "too-long"), fails(ENAMETOOLONG));
}
