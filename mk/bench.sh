# Times the suite against as many empty cases under the same kyua settings: make bench.
#
# The two alternate for ROUNDS rounds and the medians count.  Cases tagged slow
# stay out and are listed with their reasons.  The page of the last run is timed
# too, from opening it until it is painted.  Exit status: 0, 1 if a case takes
# over a second and is not tagged slow, 2 if there is nothing to time.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

read_choices
need_kyua
rounds=${ROUNDS:-5}
case $rounds in
'' | 0* | *[!0-9]* | ????*) die "ROUNDS is \"$rounds\"; it must be a whole number from 1 to 999" ;;
esac
build=$(variant)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-bench.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
kyua_log=$scratch/trouble

folders=
for area in $areas; do
	folders="$folders cases/$area"
done
list_cases "$build" -v $folders >"$scratch/list" 2>"$scratch/log" ||
	die "kyua cannot list the cases: $(tail -n 1 "$scratch/log")"

# What to run, whole programs where no case is slow: "count filter" a line for
# each program, the filters after "count" one or many.
awk '
	function flush() {
		if (name != "" && !slow) {
			split(name, part, ":")
			if (!(part[1] in fast))
				order[++programs] = part[1]
			fast[part[1]]++
			list[part[1]] = list[part[1]] " " name
		}
		if (name != "" && slow) {
			split(name, part, ":")
			has_slow[part[1]] = 1
		}
	}
	/^[^ ]/ { flush(); name = $1; slow = 0 }
	$1 == "custom.slow" { slow = 1 }
	END {
		flush()
		for (i = 1; i <= programs; i++) {
			p = order[i]
			print fast[p], p in has_slow ? list[p] : p
		}
	}' "$scratch/list" >"$scratch/programs"
[ -s "$scratch/programs" ] || die "there are no cases in $areas"
filters=$(cut -d ' ' -f 2- "$scratch/programs")
cases=$(awk '{ n += $1 } END { print n }' "$scratch/programs")
sed -n 's/^\([^ ].*\) (.*/case \1/p; s/^ *custom\.slow = /why /p' "$scratch/list" |
    awk '$1 == "case" { name = $2 }
	$1 == "why" { sub(/^why /, ""); print "not timed: " name ": " $0 }' >"$scratch/left-out"

# As many programs with as many cases, all empty.
atf=$(pkg-config --cflags --libs atf-c 2>/dev/null || echo -lprivateatf-c)
compiler=${CC:-cc}
flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2"
$compiler $flags -o "$scratch/stopwatch" mk/stopwatch.c || die "the stopwatch does not compile"
mkdir "$scratch/empty" || exit 2
{
	echo 'syntax(2)'
	echo 'test_suite("plumbline")'
	n=0
	while read -r count rest; do
		n=$((n + 1))
		if [ ! -f "$scratch/with$count" ]; then
			$compiler $flags -DCASES="$count" -o "$scratch/with$count" \
			    mk/empty_cases.c $atf || die "the empty cases do not compile"
		fi
		cp "$scratch/with$count" "$scratch/empty/empty${n}_test"
		echo "atf_test_program{name=\"empty${n}_test\"}"
	done <"$scratch/programs"
} >"$scratch/empty/Kyuafile" || exit 2

# timed NAME ARGUMENT ...: one run of kyua.
timed()
{
	name=$1
	shift
	rm -f "$scratch/results.db"
	"$scratch/stopwatch" "$scratch/$name" kyua -c none --loglevel=warning \
	    --logfile="$kyua_log" -v parallelism="$parallel" $kyua_config \
	    test -r "$scratch/results.db" "$@" >"$scratch/log" 2>&1
	[ $? -le 1 ] && [ -s "$scratch/results.db" ] ||
		die "kyua failed: $(grep . "$scratch/log" | tail -n 1)"
}

median()
{
	sort -n "$1" | awk '{ v[NR] = $1 }
		END { printf "%.2f", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

echo "bench: $cases cases of $areas, $(wc -l <"$scratch/programs" | tr -d ' ') programs;" \
    "$parallel at a time, $rounds rounds"
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	timed suite -k Kyuafile --build-root="$build" $filters
	quiet_kyua db-exec -r "$scratch/results.db" --no-headers \
	    "SELECT relative_path || ':' || name || ' ' || (end_time - start_time)
	     FROM test_cases JOIN test_programs USING (test_program_id)
	     JOIN test_results USING (test_case_id)" |
	    tr -d '"' >>"$scratch/durations"
	timed empty-times -k "$scratch/empty/Kyuafile"
done

# A case is slow if it is so in the median.
sort -k 1,1 -k 2,2n "$scratch/durations" | awk '
	function flush() {
		if (n > 0 && v[int((n + 1) / 2)] > 1000000)
			printf "%s: %.2f s, and not tagged slow\n", name, v[int((n + 1) / 2)] / 1e6
		n = 0
	}
	$1 != name { flush(); name = $1 }
	{ v[++n] = $2 }
	END { flush() }' >"$scratch/slow"
cat "$scratch/left-out" "$scratch/slow"

suite=$(median "$scratch/suite")
empty=$(median "$scratch/empty-times")
echo "bench: suite $suite s, empty $empty s," \
    "ratio $(awk -v s="$suite" -v e="$empty" 'BEGIN { printf "%.2f", s / (e > 0 ? e : 0.01) }')"

# page_time PAGE: in a fresh browser, the median of five; what is wrong goes to stderr.
page_time()
{
	. reports/tests/browser.sh
	cd "$scratch" || return 1
	trap browser_stop EXIT
	browser_start || return 1
	for round in 1 2 3 4 5; do
		browser_open "$1" "?$round" || return 1
	done >"$scratch/page-times"
	sort -n "$scratch/page-times" | sed -n 3p
}

# The page of the last run of make conform.
page=${OUT:-reports/out}/index.html
case $page in
/*) ;;
*) page=$(pwd)/$page ;;
esac
missing=$(. reports/tests/browser.sh && browser_missing | head -n 1)
if [ ! -s "$page" ]; then
	echo "bench: no page to time; run: make conform"
elif [ -n "$missing" ]; then
	echo "bench: no page timed: $missing; run: make deps"
else
	ready=$(page_time "$page") || die "the page cannot be shown"
	requirements=$(awk -F '\t' 'END { print NR - 1 }' "${page%/*}/verdicts.tsv")
	echo "bench: page of $requirements requirements ready in $ready ms"
fi
[ ! -s "$scratch/slow" ] || exit 1
