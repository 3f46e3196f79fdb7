/*
 * A test program of CASES empty cases: what kyua and ATF themselves cost.
 */

#include <atf-c.h>
#include <stdio.h>

static atf_tc_t cases[CASES];
static char names[CASES][16];

static void
body(const atf_tc_t *tc)
{
	(void)tc;
}

ATF_TP_ADD_TCS(tp)
{
	static const char *const no_config[] = { NULL };

	for (int i = 0; i < CASES; i++) {
		atf_error_t error;

		snprintf(names[i], sizeof(names[i]), "empty_%d", i);
		error = atf_tc_init(&cases[i], names[i], NULL, body, NULL, no_config);
		if (!atf_is_error(error))
			error = atf_tp_add_tc(tp, &cases[i]);
		if (atf_is_error(error))
			return (error);
	}
	return (atf_no_error());
}
