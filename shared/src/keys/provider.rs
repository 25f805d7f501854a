//! Key providers: keys are stored wrapped, and only a provider can unwrap them.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use aws_sdk_kms::{primitives::Blob, types::DataKeySpec};
use lambda_http::BoxFuture;
use zeroize::Zeroizing;

use super::sealing::SealingKey;
use crate::{Error, Result, random::random};

/// 32 bytes of key material in the clear.
pub type Material = Zeroizing<Vec<u8>>;

/// The purpose of a key. It is bound to the wrapped key, and on AWS a function's role allows only its own purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Signs session tokens; only `authentication` may.
    SessionSigning,
    /// Signs the client profile of Get Client.
    ProfileSigning,
    /// Signs the tokens of scanners; only `agents` may.
    ScannerSigning,
    /// Seals the secrets of the client settings.
    SettingsSealing,
}

impl Purpose {
    /// The name in the key ring and in the KMS encryption context.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionSigning => "session-signing",
            Self::ProfileSigning => "profile-signing",
            Self::ScannerSigning => "scanner-signing",
            Self::SettingsSealing => "settings-sealing",
        }
    }
}

/// Generates and unwraps key material.
pub trait KeyProvider: Send + Sync {
    /// Makes new key material: in the clear, and wrapped for storage.
    fn generate(&self, purpose: Purpose) -> BoxFuture<'_, Result<(Material, Vec<u8>)>>;

    /// Unwraps material that was made for the same purpose.
    fn unwrap(&self, purpose: Purpose, wrapped: Vec<u8>) -> BoxFuture<'_, Result<Material>>;
}

/// Wraps keys with a KMS key.
#[derive(Debug)]
pub struct Kms {
    client: aws_sdk_kms::Client,
    key_id: String,
}

impl Kms {
    /// A provider with the key `key_id`, an id or ARN.
    #[must_use]
    pub fn new(client: aws_sdk_kms::Client, key_id: String) -> Self {
        Self { client, key_id }
    }
}

impl KeyProvider for Kms {
    fn generate(&self, purpose: Purpose) -> BoxFuture<'_, Result<(Material, Vec<u8>)>> {
        Box::pin(async move {
            let made = self
                .client
                .generate_data_key()
                .key_id(&self.key_id)
                .key_spec(DataKeySpec::Aes256)
                .encryption_context("purpose", purpose.as_str())
                .send()
                .await
                .map_err(Error::internal)?;
            match (made.plaintext, made.ciphertext_blob) {
                (Some(clear), Some(wrapped)) => Ok((Zeroizing::new(clear.into_inner()), wrapped.into_inner())),
                _ => Err(Error::internal("KMS returned no data key")),
            }
        })
    }

    fn unwrap(&self, purpose: Purpose, wrapped: Vec<u8>) -> BoxFuture<'_, Result<Material>> {
        Box::pin(async move {
            let opened = self
                .client
                .decrypt()
                .key_id(&self.key_id)
                .ciphertext_blob(Blob::new(wrapped))
                .encryption_context("purpose", purpose.as_str())
                .send()
                .await
                .map_err(Error::internal)?;
            let clear = opened.plaintext.ok_or_else(|| Error::internal("KMS returned no plaintext"))?;
            Ok(Zeroizing::new(clear.into_inner()))
        })
    }
}

/// The mode of a key file.
const MODE: u32 = 0o600;

/// Wraps keys with a key in a file that only its owner can read, for the platform on a laptop.
#[derive(Debug)]
pub struct KeyFile {
    key: SealingKey,
}

impl KeyFile {
    /// Reads the key at `path`, or makes one there. The file gets mode 0600 where others may read or write it.
    ///
    /// # Errors
    /// When the file cannot be read, made or closed to others, or does not hold 32 bytes.
    pub fn open(path: &Path) -> Result<Self> {
        let material = match Self::read(path) {
            Ok(material) => material,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::make(path)?,
            Err(error) => return Err(Error::internal(error)),
        };
        Ok(Self { key: SealingKey::new("file", &material)? })
    }

    fn read(path: &Path) -> std::io::Result<Material> {
        let mut file = fs::File::open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(MODE))?;
        }
        let mut material = Zeroizing::new(Vec::new());
        file.read_to_end(&mut material)?;
        Ok(material)
    }

    /// A provider with a key that lives in memory alone.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn in_memory() -> Result<Self> {
        Ok(Self { key: SealingKey::new("memory", &random::<32>()?)? })
    }

    /// The key appears whole or not at all, and two processes that make one take the same.
    fn make(path: &Path) -> Result<Material> {
        let draft = path.with_extension(format!("draft-{}", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(MODE)
            .open(&draft)
            .map_err(Error::internal)?;
        file.write_all(&random::<32>()?).and_then(|()| file.sync_all()).map_err(Error::internal)?;
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft).map_err(Error::internal)?;
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::internal(error)),
            _ => Self::read(path).map_err(Error::internal),
        }
    }
}

impl KeyProvider for KeyFile {
    fn generate(&self, purpose: Purpose) -> BoxFuture<'_, Result<(Material, Vec<u8>)>> {
        Box::pin(async move {
            let material = Zeroizing::new(random::<32>()?.to_vec());
            let wrapped = self.key.seal_bytes(&material, purpose.as_str())?;
            Ok((material, wrapped))
        })
    }

    fn unwrap(&self, purpose: Purpose, wrapped: Vec<u8>) -> BoxFuture<'_, Result<Material>> {
        Box::pin(async move {
            self.key
                .open_bytes(&wrapped, purpose.as_str())
                .ok_or_else(|| Error::internal("a wrapped key does not belong to this key file"))
        })
    }
}

/// No keys: the function neither signs nor opens sealed secrets.
#[derive(Debug)]
pub struct NoKeys;

impl KeyProvider for NoKeys {
    fn generate(&self, purpose: Purpose) -> BoxFuture<'_, Result<(Material, Vec<u8>)>> {
        Box::pin(async move { Err(Error::internal(format!("this function has no {} key", purpose.as_str()))) })
    }

    fn unwrap(&self, purpose: Purpose, _wrapped: Vec<u8>) -> BoxFuture<'_, Result<Material>> {
        Box::pin(async move { Err(Error::internal(format!("this function has no {} key", purpose.as_str()))) })
    }
}
