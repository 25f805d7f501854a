//! `scanner doctor`: what works on this machine, what does not, and what helps.

use std::{
    fmt,
    fs::{File, TryLockError},
    path::Path,
    process::ExitCode,
};

use anyhow::Result;
use rustix::process::{Resource, geteuid, getrlimit};
use url::{Host, Url};

use super::{
    equipment::{Equipment, SANDBOX},
    options::Options,
    print::{Unread, print},
    run::{platform, policy},
};
use crate::{
    agent::{Connection, Enrollment, Failure, Key, Timing, platform_url},
    policy::{LocalPolicy, own_addresses},
    scope::{Reach, Resolve, SystemResolver},
};

/// The difference of clocks with which assertions are refused, in seconds.
const WRONG: u64 = 60;
/// The difference that is worth a remark.
const STRANGE: u64 = 10;
/// The open files without which scans fail, and those with which they are quick.
const DESCRIPTORS: (u64, u64) = (256, 4_096);

/// How good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Good,
    /// It works, and could work better.
    Fair,
    /// The scanner cannot work.
    Bad,
}

/// Something that was looked at.
#[derive(Debug)]
struct Line(Verdict, String);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.0 {
            Verdict::Good => "ok  ",
            Verdict::Fair => "note",
            Verdict::Bad => "FAIL",
        };
        write!(f, "{verdict}  {}", self.1)
    }
}

fn good(text: impl Into<String>) -> Line {
    Line(Verdict::Good, text.into())
}

fn fair(text: impl Into<String>) -> Line {
    Line(Verdict::Fair, text.into())
}

fn bad(text: impl fmt::Display) -> Line {
    // An error with its causes is one line.
    Line(Verdict::Bad, format!("{text:#}").replace('\n', " "))
}

/// Looks at everything, and says it.
pub(super) async fn run(options: &Options) -> Result<ExitCode> {
    let lines = examine(options).await;
    let failures = lines.iter().filter(|line| line.0 == Verdict::Bad).count();
    let code = if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    match told(&lines, failures) {
        // The code is the verdict, whoever reads the lines.
        Err(error) if !error.is::<Unread>() => Err(error),
        _ => Ok(code),
    }
}

fn told(lines: &[Line], failures: usize) -> Result<()> {
    print(format_args!("scanner {}", env!("CARGO_PKG_VERSION")))?;
    lines.iter().try_for_each(print)?;
    match failures {
        0 => print("The scanner can work."),
        _ => print(format_args!("The scanner cannot work: {failures} of these have to be mended.")),
    }
}

async fn examine(options: &Options) -> Vec<Line> {
    let mut lines = Vec::new();
    match options.state() {
        Err(error) => lines.push(bad(error)),
        Ok(path) => {
            lines.extend(state(&path));
            lines.extend(enrollment(options, &path).await);
        }
    }
    match policy(options) {
        Err(error) => lines.push(bad(error)),
        Ok(policy) => {
            lines.extend(permitted(options, policy.clone()));
            lines.extend(engines(&policy).await);
        }
    }
    lines.push(match own_addresses() {
        Ok(addresses) => {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            good(format!("this machine's own addresses are not scanned: {}", addresses.join(", ")))
        }
        Err(error) => bad(error),
    });
    if geteuid().is_root() {
        lines.push(fair("this is root; a scanner needs no privileges, and is better run as a user of its own"));
    }
    lines.push(descriptors(getrlimit(Resource::Nofile).maximum));
    lines
}

fn state(path: &Path) -> Vec<Line> {
    let shown = path.display();
    if !path.is_dir() {
        return vec![bad(format!("there is no state directory {shown}; `scanner enroll` makes it"))];
    }
    // The mode alone does not tell: the disk may be full, or mounted to be read alone.
    let writable = match tempfile_in(path) {
        Ok(()) => good(format!("the state directory {shown} can be written")),
        Err(error) => bad(format!("the state directory {shown} cannot be written: {error}")),
    };
    let running = File::open(path.join("lock")).ok().map(|lock| match lock.try_lock() {
        Err(TryLockError::WouldBlock) => good("a scanner runs with it"),
        _ => good("no scanner runs with it at the moment"),
    });
    let key = match Key::read(path) {
        Ok(Some(key)) => good(format!("the key is there; its fingerprint is {}", key.fingerprint())),
        Ok(None) => bad(format!("there is no key in {shown}; `scanner enroll` makes it")),
        Err(error) => bad(error),
    };
    [Some(writable), running, Some(key)].into_iter().flatten().collect()
}

/// Writes a file and removes it.
fn tempfile_in(path: &Path) -> std::io::Result<()> {
    let probe = path.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&probe, b"probe")?;
    std::fs::remove_file(probe)
}

async fn enrollment(options: &Options, path: &Path) -> Vec<Line> {
    let enrollment = match Enrollment::read(path) {
        Ok(Some(enrollment)) => enrollment,
        Ok(None) => return vec![bad("the scanner is not enrolled; run `scanner enroll --url URL CODE`")],
        Err(error) => return vec![bad(error)],
    };
    let mut lines = vec![good(format!("enrolled as the scanner {} of {}", enrollment.scanner_id, enrollment.url))];
    match platform_url(&enrollment.url, options.insecure_http) {
        Err(error) => lines.push(bad(error)),
        Ok(url) => {
            lines.extend(resolution(&url).await);
            if let Some(line) = reach(&url, &mut lines).await {
                lines.push(line);
                return lines;
            }
            lines.push(sign_in(options, path, &enrollment).await);
        }
    }
    lines
}

async fn resolution(url: &Url) -> Option<Line> {
    let Some(Host::Domain(name)) = url.host() else { return None };
    Some(match SystemResolver.resolve(name).await {
        Ok(addresses) if !addresses.is_empty() => good(format!("the name {name} has an address")),
        Ok(_) => bad(format!("the name {name} has no address; look at the DNS of this machine")),
        Err(error) => bad(format!("the name {name} cannot be resolved ({error}); look at the DNS of this machine")),
    })
}

/// Whether the platform answers; the line that ends the matter when it does not.
async fn reach(url: &Url, lines: &mut Vec<Line>) -> Option<Line> {
    let connection = match Connection::new(url, Timing::default()) {
        Ok(connection) => connection,
        Err(error) => return Some(bad(error)),
    };
    match connection.clock_ahead().await {
        Err(failure) => {
            Some(bad(format!("{failure}; a scanner needs a way out to {url}, by HTTPS_PROXY where there is a proxy")))
        }
        Ok(ahead) => {
            lines.push(good("the platform answers"));
            lines.extend(ahead.map(clock));
            None
        }
    }
}

fn clock(ahead: i64) -> Line {
    let seconds = ahead.unsigned_abs();
    let text =
        format!("this machine's clock is {seconds} s {} the platform's", if ahead > 0 { "behind" } else { "before" });
    match seconds {
        0..STRANGE => good(format!("the clocks agree within {STRANGE} s")),
        STRANGE..WRONG => fair(format!("{text}; let it be set by NTP")),
        _ => bad(format!("{text}, so that the platform refuses its key; let it be set by NTP")),
    }
}

async fn sign_in(options: &Options, path: &Path, enrollment: &Enrollment) -> Line {
    let platform = match platform(options, path, enrollment) {
        Ok(platform) => platform,
        Err(error) => return bad(error),
    };
    match platform.sign_in().await {
        Ok(()) => good("the platform takes this scanner's key"),
        Err(Failure::Forbidden(message)) => bad(format!(
            "the platform lets this scanner wait ({message}): compare its fingerprint, verify and activate it"
        )),
        Err(failure) => bad(failure),
    }
}

/// The policy in a sentence, and what of it has no effect.
fn permitted(options: &Options, mut policy: LocalPolicy) -> Vec<Line> {
    // What is wrong with them has a line of its own.
    policy.scope.own_addresses = own_addresses().unwrap_or_default();
    let scope = &policy.scope;
    let reach = scope.reach();
    let file = options.policy.as_ref().map_or_else(|| "no policy file".to_owned(), |it| it.display().to_string());
    let allowed = match &reach {
        Some(reach) => format!("{} may be scanned", addresses(reach.left)),
        None => "all addresses but those that never are may be scanned".to_owned(),
    };
    let loopback = if scope.allow_loopback { ", this machine's own too" } else { "" };
    let intrusive = if scope.intrusive { "intrusive checks where the scan allows them" } else { "no intrusive checks" };
    let whole = good(format!(
        "policy ({file}): {allowed}{loopback}, {} are denied; jobs at once: {}, new connections of each a second: {}, hosts of \
         each at once: {}; {intrusive}",
        scope.deny.len(),
        policy.jobs_at_once,
        scope.max_rate,
        scope.hosts_at_once
    ));
    let mut lines = vec![whole];
    lines.extend(reach.and_then(in_vain).map(fair));
    let paths = policy.engines.directories.iter().chain(&policy.engines.read_only);
    let missing = paths.filter(|path| !path.exists());
    lines.extend(missing.map(|path| fair(format!("the policy names {}, which is not there", path.display()))));
    lines
}

/// What the policy allows in vain.
fn in_vain(reach: Reach) -> Option<String> {
    let Reach { named, never, own, denied, left } = reach;
    let parts = [(never, "never scanned"), (own, "of this machine, and not scanned"), (denied, "denied as well")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> =
        parts.map(|(count, what)| format!("{count} {} {what}", if *count == 1 { "is" } else { "are" })).collect();
    match (parts.is_empty(), left) {
        (true, 0) => Some("the policy allows no address: nothing is scanned".to_owned()),
        (true, _) => None,
        (false, 0) => {
            Some(format!("of {} that the policy allows, {}: nothing is scanned", addresses(named), parts.join(", ")))
        }
        (false, _) => Some(format!("of {} that the policy allows, {}", addresses(named), parts.join(", "))),
    }
}

fn addresses(count: u64) -> String {
    match count {
        1 => "1 address".to_owned(),
        u64::MAX => "a great many addresses".to_owned(),
        _ => format!("{count} addresses"),
    }
}

async fn engines(policy: &LocalPolicy) -> Vec<Line> {
    let equipment = match Equipment::find(&policy.engines, &std::env::temp_dir()).await {
        Ok(equipment) => equipment,
        Err(error) => return vec![bad(error)],
    };
    let mut lines = Vec::new();
    for it in &equipment.capabilities {
        let what = if it.name == SANDBOX { "sandbox".to_owned() } else { format!("engine {}", it.name) };
        lines.push(match (&it.version, &it.remark) {
            (Some(version), None) => good(format!("{what}: {version}")),
            (Some(version), Some(remark)) => fair(format!("{what}: {version}; {remark}")),
            (None, remark) => fair(format!("{what}: {}", remark.as_deref().unwrap_or("it is not there"))),
        });
    }
    if equipment.engines.is_empty() {
        lines.push(fair("no other engines: scans have the scanner's own checks alone"));
    }
    lines
}

fn descriptors(limit: Option<u64>) -> Line {
    let (least, usual) = DESCRIPTORS;
    match limit {
        Some(limit) if limit < least => {
            bad(format!("only {limit} files may be open; set LimitNOFILE={usual} or ulimit -n"))
        }
        Some(limit) if limit < usual => {
            fair(format!("{limit} files may be open; large scans are quicker with {usual} (LimitNOFILE, ulimit -n)"))
        }
        Some(limit) => good(format!("{limit} files may be open")),
        None => good("any number of files may be open"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn verdicts(lines: &[Line], text: &str) -> Vec<Verdict> {
        lines.iter().filter(|it| it.1.contains(text)).map(|it| it.0).collect()
    }

    #[tokio::test]
    async fn what_is_missing_is_named_with_what_helps() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().display().to_string();
        let options = Options::parse_from(["scanner", "--state", &state, "--policy", "/nowhere/policy.toml", "doctor"]);
        let lines = examine(&options).await;
        assert_eq!(verdicts(&lines, "can be written"), [Verdict::Good]);
        assert_eq!(verdicts(&lines, "there is no key"), [Verdict::Bad]);
        assert_eq!(verdicts(&lines, "scanner enroll --url"), [Verdict::Bad]);
        assert_eq!(verdicts(&lines, "/nowhere/policy.toml"), [Verdict::Bad]);
        assert!(lines.iter().all(|it| !it.to_string().contains('\n')));
        Key::read_or_make(directory.path()).unwrap();
        assert_eq!(verdicts(&examine(&options).await, "its fingerprint is SHA256:"), [Verdict::Good]);
    }

    #[test]
    fn what_a_policy_allows_in_vain_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy.toml");
        let lines = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let options = Options::parse_from(["scanner", "--policy", &path.display().to_string(), "doctor"]);
            permitted(&options, policy(&options).unwrap())
        };
        let told = lines("[networks]\nallow = ['169.254.169.254', '127.0.0.1', '224.0.0.1']");
        assert_eq!(verdicts(&told, "0 addresses may be scanned"), [Verdict::Good]);
        let text = "of 3 addresses that the policy allows, 2 are never scanned, 1 is of this machine, and not scanned: nothing is";
        assert_eq!(verdicts(&told, text), [Verdict::Fair]);
        assert_eq!(lines("[networks]\nallow = ['198.51.100.0/24', '2001:db8::/32']").len(), 1);
        assert_eq!(verdicts(&lines("[networks]\nallow = []"), "allows no address"), [Verdict::Fair]);
        assert_eq!(verdicts(&lines("[engines]\ndirectories = ['/nowhere']"), "names /nowhere, which"), [Verdict::Fair]);
    }

    #[test]
    fn clocks_and_limits_have_their_bounds() {
        for (ahead, verdict) in [(0, Verdict::Good), (-9, Verdict::Good), (20, Verdict::Fair), (-90, Verdict::Bad)] {
            assert_eq!(clock(ahead).0, verdict, "{ahead}");
        }
        assert!(clock(-90).1.contains("90 s before") && clock(90).1.contains("90 s behind"));
        for (limit, verdict) in [(Some(64), Verdict::Bad), (Some(1_024), Verdict::Fair), (None, Verdict::Good)] {
            assert_eq!(descriptors(limit).0, verdict, "{limit:?}");
        }
    }
}
