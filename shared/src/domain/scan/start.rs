//! Starting a scan: its organization must have the authority, its scanner must be there, and it runs once at a time.

use super::{
    Activity, HostCounts, Job, LastRun, MAX_RUNNING, Plan, RUNNING, Run, Scan, ScanStatus, Stage, StartedBy, authority,
};
use crate::{
    Error, Result,
    config::Settings,
    domain::{
        claimed_domain::Domain,
        due::{Due, DueWork},
        organization::Organization,
        port_list::{PortList, PortRanges, Protocol},
        scanner::{Scanner, ScannerStatus},
        target::Target,
    },
    id::RunId,
    store::{Authorized, Guard, Key, OrDefault, Range, Reads, Store, Write},
    time::Timestamp,
};

/// The time for which a run waits for its scanner, in seconds.
pub const WAITS_SECONDS: i64 = 24 * 3600;

/// A scan with all that a start of it needs.
#[derive(Debug)]
pub struct Starting {
    scan: Authorized<Scan>,
    activity: OrDefault<Activity>,
    target: Authorized<Target>,
    scanner: Authorized<Scanner>,
    list: Option<Authorized<PortList>>,
    domains: Vec<Domain>,
}

impl Starting {
    /// Reads what the start of a found scan needs.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn find(store: Store<'_>, scan: Authorized<Scan>) -> Result<Self> {
        let domains = Range::domains(scan.organization_id);
        let reads = Reads::none()
            .owned::<Target>(scan.target_id)
            .owned::<Scanner>(scan.scanner_id)
            .owned::<Organization>(scan.organization_id)
            .child::<Activity>(scan.id, ())
            .range(domains.clone());
        let mut found = store.read(reads).await?;
        let target: Authorized<Target> = store.owned(&found, scan.target_id)?;
        let scanner = store.owned(&found, scan.scanner_id)?;
        let activity = store.child_or(&found, &scan, (), Activity::none(scan.id))?;
        let organization: Authorized<Organization> = store.owned(&found, scan.organization_id)?;
        let domains = store.children::<Domain>(&mut found, &organization, domains)?;
        let list = match target.port_list_id {
            Some(id) => store.find_listed::<PortList>(Some(id)).await?,
            None => None,
        };
        let domains = domains.into_iter().map(Authorized::into_inner).collect();
        Ok(Self { scan, activity, target, scanner, list, domains })
    }

    /// Prepares the start.
    ///
    /// # Errors
    /// 403 without the authority to scan the hosts; 409 while the scan runs, for a scanner that is not active, and for too
    /// many scans at once.
    pub fn start<'a>(
        &self,
        store: Store<'a>,
        settings: &Settings,
        id: RunId,
        by: StartedBy,
        occurrence: Option<Timestamp>,
    ) -> Result<Write<'a, Scan>> {
        let Self { scan: found, activity, target, scanner, .. } = self;
        if found.status.is_active() {
            return Err(already_running());
        }
        if !scanner.active || scanner.status != ScannerStatus::Verified {
            return Err(Error::conflict("The scanner of this scan is not active"));
        }
        if scanner.app_type.is_some_and(|app_type| app_type != found.app_type) {
            return Err(Error::conflict("The scanner of this scan is for another product"));
        }
        authority::require(target, &self.domains, scanner.is_shared(), settings)?;
        let now = Timestamp::now();
        let run = self.run(id, by, now);
        let mut scan = Scan::clone(found);
        scan.status = ScanStatus::Requested;
        let open = scan.last_run.as_ref().map(|last| last.open).unwrap_or_default();
        scan.last_run = Some(LastRun { id: run.id, requested_at: now, ended_at: None, incomplete: false, open });
        scan.occurrence = occurrence.or(scan.occurrence);
        scan.refusal = None;
        scan.updated_at = now;
        let members = Key::members(scan.organization_id);
        let next = Activity {
            run: Some((run.id, scan.scanner_id)),
            epoch: activity.epoch,
            deadline: Some(now.plus_seconds(scan.profile.config().longest_hours * 3600 + WAITS_SECONDS)),
            stage: Stage::Waiting,
            hosts: run.hosts,
            ..Activity::none(scan.id)
        };
        let job = Job { scanner_id: scan.scanner_id, scan_id: scan.id };
        let watch = Due::new(now.plus_seconds(WAITS_SECONDS), DueWork::Run(scan.id));
        let write = store.update("scan.started", found, scan);
        Ok(write
            .save_too(activity, next)
            .put(&run, Guard::Absent)
            .put(&job, Guard::Any)
            .put(&watch, Guard::Any)
            .add(&members, RUNNING, 1, Guard::Below(RUNNING, MAX_RUNNING))
            .or(Error::conflict(format!("{MAX_RUNNING} scans of the organization run or wait, as many as can"))))
    }

    /// The run as its scanner will be told.
    fn run(&self, id: RunId, by: StartedBy, now: Timestamp) -> Run {
        let Self { scan, target, list, .. } = self;
        let config = scan.profile.config();
        let ports = |protocol| list.as_ref().map(|list| ports(&list.port_ranges, protocol)).unwrap_or_default();
        let plan = Plan {
            target_id: target.id,
            target_name: target.name.clone(),
            hosts: target.hosts.0.to_string(),
            exclude_hosts: target.exclude_hosts.0.to_string(),
            max_hosts: target.max_hosts,
            tcp_ports: ports(Protocol::Tcp),
            udp_ports: ports(Protocol::Udp),
            profile: scan.profile,
            intrusive: scan.intrusive,
            max_rate: config.max_rate,
            hosts_at_once: config.hosts_at_once,
            scanner_id: scan.scanner_id,
        };
        let total = u32::try_from(target.max_hosts).unwrap_or(u32::MAX);
        Run {
            scan_id: scan.id,
            id,
            status: ScanStatus::Requested,
            plan,
            started_by: by,
            stopped_by: None,
            requested_at: now,
            started_at: None,
            ended_at: None,
            incomplete: Vec::new(),
            engines: Vec::new(),
            hosts: HostCounts { total, done: 0, alive: 0 },
            open: super::Counts::default(),
            changes: super::Changes::default(),
        }
    }
}

/// The ranges of a protocol, as in `22, 80-443`.
fn ports(ranges: &PortRanges, protocol: Protocol) -> String {
    let ranges = ranges.iter().filter(|range| range.protocol == protocol);
    let text = |(first, last)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    let texts: Vec<String> = ranges.map(|range| text((range.start, range.end))).collect();
    texts.join(", ")
}

/// The error for a start of what runs.
#[must_use]
pub fn already_running() -> Error {
    Error::conflict("The scan runs already")
}
