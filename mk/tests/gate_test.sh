#! /usr/bin/env atf-sh
# The gate on runs of the real suite, and what it says to choices that make no sense.

# Goes to the project's root; what is written goes to the work directory, $here.
enter()
{
	here=$(pwd)
	build=$(cd -P "$(atf_get_srcdir)/../.." && pwd)
	cd "$(atf_config_get root)" || atf_fail "no root"
	CC=$(basename "$build")
	[ -x "build/$CC/reports/gate" ] || atf_skip "another build folder"
	unset CASE PROFILE SCALE RESULTS REPEAT FORMAT SANITIZE
	AREA=pipe
	PARALLEL=2
	BASELINE=$here/b.tsv
	OUT=$here/out
	export CC AREA PARALLEL BASELINE OUT
}

# gate STATUS SUMMARY VARIABLE=VALUE ...: judged so, with that last line.
gate()
{
	status=$1
	summary=$2
	shift 2
	atf_check -s exit:"$status" -o save:"$here/said" env "$@" sh mk/gate.sh
	atf_check -o match:"^gate: $summary" tail -n 1 "$here/said"
}

# Cases of pipe's eof_test with a defect: the results file $here/defect.db.
inject()
{
	# A path with blanks would be several to the loader.
	cp "$build/lib/defects/defects.so" "$here" || atf_fail "no defects"
	(
		. mk/common.sh
		list_cases "build/$CC" cases/pipe | matching_cases 'eof*' >"$here/names"
		injected_kyua "$here/defects.so" eof-is-told-once \
		    -v "test_suites.plumbline.profile=$(home_profile)" test -k Kyuafile \
		    --build-root="build/$CC" -r "$here/defect.db" $(cat "$here/names")
	) >"$here/log" 2>&1
	[ -s "$here/defect.db" ] || atf_fail "kyua wrote nothing: $(cat "$here/log")"
}

atf_test_case real_runs
real_runs_head()
{
	atf_set require.progs kyua
	atf_set descr 'Green on the kernel that made the baseline, red for what is provoked'
}
real_runs_body()
{
	enter
	case $CC in
	*address* | *undefined* | *thread*) atf_skip "defects cannot be injected here" ;;
	esac
	atf_check -o match:'^baseline: .* requirements, .* cases, 0 of them' sh mk/gate.sh baseline
	whole=$OUT/results.db
	gate 0 clean RESULTS="$whole"
	cp "$BASELINE" "$here/before"
	atf_check -o ignore env RESULTS="$whole" sh mk/gate.sh baseline
	atf_check cmp "$here/before" "$BASELINE"

	# A new run of a few, twice; then as if one of them had been dropped.
	OUT=$here/few
	gate 0 'clean; 2 cases' CASE='eof_test:is_sticky*' REPEAT=2
	gate 1 '.* vanished; 2 cases' CASE='eof*' RESULTS="$here/few/repeat-1/results.db"
	atf_check -o match:'is: not in this run' cat "$here/few/gate.md"
	atf_check -s exit:2 -e match:'is not in the results, so the baseline would lack it' \
	    env RESULTS="$here/few/repeat-1/results.db" sh mk/gate.sh baseline
	atf_check cmp "$here/before" "$BASELINE"

	# A known deviation of the baseline that conforms.
	sed 's/^\(requirement	pipe.eof.is-sticky	\).*/\1known deviation/' "$here/before" \
	    >"$BASELINE"
	gate 1 '1 regression: 1 conforms again' RESULTS="$whole"
	cp "$here/before" "$BASELINE"

	# A skip for want of room, where there is some otherwise.
	if grep -q 'size_above_int_max.*	passed' "$BASELINE"; then
		(
			ulimit -v 2000000
			gate 1 '2 regressions: 2 new skips' CASE='size_above_int_max*'
		) || atf_fail "no new skip"
		atf_check -o match:'reason: not tested: no room' cat "$here/few/gate.md"
	fi

	# A kernel that tells of the end of file only once.
	inject
	gate 1 '[0-9]* regressions: [0-9]* new deviations; .* cases' CASE='eof*' RESULTS="$here/defect.db"
	atf_check -o match:'^    pipe.eof.is-sticky$' -o match:'observed: read.* = EAGAIN' \
	    -o match:'run it: make conform CASE=cases/pipe/eof_test:is_sticky' cat "$here/few/gate.md"
	gate 1 '[0-9]* regressions: [0-9]* flaky; .* cases' CASE='eof*' \
	    RESULTS="$here/defect.db $whole"
	atf_check -o match:'passed 1 of 2, deviates 1 of 2' cat "$here/few/gate.md"
	atf_check -s exit:1 -o match:'^::error file=cases/pipe/eof_test.c,line=[0-9]*,title=new dev' \
	    env FORMAT=github CASE='eof*' RESULTS="$here/defect.db" sh mk/gate.sh
}

# refuses TEXT VARIABLE=VALUE ...: exit 2 with that line and no other.
refuses()
{
	text=$1
	shift
	atf_check -s exit:2 -e inline:"gate: $text\n" env "$@" sh mk/gate.sh $purpose
}

atf_test_case choices
choices_head()
{
	atf_set require.progs kyua
}
choices_body()
{
	enter
	unset AREA
	purpose=gate
	refuses 'no area "tcq"; areas: '"$(. mk/common.sh && areas)" AREA=tcq
	refuses 'no format "xml"; formats: text github' FORMAT=xml
	for n in 0 -1 2.5 often 1000; do
		refuses "REPEAT is \"$n\"; it must be a whole number from 1 to 999" REPEAT=$n
	done
	refuses 'with RESULTS nothing runs, so REPEAT means nothing; leave one of them out' \
	    RESULTS=a.db REPEAT=2
	refuses 'there is no baseline "no.tsv"; make baseline writes it, BASELINE= names another' \
	    BASELINE=no.tsv
	: >"$BASELINE"
	refuses "cannot write in \"$here/b.tsv/out\"; name another folder with OUT=" \
	    OUT="$here/b.tsv/out"
	purpose=baseline
	refuses 'a baseline has every case of an area; leave CASE out' CASE=eof
}

# Whose baseline is taken: of this user, of another profile.
atf_test_case names
names_body()
{
	mkdir -p t/cases/pipe
	cp -R "$(atf_config_get root)/mk" t
	printf 'id\n' >t/cases/pipe/requirements.tsv
	unset AREA CASE PROFILE PARALLEL SCALE RESULTS REPEAT FORMAT BASELINE CC SANITIZE
	mkdir bin
	printf '#! /bin/sh\n[ "$1" = -u ] && echo ${ID-0}\n' >bin/id
	printf '#! /bin/sh\necho Linux\n' >bin/uname
	printf '#! /bin/sh\n:\n' >bin/kyua
	chmod +x bin/*
	PATH=$(pwd)/bin:$PATH
	export PATH
	named()
	{
		name=$1
		shift
		atf_check -s exit:2 -e match:"there is no baseline \"reports/baselines/$name.tsv\"" \
		    env "$@" sh t/mk/gate.sh
	}
	named linux ID=0
	named linux-unprivileged ID=1000
	named linux-posix ID=0 PROFILE=posix
	named linux-posix-unprivileged ID=1000 PROFILE=posix
	named linux ID=0 PROFILE=linux
}

atf_init_test_cases()
{
	atf_add_test_case real_runs
	atf_add_test_case choices
	atf_add_test_case names
}
