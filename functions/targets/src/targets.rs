//! The targets within the caller's scope.

use axum::Json;
use shared::{
    Error, Input, Result,
    api::{
        Access, BodyWith, Caller, Created, Deleted, Done, IdempotencyKey, Idempotent, List, NamesEntities, Single,
        Targets, UNMANAGED, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
        named,
    },
    domain::{
        organization::Organization,
        ownership,
        port_list::PortList,
        target::{
            Approval, GivenHosts, Hosts, LIST, NewTarget, Target, count_hosts, count_use, counted_list, create,
            take_list,
        },
    },
    id::{OrganizationId, PortListId, TargetId},
    input::{
        Nullable, set,
        values::{Name, Text},
    },
    operation,
    store::{Authorized, Found, Reads, ScopedRange, Store, Tree, Write},
    tenancy::{Authority, Role},
    time::Timestamp,
};

use crate::view::TargetView;

/// The list of targets.
pub(crate) struct TargetList;

impl Listing for TargetList {
    type Item = Target;

    const COUNTED: Option<Tree> = Some(Tree::Targets);

    const COLUMNS: &'static [Column<Target>] = &[
        Column::new("id", |it| Cell::text(it.id)),
        Column::new("name", |it| Cell::text(&it.name)),
        Column::new("comment", |it| Cell::optional(it.comment.as_ref())),
        Column::new("hosts", |it| Cell::text(&it.hosts.0)),
        Column::new("port_list_id", |it| Cell::optional(it.port_list_id.as_ref())),
        Column::new("organization_id", |it| Cell::text(it.organization_id)),
        Column::new("created_at", |it| Cell::Time(it.created_at)),
        Column::new("updated_at", |it| Cell::Time(it.updated_at)),
    ];

    fn created_at(target: &Target) -> Timestamp {
        target.created_at
    }

    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        store.owned_by_scope::<Target>()
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Target>>> {
        store.find_by_id(column, value).await
    }
}

/// List targets
///
/// Those of the caller's organization, and of the organizations below it where the caller manages them.
#[operation(get, "/v2/targets")]
pub(crate) async fn list_targets(Access(_, page): Access<Caller, Page<TargetList>>) -> Result<List<TargetView>> {
    page.show()
}

/// The body of Create Target.
#[derive(Debug, Input)]
pub(crate) struct CreateTarget {
    /// The target.
    target: NewTarget,
}

impl NamesEntities for CreateTarget {
    type Found = (Authorized<Organization>, Option<Authorized<PortList>>);

    fn reads(&self, authority: &Authority) -> Reads {
        let reads = Reads::none().owned::<Organization>(self.organization(authority));
        self.target.port_list_id.map_or(reads.clone(), |id| reads.owned::<PortList>(id))
    }

    fn find(&self, store: Store<'_>, found: &Found) -> Result<Self::Found> {
        let id = self.organization(store.authority());
        let organization = named(store, found, id, ("target.organization_id", UNMANAGED))?;
        let list = self.target.port_list_id.map(|id| named(store, found, id, LIST)).transpose()?;
        Ok((organization, list))
    }
}

impl CreateTarget {
    fn organization(&self, authority: &Authority) -> OrganizationId {
        self.target.organization_id.unwrap_or(authority.organization_id())
    }
}

/// Create Target
///
/// A target of the caller's organization, or of one that the caller manages. That it exists is no right to scan it.
#[operation(post, "/v2/targets")]
pub(crate) async fn create_target(
    Access(caller, (key, new)): Access<Caller, (IdempotencyKey, BodyWith<CreateTarget>)>,
) -> Result<Idempotent<Created<TargetView>>> {
    let (organization, list) = new.found;
    let id = TargetId::generate();
    let write = create(caller.store(), caller.app().settings(), id, &organization, list.as_ref(), new.body.target, 0)?;
    let created = |it: &Target| Created::at(format!("/v2/targets/{}", it.id), TargetView::from(it));
    key.commit(write, created).await
}

/// Show a target
///
/// A target with its hosts.
#[operation(get, "/v2/targets/{id}")]
pub(crate) async fn show_target(
    Access(_, target): Access<Caller, shared::api::Target<Target>>,
) -> Versioned<Single<TargetView>> {
    Single::of(&target)
}

/// The body of Updates a target.
#[derive(Debug, Input)]
pub(crate) struct UpdateTarget {
    /// The target.
    target: TargetUpdate,
}

/// Changes to a target.
#[derive(Debug, Input)]
pub(crate) struct TargetUpdate {
    /// The name.
    name: Option<Name>,
    /// A remark; null for none.
    comment: Option<Nullable<Text>>,
    /// The hosts, in place of all that the target has.
    hosts: Option<GivenHosts>,
    /// The hosts to leave out, in place of all that the target has.
    exclude_hosts: Option<GivenHosts>,
    /// A port list of the target's organization or of the platform; null for the ports of the scan's profile.
    port_list_id: Option<Nullable<PortListId>>,
    /// On what ground an Admin approves that these hosts are scanned; null to take the approval back.
    approval: Option<Nullable<Text>>,
}

impl NamesEntities for UpdateTarget {
    type Found = Option<Authorized<PortList>>;

    fn reads(&self, _: &Authority) -> Reads {
        match &self.target.port_list_id {
            Some(Nullable::Value(id)) => Reads::none().owned::<PortList>(*id),
            _ => Reads::none(),
        }
    }

    fn find(&self, store: Store<'_>, found: &Found) -> Result<Self::Found> {
        match &self.target.port_list_id {
            Some(Nullable::Value(id)) => named(store, found, *id, LIST).map(Some),
            _ => Ok(None),
        }
    }
}

/// Updates a target
///
/// Only the fields present are changed. Other hosts end an approval. Runs that have begun go on with what they began with.
#[operation(put, "/v2/targets/{id}", not_an_admin())]
pub(crate) async fn update_target(
    Access(caller, (target, update)): Access<Caller, (shared::api::Target<Target>, BodyWith<UpdateTarget>)>,
) -> Result<Versioned<Single<TargetView>>> {
    match self::update(&caller, &target, update)? {
        Some(write) => write.commit().await.map(|target| Single::of(&target)),
        None => Ok(Single::of(&target)),
    }
}

/// Delete a target
///
/// Refused while a scan has it.
#[operation(delete, "/v2/targets/{id}", in_use())]
pub(crate) async fn delete_target(Access(caller, target): Access<Caller, shared::api::Target<Target>>) -> Result<Done> {
    delete(caller.store(), &target).commit().await.map(|_| Done {})
}

/// Delete targets
///
/// Each is deleted apart from the others; one that a scan has stays.
#[operation(delete, "/v2/targets")]
pub(crate) async fn delete_targets(Access(caller, targets): Access<Caller, Targets<Target>>) -> Result<Json<Deleted>> {
    targets.delete(|target| Ok(delete(caller.store(), target))).await
}

/// Prepares an update of a found target; `None` when nothing changes.
fn update<'a>(
    caller: &'a Caller,
    found: &Authorized<Target>,
    BodyWith { body: UpdateTarget { target: update }, found: list }: BodyWith<UpdateTarget>,
) -> Result<Option<Write<'a, Target>>> {
    let mut target = Target::clone(found);
    set(&mut target.name, update.name);
    Nullable::merge(update.comment, &mut target.comment);
    target.hosts = update.hosts.map_or(target.hosts, |GivenHosts(hosts)| Hosts(hosts));
    target.exclude_hosts = update.exclude_hosts.map_or(target.exclude_hosts, |GivenHosts(hosts)| Hosts(hosts));
    if (&target.hosts, &target.exclude_hosts) != (&found.hosts, &found.exclude_hosts) {
        target.approval = None;
    }
    count_hosts(&mut target, caller.app().settings())?;
    if update.port_list_id.is_some() {
        take_list(&mut target, list.as_ref())?;
    }
    if let Some(ground) = update.approval {
        target.approval = approval(caller, ground)?;
    }
    if target == **found {
        return Ok(None);
    }
    target.updated_at = Timestamp::now();
    let (old, new) = (counted_list(found), counted_list(&target));
    let mut write = caller.store().update("target.updated", found, target);
    if old != new {
        write = old.into_iter().fold(write, |write, list| count_use(write, list, -1));
        write = new.into_iter().fold(write, |write, list| count_use(write, list, 1));
    }
    Ok(Some(write))
}

/// Prepares the deletion of a found target.
fn delete<'a>(store: Store<'a>, found: &Authorized<Target>) -> Write<'a, Target> {
    let write = ownership::delete(store, "target.deleted", found, in_use());
    counted_list(found).into_iter().fold(write, |write, list| count_use(write, list, -1))
}

/// An Admin's approval, or its end.
fn approval(caller: &Caller, ground: Nullable<Text>) -> Result<Option<Approval>> {
    if !caller.authority().role().includes(Role::Admin) {
        return Err(not_an_admin());
    }
    match ground {
        Nullable::Null => Ok(None),
        Nullable::Value(ground) => {
            let approved_by = caller.user()?.id;
            Ok(Some(Approval { approved_by, ground: ground.into(), approved_at: Timestamp::now() }))
        }
    }
}

fn not_an_admin() -> Error {
    Error::forbidden("Only an Admin approves the hosts of a target")
}

fn in_use() -> Error {
    Error::conflict("A scan has this target")
}
