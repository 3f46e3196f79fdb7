/*
 * bind(2) to a path: the file it makes, whose it is, and how long the name is
 * taken.
 */

#include "plumbline.h"

#include <sys/stat.h>

#include "sequence/names.h"

/* Ids that no user of this machine is likely to have. */
enum { USER = 12345, GROUP = 23456, DIRECTORY_GROUP = 34567 };

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

static struct pl_outcome
bind_to(int s, const char *path)
{
	struct pl_address a = pl_unix_address(path);

	return (sys_bind(s, &a));
}

static struct pl_outcome
bind_new(int type, const char *path)
{
	return (bind_to(pl_socket(AF_UNIX, type), path));
}

static struct stat
status(const char *path)
{
	struct stat st;

	pl_must(sys_lstat(path, &st));
	return (st);
}

static struct pl_outcome
mode_of(const char *path)
{
	struct stat st = status(path);

	return (pl_value((long)(st.st_mode & 07777), &pl_names_mode, "mode of \"%s\"", path));
}

/* The name of a socket is still that path. */
static void
expect_name(int s, const char *path)
{
	struct pl_address wanted = pl_unix_address(path), name;

	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect_that(pl_address_equal(&name, &wanted), "the name it was bound to",
	    "another name than \"%s\"", path);
}

/* It listens, and a connection to that path comes out of it. */
static void
expect_reached(int listener, const char *path)
{
	struct pl_address a = pl_unix_address(path);
	int client = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_listen(listener, 1);
	pl_expect(sys_connect(client, &a), returns(0));
	pl_expect(sys_accept(listener, NULL), opens());
}

/* The file is a socket for each type, and it is there by that name alone. */
PL_CASE(creates_a_socket_file, .verifies = "unix.bind.creates-socket-file")
{
	char path[] = "s0";

	for (size_t i = 0; i < PL_COUNT(types); i++) {
		if (pl_asks(PL_POSIX) && types[i] == SOCK_SEQPACKET)
			continue;
		path[1] = (char)('0' + i);
		pl_expect(pl_file_type(path), fails(ENOENT));
		pl_expect(bind_new(types[i], path), returns(0));
		pl_expect(pl_file_type(path), is(S_IFSOCK));
	}
	pl_expect(pl_file_type("s"), fails(ENOENT));
}

struct masked {
	mode_t mask, left;
	const char *path;
};

static struct pl_outcome
bind_masked(void *masked)
{
	const struct masked *m = masked;

	umask(m->mask);
	pl_note("the umask is 0%03o", (unsigned)m->mask);
	pl_expect(bind_new(SOCK_STREAM, m->path), returns(0));
	pl_expect(mode_of(m->path), is((long)m->left));
	return (pl_done());
}

/* Everybody may do everything but what the umask takes away. */
PL_CASE(mode_is_0777_minus_umask, .verifies = "unix.bind.mode-is-0777-minus-umask")
{
	static struct masked masks[] = { { 0, 0777, "s0" }, { 022, 0755, "s1" },
		{ 077, 0700, "s2" }, { 0777, 0, "s3" }, { 0125, 0652, "s4" } };

	for (size_t i = 0; i < PL_COUNT(masks); i++)
		pl_must(pl_result(pl_child(bind_masked, &masks[i], PL_KEEP_NONE)));
}

/* What an ordinary user binds is the user's. */
PL_CASE(owner_is_the_user, .verifies = "unix.bind.owner-is-effective-uid", .needs = PL_UNPRIVILEGED)
{
	pl_expect(bind_new(SOCK_STREAM, "s"), returns(0));
	pl_expect(pl_value((long)status("s").st_uid, NULL, "owner of \"s\""), is((long)geteuid()));
}

static struct pl_outcome
bind_as_user(void *fd)
{
	pl_act_as(USER, GROUP);
	pl_expect(bind_to(*(int *)fd, "d/s"), returns(0));
	return (pl_done());
}

/* Who binds counts, not who made the socket, nor the real user. */
PL_CASE(owner_is_the_effective_user_who_binds, .verifies = "unix.bind.owner-is-effective-uid",
    .needs = PL_ROOT)
{
	int s = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_mkdir("d", 0700);
	pl_chmod("d", 0777);
	pl_must(pl_result(pl_child(bind_as_user, &s, s)));
	pl_expect(pl_value((long)status("d/s").st_uid, NULL, "owner of \"d/s\""), is(USER));
	pl_expect(bind_new(SOCK_STREAM, "d/root"), returns(0));
	pl_expect(pl_value((long)status("d/root").st_uid, NULL, "owner of \"d/root\""), is(0));
}

static struct pl_outcome
bind_in_both(void *unused)
{
	(void)unused;
	pl_act_as(USER, GROUP);
	pl_expect(bind_new(SOCK_STREAM, "plain/s"), returns(0));
	pl_expect(bind_new(SOCK_DGRAM, "setgid/s"), returns(0));
	return (pl_done());
}

/* The group comes from the directory, or from the process unless the directory insists. */
PL_CASE(group_of_the_file, .verifies = "unix.bind.group-of-file", .needs = PL_ROOT)
{
	static const struct {
		const char *path, *file;
		mode_t mode;
	} directories[] = { { "plain", "plain/s", 0777 }, { "setgid", "setgid/s", 02777 } };

	for (size_t i = 0; i < PL_COUNT(directories); i++) {
		pl_mkdir(directories[i].path, 0700);
		pl_must(pl_sys(chown(directories[i].path, 0, DIRECTORY_GROUP),
		    "chown(\"%s\", 0, %d)", directories[i].path, DIRECTORY_GROUP));
		pl_chmod(directories[i].path, directories[i].mode);
	}
	pl_must(pl_result(pl_child(bind_in_both, NULL, PL_KEEP_NONE)));
	pl_expect(pl_value((long)status("plain/s").st_gid, NULL, "group of \"plain/s\""),
	    on(PL_FREEBSD, is(DIRECTORY_GROUP)), on(PL_LINUX, is(GROUP)));
	pl_expect(pl_value((long)status("setgid/s").st_gid, NULL, "group of \"setgid/s\""),
	    is(DIRECTORY_GROUP));
}

/* Types share the names: whatever is bound there keeps the others out, and stays. */
PL_CASE(live_socket_gives_eaddrinuse, .verifies = "unix.bind.eaddrinuse-live-socket")
{
	int stream = pl_bound_unix(SOCK_STREAM, "stream");
	int dgram = pl_bound_unix(SOCK_DGRAM, "dgram"), client;
	struct pl_address a = pl_unix_address("dgram");

	for (size_t i = 0; i < PL_COUNT(types); i++) {
		if (pl_asks(PL_POSIX) && types[i] == SOCK_SEQPACKET)
			continue;
		pl_expect(bind_new(types[i], "stream"), fails(EADDRINUSE));
		pl_expect(bind_new(types[i], "dgram"), fails(EADDRINUSE));
	}
	expect_reached(stream, "stream");
	client = pl_socket(AF_UNIX, SOCK_DGRAM);
	pl_expect(sys_sendto(client, "abc", 3, 0, &a), returns(3));
	pl_expect_text(dgram, "abc");
}

/* The file of a socket that is gone keeps its name until somebody removes it. */
PL_CASE(name_survives_close_and_blocks_rebind,
    .verifies = "unix.bind.name-survives-close-and-blocks-rebind")
{
	for (size_t i = 0; i < 2; i++) {
		const char *path = i == 0 ? "s0" : "s1";
		struct stat before;
		int s = pl_bound_unix(types[i], path);

		before = status(path);
		pl_close(s);
		pl_expect(pl_file_type(path), is(S_IFSOCK));
		pl_expect(bind_new(types[i], path), fails(EADDRINUSE));
		pl_expect_that(
		    status(path).st_ino == before.st_ino, "the same file", "another file");
	}
}

/* That option is about ports. */
PL_CASE(reuseaddr_does_not_override, .verifies = "unix.bind.reuseaddr-does-not-override")
{
	int stale = pl_bound_unix(SOCK_STREAM, "s"), s = pl_socket(AF_UNIX, SOCK_STREAM);
	struct stat before = status("s");

	pl_close(stale);
	pl_expect(sys_set_option(s, SOL_SOCKET, SO_REUSEADDR, 1), returns(0));
	pl_expect(bind_to(s, "s"), fails(EADDRINUSE));
	pl_expect_that(status("s").st_ino == before.st_ino, "the same file", "another file");
	pl_expect(bind_to(s, "other"), returns(0));
}

/* The name goes with its file, not with the socket. */
PL_CASE(unlink_frees_the_name, .verifies = "unix.bind.unlink-frees-name")
{
	int first = pl_bound_unix(SOCK_STREAM, "s"), second = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_expect(sys_unlink("s"), returns(0));
	pl_expect(pl_file_type("s"), fails(ENOENT));
	pl_expect(bind_to(second, "s"), returns(0));
	pl_expect(pl_file_type("s"), is(S_IFSOCK));
	expect_reached(second, "s");
	/* The end of the first is none of the second's business. */
	pl_close(first);
	pl_expect(pl_file_type("s"), is(S_IFSOCK));
	pl_expect(bind_new(SOCK_STREAM, "s"), fails(EADDRINUSE));
}

/* A failure leaves the socket as it was: without a name, ready for one. */
PL_CASE(can_be_retried_after_a_failure, .verifies = "unix.bind.retry-after-failure")
{
	struct pl_address name;
	int s = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_bound_unix(SOCK_DGRAM, "taken");
	pl_expect(bind_to(s, "taken"), fails(EADDRINUSE));
	pl_expect(bind_to(s, "missing/s"), fails(ENOENT));
	pl_expect(sys_getsockname(s, &name), returns(0));
	pl_expect_that(
	    name.length <= offsetof(struct sockaddr_un, sun_path) || name.un.sun_path[0] == '\0',
	    "no name", "the name \"%.100s\"", name.un.sun_path);
	pl_expect(bind_to(s, "free"), returns(0));
	expect_name(s, "free");
	expect_reached(s, "free");
}

/* Elsewhere the name means another file, which is not there. */
static struct pl_outcome
connect_from_below(void *unused)
{
	struct pl_address relative = pl_unix_address("dir/s"), up = pl_unix_address("../dir/s");
	int s = pl_socket(AF_UNIX, SOCK_STREAM);

	(void)unused;
	pl_must(pl_sys(chdir("elsewhere"), "chdir(\"elsewhere\")"));
	pl_expect(sys_connect(s, &relative), fails(ENOENT));
	pl_expect(sys_connect(s, &up), returns(0));
	return (pl_done());
}

/* A name that does not begin with a slash begins in the working directory of the moment. */
PL_CASE(relative_name_is_relative_to_the_working_directory,
    .verifies = "unix.bind.relative-name-is-relative-to-cwd")
{
	int listener = pl_socket(AF_UNIX, SOCK_STREAM);

	pl_mkdir("dir", 0700);
	pl_mkdir("elsewhere", 0700);
	pl_expect(bind_to(listener, "dir/s"), returns(0));
	pl_expect(pl_file_type("dir/s"), is(S_IFSOCK));
	expect_reached(listener, "dir/s");
	pl_must(pl_result(pl_child(connect_from_below, NULL, PL_KEEP_NONE)));
	pl_expect(sys_accept(listener, NULL), opens());
	expect_name(listener, "dir/s");
}
