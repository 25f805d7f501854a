//! The check of a whole table, and the repair of what can be made again from the rest of it.

use std::collections::BTreeSet;

use anyhow::{Result, anyhow};
use aws_sdk_dynamodb::types::AttributeValue;
use shared::{app::Operator, store::Recorded};

use super::{
    facts::{Count, Facts, PARTS, TOTALLED, part_name},
    rows::{Row, Rows, key, number, text},
};

/// The number of entries that are projected at once.
const BATCH: usize = 100;

/// What the items of a table say of one another and does not agree, a line each, with ids alone. Copies and totals follow
/// their entries after a while, so a table that is written at the same time may lack some.
///
/// # Errors
/// When DynamoDB fails.
pub async fn check(rows: &Rows) -> Result<Vec<String>> {
    Ok(facts(rows).await?.differences())
}

async fn facts(rows: &Rows) -> Result<Facts> {
    let mut facts = Facts::default();
    rows.each(async |row| {
        facts.add(&row);
        Ok(())
    })
    .await?;
    Ok(facts)
}

/// Makes the copies of audit entries that are missing, and sets counts and totals right, while nothing writes. Returns what
/// does not agree then.
///
/// # Errors
/// When DynamoDB fails.
pub async fn repair(rows: &Rows, operator: &Operator) -> Result<Vec<String>> {
    let facts = facts(rows).await?;
    let lacking = facts.entries_without_a_copy();
    let (projection, mut entries) = (operator.projection(), Vec::new());
    rows.each(async |row| {
        if row.kind() == "event" && lacking.contains(row.text("id")) {
            entries.push(entry(row)?);
        }
        if entries.len() >= BATCH {
            projection.project(&std::mem::take(&mut entries)).await.map_err(|error| anyhow!("{error}"))?;
        }
        Ok(())
    })
    .await?;
    projection.project(&entries).await.map_err(|error| anyhow!("{error}"))?;
    // Counted last, since an entry that is projected changes totals.
    count_again(rows).await?;
    check(rows).await
}

fn entry(mut row: Row) -> Result<Recorded> {
    // The totals are counted as a whole.
    row.0.remove("totals");
    Ok(serde_dynamo::from_item(row.0)?)
}

/// Sets all counts and totals to what there is.
///
/// # Errors
/// When DynamoDB fails.
pub(super) async fn count_again(rows: &Rows) -> Result<()> {
    let facts = facts(rows).await?;
    let wrong = facts.wrong_counts();
    for ((partition, sort, attribute), right) in &wrong {
        if !sort.is_empty() {
            rows.set((partition, sort), [(*attribute, number(right))]).await?;
        }
    }
    let wrong: BTreeSet<&str> = wrong.iter().map(|((partition, ..), _)| partition.as_str()).collect();
    for partition in wrong.into_iter().filter(|partition| partition.starts_with("TOTALS#")) {
        let of = |attribute: &'static str| {
            let count: Count = (partition.to_owned(), String::new(), attribute);
            number(facts.counted.get(&count).copied().unwrap_or_default())
        };
        // The first of the items holds the whole.
        for part in 1..16 {
            rows.remove(partition, &format!("{part:02}")).await?;
        }
        let id = partition.trim_start_matches("TOTALS#");
        let mut whole = key(partition, "00");
        let id = if id == "PLATFORM" { AttributeValue::Null(true) } else { text(id) };
        whole.extend([
            ("of".to_owned(), id),
            ("shard".to_owned(), number(0)),
            ("item_type".to_owned(), text("totals")),
            ("item_schema".to_owned(), number(2)),
        ]);
        whole.extend(TOTALLED.map(|attribute| (attribute.to_owned(), of(attribute))));
        rows.put(Row(whole)).await?;
    }
    Ok(())
}

/// Makes the parts of the counts of an organization that do not exist.
pub(super) async fn ensure_parts(rows: &Rows, organization: &str) -> Result<()> {
    for part in 1..PARTS {
        let (partition, sort) = (format!("ORG#{organization}"), part_name(part));
        if rows.get(&partition, &sort).await?.is_none() {
            let mut counts = key(&partition, &sort);
            counts.extend([
                ("id".to_owned(), text(organization)),
                ("part".to_owned(), number(part)),
                ("users".to_owned(), number(0)),
                ("item_type".to_owned(), text("users_part")),
                ("item_version".to_owned(), number(1)),
                ("item_schema".to_owned(), number(1)),
            ]);
            rows.put(Row(counts)).await?;
        }
    }
    Ok(())
}
