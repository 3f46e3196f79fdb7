# Plumbline's entry points, the same under GNU make and under bmake (FreeBSD's
# make).  What they do is in mk/; variables reach the scripts there through the
# environment, where both makes put what was set on the command line.

## usage: make [target ...] [VARIABLE=value ...]
##
## targets:

.OBJDIR: ./
.NOTPARALLEL:
.MAKE.JOB.PREFIX =
.PHONY: all deps conform gate baseline merge test defects bench fuzz fuzz-selftest lint clean help

all: ## build everything (the default)
	@MAKE='$(MAKE)' sh mk/build.sh

deps: ## install the packages that building and running need
	@sh mk/deps.sh

conform: all ## check this kernel against its documentation
	@sh mk/conform.sh

gate: all ## conform, and fail if anything is worse than the baseline says
	@sh mk/gate.sh

baseline: all ## write the baseline anew
	@sh mk/gate.sh baseline

merge: all ## set the RESULTS of several runs side by side
	@sh mk/merge.sh

test: all ## run the project's own tests
	@sh mk/test.sh

defects: all ## prove that each injected defect is noticed
	@sh mk/defects.sh

bench: all ## time the run against as many empty cases
	@sh mk/bench.sh

fuzz: all ## let engines look for inputs that make a fuzz target fail
	@sh mk/fuzz.sh

fuzz-selftest: all ## prove that the fuzz targets find planted mistakes
	@sh mk/fuzz_selftest.sh

lint: all ## check format, tables and house rules
	@sh mk/lint.sh

clean: ## remove everything built and reported
	@rm -rf build reports/out

help: ## print this
	@awk -f mk/help.awk Makefile

##
## variables:
##   AREA=pipe          only these areas (conform, gate, baseline, defects, bench)
##   CASE='eof*'        only cases whose name, program, or program:name matches
##                      (conform, gate)
##   PROFILE=posix      whose documentation speaks: freebsd, linux or posix;
##                      by default the running system's (conform, gate,
##                      baseline, defects)
##   PARALLEL=8         cases at a time; by default one per CPU (defects: four)
##   SCALE=4            stretch the deadlines of the cases, for slow machines
##   RESULTS='a.db b.db'
##                      results files of runs on any kernel or profile (merge); of
##                      runs to judge instead of a new one (gate, baseline)
##   BASELINE=file      by default reports/baselines/<os>.tsv, <os>-unprivileged.tsv
##                      for ordinary users, <os>-<profile>.tsv for another profile
##   REPEAT=5           run the suite so often; what is not always the same is
##                      flaky (gate, baseline)
##   FORMAT=github      annotations for GitHub instead of text (gate)
##   OUT=dir            where conform and gate leave reports; by default reports/out
##   DEFECT='read-*'    only these defects (defects)
##   FULL=1             every case of the area for each defect (defects)
##   TARGET=frame       only these targets of fuzz/ (fuzz)
##   TIME=60            seconds for each (fuzz)
##   ENGINE=afl         libfuzzer, which is the default, afl, or both (fuzz)
##   CC=clang           another compiler; each has its own folder in build/
##   CFLAGS=-O0         instead of -O2 -g; LDFLAGS too
##   SANITIZE=address,undefined
##                      instrument the library and the programs
##   V=1                show the commands of the build in full
