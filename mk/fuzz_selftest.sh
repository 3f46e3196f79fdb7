# Plants mistakes in lib/frame and in the kernel, one at a time, and asks whether the
# fuzz target of the matter finds each: make fuzz-selftest.
#
# fuzz/planted/planted.tsv lists them.  Those in frame are made by fuzz/planted/frame.c;
# those in the kernel are the defects of lib/defects, preloaded.  A target looks with
# libFuzzer, from the seeds in corpus/ on, for TIME seconds at most.  It has found a mistake when
# it says what is violated; a crash that only the engine or a sanitizer saw counts too.
#
# Exit status: 0 all found, 1 some missed, 2 they could not be looked for.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

table=fuzz/planted/planted.tsv
seconds=${TIME:-60}
case $seconds in
'' | 0* | *[!0-9]* | ????????*)
	die "TIME is \"$seconds\"; it must be a whole number of seconds, 1 or more"
	;;
esac
parallel=${PARALLEL:-$(cpus)}
case $parallel in
'' | 0* | *[!0-9]* | ?????*)
	die "PARALLEL is \"$parallel\"; it must be a whole number from 1 to 9999"
	;;
esac
command -v clang >/dev/null 2>&1 || die "clang, which this needs, is not installed; run: make deps"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-selftest.XXXXXX") || exit 2
running=
trap 'rm -rf "$scratch"' EXIT
trap '[ -z "$running" ] || kill $running 2>/dev/null; exit 2' HUP INT TERM
mkdir "$scratch/results" "$scratch/tmp" || exit 2

# The linker takes no blank or colon in the name of what it preloads.
object=$(variant)/lib/defects/defects.so
[ -f "$object" ] || die "there is no $object; run: make"
cp "$object" "$scratch/defects.so" || exit 2
${CC:-cc} -D_GNU_SOURCE -o "$scratch/stopwatch" mk/stopwatch.c || exit 2

engine=libfuzzer
CC=clang
SANITIZE=${SANITIZE-address,undefined}
export CC SANITIZE
sh mk/build.sh libfuzzer >"$scratch/log" 2>&1 || {
	cat "$scratch/log"
	die "the targets cannot be built for libfuzzer"
}
targets=$(echo $(fuzz_targets))

# The rows asked for: "name target where", or the whole table is refused.
awk -F '\t' -v file="$table" -v targets=" $targets " '
	function bad(what) {
		print file ":" FNR ": " what >"/dev/stderr"
		failed = 1
	}
	FILENAME != file {
		defect[$1] = 1
		next
	}
	FNR == 1 {
		if ($0 != "planted\ttarget\tin\teffect")
			bad("the header must be: planted, target, in, effect, with tabs between")
		next
	}
	NF != 4 { bad("it has " NF " columns, not 4"); next }
	$1 in line { bad("\"" $1 "\" is planted in line " line[$1] " already"); next }
	index(targets, " " $2 " ") == 0 { bad("there is no target \"" $2 "\""); next }
	$3 != "frame" && $3 != "kernel" { bad("\"" $3 "\" is neither frame nor kernel"); next }
	$3 == "kernel" && !($1 in defect) { bad("lib/defects has no defect \"" $1 "\""); next }
	$4 == "" { bad("it does not say the effect"); next }
	{ line[$1] = FNR; print $1, $2, $3 }
	END { exit failed }' lib/defects/defects.tsv "$table" >"$scratch/all" || exit 2
while read -r name target where; do
	case $name in
	${DEFECT:-*}) ;;
	*) continue ;;
	esac
	case " ${TARGET:-$targets} " in
	*" $target "*) echo "$name $target $where" ;;
	esac
done <"$scratch/all" >"$scratch/rows"
[ -s "$scratch/rows" ] ||
	die "no mistake is called \"${DEFECT-*}\" for ${TARGET:-any target}; they are in $table"

PL_SCRATCH=$scratch PL_BUILD=$(variant) PL_SECONDS=$seconds
TMPDIR=$scratch/tmp
export PL_SCRATCH PL_BUILD PL_SECONDS TMPDIR
unset PLUMBLINE_DEFECT

echo "fuzz-selftest: $(wc -l <"$scratch/rows" | tr -d ' ') mistakes, $parallel at a time, $seconds s each at most"

# Without a mistake nothing may be found, with the defects loaded all the same.
for target in $(cut -d ' ' -f 2 "$scratch/rows" | sort -u); do
	sh mk/fuzz_planted.sh none "$target" kernel || die "a run failed: $(cat "$scratch/results/none.failed")"
	read -r verdict time text <"$scratch/results/none"
	[ "$verdict" = missed ] || die "$target finds something where nothing is planted: $text"
done

xargs -n 3 -P "$parallel" sh mk/fuzz_planted.sh <"$scratch/rows" 2>"$scratch/log" &
running=$!
wait $running || die "a run failed: $(cat "$scratch"/results/*.failed "$scratch/log" 2>/dev/null | head -n 1)"

found=0
missed=0
while read -r name target where; do
	[ -s "$scratch/results/$name" ] || die "the run with $name left no result"
	read -r verdict time text <"$scratch/results/$name"
	echo "$verdict after $time s: $name, $target${text:+: $text}"
	case $verdict in
	found) found=$((found + 1)) ;;
	*) missed=$((missed + 1)) ;;
	esac
done <"$scratch/rows"
echo "fuzz-selftest: $((found + missed)) planted, $found found, $missed missed"
[ $missed -eq 0 ]
