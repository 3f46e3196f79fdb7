# Installs what building and running need, through apt (Debian, Ubuntu) or pkg (FreeBSD).
#
# What is missing is found by looking for the thing itself, not for its package,
# so a tool that came another way counts, and a second run has nothing to do.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh

has()
{
	command -v "$1" >/dev/null 2>&1
}

# need PACKAGE COMMAND ...: notes the package if one of the commands is missing.
need()
{
	package=$1
	shift
	for tool; do
		has "$tool" && continue
		missing="$missing${missing:+ }$package"
		return
	done
}

# need_library PACKAGE NAME: the same for what pkg-config knows.
need_library()
{
	pkg-config --exists "$2" 2>/dev/null || missing="$missing${missing:+ }$1"
}

# Can this compiler make and link a program with these flags?
links()
{
	echo 'int main(void) { return (0); }' >"$scratch/t.c"
	"$@" -o "$scratch/t" "$scratch/t.c" >/dev/null 2>&1
}

missing_debian()
{
	need gcc cc gcc
	has cc && { links cc || missing="$missing${missing:+ }libc6-dev"; }
	need make make
	need bmake bmake
	need pkg-config pkg-config
	need kyua kyua
	need_library libatf-dev atf-c
	need atf-sh atf-sh
	need_library libsqlite3-dev sqlite3
	need_library zlib1g-dev zlib
	need_library libjansson-dev jansson
	need_library libxml2-dev libxml-2.0
	# What the tests of the reports look through.
	need chromium chromium
	need chromium-driver chromedriver
	need curl curl
	need jq jq
	need libxml2-utils xmllint
	need python3-jsonschema jsonschema
	need clang clang
	# One of the engines of the fuzz targets, and what packs their seeds for a fleet.
	need afl++ afl-fuzz afl-clang-fast
	need zip zip
	need unzip unzip
	need clang-format clang-format
	# Names functions in what the sanitizers report, and for what they are to ignore.
	need llvm llvm-symbolizer
	# The sanitizers' run time has a package of its own since clang 14.
	if ! has clang || ! links clang -fsanitize=address,undefined; then
		missing="$missing${missing:+ }libclang-rt-dev"
	fi
}

missing_freebsd()
{
	need gmake gmake
	need pkgconf pkg-config
	need kyua kyua
	if [ ! -e /usr/lib/libprivateatf-c.so ] || [ ! -e /usr/include/atf-c.h ]; then
		need_library atf atf-c
	fi
	[ -x /usr/libexec/atf-sh ] || need atf atf-sh
	need_library sqlite3 sqlite3
	need_library jansson jansson
	need_library libxml2 libxml-2.0
	need chromium chrome
	need chromium chromedriver
	need curl curl
	need jq jq
	need libxml2 xmllint
	need py311-jsonschema jsonschema jsonschema-3.11
	need llvm clang-format
	need afl++-llvm afl-fuzz afl-clang-fast
	need zip zip
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-deps.XXXXXX") || exit 2
trap 'rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM
missing=

if has apt-get; then
	missing_debian
	install='apt-get install -y --no-install-recommends'
elif has pkg && [ "$(uname -s)" = FreeBSD ]; then
	missing_freebsd
	install='pkg install -y'
else
	echo "deps: no apt-get and no FreeBSD pkg here; install kyua, ATF, SQLite 3, pkg-config, a C compiler and make by hand" >&2
	exit 1
fi

[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing $missing; as root, run: $install $missing" >&2
	exit 1
fi

DEBIAN_FRONTEND=noninteractive
ASSUME_ALWAYS_YES=yes
export DEBIAN_FRONTEND ASSUME_ALWAYS_YES

if has apt-get; then
	apt-get update -qq >"$scratch/log" 2>&1 ||
	    echo "deps: apt-get update failed ($(tail -n 1 "$scratch/log")); trying with the lists at hand" >&2
	known=
	for package in $missing; do
		# Before clang 14 the sanitizers came with clang itself.
		[ "$package" = libclang-rt-dev ] &&
		    [ -z "$(apt-cache madison "$package" 2>/dev/null)" ] && continue
		known="$known${known:+ }$package"
	done
	missing=$known
fi

echo "deps: installing $missing"
if ! $install $missing >"$scratch/log" 2>&1; then
	echo "deps: $install $missing failed: $(grep -E '^E: |rror' "$scratch/log" | head -n 1)" >&2
	exit 1
fi
