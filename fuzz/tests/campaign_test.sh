#! /usr/bin/env atf-sh
# fuzz/campaign: it goes on after its processes were killed, and collects what it found.

# A tree with one target, which an input that begins with "PL" breaks.
tree()
{
	root=$(atf_config_get root)
	mkdir -p t/lib t/fuzz t/corpus/broken && cd t || atf_fail "no folder"
	cp -R "$root/mk" "$root/Makefile" . || atf_fail "no scripts"
	rm -rf mk/tests
	cp "$root"/fuzz/target.[ch] "$root"/fuzz/feedback.[ch] "$root"/fuzz/runner.c "$root"/fuzz/finding.sh \
	    "$root"/fuzz/campaign fuzz || atf_fail "no parts of targets"
	cp "$root"/lib/os.h "$root"/lib/os_*.c "$root"/lib/catalogue.h lib || atf_fail "no system"
	cat >fuzz/broken.c <<-EOF
		#include "target.h"

		int
		LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
		{
			struct fuzz_bytes in = fuzz_begin(data, size);

			if (fuzz_byte(&in) == 'P')
				fuzz_check(fuzz_byte(&in) != 'L', "no input begins with PL");
			return (fuzz_end());
		}
	EOF
	printf '[libfuzzer]\nmax_len = 8\n' >fuzz/broken.options
	echo seed >corpus/broken/seed
	unset TARGET ENGINE TIME CC CFLAGS LDFLAGS SANITIZE V MAKEFLAGS MAKELEVEL MAKE JOBS
	HOST=here
	TARGETS=broken
	ENGINES=libfuzzer
	export HOST TARGETS ENGINES
}


atf_test_case choices
choices_body()
{
	tree
	atf_check -s exit:2 -e inline:"campaign: usage: fuzz/campaign start|stop|status|collect FOLDER\n" \
	    fuzz/campaign begin c
	atf_check -s exit:2 -e inline:'campaign: no target "pipe"; targets: broken\n' \
	    env TARGETS=pipe fuzz/campaign start c
	atf_check -s exit:2 -e inline:'campaign: no engine "honggfuzz"; engines: libfuzzer afl\n' \
	    env ENGINES=honggfuzz fuzz/campaign start c
	atf_check -s exit:2 -e inline:'campaign: JOBS is "0"; it must be a whole number from 1 on\n' \
	    env JOBS=0 fuzz/campaign start c
	atf_check -s exit:2 -e match:'^campaign: .*: no campaign$' fuzz/campaign status c
	atf_check -s exit:2 -e match:'^campaign: .*: here runs nothing there$' fuzz/campaign stop c
}

# until COMMAND ...: waits until it succeeds.  The test's own time is the limit.
until_so()
{
	while ! "$@" >/dev/null 2>&1; do
		:
	done
}

found()
{
	ls c/broken/crashes/crash-* 2>/dev/null
}

is_away()
{
	fuzz/campaign status c | grep -q '^broken  *libfuzzer  *here-1  *stopped '
}

atf_test_case survives cleanup
survives_head()
{
	atf_set require.progs clang
	atf_set timeout 300
}
survives_body()
{
	tree
	atf_check -o match:'^campaign: 1 instances of here in ' fuzz/campaign start c
	until_so found
	atf_check -o match:'^broken +libfuzzer +here-1 +running ' fuzz/campaign status c
	instance=$(cat c/run/here/broken.libfuzzer.1.pid)
	# A machine that crashes says nothing to anybody.
	kill -KILL "$instance" $(pgrep -P "$instance")
	until_so is_away
	ls c/broken/libfuzzer/here-1 >before
	atf_check -o match:'^campaign: 1 instances of here in ' fuzz/campaign start c
	atf_check -o match:' running ' fuzz/campaign status c
	atf_check -o inline:'campaign: stopped\n' fuzz/campaign stop c
	ls c/broken/libfuzzer/here-1 >after
	atf_check comm -23 before after
	atf_check -o match:'finding: corpus/findings/broken/' -o match:'^broken: [0-9]* inputs added to 1$' \
	    fuzz/campaign collect c
	atf_check -o match:'no input begins with PL' -o match:'^reliability: 10 of 10$' \
	    cat corpus/findings/broken/*/report.txt
}
survives_cleanup()
{
	for pid in t/c/run/here/*.pid; do
		[ -f "$pid" ] || continue
		children=$(pgrep -P "$(cat "$pid")")
		kill -KILL "$(cat "$pid")" $children 2>/dev/null
	done
	true
}

atf_init_test_cases()
{
	atf_add_test_case choices
	atf_add_test_case survives
}
