//! Attacks on an account, in plain time: the rules as they are, over buckets in memory.

use std::{cell::RefCell, collections::HashMap};

use futures_util::future::join_all;
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Admission, Device, Origin, Standing,
    bucket::{Bucket, Buckets, Charge},
};
use crate::{
    Result,
    error::Code,
    id::{SessionId, UserId},
    store::Key,
};

const OWNER: UserId = UserId(Uuid::from_u128(1));
const ACCOUNT: &str = "owner@example.com";
/// The address that the owner signed in from before.
const HOME: &str = "198.51.100.7";
const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
/// With one limit of 5 at once and one in 30 seconds, a password could be guessed so often in an hour.
const GUESSES_AN_HOUR: usize = 5 + 120;

/// Buckets in memory.
#[derive(Default)]
struct Memory(RefCell<HashMap<Key, i64>>);

impl Buckets for Memory {
    async fn charge(&self, bucket: &Bucket, _: Option<i64>, now: i64) -> Result<Charge> {
        let full_at = self.level(bucket);
        if let Some(wait_ms) = bucket.limit.wait(full_at, now) {
            return Ok(Charge::Spent { wait_ms });
        }
        let from = full_at.map_or(now, |full_at| full_at.max(now));
        self.0.borrow_mut().insert(bucket.key.clone(), from + bucket.limit.interval_ms);
        Ok(Charge::Taken)
    }

    async fn refund(&self, bucket: &Bucket, _: i64) -> Result<()> {
        let mut levels = self.0.borrow_mut();
        levels.entry(bucket.key.clone()).and_modify(|full_at| *full_at -= bucket.limit.interval_ms);
        Ok(())
    }
}

/// The answer to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    In,
    Unauthorized,
    TooMany,
}

/// Who attempts: an address, and perhaps a device that has signed in before.
#[derive(Clone, Copy)]
struct Source<'a> {
    address: &'a str,
    device: Option<Device>,
}

fn from(address: &str) -> Source<'_> {
    Source { address, device: None }
}

fn device(session: u128, address: &str) -> Source<'_> {
    Source { address, device: Some(Device { session: SessionId(Uuid::from_u128(session)), user: OWNER }) }
}

impl Memory {
    fn level(&self, bucket: &Bucket) -> Option<i64> {
        self.0.borrow().get(&bucket.key).copied()
    }

    /// An attempt that was let in, and whether the password is verified; the answer without it.
    async fn admit(&self, from: Source<'_>, now: i64) -> Result<Admission> {
        let origin = Origin::new(ACCOUNT, from.address, from.device);
        let standing = match from.device {
            Some(_) => Standing::KnownDevice,
            None if from.address == HOME => Standing::KnownPlace,
            None => Standing::Stranger,
        };
        Admission::charge(self, &origin, standing, |bucket| self.level(bucket), now).await
    }

    /// The answer to an attempt, and whether the password was verified.
    async fn attempt(&self, from: Source<'_>, is_right: bool, now: i64) -> (Answer, bool) {
        let answer = |code| if code == Code::TooManyRequests { Answer::TooMany } else { Answer::Unauthorized };
        match self.admit(from, now).await {
            Err(error) => (answer(error.code()), false),
            Ok(admission) if is_right && admission.may_verify() => {
                admission.refund(self, now).await.unwrap();
                (Answer::In, true)
            }
            Ok(admission) => (answer(admission.refusal().code()), admission.may_verify()),
        }
    }

    /// Guesses once from each address; returns how often the password was verified.
    async fn guess(&self, addresses: &[String], now: i64) -> usize {
        let mut verified = 0;
        for address in addresses {
            verified += usize::from(self.attempt(from(address), false, now).await.1);
        }
        verified
    }
}

/// The addresses of an attacker.
fn addresses(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("203.0.113.{n}")).collect()
}

#[tokio::test]
async fn fifty_addresses_guess_no_more_often_in_an_hour_than_one_limit_of_the_account_let_them() {
    // Also where one of them is the owner's own, as behind one router.
    for shared in [None, Some(HOME.to_owned())] {
        let memory = Memory::default();
        let attackers: Vec<String> =
            addresses(49).into_iter().chain([shared.unwrap_or("203.0.113.50".into())]).collect();
        for hour in 0..4 {
            let mut verified = 0;
            for second in 0..3600 {
                verified += memory.guess(&attackers, hour * HOUR + second * SECOND).await;
            }
            assert!((60..=GUESSES_AN_HOUR).contains(&verified), "{verified} in hour {hour}");
        }
    }
}

#[tokio::test]
async fn the_owner_gets_in_at_once_from_a_known_address_or_device_while_others_guess() {
    let (memory, attackers) = (Memory::default(), addresses(50));
    for second in 0..2 * 3600 {
        let now = second * SECOND;
        memory.guess(&attackers, now).await;
        // A mistyped password first. The device is behind one of the attacker's own addresses.
        if second % 600 == 599 {
            for owner in [from(HOME), device(1, "203.0.113.9")] {
                memory.attempt(owner, false, now).await;
                assert_eq!(memory.attempt(owner, true, now).await.0, Answer::In, "second {second}");
            }
        }
    }
}

#[tokio::test]
async fn a_stolen_token_keeps_no_other_device_out() {
    let memory = Memory::default();
    for second in 0..2 * 3600 {
        let now = second * SECOND;
        memory.attempt(device(2, "203.0.113.9"), false, now).await;
        if second % 60 == 59 {
            assert_eq!(memory.attempt(device(1, "203.0.113.9"), true, now).await.0, Answer::In, "second {second}");
        }
    }
}

#[tokio::test]
async fn devices_that_a_leaked_key_makes_up_guess_no_more_often_than_addresses() {
    let (memory, mut verified) = (Memory::default(), 0);
    for session in 0..5 * 3600_u32 {
        let now = i64::from(session) * SECOND / 5;
        verified += usize::from(memory.attempt(device(u128::from(session), HOME), false, now).await.1);
    }
    assert!(verified <= 90, "{verified}");
}

/// From a new address without a device, an owner cannot be told from the attacker: it waits until the attack ends.
#[tokio::test]
async fn an_owner_from_a_new_address_is_refused_during_the_attack_and_gets_in_a_minute_after_it() {
    let (memory, attackers) = (Memory::default(), addresses(50));
    let owner = from("192.0.2.20");
    for second in 0..3600 {
        memory.guess(&attackers, second * SECOND).await;
        if second % 600 == 599 {
            assert_eq!(memory.attempt(owner, true, second * SECOND).await, (Answer::TooMany, false));
        }
    }
    assert_eq!(memory.attempt(owner, true, HOUR + 60 * SECOND).await.0, Answer::In);
}

#[tokio::test]
async fn one_address_never_uses_up_the_limit_of_an_account() {
    let memory = Memory::default();
    for second in 0..12 * 3600 {
        memory.attempt(from("203.0.113.1"), false, second * SECOND).await;
    }
    assert_eq!(memory.attempt(from("192.0.2.20"), true, 12 * HOUR).await.0, Answer::In);
}

#[tokio::test]
async fn right_passwords_at_once_all_succeed_and_use_up_nothing() {
    for owner in [from(HOME), from("192.0.2.20"), device(1, HOME)] {
        let memory = Memory::default();
        for second in 0..100 {
            let now = second * SECOND;
            let admitted = join_all((0..20).map(|_| memory.admit(owner, now))).await;
            for admission in admitted {
                let admission = admission.unwrap();
                assert!(admission.may_verify());
                admission.refund(&memory, now).await.unwrap();
            }
        }
        for _ in 0..20 {
            assert_eq!(memory.attempt(owner, false, 100 * SECOND).await, (Answer::Unauthorized, true));
        }
        assert_eq!(memory.attempt(owner, false, 100 * SECOND).await, (Answer::TooMany, false));
    }
}

proptest! {
    /// Nobody without the password can tell a known address from another one by the answers.
    #[test]
    fn wrong_passwords_get_the_same_answers_from_a_known_address(
        attempts in prop::collection::vec((0..6_usize, 0..120 * SECOND), 1..300),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answers = |last: &str| {
            let (memory, mut now) = (Memory::default(), 0);
            let places: Vec<String> = addresses(5).into_iter().chain([last.to_owned()]).collect();
            let mut answers = Vec::new();
            for (place, wait) in &attempts {
                now += wait;
                answers.push(runtime.block_on(memory.attempt(from(&places[*place]), false, now)).0);
            }
            answers
        };
        prop_assert_eq!(answers(HOME), answers("203.0.113.77"));
    }

    /// A bucket lets through its burst and one in each interval, whenever the attempts come, and is full again in time.
    #[test]
    fn a_bucket_never_lets_through_more_than_its_limit(waits in prop::collection::vec(0..300 * SECOND, 1..300)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (memory, bucket) = (Memory::default(), Bucket::of(super::limit::PLACE, "x"));
        let (mut now, mut taken) = (0, 0);
        for wait in waits {
            now += wait;
            let level = memory.level(&bucket);
            let charge = runtime.block_on(memory.charge(&bucket, level, now)).unwrap();
            taken += i64::from(charge == Charge::Taken);
            prop_assert!(taken <= bucket.limit.burst + now / bucket.limit.interval_ms);
            prop_assert!(memory.level(&bucket) <= Some(bucket.limit.ttl(now) * SECOND));
        }
    }
}
