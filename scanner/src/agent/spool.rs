//! What the platform has not got yet, on the disk: the claim before it is sent, the job, its results chunk by chunk, and its
//! end. After a crash it is all there.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{chunk::Chunk, files};
use crate::{job::Job, scan::Summary};

#[derive(Serialize, Deserialize)]
struct Claim {
    claim_id: Uuid,
}

/// What the platform has got.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Sent {
    /// The number of the first chunk that it has not got.
    next: u64,
    /// The hosts in those that it has.
    finished: Vec<String>,
    /// What had to be left out, in plain words.
    remarks: Vec<String>,
}

/// The end of a scan, which the platform is told when it has all chunks.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ending {
    pub(super) epoch: u64,
    pub(super) summary: Summary,
}

/// A chunk that the platform has not got.
struct Waiting {
    bytes: u64,
    finished: Vec<String>,
}

#[derive(Default)]
struct Inner {
    job: Option<Arc<Job>>,
    ending: Option<Ending>,
    sent: Sent,
    waiting: VecDeque<Waiting>,
    bytes: u64,
}

/// The spool of one job.
#[derive(Clone)]
pub(super) struct Spool(Arc<Shared>);

struct Shared {
    directory: PathBuf,
    id: Uuid,
    claim_id: Uuid,
    limit: u64,
    inner: Mutex<Inner>,
    /// A chunk was added.
    added: Notify,
    /// A chunk was sent.
    sent: Notify,
}

impl Spool {
    /// The spool of a job: the one that an earlier run has left, or a new one with a new claim.
    pub(super) fn of(root: &Path, id: Uuid, limit: u64) -> Result<Self> {
        let directory = root.join(id.to_string());
        files::make_directory(&directory)?;
        let claim = directory.join("claim.json");
        let claim_id = match files::read_json::<Claim>(&claim)? {
            Some(claim) => claim.claim_id,
            None => {
                let claim_id = Uuid::now_v7();
                files::write_json(&claim, &Claim { claim_id })?;
                claim_id
            }
        };
        let inner = Mutex::new(Inner::read(&directory)?);
        let (added, sent) = (Notify::new(), Notify::new());
        Ok(Self(Arc::new(Shared { directory, id, claim_id, limit, inner, added, sent })))
    }

    /// The jobs that an earlier run has left.
    pub(super) fn left(root: &Path) -> Result<Vec<Uuid>> {
        files::make_directory(root)?;
        let entries = fs::read_dir(root).with_context(|| format!("{} cannot be read", root.display()))?;
        let mut ids: Vec<Uuid> =
            entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    pub(super) fn id(&self) -> Uuid {
        self.0.id
    }

    pub(super) fn claim_id(&self) -> Uuid {
        self.0.claim_id
    }

    /// The job, once it is claimed.
    pub(super) fn job(&self) -> Option<Arc<Job>> {
        self.inner().job.clone()
    }

    /// The hosts that need not be scanned again.
    pub(super) fn finished(&self) -> Vec<String> {
        let inner = self.inner();
        inner.sent.finished.iter().chain(inner.waiting.iter().flat_map(|it| &it.finished)).cloned().collect()
    }

    /// What had to be left out.
    pub(super) fn remarks(&self) -> Vec<String> {
        self.inner().sent.remarks.clone()
    }

    /// The end of the job, once it has ended.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.inner().ending.clone()
    }

    /// The number of chunks.
    pub(super) fn chunks(&self) -> u64 {
        let inner = self.inner();
        inner.sent.next + inner.waiting.len() as u64
    }

    /// Waits until a chunk was added.
    pub(super) async fn added(&self) {
        self.0.added.notified().await;
    }

    /// Waits until a chunk was sent.
    pub(super) async fn sent_one(&self) {
        self.0.sent.notified().await;
    }

    pub(super) async fn set_job(&self, job: Arc<Job>) -> Result<()> {
        self.work(move |it| {
            files::write_json(&it.directory.join("job.json"), &*job)?;
            it.lock().job = Some(job);
            Ok(())
        })
        .await
    }

    pub(super) async fn set_ending(&self, ending: Ending) -> Result<()> {
        self.work(move |it| {
            files::write_json(&it.directory.join("ending.json"), &ending)?;
            it.lock().ending = Some(ending);
            Ok(())
        })
        .await
    }

    /// Notes what had to be left out.
    pub(super) async fn remark(&self, remarks: Vec<String>) -> Result<()> {
        /// The end of a job names fewer.
        const MOST: usize = 64;
        self.work(move |it| {
            let mut inner = it.lock();
            inner.sent.remarks.extend(remarks);
            inner.sent.remarks.truncate(MOST);
            it.write_sent(&inner.sent)
        })
        .await
    }

    /// Adds a chunk; returns whether there was room for it.
    pub(super) async fn add(&self, chunk: Chunk) -> Result<bool> {
        self.work(move |it| {
            let mut inner = it.lock();
            let bytes = chunk.body.len() as u64;
            // A chunk that is larger than all room has it alone.
            if !inner.waiting.is_empty() && inner.bytes + bytes > it.limit {
                return Ok(false);
            }
            let number = inner.sent.next + inner.waiting.len() as u64;
            files::write(&it.chunk(number), &chunk.body)?;
            inner.bytes += bytes;
            inner.waiting.push_back(Waiting { bytes, finished: chunk.finished });
            it.added.notify_one();
            Ok(true)
        })
        .await
    }

    /// The first chunk that was not sent, with its number.
    pub(super) async fn first(&self) -> Result<Option<(u64, Vec<u8>)>> {
        self.work(|it| {
            let number = {
                let inner = it.lock();
                if inner.waiting.is_empty() {
                    return Ok(None);
                }
                inner.sent.next
            };
            let body = files::read(&it.chunk(number))?.context("a part of the results is gone from the disk")?;
            Ok(Some((number, body)))
        })
        .await
    }

    /// Notes that the first chunk is with the platform.
    pub(super) async fn pop(&self) -> Result<()> {
        self.work(|it| {
            let mut inner = it.lock();
            let Some(first) = inner.waiting.pop_front() else { return Ok(()) };
            let number = inner.sent.next;
            inner.sent.next += 1;
            inner.sent.finished.extend(first.finished);
            inner.bytes = inner.bytes.saturating_sub(first.bytes);
            it.write_sent(&inner.sent)?;
            files::remove(&it.chunk(number))?;
            it.sent.notify_one();
            Ok(())
        })
        .await
    }

    /// Divides the first chunk, which the platform refuses: one half keeps the number. The report of a single host is given up,
    /// and this is noted.
    pub(super) async fn divide(&self, reason: String) -> Result<()> {
        self.work(move |it| {
            let mut inner = it.lock();
            let path = it.chunk(inner.sent.next);
            let body = files::read(&path)?.context("a part of the results is gone from the disk")?;
            let chunk = Chunk::of(body).context("a part of the results is damaged")?;
            let first = match chunk.halves() {
                Some((first, second)) => {
                    // The second one first: rather is a host sent twice, after a crash, than never.
                    let bytes = second.body.len() as u64;
                    files::write(&it.chunk(inner.sent.next + inner.waiting.len() as u64), &second.body)?;
                    inner.bytes += bytes;
                    inner.waiting.push_back(Waiting { bytes, finished: second.finished });
                    first
                }
                None if chunk.finished.is_empty() => bail!("the platform refuses even an empty chunk: {reason}"),
                None => {
                    let host = chunk.finished.first().map_or("a host", String::as_str);
                    let remark = format!("{host}: the platform refuses its results: {reason}");
                    tracing::error!("{remark}");
                    inner.sent.remarks.push(remark);
                    it.write_sent(&inner.sent)?;
                    Chunk::empty()
                }
            };
            files::write(&path, &first.body)?;
            if let Some(waiting) = inner.waiting.front_mut() {
                *waiting = Waiting { bytes: first.body.len() as u64, finished: first.finished };
            }
            inner.bytes = inner.waiting.iter().map(|it| it.bytes).sum();
            Ok(())
        })
        .await
    }

    /// Removes it all.
    pub(super) async fn forget(&self) -> Result<()> {
        self.work(|it| {
            let shown = || format!("{} cannot be removed", it.directory.display());
            fs::remove_dir_all(&it.directory).with_context(shown)
        })
        .await
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock()
    }

    /// Does what waits for the disk beside the runtime.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce(&Shared) -> Result<T> + Send + 'static) -> Result<T> {
        let shared = self.0.clone();
        tokio::task::spawn_blocking(move || work(&shared)).await.context("the spool has failed")?
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn chunk(&self, number: u64) -> PathBuf {
        chunk_path(&self.directory, number)
    }

    fn write_sent(&self, sent: &Sent) -> Result<()> {
        files::write_json(&self.directory.join("sent.json"), sent)
    }
}

fn chunk_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("chunk-{number:08}.json"))
}

impl Inner {
    fn read(directory: &Path) -> Result<Self> {
        let sent: Sent = files::read_json(&directory.join("sent.json"))?.unwrap_or_default();
        if let Some(before) = sent.next.checked_sub(1) {
            // It may have been sent, and its number noted, before the file was removed.
            files::remove(&chunk_path(directory, before))?;
        }
        let (mut waiting, mut bytes) = (VecDeque::new(), 0);
        while let Some(body) = files::read(&chunk_path(directory, sent.next + waiting.len() as u64))? {
            let chunk = Chunk::of(body).with_context(|| format!("{} is damaged", directory.display()))?;
            let length = chunk.body.len() as u64;
            bytes += length;
            waiting.push_back(Waiting { bytes: length, finished: chunk.finished });
        }
        let job = files::read_json::<Job>(&directory.join("job.json"))?.map(Arc::new);
        let ending = files::read_json(&directory.join("ending.json"))?;
        Ok(Self { job, ending, sent, waiting, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(hosts: &[&str]) -> Chunk {
        let finished: Vec<_> = hosts.iter().map(|it| (*it).to_owned()).collect();
        let body = serde_json::json!({ "hosts": [], "dead": finished }).to_string().into_bytes();
        Chunk { body, finished }
    }

    #[tokio::test]
    async fn what_was_not_sent_outlives_the_program() {
        let root = tempfile::tempdir().unwrap();
        let id = Uuid::now_v7();
        let spool = Spool::of(root.path(), id, 200).unwrap();
        for (n, hosts) in [&["a", "b"][..], &["c"], &["d"]].into_iter().enumerate() {
            assert!(spool.add(chunk(hosts)).await.unwrap());
            assert_eq!(spool.chunks(), n as u64 + 1);
        }
        assert_eq!(spool.first().await.unwrap().unwrap().0, 0);
        spool.pop().await.unwrap();
        let again = Spool::of(root.path(), id, 60).unwrap();
        assert_eq!((again.claim_id(), Spool::left(root.path()).unwrap()), (spool.claim_id(), vec![id]));
        assert_eq!((again.chunks(), again.finished().join("")), (3, "abcd".to_owned()));
        assert_eq!(again.first().await.unwrap().unwrap(), (1, chunk(&["c"]).body));
        assert!(!again.add(chunk(&["e"])).await.unwrap(), "there is no room");
        again.pop().await.unwrap();
        assert!(again.add(chunk(&["e"])).await.unwrap());
        again.forget().await.unwrap();
        assert!(Spool::left(root.path()).unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_refused_chunk_is_divided_until_the_host_is_found() {
        let root = tempfile::tempdir().unwrap();
        let spool = Spool::of(root.path(), Uuid::now_v7(), 1_000).unwrap();
        spool.add(chunk(&["a", "bad", "c"])).await.unwrap();
        let mut taken = Vec::new();
        while let Some((number, body)) = spool.first().await.unwrap() {
            let chunk = Chunk::of(body).unwrap();
            if chunk.finished.iter().any(|it| it == "bad") {
                spool.divide("no".to_owned()).await.unwrap();
            } else {
                taken.push((number, chunk.finished.join("")));
                spool.pop().await.unwrap();
            }
        }
        let expected = [(0, "a"), (1, ""), (2, "c")].map(|(number, hosts)| (number, hosts.to_owned()));
        assert_eq!(taken, expected);
        assert_eq!(spool.remarks(), ["bad: the platform refuses its results: no"]);
        assert_eq!(spool.finished().join(""), "ac");
    }
}
