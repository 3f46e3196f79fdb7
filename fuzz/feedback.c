#include "feedback.h"

#include "../lib/os.h"

#define ENTRIES 65536 /* that KCOV may record for one input */

/* Spread the bits of a number, so that neighbours do not share a counter. */
static uint64_t
mix(uint64_t n)
{
	n ^= n >> 33;
	n *= 0xff51afd7ed558ccdULL;
	n ^= n >> 33;
	n *= 0xc4ceb9fe1a85ec53ULL;
	return (n ^ n >> 33);
}

#ifdef __AFL_COMPILER

/*
 * AFL++ numbers its edges itself and lends nobody a part of its map, so each thing
 * seen is an edge of its own here: a case that the compiler cannot merge.
 */
#define CASE(n)                                \
	case n:                                \
		__asm__ volatile("" ::"i"(n)); \
		break;
#define CASES4(n) CASE(n) CASE(n + 1) CASE(n + 2) CASE(n + 3)
#define CASES16(n) CASES4(n) CASES4(n + 4) CASES4(n + 8) CASES4(n + 12)
#define CASES64(n) CASES16(n) CASES16(n + 16) CASES16(n + 32) CASES16(n + 48)
#define CASES256(n) CASES64(n) CASES64(n + 64) CASES64(n + 128) CASES64(n + 192)
#define CASES1024(n) CASES256(n) CASES256(n + 256) CASES256(n + 512) CASES256(n + 768)

void
feedback_saw(uint64_t what)
{
	switch (mix(what) % 4096) {
		CASES1024(0)
		CASES1024(1024)
		CASES1024(2048)
		CASES1024(3072)
	}
}

#else

/* The section that libFuzzer looks for, and that means nothing to anybody else. */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[65536];

void
feedback_saw(uint64_t what)
{
	uint8_t *counter = &counters[mix(what) % sizeof(counters)];

	if (*counter < UINT8_MAX)
		++*counter;
}

#endif

/* 0, 1, 2 to 3, 4 to 7, ... */
static unsigned
magnitude(unsigned long n)
{
	unsigned bits = 0;

	for (; n > 0; n >>= 1)
		bits++;
	return (bits);
}

void
feedback_outcome(unsigned call, long result, int error)
{
	unsigned class = result < 0 ? 128U + (unsigned)error : magnitude((unsigned long)result);

	feedback_saw((uint64_t)call << 32 | class);
}

size_t
feedback_read_kernel(const uint64_t *buffer, size_t entries, void (*edge)(uint64_t what))
{
	uint64_t before = 0;
	size_t count;

	if (entries == 0)
		return (0);
	count = buffer[0] < entries - 1 ? (size_t)buffer[0] : entries - 1;
	for (size_t i = 1; i <= count; i++) {
		edge(mix(before) ^ buffer[i]);
		before = buffer[i];
	}
	return (count);
}

/* Asked for once; NULL where there is none. */
static uint64_t *
kernel_buffer(int *fd)
{
	static uint64_t *buffer;
	static int device = -1;
	static bool asked;

	if (!asked) {
		asked = true;
		device = pl_os_kcov_open(ENTRIES, &buffer);
		if (device < 0)
			buffer = NULL;
	}
	*fd = device;
	return (buffer);
}

void
feedback_kernel_begin(void)
{
	uint64_t *buffer;
	int fd;

	if ((buffer = kernel_buffer(&fd)) == NULL)
		return;
	buffer[0] = 0;
	pl_os_kcov_switch(fd, true);
}

void
feedback_kernel_end(void)
{
	uint64_t *buffer;
	int fd;

	if ((buffer = kernel_buffer(&fd)) == NULL)
		return;
	pl_os_kcov_switch(fd, false);
	feedback_read_kernel(buffer, ENTRIES, feedback_saw);
}
