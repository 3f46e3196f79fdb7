/*
 * Addresses of the UNIX domain: how long a name is, where it ends, and what is
 * no name.
 */

#include "plumbline.h"

#include <sys/stat.h>

enum {
	OFFSET = offsetof(struct sockaddr_un, sun_path),
	ROOM = sizeof(struct sockaddr_un) - OFFSET
};

static const int two_types[] = { SOCK_STREAM, SOCK_DGRAM };

/* A structure of full length that begins with that path and a NUL, and ends in that byte. */
static struct pl_address
whole_structure(const char *path, char rest)
{
	struct pl_address a = pl_unix_address(path);
	size_t used = strlen(path) + 1;

	memset(a.un.sun_path + used, rest, ROOM - used);
	a.length = sizeof(a.un);
	return (a);
}

/* A connection to that name comes out of this listener. */
static void
expect_reaches(const char *path, int listener)
{
	struct pl_address a = pl_unix_address(path);
	int client = pl_socket(AF_UNIX, SOCK_STREAM), server;

	pl_expect(sys_connect(client, &a), returns(0));
	server = (int)pl_expect(sys_accept(listener, NULL), opens());
	pl_expect(sys_write(client, "x", 1), returns(1));
	pl_expect_text(server, "x");
}

/* Programs are compiled with that size; the kernel's own limit is the next case. */
PL_CASE(sun_path_has_the_documented_size, .verifies = "unix.addr.sun-path-size")
{
	pl_expect(pl_value(ROOM, NULL, "sizeof(sun_path)"), on(PL_FREEBSD, is(104)),
	    on(PL_LINUX, is(108)));
	pl_expect(pl_value(OFFSET, NULL, "offsetof(sun_path)"), is(2));
}

/* Every byte of the array may be part of the name, which then has no NUL. */
PL_CASE(full_sun_path_needs_no_nul, .verifies = "unix.addr.full-sun-path-without-nul")
{
	struct pl_address a, whole;
	char path[ROOM + 1];
	int s = pl_socket(AF_UNIX, SOCK_STREAM), client = pl_socket(AF_UNIX, SOCK_STREAM);

	memset(path, 'n', ROOM);
	path[0] = 'a';
	path[ROOM - 1] = 'z';
	path[ROOM] = '\0';
	whole = pl_unix_address_bytes(path, ROOM);
	pl_expect(sys_bind(s, &whole), returns(0));
	pl_expect(pl_file_type(path), is(S_IFSOCK));
	/* Not told with pl_address_equal: a system may count a NUL beyond the array. */
	pl_expect(sys_getsockname(s, &a), returns(0));
	pl_expect_bytes(a.un.sun_path, whole.un.sun_path, ROOM);
	pl_listen(s, 1);
	pl_expect(sys_connect(client, &whole), returns(0));
	path[ROOM - 1] = '\0';
	pl_expect(pl_file_type(path), fails(ENOENT));
}

/* What the macro says; the one of glibc names a member of a null pointer's object. */
__attribute__((no_sanitize("undefined"))) static long
sun_len(const struct sockaddr_un *un)
{
	return ((long)SUN_LEN(un));
}

/* The length that the macro gives ends before the NUL. */
PL_CASE(sun_len_excludes_the_nul, .verifies = "unix.addr.sun-len-macro-excludes-nul")
{
	static const char *const paths[] = { "abcde", "a", "" };
	struct sockaddr_un un;

	for (size_t i = 0; i < PL_COUNT(paths); i++) {
		memset(&un, 'x', sizeof(un));
		strcpy(un.sun_path, paths[i]);
		pl_expect(pl_value(sun_len(&un), NULL, "SUN_LEN of \"%s\"", paths[i]),
		    is(OFFSET + (long)strlen(paths[i])));
	}
}

/* The argument rules, whatever the structure says of itself. */
PL_CASE(sun_len_member_is_ignored_on_input, .verifies = "unix.addr.sun-len-member-ignored-on-input")
{
	static const unsigned wrong[] = { 255, 0, 3 };
	char path[] = "s0";

	for (size_t i = 0; i < PL_COUNT(wrong); i++) {
		struct pl_address a, name;
		int s = pl_socket(AF_UNIX, SOCK_DGRAM);

		path[1] = (char)('0' + i);
		a = pl_unix_address_bytes(path, 2);
		if (pl_os_set_sa_len(&a.any, wrong[i]) != 0)
			pl_not_tested("addresses have no sun_len here");
		pl_expect(sys_bind(s, &a), returns(0));
		pl_expect(pl_file_type(path), is(S_IFSOCK));
		pl_expect(sys_getsockname(s, &name), returns(0));
		pl_expect(
		    pl_value(pl_os_sa_len(&name.any), NULL, "sun_len"), is((long)name.length));
		pl_expect_that(
		    pl_address_equal(&a, &name), "the name that was bound", "another name");
	}
}

/* A byte more than there can be is an error of the caller, and nothing is made. */
PL_CASE(
    length_over_sockaddr_un_gives_einval, .verifies = "unix.addr.length-over-sockaddr-un-einval")
{
	struct pl_address a = whole_structure("s", '\0');
	int listener = pl_bound_unix(SOCK_STREAM, "s");

	pl_listen(listener, 1);
	for (size_t i = 0; i < PL_COUNT(two_types); i++) {
		int s = pl_socket(AF_UNIX, two_types[i]);
		struct pl_address fresh = whole_structure("new", '\0');

		fresh.length = sizeof(fresh.un) + 1;
		pl_expect(sys_bind(s, &fresh), fails(EINVAL));
		pl_expect(pl_file_type("new"), fails(ENOENT));
		a.length = sizeof(a.un) + 1;
		pl_expect(sys_connect(s, &a), fails(EINVAL));
		/* One less is fine. */
		fresh.length--;
		pl_expect(sys_bind(s, &fresh), returns(0));
		pl_expect(sys_unlink("new"), returns(0));
	}
	a.length = sizeof(a.un);
	pl_expect(sys_connect(pl_socket(AF_UNIX, SOCK_STREAM), &a), returns(0));
}

/* No path at all is refused, or asks the system to invent a name. */
PL_CASE(bind_of_zero_length_path, .verifies = "unix.addr.bind-zero-length-path")
{
	struct pl_address none = pl_unix_address_bytes("", 0), name;

	for (size_t i = 0; i < PL_COUNT(two_types); i++) {
		int s = pl_socket(AF_UNIX, two_types[i]);
		struct pl_outcome o = sys_bind(s, &none);

		pl_expect(o, on(PL_FREEBSD, fails(EINVAL)), on(PL_LINUX, returns(0)));
		pl_expect(sys_getsockname(s, &name), returns(0));
		if (o.error != 0)
			continue;
		/* unix(7): a NUL and five characters of [0-9a-f]. */
		pl_expect(pl_value((long)name.length, NULL, "length"), is(OFFSET + 6));
		pl_expect_that(name.un.sun_path[0] == '\0', "an abstract name", "a path");
		for (int c = 1; c < 6; c++)
			pl_expect_that(strchr("0123456789abcdef", name.un.sun_path[c]) != NULL &&
				name.un.sun_path[c] != '\0',
			    "five hexadecimal digits", "byte %d is 0x%02x", c,
			    (unsigned char)name.un.sun_path[c]);
	}
}

/* There is nobody to connect to without a name. */
PL_CASE(connect_to_zero_length_path_gives_einval,
    .verifies = "unix.addr.connect-zero-length-path-einval")
{
	struct pl_address none = pl_unix_address_bytes("", 0), name;

	for (size_t i = 0; i < PL_COUNT(two_types); i++) {
		int s = pl_socket(AF_UNIX, two_types[i]);

		pl_expect(sys_connect(s, &none), fails(EINVAL));
		pl_expect(sys_getpeername(s, &name), fails(ENOTCONN));
	}
}

/* Connect and bind to that, in a child. */
static struct pl_outcome
try_empty_path(void *unused)
{
	struct pl_address empty = whole_structure("", '\0'), name;
	int s = pl_socket(AF_UNIX, SOCK_STREAM);

	(void)unused;
	/* Abstract names are common property, but each network has its own. */
	if (pl_os.has_abstract_names)
		pl_need_private_network();
	pl_expect(sys_connect(pl_socket(AF_UNIX, SOCK_STREAM), &empty),
	    on(PL_POSIX | PL_FREEBSD, fails(ENOENT)), on(PL_LINUX, fails(ECONNREFUSED)));
	pl_expect(sys_bind(s, &empty), on(PL_FREEBSD, fails(EISDIR)), on(PL_POSIX, fails(ENOENT)),
	    on(PL_LINUX, returns(0)));
	if (!pl_asks(PL_LINUX))
		return (pl_done());
	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect(pl_value((long)name.length, NULL, "length"), is((long)empty.length));
	pl_expect_bytes(name.un.sun_path, empty.un.sun_path, ROOM);
	return (pl_done());
}

/* A full structure of zeroes: an empty path, or the abstract name of as many NULs. */
PL_CASE(empty_string_path, .verifies = "unix.addr.empty-string-path")
{
	pl_must(pl_result(pl_child(try_empty_path, NULL, PL_KEEP_NONE)));
}

/* The address of another family is no path, whatever its bytes look like. */
PL_CASE(bind_to_wrong_family_is_refused, .verifies = "unix.addr.bind-wrong-family")
{
	struct pl_address a = pl_unix_address("s");

	a.any.sa_family = AF_INET;
	for (size_t i = 0; i < PL_COUNT(two_types); i++) {
		int s = pl_socket(AF_UNIX, two_types[i]);

		pl_expect(sys_bind(s, &a), on(PL_FREEBSD | PL_POSIX, fails(EAFNOSUPPORT)),
		    on(PL_LINUX, fails(EINVAL)));
		pl_expect(pl_file_type("s"), fails(ENOENT));
	}
}

/* Even where a listener of that name waits. */
PL_CASE(connect_to_wrong_family_is_refused, .verifies = "unix.addr.connect-wrong-family")
{
	static const char *const names[] = { "stream", "dgram" };

	pl_listen(pl_bound_unix(SOCK_STREAM, names[0]), 1);
	pl_bound_unix(SOCK_DGRAM, names[1]);
	for (size_t i = 0; i < PL_COUNT(two_types); i++) {
		struct pl_address a = pl_unix_address(names[i]), name;
		int s = pl_socket(AF_UNIX, two_types[i]);

		a.any.sa_family = AF_INET;
		pl_expect(sys_connect(s, &a), on(PL_FREEBSD | PL_POSIX, fails(EAFNOSUPPORT)),
		    on(PL_LINUX, fails(EINVAL)));
		pl_expect(sys_getpeername(s, &name), fails(ENOTCONN));
		a.any.sa_family = AF_UNIX;
		pl_expect(sys_connect(s, &a), returns(0));
	}
}

/* The length ends a name that no NUL ends. */
PL_CASE(addrlen_ends_an_unterminated_name, .verifies = "unix.addr.addrlen-ends-unterminated-name")
{
	for (size_t size = 3; size <= 5; size++) {
		struct pl_address a = pl_unix_address("abcXYZ");
		char path[] = "abcXYZ";

		path[size] = '\0';
		a.length = (socklen_t)(OFFSET + size);
		pl_expect(sys_bind(pl_socket(AF_UNIX, SOCK_DGRAM), &a), returns(0));
		pl_expect(pl_file_type(path), is(S_IFSOCK));
		pl_expect(pl_file_type("abcXYZ"), fails(ENOENT));
		path[size - 1] = '\0';
		pl_expect(pl_file_type(path), size == 3 ? fails(ENOENT) : is(S_IFSOCK));
	}
}

/* The NUL ends the name before the length does. */
PL_CASE(bytes_after_the_nul_are_ignored, .verifies = "unix.addr.bytes-after-nul-ignored")
{
	struct pl_address a = whole_structure("ab", 'g'), b = whole_structure("ab", 'h');
	int listener = pl_socket(AF_UNIX, SOCK_STREAM), client = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_expect(sys_bind(listener, &a), returns(0));
	pl_expect(pl_file_type("ab"), is(S_IFSOCK));
	pl_listen(listener, 2);
	expect_reaches("ab", listener);
	pl_expect(sys_connect(client, &b), returns(0));
	pl_expect(sys_accept(listener, NULL), opens());
}

/* A link of /proc stands for an open directory, short however long its path is. */
PL_CASE(path_goes_through_proc_self_fd, .verifies = "unix.addr.path-through-proc-self-fd")
{
	struct pl_address a;
	char path[64];
	int directory, listener = pl_socket(AF_UNIX, SOCK_STREAM);
	int client = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_mkdir("d", 0700);
	pl_remove_at_end("d/s");
	directory = pl_open("d", O_RDONLY | O_DIRECTORY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/s", directory);
	if (access("/proc/self/fd", X_OK) != 0)
		pl_not_tested("there is no /proc/self/fd here");
	a = pl_unix_address(path);
	pl_expect(sys_bind(listener, &a), returns(0));
	pl_expect(pl_file_type("d/s"), is(S_IFSOCK));
	pl_expect(pl_file_type("s"), fails(ENOENT));
	pl_listen(listener, 2);
	pl_expect(sys_connect(client, &a), returns(0));
	pl_expect(sys_accept(listener, NULL), opens());
	expect_reaches("d/s", listener);
}
