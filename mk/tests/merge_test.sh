#! /usr/bin/env atf-sh
# make merge: what it makes of results files, and what it says of what is none.

# A small run of the real suite in the work directory.
run()
{
	here=$(pwd)
	(
		cd "$(atf_config_get root)" || exit 1
		AREA=pipe CASE='eof*' PARALLEL=1 PROFILE=$1 OUT="$here/$2" sh mk/conform.sh
	) >log 2>&1
	[ -s "$2/results.db" ] || atf_fail "no results: $(cat log)"
}

merge()
{
	cd "$(atf_config_get root)" || return 1
	AREA=pipe OUT="$here/out" RESULTS=$1 sh mk/merge.sh
}

atf_test_case merges
merges_body()
{
	run posix "first one"
	run linux other
	# A blank in a name would part it: give those through a link.
	ln -s "first one/results.db" first.db
	chmod 400 "first one/results.db"
	cksum "first one/results.db" other/results.db >before
	(merge "$here/first.db $here/other/results.db $here/first.db") >said ||
	    atf_fail "merge failed: $(cat said)"
	cksum "first one/results.db" other/results.db | atf_check -o file:before cat
	atf_check -o inline:'1-first.db\n2-results.db\n3-first.db\nindex.html\nmatrix.tsv\nresults.json\n' \
	    ls out/merged
	atf_check -o inline:'3\n' jq '.runs | length' out/merged/results.json
	atf_check -o inline:'["posix","linux","posix"]\n' jq -c '[.runs[].profile]' out/merged/results.json
	atf_check -o match:'^merge: [0-9]* requirements, 3 runs, [1-9][0-9]* requirements differ$' tail -n 1 said
	# What it left can be merged again, in another order.
	(merge "$here/out/merged/2-results.db $here/out/merged/1-first.db") >said ||
	    atf_fail "merge failed: $(cat said)"
	atf_check -o inline:'["linux","posix"]\n' jq -c '[.runs[].profile]' out/merged/results.json
}

atf_test_case refuses
refuses_body()
{
	here=$(pwd)
	echo "no database" >text.db
	(merge "") 2>err && atf_fail "merged nothing"
	atf_check -o inline:"merge: name the results files: make merge RESULTS='first.db second.db'\n" cat err
	(merge "$here/none.db") 2>err && atf_fail "merged none.db"
	atf_check -o inline:"merge: $here/none.db: no file that can be read\n" cat err
	(merge "$here/text.db") 2>err && atf_fail "merged text"
	atf_check -o match:'text.db: not an SQLite file' cat err
	atf_check -s exit:1 test -e out/merged/index.html
}

atf_init_test_cases()
{
	atf_add_test_case merges
	atf_add_test_case refuses
}
