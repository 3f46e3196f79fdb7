/*
 * Calls that need a file with positions or pages, made on a pipe: all of them
 * fail, and the data that waits is none the worse.
 */

#include "plumbline.h"

#include <sys/mman.h>

#include "sequence/names.h"

/* A pair with three bytes in it, so that what touches the data is seen. */
static struct pl_pair
filled_pair(void)
{
	struct pl_pair p = pl_pair();

	pl_write(p.w, "abc", 3);
	return (p);
}

/* The three bytes and no more are there: nothing was taken, nothing added. */
static void
expect_untouched(struct pl_pair p)
{
	pl_close(p.w);
	pl_expect_text(p.r, "abc");
	pl_expect_text(p.r, "");
}

/* Neither where it is nor anywhere else is a position. */
PL_CASE(lseek_gives_espipe, .verifies = "pipe.seek.lseek-espipe", .kinds = PL_PIPES)
{
	static const int whences[] = { SEEK_SET, SEEK_CUR, SEEK_END };
	static const off_t offsets[] = { 0, 1 };
	struct pl_pair p = filled_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 3; k++)
			for (int n = 0; n < 2; n++)
				pl_expect(
				    sys_lseek(ends[i], offsets[n], whences[k]), fails(ESPIPE));
	expect_untouched(p);
}

/* Two things are wrong; which is told depends on what is looked at first. */
PL_CASE(
    lseek_with_bad_whence_fails, .verifies = "pipe.seek.lseek-with-bad-whence", .kinds = PL_PIPES)
{
	struct pl_pair p = filled_pair();

	pl_expect(sys_lseek(p.r, 0, 99), on(PL_FREEBSD | PL_POSIX, fails(ESPIPE)),
	    on(PL_LINUX | PL_POSIX, fails(EINVAL)));
	pl_expect(sys_lseek(p.w, 0, -1), on(PL_FREEBSD | PL_POSIX, fails(ESPIPE)),
	    on(PL_LINUX | PL_POSIX, fails(EINVAL)));
	expect_untouched(p);
}

static struct pl_outcome
sys_pread(int fd, void *buffer, size_t size, off_t offset)
{
	return (pl_sys(pread(fd, buffer, size, offset), "pread(%s, %zu, %jd)", pl_slot(fd), size,
	    (intmax_t)offset));
}

static struct pl_outcome
sys_pwrite(int fd, const void *buffer, size_t size, off_t offset)
{
	return (pl_sys(pwrite(fd, buffer, size, offset), "pwrite(%s, %zu, %jd)", pl_slot(fd), size,
	    (intmax_t)offset));
}

/* Two things are wrong here too; -1 is not taken for the current position. */
PL_CASE(pread_with_negative_offset_fails, .verifies = "pipe.seek.pread-negative-offset",
    .kinds = PL_PIPES)
{
	struct pl_pair p = filled_pair();
	char b[3];

	pl_expect(sys_pread(p.r, b, 3, -1), on(PL_FREEBSD | PL_POSIX, fails(ESPIPE)),
	    on(PL_LINUX | PL_POSIX, fails(EINVAL)));
	pl_expect(sys_pwrite(p.w, "xyz", 3, -1), on(PL_FREEBSD | PL_POSIX, fails(ESPIPE)),
	    on(PL_LINUX | PL_POSIX, fails(EINVAL)));
	expect_untouched(p);
}

/* A pipe of the kind that has no name, with three bytes in it. */
static struct pl_pair
filled_pipe(void)
{
	int fd[2];

	pl_pipe(fd);
	pl_write(fd[1], "abc", 3);
	return ((struct pl_pair){ .r = fd[0], .w = fd[1] });
}

static struct pl_outcome
sys_ftruncate(int fd, off_t size)
{
	return (pl_sys(ftruncate(fd, size), "ftruncate(%s, %jd)", pl_slot(fd), (intmax_t)size));
}

/* A pipe has no length that could be set, and is not emptied instead. */
PL_CASE(ftruncate_gives_einval, .verifies = "pipe.seek.ftruncate-einval")
{
	struct pl_pair p = filled_pipe();

	for (off_t size = 0; size < 3; size += 2) {
		pl_expect(sys_ftruncate(p.r, size), fails(EINVAL), on(PL_POSIX, fails(EBADF)));
		if (!pl_asks(PL_POSIX))
			pl_expect(sys_ftruncate(p.w, size), fails(EINVAL));
	}
	expect_untouched(p);
}

/* There is nothing to write the data to. */
PL_CASE(fsync_gives_einval, .verifies = "pipe.seek.fsync-einval")
{
	struct pl_pair p = filled_pipe();

	pl_expect(pl_sys(fsync(p.r), "fsync(%s)", pl_slot(p.r)), fails(EINVAL));
	pl_expect(pl_sys(fsync(p.w), "fsync(%s)", pl_slot(p.w)), fails(EINVAL));
	pl_expect(pl_sys(fdatasync(p.r), "fdatasync(%s)", pl_slot(p.r)), fails(EINVAL));
	pl_expect(pl_sys(fdatasync(p.w), "fdatasync(%s)", pl_slot(p.w)), fails(EINVAL));
	expect_untouched(p);
}

/* No blocks are set aside for a pipe. */
PL_CASE(
    posix_fallocate_gives_espipe, .verifies = "pipe.seek.posix-fallocate-espipe", .kinds = PL_PIPES)
{
	struct pl_pair p = filled_pair();

	pl_expect(pl_sys_error(
		      posix_fallocate(p.w, 0, 4096), "posix_fallocate(%s, 0, 4096)", pl_slot(p.w)),
	    fails(ESPIPE));
	expect_untouched(p);
}

/* No advice about access is taken, whatever it is. */
PL_CASE(posix_fadvise_gives_espipe, .verifies = "pipe.seek.posix-fadvise-espipe", .kinds = PL_PIPES)
{
	static const struct {
		int advice;
		const char *name;
	} advices[] = {
		{ POSIX_FADV_NORMAL, "POSIX_FADV_NORMAL" },
		{ POSIX_FADV_SEQUENTIAL, "POSIX_FADV_SEQUENTIAL" },
		{ POSIX_FADV_DONTNEED, "POSIX_FADV_DONTNEED" },
	};
	struct pl_pair p = filled_pair();
	const int ends[] = { p.r, p.w };

	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < sizeof(advices) / sizeof(advices[0]); k++)
			pl_expect(
			    pl_sys_error(posix_fadvise(ends[i], 0, 0, advices[k].advice),
				"posix_fadvise(%s, 0, 0, %s)", pl_slot(ends[i]), advices[k].name),
			    fails(ESPIPE));
	expect_untouched(p);
}

static struct pl_outcome
sys_copy_file_range(int from, int to)
{
	return (pl_sys(copy_file_range(from, NULL, to, NULL, 3, 0),
	    "copy_file_range(%s, -, %s, -, 3, 0)", pl_slot(from), pl_slot(to)));
}

/* Only regular files are copied, and a pipe at either side is left as it was. */
PL_CASE(copy_file_range_gives_einval, .verifies = "pipe.seek.copy-file-range-einval")
{
	struct pl_pair p = filled_pipe();
	struct stat st;
	int file;

	file = pl_open("file", O_RDWR | O_CREAT, 0600);
	pl_expect(sys_copy_file_range(p.r, file), fails(EINVAL));
	pl_must(sys_fstat(file, &st));
	pl_expect(pl_value((long)st.st_size, NULL, "size of the file"), is(0));
	pl_write(file, "xyz", 3);
	pl_must(sys_lseek(file, 0, SEEK_SET));
	pl_expect(sys_copy_file_range(file, p.w), fails(EINVAL));
	pl_expect_text(file, "xyz");
	expect_untouched(p);
}

/*
 * A pipe has no pages to show, shared or private.  The write end is left out:
 * not to be open for reading is a reason of its own.
 */
PL_CASE(mmap_gives_enodev, .verifies = "pipe.seek.mmap-enodev", .kinds = PL_PIPES)
{
	static const struct {
		int flags;
		const char *name;
	} sharing[] = { { MAP_SHARED, "MAP_SHARED" }, { MAP_PRIVATE, "MAP_PRIVATE" } };
	struct pl_pair p = filled_pair();
	long page = sysconf(_SC_PAGESIZE);

	for (int i = 0; i < 2; i++)
		pl_expect(
		    pl_sys((intptr_t)mmap(NULL, (size_t)page, PROT_READ, sharing[i].flags, p.r, 0),
			"mmap(%ld, PROT_READ, %s, %s)", page, sharing[i].name, pl_slot(p.r)),
		    fails(ENODEV));
	expect_untouched(p);
}
