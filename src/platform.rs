//! The platform, started.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result, anyhow, ensure};
use shared::{
    App,
    api::values::Password,
    app,
    auth::{
        custody::{Custody, KeyFile},
        sealing::random_alphanumeric,
    },
    config::Config,
    domain::{bootstrap, demo},
};
use tokio::net::TcpListener;
use url::{Host, Url};

use crate::{
    database,
    gateway::Gateway,
    iam::{Restricted, Role},
    options::Options,
    template::{self, Functions, TEMPLATE},
};

/// The platform on this machine.
pub struct Platform {
    gateway: Gateway,
    roles: BTreeMap<String, Role>,
    dynamodb: String,
    address: Option<SocketAddr>,
    greeting: String,
}

impl Platform {
    /// Starts everything and serves the API.
    ///
    /// # Errors
    /// When an address is taken or the data folder cannot be used.
    pub async fn start(options: &Options) -> Result<Self> {
        let listener =
            TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
        let address = listener.local_addr()?;
        let mut platform = Self::make(options, options.dynamodb_listen, address).await?;
        platform.address = Some(address);
        let service = platform.gateway.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(platform)
    }

    /// Starts everything but the API, to hand events over directly.
    ///
    /// # Errors
    /// When the data folder cannot be used.
    pub async fn prepare(options: &Options) -> Result<Self> {
        Self::make(options, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), options.listen).await
    }

    /// The sample tenants have credentials that everyone can read: they are for this machine alone.
    fn require_local(dynamodb: &str) -> Result<()> {
        let host = Url::parse(dynamodb).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        let is_local = match host {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        ensure!(is_local, "--demo loads its credentials only into a DynamoDB on this machine, not into {dynamodb}");
        Ok(())
    }

    async fn make(options: &Options, dynamodb_listen: SocketAddr, address: SocketAddr) -> Result<Self> {
        let dynamodb = match &options.dynamodb_endpoint {
            Some(endpoint) => endpoint.clone(),
            None if options.memory => database::in_memory(dynamodb_listen).await?,
            None => database::in_folder(&options.data, dynamodb_listen).await?,
        };
        if options.demo {
            Self::require_local(&dynamodb)?;
        }
        let config = Config {
            table: options.table.clone(),
            dynamodb_endpoint: Some(dynamodb.clone()),
            issuer: "scanward".to_owned(),
            kms_key_id: None,
            key_file: None,
            dns_server: options.dns_server,
            signing_key_generation: options.signing_key_generation,
            admin_email: None,
            admin_password: None,
        };
        let table = app::table(&config);
        table.ensure_exists().await.map_err(told).with_context(|| format!("DynamoDB at {dynamodb}"))?;
        let custody = custody(options)?;
        let Functions { routes, roles } = template::functions(TEMPLATE)?;
        // Each function has its own app, as on AWS, which reaches as far as its role.
        let app_of = |role: &Role| {
            let custody = Arc::new(Restricted::new(custody.clone(), role.clone()));
            App::new(table.under(role.clone()), custody, config.issuer.clone(), config.dns_server)
        };
        let role_of = |function| roles.get(function).with_context(|| format!("the template has no {function}"));
        let starting = role_of("authentication")?;
        let authentication = app_of(starting);
        let generation = options.signing_key_generation;
        bootstrap::ensure_keys(&authentication, generation).await.map_err(told).context("the platform's keys")?;
        let mut greeting = format!("Scanward is at http://{address}, its reference at http://{address}/docs\n");
        writeln!(greeting, "DynamoDB is at {dynamodb}")?;
        // The options are to this machine what the secret is to AWS.
        starting.read_secret("AdminPassword")?;
        greeting += &administrator(&authentication, options).await?;
        settings::prepare(&app_of(role_of("settings")?)).await.map_err(told).context("the keys of the settings")?;
        if options.demo {
            let operator = App::new(table.clone(), custody.clone(), config.issuer.clone(), config.dns_server);
            demo::load(&operator).await.map_err(told).context("the sample tenants")?;
            writeln!(greeting, "Sample users: {}", demo::sign_ins())?;
        }
        let apps: BTreeMap<_, _> = roles.iter().map(|(function, role)| (function.clone(), app_of(role))).collect();
        for app in apps.values() {
            app.warm_up().await;
        }
        Ok(Self { gateway: Gateway::new(routes, &apps)?, roles, dynamodb, address: None, greeting })
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

    /// The endpoint of DynamoDB.
    #[must_use]
    pub fn dynamodb(&self) -> &str {
        &self.dynamodb
    }

    /// Where everything is and how to sign in.
    #[must_use]
    pub fn greeting(&self) -> &str {
        self.greeting.trim_end()
    }
}

fn custody(options: &Options) -> Result<Arc<dyn Custody>> {
    if options.memory {
        return Ok(Arc::new(KeyFile::in_memory().map_err(told)?));
    }
    fs::create_dir_all(&options.data).with_context(|| format!("{} cannot be made", options.data.display()))?;
    let path = options.data.join("master.key");
    let file = KeyFile::open(&path).map_err(told).with_context(|| format!("the key file {}", path.display()))?;
    Ok(Arc::new(file))
}

/// Makes the first administrator, and says how to sign in.
async fn administrator(app: &App, options: &Options) -> Result<String> {
    let (password, told_once) = match &options.admin_password {
        Some(password) => (password.clone(), false),
        None => (random_alphanumeric(Password::MIN * 2).map_err(told)?, true),
    };
    let email = &options.admin_email;
    let is_new =
        bootstrap::ensure_administrator(app, email, &password).await.map_err(told).context("the administrator")?;
    Ok(match (is_new, told_once) {
        (true, true) => format!("Sign in as {email} with the password {password} (told this once)\n"),
        (true, false) => format!("Sign in as {email} with the password that was given\n"),
        (false, _) => format!("Sign in as {email} with the password of the first start\n"),
    })
}

fn told(error: shared::Error) -> anyhow::Error {
    anyhow!("{error}")
}
