/*
 * Credentials that come with messages on Linux: SO_PASSCRED, which asks for
 * them, and SCM_CREDENTIALS, with which a sender states them.
 */

#include "plumbline.h"

/* Users and groups that nobody needs to have. */
enum { USER = 60001, GROUP = 60002 };

enum { GO, WRITTEN = 2, LEAVE = 4 };

/* Set-up: ask for credentials at that socket. */
static void
ask(int fd)
{
	if (pl_os.so_passcred == PL_ABSENT)
		pl_not_tested("this kernel has no SO_PASSCRED");
	pl_set_option(fd, SOL_SOCKET, pl_os.so_passcred, 1);
}

/* A child that sends, and what it is to be. */
struct sender {
	struct pl_pair p;
	int number;       /* 0 or 1, of its checkpoints */
	bool disguised;   /* with other effective ids than real ones */
	bool states_them; /* says so itself: its effective ids */
	struct pl_credentials who;
};

static struct sender *
new_sender(struct pl_pair p, int number)
{
	struct sender *s = pl_shared(sizeof(*s));

	s->p = p;
	s->number = number;
	return (s);
}

/* A message with these credentials stated. */
static struct pl_outcome
state(int fd, const char *text, const struct pl_credentials *who)
{
	struct pl_control c = { 0 };

	pl_control_add_credentials(&c, who);
	return (sys_send_control(fd, text, strlen(text), &c, 0, NULL));
}

static struct pl_outcome
send_as_told(void *argument)
{
	struct sender *s = argument;

	if (s->disguised)
		pl_act_as(USER, GROUP);
	s->who = pl_own_credentials();
	if (s->states_them) {
		s->who.uid = s->who.euid;
		s->who.gid = s->who.egid;
		pl_expect(state(s->p.w, "abc", &s->who), returns(3));
	} else {
		pl_expect(sys_write(s->p.w, "abc", 3), returns(3));
		pl_expect(sys_send(s->p.w, "defg", 4, 0), returns(4));
	}
	pl_reach(WRITTEN + s->number);
	pl_await(LEAVE + s->number);
	return (pl_done());
}

/* Judge: receive what a sender's plain calls, or its statement, brought. */
static void
expect_from(struct sender *s)
{
	struct pl_peer *child;

	ask(s->p.r);
	child = pl_child(send_as_told, s, s->p.w);
	pl_await(WRITTEN + s->number);
	if (s->states_them) {
		pl_expect_credentials(s->p.r, "abc", PL_CREDENTIALS_EXPLICIT, &s->who);
	} else if (pl_kind_has(PL_STREAM)) {
		pl_expect_credentials(s->p.r, "abcdefg", PL_CREDENTIALS_RECEIVED, &s->who);
	} else {
		pl_expect_credentials(s->p.r, "abc", PL_CREDENTIALS_RECEIVED, &s->who);
		pl_expect_credentials(s->p.r, "defg", PL_CREDENTIALS_RECEIVED, &s->who);
	}
	pl_reach(LEAVE + s->number);
	pl_must(pl_result(child));
	pl_expect_nothing(s->p.r);
}

/* The sender need not know of it: every message tells whose it is, and each part of one. */
PL_CASE(
    default_credentials, .verifies = "unix.creds.passcred-default-credentials", .kinds = PL_UNIX)
{
	struct pl_credentials self = pl_own_credentials();
	struct pl_pair p = pl_pair();
	static struct pl_received r;

	expect_from(new_sender(p, 0));
	pl_write(p.w, "x", 1);
	pl_expect_credentials(p.r, "x", PL_CREDENTIALS_RECEIVED, &self);
	if (!pl_kind_has(PL_STREAM))
		return;
	pl_write(p.w, "yz", 2);
	pl_expect(sys_receive_control(p.r, &r, 1, 1024, 0), returns(1));
	pl_expect(pl_value(r.items, NULL, "items of control data"), is(1));
	pl_expect_credentials(p.r, "z", PL_CREDENTIALS_RECEIVED, &self);
}

/* The default is the real user and group. */
PL_CASE(default_credentials_are_real, .verifies = "unix.creds.passcred-default-credentials",
    .kinds = PL_UNIX | PL_PLAIN, .needs = PL_ROOT)
{
	struct sender *s = new_sender(pl_pair(), 0);

	s->disguised = true;
	expect_from(s);
}

/* What is stated takes the place of the default. */
PL_CASE(stated_credentials, .verifies = "unix.creds.scm-credentials-explicit", .kinds = PL_UNIX)
{
	struct sender *s = new_sender(pl_pair(), 0);

	s->states_them = true;
	expect_from(s);
}

/* A sender may choose between its real and its effective ids. */
PL_CASE(stated_effective_credentials, .verifies = "unix.creds.scm-credentials-explicit",
    .kinds = PL_UNIX | PL_PLAIN, .needs = PL_ROOT)
{
	struct sender *s = new_sender(pl_pair(), 0);

	s->disguised = s->states_them = true;
	expect_from(s);
}

/* Nobody may pretend, in any of the three; nothing of the message is queued. */
PL_CASE(forged_credentials_are_refused, .verifies = "unix.creds.scm-credentials-forged-eperm",
    .kinds = PL_UNIX, .needs = PL_UNPRIVILEGED)
{
	struct pl_credentials self = pl_own_credentials(), forged[4];
	struct pl_pair p = pl_pair();

	ask(p.r);
	for (int i = 0; i < 4; i++)
		forged[i] = self;
	forged[0].uid = 0;
	forged[1].gid = 0;
	forged[2].pid = getppid();
	forged[3].uid = self.uid + 1;
	for (int i = 0; i < 4; i++) {
		pl_expect(state(p.w, "abc", &forged[i]), fails(EPERM));
		pl_expect_nothing(p.r);
	}
	pl_expect(state(p.w, "def", &self), returns(3));
	pl_expect_credentials(p.r, "def", PL_CREDENTIALS_EXPLICIT, &self);
}

/* Not tested where even the super-user is watched. */
static void
need_licence(void)
{
	if (pl_os.so_passcred == PL_ABSENT)
		pl_not_tested("this kernel has no SCM_CREDENTIALS");
	if (!pl_os_may_forge_credentials())
		pl_not_tested("the super-user may not state other credentials here");
}

/* Who may be anybody may say so. */
PL_CASE(super_user_may_forge, .verifies = "unix.creds.scm-credentials-privileged-may-forge",
    .kinds = PL_UNIX, .needs = PL_ROOT)
{
	static int checkpoint = GO;
	struct pl_pair p = pl_pair();
	struct pl_peer *other;
	struct pl_credentials forged = { .uid = USER, .gid = GROUP };

	need_licence();
	other = pl_child(pl_hold, &checkpoint, PL_KEEP_NONE);
	forged.pid = pl_peer_pid(other);
	ask(p.r);
	pl_expect(state(p.w, "abc", &forged), returns(3));
	pl_expect_credentials(p.r, "abc", PL_CREDENTIALS_EXPLICIT, &forged);
	pl_reach(GO);
	pl_result(other);
}

/* But only somebody who exists. */
PL_CASE(forged_process_must_exist, .verifies = "unix.creds.scm-credentials-no-such-pid-esrch",
    .kinds = PL_UNIX, .needs = PL_ROOT)
{
	static int checkpoint = GO;
	struct pl_credentials self = pl_own_credentials(), gone = self;
	struct pl_pair p = pl_pair();
	struct pl_peer *other;

	need_licence();
	other = pl_child(pl_hold, &checkpoint, PL_KEEP_NONE);
	gone.pid = pl_peer_pid(other);
	ask(p.r);
	pl_reach(GO);
	pl_result(other);
	pl_expect(state(p.w, "abc", &gone), fails(ESRCH));
	pl_expect_nothing(p.r);
	pl_expect(state(p.w, "def", &self), returns(3));
	pl_expect_credentials(p.r, "def", PL_CREDENTIALS_EXPLICIT, &self);
}

/* Nobody gets what he did not ask for, or asks for no more. */
PL_CASE(unasked_credentials_do_not_come, .verifies = "unix.creds.scm-credentials-need-passcred",
    .kinds = PL_UNIX)
{
	struct pl_credentials self = pl_own_credentials();
	struct pl_pair p = pl_pair();

	if (pl_os.so_passcred == PL_ABSENT)
		pl_not_tested("this kernel has no SO_PASSCRED");
	pl_expect(state(p.w, "abc", &self), returns(3));
	pl_expect_no_credentials(p.r, "abc");
	ask(p.r);
	pl_expect(state(p.w, "def", &self), returns(3));
	pl_expect_credentials(p.r, "def", PL_CREDENTIALS_EXPLICIT, &self);
	pl_set_option(p.r, SOL_SOCKET, pl_os.so_passcred, 0);
	pl_expect(state(p.w, "ghi", &self), returns(3));
	pl_expect_no_credentials(p.r, "ghi");
	/* The sender's wish is not the receiver's. */
	ask(p.w);
	pl_write(p.w, "jkl", 3);
	pl_expect_no_credentials(p.r, "jkl");
}

/* Judge: a name that the kernel chose, a NUL and five hexadecimal digits. */
static void
expect_chosen_name(const struct pl_address *a)
{
	const size_t size = offsetof(struct sockaddr_un, sun_path) + 6;
	char text[160];
	int digits = 0;

	while (digits < 5 && memchr("0123456789abcdef", a->un.sun_path[1 + digits], 16) != NULL)
		digits++;
	pl_expect_that(a->length == size && a->any.sa_family == AF_UNIX &&
		a->un.sun_path[0] == '\0' && digits == 5,
	    "an abstract name of five hexadecimal digits", "%s of %u bytes",
	    pl_address_text(text, sizeof(text), &a->any, a->length), (unsigned)a->length);
}

/* One who asks who is speaking is given a name, so that he can be answered. */
PL_CASE(asker_gets_a_name, .verifies = "unix.creds.passcred-autobinds", .kinds = PL_UNIX | PL_PLAIN)
{
	bool connections = pl_kind_has(PL_CONNECTIONS);
	struct pl_address name, own, seen;
	int fd = connections ? pl_listening(1, &name) : pl_bound(&name), client;
	char b[8];

	client = pl_unconnected();
	ask(client);
	if (connections) {
		pl_expect(sys_connect(client, &name), returns(0));
		pl_expect(sys_accept(fd, &seen), opens());
	} else {
		pl_expect(sys_sendto(client, "abc", 3, 0, &name), returns(3));
		pl_expect(sys_recvfrom(fd, b, sizeof(b), 0, &seen), returns(3));
	}
	own = pl_sockname(client);
	expect_chosen_name(&own);
	expect_chosen_name(&seen);
	pl_expect_that(
	    pl_address_equal(&own, &seen), "the same name at both ends", "two different names");
	if (!connections) {
		pl_expect(sys_sendto(fd, "def", 3, 0, &seen), returns(3));
		pl_expect_text(client, "def");
	}
}

/* Bytes of two writers are not one receive's: each has its own sender. */
PL_CASE(different_senders_are_not_merged,
    .verifies = "unix.creds.passcred-different-senders-not-merged", .kinds = PL_UNIX | PL_STREAM)
{
	struct pl_pair p = pl_pair();
	struct sender *senders[2];
	struct pl_peer *children[2];

	ask(p.r);
	for (int i = 0; i < 2; i++) {
		senders[i] = new_sender(p, i);
		children[i] = pl_child(send_as_told, senders[i], p.w);
		pl_await(WRITTEN + i);
	}
	for (int i = 0; i < 2; i++)
		pl_expect_credentials(p.r, "abcdefg", PL_CREDENTIALS_RECEIVED, &senders[i]->who);
	pl_expect_nothing(p.r);
	for (int i = 0; i < 2; i++) {
		pl_reach(LEAVE + i);
		pl_must(pl_result(children[i]));
	}
}

/* One item does not push the other out. */
PL_CASE(credentials_and_descriptors_together,
    .verifies = "unix.creds.credentials-and-rights-together", .kinds = PL_UNIX)
{
	struct pl_credentials self = pl_own_credentials(), got = { 0 };
	static struct pl_received r;
	struct pl_pair p = pl_pair();
	const void *data;
	size_t size = 0;
	int fd[2];

	ask(p.r);
	pl_pipe(fd);
	pl_expect(sys_send_rights(p.w, "abc", 3, &fd[1], 1, 0), returns(3));
	pl_expect(sys_receive_control(p.r, &r, 8, 1024, 0), returns(3));
	pl_expect_bytes(r.bytes, "abc", 3);
	pl_expect(pl_value(r.items, NULL, "items of control data"), is(2));
	pl_expect(pl_value(r.count, NULL, "descriptors"), is(1));
	data = pl_control_find(
	    &r.control, SOL_SOCKET, pl_os_credentials_type(PL_CREDENTIALS_RECEIVED), &size);
	pl_expect_that(
	    data != NULL && pl_os_read_credentials(PL_CREDENTIALS_RECEIVED, data, size, &got) == 0,
	    "credentials", "none, or not in their form");
	pl_expect_same_credentials(&got, &self);
	pl_expect(sys_write(r.fd[0], "def", 3), returns(3));
	pl_expect_text(fd[0], "def");
}
