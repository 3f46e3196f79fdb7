/*
 * close(2) of sockets: the descriptor goes at once, the socket, its connection,
 * its name and what waits in it with the last reference.
 */

#include "plumbline.h"

enum { GO };

/* The number means nothing any more, to whatever call. */
PL_CASE(descriptor_becomes_invalid, .verifies = "socket.close.descriptor-becomes-invalid",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	char b[8];

	pl_write(p.w, "abc", 3);
	pl_expect(sys_close(p.r), returns(0));
	pl_expect(sys_close(p.r), fails(EBADF));
	pl_expect(sys_recv(p.r, b, sizeof(b), 0), fails(EBADF));
	pl_expect(sys_send(p.r, "x", 1, 0), fails(EBADF));
	pl_expect(sys_fcntl(p.r, F_GETFD, 0), fails(EBADF));
	pl_expect(sys_get_option(p.r, SOL_SOCKET, SO_TYPE), fails(EBADF));
	pl_expect(sys_close(-1), fails(EBADF));
	/* The other end has its own. */
	pl_expect(sys_fcntl(p.w, F_GETFD, 0), returns(0));
	pl_expect(sys_close(p.w), returns(0));
	pl_expect(sys_close(p.w), fails(EBADF));
}

/* The end of a process, orderly or violent, closes what it left open. */
PL_CASE(end_of_the_process_closes_its_sockets,
    .verifies = "socket.close.process-exit-closes-sockets", .kinds = PL_CONNECTIONS)
{
	for (int i = 0; i < 2; i++) {
		struct pl_pair p = pl_pair();
		int checkpoint = GO;
		struct pl_peer *child = pl_child(pl_hold, &checkpoint, p.w);
		char b[8];

		pl_close(p.w);
		pl_expect_nothing(p.r);
		if (i == 0)
			pl_reach(GO);
		else
			pl_kill(child, SIGKILL);
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns(0));
		pl_result(child);
	}
}

/*
 * For a child: where nobody else could take a port between its release and the
 * next bind, if that can be had; among many ports it is improbable anyway.
 */
static void
leave_the_crowd(void)
{
	if (pl_os_private_network() == 0)
		pl_note("in a private network");
}

static struct pl_outcome
bind_again(void *argument)
{
	struct pl_address name;
	struct pl_peer *holder;
	int checkpoint = GO, fd, copy, second;

	(void)argument;
	leave_the_crowd();
	fd = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	copy = pl_dup(fd);
	second = pl_socket(AF_INET, SOCK_DGRAM);
	pl_expect(sys_bind(second, &name), fails(EADDRINUSE));
	pl_close(fd);
	pl_expect(sys_bind(second, &name), fails(EADDRINUSE));
	pl_close(copy);
	pl_expect(sys_bind(second, &name), returns(0));

	/* Now the last reference goes with a process. */
	holder = pl_child(pl_hold, &checkpoint, second);
	pl_close(second);
	second = pl_socket(AF_INET, SOCK_DGRAM);
	pl_expect(sys_bind(second, &name), fails(EADDRINUSE));
	pl_reach(GO);
	pl_result(holder);
	pl_expect(sys_bind(second, &name), returns(0));
	return (pl_done());
}

/* A port is in use as long as any descriptor of its socket is, and no longer. */
PL_CASE(last_close_frees_the_address, .verifies = "socket.close.last-close-frees-address")
{
	pl_must(pl_result(pl_child(bind_again, NULL, PL_KEEP_NONE)));
}

static struct pl_outcome
look_for_old_data(void *argument)
{
	struct pl_address name;
	struct pollfd entry = { .events = POLLIN };
	int sender, fd, copy;

	(void)argument;
	leave_the_crowd();
	fd = pl_bound_inet(AF_INET, SOCK_DGRAM, &name);
	sender = pl_socket(AF_INET, SOCK_DGRAM);
	pl_must(sys_sendto(sender, "old", 3, 0, &name));
	pl_must(sys_sendto(sender, "older", 5, 0, &name));
	entry.fd = fd;
	pl_must(sys_poll(&entry, 1, -1));
	copy = pl_dup(fd);
	pl_close(fd);
	/* A close that is not the last one discards nothing. */
	pl_expect_text(copy, "old");
	entry.fd = copy;
	pl_must(sys_poll(&entry, 1, -1));
	pl_close(copy);

	fd = pl_socket(AF_INET, SOCK_DGRAM);
	pl_expect(sys_bind(fd, &name), returns(0));
	pl_expect_nothing(fd);
	pl_must(sys_sendto(sender, "new", 3, 0, &name));
	entry.fd = fd;
	pl_must(sys_poll(&entry, 1, -1));
	pl_expect_text(fd, "new");
	pl_expect_nothing(fd);
	return (pl_done());
}

/* What nobody received before the last close nobody will. */
PL_CASE(last_close_discards_queued_data, .verifies = "socket.close.last-close-discards-queued-data")
{
	pl_must(pl_result(pl_child(look_for_old_data, NULL, PL_KEEP_NONE)));
}
