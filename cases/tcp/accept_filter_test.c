/*
 * Connections that stay out of the queue of accept(2) until their client has said
 * something: accept filters, TCP_DEFER_ACCEPT.
 */

#include "plumbline.h"

#include <netinet/tcp.h>

/* struct accept_filter_arg */
struct filter {
	char name[16], argument[240];
};

static void
need_filters(void)
{
	if (pl_os.so_acceptfilter == PL_ABSENT)
		pl_not_tested("this kernel has no accept filters");
}

static struct pl_outcome
sys_install(int listener, const char *name)
{
	struct filter f = { .name = "" };

	snprintf(f.name, sizeof(f.name), "%s", name);
	pl_note("the filter is \"%s\"", name);
	return (sys_setsockopt(listener, SOL_SOCKET, pl_os.so_acceptfilter, &f, sizeof(f)));
}

/* A listener that does not block, with a filter that must have been loaded. */
static int
filtered(const char *filter, int backlog, struct pl_address *name)
{
	struct pl_outcome o;
	int listener;

	need_filters();
	listener = pl_listening(backlog, name);
	pl_nonblock(listener, true);
	o = sys_install(listener, filter);
	if (o.error == ENOENT)
		pl_not_tested("the accept filter %s is not loaded", filter);
	pl_must(o);
	return (listener);
}

/*
 * Another connection, which needs no filter, has come to its queue; so all that was
 * sent before has been dealt with.
 */
static void
await_marker(void)
{
	struct pl_address name;
	int listener = pl_listening(1, &name);

	pl_client(&name);
	pl_expect_arrival(listener);
}

static void
expect_held(int listener)
{
	await_marker();
	pl_expect(pl_poll_now(listener, POLLIN | POLLRDNORM), is(0));
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
}

/* The client is acceptable, be it a moment later. */
static int
expect_offered(int listener, int client)
{
	struct pl_address from, own = pl_sockname(client);
	int fd;

	pl_expect_arrival(listener);
	fd = (int)pl_expect(sys_accept(listener, &from), opens());
	pl_expect_address(&from, &own);
	return (fd);
}

/* Who speaks is served, though another was there first. */
static void
expect_speakers_first(int listener, const struct pl_address *name)
{
	int silent = pl_client(name), client = pl_client(name);

	expect_held(listener);
	pl_write(client, "abc", 3);
	pl_expect_arriving(expect_offered(listener, client), "abc");
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_write(silent, "def", 3);
	pl_expect_arriving(expect_offered(listener, silent), "def");
}

/* The time-out, in seconds, is long after the case. */
PL_CASE(defer_accept_until_data, .verifies = "tcp.accept.defer-accept-hides-connection-until-data",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener;

	if (pl_os.tcp_defer_accept == PL_ABSENT)
		pl_not_tested("this kernel has no TCP_DEFER_ACCEPT");
	listener = pl_listening(4, &name);
	pl_nonblock(listener, true);
	pl_expect(sys_set_option(listener, IPPROTO_TCP, pl_os.tcp_defer_accept, 30), returns(0));
	expect_speakers_first(listener, &name);
}

PL_CASE(dataready_until_data, .verifies = "tcp.accept.filter-dataready-hides-connection-until-data",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = filtered("dataready", 4, &name);

	expect_speakers_first(listener, &name);
}

/* Not before the empty line that ends the request; what is no request is let through. */
PL_CASE(httpready_until_request,
    .verifies = "tcp.accept.filter-httpready-waits-for-complete-request", .kinds = PL_TCP)
{
	static const char *const parts[] = { "GET / HTTP/1.", "0\r\nA: b\r\n", "\r\n" };
	struct pl_address name;
	int listener = filtered("httpready", 4, &name), client = pl_client(&name);

	for (int i = 0; i < 3; i++) {
		expect_held(listener);
		pl_write(client, parts[i], strlen(parts[i]));
	}
	pl_expect_arriving(expect_offered(listener, client), "GET / HTTP/1.0\r\nA: b\r\n\r\n");
	client = pl_client(&name);
	expect_held(listener);
	pl_write(client, "abc def", 7);
	pl_expect_arriving(expect_offered(listener, client), "abc def");
}

/* Neither is anything changed: clients come through. */
PL_CASE(unknown_filter_enoent, .verifies = "tcp.accept.filter-unknown-name-enoent", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener;

	need_filters();
	listener = pl_listening(1, &name);
	pl_nonblock(listener, true);
	pl_expect(sys_install(listener, "plumbline"), fails(ENOENT));
	expect_offered(listener, pl_client(&name));
}

PL_CASE(second_filter, .verifies = "tcp.accept.filter-second-install-ebusy", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = filtered("dataready", 4, &name);

	pl_expect(
	    sys_install(listener, "dataready"), fails(pl_freebsd_before(1500) ? EINVAL : EBUSY));
	/* The first is there still. */
	expect_speakers_first(listener, &name);
}

static struct pl_outcome
ask_filter(int listener, struct filter *f)
{
	socklen_t length = sizeof(*f);

	memset(f, 0, sizeof(*f));
	return (sys_getsockopt(listener, SOL_SOCKET, pl_os.so_acceptfilter, f, &length));
}

static void
remove_filter(int listener)
{
	pl_expect(sys_setsockopt(listener, SOL_SOCKET, pl_os.so_acceptfilter, NULL, 0), returns(0));
}

/* Clients that come after it need not say anything. */
PL_CASE(
    filter_is_told_and_removed, .verifies = "tcp.accept.filter-query-and-removal", .kinds = PL_TCP)
{
	struct pl_address name;
	struct filter f;
	int listener;

	need_filters();
	pl_expect(ask_filter(pl_listening(1, &name), &f), fails(EINVAL));
	listener = filtered("dataready", 4, &name);
	pl_expect(ask_filter(listener, &f), returns(0));
	pl_expect_that(strcmp(f.name, "dataready") == 0, "the filter's name", "%.15s", f.name);
	remove_filter(listener);
	pl_expect(ask_filter(listener, &f), fails(EINVAL));
	expect_offered(listener, pl_client(&name));
	remove_filter(listener);
}

/* Nobody waits any more for what they would say. */
PL_CASE(removal_releases_the_held,
    .verifies = "tcp.accept.filter-removal-releases-held-connections", .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = filtered("dataready", 4, &name);

	pl_client(&name);
	expect_held(listener);
	remove_filter(listener);
	pl_expect(sys_accept(listener, NULL), opens());
}

/* The queue of those who are silent has its limit too: who came first must go. */
PL_CASE(oldest_silent_client_goes, .verifies = "tcp.accept.filter-queue-overflow-drops-oldest",
    .kinds = PL_TCP)
{
	struct pl_address name;
	int listener = filtered("dataready", 2, &name), client[4];
	char b[1];

	for (int i = 0; i < 4; i++)
		client[i] = pl_client(&name);
	pl_expect_arrival(client[0]);
	pl_expect(sys_read(client[0], b, 1), fails(ECONNRESET));
	pl_expect(sys_accept(listener, NULL), fails(EAGAIN));
	pl_write(client[3], "abc", 3);
	pl_expect_arriving(expect_offered(listener, client[3]), "abc");
}
