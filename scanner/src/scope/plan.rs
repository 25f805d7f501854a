//! The hosts of a job, each with the addresses to which it is held.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Duration};

use addresses::{AddressSet, Host, HostList, Invalid};
use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::timeout;

use super::{Policy, Resolve};
use crate::job::Job;

/// The most hosts of a scan.
const MAX_HOSTS: u64 = 4_096;
/// The most addresses of a name that are scanned.
const MAX_ADDRESSES: usize = 8;
/// The longest wait for the addresses of a name.
const PATIENCE: Duration = Duration::from_secs(10);
/// The number of names that are looked up at once.
const AT_ONCE: usize = 16;

/// A host to scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The host as the target named it.
    pub(crate) host: String,
    /// Its name, where it has one.
    pub(crate) name: Option<String>,
    /// The addresses, which were checked.
    pub(crate) addresses: Vec<IpAddr>,
}

/// The hosts of a job.
pub(crate) struct Plan {
    pub(crate) scope: Scope,
    /// The hosts that are still to be scanned.
    pub(crate) entries: Vec<Entry>,
    /// The number of those that an earlier claim has finished.
    pub(crate) finished: usize,
    /// What may not be scanned, and what has no address.
    pub(crate) remarks: Vec<String>,
}

/// What a job may touch.
pub(crate) struct Scope {
    policy: Policy,
    loopback: bool,
    excluded: AddressSet,
    resolver: Arc<dyn Resolve>,
}

impl Scope {
    /// Finds the hosts of a job.
    ///
    /// # Errors
    /// Why nothing can be scanned, in plain words.
    pub(crate) async fn plan(job: &Job, policy: &Policy, resolver: &Arc<dyn Resolve>) -> Result<Plan, String> {
        let hosts = HostList::parse(&job.hosts).map_err(|invalid| refused("hosts", &invalid))?;
        let excluded = HostList::parse(&job.exclude_hosts).map_err(|invalid| refused("excluded hosts", &invalid))?;
        let excluded_names: BTreeSet<&str> = excluded.names().collect();
        let mut scope = Self {
            policy: policy.clone(),
            loopback: job.allow_loopback,
            excluded: AddressSet::default(),
            resolver: Arc::clone(resolver),
        };
        // A host that is left out by its name is left out by its addresses too: a network of the job may hold them.
        let mut hosts_excluded: Vec<Host> = excluded.iter().cloned().collect();
        hosts_excluded.extend(scope.hosts_of(&excluded_names).await?);
        scope.excluded = AddressSet::of(&hosts_excluded);
        let addresses = hosts.addresses().without(&scope.excluded);
        let names: Vec<&str> = hosts.names().filter(|name| !excluded_names.contains(name)).collect();
        if addresses.len().saturating_add(names.len() as u64) > MAX_HOSTS {
            return Err(format!("The scan is of more than {MAX_HOSTS} hosts"));
        }
        let is_finished: BTreeSet<&str> = job.hosts_finished.iter().map(String::as_str).collect();
        let (mut entries, mut finished, mut remarks) = (Vec::new(), 0, Vec::new());
        for address in addresses.iter() {
            let host = address.to_string();
            match policy.permits(address, scope.loopback) {
                Err(why) => remarks.push(format!("{host} was not scanned: it {why}")),
                Ok(()) if is_finished.contains(host.as_str()) => finished += 1,
                Ok(()) => entries.push(Entry { host, name: None, addresses: vec![address] }),
            }
        }
        let (done, names): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| is_finished.contains(name));
        finished += done.len();
        // Boxed one by one: the compiler does not see otherwise that a scan can move between threads.
        let looks: Vec<_> = names.into_iter().map(|name| scope.entry(name).boxed()).collect();
        let mut found = stream::iter(looks).buffered(AT_ONCE);
        while let Some(entry) = found.next().await {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(remark) => remarks.push(remark),
            }
        }
        drop(found);
        Ok(Plan { scope, entries, finished, remarks })
    }

    /// Looks up an entry again before it is scanned, since a name may have moved. The second value says so.
    pub(crate) async fn again(&self, entry: &Entry) -> Result<(Entry, Option<String>), String> {
        let Some(name) = &entry.name else { return Ok((entry.clone(), None)) };
        let now = self.entry(name).await?;
        let before: BTreeSet<&IpAddr> = entry.addresses.iter().collect();
        let moved: Vec<_> = now.addresses.iter().filter(|it| !before.contains(it)).map(ToString::to_string).collect();
        let remark = (!moved.is_empty()).then(|| format!("{name} moved during the scan to {}", moved.join(", ")));
        Ok((now, remark))
    }

    /// A name with its addresses. One that may not be scanned stops the whole name: it may be a trick to get there.
    async fn entry(&self, name: &str) -> Result<Entry, String> {
        let mut addresses = self.lookup(name).await.map_err(|why| format!("{name} was not scanned: {why}"))?;
        for address in &addresses {
            if let Err(why) = self.policy.permits(*address, self.loopback) {
                return Err(format!("{name} was not scanned: its address {address} {why}"));
            }
        }
        addresses.retain(|address| !self.excluded.contains(*address));
        addresses.truncate(MAX_ADDRESSES);
        if addresses.is_empty() {
            return Err(format!("{name} was not scanned: the scan leaves out all its addresses"));
        }
        Ok(Entry { host: name.to_owned(), name: Some(name.to_owned()), addresses })
    }

    /// The addresses of names that are left out.
    async fn hosts_of(&self, names: &BTreeSet<&str>) -> Result<Vec<Host>, String> {
        let mut hosts = Vec::new();
        let lookups: Vec<_> =
            names.iter().map(|name| async move { (*name, self.lookup(name).await) }.boxed()).collect();
        let mut found = stream::iter(lookups).buffered(AT_ONCE);
        while let Some((name, addresses)) = found.next().await {
            let unknown =
                |why| format!("Nothing was scanned, since {name} is to be left out and could be anywhere: {why}");
            hosts.extend(addresses.map_err(unknown)?.into_iter().map(Host::Address));
        }
        Ok(hosts)
    }

    /// The addresses of a name, each once, in their order.
    async fn lookup(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let found = timeout(PATIENCE, self.resolver.resolve(name)).await;
        let found = found.map_err(|_| "the look-up of its address took too long".to_owned())?;
        let found: BTreeSet<IpAddr> =
            found.map_err(|error| format!("it has no address: {error}"))?.into_iter().collect();
        if found.is_empty() { Err("it has no address".to_owned()) } else { Ok(found.into_iter().collect()) }
    }
}

fn refused(what: &str, invalid: &[Invalid]) -> String {
    let entries: Vec<_> = invalid.iter().map(|it| format!("{:?} {}", it.entry, it.message)).collect();
    format!("The {what} of the job are not valid: {}", entries.join("; "))
}
