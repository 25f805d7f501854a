//! What a check of an engine's own says of itself, bounded and in our form.

use std::str::FromStr as _;

use crate::{report::OwnCheck, text};

/// The most references, CVE ids and numbers of CWE.
const LISTED: usize = 10;

/// A description as engines give it.
#[derive(Clone, Debug, Default)]
pub(super) struct Described {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) solution: String,
    /// A CVSS vector of any version.
    pub(super) vector: String,
    /// The severity where there is no vector that can be read.
    pub(super) severity: Option<f64>,
    pub(super) references: Vec<String>,
    pub(super) cve: Vec<String>,
    pub(super) cwe: Vec<String>,
}

impl Described {
    /// `otherwise` is the title where there is none.
    pub(super) fn into_own(self, otherwise: &str) -> OwnCheck {
        let scored = score(&self.vector);
        let (vector, severity) = match scored {
            Some((vector, score)) => (Some(vector), Some(score)),
            None => (None, self.severity.filter(|it| (0.0..=10.0).contains(it))),
        };
        let cwe = |text: &String| text.trim().trim_start_matches(|char: char| !char.is_ascii_digit()).parse().ok();
        OwnCheck {
            title: text::some(&self.title, text::SHORT).unwrap_or_else(|| text::clean(otherwise, text::SHORT)),
            severity,
            vector,
            description: text::some(&self.description, text::LONG),
            solution: text::some(&self.solution, text::LONG),
            references: listed(self.references.iter().filter_map(|it| link(it))),
            cve: listed(self.cve.iter().filter_map(|it| cve(it))),
            cwe: listed(self.cwe.iter().filter_map(cwe)),
        }
    }
}

fn listed<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = items.take(LISTED).collect();
    all.sort();
    all.dedup();
    all
}

/// A vector in its usual form, and its score. One of version 2 has no prefix.
fn score(text: &str) -> Option<(String, f64)> {
    let text = text.trim();
    if text.len() > 200 {
        return None;
    }
    if text.starts_with("CVSS:") {
        let vector = cvss::Cvss::from_str(text).ok()?;
        return Some((vector.to_string(), rounded(vector.score())));
    }
    let vector = cvss::v2::Vector::from_str(text).ok()?;
    Some((vector.to_string(), rounded(vector.score().value())))
}

fn rounded(score: f64) -> f64 {
    (score * 10.0).round() / 10.0
}

/// A link that a browser may follow, if it is not too long for the platform.
fn link(text: &str) -> Option<String> {
    let link = addresses::read_web_address(text.trim()).ok()?;
    (link.as_str().len() <= 500).then(|| link.into())
}

fn cve(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_uppercase();
    let (year, number) = text.strip_prefix("CVE-")?.split_once('-')?;
    let is_number =
        |text: &str, least| text.len() >= least && text.len() <= 8 && text.bytes().all(|it| it.is_ascii_digit());
    (year.len() == 4 && is_number(year, 4) && is_number(number, 4)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_engine_says_is_brought_into_form() {
        let own = Described {
            title: "A\ntitle".to_owned(),
            vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned(),
            severity: Some(1.0),
            references: ["https://example.com/a", "javascript:alert(1)", "https://example.com\\@evil.test", "x"]
                .map(str::to_owned)
                .into(),
            cve: ["cve-2021-44228", "CVE-x", "CVE-2021-1;drop"].map(str::to_owned).into(),
            cwe: ["CWE-79", "89", "none"].map(str::to_owned).into(),
            ..Described::default()
        }
        .into_own("x");
        assert_eq!((own.title.as_str(), own.severity), ("A title", Some(9.8)));
        assert_eq!(own.references, ["https://example.com/a"]);
        assert_eq!((own.cve, own.cwe), (vec!["CVE-2021-44228".to_owned()], vec![79, 89]));
    }

    #[test]
    fn severities_come_from_vectors_first() {
        let of = |vector: &str, severity| {
            let own = Described { vector: vector.to_owned(), severity, ..Described::default() }.into_own("x");
            (own.title, own.vector.is_some(), own.severity)
        };
        assert_eq!(of("AV:N/AC:L/Au:N/C:P/I:P/A:P", None), ("x".to_owned(), true, Some(7.5)));
        assert_eq!(of("nonsense", Some(5.3)), ("x".to_owned(), false, Some(5.3)));
        assert_eq!(of("", Some(f64::NAN)), ("x".to_owned(), false, None));
        assert_eq!(of("", Some(11.0)), ("x".to_owned(), false, None));
    }
}
