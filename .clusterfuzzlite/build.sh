#! /bin/sh -eu
# What ClusterFuzzLite calls, with the variables of its contract.
cd "$SRC/plumbline"
exec sh fuzz/build.sh
