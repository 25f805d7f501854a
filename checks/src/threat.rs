//! Classes of severity.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The class of a severity. The bounds are those of the CVSS 3.1 rating scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Threat {
    /// Information: 0.
    Log,
    /// Less than 4.
    Low,
    /// Less than 7.
    Medium,
    /// Less than 9.
    High,
    /// The rest.
    Critical,
}

impl Threat {
    /// The class of a severity from 0 to 10. What is no number is information.
    #[must_use]
    pub const fn of(severity: f64) -> Self {
        if severity.is_nan() || severity <= 0.0 {
            Self::Log
        } else if severity < 4.0 {
            Self::Low
        } else if severity < 7.0 {
            Self::Medium
        } else if severity < 9.0 {
            Self::High
        } else {
            Self::Critical
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Threat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_belong_to_the_higher_class() {
        for (severity, threat) in [
            (f64::NAN, Threat::Log),
            (-1.0, Threat::Log),
            (0.0, Threat::Log),
            (0.1, Threat::Low),
            (3.9, Threat::Low),
            (4.0, Threat::Medium),
            (6.9, Threat::Medium),
            (7.0, Threat::High),
            (8.9, Threat::High),
            (9.0, Threat::Critical),
            (10.0, Threat::Critical),
        ] {
            assert_eq!(Threat::of(severity), threat, "{severity}");
        }
    }

    proptest! {
        #[test]
        fn a_higher_severity_is_never_of_a_lower_class(one in 0.0..=10.0, other in 0.0..=10.0) {
            let (low, high) = if one <= other { (one, other) } else { (other, one) };
            prop_assert!(Threat::of(low) <= Threat::of(high));
        }

        #[test]
        fn only_nothing_is_information(severity in any::<f64>()) {
            prop_assert_eq!(Threat::of(severity) > Threat::Log, severity > 0.0);
        }
    }
}
