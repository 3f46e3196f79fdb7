/*
 * How FreeBSD sizes and accounts the memory of all pipes, and the variables
 * that govern it; run alone, because every other pipe counts too.
 */

#include "plumbline.h"

/* What a new pipe has, per direction; see sys_pipe.c. */
#define NEW_SIZE 16384
#define REVERSE_SIZE 4096

/* A kernel variable, as an outcome. */
static struct pl_outcome
variable(const char *name)
{
	long value;

	if (pl_os_sysctl_get(name, &value) != 0)
		pl_not_tested("this kernel has no %s", name);
	return (pl_value(value, NULL, "%s", name));
}

/* End the case where new pipes may get less memory than they should. */
static void
need_plenty(void)
{
	if (variable("kern.ipc.pipekva").value > variable("kern.ipc.maxpipekva").value / 4)
		pl_not_tested("memory for pipes is scarce");
}

/*
 * Set a kernel variable, call function, and restore the variable before
 * anything is judged: an expectation that fails ends the process at once.
 */
static struct pl_outcome
with_sysctl(const char *name, long value, struct pl_outcome function(void))
{
	struct pl_outcome o;
	long before = variable(name).value;

	pl_must(pl_sys(pl_os_sysctl_set(name, value), "sysctl(%s = %ld)", name, value));
	o = function();
	pl_must(pl_sys(pl_os_sysctl_set(name, before), "sysctl(%s = %ld)", name, before));
	return (o);
}

static struct pl_outcome
fill_new_pipe(void)
{
	int fd[2];

	pl_pipe(fd);
	return (pl_value((long)pl_fill(fd[1], 4096), NULL, "bytes that fit"));
}

/* Without growth a pipe stays at its first size. */
PL_CASE(freebsd_resize_can_be_disabled, .verifies = "pipe.capacity.freebsd-resize-can-be-disabled",
    .needs = PL_ROOT)
{
	need_plenty();
	pl_expect(with_sysctl("kern.ipc.piperesizeallowed", 0, fill_new_pipe), is(NEW_SIZE));
}

/*
 * The account follows making and closing.  The system has other processes, so a
 * whole lot of pipes is made, and a quarter of their memory may be others' doing.
 */
PL_CASE(
    freebsd_pipekva_accounts_buffers, .verifies = "pipe.capacity.freebsd-pipekva-accounts-buffers")
{
	enum { LOT = 100 };
	static const char name[] = "kern.ipc.pipekva";
	const long lot = LOT * (long)(NEW_SIZE + REVERSE_SIZE);
	int fd[LOT][2];
	long before = variable(name).value;

	need_plenty();
	for (int i = 0; i < LOT; i++) {
		if (pipe(fd[i]) != 0)
			pl_not_tested("%d pipes cannot be had: %s", LOT, strerror(errno));
		pl_name_slot(fd[i][0], 'p');
		pl_name_slot(fd[i][1], 'p');
	}
	pl_note("made %d pipes", LOT);
	pl_expect(variable(name), returns_between(before + lot * 3 / 4, before + lot * 5 / 4));
	for (int i = 0; i < LOT; i++) {
		pl_close(fd[i][0]);
		pl_close(fd[i][1]);
	}
	pl_expect(variable(name), returns_between(before - lot / 4, before + lot / 4));
}

/* A direct write is no atomic one, so it must not begin at a size that must be. */
PL_CASE(freebsd_mindirect_lower_bound, .verifies = "pipe.capacity.freebsd-mindirect-lower-bound",
    .needs = PL_ROOT)
{
	static const char name[] = "kern.ipc.pipe_mindirect";
	const long values[] = { PIPE_BUF, 1, 0 };
	long before, after;

	if (pl_os_sysctl_get(name, &before) != 0 && pl_os.profile == PL_PROFILE_FREEBSD)
		pl_not_applicable("%s is not in this release", name);
	if (pl_os_sysctl_get(name, &before) != 0)
		pl_not_tested("this kernel has no %s", name);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct pl_outcome o =
		    pl_sys(pl_os_sysctl_set(name, values[i]), "sysctl(%s = %ld)", name, values[i]);

		if (o.error == 0)
			pl_must(pl_sys(
			    pl_os_sysctl_set(name, before), "sysctl(%s = %ld)", name, before));
		pl_expect(o, fails(EINVAL));
	}
	pl_must(pl_sys(pl_os_sysctl_get(name, &after), "sysctl(%s)", name));
	pl_expect(pl_value(after, NULL, "%s", name), is(before));
}
