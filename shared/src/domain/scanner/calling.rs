//! A scanner that calls, and the run that it has.

use super::{Scanner, ScannerStatus};
use crate::{
    App, Error, Result,
    domain::scan::{Activity, Job, Scan},
    id::{ScanId, ScannerId},
    store::{Authorized, Found, Key, OrDefault, Owned, Range, Reads, Store},
    tenancy::{Actor, ActorKind, Authority, OrganizationPath, RequestInfo, Role},
};

/// A scanner whose token was verified.
#[derive(Clone, Debug)]
pub struct Calling {
    app: App,
    request: RequestInfo,
    /// The scanner.
    pub scanner: Authorized<Scanner>,
}

/// The run that a scanner has, or that waits for it.
#[derive(Debug)]
pub struct OwnRun {
    app: App,
    /// The authority of the scanner for the organization whose scan it is: that may be another one than its own.
    authority: Authority,
    /// The scan.
    pub scan: Authorized<Scan>,
    /// What it does.
    pub activity: OrDefault<Activity>,
}

impl Calling {
    /// What proves a scanner with an id.
    pub(crate) fn reads(id: ScannerId) -> Reads {
        Reads::none().owned::<Scanner>(id)
    }

    /// The scanner with an id that a token names, in what was read.
    ///
    /// # Errors
    /// 401 for one that is gone, or whose token is older than its program; 403 for one that is not verified, or not active.
    pub(crate) fn prove(app: &App, id: ScannerId, issued_at: i64, request: RequestInfo, found: &Found) -> Result<Self> {
        let scanner = found.item::<Scanner>(&Scanner::key_of(id))?;
        let scanner = Authorized::by_credential(scanner.ok_or_else(Error::unauthorized)?);
        let enrolled_at = scanner.program.as_ref().map(|program| program.enrolled_at.as_second());
        if enrolled_at.is_none_or(|enrolled_at| issued_at < enrolled_at) {
            return Err(Error::unauthorized());
        }
        require_ready(&scanner)?;
        Ok(Self { app: app.clone(), request, scanner })
    }

    /// A scanner that calls, for sample data.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn sample(app: &App, scanner: Authorized<Scanner>) -> Self {
        Self { app: app.clone(), request: RequestInfo::default(), scanner }
    }

    fn authority(&self, path: &OrganizationPath) -> Authority {
        let actor = Actor { kind: ActorKind::Scanner, id: self.scanner.id.0, request: self.request.clone() };
        Authority::new(Role::User, path.clone(), actor)
    }

    /// The authority of the scanner in its own organization.
    #[must_use]
    pub fn own_authority(&self) -> Authority {
        self.authority(self.scanner.owner())
    }

    /// The table within the scope of an authority of this scanner.
    #[must_use]
    pub fn store<'a>(&'a self, authority: &'a Authority) -> Store<'a> {
        Store::new(self.app.table(), authority)
    }

    /// What finds the run of a scan.
    #[must_use]
    pub fn run_reads(scan: ScanId) -> Reads {
        Reads::none().owned::<Scan>(scan).child::<Activity>(scan, ())
    }

    /// The runs that wait for the scanner, or that it has.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn runs(&self) -> Result<Vec<(Job, Activity)>> {
        let (id, table) = (self.scanner.id, self.app.table());
        let jobs = table.query::<Job>(&Range::jobs(id)).await?;
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let reads = |reads: Reads, job: &Job| reads.child::<Activity>(job.scan_id, ());
        let found = table.read(jobs.iter().fold(Reads::none(), |all, job| reads(all, job))).await?;
        let activity = |job: &Job| {
            let activity = found.item::<Activity>(&Key::activity(job.scan_id))?;
            let activity = activity.filter(|activity| activity.run.is_some_and(|(_, scanner)| scanner == id));
            Ok(activity.map(|activity| (job.clone(), Activity::clone(&activity))))
        };
        jobs.iter().map(|job| activity(job)).filter_map(Result::transpose).collect()
    }

    /// The run of a scan, in what was read, that waits for this scanner or that it has.
    ///
    /// # Errors
    /// 404 for any other.
    pub fn run(&self, scan: ScanId, found: &Found) -> Result<OwnRun> {
        let stored = found.item::<Scan>(&Scan::key_of(scan))?.ok_or_else(Error::not_found)?;
        let authority = self.authority(&stored.organization_path);
        let store = Store::new(self.app.table(), &authority);
        let scan: Authorized<Scan> = store.owned(found, scan)?;
        let activity = store.child_or(found, &scan, (), Activity::none(scan.id))?;
        if activity.run.is_none_or(|(_, scanner)| scanner != self.scanner.id) {
            return Err(Error::not_found());
        }
        Ok(OwnRun { app: self.app.clone(), authority, scan, activity })
    }
}

impl OwnRun {
    /// The table within the scope of the organization whose scan it is.
    #[must_use]
    pub fn store(&self) -> Store<'_> {
        Store::new(self.app.table(), &self.authority)
    }

    /// The parts of the process.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }
}

/// Requires a scanner that may work.
///
/// # Errors
/// 403 for one that is not verified, or not active.
pub fn require_ready(scanner: &Scanner) -> Result<()> {
    match scanner.status {
        ScannerStatus::Verified if scanner.active => Ok(()),
        ScannerStatus::Verified => Err(Error::forbidden("The scanner is not active: activate it")),
        _ => Err(unverified()),
    }
}

/// The error for a scanner whose fingerprint nobody has compared yet.
#[must_use]
pub fn unverified() -> Error {
    Error::forbidden("The scanner is not verified: compare its fingerprint, and verify it")
}
