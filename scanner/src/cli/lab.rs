//! `scanner lab`.

use anyhow::{Context, Result};

use super::print::print;
use crate::lab::{self, LabOptions, Served};

/// Starts the laboratory, says what it serves, and waits for the end of the program.
pub(super) async fn run(mended: bool) -> Result<()> {
    let lab = lab::start(LabOptions { mended, ephemeral: false }).await?;
    print("The laboratory serves, for this machine alone:")?;
    for Served { place, what, faults, hidden } in lab.served() {
        let mut told = faults.join(", ");
        match (told.is_empty(), hidden.is_empty()) {
            (true, true) => told.push_str("no faults"),
            (_, true) => {}
            (true, false) => told.push_str(&format!("for other engines alone: {}", hidden.join(", "))),
            (false, false) => told.push_str(&format!("; for other engines alone: {}", hidden.join(", "))),
        }
        print(format_args!("  {place:<16} {what:<6} {told}"))?;
    }
    print(format_args!("Hosts: {}. End with Ctrl-C.", lab.hosts_listed()))?;
    tokio::signal::ctrl_c().await.context("Ctrl-C cannot be waited for")
}
