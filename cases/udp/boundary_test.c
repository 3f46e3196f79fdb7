/*
 * A datagram is whole, or is said to be cut.
 */

#include "plumbline.h"

/* Around the sizes at which a kernel's buffers, or the packets of common links, end. */
PL_CASE(payload_is_intact_for_many_sizes, .verifies = "udp.data.payload-intact-for-many-sizes",
    .kinds = PL_UDP)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 64, 127, 128, 129, 224, 255, 256, 257, 511, 512,
		513, 1023, 1024, 1025, 1452, 1453, 1471, 1472, 1473, 2047, 2048, 2049, 4095, 4096,
		4097, 8191, 8192, 8193, 9000 };
	enum { LARGEST = 9000 };
	struct pl_pair p = pl_pair();
	char b[LARGEST + 1];

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		pl_payload(b, sizes[i], i, 0);
		pl_must(sys_send(p.w, b, sizes[i], 0));
		memset(b, 0, sizeof(b));
		pl_expect(sys_recv(p.r, b, sizeof(b), 0), returns((long)sizes[i]));
		pl_expect_payload(b, sizes[i], i, 0);
	}
	pl_expect_nothing(p.r);
}
