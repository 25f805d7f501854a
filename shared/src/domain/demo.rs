//! Two sample tenants with fixed ids and fixed credentials. Only the local platform loads them; no function can.
//!
//! | | tenant | credential |
//! | --- | --- | --- |
//! | TechPartner Inc. | a Partner, above Acme Corporation | `partner@example.com`, access token, session |
//! | Acme Corporation | a User | `user@example.com`, access token, API key |
//! | Globex Example | the other tenant, with a Partner | `partner@example.test`, access token |

use serde_json::json;
use uuid::uuid;

use super::{
    audit::LoggedEvent,
    bootstrap::{Operator, ignore_existing, read},
    domains,
    organization::{self, NewOrganization, Organization},
    session::Session,
    settings::{
        connector, included_tools,
        plugin::{self, PluginName},
        tool,
    },
    user::{self, NewUser, User},
};
use crate::{
    App, Result,
    api::error::Code,
    auth::{
        credential::{Credential, Holder},
        custody::Purpose,
        role::Role,
        token::UID,
    },
    id::{CredentialId, DomainId, EventId, OrganizationId, SessionId, UserId},
    store::{Change, Key, Owned, Store, Stored, entity::to_item},
    time::Timestamp,
};

/// The organization of the sample Partner.
pub const TECHPARTNER: OrganizationId = OrganizationId(uuid!("b2c3d4e5-f6a7-8901-bcde-f12345678901"));
/// The organization below it that has a User.
pub const ACME: OrganizationId = OrganizationId(uuid!("aa7cf840-9ca9-46a3-9778-9015d6580d50"));
/// Another one below it, without anyone.
pub const RETIRED: OrganizationId = OrganizationId(uuid!("0192f0c1-0000-7000-8000-000000000021"));
const GLOBEX: OrganizationId = OrganizationId(uuid!("0192f0c1-0000-7000-8000-000000000022"));

const PARTNER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000001"));
const USER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000002"));
/// A User of Acme Corporation.
pub const LEAVER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000003"));
const OTHER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000004"));

const SESSION: SessionId = SessionId(uuid!("0192f0c1-0000-7000-8000-000000000011"));
const DOMAIN: DomainId = DomainId(uuid!("0192f0c1-0000-7000-8000-000000000051"));
/// A sample entry of the audit log.
pub const EVENT: EventId = EventId(uuid!("0192f0c1-0000-7000-8000-000000000031"));

/// The public key that verifies the sample session's token. Its private key was thrown away once that token was signed.
const SESSION_KEY: &str = "XjdEjY69FoU12YaT1BWnF1CrKz1OTzkmw8mRcHeJHhU";
/// The sample session and its token end on 2100-01-01.
const SESSION_END: i64 = 4_102_444_800;

/// A sample organization: its id, its name, and the one above.
const ORGANIZATIONS: [(OrganizationId, &str, Option<OrganizationId>); 4] = [
    (TECHPARTNER, "TechPartner Inc.", None),
    (ACME, "Acme Corporation", Some(TECHPARTNER)),
    (RETIRED, "Retired Example", Some(TECHPARTNER)),
    (GLOBEX, "Globex Example", None),
];

/// A sample user: its id, its organization, its role, its e-mail address and its password.
const USERS: [(UserId, OrganizationId, Role, &str, Option<&str>); 4] = [
    (PARTNER, TECHPARTNER, Role::Partner, "partner@example.com", Some("demo partner password")),
    (USER, ACME, Role::User, "user@example.com", Some("demo user password")),
    (LEAVER, ACME, Role::User, "leaver@example.com", None),
    (OTHER, GLOBEX, Role::Partner, "partner@example.test", Some("demo other password")),
];

/// Loads what is not there yet.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load(app: &App) -> Result<()> {
    let operator = Operator::new();
    let store = operator.store(app);
    for (id, name, parent) in ORGANIZATIONS {
        organization(store, id, name, parent).await?;
    }
    for (id, organization, role, email, password) in USERS {
        member(store, id, organization, role, email, password).await?;
    }
    credentials(app, store).await?;
    event(store).await?;
    settings(app, store).await
}

/// How to sign in as a sample user.
#[must_use]
pub fn sign_ins() -> String {
    let sign_in =
        |(_, _, _, email, password): &(_, _, _, &str, Option<&str>)| password.map(|it| format!("{email} ({it})"));
    USERS.iter().filter_map(sign_in).collect::<Vec<_>>().join(", ")
}

async fn organization(store: Store<'_>, id: OrganizationId, name: &str, parent: Option<OrganizationId>) -> Result<()> {
    let parent: Option<Stored<Organization>> = match parent {
        Some(id) => Some(organization::find(store, id).await?),
        None => None,
    };
    let new: NewOrganization = read(&json!({ "name": name, "company_name": name }))?;
    ignore_existing(organization::create_at(store, id, parent.as_ref(), &new)?.commit().await)
}

async fn member(
    store: Store<'_>,
    id: UserId,
    organization: OrganizationId,
    role: Role,
    email: &str,
    password: Option<&str>,
) -> Result<()> {
    if store.unowned::<User>(&Key::user(id)).await?.is_some() {
        return Ok(());
    }
    let organization = organization::find(store, organization).await?;
    let mut new = json!({ "email": email, "timezone": "UTC" });
    if let (Some(password), Some(new)) = (password, new.as_object_mut()) {
        new.insert("password".into(), password.into());
        new.insert("confirmed".into(), true.into());
    }
    let new: NewUser = read(&new)?;
    ignore_existing(user::create_in(store, id, &organization, role, &new).await?.commit().await)
}

async fn credentials(app: &App, store: Store<'_>) -> Result<()> {
    let acting_as = |user_id| Holder::User { user_id };
    let uid = || vec![UID.to_owned()];
    let of_acme =
        Holder::Organization { path: organization::find(store, ACME).await?.path().clone(), role: Role::User };
    let credentials = [
        (uuid!("0192f0c1-0000-7000-8000-000000000041"), "scanward_demo_partner_token", acting_as(PARTNER), uid()),
        (uuid!("0192f0c1-0000-7000-8000-000000000042"), "scanward_demo_user_token", acting_as(USER), uid()),
        (uuid!("0192f0c1-0000-7000-8000-000000000043"), "scanward_demo_other_token", acting_as(OTHER), uid()),
        (uuid!("0192f0c1-0000-7000-8000-000000000044"), "scanward_demo_api_key", of_acme, vec![]),
    ];
    for (id, text, holder, scopes) in credentials {
        let credential = Credential::new(CredentialId(id), text, holder, scopes);
        app.table().put_new(to_item(&credential, 1)?).await?;
    }
    app.keys().publish("demo", SESSION_KEY).await?;
    let lifetime = SESSION_END - Timestamp::now().as_second();
    let session = Session::new(SESSION, &*user::find(store, PARTNER).await?, "127.0.0.1", lifetime);
    app.table().put_new(to_item(&session, 1)?).await.map(|_| ())
}

/// Settings of TechPartner, unless they were loaded before.
async fn settings(app: &App, store: Store<'_>) -> Result<()> {
    let techpartner = organization::find(store, TECHPARTNER).await?;
    let sealing = app.keys().sealing_key(Purpose::SettingsSealing).await?;
    let domain = domains::claim_verified(store, &techpartner, DOMAIN, read(&json!("example.com"))?)?.commit().await;
    if domain.is_err_and(|error| error.code() == Code::Conflict) {
        return Ok(());
    }
    let gitlab = read(&json!({ "oauth_token": "glpat-demo" }))?;
    plugin::save(store, &techpartner, &sealing, PluginName::Gitlab, &gitlab).await?;
    let semgrep = read(&json!({ "severity": "high", "api_token": "semgrep-demo" }))?;
    tool::save(store, &techpartner, &sealing, &read(&json!("semgrep"))?, semgrep).await?;
    let jira = read(&json!({ "url": "https://jira.example.com", "token": "jira-demo" }))?;
    connector::save(store, &techpartner, &sealing, &read(&json!("jira"))?, jira).await?;
    let tools = read(&json!({ "included_tools": ["semgrep", "trivy"] }))?;
    included_tools::replace(store, &techpartner, tools).await.map(|_| ())
}

/// An entry with a fixed id in the log of TechPartner.
async fn event(store: Store<'_>) -> Result<()> {
    if store.unowned::<LoggedEvent>(&Key::event(None, EVENT)).await?.is_some() {
        return Ok(());
    }
    let path = organization::find(store, TECHPARTNER).await?.path().clone();
    let change = Change::new::<Organization>("demo.loaded", TECHPARTNER.0, &path).told_as(EVENT);
    store.write(change, ())?.commit().await
}
