/*
 * bindat(2) and connectat(2) of FreeBSD: names that begin in an open directory.
 */

#include "plumbline.h"

#include <sys/stat.h>

static struct pl_outcome
sys_bindat(int directory, int s, const struct pl_address *a)
{
	char text[160];
	const char *from = directory == AT_FDCWD ? "AT_FDCWD" : pl_slot(directory);

	pl_address_text(text, sizeof(text), &a->any, a->length);
	return (pl_sys(pl_os_bindat(directory, s, &a->any, a->length), "bindat(%s, %s, %s)", from,
	    pl_slot(s), text));
}

static struct pl_outcome
sys_connectat(int directory, int s, const struct pl_address *a)
{
	char text[160];
	const char *from = directory == AT_FDCWD ? "AT_FDCWD" : pl_slot(directory);

	pl_address_text(text, sizeof(text), &a->any, a->length);
	return (pl_sys(pl_os_connectat(directory, s, &a->any, a->length), "connectat(%s, %s, %s)",
	    from, pl_slot(s), text));
}

static void
need_bindat(void)
{
	if (pl_os_bindat(AT_FDCWD, -1, NULL, 0) == -1 && errno == ENOSYS)
		pl_not_tested("this kernel has no bindat");
}

/* A directory "d", and a descriptor of it. */
static int
open_directory(void)
{
	need_bindat();
	pl_mkdir("d", 0700);
	pl_remove_at_end("d/s");
	pl_remove_at_end("s");
	return (pl_open("d", O_RDONLY | O_DIRECTORY));
}

/* A connection that was made comes out of the listener and carries data. */
static void
expect_accepted(int listener, int client)
{
	int server = (int)pl_expect(sys_accept(listener, NULL), opens());

	pl_expect(sys_write(client, "abc", 3), returns(3));
	pl_expect_text(server, "abc");
}

static void
expect_name(int s, const struct pl_address *wanted)
{
	struct pl_address name;

	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect_that(pl_address_equal(&name, wanted), "the name as it was given", "another name");
}

/* The directory of the descriptor is where the name goes and is found, not the current one. */
PL_CASE(name_is_relative_to_the_directory_descriptor,
    .verifies = "unix.bindat.relative-to-directory-descriptor")
{
	int directory = open_directory();
	int listener = pl_socket(AF_UNIX, SOCK_STREAM), client = pl_socket(AF_UNIX, SOCK_STREAM);
	struct pl_address s = pl_unix_address("s");

	pl_expect(sys_bindat(directory, listener, &s), returns(0));
	pl_expect(pl_file_type("d/s"), is(S_IFSOCK));
	pl_expect(pl_file_type("s"), fails(ENOENT));
	pl_listen(listener, 1);
	expect_name(listener, &s);
	pl_expect(sys_connect(client, &s), fails(ENOENT));
	pl_expect(sys_connectat(directory, client, &s), returns(0));
	expect_accepted(listener, client);
	pl_expect(sys_bindat(directory, pl_socket(AF_UNIX, SOCK_DGRAM), &s), fails(EADDRINUSE));
}

/* The number that stands for the current directory makes them the plain calls. */
PL_CASE(at_fdcwd_equals_bind, .verifies = "unix.bindat.at-fdcwd-equals-bind")
{
	int listener = pl_socket(AF_UNIX, SOCK_STREAM), client = pl_socket(AF_UNIX, SOCK_STREAM);
	struct pl_address s = pl_unix_address("s");

	need_bindat();
	pl_remove_at_end("s");
	pl_expect(sys_bindat(AT_FDCWD, listener, &s), returns(0));
	pl_expect(pl_file_type("s"), is(S_IFSOCK));
	expect_name(listener, &s);
	pl_listen(listener, 1);
	pl_expect(sys_connectat(AT_FDCWD, client, &s), returns(0));
	expect_accepted(listener, client);
}

/* An absolute path needs no directory, so that a wrong descriptor does no harm. */
PL_CASE(absolute_path_ignores_the_descriptor,
    .verifies = "unix.bindat.absolute-path-ignores-descriptor")
{
	int directory = open_directory();
	int listener = pl_socket(AF_UNIX, SOCK_STREAM), client = pl_socket(AF_UNIX, SOCK_STREAM);
	char path[PATH_MAX];
	struct pl_address s;

	if (getcwd(path, sizeof(path) - 2) == NULL)
		pl_not_tested("the current directory has no path: %s", strerror(errno));
	if (strlen(path) + 2 > sizeof(s.un.sun_path))
		pl_not_tested("the path of the current directory is too long for a name");
	strcat(path, "/s");
	s = pl_unix_address(path);
	pl_close(directory);
	pl_expect(sys_bindat(directory, listener, &s), returns(0));
	pl_expect(pl_file_type("s"), is(S_IFSOCK));
	pl_listen(listener, 1);
	pl_expect(sys_connectat(-1, client, &s), returns(0));
	expect_accepted(listener, client);
}

/* A relative path is relative to something; the current directory does not step in. */
PL_CASE(bindat_to_bad_descriptor_is_refused, .verifies = "unix.bindat.bad-descriptor-ebadf-enotdir")
{
	int closed = open_directory(), file = pl_open("file", O_RDWR | O_CREAT, 0600);
	int s = pl_socket(AF_UNIX, SOCK_STREAM);
	struct pl_address a = pl_unix_address("s");

	pl_close(closed);
	pl_expect(sys_bindat(-1, s, &a), fails(EBADF));
	pl_expect(sys_bindat(closed, s, &a), fails(EBADF));
	pl_expect(sys_bindat(file, s, &a), fails(ENOTDIR));
	pl_expect(pl_file_type("s"), fails(ENOENT));
	pl_expect(sys_bindat(AT_FDCWD, s, &a), returns(0));
}

/* Not even where a listener waits under that name in the current directory. */
PL_CASE(connectat_to_bad_descriptor_is_refused,
    .verifies = "unix.connectat.bad-descriptor-ebadf-enotdir")
{
	int closed = open_directory(), file = pl_open("file", O_RDWR | O_CREAT, 0600);
	int listener = pl_bound_unix(SOCK_STREAM, "s"), client = pl_socket(AF_UNIX, SOCK_STREAM);
	struct pl_address a = pl_unix_address("s");

	pl_listen(listener, 1);
	pl_close(closed);
	pl_expect(sys_connectat(-1, client, &a), fails(EBADF));
	pl_expect(sys_connectat(closed, client, &a), fails(EBADF));
	pl_expect(sys_connectat(file, client, &a), fails(ENOTDIR));
	pl_expect(sys_connectat(AT_FDCWD, client, &a), returns(0));
	expect_accepted(listener, client);
}

/* Only names that are files begin in a directory. */
PL_CASE(other_domain_is_refused, .verifies = "unix.bindat.other-domain-refused")
{
	int directory = open_directory();
	struct pl_address fresh = pl_inet_address(0), there, name;
	int listener = pl_bound_inet(AF_INET, SOCK_STREAM, &there);
	int s = pl_socket(AF_INET, SOCK_STREAM);

	pl_listen(listener, 1);
	pl_expect(sys_bindat(directory, s, &fresh), fails(EOPNOTSUPP));
	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect(pl_value((long)pl_address_port(&name), NULL, "port"), is(0));
	pl_expect(sys_connectat(directory, s, &there), fails(EOPNOTSUPP));
	pl_expect(sys_getpeername(s, &name), fails(ENOTCONN));
}

static struct pl_outcome
bind_in_capability_mode(void *fd)
{
	int directory = *(int *)fd;
	int listener = pl_socket(AF_UNIX, SOCK_STREAM), client = pl_socket(AF_UNIX, SOCK_STREAM);
	struct pl_address s = pl_unix_address("s"), up = pl_unix_address("../s");

	pl_must(pl_sys(pl_os_enter_capability_mode(), "cap_enter()"));
	pl_expect(sys_bind(listener, &s), fails(pl_os_ecapmode));
	pl_expect(sys_bindat(AT_FDCWD, listener, &s), fails(pl_os_ecapmode));
	pl_expect(sys_bindat(directory, listener, &up), fails(pl_os_enotcapable));
	pl_expect(sys_bindat(directory, listener, &s), returns(0));
	pl_listen(listener, 1);
	pl_expect(sys_connect(client, &s), fails(pl_os_ecapmode));
	pl_expect(sys_connectat(directory, client, &s), returns(0));
	expect_accepted(listener, client);
	return (pl_done());
}

/* A program without the file system still has the directories it was given. */
PL_CASE(works_in_capability_mode, .verifies = "unix.bindat.works-in-capability-mode")
{
	int directory = open_directory();

	pl_must(pl_result(pl_child(bind_in_capability_mode, &directory, directory)));
	pl_expect(pl_file_type("d/s"), is(S_IFSOCK));
	pl_expect(pl_file_type("s"), fails(ENOENT));
}
