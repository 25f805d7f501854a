//! Cursors: where the next page begins. A cursor is sealed, and bound to the caller's scope, the list, the filters and the
//! order, so that it can neither be read, nor changed, nor used elsewhere.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    keys::SealingKey,
    store::{Entity, Position},
};

/// Where a page begins.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// The position after which reading begins; without one, at the beginning of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<Position>,
    /// In an order other than the list's own: the last position of those read from there; without one, at the end of the
    /// list. It stays while items come and go, so that none changes from one part of the list to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Position>,
    /// In an order other than the list's own: the last item shown of those read from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shown: Option<Shown>,
    /// The number of items that are still to be left out.
    #[serde(default)]
    pub(super) skip: usize,
    /// The number of all items that match, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) total: Option<u64>,
}

/// The place of an item in an order other than the list's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Shown {
    /// The values that it is sorted by.
    pub(super) sort: Vec<String>,
    pub(super) position: Position,
}

impl Cursor {
    /// The cursor after an item in the list's own order.
    pub fn after<E: Entity>(item: &E) -> Self {
        Self::from(Position::of(item))
    }

    /// The cursor after a position in the list's own order.
    #[must_use]
    pub fn from(position: Position) -> Self {
        Self { from: Some(position), ..Self::default() }
    }

    /// The position after which reading begins.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.from.as_ref()
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
