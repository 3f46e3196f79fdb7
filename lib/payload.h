/*
 * Bytes that know their stream and offset.
 *
 * Each byte of a payload is a function of the stream it belongs to and of its
 * offset there, so that a reader can tell lost, repeated, swapped or foreign
 * bytes apart without a copy of what was sent.
 */

#ifndef PL_PAYLOAD_H
#define PL_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

/* Write the payload bytes offset .. offset + size - 1 of a stream to buffer. */
void pl_payload(void *buffer, size_t size, unsigned stream, uint64_t offset);

/* The index of the first byte that differs from that payload, or size if none does. */
size_t pl_payload_mismatch(const void *buffer, size_t size, unsigned stream, uint64_t offset);

/*
 * Where do these bytes come from?  Looks for an offset below limit of one of
 * the streams 0 .. streams - 1 whose payload begins with them (8 bytes at
 * least, else the answer is no).  Returns 1 and where, or 0.
 */
int pl_payload_locate(const void *bytes, size_t size, unsigned streams, uint64_t limit,
    unsigned *stream, uint64_t *offset);

#endif
