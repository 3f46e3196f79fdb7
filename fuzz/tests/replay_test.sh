#! /usr/bin/env atf-sh
# The plain runner on every corpus, and the seeds that can be made again.

# replay TARGET FOLDER ...: the runner on them; it ends well, and ran something.
replay()
{
	target=$1
	shift
	atf_check -o match:'^[1-9][0-9]* inputs?$' "$(atf_get_srcdir)/../$target" "$@"
}

# A case for each target that has a corpus: what it must do with it.
define()
{
	eval "
		atf_test_case $1
		$1_head()
		{
			atf_set descr 'No seed of $1, and nothing that was found before, violates anything'
		}
		$1_body()
		{
			root=\$(atf_config_get root)
			replay $1 \"\$root/corpus/$1\"
			for input in \"\$root/corpus/findings/$1\"/*/input; do
				[ ! -f \"\$input\" ] || replay $1 \"\$input\"
			done
		}
	"
}

atf_test_case seeds
seeds_head()
{
	atf_set descr 'The seeds of frames and tables are what their generator makes'
}
seeds_body()
{
	root=$(atf_config_get root)
	mkdir made
	atf_check "$(atf_get_srcdir)/../seeds" made
	for seed in made/*/*; do
		case $seed in
		# SQLite writes its own version into what it makes.
		made/table/results*) [ -f "$root/corpus/${seed#made/}" ] ;;
		*) cmp "$seed" "$root/corpus/${seed#made/}" ;;
		esac || atf_fail "${seed#made/} differs; run: build/cc/fuzz/seeds corpus"
	done
}

atf_test_case runner
runner_head()
{
	atf_set descr 'The runner says what it cannot replay'
}
runner_body()
{
	frame=$(atf_get_srcdir)/../frame
	atf_check -s exit:2 -e match:'^usage: .*frame FILE-or-FOLDER \.\.\.$' "$frame"
	atf_check -s exit:2 -e inline:'none: No such file or directory\n' "$frame" none
	atf_check -s exit:2 -e match:'^/dev/null: neither a file nor a folder' "$frame" /dev/null
	mkdir -p folder/inner
	atf_check -o inline:'0 inputs\n' "$frame" folder
	echo one >folder/inner/one
	echo hidden >folder/.hidden
	atf_check -o inline:'1 input\n' "$frame" folder
}

# Where the targets are is known when the cases run, not before.
atf_init_test_cases()
{
	for file in "$(atf_get_srcdir)"/../*.o; do
		target=${file##*/}
		target=${target%.o}
		if [ -x "${file%.o}" ] && [ "$target" != seeds ]; then
			define "$target"
			atf_add_test_case "$target"
		fi
	done
	atf_add_test_case seeds
	atf_add_test_case runner
}
