/*
 * Signals that arrive while a call sleeps: which calls fail with EINTR, which go
 * on, and what becomes of the data, for every kind.
 */

#include <sys/wait.h>

#include "plumbline.h"

/* Checkpoint: the peer's handler ran. */
enum { HANDLED };

/* A write larger than any pair takes at once, and one that fits if anything does. */
#define LARGE (1 << 20)
#define SMALL 3

/* A limit of time that never comes, and one that does, in milliseconds. */
#define NEVER 8000
#define SOON 60

/* One call, for a peer that handles SIGUSR1. */
struct work {
	int fd;
	int flags; /* of sigaction */
	size_t size;
	uint64_t offset; /* of the payload to be written */
	char *byte;      /* shared: the byte that was read */
	int call;        /* which of several */
	int limit;       /* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds; 0: none */
};

static const int both[] = { 0, SA_RESTART };

static void
tell(int signal)
{
	(void)signal;
	pl_reach(HANDLED);
}

static void
handle(int flags)
{
	struct sigaction action = { .sa_handler = tell, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGUSR1, &action, NULL) != 0)
		pl_broken("sigaction failed");
}

/* Judge: the peer sleeps; signal it, and see its handler run. */
static void
interrupt(struct pl_peer *peer)
{
	pl_expect_blocks(peer);
	pl_kill(peer, SIGUSR1);
	pl_expect_that((pl_await(HANDLED), true), "the handler runs", "it does not");
}

static void
limit(const struct work *w, int option)
{
	const struct timeval t = { .tv_sec = w->limit / 1000, .tv_usec = w->limit % 1000 * 1000 };

	if (w->limit > 0)
		pl_must(sys_setsockopt(w->fd, SOL_SOCKET, option, &t, sizeof(t)));
}

static struct pl_outcome
read_one(void *argument)
{
	const struct work *w = argument;

	handle(w->flags);
	return (sys_read(w->fd, w->byte, 1));
}

static struct work
reading(struct pl_pair p, int flags)
{
	return ((struct work){ .fd = p.r, .flags = flags, .byte = pl_shared(1) });
}

/* A sleeping read ends; what comes later is still there to be read. */
PL_CASE(sleeping_read_is_interrupted,
    .verifies = "io.eintr.blocked-read-without-restart-fails-eintr", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct work w = reading(p, 0);
	struct pl_peer *reader = pl_child(read_one, &w, p.r);

	interrupt(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), fails(EINTR));
	pl_expect_arriving(p.r, "x");
}

/* The handler runs and the reader is asleep again, as often as it happens. */
PL_CASE(sleeping_read_is_restarted, .verifies = "io.eintr.blocked-read-with-restart-resumes",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct work w = reading(p, SA_RESTART);
	struct pl_peer *reader = pl_child(read_one, &w, p.r);

	interrupt(reader);
	interrupt(reader);
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
	pl_expect_bytes(w.byte, "x", 1);
	/* It was taken once, and once only. */
	pl_write(p.w, "y", 1);
	pl_expect_arriving(p.r, "y");
}

/* The receive calls of sockets. */
static struct pl_outcome
receive_one(void *argument)
{
	const struct work *w = argument;
	int flags;

	handle(w->flags);
	limit(w, SO_RCVTIMEO);
	switch (w->call) {
	case 0:
		return (sys_recv(w->fd, w->byte, 1, 0));
	case 1:
		return (sys_recvfrom(w->fd, w->byte, 1, 0, NULL));
	default:
		return (sys_receive(w->fd, w->byte, 1, 0, &flags));
	}
}

/* recv, recvfrom and recvmsg, each with a handler of both sorts. */
PL_CASE(sleeping_receives, .verifies = "io.eintr.recv-same-as-read", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();

	for (int call = 0; call < 3; call++)
		for (size_t i = 0; i < PL_COUNT(both); i++) {
			struct work w = reading(p, both[i]);
			struct pl_peer *reader;

			w.call = call;
			reader = pl_child(receive_one, &w, p.r);
			interrupt(reader);
			if (w.flags == SA_RESTART)
				pl_expect_blocks(reader);
			pl_write(p.w, "x", 1);
			if (w.flags == SA_RESTART) {
				pl_expect(pl_result(reader), returns(1));
				pl_expect_bytes(w.byte, "x", 1);
			} else {
				pl_expect(pl_result(reader), fails(EINTR));
				pl_expect_arriving(p.r, "x");
			}
		}
}

/* Writes */

static struct pl_outcome
write_payload(void *argument)
{
	static char b[LARGE];
	const struct work *w = argument;

	pl_payload(b, w->size, 0, w->offset);
	handle(w->flags);
	limit(w, SO_SNDTIMEO);
	return (sys_write(w->fd, b, w->size));
}

/*
 * A pair that stays full once it is: over TCP one whose buffers do not grow with
 * what is sent.
 */
static struct pl_pair
pair_to_be_filled(void)
{
	return (pl_kind_has(PL_INET) ? pl_narrow_pair(16384, 16384) : pl_pair());
}

/* Set-up: fill the pair for good, with messages of SMALL bytes where it has such.  The bytes. */
static size_t
fill(struct pl_pair p)
{
	const unsigned traits = pl_case_kind()->traits;

	if (traits & PL_MESSAGES)
		return (SMALL * pl_fill_messages(p.w, SMALL));
	return (pl_fill_pair(p, 4096));
}

/* A writer of SMALL bytes that finds its pair full. */
static struct work
writing_when_full(struct pl_pair p, int flags)
{
	struct work w = { .fd = p.w, .flags = flags, .size = SMALL };

	w.offset = fill(p);
	return (w);
}

/* Judge: the payload comes until the end, when the writer has gone.  How many bytes. */
static long
read_payload_to_the_end(struct pl_pair p)
{
	static char b[1 << 16];
	const size_t most = pl_kind_has(PL_MESSAGES) ? SMALL : sizeof(b);
	uint64_t got = 0;
	long n;

	pl_close(p.w);
	do {
		n = pl_expect(sys_read(p.r, b, sizeof(b)), returns_between(0, (long)most));
		pl_expect_payload(b, (size_t)n, 0, got);
		got += (uint64_t)n;
	} while (n > 0);
	return ((long)got);
}

static void
expect_payload_and_end(struct pl_pair p, uint64_t size)
{
	pl_expect(
	    pl_value(read_payload_to_the_end(p), NULL, "bytes that were read"), is((long)size));
}

/* EINTR means that nothing was written. */
static void
interrupt_write(void)
{
	struct pl_pair p = pair_to_be_filled();
	struct work w = writing_when_full(p, 0);
	struct pl_peer *writer = pl_child(write_payload, &w, p.w);

	interrupt(writer);
	pl_expect(pl_result(writer), fails(EINTR));
	expect_payload_and_end(p, w.offset);
}

/* The writer is asleep again, and its bytes arrive once, behind the others. */
static void
restart_write(void)
{
	struct pl_pair p = pair_to_be_filled();
	struct work w = writing_when_full(p, SA_RESTART);
	struct pl_peer *writer = pl_child(write_payload, &w, p.w);

	interrupt(writer);
	interrupt(writer);
	pl_expect_blocks(writer);
	expect_payload_and_end(p, w.offset + SMALL);
	pl_expect(pl_result(writer), returns(SMALL));
}

#define RECORDS (PL_UNIX | PL_MESSAGES | PL_CONNECTIONS)

PL_CASE(sleeping_write_is_interrupted,
    .verifies = "io.eintr.blocked-write-nothing-sent-fails-eintr", .kinds = PL_EVERY | PL_STREAM)
{
	interrupt_write();
}

PL_CASE(sleeping_write_of_a_record_is_interrupted,
    .verifies = "io.eintr.blocked-write-nothing-sent-fails-eintr", .kinds = RECORDS)
{
	interrupt_write();
}

PL_CASE(sleeping_write_is_restarted, .verifies = "io.eintr.blocked-write-with-restart-resumes",
    .kinds = PL_EVERY | PL_STREAM)
{
	restart_write();
}

PL_CASE(sleeping_write_of_a_record_is_restarted,
    .verifies = "io.eintr.blocked-write-with-restart-resumes", .kinds = RECORDS)
{
	restart_write();
}

/* A large write, cut short by a handler: the count it gives is what can be read. */
static void
cut_short(int flags)
{
	struct pl_pair p = pl_pair();
	struct work w = { .fd = p.w, .flags = flags, .size = LARGE };
	struct pl_peer *writer;
	long written;

	if (pl_kind_has(PL_SOCKETS)) {
		pl_set_option(p.r, SOL_SOCKET, SO_RCVBUF, 65536);
		pl_set_option(p.w, SOL_SOCKET, SO_SNDBUF, 65536);
	}
	writer = pl_child(write_payload, &w, p.w);
	interrupt(writer);
	written = pl_expect(pl_result(writer), returns_between(1, LARGE - 1));
	expect_payload_and_end(p, (uint64_t)written);
}

/* Bytes that went through are counted, not hidden behind EINTR. */
PL_CASE(partly_done_write_tells_its_part, .verifies = "io.eintr.partly-done-write-returns-count",
    .kinds = PL_EVERY | PL_STREAM)
{
	cut_short(0);
}

/* A write that has begun is not begun again. */
PL_CASE(partly_done_write_is_not_restarted,
    .verifies = "io.eintr.partly-done-write-is-not-restarted", .kinds = PL_EVERY | PL_STREAM)
{
	cut_short(SA_RESTART);
}

/* accept */

static struct pl_outcome
accept_one(void *argument)
{
	const struct work *w = argument;

	handle(w->flags);
	return (sys_accept(w->fd, NULL));
}

/* No client is lost: not the one that comes after EINTR, nor the one that ends a restarted call. */
PL_CASE(sleeping_accept, .verifies = "io.eintr.accept", .kinds = PL_SOCKETS | PL_CONNECTIONS)
{
	struct pl_address name;
	int listener = pl_listening(2, &name), client;
	struct work w = { .fd = listener };
	struct pl_peer *server = pl_thread(accept_one, &w);

	interrupt(server);
	pl_expect(pl_result(server), fails(EINTR));
	client = pl_client(&name);
	pl_expect_talk(client, (int)pl_expect(sys_accept(listener, NULL), opens()));

	w.flags = SA_RESTART;
	server = pl_thread(accept_one, &w);
	interrupt(server);
	interrupt(server);
	pl_expect_blocks(server);
	client = pl_client(&name);
	pl_expect_talk(client, (int)pl_expect(pl_result(server), opens()));
	pl_nonblock(listener, true);
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}

/* Sockets with a limit of time */

/*
 * Restarted, or the exception that is not.  Under POSIX any time up to the limit
 * may be left for the second sleep, none as well.
 */
PL_CASE(limited_receive_and_sa_restart, .verifies = "io.eintr.receive-timeout-and-restart",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();

	for (int call = 0; call < 3; call++) {
		struct work w = reading(p, SA_RESTART);
		struct pl_peer *reader;

		w.call = call;
		w.limit = NEVER;
		reader = pl_child(receive_one, &w, p.r);
		interrupt(reader);
		if (pl_asks(PL_FREEBSD))
			pl_expect_blocks(reader);
		pl_write(p.w, "x", 1);
		if (pl_expect(pl_result(reader), on(PL_FREEBSD | PL_POSIX, returns(1)),
			on(PL_POSIX, fails(EAGAIN)), on(PL_LINUX, fails(EINTR))) == -1)
			pl_expect_arriving(p.r, "x");
		else
			pl_expect_bytes(w.byte, "x", 1);
	}
}

/* The limit is still one after the restart.  It may have come before the signal. */
PL_CASE(restarted_receive_keeps_its_limit, .verifies = "io.eintr.restarted-receive-keeps-its-limit",
    .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct work w = reading(p, SA_RESTART);
	double start = pl_milliseconds();
	struct pl_peer *reader;

	w.limit = SOON;
	reader = pl_child(receive_one, &w, p.r);
	if (pl_sleeps(reader))
		pl_kill(reader, SIGUSR1);
	pl_expect(pl_result(reader), fails(EAGAIN));
	if (pl_asks(PL_FREEBSD))
		pl_expect_that(pl_milliseconds() - start >= SOON - 1,
		    "the call waits as long as the limit says", "%.1f ms of %d",
		    pl_milliseconds() - start, SOON);
	pl_write(p.w, "x", 1);
	pl_expect_arriving(p.r, "x");
}

/* The same for those who wait for room; either way the bytes do not come twice. */
PL_CASE(limited_write_and_sa_restart, .verifies = "io.eintr.send-timeout-and-restart",
    .kinds = PL_SOCKETS | PL_STREAM)
{
	struct pl_pair p = pair_to_be_filled();
	struct work w = writing_when_full(p, SA_RESTART);
	struct pl_peer *writer;
	struct pl_outcome o;
	long got = -1;

	w.limit = NEVER;
	writer = pl_child(write_payload, &w, p.w);
	interrupt(writer);
	if (pl_asks(PL_FREEBSD))
		pl_expect_blocks(writer);
	/* Who sleeps needs room to come back, whether it should sleep or not. */
	if (pl_sleeps(writer))
		got = read_payload_to_the_end(p);
	o = pl_result(writer);
	pl_expect(o, on(PL_FREEBSD | PL_POSIX, returns(SMALL)), on(PL_POSIX, fails(EAGAIN)),
	    on(PL_LINUX, fails(EINTR)));
	if (got == -1)
		got = read_payload_to_the_end(p);
	pl_expect(pl_value(got, NULL, "bytes that were read"),
	    is((long)w.offset + (o.error == 0 ? SMALL : 0)));
}

/* poll and select */

static struct pl_outcome
wait_readable(void *argument)
{
	const struct work *w = argument;
	struct pollfd entry = { .fd = w->fd, .events = POLLIN };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(w->fd, &set);
	handle(w->flags);
	switch (w->call) {
	case 0:
		return (sys_poll(&entry, 1, -1));
	case 1:
		return (sys_ppoll(&entry, 1, NULL, NULL));
	case 2:
		return (sys_select(w->fd + 1, &set, NULL, NULL, NULL));
	default:
		return (sys_pselect(w->fd + 1, &set, NULL, NULL, NULL, NULL));
	}
}

/* The byte comes only after the handler ran, for a kernel that would wait on. */
PL_CASE(waits_for_readiness_end, .verifies = "io.eintr.poll-and-select-never-restart",
    .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	for (int call = 0; call < 4; call++)
		for (size_t i = 0; i < PL_COUNT(both); i++) {
			struct work w = { .fd = p.r, .flags = both[i], .call = call };
			struct pl_peer *waiter = pl_child(wait_readable, &w, p.r);

			interrupt(waiter);
			pl_write(p.w, "x", 1);
			pl_expect(pl_result(waiter), fails(EINTR));
			pl_expect_arriving(p.r, "x");
		}
}

/* The descriptor that was asked about is in its sets, and no other. */
static struct pl_outcome
select_and_look(void *argument)
{
	const struct work *w = argument;
	fd_set r, x;
	struct pl_outcome o;

	FD_ZERO(&r);
	FD_ZERO(&x);
	FD_SET(w->fd, &r);
	FD_SET(w->fd, &x);
	handle(w->flags);
	if (w->call == 0)
		o = sys_select(w->fd + 1, &r, NULL, &x, NULL);
	else
		o = sys_pselect(w->fd + 1, &r, NULL, &x, NULL, NULL);
	pl_expect(o, fails(EINTR));
	for (int fd = 0; fd <= w->fd; fd++)
		pl_expect_that(
		    !!FD_ISSET(fd, &r) == (fd == w->fd) && !!FD_ISSET(fd, &x) == (fd == w->fd),
		    "the sets as they were passed", "descriptor %d: %d and %d", fd,
		    !!FD_ISSET(fd, &r), !!FD_ISSET(fd, &x));
	return (pl_done());
}

PL_CASE(interrupted_select_leaves_its_sets_alone,
    .verifies = "io.eintr.interrupted-select-leaves-sets-alone", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	for (int call = 0; call < 2; call++) {
		struct work w = { .fd = p.r, .call = call };
		struct pl_peer *waiter = pl_child(select_and_look, &w, p.r);

		interrupt(waiter);
		pl_result(waiter);
	}
}

/* revents begins with bits that this poll would never give. */
static struct pl_outcome
poll_and_look(void *argument)
{
	const struct work *w = argument;
	struct pollfd entry = { .fd = w->fd, .events = POLLIN, .revents = 0x55 };

	handle(w->flags);
	if (w->call == 0)
		pl_expect(sys_poll(&entry, 1, -1), fails(EINTR));
	else
		pl_expect(sys_ppoll(&entry, 1, NULL, NULL), fails(EINTR));
	pl_expect(pl_value(entry.revents, NULL, "revents, which were 0x55"), is(0x55));
	return (pl_done());
}

PL_CASE(interrupted_poll_leaves_revents_alone,
    .verifies = "io.eintr.interrupted-poll-leaves-revents-alone", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();

	for (int call = 0; call < 2; call++) {
		struct work w = { .fd = p.r, .call = call };
		struct pl_peer *waiter = pl_child(poll_and_look, &w, p.r);

		interrupt(waiter);
		pl_result(waiter);
	}
}

/* Signals without a handler */

static struct pl_outcome
read_deaf(void *argument)
{
	const struct work *w = argument;

	pl_ignore(SIGUSR1);
	return (sys_read(w->fd, w->byte, 1));
}

/* Ignored by choice or by default, a signal does not show. */
PL_CASE(ignored_signal_does_not_interrupt, .verifies = "io.eintr.ignored-signal-does-not-interrupt",
    .kinds = PL_EVERY)
{
	static const int signals[] = { SIGUSR1, SIGCHLD, SIGWINCH, SIGURG };
	struct pl_pair p = pl_pair();
	struct work w = reading(p, 0);
	struct pl_peer *reader = pl_child(read_deaf, &w, p.r);

	for (size_t i = 0; i < PL_COUNT(signals); i++) {
		pl_expect_blocks(reader);
		pl_kill(reader, signals[i]);
	}
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
	pl_expect_bytes(w.byte, "x", 1);
}

/* Stop a child that sleeps, see it stopped, and let it go on. */
static void
stop_and_continue(struct pl_peer *peer)
{
	siginfo_t info;
	int result;

	pl_expect_blocks(peer);
	pl_kill(peer, SIGSTOP);
	do
		result = waitid(P_PID, (id_t)pl_peer_pid(peer), &info, WSTOPPED);
	while (result == -1 && errno == EINTR);
	if (result == -1)
		pl_broken("waiting for %s to stop: %s", pl_peer_name(peer), strerror(errno));
	pl_kill(peer, SIGCONT);
}

/* Nobody caught anything, so nothing is interrupted. */
PL_CASE(stop_and_continue_does_not_interrupt,
    .verifies = "io.eintr.stop-and-continue-does-not-interrupt-read-or-poll", .kinds = PL_EVERY)
{
	struct pl_pair p = pl_pair();
	struct work w = reading(p, 0);
	struct pl_peer *reader = pl_child(read_one, &w, p.r), *waiter;

	stop_and_continue(reader);
	pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(pl_result(reader), returns(1));
	pl_expect_bytes(w.byte, "x", 1);

	waiter = pl_child(wait_readable, &w, p.r);
	stop_and_continue(waiter);
	pl_expect_blocks(waiter);
	pl_write(p.w, "y", 1);
	pl_expect(pl_result(waiter), returns(1));
	pl_expect_arriving(p.r, "y");
}

/* The one documented exception. */
PL_CASE(stop_and_continue_of_a_limited_receive,
    .verifies = "io.eintr.stop-and-continue-of-a-limited-receive", .kinds = PL_SOCKETS)
{
	struct pl_pair p = pl_pair();
	struct work w = reading(p, 0);
	struct pl_peer *reader;

	w.limit = NEVER;
	reader = pl_child(receive_one, &w, p.r);
	stop_and_continue(reader);
	if (!pl_asks(PL_LINUX))
		pl_expect_blocks(reader);
	pl_write(p.w, "x", 1);
	pl_expect(
	    pl_result(reader), on(PL_FREEBSD | PL_POSIX, returns(1)), on(PL_LINUX, fails(EINTR)));
	pl_must(sys_poll(&(struct pollfd){ .fd = p.r, .events = POLLIN }, pl_asks(PL_LINUX), -1));
	pl_expect(sys_recv(p.r, w.byte, 1, MSG_DONTWAIT), on(PL_FREEBSD | PL_POSIX, fails(EAGAIN)),
	    on(PL_LINUX, returns(1)));
}
