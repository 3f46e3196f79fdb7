# Checks format, tables and the rules of the house; one "file:line: what" for each problem.
#
# Exit status: 0 clean, 1 problems, 2 it could not look.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

read_choices
need_kyua
build=$(variant)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-lint.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
kyua_log=$scratch/trouble
LC_ALL=C
export LC_ALL

clang_format=${CLANG_FORMAT:-clang-format}
command -v "$clang_format" >/dev/null 2>&1 || die "clang-format is not installed; run: make deps"

rooms=
for room in lib cases reports fuzz mk; do
	[ -d $room ] && rooms="$rooms $room"
done
c_files=$(find $rooms -name '*.[ch]' -type f ! -name '.*' | sort)

format()
{
	# One line for each place: the message without the excerpt below it.
	"$clang_format" --dry-run -Werror --style=file $c_files 2>&1 |
	    sed -n 's/^\([^ :]*\):\([0-9]*\):[0-9]*: error: .*/\1:\2: clang-format would change it/p' |
	    sort -u
}

# complain_of PATTERN WHAT FILE ...: lines of code that match.
complain_of()
{
	pattern=$1
	what=$2
	shift 2
	[ $# -gt 0 ] || return 0
	grep -nE -- "$pattern" "$@" /dev/null | grep -vE '^[^:]*:[0-9]*:[[:space:]]*(\*|/\*|//)' |
	    awk -F : -v what="$what" '{ print $1 ":" $2 ": " what }'
}

# Not one of the files that hold all that differs between systems.
portable()
{
	printf '%s\n' $c_files | grep -v '^lib/os_[a-z]*\.c$'
}

house_rules()
{
	complain_of '(^|[^A-Za-z0-9_])(sleep|usleep|nanosleep|clock_nanosleep)[[:space:]]*\(' \
	    'nothing here waits on the clock' $(portable | grep -E '^(lib|cases)/')
	complain_of '^[[:space:]]*#[[:space:]]*(el)?if.*(__linux|__gnu_linux__|__FreeBSD__)' \
	    'what differs between systems belongs in lib/os_*.c' $(portable)
	complain_of '(^|[^A-Za-z0-9_])(atf_|ATF_)|<atf' \
	    'a case uses plumbline.h, not ATF' $(portable | grep '^cases/')
}

# The functions a file defines for others, in style(9): the name opens a line,
# the type is on the line above.
functions()
{
	awk '/^[a-z_][a-z0-9_]*\(/ && before !~ /(^|[^a-z_])static([^a-z_]|$)/ {
			name = $0
			sub(/\(.*/, "", name)
			print name, FNR
		}
		{ before = $0 }' "$1" | sort
}

systems()
{
	for one in lib/os_*.c; do
		for other in lib/os_*.c; do
			[ "$one" != "$other" ] && [ -f "$one" ] || continue
			functions "$one" >"$scratch/one"
			functions "$other" >"$scratch/other"
			join -v 1 "$scratch/one" "$scratch/other" |
			    sed -E "s,^([^ ]*) (.*),$one:\\2: \\1() is not in $other,"
		done
	done
}

# The opening sentence that says what a file is for.
openings()
{
	for file in $c_files; do
		case $file in
		*.c) continue ;; # a .c beside its header needs none
		esac
		read -r line <"$file"
		case $line in
		'/*'*) ;;
		*) echo "$file:1: it does not open with a comment that says what it is for" ;;
		esac
	done
	for file in mk/*.sh .ci/run; do
		[ -f "$file" ] || continue
		shell=sh
		case $file in
		.ci/*) shell=bash ;;
		esac
		$shell -n "$file" 2>&1 | sed "s,.*,$file:1: &,"
		read -r line <"$file"
		case $line in
		'#'*) ;;
		*) echo "$file:1: it does not open with a comment that says what it is for" ;;
		esac
	done
}

areas_included()
{
	for area in $all_areas; do
		grep -qF "\"cases/$area/Kyuafile\"" Kyuafile ||
		    echo "Kyuafile:1: it does not include cases/$area/Kyuafile"
	done
}

# Tables against each other and against what the cases claim.
claims()
{
	list_cases "$build" -v >"$scratch/list" 2>"$scratch/log" ||
	    die "kyua cannot list the cases: $(tail -n 1 "$scratch/log")"
	awk '
		function flush() {
			if (name != "" && !any)
				print "-", name
		}
		/^[^ ]/ { flush(); name = $1; any = 0 }
		$1 == "custom.requirement" {
			for (i = 3; i <= NF; i++)
				print $i, name
			any = NF > 2
		}
		END { flush() }' "$scratch/list" >"$scratch/claims"

	tables=
	deviations=
	for area in $all_areas; do
		tables="$tables cases/$area/requirements.tsv"
		[ -f "cases/$area/deviations.tsv" ] && deviations="$deviations cases/$area/deviations.tsv"
	done
	awk -F '\t' '
		FILENAME == ARGV[1] {
			split($0, claim, " ")
			claims[++n] = $0
			if (!(claim[1] in claimed))
				claimed[claim[1]] = claim[2]
			next
		}
		FILENAME ~ /requirements\.tsv$/ {
			if (FNR == 1)
				next
			where = FILENAME ":" FNR ": "
			if (NF != 9) {
				print where "it has " NF " columns, not 9"
				next
			}
			if ($1 in table)
				print where "the id \"" $1 "\" is that of " table[$1] " already"
			table[$1] = FILENAME ":" FNR
			if ($9 == "" && !($1 in claimed))
				print where "no case verifies " $1 ", and no reason says why"
			if ($9 != "" && $1 in claimed)
				print where $1 " is marked unchecked, but " claimed[$1] " verifies it"
			next
		}
		{
			if (FNR > 1 && !($1 in table))
				print FILENAME ":" FNR ": no table has the requirement \"" $1 "\""
		}
		END {
			for (i = 1; i <= n; i++) {
				split(claims[i], claim, " ")
				if (claim[1] == "-")
					print "@ " claim[2] " the case verifies no requirement"
				else if (!(claim[1] in table))
					print "@ " claim[2] " no table has the requirement \"" claim[1] "\""
			}
		}' "$scratch/claims" $tables $deviations >"$scratch/found"
	grep -v '^@' "$scratch/found"

	# A problem of a case stands where its name, or the id, is first in its source.
	grep '^@' "$scratch/found" | while IFS=' ' read -r at case what; do
		source=${case%%:*}.c
		word=${case#*:}
		word=${word%%__*}
		case $what in
		*\"*\")
			word=${what%\"}
			word=${word##*\"}
			;;
		esac
		line=$(grep -nF -- "$word" "$source" 2>/dev/null | head -n 1)
		echo "$source:${line%%:*}: ${case#*:}: $what" | sed 's/:: /:1: /'
	done | sort -u

	if [ -f lib/defects/defects.tsv ]; then
		awk -f mk/defects.awk $tables lib/defects/defects.tsv 2>&1 >/dev/null
	fi
}

{
	format
	house_rules
	systems
	openings
	areas_included
	claims
} >"$scratch/problems" || exit 2
sort -t : -k 1,1 -k 2,2n "$scratch/problems"
count=$(wc -l <"$scratch/problems" | tr -d ' ')
case $count in
0) echo "lint: clean" ;;
1) echo "lint: 1 problem" ;;
*) echo "lint: $count problems" ;;
esac
[ "$count" -eq 0 ] || exit 1
