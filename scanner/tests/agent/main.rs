//! The agent against a platform that fails in all the ways that a network and a platform have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod hostile;
mod platform;
mod program;
mod world;

use std::time::Duration;

use scanner::{
    agent::{Connection, Enrollment, Failure, Key, State},
    scan::Outcome,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    platform::{CODE, Fake, Fault},
    world::{World, timing},
};

async fn completed(fake: &Fake, job: Uuid) -> Value {
    fake.until("a completion", |it| !it.jobs[&job].completions.is_empty()).await;
    fake.stored().jobs[&job].completions[0].clone()
}

fn hosts(fake: &Fake, job: Uuid, epoch: u64) -> String {
    let mut hosts = fake.stored().jobs[&job].hosts(epoch);
    hosts.sort();
    hosts.join(" ")
}

#[tokio::test]
async fn a_job_is_claimed_done_and_completed() {
    let world = World::new().await;
    let job = world.fake.job(120);
    let mut program = world.start();
    let run = program.run().await;
    assert_eq!((run.job.id, run.job.epoch, run.job.hosts_finished.len()), (job, 1, 0));
    run.host("a").await;
    run.dead("b").await;
    run.progress(2).await;
    world.fake.until("progress", |it| it.jobs[&job].progress.iter().any(|it| it["hosts_done"] == 2)).await;
    world.fake.until("a poll that names the job", |it| it.polls.iter().any(|it| it["running"] == json!([job]))).await;
    run.host("c").await;
    // A host comes once.
    run.host("a").await;
    run.end(Outcome::Done);
    let completion = completed(&world.fake, job).await;
    assert_eq!(
        (&completion["outcome"], &completion["epoch"], &completion["incomplete"]),
        (&json!("done"), &json!(1), &json!([]))
    );
    assert_eq!(hosts(&world.fake, job, 1), "a b c");
    let polls = world.fake.stored().polls.clone();
    assert!(polls.iter().all(|it| it["engines"] == json!(["connect"])));
    assert!(polls.iter().any(|it| it["free_slots"] == 1) && polls.iter().any(|it| it["free_slots"] == 0));
    program.leave().await.unwrap();
    assert_eq!(world.jobs_in_spool(), 0);
}

#[tokio::test]
async fn lost_answers_and_errors_cost_nothing() {
    let world = World::new().await;
    let job = world.fake.job(500);
    let all = [Fault::Lost, Fault::Status(500), Fault::Status(429), Fault::Silence];
    for call in ["token", "poll", "claim", "renew", "chunk"] {
        world.fake.fail(call, &all);
    }
    world.fake.fail("complete", &all[1..3]);
    let mut program = world.start();
    let run = program.run().await;
    for name in ["a", "b", "c"] {
        run.host(name).await;
        world.fake.until("a chunk", |it| it.jobs[&job].hosts(1).contains(&name.to_owned())).await;
    }
    run.end(Outcome::Done);
    assert_eq!(completed(&world.fake, job).await["outcome"], "done");
    assert_eq!(hosts(&world.fake, job, 1), "a b c");
    {
        let stored = world.fake.stored();
        assert_eq!(stored.jobs[&job].epoch, 1);
        assert!(stored.jobs[&job].claims.iter().all(|it| *it == stored.jobs[&job].claims[0]));
    }
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_lost_answer_to_the_end_is_no_second_end() {
    let world = World::new().await;
    let job = world.fake.job(500);
    world.fake.fail("complete", &[Fault::Lost]);
    let mut program = world.start();
    program.run().await.end(Outcome::Done);
    world.fake.until("a repeated end", |it| it.calls.get("complete") == Some(&2)).await;
    program.leave().await.unwrap();
    assert_eq!((world.fake.stored().jobs[&job].completions.len(), world.jobs_in_spool()), (1, 0));
}

#[tokio::test]
async fn a_crash_loses_nothing_and_doubles_nothing() {
    let world = World::new().await;
    let job = world.fake.job(2_000);
    let mut program = world.start();
    let run = program.run().await;
    run.host("sent").await;
    world.fake.until("a chunk", |it| !it.jobs[&job].chunks.is_empty()).await;
    world.fake.fail("chunk", &[Fault::Lost; 3]);
    run.host("answer lost").await;
    world.fake.until("a second chunk", |it| it.jobs[&job].chunks.len() == 2).await;
    world.fake.stored().is_down = true;
    run.host("not sent").await;
    let chunk = world.spool().join(job.to_string()).join("chunk-00000002.json");
    while !chunk.exists() {
        tokio::task::yield_now().await;
    }
    program.crash().await;
    run.dropped().await;

    world.fake.stored().is_down = false;
    let mut program = world.start();
    let run = program.run().await;
    let mut finished = run.job.hosts_finished.clone();
    finished.sort();
    assert_eq!((finished.join(", "), run.job.epoch), ("answer lost, not sent, sent".to_owned(), 1));
    run.host("last").await;
    run.end(Outcome::Done);
    assert_eq!(completed(&world.fake, job).await["chunks"], 4);
    assert_eq!(hosts(&world.fake, job, 1), "answer lost last not sent sent");
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_crash_before_the_end_is_told_needs_no_scan() {
    let world = World::new().await;
    let job = world.fake.job(2_000);
    let mut program = world.start();
    let run = program.run().await;
    run.host("a").await;
    world.fake.fail("complete", &[Fault::Status(500); 1_000]);
    run.end(Outcome::Done);
    world.fake.until("an attempt to end", |it| it.calls.contains_key("complete")).await;
    program.crash().await;
    world.fake.stored().faults.clear();
    let mut program = world.start();
    completed(&world.fake, job).await;
    assert_eq!(hosts(&world.fake, job, 1), "a");
    assert!(program.runs.try_recv().is_err());
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_claim_outlives_a_crash() {
    let world = World::new().await;
    let job = world.fake.job(2_000);
    world.fake.fail("claim", &[Fault::Lost; 1_000]);
    let program = world.start();
    world.fake.until("a claim", |it| !it.jobs[&job].claims.is_empty()).await;
    program.crash().await;
    world.fake.stored().faults.clear();
    let mut program = world.start();
    let run = program.run().await;
    assert_eq!(run.job.epoch, 1);
    run.end(Outcome::Done);
    completed(&world.fake, job).await;
    let claims = world.fake.stored().jobs[&job].claims.clone();
    assert!(claims.len() > 1 && claims.iter().all(|it| *it == claims[0]));
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_job_that_another_has_is_forgotten_with_its_engines() {
    let world = World::new().await;
    let job = world.fake.job(500);
    let mut program = world.start();
    let run = program.run().await;
    world.fake.fail("chunk", &[Fault::Status(500); 1_000]);
    run.host("a").await;
    world.fake.hand_on(job);
    run.dropped().await;
    while world.jobs_in_spool() > 0 {
        tokio::task::yield_now().await;
    }
    program.leave().await.unwrap();
    let stored = world.fake.stored();
    assert!(stored.jobs[&job].chunks.is_empty() && stored.jobs[&job].completions.is_empty());
}

#[tokio::test]
async fn without_the_platform_a_scan_ends_with_its_lease_and_goes_on_later() {
    let world = World::new().await;
    let job = world.fake.job(30);
    let mut program = world.start();
    let mut run = program.run().await;
    run.host("a").await;
    world.fake.until("a chunk", |it| it.jobs[&job].chunks.len() == 1).await;
    world.fake.stored().is_down = true;
    run.host("b").await;
    run.stopped().await;
    run.host("c").await;
    run.end(Outcome::Stopped);
    {
        // Nobody else has taken it.
        let mut stored = world.fake.stored();
        stored.is_down = false;
        assert!(stored.jobs[&job].completions.is_empty());
    }
    let run = program.run().await;
    assert_eq!((run.job.epoch, run.job.hosts_finished.join(" ")), (1, "a b c".to_owned()));
    assert!(!*run.stop.borrow());
    run.end(Outcome::Done);
    completed(&world.fake, job).await;
    assert_eq!(hosts(&world.fake, job, 1), "a b c");
    program.leave().await.unwrap();
}

#[tokio::test]
async fn what_was_kept_is_dropped_when_the_job_went_to_another() {
    let world = World::new().await;
    let job = world.fake.job(30);
    let mut program = world.start();
    let mut run = program.run().await;
    world.fake.stored().is_down = true;
    run.host("a").await;
    run.stopped().await;
    run.end(Outcome::Stopped);
    world.fake.hand_on(job);
    world.fake.stored().is_down = false;
    while world.jobs_in_spool() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(world.fake.stored().jobs[&job].chunks.is_empty() && program.runs.try_recv().is_err());
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_scan_is_stopped_by_its_lease_and_by_a_poll() {
    let world = World::new().await;
    for by_poll in [false, true] {
        let job = world.fake.job(500);
        let mut program = world.start();
        let mut run = program.run().await;
        run.host("a").await;
        match by_poll {
            true => world.fake.stored().named = vec![job],
            false => world.fake.stored().jobs.get_mut(&job).unwrap().stops = true,
        }
        run.stopped().await;
        run.host("b").await;
        run.end(Outcome::Stopped);
        assert_eq!(completed(&world.fake, job).await["outcome"], "stopped");
        assert_eq!(hosts(&world.fake, job, 1), "a b");
        program.leave().await.unwrap();
    }
}

#[tokio::test]
async fn engines_that_do_not_stop_are_ended() {
    let world = World::new().await;
    let job = world.fake.job(500);
    let mut program = world.start();
    let mut run = program.run().await;
    run.host("a").await;
    world.fake.stored().jobs.get_mut(&job).unwrap().stops = true;
    run.stopped().await;
    run.dropped().await;
    let completion = completed(&world.fake, job).await;
    assert_eq!((&completion["outcome"], hosts(&world.fake, job, 1)), (&json!("stopped"), "a".to_owned()));
    assert!(completion["incomplete"][0].as_str().unwrap().contains("did not end in time"));
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_program_that_ends_sends_what_is_there_and_goes_on_later() {
    let world = World::new().await;
    let job = world.fake.job(2_000);
    let mut program = world.start();
    let mut run = program.run().await;
    run.host("a").await;
    program.leaving.send_replace(true);
    run.stopped().await;
    run.host("b").await;
    run.end(Outcome::Stopped);
    program.ended().await.unwrap();
    assert_eq!((hosts(&world.fake, job, 1), world.jobs_in_spool()), ("a b".to_owned(), 1));
    assert!(world.fake.stored().jobs[&job].completions.is_empty());
    let mut program = world.start();
    let run = program.run().await;
    assert_eq!((run.job.epoch, run.job.hosts_finished.join(" ")), (1, "a b".to_owned()));
    run.end(Outcome::Done);
    completed(&world.fake, job).await;
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_program_ends_also_without_the_platform() {
    let world = World::new().await;
    world.fake.job(2_000);
    let mut program = world.start();
    let run = program.run().await;
    world.fake.stored().is_down = true;
    run.host("a").await;
    program.leaving.send_replace(true);
    run.dropped().await;
    program.ended().await.unwrap();
    assert_eq!(world.jobs_in_spool(), 1);
}

#[tokio::test]
async fn tokens_that_expire_or_are_revoked_are_replaced() {
    let world = World::new().await;
    let job = world.fake.job(2_000);
    let mut program = world.start();
    let run = program.run().await;
    for name in ["a", "b", "c"] {
        let count = world.fake.stored().calls["token"];
        world.fake.stored().tokens.clear();
        run.host(name).await;
        world.fake.until("another token", |it| it.calls["token"] > count).await;
    }
    // The rest of the time it is renewed before it expires, so that no call is refused.
    let (count, polls) = {
        let stored = world.fake.stored();
        (stored.calls["token"], stored.polls.len())
    };
    world.fake.until("a token in time", |it| it.calls["token"] > count && it.polls.len() > polls + 5).await;
    run.end(Outcome::Done);
    completed(&world.fake, job).await;
    assert_eq!(hosts(&world.fake, job, 1), "a b c");
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_scanner_waits_until_it_may_work_and_ends_when_it_is_unknown() {
    let world = World::new().await;
    world.fake.stored().status = 403;
    let job = world.fake.job(500);
    let mut program = world.start();
    world.fake.until("attempts", |it| it.calls.get("token").is_some_and(|it| *it > 6)).await;
    world.fake.stored().status = 200;
    let run = program.run().await;
    assert_eq!(run.job.id, job);
    {
        let mut stored = world.fake.stored();
        stored.status = 401;
        stored.tokens.clear();
    }
    let error = program.ended().await.unwrap_err();
    assert!(error.to_string().contains("does not know this scanner's key"), "{error}");
    run.dropped().await;
}

#[tokio::test]
async fn one_bad_host_does_not_cost_the_others() {
    let world = World::new().await;
    world.fake.stored().bad_host = Some("bad");
    let job = world.fake.job(2_000);
    let mut program = world.start();
    let run = program.run().await;
    for name in ["a", "b", "bad", "c", "d"] {
        run.host(name).await;
    }
    run.dead("e").await;
    run.end(Outcome::Done);
    let completion = completed(&world.fake, job).await;
    assert_eq!(hosts(&world.fake, job, 1), "a b c d e");
    assert_eq!(completion["incomplete"], json!(["bad: the platform refuses its results: 422 a reason"]));
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_job_of_a_newer_platform_fails_in_plain_words() {
    let world = World::new().await;
    let job = world.fake.job(500);
    world.fake.stored().jobs.get_mut(&job).unwrap().body["profile"] = json!("quantum");
    let mut program = world.start();
    let completion = completed(&world.fake, job).await;
    assert_eq!(completion["outcome"], "failed");
    assert!(completion["incomplete"][0].as_str().unwrap().contains("quantum"), "{completion}");
    assert!(program.runs.try_recv().is_err());
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_fault_of_the_scan_is_told() {
    let world = World::new().await;
    let job = world.fake.job(500);
    world.fake.stored().jobs.get_mut(&job).unwrap().body["exclude_hosts"] = json!("panic");
    let program = world.start();
    let completion = completed(&world.fake, job).await;
    assert_eq!(completion["outcome"], "failed");
    assert!(completion["incomplete"][0].as_str().unwrap().contains("fault of the scanner"));
    program.leave().await.unwrap();
}

#[tokio::test]
async fn a_full_spool_lets_the_scan_wait() {
    let mut world = World::new().await;
    world.spool_bytes = 2_000;
    let job = world.fake.job(2_000);
    let mut program = world.start();
    let run = program.run().await;
    world.fake.fail("chunk", &[Fault::Status(500); 30]);
    let names: Vec<String> = (10..99).map(|n| format!("host-{n}")).collect();
    for name in &names {
        run.host(name).await;
        // So that chunks are small.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    run.end(Outcome::Done);
    completed(&world.fake, job).await;
    assert_eq!(hosts(&world.fake, job, 1), names.join(" "));
    program.leave().await.unwrap();
}

#[tokio::test]
async fn two_jobs_run_at_once() {
    let mut world = World::new().await;
    world.slots = 2;
    let mut jobs = [world.fake.job(2_000), world.fake.job(2_000), world.fake.job(2_000)];
    let mut program = world.start();
    let (one, two) = (program.run().await, program.run().await);
    world.fake.until("a poll without a free slot", |it| it.polls.iter().any(|it| it["free_slots"] == 0)).await;
    assert!(program.runs.try_recv().is_err());
    let mut seen = vec![one.job.id, two.job.id];
    one.end(Outcome::Done);
    let three = program.run().await;
    seen.push(three.job.id);
    three.end(Outcome::Done);
    two.end(Outcome::Done);
    for job in jobs {
        completed(&world.fake, job).await;
    }
    seen.sort();
    jobs.sort();
    assert_eq!(seen, jobs);
    program.leave().await.unwrap();
}

#[tokio::test]
async fn enrolling_is_repeatable_and_refusals_are_plain() {
    let fake = Fake::start().await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let key = Key::read_or_make(path).unwrap();
    let connection = Connection::new(&fake.url(), timing()).unwrap();
    let enroll = async |key: &Key, code| Enrollment::enroll(path, key, &fake.url(), &connection, code, &[]).await;
    assert!(enroll(&key, "scanner_wrong").await.unwrap_err().to_string().contains("does not know the code"));
    assert!(enroll(&key, "no code").await.unwrap_err().to_string().contains("is no code"));
    assert!(Enrollment::read(path).unwrap().is_none());
    fake.fail("enroll", &[Fault::Lost]);
    assert!(enroll(&key, CODE).await.is_err());
    let enrolled = enroll(&key, CODE).await.unwrap();
    assert_eq!(enrolled.fingerprint, key.fingerprint());
    assert_eq!(Enrollment::read(path).unwrap(), Some(enrolled));
    let other = tempfile::tempdir().unwrap();
    assert!(enroll(&Key::read_or_make(other.path()).unwrap(), CODE).await.is_err());
}

#[tokio::test]
async fn a_state_directory_has_one_scanner() {
    let directory = tempfile::tempdir().unwrap();
    let state = State::open(&directory.path().join("a/b")).unwrap();
    assert!(State::open(state.path()).unwrap_err().to_string().contains("another scanner"));
    let path = state.path().to_owned();
    drop(state);
    State::open(&path).unwrap();
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_said_so() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let failure = Connection::new(&url, timing()).unwrap().clock_ahead().await.unwrap_err();
    assert!(matches!(&failure, Failure::Temporary { reason, .. } if reason.contains("cannot be reached")), "{failure}");
    let fake = Fake::start().await;
    let ahead = Connection::new(&fake.url(), timing()).unwrap().clock_ahead().await.unwrap();
    assert!(ahead.is_some_and(|it| it.abs() <= 2), "{ahead:?}");
}
