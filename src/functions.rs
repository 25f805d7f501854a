//! The functions, by the names that the template gives their binaries.

use shared::{App, api::routes::Routes};

/// What `R` makes of each function's operations, by the function's name.
#[must_use]
pub fn all<R: Routes<App> + Default>() -> Vec<(&'static str, R)> {
    let start = R::default;
    vec![
        ("audit", audit::routes(start())),
        ("authentication", authentication::routes(start())),
        ("clients", clients::routes(start())),
        ("docs", docs::routes(start())),
        ("organizations", organizations::routes(start())),
        ("settings", settings::routes(start())),
        ("user", user::routes(start())),
        ("users", users::routes(start())),
    ]
}
