//! Users.

mod input;
mod model;
mod view;

pub use input::{NewUser, UserDetails, UserDetailsPatch};
pub use model::{SignIns, UniqueEmail, User};
pub use view::{OrganizationRef, UserView};

use super::organization::{MemberCounts, Organization, Partner};
use crate::{
    Error, Result,
    id::UserId,
    input::values::{Email, unique_form},
    keys::password,
    store::{Authorized, Entity, Guard, Key, Owned, Store, Tree, Write},
    tenancy::Role,
    time::Timestamp,
};

/// The user with an e-mail address within the caller's scope, if there is one.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn find_by_email(store: Store<'_>, email: &str) -> Result<Option<Authorized<User>>> {
    let marker = store.table.get::<UniqueEmail>(&Key::email(&unique_form(email))).await?;
    store.find_listed(marker.map(|marker| marker.user_id)).await
}

/// Prepares a new user with an id and a role in a found organization.
///
/// # Errors
/// 409 for an address that is taken, 422 for a password without confirmation.
pub async fn create_in<'a>(
    store: Store<'a>,
    id: UserId,
    organization: &Authorized<Organization>,
    role: Role,
    new: NewUser,
) -> Result<Write<'a, User>> {
    let is_confirmed = new.confirmed == Some(true);
    if is_confirmed != new.password.is_some() {
        return Err(Error::invalid_field("user.confirmed", "must be true with a password, and only then"));
    }
    let password_hash = match new.password {
        Some(password) => Some(password::hash(password).await?),
        None => None,
    };
    let now = Timestamp::now();
    let mut details = UserDetails::default();
    new.details.apply(&mut details);
    let user = User {
        id,
        organization_path: organization.organization_path.clone(),
        organization_id: organization.id,
        email: new.email.into(),
        role,
        details,
        password_hash,
        is_active: is_confirmed,
        confirmed_at: is_confirmed.then_some(now),
        session_epoch: 0,
        created_at: now,
        updated_at: now,
    };
    let (email, sign_ins) = (UniqueEmail::of(&user), SignIns::none(id));
    let write = store
        .create("user.created", user.clone())
        .or(Error::conflict("The user exists already"))
        .put(&email, Guard::Absent)
        .or(UniqueEmail::refusal())
        .put(&sign_ins, Guard::Absent);
    Ok(add_to_organization(write, &user))
}

/// Adds a user to the counts and markers of its organization.
fn add_to_organization<'a>(write: Write<'a, User>, user: &User) -> Write<'a, User> {
    let organization_id = user.organization_id;
    let write = write
        .add(&MemberCounts::counting(organization_id, user.id), MemberCounts::USERS, 1, Guard::Exists)
        .or(Error::invalid_field("user.organization_id", "is not an organization that you manage"))
        .count(Tree::Users, user.path(), 1);
    match user.role {
        Role::Partner => write.put(&Partner { organization_id, user_id: user.id }, Guard::Absent),
        Role::Admin | Role::User => write,
    }
}

/// Removes a user from the counts and markers of its organization.
pub fn remove_from_organization<'a>(write: Write<'a, User>, user: &User) -> Write<'a, User> {
    let organization_id = user.organization_id;
    let write = write
        .add(&MemberCounts::counting(organization_id, user.id), MemberCounts::USERS, -1, Guard::Exists)
        .count(Tree::Users, user.path(), -1);
    match user.role {
        Role::Partner => write.remove(&Partner { organization_id, user_id: user.id }.key(), Guard::Any),
        Role::Admin | Role::User => write,
    }
}

/// Prepares the new state of a found user with changed details, organization or e-mail address; `None` when nothing
/// changes.
#[must_use]
pub fn update<'a>(
    store: Store<'a>,
    found: &Authorized<User>,
    mut user: User,
    email: Option<Email>,
) -> Option<Write<'a, User>> {
    if let Some(email) = email {
        user.email = email.into();
    }
    let moves = user.organization_path != found.organization_path;
    if !moves && user.email == found.email && user.details == found.details {
        return None;
    }
    user.updated_at = Timestamp::now();
    let (old, new) = (UniqueEmail::of(found), UniqueEmail::of(&user));
    if old != new {
        // The previous address was confirmed, not this one.
        user.confirmed_at = None;
    }
    let mut write = store.update("user.updated", found, user.clone());
    if old != new {
        write = write.remove(&old.key(), Guard::Any).put(&new, Guard::Absent).or(UniqueEmail::refusal());
    }
    Some(if moves { add_to_organization(remove_from_organization(write, found), &user) } else { write })
}
