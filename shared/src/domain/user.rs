//! Users.

use serde::{Deserialize, Serialize};

use super::{
    details::details,
    organization::{self, Organization},
    organization_marks::{Members, Partner},
    preference::PreferenceName,
    session::SignIns,
};
use crate::{
    Error, Result,
    api::{
        input::Nullable,
        list::{Cell, Column, DateRange, Listed},
        values::{Email, Line, Locale, Password, Text, Timezone},
    },
    auth::{
        caller::Caller,
        password,
        role::Role,
        scope::{OrganizationPath, Scope},
    },
    id::{OrganizationId, UserId},
    input,
    store::{Change, Entity, Key, Owned, Store, Stored, Write, key::Range, totals::Counted},
    time::Timestamp,
};

details! {
    /// What describes a user.
    pub struct UserDetails {
        /// First name.
        first_name: Line,
        /// Last name.
        last_name: Line,
        /// Language tag.
        locale: Locale,
        /// Time zone of the IANA database.
        timezone: Timezone,
        /// Phone number.
        phone: Line,
        /// Mobile phone number.
        mobile_phone: Line,
        /// Web address.
        url: Line,
        /// Job title.
        title: Line,
        /// Address.
        address: Line,
        /// City.
        city: Line,
        /// State.
        state: Line,
        /// Country.
        country: Line,
        /// Zip code.
        zipcode: Line,
        /// Comment.
        comment: Text,
    }

    /// What the signed-in user changes of itself.
    input OwnUpdate {
        /// E-mail address, unique in the platform without regard to case.
        email: Option<Email>,
    }

    /// What a user is changed to.
    input UserUpdate {
        /// E-mail address, unique in the platform without regard to case.
        email: Option<Email>,
        /// The organization to move the user to.
        organization_id: Option<OrganizationId>,
    }

    /// What a new user is made of.
    input NewUser {
        /// E-mail address, unique in the platform without regard to case.
        email: Email,
        /// The user's organization; without it the caller's own.
        organization_id: Option<OrganizationId>,
        /// The user's role; User without it.
        role: Option<Role>,
        /// A first password, which needs `confirmed`.
        password: Option<Password>,
        /// True confirms the e-mail address on the caller's word; goes with a password.
        confirmed: Option<bool>,
    }
}

input! {
    /// The body of Create User.
    pub struct CreateUser {
        /// The user.
        user: NewUser,
    }

    /// The body of Update User.
    pub struct UpdateUser {
        /// The user.
        user: UserUpdate,
    }

    /// The body of Update current user.
    pub struct UpdateMe {
        /// The user.
        user: OwnUpdate,
    }
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    pub(crate) organization_path: OrganizationPath,
    /// The user's organization.
    pub organization_id: OrganizationId,
    /// The e-mail address, which is also the name to sign in with.
    pub email: String,
    /// The role.
    pub role: Role,
    /// The rest of the profile.
    #[serde(flatten)]
    pub details: UserDetails,
    pub(crate) password_hash: Option<String>,
    /// Whether the user may sign in: it was confirmed once.
    pub(crate) is_active: bool,
    /// When the present e-mail address was confirmed.
    pub(crate) confirmed_at: Option<Timestamp>,
    /// Raised to end every session at once.
    pub(crate) session_epoch: u64,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When the profile was last changed.
    pub updated_at: Timestamp,
}

impl Entity for User {
    const TYPE: &'static str = "user";
    const SECRETS: &'static [&'static str] = &["password_hash"];

    fn key(&self) -> Key {
        Key::user(self.id)
    }

    fn tree_key(&self) -> Option<Key> {
        Some(Key::user_tree(&self.organization_path, self.id))
    }
}

impl Owned for User {
    fn path(&self) -> &OrganizationPath {
        &self.organization_path
    }
}

impl Listed for User {
    const COUNTED: Counted = Counted::Users;

    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("id", |it| Cell::text(it.id)),
        Column::new("email", |it| Cell::text(&it.email)),
        Column::new("username", |it| Cell::text(&it.email)),
        Column::new("role", |it| Cell::text(it.role)),
        Column::new("organization_id", |it| Cell::text(it.organization_id)),
        Column::new("first_name", |it| Cell::optional(it.details.first_name.as_ref())),
        Column::new("last_name", |it| Cell::optional(it.details.last_name.as_ref())),
        Column::new("title", |it| Cell::optional(it.details.title.as_ref())),
        Column::new("city", |it| Cell::optional(it.details.city.as_ref())),
        Column::new("country", |it| Cell::optional(it.details.country.as_ref())),
        Column::new("verified", |it| Cell::Flag(it.confirmed_at.is_some())),
        Column::new("created_at", |it| Cell::Time(it.created_at)),
        Column::new("updated_at", |it| Cell::Time(it.updated_at)),
    ];

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn range(scope: &Scope, _dates: Option<&DateRange>) -> Range {
        Range::users(scope)
    }
}

/// The mark that an e-mail address is taken, and the way from it to its user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TakenEmail {
    address: String,
    pub(crate) user_id: UserId,
}

impl TakenEmail {
    fn of(user: &User) -> Self {
        Self { address: crate::api::values::unique_form(&user.email), user_id: user.id }
    }

    fn refusal() -> Error {
        Error::conflict("Another user has this e-mail address")
    }
}

impl Entity for TakenEmail {
    const TYPE: &'static str = "email";

    fn key(&self) -> Key {
        Key::email(&self.address)
    }
}

/// The user `id`.
///
/// # Errors
/// 404 when it is not within the caller's reach.
pub async fn find(store: Store<'_>, id: UserId) -> Result<Stored<User>> {
    store.find(&Key::user(id)).await
}

/// Prepares a new user.
///
/// # Errors
/// 403 for a role that the caller cannot give, 409 for an address that is taken, 422 for an organization out of reach.
pub async fn create<'a>(caller: &'a Caller, new: &NewUser) -> Result<Write<'a, User>> {
    let role = new.role.unwrap_or(Role::User);
    if !caller.role().may_grant(role) {
        return Err(Error::forbidden(format!("Your role cannot give the role {role}")));
    }
    let id = new.organization_id.unwrap_or(caller.organization_id());
    let organization = organization::find_named(caller.store(), id, "user.organization_id").await?;
    create_in(caller.store(), UserId::generate(), &organization, role, new).await
}

pub(crate) async fn create_in<'a>(
    store: Store<'a>,
    id: UserId,
    organization: &Organization,
    role: Role,
    new: &NewUser,
) -> Result<Write<'a, User>> {
    let is_confirmed = new.confirmed == Some(true);
    if is_confirmed != new.password.is_some() {
        return Err(Error::invalid_field("user.confirmed", "must be true with a password, and only then"));
    }
    let password_hash = match &new.password {
        Some(password) => Some(password::hash(password.clone()).await?),
        None => None,
    };
    let now = Timestamp::now();
    let mut details = UserDetails::default();
    new.merge_into(&mut details);
    let user = User {
        id,
        organization_path: organization.organization_path.clone(),
        organization_id: organization.id,
        email: new.email.to_string(),
        role,
        details,
        password_hash,
        is_active: is_confirmed,
        confirmed_at: is_confirmed.then_some(now),
        session_epoch: 0,
        created_at: now,
        updated_at: now,
    };
    let change = Change::new::<User>("user.created", user.id.0, user.path()).after(&user)?;
    let write = store
        .write(change, user.clone())?
        .create(&user, Error::conflict("The user exists already"))?
        .create(&TakenEmail::of(&user), TakenEmail::refusal())?
        .create(&SignIns::none(user.id), Error::changed_meanwhile())?;
    join(write, &user)
}

/// Adds a user to the counts and marks of its organization.
fn join<'a, T>(write: Write<'a, T>, user: &User) -> Result<Write<'a, T>> {
    let organization_id = user.organization_path.organization();
    let gone = Error::invalid_field("user.organization_id", "is not an organization that you manage");
    let write =
        write.add(&Key::members(organization_id), Members::USERS, 1, gone).count(Counted::Users, user.path(), 1);
    if user.role == Role::Partner {
        return write.create(&Partner { organization_id, user_id: user.id }, Error::changed_meanwhile());
    }
    Ok(write)
}

/// Takes a user out of the counts and marks of its organization.
fn leave<'a, T>(write: Write<'a, T>, user: &User) -> Write<'a, T> {
    let organization_id = user.organization_path.organization();
    let write = write.add(&Key::members(organization_id), Members::USERS, -1, Error::changed_meanwhile()).count(
        Counted::Users,
        user.path(),
        -1,
    );
    if user.role == Role::Partner { write.remove(&Key::partner(organization_id, user.id)) } else { write }
}

/// Prepares an update of a found user by a caller who manages it; `None` when it changes nothing.
///
/// # Errors
/// 403 for a user of a higher role, 409 for an address that is taken, 422 for an organization out of reach.
pub async fn update<'a>(
    caller: &'a Caller,
    found: &Stored<User>,
    update: &UserUpdate,
) -> Result<Option<Write<'a, User>>> {
    require_management(caller, found)?;
    let mut user = found.entity.clone();
    update.merge_into(&mut user.details);
    if let Some(id) = update.organization_id.filter(|id| *id != found.organization_id) {
        require_moving(caller, found)?;
        let organization = organization::find_named(caller.store(), id, "user.organization_id").await?;
        user.organization_id = organization.id;
        user.organization_path = organization.organization_path.clone();
    }
    change_to(caller.store(), found, user, update.email.as_ref())
}

/// Prepares the signed-in user's update of itself; `None` when it changes nothing.
///
/// # Errors
/// 409 for an address that is taken, or when another update was faster.
pub fn update_own<'a>(store: Store<'a>, found: &Stored<User>, update: &OwnUpdate) -> Result<Option<Write<'a, User>>> {
    let mut user = found.entity.clone();
    update.merge_into(&mut user.details);
    change_to(store, found, user, update.email.as_ref())
}

fn change_to<'a>(
    store: Store<'a>,
    found: &Stored<User>,
    mut user: User,
    email: Option<&Email>,
) -> Result<Option<Write<'a, User>>> {
    if let Some(email) = email {
        user.email = email.to_string();
    }
    let moves = user.organization_path != found.organization_path;
    if !moves && user.email == found.email && user.details == found.details {
        return Ok(None);
    }
    user.updated_at = Timestamp::now();
    let (old, new) = (TakenEmail::of(found), TakenEmail::of(&user));
    if old.address != new.address {
        // What was confirmed is the address before.
        user.confirmed_at = None;
    }
    let change = Change::new::<User>("user.updated", user.id.0, found.path()).also(user.path());
    let change = change.before(&found.entity)?.after(&user)?;
    let mut write = store.write(change, user.clone())?.update(found, &user)?;
    if old.address != new.address {
        write = write.remove(&old.key()).create(&new, TakenEmail::refusal())?;
    }
    if moves {
        write = join(leave(write, found), &user)?;
    }
    Ok(Some(write))
}

/// Prepares the deletion of a found user by a caller who manages it.
///
/// # Errors
/// 403 for a user of a higher role, 409 for the caller itself.
pub fn delete<'a>(caller: &'a Caller, found: &Stored<User>) -> Result<Write<'a, ()>> {
    require_management(caller, found)?;
    if caller.user().is_ok_and(|user| user.id == found.id) {
        return Err(Error::conflict("You cannot delete yourself here"));
    }
    let change = Change::new::<User>("user.deleted", found.id.0, found.path()).before(&found.entity)?;
    let write = caller
        .store()
        .write(change, ())?
        .delete(found)
        .remove(&TakenEmail::of(found).key())
        .remove(&SignIns::none(found.id).key());
    let write = PreferenceName::ALL.iter().fold(write, |write, name| write.remove(&name.key(found.id)));
    Ok(leave(write, found))
}

/// A move gives the user its role in another organization, so it needs the right to give that role.
fn require_moving(caller: &Caller, user: &User) -> Result<()> {
    if !caller.role().may_grant(user.role) {
        return Err(Error::forbidden(format!("Your role cannot move users of the role {}", user.role)));
    }
    if caller.user().is_ok_and(|caller| caller.id == user.id) {
        return Err(Error::conflict("You cannot move yourself"));
    }
    Ok(())
}

fn require_management(caller: &Caller, user: &User) -> Result<()> {
    if caller.role().may_manage(user.role) {
        return Ok(());
    }
    Err(Error::forbidden(format!("Your role does not manage users of the role {}", user.role)))
}
