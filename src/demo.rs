//! Two sample tenants with fixed ids and fixed credentials. Only the local platform loads them; no function can.
//!
//! | tenant | users | credentials |
//! | --- | --- | --- |
//! | TechPartner Inc. | a Partner, above Acme Corporation | `partner@example.com`, access token, session |
//! | Acme Corporation | a User | `user@example.com`, access token, API key |
//! | Globex Example | a Partner of the other tenant | `partner@example.test`, access token |
//!
//! The administrator of the first start has an access token too.

use serde_json::json;
use shared::{
    Error, Result,
    app::Operator,
    domain::{
        bootstrap::{ADMINISTRATOR, ignore_existing},
        credential::{Credential, Holder},
        organization::{self, NewOrganization, Organization},
        port_list::{self, PortRanges},
        session::Session,
        user::{self, NewUser, User},
    },
    error::Code,
    id::{
        CredentialId, DomainId, EventId, OrganizationId, PortListId, RunId, ScanId, ScannerId, ScheduleId, SessionId,
        TargetId, UserId,
    },
    input::check,
    keys::{Purpose, token::UID},
    store::{Authorized, Owned, Store},
    tenancy::Role,
    time::Timestamp,
};
use uuid::uuid;

/// The organization of the sample Partner.
pub const TECHPARTNER: OrganizationId = OrganizationId(uuid!("b2c3d4e5-f6a7-8901-bcde-f12345678901"));
/// The organization below it that has users.
pub const ACME: OrganizationId = OrganizationId(uuid!("aa7cf840-9ca9-46a3-9778-9015d6580d50"));
/// Another organization below it, without users.
pub const RETIRED: OrganizationId = OrganizationId(uuid!("0192f0c1-0000-7000-8000-000000000021"));
const GLOBEX: OrganizationId = OrganizationId(uuid!("0192f0c1-0000-7000-8000-000000000022"));

const PARTNER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000001"));
const USER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000002"));
/// A User of Acme Corporation without a password.
pub const LEAVER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000003"));
const OTHER: UserId = UserId(uuid!("0192f0c1-0000-7000-8000-000000000004"));

const SESSION: SessionId = SessionId(uuid!("0192f0c1-0000-7000-8000-000000000011"));
const DOMAIN: DomainId = DomainId(uuid!("0192f0c1-0000-7000-8000-000000000051"));
/// The entry of the audit log for the first sample organization.
pub const EVENT: EventId = EventId(uuid!("0192f0c1-0000-7000-8000-000000000031"));

/// The public key that verifies the sample session's token. Its private key was discarded once that token was signed.
const SESSION_KEY: &str = "XjdEjY69FoU12YaT1BWnF1CrKz1OTzkmw8mRcHeJHhU";
/// When the sample session, its token and the sample code of a scanner expire.
const SESSION_END: &str = "2100-01-01T00:00:00Z";

/// The sample organizations: id, name, and the organization above.
const ORGANIZATIONS: [(OrganizationId, &str, Option<OrganizationId>); 4] = [
    (TECHPARTNER, "TechPartner Inc.", None),
    (ACME, "Acme Corporation", Some(TECHPARTNER)),
    (RETIRED, "Retired Example", Some(TECHPARTNER)),
    (GLOBEX, "Globex Example", None),
];

/// The sample users: id, organization, role, e-mail address and password.
const USERS: [(UserId, OrganizationId, Role, &str, Option<&str>); 4] = [
    (PARTNER, TECHPARTNER, Role::Partner, "partner@example.com", Some("demo partner password")),
    (USER, ACME, Role::User, "user@example.com", Some("demo user password")),
    (LEAVER, ACME, Role::User, "leaver@example.com", None),
    (OTHER, GLOBEX, Role::Partner, "partner@example.test", Some("demo other password")),
];

/// The sample port lists of Acme Corporation: id, name, and their TCP ports.
const PORT_LISTS: [(PortListId, &str, &[[u16; 2]]); 2] = [
    (PortListId(uuid!("0192f0c1-0000-7000-8000-000000000061")), "Web and tests", &[[80, 80], [443, 443], [8000, 8100]]),
    (PortListId(uuid!("0192f0c1-0000-7000-8000-000000000062")), "Old telephones", &[[5060, 5061]]),
];

/// The sample schedules of Acme Corporation.
const SCHEDULES: [ScheduleId; 4] = [
    ScheduleId(uuid!("0192f0c1-0000-7000-8000-000000000071")),
    ScheduleId(uuid!("0192f0c1-0000-7000-8000-000000000072")),
    ScheduleId(uuid!("0192f0c1-0000-7000-8000-000000000073")),
    SCANS.schedule,
];

/// The sample targets of Acme Corporation.
const TARGETS: [TargetId; 4] = [
    TargetId(uuid!("0192f0c1-0000-7000-8000-000000000081")),
    TargetId(uuid!("0192f0c1-0000-7000-8000-000000000082")),
    TargetId(uuid!("0192f0c1-0000-7000-8000-000000000083")),
    SCANS.target,
];

/// The sample scanners of Acme Corporation.
const SCANNERS: [ScannerId; 5] = [
    ScannerId(uuid!("0192f0c1-0000-7000-8000-000000000091")),
    ScannerId(uuid!("0192f0c1-0000-7000-8000-000000000092")),
    ScannerId(uuid!("0192f0c1-0000-7000-8000-000000000093")),
    ScannerId(uuid!("0192f0c1-0000-7000-8000-000000000094")),
    SCANNER,
];
/// The one of them that works.
const SCANNER: ScannerId = ScannerId(uuid!("0192f0c1-0000-7000-8000-000000000095"));
/// The public key that verifies its token in the sample events. Its private key was discarded once that token was signed.
const SCANNER_KEY: &str = "8Jf9IUrDSoNWUiS1D7kxz8VuY5rF1HMUyG1b5x3aU4Q";

/// The sample scan that runs, and the one that has run.
const RUNNING: ScanId = ScanId(uuid!("0192f0c1-0000-7000-8000-0000000000a3"));
const DONE: ScanId = ScanId(uuid!("0192f0c1-0000-7000-8000-0000000000a4"));
/// The sample scans of Acme Corporation.
const SCANS: scans::SampleIds = scans::SampleIds {
    scans: [
        ScanId(uuid!("0192f0c1-0000-7000-8000-0000000000a1")),
        ScanId(uuid!("0192f0c1-0000-7000-8000-0000000000a2")),
        RUNNING,
        DONE,
        ScanId(uuid!("0192f0c1-0000-7000-8000-0000000000a5")),
        ScanId(uuid!("0192f0c1-0000-7000-8000-0000000000a6")),
    ],
    runs: [
        RunId(uuid!("0192f0c1-0000-7000-8000-0000000000b2")),
        RunId(uuid!("0192f0c1-0000-7000-8000-0000000000b3")),
        RunId(uuid!("0192f0c1-0000-7000-8000-0000000000b4")),
    ],
    target: TargetId(uuid!("0192f0c1-0000-7000-8000-000000000084")),
    scanner: SCANNER,
    schedule: ScheduleId(uuid!("0192f0c1-0000-7000-8000-000000000074")),
    user: USER,
};

/// Loads the sample data that does not exist yet.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load(operator: &Operator) -> Result<()> {
    let store = operator.store();
    for (id, name, parent) in ORGANIZATIONS {
        organization(store, id, name, parent).await?;
    }
    for (id, organization, role, email, password) in USERS {
        member(store, id, organization, role, email, password).await?;
    }
    credentials(operator).await?;
    let acme = store.find::<Organization>(ACME).await?;
    port_lists(store, &acme).await?;
    schedules::load_sample(store, &acme, SCHEDULES).await?;
    targets::load_sample(store, operator.app().settings(), &acme, TARGETS).await?;
    let end: Timestamp = SESSION_END.parse().map_err(Error::internal)?;
    scanners::load_sample(store, &acme, SCANNERS, end).await?;
    scans::load_sample(store, operator.app().settings(), &acme, SCANS).await?;
    for scan in [(RUNNING, false), (DONE, true)] {
        agents::load_sample(store, operator.app(), SCANNER, scan, end).await?;
    }
    let sealing = operator.app().keys().sealing_key(Purpose::SettingsSealing).await?;
    settings::load_sample(store, &store.find(TECHPARTNER).await?, &sealing, DOMAIN).await
}

/// The e-mail addresses and passwords of the sample users that can sign in.
#[must_use]
pub fn sign_ins() -> String {
    let sign_in =
        |(_, _, _, email, password): &(_, _, _, &str, Option<&str>)| password.map(|it| format!("{email} ({it})"));
    USERS.iter().filter_map(sign_in).collect::<Vec<_>>().join(", ")
}

async fn organization(store: Store<'_>, id: OrganizationId, name: &str, parent: Option<OrganizationId>) -> Result<()> {
    let parent: Option<Authorized<Organization>> = match parent {
        Some(id) => Some(store.find(id).await?),
        None => None,
    };
    let new: NewOrganization = check(&json!({ "name": name, "company_name": name }))?;
    let write = organization::create_below(store, id, parent.as_ref(), new)?;
    let write = if id == TECHPARTNER { write.with_event_id(EVENT) } else { write };
    ignore_existing(write.commit().await)
}

async fn member(
    store: Store<'_>,
    id: UserId,
    organization: OrganizationId,
    role: Role,
    email: &str,
    password: Option<&str>,
) -> Result<()> {
    match store.find::<User>(id).await {
        Err(error) if error.code() == Code::NotFound => {}
        found => return found.map(|_| ()),
    }
    let organization = store.find(organization).await?;
    let mut new = json!({ "email": email, "timezone": "UTC" });
    if let (Some(password), Some(new)) = (password, new.as_object_mut()) {
        new.insert("password".into(), password.into());
        new.insert("confirmed".into(), true.into());
    }
    let new: NewUser = check(&new)?;
    ignore_existing(user::create_in(store, id, &organization, role, new).await?.commit().await)
}

async fn port_lists(store: Store<'_>, acme: &Authorized<Organization>) -> Result<()> {
    for (id, name, ports) in PORT_LISTS {
        let ranges = ports.iter().map(|[start, end]| json!({ "protocol": "tcp", "start": start, "end": end }));
        let ranges: PortRanges = check(&ranges.collect())?;
        let write = port_list::create(store, id, acme, name.to_owned(), None, ranges);
        ignore_existing(write.commit().await)?;
    }
    Ok(())
}

async fn credentials(operator: &Operator) -> Result<()> {
    let store = operator.store();
    let acting_as = async |user_id| -> Result<Holder> {
        let user: Authorized<User> = store.find(user_id).await?;
        Ok(Holder::User { user_id, claim: Some(user.claim()) })
    };
    // It may be gone: only the first start makes it.
    let administrator = store.find_listed::<User>(Some(ADMINISTRATOR)).await?;
    let uid = || vec![UID.to_owned()];
    let acme: Authorized<Organization> = store.find(ACME).await?;
    let of_acme = Holder::Organization { path: acme.path().clone(), role: Role::User };
    let credentials = [
        (
            uuid!("0192f0c1-0000-7000-8000-000000000041"),
            "scanward_demo_partner_token",
            acting_as(PARTNER).await?,
            uid(),
        ),
        (uuid!("0192f0c1-0000-7000-8000-000000000042"), "scanward_demo_user_token", acting_as(USER).await?, uid()),
        (uuid!("0192f0c1-0000-7000-8000-000000000043"), "scanward_demo_other_token", acting_as(OTHER).await?, uid()),
        (uuid!("0192f0c1-0000-7000-8000-000000000044"), "scanward_demo_api_key", of_acme, vec![]),
        (
            uuid!("0192f0c1-0000-7000-8000-000000000045"),
            "scanward_demo_admin_token",
            Holder::User { user_id: ADMINISTRATOR, claim: administrator.map(|user| user.claim()) },
            uid(),
        ),
    ];
    for (id, text, holder, scopes) in credentials {
        operator.put_sample(&Credential::new(CredentialId(id), text, holder, scopes)).await?;
    }
    let keys = operator.app().keys();
    keys.publish(Purpose::SessionSigning, "demo", SESSION_KEY).await?;
    keys.publish(Purpose::ScannerSigning, "demo-scanner", SCANNER_KEY).await?;
    let end: Timestamp = SESSION_END.parse().map_err(Error::internal)?;
    let lifetime = end.as_second() - Timestamp::now().as_second();
    let partner: Authorized<User> = store.find(PARTNER).await?;
    operator.put_sample(&Session::new(SESSION, &partner, "127.0.0.1", lifetime)).await
}
