//! Attacks on an account, in plain time: the rules as they are, over buckets in memory.

use std::{cell::RefCell, collections::HashMap};

use futures_util::FutureExt;
use proptest::prelude::*;
use uuid::Uuid;

use super::{
    Admission, Device, Origin, Standing,
    bucket::{Bucket, Buckets, Charge},
    limit::PLACE,
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
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
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

/// Where attempts come from: an address, or a device behind it that has signed in before.
struct Source {
    origin: Origin,
    standing: Standing,
}

fn address(address: &str) -> Source {
    let standing = if address == HOME { Standing::KnownPlace } else { Standing::Stranger };
    Source { origin: Origin::new(ACCOUNT, address, None), standing }
}

fn device(session: u128, address: &str) -> Source {
    let device = Device { session: SessionId(Uuid::from_u128(session)), user: OWNER };
    Source { origin: Origin::new(ACCOUNT, address, Some(device)), standing: Standing::KnownDevice }
}

/// The addresses of an attacker.
fn addresses(count: usize) -> Vec<Source> {
    (1..=count).map(|n| address(&format!("203.0.113.{n}"))).collect()
}

/// The times of an attack, every five seconds.
fn times(from: i64, to: i64) -> impl Iterator<Item = i64> {
    (0..).map(move |n| from + n * 5 * SECOND).take_while(move |now| *now < to)
}

impl Memory {
    fn level(&self, bucket: &Bucket) -> Option<i64> {
        self.0.borrow().get(&bucket.key).copied()
    }

    fn admit(&self, from: &Source, now: i64) -> Result<Admission> {
        let level = |bucket: &Bucket| self.level(bucket);
        Admission::charge(self, &from.origin, from.standing, level, now).now_or_never().unwrap()
    }

    fn refund(&self, admission: &Admission, now: i64) {
        admission.refund(self, now).now_or_never().unwrap().unwrap();
    }

    /// The answer to an attempt, and whether the password was verified.
    fn attempt(&self, from: &Source, is_right: bool, now: i64) -> (Answer, bool) {
        let answer = |code| if code == Code::TooManyRequests { Answer::TooMany } else { Answer::Unauthorized };
        match self.admit(from, now) {
            Err(error) => (answer(error.code()), false),
            Ok(admission) if is_right && admission.may_verify() => {
                self.refund(&admission, now);
                (Answer::In, true)
            }
            Ok(admission) => (answer(admission.refusal().code()), admission.may_verify()),
        }
    }

    /// Whether a guess would be verified now. An attacker who knows wastes none.
    fn has_room(&self, from: &Source, now: i64) -> bool {
        let (strict, account) = from.origin.buckets(from.standing);
        let account = account.filter(|_| from.standing == Standing::Stranger);
        strict.into_iter().chain(account).all(|bucket| bucket.limit.wait(self.level(bucket), now).is_none())
    }

    /// Guesses as often as the buckets let through at all; returns how often that is.
    fn guess(&self, sources: &[Source], now: i64) -> usize {
        let mut verified = 0;
        for source in sources {
            while self.has_room(source, now) {
                assert!(self.attempt(source, false, now).1);
                verified += 1;
            }
        }
        verified
    }
}

#[test]
fn fifty_addresses_guess_no_more_often_in_an_hour_than_one_limit_of_the_account_let_them() {
    // Also where one of them is the owner's own, as behind one router.
    for (last, fewest) in [("203.0.113.50", 60), (HOME, 75)] {
        let (memory, mut attackers) = (Memory::default(), addresses(49));
        attackers.push(address(last));
        for hour in 0..4 {
            let verified: usize = times(hour * HOUR, (hour + 1) * HOUR).map(|now| memory.guess(&attackers, now)).sum();
            assert!((fewest..=GUESSES_AN_HOUR).contains(&verified), "{verified} in hour {hour}");
        }
    }
}

#[test]
fn the_owner_gets_in_at_once_from_a_known_address_or_device_while_others_guess() {
    let (memory, attackers) = (Memory::default(), addresses(50));
    // The device is behind one of the attacker's own addresses.
    let owner = [address(HOME), device(1, "203.0.113.9")];
    for now in times(0, 3 * HOUR) {
        memory.guess(&attackers, now);
        for source in owner.iter().filter(|_| now % (10 * MINUTE) == 0) {
            // The second try, after a mistyped password.
            memory.attempt(source, false, now);
            assert_eq!(memory.attempt(source, true, now).0, Answer::In, "after {now} ms");
        }
    }
}

#[test]
fn a_stolen_token_keeps_no_other_device_out() {
    let (memory, stolen, owner) = (Memory::default(), [device(2, "203.0.113.9")], device(1, "203.0.113.9"));
    for now in times(0, 3 * HOUR) {
        memory.guess(&stolen, now);
        assert_eq!(memory.attempt(&owner, true, now).0, Answer::In, "after {now} ms");
    }
}

#[test]
fn devices_that_a_leaked_key_makes_up_guess_no_more_often_than_addresses() {
    let (memory, devices) = (Memory::default(), (0..50).map(|n| device(n, HOME)).collect::<Vec<_>>());
    let verified: usize = times(0, HOUR).map(|now| memory.guess(&devices, now)).sum();
    assert!((60..=90).contains(&verified), "{verified}");
}

/// From a new address without a device, an owner cannot be told from the attacker: it waits until the attack ends.
#[test]
fn an_owner_from_a_new_address_is_refused_during_the_attack_and_gets_in_a_minute_after_it() {
    let (memory, attackers, owner) = (Memory::default(), addresses(50), address("192.0.2.20"));
    for now in times(0, HOUR) {
        memory.guess(&attackers, now);
        if now % (10 * MINUTE) == 0 {
            assert_eq!(memory.attempt(&owner, true, now), (Answer::TooMany, false));
        }
    }
    assert_eq!(memory.attempt(&owner, true, HOUR + MINUTE).0, Answer::In);
}

#[test]
fn three_addresses_use_up_the_limit_of_an_account_for_a_few_hours_at_most() {
    let (memory, attackers, owner) = (Memory::default(), addresses(3), address("192.0.2.20"));
    for now in times(0, 12 * HOUR) {
        memory.guess(&attackers, now);
        if now >= 3 * HOUR {
            assert_eq!(memory.attempt(&owner, true, now).0, Answer::In, "after {now} ms");
        }
    }
}

#[test]
fn right_passwords_at_once_all_succeed_and_use_up_nothing() {
    for owner in [address(HOME), address("192.0.2.20"), device(1, HOME)] {
        let memory = Memory::default();
        for now in times(0, 10 * MINUTE) {
            let admitted: Vec<Admission> = (0..20).map(|_| memory.admit(&owner, now).unwrap()).collect();
            for admission in admitted {
                assert!(admission.may_verify());
                memory.refund(&admission, now);
            }
        }
        assert_eq!(memory.guess(&[owner], 10 * MINUTE), 20);
    }
}

proptest! {
    /// Nobody without the password can tell a known address from another one by the answers.
    #[test]
    fn wrong_passwords_get_the_same_answers_from_a_known_address(
        attempts in prop::collection::vec((0..6_usize, 0..120 * SECOND), 1..300),
    ) {
        let answers = |last: &str| {
            let (memory, mut sources, mut now) = (Memory::default(), addresses(5), 0);
            sources.push(address(last));
            let mut answers = Vec::new();
            for (source, wait) in &attempts {
                now += wait;
                answers.push(memory.attempt(&sources[*source], false, now).0);
            }
            answers
        };
        prop_assert_eq!(answers(HOME), answers("203.0.113.77"));
    }

    /// A bucket lets through its burst and one in each interval, whenever the attempts come, and its item outlasts it.
    #[test]
    fn a_bucket_never_lets_through_more_than_its_limit(waits in prop::collection::vec(0..300 * SECOND, 1..300)) {
        let (memory, bucket) = (Memory::default(), Bucket::of(PLACE, "x"));
        let (mut now, mut taken) = (0, 0);
        for wait in waits {
            now += wait;
            let charge = memory.charge(&bucket, memory.level(&bucket), now).now_or_never().unwrap().unwrap();
            taken += i64::from(charge == Charge::Taken);
            prop_assert!(taken <= PLACE.burst + now / PLACE.interval_ms);
            prop_assert!(memory.level(&bucket) <= Some(PLACE.ttl(now) * SECOND));
        }
    }
}
