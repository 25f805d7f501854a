//! Enrolling.

use std::borrow::Cow;

use axum::Json;
use base64::{Engine, engine::general_purpose::STANDARD};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use shared::{
    Error, Input, Result,
    api::{Body, Visitor},
    domain::scanner::{Enrolling, Program, PublicKey, Scanner, ScannerStatus},
    id::{OrganizationId, ScannerId},
    input::{
        Bounded, Field, Problems, Value,
        values::{Name, Secret},
    },
    operation,
    store::{Authorized, Write},
    time::Timestamp,
};

/// The body of Enroll a scanner.
#[derive(Debug, Input)]
pub(crate) struct Enroll {
    /// The code that was issued for the scanner.
    code: Secret,
    /// The Ed25519 public key of the pair that the program has made: 32 bytes in base64.
    public_key: GivenKey,
    /// The version of the program.
    version: Name,
    /// The engines that the program has found.
    engines: Option<Bounded<Name, 32>>,
}

/// A public key, as a request gives it.
#[derive(Debug)]
struct GivenKey(PublicKey);

impl Field for GivenKey {
    fn read(value: &Value, path: &str, problems: &mut Problems) -> Option<Self> {
        let text = value.as_str().filter(|text| text.len() <= 64).unwrap_or_default();
        match STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
            Some(bytes) => Some(Self(PublicKey::new(bytes))),
            None => problems.add(path, "must be 32 bytes in base64"),
        }
    }
}

impl JsonSchema for GivenKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "GivenKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$", "maxLength": 44 })
    }
}

/// The answer of Enroll a scanner.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Enrolled {
    /// The scanner's id.
    scanner_id: ScannerId,
    /// The organization that owns the scanner.
    organization_id: OrganizationId,
    /// How far the scanner is known.
    status: ScannerStatus,
    /// The fingerprint of the key, to compare with the one that the scanner's organization sees.
    fingerprint: String,
    /// The issuer of this platform, for which the scanner signs its assertions.
    issuer: String,
}

impl Enrolled {
    fn new(scanner: &Scanner, issuer: String) -> Self {
        let fingerprint = scanner.program.as_ref().map(|program| program.public_key.fingerprint());
        Self {
            scanner_id: scanner.id,
            organization_id: scanner.organization_id,
            status: scanner.status,
            fingerprint: fingerprint.unwrap_or_default(),
            issuer,
        }
    }
}

/// Enroll a scanner
///
/// Takes a program as the scanner that the code was issued for. A code is good for one key: sent again with the same one, the
/// answer is the same, so that a lost answer costs nothing. Somebody then compares the fingerprints, and verifies the scanner.
#[operation(post, "/agent/enroll", Error::changed_meanwhile())]
pub(crate) async fn enroll_scanner(visitor: Visitor, Body(body): Body<Enroll>) -> Result<Json<Enrolled>> {
    let issuer = visitor.app().settings().issuer.clone();
    let enrolling = visitor.enroll(&body.code).await?;
    let scanner = match enroll(&enrolling, body)? {
        Some(write) => &*write.commit().await?,
        None => &*enrolling.scanner,
    };
    Ok(Json(Enrolled::new(scanner, issuer)))
}

/// Prepares the enrollment; `None` when the program has enrolled already.
///
/// # Errors
/// 401 for a code that another key was enrolled with.
fn enroll(
    enrolling: &Enrolling,
    Enroll { public_key, version, engines, .. }: Enroll,
) -> Result<Option<Write<'_, Scanner>>> {
    let found: &Authorized<Scanner> = &enrolling.scanner;
    if let Some(program) = &found.program {
        return if program.public_key == public_key.0 { Ok(None) } else { Err(Error::unauthorized()) };
    }
    let mut scanner = Scanner::clone(found);
    let now = Timestamp::now();
    scanner.program = Some(Program {
        public_key: public_key.0,
        version: version.into(),
        engines: engines.unwrap_or_default().into(),
        enrolled_at: now,
    });
    scanner.status = ScannerStatus::Enrolled;
    scanner.updated_at = now;
    Ok(Some(enrolling.store().update("scanner.enrolled", found, scanner)))
}
