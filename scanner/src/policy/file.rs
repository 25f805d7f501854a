//! A policy file as its owner wrote it. Every mistake is told, with its line and what would be right; none ends the reading.

use std::{collections::BTreeSet, path::PathBuf};

use addresses::{AddressSet, Host};
use anyhow::{Result, bail};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The most mistakes that are told.
const MOST: usize = 10;

/// A text of the file, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) at: usize,
    pub(super) text: &'a str,
}

/// A table of the file; one that is not there has the usual settings.
#[derive(Clone, Copy)]
pub(super) struct Table<'a>(Option<&'a DeTable<'a>>);

/// Reads settings, and gathers what is wrong with them.
pub(super) struct Reader<'a> {
    source: &'a str,
    /// Each with its line.
    mistakes: BTreeSet<(usize, String)>,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// The text is no TOML.
    pub(super) fn parse(source: &'a str) -> Result<(Self, DeTable<'a>)> {
        let mut reader = Self { source, mistakes: BTreeSet::new() };
        let (table, errors) = DeTable::parse_recoverable(source);
        for error in errors {
            reader.wrong(error.span().map_or(0, |span| span.start), error.message().replace('\n', ", "));
        }
        reader.finish()?;
        Ok((reader, table.into_inner()))
    }

    /// # Errors
    /// What is wrong, in the order of the lines.
    pub(super) fn finish(&self) -> Result<()> {
        if self.mistakes.is_empty() {
            return Ok(());
        }
        let told = self.mistakes.iter().take(MOST).map(|(line, what)| format!("line {line}: {what}"));
        let more = (self.mistakes.len() > MOST).then(|| format!("and {} more", self.mistakes.len() - MOST));
        bail!(told.chain(more).collect::<Vec<_>>().join("; "))
    }

    /// Notes a mistake at a byte of the file.
    pub(super) fn wrong(&mut self, at: usize, what: impl Into<String>) {
        let line = self.source.bytes().take(at).filter(|it| *it == b'\n').count() + 1;
        self.mistakes.insert((line, what.into()));
    }

    /// The file itself, of which `names` are the tables.
    pub(super) fn whole(&mut self, table: &'a DeTable<'a>, names: &[&str]) -> Table<'a> {
        self.known(table, "the policy", names);
        Table(Some(table))
    }

    /// A table within another one; `names` are its settings.
    pub(super) fn table(&mut self, around: Table<'a>, name: &str, names: &[&str]) -> Table<'a> {
        let Some(value) = around.get(name) else { return Table(None) };
        match value.get_ref() {
            DeValue::Table(table) => {
                self.known(table, name, names);
                Table(Some(table))
            }
            _ => {
                self.wrong(value.span().start, format!("{name} must be a table: [{name}], with its settings below"));
                Table(None)
            }
        }
    }

    /// Where a setting stands; 0 where it is not there.
    pub(super) fn start(&self, table: Table<'a>, name: &str) -> usize {
        table.0.and_then(|table| table.get_key_value(name)).map_or(0, |(key, _)| key.span().start)
    }

    fn known(&mut self, table: &DeTable<'_>, place: &str, names: &[&str]) {
        for key in table.keys().filter(|key| !names.contains(&key.get_ref().as_ref())) {
            let what = format!("{place} has no setting {:?}; it has {}", key.get_ref(), names.join(", "));
            self.wrong(key.span().start, what);
        }
    }

    /// Yes or no; `false` where the file says nothing.
    pub(super) fn flag(&mut self, table: Table<'a>, name: &str) -> bool {
        let Some(value) = table.get(name) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(value.span().start, format!("{name} must be true or false"));
            false
        })
    }

    /// A number from 1 on; `usual` where the file says nothing.
    pub(super) fn number(&mut self, table: Table<'a>, name: &str, usual: u32, most: u32) -> u32 {
        let Some(value) = table.get(name) else { return usual };
        let number = value.get_ref().as_integer().and_then(|it| u32::from_str_radix(it.as_str(), it.radix()).ok());
        number.filter(|it| (1..=most).contains(it)).unwrap_or_else(|| {
            let more = if value.get_ref().is_str() { ", without quotation marks" } else { "" };
            self.wrong(value.span().start, format!("{name} must be a number from 1 to {most}{more}"));
            usual
        })
    }

    /// A text.
    pub(super) fn text(&mut self, table: Table<'a>, name: &str) -> Option<Text<'a>> {
        let value = table.get(name)?;
        let text = text(value);
        if text.is_none() {
            self.wrong(value.span().start, format!("{name} must be a text in quotation marks"));
        }
        text
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, table: Table<'a>, name: &str) -> Option<Vec<Text<'a>>> {
        let value = table.get(name)?;
        let rule = format!("{name} must be a list of texts, such as {name} = [\"…\", \"…\"]");
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(value.span().start, rule);
            return Some(Vec::new());
        };
        let mut texts = Vec::new();
        for value in list {
            match text(value) {
                Some(text) => texts.push(text),
                None => self.wrong(value.span().start, rule.clone()),
            }
        }
        Some(texts)
    }

    /// The addresses of a list of addresses, ranges and networks.
    pub(super) fn addresses(&mut self, table: Table<'a>, name: &str) -> Option<AddressSet> {
        let mut hosts = Vec::new();
        for Text { at, text } in self.texts(table, name)? {
            match text.parse::<Host>() {
                Ok(Host::Name(name)) => {
                    self.wrong(at, format!("{name} is a name; a policy is of addresses, ranges and networks"));
                }
                Ok(host) => hosts.push(host),
                Err(message) => self.wrong(at, format!("{text:?} {message}")),
            }
        }
        Some(AddressSet::of(&hosts))
    }

    /// Paths.
    pub(super) fn paths(&mut self, table: Table<'a>, name: &str) -> Vec<PathBuf> {
        let texts = self.texts(table, name).unwrap_or_default();
        texts.into_iter().filter_map(|text| self.absolute(text)).collect()
    }

    /// A path.
    pub(super) fn path(&mut self, table: Table<'a>, name: &str) -> Option<PathBuf> {
        let text = self.text(table, name)?;
        self.absolute(text)
    }

    /// A relative path would mean another place for each who starts the scanner.
    fn absolute(&mut self, Text { at, text }: Text<'a>) -> Option<PathBuf> {
        let path = PathBuf::from(text);
        if path.is_absolute() {
            return Some(path);
        }
        self.wrong(at, format!("{text} must be written from the root on"));
        None
    }
}

impl<'a> Table<'a> {
    /// Whether the file has it.
    pub(super) fn is_there(self) -> bool {
        self.0.is_some()
    }

    fn get(self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.0?.get(name)
    }
}

fn text<'a>(value: &'a Spanned<DeValue<'a>>) -> Option<Text<'a>> {
    Some(Text { at: value.span().start, text: value.get_ref().as_str()? })
}
