/*
 * fcntl(2) on the ends of a pipe, where no other topic claims it.
 */

#include "plumbline.h"
#include "sequence/names.h"

/* Judge: F_SETFL with that mode in its argument succeeds and leaves the mode alone. */
static void
expect_mode_kept(int fd, int mode)
{
	long before = pl_must(sys_fcntl(fd, F_GETFL, 0));

	pl_expect(sys_fcntl(fd, F_SETFL, (before & ~(long)O_ACCMODE) | mode), returns(0));
	pl_expect(sys_fcntl(fd, F_GETFL, 0), returns(before));
}

/* The access mode is decided when a descriptor is made; the pipe works on as before. */
PL_CASE(setfl_cannot_change_access_mode, .verifies = "pipe.fcntl.setfl-cannot-change-access-mode",
    .kinds = PL_PIPES)
{
	static const int modes[] = { O_WRONLY, O_RDWR, O_RDONLY };
	struct pl_pair p = pl_pair();

	for (int i = 0; i < 3; i++) {
		expect_mode_kept(p.r, modes[i]);
		expect_mode_kept(p.w, modes[i]);
		pl_expect(sys_write(p.w, "abc", 3), returns(3));
		pl_expect_text(p.r, "abc");
	}
}
