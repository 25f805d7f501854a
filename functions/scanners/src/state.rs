//! What a scanner may do, and whose it is.

use shared::{
    Error, Input, Result,
    api::{Access, Administrator, Body, BodyNaming, Caller, NamesOrganization, Single, Target, Versioned},
    domain::{
        ownership,
        product::AppType,
        scanner::{Scanner, ScannerStatus},
    },
    id::OrganizationId,
    input::{Nullable, values::Name},
    operation,
    store::{Authorized, Store},
    tenancy::Authority,
    time::Timestamp,
};

use crate::view::ScannerView;

/// The body of Verify a scanner.
#[derive(Debug, Input)]
pub(crate) struct VerifyScanner {
    /// The fingerprint that the program shows: `SHA256:` and 43 characters.
    fingerprint: Name,
}

fn another_fingerprint() -> Error {
    Error::invalid_field("fingerprint", "is not that of the key with which the scanner has enrolled")
}

fn not_enrolled() -> Error {
    Error::conflict("No program has enrolled as this scanner")
}

/// Verify a scanner
///
/// Says that the program shows this fingerprint, so that the key with which it enrolled is its own.
#[operation(put, "/v2/scanners/{id}/verify", ownership::shared(), not_enrolled(), another_fingerprint())]
pub(crate) async fn verify_scanner(
    Access(caller, scanner): Access<Caller, Target<Scanner>>,
    Body(VerifyScanner { fingerprint }): Body<VerifyScanner>,
) -> Result<Versioned<Single<ScannerView>>> {
    ownership::require_authority(caller.store(), &scanner)?;
    let program = scanner.program.as_ref().ok_or_else(not_enrolled)?;
    if program.public_key.fingerprint() != *fingerprint {
        return Err(another_fingerprint());
    }
    change(caller.store(), "scanner.verified", &scanner, |scanner| scanner.status = ScannerStatus::Verified).await
}

fn not_verified() -> Error {
    Error::conflict("The scanner is not verified")
}

/// Activate scanner
///
/// Offers a verified scanner for scans.
#[operation(put, "/v2/scanners/{id}/activate", ownership::shared(), not_verified())]
pub(crate) async fn activate_scanner(
    Access(caller, scanner): Access<Caller, Target<Scanner>>,
) -> Result<Versioned<Single<ScannerView>>> {
    ownership::require_authority(caller.store(), &scanner)?;
    if scanner.status != ScannerStatus::Verified {
        return Err(not_verified());
    }
    change(caller.store(), "scanner.activated", &scanner, |scanner| scanner.active = true).await
}

/// Deactivate scanner
///
/// Offers the scanner for scans no more.
#[operation(put, "/v2/scanners/{id}/deactivate", ownership::shared())]
pub(crate) async fn deactivate_scanner(
    Access(caller, scanner): Access<Caller, Target<Scanner>>,
) -> Result<Versioned<Single<ScannerView>>> {
    change(caller.store(), "scanner.deactivated", &scanner, |scanner| scanner.active = false).await
}

/// The body of Update scanner app type.
#[derive(Debug, Input)]
pub(crate) struct UpdateAppType {
    /// The product that the scanner is for; null for all of them.
    app_type: Option<Nullable<AppType>>,
}

/// Update scanner app type
///
/// Offers the scanner for one product alone, or for all of them.
#[operation(put, "/v2/scanners/{id}/app_type")]
pub(crate) async fn update_scanner_app_type(
    Access(caller, scanner): Access<Administrator, Target<Scanner>>,
    Body(UpdateAppType { app_type }): Body<UpdateAppType>,
) -> Result<Versioned<Single<ScannerView>>> {
    let edit = |scanner: &mut Scanner| Nullable::merge(app_type, &mut scanner.app_type);
    change(caller.store(), "scanner.updated", &scanner, edit).await
}

/// The body of Assign a scanner to an organization.
#[derive(Debug, Input)]
pub(crate) struct AssignScanner {
    /// The organization that owns the scanner from now on; the platform's own shares it with everybody.
    organization_id: OrganizationId,
}

impl NamesOrganization for AssignScanner {
    const FIELD: &'static str = "organization_id";

    fn organization(&self, _: &Authority) -> Option<OrganizationId> {
        Some(self.organization_id)
    }
}

/// Assign a scanner to an organization
///
/// Gives the scanner to another organization.
#[operation(put, "/v2/scanners/{id}/assign")]
pub(crate) async fn assign_scanner(
    Access(caller, (scanner, assign)): Access<Administrator, (Target<Scanner>, BodyNaming<AssignScanner>)>,
) -> Result<Versioned<Single<ScannerView>>> {
    let organization = assign.organization.unwrap_or_else(|| Err(Error::not_found()))?;
    if organization.id == scanner.organization_id {
        return Ok(Single::of(&scanner));
    }
    let moved = Scanner {
        organization_path: organization.owner().clone(),
        organization_id: organization.id,
        updated_at: Timestamp::now(),
        ..Scanner::clone(&scanner)
    };
    let write = ownership::change_owner(caller.store(), "scanner.assigned", &scanner, moved);
    write.commit().await.map(|scanner| Single::of(&scanner))
}

/// Changes a found scanner; one that is the same already is left alone.
async fn change(
    store: Store<'_>,
    action: &'static str,
    found: &Authorized<Scanner>,
    edit: impl FnOnce(&mut Scanner),
) -> Result<Versioned<Single<ScannerView>>> {
    ownership::require_authority(store, found)?;
    let mut scanner = Scanner::clone(found);
    edit(&mut scanner);
    if scanner == **found {
        return Ok(Single::of(found));
    }
    scanner.updated_at = Timestamp::now();
    store.update(action, found, scanner).commit().await.map(|scanner| Single::of(&scanner))
}
