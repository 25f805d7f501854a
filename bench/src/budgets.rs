//! The budgets: the cost that each operation may have, in a file of the repository.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};

use crate::operations::Operation;

/// The file of the budgets.
pub(crate) const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/budgets.csv");
const HEADER: &str = "operation,round_trips,depth,read_units,write_units";

/// The cost of one request in DynamoDB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) round_trips: f64,
    /// The number of round trips one after another.
    pub(crate) depth: f64,
    pub(crate) read: f64,
    pub(crate) write: f64,
}

impl Cost {
    fn most(self, other: Self) -> Self {
        Self {
            round_trips: self.round_trips.max(other.round_trips),
            depth: self.depth.max(other.depth),
            read: self.read.max(other.read),
            write: self.write.max(other.write),
        }
    }
}

/// The cost of an operation at each size of the collections.
#[derive(Clone, Debug)]
pub(crate) struct Costs {
    pub(crate) operation: Operation,
    pub(crate) by_size: Vec<Cost>,
}

/// Reads the budgets, by operation.
pub(crate) fn read(path: &Path) -> Result<BTreeMap<String, Cost>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut lines = text.lines();
    ensure!(lines.next() == Some(HEADER), "{} does not begin with {HEADER}", path.display());
    lines.map(|line| row(line).with_context(|| format!("{line} is not a budget"))).collect()
}

fn row(line: &str) -> Option<(String, Cost)> {
    let fields: Vec<&str> = line.split(',').collect();
    let [operation, figures @ ..] = &fields[..] else { return None };
    let figures: Vec<f64> = figures.iter().map(|figure| figure.parse().ok()).collect::<Option<_>>()?;
    let [round_trips, depth, read, write] = figures[..] else { return None };
    Some(((*operation).to_owned(), Cost { round_trips, depth, read, write }))
}

/// Writes the measured costs as the budgets; the highest of all sizes counts.
pub(crate) fn write(path: &Path, measured: &[Costs]) -> Result<()> {
    let mut text = format!("{HEADER}\n");
    for costs in measured {
        let Cost { round_trips, depth, read, write } = costs.by_size.iter().copied().fold(Cost::default(), Cost::most);
        text += &format!("{},{round_trips},{depth},{read},{write}\n", costs.operation.id);
    }
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// Lists the operations that exceed their budget or have none, and the budgets without an operation.
pub(crate) fn exceeded(budgets: &BTreeMap<String, Cost>, measured: &[Costs]) -> Vec<String> {
    let mut exceeded = Vec::new();
    for Costs { operation, by_size } in measured {
        let id = &operation.id;
        let Some(budget) = budgets.get(id) else {
            exceeded.push(format!("{id} has no budget"));
            continue;
        };
        for cost in by_size {
            let figures = [
                ("round trips", cost.round_trips, budget.round_trips),
                ("round trips one after another", cost.depth, budget.depth),
                ("read units", cost.read, budget.read),
                ("write units", cost.write, budget.write),
            ];
            let over = figures.into_iter().filter(|(_, cost, budget)| cost > budget);
            exceeded
                .extend(over.map(|(what, cost, budget)| format!("{id} takes {cost} {what}, its budget is {budget}")));
        }
    }
    let unknown = budgets.keys().filter(|id| !measured.iter().any(|costs| costs.operation.id == **id));
    exceeded.extend(unknown.map(|id| format!("{id} has a budget but is no operation")));
    exceeded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(id: &str, round_trips: f64, read: f64) -> Costs {
        let operation =
            Operation { id: id.to_owned(), function: String::new(), method: String::new(), event: String::new() };
        Costs { operation, by_size: vec![Cost::default(), Cost { round_trips, depth: round_trips, read, write: 0.0 }] }
    }

    #[test]
    fn operations_over_budget_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("budgets.csv");
        write(&path, &[costs("list_users", 3.0, 8.5), costs("gone", 1.0, 1.0)]).unwrap();
        let budgets = read(&path).unwrap();
        assert!(exceeded(&budgets, &[costs("list_users", 3.0, 8.5), costs("gone", 0.0, 0.0)]).is_empty());
        let over = exceeded(&budgets, &[costs("list_users", 4.0, 9.0), costs("new", 0.0, 0.0)]);
        assert_eq!(
            over,
            [
                "list_users takes 4 round trips, its budget is 3",
                "list_users takes 4 round trips one after another, its budget is 3",
                "list_users takes 9 read units, its budget is 8.5",
                "new has no budget",
                "gone has a budget but is no operation",
            ]
        );
    }
}
