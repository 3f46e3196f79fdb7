# Makes C of the page's parts in a folder: sh mk/embed.sh reports/page >page_text.c
#
# Style and script go into page.html where it says so, with the hashes that its
# policy admits them by, and the place of the data parts it in two strings.
set -u
. mk/common.sh
LC_ALL=C
export LC_ALL

folder=$1

# hash FILE: its SHA-256 in hexadecimal.
hash()
{
	if command -v sha256sum >/dev/null 2>&1; then
		sha256sum <"$1" | cut -d ' ' -f 1
	elif command -v sha256 >/dev/null 2>&1; then
		sha256 -q <"$1"
	else
		die "neither sha256sum nor sha256 is installed"
	fi
}

css_hash=$(hash "$folder/page.css") && js_hash=$(hash "$folder/page.js") || exit 2
awk -v css="$folder/page.css" -v js="$folder/page.js" -v css_hash="$css_hash" -v js_hash="$js_hash" '
	function fail(what) {
		print FILENAME ":" FNR ": " what >"/dev/stderr"
		failed = 1
		exit 2
	}

	# The form that a policy wants: base64 of the bytes.
	function source_hash(hex,    digits, alphabet, out, i, bits, n) {
		digits = "0123456789abcdef"
		alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		if (length(hex) != 64)
			fail("a hash has " length(hex) " digits, not 64")
		# Three digits are two characters; 64 digits and two zeroes are 44, the last of them "=".
		hex = hex "00"
		for (i = 1; i <= 64; i += 3) {
			bits = 0
			for (n = 0; n < 3; n++)
				bits = bits * 16 + index(digits, substr(hex, i + n, 1)) - 1
			out = out substr(alphabet, int(bits / 64) + 1, 1) substr(alphabet, bits % 64 + 1, 1)
		}
		return "sha256-" substr(out, 1, 43) "="
	}

	# "?" escaped too: two of them may begin a trigraph.
	function put(text) {
		gsub(/\\/, "&&", text)
		gsub(/"/, "\\\"", text)
		gsub(/\?/, "\\?", text)
		print "\t\"" text newline "\""
	}

	function put_file(file,    line, got) {
		newline = "\\n"
		while ((got = (getline line <file)) > 0) {
			if (line ~ /<\/|<!--/)
				fail(file " holds what would end it here: " line)
			put(line)
		}
		if (got < 0)
			fail("cannot read " file)
		newline = ""
	}

	# A line with one of the three marks: before it, what it stands for, after it.
	function put_around(mark, file,    at) {
		at = index($0, mark)
		newline = ""
		put(substr($0, 1, at - 1))
		if (file != "")
			put_file(file)
		else {
			print "    ;\n\nconst char page_after[] ="
			parted = 1
		}
		$0 = substr($0, at + length(mark))
	}

	BEGIN {
		print "/* Written by mk/embed.sh; do not edit. */\n"
		print "#include \"page_text.h\"\n"
		print "const char page_before[] ="
	}
	{
		sub(/@CSS-HASH@/, source_hash(css_hash))
		sub(/@JS-HASH@/, source_hash(js_hash))
	}
	/@CSS@/ { put_around("@CSS@", css) }
	/@DATA@/ { put_around("@DATA@", "") }
	/@JS@/ { put_around("@JS@", js) }
	{
		newline = "\\n"
		put($0)
	}
	END {
		if (failed)
			exit 2
		if (!parted)
			fail("no @DATA@ says where the data go")
		print "    ;"
	}' "$folder/page.html"
