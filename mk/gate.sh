# Holds a run against the baseline: make gate; or writes the baseline: make baseline.
#
# RESULTS names runs that have ended, several of them as repeats of one; without
# it the suite runs, REPEAT times.
# Exit status: 0 nothing got worse (or written), 1 regressions, 2 cannot judge.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh
LC_ALL=C
export LC_ALL

purpose=${1:-gate}
read_choices
need_kyua
build=$(variant)
out=${OUT:-reports/out}

# One baseline for each system, profile, and kind of user.
default_baseline()
{
	name=$(uname -s | tr '[:upper:]' '[:lower:]')
	[ "$profile" = "$(home_profile)" ] || name=$name-$profile
	[ "$(id -u)" -eq 0 ] || name=$name-unprivileged
	echo "reports/baselines/$name.tsv"
}

baseline=${BASELINE:-$(default_baseline)}
repeat=${REPEAT:-1}
case $repeat in
'' | 0* | *[!0-9]* | ????*)
	die "REPEAT is \"$repeat\"; it must be a whole number from 1 to 999"
	;;
esac
[ -z "${RESULTS-}" ] || [ -z "${REPEAT-}" ] ||
	die "with RESULTS nothing runs, so REPEAT means nothing; leave one of them out"
case ${FORMAT:-text} in
text | github) ;;
*) die "no format \"$FORMAT\"; formats: text github" ;;
esac
if [ "$purpose" = baseline ] && [ -n "${CASE-}" ]; then
	die "a baseline has every case of an area; leave CASE out"
fi
# Not after minutes of running.
[ "$purpose" = baseline ] || [ -f "$baseline" ] ||
	die "there is no baseline \"$baseline\"; make baseline writes it, BASELINE= names another"

mkdir -p -- "$out" 2>/dev/null && rm -f -- "$out/gate.md" && [ -w "$out" ] ||
	die "cannot write in \"$out\"; name another folder with OUT="
scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-gate.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
kyua_log=$scratch/trouble

folders=
for area in $areas; do
	folders="$folders cases/$area"
done

# The results files, one a line.
if [ -n "${RESULTS-}" ]; then
	set -f
	printf '%s\n' $RESULTS >"$scratch/results"
	set +f
elif [ "$repeat" -eq 1 ]; then
	sh mk/conform.sh
	[ $? -le 1 ] || exit 2
	echo "$out/results.db" >"$scratch/results"
else
	i=1
	while [ $i -le "$repeat" ]; do
		OUT=$out/repeat-$i sh mk/conform.sh
		[ $? -le 1 ] || exit 2
		echo "$out/repeat-$i/results.db" >>"$scratch/results"
		i=$((i + 1))
	done
fi

set --
while IFS= read -r file; do
	set -- "$@" -d "$file"
done <"$scratch/results"
[ -z "${AREA-}" ] || set -- -p "$@"

if [ "$purpose" = baseline ]; then
	# A run of some cases would make a baseline that has lost the others.
	"$build/reports/gate" -w -b "$scratch/new.tsv" "$@" $folders >/dev/null || exit 2
	awk -F '\t' '$1 == "case" { print $2 }' "$scratch/new.tsv" | sort >"$scratch/ran"
	list_cases "$build" $folders 2>"$scratch/log" | sort >"$scratch/list"
	[ -s "$scratch/list" ] || die "kyua cannot list the cases: $(tail -n 1 "$scratch/log")"
	lost=$(comm -23 "$scratch/list" "$scratch/ran" | head -n 1)
	[ -z "$lost" ] ||
		die "$lost is not in the results, so the baseline would lack it; name a run of the whole suite"
	mkdir -p -- "$(dirname -- "$baseline")" || exit 2
	"$build/reports/gate" -w -b "$baseline" "$@" $folders
	exit
fi

# Of a choice of cases those count that match, whether in the baseline or in the suite.
if [ -n "${CASE-}" ]; then
	list_cases "$build" $folders >"$scratch/list" 2>"$scratch/log" ||
		die "kyua cannot list the cases: $(tail -n 1 "$scratch/log")"
	awk -F '\t' '$1 == "case" { print $2 }' "$baseline" >>"$scratch/list"
	sort -u "$scratch/list" | matching_cases "$CASE" >"$scratch/chosen"
	set -- -c "$scratch/chosen" "$@"
fi
[ "${FORMAT:-text}" = text ] || set -- -g "$@"

"$build/reports/gate" -o "$out/gate.md" -b "$baseline" "$@" $folders >"$scratch/said"
status=$?
[ $status -le 1 ] || exit 2
[ $status -eq 0 ] || [ "${FORMAT:-text}" = github ] || cat -- "$out/gate.md"
echo "text: $out/gate.md"
cat "$scratch/said"
exit $status
