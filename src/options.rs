//! The command line; each flag is also an environment variable.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::{
    Parser, Subcommand,
    builder::{StringValueParser, TypedValueParser},
};
use shared::{
    config::{Config, Dynamodb, signing_key_generation},
    keys::FIRST,
};

use crate::serving::Limits;

/// Runs Scanward on this machine.
#[derive(Clone, Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// The address of the API
    #[arg(long, env = "SCANWARD_LISTEN", default_value = "127.0.0.1:9000", global = true)]
    pub listen: SocketAddr,

    /// The folder of the database and the master key
    #[arg(long, env = "SCANWARD_DATA", default_value = ".scanward", global = true)]
    pub data: PathBuf,

    /// Keep everything in memory and discard it on exit
    #[arg(long, env = "SCANWARD_MEMORY", global = true)]
    pub memory: bool,

    /// The DynamoDB to use instead of the embedded one: Amazon's local one, or AWS
    #[arg(long, env = "SCANWARD_DYNAMODB_ENDPOINT", value_name = "URL", global = true)]
    #[arg(value_parser = StringValueParser::new().map(Dynamodb::at))]
    pub dynamodb_endpoint: Option<Dynamodb>,

    /// The address of the embedded DynamoDB
    #[arg(long, env = "SCANWARD_DYNAMODB_LISTEN", default_value = "127.0.0.1:9001", global = true)]
    pub dynamodb_listen: SocketAddr,

    /// The name of the table
    #[arg(long, env = "SCANWARD_TABLE", default_value = Config::TABLE, global = true)]
    pub table: String,

    /// The e-mail address of the first administrator
    #[arg(long, env = "SCANWARD_ADMIN_EMAIL", default_value = "admin@example.com", global = true)]
    pub admin_email: String,

    /// The first password of the first administrator; by default one is generated and printed
    #[arg(long, env = "SCANWARD_ADMIN_PASSWORD", global = true)]
    pub admin_password: Option<String>,

    /// The number of the key that signs sessions: a new number creates a new key, and earlier keys still verify
    #[arg(long, env = "SCANWARD_SIGNING_KEY_GENERATION", default_value = "1", value_name = "NUMBER", global = true)]
    #[arg(value_parser = signing_key_generation)]
    pub signing_key_generation: u16,

    /// The DNS server to verify domains with; by default the system's
    #[arg(long, env = "SCANWARD_DNS_SERVER", value_name = "ADDRESS:PORT", global = true)]
    pub dns_server: Option<SocketAddr>,

    /// Let targets be addresses of the scanner's own machine, for tests; --demo implies it
    #[arg(long, env = "SCANWARD_ALLOW_LOOPBACK", global = true)]
    pub allow_loopback: bool,

    /// Load two sample tenants, with the ids and credentials of the sample events; only on addresses of this machine
    #[arg(long, env = "SCANWARD_DEMO", global = true)]
    pub demo: bool,

    /// The limits of the API's port.
    #[arg(skip)]
    pub limits: Limits,

    /// The command to run instead of serving the API
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Options {
    /// The options of a platform with the sample tenants in memory, on free ports of this machine.
    #[must_use]
    pub fn in_memory() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any,
            data: PathBuf::new(),
            memory: true,
            dynamodb_endpoint: None,
            dynamodb_listen: any,
            table: Config::TABLE.to_owned(),
            admin_email: "admin@example.com".to_owned(),
            admin_password: None,
            signing_key_generation: FIRST,
            // Nothing listens there, so no DNS query leaves this machine.
            dns_server: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9))),
            allow_loopback: true,
            demo: true,
            limits: Limits::default(),
            command: None,
        }
    }
}

/// The commands of the program.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Send one API Gateway event to its function, and print the answer
    Invoke {
        /// The event, such as events/user/show_current_user.json
        event: PathBuf,
    },
    /// Write openapi.json
    Openapi,
    /// Move a table that an earlier version made to the present layout, while nothing writes to it
    Migrate,
    /// Check that all items of the table agree: markers, counts, totals and copies
    Check {
        /// Make missing copies again, and set counts and totals right, while nothing writes to the table
        #[arg(long)]
        repair: bool,
    },
    /// Try again what the workers failed to do for good
    Redrive {
        /// The SQS queue of a deployment's failures; by default those in the data folder
        #[arg(long, value_name = "URL")]
        queue_url: Option<String>,
    },
}
