//! Scans: making, showing, changing and deleting them.

use axum::Json;
use shared::{
    Error, Input, Result,
    api::{
        Access, BodyWith, Caller, Created, Deleted, Done, IdempotencyKey, Idempotent, NamesEntities, Single, Target,
        Targets, UNMANAGED, Versioned, named,
    },
    domain::{
        organization::Organization,
        ownership,
        product::AppType,
        scan::{Activity, Profile, Scan, ScanStatus, Scheduled},
        scanner::Scanner,
        schedule::Schedule,
        target,
    },
    id::{ConfigId, OrganizationId, ScanId, ScannerId, ScheduleId, TargetId},
    input::{
        Nullable, set,
        values::{Name, Text},
    },
    operation,
    store::{Authorized, Entity, Found, Guard, Owned, Reads, Store, Write},
    tenancy::Authority,
    time::Timestamp,
};

use crate::view::ScanView;

const TARGET: (&str, &str) = ("scan.target_id", "is not a target of the scan's organization");
pub(crate) const SCANNER: (&str, &str) =
    ("scan.scanner_id", "is not a scanner of the scan's organization or of the platform");
pub(crate) const SCHEDULE: (&str, &str) = ("scan.schedule_id", "is not a schedule of the scan's organization");
/// The number of the platform's scanners among which one is picked.
const SHARED_SCANNERS: usize = 50;

/// The body of Create Scan.
#[derive(Debug, Input)]
pub(crate) struct CreateScan {
    /// The scan.
    scan: NewScan,
}

/// A new scan.
#[derive(Debug, Input)]
pub(crate) struct NewScan {
    /// The name.
    pub(crate) name: Name,
    /// A remark.
    pub(crate) comment: Option<Text>,
    /// The organization that owns the scan; by default the caller's own.
    pub(crate) organization_id: Option<OrganizationId>,
    /// The product that the scan belongs to; by default `vrms`.
    pub(crate) app_type: Option<AppType>,
    /// A target of that organization.
    pub(crate) target_id: TargetId,
    /// A scan profile; by default that of the product.
    pub(crate) config_id: Option<ConfigId>,
    /// A scanner of that organization or of the platform. Only scans of the product `pci` may leave it out: they get one of the
    /// platform's.
    pub(crate) scanner_id: Option<ScannerId>,
    /// A schedule of that organization.
    pub(crate) schedule_id: Option<ScheduleId>,
    /// Whether checks may change something or put load on a host; by default they may not.
    pub(crate) intrusive: Option<bool>,
}

/// What a new scan names.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) organization: Authorized<Organization>,
    pub(crate) target_id: TargetId,
    /// Whether the target is made in the same transaction, and counts this use itself.
    pub(crate) is_new_target: bool,
    pub(crate) scanner: Option<Authorized<Scanner>>,
    pub(crate) schedule: Option<Authorized<Schedule>>,
}

impl NamesEntities for CreateScan {
    type Found = Parts;

    fn reads(&self, authority: &Authority) -> Reads {
        let NewScan { organization_id, target_id, scanner_id, schedule_id, .. } = &self.scan;
        let organization = organization_id.unwrap_or(authority.organization_id());
        let reads = Reads::none().owned::<Organization>(organization).owned::<target::Target>(*target_id);
        let reads = scanner_id.map_or(reads.clone(), |id| reads.owned::<Scanner>(id));
        schedule_id.map_or(reads.clone(), |id| reads.owned::<Schedule>(id))
    }

    fn find(&self, store: Store<'_>, found: &Found) -> Result<Parts> {
        let NewScan { organization_id, target_id, scanner_id, schedule_id, .. } = &self.scan;
        let id = organization_id.unwrap_or(store.authority().organization_id());
        let organization = named(store, found, id, ("scan.organization_id", UNMANAGED))?;
        let target: Authorized<target::Target> = named(store, found, *target_id, TARGET)?;
        require_same(&organization, target.organization_id, TARGET)?;
        let scanner = scanner_id.map(|id| named(store, found, id, SCANNER)).transpose()?;
        let schedule = schedule_id.map(|id| named(store, found, id, SCHEDULE)).transpose()?;
        Ok(Parts { organization, target_id: target.id, is_new_target: false, scanner, schedule })
    }
}

/// Create Scan
///
/// A scan of the caller's organization, or of one that the caller manages. Whether the organization may scan the hosts is
/// looked at when the scan starts.
#[operation(post, "/v2/scans", Error::invalid_field("scan.scanner_id", "is required for this app_type"))]
pub(crate) async fn create_scan(
    Access(caller, (key, new)): Access<Caller, (IdempotencyKey, BodyWith<CreateScan>)>,
) -> Result<Idempotent<Created<ScanView>>> {
    let write = create(caller.store(), ScanId::generate(), &new.found, new.body.scan).await?;
    key.commit(write, created).await
}

/// The answer for a new scan.
pub(crate) fn created(scan: &Scan) -> Created<ScanView> {
    Created::at(format!("/v2/scans/{}", scan.id), ScanView::from(scan))
}

/// Show a scan
///
/// A scan with its last run, and with how far it is while it runs.
#[operation(get, "/v2/scans/{id}")]
pub(crate) async fn show_scan(
    Access(caller, scan): Access<Caller, Target<Scan>>,
) -> Result<Versioned<Single<ScanView>>> {
    let running = Some(&**scan).filter(|scan| scan.status.is_active());
    let activity = Activity::of_listed(caller.store(), running.into_iter()).await?;
    Ok(Single::versioned(&scan, ScanView::with(&scan, activity.first(), None)))
}

/// The body of Updates a scan.
#[derive(Debug, Input)]
pub(crate) struct UpdateScan {
    /// The scan.
    scan: ScanUpdate,
}

/// Changes to a scan.
#[derive(Debug, Input)]
pub(crate) struct ScanUpdate {
    /// The name.
    name: Option<Name>,
    /// A remark; null for none.
    comment: Option<Nullable<Text>>,
    /// A target of the scan's organization.
    target_id: Option<TargetId>,
    /// A scan profile of the scan's product.
    config_id: Option<ConfigId>,
    /// A scanner of the scan's organization or of the platform.
    scanner_id: Option<ScannerId>,
    /// A schedule of the scan's organization; null for none.
    schedule_id: Option<Nullable<ScheduleId>>,
    /// Whether checks may change something or put load on a host.
    intrusive: Option<bool>,
}

/// What the update of a scan names.
#[derive(Debug)]
pub(crate) struct NewParts {
    target: Option<Authorized<target::Target>>,
    scanner: Option<Authorized<Scanner>>,
    schedule: Option<Authorized<Schedule>>,
}

impl ScanUpdate {
    fn schedule(&self) -> Option<ScheduleId> {
        match &self.schedule_id {
            Some(Nullable::Value(id)) => Some(*id),
            _ => None,
        }
    }
}

impl NamesEntities for UpdateScan {
    type Found = NewParts;

    fn reads(&self, _: &Authority) -> Reads {
        let reads = self.scan.target_id.map_or(Reads::none(), |id| Reads::none().owned::<target::Target>(id));
        let reads = self.scan.scanner_id.map_or(reads.clone(), |id| reads.owned::<Scanner>(id));
        self.scan.schedule().map_or(reads.clone(), |id| reads.owned::<Schedule>(id))
    }

    fn find(&self, store: Store<'_>, found: &Found) -> Result<NewParts> {
        Ok(NewParts {
            target: self.scan.target_id.map(|id| named(store, found, id, TARGET)).transpose()?,
            scanner: self.scan.scanner_id.map(|id| named(store, found, id, SCANNER)).transpose()?,
            schedule: self.scan.schedule().map(|id| named(store, found, id, SCHEDULE)).transpose()?,
        })
    }
}

/// Updates a scan
///
/// Only the fields present are changed. A run that goes on keeps what it began with.
#[operation(put, "/v2/scans/{id}")]
pub(crate) async fn update_scan(
    Access(caller, (scan, update)): Access<Caller, (Target<Scan>, BodyWith<UpdateScan>)>,
) -> Result<Versioned<Single<ScanView>>> {
    match self::update(caller.store(), &scan, update.found, update.body.scan)? {
        Some(write) => write.commit().await.map(|scan| Single::of(&scan)),
        None => Ok(Single::of(&scan)),
    }
}

/// Delete a scan
///
/// Refused while it runs. Its history ends with it; what it has found stays, as it was seen last.
#[operation(delete, "/v2/scans/{id}", runs())]
pub(crate) async fn delete_scan(Access(caller, scan): Access<Caller, Target<Scan>>) -> Result<Done> {
    delete(caller.store(), &scan)?.commit().await.map(|_| Done {})
}

/// Delete scans
///
/// Each is deleted apart from the others; one that runs stays.
#[operation(delete, "/v2/scans")]
pub(crate) async fn delete_scans(Access(caller, scans): Access<Caller, Targets<Scan>>) -> Result<Json<Deleted>> {
    scans.delete(|scan| delete(caller.store(), scan)).await
}

fn runs() -> Error {
    Error::conflict("The scan runs: stop it first")
}

/// Requires that what a scan names is of its organization.
fn require_same(
    organization: &Authorized<Organization>,
    owner: OrganizationId,
    (field, message): (&'static str, &'static str),
) -> Result<()> {
    if owner == organization.id { Ok(()) } else { Err(Error::invalid_field(field, message)) }
}

/// The profile with an id, or that of the product.
fn profile(config: Option<ConfigId>, app_type: AppType) -> Result<Profile> {
    let of_product = match app_type {
        AppType::Pci => Profile::Pci,
        AppType::Vrms => Profile::Full,
        AppType::Penetration => Profile::Web,
    };
    let Some(id) = config else { return Ok(of_product) };
    Profile::with_id(id)
        .filter(|profile| profile.config().app_types.contains(&app_type))
        .ok_or_else(|| Error::invalid_field("scan.config_id", "is not a scan profile of the scan's product"))
}

/// One of the platform's scanners that takes scans of a product.
async fn shared_scanner(store: Store<'_>, app_type: AppType) -> Result<Scanner> {
    let scanners = store.reader::<Scanner>(&store.shared::<Scanner>(), None).read(SHARED_SCANNERS).await?;
    let suits = |it: &Scanner| it.active && it.app_type.is_none_or(|its| its == app_type);
    let found = scanners.into_iter().find(suits);
    found.ok_or_else(|| Error::invalid_field(SCANNER.0, "is required: the platform has no scanner of its own for this"))
}

/// Prepares a new scan.
///
/// # Errors
/// 422 for what is not of the scan's organization, and for a profile or a scanner of another product.
pub(crate) async fn create<'a>(store: Store<'a>, id: ScanId, parts: &Parts, new: NewScan) -> Result<Write<'a, Scan>> {
    let Parts { organization, target_id, is_new_target, scanner, schedule } = parts;
    let app_type = new.app_type.unwrap_or(AppType::Vrms);
    let scanner = match scanner {
        Some(scanner) => Scanner::clone(scanner),
        None if app_type == AppType::Pci => shared_scanner(store, app_type).await?,
        None => return Err(Error::invalid_field(SCANNER.0, "is required for this app_type")),
    };
    let now = Timestamp::now();
    let mut scan = Scan {
        id,
        organization_path: organization.owner().clone(),
        organization_id: organization.id,
        name: new.name.into(),
        comment: new.comment.map(String::from),
        app_type,
        target_id: *target_id,
        profile: profile(new.config_id, app_type)?,
        scanner_id: scanner.id,
        has_shared_scanner: false,
        schedule_id: None,
        intrusive: new.intrusive.unwrap_or(false),
        status: ScanStatus::New,
        last_run: None,
        results: None,
        occurrence: None,
        refusal: None,
        created_at: now,
        updated_at: now,
    };
    take_scanner(&mut scan, &scanner)?;
    take_schedule(&mut scan, schedule.as_ref())?;
    let (uses, counted) = (Uses::of(&scan), is_new_target.then_some(scan.target_id));
    let write = ownership::create(store, "scan.created", organization, scan);
    Ok(uses.change(write, id, &Uses { target: counted, ..Uses::none() }))
}

/// Prepares an update of a found scan; `None` when nothing changes.
fn update<'a>(
    store: Store<'a>,
    found: &Authorized<Scan>,
    parts: NewParts,
    update: ScanUpdate,
) -> Result<Option<Write<'a, Scan>>> {
    let mut scan = Scan::clone(found);
    set(&mut scan.name, update.name.map(String::from));
    Nullable::merge(update.comment, &mut scan.comment);
    set(&mut scan.intrusive, update.intrusive);
    if let Some(target) = parts.target {
        if target.organization_id != scan.organization_id {
            return Err(Error::invalid_field(TARGET.0, TARGET.1));
        }
        scan.target_id = target.id;
    }
    if update.config_id.is_some() {
        scan.profile = profile(update.config_id, scan.app_type)?;
    }
    if let Some(scanner) = parts.scanner {
        take_scanner(&mut scan, &scanner)?;
    }
    if update.schedule_id.is_some() {
        take_schedule(&mut scan, parts.schedule.as_ref())?;
    }
    if scan == **found {
        return Ok(None);
    }
    scan.updated_at = Timestamp::now();
    let uses = Uses::of(&scan);
    let write = store.update("scan.updated", found, scan);
    Ok(Some(uses.change(write, found.id, &Uses::of(found))))
}

/// Prepares the deletion of a found scan.
fn delete<'a>(store: Store<'a>, found: &Authorized<Scan>) -> Result<Write<'a, Scan>> {
    if found.status.is_active() {
        return Err(runs());
    }
    let write = ownership::delete(store, "scan.deleted", found, runs());
    let write = write.remove(&Activity::none(found.id).key(), Guard::Any);
    Ok(Uses::none().change(write, found.id, &Uses::of(found)))
}

/// Sets the scanner of a scan.
///
/// # Errors
/// 422 for one of another organization or another product.
fn take_scanner(scan: &mut Scan, scanner: &Scanner) -> Result<()> {
    if !scanner.is_shared() && scanner.organization_id != scan.organization_id {
        return Err(Error::invalid_field(SCANNER.0, SCANNER.1));
    }
    if scanner.app_type.is_some_and(|app_type| app_type != scan.app_type) {
        return Err(Error::invalid_field(SCANNER.0, "is a scanner for another product"));
    }
    scan.scanner_id = scanner.id;
    scan.has_shared_scanner = scanner.is_shared();
    Ok(())
}

/// Sets the schedule of a scan.
///
/// # Errors
/// 422 for one of another organization.
fn take_schedule(scan: &mut Scan, schedule: Option<&Authorized<Schedule>>) -> Result<()> {
    if schedule.is_some_and(|schedule| schedule.organization_id != scan.organization_id) {
        return Err(Error::invalid_field(SCHEDULE.0, SCHEDULE.1));
    }
    scan.schedule_id = schedule.map(|schedule| schedule.id);
    Ok(())
}

/// What a scan uses, and what therefore does not end before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Uses {
    target: Option<TargetId>,
    scanner: Option<ScannerId>,
    schedule: Option<ScheduleId>,
}

impl Uses {
    fn none() -> Self {
        Self { target: None, scanner: None, schedule: None }
    }

    fn of(scan: &Scan) -> Self {
        let scanner = (!scan.has_shared_scanner).then_some(scan.scanner_id);
        Self { target: Some(scan.target_id), scanner, schedule: scan.schedule_id }
    }

    /// Also counts the uses that are other than those `before`, and marks the scan in the partition of its schedule.
    fn change<'a>(self, write: Write<'a, Scan>, scan: ScanId, before: &Self) -> Write<'a, Scan> {
        let write = change_use::<target::Target>(write, self.target, before.target, TARGET);
        let write = change_use::<Scanner>(write, self.scanner, before.scanner, SCANNER);
        let write = change_use::<Schedule>(write, self.schedule, before.schedule, SCHEDULE);
        if self.schedule == before.schedule {
            return write;
        }
        let mark = |schedule_id| Scheduled { schedule_id, scan_id: scan };
        let write = before.schedule.into_iter().fold(write, |it, id| it.remove(&mark(id).key(), Guard::Any));
        self.schedule.into_iter().fold(write, |it, id| it.put(&mark(id), Guard::Any))
    }
}

fn change_use<'a, U: Owned<Id: Into<shared::id::Uuid>>>(
    write: Write<'a, Scan>,
    now: Option<U::Id>,
    before: Option<U::Id>,
    (field, message): (&'static str, &'static str),
) -> Write<'a, Scan> {
    if now == before {
        return write;
    }
    let gone = Error::invalid_field(field, message);
    let write = before.into_iter().fold(write, |it, id| ownership::count_use::<_, U>(it, id, -1, gone.clone()));
    now.into_iter().fold(write, |it, id| ownership::count_use::<_, U>(it, id, 1, gone.clone()))
}
