# Runs the chosen cases under kyua and lets reports/verdicts judge: make conform.
#
# Exit status: 0 all well, 1 something deviates or is broken, 2 nothing to judge.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

read_choices
need_kyua
build=$(variant)
out=${OUT:-reports/out}
mkdir -p -- "$out" 2>/dev/null && [ -w "$out" ] ||
	die "cannot write in \"$out\"; name another folder with OUT="
results=$out/results.db
log=$out/kyua.log
kyua_log=$out/kyua-trouble.log
rm -f -- "$results" "$log" "$kyua_log" "$out/report.txt" "$out/verdicts.tsv" \
    "$out/cases.tsv" "$out/readiness.txt" "$out/results.json" "$out/junit.xml" \
    "$out/results.tap" "$out/index.html" ||
	die "cannot replace the files in \"$out\"; name another folder with OUT="

count_of()
{
	[ $# -eq 1 ] && echo "1 case" || echo "$# cases"
}

folders=
for area in $areas; do
	folders="$folders cases/$area"
done

what=$areas
filters=$folders
if [ -n "${CASE-}" ]; then
	list=$(list_cases "$build" $folders 2>"$log") ||
		die "kyua cannot list the cases: $(tail -n 1 "$log")"
	filters=$(echo "$list" | matching_cases "$CASE")
	if [ -z "$filters" ]; then
		programs=$(echo "$list" | sed 's,.*/,,; s,_test:.*,,' | uniq | tr '\n' ' ')
		die "no case matches \"$CASE\"; cases are named program:name, the programs are: ${programs% }"
	fi
	what="$areas, $(count_of $filters) matching \"$CASE\""
fi

echo "conform: $what; profile $profile, $parallel at a time"
run_suite()
{
	quiet_kyua -v parallelism="$parallel" $kyua_config $(kyua_facts) test -k Kyuafile \
	    --build-root="$build" -r "$results" $filters 2>&1
}

# A terminal sees how far it is; a log stays quiet.
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then
	total=$(list_cases "$build" $filters 2>/dev/null | grep -c .)
	{
		run_suite
		echo $? >"$log.status"
	} | awk -v total="$total" -v kept="$log" -f mk/progress.awk
	read -r status <"$log.status"
	rm -f -- "$log.status"
else
	run_suite >"$log"
	status=$?
fi
if [ $status -gt 1 ] || [ ! -s "$results" ]; then
	die "kyua failed: $(grep . "$log" | tail -n 1)"
fi
grep -q '^[0-9]*/[1-9][0-9]* passed' "$log" ||
	die "no case ran: $(grep . "$log" | head -n 1)"

exec "$build/reports/verdicts" -p "$profile" -o "$out/report.txt" -m "$out/verdicts.tsv" \
    -c "$out/cases.tsv" -r "$out/readiness.txt" -j "$out/results.json" -x "$out/junit.xml" \
    -t "$out/results.tap" -w "$out/index.html" "$results" $folders
