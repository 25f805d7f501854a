//! Where TLS is looked for, and how a connection gets to it.

use std::{net::IpAddr, time::Duration};

use crate::scan::net::Net;

/// Where to ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) net: &'a Net,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) patience: Duration,
    /// How a connection gets to TLS.
    pub(crate) way: Way,
}

impl<'a> Place<'a> {
    /// A port that speaks TLS at once, or not at all.
    pub(crate) fn new(net: &'a Net, address: IpAddr, port: u16, patience: Duration) -> Self {
        Self { net, address, port, patience, way: Way::Direct }
    }
}

/// How a connection gets to TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// At once.
    #[default]
    Direct,
    Smtp,
    Imap,
    Pop3,
    Ftp,
    Postgresql,
    Mysql,
    Rdp,
}

impl Way {
    /// The way of a service that does not speak TLS at once; `None` where there is none that is known here.
    pub(crate) fn of(service: &str) -> Option<Self> {
        Some(match service {
            "smtp" => Self::Smtp,
            "imap" => Self::Imap,
            "pop3" => Self::Pop3,
            "ftp" => Self::Ftp,
            "postgresql" => Self::Postgresql,
            "mysql" => Self::Mysql,
            "rdp" => Self::Rdp,
            _ => return None,
        })
    }
}
