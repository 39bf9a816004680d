//! Secrets that stand in files of their own: read when the configuration is, never shown.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, sync::Arc};

/// Bytes of such a file at most; a larger one is refused.
const FILE_BYTES: u64 = 4 * 1024;
/// Bytes of the gossip's secret at least: it is all that keeps strangers out of the pool's membership.
const GOSSIP_BYTES: usize = 16;

/// What a file holds, without the end of its line. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Arc<[u8]>);

impl Secret {
    /// Its bytes: not for logs, errors or Debug.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// A password: text of one line.
pub(super) fn password(path: &str) -> Result<Secret, String> {
    let secret = read(Path::new(path))?;
    match std::str::from_utf8(secret.bytes()) {
        Ok("") => Err("the file is empty".to_owned()),
        Ok(text) if text.contains(char::is_control) => Err("one line of text is expected".to_owned()),
        Ok(_) => Ok(secret),
        Err(_) => Err("it is not UTF-8".to_owned()),
    }
}

/// The gossip's secret: any bytes, enough of them.
pub(super) fn gossip(path: &str) -> Result<Secret, String> {
    let secret = read(Path::new(path))?;
    if secret.bytes().len() < GOSSIP_BYTES {
        return Err(format!("it holds {} bytes; at least {GOSSIP_BYTES} are needed", secret.bytes().len()));
    }
    Ok(secret)
}

/// The group may read it: so an orchestrator hands a secret to a process that is not root.
fn read(path: &Path) -> Result<Secret, String> {
    let about = fs::metadata(path).map_err(|error| error.to_string())?;
    if about.permissions().mode() & 0o007 != 0 {
        return Err(format!("it holds a secret and everybody may read it: chmod o= {}", path.display()));
    }
    if about.len() > FILE_BYTES {
        return Err(format!("larger than {FILE_BYTES} bytes"));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    Ok(Secret(bytes[..end].into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
        let path = path.to_str().expect("plain").to_owned();
        (folder, path)
    }

    #[test]
    fn a_secret_is_read_without_the_end_of_its_line_and_never_shown() {
        let (_folder, path) = file(b"correct horse battery\r\n", 0o440);
        let secret = gossip(&path).expect("good");
        assert_eq!(secret.bytes(), b"correct horse battery");
        assert_eq!(password(&path).expect("good"), secret);
        assert!(!format!("{secret:?}").contains("horse"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        for (content, mode, expected) in [
            (b"fifteen letters\n".to_vec(), 0o400, "at least 16"),
            (b"sixteen letters!\n".to_vec(), 0o444, "chmod o="),
            (vec![b'x'; 4097], 0o400, "larger than 4096"),
        ] {
            let (_folder, path) = file(&content, mode);
            let said = gossip(&path).expect_err(expected);
            assert!(said.contains(expected) && !said.contains("letters"), "{said}");
        }
        for (content, expected) in [(&b"\n"[..], "empty"), (b"two\nlines", "one line"), (b"\xff", "UTF-8")] {
            let (_folder, path) = file(content, 0o400);
            let said = password(&path).expect_err(expected);
            assert!(said.contains(expected), "{said}");
        }
        assert!(gossip("/nowhere/secret").expect_err("no file").contains("No such file"));
    }
}
