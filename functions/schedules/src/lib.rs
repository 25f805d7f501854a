//! Schedules: when scans begin by themselves.

mod calculations;
#[cfg(feature = "local")]
mod demo;
mod given;
mod schedules;
mod view;

#[cfg(feature = "local")]
pub use demo::load_sample;
use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        schedules::list_schedules,
        schedules::create_schedule,
        schedules::show_schedule,
        schedules::update_schedule,
        schedules::delete_schedule,
        schedules::delete_schedules,
        calculations::calculate_first_time,
        calculations::calculate_next_dates,
    )
}
