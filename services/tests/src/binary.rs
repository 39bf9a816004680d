//! Where the binary under test is. Under `cargo test --workspace` cargo has built it already; else it is built here.
//!
//! `LINNET_BINARY` names another one, such as a release build.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

/// The path of `linnet`, built from the sources as they are.
pub fn path() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| match env::var_os("LINNET_BINARY") {
        Some(given) => given.into(),
        None => built(),
    })
}

/// Beside the test executable: `target/debug/deps/test` and `target/debug/linnet`.
fn built() -> PathBuf {
    let test = env::current_exe().expect("the test has a path");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    let binary = profile.join("linnet");
    if !is_fresh(&binary) {
        build(profile);
    }
    binary
}

/// Whether it is newer than every source that cargo's dependency file beside it names.
fn is_fresh(binary: &Path) -> bool {
    let Some(made) = modified(binary) else { return false };
    let Ok(dependencies) = fs::read_to_string(binary.with_extension("d")) else { return false };
    let sources = dependencies.split_once(": ").map_or("", |(_, sources)| sources.trim());
    sources.split(' ').all(|source| modified(Path::new(source)).is_some_and(|at| at <= made))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn build(profile: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--locked", "-p", "node", "--bin", "linnet", "--target-dir"]);
    cargo.arg(profile.parent().expect("below the target folder"));
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
    assert!(status.success(), "linnet could not be built");
}
