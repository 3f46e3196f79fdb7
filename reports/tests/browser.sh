# A headless Chromium for a script: started, driven, stopped.  The script sources it.
#
# It speaks the WebDriver protocol with chromedriver, on a port that this chooses.
# Everything lies in the folder "browser" of the work directory, which may be
# anybody's; browser_stop finds there what to end, also in another process.

# The program that shows pages: chromium in Debian, chrome on FreeBSD.
browser_program()
{
	command -v chromium || command -v chrome || command -v chromium-browser
}

# Prints what is missing; nothing if all is here.
browser_missing()
{
	browser_program >/dev/null || echo "there is no Chromium"
	for program in chromedriver curl jq; do
		command -v "$program" >/dev/null || echo "there is no $program"
	done
}

# browser_call METHOD PATH [JSON]: one command; prints its value as JSON.  Of an
# error the message goes to stderr.
browser_call()
{
	if [ $# -gt 2 ]; then
		printf '%s' "$3" | curl -sS --noproxy '*' -X "$1" -H 'Content-Type: application/json' \
		    --data-binary @- "$(cat browser/url)$2" >browser/answer || return 1
	else
		curl -sS --noproxy '*' -X "$1" "$(cat browser/url)$2" >browser/answer || return 1
	fi
	if jq -e '.value | objects | has("error")' browser/answer >/dev/null; then
		jq -r '"\(.value.error): \(.value.message)"' browser/answer | head -n 1 >&2
		return 1
	fi
	jq -c .value browser/answer
}

# Starts chromedriver; sets port, or leaves it empty.
browser_start_driver()
{
	mkfifo browser/says || return 1
	env HOME="$here/browser/home" XDG_CONFIG_HOME="$here/browser/home" \
	    XDG_CACHE_HOME="$here/browser/home" TMPDIR="$here/browser/home" \
	    chromedriver --port=0 >browser/says 2>&1 &
	echo $! >browser/driver.pid
	# It says its port; whatever else it says is kept.
	exec 7<browser/says
	rm browser/says
	port=
	while [ -z "$port" ] && IFS= read -r line <&7; do
		printf '%s\n' "$line" >>browser/log
		port=$(printf '%s\n' "$line" | sed -n 's/.*started successfully on port \([0-9]*\).*/\1/p')
	done
	cat <&7 >>browser/log 2>&1 &
	exec 7<&-
}

# Starts both; 1 and a line on stderr if that fails.
browser_start()
{
	mkdir -p browser/home browser/profile || return 1
	here=$(pwd)
	# It takes a port of one address family that may not be free in the other:
	# then another one is to be had.
	for try in 1 2 3 4 5 6 7 8 9; do
		browser_start_driver || return 1
		[ -z "$port" ] && tail -n 1 browser/log | grep -q 'port not available' || break
	done
	if [ -z "$port" ]; then
		echo "chromedriver did not start: $(tail -n 1 browser/log)" >&2
		return 1
	fi
	echo "http://127.0.0.1:$port" >browser/url
	browser_call POST /session "$(jq -cn --arg program "$(browser_program)" --arg here "$here" '{
		capabilities: {alwaysMatch: {
			browserName: "chrome",
			timeouts: {script: null, pageLoad: 9007199254740991},
			"goog:loggingPrefs": {browser: "ALL", performance: "ALL"},
			"goog:chromeOptions": {binary: $program, args: [
				"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
				"--no-first-run", "--disable-background-networking",
				"--disable-component-update", "--disable-sync",
				"--disable-dev-shm-usage", "--disable-breakpad",
				"--hide-scrollbars", "--window-size=1200,900",
				"--user-data-dir=\($here)/browser/profile"]}}}}')" >browser/session || return 1
	jq -r '.capabilities["goog:processID"] // empty' browser/session >browser/program.pid
	echo "http://127.0.0.1:$port/session/$(jq -r .sessionId browser/session)" >browser/url
	# Nothing of the page that it begins with goes on beside ours.
	browser_call POST /url '{"url": "about:blank"}' >/dev/null
}

# Ends both, as far as they are there.
browser_stop()
{
	if [ -s browser/url ]; then
		browser_call DELETE "" >/dev/null 2>&1 || :
	fi
	for pid in browser/driver.pid browser/program.pid; do
		if [ -s "$pid" ]; then
			kill "$(cat "$pid")" 2>/dev/null || :
		fi
	done
	rm -rf browser 2>/dev/null || :
}

# browser_open FILE [HASH]: shows our page, and prints after how many ms it was painted.
browser_open()
{
	case $1 in
	/*) file=$1 ;;
	*) file=$(pwd)/$1 ;;
	esac
	browser_go "file://$file${2-}"
}

browser_go()
{
	browser_call POST /url "$(jq -cn --arg url "$1" '{url: $url}')" >/dev/null || return 1
	ready=$(browser_call POST /execute/async "$(jq -cn '{args: [], script: "
		const [done] = arguments, root = document.documentElement;
		const look = () => root.dataset.readyMs === undefined || done(root.dataset.readyMs);
		if (document.getElementById(\"data\") === null)
			return done(\"\");
		new MutationObserver(look).observe(root, {attributes: true});
		look();"}')" | jq -r .)
	if [ -z "$ready" ]; then
		echo "$1: it is not our page" >&2
		return 1
	fi
	echo "$ready"
}

# browser_run SCRIPT [TEXT ...]: what a function with this body gives; strings as
# they are, everything else as JSON.
browser_run()
{
	body=$1
	shift
	value=$(browser_call POST /execute/sync "$(jq -cn --arg body "$body" \
	    '{script: $body, args: $ARGS.positional}' --args -- "$@")") || return 1
	printf '%s\n' "$value" | jq -r .
}

# browser_find SELECTOR: the element, for the two below; the first that is shown,
# brought to the middle, where nothing that sticks to an edge covers it.
browser_find()
{
	browser_call POST /execute/sync "$(jq -cn --arg selector "$1" '{args: [$selector], script: "
		const found = [...document.querySelectorAll(arguments[0])].find((e) => e.checkVisibility());
		found?.scrollIntoView({block: \"center\"});
		return found;"}')" |
	    jq -re 'objects | .[]' || {
		echo "nothing that is shown is $1" >&2
		return 1
	}
}

# A click as with a mouse; typing as with a keyboard.
browser_click()
{
	element=$(browser_find "$1") &&
	    browser_call POST "/element/$element/click" '{}' >/dev/null
}

browser_type()
{
	element=$(browser_find "$1") &&
	    browser_call POST "/element/$element/value" "$(jq -cn --arg text "$2" '{text: $text}')" >/dev/null
}

# browser_press KEY ...: keys to whatever has the focus: Tab Enter Space Up Down Escape.
browser_press()
{
	for key; do
		browser_call POST /actions "$(jq -cn --arg key "$key" '
			{Tab: "\uE004", Enter: "\uE007", Space: " ", Up: "\uE013",
			 Down: "\uE015", Escape: "\uE00C"}[$key] as $value |
			{actions: [{type: "key", id: "keys", actions: [
				{type: "keyDown", value: $value}, {type: "keyUp", value: $value}]}]}')" \
		    >/dev/null || return 1
	done
}

browser_size()
{
	browser_call POST /goog/cdp/execute "$(jq -cn --argjson w "$1" --argjson h "$2" '{
		cmd: "Emulation.setDeviceMetricsOverride",
		params: {width: $w, height: $h, deviceScaleFactor: 1, mobile: false}}')" >/dev/null
}

# browser_media MEDIA SCHEME: "screen" or "print", "light" or "dark".
browser_media()
{
	browser_call POST /goog/cdp/execute "$(jq -cn --arg media "$1" --arg scheme "$2" '{
		cmd: "Emulation.setEmulatedMedia",
		params: {media: $media, features: [{name: "prefers-color-scheme", value: $scheme}]}}')" >/dev/null
}

# Base64 on stdout becomes the file.
browser_decode()
{
	if command -v base64 >/dev/null; then
		base64 -d >"$1"
	else
		b64decode -r >"$1"
	fi
}

browser_picture()
{
	browser_call GET /screenshot | jq -r . | browser_decode "$1"
}

browser_paper()
{
	browser_call POST /print '{"background": false}' | jq -r . | browser_decode "$1"
}

# What pages asked for, those of the browser itself left out, and what it said of
# errors since the last question: addresses, messages.
browser_requests()
{
	browser_call POST /se/log '{"type": "performance"}' | jq -r '.[].message | fromjson | .message |
	    select(.method == "Network.requestWillBeSent") | .params |
	    select(.documentURL | startswith("chrome:") | not) | .request.url'
}

browser_errors()
{
	browser_call POST /se/log '{"type": "browser"}' | jq -r '.[].message'
}
