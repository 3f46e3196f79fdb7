/*
 * Sockets across execve(2): which ones the new program finds, and in what state.
 *
 * The new program is this one again, which looks at a descriptor.
 */

#include "plumbline.h"

/* What it finds: one of these, or SOCKET and the type. */
enum { OTHER_ERROR = 100, BAD_DESCRIPTOR, NO_SOCKET, NO_ANSWER, SOCKET = 110 };

/* Is it a socket, of which type, does it carry data both ways? */
static int
findings(int fd)
{
	socklen_t size = sizeof(int);
	struct stat st;
	char b[8];
	int type;

	if (fstat(fd, &st) != 0)
		return (errno == EBADF ? BAD_DESCRIPTOR : OTHER_ERROR);
	if (!S_ISSOCK(st.st_mode))
		return (NO_SOCKET);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
		return (OTHER_ERROR);
	if (recv(fd, b, sizeof(b), 0) != 3 || memcmp(b, "abc", 3) != 0 ||
	    send(fd, "def", 3, 0) != 3)
		return (NO_ANSWER);
	return (SOCKET + type);
}

static struct pl_outcome
look_at(void *fd)
{
	return (pl_value(findings(*(int *)fd), NULL, "what the new program finds"));
}
PL_ANEW(look_at);

/* Same number, same socket: its type, its queue, its peer. */
PL_CASE(
    descriptor_survives, .verifies = "socket.exec.descriptor-survives-exec", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct pl_peer *child;

	pl_write(p.w, "abc", 3);
	child = pl_child_anew(look_at, &p.r, sizeof(int), p.r);
	pl_expect(pl_result(child), returns(SOCKET + pl_case_kind()->type));
	pl_expect_text(p.w, "def");
}

/* Judge: a program does not find it, whatever else it finds. */
static void
expect_closed(int fd)
{
	pl_expect(pl_result(pl_child_anew(look_at, &fd, sizeof(int), fd)), returns(BAD_DESCRIPTOR));
	/* Closed there alone. */
	pl_expect(pl_descriptor_flags(fd), is(FD_CLOEXEC));
}

/* By whatever call it was marked; an end without the mark stays open. */
PL_CASE(close_on_exec_descriptor_is_closed, .verifies = "socket.exec.cloexec-descriptor-closed",
    .kinds = PL_UNIX | PL_PLAIN)
{
	const struct pl_kind *kind = pl_case_kind();
	int fd[2], marked;

	expect_closed((int)pl_must(sys_socket(kind->domain, kind->type | SOCK_CLOEXEC, 0)));
	pl_must(sys_socketpair(kind->domain, kind->type | SOCK_CLOEXEC, 0, fd));
	expect_closed(fd[0]);
	expect_closed(fd[1]);
	marked = pl_unconnected();
	pl_must(sys_fcntl(marked, F_SETFD, FD_CLOEXEC));
	expect_closed(marked);
	/* The flag taken back. */
	pl_must(sys_fcntl(fd[0], F_SETFD, 0));
	pl_write(fd[1], "abc", 3);
	pl_expect(pl_result(pl_child_anew(look_at, &fd[0], sizeof(int), fd[0])),
	    returns(SOCKET + kind->type));
}

/* What exec closes is closed for the peer, too. */
PL_CASE(peer_of_a_closed_one_reads_end_of_file, .verifies = "socket.exec.cloexec-descriptor-closed",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_PLAIN)
{
	const struct pl_kind *kind = pl_case_kind();
	struct pl_peer *child;
	int fd[2];
	char b[8];

	pl_must(sys_socketpair(kind->domain, kind->type | SOCK_CLOEXEC, 0, fd));
	child = pl_child_anew(look_at, &fd[1], sizeof(int), fd[1]);
	pl_close(fd[1]);
	pl_expect(sys_recv(fd[0], b, sizeof(b), 0), returns(0));
	pl_expect(pl_result(child), returns(BAD_DESCRIPTOR));
}
