#!/bin/sh
# As RUSTC_WORKSPACE_WRAPPER: compiles our own crates, and no others, with the counters that libFuzzer follows. The
# compiler has the pass built in, so no nightly is needed; a build script would not link with it.
case " $* " in
*" --crate-name build_script_"*) exec "$@" ;;
esac
exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares
