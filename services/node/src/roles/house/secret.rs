//! The server's own secret: 32 random bytes, made once, readable by its user alone.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

/// The secret in this file, made if it is not there.
pub(super) fn keep(path: &Path) -> io::Result<[u8; 32]> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    match fs::read(path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            io::Error::other(format!(
                "{} does not hold 32 bytes; remove it to have a new one made",
                path.display()
            ))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).map_err(io::Error::other)?;
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(named)?;
            file.write_all(&secret).and_then(|()| file.sync_all()).map_err(named)?;
            Ok(secret)
        }
        Err(error) => Err(named(error)),
    }
}

/// A random number.
pub(super) fn random() -> io::Result<u64> {
    getrandom::u64().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_readable_by_its_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("secret");
        let secret = keep(&path).expect("made");
        assert_eq!(keep(&path).expect("read"), secret);
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").expect("written");
        assert!(keep(&path).expect_err("refused").to_string().contains("remove it"));
    }
}
