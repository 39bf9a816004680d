//! A panic is a bug, and what it leaves of an entity, a shard or the log's writer is half of itself: it would answer
//! nobody, for ever, while all else looks well. So the process ends, and whoever keeps it running starts it again; what
//! was acknowledged is in the log.

use std::{panic, process};

/// From now on.
pub(super) fn ends_the_process() {
    panic::set_hook(Box::new(|info| {
        // What a panic says may quote what somebody wrote: its place says enough.
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a bug: the process ends; what was acknowledged is on disk");
        eprintln!("linnet: a bug at {place}: the process ends; start it again, and report this place");
        process::abort();
    }));
}

#[cfg(test)]
mod tests {
    use std::{env, os::unix::process::ExitStatusExt as _, process::Command, thread};

    const CHILD: &str = "LINNET_TEST_PANICS";

    #[test]
    fn a_panic_of_any_thread_ends_the_process() {
        if env::var_os(CHILD).is_some() {
            super::ends_the_process();
            // Caught, as a runtime does it.
            let _ = thread::spawn(|| panic!("as intended")).join();
            return;
        }
        let name = "roles::house::panic::tests::a_panic_of_any_thread_ends_the_process";
        let child = Command::new(env::current_exe().expect("known"))
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .expect("started");
        let aborted = 6;
        assert_eq!(child.status.signal(), Some(aborted), "{child:?}");
        assert!(String::from_utf8_lossy(&child.stderr).contains(file!()), "it says where");
        assert!(!String::from_utf8_lossy(&child.stderr).contains("as intended"), "and not what");
    }
}
