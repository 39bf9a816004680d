//! The fuzzer: libFuzzer's `main` with one of our targets, which `LINNET_FUZZ` names. `tools/fuzz.sh` builds and runs it.

#![no_main]
#![allow(unsafe_code, reason = "libFuzzer finds its entry by an unmangled name")]

use std::sync::LazyLock;

static TARGET: LazyLock<fuzz::Target> = LazyLock::new(|| {
    let wanted = std::env::var("LINNET_FUZZ").unwrap_or_default();
    let found = fuzz::TARGETS.into_iter().find(|target| target.name == wanted);
    found.unwrap_or_else(|| panic!("LINNET_FUZZ names no target: {wanted}"))
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| (TARGET.run)(data));
