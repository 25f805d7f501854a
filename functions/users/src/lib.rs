//! Users, as those who manage them see them.

mod users;

use shared::{App, api::routes::Routes, operation};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes
        .add(operation!("list_users", users::list))
        .add(operation!("create_user", users::create))
        .add(operation!("show_user", users::show))
        .add(operation!("update_user", users::update))
        .add(operation!("delete_user", users::delete))
}
