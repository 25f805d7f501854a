//! The programs that are measured.

/// The kind of a contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A function of the platform, as it is deployed.
    Function,
    /// A binary of the packages under `bench/contestants`.
    Bare,
    /// The function in `bench/contestants/python`.
    Python,
    /// The function in `bench/contestants/node`.
    Node,
}

/// A program that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contestant {
    /// The name, which is also that of the binary.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The sample event that it answers, as a path in `events/`.
    pub(crate) event: &'static str,
}

/// The contestant that the others are compared with.
pub(crate) const REFERENCE: &str = "raw";

const OWN_USER: &str = "user/show_current_user";

/// Every contestant.
pub(crate) const ALL: [Contestant; 13] = [
    Contestant { name: "hello", kind: Kind::Bare, event: OWN_USER },
    Contestant { name: REFERENCE, kind: Kind::Bare, event: OWN_USER },
    Contestant { name: "raw_otel", kind: Kind::Bare, event: OWN_USER },
    Contestant { name: "user", kind: Kind::Function, event: OWN_USER },
    Contestant { name: "organizations", kind: Kind::Function, event: "organizations/show_organization" },
    Contestant { name: "clients", kind: Kind::Function, event: "clients/show_client" },
    Contestant { name: "settings", kind: Kind::Function, event: "settings/show_client_profile" },
    Contestant { name: "authentication", kind: Kind::Function, event: "authentication/show_jwks" },
    Contestant { name: "users", kind: Kind::Function, event: "users/show_user" },
    Contestant { name: "audit", kind: Kind::Function, event: "audit/show_audit_event" },
    Contestant { name: "docs", kind: Kind::Function, event: "docs/health" },
    Contestant { name: "node", kind: Kind::Node, event: OWN_USER },
    Contestant { name: "python", kind: Kind::Python, event: OWN_USER },
];
