//! The running platform.

use std::{
    collections::BTreeMap,
    fmt::Write,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, ensure};
use axum::middleware;
use shared::{
    App,
    app::{self, Operator},
    config::{Config, Dynamodb, Settings},
    domain::bootstrap,
    input::values::Password,
    keys::{KeyFile, KeyProvider},
    random::random_alphanumeric,
};
use tokio::net::TcpListener;
use url::Url;

use crate::{
    database, demo,
    door::{self, Door},
    folder,
    gateway::Gateway,
    iam::{Restricted, Role},
    options::Options,
    serving,
    streams::{TableStream, Worker},
    template::{self, Functions, TEMPLATE, Timer},
    upkeep::migrate::require_layout,
    workers::{self, Workers},
};

/// The platform on this machine.
pub struct Platform {
    gateway: Gateway,
    roles: BTreeMap<String, Role>,
    workers: Workers,
    timed: Vec<(Timer, Worker)>,
    dynamodb: Dynamodb,
    address: Option<SocketAddr>,
    greeting: String,
}

impl Platform {
    /// Starts everything and serves the API.
    ///
    /// # Errors
    /// When an address is taken or the data folder cannot be used, and for sample tenants on an address that other machines
    /// reach.
    pub async fn start(options: &Options) -> Result<Self> {
        for address in [options.listen, options.dynamodb_listen] {
            let is_local = !options.demo || address.ip().is_loopback();
            ensure!(is_local, "--demo has credentials that everyone can read, so it does not listen on {address}");
        }
        let listener =
            TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
        let address = listener.local_addr()?;
        let mut platform = Self::make(options, options.dynamodb_listen, address).await?;
        platform.address = Some(address);
        let router = platform.gateway.router().layer(middleware::from_fn_with_state(Door::of(address), door::of_api));
        tokio::spawn(serving::serve(listener, router, options.limits));
        for (timer, timed) in &platform.timed {
            workers::start_timer(timer, timed.clone());
        }
        Ok(platform)
    }

    /// Starts everything but the API, to pass events to the functions directly.
    ///
    /// # Errors
    /// When the data folder cannot be used.
    pub async fn prepare(options: &Options) -> Result<Self> {
        Self::make(options, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), options.listen).await
    }

    /// Refuses a DynamoDB that is not on this machine, since everyone can read the credentials of the sample tenants.
    fn require_local(dynamodb: &str) -> Result<()> {
        let host = Url::parse(dynamodb).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        let is_local = host.is_some_and(|host| door::is_this_machine(&host));
        ensure!(is_local, "--demo loads its credentials only into a DynamoDB on this machine, not into {dynamodb}");
        Ok(())
    }

    async fn make(options: &Options, dynamodb_listen: SocketAddr, address: SocketAddr) -> Result<Self> {
        let dynamodb = database::of(options, dynamodb_listen).await?;
        if options.demo {
            Self::require_local(&dynamodb.endpoint)?;
        }
        let config = config(options, &dynamodb);
        let table = app::table(&config);
        table.ensure_exists().await.map_err(report).with_context(|| format!("DynamoDB at {}", dynamodb.endpoint))?;
        let provider = key_provider(options)?;
        let Functions { routes, roles, mappings, timers } = template::functions(TEMPLATE)?;
        // Each function has an operator of its own, limited to its role, as its process on AWS is.
        let process = |role: &Role| {
            let provider = Arc::new(Restricted::new(provider.clone(), role.clone()));
            Operator::new(table.under(role.clone()), provider, config.settings.clone())
        };
        let role_of = |function: &str| roles.get(function).with_context(|| format!("the template has no {function}"));
        let starting = role_of("authentication")?;
        let authentication = process(starting);
        require_layout(&authentication).await?;
        let generation = options.signing_key_generation;
        bootstrap::ensure_keys(&authentication, generation).await.map_err(report).context("the platform's keys")?;
        let mut greeting = format!("Scanward is at http://{address}, its reference at http://{address}/docs\n");
        greeting += &invitation(&dynamodb, options)?;
        greeting += &administrator(&authentication, starting, options).await?;
        let settings = process(role_of("settings")?);
        settings::prepare(&settings).await.map_err(report).context("the keys of the settings")?;
        if options.demo {
            let operator = Operator::new(table.clone(), provider.clone(), config.settings.clone());
            demo::load(&operator).await.map_err(report).context("the sample tenants")?;
            writeln!(greeting, "Sample users: {}", demo::sign_ins())?;
        }
        let state = (!options.memory).then_some(&*options.data);
        let mut subscribed = Vec::new();
        for mapping in mappings {
            let worker = workers::worker(&mapping.function, &process(role_of(&mapping.function)?))?;
            subscribed.push((mapping, worker));
        }
        let stream = TableStream::new(&dynamodb, &options.table);
        let workers = Workers::start(stream, subscribed, state).await.context("the workers")?;
        workers.caught_up().await;
        let apps: BTreeMap<String, App> =
            roles.iter().map(|(function, role)| (function.clone(), process(role).app().clone())).collect();
        for app in apps.values() {
            app.warm_up().await;
        }
        let mut timed = Vec::new();
        for timer in timers {
            let called = workers::timed(&timer.function, process(role_of(&timer.function)?))?;
            timed.push((timer, called));
        }
        let nudged = workers.clone();
        let gateway = Gateway::new(routes, &apps, move || nudged.nudge())?;
        Ok(Self { gateway, roles, workers, timed, dynamodb, address: None, greeting })
    }

    /// The workers.
    #[must_use]
    pub fn workers(&self) -> &Workers {
        &self.workers
    }

    /// The functions that a timer calls: they are called by themselves where the API is served.
    #[must_use]
    pub fn timed(&self) -> &[(Timer, Worker)] {
        &self.timed
    }

    /// The gateway.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The role of each function.
    #[must_use]
    pub fn roles(&self) -> &BTreeMap<String, Role> {
        &self.roles
    }

    /// The address of the API, if it is served.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Its DynamoDB.
    #[must_use]
    pub fn dynamodb(&self) -> &Dynamodb {
        &self.dynamodb
    }

    /// The addresses of the API and of DynamoDB, and the credentials to sign in with.
    #[must_use]
    pub fn greeting(&self) -> &str {
        self.greeting.trim_end()
    }
}

/// Where DynamoDB is, and how to call the embedded one, whose access key nobody else knows.
fn invitation(dynamodb: &Dynamodb, options: &Options) -> Result<String> {
    let Dynamodb { endpoint, credentials } = dynamodb;
    let mut lines = format!("DynamoDB is at {endpoint}\n");
    if options.dynamodb_endpoint.is_none() {
        let (id, secret) = (credentials.access_key_id(), credentials.secret_access_key());
        writeln!(lines, "Its access key, until it ends: AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}")?;
        writeln!(lines, "  as in: aws dynamodb list-tables --region us-east-1 --endpoint-url {endpoint}")?;
    }
    Ok(lines)
}

fn key_provider(options: &Options) -> Result<Arc<dyn KeyProvider>> {
    if options.memory {
        return Ok(Arc::new(KeyFile::in_memory().map_err(report)?));
    }
    folder::make(&options.data)?;
    let path = options.data.join("master.key");
    let file = KeyFile::open(&path).map_err(report).with_context(|| format!("the key file {}", path.display()))?;
    Ok(Arc::new(file))
}

fn config(options: &Options, dynamodb: &Dynamodb) -> Config {
    let config = Config::local(&options.table, dynamodb);
    let allows_loopback = options.allow_loopback || options.demo;
    let settings = Settings { dns_server: options.dns_server, allows_loopback, ..config.settings };
    Config { settings, ..config }
}

/// Creates the first administrator, and returns the line of the greeting that names its credentials.
async fn administrator(operator: &Operator, role: &Role, options: &Options) -> Result<String> {
    let (password, is_generated) = match &options.admin_password {
        Some(password) => (password.clone(), false),
        None => (random_alphanumeric(Password::MIN * 2).map_err(report)?, true),
    };
    let email = &options.admin_email;
    // This password replaces the secret on AWS; the role must allow reading that secret here too.
    let read = async || role.read_secret("AdminPassword").map(|()| password.clone()).map_err(shared::Error::internal);
    let made = bootstrap::ensure_administrator(operator, email, read).await;
    Ok(match (made.map_err(report).context("the administrator")?, is_generated) {
        (true, true) => format!("Sign in as {email} with the password {password} (shown this once)\n"),
        (true, false) => format!("Sign in as {email} with the password that was given\n"),
        (false, _) => format!("Sign in as {email} with the password of the first start\n"),
    })
}

fn report(error: shared::Error) -> anyhow::Error {
    anyhow!("{error}")
}
