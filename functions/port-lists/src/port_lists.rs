//! The port lists within the caller's scope, and those of the platform.

use shared::{
    Error, Input, Result,
    api::{
        Access, Body, BodyNaming, Caller, Created, Done, IdempotencyKey, Idempotent, List, NamesOrganization, Param,
        Single, Target, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    domain::{
        ownership,
        port_list::{self, PortList, PortRange, PortRanges},
    },
    id::{OrganizationId, PortListId, PortRangeId},
    input::{
        Nullable, set,
        values::{Name, Text},
    },
    operation,
    store::{Authorized, ScopedRange, Store, Tree, Write},
    tenancy::Authority,
    time::Timestamp,
};

use crate::view::PortListView;

const COLUMNS: &[Column<PortList>] = &[
    Column::new("id", |it| Cell::text(it.id)),
    Column::new("name", |it| Cell::text(&it.name)),
    Column::new("comment", |it| Cell::optional(it.comment.as_ref())),
    Column::new("app_type", |it| Cell::optional(it.app_type.as_ref())),
    Column::new("active", |it| Cell::Flag(it.active)),
    Column::new("organization_id", |it| if it.is_shared() { Cell::Null } else { Cell::text(it.organization_id) }),
    Column::new("created_at", |it| Cell::Time(it.created_at)),
    Column::new("updated_at", |it| Cell::Time(it.updated_at)),
];

/// The list of port lists.
pub(crate) struct PortLists;

impl Listing for PortLists {
    type Item = PortList;

    const COUNTED: Option<Tree> = Some(Tree::PortLists);
    const COLUMNS: &'static [Column<PortList>] = COLUMNS;

    fn created_at(list: &PortList) -> Timestamp {
        list.created_at
    }

    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        store.owned_by_scope::<PortList>()
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<PortList>>> {
        store.find_by_id(column, value).await
    }
}

/// The list of activated port lists.
pub(crate) struct Activated;

impl Listing for Activated {
    type Item = PortList;

    const NAME: &'static str = "activated_port_list";
    const COUNTED: Option<Tree> = Some(Tree::PortLists);
    const COLUMNS: &'static [Column<PortList>] = COLUMNS;
    const INCLUDES: Option<fn(&PortList) -> bool> = Some(|list| list.active);

    fn created_at(list: &PortList) -> Timestamp {
        list.created_at
    }

    fn range(store: Store<'_>, dates: Option<&DateRange>) -> ScopedRange {
        PortLists::range(store, dates)
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<PortList>>> {
        PortLists::look_up(store, column, value).await
    }
}

/// List port lists
///
/// Those of the caller's organization, of the organizations below it where the caller manages them, and of the platform.
#[operation(get, "/v2/port_lists")]
pub(crate) async fn list_port_lists(Access(_, page): Access<Caller, Page<PortLists>>) -> Result<List<PortListView>> {
    page.show()
}

/// List activated port lists
///
/// As List port lists, without those that are deactivated.
#[operation(get, "/v2/port_lists/activated")]
pub(crate) async fn list_activated_port_lists(
    Access(_, page): Access<Caller, Page<Activated>>,
) -> Result<List<PortListView>> {
    page.show()
}

/// The body of Create a port list.
#[derive(Debug, Input)]
pub(crate) struct CreatePortList {
    /// The port list.
    port_list: NewPortList,
}

/// A new port list.
#[derive(Debug, Input)]
pub(crate) struct NewPortList {
    /// The name.
    name: Name,
    /// A remark.
    comment: Option<Text>,
    /// The organization that owns the list; by default the caller's own.
    organization_id: Option<OrganizationId>,
    /// The ports; no two ranges overlap.
    port_ranges: PortRanges,
}

impl NamesOrganization for CreatePortList {
    const FIELD: &'static str = "port_list.organization_id";

    fn organization(&self, authority: &Authority) -> Option<OrganizationId> {
        Some(self.port_list.organization_id.unwrap_or(authority.organization_id()))
    }
}

/// Create a port list
///
/// A list of the caller's organization, or of one that the caller manages.
#[operation(post, "/v2/port_lists")]
pub(crate) async fn create_port_list(
    Access(caller, (key, new)): Access<Caller, (IdempotencyKey, BodyNaming<CreatePortList>)>,
) -> Result<Idempotent<Created<PortListView>>> {
    let organization = new.organization.unwrap_or_else(|| Err(Error::not_found()))?;
    let NewPortList { name, comment, port_ranges, .. } = new.body.port_list;
    let (id, comment) = (PortListId::generate(), comment.map(String::from));
    let write = port_list::create(caller.store(), id, &organization, name.into(), comment, port_ranges);
    key.commit(write, created).await
}

fn created(list: &PortList) -> Created<PortListView> {
    Created::at(format!("/v2/port_lists/{}", list.id), PortListView::from(list))
}

/// Show a port list
///
/// A port list with its ranges.
#[operation(get, "/v2/port_lists/{id}")]
pub(crate) async fn show_port_list(
    Access(_, list): Access<Caller, Target<PortList>>,
) -> Versioned<Single<PortListView>> {
    Single::of(&list)
}

/// The body of Update a port list.
#[derive(Debug, Input)]
pub(crate) struct UpdatePortList {
    /// The port list.
    port_list: PortListUpdate,
}

/// Changes to a port list.
#[derive(Debug, Input)]
pub(crate) struct PortListUpdate {
    /// The name.
    name: Option<Name>,
    /// A remark; null for none.
    comment: Option<Nullable<Text>>,
    /// The ports, in place of all that the list has.
    port_ranges: Option<PortRanges>,
}

/// Update a port list
///
/// Only the fields present are changed.
#[operation(put, "/v2/port_lists/{id}", ownership::shared())]
pub(crate) async fn update_port_list(
    Access(caller, list): Access<Caller, Target<PortList>>,
    Body(UpdatePortList { port_list: update }): Body<UpdatePortList>,
) -> Result<Versioned<Single<PortListView>>> {
    change(caller.store(), "port_list.updated", &list, |list| {
        set(&mut list.name, update.name);
        Nullable::merge(update.comment, &mut list.comment);
        set(&mut list.port_ranges, update.port_ranges);
    })
    .await
}

/// Delete a port list
///
/// A list of the platform is deactivated instead.
#[operation(
    delete,
    "/v2/port_lists/{id}",
    ownership::shared(),
    in_use(),
    409 = "A list of the platform can only be deactivated"
)]
pub(crate) async fn delete_port_list(Access(caller, list): Access<Caller, Target<PortList>>) -> Result<Done> {
    delete(caller.store(), &list)?.commit().await.map(|_| Done {})
}

/// The body of Add a port range to a port list.
#[derive(Debug, Input)]
pub(crate) struct AddPortRange {
    /// The range.
    port_range: PortRange,
}

/// Add a port range to a port list
///
/// The answer is the whole list.
#[operation(post, "/v2/port_lists/{id}/port_ranges", ownership::shared(), overlapping("overlaps a range of the list"))]
pub(crate) async fn add_port_range(
    Access(caller, (key, list)): Access<Caller, (IdempotencyKey, Target<PortList>)>,
    Body(AddPortRange { port_range }): Body<AddPortRange>,
) -> Result<Idempotent<Created<PortListView>>> {
    let ranges = list.port_ranges.with(port_range).map_err(overlapping)?;
    let write = edit(caller.store(), "port_list.range_added", &list, |list| list.port_ranges = ranges)?;
    key.commit(write.ok_or_else(|| Error::internal("a new range changes nothing"))?, created).await
}

/// Delete a port range to a port list
///
/// The answer is the rest of the list.
#[operation(delete, "/v2/port_lists/{id}/port_ranges/{port_range_id}", ownership::shared())]
pub(crate) async fn delete_port_range(
    Access(caller, (list, Param(range))): Access<Caller, (Target<PortList>, Param<PortRangeId>)>,
) -> Result<Versioned<Single<PortListView>>> {
    let ranges = list.port_ranges.without(|other| other.id() == range).ok_or_else(Error::not_found)?;
    change(caller.store(), "port_list.range_deleted", &list, |list| list.port_ranges = ranges).await
}

/// Changes a found list; one that is the same already is left alone.
pub(crate) async fn change(
    store: Store<'_>,
    action: &'static str,
    found: &Authorized<PortList>,
    edit: impl FnOnce(&mut PortList),
) -> Result<Versioned<Single<PortListView>>> {
    match self::edit(store, action, found, edit)? {
        Some(write) => write.commit().await.map(|list| Single::of(&list)),
        None => Ok(Single::of(found)),
    }
}

/// Prepares the new state of a found list; `None` when nothing changes.
fn edit<'a>(
    store: Store<'a>,
    action: &'static str,
    found: &Authorized<PortList>,
    edit: impl FnOnce(&mut PortList),
) -> Result<Option<Write<'a, PortList>>> {
    ownership::require_authority(store, found)?;
    Ok(port_list::update(store, action, found, edit))
}

/// Prepares the deletion of a found list.
fn delete<'a>(store: Store<'a>, found: &Authorized<PortList>) -> Result<Write<'a, PortList>> {
    ownership::require_authority(store, found)?;
    if found.is_shared() {
        return Err(Error::conflict("A list of the platform can only be deactivated"));
    }
    Ok(ownership::delete(store, "port_list.deleted", found, in_use()))
}

fn in_use() -> Error {
    Error::conflict("A target has this port list")
}

fn overlapping(message: &'static str) -> Error {
    Error::invalid_field("port_range", message)
}
