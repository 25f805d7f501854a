//! Where a stream is read on: shards, iterators, and the position that is kept.

use std::{sync::Arc, time::Duration};

use anyhow::bail;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use super::fake::{Fake, inserts, mapping, subscribe, succeeding, worker};
use crate::streams::{Mapping, Worker, reader::Reader, redrive::RedriveResult, redrive_from};

#[tokio::test(start_paused = true)]
async fn a_new_subscription_goes_on_where_the_last_one_was() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::one_shard();
    fake.put("a", 1..=3);
    let (worker, calls) = succeeding();
    let first = subscribe(&fake, mapping(), &worker, Some(folder.path())).await;
    first.caught_up().await;
    drop(first);
    fake.put("a", 4..=5);
    subscribe(&fake, mapping(), &worker, Some(folder.path())).await.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [vec![1, 2, 3], vec![4, 5]]);
    // In memory, nothing is kept.
    subscribe(&fake, mapping(), &worker, None).await.caught_up().await;
    assert_eq!(calls.lock().unwrap().last().unwrap(), &[1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_was_not_finished_is_delivered_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::one_shard();
    fake.put("a", 1..=12);
    let hanging: Worker = Arc::new(|event| {
        let is_second = event["Records"].as_array().unwrap().len() == 2;
        Box::pin(async move { if is_second { std::future::pending().await } else { Ok(Value::Null) } })
    });
    let first = subscribe(&fake, mapping(), &hanging, Some(folder.path())).await;
    sleep(Duration::from_secs(1)).await;
    drop(first);
    let (worker, calls) = succeeding();
    subscribe(&fake, mapping(), &worker, Some(folder.path())).await.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [[11, 12]]);
}

#[tokio::test(start_paused = true)]
async fn the_processed_part_of_a_batch_is_not_delivered_again() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::one_shard();
    fake.put("a", 1..=8);
    let mapping = Mapping { bisects: true, retries: None, ..mapping() };
    let (failing, _) = worker(|_, records| if records.contains(&7) { bail!("no") } else { Ok(Value::Null) });
    let first = subscribe(&fake, mapping.clone(), &failing, Some(folder.path())).await;
    sleep(Duration::from_secs(10)).await;
    drop(first);
    let (worker, calls) = succeeding();
    subscribe(&fake, mapping, &worker, Some(folder.path())).await.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [[7, 8]]);
}

#[tokio::test(start_paused = true)]
async fn the_position_passes_records_that_the_filters_leave_out() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::one_shard();
    fake.put("a", [1]);
    fake.put_made("a", 2..=40, Timestamp::now(), "MODIFY");
    let mapping = Mapping { filters: inserts(), ..mapping() };
    let (worker, calls) = succeeding();
    subscribe(&fake, mapping, &worker, Some(folder.path())).await.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [[1]]);
    let kept = std::fs::read_to_string(folder.path().join("streams/project.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap()["shards"]["a"], "40");
}

#[tokio::test(start_paused = true)]
async fn failures_are_kept_in_the_folder_and_redriven_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::one_shard();
    fake.put("a", [1]);
    let (failing, _) = worker(|_, _| bail!("no"));
    subscribe(&fake, mapping(), &failing, Some(folder.path())).await.caught_up().await;
    assert_eq!(std::fs::read_dir(folder.path().join("failures/project")).unwrap().count(), 1);
    let (worker, calls) = succeeding();
    let again = subscribe(&fake, mapping(), &worker, Some(folder.path())).await;
    again.caught_up().await;
    assert!(calls.lock().unwrap().is_empty());
    assert_eq!(again.failures().list().await.unwrap().len(), 1);
    let reader: Arc<dyn Reader> = fake.clone();
    let report = redrive_from((None, Some(folder.path())), &reader, &mapping(), &worker).await.unwrap();
    assert_eq!(report[0].result, RedriveResult::Redriven);
    assert_eq!(*calls.lock().unwrap(), [[1]]);
    assert!(again.failures().list().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_shard_waits_for_the_one_that_it_continues() {
    let fake = Arc::new(Fake::default());
    // The source lists them in any order.
    fake.add_shard("child", Some("parent"));
    fake.add_shard("parent", Some("gone"));
    fake.add_shard("other", None);
    fake.put("parent", 1..=3);
    fake.put("child", 11..=12);
    fake.put("other", [21]);
    let (worker, calls) =
        worker(|call, records| if call < 2 && records.contains(&1) { bail!("no") } else { Ok(Value::Null) });
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    sleep(Duration::from_secs(30)).await;
    assert!(!calls.lock().unwrap().contains(&vec![11, 12]));
    fake.close("parent");
    subscription.caught_up().await;
    let calls = calls.lock().unwrap().clone();
    let at = |call: &[u32]| calls.iter().rposition(|it| it == call).unwrap();
    assert!(at(&[1, 2, 3]) < at(&[11, 12]), "{calls:?}");
    // A shard that is retried does not hold up others.
    assert!(at(&[21]) < at(&[1, 2, 3]), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn new_shards_are_found() {
    let fake = Fake::one_shard();
    fake.put("a", [1]);
    let (worker, calls) = succeeding();
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    subscription.caught_up().await;
    fake.close("a");
    fake.add_shard("b", Some("a"));
    fake.add_shard("c", Some("a"));
    fake.put("b", [2]);
    fake.put("c", [3]);
    subscription.caught_up().await;
    let mut calls = calls.lock().unwrap().clone();
    calls.sort();
    assert_eq!(calls, [[1], [2], [3]]);
}

#[tokio::test(start_paused = true)]
async fn an_iterator_that_expired_is_renewed() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=3);
    let (worker, calls) = succeeding();
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    subscription.caught_up().await;
    fake.expire_iterators();
    fake.put("a", [4]);
    subscription.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [vec![1, 2, 3], vec![4]]);
}

#[tokio::test(start_paused = true)]
async fn a_position_that_has_left_the_stream_goes_on_with_the_oldest_record() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::one_shard();
    fake.put("a", 1..=3);
    let (worker, calls) = succeeding();
    subscribe(&fake, mapping(), &worker, Some(folder.path())).await.caught_up().await;
    fake.put("a", 4..=9);
    fake.trim("a", "6");
    subscribe(&fake, mapping(), &worker, Some(folder.path())).await.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [[1, 2, 3], [7, 8, 9]]);
}
