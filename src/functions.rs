//! The functions, by the names that the template gives their binaries.

use shared::{App, api::Routes};

/// Reads the list of operations of each function with the reader that `start` returns for the function's name.
#[must_use]
pub fn all<R: Routes<App>>(start: impl Fn(&'static str) -> R) -> Vec<(&'static str, R)> {
    vec![
        ("agents", agents::routes(start("agents"))),
        ("audit", audit::routes(start("audit"))),
        ("authentication", authentication::routes(start("authentication"))),
        ("clients", clients::routes(start("clients"))),
        ("docs", docs::routes(start("docs"))),
        ("hosts", hosts::routes(start("hosts"))),
        ("organizations", organizations::routes(start("organizations"))),
        ("port-lists", port_lists::routes(start("port-lists"))),
        ("scanners", scanners::routes(start("scanners"))),
        ("scans", scans::routes(start("scans"))),
        ("schedules", schedules::routes(start("schedules"))),
        ("settings", settings::routes(start("settings"))),
        ("targets", targets::routes(start("targets"))),
        ("user", user::routes(start("user"))),
        ("users", users::routes(start("users"))),
        ("vulnerabilities", vulnerabilities::routes(start("vulnerabilities"))),
    ]
}
