//! The functions, by the names that the template gives their binaries.

use shared::App;
use utoipa_axum::router::OpenApiRouter;

/// Every function's name and routes.
#[must_use]
pub fn all() -> Vec<(&'static str, OpenApiRouter<App>)> {
    vec![
        ("audit", audit::routes()),
        ("authentication", authentication::routes()),
        ("clients", clients::routes()),
        ("docs", docs::routes()),
        ("organizations", organizations::routes()),
        ("settings", settings::routes()),
        ("user", user::routes()),
        ("users", users::routes()),
    ]
}
