//! A scan and its target in one step.

use shared::{
    Input, Result,
    api::{Access, BodyWith, Caller, Created, IdempotencyKey, Idempotent, NamesEntities, UNMANAGED, named},
    domain::{
        organization::Organization,
        ownership,
        port_list::PortList,
        product::AppType,
        scanner::Scanner,
        schedule::Schedule,
        target::{self, GivenHosts, LIST, NewTarget},
    },
    id::{ConfigId, OrganizationId, PortListId, ScanId, ScannerId, ScheduleId, TargetId},
    input::values::{Name, Text},
    operation,
    store::{Authorized, Found, Reads, Store},
    tenancy::Authority,
};

use crate::{
    scans::{self, NewScan, Parts},
    view::ScanView,
};

/// The body of Create Scan from Wizard.
#[derive(Debug, Input)]
pub(crate) struct Wizard {
    /// The scan with its target.
    scan: WizardScan,
}

/// A new scan with its target.
#[derive(Debug, Input)]
pub(crate) struct WizardScan {
    /// The name of the scan and of its target.
    name: Name,
    /// A remark.
    comment: Option<Text>,
    /// The organization that owns both; by default the caller's own.
    organization_id: Option<OrganizationId>,
    /// The hosts: names, addresses, ranges and networks with commas, blanks or lines between. They are at most 4096.
    hosts: GivenHosts,
    /// The hosts to leave out, in the same form.
    exclude_hosts: Option<GivenHosts>,
    /// A port list of that organization or of the platform; without one, the ports of the profile.
    port_list_id: Option<PortListId>,
    /// The product that the scan belongs to; by default `vrms`.
    app_type: Option<AppType>,
    /// A scan profile; by default that of the product.
    config_id: Option<ConfigId>,
    /// A scanner of that organization or of the platform. Only scans of the product `pci` may leave it out.
    scanner_id: Option<ScannerId>,
    /// A schedule of that organization.
    schedule_id: Option<ScheduleId>,
    /// Whether checks may change something or put load on a host; by default they may not.
    intrusive: Option<bool>,
}

/// What a wizard names.
#[derive(Debug)]
pub(crate) struct WizardParts {
    organization: Authorized<Organization>,
    list: Option<Authorized<PortList>>,
    scanner: Option<Authorized<Scanner>>,
    schedule: Option<Authorized<Schedule>>,
}

impl NamesEntities for Wizard {
    type Found = WizardParts;

    fn reads(&self, authority: &Authority) -> Reads {
        let it = &self.scan;
        let reads = Reads::none().owned::<Organization>(it.organization_id.unwrap_or(authority.organization_id()));
        let reads = it.port_list_id.map_or(reads.clone(), |id| reads.owned::<PortList>(id));
        let reads = it.scanner_id.map_or(reads.clone(), |id| reads.owned::<Scanner>(id));
        it.schedule_id.map_or(reads.clone(), |id| reads.owned::<Schedule>(id))
    }

    fn find(&self, store: Store<'_>, found: &Found) -> Result<WizardParts> {
        let it = &self.scan;
        let id = it.organization_id.unwrap_or(store.authority().organization_id());
        Ok(WizardParts {
            organization: named(store, found, id, ("scan.organization_id", UNMANAGED))?,
            list: it.port_list_id.map(|id| named(store, found, id, ("scan.port_list_id", LIST.1))).transpose()?,
            scanner: it.scanner_id.map(|id| named(store, found, id, scans::SCANNER)).transpose()?,
            schedule: it.schedule_id.map(|id| named(store, found, id, scans::SCHEDULE)).transpose()?,
        })
    }
}

/// Create Scan from Wizard
///
/// A scan with a target of its own, both by the same name. It starts by its schedule, or by Start a scan.
#[operation(post, "/v2/scans/wizard")]
pub(crate) async fn create_scan_from_wizard(
    Access(caller, (key, wizard)): Access<Caller, (IdempotencyKey, BodyWith<Wizard>)>,
) -> Result<Idempotent<Created<ScanView>>> {
    let WizardParts { organization, list, scanner, schedule } = wizard.found;
    let (target, scan) = wizard.body.scan.split();
    let (store, id) = (caller.store(), ScanId::generate());
    let target_id = ownership::id_beside(TargetId::generate, id);
    let settings = caller.app().settings();
    let target = target::create(store, settings, target_id, &organization, list.as_ref(), target, 1)
        .map_err(|error| error.moved("target", "scan"))?;
    let parts = Parts { organization, target_id, is_new_target: true, scanner, schedule };
    let write = scans::create(store, id, &parts, scan(target_id)).await?;
    key.commit(write.also(target), scans::created).await
}

impl WizardScan {
    /// The target, and the scan of it.
    fn split(self) -> (NewTarget, impl FnOnce(TargetId) -> NewScan) {
        let target = NewTarget {
            name: self.name.clone(),
            comment: self.comment.clone(),
            organization_id: self.organization_id,
            hosts: self.hosts,
            exclude_hosts: self.exclude_hosts,
            port_list_id: self.port_list_id,
        };
        let scan = move |target_id| NewScan {
            name: self.name,
            comment: self.comment,
            organization_id: self.organization_id,
            app_type: self.app_type,
            target_id,
            config_id: self.config_id,
            scanner_id: self.scanner_id,
            schedule_id: self.schedule_id,
            intrusive: self.intrusive,
        };
        (target, scan)
    }
}
