//! Sample scanners. Only the local platform loads them; no function can.

use shared::{
    Result,
    domain::{
        bootstrap::ignore_existing,
        organization::Organization,
        ownership,
        scanner::{Enrollment, Program, PublicKey, ScannerStatus},
    },
    id::ScannerId,
    store::{Authorized, Guard, Store},
    time::Timestamp,
};

use crate::scanners::draft;

/// The sample scanners: name, how far each is known, and the code of one that waits for its program.
const SAMPLES: [(&str, ScannerStatus, Option<&str>); 5] = [
    ("Shops", ScannerStatus::Enrolled, None),
    ("Warehouse", ScannerStatus::Verified, None),
    ("Closed branch", ScannerStatus::Enrolled, None),
    ("Head office", ScannerStatus::New, Some("scanner_demoDEMOdemoDEMOdemoDEMOdemoDEMO")),
    ("Loading dock", ScannerStatus::Verified, None),
];

/// The key of the last one, which signed the assertion of a sample event and was discarded then. Nobody has the others either.
const LAST_KEY: &str = "GRa0I808ovU015cBqyKuOlp/SYyBtM7rkrItAPbL/FY";

/// Loads sample scanners of an organization, unless they were loaded before; the last one is active.
///
/// # Errors
/// 500 when DynamoDB fails.
pub async fn load_sample(
    store: Store<'_>,
    organization: &Authorized<Organization>,
    ids: [ScannerId; 5],
    end: Timestamp,
) -> Result<()> {
    for ((number, id), (name, status, code)) in (1u8..).zip(ids).zip(SAMPLES) {
        let mut scanner = draft(id, organization, name.to_owned(), None);
        let enrollment = code.map(|code| Enrollment::fixed(code, &mut scanner, end));
        scanner.status = status;
        let is_last = usize::from(number) == SAMPLES.len();
        scanner.active = is_last;
        scanner.program = enrollment.is_none().then(|| Program {
            public_key: if is_last { PublicKey::fixed(LAST_KEY) } else { PublicKey::new([number; 32]) },
            version: "0.1.0".to_owned(),
            engines: vec!["connect".to_owned()],
            enrolled_at: scanner.created_at,
        });
        let write = ownership::create(store, "scanner.created", organization, scanner);
        let write = enrollment.iter().fold(write, |write, enrollment| write.put(enrollment, Guard::Absent));
        ignore_existing(write.commit().await)?;
    }
    Ok(())
}
