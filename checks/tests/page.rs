//! The table of `docs/checks.md` is that of the catalogue.
#![allow(clippy::unwrap_used)]

use std::{env, fmt::Write, fs, path::Path};

use checks::{Verdict, all};

const START: &str = "<!-- The table is written by `UPDATE_CHECKS_PAGE=1 cargo test -p checks`. -->\n";

fn table() -> String {
    let mut table = "\n| check | title | severity | PCI |\n| --- | --- | --- | --- |\n".to_owned();
    for check in all() {
        let severity = match check.vector {
            Some(_) => format!("{:.1} {}", check.severity, check.threat),
            None => check.threat.to_string(),
        };
        let pci = if check.verdict() == Verdict::Fail { "fail" } else { "pass" };
        writeln!(table, "| `{}` | {} | {severity} | {pci} |", check.id, check.title).unwrap();
    }
    table
}

#[test]
fn the_page_has_the_table_of_the_catalogue() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/checks.md");
    let page = fs::read_to_string(&file).unwrap();
    let (text, there) = page.split_once(START).unwrap();
    if env::var_os("UPDATE_CHECKS_PAGE").is_some() {
        fs::write(&file, format!("{text}{START}{}", table())).unwrap();
    } else {
        assert!(there == table(), "Write the table with UPDATE_CHECKS_PAGE=1 cargo test -p checks");
    }
}
