//! The signed-in user: its profile and its notification preferences.

mod me;
mod preferences;

use shared::{
    App,
    api::routes::{Routes, Rule},
    operation,
};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes.add(operation!("show_current_user", me::show)).add(operation!("update_current_user", me::update)).under(
        Rule::Unversioned,
        |preferences| {
            preferences
                .add(operation!("list_notification_preferences", preferences::list))
                .add(operation!("update_notification_preference", preferences::update))
                .add(operation!("enable_notification_preference", preferences::enable))
                .add(operation!("disable_notification_preference", preferences::disable))
        },
    )
}
