/*
 * close(2) in one thread of a descriptor that another one sleeps on: the call has
 * the object, not its number, and goes on until it would have ended anyway.
 */

#include "plumbline.h"

/* A call that receives at most size bytes; all are asked for the same. */
typedef struct pl_outcome receive_function(int fd, void *, size_t);

static struct pl_outcome
by_recv(int fd, void *b, size_t size)
{
	return (sys_recv(fd, b, size, 0));
}

static struct pl_outcome
by_recvmsg(int fd, void *b, size_t size)
{
	struct iovec v = { b, size };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	return (sys_recvmsg(fd, &m, 0));
}

struct reading {
	receive_function *receive;
	int fd;
	char bytes[8];
};

static struct pl_outcome
receive_some(void *argument)
{
	struct reading *r = argument;

	return (r->receive(r->fd, r->bytes, sizeof(r->bytes)));
}

/* Judge: nobody is at the other end of that writer any more. */
static void
expect_alone(int w)
{
	if (pl_kind_has(PL_PIPES))
		pl_expect(sys_write(w, "x", 1), fails_with_sigpipe(EPIPE));
	else if (pl_kind_has(PL_CONNECTIONS))
		pl_expect_end(w);
}

/*
 * Judge: the sleeper gets what comes for the object it began with, not what comes
 * for the one that has the number by now; and that object lives as long.
 */
static void
expect_read_goes_on(receive_function *receive)
{
	struct pl_pair p = pl_pair(), other = pl_pair();
	struct reading reading = { .receive = receive, .fd = p.r };
	struct pl_peer *reader = pl_thread(receive_some, &reading);
	int taken;

	pl_expect_blocks(reader);
	pl_expect(sys_close(p.r), returns(0));
	taken = pl_dup(other.r);
	pl_expect_blocks(reader);
	pl_put(other, "other", 5);
	pl_expect_arrival(taken);
	pl_expect_blocks(reader);
	pl_put(p, "data", 4);
	pl_expect(pl_result(reader), returns(4));
	pl_expect_bytes(reading.bytes, "data", 4);
	expect_alone(p.w);
	pl_expect_text(taken, "other");
}

#define READ "io.close.close-by-another-thread-does-not-end-blocked-read"

PL_CASE(a_read_goes_on, .verifies = READ, .kinds = PL_EVERY)
{
	expect_read_goes_on(sys_read);
}

PL_CASE(a_recv_goes_on, .verifies = READ, .kinds = PL_SOCKETS)
{
	expect_read_goes_on(by_recv);
}

PL_CASE(a_recvmsg_goes_on, .verifies = READ, .kinds = PL_SOCKETS)
{
	expect_read_goes_on(by_recvmsg);
}

static struct pl_outcome
write_last_byte(void *fd)
{
	return (sys_write(*(int *)fd, "!", 1));
}

/* Judge: the byte of the sleeper comes behind those that filled the pair, then the end. */
static void
expect_write_goes_on(void)
{
	struct pl_pair p = pl_pair();
	size_t waiting = pl_fill_pair(p, 4096), at = 0;
	struct pl_peer *writer = pl_thread(write_last_byte, &p.w);
	char b[8192], last = 0;
	long n;

	pl_expect_blocks(writer);
	pl_expect(sys_close(p.w), returns(0));
	pl_expect_blocks(writer);
	while ((n = pl_expect(sys_read(p.r, b, sizeof(b)), returns_between(0, sizeof(b)))) > 0) {
		last = b[n - 1];
		at += (size_t)n;
	}
	pl_expect(pl_result(writer), returns(1));
	pl_expect(pl_value((long)at, NULL, "bytes up to the end"), is((long)waiting + 1));
	pl_expect_bytes(&last, "!", 1);
}

#define WRITE "io.close.close-by-another-thread-does-not-end-blocked-write"

PL_CASE(a_pipe_write_goes_on, .verifies = WRITE, .kinds = PL_PIPES)
{
	expect_write_goes_on();
}

PL_CASE(a_write_goes_on, .verifies = WRITE, .kinds = PL_SOCKETS | PL_STREAM)
{
	expect_write_goes_on();
}

static struct pl_outcome
accept_one(void *listener)
{
	return (sys_accept(*(int *)listener, NULL));
}

/* Its sleeper keeps a listener alive that has no number any more, for one client. */
PL_CASE(an_accept_goes_on,
    .verifies = "io.close.close-by-another-thread-does-not-end-blocked-accept",
    .kinds = PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(1, &name), number = listener, client = pl_unconnected(), fd;
	struct pl_peer *server = pl_thread(accept_one, &number);

	pl_expect_blocks(server);
	pl_expect(sys_close(listener), returns(0));
	pl_expect_blocks(server);
	pl_expect(sys_connect(client, &name), returns(0));
	fd = (int)pl_expect(pl_result(server), opens());
	pl_expect_talk(client, fd);
	/* Of a port, somebody else may listen there by now. */
	if (pl_kind_has(PL_UNIX))
		pl_expect(sys_connect(pl_unconnected(), &name), fails(ECONNREFUSED));
}

struct call {
	int fd;
	struct pl_address name;
};

static struct pl_outcome
connect_there(void *argument)
{
	const struct call *call = argument;

	return (sys_connect(call->fd, &call->name));
}

/* The handshake of a socket without a number is finished; there it ends, nobody has it. */
PL_CASE(a_connect_goes_on,
    .verifies = "io.close.close-by-another-thread-does-not-end-blocked-connect", .kinds = PL_TCP)
{
	struct pl_address own;
	struct call call;
	struct pl_peer *caller;
	int far;

	pl_silent(&call.name);
	call.fd = pl_unconnected();
	caller = pl_thread(connect_there, &call);
	pl_expect_blocks(caller);
	own = pl_sockname(call.fd);
	far = pl_unconnected();
	pl_set_option(far, SOL_SOCKET, SO_REUSEPORT, 1);
	pl_bind(far, &call.name);
	pl_expect(sys_close(call.fd), returns(0));
	pl_expect_blocks(caller);
	pl_connect(far, &own);
	pl_expect(pl_result(caller), returns(0));
	pl_expect_end(far);
}

struct waiting {
	int closed, open;
	fd_set ready;
	struct pollfd entries[2];
};

static struct pl_outcome
wait_in_select(void *argument)
{
	struct waiting *w = argument;
	int limit = 1 + (w->closed > w->open ? w->closed : w->open);

	FD_ZERO(&w->ready);
	FD_SET(w->closed, &w->ready);
	FD_SET(w->open, &w->ready);
	return (sys_select(limit, &w->ready, NULL, NULL, NULL));
}

static struct pl_outcome
wait_in_poll(void *argument)
{
	struct waiting *w = argument;

	w->entries[0] = (struct pollfd){ .fd = w->closed, .events = POLLIN };
	w->entries[1] = (struct pollfd){ .fd = w->open, .events = POLLIN };
	return (sys_poll(w->entries, 2, -1));
}

#define WAIT "io.close.close-by-another-thread-has-no-effect-on-select"

/* What the wait says of the number that was closed is anybody's guess. */
PL_CASE(select_sleeps_on, .verifies = WAIT, .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair(), other = pl_pair();
	struct waiting w = { .closed = p.r, .open = other.r };
	struct pl_peer *waiter = pl_thread(wait_in_select, &w);

	pl_expect_blocks(waiter);
	pl_expect(sys_close(p.r), returns(0));
	pl_expect_blocks(waiter);
	pl_put(other, "x", 1);
	pl_expect(pl_result(waiter), returns_between(1, 2));
	pl_expect(pl_value(FD_ISSET(other.r, &w.ready) != 0, NULL, "the other is ready"), is(1));
	pl_expect_text(other.r, "x");
}

PL_CASE(poll_sleeps_on, .verifies = WAIT, .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair(), other = pl_pair();
	struct waiting w = { .closed = p.r, .open = other.r };
	struct pl_peer *waiter = pl_thread(wait_in_poll, &w);

	pl_expect_blocks(waiter);
	pl_expect(sys_close(p.r), returns(0));
	pl_expect_blocks(waiter);
	pl_put(other, "x", 1);
	pl_expect(pl_result(waiter), returns_between(1, 2));
	pl_expect(pl_revents(&w.entries[1]), is(POLLIN));
	pl_expect_text(other.r, "x");
}
