//! `scanner --demo`: the whole of it on this machine.

use std::time::Duration;

use anyhow::Result;
use indicatif::MultiProgress;
use tokio::{sync::watch, time::sleep};
use url::Url;

use super::{
    enroll::{enroll, identity, next_steps},
    equipment::Equipment,
    options::Options,
    print::print,
    run::{leaving, platform, policy, work},
};
use crate::{
    agent::{Enrollment, Failure, State, UnknownCode, platform_url},
    lab::{self, LabOptions},
};

/// The code of the sample scanner of a platform.
const CODE: &str = "scanner_demoDEMOdemoDEMOdemoDEMOdemoDEMO";
/// The time between two attempts to reach it.
const AGAIN: Duration = Duration::from_secs(2);

/// Enrolls at the sample platform unless that was done before, starts the laboratory, and works.
pub(super) async fn run(options: &Options, bars: MultiProgress) -> Result<()> {
    let mut leaving = leaving()?;
    let policy = policy(options)?;
    let url = platform_url(&options.platform, options.insecure_http)?;
    let state = State::open(&options.state()?)?;
    let equipment = Equipment::find(&policy.engines, &state.work()?).await?;
    let Some(Entered { enrollment, may_work }) =
        unless_leaving(&mut leaving, enrolled(options, &state, &url, &equipment)).await?
    else {
        return Ok(());
    };
    // It ends with the program.
    let lab = lab::start(LabOptions { mended: options.mended, ephemeral: false }).await?;
    print(if may_work { identity(&enrollment) } else { next_steps(&enrollment) })?;
    let hosts = lab.hosts_listed();
    print(format_args!("The laboratory is at {hosts}: make a target of these, and a scan with this scanner."))?;
    work(options, &state, &enrollment, &policy, equipment, bars, leaving).await
}

/// An enrollment, and whether the platform lets the scanner work already.
struct Entered {
    enrollment: Enrollment,
    may_work: bool,
}

/// The enrollment at the platform; a new one when the platform has begun anew.
async fn enrolled(options: &Options, state: &State, url: &Url, equipment: &Equipment) -> Result<Entered> {
    let mut is_told = false;
    loop {
        let attempt = match Enrollment::read(state.path())?.filter(|it| it.url == url.as_str()) {
            Some(enrollment) => match platform(options, state.path(), &enrollment)?.sign_in().await {
                Err(Failure::Unauthorized) => {
                    Enrollment::forget(state.path())?;
                    continue;
                }
                Err(failure @ Failure::Temporary { .. }) => Err(failure.into()),
                signed_in => return Ok(Entered { enrollment, may_work: signed_in.is_ok() }),
            },
            None => enroll(state, url, CODE, equipment).await,
        };
        match attempt {
            // A scanner that enrolls anew has to be verified and activated anew.
            Ok(enrollment) => return Ok(Entered { enrollment, may_work: false }),
            Err(error) if matches!(error.downcast_ref(), Some(Failure::Temporary { .. })) => {
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!("{error:#}; start the platform at {url}, the scanner waits for it");
                }
                sleep(AGAIN).await;
            }
            Err(error) if error.is::<UnknownCode>() => return Err(error.context(used_up(state, url))),
            Err(error) => return Err(error),
        }
    }
}

/// What helps where the sample code is used up.
fn used_up(state: &State, url: &Url) -> String {
    format!(
        "the sample code of {url} is used up, and the state directory {0} has not the key that was enrolled with it. Let the \
         platform issue another code, as below, and run `scanner enroll --state {0} --url {url} CODE`; or begin anew with an \
         empty .scanward/",
        state.path().display()
    )
}

/// Does something, unless the program is told to end.
async fn unless_leaving<T>(
    leaving: &mut watch::Receiver<bool>,
    work: impl Future<Output = Result<T>>,
) -> Result<Option<T>> {
    tokio::select! {
        done = work => done.map(Some),
        _ = leaving.wait_for(|it| *it) => Ok(None),
    }
}
