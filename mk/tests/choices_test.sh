#! /usr/bin/env atf-sh
# What the entry points say to choices that make no sense.

# Everything that needs no built program, in a tree with two areas and no case.
tree()
{
	root=$(atf_config_get root)
	mkdir -p cases/pipe cases/unix lib/defects
	cp -R "$root/mk" . || atf_fail "no scripts"
	header='id\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\n'
	printf "$header" >cases/pipe/requirements.tsv
	printf 'pipe.eof.zero\ts\tposix\t0\t0\t0\tpipe(2)\t1\t\n' >>cases/pipe/requirements.tsv
	printf "$header" >cases/unix/requirements.tsv
	unset AREA CASE PROFILE PARALLEL SCALE OUT CC SANITIZE FULL DEFECT
}

# refuses TEXT VARIABLE=VALUE ...: conform exits 2 with that line and no other.
refuses()
{
	text=$1
	shift
	atf_check -s exit:2 -e inline:"conform: $text\n" env "$@" sh mk/conform.sh
}

atf_test_case choices
choices_body()
{
	tree
	refuses 'no area "tcp"; areas: pipe unix' AREA=tcp
	refuses 'no area "*"; areas: pipe unix' AREA='*'
	refuses 'no profile "windows"; profiles: freebsd linux posix' PROFILE=windows
	for n in 0 -1 1.5 many 07 12345; do
		refuses "PARALLEL is \"$n\"; it must be a whole number from 1 to 9999" PARALLEL=$n
	done
	for n in 0 0.0 . 1.2.3 -1 slow; do
		refuses "SCALE is \"$n\"; it must be a positive number" SCALE=$n
	done
}

atf_test_case no_kyua
no_kyua_body()
{
	tree
	mkdir bin
	for tool in sh sed uname getconf dirname; do
		ln -s "$(command -v $tool)" bin/$tool
	done
	refuses 'kyua is not installed; run: make deps' PATH="$(pwd)/bin"
}

atf_test_case unwritable
unwritable_body()
{
	tree
	touch file
	refuses 'cannot write in "file/out"; name another folder with OUT=' OUT=file/out
}

atf_test_case matching
matching_head()
{
	atf_set descr 'CASE is a pattern for case, program, or program:case, never a command'
}
matching_body()
{
	tree
	printf 'cases/pipe/eof_test:is_sticky__pipe\ncases/pipe/size_test:eof\n' >list
	matches()
	{
		sh -c '. mk/common.sh; matching_cases "$1" <list' - "$1" >got
		printf "$2" >want
		cmp -s got want || atf_fail "$1 matches: $(cat got)"
	}
	first='cases/pipe/eof_test:is_sticky__pipe\n'
	second='cases/pipe/size_test:eof\n'
	matches '*' "$first$second"
	matches 'eof*' "$first$second"
	matches 'eof' "$first$second"
	matches 'eof:*' "$first"
	matches 'eof_test:is_*' "$first"
	matches 'cases/pipe/eof_test:is_sticky__pipe' "$first"
	matches 'is_sticky' ''
	matches '[is]*' "$first$second"
	matches 'size_test' "$second"
	matches '$(touch bad); `touch bad` *' ''
	matches '" *' ''
	[ ! -e bad ] || atf_fail "the pattern was run"
}

atf_test_case defects_table
defects_table_head()
{
	atf_set descr 'A malformed table of defects is refused with file and line'
}
defects_table_body()
{
	tree
	header='defect\tcall\teffect\trequirements\n'
	says()
	{
		text=$1
		shift
		printf "$@" >lib/defects/defects.tsv
		atf_check -s exit:1 -o ignore -e inline:"lib/defects/defects.tsv:$text\n" \
		    awk -f mk/defects.awk cases/pipe/requirements.tsv lib/defects/defects.tsv
	}
	row='eof-early\tread\tends\tpipe.eof.zero\n'
	printf "$header$row" >lib/defects/defects.tsv
	atf_check -o inline:'eof-early pipe.eof.zero\n' \
	    awk -f mk/defects.awk cases/pipe/requirements.tsv lib/defects/defects.tsv
	says '1: the header must be: defect, call, effect, requirements, with tabs between' \
	    "$row"
	says '2: it has 3 columns, not 4' "${header}a\tread\tends\n"
	says '2: the name "A b" is not made of a-z, 0-9 and -' \
	    "${header}A b\tread\tends\tpipe.eof.zero\n"
	says '3: the name "eof-early" is that of line 2 already' "$header$row$row"
	says '2: no table has the requirement "pipe.no"' "${header}a\tread\tends\tpipe.no\n"
	says '2: a column is empty' "${header}a\t\tends\tpipe.eof.zero\n"
}

atf_init_test_cases()
{
	atf_add_test_case choices
	atf_add_test_case no_kyua
	atf_add_test_case unwritable
	atf_add_test_case matching
	atf_add_test_case defects_table
}
