//! The lines of nuclei. Each stands for itself; requests, answers and what was extracted from them are not kept, since
//! they may hold secrets.

use serde::Deserialize;

use crate::{
    engine::Target,
    engines::{
        found::{Found, Seen},
        own::Described,
        site,
    },
    text,
};

/// The longest line.
const LINE: usize = 1 << 20;

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "template-id")]
    template: String,
    #[serde(default, rename = "matcher-name")]
    matcher: String,
    #[serde(default, rename = "matched-at")]
    matched: String,
    info: Info,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Info {
    name: String,
    description: Option<String>,
    severity: String,
    remediation: Option<String>,
    reference: OneOrMany,
    classification: Option<Classification>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Classification {
    #[serde(rename = "cve-id")]
    cve: OneOrMany,
    #[serde(rename = "cwe-id")]
    cwe: OneOrMany,
    #[serde(rename = "cvss-metrics")]
    vector: Option<String>,
    #[serde(rename = "cvss-score")]
    score: Option<f64>,
}

/// A list, or what templates write instead.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<String>),
    One(String),
    #[default]
    None,
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::Many(all) => all,
            Self::One(one) => vec![one],
            Self::None => Vec::new(),
        }
    }
}

/// Reads lines; false when one of them could not be read.
pub(super) fn read(bytes: &[u8], target: &Target, found: &mut Found) -> bool {
    let mut is_whole = true;
    for line in bytes.split(|it| *it == b'\n').filter(|it| !it.trim_ascii().is_empty()) {
        match serde_json::from_slice::<Line>(line.get(..LINE).unwrap_or(line)) {
            Ok(line) => add(line, target, found),
            Err(_) => is_whole = false,
        }
    }
    is_whole
}

fn add(line: Line, target: &Target, found: &mut Found) {
    // What a redirect led to is not of this target.
    let Some((port, path)) = site::place(&line.matched, target) else { return };
    let (template, matcher) = (text::slug(&line.template), text::slug(&line.matcher));
    if template.is_empty() {
        return;
    }
    let check = match matcher.is_empty() {
        true => format!("nuclei:{template}"),
        false => format!("nuclei:{template}:{matcher}"),
    };
    let info = line.info;
    let classification = info.classification.unwrap_or_default();
    let mapped = match info.severity.as_str() {
        "critical" => Some(9.0),
        "high" => Some(7.5),
        "medium" => Some(5.3),
        "low" => Some(3.1),
        "info" => Some(0.0),
        _ => None,
    };
    let own = Described {
        title: info.name,
        description: info.description.unwrap_or_default(),
        solution: info.remediation.unwrap_or_default(),
        vector: classification.vector.unwrap_or_default(),
        severity: classification.score.or(mapped),
        references: info.reference.into_vec(),
        cve: classification.cve.into_vec(),
        cwe: classification.cwe.into_vec(),
    };
    let path = path.trim_end_matches('/');
    let evidence =
        format!("The template {template} matched at port {port}{}{path}", if path.is_empty() { "" } else { ", " });
    let own = Some(own.into_own(&line.template));
    found.add_seen(Seen { check: &check, port, path, variant: "", qod: 80, evidence, own });
}
