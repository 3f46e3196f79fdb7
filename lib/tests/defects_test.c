/*
 * The defect library: silent unless a defect is chosen, and only within bodies.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

/* A specimen that reads at end of file, with that defect chosen (NULL: none). */
static const struct ended *
run_with(const atf_tc_t *tc, const char *defect)
{
	static struct ended e;
	const char *srcdir = atf_tc_get_config_var(tc, "srcdir");
	char environment[4096];

	/* A sanitized program insists on being first; it is allowed to be second here. */
	snprintf(environment, sizeof(environment),
	    "ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD='%s/../defects/defects.so' %s%s",
	    srcdir, defect != NULL ? "PLUMBLINE_DEFECT=" : "", defect != NULL ? defect : "");
	run_case_of(srcdir, "specimen", environment, "", "holds_value", &e);
	return (&e);
}

ATF_TC_WITHOUT_HEAD(none_chosen_changes_nothing);
ATF_TC_BODY(none_chosen_changes_nothing, tc)
{
	const struct ended *e = run_with(tc, NULL);

	ATF_CHECK_MSG(strncmp(e->result, "passed", 6) == 0, "%s\n%s", e->result, e->output);
	e = run_with(tc, "");
	ATF_CHECK_MSG(strncmp(e->result, "passed", 6) == 0, "%s\n%s", e->result, e->output);
}

ATF_TC_WITHOUT_HEAD(the_chosen_one_is_noticed);
ATF_TC_BODY(the_chosen_one_is_noticed, tc)
{
	const struct ended *e = run_with(tc, "read-eof-as-eagain");

	ATF_CHECK_MSG(strncmp(e->result, "failed: specimen.all.one", 24) == 0, "%s\n%s", e->result,
	    e->output);
	ATF_CHECK(strstr(e->output, "observed: read(p0, 4) = EAGAIN") != NULL);
}

ATF_TC_WITHOUT_HEAD(an_unknown_one_is_an_error);
ATF_TC_BODY(an_unknown_one_is_an_error, tc)
{
	const struct ended *e = run_with(tc, "nonesuch");

	ATF_CHECK_STREQ("", e->result);
	ATF_CHECK(strstr(e->output, "no defect is called \"nonesuch\"") != NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, none_chosen_changes_nothing);
	ATF_TP_ADD_TC(tp, the_chosen_one_is_noticed);
	ATF_TP_ADD_TC(tp, an_unknown_one_is_an_error);
	return (atf_no_error());
}
