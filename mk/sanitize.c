/*
 * Linked into instrumented test programs: what ATF itself leaks is not ours.
 *
 * Only its own entry points are named; a leak in a test's body, which ATF
 * calls, still counts.
 */

const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *
__lsan_default_suppressions(void)
{
	return ("leak:atf_tp_get_tcs\nleak:atf_tp_get_config\n"
		"leak:atf_map_init\nleak:atf_map_insert\n"
		"leak:atf_list_init\nleak:atf_list_append\n");
}

const char *
__lsan_default_options(void)
{
	return ("print_suppressions=0");
}
