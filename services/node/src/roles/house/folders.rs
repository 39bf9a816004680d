//! The folders of the data: what is in them (messages, files, tokens, verifiers) is for no other user of the machine.
//! `tls/` stays open: clients read there whom to trust, and keys and secrets are closed each for itself.

use std::{
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

const CLOSED: u32 = 0o700;

/// Makes the folder of the data, if need be.
pub(super) fn make(data: &Path) -> Result<(), String> {
    fs::create_dir_all(data).map_err(|error| format!("--data {}: {error}", data.display()))
}

/// The folder of that name in the data: made closed, and closed if it was made more open once.
pub(super) fn closed(data: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = data.join(name);
    let problem = |error: io::Error| format!("--data {}: {error}", folder.display());
    if !folder.is_dir() {
        DirBuilder::new().mode(CLOSED).create(&folder).map_err(problem)?;
    }
    let mode = fs::metadata(&folder).map_err(problem)?.permissions().mode();
    if mode & 0o777 & !CLOSED != 0
        && let Err(error) = fs::set_permissions(&folder, Permissions::from_mode(CLOSED))
    {
        // Somebody else's, such as a volume that was restored: it works, and its owner should know.
        tracing::warn!(folder = %folder.display(), %error, "other users of this machine may look into the data");
    }
    Ok(folder)
}
