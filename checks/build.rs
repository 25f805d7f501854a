//! Makes a table of constants of `catalogue.toml`, and stops the build at what cannot be one.

// The library's own files; the build uses a part of them.
#[allow(dead_code, unreachable_pub)]
#[path = "src/family.rs"]
mod family;
#[allow(dead_code, unreachable_pub)]
#[path = "src/score.rs"]
mod score;

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path, process::ExitCode};

use serde::Deserialize;

const CATALOGUE: &str = "catalogue.toml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    check: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    title: String,
    family: family::Family,
    cvss: Option<String>,
    #[serde(default)]
    cwe: Vec<u32>,
    #[serde(default)]
    cve: Vec<String>,
    summary: String,
    solution: String,
    references: Vec<String>,
    qod: u8,
    pci: Option<Pci>,
    pci_reason: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
}

/// The variants of `Verdict`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pci {
    Pass,
    Fail,
}

impl Entry {
    /// The entry as a constant `Check`.
    fn constant(&self) -> Result<String, String> {
        let severity = match &self.cvss {
            None => 0.0,
            Some(vector) if !vector.starts_with("CVSS:3.1/") => return Err(format!("{vector} is not of CVSS 3.1")),
            Some(vector) => score::severity_of_vector(vector).ok_or_else(|| format!("{vector} is not valid"))?,
        };
        let pci = match (&self.pci, &self.pci_reason) {
            (Some(verdict), Some(reason)) => {
                format!("Some(Rule {{ verdict: Verdict::{verdict:?}, reason: {reason:?} }})")
            }
            (None, None) => "None".to_owned(),
            _ => return Err("pci and pci_reason need each other".to_owned()),
        };
        if self.qod > 100 {
            return Err(format!("a quality of detection of {} is more than 100", self.qod));
        }
        Ok(format!(
            "Check {{ id: {:?}, title: {:?}, family: Family::{:?}, vector: {:?}, severity: {severity:?}, \
             threat: Threat::of({severity:?}), cwe: &{:?}, cve: &{:?}, summary: {:?}, solution: {:?}, references: &{:?}, \
             qod: {}, pci: {pci}, aliases: &{:?} }}",
            self.id,
            self.title,
            self.family,
            self.cvss,
            self.cwe,
            self.cve,
            one_line(&self.summary),
            one_line(&self.solution),
            self.references,
            self.qod,
            self.aliases,
        ))
    }
}

/// A text without its line breaks, which are there for readers of the file.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn table(text: &str) -> Result<String, String> {
    let catalogue: Catalogue = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut constants = BTreeMap::new();
    for entry in &catalogue.check {
        let constant = entry.constant().map_err(|error| format!("{}: {error}", entry.id))?;
        if constants.insert(&entry.id, constant).is_some() {
            return Err(format!("{} is there twice", entry.id));
        }
    }
    let mut table = "static CHECKS: &[Check] = &[\n".to_owned();
    for constant in constants.values() {
        writeln!(table, "    {constant},").map_err(|error| error.to_string())?;
    }
    table.push_str("];\n");
    Ok(table)
}

fn run() -> Result<(), String> {
    for file in [CATALOGUE, "build.rs", "src/family.rs", "src/score.rs"] {
        println!("cargo::rerun-if-changed={file}");
    }
    let text = fs::read_to_string(CATALOGUE).map_err(|error| error.to_string())?;
    let folder = env::var_os("OUT_DIR").ok_or("there is no OUT_DIR")?;
    fs::write(Path::new(&folder).join("catalogue.rs"), table(&text)?).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let Err(error) = run() else { return ExitCode::SUCCESS };
    for line in error.lines() {
        println!("cargo::error={CATALOGUE}: {line}");
    }
    ExitCode::FAILURE
}
