/*
 * Who is at the other end: the option that tells the credentials of the peer of
 * a UNIX domain socket, from when they are, and getpeereid(3).
 */

#include "plumbline.h"

/* Users and groups that nobody needs to have. */
enum { USER = 60001, GROUP = 60002 };

enum { CONNECTED, LEAVE, LISTENING, DROPPED, ACCEPT };

/* What a peer and the case tell each other. */
struct meeting {
	struct pl_address name;
	bool drop; /* the child's privileges */
	struct pl_credentials child;
};

static struct meeting *
meet(bool drop)
{
	struct meeting *m = pl_shared(sizeof(*m));

	m->drop = drop;
	return (m);
}

/* Become an ordinary user for good. */
static void
drop(void)
{
	if (pl_os_drop_privileges(USER, GROUP) != 0)
		pl_not_tested("cannot become an ordinary user: %s", strerror(errno));
	pl_note("now user %d, group %d", USER, GROUP);
}

/* A client that notes who it is, connects, perhaps becomes another, and waits. */
static struct pl_outcome
connect_and_stay(void *argument)
{
	struct meeting *m = argument;
	int fd = pl_unconnected();
	struct pl_credentials server;

	m->child = pl_own_credentials();
	pl_connect(fd, &m->name);
	if (m->drop)
		drop();
	pl_reach(CONNECTED);
	server = pl_own_credentials();
	server.pid = getppid();
	if (!m->drop)
		pl_expect_peer_credentials(fd, &server);
	pl_await(LEAVE);
	return (pl_done());
}

/* Each end tells of the other one, a process of its own. */
PL_CASE(each_end_tells_of_the_other, .verifies = "unix.creds.peer-credentials-of-connection",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_NAMED)
{
	struct meeting *m = meet(false);
	int listener = pl_listening(1, &m->name), fd;
	struct pl_peer *client = pl_child(connect_and_stay, m, PL_KEEP_NONE);

	pl_await(CONNECTED);
	fd = pl_accept(listener);
	pl_expect_peer_credentials(fd, &m->child);
	pl_reach(LEAVE);
	pl_must(pl_result(client));
}

/* A pair tells of its maker, at both ends, where it tells at all. */
PL_CASE(pair_tells_of_its_maker, .verifies = "unix.creds.peer-credentials-of-socketpair",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_credentials self = pl_own_credentials(), got;
	struct pl_pair p = pl_pair();
	bool refused = pl_asks(PL_FREEBSD) && pl_kind_has(PL_DATAGRAMS);

	for (int i = 0; i < 2; i++) {
		int fd = i == 0 ? p.r : p.w;

		if (refused)
			pl_expect(sys_peer_credentials(fd, &got), on(PL_FREEBSD, fails(EINVAL)));
		else
			pl_expect_peer_credentials(fd, &self);
	}
}

static struct pl_outcome
pair_as_another(void *argument)
{
	struct pl_credentials who, got = { 0 };
	struct pl_pair p;

	(void)argument;
	pl_act_as(USER, GROUP);
	who = pl_own_credentials();
	p = pl_pair();
	pl_expect(sys_peer_credentials(p.r, &got), returns(0));
	if (got.euid == PL_ABSENT) {
		got.euid = got.uid;
		got.egid = got.gid;
	}
	/* FreeBSD names the effective ids; Linux does not say which. */
	pl_expect_that((got.euid == who.euid && got.egid == who.egid) ||
		(!pl_asks(PL_FREEBSD) && got.euid == who.uid && got.egid == who.gid),
	    pl_asks(PL_FREEBSD) ? "the effective user and group"
				: "the real or the effective user and group",
	    "user %ld, group %ld", got.euid, got.egid);
	return (pl_done());
}

/* Where real and effective ids differ. */
PL_CASE(pair_tells_of_its_maker_in_disguise,
    .verifies = "unix.creds.peer-credentials-of-socketpair",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_PLAIN, .needs = PL_ROOT)
{
	pl_must(pl_result(pl_child(pair_as_another, NULL, PL_KEEP_NONE)));
}

/* Nobody is at the other end, and certainly not this process. */
PL_CASE(unconnected_socket_tells_of_nobody, .verifies = "unix.creds.peer-credentials-unconnected",
    .kinds = PL_UNIX | PL_STREAM | PL_PLAIN)
{
	struct pl_credentials got = { .pid = 77 };
	struct pl_address name;
	const int fd[] = { pl_unconnected(), pl_bound(&name) };

	for (int i = 0; i < 2; i++) {
		pl_expect(sys_peer_credentials(fd[i], &got), on(PL_FREEBSD, fails(ENOTCONN)),
		    on(PL_LINUX, returns(0)));
		if (!pl_asks(PL_LINUX))
			continue;
		pl_expect_that(
		    got.pid == 0 && got.uid == (long)(uid_t)-1 && got.gid == (long)(gid_t)-1,
		    "process 0, user -1, group -1", "process %ld, user %ld, group %ld", got.pid,
		    got.uid, got.gid);
	}
}

/* A destination is no peer. */
PL_CASE(connected_datagram_socket_tells_of_nobody,
    .verifies = "unix.creds.peer-credentials-connected-dgram",
    .kinds = PL_UNIX | PL_DATAGRAMS | PL_NAMED)
{
	struct pl_credentials got = { .pid = 77 };
	struct pl_pair p = pl_pair();

	pl_expect(sys_peer_credentials(p.w, &got), on(PL_FREEBSD, fails(EINVAL)),
	    on(PL_LINUX, returns(0)));
	if (pl_asks(PL_LINUX))
		pl_expect(pl_value(got.pid, NULL, "the process"), is(0));
}

/* What is told of the peer cannot be changed by who asks. */
PL_CASE(is_read_only, .verifies = "unix.creds.peer-credentials-read-only",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_PLAIN)
{
	struct pl_credentials self = pl_own_credentials(), other = self;
	struct pl_pair p = pl_pair();

	other.pid = 1;
	other.uid = other.euid = USER;
	pl_expect(pl_sys(pl_os_set_peer_credentials(p.r, &other),
		      "setsockopt(%s, credentials of the peer)", pl_slot(p.r)),
	    fails(ENOPROTOOPT));
	pl_expect_peer_credentials(p.r, &self);
	pl_expect_peer_credentials(p.w, &self);
}

/* The server learns who connected, whatever has become of the client since. */
PL_CASE(client_is_who_it_was_at_connect, .verifies = "unix.creds.client-identity-fixed-at-connect",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_NAMED, .needs = PL_ROOT)
{
	struct meeting *m = meet(true);
	int listener = pl_listening(1, &m->name), fd;
	struct pl_peer *client = pl_child(connect_and_stay, m, PL_KEEP_NONE);

	pl_await(CONNECTED);
	fd = pl_accept(listener);
	pl_expect_peer_credentials(fd, &m->child);
	pl_reach(LEAVE);
	pl_must(pl_result(client));
}

/* A server that listens, becomes another, and only then accepts. */
static struct pl_outcome
listen_and_drop(void *argument)
{
	struct meeting *m = argument;
	int listener;

	m->child = pl_own_credentials();
	listener = pl_listening(2, &m->name);
	pl_reach(LISTENING);
	drop();
	pl_reach(DROPPED);
	pl_await(ACCEPT);
	pl_accept(listener);
	pl_accept(listener);
	return (pl_done());
}

/* The client learns who called listen, before and after the accept, early and late. */
PL_CASE(server_is_who_it_was_at_listen, .verifies = "unix.creds.server-identity-fixed-at-listen",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_NAMED, .needs = PL_ROOT)
{
	struct meeting *m = meet(true);
	struct pl_peer *server = pl_child(listen_and_drop, m, PL_KEEP_NONE);
	int early = pl_unconnected(), late = pl_unconnected();

	pl_await(LISTENING);
	pl_connect(early, &m->name);
	pl_await(DROPPED);
	pl_connect(late, &m->name);
	pl_expect_peer_credentials(early, &m->child);
	pl_expect_peer_credentials(late, &m->child);
	pl_reach(ACCEPT);
	pl_must(pl_result(server));
	pl_expect_peer_credentials(early, &m->child);
	pl_expect_peer_credentials(late, &m->child);
}

static struct pl_outcome
connect_and_go(void *argument)
{
	struct meeting *m = argument;

	m->child = pl_own_credentials();
	pl_connect(pl_unconnected(), &m->name);
	return (pl_done());
}

/* Before the accept or after it, the process may be gone; who it was is known. */
PL_CASE(credentials_survive_the_peer, .verifies = "unix.creds.peer-credentials-survive-peer-exit",
    .kinds = PL_UNIX | PL_CONNECTIONS | PL_NAMED)
{
	struct meeting *m = meet(false);
	int listener = pl_listening(1, &m->name), fd;
	struct pl_peer *client = pl_child(connect_and_go, m, PL_KEEP_NONE);

	pl_must(pl_result(client));
	fd = pl_accept(listener);
	pl_expect_peer_credentials(fd, &m->child);

	client = pl_child(connect_and_stay, m, PL_KEEP_NONE);
	pl_await(CONNECTED);
	fd = pl_accept(listener);
	pl_reach(LEAVE);
	pl_must(pl_result(client));
	pl_expect_peer_credentials(fd, &m->child);
}

static struct pl_outcome
sys_getpeereid(int fd, uid_t *uid, gid_t *gid)
{
	struct pl_outcome o = pl_sys(pl_os_getpeereid(fd, uid, gid), "getpeereid(%s)", pl_slot(fd));

	if (o.error == ENOSYS)
		pl_not_tested("this system has no getpeereid");
	return (o);
}

/* Judge: the ids are the effective ones of these credentials. */
static void
expect_peer_ids(int fd, const struct pl_credentials *who)
{
	uid_t uid = USER;
	gid_t gid = GROUP;

	pl_expect(sys_getpeereid(fd, &uid, &gid), returns(0));
	pl_expect(pl_value((long)uid, NULL, "user"), is(who->euid));
	pl_expect(pl_value((long)gid, NULL, "group"), is(who->egid));
}

static struct pl_outcome
connect_as_another(void *argument)
{
	struct meeting *m = argument;
	struct pl_credentials server = pl_own_credentials();
	int fd = pl_unconnected();

	/* The group alone: the work directory may be closed to other users. */
	if (geteuid() == 0)
		pl_must(pl_sys(setegid(GROUP), "setegid(%d)", GROUP));
	m->child = pl_own_credentials();
	pl_connect(fd, &m->name);
	expect_peer_ids(fd, &server);
	pl_reach(CONNECTED);
	pl_await(LEAVE);
	return (pl_done());
}

/* Each end gives the ids of the other. */
PL_CASE(getpeereid_of_a_connection, .verifies = "unix.creds.getpeereid-connection",
    .kinds = PL_UNIX | PL_STREAM | PL_NAMED)
{
	struct meeting *m = meet(false);
	int listener = pl_listening(1, &m->name);
	struct pl_peer *client = pl_child(connect_as_another, m, PL_KEEP_NONE);

	pl_await(CONNECTED);
	expect_peer_ids(pl_accept(listener), &m->child);
	pl_reach(LEAVE);
	pl_must(pl_result(client));
}

/* A pair counts as connected. */
PL_CASE(getpeereid_of_a_pair, .verifies = "unix.creds.getpeereid-socketpair",
    .kinds = PL_UNIX | PL_STREAM | PL_PLAIN)
{
	struct pl_credentials self = pl_own_credentials();
	struct pl_pair p = pl_pair();

	expect_peer_ids(p.r, &self);
	expect_peer_ids(p.w, &self);
}

/* No answer for what has no peer. */
PL_CASE(getpeereid_errors, .verifies = "unix.creds.getpeereid-errors")
{
	int datagrams[2];
	uid_t uid;
	gid_t gid;

	pl_socketpair(AF_UNIX, SOCK_DGRAM, datagrams);
	pl_expect(sys_getpeereid(-1, &uid, &gid), fails(EBADF));
	pl_expect(
	    sys_getpeereid(pl_open("file", O_RDWR | O_CREAT, 0600), &uid, &gid), fails(ENOTSOCK));
	pl_expect(sys_getpeereid(pl_socket(AF_UNIX, SOCK_STREAM), &uid, &gid), fails(ENOTCONN));
	pl_expect(sys_getpeereid(datagrams[0], &uid, &gid), fails(EINVAL));
}
