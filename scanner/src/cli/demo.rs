//! `scanner --demo`: the whole of it on this machine.

use std::time::Duration;

use anyhow::Result;
use indicatif::MultiProgress;
use tokio::{sync::watch, time::sleep};
use url::Url;

use super::{
    enroll::{enroll, next_steps},
    equipment::Equipment,
    options::Options,
    run::{leaving, platform, policy, work},
};
use crate::{
    agent::{Enrollment, Failure, State, platform_url},
    lab::{self, LabOptions},
};

/// The platform of this machine.
const PLATFORM: &str = "http://127.0.0.1:9000";
/// The code of its sample scanner.
const CODE: &str = "scanner_demoDEMOdemoDEMOdemoDEMOdemoDEMO";
/// The time between two attempts to reach it.
const AGAIN: Duration = Duration::from_secs(2);

/// Enrolls at the sample platform unless that was done before, starts the laboratory, and works.
pub(super) async fn run(options: &Options, bars: MultiProgress) -> Result<()> {
    let mut leaving = leaving()?;
    let policy = policy(options)?;
    let url = platform_url(PLATFORM, false)?;
    let state = State::open(&options.state()?)?;
    let equipment = Equipment::find(&policy.engines, &state.work()?).await?;
    let Some(enrollment) = unless_leaving(&mut leaving, enrolled(options, &state, &url, &equipment)).await? else {
        return Ok(());
    };
    // It ends with the program.
    let lab = lab::start(LabOptions { mended: options.mended, ephemeral: false }).await?;
    let hosts: Vec<String> = lab.hosts().iter().map(ToString::to_string).collect();
    println!("{}", next_steps(&enrollment));
    println!("The laboratory is at {}: make a target of these, and a scan with this scanner.", hosts.join(", "));
    work(options, &state, &enrollment, &policy, equipment, bars, leaving).await
}

/// The enrollment at the platform; a new one when the platform has begun anew.
async fn enrolled(options: &Options, state: &State, url: &Url, equipment: &Equipment) -> Result<Enrollment> {
    let mut is_told = false;
    loop {
        let attempt = match Enrollment::read(state.path())?.filter(|it| it.url == url.as_str()) {
            Some(enrollment) => match platform(options, state.path(), &enrollment)?.sign_in().await {
                Err(Failure::Unauthorized) => {
                    Enrollment::forget(state.path())?;
                    continue;
                }
                Err(failure @ Failure::Temporary { .. }) => Err(failure.into()),
                // Whether it may work yet is told when it asks for work.
                Ok(()) | Err(_) => return Ok(enrollment),
            },
            None => enroll(state, url, CODE, equipment).await,
        };
        match attempt {
            Ok(enrollment) => return Ok(enrollment),
            Err(error) if matches!(error.downcast_ref(), Some(Failure::Temporary { .. })) => {
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!("{error:#}; start the platform at {PLATFORM}, the scanner waits for it");
                }
                sleep(AGAIN).await;
            }
            Err(error) => return Err(error),
        }
    }
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
