# Prints the "##" comments of a Makefile: text lines as they are, targets in a column.

/^## ?/ {
	sub(/^## ?/, "")
	print
	next
}

/^[a-z]+:.*## / {
	target = $1
	sub(/:.*/, "", target)
	sub(/^.*## /, "")
	printf "  %-10s %s\n", target, $0
}
