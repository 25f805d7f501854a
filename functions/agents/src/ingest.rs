//! What becomes of the results of a run: hosts and vulnerabilities are compared with what is known of them, and what has changed
//! is written.
//!
//! Everything can be done again: a vulnerability that this run has opened or closed says so, whoever asks.

use std::collections::{BTreeMap, HashSet};

use addresses::{Host as ListedHost, HostList};
use futures_util::future::try_join_all;
use shared::{
    Error, Result,
    domain::{
        scan::{Counts, Run},
        scanner::OwnRun,
        target::HostScope,
        vulnerability::{
            Host, HostState, KNOWN, NEW, REOPENED, Seen, Service, Snapshot, Transport, Vulnerability,
            VulnerabilityStatus, identity::host_id,
        },
    },
    id::{HostId, RunId, VulnerabilityId},
    input::Bounded,
    store::{Authorized, Store},
    time::Timestamp,
};

use crate::{
    finding,
    given::{Chunk, GivenHost, GivenService},
    scanner::run_of,
    texts::Clean,
};

/// The number of hosts that are compared at once, and of items that are written at once for each.
const HOSTS_AT_ONCE: usize = 8;
const WRITES_AT_ONCE: usize = 16;
/// The number of times that a host is compared anew when something else changes it meanwhile.
const ATTEMPTS: usize = 4;

/// Stores what a part of a run's results holds.
///
/// # Errors
/// 422 for hosts that are not of the run; 429 when others change the same hosts all the time; 500 when DynamoDB fails.
pub(crate) async fn store(own: &OwnRun, chunk: Chunk) -> Result<()> {
    let run = run_of(own).await?;
    let hosts = chunk.hosts.map(Bounded::into_inner).unwrap_or_default();
    require_in_scope(&run, &hosts)?;
    let now = Timestamp::now();
    let (mut snapshots, mut seen): (Vec<Snapshot>, Vec<Seen>) = (Vec::new(), Vec::new());
    for hosts in hosts.chunks(HOSTS_AT_ONCE) {
        for (it, is_new) in try_join_all(hosts.iter().map(|host| store_host(own, run.id, host, now))).await? {
            // A new host says itself when it was seen.
            let again = Seen { host_id: it.host_id, scan_id: it.scan_id, run_id: it.run_id, seen_at: it.seen_at };
            seen.extend((!is_new).then_some(again));
            snapshots.push(it);
        }
    }
    let store = own.store();
    store.put_parts(&own.scan, &seen).await?;
    store.put_parts(&own.scan, &snapshots).await
}

/// Requires hosts that the run is about, each once.
fn require_in_scope(run: &Run, hosts: &[GivenHost]) -> Result<()> {
    let list = |text: &str| HostList::parse(text).unwrap_or_default();
    let scope = HostScope::of(&list(&run.plan.hosts), &list(&run.plan.exclude_hosts));
    let mut named = HashSet::new();
    for (at, host) in hosts.iter().enumerate() {
        let name = host.name();
        let is_in_scope = match name.parse() {
            Ok(ListedHost::Name(name)) => scope.names.contains(&name),
            Ok(ListedHost::Address(address)) => scope.addresses.contains(address),
            _ => false,
        };
        if !is_in_scope || !named.insert(name) {
            return Err(Error::invalid_field(
                format!("hosts[{at}].host"),
                "is not a host of this run, or is there twice",
            ));
        }
    }
    Ok(())
}

/// Stores a host and its vulnerabilities; returns what the run has seen of it, and whether it is new.
async fn store_host(own: &OwnRun, run: RunId, given: &GivenHost, now: Timestamp) -> Result<(Snapshot, bool)> {
    let id = host_id(own.scan.organization_id, &given.name());
    for _ in 0..ATTEMPTS {
        let state = HostState::find(own.store(), id).await?;
        let compared = Compared::of(own, run, given, &state, now)?;
        if compared.write(own.store(), &state).await? {
            return Ok((compared.snapshot, state.host.is_none()));
        }
    }
    Err(Error::too_many_requests(1))
}

/// A host as it is with the results of a run.
struct Compared {
    host: Host,
    /// The vulnerabilities that are new or have changed.
    changed: Vec<Vulnerability>,
    snapshot: Snapshot,
}

impl Compared {
    fn of(own: &OwnRun, run: RunId, given: &GivenHost, state: &HostState, now: Timestamp) -> Result<Self> {
        let scan = &own.scan;
        let name = given.name();
        let id = host_id(scan.organization_id, &name);
        let found = finding::found(own, run, id, &name, given, now)?;
        let known: BTreeMap<VulnerabilityId, &Authorized<Vulnerability>> =
            state.vulnerabilities.iter().map(|it| (it.id, it)).collect();
        let mut after: BTreeMap<VulnerabilityId, Vulnerability> = BTreeMap::new();
        for (id, found) in &found {
            after.insert(*id, known.get(id).map_or_else(|| found.clone(), |known| seen_again(known, found, run, now)));
        }
        let ran = Ran::of(given);
        for (id, known) in &known {
            let next = || unseen(known, own, run, &ran, now, state);
            after.entry(*id).or_insert_with(next);
        }
        let is_changed = |it: &&Vulnerability| known.get(&it.id).is_none_or(|known| ***known != **it);
        let changed: Vec<Vulnerability> = after.values().filter(is_changed).cloned().collect();
        let open = |all: &mut dyn Iterator<Item = &Vulnerability>| Counts::count(all.map(|it| it.threat));
        let host = host_after(own, given, state, id, open(&mut after.values().filter(|it| it.is_open())), now);
        let by_run = |status| after.values().filter(move |it| it.changed_run == run && it.status == status);
        let opened = open(&mut by_run(VulnerabilityStatus::Open).chain(by_run(VulnerabilityStatus::Reopened)));
        let snapshot = Snapshot {
            scan_id: scan.id,
            run_id: run,
            host_id: id,
            host: name,
            seen_at: now,
            open: Counts::count(found.values().map(|it| it.threat)),
            present: found.keys().copied().collect(),
            kinds: found.keys().map(|id| after.get(id).map_or(KNOWN, |it| kind(it, run))).collect(),
            fixed: by_run(VulnerabilityStatus::Fixed).map(|it| it.id).collect(),
            opened,
            closed: open(&mut by_run(VulnerabilityStatus::Fixed)),
        };
        Ok(Self { host, changed, snapshot })
    }

    /// Writes what has changed; false when something else has changed it meanwhile.
    async fn write(&self, store: Store<'_>, state: &HostState) -> Result<bool> {
        let known = |id| state.vulnerabilities.iter().find(|it| it.id == id);
        for changed in self.changed.chunks(WRITES_AT_ONCE) {
            let writes = changed.iter().map(|it| store.put_quietly(known(it.id), it.clone()));
            if try_join_all(writes).await?.contains(&false) {
                return Ok(false);
            }
        }
        if state.host.as_ref().is_some_and(|host| **host == self.host) {
            return Ok(true);
        }
        store.put_quietly(state.host.as_ref(), self.host.clone()).await
    }
}

/// What a vulnerability that the run sees was before.
fn kind(it: &Vulnerability, run: RunId) -> char {
    match it.status {
        VulnerabilityStatus::Open if it.changed_run == run => NEW,
        VulnerabilityStatus::Reopened if it.changed_run == run => REOPENED,
        _ => KNOWN,
    }
}

/// A known vulnerability that the run sees.
fn seen_again(known: &Vulnerability, found: &Vulnerability, run: RunId, now: Timestamp) -> Vulnerability {
    let mut it = known.clone();
    let scan = found.scans.first().copied();
    it.scans.extend(scan.filter(|scan| !known.scans.contains(scan)));
    it.last_seen = None;
    if known.status == VulnerabilityStatus::Fixed {
        it.status = VulnerabilityStatus::Reopened;
        (it.changed_run, it.changed_at) = (run, now);
    }
    it.severity = found.severity;
    it.threat = found.threat;
    it.qod = found.qod;
    it.sources.clone_from(&found.sources);
    it.own.clone_from(&found.own);
    // The words of an engine may change each time; they are kept with the state that they were seen in.
    if it != *known {
        it.evidence.clone_from(&found.evidence);
    }
    it
}

/// A known vulnerability that the run does not see.
fn unseen(
    known: &Vulnerability,
    own: &OwnRun,
    run: RunId,
    ran: &Ran,
    now: Timestamp,
    state: &HostState,
) -> Vulnerability {
    let mut it = known.clone();
    if !known.is_open() || !known.scans.contains(&own.scan.id) {
        return it;
    }
    if it.last_seen.is_none() {
        let last = state.seen.iter().filter(|seen| known.scans.contains(&seen.scan_id) && seen.run_id != run);
        it.last_seen = Some(last.map(|seen| seen.seen_at).max().unwrap_or(known.changed_at));
    }
    if ran.includes(known) {
        it.status = VulnerabilityStatus::Fixed;
        (it.changed_run, it.changed_at) = (run, now);
    }
    it
}

/// The host with what the run has seen of it.
fn host_after(own: &OwnRun, given: &GivenHost, state: &HostState, id: HostId, open: Counts, now: Timestamp) -> Host {
    let scan = &own.scan;
    let texts = |list: &Option<Bounded<Clean<253>, 16>>| {
        let list = list.clone().map(Bounded::into::<String>).unwrap_or_default();
        list.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let services = given.services.clone().map(Bounded::into_inner).unwrap_or_default();
    let mut services: Vec<Service> = services.into_iter().map(GivenService::into_service).collect();
    services.sort_by_key(|service| (service.port, service.protocol));
    let mut host = state.host.as_ref().map_or_else(
        || Host {
            id,
            organization_path: scan.organization_path.clone(),
            organization_id: scan.organization_id,
            host: given.name(),
            addresses: Vec::new(),
            names: Vec::new(),
            operating_system: None,
            services: Vec::new(),
            open: Counts::default(),
            scans: Vec::new(),
            first_seen: now,
            changed_at: now,
        },
        |host| Host::clone(host),
    );
    host.addresses = texts(&given.addresses);
    host.names = texts(&given.names);
    let system = given.operating_system.clone().and_then(Clean::into_option);
    host.operating_system = system.or(host.operating_system);
    host.services = services;
    host.open = open;
    if !host.scans.contains(&scan.id) {
        host.scans.push(scan.id);
    }
    if state.host.as_ref().is_some_and(|before| **before != host) {
        host.changed_at = now;
    }
    host
}

impl GivenHost {
    /// The host in its one spelling.
    fn name(&self) -> String {
        String::from(self.host.clone()).to_lowercase()
    }
}

impl GivenService {
    fn into_service(self) -> Service {
        let text = |text: Option<Clean<255>>| text.and_then(Clean::into_option);
        Service {
            port: u16::try_from(self.port.get()).unwrap_or_default(),
            protocol: self.protocol,
            name: text(self.name),
            product: text(self.product),
            version: text(self.version),
            cpe: text(self.cpe),
            tls: self.tls.unwrap_or(false),
            banner: text(self.banner),
        }
    }
}

/// The checks that ran to their end on a host, and the TCP ports that were tried.
struct Ran {
    checks: HashSet<String>,
    ports: Option<Vec<(u16, u16)>>,
}

impl Ran {
    fn of(given: &GivenHost) -> Self {
        let words = given.checks_run.clone().map(Bounded::into::<String>).unwrap_or_default();
        let checks = words.into_iter().map(|word| checks::canonical(&word).to_owned());
        let ports = given.tcp_ports.clone().map(String::from);
        Self { checks: checks.collect(), ports: ports.as_deref().map(port_ranges) }
    }

    /// Whether the check of a vulnerability ran to its end.
    fn includes(&self, it: &Vulnerability) -> bool {
        let port = it.port;
        let is_tried = |ports: &Vec<(u16, u16)>| ports.iter().any(|(first, last)| (*first..=*last).contains(&port));
        if it.protocol == Transport::Tcp && !self.ports.as_ref().is_none_or(is_tried) {
            return false;
        }
        let of_engine = it.check.split_once(':').map(|(engine, _)| format!("{engine}:*"));
        self.checks.contains(checks::canonical(&it.check)) || of_engine.is_some_and(|all| self.checks.contains(&all))
    }
}

/// The ranges of a text such as `1-1024, 6379`; what is none is left out.
fn port_ranges(text: &str) -> Vec<(u16, u16)> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
    };
    text.split(',').filter_map(range).collect()
}
