# Reads what kyua prints while it runs, keeps it in the file named by kept, and shows
# one live line on standard output: cases done of all, failures, time left.
#
# The clock is asked at most a hundred times, through date(1): not every awk has one.

function now(    t)
{
	"date +%s" | getline t
	close("date +%s")
	return t
}

function duration(s)
{
	return s < 120 ? int(s) " s" : int(s / 60) " min"
}

function show(    elapsed, left)
{
	elapsed = now() - begin
	left = elapsed > 0 ? ", about " duration(elapsed * (total - done) / done) " left" : ""
	printf "\r%d of %d cases, %d failed%s\033[K", done, total, failed, left
	fflush()
}

BEGIN {
	begin = now()
	step = int(total / 100) + 1
	printf "" >kept
}

{
	print >kept
}

# cases/pipe/eof_test:name  ->  passed  [0.010s]
/  ->  / {
	done++
	bad = /  ->  (failed|broken)/
	failed += bad
	# More cases than were listed can only be a change while we run.
	if (done > total)
		total = done
	if (bad || done % step == 0)
		show()
}

END {
	printf "\r\033[K"
}
