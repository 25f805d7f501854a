//! `scanner enroll`.

use std::io::{self, Read};

use anyhow::{Context, Result};
use url::Url;

use super::{equipment::Equipment, options::Options, print::print, run::policy};
use crate::agent::{Connection, Enrollment, Key, State, Timing, platform_url};

/// The most bytes of a code on standard input.
const MAX_CODE: u64 = 1_024;

/// Enrolls this program, and says what is left to do.
pub(super) async fn run(options: &Options, url: &str, code: &str) -> Result<()> {
    let url = platform_url(url, options.insecure_http)?;
    let policy = policy(options)?;
    let code = match code {
        "-" => {
            let mut code = String::new();
            io::stdin().take(MAX_CODE).read_to_string(&mut code).context("the code cannot be read")?;
            code
        }
        code => code.to_owned(),
    };
    let state = State::open(&options.state()?)?;
    let equipment = Equipment::find(&policy.engines, &state.work()?).await?;
    let enrollment = enroll(&state, &url, &code, &equipment).await?;
    print(next_steps(&enrollment))
}

/// Makes the key where there is none, and enrolls with it.
pub(super) async fn enroll(state: &State, url: &Url, code: &str, equipment: &Equipment) -> Result<Enrollment> {
    let key = Key::read_or_make(state.path())?;
    let connection = Connection::new(url, Timing::default())?;
    Enrollment::enroll(state.path(), &key, url, &connection, code, &equipment.names()).await
}

/// Which scanner this is.
pub(super) fn identity(enrollment: &Enrollment) -> String {
    let Enrollment { url, scanner_id, fingerprint, .. } = enrollment;
    format!("This program is the scanner {scanner_id} of {url}\nIts fingerprint is {fingerprint}")
}

/// Which scanner this is, and what a person does next.
pub(super) fn next_steps(enrollment: &Enrollment) -> String {
    let identity = identity(enrollment);
    format!("{identity}\nCompare it with the one that the platform shows, then verify and activate the scanner there.")
}
