//! The scanner that calls, and the run that the path names.

use std::{fmt, str::FromStr};

use axum::extract::FromRequestParts;
use http::request::Parts;
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    App, Error, Result,
    api::{Describe, Description, Param, Visitor},
    domain::{
        scan::Run,
        scanner::{Calling, OwnRun, unverified},
    },
    id::ScanId,
    store::{Authorized, Reads},
};

/// The scanner whose token the request carries.
#[derive(Debug)]
pub(crate) struct CallingScanner(pub(crate) Calling);

impl FromRequestParts<App> for CallingScanner {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let Ok(visitor) = Visitor::from_request_parts(parts, app).await;
        visitor.scanner(&parts.headers, Reads::none()).await.map(|(calling, _)| Self(calling))
    }
}

impl Describe for CallingScanner {
    fn describe(operation: &mut Description<'_>) {
        operation.credentials(&["scanner"]);
        operation.error(Error::unauthorized());
        operation.error(unverified());
    }
}

/// The run of a scan that the path names, which waits for the calling scanner or which it has.
#[derive(Debug)]
pub(crate) struct OwnJob(pub(crate) OwnRun);

impl FromRequestParts<App> for OwnJob {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let id: Result<ScanId> = Param::of(parts).await;
        let Ok(visitor) = Visitor::from_request_parts(parts, app).await;
        let reads = id.as_ref().map_or_else(|_| Reads::none(), |id| Calling::run_reads(*id));
        let (calling, found) = visitor.scanner(&parts.headers, reads).await?;
        calling.run(id?, &found).map(Self)
    }
}

impl Describe for OwnJob {
    fn describe(operation: &mut Description<'_>) {
        CallingScanner::describe(operation);
        Param::<ScanId>::describe(operation);
        operation.error(Error::not_found());
    }
}

impl OwnJob {
    /// Requires that a claim is the last one, and that its run goes on.
    ///
    /// # Errors
    /// 409 for any other.
    pub(crate) fn require_epoch(&self, epoch: u64) -> Result<()> {
        let activity = &self.0.activity;
        let is_it = activity.is_active() && activity.claim_id.is_some() && activity.epoch == epoch;
        if is_it { Ok(()) } else { Err(lost()) }
    }
}

/// The run that goes on.
///
/// # Errors
/// 409 when none does.
pub(crate) async fn run_of(own: &OwnRun) -> Result<Authorized<Run>> {
    let id = own.activity.run.filter(|_| own.activity.is_active()).map(|(id, _)| id).ok_or_else(lost)?;
    let found = own.store().read(Reads::none().child::<Run>(own.scan.id, id)).await?;
    own.store().child(&found, &own.scan, id)?.ok_or_else(lost)
}

/// The error for a claim that is not the last one, or whose run has ended.
pub(crate) fn lost() -> Error {
    Error::conflict("Another claim has the job, or it has ended: stop the engines, and forget it")
}

/// A number in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(crate) struct Number(#[schemars(range(max = 999_999_999))] pub(crate) u64);

impl FromStr for Number {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().ok().filter(|number| *number <= 999_999_999 && !text.starts_with('+'));
        number.map(Self).ok_or("must be a whole number")
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
