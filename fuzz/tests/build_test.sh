#! /usr/bin/env atf-sh
# The build contract of a fleet, by hand: compiler, flags and engine from variables.

atf_test_case by_hand
by_hand_head()
{
	atf_set descr 'With the variables of OSS-Fuzz each target is built, and runs its seeds'
	atf_set require.progs 'clang zip unzip'
}
by_hand_body()
{
	root=$(atf_config_get root)
	unset CXX CXXFLAGS
	atf_check -o match:"^build: .*frame.* in $(pwd)/out\$" \
	    env CC=clang CFLAGS='-O1 -fsanitize=address,fuzzer-no-link' \
	    LIB_FUZZING_ENGINE=-fsanitize=fuzzer OUT="$(pwd)/out" sh "$root/fuzz/build.sh"
	for file in "$root"/fuzz/*.options; do
		target=${file##*/}
		target=${target%.options}
		cmp "$file" "out/$target.options" || atf_fail "no options of $target"
		[ ! -f "$root/fuzz/$target.dict" ] ||
			cmp "$root/fuzz/$target.dict" "out/$target.dict" ||
			atf_fail "no dictionary of $target"
		mkdir -p "seeds/$target"
		atf_check unzip -q "out/${target}_seed_corpus.zip" -d "seeds/$target"
		# What the engine replays, it says.
		atf_check -e match:'^Executed ' "out/$target" "seeds/$target"/*
	done
}

atf_test_case refusals
refusals_body()
{
	root=$(atf_config_get root)
	touch file
	atf_check -s exit:2 -e inline:'build: there is no compiler "nosuchcc"; run: make deps\n' \
	    env CC=nosuchcc OUT="$(pwd)/out" sh "$root/fuzz/build.sh"
	atf_check -s exit:2 -e match:'^build: cannot write in OUT, ' \
	    env OUT="$(pwd)/file/out" sh "$root/fuzz/build.sh"
}

atf_init_test_cases()
{
	atf_add_test_case by_hand
	atf_add_test_case refusals
}
