//! The table that is printed, in Markdown, and the list of missed aims.

use std::fmt::Write;

use crate::contestant::REFERENCE;

/// An upper limit of a figure.
#[derive(Clone, Copy, Debug)]
enum Aim {
    /// At most this many times the figure of the reference.
    Ratio(f64),
    /// At most this figure.
    Most(f64),
}

impl Aim {
    fn is_missed(self, value: f64, ratio: Option<f64>) -> bool {
        match self {
            Self::Ratio(most) => ratio.is_some_and(|ratio| ratio > most),
            Self::Most(most) => value > most,
        }
    }
}

/// A column of figures.
struct Column {
    title: &'static str,
    unit: &'static str,
    digits: usize,
    aim: Option<Aim>,
}

const COLUMNS: [Column; 6] = [
    Column { title: "init", unit: "ms", digits: 1, aim: Some(Aim::Ratio(0.6)) },
    Column { title: "first", unit: "ms", digits: 1, aim: Some(Aim::Ratio(1.3)) },
    Column { title: "warm", unit: "ms", digits: 2, aim: Some(Aim::Ratio(1.25)) },
    Column { title: "memory", unit: "MB", digits: 1, aim: Some(Aim::Ratio(1.3)) },
    Column { title: "binary", unit: "MB", digits: 2, aim: None },
    Column { title: "zip", unit: "MB", digits: 2, aim: Some(Aim::Most(2.6)) },
];

/// The figures of a contestant, in the order of the columns.
pub(crate) type Figures = [Option<f64>; COLUMNS.len()];

/// A row of the table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The name of the contestant, or a remark on why it has no figures.
    pub(crate) name: String,
    /// Whether the aims apply to it.
    pub(crate) has_aims: bool,
    pub(crate) figures: Figures,
}

/// The median; `None` of no values.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    let lower = if values.len().is_multiple_of(2) { *values.get(middle - 1)? } else { upper };
    Some(f64::midpoint(lower, upper))
}

/// The value that this share of all values does not exceed; `None` of no values.
pub(crate) fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as f64 * share).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied()
}

/// Formats the table, followed by a line on the aims.
pub(crate) fn render(rows: &[Row]) -> String {
    let reference = rows.iter().find(|row| row.name == REFERENCE).map(|row| row.figures);
    let mut missed = Vec::new();
    let mut lines = vec![vec!["contestant".to_owned()]];
    if let Some(titles) = lines.first_mut() {
        titles.extend(COLUMNS.iter().map(|column| format!("{}, {}", column.title, column.unit)));
    }
    for row in rows {
        let mut line = vec![row.name.clone()];
        let mut missed_here = Vec::new();
        for (at, (column, value)) in COLUMNS.iter().zip(row.figures).enumerate() {
            let Some(value) = value else {
                line.push("-".to_owned());
                continue;
            };
            let base = reference.and_then(|figures| figures.get(at).copied().flatten());
            let ratio = base.filter(|_| row.name != REFERENCE).map(|base| value / base);
            let mut cell = format!("{value:.*}", column.digits);
            if let Some(ratio) = ratio {
                cell += &format!(" ({ratio:.2}×)");
            }
            if row.has_aims && column.aim.is_some_and(|aim| aim.is_missed(value, ratio)) {
                cell += " *";
                missed_here.push(column.title);
            }
            line.push(cell);
        }
        lines.push(line);
        if !missed_here.is_empty() {
            missed.push(format!("{} ({})", row.name, missed_here.join(", ")));
        }
    }
    let mut text = markdown(&lines);
    let missed = if missed.is_empty() { "none".to_owned() } else { missed.join(", ") };
    let _ = writeln!(text, "\nAims of every function: {}. Missed (*): {missed}.", aims());
    text
}

fn aims() -> String {
    let aim = |column: &Column| match column.aim? {
        Aim::Ratio(most) => Some(format!("{} ≤ {most}× {REFERENCE}", column.title)),
        Aim::Most(most) => Some(format!("{} ≤ {most:.1} {}", column.title, column.unit)),
    };
    COLUMNS.iter().filter_map(aim).collect::<Vec<_>>().join(", ")
}

/// Formats lines of cells as a Markdown table. The first line holds the titles; all columns but the first are aligned
/// to the right.
pub(crate) fn markdown(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let cell = |line: &[String], at: usize| line.get(at).cloned().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|at| lines.iter().map(|line| cell(line, at).chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (at, width) in widths.iter().enumerate() {
            let cell = cell(line, at);
            let _ = if at == 0 { write!(text, "| {cell:<width$} ") } else { write!(text, "| {cell:>width$} ") };
        }
        text += "|\n";
        if number == 0 {
            for (at, width) in widths.iter().enumerate() {
                let dashes = "-".repeat(width - 1);
                let end = if at == 0 { '-' } else { ':' };
                let _ = write!(text, "| {dashes}{end} ");
            }
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        assert_eq!(quantile(vec![], 0.9), None);
        assert_eq!(quantile(vec![7.0], 0.9), Some(7.0));
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(
            [0.0, 0.5, 0.9, 0.99, 1.0].map(|share| quantile(values.clone(), share).unwrap()),
            [1.0, 50.0, 90.0, 99.0, 100.0]
        );
    }

    #[test]
    fn the_table_shows_ratios_and_missed_aims() {
        let row = |name: &str, has_aims, figures: [f64; 6]| Row {
            name: name.to_owned(),
            has_aims,
            figures: figures.map(|figure| (figure > 0.0).then_some(figure)),
        };
        let text = render(&[
            row(REFERENCE, false, [10.0, 5.0, 1.0, 10.0, 5.0, 2.5]),
            row("user", true, [5.5, 7.5, 1.1, 11.0, 6.0, 2.7]),
            row("node", false, [100.0, 50.0, 3.0, 90.0, 0.0, 0.0]),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("| contestant |"), "{text}");
        assert_eq!(
            lines[3].split('|').map(str::trim).collect::<Vec<_>>(),
            [
                "",
                "user",
                "5.5 (0.55×)",
                "7.5 (1.50×) *",
                "1.10 (1.10×)",
                "11.0 (1.10×)",
                "6.00 (1.20×)",
                "2.70 (1.08×) *",
                ""
            ]
        );
        assert!(lines[4].ends_with(" - |"), "{text}");
        assert!(text.ends_with("Missed (*): user (first, zip).\n"), "{text}");
    }
}
