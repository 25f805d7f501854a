//! Organizations, for those who manage them.

mod organizations;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        organizations::list_organizations,
        organizations::create_organization,
        organizations::show_organization,
        organizations::update_organization,
        organizations::delete_organization,
    )
}
