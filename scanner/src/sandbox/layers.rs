//! What is put before a program on its command line: `prlimit` and `setpriv`, which bound it, and `bwrap`, which shows
//! it little of the machine.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use super::{Limits, Task, program};

/// The programs that bound another.
#[derive(Clone, Debug)]
pub(super) struct Limiter {
    prlimit: PathBuf,
    setpriv: Option<PathBuf>,
}

impl Limiter {
    /// What to try, the best one first.
    pub(super) fn candidates() -> Vec<Self> {
        let Some(prlimit) = program::find("prlimit", &[]) else { return Vec::new() };
        let setpriv = program::find("setpriv", &[]);
        let mut all = vec![Self { prlimit: prlimit.clone(), setpriv: None }];
        if setpriv.is_some() {
            all.insert(0, Self { prlimit, setpriv });
        }
        all
    }

    pub(super) fn put(&self, limits: &Limits, is_all: bool, line: &mut Vec<OsString>) {
        line.push(self.prlimit.clone().into());
        line.push(format!("--as={}", limits.memory).into());
        line.push(format!("--cpu={}", limits.processor).into());
        line.push(format!("--fsize={}", limits.file).into());
        line.push(format!("--nproc={}", limits.processes).into());
        line.push(format!("--nofile={}", limits.files).into());
        line.push("--core=0".into());
        line.push("--".into());
        if let Some(setpriv) = self.setpriv.as_ref().filter(|_| is_all) {
            // No program gets more rights than the scanner, and none outlives it.
            line.push(setpriv.clone().into());
            line.extend(["--no-new-privs", "--pdeathsig", "KILL", "--"].map(OsString::from));
        }
    }
}

/// Bubblewrap.
#[derive(Clone, Debug)]
pub(super) struct Bwrap {
    path: PathBuf,
    /// The arguments for the parts of the system that every program sees.
    system: Vec<OsString>,
}

/// Parts of `/etc` without which programs do not work.
const ETC: [&str; 8] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/pki",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl",
];

impl Bwrap {
    pub(super) fn candidate() -> Option<Self> {
        let path = program::find("bwrap", &[])?;
        let mut system: Vec<OsString> = ["--ro-bind", "/usr", "/usr"].map(OsString::from).into();
        for name in ["/bin", "/sbin", "/lib", "/lib32", "/lib64"] {
            match (fs::read_link(name), Path::new(name).is_dir()) {
                (Ok(target), _) => system.extend(["--symlink".into(), target.into_os_string(), name.into()]),
                (Err(_), true) => system.extend(["--ro-bind", name, name].map(OsString::from)),
                (Err(_), false) => {}
            }
        }
        for name in ETC {
            system.extend(["--ro-bind-try", name, name].map(OsString::from));
        }
        Some(Self { path, system })
    }

    /// `own` is the task's directory, `work` the one in it that the program sees and writes to.
    pub(super) fn put(
        &self,
        task: &Task<'_>,
        read_only: &[PathBuf],
        own: &Path,
        work: &Path,
        line: &mut Vec<OsString>,
    ) -> io::Result<()> {
        let (hosts, order) = (own.join("hosts"), own.join("nsswitch.conf"));
        let known = task.name.map(|(name, address)| format!("{address} {name}\n"));
        fs::write(&hosts, known.unwrap_or_default())?;
        fs::write(&order, "hosts: files\n")?;

        line.push(self.path.clone().into());
        line.extend(self.system.iter().cloned());
        line.extend(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"].map(OsString::from));
        let installed = installation(task.program);
        for path in read_only.iter().chain(&installed) {
            line.extend(["--ro-bind-try".into(), path.into(), path.into()]);
        }
        line.extend(["--ro-bind".into(), hosts.into(), "/etc/hosts".into()]);
        line.extend(["--ro-bind".into(), order.into(), "/etc/nsswitch.conf".into()]);
        line.extend(["--bind".into(), work.into(), work.into(), "--chdir".into(), work.into()]);
        line.extend(["--unshare-all", "--share-net", "--cap-drop", "ALL"].map(OsString::from));
        line.extend(["--die-with-parent", "--new-session", "--"].map(OsString::from));
        Ok(())
    }
}

/// The directory of a program that is not of the system: that of its own, or the one above a `bin`, where its libraries
/// are.
fn installation(program: &Path) -> Option<PathBuf> {
    let directory = program.parent().filter(|it| !it.starts_with("/usr"))?;
    let above = directory.parent().filter(|it| directory.ends_with("bin") && it.parent().is_some());
    let chosen = above.unwrap_or(directory);
    chosen.parent().is_some().then(|| chosen.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_no_more_than_the_programs_own() {
        for (program, shown) in [
            ("/usr/bin/nmap", None),
            ("/bin/nmap", Some("/bin")),
            ("/opt/sslyze/bin/sslyze", Some("/opt/sslyze")),
            ("/opt/nuclei/nuclei", Some("/opt/nuclei")),
            ("/nuclei", None),
        ] {
            assert_eq!(installation(Path::new(program)), shown.map(PathBuf::from), "{program}");
        }
    }
}
