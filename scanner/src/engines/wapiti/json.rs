//! The report of wapiti, and what it says on the way: which of its modules came to their end.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{
    engine::Target,
    engines::{
        found::{Found, Seen},
        own::Described,
        site::{self, Site},
    },
    text,
};

#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    vulnerabilities: BTreeMap<String, Vec<Entry>>,
    #[serde(default)]
    classifications: BTreeMap<String, Classification>,
    infos: Infos,
}

#[derive(Deserialize)]
struct Infos {
    target: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    method: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    info: String,
    #[serde(default)]
    level: u8,
    #[serde(default)]
    parameter: String,
}

#[derive(Clone, Default, Deserialize)]
struct Classification {
    #[serde(default)]
    desc: String,
    #[serde(default)]
    sol: String,
    #[serde(default, rename = "ref")]
    references: BTreeMap<String, String>,
}

/// The modules, and the checks that each decides.
const MODULES: &[(&str, &[&str])] = &[
    ("csp", &["http-csp-missing"]),
    ("http_headers", &["http-frame-options-missing", "http-content-type-options-missing", "http-hsts-missing"]),
    ("cookieflags", &["http-cookie-not-httponly", "http-cookie-not-secure"]),
    ("https_redirect", &["http-no-redirect-to-https"]),
    ("sql", &["http-sql-injection"]),
    ("timesql", &["http-sql-injection"]),
    ("xss", &["http-cross-site-scripting"]),
    ("permanentxss", &["http-cross-site-scripting"]),
    ("file", &["http-file-inclusion"]),
    ("exec", &["http-command-execution"]),
    ("redirect", &["http-open-redirect"]),
];

/// What a category of the report means to us: a check, and how sure it is.
fn check(category: &str, info: &str) -> Option<(&'static str, u8)> {
    Some(match category {
        "Content Security Policy Configuration" if info.contains("not set") => ("http-csp-missing", 95),
        "Clickjacking Protection" if info.contains("not set") => ("http-frame-options-missing", 95),
        "MIME Type Confusion" if info.contains("not set") => ("http-content-type-options-missing", 95),
        "HTTP Strict Transport Security (HSTS)" if info.contains("not set") => ("http-hsts-missing", 95),
        "HttpOnly Flag cookie" => ("http-cookie-not-httponly", 95),
        "Secure Flag cookie" => ("http-cookie-not-secure", 95),
        "Unencrypted Channels" => ("http-no-redirect-to-https", 70),
        "SQL Injection" | "Blind SQL Injection" => ("http-sql-injection", 95),
        "Reflected Cross Site Scripting" | "Stored Cross Site Scripting" | "Cross Site Scripting" => {
            ("http-cross-site-scripting", 95)
        }
        "Path Traversal" => ("http-file-inclusion", 95),
        "Command execution" => ("http-command-execution", 95),
        "Open Redirect" => ("http-open-redirect", 95),
        "Backup file" => ("http-backup-exposed", 70),
        _ => return None,
    })
}

/// Categories that say what the site is, and not what is wrong with it.
const NO_FAULTS: [&str; 3] =
    ["Fingerprint web application framework", "Fingerprint web server", "TLS/SSL misconfigurations"];

/// Categories of the site as a whole: their findings have no path, wherever wapiti saw them.
const OF_SITE: [&str; 7] = [
    "Content Security Policy Configuration",
    "Clickjacking Protection",
    "MIME Type Confusion",
    "HTTP Strict Transport Security (HSTS)",
    "HttpOnly Flag cookie",
    "Secure Flag cookie",
    "Unencrypted Channels",
];

/// Categories that are a fault over TLS alone.
const OVER_TLS: [&str; 2] = ["Secure Flag cookie", "HTTP Strict Transport Security (HSTS)"];

/// Reads the report of a site; `log` is what wapiti printed, `modules` those that it was to run.
pub(super) fn read(report: &[u8], log: &[u8], target: &Target, site: Site, modules: &[&str], found: &mut Found) {
    let port = site.port;
    for (_, checks) in MODULES.iter().filter(|(module, _)| modules.contains(module)) {
        found.due(checks, [port]);
    }
    let Ok(report) = serde_json::from_slice::<Report>(report) else {
        return found.incomplete(format!("wapiti left no report of port {port}"));
    };
    if site::place(&report.infos.target, target).is_none_or(|(reported, _)| reported != port) {
        return found.incomplete(format!("wapiti says nothing of port {port}"));
    }
    for (category, entries) in &report.vulnerabilities {
        if OVER_TLS.contains(&category.as_str()) && !site.tls {
            continue;
        }
        for entry in entries.iter().take(200) {
            let classification = report.classifications.get(category).cloned().unwrap_or_default();
            add(category, entry, classification, port, found);
        }
    }
    let ended = ended(&String::from_utf8_lossy(log), modules);
    for (module, checks) in MODULES {
        let all = MODULES.iter().filter(|(_, others)| others.iter().any(|it| checks.contains(it)));
        // SQL injection is looked for by two modules: both have to come to their end.
        if ended.contains(module) && all.clone().all(|(it, _)| ended.contains(it)) {
            found.ran(checks, port);
        }
    }
    for module in modules.iter().filter(|it| !ended.contains(**it)) {
        found.incomplete(format!("wapiti did not come to the end of its module {module} on port {port}"));
    }
}

fn add(category: &str, entry: &Entry, classification: Classification, port: u16, found: &mut Found) {
    let path = entry.path.split(['?', '#']).next().unwrap_or_default();
    let variant = text::clean(&entry.parameter, 64);
    let evidence = match entry.parameter.is_empty() {
        true => format!("{} {path}: {}", entry.method, entry.info),
        false => format!("{} {path}, parameter {variant}: {}", entry.method, entry.info),
    };
    let (path, variant) = if OF_SITE.contains(&category) { ("", "") } else { (path, variant.as_str()) };
    if let Some((check, qod)) = check(category, &entry.info) {
        return found.add_seen(Seen { check, port, path, variant, qod, evidence, own: None });
    }
    if NO_FAULTS.contains(&category) {
        return;
    }
    let name = text::slug(category);
    if name.is_empty() {
        return;
    }
    let own = Described {
        title: category.to_owned(),
        description: classification.desc,
        solution: classification.sol,
        severity: Some(match entry.level {
            0 => 0.0,
            1 => 3.1,
            2 => 5.3,
            3 => 7.5,
            _ => 9.0,
        }),
        cwe: classification.references.keys().filter(|it| it.starts_with("CWE-")).filter_map(|it| number(it)).collect(),
        references: classification.references.into_values().collect(),
        ..Described::default()
    };
    let check = format!("wapiti:{name}");
    let own = Some(own.into_own(category));
    found.add_seen(Seen { check: &check, port, path, variant, qod: 70, evidence, own });
}

/// The number in `CWE-79: some title`.
fn number(text: &str) -> Option<String> {
    text.split(':').next().map(str::to_owned)
}

/// The modules that were begun and not broken off, when the whole came to its end.
fn ended<'a>(log: &str, modules: &[&'a str]) -> BTreeSet<&'a str> {
    let is_whole = log.contains("A report has been generated") && !log.contains("Max scan time was reached");
    if !is_whole {
        return BTreeSet::new();
    }
    let mut ended = BTreeSet::new();
    let mut current = None;
    for line in log.lines() {
        if let Some((_, name)) = line.split_once("Launching module ") {
            current = modules.iter().find(|it| **it == name.trim()).copied();
            ended.extend(current);
        } else if line.contains("Max attack time was reached") || line.contains("skipped due to network issues") {
            ended.retain(|it| Some(*it) != current);
        }
    }
    ended
}
