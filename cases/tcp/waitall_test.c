/*
 * MSG_WAITALL on a TCP connection, beyond what io says of every stream socket.
 */

#include "plumbline.h"

struct sending {
	int fd;
	size_t size;
};

static struct pl_outcome
send_payload(void *argument)
{
	static char b[300000];
	const struct sending *s = argument;

	pl_payload(b, s->size, 0, 0);
	return (sys_write(s->fd, b, s->size));
}

/* What is received makes room for the rest while the receiver waits. */
PL_CASE(request_larger_than_receive_buffer,
    .verifies = "tcp.waitall.request-larger-than-receive-buffer", .kinds = PL_TCP)
{
	static char b[300000];
	struct pl_pair p = pl_pair();
	struct sending s = { p.w, sizeof(b) };
	struct pl_peer *writer;

	pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 65536);
	writer = pl_child(send_payload, &s, p.w);
	pl_expect(sys_recv(p.r, b, sizeof(b), MSG_WAITALL), returns(sizeof(b)));
	pl_expect_payload(b, sizeof(b), 0, 0);
	pl_expect(pl_result(writer), returns(sizeof(b)));
	pl_expect_nothing(p.r);
}
