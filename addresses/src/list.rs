//! Lists of hosts.

use std::fmt;

use crate::{AddressSet, Host};

/// Hosts, each once, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostList(Vec<Host>);

/// What is wrong with an entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The beginning of the entry.
    pub entry: String,
    /// The rule that it breaks.
    pub message: &'static str,
}

impl HostList {
    /// The largest number of bytes of a list's text.
    pub const MAX_BYTES: usize = 65_536;
    /// The largest number of entries of a list.
    pub const MAX_ENTRIES: usize = 4_096;
    /// The largest number of invalid entries that are named.
    const MAX_INVALID: usize = 10;
    /// The number of characters of an entry that an error repeats.
    const SHOWN: usize = 60;

    /// Reads a list whose entries are apart by commas, semicolons, blanks or lines.
    ///
    /// # Errors
    /// The first invalid entries. An entry without text says that the list as a whole is too long.
    pub fn parse(text: &str) -> Result<Self, Vec<Invalid>> {
        let whole = |message| vec![Invalid { entry: String::new(), message }];
        if text.len() > Self::MAX_BYTES {
            return Err(whole("must have at most 65536 bytes"));
        }
        let entries =
            text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).filter(|entry| !entry.is_empty());
        let (mut hosts, mut invalid) = (Vec::new(), Vec::new());
        for (count, entry) in entries.enumerate() {
            if count >= Self::MAX_ENTRIES {
                return Err(whole("must have at most 4096 entries"));
            }
            match entry.parse::<Host>() {
                Ok(host) => hosts.push(host),
                Err(message) if invalid.len() < Self::MAX_INVALID => {
                    invalid.push(Invalid { entry: entry.chars().take(Self::SHOWN).collect(), message });
                }
                Err(_) => {}
            }
        }
        hosts.sort_unstable();
        hosts.dedup();
        let list = Self(hosts);
        match invalid.is_empty() {
            // A list is written longer than it may be read, where ranges are short.
            true if list.to_string().len() > Self::MAX_BYTES => Err(whole("must have at most 65536 bytes")),
            true => Ok(list),
            false => Err(invalid),
        }
    }

    /// The entries.
    pub fn iter(&self) -> impl Iterator<Item = &Host> {
        self.0.iter()
    }

    /// The addresses.
    #[must_use]
    pub fn addresses(&self) -> AddressSet {
        AddressSet::of(&self.0)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().filter_map(|host| match host {
            Host::Name(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether it has no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for HostList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, host) in self.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{host}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_however_its_entries_are_apart() {
        let list = HostList::parse("192.0.2.7,example.com;\n 192.0.2.0/30\t192.0.2.7 ").unwrap();
        assert_eq!(list.to_string(), "example.com, 192.0.2.7, 192.0.2.0/30");
        assert_eq!((list.addresses().len(), list.names().collect::<Vec<_>>()), (5, vec!["example.com"]));
        assert_eq!(HostList::parse(&list.to_string()), Ok(list));
        assert!(HostList::parse(" ,; ").unwrap().is_empty());
    }

    #[test]
    fn invalid_entries_are_named_and_bounded() {
        let invalid = HostList::parse("192.0.2.1 -oN/tmp/x 192.0.2.300").unwrap_err();
        let entries: Vec<_> = invalid.iter().map(|it| it.entry.as_str()).collect();
        assert_eq!(entries, ["-oN/tmp/x", "192.0.2.300"]);
        let long = format!("{} {}", "x_".repeat(5_000), "_ ".repeat(1_000));
        let invalid = HostList::parse(&long).unwrap_err();
        assert!(invalid.len() == 10 && invalid.iter().all(|it| it.entry.len() <= 60));
        let is_whole = |text: &str| HostList::parse(text).unwrap_err()[0].entry.is_empty();
        assert!(is_whole(&"a ".repeat(4_097)) && is_whole(&"a".repeat(65_537)));
        // 3,000 ranges, each of which is written longer than it was.
        let short: String = (0..3_000u16).map(|n| format!("198.19.{}.{}-255 ", n / 250, n % 250)).collect();
        assert!(short.len() < 65_536 && is_whole(&short));
    }
}
