//! Moving a table of the first layout to the second, where it is. Each step looks at one item and leaves alone what is moved,
//! so a migration that was interrupted is run again.
//!
//! | first layout | second layout |
//! | --- | --- |
//! | one partition of the index for all users, and one for all organizations | one for each tenant |
//! | organizations at the top are found in the index | each has a mark in `TOPS` |
//! | names are found by their parent alone | the index finds them by the name |
//! | one count of the users of an organization | eight parts |
//! | the platform's log is one partition | hours and shards, with marks |
//! | an entry is the same in each log | the first knows its place, the others are copies |
//! | totals of users, organizations and entries | of users and organizations |

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use shared::{
    app::Operator,
    domain::bootstrap::{self, LAYOUT},
};

use super::{
    check::{count_again, ensure_parts},
    facts::{shard_of, top_of, unique},
    rows::{Row, Rows, key, number, text},
};

/// Moves a table to the present layout, while nothing writes to it; returns the number of items that were looked at, or
/// `None` where there was nothing to do.
///
/// # Errors
/// When DynamoDB fails; run it again then.
pub async fn migrate(rows: &Rows, operator: &Operator) -> Result<Option<u64>> {
    let layout = bootstrap::layout(operator).await.map_err(|error| anyhow!("{error}"))?;
    if layout.is_none_or(|layout| layout >= LAYOUT) {
        return Ok(None);
    }
    let mut paths = Paths { rows, known: HashMap::new() };
    let count = rows.each(async |row| step(rows, &mut paths, row).await).await?;
    count_again(rows).await?;
    rows.set(("FIRST_START", "FIRST_START"), [("layout", number(LAYOUT))]).await?;
    Ok(Some(count))
}

/// The places of organizations.
struct Paths<'a> {
    rows: &'a Rows,
    known: HashMap<String, Option<String>>,
}

impl Paths<'_> {
    /// The place of an organization; `None` for one that has ended.
    async fn of(&mut self, organization: &str) -> Result<Option<String>> {
        if let Some(path) = self.known.get(organization) {
            return Ok(path.clone());
        }
        let found = self.rows.get(&format!("ORG#{organization}"), "PROFILE").await?;
        let path = found.map(|row| row.place().to_owned());
        self.known.insert(organization.to_owned(), path.clone());
        Ok(path)
    }
}

async fn step(rows: &Rows, paths: &mut Paths<'_>, row: Row) -> Result<()> {
    match row.kind() {
        "user" => index(rows, &row, "USERS").await,
        "organization" => {
            let (id, path) = (row.text("id"), row.place());
            if path == format!("/{}/", id.replace('-', "")) {
                rows.put(top(id)).await?;
            }
            ensure_parts(rows, id).await?;
            index(rows, &row, "ORGANIZATIONS").await
        }
        "organization_name" if row.text("GSI1PK").is_empty() => name(rows, paths, &row).await,
        "event" if row.partition() == "AUDIT#PLATFORM" => platform_entry(rows, row).await,
        "event" if row.text("path").is_empty() => entry(rows, paths, &row).await,
        "totals" => rows.remove(row.partition(), row.sort()).await,
        _ => Ok(()),
    }
}

/// Moves an item within the index, to the partition of its tenant.
async fn index(rows: &Rows, row: &Row, tree: &str) -> Result<()> {
    let partition = format!("{tree}#{}", top_of(row.place()));
    if row.text("GSI1PK") == partition {
        return Ok(());
    }
    rows.set((row.partition(), row.sort()), [("GSI1PK", text(partition))]).await
}

fn top(id: &str) -> Row {
    let mut top = key("TOPS", &id.replace('-', ""));
    top.extend([
        ("organization_id".to_owned(), text(id)),
        ("item_type".to_owned(), text("top_organization")),
        ("item_version".to_owned(), number(1)),
        ("item_schema".to_owned(), number(1)),
    ]);
    Row(top)
}

async fn name(rows: &Rows, paths: &mut Paths<'_>, row: &Row) -> Result<()> {
    let Some(path) = paths.of(row.text("organization_id")).await? else { return Ok(()) };
    let attributes = [
        ("GSI1PK", text(format!("NAME#{}", unique(row.text("name"))))),
        ("GSI1SK", text(path.as_str())),
        ("item_schema", number(2)),
    ];
    rows.set((row.partition(), row.sort()), attributes).await
}

/// Moves an entry of the platform's log to its hour and shard.
async fn platform_entry(rows: &Rows, mut row: Row) -> Result<()> {
    let (shard, id) = (shard_of(&row), row.sort().to_owned());
    let mut mark = key("AUDIT#PLATFORM", &shard);
    mark.insert("item_type".to_owned(), text("log_shard"));
    rows.put(Row(mark)).await?;
    row.0.insert("PK".to_owned(), text(format!("AUDIT#PLATFORM#{shard}")));
    row.0.insert("item_type".to_owned(), text("event_copy"));
    rows.put(row).await?;
    rows.remove("AUDIT#PLATFORM", &id).await
}

/// Tells an entry in the log of its organization from its copies. What moved is also in the log of where it moved to.
async fn entry(rows: &Rows, paths: &mut Paths<'_>, row: &Row) -> Result<()> {
    let place = (row.partition(), row.sort());
    if row.text("log") != row.text("organization_id") {
        return rows.set(place, [("item_type", text("event_copy"))]).await;
    }
    let Some(path) = paths.of(row.text("organization_id")).await? else { return Ok(()) };
    let mut attributes = vec![("path", text(path))];
    if let Some(moved_to) = moved_to(row) {
        attributes.extend(paths.of(&moved_to).await?.map(|path| ("moved_to", text(path))));
    }
    rows.set(place, attributes).await
}

/// The organization that a resource moved to, by the entry of the move.
fn moved_to(row: &Row) -> Option<String> {
    let change = row.0.get("changes")?.as_m().ok()?.get("organization_id")?.as_m().ok()?;
    let of = |name: &str| change.get(name).and_then(|value| value.as_s().ok()).cloned();
    of("before").and(of("after"))
}

/// Refuses a table of an earlier layout.
///
/// # Errors
/// When it is one, or DynamoDB fails.
pub async fn require_layout(operator: &Operator) -> Result<()> {
    let layout = bootstrap::layout(operator).await.map_err(|error| anyhow!("{error}"))?;
    let is_present = layout.is_none_or(|layout| layout >= LAYOUT);
    is_present.then_some(()).context("an earlier version wrote the table: move it first, by `scanward migrate`")
}
