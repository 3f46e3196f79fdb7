#include "payload.h"

/*
 * A byte mixes stream and offset so that neighbouring offsets, offsets a power
 * of two apart and equal offsets of two streams all differ in nearly every run
 * of eight bytes.  (The mixing is the finaliser of the splitmix64 generator,
 * one 64-bit word for each eight bytes.)
 */
static uint8_t
payload_byte(unsigned stream, uint64_t offset)
{
	uint64_t x = (offset >> 3) + ((uint64_t)stream << 40) + 1;

	x *= UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	x ^= x >> 31;
	return ((uint8_t)(x >> (8 * (offset & 7))));
}

void
pl_payload(void *buffer, size_t size, unsigned stream, uint64_t offset)
{
	uint8_t *b = buffer;

	for (size_t i = 0; i < size; i++)
		b[i] = payload_byte(stream, offset + i);
}

size_t
pl_payload_mismatch(const void *buffer, size_t size, unsigned stream, uint64_t offset)
{
	const uint8_t *b = buffer;
	size_t i = 0;

	while (i < size && b[i] == payload_byte(stream, offset + i))
		i++;
	return (i);
}

int
pl_payload_locate(const void *bytes, size_t size, unsigned streams, uint64_t limit,
    unsigned *stream, uint64_t *offset)
{
	if (size < 8)
		return (0);
	for (unsigned s = 0; s < streams; s++)
		for (uint64_t o = 0; o < limit; o++)
			if (pl_payload_mismatch(bytes, 8, s, o) == 8) {
				*stream = s;
				*offset = o;
				return (1);
			}
	return (0);
}
