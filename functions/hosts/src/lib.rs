//! The hosts that scans have found.

mod hosts;

use shared::{App, api::Routes, operations};

/// The operations of this function.
pub fn routes<R: Routes<App>>(routes: R) -> R {
    operations!(routes; hosts::list_hosts, hosts::list_most_vulnerable_hosts, hosts::show_host)
}
