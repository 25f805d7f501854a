//! What the items of a table say of one another. It is written down apart from the code that writes the items, so that a
//! mistake there shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use aws_sdk_dynamodb::types::AttributeValue;

use super::rows::Row;

/// A number that an item keeps: its partition, sort key and attribute.
pub(super) type Count = (String, String, &'static str);

/// The number of parts in which the users of an organization are counted.
pub(super) const PARTS: u8 = 8;
/// The numbers that the counts of an organization keep.
const COUNTED: [&str; 8] =
    ["users", "children", "resources", "plugins", "tools", "connectors", "domains", "running_scans"];
/// The numbers that totals keep.
pub(super) const TOTALLED: [&str; 18] = [
    "users",
    "organizations",
    "port_lists",
    "schedules",
    "targets",
    "scanners",
    "scans",
    "vulnerabilities",
    "open_critical",
    "open_high",
    "open_medium",
    "open_low",
    "open_log",
    "own_open_critical",
    "own_open_high",
    "own_open_medium",
    "own_open_low",
    "own_open_log",
];
/// The words for threats, from the worst on, with the totals that count open vulnerabilities of each.
const THREATS: [(&str, &str, &str); 5] = [
    ("critical", "open_critical", "own_open_critical"),
    ("high", "open_high", "own_open_high"),
    ("medium", "open_medium", "own_open_medium"),
    ("low", "open_low", "own_open_low"),
    ("log", "open_log", "own_open_log"),
];

/// What items need, and what there is.
#[derive(Debug, Default)]
pub(super) struct Facts {
    needed: BTreeSet<String>,
    found: BTreeSet<String>,
    pub(super) counted: BTreeMap<Count, i64>,
    kept: BTreeMap<Count, i64>,
    /// The entries of the audit log whose place is not known any more: their organization ended before places were kept.
    placeless: BTreeSet<String>,
}

impl Facts {
    /// Adds what an item says.
    pub(super) fn add(&mut self, row: &Row) {
        match row.kind() {
            "user" => self.user(row),
            "port_list" => self.resource(row, "port_lists"),
            "schedule" => self.resource(row, "schedules"),
            "scanner" => self.resource(row, "scanners"),
            "target" => self.target(row),
            "scan" => self.scan(row),
            "host" => self.host(row),
            "vulnerability" => self.vulnerability(row),
            "uses" => {
                self.find(place_of(row));
                self.keep(row, &["uses"]);
            }
            "organization" => self.organization(row),
            "event" => self.entry(row),
            "event_copy" => self.copy(row),
            "email" => self.find(format!("{} leads to user {}", row.partition(), row.text("user_id"))),
            "organization_name" => {
                self.find(format!("{} leads to organization {}", row.partition(), row.text("organization_id")));
                self.find(index_of(row));
            }
            "top_organization" | "partner" | "sign_ins" | "log_shard" => self.find(place_of(row)),
            "members" | "users_part" => {
                self.find(place_of(row));
                self.keep(row, &COUNTED);
            }
            "totals" => self.keep(row, &TOTALLED),
            "plugin" | "tool" | "connector" | "domain" => self.part(row),
            _ => {}
        }
    }

    fn need(&mut self, fact: String) {
        self.needed.insert(fact);
    }

    fn find(&mut self, fact: String) {
        self.found.insert(fact);
    }

    fn count(&mut self, partition: String, sort: String, attribute: &'static str) {
        *self.counted.entry((partition, sort, attribute)).or_default() += 1;
    }

    /// One more in the totals of every organization on a path, and of the platform.
    fn total(&mut self, path: &str, attribute: &'static str) {
        for log in ids_of(path).into_iter().chain(["PLATFORM".to_owned()]) {
            self.count(format!("TOTALS#{log}"), String::new(), attribute);
        }
    }

    fn keep(&mut self, row: &Row, attributes: &[&'static str]) {
        // Totals are in several items.
        let sort = if row.kind() == "totals" { "" } else { row.sort() };
        for attribute in attributes {
            if let Some(kept) = row.number(attribute) {
                *self.kept.entry((row.partition().to_owned(), sort.to_owned(), attribute)).or_default() += kept;
            }
        }
    }

    fn user(&mut self, row: &Row) {
        let (id, organization) = (row.text("id"), row.text("organization_id"));
        self.owned(row, "users");
        self.need(format!("EMAIL#{} leads to user {id}", unique(row.text("email"))));
        self.need(format!("USER#{id} SIGN_INS"));
        if row.text("role") == "Partner" {
            self.need(format!("ORG#{organization} PARTNER#{id}"));
        }
        self.count(format!("ORG#{organization}"), part_of(id), "users");
    }

    /// What an organization owns besides its users.
    fn resource(&mut self, row: &Row, kind: &'static str) {
        self.owned(row, kind);
        self.need(format!("{} USES", row.partition()));
        self.count(format!("ORG#{}", row.text("organization_id")), part_of(row.text("id")), "resources");
    }

    fn target(&mut self, row: &Row) {
        self.resource(row, "targets");
        if !row.flag("has_shared_list") {
            self.uses("PORT_LIST", row.text("port_list_id"));
        }
    }

    fn scan(&mut self, row: &Row) {
        self.resource(row, "scans");
        self.uses("TARGET", row.text("target_id"));
        self.uses("SCHEDULE", row.text("schedule_id"));
        if !row.flag("has_shared_scanner") {
            self.uses("SCANNER", row.text("scanner_id"));
        }
        if ["Requested", "Running", "Stop Requested"].contains(&row.text("status")) {
            self.count(format!("ORG#{}", row.text("organization_id")), part_name(0), "running_scans");
        }
    }

    /// A use of what another item names, if it names any. Nobody counts the uses of what the platform shares.
    fn uses(&mut self, kind: &str, id: &str) {
        if !id.is_empty() {
            self.need(format!("{kind}#{id} USES"));
            self.count(format!("{kind}#{id}"), "USES".to_owned(), "uses");
        }
    }

    fn host(&mut self, row: &Row) {
        let open = |threat: &str| row.number_of("open", threat).unwrap_or_default();
        let risk = open("critical") * 1_000 + open("high") * 100 + open("medium") * 10 + open("low");
        let logarithm = (risk + 1).clamp(1, 9_999_999).ilog2();
        self.found(row, "HOSTS", &format!("{:02}", 23 - logarithm));
    }

    fn vulnerability(&mut self, row: &Row) {
        let changed = row.text("changed_at").parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond);
        let latest = format!("{:013}", 9_999_999_999_999 - changed);
        if row.text("status") == "fixed" {
            return self.found(row, "FIXED_VULNERABILITIES", &latest);
        }
        let threat = THREATS.iter().enumerate().find(|(_, (word, ..))| *word == row.text("threat"));
        let Some((at, (_, open, own))) = threat else { return };
        self.found(row, &format!("VULNERABILITIES#{at}"), &latest);
        self.total(row.place(), "vulnerabilities");
        self.total(row.place(), open);
        self.count(format!("TOTALS#{}", row.text("organization_id")), String::new(), own);
    }

    /// What scans have found, which is in the index by another order than that of ids.
    fn found(&mut self, row: &Row, tree: &str, order: &str) {
        let (id, path) = (row.text("id"), row.place());
        self.find(index_of(row));
        self.need(index(row, &format!("{tree}#{}", top_of(path)), &format!("{path}#{order}#{id}")));
        self.need(format!("organization {} at {path}", row.text("organization_id")));
    }

    /// What the index and the totals have of a kind, and its organization.
    fn owned(&mut self, row: &Row, kind: &'static str) {
        let (id, path) = (row.text("id"), row.place());
        self.find(index_of(row));
        self.need(index(row, &format!("{}#{}", kind.to_uppercase(), top_of(path)), &format!("{path}#{id}")));
        self.need(format!("organization {} at {path}", row.text("organization_id")));
        self.total(path, kind);
    }

    fn organization(&mut self, row: &Row) {
        let (id, path) = (row.text("id"), row.place());
        self.find(format!("organization {id} at {path}"));
        self.find(index_of(row));
        let last = ids_of(path).pop().unwrap_or_default();
        self.need(format!("organization {last} at {path}"));
        self.need(index(row, &format!("ORGANIZATIONS#{}", top_of(path)), path));
        let name = unique(row.text("name"));
        let above = ids_of(path).into_iter().rev().nth(1);
        let marker = format!("NAME#{}#{name}", above.as_deref().unwrap_or("TOP"));
        self.need(format!("{marker} leads to organization {id}"));
        self.need(format!("{marker} NAME is in the index at NAME#{name} {path}"));
        (0..PARTS).for_each(|part| self.need(format!("ORG#{id} {}", part_name(part))));
        match above {
            Some(above) => {
                let above_path = path.trim_end_matches('/').rsplit_once('/').map_or("", |(above, _)| above);
                self.need(format!("organization {above} at {above_path}/"));
                self.count(format!("ORG#{above}"), part_name(0), "children");
            }
            None => self.need(format!("TOPS {}", id.replace('-', ""))),
        }
        self.total(path, "organizations");
    }

    /// A part of settings, of which an organization may have a number.
    fn part(&mut self, row: &Row) {
        let attribute = match row.kind() {
            "plugin" => "plugins",
            "tool" => "tools",
            "connector" => "connectors",
            _ => "domains",
        };
        self.count(row.partition().to_owned(), part_name(0), attribute);
    }

    fn entry(&mut self, row: &Row) {
        let id = row.text("id").to_owned();
        let (path, moved_to) = (row.text("path"), row.text("moved_to"));
        if path.is_empty() {
            self.placeless.insert(id);
            return;
        }
        let own = row.text("log");
        let mut logs: BTreeSet<String> = ids_of(path).into_iter().chain(ids_of(moved_to)).collect();
        logs.remove(own);
        logs.insert("PLATFORM".to_owned());
        for log in logs {
            self.need(copy_in(&id, &log, row));
        }
        self.need(format!("AUDIT#PLATFORM {}", shard_of(row)));
    }

    fn copy(&mut self, row: &Row) {
        let id = row.text("id");
        let log = match row.text("log") {
            "" => "PLATFORM",
            log => log,
        };
        self.find(copy_in(id, log, row));
    }

    /// The entries that some log lacks, or holds otherwise, by their ids.
    pub(super) fn entries_without_a_copy(&self) -> BTreeSet<&str> {
        self.needed.difference(&self.found).filter_map(|fact| entry_of(fact)).collect()
    }

    /// The numbers that are kept wrongly, with what they should be.
    pub(super) fn wrong_counts(&self) -> Vec<(Count, i64)> {
        let all: BTreeSet<&Count> = self.counted.keys().chain(self.kept.keys()).collect();
        let of = |counts: &BTreeMap<Count, i64>, count: &Count| counts.get(count).copied().unwrap_or_default();
        let wrong = all.into_iter().filter(|count| of(&self.counted, count) != of(&self.kept, count));
        wrong.map(|count| (count.clone(), of(&self.counted, count))).collect()
    }

    /// What does not agree, a line each.
    pub(super) fn differences(&self) -> Vec<String> {
        let is_placeless = |fact: &&String| {
            // Marks stay when nothing needs them: an entry that is made just then may.
            entry_of(fact).is_some_and(|id| self.placeless.contains(id)) || fact.starts_with("AUDIT#PLATFORM ")
        };
        let missing = self.needed.difference(&self.found).map(|fact| format!("missing: {fact}"));
        let left = self.found.difference(&self.needed).filter(|fact| !is_placeless(fact));
        let left = left.map(|fact| format!("left over: {fact}"));
        let wrong = self.wrong_counts().into_iter().map(|((partition, sort, attribute), right)| {
            let kept = self.kept.get(&(partition.clone(), sort.clone(), attribute)).copied().unwrap_or_default();
            format!("{partition} {sort} has {kept} {attribute}, and there are {right}")
        });
        missing.chain(left).chain(wrong).collect()
    }
}

fn place_of(row: &Row) -> String {
    format!("{} {}", row.partition(), row.sort())
}

fn index(row: &Row, partition: &str, sort: &str) -> String {
    format!("{} is in the index at {partition} {sort}", place_of(row))
}

fn index_of(row: &Row) -> String {
    index(row, row.text("GSI1PK"), row.text("GSI1SK"))
}

/// The entry that the fact of a copy is about, by its id.
fn entry_of(fact: &str) -> Option<&str> {
    fact.strip_prefix("entry ")?.split(' ').next()
}

/// A copy of an entry in a log, with all that it says.
fn copy_in(id: &str, log: &str, row: &Row) -> String {
    const OF_THE_ITEM: [&str; 9] =
        ["PK", "SK", "log", "path", "moved_to", "totals", "item_type", "item_version", "item_schema"];
    let mut said: Vec<String> = row
        .0
        .iter()
        .filter(|(name, _)| !OF_THE_ITEM.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}={}", canonical(value)))
        .collect();
    said.sort();
    let mut hasher = DefaultHasher::new();
    said.hash(&mut hasher);
    format!("entry {id} in the log {log}, content {:016x}", hasher.finish())
}

/// A value as a text that the order of a map does not change.
fn canonical(value: &AttributeValue) -> String {
    match value.as_m() {
        Ok(map) => {
            let mut parts: Vec<String> =
                map.iter().map(|(name, value)| format!("{name}={}", canonical(value))).collect();
            parts.sort();
            parts.join(",")
        }
        Err(_) => match value.as_l() {
            Ok(list) => list.iter().map(canonical).collect::<Vec<_>>().join(";"),
            Err(_) => format!("{value:?}"),
        },
    }
}

/// The organizations of a path, from the top down.
pub(super) fn ids_of(path: &str) -> Vec<String> {
    let hyphenated = |part: &str| part.parse::<uuid::Uuid>().ok().map(|id| id.to_string());
    path.split('/').filter_map(hyphenated).collect()
}

/// The top organization of a path, as it is in the path.
pub(super) fn top_of(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// The form in which names and addresses are unique.
pub(super) fn unique(text: &str) -> String {
    text.trim().to_lowercase()
}

/// The sort key of the part that counts a user, by the last byte of its id.
fn part_of(user: &str) -> String {
    part_name(last_byte(user) % PARTS)
}

fn last_byte(id: &str) -> u8 {
    let hex = id.get(id.len().saturating_sub(2)..).unwrap_or_default();
    u8::from_str_radix(hex, 16).unwrap_or_default()
}

pub(super) fn part_name(part: u8) -> String {
    if part == 0 { "MEMBERS".to_owned() } else { format!("MEMBERS#{part}") }
}

/// The hour of an entry and one of sixteen shards, by the last byte of its id.
pub(super) fn shard_of(row: &Row) -> String {
    let hour = row.text("created_at").get(.."2026-03-10T14".len()).unwrap_or_default();
    format!("{hour}#{:02}", last_byte(row.text("id")) % 16)
}
