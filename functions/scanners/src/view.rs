//! Scanners as the API shows them.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    api::Resource,
    domain::{
        product::AppType,
        scanner::{Scanner, ScannerStatus},
    },
    id::{OrganizationId, ScannerId},
    time::Timestamp,
};

/// A scanner.
#[derive(Debug, Serialize, JsonSchema, Resource)]
#[schemars(rename = "Scanner")]
#[resource("scanners")]
pub(crate) struct ScannerView {
    /// The scanner's id.
    id: ScannerId,
    /// The organization that owns the scanner; null for one of the platform, which everybody sees and only an Admin changes.
    organization_id: Option<OrganizationId>,
    /// The name.
    name: String,
    /// A remark.
    comment: Option<String>,
    /// The product that the scanner is for; null for all of them.
    app_type: Option<AppType>,
    /// Whether the scanner is offered for scans.
    active: bool,
    /// How far the scanner is known.
    status: ScannerStatus,
    /// The code to enroll with; shown once, by the request that issued it.
    enrollment_code: Option<String>,
    /// When the code that was issued last expires; null once a program has enrolled.
    enrollment_expires_at: Option<Timestamp>,
    /// The program; null before it has enrolled.
    program: Option<ProgramView>,
    /// When the scanner was created.
    created_at: Timestamp,
    /// When the scanner was last changed.
    updated_at: Timestamp,
}

/// The program of a scanner.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ScannerProgram")]
pub(crate) struct ProgramView {
    /// The fingerprint of its public key.
    fingerprint: String,
    /// Its version.
    version: String,
    /// The engines that it has found.
    engines: Vec<String>,
    /// When it enrolled.
    enrolled_at: Timestamp,
}

impl From<&Scanner> for ScannerView {
    fn from(scanner: &Scanner) -> Self {
        Self {
            id: scanner.id,
            organization_id: (!scanner.is_shared()).then_some(scanner.organization_id),
            name: scanner.name.clone(),
            comment: scanner.comment.clone(),
            app_type: scanner.app_type,
            active: scanner.active,
            status: scanner.status,
            enrollment_code: None,
            enrollment_expires_at: scanner.program.is_none().then_some(scanner.code_expires_at),
            program: scanner.program.as_ref().map(|program| ProgramView {
                fingerprint: program.public_key.fingerprint(),
                version: program.version.clone(),
                engines: program.engines.clone(),
                enrolled_at: program.enrolled_at,
            }),
            created_at: scanner.created_at,
            updated_at: scanner.updated_at,
        }
    }
}

impl ScannerView {
    /// The scanner with the code that was issued just now.
    pub(crate) fn with_code(self, code: Option<String>) -> Self {
        Self { enrollment_code: code, ..self }
    }
}
