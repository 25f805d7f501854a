//! The rate of new connections.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// How much of what was not used may be caught up on.
const BURST: Duration = Duration::from_millis(50);
const SECOND: Duration = Duration::from_secs(1);

/// A number of turns a second, for all that takes one.
#[derive(Debug)]
pub(crate) struct Rate {
    most: u32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The time of the next turn.
    next: Instant,
    /// What engines with connections of their own use of the rate.
    lent: u32,
}

/// A part of a rate that somebody else uses until this is dropped.
#[derive(Debug)]
pub(crate) struct Loan {
    rate: Arc<Rate>,
    /// The part.
    pub(crate) share: u32,
}

impl Rate {
    /// A rate of at least one turn a second.
    pub(crate) fn new(most: u32) -> Self {
        Self { most: most.max(1), state: Mutex::new(State { next: Instant::now(), lent: 0 }) }
    }

    /// Waits for a turn.
    pub(crate) async fn turn(&self) {
        let at = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let own = self.most.saturating_sub(state.lent).max(1);
            let at = state.next.max(now.checked_sub(BURST).unwrap_or(now));
            state.next = at + SECOND / own;
            at
        };
        // A timer has a grain of a millisecond.
        if at.saturating_duration_since(Instant::now()) >= Duration::from_millis(1) {
            sleep_until(at).await;
        }
    }

    /// Gives a part to a program that makes connections itself.
    pub(crate) fn lend(self: &Arc<Self>, parts: u32) -> Loan {
        let share = (self.most / parts.max(1)).max(1);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lent = state.lent.saturating_add(share);
        Loan { rate: Arc::clone(self), share }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let mut state = self.rate.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lent = state.lent.saturating_sub(self.share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_at_the_rate() {
        let rate = Arc::new(Rate::new(100));
        let begun = Instant::now();
        for _ in 0..201 {
            rate.turn().await;
        }
        assert!((Duration::from_millis(1_900)..Duration::from_millis(2_100)).contains(&begun.elapsed()));
        // Half of it is lent.
        let loan = rate.lend(2);
        let begun = Instant::now();
        for _ in 0..101 {
            rate.turn().await;
        }
        assert_eq!(loan.share, 50);
        assert!((Duration::from_millis(1_900)..Duration::from_millis(2_100)).contains(&begun.elapsed()));
    }
}
