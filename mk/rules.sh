# Writes the build rules of one variant to build/<variant>/rules.mk and prints its name.
#
# The rules are explicit, one per file that exists now, so a new file is picked
# up by the next run and a dropped one is forgotten.  What only changes when the
# files or the flags do (rules.mk itself, the flags, the members of the library)
# is rewritten only then, so that make can depend on it.
#
# usage: sh mk/rules.sh [libfuzzer | afl]
#
# With an engine the variant is that of the fuzz targets alone, linked with it.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

engine=${1-}
CC=${CC:-cc}
b=$(variant)
os=$(uname -s | tr '[:upper:]' '[:lower:]')

${CC} --version >/dev/null 2>&1 || command -v ${CC%% *} >/dev/null ||
	die "there is no compiler \"$CC\"; run: make deps"

# FreeBSD's base system has ATF as a private library that pkg-config is not told of.
if atf=$(pkg-config --cflags --libs atf-c 2>/dev/null); then
	:
elif [ -e /usr/lib/libprivateatf-c.so ] && [ -e /usr/include/atf-c.h ]; then
	atf=-lprivateatf-c
else
	die "ATF (atf-c) is not installed; run: make deps"
fi
# The libraries of the report programs.
for library in sqlite3 jansson libxml-2.0; do
	pkg-config --exists $library 2>/dev/null ||
		die "the library $library is not installed; run: make deps"
done
report_headers=$(pkg-config --cflags sqlite3 jansson libxml-2.0)
report_libraries=$(pkg-config --libs sqlite3 jansson libxml-2.0)
sqlite=$(pkg-config --libs sqlite3)
# FreeBSD has it in its base system, whatever pkg-config knows of it.
if zlib=$(pkg-config --cflags --libs zlib 2>/dev/null); then
	:
elif [ -e /usr/include/zlib.h ]; then
	zlib=-lz
else
	die "zlib is not installed; run: make deps"
fi
# Loading it takes time: only for the programs that need it.
zlib="-Wl,--as-needed $zlib -Wl,--no-as-needed"
atf_sh=$(command -v atf-sh || echo /usr/libexec/atf-sh)

base="-std=c11 -D_GNU_SOURCE -Ilib -Wall -Wextra -Werror ${CFLAGS:--O2 -g}"
san=
if [ -n "${SANITIZE-}" ]; then
	san="-fsanitize=$SANITIZE -fno-sanitize-recover=all -fno-omit-frame-pointer"
fi
dl=
[ "$os" = linux ] && dl=-ldl
# What lib/os_*.c and inet_net_pton(3) need.
system=-lresolv
[ "$os" = freebsd ] && system=-ljail

# rewrite FILE: makes standard input its contents, untouched if they are that already.
rewrite()
{
	cat >"$1.new$$"
	if cmp -s "$1.new$$" "$1"; then
		rm -f "$1.new$$"
	else
		mv -f "$1.new$$" "$1"
	fi
}

dirs=
all=

# is_other_os FILE: does it belong to another system?
is_other_os()
{
	case $1 in
	*/os_"$os".c) return 1 ;;
	*/os_*.c) return 0 ;;
	esac
	return 1
}

# compile SOURCE FLAGS: the rule for its object.
compile()
{
	stem=$b/${1%.c}
	[ -n "${V-}" ] && say= || say="@echo '$CC $1' && "
	printf '%s.o: %s %s/flags\n\t%s%s %s -MMD -MP -MF %s.d -c -o %s.o %s\n-include %s.d\n\n' \
	    "$stem" "$1" "$b" "$say" "$CC" "$2" "$stem" "$stem" "$1" "$stem"
}

# helpers FOLDER FLAGS: the rules for what the tests of a folder share, its .c
# files that are no tests; sets helpers to their objects.
helpers()
{
	helpers=
	for c in "$1"/*.c; do
		[ -f "$c" ] || continue
		case $c in
		*_test.c) continue ;;
		esac
		compile "$c" "$2"
		helpers="$helpers $b/${c%.c}.o"
	done
}

# link PROGRAM "INPUTS" FLAGS: the rule for a program (or shared object).
link()
{
	[ -n "${V-}" ] && say= || say="@echo 'link $1' && "
	printf '%s: %s %s/flags\n\t%s%s -o %s %s %s\n\n' \
	    "$1" "$2" "$b" "$say" "$CC" "$1" "$2" "$3"
	all="$all $1"
}

# copy SOURCE TARGET: the rule for a table or a schema.
copy()
{
	printf '%s: %s\n\t@rm -f %s && cp %s %s\n\n' "$2" "$1" "$2" "$1" "$2"
	all="$all $2"
}

# embed FOLDER STEM FLAGS: the rules for a page's parts as C, and for the object of it.
embed()
{
	[ -n "${V-}" ] && say= || say="@echo 'embed $1' && "
	printf '%s/%s.c: %s/page.html %s/page.css %s/page.js mk/embed.sh\n' "$b" "$2" "$1" "$1" "$1"
	printf '\t%ssh mk/embed.sh %s >%s/%s.new && mv -f %s/%s.new %s/%s.c\n\n' \
	    "$say" "$1" "$b" "$2" "$b" "$2" "$b" "$2"
	[ -n "${V-}" ] && say= || say="@echo '$CC $2' && "
	printf '%s/%s.o: %s/%s.c %s.h %s/flags\n\t%s%s %s -c -o %s/%s.o %s/%s.c\n\n' \
	    "$b" "$2" "$b" "$2" "$2" "$b" "$say" "$CC" "$3" "$b" "$2" "$b" "$2"
}

# script SOURCE: the rule for a test in shell, with atf-sh's place on this system.
script()
{
	target=$b/${1%.sh}
	printf '%s: %s %s/flags\n\t@rm -f %s && sed "1s,.*,#! %s," %s >%s && chmod 755 %s\n\n' \
	    "$target" "$1" "$b" "$target" "$atf_sh" "$1" "$target" "$target"
	all="$all $target"
}

set -- lib lib/sequence lib/model lib/defects lib/tests lib/tests/programs reports reports/tests mk mk/tests \
    fuzz fuzz/tests fuzz/planted
for d in "$@" cases/*; do
	[ -d "$d" ] && dirs="$dirs $b/$d"
done
mkdir -p $dirs 2>/dev/null && [ -w "$b" ] ||
	die "cannot write in \"$b\"; it must be yours"

# What the engine adds: libFuzzer's needs flags that AFL++'s compiler has itself.
# Both take -fsanitize=fuzzer as the wish to be linked with.
[ "$engine" = libfuzzer ] && san="$san -fsanitize=fuzzer-no-link"

{
	echo "$base $san $atf $report_headers $report_libraries $zlib ${LDFLAGS-} $atf_sh"
	${CC} --version 2>/dev/null
} | rewrite "$b/flags" || exit 2

rules()
{
	echo "# Written by mk/rules.sh; do not edit."
	echo
	echo ".OBJDIR: ./"
	echo ".MAKE.JOB.PREFIX ="
	echo ".SUFFIXES:"
	echo ".PHONY: all everything"
	echo "all: everything"
	echo

	# The library.
	library=$b/lib/libplumbline.a
	members=
	for c in lib/*.c lib/sequence/*.c lib/model/*.c; do
		[ -f "$c" ] && ! is_other_os "$c" || continue
		# Cases are ATF's, and no target is one.
		[ -n "$engine" ] && [ "$c" = lib/case.c ] && continue
		compile "$c" "$base $san"
		members="$members $b/${c%.c}.o"
	done
	if [ -n "$members" ]; then
		echo "$members" | rewrite "$b/lib/members"
		printf '%s:%s %s/lib/members\n\t@rm -f %s && ar rcs %s%s\n\n' \
		    "$library" "$members" "$b" "$library" "$library" "$members"
		all="$all $library"
	fi

	if [ -n "$engine" ]; then
		for c in $results_reader; do
			[ -f "$c" ] || continue
			compile "$c" "$base -Ireports $report_headers $san"
		done
		fuzz_rules "-fsanitize=fuzzer"
		everything
		return
	fi

	# Programs that stand on it, and the tables they find beside them.
	sanitize=
	if [ -n "$san" ] && [ -f mk/sanitize.c ]; then
		compile mk/sanitize.c "$base"
		sanitize=" $b/mk/sanitize.o"
	fi
	helpers lib/tests "$base $san"
	for c in cases/*/*_test.c lib/tests/*_test.c lib/tests/programs/*.c; do
		[ -f "$c" ] || continue
		case $c in
		lib/tests/*_test.c) parts="$sanitize$helpers" ;;
		*) parts=$sanitize ;;
		esac
		compile "$c" "$base $san"
		link "$b/${c%.c}" "$b/${c%.c}.o$parts $library" \
		    "$san ${LDFLAGS-} $atf $zlib $system -lpthread"
	done
	for t in cases/*/requirements.tsv cases/*/deviations.tsv lib/tests/*.tsv \
	    lib/tests/programs/*.tsv reports/tests/*.tsv lib/defects/*.tsv \
	    reports/junit.xsd reports/results.schema.json; do
		[ -f "$t" ] && copy "$t" "$b/$t"
	done
	for t in lib/tests/*_test.sh reports/tests/*_test.sh mk/tests/*_test.sh fuzz/tests/*_test.sh; do
		[ -f "$t" ] && script "$t"
	done
	# What such tests share.
	for t in reports/tests/browser.sh; do
		[ -f "$t" ] && copy "$t" "$b/$t"
	done

	# The report programs, each named by the file of its main(), and their tests.
	parts=
	programs=
	for c in reports/*.c; do
		[ -f "$c" ] || continue
		compile "$c" "$base -Ireports $report_headers $san"
		case $c in
		reports/verdicts.c | reports/matrix.c | reports/gate.c)
			programs="$programs $b/${c%.c}"
			;;
		*) parts="$parts $b/${c%.c}.o" ;;
		esac
	done
	embed reports/page reports/page_text "$base -Ireports $san"
	parts="$parts $b/reports/page_text.o $b/lib/catalogue.o"
	for program in $programs; do
		link "$program" "$program.o$parts" "$san ${LDFLAGS-} $report_libraries"
	done
	helpers reports/tests "$base -Ireports $report_headers $san"
	for c in reports/tests/*_test.c; do
		[ -f "$c" ] || continue
		compile "$c" "$base -Ireports $report_headers $san"
		link "$b/${c%.c}" "$b/${c%.c}.o$sanitize$helpers$parts" "$san ${LDFLAGS-} $atf $report_libraries"
	done

	# The defects, never instrumented: they are loaded into programs of any variant.
	parts=
	for c in lib/defects/*.c; do
		[ -f "$c" ] || continue
		compile "$c" "$base -fPIC"
		parts="$parts $b/${c%.c}.o"
	done
	[ -n "$parts" ] &&
	    link "$b/lib/defects/defects.so" "${parts# }" "-shared ${LDFLAGS-} -lpthread $dl"

	fuzz_rules ""
	for c in fuzz/tests/*_test.c; do
		[ -f "$c" ] || continue
		compile "$c" "$base $san"
		link "$b/${c%.c}" "$b/${c%.c}.o$sanitize $glue $library" \
		    "$san ${LDFLAGS-} $atf $zlib $system -lpthread"
	done

	everything
}

# everything: the rule that names all that is built.
everything()
{
	echo "everything:$all"
	printf '\t@:\n'
}

# fuzz_rules ENGINE-FLAGS: the rules of the fuzz targets: with the plain runner, or
# with the engine that these flags link.  What targets share is an archive, so that
# each takes what it needs; sets glue to it.
fuzz_rules()
{
	glue=$b/fuzz/libfuzz.a
	members=
	targets=" $(echo $(fuzz_targets)) "
	for c in fuzz/*.c; do
		[ -f "$c" ] || return 0
		compile "$c" "$base $san"
		c=${c#fuzz/}
		case " runner.c seeds.c $targets" in
		*" $c "* | *" ${c%.c} "*) ;;
		*) members="$members $b/fuzz/${c%.c}.o" ;;
		esac
	done
	for c in $results_reader; do
		[ -f "$c" ] || continue
		members="$members $b/${c%.c}.o"
	done
	echo "$members" | rewrite "$b/fuzz/members"
	printf '%s:%s %s/fuzz/members\n\t@rm -f %s && ar rcs %s%s\n\n' \
	    "$glue" "$members" "$b" "$glue" "$glue" "$members"
	all="$all $glue"
	runner=
	[ -n "$engine" ] || runner=$b/fuzz/runner.o
	with="$san $1 ${LDFLAGS-} $zlib -Wl,--as-needed $sqlite -Wl,--no-as-needed $system -lpthread"
	for target in $targets; do
		link "$b/fuzz/$target" "$b/fuzz/$target.o $runner $glue $library" "$with"
	done

	[ -n "$engine" ] || [ ! -f fuzz/seeds.c ] ||
		link "$b/fuzz/seeds" "$b/fuzz/seeds.o $library" "$san ${LDFLAGS-} $zlib $sqlite"

	# The targets of frames once more, with mistakes in lib/frame to find.
	[ -f fuzz/planted/frame.c ] || return 0
	compile fuzz/planted/frame.c "$base $san"
	for target in $targets; do
		case $target in
		frame*)
			link "$b/fuzz/planted/$target" \
			    "$b/fuzz/$target.o $b/fuzz/planted/frame.o $runner $glue $library" "$with"
			;;
		esac
	done
}

text=$(rules) && printf '%s\n' "$text" | rewrite "$b/rules.mk" || exit 2
echo "$b/rules.mk"
