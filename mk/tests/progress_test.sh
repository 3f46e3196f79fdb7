#! /usr/bin/env atf-sh
# The live line of a run.

# What is left of such a line when it has been drawn: the last before it is wiped.
progress()
{
	awk -v total="$1" -v kept=log -f "$(atf_config_get root)/mk/progress.awk" >shown
	tr '\r' '\n' <shown | sed 's/.\[K$//' | grep . | tail -n 1 | sed 's/, about.*//' >line
}

result()
{
	printf 'cases/pipe/a_test:%s  ->  %s  [0.010s]\n' "$1" "$2"
}

atf_test_case counts
counts_body()
{
	{
		result one passed
		result two "failed: 1 expectations"
		result three "broken: Premature exit"
		result four "skipped: not tested: no"
		result five "expected_failure: known"
	} >input
	progress 5 <input
	atf_check -o inline:'5 of 5 cases, 2 failed\n' cat line
	atf_check -o file:input cat log
}

atf_test_case more_than_listed
more_than_listed_body()
{
	{
		result one passed
		result two passed
	} >input
	progress 1 <input
	atf_check -o inline:'2 of 2 cases, 0 failed\n' cat line
}

atf_test_case wipes_itself
wipes_itself_body()
{
	result one passed | progress 1 >/dev/null
	printf '\r\033[K' >wipe
	tail -c 4 shown >end
	atf_check cmp wipe end
}

# An empty run: no case divides by none.
atf_test_case nothing
nothing_body()
{
	: >input
	progress 0 <input
	atf_check -o inline:'' cat line
	atf_check -o inline:'' cat log
}

# A run with a terminal shows it, one without does not; both end alike.
atf_test_case on_a_terminal
on_a_terminal_body()
{
	cd "$(atf_config_get root)" || atf_fail "no root"
	here=$OLDPWD
	set -- env AREA=pipe CASE=eof PARALLEL=1 TERM=vt100
	atf_check -o save:"$here/quiet" "$@" OUT="$here/a" sh mk/conform.sh
	if [ "$(uname -s)" = FreeBSD ]; then
		script -q "$here/loud" "$@" OUT="$here/b" sh mk/conform.sh >/dev/null </dev/null
	else
		script -qec "$* OUT='$here/b' sh mk/conform.sh" "$here/loud" >/dev/null </dev/null
	fi
	cd "$here" || atf_fail "no work directory"
	atf_check -s exit:1 grep -q ' of .* cases, ' quiet
	atf_check -o ignore grep ' of .* cases, 0 failed' loud
	atf_check -o save:last tail -n 1 quiet
	atf_check -o ignore grep -F "$(cat last)" loud
}

atf_init_test_cases()
{
	atf_add_test_case counts
	atf_add_test_case more_than_listed
	atf_add_test_case wipes_itself
	atf_add_test_case nothing
	atf_add_test_case on_a_terminal
}
