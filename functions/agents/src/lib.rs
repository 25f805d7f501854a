//! What scanners call: they enroll, ask for work, and bring what they have found.

mod chunk;
mod claim;
mod complete;
#[cfg(feature = "local")]
mod demo;
mod digest;
mod enroll;
mod finding;
mod given;
mod ingest;
mod poll;
mod scanner;
mod stored;
mod texts;
mod token;

#[cfg(feature = "local")]
pub use demo::load_sample;
use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(
        routes;
        enroll::enroll_scanner,
        token::get_scanner_token,
        poll::poll,
        claim::claim_job,
        claim::renew_lease,
        chunk::upload_chunk,
        complete::complete_job,
    )
}
