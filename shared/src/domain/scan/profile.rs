//! Scan profiles, which the documents call configs: what a scan does, and the load that it puts on the hosts. The engines of a
//! profile are compiled into the scanner.

use uuid::{Uuid, uuid};

use crate::{choice, domain::product::AppType, id::ConfigId};

choice! {
    /// A scan profile, as a scanner knows it.
    pub enum Profile {
        /// Which hosts answer.
        Discovery = "discovery",
        /// The usual ports and their services, with the checks that take no time.
        Quick = "quick",
        /// The ports of the target, with every check that does no harm.
        Full = "full",
        /// The TLS of the usual ports and of those found.
        Tls = "tls",
        /// The web servers.
        Web = "web",
        /// All TCP ports, with every check that does no harm.
        Pci = "pci",
    }
}

/// A profile as people choose it.
#[derive(Debug)]
pub struct Config {
    /// The id.
    pub id: ConfigId,
    /// The profile.
    pub profile: Profile,
    /// The name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// The products whose scans may have it; the first is the one that it is made for.
    pub app_types: &'static [AppType],
    /// The most new connections and packets a second, for all hosts together.
    pub max_rate: u32,
    /// The most hosts at once.
    pub hosts_at_once: u32,
    /// The longest that a scan takes, in hours: it ends then.
    pub longest_hours: i64,
}

const fn id(last: u128) -> ConfigId {
    ConfigId(Uuid::from_u128(uuid!("5ca00a4d-0000-7000-8000-00000000c000").as_u128() + last))
}

/// Every profile.
pub static CONFIGS: [Config; 6] = [
    Config {
        id: id(1),
        profile: Profile::Discovery,
        name: "Discovery",
        description: "Finds out which hosts answer. Opens a connection or two to some ports of each host.",
        app_types: &[AppType::Vrms],
        max_rate: 200,
        hosts_at_once: 32,
        longest_hours: 4,
    },
    Config {
        id: id(2),
        profile: Profile::Quick,
        name: "Quick",
        description: "The usual ports, the services behind them, and the checks that take no time.",
        app_types: &[AppType::Vrms],
        max_rate: 300,
        hosts_at_once: 16,
        longest_hours: 8,
    },
    Config {
        id: id(3),
        profile: Profile::Full,
        name: "Full and fast",
        description: "The ports of the target, the services behind them, and every check that does no harm.",
        app_types: &[AppType::Vrms, AppType::Penetration],
        max_rate: 300,
        hosts_at_once: 8,
        longest_hours: 24,
    },
    Config {
        id: id(4),
        profile: Profile::Tls,
        name: "TLS",
        description: "The TLS of the usual TLS ports and of those found: certificates, versions, ciphers.",
        app_types: &[AppType::Vrms, AppType::Penetration, AppType::Pci],
        max_rate: 200,
        hosts_at_once: 16,
        longest_hours: 8,
    },
    Config {
        id: id(5),
        profile: Profile::Web,
        name: "Web",
        description: "The web servers: exposed files, headers, cookies, methods. About a hundred requests to each.",
        app_types: &[AppType::Penetration],
        max_rate: 100,
        hosts_at_once: 4,
        longest_hours: 24,
    },
    Config {
        id: id(6),
        profile: Profile::Pci,
        name: "PCI",
        description: "All TCP ports and every check that does no harm, judged as PCI DSS does. It is no ASV scan.",
        app_types: &[AppType::Pci],
        max_rate: 300,
        hosts_at_once: 8,
        longest_hours: 48,
    },
];

impl Profile {
    /// The profile as people choose it.
    #[must_use]
    pub fn config(self) -> &'static Config {
        let [discovery, quick, full, tls, web, pci] = &CONFIGS;
        match self {
            Self::Discovery => discovery,
            Self::Quick => quick,
            Self::Full => full,
            Self::Tls => tls,
            Self::Web => web,
            Self::Pci => pci,
        }
    }

    /// The profile with an id.
    #[must_use]
    pub fn with_id(id: ConfigId) -> Option<Self> {
        CONFIGS.iter().find(|config| config.id == id).map(|config| config.profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_id() {
        for profile in Profile::ALL {
            assert_eq!(profile.config().profile, *profile);
            assert_eq!(Profile::with_id(profile.config().id), Some(*profile));
        }
        assert_eq!(CONFIGS.len(), Profile::ALL.len());
    }
}
