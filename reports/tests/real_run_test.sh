#! /usr/bin/env atf-sh
# The report program on results that kyua itself wrote.

# A suite of four cases, in an area of three requirements, run by kyua.
run_suite()
{
	mkdir area suite
	{
		printf 'id\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\n'
		for slug in one two three; do
			printf 'area.real.%s\tstatement\tposix\t0\t0\t0\tsource\t1\t\n' $slug
		done
	} >area/requirements.tsv
	printf 'requirement\tos\tfrom\tto\tcitation\treason\n' >area/deviations.tsv
	# The build put atf-sh's place on this system in our own first line.
	head -n 1 "$(atf_get_srcdir)/real_run_test" >suite/small_test
	cat >>suite/small_test <<'END'
header="plumbline 1 profile=posix os=Sys release=1.2 privileged=no"
atf_test_case good
good_head() { atf_set "X-requirement" "area.real.one area.real.two"; }
good_body()
{
	echo "$header"
	echo "verdict area.real.one conforms"
	echo "verdict area.real.two conforms"
}
atf_test_case bad
bad_head() { atf_set "X-requirement" "area.real.two"; }
bad_body()
{
	echo "$header"
	echo "deviation area.real.two"
	echo "  observed: 7"
	echo "end"
	echo "verdict area.real.two deviates"
	atf_fail "no"
}
atf_test_case away
away_head() { atf_set "X-requirement" "area.real.three"; }
away_body() { atf_skip "not tested: no such thing here"; }
atf_test_case dead
dead_head() { atf_set "X-requirement" "area.real.three"; }
dead_body()
{
	echo "broken: it went away"
	kill -9 $$
}
atf_init_test_cases()
{
	for name in good away ${MORE}; do
		atf_add_test_case $name
	done
}
END
	chmod +x suite/small_test
	cat >suite/Kyuafile <<'END'
syntax(2)
test_suite("plumbline")
atf_test_program{name="small_test"}
END
	PASSPHRASE=hush-do-not-tell kyua -c none --logfile=/dev/null test \
	    -k suite/Kyuafile -r results.db >kyua.txt 2>&1
	test -f results.db || atf_fail "kyua wrote nothing: $(cat kyua.txt)"
	cksum results.db >before
}

check_untouched()
{
	atf_check -o file:before cksum results.db
	atf_check -o inline:"results.db\n" ls -d results.db*
	atf_check -s exit:1 grep -a hush-do-not-tell "$@"
}

atf_test_case fine
fine_head() { atf_set "require.progs" "kyua"; }
fine_body()
{
	MORE=
	export MORE
	run_suite
	atf_check -s exit:0 -o save:stdout.txt \
	    "$(atf_get_srcdir)/../verdicts" -o report.txt -m m.tsv results.db area
	printf 'requirement\tverdict\treason\n' >expected
	printf 'area.real.one\tconforms\t\narea.real.two\tconforms\t\n' >>expected
	printf 'area.real.three\tnot tested\tno such thing here\n' >>expected
	atf_check -o file:expected cat m.tsv
	atf_check -o inline:"conform: 3 requirements: 2 conform, 0 deviate, \
0 known deviations, 0 not applicable, 1 not tested\n" tail -n 1 stdout.txt
	atf_check -o match:"^kernel: Sys 1.2$" cat report.txt
	check_untouched stdout.txt report.txt m.tsv
}

atf_test_case troubled
troubled_head() { atf_set "require.progs" "kyua"; }
troubled_body()
{
	MORE="bad dead"
	export MORE
	run_suite
	atf_check -s exit:1 -o save:stdout.txt \
	    "$(atf_get_srcdir)/../verdicts" -o report.txt -m m.tsv results.db area
	printf 'requirement\tverdict\treason\n' >expected
	printf 'area.real.one\tconforms\t\n' >>expected
	printf 'area.real.two\tdeviates\tsmall_test:bad: 7\n' >>expected
	printf 'area.real.three\tnot tested\tsmall_test:dead broke: it went away\n' >>expected
	atf_check -o file:expected cat m.tsv
	atf_check -o match:"^cases: 4, 1 passed, 1 failed, 1 skipped, 1 broken$" cat report.txt
	check_untouched stdout.txt report.txt m.tsv
}

atf_init_test_cases()
{
	atf_add_test_case fine
	atf_add_test_case troubled
}
