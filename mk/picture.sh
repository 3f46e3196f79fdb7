# Takes the README's picture of the page that the last run left: sh mk/picture.sh
#
# Exit status: 0 taken, 2 there is no page or no browser.
set -u
CDPATH= cd -- "$(dirname -- "$0")/.." || exit 2
. mk/common.sh
. reports/tests/browser.sh

root=$(pwd)
page=${OUT:-reports/out}/index.html
case $page in
/*) ;;
*) page=$root/$page ;;
esac
[ -s "$page" ] || die "there is no $page; run: make conform"
missing=$(browser_missing | head -n 1)
[ -z "$missing" ] || die "$missing; run: make deps"

scratch=$(mktemp -d "${TMPDIR:-/tmp}/plumbline-picture.XXXXXX") || exit 2
cd "$scratch" || exit 2
trap 'browser_stop; rm -rf "$scratch"' EXIT
trap 'exit 2' HUP INT TERM

browser_start || exit 2
browser_media "" light
browser_open "$page" >/dev/null && browser_picture picture.png && [ -s picture.png ] ||
	die "the page cannot be shown"
mv picture.png "$root/reports/page/picture.png" || exit 2
echo "picture: reports/page/picture.png, $(wc -c <"$root/reports/page/picture.png" | tr -d ' ') bytes"
