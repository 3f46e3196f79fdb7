/*
 * Payload bytes: the same when made in pieces, different everywhere else.
 */

#include "payload.h"

#include <atf-c.h>
#include <string.h>

ATF_TC_WITHOUT_HEAD(pieces_make_the_whole);
ATF_TC_BODY(pieces_make_the_whole, tc)
{
	unsigned char whole[1000], pieces[1000];

	pl_payload(whole, sizeof(whole), 1, 77);
	for (size_t at = 0, n = 1; at < sizeof(pieces); at += n, n = n % 13 + 1) {
		if (n > sizeof(pieces) - at)
			n = sizeof(pieces) - at;
		pl_payload(pieces + at, n, 1, 77 + at);
	}
	ATF_CHECK(memcmp(whole, pieces, sizeof(whole)) == 0);
	ATF_CHECK(pl_payload_mismatch(whole, sizeof(whole), 1, 77) == sizeof(whole));
}

ATF_TC_WITHOUT_HEAD(any_changed_byte_is_found);
ATF_TC_BODY(any_changed_byte_is_found, tc)
{
	unsigned char b[300];

	for (size_t i = 0; i < sizeof(b); i++) {
		pl_payload(b, sizeof(b), 0, 5);
		b[i] ^= 1;
		ATF_CHECK_EQ(i, pl_payload_mismatch(b, sizeof(b), 0, 5));
	}
}

/* Shifted, or from another stream: no run of eight bytes fits where it does not belong. */
ATF_TC_WITHOUT_HEAD(no_eight_bytes_fit_elsewhere);
ATF_TC_BODY(no_eight_bytes_fit_elsewhere, tc)
{
	unsigned char b[8];

	for (unsigned offset = 0; offset < 3000; offset += 7) {
		pl_payload(b, sizeof(b), 1, offset);
		for (unsigned other = 0; other < 4096; other++)
			ATF_REQUIRE(other == offset || pl_payload_mismatch(b, 8, 1, other) < 8);
		for (unsigned stream = 2; stream < 20; stream++)
			ATF_REQUIRE(pl_payload_mismatch(b, 8, stream, offset) < 8);
	}
}

ATF_TC_WITHOUT_HEAD(origin_is_told);
ATF_TC_BODY(origin_is_told, tc)
{
	unsigned char b[16];
	unsigned stream = 0;
	uint64_t offset = 0;

	pl_payload(b, sizeof(b), 2, 4321);
	ATF_CHECK_EQ(1, pl_payload_locate(b, sizeof(b), 4, 10000, &stream, &offset));
	ATF_CHECK_EQ(2, stream);
	ATF_CHECK_EQ(4321, offset);
	ATF_CHECK_EQ(0, pl_payload_locate(b, sizeof(b), 2, 10000, &stream, &offset));
	ATF_CHECK_EQ(0, pl_payload_locate(b, sizeof(b), 4, 4321, &stream, &offset));
	ATF_CHECK_EQ(0, pl_payload_locate(b, 7, 4, 10000, &stream, &offset));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pieces_make_the_whole);
	ATF_TP_ADD_TC(tp, any_changed_byte_is_found);
	ATF_TP_ADD_TC(tp, no_eight_bytes_fit_elsewhere);
	ATF_TP_ADD_TC(tp, origin_is_told);
	return (atf_no_error());
}
