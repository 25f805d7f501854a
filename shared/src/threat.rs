//! How much a vulnerability matters, in words.

use crate::choice;

choice! {
    /// How much a vulnerability matters, from the most to the least.
    pub enum Threat {
        /// A severity of 9 or more.
        Critical = "critical",
        /// A severity of 7 or more.
        High = "high",
        /// A severity of 4 or more.
        Medium = "medium",
        /// Any lower severity.
        Low = "low",
        /// Information without a severity.
        Log = "log",
    }
}

impl Threat {
    /// The place among all, from 0 for the worst.
    #[must_use]
    pub fn rank(self) -> usize {
        self as usize
    }
}
