# Fuzzes targets for a while and files what is found: make fuzz.
#
# What it learns is kept in build/fuzz/<target>/ and is where the next run begins;
# the seeds in corpus/<target>/ are only read.  The engines run side by side,
# the targets one after the other.
#
# Exit status: 0 nothing found, 1 something was, 2 it could not be looked for.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

read_fuzz_choices()
{
	all_targets=$(echo $(fuzz_targets))
	targets=
	set -f
	for target in ${TARGET:-$all_targets}; do
		case " $all_targets " in
		*" $target "*) targets="$targets${targets:+ }$target" ;;
		*) die "no target \"$target\"; targets: $all_targets" ;;
		esac
	done
	engines=
	for choice in ${ENGINE:-libfuzzer}; do
		case $choice in
		libfuzzer) need "$choice" clang ;;
		afl) need "$choice" afl-clang-fast afl-fuzz ;;
		*) die "no engine \"$choice\"; engines: libfuzzer afl" ;;
		esac
		engines="$engines${engines:+ }$choice"
	done
	set +f
	[ -n "$targets" ] && [ -n "$engines" ] ||
		die "neither TARGET nor ENGINE may be blank; targets: $all_targets"
	seconds=${TIME:-60}
	case $seconds in
	'' | 0* | *[!0-9]* | ????????*)
		die "TIME is \"$seconds\"; it must be a whole number of seconds, 1 or more"
		;;
	esac
}

# need ENGINE COMMAND ...: fails unless these commands are here.
need()
{
	wanted=$1
	shift
	for tool; do
		command -v "$tool" >/dev/null 2>&1 ||
			die "$tool, which ENGINE=$wanted needs, is not installed; run: make deps"
	done
}

# The most bytes that an input of this target has.
max_len()
{
	sed -n 's/^max_len[[:space:]]*=[[:space:]]*\([1-9][0-9]*\)$/\1/p' "fuzz/$1.options"
}

# watched COMMAND ...: runs it, and ends it when this shell is ended.
watched()
{
	"$@" &
	child=$!
	trap 'kill "$child" 2>/dev/null; wait "$child"; exit 2' HUP INT TERM
	wait "$child"
}

# Each runs a target with one engine, leaves what it finds in the folder
# $scratch/<engine>, and what it says in the file $scratch/<engine>.log.
run_libfuzzer()
{
	target=$1
	program=$(as_engine libfuzzer variant)/fuzz/$target
	kept=build/fuzz/$target/libfuzzer
	mkdir -p "$kept" "$scratch/libfuzzer" || return 2
	set -- "-max_total_time=$seconds" -timeout=10 -print_final_stats=1 \
	    "-artifact_prefix=$scratch/libfuzzer/" "-max_len=$length"
	[ -f "fuzz/$target.dict" ] && set -- "$@" "-dict=fuzz/$target.dict"
	set -- "$@" "$kept"
	[ -d "corpus/$target" ] && set -- "$@" "corpus/$target"
	# AddressSanitizer keeps what was freed for a while, 256 MB of it by default:
	# memory that does not grow should be seen not to, and soon.
	watched env "ASAN_OPTIONS=quarantine_size_mb=16${ASAN_OPTIONS:+:$ASAN_OPTIONS}" \
	    "$program" "$@" >"$scratch/libfuzzer.log" 2>&1
}

run_afl()
{
	target=$1
	program=$(as_engine afl variant)/fuzz/$target
	kept=build/fuzz/$target
	gather_seeds "$target" || return 2
	mkdir -p "$scratch/afl/hangs" || return 2
	rm -rf "$kept/afl"
	set -- -V "$seconds" -t 5000 -G "$length" -i "$kept/seeds" -o "$kept/afl"
	[ -f "fuzz/$target.dict" ] && set -- "$@" -x "fuzz/$target.dict"
	# How the machine is set up, to hand over crashes and to clock its CPUs, is
	# not ours to change; the first finding ends the run, as it does libFuzzer's.
	watched env AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 \
	    AFL_NO_AFFINITY=1 AFL_BENCH_UNTIL_CRASH=1 AFL_HANG_TMOUT=10000 \
	    AFL_FORKSRV_INIT_TMOUT=60000 \
	    afl-fuzz "$@" -- "$program" >"$scratch/afl.log" 2>&1
	status=$?
	cp "$kept"/afl/default/crashes/id* "$scratch/afl" 2>/dev/null
	cp "$kept"/afl/default/hangs/id* "$scratch/afl/hangs" 2>/dev/null
	return $status
}

# What AFL++ starts from: the seeds and what earlier runs kept, each thing once.
gather_seeds()
{
	mkdir -p "build/fuzz/$1/seeds" || return 2
	cksum /dev/null "corpus/$1"/* "build/fuzz/$1"/afl/default/queue/id* 2>/dev/null |
	    while read -r sum size file; do
		[ "$size" -eq 0 ] || [ -e "build/fuzz/$1/seeds/$sum-$size" ] ||
			cp "$file" "build/fuzz/$1/seeds/$sum-$size" || return 2
	done
	# It wants one, be there any or not.
	[ -n "$(ls "build/fuzz/$1/seeds")" ] || echo >"build/fuzz/$1/seeds/newline"
}

# file TARGET ENGINE INPUT: files a finding; says where, and what is violated.  The
# plain runner, which a reader will use, sees less than an engine with sanitizers.
file()
{
	program=$plain/fuzz/$1
	if "$program" "$3" >/dev/null 2>&1 </dev/null; then
		program=$(as_engine "$2" variant)/fuzz/$1
	fi
	place=$(sh fuzz/finding.sh "$program" "$1" "$3" </dev/null) || exit 2
	echo "fuzz: $1, $2: found $place: $(sed -n 's/^violated: //p' "$place/report.txt")"
}

# The same of one that does not end, and so cannot be run again to see what it does.
file_hang()
{
	place=corpus/findings/$1/hang-$(cksum <"$3" | tr ' ' -)
	mkdir -p "$place" && cp "$3" "$place/input" || die "cannot write in \"$place\""
	printf 'target: %s\nviolated: an input ends\nsystem: %s\n' "$1" "$(uname -srm)" \
	    >"$place/report.txt"
	echo "fuzz: $1, $2: found $place: it does not end"
}

# report TARGET ENGINE STATUS: files what it found, and says how much it looked.
report()
{
	found=0
	for input in "$scratch/$2"/* "$scratch/$2"/hangs/*; do
		[ -f "$input" ] || continue
		case $input in
		*/slow-unit-*) continue ;;
		*/hangs/* | */timeout-*) file_hang "$1" "$2" "$input" ;;
		*) file "$1" "$2" "$input" ;;
		esac
		found=1
	done
	if [ $found -eq 1 ]; then
		result=1
	elif [ "$3" -ne 0 ]; then
		echo "fuzz: $1, $2: it ended with $3:"
		tail -n 20 "$scratch/$2.log"
		[ $result -eq 1 ] || result=2
	fi
	"figures_$2" "$1"
}

figures_libfuzzer()
{
	awk -v target="$1" '
		/^stat::number_of_executed_units:/ { runs = $2 }
		/^stat::average_exec_per_sec:/ { speed = $2 }
		/^stat::peak_rss_mb:/ { memory = $2 }
		/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
		END {
			if (runs != "")
				printf "fuzz: %s, libfuzzer: %d inputs, %d/s, %d edges, %d MB\n",
				    target, runs, speed, edges, memory
		}' "$scratch/libfuzzer.log"
}

figures_afl()
{
	awk -F ' *: *' -v target="$1" '
		{ value[$1] = $2 }
		END {
			if ("execs_done" in value)
				printf "fuzz: %s, afl: %d inputs, %d/s, %d edges, stability %s\n",
				    target, value["execs_done"], value["execs_per_sec"],
				    value["edges_found"], value["stability"]
		}' "build/fuzz/$1/afl/default/fuzzer_stats" 2>/dev/null
}

read_fuzz_choices
plain=$(variant)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-fuzz.XXXXXX") || exit 2
running=
trap 'rm -rf "$scratch"' EXIT
trap '[ -z "$running" ] || kill $running 2>/dev/null; exit 2' HUP INT TERM
result=0

for choice in $engines; do
	as_engine "$choice" sh mk/build.sh "$choice" >"$scratch/build.log" 2>&1 || {
		cat "$scratch/build.log"
		die "the targets cannot be built for $choice"
	}
done
# What a target writes is gone with us, even if its engine has to kill it.
mkdir "$scratch/tmp"
TMPDIR=$(cd "$scratch/tmp" && pwd)
export TMPDIR

for target in $targets; do
	length=$(max_len "$target")
	[ -n "$length" ] || die "fuzz/$target.options has no line max_len=<bytes>; add one"
	# An engine would call it a crash, or silently pass over it.
	if [ -d "corpus/$target" ] && ! "$plain/fuzz/$target" "corpus/$target" >"$scratch/log" 2>&1; then
		cat "$scratch/log"
		echo "fuzz: $target: a seed violates something already"
		result=1
		continue
	fi
	rm -rf "$scratch/libfuzzer" "$scratch/afl"
	running=
	for choice in $engines; do
		"run_$choice" "$target" &
		running="$running${running:+ }$!"
	done
	set -- $running
	for choice in $engines; do
		wait "$1"
		report "$target" "$choice" $?
		shift
	done
done
exit $result
