//! The vulnerabilities that scans have found.

mod vulnerabilities;
mod widgets;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        vulnerabilities::list_vulnerabilities,
        vulnerabilities::show_vulnerability,
        widgets::show_total,
        widgets::list_top,
    )
}
