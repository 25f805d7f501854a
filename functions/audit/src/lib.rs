//! The audit log.

mod events;

use shared::{App, api::routes::Routes, operation};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    routes.add(operation!("list_audit_events", events::list)).add(operation!("show_audit_event", events::show))
}
