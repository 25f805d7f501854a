//! Signing in and out, and the public keys of what this platform signs.

mod jwks;
mod sign_in;
mod sign_out;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(routes; sign_in::sign_in, sign_out::sign_out, jwks::show_jwks)
}
