//! The scanner's own policy, a file that belongs to those whose network it stands in. It stands above every job: what it does
//! not allow is not done, whatever the platform asks for.

use std::{
    fs,
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use url::Url;

use self::file::{Reader, Table, Text};
use crate::{builtin, engines, scope, secrecy::is_secret};

mod file;

/// The largest policy file.
const MAX_BYTES: u64 = 1 << 20;

/// What the operator of the scanner allows and sets.
#[derive(Clone, Debug)]
pub struct LocalPolicy {
    /// What scans may touch, and how much of it at once.
    pub scope: scope::Policy,
    /// The most jobs at once.
    pub jobs_at_once: usize,
    /// The programs that the scanner runs.
    pub engines: EngineSettings,
}

/// Where engines are.
#[derive(Clone, Debug, Default)]
pub struct EngineSettings {
    /// The names of engines that are not used, though they are there.
    pub without: Vec<String>,
    /// Directories of programs, before those of the system.
    pub directories: Vec<PathBuf>,
    /// What programs may read beside the system's own files.
    pub read_only: Vec<PathBuf>,
    /// The directory of the templates of nuclei.
    pub nuclei_templates: Option<PathBuf>,
    /// An openvasd of the operator's own.
    pub openvasd: Option<Openvasd>,
}

/// An openvasd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Openvasd {
    /// Its address.
    pub url: Url,
    /// The file with its API key.
    pub key_file: Option<PathBuf>,
}

impl Openvasd {
    /// Reads its API key.
    ///
    /// # Errors
    /// The file cannot be read, or holds no key.
    pub fn key(&self) -> Result<Option<String>> {
        /// No key is longer.
        const MAX_KEY: u64 = 4_096;
        let Some(path) = &self.key_file else { return Ok(None) };
        let shown = || format!("the key of openvasd cannot be read from {}", path.display());
        let mut key = String::new();
        fs::File::open(path).with_context(shown)?.take(MAX_KEY).read_to_string(&mut key).with_context(shown)?;
        let key = key.trim();
        let is_key = !key.is_empty() && key.bytes().all(|it| it.is_ascii_graphic());
        ensure!(is_key, "{} holds no key of openvasd", path.display());
        Ok(Some(key.to_owned()))
    }
}

impl LocalPolicy {
    /// Reads a policy; without a file, that of an empty one.
    ///
    /// # Errors
    /// The file cannot be read, or what is wrong with it, with the line.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Self::parse("").context("there is no policy") };
        let shown = path.display();
        let length = fs::metadata(path).with_context(|| format!("the policy {shown} cannot be read"))?.len();
        ensure!(length <= MAX_BYTES, "the policy {shown} is too large");
        let text = fs::read_to_string(path).with_context(|| format!("the policy {shown} cannot be read"))?;
        Self::parse(&text).map_err(|error| error.context(format!("the policy {shown} is wrong")))
    }

    fn parse(source: &str) -> Result<Self> {
        let (mut reader, table) = Reader::parse(source)?;
        let file = reader.whole(&table, &["networks", "limits", "engines"]);
        let networks = reader.table(file, "networks", &["allow", "deny", "allow_loopback"]);
        let limits = reader.table(file, "limits", &["max_rate", "hosts_at_once", "jobs_at_once", "intrusive"]);
        let jobs_at_once = reader.number(limits, "jobs_at_once", 1, 8);
        // The limit is of the scanner, whatever the number of its jobs.
        let max_rate = reader.number(limits, "max_rate", 300, 2_000) / jobs_at_once;
        let scope = scope::Policy {
            allow: reader.addresses(networks, "allow"),
            deny: reader.addresses(networks, "deny").unwrap_or_default(),
            allow_loopback: reader.flag(networks, "allow_loopback"),
            own_addresses: Vec::new(),
            max_rate: max_rate.max(1),
            hosts_at_once: reader.number(limits, "hosts_at_once", 8, 64),
            intrusive: reader.flag(limits, "intrusive"),
        };
        let engines = engines(&mut reader, file);
        reader.finish()?;
        Ok(Self { scope, jobs_at_once: usize::try_from(jobs_at_once).unwrap_or(1), engines })
    }
}

fn engines<'a>(reader: &mut Reader<'a>, file: Table<'a>) -> EngineSettings {
    let names = ["without", "directories", "read_only", "nuclei_templates", "openvasd"];
    let engines = reader.table(file, "engines", &names);
    let mut without = Vec::new();
    for Text { at, text } in reader.texts(engines, "without").unwrap_or_default() {
        if !engine_names().any(|name| name == text) {
            let names: Vec<_> = engine_names().collect();
            reader.wrong(at, format!("{text:?} is no engine; the engines are {}", names.join(", ")));
        }
        without.push(text.to_owned());
    }
    EngineSettings {
        without,
        directories: reader.paths(engines, "directories"),
        read_only: reader.paths(engines, "read_only"),
        nuclei_templates: reader.path(engines, "nuclei_templates"),
        openvasd: openvasd(reader, engines),
    }
}

fn openvasd<'a>(reader: &mut Reader<'a>, engines: Table<'a>) -> Option<Openvasd> {
    let start = reader.start(engines, "openvasd");
    let table = reader.table(engines, "openvasd", &["url", "key_file"]);
    let key_file = reader.path(table, "key_file");
    if !table.is_there() {
        return None;
    }
    let Some(Text { at, text }) = reader.text(table, "url") else {
        reader.wrong(start, "openvasd needs its url");
        return None;
    };
    let url = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        reader.wrong(at, format!("{text} is no address of an openvasd, such as https://openvasd.example.com:3000"));
        return None;
    };
    if !is_secret(&url) {
        // Its key and what it finds would go in clear.
        reader.wrong(at, format!("{text} is not encrypted; use https, or 127.0.0.1 for an openvasd on this machine"));
    }
    Some(Openvasd { url, key_file })
}

/// The names of all engines, the scanner's own first.
fn engine_names() -> impl Iterator<Item = &'static str> {
    builtin::NAMES.iter().chain(engines::NAMES).copied()
}

/// The addresses of this machine's interfaces, apart from the loopback ones, which have a rule of their own.
///
/// # Errors
/// The system does not tell them.
pub fn own_addresses() -> Result<Vec<IpAddr>> {
    let interfaces = nix::ifaddrs::getifaddrs().context("the addresses of this machine cannot be read")?;
    let mut addresses: Vec<IpAddr> = interfaces
        .filter_map(|it| {
            let address = it.address?;
            let v4 = address.as_sockaddr_in().map(|it| IpAddr::V4(it.ip()));
            v4.or_else(|| address.as_sockaddr_in6().map(|it| IpAddr::V6(it.ip())))
        })
        .filter(|it| !it.is_loopback())
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_is_the_usual_policy() {
        let example = LocalPolicy::parse(include_str!("../../policy.example.toml")).unwrap();
        let usual = LocalPolicy::read(None).unwrap();
        assert_eq!(format!("{example:?}"), format!("{usual:?}"));
        assert!(usual.scope.allow.is_none() && !usual.scope.allow_loopback && !usual.scope.intrusive);
        assert!(usual.scope.permits("192.0.2.1".parse().unwrap(), true).is_ok());
    }

    #[test]
    fn what_the_example_explains_is_understood() {
        // A setting is a commented line whose text begins at once.
        let setting = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest.to_owned(),
            _ => line.to_owned(),
        };
        let all: Vec<_> = include_str!("../../policy.example.toml").lines().map(setting).collect();
        let policy = LocalPolicy::parse(&all.join("\n")).unwrap();
        let permits = |text: &str| policy.scope.permits(text.parse().unwrap(), false).is_ok();
        assert!(permits("192.168.10.7") && !permits("192.168.10.1") && !permits("198.51.100.1"));
        assert!(policy.engines.openvasd.is_some() && !policy.engines.directories.is_empty());
    }

    fn refused(text: &str) -> String {
        LocalPolicy::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_wrong_file_names_the_line() {
        for (text, expected) in [
            ("[networks]\nallow = [\n\"192.0.2.0/24\",\n\"192.0.2.0/99\"]", "line 4: \"192.0.2.0/99\" must have"),
            ("[networks]\ndeny = ['printer.example']", "line 2: printer.example is a name"),
            ("[networks]\nallow = '10.0.0.0/8'", "line 2: allow must be a list of texts"),
            ("[networks]\nallow = ['10.0.0.1', 10]", "line 2: allow must be a list of texts"),
            ("[networks]\nallow_loopback = 1", "line 2: allow_loopback must be true or false"),
            ("\n[limits]\nmax_rate = 0", "line 3: max_rate must be a number from 1 to 2000"),
            ("[limits]\nmax_rate = '300'", "line 2: max_rate must be a number from 1 to 2000, without quotation marks"),
            ("[limits]\nmax_rate = 99999999999999999999", "line 2: max_rate must be a number"),
            ("[limits]\nhosts = 1", "line 2: limits has no setting \"hosts\"; it has max_rate, "),
            ("limit = 1", "line 1: the policy has no setting \"limit\"; it has networks, limits, engines"),
            ("limits = 1", "line 1: limits must be a table: [limits]"),
            ("a\n=", "line "),
            (
                "[engines]\nwithout = ['wapti']",
                "line 2: \"wapti\" is no engine; the engines are services, ssh, tls, http, ",
            ),
            ("[engines]\nwithout = 'wapiti'", "line 2: without must be a list of texts"),
            ("[engines]\ndirectories = ['bin']", "line 2: bin must be written from the root on"),
            ("[engines]\nnuclei_templates = []", "line 2: nuclei_templates must be a text in quotation marks"),
            ("[engines.openvasd]\nurl = 'openvasd'", "line 2: openvasd is no address"),
            ("[engines.openvasd]\nurl = 'http://openvasd.example'", "line 2: http://openvasd.example is not encrypted"),
            ("[engines.openvasd]\nkey_file = '/key'", "line 1: openvasd needs its url"),
        ] {
            let error = refused(text);
            assert!(error.starts_with(expected) && !error.contains('\n'), "{error}");
            for jargon in ["expected", "sequence", "u32", "invalid type"] {
                assert!(text.starts_with("a\n") || !error.contains(jargon), "{error}");
            }
        }
        let error = LocalPolicy::read(Some(Path::new("/nowhere/policy.toml"))).unwrap_err();
        assert!(format!("{error:#}").contains("/nowhere/policy.toml cannot be read"));
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let error =
            refused("[limits]\nhosts_at_once = 65\njobs_at_once = 0\n[engines]\nwithout = ['wapti', 'nmap', 'x']");
        for part in ["line 2: hosts_at_once", "line 3: jobs_at_once", "line 5: \"wapti\"", "line 5: \"x\""] {
            assert!(error.contains(part), "{error}");
        }
        let many: String = (0..30).map(|n| format!("'x{n}', ")).collect();
        assert!(refused(&format!("[engines]\nwithout = [{many}]")).ends_with("; and 20 more"));
    }

    #[test]
    fn every_engine_can_be_done_without() {
        let names: Vec<String> = engine_names().map(|name| format!("{name:?}")).collect();
        let policy = LocalPolicy::parse(&format!("[engines]\nwithout = [{}]", names.join(", "))).unwrap();
        assert_eq!(policy.engines.without.len(), 11);
        let own = builtin::engines(&crate::scan::net::Net::new(1));
        assert_eq!(own.iter().map(|it| it.name()).collect::<Vec<_>>(), builtin::NAMES);
    }

    #[test]
    fn networks_of_ipv6_are_understood() {
        let text = "[networks]\nallow = ['2001:db8::/32', '2001:db9::1-2001:db9::5']\ndeny = ['2001:db8:1::/48']";
        let policy = LocalPolicy::parse(text).unwrap();
        let permits = |text: &str| policy.scope.permits(text.parse().unwrap(), false).is_ok();
        assert!(permits("2001:db8::7") && permits("2001:db9::5"));
        assert!(!permits("2001:db8:1::7") && !permits("2001:db9::6") && !permits("192.0.2.1"));
    }

    #[test]
    fn a_key_is_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let url: Url = "https://openvasd.example".parse().unwrap();
        let openvasd = Openvasd { url: url.clone(), key_file: Some(path.clone()) };
        assert!(openvasd.key().unwrap_err().to_string().contains("cannot be read from"));
        for (text, key) in [("secret\n", Some("secret")), ("", None), ("two\nlines", None)] {
            fs::write(&path, text).unwrap();
            assert_eq!(openvasd.key().ok().flatten().as_deref(), key);
        }
        assert_eq!(Openvasd { url, key_file: None }.key().unwrap(), None);
    }

    #[test]
    fn the_rate_is_of_all_jobs_together() {
        let policy = LocalPolicy::parse("[limits]\nmax_rate = 100\njobs_at_once = 4").unwrap();
        assert_eq!((policy.scope.max_rate, policy.jobs_at_once), (25, 4));
        assert!(own_addresses().unwrap().iter().all(|it| !it.is_loopback()));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "[\\[\\]a-z_=\"0-9./\n ]{0,80}") {
            let _ = LocalPolicy::parse(&text);
        }
    }
}
