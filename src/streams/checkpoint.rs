//! How far a function has got in each shard of a stream.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::reader::Position;
use crate::folder::write_whole;

/// The positions of a function in a stream, kept in a file, or in memory alone.
#[derive(Debug)]
pub(super) struct Checkpoints {
    file: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    stream: String,
    /// The last sequence number of each shard that is finished.
    shards: BTreeMap<String, String>,
}

impl Checkpoints {
    /// The checkpoints in `file`; positions in another stream than `stream` mean nothing, and are dropped.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn open(stream: &str, file: Option<PathBuf>) -> Result<Self> {
        let none = || Kept { stream: stream.to_owned(), shards: BTreeMap::new() };
        let kept = match &file {
            Some(path) => read(path).with_context(|| format!("{} cannot be read", path.display()))?,
            None => None,
        };
        let kept = kept.filter(|kept| kept.stream == stream).unwrap_or_else(none);
        Ok(Self { file, kept: Mutex::new(kept) })
    }

    /// Where to read a shard from.
    pub(super) fn position(&self, shard: &str) -> Position {
        self.lock().shards.get(shard).map_or(Position::TrimHorizon, |sequence| Position::After(sequence.clone()))
    }

    /// Keeps that a shard is finished up to `sequence`.
    ///
    /// # Errors
    /// When the file cannot be written; the position is kept in memory.
    pub(super) fn keep(&self, shard: &str, sequence: &str) -> Result<()> {
        let mut kept = self.lock();
        let before = kept.shards.insert(shard.to_owned(), sequence.to_owned());
        match &self.file {
            Some(path) if before.as_deref() != Some(sequence) => write_whole(path, &serde_json::to_vec(&*kept)?),
            _ => Ok(()),
        }
    }

    /// Forgets the shards that have left the stream.
    pub(super) fn forget_all_but(&self, is_there: impl Fn(&str) -> bool) {
        self.lock().shards.retain(|shard, _| is_there(shard));
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> Result<Option<Kept>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_kept_in_the_file_for_the_same_stream() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("streams/project.json");
        let open = |stream: &str| Checkpoints::open(stream, Some(file.clone())).unwrap();
        let checkpoints = open("one");
        assert_eq!(checkpoints.position("a"), Position::TrimHorizon);
        checkpoints.keep("a", "1").unwrap();
        checkpoints.keep("b", "5").unwrap();
        checkpoints.keep("a", "2").unwrap();
        let again = open("one");
        assert_eq!(again.position("a"), Position::After("2".to_owned()));
        assert_eq!(again.position("b"), Position::After("5".to_owned()));
        assert_eq!(open("two").position("a"), Position::TrimHorizon);
        again.forget_all_but(|shard| shard == "b");
        again.keep("b", "6").unwrap();
        assert_eq!(open("one").position("a"), Position::TrimHorizon);
        assert_eq!(open("one").position("b"), Position::After("6".to_owned()));
    }

    #[test]
    fn a_broken_file_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("project.json");
        fs::write(&file, "{").unwrap();
        assert!(Checkpoints::open("one", Some(file)).is_err());
    }
}
