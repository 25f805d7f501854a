//! Typed identifiers, so that two ids cannot be swapped. All are UUIDs; new ones are version 7, hence ordered by time.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use uuid::Uuid;

use crate::time::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(inline)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, later than every id made before it on this machine.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// When the id was made; the epoch for an id of another version.
            #[must_use]
            pub fn made_at(self) -> Timestamp {
                let since_epoch = self.0.get_timestamp().map_or((0, 0), |at| at.to_unix());
                let (seconds, nanoseconds) = (since_epoch.0.cast_signed(), since_epoch.1.cast_signed());
                jiff::Timestamp::new(seconds, nanoseconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH).into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = &'static str;

            /// Takes the hyphenated form alone: an id has one spelling.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse::<uuid::fmt::Hyphenated>().map(|id| Self(id.into_uuid())).map_err(|_| "must be a UUID")
            }
        }
    )*};
}

ids! {
    /// The id of an organization, which is also a client.
    OrganizationId;
    /// The id of a user.
    UserId;
    /// The id of a session, opened by signing in.
    SessionId;
    /// The id of an entry of the audit log.
    EventId;
    /// The id of a credential of a program: an access token or an API key.
    CredentialId;
    /// The id of an enrollment token of a client.
    EnrollmentTokenId;
    /// The id of a claimed domain.
    DomainId;
    /// The id of a port list.
    PortListId;
    /// The id of a schedule.
    ScheduleId;
    /// The id of a target.
    TargetId;
    /// The id of a scanner.
    ScannerId;
    /// The id of a scan.
    ScanId;
    /// The id of a run of a scan: an entry of its history.
    RunId;
    /// The id of a scan profile.
    ConfigId;
    /// The id of a host, which follows from its organization and its name or address.
    HostId;
    /// The id of a vulnerability, which follows from what was found where.
    VulnerabilityId;
    /// The id of a range of ports, which follows from its list and its content.
    PortRangeId;
}
