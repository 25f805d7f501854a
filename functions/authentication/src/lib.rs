//! Signing in and out, and the public keys of what this platform signs.

mod jwks;
mod sign_in;
mod sign_out;

use shared::{App, api::routes::Routes, operation};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes
        .add(operation!("sign_in", sign_in::sign_in))
        .add(operation!("sign_out", sign_out::sign_out))
        .add(operation!("show_jwks", jwks::show))
}
