//! `costs`: the price of a million requests of each class in DynamoDB, computed from the budgets.

use std::path::Path;

use anyhow::{Context, Result};

use crate::{
    budgets::{self, Cost},
    operations::{self, Operation},
};

/// US dollars for a million read request units, on demand in us-east-1.
const READ_PRICE: f64 = 0.125;
/// US dollars for a million write request units, on demand in us-east-1.
const WRITE_PRICE: f64 = 0.625;

/// A condition for the operations of a class.
type Members = fn(&Operation, &Cost) -> bool;

/// The classes, from the cheapest.
const CLASSES: [(&str, Members); 4] = [
    ("read of one resource", |it, _| it.method == "GET" && !it.id.starts_with("list_")),
    ("default page of a list", |it, _| it.id.starts_with("list_")),
    ("sign-in and sign-out", |it, _| it.function == "authentication" && it.method != "GET"),
    // What finds nothing to change writes nothing.
    ("write", |it, cost| it.function != "authentication" && it.method != "GET" && cost.write > 0.0),
];

/// Prints the table.
///
/// # Errors
/// When there are no budgets.
pub(crate) fn run() -> Result<()> {
    println!("{}", table()?);
    Ok(())
}

fn table() -> Result<String> {
    let budgets = budgets::read(Path::new(budgets::FILE))?;
    let operations = operations::all()?;
    let mut table =
        String::from("| class | read units | write units | US dollars for a million |\n| --- | --- | --- | --- |\n");
    for (class, is_member) in CLASSES {
        let all = operations.iter().filter(|it| it.function != "docs");
        let all = all.filter_map(|it| Some((it, budgets.get(&it.id)?)));
        let costs: Vec<Cost> = all.filter(|(it, cost)| is_member(it, cost)).map(|(_, cost)| *cost).collect();
        let range = |figure: fn(&Cost) -> f64, decimals: usize| -> Result<String> {
            let figures = || costs.iter().map(figure);
            let least = figures().reduce(f64::min).with_context(|| format!("there is no {class}"))?;
            let most = figures().reduce(f64::max).unwrap_or(least);
            let (least, most) = (format!("{least:.decimals$}"), format!("{most:.decimals$}"));
            Ok(if least == most { least } else { format!("{least} to {most}") })
        };
        let price = range(|it| it.read * READ_PRICE + it.write * WRITE_PRICE, 2)?;
        table += &format!("| {class} | {} | {} | {price} |\n", range(|it| it.read, 1)?, range(|it| it.write, 0)?);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_operations_guide_has_the_costs_of_the_budgets() {
        let guide = include_str!("../../docs/operations.md");
        let table = super::table().unwrap();
        assert!(guide.contains(&table), "put this into docs/operations.md:\n{table}");
    }
}
