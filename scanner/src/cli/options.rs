//! The command line.

use std::{env, path::PathBuf};

use anyhow::{Context, Result};
use clap::{
    Parser, Subcommand, ValueEnum,
    builder::{FalseyValueParser, styling::Styles},
};

/// Scans the hosts that a platform asks for, within the bounds of its own policy.
#[derive(Debug, Parser)]
#[command(name = "scanner", version, styles = Styles::plain(), max_term_width = 100)]
pub struct Options {
    /// The directory with the key, the enrollment and the results that were not sent.
    #[arg(long, value_name = "DIR", env = "SCANNER_STATE", global = true)]
    pub state: Option<PathBuf>,
    /// The file that says what may be scanned; see policy.example.toml.
    #[arg(long, value_name = "FILE", env = "SCANNER_POLICY", global = true)]
    pub policy: Option<PathBuf>,
    /// Allow scans of addresses of this machine, where the platform does too. For tests alone.
    #[arg(long, env = "SCANNER_ALLOW_LOOPBACK", value_parser = FalseyValueParser::new(), global = true)]
    pub allow_loopback: bool,
    /// How to log.
    #[arg(long, value_name = "FORMAT", env = "SCANNER_LOG", default_value = "text", global = true)]
    pub log: LogFormat,
    /// Speak to the platform without encryption. For tests alone.
    #[arg(long, env = "SCANNER_INSECURE_HTTP", value_parser = FalseyValueParser::new(), global = true)]
    pub insecure_http: bool,
    /// Try it out: enroll at the sample platform of this machine, and scan a laboratory of weak services on loopback.
    #[arg(long)]
    pub demo: bool,

    /// With --demo: where the platform is.
    #[arg(long, value_name = "URL", requires = "demo", default_value = "http://127.0.0.1:9000")]
    pub platform: String,
    /// With --demo: start the laboratory with most of its faults mended, and some new ones.
    #[arg(long, requires = "demo")]
    pub mended: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make this program the scanner that a code was issued for.
    Enroll {
        /// The address of the platform, such as `https://app.example.com`.
        #[arg(long, env = "SCANNER_URL")]
        url: String,
        /// The code; read from standard input when it is "-".
        #[arg(env = "SCANNER_CODE", hide_env_values = true)]
        code: String,
    },
    /// Ask for jobs, and do them; what is done without a command.
    Run,
    /// Start a laboratory of weak services on loopback, to try scans on.
    Lab {
        /// Start it with most of its faults mended, and some new ones.
        #[arg(long)]
        mended: bool,
    },
    /// Say what works here, what does not, and what helps.
    Doctor,
}

/// How to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people, with a bar on a terminal.
    Text,
    /// A JSON object a line.
    Json,
}

impl Options {
    /// The state directory: the one that is given, that of systemd, or one in the user's home.
    ///
    /// # Errors
    /// There is no home.
    pub fn state(&self) -> Result<PathBuf> {
        if let Some(state) = &self.state {
            return Ok(state.clone());
        }
        if self.demo {
            return Ok(PathBuf::from(".scanner-demo"));
        }
        let set = |name| env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
        let home = || set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
        set("STATE_DIRECTORY")
            .or_else(|| Some(home()?.join("scanner")))
            .context("there is no home directory; name a directory with --state")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn options_are_understood() {
        Options::command().debug_assert();
        let read = |text: &str| Options::try_parse_from(text.split(' '));
        let options = read("scanner --state /s --log json run --allow-loopback").unwrap();
        assert!(options.allow_loopback && options.log == LogFormat::Json && !options.demo);
        assert_eq!(options.state().unwrap(), PathBuf::from("/s"));
        let demo = read("scanner --demo").unwrap();
        assert!(demo.demo && demo.command.is_none() && demo.platform == "http://127.0.0.1:9000");
        let elsewhere = read("scanner --demo --platform http://127.0.0.1:9100").unwrap();
        assert!(elsewhere.platform.ends_with(":9100") && read("scanner run --platform http://127.0.0.1:9100").is_err());
        assert!(matches!(read("scanner lab --mended").unwrap().command, Some(Command::Lab { mended: true })));
        let enroll = read("scanner enroll --url https://a.example scanner_x --state /s").unwrap();
        assert!(matches!(enroll.command, Some(Command::Enroll { code, .. }) if code == "scanner_x"));
        assert!(read("scanner enroll scanner_x").is_err() && read("scanner scan 127.0.0.1").is_err());
    }
}
