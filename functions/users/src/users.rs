//! The users within the caller's scope.

use shared::{
    Error, Input, Result,
    api::{
        Access, BodyNaming, Created, Done, IdempotencyKey, Idempotent, List, Manager, NamesOrganization, Single,
        Target, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    domain::{
        preference::{Preference, PreferenceName},
        user::{self, NewUser, UniqueEmail, User, UserDetailsPatch, UserView},
    },
    id::{OrganizationId, UserId},
    input::values::Email,
    operation,
    store::{Authorized, Child, Entity, Guard, ScopedRange, Store, Tree, Write},
    tenancy::{Authority, Role},
    time::Timestamp,
};

/// The list of users.
pub(crate) struct Users;

impl Listing for Users {
    type Item = User;

    const COUNTED: Option<Tree> = Some(Tree::Users);

    const COLUMNS: &'static [Column<User>] = &[
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

    fn created_at(user: &User) -> Timestamp {
        user.created_at
    }

    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        store.owned_by_scope::<User>()
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<User>>> {
        let found = match column {
            "id" => store.find_listed(value.parse().ok()).await?,
            "email" | "username" => user::find_by_email(store, value).await?,
            _ => return Ok(None),
        };
        Ok(Some(found.map(Authorized::into_inner).into_iter().collect()))
    }
}

/// List Users
///
/// The users of the caller's organization and of those below it; all users for an Admin.
#[operation(get, "/v2/users")]
pub(crate) async fn list_users(Access(_, page): Access<Manager, Page<Users>>) -> Result<List<UserView>> {
    page.show()
}

/// The body of Create User.
#[derive(Debug, Input)]
pub(crate) struct CreateUser {
    /// The user.
    user: NewUser,
}

impl NamesOrganization for CreateUser {
    const FIELD: &'static str = "user.organization_id";

    fn organization(&self, authority: &Authority) -> Option<OrganizationId> {
        Some(self.user.organization_id.unwrap_or(authority.organization_id()))
    }
}

/// Create User
///
/// Without a password the user exists unconfirmed. A password needs `confirmed`: the caller vouches for the address.
#[operation(
    post,
    "/v2/users",
    403 = "Your role cannot give the role Admin",
    409 = "Another user has this e-mail address"
)]
pub(crate) async fn create_user(
    Access(caller, (key, new)): Access<Manager, (IdempotencyKey, BodyNaming<CreateUser>)>,
) -> Result<Idempotent<Created<UserView>>> {
    let write = create(caller.store(), new).await?;
    key.commit(write, |user| Created::at(format!("/v2/users/{}", user.id), UserView::from(user))).await
}

/// Show User
///
/// The profile of a user within the caller's scope.
#[operation(get, "/v2/users/{id}")]
pub(crate) async fn show_user(Access(_, user): Access<Manager, Target<User>>) -> Versioned<Single<UserView>> {
    Single::of(&user)
}

/// The body of Update User.
#[derive(Debug, Input)]
pub(crate) struct UpdateUser {
    /// The user.
    user: UserUpdate,
}

/// Changes to a user.
#[derive(Debug, Input)]
pub(crate) struct UserUpdate {
    /// E-mail address, unique in the platform without regard to case.
    email: Option<Email>,
    /// The organization to move the user to.
    organization_id: Option<OrganizationId>,
    /// The descriptive texts.
    #[input(flatten)]
    details: UserDetailsPatch,
}

impl NamesOrganization for UpdateUser {
    const FIELD: &'static str = "user.organization_id";

    fn organization(&self, _: &Authority) -> Option<OrganizationId> {
        self.user.organization_id
    }
}

/// Update User
///
/// Only the fields present are changed; null clears a text. Another `organization_id` moves the user, which needs
/// authority over both organizations.
#[operation(
    put,
    "/v2/users/{id}",
    unmanaged(Role::Admin),
    unmovable(Role::Partner),
    409 = "Another user has this e-mail address",
    409 = "You cannot move yourself"
)]
pub(crate) async fn update_user(
    Access(caller, (user, update)): Access<Manager, (Target<User>, BodyNaming<UpdateUser>)>,
) -> Result<Done> {
    if let Some(write) = self::update(caller.store(), &user, update)? {
        write.commit().await?;
    }
    Ok(Done {})
}

/// Delete a User
///
/// Ends the user's sessions and frees the e-mail address at once.
#[operation(delete, "/v2/users/{id}", unmanaged(Role::Admin), 409 = "You cannot delete yourself here")]
pub(crate) async fn delete_user(Access(caller, user): Access<Manager, Target<User>>) -> Result<Done> {
    delete(caller.store(), &user)?.commit().await.map(|_| Done {})
}

/// Prepares a new user.
///
/// # Errors
/// 403 for a role that the caller cannot grant, 422 for an organization outside the caller's scope.
async fn create(store: Store<'_>, new: BodyNaming<CreateUser>) -> Result<Write<'_, User>> {
    let BodyNaming { body: CreateUser { user }, organization } = new;
    let role = user.role.unwrap_or(Role::User);
    if !store.authority().role().may_grant(role) {
        return Err(Error::forbidden(format!("Your role cannot give the role {role}")));
    }
    let organization = organization.unwrap_or_else(|| Err(Error::not_found()))?;
    user::create_in(store, UserId::generate(), &organization, role, user).await
}

/// Prepares an update of a found user by a caller who manages it; `None` when nothing changes.
fn update<'a>(
    store: Store<'a>,
    found: &Authorized<User>,
    update: BodyNaming<UpdateUser>,
) -> Result<Option<Write<'a, User>>> {
    require_management(store, found)?;
    let BodyNaming { body: UpdateUser { user: update }, organization } = update;
    let mut user = User::clone(found);
    update.details.apply(&mut user.details);
    if update.organization_id.is_some_and(|id| id != found.organization_id) {
        require_moving(store, found)?;
    }
    if let Some(organization) = organization {
        user.move_to(&organization?);
    }
    Ok(user::update(store, found, user, update.email))
}

/// Prepares the deletion of a found user by a caller who manages it.
fn delete<'a>(store: Store<'a>, found: &Authorized<User>) -> Result<Write<'a, User>> {
    require_management(store, found)?;
    if store.authority().is_user(found.id) {
        return Err(Error::conflict("You cannot delete yourself here"));
    }
    let write = store
        .delete("user.deleted", found)
        .remove(&UniqueEmail::of(found).key(), Guard::Any)
        .remove(&user::SignIns::key_of(found.id, ()), Guard::Any);
    let names = PreferenceName::ALL.iter().copied();
    let write = names.fold(write, |write, name| write.remove(&Preference::key_of(found.id, name), Guard::Any));
    Ok(user::remove_from_organization(write, found))
}

/// A move gives the user its role in another organization, so it needs the right to grant that role.
fn require_moving(store: Store<'_>, user: &User) -> Result<()> {
    if !store.authority().role().may_grant(user.role) {
        return Err(unmovable(user.role));
    }
    if store.authority().is_user(user.id) {
        return Err(Error::conflict("You cannot move yourself"));
    }
    Ok(())
}

fn require_management(store: Store<'_>, user: &User) -> Result<()> {
    if store.authority().role().may_manage(user.role) {
        return Ok(());
    }
    Err(unmanaged(user.role))
}

fn unmovable(role: Role) -> Error {
    Error::forbidden(format!("Your role cannot move users of the role {role}"))
}

fn unmanaged(role: Role) -> Error {
    Error::forbidden(format!("Your role does not manage users of the role {role}"))
}
