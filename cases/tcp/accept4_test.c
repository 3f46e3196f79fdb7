/*
 * accept4(2) on a TCP listener: its flags, and nothing but they, say how the new
 * descriptor begins.
 */

#include "plumbline.h"

/* A non-blocking or blocking listener with a client whose connection is queued. */
static int
listener_with_client(bool nonblock, int *client)
{
	struct pl_address name;
	int listener = pl_listening(2, &name);

	pl_nonblock(listener, nonblock);
	*client = pl_unconnected();
	pl_connect(*client, &name);
	pl_expect_arrival(listener);
	return (listener);
}

static struct pl_outcome
read_one(void *fd)
{
	char b;

	return (sys_read(*(int *)fd, &b, 1));
}

/* It reads as a blocking descriptor does: only once there is something. */
static void
expect_blocking(int fd, int client)
{
	struct pl_peer *reader = pl_thread(read_one, &fd);

	pl_expect_blocks(reader);
	pl_write(client, "x", 1);
	pl_expect(pl_result(reader), returns(1));
}

PL_CASE(sock_nonblock, .verifies = "tcp.accept4.sock-nonblock-sets-o-nonblock", .kinds = PL_TCP)
{
	int client, listener = listener_with_client(false, &client), fd;
	char b[1];

	fd = (int)pl_expect(sys_accept4(listener, NULL, SOCK_NONBLOCK), opens());
	pl_expect(pl_status_flags(fd, O_NONBLOCK), is(O_NONBLOCK));
	pl_expect(pl_descriptor_flags(fd), is(0));
	pl_expect(sys_read(fd, b, 1), fails(EAGAIN));
	pl_expect(pl_status_flags(listener, O_NONBLOCK), is(0));
	pl_write(client, "abc", 3);
	pl_expect_arriving(fd, "abc");
}

PL_CASE(sock_cloexec, .verifies = "tcp.accept4.sock-cloexec-sets-fd-cloexec", .kinds = PL_TCP)
{
	int client, listener = listener_with_client(false, &client), fd;

	fd = (int)pl_expect(sys_accept4(listener, NULL, SOCK_CLOEXEC), opens());
	pl_expect(pl_descriptor_flags(fd), is(FD_CLOEXEC));
	pl_expect(pl_status_flags(fd, O_NONBLOCK), is(0));
	pl_expect(pl_descriptor_flags(listener), is(0));
	expect_blocking(fd, client);
}

/* One flag does not take the place of the other. */
PL_CASE(both_flags,
    .verifies =
	"tcp.accept4.sock-nonblock-sets-o-nonblock tcp.accept4.sock-cloexec-sets-fd-cloexec",
    .kinds = PL_TCP)
{
	int client, listener, fd;

	pl_requirement("tcp.accept4.sock-nonblock-sets-o-nonblock");
	listener = listener_with_client(false, &client);
	fd = (int)pl_expect(sys_accept4(listener, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), opens());
	pl_expect(pl_status_flags(fd, O_NONBLOCK), is(O_NONBLOCK));
	pl_requirement("tcp.accept4.sock-cloexec-sets-fd-cloexec");
	pl_expect(pl_descriptor_flags(fd), is(FD_CLOEXEC));
}

static struct pl_outcome
look_at(void *fd)
{
	return (sys_fcntl(*(int *)fd, F_GETFD, 0));
}

/* The parent goes on with it, the child never had it. */
PL_CASE(sock_clofork, .verifies = "tcp.accept4.sock-clofork-closes-in-child", .kinds = PL_TCP)
{
	int client, listener, fd;

	if (pl_freebsd_before(1500))
		pl_not_applicable("SOCK_CLOFORK came with FreeBSD 15.0");
	if (pl_os.sock_clofork == PL_ABSENT)
		pl_not_tested("this kernel has no SOCK_CLOFORK");
	listener = listener_with_client(false, &client);
	fd = (int)pl_expect(sys_accept4(listener, NULL, pl_os.sock_clofork), opens());
	pl_expect(pl_descriptor_flags(fd), is(pl_os.fd_clofork));
	pl_expect(pl_result(pl_child(look_at, &client, PL_KEEP_ALL)), returns(0));
	pl_expect(pl_result(pl_child(look_at, &fd, PL_KEEP_ALL)), fails(EBADF));
	pl_write(client, "abc", 3);
	pl_expect_arriving(fd, "abc");
}

PL_CASE(
    no_flags_inherit_nothing, .verifies = "tcp.accept4.zero-flags-do-not-inherit", .kinds = PL_TCP)
{
	int client, listener = listener_with_client(true, &client), fd;

	pl_must(sys_fcntl(listener, F_SETFD, FD_CLOEXEC));
	fd = (int)pl_expect(sys_accept4(listener, NULL, 0), opens());
	pl_expect(pl_status_flags(fd, O_NONBLOCK), is(0));
	pl_expect(pl_descriptor_flags(fd), is(0));
	pl_expect(pl_status_flags(listener, O_NONBLOCK), is(O_NONBLOCK));
	expect_blocking(fd, client);
}

/* Alone or beside one that is defined; the client does not notice. */
PL_CASE(unknown_flag_einval, .verifies = "tcp.accept4.invalid-flags-einval", .kinds = PL_TCP)
{
	static const int wrong[] = { 1, 0x01000000, 0x01000000 | SOCK_CLOEXEC, 2 | SOCK_NONBLOCK };
	int client, listener = listener_with_client(true, &client), fd;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		pl_expect(sys_accept4(listener, NULL, wrong[i]), fails(EINVAL));
	fd = (int)pl_expect(sys_accept4(listener, NULL, 0), opens());
	pl_write(client, "abc", 3);
	pl_expect_arriving(fd, "abc");
}
