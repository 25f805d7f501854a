//! `units`: the cost of every operation in DynamoDB, with few and with many items in the collections.
//!
//! The figures come from the operation's own log line, so they are the same as on AWS. They are counts, which do not
//! depend on the machine.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::{
    budgets::{self, Cost, Costs},
    collections::Crowd,
    operations::{self, Operation},
};

/// The default numbers of items in each collection.
const SIZES: [u32; 2] = [100, 100_000];

/// The options of `units`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The number of items in each collection; may be given several times
    #[arg(long, default_values_t = SIZES, value_name = "NUMBER")]
    items: Vec<u32>,

    /// Write the measured costs as the new budgets
    #[arg(long)]
    write: bool,
}

/// Measures every operation, prints the table, and checks it against the budgets.
///
/// # Errors
/// When an operation fails, or costs more than its budget.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let measured = measure(&options.items).await?;
    println!("{}", table(&options.items, &measured));
    let path = Path::new(budgets::FILE);
    if options.write {
        return budgets::write(path, &measured);
    }
    let exceeded = budgets::exceeded(&budgets::read(path)?, &measured);
    if exceeded.is_empty() {
        return Ok(());
    }
    bail!("over budget:\n{}", exceeded.join("\n"))
}

/// Measures the cost of each operation at each size of the collections.
pub(crate) async fn measure(sizes: &[u32]) -> Result<Vec<Costs>> {
    let operations = operations::all()?;
    let mut measured: Vec<Costs> =
        operations.iter().map(|it| Costs { operation: it.clone(), by_size: Vec::new() }).collect();
    for size in sizes {
        let world = Crowd::with(*size).await?;
        for costs in &mut measured {
            costs.by_size.push(cost(&world, &costs.operation).await?);
        }
    }
    Ok(measured)
}

async fn cost(world: &Crowd, operation: &Operation) -> Result<Cost> {
    let id = &operation.id;
    let (status, line) = world.invoke(operation).await.with_context(|| format!("{id} was not answered"))?;
    ensure!((200..=202).contains(&status), "{id} was answered with {status}");
    let number = |field: &str| {
        line.get(field).and_then(Value::as_f64).with_context(|| format!("the log line of {id} has no {field}: {line}"))
    };
    Ok(Cost {
        round_trips: number("round_trips")?,
        depth: number("depth")?,
        read: number("read_units")?,
        write: number("write_units")?,
    })
}

/// Formats the Markdown table.
fn table(sizes: &[u32], measured: &[Costs]) -> String {
    let sizes: Vec<String> = sizes.iter().map(u32::to_string).collect();
    let mut table = format!("With {} items in each collection:\n\n", sizes.join(" and with "));
    table += "| function | operation | round trips | one after another | read units | write units |\n";
    table += "| --- | --- | --- | --- | --- | --- |\n";
    for costs in measured {
        let shown = |figure: fn(&Cost) -> f64| {
            let mut figures: Vec<String> = costs.by_size.iter().map(|cost| figure(cost).to_string()).collect();
            figures.dedup();
            figures.join(" and ")
        };
        let Operation { function, id, .. } = &costs.operation;
        let (round_trips, depth) = (shown(|it| it.round_trips), shown(|it| it.depth));
        let (read, write) = (shown(|it| it.read), shown(|it| it.write));
        table += &format!("| {function} | {id} | {round_trips} | {depth} | {read} | {write} |\n");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_operation_exceeds_its_budget_at_any_size_of_the_collections() {
        let measured = measure(&SIZES).await.unwrap();
        let exceeded = budgets::exceeded(&budgets::read(Path::new(budgets::FILE)).unwrap(), &measured);
        assert!(exceeded.is_empty(), "{}", exceeded.join("\n"));
    }
}
