#! /usr/bin/env atf-sh
# The build, in a small tree of its own, under GNU make and under the BSDs'.

# A tree with a library of one function and one test program that calls it.
tree()
{
	root=$(atf_config_get root)
	mkdir -p "$1/lib/tests" && cd "$1" || atf_fail "no folder"
	cp -R "$root/mk" "$root/Makefile" . || atf_fail "no scripts"
	rm -rf mk/tests
	echo 'int one(void);' >lib/one.h
	printf '#include "one.h"\n\nint\none(void)\n{\n\treturn (1);\n}\n' >lib/one.c
	cat >lib/tests/one_test.c <<-EOF
		#include <atf-c.h>
		#include "one.h"

		ATF_TC_WITHOUT_HEAD(one);
		ATF_TC_BODY(one, tc)
		{
			(void)tc;
			ATF_REQUIRE_EQ(1, one());
		}

		ATF_TP_ADD_TCS(tp)
		{
			ATF_TP_ADD_TC(tp, one);
			return (atf_no_error());
		}
	EOF
	unset CC CFLAGS LDFLAGS SANITIZE V MAKEFLAGS MAKELEVEL MAKE
}

# Both makes, where they are; the second is gmake where make is the BSDs'.
makes()
{
	echo make
	command -v bmake || command -v gmake || :
}

# As if the build were of long ago: BSD make compares whole seconds.
age()
{
	find build -type f -exec touch -d 2001-01-01T00:00:00 {} +
	find lib -type f -exec touch -d 2000-01-01T00:00:00 {} +
}

atf_test_case nothing_changed
nothing_changed_body()
{
	tree t
	for make in $(makes); do
		atf_check -o match:'one_test' $make
		atf_check $make
		atf_check $make -j 4
		atf_check $make clean
		[ ! -e build ] || atf_fail "clean left build"
	done
}

atf_test_case header
header_head()
{
	atf_set descr 'A changed header rebuilds what includes it'
}
header_body()
{
	tree t
	for make in $(makes); do
		atf_check -o ignore $make
		age
		atf_check $make
		touch lib/one.h
		atf_check -o match:'lib/one\.c' -o match:'lib/tests/one_test\.c' $make
		atf_check -o ignore $make clean
	done
}

atf_test_case files
files_head()
{
	atf_set descr 'New files are picked up, dropped ones forgotten'
}
files_body()
{
	tree t
	for make in $(makes); do
		atf_check -o ignore $make
		age
		printf '#include "two.h"\n' >lib/two.c
		printf 'extern int two;\n' >lib/two.h
		atf_check -o match:'lib/two\.c' $make
		atf_check -o match:'two\.o' ar t build/cc/lib/libplumbline.a
		age
		rm lib/two.c lib/two.h
		atf_check -o ignore $make
		atf_check -o not-match:'two\.o' ar t build/cc/lib/libplumbline.a
		atf_check -o ignore $make clean
	done
}

atf_test_case flags
flags_head()
{
	atf_set descr 'Other flags rebuild; other compilers and sanitizers go elsewhere'
}
flags_body()
{
	tree t
	for make in $(makes); do
		atf_check -o ignore $make
		age
		atf_check -o match:'lib/one\.c' $make CFLAGS=-O0
		atf_check $make CFLAGS=-O0
		atf_check -o match:'lib/one\.c' $make CFLAGS=-O0 SANITIZE=undefined
		atf_check $make CFLAGS=-O0
		[ -x build/cc_undefined/lib/tests/one_test ] || atf_fail "no folder for it"
		atf_check -o ignore $make clean
	done
	atf_check -s not-exit:0 -o ignore -e match:'^rules: there is no compiler "nosuchcc"' \
	    make CC=nosuchcc
}

atf_test_case awkward_place
awkward_place_head()
{
	atf_set descr 'A long folder name with blanks does not matter'
}
awkward_place_body()
{
	tree "$(printf 'a name with blanks and 40 bytes in it %.0s' 1 2 3 4 5 6)"
	for make in $(makes); do
		atf_check -o match:'one_test' $make
		atf_check $make
		atf_check -o ignore $make clean
	done
}

atf_test_case foreign_source
foreign_source_head()
{
	atf_set descr "Another system's file is left out"
}
foreign_source_body()
{
	tree t
	printf '#error "not mine"\n' >lib/os_nosuchsystem.c
	for make in $(makes); do
		atf_check -o ignore $make
	done
}

atf_test_case help
help_body()
{
	tree t
	for make in $(makes); do
		for target in all deps conform gate baseline merge test defects bench lint clean help; do
			atf_check -o match:"^  $target  *[a-z]" $make help
		done
	done
}

atf_init_test_cases()
{
	atf_add_test_case nothing_changed
	atf_add_test_case header
	atf_add_test_case files
	atf_add_test_case flags
	atf_add_test_case awkward_place
	atf_add_test_case foreign_source
	atf_add_test_case help
}
