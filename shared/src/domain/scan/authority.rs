//! Whether an organization may scan hosts. That a target exists is no right to scan it.
//!
//! - Public names and addresses: below a domain that the organization has verified, or approved by an Admin.
//! - Private addresses: by a scanner of the organization's own, which is in that network.
//! - Addresses of the scanner's own machine: where the platform allows it, by the organization's own scanner.

use addresses::Class;

use super::super::{
    claimed_domain::Domain,
    target::{HostScope, Target},
};
use crate::{Error, Result, config::Settings};

/// The number of hosts that an error names.
const NAMED: usize = 3;

/// Requires that a target may be scanned.
///
/// # Errors
/// 403 naming some of the hosts that may not be.
pub(super) fn require(target: &Target, domains: &[Domain], is_shared_scanner: bool, settings: &Settings) -> Result<()> {
    let scope = HostScope::of(&target.hosts.0, &target.exclude_hosts.0);
    if let Some(address) = scope.addresses.first_of(Class::Never) {
        return Err(Error::forbidden(format!("{address} is never scanned")));
    }
    if let Some(address) = scope.addresses.first_of(Class::Loopback)
        && (is_shared_scanner || !settings.allows_loopback)
    {
        return Err(Error::forbidden(format!("{address} is of the scanner's own machine, and is not scanned here")));
    }
    if let Some(address) = scope.addresses.first_of(Class::Private)
        && is_shared_scanner
    {
        return Err(Error::forbidden(format!(
            "{address} is private: only a scanner of your own organization scans it"
        )));
    }
    if target.approval.is_some() {
        return Ok(());
    }
    let is_proven = |name: &str| domains.iter().any(|domain| domain.is_proof_of(name));
    let names = scope.names.into_iter().filter(|name| !is_proven(name));
    let public = scope.addresses.first_of(Class::Public).map(|address| address.to_string());
    let unproven: Vec<String> = names.chain(public).take(NAMED).collect();
    if unproven.is_empty() { Ok(()) } else { Err(unproven_hosts(&unproven)) }
}

/// The error for public hosts that nobody has proven the authority for.
pub(super) fn unproven_hosts(hosts: &[String]) -> Error {
    Error::forbidden(format!(
        "Verify the domain of these hosts, or have an Admin approve the target: {}",
        hosts.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use addresses::HostList;

    use super::*;
    use crate::{
        domain::target::{Approval, Hosts},
        error::Code,
        id::{DomainId, OrganizationId, TargetId, UserId},
        tenancy::OrganizationPath,
        time::Timestamp,
    };

    fn target(hosts: &str, is_approved: bool) -> Target {
        let now = Timestamp::now();
        let id = OrganizationId::generate();
        let approval = Approval { approved_by: UserId::generate(), ground: "contract".into(), approved_at: now };
        Target {
            id: TargetId::generate(),
            organization_path: OrganizationPath::top(id),
            organization_id: id,
            name: "t".into(),
            comment: None,
            hosts: Hosts(HostList::parse(hosts).unwrap()),
            exclude_hosts: Hosts::default(),
            max_hosts: 1,
            port_list_id: None,
            has_shared_list: false,
            approval: is_approved.then_some(approval),
            created_at: now,
            updated_at: now,
        }
    }

    fn may(hosts: &str, is_approved: bool, is_shared: bool, allows_loopback: bool) -> bool {
        let organization_id = OrganizationId::generate();
        let now = Timestamp::now();
        let verified = Domain {
            id: DomainId::generate(),
            organization_id,
            domain: "example.com".parse().unwrap(),
            token: "t".into(),
            verified_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        let settings = Settings { allows_loopback, ..Settings::default() };
        match require(&target(hosts, is_approved), &[verified], is_shared, &settings) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.code(), Code::Forbidden);
                false
            }
        }
    }

    #[test]
    fn public_hosts_need_a_proof() {
        for (hosts, is_approved, expected) in [
            ("a.example.com, example.com", false, true),
            ("a.example.com, other.test", false, false),
            ("notexample.com", false, false),
            ("1.1.1.1", false, false),
            ("1.1.1.1, other.test", true, true),
        ] {
            for is_shared in [false, true] {
                assert_eq!(may(hosts, is_approved, is_shared, false), expected, "{hosts}");
            }
        }
    }

    #[test]
    fn private_hosts_need_a_scanner_of_the_organization() {
        assert!(may("10.0.0.0/24", false, false, false));
        assert!(!may("10.0.0.0/24", false, true, false));
        assert!(!may("10.0.0.0/24", true, true, false));
    }

    #[test]
    fn the_own_machine_needs_the_platforms_consent_and_an_own_scanner() {
        assert!(may("127.0.0.2", false, false, true));
        assert!(!may("127.0.0.2", true, false, false));
        assert!(!may("127.0.0.2", true, true, true));
        assert!(!may("169.254.169.254", true, false, true));
    }
}
