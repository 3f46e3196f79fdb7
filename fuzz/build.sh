#! /bin/sh
# Builds all fuzz targets by the contract of OSS-Fuzz and ClusterFuzzLite.
#
# usage: [VARIABLE=value ...] sh fuzz/build.sh
#
# Variables, all with defaults that make libFuzzer programs in build/fleet:
#   CC, CFLAGS            compiler and flags; sanitizers and coverage are among these
#   CXX, CXXFLAGS         what links; CC and CFLAGS by default
#   LIB_FUZZING_ENGINE    what brings the engine and its main()
#   OUT                   where <target>, <target>_seed_corpus.zip, <target>.dict and
#                         <target>.options go
#
# It needs neither make nor ATF.  SQLite and zlib are linked into the programs where
# they can be, for the machines of a fleet do not have them.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

CC=${CC:-clang}
CFLAGS=${CFLAGS:--O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all}
CXX=${CXX:-$CC}
CXXFLAGS=${CXXFLAGS:-$CFLAGS}
LIB_FUZZING_ENGINE=${LIB_FUZZING_ENGINE:--fsanitize=fuzzer}
OUT=${OUT:-build/fleet}

command -v ${CC%% *} >/dev/null 2>&1 || die "there is no compiler \"$CC\"; run: make deps"
command -v zip >/dev/null 2>&1 || die "zip is not installed; run: make deps"
mkdir -p "$OUT" 2>/dev/null && [ -w "$OUT" ] || die "cannot write in OUT, \"$OUT\""
scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-build.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM

flags="-std=c11 -D_GNU_SOURCE -Ilib -Ireports $(pkg-config --cflags sqlite3 2>/dev/null)"

# What only some systems have, where it is there.
libraries="-lpthread -lm"
for library in -ldl -lresolv -ljail; do
	echo 'int main(void) { return (0); }' >"$scratch/t.c"
	$CC -o "$scratch/t" "$scratch/t.c" $library >/dev/null 2>&1 && libraries="$libraries $library"
done

# The archives of SQLite and zlib, or the shared objects.
echo '#include <sqlite3.h>
#include <zlib.h>
int main(void) { return (sqlite3_libversion_number() == 0 || crc32(0, 0, 0) != 0); }' >"$scratch/t.c"
found=$(pkg-config --libs sqlite3 2>/dev/null || echo -lsqlite3)
stand_on=
for kind in "-Wl,-Bstatic $found -lz -Wl,-Bdynamic" "$found -lz"; do
	if $CC $flags -o "$scratch/t" "$scratch/t.c" $kind $libraries >/dev/null 2>&1; then
		stand_on=$kind
		break
	fi
done
[ -n "$stand_on" ] || die "SQLite (sqlite3) or zlib is not installed; run: make deps"

# Everything but cases, which are ATF's, and what has a main() of its own.
os=$(uname -s | tr '[:upper:]' '[:lower:]')
targets=$(echo $(fuzz_targets))
for c in lib/*.c lib/sequence/*.c lib/model/*.c $results_reader fuzz/*.c; do
	[ -f "$c" ] || continue
	case $c in
	lib/case.c | fuzz/runner.c | fuzz/seeds.c) continue ;;
	lib/os_"$os".c) ;;
	lib/os_*.c) continue ;;
	esac
	echo "$c $scratch/$(echo "${c%.c}" | tr / -).o"
done >"$scratch/sources"
export CC CFLAGS flags
xargs -n 2 -P "$(cpus)" sh -c '$CC $CFLAGS $flags -c -o "$2" "$1" || exit 255' - <"$scratch/sources" ||
	die "a file does not compile"

for target in $targets; do
	mv "$scratch/fuzz-$target.o" "$scratch/$target.target" || exit 2
done
ar rcs "$scratch/liball.a" "$scratch"/*.o || exit 2
for target in $targets; do
	mv "$scratch/$target.target" "$scratch/$target.o" || exit 2
	$CXX $CXXFLAGS -o "$OUT/$target" "$scratch/$target.o" "$scratch/liball.a" \
	    $LIB_FUZZING_ENGINE $stand_on $libraries || die "the target $target cannot be linked"
	for file in "fuzz/$target.dict" "fuzz/$target.options"; do
		[ ! -f "$file" ] || cp "$file" "$OUT" || die "cannot write in OUT, \"$OUT\""
	done
	rm -f "$OUT/${target}_seed_corpus.zip"
	[ ! -d "corpus/$target" ] ||
		zip -q -r -j "$OUT/${target}_seed_corpus.zip" "corpus/$target" ||
		die "cannot pack corpus/$target"
done
echo "build: $targets in $OUT"
