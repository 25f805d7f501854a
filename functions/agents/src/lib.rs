//! What scanners call.

mod enroll;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(routes; enroll::enroll_scanner)
}
