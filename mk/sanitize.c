/*
 * Linked into instrumented test programs: how the sanitizers are to behave.
 *
 * What ATF itself leaks is not ours; only its own entry points are named, so
 * that a leak in a test's body, which ATF calls, still counts.  A crash stays
 * the signal that it is, for the library reports it.
 */

const char *__asan_default_options(void);
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void);

const char *
__asan_default_options(void)
{
	return ("handle_segv=0");
}

const char *
__lsan_default_options(void)
{
	return ("print_suppressions=0");
}

const char *
__lsan_default_suppressions(void)
{
	return ("leak:atf_tp_get_tcs\nleak:atf_tp_get_config\n"
		"leak:atf_map_init\nleak:atf_map_insert\n"
		"leak:atf_list_init\nleak:atf_list_append\n");
}
