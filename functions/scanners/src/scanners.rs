//! The scanners within the caller's scope, and those of the platform.

use shared::{
    Error, Input, Result,
    api::{
        Access, Body, BodyNaming, Caller, Created, Done, IdempotencyKey, Idempotent, List, NamesOrganization, Single,
        Target, Versioned,
        list::{Cell, Column, DateRange, Listing, Page},
    },
    domain::{
        organization::Organization,
        ownership,
        scanner::{self, Scanner, ScannerStatus},
    },
    id::{OrganizationId, ScannerId},
    input::{
        Nullable, set,
        values::{Name, Text},
    },
    operation,
    store::{Authorized, Guard, ScopedRange, Store, Tree, Write},
    tenancy::Authority,
    time::Timestamp,
};

use crate::view::ScannerView;

const COLUMNS: &[Column<Scanner>] = &[
    Column::new("id", |it| Cell::text(it.id)),
    Column::new("name", |it| Cell::text(&it.name)),
    Column::new("comment", |it| Cell::optional(it.comment.as_ref())),
    Column::new("app_type", |it| Cell::optional(it.app_type.as_ref())),
    Column::new("active", |it| Cell::Flag(it.active)),
    Column::new("status", |it| Cell::text(it.status)),
    Column::new("organization_id", |it| if it.is_shared() { Cell::Null } else { Cell::text(it.organization_id) }),
    Column::new("created_at", |it| Cell::Time(it.created_at)),
    Column::new("updated_at", |it| Cell::Time(it.updated_at)),
];

/// The list of scanners.
pub(crate) struct Scanners;

impl Listing for Scanners {
    type Item = Scanner;

    const COUNTED: Option<Tree> = Some(Tree::Scanners);
    const COLUMNS: &'static [Column<Scanner>] = COLUMNS;

    fn created_at(scanner: &Scanner) -> Timestamp {
        scanner.created_at
    }

    fn range(store: Store<'_>, _dates: Option<&DateRange>) -> ScopedRange {
        store.owned_by_scope::<Scanner>()
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Scanner>>> {
        store.find_by_id(column, value).await
    }
}

/// The list of activated scanners.
pub(crate) struct Activated;

impl Listing for Activated {
    type Item = Scanner;

    const NAME: &'static str = "activated_scanner";
    const COUNTED: Option<Tree> = Some(Tree::Scanners);
    const COLUMNS: &'static [Column<Scanner>] = COLUMNS;
    const INCLUDES: Option<fn(&Scanner) -> bool> = Some(|scanner| scanner.active);

    fn created_at(scanner: &Scanner) -> Timestamp {
        scanner.created_at
    }

    fn range(store: Store<'_>, dates: Option<&DateRange>) -> ScopedRange {
        Scanners::range(store, dates)
    }

    async fn look_up(store: Store<'_>, column: &str, value: &str) -> Result<Option<Vec<Scanner>>> {
        store.find_by_id(column, value).await
    }
}

/// List scanners
///
/// Those of the caller's organization, of the organizations below it where the caller manages them, and of the platform.
#[operation(get, "/v2/scanners")]
pub(crate) async fn list_scanners(Access(_, page): Access<Caller, Page<Scanners>>) -> Result<List<ScannerView>> {
    page.show()
}

/// List activated scanners
///
/// As List scanners, without those that are deactivated.
#[operation(get, "/v2/scanners/activated")]
pub(crate) async fn list_activated_scanners(
    Access(_, page): Access<Caller, Page<Activated>>,
) -> Result<List<ScannerView>> {
    page.show()
}

/// The body of Create scanner.
#[derive(Debug, Input)]
pub(crate) struct CreateScanner {
    /// The scanner.
    scanner: NewScanner,
}

/// A new scanner.
#[derive(Debug, Input)]
pub(crate) struct NewScanner {
    /// The name.
    name: Name,
    /// A remark.
    comment: Option<Text>,
    /// The organization that owns the scanner; by default the caller's own.
    organization_id: Option<OrganizationId>,
}

impl NamesOrganization for CreateScanner {
    const FIELD: &'static str = "scanner.organization_id";

    fn organization(&self, authority: &Authority) -> Option<OrganizationId> {
        Some(self.scanner.organization_id.unwrap_or(authority.organization_id()))
    }
}

/// Create scanner
///
/// The answer has the code with which the program enrolls, within 15 minutes.
#[operation(post, "/v2/scanners")]
pub(crate) async fn create_scanner(
    Access(caller, (key, new)): Access<Caller, (IdempotencyKey, BodyNaming<CreateScanner>)>,
) -> Result<Idempotent<Created<ScannerView>>> {
    let organization = new.organization.unwrap_or_else(|| Err(Error::not_found()))?;
    let (code, write) = create(caller.store(), ScannerId::generate(), &organization, new.body.scanner)?;
    let created = |it: &Scanner| {
        Created::at(format!("/v2/scanners/{}", it.id), ScannerView::from(it).with_code(Some(code.clone())))
    };
    key.commit(write, created).await
}

/// Show scanner
///
/// A scanner with its program.
#[operation(get, "/v2/scanners/{id}")]
pub(crate) async fn show_scanner(
    Access(_, scanner): Access<Caller, Target<Scanner>>,
) -> Versioned<Single<ScannerView>> {
    Single::of(&scanner)
}

/// The body of Update scanner.
#[derive(Debug, Input)]
pub(crate) struct UpdateScanner {
    /// The scanner.
    scanner: ScannerUpdate,
}

/// Changes to a scanner.
#[derive(Debug, Input)]
pub(crate) struct ScannerUpdate {
    /// The name.
    name: Option<Name>,
    /// A remark; null for none.
    comment: Option<Nullable<Text>>,
    /// True to issue another code to enroll with: the program that is enrolled ends.
    renew_enrollment: Option<bool>,
}

/// Update scanner
///
/// Only the fields present are changed.
#[operation(put, "/v2/scanners/{id}", ownership::shared())]
pub(crate) async fn update_scanner(
    Access(caller, scanner): Access<Caller, Target<Scanner>>,
    Body(body): Body<UpdateScanner>,
) -> Result<Versioned<Single<ScannerView>>> {
    let (code, write) = update(caller.store(), &scanner, body.scanner)?;
    match write {
        Some(write) => {
            let scanner = write.commit().await?;
            Ok(Single::versioned(&scanner, ScannerView::from(&*scanner).with_code(code)))
        }
        None => Ok(Single::of(&scanner)),
    }
}

/// Delete scanner
///
/// Refused while a scan has it. Its program is a stranger from then on.
#[operation(delete, "/v2/scanners/{id}", ownership::shared(), in_use())]
pub(crate) async fn delete_scanner(Access(caller, scanner): Access<Caller, Target<Scanner>>) -> Result<Done> {
    ownership::require_authority(caller.store(), &scanner)?;
    ownership::delete(caller.store(), "scanner.deleted", &scanner, in_use()).commit().await.map(|_| Done {})
}

fn in_use() -> Error {
    Error::conflict("A scan has this scanner")
}

/// A scanner without a code.
pub(crate) fn draft(
    id: ScannerId,
    organization: &Authorized<Organization>,
    name: String,
    comment: Option<String>,
) -> Scanner {
    let now = Timestamp::now();
    Scanner {
        id,
        organization_path: organization.owner().clone(),
        organization_id: organization.id,
        name,
        comment,
        app_type: None,
        active: false,
        status: ScannerStatus::New,
        code_digest: String::new(),
        code_expires_at: now,
        program: None,
        created_at: now,
        updated_at: now,
    }
}

/// Prepares a new scanner; returns the code to enroll with too.
fn create<'a>(
    store: Store<'a>,
    id: ScannerId,
    organization: &Authorized<Organization>,
    new: NewScanner,
) -> Result<(String, Write<'a, Scanner>)> {
    let mut scanner = draft(id, organization, new.name.into(), new.comment.map(String::from));
    let (code, enrollment) = scanner::issue(&mut scanner)?;
    let write = ownership::create(store, "scanner.created", organization, scanner).put(&enrollment, Guard::Absent);
    Ok((code, write))
}

/// Prepares an update of a found scanner, with the code that it issues; nothing to write when nothing changes.
fn update<'a>(
    store: Store<'a>,
    found: &Authorized<Scanner>,
    update: ScannerUpdate,
) -> Result<(Option<String>, Option<Write<'a, Scanner>>)> {
    ownership::require_authority(store, found)?;
    let mut scanner = Scanner::clone(found);
    set(&mut scanner.name, update.name);
    Nullable::merge(update.comment, &mut scanner.comment);
    let issued = if update.renew_enrollment == Some(true) { Some(scanner::issue(&mut scanner)?) } else { None };
    if scanner == **found {
        return Ok((None, None));
    }
    scanner.updated_at = Timestamp::now();
    let write = store.update("scanner.updated", found, scanner);
    Ok(match issued {
        Some((code, enrollment)) => (Some(code), Some(write.put(&enrollment, Guard::Absent))),
        None => (None, Some(write)),
    })
}
