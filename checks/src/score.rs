//! Scores of CVSS vectors. The build reads this file too.

use cvss::Cvss;

/// The length of the longest vector that is looked at; one of CVSS 4.0 with all its metrics is shorter.
const LONGEST: usize = 256;

/// The score of a vector of CVSS 2.0, 3.0, 3.1 or 4.0, as the `cvss` crate computes it; none where it is not valid.
#[must_use]
pub fn severity_of_vector(vector: &str) -> Option<f64> {
    if vector.len() > LONGEST || !vector.is_ascii() {
        return None;
    }
    let parsed: Cvss = vector.parse().ok()?;
    if let Cvss::CvssV30(it) | Cvss::CvssV31(it) = &parsed {
        // The crate takes a vector that lacks some of them.
        (it.av.is_some() && it.ac.is_some() && it.pr.is_some() && it.ui.is_some()).then_some(())?;
        (it.s.is_some() && it.c.is_some() && it.i.is_some() && it.a.is_some()).then_some(())?;
    }
    let score = parsed.score();
    (0.0..=10.0).contains(&score).then_some(score)
}

/// Whether a valid vector puts nothing at risk but availability.
pub(crate) fn is_availability_alone(vector: &str) -> bool {
    let risks = |metrics: &[&str]| {
        vector.split('/').filter_map(|it| it.split_once(':')).any(|(metric, value)| {
            metrics.iter().any(|it| it.eq_ignore_ascii_case(metric)) && !value.eq_ignore_ascii_case("N")
        })
    };
    severity_of_vector(vector).is_some() && risks(&["A", "VA", "SA"]) && !risks(&["C", "I", "VC", "VI", "SC", "SI"])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scores_are_those_of_the_standard() {
        for (vector, score) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
            ("CVSS:3.0/AV:N/AC:H/PR:N/UI:R/S:C/C:L/I:N/A:N", 3.4),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:U", 10.0),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3),
            ("AV:N/AC:M/Au:N/C:N/I:P/A:P", 5.8),
            ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),
        ] {
            assert_eq!(severity_of_vector(vector), Some(score), "{vector}");
        }
    }

    #[test]
    fn what_is_no_vector_has_no_score() {
        let long = format!("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H{}", "/E:X".repeat(60));
        for vector in [
            "",
            "/",
            "9.8",
            "CVSS:3.1",
            "CVSS:3.1/",
            "CVSS:3.1/AV:N",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
            "CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:5.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:4.0/AV:N/AC:L",
            "AV:N/AC:M/Au:N/C:N",
            "ÄV:N/AC:M/Au:N/C:N/I:P/A:P",
            &long,
        ] {
            assert_eq!(severity_of_vector(vector), None, "{vector}");
        }
    }

    #[test]
    fn availability_alone_is_told_from_the_rest() {
        for vector in [
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N",
            "AV:N/AC:L/Au:N/C:N/I:N/A:P",
        ] {
            assert!(is_availability_alone(vector), "{vector}");
        }
        for vector in [
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:H",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:L/SA:N",
            "AV:N/AC:L/Au:N/C:N/I:P/A:P",
            "C:N/I:N/A:H",
            "",
        ] {
            assert!(!is_availability_alone(vector), "{vector}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,300}") {
            prop_assert!(severity_of_vector(&text).is_none_or(|it| (0.0..=10.0).contains(&it)));
            is_availability_alone(&text);
        }

        #[test]
        fn any_metrics_are_read_without_harm(
            prefix in "(CVSS:[234]\\.[01]/)?",
            metrics in prop::collection::vec("(AV|AC|AT|Au|PR|UI|S|C|I|A|VC|VI|VA|SC|SI|SA|E|MAV|MS|MSI|CR):[NALPHRUCMSX]", 0..14),
        ) {
            let vector = prefix + &metrics.join("/");
            prop_assert!(severity_of_vector(&vector).is_none_or(|it| (0.0..=10.0).contains(&it)));
            is_availability_alone(&vector);
        }

        #[test]
        fn every_base_vector_has_a_score(
            version in "[01]",
            (av, ac, pr, ui, s) in ("[NALP]", "[LH]", "[NLH]", "[NR]", "[UC]"),
            (c, i, a) in ("[NLH]", "[NLH]", "[NLH]"),
        ) {
            let vector = format!("CVSS:3.{version}/AV:{av}/AC:{ac}/PR:{pr}/UI:{ui}/S:{s}/C:{c}/I:{i}/A:{a}");
            let score = severity_of_vector(&vector);
            prop_assert_eq!(score.map(|it| it > 0.0), Some((c + &i + &a) != "NNN"));
        }

        #[test]
        fn every_vector_of_version_4_has_a_score(
            (av, ac, at, pr, ui) in ("[NALP]", "[LH]", "[NP]", "[NLH]", "[NPA]"),
            (vc, vi, va) in ("[NLH]", "[NLH]", "[NLH]"),
            (sc, si, sa) in ("[NLH]", "[NLH]", "[NLH]"),
        ) {
            let vector = format!(
                "CVSS:4.0/AV:{av}/AC:{ac}/AT:{at}/PR:{pr}/UI:{ui}/VC:{vc}/VI:{vi}/VA:{va}/SC:{sc}/SI:{si}/SA:{sa}"
            );
            prop_assert!(severity_of_vector(&vector).is_some());
        }
    }
}
