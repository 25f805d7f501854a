//! Every check that the sources name is in the catalogue: what a report names otherwise has no title and no solution.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Words that look like the id of a check and are none: names of algorithms, of programs and of their scripts.
const OTHERS: &[&str] = &[
    "docker-version",
    "ftp-anon",
    "http-git",
    "http-methods",
    "http-proxy",
    "http-trace",
    "memcached-info",
    "mongodb-databases",
    "nfs-showmount",
    "rdp-enum-encryption",
    "redis-info",
    "rmi-dumpregistry",
    "smb-protocols",
    "smb-vuln-ms17-010",
    "ssh-audit",
    "ssh-auth-methods",
    "ssh-dss",
    "ssh-ed25519",
    "ssh-hostkey",
    "ssh-rsa",
    "vnc-info",
    "x11-access",
];

fn sources(directory: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push(path);
        }
    }
}

/// The texts in quotation marks on a line, comments left out.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split("//").next().unwrap_or_default().split('"').skip(1).step_by(2)
}

/// The text in quotation marks that is the first argument of what reports a check, or of what says that one ran.
fn reported(line: &str) -> impl Iterator<Item = &str> {
    const CALLS: [&str; 6] = ["find(\"", "add(\"", "check: \"", "failed(&[\"", "ran(&[\"", "due(&[\""];
    let after = CALLS.iter().filter_map(|call| line.split_once(*call));
    after.filter_map(|(_, rest)| rest.split('"').next()).filter(|it| it.contains('-'))
}

fn looks_like_an_id(text: &str, families: &BTreeSet<&str>) -> bool {
    let is_plain = text.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-');
    is_plain && !text.ends_with('-') && text.split_once('-').is_some_and(|(first, _)| families.contains(first))
}

#[test]
fn every_check_that_the_sources_name_is_in_the_catalogue() {
    // The first words of all ids, such as `tls`.
    let families: BTreeSet<&str> = checks::all().filter_map(|it| it.id.split('-').next()).collect();
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let (mut named, mut others) = (BTreeSet::new(), BTreeSet::new());
    for path in files.iter().filter(|it| !it.ends_with("rules/ids.rs")) {
        let text = fs::read_to_string(path).unwrap();
        let is_tests = path.components().any(|it| it.as_os_str() == "tests") || path.ends_with("tests.rs");
        let code = if is_tests { "" } else { text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default() };
        if let Some(id) = code.lines().flat_map(reported).find(|id| checks::find(id).is_none()) {
            panic!("{}: {id} is reported and not in the catalogue", path.display());
        }
        for id in text.lines().flat_map(quoted).filter(|it| looks_like_an_id(it, &families)) {
            match checks::find(id) {
                Some(check) => {
                    assert_eq!(check.id, id, "{}: an old name", path.display());
                    named.insert(id.to_owned());
                }
                None if OTHERS.contains(&id) => drop(others.insert(id.to_owned())),
                None => panic!("{}: {id} is not in the catalogue", path.display()),
            }
        }
    }
    assert!(named.len() > 80, "the sources were not read: {named:?}");
    let unused: Vec<_> = OTHERS.iter().filter(|it| !others.contains(**it)).collect();
    assert!(unused.is_empty(), "nobody names {unused:?} any more");
}
