//! Targets: the hosts that scans are about.

#[cfg(feature = "local")]
mod demo;
mod hosts;
mod targets;
mod view;

#[cfg(feature = "local")]
pub use demo::load_sample;
use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        targets::list_targets,
        targets::create_target,
        targets::show_target,
        targets::update_target,
        targets::delete_target,
        targets::delete_targets,
        hosts::calculate_hosts,
    )
}
