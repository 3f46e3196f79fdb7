# Runs the project's own tests under kyua and shows those that failed: make test.
#
# Exit status: 0 none failed, 1 some did, 2 they could not be run.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

read_choices
need_kyua
build=$(variant)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-test.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
kyua_log=$scratch/trouble

# atf-sh stumbles over a blank in the path of its program; this path has none.
root=$(pwd)
case $root in
*[[:space:]]*)
	ln -s "$root/$build" "$scratch/build" || exit 2
	build=$scratch/build
	;;
esac

quiet_kyua -v parallelism="$parallel" -v test_suites.plumbline-own.root="$root" \
    test -k own.kyuafile --build-root="$build" \
    -r "$scratch/results.db" >"$scratch/log" 2>&1
status=$?
if [ $status -gt 1 ] || [ ! -s "$scratch/results.db" ]; then
	die "kyua failed: $(grep . "$scratch/log" | tail -n 1)"
fi

# An expected failure is not a pass; there is no reason for one in our own tests.
count()
{
	kyua -c none --loglevel=error --logfile=/dev/null db-exec -r "$scratch/results.db" \
	    --no-headers "SELECT count(*) FROM test_results WHERE result_type IN ($1)"
}
passed=$(count "'passed'")
skipped=$(count "'skipped'")
failed=$(count "'failed', 'broken', 'expected_failure'")

if [ "$failed" -gt 0 ]; then
	# Only the failures, without their metadata and without the environment.
	quiet_kyua report --verbose --results-file="$scratch/results.db" \
	    --results-filter=failed,broken,xfail | awk '
		/^===> / { show = /:[A-Za-z0-9_]+$/ }
		/^(Start time|End time|Duration): / { next }
		/^Metadata:$/ { show = 0 }
		/^Standard (output|error):$/ { show = 1 }
		show'
	echo
fi
if [ "$skipped" -gt 0 ]; then
	grep -- '->  skipped' "$scratch/log"
fi
echo "test: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || die "no test ran"
