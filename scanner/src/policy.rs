//! The scanner's own policy, a file that belongs to those whose network it stands in. It stands above every job: what it does
//! not allow is not done, whatever the platform asks for.

use std::{
    fs,
    io::Read,
    net::IpAddr,
    path::{Path, PathBuf},
};

use addresses::{AddressSet, Host};
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use crate::scope;

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

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    networks: Networks,
    limits: Limits,
    engines: Engines,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Networks {
    allow: Option<Vec<Spanned<String>>>,
    deny: Vec<Spanned<String>>,
    allow_loopback: bool,
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    max_rate: Spanned<u32>,
    hosts_at_once: Spanned<u32>,
    jobs_at_once: Spanned<u32>,
    intrusive: bool,
}

impl Default for Limits {
    fn default() -> Self {
        let of = |value| Spanned::new(0..0, value);
        Self { max_rate: of(300), hosts_at_once: of(8), jobs_at_once: of(1), intrusive: false }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Engines {
    without: Vec<String>,
    directories: Vec<Spanned<PathBuf>>,
    read_only: Vec<Spanned<PathBuf>>,
    nuclei_templates: Option<Spanned<PathBuf>>,
    openvasd: Option<OpenvasdTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OpenvasdTable {
    url: Spanned<String>,
    key_file: Option<Spanned<PathBuf>>,
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

    fn parse(text: &str) -> Result<Self> {
        let File { networks, limits, engines } = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line(text, span.start));
            anyhow::anyhow!("line {line}: {}", error.message())
        })?;
        let checked = Checked { text };
        let jobs_at_once = checked.number("jobs_at_once", &limits.jobs_at_once, 8)?;
        // The limit is of the scanner, whatever the number of its jobs.
        let max_rate = checked.number("max_rate", &limits.max_rate, 2_000)? / jobs_at_once;
        let scope = scope::Policy {
            allow: networks.allow.map(|allow| checked.addresses(&allow)).transpose()?,
            deny: checked.addresses(&networks.deny)?,
            allow_loopback: networks.allow_loopback,
            own_addresses: Vec::new(),
            max_rate: max_rate.max(1),
            hosts_at_once: checked.number("hosts_at_once", &limits.hosts_at_once, 64)?,
            intrusive: limits.intrusive,
        };
        let openvasd = engines.openvasd.map(|table| checked.openvasd(table)).transpose()?;
        let engines = EngineSettings {
            without: engines.without,
            directories: checked.paths(&engines.directories)?,
            read_only: checked.paths(&engines.read_only)?,
            nuclei_templates: engines.nuclei_templates.map(|path| checked.path(&path)).transpose()?,
            openvasd,
        };
        Ok(Self { scope, jobs_at_once: usize::try_from(jobs_at_once).unwrap_or(1), engines })
    }
}

/// Reads values; an error names their line.
struct Checked<'a> {
    text: &'a str,
}

impl Checked<'_> {
    fn line<T>(&self, at: &Spanned<T>) -> usize {
        line(self.text, at.span().start)
    }

    fn number(&self, name: &str, value: &Spanned<u32>, max: u32) -> Result<u32> {
        let number = *value.get_ref();
        ensure!((1..=max).contains(&number), "line {}: {name} must be a number from 1 to {max}", self.line(value));
        Ok(number)
    }

    fn addresses(&self, entries: &[Spanned<String>]) -> Result<AddressSet> {
        let host = |entry: &Spanned<String>| match entry.get_ref().parse::<Host>() {
            Ok(Host::Name(name)) => {
                bail!("line {}: {name} is a name; a policy is of addresses, ranges and networks", self.line(entry))
            }
            Ok(host) => Ok(host),
            Err(message) => bail!("line {}: {:?} {message}", self.line(entry), entry.get_ref()),
        };
        let hosts = entries.iter().map(host).collect::<Result<Vec<_>>>()?;
        Ok(AddressSet::of(&hosts))
    }

    fn paths(&self, paths: &[Spanned<PathBuf>]) -> Result<Vec<PathBuf>> {
        paths.iter().map(|path| self.path(path)).collect()
    }

    /// A relative path would mean another place for each who starts the scanner.
    fn path(&self, path: &Spanned<PathBuf>) -> Result<PathBuf> {
        let shown = path.get_ref().display();
        ensure!(path.get_ref().is_absolute(), "line {}: {shown} must be written from the root on", self.line(path));
        Ok(path.get_ref().clone())
    }

    fn openvasd(&self, table: OpenvasdTable) -> Result<Openvasd> {
        let text = table.url.get_ref();
        let url = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let url =
            url.with_context(|| format!("line {}: {text} is no address of an openvasd", self.line(&table.url)))?;
        let key_file = table.key_file.map(|path| self.path(&path)).transpose()?;
        Ok(Openvasd { url, key_file })
    }
}

/// The number of the line of a byte.
fn line(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|it| *it == b'\n').count() + 1
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
        let example = LocalPolicy::parse(include_str!("../policy.example.toml")).unwrap();
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
        let all: Vec<_> = include_str!("../policy.example.toml").lines().map(setting).collect();
        let policy = LocalPolicy::parse(&all.join("\n")).unwrap();
        let permits = |text: &str| policy.scope.permits(text.parse().unwrap(), false).is_ok();
        assert!(permits("192.168.10.7") && !permits("192.168.10.1") && !permits("198.51.100.1"));
        assert!(policy.engines.openvasd.is_some() && !policy.engines.directories.is_empty());
    }

    #[test]
    fn a_wrong_file_names_the_line() {
        for (text, expected) in [
            ("[networks]\nallow = [\n\"192.0.2.0/24\",\n\"192.0.2.0/99\"]", "line 4: \"192.0.2.0/99\" must have"),
            ("[networks]\ndeny = ['printer.example']", "line 2: printer.example is a name"),
            ("\n[limits]\nmax_rate = 0", "line 3: max_rate must be a number from 1 to 2000"),
            ("[limits]\nmax_rate = 'fast'", "line 2: invalid type"),
            ("[limits]\nhosts = 1", "line 2: unknown field `hosts`"),
            ("a\n=", "line "),
            ("[engines]\ndirectories = ['bin']", "line 2: bin must be written from the root on"),
            ("[engines.openvasd]\nurl = 'openvasd'", "line 2: openvasd is no address"),
        ] {
            let error = LocalPolicy::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected) && !error.contains('\n'), "{error}");
        }
        let error = LocalPolicy::read(Some(Path::new("/nowhere/policy.toml"))).unwrap_err();
        assert!(format!("{error:#}").contains("/nowhere/policy.toml cannot be read"));
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
