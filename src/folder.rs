//! Folders and files of the platform, which are for their owner alone: they contain keys and what tenants keep.

use std::{
    fs::{self, DirBuilder, OpenOptions, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, Result};

/// The modes of what is for its owner alone.
const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes a folder, and those above it, for its owner alone; one that others can read is closed to them.
///
/// # Errors
/// When it cannot be made, or belongs to somebody else and is open.
pub fn make(folder: &Path) -> Result<()> {
    let make = || {
        DirBuilder::new().recursive(true).mode(FOLDER).create(folder)?;
        close(folder, FOLDER)
    };
    make().with_context(|| format!("{} cannot be made a folder for its owner alone", folder.display()))
}

/// Makes an empty file for its owner alone; one that is there is kept, and closed to others.
///
/// # Errors
/// When it cannot be made, or belongs to somebody else and is open.
pub fn make_file(file: &Path) -> Result<()> {
    let make = || {
        OpenOptions::new().append(true).create(true).mode(FILE).open(file)?;
        close(file, FILE)
    };
    make().with_context(|| format!("{} cannot be made a file for its owner alone", file.display()))
}

/// Closes a file to others, if it is there.
///
/// # Errors
/// When it belongs to somebody else and is open.
pub fn close_file(file: &Path) -> Result<()> {
    match close(file, FILE) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        closed => closed.with_context(|| format!("{} cannot be closed to others", file.display())),
    }
}

/// Writes a file for its owner alone, so that it is there as a whole or as it was before, whenever the process ends.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = || {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(FOLDER).create(folder)?;
        }
        let unfinished = path.with_extension("unfinished");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(&unfinished)?;
        io::Write::write_all(&mut file, bytes)?;
        fs::rename(&unfinished, path)
    };
    written().with_context(|| format!("{} cannot be written", path.display()))
}

fn close(path: &Path, mode: u32) -> io::Result<()> {
    // Only what is open is changed: some file systems have no modes.
    let is_open = fs::metadata(path)?.permissions().mode() & 0o077 != 0;
    if is_open { fs::set_permissions(path, Permissions::from_mode(mode)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_its_owner_alone_and_what_is_open_is_closed() {
        let top = tempfile::tempdir().unwrap();
        let (folder, file) = (top.path().join("a/b"), top.path().join("a/b/file"));
        for _ in 0..2 {
            make(&folder).unwrap();
            make_file(&file).unwrap();
            assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
            fs::write(&file, "kept").unwrap();
            fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        }
        close_file(&file).unwrap();
        close_file(&folder.join("none")).unwrap();
        assert_eq!((mode(&file), fs::read_to_string(&file).unwrap().as_str()), (0o600, "kept"));
        let written = folder.join("c/d.json");
        write_whole(&written, b"{}").unwrap();
        assert_eq!((mode(&written), mode(&folder.join("c"))), (0o600, 0o700));
    }
}
