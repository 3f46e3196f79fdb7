#include "credentials.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "case.h"
#include "expect.h"
#include "trace.h"

struct pl_credentials
pl_own_credentials(void)
{
	struct pl_credentials c = {
		.version = 0,
		.pid = getpid(),
		.uid = getuid(),
		.euid = geteuid(),
		.gid = getgid(),
		.egid = getegid(),
	};
	gid_t groups[1024];
	int count = getgroups(1024, groups);

	for (; c.group_count < count && c.group_count < PL_GROUPS; c.group_count++)
		c.groups[c.group_count] = groups[c.group_count];
	return (c);
}

void
pl_control_add_credentials(struct pl_control *control, const struct pl_credentials *c)
{
	char data[512];
	int size = pl_os_credentials_size(PL_CREDENTIALS_EXPLICIT);

	if (size > (int)sizeof(data))
		pl_broken("%d bytes of credentials are too many", size);
	pl_os_write_credentials(PL_CREDENTIALS_EXPLICIT, c, data);
	pl_control_add(control, SOL_SOCKET, pl_os_credentials_type(PL_CREDENTIALS_EXPLICIT), data,
	    (size_t)size);
}

struct pl_outcome
sys_peer_credentials(int fd, struct pl_credentials *c)
{
	long value;

	pl_trace_begin(fd, "getsockopt(%s, credentials of the peer)", pl_slot(fd));
	value = pl_os_peer_credentials(fd, c);
	return (pl_trace_end_detail(value, " {pid %ld, user %ld, group %ld}", c->pid,
	    c->uid != PL_ABSENT ? c->uid : c->euid, c->gid != PL_ABSENT ? c->gid : c->egid));
}

static bool
has_group(const struct pl_credentials *c, gid_t group)
{
	for (int i = 0; i < c->group_count; i++)
		if (c->groups[i] == group)
			return (true);
	return (false);
}

void
pl_judge_same_credentials(
    const char *file, int line, const struct pl_credentials *got, const struct pl_credentials *who)
{
	const struct {
		const char *name;
		long got, wanted;
	} fields[] = {
		{ "version", got->version, 0 },
		{ "process", got->pid, who->pid },
		{ "real user", got->uid, who->uid },
		{ "effective user", got->euid, who->euid },
		{ "real group", got->gid, who->gid },
		{ "effective group", got->egid, who->egid },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		char expected[64];

		if (fields[i].got == PL_ABSENT)
			continue;
		snprintf(expected, sizeof(expected), "%s %ld", fields[i].name, fields[i].wanted);
		pl_expecting_text(file, line, expected);
		pl_judge_that(
		    fields[i].got == fields[i].wanted, "%s %ld", fields[i].name, fields[i].got);
	}
	/* Beside the effective group there are only those that who has, if all of these are known.
	 */
	for (int i = 0; i < got->group_count && who->group_count < PL_GROUPS; i++) {
		pl_expecting_text(file, line, "groups of the sender");
		pl_judge_that((long)got->groups[i] == who->egid || has_group(who, got->groups[i]),
		    "group %ju", (uintmax_t)got->groups[i]);
	}
}

void
pl_judge_peer_credentials(const char *file, int line, int fd, const struct pl_credentials *who)
{
	const struct pl_allowed set[] = { returns(0), { .form = PL_FORM_END } };
	struct pl_credentials got = { 0 };
	struct pl_outcome o;

	pl_expecting(file, line, set);
	o = sys_peer_credentials(fd, &got);
	pl_judge(o, set);
	if (o.error == 0)
		pl_judge_same_credentials(file, line, &got, who);
}

/* Judge the receive of a text with so many items. */
static void
receive(const char *file, int line, int fd, const char *text, struct pl_received *r, int items)
{
	const struct pl_allowed set[] = { returns((long)strlen(text)), { .form = PL_FORM_END } };

	pl_expecting(file, line, set);
	pl_judge(sys_receive_control(fd, r, sizeof(r->bytes), 1024, 0), set);
	pl_expecting_text(file, line, "the bytes that were sent");
	pl_judge_bytes(r->bytes, text, strlen(text));
	pl_expecting_text(file, line, items == 0 ? "no control data" : "one item of control data");
	pl_judge_that(r->items == items && (r->flags & MSG_CTRUNC) == 0, "%d items%s", r->items,
	    (r->flags & MSG_CTRUNC) != 0 ? ", cut off" : "");
}

void
pl_judge_credentials(const char *file, int line, int fd, const char *text,
    enum pl_credentials_form form, const struct pl_credentials *who)
{
	static struct pl_received r;
	struct pl_credentials got;
	const void *data;
	size_t size = 0;

	receive(file, line, fd, text, &r, 1);
	data = pl_control_find(&r.control, SOL_SOCKET, pl_os_credentials_type(form), &size);
	pl_expecting_text(file, line, "an item with the credentials of the sender");
	pl_judge_that(data != NULL, "an item of another type");
	if (data == NULL)
		return;
	pl_expecting_text(file, line, "credentials in the documented form");
	pl_judge_that(pl_os_read_credentials(form, data, size, &got) == 0,
	    "%zu bytes that do not fit it", size);
	pl_judge_same_credentials(file, line, &got, who);
}

void
pl_judge_no_credentials(const char *file, int line, int fd, const char *text)
{
	static struct pl_received r;

	receive(file, line, fd, text, &r, 0);
}
