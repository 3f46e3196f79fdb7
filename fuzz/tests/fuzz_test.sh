#! /usr/bin/env atf-sh
# make fuzz: what it refuses, and that what an engine finds is filed.

# A tree with one target, which the byte 'P' at the front of an input breaks.
tree()
{
	root=$(atf_config_get root)
	mkdir -p t/lib t/fuzz t/corpus/broken && cd t || atf_fail "no folder"
	cp -R "$root/mk" "$root/Makefile" . || atf_fail "no scripts"
	rm -rf mk/tests
	cp "$root"/fuzz/target.[ch] "$root"/fuzz/feedback.[ch] "$root"/fuzz/runner.c "$root"/fuzz/finding.sh fuzz ||
		atf_fail "no parts of targets"
	cp "$root"/lib/os.h "$root"/lib/os_*.c "$root"/lib/catalogue.h lib || atf_fail "no system"
	cat >fuzz/broken.c <<-EOF
		#include "target.h"

		int
		LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
		{
			struct fuzz_bytes in = fuzz_begin(data, size);

			fuzz_check(fuzz_byte(&in) != 'P', "no input begins with P");
			return (fuzz_end());
		}
	EOF
	printf '[libfuzzer]\nmax_len = 8\n' >fuzz/broken.options
	echo seed >corpus/broken/seed
	unset TARGET ENGINE TIME CC CFLAGS LDFLAGS SANITIZE V MAKEFLAGS MAKELEVEL MAKE
}

# refuses TEXT VARIABLE=VALUE ...: it exits 2 with that line and no other.
refuses()
{
	text=$1
	shift
	atf_check -s exit:2 -e inline:"fuzz: $text\n" env "$@" sh mk/fuzz.sh
}

atf_test_case choices
choices_head()
{
	atf_set descr 'Choices that make no sense are refused'
	atf_set require.progs clang
}
choices_body()
{
	tree
	refuses 'no target "pipe"; targets: broken' TARGET=pipe
	refuses 'no target "*"; targets: broken' TARGET='*'
	refuses 'no engine "honggfuzz"; engines: libfuzzer afl' ENGINE=honggfuzz
	for n in 0 -1 1.5 long 07; do
		refuses "TIME is \"$n\"; it must be a whole number of seconds, 1 or more" TIME=$n
	done
	refuses 'neither TARGET nor ENGINE may be blank; targets: broken' TARGET=' '
	mkdir bin
	for tool in sh sed grep dirname; do
		ln -s "$(command -v $tool)" bin/$tool
	done
	refuses 'clang, which ENGINE=libfuzzer needs, is not installed; run: make deps' \
	    PATH="$(pwd)/bin"
}

# finds ENGINE: the engine finds what is wrong, it is filed, and known the next time.
finds()
{
	tree
	atf_check -s not-exit:0 -o match:"^fuzz: broken, $1: found corpus/findings/broken/.*: .*no input begins with P\$" \
	    -e ignore make fuzz TARGET=broken TIME=60 "ENGINE=$1"
	for input in corpus/findings/broken/*/input; do
		atf_check -s signal:abrt -e match:"^fuzz/broken.c:8: violated: no input begins with P\$" \
		    -e match:"^$input: this input did it\$" build/cc/fuzz/broken "$input"
	done
	cp "$input" corpus/broken
	atf_check -s not-exit:0 -o match:'^fuzz: broken: a seed violates something already$' \
	    -e ignore make fuzz TARGET=broken TIME=60 "ENGINE=$1"
}

atf_test_case libfuzzer
libfuzzer_head()
{
	atf_set require.progs clang
}
libfuzzer_body()
{
	finds libfuzzer
}

atf_test_case afl
afl_head()
{
	atf_set require.progs 'afl-fuzz afl-clang-fast'
}
afl_body()
{
	finds afl
}

atf_test_case nothing
nothing_head()
{
	atf_set descr 'Where nothing is wrong nothing is found, and what was learned is kept'
	atf_set require.progs clang
}
nothing_body()
{
	tree
	sed "s/fuzz_byte(&in) != 'P'/in.size <= size/" fuzz/broken.c >fuzz/broken.new
	mv fuzz/broken.new fuzz/broken.c
	atf_check -o match:'^fuzz: broken, libfuzzer: [1-9][0-9]* inputs, ' -e ignore \
	    make fuzz TARGET=broken TIME=2
	[ ! -e corpus/findings ] || atf_fail "something was filed"
	[ -d build/fuzz/broken/libfuzzer ] || atf_fail "nothing was kept"
}

atf_init_test_cases()
{
	atf_add_test_case choices
	atf_add_test_case libfuzzer
	atf_add_test_case afl
	atf_add_test_case nothing
}
