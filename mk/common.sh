# What the scripts of mk/ share; each sources it from the project's root.

# die MESSAGE: one line on stderr, exit 2.
die()
{
	program=${0##*/}
	echo "${program%.sh}: $*" >&2
	exit 2
}

# FreeBSD's package of AFL++ has a folder of its own.
[ ! -d /usr/local/afl++-llvm/bin ] || PATH=$PATH:/usr/local/afl++-llvm/bin

# The fuzzing engine that is built for; none but in the scripts that set it.
engine=

# The build folder of the chosen compiler, sanitizers and engine.
variant()
{
	variant=${engine:+$engine }${CC:-cc}${SANITIZE:+ $SANITIZE}
	case $variant in
	*[!A-Za-z0-9._+-]*)
		variant=$(printf %s "$variant" | tr -c 'A-Za-z0-9._+-' _)
		;;
	esac
	echo "build/$variant"
}

# What a fuzz target takes of the report programs: the reader of results files.
results_reader="reports/results.c reports/text.c reports/memory.c"

# The names of the fuzz targets, one a line.
fuzz_targets()
{
	grep -l '^LLVMFuzzerTestOneInput(' fuzz/*.c 2>/dev/null | sed 's,^fuzz/,,; s,\.c$,,'
}

# as_engine ENGINE COMMAND ...: runs it with the compiler and the sanitizers of an
# engine.  AFL++ is for speed, and gets sanitizers only if SANITIZE asks for them.
as_engine()
{
	(
		engine=$1
		shift
		case $engine in
		libfuzzer)
			CC=clang
			SANITIZE=${SANITIZE-address,undefined}
			;;
		afl)
			CC=afl-clang-fast
			SANITIZE=${SANITIZE-}
			AFL_QUIET=1
			export AFL_QUIET
			;;
		esac
		export CC SANITIZE
		"$@"
	)
}

# How many CPUs there are.
cpus()
{
	getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1
}

# The profile of the running system.
home_profile()
{
	case $(uname -s) in
	FreeBSD) echo freebsd ;;
	Linux) echo linux ;;
	*) echo posix ;;
	esac
}

# The names of the areas, in one line.
areas()
{
	for area in cases/*/requirements.tsv; do
		[ -f "$area" ] || continue
		area=${area#cases/}
		printf '%s ' "${area%/*}"
	done | sed 's/ $//'
}

# Sets areas, profile, parallel and kyua_config from AREA, PROFILE, PARALLEL and
# SCALE, or says what is wrong with them.
read_choices()
{
	all_areas=$(areas)
	areas=
	set -f
	for area in ${AREA:-$all_areas}; do
		case " $all_areas " in
		*" $area "*) areas="$areas${areas:+ }$area" ;;
		*) die "no area \"$area\"; areas: $all_areas" ;;
		esac
	done
	set +f
	[ -n "$areas" ] || die "no area \"${AREA-}\"; areas: $all_areas"

	profile=${PROFILE:-$(home_profile)}
	case $profile in
	freebsd | linux | posix) ;;
	*) die "no profile \"$profile\"; profiles: freebsd linux posix" ;;
	esac

	parallel=${PARALLEL:-$(cpus)}
	case $parallel in
	'' | 0* | *[!0-9]* | ?????*)
		die "PARALLEL is \"$parallel\"; it must be a whole number from 1 to 9999"
		;;
	esac

	kyua_config="-v test_suites.plumbline.profile=$profile"
	if [ -n "${SCALE-}" ]; then
		case $SCALE in
		*[!0-9.]* | *.*.* | .)
			die "SCALE is \"$SCALE\"; it must be a positive number"
			;;
		*[1-9]*) ;;
		*) die "SCALE is \"$SCALE\"; it must be a positive number" ;;
		esac
		kyua_config="$kyua_config -v test_suites.plumbline.scale=$SCALE"
	fi
}

# Fails unless kyua is here.
need_kyua()
{
	command -v kyua >/dev/null 2>&1 || die "kyua is not installed; run: make deps"
}

# What the report says of the suite and its runner, as options for kyua.
kyua_facts()
{
	suite=$(git describe --always --dirty 2>/dev/null) || suite=unknown
	runner=$(kyua about 2>/dev/null | sed -n '1s/.*Kyua) *\([^ ]*\).*/kyua-\1/p')
	echo "-v test_suites.plumbline.suite=$suite" \
	    "-v test_suites.plumbline.runner=${runner:-kyua}"
}

# kyua without the user's own configuration, which must not change verdicts, and
# without a log in the home directory, which there may be none of.
# The variable kyua_log names where it writes its own troubles.
quiet_kyua()
{
	kyua -c none --loglevel=warning --logfile="${kyua_log:-/dev/null}" "$@"
}

# injected_kyua OBJECT DEFECT ...: the same with defects loaded, into it and its
# cases only; the defect may be "" for none.
injected_kyua()
{
	object=$1
	defect=$2
	shift 2
	env "LD_PRELOAD=$object" ${defect:+"PLUMBLINE_DEFECT=$defect"} \
	    kyua -c none --loglevel=warning --logfile="${kyua_log:-/dev/null}" "$@"
}

# list_cases BUILD [PROGRAM ...]: the suite's cases, "cases/pipe/eof_test:name" a line.
list_cases()
{
	build=$1
	shift
	quiet_kyua list -k Kyuafile --build-root="$build" "$@"
}

# matching_cases PATTERN: those lines of such a list whose case, program, or
# program:case matches the shell pattern, with or without folder and "_test".
matching_cases()
{
	while IFS= read -r line; do
		full=${line##*/}
		name=${full##*:}
		program=${full%%:*}
		short=${program%_test}
		for text in "$name" "$short:$name" "$full" "$line" "$short" "$program"; do
			case $text in
			$1)
				printf '%s\n' "$line"
				break
				;;
			esac
		done
	done
}
