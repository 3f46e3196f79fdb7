# Lets one fuzz target look for one planted mistake, for mk/fuzz_selftest.sh.
#
# usage: fuzz_planted.sh MISTAKE TARGET frame|kernel
#
# Leaves one line in the caller's scratch folder, results/<mistake>: "found" or
# "missed", the seconds that it took, and what was said.  The mistake "none" is none
# at all; then only the seeds are tried.
set -u
name=$1
target=$2
s=$PL_SCRATCH
result=$s/results/$name

failed()
{
	echo "$name: $*" >"$result.failed"
	exit 255
}

rm -rf "$result.kept" "$result.time"
mkdir "$result.kept" || failed "no folder for it"
case $3 in
frame) program=$PL_BUILD/fuzz/planted/$target ;;
kernel) program=$PL_BUILD/fuzz/$target ;;
esac
set -- "-max_total_time=$PL_SECONDS" -seed=1 -timeout=10 "-artifact_prefix=$result.kept/" \
    "-max_len=$(sed -n 's/^max_len[[:space:]]*=[[:space:]]*//p' "fuzz/$target.options")"
[ "$name" = none ] && set -- "$@" -runs=0
[ -f "fuzz/$target.dict" ] && set -- "$@" "-dict=fuzz/$target.dict"
mkdir "$result.kept/corpus"
set -- "$@" "$result.kept/corpus"
[ -d "corpus/$target" ] && set -- "$@" "corpus/$target"

case $program in
*/planted/*) set -- env "PLUMBLINE_DEFECT=$name" "$program" "$@" ;;
*)
	[ "$name" = none ] || set -- "PLUMBLINE_DEFECT=$name" "$program" "$@"
	[ "$name" != none ] || set -- "$program" "$@"
	set -- env "LD_PRELOAD=$s/defects.so" "$@"
	;;
esac
"$s/stopwatch" "$result.time" "$@" >"$result.log" 2>&1 </dev/null
status=$?
said=$(LC_ALL=C sed -n '/violated: /{s/.*violated: //p;q;};/runtime error: /{p;q;};/ERROR: AddressSanitizer/{p;q;}' \
    "$result.log")
if [ -n "$said" ]; then
	verdict=found
elif [ $status -eq 0 ]; then
	verdict=missed
else
	failed "it ended with $status: $(tail -n 1 "$result.log")"
fi
echo "$verdict $(cat "$result.time") $said" >"$result"
rm -rf "$result.kept" "$result.log"
