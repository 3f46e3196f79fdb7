/*
 * What every fuzz target stands on: values from bytes, oracles, and hygiene.
 *
 * A target is one file fuzz/<target>.c that defines LLVMFuzzerTestOneInput(); the
 * build finds it by that line, and links it with libFuzzer, with AFL++ and with the
 * plain runner (runner.c).  Its header comment says what its oracle is.  Beside it
 * stand <target>.dict (words for the engines) and <target>.options (max_len, as
 * libFuzzer and OSS-Fuzz read it), its seeds in corpus/<target>/.
 *
 *	int
 *	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *	{
 *		struct fuzz_bytes in = fuzz_begin(data, size);
 *		...
 *		fuzz_check(got == asked, "read() gave %zd of %zu bytes", got, asked);
 *		...
 *		return (fuzz_end());
 *	}
 *
 * The same input gives the same run: no clock, no random numbers, no fork, nothing
 * remembered but pairs that were drained.  What an input opens it closes.
 */

#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one entry point, for all engines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of an input, or a part of it. */
struct fuzz_bytes {
	const uint8_t *at;
	size_t size;
};

/*
 * The first call of each input.  Takes stock of the descriptor table, sets errno to
 * 0 and gives the input.  The first one of all has SIGPIPE ignored (AFL++ would call
 * it a crash) and lowers the limit of descriptors to FUZZ_DESCRIPTORS.
 */
struct fuzz_bytes fuzz_begin(const uint8_t *data, size_t size);

/*
 * The last call: the descriptor table must be what it was, each open one the same
 * file.  It is a violation if not.  Gives what the entry point must return, 0.
 */
int fuzz_end(void);

/*
 * The descriptor table alone, for a target whose subject is what becomes of
 * descriptors: take stock, and compare with the stock taken last.
 */
void fuzz_take_stock(void);
void fuzz_compare_stock(void);

/*
 * The table has no more than these, so that looking at all of it is one cheap
 * call, and a leak of one for each input is soon out of descriptors.  AFL++ needs
 * 198 and 199.
 */
#define FUZZ_DESCRIPTORS 256

/*
 * Values from the front of the input, which gets shorter; 0, or an empty part, from
 * one that has ended.  A number is of bytes bytes, least significant first; an index
 * is less than n, n from 1 to 65536; a part has most bytes, or what there is.
 */
uint8_t fuzz_byte(struct fuzz_bytes *);
uint64_t fuzz_number(struct fuzz_bytes *, unsigned bytes);
unsigned fuzz_index(struct fuzz_bytes *, unsigned n);
bool fuzz_yes(struct fuzz_bytes *);
struct fuzz_bytes fuzz_part(struct fuzz_bytes *, size_t most);

/*
 * The oracle: if the condition is false, say "file:line: violated: what" and abort,
 * which every engine takes as a finding.  What is a format of printf(3) that tells
 * a reader what must be so, and what was.
 */
#define fuzz_check(condition, ...)                                      \
	do {                                                            \
		if (!(condition))                                       \
			fuzz_violated(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/*
 * Set-up, a call that must work for the input to mean anything: says "file:line:
 * set-up: what: strerror(errno)" and ends the program with 2 if it did not.  That is
 * trouble of ours, and no finding about the subject.
 */
#define fuzz_setup(condition, what)                            \
	do {                                                   \
		if (!(condition))                              \
			fuzz_broken(__FILE__, __LINE__, what); \
	} while (0)

_Noreturn void fuzz_violated(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void fuzz_broken(const char *file, int line, const char *what);

#endif
