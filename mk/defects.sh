# Injects each defect of lib/defects/defects.tsv and asks who noticed: make defects.
#
# A defect is noticed when every requirement that its row lists, and that
# conforms here without it, deviates with it.  A row of which no requirement
# conforms here (another system's facility, say) cannot be injected and is
# counted apart.  The report on each survivor stays in reports/out/defects.
#
# Exit status: 0 all noticed, 1 some survived, 2 they could not be run.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

read_choices
# Cases with a defect mostly wait: for what never comes, until their deadline.
[ -n "${PARALLEL-}" ] || parallel=$((parallel * 4))
need_kyua
[ -z "${SANITIZE-}" ] || die "defects cannot be injected into a sanitized build; leave SANITIZE out"
build=$(variant)
table=lib/defects/defects.tsv
object=$build/lib/defects/defects.so
[ -f "$table" ] && [ -f "$object" ] || die "there are no defects yet: no $table or no $object"

folders=
tables=
for area in $areas; do
	folders="$folders cases/$area"
	tables="$tables cases/$area/requirements.tsv"
done
all_tables=
for area in $all_areas; do
	all_tables="$all_tables cases/$area/requirements.tsv"
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-defects.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
kyua_log=$scratch/trouble
kept=${OUT:-reports/out}/defects
rm -rf -- "$kept"
mkdir -p -- "$kept" 2>/dev/null || die "cannot write in \"$kept\"; name another folder with OUT="

# Every line of the table is a defect, or the whole table is refused.
awk -f mk/defects.awk $all_tables "$table" >"$scratch/all" || exit 2

# The rows of the chosen areas and names: "name requirement ...".
awk 'FILENAME != ARGV[ARGC - 1] { if ($1 ~ /[.]/) id[$1] = 1; next }
	{ for (i = 2; i <= NF; i++) if ($i in id) { print; next } }' \
    $tables "$scratch/all" |
    while IFS= read -r row; do
	case ${row%% *} in
	${DEFECT:-*}) echo "$row" ;;
	esac
    done >"$scratch/rows"
[ -s "$scratch/rows" ] ||
	die "no defect matches \"${DEFECT-}\" in $areas; they are the first column of $table"

# Which case claims which requirement: "requirement case".
list_cases "$build" -v $folders >"$scratch/list" 2>"$scratch/log" ||
	die "kyua cannot list the cases: $(tail -n 1 "$scratch/log")"
awk '/^[^ ]/ { name = $1 }
	$1 == "custom.requirement" { for (i = 3; i <= NF; i++) print $i, name }' \
    "$scratch/list" >"$scratch/claims"

# The cases of each defect in a file of its own, and all of them together.
mkdir "$scratch/cases" "$scratch/results" || exit 2
if [ -n "${FULL-}" ]; then
	while read -r name requirements; do
		echo $folders >"$scratch/cases/$name"
	done <"$scratch/rows"
	echo $folders >"$scratch/baseline-cases"
else
	awk -v dir="$scratch/cases" -v baseline="$scratch/baseline-cases" '
		NR == FNR { cases[$1] = cases[$1] " " $2; next }
		{
			split("", seen)
			line = ""
			for (i = 2; i <= NF; i++) {
				n = split(cases[$i], claim, " ")
				for (k = 1; k <= n; k++) {
					if (!(claim[k] in seen))
						line = line " " claim[k]
					seen[claim[k]] = 1
					any[claim[k]] = 1
				}
			}
			file = dir "/" $1
			print line >file
			close(file)
		}
		END { for (name in any) print name >baseline }' \
	    "$scratch/claims" "$scratch/rows"
	[ -s "$scratch/baseline-cases" ] || die "no case claims what these defects break"
fi

# The linker takes no blank or colon in the name of what it preloads.
cp "$object" "$scratch/defects.so" || exit 2

LC_ALL=C
PL_SCRATCH=$scratch PL_BUILD=$build PL_FOLDERS=$folders PL_PROFILE=$profile
PL_CONFIG=$kyua_config PL_OBJECT=$scratch/defects.so PL_KEPT=$kept PL_FULL=${FULL-}
export LC_ALL PL_SCRATCH PL_BUILD PL_FOLDERS PL_PROFILE PL_CONFIG PL_OBJECT PL_KEPT PL_FULL
unset PLUMBLINE_DEFECT

# baseline NAME KYUA ...: the verdicts without a defect.
baseline()
{
	kept_as=$1
	shift
	"$@" -v parallelism="$parallel" $kyua_config test -k Kyuafile \
	    --build-root="$build" -r "$scratch/$kept_as.db" $(cat "$scratch/baseline-cases") \
	    >"$scratch/log" 2>&1
	[ $? -le 1 ] && [ -s "$scratch/$kept_as.db" ] ||
	    die "kyua failed: $(grep . "$scratch/log" | tail -n 1)"
	"$build/reports/verdicts" -p "$profile" -o "$scratch/$kept_as.txt" -m "$scratch/$kept_as.tsv" \
	    "$scratch/$kept_as.db" $folders >"$scratch/log" 2>&1
	[ $? -le 1 ] || die "$(tail -n 1 "$scratch/log")"
}

count=$(wc -l <"$scratch/rows" | tr -d ' ')
echo "defects: $count in $areas; profile $profile, $parallel at a time"
baseline loaded injected_kyua "$PL_OBJECT" ""
status=0
if [ -n "${FULL-}" ]; then
	# Loaded and idle they must change nothing.
	baseline plain quiet_kyua
	if ! differences=$(diff "$scratch/plain.tsv" "$scratch/loaded.tsv"); then
		echo "$differences" | sed -n 's/^> /changed by the idle defects: /p'
		status=1
	fi
fi
awk -F '\t' '$2 == "deviates" { print $1 ": deviates without a defect; it can notice none" }' \
    "$scratch/loaded.tsv"

cut -d ' ' -f 1 "$scratch/rows" | xargs -n 1 -P "$parallel" sh mk/defect.sh 2>"$scratch/log" ||
	die "a run failed: $(cat "$scratch"/results/*.failed "$scratch/log" 2>/dev/null | head -n 1)"

noticed=0
survived=0
elsewhere=0
while read -r name requirements; do
	[ -s "$scratch/results/$name" ] || die "the run with $name left no result"
	read -r verdict text <"$scratch/results/$name"
	case $verdict in
	noticed) noticed=$((noticed + 1)) ;;
	survived) survived=$((survived + 1)) ;;
	*) elsewhere=$((elsewhere + 1)) ;;
	esac
	# A survivor always has a line, with FULL the others have one too.
	[ -z "$text" ] || echo "$name: $verdict $text"
done <"$scratch/rows"
rmdir -- "$kept" 2>/dev/null

[ $elsewhere -eq 0 ] ||
	echo "defects: $elsewhere not counted: nothing here conforms that they could break"
echo "defects: $((noticed + survived)) injected, $noticed noticed, $survived survived"
[ $survived -eq 0 ] || status=1
exit $status
