//! Scans: what is scanned, when, by which scanner; their runs, and what those have found.

mod changes;
mod configs;
#[cfg(feature = "local")]
mod demo;
mod lists;
mod results;
mod runs;
mod scans;
mod start;
mod view;
mod wizard;

#[cfg(feature = "local")]
pub use demo::{SampleIds, load_sample};
use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        lists::list_scans,
        lists::list_upcoming_scans,
        lists::list_recent_scans,
        lists::list_running_scans,
        scans::create_scan,
        scans::show_scan,
        scans::update_scan,
        scans::delete_scan,
        scans::delete_scans,
        wizard::create_scan_from_wizard,
        start::start_scan,
        start::stop_scan,
        runs::list_runs,
        runs::show_run,
        changes::show_changes,
        results::list_scan_hosts,
        results::show_scan_host,
        results::list_scan_vulnerabilities,
        results::show_scan_vulnerability,
        results::show_scan_statistics,
        configs::list_activated_configs,
    )
}
