//! The executables of the contestants, and their build.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io::{self, Cursor},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::contestant::{ALL, Contestant, Kind};

/// The program of a contestant.
#[derive(Debug)]
pub(crate) struct Program {
    /// The file to execute.
    pub(crate) executable: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Its working folder.
    pub(crate) folder: PathBuf,
    /// Its own environment variables.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// The sizes of a deployed binary; `None` for a script.
    pub(crate) sizes: Option<Sizes>,
}

/// The sizes of a function in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// The size of the binary.
    pub(crate) binary: u64,
    /// The size of the archive that is deployed.
    pub(crate) zipped: u64,
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    bench.parent().unwrap_or(bench)
}

/// Builds every contestant in Rust.
///
/// # Errors
/// When cargo fails.
pub(crate) fn build() -> Result<()> {
    // Only these packages, since the whole workspace would turn on features that are never deployed. The functions turn
    // on every feature that `contestants` does, so both are built in one go; OpenTelemetry turns on more.
    cargo_build(functions().chain(["contestants"]))?;
    cargo_build(["contestants-otel"])
}

/// Builds the functions alone.
///
/// # Errors
/// When cargo fails.
pub(crate) fn build_functions() -> Result<()> {
    cargo_build(functions())
}

fn functions() -> impl Iterator<Item = &'static str> {
    ALL.iter().filter(|contestant| contestant.kind == Kind::Function).map(|function| function.name)
}

fn cargo_build<'a>(packages: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["build", "--release"]).arg("--target-dir").arg(target()?);
    for package in packages {
        command.args(["-p", package]);
    }
    let status = command.status().context("cargo cannot be run")?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

/// The folder of the binaries that are built.
///
/// # Errors
/// When it has no path.
pub(crate) fn built() -> Result<PathBuf> {
    Ok(target()?.join("release"))
}

fn target() -> Result<PathBuf> {
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    std::path::absolute(folder).context("the target folder has no path")
}

impl Program {
    /// Returns the program of a contestant, copied into `folder` so that no later build changes it; `None` if the
    /// packages that it needs are not installed.
    ///
    /// # Errors
    /// When it was not built.
    pub(crate) fn of(contestant: &Contestant, folder: &Path) -> Result<Option<Self>> {
        let here = root().join("bench/contestants");
        match contestant.kind {
            Kind::Function | Kind::Bare => Self::binary(contestant.name, folder).map(Some),
            Kind::Python => Ok(Self::python(here.join("python"))),
            Kind::Node => Ok(Self::node(here.join("node"))),
        }
    }

    /// An executable without arguments and variables, to be run in `folder`.
    pub(crate) fn bare(executable: PathBuf, folder: &Path) -> Self {
        Self { executable, arguments: vec![], folder: folder.to_owned(), variables: vec![], sizes: None }
    }

    fn binary(name: &str, folder: &Path) -> Result<Self> {
        let built = built()?.join(name);
        let executable = folder.join(name);
        fs::copy(&built, &executable).with_context(|| format!("{} cannot be copied", built.display()))?;
        let sizes = Sizes { binary: fs::metadata(&executable)?.len(), zipped: zipped(&executable)? };
        Ok(Self { sizes: Some(sizes), ..Self::bare(executable, folder) })
    }

    fn python(folder: PathBuf) -> Option<Self> {
        let variables = vec![
            ("PYTHONPATH", folder.join("packages").into_os_string()),
            ("PYTHONDONTWRITEBYTECODE", "1".into()),
            ("LAMBDA_TASK_ROOT", folder.clone().into_os_string()),
        ];
        let script = "import sys, awslambdaric, boto3; print(sys.executable)";
        let executable = interpreter(Command::new("python3").args(["-c", script]).envs(variables.iter().cloned()))?;
        let arguments = ["-m", "awslambdaric", "function.handler"].map(OsString::from).to_vec();
        Some(Self { executable, arguments, folder, variables, sizes: None })
    }

    fn node(folder: PathBuf) -> Option<Self> {
        let script = "require.resolve('@aws-sdk/client-dynamodb'); console.log(process.execPath)";
        let executable = interpreter(Command::new("node").args(["-e", script]).current_dir(&folder))?;
        Some(Self { executable, arguments: vec!["runtime.mjs".into()], folder, variables: vec![], sizes: None })
    }
}

/// The path of the interpreter, as it reports it itself: the command on the `PATH` may be a script that only finds it.
fn interpreter(command: &mut Command) -> Option<PathBuf> {
    let said = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let path = String::from_utf8(said.stdout).ok()?;
    Some(OsStr::new(path.trim_end()).into())
}

/// The size of the archive that is deployed.
fn zipped(binary: &Path) -> Result<u64> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o755);
    archive.start_file("bootstrap", options)?;
    io::copy(&mut File::open(binary)?, &mut archive)?;
    Ok(u64::try_from(archive.finish()?.into_inner().len())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_deployed_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        fs::write(&binary, vec![7; 100_000]).unwrap();
        let size = zipped(&binary).unwrap();
        assert!((100..1_000).contains(&size), "{size}");
    }
}
