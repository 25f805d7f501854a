//! What is a fault: the one place for rules that the scanner's own checks and the readers of engines' outputs share. The
//! same server has the same findings, whoever looked at it.

pub(crate) mod certificate;
#[cfg(test)]
mod ids;
pub(crate) mod services;
pub(crate) mod ssh;
pub(crate) mod tls;
