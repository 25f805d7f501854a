//! How long the agent waits.

use std::{fmt::Display, time::Duration};

use uuid::Uuid;

/// The times of the agent.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Between polls without work, unless the platform says another.
    pub idle: Duration,
    /// Between polls with work, at most.
    pub busy: Duration,
    /// Between renewals of a lease without news.
    pub renewal: Duration,
    /// Between renewals with news, at least.
    pub news: Duration,
    /// How long results wait for others before they are sent.
    pub gathering: Duration,
    /// What engines have to end when they are told to.
    pub ending: Duration,
    /// What is left for sending when the program is told to end.
    pub parting: Duration,
    /// The wait after a first failure.
    pub first_wait: Duration,
    /// The longest wait after failures.
    pub longest_wait: Duration,
    /// The time for a request and its answer.
    pub request: Duration,
    /// A second of the platform: what its answers name is in multiples of it.
    pub second: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(15),
            busy: Duration::from_secs(5),
            renewal: Duration::from_secs(30),
            news: Duration::from_secs(5),
            gathering: Duration::from_secs(5),
            ending: Duration::from_secs(8),
            parting: Duration::from_secs(5),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            request: Duration::from_secs(30),
            second: Duration::from_secs(1),
        }
    }
}

impl Timing {
    /// A time that the platform names in seconds, at most an hour.
    pub(crate) fn seconds(&self, seconds: u64) -> Duration {
        self.second.saturating_mul(u32::try_from(seconds.min(3_600)).unwrap_or(3_600))
    }
}

/// Waits that grow with each failure, and that scanners do not share: they would call all at once otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) fn new(timing: &Timing) -> Self {
        Self { first: timing.first_wait, longest: timing.longest_wait, failures: 0 }
    }

    /// The wait after another failure; at least what the platform asks for.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let whole = self.first.saturating_mul(2u32.saturating_pow(self.failures.min(16))).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        let wait = whole / 2 + (whole / 2).mul_f64(fastrand::f64());
        wait.max(asked.unwrap_or_default())
    }

    /// Tells of a failure at a job, and returns the wait after it, at least what the platform asks for. A first one mostly passes
    /// by itself, as where the platform asks for a second of patience: nobody has to be warned of it.
    pub(crate) fn after(&mut self, job: Uuid, what: &str, failure: &impl Display, asked: Option<Duration>) -> Duration {
        match self.failures {
            0 => tracing::info!(%job, "{what}: {failure}; the scanner tries again"),
            _ => tracing::warn!(%job, "{what}: {failure}"),
        }
        self.next(asked)
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A wait of about this length.
pub(crate) fn about(wait: Duration) -> Duration {
    wait.mul_f64(0.9 + 0.2 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    /// A log that a test reads.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_is_warned_of_a_first_failure() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).without_time().finish();
        tracing::subscriber::with_default(subscriber, || {
            let mut backoff = Backoff::new(&Timing::default());
            for _ in 0..2 {
                backoff.after(Uuid::nil(), "it is not done yet", &"busy", None);
                backoff.after(Uuid::nil(), "it is not done yet", &"busy", None);
                backoff.reset();
            }
        });
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let levels: Vec<_> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(levels, ["INFO", "WARN", "INFO", "WARN"], "{text}");
    }

    #[test]
    fn waits_grow_to_a_bound() {
        let mut backoff = Backoff::new(&Timing::default());
        for (most, _) in [1, 2, 4, 8, 16, 32, 60, 60].iter().zip(0..) {
            let (most, wait) = (Duration::from_secs(*most), backoff.next(None));
            assert!((most / 2..=most).contains(&wait), "{wait:?} of {most:?}");
        }
        assert!(backoff.next(Some(Duration::from_secs(600))) >= Duration::from_secs(600));
        backoff.reset();
        assert!(backoff.next(None) <= Duration::from_secs(1));
    }
}
