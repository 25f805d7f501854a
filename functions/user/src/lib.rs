//! The signed-in user: its profile and its notification preferences.

mod me;
mod preferences;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        me::show_current_user,
        me::update_current_user,
        preferences::list_notification_preferences,
        preferences::update_notification_preference,
        preferences::enable_notification_preference,
        preferences::disable_notification_preference,
    )
}
