//! Whether a finding is allowed on systems of payment cards, as the programme for approved scanning vendors has it.

use serde::{Deserialize, Serialize};

use crate::score::is_availability_alone;

/// The score from which a finding fails.
const FAILS_FROM: f64 = 4.0;

/// Whether a system of payment cards may have a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may.
    Pass,
    /// It has to be corrected first.
    Fail,
}

/// A verdict whatever the score is, with its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: &'static str,
}

/// The verdict by score: from 4.0 on a finding fails, unless its vector says that only availability is at risk.
#[must_use]
pub fn pci_of(severity: f64, vector: Option<&str>) -> Verdict {
    if severity >= FAILS_FROM && !vector.is_some_and(is_availability_alone) { Verdict::Fail } else { Verdict::Pass }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_finding_fails_by_its_score() {
        assert_eq!(pci_of(3.9, None), Verdict::Pass);
        assert_eq!(pci_of(4.0, None), Verdict::Fail);
        assert_eq!(pci_of(7.5, Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N")), Verdict::Fail);
        assert_eq!(pci_of(7.5, Some("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")), Verdict::Pass);
        assert_eq!(pci_of(5.0, Some("AV:N/AC:L/Au:N/C:N/I:N/A:P")), Verdict::Pass);
        assert_eq!(pci_of(7.5, Some("A:H, as somebody says")), Verdict::Fail);
        assert_eq!(pci_of(f64::NAN, None), Verdict::Pass);
    }

    proptest! {
        #[test]
        fn without_a_vector_the_score_alone_decides(severity in 0.0..=10.0) {
            prop_assert_eq!(pci_of(severity, None) == Verdict::Fail, severity >= FAILS_FROM);
        }
    }
}
