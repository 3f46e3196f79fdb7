# Builds everything: writes the rules of the chosen variant and runs make on them.
#
# usage: sh mk/build.sh [libfuzzer | afl], the engine for which fuzz targets are built
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2

rules=$(sh mk/rules.sh "$@") || exit

# Inside a parallel make the jobs are its own; otherwise one per CPU.
case " ${MAKEFLAGS-}" in
*\ -j* | *\ -J* | *jobserver*) jobs= ;;
*)
	. mk/common.sh
	jobs=-j$(cpus)
	;;
esac

GNUMAKEFLAGS=--no-print-directory
export GNUMAKEFLAGS
exec ${MAKE:-make} -r -f "$rules" $jobs all
