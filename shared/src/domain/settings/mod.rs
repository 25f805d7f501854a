//! The settings of an organization seen as a client (the Client settings document).
//!
//! Each part is an item of its own, so that two writers of different parts never lose each other's change, and of two
//! writers of one part the slower is told.
//!
//! - [`company`], [`scan_configuration`], [`setup`], [`enrichment`], [`included_tools`]: the parts of which every client
//!   has one; `section` is what they share.
//! - [`plugin`], [`tool`], [`connector`]: the parts of which a client has several, by name; [`configuration`] is what
//!   they share, [`free_form`] what they may hold, [`sealed_config`] how their secrets are
//!   kept, and `telling` what is one.
//! - [`profile`]: all of it in one signed answer, without a secret.

pub mod company;
pub mod configuration;
pub mod connector;
pub mod enrichment;
pub mod free_form;
pub mod included_tools;
mod json_text;
pub mod plugin;
pub mod profile;
pub mod scan_configuration;
pub mod sealed_config;
mod section;
pub mod setup;
mod telling;
pub mod tool;

/// The largest size of a company's data, and of a configuration, in bytes of JSON. It keeps the audit entry of a change,
/// which holds the state before and after, within an item of 400 KB, and all copies of the entry within the 4 MB of a
/// transaction.
const MAX_BYTES: usize = 64 * 1024;
