/*
 * Datagram sockets of the UNIX domain: the path that a datagram is sent to.
 */

#include "plumbline.h"

/* A name outlives its socket, but leads nowhere. */
PL_CASE(stale_file_gives_econnrefused, .verifies = "unix.dgram.econnrefused-stale-file")
{
	struct pl_address r = pl_unix_address("r");
	int sender = pl_socket(AF_UNIX, SOCK_DGRAM), receiver;

	pl_close(pl_bound_unix(SOCK_DGRAM, "r"));
	pl_expect(sys_sendto(sender, "abc", 3, 0, &r), fails(ECONNREFUSED));
	pl_expect(sys_sendto(sender, "abc", 3, 0, &r), fails(ECONNREFUSED));
	/* A new socket of the name is reached, and gets nothing of old. */
	pl_unlink("r");
	receiver = pl_bound_unix(SOCK_DGRAM, "r");
	pl_expect_nothing(receiver);
	pl_expect(sys_sendto(sender, "new", 3, 0, &r), returns(3));
	pl_expect_text(receiver, "new");
}

/* No such name is an error, not a datagram lost. */
PL_CASE(missing_path_gives_enoent, .verifies = "unix.dgram.sendto-bad-path")
{
	static const char *const paths[] = { "missing", "missing/r" };
	struct pl_address r = pl_unix_address("r");
	int receiver = pl_bound_unix(SOCK_DGRAM, "r"), sender = pl_socket(AF_UNIX, SOCK_DGRAM);

	for (int i = 0; i < 2; i++) {
		struct pl_address a = pl_unix_address(paths[i]);

		pl_expect(sys_sendto(sender, "abc", 3, 0, &a), fails(ENOENT));
		pl_expect(pl_file_type(paths[i]), fails(ENOENT));
	}
	pl_expect_nothing(receiver);
	pl_expect(sys_sendto(sender, "abc", 3, 0, &r), returns(3));
	pl_expect_text(receiver, "abc");
}

/* A file is no socket, and stays as it is. */
PL_CASE(regular_file_is_no_destination, .verifies = "unix.dgram.sendto-regular-file")
{
	struct pl_address a = pl_unix_address("file");
	int sender = pl_socket(AF_UNIX, SOCK_DGRAM);
	struct stat st;

	pl_close(pl_open("file", O_WRONLY | O_CREAT | O_EXCL, 0600));
	pl_expect(sys_sendto(sender, "abc", 3, 0, &a), on(PL_FREEBSD, fails(ENOTSOCK)),
	    on(PL_LINUX, fails(ECONNREFUSED)));
	pl_must(sys_stat("file", &st));
	pl_expect(pl_value((long)st.st_size, NULL, "st_size"), on(PL_FREEBSD | PL_LINUX, is(0)));
}

/* Sockets of the other types do not take datagrams, nor for a client. */
PL_CASE(
    path_of_another_type_gives_eprototype, .verifies = "unix.dgram.sendto-stream-path-eprototype")
{
	static const struct {
		const char *path;
		int type;
	} others[] = { { "stream", SOCK_STREAM }, { "seqpacket", SOCK_SEQPACKET } };
	int sender = pl_socket(AF_UNIX, SOCK_DGRAM);

	for (int i = 0; i < 2; i++) {
		struct pl_address a = pl_unix_address(others[i].path);
		int listener = pl_bound_unix(others[i].type, others[i].path);

		pl_listen(listener, 1);
		pl_expect(sys_sendto(sender, "abc", 3, 0, &a), fails(EPROTOTYPE));
		pl_nonblock(listener, true);
		pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	}
}

/* To send is to write: no other permission counts, and reading is none. */
PL_CASE(destination_must_be_writable, .verifies = "unix.dgram.sendto-needs-write-permission",
    .needs = PL_UNPRIVILEGED)
{
	static const mode_t unwritable[] = { 0555, 0 };
	struct pl_address r = pl_unix_address("r");
	int receiver = pl_bound_unix(SOCK_DGRAM, "r"), sender = pl_socket(AF_UNIX, SOCK_DGRAM);

	for (int i = 0; i < 2; i++) {
		pl_chmod("r", unwritable[i]);
		pl_expect(sys_sendto(sender, "abc", 3, 0, &r), fails(EACCES));
		pl_expect(sys_connect(sender, &r), fails(EACCES));
		pl_expect_nothing(receiver);
	}
	pl_chmod("r", 0222);
	pl_expect(sys_sendto(sender, "one", 3, 0, &r), returns(3));
	pl_expect_text(receiver, "one");
	pl_expect(sys_connect(sender, &r), returns(0));
	pl_expect(sys_send(sender, "two", 3, 0), returns(3));
	pl_expect_text(receiver, "two");
}

/* Once connected, a sender does not come by the name again. */
PL_CASE(name_is_checked_only_at_connect, .verifies = "unix.dgram.name-checked-only-at-connect",
    .needs = PL_UNPRIVILEGED)
{
	struct pl_address r = pl_unix_address("r");
	int receiver = pl_bound_unix(SOCK_DGRAM, "r"), sender = pl_socket(AF_UNIX, SOCK_DGRAM);

	pl_connect(sender, &r);
	pl_chmod("r", 0);
	pl_expect(sys_send(sender, "one", 3, 0), returns(3));
	pl_expect_text(receiver, "one");
	pl_unlink("r");
	pl_expect(sys_send(sender, "two", 3, 0), returns(3));
	pl_expect_text(receiver, "two");
}

/* Without its name a receiver is found by those alone who found it before. */
PL_CASE(
    unlink_leaves_connected_senders, .verifies = "unix.dgram.unlink-after-connect-still-delivers")
{
	struct pl_address r = pl_unix_address("r");
	int receiver = pl_bound_unix(SOCK_DGRAM, "r"), sender = pl_socket(AF_UNIX, SOCK_DGRAM);
	int successor;

	pl_connect(sender, &r);
	pl_unlink("r");
	pl_expect(sys_send(sender, "abc", 3, 0), returns(3));
	pl_expect_text(receiver, "abc");
	pl_expect(sys_sendto(pl_socket(AF_UNIX, SOCK_DGRAM), "abc", 3, 0, &r), fails(ENOENT));
	pl_expect_nothing(receiver);
	/* A new socket of that name is another one. */
	successor = pl_bound_unix(SOCK_DGRAM, "r");
	pl_expect(sys_send(sender, "def", 3, 0), returns(3));
	pl_expect_text(receiver, "def");
	pl_expect_nothing(successor);
}
