# Reads requirement tables, then defects.tsv; prints "name requirement ..." for
# each defect, or says on stderr where the table is malformed and exits with 1.

function bad(what) {
	print FILENAME ":" FNR ": " what >"/dev/stderr"
	failed = 1
}

BEGIN {
	FS = "\t"
	table = ARGV[ARGC - 1]
}

FILENAME != table {
	if (FNR > 1)
		known[$1] = 1
	next
}

FNR == 1 {
	if ($0 != "defect\tcall\teffect\trequirements") {
		bad("the header must be: defect, call, effect, requirements, with tabs between")
		exit
	}
	next
}

NF != 4 {
	bad("it has " NF " columns, not 4")
	next
}

$1 !~ /^[a-z0-9][a-z0-9-]*$/ {
	bad("the name \"" $1 "\" is not made of a-z, 0-9 and -")
	next
}

$1 in line {
	bad("the name \"" $1 "\" is that of line " line[$1] " already")
	next
}

{
	line[$1] = FNR
	n = split($4, ids, " ")
	if ($2 == "" || $3 == "" || n == 0)
		bad("a column is empty")
	for (i = 1; i <= n; i++)
		if (!(ids[i] in known))
			bad("no table has the requirement \"" ids[i] "\"")
	row = $1
	for (i = 1; i <= n; i++)
		row = row " " ids[i]
	print row
}

END {
	exit failed
}
