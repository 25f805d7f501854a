//! The queue of what failed for good: messages that say where in the stream the records are.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use lambda_http::BoxFuture;
use uuid::Uuid;

use super::message::Message;
use crate::folder::write_whole;

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// What the queue removes it by.
    pub receipt: String,
    /// The message.
    pub message: Message,
}

/// A queue of what failed for good.
pub trait Queue: Send + Sync {
    /// The messages, the oldest first where the queue has an order.
    ///
    /// # Errors
    /// When the queue cannot be read.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Parked>>>;

    /// Removes a message that was listed.
    ///
    /// # Errors
    /// When the queue cannot be written.
    fn remove<'a>(&'a self, receipt: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Adds a message.
    ///
    /// # Errors
    /// When the queue cannot be written.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>>;
}

/// The queue of a function on this machine: in the folder `state`, or in memory.
#[must_use]
pub fn local(function: &str, state: Option<&Path>) -> Arc<dyn Queue> {
    match state {
        Some(folder) => Arc::new(FolderQueue::new(folder.join("failures").join(function))),
        None => Arc::new(MemoryQueue::default()),
    }
}

/// A queue in memory.
#[derive(Debug, Default)]
pub struct MemoryQueue(Mutex<BTreeMap<String, Message>>);

impl Queue for MemoryQueue {
    fn list(&self) -> BoxFuture<'_, Result<Vec<Parked>>> {
        let messages = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let parked = messages.into_iter().map(|(receipt, message)| Parked { receipt, message }).collect();
        Box::pin(async { Ok(parked) })
    }

    fn remove<'a>(&'a self, receipt: &'a str) -> BoxFuture<'a, Result<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(receipt);
        Box::pin(async { Ok(()) })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        let id = message.request_context.request_id.clone();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, message.clone());
        Box::pin(async { Ok(()) })
    }
}

/// A queue in a folder, with a file for each message. The files are named by request ids, which are in the order of time.
#[derive(Clone, Debug)]
pub struct FolderQueue(PathBuf);

impl FolderQueue {
    /// The queue in `folder`, which is made with the first message.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn read(&self) -> Result<Vec<Parked>> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let mut parked = Vec::new();
        for path in entries.into_iter().map(|entry| entry.path()) {
            let name = path.file_stem().and_then(|name| name.to_str());
            let Some(name) = name.filter(|_| path.extension().is_some_and(|kind| kind == "json")) else { continue };
            let read = || anyhow::Ok(serde_json::from_slice(&fs::read(&path)?)?);
            let message = read().with_context(|| format!("{} is not a message", path.display()))?;
            parked.push(Parked { receipt: name.to_owned(), message });
        }
        parked.sort_by(|left, right| left.receipt.cmp(&right.receipt));
        Ok(parked)
    }

    fn file(&self, id: &str) -> Result<PathBuf> {
        ensure!(Uuid::try_parse(id).is_ok(), "{id} is not the id of a message");
        Ok(self.0.join(id).with_extension("json"))
    }
}

impl Queue for FolderQueue {
    fn list(&self) -> BoxFuture<'_, Result<Vec<Parked>>> {
        Box::pin(async { self.read().with_context(|| format!("the queue {}", self.0.display())) })
    }

    fn remove<'a>(&'a self, receipt: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            let file = self.file(receipt)?;
            fs::remove_file(&file).with_context(|| format!("{} cannot be removed", file.display()))
        })
    }

    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<()>> {
        Box::pin(async {
            let file = self.file(&message.request_context.request_id)?;
            write_whole(&file, &serde_json::to_vec_pretty(message)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::message::tests::message;

    #[tokio::test]
    async fn a_queue_keeps_messages_until_they_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let in_folder = FolderQueue::new(folder.path().join("failures/project"));
        let queues: [&dyn Queue; 2] = [&MemoryQueue::default(), &in_folder];
        for queue in queues {
            assert!(queue.list().await.unwrap().is_empty());
            let (first, second) = (message(1, true), message(2, true));
            queue.send(&first).await.unwrap();
            queue.send(&second).await.unwrap();
            let parked = queue.list().await.unwrap();
            assert_eq!(parked.iter().map(|it| &it.message).collect::<Vec<_>>(), [&first, &second]);
            queue.remove(&parked[0].receipt).await.unwrap();
            assert_eq!(queue.list().await.unwrap(), parked[1..]);
        }
        assert!(in_folder.remove("../other").await.is_err());
    }
}
