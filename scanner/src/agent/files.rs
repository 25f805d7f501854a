//! Files that are there whole or not at all, whatever happens to the machine.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The version of the files that this program writes. It reads no others.
const VERSION: u32 = 1;
/// The largest file that is read.
const MAX_BYTES: u64 = 16 << 20;

/// The content of a file with its version.
#[derive(Serialize, Deserialize)]
struct Stored<T> {
    version: u32,
    #[serde(flatten)]
    content: T,
}

/// Makes a directory, and those above it, for this user alone. One that is there is left as it is.
///
/// # Errors
/// It cannot be made.
pub(crate) fn make_directory(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("the directory {} cannot be made", path.display()))
}

/// Writes a file in one step, and sees that it is on the disk.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = draft(path);
    let written = put(&draft, bytes).and_then(|()| fs::rename(&draft, path)).and_then(|()| sync_parent(path));
    written.with_context(|| format!("{} cannot be written", path.display()))
}

/// Writes a file in one step, unless there is one; returns whether it was written.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_once(path: &Path, bytes: &[u8]) -> Result<bool> {
    let draft = draft(path);
    // A link is refused where a file is, which a rename is not.
    let linked = put(&draft, bytes).and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    let written = match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        other => other.and_then(|()| sync_parent(path)).map(|()| true),
    };
    written.with_context(|| format!("{} cannot be written", path.display()))
}

/// Reads a file; `None` when there is none.
///
/// # Errors
/// It cannot be read, or is too large to be one of ours.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let shown = || format!("{} cannot be read", path.display());
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.with_context(shown)?,
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(shown)?;
    ensure!(bytes.len() as u64 <= MAX_BYTES, "{} is too large", path.display());
    Ok(Some(bytes))
}

/// Writes a value as JSON that a person can read.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_json<T: Serialize>(path: &Path, content: &T) -> Result<()> {
    write(path, &serde_json::to_vec_pretty(&Stored { version: VERSION, content })?)
}

/// Reads a value that [`write_json`] has written; `None` when there is none.
///
/// # Errors
/// The file cannot be read, or another program has written it.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let stored: Stored<T> = serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
    ensure!(
        stored.version == VERSION,
        "{} is of version {}, and this program knows version {VERSION} alone",
        path.display(),
        stored.version
    );
    Ok(Some(stored.content))
}

/// Removes a file; one that is not there is none.
///
/// # Errors
/// It cannot be removed.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

/// Where a file is written before it gets its name. Names of our own never end so.
fn draft(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".draft");
    PathBuf::from(name)
}

fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What an earlier run has left would keep its mode.
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_written_once_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        assert!(write_once(&path, b"first").unwrap());
        assert!(!write_once(&path, b"second").unwrap());
        assert_eq!(read(&path).unwrap().unwrap(), b"first");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn a_file_says_what_is_wrong_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.json");
        assert!(read_json::<Vec<u8>>(&path).unwrap().is_none());
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Content {
            text: String,
        }
        let content = Content { text: "a".to_owned() };
        write_json(&path, &content).unwrap();
        assert_eq!(read_json::<Content>(&path).unwrap(), Some(content));
        write(&path, br#"{"version": 2, "text": "a"}"#).unwrap();
        assert!(read_json::<Content>(&path).unwrap_err().to_string().contains("version 2"));
        write(&path, b"{").unwrap();
        assert!(read_json::<Content>(&path).unwrap_err().to_string().contains("damaged"));
        remove(&path).unwrap();
        remove(&path).unwrap();
    }
}
