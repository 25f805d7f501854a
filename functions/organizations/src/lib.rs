//! Organizations, as those who manage them see them.

mod organizations;

use shared::{App, api::routes::Routes, operation};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes
        .add(operation!("list_organizations", organizations::list))
        .add(operation!("create_organization", organizations::create))
        .add(operation!("show_organization", organizations::show))
        .add(operation!("update_organization", organizations::update))
        .add(operation!("delete_organization", organizations::delete))
}
