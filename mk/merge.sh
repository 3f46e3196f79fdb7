# Sets the results of several runs side by side in one matrix: make merge.
#
# The results files are copied and the copies judged, so nothing happens to them.
# Exit status: 0 written, 2 one of them cannot be judged.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

read_choices
build=$(variant)
out=${OUT:-reports/out}/merged
[ -n "${RESULTS-}" ] ||
	die "name the results files: make merge RESULTS='first.db second.db'"
set -f
set -- $RESULTS
set +f
for file; do
	[ -f "$file" ] && [ -r "$file" ] || die "$file: no file that can be read"
done
mkdir -p -- "$out" 2>/dev/null && [ -w "$out" ] ||
	die "cannot write in \"$out\"; name another folder with OUT="

# The copies take the place of the last ones only when all of them are there: one
# of those may be what is to be merged.
copies=$(mktemp -d "$out/copies.XXXXXX") || exit 2
trap 'rm -rf "$copies"' EXIT
trap 'exit 2' HUP INT TERM
number=0
for file; do
	number=$((number + 1))
	name=${file##*/}
	cp -- "$file" "$copies/$number-$name" || die "$file: cannot copy it to $out"
done
chmod -R u+w "$copies"
rm -f -- "$out"/[0-9]*-* "$out/index.html" "$out/matrix.tsv" "$out/results.json"
mv -- "$copies"/* "$out" || die "cannot write in \"$out\"; name another folder with OUT="

databases=
number=0
for file; do
	number=$((number + 1))
	databases="$databases
-d
$out/$number-${file##*/}"
done
folders=
for area in $areas; do
	folders="$folders
cases/$area"
done
# One word a line: a path may hold blanks.
IFS='
'
set -f
"$build/reports/matrix" -m "$out/matrix.tsv" -j "$out/results.json" -w "$out/index.html" \
    $databases $folders || exit 2
echo "matrix: $out/index.html"
awk -F '\t' 'NR > 1 { differ += $2 == "no" }
	END { printf "merge: %d requirements, %d runs, %d requirements differ\n", NR - 1, NF - 2, differ }' \
    "$out/matrix.tsv"
