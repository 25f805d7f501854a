//! Users, for those who manage them.

mod users;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(routes; users::list_users, users::create_user, users::show_user, users::update_user, users::delete_user)
}
