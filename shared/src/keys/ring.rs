//! The key ring: the platform's keys as they are in the table. Private keys and data keys are wrapped, public keys are
//! plain, and so is the cursor key, which only protects the integrity of cursors within a caller's own scope.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{
    provider::{KeyProvider, Material, NoKeys, Purpose},
    rehearsal,
    sealing::SealingKey,
    token::{SigningKey, public_key},
};
use crate::{
    Error, Result,
    random::random,
    store::{Entity, Key, Range, Table},
    time::Timestamp,
};

/// The time for which a process keeps the ring that it has read.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// The shortest time after which a process reads the ring again for a missing key.
const READ_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// The age at which a signing key takes over from an older one: by then every process that meets its signature
/// can see it, since none reads again sooner than [`READ_AGAIN_AFTER`].
const SIGNS_AFTER_SECONDS: i64 = 10;
/// The first generation of a key. A generation has one key in the table, so that two processes cannot both make it.
pub const FIRST: u16 = 1;

/// A key as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct RingItem {
    sort: String,
    kid: String,
    /// The public key of a signing key, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    /// The wrapped private key or data key, in base64url; absent for a key that only verifies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    wrapped: Option<String>,
    /// The cursor key, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    material: Option<String>,
    created_at: Timestamp,
}

impl Entity for RingItem {
    const TYPE: &'static str = "key";

    fn key(&self) -> Key {
        Key::key_ring(self.sort.clone())
    }
}

/// A public key, as the JWKS shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PublicKey {
    /// The type of the key: an octet key pair.
    kty: &'static str,
    /// The curve.
    crv: &'static str,
    /// The use of the key: signatures.
    #[serde(rename = "use")]
    usage: &'static str,
    /// The algorithm.
    alg: &'static str,
    /// The id that tokens name.
    pub kid: String,
    /// The key, in base64url.
    pub x: String,
}

/// The keys of the platform, read from the table and kept for a while.
pub struct KeyRing {
    table: Table,
    provider: Arc<dyn KeyProvider>,
    read: Mutex<Read>,
    unwrapped: Mutex<HashMap<String, Material>>,
}

#[derive(Default)]
struct Read {
    items: Arc<Vec<RingItem>>,
    at: Option<Instant>,
}

impl KeyRing {
    pub(crate) fn new(table: Table, provider: Arc<dyn KeyProvider>) -> Self {
        Self { table, provider, read: Mutex::default(), unwrapped: Mutex::default() }
    }

    /// The ring of a rehearsal, which knows that one's keys as if they were in the table.
    pub(crate) fn of_rehearsal(table: Table) -> Self {
        let signing = RingItem {
            kid: rehearsal::KEY_ID.to_owned(),
            public_key: Some(rehearsal::PUBLIC_KEY.to_owned()),
            ..RingItem::new(prefix(SIGNING, Purpose::SessionSigning))
        };
        let cursor = RingItem { material: Some(rehearsal::CURSOR_KEY.to_owned()), ..RingItem::new(CURSOR.to_owned()) };
        let read = Read { items: Arc::new(vec![cursor, signing]), at: Some(Instant::now()) };
        Self { read: Mutex::new(read), ..Self::new(table, Arc::new(NoKeys)) }
    }

    /// Reads the key ring ahead of its first use.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub(crate) async fn warm_up(&self) -> Result<()> {
        self.items(FRESH_FOR).await.map(|_| ())
    }

    /// The public keys of every signing key, the newest included.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>> {
        let items = self.items(READ_AGAIN_AFTER).await?;
        let public = |item: &RingItem| {
            item.public_key.clone().map(|x| PublicKey {
                kty: "OKP",
                crv: "Ed25519",
                usage: "sig",
                alg: "EdDSA",
                kid: item.kid.clone(),
                x,
            })
        };
        Ok(items.iter().filter_map(public).collect())
    }

    /// The public key `kid` of the keys of a purpose, if there is one.
    pub(crate) async fn public_key(&self, purpose: Purpose, kid: &str) -> Result<Option<String>> {
        let prefix = prefix(SIGNING, purpose);
        let is_it = |item: &&RingItem| item.kid == kid && item.sort.starts_with(&prefix);
        self.find(|items| items.iter().find(is_it).and_then(|item| item.public_key.clone())).await
    }

    /// The key that signs for `purpose` now: the newest that every process can see. The first use makes the first one.
    ///
    /// # Errors
    /// 500 when the function has no provider for the purpose, or DynamoDB fails.
    pub async fn signing_key(&self, purpose: Purpose) -> Result<SigningKey> {
        let item = self.wrapped_key(SIGNING, purpose).await?;
        SigningKey::from_seed(&item.kid, purpose, &self.unwrapped(purpose, &item).await?)
    }

    /// Makes the signing key of a generation where there is none. Soon it signs, as the newest; the keys of earlier
    /// generations go on verifying what they signed.
    ///
    /// # Errors
    /// 500 when the function has no provider for the purpose, or DynamoDB fails.
    pub async fn ensure_signing_key(&self, purpose: Purpose, generation: u16) -> Result<()> {
        let place = place(SIGNING, purpose, generation);
        match self.newest(&place).await? {
            Some(_) => Ok(()),
            None => self.make(SIGNING, purpose, generation).await.map(|_| ()),
        }
    }

    /// The key that seals for `purpose`; the first use makes it.
    ///
    /// # Errors
    /// 500 when the function has no provider for the purpose, or DynamoDB fails.
    pub async fn sealing_key(&self, purpose: Purpose) -> Result<SealingKey> {
        let item = self.wrapped_key(SEALING, purpose).await?;
        SealingKey::new(&item.kid, &self.unwrapped(purpose, &item).await?)
    }

    /// Makes the key that seals cursors where there is none.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    pub async fn ensure_cursor_key(&self) -> Result<()> {
        if self.newest(CURSOR).await?.is_some() {
            return Ok(());
        }
        let material = Some(URL_SAFE_NO_PAD.encode(random::<32>()?));
        let item = RingItem { material, ..RingItem::new(format!("{CURSOR}{FIRST:04}")) };
        self.store(CURSOR, item).await.map(|_| ())
    }

    /// The key that seals cursors.
    ///
    /// # Errors
    /// 500 when there is none, or DynamoDB fails.
    pub async fn cursor_key(&self) -> Result<SealingKey> {
        let item = self.newest(CURSOR).await?.ok_or_else(|| Error::internal("the key ring has no cursor key"))?;
        SealingKey::new(&item.kid, &decoded(item.material.as_deref())?)
    }

    /// Publishes a public key whose private key was discarded, for sample tokens.
    ///
    /// # Errors
    /// 500 when DynamoDB fails.
    #[cfg(feature = "local")]
    pub async fn publish(&self, purpose: Purpose, kid: &str, public_key: &str) -> Result<()> {
        let sort = format!("{}{kid}", prefix(SIGNING, purpose));
        let item = RingItem { kid: kid.to_owned(), public_key: Some(public_key.to_owned()), ..RingItem::new(sort) };
        self.table.put_new(&item).await?;
        self.forget().await;
        Ok(())
    }

    async fn wrapped_key(&self, kind: &str, purpose: Purpose) -> Result<RingItem> {
        match self.newest(&prefix(kind, purpose)).await? {
            Some(item) => Ok(item),
            None => self.make(kind, purpose, FIRST).await,
        }
    }

    async fn make(&self, kind: &str, purpose: Purpose, generation: u16) -> Result<RingItem> {
        let (material, wrapped) = self.provider.generate(purpose).await?;
        let public_key = if kind == SIGNING { Some(public_key(&material)?) } else { None };
        let wrapped = Some(URL_SAFE_NO_PAD.encode(wrapped));
        let place = place(kind, purpose, generation);
        self.store(&place, RingItem { public_key, wrapped, ..RingItem::new(place.clone()) }).await
    }

    /// The newest key under a prefix whose private half is here and that every process can see.
    async fn newest(&self, prefix: &str) -> Result<Option<RingItem>> {
        let usable = |item: &&RingItem| item.is_usable() && item.sort.starts_with(prefix);
        let is_settled = |item: &&RingItem| item.created_at.plus_seconds(SIGNS_AFTER_SECONDS) <= Timestamp::now();
        self.find(|items| {
            let settled = items.iter().filter(usable).rfind(is_settled);
            settled.or_else(|| items.iter().find(usable)).cloned()
        })
        .await
    }

    /// The first key that `pick` finds. A missing key may have been made since this process read the ring.
    async fn find<T>(&self, pick: impl Fn(&[RingItem]) -> Option<T>) -> Result<Option<T>> {
        for age in [FRESH_FOR, READ_AGAIN_AFTER] {
            if let Some(found) = pick(&self.items(age).await?) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Stores the key of a place, unless another process was faster; the one that stands is returned.
    async fn store(&self, place: &str, item: RingItem) -> Result<RingItem> {
        self.table.put_new(&item).await?;
        self.forget().await;
        self.newest(place).await?.ok_or_else(|| Error::internal(format!("the key ring has no {place}")))
    }

    async fn unwrapped(&self, purpose: Purpose, item: &RingItem) -> Result<Material> {
        let mut unwrapped = self.unwrapped.lock().await;
        if let Some(material) = unwrapped.get(&item.kid) {
            return Ok(material.clone());
        }
        let material = self.provider.unwrap(purpose, decoded(item.wrapped.as_deref())?).await?;
        unwrapped.insert(item.kid.clone(), material.clone());
        Ok(material)
    }

    async fn items(&self, max_age: Duration) -> Result<Arc<Vec<RingItem>>> {
        let mut read = self.read.lock().await;
        if read.at.is_none_or(|at| at.elapsed() > max_age) {
            let found = self.table.query::<RingItem>(&Range::key_ring()).await?;
            *read =
                Read { items: Arc::new(found.into_iter().map(|item| item.entity).collect()), at: Some(Instant::now()) };
        }
        Ok(read.items.clone())
    }

    async fn forget(&self) {
        *self.read.lock().await = Read::default();
    }
}

impl RingItem {
    fn is_usable(&self) -> bool {
        self.wrapped.is_some() || self.material.is_some()
    }

    fn new(sort: String) -> Self {
        Self {
            sort,
            kid: Uuid::now_v7().to_string(),
            public_key: None,
            wrapped: None,
            material: None,
            created_at: Timestamp::now(),
        }
    }
}

const SIGNING: &str = "SIGNING";
const SEALING: &str = "SEALING";
const CURSOR: &str = "CURSOR#";

fn prefix(kind: &str, purpose: Purpose) -> String {
    format!("{kind}#{}#", purpose.as_str())
}

/// Generations sort by their number.
fn place(kind: &str, purpose: Purpose, generation: u16) -> String {
    format!("{}{generation:04}", prefix(kind, purpose))
}

fn decoded(text: Option<&str>) -> Result<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.unwrap_or_default()).map_err(Error::internal)
}
