#! /usr/bin/env atf-sh
# The page in a real browser: what is shown, clicked, typed, opened and printed.

. "$(atf_get_srcdir)/browser.sh"

# Two areas with a requirement for each sort of verdict, as tables.
tables()
{
	mkdir alpha beta
	for area in alpha beta; do
		printf 'id\tstatement\tclass\tposix\tfreebsd\tlinux\tsource\tpriority\tunchecked\n' \
		    >$area/requirements.tsv
		printf 'requirement\tos\tfrom\tto\tcitation\treason\n' >$area/deviations.tsv
	done
	row='%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n'
	{
		printf "$row" alpha.one.good 'The good one.' posix 0 0 0 'read(2) first page' 1 ''
		printf "$row" alpha.one.bad 'The bad one.' differs 'n/a: open' 5 6 'write(2)' 2 ''
		printf "$row" alpha.two.known 'The known one.' shared 0 0 0 'pipe(2)' 3 ''
	} >>alpha/requirements.tsv
	{
		printf "$row" beta.one.away 'The absent one.' posix 0 0 0 'socket(2)' 1 ''
		printf "$row" beta.one.never 'The one without a case.' linux n/a n/a 0 'epoll(7)' 3 'no way to see it'
		printf "$row" beta.two.dead 'The one whose case dies.' posix 0 0 0 'kill(2)' 2 ''
		printf "$row" beta.two.again 'The one that conforms again.' posix 0 0 0 'bind(2)' 2 ''
	} >>beta/requirements.tsv
	printf 'alpha.two.known\tLinux\t-\t-\tpipe(2) BUGS\tit is so\n' >>alpha/deviations.tsv
	printf 'beta.two.again\tLinux\t-\t-\tbind(2) BUGS\tit was so\n' >>beta/deviations.tsv
}

# The cases of these, and with MORE also what else there is.
suite()
{
	mkdir suite
	# The build put atf-sh's place on this system in our own first line.
	head -n 1 "$(atf_get_srcdir)/page_test" >suite/small_test
	cat >>suite/small_test <<'END'
says()
{
	echo "plumbline 1 profile=${SAYS_PROFILE} os=Linux release=${SAYS_RELEASE} privileged=yes" \
	    "machine=m68k suite=v1 runner=kyua-9 build=#7"
}
deviates()
{
	printf 'deviation %s\n  documented: six\n  expected: 6\n  observed: %s\n' "$1" "$2"
	printf '  at: small_test.c:12\n  %s\n  transcript:\n    p0 p1 = pipe()\n    write(p1, 6) = %s\nend\n' \
	    "$3" "$2"
}
atf_test_case good
good_head() { atf_set "X-requirement" "alpha.one.good"; }
good_body() { says; echo "verdict alpha.one.good conforms"; }
atf_test_case bad
bad_head() { atf_set "X-requirement" "alpha.one.bad"; }
bad_body()
{
	says
	if [ -n "${HEALED}" ]; then
		echo "verdict alpha.one.bad conforms"
		return
	fi
	deviates alpha.one.bad 7
	echo "verdict alpha.one.bad deviates"
	atf_fail "alpha.one.bad"
}
atf_test_case known
known_head() { atf_set "X-requirement" "alpha.two.known"; }
known_body()
{
	says
	deviates alpha.two.known 8 "known: pipe(2) BUGS"
	echo "verdict alpha.two.known known"
	atf_expect_fail "known deviation: alpha.two.known"
	atf_fail "it is"
}
atf_test_case away
away_head() { atf_set "X-requirement" "beta.one.away"; }
away_body() { says; atf_skip "not tested: no such thing here"; }
atf_test_case dead
dead_head() { atf_set "X-requirement" "beta.two.dead"; }
dead_body() { says; echo "broken: it went away"; echo "last words" >&2; kill -9 $$; }
atf_test_case again
again_head() { atf_set "X-requirement" "beta.two.again"; }
again_body() { says; echo "verdict beta.two.again conforms"; }
atf_test_case hostile
hostile_head() { atf_set "X-requirement" "alpha.one.bad beta.one.away"; }
hostile_body()
{
	says
	deviates alpha.one.bad "$(cat "${HOSTILE}")" "known: $(cat "${HOSTILE}")"
	echo "verdict alpha.one.bad deviates"
	echo "broken: $(cat "${HOSTILE}")"
	cat "${HOSTILE}" >&2
	atf_skip "not tested: $(cat "${HOSTILE}")"
}
atf_init_test_cases()
{
	for name in good bad known away dead again ${MORE}; do
		atf_add_test_case $name
	done
}
END
	chmod +x suite/small_test
	cat >suite/Kyuafile <<'END'
syntax(2)
test_suite("plumbline")
atf_test_program{name="small_test"}
END
}

# run_suite FILE PROFILE RELEASE [NAME=VALUE ...]: a results file.
run_suite()
{
	file=$1
	profile=$2
	release=$3
	shift 3
	env SAYS_PROFILE="$profile" SAYS_RELEASE="$release" HEALED= MORE= HOSTILE= "$@" \
	    kyua -c none --logfile=/dev/null test -k suite/Kyuafile -r "$file" >kyua.txt 2>&1 || :
	test -f "$file" || atf_fail "kyua wrote nothing: $(cat kyua.txt)"
}

# one_page [NAME=VALUE ...]: the page of one run, shown.
one_page()
{
	start
	tables
	suite
	run_suite one.db linux 1.2 "$@"
	"$(atf_get_srcdir)/../verdicts" -w page.html one.db alpha beta >/dev/null || [ $? -eq 1 ]
	browser_open page.html >ready || atf_fail "it cannot be shown"
}

# several_pages: of three runs, the last two of the same sort of kernel, the later first.
several_pages()
{
	start
	tables
	suite
	run_suite posix.db posix 1.2
	run_suite later.db linux 1.3 HEALED=yes
	run_suite first.db linux 1.2
	kyua -c none --logfile=/dev/null db-exec -r first.db "UPDATE test_results
	    SET start_time = start_time - 86400000000, end_time = end_time - 86400000000" >/dev/null ||
	    atf_fail "the run cannot be dated back"
	"$(atf_get_srcdir)/../matrix" -w page.html -d posix.db -d later.db -d first.db alpha beta
	browser_open page.html >ready || atf_fail "it cannot be shown"
}

start()
{
	missing=$(browser_missing | head -n 1)
	[ -z "$missing" ] || atf_skip "$missing; run: make deps"
	browser_start 2>trouble || atf_fail "$(cat trouble)"
}

# gives EXPRESSION TEXT: what the page says.
gives()
{
	browser_run "const words = (e) => [...e.childNodes].map((part) => part.textContent).join(' ').trim();
	    return $1" >got || atf_fail "$1"
	[ "$(cat got)" = "$2" ] || atf_fail "$1: \"$(cat got)\", not \"$2\""
}

# shows SELECTOR PART: the text that one sees there has that part.
shows()
{
	browser_run 'return [...document.querySelectorAll(arguments[0])]
	    .filter((e) => e.checkVisibility()).map((e) => e.textContent).join("\n")' "$1" >got
	grep -qF -- "$2" got || atf_fail "$1 lacks \"$2\": $(cat got)"
}

# rows IDS: the requirements that the matrix shows, without their areas.
rows()
{
	gives '[...document.querySelectorAll("#matrix .opener")].filter((e) => e.checkVisibility())
	    .map((e) => e.textContent.replace(/^[a-z]+[.]/, "")).join(" ")' "$1"
}

click()
{
	browser_click "$1" 2>trouble || atf_fail "no click on $1: $(cat trouble)"
}

case_of()
{
	eval "atf_test_case $1 cleanup
	$1_head() { atf_set require.progs kyua; }
	$1_cleanup() { browser_stop; }"
}

ALL="one.good one.bad two.known one.away one.never two.dead two.again"

case_of summary
summary_body()
{
	one_page
	gives 'document.title' "Plumbline: Linux 1.2, profile linux"
	for fact in "Linux 1.2" linux m68k super-user "#7" v1 kyua-9 one.db "6 cases"; do
		shows "#runs dl, #runs h3" "$fact"
	done
	# What is not tested applies, and does not conform.
	shows "#runs .figure" "28.5 %"
	shows "#runs .figure" "of 7 requirements that apply conform"
	gives '[...document.querySelectorAll("#runs .keys li")].map((e) => e.textContent).join(", ")' \
	    "2 conforms, 1 deviates, 1 known deviation, 0 not applicable, 3 not tested"
	shows "#areas tbody tr:nth-child(1)" "33.3 %"
	shows "#areas tbody tr:nth-child(2)" "25.0 %"
	shows "#areas tfoot" "2 of 7"
	shows "#deviations" "1 unexpected"
	shows "#deviations tbody tr" "expected 6; observed 7"
	shows "#deviations summary" "1 known deviation"
	shows "#broken" "small_test:dead"
	shows "#broken" "it went away"
	shows "#broken pre" "last words"
	shows "#fixed" "beta.two.again"
	shows "#fixed" "cases/beta/deviations.tsv:2"
	shows "#skipped" "no such thing here"
	shows "#slowest" "small_test:good"
	gives 'document.getElementById("history").checkVisibility()' false
	gives 'document.querySelector("#trouble").checkVisibility()' false
	rows "$ALL"
	grep -Eq '^[0-9]+$' ready || atf_fail "ready after \"$(cat ready)\" ms"
}

case_of filters
filters_body()
{
	one_page
	click '[data-verdict="deviates"]'
	rows "one.bad"
	gives 'location.hash' "#verdict=deviates"
	click '[data-verdict="known deviation"]'
	rows "one.bad two.known"
	shows "#shown" "2 of 7 requirements: deviates or known deviation"
	gives 'document.querySelectorAll("[aria-pressed=true]").length' 2
	click "#clear"
	rows "$ALL"
	gives 'document.querySelectorAll("[aria-pressed=true]").length' 0

	click '#areas [data-area="beta"]'
	rows "one.away one.never two.dead two.again"
	gives 'document.getElementById("area").value' beta
	gives 'document.activeElement.id' requirements
	browser_type "#class" posix
	rows "one.away two.dead two.again"
	browser_type "#priority" 2
	rows "two.dead two.again"
	gives 'location.hash' "#area=beta&class=posix&priority=2"
	click "#clear"

	# Each field that is searched, words in any order and case.
	for word in "ONE.go" "one good" "first PAGE" small_test:good; do
		browser_type "#q" "$word"
		rows "one.good"
		click "#clear"
	done
	browser_type "#q" "nowhere at all"
	rows ""
	shows "#shown" "0 of 7"

	# The address brings all of it back, and what it does not know does no harm.
	browser_open page.html "?1#verdict=not-tested,nonsense&area=beta&priority=9&q=case&open=no.such.id" >ready
	rows "one.never two.dead"
	gives 'document.getElementById("q").value' case
	gives 'document.querySelector("[data-verdict=\"not tested\"]").getAttribute("aria-pressed")' true
	browser_run 'location.hash = "#area=alpha"' >got
	browser_run 'return new Promise((done) => setTimeout(done))' >/dev/null
	rows "one.good one.bad two.known"
	gives 'document.getElementById("q").value' ""
}

case_of details
details_body()
{
	one_page
	click '#matrix tr:nth-child(2) .opener'
	gives 'location.hash' "#open=alpha.one.bad"
	gives 'document.querySelectorAll("#matrix [aria-expanded=true]").length' 1
	for text in "The bad one." "write(2)" "the systems document it differently" "2: common" \
	    "n/a: open" "(asked here)" "small_test:bad" "small_test.c:12" "write(p1, 6) = 7" "failed"; do
		shows "#matrix .detail" "$text"
	done
	gives 'document.querySelector("#matrix .detail pre").textContent' "p0 p1 = pipe()
write(p1, 6) = 7"
	click '#matrix .opener[aria-expanded=true]'
	gives 'document.querySelectorAll("#matrix .detail").length' 0
	gives 'location.hash' ""

	# By an address: opened, in sight, focused, though a filter hides it.
	browser_open page.html "?1#verdict=conforms&open=beta.one.away" >ready
	shows "#matrix .detail" "no such thing here"
	shows "#matrix .detail" "skipped"
	gives 'document.activeElement.textContent' "beta.one.away"
	gives '(({ top, bottom }) => top >= 0 && bottom <= innerHeight)(document.activeElement.getBoundingClientRect())' true

	# From where it is named, without a filter in the way.
	click '[data-verdict="deviates"]'
	click '#fixed button'
	gives 'document.activeElement.textContent' "beta.two.again"
	shows "#matrix .detail" "The one that conforms again."
	rows "$ALL"
	click '#deviations .opener'
	shows "#deviations .detail" "Observed"
	click '#deviations summary'
	shows "#deviations details" "alpha.two.known"
	click '#deviations details .opener'
	shows "#deviations details .detail" "pipe(2) BUGS"
	click '#skipped summary'
	shows "#skipped details li" "small_test:away"
}

case_of keyboard
keyboard_body()
{
	one_page
	browser_press Tab
	gives 'document.activeElement.className' skip
	gives 'document.activeElement.getBoundingClientRect().left >= 0' true
	browser_press Enter
	gives 'document.activeElement.id' requirements
	# The field of the search, three choices, five verdicts, the button, the first row.
	browser_press Tab
	gives 'document.activeElement.id' q
	browser_press Tab Tab Tab Tab Space
	gives 'location.hash' "#verdict=conforms"
	browser_press Space Tab Tab Tab Tab Tab Tab
	gives 'document.activeElement.textContent' alpha.one.good
	gives 'getComputedStyle(document.activeElement).outlineStyle' solid
	browser_press Enter
	gives 'document.activeElement.getAttribute("aria-expanded")' true
	shows "#matrix .detail" "The good one."
	browser_press Down Down
	gives 'document.activeElement.textContent' alpha.two.known
	browser_press Up Enter
	gives 'location.hash' "#open=alpha.one.good,alpha.one.bad"
	browser_press Up Up
	gives 'document.activeElement.textContent' alpha.one.good
	# Everything that can be clicked can be reached.
	gives '[...document.querySelectorAll("button, summary, a, select, input")]
	    .filter((e) => e.tabIndex < 0).length' 0
	# The grid has not taken from the table what it is.
	gives '[...document.querySelectorAll("#matrix > * > tr")].every((row) => [...row.cells]
	    .every((cell) => /^(columnheader|rowheader|cell)$/.test(cell.role)))' true
}

# contrast: the text with the least contrast must have 4.5.
contrast()
{
	browser_run '
	const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
	const rgba = (colour) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = colour;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const light = (colour) => rgba(colour).slice(0, 3)
	    .map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
	    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const paper = (e) => {
		for (; e; e = e.parentElement) {
			const colour = getComputedStyle(e).backgroundColor;
			if (rgba(colour)[3] === 255)
				return colour;
		}
		return "white";
	};
	let worst = [21, ""];
	for (const e of document.querySelectorAll("body *")) {
		const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim() !== "");
		if (!own || !e.checkVisibility())
			continue;
		const [a, b] = [light(getComputedStyle(e).color), light(paper(e))].sort((x, y) => y - x);
		const contrast = (a + 0.05) / (b + 0.05);
		if (contrast < worst[0])
			worst = [contrast, e.className + " " + e.textContent];
	}
	return worst[0] >= 4.5 ? "enough" : worst.join(" ")' >got
	[ "$(cat got)" = enough ] || atf_fail "contrast: $(cat got)"
}

case_of themes
themes_body()
{
	one_page
	click '#matrix tr:nth-child(2) .opener'
	background='getComputedStyle(document.body).backgroundColor'
	browser_media "" light
	gives "$background" "rgb(250, 250, 248)"
	contrast
	browser_media "" dark
	gives "$background" "rgb(21, 24, 27)"
	contrast
	shows "#theme" "Theme: system"
	click "#theme"
	shows "#theme" "Theme: light"
	gives "$background" "rgb(250, 250, 248)"
	contrast
	browser_media "" light
	click "#theme"
	shows "#theme" "Theme: dark"
	gives "$background" "rgb(21, 24, 27)"
	# It is remembered; paper is white all the same.
	browser_open page.html "?1" >ready
	shows "#theme" "Theme: dark"
	browser_media print light
	gives 'getComputedStyle(document.querySelector("#matrix")).color' "rgb(29, 33, 37)"
	gives "$background" "rgba(0, 0, 0, 0)"
	gives 'document.getElementById("theme").checkVisibility()' false
	browser_media "" light
	click "#theme"
	shows "#theme" "Theme: system"
	# Colour is never the only sign.
	gives '[...document.querySelectorAll(".badge")].every((e) => e.dataset.sign !== "" && e.textContent !== "")' true
}

case_of paper
paper_body()
{
	one_page
	
	browser_media print light
	gives 'getComputedStyle(document.querySelector("#matrix thead")).display' table-header-group
	gives 'getComputedStyle(document.querySelector("#matrix tr")).display' table-row
	gives 'getComputedStyle(document.querySelector("#matrix tbody")).contentVisibility' visible
	gives '["contents", "theme", "q", "clear", "verdicts"].some((id) => document.getElementById(id).checkVisibility())' false
	rows "$ALL"
	shows "#deviations" "1 unexpected"
	# What is filtered is printed alone, and says so.
	browser_media "" light
	click '[data-verdict="deviates"]'
	browser_media print light
	rows "one.bad"
	shows "#shown" "1 of 7 requirements: deviates"
	gives '["areas", "deviations", "broken", "skipped"].some((id) => document.getElementById(id).checkVisibility())' false
	browser_media "" light
	browser_paper page.pdf
	atf_check -o inline:"%PDF" head -c 4 page.pdf
	gives '[...document.querySelectorAll("#deviations details")].every((e) => e.open)' true
}

case_of narrow
narrow_body()
{
	several_pages
	for size in "1200 900" "700 900" "360 640"; do
		browser_size $size
		gives 'document.documentElement.scrollWidth <= innerWidth' true
		click '#matrix .opener'
		gives 'document.documentElement.scrollWidth <= innerWidth' true
		click '#matrix .opener'
	done
	# The heads of the columns stand beside the verdicts.
	gives 'getComputedStyle(document.querySelector("#matrix thead")).position' absolute
	gives 'document.querySelector("#matrix td.verdict").dataset.label' "Run 1"
	browser_picture narrow.png
	atf_check -o match:PNG head -c 4 narrow.png
}

case_of several
several_body()
{
	several_pages
	gives 'document.title' "Plumbline: 3 runs"
	gives 'document.querySelectorAll("#runs .card").length' 3
	gives '[...document.querySelectorAll("#matrix thead th")].slice(3).map((e) => words(e)).join("; ")' \
	    "Run 1 Linux 1.2 profile posix; Run 2 Linux 1.3 profile linux; Run 3 Linux 1.2 profile linux"
	gives '[...document.querySelectorAll("#matrix tr:nth-child(2) .verdict")].map((e) => e.textContent).join(", ")' \
	    "deviates, conforms, deviates"
	shows "#areas thead" "profile posix"
	gives 'document.querySelectorAll("#areas tbody tr:first-child .share").length' 3

	gives '[...document.querySelectorAll("#matrix .differs .opener")].map((e) => e.textContent).join(" ")' \
	    "alpha.one.bad beta.one.never"
	shows "#matrix .differs th" "differs"
	click "#differs"
	rows "one.bad one.never"
	gives 'location.hash' "#differs=yes"
	click "#differs"
	click '[data-verdict="not applicable"]'
	rows "one.never"
	click "#clear"
	click '#matrix tr:nth-child(2) .opener'
	gives '[...document.querySelectorAll("#matrix .detail .of-one-run h3")].map((e) => words(e)).join("; ")' \
	    "Run 1: Linux 1.2, profile posix, super-user deviates; Run 2: Linux 1.3, profile linux, super-user conforms; Run 3: Linux 1.2, profile linux, super-user deviates"

	# Two of them are one kernel over time, the earlier first.
	gives '[...document.querySelectorAll("#history h3")].map((e) => e.textContent).join("; ")' \
	    "Linux, m68k, profile linux, super-user"
	gives '[...document.querySelectorAll("#history table:first-of-type thead .run-name")].map((e) => e.textContent).join(" ")' \
	    "Run 3 Run 2"
	gives '[...document.querySelectorAll("#history tbody tr")].slice(0, 2).map((row) => [...row.cells].slice(0, 3)
	    .map((e) => e.textContent).join(" ")).join("; ")' "conforms 2 3; deviates 1 0"
	gives 'document.querySelectorAll("#history svg circle").length' 12
	shows "#history h4" "From Run 3 to Run 2: 1 verdict changed"
	gives '[...document.querySelectorAll("#history h4 + div tbody tr")].map((e) => words(e)).join("; ")' \
	    "alpha.one.bad deviates conforms"
}

case_of hostile
hostile_body()
{
	# Tags, quotes, an end of the data, control characters, right-to-left overrides, no UTF-8.
	{
		printf '</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">'
		printf '<!--<svg onload=window.hacked=1>\047"`${window.hacked = 1} javascript:1 &lt;b&gt; '
		printf '\033[2J \001 \177 \342\200\256txt.exe \377\376 \357\277\276 end'
	} >hostile.txt
	start
	tables
	suite
	sed "s|The bad one|The bad one <script>window.hacked = 1</script><b>bold</b>|" \
	    alpha/requirements.tsv >new && mv new alpha/requirements.tsv
	run_suite one.db linux '1.2<i>' MORE=hostile HOSTILE="$(pwd)/hostile.txt"
	kyua -c none --logfile=/dev/null db-exec -r one.db "UPDATE test_cases
	    SET name = 'away</script><script>window.hacked = 1</script>' || char(7) || char(8238)
	    WHERE name = 'away'" >/dev/null || atf_fail "the case cannot be renamed"
	"$(atf_get_srcdir)/../verdicts" -w page.html one.db alpha beta >/dev/null || [ $? -eq 1 ]
	browser_requests >/dev/null
	browser_errors >/dev/null
	browser_open page.html "#q=%3Cscript%3Ewindow.hacked=1%3C/script%3E" >ready
	shows "#shown" "with “<script>window.hacked=1</script>”"
	browser_open page.html "?1" >ready
	browser_run 'for (const e of document.querySelectorAll(".opener, #skipped summary, #deviations summary")) e.click()' >got
	browser_run 'for (const e of document.querySelectorAll(".detail .opener, .more > summary")) e.click()' >got

	# It stands there as text, each character that would act escaped.
	text='</script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"><!--<svg onload=window.hacked=1>'"'"'"`${window.hacked = 1} javascript:1 &lt;b&gt; \x1b[2J \x01 \x7f \u{202e}txt.exe \xff\xfe \u{fffe} end'
	for place in "#matrix .deviation dd" "#matrix .detail pre" "#broken p" "#broken pre" \
	    "#skipped summary" "#matrix .detail td"; do
		shows "$place" "$text"
	done
	shows "#matrix .detail .statement" "The bad one <script>window.hacked = 1</script><b>bold</b>."
	shows "#runs h3" "Linux 1.2<i>"
	shows "#skipped li" 'away</script><script>window.hacked = 1</script>\x07\u{202e}'
	gives 'document.body.textContent.search(/[\u0001-\u0008\u000e-\u001f\u007f-\u009f\u202a-\u202e\ufffe]/)' -1
	# Nothing of it became an element, ran, or asked for anything.
	gives 'typeof window.hacked' undefined
	gives 'document.querySelectorAll("script").length' 2
	gives 'document.querySelectorAll("img, b, main i:not(.bar i), svg[onload]").length' 0
	browser_errors >errors
	atf_check cat errors
	browser_requests >requests
	atf_check -o inline:"file://$(pwd)/page.html\nfile://$(pwd)/page.html?1\n" sed 's/#.*//' requests
}

# Nobody is admitted but the page itself: not even what gets into its middle.
case_of policy
policy_body()
{
	one_page
	sed 's,<main id="main">,&<img src="http://127.0.0.1:9/x.png"><script>window.hacked = 1</script><p onclick="window.hacked = 1" id="p">p</p>,' \
	    page.html >other.html
	browser_requests >/dev/null
	browser_errors >/dev/null
	browser_open other.html >ready
	click "#p"
	gives 'typeof window.hacked' undefined
	rows "$ALL"
	browser_errors >errors
	for what in "Loading the image" "Executing inline script" "Executing inline event handler"; do
		atf_check -o match:"$what.*violates the following Content Security Policy" cat errors
	done
}

# A file that was cut off says so, and no data are no blank page.
case_of cut
cut_body()
{
	one_page
	sed 's/"version":1.*/<\/script>/' page.html >cut.html
	sed -n '/^<script>/,$p' page.html >>cut.html
	browser_open cut.html >ready
	shows "#trouble" "These results cannot be shown"
	gives 'document.getElementById("matrix")' null
	grep -q '<noscript>.*' page.html && grep -q 'report.txt for one run' page.html ||
	    atf_fail "without JavaScript it says nothing"
}

atf_init_test_cases()
{
	for name in summary filters details keyboard themes paper narrow several hostile policy cut; do
		atf_add_test_case $name
	done
}
