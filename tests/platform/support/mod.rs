//! A platform for each test, and clients that call it.

mod client;
pub mod dns;
mod document;
pub mod items;
pub mod logs;
pub mod mortal;
mod operations;
pub mod raw;
pub mod scanner;

use std::{sync::Arc, time::Duration};

pub use client::{Client, Reply};
pub use operations::{Access, Operation, lists, lists_below, operations, send};
use scanward::{options::Options, platform::Platform, upkeep::Upkeep};
use serde_json::json;
use shared::{
    app::Operator,
    config::{Dynamodb, Settings},
    keys::NoKeys,
    store::Table,
    time::Timestamp,
};
use uuid::Uuid;

pub const TECHPARTNER: &str = "b2c3d4e5-f6a7-8901-bcde-f12345678901";
pub const ACME: &str = "aa7cf840-9ca9-46a3-9778-9015d6580d50";
pub const RETIRED: &str = "0192f0c1-0000-7000-8000-000000000021";
pub const GLOBEX: &str = "0192f0c1-0000-7000-8000-000000000022";
pub const PARTNER: &str = "0192f0c1-0000-7000-8000-000000000001";
pub const USER: &str = "0192f0c1-0000-7000-8000-000000000002";
pub const LEAVER: &str = "0192f0c1-0000-7000-8000-000000000003";

/// The descriptive texts of an organization.
pub const ORGANIZATION_TEXTS: [&str; 13] = [
    "description",
    "address",
    "city",
    "state",
    "zipcode",
    "country",
    "phone",
    "website",
    "email",
    "contact_name",
    "contact_title",
    "contact_phone",
    "contact_email",
];

/// The time after which a platform that does not answer fails the test instead of hanging it.
pub const PATIENCE: Duration = Duration::from_secs(20);

const ADMIN_PASSWORD: &str = "administrator of tests";

/// A started platform with the sample tenants.
pub struct World {
    pub platform: Platform,
    table: String,
    url: String,
}

impl World {
    pub async fn start() -> Self {
        Self::with(options()).await
    }

    pub async fn with(options: Options) -> Self {
        let platform = Platform::start(&options).await.expect("the platform starts");
        let url = format!("http://{}", platform.address().expect("the API is served"));
        Self { platform, table: options.table, url }
    }

    /// The name of the table.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Requires that all items of the table agree, once the workers have handled them.
    pub async fn agrees(&self) {
        self.platform.workers().caught_up().await;
        let options = Options {
            dynamodb_endpoint: Some(self.platform.dynamodb().clone()),
            table: self.table.clone(),
            ..options()
        };
        let differences = Upkeep::open(&options).await.unwrap().check(false).await.unwrap();
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }

    /// What the scheduler does at a time, in its role.
    pub async fn scheduler(&self, now: Timestamp) -> scheduler::Report {
        let role = self.platform.roles()["scheduler"].clone();
        let table = Table::new(dynamodb(self), self.table().to_owned()).under(role);
        let settings = Settings { allows_loopback: true, ..Settings::default() };
        scheduler::run(&Operator::new(table, Arc::new(NoKeys), settings), now).await
    }

    /// A caller without credentials.
    pub fn nobody(&self) -> Client {
        Client::new(&self.url).after(self.platform.workers())
    }

    fn with_token(&self, token: &str) -> Client {
        self.nobody().with("authorization", &format!("Basic {token}"))
    }

    /// The Partner of TechPartner Inc., above Acme Corporation.
    pub fn partner(&self) -> Client {
        self.with_token("scanward_demo_partner_token")
    }

    /// The User of Acme Corporation.
    pub fn user(&self) -> Client {
        self.with_token("scanward_demo_user_token")
    }

    /// The Partner of the other tenant, Globex Example.
    pub fn other(&self) -> Client {
        self.with_token("scanward_demo_other_token")
    }

    /// The integration of Acme Corporation.
    pub fn api_key(&self) -> Client {
        self.nobody().with("x-api-key", "scanward_demo_api_key")
    }

    /// The administrator, in a new session.
    pub async fn admin(&self) -> Client {
        self.session("admin@example.com", ADMIN_PASSWORD).await
    }

    /// Any user in a new session.
    pub async fn session(&self, username: &str, password: &str) -> Client {
        let body = json!({ "username": username, "password": password });
        let token = self.nobody().post("/auth/sign_in", body).await.ok(200)["token"].as_str().unwrap().to_owned();
        self.bearer(&token)
    }

    /// A caller with a session token.
    pub fn bearer(&self, token: &str) -> Client {
        self.nobody().with("authorization", &format!("Bearer {token}"))
    }

    /// Creates an organization below that of `caller`; returns its id.
    pub async fn organization(&self, caller: &Client, name: &str) -> String {
        let body = json!({ "organization": { "name": name, "company_name": name } });
        caller.post("/v2/organizations", body).await.ok(201).id()
    }
}

/// Makes a chain of organizations as deep as the tree can be; returns their ids from the top down.
pub async fn deepest(caller: &Client, top: &str) -> Vec<String> {
    let mut chain = vec![top.to_owned()];
    while chain.len() < 29 {
        let body =
            json!({ "organization": { "name": "Deeper", "company_name": "x", "parent_organization": chain.last() } });
        chain.push(caller.post("/v2/organizations", body).await.ok(201).id());
    }
    chain
}

/// Runs requests at the same time and returns their answers in order.
pub async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}

/// A client of the platform's DynamoDB, to read and write items directly.
pub fn dynamodb(world: &World) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
    let Dynamodb { endpoint, credentials } = world.platform.dynamodb();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials.clone())
        .endpoint_url(endpoint);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// The options of a platform for one test: in memory, on free ports, or with its own table in another DynamoDB.
pub fn options() -> Options {
    logs::start();
    Options {
        dynamodb_endpoint: std::env::var("SCANWARD_DYNAMODB_ENDPOINT").ok().map(Dynamodb::at),
        table: format!("scanward-test-{}", Uuid::now_v7()),
        admin_password: Some(ADMIN_PASSWORD.to_owned()),
        ..Options::in_memory()
    }
}
