//! The audit log.

mod events;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(routes; events::list_audit_events, events::show_audit_event)
}
