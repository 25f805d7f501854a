//! Batches, retries and what is given up.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::bail;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::{sync::Notify, time::sleep};

use super::fake::{Fake, failed, inserts, mapping, subscribe, succeeding, worker};
use crate::streams::{Mapping, Worker, message::Condition};

#[tokio::test(start_paused = true)]
async fn records_come_in_their_order_in_batches() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=25);
    let (worker, calls) = succeeding();
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    subscription.caught_up().await;
    fake.put("a", 26..=27);
    subscription.caught_up().await;
    let expected: [Vec<u32>; 4] = [(1..=10).collect(), (11..=20).collect(), (21..=25).collect(), (26..=27).collect()];
    assert_eq!(*calls.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn new_records_are_found_by_polling_and_at_once_after_a_nudge() {
    let fake = Fake::one_shard();
    let (worker, calls) = succeeding();
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    subscription.caught_up().await;
    fake.put("a", [1]);
    sleep(Duration::from_millis(251)).await;
    assert_eq!(*calls.lock().unwrap(), [[1]]);
    fake.put("a", [2]);
    subscription.nudge();
    sleep(Duration::from_millis(1)).await;
    assert_eq!(*calls.lock().unwrap(), [[1], [2]]);
}

#[tokio::test(start_paused = true)]
async fn records_are_gathered_within_the_batching_window() {
    let fake = Fake::one_shard();
    let (worker, calls) = succeeding();
    let mapping = Mapping { window: Duration::from_secs(2), ..mapping() };
    let subscription = subscribe(&fake, mapping, &worker, None).await;
    fake.put("a", [1]);
    subscription.nudge();
    sleep(Duration::from_millis(1_500)).await;
    fake.put("a", [2]);
    sleep(Duration::from_millis(400)).await;
    assert!(calls.lock().unwrap().is_empty());
    sleep(Duration::from_millis(400)).await;
    assert_eq!(*calls.lock().unwrap(), [[1, 2]]);
    // A full batch does not wait.
    fake.put("a", 3..=12);
    sleep(Duration::from_millis(300)).await;
    assert_eq!(calls.lock().unwrap().last().unwrap().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn catching_up_does_not_wait_for_the_window() {
    let fake = Fake::one_shard();
    fake.put("a", [1]);
    let (worker, calls) = succeeding();
    let mapping = Mapping { window: Duration::from_secs(300), ..mapping() };
    let subscription = subscribe(&fake, mapping, &worker, None).await;
    let before = tokio::time::Instant::now();
    subscription.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [[1]]);
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_event_has_at_most_six_megabytes() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=8);
    fake.resize("a", 1_900_000);
    let (worker, calls) = succeeding();
    subscribe(&fake, mapping(), &worker, None).await.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [vec![1, 2, 3], vec![4, 5, 6], vec![7, 8]]);
}

#[tokio::test(start_paused = true)]
async fn only_records_that_the_filters_select_are_in_a_batch() {
    let fake = Fake::one_shard();
    for sequence in 1..=24 {
        let name = if sequence % 2 == 0 { "INSERT" } else { "MODIFY" };
        fake.put_made("a", [sequence], Timestamp::now(), name);
    }
    let (worker, calls) = succeeding();
    let mapping = Mapping { filters: inserts(), ..mapping() };
    subscribe(&fake, mapping, &worker, None).await.caught_up().await;
    let even = |from: u32, to: u32| (from..=to).filter(|it| it % 2 == 0).collect::<Vec<_>>();
    assert_eq!(*calls.lock().unwrap(), [even(2, 20), even(22, 24)]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_retried_from_the_first_record_that_failed() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=5);
    let (worker, calls) = worker(|call, _| if call == 0 { failed(&[5, 3]) } else { Ok(Value::Null) });
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    subscription.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [vec![1, 2, 3, 4, 5], vec![3, 4, 5]]);
    assert!(subscription.failures().list().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_counts_only_where_the_mapping_says_so() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=3);
    let (worker, calls) = worker(|_, _| failed(&[1]));
    let mapping = Mapping { reports_failures: false, ..mapping() };
    subscribe(&fake, mapping, &worker, None).await.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [[1, 2, 3]]);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_for_good_is_parked_and_the_shard_moves_on() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=12);
    let (worker, calls) = worker(|_, records| if records.contains(&4) { failed(&[4, 9]) } else { Ok(Value::Null) });
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    subscription.caught_up().await;
    let first: Vec<u32> = (1..=10).collect();
    let rest: Vec<u32> = (4..=10).collect();
    assert_eq!(*calls.lock().unwrap(), [first, rest.clone(), rest, vec![11, 12]]);
    let parked = subscription.failures().list().await.unwrap();
    let [message] = parked.iter().map(|it| &it.message).collect::<Vec<_>>()[..] else { panic!("{parked:?}") };
    assert_eq!(message.request_context.condition, Condition::RetryAttemptsExhausted);
    assert_eq!(message.request_context.approximate_invoke_count, 3);
    assert_eq!(message.response_context.as_ref().unwrap().function_error, None);
    let batch = &message.batch;
    assert_eq!((batch.start_sequence_number.as_str(), batch.end_sequence_number.as_str()), ("4", "10"));
    assert_eq!((batch.batch_size, batch.shard_id.as_str()), (7, "a"));
}

#[tokio::test(start_paused = true)]
async fn what_fails_for_good_is_discarded_without_a_queue() {
    let fake = Fake::one_shard();
    fake.put("a", [1]);
    let (worker, calls) = worker(|_, _| bail!("no"));
    let subscription = subscribe(&fake, Mapping { failures: None, ..mapping() }, &worker, None).await;
    subscription.caught_up().await;
    assert_eq!(calls.lock().unwrap().len(), 3);
    assert!(subscription.failures().list().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_of_the_function() {
    let fake = Fake::one_shard();
    fake.put("a", [1]);
    let worker: Worker = Arc::new(|_| Box::pin(async { panic!("no") }));
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    subscription.caught_up().await;
    let parked = subscription.failures().list().await.unwrap();
    assert_eq!(parked[0].message.response_context.as_ref().unwrap().function_error.as_deref(), Some("Unhandled"));
}

/// Delivers twenty records of which `poison` fails, in a mapping that bisects; returns what was processed and parked.
async fn with_poison(poison: u32, names_it: bool) -> (Vec<u32>, Vec<(String, String)>) {
    let fake = Fake::one_shard();
    fake.put("a", 1..=20);
    let processed = Arc::new(Mutex::new(Vec::new()));
    let noted = processed.clone();
    let (worker, _) = worker(move |_, records| {
        let mut noted = noted.lock().unwrap();
        match records.iter().position(|record| *record == poison) {
            Some(at) if names_it => {
                noted.extend(&records[..at]);
                failed(&[poison])
            }
            Some(_) => bail!("no"),
            None => {
                noted.extend(records);
                Ok(Value::Null)
            }
        }
    });
    let mapping = Mapping { bisects: true, batch_size: 20, ..mapping() };
    let subscription = subscribe(&fake, mapping, &worker, None).await;
    subscription.caught_up().await;
    let parked = subscription.failures().list().await.unwrap().into_iter().map(|it| it.message.batch);
    let parked = parked.map(|batch| (batch.start_sequence_number, batch.end_sequence_number)).collect();
    (processed.lock().unwrap().clone(), parked)
}

#[tokio::test(start_paused = true)]
async fn splitting_isolates_the_one_record_that_fails() {
    for names_it in [false, true] {
        for poison in 1..=20 {
            let (processed, parked) = with_poison(poison, names_it).await;
            let others: Vec<u32> = (1..=20).filter(|it| *it != poison).collect();
            assert_eq!(processed, others, "{poison} {names_it}");
            assert_eq!(parked, [(poison.to_string(), poison.to_string())], "{poison} {names_it}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn splitting_does_not_count_as_a_retry() {
    let fake = Fake::one_shard();
    fake.put("a", 1..=4);
    let (worker, calls) = worker(|_, records| if records.contains(&1) { bail!("no") } else { Ok(Value::Null) });
    let mapping = Mapping { bisects: true, ..mapping() };
    subscribe(&fake, mapping, &worker, None).await.caught_up().await;
    let expected = [vec![1, 2, 3, 4], vec![1, 2], vec![1], vec![1], vec![1], vec![2], vec![3, 4]];
    assert_eq!(*calls.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn records_that_are_too_old_are_parked_without_a_call() {
    let fake = Fake::one_shard();
    let old = Timestamp::now() - SignedDuration::from_hours(2);
    fake.put_made("a", 1..=3, old, "INSERT");
    fake.put("a", 4..=5);
    let (worker, calls) = succeeding();
    let mapping = Mapping { record_age: Some(Duration::from_secs(3_600)), ..mapping() };
    let subscription = subscribe(&fake, mapping, &worker, None).await;
    subscription.caught_up().await;
    assert_eq!(*calls.lock().unwrap(), [[4, 5]]);
    let parked = subscription.failures().list().await.unwrap();
    let [message] = parked.iter().map(|it| &it.message).collect::<Vec<_>>()[..] else { panic!("{parked:?}") };
    assert_eq!(message.request_context.condition, Condition::MaximumRecordAgeExceeded);
    assert_eq!((message.request_context.approximate_invoke_count, message.batch.batch_size), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn catching_up_waits_for_retries_and_the_lag_is_that_of_the_oldest_record() {
    let fake = Fake::one_shard();
    fake.put_made("a", 1..=2, Timestamp::now() - SignedDuration::from_secs(90), "INSERT");
    let (worker, calls) = worker(|call, _| if call < 12 { bail!("not yet") } else { Ok(Value::Null) });
    let subscription = subscribe(&fake, Mapping { retries: None, ..mapping() }, &worker, None).await;
    let before = tokio::time::Instant::now();
    sleep(Duration::from_secs(1)).await;
    assert!(subscription.lag() >= Duration::from_secs(90), "{:?}", subscription.lag());
    subscription.caught_up().await;
    assert_eq!(calls.lock().unwrap().len(), 13);
    assert!(before.elapsed() > Duration::from_secs(20));
    assert_eq!(subscription.lag(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_shard_has_one_call_at_a_time() {
    let fake = Fake::one_shard();
    fake.put("a", [1]);
    let (go_on, calls) = (Arc::new(Notify::new()), Arc::new(Mutex::new(0)));
    let (waits_for, noted) = (go_on.clone(), calls.clone());
    let worker: Worker = Arc::new(move |_| {
        *noted.lock().unwrap() += 1;
        let waits_for = waits_for.clone();
        Box::pin(async move {
            waits_for.notified().await;
            Ok(Value::Null)
        })
    });
    let subscription = subscribe(&fake, mapping(), &worker, None).await;
    sleep(Duration::from_secs(1)).await;
    fake.put("a", [2]);
    subscription.nudge();
    sleep(Duration::from_secs(5)).await;
    assert_eq!(*calls.lock().unwrap(), 1);
    go_on.notify_one();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(*calls.lock().unwrap(), 2);
    // A subscription that is dropped ends its call too.
    assert_eq!(Arc::strong_count(&go_on), 3);
    drop((subscription, worker));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(Arc::strong_count(&go_on), 1);
}

/// The log of a test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_leaves_a_line_without_what_is_in_the_items() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(lines);
    // A test on another thread may have found just now that nobody wants this line.
    for _ in 0..100 {
        let fake = Fake::one_shard();
        fake.put("a", [1]);
        subscribe(&fake, mapping(), &succeeding().0, None).await.caught_up().await;
        if !log.0.lock().unwrap().is_empty() {
            break;
        }
        tracing::callsite::rebuild_interest_cache();
    }
    log.0.lock().unwrap().clear();
    let fake = Fake::one_shard();
    fake.put_made("a", 1..=3, Timestamp::now() - SignedDuration::from_secs(5), "joe@example.com");
    let (worker, _) = worker(|call, _| if call == 0 { bail!("joe@example.com") } else { Ok(Value::Null) });
    subscribe(&fake, mapping(), &worker, None).await.caught_up().await;
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let fields: Vec<&Value> =
        lines.iter().map(|line| &line["fields"]).filter(|it| it["message"] == "stream batch").collect();
    let of = |name: &str| fields.iter().map(|fields| fields[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("function"), ["project", "project"]);
    assert_eq!(of("records"), [3, 3]);
    assert_eq!(of("attempts"), [1, 2]);
    assert_eq!(of("is_processed"), [false, true]);
    assert!(of("lag_ms").iter().all(|lag| (5_000..7_000).contains(&lag.as_u64().unwrap())), "{log}");
    assert!(!log.contains("joe@"), "{log}");
}
