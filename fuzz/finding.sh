# Files an input that a target stopped at under corpus/findings: once for each violation.
#
# usage: sh fuzz/finding.sh PROGRAM TARGET INPUT
#
# PROGRAM is the target with the plain runner (or another build of it: sanitizers
# see more).  The input is run again TIMES times (10 by default), because a finding
# that does not come back each time is worth another look.  What is violated, without
# its numbers, decides whether it is known; the smaller input of two stays.
#
# Prints the folder.  Exit status: 0 filed or known, 2 it cannot be.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

[ $# -eq 3 ] || die "usage: sh fuzz/finding.sh PROGRAM TARGET INPUT"
program=$1
target=$2
input=$3
times=${TIMES:-10}
[ -x "$program" ] || die "$program: no program"
[ -r "$input" ] || die "$input: cannot be read"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-finding.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM

failed=0
n=0
while [ $n -lt "$times" ]; do
	n=$((n + 1))
	"$program" "$input" >"$scratch/out" 2>&1 && continue
	failed=$((failed + 1))
	cp "$scratch/out" "$scratch/said"
done
if [ $failed -eq 0 ]; then
	echo "$target: the input passes when it is run again" >"$scratch/said"
fi

# What is violated: our own line, else the sanitizer's summary, else the last line.
what=$(grep -a -m 1 'violated: ' "$scratch/said" || grep -a -m 1 '^SUMMARY: ' "$scratch/said" ||
    tail -n 1 "$scratch/said")
key=$(printf '%s' "$what" | sed 's/0x[0-9a-f]*/N/g; s/[0-9][0-9]*/N/g' | cksum | cut -d ' ' -f 1)
folder=corpus/findings/$target/$key
mkdir -p "$folder" || die "cannot write in \"$folder\""
if [ ! -f "$folder/input" ] || [ "$(wc -c <"$input")" -lt "$(wc -c <"$folder/input")" ]; then
	cp "$input" "$folder/input.new" && mv "$folder/input.new" "$folder/input" ||
		die "cannot write in \"$folder\""
	{
		echo "target: $target"
		echo "violated: $what"
		echo "reliability: $failed of $times"
		echo "system: $(uname -srm)"
		echo "again: $program $folder/input"
		echo
		head -n 200 "$scratch/said"
	} >"$folder/report.new" && mv "$folder/report.new" "$folder/report.txt"
fi
echo "$folder"
