# Injects one defect, for mk/defects.sh, and judges who noticed.
#
# Leaves one line in the caller's scratch folder, results/<defect>: "noticed",
# "survived" or "impossible", and what is to be said of it, if anything.
set -u
. mk/common.sh

name=$1
s=$PL_SCRATCH
result=$s/results/$name
kyua_log=$s/trouble

failed()
{
	echo "$name: $*" >"$result.failed"
	exit 255
}

# Is there anything here that could notice?
requirements=$(sed -n "s/^$name //p" "$s/rows")
able=$(echo "$requirements" | tr ' ' '\n' | awk -F '\t' '
	NR == FNR { if ($2 == "conforms") conforms[$1] = 1; next }
	$1 in conforms' "$s/loaded.tsv" -)
if [ -z "$able" ]; then
	echo "impossible" >"$result"
	exit 0
fi

injected_kyua "$PL_OBJECT" "$name" -v parallelism=1 $PL_CONFIG \
    test -k Kyuafile --build-root="$PL_BUILD" -r "$result.db" $(cat "$s/cases/$name") \
    >"$result.log" 2>&1
[ $? -le 1 ] && [ -s "$result.db" ] || failed "$(grep . "$result.log" | tail -n 1)"
"$PL_BUILD/reports/verdicts" -p "$PL_PROFILE" -o "$result.txt" -m "$result.tsv" \
    "$result.db" $PL_FOLDERS >"$result.log" 2>&1
[ $? -le 1 ] || failed "$(tail -n 1 "$result.log")"

echo "$able" | awk -F '\t' -v full="$PL_FULL" '
	FILENAME == ARGV[1] { if ($2 == "conforms") conforms[$1] = 1; next }
	FILENAME == ARGV[2] {
		verdict[$1] = $2 ($3 == "" ? "" : " (" $3 ")")
		if ($2 == "deviates" && $1 in conforms)
			noticing++
		next
	}
	verdict[$1] !~ /^deviates/ { missed = missed (missed == "" ? "" : "; ") $1 " " verdict[$1] }
	END {
		if (missed != "")
			print "survived", missed
		else
			print "noticed", full == "" ? "" : "by " noticing + 0
	}' "$s/loaded.tsv" "$result.tsv" - >"$result"
case $(cat "$result") in
survived*) mv -f -- "$result.txt" "$PL_KEPT/$name.txt" ;;
esac
rm -f "$result".*
