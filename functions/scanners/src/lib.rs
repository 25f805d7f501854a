//! Scanners: the programs that scan.

#[cfg(feature = "local")]
mod demo;
mod scanners;
mod state;
mod view;

#[cfg(feature = "local")]
pub use demo::load_sample;
use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        scanners::list_scanners,
        scanners::list_activated_scanners,
        scanners::create_scanner,
        scanners::show_scanner,
        scanners::update_scanner,
        scanners::delete_scanner,
        state::verify_scanner,
        state::activate_scanner,
        state::deactivate_scanner,
        state::update_scanner_app_type,
        state::assign_scanner,
    )
}
