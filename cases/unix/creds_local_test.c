/*
 * Credentials that come with messages on FreeBSD: SCM_CREDS, which the sender
 * attaches and the kernel fills in, and the options LOCAL_CREDS and
 * LOCAL_CREDS_PERSISTENT, which ask for them.
 */

#include <grp.h>

#include "plumbline.h"

/* Users and groups that nobody needs to have. */
enum { USER = 60001, GROUP = 60002 };

enum { WRITTEN, LEAVE };

static void
need_local_creds(void)
{
	if (pl_os.local_creds == PL_ABSENT)
		pl_not_tested("this kernel has no SCM_CREDS and LOCAL_CREDS");
}

/* Set-up: switch one of the options. */
static void
ask(int fd, int option, int on)
{
	need_local_creds();
	pl_set_option(fd, pl_os.sol_local, option, on);
}

/* A message with these credentials attached. */
static struct pl_outcome
attach(int fd, const char *text, const struct pl_credentials *who)
{
	struct pl_control c = { 0 };

	pl_control_add_credentials(&c, who);
	return (sys_send_control(fd, text, strlen(text), &c, 0, NULL));
}

/* A child that sends, and what it is to do. */
struct sender {
	int fd;
	bool disguised;                /* with other effective ids than real ones */
	int groups;                    /* so many of them, 0: as they are */
	bool attaches;                 /* these: */
	struct pl_credentials claimed; /* what it says of itself */
	struct pl_credentials who;     /* what it is */
};

static struct pl_outcome
send_as_told(void *argument)
{
	struct sender *s = argument;
	gid_t groups[20];

	for (int i = 0; i < 20; i++)
		groups[i] = (gid_t)(GROUP + i);
	if (s->groups > 0)
		pl_must(pl_sys(setgroups((size_t)s->groups, groups), "setgroups(%d)", s->groups));
	if (s->disguised)
		pl_act_as(USER, GROUP);
	s->who = pl_own_credentials();
	for (int i = 0; i < 2; i++) {
		if (s->attaches)
			pl_expect(attach(s->fd, "abc", &s->claimed), returns(3));
		else
			pl_expect(sys_write(s->fd, "abc", 3), returns(3));
		pl_reach(WRITTEN);
		pl_await(LEAVE);
	}
	return (pl_done());
}

/* Judge: what the child sends arrives in that form; the second message, too, or with nothing. */
static void
expect_from(struct sender *how, struct pl_pair p, enum pl_credentials_form form, bool again)
{
	struct sender *s = pl_shared(sizeof(*s));
	struct pl_peer *child;

	*s = *how;
	s->fd = p.w;
	child = pl_child(send_as_told, s, p.w);
	pl_await(WRITTEN);
	pl_expect_credentials(p.r, "abc", form, &s->who);
	pl_reach(LEAVE);
	pl_await(WRITTEN);
	if (again)
		pl_expect_credentials(p.r, "abc", form, &s->who);
	else
		pl_expect_no_credentials(p.r, "abc");
	pl_reach(LEAVE);
	pl_must(pl_result(child));
	pl_expect_nothing(p.r);
}

/* A zeroed structure comes back full. */
PL_CASE(attached_credentials_are_filled_in, .verifies = "unix.creds.scm-creds-filled-by-kernel",
    .kinds = PL_UNIX)
{
	need_local_creds();
	expect_from(&(struct sender){ .attaches = true }, pl_pair(), PL_CREDENTIALS_EXPLICIT, true);
}

/* Real and effective ids have each their place. */
PL_CASE(attached_credentials_real_and_effective,
    .verifies = "unix.creds.scm-creds-filled-by-kernel", .kinds = PL_UNIX | PL_PLAIN,
    .needs = PL_ROOT)
{
	need_local_creds();
	expect_from(&(struct sender){ .attaches = true, .disguised = true }, pl_pair(),
	    PL_CREDENTIALS_EXPLICIT, true);
}

/* The effective group is the first of the list. */
PL_CASE(attached_groups, .verifies = "unix.creds.scm-creds-filled-by-kernel",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_credentials got = { 0 }, none = { 0 };
	struct pl_pair p = pl_pair();
	static struct pl_received r;
	const void *data;
	size_t size = 0;

	need_local_creds();
	pl_expect(attach(p.w, "abc", &none), returns(3));
	pl_expect(sys_receive_control(p.r, &r, 8, 1024, 0), returns(3));
	data = pl_control_find(
	    &r.control, SOL_SOCKET, pl_os_credentials_type(PL_CREDENTIALS_EXPLICIT), &size);
	pl_expect_that(
	    data != NULL && pl_os_read_credentials(PL_CREDENTIALS_EXPLICIT, data, size, &got) == 0,
	    "credentials", "none, or not in their form");
	pl_expect_that(got.group_count >= 1, "a group at least", "%d groups", got.group_count);
	pl_expect(pl_value((long)got.groups[0], NULL, "the first group"), is(getegid()));
}

/* What the sender writes there itself does not matter. */
PL_CASE(forged_credentials_are_replaced,
    .verifies = "unix.creds.scm-creds-forged-contents-replaced", .kinds = PL_UNIX)
{
	struct sender s = { .attaches = true,
		.claimed = { .pid = 1,
		    .uid = USER,
		    .euid = USER + 1,
		    .gid = GROUP,
		    .group_count = 1,
		    .groups = { GROUP } } };

	need_local_creds();
	expect_from(&s, pl_pair(), PL_CREDENTIALS_EXPLICIT, true);
}

/* A list that is too long is cut off. */
PL_CASE(long_group_list_is_cut_off, .verifies = "unix.creds.scm-creds-group-list-truncated",
    .kinds = PL_UNIX | PL_PLAIN, .needs = PL_ROOT)
{
	struct sender *s = pl_shared(sizeof(*s));
	struct pl_credentials got = { 0 };
	struct pl_pair p = pl_pair();
	static struct pl_received r;
	struct pl_peer *child;
	const void *data;
	size_t size = 0;

	need_local_creds();
	*s = (struct sender){ .fd = p.w, .groups = 20, .attaches = true };
	child = pl_child(send_as_told, s, p.w);
	pl_await(WRITTEN);
	pl_expect(sys_receive_control(p.r, &r, 8, 1024, 0), returns(3));
	data = pl_control_find(
	    &r.control, SOL_SOCKET, pl_os_credentials_type(PL_CREDENTIALS_EXPLICIT), &size);
	pl_expect_that(
	    data != NULL && pl_os_read_credentials(PL_CREDENTIALS_EXPLICIT, data, size, &got) == 0,
	    "credentials", "none, or not in their form");
	pl_expect(pl_value(got.group_count, NULL, "groups"), is(16));
	pl_reach(LEAVE);
	pl_await(WRITTEN);
	pl_reach(LEAVE);
	pl_must(pl_result(child));
}

/* Asked once, answered once: the first message of a connection tells, and the option is off. */
PL_CASE(local_creds_of_a_connection, .verifies = "unix.creds.local-creds-stream-first-read-only",
    .kinds = PL_UNIX | PL_CONNECTIONS)
{
	struct pl_pair p = pl_pair();

	ask(p.r, pl_os.local_creds, 1);
	pl_expect_that(sys_get_option(p.r, pl_os.sol_local, pl_os.local_creds).value != 0,
	    "the option on", "it is off");
	expect_from(&(struct sender){ 0 }, p, PL_CREDENTIALS_RECEIVED, false);
	pl_expect(sys_get_option(p.r, pl_os.sol_local, pl_os.local_creds), returns(0));
}

/* Each datagram may have another sender. */
PL_CASE(local_creds_of_datagrams, .verifies = "unix.creds.local-creds-dgram-every-message",
    .kinds = PL_UNIX | PL_DATAGRAMS)
{
	struct pl_credentials self = pl_own_credentials();
	struct pl_pair p = pl_pair();

	ask(p.r, pl_os.local_creds, 1);
	expect_from(&(struct sender){ 0 }, p, PL_CREDENTIALS_RECEIVED, true);
	pl_write(p.w, "def", 3);
	pl_expect_credentials(p.r, "def", PL_CREDENTIALS_RECEIVED, &self);
}

/* Two kinds of items of one type never come together: the receiver's wish counts. */
PL_CASE(local_creds_replace_attached_ones, .verifies = "unix.creds.local-creds-replaces-scm-creds",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_credentials self = pl_own_credentials(), none = { 0 };
	struct pl_pair p = pl_pair();

	ask(p.r, pl_os.local_creds, 1);
	pl_expect(attach(p.w, "abc", &none), returns(3));
	pl_expect_credentials(p.r, "abc", PL_CREDENTIALS_RECEIVED, &self);
}

/* Asked once, answered always. */
PL_CASE(persistent_credentials, .verifies = "unix.creds.local-creds-persistent-every-read",
    .kinds = PL_UNIX)
{
	struct pl_credentials self = pl_own_credentials();
	struct pl_pair p = pl_pair();

	ask(p.r, pl_os.local_creds_persistent, 1);
	expect_from(&(struct sender){ 0 }, p, PL_CREDENTIALS_VERSIONED, true);
	pl_write(p.w, "def", 3);
	pl_expect_credentials(p.r, "def", PL_CREDENTIALS_VERSIONED, &self);
	pl_expect_that(
	    sys_get_option(p.r, pl_os.sol_local, pl_os.local_creds_persistent).value != 0,
	    "the option on", "it is off");
}

/* One or the other; the refused one does nothing. */
PL_CASE(options_exclude_each_other, .verifies = "unix.creds.local-creds-options-exclusive",
    .kinds = PL_UNIX | PL_PLAIN)
{
	struct pl_credentials self = pl_own_credentials();
	struct pl_pair p = pl_pair();
	int level = pl_os.sol_local;

	ask(p.r, pl_os.local_creds, 1);
	pl_expect(sys_set_option(p.r, level, pl_os.local_creds_persistent, 1), fails(EINVAL));
	pl_expect(sys_get_option(p.r, level, pl_os.local_creds_persistent), returns(0));
	pl_expect(sys_set_option(p.r, level, pl_os.local_creds, 0), returns(0));
	pl_expect(sys_set_option(p.r, level, pl_os.local_creds_persistent, 1), returns(0));
	pl_expect(sys_set_option(p.r, level, pl_os.local_creds, 1), fails(EINVAL));
	pl_write(p.w, "abc", 3);
	pl_expect_credentials(p.r, "abc", PL_CREDENTIALS_VERSIONED, &self);
}
