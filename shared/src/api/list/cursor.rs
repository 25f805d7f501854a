//! Cursors: where the next page begins. A cursor is sealed, and bound to the caller's scope, the list, the filters and the
//! order, so that it can neither be read, nor changed, nor used elsewhere.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    keys::SealingKey,
    store::{Entity, Position},
};

/// The last item of a page.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cursor {
    /// The values that the item is sorted by, in an order other than the list's own.
    pub(super) sort: Vec<String>,
    /// The position of the item in its range.
    #[serde(flatten)]
    pub position: Position,
}

impl Cursor {
    /// The cursor after an item in the list's own order.
    pub fn after<E: Entity>(item: &E) -> Self {
        Self { sort: Vec::new(), position: Position::of(item) }
    }

    /// Writes the cursor for requests with the same `fingerprint`.
    ///
    /// # Errors
    /// 500 when the machine has no randomness.
    pub fn seal(&self, key: &SealingKey, fingerprint: &str) -> Result<String> {
        let cursor = serde_json::to_vec(self).map_err(Error::internal)?;
        key.seal_bytes(&cursor, fingerprint).map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
    }

    /// Reads a cursor that was written for the same `fingerprint`; `None` for any other text.
    #[must_use]
    pub fn open(key: &SealingKey, cursor: &str, fingerprint: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        serde_json::from_slice(&key.open_bytes(&sealed, fingerprint)?).ok()
    }
}
