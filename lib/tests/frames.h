/*
 * What the tests of frames share: payload, frames laid out in memory, a check.
 */

#ifndef FRAMES_H
#define FRAMES_H

#include "frame.h"

enum { LIMIT = 70000, STREAM = 4 * LIMIT };

/* The memory of a decoder; and LIMIT bytes to send. */
extern unsigned char memory[LIMIT];
const unsigned char *payload(void);

/* A number of 24 bits.  The same ones at each run. */
unsigned next(unsigned *state);

/* The bytes that are left of a frame, laid out; their number. */
size_t flatten(const struct pl_frame_encoder *, unsigned char *to);

/* The frame of that type and payload, laid out; its size. */
size_t lay_out(unsigned char *to, uint16_t type, const void *bytes, size_t length);

/* Check that a decoder has that frame. */
void check_frame(const struct pl_frame_decoder *, uint16_t type, const void *bytes, size_t length);

/* pl_frame_feed, for bytes that are all taken. */
enum pl_frame_status feed(struct pl_frame_decoder *, const void *bytes, size_t length);

/* How many descriptors are open. */
int open_descriptors(void);

#endif
