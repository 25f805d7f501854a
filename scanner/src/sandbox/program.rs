//! Where programs are looked for.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

/// The directories of programs, and the variable `PATH` of those that are run. The caller's own `PATH` says nothing.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The absolute path of a program, looked for in `directories` first and on [`PATH`] then.
#[must_use]
pub fn find(name: &str, directories: &[PathBuf]) -> Option<PathBuf> {
    let usual = PATH.split(':').map(Path::new);
    let places = directories.iter().map(PathBuf::as_path).chain(usual).filter(|place| place.is_absolute());
    places.map(|place| place.join(name)).find(|path| is_program(path))
}

/// Whether a file can be run, and not everybody could have put it there.
fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| {
        let mode = it.permissions().mode();
        it.is_file() && mode & 0o111 != 0 && mode & 0o002 == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(directory: &Path, name: &str, mode: u32) -> PathBuf {
        let path = directory.join(name);
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn programs_are_found_in_the_given_directories_first() {
        let directory = tempfile::tempdir().unwrap();
        let places = [PathBuf::from("relative"), directory.path().to_owned()];
        assert!(find("true", &places).is_some_and(|path| path.is_absolute() && !path.starts_with(directory.path())));
        let own = put(directory.path(), "true", 0o755);
        assert_eq!(find("true", &places), Some(own));
        assert_eq!(find("no-such-program", &places), None);
    }

    #[test]
    fn what_cannot_be_run_or_anybody_can_write_is_no_program() {
        let directory = tempfile::tempdir().unwrap();
        put(directory.path(), "plain-text", 0o644);
        put(directory.path(), "of-everybody", 0o757);
        fs::create_dir(directory.path().join("a-directory")).unwrap();
        for name in ["plain-text", "of-everybody", "a-directory"] {
            assert_eq!(find(name, &[directory.path().to_owned()]), None, "{name}");
        }
    }
}
